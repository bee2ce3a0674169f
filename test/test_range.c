/* SPDX-License-Identifier: Apache-2.0 */

/* File ranges as chunks: bufv_append_file(). */

#include "journal.h"
#include "peer.h"
#include "scripted.h"

#define FILE_LEN 300000

static unsigned char *content;

/* An open file of the first `len` bytes of `content`, gone at its close. */
static apr_file_t *file_of(apr_size_t len)
{
    content = bytes_new(FILE_LEN, 39);
    return file_new(content, len, APR_FOPEN_SENDFILE_ENABLED);
}

/* header, a range of the file, trailer */
static bufv_t *list_around(apr_file_t *file, apr_off_t offset,
                           apr_uint64_t len)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "header", 6));
    assert_ok(bufv_append_file(v, file, offset, len));
    assert_ok(bufv_append(v, "trailer", 7));
    return v;
}

/* What list_around() writes. */
static unsigned char *flat_around(apr_size_t offset, apr_size_t len)
{
    unsigned char *flat = apr_palloc(pool, len + 13);

    memcpy(flat, "header", 6);
    memcpy(flat + 6, content + offset, len);
    memcpy(flat + 6 + len, "trailer", 7);
    return flat;
}

/* A transport to which ranges of any length are sent unread. */
static scripted_t *scripted_with_files(const bufv_t *v)
{
    scripted_t *s = scripted_new(pool);

    scripted_sends_files(s);
    s->list = v;
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, 0);
    return s;
}

/* A range is one chunk of its length; an empty one is none. */
START_TEST(range__is_a_chunk)
{
    apr_file_t *file = file_of(1000);
    bufv_t *v = list_new();

    assert_ok(bufv_append_file(v, file, 10, 0));
    ck_assert_uint_eq(bufv_count(v), 0);
    assert_ok(bufv_append_file(v, file, 10, 500));
    ck_assert_uint_eq(bufv_count(v), 1);
    ck_assert_uint_eq(bufv_length(v), 500);
    assert_ok(bufv_append(v, "x", 1));
    ck_assert_uint_eq(bufv_count(v), 2);
    ck_assert_uint_eq(bufv_length(v), 501);
    bufv_clear(v);
    ck_assert_uint_eq(bufv_length(v), 0);
}
END_TEST

/* No file, a negative offset, an end beyond 2^63 - 1, a total beyond 64
 * bits: refused, list unchanged. */
START_TEST(range__refused)
{
    apr_file_t *file = file_of(10);
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    const apr_uint64_t most = APR_UINT64_C(0x7fffffffffffffff);

    assert_is(bufv_append_file(v, NULL, 0, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(v, file, -1, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(v, file, 0, most + 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(v, file, 1, most), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(v, file, 0, APR_UINT64_MAX),
              APR_STATUS_IS_EINVAL);
    assert_chunks(v, (const char *const[]){"a", NULL});
    assert_ok(bufv_append_file(v, file, 1, most - 1));
    assert_ok(bufv_append_file(v, file, 0, most));
    assert_is(bufv_append_file(v, file, 0, most), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(v, file, 0, 3), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX - 1);
    ck_assert_uint_eq(bufv_count(v), 3);
    assert_is(bufv_append(v, "bc", 2), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(v, "bc", 2), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(v, "bc", 2), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(v, v), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_append(v, "b", 1));
    assert_ok(bufv_consume(v, APR_UINT64_MAX - 1));
    assert_text(v, "b");
}
END_TEST

/* Ranges of every place and size, through a transport without sendfile: the
 * file's bytes between header and trailer. */
START_TEST(range__is_read_and_written)
{
    static const apr_size_t at[][2] = {{0, 1},      {0, 1000},    {999, 1},
                                       {17, 5000},  {0, 65536},   {1, 65537},
                                       {5, 200000}, {0, FILE_LEN}};
    apr_file_t *file = file_of(FILE_LEN);
    bufv_t *v = list_around(file, (apr_off_t)at[_i][0], at[_i][1]);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat_around(at[_i][0], at[_i][1]), at[_i][1] + 13);
}
END_TEST

/* Through short writes, would-block and small limits, with and without
 * sendfile. */
START_TEST(range__in_pieces)
{
    static const apr_size_t takes[] = {1, 7, 100, 1000};
    static const apr_size_t most[] = {0, 1, 5, 64};
    apr_file_t *file = file_of(3000);
    apr_uint64_t written;
    size_t t, m;

    for (t = 0; t < COUNT(takes); t++) {
        for (m = 0; m < COUNT(most); m++) {
            bufv_t *v = list_around(file, 100, 1500);
            scripted_t *s = _i == 0 ? scripted_for(v) : scripted_with_files(v);

            scripted_limits(s, 2, most[m]);
            s->otherwise.take = takes[t];
            s->otherwise.status = t % 2 ? APR_EAGAIN : APR_SUCCESS;
            assert_ok(write_checked(v, s->w, &written));
            scripted_assert_got(s, flat_around(100, 1500), 1513);
        }
    }
}
END_TEST

/* Where the transport has sendfile, it is used: the file is not read by the
 * library, and the attempt is told to the hook. */
START_TEST(range__is_sent)
{
    apr_file_t *file = file_of(FILE_LEN);
    bufv_t *v = list_around(file, 1000, 100000);
    scripted_t *s = scripted_with_files(v);
    apr_uint64_t written;
    tally_t t;

    tally_watch(&t, s->w);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat_around(1000, 100000), 100013);
    ck_assert_uint_eq(s->files, 1);
    ck_assert_uint_eq(s->attempts, 3);
    ck_assert_uint_eq(s->attempt[1].asked, 100000);
    ck_assert_ptr_null(s->attempt[1].base);
    assert_tally_is_report(&t, s->w);
    ck_assert_uint_eq(t.written, 100013);
}
END_TEST

/* A sendfile that is not for this file: it is read instead. */
START_TEST(range__cannot_be_sent)
{
    apr_file_t *file = file_of(FILE_LEN);
    bufv_t *v = list_around(file, 1000, 100000);
    scripted_t *s = scripted_with_files(v);
    apr_uint64_t written;

    s->no_sendfile = 1;
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat_around(1000, 100000), 100013);
    ck_assert_uint_ge(s->files, 1);
}
END_TEST

/* A file that turns out shorter: APR_EOF after its last byte, with an exact
 * count and what is missing still in the list. */
START_TEST(range__file_is_shorter)
{
    apr_file_t *file = file_of(1000);
    bufv_t *v = list_around(file, 400, 1500);
    scripted_t *s = _i == 0 ? scripted_for(v) : scripted_with_files(v);
    apr_uint64_t written;

    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 606);
    ck_assert_uint_eq(bufv_length(v), 907);
    scripted_assert_got(s, flat_around(400, 600), 606);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(bufv_length(v), 907);
}
END_TEST

/* One that begins behind the end of the file. */
START_TEST(range__behind_the_end)
{
    apr_file_t *file = file_of(10);
    bufv_t *v = list_around(file, 10, 1);
    scripted_t *s = _i == 0 ? scripted_for(v) : scripted_with_files(v);
    apr_uint64_t written;

    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 6);
    ck_assert_uint_eq(bufv_length(v), 8);
}
END_TEST

/* An error in the middle of a range: the rest of it goes on later. */
START_TEST(range__error_and_resume)
{
    apr_file_t *file = file_of(3000);
    bufv_t *v = list_around(file, 0, 2000);
    scripted_t *s = _i == 0 ? scripted_for(v) : scripted_with_files(v);
    apr_uint64_t written;

    s->trip_armed = 1;
    s->trip_at = 777;
    s->trip.take = 0;
    s->trip.status = APR_ECONNRESET;
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    ck_assert_uint_eq(written, 777);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat_around(0, 2000), 2013);
}
END_TEST

/* Consumed, split, cloned and joined as other chunks, at every 97th byte. */
START_TEST(range__split_and_clone)
{
    apr_file_t *file = file_of(3000);
    unsigned char *flat;
    apr_uint64_t n, written;

    flat = flat_around(500, 1000);
    for (n = 0; n <= 1013; n += 97) {
        bufv_t *v = list_around(file, 500, 1000);
        bufv_t *head = list_new();
        bufv_t *copy = list_new();
        scripted_t *s = scripted_for(NULL);

        assert_ok(bufv_clone(copy, v));
        assert_ok(bufv_split(v, n, head));
        ck_assert_uint_eq(bufv_length(head), n);
        ck_assert_uint_eq(bufv_length(v), 1013 - n);
        assert_ok(write_checked(head, s->w, &written));
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, flat, 1013);
        scripted_forget(s);
        assert_ok(bufv_consume(copy, n));
        assert_ok(write_checked(copy, s->w, &written));
        scripted_assert_got(s, flat + n, (apr_size_t)(1013 - n));
    }
}
END_TEST

/* bufv_read() reads across chunks and ranges. */
START_TEST(range__read)
{
    apr_file_t *file = file_of(FILE_LEN);
    bufv_t *v = list_around(file, 3, 200000);
    unsigned char *flat = flat_around(3, 200000);
    unsigned char *got = apr_palloc(pool, 200013);
    apr_size_t done = 0, len = 0;

    while (bufv_length(v) > 0) {
        len = 777;
        if (len > 200013 - done)
            len = 200013 - done;
        assert_ok(bufv_read(v, got + done, &len));
        ck_assert_uint_gt(len, 0);
        done += len;
    }
    ck_assert_uint_eq(done, 200013);
    ck_assert_mem_eq(got, flat, 200013);
}
END_TEST

/* Reading a range whose file ends early: the bytes there are, then the
 * error. */
START_TEST(range__read_of_a_shorter_file)
{
    apr_file_t *file = file_of(10);
    bufv_t *v = list_new();
    char got[64];
    apr_size_t len = sizeof(got);

    assert_ok(bufv_append_file(v, file, 4, 20));
    assert_ok(bufv_read(v, got, &len));
    ck_assert_uint_eq(len, 6);
    ck_assert_mem_eq(got, content + 4, 6);
    ck_assert_uint_eq(bufv_length(v), 14);
    len = sizeof(got);
    ck_assert_int_ne(bufv_read(v, got, &len), APR_SUCCESS);
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_eq(bufv_length(v), 14);
}
END_TEST

/* Peek shows the beginning of a range and nothing behind it. */
START_TEST(range__peek)
{
    apr_file_t *file = file_of(5000);
    bufv_t *v = list_around(file, 100, 2000);
    struct iovec vec[4];
    apr_size_t nvec = 4;

    assert_ok(bufv_peek(v, vec, &nvec));
    ck_assert_uint_ge(nvec, 1);
    ck_assert_uint_le(nvec, 2);
    ck_assert_uint_eq(vec[0].iov_len, 6);
    ck_assert_mem_eq(vec[0].iov_base, "header", 6);
    assert_ok(bufv_consume(v, 16));
    nvec = 4;
    assert_ok(bufv_peek(v, vec, &nvec));
    ck_assert_uint_eq(nvec, 1);
    ck_assert_uint_ge(vec[0].iov_len, 1);
    ck_assert_uint_le(vec[0].iov_len, 1990);
    ck_assert_mem_eq(vec[0].iov_base, content + 110, vec[0].iov_len);
    ck_assert_uint_eq(bufv_length(v), 1997);
}
END_TEST

/* What there is of a file that became shorter is shown, be it one byte. */
START_TEST(range__peek_of_a_shorter_file)
{
    bufv_t *v = list_new();
    struct iovec vec[2];
    apr_size_t nvec = 2;

    assert_ok(bufv_append_file(v, file_of(1), 0, 5));
    assert_ok(bufv_peek(v, vec, &nvec));
    ck_assert_uint_eq(nvec, 1);
    ck_assert_uint_eq(vec[0].iov_len, 1);
    ck_assert_mem_eq(vec[0].iov_base, content, 1);
}
END_TEST

/* An empty owned chunk behind a range tells when the file may be closed. */
START_TEST(range__release_behind_it)
{
    apr_file_t *file = file_of(1000);
    journal_t *j = journal_new();
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(bufv_append_file(v, file, 0, 1000));
    assert_ok(journal_append(j, v, NULL, 0));
    s->trip_armed = 1;
    s->trip_at = 999;
    s->trip.take = 0;
    s->trip.status = APR_ECONNRESET;
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ECONNRESET);
    journal_assert(j, 0);
    assert_ok(write_checked(v, s->w, &written));
    journal_assert(j, 1);
}
END_TEST

/* A split at the range's end takes it along: it waits for the head. */
START_TEST(range__release_goes_with_the_head)
{
    apr_file_t *file = file_of(1000);
    journal_t *j = journal_new();
    bufv_t *v = list_new(), *head = list_new();

    assert_ok(bufv_append_file(v, file, 0, 1000));
    assert_ok(journal_append(j, v, NULL, 0));
    assert_ok(bufv_append(v, "x", 1));
    assert_ok(bufv_split(v, 1000, head));
    assert_ok(bufv_consume(v, 1));
    journal_assert(j, 0);
    assert_ok(bufv_consume(head, 1000));
    journal_assert(j, 1);
}
END_TEST

/* Among small chunks that are copied together, and other ranges. */
START_TEST(range__among_small_chunks)
{
    apr_file_t *file = file_of(3000);
    bufv_t *v = list_new();
    scripted_t *s = _i == 0 ? scripted_for(v) : scripted_with_files(v);
    unsigned char *want = apr_palloc(pool, 1000);
    apr_size_t at = 0;
    apr_uint64_t written;
    int i;

    for (i = 0; i < 20; i++) {
        assert_ok(bufv_append(v, "ab", 2));
        assert_ok(bufv_append(v, "c", 1));
        assert_ok(bufv_append_file(v, file, i * 31, (apr_uint64_t)i));
        assert_ok(bufv_append_file(v, file, i * 7, 3));
        memcpy(want + at, "abc", 3);
        memcpy(want + at + 3, content + i * 31, (size_t)i);
        memcpy(want + at + 3 + i, content + i * 7, 3);
        at += 6 + (apr_size_t)i;
    }
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, want, at);
}
END_TEST

/* One that is read shares an attempt with its neighbours. */
START_TEST(range__shares_an_attempt)
{
    bufv_t *v = list_around(file_of(1000), 0, 1000);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, 512);
    scripted_limits(s, 1024, 0);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, flat_around(0, 1000), 1013);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

/* Behind more small chunks than can be copied for one attempt: those leave in
 * one, the range in the next. */
START_TEST(range__behind_full_scratch_memory)
{
    enum { CHUNKS = 600, LEN = 1000 };
    const unsigned char *data = bytes_new(CHUNKS * (LEN + 1), 21);
    bufv_t *v = list_cut(data, CHUNKS, LEN, LEN + 1);
    scripted_t *s = scripted_for(v);
    unsigned char *want = apr_palloc(pool, CHUNKS * LEN + 500);
    apr_uint64_t written;
    int i;

    for (i = 0; i < CHUNKS; i++)
        memcpy(want + i * LEN, data + i * (LEN + 1), LEN);
    assert_ok(bufv_append_file(v, file_of(500), 0, 500));
    memcpy(want + CHUNKS * LEN, content, 500);
    bufv_writer_copy_below_set(s->w, LEN + 1);
    scripted_limits(s, 1024, 0);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 2);
    ck_assert_uint_eq(s->attempt[0].asked, CHUNKS * LEN);
    scripted_assert_got(s, want, CHUNKS * LEN + 500);
}
END_TEST

/* Longer than what can be read for one attempt: in order, none left out. */
START_TEST(range__longer_than_scratch_memory)
{
    enum { LEN = 700000 };
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_file_t *file = file_of(FILE_LEN);
    unsigned char *long_one = bytes_new(LEN, 26);
    apr_uint64_t written;

    assert_ok(apr_file_write_full(file, long_one, LEN, NULL));
    assert_ok(bufv_append(v, "header", 6));
    assert_ok(bufv_append_file(v, file, FILE_LEN, LEN));
    assert_ok(bufv_append(v, "trailer", 7));
    bufv_writer_copy_below_set(s->w, 512);
    scripted_limits(s, 1024, 0);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, LEN + 13);
    ck_assert_mem_eq(s->got, "header", 6);
    ck_assert_mem_eq(s->got + 6, long_one, LEN);
    ck_assert_mem_eq(s->got + 6 + LEN, "trailer", 7);
}
END_TEST

/* A message with a range in it is one message all the same. */
START_TEST(range__in_a_message)
{
    apr_file_t *file = file_of(3000);
    bufv_t *v = list_around(file, 50, 2000);
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    s->ops.message = 1;
    s->ops.max_vec = _i == 0 ? 1 : 16;
    s->ops.max_bytes = 65507;
    s->list = v;
    scripted_open(s);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    scripted_assert_got(s, flat_around(50, 2000), 2013);
}
END_TEST

/* Over TCP: header, file, trailer, twice the same list by a clone. */
START_TEST(range__over_tcp)
{
    apr_file_t *file = file_of(FILE_LEN);
    bufv_t *v = list_around(file, 0, FILE_LEN);
    bufv_t *copy = list_new();
    unsigned char *flat = flat_around(0, FILE_LEN);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;
    tally_t t;

    assert_ok(bufv_clone(copy, v));
    p->expect = flat;
    p->period = FILE_LEN + 13;
    peer_start(p);
    tally_watch(&t, w);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, FILE_LEN + 13);
    assert_tally_is_report(&t, w);
    assert_ok(write_checked(copy, w, &written));
    peer_finish(p);
    peer_assert_length(p, 2 * (FILE_LEN + 13));
}
END_TEST

/* Over TCP the count is exact too when the file is shorter. */
START_TEST(range__shorter_over_tcp)
{
    apr_file_t *file = file_of(1000);
    bufv_t *v = list_around(file, 0, 2000);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;

    peer_start(p);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 1006);
    peer_finish(p);
    peer_assert_got(p, flat_around(0, 1000), 1006);
}
END_TEST

START_TEST(range__ranges_that_cannot_be_read)
{
    bufv_t *v = list_new();
    struct iovec vec[2];
    apr_size_t n = 2;
    char data[20];

    assert_ok(bufv_append_file(v, file_text(""), 0, 5));
    assert_ok(bufv_append(v, "abc", 3));
    assert_is(bufv_peek(v, vec, &n), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(n, 0);
    n = sizeof(data);
    assert_is(bufv_read(v, data, &n), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(bufv_length(v), 8);
}
END_TEST

/* A small chunk in front of a range shares the only entry that there is; and
 * where scratch memory ends, the batch does. */
START_TEST(range__ranges_beside_small_chunks)
{
    unsigned char *data = bytes_new(606000, 4);
    bufv_t *v = list_cut(data, _i == 0 ? 1 : 6000, 100, 101);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(bufv_append_file(v, file_text("abcdef"), 0, 6));
    scripted_limits(s, _i == 0 ? 1 : 1024, 0);
    bufv_writer_copy_below_set(s->w, 512);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, _i == 0 ? 1 : 2);
    ck_assert_uint_eq(written, _i == 0 ? 106 : 600006);
    ck_assert_mem_eq(s->got, data, 100);
    ck_assert_mem_eq(s->got + written - 6, "abcdef", 6);
    scripted_assert_kept(s);
}
END_TEST

/* A split behind whole ranges, and between them, of a list of which some left
 * before. */
START_TEST(range__split_at_ranges)
{
    apr_file_t *file = file_text("abcdefghij");
    apr_uint64_t n;
    char data[32];

    for (n = 0; n <= 18; n++) {
        bufv_t *v = list_new(), *head = list_new();
        apr_size_t len = sizeof(data), rest = sizeof(data);

        assert_ok(bufv_append(v, "gone", 4));
        assert_ok(bufv_append_file(v, file, 0, 4));
        assert_ok(bufv_append(v, "XY", 2));
        assert_ok(bufv_append_file(v, file, 4, 3));
        assert_ok(bufv_append_file(v, file, 0, 7));
        assert_ok(bufv_append(v, "ZZ", 2));
        assert_ok(bufv_consume(v, 4));
        assert_ok(bufv_split(v, n, head));
        ck_assert_uint_eq(bufv_length(head), n);
        ck_assert_uint_eq(bufv_length(v), 18 - n);
        ck_assert_int_eq(bufv_read(head, data, &len),
                         n > 0 ? APR_SUCCESS : APR_EOF);
        ck_assert_uint_eq(len, n);
        ck_assert_int_eq(bufv_read(v, data + len, &rest),
                         n < 18 ? APR_SUCCESS : APR_EOF);
        ck_assert_uint_eq(rest, 18 - n);
        ck_assert_mem_eq(data, "abcdXYefgabcdefgZZ", 18);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, range__is_a_chunk);
    tcase_add_test(tc, range__refused);
    tcase_add_loop_test(tc, range__is_read_and_written, 0, 8);
    tcase_add_loop_test(tc, range__in_pieces, 0, 2);
    tcase_add_test(tc, range__is_sent);
    tcase_add_test(tc, range__cannot_be_sent);
    tcase_add_loop_test(tc, range__file_is_shorter, 0, 2);
    tcase_add_loop_test(tc, range__behind_the_end, 0, 2);
    tcase_add_loop_test(tc, range__error_and_resume, 0, 2);
    tcase_add_test(tc, range__split_and_clone);
    tcase_add_test(tc, range__read);
    tcase_add_test(tc, range__read_of_a_shorter_file);
    tcase_add_test(tc, range__peek);
    tcase_add_test(tc, range__peek_of_a_shorter_file);
    tcase_add_test(tc, range__release_behind_it);
    tcase_add_test(tc, range__release_goes_with_the_head);
    tcase_add_loop_test(tc, range__among_small_chunks, 0, 2);
    tcase_add_test(tc, range__shares_an_attempt);
    tcase_add_test(tc, range__longer_than_scratch_memory);
    tcase_add_test(tc, range__behind_full_scratch_memory);
    tcase_add_loop_test(tc, range__in_a_message, 0, 2);
    tcase_add_test(tc, range__over_tcp);
    tcase_add_test(tc, range__shorter_over_tcp);
    tcase_add_test(tc, range__ranges_that_cannot_be_read);
    tcase_add_loop_test(tc, range__ranges_beside_small_chunks, 0, 2);
    tcase_add_test(tc, range__split_at_ranges);
}

const topic_t topic_range = {"range", add_tests};
