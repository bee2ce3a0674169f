# SPDX-License-Identifier: Apache-2.0
#
# cmake -DKIND=... -DWORK=... -DCC=... -P: compiles misuse/ against the headers
# of the moved installation. Each line that says which warning it is for gets
# this one, and no other line gets any.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

file(GLOB_RECURSE pc ${WORK}/moved-${KIND}/bufv*.pc)
list(GET pc 0 directory)
cmake_path(GET directory PARENT_PATH directory)
set(ENV{PKG_CONFIG_PATH} ${directory})
set(ENV{LC_ALL} C)

# gcc alone looks at lengths, from 11 on.
step(${CC} -dM -E -x c /dev/null)
if(step_output MATCHES "__clang__" OR
   NOT step_output MATCHES "__GNUC__ (1[1-9]|[2-9][0-9])")
    set(unseen "-Wstringop-overread")
else()
    set(unseen "none")
endif()

# plain(VARIABLE) takes out what a list of CMake's cannot hold.
macro(plain variable)
    string(REGEX REPLACE "[][;]" "|" ${variable} "${${variable}}")
endmacro()

# wanted(FILE) leaves in `wanted` a "LINE WARNING" for each line with a fault.
function(wanted file)
    file(READ ${file} text)
    plain(text)
    string(REPLACE "\n" ";" lines "${text}")
    set(at 0)
    set(wanted)
    foreach(line IN LISTS lines)
        math(EXPR at "${at} + 1")
        if(line MATCHES "/\\* (-W[a-z-]+) \\*/" AND
           NOT CMAKE_MATCH_1 STREQUAL unseen)
            list(APPEND wanted "${at} ${CMAKE_MATCH_1}")
        endif()
    endforeach()
    set(wanted ${wanted} PARENT_SCOPE)
endfunction()

# warned(FILE WORD...) leaves in `warned` what the compiler says, likewise.
function(warned file)
    execute_process(COMMAND ${CC} -std=c99 -O2 -Wall -Wextra -c
            -o ${WORK}/misuse.o ${file} ${ARGN}
        RESULT_VARIABLE status ERROR_VARIABLE text)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${file} does not compile:\n${text}")
    endif()
    plain(text)
    string(REGEX MATCHALL "[^\n]*: warning: [^\n]*" lines "${text}")
    set(warned)
    foreach(line IN LISTS lines)
        if(NOT line MATCHES ":([0-9]+):[0-9]+: warning: .*(-W[a-z-]+)")
            message(FATAL_ERROR "what is this?\n${line}")
        endif()
        set(at ${CMAKE_MATCH_1})
        string(REGEX REPLACE "^-Wformat-.*" "-Wformat" kind ${CMAKE_MATCH_2})
        list(APPEND warned "${at} ${kind}")
    endforeach()
    list(REMOVE_DUPLICATES warned)
    set(warned ${warned} PARENT_SCOPE)
endfunction()

# wrong(FILE WHAT LINE...)
function(wrong file what)
    foreach(line IN LISTS ARGN)
        message(SEND_ERROR "${file}:${line}: ${what}")
    endforeach()
endfunction()

foreach(file IN LISTS pc)
    cmake_path(GET file STEM package)
    set(source ${CMAKE_CURRENT_LIST_DIR}/misuse/${package}.c)
    if(NOT EXISTS ${source})
        continue()
    endif()
    step(pkg-config --cflags ${package})
    string(STRIP "${step_output}" text)
    separate_arguments(words UNIX_COMMAND "${text}")
    wanted(${source})
    warned(${source} ${words})
    list(LENGTH wanted count)
    message(STATUS "${package}: ${count} faults")
    set(missing ${wanted})
    list(REMOVE_ITEM missing ${warned})
    wrong(${source} "not warned of" ${missing})
    list(REMOVE_ITEM warned ${wanted})
    wrong(${source} "not a fault" ${warned})
endforeach()
file(REMOVE ${WORK}/misuse.o)
