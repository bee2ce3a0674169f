# Finds the Apache Portable Runtime, wherever it comes from, and defines
# APR::apr. Tried in this order:
#
#   1. a target that the enclosing project has already
#   2. the CMake package of vcpkg
#   3. pkg-config's apr-1
#   4. apr-1-config
#   5. the headers and the library, below APR_ROOT or where the system looks
#
# APR's own compile flags are kept: on 32-bit systems they decide the size of
# off_t.

include(FindPackageHandleStandardArgs)

function(apr_alias target)
    get_target_property(original ${target} ALIASED_TARGET)
    if(original)
        set(target ${original})
    endif()
    add_library(APR::apr INTERFACE IMPORTED GLOBAL)
    target_link_libraries(APR::apr INTERFACE ${target})
endfunction()

function(apr_from_config_program)
    find_program(APR_CONFIG NAMES apr-1-config HINTS ${APR_ROOT}
        PATH_SUFFIXES bin)
    if(NOT APR_CONFIG)
        return()
    endif()
    foreach(what cppflags includes link-ld version)
        execute_process(COMMAND ${APR_CONFIG} --${what}
            OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE)
        separate_arguments(apr_${what} UNIX_COMMAND "${text}")
    endforeach()
    add_library(APR::apr INTERFACE IMPORTED GLOBAL)
    target_compile_options(APR::apr INTERFACE ${apr_cppflags} ${apr_includes})
    target_link_libraries(APR::apr INTERFACE ${apr_link-ld})
    set(APR_VERSION ${apr_version} PARENT_SCOPE)
endfunction()

function(apr_from_files)
    find_path(APR_INCLUDE_DIR apr.h HINTS ${APR_ROOT}
        PATH_SUFFIXES include/apr-1 include/apr-1.0 apr-1 apr-1.0)
    find_library(APR_LIBRARY NAMES apr-1 libapr-1 HINTS ${APR_ROOT}
        PATH_SUFFIXES lib)
    if(NOT APR_INCLUDE_DIR OR NOT APR_LIBRARY)
        return()
    endif()
    add_library(APR::apr INTERFACE IMPORTED GLOBAL)
    target_include_directories(APR::apr INTERFACE ${APR_INCLUDE_DIR})
    target_link_libraries(APR::apr INTERFACE ${APR_LIBRARY})
    set(version)
    foreach(part MAJOR MINOR PATCH)
        file(STRINGS ${APR_INCLUDE_DIR}/apr_version.h line
            REGEX "#define[ \t]+APR_${part}_VERSION[ \t]+[0-9]+")
        string(REGEX MATCH "[0-9]+$" number "${line}")
        list(APPEND version ${number})
    endforeach()
    list(JOIN version "." version)
    set(APR_VERSION ${version} PARENT_SCOPE)
endfunction()

if(NOT TARGET APR::apr)
    foreach(target apr::apr-1 apr::libapr-1)
        if(TARGET ${target} AND NOT TARGET APR::apr)
            apr_alias(${target})
        endif()
    endforeach()
endif()
if(NOT TARGET APR::apr AND NOT APR_ROOT)
    find_package(apr CONFIG QUIET)
    set(APR_VERSION ${apr_VERSION})
    foreach(target apr::apr-1 apr::libapr-1)
        if(TARGET ${target} AND NOT TARGET APR::apr)
            apr_alias(${target})
        endif()
    endforeach()
endif()
if(NOT TARGET APR::apr AND NOT APR_ROOT)
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
        pkg_check_modules(APR QUIET IMPORTED_TARGET GLOBAL apr-1)
    endif()
    if(TARGET PkgConfig::APR)
        apr_alias(PkgConfig::APR)
    endif()
endif()
if(NOT TARGET APR::apr AND NOT CMAKE_CROSSCOMPILING)
    apr_from_config_program()
endif()
if(NOT TARGET APR::apr)
    apr_from_files()
endif()

if(TARGET APR::apr)
    set(APR_TARGET APR::apr)
endif()
find_package_handle_standard_args(APR
    REQUIRED_VARS APR_TARGET VERSION_VAR APR_VERSION
    REASON_FAILURE_MESSAGE "install libapr1-dev (Debian), apr-devel (Fedora), \
apr (Homebrew, vcpkg), or set APR_ROOT to where it is")
