/* SPDX-License-Identifier: Apache-2.0 */

/* Clones: replay, broadcast, and lists that outlive the one they came from. */

#include "journal.h"
#include "scripted.h"

/* A clone has the same chunks at the same places; the original stays. */
START_TEST(clone__shares_chunks)
{
    bufv_t *from = list_of((const char *const[]){"abc", "de", NULL});
    bufv_t *v = list_of((const char *const[]){"x", NULL});
    struct iovec a[2], b[3];
    apr_size_t na = 2, nb = 3;

    assert_ok(bufv_consume(from, 1));
    assert_ok(bufv_clone(v, from));
    assert_chunks(from, (const char *const[]){"bc", "de", NULL});
    assert_chunks(v, (const char *const[]){"x", "bc", "de", NULL});
    assert_ok(bufv_peek(from, a, &na));
    assert_ok(bufv_peek(v, b, &nb));
    ck_assert_ptr_eq(a[0].iov_base, b[1].iov_base);
    ck_assert_ptr_eq(a[1].iov_base, b[2].iov_base);
}
END_TEST

/* What happens to one does not happen to the other. */
START_TEST(clone__is_independent)
{
    bufv_t *from = list_of((const char *const[]){"abc", "de", NULL});
    bufv_t *v = list_new();

    assert_ok(bufv_clone(v, from));
    assert_ok(bufv_append(v, "!", 1));
    assert_ok(bufv_consume(from, 4));
    assert_ok(bufv_prepend(from, "0", 1));
    assert_text(v, "abcde!");
    assert_text(from, "0e");
    bufv_clear(from);
    assert_text(v, "abcde!");
}
END_TEST

/* A list may be cloned onto itself: its bytes twice. */
START_TEST(clone__of_itself)
{
    bufv_t *v = list_of((const char *const[]){"abc", "de", NULL});

    assert_ok(bufv_consume(v, 1));
    assert_ok(bufv_clone(v, v));
    assert_chunks(v, (const char *const[]){"bc", "de", "bc", "de", NULL});
}
END_TEST

/* The same list is written ten times over by clones: replay. */
START_TEST(clone__replays)
{
    bufv_t *from = list_of((const char *const[]){"ab", "c", NULL});
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;
    int i;

    for (i = 0; i < 10; i++) {
        assert_ok(bufv_clone(v, from));
        assert_ok(write_checked(v, s->w, &written));
        ck_assert_uint_eq(written, 3);
    }
    scripted_assert_got(s, "abcabcabcabcabcabcabcabcabcabc", 30);
    assert_text(from, "abc");
}
END_TEST

/* A clone outlives the list and the pool it came from, copied and owned
 * bytes included. */
START_TEST(clone__outlives_the_original)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();
    apr_pool_t *sub;
    bufv_t *from;

    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_create(&from, sub));
    assert_ok(bufv_append_copy(from, "copied", 6));
    assert_ok(journal_append(j, from, "owned", 5));
    assert_ok(bufv_appendf(from, "%s", "formatted"));
    assert_ok(bufv_clone(v, from));
    apr_pool_destroy(sub);
    journal_assert(j, 0);
    assert_text(v, "copiedownedformatted");
    bufv_clear(v);
    journal_assert(j, 1);
}
END_TEST

/* A clone of a clone of a split: still shared, still once. */
START_TEST(clone__of_a_split)
{
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, (const char *const[]){"abcd", "ef", NULL});
    bufv_t *head = list_new();
    bufv_t *copy = list_new();

    assert_ok(bufv_split(v, 3, head));
    assert_ok(bufv_clone(copy, head));
    assert_ok(bufv_clone(copy, v));
    assert_text(copy, "abcdef");
    bufv_clear(head);
    bufv_clear(v);
    journal_assert(j, 0);
    assert_ok(bufv_consume(copy, 3));
    journal_assert(j, 0);
    assert_ok(bufv_consume(copy, 1));
    journal_assert(j, 1);
    assert_ok(bufv_consume(copy, 2));
    journal_assert(j, 2);
}
END_TEST

#define THREADS 4
#define CHUNKS 64

typedef struct clone_job_t {
    apr_pool_t *pool;
    bufv_t *v;
    scripted_t *s;
    apr_status_t status;
    apr_uint64_t written;
} clone_job_t;

static void *APR_THREAD_FUNC write_clone(apr_thread_t *thread, void *baton)
{
    clone_job_t *job = baton;

    (void)thread;
    job->status = bufv_write(job->v, job->s->w, &job->written);
    return NULL;
}

/* Four clones and the original are written at the same time by five threads:
 * the same bytes each, every chunk released once. */
START_TEST(clone__written_by_other_threads)
{
    const unsigned char *data = bytes_new(CHUNKS * 3, 3);
    journal_t *j = journal_new();
    bufv_t *from = list_new();
    clone_job_t job[THREADS];
    apr_thread_t *thread[THREADS];
    scripted_t *s = scripted_for(from);
    apr_uint64_t written;
    int i;

    j->threaded = 1;
    for (i = 0; i < CHUNKS; i++)
        assert_ok(journal_append(j, from, data + 3 * i, 3));
    assert_ok(bufv_append_copy(from, "end", 3));
    for (i = 0; i < THREADS; i++) {
        assert_ok(apr_pool_create(&job[i].pool, NULL));
        assert_ok(bufv_create(&job[i].v, job[i].pool));
        job[i].s = scripted_new(job[i].pool);
        job[i].s->otherwise.take = 5;
        scripted_open(job[i].s);
        assert_ok(bufv_clone(job[i].v, from));
    }
    s->otherwise.take = 5;
    for (i = 0; i < THREADS; i++)
        assert_ok(
            apr_thread_create(&thread[i], NULL, write_clone, &job[i], pool));
    assert_ok(write_checked(from, s->w, &written));
    for (i = 0; i < THREADS; i++) {
        thread_join(thread[i]);
        assert_ok(job[i].status);
        ck_assert_uint_eq(job[i].written, CHUNKS * 3 + 3);
        ck_assert_mem_eq(job[i].s->got, data, CHUNKS * 3);
        ck_assert_mem_eq(job[i].s->got + CHUNKS * 3, "end", 3);
        scripted_assert_kept(job[i].s);
        apr_pool_destroy(job[i].pool);
    }
    for (i = 0; i < CHUNKS; i++)
        ck_assert_int_eq(j->entry[i].released, 1);
}
END_TEST

typedef struct inside_t {
    bufv_t *v, *other;
    scripted_t *s;
    apr_pool_t *sub;
    apr_status_t status;
    int calls;
} inside_t;

static void clone_inside(void *baton, const void *data, apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    if (in->calls++ == 0)
        in->status = bufv_clone(in->other, in->v);
}

/* A clone that is made while more releases are due: these come once, when
 * both lists are done, and in the other at the clone's turn. */
START_TEST(clone__clone_while_releases_are_due)
{
    inside_t in = {0};

    in.v = list_new();
    in.other = list_new();
    assert_ok(bufv_append_owned(in.v, "a", 1, clone_inside, &in));
    assert_ok(bufv_append_owned(in.v, "b", 1, clone_inside, &in));
    assert_ok(bufv_append_owned(in.v, "c", 1, clone_inside, &in));
    assert_ok(bufv_append(in.v, "d", 1));
    assert_ok(bufv_append(in.other, "x", 1));
    assert_ok(bufv_append(in.other, "y", 1));
    assert_ok(bufv_consume(in.v, 3));
    assert_ok(in.status);
    assert_text(in.other, "xyd");
    ck_assert_int_eq(in.calls, 1);
    assert_ok(bufv_consume(in.other, 1));
    ck_assert_int_eq(in.calls, 1);
    assert_ok(bufv_consume(in.other, 1));
    ck_assert_int_eq(in.calls, 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, clone__shares_chunks);
    tcase_add_test(tc, clone__is_independent);
    tcase_add_test(tc, clone__of_itself);
    tcase_add_test(tc, clone__replays);
    tcase_add_test(tc, clone__outlives_the_original);
    tcase_add_test(tc, clone__of_a_split);
    tcase_add_test(tc, clone__written_by_other_threads);
    tcase_add_test(tc, clone__clone_while_releases_are_due);
}

const topic_t topic_clone = {"clone", add_tests};
