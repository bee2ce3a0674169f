/* SPDX-License-Identifier: Apache-2.0 */

/* File ranges unread, where the kernel does the encryption. */

#include "private.h"

#ifndef OPENSSL_NO_KTLS

#include <openssl/err.h>

#include <errno.h>
#include <sys/stat.h>

/* Whether an error says that this file cannot be sent so; it is read then, and
 * reading tells what there is. */
static int is_unsuited(apr_status_t error)
{
    static const int errors[] = {EINVAL,  ENOSYS,    ESPIPE, EOPNOTSUPP,
                                 ENOTSUP, EOVERFLOW, EFBIG};
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (error == errors[i])
            return 1;
    }
    return 0;
}

/* What is left of the file from `offset` on. The kernel keeps a record open,
 * without a timer, while it thinks that there is more to come: it is never
 * asked for more than the file has. */
static apr_size_t cut(int fd, apr_off_t offset, apr_size_t len)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || offset >= st.st_size)
        return 0;
    if ((apr_uint64_t)(st.st_size - offset) < len)
        return (apr_size_t)(st.st_size - offset);
    return len;
}

/* OpenSSL says of each error of the system's that it is "uninitialized". */
static void forget_reason(bufv__ssl_t *s, apr_status_t instead)
{
    ERR_clear_error();
    apr_atomic_set32(&s->reason, 0);
    s->status = instead;
}

/* Why a file was not sent. */
static apr_status_t judge(bufv__ssl_t *s, apr_status_t error)
{
    if (is_unsuited(error)) {
        forget_reason(s, APR_SUCCESS); /* it is read */
        return APR_ENOTIMPL;
    }
    if (s->status == APR_EGENERAL && error != 0)
        forget_reason(s, error);
    return s->status;
}

static apr_status_t send_once(bufv__ssl_t *s, int fd, apr_off_t offset,
                              apr_size_t len, int more, apr_size_t *written)
{
    apr_status_t status = bufv__ssl_call_begins(s, more);
    apr_status_t error;
    ossl_ssize_t n;

    if (status != APR_SUCCESS)
        return status;
    n = SSL_sendfile(s->ssl, fd, (off_t)offset, len, 0);
    error = apr_get_netos_error();
    status = bufv__ssl_call_ended(s, n > 0 ? 1 : (int)n);
    if (n > 0) {
        *written = (apr_size_t)n;
        return APR_SUCCESS;
    }
    if (n == 0)
        return APR_EOF;
    return APR_STATUS_IS_EAGAIN(status) ? status : judge(s, error);
}

/* The beginning of the range may be in a record that is on its way: then it
 * is read, and compared with that. A short count may have any reason; the next
 * attempt tells. */
apr_status_t bufv__ssl_sendfile(void *baton, apr_file_t *file,
                                apr_off_t offset, apr_size_t len, int more,
                                apr_size_t *written)
{
    bufv__ssl_t *s = baton;
    apr_os_file_t fd;

    *written = 0;
    if (s->held > 0 || s->ahead > 0 || SSL_in_init(s->ssl) ||
        !BIO_get_ktls_send(SSL_get_wbio(s->ssl)))
        return APR_ENOTIMPL;
    apr_os_file_get(&fd, file);
    len = cut(fd, offset, len);
    if (len == 0)
        return APR_ENOTIMPL; /* reading tells */
    return send_once(s, fd, offset, len, more, written);
}

#endif /* OPENSSL_NO_KTLS */
