# SPDX-License-Identifier: Apache-2.0
#
# Are the probes in the library? See src/probe.h.
#
#   cmake -DLIBRARY=... -DREADELF=... -DEXPECTED=... -P probes.cmake

if(NOT EXPECTED)
    message("SKIP: built without probes, since there is no <sys/sdt.h> of "
        "SystemTap (Debian: systemtap-sdt-dev)")
    return()
endif()
if(NOT READELF)
    message("SKIP: there is no readelf here to look for the probes")
    return()
endif()

execute_process(COMMAND ${READELF} --notes ${LIBRARY}
    OUTPUT_VARIABLE notes RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${READELF} fails: ${result}")
endif()
foreach(probe attempt wait)
    if(NOT notes MATCHES "Provider: bufv[ \r\n]+Name: ${probe}[ \r\n]")
        message(FATAL_ERROR "${LIBRARY} has no probe '${probe}':\n${notes}")
    endif()
endforeach()
