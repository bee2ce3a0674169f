/* SPDX-License-Identifier: Apache-2.0 */

/* Want of memory, and slow destinations (promises 10, 12a, 15, 20d): what is
 * asked for shrinks and grows again, pauses stay within the limits, and the
 * work for an attempt is in proportion to what leaves. */

#include "peer.h"
#include "scripted.h"

#define MIB ((apr_size_t)1 << 20)

/* A page: no batch is made smaller. */
#define PAGE ((apr_size_t)4096)

/* Copies are for nothing where they are not sent; this much of them is. */
#define IN_PROPORTION 4

/* However little a destination takes, so much is copied for an attempt. */
#define COPIED_LEAST ((apr_size_t)512)

/* And so much for the first one, before anything is known of it. */
#define BEGINNING ((apr_size_t)512 * 1024)

/* The system's two words for it. */
static apr_status_t starved_status(int which)
{
    return which == 0 ? APR_ENOMEM : no_buffer_space();
}

/* A transport that never has memory. */
static scripted_t *starving(const bufv_t *v, int which)
{
    scripted_t *s = scripted_for(v);

    s->otherwise.take = 0;
    s->otherwise.status = starved_status(which);
    return s;
}

/* ---- without waiting */

static const apr_size_t sizes[] = {10, 4096, 5000, 100000, 3000000};

/* One retry with less, if less is possible, and then the system's status. */
START_TEST(starved__is_tried_twice)
{
    apr_size_t len = sizes[_i / 2];
    const unsigned char *data = bytes_new(len, 100);
    bufv_t *v = list_cut(data, 1, len, len);
    scripted_t *s = starving(v, _i % 2);
    apr_uint64_t written = 9;

    ck_assert_int_eq(bufv_write_some(v, s->w, &written),
                     starved_status(_i % 2));
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(s->attempts, 2);
    ck_assert_uint_eq(s->attempt[0].asked, len);
    ck_assert_uint_le(s->attempt[1].asked, len > 2 * PAGE ? len / 2 : PAGE);
    ck_assert_uint_eq(s->pauses + s->waited, 0);
    ck_assert_int_eq(report_of(s->w).status, starved_status(_i % 2));
    scripted_assert_kept(s);
    assert_bytes(v, data, len);
}
END_TEST

/* A second shortage in the same call, after bytes have left, is a new one. */
START_TEST(starved__twice_is_counted_from_the_last_byte)
{
    static const scripted_step_t steps[] = {
        {0, APR_ENOMEM, 0},  {5, APR_SUCCESS, 0}, {0, APR_ENOMEM, 0},
        {2, APR_SUCCESS, 0}, {0, APR_ENOMEM, 0},  {0, APR_ENOMEM, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, steps, COUNT(steps));
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(written, 7);
    ck_assert_uint_eq(s->attempts, 6);
    assert_text(v, "rld");
}
END_TEST

/* ---- with pauses */

/* Not for ever, and a quarter of a second in all: then the system's status. */
START_TEST(starved__is_an_error_in_the_end)
{
    const unsigned char *data = bytes_new(MIB, 101);
    bufv_t *v = list_cut(data, 4, MIB / 4, MIB / 4);
    scripted_t *s = starving(v, _i);
    apr_size_t i;

    ck_assert_int_eq(bufv_write(v, s->w, NULL), starved_status(_i));
    ck_assert_uint_ge(s->attempts, 4);
    ck_assert_uint_le(s->attempts, 20);
    ck_assert_uint_eq(s->pauses, s->attempts - 1);
    ck_assert_int_le(s->paused, apr_time_from_sec(1));
    for (i = 1; i < s->pauses; i++)
        ck_assert_int_ge(s->pause[i], s->pause[i - 1]);
    for (i = 1; i < s->attempts; i++)
        ck_assert_uint_le(s->attempt[i].asked, s->attempt[i - 1].asked);
    ck_assert_uint_eq(report_of(s->w).waits, s->pauses);
    ck_assert_int_eq(report_of(s->w).waited, s->paused);
    ck_assert_uint_eq(bufv_length(v), MIB);
}
END_TEST

enum { STALL, WITHIN, DEADLINE, TIMEOUT, LIMITS };

/* Each limit of 5 ms ends it after 5 ms. */
START_TEST(starved__pauses_are_within_the_limits)
{
    const apr_interval_time_t limit = apr_time_from_msec(5);
    bufv_t *v = list_of((const char *const[]){"hello", NULL});
    scripted_t *s = starving(v, _i / LIMITS);
    bufv_terms_t terms = terms_of(1, _i % LIMITS == WITHIN ? limit : 0, 0);
    apr_time_t start = s->clock;

    if (_i % LIMITS == STALL)
        bufv_writer_stall_set(s->w, limit);
    if (_i % LIMITS == DEADLINE)
        bufv_writer_deadline_set(s->w, start + limit);
    if (_i % LIMITS == TIMEOUT)
        s->stall = limit;
    assert_is(bufv_write_with(v, s->w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, limit);
    ck_assert_uint_le(s->attempts, 6);
    assert_text(v, "hello");
}
END_TEST

/* Real pauses, too, where the clock is the system's. */
START_TEST(starved__pauses_in_real_time)
{
    bufv_t *v = list_of((const char *const[]){"hello", NULL});
    scripted_t *s = scripted_in_real_time(pool);
    bufv_terms_t terms = terms_of(1, apr_time_from_msec(50), 0);
    apr_time_t start;

    scripted_open(s);
    s->otherwise.take = 0;
    s->otherwise.status = APR_ENOMEM;
    start = apr_time_now();
    assert_is(bufv_write_with(v, s->w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, apr_time_from_msec(45));
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(10));
    ck_assert_uint_le(s->attempts, 10);
}
END_TEST

/* A transport that cannot let time pass: the status, and no real sleep. */
START_TEST(starved__without_a_pause)
{
    bufv_t *v = list_of((const char *const[]){"hello", NULL});
    scripted_t *s = scripted_new(pool);

    s->ops.pause = NULL;
    scripted_open(s);
    s->otherwise.take = 0;
    s->otherwise.status = APR_ENOMEM;
    assert_is(bufv_write(v, s->w, NULL), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_le(s->attempts, 2);
    assert_text(v, "hello");
}
END_TEST

/* Shortages with progress between them are no end: the pauses stay short. */
START_TEST(starved__progress_begins_anew)
{
    scripted_step_t steps[200];
    const unsigned char *data = bytes_new(1000, 102);
    bufv_t *v = list_cut(data, 10, 100, 100);
    scripted_t *s = scripted_for(v);
    apr_size_t i;

    memset(steps, 0, sizeof(steps));
    for (i = 0; i < COUNT(steps); i++) {
        steps[i].take = i % 2;
        steps[i].status = i % 2 ? APR_SUCCESS : APR_ENOMEM;
    }
    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->pauses, COUNT(steps) / 2);
    ck_assert_int_eq(s->paused, s->pause[0] * (apr_time_t)s->pauses);
    scripted_assert_got(s, data, 1000);
}
END_TEST

/* ---- how much is asked for */

static apr_size_t memory; /* a longer batch finds none */

static apr_size_t sum(const struct iovec *vec, apr_size_t nvec)
{
    apr_size_t len = 0;

    while (nvec > 0)
        len += vec[--nvec].iov_len;
    return len;
}

static bufv_ops_t behind;

static apr_status_t writev_in_memory(void *baton, const struct iovec *vec,
                                     apr_size_t nvec, int more,
                                     apr_size_t *written)
{
    scripted_t *s = baton;

    s->otherwise.take = sum(vec, nvec) > memory ? 0 : SCRIPTED_ALL;
    s->otherwise.status =
        s->otherwise.take == 0 ? no_buffer_space() : APR_SUCCESS;
    return behind.writev(baton, vec, nvec, more, written);
}

/* Less and less, until the system has memory for it; and all leaves. */
START_TEST(starved__finds_what_fits)
{
    static const apr_size_t memories[] = {4096, 5000, 65536, 300000};
    const unsigned char *data = bytes_new(MIB, 103);
    bufv_t *v = list_cut(data, 1024, 1024, 1024);
    scripted_t *s = scripted_new(pool);

    memory = memories[_i];
    behind = s->ops;
    s->ops.writev = writev_in_memory;
    s->list = v;
    scripted_open(s);
    assert_ok(bufv_write(v, s->w, NULL));
    /* each success may be followed by one attempt at the double */
    ck_assert_uint_le(s->attempts, 12 + 4 * MIB / memory);
    scripted_assert_got(s, data, MIB);
}
END_TEST

/* 64 MiB with ten shortages on the way: 32 attempts, one more for each, and
 * a smaller one behind each. */
START_TEST(starved__batch_grows_again)
{
    scripted_step_t steps[30];
    const unsigned char *data = bytes_new(MIB, 104);
    bufv_t *v = list_cut(data, 64, MIB, 0);
    scripted_t *s = scripted_new(pool);
    apr_size_t i;

    memset(steps, 0, sizeof(steps));
    for (i = 0; i < COUNT(steps); i++) {
        steps[i].take = i % 3 == 1 ? 0 : SCRIPTED_ALL;
        steps[i].status = i % 3 == 1 ? starved_status(_i) : APR_SUCCESS;
    }
    s->discard = 1;
    s->list = v;
    scripted_open(s);
    scripted_limits(s, 0, 2 * MIB);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->got_len, 64 * MIB);
    ck_assert_uint_le(s->attempts, 32 + 10 + 10);
    ck_assert_uint_eq(s->attempt[s->attempts - 2].asked, 2 * MIB);
    scripted_assert_kept(s);
}
END_TEST

/* What a shortage did to one write the next does not see. */
START_TEST(starved__is_forgotten_by_the_next_write)
{
    static const scripted_step_t steps[] = {{0, APR_ENOMEM, 0},
                                            {0, APR_ENOMEM, 0}};
    const unsigned char *data = bytes_new(MIB, 105);
    bufv_t *v = list_cut(data, 1, MIB, MIB);
    scripted_t *s = scripted_for(v);

    scripted_play(s, steps, COUNT(steps));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_ENOMEM);
    assert_ok(bufv_write_some(v, s->w, NULL));
    ck_assert_uint_eq(s->attempts, 3);
    ck_assert_uint_eq(s->attempt[2].asked, MIB);
    scripted_assert_got(s, data, MIB);
}
END_TEST

/* A message cannot be made less: one attempt, and the system's status. */
START_TEST(starved__message_is_not_retried)
{
    const unsigned char *data = bytes_new(9000, 106);
    bufv_t *v = list_cut(data, 3, 3000, 3000);
    scripted_t *s = scripted_new(pool);

    s->ops.message = 1;
    s->otherwise.take = 0;
    s->otherwise.status = starved_status(_i % 2);
    scripted_open(s);
    if (_i / 2 == 0)
        ck_assert_int_eq(bufv_write_some(v, s->w, NULL),
                         starved_status(_i % 2));
    else
        ck_assert_int_eq(bufv_write(v, s->w, NULL), starved_status(_i % 2));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->pauses, 0);
    ck_assert_uint_eq(bufv_length(v), 9000);
}
END_TEST

/* ---- slow destinations: chunks by reference */

static const struct {
    apr_size_t chunks, len, copy_below, take;
} referred[] = {
    {5000, 10, 0, 25},      {5000, 10, 0, 2500},      {3000, 100, 0, 4096},
    {2000, 600, 512, 1500}, {2000, 5000, 512, 20000}, {1500, 3, 0, 1},
};

/* However little was taken, each attempt is given as many chunks as the
 * first: as many as fit, or as there are. */
START_TEST(starved__does_not_count_for_references)
{
    apr_size_t len = referred[_i].len, room = referred[_i].chunks * (len + 1);
    const unsigned char *data = bytes_new(room, 107);
    bufv_t *v = list_cut(data, referred[_i].chunks, len, len + 1);
    scripted_t *s = scripted_new(pool);
    apr_uint64_t left = bufv_length(v), chunks;
    apr_size_t i;

    s->discard = 1;
    s->list = v;
    s->otherwise.take = referred[_i].take;
    s->otherwise.status = APR_EAGAIN;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, referred[_i].copy_below);
    assert_ok(bufv_write(v, s->w, NULL));
    for (i = 0; i < s->attempts && i < SCRIPTED_RECORDS; i++) {
        chunks = (left + len - 1) / len;
        ck_assert_uint_eq(s->attempt[i].nvec,
                          chunks < s->max_vec ? chunks : s->max_vec);
        left -= s->attempt[i].took;
    }
    scripted_assert_kept(s);
}
END_TEST

/* ---- slow destinations: what is copied and read */

static const struct {
    apr_size_t take, max_vec;
    int full; /* a short write says that it is */
} slow[] = {
    {100, 1024, 1},  {200, 1024, 1},   {1000, 1024, 1}, {4096, 1024, 1},
    {4096, 1, 1},    {65536, 1024, 1}, {65536, 1, 1},   {1000, 1, 1},
    {4096, 1024, 0}, {4096, 1, 0},     {100, 16, 0},    {500000, 16, 1},
};

static scripted_t *slow_for(const bufv_t *v, int i)
{
    scripted_t *s = scripted_new(pool);

    s->list = v;
    s->ops.copy_below = 600;
    s->ops.max_vec = slow[i].max_vec;
    s->otherwise.take = slow[i].take;
    s->otherwise.status = slow[i].full ? APR_EAGAIN : APR_SUCCESS;
    scripted_open(s);
    return s;
}

static void assert_in_proportion(const bufv_writer_t *w, apr_uint64_t total)
{
    bufv_report_t report = report_of(w);
    apr_uint64_t least = total + COPIED_LEAST * report.calls;
    apr_uint64_t most = IN_PROPORTION * total;

    ck_assert_uint_eq(report.written, total);
    ck_assert_uint_le(report.copied, most > least ? most : least);
}

/* 600 KB in small chunks, to one that takes a little at a time. */
START_TEST(starved__copies_in_proportion)
{
    const unsigned char *data = bytes_new(6000 * 101, 108);
    bufv_t *v = list_cut(data, 6000, 100, 101);
    scripted_t *s = slow_for(v, _i);

    s->discard = 1;
    assert_ok(bufv_write(v, s->w, NULL));
    assert_in_proportion(s->w, 600000);
    scripted_assert_kept(s);
}
END_TEST

/* The same bytes as ranges of a file that are read. */
START_TEST(starved__reads_in_proportion)
{
    const apr_size_t len = 600000;
    const unsigned char *data = bytes_new(len, 109);
    apr_file_t *file = file_new(data, len, 0);
    bufv_t *v = list_new();
    scripted_t *s;
    apr_size_t i;

    for (i = 0; i < len; i += 60000)
        assert_ok(bufv_append_file(v, file, (apr_off_t)i, 60000));
    s = slow_for(v, _i);
    assert_ok(bufv_write(v, s->w, NULL));
    assert_in_proportion(s->w, len);
    scripted_assert_got(s, data, len);
}
END_TEST

static apr_status_t write_until_all_left(bufv_t *v, bufv_writer_t *w)
{
    apr_status_t status;

    do
        status = bufv_write_some(v, w, NULL);
    while (APR_STATUS_IS_EAGAIN(status));
    return status;
}

/* So do the calls of an event loop, each of which fills the destination; and
 * the next list begins as this one did. */
START_TEST(starved__calls_that_go_on_copy_in_proportion)
{
    const unsigned char *data = bytes_new(6000 * 101, 108);
    bufv_t *v = list_cut(data, 6000, 100, 101);
    scripted_t *s = slow_for(v, _i);
    apr_uint64_t least, most = IN_PROPORTION * 600000;
    bufv_stats_t stats;
    apr_size_t first;

    s->discard = 1;
    assert_ok(write_until_all_left(v, s->w));
    stats = stats_of(s->w);
    least = BEGINNING + 600000 + COPIED_LEAST * stats.calls;
    ck_assert_uint_eq(stats.written, 600000);
    ck_assert_uint_le(stats.copied, most > least ? most : least);
    scripted_assert_kept(s);
    first = s->attempt[0].asked;
    scripted_forget(s);
    s->list = v = list_cut(data, 6000, 100, 101);
    assert_ok(write_until_all_left(v, s->w));
    ck_assert_uint_eq(s->attempt[0].asked, first);
}
END_TEST

/* A destination that becomes quick again is given more again. */
START_TEST(starved__copies_grow_again)
{
    const unsigned char *data = bytes_new(30000 * 101, 110);
    bufv_t *v = list_cut(data, 30000, 100, 101);
    scripted_step_t steps[50];
    scripted_t *s = scripted_new(pool);
    apr_size_t i;

    for (i = 0; i < COUNT(steps); i++) {
        steps[i].take = 300;
        steps[i].status = APR_EAGAIN;
        steps[i].beyond = 0;
    }
    s->discard = 1;
    s->ops.max_vec = 1;
    s->ops.copy_below = 600;
    scripted_open(s);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->got_len, 3000000);
    ck_assert_uint_le(s->attempts, COUNT(steps) + 25);
}
END_TEST

/* What a slow write learned the next one does not know. */
START_TEST(starved__slowness_is_forgotten)
{
    const unsigned char *data = bytes_new(6000 * 101, 111);
    bufv_t *v = list_cut(data, 6000, 100, 101);
    scripted_t *s = slow_for(NULL, 4);
    apr_size_t first;

    s->discard = 1;
    assert_ok(bufv_write(v, s->w, NULL));
    first = s->attempt[0].asked;
    scripted_forget(s);
    v = list_cut(data, 6000, 100, 101);
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->attempt[0].asked, first);
}
END_TEST

/* ---- real ones */

/* Reads a pipe, slowly. */
typedef struct taker_t {
    apr_file_t *in;
    apr_size_t piece;
    apr_interval_time_t pause;
    apr_uint64_t got;
} taker_t;

static void *APR_THREAD_FUNC take_all(apr_thread_t *thread, void *baton)
{
    taker_t *t = baton;
    char *bytes = malloc(t->piece);
    apr_size_t n = t->piece;

    (void)thread;
    while (apr_file_read(t->in, bytes, &n) == APR_SUCCESS) {
        t->got += n;
        n = t->piece;
        apr_sleep(t->pause);
    }
    free(bytes);
    return NULL;
}

/* Small chunks, and a file's, to a pipe whose reader takes 4 KiB at a time. */
START_TEST(starved__by_a_slow_pipe)
{
    const unsigned char *data = bytes_new(20000 * 101, 112);
    taker_t t = {NULL, 4096, 50, 0};
    apr_thread_t *thread;
    bufv_writer_t *w;
    apr_file_t *out;
    bufv_t *v;

    assert_ok(apr_file_pipe_create(&t.in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    if (_i == 0)
        v = list_cut(data, 20000, 100, 101);
    else {
        v = list_new();
        assert_ok(bufv_append_file(v, file_new(data, 2000000, 0), 0, 2000000));
    }
    assert_ok(apr_thread_create(&thread, NULL, take_all, &t, pool));
    assert_ok(bufv_write(v, w, NULL));
    assert_in_proportion(w, 2000000);
    assert_ok(apr_file_close(out));
    thread_join(thread);
    ck_assert_uint_eq(t.got, 2000000);
}
END_TEST

/* The same to a socket with small buffers. */
START_TEST(starved__by_a_slow_socket)
{
    const unsigned char *data = bytes_new(4000 * 101, 113);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v;

    assert_ok(apr_socket_opt_set(p->near_end, APR_SO_SNDBUF, 16384));
    assert_ok(apr_socket_opt_set(p->far_end, APR_SO_RCVBUF, 16384));
    p->piece = 4096;
    p->pause = 50;
    if (_i == 0)
        v = list_cut(data, 4000, 100, 101);
    else {
        v = list_new();
        assert_ok(bufv_append_file(v, file_new(data, 400000, 0), 0, 400000));
    }
    peer_start(p);
    assert_ok(bufv_write(v, w, NULL));
    assert_in_proportion(w, 400000);
    peer_finish(p);
    peer_assert_length(p, 400000);
}
END_TEST

/* What grows again does so up to the limit, which need not be twice of
 * anything. */
START_TEST(starved__batch_grows_to_the_limit)
{
    static const apr_size_t asked[] = {10001, 5000, 10000, 10001};
    static const scripted_step_t steps[] = {{0, APR_ENOMEM, 0}};
    const unsigned char *data = bytes_new(40000, 105);
    bufv_t *v = list_cut(data, 1, 40000, 0);
    scripted_t *s = scripted_for(v);
    apr_size_t i;

    scripted_limits(s, 0, 10001);
    scripted_play(s, steps, 1);
    assert_ok(bufv_write(v, s->w, NULL));
    for (i = 0; i < COUNT(asked); i++)
        ck_assert_uint_eq(s->attempt[i].asked, asked[i]);
    scripted_assert_got(s, data, 40000);
}
END_TEST

/* What was held back for bytes that do not come now leaves before a pause, and
 * before a wait: the transport looks. */
START_TEST(starved__nothing_is_held_in_a_pause)
{
    const scripted_step_t steps[] = {{2, APR_SUCCESS, 0},
                                     {0, starved_status(_i), 0},
                                     {2, APR_SUCCESS, 0},
                                     {0, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"ab", "cd", "ef", NULL});
    scripted_t *s = scripted_for(v);

    scripted_limits(s, 0, 2);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->pauses, 1);
    ck_assert_uint_eq(s->waited, 1);
    ck_assert_uint_eq(s->flushes, 2);
    scripted_assert_kept(s);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, starved__nothing_is_held_in_a_pause, 0, 2);
    tcase_add_loop_test(tc, starved__is_tried_twice, 0, 2 * (int)COUNT(sizes));
    tcase_add_test(tc, starved__twice_is_counted_from_the_last_byte);
    tcase_add_loop_test(tc, starved__is_an_error_in_the_end, 0, 2);
    tcase_add_loop_test(tc, starved__pauses_are_within_the_limits, 0,
                        2 * LIMITS);
    tcase_add_test(tc, starved__pauses_in_real_time);
    tcase_add_test(tc, starved__without_a_pause);
    tcase_add_test(tc, starved__progress_begins_anew);
    tcase_add_loop_test(tc, starved__finds_what_fits, 0, 4);
    tcase_add_loop_test(tc, starved__batch_grows_again, 0, 2);
    tcase_add_test(tc, starved__is_forgotten_by_the_next_write);
    tcase_add_loop_test(tc, starved__message_is_not_retried, 0, 4);
    tcase_add_loop_test(tc, starved__does_not_count_for_references, 0,
                        (int)COUNT(referred));
    tcase_add_loop_test(tc, starved__copies_in_proportion, 0,
                        (int)COUNT(slow));
    tcase_add_loop_test(tc, starved__reads_in_proportion, 0, (int)COUNT(slow));
    tcase_add_loop_test(tc, starved__calls_that_go_on_copy_in_proportion, 0,
                        (int)COUNT(slow));
    tcase_add_test(tc, starved__copies_grow_again);
    tcase_add_test(tc, starved__slowness_is_forgotten);
    tcase_add_loop_test(tc, starved__by_a_slow_pipe, 0, 2);
    tcase_add_loop_test(tc, starved__by_a_slow_socket, 0, 2);
    tcase_add_test(tc, starved__batch_grows_to_the_limit);
}

const topic_t topic_starved = {"starved", add_tests};
