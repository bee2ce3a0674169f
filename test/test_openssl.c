/* SPDX-License-Identifier: Apache-2.0 */

/* TLS: full records, exact counts when a record is on its way, and all that
 * holds for sockets. */

#include "shim.h"
#include "tls.h"

#include <apr_atomic.h>
#include <apr_poll.h>
#include <apr_portable.h>

#include <openssl/async.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD ((apr_size_t)16384)
#define MIB ((apr_size_t)1 << 20)

/* OpenSSL failed; APR has no macro for it. */
#define STATUS_IS_GENERAL(s) ((s) == APR_EGENERAL)

static const tls_kind_t plain;

/* ---- records */

/* A list that is cut from `data` in pieces of these sizes, over and over. */
static bufv_t *list_mixed(const unsigned char *data, apr_size_t len,
                          const apr_size_t *sizes, apr_size_t nsizes)
{
    bufv_t *v = list_new();
    apr_size_t at = 0, i;

    for (i = 0; at < len; i = (i + 1) % nsizes) {
        apr_size_t n = sizes[i] < len - at ? sizes[i] : len - at;

        assert_ok(bufv_append(v, data + at, n));
        at += n;
    }
    return v;
}

/* Chunks that do not lie one behind the other, so that nothing but copying
 * brings them together. */
static bufv_t *list_apart(const unsigned char *data, apr_size_t n,
                          apr_size_t len)
{
    bufv_t *v = list_new();
    apr_size_t i;

    for (i = 0; i < n; i++) {
        unsigned char *apart = apr_palloc(pool, len + 8);

        memcpy(apart, data + i * len, len);
        assert_ok(bufv_append(v, apart, len));
    }
    return v;
}

static tls_t *tls_expecting(const tls_kind_t *kind, const unsigned char *data,
                            apr_size_t len)
{
    tls_t *t = tls_new(kind);

    t->expect = data;
    t->period = len;
    return t;
}

static const tls_kind_t kinds[] = {
    {TLS1_2_VERSION, 0, 0, 0, 0},
    {TLS1_3_VERSION, 0, 0, 0, 0},
    {TLS1_2_VERSION, 1, 0, 0, 0},
    {TLS1_3_VERSION, 1, 0, 0, 0},
};

/* {2, 100, 5} bytes are one record, handshake and all in one call. */
START_TEST(openssl__three_chunks_one_record)
{
    static const apr_size_t sizes[] = {2, 100, 5};
    const unsigned char *data = bytes_new(107, 1);
    tls_t *t = tls_expecting(&kinds[_i], data, 107);
    apr_uint64_t written;

    tls_start(t);
    assert_ok(write_checked(list_mixed(data, 107, sizes, 3), t->w, &written));
    tls_finish(t);
    tls_assert_length(t, 107);
    ck_assert_uint_eq(t->records, 1);
}
END_TEST

/* A MiB of 100-byte chunks is 64 records of 16 KiB, the last 76 bytes short,
 * since a MiB is no multiple of 100. */
START_TEST(openssl__mib_of_small_chunks)
{
    apr_size_t n = MIB / 100;
    const unsigned char *data = bytes_new(n * 100, 2);
    tls_t *t = tls_expecting(&kinds[_i], data, n * 100);
    bufv_t *v = list_apart(data, n, 100);
    apr_uint64_t written;

    tls_start(t);
    assert_ok(write_checked(v, t->w, &written));
    tls_finish(t);
    tls_assert_length(t, n * 100);
    ck_assert_uint_eq(t->records, 64);
    ck_assert_uint_eq(report_of(t->w).calls - t->records,
                      report_of(t->w).waits);
}
END_TEST

/* Exactly a MiB is 64. */
START_TEST(openssl__mib_is_64_records)
{
    const unsigned char *data = bytes_new(MIB, 2);
    tls_t *t = tls_expecting(&kinds[_i], data, MIB);
    bufv_t *v = list_apart(data, MIB / 128, 128);
    apr_uint64_t written;

    tls_start(t);
    assert_ok(write_checked(v, t->w, &written));
    tls_finish(t);
    tls_assert_length(t, MIB);
    ck_assert_uint_eq(t->records, 64);
}
END_TEST

/* Long chunks fill records too, and what is left of one goes with what comes
 * next. Those that are a record by themselves are not copied. */
START_TEST(openssl__long_chunks)
{
    static const apr_size_t sizes[] = {10, 40000, 16384, 7, 100000, 16383, 1};
    const apr_size_t len = 999999;
    const unsigned char *data = bytes_new(len, 3);
    tls_t *t = tls_expecting(&plain, data, len);
    bufv_t *v = list_mixed(data, len, sizes, 7);
    bufv_t *apart = list_new();
    apr_uint64_t written;

    tls_start(t);
    while (bufv_length(v) > 0) {
        struct iovec vec;
        apr_size_t one = 1;

        assert_ok(bufv_peek(v, &vec, &one));
        assert_ok(bufv_append(
            apart, apr_pmemdup(pool, vec.iov_base, vec.iov_len), vec.iov_len));
        assert_ok(bufv_consume(v, vec.iov_len));
    }
    assert_ok(write_checked(apart, t->w, &written));
    tls_finish(t);
    tls_assert_length(t, len);
    ck_assert_uint_eq(t->records, (len + RECORD - 1) / RECORD);
    ck_assert_uint_lt(report_of(t->w).copied, len * 3 / 4);
}
END_TEST

/* A file range is read into records, together with what is around it. */
START_TEST(openssl__file_range)
{
    const apr_size_t len = 100000;
    const unsigned char *data = bytes_new(len, 4);
    tls_t *t = tls_expecting(&plain, data, len);
    char *name = apr_pstrdup(pool, "/tmp/bufv-openssl-XXXXXX");
    apr_size_t n = len - 30;
    bufv_t *v = list_new();
    apr_uint64_t written;
    apr_file_t *file;

    assert_ok(apr_file_mktemp(&file, name, 0, pool));
    assert_ok(apr_file_write_full(file, data + 10, n, &n));
    assert_ok(bufv_append(v, data, 10));
    assert_ok(bufv_append_file(v, file, 0, len - 30));
    assert_ok(bufv_append(v, data + len - 20, 20));
    tls_start(t);
    assert_ok(write_checked(v, t->w, &written));
    tls_finish(t);
    tls_assert_length(t, len);
    ck_assert_uint_eq(t->records, (len + RECORD - 1) / RECORD);
}
END_TEST

/* Copying off: each chunk is a record, as SSL_write() has it. */
START_TEST(openssl__copying_off)
{
    static const apr_size_t sizes[] = {2, 100, 5};
    const unsigned char *data = bytes_new(107, 1);
    tls_t *t = tls_expecting(&plain, data, 107);
    apr_uint64_t written;

    bufv_writer_copy_below_set(t->w, 0);
    tls_start(t);
    assert_ok(write_checked(list_mixed(data, 107, sizes, 3), t->w, &written));
    tls_finish(t);
    tls_assert_length(t, 107);
    ck_assert_uint_eq(t->records, 3);
}
END_TEST

/* ---- much of it */

#define MUCH (100 * MIB)

static const apr_size_t mixed[] = {1,     100,  3,     16384, 5000,  1,
                                   65536, 7,    16383, 20,    16385, 900,
                                   512,   4096, 1000,  33,    40000, 2};

/* 100 MiB of mixed chunks, under a deadline that holds. */
START_TEST(openssl__100_mib)
{
    const unsigned char *data = bytes_new(MIB, 5);
    tls_t *t = tls_expecting(&kinds[_i], data, MIB);
    bufv_t *v = list_new();
    apr_uint64_t written;
    int i;

    for (i = 0; i < 100; i++)
        assert_ok(
            bufv_append_list(v, list_mixed(data, MIB, mixed, COUNT(mixed))));
    bufv_writer_deadline_set(t->w, apr_time_now() + apr_time_from_sec(120));
    tls_start(t);
    assert_ok(write_checked(v, t->w, &written));
    ck_assert_uint_eq(written, MUCH);
    tls_finish(t);
    tls_assert_length(t, MUCH);
    ck_assert_uint_eq(t->records, MUCH / RECORD);
}
END_TEST

/* Below TLS, a descriptor that takes a few bytes and is then full. */
typedef struct trickle_t {
    int fd;
    unsigned int seed;
    int turn;
} trickle_t;

static int trickle_write(BIO *bio, const char *data, int len)
{
    trickle_t *c = BIO_get_data(bio);
    int n;

    BIO_clear_retry_flags(bio);
    c->seed = c->seed * 1103515245u + 12345u;
    if (c->turn++ % 2 != 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    n = 1 + (int)(c->seed >> 16) % 20000;
    n = (int)send(c->fd, data, (size_t)(n < len ? n : len), MSG_NOSIGNAL);
    if (n <= 0)
        BIO_set_retry_write(bio);
    return n;
}

static int trickle_read(BIO *bio, char *data, int len)
{
    trickle_t *c = BIO_get_data(bio);
    int n = (int)recv(c->fd, data, (size_t)len, 0);

    BIO_clear_retry_flags(bio);
    if (n < 0)
        BIO_set_retry_read(bio);
    return n;
}

static long trickle_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *trickle_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "trickle");

    BIO_meth_set_write(method, trickle_write);
    BIO_meth_set_read(method, trickle_read);
    BIO_meth_set_ctrl(method, trickle_ctrl);
    return method;
}

/* Puts a BIO of this method between TLS and the socket. */
static void put_below(tls_t *t, BIO_METHOD *method, trickle_t *c)
{
    BIO *bio = BIO_new(method);

    ck_assert_ptr_nonnull(bio);
    assert_ok(apr_os_sock_get(&c->fd, t->peer->near_end));
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->near_ssl, bio, bio);
}

/* 100 MiB again, each record in pieces; meanwhile the list grows and the
 * limits change, between the calls of one that never waits. */
START_TEST(openssl__100_mib_in_short_writes)
{
    const unsigned char *data = bytes_new(MIB, 6);
    tls_t *t = tls_expecting(&kinds[_i], data, MIB);
    BIO_METHOD *method = trickle_method();
    trickle_t c = {0, 1, 0};
    bufv_t *v = list_new();
    apr_uint64_t total = 0, written;
    apr_status_t status = APR_EAGAIN;
    apr_size_t calls;
    int lists = 0;

    put_below(t, method, &c);
    tls_start(t);
    for (calls = 0; lists < 100 || status != APR_SUCCESS; calls++) {
        if (lists < 100 && bufv_length(v) < MIB / 2) {
            lists++;
            assert_ok(bufv_append_list(
                v, list_mixed(data, MIB, mixed, COUNT(mixed))));
        }
        bufv_writer_limits_set(t->w, 0,
                               calls % 7 == 0 ? 500 + calls % 9999 : 0);
        status = calls % 3 == 0 ? bufv_write(v, t->w, &written)
                                : bufv_write_some(v, t->w, &written);
        ck_assert_msg(status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(status),
                      "%s", status_text(status));
        total += written;
    }
    ck_assert_uint_eq(total, MUCH);
    tls_finish(t);
    tls_assert_length(t, MUCH);
    SSL_set_bio(t->near_ssl, NULL, NULL); /* it goes before its method */
    BIO_meth_free(method);
}
END_TEST

/* ---- a record that is on its way */

/* A connection in memory whose near end holds less than a record, and a list
 * of which one is on its way. */
static tls_t *pending(const unsigned char *data, apr_size_t len, bufv_t **v)
{
    static const tls_kind_t kind = {0, 0, 0, 0, 5000};
    static const apr_size_t sizes[] = {3, 1000, 200};
    tls_t *t = tls_new(&kind);
    apr_uint64_t written;

    *v = list_mixed(data, len, sizes, 3);
    assert_is(bufv_write(*v, t->w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 0);
    ck_assert_int_eq(SSL_want(t->near_ssl), SSL_WRITING);
    return t;
}

/* Writes and reads in turns, until all of the list has come. */
static apr_size_t pump(tls_t *t, bufv_t *v, unsigned char *to, apr_size_t room)
{
    apr_status_t status;
    apr_size_t got = 0;
    int i;

    for (i = 0; i < 10000; i++) {
        status = bufv_write(v, t->w, NULL);
        got += tls_read(t, to + got, room - got);
        if (status == APR_SUCCESS)
            break;
        assert_is(status, APR_STATUS_IS_EAGAIN);
    }
    return got + tls_read(t, to + got, room - got);
}

#define SOME ((apr_size_t)40000)

static void assert_pumped(tls_t *t, bufv_t *v, const unsigned char *data,
                          apr_size_t len)
{
    unsigned char *got = apr_palloc(pool, len + 100);
    apr_size_t n = pump(t, v, got, len + 100);

    ck_assert_uint_eq(n, len);
    ck_assert_mem_eq(got, data, len);
}

/* The same list, as it was. */
START_TEST(openssl__resumed)
{
    const unsigned char *data = bytes_new(SOME, 7);
    bufv_t *v;
    tls_t *t = pending(data, SOME, &v);

    assert_pumped(t, v, data, SOME);
}
END_TEST

/* Less is planned the second time than is on its way. */
START_TEST(openssl__resumed_with_lower_limits)
{
    const unsigned char *data = bytes_new(SOME, 7);
    bufv_t *v;
    tls_t *t = pending(data, SOME, &v);

    bufv_writer_limits_set(t->w, 0, 7);
    bufv_writer_copy_below_set(t->w, (apr_size_t)(_i * 2));
    assert_pumped(t, v, data, SOME);
}
END_TEST

/* A short list grows, so that more is planned the second time. */
START_TEST(openssl__resumed_after_append)
{
    const unsigned char *data = bytes_new(SOME, 7);
    bufv_t *v;
    tls_t *t = pending(data, 6000, &v);

    assert_ok(bufv_append(v, data + 6000, SOME - 6000));
    assert_pumped(t, v, data, SOME);
}
END_TEST

/* The list is cut to pieces, and each is written by itself. */
START_TEST(openssl__resumed_in_parts)
{
    const unsigned char *data = bytes_new(SOME, 7);
    unsigned char *got = apr_palloc(pool, SOME);
    apr_size_t n = 0;
    bufv_t *v, *part = list_new();
    tls_t *t = pending(data, SOME, &v);

    while (bufv_length(v) > 0) {
        apr_uint64_t len = bufv_length(v) < 999 ? bufv_length(v) : 999;

        assert_ok(bufv_split(v, len, part));
        n += pump(t, part, got + n, SOME - n);
    }
    ck_assert_uint_eq(n, SOME);
    ck_assert_mem_eq(got, data, SOME);
}
END_TEST

/* The same bytes, elsewhere: a clone of which the original is gone, or a
 * list in which they lie at another place. */
START_TEST(openssl__resumed_elsewhere)
{
    const unsigned char *data = bytes_new(SOME, 7);
    bufv_t *v, *other = list_new();
    tls_t *t = pending(data, SOME, &v);

    assert_ok(bufv_append_copy(other, data, SOME));
    bufv_clear(v);
    assert_pumped(t, other, data, SOME);
}
END_TEST

/* Other bytes cannot be written now: nothing is sent, and the list that was
 * given up can still go on. */
START_TEST(openssl__another_list_refused)
{
    const unsigned char *data = bytes_new(SOME, 7);
    bufv_t *v, *other = list_of((const char *const[]){"other bytes", NULL});
    tls_t *t = pending(data, SOME, &v);
    apr_uint64_t written;

    assert_is(write_checked(other, t->w, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    assert_pumped(t, v, data, SOME);
    assert_pumped(t, other, (const unsigned char *)"other bytes", 11);
}
END_TEST

/* Bytes that differ behind those that match are refused there. */
START_TEST(openssl__another_end_refused)
{
    const unsigned char *data = bytes_new(SOME, 7);
    unsigned char *changed = apr_pmemdup(pool, data, SOME);
    unsigned char got[20000];
    bufv_t *v, *other = list_new();
    tls_t *t = pending(data, SOME, &v);
    apr_status_t status = APR_EAGAIN;
    apr_size_t n = 0;

    changed[500] ^= 1;
    bufv_writer_limits_set(t->w, 0, 100);
    assert_ok(bufv_append(other, changed, SOME));
    while (APR_STATUS_IS_EAGAIN(status)) {
        status = bufv_write(other, t->w, NULL);
        n += tls_read(t, got + n, sizeof(got) - n);
    }
    assert_is(status, APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(other), SOME - 500);
    ck_assert_uint_eq(n, RECORD);
    ck_assert_mem_eq(got, data, n);
}
END_TEST

/* ---- time, and waiting */

/* Nobody reads: the deadline ends the write in time, and what is left goes on
 * later. */
START_TEST(openssl__deadline)
{
    const apr_size_t len = 8 * MIB;
    const unsigned char *data = bytes_new(len, 8);
    tls_t *t = tls_expecting(&plain, data, len);
    bufv_t *v = list_new();
    apr_time_t began = apr_time_now();
    apr_uint64_t first, second;

    t->pause = 300000;
    assert_ok(apr_socket_timeout_set(t->peer->near_end, _i ? -1 : 5000000));
    assert_ok(bufv_append(v, data, len));
    bufv_writer_deadline_set(t->w, began + 600000);
    tls_start(t);
    assert_is(write_checked(v, t->w, &first), APR_STATUS_IS_TIMEUP);
    ck_assert_int_lt(apr_time_now() - began, 2000000);
    ck_assert_int_ge(apr_time_now() - began, 590000);
    apr_atomic_set32(&t->pause, 0);
    bufv_writer_deadline_set(t->w, 0);
    assert_ok(write_checked(v, t->w, &second));
    tls_finish(t);
    ck_assert_uint_eq(first + second, len);
    tls_assert_length(t, len);
}
END_TEST

/* The socket's timeout is the stall limit, and it is as before afterwards. */
START_TEST(openssl__stall)
{
    static const apr_interval_time_t timeouts[] = {200000, -1};
    const unsigned char *data = bytes_new(8 * MIB, 8);
    tls_t *t = tls_expecting(&plain, data, 8 * MIB);
    apr_socket_t *sock = t->peer->near_end;
    bufv_t *v = list_new();
    apr_time_t began = apr_time_now();
    apr_interval_time_t timeout;
    apr_uint64_t written;
    apr_os_sock_t fd;
    int flags;

    assert_ok(apr_socket_timeout_set(sock, timeouts[_i]));
    assert_ok(apr_os_sock_get(&fd, sock));
    flags = fcntl(fd, F_GETFL);
    if (timeouts[_i] < 0)
        bufv_writer_stall_set(t->w, 200000);
    assert_ok(bufv_append(v, data, 8 * MIB));
    assert_is(write_checked(v, t->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_lt(apr_time_now() - began, 2000000);
    assert_ok(apr_socket_timeout_get(sock, &timeout));
    ck_assert_int_eq(timeout, timeouts[_i]);
    ck_assert_int_eq(fcntl(fd, F_GETFL), flags);
}
END_TEST

#ifdef BUFV_TEST_SHIM
/* A socket that blocks is made not to, and is given back, once for all records
 * between two waits: not for each of 512 records. */
START_TEST(openssl__mode_is_borrowed_for_a_run)
{
    const apr_size_t len = 8 * MIB;
    const unsigned char *data = bytes_new(len, 8);
    tls_t *t = tls_expecting(&plain, data, len);
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_t *v = list_new();
    unsigned long runs;

    if (_i)
        assert_ok(apr_socket_timeout_set(t->peer->near_end, 5000000));
    assert_ok(bufv_append(v, data, len));
    tls_start(t);
    shim_watch(shim);
    assert_ok(bufv_write(v, t->w, NULL));
    shim_rest();
    runs = (unsigned long)report_of(t->w).waits + 1;
    ck_assert_uint_le(shim->of[SHIM_MODE], _i ? runs : 3 * runs);
    ck_assert_uint_ge(shim->of[SHIM_MODE], runs);
    tls_finish(t);
    tls_assert_length(t, len);
    ck_assert_uint_gt(t->records, runs);
}
END_TEST
#endif

#ifdef TCP_CORK
/* What the socket was when OpenSSL wrote to it. */
typedef struct corks_t {
    int writes, corked;
} corks_t;

static int is_corked(int fd)
{
    socklen_t len = sizeof(int);
    int on = -1;

    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, &len), 0);
    return on;
}

static long note_cork(BIO *bio, int op, const char *data, size_t len, int arg,
                      long larg, int ret, size_t *done)
{
    corks_t *corks = (corks_t *)(void *)BIO_get_callback_arg(bio);
    int fd = -1;

    (void)data, (void)len, (void)arg, (void)larg, (void)done;
    if (op == BIO_CB_WRITE) {
        BIO_get_fd(bio, &fd);
        corks->writes++;
        corks->corked += is_corked(fd);
    }
    return ret;
}

/* From the second record of a run on, a record fills the segment in which the
 * one before it ended; the last lets all go. Lists of two records are not
 * worth the calls. */
START_TEST(openssl__records_share_segments)
{
    const unsigned char *data = bytes_new(MIB, 8);
    tls_t *t = tls_expecting(&plain, data, MIB);
    apr_socket_t *sock = t->peer->near_end;
    BIO *bio = SSL_get_wbio(t->near_ssl);
    apr_size_t records = _i < 2 ? 2 : 20;
    corks_t corks = {0, 0};
    bufv_t *v = list_new();
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    assert_ok(apr_socket_opt_set(sock, APR_TCP_NODELAY, _i % 2));
    tls_start(t);
    assert_ok(bufv_append(v, data, RECORD));
    assert_ok(bufv_write(v, t->w, NULL)); /* shakes hands */
    BIO_set_callback_arg(bio, (char *)&corks);
    BIO_set_callback_ex(bio, note_cork);
    assert_ok(bufv_append(v, data + RECORD, records * RECORD));
    assert_ok(bufv_write(v, t->w, NULL));
    BIO_set_callback_ex(bio, NULL);
    ck_assert_int_eq(is_corked(fd), 0);
    ck_assert_int_ge(corks.writes, (int)records);
    if (records == 2)
        ck_assert_int_eq(corks.corked, 0);
    else if (report_of(t->w).waits == 0)
        ck_assert_int_eq(corks.corked, (int)records - 1);
    tls_finish(t);
    tls_assert_length(t, (1 + records) * RECORD);
}
END_TEST
#endif

static void wait_for(apr_socket_t *sock, apr_int16_t events)
{
    apr_pollfd_t p = {0};
    apr_int32_t n;

    p.desc_type = APR_POLL_SOCKET;
    p.reqevents = events;
    p.desc.s = sock;
    assert_ok(apr_poll(&p, 1, &n, apr_time_from_sec(30)));
}

/* A loop of events: the socket's timeout is 0, and SSL_want() says which way
 * to wait, through the handshake too. */
START_TEST(openssl__nonblocking)
{
    const unsigned char *data = bytes_new(4 * MIB, 9);
    tls_t *t = tls_expecting(&kinds[_i], data, 4 * MIB);
    apr_socket_t *sock = t->peer->near_end;
    bufv_t *v = list_mixed(data, 4 * MIB, mixed, COUNT(mixed));
    int reading = 0;
    apr_status_t status;
    apr_uint64_t written;

    assert_ok(apr_socket_timeout_set(sock, 0));
    t->piece = 5000;
    status = write_checked(v, t->w, &written); /* the peer is not there yet */
    ck_assert_int_eq(SSL_want(t->near_ssl), SSL_READING);
    tls_start(t);
    while (APR_STATUS_IS_EAGAIN(status)) {
        int in = SSL_want(t->near_ssl) == SSL_READING;

        reading += in;
        wait_for(sock, in ? APR_POLLIN : APR_POLLOUT);
        status = write_checked(v, t->w, &written);
    }
    assert_ok(status);
    ck_assert_int_gt(reading, 0);
    tls_finish(t);
    tls_assert_length(t, 4 * MIB);
}
END_TEST

/* ---- what TLS does itself */

/* The near end asks to renegotiate: the write shakes hands first, and waits
 * for the peer's part of it. */
START_TEST(openssl__renegotiation)
{
    tls_kind_t kind = {TLS1_2_VERSION, 0, SSL_OP_ALLOW_CLIENT_RENEGOTIATION, 0,
                       0};
    const unsigned char *data = bytes_new(MIB, 10);
    tls_t *t = tls_expecting(&kind, data, MIB);
    apr_uint64_t written;
    int i;

    tls_start(t);
    for (i = 0; i < 5; i++) {
        bufv_t *v = list_mixed(data, MIB, mixed, COUNT(mixed));

        if (i > 0)
            ck_assert_int_eq(SSL_renegotiate(t->near_ssl), 1);
        assert_ok(write_checked(v, t->w, &written));
        ck_assert_int_eq(SSL_renegotiate_pending(t->near_ssl), 0);
    }
    tls_finish(t);
    tls_assert_length(t, 5 * MIB);
}
END_TEST

/* The same in TLS 1.3: new keys in the middle of the stream. */
START_TEST(openssl__key_update)
{
    const unsigned char *data = bytes_new(MIB, 10);
    tls_t *t = tls_expecting(&kinds[_i], data, MIB);
    apr_uint64_t written;
    int i;

    tls_start(t);
    for (i = 0; i < 5; i++) {
        bufv_t *v = list_mixed(data, MIB, mixed, COUNT(mixed));

        if (i > 0)
            ck_assert_int_eq(
                SSL_key_update(t->near_ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_ok(write_checked(v, t->w, &written));
    }
    tls_finish(t);
    tls_assert_length(t, 5 * MIB);
}
END_TEST

/* Who has sent close_notify writes no more. */
START_TEST(openssl__after_shutdown)
{
    const unsigned char *data = bytes_new(100, 11);
    tls_t *t = tls_expecting(&kinds[_i], data, 100);
    bufv_t *v = list_new(), *w = list_of((const char *const[]){"x", NULL});
    apr_uint64_t written;

    tls_start(t);
    assert_ok(bufv_append(v, data, 100));
    assert_ok(write_checked(v, t->w, &written));
    tls_finish(t);
    assert_is(write_checked(w, t->w, &written), APR_STATUS_IS_EPIPE);
    assert_ok(bufv_writer_abandon(t->w)); /* no record is on its way */
    tls_assert_length(t, 100);
}
END_TEST

/* The peer's close_notify ends both directions before TLS 1.3, and one since
 * then. */
START_TEST(openssl__after_the_peers_shutdown)
{
    tls_kind_t kind = {_i ? TLS1_3_VERSION : TLS1_2_VERSION, 0, 0, 0, 5000};
    tls_t *t = tls_new(&kind);
    bufv_t *v = list_of((const char *const[]){"x", NULL});
    apr_uint64_t written;
    char c;

    ck_assert_int_eq(SSL_shutdown(t->far_ssl), 0);
    ck_assert_int_le(SSL_read(t->near_ssl, &c, 1), 0);
    ck_assert_int_eq(SSL_get_shutdown(t->near_ssl), SSL_RECEIVED_SHUTDOWN);
    if (_i)
        assert_ok(write_checked(v, t->w, &written));
    else
        assert_is(write_checked(v, t->w, &written), APR_STATUS_IS_EPIPE);
}
END_TEST

/* A peer that goes is an error and no signal, whose default would end the
 * process. So it is for the same list again, and for another. */
START_TEST(openssl__peer_gone)
{
    const unsigned char *data = bytes_new(8 * MIB, 12);
    tls_t *t = tls_expecting(&kinds[_i], data, 8 * MIB);
    bufv_t *v = list_new(), *other = list_new();
    apr_uint64_t written;

    assert_ok(bufv_append(v, data, 100));
    tls_start(t);
    assert_ok(write_checked(v, t->w, &written));
    SSL_set_quiet_shutdown(t->near_ssl, 1);
    assert_ok(apr_socket_shutdown(t->peer->far_end, APR_SHUTDOWN_READWRITE));
    thread_join(t->thread);
    assert_ok(apr_socket_close(t->peer->far_end));
    assert_ok(bufv_append(v, data, 8 * MIB));
    assert_is(write_checked(v, t->w, &written), STATUS_IS_GONE);
    ck_assert_uint_lt(written, 8 * MIB);
    assert_is(write_checked(v, t->w, &written), STATUS_IS_GONE);
    assert_ok(bufv_append(other, data + 1000, 8));
    assert_is(write_checked(other, t->w, &written), STATUS_IS_GONE);
}
END_TEST

/* OpenSSL's reason is told. */
START_TEST(openssl__handshake_fails)
{
    tls_kind_t kind = {0, 0, 0, 1, 0};
    tls_t *t = tls_new(&kind);
    bufv_t *v = list_of((const char *const[]){"x", NULL});
    apr_uint64_t written;
    char text[256];

    tls_start(t);
    assert_is(write_checked(v, t->w, &written), STATUS_IS_GENERAL);
    bufv_writer_strerror(t->w, text, sizeof(text));
    ck_assert_msg(strncmp(text, "SSL_write tcp 127.0.0.1:", 24) == 0, "%s",
                  text);
    ck_assert_msg(strstr(text, "->127.0.0.1:") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "(certificate verify failed): ") != NULL, "%s",
                  text);
    tls_finish(t);
    ck_assert_uint_eq(t->got_len, 0);
}
END_TEST

/* ---- callbacks of OpenSSL's */

/* How long the slow one takes, and what nothing else takes. */
#define SLOW apr_time_from_sec(4)
#define QUICK apr_time_from_msec(2500)

static volatile apr_uint32_t is_slow;

static void be_slow(const SSL *ssl, int where, int result)
{
    (void)ssl;
    (void)where;
    (void)result;
    if (apr_atomic_xchg32(&is_slow, 1) == 0)
        apr_sleep(SLOW);
}

static void *APR_THREAD_FUNC write_hello(apr_thread_t *thread, void *baton)
{
    tls_t *t = baton;
    bufv_t *v;

    (void)thread;
    assert_ok(bufv_create(&v, NULL));
    assert_ok(bufv_append(v, "hello", 5));
    assert_ok(bufv_write(v, t->w, NULL));
    bufv_destroy(v);
    return NULL;
}

/* A callback of a handshake takes its time, on a socket that blocks. Another
 * thread, which has to borrow a mode for a FIFO, does not wait for it. */
START_TEST(openssl__a_slow_callback_keeps_nobody_waiting)
{
    const char *path = apr_psprintf(pool, "/tmp/bufv-tls-%ld", (long)getpid());
    tls_t *t = tls_new(&plain);
    bufv_t *v = list_new();
    apr_file_t *file = NULL;
    apr_thread_t *thread;
    bufv_writer_t *w;
    apr_time_t began;
    int end;

    net_pardon(); /* another thread's write is under way */
    assert_ok(apr_socket_timeout_set(t->peer->near_end, -1));
    SSL_set_info_callback(t->near_ssl, be_slow);
    tls_start(t);
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    end = open(path, O_RDWR);
    unlink(path);
    assert_ok(apr_os_file_put(&file, &end, APR_FOPEN_WRITE, pool));
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(bufv_append(v, bytes_new(MIB, 9), MIB));
    apr_atomic_set32(&is_slow, 0);
    assert_ok(apr_thread_create(&thread, NULL, write_hello, t, pool));
    while (apr_atomic_read32(&is_slow) == 0)
        apr_sleep(1000);
    began = apr_time_now();
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_int_lt(apr_time_now() - began, QUICK);
    thread_join(thread);
    tls_finish(t);
    ck_assert_uint_eq(t->got_len, 5);
    close(end);
}
END_TEST

/* While a record is on its way the rest of its list has to follow. */
START_TEST(openssl__abandoned)
{
    const unsigned char *data = bytes_new(8 * MIB, 9);
    tls_t *t = tls_expecting(&plain, data, 8 * MIB);
    bufv_t *v = list_new();

    assert_ok(bufv_writer_abandon(t->w));
    tls_start(t);
    assert_ok(bufv_append(v, data, 1000));
    assert_ok(bufv_write(v, t->w, NULL)); /* the handshake is over */
    apr_atomic_set32(&t->pause, 1000000);
    assert_ok(bufv_append(v, data + 1000, 8 * MIB - 1000));
    bufv_writer_stall_set(t->w, 200000);
    assert_is(bufv_write(v, t->w, NULL), APR_STATUS_IS_TIMEUP);
    assert_is(bufv_writer_abandon(t->w), APR_STATUS_IS_EINVAL);
    apr_atomic_set32(&t->pause, 0);
    bufv_writer_stall_set(t->w, -1);
    assert_ok(bufv_write(v, t->w, NULL));
    assert_ok(bufv_writer_abandon(t->w));
    tls_finish(t);
    tls_assert_length(t, 8 * MIB);
}
END_TEST

/* A record of which no byte counts yet is on its way: with a locked writer the
 * turn is its list's, and another list is told so. */
START_TEST(openssl__the_turn_of_a_record)
{
    const unsigned char *data = bytes_new(MIB, 9);
    tls_t *t = tls_expecting(&kinds[_i], data, MIB);
    bufv_terms_t terms = terms_of(1, apr_time_from_msec(20), 0);
    bufv_t *v = list_new(), *other = list_new();
    apr_status_t status = APR_SUCCESS;
    apr_uint64_t written;
    apr_size_t n = 0;

    assert_ok(bufv_writer_lock_enable(t->w));
    tls_start(t);
    assert_ok(bufv_append(v, data, RECORD));
    assert_ok(bufv_write(v, t->w, NULL)); /* the handshake is over */
    apr_atomic_set32(&t->pause, 1000000);
    while (status == APR_SUCCESS) {
        n++;
        assert_ok(bufv_append(v, data + n * RECORD % MIB, RECORD));
        status = bufv_write_some(v, t->w, &written);
    }
    assert_is(status, APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 0);
    assert_ok(bufv_append(other, data + (n + 1) * RECORD % MIB, RECORD));
    assert_is(bufv_write_some(other, t->w, NULL), APR_STATUS_IS_EBUSY);
    assert_is(bufv_write_with(other, t->w, &terms, NULL),
              APR_STATUS_IS_TIMEUP);
    assert_is(bufv_writer_abandon(t->w), APR_STATUS_IS_EINVAL);
    apr_atomic_set32(&t->pause, 0);
    assert_ok(bufv_write(v, t->w, NULL));
    assert_ok(bufv_write(other, t->w, NULL));
    tls_finish(t);
    tls_assert_length(t, (n + 2) * RECORD);
}
END_TEST

/* An attempt that did not come to OpenSSL has left no record on its way: the
 * socket is closed, and another list is told so, too. */
START_TEST(openssl__abandoned_after_a_close)
{
    const unsigned char *data = bytes_new(1000, 9);
    tls_t *t = tls_expecting(&plain, data, 1000);
    bufv_t *v = list_new(), *other = list_new();
    apr_uint64_t written;

    tls_start(t);
    assert_ok(bufv_append(v, data, 1000));
    assert_ok(bufv_write(v, t->w, NULL)); /* the handshake is over */
    tls_finish(t);
    SSL_set_shutdown(t->near_ssl, 0);
    assert_ok(apr_socket_close(t->peer->near_end));
    assert_ok(bufv_append(v, data, 1000));
    assert_is(write_checked(v, t->w, &written), APR_STATUS_IS_EBADF);
    assert_ok(bufv_writer_abandon(t->w));
    assert_ok(bufv_append(other, data + 1, 9));
    assert_is(write_checked(other, t->w, &written), APR_STATUS_IS_EBADF);
}
END_TEST

/* ---- what OpenSSL makes of a wait that is none */

static int interrupted_write(BIO *bio, const char *data, int len)
{
    trickle_t *c = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (c->turn++ % 2 == 0)
        return (int)send(c->fd, data, (size_t)len, MSG_NOSIGNAL);
    BIO_set_retry_write(bio);
    errno = EINTR;
    return -1;
}

/* Waits by select(): poll() inside of an attempt would be taken for a wait of
 * the library's, in which nothing may be borrowed. */
static int interrupted_read(BIO *bio, char *data, int len)
{
    trickle_t *c = BIO_get_data(bio);
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(c->fd, &readable);
    BIO_clear_retry_flags(bio);
    if (c->turn++ % 2 == 0 &&
        select(c->fd + 1, &readable, NULL, NULL, NULL) == 1)
        return (int)recv(c->fd, data, (size_t)len, 0);
    BIO_set_retry_read(bio);
    errno = EINTR;
    return -1;
}

/* A call that a signal interrupted is made again, in the handshake as well: it
 * is not one to a socket that is full. */
START_TEST(openssl__interrupted_is_not_full)
{
    const unsigned char *data = bytes_new(50000, 6);
    tls_t *t = tls_expecting(&kinds[_i], data, 50000);
    BIO_METHOD *method = trickle_method();
    trickle_t c = {0, 1, 0};
    bufv_t *v = list_new();

    BIO_meth_set_write(method, interrupted_write);
    BIO_meth_set_read(method, interrupted_read);
    put_below(t, method, &c);
    tls_start(t);
    assert_ok(bufv_append(v, data, 50000));
    assert_ok(bufv_write_some(v, t->w, NULL));
    tls_finish(t);
    tls_assert_length(t, 50000);
    SSL_set_bio(t->near_ssl, NULL, NULL); /* it goes before its method */
    BIO_meth_free(method);
}
END_TEST

static int always_interrupted(BIO *bio, const char *data, int len)
{
    (void)data;
    (void)len;
    BIO_clear_retry_flags(bio);
    BIO_set_retry_write(bio);
    errno = EINTR;
    return -1;
}

/* A record that was interrupted is on its way when its call is over: another
 * list is refused, and not tried for ever. */
START_TEST(openssl__another_list_after_an_interruption)
{
    const unsigned char *data = bytes_new(1000, 6);
    tls_t *t = tls_expecting(&plain, data, 1000);
    bufv_terms_t terms = terms_of(0, apr_time_from_msec(50), 0);
    BIO_METHOD *method = trickle_method();
    trickle_t c = {0, 1, 0};
    bufv_t *v = list_new();

    tls_start(t);
    assert_ok(bufv_append(v, data, 900));
    assert_ok(bufv_write(v, t->w, NULL)); /* the handshake is over */
    BIO_up_ref(SSL_get_rbio(t->near_ssl));
    BIO_meth_set_write(method, always_interrupted);
    SSL_set0_wbio(t->near_ssl, BIO_new(method));
    BIO_set_data(SSL_get_wbio(t->near_ssl), &c);
    BIO_set_init(SSL_get_wbio(t->near_ssl), 1);
    assert_ok(bufv_append(v, data + 900, 100));
    assert_is(bufv_write_with(v, t->w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    assert_is(bufv_write_with(list_of((const char *const[]){"other", NULL}),
                              t->w, &terms, NULL),
              APR_STATUS_IS_EINVAL);
    SSL_set0_wbio(t->near_ssl, SSL_get_rbio(t->near_ssl));
    assert_ok(bufv_write(v, t->w, NULL));
    tls_finish(t);
    tls_assert_length(t, 1000);
    BIO_meth_free(method);
}
END_TEST

/* ---- jobs that pause */

static int pauses_at, job_pauses;

static void pause_job(const SSL *ssl, int where, int result)
{
    (void)ssl;
    (void)result;
    if ((where & pauses_at) != 0 && ASYNC_get_current_job() != NULL) {
        job_pauses++;
        ASYNC_pause_job();
    }
}

/* Writes from further down the stack: what lay there before is gone. */
static apr_status_t write_from_below(bufv_t *v, bufv_writer_t *w)
{
    volatile char above[64 * 1024];
    apr_status_t status;
    apr_size_t i;

    for (i = 0; i < sizeof(above); i++)
        above[i] = '!';
    status = bufv_write(v, w, NULL);
    return above[i / 2] == '!' ? status : APR_EGENERAL; /* it is still here */
}

/* Not inlined: it has a frame of its own. */
static apr_status_t (*volatile from_below)(bufv_t *,
                                           bufv_writer_t *) = write_from_below;

/* A handshake in a job of OpenSSL's pauses, at each step, where an engine
 * would compute, or at its end; and goes on in a later write with the bytes of
 * the first, whose copy has gone. Others are refused meanwhile. */
START_TEST(openssl__a_job_that_pauses)
{
    const unsigned char *data = bytes_new(9000, 13);
    tls_t *t = tls_expecting(&kinds[_i % 4], data, 9000);
    bufv_t *v = list_apart(data, 90, 100);
    apr_status_t status;
    int calls;

    if (!ASYNC_is_capable()) {
        skip("openssl__a_job_that_pauses", "OpenSSL has no jobs here");
        return;
    }
    pauses_at = _i / 4 ? SSL_CB_HANDSHAKE_DONE : SSL_CB_LOOP;
    job_pauses = 0;
    SSL_set_mode(t->near_ssl, SSL_MODE_ASYNC);
    SSL_set_info_callback(t->near_ssl, pause_job);
    tls_start(t);
    status = bufv_write(v, t->w, NULL);
    assert_is(from_below(list_of((const char *const[]){"other", NULL}), t->w),
              APR_STATUS_IS_EINVAL);
    for (calls = 1; APR_STATUS_IS_EAGAIN(status); calls++)
        status = from_below(v, t->w);
    assert_ok(status);
    ck_assert_int_gt(job_pauses, 0);
    ck_assert_int_eq(calls, job_pauses + 1);
    SSL_clear_mode(t->near_ssl, SSL_MODE_ASYNC);
    tls_finish(t);
    tls_assert_length(t, 9000);
}
END_TEST

/* What cannot be is refused. */
START_TEST(openssl__arguments)
{
    SSL_CTX *ctx = SSL_CTX_new(DTLS_client_method());
    SSL *ssl = SSL_new(ctx);
    bufv_writer_t *w = (bufv_writer_t *)pool;

    assert_is(bufv_writer_ssl(&w, NULL, NULL, pool), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
    assert_is(bufv_writer_ssl(&w, ssl, NULL, NULL), APR_STATUS_IS_ENOTIMPL);
    assert_is(bufv_writer_ssl(NULL, ssl, NULL, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_ssl(&w, ssl, NULL, pool), APR_STATUS_IS_ENOTIMPL);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, openssl__three_chunks_one_record, 0, 4);
    tcase_add_loop_test(tc, openssl__mib_of_small_chunks, 0, 4);
    tcase_add_loop_test(tc, openssl__mib_is_64_records, 0, 4);
    tcase_add_test(tc, openssl__long_chunks);
    tcase_add_test(tc, openssl__file_range);
    tcase_add_test(tc, openssl__copying_off);
    if (env_is_set("BUFV_TEST_QUICK")) {
        skip("openssl__100_mib", "BUFV_TEST_QUICK is set");
    }
    else {
        tcase_add_loop_test(tc, openssl__100_mib, 0, 2);
        tcase_add_loop_test(tc, openssl__100_mib_in_short_writes, 0, 2);
    }
    tcase_add_test(tc, openssl__resumed);
    tcase_add_loop_test(tc, openssl__resumed_with_lower_limits, 0, 3);
    tcase_add_test(tc, openssl__resumed_after_append);
    tcase_add_test(tc, openssl__resumed_in_parts);
    tcase_add_test(tc, openssl__resumed_elsewhere);
    tcase_add_test(tc, openssl__another_list_refused);
    tcase_add_test(tc, openssl__another_end_refused);
    tcase_add_loop_test(tc, openssl__deadline, 0, 2);
    tcase_add_loop_test(tc, openssl__stall, 0, 2);
#ifdef TCP_CORK
    tcase_add_loop_test(tc, openssl__records_share_segments, 0, 4);
#else
    skip("openssl__records_share_segments", "there is no such cork here");
#endif
#ifdef BUFV_TEST_SHIM
    tcase_add_loop_test(tc, openssl__mode_is_borrowed_for_a_run, 0, 2);
#else
    skip("openssl__mode_is_borrowed_for_a_run", "no call is seen here");
#endif
    tcase_add_loop_test(tc, openssl__nonblocking, 0, 4);
    tcase_add_test(tc, openssl__renegotiation);
    tcase_add_loop_test(tc, openssl__key_update, 1, 2);
    tcase_add_loop_test(tc, openssl__after_shutdown, 0, 4);
    tcase_add_loop_test(tc, openssl__after_the_peers_shutdown, 0, 2);
    tcase_add_loop_test(tc, openssl__peer_gone, 0, 4);
    tcase_add_test(tc, openssl__handshake_fails);
    tcase_add_test(tc, openssl__a_slow_callback_keeps_nobody_waiting);
    tcase_add_test(tc, openssl__abandoned);
    tcase_add_test(tc, openssl__abandoned_after_a_close);
    tcase_add_loop_test(tc, openssl__the_turn_of_a_record, 0, 2);
    tcase_add_test(tc, openssl__another_list_after_an_interruption);
    tcase_add_loop_test(tc, openssl__interrupted_is_not_full, 0, 4);
    tcase_add_loop_test(tc, openssl__a_job_that_pauses, 0, 8);
    tcase_add_test(tc, openssl__arguments);
}

const topic_t topic_openssl = {"openssl", add_tests};
