/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file scripted.h
 * A transport that does what a script says: a bufv_ops_t without a socket.
 *
 * It takes so many bytes, is full, fails, lies, waits on a clock that the
 * test moves, and records all that it was asked. A transport of your own has
 * the same operations.
 *
 *     static const scripted_step_t steps[] = {
 *         {3, APR_SUCCESS, 0},         takes three bytes: a short write
 *         {2, APR_EAGAIN, 0},          takes two and is full
 *         {0, APR_ECONNRESET, 0},      fails
 *     };
 *     scripted_t *s = scripted_new(pool);
 *     scripted_play(s, steps, COUNT(steps));
 *     scripted_open(s);
 *     status = bufv_write(v, s->w, &written);
 *     scripted_assert_kept(s);
 */

#ifndef SCRIPTED_H
#define SCRIPTED_H

#include "suite.h"

/** Takes all that an attempt offers. */
#define SCRIPTED_ALL ((apr_size_t)-1)

/** What one attempt does. */
typedef struct scripted_step_t {
    apr_size_t take;     /**< bytes that it takes, at most */
    apr_status_t status; /**< what it says */
    apr_size_t beyond;   /**< bytes that it claims and was not given */
} scripted_step_t;

/** What one wait does. One that would move the clock to the end of its
 * timeout or past it moves it just there and says APR_TIMEUP, as the real
 * ones do, unless its status is an error of its own. */
typedef struct scripted_wait_t {
    apr_interval_time_t advance; /**< how far it moves the clock */
    apr_status_t status;         /**< what it says */
} scripted_wait_t;

/** What one attempt was asked. */
typedef struct scripted_attempt_t {
    apr_size_t nvec, asked, took;
    const void *base; /**< of the first entry; NULL: a file's part */
    apr_size_t base_len;
    int more;
    apr_status_t status;
} scripted_attempt_t;

/** How many attempts and waits are recorded one by one. */
#define SCRIPTED_RECORDS 4096

typedef struct scripted_t {
    apr_pool_t *pool;
    bufv_ops_t ops;   /**< change it before scripted_open() */
    bufv_writer_t *w; /**< made by scripted_open() */

    /* the script */
    const scripted_step_t *steps;
    apr_size_t nsteps;
    scripted_step_t otherwise; /**< attempts after the last step */
    const scripted_wait_t *waits;
    apr_size_t nwaits;
    scripted_wait_t otherwise_wait; /**< waits after the last */
    int trip_armed;                 /**< one event at a byte */
    int trip_alone;                 /**< it comes with no byte before it */
    apr_uint64_t trip_at;
    scripted_step_t trip;
    apr_interval_time_t stall; /**< what `timeout` says; -1 to begin with */
    apr_status_t begin_status;
    int no_sendfile; /**< `sendfile` says APR_ENOTIMPL */

    apr_time_t clock; /**< what `now` says; `wait` and `pause` move it */
    int borrowed;     /**< between `begin` and `end` */
    int held;         /**< by `more` of an attempt, and not flushed */

    /* what must hold in each attempt */
    const bufv_t *list;   /**< its length says what `more` must be */
    apr_size_t max_vec;   /**< in force, see scripted_limits() */
    apr_size_t max_bytes; /**< in force */
    char broken[200];     /**< the first thing that did not hold */

    /* the record */
    int discard;          /**< do not look at the bytes, nor keep them */
    unsigned char *got;   /**< bytes taken, in order */
    apr_uint64_t got_len; /**< their number */
    apr_size_t got_room;
    apr_size_t attempts; /**< their number */
    apr_size_t waited;   /**< waits, their number */
    apr_size_t begins, ends, files, flushes, destroys;
    apr_size_t pauses;          /**< their number */
    apr_interval_time_t paused; /**< and their sum */
    scripted_attempt_t attempt[SCRIPTED_RECORDS];
    apr_interval_time_t timeout[SCRIPTED_RECORDS]; /**< of each wait */
    apr_interval_time_t pause[SCRIPTED_RECORDS];
} scripted_t;

/** A transport that takes everything, as yet without a writer. */
scripted_t *scripted_new(apr_pool_t *p);

/** One without a clock of its own, and without pauses: the system's. */
scripted_t *scripted_in_real_time(apr_pool_t *p);

/** Gives it `sendfile`; before scripted_open(). */
void scripted_sends_files(scripted_t *s);

/** Makes the writer, under the settings of the command line. */
void scripted_open(scripted_t *s);

/** Both at once, for a list; `more` is checked against it. */
scripted_t *scripted_for(const bufv_t *v);

/** The first attempts follow these steps. */
void scripted_play(scripted_t *s, const scripted_step_t *steps,
                   apr_size_t nsteps);

/** The first waits follow these. */
void scripted_play_waits(scripted_t *s, const scripted_wait_t *waits,
                         apr_size_t nwaits);

/** Sets limits of the writer, and what attempts are checked against. */
void scripted_limits(scripted_t *s, apr_size_t max_vec, apr_size_t max_bytes);

/** Forgets what was recorded; the script goes on. */
void scripted_forget(scripted_t *s);

/** No attempt was asked what it must not be. */
void scripted_assert_kept(const scripted_t *s);

/** Exactly these bytes were taken. */
void scripted_assert_got(const scripted_t *s, const void *bytes,
                         apr_size_t len);

#endif /* SCRIPTED_H */
