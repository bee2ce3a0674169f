/* SPDX-License-Identifier: Apache-2.0 */

/* Real TCP on loopback: big lists, waiting, timeouts, peers that go away
 * (promises 8, 11-13, 15, 20a). */

#include "journal.h"
#include "peer.h"

#include <apr_poll.h>

#define MIB (1 << 20)
#define BIG (32 * MIB)
#define PERIOD 999983 /* of the pattern: prime, so that a slip shows */
#define GENEROUS apr_time_from_sec(20)

/* A list of 32 MiB in chunks of odd sizes, of a pattern that the peer
 * expects; with a reader that is not started. */
typedef struct big_t {
    peer_t *peer;
    bufv_writer_t *w;
    bufv_t *v;
    unsigned char *pattern;
    apr_time_t start;
} big_t;

static void big_append(bufv_t *v, const unsigned char *pattern,
                       apr_uint64_t total)
{
    static const apr_size_t sizes[] = {1, 7, 100, 65536, 3, 300000, 511, 2};
    apr_size_t at = 0;
    apr_size_t len;
    int i;

    for (i = 0; total > 0; i++) {
        len = sizes[(apr_size_t)i % COUNT(sizes)];
        if (len > PERIOD - at)
            len = PERIOD - at;
        if (len > total)
            len = (apr_size_t)total;
        assert_ok(bufv_append(v, pattern + at, len));
        at = (at + len) % PERIOD;
        total -= len;
    }
}

static void big_init(big_t *b)
{
    b->peer = peer_new();
    b->w = peer_writer(b->peer);
    b->pattern = bytes_new(PERIOD, 25);
    b->peer->expect = b->pattern;
    b->peer->period = PERIOD;
    b->v = list_new();
    big_append(b->v, b->pattern, BIG);
    b->start = apr_time_now();
}

static void big_timeout(big_t *b, apr_interval_time_t timeout)
{
    assert_ok(apr_socket_timeout_set(b->peer->near_end, timeout));
}

/* The socket's own timeout is as it was set. */
static void assert_timeout(const big_t *b, apr_interval_time_t timeout)
{
    apr_interval_time_t now = 12345;

    assert_ok(apr_socket_timeout_get(b->peer->near_end, &now));
    ck_assert_int_eq(now, timeout);
}

/* It took so long and not much longer. Clocks may differ by a tick. */
static void assert_took(const big_t *b, apr_interval_time_t least)
{
    apr_interval_time_t took = apr_time_now() - b->start;

    ck_assert_int_ge(took, least - 20000);
    ck_assert_int_lt(took, least + GENEROUS);
}

/* The reader starts, and the rest goes on to the last byte. */
static void big_resume(big_t *b)
{
    apr_uint64_t written;

    big_timeout(b, GENEROUS);
    bufv_writer_deadline_set(b->w, 0);
    bufv_writer_stall_set(b->w, GENEROUS);
    peer_start(b->peer);
    assert_ok(write_checked(b->v, b->w, &written));
    peer_finish(b->peer);
    peer_assert_length(b->peer, BIG);
}

/* 32 MiB to a reader: every byte, in order, over many waits. */
START_TEST(socket__32_mib)
{
    big_t b;
    apr_uint64_t written;
    tally_t t;

    big_init(&b);
    tally_watch(&t, b.w);
    peer_start(b.peer);
    assert_ok(write_checked(b.v, b.w, &written));
    ck_assert_uint_eq(written, BIG);
    assert_tally_is_report(&t, b.w);
    peer_finish(b.peer);
    peer_assert_length(b.peer, BIG);
    assert_timeout(&b, apr_time_from_sec(30));
}
END_TEST

/* The same through a blocking socket. */
START_TEST(socket__32_mib_blocking)
{
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    big_timeout(&b, -1);
    peer_start(b.peer);
    assert_ok(write_checked(b.v, b.w, &written));
    peer_finish(b.peer);
    peer_assert_length(b.peer, BIG);
    assert_timeout(&b, -1);
}
END_TEST

/* The socket's timeout ends a write that nobody reads; what left is exact;
 * the rest goes on without a lost or repeated byte. */
START_TEST(socket__times_out_and_resumes)
{
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    big_timeout(&b, 300000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    assert_took(&b, 300000);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_lt(written, BIG);
    assert_timeout(&b, 300000);
    ck_assert_uint_gt(report_of(b.w).waits, 0);
    ck_assert_int_ge(report_of(b.w).waited, 200000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    big_resume(&b);
}
END_TEST

/* A full socket is not probed again and again while it waits: attempts and
 * waits are few. */
START_TEST(socket__does_not_spin)
{
    big_t b;
    apr_uint64_t written;
    bufv_report_t report;

    big_init(&b);
    big_timeout(&b, 300000);
    bufv_writer_limits_set(b.w, 0, 0);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    report = report_of(b.w);
    ck_assert_uint_le(report.waits, 20);
    ck_assert_uint_le(report.calls, report.waits + 100);
}
END_TEST

/* A stall limit of the writer does the same where the socket has none, and
 * goes before the socket's where it has. */
START_TEST(socket__stall_limit)
{
    static const apr_interval_time_t own[] = {-1, 30000000};
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    big_timeout(&b, own[_i]);
    bufv_writer_stall_set(b.w, 300000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    assert_took(&b, 300000);
    assert_timeout(&b, own[_i]);
    big_resume(&b);
}
END_TEST

/* A deadline ends it too, on a blocking socket and on one with a timeout. */
START_TEST(socket__deadline)
{
    static const apr_interval_time_t own[] = {-1, 30000000};
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    big_timeout(&b, own[_i]);
    bufv_writer_deadline_set(b.w, apr_time_now() + 300000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    assert_took(&b, 300000);
    ck_assert_uint_gt(written, 0);
    assert_timeout(&b, own[_i]);
    written = 99;
    assert_is(bufv_write_some(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(written, 0);
    big_resume(&b);
}
END_TEST

/* Against a reader that drips: the write ends at its deadline although bytes
 * keep leaving, and goes on later. */
START_TEST(socket__deadline_against_a_drip)
{
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    b.peer->piece = 20000;
    b.peer->pause = 10000;
    peer_start(b.peer);
    bufv_writer_deadline_set(b.w, apr_time_now() + 500000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    assert_took(&b, 500000);
    peer_stop(b.peer);
    b.peer->piece = 0;
    b.peer->pause = 0;
    big_resume(&b);
}
END_TEST

/* A socket with timeout 0: APR_EAGAIN with what was written, at once, even
 * if a stall limit is set. */
START_TEST(socket__timeout_0)
{
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    big_timeout(&b, 0);
    bufv_writer_stall_set(b.w, 15000000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_EAGAIN);
    assert_took(&b, 0);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_eq(report_of(b.w).waits, 0);
    assert_timeout(&b, 0);
    big_resume(&b);
}
END_TEST

/* write_some never waits, on sockets of every timeout, and leaves that as it
 * was. */
START_TEST(socket__some_never_waits)
{
    static const apr_interval_time_t own[] = {-1, 0, 5000000};
    big_t b;
    apr_uint64_t written = 0;

    big_init(&b);
    big_timeout(&b, own[_i]);
    assert_is(bufv_write_some(b.v, b.w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_int_lt(apr_time_now() - b.start, 4000000);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_eq(written + bufv_length(b.v), BIG);
    assert_is(bufv_write_some(b.v, b.w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_int_lt(apr_time_now() - b.start, 4500000);
    assert_timeout(&b, own[_i]);
    big_resume(&b);
}
END_TEST

/* An event loop of one socket: write_some, and poll in between. */
START_TEST(socket__some_in_a_loop)
{
    big_t b;
    apr_pollfd_t fd;
    apr_int32_t ready;
    apr_uint64_t written, sum = 0;
    apr_status_t status;

    big_init(&b);
    big_timeout(&b, 0);
    peer_start(b.peer);
    memset(&fd, 0, sizeof(fd));
    fd.p = pool;
    fd.desc_type = APR_POLL_SOCKET;
    fd.reqevents = APR_POLLOUT;
    fd.desc.s = b.peer->near_end;
    for (;;) {
        status = bufv_write_some(b.v, b.w, &written);
        sum += written;
        if (!APR_STATUS_IS_EAGAIN(status))
            break;
        assert_ok(apr_poll(&fd, 1, &ready, GENEROUS));
    }
    assert_ok(status);
    ck_assert_uint_eq(sum, BIG);
    peer_finish(b.peer);
    peer_assert_length(b.peer, BIG);
}
END_TEST

/* Two writers on one socket: the second goes on where the first stopped. */
START_TEST(socket__another_writer_goes_on)
{
    big_t b;
    apr_uint64_t written;

    big_init(&b);
    big_timeout(&b, 100000);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    b.w = peer_writer(b.peer);
    big_resume(&b);
}
END_TEST

/* Owned chunks of a write that was cut are released as far as it came. */
START_TEST(socket__releases_what_left)
{
    unsigned char *pattern = bytes_new(PERIOD, 26);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_new();
    journal_t *j = journal_new();
    apr_uint64_t written, rest;
    int i;

    p->expect = pattern;
    p->period = PERIOD;
    for (i = 0; i < 50; i++)
        assert_ok(journal_append(j, v, pattern, PERIOD));
    assert_ok(apr_socket_timeout_set(p->near_end, 100000));
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    journal_assert(j, (int)(written / PERIOD));
    peer_start(p);
    assert_ok(apr_socket_timeout_set(p->near_end, GENEROUS));
    assert_ok(write_checked(v, w, &rest));
    journal_assert(j, 50);
    peer_finish(p);
    peer_assert_length(p, 50 * (apr_uint64_t)PERIOD);
}
END_TEST

typedef struct closer_t {
    apr_socket_t *sock;
    apr_status_t status;
} closer_t;

static void *APR_THREAD_FUNC shut_down(apr_thread_t *thread, void *baton)
{
    closer_t *c = baton;

    (void)thread;
    apr_sleep(200000);
    c->status = apr_socket_shutdown(c->sock, APR_SHUTDOWN_READWRITE);
    return NULL;
}

/* Cancelling: a shutdown by another thread ends a waiting write at once, with
 * an error and an exact count. */
START_TEST(socket__shutdown_by_another_thread)
{
    static const apr_interval_time_t own[] = {-1, 30000000};
    big_t b;
    closer_t c;
    apr_thread_t *thread;
    apr_uint64_t written;
    apr_status_t status;

    big_init(&b);
    big_timeout(&b, own[_i]);
    /* or a system that does not wake it would hang here */
    bufv_writer_deadline_set(b.w, apr_time_now() + apr_time_from_sec(20));
    c.sock = b.peer->near_end;
    assert_ok(apr_thread_create(&thread, NULL, shut_down, &c, pool));
    status = write_checked(b.v, b.w, &written);
    assert_took(&b, 200000);
    thread_join(thread);
    assert_ok(c.status);
    ck_assert_int_ne(status, APR_SUCCESS);
    ck_assert(!APR_STATUS_IS_TIMEUP(status));
    ck_assert(!APR_STATUS_IS_EAGAIN(status));
    ck_assert_uint_lt(written, BIG);
    peer_start(b.peer);
    peer_finish(b.peer);
    peer_assert_length(b.peer, written);
}
END_TEST

static void *APR_THREAD_FUNC close_far(apr_thread_t *thread, void *baton)
{
    closer_t *c = baton;

    (void)thread;
    apr_sleep(200000);
    c->status = apr_socket_close(c->sock);
    return NULL;
}

/* A peer that closes while a write waits for it: an error, not a timeout. */
START_TEST(socket__peer_closes_meanwhile)
{
    big_t b;
    closer_t c;
    apr_thread_t *thread;
    apr_uint64_t written;

    big_init(&b);
    c.sock = b.peer->far_end;
    assert_ok(apr_thread_create(&thread, NULL, close_far, &c, pool));
    assert_is(write_checked(b.v, b.w, &written), STATUS_IS_GONE);
    thread_join(thread);
    ck_assert_uint_lt(written, BIG);
    assert_is(write_checked(b.v, b.w, &written), STATUS_IS_GONE);
    ck_assert_uint_eq(written, 0);
}
END_TEST

/* The hook is told of the attempt that failed, with its status. */
START_TEST(socket__hook_of_a_failed_attempt)
{
    big_t b;
    apr_uint64_t written;
    tally_t t;

    big_init(&b);
    assert_ok(apr_socket_close(b.peer->far_end));
    tally_watch(&t, b.w);
    assert_is(write_checked(b.v, b.w, &written), STATUS_IS_GONE);
    assert_is(t.last.status, STATUS_IS_GONE);
    ck_assert_str_eq(t.last.op, bufv_socket_ops()->name);
    ck_assert_uint_gt(t.calls, 0);
    ck_assert_uint_eq(t.written, written);
    assert_tally_is_report(&t, b.w);
}
END_TEST

/* The text of an error: operation, network, both addresses, cause, as Go's
 * OpError has them. */
START_TEST(socket__strerror)
{
    big_t b;
    apr_uint64_t written;
    apr_sockaddr_t *local, *remote;
    char got[400], want[400], cause[200];

    big_init(&b);
    assert_ok(apr_socket_addr_get(&local, APR_LOCAL, b.peer->near_end));
    assert_ok(apr_socket_addr_get(&remote, APR_REMOTE, b.peer->near_end));
    bufv_writer_deadline_set(b.w, apr_time_now() - 1);
    assert_is(write_checked(b.v, b.w, &written), APR_STATUS_IS_TIMEUP);
    apr_strerror(report_of(b.w).status, cause, sizeof(cause));
    apr_snprintf(want, sizeof(want), "%s tcp 127.0.0.1:%d->127.0.0.1:%d: %s",
                 bufv_socket_ops()->name, (int)local->port, (int)remote->port,
                 cause);
    ck_assert_str_eq(bufv_writer_strerror(b.w, got, sizeof(got)), want);
    assert_ok(apr_socket_close(b.peer->far_end));
    bufv_writer_deadline_set(b.w, 0);
    assert_is(write_checked(b.v, b.w, &written), STATUS_IS_GONE);
    apr_strerror(report_of(b.w).status, cause, sizeof(cause));
    bufv_writer_strerror(b.w, got, sizeof(got));
    ck_assert_ptr_eq(strstr(got, bufv_socket_ops()->name), got);
    ck_assert_ptr_nonnull(strstr(got, " tcp 127.0.0.1:"));
    ck_assert_str_eq(got + strlen(got) - strlen(cause), cause);
}
END_TEST

/* Thousands of lists one after another on one writer: stats add up, nothing
 * is lost between them. */
START_TEST(socket__many_lists)
{
    unsigned char *data = bytes_new(PERIOD, 27);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_new();
    apr_size_t at = 0;
    apr_uint64_t written, total = 0;
    int i, k;

    p->expect = data;
    p->period = PERIOD;
    peer_start(p);
    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NODELAY, 1));
    for (i = 0; i < 2000; i++) {
        for (k = 0; k < 5; k++) {
            apr_size_t len = (apr_size_t)(i * 13 + k * 7) % 400;

            if (at + len > PERIOD)
                len = PERIOD - at;
            assert_ok(bufv_append(v, data + at, len));
            total += len;
            at = (at + len) % PERIOD;
        }
        assert_ok(write_checked(v, w, &written));
    }
    ck_assert_uint_eq(stats_of(w).written, total);
    peer_finish(p);
    peer_assert_length(p, total);
}
END_TEST

/* Small chunks are copied together unless one asks for something else. */
START_TEST(socket__copies_by_default)
{
    const unsigned char *data = bytes_new(200, 71);
    bufv_t *v = list_cut(data, 10, 10, 20);
    peer_t *p = peer_new();
    apr_uint64_t written;
    bufv_writer_t *w;

    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(report_of(w).copied, 100);
    ck_assert_uint_eq(report_of(w).calls, 1);
}
END_TEST

/* APR remembers a timed send of its own that was partial, and then says
 * APR_TIMEUP where a socket is full. */
START_TEST(socket__after_a_partial_send)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_t *more = list_new();
    apr_size_t len = 32 << 20;
    const unsigned char *big = bytes_new(len, 7);
    apr_uint64_t written = 9;
    apr_size_t part = len;
    int i, late = 0;

    assert_ok(apr_socket_timeout_set(p->near_end, 50000));
    assert_ok(bufv_append(more, big, len));
    apr_socket_send(p->near_end, (const char *)big, &part);
    ck_assert_uint_lt(part, len);
    assert_is(bufv_write_some(more, w, NULL), APR_STATUS_IS_EAGAIN);
    for (i = 0; i < 100; i++) {
        apr_size_t n = len;

        if (apr_socket_send(p->near_end, (const char *)big, &n) !=
                APR_SUCCESS &&
            ++late == 4)
            break;
    }
    /* On Windows such a send leaves some room. */
    assert_is(bufv_write_some(more, w, NULL), APR_STATUS_IS_EAGAIN);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 0);
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(bufv_length(v), 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, socket__copies_by_default);
    tcase_add_test(tc, socket__32_mib);
    tcase_add_test(tc, socket__32_mib_blocking);
    tcase_add_test(tc, socket__times_out_and_resumes);
    tcase_add_test(tc, socket__does_not_spin);
    tcase_add_loop_test(tc, socket__stall_limit, 0, 2);
    tcase_add_loop_test(tc, socket__deadline, 0, 2);
    tcase_add_test(tc, socket__deadline_against_a_drip);
    tcase_add_test(tc, socket__timeout_0);
    tcase_add_loop_test(tc, socket__some_never_waits, 0, 3);
    tcase_add_test(tc, socket__some_in_a_loop);
    tcase_add_test(tc, socket__another_writer_goes_on);
    tcase_add_test(tc, socket__releases_what_left);
    tcase_add_loop_test(tc, socket__shutdown_by_another_thread, 0, 2);
    tcase_add_test(tc, socket__peer_closes_meanwhile);
    tcase_add_test(tc, socket__hook_of_a_failed_attempt);
    tcase_add_test(tc, socket__strerror);
    tcase_add_test(tc, socket__many_lists);
    tcase_add_test(tc, socket__after_a_partial_send);
}

const topic_t topic_socket = {"socket", add_tests};
