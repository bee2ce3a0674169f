# SPDX-License-Identifier: Apache-2.0
#
# bufv_warnings(TARGET): the project's own targets are held to these; users of
# the library see none of it.
function(bufv_warnings target)
    if(MSVC)
        target_compile_options(${target} PRIVATE /W4)
    else()
        target_compile_options(${target} PRIVATE
            -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
            -Wmissing-prototypes -Wcast-qual -Wpointer-arith -Wwrite-strings
            -Wundef -Wformat=2 -Wvla)
    endif()
    if(MINGW)
        # C99's printf; APR's own formats for 64 bits are Microsoft's, which
        # it knows, and the compiler does not.
        target_compile_definitions(${target} PRIVATE
            __USE_MINGW_ANSI_STDIO=1)
        target_compile_options(${target} PRIVATE
            -Wno-format -Wno-format-extra-args)
    endif()
    if(BUFV_WERROR)
        target_compile_options(${target} PRIVATE
            $<IF:$<C_COMPILER_ID:MSVC>,/WX,-Werror>)
    endif()
endfunction()
