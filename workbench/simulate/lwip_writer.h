/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file lwip_writer.h
 * A writer for a TCP connection of lwIP's raw API: what a program needs that
 * has lwIP and no sockets. lwip_writer.c is the whole of it, and does not
 * know that the network below it is a simulated one.
 *
 * @code
 *     lwip_conn_t conn;
 *
 *     lwip_conn_init(&conn, pcb, &main_loop);
 *     bufv_writer_create(&w, &lwip_conn_ops, &conn, pool);
 *     status = bufv_write(v, w, &written);
 * @endcode
 */

#ifndef LWIP_WRITER_H
#define LWIP_WRITER_H

#include <bufv.h>

#include <lwip/tcp.h>

/** How time passes in the program. */
typedef struct lwip_loop_t {
    /** The time in microseconds. */
    apr_time_t (*now)(void);

    /** Lets lwIP work (reads the network, calls sys_check_timeouts()) until
     * `is_ready` is true, or until `when`; below 0 in place of a time that is
     * none. `is_ready` may be NULL. */
    void (*run_until)(apr_time_t when, int (*is_ready)(void *baton),
                      void *baton);
} lwip_loop_t;

/** A connection. */
typedef struct lwip_conn_t {
    struct tcp_pcb *pcb; /**< NULL: it is gone, */
    apr_status_t gone;   /**< and this is why */
    const lwip_loop_t *loop;
    void *user; /**< the program's own */
} lwip_conn_t;

/** The operations; the baton is a lwip_conn_t. */
extern const bufv_ops_t lwip_conn_ops;

/** Takes over the error callback of a connection. */
void lwip_conn_init(lwip_conn_t *conn, struct tcp_pcb *pcb,
                    const lwip_loop_t *loop);

/** Whether an attempt to write would take something, or fail. */
int lwip_conn_is_ready(void *conn);

/** Takes what fits of a run of bytes; `more` as for bufv_ops_t.writev. */
apr_size_t lwip_conn_take(lwip_conn_t *conn, const void *data, apr_size_t len,
                          int more);

#endif /* LWIP_WRITER_H */
