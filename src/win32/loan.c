/* SPDX-License-Identifier: Apache-2.0 */

/* FIONBIO for the time of an attempt. A blocking send cannot be used: where
 * its timeout ends Windows does not say how much has left, and no shutdown
 * wakes it. */

#include "win32.h"

/* A critical section may be entered again by the thread that is in it. */
static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static CRITICAL_SECTION lock;

static BOOL CALLBACK create(PINIT_ONCE ignored, PVOID parameter,
                            PVOID *context)
{
    (void)ignored;
    (void)parameter;
    (void)context;
    InitializeCriticalSection(&lock);
    return TRUE;
}

void bufv__loan_begin(void)
{
    InitOnceExecuteOnce(&once, create, NULL, NULL);
    EnterCriticalSection(&lock);
}

void bufv__loan_end(void)
{
    LeaveCriticalSection(&lock);
}

/* Windows cannot be asked whether a handle blocks. APR knows, unless the
 * program made it non-blocking without APR. */
static int is_blocking(apr_socket_t *sock)
{
    apr_interval_time_t timeout = -1;
    apr_int32_t nonblocking = 0;

    apr_socket_timeout_get(sock, &timeout);
    apr_socket_opt_get(sock, APR_SO_NONBLOCK, &nonblocking);
    return timeout != 0 && !nonblocking;
}

static int set_nonblocking(SOCKET fd, u_long on)
{
    return ioctlsocket(fd, (long)FIONBIO, &on) == 0;
}

/* APR is not told of the loan: its timeout stays as the user left it, also for
 * another thread that asks. */
apr_status_t bufv__loan_take(bufv__loan_t *l, apr_os_sock_t fd,
                             apr_socket_t *sock, bufv__span_t span)
{
    apr_status_t status = APR_SUCCESS;

    l->fd = fd;
    l->span = span;
    l->changed = is_blocking(sock);
    bufv__loan_begin();
    if (!set_nonblocking(fd, 1))
        status = apr_get_netos_error();
    l->taken = status == APR_SUCCESS && l->changed;
    if (!l->taken || span == BUFV__LONG)
        bufv__loan_end();
    return status;
}

/* A socket that was handed to WSAEventSelect() did not block before and cannot
 * be made to: then this does nothing. The error of the attempt stays. */
void bufv__loan_return(bufv__loan_t *l)
{
    int error = WSAGetLastError();

    if (!l->taken)
        return;
    if (l->span == BUFV__LONG)
        bufv__loan_begin();
    set_nonblocking(l->fd, 0);
    bufv__loan_end();
    WSASetLastError(error);
}
