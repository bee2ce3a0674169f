/* SPDX-License-Identifier: Apache-2.0 */

/* What only POSIX has: SIGPIPE, interrupting signals, AF_UNIX sockets of
 * every type, wrapped descriptors and their flags (promises 12, 15, 16). */

#include "alloc.h"
#include "ends.h"
#include "journal.h"
#include "peer.h"
#include "scripted.h"

#include <apr_portable.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (16 * 1024 * 1024)
#define GENEROUS apr_time_from_sec(20)

/* An APR socket around a descriptor, as programs make them that got it from
 * elsewhere. */
static apr_socket_t *wrapped(int fd)
{
    apr_socket_t *sock = NULL;
    apr_os_sock_t os = fd;

    assert_ok(apr_os_sock_put(&sock, &os, pool));
    return sock;
}

static peer_t *unix_pair(int type)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
    return peer_of(wrapped(fds[0]), wrapped(fds[1]));
}

static int fd_of(apr_socket_t *sock)
{
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    return fd;
}

/* ---- SIGPIPE */

static void sigpipe_at_default(void)
{
    ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
}

/* Writes to peers that are gone, with SIGPIPE at its default: the process
 * lives (or this test dies), and the status is EPIPE or ECONNRESET. */
START_TEST(posix__no_sigpipe_on_tcp)
{
    unsigned char *data = bytes_new(1 << 20, 48);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 64, 1 << 20, 0);
    struct iovec vec;
    apr_uint64_t written;
    int i;

    sigpipe_at_default();
    assert_ok(apr_socket_close(p->far_end));
    for (i = 0; i < 5; i++)
        assert_is(write_checked(v, w, &written), STATUS_IS_GONE);
    assert_is(bufv_write_some(v, w, &written), STATUS_IS_GONE);
    assert_is(bufv_send(v, p->near_end, &written), STATUS_IS_GONE);
    vec.iov_base = data;
    vec.iov_len = 1;
    assert_is(bufv_sendv(p->near_end, &vec, 1, NULL), STATUS_IS_GONE);
    ck_assert(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
}
END_TEST

/* The same on AF_UNIX streams. */
START_TEST(posix__no_sigpipe_on_unix)
{
    peer_t *p = unix_pair(SOCK_STREAM);
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_of((const char *const[]){"a", "b", NULL});
    apr_uint64_t written;

    sigpipe_at_default();
    close(fd_of(p->far_end));
    assert_is(write_checked(v, w, &written), STATUS_IS_GONE);
    ck_assert_uint_eq(written, 0);
}
END_TEST

/* And on pipes, with a file range too. */
START_TEST(posix__no_sigpipe_on_pipes)
{
    apr_file_t *in, *out;
    bufv_writer_t *w;
    bufv_t *v = list_of((const char *const[]){"a", "b", NULL});
    apr_uint64_t written;
    sigset_t pending;

    sigpipe_at_default();
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_file_close(in));
    assert_ok(bufv_writer_file(&w, out, pool));
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(written, 0);
    ck_assert_int_eq(sigpending(&pending), 0);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
}
END_TEST

/* Whether this thread has SIGPIPE blocked. */
static int sigpipe_is_blocked(void)
{
    sigset_t now;

    sigemptyset(&now);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    return sigismember(&now, SIGPIPE);
}

/* SIGPIPE is blocked no longer than a write takes: of chunks and of a file's
 * part, to a socket and to a pipe. */
START_TEST(posix__signal_mask_is_kept)
{
    peer_t *p = peer_new();
    apr_file_t *file, *in, *out;
    bufv_t *v = list_new();
    apr_uint64_t written;
    bufv_writer_t *w;
    int i;

    assert_ok(apr_file_open(&file, "/dev/zero", APR_FOPEN_READ, 0, pool));
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    for (i = 0; i < 2; i++) {
        if (i == 0)
            w = peer_writer(p);
        else
            assert_ok(bufv_writer_file(&w, out, pool));
        assert_ok(bufv_append(v, "header", 6));
        assert_ok(bufv_append_file(v, file, 0, 100));
        assert_ok(write_checked(v, w, &written));
        ck_assert_uint_eq(written, 106);
        ck_assert_int_eq(sigpipe_is_blocked(), 0);
    }
}
END_TEST

/* A range is read past the file's position, which its owner may be using. */
START_TEST(posix__reading_a_range_moves_nothing)
{
    char *name = apr_pstrdup(pool, "/tmp/bufv-range-XXXXXX");
    bufv_t *v = list_new();
    apr_uint64_t written;
    apr_os_file_t fd;
    apr_file_t *file;
    scripted_t *s;

    assert_ok(apr_file_mktemp(&file, name, 0, pool));
    assert_ok(apr_file_write_full(file, "0123456789", 10, NULL));
    assert_ok(apr_os_file_get(&fd, file));
    ck_assert_int_eq((int)lseek(fd, 7, SEEK_SET), 7);
    assert_ok(bufv_append_file(v, file, 2, 4));
    s = scripted_for(v);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, "2345", 4);
    ck_assert_int_eq((int)lseek(fd, 0, SEEK_CUR), 7);
}
END_TEST

/* A SIGPIPE that was blocked and pending before is still so afterwards. */
START_TEST(posix__pending_sigpipe_stays)
{
    ends_t e;
    bufv_writer_t *w;
    bufv_t *v = list_of((const char *const[]){"a", NULL});
    sigset_t set, was, pending;
    apr_uint64_t written;

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &set, &was), 0);
    ck_assert_int_eq(raise(SIGPIPE), 0);
    ends_open(&e, _i ? ENDS_FIFO : ENDS_PIPE);
    close(e.far_end);
    w = ends_writer(&e);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EPIPE);
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 1);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    signal(SIGPIPE, SIG_DFL);
}
END_TEST

/* ---- signals */

static volatile sig_atomic_t ticks;

static void tick(int signal_number)
{
    (void)signal_number;
    ticks++;
}

/* Begins to read in a thread that the storm passes by. */
static void start_in_the_lee(peer_t *p)
{
    sigset_t set, was;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, &was);
    peer_start(p);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* A signal every `usec` microseconds, which interrupts calls; 0 ends it. */
static void ticking_storm(suseconds_t usec)
{
    struct itimerval timer;
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = tick;
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    memset(&timer, 0, sizeof(timer));
    timer.it_interval.tv_usec = usec;
    timer.it_value.tv_usec = usec;
    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static const apr_interval_time_t stormy[] = {-1, 20000000};

/* Under a storm of signals all 16 MiB leave, in order, whatever the socket's
 * timeout. */
START_TEST(posix__signals_are_invisible)
{
    unsigned char *data = bytes_new(BIG, 49);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 256, BIG / 256, BIG / 256);
    apr_uint64_t written;
    apr_status_t status;

    p->expect = data;
    p->period = BIG;
    p->piece = 30000;
    p->pause = 200;
    assert_ok(apr_socket_timeout_set(p->near_end, stormy[_i]));
    start_in_the_lee(p);
    ticking_storm(1000);
    status = bufv_write(v, w, &written);
    ticking_storm(0);
    assert_ok(status);
    ck_assert_uint_eq(written, BIG);
    peer_finish(p);
    peer_assert_length(p, BIG);
    ck_assert_int_gt(ticks, 0);
}
END_TEST

/* Signals do not stretch a timeout (each one restarts APR's own). */
START_TEST(posix__signals_do_not_stretch_timeouts)
{
    unsigned char *data = bytes_new(BIG, 50);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    apr_time_t start;
    apr_uint64_t written;
    apr_status_t status;

    assert_ok(apr_socket_timeout_set(p->near_end, _i == 0 ? 500000 : -1));
    start = apr_time_now();
    if (_i == 1)
        bufv_writer_deadline_set(w, start + 500000);
    ticking_storm(10000);
    status = bufv_write(v, w, &written);
    ticking_storm(0);
    assert_is(status, APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(written + bufv_length(v), BIG);
    ck_assert_int_ge(apr_time_now() - start, 480000);
    ck_assert_int_lt(apr_time_now() - start, 10000000);
}
END_TEST

/* ---- descriptors */

/* The descriptor's flags are after a write as they were before, whatever its
 * outcome. */
START_TEST(posix__flags_are_kept)
{
    unsigned char *data = bytes_new(BIG, 51);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 1, BIG, 0);
    apr_uint64_t written;
    int flags;

    assert_ok(apr_socket_timeout_set(p->near_end, _i == 0 ? -1 : 100000));
    flags = fcntl(fd_of(p->near_end), F_GETFL);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_int_eq(fcntl(fd_of(p->near_end), F_GETFL), flags);
    bufv_writer_deadline_set(w, apr_time_now() + 100000);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(fcntl(fd_of(p->near_end), F_GETFL), flags);
}
END_TEST

/* A descriptor that was non-blocking before APR wrapped it, and whose APR
 * timeout says "blocking": would-block is waited for. */
START_TEST(posix__wrapped_non_blocking)
{
    unsigned char *data = bytes_new(BIG, 52);
    peer_t *p = unix_pair(SOCK_STREAM);
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 100, BIG / 100, BIG / 100);
    const apr_uint64_t total = bufv_length(v);
    int fd = fd_of(p->near_end);
    apr_uint64_t written;

    ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
    p->expect = data;
    p->period = BIG;
    p->piece = 60000;
    p->pause = 100;
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, total);
    shutdown(fd, SHUT_WR);
    peer_finish(p);
    peer_assert_length(p, total);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

/* No descriptor is left open by writers and sends. */
START_TEST(posix__no_descriptor_is_left)
{
    peer_t *p = peer_new();
    int before = dup(0);
    int after, i;

    close(before);
    peer_start(p);
    for (i = 0; i < 100; i++) {
        bufv_t *v = list_of((const char *const[]){"a", "b", NULL});

        assert_ok(bufv_send(v, p->near_end, NULL));
        assert_ok(bufv_append(v, "c", 1));
        assert_ok(bufv_write(v, peer_writer(p), NULL));
    }
    after = dup(0);
    close(after);
    ck_assert_int_eq(after, before);
    peer_finish(p);
    ck_assert_uint_eq(p->got_len, 300);
}
END_TEST

/* After a fork the child may destroy the list and the writer that it got,
 * locked or not, and releases what is in the list once; the parent's are as
 * they were. The child's end tells how it went. */
START_TEST(posix__a_child_may_destroy)
{
    static const char *const texts[] = {"ab", "", "cde", "f", NULL};
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, texts);
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written = 0;
    int status = -1;
    pid_t child;

    peer_start(p);
    assert_ok(bufv_consume(v, 1));
    if (_i == 1)
        assert_ok(bufv_writer_lock_enable(w));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bufv_destroy(v);
        bufv_writer_destroy(w);
        ends_child(j->releases != 4 || j->wrong != 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(bufv_length(v), 5);
    assert_ok(bufv_write(v, w, &written));
    ck_assert_uint_eq(written, 5);
    journal_assert(j, 4);
    peer_finish(p);
    peer_assert_got(p, "bcdef", 5);
}
END_TEST

/* A program that ends APR while a writer that has written is there, as one
 * does that calls exit(): the child's end tells how it went. */
START_TEST(posix__apr_ends_first)
{
    static const char *const texts[] = {"ab", "cde", NULL};
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_of(texts);
    apr_uint64_t written = 0;
    int status = -1;
    pid_t child;

    peer_start(p);
    assert_ok(bufv_write(v, w, &written));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        apr_terminate();
        ends_child(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    peer_finish(p);
    peer_assert_got(p, "abcde", 5);
}
END_TEST

/* How a child ends. */
enum { NOTHING_LEFT, SOMETHING_LEFT, NOTHING_KEPT, NOT_WRITTEN };

static long blocks_before;

/* Runs after what the library has registered since, and ends the child before
 * anything else runs. */
static void tell_blocks_left(void)
{
    ends_child(alloc_blocks() == blocks_before ? NOTHING_LEFT
                                               : SOMETHING_LEFT);
}

/* What a longer batch is copied to is kept for the next one. It goes when the
 * program ends, as it does when the library is unloaded. */
START_TEST(posix__scratch_memory_goes_at_the_end)
{
    bufv_t *v = list_cut(bytes_new(40000, 54), 1000, 20, 40);
    scripted_t *s = scripted_new(pool);
    int status = -1;
    pid_t child;

    s->discard = 1;
    scripted_open(s);
    bufv_writer_copy_below_set(s->w, 512);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        blocks_before = alloc_blocks();
        if (atexit(tell_blocks_left) != 0 ||
            bufv_write(v, s->w, NULL) != APR_SUCCESS)
            ends_child(NOT_WRITTEN);
        if (alloc_blocks() == blocks_before)
            ends_child(NOTHING_KEPT);
        exit(NOT_WRITTEN); /* unless tell_blocks_left() runs */
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOTHING_KEPT)
        skip("posix__scratch_memory_goes_at_the_end",
             "no memory is kept here, or none is seen");
    else
        ck_assert_int_eq(WEXITSTATUS(status), NOTHING_LEFT);
}
END_TEST

/* ---- AF_UNIX, every type */

/* A stream pair: all bytes, with waits. */
START_TEST(posix__unix_stream)
{
    unsigned char *data = bytes_new(BIG, 53);
    peer_t *p = unix_pair(SOCK_STREAM);
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 1024, BIG / 1024, BIG / 1024);
    apr_uint64_t written;

    assert_ok(apr_socket_timeout_set(p->near_end, GENEROUS));
    p->expect = data;
    p->period = BIG;
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    shutdown(fd_of(p->near_end), SHUT_WR);
    peer_finish(p);
    peer_assert_length(p, BIG);
}
END_TEST

/* The names of its ends: "@" is an end without one. */
START_TEST(posix__unix_names)
{
    const char *path = apr_psprintf(pool, "/tmp/bufv-unix-%d", (int)getpid());
    struct sockaddr_un at;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    bufv_writer_t *w;
    char text[200];

    bufv_writer_strerror(peer_writer(unix_pair(SOCK_STREAM)), text,
                         sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " unix @->@"));
    bufv_writer_strerror(peer_writer(unix_pair(SOCK_DGRAM)), text,
                         sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " unixgram @->@"));
    memset(&at, 0, sizeof(at));
    at.sun_family = AF_UNIX;
    apr_cpystrn(at.sun_path, path, sizeof(at.sun_path));
    unlink(path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    unlink(path);
    assert_ok(bufv_writer_socket(&w, wrapped(fd), pool));
    bufv_writer_strerror(w, text, sizeof(text));
    ck_assert_ptr_nonnull(
        strstr(text, apr_psprintf(pool, " unixgram %s->%s", path, path)));
    close(fd);
}
END_TEST

/* What is no socket is told when the writer is created, and gets no byte by
 * other means. */
START_TEST(posix__not_a_socket)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_writer_t *w = (bufv_writer_t *)pool;
    struct iovec vec = {(void *)(size_t) "abc", 3};
    apr_uint64_t written = 9;
    apr_size_t len = 9;
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    assert_is(bufv_writer_socket(&w, wrapped(ends[1]), pool),
              APR_STATUS_IS_ENOTSOCK);
    ck_assert_ptr_null(w);
    assert_is(bufv_send(v, wrapped(ends[1]), &written),
              APR_STATUS_IS_ENOTSOCK);
    ck_assert_uint_eq(written, 0);
    assert_text(v, "abc");
    assert_is(bufv_sendv(wrapped(ends[1]), &vec, 1, &len),
              APR_STATUS_IS_ENOTSOCK);
    ck_assert_uint_eq(len, 0);
    close(ends[1]);
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 0);
    close(ends[0]);
}
END_TEST

#ifdef SOCK_SEQPACKET
static const int message_types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
#else
static const int message_types[] = {SOCK_DGRAM};
#endif

/* On datagram and seqpacket pairs each list is one message, also one of more
 * chunks than a call takes. */
START_TEST(posix__unix_messages)
{
    static const apr_size_t chunks[] = {1, 2, 1024, 1025, 1500, 3000};
    const unsigned char *data = bytes_new(60000, 54);
    unsigned char *got = apr_palloc(pool, 70000);
    peer_t *p = unix_pair(message_types[_i]);
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;
    ssize_t len;
    size_t i;

    for (i = 0; i < COUNT(chunks); i++) {
        bufv_t *v = list_cut(data, chunks[i], 20, 20);

        assert_ok(write_checked(v, w, &written));
        ck_assert_uint_eq(report_of(w).calls, 1);
        len = recv(fd_of(p->far_end), got, 70000, 0);
        ck_assert_int_eq(len, (ssize_t)(chunks[i] * 20));
        ck_assert_mem_eq(got, data, (size_t)len);
    }
}
END_TEST

/* A message that does not fit: refused, and nothing arrives. */
START_TEST(posix__unix_message_too_big)
{
    unsigned char *data = bytes_new(BIG, 55);
    peer_t *p = unix_pair(message_types[_i]);
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    apr_uint64_t written;
    char byte;

    assert_is(write_checked(v, w, &written), STATUS_IS_TOO_BIG);
    ck_assert_uint_eq(written, 0);
    ck_assert_int_eq(recv(fd_of(p->far_end), &byte, 1, MSG_DONTWAIT), -1);
}
END_TEST

/* ---- one 4 GiB */

/* A single chunk over 4 GiB, of zero pages, leaves whole. */
START_TEST(posix__one_chunk_over_4_gib)
{
    static const unsigned char zeros[65536];
    const apr_uint64_t len = APR_UINT64_C(0x100000000) + 12345;
    peer_t *p;
    bufv_writer_t *w;
    bufv_t *v;
    void *data;
    apr_uint64_t written;

    if (env_is_set("BUFV_TEST_SKIP_HUGE") || sizeof(apr_size_t) < 8) {
        skip("posix__one_chunk_over_4_gib",
             "BUFV_TEST_SKIP_HUGE is set, or 32 bits");
        return;
    }
    data = mmap(NULL, (size_t)len, PROT_READ,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) {
        skip("posix__one_chunk_over_4_gib", "no address space");
        return;
    }
    p = peer_new();
    w = peer_writer(p);
    v = list_new();
    p->expect = zeros;
    p->period = sizeof(zeros);
    assert_ok(bufv_append(v, data, (apr_size_t)len));
    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, len);
    peer_finish(p);
    peer_assert_length(p, len);
    munmap(data, (size_t)len);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, posix__no_sigpipe_on_tcp);
    tcase_add_test(tc, posix__no_sigpipe_on_unix);
    tcase_add_test(tc, posix__no_sigpipe_on_pipes);
    tcase_add_test(tc, posix__signal_mask_is_kept);
    tcase_add_test(tc, posix__reading_a_range_moves_nothing);
    tcase_add_loop_test(tc, posix__pending_sigpipe_stays, 0, 2);
    tcase_add_loop_test(tc, posix__signals_are_invisible, 0, 2);
    tcase_add_loop_test(tc, posix__signals_do_not_stretch_timeouts, 0, 2);
    tcase_add_loop_test(tc, posix__flags_are_kept, 0, 2);
    tcase_add_test(tc, posix__wrapped_non_blocking);
    tcase_add_test(tc, posix__no_descriptor_is_left);
    tcase_add_loop_test(tc, posix__a_child_may_destroy, 0, 2);
    tcase_add_test(tc, posix__apr_ends_first);
    tcase_add_test(tc, posix__scratch_memory_goes_at_the_end);
    tcase_add_test(tc, posix__unix_stream);
    tcase_add_test(tc, posix__unix_names);
    tcase_add_test(tc, posix__not_a_socket);
    tcase_add_loop_test(tc, posix__unix_messages, 0,
                        (int)COUNT(message_types));
    tcase_add_loop_test(tc, posix__unix_message_too_big, 0,
                        (int)COUNT(message_types));
    tcase_add_test(tc, posix__one_chunk_over_4_gib);
}

const topic_t topic_posix = {"posix", add_tests};
