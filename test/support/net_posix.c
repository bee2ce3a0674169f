/* SPDX-License-Identifier: Apache-2.0 */

/* What POSIX can be asked. Nothing here waits, or takes a pending error away
 * from a socket. */

#define NET_ITSELF
#include "net.h"

#include <apr_portable.h>
#include <apr_thread_mutex.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The option that holds half-full segments back, where there is one. */
#if defined(TCP_CORK)
#define NET_CORK TCP_CORK
#elif defined(TCP_NOPUSH)
#define NET_CORK TCP_NOPUSH
#else
#define NET_CORK (-1)
#endif

/* macOS and the BSDs: no SIGPIPE from this socket. */
#ifdef SO_NOSIGPIPE
#define NET_NOSIGPIPE SO_NOSIGPIPE
#else
#define NET_NOSIGPIPE (-1)
#endif

/* The thread sanitizer opens files of its own, when it likes. */
#if defined(__SANITIZE_THREAD__)
#define NET_DESCRIPTORS 0
#elif defined(__clang__)
#if __has_feature(thread_sanitizer)
#define NET_DESCRIPTORS 0
#endif
#endif
#ifndef NET_DESCRIPTORS
#define NET_DESCRIPTORS 1
#endif

/* macOS: no SIGPIPE from this pipe. */
#ifdef F_GETNOSIGPIPE
#define NET_GETNOSIGPIPE F_GETNOSIGPIPE
#else
#define NET_GETNOSIGPIPE F_GETFD /* which is asked anyway */
#endif

#define SIGNALS 64

static apr_int64_t bits_of(const sigset_t *set)
{
    apr_int64_t bits = 0;
    int i;

    for (i = 1; i < SIGNALS; i++)
        if (sigismember(set, i) == 1)
            bits |= (apr_int64_t)1 << i;
    return bits;
}

static void ask_signals(net_state_t *state)
{
    struct sigaction action;
    sigset_t set;

    pthread_sigmask(SIG_BLOCK, NULL, &set);
    net_add(state, "the signal mask", NET_SAME, bits_of(&set));
    sigpending(&set);
    net_add(state, "a pending SIGPIPE", NET_SAME, sigismember(&set, SIGPIPE));
    sigaction(SIGPIPE, NULL, &action);
    net_add(state, "what SIGPIPE does", NET_SAME,
            (apr_int64_t)(apr_uintptr_t)action.sa_handler);
}

/* The number that the next descriptor would get: one that was left open, or
 * closed, changes it. */
static void ask_descriptors(net_state_t *state)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    int next;

    pthread_mutex_lock(&one_at_a_time);
    next = dup(STDERR_FILENO);
    if (next >= 0)
        close(next);
    pthread_mutex_unlock(&one_at_a_time);
    net_add(state, "the next free descriptor", NET_LEAST, next);
}

static apr_int64_t option(int fd, int level, int name)
{
    int value = 0;
    socklen_t len = sizeof(value);

    if (name == -1 || getsockopt(fd, level, name, &value, &len) != 0)
        return -1;
    return value != 0;
}

static apr_int64_t send_timeout(int fd)
{
    struct timeval value = {0, 0};
    socklen_t len = sizeof(value);

    if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, &len) != 0)
        return -1;
    return (apr_int64_t)value.tv_sec * 1000000 + value.tv_usec;
}

static void ask_modes(net_state_t *state, int fd)
{
    net_add(state, "F_GETFL", NET_SAME, fcntl(fd, F_GETFL));
    net_add(state, "F_GETFD", NET_SAME, fcntl(fd, F_GETFD));
    net_add(state, "F_GETNOSIGPIPE", NET_SAME, fcntl(fd, NET_GETNOSIGPIPE));
}

static void ask_options(net_state_t *state, int fd)
{
    net_add(state, "SO_SNDTIMEO", NET_SAME, send_timeout(fd));
    net_add(state, "SO_NOSIGPIPE", NET_SAME,
            option(fd, SOL_SOCKET, NET_NOSIGPIPE));
    net_add(state, "TCP_NODELAY", NET_SAME,
            option(fd, IPPROTO_TCP, TCP_NODELAY));
    net_add(state, "TCP_CORK", NET_DELAYS, option(fd, IPPROTO_TCP, NET_CORK));
}

void net_ask_system(net_state_t *state, const net_target_t *target)
{
    int error = errno;
    apr_os_sock_t sock = -1;
    apr_os_file_t file = -1;

    ask_signals(state);
    if (NET_DESCRIPTORS)
        ask_descriptors(state);
    if (target->sock != NULL && apr_os_sock_get(&sock, target->sock) == 0) {
        ask_modes(state, sock);
        ask_options(state, sock);
    }
    if (target->file != NULL && apr_os_file_get(&file, target->file) == 0)
        ask_modes(state, file);
    errno = error;
}
