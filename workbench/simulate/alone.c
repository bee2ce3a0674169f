/* SPDX-License-Identifier: Apache-2.0 */

#include "alone.h"
#include "list.h"
#include "sink.h"
#include "system.h"

#define CHUNKS_MAX 200

static bufv_t *list_alone(void)
{
    bufv_t *v;

    HOLDS(bufv_create(&v, NULL) == APR_SUCCESS);
    return v;
}

/* ---- a list that is filled and drained */

/* A chunk. Those of one list are the same each time. */
typedef struct shape_t {
    uint32_t kind, at, len;
} shape_t;

static int outstanding; /* releases */

static void count_release(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
    outstanding--;
}

static void choose_shape(shape_t *shape, uint32_t n)
{
    for (; n > 0; n--, shape++) {
        shape->kind = rnd(4);
        shape->at = rnd(PATTERN - 1000);
        shape->len = 1 + rnd(300);
    }
}

static apr_status_t append_shape(bufv_t *v, const shape_t *s)
{
    const void *data = pattern + s->at;

    switch (s->kind) {
    case 0:
        return bufv_append_copy(v, data, s->len);
    case 1:
        outstanding++;
        return bufv_append_owned(v, data, s->len, count_release, NULL);
    case 2:
        return bufv_append_file(v, lists_file(0), (apr_off_t)s->at, s->len);
    default:
        return bufv_append(v, data, s->len);
    }
}

static void drain(bufv_t *v)
{
    while (bufv_length(v) > 0) {
        uint64_t n = 1 + rnd(3000), left = bufv_length(v);

        HOLDS(bufv_consume(v, n < left ? n : left) == APR_SUCCESS);
    }
    HOLDS(outstanding == 0);
}

/* The largest fill is remembered: soon nothing more is asked for. What is not
 * in use can be had back. */
static void fill_again(void)
{
    shape_t shape[CHUNKS_MAX];
    uint32_t n = 1 + rnd(CHUNKS_MAX), i, round;
    bufv_t *v = list_alone();
    size_t empty = system_memory.bytes;

    choose_shape(shape, n);
    for (round = 0; round < 6; round++) {
        uint64_t before = system_memory.allocations;

        for (i = 0; i < n; i++)
            HOLDS(append_shape(v, &shape[i]) == APR_SUCCESS);
        drain(v);
        HOLDS(round < 4 || system_memory.allocations == before);
    }
    bufv_trim(v);
    HOLDS(system_memory.bytes == empty);
    bufv_destroy(v);
}

/* A list that never runs empty, and never gets long, does not grow. */
static void queue(void)
{
    uint32_t most = 1 + rnd(20), round;
    bufv_t *v = list_alone();
    shape_t shape;
    size_t bytes = 0;

    choose_shape(&shape, 1);
    shape.kind = 1 + rnd(3); /* copies come in slabs, of which some is lost */
    for (round = 0; round < 600; round++) {
        if (round == 200)
            bytes = system_memory.bytes;
        HOLDS(append_shape(v, &shape) == APR_SUCCESS);
        if (bufv_count(v) > most)
            HOLDS(bufv_consume(v, shape.len) == APR_SUCCESS);
        HOLDS(round < 200 || system_memory.bytes <= bytes);
    }
    bufv_consume(v, bufv_length(v));
    HOLDS(outstanding == 0);
    bufv_destroy(v);
}

/* Room that is given up is there for what comes next. */
static void reserve_again(void)
{
    bufv_t *v = list_alone();
    apr_size_t room, again;
    void *data, *same;
    uint64_t before;

    HOLDS(bufv_reserve(v, 0, &data, &room) == APR_SUCCESS);
    HOLDS(bufv_commit(v, 1 + rnd(100)) == APR_SUCCESS);
    HOLDS(bufv_reserve(v, 0, &data, &room) == APR_SUCCESS);
    before = system_memory.allocations;
    HOLDS(bufv_commit(v, 0) == APR_SUCCESS);
    HOLDS(bufv_reserve(v, 0, &same, &again) == APR_SUCCESS);
    HOLDS(same == data && again == room);
    HOLDS(system_memory.allocations == before);
    bufv_destroy(v);
}

/* So long that it would take minutes, if each chunk that leaves cost a look at
 * those that stay. */
static void drain_long(void)
{
    bufv_t *v = list_alone();
    int i;

    for (i = 0; i < 200000; i++)
        HOLDS(bufv_append(v, pattern + i % 1000, 1) == APR_SUCCESS);
    for (; i > 0; i--)
        HOLDS(bufv_consume(v, 1) == APR_SUCCESS);
    bufv_destroy(v);
}

void meet_memory(void *arg)
{
    (void)arg;
    outstanding = 0;
    fill_again();
    queue();
    reserve_again();
    if (rnd(20) == 0)
        drain_long();
}

/* ---- lists over 4 GiB */

/* Of all magnitudes, below 2^50. */
static uint64_t some_large(void)
{
    uint64_t n = (uint64_t)rnd(1u << 31) << 19;

    return 1 + (n >> rnd(50));
}

static uint64_t append_large(bufv_t *v)
{
    uint64_t len = some_large();

    if (rnd(3) == 0) {
        len = 1 + rnd(1000);
        HOLDS(bufv_append(v, pattern, len) == APR_SUCCESS);
    }
    else
        HOLDS(bufv_append_file(v, lists_file(1), (apr_off_t)some_large(),
                               len) == APR_SUCCESS);
    return len;
}

/* Writes some of it. Returns what is left. */
static uint64_t write_large(bufv_t *v, bufv_writer_t *w, sink_t *sink)
{
    bufv_terms_t terms = {sizeof(terms), 0, 0, 0};
    bufv_report_t report = {0};
    uint64_t before = bufv_length(v), got = sink->got;
    int count = sink->count;
    apr_status_t status;

    report.size = sizeof(report);
    terms.budget = rnd(3) ? 0 : some_large();
    status = bufv_write_with(v, w, &terms, &report);
    tell("%lu bytes of %lu, status %d", (unsigned long)report.written,
         (unsigned long)before, (int)status);
    HOLDS(report.written == sink->got - got);
    HOLDS(report.left == before - report.written);
    HOLDS(report.left == bufv_length(v));
    HOLDS(report.calls == (uint64_t)(sink->count - count));
    if (report.left == 0)
        HOLDS(status == APR_SUCCESS);
    else if (status == APR_INCOMPLETE)
        HOLDS(terms.budget != 0 && report.written == terms.budget);
    else
        HOLDS(APR_STATUS_IS_EAGAIN(status) && sink->last == status);
    return report.left;
}

void meet_abyss(void *arg)
{
    bufv_stats_t stats = {0};
    bufv_t *v = list_alone();
    uint64_t total = 0;
    bufv_writer_t *w;
    sink_t sink;
    int n = 1 + (int)rnd(10);

    (void)arg;
    w = sink_writer(&sink);
    sink.is_slow = (int)rnd(2);
    bufv_writer_sendfile_from_set(w, 0);
    while (n-- > 0)
        total += append_large(v);
    HOLDS(bufv_length(v) == total);
    while (write_large(v, w, &sink) > 0)
        continue;
    stats.size = sizeof(stats);
    bufv_writer_stats(w, &stats);
    HOLDS(sink.got == total && stats.written == total);
    world_mix(total);
    bufv_destroy(v);
    bufv_writer_destroy(w);
}
