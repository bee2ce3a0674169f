# SPDX-License-Identifier: Apache-2.0
#
# The adapters: libraries of their own, so that the core needs APR alone.
# BUFV_<NAME> says whether one is built: ON, OFF, or AUTO, which is where what
# it adapts is found. AUTO looks again each time CMake runs.

# bufv_adapter(NAME LIBRARY...) defines the library bufv_NAME.
function(bufv_adapter name)
    string(TOUPPER ${name} upper)
    bufv_sources(sources ${name} ${name}_${bufv_system})
    get_target_property(type bufv TYPE)
    if(NOT type STREQUAL "STATIC_LIBRARY")
        bufv_sources(shares ${name}_shares ${name}_shares_${bufv_system}
            ${name}_shares_${bufv_kernel})
        list(APPEND sources ${shares})
    endif()
    add_library(bufv_${name} ${sources})
    add_library(bufv::${name} ALIAS bufv_${name})
    bufv_compiled(bufv_${name})
    set_target_properties(bufv_${name} PROPERTIES
        ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/src/${name}
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/src/${name})
    target_include_directories(bufv_${name} PRIVATE src)
    target_compile_definitions(bufv_${name} PRIVATE BUFV_${upper}_BUILDING)
    target_link_libraries(bufv_${name} PUBLIC bufv ${ARGN})
endfunction()

# bufv_wants(NAME PACKAGE...): finds the package, and sets bufv_wanted to
# whether the adapter is built.
macro(bufv_wants name)
    set(bufv_wanted FALSE)
    string(TOUPPER BUFV_${name} bufv_option)
    if(NOT "${${bufv_option}}" MATCHES "^(AUTO|ON|OFF|TRUE|FALSE|YES|NO|1|0)$")
        message(FATAL_ERROR
            "${bufv_option} is '${${bufv_option}}'; it can be AUTO, ON or OFF")
    elseif("${${bufv_option}}" STREQUAL "AUTO")
        find_package(${ARGN} QUIET)
        set(bufv_wanted ${${ARGV1}_FOUND})
    elseif(${bufv_option})
        find_package(${ARGN} REQUIRED)
        set(bufv_wanted TRUE)
    endif()
    if(NOT bufv_wanted)
        message(STATUS "bufv_${name}: not built "
            "(${bufv_option} is ${${bufv_option}}; it needs ${ARGV1})")
    endif()
endmacro()

bufv_wants(brigade APRUtil MODULE)
if(bufv_wanted)
    bufv_adapter(brigade APR::util)
    # APR's own ring macros cast volatile away.
    if(NOT MSVC)
        target_compile_options(bufv_brigade PRIVATE -Wno-cast-qual)
    endif()
endif()

bufv_wants(openssl OpenSSL 3)
if(bufv_wanted)
    bufv_adapter(openssl OpenSSL::SSL)
endif()
