/* Sockets where there is sendmsg(), the socket form of writev(). */

#include "unix.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A call with 64 MiB costs half as much again as the same bytes in calls of
 * this size, and smaller ones a tenth more: see docs/PERFORMANCE.md. Far below
 * the 2 GiB at which Linux cuts a call short and macOS refuses it. */
#define CALL_BYTES ((apr_size_t)2 * 1024 * 1024)

/* A message cannot be divided; the system says which is too long. */
#define MESSAGE_BYTES ((apr_size_t)0x7ffff000)

/* macOS has an option of the socket in its place: see be_quiet(). */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* Linux alone: there is more to come, do not send a half-full segment. */
#ifndef MSG_MORE
#define MSG_MORE 0
#endif

/* Where there is a sendfile_*.c for the system, CMake says so. */
#ifdef BUFV_SENDFILE
#define SOCKET_SENDFILE bufv__socket_sendfile
#define SOCKET_END bufv__socket_uncork
#else
#define SOCKET_SENDFILE NULL
#define SOCKET_END NULL
#endif

#ifdef SO_NOSIGPIPE
static void be_quiet(bufv__socket_t *s)
{
    int on = 1;

    setsockopt(s->fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
}
#else
static void be_quiet(bufv__socket_t *s)
{
    (void)s;
}
#endif

/* macOS says EPROTOTYPE while the peer closes. */
static apr_status_t name_error(int error)
{
    if (error == EPROTOTYPE)
        return ECONNRESET;
    return error == EWOULDBLOCK ? EAGAIN : error;
}

static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__socket_t *s = baton;

    apr_os_sock_get(&s->fd, s->sock);
    be_quiet(s);
    apr_socket_timeout_get(s->sock, stall);
    s->timeout = *stall;
    return APR_SUCCESS;
}

/* Whether a half-full segment is better kept back for what comes next. On a
 * socket that was told not to delay this holds nothing back reliably and costs
 * up to half as much again; but a header and the file behind it, which never
 * leave in one attempt, belong together. APR remembers what it was told. */
static int holds(const bufv__socket_t *s, int more)
{
    apr_int32_t on = 0;

    if (!more || more == BUFV__MORE_FILE)
        return more;
    apr_socket_opt_get(s->sock, APR_TCP_NODELAY, &on);
    return !on;
}

/* send() does for a lone entry what sendmsg() does, and spares the kernel a
 * fifth of a small one. Where copying is off, calls are to be seen as they
 * are, and all are alike. */
static ssize_t send_once(const bufv__socket_t *s, const struct iovec *vec,
                         apr_size_t nvec, int flags)
{
    struct msghdr msg = {0};

    if (nvec == 1 && s->copying)
        return send(s->fd, vec->iov_base, vec->iov_len, flags);
    msg.msg_iov = bufv__unconst(vec);
    msg.msg_iovlen = (unsigned short)nvec; /* an int here, a size_t there */
    return sendmsg(s->fd, &msg, flags);
}

/* A descriptor may be wrapped as a socket and be none. */
static ssize_t send_surely(const bufv__socket_t *s, const struct iovec *vec,
                           apr_size_t nvec, int flags)
{
    ssize_t n;

    do
        n = send_once(s, vec, nvec, flags);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == ENOTSOCK)
        n = writev(s->fd, vec, (int)nvec);
    return n;
}

/* MSG_DONTWAIT, since a deadline must hold on a blocking socket as well; then
 * a short count means that the buffer is full. */
static apr_status_t send_vec(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__socket_t *s = baton;
    int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t n;

    if (holds(s, more))
        flags |= MSG_MORE;
    n = send_surely(s, vec, nvec, flags);
    *written = n < 0 ? 0 : (apr_size_t)n;
    if (n <= 0) /* nothing, and no reason: the loop ends the write */
        return n < 0 ? name_error(errno) : APR_SUCCESS;
    return *written < bufv__vec_sum(vec, nvec) ? APR_EAGAIN : APR_SUCCESS;
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__socket_t *s = baton;

    return bufv__wait_writable(s->fd, timeout);
}

const bufv_ops_t bufv__stream_ops = {
    .name = "sendmsg",
    .max_vec = BUFV_IOV_MAX,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW,
    .writev = send_vec,
    .wait = await,
    .sendfile = SOCKET_SENDFILE,
    .begin = begin,
    .end = SOCKET_END,
};

const bufv_ops_t bufv__message_ops = {
    .name = "sendmsg",
    .max_vec = BUFV_IOV_MAX,
    .max_bytes = MESSAGE_BYTES,
    .message = 1,
    .writev = send_vec,
    .wait = await,
    .begin = begin,
};
