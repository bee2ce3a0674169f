# SPDX-License-Identifier: Apache-2.0
#
# Is there a page for each public function, and does man like all pages?
#
#   cmake -DMAN=... -DPAGES=... -DOVERVIEW=... -DHEADER_DIR=... -P man.cmake

if(NOT MAN)
    message("SKIP: there is no man here to format the pages")
    return()
endif()

file(GLOB headers ${HEADER_DIR}/*.h)
set(missing)
foreach(header IN LISTS headers)
    file(STRINGS ${header} lines REGEX "^(BUFV_[A-Z_]*DECLARE\\(.*\\) )?bufv_[a-z_]+\\(")
    foreach(line IN LISTS lines)
        string(REGEX MATCH "(^|\\) )(bufv_[a-z_]+)\\(" _ "${line}")
        if(NOT EXISTS ${PAGES}/${CMAKE_MATCH_2}.3)
            list(APPEND missing ${CMAKE_MATCH_2})
        endif()
        set(seen_${CMAKE_MATCH_2} TRUE)
    endforeach()
endforeach()
if(missing)
    message(FATAL_ERROR "no page for: ${missing}")
endif()
if(NOT seen_bufv_write OR NOT seen_bufv_clear)
    message(FATAL_ERROR "the headers were not understood")
endif()

# What the overview names has a page.
file(READ ${OVERVIEW} text)
string(REGEX MATCHALL "(bufv[a-z_.]*)(\\\\fR| )\\(3\\)" names "${text}")
foreach(name IN LISTS names)
    string(REGEX MATCH "^[a-z_.]+" name "${name}")
    if(NOT EXISTS ${PAGES}/${name}.3)
        message(FATAL_ERROR "${OVERVIEW} names ${name}, which has no page")
    endif()
endforeach()
list(LENGTH names n)
if(n LESS 20 OR NOT text MATCHES "return bufv_write")
    message(FATAL_ERROR "${OVERVIEW} was not understood")
endif()

file(GLOB pages ${PAGES}/*.3)
list(APPEND pages ${OVERVIEW})
execute_process(
    COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C.UTF-8 MANWIDTH=80
        ${MAN} --warnings -l ${pages}
    WORKING_DIRECTORY ${PAGES}/..
    OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT said STREQUAL "")
    message(FATAL_ERROR "${MAN} says:\n${said}")
endif()
list(LENGTH pages n)
message("${n} pages")
