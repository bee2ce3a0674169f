# SPDX-License-Identifier: Apache-2.0
#
# Cross-compiles for macOS with the compiler and the headers of npm's zig
# package. Nothing can be run: it shows that the sources compile and link.
#
#   workbench/cross/deps macos-arm64               # or macos-x86_64
#   cmake --toolchain cmake/toolchain-macos.cmake -DBUFV_CROSS_ARCH=arm64 ...
#
# BUFV_CROSS_ARCH (arm64, x86_64) and BUFV_CACHE may also come from the
# environment.

foreach(var IN ITEMS BUFV_CROSS_ARCH BUFV_CACHE)
  if(NOT DEFINED ${var} AND DEFINED ENV{${var}})
    set(${var} "$ENV{${var}}")
  endif()
endforeach()
if(NOT BUFV_CACHE)
  set(BUFV_CACHE "$ENV{HOME}/.cache/bufv")
endif()
set(BUFV_CACHE "${BUFV_CACHE}" CACHE PATH "Where workbench/cross/deps builds")
set(BUFV_CROSS_ARCH "${BUFV_CROSS_ARCH}" CACHE STRING "arm64 or x86_64")

# A compiler check reads this file again, in a project of its own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BUFV_CROSS_ARCH BUFV_CACHE)

set(_bufv_prefix "${BUFV_CACHE}/cross-macos-${BUFV_CROSS_ARCH}")
if(NOT EXISTS "${_bufv_prefix}/stamp")
  message(FATAL_ERROR "${_bufv_prefix} is not complete: "
    "run workbench/cross/deps macos-${BUFV_CROSS_ARCH}")
endif()

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR "${BUFV_CROSS_ARCH}")
set(CMAKE_C_COMPILER "${_bufv_prefix}/bin/cc")
set(CMAKE_AR "${_bufv_prefix}/bin/ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${_bufv_prefix}/bin/ranlib" CACHE FILEPATH "")

# Apple's own tools, of which nothing is needed as long as nothing is
# installed.
set(CMAKE_INSTALL_NAME_TOOL true)
set(CMAKE_OSX_SYSROOT "")

set(CMAKE_FIND_ROOT_PATH "${_bufv_prefix}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
set(ENV{PKG_CONFIG_LIBDIR} "${_bufv_prefix}/lib/pkgconfig")
unset(ENV{PKG_CONFIG_PATH})
unset(ENV{PKG_CONFIG_SYSROOT_DIR})
