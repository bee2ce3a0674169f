# SPDX-License-Identifier: Apache-2.0
#
# cmake -DKIND=... -DWORK=... [-DCOMPONENTS=a,b] -P: builds headers/ against the
# moved installation.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(build ${WORK}/headers-${KIND})
file(REMOVE_RECURSE ${build})
step(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/headers -B ${build}
    ${generator} ${common} -DCOMPONENTS=${COMPONENTS}
    -DCMAKE_PREFIX_PATH=${WORK}/moved-${KIND})
step(${CMAKE_COMMAND} --build ${build})
file(REMOVE_RECURSE ${build})
