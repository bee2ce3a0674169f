/* SPDX-License-Identifier: Apache-2.0 */

/* Structs that begin with their size: those of older and of newer programs
 * (docs/ABI.md). What lies behind a size is garbage, and is not looked at. */

#include "bufv_private.h"

#include "scripted.h"

#define GARBAGE 0x5a

/* Bytes that a struct of a later release may have more, in these tests. */
#define LATER 64

/* How far the first member reaches that an old struct must have. */
#define REACH(type, member) \
    (offsetof(type, member) + sizeof(((type *)0)->member))

/* A struct of some size, with garbage or zeros behind what is known of it,
 * and garbage behind its end. */
typedef struct sized_t {
    union {
        apr_size_t size;
        bufv_ops_t ops;
        bufv_terms_t terms;
        bufv_report_t report;
        bufv_stats_t stats;
        unsigned char bytes[512];
    } of;
} sized_t;

static sized_t sized(const void *known, apr_size_t own, apr_size_t size,
                     int later)
{
    sized_t s;
    apr_size_t end = size < sizeof(s) ? size : sizeof(s);

    memset(&s, GARBAGE, sizeof(s));
    memcpy(&s, known, own < end ? own : end);
    if (end > own)
        memset(s.of.bytes + own, later, end - own);
    s.of.size = size;
    return s;
}

/* What is behind the end of it has stayed. */
static void assert_untouched(const sized_t *s, apr_size_t from)
{
    for (; from < sizeof(*s); from++)
        ck_assert_uint_eq(s->of.bytes[from], GARBAGE);
}

/* ---- operations */

/* What a transport was asked by the scenario below. */
typedef struct trace_t {
    apr_status_t status[4];
    apr_uint64_t written[4];
    apr_size_t attempts, waits, begins, ends, files, flushes, pauses;
    int timeouts, describes, abandons, destroys;
    char text[100];
    unsigned char got[100];
    apr_size_t got_len;
} trace_t;

static trace_t trace;

static apr_interval_time_t trace_timeout(void *baton)
{
    (void)baton;
    trace.timeouts++;
    return -1;
}

static void trace_describe(void *baton, char *buf, apr_size_t size)
{
    (void)baton;
    trace.describes++;
    apr_cpystrn(buf, "here", size);
}

static apr_status_t trace_abandon(void *baton)
{
    (void)baton;
    trace.abandons++;
    return APR_SUCCESS;
}

static void trace_destroy(void *baton)
{
    (void)baton;
    trace.destroys++;
}

/* Full, full in part, short of memory, with a file, in two calls. */
static void run_scenario(scripted_t *s, const bufv_ops_t *ops)
{
    static const scripted_step_t steps[] = {
        {2, APR_EAGAIN, 0}, {0, APR_ENOMEM, 0}, {1, APR_SUCCESS, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", NULL});
    bufv_writer_t *w;
    int i;

    memset(&trace, 0, sizeof(trace));
    assert_ok(bufv_writer_create(&w, ops, s, pool));
    assert_ok(bufv_append_file(v, file_text("0123456789"), 1, 8));
    assert_ok(bufv_append(v, "world", 5));
    bufv_writer_sendfile_from_set(w, 0);
    scripted_play(s, steps, COUNT(steps));
    for (i = 0; i < 4; i++) {
        bufv_terms_t terms = terms_of(1, 0, i == 0 ? 7 : 0);
        bufv_report_t report = {0};

        report.size = sizeof(report);
        trace.status[i] = bufv_write_with(v, w, &terms, &report);
        trace.written[i] = report.written;
    }
    bufv_writer_strerror(w, trace.text, sizeof(trace.text));
    assert_ok(bufv_writer_abandon(w));
    bufv_writer_destroy(w);
    trace.attempts = s->attempts;
    trace.waits = s->waited;
    trace.begins = s->begins;
    trace.ends = s->ends;
    trace.files = s->files;
    trace.flushes = s->flushes;
    trace.pauses = s->pauses;
    trace.got_len = (apr_size_t)s->got_len;
    if (s->got_len <= sizeof(trace.got))
        memcpy(trace.got, s->got, (apr_size_t)s->got_len);
}

/* A transport that has every member. */
static scripted_t *whole(void)
{
    scripted_t *s = scripted_new(pool);

    scripted_sends_files(s);
    s->ops.copy_below = 3;
    s->ops.timeout = trace_timeout;
    s->ops.describe = trace_describe;
    s->ops.abandon = trace_abandon;
    s->ops.destroy = trace_destroy;
    s->max_vec = s->ops.max_vec;
    s->max_bytes = s->ops.max_bytes;
    return s;
}

/* Each member from `writev` on is the last one of a struct, or a part of it
 * is. */
static const struct {
    const char *name;
    apr_size_t begin, end;
} members[] = {
#define MEMBER(name)                                               \
    {                                                              \
#name, offsetof(bufv_ops_t, name), REACH(bufv_ops_t, name) \
    }
    MEMBER(writev), MEMBER(wait),  MEMBER(now),     MEMBER(sendfile),
    MEMBER(begin),  MEMBER(end),   MEMBER(timeout), MEMBER(describe),
    MEMBER(pause),  MEMBER(flush), MEMBER(abandon), MEMBER(destroy),
};

/* The scenario uses all of them. */
START_TEST(sized__ops_whole)
{
    scripted_t *s = whole();

    run_scenario(s, &s->ops);
    ck_assert_int_eq(trace.status[0], APR_INCOMPLETE);
    assert_ok(trace.status[1]);
    ck_assert_uint_eq(trace.got_len, 18);
    ck_assert_mem_eq(trace.got, "hello12345678world", 18);
    ck_assert_uint_gt(trace.waits, 0);
    ck_assert_uint_gt(trace.begins, 0);
    ck_assert_uint_eq(trace.begins, trace.ends);
    ck_assert_uint_gt(trace.files, 0);
    ck_assert_uint_gt(trace.flushes, 0);
    ck_assert_uint_gt(trace.pauses, 0);
    ck_assert_int_gt(trace.timeouts, 0);
    ck_assert_int_eq(trace.describes, 1);
    ck_assert_int_eq(trace.abandons, 1);
    ck_assert_int_eq(trace.destroys, 1);
    ck_assert_str_eq(trace.text, "scripted here: success");
    ck_assert_uint_eq(REACH(bufv_ops_t, destroy), sizeof(bufv_ops_t));
}
END_TEST

/* A struct that ends after some member, or in the middle of the next, with
 * garbage behind, is one whose later members are 0. */
START_TEST(sized__ops_shorter)
{
    static const apr_size_t parts[] = {0, 1, sizeof(void *) - 1};
    const apr_size_t end = members[_i / 3].end + parts[_i % 3];
    scripted_t *s = whole();
    sized_t old = sized(&s->ops, sizeof(s->ops), end, 0);
    trace_t want;

    memset((char *)&s->ops + members[_i / 3].end, 0,
           sizeof(s->ops) - members[_i / 3].end);
    run_scenario(s, &s->ops);
    want = trace;
    s = whole();
    run_scenario(s, &old.of.ops);
    ck_assert_mem_eq(&trace, &want, sizeof(want));
    ck_assert_uint_eq(trace.got_len, 18);
    ck_assert_mem_eq(trace.got, "hello12345678world", 18);
}
END_TEST

/* Too short to have `writev`: refused, at each size. */
START_TEST(sized__ops_too_short)
{
    scripted_t *s = whole();
    apr_size_t size;

    for (size = 0; size < REACH(bufv_ops_t, writev); size++) {
        sized_t old = sized(&s->ops, sizeof(s->ops), size, 0);
        bufv_writer_t *w = (bufv_writer_t *)&old;

        assert_is(bufv_writer_create(&w, &old.of.ops, s, pool),
                  APR_STATUS_IS_EINVAL);
        ck_assert_ptr_null(w);
    }
}
END_TEST

/* Longer, with zeros: what the library does not know is not used. */
START_TEST(sized__ops_longer)
{
    scripted_t *s = whole();
    apr_size_t by;

    for (by = 1; by <= LATER; by++) {
        sized_t later;

        s = whole();
        later = sized(&s->ops, sizeof(s->ops), sizeof(s->ops) + by, 0);
        run_scenario(s, &later.of.ops);
        ck_assert_uint_eq(trace.got_len, 18);
        ck_assert_int_eq(trace.destroys, 1);
    }
}
END_TEST

/* Longer, and any byte of what is not known is not 0: told so. */
START_TEST(sized__ops_unknown)
{
    scripted_t *s = whole();
    int destroys = trace.destroys;
    apr_size_t at;

    for (at = 0; at < LATER; at++) {
        sized_t later =
            sized(&s->ops, sizeof(s->ops), sizeof(s->ops) + LATER, 0);
        bufv_writer_t *w = (bufv_writer_t *)&later;

        later.of.bytes[sizeof(s->ops) + at] = 1;
        ck_assert_int_eq(bufv_writer_create(&w, &later.of.ops, s, pool),
                         APR_ENOTIMPL);
        ck_assert_ptr_null(w);
    }
    ck_assert_int_eq(trace.destroys, destroys);
}
END_TEST

static const apr_size_t huge[] = {(apr_size_t)-1, (apr_size_t)-1 / 2,
                                  (apr_size_t)1 << 24, 100000, 4097};

/* Whether a size that no struct has was refused. */
static void assert_refused(apr_status_t status)
{
    ck_assert_msg(APR_STATUS_IS_EINVAL(status) || status == APR_ENOTIMPL,
                  "a huge size: %s", status_text(status));
}

START_TEST(sized__huge)
{
    scripted_t *s = whole();
    bufv_terms_t terms = terms_of(1, 0, 0);
    bufv_report_t report = {0};
    bufv_stats_t stats = {0};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    sized_t big = sized(&s->ops, sizeof(s->ops), huge[_i], 0);
    bufv_writer_t *w = (bufv_writer_t *)&big;

    big = sized(&s->ops, sizeof(s->ops), sizeof(big), 1);
    big.of.size = huge[_i];
    assert_refused(bufv_writer_create(&w, &big.of.ops, s, pool));
    ck_assert_ptr_null(w);
    scripted_open(s);
    big = sized(&terms, sizeof(terms), sizeof(big), 1);
    big.of.size = huge[_i];
    assert_refused(bufv_write_with(v, s->w, &big.of.terms, NULL));
    big = sized(&report, sizeof(report), sizeof(big), 1);
    big.of.size = huge[_i];
    assert_refused(bufv_write_with(v, s->w, NULL, &big.of.report));
    big = sized(&stats, sizeof(stats), sizeof(big), 1);
    big.of.size = huge[_i];
    bufv_writer_stats(s->w, &big.of.stats);
    bufv_writer_report(s->w, &big.of.report);
    ck_assert_uint_eq(big.of.bytes[sizeof(big) - 1], 1);
    ck_assert_uint_eq(s->attempts, 0);
    ck_assert_uint_eq(bufv_length(v), 3);
}
END_TEST

/* ---- terms */

/* Writes on these terms, which allow seven bytes of ten. */
static apr_status_t write_on(scripted_t *s, const sized_t *terms,
                             apr_uint64_t *written)
{
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    bufv_report_t report = {0};
    apr_status_t status;

    report.size = sizeof(report);
    status = bufv_write_with(v, s->w, &terms->of.terms, &report);
    ck_assert_int_eq(report.status, status);
    ck_assert_uint_eq(report.left, bufv_length(v));
    *written = report.written;
    return status;
}

/* Less than the struct of the first release is refused, and nothing is
 * attempted; more is right if it is 0. */
START_TEST(sized__terms)
{
    const bufv_terms_t terms = terms_of(1, 0, 7);
    const apr_size_t own = sizeof(terms);
    scripted_t *s = scripted_for(NULL);
    apr_uint64_t written;
    apr_size_t size, at;
    sized_t t;

    for (size = 0; size < own; size++) {
        t = sized(&terms, own, size, 0);
        assert_is(write_on(s, &t, &written), APR_STATUS_IS_EINVAL);
    }
    for (at = 0; at < LATER; at++) {
        t = sized(&terms, own, own + LATER, 0);
        t.of.bytes[own + at] = 1;
        ck_assert_int_eq(write_on(s, &t, &written), APR_ENOTIMPL);
    }
    ck_assert_uint_eq(s->attempts, 0);
    for (size = own; size <= own + LATER; size++) {
        t = sized(&terms, own, size, 0);
        assert_is(write_on(s, &t, &written), APR_STATUS_IS_INCOMPLETE);
        ck_assert_uint_eq(written, 7);
    }
}
END_TEST

/* ---- reports and counters */

static const bufv_report_t no_report;
static const bufv_stats_t no_stats;

/* The report of a call: filled up to what is known; a later member is 0. */
START_TEST(sized__report_of_a_call)
{
    const apr_size_t own = sizeof(bufv_report_t);
    scripted_t *s = scripted_for(NULL);
    apr_size_t size, at;
    sized_t r;
    bufv_t *v = list_new();

    for (size = own; size <= own + LATER; size++) {
        r = sized(&no_report, own, size, 0);
        assert_ok(bufv_append(v, "hello", 5));
        assert_ok(bufv_write_with(v, s->w, NULL, &r.of.report));
        ck_assert_uint_eq(r.of.size, size);
        ck_assert_uint_eq(r.of.report.written, 5);
        ck_assert_uint_eq(r.of.report.calls, 1);
        for (at = own; at < size; at++)
            ck_assert_uint_eq(r.of.bytes[at], 0);
        assert_untouched(&r, size);
    }
}
END_TEST

/* One that cannot be filled is refused, and left as it is. */
START_TEST(sized__report_refused)
{
    const apr_size_t own = sizeof(bufv_report_t);
    bufv_t *v = list_of((const char *const[]){"hello", NULL});
    scripted_t *s = scripted_for(NULL);
    apr_size_t size, at;
    sized_t r, was;

    for (size = 0; size < own; size++) {
        r = was = sized(&no_report, own, size, 0);
        assert_is(bufv_write_with(v, s->w, NULL, &r.of.report),
                  APR_STATUS_IS_EINVAL);
        ck_assert_mem_eq(&r, &was, sizeof(r));
    }
    for (at = 0; at < LATER; at++) {
        was = sized(&no_report, own, own + LATER, 0);
        was.of.bytes[own + at] = 1;
        r = was;
        ck_assert_int_eq(bufv_write_with(v, s->w, NULL, &r.of.report),
                         APR_ENOTIMPL);
        ck_assert_mem_eq(&r, &was, sizeof(r));
    }
    ck_assert_uint_eq(s->attempts, 0);
    ck_assert_uint_eq(bufv_length(v), 5);
}
END_TEST

/* The writer's report and counters: nothing is filled of one that is too
 * short, and nothing behind its end. */
START_TEST(sized__report_and_stats_of_a_writer)
{
    const apr_size_t own_report = sizeof(bufv_report_t);
    const apr_size_t own_stats = sizeof(bufv_stats_t);
    scripted_t *s = scripted_for(NULL);
    apr_size_t size;
    sized_t r, was;

    assert_ok(
        bufv_write(list_of((const char *const[]){"hello", NULL}), s->w, NULL));
    for (size = 0; size <= own_report + LATER; size++) {
        r = was = sized(&no_report, own_report, size, 0);
        bufv_writer_report(s->w, &r.of.report);
        ck_assert_int_eq(memcmp(&r, &was, sizeof(r)) != 0, size >= own_report);
        if (size >= own_report)
            ck_assert_uint_eq(r.of.report.written, 5);
        assert_untouched(&r, size > sizeof(size) ? size : sizeof(size));
    }
    for (size = 0; size <= own_stats + LATER; size++) {
        r = was = sized(&no_stats, own_stats, size, 0);
        bufv_writer_stats(s->w, &r.of.stats);
        ck_assert_int_eq(memcmp(&r, &was, sizeof(r)) != 0, size >= own_stats);
        if (size >= own_stats)
            ck_assert_uint_eq(r.of.stats.lists, 1);
        assert_untouched(&r, size > sizeof(size) ? size : sizeof(size));
    }
}
END_TEST

/* ---- what the library sets */

START_TEST(sized__by_the_library)
{
    scripted_t *s = scripted_for(NULL);
    tally_t tally;

    tally_watch(&tally, s->w);
    assert_ok(
        bufv_write(list_of((const char *const[]){"hello", NULL}), s->w, NULL));
    ck_assert_uint_eq(tally.last.size, sizeof(bufv_call_t));
    ck_assert_uint_eq(bufv_socket_ops()->size, sizeof(bufv_ops_t));
    ck_assert_str_eq(bufv_version(),
                     apr_psprintf(pool, "%d.%d.%d", BUFV_VERSION_MAJOR,
                                  BUFV_VERSION_MINOR, BUFV_VERSION_PATCH));
}
END_TEST

/* A struct of the program's is filled up to its size and not a byte further,
 * whichever of the two is older. */
START_TEST(sized__filled_up_to_its_size)
{
    static const apr_size_t sizes[] = {8, 16, 40, 64, 80, 128};
    unsigned char own[64], his[160];
    apr_size_t size = sizes[_i], i;

    memset(his, GARBAGE, sizeof(his));
    memcpy(his, &size, sizeof(size));
    for (i = 0; i < sizeof(own); i++)
        own[i] = (unsigned char)(100 + i);
    bufv__sized_fill(his, sizeof(own), own);
    ck_assert_mem_eq(his, &size, sizeof(size));
    for (i = sizeof(size); i < sizeof(his); i++) {
        if (i >= size)
            ck_assert_int_eq(his[i], GARBAGE);
        else
            ck_assert_int_eq(his[i], i < sizeof(own) ? 100 + (int)i : 0);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, sized__ops_whole);
    tcase_add_loop_test(tc, sized__ops_shorter, 0,
                        (int)COUNT(members) * 3 - 2);
    tcase_add_test(tc, sized__ops_too_short);
    tcase_add_test(tc, sized__ops_longer);
    tcase_add_test(tc, sized__ops_unknown);
    tcase_add_loop_test(tc, sized__huge, 0, (int)COUNT(huge));
    tcase_add_test(tc, sized__terms);
    tcase_add_test(tc, sized__report_of_a_call);
    tcase_add_test(tc, sized__report_refused);
    tcase_add_test(tc, sized__report_and_stats_of_a_writer);
    tcase_add_test(tc, sized__by_the_library);
    tcase_add_loop_test(tc, sized__filled_up_to_its_size, 0, 6);
}

const topic_t topic_sized = {"sized", add_tests};
