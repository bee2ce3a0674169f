/* SPDX-License-Identifier: Apache-2.0 */

/* O_NONBLOCK for the time of an attempt. It belongs to the open description,
 * which threads, writers and programs share: standard output and standard
 * error are often one. */

#include "unix.h"

#include <fcntl.h>
#include <sys/stat.h>

static bufv__pin_t *pins; /* under the lock */
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
    pins = NULL;
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

/* ---- pins */

static void identify(bufv__pin_t *pin, int fd)
{
    struct stat st;

    pin->device = pin->inode = 0;
    if (fstat(fd, &st) != 0)
        return;
    pin->device = (apr_uint64_t)st.st_dev;
    pin->inode = (apr_uint64_t)st.st_ino;
}

static int is_pinned(const bufv__pin_t *wanted)
{
    const bufv__pin_t *p = pins;

    while (p != NULL &&
           (p->inode != wanted->inode || p->device != wanted->device))
        p = p->next;
    return p != NULL;
}

/* Sets or takes away O_NONBLOCK, and asks again, since others may have changed
 * other flags meanwhile. Whether it was otherwise. */
static int set_blocking(int fd, int blocking)
{
    int flags = fcntl(fd, F_GETFL);
    int wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;

    return flags >= 0 && wanted != flags && fcntl(fd, F_SETFL, wanted) == 0;
}

int bufv__pin(bufv__pin_t *pin, int fd)
{
    int is_ours;

    identify(pin, fd);
    bufv__loan_begin();
    is_ours = !is_pinned(pin);
    if (is_ours) {
        pin->fd = fd;
        pin->blocking = set_blocking(fd, 1);
        pin->next = pins;
        pins = pin;
    }
    bufv__loan_end();
    return is_ours;
}

void bufv__unpin(bufv__pin_t *pin)
{
    bufv__pin_t **p = &pins;

    bufv__loan_begin();
    while (*p != pin)
        p = &(*p)->next;
    *p = pin->next;
    if (pin->blocking)
        set_blocking(pin->fd, 0);
    bufv__loan_end();
}

/* ---- loans */

/* Whether there is none for this descriptor. */
static int is_refused(int fd)
{
    bufv__pin_t wanted;

    if (pins == NULL)
        return 0;
    identify(&wanted, fd);
    return is_pinned(&wanted);
}

/* The mode is asked for under the lock: seen from outside of it, it might be
 * another thread's loan. One that is pinned is as good as full: a thread is
 * about to fill it. */
apr_status_t bufv__loan_take(bufv__loan_t *l, apr_os_sock_t fd,
                             apr_socket_t *sock)
{
    apr_status_t status = APR_SUCCESS;

    (void)sock;
    l->fd = fd;
    bufv__loan_begin();
    l->unblocked = 0;
    if (is_refused(fd))
        status = APR_EAGAIN;
    else
        l->unblocked = set_blocking(fd, 0);
    l->taken = l->unblocked;
    if (!l->taken)
        bufv__loan_end();
    return status;
}

void bufv__loan_return(bufv__loan_t *l)
{
    if (!l->taken)
        return;
    set_blocking(l->fd, 1);
    bufv__loan_end();
}
