/* SPDX-License-Identifier: Apache-2.0 */

/* The names of a socket's two ends, for the text of an error. */

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

#include "backend.h"

#include <apr_strings.h>
#include <ctype.h>

#include <string.h>

/* The address family of a socket that has a path, which has this value on all
 * systems; not all headers name it. */
#define FAMILY_UNIX 1

/* What is kept of an address. A struct sockaddr_storage is as long or longer:
 * RFC 3493, section 3.10. */
#define RAW_BYTES sizeof(((bufv__peer_t *)0)->raw)

/* Room for the longest name: a path, which is all of an address but its
 * family. */
#define NAME_MAX_BYTES RAW_BYTES

typedef union address_t {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_storage storage;
} address_t;

/* Writes a path, or "@" and an abstract name, which may hold any bytes: "?"
 * stands for control characters. A socket without a name is "@". */
static void put_path(const address_t *a, apr_size_t len, char *buf)
{
    apr_size_t at = offsetof(struct sockaddr, sa_data), n = 0;
    const char *path = (const char *)a + at;
    int abstract = len > at && path[0] == '\0';

    if (len > RAW_BYTES)
        len = RAW_BYTES;
    len = len > at ? len - at : 0;
    if (!abstract)
        len = strnlen(path, len);
    for (; n < len; n++)
        buf[n] = iscntrl((unsigned char)path[n]) ? '?' : path[n];
    if (abstract || len == 0)
        buf[0] = '@';
    buf[n > 0 ? n : 1] = '\0';
}

static void put_inet6(const struct sockaddr_in6 *a, char *buf, apr_size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "?";

    inet_ntop(AF_INET6, bufv__unconst(&a->sin6_addr), ip, sizeof(ip));
    if (a->sin6_scope_id != 0)
        apr_snprintf(buf, size, "[%s%%%u]:%u", ip, (unsigned)a->sin6_scope_id,
                     (unsigned)ntohs(a->sin6_port));
    else
        apr_snprintf(buf, size, "[%s]:%u", ip, (unsigned)ntohs(a->sin6_port));
}

static void put_inet(const struct sockaddr_in *a, char *buf, apr_size_t size)
{
    char ip[INET_ADDRSTRLEN] = "?";

    inet_ntop(AF_INET, bufv__unconst(&a->sin_addr), ip, sizeof(ip));
    apr_snprintf(buf, size, "%s:%u", ip, (unsigned)ntohs(a->sin_port));
}

/* A length of 0: the system did not tell the address. */
static void put_address(const address_t *a, apr_size_t len, char *buf,
                        apr_size_t size)
{
    if (len > 0 && a->any.sa_family == AF_INET)
        put_inet(&a->inet, buf, size);
    else if (len > 0 && a->any.sa_family == AF_INET6)
        put_inet6(&a->inet6, buf, size);
    else if (len > 0 && a->any.sa_family == FAMILY_UNIX)
        put_path(a, len, buf);
    else
        apr_cpystrn(buf, "?", size);
}

/* As Go names them. */
static const char *network(int family, int type)
{
    if (family == FAMILY_UNIX) {
        if (type == SOCK_STREAM)
            return "unix";
        return type == SOCK_DGRAM ? "unixgram" : "unixpacket";
    }
    if (family != AF_INET && family != AF_INET6)
        return "socket";
    if (type == SOCK_STREAM)
        return "tcp";
    return type == SOCK_DGRAM ? "udp" : "ip";
}

/* Returns 0 for a descriptor that was closed. */
static int type_of(apr_os_sock_t fd)
{
    int type = 0;
    socklen_t len = sizeof(type);

    getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)&type, &len);
    return type;
}

void bufv__socket_get_peer(apr_os_sock_t fd, bufv__peer_t *peer)
{
    address_t a;
    socklen_t len = sizeof(a.storage);

    peer->len = 0;
    memset(&a, 0, sizeof(a));
    if (getpeername(fd, &a.any, &len) != 0)
        return;
    memcpy(peer->raw, &a, RAW_BYTES);
    peer->len = (apr_size_t)len;
}

void bufv__socket_names(apr_os_sock_t fd, const bufv__peer_t *peer, char *buf,
                        apr_size_t size)
{
    char local[NAME_MAX_BYTES], remote[NAME_MAX_BYTES];
    address_t here, there;
    socklen_t len = sizeof(here.storage);
    bufv__peer_t now;

    memset(&here, 0, sizeof(here));
    if (getsockname(fd, &here.any, &len) != 0)
        len = 0;
    bufv__socket_get_peer(fd, &now);
    if (now.len > 0)
        peer = &now;
    memset(&there, 0, sizeof(there));
    memcpy(&there, peer->raw, RAW_BYTES);
    put_address(&here, (apr_size_t)len, local, sizeof(local));
    put_address(&there, peer->len, remote, sizeof(remote));
    apr_snprintf(buf, size, "%s %s->%s",
                 network(here.any.sa_family, type_of(fd)), local, remote);
}
