# SPDX-License-Identifier: Apache-2.0
#
# cmake -DKIND=static|shared -DWORK=... -DCC=... -P: one compiler command with
# what pkg-config says, for each of the three packages; the flags of the static
# library with --static as well. LIBDIR is where to look for them if it is not
# in the moved installation.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

if(NOT LIBDIR)
    set(LIBDIR ${WORK}/moved-${KIND})
endif()
file(GLOB_RECURSE pc ${LIBDIR}/bufv*.pc)
list(GET pc 0 directory)
cmake_path(GET directory PARENT_PATH directory)
cmake_path(GET directory PARENT_PATH libdir)
set(ENV{PKG_CONFIG_PATH} ${directory})
set(ENV{LD_LIBRARY_PATH} ${libdir})
set(ENV{DYLD_LIBRARY_PATH} ${libdir})

# pkg_config(NAME OPTION...) leaves its words in `words`.
function(pkg_config)
    step(pkg-config ${ARGN})
    string(STRIP "${step_output}" text)
    separate_arguments(words UNIX_COMMAND "${text}")
    set(words ${words} PARENT_SCOPE)
endfunction()

# build(PACKAGE SOURCE OPTION...) compiles, links and runs.
function(build package source)
    set(program ${WORK}/pkg_config-${KIND}-${package})
    pkg_config(--cflags --libs ${ARGN} ${package})
    list(JOIN words " " text)
    message(STATUS "${package} ${ARGN}: ${text}")
    step(${CC} -std=c99 -Wall -Wextra -Werror -o ${program}
        ${CMAKE_CURRENT_LIST_DIR}/project/${source} ${words})
    step(${program})
    file(REMOVE ${program})
endfunction()

foreach(file IN LISTS pc)
    cmake_path(GET file STEM package)
    step(pkg-config --validate ${package})
    string(REPLACE bufv_ "" source ${package})
    string(REPLACE bufv send source ${source})
    build(${package} ${source}.c)
    if(KIND STREQUAL "static")
        build(${package} ${source}.c --static)
    endif()
endforeach()

# A shared bufv must not drag in what APR itself is linked to.
pkg_config(--libs bufv)
if(NOT KIND STREQUAL "static" AND words MATCHES "uuid|crypt|pthread")
    message(FATAL_ERROR "too many libraries: ${words}")
endif()
step(pkg-config --modversion bufv)
