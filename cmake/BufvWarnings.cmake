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
    if(BUFV_WERROR)
        target_compile_options(${target} PRIVATE
            $<IF:$<C_COMPILER_ID:MSVC>,/WX,-Werror>)
    endif()
endfunction()
