/* SPDX-License-Identifier: Apache-2.0 */

/* The net itself: it notices what is left behind, wherever it could be seen,
 * and lets pass what a test changes from a callback of its own (see net.h). */

#include "peer.h"

#define ONE_SECOND apr_time_from_sec(1)

/* A transport that borrows of a socket that it does not really write to. */
typedef struct sloppy_t {
    apr_socket_t *sock;
    bufv_writer_t *w;
    int flag;
    int what; /* it borrows */
    int keep; /* it never gives back */
    int full; /* attempts that find it full */
    int waits;
} sloppy_t;

enum { TIMEOUT, NODELAY, FLAG, THINGS };

static void borrow(sloppy_t *s, int taken)
{
    if (s->what == TIMEOUT)
        ignore(apr_socket_timeout_set(s->sock, taken ? 0 : ONE_SECOND));
    else if (s->what == NODELAY)
        ignore(apr_socket_opt_set(s->sock, APR_TCP_NODELAY, taken));
    else
        s->flag = taken;
}

static apr_status_t sloppy_writev(void *baton, const struct iovec *vec,
                                  apr_size_t nvec, int more,
                                  apr_size_t *written)
{
    sloppy_t *s = baton;

    (void)nvec;
    (void)more;
    *written = 0;
    if (s->full > 0) {
        s->full--;
        return APR_EAGAIN;
    }
    *written = vec->iov_len;
    return APR_SUCCESS;
}

static apr_status_t sloppy_wait(void *baton, apr_interval_time_t timeout)
{
    sloppy_t *s = baton;

    (void)timeout;
    s->waits++;
    net_look("a wait");
    return APR_SUCCESS;
}

static apr_status_t sloppy_begin(void *baton)
{
    borrow(baton, 1);
    return APR_SUCCESS;
}

static void sloppy_end(void *baton)
{
    sloppy_t *s = baton;

    if (!s->keep)
        borrow(s, 0);
}

static sloppy_t *sloppy_new(int what, int keep)
{
    sloppy_t *s = apr_pcalloc(pool, sizeof(*s));
    bufv_ops_t ops = ops_new();

    s->sock = peer_new()->near_end;
    s->what = what;
    s->keep = keep;
    borrow(s, 0);
    ops.name = "sloppy";
    ops.max_vec = 1;
    ops.max_bytes = 100;
    ops.writev = sloppy_writev;
    ops.wait = sloppy_wait;
    ops.begin = sloppy_begin;
    ops.end = sloppy_end;
    assert_ok(bufv_writer_create(&s->w, &ops, s, pool));
    if (what == FLAG)
        net_watch_flag(s->w, &s->flag, pool);
    else
        net_watch_socket(s->w, s->sock);
    return s;
}

/* Fails the test unless the net noted something in `where`; forgets it. */
static void assert_noted(const char *where)
{
    const char *noted = net_end();

    if (where == NULL) {
        ck_assert_msg(noted == NULL, "%s", noted);
        return;
    }
    ck_assert_ptr_nonnull(noted);
    ck_assert_msg(strstr(noted, where) != NULL, "%s", noted);
    net_begin();
}

/* After a return, for each kind of thing; and nothing if all is well. */
START_TEST(net__after_a_write)
{
    int keep = _i % 2;
    sloppy_t *s = sloppy_new(_i / 2, keep);

    assert_ok(
        bufv_write(list_of((const char *const[]){"a", NULL}), s->w, NULL));
    assert_noted(keep ? "bufv_write()" : NULL);
    assert_ok(bufv_write_some(list_of((const char *const[]){"a", NULL}), s->w,
                              NULL));
    assert_noted(NULL); /* it was so before, now */
}
END_TEST

static void hook(void *baton, const bufv_call_t *call)
{
    (void)baton;
    (void)call;
}

static void release(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
}

/* In a hook, a release callback, a wait, before the write returns. */
START_TEST(net__within_a_write)
{
    static const char *const where[] = {"a hook", "a release callback",
                                        "a wait"};
    int keep = _i % 2;
    sloppy_t *s = sloppy_new(TIMEOUT, keep);
    bufv_t *v = list_new();

    if (_i / 2 == 0)
        bufv_writer_hook_set(s->w, hook, NULL);
    s->full = _i / 2 == 2;
    assert_ok(bufv_append_owned(v, "a", 1, _i / 2 == 1 ? release : NULL, s));
    assert_ok(bufv_append(v, "b", 1));
    assert_ok(bufv_write(v, s->w, NULL));
    ck_assert_int_eq(s->waits, _i / 2 == 2);
    assert_noted(keep ? where[_i / 2] : NULL);
}
END_TEST

static void change(void *baton, const void *data, apr_size_t len)
{
    sloppy_t *s = baton;

    (void)data;
    (void)len;
    ignore(apr_socket_opt_set(s->sock, APR_TCP_NODELAY, 1));
    assert_noted(NULL);
}

/* What a callback changes is the test's own, and has to stay. */
START_TEST(net__changes_of_a_callback)
{
    sloppy_t *s = sloppy_new(NODELAY, 0);
    bufv_t *v = list_new();

    s->what = FLAG;
    assert_ok(bufv_append_owned(v, "a", 1, change, s));
    assert_ok(bufv_append(v, "b", 1));
    assert_ok(bufv_write(v, s->w, NULL));
    assert_noted(NULL);
}
END_TEST

static apr_status_t leak(void *baton, const struct iovec *vec, apr_size_t nvec,
                         int more, apr_size_t *written)
{
    apr_file_t **file = baton;

    (void)nvec;
    (void)more;
    *written = vec->iov_len;
    return apr_file_open_stderr(file, pool) == APR_SUCCESS
               ? apr_file_dup(file, *file, pool)
               : APR_EGENERAL;
}

/* A descriptor that is left open. */
START_TEST(net__an_open_descriptor)
{
    bufv_ops_t ops = ops_new();
    apr_file_t *file = NULL;
    bufv_writer_t *w;

    if (!net_sees_descriptors()) {
        skip("net__an_open_descriptor", "others open some, too");
        return;
    }
    ops.name = "leak";
    ops.max_vec = 1;
    ops.max_bytes = 100;
    ops.writev = leak;
    assert_ok(bufv_writer_create(&w, &ops, &file, pool));
    assert_ok(bufv_write(list_of((const char *const[]){"a", NULL}), w, NULL));
    assert_noted("descriptor");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, net__after_a_write, 0, 2 * THINGS);
    tcase_add_loop_test(tc, net__within_a_write, 0, 6);
    tcase_add_test(tc, net__changes_of_a_callback);
    tcase_add_test(tc, net__an_open_descriptor);
}

const topic_t topic_net = {"net", add_tests};
