/* SPDX-License-Identifier: Apache-2.0 */

#include "world.h"
#include "memory.h"

#include <lwip/init.h>
#include <lwip/ip4.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_MAX 1600 /* more than the device's 1500 */

/* Bytes that wait for a slow link before more are lost. */
#define BACKLOG_MAX 60000

/* What happens at a time: a call, or the arrival of a segment. */
typedef struct event_t {
    apr_time_t when;
    uint64_t order; /* of two at the same time */
    int way;        /* of a segment, and its number in that direction */
    uint64_t number;
    void (*run)(void *arg);
    void *arg;
    struct event_t *next; /* while it is unused */
    u16_t len;
    unsigned char bytes[SEGMENT_MAX];
} event_t;

link_t world_link;
const ip_addr_t world_far = IPADDR4_INIT_BYTES(10, 0, 0, 2);
world_counts_t world_counts;
int world_tells;

static const ip_addr_t near_end = IPADDR4_INIT_BYTES(10, 0, 0, 1);
static struct netif device;
static uint64_t seed, state, hash;
static apr_time_t now, start;
static apr_time_t link_free[2]; /* when the link has sent what it was given */
static uint64_t numbers[2], came[2]; /* the last segment's, sent and come */

/* ---- chance */

uint32_t rnd(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * n >> 32);
}

int chance(unsigned per_mille)
{
    return rnd(1000) < per_mille;
}

void world_mix(uint64_t what)
{
    hash = (hash ^ what) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
}

uint64_t world_hash(void)
{
    return hash;
}

/* The same on machines of either byte order. */
static void mix_bytes(const unsigned char *bytes, size_t len)
{
    uint64_t word;
    size_t i;

    for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        world_mix(word);
    }
    for (i = 0; i < len; i++)
        world_mix(bytes[i]);
}

/* ---- the story */

void tell(const char *format, ...)
{
    va_list args;

    if (!world_tells)
        return;
    printf("%13.6f  ", (double)(now - start) / 1e6);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void wrong(const char *file, int line, const char *format, ...)
{
    const char *name = strrchr(file, '/');
    va_list args;

    printf("seed %llu: %s:%d, after %.6f s: ", (unsigned long long)seed,
           name != NULL ? name + 1 : file, line, (double)(now - start) / 1e6);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    _Exit(EXIT_FAILURE);
}

/* ---- events: a heap, the earliest first */

static event_t **heap;
static size_t events, room;
static uint64_t order;
static event_t *unused;

static int earlier(const event_t *a, const event_t *b)
{
    return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static event_t *event_new(void)
{
    event_t *e = unused;

    if (e != NULL)
        unused = e->next;
    else
        e = malloc(sizeof(*e));
    if (events == room) {
        room = room * 2 + 64;
        heap = realloc(heap, room * sizeof(*heap));
    }
    if (e == NULL || heap == NULL)
        wrong(__FILE__, __LINE__, "no memory for the simulation");
    return e;
}

static void event_free(event_t *e)
{
    e->next = unused;
    unused = e;
}

static void event_put(event_t *e)
{
    size_t i = events++;

    e->order = order++;
    for (; i > 0 && earlier(e, heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = e;
}

static event_t *event_take(void)
{
    event_t *first = heap[0], *last = heap[--events];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < events) {
        if (child + 1 < events && earlier(heap[child + 1], heap[child]))
            child++;
        if (!earlier(heap[child], last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return first;
}

void world_at(apr_time_t when, void (*run)(void *arg), void *arg)
{
    event_t *e = event_new();

    e->when = when > now ? when : now;
    e->run = run;
    e->arg = arg;
    event_put(e);
}

/* ---- the link */

/* A line of the story: TCP's numbers are those of the header. */
static void tell_segment(const char *what, const unsigned char *b, u16_t len)
{
    const unsigned char *tcp = b + 20;
    unsigned flags = tcp[13], header = 20 + (tcp[12] >> 4) * 4u;

    if (!world_tells)
        return;
    tell("    %s %u->%u seq %u ack %u win %u len %u%s%s%s%s%s", what,
         tcp[0] << 8 | tcp[1], tcp[2] << 8 | tcp[3],
         (unsigned)tcp[4] << 24 | tcp[5] << 16 | tcp[6] << 8 | tcp[7],
         (unsigned)tcp[8] << 24 | tcp[9] << 16 | tcp[10] << 8 | tcp[11],
         tcp[14] << 8 | tcp[15], len - header, flags & 2 ? " SYN" : "",
         flags & 1 ? " FIN" : "", flags & 4 ? " RST" : "",
         flags & 8 ? " PSH" : "", flags & 16 ? " ACK" : "");
}

/* What a segment is to be known by. lwIP 2.1 turns the window of a reset over
 * twice, so that it, and the sum, are others on machines of another byte
 * order; nobody looks at them. */
static void mix_segment(const event_t *e)
{
    unsigned char head[40];

    memcpy(head, e->bytes, sizeof(head));
    if (head[20 + 13] & 4)
        memset(head + 20 + 14, 0, 4);
    mix_bytes(head, sizeof(head));
    mix_bytes(e->bytes + sizeof(head), e->len - sizeof(head));
    world_mix((uint64_t)(now - start));
}

/* A segment is late if one that was sent after it has come before it. */
static void count_arrival(const event_t *e)
{
    if (e->number < came[e->way])
        world_counts.late++;
    else
        came[e->way] = e->number;
}

static void arrive(event_t *e)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, e->len, PBUF_RAM);

    count_arrival(e);
    tell_segment("<-", e->bytes, e->len);
    mix_segment(e);
    if (p == NULL)
        return;
    pbuf_take(p, e->bytes, e->len);
    if (ip4_input(p, &device) != ERR_OK)
        pbuf_free(p);
}

/* 1: from a peer. Ports do not change on the way. */
static int way_of(const unsigned char *bytes)
{
    return bytes[20] == WORLD_PEER_PORT >> 8;
}

/* Puts a segment on its way. */
static void carry(const unsigned char *bytes, u16_t len, apr_time_t sent)
{
    event_t *e = event_new();

    memcpy(e->bytes, bytes, len);
    e->len = len;
    e->way = way_of(bytes);
    e->number = ++numbers[e->way];
    e->when = sent + world_link.delay + rnd((uint32_t)world_link.jitter + 1);
    e->run = NULL;
    if (chance(world_link.damage)) {
        e->bytes[20 + rnd(len - 20u)] ^= (unsigned char)(1 << rnd(8));
        world_counts.damaged++;
    }
    event_put(e);
}

/* When the link has sent it, or -1 if too many bytes wait already. */
static apr_time_t queue_on_link(int way, u16_t len)
{
    unsigned rate = world_link.bytes_per_ms;

    if (rate == 0)
        return now;
    if (link_free[way] < now)
        link_free[way] = now;
    if ((link_free[way] - now) * rate / 1000 > BACKLOG_MAX)
        return -1;
    link_free[way] += (apr_time_t)len * 1000 / rate;
    return link_free[way];
}

static int is_lost(apr_time_t sent)
{
    return sent < 0 || chance(world_link.loss) ||
           (now >= world_link.cut_from && now < world_link.cut_to);
}

/* What lwIP sends. Both ends are in one lwIP, on one device: exchanging the
 * addresses brings a segment to the other end, and leaves its sum right. */
static err_t output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    unsigned char bytes[SEGMENT_MAX], address[4];
    u16_t len = pbuf_copy_partial(p, bytes, sizeof(bytes), 0);
    apr_time_t sent = queue_on_link(way_of(bytes), len);

    (void)netif;
    (void)to;
    memcpy(address, bytes + 12, 4);
    memcpy(bytes + 12, bytes + 16, 4);
    memcpy(bytes + 16, address, 4);
    world_counts.packets++;
    if (is_lost(sent)) {
        world_counts.lost++;
        tell_segment("x ", bytes, len);
        return ERR_OK;
    }
    tell_segment("->", bytes, len);
    carry(bytes, len, sent);
    if (chance(world_link.twice)) {
        world_counts.twice++;
        carry(bytes, len, sent);
    }
    return ERR_OK;
}

/* ---- time */

u32_t sys_now(void)
{
    return (u32_t)(now / 1000);
}

u32_t sys_jiffies(void)
{
    return sys_now();
}

apr_time_t world_now(void)
{
    return now;
}

/* When lwIP's next timer is due. */
static apr_time_t timer_due(void)
{
    u32_t ms = sys_timeouts_sleeptime();

    return ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE
               ? INT64_MAX
               : (now / 1000 + (apr_time_t)ms) * 1000;
}

static void run_event(event_t *e)
{
    if (e->run != NULL)
        e->run(e->arg);
    else
        arrive(e);
    event_free(e);
}

int world_advance(apr_time_t limit)
{
    apr_time_t due = timer_due(), next = due < limit ? due : limit;

    if (events > 0 && heap[0]->when < next)
        next = heap[0]->when;
    if (next == INT64_MAX)
        return 0;
    if (next > now)
        now = next;
    while (events > 0 && heap[0]->when <= now)
        run_event(event_take());
    if (due <= now)
        sys_check_timeouts();
    return 1;
}

/* ---- a seed */

static err_t device_init(struct netif *netif)
{
    netif->mtu = 1500;
    netif->output = output;
    netif->flags |= NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

void world_init(void)
{
    ip4_addr_t mask, none;

    now = apr_time_from_sec(1);
    IP4_ADDR(&mask, 255, 0, 0, 0);
    IP4_ADDR(&none, 0, 0, 0, 0);
    lwip_init();
    netif_add(&device, ip_2_ip4(&near_end), &mask, &none, NULL, device_init,
              ip4_input);
    netif_set_default(&device);
    netif_set_up(&device);
    device.output = output;
    memory_keep(&device, sizeof(device));
}

void world_begin(uint64_t number)
{
    static const link_t good;

    if (seed != 0)
        world_counts.time += (uint64_t)(now - start);
    while (events > 0)
        event_free(event_take());
    memory_restore();
    seed = number;
    state = (number + 1) * 0x9E3779B97F4A7C15u ^ 0xD1B54A32D192ED03u;
    if (state == 0)
        state = 1;
    hash = number;
    order = 0;
    now = start = apr_time_from_sec(1);
    link_free[0] = link_free[1] = 0;
    came[0] = numbers[0];
    came[1] = numbers[1];
    world_link = good;
    device.mtu = (u16_t)(576 + rnd(925));
    srand(1);
}
