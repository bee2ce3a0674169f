/* SPDX-License-Identifier: Apache-2.0 */

/* bufv over lwIP's raw API: see lwip_writer.h. */

#include "lwip_writer.h"

#include <lwip/ip_addr.h>

#include <stdio.h>

#define LEN_MAX ((apr_size_t)0xffff) /* of one tcp_write(): a u16_t */

/* lwIP has freed the connection when it calls this. */
static void on_error(void *arg, err_t error)
{
    lwip_conn_t *conn = arg;

    conn->pcb = NULL;
    conn->gone = error == ERR_ABRT ? APR_ECONNABORTED : APR_ECONNRESET;
}

void lwip_conn_init(lwip_conn_t *conn, struct tcp_pcb *pcb,
                    const lwip_loop_t *loop)
{
    conn->pcb = pcb;
    conn->gone = APR_SUCCESS;
    conn->loop = loop;
    tcp_arg(pcb, conn);
    tcp_err(pcb, on_error);
}

/* ---- attempts */

/* lwIP refuses bytes if it has as many buffers queued as it may have, also
 * where there is room for bytes. */
int lwip_conn_is_ready(void *baton)
{
    const lwip_conn_t *conn = baton;

    return conn->pcb == NULL ||
           (tcp_sndbuf(conn->pcb) > 0 &&
            tcp_sndqueuelen(conn->pcb) < TCP_SND_QUEUELEN);
}

/* Copied: the caller's bytes may go as soon as the attempt has accepted them,
 * and lwIP sends them again until they are acknowledged. */
apr_size_t lwip_conn_take(lwip_conn_t *conn, const void *data, apr_size_t len,
                          int more)
{
    apr_size_t done = 0;

    while (done < len && tcp_sndbuf(conn->pcb) > 0) {
        apr_size_t n = len - done, room = tcp_sndbuf(conn->pcb);
        int rest;

        n = n < room ? n : room;
        n = n < LEN_MAX ? n : LEN_MAX;
        rest = more || done + n < len;
        if (tcp_write(conn->pcb, (const char *)data + done, (u16_t)n,
                      TCP_WRITE_FLAG_COPY |
                          (rest ? TCP_WRITE_FLAG_MORE : 0)) != ERR_OK)
            break;
        done += n;
    }
    return done;
}

/* Takes what fits. A short count is always for want of room, so it comes with
 * APR_EAGAIN. Without anything on its way there is nothing to wait for: then
 * it is memory that lacks. tcp_output() sends what may be sent now; while more
 * is to come, it is left to the last attempt, or to flush(). */
static apr_status_t conn_writev(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    lwip_conn_t *conn = baton;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i, n;

    *written = 0;
    if (conn->pcb == NULL)
        return conn->gone;
    for (i = 0; i < nvec && status == APR_SUCCESS; i++) {
        n = lwip_conn_take(conn, vec[i].iov_base, vec[i].iov_len,
                           more || i + 1 < nvec);
        *written += n;
        if (n < vec[i].iov_len)
            status = APR_EAGAIN;
    }
    if (!more)
        tcp_output(conn->pcb);
    if (status != APR_SUCCESS && tcp_sndqueuelen(conn->pcb) == 0)
        return APR_ENOMEM;
    return status;
}

static void conn_flush(void *baton)
{
    lwip_conn_t *conn = baton;

    if (conn->pcb != NULL)
        tcp_output(conn->pcb);
}

/* ---- time */

static apr_time_t conn_now(void *baton)
{
    const lwip_conn_t *conn = baton;

    return conn->loop->now();
}

static apr_status_t conn_wait(void *baton, apr_interval_time_t timeout)
{
    lwip_conn_t *conn = baton;
    apr_time_t until = timeout < 0 ? -1 : conn->loop->now() + timeout;

    conn->loop->run_until(until, lwip_conn_is_ready, conn);
    return lwip_conn_is_ready(conn) ? APR_SUCCESS : APR_TIMEUP;
}

static void conn_pause(void *baton, apr_interval_time_t time)
{
    lwip_conn_t *conn = baton;

    conn->loop->run_until(conn->loop->now() + time, NULL, NULL);
}

static void conn_describe(void *baton, char *buf, apr_size_t size)
{
    const lwip_conn_t *conn = baton;
    char near_end[IPADDR_STRLEN_MAX], far_end[IPADDR_STRLEN_MAX];

    buf[0] = '\0';
    if (conn->pcb == NULL)
        return;
    ipaddr_ntoa_r(&conn->pcb->local_ip, near_end, sizeof(near_end));
    ipaddr_ntoa_r(&conn->pcb->remote_ip, far_end, sizeof(far_end));
    snprintf(buf, size, "tcp %s:%u->%s:%u", near_end,
             (unsigned)conn->pcb->local_port, far_end,
             (unsigned)conn->pcb->remote_port);
}

/* Sixteen chunks: each becomes a buffer of lwIP's. Small ones are copied
 * together, since lwIP copies them in any case. */
const bufv_ops_t lwip_conn_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "tcp_write",
    .max_vec = 16,
    .max_bytes = TCP_SND_BUF,
    .copy_below = 512,
    .writev = conn_writev,
    .wait = conn_wait,
    .now = conn_now,
    .describe = conn_describe,
    .pause = conn_pause,
    .flush = conn_flush,
};
