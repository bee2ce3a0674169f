/* Files through APR, and pipes without: when APR's timed write to a pipe ends,
 * it does not say how much has left. */

#include "win32.h"

#include "generic/apr_write.h"

/* What a pipe is offered at first: the size of those that APR makes. */
#define PIPE_BYTES ((apr_size_t)65536)

/* Windows has no way to wait until a pipe takes bytes: it is asked again after
 * a nap. Short, since a pipe's buffer is soon drained. */
#define NAP apr_time_from_msec(1)

static int set_mode(const bufv__file_t *f, DWORD mode)
{
    return SetNamedPipeHandleState(f->fd, &mode, NULL, NULL) != 0;
}

/* A pipe must not block while a list is written, or no deadline would hold.
 * What APR has in its buffer leaves before, since it cannot be told how little
 * a pipe took of it. */
static apr_status_t begin(void *baton, apr_interval_time_t *stall)
{
    bufv__file_t *f = baton;
    apr_status_t status = apr_os_file_get(&f->fd, f->file);

    if (status != APR_SUCCESS)
        return status;
    f->buffered = apr_file_buffer_size_get(f->file) > 0;
    f->stream = GetFileType(f->fd) == FILE_TYPE_PIPE;
    f->unblocked = 0;
    if (!f->stream)
        return APR_SUCCESS;
    status = apr_file_flush(f->file);
    if (status != APR_SUCCESS)
        return status;
    f->unblocked = set_mode(f, PIPE_READMODE_BYTE | PIPE_NOWAIT);
    return apr_file_pipe_timeout_get(f->file, stall);
}

static void end(void *baton)
{
    bufv__file_t *f = baton;

    if (f->unblocked)
        set_mode(f, PIPE_READMODE_BYTE | PIPE_WAIT);
}

/* A pipe whose reader is gone says so in several ways. */
static apr_status_t name_error(DWORD error)
{
    if (error == ERROR_NO_DATA || error == ERROR_PIPE_NOT_CONNECTED)
        return APR_EPIPE;
    return APR_FROM_OS_ERROR((apr_status_t)error);
}

/* The structure is for handles that were opened for overlapped writing; the
 * others ignore it. Either way the call ends before this returns. */
static apr_status_t write_once(const bufv__file_t *f, const char *data,
                               apr_size_t len, apr_size_t *written)
{
    OVERLAPPED overlapped = {0};
    DWORD n = 0;

    if (!WriteFile(f->fd, data, (DWORD)len, &n, &overlapped) &&
        (GetLastError() != ERROR_IO_PENDING ||
         !GetOverlappedResult(f->fd, &overlapped, &n, TRUE)))
        return name_error(GetLastError());
    *written = n;
    return APR_SUCCESS;
}

/* A pipe that does not block takes nothing if it cannot take all that it is
 * offered, so it is offered less, down to a byte. */
static apr_status_t write_pipe(const bufv__file_t *f, const char *data,
                               apr_size_t len, apr_size_t *written)
{
    apr_size_t offer = len < PIPE_BYTES ? len : PIPE_BYTES;
    apr_status_t status;

    do {
        status = write_once(f, data, offer, written);
        offer /= 2;
    } while (status == APR_SUCCESS && *written == 0 && offer > 0);
    return status == APR_SUCCESS && *written == 0 ? APR_EAGAIN : status;
}

static apr_status_t write_one(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__file_t *f = baton;

    (void)nvec;
    (void)more;
    *written = 0;
    if (f->stream)
        return write_pipe(f, vec->iov_base, vec->iov_len, written);
    return bufv__apr_write(f, vec->iov_base, vec->iov_len, written);
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    (void)baton;
    apr_sleep(timeout < 0 || timeout > NAP ? NAP : timeout);
    return APR_SUCCESS;
}

const bufv_ops_t bufv__file_ops = {
    .name = "WriteFile",
    .max_vec = 1,
    .max_bytes = BUFV__APR_WRITE_MAX,
    .copy_below = BUFV__COPY_BELOW_FILE,
    .writev = write_one,
    .wait = await,
    .begin = begin,
    .end = end,
};
