/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file ends.h
 * The two ends of everything that can be written to and be full, where there
 * is POSIX: descriptors that block, as programs have them; and a thread that
 * reads the far one, with all signals blocked.
 */

#ifndef ENDS_H
#define ENDS_H

#include "suite.h"

#include <pthread.h>

typedef enum ends_kind_t {
    ENDS_TCP,
    ENDS_UNIX,
    ENDS_UNIX_AS_FILE, /**< a socket that APR takes for a file */
    ENDS_PIPE,
    ENDS_FIFO,
    ENDS_TERMINAL, /**< raw: the bytes come as they were written */
    ENDS_KINDS
} ends_kind_t;

extern const char *const ends_names[ENDS_KINDS];

typedef struct ends_t {
    ends_kind_t kind;
    int near_end, far_end; /**< -1: closed by the test */
} ends_t;

/** Opens both. Where a terminal has no end, the test ends here and says so. */
void ends_open(ends_t *e, ends_kind_t kind);

/** A handle of APR's for the near end, and not the only one. */
apr_socket_t *ends_socket(const ends_t *e);
apr_file_t *ends_file(const ends_t *e);

/** A writer for the near end, by a handle of its own. */
bufv_writer_t *ends_writer(const ends_t *e);

/** Writes a text by a writer of its own, without waiting. For a child of
 * fork(): the net is not asked, whose lock may have been another thread's. */
apr_status_t ends_write_in_child(const ends_t *e, const char *text);

/** Ends a child of fork(), as _exit() does. What ci/coverage counted in it is
 * not lost. */
void ends_child(int code) __attribute__((noreturn));

/** Whether the near end blocks, as it did to begin with. */
int ends_blocks(const ends_t *e);

/** Who reads the far end. */
typedef struct taker_t {
    int fd;
    apr_size_t piece;            /**< most bytes of one read; 0: 10,000 */
    apr_interval_time_t pause;   /**< after each read */
    const unsigned char *expect; /**< what has to come; NULL: anything */
    apr_size_t got;              /**< bytes that came */
    apr_size_t wrong;            /**< reads that brought others */
    apr_size_t of[256];          /**< how often each byte came */
    pthread_t thread;
} taker_t;

/** Begins to read until the end. All but what is set is 0. */
void taker_start(taker_t *t, const ends_t *e);

/** Closes the near end, and waits for the end of what is read. */
void taker_finish(taker_t *t, ends_t *e);

/** A signal every so many microseconds, which interrupts calls; 0 ends it. */
void storm(long usec);

#endif /* ENDS_H */
