/* SPDX-License-Identifier: Apache-2.0 */

/* Pipes on Windows. */

#include "win32.h"

/* What a pipe is offered at first: the size of those that APR makes. */
#define PIPE_BYTES ((apr_size_t)65536)

/* Windows has no way to wait until a pipe takes bytes: it is asked again after
 * a nap. Short, since a pipe's buffer is soon drained. */
#define NAP apr_time_from_msec(1)

/* CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, which older headers lack. */
#define HIGH_RESOLUTION 0x00000002

/* ---- the mode
 *
 * Setting it sets how messages are read as well, so both are asked for first.
 * A handle that may not be asked is assumed to be as pipes are at first. */

static DWORD get_mode(HANDLE fd)
{
    DWORD mode = PIPE_READMODE_BYTE | PIPE_WAIT;

    GetNamedPipeHandleState(fd, &mode, NULL, NULL, NULL, NULL, 0);
    return mode;
}

static void set_mode(HANDLE fd, DWORD mode)
{
    SetNamedPipeHandleState(fd, &mode, NULL, NULL);
}

/* ---- an attempt */

/* A pipe whose reader is gone says so in several ways. */
static apr_status_t name_error(apr_status_t status)
{
    if (status == APR_FROM_OS_ERROR(ERROR_NO_DATA) ||
        status == APR_FROM_OS_ERROR(ERROR_PIPE_NOT_CONNECTED) ||
        status == APR_FROM_OS_ERROR(ERROR_BROKEN_PIPE))
        return APR_EPIPE;
    return status;
}

/* A pipe that does not block takes nothing if it cannot take all that it is
 * offered, so it is offered less, down to a byte. */
static apr_status_t write_some(const bufv__file_t *f, HANDLE fd,
                               const char *data, apr_size_t len,
                               apr_size_t *written)
{
    apr_size_t offer = len < PIPE_BYTES ? len : PIPE_BYTES;
    DWORD error, n;

    do {
        error = bufv__write_at(fd, f->event, 0, data, (DWORD)offer, &n);
        offer /= 2;
    } while (error == 0 && n == 0 && offer > 0);
    *written = n;
    if (error != 0)
        return name_error(APR_FROM_OS_ERROR((apr_status_t)error));
    return n == 0 ? APR_EAGAIN : APR_SUCCESS;
}

static apr_status_t write_on_loan(const bufv__file_t *f, HANDLE fd,
                                  const char *data, apr_size_t len,
                                  apr_size_t *written)
{
    apr_status_t status;
    DWORD mode;

    bufv__loan_begin();
    mode = get_mode(fd);
    if (!(mode & PIPE_NOWAIT))
        set_mode(fd, mode | PIPE_NOWAIT);
    status = write_some(f, fd, data, len, written);
    if (!(mode & PIPE_NOWAIT))
        set_mode(fd, mode);
    bufv__loan_end();
    return status;
}

/* What APR has in its buffer leaves before, while the pipe blocks: if it does
 * not, APR tries again for ever. The lock cannot be held meanwhile: the reader
 * may need it. */
static apr_status_t flush(const bufv__file_t *f, HANDLE fd)
{
    apr_status_t status;
    DWORD mode;

    if (apr_file_buffer_size_get(f->file) == 0)
        return APR_SUCCESS;
    bufv__loan_begin();
    mode = get_mode(fd);
    if (mode & PIPE_NOWAIT)
        set_mode(fd, mode & ~(DWORD)PIPE_NOWAIT);
    bufv__loan_end();
    status = apr_file_flush(f->file);
    bufv__loan_begin();
    if (mode & PIPE_NOWAIT)
        set_mode(fd, mode);
    bufv__loan_end();
    return status;
}

apr_status_t bufv__pipe_write(bufv__file_t *f, HANDLE fd, const char *data,
                              apr_size_t len, apr_size_t *written)
{
    apr_status_t status = flush(f, fd);

    *written = 0;
    if (status != APR_SUCCESS)
        return name_error(status);
    if (f->event == NULL)
        f->event = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (f->event == NULL)
        return APR_ENOMEM;
    return write_on_loan(f, fd, data, len, written);
}

void bufv__pipe_destroy(bufv__file_t *f)
{
    if (f->event != NULL)
        CloseHandle(f->event);
    f->event = NULL;
}

/* ---- waiting */

/* Sleep() counts in ticks of 15 ms, unless the program has asked for others;
 * a timer of this kind, which Windows has since 2018, does not. */
static int sleep_exactly(apr_interval_time_t time)
{
    HANDLE timer =
        CreateWaitableTimerEx(NULL, NULL, HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    LARGE_INTEGER due;
    int slept;

    if (timer == NULL)
        return 0;
    due.QuadPart = -10 * time; /* from now on, in units of 100 ns */
    slept = SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE) &&
            WaitForSingleObject(timer, INFINITE) == WAIT_OBJECT_0;
    CloseHandle(timer);
    return slept;
}

apr_status_t bufv__pipe_wait(apr_interval_time_t timeout)
{
    apr_interval_time_t time = timeout < 0 || timeout > NAP ? NAP : timeout;

    if (!sleep_exactly(time))
        apr_sleep(time);
    return APR_SUCCESS;
}
