/* SPDX-License-Identifier: Apache-2.0 */

#include "peer.h"
#include "list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest that a peer behaves badly: a write without limits ends, too. */
#define MANNER_TIME apr_time_from_sec(4)

/* ---- what was accepted */

void log_add(log_t *log, uint32_t at, uint32_t len)
{
    log->total += len;
    if (log->count > 0 &&
        log->spans[log->count - 1].at + log->spans[log->count - 1].len == at) {
        log->spans[log->count - 1].len += len;
        return;
    }
    if (log->count == log->room) {
        log->room = log->room * 2 + 64;
        log->spans = realloc(log->spans, log->room * sizeof(*log->spans));
        HOLDS(log->spans != NULL);
    }
    log->spans[log->count].at = at;
    log->spans[log->count++].len = len;
}

/* No byte comes that was not accepted, none twice, none in another order. */
void peer_compare(peer_t *peer, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    HOLDS(peer->got + len <= peer->log->total);
    peer->got += len;
    while (len > 0) {
        uint32_t n = peer->log->spans[peer->span].len - peer->cut;

        if (n == 0) {
            peer->span++;
            peer->cut = 0;
            continue;
        }
        if (n > len)
            n = (uint32_t)len;
        HOLDS(memcmp(pattern + peer->log->spans[peer->span].at + peer->cut,
                     bytes, n) == 0);
        peer->cut += n;
        bytes += n;
        len -= n;
    }
}

int peer_has_all(const peer_t *peer)
{
    return peer->got == peer->log->total;
}

/* ---- manners */

static const char *const names[MANNERS] = {
    "reads",  "closes its window",  "reads in drops", "refuses",
    "resets", "has closed its half"};

static uint64_t met[MANNERS];

void peers_print_counts(void)
{
    int i;

    printf("  peers:");
    for (i = 0; i < MANNERS; i++)
        printf("%s %" PRIu64 " %s", i > 0 ? "," : "", met[i], names[i]);
    printf("\n");
}

static int behaves(const peer_t *peer)
{
    return world_now() >= peer->from && world_now() < peer->to;
}

static void open_window(peer_t *peer, uint32_t by)
{
    if (by > peer->held)
        by = peer->held;
    peer->held -= by;
    for (; by > 0 && peer->pcb != NULL; by -= by < 0xffff ? by : 0xffff)
        tcp_recved(peer->pcb, (u16_t)(by < 0xffff ? by : 0xffff));
}

static void drip(void *arg)
{
    peer_t *peer = arg;

    open_window(peer, behaves(peer) ? peer->drop : peer->held);
    if (behaves(peer))
        world_at(world_now() + 1000 * (apr_time_t)(1 + rnd(200)), drip, peer);
}

static void open_all(void *arg)
{
    peer_t *peer = arg;

    tell("    the peer reads on");
    open_window(peer, peer->held);
}

static void reset(void *arg)
{
    peer_t *peer = arg;

    peer->reset = 1;
    tell("    the peer resets the connection");
    if (peer->pcb != NULL)
        tcp_abort(peer->pcb);
    peer->pcb = NULL;
}

/* The manners of which there is most to see come most often. */
void peer_choose(peer_t *peer)
{
    static const manner_t manners[] = {READS,   READS,  READS,
                                       STALLS,  STALLS, DRIPS,
                                       REFUSES, RESETS, HALF_CLOSES};

    peer->manner = manners[rnd(sizeof(manners) / sizeof(*manners))];
    met[peer->manner]++;
    peer->from = world_now() + rnd(500000);
    peer->to = peer->from + rnd((uint32_t)MANNER_TIME);
    peer->drop = 1 + rnd(3000);
    if (peer->manner == STALLS)
        world_at(peer->to, open_all, peer);
    if (peer->manner == DRIPS)
        world_at(peer->from, drip, peer);
    if (peer->manner == RESETS)
        world_at(peer->to, reset, peer);
    if (peer->manner == HALF_CLOSES && peer->pcb != NULL)
        tcp_shutdown(peer->pcb, 0, 1);
    tell("the peer %s, %.3f s to %.3f s, %u bytes", names[peer->manner],
         (double)(peer->from - world_now()) / 1e6,
         (double)(peer->to - world_now()) / 1e6, peer->drop);
}

/* ---- lwIP's callbacks */

static void take(peer_t *peer, const struct pbuf *p)
{
    for (; p != NULL; p = p->next) {
        if (peer->consumer != NULL)
            peer->consumer(peer->baton, p->payload, p->len);
        else
            peer_compare(peer, p->payload, p->len);
    }
}

/* A zero-length read is the other side's end, which nobody sends here. */
static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t error)
{
    peer_t *peer = arg;

    (void)error;
    if (p == NULL)
        return ERR_OK;
    if (peer->manner == REFUSES && behaves(peer) && rnd(3) == 0)
        return ERR_MEM;
    take(peer, p);
    peer->held += p->tot_len;
    pbuf_free(p);
    if ((peer->manner != STALLS && peer->manner != DRIPS) || !behaves(peer))
        open_window(peer, peer->held);
    (void)pcb;
    return peer->pcb != NULL ? ERR_OK : ERR_ABRT;
}

static void on_error(void *arg, err_t error)
{
    peer_t *peer = arg;

    (void)error;
    peer->pcb = NULL;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
    peer_t *peer = arg;

    if (error != ERR_OK || pcb == NULL)
        return ERR_VAL;
    peer->pcb = pcb;
    tcp_arg(pcb, peer);
    tcp_recv(pcb, on_receive);
    tcp_err(pcb, on_error);
    return ERR_OK;
}

void peer_begin(peer_t *peer, u16_t port, const log_t *log)
{
    struct tcp_pcb *pcb = tcp_new();

    memset(peer, 0, sizeof(*peer));
    peer->port = port;
    peer->log = log;
    HOLDS(pcb != NULL && tcp_bind(pcb, IP_ADDR_ANY, port) == ERR_OK);
    peer->listener = tcp_listen(pcb);
    HOLDS(peer->listener != NULL);
    tcp_arg(peer->listener, peer);
    tcp_accept(peer->listener, on_accept);
}
