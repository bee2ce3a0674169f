/* SPDX-License-Identifier: Apache-2.0 */

/* Release callbacks: once, in order, in time, and what they may do
 * (promise 5). */

#include "journal.h"
#include "scripted.h"

/* ---- once and in order */

/* Each byte consumed releases what ends there, and nothing else. */
START_TEST(release__as_bytes_are_consumed)
{
    static const int want[] = {0, 1, 2, 3, 3, 3, 4};
    journal_t *j = journal_new();
    bufv_t *v =
        journal_list(j, (const char *const[]){"ab", "c", "d", "efg", NULL});
    int i;

    for (i = 0; i < 7; i++) {
        assert_ok(bufv_consume(v, 1));
        journal_assert(j, want[i]);
    }
}
END_TEST

/* One step over many chunks releases them in order. */
START_TEST(release__many_at_once)
{
    journal_t *j = journal_new();
    bufv_t *v =
        journal_list(j, (const char *const[]){"a", "b", "c", "de", NULL});

    assert_ok(bufv_consume(v, 4));
    journal_assert(j, 3);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 4);
}
END_TEST

/* Reading releases like consuming. */
START_TEST(release__by_read)
{
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, (const char *const[]){"ab", "cd", NULL});
    char got[3];
    apr_size_t len = 3;

    assert_ok(bufv_read(v, got, &len));
    ck_assert_uint_eq(len, 3);
    journal_assert(j, 1);
}
END_TEST

/* A chunk consumed in part comes back with the pointer and the length that
 * were appended (the journal compares them). */
START_TEST(release__whole_after_a_part)
{
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, (const char *const[]){"abcdef", NULL});

    assert_ok(bufv_consume(v, 2));
    assert_ok(bufv_consume(v, 3));
    journal_assert(j, 0);
    bufv_clear(v);
    journal_assert(j, 1);
}
END_TEST

/* Writing releases what was accepted, at each attempt, and not more. */
START_TEST(release__by_write)
{
    static const scripted_step_t steps[] = {{3, APR_ECONNRESET, 0}};
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, (const char *const[]){"ab", "cd", "e", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_limits(s, 8, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    ck_assert_uint_eq(written, 3);
    journal_assert(j, 1);
    assert_ok(write_checked(v, s->w, &written));
    journal_assert(j, 3);
    scripted_assert_got(s, "abcde", 5);
}
END_TEST

typedef struct hook_order_t {
    const journal_t *j;
    int calls;
    int bad;
} hook_order_t;

/* At the k-th attempt of one byte each, k chunks have been released. */
static void released_before_hook(void *baton, const bufv_call_t *call)
{
    hook_order_t *h = baton;

    h->calls++;
    if (h->j->releases != h->calls || call->written != 1)
        h->bad++;
}

/* The callback comes with the attempt that took the last byte, not at the
 * end of the write. */
START_TEST(release__at_its_attempt)
{
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, (const char *const[]){"a", "b", "c", NULL});
    scripted_t *s = scripted_for(v);
    hook_order_t h = {NULL, 0, 0};
    apr_uint64_t written;

    h.j = j;
    bufv_writer_copy_below_set(s->w, 0);
    scripted_limits(s, 1, 0);
    bufv_writer_hook_set(s->w, released_before_hook, &h);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_int_eq(h.calls, 3);
    ck_assert_int_eq(h.bad, 0);
}
END_TEST

/* Clear, and the end of the pool, release what is left, in order. */
START_TEST(release__by_clear_and_pool)
{
    journal_t *j = journal_new();
    apr_pool_t *sub;
    bufv_t *v;

    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_create(&v, sub));
    assert_ok(journal_append(j, v, "ab", 2));
    assert_ok(journal_append(j, v, "", 0));
    assert_ok(journal_append(j, v, "c", 1));
    bufv_clear(v);
    journal_assert(j, 3);
    bufv_clear(v);
    assert_ok(journal_append(j, v, "", 0));
    assert_ok(journal_append(j, v, "de", 2));
    assert_ok(journal_append(j, v, "", 0));
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 4);
    apr_pool_destroy(sub);
    journal_assert(j, 6);
}
END_TEST

/* ---- empty chunks */

/* An empty owned chunk waits for the chunks before it. */
START_TEST(release__empty_at_its_turn)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();

    assert_ok(journal_append(j, v, "ab", 2));
    assert_ok(journal_append(j, v, wild(), 0));
    assert_ok(journal_append(j, v, NULL, 0));
    assert_ok(journal_append(j, v, "c", 1));
    ck_assert_uint_eq(bufv_count(v), 2);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 0);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 3);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 4);
}
END_TEST

/* One that comes first, or alone, is released when the next consume or write
 * returns, whatever these do. */
START_TEST(release__empty_first)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(journal_append(j, v, wild(), 0));
    ck_assert_uint_eq(bufv_count(v), 0);
    assert_ok(bufv_consume(v, 0));
    journal_assert(j, 1);
    assert_ok(journal_append(j, v, wild(), 0));
    assert_ok(write_checked(v, s->w, &written));
    journal_assert(j, 2);
    ck_assert_uint_eq(s->attempts, 0);
    assert_ok(journal_append(j, v, wild(), 0));
    assert_ok(journal_append(j, v, "x", 1));
    s->otherwise.take = 0;
    s->otherwise.status = APR_ECONNRESET;
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    journal_assert(j, 3);
}
END_TEST

/* Behind the last byte of a list that is written, they go with it. */
START_TEST(release__empty_last)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(bufv_append(v, "x", 1));
    assert_ok(journal_append(j, v, wild(), 0));
    assert_ok(write_checked(v, s->w, &written));
    journal_assert(j, 1);
    scripted_assert_got(s, "x", 1);
}
END_TEST

/* Among borrowed and copied ones, with a prepended chunk in front. */
START_TEST(release__mixed_kinds)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "a", 1));
    assert_ok(journal_append(j, v, "b", 1));
    assert_ok(bufv_append_copy(v, "c", 1));
    assert_ok(journal_append(j, v, "", 0));
    assert_ok(bufv_append_owned(v, "d", 1, NULL, NULL));
    assert_ok(journal_append(j, v, "e", 1));
    assert_ok(bufv_prepend(v, "0", 1));
    assert_ok(bufv_consume(v, 2));
    journal_assert(j, 0);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 1);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 2);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 2);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 3);
}
END_TEST

/* A list that is moved takes its callbacks along, empty ones too. */
START_TEST(release__moves_with_the_chunks)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();
    bufv_t *from = list_new();

    assert_ok(journal_append(j, v, "a", 1));
    assert_ok(journal_append(j, from, "", 0));
    assert_ok(journal_append(j, from, "b", 1));
    assert_ok(journal_append(j, from, "", 0));
    assert_ok(bufv_append_list(v, from));
    bufv_clear(from);
    journal_assert(j, 0);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 2);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 4);
}
END_TEST

/* ---- sharing: split, clone */

/* A chunk that a cut goes through is released by the later half, whichever
 * that is. */
START_TEST(release__after_a_split)
{
    journal_t *j;
    bufv_t *v, *head;
    int head_first;

    for (head_first = 0; head_first < 2; head_first++) {
        j = journal_new();
        v = journal_list(j, (const char *const[]){"abcd", NULL});
        head = list_new();
        assert_ok(bufv_split(v, 2, head));
        assert_ok(bufv_consume(head_first ? head : v, 2));
        journal_assert(j, 0);
        assert_ok(bufv_consume(head_first ? v : head, 2));
        journal_assert(j, 1);
    }
}
END_TEST

/* Cut into four, dropped in odd order: once, at the last. */
START_TEST(release__after_many_splits)
{
    static const int order[] = {2, 0, 3, 1};
    journal_t *j = journal_new();
    bufv_t *part[4];
    int i;

    part[3] = journal_list(j, (const char *const[]){"abcd", NULL});
    for (i = 0; i < 3; i++) {
        part[i] = list_new();
        assert_ok(bufv_split(part[3], 1, part[i]));
    }
    for (i = 0; i < 4; i++) {
        journal_assert(j, 0);
        bufv_clear(part[order[i]]);
    }
    journal_assert(j, 1);
}
END_TEST

/* Three clones and the original: released after the last of them. */
START_TEST(release__after_the_last_clone)
{
    journal_t *j = journal_new();
    bufv_t *list[4];
    int i;

    list[0] = journal_list(j, (const char *const[]){"ab", "", "c", NULL});
    for (i = 1; i < 4; i++) {
        list[i] = list_new();
        assert_ok(bufv_clone(list[i], list[0]));
    }
    assert_ok(bufv_consume(list[0], 3));
    assert_ok(bufv_consume(list[2], 2));
    bufv_clear(list[3]);
    journal_assert(j, 0);
    assert_ok(bufv_consume(list[1], 2));
    ck_assert_int_eq(j->entry[0].released, 1);
    ck_assert_int_eq(j->entry[2].released, 0);
    bufv_clear(list[1]);
    bufv_clear(list[2]);
    journal_assert(j, 3);
}
END_TEST

/* A list that is cloned onto its own end twice over. */
START_TEST(release__after_cloning_itself)
{
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, (const char *const[]){"ab", NULL});

    assert_ok(bufv_clone(v, v));
    assert_ok(bufv_clone(v, v));
    assert_text(v, "abababab");
    assert_ok(bufv_consume(v, 7));
    journal_assert(j, 0);
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 1);
}
END_TEST

/* ---- what a callback may do */

typedef struct inner_t {
    bufv_t *v;
    bufv_t *other;
    bufv_writer_t *w;
    apr_pool_t *sub;
    int what;
    int calls;
    int only_first;
    apr_status_t status;
    apr_uint64_t length_before, length_after;
    apr_uint64_t number;
} inner_t;

enum {
    INNER_APPEND,
    INNER_WRITE,
    INNER_WRITE_SOME,
    INNER_CONSUME,
    INNER_READ,
    INNER_SPLIT,
    INNER_CLEAR,
    INNER_MOVE,
    INNER_DESTROY
};

static void inner_act(inner_t *in)
{
    char byte;
    apr_size_t one = 1;

    switch (in->what) {
    case INNER_APPEND:
        in->status = bufv_append(in->v, "new", 3);
        break;
    case INNER_WRITE:
        in->status = bufv_write(in->v, in->w, &in->number);
        break;
    case INNER_WRITE_SOME:
        in->status = bufv_write_some(in->v, in->w, &in->number);
        break;
    case INNER_CONSUME:
        in->status = bufv_consume(in->v, 1);
        break;
    case INNER_READ:
        in->status = bufv_read(in->v, &byte, &one);
        break;
    case INNER_SPLIT:
        in->status = bufv_split(in->v, 1, in->other);
        break;
    case INNER_CLEAR:
        bufv_clear(in->v);
        break;
    case INNER_MOVE:
        in->status = bufv_append_list(in->other, in->v);
        break;
    default:
        apr_pool_destroy(in->sub);
        break;
    }
}

static void inner_release(void *baton, const void *data, apr_size_t len)
{
    inner_t *in = baton;

    (void)data;
    (void)len;
    if (in->calls++ > 0 && in->only_first)
        return;
    if (in->what == INNER_DESTROY) {
        inner_act(in);
        return;
    }
    in->length_before = bufv_length(in->v);
    inner_act(in);
    in->length_after = bufv_length(in->v);
}

static void inner_init(inner_t *in, int what)
{
    memset(in, 0, sizeof(*in));
    in->what = what;
    in->only_first = 1;
    in->v = list_new();
    in->other = list_new();
    in->status = APR_EGENERAL;
    in->number = 4711;
}

/* A callback may append; what it appends comes last and is written by the
 * same write or left in the list, never lost. */
START_TEST(release__callback_appends)
{
    inner_t in;
    scripted_t *s;
    apr_uint64_t written = 0;
    apr_uint64_t sum = 0;

    inner_init(&in, INNER_APPEND);
    s = scripted_new(pool);
    scripted_open(s);
    assert_ok(bufv_append_owned(in.v, "a", 1, inner_release, &in));
    assert_ok(bufv_append(in.v, "b", 1));
    while (bufv_length(in.v) > 0) {
        assert_ok(bufv_write(in.v, s->w, &written));
        sum += written;
    }
    assert_ok(in.status);
    ck_assert_int_eq(in.calls, 1);
    ck_assert_uint_eq(sum, 5);
    scripted_assert_got(s, "abnew", 5);
}
END_TEST

/* Also from consume, over a list that must grow meanwhile. */
START_TEST(release__callback_appends_a_lot)
{
    inner_t in;
    int i;

    inner_init(&in, INNER_APPEND);
    in.only_first = 0;
    for (i = 0; i < 200; i++)
        assert_ok(bufv_append_owned(in.v, "xy", 2, inner_release, &in));
    assert_ok(bufv_consume(in.v, 400));
    ck_assert_int_eq(in.calls, 200);
    ck_assert_uint_eq(bufv_length(in.v), 600);
    ck_assert_uint_eq(bufv_count(in.v), 200);
}
END_TEST

static const int refused[] = {INNER_WRITE, INNER_WRITE_SOME, INNER_CONSUME,
                              INNER_READ, INNER_SPLIT};

/* Whatever takes bytes from the list is refused inside a callback of
 * consume. */
START_TEST(release__callback_of_consume_is_refused)
{
    inner_t in;
    scripted_t *s = scripted_new(pool);

    scripted_open(s);
    inner_init(&in, refused[_i]);
    in.w = s->w;
    assert_ok(bufv_append_owned(in.v, "ab", 2, inner_release, &in));
    assert_ok(bufv_append(in.v, "cd", 2));
    assert_ok(bufv_consume(in.v, 2));
    assert_is(in.status, APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(in.length_before, in.length_after);
    ck_assert_uint_eq(s->attempts, 0);
    ck_assert_uint_eq(bufv_length(in.other), 0);
    if (refused[_i] == INNER_WRITE || refused[_i] == INNER_WRITE_SOME)
        ck_assert_uint_eq(in.number, 0);
    assert_text(in.v, "cd");
}
END_TEST

/* And inside a callback of the pool's end: the list is as good as gone. */
START_TEST(release__callback_of_destroy_is_refused)
{
    static const int whats[] = {INNER_WRITE, INNER_WRITE_SOME, INNER_READ};
    inner_t in;
    scripted_t *s = scripted_new(pool);

    scripted_open(s);
    inner_init(&in, whats[_i]);
    in.w = s->w;
    assert_ok(apr_pool_create(&in.sub, pool));
    assert_ok(bufv_create(&in.v, in.sub));
    assert_ok(bufv_append_owned(in.v, "ab", 2, inner_release, &in));
    assert_ok(bufv_append(in.v, "cd", 2));
    apr_pool_destroy(in.sub);
    ck_assert_int_eq(in.calls, 1);
    assert_is(in.status, APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(s->attempts, 0);
}
END_TEST

/* And inside a callback of a write, which goes on unharmed. */
START_TEST(release__callback_of_write_is_refused)
{
    inner_t in;
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    inner_init(&in, refused[_i]);
    s->list = in.v;
    s->otherwise.take = 2;
    scripted_open(s);
    in.w = s->w;
    assert_ok(bufv_append_owned(in.v, "ab", 2, inner_release, &in));
    assert_ok(bufv_append(in.v, "cd", 2));
    assert_ok(write_checked(in.v, s->w, &written));
    ck_assert_uint_eq(written, 4);
    ck_assert_int_eq(in.calls, 1);
    assert_is(in.status, APR_STATUS_IS_EBUSY);
    scripted_assert_got(s, "abcd", 4);
}
END_TEST

/* A list cannot be moved away while it is being written. */
START_TEST(release__callback_moves_the_list)
{
    inner_t in;
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    inner_init(&in, INNER_MOVE);
    s->otherwise.take = 2;
    scripted_open(s);
    assert_ok(bufv_append_owned(in.v, "ab", 2, inner_release, &in));
    assert_ok(bufv_append(in.v, "cd", 2));
    assert_ok(write_checked(in.v, s->w, &written));
    assert_is(in.status, APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(written, 4);
    ck_assert_uint_eq(bufv_length(in.other), 0);
}
END_TEST

/* Clear does nothing inside a callback, of write, consume and clear. */
START_TEST(release__callback_clears)
{
    inner_t in;
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    inner_init(&in, INNER_CLEAR);
    s->otherwise.take = 2;
    scripted_open(s);
    assert_ok(bufv_append_owned(in.v, "ab", 2, inner_release, &in));
    assert_ok(bufv_append_owned(in.v, "cd", 2, inner_release, &in));
    assert_ok(write_checked(in.v, s->w, &written));
    ck_assert_int_eq(in.calls, 2);
    ck_assert_uint_eq(in.length_before, in.length_after);
    scripted_assert_got(s, "abcd", 4);
    in.only_first = 0;
    assert_ok(bufv_append_owned(in.v, "ef", 2, inner_release, &in));
    assert_ok(bufv_append_owned(in.v, "gh", 2, inner_release, &in));
    assert_ok(bufv_consume(in.v, 2));
    ck_assert_int_eq(in.calls, 3);
    assert_text(in.v, "gh");
    bufv_clear(in.v);
    ck_assert_int_eq(in.calls, 4);
}
END_TEST

/* A callback that destroys the list's pool in the middle of a write or a
 * consume: every chunk is released exactly once, nothing breaks (the
 * sanitizers and valgrind see to that). */
START_TEST(release__callback_destroys_the_pool)
{
    inner_t in;
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written = 0;

    inner_init(&in, INNER_DESTROY);
    s->otherwise.take = 1;
    scripted_open(s);
    assert_ok(apr_pool_create(&in.sub, pool));
    assert_ok(bufv_create(&in.v, in.sub));
    assert_ok(bufv_append_owned(in.v, "a", 1, inner_release, &in));
    assert_ok(bufv_append_owned(in.v, "b", 1, inner_release, &in));
    assert_ok(bufv_append_owned(in.v, "c", 1, inner_release, &in));
    if (_i == 0)
        assert_is(bufv_write(in.v, s->w, &written), APR_STATUS_IS_EBUSY);
    else
        assert_ok(bufv_consume(in.v, 1));
    ck_assert_int_eq(in.calls, 3);
    ck_assert_uint_eq(s->got_len, _i == 0);
    ck_assert_uint_eq(written, s->got_len);
}
END_TEST

/* ---- pools that go inside */

typedef struct inside_t {
    bufv_t *v, *other;
    scripted_t *s;
    apr_pool_t *sub;
    apr_status_t status;
    int calls;
} inside_t;

static void prepend_inside(void *baton, const void *data, apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    in->status = bufv_prepend(in->v, "x", 1);
}

START_TEST(release__prepend_from_a_callback)
{
    inside_t in = {0};

    in.v = list_new();
    assert_ok(bufv_append_owned(in.v, "a", 1, prepend_inside, &in));
    assert_ok(bufv_append(in.v, "b", 1));
    assert_ok(bufv_consume(in.v, 1));
    assert_is(in.status, APR_STATUS_IS_EBUSY);
    assert_text(in.v, "b");
}
END_TEST

static void count_calls(void *baton, const bufv_call_t *call)
{
    (void)call;
    ++*(int *)baton;
}

static void destroy_inside(void *baton, const bufv_call_t *call)
{
    inside_t *in = baton;

    (void)call;
    in->calls++;
    apr_pool_destroy(in->sub);
}

static void destroy_when_released(void *baton, const void *data,
                                  apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    in->calls++;
    if (in->sub != NULL)
        apr_pool_destroy(in->sub);
    in->sub = NULL;
}

/* The writer goes in its own hook, or in a callback that it caused, at its
 * beginning or in the middle; with a lock and without. */
START_TEST(release__writer_destroyed_inside)
{
    inside_t in = {0};
    apr_uint64_t written = 9;
    int hooks = 0;

    in.v = list_new();
    in.s = scripted_new(pool);
    in.s->otherwise.take = 1;
    assert_ok(apr_pool_create(&in.sub, pool));
    in.s->pool = in.sub;
    scripted_open(in.s);
    if (_i % 2)
        assert_ok(bufv_writer_lock_enable(in.s->w));
    bufv_writer_hook_set(in.s->w, count_calls, &hooks);
    if (_i / 2 == 0)
        bufv_writer_hook_set(in.s->w, destroy_inside, &in);
    else
        assert_ok(bufv_append_owned(in.v, "x", _i / 2 == 1,
                                    destroy_when_released, &in));
    assert_ok(bufv_append(in.v, "abc", 3));
    assert_is(bufv_write(in.v, in.s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(in.calls, 1);
    ck_assert_int_eq(hooks, 0); /* it went with the writer */
    ck_assert_uint_eq(written, _i / 2 == 2 ? 0 : 1);
    ck_assert_uint_eq(bufv_length(in.v), 3 - (_i / 2 == 0));
}
END_TEST

/* The list goes in a callback: its hook is not called for it any more. */
START_TEST(release__list_destroyed_inside)
{
    scripted_t *s = scripted_new(pool);
    inside_t in = {0};
    apr_uint64_t written = 9;
    int hooks = 0;

    scripted_open(s);
    bufv_writer_hook_set(s->w, count_calls, &hooks);
    assert_ok(apr_pool_create(&in.sub, pool));
    assert_ok(bufv_create(&in.v, in.sub));
    assert_ok(bufv_append_owned(in.v, "abc", _i == 0 ? 0 : 3,
                                destroy_when_released, &in));
    assert_ok(bufv_append(in.v, "def", 3));
    s->otherwise.take = 3;
    assert_is(bufv_write(in.v, s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(in.calls, 1);
    ck_assert_int_eq(hooks, 0);
    ck_assert_uint_eq(written, _i == 0 ? 0 : 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, release__as_bytes_are_consumed);
    tcase_add_test(tc, release__many_at_once);
    tcase_add_test(tc, release__by_read);
    tcase_add_test(tc, release__whole_after_a_part);
    tcase_add_test(tc, release__by_write);
    tcase_add_test(tc, release__at_its_attempt);
    tcase_add_test(tc, release__by_clear_and_pool);
    tcase_add_test(tc, release__empty_at_its_turn);
    tcase_add_test(tc, release__empty_first);
    tcase_add_test(tc, release__empty_last);
    tcase_add_test(tc, release__mixed_kinds);
    tcase_add_test(tc, release__moves_with_the_chunks);
    tcase_add_test(tc, release__after_a_split);
    tcase_add_test(tc, release__after_many_splits);
    tcase_add_test(tc, release__after_the_last_clone);
    tcase_add_test(tc, release__after_cloning_itself);
    tcase_add_test(tc, release__callback_appends);
    tcase_add_test(tc, release__callback_appends_a_lot);
    tcase_add_loop_test(tc, release__callback_of_consume_is_refused, 0,
                        (int)COUNT(refused));
    tcase_add_loop_test(tc, release__callback_of_destroy_is_refused, 0, 3);
    tcase_add_loop_test(tc, release__callback_of_write_is_refused, 0,
                        (int)COUNT(refused));
    tcase_add_test(tc, release__callback_moves_the_list);
    tcase_add_test(tc, release__callback_clears);
    tcase_add_loop_test(tc, release__callback_destroys_the_pool, 0, 2);
    tcase_add_test(tc, release__prepend_from_a_callback);
    tcase_add_loop_test(tc, release__writer_destroyed_inside, 0, 6);
    tcase_add_loop_test(tc, release__list_destroyed_inside, 0, 2);
}

const topic_t topic_release = {"release", add_tests};
