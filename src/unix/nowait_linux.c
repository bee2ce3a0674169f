/* SPDX-License-Identifier: Apache-2.0 */

/* Linux writes to a pipe without waiting and without a mode: pwritev2() with
 * RWF_NOWAIT. Pipes know it since 6.4; those with a name and terminals do
 * not. */

#include "unix.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kernel's numbers, which older headers lack: RWF_NOSIGNAL came with
 * 6.18. */
#define NOWAIT 0x00000008
#define NOSIGNAL 0x00000100

/* A flag that no kernel knows. */
#define UNKNOWN 0x40000000

/* Not every C library has the call. The position, in two halves, is -1: the
 * file's own. */
#ifdef SYS_pwritev2
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_heeded; /* the kernel looks at the flags */

/* gVisor takes any flag for a pipe, and waits and raises SIGPIPE all the same;
 * Linux refuses those that it does not know. A pipe of our own tells. */
static void ask(void)
{
    struct iovec byte = {(char *)&is_heeded, 1};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    is_heeded =
        syscall(SYS_pwritev2, ends[1], &byte, 1, -1L, -1L, UNKNOWN) < 0;
    close(ends[0]);
    close(ends[1]);
}

ssize_t bufv__write_nowait(int fd, const struct iovec *vec, apr_size_t nvec,
                           bufv__method_t method)
{
    int flags = method == BUFV__METHOD_SILENT ? NOWAIT | NOSIGNAL : NOWAIT;

    pthread_once(&once, ask);
    if (!is_heeded) {
        errno = ENOSYS;
        return -1;
    }
    return syscall(SYS_pwritev2, fd, vec, nvec, -1L, -1L, flags);
}
#else
ssize_t bufv__write_nowait(int fd, const struct iovec *vec, apr_size_t nvec,
                           bufv__method_t method)
{
    (void)fd;
    (void)vec;
    (void)nvec;
    (void)method;
    errno = ENOSYS;
    return -1;
}
#endif
