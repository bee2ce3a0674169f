/* SPDX-License-Identifier: Apache-2.0 */

/* Lists over 4 GiB over real TCP (promise 11). Slow machines and emulators
 * leave it out by BUFV_TEST_SKIP_HUGE=1. */

#include "peer.h"

#define CHUNK (64 * 1024 * 1024)
#define CHUNKS 80 /* 5 GiB */

/* 80 times the same 64 MiB, and an odd end: every byte arrives, and the
 * caller's array can be used again. */
START_TEST(huge__5_gib_of_one_chunk)
{
    unsigned char *data;
    struct iovec vec[CHUNKS + 1], was[CHUNKS + 1];
    peer_t *p;
    bufv_writer_t *w;
    bufv_t *v;
    tally_t t;
    apr_uint64_t written;
    const apr_uint64_t total = (apr_uint64_t)CHUNK * CHUNKS + 7;
    int i;

    if (env_is_set("BUFV_TEST_SKIP_HUGE")) {
        skip("huge__5_gib_of_one_chunk", "BUFV_TEST_SKIP_HUGE is set");
        return;
    }
    data = bytes_new(CHUNK, 28);
    p = peer_new();
    w = peer_writer(p);
    v = list_new();
    p->expect = data;
    p->period = CHUNK;
    p->piece = 1024 * 1024; /* a read costs much under Wine */
    for (i = 0; i <= CHUNKS; i++) {
        vec[i].iov_base = (void *)data;
        vec[i].iov_len = i < CHUNKS ? CHUNK : 7;
    }
    memcpy(was, vec, sizeof(vec));
    assert_ok(bufv_append_vec(v, vec, CHUNKS + 1));
    tally_watch(&t, w);
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, total);
    ck_assert_uint_eq(t.written, total);
    peer_finish(p);
    peer_assert_length(p, total);
    ck_assert_mem_eq(vec, was, sizeof(vec));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, huge__5_gib_of_one_chunk);
}

const topic_t topic_huge = {"huge", add_tests};
