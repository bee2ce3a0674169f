/* SPDX-License-Identifier: Apache-2.0 */

/* File ranges to a socket, unread. What differs from system to system is in
 * sendfile_*.c. */

#include "unix.h"

#include <errno.h>

/* Sends without waiting and without a signal; the call itself can be told
 * neither. The system is asked whether the socket blocks, since APR does not
 * know that of a descriptor that was wrapped. */
static int send_quietly(bufv__socket_t *s, int fd, apr_off_t offset,
                        apr_size_t len, apr_size_t *sent)
{
    bufv__loan_t loan;
    bufv__quiet_t quiet;
    int error = bufv__loan_take(&loan, s->fd, s->sock, BUFV__LONG);

    if (error != 0)
        return error;
    bufv__quiet_begin(&quiet, s->fd);
    bufv__quiet_relax(&quiet);
    do
        error = bufv__sendfile_once(s->fd, fd, offset, len, sent);
    while (error == EINTR);
    bufv__quiet_end(&quiet, *sent < len);
    bufv__loan_return(&loan);
    return error;
}

/* EOVERFLOW and EFBIG: a range beyond what this file system can have. Reading
 * tells what is there. */
int bufv__is_unsuited(int error)
{
    static const int errors[] = {EINVAL,  ENOSYS,   ESPIPE,    EOPNOTSUPP,
                                 ENOTSUP, ENOTSOCK, EOVERFLOW, EFBIG};
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (error == errors[i])
            return 1;
    }
    return 0;
}

/* A short count may be a full socket, a signal, or the file's end: the next
 * attempt tells. */
static apr_status_t judge(int error, apr_size_t sent)
{
    if (sent > 0)
        return APR_SUCCESS;
    if (error == 0)
        return APR_EOF;
    if (bufv__is_unsuited(error))
        return APR_ENOTIMPL;
    return bufv__socket_error(error);
}

/* The system takes no MSG_MORE with a file, and with Nagle's algorithm a
 * second small segment would wait for the peer to acknowledge the first,
 * 40 ms. So the socket is corked until the last attempt, or until `flush`. A
 * long range is corked for its own sake, until this attempt ends. */
apr_status_t bufv__socket_sendfile(void *baton, apr_file_t *file,
                                   apr_off_t offset, apr_size_t len, int more,
                                   apr_size_t *written)
{
    bufv__socket_t *s = baton;
    apr_os_file_t fd;
    int error;

    *written = 0;
    bufv__socket_refresh(s);
    apr_os_file_get(&fd, file);
    if ((more || len >= bufv__corked_from) && !s->corked)
        s->corked = bufv__cork(s->fd);
    error = send_quietly(s, fd, offset, len, written);
    if (!more && s->corked)
        bufv__socket_flush(s);
    return judge(error, *written);
}
