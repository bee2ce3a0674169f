/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps SIGPIPE away where the call itself cannot be told to: it is blocked
 * in this thread, and taken back if it came. Also where the program ignores
 * it: what a process does with a signal another thread may change before the
 * call fails, and one that is both ignored and blocked is left pending. The
 * mask is this thread's alone. */

#include "unix.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static int is_pending(void)
{
    sigset_t pending;

    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

static void only_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

/* Takes one that is pending, and does not wait for one that no longer is: the
 * system drops it when another thread begins to ignore SIGPIPE. Some systems,
 * as OpenBSD, have no call for that. */
#if defined(_POSIX_REALTIME_SIGNALS) && _POSIX_REALTIME_SIGNALS > 0
static void take_pending(const sigset_t *sigpipe)
{
    static const struct timespec now = {0, 0};
    int taken;

    do
        taken = sigtimedwait(sigpipe, NULL, &now);
    while (taken < 0 && errno == EINTR);
}
#else
static void take_pending(const sigset_t *sigpipe)
{
    int taken;

    if (is_pending())
        sigwait(sigpipe, &taken);
}
#endif

/* One that was blocked before and is pending is not ours. */
void bufv__quiet_begin(bufv__quiet_t *q, apr_os_sock_t fd)
{
    sigset_t sigpipe, old;

    q->fd = fd;
    only_sigpipe(&sigpipe);
    sigemptyset(&old);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &old);
    q->blocked = sigismember(&old, SIGPIPE) != 1;
    q->pending = !q->blocked && is_pending();
}

/* Nobody is: the mask is this thread's. */
void bufv__quiet_relax(bufv__quiet_t *q)
{
    (void)q;
}

/* Where all bytes were taken it cannot have come. */
void bufv__quiet_end(bufv__quiet_t *q, int raised)
{
    sigset_t sigpipe;

    only_sigpipe(&sigpipe);
    if (raised && !q->pending)
        take_pending(&sigpipe);
    if (q->blocked)
        pthread_sigmask(SIG_UNBLOCK, &sigpipe, NULL);
}
