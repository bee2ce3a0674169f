/* What the files of this directory share, and a test of theirs uses. */

#ifndef BUFV_WIN32_H
#define BUFV_WIN32_H

#include "bufv_private.h"

#include <winsock2.h>

/* WSASend, or what a test puts in its place: Wine never lacks buffers. */
typedef int WSAAPI bufv__wsasend_t(SOCKET s, LPWSABUF bufs, DWORD count,
                                   LPDWORD sent, DWORD flags,
                                   LPWSAOVERLAPPED overlapped,
                                   LPWSAOVERLAPPED_COMPLETION_ROUTINE done);
extern bufv__wsasend_t *bufv__wsasend;

#endif /* BUFV_WIN32_H */
