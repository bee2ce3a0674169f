/* SPDX-License-Identifier: Apache-2.0 */

/* Reads and writes at an offset, by handles that were opened for overlapped
 * work and by those that were not. */

#include "win32.h"

/* The lowest bit of the event is set, so that a completion port that the user
 * has tied to the handle is not told. */
static void set_up(OVERLAPPED *o, HANDLE event, apr_off_t at)
{
    static const OVERLAPPED none;

    *o = none;
    o->Offset = (DWORD)((apr_uint64_t)at & 0xffffffff);
    o->OffsetHigh = (DWORD)((apr_uint64_t)at >> 32);
    o->hEvent = (HANDLE)((ULONG_PTR)event | 1);
}

/* Without an event of its own GetOverlappedResult() waits for the handle,
 * which any completion signals: it returns early, and the system writes to a
 * stack frame that is gone. */
static DWORD finish(BOOL done, HANDLE file, OVERLAPPED *o, DWORD *n)
{
    if (done)
        return 0;
    if (GetLastError() == ERROR_IO_PENDING &&
        GetOverlappedResult(file, o, n, TRUE))
        return 0;
    return GetLastError();
}

DWORD bufv__write_at(HANDLE file, HANDLE event, apr_off_t at, const void *data,
                     DWORD len, DWORD *written)
{
    OVERLAPPED o;

    *written = 0;
    set_up(&o, event, at);
    return finish(WriteFile(file, data, len, written, &o), file, &o, written);
}

DWORD bufv__read_at(HANDLE file, HANDLE event, apr_off_t at, void *to,
                    DWORD len, DWORD *got)
{
    OVERLAPPED o;

    *got = 0;
    set_up(&o, event, at);
    return finish(ReadFile(file, to, len, got, &o), file, &o, got);
}
