/* A writer over SSL_write(), on the public seam: a record is an attempt. */

#include "private.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include <string.h>

/* Everything shorter than a record is copied together with its neighbours,
 * whatever their size: a record that is not full costs as much to send. */
#define COPY_BELOW ((apr_size_t)-1)

/* ---- one record */

/* close_notify ends the direction it came from; before TLS 1.3, both. */
static int is_shut(const SSL *ssl)
{
    int state = SSL_get_shutdown(ssl);

    if (state & SSL_SENT_SHUTDOWN)
        return 1;
    return (state & SSL_RECEIVED_SHUTDOWN) &&
           SSL_version(ssl) < TLS1_3_VERSION;
}

/* The queue must be empty, or SSL_get_error() tells of an older error. */
static apr_status_t push(bufv__ssl_t *s, const void *bytes, apr_size_t len,
                         apr_size_t *written)
{
    int n;

    *written = 0;
    if (is_shut(s->ssl)) {
        s->reason = NULL;
        return s->status = APR_EPIPE;
    }
    ERR_clear_error();
    apr_set_netos_error(0);
    n = SSL_write(s->ssl, bytes, (int)len);
    s->status = bufv__ssl_status(s, n, apr_get_netos_error());
    if (n > 0)
        *written = (apr_size_t)n;
    return s->status;
}

/* During a handshake nothing of a record has been made yet, and what comes
 * next may be something else. */
static apr_status_t push_new(bufv__ssl_t *s, const void *bytes, apr_size_t len,
                             apr_size_t *written)
{
    apr_status_t status = push(s, bytes, len, written);

    if (status != APR_SUCCESS && !SSL_in_init(s->ssl)) {
        memcpy(s->record, bytes, len);
        s->held = len;
    }
    return status;
}

/* Pushes what is held. What has left then is ahead of what was offered. */
static apr_status_t push_held(bufv__ssl_t *s)
{
    apr_status_t status = push(s, s->record, s->held, &s->ahead);

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
    if (s->status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(s->status))
        return APR_EINVAL;
    return s->status;
}

static apr_status_t write_record(void *baton, const struct iovec *vec,
                                 apr_size_t nvec, int more,
                                 apr_size_t *written)
{
    bufv__ssl_t *s = baton;

    (void)nvec;
    *written = 0;
    if (more)
        bufv__ssl_cork(s);
    if (s->held == 0 && s->ahead == 0)
        return push_new(s, vec->iov_base, vec->iov_len, written);
    if (!goes_on(s, vec->iov_base, vec->iov_len))
        return refuse(s);
    if (s->held > 0) {
        apr_status_t status = push_held(s);

        if (status != APR_SUCCESS)
            return status;
    }
    *written = shorter(vec->iov_len, s->ahead);
    s->first += *written;
    s->ahead -= *written;
    return APR_SUCCESS;
}

/* ---- around it */

static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__ssl_t *s = baton;
    apr_status_t status = APR_SUCCESS;

    *stall = 0; /* nothing to wait for */
    if (s->sock != NULL) {
        status = bufv__ssl_mode_begin(s);
        *stall = s->timeout;
    }
    if (status == APR_SUCCESS)
        bufv__quiet_begin(&s->quiet);
    return status;
}

static void end(void *baton)
{
    bufv__ssl_t *s = baton;

    bufv__quiet_end(&s->quiet, 1);
    if (s->sock != NULL)
        bufv__ssl_mode_end(s);
}

/* Who waits for the peer's part of a handshake must have sent his own. The
 * timeout is rounded up to what apr_poll() can tell apart. */
static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__ssl_t *s = baton;
    apr_pollfd_t p = {0};
    apr_int32_t n;

    if (s->direction == 0)
        return APR_EAGAIN;
    if (s->direction == APR_POLLIN)
        bufv__ssl_uncork(s);
    p.desc_type = APR_POLL_SOCKET;
    p.reqevents = s->direction;
    p.desc.s = s->sock;
    if (timeout > 0)
        timeout = (timeout + 999) / 1000 * 1000;
    return apr_poll(&p, 1, &n, timeout);
}

/* OpenSSL's reason says more than APR's "internal error". */
static void describe(void *baton, char *buf, apr_size_t size)
{
    bufv__ssl_t *s = baton;
    apr_size_t len;

    buf[0] = '\0';
    if (s->sock != NULL)
        bufv__name_ends(s->sock, 0, buf, size);
    len = strlen(buf);
    if (s->reason != NULL)
        apr_snprintf(buf + len, size - len, "%s(%s)", len > 0 ? " " : "",
                     s->reason);
}

static const bufv_ops_t ssl_ops = {
    .name = "SSL_write",
    .max_vec = 1,
    .max_bytes = BUFV__RECORD_MAX,
    .copy_below = COPY_BELOW,
    .writev = write_record,
    .wait = await,
    .begin = begin,
    .end = end,
    .describe = describe,
};

/* A retried record comes from the copy and not from where it lay, and one
 * record is as much as an attempt is to do. */
static void prepare(SSL *ssl)
{
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

apr_status_t bufv_writer_ssl(bufv_writer_t **w, SSL *ssl, apr_socket_t *sock,
                             apr_pool_t *pool)
{
    bufv__ssl_t *s;

    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (ssl == NULL || pool == NULL)
        return APR_EINVAL;
    if (SSL_is_dtls(ssl))
        return APR_ENOTIMPL;
    s = apr_palloc(pool, sizeof(*s));
    if (s == NULL)
        return APR_ENOMEM;
    memset(s, 0, offsetof(bufv__ssl_t, record)); /* leave its pages alone */
    s->ssl = ssl;
    s->sock = sock;
    prepare(ssl);
    return bufv_writer_create(w, &ssl_ops, s, pool);
}
