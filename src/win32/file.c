/* SPDX-License-Identifier: Apache-2.0 */

/* Files through APR, and pipes without it: when APR's timed write to a pipe
 * ends, it does not say how much has left. */

#include "win32.h"

/* Below 2 GiB, so that a deadline is looked at now and then. */
#define CALL_BYTES ((apr_size_t)4 * 1024 * 1024)

static HANDLE handle_of(const bufv__file_t *f)
{
    apr_os_file_t fd = INVALID_HANDLE_VALUE;

    apr_os_file_get(&fd, f->file);
    return fd;
}

static int is_pipe(HANDLE fd)
{
    return GetFileType(fd) == FILE_TYPE_PIPE;
}

static int is_buffered(const bufv__file_t *f)
{
    return apr_file_buffer_size_get(f->file) > 0;
}

/* ---- files and consoles */

/* A handle of our own without a buffer, for a file to which APR keeps one: the
 * list does not go through it, since APR tells no count of what is in there
 * when the disk is full. */
static apr_status_t open_own(bufv__file_t *f, HANDLE fd)
{
    apr_int32_t flags = apr_file_flags_get(f->file) & APR_FOPEN_APPEND;
    apr_os_file_t known = INVALID_HANDLE_VALUE;
    apr_status_t status;

    if (f->own != NULL)
        apr_os_file_get(&known, f->own);
    if (known == fd)
        return APR_SUCCESS;
    if (f->pool != NULL)
        apr_pool_destroy(f->pool);
    f->own = NULL;
    status = bufv__own_pool_create(&f->pool);
    if (status != APR_SUCCESS)
        return status;
    return apr_os_file_put(&f->own, &fd, flags | APR_FOPEN_WRITE, f->pool);
}

/* Brings the handle to where APR is: what was written to the buffer leaves,
 * and what was read ahead is forgotten. APR does the latter when it begins to
 * write, if only 0 bytes; but its own idea of the position has to be set. */
static apr_status_t catch_up(const bufv__file_t *f, apr_off_t *position)
{
    apr_size_t none = 0;
    apr_status_t status;

    *position = 0;
    status = apr_file_seek(f->file, APR_CUR, position);
    if (status == APR_SUCCESS)
        status = apr_file_write(f->file, "", &none);
    if (status == APR_SUCCESS)
        status = apr_file_seek(f->file, APR_SET, position);
    return status;
}

static apr_status_t write_behind(bufv__file_t *f, HANDLE fd, const char *data,
                                 apr_size_t *n)
{
    int moves = GetFileType(fd) == FILE_TYPE_DISK;
    apr_off_t position;
    apr_status_t status = open_own(f, fd);

    if (status == APR_SUCCESS)
        status = catch_up(f, &position);
    if (status == APR_SUCCESS && moves)
        status = apr_file_seek(f->own, APR_SET, &position);
    if (status != APR_SUCCESS)
        return status;
    status = apr_file_write(f->own, data, n);
    position = 0;
    if (moves && apr_file_seek(f->own, APR_CUR, &position) == APR_SUCCESS)
        apr_file_seek(f->file, APR_SET, &position);
    return status;
}

static apr_status_t write_file(bufv__file_t *f, HANDLE fd, const char *data,
                               apr_size_t len, apr_size_t *written)
{
    apr_size_t n = len;
    apr_status_t status = is_buffered(f) ? write_behind(f, fd, data, &n)
                                         : apr_file_write(f->file, data, &n);

    if (status == APR_SUCCESS)
        *written = n;
    return status;
}

static apr_interval_time_t get_timeout(void *baton)
{
    bufv__file_t *f = baton;
    apr_interval_time_t timeout = -1;

    if (is_pipe(handle_of(f))) /* APR tells a timeout for any file */
        apr_file_pipe_timeout_get(f->file, &timeout);
    return timeout;
}

static void destroy(void *baton)
{
    bufv__file_t *f = baton;

    if (f->pool != NULL)
        apr_pool_destroy(f->pool);
    bufv__pipe_destroy(f);
    f->own = NULL;
}

/* ---- either */

static apr_status_t write_one(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__file_t *f = baton;
    HANDLE fd = handle_of(f);

    (void)nvec;
    (void)more;
    *written = 0;
    if (is_pipe(fd))
        return bufv__pipe_write(f, fd, vec->iov_base, vec->iov_len, written);
    return write_file(f, fd, vec->iov_base, vec->iov_len, written);
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    (void)baton;
    return bufv__pipe_wait(timeout);
}

/* APR takes no socket for a file. */
int bufv__file_is_message(apr_file_t *file)
{
    (void)file;
    return 0;
}

const bufv_ops_t bufv__file_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "WriteFile",
    .max_vec = 1,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW_FILE,
    .writev = write_one,
    .wait = await,
    .timeout = get_timeout,
    .destroy = destroy,
};
