/* SPDX-License-Identifier: Apache-2.0 */

/* Which ranges of files are sent unread: those of files that were opened for
 * it, from bufv_writer_sendfile_from_set() on; all others are read, and leave
 * together with their neighbours (promise 5). */

#include "peer.h"
#include "scripted.h"

#define DEFAULT_FROM ((apr_size_t)16 * 1024)
#define ALL_READ (~APR_UINT64_C(0))
#define LEN ((apr_size_t)100000)

/* A transport that sends files. */
static scripted_t *sender(apr_uint64_t from)
{
    scripted_t *s = scripted_new(pool);

    scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, from);
    return s;
}

static apr_file_t *file_of(const unsigned char *data, int enabled)
{
    return file_new(data, LEN, enabled ? APR_FOPEN_SENDFILE_ENABLED : 0);
}

static bufv_t *list_of_range(apr_file_t *file, apr_uint64_t len)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append_file(v, file, 0, len));
    return v;
}

/* ---- which */

static const struct {
    apr_uint64_t from, len;
    int enabled, unread;
} lengths[] = {
    {4096, 4095, 1, 0},
    {4096, 4096, 1, 1},
    {4096, 4097, 1, 1},
    {4096, 50000, 1, 1},
    {0, 1, 1, 1},
    {0, 50000, 1, 1},
    {1, 1, 1, 1},
    {2, 1, 1, 0},
    {ALL_READ, 1, 1, 0},
    {ALL_READ, LEN, 1, 0},
    {LEN, LEN, 1, 1},
    {LEN + 1, LEN, 1, 0},
    {ALL_READ - 1, LEN, 1, 0},
    {0, 1, 0, 0},
    {0, LEN, 0, 0},
    {4096, 50000, 0, 0},
    {ALL_READ, LEN, 0, 0},
};

/* By its length, and by how its file was opened. */
START_TEST(unread__from_a_length_on)
{
    const unsigned char *data = bytes_new(LEN, 130);
    bufv_t *v =
        list_of_range(file_of(data, lengths[_i].enabled), lengths[_i].len);
    scripted_t *s = sender(lengths[_i].from);
    tally_t t;

    tally_watch(&t, s->w);
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_int_eq((int)s->files, lengths[_i].unread);
    ck_assert_uint_eq(t.copied, lengths[_i].unread ? 0 : lengths[_i].len);
    ck_assert_str_eq(t.last.op, lengths[_i].unread ? "sendfile" : "scripted");
    scripted_assert_got(s, data, (apr_size_t)lengths[_i].len);
}
END_TEST

/* What a writer begins with. */
START_TEST(unread__by_default)
{
    const unsigned char *data = bytes_new(LEN, 131);
    apr_file_t *file = file_of(data, 1);
    scripted_t *s = scripted_new(pool);

    scripted_sends_files(s);
    scripted_open(s);
    assert_ok(bufv_write(list_of_range(file, DEFAULT_FROM - 1), s->w, NULL));
    ck_assert_uint_eq(s->files, 0);
    assert_ok(bufv_write(list_of_range(file, DEFAULT_FROM), s->w, NULL));
    ck_assert_uint_eq(s->files, 1);
    bufv_writer_sendfile_from_set(NULL, 0); /* nothing happens */
}
END_TEST

/* It is asked of what is left of a range: the rest of one that left in part
 * unread is read when it has become short. */
START_TEST(unread__rest_of_a_range)
{
    static const scripted_step_t steps[] = {
        {2000, APR_SUCCESS, 0}, {3000, APR_EAGAIN, 0}, {100, APR_SUCCESS, 0}};
    const unsigned char *data = bytes_new(LEN, 132);
    bufv_t *v = list_of_range(file_of(data, 1), 10000);
    scripted_t *s = sender(5000);
    apr_size_t i;

    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_write(v, s->w, NULL));
    /* 10,000 and 8,000 and 5,000 are left: unread; 4,900: read */
    ck_assert_uint_eq(s->files, 3);
    for (i = 0; i < s->attempts; i++)
        ck_assert_int_eq(s->attempt[i].base != NULL, i >= 3);
    scripted_assert_got(s, data, 10000);
}
END_TEST

/* The limits of an attempt cut a range; a budget too: that is no reason to
 * read what is long enough. */
START_TEST(unread__in_parts)
{
    const unsigned char *data = bytes_new(LEN, 133);
    bufv_t *v = list_of_range(file_of(data, 1), 50000);
    scripted_t *s = sender(5000);
    bufv_terms_t terms = terms_of(0, 0, 4000);

    scripted_limits(s, 0, 1000);
    assert_is(bufv_write_with(v, s->w, &terms, NULL),
              APR_STATUS_IS_INCOMPLETE);
    ck_assert_uint_eq(s->files, 4);
    assert_ok(bufv_write(v, s->w, NULL));
    /* 50 parts; the last four are of a rest below 5000 */
    ck_assert_uint_eq(s->attempts, 50);
    ck_assert_uint_eq(s->files, 46);
    scripted_assert_got(s, data, 50000);
}
END_TEST

/* ---- the same file in several lists */

/* A clone is as its original. */
START_TEST(unread__clone)
{
    const unsigned char *data = bytes_new(LEN, 134);
    bufv_t *v = list_of_range(file_of(data, _i), 20000), *copy = list_new();
    scripted_t *s = sender(5000);

    assert_ok(bufv_consume(v, 8000));
    assert_ok(bufv_clone(copy, v));
    assert_ok(bufv_write(copy, s->w, NULL));
    ck_assert_int_eq((int)s->files, _i);
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_int_eq((int)s->files, 2 * _i);
    ck_assert_uint_eq(s->got_len, 24000);
    ck_assert_mem_eq(s->got, data + 8000, 12000);
    ck_assert_mem_eq(s->got + 12000, data + 8000, 12000);
}
END_TEST

static const struct {
    apr_uint64_t cut;
    apr_size_t head, tail; /* times sendfile is asked */
} cuts[] = {{4999, 0, 1},  {5000, 1, 1}, {15000, 1, 1},
            {15001, 1, 0}, {1, 0, 1},    {19999, 1, 0}};

/* A split makes two ranges, each judged by its own length. */
START_TEST(unread__split)
{
    const unsigned char *data = bytes_new(LEN, 135);
    bufv_t *v = list_of_range(file_of(data, 1), 20000), *head = list_new();
    scripted_t *s = sender(5000);

    assert_ok(bufv_split(v, cuts[_i].cut, head));
    assert_ok(bufv_write(head, s->w, NULL));
    ck_assert_uint_eq(s->files, cuts[_i].head);
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->files, cuts[_i].head + cuts[_i].tail);
    scripted_assert_got(s, data, 20000);
}
END_TEST

/* ---- with neighbours */

/* A header, short ranges and a trailer leave in one attempt. */
START_TEST(unread__short_ones_leave_together)
{
    const unsigned char *data = bytes_new(LEN, 136);
    apr_file_t *file = file_of(data, 1);
    bufv_t *v = list_of((const char *const[]){"header", NULL});
    scripted_t *s = sender(DEFAULT_FROM);

    if (_i == 0)
        s->max_vec = 1024;
    else
        scripted_limits(s, 1, 0);
    s->list = v;
    bufv_writer_copy_below_set(s->w, 512);
    assert_ok(bufv_append_file(v, file, 0, 1000));
    assert_ok(bufv_append(v, "between", 7));
    assert_ok(bufv_append_file(v, file, 1000, 2000));
    assert_ok(bufv_append(v, "trailer", 7));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->files, 0);
    ck_assert_uint_eq(s->got_len, 3020);
    ck_assert_mem_eq(s->got, "header", 6);
    ck_assert_mem_eq(s->got + 6, data, 1000);
    ck_assert_mem_eq(s->got + 1006, "between", 7);
    ck_assert_mem_eq(s->got + 1013, data + 1000, 2000);
    ck_assert_mem_eq(s->got + 3013, "trailer", 7);
    scripted_assert_kept(s);
}
END_TEST

/* The same over TCP, on every back end. */
START_TEST(unread__short_one_leaves_with_its_header)
{
    const unsigned char *data = bytes_new(LEN, 137);
    bufv_t *v = list_of((const char *const[]){"header", NULL});
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);

    assert_ok(bufv_append_file(v, file_of(data, 1), 0, DEFAULT_FROM - 1));
    peer_start(p);
    assert_ok(bufv_write(v, w, NULL));
    ck_assert_uint_eq(report_of(w).calls, 1);
    peer_finish(p);
    peer_assert_length(p, 6 + DEFAULT_FROM - 1);
    ck_assert_mem_eq(p->got + 6, data, DEFAULT_FROM - 1);
}
END_TEST

static int more_before_file;
static bufv_ops_t behind;

static apr_status_t note_more(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    more_before_file = more;
    return behind.writev(baton, vec, nvec, more, written);
}

/* A transport is told of a file that comes unread, and only then. */
START_TEST(unread__is_announced)
{
    const unsigned char *data = bytes_new(LEN, 138);
    bufv_t *v = list_of((const char *const[]){"header", NULL});
    scripted_t *s = scripted_new(pool);
    bufv_terms_t terms = terms_of(0, 0, 6);

    behind = s->ops;
    s->ops.writev = note_more;
    scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, _i == 0 ? 4096 : ALL_READ);
    if (_i == 1)
        scripted_limits(s, 0, 6);
    assert_ok(bufv_append_file(v, file_of(data, 1), 0, 50000));
    if (_i == 2) {
        assert_is(bufv_write_with(v, s->w, &terms, NULL),
                  APR_STATUS_IS_INCOMPLETE);
        ck_assert_int_eq(more_before_file, 0); /* nothing follows now */
        return;
    }
    s->otherwise.take = 6;
    s->otherwise.status = APR_EAGAIN;
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_int_eq(more_before_file, _i == 0 ? BUFV_MORE_FILE : 1);
}
END_TEST

/* Also where what is sent before it ends with a range that was read. */
START_TEST(unread__is_announced_behind_one_that_is_read)
{
    const unsigned char *data = bytes_new(LEN, 138);
    apr_file_t *file = file_of(data, 1);
    bufv_t *v = list_of((const char *const[]){"header", NULL});
    scripted_t *s = scripted_new(pool);

    behind = s->ops;
    s->ops.writev = note_more;
    scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, 4096);
    assert_ok(bufv_append_file(v, file, 0, 100));
    if (_i == 1)
        assert_ok(bufv_append(v, "between", 7));
    assert_ok(bufv_append_file(v, file, 0, 50000));
    s->otherwise.take = _i == 1 ? 113 : 106;
    s->otherwise.status = APR_EAGAIN;
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(bufv_length(v), 50000);
    ck_assert_int_eq(more_before_file, BUFV_MORE_FILE);
}
END_TEST

/* ---- what cannot be */

/* A transport that says APR_ENOTIMPL is asked once in a write, and the file is
 * read; the next write asks anew. */
START_TEST(unread__or_read_if_it_cannot_be)
{
    const unsigned char *data = bytes_new(LEN, 139);
    apr_file_t *file = file_of(data, 1);
    bufv_t *v = list_of((const char *const[]){"header", NULL});
    scripted_t *s = sender(0);
    int round;

    s->no_sendfile = 1;
    for (round = 1; round <= 2; round++) {
        if (round == 2)
            assert_ok(bufv_append(v, "header", 6));
        assert_ok(bufv_append_file(v, file, 0, 30000));
        assert_ok(bufv_append(v, "x", 1));
        assert_ok(bufv_append_file(v, file, 30000, 30000));
        assert_ok(bufv_write(v, s->w, NULL));
        ck_assert_int_eq((int)s->files, round);
    }
    ck_assert_uint_eq(s->got_len, 2 * 60007);
    ck_assert_mem_eq(s->got + 6, data, 30000);
    ck_assert_mem_eq(s->got + 30007, data + 30000, 30000);
    ck_assert_mem_eq(s->got + 60007 + 30007, data + 30000, 30000);
    scripted_assert_kept(s);
}
END_TEST

/* Over TCP: what the system refuses to send unread is read. */
START_TEST(unread__of_what_has_to_be_read)
{
#ifdef __linux__
    apr_file_t *file;
    bufv_t *v = list_new();
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);

    bufv_writer_sendfile_from_set(w, 0);
    assert_ok(apr_file_open(&file, "/proc/self/status",
                            APR_FOPEN_READ | APR_FOPEN_SENDFILE_ENABLED, 0,
                            pool));
    assert_ok(bufv_append_file(v, file, 0, 5));
    assert_ok(bufv_append(v, "x", 1));
    peer_start(p);
    assert_ok(bufv_write(v, w, NULL));
    peer_finish(p);
    peer_assert_got(p, "Name:x", 6);
#else
    skip("unread__of_what_has_to_be_read", "there is no /proc");
#endif
}
END_TEST

/* A range that lies where no file can, or that ends there, is one that is too
 * short: APR_EOF and an exact count, unread or read, to any destination. */
static const struct {
    apr_off_t offset;
    apr_uint64_t len;
    apr_size_t there; /* bytes of it that the file has */
} reaches[] = {
    {(apr_off_t)LEN, 1, 0},
    {(apr_off_t)LEN - 5, 6, 5},
    {(apr_off_t)LEN - 5, (apr_uint64_t)APR_INT64_MAX - LEN + 5, 5},
    {0, (apr_uint64_t)APR_INT64_MAX, LEN},
    {(apr_off_t)1 << 31, 10, 0},
    {((apr_off_t)1 << 32) - 5, 10, 0},
    {(apr_off_t)1 << 43, 10, 0},
    {(apr_off_t)1 << 44, 10, 0},
    {((apr_off_t)1 << 44) - 4096, 8192, 0},
    {(apr_off_t)1 << 50, 10, 0},
    {(apr_off_t)1 << 62, 10, 0},
    {APR_INT64_MAX - 10, 10, 0},
    {APR_INT64_MAX - 1, 1, 0},
};

enum { TO_TCP, TO_FILE, TO_OWN };

static const struct {
    int where;
    apr_uint64_t from;
} ways[] = {{TO_TCP, 0}, {TO_TCP, ALL_READ}, {TO_FILE, 0}, {TO_OWN, ALL_READ}};

/* All that comes fits into the buffers of a socket. */
static bufv_writer_t *writer_to(int where, apr_uint64_t from)
{
    bufv_writer_t *w;

    if (where == TO_OWN)
        return sender(from)->w;
    if (where == TO_TCP)
        w = peer_writer(peer_new());
    else
        assert_ok(bufv_writer_file(&w, file_new("", 0, 0), pool));
    bufv_writer_sendfile_from_set(w, from);
    return w;
}

START_TEST(unread__out_of_reach)
{
    const unsigned char *data = bytes_new(LEN, 140);
    apr_file_t *file = file_of(data, 1);
    apr_size_t i;

    for (i = 0; i < COUNT(reaches); i++) {
        bufv_writer_t *w = writer_to(ways[_i].where, ways[_i].from);
        bufv_t *v = list_of((const char *const[]){"header", NULL});
        apr_uint64_t len = reaches[i].len, written;
        apr_status_t status;

        assert_ok(bufv_append_file(v, file, reaches[i].offset, len));
        assert_ok(bufv_append(v, "trailer", 7));
        status = bufv_write(v, w, &written);
        ck_assert_msg(APR_STATUS_IS_EOF(status), "row %d: %s", (int)i,
                      status_text(status));
        ck_assert_uint_eq(written, 6 + reaches[i].there);
        ck_assert_uint_eq(bufv_length(v), len - reaches[i].there + 7);
    }
}
END_TEST

/* A range that comes next and will be read is not announced as a file: what
 * is told is that bytes follow. */
START_TEST(unread__what_will_be_read_is_not_announced)
{
    const unsigned char *data = bytes_new(LEN, 139);
    bufv_t *v = list_cut(data, 2, 1000, 1000);
    scripted_t *s = sender(ALL_READ);

    scripted_limits(s, 2, 0);
    bufv_writer_copy_below_set(s->w, 0);
    assert_ok(bufv_append_file(v, file_of(data, 1), 2000, 50000));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_uint_eq(s->files, 0);
    ck_assert_uint_eq(s->attempt[0].nvec, 2);
    ck_assert_uint_eq(s->attempt[0].asked, 2000);
    ck_assert_int_eq(s->attempt[0].more, 1);
    scripted_assert_got(s, data, 52000);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, unread__from_a_length_on, 0, (int)COUNT(lengths));
    tcase_add_test(tc, unread__by_default);
    tcase_add_test(tc, unread__rest_of_a_range);
    tcase_add_test(tc, unread__in_parts);
    tcase_add_loop_test(tc, unread__clone, 0, 2);
    tcase_add_loop_test(tc, unread__split, 0, (int)COUNT(cuts));
    tcase_add_loop_test(tc, unread__short_ones_leave_together, 0, 2);
    tcase_add_test(tc, unread__short_one_leaves_with_its_header);
    tcase_add_loop_test(tc, unread__is_announced, 0, 3);
    tcase_add_loop_test(tc, unread__is_announced_behind_one_that_is_read, 0,
                        2);
    tcase_add_test(tc, unread__or_read_if_it_cannot_be);
    tcase_add_test(tc, unread__of_what_has_to_be_read);
    tcase_add_loop_test(tc, unread__out_of_reach, 0, (int)COUNT(ways));
    tcase_add_test(tc, unread__what_will_be_read_is_not_announced);
}

const topic_t topic_unread = {"unread", add_tests};
