/* SPDX-License-Identifier: Apache-2.0 */

/* O_NONBLOCK for the time of an attempt. It belongs to the open description,
 * which threads, writers and programs share: standard output and standard
 * error are often one. */

#include "unix.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifndef FIONBIO
#include <sys/filio.h> /* Solaris */
#endif

/* ---- the lock */

/* The lock is made when the library is loaded, if the compiler can do that: a
 * child that is forked while a thread is inside of pthread_once() would wait
 * for this thread, which it does not have. */
#ifdef __GNUC__
#define AT_LOAD __attribute__((constructor))
#define SET_UP_ONCE(function) ((void)0)
#else
#define AT_LOAD
#define SET_UP_ONCE(function) pthread_once(&once, function)
static pthread_once_t once = PTHREAD_ONCE_INIT;
#endif

static pthread_mutex_t lock;
static bufv__pin_t *pins; /* under the lock */

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
    bufv__loan_begin();
}

static void in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

/* Unlocking pleases checkers of threads, and is not enough: the lock may know
 * its owner by a number that the child's thread does not have. */
static void in_child(void)
{
    pins = NULL;
    pthread_mutex_unlock(&lock);
    create();
}

/* A fork waits until what is held with the lock is given back, so that a child
 * finds the modes as the user made them, and the lock free. */
static AT_LOAD void set_up(void)
{
    create();
    pthread_atfork(before_fork, in_parent, in_child);
}

void bufv__loan_begin(void)
{
    SET_UP_ONCE(set_up);
    pthread_mutex_lock(&lock);
}

void bufv__loan_end(void)
{
    pthread_mutex_unlock(&lock);
}

/* ---- cancellation: a thread that ends in the middle of a call would leave
 * the lock, or a pin that lies on its stack. Not all systems have it. */

#ifdef PTHREAD_CANCEL_DISABLE
static void stop_cancelling(bufv__loan_t *l)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &l->cancel);
}

static void go_on_cancelling(const bufv__loan_t *l)
{
    int now;

    pthread_setcancelstate(l->cancel, &now);
}
#else
static void stop_cancelling(bufv__loan_t *l)
{
    (void)l;
}

static void go_on_cancelling(const bufv__loan_t *l)
{
    (void)l;
}
#endif

/* ---- pins */

/* Finds out what a descriptor is, once. */
static void identify(bufv__pin_t *pin)
{
    struct stat st;

    if (pin->is_known || fstat(pin->fd, &st) != 0)
        return;
    pin->device = (apr_uint64_t)st.st_dev;
    pin->inode = (apr_uint64_t)st.st_ino;
    pin->is_known = 1;
}

/* A pin is identified only when somebody looks for his own among several. */
static int is_pinned(bufv__pin_t *wanted)
{
    bufv__pin_t *p;

    for (p = pins; p != NULL; p = p->next) {
        identify(p);
        identify(wanted);
        if (p->inode == wanted->inode && p->device == wanted->device)
            return 1;
    }
    return 0;
}

static void add_pin(bufv__pin_t *pin)
{
    pin->next = pins;
    pins = pin;
}

/* A child of fork() has forgotten all of them. */
static void remove_pin(const bufv__pin_t *pin)
{
    bufv__pin_t **p = &pins;

    while (*p != NULL && *p != pin)
        p = &(*p)->next;
    if (*p != NULL)
        *p = pin->next;
}

/* ---- loans */

/* FIONBIO changes this flag alone, so that what others do meanwhile to other
 * flags is not undone. */
static apr_status_t set_blocking(int fd, int blocking)
{
    int nonblocking = !blocking;

    return ioctl(fd, FIONBIO, &nonblocking) == 0 ? APR_SUCCESS : errno;
}

/* Makes the descriptor block, or not. Sets *changed to whether it was
 * otherwise. */
static apr_status_t borrow_mode(int fd, int blocking, int *changed)
{
    int flags = fcntl(fd, F_GETFL);
    apr_status_t status;

    *changed = 0;
    if (flags < 0)
        return errno;
    if (((flags & O_NONBLOCK) == 0) == blocking)
        return APR_SUCCESS;
    status = set_blocking(fd, blocking);
    *changed = status == APR_SUCCESS;
    return status;
}

/* The mode is asked for under the lock: seen from outside of it, it might be
 * another thread's loan. A descriptor that is pinned is as good as full, since
 * another thread writes to it. */
static apr_status_t take_loan(bufv__loan_t *l, int fd, int blocking,
                              bufv__span_t span)
{
    apr_status_t status = APR_EAGAIN;

    l->fd = fd;
    l->span = span;
    l->blocking = blocking;
    l->taken = l->changed = 0;
    l->pin.fd = fd;
    l->pin.is_known = 0;
    l->pin.device = l->pin.inode = 0;
    stop_cancelling(l);
    bufv__loan_begin();
    if (!is_pinned(&l->pin)) {
        status = borrow_mode(fd, blocking, &l->changed);
        /* else it is the user's own mode */
        l->taken = l->changed || (blocking && status == APR_SUCCESS);
    }
    if (l->taken && span == BUFV__LONG)
        add_pin(&l->pin);
    if (!l->taken || span == BUFV__LONG)
        bufv__loan_end();
    if (!l->taken)
        go_on_cancelling(l);
    return status;
}

apr_status_t bufv__loan_take(bufv__loan_t *l, apr_os_sock_t fd,
                             apr_socket_t *sock, bufv__span_t span)
{
    (void)sock;
    return take_loan(l, fd, 0, span);
}

/* A descriptor that blocks already is taken, too: it has to stay so. */
apr_status_t bufv__loan_take_blocking(bufv__loan_t *l, int fd)
{
    return take_loan(l, fd, 1, BUFV__LONG);
}

void bufv__loan_return(bufv__loan_t *l)
{
    if (!l->taken)
        return;
    if (l->span == BUFV__LONG) {
        bufv__loan_begin();
        remove_pin(&l->pin);
    }
    if (l->changed && set_blocking(l->fd, !l->blocking) != APR_SUCCESS)
        set_blocking(l->fd, !l->blocking); /* it is not to stay */
    bufv__loan_end();
    go_on_cancelling(l);
}
