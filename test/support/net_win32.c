/* SPDX-License-Identifier: Apache-2.0 */

/* What Windows can be asked: not whether a socket blocks, for which APR's own
 * memory has to do (net.c asks that). */

#define NET_ITSELF
#include "net.h"

#include <apr_portable.h>

#include <windows.h>
#include <winsock2.h>

static apr_int64_t option(SOCKET fd, int level, int name)
{
    DWORD value = 0;
    int len = sizeof(value);

    if (getsockopt(fd, level, name, (char *)&value, &len) != 0)
        return -1;
    return value;
}

/* Wine and Windows open and close handles of their own in other threads, so
 * that their number can be told of a pipe alone: by its mode. */
static apr_int64_t mode_of(HANDLE handle)
{
    DWORD mode = 0;

    if (GetFileType(handle) != FILE_TYPE_PIPE ||
        !GetNamedPipeHandleStateA(handle, &mode, NULL, NULL, NULL, NULL, 0))
        return -1;
    return mode;
}

void net_ask_system(net_state_t *state, const net_target_t *target)
{
    DWORD error = GetLastError();
    apr_os_sock_t sock;
    apr_os_file_t file;

    if (target->sock != NULL && apr_os_sock_get(&sock, target->sock) == 0) {
        net_add(state, "SO_SNDTIMEO", NET_SAME,
                option(sock, SOL_SOCKET, SO_SNDTIMEO));
        net_add(state, "SO_SNDBUF", NET_SAME,
                option(sock, SOL_SOCKET, SO_SNDBUF));
        net_add(state, "TCP_NODELAY", NET_SAME,
                option(sock, IPPROTO_TCP, TCP_NODELAY));
    }
    if (target->file != NULL && apr_os_file_get(&file, target->file) == 0)
        net_add(state, "the mode of the pipe", NET_SAME, mode_of(file));
    SetLastError(error);
}

int net_sees_descriptors(void)
{
    return 0;
}
