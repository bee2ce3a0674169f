/* SPDX-License-Identifier: Apache-2.0 */

/* Consuming: Go's own table, and every number of every small list against a
 * flat string (promise 3). */

#include "suite.h"

#define MOST_CHUNKS 5

typedef struct consume_case_t {
    const char *name;
    const char *chunks[MOST_CHUNKS]; /* "" is an empty chunk */
    apr_uint64_t n;
    const char *want[MOST_CHUNKS];
} consume_case_t;

static const consume_case_t go_cases[] = {
    {"foo bar, 0", {"foo", "bar"}, 0, {"foo", "bar"}},
    {"foo bar, 2", {"foo", "bar"}, 2, {"o", "bar"}},
    {"foo bar, 3", {"foo", "bar"}, 3, {"bar"}},
    {"foo bar, 4", {"foo", "bar"}, 4, {"ar"}},
    {"nil nil nil bar, 1", {"", "", "", "bar"}, 1, {"ar"}},
    {"nil nil nil foo, 0", {"", "", "", "foo"}, 0, {"foo"}},
    {"nil nil nil, 0", {"", "", ""}, 0, {NULL}},
};

/* Go's TestBuffers_consume. */
START_TEST(consume__go)
{
    const consume_case_t *c = &go_cases[_i];
    bufv_t *v = list_of(c->chunks);

    assert_ok(bufv_consume(v, c->n));
    assert_chunks(v, c->want);
}
END_TEST

/* More than there is: refused, nothing dropped. */
START_TEST(consume__beyond_the_end)
{
    bufv_t *v = list_of((const char *const[]){"foo", "bar", NULL});

    assert_is(bufv_consume(v, 7), APR_STATUS_IS_EINVAL);
    assert_is(bufv_consume(v, APR_UINT64_MAX), APR_STATUS_IS_EINVAL);
    assert_chunks(v, (const char *const[]){"foo", "bar", NULL});
    assert_ok(bufv_consume(v, 6));
    assert_is(bufv_consume(v, 1), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_consume(v, 0));
    ck_assert_uint_eq(bufv_count(v), 0);
}
END_TEST

/* Makes a list whose chunk sizes are the digits of `code`, base 4. Returns
 * its length. */
static apr_size_t list_coded(bufv_t *v, const char *bytes, int code, int n)
{
    apr_size_t total = 0;

    for (; n > 0; n--, code /= 4) {
        assert_ok(bufv_append(v, bytes + total, (apr_size_t)(code % 4)));
        total += (apr_size_t)(code % 4);
    }
    return total;
}

/* The chunks that remain after `gone` bytes. */
static apr_size_t chunks_left(int code, int n, apr_size_t gone)
{
    apr_size_t end = 0;
    apr_size_t left = 0;

    for (; n > 0; n--, code /= 4) {
        end += (apr_size_t)(code % 4);
        left += (code % 4 > 0 && end > gone);
    }
    return left;
}

/* Every list of up to four chunks of up to three bytes, consumed in two
 * steps of every size, and then cleared. */
START_TEST(consume__every_small_list)
{
    static const char bytes[] = "abcdefghijkl";
    bufv_t *v = list_new();
    apr_size_t total, first, second;
    int code;

    for (code = 0; code < 256; code++) {
        total = list_coded(v, bytes, code, 4);
        for (first = 0; first <= total; first++) {
            for (second = 0; first + second <= total; second++) {
                bufv_clear(v);
                list_coded(v, bytes, code, 4);
                assert_ok(bufv_consume(v, first));
                ck_assert_uint_eq(bufv_length(v), total - first);
                ck_assert_uint_eq(bufv_count(v), chunks_left(code, 4, first));
                assert_ok(bufv_consume(v, second));
                assert_bytes(v, bytes + first + second,
                             total - first - second);
                ck_assert_uint_eq(bufv_count(v),
                                  chunks_left(code, 4, first + second));
                assert_is(bufv_consume(v, total - first - second + 1),
                          APR_STATUS_IS_EINVAL);
            }
        }
        bufv_clear(v);
    }
}
END_TEST

/* A queue that is filled at one end and consumed at the other stays right
 * over many rounds of its memory. */
START_TEST(consume__as_a_queue)
{
    const unsigned char *data = bytes_new(4096, 2);
    bufv_t *v = list_new();
    apr_size_t in = 0, out = 0;
    int round;

    for (round = 0; round < 20000; round++) {
        apr_size_t len = 1 + (apr_size_t)(round * 7 % 13);
        apr_size_t drop = (apr_size_t)(round * 5 % 17);

        if ((in % 4096) + len <= 4096) {
            assert_ok(bufv_append(v, data + in % 4096, len));
            in += len;
        }
        else {
            assert_ok(bufv_append(v, data + in % 4096, 4096 - in % 4096));
            in += 4096 - in % 4096;
        }
        if (drop > in - out)
            drop = in - out;
        assert_ok(bufv_consume(v, drop));
        out += drop;
        ck_assert_uint_eq(bufv_length(v), in - out);
        if (in > out) {
            struct iovec vec;
            apr_size_t one = 1;

            assert_ok(bufv_peek(v, &vec, &one));
            ck_assert_ptr_eq(vec.iov_base, data + out % 4096);
        }
    }
}
END_TEST

/* A million chunks, consumed one byte at a time: no move of all the rest at
 * each. A quadratic consume takes hours here, and the runner's limit ends
 * it. */
START_TEST(consume__a_million_one_by_one)
{
    bufv_t *v = list_new();
    apr_status_t first = APR_SUCCESS;
    int i;

    for (i = 0; i < 1000000; i++)
        note(first, bufv_append(v, "x", 1));
    for (i = 0; i < 1000000; i++)
        note(first, bufv_consume(v, 1));
    assert_ok(first);
    ck_assert_uint_eq(bufv_length(v), 0);
    ck_assert_uint_eq(bufv_count(v), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, consume__go, 0, (int)COUNT(go_cases));
    tcase_add_test(tc, consume__beyond_the_end);
    tcase_add_test(tc, consume__every_small_list);
    tcase_add_test(tc, consume__as_a_queue);
    tcase_add_test(tc, consume__a_million_one_by_one);
}

const topic_t topic_consume = {"consume", add_tests};
