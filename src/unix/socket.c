/* SPDX-License-Identifier: Apache-2.0 */

/* Sockets where there is sendmsg(), the socket form of writev(). */

#include "unix.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* What 1024 chunks of 4 KiB have: a list of so many needs one call. Larger
 * calls are no cheaper: see docs/PERFORMANCE.md. Far below the 2 GiB at which
 * Linux cuts a call short and macOS refuses it. */
#define CALL_BYTES ((apr_size_t)4 * 1024 * 1024)

/* A message cannot be divided; the system says which is too long. */
#define MESSAGE_BYTES ((apr_size_t)0x7ffff000)

/* Linux alone: there is more to come, do not send a half-full segment. */
#ifdef MSG_MORE
#define MORE MSG_MORE
#else
#define MORE 0
#endif

/* Where there is a sendfile_*.c for the system, CMake says so. */
#ifdef BUFV_SENDFILE
#define SOCKET_SENDFILE bufv__socket_sendfile
#else
#define SOCKET_SENDFILE NULL
#endif

/* Whether a half-full segment is better kept back for what comes next. On a
 * socket that was told not to delay this holds nothing back reliably and costs
 * up to half as much again; but a header and the file behind it, which never
 * leave in one attempt, belong together. */
static int wants_more(const bufv__socket_t *s, int more)
{
    assert(!more || !s->message); /* a message leaves whole */
    if (MORE == 0)
        return 0;
    if (!more || bufv__has_records(s->fd))
        return 0;
    return more == BUFV_MORE_FILE || bufv__is_delaying(s->fd);
}

/* send() does for a lone entry what sendmsg() does, and spares the kernel a
 * fifth of a small one. Where copying is off on a stream, calls are to be seen
 * as they are, and all are alike. */
static ssize_t send_once(const bufv__socket_t *s, const struct iovec *vec,
                         apr_size_t nvec, int flags)
{
    struct msghdr msg = {0};

    if (nvec == 1 && (s->copying || s->message))
        return send(s->fd, vec->iov_base, vec->iov_len, flags);
    msg.msg_iov = bufv__unconst(vec);
    msg.msg_iovlen = (unsigned short)nvec; /* int or size_t, by system */
    return sendmsg(s->fd, &msg, flags);
}

/* MSG_DONTWAIT, since a deadline must hold on a blocking socket as well. Since
 * the call does not wait, a short count means that the buffer is full. */
static apr_status_t send_vec(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__socket_t *s = baton;
    int flags = MSG_DONTWAIT | BUFV__NOSIGNAL, error;
    bufv__quiet_t quiet;
    ssize_t n;

    *written = 0;
    bufv__socket_refresh(s);
    if (wants_more(s, more))
        flags |= MORE;
    if (BUFV__NOSIGNAL == 0)
        bufv__quiet_begin(&quiet, s->fd);
    do
        n = send_once(s, vec, nvec, flags);
    while (n < 0 && errno == EINTR);
    error = n < 0 ? errno : 0;
    if (BUFV__NOSIGNAL == 0)
        bufv__quiet_end(&quiet, n < 0);
    if (n >= 0) /* else what was held before is held still */
        s->held = (flags & MORE) != 0;
    if (!more && s->corked)
        bufv__socket_flush(s);
    if (n < 0)
        return bufv__socket_error(error);
    *written = (apr_size_t)n;
    return n > 0 && *written < bufv__vec_sum(vec, nvec) ? APR_EAGAIN
                                                        : APR_SUCCESS;
}

/* macOS says EPROTOTYPE while the peer closes. With TCP_FASTOPEN_CONNECT the
 * first send connects, and says EINPROGRESS if that has to be waited for. */
apr_status_t bufv__socket_error(int error)
{
    if (error == EPROTOTYPE)
        return ECONNRESET;
    return error == EWOULDBLOCK || error == EINPROGRESS ? EAGAIN : error;
}

/* Our own cork goes, and with it all that it held. Without one, what MSG_MORE
 * held is pushed. */
void bufv__socket_flush(void *baton)
{
    bufv__socket_t *s = baton;

    bufv__socket_refresh(s);
    if (s->corked)
        bufv__uncork(s->fd);
    else if (s->held)
        bufv__push(s->fd);
    s->corked = s->held = 0;
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__socket_t *s = baton;

    bufv__socket_refresh(s);
    return bufv__wait_writable(s->fd, timeout);
}

static apr_interval_time_t get_timeout(void *baton)
{
    bufv__socket_t *s = baton;
    apr_interval_time_t timeout = -1;

    apr_socket_timeout_get(s->sock, &timeout);
    return timeout;
}

const bufv_ops_t bufv__stream_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "sendmsg",
    .max_vec = BUFV_IOV_MAX,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW,
    .writev = send_vec,
    .wait = await,
    .sendfile = SOCKET_SENDFILE,
    .timeout = get_timeout,
    .flush = bufv__socket_flush,
};

const bufv_ops_t bufv__message_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "sendmsg",
    .max_vec = BUFV_IOV_MAX,
    .max_bytes = MESSAGE_BYTES,
    .message = 1,
    .writev = send_vec,
    .wait = await,
    .timeout = get_timeout,
};
