/* SPDX-License-Identifier: Apache-2.0 */

/* The loop, driven by a script: call counts, short writes, would-block,
 * errors, liars, the hook and the counters (promises 8-14, 17-19). */

#include "scripted.h"

#define GAP 2 /* between chunks, so that no two are adjacent in memory */

/* A list of n one-byte chunks that do not touch. */
static bufv_t *dots(apr_size_t n)
{
    unsigned char *data = bytes_new(n * GAP + 1, 4);

    return list_cut(data, n, 1, GAP);
}

/* ---- counts */

/* An empty list is a success without an attempt, even past the deadline. */
START_TEST(write__empty_list)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    tally_t t;
    apr_uint64_t written;

    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 0);
    assert_ok(bufv_append(v, wild(), 0));
    bufv_writer_deadline_set(s->w, s->clock - 1);
    assert_ok(write_checked(v, s->w, &written));
    written = 1;
    assert_ok(bufv_write_some(v, s->w, &written));
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(s->attempts, 0);
    ck_assert_uint_eq(s->waited, 0);
    ck_assert_uint_eq(t.calls, 0);
    ck_assert_uint_eq(report_of(s->w).calls, 0);
    ck_assert_uint_eq(stats_of(s->w).calls, 0);
}
END_TEST

static const apr_size_t counts[] = {1,    2,    3,    10,   16,   17,
                                    1023, 1024, 1025, 2048, 2049, 5000};

/* Copying off: n chunks are ceil(n / max_vec) attempts, each but the last
 * full, one entry a chunk. */
START_TEST(write__exact_attempts)
{
    apr_size_t n = counts[_i];
    bufv_t *v = dots(n);
    scripted_t *s = scripted_for(v);
    apr_size_t last = (n - 1) % s->max_vec + 1;
    apr_uint64_t want = attempts_for(n, s->max_vec);
    apr_uint64_t written;
    apr_size_t i;
    tally_t t;

    bufv_writer_copy_below_set(s->w, 0);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(written, n);
    ck_assert_uint_eq(s->got_len, n);
    ck_assert_uint_eq(s->attempts, want);
    for (i = 0; i < want && i < SCRIPTED_RECORDS; i++)
        ck_assert_uint_eq(s->attempt[i].nvec,
                          i + 1 < want ? s->max_vec : last);
    ck_assert_uint_eq(t.calls, want);
    ck_assert_uint_eq(t.asked, n);
    ck_assert_uint_eq(t.copied, 0);
    assert_tally_is_report(&t, s->w);
}
END_TEST

/* Under the settings as they are: never more than that. */
START_TEST(write__never_more_attempts)
{
    apr_size_t n = counts[_i];
    bufv_t *v = dots(n);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;

    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(written, n);
    ck_assert_uint_le(s->attempts, attempts_for(n, s->max_vec));
    assert_tally_is_report(&t, s->w);
}
END_TEST

/* Thousands of empties around one chunk: one attempt of one entry. */
START_TEST(write__among_empties)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    int i;

    for (i = 0; i < 10000; i++) {
        assert_ok(bufv_append(v, wild(), 0));
        if (i == 5000)
            assert_ok(bufv_append(v, "abc", 3));
    }
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->attempt[0].nvec, 1);
    scripted_assert_got(s, "abc", 3);
}
END_TEST

/* `written` may be NULL. */
START_TEST(write__without_a_count)
{
    bufv_t *v = dots(3);
    scripted_t *s = scripted_for(v);

    assert_ok(bufv_write(v, s->w, NULL));
    assert_ok(bufv_append(v, "x", 1));
    assert_ok(bufv_write_some(v, s->w, NULL));
    ck_assert_uint_eq(s->got_len, 4);
}
END_TEST

/* A chunk that crosses max_bytes is cut and goes on in the next attempt, and
 * every attempt but the last is full. */
START_TEST(write__cut_at_max_bytes)
{
    const unsigned char *data = bytes_new(100, 5);
    apr_size_t limit;
    apr_uint64_t written;

    for (limit = 1; limit <= 101; limit++) {
        bufv_t *v = list_cut(data, 4, 25, 25);
        scripted_t *s = scripted_for(v);

        bufv_writer_copy_below_set(s->w, 0);
        scripted_limits(s, 8, limit);
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, data, 100);
        ck_assert_uint_eq(s->attempts, (100 + limit - 1) / limit);
    }
}
END_TEST

/* The limits of the ops hold without any set. */
START_TEST(write__limits_of_the_ops)
{
    const unsigned char *data = bytes_new(100, 6);
    bufv_t *v = list_cut(data, 50, 2, 2);
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.max_vec = 3;
    s->ops.max_bytes = 5;
    s->list = v;
    scripted_open(s);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 100);
}
END_TEST

/* A chunk and a list over 4 GiB go whole. (The bytes are never looked at.) */
START_TEST(write__over_4_gib)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    const apr_size_t part = 0x7ffff000;
    apr_uint64_t written, total;
    tally_t t;
    int i;

    s->discard = 1;
    bufv_writer_copy_below_set(s->w, 0);
    scripted_limits(s, 16, part);
    if (sizeof(apr_size_t) > 4)
        assert_ok(
            bufv_append(v, wild(), (apr_size_t)APR_UINT64_C(5000000001)));
    for (i = 0; i < 10; i++)
        assert_ok(bufv_append(v, wild(), 1000000007));
    total = bufv_length(v);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(written, total);
    ck_assert_uint_eq(s->got_len, total);
    ck_assert_uint_eq(t.written, total);
    ck_assert_uint_eq(s->attempts, (total + part - 1) / part);
}
END_TEST

/* ---- short writes */

/* A transport that takes k bytes at a time gets every byte once, for each
 * k. Go loses bytes here. */
START_TEST(write__three_bytes_at_a_time)
{
    apr_size_t k;
    apr_uint64_t written;

    for (k = 1; k <= 11; k++) {
        bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
        scripted_t *s = scripted_for(v);

        scripted_limits(s, 8, 0);
        s->otherwise.take = k;
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, "helloworld", 10);
        ck_assert_uint_eq(s->attempts, (10 + k - 1) / k);
        ck_assert_uint_eq(s->waited, 0);
    }
}
END_TEST

/* Short writes one byte at a time over many chunks and limits. */
START_TEST(write__byte_by_byte)
{
    const unsigned char *data = bytes_new(600, 7);
    bufv_t *v = list_cut(data, 200, 3, 3);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->otherwise.take = 1;
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 600);
    ck_assert_uint_eq(s->attempts, 600);
}
END_TEST

/* ---- would-block */

/* Would-block with bytes: they are gone, it waits once, and does not probe
 * before that. */
START_TEST(write__full_with_bytes)
{
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "helloworld", 10);
    ck_assert_uint_eq(s->attempts, 2);
    ck_assert_uint_eq(s->waited, 1);
    ck_assert_uint_eq(report_of(s->w).waits, 1);
    assert_tally_is_report(&t, s->w);
}
END_TEST

/* Would-block however often: it waits each time. */
START_TEST(write__full_a_thousand_times)
{
    const unsigned char *data = bytes_new(1000, 8);
    bufv_t *v = list_cut(data, 100, 10, 10);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->otherwise.take = 1;
    s->otherwise.status = APR_EAGAIN;
    s->otherwise_wait.advance = 7;
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 1000);
    ck_assert_uint_eq(s->attempts, 1000);
    ck_assert_uint_eq(s->waited, 999);
    ck_assert_uint_eq(report_of(s->w).waits, 999);
    ck_assert_int_eq(report_of(s->w).waited, 999 * 7);
}
END_TEST

/* The last byte was taken along with "full": the list has left, which is a
 * success, and there is nothing to wait for. */
START_TEST(write__full_at_the_end)
{
    static const scripted_step_t steps[] = {{3, APR_EAGAIN, 0},
                                            {3, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, steps, COUNT(steps));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 3);
    assert_ok(bufv_append(v, "def", 3));
    assert_ok(bufv_write_some(v, s->w, &written));
    ck_assert_uint_eq(written, 3);
    ck_assert_uint_eq(s->waited, 0);
}
END_TEST

/* write_some goes on over short writes, and never waits. */
START_TEST(write__some_never_waits)
{
    static const scripted_step_t steps[] = {
        {2, APR_SUCCESS, 0}, {1, APR_EINTR, 0},   {1, APR_EAGAIN, 0},
        {0, APR_EAGAIN, 0},  {3, APR_SUCCESS, 0}, {0, APR_EAGAIN, 0},
    };
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(bufv_length(v), 6);
    assert_is(report_of(s->w).status, APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(report_of(s->w).left, 6);
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 0);
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 3);
    assert_text(v, "rld");
    assert_ok(bufv_write_some(v, s->w, &written));
    ck_assert_uint_eq(written, 3);
    ck_assert_uint_eq(s->waited, 0);
    scripted_assert_got(s, "helloworld", 10);
    ck_assert_uint_eq(stats_of(s->w).written, 10);
    ck_assert_uint_eq(stats_of(s->w).waits, 0);
}
END_TEST

/* Without `wait`, would-block is the caller's. */
START_TEST(write__cannot_wait)
{
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.wait = NULL;
    s->list = v;
    scripted_open(s);
    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(s->attempts, 1);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* An error of `wait` ends the write with that error. */
START_TEST(write__wait_fails)
{
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0}};
    static const scripted_wait_t waits[] = {{0, APR_ENOTSOCK}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    scripted_play_waits(s, waits, COUNT(waits));
    ck_assert_int_eq(write_checked(v, s->w, &written), APR_ENOTSOCK);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(s->attempts, 1);
    scripted_assert_kept(s);
}
END_TEST

/* Interrupted calls are invisible, with and without bytes. */
START_TEST(write__interrupted)
{
    static const scripted_step_t steps[] = {
        {0, APR_EINTR, 0},   {3, APR_EINTR, 0}, {0, APR_EINTR, 0},
        {1, APR_SUCCESS, 0}, {0, APR_EINTR, 0},
    };
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "helloworld", 10);
    ck_assert_uint_eq(s->attempts, 6);
    ck_assert_uint_eq(s->waited, 0);
}
END_TEST

/* ---- errors */

/* After an error nothing is attempted; the status is the transport's, the
 * count is exact, and the rest can go elsewhere. */
START_TEST(write__error_ends_it)
{
    static const scripted_step_t steps[] = {{2, APR_SUCCESS, 0},
                                            {2, APR_ECONNRESET, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    scripted_t *other = scripted_for(v);
    apr_uint64_t written;
    tally_t t;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    tally_watch(&t, s->w);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(s->attempts, 2);
    ck_assert_uint_eq(s->waited, 0);
    ck_assert_uint_eq(t.calls, 2);
    assert_is(t.last.status, APR_STATUS_IS_ECONNRESET);
    assert_tally_is_report(&t, s->w);
    assert_ok(write_checked(v, other->w, &written));
    scripted_assert_got(s, "hell", 4);
    scripted_assert_got(other, "oworld", 6);
}
END_TEST

/* A status that the library does not know comes through as it is. */
START_TEST(write__error_of_the_transport)
{
    bufv_t *v = dots(2);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->otherwise.take = 0;
    s->otherwise.status = APR_OS_START_USERERR + 7;
    ck_assert_int_eq(write_checked(v, s->w, &written),
                     APR_OS_START_USERERR + 7);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(written, 0);
}
END_TEST

/* An error along with the last byte: all is written, and the error told. */
START_TEST(write__error_with_the_last_byte)
{
    static const scripted_step_t steps[] = {{SCRIPTED_ALL, APR_EPIPE, 0}};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, steps, COUNT(steps));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(written, 3);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

/* Nothing taken and no error: APR_EOF, at once. */
START_TEST(write__zero)
{
    static const scripted_step_t steps[] = {{4, APR_SUCCESS, 0},
                                            {0, APR_SUCCESS, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(s->attempts, 2);
    assert_text(v, "oworld");
}
END_TEST

static const apr_size_t lies[] = {
    1, 2, 5, 100, (apr_size_t)-1 - 5, (apr_size_t)-1 / 2};

/* More claimed than given: APR_EGENERAL, and no byte that was not given is
 * consumed, be the claim a little or absurd, and with whatever status. */
START_TEST(write__claims_too_much)
{
    static const apr_status_t said[] = {APR_SUCCESS, APR_EAGAIN, APR_EINTR};
    apr_uint64_t written;
    size_t k;

    for (k = 0; k < COUNT(said); k++) {
        bufv_t *v = list_of((const char *const[]){"ab", "cde", "fghij", NULL});
        scripted_t *s = scripted_for(v);
        tally_t t;

        bufv_writer_copy_below_set(s->w, 0);
        scripted_limits(s, 2, 0);
        s->otherwise.beyond = lies[_i];
        s->otherwise.status = said[k];
        tally_watch(&t, s->w);
        assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EGENERAL);
        ck_assert_uint_eq(written, 5);
        ck_assert_uint_eq(s->attempts, 1);
        ck_assert_uint_le(t.written, 5);
        assert_text(v, "fghij");
        assert_tally_is_report(&t, s->w);
    }
}
END_TEST

/* ---- transient lack of room */

/* "No buffer space" and "no memory" on a stream: tried again, with less, and
 * every byte leaves once. */
START_TEST(write__transient_shrinks)
{
    scripted_step_t steps[2];
    const unsigned char *data = bytes_new(64000, 9);
    bufv_t *v = list_cut(data, 64, 1000, 1000);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    memset(steps, 0, sizeof(steps));
    steps[0].status = steps[1].status =
        _i == 0 ? no_buffer_space() : APR_ENOMEM;
    scripted_limits(s, 64, 0);
    bufv_writer_copy_below_set(s->w, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 64000);
    ck_assert_uint_eq(s->attempt[0].asked, 64000);
    ck_assert_uint_lt(s->attempt[1].asked, 64000);
    ck_assert_uint_lt(s->attempt[2].asked, s->attempt[1].asked);
}
END_TEST

/* What is tried again obeys max_bytes all the same. */
START_TEST(write__transient_under_max_bytes)
{
    scripted_step_t steps[3];
    const unsigned char *data = bytes_new(1000, 10);
    bufv_t *v = list_cut(data, 20, 50, 50);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    memset(steps, 0, sizeof(steps));
    steps[0].status = no_buffer_space();
    steps[1].take = 7;
    steps[2].status = APR_ENOMEM;
    scripted_limits(s, 64, 100);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 1000);
}
END_TEST

/* If it never ends, the write does: bounded, with that status, and exact. */
START_TEST(write__transient_is_bounded)
{
    const unsigned char *data = bytes_new(64000, 10);
    bufv_t *v = list_cut(data, 64, 1000, 1000);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->otherwise.take = 0;
    s->otherwise.status = _i == 0 ? no_buffer_space() : APR_ENOMEM;
    scripted_limits(s, 64, 0);
    ck_assert_int_eq(write_checked(v, s->w, &written), s->otherwise.status);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(s->attempt[0].asked, 64000); /* halved, to a page */
    ck_assert_uint_eq(s->attempt[1].asked, 32000);
    ck_assert_uint_eq(s->attempt[4].asked, 4096);
    ck_assert_uint_eq(s->attempt[5].asked, 4096);
    ck_assert_uint_gt(s->attempts, 1);
    ck_assert_uint_le(s->attempts, 100);
    scripted_assert_kept(s);
    assert_bytes(v, data, 64000);
}
END_TEST

/* What is left is told in 64 bits. */
START_TEST(write__left_beyond_4_gib)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    int i;

    for (i = 0; i < 5; i++)
        assert_ok(bufv_append(v, wild(), 1 << 30));
    s->otherwise.take = 0;
    s->otherwise.status = APR_ECONNRESET;
    bufv_writer_copy_below_set(s->w, 0);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    ck_assert_uint_eq(report_of(s->w).left, APR_UINT64_C(5) << 30);
}
END_TEST

/* Progress in between begins the count anew: a long list with a hiccup at
 * every other attempt leaves whole. */
START_TEST(write__transient_now_and_then)
{
    static scripted_step_t steps[200];
    const unsigned char *data = bytes_new(100, 11);
    bufv_t *v = list_cut(data, 10, 10, 10);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    int i;

    for (i = 0; i < 200; i += 2) {
        steps[i].take = 0;
        steps[i].status = no_buffer_space();
        steps[i + 1].take = 1;
        steps[i + 1].status = APR_SUCCESS;
    }
    scripted_play(s, steps, COUNT(steps));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 100);
}
END_TEST

/* ---- hook and counters */

/* The hook is told exactly what each attempt was given and did. */
START_TEST(write__hook_tells_the_attempt)
{
    static const scripted_step_t steps[] = {{4, APR_EINTR, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;

    scripted_limits(s, 8, 0);
    bufv_writer_copy_below_set(s->w, 0);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(t.calls, 1);
    ck_assert_str_eq(t.last.op, "scripted");
    ck_assert_uint_eq(t.last.nvec, 2);
    ck_assert_uint_eq(t.last.asked, 10);
    ck_assert_uint_eq(t.last.written, 10);
    ck_assert_uint_eq(t.last.copied, 0);
    ck_assert_int_eq(t.last.status, APR_SUCCESS);
    assert_ok(bufv_append(v, "again", 5));
    scripted_play(s, steps, 1);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(t.calls, 2);
    ck_assert_uint_eq(t.last.asked, 1);
    ck_assert_uint_eq(t.asked, 6);
    bufv_writer_hook_set(s->w, NULL, NULL);
    assert_ok(bufv_append(v, "x", 1));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(t.calls, 2);
}
END_TEST

typedef struct hook_inside_t {
    bufv_t *v;
    bufv_writer_t *w;
    apr_uint64_t length[8];
    int calls;
    apr_status_t status, consume_status;
} hook_inside_t;

/* Looks at the list, appends once, and tries to write to its own writer. */
static void inside(void *baton, const bufv_call_t *call)
{
    hook_inside_t *h = baton;
    apr_uint64_t written = 1;

    (void)call;
    if (h->calls < 8)
        h->length[h->calls] = bufv_length(h->v);
    if (h->calls++ > 0)
        return;
    bufv_clear(h->v);
    h->status = bufv_write(h->v, h->w, &written);
    h->consume_status = bufv_consume(h->v, 1);
    if (bufv_append(h->v, "new", 3) != APR_SUCCESS)
        h->status = APR_EGENERAL;
}

/* From a hook the list shows what is left; appending is welcome, writing,
 * consuming and clearing are refused. */
START_TEST(write__from_a_hook)
{
    bufv_t *v = list_of((const char *const[]){"abcd", NULL});
    scripted_t *s = scripted_new(pool);
    hook_inside_t h;
    apr_uint64_t written = 0, sum = 0;

    memset(&h, 0, sizeof(h));
    scripted_open(s);
    if (_i == 1)
        assert_ok(bufv_writer_lock_enable(s->w));
    h.v = v;
    h.w = s->w;
    s->otherwise.take = 2;
    bufv_writer_hook_set(s->w, inside, &h);
    while (bufv_length(v) > 0) {
        assert_ok(bufv_write(v, s->w, &written));
        sum += written;
    }
    ck_assert_uint_eq(h.length[0], 2);
    assert_is(h.status, APR_STATUS_IS_EBUSY);
    assert_is(h.consume_status, APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(sum, 7);
    scripted_assert_got(s, "abcdnew", 7);
}
END_TEST

/* Writes another list to the writer that is calling. */
static void other_list(void *baton, const bufv_call_t *call)
{
    hook_inside_t *h = baton;
    apr_uint64_t written = 1;

    (void)call;
    h->status = bufv_write_some(h->v, h->w, &written);
    h->length[h->calls++] = written;
}

/* A hook cannot write another list to its writer either, locked or not: the
 * outer list leaves unharmed. */
START_TEST(write__other_list_from_a_hook)
{
    bufv_t *v = list_of((const char *const[]){"abcd", NULL});
    scripted_t *s = scripted_for(v);
    hook_inside_t h;
    apr_uint64_t written;

    memset(&h, 0, sizeof(h));
    if (_i == 1)
        assert_ok(bufv_writer_lock_enable(s->w));
    h.v = list_of((const char *const[]){"other", NULL});
    h.w = s->w;
    s->otherwise.take = 2;
    bufv_writer_hook_set(s->w, other_list, &h);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_eq(h.calls, 2);
    assert_is(h.status, APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(h.length[1], 0);
    assert_text(h.v, "other");
    scripted_assert_got(s, "abcd", 4);
}
END_TEST

/* A list that is empty, or from which nothing leaves, is not counted. */
START_TEST(write__counts_lists_that_left)
{
    static const scripted_step_t none[] = {{0, APR_EAGAIN, 0}};
    scripted_t *s = scripted_for(NULL);
    bufv_t *v = list_new();

    assert_ok(bufv_write(v, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    ck_assert_uint_eq(stats_of(s->w).lists, 0);
    assert_ok(bufv_append(v, "abc", 3));
    scripted_play(s, none, COUNT(none));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(stats_of(s->w).lists, 0);
    assert_ok(bufv_write_some(v, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    ck_assert_uint_eq(stats_of(s->w).lists, 1);
}
END_TEST

/* The report is of the last write, the stats of all. */
START_TEST(write__report_and_stats)
{
    bufv_t *v = dots(10);
    scripted_t *s = scripted_for(v);
    bufv_report_t report = report_of(s->w);
    bufv_stats_t stats = stats_of(s->w);
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0},
                                            {3, APR_EPIPE, 0}};
    apr_uint64_t written;

    ck_assert_uint_eq(report.calls + report.written + report.waits, 0);
    ck_assert_uint_eq(stats.lists + stats.calls + stats.written, 0);
    scripted_limits(s, 16, 0);
    scripted_play(s, steps, COUNT(steps));
    s->otherwise_wait.advance = 50;
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(report.written, 0); /* it is a copy */
    report = report_of(s->w);
    stats = stats_of(s->w);
    ck_assert_uint_eq(report.written, 7);
    ck_assert_uint_eq(report.left, 3);
    ck_assert_uint_eq(report.calls, 2);
    ck_assert_uint_eq(report.waits, 1);
    ck_assert_int_eq(report.waited, 50);
    ck_assert_uint_eq(stats.lists, 0);
    assert_ok(write_checked(v, s->w, &written));
    report = report_of(s->w);
    ck_assert_uint_eq(report.written, 3);
    ck_assert_uint_eq(report.left, 0);
    ck_assert_uint_eq(report.calls, 1);
    ck_assert_uint_eq(report.waits, 0);
    ck_assert_int_eq(report.waited, 0);
    stats = stats_of(s->w);
    ck_assert_uint_eq(stats.lists, 1);
    ck_assert_uint_eq(stats.written, 10);
    ck_assert_uint_eq(stats.calls, 3);
    ck_assert_uint_eq(stats.waits, 1);
    ck_assert_int_eq(stats.waited, 50);
}
END_TEST

/* ---- begin, end */

/* `begin` and `end` frame each run of attempts, between which nothing is
 * borrowed: a run ends before a wait and on every return, also when the write
 * fails. Nothing to do for an empty list. */
START_TEST(write__begin_and_end)
{
    static const scripted_step_t steps[] = {{1, APR_EAGAIN, 0},
                                            {1, APR_EPIPE, 0}};
    bufv_t *v = dots(4);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, steps, COUNT(steps));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(s->begins, 2);
    ck_assert_uint_eq(s->ends, 2);
    assert_ok(bufv_write_some(v, s->w, &written));
    ck_assert_uint_eq(s->begins, 3);
    ck_assert_uint_eq(s->ends, 3);
    assert_ok(bufv_write(v, s->w, &written));
    ck_assert_uint_eq(s->begins, 3);
    scripted_assert_kept(s);
}
END_TEST

typedef struct look_t {
    const scripted_t *s;
    int calls, borrowed;
} look_t;

static void look_from_hook(void *baton, const bufv_call_t *call)
{
    look_t *l = baton;

    (void)call;
    l->calls++;
    l->borrowed += l->s->borrowed;
}

static void look_from_release(void *baton, const void *data, apr_size_t len)
{
    look_t *l = baton;

    (void)data;
    (void)len;
    l->calls++;
    l->borrowed += l->s->borrowed;
}

/* A run ends before each hook and each release callback, and attempts that
 * come without either share one. */
START_TEST(write__runs_end_before_callbacks)
{
    const unsigned char *data = bytes_new(100, 14);
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    look_t l = {NULL, 0, 0};
    apr_uint64_t written;
    int i;

    l.s = s;
    bufv_writer_copy_below_set(s->w, 0);
    scripted_limits(s, 1, 0);
    for (i = 0; i < 10; i++)
        assert_ok(bufv_append(v, data + i * 2, 1));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 10);
    ck_assert_uint_eq(s->begins, 1);
    for (i = 0; i < 10; i++)
        assert_ok(
            bufv_append_owned(v, data + i * 2, 1, look_from_release, &l));
    if (_i == 1)
        bufv_writer_hook_set(s->w, look_from_hook, &l);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_eq(l.calls, _i == 1 ? 20 : 10);
    ck_assert_int_eq(l.borrowed, 0);
    ck_assert_uint_eq(s->begins, 11);
    scripted_assert_kept(s);
}
END_TEST

/* A `begin` that fails ends the write with its status: no attempt, no
 * `end`. */
START_TEST(write__begin_fails)
{
    bufv_t *v = dots(4);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    s->begin_status = APR_EACCES;
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EACCES);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(s->attempts, 0);
    ck_assert_uint_eq(s->begins, 1);
    ck_assert_uint_eq(s->ends, 0);
    s->begin_status = APR_SUCCESS;
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->ends, 1);
}
END_TEST

/* ---- pointers after a return */

/* After a write that stopped half way the list can be cleared, its memory
 * reused, and nothing old is sent. */
START_TEST(write__keeps_no_old_bytes)
{
    char data[] = "abcdefghij";
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    static const scripted_step_t steps[] = {{3, APR_EAGAIN, 0}};
    apr_uint64_t written;
    int i;

    for (i = 0; i < 10; i++)
        assert_ok(bufv_append(v, data + i, 1));
    scripted_limits(s, 16, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    bufv_clear(v);
    memcpy(data, "0123456789", 10);
    for (i = 0; i < 10; i++)
        assert_ok(bufv_append(v, data + i, 1));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "abc0123456789", 13);
}
END_TEST

/* Prepending and appending between two halves of a list. */
START_TEST(write__changed_between_two_writes)
{
    static const scripted_step_t steps[] = {{4, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_prepend(v, "<", 1));
    assert_ok(bufv_append(v, ">", 1));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "hell<oworld>", 12);
}
END_TEST

/* Takes all the first time, and then fails and says no count. */
static apr_status_t forget_to_count(void *baton, const struct iovec *vec,
                                    apr_size_t nvec, int more,
                                    apr_size_t *written)
{
    int *calls = baton;

    (void)nvec;
    (void)more;
    if ((*calls)++ > 0)
        return APR_ECONNRESET;
    *written = vec->iov_len;
    return APR_SUCCESS;
}

/* A count that a transport does not tell is none. */
START_TEST(write__a_count_that_is_not_told)
{
    bufv_t *v = list_of((const char *const[]){"abc", "def", NULL});
    bufv_ops_t ops = ops_new();
    apr_uint64_t written;
    bufv_writer_t *w;
    int calls = 0;

    ops.max_vec = 1;
    ops.max_bytes = 4096;
    ops.writev = forget_to_count;
    assert_ok(bufv_writer_create(&w, &ops, &calls, pool));
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_ECONNRESET);
    ck_assert_uint_eq(written, 3);
    assert_text(v, "def");
}
END_TEST

/* "Not implemented" is a transport's error like any other, except from
 * `sendfile`. */
START_TEST(write__enotimpl_of_writev)
{
    static const scripted_step_t refuses = {0, APR_ENOTIMPL, 0};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &refuses, 1);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ENOTIMPL);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    int n = (int)COUNT(counts);

    tcase_add_test(tc, write__empty_list);
    tcase_add_loop_test(tc, write__exact_attempts, 0, n);
    tcase_add_loop_test(tc, write__never_more_attempts, 0, n);
    tcase_add_test(tc, write__among_empties);
    tcase_add_test(tc, write__without_a_count);
    tcase_add_test(tc, write__cut_at_max_bytes);
    tcase_add_test(tc, write__limits_of_the_ops);
    tcase_add_test(tc, write__over_4_gib);
    tcase_add_test(tc, write__three_bytes_at_a_time);
    tcase_add_test(tc, write__byte_by_byte);
    tcase_add_test(tc, write__full_with_bytes);
    tcase_add_test(tc, write__full_a_thousand_times);
    tcase_add_test(tc, write__full_at_the_end);
    tcase_add_test(tc, write__some_never_waits);
    tcase_add_test(tc, write__cannot_wait);
    tcase_add_test(tc, write__wait_fails);
    tcase_add_test(tc, write__interrupted);
    tcase_add_test(tc, write__error_ends_it);
    tcase_add_test(tc, write__error_of_the_transport);
    tcase_add_test(tc, write__error_with_the_last_byte);
    tcase_add_test(tc, write__zero);
    tcase_add_loop_test(tc, write__claims_too_much, 0, (int)COUNT(lies));
    tcase_add_loop_test(tc, write__transient_shrinks, 0, 2);
    tcase_add_test(tc, write__transient_under_max_bytes);
    tcase_add_test(tc, write__left_beyond_4_gib);
    tcase_add_loop_test(tc, write__transient_is_bounded, 0, 2);
    tcase_add_test(tc, write__transient_now_and_then);
    tcase_add_test(tc, write__hook_tells_the_attempt);
    tcase_add_loop_test(tc, write__from_a_hook, 0, 2);
    tcase_add_loop_test(tc, write__other_list_from_a_hook, 0, 2);
    tcase_add_test(tc, write__counts_lists_that_left);
    tcase_add_test(tc, write__report_and_stats);
    tcase_add_test(tc, write__begin_and_end);
    tcase_add_loop_test(tc, write__runs_end_before_callbacks, 0, 2);
    tcase_add_test(tc, write__begin_fails);
    tcase_add_test(tc, write__keeps_no_old_bytes);
    tcase_add_test(tc, write__changed_between_two_writes);
    tcase_add_test(tc, write__a_count_that_is_not_told);
    tcase_add_test(tc, write__enotimpl_of_writev);
}

const topic_t topic_write = {"write", add_tests};
