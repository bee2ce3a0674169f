/* SPDX-License-Identifier: Apache-2.0 */

/* The functions here have the names of the C library's, and are found before
 * them. What they stand in for is found by dlsym(). */

#include "shim.h"

#include <apr_portable.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __clang__
#pragma clang diagnostic ignored "-Wpedantic"
#else
#pragma GCC diagnostic ignored "-Wpedantic" /* dlsym() and functions */
#endif

/* Where off_t is 64 bits long on a 32-bit system, calls that know it, and the
 * functions here, have other names. */
#if defined(_FILE_OFFSET_BITS) && defined(__GLIBC__)
#define LARGE(name) name "64"
#else
#define LARGE(name) name
#endif

/* The C libraries do not agree on the type. */
#ifdef __GLIBC__
typedef unsigned long ioctl_request_t;
#else
typedef int ioctl_request_t;
#endif

const char *const shim_names[SHIM_KINDS] = {
    "sendmsg",  "send", "writev", "write", "poll",
    "sendfile", "mode", "pread",  "setup",
};

static __thread shim_t *watched;

/* Calls of the net are nobody's. */
static int unwatched(void)
{
    return watched == NULL || net_is_looking();
}

static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);
static ssize_t (*real_sendto)(int, const void *, size_t, int,
                              const struct sockaddr *, socklen_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static long (*real_syscall)(long, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static ssize_t (*real_sendfile)(int, int, off_t *, size_t);
static int (*real_fcntl)(int, int, ...);
static int (*real_ioctl)(int, ioctl_request_t, ...);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_getsockopt)(int, int, int, void *, socklen_t *);
static int (*real_fstat)(int, struct stat *);
static int (*real_sigpending)(sigset_t *);
static int (*real_mutex)(pthread_mutex_t *, const pthread_mutexattr_t *);
static int (*real_condattr)(pthread_condattr_t *);
static int (*real_setclock)(pthread_condattr_t *, clockid_t);
static apr_time_t (*real_time)(void);
static void (*real_sleep)(apr_interval_time_t);
static apr_status_t (*real_pool)(apr_pool_t **, apr_pool_t *, apr_abortfunc_t,
                                 apr_allocator_t *);
static apr_status_t (*real_pipe)(apr_file_t **, apr_os_file_t *, int,
                                 apr_pool_t *);

static void find(void *to, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (symbol == NULL)
        abort();
    memcpy(to, &symbol, sizeof(symbol));
}

/* Before all other constructors, since these may call such functions: the
 * library's does. 101 is the first priority that a program may have. */
__attribute__((constructor(101))) static void find_all(void)
{
    find(&real_sendmsg, "sendmsg");
    find(&real_sendto, "sendto");
    find(&real_writev, "writev");
    find(&real_syscall, "syscall");
    find(&real_write, "write");
    find(&real_poll, "poll");
    find(&real_sendfile, LARGE("sendfile"));
    find(&real_fcntl, LARGE("fcntl"));
    find(&real_ioctl, "ioctl");
    find(&real_pread, LARGE("pread"));
    find(&real_getsockopt, "getsockopt");
    find(&real_fstat, LARGE("fstat"));
    find(&real_sigpending, "sigpending");
    find(&real_mutex, "pthread_mutex_init");
    find(&real_condattr, "pthread_condattr_init");
    find(&real_setclock, "pthread_condattr_setclock");
    find(&real_time, "apr_time_now");
    find(&real_sleep, "apr_sleep");
    find(&real_pool, "apr_pool_create_ex");
    find(&real_pipe, "apr_os_pipe_put_ex");
}

void shim_watch(shim_t *shim)
{
    memset(shim, 0, sizeof(*shim));
    watched = shim;
}

void shim_strike(shim_t *shim, shim_call_t kind, unsigned long k,
                 shim_fault_t fault, int error)
{
    shim_watch(shim);
    shim->kind = kind;
    shim->at = k;
    shim->fault = fault;
    shim->error = error;
}

void shim_rest(void)
{
    watched = NULL;
}

int shim_writes(shim_call_t call)
{
    return call <= SHIM_WRITE || call == SHIM_SENDFILE;
}

static shim_record_t *record(shim_call_t call)
{
    shim_t *s = watched;
    shim_record_t *r = &s->record[s->calls % SHIM_MOST];

    memset(r, 0, sizeof(*r));
    r->call = call;
    s->calls++;
    s->of[call]++;
    return r;
}

/* What this call, which has been recorded, is to do. */
static shim_fault_t fault_of(shim_call_t call)
{
    shim_t *s = watched;
    unsigned long k = s->of[call];

    if (s->at == 0 || call != s->kind || k < s->at)
        return SHIM_NOTHING;
    if (s->fault == SHIM_DEFER && k == s->at + 1) {
        s->error = EAGAIN;
        return SHIM_FAIL;
    }
    if (k > s->at && !s->lasting)
        return SHIM_NOTHING;
    s->struck = 1;
    return s->fault == SHIM_DEFER ? SHIM_SHORT : s->fault;
}

static long result(shim_record_t *r, long n)
{
    int error = errno;

    r->result = n;
    r->error = n < 0 ? error : 0;
    if (n > 0)
        watched->bytes[r->call] += (apr_uint64_t)n;
    errno = error;
    return n;
}

static long refuse(shim_record_t *r)
{
    errno = watched->error;
    return result(r, -1);
}

static size_t third(size_t len)
{
    if (watched->fault == SHIM_ZERO)
        return 0;
    return len > 3 ? len / 3 : 1;
}

/* A vector cut to a third of its bytes, in `few`. */
static apr_size_t cut(struct iovec *few, const struct iovec *vec,
                      apr_size_t nvec, apr_size_t len)
{
    apr_size_t n = 0;

    len = third(len);
    while (len > 0 && n < nvec) {
        few[n] = vec[n];
        if (few[n].iov_len > len)
            few[n].iov_len = len;
        len -= few[n++].iov_len;
    }
    return n;
}

static apr_size_t sum(const struct iovec *vec, apr_size_t nvec)
{
    apr_size_t len = 0, i;

    for (i = 0; i < nvec; i++)
        len += vec[i].iov_len;
    return len;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    static __thread struct iovec few[1024]; /* not on a measured stack */
    struct msghdr less = *msg;
    shim_record_t *r;

    if (unwatched())
        return real_sendmsg(fd, msg, flags);
    r = record(SHIM_SENDMSG);
    r->flags = flags;
    r->nvec = (apr_size_t)msg->msg_iovlen;
    r->asked = sum(msg->msg_iov, r->nvec);
    switch (fault_of(SHIM_SENDMSG)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        return result(r, real_sendmsg(fd, msg, flags));
    default:
        less.msg_iov = few;
        less.msg_iovlen =
            (unsigned short)cut(few, msg->msg_iov, r->nvec, r->asked);
        return result(r, real_sendmsg(fd, &less, flags));
    }
}

ssize_t sendto(int fd, const void *data, size_t len, int flags,
               const struct sockaddr *to, socklen_t to_len)
{
    shim_record_t *r;

    if (unwatched())
        return real_sendto(fd, data, len, flags, to, to_len);
    r = record(SHIM_SEND);
    r->flags = flags;
    r->nvec = 1;
    r->asked = len;
    switch (fault_of(SHIM_SEND)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        break;
    default:
        len = third(len);
    }
    return result(r, real_sendto(fd, data, len, flags, to, to_len));
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    return sendto(fd, data, len, flags, NULL, 0);
}

ssize_t writev(int fd, const struct iovec *vec, int nvec)
{
    static __thread struct iovec few[1024]; /* not on a measured stack */
    shim_record_t *r;

    if (unwatched())
        return real_writev(fd, vec, nvec);
    r = record(SHIM_WRITEV);
    r->nvec = (apr_size_t)nvec;
    r->asked = sum(vec, (apr_size_t)nvec);
    switch (fault_of(SHIM_WRITEV)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        return result(r, real_writev(fd, vec, nvec));
    default:
        nvec = (int)cut(few, vec, (apr_size_t)nvec, r->asked);
        return result(r, real_writev(fd, few, nvec));
    }
}

/* A writev() that does not wait, for which older C libraries have no name. */
static long pwritev2_raw(const long *args)
{
    static __thread struct iovec few[1024]; /* not on a measured stack */
    apr_size_t nvec = (apr_size_t)args[2];
    const struct iovec *vec;
    shim_record_t *r;

    memcpy(&vec, &args[1], sizeof(vec));
    r = record(SHIM_WRITEV);
    r->flags = (int)args[5];
    r->nvec = nvec;
    r->asked = sum(vec, nvec);
    switch (fault_of(SHIM_WRITEV)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        break;
    default:
        nvec = cut(few, vec, nvec, r->asked);
        vec = few;
    }
    return result(r, real_syscall(SYS_pwritev2, args[0], vec, nvec, args[3],
                                  args[4],
                                  watched->takes_any_flag ? 0 : args[5]));
}

long syscall(long number, ...)
{
    long args[6];
    va_list list;
    int i;

    va_start(list, number);
    for (i = 0; i < 6; i++)
        args[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_pwritev2 && !unwatched())
        return pwritev2_raw(args);
    return real_syscall(number, args[0], args[1], args[2], args[3], args[4],
                        args[5]);
}

ssize_t write(int fd, const void *data, size_t len)
{
    shim_record_t *r;

    if (unwatched())
        return real_write(fd, data, len);
    r = record(SHIM_WRITE);
    r->nvec = 1;
    r->asked = len;
    switch (fault_of(SHIM_WRITE)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        break;
    default:
        len = third(len);
    }
    return result(r, real_write(fd, data, len));
}

int poll(struct pollfd *p, nfds_t n, int timeout)
{
    shim_record_t *r;

    if (timeout != 0)
        net_look("a wait");
    if (unwatched())
        return real_poll(p, n, timeout);
    r = record(SHIM_POLL);
    switch (fault_of(SHIM_POLL)) {
    case SHIM_FAIL:
        return (int)refuse(r);
    case SHIM_NOTHING:
        return (int)result(r, real_poll(p, n, timeout));
    default:
        return (int)result(r, 0);
    }
}

ssize_t sendfile(int to, int from, off_t *offset, size_t len)
{
    shim_record_t *r;

    if (unwatched())
        return real_sendfile(to, from, offset, len);
    r = record(SHIM_SENDFILE);
    r->asked = len;
    getsockopt(to, IPPROTO_TCP, TCP_CORK, &r->flags,
               &(socklen_t){sizeof(int)});
    switch (fault_of(SHIM_SENDFILE)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        break;
    default:
        len = third(len);
    }
    return result(r, real_sendfile(to, from, offset, len));
}

/* Those of the commands of these two that have an argument take it as a
 * pointer or an int: a long holds either. */
int fcntl(int fd, int command, ...)
{
    shim_record_t *r;
    va_list args;
    long argument;

    va_start(args, command);
    argument = va_arg(args, long);
    va_end(args);
    if (unwatched())
        return real_fcntl(fd, command, argument);
    r = record(SHIM_MODE);
    if (fault_of(SHIM_MODE) == SHIM_FAIL)
        return (int)refuse(r);
    return (int)result(r, real_fcntl(fd, command, argument));
}

int ioctl(int fd, ioctl_request_t request, ...)
{
    shim_record_t *r;
    va_list args;
    long argument;

    va_start(args, request);
    argument = va_arg(args, long);
    va_end(args);
    if (unwatched() || request != FIONBIO)
        return real_ioctl(fd, request, argument);
    r = record(SHIM_MODE);
    if (fault_of(SHIM_MODE) == SHIM_FAIL)
        return (int)refuse(r);
    return (int)result(r, real_ioctl(fd, request, argument));
}

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    shim_record_t *r;

    if (unwatched())
        return real_pread(fd, data, len, offset);
    r = record(SHIM_PREAD);
    r->asked = len;
    switch (fault_of(SHIM_PREAD)) {
    case SHIM_FAIL:
        return refuse(r);
    case SHIM_NOTHING:
        break;
    default:
        len = third(len);
    }
    return result(r, real_pread(fd, data, len, offset));
}

/* ---- what the system says */

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    shim_t *s = unwatched() ? NULL : watched;

    if (s != NULL && level == IPPROTO_TCP && option == TCP_ULP &&
        s->protocol != NULL) {
        *len = (socklen_t)strlen(s->protocol);
        memcpy(value, s->protocol, *len);
        return 0;
    }
    if (s != NULL && level == SOL_SOCKET && option == SO_TYPE &&
        s->socket_type != 0) {
        memcpy(value, &s->socket_type, sizeof(s->socket_type));
        return 0;
    }
    return real_getsockopt(fd, level, option, value, len);
}

/* The system drops an ignored signal that is pending in any thread. */
static void ignore_for_a_moment(int number)
{
    struct sigaction ignore, before;

    memset(&ignore, 0, sizeof(ignore));
    ignore.sa_handler = SIG_IGN;
    sigaction(number, &ignore, &before);
    sigaction(number, &before, NULL);
}

int sigpending(sigset_t *set)
{
    int n = real_sigpending(set);

    if (!unwatched() && watched->drops_sigpipe)
        ignore_for_a_moment(SIGPIPE);
    return n;
}

int fstat(int fd, struct stat *st)
{
    int n = real_fstat(fd, st);

    if (!unwatched() && watched->is_block_device)
        st->st_mode = (st->st_mode & ~(mode_t)S_IFMT) | S_IFBLK;
    return n;
}

apr_time_t apr_time_now(void)
{
    return unwatched() || watched->wall == 0 ? real_time() : watched->wall;
}

void apr_sleep(apr_interval_time_t time)
{
    net_look("a pause");
    real_sleep(time);
}

/* ---- what sets something up, and says with a status that it could not */

static int setup_fails(void)
{
    shim_record_t *r;
    int fails;

    if (unwatched())
        return 0;
    r = record(SHIM_SETUP);
    fails = fault_of(SHIM_SETUP) == SHIM_FAIL;
    r->error = fails ? watched->error : 0;
    return r->error;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    int error = setup_fails();

    return error != 0 ? error : real_mutex(mutex, attr);
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
    int error = setup_fails();

    return error != 0 ? error : real_condattr(attr);
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
    int error = setup_fails();

    return error != 0 ? error : real_setclock(attr, clock);
}

apr_status_t apr_pool_create_ex(apr_pool_t **made, apr_pool_t *parent,
                                apr_abortfunc_t abort_function,
                                apr_allocator_t *allocator)
{
    int error = parent == NULL ? setup_fails() : 0;

    if (error == 0)
        return real_pool(made, parent, abort_function, allocator);
    *made = NULL;
    return error;
}

apr_status_t apr_os_pipe_put_ex(apr_file_t **file, apr_os_file_t *fd,
                                int register_cleanup, apr_pool_t *p)
{
    int error = setup_fails();

    return error != 0 ? error : real_pipe(file, fd, register_cleanup, p);
}
