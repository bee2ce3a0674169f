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

/* The handle may be an overlapped one, which APR opens for sharing between
 * threads; then the read may be under way when it returns. */
apr_status_t bufv__file_read_at(apr_file_t *file, apr_off_t offset, void *to,
                                apr_size_t *len)
{
    DWORD want = *len < INT_MAX ? (DWORD)*len : INT_MAX, n = 0;
    OVERLAPPED at = {0};
    apr_os_file_t fd;
    DWORD error;

    *len = 0;
    apr_os_file_get(&fd, file);
    at.Offset = (DWORD)((apr_uint64_t)offset & 0xffffffff);
    at.OffsetHigh = (DWORD)((apr_uint64_t)offset >> 32);
    if (ReadFile(fd, to, want, &n, &at) ||
        (GetLastError() == ERROR_IO_PENDING &&
         GetOverlappedResult(fd, &at, &n, TRUE))) {
        *len = n;
        return n == 0 ? APR_EOF : APR_SUCCESS;
    }
    error = GetLastError();
    return error == ERROR_HANDLE_EOF ? APR_EOF
                                     : APR_FROM_OS_ERROR((apr_status_t)error);
}

int bufv__is_nobufs(apr_status_t status)
{
    return status == APR_FROM_OS_ERROR(WSAENOBUFS);
}
