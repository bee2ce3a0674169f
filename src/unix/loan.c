/* SPDX-License-Identifier: Apache-2.0 */

/* O_NONBLOCK for the time of an attempt. It belongs to the open description,
 * which threads, writers and programs share: standard output and standard
 * error are often one. */

#include "unix.h"

#include <fcntl.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock;

static void create(void)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

/* Unlocking does not do: the owner is known by a number that the child does
 * not have. */
static void in_child(void)
{
    create();
}

/* A fork waits until all is given back, so that a child finds the modes as
 * the user made them, and the lock free. */
static void prepare(void)
{
    create();
    pthread_atfork(before_fork, in_parent, in_child);
}

void bufv__loan_begin(void)
{
    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
}

void bufv__loan_end(void)
{
    pthread_mutex_unlock(&lock);
}

/* The mode is asked for under the lock: seen from outside of it, it might be
 * another thread's loan. */
apr_status_t bufv__loan_take(bufv__loan_t *l, apr_os_sock_t fd,
                             apr_socket_t *sock)
{
    int flags;

    (void)sock;
    l->fd = fd;
    l->taken = 0;
    bufv__loan_begin();
    flags = fcntl(fd, F_GETFL);
    l->unblocked = flags >= 0 && !(flags & O_NONBLOCK) &&
                   fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
    if (l->unblocked)
        l->taken = 1;
    else
        bufv__loan_end();
    return APR_SUCCESS;
}

/* A call that failed once, for whatever reason, is made again: nobody else
 * gives the mode back. The flags are asked for anew, since others may have
 * changed other ones meanwhile. */
static void block(int fd)
{
    int tries, flags;

    for (tries = 0; tries < 2; tries++) {
        flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
            return;
    }
}

void bufv__loan_return(bufv__loan_t *l)
{
    if (!l->taken)
        return;
    block(l->fd);
    bufv__loan_end();
}
