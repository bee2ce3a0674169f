/* SPDX-License-Identifier: Apache-2.0 */

/* What each call of OpenSSL's that writes needs around it. */

#include "private.h"

#include <openssl/err.h>

/* close_notify ends the direction it came from; before TLS 1.3, both. */
int bufv__ssl_is_shut(const SSL *ssl)
{
    int state = SSL_get_shutdown(ssl);

    if (state & SSL_SENT_SHUTDOWN)
        return 1;
    return (state & SSL_RECEIVED_SHUTDOWN) &&
           SSL_version(ssl) < TLS1_3_VERSION;
}

static apr_os_sock_t descriptor(const bufv__ssl_t *s)
{
    apr_os_sock_t fd = (apr_os_sock_t)-1;

    if (s->sock != NULL)
        apr_os_sock_get(&fd, s->sock);
    return fd;
}

/* OpenSSL writes with plain write(): a deadline holds only if the socket does
 * not block. Its queue must be empty, or SSL_get_error() tells of an older
 * error. */
static apr_status_t borrow(bufv__ssl_t *s, bufv__ssl_attempt_t *a,
                           apr_os_sock_t fd)
{
    apr_status_t status = APR_SUCCESS;

    a->loan.taken = 0;
    s->direction = APR_POLLOUT;
    if (s->sock != NULL)
        status = bufv__loan_take(&a->loan, fd, s->sock, BUFV__LONG);
    if (status != APR_SUCCESS)
        return status;
    bufv__quiet_begin(&a->quiet, fd);
    bufv__quiet_relax(&a->quiet);
    ERR_clear_error();
    apr_set_netos_error(0);
    return APR_SUCCESS;
}

/* A list that needs several records would end with a short segment that waits
 * for the peer to acknowledge those before it: 40 ms if that delays. For the
 * last one Nagle's algorithm is switched off. It holds nothing back before,
 * since more follows at once. */
apr_status_t bufv__ssl_begin(bufv__ssl_t *s, bufv__ssl_attempt_t *a, int more)
{
    apr_os_sock_t fd = descriptor(s);

    a->hurried = 0;
    if (bufv__ssl_is_shut(s->ssl)) {
        apr_atomic_set32(&s->reason, 0);
        return s->status = APR_EPIPE;
    }
    s->status = borrow(s, a, fd);
    if (s->status != APR_SUCCESS || s->sock == NULL)
        return s->status;
    a->hurried = !more && s->several && bufv__is_delaying(fd);
    if (a->hurried)
        bufv__set_delaying(fd, 0);
    s->several = more;
    return APR_SUCCESS;
}

apr_status_t bufv__ssl_end(bufv__ssl_t *s, bufv__ssl_attempt_t *a, int n)
{
    s->status = bufv__ssl_status(s, n, apr_get_netos_error());
    if (a->hurried)
        bufv__set_delaying(descriptor(s), 1);
    if (a->hurried && n <= 0)
        s->several = 1; /* the last one is still to come */
    bufv__quiet_end(&a->quiet, n <= 0);
    bufv__loan_return(&a->loan);
    return s->status;
}
