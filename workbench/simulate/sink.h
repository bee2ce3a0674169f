/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file sink.h
 * A writer whose bytes go nowhere. It takes all of them, or as many as the
 * seed says, and parts of files of any length, which it does not read.
 */

#ifndef SINK_H
#define SINK_H

#include "world.h"

typedef struct sink_t {
    int is_slow;  /**< takes parts, and is full now and then */
    uint64_t got; /**< bytes */
    int count;    /**< attempts */
    apr_status_t last;
} sink_t;

/** Creates a writer to it, that is in no pool. */
bufv_writer_t *sink_writer(sink_t *sink);

/** Writes a list of small chunks, more than the stack of a write has room to
 * copy, and compares what comes. */
void sink_write_many(void);

#endif /* SINK_H */
