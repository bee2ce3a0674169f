/* SPDX-License-Identifier: Apache-2.0 */

/* Copying small chunks together: what it must and must not change
 * (promises 10, 21, 22). */

#include "journal.h"
#include "scripted.h"

#include <string.h>

#define SCRATCH_MOST (512 * 1024) /* "blocks of 512 KiB" */

static const apr_size_t belows[] = {0,   1,   2,     17,
                                    100, 512, 65536, (apr_size_t)-1};

/* Sizes that mix small and large; no two chunks touch. */
static bufv_t *mixed_list(const unsigned char *data, apr_size_t n,
                          apr_size_t *total)
{
    static const apr_size_t sizes[] = {1,  600,  3, 3, 3,  511, 512, 513,
                                       16, 2000, 1, 1, 99, 100, 101};
    bufv_t *v = list_new();
    apr_size_t i, at = 0;

    *total = 0;
    for (i = 0; i < n; i++) {
        apr_size_t len = sizes[i % COUNT(sizes)];

        assert_ok(bufv_append(v, data + at, len));
        at += len + 1;
        *total += len;
    }
    return v;
}

/* The bytes of mixed_list() in one piece. */
static unsigned char *flat_of(bufv_t *v, apr_size_t total)
{
    unsigned char *flat = apr_palloc(pool, total + 1);
    bufv_t *copy = list_new();
    apr_size_t done = 0;
    apr_size_t len;

    assert_ok(bufv_clone(copy, v));
    while (done < total) {
        len = total - done;
        assert_ok(bufv_read(copy, flat + done, &len));
        done += len;
    }
    return flat;
}

/* For each size: the same bytes on the wire, never more attempts than
 * ceil(n / max_vec), and scratch within bounds. */
START_TEST(copying__same_bytes_not_more_attempts)
{
    const unsigned char *data = bytes_new(2000000, 13);
    apr_size_t total;
    bufv_t *v = mixed_list(data, 3000, &total);
    const unsigned char *flat = flat_of(v, total);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;
    apr_size_t i;

    bufv_writer_copy_below_set(s->w, belows[_i]);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat, total);
    ck_assert_uint_le(s->attempts, attempts_for(3000, s->max_vec));
    if (belows[_i] <= 1)
        ck_assert_uint_eq(s->attempts, attempts_for(3000, s->max_vec));
    assert_tally_is_report(&t, s->w);
    ck_assert_uint_le(t.copied, total);
    if (belows[_i] == 0)
        ck_assert_uint_eq(t.copied, 0);
    for (i = 0; i < s->attempts && i < SCRIPTED_RECORDS; i++)
        ck_assert_uint_gt(s->attempt[i].asked, 0);
}
END_TEST

/* And the same bytes through short writes of odd lengths. */
START_TEST(copying__same_bytes_in_short_writes)
{
    const unsigned char *data = bytes_new(100000, 14);
    apr_size_t total;
    bufv_t *v = mixed_list(data, 150, &total);
    const unsigned char *flat = flat_of(v, total);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, belows[_i]);
    s->otherwise.take = 37;
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat, total);
}
END_TEST

/* The scratch runs out before max_vec chunks have been taken: the rest goes
 * by reference, in the same attempt. */
START_TEST(copying__scratch_full)
{
    const unsigned char *data = bytes_new(1024 * 2048, 15);
    bufv_t *v = list_cut(data, 1024, 2047, 2048);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;

    bufv_writer_copy_below_set(s->w, 2048);
    scripted_limits(s, 1024, 0);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(written, 1024 * 2047);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_le(t.copied, SCRATCH_MOST);
    ck_assert_uint_gt(t.copied, SCRATCH_MOST - 2048);
}
END_TEST

/* It runs out where a large chunk stands between: no entry is empty, and no
 * more is copied than there is memory for. */
START_TEST(copying__scratch_full_behind_a_large_one)
{
    enum { LEN = 1000, FIRST = SCRATCH_MOST / LEN, THEN = 300 };
    const unsigned char *data = bytes_new((FIRST + THEN) * (LEN + 1), 22);
    bufv_t *v = list_cut(data, FIRST, LEN, LEN + 1);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;
    int i;

    assert_ok(bufv_append(v, data, 2 * LEN));
    for (i = FIRST; i < FIRST + THEN; i++)
        assert_ok(bufv_append(v, data + i * (LEN + 1), LEN));
    bufv_writer_copy_below_set(s->w, LEN + 1);
    scripted_limits(s, 1024, 0);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(t.copied, FIRST * LEN);
}
END_TEST

/* A large one, and two that are small: these two are one entry. */
START_TEST(copying__the_last_two)
{
    const unsigned char *data = bytes_new(1100, 23);
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(bufv_append(v, data, 1000));
    assert_ok(bufv_append(v, data + 1001, 10));
    assert_ok(bufv_append(v, data + 1012, 20));
    bufv_writer_copy_below_set(s->w, 100);
    scripted_limits(s, 1024, 0);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->attempt[0].nvec, 2);
    ck_assert_uint_eq(report_of(s->w).copied, 30);
}
END_TEST

/* What an earlier fill left behind the last chunk does not count, be it
 * adjacent. */
START_TEST(copying__nothing_behind_the_last)
{
    const unsigned char *data = bytes_new(900, 24);
    bufv_t *v = list_cut(data, 3, 300, 300);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    int n;

    bufv_writer_copy_below_set(s->w, 350);
    scripted_limits(s, 1024, 0);
    for (n = 2; n > 0; n--) {
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, data, 300 * ((apr_size_t)n + 1));
        scripted_forget(s);
        assert_ok(bufv_append(v, data, 300));
        if (n == 2)
            assert_ok(bufv_append(v, data + 300, 300));
    }
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, data, 300);
}
END_TEST

/* A chunk that is an attempt by itself is not copied, though it is small. */
START_TEST(copying__what_fills_an_attempt_alone)
{
    const unsigned char *data = bytes_new(1000, 25);
    bufv_t *v = list_cut(data, 9, 100, 101);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, 512);
    scripted_limits(s, 1024, 100);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 9);
    ck_assert_uint_eq(report_of(s->w).copied, 0);
}
END_TEST

/* One call of each mix of small and large over few entries: still bounded. */
START_TEST(copying__few_entries)
{
    const unsigned char *data = bytes_new(100000, 16);
    apr_size_t max_vec, total;
    apr_uint64_t written;

    for (max_vec = 1; max_vec <= 9; max_vec++) {
        bufv_t *v = mixed_list(data, 120, &total);
        const unsigned char *flat = flat_of(v, total);
        scripted_t *s = scripted_for(v);

        bufv_writer_copy_below_set(s->w, 512);
        scripted_limits(s, max_vec, 0);
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, flat, total);
        ck_assert_uint_le(s->attempts, attempts_for(120, max_vec));
    }
}
END_TEST

/* Neighbours below the size are one entry, a lone small one and large ones
 * go by reference; the hook is told how many bytes were copied. */
START_TEST(copying__which_are_copied)
{
    const unsigned char *data = bytes_new(5000, 17);
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    tally_t t;

    assert_ok(bufv_append(v, data, 1000));
    assert_ok(bufv_append(v, data + 1001, 10));
    assert_ok(bufv_append(v, data + 1012, 20));
    assert_ok(bufv_append(v, data + 1033, 99));
    assert_ok(bufv_append(v, data + 1200, 100));
    assert_ok(bufv_append(v, data + 1400, 5));
    bufv_writer_copy_below_set(s->w, 100);
    scripted_limits(s, 1024, 0);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->attempt[0].nvec, 4);
    ck_assert_ptr_eq(s->attempt[0].base, data);
    ck_assert_uint_eq(s->attempt[0].base_len, 1000);
    ck_assert_uint_eq(t.copied, 129);
    ck_assert_uint_eq(t.written, 1234);
    ck_assert_uint_eq(report_of(s->w).copied, 129);
    ck_assert_uint_eq(stats_of(s->w).copied, 129);
}
END_TEST

/* A list of one chunk is never copied, however small. */
START_TEST(copying__one_chunk_never)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    const char *byte = "x";
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, 65536);
    assert_ok(bufv_append(v, byte, 1));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_ptr_eq(s->attempt[0].base, byte);
    ck_assert_uint_eq(report_of(s->w).copied, 0);
}
END_TEST

/* Switched off, each chunk is one entry, adjacent ones too. */
START_TEST(copying__off_keeps_chunks)
{
    const unsigned char *data = bytes_new(100, 18);
    bufv_t *v = list_cut(data, 10, 10, 10);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, 0);
    scripted_limits(s, 1024, 0);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempt[0].nvec, 10);
    ck_assert_ptr_eq(s->attempt[0].base, data);
    ck_assert_uint_eq(report_of(s->w).copied, 0);
}
END_TEST

/* Where nothing is too large to be copied, an attempt of one entry is filled
 * with the beginning of a chunk that is longer than all scratch memory; but
 * only if the attempt is not longer than that as well. */
START_TEST(copying__longer_than_scratch_memory)
{
    static const apr_size_t bytes[] = {100000, 2 * SCRATCH_MOST};
    const unsigned char *data = bytes_new(300 + 2 * SCRATCH_MOST, 20);
    bufv_t *v = list_new();
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.max_vec = 1;
    s->list = v;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, (apr_size_t)-1);
    scripted_limits(s, 1, bytes[_i]);
    assert_ok(bufv_append(v, data + 2 * SCRATCH_MOST, 300));
    assert_ok(bufv_append(v, data, SCRATCH_MOST + 1));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(written, 300 + SCRATCH_MOST + 1);
    ck_assert_uint_eq(s->attempt[0].asked, _i == 0 ? 100000 : 300);
    ck_assert_uint_eq(s->attempts, _i == 0 ? 6 : 2);
    ck_assert_mem_eq(s->got + 300, data, SCRATCH_MOST + 1);
}
END_TEST

/* Adjacent chunks may be one entry, copied or not, but never one that reads
 * between chunks that only look adjacent: backwards, overlapping, repeated. */
START_TEST(copying__adjacent_or_not)
{
    static const char data[] = "0123456789";
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, belows[_i]);
    assert_ok(bufv_append(v, data, 3));
    assert_ok(bufv_append(v, data + 3, 3));
    assert_ok(bufv_append(v, data, 3));
    assert_ok(bufv_append(v, data + 2, 3));
    assert_ok(bufv_append(v, data + 9, 1));
    assert_ok(bufv_append(v, data + 8, 1));
    assert_ok(bufv_append(v, data + 9, 1));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "012345012234989", 15);
}
END_TEST

/* A transport of one entry gets it filled: a thousand small chunks are one
 * attempt. */
START_TEST(copying__one_entry_is_filled)
{
    const unsigned char *data = bytes_new(11000, 19);
    bufv_t *v = list_cut(data, 1000, 10, 11);
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;
    tally_t t;

    s->ops.max_vec = 1;
    s->list = v;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, 512);
    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(written, 10000);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(t.copied, 10000);
}
END_TEST

/* copy_below begins with that of the ops. */
START_TEST(copying__default_of_the_ops)
{
    bufv_t *v = list_of((const char *const[]){"abc", "de", "f", NULL});
    scripted_t *s = scripted_new(pool);
    bufv_writer_t *w;
    apr_uint64_t written;

    s->ops.copy_below = _i == 0 ? 0 : 512;
    s->list = v;
    scripted_open(s);
    assert_ok(bufv_writer_create(&w, &s->ops, s, pool));
    s->max_vec = s->ops.max_vec;
    assert_ok(write_checked(v, w, &written));
    scripted_assert_got(s, "abcdef", 6);
    ck_assert_uint_eq(s->attempt[0].nvec, _i == 0 ? 3 : 1);
}
END_TEST

/* Release order and time do not change when chunks leave as copies. */
START_TEST(copying__release_order)
{
    static const scripted_step_t steps[] = {{5, APR_ECONNRESET, 0}};
    journal_t *j = journal_new();
    bufv_t *v = journal_list(
        j, (const char *const[]){"ab", "cd", "", "ef", "gh", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, 512);
    scripted_limits(s, 8, 0);
    scripted_play(s, steps, 1);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    journal_assert(j, 3);
    assert_ok(write_checked(v, s->w, &written));
    journal_assert(j, 5);
    scripted_assert_got(s, "abcdefgh", 8);
}
END_TEST

/* A small rest of a large chunk, and a large one's rest below the size, may
 * be copied or not; limits hold with a scratch that max_bytes cuts. */
START_TEST(copying__under_max_bytes)
{
    const unsigned char *data = bytes_new(3000, 20);
    apr_size_t limit;
    apr_uint64_t written;

    for (limit = 1; limit < 70; limit++) {
        apr_size_t total;
        bufv_t *v = mixed_list(data, 5, &total);
        const unsigned char *flat = flat_of(v, total);
        scripted_t *s = scripted_for(v);

        bufv_writer_copy_below_set(s->w, 512);
        scripted_limits(s, 4, limit);
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, flat, total);
    }
}
END_TEST

/* ---- more than one at a time */

#define ROW 3000 /* chunks, too many bytes for the stack */
#define DEEP 40  /* more attempts at once than there are blocks to lend */

typedef struct nest_t {
    const unsigned char *data;
    int depth;
    apr_uint64_t copied;
    apr_size_t most_vec;
    int wrong;
} nest_t;

typedef struct level_t {
    nest_t *n;
    apr_uint64_t at; /* bytes of this list that were taken */
} level_t;

static void nest(nest_t *n);

/* Looks at what it is given after another write was made in the middle. */
static apr_status_t write_another(void *baton, const struct iovec *vec,
                                  apr_size_t nvec, int more,
                                  apr_size_t *written)
{
    level_t *level = baton;
    nest_t *n = level->n;
    apr_size_t i;

    (void)more;
    if (n->depth > 0) {
        n->depth--;
        nest(n);
    }
    n->most_vec = nvec > n->most_vec ? nvec : n->most_vec;
    for (i = 0, *written = 0; i < nvec; *written += vec[i++].iov_len) {
        const unsigned char *base = vec[i].iov_base;

        n->wrong += base[0] != n->data[(level->at + *written) / 20 * 40];
    }
    level->at += *written;
    return APR_SUCCESS;
}

static void nest(nest_t *n)
{
    static const bufv_ops_t ops = {.size = sizeof(ops),
                                   .name = "nest",
                                   .max_vec = 1024,
                                   .max_bytes = 1 << 20,
                                   .copy_below = 512,
                                   .writev = write_another};
    bufv_t *v = list_cut(n->data, ROW, 20, 40);
    level_t level = {n, 0};
    apr_uint64_t written;
    bufv_writer_t *w;

    assert_ok(bufv_writer_create(&w, &ops, &level, pool));
    assert_ok(bufv_write(v, w, &written));
    ck_assert_uint_eq(written, ROW * 20);
    n->copied += report_of(w).copied;
}

/* A transport may itself write lists. The last ones find no block any more,
 * and copy what the stack has room for. All blocks come back. */
START_TEST(copying__one_inside_another)
{
    const unsigned char *data = bytes_new(ROW * 40, 31);
    apr_uint64_t before = 0;
    int i;

    for (i = 0; i < 2; i++) {
        nest_t n = {0};

        n.data = data;
        n.depth = DEEP;
        nest(&n);
        ck_assert_int_eq(n.depth, 0);
        ck_assert_int_eq(n.wrong, 0);
        ck_assert_uint_gt(n.copied, 30 * ROW * 20);
        ck_assert_uint_lt(n.copied, DEEP * ROW * 20);
        ck_assert_uint_gt(n.most_vec, 1);
        ck_assert(i == 0 || n.copied == before);
        before = n.copied;
    }
}
END_TEST

typedef struct rows_t {
    const unsigned char *data;
    scripted_t *s;
    bufv_t *v;
    int wrong;
} rows_t;

/* Only counts what is wrong: check is for one thread. */
static void *APR_THREAD_FUNC write_rows(apr_thread_t *thread, void *data)
{
    rows_t *r = data;
    int i, k;

    (void)thread;
    for (i = 0; i < 100; i++) {
        for (k = 0; k < ROW; k++)
            r->wrong += bufv_append(r->v, r->data + 40 * k, 20) != APR_SUCCESS;
        r->s->got_len = 0;
        r->wrong += bufv_write(r->v, r->s->w, NULL) != APR_SUCCESS;
        for (k = 0; k < ROW; k++)
            r->wrong += memcmp(r->s->got + 20 * k, r->data + 40 * k, 20) != 0;
    }
    return NULL;
}

static void rows_open(rows_t *r, unsigned int seed)
{
    r->data = bytes_new(ROW * 40, seed);
    r->v = list_new();
    r->s = scripted_for(r->v);
    bufv_writer_copy_below_set(r->s->w, 512);
    r->wrong = 0;
}

/* Threads that copy at the same time get memory of their own. */
START_TEST(copying__by_several_threads)
{
    rows_t rows[4];
    apr_thread_t *thread[4];
    int i;

    for (i = 0; i < 4; i++)
        rows_open(&rows[i], 40U + (unsigned int)i);
    for (i = 0; i < 4; i++)
        assert_ok(
            apr_thread_create(&thread[i], NULL, write_rows, &rows[i], pool));
    for (i = 0; i < 4; i++)
        thread_join(thread[i]);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(rows[i].wrong, 0);
}
END_TEST

/* A transport that takes more entries than a batch that copies has. */
static scripted_t *open_for_many(bufv_t *v)
{
    scripted_t *s = scripted_new(pool);

    s->ops.max_vec = 5000;
    s->list = v;
    scripted_open(s);
    scripted_limits(s, 0, 0);
    bufv_writer_copy_below_set(s->w, 100);
    return s;
}

/* More entries than a batch that copies has are still one attempt of a
 * transport that takes so many. */
START_TEST(copying__more_entries_than_copying_has)
{
    unsigned char *data = bytes_new(3000 * 200, 3);
    bufv_t *v = list_new();
    scripted_t *s = open_for_many(v);
    apr_uint64_t written;
    apr_size_t i;

    for (i = 0; i < 3000; i++)
        assert_ok(bufv_append(v, data + i * 200, i % 3 < 2 ? 10 : 150));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->attempt[0].nvec, 3000);
    scripted_assert_kept(s);
}
END_TEST

/* As many entries as copying has, and not a chunk behind them. */
START_TEST(copying__as_many_entries_as_copying_has)
{
    unsigned char *data = bytes_new(1025 * 200, 3);
    bufv_t *v = list_new();
    scripted_t *s = open_for_many(v);
    apr_uint64_t written;
    apr_size_t i;

    for (i = 0; i < 1025; i++)
        assert_ok(bufv_append(v, data + i * 200, i < 2 ? 10 : 150));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->attempt[0].nvec, 1024);
    ck_assert_uint_eq(report_of(s->w).copied, 20);
    scripted_assert_kept(s);
}
END_TEST

/* Where more chunks go by reference than there is room for in a copy of the
 * vector, none is cut: the attempt ends before it. */
START_TEST(copying__off_and_no_room_to_cut)
{
    unsigned char *data = bytes_new(2000 * 3, 4);
    bufv_t *v = list_cut(data, 2000, 3, 3);
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.max_vec = 5000;
    s->list = v;
    scripted_open(s);
    scripted_limits(s, 0, 4000);
    bufv_writer_copy_below_set(s->w, 0);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 2);
    ck_assert_uint_eq(s->attempt[0].nvec, 1333);
    ck_assert_uint_eq(s->attempt[0].asked, 3999);
    ck_assert_ptr_eq(s->attempt[0].base, data);
    scripted_assert_got(s, data, 6000);
}
END_TEST

/* A thousand chunks, more than a stack is good for, copied together; returns
 * where to. */
static const void *copied_to(scripted_t *s, const unsigned char *data)
{
    bufv_t *v = list_new();
    apr_size_t i;

    for (i = 0; i < 1000; i++)
        assert_ok(bufv_append(v, data + 40 * i, 20));
    assert_ok(bufv_write(v, s->w, NULL));
    return s->attempt[s->attempts - 1].base;
}

static struct {
    const unsigned char *data;
    scripted_t *s;
    apr_status_t (*writev)(void *baton, const struct iovec *vec,
                           apr_size_t nvec, int more, apr_size_t *written);
    const void *to;
} inner; /* of the next test */

static apr_status_t write_inner(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    inner.to = copied_to(inner.s, inner.data);
    return inner.writev(baton, vec, nvec, more, written);
}

/* Two writers at the same time have memory of their own each, and the one that
 * came second has the same later, when all is free: who writes in another
 * thread finds it in its cache. */
START_TEST(copying__a_writer_has_the_same_memory)
{
    scripted_t *s = scripted_new(pool);
    const void *to;

    inner.data = bytes_new(40000, 52);
    inner.s = scripted_new(pool);
    scripted_open(inner.s);
    bufv_writer_copy_below_set(inner.s->w, 512);
    inner.writev = s->ops.writev;
    s->ops.writev = write_inner;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, 512);
    to = copied_to(s, inner.data);
    ck_assert_ptr_ne(inner.to, to);
    ck_assert_ptr_eq(copied_to(inner.s, inner.data), inner.to);
}
END_TEST

static void add_tests(TCase *tc)
{
    int n = (int)COUNT(belows);

    tcase_add_loop_test(tc, copying__same_bytes_not_more_attempts, 0, n);
    tcase_add_loop_test(tc, copying__same_bytes_in_short_writes, 0, n);
    tcase_add_test(tc, copying__a_writer_has_the_same_memory);
    tcase_add_test(tc, copying__scratch_full);
    tcase_add_test(tc, copying__scratch_full_behind_a_large_one);
    tcase_add_test(tc, copying__the_last_two);
    tcase_add_test(tc, copying__nothing_behind_the_last);
    tcase_add_test(tc, copying__what_fills_an_attempt_alone);
    tcase_add_test(tc, copying__few_entries);
    tcase_add_test(tc, copying__which_are_copied);
    tcase_add_test(tc, copying__one_chunk_never);
    tcase_add_test(tc, copying__off_keeps_chunks);
    tcase_add_loop_test(tc, copying__longer_than_scratch_memory, 0, 2);
    tcase_add_loop_test(tc, copying__adjacent_or_not, 0, n);
    tcase_add_test(tc, copying__one_entry_is_filled);
    tcase_add_loop_test(tc, copying__default_of_the_ops, 0, 2);
    tcase_add_test(tc, copying__release_order);
    tcase_add_test(tc, copying__under_max_bytes);
    tcase_add_test(tc, copying__one_inside_another);
    tcase_add_test(tc, copying__by_several_threads);
    tcase_add_test(tc, copying__more_entries_than_copying_has);
    tcase_add_test(tc, copying__as_many_entries_as_copying_has);
    tcase_add_test(tc, copying__off_and_no_room_to_cut);
}

const topic_t topic_copying = {"copying", add_tests};
