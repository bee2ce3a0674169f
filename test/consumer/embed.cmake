# SPDX-License-Identifier: Apache-2.0
#
# cmake -DCASE=... -DSOURCE=... -DWORK=... [-DCOMPONENTS=a,b] -P: what a
# project that is not like ours meets when it embeds bufv.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(here ${WORK}/embed-${CASE})
set(projects ${CMAKE_CURRENT_LIST_DIR}/embed)
file(REMOVE_RECURSE ${here})

# configure_command(PROJECT OPTION...) leaves the command in `configure`.
function(configure_command project)
    set(configure ${CMAKE_COMMAND} -S ${projects}/${project}
        -B ${here}/${project} ${generator} ${common} -DBUFV=${SOURCE}
        "-DCOMPONENTS=${COMPONENTS}" ${OPTIONS} ${ARGN} PARENT_SCOPE)
endfunction()

# build_and_run(PROJECT OPTION...) also runs its tests, of which there must be
# some.
function(build_and_run project)
    configure_command(${project} ${ARGN})
    step(${configure})
    step(${CMAKE_COMMAND} --build ${here}/${project} --parallel 2)
    step(${CMAKE_CTEST_COMMAND} --test-dir ${here}/${project}
        --no-tests=error --output-on-failure)
    string(REGEX MATCH "[0-9]+% tests passed[^\n]*" said "${step_output}")
    message(STATUS "${project} ${ARGN}: ${said}")
endfunction()

# install_parent(OPTION...) builds and installs it, and throws the build away.
function(install_parent)
    configure_command(parent -DCMAKE_INSTALL_PREFIX=${here}/installed ${ARGN})
    step(${configure})
    step(${CMAKE_COMMAND} --build ${here}/parent --parallel 2)
    step(${CMAKE_COMMAND} --install ${here}/parent)
    file(REMOVE_RECURSE ${here}/parent)
    file(RENAME ${here}/installed ${here}/moved)
endfunction()

if(CASE STREQUAL "cxx")
    # Without a C compiler that the project itself has named.
    foreach(how add_subdirectory fetch_content find_package)
        file(REMOVE_RECURSE ${here})
        build_and_run(cxx -DHOW=${how} -DCMAKE_PREFIX_PATH=${WORK}/moved-static)
    endforeach()

elseif(CASE STREQUAL "plugin")
    foreach(how add_subdirectory find_package)
        file(REMOVE_RECURSE ${here})
        build_and_run(plugin -DHOW=${how}
            -DCMAKE_PREFIX_PATH=${WORK}/moved-static)
        step(${NM} -D --defined-only ${here}/plugin/plugin.so)
        if(NOT step_output MATCHES " T plugin_main" OR
           step_output MATCHES "bufv_")
            message(FATAL_ERROR "the plugin exports\n${step_output}")
        endif()
    endforeach()

elseif(CASE STREQUAL "parent_static")
    install_parent(-DBUFV_INSTALL=ON)
    build_and_run(parent_user -DCMAKE_PREFIX_PATH=${here}/moved)

elseif(CASE STREQUAL "parent_shared")
    # Both shared: bufv is beside its parent.
    set(beside $ORIGIN)
    if(CMAKE_HOST_APPLE)
        set(beside @loader_path)
    endif()
    install_parent(-DBUFV_INSTALL=ON -DBUILD_SHARED_LIBS=ON
        -DCMAKE_INSTALL_RPATH=${beside})
    build_and_run(parent_user -DCMAKE_PREFIX_PATH=${here}/moved)

elseif(CASE STREQUAL "parent_inside")
    # Nothing of bufv is installed, and its names are not the parent's.
    install_parent(-DBUFV_INSIDE=ON)
    build_and_run(parent_user -DCMAKE_PREFIX_PATH=${here}/moved)
    file(GLOB_RECURSE of_bufv ${here}/moved/*bufv*)
    step(${NM} -D --defined-only ${here}/moved/lib/libcarrier.so)
    if(of_bufv OR step_output MATCHES "bufv_")
        message(FATAL_ERROR "bufv shows: ${of_bufv}\n${step_output}")
    endif()

elseif(CASE STREQUAL "parent_refused")
    # CMake refuses this, and the line that says what to do is in sight.
    configure_command(parent)
    fails("target \"bufv\" that is not in any export set" ${configure})
    fails("bufv: .*-DBUFV_INSTALL=ON" ${configure})

elseif(CASE STREQUAL "unity")
    build_and_run(unity)

elseif(CASE STREQUAL "adapters")
    # AUTO looks again when what was missing has come; ON and OFF do not.
    set(hide -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON
        -DCMAKE_DISABLE_FIND_PACKAGE_APRUtil=ON)
    set(configure ${CMAKE_COMMAND} -S ${SOURCE} -B ${here}/adapters
        ${generator} ${common} -DBUFV_TESTS=OFF -DBUFV_EXAMPLES=OFF ${OPTIONS})
    step(${configure} ${hide})
    foreach(adapter brigade openssl)
        if(NOT step_output MATCHES "bufv_${adapter}: not built")
            message(FATAL_ERROR "not said:\n${step_output}")
        endif()
    endforeach()
    step(${configure} -UCMAKE_DISABLE_FIND_PACKAGE_*)
    step(${CMAKE_COMMAND} --build ${here}/adapters --parallel 2
        --target bufv_brigade bufv_openssl)
    step(${configure} -DBUFV_OPENSSL=OFF)
    fails("unknown target|[Nn]o rule" ${CMAKE_COMMAND} --build ${here}/adapters
        --target bufv_openssl)
    # Asked for, it must be there.
    fails("OpenSSL" ${configure} ${hide} -DBUFV_OPENSSL=ON)
    fails("BUFV_OPENSSL is 'maybe'. it can be AUTO, ON or OFF"
        ${configure} -DBUFV_OPENSSL=maybe)

else()
    message(FATAL_ERROR "CASE is '${CASE}'")
endif()
file(REMOVE_RECURSE ${here})
