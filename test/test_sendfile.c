/* SPDX-License-Identifier: Apache-2.0 */

/* File ranges over TCP as Linux sends them: unread, in as few segments as
 * can be, without waiting and without a signal. */

#include "peer.h"

#include <apr_portable.h>

#include <fcntl.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIG (16 * 1024 * 1024)
#define GIB ((apr_off_t)1 << 30)

/* Delayed acknowledgements take 40 ms; what waits for one takes no less. */
#define NO_WAIT 30000

static int unread(void)
{
    return bufv_socket_ops()->sendfile != NULL;
}

/* A writer to which ranges of any length are sent unread, if it can. */
static bufv_writer_t *unread_writer(const peer_t *p)
{
    bufv_writer_t *w = peer_writer(p);

    bufv_writer_sendfile_from_set(w, 0);
    return w;
}

static int fd_of(apr_socket_t *sock)
{
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    return fd;
}

/* A file with a name that tools/strace_sendfile knows, gone at its close. */
static apr_file_t *file_named(const char *name, const void *bytes,
                              apr_size_t len)
{
    const char *dir;
    apr_file_t *file;

    assert_ok(apr_temp_dir_get(&dir, pool));
    assert_ok(apr_file_mktemp(
        &file, apr_psprintf(pool, "%s/%s-XXXXXX", dir, name),
        APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
            APR_FOPEN_DELONCLOSE | APR_FOPEN_SENDFILE_ENABLED,
        pool));
    assert_ok(apr_file_write_full(file, bytes, len, NULL));
    return file;
}

static bufv_t *list_around(apr_file_t *file, apr_uint64_t len)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "header", 6));
    assert_ok(bufv_append_file(v, file, 0, len));
    assert_ok(bufv_append(v, "trailer", 7));
    return v;
}

/* How often the hook was told of sendfile, and the bytes that it took. */
typedef struct files_t {
    apr_uint64_t calls, written;
} files_t;

static void count_files(void *baton, const bufv_call_t *call)
{
    files_t *files = baton;

    if (strcmp(call->op, "sendfile") == 0) {
        files->calls++;
        files->written += call->written;
    }
}

/* ---- segments */

/* Emulators tell the first bytes of this alone. */
static void assert_one_segment(apr_socket_t *sock)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    memset(&info, 0, sizeof(info));
    ck_assert_int_eq(
        getsockopt(fd_of(sock), IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    if (len < offsetof(struct tcp_info, tcpi_data_segs_out) +
                  sizeof(info.tcpi_data_segs_out))
        skip("sendfile__one_segment", "the segments are not to be counted");
    else
        ck_assert_uint_eq(info.tcpi_data_segs_out, 1);
}

/* Header, file and trailer share one segment, whether or not the socket is
 * told not to delay, and whatever its timeout. */
START_TEST(sendfile__one_segment)
{
    static const apr_interval_time_t timeouts[] = {-1, 0, 20000000};
    const unsigned char *data = bytes_new(1000, 70);
    apr_file_t *file = file_named("bufv-test", data, 1000);
    bufv_t *v = list_around(file, 1000);
    peer_t *p = peer_new();
    bufv_writer_t *w = unread_writer(p);
    apr_uint64_t written;

    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NODELAY, _i % 2));
    assert_ok(apr_socket_timeout_set(p->near_end, timeouts[_i / 2]));
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    if (unread())
        assert_one_segment(p->near_end);
    peer_finish(p);
    ck_assert_uint_eq(p->got_len, 1013);
    ck_assert_mem_eq(p->got, "header", 6);
    ck_assert_mem_eq(p->got + 6, data, 1000);
    ck_assert_mem_eq(p->got + 1006, "trailer", 7);
}
END_TEST

/* A socket that its owner corked stays corked. */
START_TEST(sendfile__corked_stays_corked)
{
    const unsigned char *data = bytes_new(1000, 71);
    apr_file_t *file = file_named("bufv-test", data, 1000);
    bufv_t *v = list_around(file, 1000);
    peer_t *p = peer_new();
    apr_uint64_t written;
    int on = 0;
    socklen_t len = sizeof(on);

    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NOPUSH, 1));
    peer_start(p);
    assert_ok(write_checked(v, unread_writer(p), &written));
    ck_assert_int_eq(
        getsockopt(fd_of(p->near_end), IPPROTO_TCP, TCP_CORK, &on, &len), 0);
    ck_assert_int_eq(on, 1);
    peer_finish(p);
    peer_assert_length(p, 1013);
}
END_TEST

/* Nagle: with a peer that answers only when all has come, list after list,
 * none waits for an acknowledgement of its first half. */
START_TEST(sendfile__nagle)
{
    const unsigned char *data = bytes_new(1000, 72);
    apr_file_t *file = file_named("bufv-test", data, 1000);
    peer_t *p = peer_new();
    bufv_writer_t *w = unread_writer(p);
    apr_time_t quickest = apr_time_from_sec(10), start;
    char got[2000];
    apr_uint64_t written;
    apr_size_t len;
    int i;

    for (i = 0; i < 20; i++) {
        start = apr_time_now();
        assert_ok(write_checked(list_around(file, 1000), w, &written));
        len = 1013;
        assert_ok(apr_socket_recv(p->far_end, got, &len));
        for (; len < 1013; len++) {
            apr_size_t one = 1;

            assert_ok(apr_socket_recv(p->far_end, got, &one));
        }
        if (apr_time_now() - start < quickest)
            quickest = apr_time_now() - start;
        len = 1;
        assert_ok(apr_socket_send(p->far_end, "y", &len));
        assert_ok(apr_socket_recv(p->near_end, got, &len));
    }
    ck_assert_int_lt(quickest, NO_WAIT);
}
END_TEST

/* ---- waiting, and its limits */

/* On a blocking socket too, a deadline holds and write_some does not wait; the
 * socket blocks afterwards as it did before. */
START_TEST(sendfile__does_not_block)
{
    const unsigned char *data = bytes_new(BIG, 73);
    apr_file_t *file = file_named("bufv-test", data, BIG);
    bufv_t *v = list_around(file, BIG);
    peer_t *p = peer_new();
    bufv_writer_t *w = unread_writer(p);
    apr_time_t start = apr_time_now();
    apr_uint64_t written, sum;
    int flags;

    assert_ok(apr_socket_timeout_set(p->near_end, -1));
    flags = fcntl(fd_of(p->near_end), F_GETFL);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    sum = written;
    bufv_writer_deadline_set(w, start + 200000);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    sum += written;
    ck_assert_int_lt(apr_time_now() - start, apr_time_from_sec(20));
    ck_assert_int_eq(fcntl(fd_of(p->near_end), F_GETFL), flags);
    bufv_writer_deadline_set(w, 0);
    p->pause = 100;
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(sum + written, BIG + 13);
    peer_finish(p);
    ck_assert_uint_eq(p->got_len, BIG + 13);
    ck_assert_mem_eq(p->got + 6, data, BIG);
}
END_TEST

/* The peer goes: an error, and no signal although SIGPIPE is at default. */
START_TEST(sendfile__peer_is_gone)
{
    const unsigned char *data = bytes_new(BIG, 74);
    apr_file_t *file = file_named("bufv-test", data, BIG);
    bufv_t *v = list_new();
    peer_t *p = peer_new();
    bufv_writer_t *w = unread_writer(p);
    apr_uint64_t written;
    int i;

    signal(SIGPIPE, SIG_DFL);
    assert_ok(apr_socket_timeout_set(p->near_end, _i == 0 ? -1 : 20000000));
    assert_ok(bufv_append_file(v, file, 0, BIG));
    assert_ok(apr_socket_close(p->far_end));
    for (i = 0; i < 5; i++)
        assert_is(write_checked(v, w, &written), STATUS_IS_GONE);
}
END_TEST

/* ---- what can be sent */

/* Over an AF_UNIX pair, and from a file that was opened buffered. */
START_TEST(sendfile__to_a_unix_socket)
{
    const unsigned char *data = bytes_new(BIG, 75);
    apr_file_t *file = file_named("bufv-test", data, BIG);
    apr_socket_t *near_end = NULL, *far_end = NULL;
    bufv_t *v = list_around(file, BIG);
    files_t files = {0, 0};
    apr_uint64_t written;
    bufv_writer_t *w;
    int fds[2];
    peer_t *p;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_ok(apr_os_sock_put(&near_end, &fds[0], pool));
    assert_ok(apr_os_sock_put(&far_end, &fds[1], pool));
    p = peer_of(near_end, far_end);
    w = unread_writer(p);
    bufv_writer_hook_set(w, count_files, &files);
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(files.written, unread() ? BIG : 0);
    shutdown(fds[0], SHUT_WR);
    peer_finish(p);
    ck_assert_uint_eq(p->got_len, BIG + 13);
    ck_assert_mem_eq(p->got + 6, data, BIG);
}
END_TEST

/* What sendfile cannot take is read: a file of /proc. */
START_TEST(sendfile__of_what_has_to_be_read)
{
    apr_file_t *file;
    bufv_t *v = list_new();
    peer_t *p = peer_new();
    bufv_writer_t *w = unread_writer(p);
    apr_uint64_t written;

    assert_ok(apr_file_open(&file, "/proc/self/cmdline",
                            APR_FOPEN_READ | APR_FOPEN_SENDFILE_ENABLED, 0,
                            pool));
    assert_ok(bufv_append_file(v, file, 0, 5));
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, 5);
    peer_finish(p);
    peer_assert_length(p, 5);
}
END_TEST

/* ---- 5 GiB */

/* 5 GiB of a sparse file between two chunks in memory: count and content,
 * with the file never read. The file's bytes are zeros, and a mark at each
 * GiB; what comes is compared through its period. */
START_TEST(sendfile__huge)
{
    static unsigned char period[65536];
    apr_file_t *file;
    bufv_t *v = list_new();
    files_t files = {0, 0};
    bufv_writer_t *w;
    apr_uint64_t written;
    apr_off_t at;
    peer_t *p;

    if (env_is_set("BUFV_TEST_SKIP_HUGE")) {
        skip("sendfile__huge", "BUFV_TEST_SKIP_HUGE is set");
        return;
    }
    file = file_named("bufv-sparse", "", 0);
    assert_ok(apr_file_trunc(file, 5 * GIB));
    memset(period, 0, sizeof(period));
    p = peer_new();
    w = unread_writer(p);
    bufv_writer_hook_set(w, count_files, &files);
    assert_ok(bufv_append(v, period, 10));
    assert_ok(bufv_append_file(v, file, 0, 5 * GIB));
    assert_ok(bufv_append(v, period, 20));
    p->expect = period;
    p->period = sizeof(period);
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, 5 * GIB + 30);
    at = 0;
    assert_ok(apr_file_seek(file, APR_CUR, &at));
    ck_assert_int_eq(at, 5 * GIB);
    peer_finish(p);
    peer_assert_length(p, 5 * GIB + 30);
    if (unread())
        ck_assert_uint_eq(files.written, 5 * GIB);
    printf("5 GiB in %lu attempts of sendfile, %lu in all\n",
           (unsigned long)files.calls, (unsigned long)report_of(w).calls);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, sendfile__one_segment, 0, 6);
    tcase_add_test(tc, sendfile__corked_stays_corked);
    tcase_add_test(tc, sendfile__nagle);
    tcase_add_test(tc, sendfile__does_not_block);
    tcase_add_loop_test(tc, sendfile__peer_is_gone, 0, 2);
    tcase_add_test(tc, sendfile__to_a_unix_socket);
    tcase_add_test(tc, sendfile__of_what_has_to_be_read);
    tcase_add_test(tc, sendfile__huge);
}

const topic_t topic_sendfile = {"sendfile", add_tests};
