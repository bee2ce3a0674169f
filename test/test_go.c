/* SPDX-License-Identifier: Apache-2.0 */

/* Go's own cases for net.Buffers, over real TCP, by their names there. (Its
 * read and consume cases are list__read_gopherland and consume__go.) */

#include "peer.h"

static const apr_size_t counts[] = {0, 10, 1023, 1024, 1025};

typedef struct go_t {
    peer_t *peer;
    bufv_writer_t *w;
    bufv_t *v;
    unsigned char *data;
    apr_size_t n;
    tally_t t;
} go_t;

/* n one-byte chunks, a reader, and a hook that sums. */
static void go_init(go_t *g, apr_size_t n)
{
    apr_size_t i;

    g->n = n;
    g->peer = peer_new();
    g->w = peer_writer(g->peer);
    bufv_writer_copy_below_set(g->w, 0);
    g->data = apr_palloc(pool, n + 1);
    for (i = 0; i < n; i++)
        g->data[i] = (unsigned char)i;
    g->v = list_cut(g->data, n, 1, 1);
    tally_watch(&g->t, g->w);
    peer_start(g->peer);
}

static void go_assert(go_t *g)
{
    apr_size_t max_vec = settings_max_vec(bufv_socket_ops()->max_vec);

    peer_finish(g->peer);
    peer_assert_got(g->peer, g->data, g->n);
    ck_assert_uint_eq(g->t.written, g->n);
    ck_assert_uint_eq(g->t.calls, attempts_for(g->n, max_vec));
    ck_assert_uint_eq(bufv_length(g->v), 0);
    ck_assert_uint_eq(bufv_count(g->v), 0);
}

/* TestBuffers_WriteTo with a copy: bufv_copy() from the list's reader. */
START_TEST(go__writeto_copy)
{
    go_t g;
    bufv_reader_t r;
    apr_uint64_t copied = 99;

    go_init(&g, counts[_i]);
    r = bufv_reader(g.v);
    assert_ok(bufv_copy(g.w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, g.n);
    go_assert(&g);
}
END_TEST

/* TestBuffers_WriteTo: bufv_write(). */
START_TEST(go__writeto)
{
    go_t g;
    apr_uint64_t written;

    go_init(&g, counts[_i]);
    assert_ok(write_checked(g.v, g.w, &written));
    ck_assert_uint_eq(written, g.n);
    go_assert(&g);
}
END_TEST

/* The same with bufv_write_some(), which such a small list never fills. */
START_TEST(go__writeto_some)
{
    go_t g;
    apr_uint64_t written = 99;

    go_init(&g, counts[_i]);
    assert_ok(bufv_write_some(g.v, g.w, &written));
    ck_assert_uint_eq(written, g.n);
    go_assert(&g);
}
END_TEST

/* TestWriteBuffersError: 1024 times the same 1 MiB to a peer that closes. */
START_TEST(go__write_to_a_closed_peer)
{
    unsigned char *data = bytes_new(1 << 20, 24);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 1024, 1 << 20, 0);
    apr_uint64_t written;

    assert_ok(apr_socket_close(p->far_end));
    assert_is(write_checked(v, w, &written), STATUS_IS_GONE);
    ck_assert_uint_lt(written, APR_UINT64_C(1) << 30);
}
END_TEST

/* All-empty list: success and drained (Go's list stays, and a loop over it
 * hangs). */
START_TEST(go__all_empty)
{
    go_t g;
    apr_uint64_t written;
    int i;

    go_init(&g, 0);
    for (i = 0; i < 100; i++)
        assert_ok(bufv_append(g.v, wild(), 0));
    assert_ok(write_checked(g.v, g.w, &written));
    go_assert(&g);
}
END_TEST

static void add_tests(TCase *tc)
{
    int n = (int)COUNT(counts);

    tcase_add_loop_test(tc, go__writeto_copy, 0, n);
    tcase_add_loop_test(tc, go__writeto, 0, n);
    tcase_add_loop_test(tc, go__writeto_some, 0, n);
    tcase_add_test(tc, go__write_to_a_closed_peer);
    tcase_add_test(tc, go__all_empty);
}

const topic_t topic_go = {"go", add_tests};
