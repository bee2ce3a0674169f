/* Writers for sockets, whatever the back end. */

#include "bufv_private.h"

#include <apr_strings.h>

#include <string.h>

/* The address family of a socket that has a path: AF_UNIX's value, which
 * APR_UNIX names where APR has it. */
#ifndef APR_UNIX
#define APR_UNIX 1
#endif

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
    return is_message(s->fd) ? &bufv__message_ops : &bufv__stream_ops;
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
    (*w)->describe = bufv__describe_socket;
    return APR_SUCCESS;
}

const bufv_ops_t *bufv_socket_ops(void)
{
    return &bufv__stream_ops;
}

/* ---- naming the two ends */

static void put_address(apr_socket_t *sock, apr_interface_e which, char *buf,
                        apr_size_t size)
{
    apr_sockaddr_t *addr = NULL;
    char ip[64];

    apr_cpystrn(buf, "?", size);
    if (apr_socket_addr_get(&addr, which, sock) != APR_SUCCESS || !addr)
        return;
    if (addr->family == APR_UNIX)
        apr_cpystrn(buf, addr->hostname ? addr->hostname : "@", size);
    else if (apr_sockaddr_ip_getbuf(ip, sizeof(ip), addr) != APR_SUCCESS)
        return;
    else if (addr->family == APR_INET)
        apr_snprintf(buf, size, "%s:%d", ip, addr->port);
    else
        apr_snprintf(buf, size, "[%s]:%d", ip, addr->port);
}

static const char *network(const bufv_writer_t *w)
{
    apr_sockaddr_t *addr = NULL;

    if (apr_socket_addr_get(&addr, APR_LOCAL, w->socket.sock) == APR_SUCCESS &&
        addr != NULL && addr->family == APR_UNIX)
        return w->ops.message ? "unixgram" : "unix";
    return w->ops.message ? "udp" : "tcp";
}

void bufv__describe_socket(const bufv_writer_t *w, char *buf, apr_size_t size)
{
    char local[112], remote[112];

    put_address(w->socket.sock, APR_LOCAL, local, sizeof(local));
    put_address(w->socket.sock, APR_REMOTE, remote, sizeof(remote));
    apr_snprintf(buf, size, "%s %s->%s", network(w), local, remote);
}
