/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting until a descriptor takes bytes. */

#include "unix.h"

#include <errno.h>
#include <poll.h>

/* The longest wait of one call: its milliseconds fit an int. */
#define WAIT_MAX apr_time_from_sec(24 * 3600)

/* Rounds up, so that a wait does not end early and come back for nothing. One
 * that was cut to the longest is to be made again. */
apr_status_t bufv__wait_writable(int fd, apr_interval_time_t timeout)
{
    int cut = timeout > WAIT_MAX;
    struct pollfd p;
    int n;

    if (cut)
        timeout = WAIT_MAX;
    p.fd = fd;
    p.events = POLLOUT;
    n = poll(&p, 1, timeout < 0 ? -1 : (int)((timeout + 999) / 1000));
    if (n < 0)
        return errno;
    if (n == 0)
        return cut ? APR_EINTR : APR_TIMEUP;
    return APR_SUCCESS;
}
