/* SPDX-License-Identifier: Apache-2.0 */

/* The life of lists and writers: destroyed from inside and from outside, with
 * a pool and without; clear, trim, and ranges whose file is owned
 * (promises 5, 6). */

#include "alloc.h"
#include "journal.h"
#include "peer.h"
#include "scripted.h"

#include <apr_allocator.h>
#include <apr_portable.h>

/* ---- destroyed from inside a write, everywhere */

typedef enum place_t {
    IN_RELEASE,
    IN_HOOK,
    IN_WRITEV,
    IN_BEGIN,
    IN_END,
    IN_WAIT,
    IN_PAUSE,
    IN_FLUSH,
    IN_NOW,
    IN_NOW_ALONE, /* where there is neither `begin` nor `end` */
    PLACES
} place_t;

typedef enum what_t { THE_LIST, THE_WRITER, BOTH, WHATS } what_t;

/* By the function, by a pool for each, or by one pool for both. */
typedef enum how_t { BY_FUNCTION, BY_POOLS, BY_ONE_POOL, HOWS } how_t;

/* One write in which something is destroyed at the k-th time that a place is
 * passed. */
typedef struct life_t {
    place_t place;
    what_t what;
    how_t how;
    int locked;
    int countdown; /* to the k-th time */

    scripted_t *s;
    bufv_ops_t inner; /* what the transport does */
    bufv_t *v;
    apr_pool_t *list_pool, *writer_pool;
    int struck;
    apr_size_t attempts, waits, pauses; /* until then, and that one */
    int destroys;                       /* of the transport */
    int destroyed_early, used_late, hooked_late;
    int released[4];
} life_t;

static life_t life; /* of this test */

static void destroy_now(void)
{
    if (life.how == BY_ONE_POOL) {
        apr_pool_destroy(life.list_pool);
        return;
    }
    if (life.what != THE_WRITER && life.how == BY_FUNCTION)
        bufv_destroy(life.v);
    else if (life.what != THE_WRITER)
        apr_pool_destroy(life.list_pool);
    if (life.what != THE_LIST && life.how == BY_FUNCTION)
        bufv_writer_destroy(life.s->w);
    else if (life.what != THE_LIST)
        apr_pool_destroy(life.writer_pool);
}

/* A place is passed. */
static void pass(place_t place)
{
    if (life.destroys > 0 && place != IN_RELEASE)
        life.used_late++;
    if (place != life.place || --life.countdown != 0)
        return;
    life.struck = 1;
    life.attempts = life.s->attempts + (place == IN_WRITEV);
    life.waits = life.s->waited;
    life.pauses = life.s->pauses + (place == IN_PAUSE);
    destroy_now();
    if (life.destroys > 0)
        life.destroyed_early++;
}

static apr_status_t life_begin(void *baton)
{
    apr_status_t status = life.inner.begin(baton);

    pass(IN_BEGIN);
    return status;
}

static apr_status_t life_writev(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    pass(IN_WRITEV);
    return life.inner.writev(baton, vec, nvec, more, written);
}

static void life_end(void *baton)
{
    life.inner.end(baton);
    pass(IN_END);
}

static apr_status_t life_wait(void *baton, apr_interval_time_t timeout)
{
    apr_status_t status = life.inner.wait(baton, timeout);
    const int before = life.struck;

    pass(IN_WAIT);
    return life.struck > before ? APR_EGENERAL : status;
}

static void life_pause(void *baton, apr_interval_time_t time)
{
    pass(IN_PAUSE);
    life.inner.pause(baton, time);
}

static apr_time_t life_now(void *baton)
{
    pass(IN_NOW);
    pass(IN_NOW_ALONE);
    return life.inner.now(baton);
}

/* Destroying sends what is held back, which is under way. */
static void life_flush(void *baton)
{
    static int inside;

    ck_assert_int_eq(inside++, 0);
    life.inner.flush(baton);
    pass(IN_FLUSH);
    inside--;
}

static void life_destroy(void *baton)
{
    (void)baton;
    life.destroys++;
}

static void life_hook(void *baton, const bufv_call_t *call)
{
    (void)baton;
    (void)call;
    life.hooked_late += life.struck;
    pass(IN_HOOK);
}

static void life_release(void *baton, const void *data, apr_size_t len)
{
    int i = *(const char *)data - 'a';

    (void)baton;
    life.released[i] += len == 1;
    pass(IN_RELEASE);
}

static void life_open(void)
{
    /* Full, full in part, short of memory, a short write, full again. */
    static const scripted_step_t steps[] = {
        {0, APR_EAGAIN, 0},  {1, APR_EAGAIN, 0}, {0, APR_ENOMEM, 0},
        {1, APR_SUCCESS, 0}, {0, APR_EAGAIN, 0}, {1, APR_SUCCESS, 0}};
    scripted_t *s = scripted_new(pool);

    life.s = s;
    life.inner = s->ops;
    s->ops.begin = life_begin;
    s->ops.writev = life_writev;
    s->ops.end = life_end;
    s->ops.wait = life_wait;
    s->ops.pause = life_pause;
    s->ops.flush = life_flush;
    s->ops.now = life_now;
    s->ops.destroy = life_destroy;
    if (life.place == IN_NOW_ALONE) {
        s->ops.begin = NULL;
        s->ops.end = NULL;
    }
    s->pool = life.writer_pool;
    s->otherwise_wait.advance = 10;
    scripted_open(s);
    scripted_play(s, steps, COUNT(steps));
    bufv_writer_copy_below_set(s->w, 0);
    scripted_limits(s, 1, 0);    /* so that something is held back */
    if (life.place <= IN_WRITEV) /* the run ends before it, too */
        bufv_writer_hook_set(s->w, life_hook, NULL);
    if (life.locked)
        assert_ok(bufv_writer_lock_enable(s->w));
}

/* A list of four owned chunks, "abcd". */
static void life_fill(void)
{
    static const char text[] = "abcd";
    int i;

    for (i = 0; i < 4; i++)
        assert_ok(bufv_append_owned(life.v, text + i, 1, life_release, NULL));
}

static void life_begin_with(int number, int countdown)
{
    memset(&life, 0, sizeof(life));
    life.place = (place_t)(number % PLACES);
    life.what = (what_t)(number / PLACES % WHATS);
    life.how = (how_t)(number / PLACES / WHATS % HOWS);
    life.locked = number / PLACES / WHATS / HOWS;
    life.countdown = countdown;
    if (life.how == BY_ONE_POOL)
        life.what = BOTH;
    assert_ok(apr_pool_create(&life.list_pool, pool));
    life.writer_pool = life.list_pool;
    if (life.how != BY_ONE_POOL)
        assert_ok(apr_pool_create(&life.writer_pool, pool));
    life_open();
    assert_ok(bufv_create(&life.v, life.list_pool));
    life_fill();
}

/* The list that was not destroyed is whole, and so is the writer. */
static void assert_what_is_left(apr_size_t written)
{
    scripted_t *other = scripted_for(NULL);
    int i;

    if (life.what == THE_WRITER) {
        life.place = PLACES;
        ck_assert_uint_eq(bufv_length(life.v), 4 - written);
        assert_ok(bufv_write(life.v, other->w, NULL));
        scripted_assert_got(other, &"abcd"[written], 4 - written);
    }
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(life.released[i], 1);
    ck_assert_int_eq(life.destroys, life.what != THE_LIST);
    if (life.what == THE_LIST) {
        scripted_forget(life.s);
        assert_ok(bufv_writer_abandon(life.s->w));
        assert_ok(bufv_write(list_of((const char *const[]){"next", NULL}),
                             life.s->w, NULL));
        scripted_assert_got(life.s, "next", 4);
    }
}

/* A call in which something is destroyed attempts nothing more, tells exactly
 * what left, and is APR_SUCCESS if that was all; what was destroyed goes when
 * it returns, and not before. Returns 0 if the place is not passed so
 * often. */
static int strike(int number, int countdown)
{
    bufv_terms_t terms = terms_of(1, apr_time_from_sec(3600), 0);
    bufv_report_t report = {0};
    apr_status_t status;

    life_begin_with(number, countdown);
    report.size = sizeof(report);
    status = bufv_write_with(life.v, life.s->w, &terms, &report);
    if (!life.struck) {
        assert_ok(status);
        return 0;
    }
    ck_assert_msg(status == (life.s->got_len == 4 ? APR_SUCCESS : APR_EBUSY),
                  "place %d, time %d, what %d: %s", (int)life.place, countdown,
                  (int)life.what, status_text(status));
    ck_assert_int_eq(report.status, status);
    ck_assert_uint_eq(report.written, life.s->got_len);
    ck_assert_uint_eq(report.left, 4 - life.s->got_len);
    ck_assert_uint_eq(report.calls, life.s->attempts);
    ck_assert_uint_eq(life.s->attempts, life.attempts);
    ck_assert_uint_eq(life.s->waited, life.waits);
    ck_assert_uint_eq(life.s->pauses, life.pauses);
    ck_assert_int_eq(life.destroyed_early, 0);
    ck_assert_int_eq(life.used_late, 0);
    ck_assert_int_eq(life.hooked_late, 0);
    scripted_assert_kept(life.s);
    assert_what_is_left((apr_size_t)report.written);
    return 1;
}

START_TEST(life__destroyed_inside_a_write)
{
    int k = 1;

    while (strike(_i, k))
        k++;
    ck_assert_int_gt(k, 1);
}
END_TEST

/* When a call that may not wait gives back what it borrowed, or sends what it
 * held: it is told, and not that the destination is full. */
START_TEST(life__destroyed_at_the_end_of_a_call)
{
    static const place_t places[] = {IN_END, IN_FLUSH};

    life_begin_with((int)places[_i / WHATS] + _i % WHATS * PLACES, 1);
    assert_is(bufv_write_some(life.v, life.s->w, NULL), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(life.struck, 1);
    ck_assert_int_eq(life.destroyed_early, 0);
    ck_assert_uint_eq(life.s->attempts, 1);
    assert_what_is_left(0);
}
END_TEST

/* ---- destroyed inside other calls */

typedef struct victim_t {
    bufv_t *v;
    scripted_t *s;
    apr_pool_t *sub;
    int what; /* as what_t */
    int calls, releases;
} victim_t;

static void kill_victim(victim_t *it)
{
    it->calls++;
    if (it->sub != NULL)
        apr_pool_destroy(it->sub);
    if (it->sub == NULL && it->what != THE_WRITER)
        bufv_destroy(it->v);
    if (it->sub == NULL && it->what != THE_LIST)
        bufv_writer_destroy(it->s->w);
    it->sub = NULL;
}

/* The first that is released destroys the list. */
static void release_kills(void *baton, const void *data, apr_size_t len)
{
    victim_t *it = baton;

    (void)data;
    (void)len;
    if (it->releases++ == 0 && it->calls == 0)
        kill_victim(it);
}

static void consume_it(bufv_t *v)
{
    assert_ok(bufv_consume(v, 1));
}

static void read_it(bufv_t *v)
{
    char got[2];
    apr_size_t len = 1;

    assert_ok(bufv_read(v, got, &len));
    ck_assert_uint_eq(len, 1);
}

static void consume_nothing(bufv_t *v)
{
    assert_ok(bufv_consume(v, 0));
}

static void (*const drains[])(bufv_t *v) = {bufv_clear, consume_it, read_it,
                                            bufv_destroy, consume_nothing};

/* Each chunk is released once, and the list is gone when the call returns. */
START_TEST(life__destroyed_inside_a_drain)
{
    victim_t it = {0};
    const int empty = drains[_i / 2] == consume_nothing;

    if (_i % 2)
        assert_ok(apr_pool_create(&it.sub, pool));
    assert_ok(bufv_create(&it.v, it.sub));
    assert_ok(
        bufv_append_owned(it.v, "a", (apr_size_t)!empty, release_kills, &it));
    assert_ok(bufv_append_owned(it.v, "b", 1, release_kills, &it));
    assert_ok(bufv_append_owned(it.v, "", 0, release_kills, &it));
    drains[_i / 2](it.v);
    ck_assert_int_eq(it.calls, 1);
    ck_assert_int_eq(it.releases, 3);
}
END_TEST

static apr_status_t read_kills(void *baton, void *data, apr_size_t *len)
{
    kill_victim(baton);
    memcpy(data, "abc", 3);
    *len = 3;
    return APR_SUCCESS;
}

/* The reader of a fill destroys the list: it stays until the fill returns. */
START_TEST(life__destroyed_inside_a_fill)
{
    victim_t it = {0};
    bufv_reader_t r = {read_kills, NULL, NULL, &it};
    apr_size_t got = 0;

    if (_i)
        assert_ok(apr_pool_create(&it.sub, pool));
    assert_ok(bufv_create(&it.v, it.sub));
    assert_ok(bufv_fill(it.v, &r, 100, &got));
    ck_assert_uint_eq(got, 3);
    ck_assert_int_eq(it.calls, 1);
}
END_TEST

/* bufv_send() keeps no writer; its list may go all the same. */
START_TEST(life__destroyed_inside_a_send)
{
    victim_t it = {0};
    peer_t *p = peer_new();
    apr_uint64_t written = 0;

    assert_ok(bufv_create(&it.v, NULL));
    assert_ok(bufv_append_owned(it.v, "abc", 3, release_kills, &it));
    assert_ok(bufv_send(it.v, p->near_end, &written));
    ck_assert_uint_eq(written, 3);
    ck_assert_int_eq(it.calls, 1);
}
END_TEST

static void hook_kills(void *baton, const bufv_call_t *call)
{
    (void)call;
    if (((victim_t *)baton)->calls == 0)
        kill_victim(baton);
}

static apr_status_t read_three(void *baton, void *data, apr_size_t *len)
{
    const victim_t *it = baton;

    ck_assert_int_eq(it->calls, 0); /* nothing is read any more */
    memcpy(data, "abc", 3);
    *len = 3;
    return APR_SUCCESS;
}

static void copy_victim(victim_t *it, bufv_reader_t *r, apr_size_t take)
{
    if (it->s == NULL)
        it->s = scripted_new(pool);
    it->s->pool = it->sub != NULL ? it->sub : pool;
    it->s->otherwise.take = take;
    scripted_open(it->s);
    assert_ok(bufv_create(&it->v, it->sub));
    r->baton = it;
}

/* The rest of a copy, its writer, or both go in a hook: it reads and attempts
 * nothing more. */
START_TEST(life__destroyed_inside_a_copy)
{
    victim_t it = {0};
    bufv_reader_t r = {read_three, NULL, NULL, NULL};
    const int all = _i % 2, by_pool = _i / 2 == WHATS;
    apr_uint64_t copied = 0;

    it.what = by_pool ? BOTH : _i / 2;
    if (by_pool)
        assert_ok(apr_pool_create(&it.sub, pool));
    copy_victim(&it, &r, all ? 3 : 2);
    bufv_writer_hook_set(it.s->w, hook_kills, &it);
    assert_is(bufv_copy(it.s->w, &r, it.v, &copied), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(it.calls, 1);
    ck_assert_uint_eq(copied, all ? 3 : 2);
    ck_assert_uint_eq(it.s->attempts, 1);
    if (it.what == THE_WRITER) {
        ck_assert_uint_eq(bufv_length(it.v), all ? 0 : 1);
        bufv_destroy(it.v);
    }
}
END_TEST

static apr_status_t read_kills_at_the_end(void *baton, void *data,
                                          apr_size_t *len)
{
    kill_victim(baton);
    memcpy(data, "abc", 3);
    *len = 3;
    return APR_EOF;
}

/* In its reader: what was read cannot be written any more. */
START_TEST(life__destroyed_by_the_reader_of_a_copy)
{
    victim_t it = {0};
    bufv_reader_t r = {read_kills_at_the_end, NULL, NULL, NULL};
    apr_uint64_t copied = 4711;

    it.what = _i;
    copy_victim(&it, &r, 100);
    assert_is(bufv_copy(it.s->w, &r, it.v, &copied), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(it.calls, 1);
    ck_assert_uint_eq(copied, 0);
    ck_assert_uint_eq(it.s->attempts, 0);
    if (it.what == THE_WRITER) {
        assert_text(it.v, "abc");
        bufv_destroy(it.v);
    }
}
END_TEST

/* A reader that has nothing, and whose wait destroys something. */
typedef struct waiting_t {
    victim_t it;
    int reads, waits;
    long freed;          /* blocks, while a copy still uses them */
    apr_status_t status; /* of a copy inside the wait */
} waiting_t;

static apr_status_t read_nothing_yet(void *baton, void *data, apr_size_t *len)
{
    waiting_t *r = baton;

    (void)data;
    r->reads++;
    *len = 0;
    return APR_EAGAIN;
}

static apr_status_t read_kills_and_has_nothing(void *baton, void *data,
                                               apr_size_t *len)
{
    waiting_t *r = baton;

    kill_victim(&r->it);
    return read_nothing_yet(baton, data, len);
}

/* The copy ends, and has copied nothing. */
static void copy_until_it_goes(waiting_t *it, bufv_reader_t *r, int what)
{
    apr_uint64_t copied = 4711;

    it->it.what = what;
    copy_victim(&it->it, r, 100);
    r->baton = it;
    assert_is(bufv_copy(it->it.s->w, r, it->it.v, &copied),
              APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(copied, 0);
}

static void destroy_what_is_left(const waiting_t *it)
{
    if (it->it.what == THE_WRITER)
        bufv_destroy(it->it.v);
    if (it->it.what == THE_LIST)
        bufv_writer_destroy(it->it.s->w);
}

/* A transport's clock that destroys something when it is asked for the n-th
 * time, 0: never; and how often it was asked afterwards. */
static struct {
    apr_time_t (*inner)(void *baton);
    waiting_t *of;
    int countdown, late;
} clocked;

static apr_time_t now_kills(void *baton)
{
    clocked.late += clocked.of->it.calls > 0;
    if (--clocked.countdown == 0)
        kill_victim(&clocked.of->it);
    return clocked.inner(baton);
}

static void clocked_for(waiting_t *it, int countdown)
{
    it->it.s = scripted_new(pool);
    clocked.inner = it->it.s->ops.now;
    clocked.of = it;
    clocked.countdown = countdown;
    clocked.late = 0;
    it->it.s->ops.now = now_kills;
}

static apr_status_t count_wait(void *baton, apr_interval_time_t timeout)
{
    (void)timeout;
    ((waiting_t *)baton)->waits++;
    return APR_TIMEUP;
}

/* In a reader that has nothing then: nobody waits for more. */
START_TEST(life__destroyed_by_a_reader_that_has_nothing)
{
    waiting_t it = {{0}, 0, 0, 0, 0};
    bufv_reader_t r = {read_kills_and_has_nothing, NULL, count_wait, NULL};

    copy_until_it_goes(&it, &r, _i);
    ck_assert_int_eq(it.reads, 1);
    ck_assert_int_eq(it.waits, 0);
    destroy_what_is_left(&it);
}
END_TEST

static apr_status_t wait_kills(void *baton, apr_interval_time_t timeout)
{
    waiting_t *r = baton;
    long before = alloc_blocks();

    (void)timeout;
    r->waits++;
    kill_victim(&r->it);
    r->freed = before - alloc_blocks();
    return APR_SUCCESS;
}

static apr_status_t wait_kills_and_ends_early(void *baton,
                                              apr_interval_time_t timeout)
{
    return wait_kills(baton, timeout) == APR_SUCCESS ? APR_EINTR : APR_SUCCESS;
}

/* In the wait of a copy's reader, which may say that it was interrupted: it
 * reads and attempts nothing more. */
START_TEST(life__destroyed_by_the_wait_of_a_reader)
{
    waiting_t it = {{0}, 0, 0, 0, 0};
    bufv_reader_t r = {read_nothing_yet, NULL, wait_kills, NULL};

    if (_i / WHATS)
        r.wait = wait_kills_and_ends_early;
    clocked_for(&it, 0);
    copy_until_it_goes(&it, &r, _i % WHATS);
    ck_assert_int_eq(clocked.late, 0);
    ck_assert_int_eq(it.freed, 0);
    ck_assert_int_eq(it.reads, 1);
    ck_assert_int_eq(it.waits, 1);
    ck_assert_uint_eq(it.it.s->attempts, 0);
    destroy_what_is_left(&it);
}
END_TEST

static apr_status_t wait_for_nothing(void *baton, apr_interval_time_t timeout)
{
    (void)timeout;
    ((waiting_t *)baton)->waits++;
    return APR_SUCCESS;
}

/* By the transport's clock, which a copy asks thrice for each wait for its
 * reader: before the first wait, or before the pause that comes after two
 * waits for nothing. Then there is none. */
START_TEST(life__destroyed_by_the_clock_of_a_copy)
{
    waiting_t it = {{0}, 0, 0, 0, 0};
    static const int asked[] = {1, 2, 7};
    bufv_reader_t r = {read_nothing_yet, NULL, wait_for_nothing, NULL};
    const int waits = (asked[_i / WHATS] - 1) / 3;

    clocked_for(&it, asked[_i / WHATS]);
    copy_until_it_goes(&it, &r, _i % WHATS);
    ck_assert_int_eq(it.reads, waits + 1);
    ck_assert_int_eq(it.waits, waits);
    ck_assert_int_eq(clocked.late, 0);
    ck_assert_uint_eq(it.it.s->pauses, 0);
    destroy_what_is_left(&it);
}
END_TEST

static void pause_kills(void *baton, apr_interval_time_t time)
{
    (void)baton;
    (void)time;
    kill_victim(&clocked.of->it);
}

/* By the pause of a copy that comes after two waits for nothing: there is no
 * third. */
START_TEST(life__destroyed_by_the_pause_of_a_copy)
{
    waiting_t it = {{0}, 0, 0, 0, 0};
    bufv_reader_t r = {read_nothing_yet, NULL, wait_for_nothing, NULL};

    clocked_for(&it, 0);
    it.it.s->ops.pause = pause_kills;
    copy_until_it_goes(&it, &r, _i);
    ck_assert_int_eq(it.reads, 3);
    ck_assert_int_eq(it.waits, 2);
    ck_assert_int_eq(clocked.late, 0);
    destroy_what_is_left(&it);
}
END_TEST

/* By the clock or by the pause of a list that waits for its turn, which does
 * not come: it waits no longer, though it has no limit. */
START_TEST(life__destroyed_while_it_waits_for_its_turn)
{
    static const scripted_step_t three[] = {{3, APR_EAGAIN, 0}};
    bufv_t *first = list_of((const char *const[]){"abcdefghij", NULL});
    const int in_pause = _i / WHATS;
    waiting_t it = {{0}, 0, 0, 0, 0};
    apr_uint64_t written = 4711;

    clocked_for(&it, 0);
    it.it.what = _i % WHATS;
    if (in_pause)
        it.it.s->ops.pause = pause_kills;
    scripted_play(it.it.s, three, COUNT(three));
    scripted_open(it.it.s);
    assert_ok(bufv_writer_lock_enable(it.it.s->w));
    assert_is(bufv_write_some(first, it.it.s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_create(&it.it.v, NULL));
    assert_ok(bufv_append(it.it.v, "XYZ", 3));
    clocked.countdown = !in_pause;
    assert_is(bufv_write(it.it.v, it.it.s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(it.it.s->attempts, 1);
    ck_assert_uint_eq(it.it.s->pauses, 0);
    ck_assert_int_eq(it.it.calls, 1);
    destroy_what_is_left(&it);
}
END_TEST

static apr_status_t end_kills(void *baton, void *data, apr_size_t *len)
{
    (void)data;
    kill_victim(baton);
    *len = 0;
    return APR_EOF;
}

/* At its end nothing is missing: all had left. */
START_TEST(life__destroyed_by_the_reader_at_the_end)
{
    victim_t it = {0};
    bufv_reader_t r = {end_kills, NULL, NULL, NULL};
    apr_uint64_t copied = 0;

    it.what = _i;
    copy_victim(&it, &r, 100);
    assert_ok(bufv_append(it.v, "abc", 3));
    assert_ok(bufv_copy(it.s->w, &r, it.v, &copied));
    ck_assert_int_eq(it.calls, 1);
    ck_assert_uint_eq(copied, 3);
    if (_i == THE_WRITER)
        bufv_destroy(it.v);
}
END_TEST

static apr_status_t never_writes(void *baton, bufv_writer_t *w,
                                 apr_uint64_t *written)
{
    (void)w;
    *written = 0;
    ((victim_t *)baton)->releases++; /* it must not come here */
    return APR_SUCCESS;
}

/* While the rest of a copy leaves: a reader that writes by itself is not asked
 * to any more. */
START_TEST(life__destroyed_before_the_reader_writes)
{
    victim_t it = {0};
    bufv_reader_t r = {read_three, never_writes, NULL, NULL};
    apr_uint64_t copied = 0;

    it.what = _i;
    copy_victim(&it, &r, 100);
    bufv_writer_hook_set(it.s->w, hook_kills, &it);
    assert_ok(bufv_append(it.v, "ab", 2));
    assert_is(bufv_copy(it.s->w, &r, it.v, &copied), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(it.calls, 1);
    ck_assert_uint_eq(copied, 2);
    ck_assert_int_eq(it.releases, 0);
    if (_i == THE_WRITER)
        bufv_destroy(it.v);
}
END_TEST

/* Waits by copying from another reader, to the same writer with the same
 * rest. */
static apr_status_t wait_copies(void *baton, apr_interval_time_t timeout)
{
    waiting_t *it = baton;
    bufv_reader_t inner = {read_nothing_yet, NULL, wait_kills, it};
    apr_uint64_t copied = 4711;
    long before = alloc_blocks();

    (void)timeout;
    it->status = bufv_copy(it->it.s->w, &inner, it->it.v, &copied);
    it->freed = before - alloc_blocks();
    ck_assert_int_eq(it->freed, 0);
    ck_assert_uint_eq(copied, 0);
    ck_assert_uint_eq(bufv_length(it->it.v), 0); /* it is still there */
    ck_assert_uint_eq(report_of(it->it.s->w).calls, 0);
    return APR_SUCCESS;
}

/* A copy inside a copy: what the inner one destroys goes with the outer one.
 */
START_TEST(life__destroyed_inside_two_copies)
{
    waiting_t it = {{0}, 0, 0, 0, 0};
    bufv_reader_t r = {read_nothing_yet, NULL, wait_copies, NULL};

    it.it.what = BOTH;
    copy_victim(&it.it, &r, 100);
    r.baton = &it;
    assert_is(bufv_copy(it.it.s->w, &r, it.it.v, NULL), APR_STATUS_IS_EBUSY);
    assert_is(it.status, APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(it.reads, 2);
    ck_assert_int_eq(it.it.calls, 1);
}
END_TEST

/* A hook destroys both and then tries to copy with them. */
static void hook_kills_and_copies(void *baton, const bufv_call_t *call)
{
    victim_t *it = baton;
    bufv_reader_t r = {read_three, NULL, NULL, it};
    apr_uint64_t copied = 4711;

    (void)call;
    kill_victim(it);
    assert_is(bufv_copy(it->s->w, &r, it->v, &copied), APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(copied, 0);
    ck_assert_uint_eq(bufv_length(it->v), 1); /* it is still there */
}

START_TEST(life__copied_after_it_was_destroyed)
{
    victim_t it = {0};
    bufv_reader_t unused = {NULL, NULL, NULL, NULL};
    apr_uint64_t written = 0;

    it.what = BOTH;
    copy_victim(&it, &unused, 2);
    bufv_writer_hook_set(it.s->w, hook_kills_and_copies, &it);
    assert_ok(bufv_append(it.v, "abc", 3));
    assert_is(bufv_write(it.v, it.s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(written, 2);
    ck_assert_int_eq(it.calls, 1);
}
END_TEST

/* Destroys the writer that is about to be used, and then abandons its turn. */
static void release_kills_and_abandons(void *baton, const void *data,
                                       apr_size_t len)
{
    victim_t *it = baton;

    (void)data;
    (void)len;
    it->releases++;
    kill_victim(it);
    assert_ok(bufv_writer_abandon(it->s->w));
}

/* By a release callback that is due before the first attempt: there is
 * none. */
START_TEST(life__destroyed_before_the_first_attempt)
{
    victim_t it = {0};
    bufv_reader_t unused = {NULL, NULL, NULL, NULL};
    apr_uint64_t written = 4711;

    it.what = THE_WRITER;
    copy_victim(&it, &unused, 100);
    if (_i)
        assert_ok(bufv_writer_lock_enable(it.s->w));
    assert_ok(bufv_append_owned(it.v, "", 0, release_kills_and_abandons, &it));
    assert_ok(bufv_append(it.v, "abc", 3));
    assert_is(bufv_write(it.v, it.s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(it.releases, 1);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(it.s->attempts, 0);
    assert_text(it.v, "abc");
    bufv_destroy(it.v);
}
END_TEST

static victim_t interrupted; /* of the next test */

static apr_status_t wait_kills_and_is_interrupted(void *baton,
                                                  apr_interval_time_t timeout)
{
    (void)baton;
    (void)timeout;
    kill_victim(&interrupted);
    return APR_EINTR;
}

/* In a wait that is then interrupted: it is not gone on with. */
START_TEST(life__destroyed_inside_an_interrupted_wait)
{
    static const scripted_step_t full[] = {{1, APR_EAGAIN, 0}};
    apr_uint64_t written = 0;

    memset(&interrupted, 0, sizeof(interrupted));
    interrupted.what = _i;
    interrupted.s = scripted_new(pool);
    interrupted.s->ops.wait = wait_kills_and_is_interrupted;
    scripted_play(interrupted.s, full, 1);
    scripted_open(interrupted.s);
    assert_ok(bufv_create(&interrupted.v, NULL));
    assert_ok(bufv_append(interrupted.v, "abc", 3));
    assert_is(bufv_write(interrupted.v, interrupted.s->w, &written),
              APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(interrupted.calls, 1);
    ck_assert_uint_eq(written, 1);
    ck_assert_uint_eq(interrupted.s->attempts, 1);
    if (_i == THE_WRITER)
        bufv_destroy(interrupted.v);
}
END_TEST

/* A write inside a hook of a write: what the inner one's hook destroys of the
 * outer one goes when that returns. */
static void write_and_kill(void *baton, const bufv_call_t *call)
{
    victim_t *it = baton;
    scripted_t *s = scripted_new(pool);

    (void)call;
    if (it->calls > 0)
        return;
    scripted_open(s);
    bufv_writer_hook_set(s->w, hook_kills, it);
    assert_ok(
        bufv_write(list_of((const char *const[]){"xy", NULL}), s->w, NULL));
    ck_assert_int_eq(it->calls, 1);
    ck_assert_int_eq(it->releases, 0);
    ck_assert_uint_eq(bufv_length(it->v), 2);
}

START_TEST(life__destroyed_from_a_nested_write)
{
    victim_t it = {0};
    apr_uint64_t written = 0;

    it.what = BOTH;
    it.s = scripted_new(pool);
    it.s->otherwise.take = 1;
    scripted_open(it.s);
    assert_ok(bufv_create(&it.v, NULL));
    assert_ok(bufv_append_owned(it.v, "abc", 3, release_kills, &it));
    bufv_writer_hook_set(it.s->w, write_and_kill, &it);
    assert_is(bufv_write(it.v, it.s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(written, 1);
    ck_assert_int_eq(it.releases, 1);
    ck_assert_uint_eq(it.s->attempts, 1);
}
END_TEST

/* ---- while a list is being destroyed */

typedef struct dying_t {
    bufv_t *v, *other;
    apr_file_t *file;
    int calls, owned;
    int refused, taken;
} dying_t;

static void count_owned(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    ((dying_t *)baton)->owned++;
}

static void told(dying_t *d, apr_status_t status)
{
    d->refused += APR_STATUS_IS_EBUSY(status) != 0;
    d->taken += status == APR_SUCCESS;
}

static void append_while_dying(void *baton, const void *data, apr_size_t len)
{
    dying_t *d = baton;
    struct iovec vec = {0};
    apr_size_t room;
    void *at;

    (void)len;
    d->calls++;
    vec.iov_base = apr_pstrdup(pool, data);
    vec.iov_len = 1;
    told(d, bufv_append(d->v, "x", 1));
    told(d, bufv_append_copy(d->v, "x", 1));
    told(d, bufv_append_owned(d->v, "x", 1, count_owned, d));
    told(d, bufv_append_owned(d->v, "", 0, count_owned, d));
    told(d, bufv_append_vec(d->v, &vec, 1));
    told(d, bufv_append_list(d->v, d->other));
    told(d, bufv_appendf(d->v, "%d", 1));
    told(d, bufv_prepend(d->v, "x", 1));
    told(d, bufv_append_file(d->v, d->file, 0, 1));
    told(d, bufv_append_file_owned(d->v, d->file, 0, 1, count_owned, d));
    told(d, bufv_clone(d->v, d->other));
    told(d, bufv_split(d->other, 1, d->v));
    told(d, bufv_reserve(d->v, 1, &at, &room));
    bufv_clear(d->v);
    bufv_trim(d->v);
    bufv_destroy(d->v);
}

/* Nothing is appended any more and nothing owned: APR_EBUSY. To destroy it
 * once more is nothing. */
START_TEST(life__nothing_is_appended_while_it_is_destroyed)
{
    dying_t d = {0};
    apr_pool_t *sub;

    assert_ok(apr_pool_create(&sub, pool));
    d.other = list_of((const char *const[]){"other", NULL});
    d.file = file_text("file");
    assert_ok(bufv_create(&d.v, _i ? sub : NULL));
    assert_ok(bufv_append_owned(d.v, "a", 1, append_while_dying, &d));
    assert_ok(bufv_append_owned(d.v, "b", 1, append_while_dying, &d));
    if (_i != 1)
        bufv_destroy(d.v);
    apr_pool_destroy(sub);
    ck_assert_int_eq(d.calls, 2);
    ck_assert_int_eq(d.taken, 0);
    ck_assert_int_eq(d.refused, 26);
    ck_assert_int_eq(d.owned, 0);
    assert_text(d.other, "other");
}
END_TEST

/* Lists that destroy one another, in a ring. */
typedef struct ring_t {
    bufv_t *v[3];
    int calls;
} ring_t;

static void destroy_ring(void *baton, const void *data, apr_size_t len)
{
    ring_t *ring = baton;
    bufv_t *v;
    int i;

    (void)data;
    (void)len;
    ring->calls++;
    for (i = 0; i < 3; i++) {
        v = ring->v[i];
        ring->v[i] = NULL;
        bufv_destroy(v);
    }
}

START_TEST(life__lists_destroy_one_another)
{
    ring_t ring = {{NULL, NULL, NULL}, 0};
    bufv_t *first;
    int i;

    for (i = 0; i < 3; i++) {
        assert_ok(bufv_create(&ring.v[i], _i ? pool : NULL));
        assert_ok(bufv_append_owned(ring.v[i], "a", 1, destroy_ring, &ring));
        assert_ok(bufv_append_owned(ring.v[i], "b", 1, destroy_ring, &ring));
    }
    first = ring.v[0];
    ring.v[0] = NULL;
    bufv_destroy(first);
    ck_assert_int_eq(ring.calls, 6);
}
END_TEST

/* ---- with a pool and without */

/* Memory is all given back, whoever comes first: the function or the pool. */
START_TEST(life__pool_or_none)
{
    bufv_ops_t ops = ops_new();
    apr_status_t first = APR_SUCCESS;
    apr_pool_t *sub, *its;
    bufv_t *v;
    bufv_writer_t *w;
    long blocks, blocks_after;

    if (!alloc_is_seen()) {
        skip("life__pool_or_none", "allocations are not seen here");
        return;
    }
    ops.max_vec = ops.max_bytes = 1;
    ops.writev = scripted_new(pool)->ops.writev;
    assert_ok(apr_pool_create(&sub, pool));
    its = _i / 2 ? sub : NULL;
    blocks = alloc_blocks();
    note(first, bufv_create(&v, its));
    note(first, bufv_writer_create(&w, &ops, NULL, its));
    note(first, bufv_append_copy(v, "abc", 3));
    if (_i % 2 || its == NULL)
        bufv_destroy(v);
    if (_i % 2 || its == NULL)
        bufv_writer_destroy(w);
    apr_pool_destroy(sub);
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_int_eq(blocks_after, blocks);
}
END_TEST

/* Writers of sockets and files without a pool; bufv.h's own names, since the
 * net keeps what it knows in pools. */
START_TEST(life__writers_without_a_pool)
{
    peer_t *p = peer_new();
    apr_file_t *file = file_text("");
    bufv_writer_t *sock_writer, *file_writer;
    bufv_t *v;

    assert_ok(bufv_create(&v, NULL));
    assert_ok(bufv_writer_socket(&sock_writer, p->near_end, NULL));
    assert_ok(bufv_writer_file(&file_writer, file, NULL));
    peer_start(p);
    assert_ok(bufv_append(v, "abc", 3));
    assert_ok(bufv_write(v, sock_writer, NULL));
    assert_ok(bufv_append(v, "def", 3));
    assert_ok(bufv_write(v, file_writer, NULL));
    bufv_writer_destroy(sock_writer);
    bufv_writer_destroy(file_writer);
    bufv_destroy(v);
    peer_finish(p);
    peer_assert_got(p, "abc", 3);
}
END_TEST

/* The transport is told once that the writer goes, with its baton. */
static void note_baton(void *baton)
{
    ++*(int *)baton;
}

START_TEST(life__transport_is_told)
{
    bufv_ops_t ops = ops_new();
    apr_pool_t *sub;
    bufv_writer_t *w;
    int told = 0;

    ops.max_vec = ops.max_bytes = 1;
    ops.writev = scripted_new(pool)->ops.writev;
    ops.destroy = note_baton;
    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_writer_create(&w, &ops, &told, _i / 2 ? sub : NULL));
    ck_assert_int_eq(told, 0);
    if (_i % 2 || _i / 2 == 0)
        bufv_writer_destroy(w);
    apr_pool_destroy(sub);
    ck_assert_int_eq(told, 1);
}
END_TEST

#define MANY 10000

/* Ten thousand lists, destroyed oldest first, newest first, or with their
 * pool. */
START_TEST(life__many_lists)
{
    static bufv_t *v[MANY];
    apr_pool_t *sub;
    apr_status_t first = APR_SUCCESS;
    long blocks, blocks_after;
    int i;

    assert_ok(apr_pool_create(&sub, pool));
    blocks = alloc_is_seen() ? alloc_blocks() : 0;
    for (i = 0; i < MANY; i++) {
        note(first, bufv_create(&v[i], _i == 2 ? sub : NULL));
        note(first, bufv_append_copy(v[i], "abc", 3));
    }
    for (i = 0; i < MANY && _i < 2; i++)
        bufv_destroy(v[_i == 0 ? i : MANY - 1 - i]);
    apr_pool_destroy(sub);
    blocks_after = alloc_is_seen() ? alloc_blocks() : 0;
    assert_ok(first);
    ck_assert_int_eq(blocks_after, blocks);
}
END_TEST

/* ---- trim */

/* Blocks of memory that the library has since `before`; -1: unknown. */
static long blocks_since(long before)
{
    return alloc_is_seen() ? alloc_blocks() - before : -1;
}

static long blocks_now(void)
{
    return alloc_is_seen() ? alloc_blocks() : 0;
}

/* One list with much of everything in it. */
static apr_status_t fill_much(bufv_t *v, apr_file_t *file)
{
    apr_status_t first = APR_SUCCESS;
    int i;

    for (i = 0; i < 3000; i++) {
        note(first, bufv_append_copy(v, "0123456789", 10));
        note(first, bufv_append(v, "abc", 3));
        note(first, bufv_append_owned(v, "defg", 4, NULL, NULL));
        if (i % 10 == 0)
            note(first, bufv_append_file(v, file, 0, 2));
    }
    return first;
}

/* An empty list is left with itself alone, however it was drained. */
START_TEST(life__trim_of_an_empty_list)
{
    apr_file_t *file = file_text("file");
    scripted_t *s = scripted_new(pool);
    apr_status_t first = APR_SUCCESS;
    apr_size_t room;
    void *data;
    long before, kept, after;
    bufv_t *v;

    s->discard = 1;
    scripted_open(s);
    before = blocks_now();
    note(first, bufv_create(&v, NULL));
    note(first, fill_much(v, file));
    if (_i == 0)
        bufv_clear(v);
    else if (_i == 1)
        note(first, bufv_write(v, s->w, NULL));
    else
        note(first, bufv_consume(v, bufv_length(v)));
    if (_i == 0)
        note(first, bufv_reserve(v, 50000, &data, &room));
    kept = blocks_since(before);
    bufv_trim(v);
    after = blocks_since(before);
    assert_ok(first);
    if (alloc_is_seen()) {
        ck_assert_int_gt(kept, 1);
        ck_assert_int_le(after, 1 + (_i == 1)); /* a scratch block may be */
    }
    assert_ok(bufv_append_copy(v, "abc", 3));
    assert_text(v, "abc");
    bufv_destroy(v);
}
END_TEST

/* What is in it stays, in as little memory as it takes, and can be trimmed
 * again. */
START_TEST(life__trim_of_a_list)
{
    apr_file_t *file = file_text("file");
    apr_status_t first = APR_SUCCESS;
    char want[64], got[64];
    apr_size_t len = sizeof(want), got_len = sizeof(got);
    unsigned long bytes, bytes_after;
    long before, after, again;
    bufv_t *v, *copy = list_new();

    before = blocks_now();
    bytes = alloc_bytes_in_use();
    note(first, bufv_create(&v, NULL));
    note(first, fill_much(v, file));
    note(first, bufv_consume(v, bufv_length(v) - 61));
    bufv_trim(v);
    after = blocks_since(before);
    bytes_after = alloc_bytes_in_use();
    bufv_trim(v);
    again = blocks_since(before);
    assert_ok(first);
    if (alloc_is_seen()) {
        ck_assert_int_le(after, 5); /* it, three arrays, a slab */
        ck_assert_int_eq(again, after);
        ck_assert_uint_le(bytes_after, bytes + 16384);
    }
    assert_ok(fill_much(copy, file));
    assert_ok(bufv_consume(copy, bufv_length(copy) - 61));
    assert_ok(bufv_read(copy, want, &len));
    assert_ok(bufv_read(v, got, &got_len));
    ck_assert_uint_eq(len, 61);
    ck_assert_uint_eq(got_len, 61);
    ck_assert_mem_eq(want, got, 61);
    bufv_destroy(v);
}
END_TEST

/* Clones and parts keep their share of what the trimmed list had copied. */
START_TEST(life__trim_with_clones_and_parts)
{
    bufv_t *v, *clone = list_new(), *head = list_new(), *tail = list_new();

    assert_ok(bufv_create(&v, NULL));
    assert_ok(bufv_append_copy(v, "head", 4));
    assert_ok(bufv_append_copy(v, "middle", 6));
    assert_ok(bufv_append_copy(v, "tail", 4));
    assert_ok(bufv_clone(clone, v));
    assert_ok(bufv_split(v, 6, head));
    assert_ok(bufv_split(v, 5, tail));
    assert_ok(bufv_append_list(v, tail));
    bufv_trim(v);
    assert_text(v, "ailddlet");
    bufv_trim(head);
    assert_text(head, "headmi");
    assert_text(clone, "headmiddletail");
    bufv_trim(clone);
    bufv_destroy(v);
    assert_text(clone, "headmiddletail");
    assert_text(head, "headmi");
    assert_ok(bufv_append_copy(clone, "more", 4));
    assert_text(clone, "headmiddletailmore");
}
END_TEST

/* Without memory to move to, nothing happens. */
START_TEST(life__trim_without_memory)
{
    bufv_t *v = list_new();
    unsigned long k;

    if (!alloc_is_seen()) {
        skip("life__trim_without_memory", "no allocation can be made to fail");
        return;
    }
    for (k = 1; k <= 6; k++) {
        assert_ok(bufv_append_copy(v, "abcdef", 6));
        assert_ok(bufv_append(v, "xyz", 3));
        assert_ok(bufv_consume(v, 2));
        alloc_fail(k, _i);
        bufv_trim(v);
        alloc_fail(0, 0);
        assert_text(v, "cdefxyz");
        bufv_clear(v);
    }
}
END_TEST

static void trim_inside(void *baton, const void *data, apr_size_t len)
{
    dying_t *d = baton;
    struct iovec before, after;
    apr_size_t one = 1;

    (void)data;
    (void)len;
    d->calls++;
    ignore(bufv_peek(d->v, &before, &one));
    bufv_trim(d->v);
    ignore(bufv_peek(d->v, &after, &one));
    d->taken += one == 1 && before.iov_base == after.iov_base;
}

static void trim_in_hook(void *baton, const bufv_call_t *call)
{
    (void)call;
    trim_inside(baton, NULL, 0);
}

/* In a callback or a write of the list it does nothing: what was copied stays
 * where it is, and no memory is got or given. */
START_TEST(life__trim_from_inside)
{
    dying_t d = {0};
    scripted_t *s = scripted_new(pool);

    d.v = list_new();
    assert_ok(bufv_append_owned(d.v, "a", 1, trim_inside, &d));
    assert_ok(bufv_append_copy(d.v, "bcd", 3));
    s->otherwise.take = 1;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, 0);
    if (_i == 0)
        assert_ok(bufv_consume(d.v, 1));
    else
        bufv_writer_hook_set(s->w, trim_in_hook, &d);
    assert_ok(bufv_write(d.v, s->w, NULL));
    ck_assert_int_eq(d.calls, _i == 0 ? 1 : 5);
    ck_assert_int_eq(d.taken, _i == 0 ? 1 : 4); /* none is left in the last */
    scripted_assert_got(s, &"abcd"[_i == 0], _i == 0 ? 3 : 4);
}
END_TEST

/* ---- clear */

typedef struct again_t {
    bufv_t *v;
    apr_size_t len;
    int calls, most;
} again_t;

/* Appends itself again, until it has been called often enough. */
static void append_again(void *baton, const void *data, apr_size_t len)
{
    again_t *a = baton;

    (void)len;
    if (++a->calls < a->most)
        bufv_append_owned(a->v, data, a->len, append_again, a);
}

/* What is there when it is called is released once; what callbacks append
 * meanwhile stays: chunks, and empty ones, which count as nothing. */
START_TEST(life__clear_while_callbacks_append)
{
    again_t a = {NULL, 0, 0, 1000};
    int i;

    a.v = list_new();
    a.len = _i ? 0 : 1;
    for (i = 0; i < 5; i++)
        assert_ok(bufv_append_owned(a.v, "x", a.len, append_again, &a));
    for (i = 1; i <= 3; i++) {
        bufv_clear(a.v);
        ck_assert_int_eq(a.calls, 5 * i);
        ck_assert_uint_eq(bufv_length(a.v), 5 * a.len);
        ck_assert_uint_eq(bufv_count(a.v), 5 * a.len);
    }
    a.most = 0;
    bufv_clear(a.v);
    ck_assert_int_eq(a.calls, 20);
    ck_assert_uint_eq(bufv_length(a.v), 0);
}
END_TEST

/* An empty chunk that appends itself again does not keep a write or a consume
 * from ending. */
START_TEST(life__empty_chunks_that_append_themselves)
{
    again_t a = {NULL, 0, 0, 1000000};
    scripted_t *s = scripted_new(pool);

    scripted_open(s);
    a.v = list_new();
    assert_ok(bufv_append_owned(a.v, "", 0, append_again, &a));
    assert_ok(bufv_consume(a.v, 0));
    ck_assert_int_ge(a.calls, 1);
    assert_ok(bufv_write(a.v, s->w, NULL));
    ck_assert_int_ge(a.calls, 2);
    assert_ok(bufv_append(a.v, "abc", 3));
    assert_ok(bufv_write(a.v, s->w, NULL));
    ck_assert_int_lt(a.calls, 20);
    scripted_assert_got(s, "abc", 3);
    a.most = 0;
    bufv_clear(a.v);
}
END_TEST

/* ---- ranges whose file is owned */

typedef struct owner_t {
    int calls, wrong;
    apr_file_t *file; /* to close */
} owner_t;

static void file_released(void *baton, const void *data, apr_size_t len)
{
    owner_t *o = baton;

    o->calls++;
    o->wrong += data != NULL || len != 0;
    if (o->file != NULL)
        o->wrong += apr_file_close(o->file) != APR_SUCCESS;
}

static bufv_t *owned_range(owner_t *o)
{
    bufv_t *v = list_new();

    memset(o, 0, sizeof(*o));
    assert_ok(bufv_append(v, "ab", 2));
    assert_ok(bufv_append_file_owned(v, file_text("0123456789"), 2, 5,
                                     file_released, o));
    assert_ok(bufv_append(v, "cd", 2));
    return v;
}

/* Called once, with NULL and 0, when the last byte of the range has left:
 * sent unread, read, or consumed. */
START_TEST(life__file_owned)
{
    owner_t o;
    bufv_t *v = owned_range(&o);
    scripted_t *s = scripted_new(pool);
    apr_size_t i;

    if (_i == 0)
        scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, 0);
    for (i = 1; i <= 9; i++) {
        if (_i == 2)
            assert_ok(bufv_consume(v, 1));
        else
            ignore(bufv_write_with(
                v, s->w, &(bufv_terms_t){sizeof(bufv_terms_t), 1, 0, 1},
                NULL));
        ck_assert_uint_eq(bufv_length(v), 9 - i);
        ck_assert_int_eq(o.calls, i >= 7);
    }
    ck_assert_int_eq(o.wrong, 0);
    if (_i != 2)
        scripted_assert_got(s, "ab23456cd", 9);
}
END_TEST

/* The callback may close the file. */
START_TEST(life__file_owned_and_closed)
{
    owner_t o = {0, 0, NULL};
    apr_file_t *file = file_text("0123456789");
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_new();

    scripted_open(s);
    o.file = file;
    assert_ok(bufv_append_file_owned(v, file, 0, 10, file_released, &o));
    if (_i == 0)
        assert_ok(bufv_write(v, s->w, NULL));
    else
        bufv_clear(v);
    ck_assert_int_eq(o.calls, 1);
    ck_assert_int_eq(o.wrong, 0);
}
END_TEST

/* Shared by clones and parts: once, after the last of them. */
START_TEST(life__file_owned_and_shared)
{
    owner_t o;
    bufv_t *list[3];
    int i;

    list[0] = owned_range(&o);
    for (i = 1; i < 3; i++)
        list[i] = list_new();
    assert_ok(bufv_clone(list[1], list[0]));
    assert_ok(bufv_split(list[0], 4, list[2]));
    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(o.calls, 0);
        bufv_clear(list[(i + _i) % 3]);
    }
    ck_assert_int_eq(o.calls, 1);
    ck_assert_int_eq(o.wrong, 0);
}
END_TEST

/* An empty range is released at its turn, like an empty chunk. */
START_TEST(life__file_owned_and_empty)
{
    owner_t o = {0, 0, NULL};
    bufv_t *v = list_of((const char *const[]){"ab", NULL});

    assert_ok(
        bufv_append_file_owned(v, file_text("x"), 0, 0, file_released, &o));
    ck_assert_uint_eq(bufv_count(v), 1);
    assert_ok(bufv_consume(v, 1));
    ck_assert_int_eq(o.calls, 0);
    assert_ok(bufv_consume(v, 1));
    ck_assert_int_eq(o.calls, 1);
    assert_ok(
        bufv_append_file_owned(v, file_text("x"), 0, 0, file_released, &o));
    bufv_destroy(v);
    ck_assert_int_eq(o.calls, 2);
    ck_assert_int_eq(o.wrong, 0);
}
END_TEST

/* What is refused stays the caller's. */
START_TEST(life__file_owned_and_refused)
{
    owner_t o = {0, 0, NULL};
    bufv_t *v = list_new();
    apr_file_t *file = file_text("x");
    const apr_uint64_t most = (apr_uint64_t)APR_INT64_MAX;

    assert_is(bufv_append_file_owned(v, NULL, 0, 1, file_released, &o),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file_owned(v, file, -1, 1, file_released, &o),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file_owned(v, file, 1, most, file_released, &o),
              APR_STATUS_IS_EINVAL);
    bufv_clear(v);
    ck_assert_uint_eq(bufv_count(v), 0);
    ck_assert_int_eq(o.calls, 0);
}
END_TEST

/* Trimming moves what the list has copied, and nothing else: not what it
 * borrowed or owns, wherever that lies, nor ranges of files. */
START_TEST(life__trim_moves_copies_alone)
{
    static const char below[] = "below";
    char above[] = "above", got[64];
    const char *want = "copiedbelowfileaboveownedagain";
    apr_size_t len = sizeof(got), n = 2;
    struct iovec vec[2];
    journal_t *j = journal_new();
    bufv_t *v = list_new();

    assert_ok(bufv_append_copy(v, "copied", 6));
    assert_ok(bufv_append(v, below, 5));
    assert_ok(bufv_append_file(v, file_text("file"), 0, 4));
    assert_ok(bufv_append(v, above, 5));
    assert_ok(journal_append(j, v, "owned", 5));
    assert_ok(bufv_append_copy(v, "again", 5));
    bufv_trim(v);
    ck_assert_int_eq(j->releases, 0);
    ck_assert_uint_eq(bufv_count(v), 6);
    assert_ok(bufv_peek(v, vec, &n));
    ck_assert_ptr_eq(vec[1].iov_base, below);
    len = strlen("copiedbelowfile");
    assert_ok(bufv_read(v, got, &len));
    ck_assert_mem_eq(got, want, len);
    want += len;
    n = 1;
    assert_ok(bufv_peek(v, vec, &n));
    ck_assert_ptr_eq(vec[0].iov_base, above);
    len = sizeof(got);
    assert_ok(bufv_read(v, got, &len));
    ck_assert_uint_eq(len, strlen(want));
    ck_assert_mem_eq(got, want, len);
    journal_assert(j, 1);
}
END_TEST

/* ---- a socket that goes: the net would look at it afterwards */

#undef bufv_send

static void release_pool(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    apr_pool_destroy(baton);
}

/* The pool of the list is its socket's, too, and goes behind the header, of
 * which a part is held back: nothing is looked for in it afterwards. Its
 * memory goes back to the system, so that this would be seen. */
START_TEST(life__destroyed_with_the_socket_of_a_send)
{
    peer_t *p = peer_new();
    unsigned char *data = bytes_new(2000 * 1000, 47);
    apr_allocator_t *allocator;
    apr_socket_t *sock = NULL;
    apr_uint64_t written = 0, len;
    apr_os_sock_t fd;
    apr_pool_t *sub;
    bufv_t *v;
    int i;

    ck_assert_int_eq(apr_allocator_create(&allocator), APR_SUCCESS);
    assert_ok(apr_pool_create_ex(&sub, NULL, NULL, allocator));
    apr_allocator_owner_set(allocator, sub);
    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NODELAY, 0));
    assert_ok(apr_os_sock_get(&fd, p->near_end));
    assert_ok(apr_os_sock_put(&sock, &fd, sub));
    assert_ok(bufv_create(&v, sub));
    assert_ok(bufv_append_owned(v, "header", 6, release_pool, sub));
    for (i = 0; i < 2000; i++)
        assert_ok(bufv_append(v, data + i * 1000, 600));
    len = bufv_length(v);
    peer_start(p);
    assert_is(bufv_send(v, sock, &written), APR_STATUS_IS_EBUSY);
    ck_assert_uint_ge(written, 6);
    ck_assert_uint_lt(written, len);
    peer_finish(p);
    ck_assert_uint_eq(p->got_len, written);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, life__destroyed_inside_a_write, 0,
                        PLACES * WHATS * HOWS * 2);
    tcase_add_loop_test(tc, life__destroyed_at_the_end_of_a_call, 0,
                        2 * WHATS);
    tcase_add_loop_test(tc, life__destroyed_inside_a_drain, 0,
                        (int)COUNT(drains) * 2);
    tcase_add_loop_test(tc, life__destroyed_inside_a_fill, 0, 2);
    tcase_add_test(tc, life__destroyed_inside_a_send);
    tcase_add_test(tc, life__destroyed_with_the_socket_of_a_send);
    tcase_add_loop_test(tc, life__destroyed_inside_a_copy, 0, WHATS * 2 + 2);
    tcase_add_loop_test(tc, life__destroyed_by_the_reader_of_a_copy, 0, WHATS);
    tcase_add_test(tc, life__destroyed_from_a_nested_write);
    tcase_add_loop_test(tc, life__nothing_is_appended_while_it_is_destroyed, 0,
                        3);
    tcase_add_loop_test(tc, life__lists_destroy_one_another, 0, 2);
    tcase_add_loop_test(tc, life__pool_or_none, 0, 4);
    tcase_add_test(tc, life__writers_without_a_pool);
    tcase_add_loop_test(tc, life__transport_is_told, 0, 4);
    tcase_add_loop_test(tc, life__many_lists, 0, 3);
    tcase_add_loop_test(tc, life__trim_of_an_empty_list, 0, 3);
    tcase_add_test(tc, life__trim_of_a_list);
    tcase_add_test(tc, life__trim_with_clones_and_parts);
    tcase_add_loop_test(tc, life__trim_without_memory, 0, 2);
    tcase_add_loop_test(tc, life__trim_from_inside, 0, 2);
    tcase_add_loop_test(tc, life__clear_while_callbacks_append, 0, 2);
    tcase_add_test(tc, life__empty_chunks_that_append_themselves);
    tcase_add_loop_test(tc, life__file_owned, 0, 3);
    tcase_add_loop_test(tc, life__file_owned_and_closed, 0, 2);
    tcase_add_loop_test(tc, life__file_owned_and_shared, 0, 3);
    tcase_add_test(tc, life__file_owned_and_empty);
    tcase_add_test(tc, life__file_owned_and_refused);
    tcase_add_loop_test(tc, life__destroyed_by_the_wait_of_a_reader, 0,
                        2 * WHATS);
    tcase_add_loop_test(tc, life__destroyed_by_a_reader_that_has_nothing, 0,
                        WHATS);
    tcase_add_loop_test(tc, life__destroyed_by_the_clock_of_a_copy, 0,
                        3 * WHATS);
    tcase_add_loop_test(tc, life__destroyed_by_the_pause_of_a_copy, 0, WHATS);
    tcase_add_loop_test(tc, life__destroyed_while_it_waits_for_its_turn, 0,
                        2 * WHATS);
    tcase_add_loop_test(tc, life__destroyed_by_the_reader_at_the_end, 0,
                        WHATS);
    tcase_add_loop_test(tc, life__destroyed_before_the_reader_writes, 0,
                        WHATS);
    tcase_add_test(tc, life__destroyed_inside_two_copies);
    tcase_add_test(tc, life__copied_after_it_was_destroyed);
    tcase_add_loop_test(tc, life__destroyed_before_the_first_attempt, 0, 2);
    tcase_add_loop_test(tc, life__destroyed_inside_an_interrupted_wait, 0,
                        WHATS);
    tcase_add_test(tc, life__trim_moves_copies_alone);
}

const topic_t topic_life = {"life", add_tests};
