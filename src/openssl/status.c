/* SPDX-License-Identifier: Apache-2.0 */

/* What OpenSSL says, in APR's words. */

#include "private.h"

#include <openssl/err.h>

#include <errno.h>

/* The system's error. Without one the peer has closed below TLS; macOS says
 * EPROTOTYPE while it does. */
static apr_status_t from_system(apr_status_t error)
{
    if (error == APR_SUCCESS || error == EPROTOTYPE)
        return APR_ECONNRESET;
    return error;
}

static apr_status_t from_queue(unsigned long error)
{
    if (ERR_SYSTEM_ERROR(error))
        return from_system(APR_FROM_OS_ERROR(ERR_GET_REASON(error)));
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return APR_EGENERAL;
    switch (ERR_GET_REASON(error)) {
    case SSL_R_PROTOCOL_IS_SHUTDOWN:
        return APR_EPIPE;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return APR_ECONNRESET;
    case SSL_R_BAD_LENGTH:
    case SSL_R_BAD_WRITE_RETRY:
        return APR_EINVAL; /* a record of somebody else's is on its way */
    default:
        return APR_EGENERAL;
    }
}

/* To OpenSSL a call that a signal interrupted is one that has to wait. */
static apr_status_t blocked(bufv__ssl_t *s, apr_int16_t direction,
                            apr_status_t error)
{
    s->direction = direction;
    return APR_STATUS_IS_EINTR(error) ? error : APR_EAGAIN;
}

/* The queue is left as it is, for a program that wants to know more. */
apr_status_t bufv__ssl_status(bufv__ssl_t *s, int n, apr_status_t error)
{
    unsigned long code = 0;
    apr_status_t status;

    switch (SSL_get_error(s->ssl, n)) {
    case SSL_ERROR_NONE:
        status = APR_SUCCESS;
        break;
    case SSL_ERROR_WANT_WRITE:
        status = blocked(s, APR_POLLOUT, error);
        break;
    case SSL_ERROR_WANT_READ:
        status = blocked(s, APR_POLLIN, error);
        break;
    case SSL_ERROR_ZERO_RETURN:
        status = APR_EPIPE;
        break;
    case SSL_ERROR_SYSCALL:
        status = from_system(error);
        break;
    case SSL_ERROR_SSL:
        code = ERR_peek_error();
        status = from_queue(code);
        break;
    default: /* a certificate to look up, an engine: not the socket's */
        status = blocked(s, 0, APR_SUCCESS);
        break;
    }
    apr_atomic_set32(&s->reason, (apr_uint32_t)code);
    return status;
}
