/* SPDX-License-Identifier: Apache-2.0 */

/* Half-full segments of TCP, on FreeBSD and DragonFly. Run by the authors
 * under their rules on Linux, not there. */

#include "backend.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Returns less than 0 for a socket that has no such option. */
static int get_option(int fd, int option)
{
    int on = 0;
    socklen_t len = sizeof(on);

    return getsockopt(fd, IPPROTO_TCP, option, &on, &len) == 0 ? on : -1;
}

static int set_cork(int fd, int on)
{
    return setsockopt(fd, IPPROTO_TCP, TCP_NOPUSH, &on, sizeof(on)) == 0;
}

int bufv__cork(apr_os_sock_t fd)
{
    return get_option(fd, TCP_NOPUSH) == 0 && set_cork(fd, 1);
}

/* Taking the option away sends what was held. */
void bufv__uncork(apr_os_sock_t fd)
{
    set_cork(fd, 0);
}

/* There is no MSG_MORE. */
void bufv__push(apr_os_sock_t fd)
{
    (void)fd;
}

int bufv__has_records(apr_os_sock_t fd)
{
    (void)fd;
    return 0;
}
