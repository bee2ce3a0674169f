/* SPDX-License-Identifier: Apache-2.0 */

/* Sockets on Windows: WSASend with an array of WSABUFs. */

#include "win32.h"

/* What one call takes: 8 KiB of stack, so that a write stays below 48.
 * Windows documents no limit; more than 1024 fails with WSAEMSGSIZE under
 * Wine. */
#define CALL_BUFS 512

/* A WSABUF has 32 bits for its length, and Wine's count of what was sent
 * wraps at 4 GiB. From about 5 MB up some systems lack buffers
 * (WSAENOBUFS); and half a MiB was as fast as any size. */
#define CALL_BYTES ((apr_size_t)512 * 1024)

/* A message cannot be divided; the system says which is too long. */
#define MESSAGE_BYTES ((apr_size_t)0x7ffff000)

bufv__wsasend_t *bufv__wsasend = WSASend;

/* A socket of which this side has shut down sending is like a broken pipe
 * elsewhere, and APR has no other name for it. A peer that did not answer
 * (WSAETIMEDOUT) is a timeout to APR, and no limit of the caller's. */
static apr_status_t name_error(int error)
{
    if (error == WSAESHUTDOWN)
        return APR_EPIPE;
    if (error == WSAETIMEDOUT)
        return APR_ECONNRESET;
    return APR_FROM_OS_ERROR(error);
}

/* The count is not written by a call that fails. */
static apr_status_t send_bufs(bufv__socket_t *s, WSABUF *bufs, DWORD count,
                              apr_size_t *written)
{
    bufv__loan_t loan;
    DWORD sent = 0;
    apr_status_t status = bufv__loan_take(&loan, s->fd, s->sock, BUFV__SHORT);

    if (status != APR_SUCCESS)
        return status;
    if (bufv__wsasend(s->fd, bufs, count, &sent, 0, NULL, NULL) != 0)
        status = name_error(WSAGetLastError());
    else
        *written = sent;
    bufv__loan_return(&loan);
    return status;
}

static apr_status_t send_vec(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__socket_t *s = baton;
    WSABUF bufs[CALL_BUFS];
    apr_size_t i, asked = 0;
    apr_status_t status;

    (void)more;
    for (i = 0; i < nvec; i++) {
        bufs[i].buf = vec[i].iov_base;
        bufs[i].len = (ULONG)vec[i].iov_len;
        asked += vec[i].iov_len;
    }
    *written = 0;
    bufv__socket_refresh(s);
    status = send_bufs(s, bufs, (DWORD)nvec, written);
    if (status == APR_SUCCESS && *written > 0 && *written < asked)
        return APR_EAGAIN;
    return status;
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

static apr_interval_time_t get_timeout(void *baton)
{
    bufv__socket_t *s = baton;
    apr_interval_time_t timeout = -1;

    apr_socket_timeout_get(s->sock, &timeout);
    return timeout;
}

const bufv_ops_t bufv__stream_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "WSASend",
    .max_vec = CALL_BUFS,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW,
    .writev = send_vec,
    .wait = await,
    .timeout = get_timeout,
};

const bufv_ops_t bufv__message_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "WSASend",
    .max_vec = CALL_BUFS,
    .max_bytes = MESSAGE_BYTES,
    .message = 1,
    .writev = send_vec,
    .wait = await,
    .timeout = get_timeout,
};
