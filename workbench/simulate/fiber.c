/* SPDX-License-Identifier: Apache-2.0 */

#include "fiber.h"

#include <apr_portable.h>

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* A write takes less than 48 KiB, a handshake of TLS more. */
#define STACK ((size_t)256 * 1024)
#define GUARD ((size_t)64 * 1024) /* a page or more, whatever its size */

/* A fiber is entered by makecontext(), and from then on by _longjmp(): that
 * makes no system call, and there are more switches than anything else. */
typedef struct fiber_t {
    ucontext_t context;
    jmp_buf place; /* where it goes on */
    int begun;
    unsigned char *stack; /* kept from seed to seed */
    void (*run)(void *arg);
    void *arg;
    int ended;
    int (*is_ready)(void *baton);
    void *baton;
    apr_time_t until;
} fiber_t;

static fiber_t fibers[FIBERS_MAX];
static int count, current = -1;
static jmp_buf outside;

/* The library asks this to tell threads apart. */
apr_os_thread_t apr_os_thread_current(void)
{
    return (apr_os_thread_t)(current + 2);
}

int fiber_self(void)
{
    return current;
}

static void begin(void)
{
    fiber_t *f = &fibers[current];

    f->run(f->arg);
    f->ended = 1;
    _longjmp(outside, 1);
}

static void *stack_new(void)
{
    unsigned char *memory = mmap(NULL, STACK + GUARD, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory, GUARD, PROT_NONE) != 0)
        wrong(__FILE__, __LINE__, "no memory for a stack");
    return memory + GUARD;
}

void fiber_start(void (*run)(void *arg), void *arg)
{
    fiber_t *f = &fibers[count];
    unsigned char *stack = f->stack;

    HOLDS(count < FIBERS_MAX);
    count++;
    memset(f, 0, sizeof(*f));
    f->stack = stack != NULL ? stack : stack_new();
    f->run = run;
    f->arg = arg;
    f->until = world_now();
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK;
    makecontext(&f->context, begin, 0);
}

void fiber_wait(int (*is_ready)(void *baton), void *baton, apr_time_t until)
{
    fiber_t *f = &fibers[current];

    HOLDS(current >= 0);
    f->is_ready = is_ready;
    f->baton = baton;
    f->until = until < 0 ? INT64_MAX : until;
    if (_setjmp(f->place) == 0)
        _longjmp(outside, 1);
}

void fiber_yield(void)
{
    fiber_wait(NULL, NULL, world_now());
}

static int can_run(const fiber_t *f)
{
    return !f->ended && (f->until <= world_now() ||
                         (f->is_ready != NULL && f->is_ready(f->baton)));
}

/* One of those that can run, or -1. */
static int choose(void)
{
    int can[FIBERS_MAX], n = 0, i;

    for (i = 0; i < count; i++) {
        if (can_run(&fibers[i]))
            can[n++] = i;
    }
    return n == 0 ? -1 : can[n == 1 ? 0 : rnd((uint32_t)n)];
}

static void resume(int i)
{
    fiber_t *f = &fibers[i];

    current = i;
    if (_setjmp(outside) == 0) {
        if (f->begun)
            _longjmp(f->place, 1);
        f->begun = 1;
        setcontext(&f->context);
    }
    current = -1;
}

/* When the first of them gives up waiting. Returns 0 if none is left. */
static int first_until(apr_time_t *first)
{
    int i, left = 0;

    *first = INT64_MAX;
    for (i = 0; i < count; i++) {
        if (fibers[i].ended)
            continue;
        left = 1;
        if (fibers[i].until < *first)
            *first = fibers[i].until;
    }
    return left;
}

void fibers_run(apr_time_t limit)
{
    apr_time_t until;

    while (first_until(&until)) {
        int i = choose();

        if (i >= 0)
            resume(i);
        else if (!world_advance(until))
            wrong(__FILE__, __LINE__, "a fiber waits for what will not be");
        if (world_now() > limit)
            wrong(__FILE__, __LINE__, "it takes too long");
    }
    count = 0;
}
