/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of this directory share, and a test of theirs uses. */

#ifndef BUFV_WIN32_H
#define BUFV_WIN32_H

#include <winsock2.h>
#include <ws2tcpip.h>

#include "backend.h"

/* WSASend, or what a test puts in its place: Wine never lacks buffers. */
typedef int WSAAPI bufv__wsasend_t(SOCKET s, LPWSABUF bufs, DWORD count,
                                   LPDWORD sent, DWORD flags,
                                   LPWSAOVERLAPPED overlapped,
                                   LPWSAOVERLAPPED_COMPLETION_ROUTINE done);
extern bufv__wsasend_t *bufv__wsasend;

/* ---- overlapped.c: reading and writing by handles of any kind */

/* One WriteFile() or ReadFile(), which has ended when this returns. `at` is
 * where in the file; handles that are not overlapped go on from there, pipes
 * have no such place. `event` is ours. Returns the system's error, or 0. */
DWORD bufv__write_at(HANDLE file, HANDLE event, apr_off_t at, const void *data,
                     DWORD len, DWORD *written);
DWORD bufv__read_at(HANDLE file, HANDLE event, apr_off_t at, void *to,
                    DWORD len, DWORD *got);

/* ---- pipe.c */

/* One attempt on a pipe; what APR has buffered for it leaves first. */
apr_status_t bufv__pipe_write(bufv__file_t *f, HANDLE fd, const char *data,
                              apr_size_t len, apr_size_t *written);

/* Frees what the attempts needed. */
void bufv__pipe_destroy(bufv__file_t *f);

/* `wait` of bufv_ops_t: a nap. */
apr_status_t bufv__pipe_wait(apr_interval_time_t timeout);

#endif /* BUFV_WIN32_H */
