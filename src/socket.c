/* Writers for sockets, whatever the back end. */

#include "bufv_private.h"

/* Asks the system, since APR takes a wrapped descriptor for a stream. */
static int is_message(apr_os_sock_t fd)
{
    int type = SOCK_STREAM;
    apr_socklen_t len = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)&type, &len) != 0)
        return 0;
    return type != SOCK_STREAM;
}

static void describe(void *baton, char *buf, apr_size_t size)
{
    const bufv__socket_t *s = baton;

    bufv__name_ends(s->sock, s->message, buf, size);
}

/* Makes a writer one for a socket; its baton is in itself. */
void bufv__writer_socket_init(bufv_writer_t *w, apr_socket_t *sock)
{
    apr_os_sock_t fd;
    int message;

    apr_os_sock_get(&fd, sock);
    message = is_message(fd);
    bufv__writer_init(w, message ? &bufv__message_ops : &bufv__stream_ops,
                      &w->socket);
    w->ops.describe = describe;
    w->socket.sock = sock;
    w->socket.fd = fd;
    w->socket.message = message;
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
    if (status == APR_SUCCESS) {
        bufv__writer_socket_init(*w, sock);
        (*w)->pool = pool;
    }
    return status;
}

const bufv_ops_t *bufv_socket_ops(void)
{
    return &bufv__stream_ops;
}
