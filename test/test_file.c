/* SPDX-License-Identifier: Apache-2.0 */

/* The writer for files and pipes. */

#include "peer.h"

#define BIG (4 * 1024 * 1024)

static apr_file_t *temporary(apr_int32_t more_flags)
{
    return file_new(NULL, 0, more_flags);
}

static bufv_writer_t *file_writer(apr_file_t *file)
{
    bufv_writer_t *w;

    assert_ok(bufv_writer_file(&w, file, pool));
    settings_apply(w);
    return w;
}

static apr_off_t position(apr_file_t *file)
{
    apr_off_t at = 0;

    assert_ok(apr_file_seek(file, APR_CUR, &at));
    return at;
}

/* The file's whole content is these bytes. */
static void assert_content(apr_file_t *file, const void *want, apr_size_t len)
{
    char *got = apr_palloc(pool, len + 2);
    apr_off_t begin = 0;
    apr_size_t have = 0;

    assert_ok(apr_file_seek(file, APR_SET, &begin));
    (void)apr_file_read_full(file, got, len + 1, &have);
    ck_assert_uint_eq(have, len);
    ck_assert_mem_eq(got, want, len);
}

/* Thousands of chunks land in a file, in order, at its position. */
START_TEST(file__is_written)
{
    const unsigned char *data = bytes_new(50000, 40);
    bufv_t *v = list_cut(data, 5000, 10, 10);
    apr_file_t *file = temporary(0);
    bufv_writer_t *w = file_writer(file);
    apr_uint64_t written;
    tally_t t;

    tally_watch(&t, w);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, 50000);
    assert_tally_is_report(&t, w);
    ck_assert_int_eq(position(file), 50000);
    assert_content(file, data, 50000);
}
END_TEST

/* A buffered file: what was put before comes before, what is put after comes
 * after, and the position is right in between. */
START_TEST(file__buffered)
{
    apr_file_t *file = temporary(APR_FOPEN_BUFFERED);
    bufv_writer_t *w = file_writer(file);
    apr_uint64_t written;
    int i;

    for (i = 0; i < 3; i++) {
        bufv_t *v = list_of((const char *const[]){"mi", "dd", "le", NULL});

        assert_ok(apr_file_puts("head", file));
        assert_ok(write_checked(v, w, &written));
        ck_assert_int_eq(position(file), 14 * i + 10);
        assert_ok(apr_file_puts("tail", file));
    }
    assert_ok(apr_file_flush(file));
    assert_content(file, "headmiddletailheadmiddletailheadmiddletail", 42);
}
END_TEST

/* A chunk of many times a file's buffer. */
START_TEST(file__buffered_and_long)
{
    const unsigned char *data = bytes_new(50000, 47);
    apr_file_t *file = temporary(APR_FOPEN_BUFFERED);
    bufv_t *v = list_cut(data, 1, 50000, 50000);
    apr_uint64_t written;

    assert_ok(write_checked(v, file_writer(file), &written));
    ck_assert_uint_eq(written, 50000);
    assert_ok(apr_file_flush(file));
    assert_content(file, data, 50000);
}
END_TEST

/* From the middle of a file that was just read through its buffer. */
START_TEST(file__buffered_after_reading)
{
    apr_file_t *file = temporary(APR_FOPEN_BUFFERED);
    bufv_writer_t *w = file_writer(file);
    bufv_t *v = list_of((const char *const[]){"A", "BC", NULL});
    apr_off_t begin = 0;
    char got[4];
    apr_uint64_t written;

    assert_ok(apr_file_puts("0123456789", file));
    assert_ok(apr_file_seek(file, APR_SET, &begin));
    assert_ok(apr_file_read_full(file, got, 4, NULL));
    ck_assert_mem_eq(got, "0123", 4);
    assert_ok(write_checked(v, w, &written));
    ck_assert_int_eq(position(file), 7);
    assert_content(file, "0123ABC789", 10);
}
END_TEST

/* A file that is only appended to. apr_file_mktemp() ignores that on unix. */
static apr_file_t *appendable(apr_int32_t more_flags)
{
    const char *dir;
    char *name;
    apr_file_t *file;

    assert_ok(apr_temp_dir_get(&dir, pool));
    name = apr_psprintf(pool, "%s/bufv-test-XXXXXX", dir);
    assert_ok(apr_file_mktemp(&file, name, APR_FOPEN_CREATE | APR_FOPEN_WRITE,
                              pool));
    assert_ok(apr_file_close(file));
    assert_ok(apr_file_open(&file, name,
                            APR_FOPEN_READ | APR_FOPEN_WRITE |
                                APR_FOPEN_APPEND | APR_FOPEN_BINARY |
                                APR_FOPEN_DELONCLOSE | more_flags,
                            APR_FPROT_OS_DEFAULT, pool));
    return file;
}

/* Lists land at its end, wherever the position was. */
START_TEST(file__append)
{
    apr_file_t *file = appendable(_i == 1 ? APR_FOPEN_BUFFERED : 0);
    bufv_writer_t *w = file_writer(file);
    bufv_t *v = list_of((const char *const[]){"A", "BC", NULL});
    apr_off_t begin = 0;
    apr_uint64_t written;

    assert_ok(apr_file_puts("0123456789", file));
    assert_ok(apr_file_flush(file));
    if (_i == 0)
        assert_ok(apr_file_seek(file, APR_SET, &begin));
    assert_ok(write_checked(v, w, &written));
    ck_assert_int_eq(position(file), 13);
    assert_ok(apr_file_puts("D", file));
    assert_ok(apr_file_flush(file));
    assert_content(file, "0123456789ABCD", 14);
}
END_TEST

/* A range of one file into another. */
START_TEST(file__a_range_of_another)
{
    const unsigned char *data = bytes_new(100000, 41);
    apr_file_t *from = temporary(0);
    apr_file_t *file = temporary(0);
    bufv_writer_t *w = file_writer(file);
    bufv_t *v = list_new();
    apr_uint64_t written;

    assert_ok(apr_file_write_full(from, data, 100000, NULL));
    assert_ok(bufv_append(v, data, 10));
    assert_ok(bufv_append_file(v, from, 10, 99990));
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, 100000);
    assert_content(file, data, 100000);
}
END_TEST

/* ---- pipes */

typedef struct drain_t {
    apr_file_t *file;
    unsigned char *got;
    apr_size_t len, room;
    apr_interval_time_t pause;
} drain_t;

static void *APR_THREAD_FUNC drain(apr_thread_t *thread, void *baton)
{
    drain_t *d = baton;
    apr_size_t part;

    (void)thread;
    while (d->len < d->room) {
        if (d->pause > 0)
            apr_sleep(d->pause);
        part = d->room - d->len < 30000 ? d->room - d->len : 30000;
        if (apr_file_read(d->file, d->got + d->len, &part) != APR_SUCCESS)
            break;
        d->len += part;
    }
    return NULL;
}

/* 4 MiB through a pipe to a slow reader: every byte once, in order (APR's own
 * apr_file_writev_full() repeats some). */
START_TEST(file__pipe)
{
    const unsigned char *data = bytes_new(BIG, 42);
    bufv_t *v = list_cut(data, BIG / 65536, 65536, 65536);
    apr_file_t *in, *out;
    apr_thread_t *thread;
    apr_uint64_t written;
    drain_t d;

    memset(&d, 0, sizeof(d));
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    d.file = in;
    d.got = apr_palloc(pool, BIG);
    d.room = BIG;
    d.pause = 500;
    assert_ok(apr_thread_create(&thread, NULL, drain, &d, pool));
    assert_ok(write_checked(v, file_writer(out), &written));
    assert_ok(apr_file_close(out));
    thread_join(thread);
    ck_assert_uint_eq(d.len, BIG);
    ck_assert_mem_eq(d.got, data, BIG);
}
END_TEST

/* A pipe's timeout holds; what left is exact, and the rest goes on. */
START_TEST(file__pipe_times_out)
{
    const unsigned char *data = bytes_new(BIG, 43);
    bufv_t *v = list_cut(data, BIG / 1024, 1024, 1024);
    apr_file_t *in, *out;
    bufv_writer_t *w;
    apr_thread_t *thread;
    apr_time_t start = apr_time_now();
    apr_interval_time_t timeout;
    apr_uint64_t written;
    drain_t d;

    memset(&d, 0, sizeof(d));
    assert_ok(apr_file_pipe_create_ex(&in, &out, APR_READ_BLOCK, pool));
    assert_ok(apr_file_pipe_timeout_set(out, 200000));
    w = file_writer(out);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, 180000);
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(20));
    ck_assert_uint_gt(written, 0);
    assert_ok(apr_file_pipe_timeout_get(out, &timeout));
    ck_assert_int_eq(timeout, 200000);
    d.file = in;
    d.got = apr_palloc(pool, BIG);
    d.room = BIG;
    assert_ok(apr_file_pipe_timeout_set(out, apr_time_from_sec(20)));
    assert_ok(apr_thread_create(&thread, NULL, drain, &d, pool));
    assert_ok(write_checked(v, w, &written));
    assert_ok(apr_file_close(out));
    thread_join(thread);
    ck_assert_uint_eq(d.len, BIG);
    ck_assert_mem_eq(d.got, data, BIG);
}
END_TEST

/* A blocking pipe obeys a deadline, and write_some does not wait on it. */
START_TEST(file__blocking_pipe)
{
    const unsigned char *data = bytes_new(BIG, 44);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    apr_file_t *in, *out;
    bufv_writer_t *w;
    apr_time_t start = apr_time_now();
    apr_uint64_t written, more = 0;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_file_pipe_timeout_set(out, -1));
    w = file_writer(out);
    bufv_writer_deadline_set(w, start + 200000);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, 180000);
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(20));
    bufv_writer_deadline_set(w, 0);
    assert_is(bufv_write_some(v, w, &more), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written + more + bufv_length(v), BIG);
}
END_TEST

/* The reader of a pipe is gone: an error, and the text names it. */
START_TEST(file__pipe_without_a_reader)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    apr_file_t *in, *out;
    bufv_writer_t *w;
    apr_uint64_t written;
    char text[200], cause[120];

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_file_close(in));
    w = file_writer(out);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(written, 0);
    bufv_writer_strerror(w, text, sizeof(text));
    apr_strerror(report_of(w).status, cause, sizeof(cause));
    ck_assert_uint_gt(strlen(text), strlen(cause));
    ck_assert_str_eq(text + strlen(text) - strlen(cause), cause);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, file__is_written);
    tcase_add_test(tc, file__buffered);
    tcase_add_test(tc, file__buffered_and_long);
    tcase_add_test(tc, file__buffered_after_reading);
    tcase_add_loop_test(tc, file__append, 0, 2);
    tcase_add_test(tc, file__a_range_of_another);
    tcase_add_test(tc, file__pipe);
    tcase_add_test(tc, file__pipe_times_out);
    tcase_add_test(tc, file__blocking_pipe);
    tcase_add_test(tc, file__pipe_without_a_reader);
}

const topic_t topic_file = {"file", add_tests};
