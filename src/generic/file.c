/* Files and pipes with nothing but APR: one chunk at a time. The loop copies
 * small ones together, and so makes up for the missing gather. */

#include "apr_write.h"

#include <apr_poll.h>

/* A pipe does not wait while a list is written: only so can a deadline hold.
 * What is no pipe has no timeout, and needs none; but on Windows APR tells one
 * of any file, and only lets that of a pipe be set. */
static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__file_t *f = baton;

    f->buffered = apr_file_buffer_size_get(f->file) > 0;
    f->stream = apr_file_pipe_timeout_get(f->file, stall) == APR_SUCCESS;
    f->timeout = *stall;
    if (f->stream && f->timeout != 0)
        f->stream = apr_file_pipe_timeout_set(f->file, 0) == APR_SUCCESS;
    if (!f->stream)
        *stall = -1;
    return APR_SUCCESS;
}

static void end(void *baton)
{
    bufv__file_t *f = baton;

    if (f->stream && f->timeout != 0)
        apr_file_pipe_timeout_set(f->file, f->timeout);
}

/* A pipe can be full when the buffer is to be emptied, after the last byte
 * was accepted, and nobody would come back for it. So its buffer is emptied
 * once, and is none from then on. */
static apr_status_t stop_buffering(bufv__file_t *f)
{
    apr_status_t status = apr_file_flush(f->file);

    if (status == APR_SUCCESS)
        status = apr_file_buffer_set(f->file, NULL, 0);
    f->buffered = status != APR_SUCCESS;
    return status;
}

static apr_status_t write_one(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__file_t *f = baton;
    apr_status_t status = APR_SUCCESS;
    bufv__quiet_t quiet;

    (void)nvec;
    (void)more;
    *written = 0;
    bufv__quiet_begin(&quiet);
    if (f->stream && f->buffered)
        status = stop_buffering(f);
    if (status == APR_SUCCESS)
        status = bufv__apr_write(f, vec->iov_base, vec->iov_len, written);
    bufv__quiet_end(&quiet, status != APR_SUCCESS);
    return status;
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__file_t *f = baton;
    apr_pollfd_t p = {0};
    apr_int32_t n;

    p.desc_type = APR_POLL_FILE;
    p.reqevents = APR_POLLOUT;
    p.desc.f = f->file;
    return apr_poll(&p, 1, &n, timeout);
}

const bufv_ops_t bufv__file_ops = {
    .name = "write",
    .max_vec = 1,
    .max_bytes = BUFV__APR_WRITE_MAX,
    .copy_below = BUFV__COPY_BELOW_FILE,
    .writev = write_one,
    .wait = await,
    .begin = begin,
    .end = end,
};
