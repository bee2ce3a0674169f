/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file peer.h
 * The other end of a connection: compares what comes with what was accepted,
 * and reads it as the seed says: at once, late, in drops, or not to the end.
 */

#ifndef PEER_H
#define PEER_H

#include "world.h"

typedef enum manner_t {
    READS,       /**< at once */
    STALLS,      /**< closes its window for a time */
    DRIPS,       /**< opens it by a few bytes at a time */
    REFUSES,     /**< lets lwIP keep what came, and deliver it again */
    RESETS,      /**< at some time */
    HALF_CLOSES, /**< has sent its own end before */
    MANNERS
} manner_t;

/** Bytes that were accepted on a connection, as places in the pattern. */
typedef struct log_t {
    struct {
        uint32_t at, len;
    } * spans;
    size_t count, room;
    uint64_t total;
} log_t;

/** Writes down that a run of the pattern was accepted. */
void log_add(log_t *log, uint32_t at, uint32_t len);

typedef struct peer_t {
    struct tcp_pcb *listener, *pcb; /**< pcb NULL: not yet, or gone */
    u16_t port;
    const log_t *log;
    size_t span;  /**< of the log, that comes next */
    uint32_t cut; /**< bytes of it that came */
    uint64_t got; /**< bytes in all */
    manner_t manner;
    apr_time_t from, to; /**< when it behaves so */
    uint32_t held;       /**< bytes that its window is closed by */
    uint32_t drop;       /**< bytes that it opens it by */
    int reset;           /**< it was */

    /** Where bytes go in place of peer_compare(); NULL: nowhere else. */
    void (*consumer)(void *baton, const void *data, size_t len);
    void *baton;
} peer_t;

/** Listens. */
void peer_begin(peer_t *peer, u16_t port, const log_t *log);

/** Chooses a manner. */
void peer_choose(peer_t *peer);

/** Prints how often each was. */
void peers_print_counts(void);

/** Bytes came, decrypted if need be. */
void peer_compare(peer_t *peer, const void *data, size_t len);

/** Whether all that was accepted has come. */
int peer_has_all(const peer_t *peer);

#endif /* PEER_H */
