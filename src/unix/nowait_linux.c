/* SPDX-License-Identifier: Apache-2.0 */

/* Linux writes to a pipe without waiting and without a mode: pwritev2() with
 * RWF_NOWAIT. Pipes know it since 6.4; those with a name and terminals do
 * not. */

#include "refs.h"
#include "unix.h"

#include <errno.h>
#include <fcntl.h>
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
static bufv__flag_t is_asked;  /* the kernel has been asked */
static bufv__flag_t is_heeded; /* it looks at the flags */

/* gVisor takes any flag for a pipe, and waits and raises SIGPIPE all the same;
 * Linux refuses those that it does not know. A sandbox may refuse the call as
 * such, with EPERM as a rule, which is no answer of a pipe's. A pipe of our
 * own tells. Threads may ask at the same time: the answer is the same. */
static void ask(void)
{
    char nothing = 0;
    struct iovec byte = {&nothing, 1};
    int ends[2];
    long n;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    do
        n = syscall(SYS_pwritev2, ends[1], &byte, 1, -1L, -1L, UNKNOWN);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EOPNOTSUPP || errno == EINVAL))
        (void)bufv__flag_take(&is_heeded);
    (void)bufv__flag_take(&is_asked);
    close(ends[0]);
    close(ends[1]);
}

ssize_t bufv__write_nowait(int fd, const struct iovec *vec, apr_size_t nvec,
                           bufv__method_t method)
{
    int flags = method == BUFV__METHOD_SILENT ? NOWAIT | NOSIGNAL : NOWAIT;

    if (!bufv__flag_is_taken(&is_asked))
        ask();
    if (!bufv__flag_is_taken(&is_heeded)) {
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
