/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_reserve() and bufv_commit(): room at the end of the list that the
 * program writes into (promise 6a). */

#include "alloc.h"
#include "journal.h"
#include "scripted.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN
#elif defined(__clang__)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#endif

/* A reservation as the program has it. */
typedef struct room_t {
    unsigned char *data;
    apr_size_t len;
} room_t;

/* Reserves, and writes all of the room full. */
static room_t reserve(bufv_t *v, apr_size_t least)
{
    room_t room = {NULL, 0};
    void *data = NULL;

    assert_ok(bufv_reserve(v, least, &data, &room.len));
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_gt(room.len, 0);
    ck_assert_uint_ge(room.len, least);
    memset(data, '#', room.len);
    room.data = data;
    return room;
}

/* Reserves, writes a text there and commits it. */
static void put(bufv_t *v, const char *text)
{
    room_t room = reserve(v, strlen(text));

    memcpy(room.data, text, strlen(text));
    assert_ok(bufv_commit(v, strlen(text)));
}

/* There is no reservation. */
static void assert_none(bufv_t *v)
{
    assert_is(bufv_commit(v, 0), APR_STATUS_IS_EINVAL);
    assert_is(bufv_commit(v, 1), APR_STATUS_IS_EINVAL);
}

/* ---- the room */

static const apr_size_t leasts[] = {0,     1,     7,     255,    256,  257,
                                    1023,  1024,  1025,  4095,   4096, 8193,
                                    50000, 65536, 65537, 1000003};

/* It is as long as was asked for, or longer, and all of it can be written
 * and committed, as one chunk that was not copied. */
START_TEST(reserve__room)
{
    const apr_size_t least = leasts[_i];
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    struct iovec vec[3];
    apr_size_t nvec = 3;
    room_t room = reserve(v, least);

    ck_assert_uint_eq(bufv_length(v), 5);
    ck_assert_uint_eq(bufv_count(v), 1);
    assert_ok(bufv_commit(v, room.len));
    ck_assert_uint_eq(bufv_length(v), 5 + room.len);
    assert_ok(bufv_peek(v, vec, &nvec));
    ck_assert_uint_eq(nvec, 2);
    ck_assert_ptr_eq(vec[1].iov_base, room.data);
    ck_assert_uint_eq(vec[1].iov_len, room.len);
    ck_assert_int_eq(room.data[0], '#');
    ck_assert_int_eq(room.data[room.len - 1], '#');
}
END_TEST

/* A part of it is committed; many in a row are as many chunks. */
START_TEST(reserve__in_a_row)
{
    bufv_t *v = list_new();
    int i;

    put(v, "a");
    put(v, "bc");
    put(v, "def");
    assert_chunks(v, (const char *const[]){"a", "bc", "def", NULL});
    for (i = 0; i < 1000; i++)
        put(v, "0123456789");
    ck_assert_uint_eq(bufv_count(v), 1003);
    ck_assert_uint_eq(bufv_length(v), 10006);
}
END_TEST

/* What cannot be had: no room, and the list and an earlier reservation stay
 * as they are. */
START_TEST(reserve__too_much)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    void *data = v;
    apr_size_t len = 4711;

    assert_is(bufv_reserve(v, CHUNK_MAX + 1, &data, &len),
              APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(data);
    ck_assert_uint_eq(len, 0);
    assert_none(v);
    memcpy(reserve(v, 3).data, "abc", 3);
    data = v;
    len = 4711;
    assert_is(bufv_reserve(v, (apr_size_t)-1, &data, &len),
              APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(data);
    ck_assert_uint_eq(len, 0);
    assert_ok(bufv_commit(v, 3));
    assert_text(v, "firstabc");
}
END_TEST

/* Without memory the list and an earlier reservation stay. */
START_TEST(reserve__without_memory)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    void *data = v;
    apr_size_t len = 4711;
    apr_status_t status;

    if (!alloc_is_seen()) {
        skip("reserve__without_memory", "no allocation can be made to fail");
        return;
    }
    memcpy(reserve(v, 3).data, "abc", 3);
    alloc_fail(1, 1);
    status = bufv_reserve(v, 1000000, &data, &len);
    alloc_fail(0, 0);
    ck_assert_int_eq(status, APR_ENOMEM);
    ck_assert_ptr_null(data);
    ck_assert_uint_eq(len, 0);
    assert_text(v, "first");
    assert_ok(bufv_commit(v, 3));
    assert_text(v, "firstabc");
}
END_TEST

/* ---- committing */

typedef struct commit_case_t {
    const char *name;
    int reserved, again; /* it was reserved, and committed before */
    int beyond;          /* commits so many more than there is room for */
} commit_case_t;

static const commit_case_t commit_cases[] = {
    {"nothing was reserved", 0, 0, 0},
    {"it was committed before", 1, 1, 0},
    {"a byte more than room", 1, 0, 1},
    {"far more than room", 1, 0, 1000000},
};

/* What was not reserved cannot be committed; the list stays, and a
 * reservation too. */
START_TEST(reserve__refused_commits)
{
    const commit_case_t *c = &commit_cases[_i];
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    room_t room = {NULL, 1};
    apr_size_t count;

    if (c->reserved)
        room = reserve(v, 100);
    if (c->again)
        assert_ok(bufv_commit(v, 1));
    count = bufv_count(v);
    assert_is(bufv_commit(v, room.len + (apr_size_t)c->beyond),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_commit(v, (apr_size_t)-1), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_count(v), count);
    if (c->beyond)
        assert_ok(bufv_commit(v, room.len));
    else
        assert_none(v);
}
END_TEST

/* 0 gives it up. */
START_TEST(reserve__given_up)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});

    reserve(v, 100);
    assert_ok(bufv_commit(v, 0));
    assert_none(v);
    assert_text(v, "first");
    put(v, "abc");
    reserve(v, 100000);
    assert_ok(bufv_commit(v, 0));
    assert_none(v);
    assert_chunks(v, (const char *const[]){"first", "abc", NULL});
}
END_TEST

/* A later one replaces it, whether shorter or longer. */
START_TEST(reserve__replaced)
{
    static const apr_size_t sizes[] = {10, 1, 5000, 20, 0, 70000, 70000, 100};
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    room_t room = {NULL, 0};
    apr_size_t i;

    for (i = 0; i < COUNT(sizes); i++)
        room = reserve(v, sizes[i]);
    ck_assert_uint_eq(bufv_length(v), 5);
    memcpy(room.data, "abc", 3);
    assert_ok(bufv_commit(v, 3));
    assert_none(v);
    assert_chunks(v, (const char *const[]){"first", "abc", NULL});
}
END_TEST

/* The total may not exceed 64 bits; nothing has changed then, and what would
 * fit can be committed. */
START_TEST(reserve__total_of_64_bits)
{
    bufv_t *v = list_new();
    apr_file_t *file = file_text("x");
    int i;

    for (i = 0; i < 2; i++)
        assert_ok(bufv_append_file(v, file, 0, (apr_uint64_t)APR_INT64_MAX));
    reserve(v, 10);
    assert_is(bufv_commit(v, 2), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX - 1);
    ck_assert_uint_eq(bufv_count(v), 2);
    assert_ok(bufv_commit(v, 1));
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX);
    reserve(v, 10);
    assert_is(bufv_commit(v, 1), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_commit(v, 0));
}
END_TEST

/* A list that has just one free place for a chunk needs memory for the next:
 * every allocation of a commit may fail, and it can be made again. */
START_TEST(reserve__commit_without_memory)
{
    bufv_t *v;
    apr_status_t status;
    unsigned long k = 0;
    int failures = 0, chunks, i;

    if (!alloc_is_seen()) {
        skip("reserve__commit_without_memory",
             "no allocation can be made to fail");
        return;
    }
    for (chunks = 0; chunks < 40; chunks++) {
        v = list_new();
        for (i = 0; i < chunks; i++)
            assert_ok(bufv_append_owned(v, "x", 1, NULL, NULL));
        memcpy(reserve(v, 3).data, "abc", 3);
        for (k = 1, status = APR_ENOMEM; status != APR_SUCCESS; k++) {
            alloc_fail(k, 0);
            status = bufv_commit(v, 3);
            alloc_fail(0, 0);
            failures += status != APR_SUCCESS;
            if (status != APR_SUCCESS)
                ck_assert_int_eq(status, APR_ENOMEM);
            ck_assert_uint_eq(bufv_length(v),
                              (apr_uint64_t)chunks + (status == 0 ? 3 : 0));
        }
        assert_none(v);
        assert_ok(bufv_consume(v, (apr_uint64_t)chunks));
        assert_text(v, "abc");
    }
    ck_assert_int_gt(failures, 0);
}
END_TEST

/* ---- what may be done meanwhile */

static void nothing(bufv_t *v)
{
    (void)v;
}

static void append(bufv_t *v)
{
    assert_ok(bufv_append(v, "x", 1));
}

static void append_copy(bufv_t *v)
{
    assert_ok(bufv_append_copy(v, "x", 1));
}

static void append_long_copy(bufv_t *v)
{
    assert_ok(bufv_append_copy(v, bytes_new(5000, 3), 5000));
}

static void append_format(bufv_t *v)
{
    assert_ok(bufv_appendf(v, "%c", 'x'));
}

static void append_owned(bufv_t *v)
{
    assert_ok(bufv_append_owned(v, "x", 1, NULL, NULL));
}

static void append_empty(bufv_t *v)
{
    assert_ok(bufv_append(v, NULL, 0));
}

static void append_list(bufv_t *v)
{
    bufv_t *from = list_new();

    put(from, "y");
    assert_ok(bufv_append_copy(from, "x", 1));
    assert_ok(bufv_append_list(v, from));
}

static void prepend(bufv_t *v)
{
    assert_ok(bufv_prepend(v, "x", 1));
}

static void clone_itself(bufv_t *v)
{
    assert_ok(bufv_clone(v, v));
}

static void clone_away(bufv_t *v)
{
    assert_ok(bufv_clone(list_new(), v));
}

static void split(bufv_t *v)
{
    assert_ok(bufv_split(v, 4, list_new()));
}

static void move_away(bufv_t *v)
{
    assert_ok(bufv_append_list(list_new(), v));
}

static void consume(bufv_t *v)
{
    assert_ok(bufv_consume(v, 4));
}

static void read_all(bufv_t *v)
{
    char got[20];
    apr_size_t len = sizeof(got);

    assert_ok(bufv_read(v, got, &len));
}

static void write_all(bufv_t *v)
{
    assert_ok(bufv_write(v, scripted_for(v)->w, NULL));
}

/* What the list, "abc" borrowed and "def" copied, holds afterwards; NULL: not
 * looked at. */
typedef struct meanwhile_t {
    const char *name;
    void (*act)(bufv_t *v);
    const char *held;
} meanwhile_t;

static const meanwhile_t meanwhiles[] = {
    {"nothing", nothing, "abcdef"},
    {"append", append, "abcdefx"},
    {"append_copy", append_copy, "abcdefx"},
    {"append_copy, long", append_long_copy, NULL},
    {"appendf", append_format, "abcdefx"},
    {"append_owned", append_owned, "abcdefx"},
    {"append, empty", append_empty, "abcdef"},
    {"append_list", append_list, "abcdefyx"},
    {"prepend", prepend, "xabcdef"},
    {"clone", clone_itself, "abcdefabcdef"},
    {"clone to another", clone_away, "abcdef"},
    {"split", split, "ef"},
    {"append_list to another", move_away, ""},
    {"consume", consume, "ef"},
    {"read", read_all, ""},
    {"write", write_all, ""},
};

/* The room stays the caller's, and what is committed goes behind what came
 * meanwhile. */
START_TEST(reserve__meanwhile)
{
    const meanwhile_t *m = &meanwhiles[_i / 3];
    static const apr_size_t sizes[] = {10, 1500, 100000};
    bufv_t *v = list_new();
    apr_uint64_t length;
    room_t room;

    assert_ok(bufv_append(v, "abc", 3));
    assert_ok(bufv_append_copy(v, "def", 3));
    room = reserve(v, sizes[_i % 3]);
    m->act(v);
    length = bufv_length(v);
    memset(room.data, '!', room.len);
    if (m->held != NULL)
        assert_text(v, m->held);
    memcpy(room.data, "new", 3);
    assert_ok(bufv_commit(v, 3));
    ck_assert_uint_eq(bufv_length(v), length + 3);
    assert_ok(bufv_consume(v, length));
    assert_text(v, "new");
}
END_TEST

/* ---- what ends it */

static void end_by_clear(bufv_t *v)
{
    bufv_clear(v);
}

static void end_by_trim(bufv_t *v)
{
    bufv_trim(v);
}

static void end_by_commit(bufv_t *v)
{
    assert_ok(bufv_commit(v, 1));
}

static apr_status_t read_nothing(void *baton, void *data, apr_size_t *len)
{
    (void)baton;
    (void)data;
    *len = 0;
    return APR_EOF;
}

static void end_by_fill(bufv_t *v)
{
    bufv_reader_t r = {read_nothing, NULL, NULL, NULL};
    apr_size_t got;

    assert_is(bufv_fill(v, &r, 10, &got), APR_STATUS_IS_EOF);
}

static void (*const ends[])(bufv_t *v) = {end_by_clear, end_by_trim,
                                          end_by_commit, end_by_fill};

START_TEST(reserve__ended)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});

    reserve(v, _i % 2 ? 10 : 50000);
    ends[_i / 2](v);
    assert_none(v);
    put(v, "def");
    ck_assert_uint_ge(bufv_length(v), 3);
}
END_TEST

/* The end of the list frees it: destroyed, or with its pool, full or
 * empty. */
START_TEST(reserve__ended_with_the_list)
{
    apr_pool_t *sub;
    bufv_t *v;
    void *data;
    apr_size_t room;
    apr_status_t first = APR_SUCCESS;
    long blocks, blocks_after;

    if (!alloc_is_seen()) {
        skip("reserve__ended_with_the_list", "allocations are not seen here");
        return;
    }
    assert_ok(apr_pool_create(&sub, pool));
    blocks = alloc_blocks();
    note(first, bufv_create(&v, sub));
    if (_i % 2)
        note(first, bufv_append_copy(v, "abc", 3));
    note(first, bufv_reserve(v, _i / 2 % 2 ? 10 : 50000, &data, &room));
    if (_i / 4)
        bufv_destroy(v);
    apr_pool_destroy(sub);
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_int_eq(blocks_after, blocks);
}
END_TEST

/* ---- from inside */

typedef struct inside_t {
    bufv_t *v;
    apr_status_t reserved, committed;
    void *data;
    apr_size_t room;
    int calls;
} inside_t;

static void try_inside(inside_t *in)
{
    if (in->calls++ > 0)
        return;
    in->reserved = bufv_reserve(in->v, 3, &in->data, &in->room);
    if (in->reserved == APR_SUCCESS)
        memcpy(in->data, "new", 3);
    in->committed = bufv_commit(in->v, 3);
}

static void when_released(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    try_inside(baton);
}

static void in_hook(void *baton, const bufv_call_t *call)
{
    (void)call;
    try_inside(baton);
}

static apr_status_t in_writev(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t i;

    (void)more;
    try_inside(baton);
    for (*written = 0, i = 0; i < nvec; i++)
        *written += vec[i].iov_len;
    return APR_SUCCESS;
}

/* A release callback may use it: what it commits comes last. */
START_TEST(reserve__in_a_release_callback)
{
    inside_t in = {NULL, APR_EGENERAL, APR_EGENERAL, NULL, 0, 0};

    in.v = list_new();
    assert_ok(bufv_append_owned(in.v, "a", 1, when_released, &in));
    assert_ok(bufv_append_copy(in.v, "b", 1));
    if (_i)
        bufv_clear(in.v);
    else
        assert_ok(bufv_consume(in.v, 1));
    assert_ok(in.reserved);
    assert_ok(in.committed);
    assert_text(in.v, _i ? "new" : "bnew");
}
END_TEST

/* A hook too: it leaves with the same write. */
START_TEST(reserve__in_a_hook)
{
    inside_t in = {NULL, APR_EGENERAL, APR_EGENERAL, NULL, 0, 0};
    scripted_t *s = scripted_new(pool);

    in.v = list_of((const char *const[]){"abc", NULL});
    s->list = in.v;
    s->otherwise.take = 1;
    scripted_open(s);
    bufv_writer_hook_set(s->w, in_hook, &in);
    assert_ok(bufv_write(in.v, s->w, NULL));
    assert_ok(in.reserved);
    assert_ok(in.committed);
    scripted_assert_got(s, "abcnew", 6);
}
END_TEST

/* An operation that was lent a part of the list may not: APR_EBUSY, and the
 * reservation that there was stays. */
START_TEST(reserve__in_an_operation)
{
    inside_t in = {NULL, APR_SUCCESS, APR_SUCCESS, NULL, 0, 0};
    bufv_ops_t ops = ops_new();
    bufv_writer_t *w;

    ops.max_vec = 8;
    ops.max_bytes = 100;
    ops.writev = in_writev;
    assert_ok(bufv_writer_create(&w, &ops, &in, pool));
    in.v = list_of((const char *const[]){"abc", NULL});
    memcpy(reserve(in.v, 3).data, "def", 3);
    in.data = &in;
    in.room = 4711;
    assert_ok(bufv_write(in.v, w, NULL));
    assert_is(in.reserved, APR_STATUS_IS_EBUSY);
    assert_is(in.committed, APR_STATUS_IS_EBUSY);
    ck_assert_ptr_null(in.data);
    ck_assert_uint_eq(in.room, 0);
    ck_assert_uint_eq(bufv_length(in.v), 0);
    assert_ok(bufv_commit(in.v, 3));
    assert_text(in.v, "def");
}
END_TEST

/* While the list is being destroyed there is nothing to be had. */
START_TEST(reserve__while_it_is_destroyed)
{
    inside_t in = {NULL, APR_SUCCESS, APR_SUCCESS, NULL, 0, 0};

    assert_ok(bufv_create(&in.v, NULL));
    assert_ok(bufv_append_owned(in.v, "a", 1, when_released, &in));
    reserve(in.v, 10);
    bufv_destroy(in.v);
    ck_assert_int_eq(in.calls, 1);
    assert_is(in.reserved, APR_STATUS_IS_EBUSY);
    ck_assert_int_ne(in.committed, APR_SUCCESS);
}
END_TEST

static void clear_and_trim(void *baton, const void *data, apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    in->calls++;
    bufv_clear(in->v);
    bufv_trim(in->v);
}

/* Where clear and trim do nothing, the reservation stays. */
START_TEST(reserve__kept_in_callbacks)
{
    inside_t in = {0};
    room_t room;

    in.v = list_new();
    assert_ok(bufv_append_owned(in.v, "a", 1, clear_and_trim, &in));
    room = reserve(in.v, 10);
    assert_ok(bufv_consume(in.v, 1));
    ck_assert_int_eq(in.calls, 1);
    memcpy(room.data, "abc", 3);
    assert_ok(bufv_commit(in.v, 3));
    assert_text(in.v, "abc");
}
END_TEST

/* ---- no byte of any list lies in it */

#define LISTS 3
#define MOST 6000
#define STEPS 1500

/* A list and what it has to hold. */
typedef struct model_t {
    bufv_t *v;
    unsigned char bytes[MOST];
    apr_size_t len;
    room_t room; /* len 0: none */
} model_t;

static apr_uint32_t seed;

static apr_size_t any(apr_size_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return below > 0 ? (seed >> 8) % below : 0;
}

static void model_add(model_t *m, const void *bytes, apr_size_t len)
{
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

static void model_drop(model_t *m, apr_size_t len)
{
    m->len -= len;
    memmove(m->bytes, m->bytes + len, m->len);
}

/* Commits a random part of what is reserved, if anything is. */
static void step_commit(model_t *m)
{
    apr_size_t len = any(m->room.len < 700 ? m->room.len + 1 : 700), i;

    if (m->room.len == 0) {
        assert_none(m->v);
        return;
    }
    for (i = 0; i < len; i++)
        m->room.data[i] = (unsigned char)any(256);
    assert_ok(bufv_commit(m->v, len));
    model_add(m, m->room.data, len);
    m->room.len = 0;
}

static void step_append(model_t *m, const unsigned char *data)
{
    apr_size_t at = any(1000), len = any(300);

    switch (any(4)) {
    case 0:
        assert_ok(bufv_append(m->v, data + at, len));
        break;
    case 1:
        assert_ok(bufv_append_copy(m->v, data + at, len));
        break;
    case 2:
        assert_ok(bufv_append_owned(m->v, data + at, len, NULL, NULL));
        break;
    default:
        len = any(sizeof("formatted"));
        assert_ok(bufv_appendf(m->v, "%.*s", (int)len, "formatted"));
        model_add(m, "formatted", len);
        return;
    }
    model_add(m, data + at, len);
}

static void step_both(model_t *m, model_t *other)
{
    apr_size_t n = any(m->len + 1);

    switch (any(3)) {
    case 0:
        assert_ok(bufv_clone(other->v, m->v));
        model_add(other, m->bytes, m->len);
        break;
    case 1:
        assert_ok(bufv_split(m->v, n, other->v));
        model_add(other, m->bytes, n);
        model_drop(m, n);
        break;
    default:
        assert_ok(bufv_append_list(other->v, m->v));
        model_add(other, m->bytes, m->len);
        m->len = 0;
        break;
    }
}

static void step_shrink(model_t *m)
{
    apr_size_t n = any(m->len + 1);

    switch (any(4)) {
    case 0:
        bufv_trim(m->v);
        m->room.len = 0;
        break;
    case 1:
        bufv_clear(m->v);
        m->room.len = 0;
        m->len = 0;
        break;
    default:
        assert_ok(bufv_consume(m->v, n));
        model_drop(m, n);
        break;
    }
}

static void step(model_t *m, model_t *other, const unsigned char *data)
{
    static const apr_size_t sizes[] = {0, 1, 100, 1000, 1500, 5000, 70000};

    if (m->len > MOST / 4) {
        assert_ok(bufv_consume(m->v, m->len - 10));
        model_drop(m, m->len - 10);
    }
    switch (any(6)) {
    case 0:
        m->room = reserve(m->v, sizes[any(COUNT(sizes))]);
        break;
    case 1:
        step_commit(m);
        break;
    case 2:
        if (m != other && other->len < MOST / 4)
            step_both(m, other);
        break;
    case 3:
        step_shrink(m);
        break;
    default:
        step_append(m, data);
        break;
    }
}

/* Whether a list holds what it has to, without an assertion each. */
static int holds(const model_t *m)
{
    struct iovec vec[64];
    bufv_t *copy;
    apr_size_t at = 0, nvec, i;
    int same = bufv_length(m->v) == m->len;

    assert_ok(bufv_create(&copy, NULL));
    assert_ok(bufv_clone(copy, m->v));
    while (same && at < m->len) {
        nvec = COUNT(vec);
        ignore(bufv_peek(copy, vec, &nvec));
        for (i = 0; i < nvec && same; at += vec[i++].iov_len)
            same = vec[i].iov_len <= m->len - at &&
                   memcmp(vec[i].iov_base, m->bytes + at, vec[i].iov_len) == 0;
        ignore(bufv_consume(copy, at - (m->len - bufv_length(copy))));
    }
    bufv_destroy(copy);
    return same;
}

/* Three lists that share, split, move, copy and reserve at random, while all
 * rooms are written to all the time: no list ever shows it. */
START_TEST(reserve__no_byte_of_any_list)
{
    const unsigned char *data = bytes_new(1300, (unsigned int)_i);
    model_t *m = apr_pcalloc(pool, LISTS * sizeof(*m));
    int i, k;

    seed = (apr_uint32_t)_i + 1;
    for (k = 0; k < LISTS; k++)
        m[k].v = list_new();
    for (i = 0; i < STEPS; i++) {
        step(&m[any(LISTS)], &m[any(LISTS)], data);
        for (k = 0; k < LISTS; k++)
            if (m[k].room.len > 0)
                memset(m[k].room.data, i, m[k].room.len);
        for (k = 0; k < LISTS; k++)
            ck_assert_msg(holds(&m[k]), "list %d after step %d", k, i);
    }
}
END_TEST

/* A clone, and a part that was split off, keep what was committed, whatever
 * becomes of the list that it was committed to. */
START_TEST(reserve__shared)
{
    bufv_t *v, *clone = list_new(), *head = list_new();
    room_t room;

    assert_ok(bufv_create(&v, NULL));
    put(v, "abcdef");
    assert_ok(bufv_clone(clone, v));
    assert_ok(bufv_split(v, 4, head));
    bufv_clear(v);
    room = reserve(v, 6000);
    assert_ok(bufv_commit(v, room.len));
    bufv_trim(v);
    bufv_destroy(v);
    assert_text(clone, "abcdef");
    assert_text(head, "abcd");
    put(clone, "gh");
    put(head, "XY");
    assert_text(clone, "abcdefgh");
    assert_text(head, "abcdXY");
}
END_TEST

/* ---- memory */

#define CYCLES 100000

/* Ends a cycle in one of the ways that there are. */
static apr_status_t drain(bufv_t *v, scripted_t *s, int way)
{
    char bytes[1000];
    apr_size_t len;

    switch (way) {
    case 0:
        bufv_clear(v);
        return APR_SUCCESS;
    case 1:
        return bufv_consume(v, bufv_length(v));
    case 2:
        return bufv_write(v, s->w, NULL);
    default:
        do {
            len = sizeof(bytes);
        } while (bufv_read(v, bytes, &len) == APR_SUCCESS);
        return APR_SUCCESS;
    }
}

/* One fill: room of several sizes, committed, given up, and copies
 * between. */
static apr_status_t fill(bufv_t *v, int i)
{
    static const apr_size_t sizes[] = {1, 700, 3000, 0, 100};
    apr_status_t first = APR_SUCCESS;
    apr_size_t room;
    void *data;
    int k;

    for (k = 0; k < 4; k++) {
        note(first, bufv_append_copy(v, "copied", 6));
        note(first, bufv_reserve(v, sizes[(i + k) % 5], &data, &room));
        note(first, bufv_commit(v, k == 2 ? 0 : room / 3 + 1));
    }
    return first;
}

/* Filled and drained a hundred thousand times: after the first thousand no
 * allocation is made any more. */
START_TEST(reserve__memory_is_reused)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_new(pool);
    unsigned long calls = 0, calls_after;
    apr_status_t first = APR_SUCCESS;
    int i;

    if (!alloc_is_seen()) {
        skip("reserve__memory_is_reused", "allocations are not seen here");
        return;
    }
    s->discard = 1;
    scripted_open(s);
    for (i = 0; i < CYCLES; i++) {
        if (i == 1000)
            calls = alloc_calls();
        note(first, fill(v, i));
        note(first, drain(v, s, _i));
    }
    calls_after = alloc_calls();
    assert_ok(first);
    ck_assert_uint_eq(calls_after, calls);
}
END_TEST

/* Room that is given up or replaced each time does not creep. */
START_TEST(reserve__memory_of_what_is_given_up)
{
    bufv_t *v = list_new();
    long blocks = 0, blocks_after;
    apr_status_t first = APR_SUCCESS;
    apr_size_t room;
    void *data;
    int i;

    if (!alloc_is_seen()) {
        skip("reserve__memory_of_what_is_given_up",
             "allocations are not seen here");
        return;
    }
    put(v, "abc");
    for (i = 0; i < CYCLES; i++) {
        if (i == 1000)
            blocks = alloc_blocks();
        note(first, bufv_reserve(v, (apr_size_t)(i % 7) * 1000, &data, &room));
        if (i % 5 == 0)
            note(first, bufv_commit(v, 0));
    }
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_int_le(blocks_after, blocks + 1);
    assert_text(v, "abc");
}
END_TEST

/* ---- under the address sanitizer */

#ifdef HAVE_ASAN
static int is_poisoned(const unsigned char *at)
{
    return __asan_address_is_poisoned(at);
}

/* Unused room is not to be touched: what is behind a commit, and all of it
 * when it is given up, replaced or ended. */
START_TEST(reserve__poisoned)
{
    bufv_t *v = list_new();
    room_t room = reserve(v, 1000);

    ck_assert(!is_poisoned(room.data));
    ck_assert(!is_poisoned(room.data + room.len - 1));
    assert_ok(bufv_commit(v, 10));
    ck_assert(!is_poisoned(room.data + 9));
    ck_assert(is_poisoned(room.data + 10));
    ck_assert(is_poisoned(room.data + 500));
    room = reserve(v, 300);
    ck_assert(!is_poisoned(room.data));
    ck_assert(!is_poisoned(room.data + room.len - 1));
    if (_i == 0)
        assert_ok(bufv_commit(v, 0));
    else
        reserve(v, 9000);
    ck_assert(is_poisoned(room.data + 8));
    ck_assert(is_poisoned(room.data + 200));
    room = reserve(v, 300);
    if (_i == 0)
        bufv_clear(v);
    else
        bufv_trim(v);
    ck_assert(is_poisoned(room.data + 8));
    ck_assert(is_poisoned(room.data + 200));
}
END_TEST
#else
START_TEST(reserve__poisoned)
{
    if (_i == 0)
        skip("reserve__poisoned", "there is no address sanitizer");
}
END_TEST
#endif

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, reserve__room, 0, (int)COUNT(leasts));
    tcase_add_test(tc, reserve__in_a_row);
    tcase_add_test(tc, reserve__too_much);
    tcase_add_test(tc, reserve__without_memory);
    tcase_add_loop_test(tc, reserve__refused_commits, 0,
                        (int)COUNT(commit_cases));
    tcase_add_test(tc, reserve__given_up);
    tcase_add_test(tc, reserve__replaced);
    tcase_add_test(tc, reserve__total_of_64_bits);
    tcase_add_test(tc, reserve__commit_without_memory);
    tcase_add_loop_test(tc, reserve__meanwhile, 0, (int)COUNT(meanwhiles) * 3);
    tcase_add_loop_test(tc, reserve__ended, 0, (int)COUNT(ends) * 2);
    tcase_add_loop_test(tc, reserve__ended_with_the_list, 0, 8);
    tcase_add_loop_test(tc, reserve__in_a_release_callback, 0, 2);
    tcase_add_test(tc, reserve__in_a_hook);
    tcase_add_test(tc, reserve__in_an_operation);
    tcase_add_test(tc, reserve__while_it_is_destroyed);
    tcase_add_test(tc, reserve__kept_in_callbacks);
    tcase_add_loop_test(tc, reserve__no_byte_of_any_list, 0, 20);
    tcase_add_test(tc, reserve__shared);
    tcase_add_loop_test(tc, reserve__memory_is_reused, 0, 4);
    tcase_add_test(tc, reserve__memory_of_what_is_given_up);
    tcase_add_loop_test(tc, reserve__poisoned, 0, 2);
}

const topic_t topic_reserve = {"reserve", add_tests};
