/* SPDX-License-Identifier: Apache-2.0 */

/* Several threads write to one writer: lists never interleave, waits
 * included (promise 20). */

#include "peer.h"
#include "scripted.h"

#define THREADS 4

/* A frame: thread, number of chunks that follow, and these, each of `body`
 * bytes that tell the thread. */
typedef struct job_t {
    bufv_writer_t *w;
    int id;
    int lists, chunks;
    apr_size_t body;
    unsigned char *bytes;
    apr_status_t status;
    apr_uint64_t written;
} job_t;

static apr_status_t write_frame(job_t *job, bufv_t *v, unsigned char head[2])
{
    apr_uint64_t written = 0;
    apr_status_t status = bufv_append(v, head, 2);
    int i;

    for (i = 0; status == APR_SUCCESS && i < job->chunks; i++)
        status = bufv_append(v, job->bytes, job->body);
    if (status == APR_SUCCESS)
        status = bufv_write(v, job->w, &written);
    job->written += written;
    return status;
}

/* Assertions would jump out of the wrong thread: the status tells. */
static void *APR_THREAD_FUNC write_frames(apr_thread_t *thread, void *baton)
{
    job_t *job = baton;
    unsigned char head[2];
    apr_pool_t *own;
    bufv_t *v;
    int i;

    (void)thread;
    head[0] = (unsigned char)job->id;
    head[1] = (unsigned char)job->chunks;
    job->status = apr_pool_create(&own, NULL);
    if (job->status != APR_SUCCESS)
        return NULL;
    job->status = bufv_create(&v, own);
    for (i = 0; job->status == APR_SUCCESS && i < job->lists; i++)
        job->status = write_frame(job, v, head);
    apr_pool_destroy(own);
    return NULL;
}

/* Runs four threads over one writer. Returns the bytes that left. */
static apr_uint64_t run_threads(bufv_writer_t *w, int lists, apr_size_t body)
{
    job_t job[THREADS];
    apr_thread_t *thread[THREADS];
    apr_uint64_t total = 0;
    int i;

    assert_ok(bufv_writer_lock_enable(w));
    memset(job, 0, sizeof(job));
    for (i = 0; i < THREADS; i++) {
        job[i].w = w;
        job[i].id = i + 1;
        job[i].lists = lists;
        job[i].chunks = 20 + i;
        job[i].body = body;
        job[i].bytes = apr_palloc(pool, body);
        memset(job[i].bytes, 'a' + i, body);
    }
    for (i = 0; i < THREADS; i++)
        assert_ok(
            apr_thread_create(&thread[i], NULL, write_frames, &job[i], pool));
    for (i = 0; i < THREADS; i++)
        thread_join(thread[i]);
    for (i = 0; i < THREADS; i++) {
        assert_ok(job[i].status);
        ck_assert_uint_eq(job[i].written,
                          (apr_uint64_t)lists *
                              (2 + (apr_uint64_t)job[i].chunks * body));
        total += job[i].written;
    }
    return total;
}

/* Every frame is whole, and each thread's are all there. */
static void assert_frames(const unsigned char *got, apr_uint64_t len,
                          int lists, apr_size_t body)
{
    int seen[THREADS] = {0, 0, 0, 0};
    unsigned char *want = apr_palloc(pool, body);
    apr_uint64_t at = 0;
    int id, i;

    while (at < len) {
        id = got[at];
        ck_assert_int_ge(id, 1);
        ck_assert_int_le(id, THREADS);
        ck_assert_int_eq(got[at + 1], 20 + id - 1);
        at += 2;
        memset(want, 'a' + id - 1, body);
        for (i = 0; i < 20 + id - 1; i++, at += body) {
            ck_assert_uint_le(at + body, len);
            ck_assert_mem_eq(got + at, want, body);
        }
        seen[id - 1]++;
    }
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(seen[i], lists);
}

/* Over TCP to a slow reader, so that writes wait in the middle of lists. */
START_TEST(lock__over_tcp)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t total;

    p->piece = 60000;
    p->pause = 200;
    peer_start(p);
    total = run_threads(w, 80, 2000);
    peer_finish(p);
    peer_assert_length(p, total);
    assert_frames(p->got, p->got_len, 80, 2000);
    ck_assert_uint_eq(stats_of(w).lists, 80 * THREADS);
    ck_assert_uint_eq(stats_of(w).written, total);
}
END_TEST

/* Small lists that go in one call each. */
START_TEST(lock__small_lists)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t total;

    peer_start(p);
    total = run_threads(w, 1000, 3);
    peer_finish(p);
    peer_assert_length(p, total);
    assert_frames(p->got, p->got_len, 1000, 3);
}
END_TEST

static apr_status_t sleeping_wait(void *baton, apr_interval_time_t timeout)
{
    (void)baton;
    (void)timeout;
    apr_sleep(1000);
    return APR_SUCCESS;
}

/* A transport that is full after every few bytes and lets other threads run
 * while it waits. Its clock is the system's: one that only a test moves could
 * not tell several threads when their turn comes. */
START_TEST(lock__over_a_transport_that_waits)
{
    scripted_t *s = scripted_in_real_time(pool);
    apr_uint64_t total;

    net_pardon(); /* whether a run is open is for another thread to know */
    s->ops.wait = sleeping_wait;
    s->otherwise.take = 47;
    s->otherwise.status = APR_EAGAIN;
    scripted_open(s);
    total = run_threads(s->w, 10, 7);
    scripted_assert_kept(s);
    ck_assert_uint_eq(s->got_len, total);
    assert_frames(s->got, s->got_len, 10, 7);
    ck_assert_uint_eq(stats_of(s->w).lists, 10 * THREADS);
    ck_assert_uint_ge(s->begins, 10 * THREADS);
}
END_TEST

typedef struct refused_t {
    bufv_writer_t *w;
    apr_status_t locked, status, later;
} refused_t;

static void write_inside(void *baton, const bufv_call_t *call)
{
    refused_t *r = baton;

    (void)call;
    note(r->locked, bufv_writer_lock_enable(r->w));
    if (r->status == APR_SUCCESS)
        r->status =
            bufv_write(list_of((const char *const[]){"b", NULL}), r->w, NULL);
}

static void *APR_THREAD_FUNC write_later(apr_thread_t *thread, void *baton)
{
    refused_t *r = baton;
    bufv_t *v;

    (void)thread;
    ignore(bufv_create(&v, pool));
    bufv_append(v, "c", 1);
    r->later = bufv_write(v, r->w, NULL);
    return NULL;
}

/* One who is refused, since he wrote from inside, does not keep the lock; also
 * where it was not enabled before. */
START_TEST(lock__is_free_after_a_refusal)
{
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    scripted_t *s = scripted_new(pool);
    refused_t r = {NULL, APR_SUCCESS, APR_SUCCESS, APR_EGENERAL};
    apr_thread_t *thread;

    scripted_open(s);
    r.w = s->w;
    if (_i)
        assert_ok(bufv_writer_lock_enable(s->w));
    bufv_writer_hook_set(s->w, write_inside, &r);
    assert_ok(bufv_write(v, s->w, NULL));
    assert_ok(r.locked);
    assert_is(r.status, APR_STATUS_IS_EBUSY);
    assert_ok(apr_thread_create(&thread, NULL, write_later, &r, pool));
    thread_join(thread);
    assert_ok(r.later);
    scripted_assert_got(s, "ac", 2);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, lock__is_free_after_a_refusal, 0, 2);
    tcase_add_test(tc, lock__over_tcp);
    tcase_add_test(tc, lock__small_lists);
    tcase_add_test(tc, lock__over_a_transport_that_waits);
}

const topic_t topic_lock = {"lock", add_tests};
