/* SPDX-License-Identifier: Apache-2.0 */

/* Deadline and stall limit, on a clock that the test moves
 * (promises 12 and 13). */

#include "scripted.h"

#define DAY apr_time_from_sec(24 * 60 * 60) /* the longest single wait */

/* A transport that takes one byte at a time and is full after each; a wait
 * takes `pause`. */
static scripted_t *dripping(const bufv_t *v, apr_interval_time_t pause)
{
    scripted_t *s = scripted_for(v);

    s->otherwise.take = 1;
    s->otherwise.status = APR_EAGAIN;
    s->otherwise_wait.advance = pause;
    return s;
}

/* One that is full for ever. */
static scripted_t *stuck(const bufv_t *v)
{
    scripted_t *s = scripted_for(v);

    s->otherwise.take = 0;
    s->otherwise.status = APR_EAGAIN;
    s->otherwise_wait.advance = APR_INT64_MAX / 4;
    return s;
}

static bufv_t *ten_bytes(void)
{
    return list_of((const char *const[]){"hello", "world", NULL});
}

/* A deadline that is past or just reached: APR_TIMEUP, nothing attempted;
 * with a new one, or none, the list leaves. */
START_TEST(deadline__already_past)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_deadline_set(s->w, s->clock - 1);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(written, 0);
    bufv_writer_deadline_set(s->w, 1);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->attempts, 0);
    ck_assert_uint_eq(s->waited, 0);
    ck_assert_uint_eq(s->begins, 0);
    bufv_writer_deadline_set(s->w, 0);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* The wait is told the time that is left until the deadline, and ends in
 * APR_TIMEUP there, not before. */
START_TEST(deadline__bounds_a_wait)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_time_t start = s->clock;
    apr_uint64_t written;

    bufv_writer_deadline_set(s->w, start + 5000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->timeout[0], 5000);
    ck_assert_int_eq(s->clock - start, 5000);
    ck_assert_int_eq(report_of(s->w).waited, 5000);
    ck_assert_uint_eq(written, 0);
    assert_text(v, "helloworld");
}
END_TEST

/* A reader that takes a byte now and then cannot hold a write past its
 * deadline; what left is exact, and the rest goes on from there. */
START_TEST(deadline__against_a_drip)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = dripping(v, 900);
    apr_time_t start = s->clock;
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    bufv_writer_deadline_set(s->w, start + 5000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, 5000);
    ck_assert_uint_eq(written, 6);
    assert_text(v, "orld");
    bufv_writer_deadline_set(s->w, s->clock + 100000);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 4);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* A deadline passes also where no wait ever happens: short writes that take
 * time of their own. */
static apr_time_t slow_now(void *baton)
{
    scripted_t *s = baton;

    s->clock += 100;
    return s->clock;
}

START_TEST(deadline__without_a_wait)
{
    const unsigned char *data = bytes_new(100000, 12);
    bufv_t *v = list_cut(data, 1000, 100, 100);
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.now = slow_now;
    s->list = v;
    s->otherwise.take = 1;
    scripted_open(s);
    bufv_writer_deadline_set(s->w, s->clock + 10000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_le(written, 101);
    scripted_assert_got(s, data, (apr_size_t)written);
}
END_TEST

/* The stall limit is per byte accepted: progress begins it anew. */
START_TEST(deadline__stall_begins_anew)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = dripping(v, 900);
    apr_time_t start = s->clock;
    apr_uint64_t written;

    bufv_writer_stall_set(s->w, 1000);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_eq(s->clock - start, 9 * 900);
    ck_assert_int_eq(s->timeout[8], 1000);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

static bufv_t *refilled;

static void refill(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
    assert_ok(bufv_append(refilled, "next", 4));
}

static void refill_empty(void *baton, const bufv_call_t *call)
{
    if (bufv_length(refilled) == 0 && call->asked == 5)
        refill(baton, NULL, 0);
}

/* It counts from the last byte of a list, too, if a callback then appends. */
START_TEST(deadline__stall_of_a_list_that_is_filled_again)
{
    static const scripted_step_t steps[] = {
        {0, APR_EAGAIN, 0}, {5, APR_SUCCESS, 0}, {0, APR_EAGAIN, 0}};
    static const scripted_wait_t waits[] = {{600, APR_SUCCESS},
                                            {900, APR_SUCCESS}};
    scripted_t *s;

    refilled = list_new();
    assert_ok(bufv_append_owned(refilled, "hello", 5, _i == 0 ? refill : NULL,
                                NULL));
    s = scripted_for(refilled);
    if (_i == 1)
        bufv_writer_hook_set(s->w, refill_empty, s);
    scripted_limits(s, 8, 0);
    bufv_writer_stall_set(s->w, 1000);
    scripted_play(s, steps, COUNT(steps));
    scripted_play_waits(s, waits, COUNT(waits));
    assert_ok(bufv_write(refilled, s->w, NULL));
    ck_assert_uint_eq(s->waited, 2);
    ck_assert_int_eq(s->timeout[0], 1000);
    ck_assert_int_eq(s->timeout[1], 1000);
}
END_TEST

/* No byte for so long: APR_TIMEUP, at the limit. */
START_TEST(deadline__stall_ends_it)
{
    static const scripted_step_t steps[] = {{3, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_time_t start = s->clock;
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, 1);
    bufv_writer_stall_set(s->w, 1000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(written, 3);
    ck_assert_int_eq(s->clock - start, 1000);
    assert_text(v, "loworld");
}
END_TEST

/* A transport that keeps saying "writable" and takes nothing stalls too: the
 * limit is over attempts, and over the pauses between them. */
START_TEST(deadline__stall_over_many_waits)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_time_t start = s->clock;
    apr_uint64_t written;

    s->otherwise_wait.advance = 300;
    bufv_writer_stall_set(s->w, 1000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, 1000);
    ck_assert_int_eq(s->timeout[0], 1000);
    ck_assert_int_eq(s->timeout[1], 700);
    ck_assert_uint_eq(s->waited, 2);
    ck_assert_uint_eq(s->pauses, 1);
    ck_assert_int_eq(s->pause[0], 400);
    ck_assert_int_eq(report_of(s->w).waited, 1000);
}
END_TEST

/* Both limits: the nearer one bounds each wait. */
START_TEST(deadline__nearer_of_both)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_uint64_t written;

    bufv_writer_stall_set(s->w, 1000);
    bufv_writer_deadline_set(s->w, s->clock + 400);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->timeout[0], 400);
    bufv_writer_deadline_set(s->w, s->clock + 40000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->timeout[1], 1000);
}
END_TEST

/* Without either the wait has no limit. */
START_TEST(deadline__none)
{
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, steps, 1);
    s->otherwise_wait.advance = APR_INT64_C(86400000000);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_lt(s->timeout[0], 0);
    ck_assert_uint_eq(written, 10);
}
END_TEST

/* A limit below 0 is none, and takes the transport's own away. */
START_TEST(deadline__stall_below_0)
{
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->stall = 500;
    bufv_writer_stall_set(s->w, -1);
    scripted_play(s, steps, 1);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_lt(s->timeout[0], 0);
}
END_TEST

/* The transport's own limit, from `timeout`, holds until one is set. */
START_TEST(deadline__stall_of_the_transport)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_uint64_t written;

    s->stall = 500;
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->timeout[0], 500);
    bufv_writer_stall_set(s->w, 2000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->timeout[1], 2000);
}
END_TEST

/* A transport whose own timeout is 0 never waits, whatever is set. */
START_TEST(deadline__transport_that_never_waits)
{
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    s->stall = 0;
    bufv_writer_stall_set(s->w, 1000);
    bufv_writer_deadline_set(s->w, s->clock + 1000);
    scripted_play(s, steps, 1);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->waited, 0);
}
END_TEST

/* A wait that is interrupted is made again for the time that is left: under
 * signals the limit holds. */
START_TEST(deadline__interrupted_waits)
{
    static const scripted_wait_t waits[] = {
        {300, APR_EINTR}, {0, APR_EINTR}, {300, APR_EINTR}, {300, APR_EINTR}};
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_time_t start = s->clock;
    apr_uint64_t written;

    bufv_writer_stall_set(s->w, 1000);
    scripted_play_waits(s, waits, COUNT(waits));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->timeout[0], 1000);
    ck_assert_int_eq(s->timeout[1], 700);
    ck_assert_int_eq(s->timeout[2], 700);
    ck_assert_int_eq(s->timeout[3], 400);
    ck_assert_int_eq(s->timeout[4], 100);
    ck_assert_int_eq(s->clock - start, 1000);
    ck_assert_int_eq(report_of(s->w).waited, 1000);
}
END_TEST

/* An interrupted wait ends in progress as any other. */
START_TEST(deadline__interrupted_then_writable)
{
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0}};
    static const scripted_wait_t waits[] = {
        {300, APR_EINTR}, {300, APR_EINTR}, {300, APR_SUCCESS}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    bufv_writer_stall_set(s->w, 1000);
    scripted_play(s, steps, 1);
    scripted_play_waits(s, waits, COUNT(waits));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "helloworld", 10);
    ck_assert_int_eq(report_of(s->w).waited, 900);
}
END_TEST

/* A wait that gives up for reasons of its own, with APR_TIMEUP before the
 * time is up, is taken at its word: one that only means to be called again
 * says APR_EINTR. */
START_TEST(deadline__wait_gives_up)
{
    static const scripted_wait_t waits[] = {{400, APR_TIMEUP}};
    bufv_t *v = ten_bytes();
    scripted_t *s = stuck(v);
    apr_uint64_t written;

    bufv_writer_stall_set(s->w, 1000);
    scripted_play_waits(s, waits, COUNT(waits));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 1);
    ck_assert_int_eq(report_of(s->w).waited, 400);
}
END_TEST

/* A huge limit does not overflow into a past one. */
START_TEST(deadline__far_away)
{
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, steps, 1);
    bufv_writer_stall_set(s->w, APR_INT64_MAX);
    bufv_writer_deadline_set(s->w, APR_INT64_MAX);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 10);
    ck_assert_uint_eq(s->waited, 1);
    ck_assert_int_ne(s->timeout[0], 0);
}
END_TEST

/* Without a clock of the transport, a deadline is in the wall-clock time of
 * the caller: one in the past ends it, one in an hour does not. */
START_TEST(deadline__wall_clock)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.now = NULL;
    s->list = v;
    scripted_open(s);
    bufv_writer_deadline_set(s->w, apr_time_now() - 1000000);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->attempts, 0);
    bufv_writer_deadline_set(s->w, apr_time_now() + apr_time_from_sec(3600));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 10);
}
END_TEST

/* And the wait is told about the time that is left of it. */
START_TEST(deadline__wall_clock_left)
{
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.now = NULL;
    s->list = v;
    scripted_open(s);
    scripted_play(s, steps, 1);
    bufv_writer_deadline_set(s->w, apr_time_now() + apr_time_from_sec(3600));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_gt(s->timeout[0], apr_time_from_sec(3000));
    ck_assert_int_le(s->timeout[0], apr_time_from_sec(3601));
}
END_TEST

/* ---- pauses */

/* A transport without memory whose clock goes on by `step` an attempt. */
typedef struct starving_t {
    apr_time_t clock;
    apr_interval_time_t step, stall, paused;
    int calls;
} starving_t;

static apr_status_t starve(void *baton, const struct iovec *vec,
                           apr_size_t nvec, int more, apr_size_t *written)
{
    starving_t *s = baton;

    (void)vec;
    (void)nvec;
    (void)more;
    s->calls++;
    s->clock += s->step;
    *written = 0;
    return APR_ENOMEM;
}

static apr_time_t starving_now(void *baton)
{
    return ((starving_t *)baton)->clock;
}

static apr_interval_time_t starving_timeout(void *baton)
{
    return ((starving_t *)baton)->stall;
}

static void starving_pause(void *baton, apr_interval_time_t time)
{
    starving_t *s = baton;

    s->paused += time;
    s->clock += time;
}

static bufv_ops_t starving_ops(void)
{
    bufv_ops_t ops = ops_new();

    ops.max_vec = 16;
    ops.max_bytes = 4096;
    ops.writev = starve;
    ops.now = starving_now;
    ops.timeout = starving_timeout;
    ops.pause = starving_pause;
    return ops;
}

static apr_status_t starve_for(starving_t *s, apr_time_t deadline, int some,
                               bufv_report_t *report)
{
    bufv_ops_t ops = starving_ops();
    bufv_t *v = list_new();
    apr_status_t status;
    bufv_writer_t *w;

    s->clock = 1000;
    s->calls = 0;
    s->paused = 0;
    assert_ok(bufv_writer_create(&w, &ops, s, pool));
    bufv_writer_deadline_set(w, deadline);
    assert_ok(bufv_append(v, "abc", 3));
    status = (some ? bufv_write_some : bufv_write)(v, w, NULL);
    ck_assert_uint_eq(bufv_length(v), 3);
    ck_assert_str_eq(bufv_writer_strerror(w, apr_palloc(pool, 6), 6),
                     "write"); /* what has no name is called so */
    *report = report_of(w);
    return status;
}

/* Pauses for memory end with the deadline, and are none for those who do not
 * wait: these try once with less. */
START_TEST(deadline__pauses_for_memory)
{
    starving_t s = {0, 0, -1, 0, 0};
    bufv_report_t report;

    /* Far from the deadline: as often as ever, and pauses are waits. */
    assert_is(starve_for(&s, 1000 + apr_time_from_sec(60), 0, &report),
              APR_STATUS_IS_ENOMEM);
    ck_assert_int_gt(s.calls, 2);
    ck_assert_int_le(s.calls, 100);
    ck_assert_uint_ge(report.waits, 1);
    ck_assert_int_eq(report.waited, s.paused);
    ck_assert_int_gt(s.paused, apr_time_from_msec(10));
    /* The deadline passes in the attempt, or cuts the pause short. */
    s.step = 100;
    assert_is(starve_for(&s, 1050, 0, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s.calls, 1);
    s.step = 2;
    assert_is(starve_for(&s, 1003, 0, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_le(s.calls, 2);
    ck_assert_int_le(s.paused, 1);
    s.step = 0;
    assert_is(starve_for(&s, 0, 1, &report), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(report.waits, 0);
    ck_assert_int_eq(s.paused, 0);
    ck_assert_int_le(s.calls, 2);
    s.stall = 0;
    assert_is(starve_for(&s, 0, 0, &report), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(report.waits, 0);
    ck_assert_int_eq(s.paused, 0);
    ck_assert_int_le(s.calls, 2);
}
END_TEST

/* ---- odd ends */

/* An interruption at the end of the stall limit is the end of it. */
START_TEST(deadline__stall_ends_at_its_very_end)
{
    static const scripted_step_t full = {0, APR_EAGAIN, 0};
    static const scripted_wait_t late = {10, APR_EINTR};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &full, 1);
    scripted_play_waits(s, &late, 1);
    bufv_writer_stall_set(s->w, 10);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 1);
}
END_TEST

/* A wait longer than one can be is several. */
START_TEST(deadline__waits_for_days)
{
    static const scripted_step_t full = {0, APR_EAGAIN, 0};
    static const scripted_wait_t waits[] = {
        {DAY * 2, APR_SUCCESS},
        {DAY * 2, APR_SUCCESS},
        {DAY * 2, APR_SUCCESS},
    };
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &full, 1);
    scripted_play_waits(s, waits, COUNT(waits));
    bufv_writer_deadline_set(s->w, s->clock + DAY * 2 + 5);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 3);
    ck_assert_int_eq(s->timeout[0], DAY);
    ck_assert_int_eq(s->timeout[1], DAY);
    ck_assert_int_eq(s->timeout[2], 5);
}
END_TEST

/* A wait that ends before its time, by a limit of its own, ends the write also
 * where the deadline is days away: it is not asked over and over. */
START_TEST(deadline__wait_gives_up_days_before)
{
    static const scripted_step_t full[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"ab", NULL});
    scripted_t *s = scripted_for(v);

    scripted_play(s, full, COUNT(full));
    s->otherwise_wait.advance = 0;
    s->otherwise_wait.status = APR_TIMEUP;
    bufv_writer_deadline_set(s->w, s->clock + 50 * DAY);
    assert_is(bufv_write(v, s->w, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 1);
    assert_text(v, "ab");
}
END_TEST

/* A clock may stand before 0, and the deadline further from it than a number
 * tells: then it is not over, and the wait has no end of its own. */
START_TEST(deadline__on_a_clock_before_0)
{
    static const scripted_step_t steps[] = {{0, APR_EAGAIN, 0}};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->clock = -1000000;
    scripted_play(s, steps, 1);
    bufv_writer_deadline_set(s->w, _i ? APR_INT64_MAX : 500000);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 10);
    ck_assert_uint_eq(s->waited, 1);
    if (_i)
        ck_assert_int_ne(s->timeout[0], 0);
    else
        ck_assert_int_eq(s->timeout[0], 1500000);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, deadline__already_past);
    tcase_add_test(tc, deadline__bounds_a_wait);
    tcase_add_test(tc, deadline__against_a_drip);
    tcase_add_test(tc, deadline__without_a_wait);
    tcase_add_test(tc, deadline__stall_begins_anew);
    tcase_add_loop_test(tc, deadline__stall_of_a_list_that_is_filled_again, 0,
                        2);
    tcase_add_test(tc, deadline__stall_ends_it);
    tcase_add_test(tc, deadline__stall_over_many_waits);
    tcase_add_test(tc, deadline__nearer_of_both);
    tcase_add_test(tc, deadline__none);
    tcase_add_test(tc, deadline__stall_below_0);
    tcase_add_test(tc, deadline__stall_of_the_transport);
    tcase_add_test(tc, deadline__transport_that_never_waits);
    tcase_add_test(tc, deadline__interrupted_waits);
    tcase_add_test(tc, deadline__interrupted_then_writable);
    tcase_add_test(tc, deadline__wait_gives_up);
    tcase_add_test(tc, deadline__far_away);
    tcase_add_test(tc, deadline__wall_clock);
    tcase_add_test(tc, deadline__wall_clock_left);
    tcase_add_test(tc, deadline__pauses_for_memory);
    tcase_add_test(tc, deadline__stall_ends_at_its_very_end);
    tcase_add_test(tc, deadline__waits_for_days);
    tcase_add_test(tc, deadline__wait_gives_up_days_before);
    tcase_add_loop_test(tc, deadline__on_a_clock_before_0, 0, 2);
}

const topic_t topic_deadline = {"deadline", add_tests};
