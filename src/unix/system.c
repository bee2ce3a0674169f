/* What APR has no name for, where there is POSIX. */

#include "bufv_private.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

apr_time_t bufv__clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

apr_status_t bufv__file_read_at(apr_file_t *file, apr_off_t offset, void *to,
                                apr_size_t *len)
{
    apr_os_file_t fd;
    ssize_t n;

    apr_os_file_get(&fd, file);
    do
        n = pread(fd, to, *len, (off_t)offset);
    while (n < 0 && errno == EINTR);
    *len = n < 0 ? 0 : (apr_size_t)n;
    if (n < 0)
        return errno;
    return n == 0 ? APR_EOF : APR_SUCCESS;
}

int bufv__is_nobufs(apr_status_t status)
{
    return status == ENOBUFS;
}
