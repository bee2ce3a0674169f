/* SPDX-License-Identifier: Apache-2.0 */

/* Messages: one list is one message, on every back end (promise 16). */

#include "peer.h"
#include "scripted.h"

#define CHUNKS 1500
#define CHUNK 43 /* 1500 of them are 64,500 bytes: nearly the largest */

static scripted_t *message_for(const bufv_t *v, apr_size_t max_vec,
                               apr_size_t max_bytes)
{
    scripted_t *s = scripted_new(pool);

    s->ops.message = 1;
    s->ops.max_vec = max_vec;
    s->ops.max_bytes = max_bytes;
    s->list = v;
    scripted_open(s);
    return s;
}

static const apr_size_t entries[] = {1, 2, 3, 16, 1024};

/* More chunks than entries: copied together into one attempt, which has all
 * bytes and no `more`, whether copying is on or off. */
START_TEST(message__is_one_attempt)
{
    const unsigned char *data = bytes_new(CHUNKS * CHUNK, 29);
    apr_size_t below;
    apr_uint64_t written;

    for (below = 0; below <= 512; below += 256) {
        bufv_t *v = list_cut(data, CHUNKS, CHUNK, CHUNK);
        scripted_t *s = message_for(v, entries[_i], 65507);
        tally_t t;

        bufv_writer_copy_below_set(s->w, below);
        tally_watch(&t, s->w);
        assert_ok(write_checked(v, s->w, &written));
        scripted_assert_got(s, data, CHUNKS * CHUNK);
        ck_assert_uint_eq(s->attempts, 1);
        ck_assert_uint_eq(s->attempt[0].asked, CHUNKS * CHUNK);
        ck_assert_int_eq(s->attempt[0].more, 0);
        assert_tally_is_report(&t, s->w);
    }
}
END_TEST

/* Chunks of very different sizes, for every number of them. */
START_TEST(message__of_odd_chunks)
{
    const unsigned char *data = bytes_new(40000, 30);
    apr_uint64_t written;
    apr_size_t n, i, len, total;

    for (n = 1; n <= 40; n++) {
        bufv_t *v = list_new();
        scripted_t *s = message_for(v, entries[_i], 65507);

        for (i = 0, total = 0; i < n; i++) {
            len = i % 7 == 3 ? 3000 : i % 3 + 1;
            assert_ok(bufv_append(v, data + total, len));
            total += len;
        }
        assert_ok(write_checked(v, s->w, &written));
        ck_assert_uint_eq(s->attempts, 1);
        scripted_assert_got(s, data, total);
    }
}
END_TEST

/* More bytes than an attempt takes: refused, nothing attempted, the list as
 * it was. Also under limits that were lowered. */
START_TEST(message__too_big)
{
    const unsigned char *data = bytes_new(1001, 31);
    bufv_t *v = list_cut(data, 77, 13, 13);
    scripted_t *s = message_for(v, 16, 1000);
    apr_uint64_t written;

    assert_is(write_checked(v, s->w, &written), STATUS_IS_TOO_BIG);
    ck_assert_uint_eq(s->attempts, 0);
    assert_is(bufv_write_some(v, s->w, &written), STATUS_IS_TOO_BIG);
    ck_assert_uint_eq(written, 0);
    assert_ok(bufv_consume(v, 1));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(written, 1000);
    ck_assert_uint_eq(s->attempts, 1);
    scripted_limits(s, 0, 10);
    assert_ok(bufv_append(v, data, 11));
    assert_is(write_checked(v, s->w, &written), STATUS_IS_TOO_BIG);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

/* A transport that takes a part of a message: never a second one. */
START_TEST(message__never_two)
{
    static const apr_status_t said[] = {APR_SUCCESS, APR_EAGAIN, APR_EINTR};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = message_for(v, 16, 1000);
    scripted_step_t step = {3, APR_SUCCESS, 0};
    apr_uint64_t written;

    step.status = said[_i];
    scripted_play(s, &step, 1);
    ck_assert_int_ne(write_checked(v, s->w, &written), APR_SUCCESS);
    ck_assert_uint_eq(written, 3);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

/* Full or interrupted: the whole message is offered again. */
START_TEST(message__full_then_whole)
{
    static const scripted_step_t steps[] = {
        {0, APR_EAGAIN, 0}, {0, APR_EINTR, 0}, {0, APR_EAGAIN, 0}};
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = message_for(v, 1, 1000);
    apr_uint64_t written;
    int i;

    scripted_play(s, steps, COUNT(steps));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 4);
    ck_assert_uint_eq(s->waited, 2);
    for (i = 0; i < 4; i++)
        ck_assert_uint_eq(s->attempt[i].asked, 10);
    scripted_assert_got(s, "helloworld", 10);
}
END_TEST

/* Lack of buffers is told at once: a message cannot shrink. */
START_TEST(message__lack_of_buffers)
{
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    scripted_t *s = message_for(v, 16, 1000);
    apr_uint64_t written;

    s->otherwise.take = 0;
    s->otherwise.status = _i == 0 ? no_buffer_space() : APR_ENOMEM;
    ck_assert_int_eq(write_checked(v, s->w, &written), s->otherwise.status);
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(written, 0);
}
END_TEST

/* ---- UDP */

/* Receives one datagram into `data`; 0 bytes and a status if none comes. */
static apr_status_t receive(peer_t *p, unsigned char *data, apr_size_t *len)
{
    return apr_socket_recv(p->far_end, (char *)data, len);
}

/* 1500 chunks are one datagram: the peer gets it whole. */
START_TEST(message__udp_1500_chunks)
{
    const unsigned char *data = bytes_new(CHUNKS * CHUNK, 32);
    bufv_t *v = list_cut(data, CHUNKS, CHUNK, CHUNK);
    peer_t *p = peer_datagram();
    bufv_writer_t *w = peer_writer(p);
    unsigned char *got = apr_palloc(pool, 70000);
    apr_size_t len = 70000;
    apr_uint64_t written;
    tally_t t;

    tally_watch(&t, w);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, CHUNKS * CHUNK);
    ck_assert_uint_eq(t.calls, 1);
    assert_ok(receive(p, got, &len));
    ck_assert_uint_eq(len, CHUNKS * CHUNK);
    ck_assert_mem_eq(got, data, len);
}
END_TEST

/* Each list is a datagram of its own, small ones too, among empty chunks. */
START_TEST(message__udp_each_list_one)
{
    peer_t *p = peer_datagram();
    bufv_writer_t *w = peer_writer(p);
    unsigned char got[64];
    apr_size_t len;
    int i;

    for (i = 1; i <= 20; i++) {
        bufv_t *v = list_new();
        int k;

        for (k = 0; k < i; k++) {
            assert_ok(bufv_append(v, wild(), 0));
            assert_ok(bufv_append(v, &"abcdefghijklmnopqrst"[k], 1));
        }
        assert_ok(bufv_write(v, w, NULL));
        len = sizeof(got);
        assert_ok(receive(p, got, &len));
        ck_assert_uint_eq(len, (apr_size_t)i);
        ck_assert_mem_eq(got, "abcdefghijklmnopqrst", len);
    }
}
END_TEST

/* One too big for a datagram: refused with nothing sent; what the peer gets
 * next is the next message. */
START_TEST(message__udp_too_big)
{
    const unsigned char *data = bytes_new(70000, 33);
    bufv_t *v = list_cut(data, 7, 10000, 10000);
    peer_t *p = peer_datagram();
    bufv_writer_t *w = peer_writer(p);
    unsigned char *got = apr_palloc(pool, 70000);
    apr_size_t len = 70000;
    apr_uint64_t written;

    assert_is(write_checked(v, w, &written), STATUS_IS_TOO_BIG);
    ck_assert_uint_eq(written, 0);
    bufv_clear(v);
    assert_ok(bufv_append(v, "next", 4));
    assert_ok(write_checked(v, w, &written));
    assert_ok(receive(p, got, &len));
    ck_assert_uint_eq(len, 4);
    ck_assert_mem_eq(got, "next", 4);
}
END_TEST

/* An empty list sends no empty datagram. */
START_TEST(message__udp_empty_list)
{
    bufv_t *v = list_new();
    peer_t *p = peer_datagram();
    bufv_writer_t *w = peer_writer(p);
    unsigned char got[8];
    apr_size_t len = sizeof(got);
    apr_uint64_t written;

    assert_ok(write_checked(v, w, &written));
    assert_ok(bufv_append(v, "x", 1));
    assert_ok(write_checked(v, w, &written));
    assert_ok(receive(p, got, &len));
    ck_assert_uint_eq(len, 1);
}
END_TEST

/* Through bufv_send() and bufv_sendv() too. */
START_TEST(message__udp_send_and_sendv)
{
    const unsigned char *data = bytes_new(CHUNKS, 34);
    bufv_t *v = list_cut(data, CHUNKS, 1, 1);
    struct iovec *vec = apr_pcalloc(pool, CHUNKS * sizeof(*vec));
    peer_t *p = peer_datagram();
    unsigned char got[CHUNKS + 1];
    apr_size_t len;
    int i;

    for (i = 0; i < CHUNKS; i++) {
        vec[i].iov_base = (void *)(size_t)(data + i);
        vec[i].iov_len = 1;
    }
    assert_ok(bufv_send(v, p->near_end, NULL));
    len = sizeof(got);
    assert_ok(receive(p, got, &len));
    ck_assert_uint_eq(len, CHUNKS);
    assert_ok(bufv_sendv(p->near_end, vec, CHUNKS, &len));
    ck_assert_uint_eq(len, CHUNKS);
    len = sizeof(got);
    assert_ok(receive(p, got, &len));
    ck_assert_uint_eq(len, CHUNKS);
    ck_assert_mem_eq(got, data, len);
}
END_TEST

static void add_tests(TCase *tc)
{
    int n = (int)COUNT(entries);

    tcase_add_loop_test(tc, message__is_one_attempt, 0, n);
    tcase_add_loop_test(tc, message__of_odd_chunks, 0, n);
    tcase_add_test(tc, message__too_big);
    tcase_add_loop_test(tc, message__never_two, 0, 3);
    tcase_add_test(tc, message__full_then_whole);
    tcase_add_loop_test(tc, message__lack_of_buffers, 0, 2);
    tcase_add_test(tc, message__udp_1500_chunks);
    tcase_add_test(tc, message__udp_each_list_one);
    tcase_add_test(tc, message__udp_too_big);
    tcase_add_test(tc, message__udp_empty_list);
    tcase_add_test(tc, message__udp_send_and_sendv);
}

const topic_t topic_message = {"message", add_tests};
