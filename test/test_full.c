/* SPDX-License-Identifier: Apache-2.0 */

/* APR_EAGAIN means that the destination said that it is full, and nothing else
 * (promise 12): an event loop may wait for an edge. And whatever ends a write
 * early, nothing that was accepted stays held back (promise 20c). */

#include "peer.h"
#include "scripted.h"

#ifdef __linux__
#include "ends.h"

#include <sys/epoll.h>
#include <unistd.h>
#endif

static bufv_t *ten_bytes(void)
{
    return list_of((const char *const[]){"hello", "world", NULL});
}

/* ---- what an attempt says, and what comes of it */

static const struct {
    scripted_step_t step;
    apr_size_t attempts, waits; /* of a write that may wait */
    int full;                   /* what one that may not wait returns */
} said[] = {
    {{3, APR_EAGAIN, 0}, 2, 1, 1},  {{0, APR_EAGAIN, 0}, 2, 1, 1},
    {{3, APR_SUCCESS, 0}, 2, 0, 0}, {{9, APR_SUCCESS, 0}, 2, 0, 0},
    {{10, APR_EAGAIN, 0}, 1, 0, 0}, {{10, APR_SUCCESS, 0}, 1, 0, 0},
    {{3, APR_EINTR, 0}, 2, 0, 0},   {{0, APR_EINTR, 0}, 2, 0, 0},
};

/* EAGAIN, with a count or without, is waited for at once, and nothing is
 * probed before; a short count with success is tried again at once. */
START_TEST(full__is_what_was_said)
{
    bufv_t *v = ten_bytes();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &said[_i].step, 1);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, said[_i].attempts);
    ck_assert_uint_eq(s->waited, said[_i].waits);
    scripted_assert_got(s, "helloworld", 10);

    v = ten_bytes();
    s = scripted_for(v);
    scripted_play(s, &said[_i].step, 1);
    if (said[_i].full) {
        assert_is(bufv_write_some(v, s->w, &written), APR_STATUS_IS_EAGAIN);
        ck_assert_uint_eq(written, said[_i].step.take);
        ck_assert_uint_eq(s->attempts, 1);
    }
    else
        assert_ok(bufv_write_some(v, s->w, &written));
    ck_assert_uint_eq(s->waited, 0);
}
END_TEST

/* The same of a range that is sent unread. */
START_TEST(full__is_what_was_said_of_a_file)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    scripted_sends_files(s);
    s->list = v;
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, 0);
    assert_ok(bufv_append_file(v, file_text("helloworld"), 0, 10));
    scripted_play(s, &said[_i].step, 1);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, said[_i].attempts);
    ck_assert_uint_eq(s->files, said[_i].attempts);
    ck_assert_uint_eq(s->waited, said[_i].waits);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* A file that is shorter than its range, unread or read: its bytes, then
 * APR_EOF, and never APR_EAGAIN. */
START_TEST(full__is_not_a_short_file)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;

    scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, _i % 2 ? 0 : ~APR_UINT64_C(0));
    assert_ok(bufv_append_file(v, file_text("defgh"), 0, 9));
    assert_ok(bufv_append(v, "trailer", 7));
    assert_is(_i / 2 ? bufv_write(v, s->w, &written)
                     : bufv_write_some(v, s->w, &written),
              APR_STATUS_IS_EOF);
    ck_assert_uint_eq(written, 8);
    ck_assert_uint_eq(bufv_length(v), 11);
    ck_assert_uint_eq(s->waited, 0);
    ck_assert_int_eq(s->files > 0, _i % 2);
    scripted_assert_got(s, "abcdefgh", 8);
}
END_TEST

/* ---- real ones: no probe behind a short count */

typedef struct calls_t {
    int calls, probes;
    bufv_call_t last;
} calls_t;

static void watch_calls(void *baton, const bufv_call_t *call)
{
    calls_t *c = baton;

    /* the one before was short, and so the destination is full */
    if (c->calls > 0 && APR_STATUS_IS_EAGAIN(c->last.status))
        c->probes++;
    c->last = *call;
    c->calls++;
}

static void fill_up(bufv_writer_t *w)
{
    const apr_size_t len = 16 << 20;
    bufv_t *v = list_cut(bytes_new(len, 120), 16, len / 16, len / 16);
    calls_t c;
    int i;

    memset(&c, 0, sizeof(c));
    bufv_writer_hook_set(w, watch_calls, &c);
    for (i = 0; i < 3; i++) {
        assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
        ck_assert_int_eq(c.probes, 0);
        assert_is(c.last.status, APR_STATUS_IS_EAGAIN);
        c.calls = 0;
    }
}

START_TEST(full__socket_is_not_probed)
{
    fill_up(peer_writer(peer_new()));
}
END_TEST

START_TEST(full__pipe_is_not_probed)
{
    apr_file_t *in, *out;
    bufv_writer_t *w;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    fill_up(w);
}
END_TEST

/* ---- nothing stays held back */

/* What MSG_MORE or a cork holds back leaves after 40 to 200 ms; an
 * acknowledgement that is delayed takes 40. The quickest of a few tries is
 * looked at, for busy machines. */
#define QUICK apr_time_from_msec(15)
#define TRIES 20

typedef struct held_t {
    peer_t *p;
    bufv_writer_t *w;
    bufv_t *v;
    apr_file_t *file;
} held_t;

/* "header", a range of 20,000 bytes of a file of `len`, a trailer. */
static void begin_with_file(held_t *h, apr_size_t len, int unread)
{
    h->file = file_new(bytes_new(len, 121), len,
                       unread ? APR_FOPEN_SENDFILE_ENABLED : 0);
    bufv_writer_sendfile_from_set(h->w, 0);
    assert_ok(bufv_append(h->v, "header", 6));
    assert_ok(bufv_append_file(h->v, h->file, 0, 20000));
    assert_ok(bufv_append(h->v, "trailer", 7));
}

static apr_status_t empty_file(held_t *h)
{
    begin_with_file(h, 0, 1);
    return bufv_write(h->v, h->w, NULL);
}

static apr_status_t empty_file_some(held_t *h)
{
    begin_with_file(h, 0, 1);
    return bufv_write_some(h->v, h->w, NULL);
}

static apr_status_t short_file(held_t *h)
{
    begin_with_file(h, 1000, 1);
    return bufv_write(h->v, h->w, NULL);
}

static apr_status_t short_file_read(held_t *h)
{
    begin_with_file(h, 1000, 0);
    return bufv_write(h->v, h->w, NULL);
}

static apr_status_t closed_file(held_t *h)
{
    begin_with_file(h, 20000, 1);
    assert_ok(apr_file_close(h->file));
    return bufv_write(h->v, h->w, NULL) == APR_SUCCESS ? APR_SUCCESS
                                                       : APR_EGENERAL;
}

static void close_in_hook(void *baton, const bufv_call_t *call)
{
    held_t *h = baton;

    (void)call;
    if (bufv_length(h->v) < 20007 && h->file != NULL) {
        ignore(apr_file_close(h->file));
        h->file = NULL;
    }
}

static apr_status_t closed_meanwhile(held_t *h)
{
    begin_with_file(h, 20000, 1);
    bufv_writer_limits_set(h->w, 0, 1000);
    bufv_writer_hook_set(h->w, close_in_hook, h);
    return bufv_write(h->v, h->w, NULL) == APR_SUCCESS ? APR_SUCCESS
                                                       : APR_EGENERAL;
}

static apr_status_t spend(held_t *h, apr_uint64_t budget)
{
    bufv_terms_t terms = terms_of(0, 0, budget);

    return bufv_write_with(h->v, h->w, &terms, NULL);
}

static apr_status_t budget_in_chunk(held_t *h)
{
    assert_ok(bufv_append(h->v, "headerbody", 10));
    return spend(h, 6);
}

static apr_status_t budget_between_chunks(held_t *h)
{
    assert_ok(bufv_append(h->v, "header", 6));
    assert_ok(bufv_append(h->v, "body", 4));
    return spend(h, 6);
}

static apr_status_t budget_before_file(held_t *h)
{
    begin_with_file(h, 20000, 1);
    return spend(h, 6);
}

static apr_status_t budget_in_file(held_t *h)
{
    begin_with_file(h, 20000, 1);
    return spend(h, 106);
}

/* A chunk an attempt, and a hook after each. */
static void begin_by_chunk(held_t *h, bufv_hook_t *hook)
{
    assert_ok(bufv_append(h->v, "header", 6));
    assert_ok(bufv_append(h->v, "body", 4));
    bufv_writer_limits_set(h->w, 1, 0);
    bufv_writer_copy_below_set(h->w, 0);
    bufv_writer_hook_set(h->w, hook, h);
}

static void end_of_time(void *baton, const bufv_call_t *call)
{
    held_t *h = baton;

    (void)call;
    bufv_writer_deadline_set(h->w, 1);
}

static apr_status_t deadline(held_t *h)
{
    begin_by_chunk(h, end_of_time);
    return bufv_write(h->v, h->w, NULL);
}

static void dawdle(void *baton, const bufv_call_t *call)
{
    (void)baton;
    (void)call;
    apr_sleep(apr_time_from_msec(5));
}

static apr_status_t within(held_t *h)
{
    bufv_terms_t terms = terms_of(0, 4000, 0);

    begin_by_chunk(h, dawdle);
    return bufv_write_with(h->v, h->w, &terms, NULL);
}

static void destroy_list(void *baton, const bufv_call_t *call)
{
    held_t *h = baton;

    (void)call;
    bufv_destroy(h->v);
    h->v = NULL;
}

static apr_status_t list_gone(held_t *h)
{
    begin_by_chunk(h, destroy_list);
    return bufv_write(h->v, h->w, NULL);
}

static void destroy_writer(void *baton, const bufv_call_t *call)
{
    held_t *h = baton;

    (void)call;
    bufv_writer_destroy(h->w);
}

static apr_status_t writer_gone(held_t *h)
{
    begin_by_chunk(h, destroy_writer);
    return bufv_write(h->v, h->w, NULL);
}

static void release_writer(void *baton, const void *data, apr_size_t len)
{
    held_t *h = baton;

    (void)data;
    (void)len;
    bufv_writer_destroy(h->w);
}

/* As a request's pool that goes behind its header. */
static apr_status_t writer_gone_before_file(held_t *h)
{
    h->file =
        file_new(bytes_new(20000, 121), 20000, APR_FOPEN_SENDFILE_ENABLED);
    bufv_writer_limits_set(h->w, 0, 6); /* the header leaves alone */
    assert_ok(bufv_append_owned(h->v, "header", 6, release_writer, h));
    assert_ok(bufv_append_file(h->v, h->file, 0, 20000));
    return bufv_write(h->v, h->w, NULL);
}

typedef struct short_reader_t {
    int reads;
} short_reader_t;

static apr_status_t read_six(void *baton, void *data, apr_size_t *len)
{
    short_reader_t *r = baton;

    if (r->reads++ > 0) {
        *len = 0;
        return APR_EGENERAL;
    }
    memcpy(data, "header", 6);
    *len = 6;
    return APR_SUCCESS;
}

static apr_status_t copy_broken(held_t *h)
{
    short_reader_t state = {0};
    bufv_reader_t r;

    memset(&r, 0, sizeof(r));
    r.read = read_six;
    r.baton = &state;
    return bufv_copy(h->w, &r, h->v, NULL);
}

static const struct {
    const char *name;
    apr_status_t (*write)(held_t *h);
    apr_status_t status;
    apr_size_t len; /* what leaves */
} holds[] = {
    {"an empty file", empty_file, APR_EOF, 6},
    {"an empty file, not waiting", empty_file_some, APR_EOF, 6},
    {"a short file", short_file, APR_EOF, 1006},
    {"a short file that is read", short_file_read, APR_EOF, 1006},
    {"a closed file", closed_file, APR_EGENERAL, 6},
    {"a file that is closed", closed_meanwhile, APR_EGENERAL, 1000},
    {"a budget, in a chunk", budget_in_chunk, APR_INCOMPLETE, 6},
    {"a budget, between chunks", budget_between_chunks, APR_INCOMPLETE, 6},
    {"a budget, before a file", budget_before_file, APR_INCOMPLETE, 6},
    {"a budget, in a file", budget_in_file, APR_INCOMPLETE, 106},
    {"a deadline", deadline, APR_TIMEUP, 6},
    {"within", within, APR_TIMEUP, 6},
    {"a list that goes", list_gone, APR_EBUSY, 6},
    {"a writer that goes", writer_gone, APR_EBUSY, 6},
    {"a writer, before a file", writer_gone_before_file, APR_EBUSY, 6},
    {"a reader's error", copy_broken, APR_EGENERAL, 6},
};

/* Writes and reads what left; returns how long the peer waited for it. */
static apr_interval_time_t try_it(int row, int nodelay)
{
    static char got[30000];
    held_t h;
    apr_time_t start;
    apr_size_t len, sum = 0;

    h.p = peer_new();
    h.w = peer_writer(h.p);
    h.v = list_new();
    h.file = NULL;
    assert_ok(apr_socket_opt_set(h.p->near_end, APR_TCP_NODELAY, nodelay));
    ck_assert_msg(holds[row].write(&h) == holds[row].status, "%s",
                  holds[row].name);
    start = apr_time_now();
    while (sum < holds[row].len) {
        len = sizeof(got);
        assert_ok(apr_socket_recv(h.p->far_end, got, &len));
        sum += len;
    }
    start = apr_time_now() - start;
    /* the counts of two rows depend on where an attempt ends */
    ck_assert_uint_ge(sum, holds[row].len);
    return start;
}

/* Whatever ends the write, the peer has at once what was accepted. */
START_TEST(full__nothing_is_held_back)
{
    apr_interval_time_t quickest = apr_time_from_sec(100), took;
    int i;

    for (i = 0; i < TRIES && quickest >= QUICK; i++) {
        took = try_it(_i / 2, _i % 2);
        quickest = took < quickest ? took : quickest;
    }
    ck_assert_msg(quickest < QUICK, "%s: %ld us", holds[_i / 2].name,
                  (long)quickest);
}
END_TEST

/* ---- edge-triggered loops */

#ifdef __linux__
#define LEN 1000000

/* No edge takes longer, unless there is none. */
#define NO_EDGE 20000

/* ---- what is sent there */

static const unsigned char *bytes;

static void add_chunks(bufv_t *v)
{
    apr_size_t at, len;

    for (at = 0; at < LEN; at += len) {
        len = 1 + at % 7 * 700;
        len = len < LEN - at ? len : LEN - at;
        assert_ok(bufv_append(v, bytes + at, len));
    }
}

static void add_file(bufv_t *v, apr_size_t in_file, apr_int32_t flags)
{
    apr_file_t *file = file_new(bytes + 1000, in_file, flags);

    assert_ok(bufv_append(v, bytes, 1000));
    assert_ok(bufv_append_file(v, file, 0, LEN - 2000));
    assert_ok(bufv_append(v, bytes + LEN - 1000, 1000));
}

static void add_unread(bufv_t *v)
{
    add_file(v, LEN - 2000, APR_FOPEN_SENDFILE_ENABLED);
}

static void add_read(bufv_t *v)
{
    add_file(v, LEN - 2000, 0);
}

static void add_short_unread(bufv_t *v)
{
    add_file(v, LEN / 2 + 17, APR_FOPEN_SENDFILE_ENABLED);
}

static void add_short_read(bufv_t *v)
{
    add_file(v, LEN / 2 + 17, 0);
}

static const struct {
    const char *name;
    void (*add)(bufv_t *v);
    apr_status_t status;
    apr_size_t len;
} contents[] = {
    {"chunks", add_chunks, APR_SUCCESS, LEN},
    {"a file, unread", add_unread, APR_SUCCESS, LEN},
    {"a file, read", add_read, APR_SUCCESS, LEN},
    {"a short file, unread", add_short_unread, APR_EOF, LEN / 2 + 1017},
    {"a short file, read", add_short_read, APR_EOF, LEN / 2 + 1017},
};

/* ---- the loop */

static int edge_of(int fd)
{
    struct epoll_event event;
    int loop = epoll_create1(0);

    memset(&event, 0, sizeof(event));
    event.events = EPOLLOUT | EPOLLET;
    ck_assert_int_ge(loop, 0);
    ck_assert_int_eq(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), 0);
    ck_assert_int_eq(epoll_wait(loop, &event, 1, NO_EDGE), 1);
    return loop;
}

/* As event loops do it: wait for an edge after APR_EAGAIN, and only then. */
static apr_status_t run_loop(bufv_t *v, bufv_writer_t *w, const ends_t *e)
{
    int loop = edge_of(e->near_end), n;
    struct epoll_event event;
    apr_status_t status;

    for (;;) {
        status = bufv_write_some(v, w, NULL);
        if (!APR_STATUS_IS_EAGAIN(status))
            break;
        do
            n = epoll_wait(loop, &event, 1, NO_EDGE);
        while (n < 0);
        ck_assert_msg(n == 1, "no edge from %s after APR_EAGAIN",
                      ends_names[e->kind]);
    }
    close(loop);
    return status;
}

/* Every content to every destination, in calm and in a storm of signals; the
 * loop ends, and all that it sent is there. */
START_TEST(full__edges_come)
{
    int what = _i / 2 / ENDS_KINDS;
    bufv_t *v = list_new();
    taker_t t = {0};
    bufv_writer_t *w;
    apr_status_t status;
    ends_t e;

    bytes = bytes_new(LEN, 122);
    ends_open(&e, (ends_kind_t)(_i / 2 % ENDS_KINDS));
    w = ends_writer(&e);
    contents[what].add(v);
    t.expect = bytes;
    t.pause = 100;
    taker_start(&t, &e);
    storm(_i % 2 ? 500 : 0);
    status = run_loop(v, w, &e);
    storm(0);
    ck_assert_int_eq(status, contents[what].status);
    ck_assert_uint_eq(stats_of(w).written, contents[what].len);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got, contents[what].len);
    ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

#define EDGES (2 * (int)COUNT(contents) * ENDS_KINDS)
#else
START_TEST(full__edges_come)
{
    skip("full__edges_come", "there is no epoll here");
}
END_TEST

#define EDGES 1
#endif

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, full__is_what_was_said, 0, (int)COUNT(said));
    tcase_add_loop_test(tc, full__is_what_was_said_of_a_file, 0,
                        (int)COUNT(said));
    tcase_add_loop_test(tc, full__is_not_a_short_file, 0, 4);
    tcase_add_test(tc, full__socket_is_not_probed);
    tcase_add_test(tc, full__pipe_is_not_probed);
    tcase_add_loop_test(tc, full__nothing_is_held_back, 0,
                        2 * (int)COUNT(holds));
    tcase_add_loop_test(tc, full__edges_come, 0, EDGES);
}

const topic_t topic_full = {"full", add_tests};
