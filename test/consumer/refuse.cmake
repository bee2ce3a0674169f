# SPDX-License-Identifier: Apache-2.0
#
# cmake -DKIND=... -DWORK=... -P: what find_package() must refuse, and say why;
# and what must not disturb it.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

set(here ${WORK}/refuse-${KIND})
file(REMOVE_RECURSE ${here})
file(MAKE_DIRECTORY ${here}/foreign)

# configure(LINES) leaves in `configure` the command that does so.
function(configure lines)
    file(WRITE ${here}/CMakeLists.txt
        "cmake_minimum_required(VERSION 3.21)\nproject(p C)\n${lines}\n")
    file(REMOVE_RECURSE ${here}/build)
    set(configure ${CMAKE_COMMAND} -S ${here} -B ${here}/build ${generator}
        ${common} -DCMAKE_PREFIX_PATH=${WORK}/moved-${KIND} ${OPTIONS}
        PARENT_SCOPE)
endfunction()

configure("find_package(bufv CONFIG REQUIRED COMPONENTS carrier_pigeon)")
fails("this installation of bufv has no carrier_pigeon" ${configure})

configure("find_package(bufv 99 CONFIG REQUIRED)")
fails("version: [0-9.]+" ${configure})

configure("find_package(bufv CONFIG REQUIRED)")
fails("bufv needs APR 1.6 or later" ${configure} -DAPR_ROOT=${here})

# Optional, it is only told.
configure("find_package(bufv CONFIG REQUIRED
    OPTIONAL_COMPONENTS carrier_pigeon)
if(bufv_carrier_pigeon_FOUND OR NOT TARGET bufv::bufv)
    message(FATAL_ERROR wrong)
endif()")
step(${configure})

# The core alone asks for nothing but APR.
configure("set(CMAKE_DISABLE_FIND_PACKAGE_OpenSSL ON)
set(CMAKE_DISABLE_FIND_PACKAGE_APRUtil ON)
find_package(bufv CONFIG REQUIRED)
if(TARGET bufv::openssl OR TARGET bufv::brigade)
    message(FATAL_ERROR wrong)
endif()")
step(${configure})

# A project's own FindAPR.cmake knows other names; its module path stays.
file(WRITE ${here}/foreign/FindAPR.cmake "set(APR_FOUND TRUE)\n")
configure("set(CMAKE_MODULE_PATH ${here}/foreign)
set(CMAKE_FIND_PACKAGE_PREFER_CONFIG ON)
find_package(bufv CONFIG REQUIRED)
find_package(bufv CONFIG REQUIRED)
if(NOT TARGET APR::apr)
    message(FATAL_ERROR wrong)
elseif(NOT CMAKE_MODULE_PATH STREQUAL \"${here}/foreign\")
    message(FATAL_ERROR \"\${CMAKE_MODULE_PATH}\")
endif()")
step(${configure})
file(REMOVE_RECURSE ${here})
