# SPDX-License-Identifier: Apache-2.0
#
#   cmake -P test/tools/skips.cmake      in a build directory
#
# Prints what the tests of ctest's last run left out, and why: single tests as
# well, which ctest itself says nothing of when their topic passes. ctest runs
# this at its end, while its log has yet another name.

set(log Testing/Temporary/LastTest.log)
if(EXISTS ${log}.tmp)
    string(APPEND log .tmp)
endif()
file(STRINGS ${log} lines REGEX "^SKIP:? ")
list(LENGTH lines count)
if(count GREATER 0)
    message("\nLeft out, ${count} in all:")
endif()
list(SORT lines)
set(before "")
set(times 0)
foreach(line IN LISTS lines ITEMS "")
    if(NOT line STREQUAL before AND times GREATER 0)
        message("  ${times} x ${before}")
        set(times 0)
    endif()
    set(before "${line}")
    math(EXPR times "${times} + 1")
endforeach()
