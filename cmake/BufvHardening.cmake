# SPDX-License-Identifier: Apache-2.0
#
# bufv_hardening(TARGET): with BUFV_HARDENING, what distributions harden their
# packages with, as far as this compiler and this linker know it. A stack that
# grows past its guard page is noticed, returns and indirect calls are checked,
# and what the loader has filled in is read-only. Users of the library see none
# of it.

include(CheckCCompilerFlag)
include(CheckLinkerFlag)

# bufv_keep(LIST KIND FLAG...) appends those that work.
function(bufv_keep list kind)
    set(kept ${${list}})
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "BUFV_HAVE${flag}" name)
        # Only a warning would tell that a flag is not for this processor.
        set(CMAKE_REQUIRED_FLAGS -Werror)
        if(kind STREQUAL "link")
            check_linker_flag(C ${flag} ${name})
        else()
            check_c_compiler_flag(${flag} ${name})
        endif()
        unset(CMAKE_REQUIRED_FLAGS)
        if(${name})
            list(APPEND kept ${flag})
        endif()
    endforeach()
    set(${list} ${kept} PARENT_SCOPE)
endfunction()

set(bufv_hard_compile)
set(bufv_hard_link)
if(BUFV_HARDENING AND MSVC)
    bufv_keep(bufv_hard_compile compile /guard:cf)
    set(bufv_hard_link /guard:cf)
elseif(BUFV_HARDENING)
    bufv_keep(bufv_hard_compile compile -fstack-protector-strong
        -fstack-clash-protection -fcf-protection=full
        -mbranch-protection=standard)
    bufv_keep(bufv_hard_link link LINKER:-z,relro LINKER:-z,now
        LINKER:-z,noexecstack)
    # It is for optimised code, and must not contradict what was set outside.
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT
       "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_RELEASE}" MATCHES "_FORTIFY_SOURCE|-fsanitize")
        list(APPEND bufv_hard_compile
            -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
endif()

function(bufv_hardening target)
    target_compile_options(${target} PRIVATE ${bufv_hard_compile})
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "STATIC_LIBRARY")
        target_link_options(${target} PRIVATE ${bufv_hard_link})
    endif()
endfunction()
