/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_status(), over all that appends; and the one rule about NULL, over all
 * functions. */

#include "alloc.h"
#include "scripted.h"

/* ---- what appends */

static apr_status_t append(bufv_t *v, int good)
{
    return bufv_append(v, good ? "x" : NULL, 1);
}

static apr_status_t append_copy(bufv_t *v, int good)
{
    return bufv_append_copy(v, good ? "x" : NULL, 1);
}

static apr_status_t append_owned(bufv_t *v, int good)
{
    return bufv_append_owned(v, good ? "x" : NULL, 1, NULL, NULL);
}

static apr_status_t append_too_long(bufv_t *v, int good)
{
    return bufv_append(v, "x", good ? 1 : CHUNK_MAX + 1);
}

static apr_status_t append_vec(bufv_t *v, int good)
{
    static char byte[] = "x";
    struct iovec vec[2];

    vec[0].iov_base = byte;
    vec[0].iov_len = good ? 1 : 0;
    vec[1].iov_base = NULL;
    vec[1].iov_len = good ? 0 : 1;
    return bufv_append_vec(v, vec, 2);
}

/* What the appends below take from: made by ready(). */
static bufv_t *one;
static apr_file_t *file;

static void ready(void)
{
    one = list_of((const char *const[]){"x", NULL});
    file = file_text("x");
}

static apr_status_t append_list(bufv_t *v, int good)
{
    apr_status_t status = bufv_append_list(v, good ? one : v);

    if (status == APR_SUCCESS)
        bufv_append(one, "x", 1);
    return status;
}

static apr_status_t append_format(bufv_t *v, int good)
{
    return good ? bufv_appendf(v, "%s", "x") : bufv_appendf(v, NULL);
}

static apr_status_t vappend(bufv_t *v, const char *format, ...)
    BUFV_FORMAT(2, 3);

static apr_status_t vappend(bufv_t *v, const char *format, ...)
{
    apr_status_t status;
    va_list args;

    va_start(args, format);
    status = bufv_vappendf(v, format, args);
    va_end(args);
    return status;
}

static apr_status_t append_vformat(bufv_t *v, int good)
{
    return vappend(v, good ? "x" : NULL);
}

static apr_status_t prepend(bufv_t *v, int good)
{
    return bufv_prepend(v, good ? "x" : NULL, 1);
}

static apr_status_t append_file(bufv_t *v, int good)
{
    return bufv_append_file(v, file, good ? 0 : -1, 1);
}

static apr_status_t append_file_owned(bufv_t *v, int good)
{
    return bufv_append_file_owned(v, good ? file : NULL, 0, 1, NULL, NULL);
}

static apr_status_t clone(bufv_t *v, int good)
{
    return bufv_clone(v, good ? one : NULL);
}

/* Each appends one byte, or is refused for what it was given. */
typedef struct append_t {
    const char *name;
    apr_status_t (*call)(bufv_t *v, int good);
} append_t;

static const append_t appends[] = {
    {"bufv_append", append},
    {"bufv_append, too long", append_too_long},
    {"bufv_append_copy", append_copy},
    {"bufv_append_owned", append_owned},
    {"bufv_append_vec", append_vec},
    {"bufv_append_list", append_list},
    {"bufv_appendf", append_format},
    {"bufv_vappendf", append_vformat},
    {"bufv_prepend", prepend},
    {"bufv_append_file", append_file},
    {"bufv_append_file_owned", append_file_owned},
    {"bufv_clone", clone},
};

/* ---- what is remembered */

/* None has failed: that is told, whatever else is done. */
START_TEST(status__none)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *v = list_new();
    char got[4];
    apr_size_t i, len = sizeof(got);

    ready();
    assert_ok(bufv_status(v));
    for (i = 0; i < COUNT(appends); i++)
        assert_ok(appends[i].call(v, 1));
    assert_ok(bufv_status(v));
    assert_is(bufv_consume(v, 1000), APR_STATUS_IS_EINVAL);
    assert_is(bufv_read(v, NULL, &len), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_write(v, s->w, NULL));
    assert_ok(bufv_status(v));
}
END_TEST

/* One that fails is remembered with its status; the list is unchanged, and
 * goes on. */
START_TEST(status__of_each)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    scripted_t *s = scripted_for(NULL);

    ready();
    assert_is(appends[_i].call(v, 0), APR_STATUS_IS_EINVAL);
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
    assert_text(v, "first");
    assert_ok(appends[_i].call(v, 1));
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(v), 6);
    assert_ok(bufv_write(v, s->w, NULL));
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
    bufv_trim(v);
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
    bufv_clear(v);
    assert_ok(bufv_status(v));
    assert_ok(appends[_i].call(v, 1));
    assert_ok(bufv_status(v));
}
END_TEST

/* Want of memory is remembered too, and stays when another fails for another
 * reason. */
START_TEST(status__first_of_two)
{
    const append_t *a = &appends[_i / (int)COUNT(appends)];
    const append_t *b = &appends[_i % (int)COUNT(appends)];
    bufv_t *v = list_new();
    apr_status_t status;

    if (!alloc_is_seen()) {
        if (_i == 0)
            skip("status__first_of_two", "no allocation can be made to fail");
        return;
    }
    ready();
    alloc_fail(1, 1);
    status = a->call(v, 1);
    alloc_fail(0, 0);
    ck_assert_int_eq(status, APR_ENOMEM);
    ck_assert_uint_eq(bufv_length(v), 0);
    assert_is(b->call(v, 0), APR_STATUS_IS_EINVAL);
    ck_assert_int_eq(bufv_status(v), APR_ENOMEM);
    bufv_clear(v);
    assert_is(b->call(v, 0), APR_STATUS_IS_EINVAL);
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
}
END_TEST

/* What an operation may not append, since it was lent a part of the list. */
typedef struct lent_t {
    bufv_t *v;
    const append_t *a;
    apr_status_t status;
} lent_t;

static apr_status_t append_and_take(void *baton, const struct iovec *vec,
                                    apr_size_t nvec, int more,
                                    apr_size_t *written)
{
    lent_t *l = baton;

    (void)nvec;
    (void)more;
    *written = vec[0].iov_len;
    l->status = l->a->call(l->v, 1);
    return APR_SUCCESS;
}

START_TEST(status__busy)
{
    lent_t l = {NULL, NULL, APR_SUCCESS};
    bufv_ops_t ops = ops_new();
    bufv_writer_t *w;

    ready();
    l.v = list_of((const char *const[]){"first", NULL});
    l.a = &appends[_i];
    ops.max_vec = 1;
    ops.max_bytes = 100;
    ops.writev = append_and_take;
    assert_ok(bufv_writer_create(&w, &ops, &l, pool));
    assert_ok(bufv_write(l.v, w, NULL));
    assert_is(l.status, APR_STATUS_IS_EBUSY);
    assert_is(bufv_status(l.v), APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(bufv_length(l.v), 0);
}
END_TEST

/* It is the list's that was appended to: the other one knows nothing. */
START_TEST(status__of_two_lists)
{
    bufv_t *v = list_new(), *from = list_new();
    apr_file_t *any = file_text("x");
    int i;

    assert_ok(bufv_append(from, "x", 1));
    for (i = 0; i < 2; i++)
        assert_ok(bufv_append_file(v, any, 0, (apr_uint64_t)APR_INT64_MAX));
    assert_ok(bufv_append(v, "x", 1));
    if (_i == 0)
        assert_is(bufv_append_list(v, from), APR_STATUS_IS_EINVAL);
    else
        assert_is(bufv_clone(v, from), APR_STATUS_IS_EINVAL);
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_status(from));
    assert_text(from, "x");
}
END_TEST

/* ---- NULL: an object that is needed is APR_EINVAL; a function that returns
 * no status does nothing, and one that returns a number returns 0. Each line
 * is a row. */

static void must_refuse(const char *call, apr_status_t status)
{
    ck_assert_msg(APR_STATUS_IS_EINVAL(status), "%s: %s", call,
                  status_text(status));
}

#define REFUSED(call) must_refuse(#call, call)

/* An output was set all the same. */
static void must_be_0(const char *call, apr_uint64_t *n)
{
    ck_assert_msg(*n == 0, "%s: not 0", call);
    *n = 4711;
}

static void must_be_none(const char *call, apr_size_t *n)
{
    ck_assert_msg(*n == 0, "%s: not 0", call);
    *n = 4711;
}

#define REFUSED_WITH_0(call, n) \
    do {                        \
        REFUSED(call);          \
        must_be_0(#call, &n);   \
    } while (0)
#define REFUSED_WITH_NONE(call, n) \
    do {                           \
        REFUSED(call);             \
        must_be_none(#call, &n);   \
    } while (0)

START_TEST(status__null_to_what_appends)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    apr_file_t *f = file_text("x");
    struct iovec vec;

    vec.iov_base = NULL;
    vec.iov_len = 1;
    REFUSED(bufv_create(NULL, pool));
    REFUSED(bufv_append(NULL, "x", 1));
    REFUSED(bufv_append(NULL, NULL, 0));
    REFUSED(bufv_append(v, NULL, 1));
    REFUSED(bufv_append_copy(NULL, "x", 1));
    REFUSED(bufv_append_copy(NULL, NULL, 0));
    REFUSED(bufv_append_copy(v, NULL, 1));
    REFUSED(bufv_append_owned(NULL, "x", 1, NULL, NULL));
    REFUSED(bufv_append_owned(v, NULL, 1, NULL, NULL));
    REFUSED(bufv_append_vec(NULL, &vec, 1));
    REFUSED(bufv_append_vec(NULL, NULL, 0));
    REFUSED(bufv_append_vec(v, NULL, 1));
    REFUSED(bufv_append_vec(v, &vec, 1));
    REFUSED(bufv_append_list(NULL, v));
    REFUSED(bufv_append_list(v, NULL));
    REFUSED(bufv_append_list(NULL, NULL));
    REFUSED(bufv_appendf(NULL, "%d", 1));
    REFUSED(bufv_appendf(v, NULL));
    REFUSED(vappend(NULL, "x"));
    REFUSED(vappend(v, NULL));
    REFUSED(bufv_prepend(NULL, "x", 1));
    REFUSED(bufv_prepend(v, NULL, 1));
    REFUSED(bufv_append_file(NULL, f, 0, 1));
    REFUSED(bufv_append_file(v, NULL, 0, 1));
    REFUSED(bufv_append_file_owned(NULL, f, 0, 1, NULL, NULL));
    REFUSED(bufv_append_file_owned(v, NULL, 0, 1, NULL, NULL));
    REFUSED(bufv_clone(NULL, v));
    REFUSED(bufv_clone(v, NULL));
    REFUSED(bufv_split(NULL, 0, v));
    REFUSED(bufv_split(v, 1, NULL));
    assert_chunks(v, (const char *const[]){"abc", NULL});
}
END_TEST

START_TEST(status__null_to_the_rest_of_a_list)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_reader_t r = bufv_reader(list_new()), none = bufv_reader(NULL);
    apr_size_t n = 4711, got = 4711;
    struct iovec vec;
    void *data = v;
    char bytes[2];

    REFUSED_WITH_NONE(bufv_reserve(NULL, 1, &data, &n), n);
    ck_assert_ptr_null(data);
    REFUSED_WITH_NONE(bufv_reserve(v, 1, NULL, &n), n);
    data = v;
    REFUSED(bufv_reserve(v, 1, &data, NULL));
    ck_assert_ptr_null(data);
    REFUSED(bufv_commit(NULL, 0));
    REFUSED(bufv_consume(NULL, 0));
    n = 2;
    REFUSED_WITH_NONE(bufv_read(NULL, bytes, &n), n);
    n = 2;
    REFUSED_WITH_NONE(bufv_read(v, NULL, &n), n);
    REFUSED(bufv_read(v, bytes, NULL));
    n = 1;
    REFUSED_WITH_NONE(bufv_peek(NULL, &vec, &n), n);
    n = 1;
    REFUSED_WITH_NONE(bufv_peek(v, NULL, &n), n);
    REFUSED(bufv_peek(v, &vec, NULL));
    REFUSED_WITH_NONE(bufv_fill(NULL, &r, 1, &got), got);
    REFUSED_WITH_NONE(bufv_fill(v, NULL, 1, &got), got);
    REFUSED_WITH_NONE(bufv_fill(v, &none, 1, &got), got);
    REFUSED(bufv_fill(v, &r, 1, NULL));
    REFUSED(bufv_status(NULL));
    ck_assert_uint_eq(bufv_length(NULL), 0);
    ck_assert_uint_eq(bufv_count(NULL), 0);
    bufv_clear(NULL);
    bufv_trim(NULL);
    bufv_destroy(NULL);
    assert_chunks(v, (const char *const[]){"abc", NULL});
    assert_ok(bufv_status(v));
}
END_TEST

/* Readers of nothing: refused when they are used, and the rest of a copy
 * stays. */
START_TEST(status__null_to_readers)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_reader_t r = bufv_reader(list_new()), none;
    apr_uint64_t n = 4711;
    apr_size_t got = 4711;

    REFUSED_WITH_0(bufv_copy(NULL, &r, v, &n), n);
    REFUSED_WITH_0(bufv_copy(s->w, NULL, v, &n), n);
    REFUSED(bufv_copy(NULL, &r, v, NULL));
    assert_text(v, "abc");
    none = bufv_reader(NULL);
    REFUSED_WITH_0(bufv_copy(s->w, &none, NULL, &n), n);
    none = bufv_reader_socket(NULL);
    REFUSED_WITH_NONE(bufv_fill(v, &none, 1, &got), got);
    REFUSED_WITH_0(bufv_copy(s->w, &none, NULL, &n), n);
    none = bufv_reader_file(NULL);
    REFUSED_WITH_NONE(bufv_fill(v, &none, 1, &got), got);
    REFUSED_WITH_0(bufv_copy(s->w, &none, NULL, &n), n);
    ck_assert_uint_eq(s->attempts, 0);
}
END_TEST

START_TEST(status__null_to_writes)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_terms_t terms = terms_of(1, 0, 0);
    bufv_report_t report = {0};
    apr_uint64_t n = 4711;
    apr_size_t len = 4711;
    struct iovec vec;

    vec.iov_base = s;
    vec.iov_len = 1;
    report.size = sizeof(report);
    REFUSED_WITH_0(bufv_write(NULL, s->w, &n), n);
    REFUSED_WITH_0(bufv_write(v, NULL, &n), n);
    REFUSED(bufv_write(NULL, NULL, NULL));
    REFUSED_WITH_0(bufv_write_some(NULL, s->w, &n), n);
    REFUSED_WITH_0(bufv_write_some(v, NULL, &n), n);
    REFUSED(bufv_write_some(NULL, NULL, NULL));
    REFUSED(bufv_write_with(NULL, s->w, &terms, &report));
    ck_assert_int_eq(report.status, APR_EINVAL);
    REFUSED(bufv_write_with(v, NULL, &terms, &report));
    ck_assert_uint_eq(report.left, 3);
    REFUSED(bufv_write_with(NULL, NULL, NULL, NULL));
    REFUSED_WITH_0(bufv_send(NULL, NULL, &n), n);
    REFUSED_WITH_0(bufv_send(v, NULL, &n), n);
    REFUSED(bufv_send(v, NULL, NULL));
    REFUSED_WITH_NONE(bufv_sendv(NULL, &vec, 1, &len), len);
    REFUSED_WITH_NONE(bufv_sendv(NULL, NULL, 0, &len), len);
    REFUSED(bufv_sendv(NULL, NULL, 0, NULL));
    ck_assert_uint_eq(s->attempts, 0);
    assert_text(v, "abc");
}
END_TEST

/* They are set to NULL, where they are to be set at all. */
START_TEST(status__null_to_what_creates_writers)
{
    bufv_ops_t ops = scripted_new(pool)->ops;
    apr_file_t *f = file_text("x");
    bufv_writer_t *w;

    REFUSED(bufv_writer_create(NULL, &ops, NULL, pool));
    REFUSED(bufv_writer_file(NULL, f, pool));
    REFUSED(bufv_writer_socket(NULL, NULL, pool));
    w = (bufv_writer_t *)&ops;
    REFUSED(bufv_writer_create(&w, NULL, NULL, pool));
    ck_assert_ptr_null(w);
    w = (bufv_writer_t *)&ops;
    REFUSED(bufv_writer_file(&w, NULL, pool));
    ck_assert_ptr_null(w);
    w = (bufv_writer_t *)&ops;
    REFUSED(bufv_writer_socket(&w, NULL, pool));
    ck_assert_ptr_null(w);
    ops.writev = NULL;
    w = (bufv_writer_t *)&ops;
    REFUSED(bufv_writer_create(&w, &ops, NULL, pool));
    ck_assert_ptr_null(w);
}
END_TEST

static void unused_hook(void *baton, const bufv_call_t *call)
{
    (void)baton;
    (void)call;
}

START_TEST(status__null_to_writers)
{
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report = {0};
    bufv_stats_t stats = {0};
    char text[8] = "text";

    report.size = sizeof(report);
    report.written = 4711;
    stats.size = sizeof(stats);
    stats.written = 4711;
    REFUSED(bufv_writer_lock_enable(NULL));
    REFUSED(bufv_writer_abandon(NULL));
    bufv_writer_destroy(NULL);
    bufv_writer_limits_set(NULL, 1, 1);
    bufv_writer_copy_below_set(NULL, 1);
    bufv_writer_sendfile_from_set(NULL, 1);
    bufv_writer_deadline_set(NULL, 1);
    bufv_writer_stall_set(NULL, 1);
    bufv_writer_hook_set(NULL, unused_hook, NULL);
    bufv_writer_report(NULL, &report);
    ck_assert_uint_eq(report.written, 4711);
    bufv_writer_report(s->w, NULL);
    bufv_writer_stats(NULL, &stats);
    ck_assert_uint_eq(stats.written, 4711);
    bufv_writer_stats(s->w, NULL);
    ck_assert_ptr_eq(bufv_writer_strerror(NULL, text, sizeof(text)), text);
    ck_assert_str_eq(text, "");
    ck_assert_ptr_null(bufv_writer_strerror(s->w, NULL, 0));
    ck_assert_ptr_null(bufv_writer_strerror(s->w, NULL, 8));
    assert_ok(
        bufv_write(list_of((const char *const[]){"abc", NULL}), s->w, NULL));
    scripted_assert_got(s, "abc", 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    const int n = (int)COUNT(appends);

    tcase_add_test(tc, status__none);
    tcase_add_loop_test(tc, status__of_each, 0, n);
    tcase_add_loop_test(tc, status__first_of_two, 0, n * n);
    tcase_add_loop_test(tc, status__busy, 0, n);
    tcase_add_loop_test(tc, status__of_two_lists, 0, 2);
    tcase_add_test(tc, status__null_to_what_appends);
    tcase_add_test(tc, status__null_to_the_rest_of_a_list);
    tcase_add_test(tc, status__null_to_readers);
    tcase_add_test(tc, status__null_to_writes);
    tcase_add_test(tc, status__null_to_what_creates_writers);
    tcase_add_test(tc, status__null_to_writers);
}

const topic_t topic_status = {"status", add_tests};
