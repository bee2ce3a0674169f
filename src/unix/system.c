/* SPDX-License-Identifier: Apache-2.0 */

/* What APR has no name for, where there is POSIX. */

#include "unix.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

apr_time_t bufv__clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

/* Whether an error of reading means that a regular file ends at or before the
 * offset: file systems refuse offsets beyond their longest file, each with an
 * error of its own. */
static int ends_before(int fd, apr_off_t offset, int error)
{
    struct stat st;

    if (error != EINVAL && error != EOVERFLOW && error != EFBIG)
        return 0;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && offset >= st.st_size;
}

/* EAGAIN, of a file system in a program or a device, would tell the caller to
 * wait for room in the destination, which there is. */
apr_status_t bufv__file_read_at(apr_file_t *file, apr_off_t offset, void *to,
                                apr_size_t *len)
{
    apr_os_file_t fd;
    ssize_t n;
    int error;

    apr_os_file_get(&fd, file);
    do
        n = pread(fd, to, *len, (off_t)offset);
    while (n < 0 && errno == EINTR);
    error = errno;
    *len = n < 0 ? 0 : (apr_size_t)n;
    if (n > 0)
        return APR_SUCCESS;
    if (n == 0 || ends_before(fd, offset, error))
        return APR_EOF;
    return APR_STATUS_IS_EAGAIN(error) ? EIO : error;
}

int bufv__is_nobufs(apr_status_t status)
{
    return status == ENOBUFS;
}

#ifdef MSG_DONTWAIT
#define DONTWAIT MSG_DONTWAIT
#else
#define DONTWAIT 0
#endif

const int bufv__send_flags =
    DONTWAIT != 0 && BUFV__NOSIGNAL != 0 ? DONTWAIT | BUFV__NOSIGNAL : 0;

/* Linux' UDP says EINVAL to an address without a length, others EISCONN. */
int bufv__is_unknown_way(apr_status_t status)
{
    return status == EINVAL || status == EISCONN || status == EOPNOTSUPP ||
           status == EAFNOSUPPORT || status == EFAULT;
}

/* ETIMEDOUT says that the peer did not answer the system. It is no limit of
 * the caller's. */
int bufv__is_gone(apr_status_t status)
{
    static const apr_status_t gone[] = {EPIPE,    ECONNRESET, ECONNABORTED,
                                        ENOTCONN, ESHUTDOWN,  ETIMEDOUT,
                                        ENETRESET};
    size_t i;

    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        if (status == gone[i])
            return 1;
    }
    return 0;
}

/* Rounds up, so that a wait does not end early and come back for nothing. The
 * loop asks for no more than a day, of which the milliseconds fit an int. */
apr_status_t bufv__wait_writable(int fd, apr_interval_time_t timeout)
{
    struct pollfd p;
    int n;

    if (fd < 0) /* closed by APR; poll() would wait for ever */
        return EBADF;
    p.fd = fd;
    p.events = POLLOUT;
    n = poll(&p, 1, timeout < 0 ? -1 : (int)((timeout + 999) / 1000));
    if (n < 0)
        return errno;
    return n == 0 ? APR_TIMEUP : APR_SUCCESS;
}
