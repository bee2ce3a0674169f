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
 * not block. The signal's mask and that mode are the same for all records of a
 * run; where they cannot be had now, each attempt says so. */
apr_status_t bufv__ssl_begin(void *baton)
{
    bufv__ssl_t *s = baton;
    apr_os_sock_t fd = descriptor(s);

    s->raised = s->corked = 0;
    s->records = 0;
    s->loan.taken = 0;
    s->lent = APR_SUCCESS;
    if (s->sock != NULL)
        s->lent = bufv__loan_take(&s->loan, fd, s->sock, BUFV__LONG);
    if (s->lent == APR_SUCCESS) {
        bufv__quiet_begin(&s->quiet, fd);
        bufv__quiet_relax(&s->quiet);
    }
    return APR_SUCCESS;
}

/* Each record ends with a segment that is not full. With a cork the next one
 * goes on in it: of three records and more, from the second on, since the cork
 * costs three system calls. */
static void cork(bufv__ssl_t *s, int more)
{
    if (more && s->records++ == 1)
        s->corked = bufv__cork(descriptor(s));
}

static void uncork(bufv__ssl_t *s)
{
    if (s->corked)
        bufv__uncork(descriptor(s));
    s->corked = 0;
}

void bufv__ssl_end(void *baton)
{
    bufv__ssl_t *s = baton;

    uncork(s);
    if (s->lent != APR_SUCCESS)
        return;
    bufv__quiet_end(&s->quiet, s->raised);
    bufv__loan_return(&s->loan);
}

/* OpenSSL's queue must be empty, or SSL_get_error() tells of an older error.
 * A list that needs several records would end with a short segment that waits
 * for the peer to acknowledge those before it: 40 ms if that delays. For the
 * last one Nagle's algorithm is switched off. It holds nothing back before,
 * since more follows at once. */
apr_status_t bufv__ssl_call_begins(bufv__ssl_t *s, int more)
{
    apr_os_sock_t fd = descriptor(s);

    s->hurried = 0;
    if (bufv__ssl_is_shut(s->ssl)) {
        apr_atomic_set32(&s->reason, 0);
        return s->status = APR_EPIPE;
    }
    s->direction = APR_POLLOUT;
    s->status = s->lent;
    if (s->status != APR_SUCCESS)
        return s->status;
    if (ERR_peek_error() != 0)
        ERR_clear_error();
    apr_set_netos_error(0);
    if (s->sock == NULL)
        return APR_SUCCESS;
    s->hurried = !more && s->several && bufv__is_delaying(fd);
    if (s->hurried)
        bufv__set_delaying(fd, 0);
    s->several = more;
    cork(s, more);
    return APR_SUCCESS;
}

apr_status_t bufv__ssl_call_ended(bufv__ssl_t *s, int n)
{
    s->status = bufv__ssl_status(s, n, apr_get_netos_error());
    if (!s->several)
        uncork(s); /* while Nagle's algorithm is off */
    if (s->hurried)
        bufv__set_delaying(descriptor(s), 1);
    if (s->hurried && n <= 0)
        s->several = 1; /* the last one is still to come */
    s->raised |= n <= 0;
    return s->status;
}
