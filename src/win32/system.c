/* SPDX-License-Identifier: Apache-2.0 */

/* What APR has no name for, on Windows. */

#include "win32.h"

#include <limits.h>

apr_time_t bufv__clock(void)
{
    LARGE_INTEGER now, rate;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&rate);
    return apr_time_from_sec(now.QuadPart / rate.QuadPart) +
           now.QuadPart % rate.QuadPart * APR_USEC_PER_SEC / rate.QuadPart;
}

/* Whether a file ends at or before an offset. */
static int ends_before(HANDLE fd, apr_off_t offset)
{
    LARGE_INTEGER size;

    return GetFileType(fd) == FILE_TYPE_DISK && GetFileSizeEx(fd, &size) &&
           offset >= size.QuadPart;
}

/* A handle that APR opened for sharing between threads is an overlapped one,
 * and has no position. */
static apr_status_t read_at(HANDLE fd, HANDLE event, apr_off_t offset,
                            void *to, apr_size_t *len)
{
    DWORD want = *len < INT_MAX ? (DWORD)*len : INT_MAX, n = 0;
    DWORD error = bufv__read_at(fd, event, offset, to, want, &n);

    *len = error == 0 ? n : 0;
    if (*len > 0)
        return APR_SUCCESS;
    if (error == 0 || error == ERROR_HANDLE_EOF || ends_before(fd, offset))
        return APR_EOF;
    return APR_FROM_OS_ERROR((apr_status_t)error);
}

/* The position of other handles moves when they are read, and is set back. */
static apr_status_t read_and_go_back(HANDLE fd, HANDLE event, apr_off_t offset,
                                     void *to, apr_size_t *len)
{
    LARGE_INTEGER none = {{0, 0}}, before;
    int is_known = GetFileType(fd) == FILE_TYPE_DISK &&
                   SetFilePointerEx(fd, none, &before, FILE_CURRENT);
    apr_status_t status = read_at(fd, event, offset, to, len);

    if (is_known)
        SetFilePointerEx(fd, before, NULL, FILE_BEGIN);
    return status;
}

apr_status_t bufv__file_read_at(apr_file_t *file, apr_off_t offset, void *to,
                                apr_size_t *len)
{
    HANDLE event = CreateEvent(NULL, TRUE, FALSE, NULL);
    apr_status_t status = APR_ENOMEM;
    apr_os_file_t fd;

    apr_os_file_get(&fd, file);
    if (event == NULL) {
        *len = 0;
        return status;
    }
    status = read_and_go_back(fd, event, offset, to, len);
    CloseHandle(event);
    return status;
}

int bufv__is_nobufs(apr_status_t status)
{
    return status == APR_FROM_OS_ERROR(WSAENOBUFS);
}

const int bufv__send_flags = 0;

int bufv__is_unknown_way(apr_status_t status)
{
    (void)status;
    return 0;
}

/* WSAETIMEDOUT says that the peer did not answer the system. It is no limit of
 * the caller's. */
int bufv__is_gone(apr_status_t status)
{
    static const DWORD gone[] = {
        WSAECONNRESET, WSAECONNABORTED,   WSAENOTCONN,
        WSAESHUTDOWN,  WSAETIMEDOUT,      WSAENETRESET,
        ERROR_NO_DATA, ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED};
    size_t i;

    if (APR_STATUS_IS_EPIPE(status) || APR_STATUS_IS_ECONNRESET(status) ||
        APR_STATUS_IS_ECONNABORTED(status))
        return 1;
    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        if (status == APR_FROM_OS_ERROR((apr_status_t)gone[i]))
            return 1;
    }
    return 0;
}
