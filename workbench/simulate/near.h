/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file near.h
 * Our end of a connection, and its writer under watch: each operation that
 * the library calls, each hook and each return is held to what bufv.h
 * promises. The transport below also fails, as the seed says.
 */

#ifndef NEAR_H
#define NEAR_H

#include "list.h"
#include "peer.h"
#include "tls.h"

/** How often the transport fails, of a thousand attempts. */
typedef struct faults_t {
    unsigned interrupted; /**< APR_EINTR, of attempts and waits */
    unsigned shorter;     /**< fewer bytes than there is room for */
    unsigned starved;     /**< APR_ENOMEM */
    unsigned woken;       /**< a wait that ends for nothing */
    unsigned begin;       /**< `begin` fails */
    unsigned ends;        /**< nothing is taken, for no reason */
    unsigned claims;      /**< more is claimed than was given */
    unsigned scarce;      /**< lwIP itself lacks memory in it */
    unsigned fills;       /**< all is taken, and then it is full */
    unsigned drought;     /**< so many attempts lack memory, at first */
    unsigned breaks;      /**< some is taken, and then the peer is gone */
    unsigned doom;        /**< of callbacks: destroys list or writer */
    unsigned fails;       /**< some is taken, and an error comes with it */
    unsigned steps;       /**< of waits: the transport's clock steps back */
    unsigned records;    /**< nothing counts yet, but the rest has to follow */
    unsigned unreadable; /**< a file cannot be read now */
    unsigned aside;      /**< an operation writes other lists */
} faults_t;

/** One end of a connection, and the peer at the other. */
typedef struct near_t {
    lwip_conn_t tcp;
    tls_end_t *tls, *far_tls; /**< NULL: bytes leave as they are */
    peer_t peer;
    log_t log;
    bufv_writer_t *w;
    const bufv_ops_t *ops; /**< the transport's own, */
    void *baton;           /**< and what they are called with */
    int connected;

    /* as they were set */
    faults_t faults;
    apr_size_t max_vec, max_bytes, copy_below;
    apr_uint64_t sendfile_from;
    int has_sendfile;
    int pauses; /**< else the status is returned that it would pause for */
    int hooked; /**< else what it borrows is not given back after attempts */
    apr_interval_time_t timeout; /**< the transport's; below 0: none */
    apr_interval_time_t stall;
    int stall_set;
    apr_time_t deadline; /**< 0: none */
    apr_time_t epoch;    /**< what its clock says when the world's says 0, or
                              the wall's did when the deadline was set */
    int own_clock;       /**< else the system's are its clocks */
    int locked;
    int in_pool; /**< which destroys the writer */

    /* what must hold */
    int running;       /**< between `begin` and `end` */
    int full;          /**< it said so, and nobody has waited since */
    int held;          /**< bytes were accepted, and more were to come */
    list_t *partial;   /**< left in part by a locked writer */
    int dropped;       /**< or had, and was dropped then */
    list_t *record;    /**< of which a record is on its way */
    int experienced;   /**< the last call left something: it is known what the
                            destination takes, and so much is copied at first */
    apr_size_t copies; /**< so much may be copied at first; 0: any */
    int busy;          /**< fibers that are attempting */
    bufv_stats_t sums;
    uint64_t before; /**< bytes by writers that came before this one */
    int gone;        /**< the writer was destroyed */
} near_t;

/** What a write is asked for. */
typedef struct asked_t {
    int wait;
    apr_interval_time_t within;
    uint64_t budget;
} asked_t;

/** Connects to a peer of its own; called by a fiber. Returns 0 if the
 * connection did not come about. */
int near_connect(near_t *n, u16_t port, int with_tls);

/** Creates its writer. */
void near_open(near_t *n, apr_pool_t *pool);

/** Chooses the limits of the next write. */
void near_choose_limits(near_t *n);

/** Writes, and checks all that can be. */
apr_status_t near_write(near_t *n, list_t *list, const asked_t *asked);

/** The locked writer's list goes on as this one, after a split or a move. */
void near_moved(near_t *n, const list_t *from, list_t *to);

/** The rest of a list was dropped that had left in part. */
void near_dropped(near_t *n, list_t *list);

/** bufv_writer_abandon(). */
void near_abandon(near_t *n);

/** Waits until the destination takes bytes. */
void near_wait(near_t *n);

/** Lets the world go on until the peer has all, or the connection is gone. */
void near_drain(near_t *n);

/** Checks the counters, and destroys the writer. */
void near_close(near_t *n);

/** Whether a status says that the connection is gone. */
int is_gone(apr_status_t status);

/** How time passes for lwIP's connections: the other fibers run. */
extern const lwip_loop_t near_loop;

/** In all seeds of this process. */
typedef struct near_counts_t {
    uint64_t writes, attempts, waits, whole, timeup, again, incomplete, busy,
        gone, doomed, other, bytes;
} near_counts_t;

extern near_counts_t near_counts;

#endif /* NEAR_H */
