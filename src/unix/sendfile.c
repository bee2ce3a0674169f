/* File ranges to a socket, unread. What differs from system to system is in
 * sendfile_*.c. */

#include "unix.h"

#include <errno.h>

/* Keeps half-full segments back while there is more to come: the system takes
 * no MSG_MORE with a file, and with Nagle's algorithm a second small segment
 * would wait for the peer to acknowledge the first, 40 ms. One who corked the
 * socket himself keeps it so. */
static void cork(bufv__socket_t *s)
{
    apr_int32_t on = 0;

    if (s->corked)
        return;
    apr_socket_opt_get(s->sock, APR_TCP_NOPUSH, &on);
    if (on)
        return;
    bufv__cork(s->fd, 1);
    s->corked = 1;
}

void bufv__socket_uncork(void *baton)
{
    bufv__socket_t *s = baton;

    if (s->corked)
        bufv__cork(s->fd, 0);
    s->corked = 0;
}

/* Sends without waiting and without a signal, neither of which the call can
 * be told. A socket with a timeout is non-blocking already. */
static int send_quietly(bufv__socket_t *s, int fd, apr_off_t offset,
                        apr_size_t len, apr_size_t *sent)
{
    int blocking = s->timeout < 0 && bufv__unblock(s->fd);
    bufv__quiet_t quiet;
    int error;

    bufv__quiet_begin(&quiet);
    do
        error = bufv__sendfile_once(s->fd, fd, offset, len, sent);
    while (error == EINTR);
    bufv__quiet_end(&quiet, *sent < len);
    if (blocking)
        bufv__reblock(s->fd);
    return error;
}

/* Whether it is the file, or the two together, that cannot be sent so. */
static int unsuited(int error)
{
    static const int errors[] = {EINVAL,     ENOSYS,  ESPIPE,
                                 EOPNOTSUPP, ENOTSUP, ENOTSOCK};
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (error == errors[i])
            return 1;
    }
    return 0;
}

/* What the error, and a count that may come with it, are to the loop. A short
 * count is a full socket, or the file's end, which the next attempt tells. */
static apr_status_t judge(int error, apr_size_t len, apr_size_t sent)
{
    if (sent > 0)
        return sent < len ? APR_EAGAIN : APR_SUCCESS;
    if (error == 0)
        return APR_EOF;
    if (unsuited(error))
        return APR_ENOTIMPL;
    if (error == EPROTOTYPE) /* macOS, while the peer closes */
        return ECONNRESET;
    return error == EWOULDBLOCK ? EAGAIN : error;
}

apr_status_t bufv__socket_sendfile(void *baton, apr_file_t *file,
                                   apr_off_t offset, apr_size_t len, int more,
                                   apr_size_t *written)
{
    bufv__socket_t *s = baton;
    apr_os_file_t fd;
    int error;

    *written = 0;
    apr_os_file_get(&fd, file);
    if (more)
        cork(s);
    error = send_quietly(s, fd, offset, len, written);
    return judge(error, len, *written);
}
