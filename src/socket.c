/* SPDX-License-Identifier: Apache-2.0 */

/* Creates writers for sockets, whatever the back end, also those that last for
 * one call. */

#include "bufv_private.h"

#include <stdlib.h>

/* Up to so many chunks bufv_sendv() allocates nothing. */
#define SENDV_CHUNKS 64

/* ---- writers */

/* Asks the system, since APR takes a wrapped descriptor for a stream. */
static apr_status_t get_kind(apr_os_sock_t fd, int *message)
{
    int type = SOCK_STREAM;
    apr_socklen_t len = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)&type, &len) != 0)
        return apr_get_netos_error();
    *message = type != SOCK_STREAM;
    return APR_SUCCESS;
}

/* A socket that was closed has no descriptor any more: the number that it had
 * may be another's, so APR is asked again. */
static void describe(void *baton, char *buf, apr_size_t size)
{
    const bufv__socket_t *s = baton;
    apr_os_sock_t fd = s->fd;

    apr_os_sock_get(&fd, s->sock);
    bufv__socket_names(fd, &s->peer, buf, size);
}

apr_status_t bufv__writer_init_socket(bufv_writer_t *w, apr_socket_t *sock)
{
    apr_os_sock_t fd = (apr_os_sock_t)-1;
    apr_status_t status;
    int message = 0;

    apr_os_sock_get(&fd, sock);
    status = get_kind(fd, &message);
    if (status != APR_SUCCESS)
        return status;
    bufv__writer_init(w, message ? &bufv__message_ops : &bufv__stream_ops,
                      &w->socket);
    w->ops.describe = describe;
    w->socket.sock = sock;
    w->socket.fd = fd;
    w->socket.message = message;
    return APR_SUCCESS;
}

apr_status_t bufv_writer_socket(bufv_writer_t **w, apr_socket_t *sock,
                                apr_pool_t *pool)
{
    apr_status_t status;

    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (sock == NULL)
        return APR_EINVAL;
    status = bufv_writer_create(w, &bufv__stream_ops, NULL, pool);
    if (status != APR_SUCCESS)
        return status;
    status = bufv__writer_init_socket(*w, sock);
    if (status == APR_SUCCESS)
        bufv__socket_get_peer((*w)->socket.fd, &(*w)->socket.peer);
    (*w)->pool = pool;
    if (status != APR_SUCCESS) {
        (*w)->ops.destroy = NULL; /* it has no baton */
        bufv_writer_destroy(*w);
        *w = NULL;
    }
    return status;
}

const bufv_ops_t *bufv_socket_ops(void)
{
    return &bufv__stream_ops;
}

/* ---- for one call */

apr_status_t bufv_send(bufv_t *v, apr_socket_t *sock, apr_uint64_t *written)
{
    bufv_writer_t w;
    apr_status_t status;

    if (written != NULL)
        *written = 0;
    if (v == NULL || sock == NULL)
        return APR_EINVAL;
    status = bufv__writer_init_socket(&w, sock);
    if (status != APR_SUCCESS)
        return status;
    status = bufv_write(v, &w, written);
    bufv__writer_fini(&w);
    return status;
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
