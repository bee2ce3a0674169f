/* Sockets on Windows: WSASend with an array of WSABUFs. */

#include "win32.h"

/* What one call takes. Windows documents no limit; more than this fails with
 * WSAEMSGSIZE under Wine. 16 KiB of stack. */
#define CALL_BUFS 1024

/* A WSABUF has 32 bits for its length, and Wine's count of what was sent
 * wraps at 4 GiB. From about 5 MB up some systems lack buffers
 * (WSAENOBUFS); and half a MiB was as fast as any size. */
#define CALL_BYTES ((apr_size_t)512 * 1024)

/* A message cannot be divided; the system says which is too long. */
#define MESSAGE_BYTES ((apr_size_t)0x7ffff000)

bufv__wsasend_t *bufv__wsasend = WSASend;

/* A socket of which this side has shut down sending is like a broken pipe
 * elsewhere, and APR has no other name for it. */
static apr_status_t name_error(int error)
{
    return error == WSAESHUTDOWN ? APR_EPIPE : APR_FROM_OS_ERROR(error);
}

static apr_status_t set_nonblocking(const bufv__socket_t *s, u_long on)
{
    return ioctlsocket(s->fd, (long)FIONBIO, &on) == 0
               ? APR_SUCCESS
               : name_error(WSAGetLastError());
}

/* A blocking send cannot be used: where its timeout ends, Windows does not
 * say how much has left, and no shutdown wakes it. So the handle does not
 * block while a list is written. APR's socket is not told, and its timeout is
 * as the caller left it, also for another thread that looks. */
static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__socket_t *s = baton;
    apr_status_t status = apr_os_sock_get(&s->fd, s->sock);

    if (status == APR_SUCCESS)
        status = apr_socket_timeout_get(s->sock, stall);
    if (status != APR_SUCCESS)
        return status;
    s->timeout = *stall;
    return set_nonblocking(s, 1);
}

/* Windows cannot be asked whether a handle blocks. APR knows, unless it was
 * made non-blocking behind its back. */
static void end(void *baton)
{
    bufv__socket_t *s = baton;
    apr_int32_t nonblocking = 0;

    if (s->timeout != 0)
        apr_socket_opt_get(s->sock, APR_SO_NONBLOCK, &nonblocking);
    if (s->timeout != 0 && !nonblocking)
        set_nonblocking(s, 0);
}

/* The count is not written by a call that fails. */
static apr_status_t send_vec(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__socket_t *s = baton;
    WSABUF bufs[CALL_BUFS];
    apr_size_t i, asked = 0;
    DWORD sent = 0;

    (void)more;
    for (i = 0; i < nvec; i++) {
        bufs[i].buf = vec[i].iov_base;
        bufs[i].len = (ULONG)vec[i].iov_len;
        asked += vec[i].iov_len;
    }
    *written = 0;
    if (bufv__wsasend(s->fd, bufs, (DWORD)nvec, &sent, 0, NULL, NULL) != 0)
        return name_error(WSAGetLastError());
    *written = sent;
    return sent < asked ? APR_EAGAIN : APR_SUCCESS;
}

/* select(), since WSAPoll() returns at once, for ever, when the peer has shut
 * down its side and the buffer is full. */
static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__socket_t *s = baton;
    struct timeval limit;
    fd_set writable;
    int n;

    FD_ZERO(&writable);
    FD_SET(s->fd, &writable);
    limit.tv_sec = (long)apr_time_sec(timeout);
    limit.tv_usec = (long)apr_time_usec(timeout);
    n = select(0, NULL, &writable, NULL, timeout < 0 ? NULL : &limit);
    if (n < 0)
        return name_error(WSAGetLastError());
    return n == 0 ? APR_TIMEUP : APR_SUCCESS;
}

const bufv_ops_t bufv__stream_ops = {
    .name = "WSASend",
    .max_vec = CALL_BUFS,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW,
    .writev = send_vec,
    .wait = await,
    .begin = begin,
    .end = end,
};

const bufv_ops_t bufv__message_ops = {
    .name = "WSASend",
    .max_vec = CALL_BUFS,
    .max_bytes = MESSAGE_BYTES,
    .message = 1,
    .writev = send_vec,
    .wait = await,
    .begin = begin,
    .end = end,
};
