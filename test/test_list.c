/* SPDX-License-Identifier: Apache-2.0 */

/* The list without I/O: what may be appended, what it counts, what it shows
 * (promises 1, 2, 4, 7). */

#include "suite.h"

/* ---- creating */

/* A new list is empty. */
START_TEST(list__new_is_empty)
{
    bufv_t *v = list_new();

    ck_assert_uint_eq(bufv_length(v), 0);
    ck_assert_uint_eq(bufv_count(v), 0);
    assert_text(v, "");
}
END_TEST

/* A list needs a place to be put, and no pool. */
START_TEST(list__create_without_arguments)
{
    bufv_t *v = (bufv_t *)pool;

    assert_is(bufv_create(NULL, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_create(NULL, NULL), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_create(&v, NULL));
    assert_ok(bufv_append(v, "abc", 3));
    assert_text(v, "abc");
    bufv_destroy(v);
}
END_TEST

/* ---- appending */

/* Borrowed chunks stay where they are: the list shows the caller's pointers.*/
START_TEST(list__append_borrows)
{
    static const char bytes[] = "borrowed";
    bufv_t *v = list_new();
    struct iovec vec[2];
    apr_size_t nvec = 2;

    assert_ok(bufv_append(v, bytes, 8));
    assert_ok(bufv_peek(v, vec, &nvec));
    ck_assert_uint_eq(nvec, 1);
    ck_assert_ptr_eq(vec[0].iov_base, bytes);
    ck_assert_uint_eq(vec[0].iov_len, 8);
}
END_TEST

/* Copied bytes may change at once. */
START_TEST(list__append_copy_copies)
{
    char bytes[] = "copied";
    bufv_t *v = list_new();

    assert_ok(bufv_append_copy(v, bytes, 6));
    memset(bytes, 'x', sizeof(bytes));
    assert_ok(bufv_append_copy(v, bytes, 2));
    memset(bytes, 'y', sizeof(bytes));
    assert_chunks(v, (const char *const[]){"copied", "xx", NULL});
}
END_TEST

/* Copies of every size from 1 to 300 stay apart and intact, also a large
 * one. */
START_TEST(list__append_copy_of_every_size)
{
    const unsigned char *data = bytes_new(400000, 1);
    bufv_t *v = list_new();
    apr_size_t total = 0;
    apr_size_t len;

    for (len = 1; len <= 300; len++) {
        assert_ok(bufv_append_copy(v, data + total, len));
        total += len;
    }
    assert_ok(bufv_append_copy(v, data + total, 300000));
    ck_assert_uint_eq(bufv_count(v), 301);
    assert_bytes(v, data, total + 300000);
}
END_TEST

/* The kinds mix, in order. */
START_TEST(list__append_kinds_keep_order)
{
    static const struct iovec vec[] = {{(void *)(size_t) "c", 1},
                                       {(void *)(size_t) "dd", 2}};
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "a", 1));
    assert_ok(bufv_append_copy(v, "b", 1));
    assert_ok(bufv_append_vec(v, vec, 2));
    assert_ok(bufv_append_owned(v, "e", 1, NULL, NULL));
    assert_ok(bufv_appendf(v, "%d-%s", 42, "f"));
    assert_ok(bufv_prepend(v, "0", 1));
    assert_chunks(
        v, (const char *const[]){"0", "a", "b", "c", "dd", "e", "42-f", NULL});
    ck_assert_uint_eq(bufv_length(v), 11);
}
END_TEST

/* Formatted text of any length is one chunk without its NUL. */
START_TEST(list__appendf_long)
{
    static const int lengths[] = {1, 2, 31, 32, 63, 64, 255, 256, 4095, 70000};
    char *want = apr_palloc(pool, 70001);
    size_t i;

    for (i = 0; i < COUNT(lengths); i++) {
        bufv_t *v = list_new();

        memset(want, 'z', (size_t)lengths[i]);
        want[lengths[i]] = '\0';
        assert_ok(bufv_appendf(v, "%s", want));
        ck_assert_uint_eq(bufv_count(v), 1);
        assert_bytes(v, want, (apr_size_t)lengths[i]);
    }
}
END_TEST

/* Formatting nothing appends nothing. */
START_TEST(list__appendf_empty)
{
    bufv_t *v = list_new();

    assert_ok(bufv_appendf(v, "%s", ""));
    ck_assert_uint_eq(bufv_count(v), 0);
    ck_assert_uint_eq(bufv_length(v), 0);
}
END_TEST

/* The list formats as C's printf. What more there is to that: appendf. */
START_TEST(list__appendf_formats_as_printf)
{
    bufv_t *v = list_new();

    assert_ok(bufv_appendf(v, "%llu|%5s|%02x", ~0ULL, "ab", 7));
    assert_text(v, "18446744073709551615|   ab|07");
}
END_TEST

/* ---- empty */

/* Empty chunks with any pointer are not kept, whichever way they come. */
START_TEST(list__empty_chunks_are_not_kept)
{
    struct iovec vec[3];
    bufv_t *v = list_new();

    vec[0].iov_base = (void *)(size_t)wild();
    vec[0].iov_len = 0;
    vec[1].iov_base = (void *)(size_t) "x";
    vec[1].iov_len = 1;
    vec[2].iov_base = NULL;
    vec[2].iov_len = 0;
    assert_ok(bufv_append(v, NULL, 0));
    assert_ok(bufv_append(v, wild(), 0));
    assert_ok(bufv_append_copy(v, NULL, 0));
    assert_ok(bufv_append_copy(v, wild(), 0));
    assert_ok(bufv_append_owned(v, wild(), 0, NULL, NULL));
    assert_ok(bufv_prepend(v, wild(), 0));
    assert_ok(bufv_prepend(v, NULL, 0));
    ck_assert_uint_eq(bufv_count(v), 0);
    assert_ok(bufv_append_vec(v, vec, 3));
    assert_ok(bufv_append_vec(v, NULL, 0));
    assert_chunks(v, (const char *const[]){"x", NULL});
}
END_TEST

/* A list that is never empty, filled at one end and drained at the other: the
 * chunks are those that were appended, wherever its array was moved. */
START_TEST(list__in_at_the_end_and_out_at_the_front)
{
    enum { ROUNDS = 3000, KEPT = 20 };
    const unsigned char *data = bytes_new(ROUNDS, 33);
    bufv_t *v = list_new();
    struct iovec vec;
    apr_size_t one;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        assert_ok(bufv_append(v, data + i, 1));
        if (i < KEPT)
            continue;
        one = 1;
        assert_ok(bufv_peek(v, &vec, &one));
        ck_assert_ptr_eq(vec.iov_base, data + i - KEPT);
        assert_ok(bufv_consume(v, 1));
        ck_assert_uint_eq(bufv_count(v), KEPT);
    }
}
END_TEST

/* Thousands of empties among the chunks change nothing. */
START_TEST(list__thousands_of_empties)
{
    bufv_t *v = list_new();
    int i;

    for (i = 0; i < 5000; i++) {
        assert_ok(bufv_append(v, wild(), 0));
        if (i % 1000 == 0)
            assert_ok(bufv_append(v, &"abcde"[i / 1000], 1));
    }
    ck_assert_uint_eq(bufv_count(v), 5);
    assert_text(v, "abcde");
}
END_TEST

/* ---- refusals */

/* Nothing at a length, or a chunk too long: refused, nothing changed. */
START_TEST(list__refused_chunks)
{
    static const struct {
        const char *data;
        apr_size_t len;
    } bad[] = {
        {NULL, 1},
        {NULL, CHUNK_MAX},
        {"x", CHUNK_MAX + 1},
        {"x", (apr_size_t)-1},
    };
    bufv_t *v = list_of((const char *const[]){"ab", "c", NULL});
    struct iovec vec[2];
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        vec[0].iov_base = (void *)(size_t) "good";
        vec[0].iov_len = 4;
        vec[1].iov_base = (void *)(size_t)bad[i].data;
        vec[1].iov_len = bad[i].len;
        assert_is(bufv_append(v, bad[i].data, bad[i].len),
                  APR_STATUS_IS_EINVAL);
        assert_is(bufv_append_copy(v, bad[i].data, bad[i].len),
                  APR_STATUS_IS_EINVAL);
        assert_is(bufv_append_owned(v, bad[i].data, bad[i].len, NULL, NULL),
                  APR_STATUS_IS_EINVAL);
        assert_is(bufv_prepend(v, bad[i].data, bad[i].len),
                  APR_STATUS_IS_EINVAL);
        assert_is(bufv_append_vec(v, vec, 2), APR_STATUS_IS_EINVAL);
        assert_chunks(v, (const char *const[]){"ab", "c", NULL});
    }
}
END_TEST

static void must_not_be_released(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    ++*(int *)baton;
}

/* A refused owned chunk remains the caller's: no callback, not even at
 * clear. */
START_TEST(list__refused_owned_is_not_released)
{
    bufv_t *v = list_new();
    int released = 0;

    assert_is(bufv_append_owned(v, NULL, 1, must_not_be_released, &released),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_owned(v, "x", CHUNK_MAX + 1, must_not_be_released,
                                &released),
              APR_STATUS_IS_EINVAL);
    bufv_clear(v);
    ck_assert_int_eq(released, 0);
}
END_TEST

/* The longest chunk is welcome. */
START_TEST(list__longest_chunk)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, wild(), CHUNK_MAX));
    ck_assert_uint_eq(bufv_length(v), CHUNK_MAX);
    ck_assert_uint_eq(bufv_count(v), 1);
}
END_TEST

/* A total above 64 bits is refused by every way in; up to it all is well.
 * On 32-bit machines this takes too many chunks: the range does it there. */
START_TEST(list__total_overflow)
{
    struct iovec vec[2];
    bufv_t *v, *other;
    apr_size_t count;

    if (sizeof(apr_size_t) < 8) {
        skip("list__total_overflow", "takes 2^33 chunks here");
        return;
    }
    v = list_new();
    other = list_new();
    assert_ok(bufv_append(other, wild(), CHUNK_MAX));
    vec[0].iov_base = vec[1].iov_base = (void *)(size_t)wild();
    vec[0].iov_len = 1;
    vec[1].iov_len = CHUNK_MAX;
    while (bufv_length(v) <= APR_UINT64_MAX - CHUNK_MAX)
        assert_ok(bufv_append(v, wild(), CHUNK_MAX));
    assert_ok(
        bufv_append(v, "x", (apr_size_t)(APR_UINT64_MAX - bufv_length(v))));
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX);
    count = bufv_count(v);
    assert_is(bufv_append(v, "x", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(v, "x", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_owned(v, "x", 1, NULL, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_vec(v, vec, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(v, other), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(v, other), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(v, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(other, 1, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_appendf(v, "%d", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(v, "x", 1), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX);
    ck_assert_uint_eq(bufv_count(v), count);
    ck_assert_uint_gt(bufv_length(other), 0);
    assert_ok(bufv_append(v, NULL, 0));
    assert_ok(bufv_consume(v, 1));
    assert_ok(bufv_append(v, "x", 1));
}
END_TEST

/* An array whose sum alone overflows is refused whole. */
START_TEST(list__vec_sum_overflow)
{
    struct iovec vec[4];
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    int i;

    if (sizeof(apr_size_t) < 8) {
        skip("list__vec_sum_overflow", "a sum of 64 bits takes 2^33 entries");
        return;
    }
    for (i = 0; i < 4; i++) {
        vec[i].iov_base = (void *)(size_t)wild();
        vec[i].iov_len = CHUNK_MAX;
    }
    assert_is(bufv_append_vec(v, vec, 4), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_vec(v, vec, 3), APR_STATUS_IS_EINVAL);
    assert_chunks(v, (const char *const[]){"a", NULL});
    assert_ok(bufv_append_vec(v, vec, 2));
    ck_assert_uint_eq(bufv_length(v), (apr_uint64_t)CHUNK_MAX * 2 + 1);
}
END_TEST

/* Aliased chunks total more than 32 bits on every machine. */
START_TEST(list__aliased_total_is_64_bits)
{
    bufv_t *v = list_new();
    int i;

    for (i = 0; i < 80; i++)
        assert_ok(bufv_append(v, wild(), 64 * 1024 * 1024));
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_C(5368709120));
    ck_assert_uint_eq(bufv_count(v), 80);
    assert_ok(bufv_consume(v, APR_UINT64_C(4294967296) + 1));
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_C(1073741823));
    ck_assert_uint_eq(bufv_count(v), 16);
}
END_TEST

/* ---- vec */

/* The caller's array is read, not kept nor changed. */
START_TEST(list__append_vec_leaves_the_array)
{
    struct iovec vec[3], was[3];
    bufv_t *v = list_new();

    vec[0].iov_base = (void *)(size_t) "one";
    vec[0].iov_len = 3;
    vec[1].iov_base = (void *)(size_t)wild();
    vec[1].iov_len = 0;
    vec[2].iov_base = (void *)(size_t) "two";
    vec[2].iov_len = 3;
    memcpy(was, vec, sizeof(vec));
    assert_ok(bufv_append_vec(v, vec, 3));
    assert_ok(bufv_consume(v, 4));
    ck_assert_mem_eq(vec, was, sizeof(vec));
    memset(vec, 0, sizeof(vec));
    assert_text(v, "wo");
}
END_TEST

/* ---- prepend */

/* What is prepended comes first, again and again, on an empty list too. */
START_TEST(list__prepend_many)
{
    bufv_t *v = list_new();
    int i;

    for (i = 0; i < 26; i++)
        assert_ok(bufv_prepend(v, &"zyxwvutsrqponmlkjihgfedcba"[i], 1));
    ck_assert_uint_eq(bufv_count(v), 26);
    assert_text(v, "abcdefghijklmnopqrstuvwxyz");
    assert_ok(bufv_append(v, "!", 1));
    assert_text(v, "abcdefghijklmnopqrstuvwxyz!");
}
END_TEST

/* Also before the rest of a chunk that is gone in part. */
START_TEST(list__prepend_before_a_rest)
{
    bufv_t *v = list_of((const char *const[]){"abc", "def", NULL});

    assert_ok(bufv_consume(v, 1));
    assert_ok(bufv_prepend(v, "new", 3));
    assert_chunks(v, (const char *const[]){"new", "bc", "def", NULL});
    assert_ok(bufv_consume(v, 4));
    assert_chunks(v, (const char *const[]){"c", "def", NULL});
    assert_ok(bufv_prepend(v, "1", 1));
    assert_ok(bufv_prepend(v, "0", 1));
    assert_chunks(v, (const char *const[]){"0", "1", "c", "def", NULL});
}
END_TEST

/* ---- append_list */

/* All chunks move, the giver is empty and can be filled again. */
START_TEST(list__append_list_moves)
{
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    bufv_t *from = list_of((const char *const[]){"bb", "cc", NULL});

    assert_ok(bufv_consume(from, 1));
    assert_ok(bufv_append_list(v, from));
    assert_chunks(v, (const char *const[]){"a", "b", "cc", NULL});
    ck_assert_uint_eq(bufv_length(from), 0);
    ck_assert_uint_eq(bufv_count(from), 0);
    assert_ok(bufv_append(from, "d", 1));
    assert_ok(bufv_append_list(v, from));
    assert_text(v, "abccd");
}
END_TEST

/* Copied bytes move with the list, and outlive the one they came from. */
START_TEST(list__append_list_outlives_the_giver)
{
    bufv_t *v = list_new();
    apr_pool_t *sub;
    bufv_t *from;

    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_create(&from, sub));
    assert_ok(bufv_append_copy(from, "copied", 6));
    assert_ok(bufv_appendf(from, "%s", "formatted"));
    assert_ok(bufv_append_list(v, from));
    apr_pool_destroy(sub);
    assert_text(v, "copiedformatted");
}
END_TEST

/* A list cannot be moved onto itself. */
START_TEST(list__append_list_to_itself)
{
    bufv_t *v = list_of((const char *const[]){"a", "b", NULL});

    assert_is(bufv_append_list(v, v), APR_STATUS_IS_EINVAL);
    assert_chunks(v, (const char *const[]){"a", "b", NULL});
}
END_TEST

/* Moving nothing is a success. */
START_TEST(list__append_list_empty)
{
    bufv_t *v = list_of((const char *const[]){"a", NULL});

    assert_ok(bufv_append_list(v, list_new()));
    assert_chunks(v, (const char *const[]){"a", NULL});
}
END_TEST

/* ---- peek, read */

/* Peek fills no more than there is room for, in order, and takes nothing. */
START_TEST(list__peek_room)
{
    bufv_t *v = list_of((const char *const[]){"a", "b", "c", NULL});
    struct iovec vec[5];
    apr_size_t room, nvec;

    for (room = 0; room <= 4; room++) {
        memset(vec, 0, sizeof(vec));
        nvec = room;
        assert_ok(bufv_peek(v, vec, &nvec));
        ck_assert_uint_eq(nvec, room < 3 ? room : 3);
        ck_assert_ptr_null(vec[nvec].iov_base);
        if (nvec > 0)
            ck_assert_mem_eq(vec[nvec - 1].iov_base, &"abc"[nvec - 1], 1);
    }
    assert_text(v, "abc");
}
END_TEST

/* Peek without an array: refused if there is room, else nothing. */
START_TEST(list__peek_without_an_array)
{
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    apr_size_t nvec = 1;

    assert_is(bufv_peek(v, NULL, &nvec), APR_STATUS_IS_EINVAL);
    nvec = 0;
    assert_ok(bufv_peek(v, NULL, &nvec));
    ck_assert_uint_eq(nvec, 0);
}
END_TEST

/* Peek at an empty list shows nothing. */
START_TEST(list__peek_empty)
{
    struct iovec vec[1];
    apr_size_t nvec = 1;

    assert_ok(bufv_peek(list_new(), vec, &nvec));
    ck_assert_uint_eq(nvec, 0);
}
END_TEST

/* Go's own read case. */
START_TEST(list__read_gopherland)
{
    bufv_t *v = list_of((const char *const[]){"once ", "upon ", "a ", "time ",
                                              "in ", "Gopherland ... ", NULL});
    const char *want = "once upon a time in Gopherland ... ";
    char got[64];
    apr_size_t len = sizeof(got);

    assert_ok(bufv_read(v, got, &len));
    ck_assert_uint_eq(len, strlen(want));
    ck_assert_mem_eq(got, want, len);
    ck_assert_uint_eq(bufv_length(v), 0);
    ck_assert_uint_eq(bufv_count(v), 0);
    len = sizeof(got);
    assert_is(bufv_read(v, got, &len), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(len, 0);
}
END_TEST

/* Reading in pieces of every size gives the same bytes, no byte beyond. */
START_TEST(list__read_in_pieces)
{
    char got[32], all[32];
    apr_size_t piece, len, total;

    for (piece = 1; piece <= 12; piece++) {
        bufv_t *v =
            list_of((const char *const[]){"abc", "d", "efgh", "ijk", NULL});
        total = 0;
        while (bufv_length(v) > 0) {
            memset(got, '#', sizeof(got));
            len = piece;
            assert_ok(bufv_read(v, got, &len));
            ck_assert_uint_gt(len, 0);
            ck_assert_uint_le(len, piece);
            ck_assert_int_eq(got[len], '#');
            memcpy(all + total, got, len);
            total += len;
            ck_assert_uint_eq(bufv_length(v), 11 - total);
        }
        ck_assert_uint_eq(total, 11);
        ck_assert_mem_eq(all, "abcdefghijk", 11);
    }
}
END_TEST

/* No room is a success with nothing, also on an empty list; room without a
 * place is refused. */
START_TEST(list__read_room_0)
{
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    char byte = '#';
    apr_size_t len = 0;

    assert_ok(bufv_read(v, &byte, &len));
    assert_ok(bufv_read(v, NULL, &len));
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(byte, '#');
    len = 1;
    assert_is(bufv_read(v, NULL, &len), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
    assert_text(v, "a");
    bufv_clear(v);
    len = 0;
    assert_ok(bufv_read(v, &byte, &len));
    ck_assert_uint_eq(len, 0);
}
END_TEST

/* ---- clear */

/* A cleared list is as new, in every state it can be in. */
START_TEST(list__clear)
{
    bufv_t *v = list_of((const char *const[]){"abc", "d", NULL});

    assert_ok(bufv_consume(v, 1));
    bufv_clear(v);
    assert_text(v, "");
    bufv_clear(v);
    assert_ok(bufv_prepend(v, "p", 1));
    assert_ok(bufv_append(v, "a", 1));
    assert_chunks(v, (const char *const[]){"p", "a", NULL});
}
END_TEST

/* ---- missing arguments */

START_TEST(list__lists_that_are_missing)
{
    struct iovec vec = {NULL, 0};
    bufv_t *v = list_new();
    apr_size_t n = 1;
    char byte;

    ck_assert_uint_eq(bufv_length(NULL), 0);
    ck_assert_uint_eq(bufv_count(NULL), 0);
    bufv_clear(NULL);
    assert_is(bufv_append(NULL, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(NULL, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_owned(NULL, "a", 1, NULL, NULL),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_vec(NULL, &vec, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(NULL, NULL, 0, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(NULL, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(v, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_appendf(NULL, "%d", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(NULL, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(NULL, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(v, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(NULL, 0, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(v, 0, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_consume(NULL, 0), APR_STATUS_IS_EINVAL);
    assert_is(bufv_read(NULL, &byte, &n), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(n, 0);
    n = 1;
    assert_is(bufv_peek(NULL, &vec, &n), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(list__arrays_that_are_missing)
{
    bufv_t *v = list_new(), *w = list_new();
    const char *no_format = NULL;
    apr_size_t n = 1;
    char byte;

    assert_ok(bufv_append_vec(v, NULL, 0));
    assert_is(bufv_append_vec(v, NULL, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(v, NULL, 1), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_append_copy(v, NULL, 0));
    assert_is(bufv_read(v, &byte, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_read(v, NULL, &n), APR_STATUS_IS_EINVAL);
    assert_is(bufv_peek(v, NULL, NULL), APR_STATUS_IS_EINVAL);
    n = 1;
    assert_is(bufv_peek(v, NULL, &n), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_split(v, 0, w)); /* there is no array in either */
    assert_ok(bufv_append_list(v, w));
    assert_ok(bufv_clone(v, w));
    ck_assert_uint_eq(bufv_count(v), 0);
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#endif
    assert_is(bufv_appendf(v, no_format), APR_STATUS_IS_EINVAL);
#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif
}
END_TEST

/* ---- lengths */

/* What no memory could hold is refused before any is read. */
START_TEST(list__more_than_memory_holds)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "a", 1));
    assert_is(bufv_append_copy(v, wild(), CHUNK_MAX), APR_STATUS_IS_ENOMEM);
    assert_is(bufv_append_vec(v, wild(), CHUNK_MAX), APR_STATUS_IS_ENOMEM);
    assert_text(v, "a");
}
END_TEST

/* The byte count at which a chunk is too long, for each way to append. */
START_TEST(list__longest_chunk_by_every_way)
{
    struct iovec vec[2] = {{bytes_new(1, 1), 1}, {NULL, 0}};
    bufv_t *v = list_new();

    vec[1].iov_base = vec[0].iov_base;
    vec[1].iov_len = CHUNK_MAX;
    assert_ok(bufv_append_vec(v, vec, 2));
    ck_assert_uint_eq(bufv_length(v), (apr_uint64_t)CHUNK_MAX + 1);
    vec[1].iov_len = CHUNK_MAX + 1;
    assert_is(bufv_append_vec(v, vec, 2), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(v, "a", CHUNK_MAX + 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(v, "a", CHUNK_MAX + 1), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_count(v), 2);
}
END_TEST

/* A total may be all that 64 bits tell, and not one byte more, by every way
 * to append. */
START_TEST(list__totals_to_the_last_byte)
{
    bufv_t *v = list_new(), *most = list_new(), *one = list_new();
    struct iovec vec, chunk[8];
    apr_size_t n = COUNT(chunk);

    vec.iov_base = bytes_new(1, 1);
    vec.iov_len = 1;
    assert_ok(bufv_append(one, "a", 1));
    assert_ok(bufv_append(most, vec.iov_base, CHUNK_MAX));
    while (bufv_length(most) < APR_UINT64_MAX - 1) {
        apr_uint64_t room = APR_UINT64_MAX - 1 - bufv_length(most);

        assert_ok(
            bufv_append(most, vec.iov_base,
                        room < CHUNK_MAX ? (apr_size_t)room : CHUNK_MAX));
        if (bufv_count(most) > 3)
            return; /* lengths of 32 bits: it would take too many */
    }
    switch (_i) {
    case 0:
        assert_ok(bufv_append(most, "a", 1));
        break;
    case 1:
        assert_ok(bufv_append_copy(most, vec.iov_base, 1));
        assert_ok(bufv_peek(most, chunk, &n));
        ck_assert_ptr_ne(chunk[n - 1].iov_base, vec.iov_base);
        break;
    case 2:
        assert_ok(bufv_append_owned(most, "a", 1, NULL, NULL));
        break;
    case 3:
        assert_ok(bufv_append_vec(most, &vec, 1));
        break;
    case 4:
        assert_ok(bufv_prepend(most, "a", 1));
        break;
    case 5:
        assert_ok(bufv_append_list(most, one));
        break;
    case 6:
        assert_ok(bufv_clone(most, one));
        break;
    case 7:
        assert_ok(bufv_split(one, 1, most));
        break;
    case 8:
        assert_ok(bufv_appendf(most, "%d", 1));
        break;
    default:
        assert_ok(bufv_append_file(most, file_text("a"), 0, 1));
        break;
    }
    ck_assert_uint_eq(bufv_length(most), APR_UINT64_MAX);
    assert_ok(bufv_append(v, "a", 1));
    assert_is(bufv_append(most, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(most, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_owned(most, "a", 1, NULL, NULL),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_vec(most, &vec, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(most, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(most, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(most, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(v, 1, most), APR_STATUS_IS_EINVAL);
    assert_is(bufv_appendf(most, "%d", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(most, file_text("a"), 0, 1),
              APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(most), APR_UINT64_MAX);
    assert_text(v, "a");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, list__new_is_empty);
    tcase_add_test(tc, list__create_without_arguments);
    tcase_add_test(tc, list__append_borrows);
    tcase_add_test(tc, list__append_copy_copies);
    tcase_add_test(tc, list__append_copy_of_every_size);
    tcase_add_test(tc, list__append_kinds_keep_order);
    tcase_add_test(tc, list__appendf_long);
    tcase_add_test(tc, list__appendf_empty);
    tcase_add_test(tc, list__appendf_formats_as_printf);
    tcase_add_test(tc, list__empty_chunks_are_not_kept);
    tcase_add_test(tc, list__in_at_the_end_and_out_at_the_front);
    tcase_add_test(tc, list__thousands_of_empties);
    tcase_add_test(tc, list__refused_chunks);
    tcase_add_test(tc, list__refused_owned_is_not_released);
    tcase_add_test(tc, list__longest_chunk);
    tcase_add_test(tc, list__total_overflow);
    tcase_add_test(tc, list__vec_sum_overflow);
    tcase_add_test(tc, list__aliased_total_is_64_bits);
    tcase_add_test(tc, list__append_vec_leaves_the_array);
    tcase_add_test(tc, list__prepend_many);
    tcase_add_test(tc, list__prepend_before_a_rest);
    tcase_add_test(tc, list__append_list_moves);
    tcase_add_test(tc, list__append_list_outlives_the_giver);
    tcase_add_test(tc, list__append_list_to_itself);
    tcase_add_test(tc, list__append_list_empty);
    tcase_add_test(tc, list__peek_room);
    tcase_add_test(tc, list__peek_without_an_array);
    tcase_add_test(tc, list__peek_empty);
    tcase_add_test(tc, list__read_gopherland);
    tcase_add_test(tc, list__read_in_pieces);
    tcase_add_test(tc, list__read_room_0);
    tcase_add_test(tc, list__clear);
    tcase_add_test(tc, list__lists_that_are_missing);
    tcase_add_test(tc, list__arrays_that_are_missing);
    tcase_add_test(tc, list__more_than_memory_holds);
    tcase_add_test(tc, list__longest_chunk_by_every_way);
    tcase_add_loop_test(tc, list__totals_to_the_last_byte, 0, 10);
}

const topic_t topic_list = {"list", add_tests};
