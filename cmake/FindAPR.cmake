# SPDX-License-Identifier: Apache-2.0
#
# Finds the Apache Portable Runtime, wherever it comes from, and defines
# APR::apr. Tried in this order:
#
#   1. a target that the enclosing project has already: APR::apr,
#      apr::libapr-1, apr::apr-1
#   2. the CMake package of vcpkg
#   3. pkg-config's apr-1
#   4. apr-1-config
#   5. the headers and the library, where the system looks
#
# With APR_ROOT (a variable of CMake or of the environment) only 4 and 5 are
# tried, and only below it: headers of one APR with the library of another
# would be worse than none.
#
# APR's own compile flags are kept: on 32-bit systems they decide the size of
# off_t.

include(FindPackageHandleStandardArgs)

set(apr_root ${APR_ROOT} $ENV{APR_ROOT})
if(apr_root)
    list(GET apr_root 0 apr_root)
    set(apr_where HINTS ${apr_root} NO_DEFAULT_PATH)
else()
    set(apr_where)
endif()

# The shared library comes first: where bufv is one, the program and it must
# use the same APR.
macro(apr_from_target)
    foreach(target apr::libapr-1 apr::apr-1)
        if(TARGET ${target} AND NOT TARGET APR::apr)
            apr_define(${target})
        endif()
    endforeach()
endmacro()

# apr_define(LIBRARY...) makes APR::apr, for all directories.
function(apr_define)
    add_library(APR::apr INTERFACE IMPORTED GLOBAL)
    target_link_libraries(APR::apr INTERFACE ${ARGN})
endfunction()

# A target of a package is known in one directory only; bufv may be a part of
# a project whose other directories link it.
function(apr_from_package)
    find_package(apr CONFIG QUIET)
    foreach(target apr::libapr-1 apr::apr-1)
        if(TARGET ${target})
            set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
        endif()
    endforeach()
    apr_from_target()
    set(APR_VERSION ${apr_VERSION} PARENT_SCOPE)
endfunction()

function(apr_from_pkg_config)
    find_package(PkgConfig QUIET)
    if(NOT PKG_CONFIG_FOUND)
        return()
    endif()
    pkg_check_modules(APR_PC QUIET IMPORTED_TARGET GLOBAL apr-1)
    if(TARGET PkgConfig::APR_PC)
        apr_define(PkgConfig::APR_PC)
        set(APR_VERSION ${APR_PC_VERSION} PARENT_SCOPE)
    endif()
endfunction()

function(apr_from_config_program)
    find_program(APR_CONFIG NAMES apr-1-config PATH_SUFFIXES bin ${apr_where})
    mark_as_advanced(APR_CONFIG)
    if(NOT APR_CONFIG)
        return()
    endif()
    foreach(what cppflags includes link-ld libs version)
        execute_process(COMMAND ${APR_CONFIG} --${what}
            OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE)
        separate_arguments(apr_${what} UNIX_COMMAND "${text}")
    endforeach()
    set(directories ${apr_includes})
    list(TRANSFORM directories REPLACE "^-I" "")

    # The library by its path rather than by -l, so that programs find it at
    # run time in the build tree.
    set(link ${apr_link-ld})
    list(FILTER link INCLUDE REGEX "^-L")
    list(TRANSFORM link REPLACE "^-L" "")
    find_library(APR_CONFIG_LIBRARY apr-1 HINTS ${link} NO_DEFAULT_PATH)
    mark_as_advanced(APR_CONFIG_LIBRARY)
    if(APR_CONFIG_LIBRARY)
        list(TRANSFORM apr_link-ld REPLACE "^-lapr-1$" ${APR_CONFIG_LIBRARY})
    endif()
    apr_define(${apr_link-ld} ${apr_libs})
    target_compile_options(APR::apr INTERFACE ${apr_cppflags})
    target_include_directories(APR::apr INTERFACE ${directories})
    set(APR_VERSION ${apr_version} PARENT_SCOPE)
endfunction()

function(apr_from_files)
    find_path(APR_INCLUDE_DIR apr.h ${apr_where}
        PATH_SUFFIXES include/apr-1 include/apr-1.0 include apr-1 apr-1.0)
    find_library(APR_LIBRARY NAMES libapr-1 apr-1 ${apr_where}
        PATH_SUFFIXES lib)
    mark_as_advanced(APR_INCLUDE_DIR APR_LIBRARY)
    if(NOT APR_INCLUDE_DIR OR NOT APR_LIBRARY)
        return()
    endif()
    apr_define(${APR_LIBRARY})
    target_include_directories(APR::apr INTERFACE ${APR_INCLUDE_DIR})
    if(WIN32 AND NOT APR_LIBRARY MATCHES "libapr-1\\.(lib|dll\\.a)$")
        target_compile_definitions(APR::apr INTERFACE APR_DECLARE_STATIC)
        target_link_libraries(APR::apr INTERFACE
            ws2_32 mswsock rpcrt4 iphlpapi shell32 advapi32)
    endif()
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

apr_from_target()
if(NOT TARGET APR::apr AND NOT apr_root)
    apr_from_package()
endif()
if(NOT TARGET APR::apr AND NOT apr_root)
    apr_from_pkg_config()
endif()
if(NOT TARGET APR::apr AND NOT CMAKE_CROSSCOMPILING)
    apr_from_config_program()
endif()
if(NOT TARGET APR::apr)
    apr_from_files()
endif()

# Whoever looks a second time finds the target, and the version with it.
if(TARGET APR::apr)
    set(APR_TARGET APR::apr)
    if(APR_VERSION)
        set_property(GLOBAL PROPERTY APR_VERSION ${APR_VERSION})
    else()
        get_property(APR_VERSION GLOBAL PROPERTY APR_VERSION)
    endif()
endif()
if(NOT APR_VERSION)
    unset(APR_VERSION)
endif()
find_package_handle_standard_args(APR
    REQUIRED_VARS APR_TARGET VERSION_VAR APR_VERSION
    REASON_FAILURE_MESSAGE "install libapr1-dev (Debian), apr-devel (Fedora), \
apr (Homebrew, vcpkg), or set APR_ROOT to where it is")
