# SPDX-License-Identifier: Apache-2.0
#
# Builds for musl with Debian's musl-gcc. The programs run as they are: the
# loader comes with it.
#
#   workbench/cross/deps musl
#   cmake --toolchain cmake/toolchain-musl.cmake ...
#
# BUFV_CACHE may also come from the environment.

if(NOT DEFINED BUFV_CACHE AND DEFINED ENV{BUFV_CACHE})
  set(BUFV_CACHE "$ENV{BUFV_CACHE}")
endif()
if(NOT BUFV_CACHE)
  set(BUFV_CACHE "$ENV{HOME}/.cache/bufv")
endif()
set(BUFV_CACHE "${BUFV_CACHE}" CACHE PATH "Where workbench/cross/deps builds")

# A compiler check reads this file again, in a project of its own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BUFV_CACHE)

set(_bufv_prefix "${BUFV_CACHE}/cross-musl")
if(NOT EXISTS "${_bufv_prefix}/stamp")
  message(FATAL_ERROR
    "${_bufv_prefix} is not complete: run workbench/cross/deps musl")
endif()

# Named, so that CMake knows that it is not this machine's C library.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR "${CMAKE_HOST_SYSTEM_PROCESSOR}")
set(CMAKE_C_COMPILER musl-gcc)

set(CMAKE_FIND_ROOT_PATH "${_bufv_prefix}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
set(ENV{PKG_CONFIG_LIBDIR} "${_bufv_prefix}/lib/pkgconfig")
unset(ENV{PKG_CONFIG_PATH})
unset(ENV{PKG_CONFIG_SYSROOT_DIR})
