/* SPDX-License-Identifier: Apache-2.0 */

/* Files and pipes with nothing but APR: one chunk at a time. The loop copies
 * small ones together, and so makes up for the missing gather. What a
 * descriptor is, and that it does not wait, only the system can say: there is
 * a POSIX below, or src/win32/file.c in the place of this. */

#include "unix/unix.h"

/* Below the 2 GiB at which some systems refuse a call, so that a deadline is
 * looked at now and then. */
#define CALL_BYTES ((apr_size_t)4 * 1024 * 1024)

/* Whether `own` is a handle on this descriptor already. The number of a file
 * that was closed may be another's by now. */
static int has_own(const bufv__file_t *f, apr_os_file_t fd, int full)
{
    apr_os_file_t known = -1;

    if (f->own == NULL || f->method != full)
        return 0;
    apr_os_file_get(&known, f->own);
    return known == fd;
}

/* A handle of our own on the same descriptor, which has no buffer. That of a
 * pipe is told not to wait when the descriptor is full. APR then sets
 * O_NONBLOCK, once: it is borrowed at that time. */
static apr_status_t open_own(bufv__file_t *f, apr_os_file_t fd, int full)
{
    apr_status_t status;

    if (has_own(f, fd, full))
        return APR_SUCCESS;
    if (f->pool != NULL)
        apr_pool_destroy(f->pool);
    f->own = NULL;
    f->method = full;
    status = bufv__own_pool_create(&f->pool);
    if (status != APR_SUCCESS)
        return status;
    if (!full)
        return apr_os_file_put(&f->own, &fd, APR_FOPEN_WRITE, f->pool);
    status = apr_os_pipe_put_ex(&f->own, &fd, 0, f->pool);
    if (status == APR_SUCCESS)
        status = apr_file_pipe_timeout_set(f->own, 0);
    if (status != APR_SUCCESS)
        f->own = NULL; /* the next attempt makes another */
    return status;
}

static void destroy(void *baton)
{
    bufv__file_t *f = baton;

    if (f->pool != NULL)
        apr_pool_destroy(f->pool);
    f->own = NULL;
}

static apr_status_t write_plain(bufv__file_t *f, apr_os_file_t fd,
                                const struct iovec *vec, apr_size_t *n)
{
    apr_status_t status = open_own(f, fd, 0);

    if (status != APR_SUCCESS)
        return status;
    return apr_file_write(f->own, vec->iov_base, n);
}

static apr_status_t write_stream(bufv__file_t *f, apr_os_file_t fd,
                                 const struct iovec *vec, apr_size_t *n)
{
    bufv__loan_t loan;
    bufv__quiet_t quiet;
    apr_status_t status = bufv__loan_take(&loan, fd, NULL, BUFV__SHORT);

    if (status != APR_SUCCESS)
        return status;
    status = open_own(f, fd, 1);
    bufv__quiet_begin(&quiet, fd);
    if (status == APR_SUCCESS)
        status = apr_file_write(f->own, vec->iov_base, n);
    bufv__quiet_end(&quiet, status != APR_SUCCESS);
    bufv__loan_return(&loan);
    return status;
}

/* What APR has buffered for the user leaves first. A list that does not go to
 * a message socket in one attempt is refused: it would be several messages. */
static apr_status_t write_one(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__file_t *f = baton;
    apr_size_t n = vec->iov_len;
    apr_os_file_t fd;
    bufv__kind_t kind;
    apr_status_t status;

    (void)nvec;
    *written = 0;
    apr_os_file_get(&fd, f->file);
    kind = bufv__kind(fd);
    if (kind == BUFV__KIND_MESSAGE && more)
        return APR_EINVAL;
    status = bufv__buffer_flush(f->file, fd, kind);
    if (status != APR_SUCCESS)
        return status;
    status = kind == BUFV__KIND_PLAIN ? write_plain(f, fd, vec, &n)
                                      : write_stream(f, fd, vec, &n);
    bufv__buffer_follow(f->file, fd, kind);
    if (status != APR_SUCCESS)
        return status;
    *written = n;
    return n > 0 && n < vec->iov_len ? bufv__short_count(kind) : APR_SUCCESS;
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__file_t *f = baton;
    apr_os_file_t fd;

    apr_os_file_get(&fd, f->file);
    return bufv__wait_writable(fd, timeout);
}

/* APR knows a timeout of pipes that it made or was told of. A pipe that was
 * wrapped as a file, a FIFO and a terminal have none, even if they do not
 * block: there bufv_write() waits, as on a socket that was wrapped. */
static apr_interval_time_t get_timeout(void *baton)
{
    bufv__file_t *f = baton;
    apr_interval_time_t timeout = -1;

    if (apr_file_pipe_timeout_get(f->file, &timeout) != APR_SUCCESS)
        return -1;
    return timeout;
}

const bufv_ops_t bufv__file_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "write",
    .max_vec = 1,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW_FILE,
    .writev = write_one,
    .wait = await,
    .timeout = get_timeout,
    .destroy = destroy,
};
