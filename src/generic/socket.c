/* Sockets with nothing but APR: one chunk at a time. The loop copies small
 * ones together, and so makes up for the missing gather. */

#include "bufv_private.h"

#include <apr_poll.h>

/* What can be copied together for one call. */
#define CALL_BYTES BUFV__SCRATCH_MAX

/* A message cannot be divided; the system says which is too long. */
#define MESSAGE_BYTES ((apr_size_t)0x7ffff000)

/* The socket does not wait while a list is written: only so can a deadline
 * hold, and only so does Windows say how much has left. */
static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__socket_t *s = baton;
    apr_status_t status = APR_SUCCESS;

    apr_socket_timeout_get(s->sock, stall);
    s->timeout = *stall;
    if (s->timeout != 0)
        status = apr_socket_timeout_set(s->sock, 0);
    if (status == APR_SUCCESS)
        bufv__quiet_begin(&s->quiet);
    return status;
}

static void end(void *baton)
{
    bufv__socket_t *s = baton;

    bufv__quiet_end(&s->quiet, 1);
    if (s->timeout != 0)
        apr_socket_timeout_set(s->sock, s->timeout);
}

/* APR says APR_TIMEUP for a full buffer if an earlier timed write, not ours,
 * was partial: it remembers that in the socket, and nothing clears it. */
static apr_status_t send_one(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__socket_t *s = baton;
    apr_size_t n = vec->iov_len;
    apr_status_t status;

    (void)nvec;
    (void)more;
    status = apr_socket_send(s->sock, vec->iov_base, &n);
    if (status != APR_SUCCESS) {
        *written = 0;
        return APR_STATUS_IS_TIMEUP(status) ? APR_EAGAIN : status;
    }
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
    p.desc.s = s->sock;
    if (timeout > 0)
        timeout = (timeout + 999) / 1000 * 1000;
    return apr_poll(&p, 1, &n, timeout);
}

const bufv_ops_t bufv__stream_ops = {
    .name = "send",
    .max_vec = 1,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__SCRATCH_MAX,
    .writev = send_one,
    .wait = await,
    .begin = begin,
    .end = end,
};

const bufv_ops_t bufv__message_ops = {
    .name = "send",
    .max_vec = 1,
    .max_bytes = MESSAGE_BYTES,
    .message = 1,
    .writev = send_one,
    .wait = await,
    .begin = begin,
    .end = end,
};
