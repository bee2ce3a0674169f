# SPDX-License-Identifier: Apache-2.0
#
# cmake -DSOURCE=... -DWORK=... -P: a back end that there is not is refused,
# with the names of those that there are.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(build ${WORK}/backend)
file(REMOVE_RECURSE ${build})
foreach(backend solaris win32 "")
    fails("BUFV_BACKEND is '${backend}'; here it can be unix or generic"
        ${CMAKE_COMMAND} -S ${SOURCE} -B ${build} ${generator} ${OPTIONS}
        -DBUFV_BACKEND=${backend})
endforeach()
file(REMOVE_RECURSE ${build})
