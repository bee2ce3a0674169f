/* Writers for sockets, whatever the back end. */

#include "bufv_private.h"

#include <string.h>

/* Asks the system, since APR takes a wrapped descriptor for a stream. */
static int is_message(apr_os_sock_t fd)
{
    int type = SOCK_STREAM;
    apr_socklen_t len = sizeof(type);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)&type, &len) != 0)
        return 0;
    return type != SOCK_STREAM;
}

/* Fills the baton, and says which operations it is for. */
const bufv_ops_t *bufv__socket_init(bufv__socket_t *s, apr_socket_t *sock)
{
    memset(s, 0, sizeof(*s));
    s->sock = sock;
    apr_os_sock_get(&s->fd, sock);
    s->message = is_message(s->fd);
    return s->message ? &bufv__message_ops : &bufv__stream_ops;
}

static void describe(void *baton, char *buf, apr_size_t size)
{
    const bufv__socket_t *s = baton;

    bufv__name_ends(s->sock, s->message, buf, size);
}

apr_status_t bufv_writer_socket(bufv_writer_t **w, apr_socket_t *sock,
                                apr_pool_t *pool)
{
    bufv__socket_t socket;
    const bufv_ops_t *ops;
    apr_status_t status;

    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (sock == NULL)
        return APR_EINVAL;
    ops = bufv__socket_init(&socket, sock);
    status = bufv_writer_create(w, ops, NULL, pool);
    if (status != APR_SUCCESS)
        return status;
    (*w)->socket = socket;
    (*w)->baton = &(*w)->socket;
    (*w)->ops.describe = describe;
    return APR_SUCCESS;
}

const bufv_ops_t *bufv_socket_ops(void)
{
    return &bufv__stream_ops;
}
