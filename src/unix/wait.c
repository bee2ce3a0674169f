/* Descriptors that do not wait, and waiting for them. */

#include "unix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

/* Rounds up, so that a wait does not end early and come back for nothing. */
apr_status_t bufv__wait_writable(int fd, apr_interval_time_t timeout)
{
    struct pollfd p;
    int n;

    p.fd = fd;
    p.events = POLLOUT;
    n = poll(&p, 1, timeout < 0 ? -1 : (int)((timeout + 999) / 1000));
    if (n < 0)
        return errno;
    return n == 0 ? APR_TIMEUP : APR_SUCCESS;
}

int bufv__unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && !(flags & O_NONBLOCK) &&
           fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* Asks again, since others may have changed other flags meanwhile. */
void bufv__reblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}
