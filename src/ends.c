/* The names of a socket's two ends, for those who report an error. */

#include "bufv_private.h"

#include <apr_strings.h>

/* The address family of a socket that has a path: AF_UNIX's value, which
 * APR_UNIX names where APR has it. */
#ifndef APR_UNIX
#define APR_UNIX 1
#endif

static void put_address(apr_socket_t *sock, apr_interface_e which, char *buf,
                        apr_size_t size)
{
    apr_sockaddr_t *addr = NULL;
    char ip[64];

    apr_cpystrn(buf, "?", size);
    if (apr_socket_addr_get(&addr, which, sock) != APR_SUCCESS)
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

static const char *network(apr_socket_t *sock, int message)
{
    apr_sockaddr_t *addr = NULL;

    if (apr_socket_addr_get(&addr, APR_LOCAL, sock) == APR_SUCCESS &&
        addr->family == APR_UNIX)
        return message ? "unixgram" : "unix";
    return message ? "udp" : "tcp";
}

void bufv__name_ends(apr_socket_t *sock, int message, char *buf,
                     apr_size_t size)
{
    char local[112], remote[112];

    put_address(sock, APR_LOCAL, local, sizeof(local));
    put_address(sock, APR_REMOTE, remote, sizeof(remote));
    apr_snprintf(buf, size, "%s %s->%s", network(sock, message), local,
                 remote);
}
