# SPDX-License-Identifier: Apache-2.0
#
# cmake -DKIND=static|shared -DSOURCE=... -DWORK=... [-DTOOLCHAIN=...] -P:
# builds the library and installs it; then moves the installation, deletes the
# build, and fails if any file of the package still names either place.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(build ${WORK}/build-${KIND})
set(first ${WORK}/first-${KIND})
set(moved ${WORK}/moved-${KIND})
file(REMOVE_RECURSE ${build} ${first} ${moved})

string(COMPARE EQUAL ${KIND} shared shared)
step(${CMAKE_COMMAND} -S ${SOURCE} -B ${build} ${generator} ${common}
    -DBUILD_SHARED_LIBS=${shared} -DCMAKE_INSTALL_PREFIX=${first}
    -DBUFV_TESTS=OFF -DBUFV_EXAMPLES=OFF ${OPTIONS})
step(${CMAKE_COMMAND} --build ${build} --parallel 2)

# The two components are all there is: each file belongs to one.
step(${CMAKE_COMMAND} --install ${build} --component Runtime)
step(${CMAKE_COMMAND} --install ${build} --component Development)
file(GLOB_RECURSE by_component RELATIVE ${first} ${first}/*)
file(REMOVE_RECURSE ${first})
step(${CMAKE_COMMAND} --install ${build})
file(GLOB_RECURSE all RELATIVE ${first} ${first}/*)
if(KIND STREQUAL "shared" AND NOT by_component STREQUAL all)
    message(FATAL_ERROR "components install\n${by_component}\nof\n${all}")
endif()

file(RENAME ${first} ${moved})
file(REMOVE_RECURSE ${build})
foreach(file IN LISTS all)
    if(file MATCHES "\\.(cmake|pc|h)$")
        file(READ ${moved}/${file} text)
        foreach(place ${WORK} ${SOURCE})
            string(FIND "${text}" "${place}" at)
            if(NOT at EQUAL -1)
                # CMake itself names the prefix where this is /usr.
                message(FATAL_ERROR "${file} names ${place}")
            endif()
        endforeach()
    endif()
endforeach()

# The bill of materials can be read, and names what it must.
file(GLOB_RECURSE sbom ${moved}/*/bufv.spdx.json)
file(READ ${sbom} text)
string(JSON version GET "${text}" packages 0 versionInfo)
string(JSON apr GET "${text}" packages 1 versionInfo)
string(JSON what GET "${text}" relationships 0 relationshipType)
string(JSON created GET "${text}" creationInfo created)
if(NOT version MATCHES "^[0-9.]+$" OR NOT apr MATCHES "^1[.][0-9.]+$" OR
   NOT what STREQUAL "DESCRIBES" OR NOT created MATCHES "^20.*Z$")
    message(FATAL_ERROR "${sbom}: ${version} ${apr} ${what} ${created}")
endif()
message(STATUS "SBOM: bufv ${version}, APR ${apr}")

list(LENGTH all count)
list(JOIN all "\n  " text)
message(STATUS "${count} files, moved to ${moved}:\n  ${text}")
