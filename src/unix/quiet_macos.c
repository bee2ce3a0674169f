/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps SIGPIPE away on macOS, where write() sends it to the process, and a
 * thread's mask does not hold it. A mode of the open description does, as
 * SO_NOSIGPIPE does for sockets. Compiled by the authors, not run there. */

#include "unix.h"

#include <fcntl.h>

/* Here `pending` says that the lock is not held meanwhile. */
void bufv__quiet_begin(bufv__quiet_t *q, apr_os_sock_t fd)
{
    q->fd = fd;
    q->pending = 0;
    bufv__loan_begin();
    q->blocked =
        fcntl(fd, F_GETNOSIGPIPE) == 0 && fcntl(fd, F_SETNOSIGPIPE, 1) == 0;
}

void bufv__quiet_relax(bufv__quiet_t *q)
{
    q->pending = 1;
    bufv__loan_end();
}

void bufv__quiet_end(bufv__quiet_t *q, int raised)
{
    (void)raised;
    if (q->pending)
        bufv__loan_begin();
    if (q->blocked)
        fcntl(q->fd, F_SETNOSIGPIPE, 0);
    bufv__loan_end();
}
