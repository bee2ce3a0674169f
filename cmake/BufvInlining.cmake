# SPDX-License-Identifier: Apache-2.0
#
# bufv_inlining(TARGET...): what lets the compiler inline calls to functions of
# other files.
#
# A shared library calls its own exported functions, and no other's of the same
# name: then the compiler may inline them.
#
# With BUFV_LTO the objects of a static library carry link-time code beside the
# machine's ("fat"). A program that is linked with -flto has bufv_append()
# inlined into its loops; one that is not links likewise, and gcc inlines within
# the library alone. It has to be the same release of gcc: another one refuses
# link-time code that it does not know, unless it is told -fno-lto. So the option
# is off where nobody asks for it.

include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

check_c_compiler_flag(-fno-semantic-interposition BUFV_HAVE_NO_INTERPOSITION)

# Sets BUFV_LTO_OBSTACLE: why there is no link-time code, or nothing. Other
# compilers take the flags, with a warning, and make none.
function(bufv_lto_obstacle)
    set(CMAKE_REQUIRED_FLAGS "-Werror -flto=auto -ffat-lto-objects")
    check_c_source_compiles("int main(void) { return 0; }" BUFV_HAVE_FAT_LTO)
    set(flags "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${bufv_config}}")
    if(NOT BUFV_HAVE_FAT_LTO)
        set(why "this compiler makes no fat objects")
    elseif(CMAKE_BUILD_TYPE STREQUAL "Debug")
        set(why "not in a debug build")
    elseif(flags MATCHES "-fsanitize|--coverage|-fprofile|-fcoverage")
        set(why "not in an instrumented build")
    elseif(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
        set(why "the project has link-time optimisation of its own")
    else()
        set(why "")
    endif()
    set(BUFV_LTO_OBSTACLE "${why}" PARENT_SCOPE)
endfunction()

string(TOUPPER "${CMAKE_BUILD_TYPE}" bufv_config)
set(bufv_fat FALSE)
if(BUFV_LTO AND BUILD_SHARED_LIBS)
    message(STATUS "bufv: no link-time code: it is for static libraries")
elseif(BUFV_LTO)
    bufv_lto_obstacle()
    if(BUFV_LTO_OBSTACLE)
        message(STATUS "bufv: no link-time code: ${BUFV_LTO_OBSTACLE}")
    else()
        message(STATUS "bufv: link-time code in the static libraries")
        set(bufv_fat TRUE)
    endif()
endif()

# The names of the sections with link-time code are random otherwise, and no
# two builds the same.
function(bufv_seeds target)
    get_target_property(sources ${target} SOURCES)
    foreach(source IN LISTS sources)
        set_source_files_properties(${source} PROPERTIES
            COMPILE_OPTIONS -frandom-seed=${source})
    endforeach()
endfunction()

function(bufv_inlining)
    foreach(target IN LISTS ARGN)
        get_target_property(type ${target} TYPE)
        if(type STREQUAL "STATIC_LIBRARY" AND bufv_fat)
            target_compile_options(${target} PRIVATE
                -flto=auto -ffat-lto-objects)
            bufv_seeds(${target})
        elseif(type STREQUAL "SHARED_LIBRARY" AND BUFV_HAVE_NO_INTERPOSITION)
            target_compile_options(${target} PRIVATE
                -fno-semantic-interposition)
        endif()
    endforeach()
endfunction()
