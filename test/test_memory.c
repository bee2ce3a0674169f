/* SPDX-License-Identifier: Apache-2.0 */

/* Memory: flat over a million fills, none per write, and every allocation
 * made to fail (promise 6). */

#include "alloc.h"
#include "journal.h"
#include "peer.h"
#include "scripted.h"

#define FILLS 1000000
#define MOST_ALLOCATIONS 2000 /* of one operation on some 200 chunks */
#define SLACK 65536           /* what the runtime may keep for itself */

static int unseen(const char *test)
{
    if (alloc_is_seen())
        return 0;
    skip(test, "the linker cannot wrap malloc here");
    return 1;
}

/* A transport that looks at nothing and keeps nothing. */
static scripted_t *nowhere(void)
{
    scripted_t *s = scripted_new(pool);

    s->discard = 1;
    scripted_open(s);
    return s;
}

/* One fill of every kind of chunk. */
static apr_status_t fill(bufv_t *v, int i)
{
    static const char text[] = "0123456789abcdef";
    apr_status_t first = APR_SUCCESS;
    int k;

    for (k = 0; k < 3 + i % 5; k++)
        note(first, bufv_append(v, text, 1 + (apr_size_t)(k % 16)));
    note(first, bufv_append_copy(v, text, 1 + (apr_size_t)(i % 16)));
    note(first, bufv_append_owned(v, text, 3, NULL, NULL));
    note(first, bufv_prepend(v, text, 2));
    return first;
}

/* A million fills and drains in one pool: the process stays as large as
 * after the first thousand. */
START_TEST(memory__a_million_fills)
{
    bufv_t *v = list_new();
    scripted_t *s = nowhere();
    unsigned long bytes = 0, bytes_after;
    long blocks = 0, blocks_after;
    apr_status_t first = APR_SUCCESS;
    int i;

    for (i = 0; i < FILLS; i++) {
        if (i == 1000) {
            bytes = alloc_bytes_in_use();
            blocks = alloc_blocks();
        }
        note(first, fill(v, i));
        switch (i % 3) {
        case 0:
            bufv_clear(v);
            break;
        case 1:
            note(first, bufv_consume(v, bufv_length(v)));
            break;
        default:
            note(first, bufv_write(v, s->w, NULL));
            break;
        }
    }
    bytes_after = alloc_bytes_in_use();
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_uint_le(bytes_after, bytes + SLACK);
    ck_assert_int_le(blocks_after, blocks + 16);
}
END_TEST

/* A list that is never quite empty: a queue of a few chunks, filled and
 * drained a million times, does not creep. */
START_TEST(memory__a_queue_does_not_creep)
{
    bufv_t *v = list_new();
    bufv_t *other = list_new();
    unsigned long bytes = 0, bytes_after;
    long blocks = 0, blocks_after;
    apr_status_t first = APR_SUCCESS;
    int i;

    note(first, fill(v, 0));
    for (i = 0; i < FILLS / 2; i++) {
        if (i == 1000) {
            bytes = alloc_bytes_in_use();
            blocks = alloc_blocks();
        }
        note(first, bufv_append_copy(v, "abc", 3));
        note(first, bufv_append(v, "def", 3));
        if (i % 2) {
            note(first, bufv_split(v, 5, other));
            note(first, bufv_clone(other, other));
            bufv_clear(other);
            note(first, bufv_consume(v, 1));
        }
        else {
            note(first, bufv_consume(v, 6));
        }
    }
    bytes_after = alloc_bytes_in_use();
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_uint_le(bytes_after, bytes + SLACK);
    ck_assert_int_le(blocks_after, blocks + 16);
}
END_TEST

/* In the steady state a write allocates nothing: scripted, with and without
 * copying, and over TCP. */
START_TEST(memory__no_allocation_per_write)
{
    const unsigned char *data = bytes_new(4096, 45);
    bufv_t *v = list_new();
    scripted_t *s = nowhere();
    peer_t *p = peer_new();
    bufv_writer_t *w = _i < 2 ? s->w : peer_writer(p);
    unsigned long calls = 0, calls_after;
    unsigned long bytes = 0, bytes_after;
    apr_status_t first = APR_SUCCESS;
    const int rounds = _i == 2 ? 40 : 200; /* of a call a chunk: fewer */
    int i, k;

    if (unseen("memory__no_allocation_per_write"))
        return;
    bufv_writer_copy_below_set(w, _i % 2 ? 512 : 0);
    p->expect = data;
    p->period = 2100;
    if (_i >= 2)
        peer_start(p);
    for (i = 0; i < rounds; i++) {
        if (i == 10) {
            calls = alloc_calls();
            bytes = alloc_bytes_in_use();
        }
        for (k = 0; k < 1050; k++)
            note(first, bufv_append(v, data + 2 * k, 2));
        note(first, bufv_write(v, w, NULL));
    }
    calls_after = alloc_calls();
    bytes_after = alloc_bytes_in_use();
    assert_ok(first);
    ck_assert_uint_eq(calls_after, calls);
    ck_assert_uint_le(bytes_after, bytes + SLACK);
    if (_i >= 2) {
        peer_finish(p);
        peer_assert_length(p, (apr_uint64_t)rounds * 2100);
    }
}
END_TEST

/* A batch that is longer than a stack is good for is copied to memory of the
 * process: allocated once, and kept as long as there is any list. */
START_TEST(memory__scratch_memory_is_kept)
{
    const unsigned char *data = bytes_new(40000, 49);
    bufv_t *v = list_new();
    scripted_t *s = nowhere();
    unsigned long calls = 0, calls_after;
    apr_status_t first = APR_SUCCESS;
    apr_pool_t *sub;
    bufv_t *other;
    int i, k;

    if (unseen("memory__scratch_memory_is_kept"))
        return;
    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_create(&other, sub));
    bufv_writer_copy_below_set(s->w, 512);
    for (i = 0; i < 20; i++) {
        if (i == 2)
            calls = alloc_calls();
        if (i == 10)
            apr_pool_destroy(sub);
        for (k = 0; k < 1000; k++)
            note(first, bufv_append(v, data + 40 * k, 20));
        note(first, bufv_write(v, s->w, NULL));
    }
    calls_after = alloc_calls();
    assert_ok(first);
    ck_assert_uint_eq(calls_after, calls);
}
END_TEST

/* A message that has to be copied into one piece needs none either, though it
 * is longer than a stack is good for. */
START_TEST(memory__no_allocation_per_message)
{
    const unsigned char *data = bytes_new(50000, 51);
    bufv_t *v = list_new();
    scripted_t *s = scripted_new(pool);
    unsigned long calls = 0, calls_after;
    apr_status_t first = APR_SUCCESS;
    int i, k;

    if (unseen("memory__no_allocation_per_message"))
        return;
    s->discard = 1;
    s->ops.message = 1;
    s->ops.max_vec = 1;
    scripted_open(s);
    for (i = 0; i < 10; i++) {
        if (i == 2)
            calls = alloc_calls();
        for (k = 0; k < 40; k++)
            note(first, bufv_append(v, data + 1001 * k, 1000));
        note(first, bufv_write(v, s->w, NULL));
    }
    calls_after = alloc_calls();
    assert_ok(first);
    ck_assert_uint_eq(s->attempts, 10);
    ck_assert_uint_eq(calls_after, calls);
}
END_TEST

/* bufv_copy() needs memory to read to, and keeps none. */
START_TEST(memory__copy_keeps_none)
{
    bufv_t *v = list_new();
    scripted_t *s = nowhere();
    bufv_reader_t r = bufv_reader(v);
    apr_uint64_t copied;
    long blocks, blocks_after;
    apr_status_t first = APR_SUCCESS;

    if (unseen("memory__copy_keeps_none"))
        return;
    r.write_to = NULL;
    assert_ok(bufv_append(v, "abc", 3));
    blocks = alloc_blocks();
    note(first, bufv_copy(s->w, &r, NULL, &copied));
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_uint_eq(copied, 3);
    ck_assert_int_eq(blocks_after, blocks);
}
END_TEST

/* bufv_sendv() needs memory for many entries alone, and keeps none. */
START_TEST(memory__sendv_keeps_none)
{
    enum { FEW = 64 };
    struct iovec vec[FEW + 1];
    peer_t *p = peer_new();
    apr_status_t first = APR_SUCCESS;
    unsigned long calls[3];
    apr_size_t len;
    long blocks, blocks_after;
    int i;

    if (unseen("memory__sendv_keeps_none"))
        return;
    for (i = 0; i <= FEW; i++) {
        vec[i].iov_base = (char *)bytes_new(1, 50);
        vec[i].iov_len = 1;
    }
    blocks = alloc_blocks();
    calls[0] = alloc_calls();
    note(first, bufv_sendv(p->near_end, vec, FEW, &len));
    calls[1] = alloc_calls();
    note(first, bufv_sendv(p->near_end, vec, FEW + 1, &len));
    calls[2] = alloc_calls();
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_uint_eq(len, FEW + 1);
    ck_assert_uint_eq(calls[1] - calls[0], 0);
    ck_assert_uint_eq(calls[2] - calls[1], 1);
    ck_assert_int_eq(blocks_after, blocks);
}
END_TEST

/* A few chunks are one allocation, a hundred thousand not many. */
START_TEST(memory__grows_in_leaps)
{
    unsigned long calls, few, many;
    apr_status_t first = APR_SUCCESS;
    bufv_t *v = list_new();
    int i;

    if (unseen("memory__grows_in_leaps"))
        return;
    calls = alloc_calls();
    for (i = 0; i < 16; i++)
        note(first, bufv_append(v, "abc", 3));
    few = alloc_calls() - calls;
    for (; i < 100000; i++)
        note(first, bufv_append(v, "abc", 3));
    many = alloc_calls() - calls;
    assert_ok(first);
    ck_assert_uint_eq(few, 1);
    ck_assert_uint_lt(many, 20);
}
END_TEST

/* A destroyed pool takes all along. */
START_TEST(memory__pool_takes_all)
{
    apr_pool_t *sub;
    bufv_t *v, *copy;
    scripted_t *s;
    bufv_writer_t *w;
    long blocks, blocks_after;
    apr_status_t first = APR_SUCCESS;
    const unsigned char *data = bytes_new(40000, 48);
    int i, k;

    if (unseen("memory__pool_takes_all"))
        return;
    s = nowhere();
    /* APR keeps a pool's memory for the next one, and the process its scratch
     * memory: both are got in the first round. */
    for (i = 0, blocks = 0; i < 50; i++) {
        if (i == 1)
            blocks = alloc_blocks();
        note(first, apr_pool_create(&sub, pool));
        note(first, bufv_create(&v, sub));
        note(first, bufv_create(&copy, sub));
        note(first, bufv_writer_create(&w, &s->ops, s, sub));
        note(first, bufv_writer_lock_enable(w));
        note(first, fill(v, i));
        note(first, bufv_clone(copy, v));
        note(first, bufv_split(v, 3, copy));
        for (k = 0; k < 1000; k++) /* more than a stack is good for */
            note(first, bufv_append(copy, data + 40 * k, 20));
        bufv_writer_copy_below_set(w, 512);
        note(first, bufv_write(copy, w, NULL));
        note(first, fill(copy, i));
        apr_pool_destroy(sub);
    }
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_int_eq(blocks_after, blocks);
}
END_TEST

/* ---- out of memory */

typedef struct state_t {
    bufv_t *v, *from;
    const unsigned char *data;
    struct iovec vec[100];
} state_t;

typedef apr_status_t operation_t(state_t *st);

static apr_status_t op_append(state_t *st)
{
    return bufv_append(st->v, "x", 1);
}

static apr_status_t op_copy(state_t *st)
{
    return bufv_append_copy(st->v, "x", 1);
}

static apr_status_t op_copy_large(state_t *st)
{
    return bufv_append_copy(st->v, st->data, 100000);
}

static apr_status_t op_owned(state_t *st)
{
    return bufv_append_owned(st->v, "x", 1, NULL, NULL);
}

static apr_status_t op_vec(state_t *st)
{
    return bufv_append_vec(st->v, st->vec, 100);
}

static apr_status_t op_list(state_t *st)
{
    return bufv_append_list(st->v, st->from);
}

static apr_status_t op_format(state_t *st)
{
    return bufv_appendf(st->v, "%05000d", 7);
}

static apr_status_t op_prepend(state_t *st)
{
    return bufv_prepend(st->v, "x", 1);
}

static apr_status_t op_clone(state_t *st)
{
    return bufv_clone(st->v, st->from);
}

static apr_status_t op_clone_self(state_t *st)
{
    return bufv_clone(st->v, st->v);
}

static apr_status_t op_split(state_t *st)
{
    return bufv_split(st->from, 401, st->v);
}

static operation_t *const operations[] = {
    op_append, op_copy,    op_copy_large, op_owned, op_vec,        op_list,
    op_format, op_prepend, op_clone,      op_split, op_clone_self,
};

/* Two lists of so many owned, copied and borrowed chunks. */
static void state_make(state_t *st, journal_t *j, int chunks)
{
    apr_status_t first = APR_SUCCESS;
    int i;

    st->v = list_new();
    st->from = list_new();
    st->data = bytes_new(100000, 46);
    for (i = 0; i < 100; i++) {
        st->vec[i].iov_base = (void *)(size_t)(st->data + i);
        st->vec[i].iov_len = 1;
    }
    for (i = 0; i < chunks; i++)
        note(first, journal_append(j, st->v, st->data + 2 * i, 2));
    for (i = 0; i < 100; i++) {
        note(first, journal_append(j, st->from, st->data + 4 * i, 4));
        note(first, bufv_append_copy(st->from, "abc", 3));
    }
    assert_ok(first);
}

/* Drops both lists and asserts that every callback came once. */
static void state_drop(const state_t *st, const journal_t *j)
{
    int once = 0;
    int i;

    bufv_clear(st->v);
    bufv_clear(st->from);
    for (i = 0; i < j->entries; i++)
        once += j->entry[i].released == 1;
    ck_assert_int_eq(once, j->entries);
}

/* Tries an operation with its k-th allocation failing. Returns whether there
 * was a k-th. */
static int try_failing(operation_t *op, int chunks, unsigned long k,
                       int lasting)
{
    journal_t *j = journal_new();
    state_t st;
    apr_uint64_t length, from_length;
    apr_size_t count, from_count;
    apr_status_t status;
    int failed;

    state_make(&st, j, chunks);
    length = bufv_length(st.v);
    count = bufv_count(st.v);
    from_length = bufv_length(st.from);
    from_count = bufv_count(st.from);
    alloc_fail(k, lasting);
    status = op(&st);
    failed = alloc_has_failed();
    alloc_fail(0, 0);
    if (status == APR_SUCCESS) {
        ck_assert_int_eq(failed, 0);
        state_drop(&st, j);
        return 0;
    }
    ck_assert_int_eq(failed, 1);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(bufv_length(st.v), length);
    ck_assert_uint_eq(bufv_count(st.v), count);
    ck_assert_uint_eq(bufv_length(st.from), from_length);
    ck_assert_uint_eq(bufv_count(st.from), from_count);
    assert_bytes(st.v, st.data, (apr_size_t)length);
    assert_ok(op(&st));
    state_drop(&st, j);
    return 1;
}

/* Every allocation of every operation fails once, and from then on, on lists
 * of many sizes (so that some must grow): APR_ENOMEM, both lists as they
 * were, and the operation works when there is memory again. */
START_TEST(memory__every_allocation_fails)
{
    static const int chunks[] = {0, 1, 7, 8, 15, 16, 31, 32, 63, 64, 127};
    unsigned long k;
    size_t c;
    int lasting;

    if (unseen("memory__every_allocation_fails"))
        return;
    for (c = 0; c < COUNT(chunks); c++) {
        for (lasting = 0; lasting < 2; lasting++) {
            for (k = 1; k < MOST_ALLOCATIONS; k++) {
                apr_pool_t *whole = pool;
                int failed;

                assert_ok(apr_pool_create(&pool, whole));
                failed = try_failing(operations[_i], chunks[c], k, lasting);
                apr_pool_destroy(pool);
                pool = whole;
                if (!failed)
                    break;
            }
            ck_assert_uint_lt(k, MOST_ALLOCATIONS);
        }
    }
}
END_TEST

/* Creating a list without memory: APR_ENOMEM and NULL. */
START_TEST(memory__create_fails)
{
    bufv_t *v;
    apr_status_t status;
    unsigned long k;

    if (unseen("memory__create_fails"))
        return;
    for (k = 1; k < 20; k++) {
        v = (bufv_t *)pool;
        alloc_fail(k, 1);
        status = bufv_create(&v, pool);
        alloc_fail(0, 0);
        if (status == APR_SUCCESS)
            break;
        assert_is(status, APR_STATUS_IS_ENOMEM);
        ck_assert_ptr_null(v);
    }
    ck_assert_uint_gt(k, 1);
    ck_assert_uint_lt(k, 20);
}
END_TEST

/* A write that finds no memory to copy to goes by reference, and a message,
 * which cannot, ends with APR_ENOMEM: exact, and the rest leaves when there is
 * memory. A short message needs none, and a very long one its own. */
START_TEST(memory__write_without_memory)
{
    static const struct {
        int message;
        apr_size_t chunk;
    } kinds[] = {{0, 2}, {0, 20}, {1, 2}, {1, 20}, {1, 400}};
    apr_size_t chunk = kinds[_i].chunk, total = 1500 * chunk;
    const unsigned char *data = bytes_new(1500 * (chunk + 1), 47);
    unsigned long k;
    apr_uint64_t first, rest;
    int failed = 0;

    if (unseen("memory__write_without_memory"))
        return;
    for (k = 1; k < 4; k++) {
        bufv_t *v = list_cut(data, 1500, chunk, chunk);
        scripted_t *s = scripted_new(pool);
        apr_status_t status;

        s->ops.message = kinds[_i].message;
        s->list = v;
        s->got = malloc(total);
        s->got_room = total;
        scripted_open(s);
        bufv_writer_copy_below_set(s->w, 512);
        alloc_fail(k, 1);
        status = bufv_write(v, s->w, &first);
        alloc_fail(0, 0);
        failed += status != APR_SUCCESS;
        if (status != APR_SUCCESS)
            assert_is(status, APR_STATUS_IS_ENOMEM);
        ck_assert_uint_eq(first + bufv_length(v), total);
        if (kinds[_i].message)
            ck_assert(first == 0 || first == total);
        else
            assert_ok(status);
        assert_ok(bufv_write(v, s->w, &rest));
        scripted_assert_got(s, data, total);
    }
    if (chunk == 400)
        ck_assert_int_gt(failed, 0);
}
END_TEST

START_TEST(memory__ranges_without_memory)
{
    apr_file_t *file = file_text("abcdef");
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    struct iovec vec[2];
    apr_size_t n = 2;
    apr_uint64_t written;
    apr_status_t status;
    unsigned long k;

    if (unseen("memory__ranges_without_memory"))
        return;
    for (k = 1; k < 4; k++) {
        alloc_fail(k, 1);
        status = bufv_append_file(v, file, 0, 6);
        alloc_fail(0, 0);
        if (status == APR_SUCCESS)
            break;
        assert_is(status, APR_STATUS_IS_ENOMEM);
        ck_assert_uint_eq(bufv_count(v), 0);
    }
    ck_assert_uint_eq(k, 3);
    alloc_fail(1, 1);
    status = bufv_peek(v, vec, &n);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(n, 0);
    /* It is read to the stack: that needs none. */
    s->got = malloc(6);
    s->got_room = 6;
    alloc_fail(1, 1);
    status = bufv_write(v, s->w, &written);
    alloc_fail(0, 0);
    assert_ok(status);
    scripted_assert_got(s, "abcdef", 6);
}
END_TEST

static apr_status_t read_nothing(void *baton, void *data, apr_size_t *len)
{
    (void)data;
    *len += *(apr_size_t *)baton;
    return APR_SUCCESS;
}

START_TEST(memory__writers_and_copies_without_memory)
{
    apr_size_t beyond = 1;
    bufv_reader_t reader = {read_nothing, NULL, NULL, NULL};
    scripted_t *s = scripted_new(pool);
    apr_uint64_t copied = 9;
    apr_status_t status;
    bufv_writer_t *w;

    reader.baton = &beyond;
    scripted_open(s);
    /* A reader that claims more than there was room for. */
    assert_is(bufv_copy(s->w, &reader, NULL, &copied), APR_STATUS_IS_EGENERAL);
    ck_assert_uint_eq(copied, 0);
    if (unseen("memory__writers_and_copies_without_memory"))
        return;
    alloc_fail(1, 1);
    status = bufv_copy(s->w, &reader, NULL, &copied);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    alloc_fail(1, 1);
    status = bufv_writer_create(&w, &s->ops, s, pool);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_ptr_null(w);
}
END_TEST

/* For those of the system, too; and without a lock a writer is what it was. */
START_TEST(memory__sockets_files_and_locks_without_memory)
{
    peer_t *p = peer_new();
    apr_file_t *file = file_text("");
    scripted_t *s = scripted_for(NULL);
    bufv_writer_t *w = s->w;
    apr_status_t status;

    if (unseen("memory__sockets_files_and_locks_without_memory"))
        return;
    alloc_fail(1, 1);
    status = bufv_writer_socket(&w, p->near_end, pool);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_ptr_null(w);
    w = s->w;
    alloc_fail(1, 1);
    status = bufv_writer_file(&w, file, pool);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_ptr_null(w);
    alloc_fail(1, 1);
    status = bufv_writer_lock_enable(s->w);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    assert_ok(
        bufv_write(list_of((const char *const[]){"abc", NULL}), s->w, NULL));
    assert_ok(bufv_writer_lock_enable(s->w));
    scripted_assert_got(s, "abc", 3);
}
END_TEST

/* Filled and drained by consume, read and write, a list that has had its
 * largest fill asks for no more. */
START_TEST(memory__capacity_is_kept)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    unsigned long calls = 0;
    apr_status_t first = APR_SUCCESS;
    apr_uint64_t written;
    char data[300];
    int i, k;

    if (unseen("memory__capacity_is_kept"))
        return;
    for (i = 0; i < 30; i++) {
        if (i == 6)
            calls = alloc_calls();
        for (k = 0; k < 100; k++)
            note(first, bufv_append_owned(v, "abc", 3, NULL, NULL));
        if (i % 3 == 0)
            note(first, bufv_consume(v, 300));
        else if (i % 3 == 1) {
            apr_size_t len = sizeof(data);

            note(first, bufv_read(v, data, &len));
        }
        else {
            scripted_forget(s);
            note(first, bufv_write(v, s->w, &written));
        }
    }
    calls = alloc_calls() - calls;
    assert_ok(first);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, memory__a_million_fills);
    tcase_add_test(tc, memory__a_queue_does_not_creep);
    tcase_add_loop_test(tc, memory__no_allocation_per_write, 0, 4);
    tcase_add_test(tc, memory__scratch_memory_is_kept);
    tcase_add_test(tc, memory__grows_in_leaps);
    tcase_add_test(tc, memory__no_allocation_per_message);
    tcase_add_test(tc, memory__copy_keeps_none);
    tcase_add_test(tc, memory__sendv_keeps_none);
    tcase_add_test(tc, memory__pool_takes_all);
    tcase_add_loop_test(tc, memory__every_allocation_fails, 0,
                        (int)COUNT(operations));
    tcase_add_test(tc, memory__create_fails);
    tcase_add_loop_test(tc, memory__write_without_memory, 0, 5);
    tcase_add_test(tc, memory__ranges_without_memory);
    tcase_add_test(tc, memory__writers_and_copies_without_memory);
    tcase_add_test(tc, memory__sockets_files_and_locks_without_memory);
    tcase_add_test(tc, memory__capacity_is_kept);
}

const topic_t topic_memory = {"memory", add_tests};
