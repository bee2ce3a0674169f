# SPDX-License-Identifier: Apache-2.0
#
# Finds apr-util, as FindAPR.cmake finds APR, and defines APR::util. Tried in
# this order: a target that is there already, vcpkg's CMake package,
# pkg-config's apr-util-1, the header and the library. With APRUTIL_ROOT or
# APR_ROOT (variables of CMake or of the environment) only the last, and only
# below them.

include(FindPackageHandleStandardArgs)

find_package(APR MODULE QUIET)

set(aprutil_root ${APRUTIL_ROOT} $ENV{APRUTIL_ROOT} ${APR_ROOT} $ENV{APR_ROOT})
if(aprutil_root)
    set(aprutil_where HINTS ${aprutil_root} NO_DEFAULT_PATH)
else()
    set(aprutil_where)
endif()

# aprutil_define(LIBRARY...) makes APR::util, for all directories.
function(aprutil_define)
    add_library(APR::util INTERFACE IMPORTED GLOBAL)
    target_link_libraries(APR::util INTERFACE ${ARGN} APR::apr)
endfunction()

function(aprutil_from_package)
    find_package(apr-util CONFIG QUIET)
    find_package(unofficial-apr-util CONFIG QUIET)
    foreach(target
            apr::libaprutil-1 apr::aprutil-1 unofficial::apr::aprutil)
        if(TARGET ${target} AND NOT TARGET APR::util)
            set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
            aprutil_define(${target})
        endif()
    endforeach()
endfunction()

function(aprutil_from_pkg_config)
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
        pkg_check_modules(APRUTIL_PC QUIET IMPORTED_TARGET GLOBAL apr-util-1)
    endif()
    if(TARGET PkgConfig::APRUTIL_PC)
        aprutil_define(PkgConfig::APRUTIL_PC)
    endif()
endfunction()

function(aprutil_from_files)
    find_path(APRUTIL_INCLUDE_DIR apu.h ${aprutil_where}
        PATH_SUFFIXES include/apr-1 include/apr-1.0 include apr-1 apr-1.0)
    find_library(APRUTIL_LIBRARY NAMES libaprutil-1 aprutil-1 ${aprutil_where}
        PATH_SUFFIXES lib)
    mark_as_advanced(APRUTIL_INCLUDE_DIR APRUTIL_LIBRARY)
    if(NOT APRUTIL_INCLUDE_DIR OR NOT APRUTIL_LIBRARY)
        return()
    endif()
    aprutil_define(${APRUTIL_LIBRARY})
    target_include_directories(APR::util INTERFACE ${APRUTIL_INCLUDE_DIR})
    if(WIN32 AND NOT APRUTIL_LIBRARY MATCHES "libaprutil-1\\.(lib|dll\\.a)$")
        target_compile_definitions(APR::util INTERFACE APU_DECLARE_STATIC)
    endif()
endfunction()

if(APR_FOUND)
    foreach(target apr::libaprutil-1 apr::aprutil-1)
        if(TARGET ${target} AND NOT TARGET APR::util)
            aprutil_define(${target})
        endif()
    endforeach()
    if(NOT TARGET APR::util AND NOT aprutil_root)
        aprutil_from_package()
    endif()
    if(NOT TARGET APR::util AND NOT aprutil_root)
        aprutil_from_pkg_config()
    endif()
    if(NOT TARGET APR::util)
        aprutil_from_files()
    endif()
endif()

if(TARGET APR::util)
    set(APRUTIL_TARGET APR::util)
endif()
find_package_handle_standard_args(APRUtil
    REQUIRED_VARS APRUTIL_TARGET
    REASON_FAILURE_MESSAGE "install libaprutil1-dev (Debian), apr-util-devel \
(Fedora), apr-util (Homebrew, vcpkg), or set APRUTIL_ROOT to where it is")
