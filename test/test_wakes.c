/* SPDX-License-Identifier: Apache-2.0 */

/* Wakes that bring nothing (promise 12): a wait returns, and the next attempt
 * takes not a byte. Such a write makes pauses, longer each time, within its
 * limits, and a bounded number of attempts; and is as quick as ever once
 * something leaves. */

#include "peer.h"
#include "scripted.h"

#include <apr_portable.h>

#ifdef __linux__
#include <linux/net_tstamp.h>
#include <sys/socket.h>
#endif

/* A person notices more; a processor would notice much less. */
#define LONGEST apr_time_from_msec(100)

/* Two wakes for nothing happen to anybody. */
#define FREE_WAKES 4

static bufv_t *ten_bytes(void)
{
    return list_of((const char *const[]){"hello", "world", NULL});
}

/* A transport that is full for ever, and whose waits return at once after
 * `advance`. */
static scripted_t *lying(const bufv_t *v, apr_interval_time_t advance)
{
    scripted_t *s = scripted_for(v);

    s->otherwise.take = 0;
    s->otherwise.status = APR_EAGAIN;
    s->otherwise_wait.advance = advance;
    return s;
}

/* From pause to pause they do not get shorter, but for the last, which a limit
 * may cut. */
static void assert_growing(const scripted_t *s, apr_size_t from, apr_size_t to)
{
    apr_size_t i;

    ck_assert_uint_gt(to, from);
    ck_assert_int_le(s->pause[from], apr_time_from_msec(5));
    for (i = from + 1; i + 1 < to; i++) {
        ck_assert_int_ge(s->pause[i], s->pause[i - 1]);
        ck_assert_int_le(s->pause[i], LONGEST);
    }
    if (to > from + 3)
        ck_assert_int_gt(s->pause[to - 2], s->pause[from]);
}

/* ---- on simulated time */

enum { STALL, WITHIN, DEADLINE, TIMEOUT, LIMITS };

/* Sets one limit of a second; returns the terms to write on. */
static bufv_terms_t one_second(scripted_t *s, int limit)
{
    const apr_interval_time_t second = apr_time_from_sec(1);

    if (limit == STALL)
        bufv_writer_stall_set(s->w, second);
    if (limit == DEADLINE)
        bufv_writer_deadline_set(s->w, s->clock + second);
    if (limit == TIMEOUT)
        s->stall = second;
    return terms_of(1, limit == WITHIN ? second : 0, 0);
}

static const apr_interval_time_t advances[] = {0, 1, 100};

/* A second of nothing but wakes: pauses that grow, some dozens of attempts,
 * and the end when the limit says so, to the microsecond. */
START_TEST(wakes__are_bounded)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = lying(v, advances[_i / LIMITS]);
    apr_time_t start = s->clock;
    bufv_terms_t terms = one_second(s, _i % LIMITS);
    bufv_report_t report = {sizeof(report), 0, 0, 0, 0, 0, 0, 0};

    assert_is(bufv_write_with(v, s->w, &terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, apr_time_from_sec(1));
    ck_assert_uint_le(s->attempts, 100);
    ck_assert_uint_eq(report.calls, s->attempts);
    ck_assert_uint_eq(report.waits, s->waited + s->pauses);
    ck_assert_int_eq(report.waited, apr_time_from_sec(1));
    ck_assert_int_ge(s->paused, apr_time_from_msec(900));
    assert_growing(s, 0, s->pauses);
    scripted_assert_got(s, "", 0);
    assert_text(v, "helloworld");
}
END_TEST

/* A day costs no more attempts a second than the first one did. */
START_TEST(wakes__are_bounded_for_long)
{
    const apr_interval_time_t hour = apr_time_from_sec(3600);
    bufv_t *v = ten_bytes();
    scripted_t *s = lying(v, 0);
    bufv_terms_t terms = terms_of(1, hour, 0);

    assert_is(bufv_write_with(v, s->w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_le(s->attempts, 100 * 3600);
}
END_TEST

/* The limit cuts the pause that would go past it. */
START_TEST(wakes__pause_within_the_limit)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = lying(v, 0);
    apr_time_t start = s->clock;
    bufv_terms_t terms = terms_of(1, 1 + _i * 700, 0);

    assert_is(bufv_write_with(v, s->w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, 1 + _i * 700);
}
END_TEST

/* A wake or two for nothing bring no pause. */
START_TEST(wakes__a_few_are_free)
{
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0},
                                            {0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);

    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->pauses, 0);
    ck_assert_uint_eq(s->waited, 2);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* A byte that leaves begins it anew: the first wakes are free again, and the
 * pauses short. */
START_TEST(wakes__progress_begins_anew)
{
    enum { BAD = 12 };
    scripted_step_t steps[2 * BAD + 1];
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_size_t i, first;

    memset(steps, 0, sizeof(steps));
    for (i = 0; i < COUNT(steps); i++)
        steps[i].status = APR_EAGAIN;
    steps[BAD].take = 1;
    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->attempts, COUNT(steps) + 1);
    first = s->pauses / 2;
    ck_assert_uint_ge(first, BAD - FREE_WAKES);
    ck_assert_int_gt(s->pause[first - 1], s->pause[0]);
    ck_assert_int_eq(s->pause[first], s->pause[0]);
    assert_growing(s, 0, first);
    assert_growing(s, first, s->pauses);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* A destination that drips is not one that lies: a byte with each wait, and no
 * pause at all. */
START_TEST(wakes__that_bring_a_byte_are_no_reason)
{
    const unsigned char *data = bytes_new(1000, 93);
    bufv_t *v = list_cut(data, 10, 100, 100);
    scripted_t *s = scripted_for(v);

    s->otherwise.take = 1;
    s->otherwise.status = APR_EAGAIN;
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->pauses, 0);
    ck_assert_uint_eq(s->attempts, 1000);
    scripted_assert_got(s, data, 1000);
}
END_TEST

/* A transport with a clock of its own that cannot let time pass: the status
 * that led to the pause, after a few attempts, and no real sleep. */
START_TEST(wakes__without_a_pause)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_new(pool);
    apr_time_t real = apr_time_now();
    apr_uint64_t written;

    s->ops.pause = NULL;
    scripted_open(s);
    s->otherwise.take = 0;
    s->otherwise.status = APR_EAGAIN;
    bufv_writer_stall_set(s->w, apr_time_from_sec(60));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_le(s->attempts, FREE_WAKES);
    ck_assert_int_lt(apr_time_now() - real, apr_time_from_sec(20));
    s->otherwise.take = SCRIPTED_ALL;
    s->otherwise.status = APR_SUCCESS;
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* A call that does not wait makes no pause either, and one attempt. */
START_TEST(wakes__are_nothing_to_one_that_does_not_wait)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = lying(v, 0);
    int i;

    for (i = 0; i < 20; i++)
        assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(s->attempts, 20);
    ck_assert_uint_eq(s->waited + s->pauses, 0);
}
END_TEST

/* An interruption is no wake: it is waited on for the time that is left. */
START_TEST(wakes__are_not_interruptions)
{
    static const scripted_wait_t waits[] = {
        {10, APR_EINTR}, {10, APR_EINTR}, {10, APR_EINTR},
        {10, APR_EINTR}, {10, APR_EINTR}, {10, APR_SUCCESS}};
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);

    scripted_play(s, steps, COUNT(steps));
    scripted_play_waits(s, waits, COUNT(waits));
    bufv_writer_stall_set(s->w, 1000);
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->attempts, 2);
    ck_assert_uint_eq(s->pauses, 0);
    ck_assert_int_eq(s->timeout[5], 950);
}
END_TEST

/* ---- on the system's clock */

/* An own transport without a clock: pauses are real, and so is the end. */
START_TEST(wakes__in_real_time)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_in_real_time(pool);
    bufv_terms_t terms = terms_of(1, apr_time_from_msec(300), 0);
    apr_time_t start;

    scripted_open(s);
    s->otherwise.take = 0;
    s->otherwise.status = APR_EAGAIN;
    start = apr_time_now();
    assert_is(bufv_write_with(v, s->w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, apr_time_from_msec(280));
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(10));
    ck_assert_uint_le(s->attempts, 100);
}
END_TEST

#ifdef __linux__
#define BIG (8 << 20)

/* Something is in the error queue of this socket, so that poll() returns at
 * once. Returns 0 if the kernel has no such thing. */
static int fill_error_queue(apr_socket_t *sock, bufv_writer_t *w)
{
    int on = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
             SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_ID;
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &on, sizeof(on)) != 0)
        return 0;
    assert_ok(bufv_write(ten_bytes(), w, NULL));
    apr_sleep(50000);
    return 1;
}

/* SO_TIMESTAMPING, and a peer that does not read: it ends in time, with some
 * dozens of attempts. */
START_TEST(wakes__by_an_error_queue)
{
    const unsigned char *data = bytes_new(BIG, 94);
    bufv_t *v = list_cut(data, 8, BIG / 8, BIG / 8);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_time_t start;
    apr_uint64_t written;

    if (!fill_error_queue(p->near_end, w)) {
        skip("wakes__by_an_error_queue", "no SO_TIMESTAMPING");
        return;
    }
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(apr_socket_timeout_set(p->near_end, apr_time_from_sec(1)));
    start = apr_time_now();
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, apr_time_from_msec(950));
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(20));
    ck_assert_uint_le(report_of(w).calls, 200);
}
END_TEST

/* The same with a peer that reads: all of it comes. */
START_TEST(wakes__by_an_error_queue_to_a_reader)
{
    const unsigned char *data = bytes_new(BIG, 95);
    bufv_t *v = list_cut(data, 8, BIG / 8, BIG / 8);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);

    if (!fill_error_queue(p->near_end, w)) {
        skip("wakes__by_an_error_queue_to_a_reader", "no SO_TIMESTAMPING");
        return;
    }
    p->pause = 100;
    peer_start(p);
    assert_ok(bufv_write(v, w, NULL));
    peer_finish(p);
    peer_assert_length(p, BIG + 10);
    ck_assert_mem_eq(p->got + 10, data, BIG);
}
END_TEST
#else
START_TEST(wakes__by_an_error_queue)
{
    skip("wakes__by_an_error_queue", "only Linux has it");
}
END_TEST

START_TEST(wakes__by_an_error_queue_to_a_reader)
{
    skip("wakes__by_an_error_queue_to_a_reader", "only Linux has it");
}
END_TEST
#endif

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, wakes__are_bounded, 0,
                        LIMITS * (int)COUNT(advances));
    tcase_add_test(tc, wakes__are_bounded_for_long);
    tcase_add_loop_test(tc, wakes__pause_within_the_limit, 0, 20);
    tcase_add_test(tc, wakes__a_few_are_free);
    tcase_add_test(tc, wakes__progress_begins_anew);
    tcase_add_test(tc, wakes__that_bring_a_byte_are_no_reason);
    tcase_add_test(tc, wakes__without_a_pause);
    tcase_add_test(tc, wakes__are_nothing_to_one_that_does_not_wait);
    tcase_add_test(tc, wakes__are_not_interruptions);
    tcase_add_test(tc, wakes__in_real_time);
    tcase_add_test(tc, wakes__by_an_error_queue);
    tcase_add_test(tc, wakes__by_an_error_queue_to_a_reader);
}

const topic_t topic_wakes = {"wakes", add_tests};
