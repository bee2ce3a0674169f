/* SPDX-License-Identifier: Apache-2.0 */

/* Half-full segments of TCP, on Linux. The kernel is asked, and not APR, which
 * does not know what was set on the descriptor itself. */

#include "backend.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* The longest name of an upper layer protocol: the kernel's. */
#define ULP_NAME 16

/* Linux' number, for headers that lack it. */
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

/* Returns less than 0 for a socket that has no such option. */
static int get_option(int fd, int option)
{
    int on = 0;
    socklen_t len = sizeof(on);

    return getsockopt(fd, IPPROTO_TCP, option, &on, &len) == 0 ? on : -1;
}

static void set_cork(int fd, int on)
{
    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

int bufv__cork(apr_os_sock_t fd)
{
    if (get_option(fd, TCP_CORK) != 0)
        return 0;
    set_cork(fd, 1);
    return 1;
}

/* Taking the option away sends what was held. */
void bufv__uncork(apr_os_sock_t fd)
{
    set_cork(fd, 0);
}

void bufv__push(apr_os_sock_t fd)
{
    if (get_option(fd, TCP_CORK) == 0)
        set_cork(fd, 0);
}

int bufv__has_records(apr_os_sock_t fd)
{
    char name[ULP_NAME] = "";
    socklen_t len = sizeof(name);

    return getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len) == 0 && len > 0 &&
           name[0] == 't';
}
