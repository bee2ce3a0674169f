/* SPDX-License-Identifier: Apache-2.0 */

/* A writer over SSL_write(), on the public seam: a record is an attempt. */

#include "private.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Everything shorter than a record is copied together with its neighbours,
 * whatever their size: a record that is not full costs as much to send. */
#define COPY_BELOW ((apr_size_t)-1)

/* OpenSSL may have been built without. */
#ifdef OPENSSL_NO_KTLS
#define SSL_SENDFILE NULL
#else
#define SSL_SENDFILE bufv__ssl_sendfile
#endif

/* ---- one record */

/* Bytes that OpenSSL has begun with are kept until they have left. During a
 * handshake nothing of a record has been made yet, and what comes next may be
 * something else; but a job that has paused goes on with what it was given. */
static void hold(bufv__ssl_t *s, const void *bytes, apr_size_t len)
{
    if (SSL_in_init(s->ssl) && !SSL_waiting_for_async(s->ssl))
        return;
    if (bytes != s->record)
        memcpy(s->record, bytes, len);
    s->held = len;
}

/* An attempt that does not come to OpenSSL leaves nothing to be held. */
static apr_status_t push(bufv__ssl_t *s, const void *bytes, apr_size_t len,
                         int more, apr_size_t *written)
{
    apr_status_t status;
    int n;

    *written = 0;
    status = bufv__ssl_call_begins(s, more);
    if (status != APR_SUCCESS)
        return status;
    n = SSL_write(s->ssl, bytes, (int)len);
    status = bufv__ssl_call_ended(s, n);
    if (n > 0)
        *written = (apr_size_t)n;
    else
        hold(s, bytes, len);
    return status;
}

/* A job (SSL_MODE_ASYNC) that pauses reads its bytes when it goes on, and
 * those that were offered may be gone by then. */
static apr_status_t push_new(bufv__ssl_t *s, const void *bytes, apr_size_t len,
                             int more, apr_size_t *written)
{
    if (SSL_get_mode(s->ssl) & SSL_MODE_ASYNC) {
        memcpy(s->record, bytes, len);
        bytes = s->record;
    }
    return push(s, bytes, len, more, written);
}

/* Pushes what is held. What has left then is ahead of what was offered. */
static apr_status_t push_held(bufv__ssl_t *s, int more)
{
    apr_status_t status = push(s, s->record, s->held, more, &s->ahead);

    if (status != APR_SUCCESS)
        return status;
    s->first = 0;
    s->held = 0;
    return APR_SUCCESS;
}

static apr_size_t shorter(apr_size_t a, apr_size_t b)
{
    return a < b ? a : b;
}

/* Whether these are the bytes that OpenSSL was given before. */
static int goes_on(const bufv__ssl_t *s, const void *bytes, apr_size_t len)
{
    if (s->ahead > 0)
        return memcmp(s->record + s->first, bytes, shorter(len, s->ahead)) ==
               0;
    return memcmp(s->record, bytes, shorter(len, s->held)) == 0;
}

/* Bytes other than those that are on their way cannot be written; if the
 * connection has failed, that is the better answer. */
static apr_status_t refuse(const bufv__ssl_t *s)
{
    if (s->status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(s->status) ||
        APR_STATUS_IS_EINTR(s->status))
        return APR_EINVAL;
    return s->status;
}

/* What was held is pushed first; what left then is taken off what is offered.
 */
static apr_status_t go_on(bufv__ssl_t *s, const struct iovec *vec, int more,
                          apr_size_t *written)
{
    apr_status_t status = APR_SUCCESS;

    if (!goes_on(s, vec->iov_base, vec->iov_len))
        return refuse(s);
    if (s->held > 0)
        status = push_held(s, more);
    if (status != APR_SUCCESS)
        return status;
    *written = shorter(vec->iov_len, s->ahead);
    s->first += *written;
    s->ahead -= *written;
    return APR_SUCCESS;
}

static apr_status_t write_record(void *baton, const struct iovec *vec,
                                 apr_size_t nvec, int more,
                                 apr_size_t *written)
{
    bufv__ssl_t *s = baton;

    (void)nvec;
    *written = 0;
    if (s->held == 0 && s->ahead == 0)
        return push_new(s, vec->iov_base, vec->iov_len, more, written);
    return go_on(s, vec, more, written);
}

/* ---- around it */

/* The timeout is rounded up to what apr_poll() can tell apart. */
static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__ssl_t *s = baton;
    apr_pollfd_t p = {0};
    apr_os_sock_t fd;
    apr_int32_t n;

    if (s->direction == 0)
        return APR_EAGAIN;
    apr_os_sock_get(&fd, s->sock);
    if (fd == (apr_os_sock_t)-1)
        return APR_EBADF; /* closed by APR: it would wait for nothing */
    p.desc_type = APR_POLL_SOCKET;
    p.reqevents = s->direction;
    p.desc.s = s->sock;
    if (timeout > 0)
        timeout = (timeout + 999) / 1000 * 1000;
    return apr_poll(&p, 1, &n, timeout);
}

/* Without a socket there is nothing to wait for. */
static apr_interval_time_t get_timeout(void *baton)
{
    bufv__ssl_t *s = baton;
    apr_interval_time_t timeout = 0;

    if (s->sock != NULL)
        apr_socket_timeout_get(s->sock, &timeout);
    return timeout;
}

/* A record that is on its way has to be sent whole, and so has what left
 * before it was offered: the peer has it already. */
static apr_status_t abandon(void *baton)
{
    bufv__ssl_t *s = baton;

    return s->held > 0 || s->ahead > 0 ? APR_EINVAL : APR_SUCCESS;
}

static void destroy(void *baton)
{
    free(baton);
}

/* OpenSSL's reason says more than APR's "internal error". */
static void describe(void *baton, char *buf, apr_size_t size)
{
    bufv__ssl_t *s = baton;
    apr_uint32_t code = apr_atomic_read32(&s->reason);
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    apr_os_sock_t fd;
    apr_size_t len;

    buf[0] = '\0';
    if (s->sock != NULL && apr_os_sock_get(&fd, s->sock) == APR_SUCCESS)
        bufv__socket_names(fd, &s->peer, buf, size);
    len = strlen(buf);
    if (reason != NULL)
        apr_snprintf(buf + len, size - len, "%s(%s)", len > 0 ? " " : "",
                     reason);
}

static const bufv_ops_t ssl_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "SSL_write",
    .max_vec = 1,
    .max_bytes = BUFV__RECORD_MAX,
    .copy_below = COPY_BELOW,
    .writev = write_record,
    .wait = await,
    .sendfile = SSL_SENDFILE,
    .begin = bufv__ssl_begin,
    .end = bufv__ssl_end,
    .timeout = get_timeout,
    .describe = describe,
    .abandon = abandon,
    .destroy = destroy,
};

/* A retried record comes from the copy and not from where it lay, and one
 * record is as much as an attempt is to do. */
static void set_modes(SSL *ssl)
{
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

apr_status_t bufv_writer_ssl(bufv_writer_t **w, SSL *ssl, apr_socket_t *sock,
                             apr_pool_t *pool)
{
    apr_os_sock_t fd;
    bufv__ssl_t *s;
    apr_status_t status;

    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (ssl == NULL)
        return APR_EINVAL;
    if (SSL_is_dtls(ssl))
        return APR_ENOTIMPL;
    s = malloc(sizeof(*s));
    if (s == NULL)
        return APR_ENOMEM;
    memset(s, 0, offsetof(bufv__ssl_t, record)); /* leave its pages alone */
    s->ssl = ssl;
    s->sock = sock;
    if (sock != NULL && apr_os_sock_get(&fd, sock) == APR_SUCCESS)
        bufv__socket_get_peer(fd, &s->peer);
    set_modes(ssl);
    status = bufv_writer_create(w, &ssl_ops, s, pool);
    if (status != APR_SUCCESS)
        free(s);
    return status;
}
