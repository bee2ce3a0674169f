/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps SIGPIPE away where the call itself cannot be told to: it is blocked
 * in this thread, and taken back if it came. */

#include "unix.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Takes back a SIGPIPE that is pending, if it still is. Where another thread
 * ignores the signal for a moment, as libraries do around their own calls, the
 * system drops it, and sigwait() would wait for the next one, for ever: this
 * does not wait, so nothing interrupts it. OpenBSD has nothing else. */
#if defined(_POSIX_REALTIME_SIGNALS) && _POSIX_REALTIME_SIGNALS > 0
static void take_back(const sigset_t *sigpipe)
{
    static const struct timespec at_once;

    (void)sigtimedwait(sigpipe, NULL, &at_once);
}
#else
static void take_back(const sigset_t *sigpipe)
{
    int signum;

    sigwait(sigpipe, &signum);
}
#endif

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

/* A signal that was blocked and pending before is not ours. */
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

/* There is no lock to give back: the mask is this thread's own. */
void bufv__quiet_relax(bufv__quiet_t *q)
{
    (void)q;
}

/* Where all bytes were taken, no signal can have come. */
void bufv__quiet_end(bufv__quiet_t *q, int raised)
{
    sigset_t sigpipe;

    only_sigpipe(&sigpipe);
    if (raised && !q->pending && is_pending())
        take_back(&sigpipe);
    if (q->blocked)
        pthread_sigmask(SIG_UNBLOCK, &sigpipe, NULL);
}
