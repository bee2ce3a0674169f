/* SPDX-License-Identifier: Apache-2.0 */

/* Whose turn it is (promise 20): from its first accepted byte to its last a
 * locked writer is one list's, over returns, waits and threads. Where time
 * matters it is the transport's own, which the test moves. */

#include "peer.h"
#include "scripted.h"

#include <apr_atomic.h>
#include <apr_thread_proc.h>

#define WITHIN apr_time_from_msec(50)

/* Far more than anything here takes. */
#define GENEROUS apr_time_from_sec(60)

static bufv_t *list_text(const char *text)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, text, strlen(text)));
    return v;
}

/* A locked writer for a scripted transport. */
static scripted_t *locked(scripted_t *s)
{
    scripted_open(s);
    assert_ok(bufv_writer_lock_enable(s->w));
    return s;
}

/* One whose first attempt takes three bytes and is full then. */
static scripted_t *locked_after_three(void)
{
    static const scripted_step_t three[] = {{3, APR_EAGAIN, 0}};
    scripted_t *s = locked(scripted_new(pool));

    scripted_play(s, three, COUNT(three));
    return s;
}

/* "abc" has left of "abcdefghij". */
static bufv_t *begin_list(scripted_t *s)
{
    bufv_t *v = list_text("abcdefghij");
    apr_uint64_t written;

    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 3);
    return v;
}

/* ---- refusals */

/* All that a writer tells. */
typedef struct told_t {
    bufv_report_t report;
    bufv_stats_t stats;
    char text[200];
} told_t;

static told_t told_by(const bufv_writer_t *w)
{
    told_t told;

    told.report = report_of(w);
    told.stats = stats_of(w);
    bufv_writer_strerror(w, told.text, sizeof(told.text));
    return told;
}

static void assert_told_the_same(const told_t *a, const told_t *b)
{
    ck_assert_int_eq(a->report.status, b->report.status);
    ck_assert_uint_eq(a->report.written, b->report.written);
    ck_assert_uint_eq(a->report.left, b->report.left);
    ck_assert_uint_eq(a->report.calls, b->report.calls);
    ck_assert_uint_eq(a->report.waits, b->report.waits);
    ck_assert_int_eq(a->report.waited, b->report.waited);
    ck_assert_uint_eq(a->stats.lists, b->stats.lists);
    ck_assert_uint_eq(a->stats.written, b->stats.written);
    ck_assert_uint_eq(a->stats.calls, b->stats.calls);
    ck_assert_uint_eq(a->stats.waits, b->stats.waits);
    ck_assert_str_eq(a->text, b->text);
}

static void assert_refused(bufv_t *v, bufv_writer_t *w,
                           const bufv_terms_t *terms, apr_status_t status,
                           apr_interval_time_t waited)
{
    apr_uint64_t length = bufv_length(v);
    bufv_report_t report;

    memset(&report, 0x5a, sizeof(report));
    report.size = sizeof(report);
    ck_assert_int_eq(bufv_write_with(v, w, terms, &report), status);
    ck_assert_int_eq(report.status, status);
    ck_assert_uint_eq(report.written, 0);
    ck_assert_uint_eq(report.left, length);
    ck_assert_uint_eq(bufv_length(v), length);
    ck_assert_uint_eq(report.calls, 0);
    ck_assert_uint_eq(report.copied, 0);
    ck_assert_int_eq(report.waits > 0, waited > 0);
    ck_assert_int_eq(report.waited, waited);
}

/* This list is refused, whether it may wait or not, with nothing attempted;
 * and the writer tells of the list that has the turn, as before. */
static void assert_not_its_turn(bufv_t *v, scripted_t *s)
{
    bufv_terms_t some = terms_of(0, 0, 0), wait = terms_of(1, WITHIN, 0);
    told_t before = told_by(s->w), after;
    apr_size_t attempts = s->attempts, begins = s->begins;
    apr_time_t start = s->clock;
    apr_uint64_t written = 77;

    assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(written, 0);
    assert_refused(v, s->w, &some, APR_EBUSY, 0);
    ck_assert_int_eq(s->clock, start);
    assert_refused(v, s->w, &wait, APR_TIMEUP, WITHIN);
    ck_assert_int_eq(s->clock, start + WITHIN);
    ck_assert_uint_eq(s->attempts, attempts);
    ck_assert_uint_eq(s->begins, begins);
    after = told_by(s->w);
    assert_told_the_same(&before, &after);
}

/* ---- what a list may stop for and keep its turn */

typedef apr_status_t stop_write_t(bufv_t *v, scripted_t *s);

static apr_status_t by_some(bufv_t *v, scripted_t *s)
{
    return bufv_write_some(v, s->w, NULL);
}

static apr_status_t by_write(bufv_t *v, scripted_t *s)
{
    return bufv_write(v, s->w, NULL);
}

static apr_status_t by_stall(bufv_t *v, scripted_t *s)
{
    apr_status_t status;

    bufv_writer_stall_set(s->w, WITHIN);
    status = bufv_write(v, s->w, NULL);
    bufv_writer_stall_set(s->w, -1);
    return status;
}

static apr_status_t by_deadline(bufv_t *v, scripted_t *s)
{
    apr_status_t status;

    bufv_writer_deadline_set(s->w, s->clock + WITHIN);
    status = bufv_write(v, s->w, NULL);
    bufv_writer_deadline_set(s->w, 0);
    return status;
}

static apr_status_t by_within(bufv_t *v, scripted_t *s)
{
    bufv_terms_t terms = terms_of(1, WITHIN, 0);

    return bufv_write_with(v, s->w, &terms, NULL);
}

static apr_status_t by_budget(bufv_t *v, scripted_t *s)
{
    bufv_terms_t terms = terms_of(1, 0, 3);

    return bufv_write_with(v, s->w, &terms, NULL);
}

/* `first` is what the first attempt does, `then` all others. */
static const struct {
    const char *name;
    scripted_step_t first, then;
    stop_write_t *write;
    apr_status_t status;
} stops[] = {
    {"full", {3, APR_EAGAIN, 0}, {0, APR_EAGAIN, 0}, by_some, APR_EAGAIN},
    {"full at once", {3, 0, 0}, {0, APR_EAGAIN, 0}, by_some, APR_EAGAIN},
    {"the stall limit", {3, 0, 0}, {0, APR_EAGAIN, 0}, by_stall, APR_TIMEUP},
    {"the deadline", {3, 0, 0}, {0, APR_EAGAIN, 0}, by_deadline, APR_TIMEUP},
    {"within", {3, 0, 0}, {0, APR_EAGAIN, 0}, by_within, APR_TIMEUP},
    {"the budget", {3, 0, 0}, {9, 0, 0}, by_budget, APR_INCOMPLETE},
    {"no memory", {3, 0, 0}, {0, APR_ENOMEM, 0}, by_some, APR_ENOMEM},
    {"no memory, later", {3, 0, 0}, {0, APR_ENOMEM, 0}, by_write, APR_ENOMEM},
    {"nothing taken", {3, 0, 0}, {0, 0, 0}, by_write, APR_EOF},
    {"its own error", {3, 0, 0}, {0, APR_EGENERAL, 0}, by_some, APR_EGENERAL},
    {"bytes and an error", {3, APR_ENOSPC, 0}, {0}, by_write, APR_ENOSPC},
};

START_TEST(turn__is_kept)
{
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v = list_text("abcdefghij"), *other = list_text("XYZ");

    scripted_play(s, &stops[_i].first, 1);
    s->otherwise = stops[_i].then;
    s->otherwise_wait.advance = GENEROUS;
    ck_assert_msg(stops[_i].write(v, s) == stops[_i].status, "%s",
                  stops[_i].name);
    assert_text(v, "defghij");
    s->otherwise.take = SCRIPTED_ALL;
    s->otherwise.status = APR_SUCCESS;
    assert_not_its_turn(other, s);
    assert_ok(bufv_write(v, s->w, NULL));
    assert_ok(bufv_write_some(other, s->w, NULL));
    scripted_assert_got(s, "abcdefghijXYZ", 13);
    ck_assert_uint_eq(stats_of(s->w).lists, 2);
    ck_assert_uint_eq(stats_of(s->w).written, 13);
}
END_TEST

/* An error of the list's own file: it goes on when the file has grown. */
START_TEST(turn__is_kept_over_a_short_file)
{
    scripted_t *s = locked(scripted_new(pool));
    apr_file_t *file = file_new("de", 2, 0);
    bufv_t *v = list_text("abc"), *other = list_text("XYZ");
    apr_uint64_t written;

    assert_ok(bufv_append_file(v, file, 0, 7));
    assert_is(bufv_write(v, s->w, &written), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 5);
    assert_not_its_turn(other, s);
    assert_ok(apr_file_write_full(file, "fghij", 5, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    assert_ok(bufv_write_some(other, s->w, NULL));
    scripted_assert_got(s, "abcdefghijXYZ", 13);
}
END_TEST

/* Before its first byte no list has the turn, whatever it stopped for. */
START_TEST(turn__begins_with_the_first_byte)
{
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v = list_text("abc"), *other = list_text("XYZ");

    if (stops[_i].write == by_budget)
        return; /* that is no reason to stop before the first byte */
    s->otherwise = stops[_i].then;
    s->otherwise_wait.advance = GENEROUS;
    ck_assert_int_ne(stops[_i].write(v, s), APR_SUCCESS);
    s->otherwise.take = SCRIPTED_ALL;
    s->otherwise.status = APR_SUCCESS;
    assert_ok(bufv_write_some(other, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    scripted_assert_got(s, "XYZabc", 6);
}
END_TEST

static void enable_lock(void *baton, const bufv_call_t *call)
{
    (void)call;
    ignore(bufv_writer_lock_enable(baton));
}

/* A list of which bytes left before a callback enabled the lock. */
START_TEST(turn__of_a_list_before_the_lock)
{
    static const scripted_step_t steps[] = {{3, APR_SUCCESS, 0},
                                            {0, APR_EAGAIN, 0}};
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_text("abcdefghij"), *other = list_text("XYZ");

    scripted_open(s);
    scripted_play(s, steps, COUNT(steps));
    bufv_writer_hook_set(s->w, enable_lock, s->w);
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_not_its_turn(other, s);
    assert_ok(bufv_write_some(v, s->w, NULL));
    assert_ok(bufv_write_some(other, s->w, NULL));
    scripted_assert_got(s, "abcdefghijXYZ", 13);
}
END_TEST

/* ---- what ends it */

static const apr_status_t gone[] = {APR_EPIPE, APR_ECONNRESET,
                                    APR_ECONNABORTED};

/* A peer that is gone: no list is refused any more, each is told why not. */
START_TEST(turn__ends_when_the_peer_is_gone)
{
    scripted_t *s = locked(scripted_new(pool));
    scripted_step_t step = {0, APR_EPIPE, 0};
    bufv_t *v;

    step.status = gone[_i / 2];
    step.take = (apr_size_t)(_i % 2); /* with a last byte, or without */
    scripted_play(s, &step, 1);
    v = list_text("abc");
    ck_assert_int_eq(bufv_write_some(v, s->w, NULL), gone[_i / 2]);
    assert_ok(bufv_write_some(list_text("XYZ"), s->w, NULL));
    ck_assert_uint_eq(s->attempts, 2);
}
END_TEST

/* The same of a list that had the turn from an earlier call. */
START_TEST(turn__ends_when_the_peer_goes_later)
{
    scripted_t *s = locked_after_three();
    bufv_t *v = begin_list(s), *other = list_text("XYZ");
    scripted_step_t step = {0, APR_EPIPE, 0};

    step.status = gone[_i];
    assert_not_its_turn(other, s);
    scripted_play(s, &step, 1);
    ck_assert_int_eq(bufv_write(v, s->w, NULL), gone[_i]);
    assert_ok(bufv_write_some(other, s->w, NULL));
}
END_TEST

/* Over TCP: the peer goes in the middle of a list. */
START_TEST(turn__ends_with_a_real_peer)
{
    const unsigned char *data = bytes_new(8 << 20, 90);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 8, 1 << 20, 1 << 20), *other = list_text("x");
    apr_status_t status = APR_SUCCESS;
    int i;

    assert_ok(bufv_writer_lock_enable(w));
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    assert_is(bufv_write_some(other, w, NULL), APR_STATUS_IS_EBUSY);
    assert_ok(apr_socket_close(p->far_end));
    assert_is(bufv_write(v, w, NULL), STATUS_IS_GONE);
    for (i = 0; i < 100 && status == APR_SUCCESS; i++)
        status = bufv_write(list_text("x"), w, NULL);
    assert_is(status, STATUS_IS_GONE);
    ck_assert_uint_gt(report_of(w).calls, 0);
}
END_TEST

/* ---- what becomes of it when the rest goes elsewhere */

typedef struct lists_t {
    bufv_t *v;     /* has left in part: "defghij" is in it */
    bufv_t *to;    /* empty */
    bufv_t *other; /* "XYZ" */
} lists_t;

/* Does something with the rest; returns the list that goes on, or NULL. */
typedef bufv_t *move_t(lists_t *l);

static bufv_t *stay(lists_t *l)
{
    return l->v;
}

static bufv_t *move_all(lists_t *l)
{
    assert_ok(bufv_append_list(l->to, l->v));
    return l->to;
}

static bufv_t *move_there_and_back(lists_t *l)
{
    assert_ok(bufv_append_list(l->to, l->v));
    assert_ok(bufv_append_list(l->v, l->to));
    return l->v;
}

static bufv_t *move_and_refill(lists_t *l)
{
    assert_ok(bufv_append_list(l->to, l->v));
    assert_ok(bufv_append(l->v, "new", 3));
    return l->to;
}

static bufv_t *move_behind(lists_t *l)
{
    assert_ok(bufv_append_list(l->other, l->v));
    assert_ok(bufv_append(l->v, "new", 3));
    return NULL;
}

static bufv_t *split_head(lists_t *l)
{
    assert_ok(bufv_split(l->v, 2, l->to));
    return l->to;
}

static bufv_t *split_nothing(lists_t *l)
{
    assert_ok(bufv_split(l->v, 0, l->to));
    assert_ok(bufv_append(l->to, "new", 3));
    return l->v;
}

static bufv_t *split_all(lists_t *l)
{
    assert_ok(bufv_split(l->v, bufv_length(l->v), l->to));
    assert_ok(bufv_append(l->v, "new", 3));
    return l->to;
}

static bufv_t *split_behind(lists_t *l)
{
    assert_ok(bufv_split(l->v, 2, l->other));
    return NULL;
}

static bufv_t *clone_it(lists_t *l)
{
    assert_ok(bufv_clone(l->to, l->v));
    return l->v;
}

static bufv_t *clone_itself(lists_t *l)
{
    assert_ok(bufv_clone(l->v, l->v));
    return l->v;
}

static bufv_t *clone_and_clear(lists_t *l)
{
    assert_ok(bufv_clone(l->to, l->v));
    bufv_clear(l->v);
    assert_ok(bufv_append(l->v, "new", 3));
    return NULL;
}

static bufv_t *append_more(lists_t *l)
{
    assert_ok(bufv_append(l->v, "more", 4));
    assert_ok(bufv_append_list(l->v, l->to));
    return l->v;
}

static bufv_t *clear_and_refill(lists_t *l)
{
    bufv_clear(l->v);
    assert_ok(bufv_append(l->v, "new", 3));
    return NULL;
}

static bufv_t *consume_and_refill(lists_t *l)
{
    assert_ok(bufv_consume(l->v, bufv_length(l->v)));
    assert_ok(bufv_append(l->v, "new", 3));
    return NULL;
}

static bufv_t *read_and_refill(lists_t *l)
{
    char data[20];
    apr_size_t len = sizeof(data);

    assert_ok(bufv_read(l->v, data, &len));
    ck_assert_uint_eq(len, 7);
    assert_ok(bufv_append(l->v, "new", 3));
    return NULL;
}

static bufv_t *destroy_it(lists_t *l)
{
    bufv_destroy(l->v);
    l->v = list_text("new");
    return NULL;
}

static move_t *const moves[] = {
    stay,         move_all,         move_there_and_back, move_and_refill,
    move_behind,  split_head,       split_nothing,       split_all,
    split_behind, clone_it,         clone_itself,        clone_and_clear,
    append_more,  clear_and_refill, consume_and_refill,  read_and_refill,
    destroy_it,
};

/* Whichever list goes on, all others are refused; where none does, all are,
 * until the writer is abandoned. */
START_TEST(turn__goes_with_the_first_byte)
{
    scripted_t *s = locked_after_three();
    lists_t l = {begin_list(s), list_new(), list_text("XYZ")};
    bufv_t *next = moves[_i](&l), *all[3];
    size_t i;

    all[0] = l.v;
    all[1] = l.to;
    all[2] = l.other;
    for (i = 0; i < COUNT(all); i++) {
        if (all[i] != next && bufv_length(all[i]) > 0)
            assert_not_its_turn(all[i], s);
    }
    if (next != NULL)
        assert_ok(bufv_write_some(next, s->w, NULL));
    else
        assert_ok(bufv_writer_abandon(s->w));
    for (i = 0; i < COUNT(all); i++)
        assert_ok(bufv_write_some(all[i], s->w, NULL));
    scripted_assert_kept(s);
}
END_TEST

/* A split leaves its head first: what is behind is another list. */
START_TEST(turn__of_a_split_is_in_order)
{
    scripted_t *s = locked_after_three();
    bufv_t *v = begin_list(s), *head = list_new();

    assert_ok(bufv_split(v, 4, head));
    assert_not_its_turn(v, s);
    assert_ok(bufv_write(head, s->w, NULL));
    assert_ok(bufv_write(v, s->w, NULL));
    scripted_assert_got(s, "abcdefghij", 10);
}
END_TEST

/* A list that has left whole, and is filled again, is another one. */
START_TEST(turn__is_not_that_of_a_list_refilled)
{
    static const scripted_step_t steps[] = {
        {3, APR_EAGAIN, 0}, {SCRIPTED_ALL, 0, 0}, {2, APR_EAGAIN, 0}};
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v = list_text("abcdef"), *other = list_text("XYZ");

    scripted_play(s, steps, COUNT(steps));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_write_some(v, s->w, NULL));
    assert_is(bufv_write_some(other, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_append(v, "ghi", 3));
    assert_not_its_turn(v, s);
    assert_ok(bufv_write_some(other, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    scripted_assert_got(s, "abcdefXYZghi", 12);
}
END_TEST

/* The rest that leaves by another writer does not come by this one: locked or
 * not, that one ends no turn but its own. */
START_TEST(turn__belongs_to_one_writer)
{
    scripted_t *s = locked_after_three(), *other = scripted_new(pool);
    bufv_t *v = begin_list(s);

    scripted_open(other);
    if (_i == 1)
        assert_ok(bufv_writer_lock_enable(other->w));
    assert_ok(bufv_write(v, other->w, NULL));
    scripted_assert_got(other, "defghij", 7);
    assert_ok(bufv_write_some(list_text("free"), other->w, NULL));
    assert_not_its_turn(list_text("XYZ"), s);
    assert_ok(bufv_append(v, "again", 5));
    assert_not_its_turn(v, s);
    assert_ok(bufv_writer_abandon(s->w));
    assert_ok(bufv_write_some(v, s->w, NULL));
}
END_TEST

/* What a callback appends as the last byte leaves goes with the list; what it
 * appends to it later does not. */
static void append_again(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    ignore(bufv_append(baton, "more", 4));
}

START_TEST(turn__of_a_list_that_grows)
{
    static const scripted_step_t steps[] = {{SCRIPTED_ALL, 0, 0},
                                            {2, APR_EAGAIN, 0}};
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v = list_new(), *other = list_text("XYZ");

    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_append_owned(v, "abc", 3, append_again, v));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_not_its_turn(other, s);
    assert_ok(bufv_write_some(v, s->w, NULL));
    assert_ok(bufv_write_some(other, s->w, NULL));
    scripted_assert_got(s, "abcmoreXYZ", 10);
}
END_TEST

/* But where nothing of that has left, it is a list like any other. */
START_TEST(turn__of_a_list_that_ran_empty)
{
    static const scripted_step_t steps[] = {{SCRIPTED_ALL, 0, 0},
                                            {0, APR_EAGAIN, 0}};
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v = list_new(), *other = list_text("XYZ");

    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_append_owned(v, "abc", 3, append_again, v));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_write_some(other, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    scripted_assert_got(s, "abcXYZmore", 10);
}
END_TEST

/* ---- waiting for it */

enum { BY_WITHIN, BY_STALL, BY_DEADLINE, BY_TIMEOUT, LIMITS };

/* Each limit bounds the wait for the turn, on the transport's clock, and no
 * thread sleeps for it. */
START_TEST(turn__is_waited_for_within_the_limits)
{
    scripted_t *s = locked_after_three();
    bufv_t *v = begin_list(s), *other = list_text("XYZ");
    bufv_terms_t terms = terms_of(1, _i == BY_WITHIN ? GENEROUS : 0, 0);
    apr_time_t start = s->clock, real = apr_time_now();

    net_pardon(); /* looks at 60,000 pauses take 40 s under gVisor */
    if (_i == BY_STALL)
        bufv_writer_stall_set(s->w, GENEROUS);
    if (_i == BY_DEADLINE)
        bufv_writer_deadline_set(s->w, s->clock + GENEROUS);
    if (_i == BY_TIMEOUT)
        s->stall = GENEROUS;
    assert_refused(other, s->w, &terms, APR_TIMEUP, GENEROUS);
    ck_assert_int_eq(s->clock, start + GENEROUS);
    ck_assert_int_eq(s->paused, GENEROUS);
    ck_assert_int_lt(apr_time_now() - real, GENEROUS / 2);
    bufv_writer_deadline_set(s->w, 0);
    assert_ok(bufv_write(v, s->w, NULL));
}
END_TEST

enum { TERMS_SOME, TIMEOUT_0, STALL_0, NO_PAUSE, PATIENTS };

/* Who may not wait, or cannot let time pass, is told APR_EBUSY at once. */
START_TEST(turn__is_refused_at_once)
{
    static const scripted_step_t three[] = {{3, APR_EAGAIN, 0}};
    bufv_terms_t terms = terms_of(_i != TERMS_SOME, GENEROUS, 0);
    scripted_t *s = scripted_new(pool);
    bufv_t *v, *other = list_text("XYZ");
    apr_time_t start;

    if (_i == NO_PAUSE)
        s->ops.pause = NULL;
    locked(s);
    scripted_play(s, three, COUNT(three));
    v = begin_list(s);
    if (_i == TIMEOUT_0)
        s->stall = 0;
    if (_i == STALL_0)
        bufv_writer_stall_set(s->w, 0);
    start = s->clock;
    assert_refused(other, s->w, &terms, APR_EBUSY, 0);
    ck_assert_int_eq(s->clock, start);
    assert_ok(bufv_write(v, s->w, NULL));
    assert_ok(bufv_write(other, s->w, NULL));
}
END_TEST

/* An empty list needs no turn; a limit that is over comes before it. */
START_TEST(turn__comes_after_other_checks)
{
    scripted_t *s = locked_after_three();
    bufv_terms_t over = terms_of(0, -1, 0);
    bufv_t *v = begin_list(s);

    assert_ok(bufv_write_some(list_new(), s->w, NULL));
    assert_ok(bufv_write(list_new(), s->w, NULL));
    assert_is(bufv_write_with(list_text("x"), s->w, &over, NULL),
              APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->attempts, 1);
    assert_ok(bufv_write(v, s->w, NULL));
}
END_TEST

/* Without its lock a writer is anybody's. */
START_TEST(turn__is_for_locked_writers)
{
    static const scripted_step_t three[] = {{3, APR_EAGAIN, 0}};
    scripted_t *s = scripted_new(pool);
    bufv_t *v;

    scripted_open(s);
    scripted_play(s, three, COUNT(three));
    v = begin_list(s);
    assert_ok(bufv_write_some(list_text("XYZ"), s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    scripted_assert_got(s, "abcXYZdefghij", 13);
    assert_ok(bufv_writer_abandon(s->w));
}
END_TEST

/* ---- giving up */

/* What the program does from inside a write, once. */
typedef struct meddler_t {
    scripted_t *s;
    bufv_t *other;
    int done;
    apr_status_t some, all, abandon;
} meddler_t;

static meddler_t meddler;

static void meddle(void)
{
    bufv_terms_t terms = terms_of(1, WITHIN, 0);

    if (meddler.done++)
        return;
    meddler.abandon = bufv_writer_abandon(meddler.s->w);
    meddler.some = bufv_write_some(meddler.other, meddler.s->w, NULL);
    meddler.all = bufv_write_with(meddler.other, meddler.s->w, &terms, NULL);
}

static void meddle_in_hook(void *baton, const bufv_call_t *call)
{
    (void)baton;
    (void)call;
    meddle();
}

static void meddle_in_release(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
    meddle();
}

static bufv_ops_t behind; /* what stands behind those that meddle */

static apr_status_t meddle_in_writev(void *baton, const struct iovec *vec,
                                     apr_size_t nvec, int more,
                                     apr_size_t *written)
{
    meddle();
    return behind.writev(baton, vec, nvec, more, written);
}

static apr_status_t meddle_in_wait(void *baton, apr_interval_time_t timeout)
{
    meddle();
    return behind.wait(baton, timeout);
}

static apr_status_t meddle_in_begin(void *baton)
{
    meddle();
    return behind.begin(baton);
}

static void meddle_in_end(void *baton)
{
    behind.end(baton);
    meddle();
}

static void meddle_in_pause(void *baton, apr_interval_time_t time)
{
    behind.pause(baton, time);
    meddle();
}

static void meddle_in_flush(void *baton)
{
    behind.flush(baton);
    meddle();
}

enum { HOOK, RELEASE, WRITEV, WAIT, BEGIN, END, PAUSE, FLUSH, PLACES };

static scripted_t *meddle_in(int place, int locks)
{
    scripted_t *s = scripted_new(pool);

    memset(&meddler, 0, sizeof(meddler));
    meddler.s = s;
    meddler.other = list_text("XYZ");
    behind = s->ops;
    if (place == WRITEV)
        s->ops.writev = meddle_in_writev;
    if (place == WAIT)
        s->ops.wait = meddle_in_wait;
    if (place == BEGIN)
        s->ops.begin = meddle_in_begin;
    if (place == END)
        s->ops.end = meddle_in_end;
    if (place == PAUSE)
        s->ops.pause = meddle_in_pause;
    if (place == FLUSH)
        s->ops.flush = meddle_in_flush;
    scripted_open(s);
    if (place == HOOK)
        bufv_writer_hook_set(s->w, meddle_in_hook, NULL);
    if (locks)
        assert_ok(bufv_writer_lock_enable(s->w));
    return s;
}

/* One who is inside of a write by this writer is told APR_EBUSY, locked or
 * not, and cannot give it up; afterwards the writer is free. There is an
 * attempt that takes its bytes while more are to come, one that finds no
 * memory, so that there is a flush and a pause, and one that finds it full, so
 * that there is a wait. */
START_TEST(turn__is_not_had_from_inside)
{
    static const scripted_step_t steps[] = {
        {2, 0, 0}, {0, APR_ENOMEM, 0}, {0, APR_EAGAIN, 0}};
    scripted_t *s = meddle_in(_i / 2, _i % 2);
    bufv_t *v = list_new();

    scripted_play(s, steps, COUNT(steps));
    scripted_limits(s, 0, 2);
    assert_ok(bufv_append_owned(
        v, "ab", 2, _i / 2 == RELEASE ? meddle_in_release : NULL, NULL));
    assert_ok(bufv_append(v, "cdef", 4));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_int_ge(meddler.done, 1);
    assert_is(meddler.abandon, APR_STATUS_IS_EBUSY);
    assert_is(meddler.some, APR_STATUS_IS_EBUSY);
    assert_is(meddler.all, APR_STATUS_IS_EBUSY);
    assert_text(meddler.other, "XYZ");
    assert_ok(bufv_write(meddler.other, s->w, NULL));
    scripted_assert_got(s, "abcdefXYZ", 9);
}
END_TEST

enum { EMPTY, OVER, BYTES, FRONTS };

/* An empty chunk at the front is released before the turn is taken. What its
 * callback writes to this writer is refused all the same: where nothing else
 * is in the list, where a limit is over, and where bytes follow. */
START_TEST(turn__is_not_had_from_a_release_before_it)
{
    int rest = _i / 2;
    bufv_terms_t terms = terms_of(1, rest == OVER ? -1 : GENEROUS, 0);
    scripted_t *s = meddle_in(RELEASE, _i % 2);
    bufv_t *v = list_new();

    assert_ok(bufv_append_owned(v, "", 0, meddle_in_release, NULL));
    if (rest != EMPTY)
        assert_ok(bufv_append(v, "abc", 3));
    ck_assert_int_eq(bufv_write_with(v, s->w, &terms, NULL),
                     rest == OVER ? APR_TIMEUP : APR_SUCCESS);
    ck_assert_int_eq(meddler.done, 1);
    assert_is(meddler.some, APR_STATUS_IS_EBUSY);
    assert_is(meddler.all, APR_STATUS_IS_EBUSY);
    assert_ok(bufv_write(meddler.other, s->w, NULL));
    scripted_assert_got(s, rest == BYTES ? "abcXYZ" : "XYZ",
                        rest == BYTES ? 6 : 3);
}
END_TEST

/* One of two threads that are in such callbacks of the same writer. */
typedef struct caller_t {
    bufv_writer_t *w;
    bufv_t *v;
    volatile apr_uint32_t in;         /* its callback has begun */
    volatile apr_uint32_t *may_leave; /* when this is not 0 */
    apr_status_t inside, after;
} caller_t;

static void stay_inside(void *baton, const void *data, apr_size_t len)
{
    caller_t *c = baton;

    (void)data;
    (void)len;
    apr_atomic_set32(&c->in, 1);
    while (!apr_atomic_read32(c->may_leave))
        apr_sleep(1000);
    c->inside = bufv_write_some(list_text("never"), c->w, NULL);
}

static void *APR_THREAD_FUNC call_back(apr_thread_t *thread, void *baton)
{
    caller_t *c = baton;

    c->after = bufv_write(c->v, c->w, NULL);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* The one that began first ends first; each is refused as long as it is in,
 * and the writer is free for it when it is out. */
START_TEST(turn__is_not_had_from_two_releases_before_it)
{
    scripted_t *s = locked(scripted_new(pool));
    volatile apr_uint32_t first_is_out = 0;
    caller_t c[2] = {{NULL, NULL, 0, NULL, 0, 0}, {NULL, NULL, 0, NULL, 0, 0}};
    apr_thread_t *thread[2];
    apr_status_t ignored;
    int i;

    c[0].may_leave = &c[1].in;
    c[1].may_leave = &first_is_out;
    for (i = 0; i < 2; i++) {
        c[i].w = s->w;
        c[i].v = list_new();
        assert_ok(bufv_append_owned(c[i].v, "", 0, stay_inside, &c[i]));
        assert_ok(apr_thread_create(&thread[i], NULL, call_back, &c[i], pool));
        while (!apr_atomic_read32(&c[i].in))
            apr_sleep(1000);
    }
    apr_thread_join(&ignored, thread[0]);
    apr_atomic_set32(&first_is_out, 1);
    apr_thread_join(&ignored, thread[1]);
    for (i = 0; i < 2; i++) {
        assert_is(c[i].inside, APR_STATUS_IS_EBUSY);
        assert_ok(c[i].after);
    }
    assert_ok(bufv_write(list_text("XYZ"), s->w, NULL));
    scripted_assert_got(s, "XYZ", 3);
}
END_TEST

static apr_status_t abandon_status;

static apr_status_t asked_to_abandon(void *baton)
{
    (void)baton;
    return abandon_status;
}

/* Giving up the rest; as often as one likes; and a transport that cannot go on
 * without it says so, and keeps the turn. */
START_TEST(turn__is_abandoned)
{
    static const scripted_step_t three[] = {{3, APR_EAGAIN, 0}};
    scripted_t *s = scripted_new(pool);
    bufv_t *v, *other = list_text("XYZ");

    assert_is(bufv_writer_abandon(NULL), APR_STATUS_IS_EINVAL);
    s->ops.abandon = asked_to_abandon;
    locked(s);
    assert_ok(bufv_writer_abandon(s->w));
    scripted_play(s, three, COUNT(three));
    v = begin_list(s);
    abandon_status = APR_EINVAL;
    assert_is(bufv_writer_abandon(s->w), APR_STATUS_IS_EINVAL);
    assert_not_its_turn(other, s);
    abandon_status = APR_SUCCESS;
    assert_ok(bufv_writer_abandon(s->w));
    assert_ok(bufv_writer_abandon(s->w));
    assert_ok(bufv_write_some(other, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL)); /* to the program's taste */
    scripted_assert_got(s, "abcXYZdefghij", 13);
}
END_TEST

/* What a transport holds of a list of which no byte counts yet has to be
 * followed by the rest: the turn is that list's, which may have a number of
 * another writer's. Where nothing is held, or nothing is left, it is
 * anybody's. */
START_TEST(turn__is_kept_for_what_does_not_count_yet)
{
    static const scripted_step_t full[] = {{0, APR_EAGAIN, 0}};
    scripted_t *s = scripted_new(pool);
    bufv_t *v = _i ? begin_list(locked_after_three()) : list_text("defghij");
    bufv_t *other = list_text("XYZ");

    s->ops.abandon = asked_to_abandon;
    locked(s);
    scripted_play(s, full, COUNT(full));
    abandon_status = APR_EINVAL;
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_not_its_turn(other, s);
    assert_ok(bufv_write_some(v, s->w, NULL));
    scripted_play(s, full, COUNT(full));
    abandon_status = APR_SUCCESS;
    assert_is(bufv_write_some(list_text("abc"), s->w, NULL),
              APR_STATUS_IS_EAGAIN);
    abandon_status = APR_EINVAL;
    assert_ok(bufv_write_some(other, s->w, NULL));
    assert_ok(bufv_write_some(list_text("!"), s->w, NULL));
    scripted_assert_got(s, "defghijXYZ!", 11);
}
END_TEST

static bufv_writer_t *meddled;

static apr_status_t destroy_in_writev(void *baton, const struct iovec *vec,
                                      apr_size_t nvec, int more,
                                      apr_size_t *written)
{
    (void)baton;
    (void)vec;
    (void)nvec;
    (void)more;
    *written = 0;
    bufv_writer_destroy(meddled);
    return APR_EAGAIN;
}

/* A writer that was destroyed in its attempt is asked nothing any more. */
START_TEST(turn__is_nobodys_when_the_writer_goes)
{
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_text("abc");

    s->ops.abandon = asked_to_abandon;
    s->ops.writev = destroy_in_writev;
    abandon_status = APR_EINVAL;
    locked(s);
    meddled = s->w;
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EBUSY);
    assert_text(v, "abc");
}
END_TEST

/* A list of which no byte counts, but a part is on its way, has the turn, also
 * if it is destroyed; and has none if the transport holds nothing of it. */
START_TEST(turn__of_what_is_on_its_way)
{
    static const scripted_step_t full[] = {{0, APR_EAGAIN, 0}};
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_text("abc"), *other = list_text("XYZ");

    s->ops.abandon = asked_to_abandon;
    locked(s);
    abandon_status = APR_SUCCESS;
    scripted_play(s, full, COUNT(full));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_write_some(other, s->w, NULL));
    abandon_status = APR_EINVAL;
    scripted_play(s, full, COUNT(full));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_append(other, "UVW", 3));
    assert_not_its_turn(other, s);
    assert_ok(bufv_write_some(v, s->w, NULL));
    abandon_status = APR_SUCCESS;
    assert_ok(bufv_write_some(other, s->w, NULL));
    scripted_assert_got(s, "XYZabcUVW", 9);
    abandon_status = APR_EINVAL;
    scripted_play(s, full, COUNT(full));
    assert_ok(bufv_append(v, "abc", 3));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    bufv_destroy(v);
    assert_ok(bufv_append(other, "RST", 3));
    assert_not_its_turn(other, s);
}
END_TEST

/* A list that was given up and comes again has no turn before another byte of
 * it was accepted. */
START_TEST(turn__that_was_abandoned_begins_anew)
{
    static const scripted_step_t steps[] = {{3, APR_EAGAIN, 0},
                                            {0, APR_EAGAIN, 0}};
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v, *other = list_text("XYZ");

    scripted_play(s, steps, COUNT(steps));
    v = begin_list(s);
    assert_ok(bufv_writer_abandon(s->w));
    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_write_some(other, s->w, NULL));
    assert_ok(bufv_write_some(v, s->w, NULL));
    scripted_assert_got(s, "abcXYZdefghij", 13);
}
END_TEST

/* The rest of a list that was given up does not come back by its number. */
START_TEST(turn__that_was_abandoned_is_gone)
{
    static const scripted_step_t steps[] = {{3, APR_EAGAIN, 0},
                                            {1, APR_EAGAIN, 0}};
    scripted_t *s = locked(scripted_new(pool));
    bufv_t *v, *other = list_text("XYZ");

    scripted_play(s, steps, COUNT(steps));
    v = begin_list(s);
    assert_ok(bufv_writer_abandon(s->w));
    assert_is(bufv_write_some(other, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_not_its_turn(v, s);
    assert_ok(bufv_write_some(other, s->w, NULL));
    scripted_assert_got(s, "abcXYZ", 6);
}
END_TEST

/* ---- messages */

static const scripted_step_t message_steps[] = {
    {0, APR_EAGAIN, 0},  {0, APR_EINVAL, 0},  {0, APR_ENOMEM, 0},
    {0, APR_SUCCESS, 0}, {3, APR_SUCCESS, 0}, {3, APR_EAGAIN, 0}};

/* A message goes whole or not at all: no turn is kept, not even for a
 * transport that takes a part. A budget means nothing to it. */
START_TEST(turn__is_not_kept_for_messages)
{
    bufv_terms_t terms = terms_of(0, 0, 2);
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_text("abcdefghij");

    s->ops.message = 1;
    locked(s);
    scripted_play(s, &message_steps[_i], 1);
    ck_assert_int_ne(bufv_write_some(v, s->w, NULL), APR_SUCCESS);
    assert_ok(bufv_write_with(list_text("XYZ"), s->w, &terms, NULL));
    ck_assert_mem_eq(s->got + s->got_len - 3, "XYZ", 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, turn__is_kept, 0, (int)COUNT(stops));
    tcase_add_test(tc, turn__is_kept_over_a_short_file);
    tcase_add_loop_test(tc, turn__begins_with_the_first_byte, 0,
                        (int)COUNT(stops));
    tcase_add_test(tc, turn__of_a_list_before_the_lock);
    tcase_add_loop_test(tc, turn__ends_when_the_peer_is_gone, 0,
                        2 * (int)COUNT(gone));
    tcase_add_loop_test(tc, turn__ends_when_the_peer_goes_later, 0,
                        (int)COUNT(gone));
    tcase_add_test(tc, turn__ends_with_a_real_peer);
    tcase_add_loop_test(tc, turn__goes_with_the_first_byte, 0,
                        (int)COUNT(moves));
    tcase_add_test(tc, turn__of_a_split_is_in_order);
    tcase_add_test(tc, turn__is_not_that_of_a_list_refilled);
    tcase_add_loop_test(tc, turn__belongs_to_one_writer, 0, 2);
    tcase_add_test(tc, turn__of_a_list_that_grows);
    tcase_add_test(tc, turn__of_a_list_that_ran_empty);
    tcase_add_loop_test(tc, turn__is_waited_for_within_the_limits, 0, LIMITS);
    tcase_add_loop_test(tc, turn__is_refused_at_once, 0, PATIENTS);
    tcase_add_test(tc, turn__comes_after_other_checks);
    tcase_add_test(tc, turn__is_for_locked_writers);
    tcase_add_loop_test(tc, turn__is_not_had_from_inside, 0, 2 * PLACES);
    tcase_add_loop_test(tc, turn__is_not_had_from_a_release_before_it, 0,
                        2 * FRONTS);
    tcase_add_test(tc, turn__is_not_had_from_two_releases_before_it);
    tcase_add_test(tc, turn__is_abandoned);
    tcase_add_loop_test(tc, turn__is_kept_for_what_does_not_count_yet, 0, 2);
    tcase_add_test(tc, turn__is_nobodys_when_the_writer_goes);
    tcase_add_test(tc, turn__of_what_is_on_its_way);
    tcase_add_test(tc, turn__that_was_abandoned_begins_anew);
    tcase_add_test(tc, turn__that_was_abandoned_is_gone);
    tcase_add_loop_test(tc, turn__is_not_kept_for_messages, 0,
                        (int)COUNT(message_steps));
}

const topic_t topic_turn = {"turn", add_tests};
