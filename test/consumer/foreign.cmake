# SPDX-License-Identifier: Apache-2.0
#
# cmake -DTOOL=meson|autotools -DKIND=static|shared -DSOURCE=... -DWORK=... -P:
# a project that is not built by CMake uses the moved installation, or, by
# Meson, the sources.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(needs_meson meson ninja)
set(needs_autotools autoreconf automake libtoolize make)
foreach(program IN LISTS needs_${TOOL})
    find_program(found_${program} ${program})
    if(NOT found_${program})
        message("SKIP: ${TOOL}.${KIND}: no ${program}")
        return()
    endif()
endforeach()

set(here ${WORK}/${TOOL}-${KIND})
file(REMOVE_RECURSE ${here})
file(COPY ${CMAKE_CURRENT_LIST_DIR}/${TOOL}/ DESTINATION ${here})
file(COPY ${CMAKE_CURRENT_LIST_DIR}/project/send.c DESTINATION ${here})

set(moved ${WORK}/moved-${KIND})
set(ENV{PKG_CONFIG_PATH} ${moved}/lib/pkgconfig)
set(ENV{CMAKE_PREFIX_PATH} ${moved})
set(ENV{LD_LIBRARY_PATH} ${moved}/lib)
set(ENV{CC} ${CC})

# in_place(COMMAND...) runs it in the copy.
function(in_place)
    step(${CMAKE_COMMAND} -E chdir ${here} ${ARGN})
    set(step_output "${step_output}" PARENT_SCOPE)
endfunction()

if(TOOL STREQUAL "meson")
    set(ways pkg-config cmake)
    if(KIND STREQUAL "static")
        list(APPEND ways subproject)
        file(MAKE_DIRECTORY ${here}/subprojects)
        file(CREATE_LINK ${SOURCE} ${here}/subprojects/bufv SYMBOLIC)
    endif()
    foreach(how IN LISTS ways)
        in_place(meson setup build-${how} -Dhow=${how})
        in_place(meson test -C build-${how} -v)
        string(REGEX MATCH "bufv [^\n]* calls" said "${step_output}")
        message(STATUS "${how}: ${said}")
    endforeach()
else()
    file(COPY ${CMAKE_CURRENT_LIST_DIR}/embed/plugin/plugin.c
        DESTINATION ${here})
    in_place(autoreconf --install --warnings=all)
    in_place(./configure)
    in_place(make check)
    if(NOT step_output MATCHES "# PASS:  1")
        message(FATAL_ERROR "no test ran:\n${step_output}")
    endif()
    in_place(${NM} -D --defined-only .libs/plugin.so)
    if(NOT step_output MATCHES " T plugin_main" OR
       step_output MATCHES "bufv_")
        message(FATAL_ERROR "the module exports\n${step_output}")
    endif()
    message(STATUS "program and module: good")
endif()
file(REMOVE_RECURSE ${here})
