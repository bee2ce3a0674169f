/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file journal.h
 * Owned chunks that write down when they are released, and how often.
 */

#ifndef JOURNAL_H
#define JOURNAL_H

#include "suite.h"

#define JOURNAL_MOST 256

typedef struct journal_t journal_t;

/** One owned chunk: the baton of its callback. */
typedef struct journal_entry_t {
    journal_t *journal;
    const void *data;
    apr_size_t len;
    int released;
} journal_entry_t;

struct journal_t {
    journal_entry_t entry[JOURNAL_MOST];
    int entries;
    int order[JOURNAL_MOST * 2]; /**< indexes in the order of release */
    int releases;
    int threaded; /**< released by several threads: entries only */
    int wrong;    /**< releases with another pointer or length */
};

/** An empty journal in the test's pool. */
journal_t *journal_new(void);

/** Appends an owned chunk; it is entry `entries - 1`. */
apr_status_t journal_append(journal_t *j, bufv_t *v, const void *data,
                            apr_size_t len);

/** A list of owned texts; `chunks` ends with NULL. */
bufv_t *journal_list(journal_t *j, const char *const *chunks);

/** The first `n` entries were released, once each, in order, and no more. */
void journal_assert(const journal_t *j, int n);

#endif /* JOURNAL_H */
