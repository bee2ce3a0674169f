# SPDX-License-Identifier: Apache-2.0
#
# cmake -DSOURCE=... -DWORK=... -P: the sources pack themselves, with a build
# tree inside and without git, and build from what was packed.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(here ${WORK}/source)
set(options ${generator} ${common} -DBUFV_TESTS=OFF -DBUFV_EXAMPLES=OFF
    ${OPTIONS})
file(REMOVE_RECURSE ${here})
file(MAKE_DIRECTORY ${here}/packed)

# A copy of the tree that has no git around it.
step(${SOURCE}/packaging/tarball ${here})
string(STRIP "${step_output}" archive)
file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${here})
cmake_path(GET archive FILENAME name)
string(REPLACE ".tar.gz" "" name ${name})
set(tree ${here}/${name})

# Inside, and not by the name that is never packed.
step(${CMAKE_COMMAND} -S ${tree} -B ${tree}/out ${options})
step(${CMAKE_COMMAND} --build ${tree}/out --target package_source)
file(ARCHIVE_EXTRACT INPUT ${tree}/out/${name}.tar.gz
    DESTINATION ${here}/packed)
file(GLOB_RECURSE before RELATIVE ${tree} ${tree}/*)
list(FILTER before EXCLUDE REGEX "^out/")
file(GLOB_RECURSE after RELATIVE ${here}/packed/${name}
    ${here}/packed/${name}/*)
if(NOT before STREQUAL after)
    list(LENGTH before n)
    list(LENGTH after m)
    list(REMOVE_ITEM after ${before})
    message(FATAL_ERROR "${n} files became ${m}, and these are new: ${after}")
endif()

step(${CMAKE_COMMAND} -S ${here}/packed/${name} -B ${here}/build ${options})
step(${CMAKE_COMMAND} --build ${here}/build --parallel 2)
list(LENGTH after n)
message(STATUS "${n} files packed, and built from what was packed")
file(REMOVE_RECURSE ${here})
