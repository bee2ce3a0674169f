/* SPDX-License-Identifier: Apache-2.0 */

/* Systems on which only a mode keeps a write from waiting. */

#include "unix.h"

#include <errno.h>

ssize_t bufv__write_nowait(int fd, const struct iovec *vec, apr_size_t nvec,
                           bufv__method_t method)
{
    (void)fd;
    (void)vec;
    (void)nvec;
    (void)method;
    errno = ENOSYS;
    return -1;
}
