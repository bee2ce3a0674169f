/* SPDX-License-Identifier: Apache-2.0 */

/* Descriptors that several share, and that become something else: standard
 * output and standard error are one pipe, a log is opened anew, a hook closes
 * what is written to. */

#include "unix/unix.h"

#include "ends.h"
#include "peer.h"

#include <apr_portable.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Far more than a pipe or a socket takes. */
#define MUCH ((apr_size_t)8 * 1024 * 1024)

/* A limit that is met, and what nothing here takes. */
#define SHORT apr_time_from_msec(200)
#define GENEROUS apr_time_from_sec(20)

/* ---- what is written to */

typedef enum kind_t { PIPE, FIFO, SOCKET, KINDS } kind_t;

/* Two ends that block; [1] is for writing. */
static void make(kind_t kind, int ends[2])
{
    char *path;

    if (kind == PIPE) {
        ck_assert_int_eq(pipe(ends), 0);
        return;
    }
    if (kind == SOCKET) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        return;
    }
    path = apr_psprintf(pool, "/tmp/bufv-fifo-%ld", (long)getpid());
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ends[0] = open(path, O_RDONLY | O_NONBLOCK);
    ends[1] = open(path, O_WRONLY);
    unlink(path);
    ck_assert(ends[0] >= 0 && ends[1] >= 0);
    fcntl(ends[0], F_SETFL, 0);
}

static apr_file_t *file_of(int fd, apr_pool_t *p)
{
    apr_file_t *file = NULL;

    assert_ok(apr_os_file_put(&file, &fd, APR_FOPEN_WRITE, p));
    return file;
}

static bufv_writer_t *writer_of(apr_file_t *file, apr_pool_t *p)
{
    bufv_writer_t *w;

    assert_ok(bufv_writer_file(&w, file, p));
    return w;
}

static int blocks(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

/* ---- one writes through APR's buffer, the other does not */

#define LINE ((apr_size_t)1000)
#define LINES 19 /* that APR buffers before each list */
#define BUFFER ((apr_size_t)20000)
#define LISTS 100

typedef struct side_t {
    int fd;
    int buffered;
    apr_size_t rounds;
    char letter;
    pthread_t thread;
} side_t;

static void *write_side(void *baton)
{
    side_t *s = baton;
    apr_pool_t *p;
    apr_file_t *file;
    bufv_writer_t *w;
    bufv_t *v;
    char line[LINE];
    apr_size_t i, k, n;
    apr_status_t status;

    assert_ok(apr_pool_create(&p, NULL));
    memset(line, s->letter, sizeof(line));
    file = file_of(s->fd, p);
    if (s->buffered)
        assert_ok(apr_file_buffer_set(file, apr_palloc(p, BUFFER), BUFFER));
    w = writer_of(file, p);
    assert_ok(bufv_create(&v, p));
    for (i = 0; i < s->rounds; i++) {
        for (k = 0; s->buffered && k < LINES; k++) {
            n = LINE;
            assert_ok(apr_file_write(file, line, &n));
        }
        assert_ok(bufv_append(v, line, LINE));
        do /* as often as can be: each attempt may want the mode */
            status = bufv_write_some(v, w, NULL);
        while (APR_STATUS_IS_EAGAIN(status));
        assert_ok(status);
    }
    apr_pool_destroy(p);
    return NULL;
}

/* A flush of APR's on a descriptor that does not block sends a part twice. So
 * the other thread does not get the mode while one flushes, and neither is
 * kept waiting for good: the reader gets each byte once. */
START_TEST(shared__a_buffer_and_none)
{
    side_t one = {0}, two = {0};
    apr_size_t came[2] = {0, 0};
    char got[3000];
    ssize_t n, i;
    int ends[2];

    net_pardon(); /* it would take the other thread's loan for the mode */
    make((kind_t)_i, ends);
    one.fd = ends[1];
    two.fd = dup(ends[1]);
    one.buffered = 1;
    one.rounds = LISTS;
    two.rounds = (apr_size_t)LISTS * (LINES + 1);
    one.letter = 'a';
    two.letter = 'b';
    ck_assert_int_eq(pthread_create(&one.thread, NULL, write_side, &one), 0);
    ck_assert_int_eq(pthread_create(&two.thread, NULL, write_side, &two), 0);
    while (came[0] < two.rounds * LINE || came[1] < two.rounds * LINE) {
        n = read(ends[0], got, sizeof(got));
        ck_assert_int_gt(n, 0);
        for (i = 0; i < n; i++)
            came[got[i] == 'b']++;
    }
    pthread_join(one.thread, NULL);
    pthread_join(two.thread, NULL);
    ck_assert(blocks(ends[1]));
    close(ends[1]);
    close(two.fd);
    ck_assert_int_eq(read(ends[0], got, sizeof(got)), 0);
    ck_assert_uint_eq(came[0], two.rounds * LINE);
    ck_assert_uint_eq(came[1], two.rounds * LINE);
    close(ends[0]);
}
END_TEST

/* The same, at a time of our own: while the mode of a FIFO is another
 * thread's, an attempt that would have to change it is none, whatever
 * descriptor it has. */
START_TEST(shared__the_mode_is_taken)
{
    bufv_t *v = list_new();
    bufv__loan_t loan;
    bufv_writer_t *w;
    char got[10];
    int ends[2], other;

    make(FIFO, ends);
    other = dup(ends[1]);
    w = writer_of(file_of(other, pool), pool);
    assert_ok(bufv__loan_take_blocking(&loan, ends[1]));
    assert_ok(bufv_append(v, "later", 5));
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    bufv_writer_stall_set(w, SHORT);
    assert_is(bufv_write(v, w, NULL), APR_STATUS_IS_TIMEUP);
    bufv__loan_return(&loan);
    assert_ok(bufv_write(v, w, NULL));
    ck_assert_int_eq(read(ends[0], got, sizeof(got)), 5);
    close(ends[0]);
    close(ends[1]);
    close(other);
}
END_TEST

/* Two modes are taken, and each is given back by itself: whoever writes to
 * something else is not kept from it. */
START_TEST(shared__modes_are_taken_one_by_one)
{
    bufv__loan_t loans[2];
    bufv_writer_t *w[3];
    bufv_t *v = list_new();
    int ends[3][2], i;

    for (i = 0; i < 3; i++) {
        make(FIFO, ends[i]);
        w[i] = writer_of(file_of(ends[i][1], pool), pool);
    }
    assert_ok(bufv__loan_take_blocking(&loans[0], ends[0][1]));
    assert_ok(bufv__loan_take_blocking(&loans[1], ends[1][1]));
    assert_ok(bufv_append(v, "abc", 3));
    assert_is(bufv_write_some(v, w[0], NULL), APR_STATUS_IS_EAGAIN);
    assert_is(bufv_write_some(v, w[1], NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_write_some(v, w[2], NULL));
    bufv__loan_return(&loans[0]);
    assert_ok(bufv_append(v, "abc", 3));
    assert_is(bufv_write_some(v, w[1], NULL), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv_write_some(v, w[0], NULL));
    bufv__loan_return(&loans[1]);
    assert_ok(bufv_append(v, "abc", 3));
    assert_ok(bufv_write_some(v, w[1], NULL));
    for (i = 0; i < 3; i++) {
        ck_assert(blocks(ends[i][1]));
        close(ends[i][0]);
        close(ends[i][1]);
    }
}
END_TEST

/* Finds two directories of different file systems that have one number. */
static int find_twins(int fds[2])
{
    static const char *const paths[] = {"/proc", "/sys", "/dev", "/dev/pts",
                                        "/dev/shm"};
    struct stat of[COUNT(paths)];
    size_t i, k;

    for (i = 0; i < COUNT(paths); i++) {
        if (stat(paths[i], &of[i]) != 0)
            memset(&of[i], 0, sizeof(of[i]));
        for (k = 0; k < i; k++) {
            if (of[i].st_ino == 0 || of[i].st_ino != of[k].st_ino ||
                of[i].st_dev == of[k].st_dev)
                continue;
            fds[0] = open(paths[k], O_RDONLY);
            fds[1] = open(paths[i], O_RDONLY);
            return fds[0] >= 0 && fds[1] >= 0;
        }
    }
    return 0;
}

/* The number of a file is its own on its file system alone. What is no file
 * any more has no mode that could be taken, and that is told. */
START_TEST(shared__modes_of_equal_numbers)
{
    bufv__loan_t one, other;
    int fds[2];

    assert_is(bufv__loan_take(&one, -1, NULL, BUFV__LONG),
              APR_STATUS_IS_EBADF);
    assert_is(bufv__loan_take_blocking(&one, -1), APR_STATUS_IS_EBADF);
    bufv__loan_return(&one);
    if (!find_twins(fds)) {
        skip("shared__modes_of_equal_numbers", "no two here have one number");
        return;
    }
    assert_ok(bufv__loan_take_blocking(&one, fds[0]));
    assert_is(bufv__loan_take_blocking(&other, -1), APR_STATUS_IS_EBADF);
    assert_is(bufv__loan_take_blocking(&other, fds[0]), APR_STATUS_IS_EAGAIN);
    assert_ok(bufv__loan_take_blocking(&other, fds[1]));
    bufv__loan_return(&one);
    bufv__loan_return(&other);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

/* A child of fork() has the modes that its parent took for no longer than the
 * child's own calls; what the parent still uses it does not give back. */
START_TEST(shared__the_mode_is_taken_in_a_child)
{
    bufv__loan_t loan, other;
    int ends[2], status = -1, taken;
    pid_t child;

    make(FIFO, ends);
    assert_ok(bufv__loan_take_blocking(&loan, ends[1]));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        taken = bufv__loan_take(&other, ends[1], NULL, BUFV__SHORT);
        if (taken == APR_SUCCESS)
            bufv__loan_return(&other);
        bufv__loan_return(&loan);
        ends_child(taken != APR_SUCCESS || !blocks(ends[1]));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    assert_is(bufv__loan_take_blocking(&other, ends[1]), APR_STATUS_IS_EAGAIN);
    bufv__loan_return(&loan);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Whatever an attempt needs the mode of a socket for, it is none meanwhile: a
 * file that is sent, or a message where the call cannot be told not to wait.
 * Where nothing is borrowed nobody is kept waiting. */
START_TEST(shared__the_mode_of_a_socket_is_taken)
{
    int unix_sends = strcmp(test_backend, "unix") == 0;
    peer_t *p = _i ? peer_datagram() : peer_new();
    bufv_t *v = list_new();
    int refused = unix_sends ? !_i && bufv_socket_ops()->sendfile != NULL : _i;
    apr_uint64_t written = 9;
    bufv__loan_t loan;
    bufv_writer_t *w;
    apr_os_sock_t fd;
    char got[10];
    apr_size_t len = sizeof(got);

    assert_ok(apr_os_sock_get(&fd, p->near_end));
    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    bufv_writer_sendfile_from_set(w, 0);
    if (_i)
        assert_ok(bufv_append(v, "later", 5));
    else
        assert_ok(bufv_append_file(v, file_text("later"), 0, 5));
    net_pardon(); /* it would find the mode as it is taken here */
    assert_ok(bufv__loan_take_blocking(&loan, fd));
    if (refused) {
        assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
        ck_assert_uint_eq(written, 0);
        ck_assert_uint_eq(bufv_length(v), 5);
    }
    else
        assert_ok(bufv_write_some(v, w, NULL));
    bufv__loan_return(&loan);
    assert_ok(bufv_write(v, w, NULL));
    assert_ok(apr_socket_recv(p->far_end, got, &len));
    ck_assert_uint_eq(len, 5);
    ck_assert_mem_eq(got, "later", 5);
}
END_TEST

/* ---- it becomes something else */

/* Writes much, by both calls, to what nobody reads. */
static void assert_does_not_wait(bufv_writer_t *w)
{
    bufv_t *v = list_new();
    apr_time_t began = apr_time_now();

    assert_ok(bufv_append(v, bytes_new(MUCH, 5), MUCH));
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    bufv_writer_stall_set(w, SHORT);
    assert_is(bufv_write(v, w, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_lt(apr_time_now() - began, GENEROUS / 4);
}

/* apr_file_dup2() makes a pipe, a FIFO or a socket of the regular file that a
 * writer has: from then on it can be full. And a regular file of it again. */
START_TEST(shared__becomes_something_else)
{
    apr_file_t *file = NULL, *other;
    bufv_t *v = list_new();
    bufv_writer_t *w;
    int ends[2];

    assert_ok(apr_file_mktemp(&file, apr_pstrdup(pool, "/tmp/bufv-XXXXXX"), 0,
                              pool));
    other = file_of(dup(0), pool);
    assert_ok(apr_file_dup2(other, file, pool));
    w = writer_of(other, pool);
    assert_ok(bufv_append(v, "regular", 7));
    assert_ok(bufv_write(v, w, NULL));
    make((kind_t)_i, ends);
    assert_ok(apr_file_dup2(other, file_of(ends[1], pool), pool));
    assert_does_not_wait(w);
    assert_ok(apr_file_dup2(other, file, pool));
    assert_ok(bufv_append(v, bytes_new(MUCH, 5), MUCH));
    assert_ok(bufv_write(v, w, NULL));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- it is closed */

static apr_socket_t *hooked_socket;
static apr_file_t *hooked_file;

static void close_it(void *baton, const bufv_call_t *call)
{
    (void)baton;
    if (!APR_STATUS_IS_EAGAIN(call->status))
        return;
    if (hooked_socket != NULL)
        apr_socket_close(hooked_socket);
    if (hooked_file != NULL)
        apr_file_close(hooked_file);
    hooked_socket = NULL;
    hooked_file = NULL;
}

/* A hook closes what is written to when it is full. Nothing will make it
 * writable again: the write is an error, and does not wait for ever. */
START_TEST(shared__closed_in_a_hook)
{
    bufv_t *v = list_new();
    bufv_writer_t *w;
    int ends[2];

    make((kind_t)_i, ends);
    if (_i == SOCKET) {
        hooked_socket = NULL;
        assert_ok(apr_os_sock_put(&hooked_socket, &ends[1], pool));
        assert_ok(bufv_writer_socket(&w, hooked_socket, pool));
    }
    else {
        hooked_file = file_of(ends[1], pool);
        w = writer_of(hooked_file, pool);
    }
    bufv_writer_hook_set(w, close_it, NULL);
    assert_ok(bufv_append(v, bytes_new(MUCH, 5), MUCH));
    ck_assert_int_eq(bufv_write(v, w, NULL), EBADF);
    close(ends[0]);
}
END_TEST

/* ---- it is a message socket */

/* A list that is written to a datagram socket as to a file is one message,
 * also of more chunks than one attempt takes; one that is too long is none. */
START_TEST(shared__a_datagram_socket_as_a_file)
{
    const unsigned char *data = bytes_new(MUCH, 6);
    bufv_t *v = list_new();
    unsigned char got[8000];
    bufv_writer_t *w;
    int ends[2], i;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    w = writer_of(file_of(ends[1], pool), pool);
    if (_i)
        bufv_writer_copy_below_set(w, 0);
    for (i = 0; i < 2000; i++)
        assert_ok(bufv_append(v, data + 3 * i, 2));
    assert_ok(bufv_write(v, w, NULL));
    ck_assert_int_eq(recv(ends[0], got, sizeof(got), MSG_DONTWAIT), 4000);
    for (i = 0; i < 2000; i++)
        ck_assert_mem_eq(got + 2 * i, data + 3 * i, 2);
    assert_ok(bufv_append(v, data, MUCH));
    assert_is(bufv_write(v, w, NULL), STATUS_IS_TOO_BIG);
    ck_assert_uint_eq(bufv_length(v), MUCH);
    ck_assert_int_lt(recv(ends[0], got, sizeof(got), MSG_DONTWAIT), 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* A writer of a pipe that became a message socket: a list that does not leave
 * in one attempt would be several messages there, and is none. One that does
 * is one. */
START_TEST(shared__becomes_a_message_socket)
{
    apr_file_t *file;
    bufv_t *v = list_of((const char *const[]){"ab", "cd", "ef", NULL});
    bufv_writer_t *w;
    int ends[2], messages[2];
    char got[10];

    make(PIPE, ends);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, messages), 0);
    file = file_of(ends[1], pool);
    w = writer_of(file, pool);
    bufv_writer_limits_set(w, 1, 0);
    bufv_writer_copy_below_set(w, 0);
    assert_ok(apr_file_dup2(file, file_of(messages[1], pool), pool));
    assert_is(bufv_write(v, w, NULL), APR_STATUS_IS_EINVAL);
    assert_text(v, "abcdef");
    ck_assert_int_lt(recv(messages[0], got, sizeof(got), MSG_DONTWAIT), 0);
    assert_ok(bufv_consume(v, 4));
    assert_ok(bufv_write(v, w, NULL));
    ck_assert_int_eq(recv(messages[0], got, sizeof(got), MSG_DONTWAIT), 2);
    ck_assert_mem_eq(got, "ef", 2);
    close(ends[0]);
    close(ends[1]);
    close(messages[0]);
    close(messages[1]);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, shared__a_buffer_and_none, 0, KINDS);
    tcase_add_test(tc, shared__the_mode_is_taken);
    tcase_add_loop_test(tc, shared__becomes_something_else, 0, KINDS);
    tcase_add_loop_test(tc, shared__closed_in_a_hook, 0, KINDS);
    tcase_add_loop_test(tc, shared__a_datagram_socket_as_a_file, 0, 2);
    tcase_add_test(tc, shared__modes_are_taken_one_by_one);
    tcase_add_test(tc, shared__modes_of_equal_numbers);
    tcase_add_test(tc, shared__the_mode_is_taken_in_a_child);
    tcase_add_loop_test(tc, shared__the_mode_of_a_socket_is_taken, 0, 2);
    tcase_add_test(tc, shared__becomes_a_message_socket);
}

const topic_t topic_shared = {"shared", add_tests};
