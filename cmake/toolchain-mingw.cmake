# SPDX-License-Identifier: Apache-2.0
#
# Cross-compiles for Windows with Debian's mingw-w64 and tests under Wine.
#
#   workbench/windows/deps x86_64                  # or i686
#   cmake --toolchain cmake/toolchain-mingw.cmake -DBUFV_WINDOWS_ARCH=x86_64 ...
#
# BUFV_WINDOWS_ARCH (x86_64, i686) and BUFV_CACHE may also come from the
# environment. BUFV_WINDOWS_APR (static, shared) picks the APR to link.
# A project that uses an installed bufv takes the same file and
# -DCMAKE_PREFIX_PATH=where-bufv-is.

foreach(var IN ITEMS BUFV_WINDOWS_ARCH BUFV_WINDOWS_APR BUFV_CACHE)
  if(NOT DEFINED ${var} AND DEFINED ENV{${var}})
    set(${var} "$ENV{${var}}")
  endif()
endforeach()
if(NOT BUFV_WINDOWS_ARCH)
  set(BUFV_WINDOWS_ARCH x86_64)
endif()
if(NOT BUFV_WINDOWS_APR)
  set(BUFV_WINDOWS_APR static)
endif()
if(NOT BUFV_CACHE)
  set(BUFV_CACHE "$ENV{HOME}/.cache/bufv")
endif()
set(BUFV_CACHE "${BUFV_CACHE}" CACHE PATH "Where workbench/windows/deps builds")
set(BUFV_WINDOWS_ARCH "${BUFV_WINDOWS_ARCH}" CACHE STRING "x86_64 or i686")
set(BUFV_WINDOWS_APR "${BUFV_WINDOWS_APR}" CACHE STRING "static or shared")

# A compiler check reads this file again, in a project of its own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES
  BUFV_WINDOWS_ARCH BUFV_WINDOWS_APR BUFV_CACHE)

set(_bufv_prefix "${BUFV_CACHE}/windows-${BUFV_WINDOWS_ARCH}")
set(_bufv_host "${BUFV_WINDOWS_ARCH}-w64-mingw32")
if(NOT EXISTS "${_bufv_prefix}/stamp")
  message(FATAL_ERROR
    "${_bufv_prefix} is not complete: run workbench/windows/deps ${BUFV_WINDOWS_ARCH}")
endif()

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR "${BUFV_WINDOWS_ARCH}")
set(CMAKE_C_COMPILER "${_bufv_host}-gcc-posix")
set(CMAKE_RC_COMPILER "${_bufv_host}-windres")

# C++ is for those who want it: workbench/windows/deps installs the C compiler only.
find_program(BUFV_WINDOWS_CXX "${_bufv_host}-g++-posix")
mark_as_advanced(BUFV_WINDOWS_CXX)
if(BUFV_WINDOWS_CXX)
  set(CMAKE_CXX_COMPILER "${BUFV_WINDOWS_CXX}")
endif()

# Nothing of the compiler's own run time (libgcc, winpthread) as a DLL.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_SHARED_LINKER_FLAGS_INIT -static)

# Headers and libraries never come from this machine's own /usr. Packages may
# lie anywhere the caller says, as CMAKE_PREFIX_PATH does.
set(CMAKE_FIND_ROOT_PATH "${_bufv_prefix}" "/usr/${_bufv_host}")
if(BUFV_WINDOWS_APR STREQUAL shared)
  list(PREPEND CMAKE_FIND_ROOT_PATH "${_bufv_prefix}/shared")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)

# pkg-config knows the two packages of the prefix and nothing else.
if(BUFV_WINDOWS_APR STREQUAL shared)
  set(ENV{PKG_CONFIG_LIBDIR} "${_bufv_prefix}/shared/lib/pkgconfig")
else()
  set(ENV{PKG_CONFIG_LIBDIR} "${_bufv_prefix}/lib/pkgconfig")
endif()
unset(ENV{PKG_CONFIG_PATH})
unset(ENV{PKG_CONFIG_SYSROOT_DIR})

# ctest and try_run: through env, for the cache need not be where it usually is.
set(CMAKE_CROSSCOMPILING_EMULATOR
  env "BUFV_CACHE=${BUFV_CACHE}"
  "${CMAKE_CURRENT_LIST_DIR}/../workbench/windows/wine-run" "${BUFV_WINDOWS_ARCH}")
