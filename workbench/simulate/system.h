/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file system.h
 * What the library asks of the system: memory, clocks, sleep, the monitor of
 * a locked writer, and reading of files. The linker puts these in the places
 * of the system's, for what is linked into the program: lwIP, APR and OpenSSL
 * keep theirs. CMakeLists.txt says which they are.
 */

#ifndef SYSTEM_H
#define SYSTEM_H

#include "world.h"

/** Bytes of a block of scratch memory, as bufv.h says. */
#define SYSTEM_BLOCK ((size_t)512 * 1024)

/** What the library has of memory: bytes that it has not given back, and how
 * often it asked for some, or for more. */
typedef struct system_memory_t {
    size_t bytes;
    uint64_t allocations;
} system_memory_t;

extern system_memory_t system_memory;

/** Not 0: nothing is left for the library. */
extern int system_memory_lacks;

/** Not 0: an attempt has the block of scratch memory. There is one, from
 * before the first seed on, so that all seeds begin with the same; another is
 * asked for while it is lent, and never got. */
extern int system_block_is_lent;

/** What the program does about it. Each may be NULL. */
typedef struct system_watch_t {
    /** Sleeps, in place of apr_sleep(): may end early. */
    void (*sleep)(apr_interval_time_t time);

    /** A thread waits for the turn of a writer: begins, and has ended. */
    void (*turn_awaited)(apr_interval_time_t timeout);
    void (*turn_wait_ended)(void);

    /** Whether reading a file shall fail. */
    int (*read_fails)(void);
} system_watch_t;

extern system_watch_t system_watch;

/** How far the wall's clock is ahead of the world's. */
apr_time_t system_wall(void);

/** Somebody sets the wall's clock. */
void system_wall_jump(void);

/** At the beginning and the end of a seed. At the end all memory has to have
 * been given back but for that block. */
void system_begin(void);
void system_end(void);

/** At the end of the process: the library is unloaded, and has nothing any
 * more. */
void system_unload(void);

#endif /* SYSTEM_H */
