/* SPDX-License-Identifier: Apache-2.0 */

/* Nagle's algorithm, on every system. The system is asked, and not APR, which
 * does not know what was set on the descriptor itself. */

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#include "backend.h"

int bufv__is_delaying(apr_os_sock_t fd)
{
    int nodelay = 1;
    socklen_t len = sizeof(nodelay);

    return getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (void *)&nodelay, &len) ==
               0 &&
           nodelay == 0;
}

void bufv__set_delaying(apr_os_sock_t fd, int on)
{
    int nodelay = !on;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (void *)&nodelay,
               sizeof(nodelay));
}
