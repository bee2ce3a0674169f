/* Files and pipes by writev(), past APR: its own apr_file_writev() knows no
 * timeout, and leaves a buffered file's position wrong. */

#include "unix.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Far below the 2 GiB at which Linux cuts a call short and macOS refuses it,
 * so that a deadline is looked at now and then; and more gains nothing. */
#define CALL_BYTES ((apr_size_t)4 * 1024 * 1024)

/* A pipe, or a socket that is written as a file: it can be full, and its
 * reader can go. A terminal is neither: others share its modes. */
static int is_stream(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* A blocking pipe would not look at a deadline, so it must not block while a
 * list is written. One with a timeout does not in any case. */
static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__file_t *f = baton;

    apr_os_file_get(&f->fd, f->file);
    f->buffered = f->behind = apr_file_buffer_size_get(f->file) > 0;
    f->stream = is_stream(f->fd);
    f->unblocked = 0;
    if (!f->stream)
        return APR_SUCCESS;
    if (apr_file_pipe_timeout_get(f->file, stall) != APR_SUCCESS)
        *stall = -1; /* APR does not know that it is a pipe */
    if (*stall < 0)
        f->unblocked = bufv__unblock(f->fd);
    return APR_SUCCESS;
}

/* Brings the descriptor to where APR is with a buffered file: what was
 * written to the buffer leaves, what was read ahead is forgotten. APR does
 * the latter when it begins to write, be it nothing. */
static apr_status_t catch_up(bufv__file_t *f)
{
    apr_size_t none = 0;
    apr_status_t status = apr_file_write(f->file, "", &none);

    if (status == APR_SUCCESS)
        status = apr_file_flush(f->file);
    f->behind = status != APR_SUCCESS;
    return status;
}

static apr_status_t write_once(const bufv__file_t *f, const struct iovec *vec,
                               apr_size_t nvec, apr_size_t *written)
{
    ssize_t n;

    do
        n = writev(f->fd, vec, (int)nvec);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EWOULDBLOCK ? EAGAIN : errno;
    *written = (apr_size_t)n;
    if (f->stream && n > 0 && *written < bufv__vec_sum(vec, nvec))
        return APR_EAGAIN;
    return APR_SUCCESS;
}

/* Flushing is part of the attempt, since a pipe can be full for it too. */
static apr_status_t write_vec(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__file_t *f = baton;
    apr_status_t status = APR_SUCCESS;
    bufv__quiet_t quiet;

    (void)more;
    *written = 0;
    if (f->stream)
        bufv__quiet_begin(&quiet);
    if (f->behind)
        status = catch_up(f);
    if (status == APR_SUCCESS)
        status = write_once(f, vec, nvec, written);
    if (f->stream)
        bufv__quiet_end(&quiet, status != APR_SUCCESS);
    return status;
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    bufv__file_t *f = baton;

    return bufv__wait_writable(f->fd, timeout);
}

/* Tells APR the position that a buffered file has now. A pipe has none. */
static void end(void *baton)
{
    bufv__file_t *f = baton;
    apr_off_t position;

    if (f->unblocked)
        bufv__reblock(f->fd);
    if (!f->buffered || f->behind)
        return;
    position = lseek(f->fd, 0, SEEK_CUR);
    if (position >= 0)
        apr_file_seek(f->file, APR_SET, &position);
}

const bufv_ops_t bufv__file_ops = {
    .name = "writev",
    .max_vec = BUFV_IOV_MAX,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW,
    .writev = write_vec,
    .wait = await,
    .begin = begin,
    .end = end,
};
