# SPDX-License-Identifier: Apache-2.0
#
# Sets BUFV_SENDFILE to the system whose sendfile() there is: linux, freebsd,
# macos, or nothing.
# A program of each kind is linked, since the names are the same and the
# parameters are not.

include(CheckCSourceCompiles)

if(bufv_native STREQUAL "unix")
    check_c_source_compiles("
        #include <sys/sendfile.h>
        #include <netinet/in.h>
        #include <netinet/tcp.h>
        int main(void)
        {
            off_t from = 0;
            return TCP_CORK + (int)sendfile(1, 0, &from, 1);
        }" BUFV_SENDFILE_LINUX)
    check_c_source_compiles("
        #include <sys/types.h>
        #include <sys/socket.h>
        #include <sys/uio.h>
        int main(void)
        {
            off_t sent = 0;
            return sendfile(0, 1, 0, (size_t)1, (struct sf_hdtr *)0, &sent, 0);
        }" BUFV_SENDFILE_FREEBSD)
    check_c_source_compiles("
        #include <sys/types.h>
        #include <sys/socket.h>
        #include <sys/uio.h>
        int main(void)
        {
            off_t sent = 1;
            return sendfile(0, 1, 0, &sent, (struct sf_hdtr *)0, 0);
        }" BUFV_SENDFILE_MACOS)
endif()

set(BUFV_SENDFILE "")
foreach(kind linux freebsd macos)
    string(TOUPPER ${kind} KIND)
    if(BUFV_SENDFILE_${KIND} AND NOT BUFV_SENDFILE)
        set(BUFV_SENDFILE ${kind})
    endif()
endforeach()
