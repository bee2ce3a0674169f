# SPDX-License-Identifier: Apache-2.0
#
# Cross-compiles for another of Debian's architectures and tests under an
# emulator, or, for i386, through the loader of its own C library.
#
#   workbench/cross/deps s390x                     # or i386, arm64
#   cmake --toolchain cmake/toolchain-debian.cmake -DBUFV_CROSS_ARCH=s390x ...
#
# BUFV_CROSS_ARCH and BUFV_CACHE may also come from the environment.

foreach(var IN ITEMS BUFV_CROSS_ARCH BUFV_CACHE)
  if(NOT DEFINED ${var} AND DEFINED ENV{${var}})
    set(${var} "$ENV{${var}}")
  endif()
endforeach()
if(NOT BUFV_CACHE)
  set(BUFV_CACHE "$ENV{HOME}/.cache/bufv")
endif()
set(BUFV_CACHE "${BUFV_CACHE}" CACHE PATH "Where workbench/cross/deps builds")
set(BUFV_CROSS_ARCH "${BUFV_CROSS_ARCH}" CACHE STRING "i386, arm64 or s390x")

# A compiler check reads this file again, in a project of its own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BUFV_CROSS_ARCH BUFV_CACHE)

# Debian's name, and GNU's: what gcc is called, and what the directories are.
set(_bufv_names_i386 i686 i386)
set(_bufv_names_arm64 aarch64 aarch64)
set(_bufv_names_s390x s390x s390x)
if(NOT DEFINED _bufv_names_${BUFV_CROSS_ARCH})
  message(FATAL_ERROR
    "BUFV_CROSS_ARCH is '${BUFV_CROSS_ARCH}'; it can be i386, arm64 or s390x")
endif()
list(GET _bufv_names_${BUFV_CROSS_ARCH} 0 CMAKE_SYSTEM_PROCESSOR)
list(GET _bufv_names_${BUFV_CROSS_ARCH} 1 _bufv_multiarch)
string(APPEND _bufv_multiarch "-linux-gnu")

set(_bufv_prefix "${BUFV_CACHE}/cross-${BUFV_CROSS_ARCH}")
if(NOT EXISTS "${_bufv_prefix}/stamp")
  message(FATAL_ERROR
    "${_bufv_prefix} is not complete: run workbench/cross/deps ${BUFV_CROSS_ARCH}")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER "${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-gcc")
set(CMAKE_LIBRARY_ARCHITECTURE "${_bufv_multiarch}")

# Headers and libraries come from there, never from this machine's own /usr.
set(CMAKE_SYSROOT "${_bufv_prefix}/root")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
set(ENV{PKG_CONFIG_LIBDIR}
  "${CMAKE_SYSROOT}/usr/lib/${_bufv_multiarch}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
unset(ENV{PKG_CONFIG_PATH})

if(BUFV_CROSS_ARCH STREQUAL i386)
  set(CMAKE_CROSSCOMPILING_EMULATOR
    "${CMAKE_SYSROOT}/lib/ld-linux.so.2" --library-path
    "${CMAKE_SYSROOT}/lib/${_bufv_multiarch}:${CMAKE_SYSROOT}/usr/lib/${_bufv_multiarch}")
else()
  set(CMAKE_CROSSCOMPILING_EMULATOR
    "qemu-${CMAKE_SYSTEM_PROCESSOR}-static" -L "${CMAKE_SYSROOT}")
endif()
