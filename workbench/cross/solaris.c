/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file solaris.c
 * Solaris' rules, imposed on another system: the linker puts these in the
 * place of sendmsg() and writev(), by --wrap (see `run`).
 *
 * - more than 16 entries, or none, is EINVAL; nothing is written
 * - with BUFV_TEST_SHORT=N in the environment a stream takes at most N bytes
 *   a call, as it may anywhere at any time
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define ENTRIES 16

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __real_writev(int fd, const struct iovec *vec, int count);
ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_writev(int fd, const struct iovec *vec, int count);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

/* What one call takes of a stream: 0 for as much as the system does. */
static size_t limit(int fd)
{
    const char *value = getenv("BUFV_TEST_SHORT");
    int type = SOCK_STREAM;
    socklen_t len = sizeof(type);

    if (value == NULL)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
        type != SOCK_STREAM)
        return 0;
    return (size_t)strtoul(value, NULL, 10);
}

/* Copies entries up to the limit. Returns how many, or -1 where there are
 * too many or none. */
static int admit(int fd, struct iovec *to, const struct iovec *from,
                 size_t count)
{
    size_t most = limit(fd);
    size_t i;

    if (count == 0 || count > ENTRIES) {
        errno = EINVAL;
        return -1;
    }
    for (i = 0; i < count; i++) {
        to[i] = from[i];
        if (most == 0)
            continue;
        if (to[i].iov_len >= most) {
            to[i].iov_len = most;
            return (int)i + 1;
        }
        most -= to[i].iov_len;
    }
    return (int)count;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    struct iovec vec[ENTRIES];
    struct msghdr less = *msg;
    int n = admit(fd, vec, msg->msg_iov, msg->msg_iovlen);

    if (n < 0)
        return -1;
    less.msg_iov = vec;
    less.msg_iovlen = (unsigned short)n; /* an int here, a size_t there */
    return __real_sendmsg(fd, &less, flags);
}

ssize_t __wrap_writev(int fd, const struct iovec *from, int count)
{
    struct iovec vec[ENTRIES];
    int n = admit(fd, vec, from, count < 0 ? 0 : (size_t)count);

    return n < 0 ? -1 : __real_writev(fd, vec, n);
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    size_t most = limit(fd);

    return __real_send(fd, data, most > 0 && len > most ? most : len, flags);
}
