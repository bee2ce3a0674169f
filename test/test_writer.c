/* SPDX-License-Identifier: Apache-2.0 */

/* Making writers and setting them. */

#include "peer.h"
#include "scripted.h"

#include <apr_portable.h>

#include <ctype.h>

/* Another system's limit can be tried on Linux: see solaris.c. */
#ifdef BUFV_IOV_MAX
#define LINUX_MAX_VEC BUFV_IOV_MAX
#else
#define LINUX_MAX_VEC 1024
#endif

/* NULL arguments, no writev, or limits of 0: refused, and *w is NULL. */
START_TEST(writer__create_is_checked)
{
    scripted_t *s = scripted_new(pool);
    bufv_ops_t ops = s->ops;
    bufv_writer_t *w = (bufv_writer_t *)s;

    assert_is(bufv_writer_create(NULL, &ops, s, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_create(&w, NULL, s, pool), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
    ops.writev = NULL;
    w = (bufv_writer_t *)s;
    assert_is(bufv_writer_create(&w, &ops, s, pool), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
    ops = s->ops;
    ops.max_vec = 0;
    assert_is(bufv_writer_create(&w, &ops, s, pool), APR_STATUS_IS_EINVAL);
    ops = s->ops;
    ops.max_bytes = 0;
    assert_is(bufv_writer_create(&w, &ops, s, pool), APR_STATUS_IS_EINVAL);
    ops = s->ops;
    assert_ok(bufv_writer_create(&w, &ops, s, pool));
}
END_TEST

/* The same for sockets and files. */
START_TEST(writer__socket_and_file_are_checked)
{
    bufv_writer_t *w = (bufv_writer_t *)pool;

    assert_is(bufv_writer_socket(&w, NULL, pool), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
    w = (bufv_writer_t *)pool;
    assert_is(bufv_writer_file(&w, NULL, pool), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
}
END_TEST

/* The ops are copied: the caller's may go. */
START_TEST(writer__ops_are_copied)
{
    scripted_t *s = scripted_new(pool);
    bufv_ops_t *ops = apr_pmemdup(pool, &s->ops, sizeof(*ops));
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_writer_t *w;

    s->max_vec = s->ops.max_vec;
    s->max_bytes = s->ops.max_bytes;
    assert_ok(bufv_writer_create(&w, ops, s, pool));
    memset(ops, 0, sizeof(*ops));
    assert_ok(bufv_write(v, w, NULL));
    scripted_assert_got(s, "abc", 3);
}
END_TEST

/* Only the size, the name, the limits and `writev` are needed. */
START_TEST(writer__least_ops)
{
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_of((const char *const[]){"abc", "de", NULL});
    bufv_ops_t ops;
    bufv_writer_t *w;
    apr_uint64_t written;

    s->ops.begin = NULL; /* attempts need no run then */
    ops = ops_new();
    ops.name = "least";
    ops.max_vec = s->max_vec = 1;
    ops.max_bytes = s->max_bytes = 1;
    ops.writev = s->ops.writev;
    assert_ok(bufv_writer_create(&w, &ops, s, pool));
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(s->attempts, 5);
    scripted_assert_got(s, "abcde", 5);
}
END_TEST

typedef struct limits_case_t {
    apr_size_t max_vec, max_bytes; /* set, on a transport of 4 and 8 */
    apr_size_t attempts;           /* for 16 chunks of one byte */
} limits_case_t;

static const limits_case_t limits[] = {
    {0, 0, 4}, {2, 0, 8},    {0, 3, 6},
    {4, 8, 4}, {5, 9, 4},    {1, 1, 16},
    {3, 2, 8}, {100, 1, 16}, {(apr_size_t)-1, (apr_size_t)-1, 4},
};

/* Limits can only be lowered; 0 gives the transport's own back. */
START_TEST(writer__limits)
{
    const unsigned char *data = bytes_new(32, 23);
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_cut(data, 16, 1, 2);
    apr_uint64_t written;

    s->ops.max_vec = 4;
    s->ops.max_bytes = 8;
    s->list = v;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, 0);
    scripted_limits(s, 1, 1);
    scripted_limits(s, limits[_i].max_vec, limits[_i].max_bytes);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_kept(s);
    ck_assert_uint_eq(s->attempts, limits[_i].attempts);
}
END_TEST

/* The built-in back end says who it is and what it takes. */
START_TEST(writer__socket_ops)
{
    const bufv_ops_t *ops = bufv_socket_ops();

    ck_assert_ptr_nonnull(ops);
    ck_assert_ptr_nonnull(ops->name);
    ck_assert_uint_gt(strlen(ops->name), 0);
    ck_assert_uint_ge(ops->max_vec, 1);
    ck_assert_uint_ge(ops->max_bytes, 1);
    ck_assert(ops->writev != NULL);
    ck_assert_int_eq(ops->message, 0);
    if (strcmp(test_backend, "generic") == 0)
        ck_assert_uint_eq(ops->max_vec, 1);
#ifdef __linux__
    if (strcmp(test_backend, "unix") == 0) {
        ck_assert_str_eq(ops->name, "sendmsg");
        ck_assert_uint_eq(ops->max_vec, LINUX_MAX_VEC);
    }
#endif
    if (strcmp(test_backend, "win32") == 0)
        ck_assert_str_eq(ops->name, "WSASend");
}
END_TEST

/* Before the first write the report is all 0, and the text is a string. */
START_TEST(writer__before_the_first_write)
{
    scripted_t *s = scripted_for(NULL);
    static const bufv_report_t nothing;
    bufv_report_t report = report_of(s->w);
    char buf[100];

    ck_assert_int_eq(report.status, nothing.status);
    ck_assert_uint_eq(report.written | report.left | report.calls |
                          report.waits | report.copied,
                      0);
    memset(buf, '#', sizeof(buf));
    ck_assert_ptr_eq(bufv_writer_strerror(s->w, buf, sizeof(buf)), buf);
    ck_assert_ptr_nonnull(memchr(buf, '\0', sizeof(buf)));
}
END_TEST

/* The text has the operation and the cause; what does not fit is cut off,
 * and no byte beyond the buffer is touched. */
START_TEST(writer__strerror_of_any_size)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    char whole[300], cut[300], cause[200];
    apr_size_t size;

    s->otherwise.take = 0;
    s->otherwise.status = APR_EPIPE;
    assert_is(bufv_write(v, s->w, NULL), APR_STATUS_IS_EPIPE);
    bufv_writer_strerror(s->w, whole, sizeof(whole));
    apr_strerror(APR_EPIPE, cause, sizeof(cause));
    ck_assert_ptr_eq(strstr(whole, "scripted"), whole);
    ck_assert_ptr_nonnull(strstr(whole, cause));
    for (size = 0; size <= strlen(whole) + 2; size++) {
        memset(cut, '#', sizeof(cut));
        bufv_writer_strerror(s->w, cut, size);
        ck_assert_int_eq(cut[size], '#');
        if (size == 0)
            continue;
        ck_assert_uint_eq(strlen(cut),
                          size <= strlen(whole) ? size - 1 : strlen(whole));
        ck_assert_mem_eq(cut, whole, strlen(cut));
    }
}
END_TEST

static void describe_shortly(void *baton, char *buf, apr_size_t size)
{
    (void)baton;
    apr_cpystrn(buf, "x", size);
}

/* What the transport says of its ends stands between the two. */
START_TEST(writer__strerror_names_the_ends)
{
    scripted_t *s = scripted_new(pool);
    char text[100];

    s->ops.describe = describe_shortly;
    scripted_open(s);
    bufv_writer_strerror(s->w, text, sizeof(text));
    ck_assert_str_eq(text, "scripted x: success");
}
END_TEST

/* The lock can be enabled twice; writing goes on as before. */
START_TEST(writer__lock_twice)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(bufv_writer_lock_enable(s->w));
    assert_ok(bufv_writer_lock_enable(s->w));
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "abc", 3);
    s->begin_status = APR_EACCES;
    assert_ok(bufv_append(v, "d", 1));
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_EACCES);
    s->begin_status = APR_SUCCESS;
    assert_ok(write_checked(v, s->w, &written));
    assert_ok(write_checked(v, s->w, &written));
}
END_TEST

/* The version is three numbers. */
START_TEST(writer__version)
{
    const char *at = bufv_version();
    int part;

    for (part = 0; part < 3; part++) {
        ck_assert(isdigit((unsigned char)*at));
        while (isdigit((unsigned char)*at))
            at++;
        ck_assert_int_eq(*at, part < 2 ? '.' : '\0');
        at += part < 2;
    }
}
END_TEST

static bufv_writer_t *a_writer(void)
{
    scripted_t *s = scripted_new(pool);

    scripted_open(s);
    return s->w;
}

START_TEST(writer__writers_that_are_missing)
{
    const bufv_ops_t *ops = bufv_socket_ops();
    bufv_writer_t *w = a_writer();
    apr_uint64_t written = 9;
    bufv_t *v = list_new();
    bufv_reader_t none = {NULL, NULL, NULL, NULL};
    char text[4] = "abc";

    assert_is(bufv_write(NULL, w, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    written = 9;
    assert_is(bufv_write(v, NULL, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    assert_is(bufv_copy(w, &none, NULL, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_lock_enable(NULL), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(bufv_writer_strerror(w, NULL, 4));
    ck_assert_ptr_eq(bufv_writer_strerror(w, text, 0), text);
    ck_assert_str_eq(text, "abc");
    assert_is(bufv_writer_create(NULL, ops, NULL, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_socket(NULL, NULL, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_file(NULL, NULL, pool), APR_STATUS_IS_EINVAL);
}
END_TEST

/* ---- names of ends */

static const char *ends_of(apr_socket_t *sock)
{
    static char text[200];
    bufv_writer_t *w;

    assert_ok(bufv_writer_socket(&w, sock, pool));
    return bufv_writer_strerror(w, text, sizeof(text));
}

/* An IPv6 connection on loopback; NULL where there is none. */
static apr_socket_t *ipv6_new(void)
{
    apr_socket_t *listener, *sock;
    apr_sockaddr_t *address;

    if (apr_sockaddr_info_get(&address, "::1", APR_INET6, 0, 0, pool) !=
            APR_SUCCESS ||
        apr_socket_create(&listener, APR_INET6, SOCK_STREAM, APR_PROTO_TCP,
                          pool) != APR_SUCCESS ||
        apr_socket_bind(listener, address) != APR_SUCCESS)
        return NULL;
    assert_ok(apr_socket_listen(listener, 1));
    assert_ok(apr_socket_addr_get(&address, APR_LOCAL, listener));
    assert_ok(apr_sockaddr_info_get(&address, "::1", APR_INET6, address->port,
                                    0, pool));
    assert_ok(
        apr_socket_create(&sock, APR_INET6, SOCK_STREAM, APR_PROTO_TCP, pool));
    assert_ok(apr_socket_connect(sock, address));
    return sock;
}

/* The same descriptor as programs wrap it, after which APR takes its
 * addresses for IPv4 ones of 0. */
static apr_socket_t *wrapped_anew(apr_socket_t *sock)
{
    apr_os_sock_t fd;
    apr_socket_t *other = NULL;

    assert_ok(apr_os_sock_get(&fd, sock));
    assert_ok(apr_os_sock_put(&other, &fd, pool));
    return other;
}

/* The addresses are those of the descriptor, whatever APR knows of it. */
START_TEST(writer__names_of_ends)
{
    apr_socket_t *sock = peer_new()->near_end;
    const char *text = apr_pstrdup(pool, ends_of(sock));

    ck_assert_ptr_nonnull(strstr(text, " tcp 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(text, "->127.0.0.1:"));
    ck_assert_str_eq(ends_of(wrapped_anew(sock)), text);
    ck_assert_ptr_nonnull(
        strstr(ends_of(peer_datagram()->near_end), " udp 127.0.0.1:"));
    sock = ipv6_new();
    if (sock == NULL) {
        skip("writer__names_of_ends", "there is no IPv6 here");
        return;
    }
    text = apr_pstrdup(pool, ends_of(sock));
    ck_assert_ptr_nonnull(strstr(text, " tcp [::1]:"));
    ck_assert_ptr_nonnull(strstr(text, "->[::1]:"));
    ck_assert_str_eq(ends_of(wrapped_anew(sock)), text);
}
END_TEST

/* What is no socket any more has no writer. */
START_TEST(writer__names_of_no_ends)
{
    apr_os_sock_t none = (apr_os_sock_t)-1;
    bufv_writer_t *w = (bufv_writer_t *)pool;
    apr_socket_t *sock = NULL;
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    apr_uint64_t written = 9;

    assert_ok(apr_os_sock_put(&sock, &none, pool));
    ck_assert_int_ne(bufv_writer_socket(&w, sock, pool), APR_SUCCESS);
    ck_assert_ptr_null(w);
    ck_assert_int_ne(bufv_send(v, sock, &written), APR_SUCCESS);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(bufv_length(v), 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, writer__create_is_checked);
    tcase_add_test(tc, writer__socket_and_file_are_checked);
    tcase_add_test(tc, writer__ops_are_copied);
    tcase_add_test(tc, writer__least_ops);
    tcase_add_loop_test(tc, writer__limits, 0, (int)COUNT(limits));
    tcase_add_test(tc, writer__socket_ops);
    tcase_add_test(tc, writer__before_the_first_write);
    tcase_add_test(tc, writer__strerror_of_any_size);
    tcase_add_test(tc, writer__strerror_names_the_ends);
    tcase_add_test(tc, writer__lock_twice);
    tcase_add_test(tc, writer__version);
    tcase_add_test(tc, writer__writers_that_are_missing);
    tcase_add_test(tc, writer__names_of_ends);
    tcase_add_test(tc, writer__names_of_no_ends);
}

const topic_t topic_writer = {"writer", add_tests};
