/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file peer.h
 * A connected pair on loopback, and a thread that reads its far end: at once,
 * slowly, or not at all. Every wait in it ends by itself.
 */

#ifndef PEER_H
#define PEER_H

#include "suite.h"

typedef struct peer_t {
    apr_socket_t *near_end; /**< the one that is written to */
    apr_socket_t *far_end;  /**< the one that is read */
    apr_thread_t *thread;
    unsigned char *buffer;

    /* set before peer_start() */
    apr_size_t piece;            /**< most bytes of one read; 0: 64 KiB; more
                                  * than that before the first start only */
    apr_interval_time_t pause;   /**< before each read */
    const unsigned char *expect; /**< what must come, over and over */
    apr_size_t period;           /**< its length */

    /* what came; look after peer_finish() */
    unsigned char *got; /**< the bytes, if nothing was expected */
    apr_uint64_t got_len;
    apr_size_t room;
    apr_uint64_t wrong_at; /**< 1 + the first byte that was not expected */
    apr_status_t status;   /**< of the last read; APR_EOF is good */
    volatile apr_uint32_t stop;
} peer_t;

/** A TCP pair in the test's pool. The near end has a timeout of 30 s. */
peer_t *peer_new(void);

/** A pair that the test connected in another way. */
peer_t *peer_of(apr_socket_t *near_end, apr_socket_t *far_end);

/** A UDP pair. */
peer_t *peer_datagram(void);

/** Begins to read in a thread. */
void peer_start(peer_t *p);

/** Ends writing, and reading at the end of the stream. */
void peer_finish(peer_t *p);

/** Ends reading although the stream goes on. */
void peer_stop(peer_t *p);

/** Exactly `len` bytes came, and no wrong one. */
void peer_assert_length(const peer_t *p, apr_uint64_t len);

/** Exactly these bytes came. */
void peer_assert_got(const peer_t *p, const void *bytes, apr_size_t len);

/** A writer for the near end, under the settings. */
bufv_writer_t *peer_writer(const peer_t *p);

#endif /* PEER_H */
