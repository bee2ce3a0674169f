# SPDX-License-Identifier: Apache-2.0
#
# cmake -DSOURCE=... -DWORK=... -DCC=... -DNM=... -DREADELF=... -P: with
# BUFV_LTO the static library links into programs with and without -flto; with
# it bufv_append() is inlined, so that no call is left; its names are hidden as
# those of any other; and two builds are the same.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(work ${WORK}/inlining)
file(REMOVE_RECURSE ${work})

# build(NAME OPTION...) installs a library in ${work}/NAME.
function(build name)
    step(${CMAKE_COMMAND} -S ${SOURCE} -B ${work}/${name}-build ${generator}
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib
        -DCMAKE_INSTALL_PREFIX=${work}/${name} -DBUILD_SHARED_LIBS=OFF
        -DBUFV_TESTS=OFF -DBUFV_EXAMPLES=OFF -DBUFV_BRIGADE=OFF
        -DBUFV_OPENSSL=OFF -DBUFV_LTO=ON ${OPTIONS} ${ARGN})
    set(configured "${step_output}" PARENT_SCOPE)
    step(${CMAKE_COMMAND} --build ${work}/${name}-build --parallel 2)
    step(${CMAKE_COMMAND} --install ${work}/${name}-build)
endfunction()

build(one)
if(configured MATCHES "bufv: (no link-time code: [^\n]*)")
    message("SKIP: package.inlining: ${CMAKE_MATCH_1}")
    return()
endif()
build(two)
file(SHA256 ${work}/one/lib/libbufv.a first)
file(SHA256 ${work}/two/lib/libbufv.a second)
if(NOT first STREQUAL second)
    message(SEND_ERROR "two builds of the library differ")
endif()

step(${CMAKE_COMMAND} -DLIBRARY=${work}/one/lib/libbufv.a
    -DMAP=${SOURCE}/src/bufv.map -DHEADER=${SOURCE}/include/bufv.h
    -DREADELF=${READELF} -P ${CMAKE_CURRENT_LIST_DIR}/exports.cmake)

# Sets `words` to what pkg-config says.
set(ENV{PKG_CONFIG_PATH} ${work}/one/lib/pkgconfig)
step(pkg-config --static --cflags --libs bufv)
string(STRIP "${step_output}" text)
separate_arguments(words UNIX_COMMAND "${text}")

# use(CALLS OPTION...) builds and runs the program; CALLS is whether it has
# bufv_append() as a function.
function(use calls)
    step(${CC} -O2 -Wall -Wextra -Werror ${ARGN} -o ${work}/program
        ${CMAKE_CURRENT_LIST_DIR}/inlining.c ${words})
    step(${work}/program)
    message(STATUS "${ARGN}: ${step_output}")
    step(${NM} ${work}/program)
    string(REGEX MATCH " bufv_append\n" found "${step_output}")
    if(calls AND NOT found)
        message(SEND_ERROR "${ARGN}: bufv_append is inlined")
    elseif(NOT calls AND found)
        message(SEND_ERROR "${ARGN}: bufv_append is not inlined")
    endif()
endfunction()

use(TRUE)
use(TRUE -fno-lto)
use(FALSE -flto=auto)

# An instrumented build has none, and says so.
build(checked -DCMAKE_C_FLAGS=-fsanitize=undefined)
if(NOT configured MATCHES "bufv: no link-time code: not in an instrumented")
    message(SEND_ERROR "no word about an instrumented build")
endif()
