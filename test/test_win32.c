/* SPDX-License-Identifier: Apache-2.0 */

/* What only Windows has, through the place where the win32 back end calls
 * WSASend: lack of buffers, which Wine never tells, the calls as they are
 * made, and the mode of a handle (promises 4, 10, 11, 13, 15, 17). */

#include "win32/win32.h"

#include "peer.h"

#define MIB ((apr_size_t)1024 * 1024)
#define BIG (8 * MIB)

/* ---- the calls */

/* What was asked of WSASend, and what is to be said. */
static struct {
    apr_uint64_t calls, refused, bytes;
    apr_size_t most_bufs, most_bytes, least_bytes;
    apr_size_t room;    /* more bytes a call fail with `error` */
    apr_uint64_t times; /* so often at most */
    int error;
    int swallow; /* nothing is really sent */
} wsa;

static apr_size_t sum(const WSABUF *bufs, DWORD count)
{
    apr_size_t bytes = 0;
    DWORD i;

    for (i = 0; i < count; i++)
        bytes += bufs[i].len;
    return bytes;
}

static void take_note(DWORD count, apr_size_t bytes)
{
    wsa.calls++;
    if (count > wsa.most_bufs)
        wsa.most_bufs = count;
    if (bytes > wsa.most_bytes)
        wsa.most_bytes = bytes;
    if (bytes < wsa.least_bytes)
        wsa.least_bytes = bytes;
}

/* A call that fails leaves the count as it was, which may be anything. */
static int WSAAPI fake(SOCKET s, LPWSABUF bufs, DWORD count, LPDWORD sent,
                       DWORD flags, LPWSAOVERLAPPED overlapped,
                       LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
{
    apr_size_t bytes = sum(bufs, count);

    take_note(count, bytes);
    if (bytes > wsa.room && wsa.refused < wsa.times) {
        wsa.refused++;
        *sent = 77;
        WSASetLastError(wsa.error);
        return SOCKET_ERROR;
    }
    wsa.bytes += bytes;
    *sent = (DWORD)bytes;
    return wsa.swallow
               ? 0
               : WSASend(s, bufs, count, sent, flags, overlapped, done);
}

/* From now on calls of more than `room` bytes fail, so often at most. */
static void refuse(apr_size_t room, apr_uint64_t times, int error)
{
    memset(&wsa, 0, sizeof(wsa));
    wsa.least_bytes = (apr_size_t)-1;
    wsa.room = room;
    wsa.times = times;
    wsa.error = error;
    bufv__wsasend = fake;
}

static void watch(void)
{
    refuse(0, 0, 0);
}

static void swallow(void)
{
    watch();
    wsa.swallow = 1;
}

/* After each test, whatever became of it. */
static void let_through(void)
{
    bufv__wsasend = WSASend;
}

/* ---- lack of buffers */

/* Calls shrink until they get through, and all bytes arrive. */
START_TEST(win32__nobufs_shrinks)
{
    unsigned char *data = bytes_new(BIG, 71);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 64, BIG / 64, BIG / 64);
    apr_uint64_t written;

    p->expect = data;
    p->period = BIG;
    peer_start(p);
    refuse(100000, APR_UINT64_MAX, WSAENOBUFS);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_ge(wsa.refused, 3); /* 512, 256, 128 KiB */
    ck_assert_uint_le(wsa.refused,
                      12); /* and 128 again, more and more rarely */
    ck_assert_uint_eq(wsa.most_bytes, 512 * 1024);
    peer_finish(p);
    peer_assert_length(p, BIG);
}
END_TEST

/* A lack that lasts: tried a few times in a quarter of a second, then told,
 * with an exact count; the rest can leave later. */
START_TEST(win32__nobufs_for_good)
{
    unsigned char *data = bytes_new(BIG, 72);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 64, BIG / 64, BIG / 64);
    apr_time_t start = apr_time_now();
    apr_uint64_t written;

    refuse(0, APR_UINT64_MAX, WSAENOBUFS);
    ck_assert_int_eq(write_checked(v, w, &written), no_buffer_space());
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_gt(wsa.calls, 4);
    ck_assert_uint_lt(wsa.calls, 20);
    ck_assert_uint_le(wsa.least_bytes, 4096);
    ck_assert_int_ge(apr_time_now() - start, 100000);
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(20));
    let_through();
    p->expect = data;
    p->period = BIG;
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    peer_finish(p);
    peer_assert_length(p, BIG);
}
END_TEST

/* A lack that passes: the list leaves whole. */
START_TEST(win32__nobufs_for_a_while)
{
    unsigned char *data = bytes_new(BIG, 73);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 64, BIG / 64, BIG / 64);
    apr_uint64_t written;

    p->expect = data;
    p->period = BIG;
    peer_start(p);
    refuse(0, 6, WSAENOBUFS);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(wsa.refused, 6);
    ck_assert_int_gt(report_of(w).waited, 0);
    peer_finish(p);
    peer_assert_length(p, BIG);
}
END_TEST

/* A message cannot shrink: told at once. */
START_TEST(win32__nobufs_for_a_message)
{
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    peer_t *p = peer_datagram();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;

    refuse(0, 1, WSAENOBUFS);
    ck_assert_int_eq(write_checked(v, w, &written), no_buffer_space());
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(wsa.calls, 1);
}
END_TEST

/* ---- errors */

static int is_gone(apr_status_t status)
{
    return STATUS_IS_GONE(status);
}

static int is_epipe(apr_status_t status)
{
    return APR_STATUS_IS_EPIPE(status);
}

static const struct {
    int error;
    int (*is)(apr_status_t status);
} errors[] = {
    {WSAECONNRESET, is_gone},  {WSAECONNABORTED, is_gone},
    {WSAESHUTDOWN, is_epipe},  {WSAETIMEDOUT, is_gone},
    {WSAEMSGSIZE, is_msgsize},
};

/* What Winsock says can be told by APR's macros, ends the write after that
 * one call, and takes nothing off the list. */
START_TEST(win32__errors_have_names)
{
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;
    apr_status_t status;

    refuse(0, APR_UINT64_MAX, errors[_i].error);
    status = write_checked(v, w, &written);
    ck_assert_msg(errors[_i].is(status), "%s", status_text(status));
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(wsa.calls, 1);
}
END_TEST

/* Interrupted calls are made again. */
START_TEST(win32__interruptions_are_invisible)
{
    bufv_t *v = list_of((const char *const[]){"hello", "world", NULL});
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;

    peer_start(p);
    refuse(0, 5, WSAEINTR);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(wsa.calls, 6);
    peer_finish(p);
    peer_assert_got(p, "helloworld", 10);
}
END_TEST

/* ---- limits */

static const apr_size_t counts[] = {1, 511, 512, 513, 1024, 1025, 5000};

/* Without copying n chunks are exactly ceil(n / 512) calls of WSASend. */
START_TEST(win32__calls)
{
    const apr_size_t n = counts[_i];
    unsigned char *data = bytes_new(n * 10, 74);
    bufv_t *v = list_cut(data, n, 10, 10);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;

    ck_assert_uint_eq(bufv_socket_ops()->max_vec, 512);
    bufv_writer_limits_set(w, 0, 0);
    bufv_writer_copy_below_set(w, 0);
    peer_start(p);
    watch();
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(wsa.calls, attempts_for(n, 512));
    ck_assert_uint_eq(wsa.most_bufs, n < 512 ? n : 512);
    peer_finish(p);
    peer_assert_got(p, data, n * 10);
}
END_TEST

/* A total of 20 GiB, in chunks of 1 GiB, where size_t has 32 bits too, and a
 * single chunk over 4 GiB where it can be: no call is given so much that the
 * 32-bit count would wrap, and none is lost on the way. */
START_TEST(win32__lengths_of_64_bits)
{
    const apr_size_t gib = 1024 * MIB;
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_new();
    apr_uint64_t total, written;
    int i;

    for (i = 0; i < 20; i++)
        assert_ok(bufv_append(v, wild(), gib));
    if (sizeof(apr_size_t) > 4)
        assert_ok(bufv_append(v, wild(), (gib / 2 * 9) | 1));
    total = bufv_length(v);
    swallow();
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, total);
    ck_assert_uint_eq(wsa.bytes, total);
    ck_assert_uint_le(wsa.most_bytes, bufv_socket_ops()->max_bytes);
}
END_TEST

/* ---- the handle */

static SOCKET handle_of(apr_socket_t *sock)
{
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    return fd;
}

/* Whether the handle blocks, which only a call can tell: nobody ever sends to
 * this one. */
static int blocks(SOCKET s)
{
    DWORD limit = 50;
    char byte;
    int got, error;

    ck_assert_int_eq(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO,
                                (const char *)&limit, sizeof(limit)),
                     0);
    got = recv(s, &byte, 1, 0);
    error = WSAGetLastError();
    ck_assert_int_eq(got, SOCKET_ERROR);
    return error != WSAEWOULDBLOCK;
}

/* A timeout, whether APR_SO_NONBLOCK is set, and what the handle then does. */
static const struct {
    apr_interval_time_t timeout;
    int nonblocking;
    int blocks;
} modes[] = {{-1, 0, 1}, {300000, 0, 1}, {0, 0, 0}, {-1, 1, 0}};

/* After a write, whole or not, the handle is as it was, and so is the
 * socket's timeout. */
START_TEST(win32__mode_is_as_found)
{
    unsigned char *data = bytes_new(BIG, 75);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_interval_time_t timeout;
    apr_uint64_t written;

    assert_ok(apr_socket_timeout_set(p->near_end, modes[_i].timeout));
    if (modes[_i].nonblocking)
        assert_ok(apr_socket_opt_set(p->near_end, APR_SO_NONBLOCK, 1));
    bufv_writer_deadline_set(w, apr_time_now() + 100000);
    ck_assert_int_ne(write_checked(v, w, &written), APR_SUCCESS);
    ck_assert_uint_gt(written, 0);
    ck_assert_int_eq(blocks(handle_of(p->near_end)), modes[_i].blocks);
    assert_ok(apr_socket_timeout_get(p->near_end, &timeout));
    ck_assert_int_eq(timeout, modes[_i].timeout);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, let_through, let_through);
    tcase_add_test(tc, win32__nobufs_shrinks);
    tcase_add_test(tc, win32__nobufs_for_good);
    tcase_add_test(tc, win32__nobufs_for_a_while);
    tcase_add_test(tc, win32__nobufs_for_a_message);
    tcase_add_loop_test(tc, win32__errors_have_names, 0, (int)COUNT(errors));
    tcase_add_test(tc, win32__interruptions_are_invisible);
    tcase_add_loop_test(tc, win32__calls, 0, (int)COUNT(counts));
    tcase_add_test(tc, win32__lengths_of_64_bits);
    tcase_add_loop_test(tc, win32__mode_is_as_found, 0, (int)COUNT(modes));
}

const topic_t topic_win32 = {"win32", add_tests};
