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
        # APR's own formats for 64 bits are Microsoft's, so printf must be.
        target_compile_definitions(${target} PRIVATE
            __USE_MINGW_ANSI_STDIO=0)
        target_compile_options(${target} PRIVATE -Wno-pedantic-ms-format)
    endif()
    if(BUFV_WERROR)
        target_compile_options(${target} PRIVATE
            $<IF:$<C_COMPILER_ID:MSVC>,/WX,-Werror>)
    endif()
endfunction()
