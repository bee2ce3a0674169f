# SPDX-License-Identifier: Apache-2.0
#
# cmake -DLIBRARY=file -DMAP=file -DHEADER=file -DNM=... -P: the names that a
# library exports, that its header declares and that its map lists are the
# same. The map is the golden list: whoever changes it means to.
#
# A static library defines them and hides every name that it has: a module that
# links it exports none.

cmake_minimum_required(VERSION 3.21)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

# compare(WHAT NAMES) fails unless they are those of the map.
function(compare what)
    set(names ${ARGN})
    list(SORT names)
    list(REMOVE_DUPLICATES names)
    set(more ${names})
    set(less ${golden})
    list(REMOVE_ITEM more ${golden})
    if(names)
        list(REMOVE_ITEM less ${names})
    endif()
    if(more OR less)
        message(SEND_ERROR "${what}\n  has beyond ${MAP}: ${more}\n"
            "  lacks of it: ${less}")
        return()
    endif()
    list(LENGTH names count)
    message(STATUS "${count} names in ${what}")
endfunction()

file(STRINGS ${MAP} golden REGEX "^ +bufv_[a-z0-9_]+;")
list(TRANSFORM golden REPLACE "^ +(.*);" "\\1")
list(SORT golden)
if(NOT golden)
    message(FATAL_ERROR "${MAP} lists no names")
endif()

# The header: a name and a parenthesis within two lines of BUFV_...DECLARE.
file(READ ${HEADER} text)
string(REGEX MATCHALL
    "\nBUFV_[A-Z_]*DECLARE\\([^)]+\\)[ \n]+bufv_[a-z0-9_]+\\(" names "${text}")
list(TRANSFORM names REPLACE ".*[ \n](bufv_[a-z0-9_]+)\\($" "\\1")
compare(${HEADER} ${names})

if(LIBRARY MATCHES "\\.dll$")
    step(${OBJDUMP} -p ${LIBRARY})
    # A table that ends with an empty line; the name is a line's last word.
    # Brackets would keep CMake from seeing a list in what follows.
    string(REGEX REPLACE ".*Ordinal/Name Pointer\\] Table[^\n]*\n" "" text
        "${step_output}")
    string(REGEX REPLACE "\n\n.*" "\n" text "${text}")
    string(REGEX REPLACE "[][]" " " text "${text}")
    string(REGEX MATCHALL " [^ \n]+\n" names "${text}")
    list(TRANSFORM names STRIP)
elseif(LIBRARY MATCHES "\\.a$")
    step(${READELF} --symbols --wide ${LIBRARY})
    string(REGEX MATCHALL "(GLOBAL|WEAK) +(DEFAULT|PROTECTED) +[0-9]+ [^\n]+"
        visible "${step_output}")
    if(visible)
        message(SEND_ERROR "a module would export: ${visible}")
    endif()
    string(REGEX MATCHALL "GLOBAL +HIDDEN +[0-9]+ bufv_[a-z0-9][^\n]+" names
        "${step_output}")
    list(TRANSFORM names REPLACE ".* " "")
else()
    step(${NM} -D --defined-only ${LIBRARY})
    string(REGEX MATCHALL " T [^\n]+" names "${step_output}")
    list(TRANSFORM names REPLACE "^ T " "")
    foreach(name IN LISTS names)
        if(NOT name MATCHES "@@BUFV_([A-Z]+_)?[0-9]+\\.[0-9]+$")
            message(SEND_ERROR "${name} has no version")
        endif()
    endforeach()
    list(TRANSFORM names REPLACE "@.*" "")
    # Data and anything else would be exports too.
    string(REGEX MATCHALL " [BCDGRSVW] [^\n]+" data "${step_output}")
    if(data)
        message(SEND_ERROR "exported data: ${data}")
    endif()
endif()
compare(${LIBRARY} ${names})
