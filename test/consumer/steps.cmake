# SPDX-License-Identifier: Apache-2.0
#
# step(COMMAND...) runs it and shows what it said if it fails.
function(step)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status
        OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT status EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}: ${status}\n${text}")
    endif()
    set(step_output "${text}" PARENT_SCOPE)
endfunction()

# fails(REGEX COMMAND...) must fail, and say what matches.
function(fails regex)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status
        OUTPUT_VARIABLE text ERROR_VARIABLE text)
    string(REGEX REPLACE "[ \n]+" " " line "${text}")
    if(status EQUAL 0)
        message(FATAL_ERROR "no failure, but '${regex}' was to be:\n${text}")
    elseif(NOT line MATCHES "${regex}")
        message(FATAL_ERROR "the failure does not say '${regex}':\n${text}")
    endif()
    message(STATUS "said: ${CMAKE_MATCH_0}")
endfunction()

set(generator)
if(GENERATOR)
    set(generator -G ${GENERATOR})
endif()
set(common -DCMAKE_BUILD_TYPE=RelWithDebInfo)
if(TOOLCHAIN)
    list(APPEND common --toolchain ${TOOLCHAIN})
endif()
