/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_send() and bufv_sendv(): no writer kept. */

#include "peer.h"

#define BIG (32 * 1024 * 1024)

static struct iovec entry(const void *data, apr_size_t len)
{
    struct iovec e;

    e.iov_base = (void *)(size_t)data;
    e.iov_len = len;
    return e;
}

/* A list leaves whole. */
START_TEST(send__a_list)
{
    bufv_t *v = list_of((const char *const[]){"hello", " ", "world", NULL});
    peer_t *p = peer_new();
    apr_uint64_t written = 99;

    peer_start(p);
    assert_ok(bufv_send(v, p->near_end, &written));
    ck_assert_uint_eq(written, 11);
    ck_assert_uint_eq(bufv_length(v), 0);
    assert_ok(bufv_append(v, "!", 1));
    assert_ok(bufv_send(v, p->near_end, NULL));
    peer_finish(p);
    peer_assert_got(p, "hello world!", 12);
}
END_TEST

/* NULL arguments are refused, and the count is set. */
START_TEST(send__without_arguments)
{
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    peer_t *p = peer_new();
    struct iovec vec = entry("a", 1);
    apr_uint64_t written = 99;
    apr_size_t len = 99;

    assert_is(bufv_send(NULL, p->near_end, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    written = 99;
    assert_is(bufv_send(v, NULL, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    assert_text(v, "a");
    assert_is(bufv_sendv(NULL, &vec, 1, &len), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
    len = 99;
    assert_is(bufv_sendv(p->near_end, NULL, 1, &len), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
}
END_TEST

/* Any number of entries, empty ones with wild pointers too; the array stays
 * as it was and can be sent again. */
START_TEST(send__many_entries_twice)
{
    static const int counts[] = {0, 1, 2, 1023, 1024, 1025, 5000};
    const int n = counts[_i];
    const unsigned char *data = bytes_new(10000, 35);
    struct iovec *vec = apr_pcalloc(pool, 10001 * sizeof(*vec));
    struct iovec *was;
    peer_t *p = peer_new();
    apr_size_t len;
    int i, turn;

    for (i = 0; i < n; i++) {
        vec[2 * i] = entry(wild(), 0);
        vec[2 * i + 1] = entry(data + 2 * i, 2);
    }
    was = apr_pmemdup(pool, vec, 10001 * sizeof(*vec));
    peer_start(p);
    for (turn = 0; turn < 2; turn++) {
        len = 99;
        assert_ok(bufv_sendv(p->near_end, vec, 2 * n, &len));
        ck_assert_uint_eq(len, 2 * (apr_size_t)n);
        ck_assert_mem_eq(vec, was, 10001 * sizeof(*vec));
    }
    peer_finish(p);
    ck_assert_uint_eq(p->got_len, 4 * (apr_uint64_t)n);
    if (n > 0) {
        ck_assert_mem_eq(p->got, data, 2 * (apr_size_t)n);
        ck_assert_mem_eq(p->got + 2 * n, data, 2 * (apr_size_t)n);
    }
}
END_TEST

/* A negative number, a bad chunk, a total that cannot be told: refused with
 * nothing sent. */
START_TEST(send__refused)
{
    peer_t *p = peer_new();
    struct iovec vec[4];
    apr_size_t len;

    peer_start(p);
    vec[0] = entry("good", 4);
    len = 99;
    assert_is(bufv_sendv(p->near_end, vec, -1, &len), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
    len = 99;
    assert_is(bufv_sendv(p->near_end, vec, INT_MIN, &len),
              APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
    vec[1] = entry(NULL, 1);
    len = 99;
    assert_is(bufv_sendv(p->near_end, vec, 2, &len), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
    vec[1] = entry("x", CHUNK_MAX + 1);
    assert_is(bufv_sendv(p->near_end, vec, 2, NULL), APR_STATUS_IS_EINVAL);
    vec[1] = vec[2] = vec[3] = entry("x", CHUNK_MAX);
    len = 99;
    assert_is(bufv_sendv(p->near_end, vec, 4, &len), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(len, 0);
    assert_ok(bufv_sendv(p->near_end, vec, 1, NULL));
    peer_finish(p);
    peer_assert_got(p, "good", 4);
}
END_TEST

/* The socket's timeout holds; `len` says where to go on; nothing is lost. */
START_TEST(send__sendv_times_out)
{
    unsigned char *data = bytes_new(BIG, 36);
    peer_t *p = peer_new();
    struct iovec vec[2];
    apr_size_t len = 99, rest = 0;
    apr_interval_time_t timeout;

    p->expect = data;
    p->period = BIG;
    assert_ok(apr_socket_timeout_set(p->near_end, 200000));
    vec[0] = entry(data, 1000);
    vec[1] = entry(data + 1000, BIG - 1000);
    assert_is(bufv_sendv(p->near_end, vec, 2, &len), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_gt(len, 1000);
    ck_assert_uint_lt(len, BIG);
    assert_ok(apr_socket_timeout_get(p->near_end, &timeout));
    ck_assert_int_eq(timeout, 200000);
    assert_ok(apr_socket_timeout_set(p->near_end, apr_time_from_sec(20)));
    peer_start(p);
    vec[0] = entry(data + len, BIG - len);
    assert_ok(bufv_sendv(p->near_end, vec, 1, &rest));
    ck_assert_uint_eq(len + rest, BIG);
    peer_finish(p);
    peer_assert_length(p, BIG);
}
END_TEST

/* A socket with timeout 0 does not wait here either. */
START_TEST(send__timeout_0)
{
    unsigned char *data = bytes_new(BIG, 37);
    bufv_t *v = list_cut(data, 1, BIG, 0);
    peer_t *p = peer_new();
    struct iovec vec = entry(data, BIG);
    apr_uint64_t written = 0;
    apr_size_t len = 99;

    p->expect = data;
    p->period = BIG;
    assert_ok(apr_socket_timeout_set(p->near_end, 0));
    assert_is(bufv_send(v, p->near_end, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_eq(written + bufv_length(v), BIG);
    assert_is(bufv_sendv(p->near_end, &vec, 1, &len), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_le(len, BIG);
    if (len > 0)
        return; /* room came meanwhile; then the stream is another one */
    peer_start(p);
    assert_ok(apr_socket_timeout_set(p->near_end, apr_time_from_sec(20)));
    assert_ok(bufv_send(v, p->near_end, &written));
    peer_finish(p);
    peer_assert_length(p, BIG);
}
END_TEST

/* A peer that is gone is an error, with an exact count. */
START_TEST(send__closed_peer)
{
    unsigned char *data = bytes_new(1 << 20, 38);
    peer_t *p = peer_new();
    struct iovec vec[64];
    apr_size_t len = 99;
    int i;

    for (i = 0; i < 64; i++)
        vec[i] = entry(data, 1 << 20);
    assert_ok(apr_socket_close(p->far_end));
    assert_is(bufv_sendv(p->near_end, vec, 64, &len), STATUS_IS_GONE);
    ck_assert_uint_lt(len, 64 << 20);
}
END_TEST

START_TEST(send__sendv_of_nothing)
{
    peer_t *p = peer_new();
    apr_size_t len = 9;

    assert_ok(bufv_sendv(p->near_end, NULL, 0, &len));
    ck_assert_uint_eq(len, 0);
    assert_is(bufv_sendv(p->near_end, NULL, 1, &len), APR_STATUS_IS_EINVAL);
    assert_is(bufv_sendv(p->near_end, NULL, -1, NULL), APR_STATUS_IS_EINVAL);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, send__a_list);
    tcase_add_test(tc, send__without_arguments);
    tcase_add_loop_test(tc, send__many_entries_twice, 0, 7);
    tcase_add_test(tc, send__refused);
    tcase_add_test(tc, send__sendv_times_out);
    tcase_add_test(tc, send__timeout_0);
    tcase_add_test(tc, send__closed_peer);
    tcase_add_test(tc, send__sendv_of_nothing);
}

const topic_t topic_send = {"send", add_tests};
