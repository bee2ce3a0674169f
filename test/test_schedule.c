/* SPDX-License-Identifier: Apache-2.0 */

/* Every small list under every small limit, with every event at every byte,
 * against a flat string (promises 5, 8-14, 17-19). */

#include "journal.h"
#include "scripted.h"

#define MOST 4 /* chunks */

/* What happens at a byte. */
typedef struct event_t {
    const char *name;
    scripted_step_t step;
    apr_status_t write, some; /* how bufv_write and bufv_write_some end */
    int waits;                /* how often bufv_write waits */
} event_t;

static const event_t events[] = {
    {"nothing", {SCRIPTED_ALL, APR_SUCCESS, 0}, APR_SUCCESS, APR_SUCCESS, 0},
    {"interrupted", {0, APR_EINTR, 0}, APR_SUCCESS, APR_SUCCESS, 0},
    {"full", {0, APR_EAGAIN, 0}, APR_SUCCESS, APR_EAGAIN, 1},
    {"reset", {0, APR_ECONNRESET, 0}, APR_ECONNRESET, APR_ECONNRESET, 0},
    {"pipe", {0, APR_EPIPE, 0}, APR_EPIPE, APR_EPIPE, 0},
    {"timeup", {0, APR_TIMEUP, 0}, APR_TIMEUP, APR_TIMEUP, 0},
    {"short", {0, APR_SUCCESS, 0}, APR_SUCCESS, APR_SUCCESS, 0},
};

/* A list, limits and an event. */
typedef struct plan_t {
    apr_size_t size[MOST];
    int chunks;
    apr_size_t total;
    int adjacent;
    apr_size_t max_vec, max_bytes, copy_below;
    const event_t *event;
    apr_size_t at;
    int alone;
    int some;
} plan_t;

/* What it is run on. */
typedef struct bench_t {
    bufv_t *v;
    scripted_t *s;
    journal_t *j;
    char arena[64];
    char flat[MOST * 3];
    apr_uint64_t runs;
} bench_t;

static void must(int holds, const char *what, const plan_t *p)
{
    if (holds)
        return;
    ck_abort_msg("%s: sizes %d %d %d %d (%d chunks, adjacent %d), max_vec "
                 "%d, max_bytes %d, copy_below %d, %s at %d, alone %d, "
                 "some %d",
                 what, (int)p->size[0], (int)p->size[1], (int)p->size[2],
                 (int)p->size[3], p->chunks, p->adjacent, (int)p->max_vec,
                 (int)p->max_bytes, (int)p->copy_below, p->event->name,
                 (int)p->at, p->alone, p->some);
}

/* Fills the list; chunk i is at 8 * i, or right behind the one before. */
static void fill(bench_t *b, const plan_t *p)
{
    apr_size_t done = 0;
    apr_size_t place;
    int i;

    b->j->entries = 0;
    b->j->releases = 0;
    b->j->wrong = 0;
    for (i = 0; i < p->chunks; i++) {
        place = p->adjacent ? done : (apr_size_t)i * 8;
        memcpy(b->arena + place, b->flat + done, p->size[i]);
        must(journal_append(b->j, b->v, b->arena + place, p->size[i]) ==
                 APR_SUCCESS,
             "append failed", p);
        done += p->size[i];
    }
}

/* How many chunks end within the first n bytes, empty ones included. */
static int chunks_within(const plan_t *p, apr_size_t n)
{
    apr_size_t end = 0;
    int i;

    for (i = 0; i < p->chunks; i++) {
        end += p->size[i];
        if (end > n)
            break;
    }
    return i;
}

/* The event comes only while there is something to attempt: alone, or with
 * nothing before it, not behind the last byte. */
static int event_comes(const plan_t *p)
{
    if (p->total == 0)
        return 0;
    return p->at < p->total || !p->alone;
}

static apr_status_t status_due(const plan_t *p)
{
    apr_status_t due = p->some ? p->event->some : p->event->write;

    if (!event_comes(p))
        return APR_SUCCESS;
    if (p->at == p->total && APR_STATUS_IS_EAGAIN(due))
        return APR_SUCCESS;
    return due;
}

/* "Short" alone, or at the very byte that an attempt begins with, is an
 * attempt that takes nothing: APR_EOF. Which of the two it is depends on the
 * limits, so either is right there, as long as all counts are. */
static int status_is_due(const plan_t *p, apr_status_t status)
{
    if (strcmp(p->event->name, "short") == 0 && event_comes(p) &&
        p->at < p->total && APR_STATUS_IS_EOF(status))
        return 1;
    return status == status_due(p);
}

static void check_order(const bench_t *b, const plan_t *p, apr_size_t n)
{
    int want = chunks_within(p, n);
    int i;

    must(b->j->releases == want, "number of releases", p);
    must(b->j->wrong == 0, "pointer or length of a release", p);
    for (i = 0; i < want; i++)
        must(b->j->order[i] == i, "order of releases", p);
}

/* The attempts of a list to which nothing happens, copying off. */
static apr_size_t attempts_due(const plan_t *p)
{
    apr_size_t attempts = 0, room = 0, nvec = 0;
    apr_size_t left, part;
    int i;

    for (i = 0; i < p->chunks; i++) {
        for (left = p->size[i]; left > 0; left -= part) {
            if (room == 0 || nvec == 0) {
                attempts++;
                room = p->max_bytes;
                nvec = p->max_vec;
            }
            part = left < room ? left : room;
            room -= part;
            nvec--;
        }
    }
    return attempts;
}

static apr_size_t chunks_not_empty(const plan_t *p)
{
    apr_size_t n = 0;
    int i;

    for (i = 0; i < p->chunks; i++)
        n += p->size[i] > 0;
    return n;
}

static void check_attempts(const bench_t *b, const plan_t *p)
{
    const scripted_t *s = b->s;
    apr_size_t due;

    if (p->total == 0)
        must(s->attempts == 0 && s->waited == 0, "attempt of nothing", p);
    if (strcmp(p->event->name, "nothing") != 0)
        return;
    due = attempts_due(p);
    if (p->alone && p->at < p->total)
        return;
    if (p->copy_below == 0)
        must(s->attempts == due, "number of attempts", p);
    else
        must(s->attempts <= due, "more attempts with copying", p);
    if (p->max_bytes >= p->total && p->total > 0)
        must(s->attempts <= attempts_for(chunks_not_empty(p), p->max_vec),
             "more attempts than ceil(n / max_vec)", p);
}

/* After the event nothing else is attempted, unless it can be got over. */
static void check_end(const bench_t *b, const plan_t *p, apr_status_t status)
{
    bufv_report_t report = report_of(b->s->w);

    must(report.status == status, "status of the report", p);
    must(report.calls == b->s->attempts, "calls of the report", p);
    must(report.waits == b->s->waited, "waits of the report", p);
    must(report.written == b->s->got_len, "bytes of the report", p);
    must(report.left == bufv_length(b->v), "rest of the report", p);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status))
        must(b->s->got_len == p->at, "bytes after the event", p);
    if (p->some || !event_comes(p) || p->at == p->total)
        must(b->s->waited == 0, "a wait too many", p);
    else
        must((int)b->s->waited == p->event->waits, "number of waits", p);
}

static void run_one(bench_t *b, const plan_t *p)
{
    scripted_t *s = b->s;
    apr_uint64_t written = 99;
    apr_status_t status;

    b->runs++;
    fill(b, p);
    scripted_forget(s);
    s->broken[0] = '\0';
    s->trip_armed = 1;
    s->trip_alone = p->alone;
    s->trip_at = p->at;
    s->trip = p->event->step;
    status = p->some ? bufv_write_some(b->v, s->w, &written)
                     : bufv_write(b->v, s->w, &written);
    must(s->broken[0] == '\0', s->broken, p);
    must(status_is_due(p, status), "status", p);
    must(written == s->got_len, "count", p);
    must(written + bufv_length(b->v) == p->total, "what is left", p);
    must(status != APR_SUCCESS || written == p->total, "early success", p);
    must(s->begins == s->ends, "begin and end", p);
    check_order(b, p, (apr_size_t)written);
    check_attempts(b, p);
    check_end(b, p, status);
    s->trip_armed = 0;
    must(bufv_write(b->v, s->w, &written) == APR_SUCCESS, "the rest", p);
    must(s->got_len == p->total, "all", p);
    must(memcmp(s->got != NULL ? (const char *)s->got : "", b->flat,
                p->total) == 0,
         "bytes", p);
    check_order(b, p, p->total);
}

static void run_events(bench_t *b, plan_t *p)
{
    size_t e;

    for (e = 0; e < COUNT(events); e++) {
        p->event = &events[e];
        for (p->at = 0; p->at <= p->total; p->at++)
            for (p->alone = 0; p->alone < 2; p->alone++)
                for (p->some = 0; p->some < 2; p->some++)
                    run_one(b, p);
    }
}

static void run_limits(bench_t *b, plan_t *p)
{
    static const apr_size_t max_vec[] = {1, 2, 3, 16};
    static const apr_size_t max_bytes[] = {1, 2, 3, 5, 100};
    static const apr_size_t copy_below[] = {0, 1, 2, 3, 4096};
    size_t i, k, m;

    for (i = 0; i < COUNT(max_vec); i++) {
        for (k = 0; k < COUNT(max_bytes); k++) {
            for (m = 0; m < COUNT(copy_below); m++) {
                p->max_vec = max_vec[i];
                p->max_bytes = max_bytes[k];
                p->copy_below = copy_below[m];
                bufv_writer_copy_below_set(b->s->w, p->copy_below);
                scripted_limits(b->s, p->max_vec, p->max_bytes);
                run_events(b, p);
            }
        }
    }
}

static void bench_init(bench_t *b)
{
    memset(b, 0, sizeof(*b));
    memcpy(b->flat, "abcdefghijkl", sizeof(b->flat));
    b->v = list_new();
    b->j = journal_new();
    b->s = scripted_for(b->v);
}

/* Lists whose sizes are the digits of all numbers below base^chunks. */
static void run_lists(bench_t *b, int chunks, int base, int numbers)
{
    plan_t p;
    int code, rest, i;

    for (code = 0; code < numbers; code++) {
        memset(&p, 0, sizeof(p));
        p.chunks = chunks;
        p.adjacent = code % 2;
        for (i = 0, rest = code; i < chunks; i++, rest /= base) {
            p.size[i] = (apr_size_t)(rest % base);
            p.total += p.size[i];
        }
        run_limits(b, &p);
    }
}

/* Up to two chunks of up to three bytes. */
START_TEST(schedule__two_chunks)
{
    bench_t b;

    bench_init(&b);
    run_lists(&b, 0, 4, 1);
    run_lists(&b, 1, 4, 4);
    run_lists(&b, 2, 4, 16);
}
END_TEST

/* Three chunks of up to two bytes. */
START_TEST(schedule__three_chunks)
{
    bench_t b;

    bench_init(&b);
    run_lists(&b, 3, 3, 27);
}
END_TEST

/* Four chunks of up to one byte: every pattern of empties. */
START_TEST(schedule__four_chunks)
{
    bench_t b;

    bench_init(&b);
    run_lists(&b, 4, 2, 16);
}
END_TEST

/* Every short count at every attempt: the sequences of takes are the digits
 * of a number, over a list of six bytes. */
START_TEST(schedule__every_sequence_of_short_writes)
{
    static const apr_status_t said[] = {APR_SUCCESS, APR_EAGAIN, APR_EINTR};
    scripted_step_t steps[6];
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    int code, rest, i;

    for (code = 0; code < 46656; code++) {
        for (i = 0, rest = code; i < 6; i++, rest /= 6) {
            steps[i].take = (apr_size_t)(rest % 6 / 3 + 1);
            steps[i].status = said[rest % 3];
            steps[i].beyond = 0;
        }
        assert_ok(bufv_append(v, "ab", 2));
        assert_ok(bufv_append(v, "c", 1));
        assert_ok(bufv_append(v, "def", 3));
        bufv_writer_copy_below_set(s->w, code % 2 ? 0 : 3);
        scripted_limits(s, (apr_size_t)(code % 3 + 1), 0);
        scripted_forget(s);
        scripted_play(s, steps, 6);
        assert_ok(bufv_write(v, s->w, &written));
        ck_assert_uint_eq(written, 6);
        ck_assert_uint_eq(bufv_length(v), 0);
        scripted_assert_got(s, "abcdef", 6);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, schedule__two_chunks);
    tcase_add_test(tc, schedule__three_chunks);
    tcase_add_test(tc, schedule__four_chunks);
    tcase_add_test(tc, schedule__every_sequence_of_short_writes);
}

const topic_t topic_schedule = {"schedule", add_tests};
