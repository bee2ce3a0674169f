# SPDX-License-Identifier: Apache-2.0
#
# cmake -DHOW=... -DKIND=static|shared -DSOURCE=... -DWORK=...
#       [-DCOMPONENTS=...] [-DTOOLCHAIN=...] -P: configures, builds and runs
# the project beside this file against the moved installation or the sources.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(build ${WORK}/use-${HOW}-${KIND})
if(COMPONENTS)
    string(APPEND build -components)
endif()
file(REMOVE_RECURSE ${build})
string(COMPARE EQUAL ${KIND} shared shared)

step(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${build}
    ${generator} ${common} -DHOW=${HOW} "-DCOMPONENTS=${COMPONENTS}"
    -DBUFV=${SOURCE} -DBUILD_SHARED_LIBS=${shared}
    -DCMAKE_PREFIX_PATH=${WORK}/moved-${KIND}
    -DBUFV_DLLS=${WORK}/moved-${KIND}/bin ${OPTIONS})
step(${CMAKE_COMMAND} --build ${build} --parallel 2)
step(${CMAKE_CTEST_COMMAND} --test-dir ${build} --verbose)
string(REGEX MATCHALL "bufv[^\n]*: [^\n]*(calls|good)" said "${step_output}")
list(JOIN said "\n  " said)
message(STATUS "programs said:\n  ${said}")
file(REMOVE_RECURSE ${build})
