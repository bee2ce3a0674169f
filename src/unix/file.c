/* SPDX-License-Identifier: Apache-2.0 */

/* Writes files, pipes and terminals with writev(), past APR: its own
 * apr_file_writev() knows no timeout, and leaves a buffered file's position
 * wrong. */

#include "unix.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Far below the 2 GiB at which Linux cuts a call short and macOS refuses it. A
 * deadline is looked at between calls, and longer calls gain nothing. */
#define CALL_BYTES ((apr_size_t)4 * 1024 * 1024)

/* ---- one system call, in each of the ways. What each returns, and errno, are
 * the call's. */

static ssize_t write_plain(int fd, const struct iovec *vec, apr_size_t nvec)
{
    ssize_t n;

    do
        n = writev(fd, vec, (int)nvec);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t write_socket(int fd, const struct iovec *vec, apr_size_t nvec)
{
    struct msghdr msg = {0};
    bufv__quiet_t quiet;
    int error;
    ssize_t n;

    msg.msg_iov = bufv__unconst(vec);
    msg.msg_iovlen = (unsigned short)nvec; /* int or size_t, by system */
    if (BUFV__NOSIGNAL == 0)
        bufv__quiet_begin(&quiet, fd);
    do
        n = sendmsg(fd, &msg, MSG_DONTWAIT | BUFV__NOSIGNAL);
    while (n < 0 && errno == EINTR);
    error = errno;
    if (BUFV__NOSIGNAL == 0)
        bufv__quiet_end(&quiet, n < 0);
    errno = error;
    return n;
}

static ssize_t write_nowait(int fd, const struct iovec *vec, apr_size_t nvec,
                            bufv__method_t method)
{
    ssize_t n;

    do
        n = bufv__write_nowait(fd, vec, nvec, method);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t write_on_loan(int fd, const struct iovec *vec, apr_size_t nvec)
{
    bufv__loan_t loan;
    ssize_t n = -1;
    int error = bufv__loan_take(&loan, fd, NULL, BUFV__SHORT);

    if (error == 0) {
        n = write_plain(fd, vec, nvec);
        error = errno;
        bufv__loan_return(&loan);
    }
    errno = error;
    return n;
}

/* ---- an attempt */

/* Makes a call with SIGPIPE kept away. */
static ssize_t write_quietly(int fd, const struct iovec *vec, apr_size_t nvec,
                             bufv__method_t method)
{
    bufv__quiet_t quiet;
    ssize_t n;
    int error;

    bufv__quiet_begin(&quiet, fd);
    if (method == BUFV__METHOD_LOAN)
        n = write_on_loan(fd, vec, nvec);
    else
        n = write_nowait(fd, vec, nvec, method);
    error = errno;
    bufv__quiet_end(&quiet, n < 0);
    errno = error;
    return n;
}

static int is_unknown(int error)
{
    return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

/* Writes to a pipe or a device by the best way that the system knows for it,
 * and remembers that way. */
static ssize_t write_stream(bufv__file_t *f, int fd, const struct iovec *vec,
                            apr_size_t nvec)
{
    ssize_t n;

    for (;;) {
        if (f->method == BUFV__METHOD_SILENT)
            n = write_nowait(fd, vec, nvec, BUFV__METHOD_SILENT);
        else
            n = write_quietly(fd, vec, nvec, (bufv__method_t)f->method);
        if (n >= 0 || !is_unknown(errno) || f->method == BUFV__METHOD_LOAN)
            return n;
        f->method++;
    }
}

static ssize_t write_kind(bufv__file_t *f, int fd, const struct iovec *vec,
                          apr_size_t nvec, bufv__kind_t kind)
{
    if (kind == BUFV__KIND_PLAIN)
        return write_plain(fd, vec, nvec);
    if (kind == BUFV__KIND_PIPE || kind == BUFV__KIND_DEVICE)
        return write_stream(f, fd, vec, nvec);
    return write_socket(fd, vec, nvec);
}

static apr_status_t judge(ssize_t n, const struct iovec *vec, apr_size_t nvec,
                          bufv__kind_t kind, apr_size_t *written)
{
    if (n < 0)
        return bufv__socket_error(errno);
    *written = (apr_size_t)n;
    if (n > 0 && *written < bufv__vec_sum(vec, nvec))
        return bufv__short_count(kind);
    return APR_SUCCESS;
}

/* What APR has buffered leaves first; if it does not fit, the status says so,
 * as that of any attempt. A list that does not go to a message socket in one
 * attempt is refused: it would become several messages. */
static apr_status_t write_vec(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    bufv__file_t *f = baton;
    apr_os_file_t fd;
    bufv__kind_t kind;
    apr_status_t status;

    *written = 0;
    apr_os_file_get(&fd, f->file);
    kind = bufv__kind(fd);
    if (kind == BUFV__KIND_MESSAGE && more)
        return APR_EINVAL;
    status = bufv__buffer_flush(f->file, fd, kind);
    if (status != APR_SUCCESS)
        return status;
    status =
        judge(write_kind(f, fd, vec, nvec, kind), vec, nvec, kind, written);
    bufv__buffer_follow(f->file, fd, kind);
    return status;
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
    .name = "writev",
    .max_vec = BUFV_IOV_MAX,
    .max_bytes = CALL_BYTES,
    .copy_below = BUFV__COPY_BELOW,
    .writev = write_vec,
    .wait = await,
    .timeout = get_timeout,
};
