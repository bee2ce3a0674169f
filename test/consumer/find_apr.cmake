# SPDX-License-Identifier: Apache-2.0
#
# cmake -DCASE=... -DSOURCE=... -DWORK=... -P: one of the ways in which
# FindAPR.cmake finds APR, or says why not. The APR of the other ways is this
# machine's own, dressed up as theirs.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(build ${WORK}/find_apr-${CASE})
set(root ${build}/root)
file(REMOVE_RECURSE ${build})
file(MAKE_DIRECTORY ${root})

# What this machine has.
function(ask variable)
    step(pkg-config ${ARGN} apr-1)
    string(STRIP "${step_output}" text)
    set(${variable} ${text} PARENT_SCOPE)
endfunction()
ask(include --variable=includedir)
ask(libdir --variable=libdir)
ask(version --modversion)
find_library(library apr-1 HINTS ${libdir} REQUIRED)
cmake_path(GET library FILENAME name)

set(no_pkg_config ${CMAKE_COMMAND} -E env PKG_CONFIG_LIBDIR=${root}/none
    PKG_CONFIG_PATH=)
set(configure ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/find_apr
    -B ${build} ${generator} ${common} -DMODULES=${SOURCE}/cmake)
set(given -DGIVEN_INCLUDE=${include} -DGIVEN_LIBRARY=${library})

# Makes headers and library below the root.
function(fill_root)
    file(MAKE_DIRECTORY ${root}/include ${root}/lib)
    file(CREATE_LINK ${include} ${root}/include/apr-1 SYMBOLIC)
    file(CREATE_LINK ${library} ${root}/lib/${name} SYMBOLIC)
endfunction()

# Makes an apr-1-config for it.
function(fill_program)
    file(MAKE_DIRECTORY ${root}/bin)
    file(WRITE ${root}/bin/apr-1-config "#!/bin/sh\ncase $1 in
--cppflags) echo ' -DLINUX -D_REENTRANT -D_GNU_SOURCE' ;;
--includes) echo ' -I${root}/include/apr-1 ' ;;
--link-ld) echo ' -L${root}/lib -lapr-1' ;;
--version) echo ${version} ;;
esac\n")
    file(CHMOD ${root}/bin/apr-1-config
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# Makes vcpkg's package with one target.
function(fill_package target)
    file(WRITE ${root}/share/apr/apr-config.cmake
        "add_library(${target} UNKNOWN IMPORTED)
set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${library}
    INTERFACE_INCLUDE_DIRECTORIES ${include})\n")
    file(WRITE ${root}/share/apr/apr-config-version.cmake
        "set(PACKAGE_VERSION 1.7.9)\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n")
endfunction()

# finds(REGEX COMMAND...): configured, it says what matches; built, it runs.
function(finds regex)
    step(${ARGN})
    if(NOT step_output MATCHES "-- APR (${regex})\n")
        message(FATAL_ERROR "not '${regex}':\n${step_output}")
    endif()
    message(STATUS "APR ${CMAKE_MATCH_1}")
    step(${CMAKE_COMMAND} --build ${build})
    step(${CMAKE_CTEST_COMMAND} --test-dir ${build} --output-on-failure)
endfunction()

if(CASE STREQUAL "target")
    finds("'' is [^\n]*" ${no_pkg_config} ${configure} -DCASE=own ${given})
elseif(CASE STREQUAL "target_vcpkg")
    finds("'' is apr::libapr-1" ${no_pkg_config} ${configure} -DCASE=vcpkg
        ${given})
elseif(CASE STREQUAL "vcpkg_static")
    fill_package(apr::apr-1)
    finds("'1.7.9' is apr::apr-1" ${configure} -DCMAKE_PREFIX_PATH=${root})
elseif(CASE STREQUAL "vcpkg_shared")
    fill_package(apr::libapr-1)
    finds("'1.7.9' is apr::libapr-1" ${configure} -DCMAKE_PREFIX_PATH=${root})
elseif(CASE STREQUAL "pkg_config")
    finds("'${version}' is PkgConfig::APR_PC" ${configure})
elseif(CASE STREQUAL "config_program")
    fill_root()
    fill_program()
    finds("'${version}' is -L${root}/lib;${root}/lib/${name}" ${no_pkg_config}
        ${configure} -DCMAKE_PROGRAM_PATH=${root}/bin)
elseif(CASE STREQUAL "files")
    fill_root()
    finds("'${version}' is ${root}/lib/${name}" ${no_pkg_config} ${configure}
        -DHIDE=/bin,/usr/bin,/usr/local/bin -DCMAKE_PREFIX_PATH=${root})
elseif(CASE STREQUAL "root_program")
    fill_root()
    fill_program()
    finds("'${version}' is -L${root}/lib;${root}/lib/${name}" ${configure}
        -DAPR_ROOT=${root})
elseif(CASE STREQUAL "root_files")
    fill_root()
    finds("'${version}' is ${root}/lib/${name}" ${configure}
        -DAPR_ROOT=${root})
elseif(CASE STREQUAL "root_environment")
    fill_root()
    finds("'${version}' is ${root}/lib/${name}"
        ${CMAKE_COMMAND} -E env APR_ROOT=${root} ${configure})
elseif(CASE STREQUAL "root_wrong")
    # The system's APR is not what was asked for.
    fails("Could NOT find APR.*set APR_ROOT to where it is"
        ${configure} -DAPR_ROOT=${root}/none)
elseif(CASE STREQUAL "too_old")
    file(WRITE ${root}/lib/pkgconfig/apr-1.pc "Name: APR\nDescription: old\n"
        "Version: 1.5.2\nLibs: ${library}\nCflags: -I${include}\n")
    fails("Found unsuitable version \"1.5.2\", but required is at least \"1.6\""
        ${no_pkg_config} ${configure} -DCMAKE_PREFIX_PATH=${root})
elseif(CASE STREQUAL "none")
    set(hide /bin /usr/bin /usr/local/bin ${include} ${libdir} /usr/lib /lib
        /lib/x86_64-linux-gnu)
    list(JOIN hide "," hide)
    fails("Could NOT find APR.*install libapr1-dev" ${no_pkg_config}
        ${configure} -DHIDE=${hide})
else()
    message(FATAL_ERROR "CASE is '${CASE}'")
endif()
file(REMOVE_RECURSE ${build})
