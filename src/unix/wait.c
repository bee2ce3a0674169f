/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting until a descriptor takes bytes. */

#include "unix.h"

#include <errno.h>
#include <poll.h>

/* Rounds up, so that a wait does not end early and come back for nothing. The
 * loop asks for no more than a day, of which the milliseconds fit an int. */
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
