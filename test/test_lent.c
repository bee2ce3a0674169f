/* SPDX-License-Identifier: Apache-2.0 */

/* What an operation of a transport may do (promise 5a): with the list that it
 * was lent a part of nothing that would corrupt it, which is APR_EBUSY; with
 * other lists and writers everything, from within every operation. */

#include "scripted.h"

#define CONTENT "hello, world, of files and chunks"

typedef struct lent_t {
    scripted_t *s;  /* the transport whose operation is at work */
    bufv_t *v;      /* a part of this is lent */
    bufv_t *other;  /* "XYZ" */
    scripted_t *s2; /* another transport */
    apr_file_t *file;
    void *room; /* reserved in v before the write */
    int released, kept, reads;
    apr_status_t status;
    int done;
    apr_status_t (*use)(void);
} lent_t;

static lent_t l;

static void count_release(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    ++*(int *)baton;
}

static apr_status_t read_none(void *baton, void *data, apr_size_t *len)
{
    (void)baton;
    (void)data;
    l.reads++;
    *len = 0;
    return APR_EOF;
}

/* ---- uses of the list that is lent */

static apr_status_t use_append(void)
{
    return bufv_append(l.v, "x", 1);
}

static apr_status_t use_append_copy(void)
{
    return bufv_append_copy(l.v, "x", 1);
}

static apr_status_t use_append_owned(void)
{
    return bufv_append_owned(l.v, "x", 1, count_release, &l.kept);
}

static apr_status_t use_append_empty_owned(void)
{
    return bufv_append_owned(l.v, "", 0, count_release, &l.kept);
}

static apr_status_t use_append_vec(void)
{
    struct iovec vec = {(char *)l.room, 1};

    return bufv_append_vec(l.v, &vec, 1);
}

static apr_status_t use_append_list(void)
{
    return bufv_append_list(l.v, l.other);
}

static apr_status_t use_append_list_of_it(void)
{
    return bufv_append_list(l.other, l.v);
}

static apr_status_t use_appendf(void)
{
    return bufv_appendf(l.v, "%d", 1);
}

static apr_status_t use_prepend(void)
{
    return bufv_prepend(l.v, "x", 1);
}

static apr_status_t use_append_file(void)
{
    return bufv_append_file(l.v, l.file, 0, 1);
}

static apr_status_t use_append_file_owned(void)
{
    return bufv_append_file_owned(l.v, l.file, 0, 1, count_release, &l.kept);
}

static apr_status_t use_clone(void)
{
    return bufv_clone(l.v, l.other);
}

static apr_status_t use_clone_of_it(void)
{
    return bufv_clone(l.other, l.v);
}

static apr_status_t use_clone_of_itself(void)
{
    return bufv_clone(l.v, l.v);
}

static apr_status_t use_split(void)
{
    return bufv_split(l.v, 1, l.other);
}

static apr_status_t use_split_into_it(void)
{
    return bufv_split(l.other, 1, l.v);
}

static apr_status_t use_reserve(void)
{
    apr_size_t room;
    void *data;

    return bufv_reserve(l.v, 10, &data, &room);
}

static apr_status_t use_commit(void)
{
    return bufv_commit(l.v, 3);
}

static apr_status_t use_fill(void)
{
    bufv_reader_t r = {read_none, NULL, NULL, NULL};
    apr_size_t got;

    return bufv_fill(l.v, &r, 10, &got);
}

static apr_status_t use_consume(void)
{
    return bufv_consume(l.v, 1);
}

static apr_status_t use_consume_nothing(void)
{
    return bufv_consume(l.v, 0);
}

static apr_status_t use_read(void)
{
    char data[4];
    apr_size_t len = sizeof(data);

    return bufv_read(l.v, data, &len);
}

static apr_status_t use_reader(void)
{
    bufv_reader_t r = bufv_reader(l.v);

    return bufv_copy(l.s2->w, &r, NULL, NULL);
}

static apr_status_t use_as_rest(void)
{
    bufv_reader_t r = {read_none, NULL, NULL, NULL};

    return bufv_copy(l.s2->w, &r, l.v, NULL);
}

static apr_status_t use_write(void)
{
    return bufv_write(l.v, l.s->w, NULL);
}

static apr_status_t use_write_by_another(void)
{
    return bufv_write(l.v, l.s2->w, NULL);
}

static apr_status_t use_write_of_another(void)
{
    return bufv_write_some(l.other, l.s->w, NULL);
}

static apr_status_t use_clear(void)
{
    bufv_clear(l.v);
    return APR_SUCCESS;
}

static apr_status_t use_trim(void)
{
    bufv_trim(l.v);
    return APR_SUCCESS;
}

/* What is in memory may be looked at; a range only before it is lent. */
static apr_status_t use_peek(void)
{
    struct iovec vec[20];
    apr_size_t nvec = COUNT(vec), i;
    apr_status_t status = bufv_peek(l.v, vec, &nvec);
    apr_uint64_t left = bufv_length(l.v);

    for (i = 0; i < nvec; i++) {
        const char *at = &CONTENT[sizeof(CONTENT) - 1 - left];

        if (memcmp(vec[i].iov_base, at, vec[i].iov_len) != 0)
            return APR_EGENERAL;
        left -= vec[i].iov_len;
    }
    return nvec == 0 && status == APR_EBUSY ? APR_SUCCESS : status;
}

static apr_status_t use_counts(void)
{
    if (bufv_length(l.v) != sizeof(CONTENT) - 1 - l.s->got_len ||
        bufv_count(l.v) == 0 || bufv_status(l.v) != APR_SUCCESS)
        return APR_EGENERAL;
    return APR_SUCCESS;
}

static const struct {
    const char *name;
    apr_status_t (*use)(void);
    apr_status_t status;
} uses[] = {
    {"append", use_append, APR_EBUSY},
    {"append_copy", use_append_copy, APR_EBUSY},
    {"append_owned", use_append_owned, APR_EBUSY},
    {"append_owned of nothing", use_append_empty_owned, APR_EBUSY},
    {"append_vec", use_append_vec, APR_EBUSY},
    {"append_list", use_append_list, APR_EBUSY},
    {"append_list of it", use_append_list_of_it, APR_EBUSY},
    {"appendf", use_appendf, APR_EBUSY},
    {"prepend", use_prepend, APR_EBUSY},
    {"append_file", use_append_file, APR_EBUSY},
    {"append_file_owned", use_append_file_owned, APR_EBUSY},
    {"clone", use_clone, APR_EBUSY},
    {"clone of it", use_clone_of_it, APR_EBUSY},
    {"clone of itself", use_clone_of_itself, APR_EBUSY},
    {"split", use_split, APR_EBUSY},
    {"split into it", use_split_into_it, APR_EBUSY},
    {"reserve", use_reserve, APR_EBUSY},
    {"commit", use_commit, APR_EBUSY},
    {"fill", use_fill, APR_EBUSY},
    {"consume", use_consume, APR_EBUSY},
    {"consume nothing", use_consume_nothing, APR_EBUSY},
    {"read", use_read, APR_EBUSY},
    {"a reader of it", use_reader, APR_EBUSY},
    {"the rest of a copy", use_as_rest, APR_EBUSY},
    {"write", use_write, APR_EBUSY},
    {"write by another", use_write_by_another, APR_EBUSY},
    {"write of another", use_write_of_another, APR_EBUSY},
    {"clear", use_clear, APR_SUCCESS},
    {"trim", use_trim, APR_SUCCESS},
    {"peek", use_peek, APR_SUCCESS},
    {"length, count, status", use_counts, APR_SUCCESS},
};

/* ---- the transport */

static bufv_ops_t behind;

static void use_once(void)
{
    if (!l.done)
        l.status = l.use();
    l.done = 1;
}

static apr_status_t using_writev(void *baton, const struct iovec *vec,
                                 apr_size_t nvec, int more,
                                 apr_size_t *written)
{
    use_once();
    return behind.writev(baton, vec, nvec, more, written);
}

static apr_status_t using_sendfile(void *baton, apr_file_t *file,
                                   apr_off_t offset, apr_size_t len, int more,
                                   apr_size_t *written)
{
    use_once();
    return behind.sendfile(baton, file, offset, len, more, written);
}

enum { BY_REFERENCE, GATHERED, UNREAD, READ, WAYS };

/* The list holds CONTENT in chunks of all kinds, and room that is reserved;
 * its range comes first where it is to be what is lent. */
static void fill_list(int way)
{
    const char *at = CONTENT;
    apr_size_t room;
    void *data;

    l.v = list_new();
    l.file = file_text(CONTENT);
    if (way == UNREAD || way == READ)
        assert_ok(bufv_append_file(l.v, l.file, 0, 5));
    else
        assert_ok(bufv_append(l.v, at, 5));
    assert_ok(bufv_append_owned(l.v, at + 5, 3, count_release, &l.released));
    assert_ok(bufv_append_copy(l.v, at + 8, 3));
    assert_ok(bufv_append(l.v, at + 11, 3));
    if (way != BY_REFERENCE)
        assert_ok(bufv_append_file(l.v, l.file, 14, 6));
    else
        assert_ok(bufv_append(l.v, at + 14, 6));
    assert_ok(bufv_append_copy(l.v, at + 20, strlen(at) - 20));
    assert_ok(bufv_reserve(l.v, 100, &data, &room));
    memcpy(data, "end", 3);
    l.room = data;
}

static void set_up(int way, apr_status_t (*use)(void))
{
    memset(&l, 0, sizeof(l));
    l.use = use;
    l.other = list_of((const char *const[]){"XYZ", NULL});
    l.s2 = scripted_for(NULL);
    l.s = scripted_new(pool);
    scripted_sends_files(l.s);
    behind = l.s->ops;
    if (way == UNREAD)
        l.s->ops.sendfile = using_sendfile;
    else
        l.s->ops.writev = using_writev;
    scripted_open(l.s);
    bufv_writer_sendfile_from_set(l.s->w, way == READ ? ~APR_UINT64_C(0) : 0);
    bufv_writer_copy_below_set(l.s->w, way == BY_REFERENCE ? 0 : 512);
    fill_list(way);
}

/* Each use is refused or harmless; all leaves once and as it was, and the list
 * works afterwards, its reservation too. */
START_TEST(lent__is_left_alone)
{
    int row = _i / WAYS;

    set_up(_i % WAYS, uses[row].use);
    if (_i / WAYS % 2)
        assert_ok(bufv_writer_lock_enable(l.s->w));
    assert_ok(bufv_write(l.v, l.s->w, NULL));
    ck_assert_int_eq(l.done, 1);
    ck_assert_msg(l.status == uses[row].status, "%s: %s", uses[row].name,
                  status_text(l.status));
    scripted_assert_got(l.s, CONTENT, sizeof(CONTENT) - 1);
    ck_assert_uint_eq(l.s2->got_len, 0);
    ck_assert_int_eq(l.released, 1);
    ck_assert_int_eq(l.kept, 0);
    ck_assert_int_eq(l.reads, 0);
    assert_text(l.other, "XYZ");
    assert_ok(bufv_append(l.v, "the ", 4));
    assert_ok(bufv_commit(l.v, 3));
    assert_text(l.v, "the end");
}
END_TEST

/* An append that was refused is remembered. */
START_TEST(lent__refusal_is_remembered)
{
    set_up(_i, use_append);
    assert_ok(bufv_write(l.v, l.s->w, NULL));
    assert_is(bufv_status(l.v), APR_STATUS_IS_EBUSY);
    bufv_clear(l.v);
    assert_ok(bufv_status(l.v));
}
END_TEST

/* ---- destroying */

static apr_status_t use_destroy(void)
{
    bufv_destroy(l.v);
    return APR_SUCCESS;
}

static apr_status_t use_destroy_writer(void)
{
    bufv_writer_destroy(l.s->w);
    return APR_SUCCESS;
}

static apr_status_t use_destroy_both(void)
{
    bufv_writer_destroy(l.s->w);
    bufv_destroy(l.v);
    return APR_SUCCESS;
}

static apr_status_t (*const ends[])(void) = {use_destroy, use_destroy_writer,
                                             use_destroy_both};

/* It takes effect when the write returns: what was lent has left, and nothing
 * more; APR_SUCCESS if that was all. */
START_TEST(lent__may_be_destroyed)
{
    int way = _i % WAYS, which = _i / WAYS;
    bufv_report_t report = {sizeof(report), 0, 0, 0, 0, 0, 0, 0};
    apr_status_t status;
    apr_uint64_t left;

    set_up(way, ends[which]);
    scripted_limits(l.s, 2, 0);
    status = bufv_write_with(l.v, l.s->w, NULL, &report);
    left = sizeof(CONTENT) - 1 - report.written;
    ck_assert_int_eq(status, left == 0 ? APR_SUCCESS : APR_EBUSY);
    ck_assert_int_eq(report.status, status);
    ck_assert_uint_eq(report.left, left);
    ck_assert_uint_eq(report.calls, 1);
    ck_assert_uint_eq(l.s->attempts, 1);
    ck_assert_uint_eq(l.s->got_len, report.written);
    ck_assert_mem_eq(l.s->got, CONTENT, (apr_size_t)report.written);
    if (which != 1)
        ck_assert_int_eq(l.released, 1);
}
END_TEST

/* ---- other lists and writers, from within every operation */

typedef enum place_t {
    IN_WRITEV,
    IN_SENDFILE,
    IN_WAIT,
    IN_NOW,
    IN_BEGIN,
    IN_END,
    IN_TIMEOUT,
    IN_DESCRIBE,
    IN_PAUSE,
    IN_FLUSH,
    IN_ABANDON,
    IN_DESTROY,
    IN_HOOK,
    IN_RELEASE,
    PLACES
} place_t;

static struct {
    place_t place;
    int busy, times;
    apr_status_t first;
    scripted_t *s2;
    bufv_t *clone;                /* shares chunks with what is written */
    const bufv_writer_t *watched; /* ask about this one as well */
} u;

/* All that one may do with lists and writers that are not in use. */
static void use_others(void)
{
    bufv_t *a = NULL, *b = NULL;
    char text[20];
    apr_size_t len = sizeof(text);

    note(u.first, bufv_create(&a, NULL));
    note(u.first, bufv_create(&b, NULL));
    note(u.first, bufv_append_copy(a, "one ", 4));
    note(u.first, bufv_append_owned(a, "two ", 4, NULL, NULL));
    note(u.first, bufv_appendf(b, "%s", "three"));
    note(u.first, bufv_append_list(a, b));
    note(u.first, bufv_split(a, 5, b));
    note(u.first, bufv_append_list(b, a));
    note(u.first, bufv_clone(a, b));
    note(u.first, bufv_read(a, text, &len));
    if (len != 13 || memcmp(text, "one two three", 13) != 0)
        u.first = APR_EGENERAL;
    note(u.first, bufv_write(b, u.s2->w, NULL));
    if (bufv_length(u.clone) > 0)
        note(u.first, bufv_consume(u.clone, 1));
    bufv_destroy(a);
    bufv_destroy(b);
}

static void ask_about_it(void)
{
    bufv_report_t report;
    bufv_stats_t stats;
    char text[100];

    report = report_of(u.watched);
    stats = stats_of(u.watched);
    if (report.size == 0 || stats.size == 0)
        u.first = APR_EGENERAL;
    if (u.place != IN_DESCRIBE) /* it would ask itself */
        bufv_writer_strerror(u.watched, text, sizeof(text));
}

static void here(place_t place)
{
    if (place != u.place || u.busy || u.times > 20)
        return;
    u.busy = 1;
    u.times++;
    use_others();
    if (u.watched != NULL)
        ask_about_it();
    u.busy = 0;
}

static apr_status_t in_writev(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    here(IN_WRITEV);
    return behind.writev(baton, vec, nvec, more, written);
}

static apr_status_t in_sendfile(void *baton, apr_file_t *file,
                                apr_off_t offset, apr_size_t len, int more,
                                apr_size_t *written)
{
    here(IN_SENDFILE);
    return behind.sendfile(baton, file, offset, len, more, written);
}

static apr_status_t in_wait(void *baton, apr_interval_time_t timeout)
{
    here(IN_WAIT);
    return behind.wait(baton, timeout);
}

static apr_time_t in_now(void *baton)
{
    here(IN_NOW);
    return behind.now(baton);
}

static apr_status_t in_begin(void *baton)
{
    here(IN_BEGIN);
    return behind.begin(baton);
}

static void in_end(void *baton)
{
    behind.end(baton);
    here(IN_END);
}

static apr_interval_time_t in_timeout(void *baton)
{
    here(IN_TIMEOUT);
    return behind.timeout(baton);
}

static void in_describe(void *baton, char *buf, apr_size_t size)
{
    (void)baton;
    here(IN_DESCRIBE);
    apr_cpystrn(buf, "there", size);
}

static void in_pause(void *baton, apr_interval_time_t time)
{
    here(IN_PAUSE);
    behind.pause(baton, time);
}

static void in_flush(void *baton)
{
    here(IN_FLUSH);
    behind.flush(baton);
}

static apr_status_t in_abandon(void *baton)
{
    (void)baton;
    here(IN_ABANDON);
    return APR_SUCCESS;
}

static void in_destroy(void *baton)
{
    (void)baton;
    here(IN_DESTROY);
}

static void in_hook(void *baton, const bufv_call_t *call)
{
    (void)baton;
    (void)call;
    here(IN_HOOK);
}

static void in_release(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
    here(IN_RELEASE);
}

static scripted_t *busy_new(place_t place)
{
    static const scripted_step_t steps[] = {
        {2, 0, 0}, {0, APR_ENOMEM, 0}, {1, APR_EAGAIN, 0}, {3, 0, 0}};
    scripted_t *s = scripted_new(pool);

    memset(&u, 0, sizeof(u));
    u.place = place;
    u.s2 = scripted_for(NULL);
    scripted_sends_files(s);
    behind = s->ops;
    s->ops.writev = in_writev;
    s->ops.sendfile = in_sendfile;
    s->ops.wait = in_wait;
    s->ops.now = in_now;
    s->ops.begin = in_begin;
    s->ops.end = in_end;
    s->ops.timeout = in_timeout;
    s->ops.describe = in_describe;
    s->ops.pause = in_pause;
    s->ops.flush = in_flush;
    s->ops.abandon = in_abandon;
    s->ops.destroy = in_destroy;
    s->ops.max_vec = 2;
    scripted_open(s);
    scripted_play(s, steps, COUNT(steps));
    bufv_writer_hook_set(s->w, in_hook, NULL);
    bufv_writer_sendfile_from_set(s->w, 0);
    return s;
}

static bufv_t *owned_list(void)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append_owned(v, "hello ", 6, in_release, NULL));
    assert_ok(bufv_append_copy(v, "big ", 4));
    assert_ok(bufv_append_file(v, file_text("wide "), 0, 5));
    assert_ok(bufv_append_owned(v, "world", 5, in_release, NULL));
    return v;
}

/* A write with a pause, a wait and a file; then one that waits for its turn,
 * and an abandoned one; then the end. The one in the operation and the one
 * around it are both exact. Locked, its report may be asked for there, too. */
START_TEST(lent__others_are_free)
{
    scripted_t *s = busy_new((place_t)(_i / 2));
    bufv_terms_t terms = terms_of(1, apr_time_from_msec(10), 0);
    bufv_t *v = owned_list(), *clone = list_new();
    char text[100];
    apr_size_t i;

    u.clone = clone;
    assert_ok(bufv_append(clone, "clone", 5));
    if (_i / 2 == IN_RELEASE)
        assert_ok(bufv_append_owned(v, "", 0, in_release, NULL));
    else
        assert_ok(bufv_clone(clone, v));
    if (_i % 2) {
        assert_ok(bufv_writer_lock_enable(s->w));
        u.watched = s->w;
    }
    assert_ok(bufv_write(v, s->w, NULL));
    bufv_writer_strerror(s->w, text, sizeof(text));
    ck_assert_str_eq(text, "scripted there: success");
    scripted_assert_got(s, "hello big wide world", 20);
    s->otherwise.take = 1;
    s->otherwise.status = APR_EAGAIN;
    assert_is(bufv_write_some(owned_list(), s->w, NULL), APR_STATUS_IS_EAGAIN);
    s->otherwise.take = SCRIPTED_ALL;
    s->otherwise.status = APR_SUCCESS;
    if (_i % 2)
        assert_is(bufv_write_with(owned_list(), s->w, &terms, NULL),
                  APR_STATUS_IS_TIMEUP);
    assert_ok(bufv_writer_abandon(s->w));
    u.watched = NULL;
    bufv_writer_destroy(s->w);
    assert_ok(u.first);
    ck_assert_int_gt(u.times, 0);
    ck_assert_int_eq((int)u.s2->got_len, 13 * u.times);
    for (i = 0; i < u.s2->got_len; i += 13)
        ck_assert_mem_eq(u.s2->got + i, "one two three", 13);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, lent__is_left_alone, 0, WAYS * (int)COUNT(uses));
    tcase_add_loop_test(tc, lent__refusal_is_remembered, 0, WAYS);
    tcase_add_loop_test(tc, lent__may_be_destroyed, 0,
                        WAYS * (int)COUNT(ends));
    tcase_add_loop_test(tc, lent__others_are_free, 0, 2 * PLACES);
}

const topic_t topic_lent = {"lent", add_tests};
