/* SPDX-License-Identifier: Apache-2.0 */

#include "system.h"
#include "fiber.h"
#include "list.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The library's monotonic clock says so when the world's says 0. */
#define MONOTONIC 123456

/* The name of the function that the linker puts in the place of another. */
#define IN_PLACE_OF(name) __wrap_##name

system_memory_t system_memory;
int system_memory_lacks;
int system_block_is_lent;
system_watch_t system_watch;

static int in_seed;
static size_t bytes_before; /* that it had at the beginning of the seed */
static apr_time_t wall;
static void (*unload)(void); /* what the library has for its end */

/* ---- memory: the size is in front of it
 *
 * In the simulation itself malloc() is the system's: see CMakeLists.txt. */

#define HEAD offsetof(head_t, bytes)

/* So much of what is freed is scribbled over; a sanitizer sees to it itself.
 */
#ifdef __SANITIZE_ADDRESS__
#define SCRIBBLED ((size_t)0)
#else
#define SCRIBBLED ((size_t)256)
#endif

typedef struct head_t {
    size_t size;
    max_align_t bytes[];
} head_t;

void *IN_PLACE_OF(malloc)(size_t size);
void *IN_PLACE_OF(calloc)(size_t count, size_t size);
void *IN_PLACE_OF(realloc)(void *data, size_t size);
void IN_PLACE_OF(free)(void *data);
int IN_PLACE_OF(atexit)(void (*run)(void));

static head_t *head_of(void *data)
{
    return (head_t *)(void *)((char *)data - HEAD);
}

/* The block is kept, so that nobody asks for another unless it is lent. */
static int lacks_block(size_t size)
{
    if (!in_seed || size != SYSTEM_BLOCK)
        return 0;
    HOLDS(system_block_is_lent);
    return 1;
}

static void *taken(head_t *head, size_t size)
{
    HOLDS(head != NULL);
    head->size = size;
    system_memory.bytes += size;
    system_memory.allocations++;
    return head->bytes;
}

void *IN_PLACE_OF(malloc)(size_t size)
{
    if (system_memory_lacks || lacks_block(size))
        return NULL;
    return taken(malloc(HEAD + size), size);
}

void *IN_PLACE_OF(calloc)(size_t count, size_t size)
{
    if (system_memory_lacks)
        return NULL;
    return taken(calloc(1, HEAD + count * size), count * size);
}

void *IN_PLACE_OF(realloc)(void *data, size_t size)
{
    head_t *head = data != NULL ? head_of(data) : NULL;

    if (system_memory_lacks)
        return NULL;
    system_memory.bytes -= head != NULL ? head->size : 0;
    return taken(realloc(head, HEAD + size), size);
}

/* Scribbles: whoever reads what was freed shall notice. */
void IN_PLACE_OF(free)(void *data)
{
    head_t *head;

    if (data == NULL)
        return;
    head = head_of(data);
    system_memory.bytes -= head->size;
    memset(data, 0xdd, head->size < SCRIBBLED ? head->size : SCRIBBLED);
    free(head);
}

int IN_PLACE_OF(atexit)(void (*run)(void))
{
    unload = run;
    return 0;
}

/* ---- time */

apr_time_t IN_PLACE_OF(bufv__clock)(void);
apr_time_t IN_PLACE_OF(apr_time_now)(void);
void IN_PLACE_OF(apr_sleep)(apr_interval_time_t time);

apr_time_t IN_PLACE_OF(bufv__clock)(void)
{
    return world_now() + MONOTONIC;
}

apr_time_t IN_PLACE_OF(apr_time_now)(void)
{
    return world_now() + wall;
}

void IN_PLACE_OF(apr_sleep)(apr_interval_time_t time)
{
    HOLDS(time > 0 && system_watch.sleep != NULL);
    system_watch.sleep(time);
}

apr_time_t system_wall(void)
{
    return wall;
}

void system_wall_jump(void)
{
    wall = 1700000000000000 + (apr_time_t)rnd(2000000000) * 1000;
}

/* ---- the monitor: fibers change only where they wait */

typedef struct monitor_t {
    int entered;
    uint64_t wakes;
} monitor_t;

/* One that waits for a wake. */
typedef struct waiter_t {
    const monitor_t *monitor;
    uint64_t wakes;
} waiter_t;

apr_status_t IN_PLACE_OF(bufv__monitor_create)(monitor_t **m);
void IN_PLACE_OF(bufv__monitor_destroy)(monitor_t *m);
int IN_PLACE_OF(bufv__monitor_is_inherited)(const monitor_t *m);
void IN_PLACE_OF(bufv__monitor_enter)(monitor_t *m);
void IN_PLACE_OF(bufv__monitor_leave)(monitor_t *m);
void IN_PLACE_OF(bufv__monitor_wait)(monitor_t *m, apr_interval_time_t time);
void IN_PLACE_OF(bufv__monitor_wake)(monitor_t *m);

apr_status_t IN_PLACE_OF(bufv__monitor_create)(monitor_t **m)
{
    *m = IN_PLACE_OF(calloc)(1, sizeof(**m));
    return *m != NULL ? APR_SUCCESS : APR_ENOMEM;
}

void IN_PLACE_OF(bufv__monitor_destroy)(monitor_t *m)
{
    HOLDS(!m->entered);
    IN_PLACE_OF(free)(m);
}

int IN_PLACE_OF(bufv__monitor_is_inherited)(const monitor_t *m)
{
    (void)m;
    return 0;
}

/* Where threads wait in the monitor, all others would wait for them. */
void IN_PLACE_OF(bufv__monitor_enter)(monitor_t *m)
{
    HOLDS(!m->entered);
    m->entered = 1;
}

void IN_PLACE_OF(bufv__monitor_leave)(monitor_t *m)
{
    HOLDS(m->entered);
    m->entered = 0;
}

static int is_woken(void *baton)
{
    const waiter_t *waiter = baton;

    return waiter->monitor->wakes != waiter->wakes;
}

/* Now and then it ends for nothing. */
void IN_PLACE_OF(bufv__monitor_wait)(monitor_t *m, apr_interval_time_t time)
{
    waiter_t waiter = {m, m->wakes};
    apr_time_t until = time < 0 ? -1 : world_now() + time;

    if (system_watch.turn_awaited != NULL)
        system_watch.turn_awaited(time);
    IN_PLACE_OF(bufv__monitor_leave)(m);
    if (chance(100))
        fiber_yield();
    else
        fiber_wait(is_woken, &waiter, until);
    IN_PLACE_OF(bufv__monitor_enter)(m);
    if (system_watch.turn_wait_ended != NULL)
        system_watch.turn_wait_ended();
}

void IN_PLACE_OF(bufv__monitor_wake)(monitor_t *m)
{
    HOLDS(m->entered);
    m->wakes++;
}

/* ---- files: all of them have the pattern in them */

ssize_t IN_PLACE_OF(pread)(int fd, void *to, size_t len, off_t offset);

static ssize_t fails_with(int error)
{
    errno = error;
    return -1;
}

/* Signals interrupt it, and counts are short, as other systems have them. */
ssize_t IN_PLACE_OF(pread)(int fd, void *to, size_t len, off_t offset)
{
    (void)fd;
    if (system_watch.read_fails != NULL && system_watch.read_fails())
        return fails_with(EAGAIN);
    if (chance(10))
        return fails_with(EINTR);
    if (offset < 0)
        return fails_with(EINVAL);
    if (offset >= (off_t)PATTERN || len == 0)
        return 0;
    if (len > PATTERN - (size_t)offset)
        len = PATTERN - (size_t)offset;
    if (chance(10))
        len = 1 + rnd((uint32_t)len);
    memcpy(to, pattern + offset, len);
    return (ssize_t)len;
}

/* ---- a seed */

void system_begin(void)
{
    in_seed = 1;
    bytes_before = system_memory.bytes;
    system_memory_lacks = system_block_is_lent = 0;
    system_wall_jump();
}

void system_end(void)
{
    HOLDS(system_memory.bytes == bytes_before);
    in_seed = 0;
}

void system_unload(void)
{
    if (unload != NULL)
        unload();
    HOLDS(system_memory.bytes == 0);
}
