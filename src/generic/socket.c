/* SPDX-License-Identifier: Apache-2.0 */

/* Sockets with nothing but APR: one chunk at a time. The loop copies small
 * ones together, and so makes up for the missing gather. */

#include "backend.h"

#include <apr_poll.h>

/* What can be copied together for one call. */
#define CALL_BYTES BUFV__SCRATCH_MAX

/* A message cannot be divided; the system says which is too long. */
#define MESSAGE_BYTES ((apr_size_t)0x7ffff000)

/* A handle of our own on the same descriptor. APR remembers in the user's what
 * a write made of it, and waits by its timeout; ours has none. */
static apr_status_t open_own(bufv__socket_t *s)
{
    apr_status_t status = APR_SUCCESS;

    bufv__socket_refresh(s);
    if (s->pool == NULL)
        status = bufv__own_pool_create(&s->pool);
    if (status == APR_SUCCESS)
        status = apr_os_sock_put(&s->own, &s->fd, s->pool);
    return status;
}

static void destroy(void *baton)
{
    bufv__socket_t *s = baton;

    if (s->pool != NULL)
        apr_pool_destroy(s->pool);
    s->own = NULL;
}

/* WSAETIMEDOUT, a peer that did not answer, is a timeout to APR. The first
 * send may connect (TCP_FASTOPEN_CONNECT), and have to wait for that. */
static apr_status_t name_error(apr_status_t status)
{
    if (APR_STATUS_IS_EINPROGRESS(status))
        return APR_EAGAIN;
    return APR_STATUS_IS_TIMEUP(status) ? APR_ECONNRESET : status;
}

/* How a call is kept from waiting, and from raising SIGPIPE. */
typedef enum method_t {
    UNTRIED, /* as TOLD, if the system knows that */
    TOLD,    /* the call itself is told, and nothing is borrowed */
    ON_LOAN  /* the descriptor does not block for that time */
} method_t;

/* The address is empty, since a connected socket has its peer. */
static apr_status_t send_told(const bufv__socket_t *s, const void *data,
                              apr_size_t *n)
{
    static apr_sockaddr_t nowhere;

    return apr_socket_sendto(s->own, &nowhere, bufv__send_flags, data, n);
}

static apr_status_t send_on_loan(const bufv__socket_t *s, const void *data,
                                 apr_size_t *n)
{
    bufv__loan_t loan;
    bufv__quiet_t quiet;
    apr_status_t status = bufv__loan_take(&loan, s->fd, s->sock, BUFV__SHORT);

    if (status != APR_SUCCESS)
        return status;
    bufv__quiet_begin(&quiet, s->fd);
    status = apr_socket_send(s->own, data, n);
    bufv__quiet_end(&quiet, status != APR_SUCCESS);
    bufv__loan_return(&loan);
    return status;
}

static apr_status_t send_once(bufv__socket_t *s, const void *data,
                              apr_size_t *n)
{
    apr_size_t len = *n;
    apr_status_t status;

    if (bufv__send_flags == 0)
        s->method = ON_LOAN;
    if (s->method == ON_LOAN)
        return send_on_loan(s, data, n);
    status = send_told(s, data, n);
    if (status == APR_SUCCESS)
        s->method = TOLD;
    if (s->method == TOLD || !bufv__is_unknown_way(status))
        return status;
    s->method = ON_LOAN;
    *n = len;
    return send_on_loan(s, data, n);
}

static apr_status_t send_one(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__socket_t *s = baton;
    apr_size_t n = vec->iov_len;
    apr_status_t status = open_own(s);

    (void)nvec;
    (void)more;
    *written = 0;
    if (status == APR_SUCCESS)
        status = send_once(s, vec->iov_base, &n);
    if (status != APR_SUCCESS)
        return name_error(status);
    *written = n;
    return n > 0 && n < vec->iov_len ? APR_EAGAIN : APR_SUCCESS;
}

/* Rounded up to what APR can tell the system, so that it does not end early.
 */
static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__socket_t *s = baton;
    apr_pollfd_t p = {0};
    apr_int32_t n;

    p.desc_type = APR_POLL_SOCKET;
    p.reqevents = APR_POLLOUT;
    p.desc.s = s->own; /* the user's, once closed, would never be writable */
    if (timeout > 0)
        timeout = (timeout + 999) / 1000 * 1000;
    return apr_poll(&p, 1, &n, timeout);
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
    .name = "send",
    .max_vec = 1,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__SCRATCH_MAX,
    .writev = send_one,
    .wait = await,
    .timeout = get_timeout,
    .destroy = destroy,
};

const bufv_ops_t bufv__message_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "send",
    .max_vec = 1,
    .max_bytes = MESSAGE_BYTES,
    .message = 1,
    .writev = send_one,
    .wait = await,
    .timeout = get_timeout,
    .destroy = destroy,
};
