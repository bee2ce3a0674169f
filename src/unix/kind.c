/* SPDX-License-Identifier: Apache-2.0 */

/* What a descriptor is. */

#include "unix.h"

#include <sys/socket.h>
#include <sys/stat.h>

static bufv__kind_t kind_of_socket(int fd)
{
    int type = SOCK_STREAM;
    socklen_t len = sizeof(type);

    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
    return type == SOCK_STREAM ? BUFV__KIND_STREAM : BUFV__KIND_MESSAGE;
}

bufv__kind_t bufv__kind(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return BUFV__KIND_PLAIN; /* the attempt will tell the error */
    if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
        return BUFV__KIND_PLAIN;
    if (S_ISFIFO(st.st_mode))
        return BUFV__KIND_PIPE;
    return S_ISSOCK(st.st_mode) ? kind_of_socket(fd) : BUFV__KIND_DEVICE;
}

/* A pipe or socket that took a part is full. A terminal may have been
 * interrupted by a signal, and a file may have met its end: the next attempt
 * tells. */
apr_status_t bufv__short_count(bufv__kind_t kind)
{
    if (kind == BUFV__KIND_PIPE || kind == BUFV__KIND_STREAM)
        return APR_EAGAIN;
    return APR_SUCCESS;
}

int bufv__file_is_message(apr_file_t *file)
{
    apr_os_file_t fd = -1;

    apr_os_file_get(&fd, file);
    return bufv__kind(fd) == BUFV__KIND_MESSAGE;
}
