/* SPDX-License-Identifier: Apache-2.0 */

/* The turn of a locked writer among threads (promise 20): who waits is woken,
 * no list leaves in the middle of another whatever its calls return, anybody
 * may ask meanwhile, and a child of fork() may destroy. */

#include "peer.h"
#include "scripted.h"

#include <apr_atomic.h>

#ifndef _WIN32
#include "ends.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define THREADS 4

/* Far more than anything here takes. */
#define GENEROUS apr_time_from_sec(60)

static bufv_t *list_text(const char *text)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, text, strlen(text)));
    return v;
}

/* "abc" has left of "abcdefghij". */
static bufv_t *begin_list(scripted_t *s)
{
    bufv_t *v = list_text("abcdefghij");

    assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EAGAIN);
    assert_text(v, "defghij");
    return v;
}

/* ---- a thread that waits */

typedef struct waiter_t {
    bufv_writer_t *w;
    bufv_t *v;
    bufv_terms_t terms;
    bufv_report_t report;
    apr_thread_t *thread;
    volatile apr_uint32_t began;
    apr_status_t status;
} waiter_t;

static void *APR_THREAD_FUNC write_it(apr_thread_t *thread, void *baton)
{
    waiter_t *t = baton;

    (void)thread;
    apr_atomic_set32(&t->began, 1);
    t->status = bufv_write_with(t->v, t->w, &t->terms, &t->report);
    return NULL;
}

static waiter_t *waiter_within(bufv_writer_t *w, bufv_t *v,
                               apr_interval_time_t within)
{
    waiter_t *t = apr_pcalloc(pool, sizeof(*t));

    t->w = w;
    t->v = v;
    t->terms = terms_of(1, within, 0);
    t->report.size = sizeof(t->report);
    assert_ok(apr_thread_create(&t->thread, NULL, write_it, t, pool));
    while (apr_atomic_read32(&t->began) == 0)
        apr_sleep(1000);
    apr_sleep(50000); /* it waits by now, or waits later */
    return t;
}

static waiter_t *waiter_start(bufv_writer_t *w, bufv_t *v)
{
    return waiter_within(w, v, GENEROUS);
}

/* A transport on the system's clock, which threads can wait for. */
static scripted_t *locked_in_real_time(void)
{
    static const scripted_step_t three[] = {{3, APR_EAGAIN, 0}};
    scripted_t *s = scripted_in_real_time(pool);

    s->ops.begin = NULL; /* the net would look at what another thread is in */
    s->ops.end = NULL;
    scripted_open(s);
    assert_ok(bufv_writer_lock_enable(s->w));
    scripted_play(s, three, COUNT(three));
    return s;
}

enum { LAST_BYTE, ABANDONED, PEER_GONE, ENDS };

/* A bufv_write() of another thread gets its turn when the list that has it
 * ends, in whichever way, and not only when its limits are over. */
START_TEST(threads__wake_who_waits)
{
    static const scripted_step_t is_gone[] = {{0, APR_EPIPE, 0}};
    scripted_t *s = locked_in_real_time();
    bufv_t *v = begin_list(s);
    waiter_t *t = waiter_start(s->w, list_text("XYZ"));

    if (_i == LAST_BYTE)
        assert_ok(bufv_write_some(v, s->w, NULL));
    if (_i == ABANDONED)
        assert_ok(bufv_writer_abandon(s->w));
    if (_i == PEER_GONE) {
        scripted_play(s, is_gone, 1);
        assert_is(bufv_write_some(v, s->w, NULL), APR_STATUS_IS_EPIPE);
    }
    thread_join(t->thread);
    assert_ok(t->status);
    ck_assert_uint_eq(t->report.written, 3);
    ck_assert_uint_eq(t->report.calls, 1);
    ck_assert_int_lt(t->report.waited, GENEROUS / 2);
    ck_assert_mem_eq(s->got + s->got_len - 3, "XYZ", 3);
}
END_TEST

/* Limits of days, which the system cannot be told at a time, are no shorter
 * for that. */
START_TEST(threads__wait_for_days)
{
    scripted_t *s = locked_in_real_time();
    bufv_t *v = begin_list(s);
    waiter_t *t = waiter_within(s->w, list_text("XYZ"),
                                apr_time_from_sec(3 * 24 * 3600));

    assert_ok(bufv_write_some(v, s->w, NULL));
    thread_join(t->thread);
    assert_ok(t->status);
    scripted_assert_got(s, "abcdefghijXYZ", 13);
}
END_TEST

/* Whichever thread goes on with a list, it is the same list. */
START_TEST(threads__share_a_list)
{
    scripted_t *s = locked_in_real_time();
    bufv_t *v = begin_list(s);
    waiter_t *t = waiter_start(s->w, v);

    thread_join(t->thread);
    assert_ok(t->status);
    assert_ok(bufv_write_some(list_text("XYZ"), s->w, NULL));
    scripted_assert_got(s, "abcdefghijXYZ", 13);
}
END_TEST

/* ---- threads */

/* A list of a thread: its number, the length of what follows, and so many
 * bytes that tell the thread and the list. */
#define HEAD 3

typedef struct job_t {
    bufv_writer_t *w;
    int id, lists;
    apr_size_t most; /* bytes of a list */
    bufv_terms_t terms[4];
    apr_status_t status; /* one that should not have come */
    apr_uint64_t written;
    int full, late, spent, busy; /* calls that ended so */
} job_t;

static int is_expected(job_t *job, apr_status_t status)
{
    if (APR_STATUS_IS_EAGAIN(status))
        job->full++;
    else if (APR_STATUS_IS_TIMEUP(status))
        job->late++;
    else if (status == APR_INCOMPLETE)
        job->spent++;
    else if (APR_STATUS_IS_EBUSY(status))
        job->busy++;
    else
        return 0;
    return 1;
}

/* Writes a list on changing terms until it has left. */
static apr_status_t write_by_turns(job_t *job, bufv_t *v)
{
    bufv_report_t report;
    apr_status_t status;
    int turn = 0;

    do {
        memset(&report, 0, sizeof(report));
        report.size = sizeof(report);
        status = bufv_write_with(
            v, job->w, &job->terms[turn++ % (int)COUNT(job->terms)], &report);
        job->written += report.written;
        if (APR_STATUS_IS_EBUSY(status))
            apr_sleep(100);
    } while (is_expected(job, status));
    return status;
}

static void fill_list(const job_t *job, bufv_t *v, unsigned char *bytes, int i)
{
    apr_size_t len = job->most / 2 + (apr_size_t)i * 37 % (job->most / 2), at;

    bytes[0] = (unsigned char)job->id;
    bytes[1] = (unsigned char)(len >> 8);
    bytes[2] = (unsigned char)len;
    memset(bytes + HEAD, job->id * 16 + i % 16, len);
    for (at = 0; at < HEAD + len; at += 400)
        bufv_append(v, bytes + at,
                    HEAD + len - at < 400 ? HEAD + len - at : 400);
}

/* Assertions would jump out of the wrong thread: the status tells. */
static void *APR_THREAD_FUNC write_lists(apr_thread_t *thread, void *baton)
{
    job_t *job = baton;
    unsigned char *bytes = malloc(job->most + HEAD);
    bufv_t *v;
    int i;

    (void)thread;
    job->status = bufv_create(&v, NULL);
    for (i = 0; job->status == APR_SUCCESS && i < job->lists; i++) {
        fill_list(job, v, bytes, i);
        job->status = bufv_status(v);
        if (job->status == APR_SUCCESS)
            job->status = write_by_turns(job, v);
    }
    bufv_destroy(v);
    free(bytes);
    return NULL;
}

/* Never, late, little, at last; the limits are short on any clock. */
static void set_terms(job_t *job, apr_interval_time_t late)
{
    job->terms[0] = terms_of(0, 0, 0);
    job->terms[1] = terms_of(1, late, 0);
    job->terms[2] = terms_of(1, 0, 500);
    job->terms[3] = terms_of(1, late * 4, 0);
}

/* Four threads over one writer. Returns the bytes that left. */
static apr_uint64_t run_threads(bufv_writer_t *w, int lists, apr_size_t most,
                                apr_interval_time_t late)
{
    job_t job[THREADS], sum;
    apr_thread_t *thread[THREADS];
    int i;

    assert_ok(bufv_writer_lock_enable(w));
    memset(job, 0, sizeof(job));
    memset(&sum, 0, sizeof(sum));
    for (i = 0; i < THREADS; i++) {
        job[i].w = w;
        job[i].id = i + 1;
        job[i].lists = lists;
        job[i].most = most;
        set_terms(&job[i], late);
        assert_ok(
            apr_thread_create(&thread[i], NULL, write_lists, &job[i], pool));
    }
    for (i = 0; i < THREADS; i++) {
        thread_join(thread[i]);
        assert_ok(job[i].status);
        sum.written += job[i].written;
        sum.full += job[i].full;
        sum.late += job[i].late;
        sum.spent += job[i].spent;
        sum.busy += job[i].busy;
    }
    ck_assert_int_gt(sum.full, 0);
    ck_assert_int_gt(sum.late, 0);
    ck_assert_int_gt(sum.spent, 0);
    /* Whether a turn was ever found taken is up to the scheduler, and tested
     * in `turn`. */
    return sum.written;
}

/* Every list is whole, each thread's in their order, and all are there. */
static void assert_whole_lists(const unsigned char *got, apr_uint64_t len,
                               int lists)
{
    int seen[THREADS] = {0};
    apr_uint64_t at = 0;
    apr_size_t body, i;
    int id;

    while (at < len) {
        ck_assert_uint_le(at + HEAD, len);
        id = got[at];
        ck_assert_int_ge(id, 1);
        ck_assert_int_le(id, THREADS);
        body = (apr_size_t)got[at + 1] << 8 | got[at + 2];
        at += HEAD;
        ck_assert_uint_le(at + body, len);
        for (i = 0; i < body; i++) {
            if (got[at + i] != id * 16 + seen[id - 1] % 16)
                ck_abort_msg("byte %lu of a list of thread %d is another's",
                             (unsigned long)i, id);
        }
        at += body;
        seen[id - 1]++;
    }
    for (id = 0; id < THREADS; id++)
        ck_assert_int_eq(seen[id], lists);
}

/* Over TCP to a slow reader. */
START_TEST(threads__over_tcp)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t total;

    assert_ok(apr_socket_opt_set(p->near_end, APR_SO_SNDBUF, 8192));
    p->piece = 3000;
    p->pause = 300;
    peer_start(p);
    total = run_threads(w, 100, 16000, 1000);
    peer_finish(p);
    peer_assert_length(p, total);
    assert_whole_lists(p->got, p->got_len, 100);
    ck_assert_uint_eq(stats_of(w).written, total);
    ck_assert_uint_eq(stats_of(w).lists, 100 * THREADS);
}
END_TEST

/* A transport with a clock of its own, which every thread that waits moves.
 * All else in it is plain: a race is one of the library's. */
typedef struct drip_t {
    volatile apr_uint32_t clock; /* milliseconds */
    apr_uint32_t next;           /* when it takes bytes again */
    unsigned char *got;
    apr_size_t len, room;
    apr_uint64_t attempts;
} drip_t;

static apr_time_t drip_now(void *baton)
{
    drip_t *d = baton;

    return apr_time_from_msec((apr_time_t)apr_atomic_read32(&d->clock));
}

static void drip_pass(void *baton, apr_interval_time_t time)
{
    drip_t *d = baton;

    apr_atomic_add32(&d->clock, (apr_uint32_t)((time + 999) / 1000));
    apr_thread_yield();
}

static apr_status_t drip_wait(void *baton, apr_interval_time_t timeout)
{
    if (timeout >= 0 && timeout < apr_time_from_msec(2)) {
        drip_pass(baton, timeout);
        return APR_TIMEUP;
    }
    drip_pass(baton, apr_time_from_msec(2));
    return APR_SUCCESS;
}

static apr_status_t drip_writev(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    drip_t *d = baton;
    apr_size_t len = vec->iov_len < 700 ? vec->iov_len : 700;

    (void)nvec;
    (void)more;
    *written = 0;
    if ((apr_int32_t)(apr_atomic_read32(&d->clock) - d->next) < 0)
        return APR_EAGAIN;
    d->attempts++;
    if (d->len + len > d->room)
        return APR_ENOSPC;
    memcpy(d->got + d->len, vec->iov_base, len);
    d->len += len;
    d->next = apr_atomic_read32(&d->clock) + (d->attempts % 3 == 0 ? 2 : 0);
    *written = len;
    return d->attempts % 3 == 0 ? APR_EAGAIN : APR_SUCCESS;
}

START_TEST(threads__on_simulated_time)
{
    bufv_ops_t ops = ops_new();
    apr_time_t real = apr_time_now();
    apr_uint64_t total;
    bufv_writer_t *w;
    drip_t d;

    memset(&d, 0, sizeof(d));
    d.room = 4 << 20;
    d.got = apr_palloc(pool, d.room);
    ops.name = "drip";
    ops.max_vec = 4;
    ops.max_bytes = 1000;
    ops.copy_below = 300;
    ops.writev = drip_writev;
    ops.wait = drip_wait;
    ops.now = drip_now;
    ops.pause = drip_pass;
    assert_ok(bufv_writer_create(&w, &ops, &d, pool));
    total = run_threads(w, 60, 4000, apr_time_from_msec(3));
    ck_assert_uint_eq(d.len, total);
    assert_whole_lists(d.got, d.len, 60);
    ck_assert_uint_eq(stats_of(w).written, total);
    ck_assert_int_lt(apr_time_now() - real, GENEROUS);
}
END_TEST

/* ---- asking meanwhile */

typedef struct monitor_t {
    bufv_writer_t *w;
    volatile apr_uint32_t stop;
    apr_uint64_t asked, endless, backwards;
} monitor_t;

static void *APR_THREAD_FUNC keep_asking(apr_thread_t *thread, void *baton)
{
    monitor_t *m = baton;
    apr_uint64_t before = 0;
    bufv_stats_t stats;
    char text[100];

    (void)thread;
    while (apr_atomic_read32(&m->stop) == 0) {
        memset(text, 'x', sizeof(text));
        bufv_writer_strerror(m->w, text, sizeof(text));
        m->endless += memchr(text, '\0', sizeof(text)) == NULL;
        stats = stats_of(m->w);
        m->backwards += stats.written < before;
        before = stats.written;
        m->backwards += report_of(m->w).size != sizeof(bufv_report_t);
        m->asked++;
        apr_sleep(200);
    }
    return NULL;
}

/* Report, counters and text may be asked for while four threads write. */
START_TEST(threads__ask_meanwhile)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    monitor_t m = {w, 0, 0, 0, 0};
    apr_thread_t *thread;
    apr_uint64_t total;

    assert_ok(apr_socket_opt_set(p->near_end, APR_SO_SNDBUF, 8192));
    p->piece = 3000;
    p->pause = 300;
    peer_start(p);
    assert_ok(bufv_writer_lock_enable(w));
    assert_ok(apr_thread_create(&thread, NULL, keep_asking, &m, pool));
    total = run_threads(w, 40, 16000, 1000);
    apr_atomic_set32(&m.stop, 1);
    thread_join(thread);
    peer_finish(p);
    ck_assert_uint_gt(m.asked, 10);
    ck_assert_uint_eq(m.endless, 0);
    ck_assert_uint_eq(m.backwards, 0);
    ck_assert_uint_eq(stats_of(w).written, total);
}
END_TEST

/* They do not wait for a write that waits: they tell of what ended before. */
START_TEST(threads__do_not_wait_to_ask)
{
    const unsigned char *data = bytes_new(8 << 20, 91);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_time_t start;
    waiter_t *t;
    char text[300];

    assert_ok(bufv_writer_lock_enable(w));
    assert_ok(bufv_write(list_text("abc"), w, NULL));
    t = waiter_start(w, list_cut(data, 8, 1 << 20, 1 << 20));
    start = apr_time_now();
    ck_assert_uint_eq(report_of(w).written, 3);
    ck_assert_uint_eq(stats_of(w).written, 3);
    ck_assert_ptr_nonnull(
        strstr(bufv_writer_strerror(w, text, sizeof(text)), "success"));
    assert_is(bufv_writer_abandon(w), APR_STATUS_IS_EBUSY);
    assert_is(bufv_write_some(list_text("x"), w, NULL), APR_STATUS_IS_EBUSY);
    ck_assert_int_lt(apr_time_now() - start, GENEROUS / 4);
    peer_start(p);
    thread_join(t->thread);
    assert_ok(t->status);
    peer_finish(p);
    peer_assert_length(p, (8 << 20) + 3);
}
END_TEST

/* Another thread is in a write, and waits in it: its limits are its own, and
 * those of this one hold, on the system's clock. */
START_TEST(threads__wait_within_their_limits)
{
    const unsigned char *data = bytes_new(8 << 20, 92);
    bufv_terms_t terms = terms_of(1, apr_time_from_msec(200), 0);
    bufv_report_t report = {sizeof(report), 0, 0, 0, 0, 0, 0, 0};
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_time_t start;
    waiter_t *t;

    assert_ok(bufv_writer_lock_enable(w));
    t = waiter_start(w, list_cut(data, 8, 1 << 20, 1 << 20));
    start = apr_time_now();
    assert_is(bufv_write_with(list_text("x"), w, &terms, &report),
              APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, apr_time_from_msec(190));
    ck_assert_int_lt(apr_time_now() - start, GENEROUS / 4);
    ck_assert_int_ge(report.waited, apr_time_from_msec(190));
    ck_assert_uint_eq(report.calls, 0);
    peer_start(p);
    thread_join(t->thread);
    assert_ok(t->status);
    peer_finish(p);
    peer_assert_length(p, 8 << 20);
}
END_TEST

/* ---- fork */

#ifdef _WIN32
START_TEST(threads__and_a_child)
{
    skip("threads__and_a_child", "there is no fork()");
}
END_TEST
#else
static volatile apr_uint32_t flushes;

static void count_flush(void *baton)
{
    (void)baton;
    apr_atomic_inc32(&flushes);
}

static apr_status_t hold_some(void *baton, const struct iovec *vec,
                              apr_size_t nvec, int more, apr_size_t *written)
{
    (void)baton;
    (void)nvec;
    (void)more;
    apr_sleep(100);
    *written = vec->iov_len;
    return APR_SUCCESS;
}

typedef struct busy_t {
    bufv_writer_t *w;
    bufv_t *v;
    volatile apr_uint32_t stop;
} busy_t;

static void *APR_THREAD_FUNC keep_writing(apr_thread_t *thread, void *baton)
{
    busy_t *b = baton;
    bufv_t *own = NULL;

    (void)thread;
    ignore(bufv_create(&own, NULL));
    while (apr_atomic_read32(&b->stop) == 0) {
        bufv_append(own, "0123456789", 10);
        ignore(bufv_write(own, b->w, NULL));
    }
    bufv_destroy(own);
    return NULL;
}

/* What the child does: it ends by itself, or by the alarm. Nothing that the
 * transport holds back may leave by the child: the parent sends it. */
static void in_child(bufv_writer_t *w, bufv_t *v)
{
    apr_uint32_t before = apr_atomic_read32(&flushes);

    signal(SIGALRM, SIG_DFL);
    alarm(20);
    bufv_destroy(v);
    bufv_writer_destroy(w);
    ends_child(apr_atomic_read32(&flushes) != before);
}

/* A child may destroy the lists and the writer that it inherited, wherever
 * the parent's threads were in it, and does not hang. */
START_TEST(threads__and_a_child)
{
    bufv_ops_t ops = ops_new();
    bufv_t *v = list_text("abc");
    apr_thread_t *thread[THREADS];
    busy_t b;
    int i, status;
    pid_t child;

    memset(&b, 0, sizeof(b));
    ops.name = "slow";
    ops.max_vec = 1;
    ops.max_bytes = 3;
    ops.writev = hold_some;
    ops.flush = count_flush;
    assert_ok(bufv_writer_create(&b.w, &ops, NULL, pool));
    assert_ok(bufv_writer_lock_enable(b.w));
    for (i = 0; i < THREADS; i++)
        assert_ok(apr_thread_create(&thread[i], NULL, keep_writing, &b, pool));
    for (i = 0; i < 40; i++) {
        apr_sleep(1000 + 37 * i);
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            in_child(b.w, v);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    apr_atomic_set32(&b.stop, 1);
    for (i = 0; i < THREADS; i++)
        thread_join(thread[i]);
    assert_text(v, "abc");
    assert_ok(bufv_write(v, b.w, NULL));
}
END_TEST
#endif

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, threads__wake_who_waits, 0, ENDS);
    tcase_add_test(tc, threads__share_a_list);
    tcase_add_test(tc, threads__over_tcp);
    tcase_add_test(tc, threads__on_simulated_time);
    tcase_add_test(tc, threads__ask_meanwhile);
    tcase_add_test(tc, threads__do_not_wait_to_ask);
    tcase_add_test(tc, threads__wait_within_their_limits);
    tcase_add_test(tc, threads__and_a_child);
    tcase_add_test(tc, threads__wait_for_days);
}

const topic_t topic_threads = {"threads", add_tests};
