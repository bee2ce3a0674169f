/* Writing to a socket for which no writer is kept. */

#include "bufv_private.h"

#include <stdlib.h>

/* Chunks for which bufv_sendv() needs no memory. */
#define SENDV_CHUNKS 64

apr_status_t bufv_send(bufv_t *v, apr_socket_t *sock, apr_uint64_t *written)
{
    bufv_writer_t w;

    if (written != NULL)
        *written = 0;
    if (v == NULL || sock == NULL)
        return APR_EINVAL;
    bufv__writer_socket_init(&w, sock);
    return bufv_write(v, &w, written);
}

/* Appends what the caller gave to a list that has room for it, and sends
 * it. */
static apr_status_t send_all(bufv_t *v, apr_socket_t *sock,
                             const struct iovec *vec, apr_size_t nvec,
                             apr_size_t *len)
{
    apr_uint64_t written = 0;
    apr_status_t status = bufv_append_vec(v, vec, nvec);

    if (status == APR_SUCCESS && v->length > SIZE_MAX)
        status = APR_EINVAL;
    if (status == APR_SUCCESS)
        status = bufv_send(v, sock, &written);
    *len = (apr_size_t)written;
    return status;
}

apr_status_t bufv_sendv(apr_socket_t *sock, const struct iovec *vec,
                        apr_int32_t nvec, apr_size_t *len)
{
    struct iovec few[SENDV_CHUNKS];
    apr_size_t ignored;
    apr_status_t status;
    bufv_t v;

    if (len == NULL)
        len = &ignored;
    *len = 0;
    if (sock == NULL || nvec < 0 || (vec == NULL && nvec > 0))
        return APR_EINVAL;
    bufv__local(&v, nvec <= SENDV_CHUNKS ? few : NULL, SENDV_CHUNKS);
    status = send_all(&v, sock, vec, (apr_size_t)nvec, len);
    if (v.chunks.items != few)
        free(v.chunks.items);
    return status;
}
