/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file suite.h
 * What every topic of the suite shares: a pool for each test, the settings of
 * the command line, assertions on statuses and lists, and a hook that sums.
 */

#ifndef SUITE_H
#define SUITE_H

/* Many tests hand over NULL, which a compiler would warn of. */
#define BUFV_LENIENT
#include <bufv.h>

#include "net.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <check.h>

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Entries of an array. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** The longest chunk that a list takes. */
#define CHUNK_MAX ((apr_size_t)-1 / 2)

/** A pool that is fresh for every test, and destroyed after it. */
extern apr_pool_t *pool;

/** The back end that is tested: "unix", "win32" or "generic". */
extern const char *const test_backend;

/** One group of tests: `bufv_test_unix list` runs the topic "list". */
typedef struct topic_t {
    const char *name;
    void (*add_tests)(TCase *tc);
} topic_t;

/** One line of the list of topics, which test/CMakeLists.txt has. */
typedef struct topic_entry_t {
    const char *name;
    const topic_t *topic; /**< NULL: it is left out here */
    const char *why_not;
    int by_name; /**< runs only if it is named */
} topic_entry_t;

/** The topics of this program, those that are left out among them. The last
 * one has no name. */
extern const topic_entry_t test_topics[];

/* ---- settings */

/** What the command line asks for: `--max-vec N`, `--copy-below N`. Tests
 * compute what they expect from these; a test that needs others sets them. */
typedef struct settings_t {
    apr_size_t max_vec; /**< 0: the transport's own */
    int copy_below_given;
    apr_size_t copy_below;
} settings_t;

extern settings_t settings;

/** Gives a writer the settings. */
void settings_apply(bufv_writer_t *w);

/** The entries that one attempt takes of a transport that takes `own`, under
 * the settings. */
apr_size_t settings_max_vec(apr_size_t own);

/** The fewest attempts that `chunks` entries take. */
apr_uint64_t attempts_for(apr_uint64_t chunks, apr_size_t max_vec);

/* ---- assertions */

/** A status as text, for messages. */
const char *status_text(apr_status_t status);

/** The expression is APR_SUCCESS. */
#define assert_ok(expr)                                                       \
    do {                                                                      \
        apr_status_t ok_ = (expr);                                            \
        ck_assert_msg(ok_ == APR_SUCCESS, "%s: %s", #expr, status_text(ok_)); \
    } while (0)

/** A status that does not matter here, and why a compiler need not warn. */
void ignore(apr_status_t status);

/** Keeps the first failure in `first`, for loops of a million rounds, where
 * an assertion each (which check writes to a file) would take most of the
 * time, and for those that count allocations, which check makes too. */
#define note(first, expr)            \
    do {                             \
        apr_status_t note_ = (expr); \
        if ((first) == APR_SUCCESS)  \
            (first) = note_;         \
    } while (0)

/** The expression is a status of the kind that the macro `IS` tells. */
#define assert_is(expr, IS)                                                  \
    do {                                                                     \
        apr_status_t is_ = (expr);                                           \
        ck_assert_msg(IS(is_), "%s: %s, not " #IS, #expr, status_text(is_)); \
    } while (0)

/** The peer is gone. */
#define STATUS_IS_GONE(s)                                     \
    (APR_STATUS_IS_EPIPE(s) || APR_STATUS_IS_ECONNRESET(s) || \
     APR_STATUS_IS_ECONNABORTED(s))

/** A message is too big to go whole. */
#define STATUS_IS_TOO_BIG(s) (APR_STATUS_IS_EINVAL(s) || is_msgsize(s))
int is_msgsize(apr_status_t status);

/** "No buffer space", as this platform says it. */
apr_status_t no_buffer_space(void);

/** The list holds exactly these bytes, told by length, count and peek. */
void assert_bytes(bufv_t *v, const void *bytes, apr_size_t len);
#define assert_text(v, text) assert_bytes((v), (text), strlen(text))

/** The list holds exactly these chunks; `want` ends with NULL. */
void assert_chunks(bufv_t *v, const char *const *want);

/** Prints why a test does not run here, and counts it. */
void skip(const char *test, const char *why);

/** Waits for the end of a thread, whose function returned. */
void thread_join(apr_thread_t *thread);

/** Whether the environment variable `name` is set and not empty. */
int env_is_set(const char *name);

/* ---- structs with a size */

/** Operations that are all 0 but for their size. */
bufv_ops_t ops_new(void);

/** The report of a writer's last write, and its counters. */
bufv_report_t report_of(const bufv_writer_t *w);
bufv_stats_t stats_of(const bufv_writer_t *w);

/** Terms of a write. */
bufv_terms_t terms_of(int wait, apr_interval_time_t within,
                      apr_uint64_t budget);

/* ---- lists */

/** An empty list in the test's pool. */
bufv_t *list_new(void);

/** A list of borrowed texts; `chunks` ends with NULL. */
bufv_t *list_of(const char *const *chunks);

/** A list of `n` chunks of `len` bytes each from `data`, one after the other,
 * `stride` bytes apart. */
bufv_t *list_cut(const unsigned char *data, apr_size_t n, apr_size_t len,
                 apr_size_t stride);

/** Bytes without a short period: byte i of stream `seed`. Allocated in the
 * test's pool. */
unsigned char *bytes_new(apr_size_t len, unsigned int seed);

/** A pointer that nobody may follow. */
const void *wild(void);

/* ---- files */

/** A new file of these bytes, open to be read and written, which goes when it
 * is closed. `more_flags` are APR's, beside those. */
apr_file_t *file_new(const void *bytes, apr_size_t len,
                     apr_int32_t more_flags);

/** The same, of a text, which may be sent unread. */
apr_file_t *file_text(const char *text);

/* ---- hook */

/** A sum over what the hook was told. */
typedef struct tally_t {
    apr_uint64_t calls, asked, written, copied, nvec_most;
    bufv_call_t last;
} tally_t;

/** Sets the hook of `w` to sum into `t`, which is cleared. */
void tally_watch(tally_t *t, bufv_writer_t *w);

/** The hook agrees with the report of the last write. */
void assert_tally_is_report(const tally_t *t, const bufv_writer_t *w);

/** Writes the list and asserts what holds after every write (promise 8).
 * Returns the status. */
apr_status_t write_checked(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written);

#endif /* SUITE_H */
