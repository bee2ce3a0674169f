/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file uml_xstate.c
 * Lets user-mode Linux 6.1 run on processors with AMX (LD_PRELOAD).
 *
 * User-mode Linux keeps 2,696 bytes of a process' floating point registers.
 * Where the processor has AMX, the state of a process is 11,008 bytes long,
 * and the host refuses to set a part of it: "ptrace set fp regs failed,
 * errno = 14", and the kernel panics before init. The part that user-mode
 * Linux does not know belongs to AMX, which none of its processes uses, so
 * it is read before the rest is set, and goes back as it was.
 */

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define STATE_MAX 65536 /* no processor's state is nearly as long */

static long call(long request, pid_t pid, void *address, void *data)
{
    return syscall(SYS_ptrace, request, pid, address, data);
}

/* Sets the first bytes of the state, and leaves the others. */
static long set_part(pid_t pid, void *address, const struct iovec *part)
{
    static unsigned char state[STATE_MAX];
    struct iovec whole = {state, sizeof(state)};

    if (call(PTRACE_GETREGSET, pid, address, &whole) != 0)
        return -1;
    memcpy(state, part->iov_base,
           part->iov_len < whole.iov_len ? part->iov_len : whole.iov_len);
    return call(PTRACE_SETREGSET, pid, address, &whole);
}

/* What the C library's does with the requests that user-mode Linux makes. */
long ptrace(enum __ptrace_request request, ...)
{
    void *address, *data;
    long result, word;
    va_list args;
    pid_t pid;

    va_start(args, request);
    pid = va_arg(args, pid_t);
    address = va_arg(args, void *);
    data = va_arg(args, void *);
    va_end(args);
    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
        return set_part(pid, address, data);
    if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA &&
        request != PTRACE_PEEKUSER)
        return call((long)request, pid, address, data);
    result = call((long)request, pid, address, &word);
    if (result != 0)
        return result;
    errno = 0;
    return word;
}
