/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_write_with(): whether it waits, how long, how much, what it reports,
 * and in which order it looks (promises 12, 13a, 20). All time is that of a
 * clock that the tests move, so limits are met to the microsecond. */

#include "peer.h"
#include "scripted.h"

/* Longer than any limit of these tests: a wait of this meets its limit. */
#define FOREVER (APR_INT64_MAX / 4)

static bufv_t *ten_bytes(void)
{
    return list_of((const char *const[]){"hello", "world", NULL});
}

static bufv_report_t report_new(void)
{
    bufv_report_t report;

    memset(&report, 0x5a, sizeof(report));
    report.size = sizeof(report);
    return report;
}

/* One call on terms. Asserts what holds after each, and that the report is
 * that of the call. */
static apr_status_t write_on(bufv_t *v, bufv_writer_t *w, bufv_terms_t terms,
                             bufv_report_t *report)
{
    apr_uint64_t before = bufv_length(v);
    apr_status_t status;

    *report = report_new();
    status = bufv_write_with(v, w, &terms, report);
    ck_assert_int_eq(report->status, status);
    ck_assert_uint_eq(report->size, sizeof(*report));
    ck_assert_uint_eq(report->left, bufv_length(v));
    ck_assert_uint_eq(report->written + report->left, before);
    return status;
}

/* A status is the one that was wanted, or the system's word for it. */
static int same_status(apr_status_t is, apr_status_t want)
{
    return want == APR_TIMEUP ? APR_STATUS_IS_TIMEUP(is) : is == want;
}

static void assert_status(const char *what, apr_status_t is, apr_status_t want)
{
    ck_assert_msg(same_status(is, want), "%s: %s, not %d", what,
                  status_text(is), want);
}

/* ---- wait, and no terms at all */

typedef struct wait_case_t {
    const char *name;
    int has_terms, wait;
    int can_wait;                /* the transport has `wait`, */
    apr_interval_time_t timeout; /* and this limit of its own */
    apr_status_t status;
    apr_uint64_t written, waits;
} wait_case_t;

static const wait_case_t wait_cases[] = {
    {"no terms", 0, 0, 1, -1, APR_SUCCESS, 10, 1},
    {"wait 1", 1, 1, 1, -1, APR_SUCCESS, 10, 1},
    {"wait 0", 1, 0, 1, -1, APR_EAGAIN, 4, 0},
    {"no terms, nothing to wait with", 0, 0, 0, -1, APR_EAGAIN, 4, 0},
    {"wait 1, nothing to wait with", 1, 1, 0, -1, APR_EAGAIN, 4, 0},
    {"no terms, a transport that never waits", 0, 0, 1, 0, APR_EAGAIN, 4, 0},
    {"wait 1, a transport that never waits", 1, 1, 1, 0, APR_EAGAIN, 4, 0},
    {"wait 0, one that never waits", 1, 0, 1, 0, APR_EAGAIN, 4, 0},
};

/* The destination is full after four bytes: those that may wait do. */
START_TEST(terms__wait)
{
    static const scripted_step_t step = {4, APR_EAGAIN, 0};
    const wait_case_t *c = &wait_cases[_i];
    bufv_terms_t terms = terms_of(c->wait, 0, 0);
    bufv_report_t report = report_new();
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_new(pool);

    if (!c->can_wait)
        s->ops.wait = NULL;
    s->list = v;
    s->stall = c->timeout;
    scripted_open(s);
    scripted_play(s, &step, 1);
    assert_status(
        c->name,
        bufv_write_with(v, s->w, c->has_terms ? &terms : NULL, &report),
        c->status);
    ck_assert_uint_eq(report.written, c->written);
    ck_assert_uint_eq(report.waits, c->waits);
    ck_assert_uint_eq(s->waited, c->waits);
    if (s->waited > 0)
        ck_assert_int_lt(s->timeout[0], 0);
    scripted_assert_got(s, "helloworld", (apr_size_t)c->written);
}
END_TEST

/* bufv_write() and bufv_write_some() are it, and no report is needed. */
START_TEST(terms__of_the_shorter_forms)
{
    static const scripted_step_t step = {4, APR_EAGAIN, 0};
    bufv_terms_t terms = terms_of(_i, 0, 0);
    bufv_t *v[2];
    scripted_t *s[2];
    bufv_report_t a, b;
    int i;

    for (i = 0; i < 2; i++) {
        v[i] = ten_bytes();
        s[i] = scripted_for(v[i]);
        s[i]->otherwise_wait.advance = 30;
        scripted_play(s[i], &step, 1);
    }
    ck_assert_int_eq((_i ? bufv_write : bufv_write_some)(v[0], s[0]->w, NULL),
                     bufv_write_with(v[1], s[1]->w, &terms, NULL));
    a = report_of(s[0]->w);
    b = report_of(s[1]->w);
    ck_assert_mem_eq(&a, &b, sizeof(a));
    ck_assert_uint_eq(b.written, _i ? 10 : 4);
    ck_assert_uint_eq(s[0]->attempts, s[1]->attempts);
    ck_assert_int_eq(s[0]->clock, s[1]->clock);
}
END_TEST

/* ---- budget */

typedef struct budget_case_t {
    const char *name;
    apr_uint64_t budget;
    apr_size_t max_bytes, take; /* of an attempt; take 0: all */
    apr_status_t each;          /* what every attempt says */
    int wait;
    apr_status_t status;
    const char *asked; /* of each attempt, one digit, 10 being X */
} budget_case_t;

static const budget_case_t budget_cases[] = {
    {"none", 0, 0, 0, 0, 0, APR_SUCCESS, "X"},
    {"of one byte", 1, 0, 0, 0, 0, APR_INCOMPLETE, "1"},
    {"cuts a chunk", 3, 0, 0, 0, 0, APR_INCOMPLETE, "3"},
    {"ends with a chunk", 5, 0, 0, 0, 0, APR_INCOMPLETE, "5"},
    {"cuts the second", 7, 0, 0, 0, 0, APR_INCOMPLETE, "7"},
    {"one short", 9, 0, 0, 0, 0, APR_INCOMPLETE, "9"},
    {"exact", 10, 0, 0, 0, 0, APR_SUCCESS, "X"},
    {"above the list", 11, 0, 0, 0, 0, APR_SUCCESS, "X"},
    {"32 bits and 3", APR_UINT64_C(0x100000003), 0, 0, 0, 0, 0, "X"},
    {"the most there is", APR_UINT64_MAX, 0, 0, 0, 0, APR_SUCCESS, "X"},
    {"may wait", 7, 0, 0, 0, 1, APR_INCOMPLETE, "7"},
    {"last attempt cut to fit", 7, 3, 0, 0, 0, APR_INCOMPLETE, "331"},
    {"attempts that just fill it", 6, 3, 0, 0, 0, APR_INCOMPLETE, "33"},
    {"short writes", 7, 0, 3, 0, 0, APR_INCOMPLETE, "741"},
    {"short, above the list", 11, 0, 4, 0, 0, APR_SUCCESS, "X62"},
    {"full before it", 7, 0, 3, APR_EAGAIN, 0, APR_EAGAIN, "7"},
    {"full, and waits", 7, 0, 3, APR_EAGAIN, 1, APR_INCOMPLETE, "741"},
    {"full just then", 3, 0, 3, APR_EAGAIN, 0, APR_EAGAIN, "3"},
    {"an error", 7, 0, 3, APR_EPIPE, 0, APR_EPIPE, "7"},
};

/* So many bytes leave, and no attempt is offered more. */
START_TEST(terms__budget)
{
    const budget_case_t *c = &budget_cases[_i];
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report;
    char asked[12] = "";
    apr_size_t i;

    scripted_limits(s, 0, c->max_bytes);
    s->otherwise.take = c->take > 0 ? c->take : SCRIPTED_ALL;
    s->otherwise.status = c->each;
    assert_status(c->name,
                  write_on(v, s->w, terms_of(c->wait, 0, c->budget), &report),
                  c->status);
    for (i = 0; i < s->attempts && i < 10; i++)
        asked[i] = "0123456789X"[s->attempt[i].asked];
    ck_assert_str_eq(asked, c->asked);
    if (APR_STATUS_IS_INCOMPLETE(c->status))
        ck_assert_uint_eq(report.written, c->budget);
    scripted_assert_got(s, "helloworld", (apr_size_t)report.written);
}
END_TEST

/* A call that may wait does not wait when it has nothing left to attempt. */
START_TEST(terms__budget_used_up_is_not_waited_for)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report;

    s->otherwise.take = 3;
    s->otherwise.status = APR_EAGAIN;
    s->otherwise_wait.advance = FOREVER;
    assert_status("used up", write_on(v, s->w, terms_of(1, 1000, 3), &report),
                  APR_INCOMPLETE);
    ck_assert_uint_eq(report.written, 3);
    ck_assert_uint_eq(s->waited, 0);
}
END_TEST

/* Turn after turn, of every size and copied or not, the list leaves as it
 * is, and counts as one list. */
START_TEST(terms__budget_in_turns)
{
    const unsigned char *data = bytes_new(1000, 71);
    const apr_uint64_t budget = (apr_uint64_t)_i + 1;
    const apr_uint64_t turns = (300 + budget - 1) / budget;
    bufv_t *v = list_cut(data, 100, 3, 3);
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report;
    apr_status_t status;
    apr_uint64_t i;

    bufv_writer_copy_below_set(s->w, _i % 2 ? 512 : 0);
    for (i = 1; i <= turns; i++) {
        status = write_on(v, s->w, terms_of(0, 0, budget), &report);
        assert_status("a turn", status,
                      i < turns ? APR_INCOMPLETE : APR_SUCCESS);
        ck_assert_uint_le(report.written, budget);
    }
    scripted_assert_got(s, data, 300);
    ck_assert_uint_eq(stats_of(s->w).lists, 1);
    ck_assert_uint_eq(stats_of(s->w).written, 300);
}
END_TEST

/* In the last attempt that a budget allows nothing follows, so `more` is 0
 * though bytes are left; before that it is 1. */
START_TEST(terms__budget_and_more)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report;
    static const int more[] = {1, 1, 0, 0};
    apr_size_t i;

    scripted_limits(s, 0, 3);
    assert_status("the first", write_on(v, s->w, terms_of(0, 0, 7), &report),
                  APR_INCOMPLETE);
    assert_ok(write_on(v, s->w, terms_of(0, 0, 7), &report));
    ck_assert_uint_eq(s->attempts, COUNT(more));
    for (i = 0; i < COUNT(more); i++)
        ck_assert_int_eq(s->attempt[i].more, more[i]);
}
END_TEST

/* "ab", ten bytes of a file, "cd". */
static bufv_t *with_a_file(void)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "ab", 2));
    assert_ok(bufv_append_file(v, file_text("0123456789"), 0, 10));
    assert_ok(bufv_append(v, "cd", 2));
    return v;
}

/* Ranges of files are cut too, sent unread or read, at each byte. */
START_TEST(terms__budget_with_files)
{
    static const char text[] = "ab0123456789cd";
    const int unread = _i >= 14;
    const apr_size_t budget = (apr_size_t)_i % 14 + 1;
    scripted_t *s = scripted_new(pool);
    bufv_t *v = with_a_file();
    bufv_report_t report;
    apr_size_t sum, part;

    if (unread)
        scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, unread ? 0 : APR_UINT64_MAX);
    for (sum = 0; sum < 14; sum += part) {
        part = budget < 14 - sum ? budget : 14 - sum;
        assert_status("a turn",
                      write_on(v, s->w, terms_of(0, 0, budget), &report),
                      sum + part < 14 ? APR_INCOMPLETE : APR_SUCCESS);
        ck_assert_uint_eq(report.written, part);
        ck_assert_int_eq(s->attempt[s->attempts - 1].more, 0);
    }
    scripted_assert_got(s, text, 14);
    ck_assert_int_eq(s->files > 0, unread);
}
END_TEST

/* A file that comes next, but not in this call, is not announced. */
START_TEST(terms__budget_ends_before_a_file)
{
    scripted_t *s = scripted_new(pool);
    bufv_t *v = with_a_file();
    bufv_report_t report;

    scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, 0);
    assert_status("before", write_on(v, s->w, terms_of(0, 0, 2), &report),
                  APR_INCOMPLETE);
    ck_assert_int_eq(s->attempt[0].more, 0);
    v = with_a_file();
    assert_status("into it", write_on(v, s->w, terms_of(0, 0, 3), &report),
                  APR_INCOMPLETE);
    ck_assert_int_eq(s->attempt[1].more, BUFV_MORE_FILE);
    ck_assert_int_eq(s->attempt[2].more, 0);
    scripted_assert_got(s, "abab0", 5);
}
END_TEST

/* A message goes whole, whatever the budget. */
START_TEST(terms__budget_is_not_for_messages)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_new(pool);
    bufv_report_t report;

    s->ops.message = 1;
    s->list = v;
    scripted_open(s);
    assert_ok(write_on(v, s->w, terms_of(0, 0, 3), &report));
    ck_assert_uint_eq(report.written, 10);
    ck_assert_uint_eq(s->attempts, 1);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* ---- limits */

#define GAP 100 /* between two bytes, in microseconds */

/* So often a destination that takes no more is probed; one that is asked more
 * often is not waited for within any limit, and fails. */
#define PROBES 40

/* A destination that takes a byte each GAP, so many in all, and then no
 * more. */
static void drip(scripted_t *s, apr_size_t bytes)
{
    static const scripted_step_t one = {1, APR_EAGAIN, 0};
    static const scripted_step_t full = {0, APR_EAGAIN, 0};
    static const scripted_wait_t gap = {GAP, APR_SUCCESS};
    scripted_step_t *steps =
        apr_palloc(pool, (bytes + PROBES) * sizeof(*steps));
    scripted_wait_t *waits = apr_palloc(pool, (bytes + 1) * sizeof(*waits));
    apr_size_t i;

    for (i = 0; i < bytes + PROBES; i++)
        steps[i] = i < bytes ? one : full;
    for (i = 0; i < bytes; i++)
        waits[i] = gap;
    scripted_play(s, steps, bytes + PROBES);
    scripted_play_waits(s, waits, bytes);
    s->otherwise.take = 0;
    s->otherwise.status = APR_EGENERAL;
    s->otherwise_wait.advance = FOREVER;
}

#define UNSET (-9) /* no stall limit is set */

typedef struct limit_case_t {
    const char *name;
    apr_interval_time_t timeout;  /* the transport's own */
    apr_interval_time_t stall;    /* or UNSET */
    apr_interval_time_t deadline; /* from now on; 0: none */
    apr_interval_time_t within;
    int wait;
    apr_size_t bytes; /* that drip; the list has ten */
    apr_status_t status;
    apr_interval_time_t elapsed;
    apr_size_t written;
} limit_case_t;

static const limit_case_t limit_cases[] = {
    /* the transport's timeout */
    {"timeout: none", -1, UNSET, 0, 0, 1, 10, 0, 900, 10},
    {"timeout: begins anew", 101, UNSET, 0, 0, 1, 10, 0, 900, 10},
    {"timeout: from the beginning", 250, UNSET, 0, 0, 1, 0, APR_TIMEUP, 250,
     0},
    {"timeout: from the last byte", 250, UNSET, 0, 0, 1, 4, APR_TIMEUP, 550,
     4},
    {"timeout: met to the microsecond", 100, UNSET, 0, 0, 1, 10, APR_TIMEUP,
     100, 1},
    {"timeout 0: never waits", 0, UNSET, 0, 0, 1, 4, APR_EAGAIN, 0, 1},
    {"timeout 0: whatever else is set", 0, 5000, 5000, 5000, 1, 4, APR_EAGAIN,
     0, 1},
    {"timeout 0: also without a stall limit", 0, -1, 0, 0, 1, 4, APR_EAGAIN, 0,
     1},
    /* the stall limit, in its place */
    {"stall: shorter than the timeout", 5000, 250, 0, 0, 1, 4, APR_TIMEUP, 550,
     4},
    {"stall: longer than the timeout", 250, 5000, 0, 0, 1, 4, APR_TIMEUP, 5300,
     4},
    {"stall: where there is no timeout", -1, 250, 0, 0, 1, 0, APR_TIMEUP, 250,
     0},
    {"stall: begins anew", -1, 101, 0, 0, 1, 10, 0, 900, 10},
    {"stall: met to the microsecond", -1, 100, 0, 0, 1, 10, APR_TIMEUP, 100,
     1},
    {"stall below 0: none, and no timeout", 50, -1, 0, 0, 1, 10, 0, 900, 10},
    {"stall 0: never waits", 5000, 0, 0, 0, 1, 4, APR_EAGAIN, 0, 1},
    {"stall 0: whatever else is set", -1, 0, 5000, 5000, 1, 4, APR_EAGAIN, 0,
     1},
    /* the deadline */
    {"deadline: of a drip", -1, UNSET, 550, 0, 1, 10, APR_TIMEUP, 550, 6},
    {"deadline: of nothing", -1, UNSET, 550, 0, 1, 0, APR_TIMEUP, 550, 0},
    {"deadline: just when a byte would go", -1, UNSET, 900, 0, 1, 10,
     APR_TIMEUP, 900, 9},
    {"deadline: just behind it", -1, UNSET, 901, 0, 1, 10, 0, 900, 10},
    {"deadline: past", -1, UNSET, -1, 0, 1, 10, APR_TIMEUP, 0, 0},
    /* `within` */
    {"within: of a drip", -1, UNSET, 0, 550, 1, 10, APR_TIMEUP, 550, 6},
    {"within: of nothing", -1, UNSET, 0, 550, 1, 0, APR_TIMEUP, 550, 0},
    {"within: just when a byte would go", -1, UNSET, 0, 900, 1, 10, APR_TIMEUP,
     900, 9},
    {"within: just behind it", -1, UNSET, 0, 901, 1, 10, 0, 900, 10},
    {"within: below 0", -1, UNSET, 0, -1, 1, 10, APR_TIMEUP, 0, 0},
    {"within: far below 0", -1, UNSET, 0, APR_INT64_MIN, 1, 10, APR_TIMEUP, 0,
     0},
    {"within: without end", -1, UNSET, 0, APR_INT64_MAX, 1, 10, 0, 900, 10},
    /* the earliest counts */
    {"earliest: timeout", 340, UNSET, 750, 950, 1, 4, APR_TIMEUP, 640, 4},
    {"earliest: stall", 5000, 340, 950, 750, 1, 4, APR_TIMEUP, 640, 4},
    {"earliest: deadline", 450, UNSET, 640, 950, 1, 4, APR_TIMEUP, 640, 4},
    {"earliest: deadline, later a byte", 450, UNSET, 640, 950, 1, 10,
     APR_TIMEUP, 640, 7},
    {"earliest: within", 5000, 450, 950, 640, 1, 4, APR_TIMEUP, 640, 4},
    {"earliest: within, later a byte", 5000, 450, 950, 640, 1, 10, APR_TIMEUP,
     640, 7},
    /* calls that may not wait */
    {"wait 0: timeout", 250, UNSET, 0, 0, 0, 4, APR_EAGAIN, 0, 1},
    {"wait 0: stall", -1, 250, 0, 0, 0, 4, APR_EAGAIN, 0, 1},
    {"wait 0: deadline", -1, UNSET, 250, 0, 0, 4, APR_EAGAIN, 0, 1},
    {"wait 0: within", -1, UNSET, 0, 250, 0, 4, APR_EAGAIN, 0, 1},
    {"wait 0: deadline past", -1, UNSET, -1, 0, 0, 4, APR_TIMEUP, 0, 0},
    {"wait 0: within below 0", -1, UNSET, 0, -1, 0, 4, APR_TIMEUP, 0, 0},
};

/* The table of limits: when each of them ends a call, and when it does
 * not. */
START_TEST(terms__limits)
{
    const limit_case_t *c = &limit_cases[_i];
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_time_t start = s->clock;
    bufv_report_t report;

    s->stall = c->timeout;
    if (c->stall != UNSET)
        bufv_writer_stall_set(s->w, c->stall);
    if (c->deadline != 0)
        bufv_writer_deadline_set(s->w, start + c->deadline);
    drip(s, c->bytes);
    assert_status(c->name,
                  write_on(v, s->w, terms_of(c->wait, c->within, 0), &report),
                  c->status);
    ck_assert_int_eq(s->clock - start, c->elapsed);
    ck_assert_int_eq(report.waited, c->elapsed);
    ck_assert_uint_eq(report.written, c->written);
    if (c->written == 0 && c->elapsed == 0)
        ck_assert_uint_eq(s->attempts + s->begins, 0);
    scripted_assert_got(s, "helloworld", c->written);
}
END_TEST

/* A limit, by its name. */
typedef enum limit_t { TIMEOUT, STALL, DEADLINE, WITHIN, LIMITS } limit_t;

static void set_limit(scripted_t *s, bufv_terms_t *terms, limit_t which,
                      apr_interval_time_t limit)
{
    switch (which) {
    case TIMEOUT:
        s->stall = limit;
        break;
    case STALL:
        bufv_writer_stall_set(s->w, limit);
        break;
    case DEADLINE:
        bufv_writer_deadline_set(s->w, s->clock + limit);
        break;
    default:
        terms->within = limit;
        break;
    }
}

/* The deadline stays for later writes; the others begin anew with each. */
START_TEST(terms__limits_of_the_next_call)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    bufv_terms_t terms = terms_of(1, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;
    int i;

    drip(s, 1);
    set_limit(s, &terms, (limit_t)_i, 700);
    for (i = 0; i < 2; i++)
        assert_is(write_on(v, s->w, terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, _i == DEADLINE ? 700 : 1400);
    ck_assert_uint_eq(report.calls > 0, _i != DEADLINE);
}
END_TEST

/* Pauses for want of memory count for each limit. */
START_TEST(terms__limits_and_pauses)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    bufv_terms_t terms = terms_of(1, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;

    s->otherwise.take = 0;
    s->otherwise.status = APR_ENOMEM;
    set_limit(s, &terms, (limit_t)_i, 2500);
    assert_is(write_on(v, s->w, terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, 2500);
    ck_assert_int_eq(s->paused, 2500);
    ck_assert_uint_ge(s->pauses, 2);
    ck_assert_uint_eq(report.waits, s->pauses);
    ck_assert_int_eq(report.waited, 2500);
    ck_assert_uint_eq(report.written, 0);
}
END_TEST

/* A list that left in part by a writer with a lock: the turn is its. */
static bufv_t *take_turn(scripted_t *s)
{
    static const scripted_step_t part = {3, APR_EAGAIN, 0};
    bufv_t *v = ten_bytes();

    assert_ok(bufv_writer_lock_enable(s->w));
    scripted_play(s, &part, 1);
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    scripted_forget(s);
    return v;
}

/* A pause in which another thread would abandon the list that left in part:
 * the last of so many. */
static int pauses_left;

static void pause_and_abandon(void *baton, apr_interval_time_t time)
{
    scripted_t *s = baton;

    s->pauses++;
    s->paused += time;
    s->clock += time;
    if (--pauses_left == 0)
        assert_ok(bufv_writer_abandon(s->w));
}

/* A transport whose turn `first` has until so many pauses are over. */
static scripted_t *turn_of(bufv_t **first, int pauses)
{
    scripted_t *s = scripted_new(pool);

    s->ops.pause = pause_and_abandon;
    scripted_open(s);
    *first = take_turn(s);
    pauses_left = pauses;
    return s;
}

/* Waiting for the turn counts for each limit; nothing is attempted. */
START_TEST(terms__limits_and_turns)
{
    bufv_t *v = ten_bytes(), *first;
    scripted_t *s = turn_of(&first, 1000);
    bufv_terms_t terms = terms_of(1, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;

    set_limit(s, &terms, (limit_t)_i, 2500);
    assert_is(write_on(v, s->w, terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, 2500);
    ck_assert_int_eq(s->paused, 2500);
    ck_assert_uint_eq(report.waits, s->pauses);
    ck_assert_int_eq(report.waited, 2500);
    ck_assert_uint_eq(s->attempts + s->waited + s->begins, 0);
    bufv_writer_deadline_set(s->w, 0);
    assert_ok(bufv_write(first, s->w, NULL));
    scripted_assert_got(s, "loworld", 7);
}
END_TEST

/* What is left when the turn is had is less by that. */
START_TEST(terms__turn_then_wait)
{
    bufv_t *v = ten_bytes(), *first;
    scripted_t *s = turn_of(&first, 1);
    bufv_terms_t terms = terms_of(1, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;

    drip(s, 0);
    set_limit(s, &terms, (limit_t)_i, 2500);
    assert_is(write_on(v, s->w, terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->waited, 1);
    ck_assert_int_eq(s->timeout[0], 2500 - s->paused);
    ck_assert_int_eq(s->clock - start, 2500);
    ck_assert_int_eq(report.waited, 2500);
}
END_TEST

/* ---- time that passes elsewhere than in waits */

/* Each attempt takes so long. */
static apr_interval_time_t cost;
static apr_status_t (*quick)(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written);

static apr_status_t slow(void *baton, const struct iovec *vec, apr_size_t nvec,
                         int more, apr_size_t *written)
{
    scripted_t *s = baton;

    s->clock += cost;
    return quick(baton, vec, nvec, more, written);
}

static scripted_t *slow_for(bufv_t *v, apr_interval_time_t time)
{
    scripted_t *s = scripted_new(pool);

    cost = time;
    quick = s->ops.writev;
    s->ops.writev = slow;
    s->list = v;
    scripted_open(s);
    return s;
}

typedef struct between_case_t {
    limit_t which;
    apr_interval_time_t limit;
    apr_status_t status;
    apr_uint64_t written;
} between_case_t;

static const between_case_t between_cases[] = {
    {TIMEOUT, 250, APR_SUCCESS, 10}, {STALL, 250, APR_SUCCESS, 10},
    {DEADLINE, 299, APR_TIMEUP, 3},  {DEADLINE, 300, APR_TIMEUP, 3},
    {DEADLINE, 301, APR_TIMEUP, 4},  {WITHIN, 299, APR_TIMEUP, 3},
    {WITHIN, 300, APR_TIMEUP, 3},    {WITHIN, 301, APR_TIMEUP, 4},
};

/* The deadline and `within` are looked at between attempts, also where the
 * destination is never full, and by calls that may not wait. Limits of a
 * stall are not for those who take something. */
START_TEST(terms__limits_between_attempts)
{
    const between_case_t *c = &between_cases[_i / 2];
    bufv_t *v = ten_bytes();
    scripted_t *s = slow_for(v, 100);
    bufv_terms_t terms = terms_of(_i % 2, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;

    s->otherwise.take = 1;
    set_limit(s, &terms, c->which, c->limit);
    assert_status("between", write_on(v, s->w, terms, &report), c->status);
    ck_assert_uint_eq(report.written, c->written);
    ck_assert_int_eq(s->clock - start, 100 * (int)c->written);
    ck_assert_uint_eq(report.waits, 0);
}
END_TEST

/* What left at last has left, though a limit has passed meanwhile. */
START_TEST(terms__limit_passes_in_the_last_attempt)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = slow_for(v, 100);
    bufv_terms_t terms = terms_of(1, 0, 0);
    bufv_report_t report;

    set_limit(s, &terms, (limit_t)_i, 50);
    assert_ok(write_on(v, s->w, terms, &report));
    ck_assert_uint_eq(report.written, 10);
}
END_TEST

static void hook_takes_700(void *baton, const bufv_call_t *call)
{
    (void)call;
    ((scripted_t *)baton)->clock += 700;
}

/* What a hook takes counts for all. */
START_TEST(terms__limits_and_hooks)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    bufv_terms_t terms = terms_of(1, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;

    drip(s, 1);
    scripted_play_waits(s, NULL, 0);
    set_limit(s, &terms, (limit_t)_i, 1000);
    bufv_writer_hook_set(s->w, hook_takes_700, s);
    assert_is(write_on(v, s->w, terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 1);
    ck_assert_int_eq(s->timeout[0], 300);
    ck_assert_int_eq(s->clock - start, 1000);
    ck_assert_uint_eq(report.written, 1);
}
END_TEST

/* ---- a clock that steps back */

/* All but the deadline count time that passes: a step back is lost, and no
 * more than it. The deadline is a point of the clock. No limit is lost, and
 * no wait told a longer time than the limit. */
START_TEST(terms__clock_steps_back)
{
    static const scripted_wait_t waits[] = {{400, APR_EINTR},
                                            {-300, APR_EINTR},
                                            {-200, APR_EINTR},
                                            {400, APR_EINTR}};
    static const apr_interval_time_t told[] = {1000, 600, 600, 600, 200};
    static const apr_interval_time_t told_of_deadline[] = {1000, 600, 900,
                                                           1100, 700};
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    bufv_terms_t terms = terms_of(1, 0, 0);
    apr_time_t start = s->clock;
    bufv_report_t report;
    apr_size_t i;

    drip(s, 0);
    scripted_play_waits(s, waits, COUNT(waits));
    set_limit(s, &terms, (limit_t)_i, 1000);
    assert_is(write_on(v, s->w, terms, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, COUNT(told));
    for (i = 0; i < COUNT(told); i++)
        ck_assert_int_eq(s->timeout[i],
                         (_i == DEADLINE ? told_of_deadline : told)[i]);
    ck_assert_int_eq(s->clock - start, _i == DEADLINE ? 1000 : 500);
    ck_assert_int_eq(report.waited, _i == DEADLINE ? 1500 : 1000);
}
END_TEST

/* ---- the report */

/* It is of the call alone; the counters are of all calls. */
START_TEST(terms__report_of_the_call_alone)
{
    static const scripted_step_t steps[] = {{4, APR_SUCCESS, 0},
                                            {2, APR_EAGAIN, 0}};
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report, kept;

    assert_ok(bufv_append(v, "hello", 5));
    assert_ok(bufv_append(v, "world", 5));
    bufv_writer_copy_below_set(s->w, 512);
    s->otherwise_wait.advance = 30;
    scripted_play(s, steps, COUNT(steps));
    assert_status("first", write_on(v, s->w, terms_of(1, 0, 4), &report),
                  APR_INCOMPLETE);
    ck_assert_uint_eq(report.written, 4);
    ck_assert_uint_eq(report.left, 6);
    ck_assert_uint_eq(report.calls, 1);
    ck_assert_uint_eq(report.waits, 0);
    ck_assert_uint_eq(report.copied, 0);
    ck_assert_int_eq(report.waited, 0);
    assert_ok(write_on(v, s->w, terms_of(1, 0, 0), &report));
    ck_assert_uint_eq(report.written, 6);
    ck_assert_uint_eq(report.left, 0);
    ck_assert_uint_eq(report.calls, 2);
    ck_assert_uint_eq(report.waits, 1);
    ck_assert_uint_eq(report.copied, 6);
    ck_assert_int_eq(report.waited, 30);
    kept = report_of(s->w);
    ck_assert_mem_eq(&report, &kept, sizeof(report));
    ck_assert_uint_eq(stats_of(s->w).written, 10);
    ck_assert_uint_eq(stats_of(s->w).calls, 3);
    ck_assert_uint_eq(stats_of(s->w).copied, 6);
    ck_assert_uint_eq(stats_of(s->w).waits, 1);
    ck_assert_int_eq(stats_of(s->w).waited, 30);
    ck_assert_uint_eq(stats_of(s->w).lists, 1);
}
END_TEST

/* A refusal for want of the turn is told to its caller alone. */
START_TEST(terms__report_of_a_refusal)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(NULL);
    bufv_report_t report, before, after;
    bufv_stats_t sum, sum_after;

    take_turn(s);
    before = report_of(s->w);
    sum = stats_of(s->w);
    assert_status("refused", write_on(v, s->w, terms_of(_i, 1500, 0), &report),
                  _i ? APR_TIMEUP : APR_EBUSY);
    ck_assert_uint_eq(report.left, 10);
    ck_assert_uint_eq(report.calls, 0);
    ck_assert_uint_eq(report.written, 0);
    ck_assert_int_eq(report.waited, _i ? 1500 : 0);
    after = report_of(s->w);
    sum_after = stats_of(s->w);
    ck_assert_int_eq(before.status, APR_EAGAIN);
    ck_assert_mem_eq(&before, &after, sizeof(before));
    ck_assert_mem_eq(&sum, &sum_after, sizeof(sum));
}
END_TEST

/* ---- the order of the checks */

typedef enum arguments_t {
    GOOD,
    NO_LIST,
    NO_WRITER,
    BAD_TERMS,
    LATER_TERMS, /* longer, and what is behind means something */
    BAD_REPORT,
    ARGUMENTS
} arguments_t;

typedef enum use_t { FREE, LIST_IN_USE, WRITER_IN_USE, USES } use_t;

typedef enum over_t { NOT_OVER, WITHIN_OVER, DEADLINE_OVER, OVERS } over_t;

/* All that may be wrong with a call at once. */
typedef struct order_t {
    arguments_t arguments;
    use_t use;
    int empty;
    over_t over;
    int not_its_turn;
    int wait;

    scripted_t *s;
    bufv_t *v;
    int called;
} order_t;

/* The first thing that is wrong is what is told. */
static apr_status_t expected(const order_t *o)
{
    if (o->arguments == LATER_TERMS)
        return APR_ENOTIMPL;
    if (o->arguments != GOOD)
        return APR_EINVAL;
    if (o->use != FREE)
        return APR_EBUSY;
    if (o->empty)
        return APR_SUCCESS;
    if (o->over != NOT_OVER)
        return APR_TIMEUP;
    if (o->not_its_turn)
        return o->wait ? APR_TIMEUP : APR_EBUSY;
    return APR_SUCCESS;
}

typedef struct later_terms_t {
    bufv_terms_t known;
    apr_uint64_t unknown;
} later_terms_t;

/* The call that something is wrong with. */
static void call(order_t *o)
{
    later_terms_t terms = {{0}, 1};
    bufv_report_t report = report_new(), untouched;
    apr_size_t attempts = o->s->attempts;
    apr_uint64_t length = bufv_length(o->v);
    apr_status_t status, want = expected(o);
    int goes = o->arguments == GOOD && want == APR_SUCCESS && !o->empty;

    if (o->called++ > 0)
        return;
    terms.known = terms_of(o->wait, o->over == WITHIN_OVER ? -1 : 2500, 0);
    if (o->over == DEADLINE_OVER)
        bufv_writer_deadline_set(o->s->w, o->s->clock);
    if (o->arguments == BAD_TERMS)
        terms.known.size = 0;
    if (o->arguments == LATER_TERMS)
        terms.known.size = sizeof(terms);
    if (o->arguments == BAD_REPORT)
        report.size = sizeof(report) - 1;
    untouched = report;
    status = bufv_write_with(o->arguments == NO_LIST ? NULL : o->v,
                             o->arguments == NO_WRITER ? NULL : o->s->w,
                             &terms.known, &report);
    bufv_writer_deadline_set(o->s->w, 0);
    ck_assert_msg(same_status(status, want),
                  "arguments %d, use %d, empty %d, over %d, turn %d, wait %d: "
                  "%s, not %d",
                  (int)o->arguments, (int)o->use, o->empty, (int)o->over,
                  o->not_its_turn, o->wait, status_text(status), want);
    ck_assert_uint_eq(o->s->attempts, attempts + (apr_size_t)goes);
    ck_assert_uint_eq(bufv_length(o->v), goes ? 0 : length);
    if (o->arguments == BAD_REPORT) {
        ck_assert_mem_eq(&report, &untouched, sizeof(report));
        return;
    }
    ck_assert_int_eq(report.status, status);
    ck_assert_uint_eq(report.written, goes ? length : 0);
    ck_assert_uint_eq(report.left,
                      o->arguments == NO_LIST || goes ? 0 : length);
    ck_assert_uint_eq(report.calls, (apr_uint64_t)goes);
}

static void call_when_released(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    call(baton);
}

static void call_in_hook(void *baton, const bufv_call_t *unused)
{
    (void)unused;
    call(baton);
}

static void call_in(order_t *o, bufv_t *first)
{
    switch (o->use) {
    case LIST_IN_USE:
        assert_ok(bufv_consume(o->v, 1));
        break;
    case WRITER_IN_USE:
        bufv_writer_hook_set(o->s->w, call_in_hook, o);
        assert_ok(bufv_write(first, o->s->w, NULL));
        break;
    default:
        call(o);
        break;
    }
    ck_assert_int_ge(o->called, 1);
}

static void try_order(order_t *o)
{
    bufv_t *first = ten_bytes();
    apr_pool_t *own;

    assert_ok(apr_pool_create(&own, pool));
    o->s = scripted_new(own);
    scripted_open(o->s);
    o->v = list_new();
    o->called = 0;
    if (o->use == LIST_IN_USE)
        assert_ok(bufv_append_owned(o->v, "x", 1, call_when_released, o));
    if (!o->empty)
        assert_ok(bufv_append(o->v, "abc", 3));
    if (o->not_its_turn)
        first = take_turn(o->s);
    call_in(o, first);
    scripted_assert_kept(o->s);
    apr_pool_destroy(own);
}

/* Everything that may be wrong, with everything else: what comes first in the
 * order of the checks is told. */
START_TEST(terms__order_of_checks)
{
    order_t o = {0};
    int k, tried = 0;

    o.arguments = (arguments_t)_i;
    for (o.use = FREE; o.use < USES; o.use++)
        for (o.over = NOT_OVER; o.over < OVERS; o.over++)
            for (k = 0; k < 8; k++) {
                o.empty = k & 1;
                o.not_its_turn = (k & 2) != 0;
                o.wait = (k & 4) != 0;
                try_order(&o);
                tried++;
            }
    ck_assert_int_eq(tried, 72);
}
END_TEST

/* ---- the real thing */

/* A peer that does not read: `within` ends a write to it, on each back end
 * and by the system's clock. The margins are wide. */
START_TEST(terms__within_over_tcp)
{
    const apr_size_t len = 32 * 1024 * 1024;
    const unsigned char *data = apr_pcalloc(pool, len);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 1, len, len);
    bufv_report_t report;
    apr_time_t start = apr_time_now();

    assert_is(write_on(v, w, terms_of(1, apr_time_from_msec(200), 0), &report),
              APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(report.waited, apr_time_from_msec(20));
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(25));
    ck_assert_uint_gt(report.written, 0);
    ck_assert_uint_gt(report.left, 0);
}
END_TEST

/* A budget over TCP: turn after turn, and every byte once. */
START_TEST(terms__budget_over_tcp)
{
    const unsigned char *data = bytes_new(100000, 72);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 100, 1000, 1000);
    bufv_report_t report;
    apr_status_t status;
    int turns = 0;

    peer_start(p);
    do {
        status = write_on(v, w, terms_of(1, 0, 7001), &report);
        ck_assert_uint_le(report.written, 7001);
        turns++;
    } while (status == APR_INCOMPLETE && turns < 100);
    assert_ok(status);
    ck_assert_int_eq(turns, 15);
    peer_finish(p);
    peer_assert_got(p, data, 100000);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, terms__wait, 0, (int)COUNT(wait_cases));
    tcase_add_loop_test(tc, terms__of_the_shorter_forms, 0, 2);
    tcase_add_loop_test(tc, terms__budget, 0, (int)COUNT(budget_cases));
    tcase_add_test(tc, terms__budget_used_up_is_not_waited_for);
    tcase_add_loop_test(tc, terms__budget_in_turns, 0, 16);
    tcase_add_test(tc, terms__budget_and_more);
    tcase_add_loop_test(tc, terms__budget_with_files, 0, 28);
    tcase_add_test(tc, terms__budget_ends_before_a_file);
    tcase_add_test(tc, terms__budget_is_not_for_messages);
    tcase_add_loop_test(tc, terms__limits, 0, (int)COUNT(limit_cases));
    tcase_add_loop_test(tc, terms__limits_of_the_next_call, 0, LIMITS);
    tcase_add_loop_test(tc, terms__limits_and_pauses, 0, LIMITS);
    tcase_add_loop_test(tc, terms__limits_and_turns, 0, LIMITS);
    tcase_add_loop_test(tc, terms__turn_then_wait, 0, LIMITS);
    tcase_add_loop_test(tc, terms__limits_between_attempts, 0,
                        (int)COUNT(between_cases) * 2);
    tcase_add_loop_test(tc, terms__limit_passes_in_the_last_attempt, 0,
                        LIMITS);
    tcase_add_loop_test(tc, terms__limits_and_hooks, 0, LIMITS);
    tcase_add_loop_test(tc, terms__clock_steps_back, 0, LIMITS);
    tcase_add_test(tc, terms__report_of_the_call_alone);
    tcase_add_loop_test(tc, terms__report_of_a_refusal, 0, 2);
    tcase_add_loop_test(tc, terms__order_of_checks, 0, ARGUMENTS);
    tcase_add_test(tc, terms__within_over_tcp);
    tcase_add_test(tc, terms__budget_over_tcp);
}

const topic_t topic_terms = {"terms", add_tests};
