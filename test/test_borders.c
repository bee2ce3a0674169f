/* SPDX-License-Identifier: Apache-2.0 */

/* At the borders: descriptors that others use as well, buffers of APR's, full
 * disks, closed and changed descriptors, children (promises 8, 8a, 12a, 15).
 * Nothing is repeated, nothing left behind, nobody kept waiting. */

#include "ends.h"
#include "scripted.h"

#include <apr_atomic.h>
#include <apr_portable.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Far more than anything here takes. */
#define GENEROUS apr_time_from_sec(30)

/* A limit, and what it may be late on a busy machine. */
#define LIMIT apr_time_from_msec(200)
#define LATE apr_time_from_sec(10)

static bufv_t *list_text(const char *text)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, text, strlen(text)));
    return v;
}

/* Far more than fits anywhere. */
#define BIG ((apr_size_t)16 << 20)

static bufv_t *big_list(void)
{
    return list_cut(bytes_new(BIG, 150), 16, BIG / 16, BIG / 16);
}

/* ---- 3: two writers on one description */

typedef struct writer_thread_t {
    bufv_writer_t *w;
    int byte;       /* its own */
    int rounds;     /* of 5000 bytes */
    int keep_going; /* TIMEUP and EAGAIN are tried again */
    apr_interval_time_t within;
    apr_uint64_t written;
    apr_interval_time_t longest; /* call */
    apr_status_t status;
    pthread_t thread;
} writer_thread_t;

static apr_status_t write_on(writer_thread_t *t, bufv_t *v)
{
    bufv_terms_t terms = terms_of(1, t->within, 0);
    bufv_report_t report = {sizeof(report), 0, 0, 0, 0, 0, 0, 0};
    apr_time_t start = apr_time_now();
    apr_status_t status = bufv_write_with(v, t->w, &terms, &report);

    start = apr_time_now() - start;
    t->longest = start > t->longest ? start : t->longest;
    t->written += report.written;
    return status;
}

/* Assertions would jump out of the wrong thread: the status tells. */
static void *write_rounds(void *baton)
{
    writer_thread_t *t = baton;
    char bytes[5000];
    bufv_t *v = NULL;

    memset(bytes, t->byte, sizeof(bytes));
    t->status = bufv_create(&v, NULL);
    for (; t->status == APR_SUCCESS && t->rounds > 0; t->rounds--) {
        bufv_append(v, bytes, 1000);
        bufv_append(v, bytes, 4000);
        do
            t->status = write_on(t, v);
        while (t->keep_going && t->status == APR_TIMEUP);
    }
    bufv_destroy(v);
    return NULL;
}

static void start_writing(writer_thread_t *t)
{
    ck_assert_int_eq(pthread_create(&t->thread, NULL, write_rounds, t), 0);
}

/* The same description by another number, as standard output and standard
 * error often are. */
static ends_t twin_of(const ends_t *e)
{
    ends_t twin = *e;

    twin.near_end = dup(e->near_end);
    ck_assert_int_ge(twin.near_end, 0);
    return twin;
}

/* Two threads, each with a writer and a number of its own: each byte once,
 * though limits end calls all the time. */
START_TEST(borders__two_writers_share)
{
    writer_thread_t a = {0}, b = {0};
    taker_t t = {0};
    ends_t e, twin;

    net_pardon(); /* it would see the loans of the other thread */
    ends_open(&e, (ends_kind_t)_i);
    twin = twin_of(&e);
    a.w = ends_writer(&e);
    b.w = ends_writer(&twin);
    a.byte = 'a';
    b.byte = 'b';
    a.rounds = b.rounds = 100;
    a.keep_going = b.keep_going = 1;
    a.within = 1000;
    b.within = 1700;
    t.pause = 200;
    taker_start(&t, &e);
    start_writing(&a);
    start_writing(&b);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
    assert_ok(a.status);
    assert_ok(b.status);
    ck_assert(ends_blocks(&e));
    close(twin.near_end);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.of['a'], 500000);
    ck_assert_uint_eq(t.of['b'], 500000);
    ck_assert_uint_eq(t.got, a.written + b.written);
}
END_TEST

/* The reader has stopped: both limits hold, and the modes are the user's. */
START_TEST(borders__two_writers_wait)
{
    writer_thread_t a = {0}, b = {0};
    ends_t e, twin;

    net_pardon(); /* it would see the loans of the other thread */
    ends_open(&e, (ends_kind_t)_i);
    twin = twin_of(&e);
    a.w = ends_writer(&e);
    b.w = ends_writer(&twin);
    a.rounds = b.rounds = 10000;
    a.within = LIMIT;
    b.within = LIMIT + LIMIT / 2;
    start_writing(&a);
    start_writing(&b);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
    assert_is(a.status, APR_STATUS_IS_TIMEUP);
    assert_is(b.status, APR_STATUS_IS_TIMEUP);
    ck_assert_int_lt(a.longest, LATE);
    ck_assert_int_lt(b.longest, LATE);
    ck_assert(ends_blocks(&e));
}
END_TEST

/* One of them has a buffer of APR's, which is flushed while the other one
 * borrows what it needs: no byte of the buffer comes twice. */
typedef struct buffered_t {
    apr_file_t *file;
    bufv_writer_t *w;
    int rounds;
    apr_uint64_t buffered, written;
    apr_status_t status;
    pthread_t thread;
} buffered_t;

static void *write_buffered(void *baton)
{
    buffered_t *t = baton;
    char bytes[30000];
    apr_uint64_t n;
    bufv_t *v = NULL;

    memset(bytes, 'c', sizeof(bytes));
    t->status = bufv_create(&v, NULL);
    for (; t->status == APR_SUCCESS && t->rounds > 0; t->rounds--) {
        t->status = apr_file_write_full(t->file, bytes, sizeof(bytes), NULL);
        t->buffered += sizeof(bytes);
        bufv_append(v, "d", 1);
        if (t->status == APR_SUCCESS)
            t->status = bufv_write(v, t->w, &n);
        t->written += n;
    }
    bufv_destroy(v);
    return NULL;
}

START_TEST(borders__buffer_beside_a_writer)
{
    writer_thread_t a = {0};
    buffered_t b = {0};
    taker_t t = {0};
    ends_t e, twin;

    net_pardon(); /* it would see the loans of the other thread */
    ends_open(&e, (ends_kind_t)(ENDS_UNIX_AS_FILE + _i));
    twin = twin_of(&e);
    a.w = ends_writer(&e);
    a.byte = 'a';
    a.rounds = 200;
    a.keep_going = 1;
    a.within = 500;
    b.file = ends_file(&twin);
    assert_ok(apr_file_buffer_set(b.file, apr_palloc(pool, 65536), 65536));
    assert_ok(bufv_writer_file(&b.w, b.file, pool));
    b.rounds = 40;
    t.piece = 1000;
    t.pause = 20;
    taker_start(&t, &e);
    start_writing(&a);
    ck_assert_int_eq(pthread_create(&b.thread, NULL, write_buffered, &b), 0);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
    assert_ok(a.status);
    assert_ok(b.status);
    ck_assert(ends_blocks(&e));
    close(twin.near_end);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.of['a'], a.written);
    ck_assert_uint_eq(t.of['c'], b.buffered);
    ck_assert_uint_eq(t.of['d'], b.written);
}
END_TEST

/* ---- 1: APR's buffer, and disks that are full */

static apr_file_t *buffer_up(apr_file_t *file, apr_size_t size)
{
    assert_ok(apr_file_buffer_set(file, apr_palloc(pool, size), size));
    return file;
}

/* What was buffered comes first and once, whatever can be full, and however
 * often the write stops. The buffer is there afterwards. */
START_TEST(borders__buffer_to_what_is_slow)
{
    const apr_size_t buffered = 50000, total = 450000;
    const unsigned char *data = bytes_new(total, 151);
    taker_t t = {0};
    apr_file_t *file;
    bufv_writer_t *w;
    apr_status_t status;
    bufv_t *v;
    ends_t e;
    int stops = 0;

    ends_open(&e, (ends_kind_t)(ENDS_UNIX_AS_FILE + _i));
    file = buffer_up(ends_file(&e), 65536);
    assert_ok(bufv_writer_file(&w, file, pool));
    v = list_cut(data + buffered, 10, 40000, 40000);
    assert_ok(apr_file_write_full(file, data, buffered, NULL));
    t.expect = data;
    t.piece = 3000;
    t.pause = 300;
    taker_start(&t, &e);
    while ((status = bufv_write_some(v, w, NULL)) == APR_EAGAIN) {
        stops++;
        apr_sleep(1000);
    }
    assert_ok(status);
    ck_assert_int_gt(stops, 0);
    ck_assert_uint_eq(apr_file_buffer_size_get(file), 65536);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got, total);
    ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

/* A device that is full, behind a buffer: an error each time, nothing of the
 * list is counted, and nothing spins. */
START_TEST(borders__buffer_to_a_full_device)
{
    bufv_t *v = list_text("list");
    apr_file_t *file;
    bufv_writer_t *w;
    apr_uint64_t written;
    int i;

    if (apr_file_open(&file, "/dev/full", APR_FOPEN_WRITE, 0, pool) !=
        APR_SUCCESS) {
        skip("borders__buffer_to_a_full_device", "there is no /dev/full");
        return;
    }
    buffer_up(file, 4096);
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(apr_file_write_full(file, "buffered", 8, NULL));
    for (i = 0; i < 3; i++) {
        assert_is(write_checked(v, w, &written), APR_STATUS_IS_ENOSPC);
        ck_assert_uint_eq(written, 0);
        ck_assert_uint_le(report_of(w).calls, 2);
    }
    ck_assert_uint_eq(apr_file_buffer_size_get(file), 4096);
}
END_TEST

/* What the process is limited to by others stays the most. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Where what is written to a disk begins: the limit stands for other files of
 * the process as well, and its messages to check go to one that is short. */
#define DISK_BEGIN ((apr_off_t)1024 * 1024)

static void assert_file_is(const char *path, apr_off_t from,
                           const unsigned char *data, apr_size_t len)
{
    unsigned char *got = malloc(2 * len + 1);
    int fd = open(path, O_RDONLY);
    ssize_t n = pread(fd, got, 2 * len + 1, from);

    close(fd);
    ck_assert_int_eq(n, (ssize_t)len);
    ck_assert_mem_eq(got, data, len);
    free(got);
}

/* How the file was opened, what lies in its buffer before the list, and where
 * the limit is that stands for a full disk. */
static const struct {
    apr_int32_t flags;
    apr_size_t before;
    rlim_t limit;
} disks[] = {
    {0, 0, 10000},
    {APR_FOPEN_BUFFERED, 0, 10000},
    {APR_FOPEN_BUFFERED, 3000, 10000},
    {APR_FOPEN_BUFFERED, 3000, 2000},
    {APR_FOPEN_BUFFERED, 3000, 3000},
    {APR_FOPEN_BUFFERED, 3000, 0},
    {APR_FOPEN_APPEND, 0, 10000},
    {APR_FOPEN_APPEND | APR_FOPEN_BUFFERED, 0, 10000},
    {APR_FOPEN_BUFFERED | APR_FOPEN_XTHREAD, 3000, 10000},
    {0, 0, 0},
};

/* A disk that is full half-way, and has room later: what was counted is what
 * is there, and no byte is there twice. SIGXFSZ is the program's: ignored. */
START_TEST(borders__full_disk)
{
    const apr_size_t before = disks[_i].before, total = 40000;
    const unsigned char *data = bytes_new(total, 152);
    const char *path = apr_psprintf(pool, "/tmp/bufv-disk-%d", (int)getpid());
    bufv_t *v =
        list_cut(data + before, 4, (total - before) / 4, (total - before) / 4);
    apr_uint64_t written, sum = 0;
    bufv_writer_t *w;
    apr_file_t *file;
    struct stat st;
    int i;

    signal(SIGXFSZ, SIG_IGN);
    assert_ok(apr_file_open(&file, path,
                            APR_FOPEN_WRITE | APR_FOPEN_CREATE |
                                APR_FOPEN_TRUNCATE | disks[_i].flags,
                            APR_FPROT_OS_DEFAULT, pool));
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(apr_file_trunc(file, DISK_BEGIN));
    assert_ok(apr_file_write_full(file, data, before, NULL));
    limit_files(DISK_BEGIN + disks[_i].limit);
    for (i = 0; i < 3; i++) {
        ck_assert_int_ne(write_checked(v, w, &written), APR_SUCCESS);
        sum += written;
    }
    limit_files(RLIM_INFINITY);
    ck_assert_int_eq(stat(path, &st), 0);
    if (disks[_i].limit >= before)
        ck_assert_int_eq(DISK_BEGIN + (off_t)(sum + before), st.st_size);
    else
        ck_assert_uint_eq(sum, 0);
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(sum + written, total - before);
    assert_ok(apr_file_close(file));
    assert_file_is(path, DISK_BEGIN, data, total);
    unlink(path);
}
END_TEST

/* Two that append to one file: each attempt goes to its end, and both counts
 * are right. */
START_TEST(borders__two_append)
{
    const char *path =
        apr_psprintf(pool, "/tmp/bufv-append-%d", (int)getpid());
    writer_thread_t t[2];
    apr_file_t *file;
    ends_t e = {ENDS_PIPE, -1, -1};
    taker_t count = {0};
    int i;

    memset(t, 0, sizeof(t));
    for (i = 0; i < 2; i++) {
        assert_ok(apr_file_open(&file, path,
                                APR_FOPEN_WRITE | APR_FOPEN_CREATE |
                                    APR_FOPEN_APPEND |
                                    (_i == 1 ? APR_FOPEN_BUFFERED : 0),
                                APR_FPROT_OS_DEFAULT, pool));
        assert_ok(bufv_writer_file(&t[i].w, file, pool));
        t[i].byte = 'a' + i;
        t[i].rounds = 100;
    }
    start_writing(&t[0]);
    start_writing(&t[1]);
    for (i = 0; i < 2; i++) {
        pthread_join(t[i].thread, NULL);
        assert_ok(t[i].status);
    }
    e.far_end = open(path, O_RDONLY);
    taker_start(&count, &e);
    pthread_join(count.thread, NULL);
    unlink(path);
    ck_assert_uint_eq(count.of['a'], 500000);
    ck_assert_uint_eq(count.of['b'], 500000);
}
END_TEST

/* ---- 4: nobody is kept waiting */

/* By whom the descriptor was made not to block, or a timeout of the system's
 * that is not the library's. */
enum { BLOCKING, NONBLOCKING, SNDTIMEO, MODES };

static void set_mode(const ends_t *e, int mode)
{
    struct timeval long_one = {100, 0};

    if (mode == NONBLOCKING)
        ck_assert_int_eq(fcntl(e->near_end, F_SETFL, O_NONBLOCK), 0);
    if (mode == SNDTIMEO) /* of sockets; an error elsewhere */
        setsockopt(e->near_end, SOL_SOCKET, SO_SNDTIMEO, &long_one,
                   sizeof(long_one));
}

/* One that may not wait does not, and limits hold, in each mode of each kind
 * of descriptor, with chunks and with a file; and the mode is as before. */
START_TEST(borders__nobody_waits)
{
    int mode = _i / 2 / ENDS_KINDS;
    bufv_terms_t terms = terms_of(1, LIMIT, 0);
    apr_uint64_t written, length;
    bufv_writer_t *w;
    apr_time_t start;
    bufv_t *v;
    ends_t e;
    int flags;

    ends_open(&e, (ends_kind_t)(_i / 2 % ENDS_KINDS));
    set_mode(&e, mode);
    flags = fcntl(e.near_end, F_GETFL);
    w = ends_writer(&e);
    v = big_list();
    if (_i % 2) {
        bufv_clear(v);
        assert_ok(bufv_append_file(
            v, file_new(bytes_new(BIG, 153), BIG, APR_FOPEN_SENDFILE_ENABLED),
            0, BIG));
    }
    length = bufv_length(v);
    start = apr_time_now();
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_gt(written, 0);
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_int_lt(apr_time_now() - start, LATE);
    start = apr_time_now();
    assert_is(bufv_write_with(v, w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_ge(apr_time_now() - start, LIMIT - 20000);
    ck_assert_int_lt(apr_time_now() - start, LATE);
    ck_assert_uint_eq(stats_of(w).written + bufv_length(v), length);
    ck_assert_int_eq(fcntl(e.near_end, F_GETFL), flags);
}
END_TEST

/* A terminal that was stopped (^S) is full, and goes on later. */
START_TEST(borders__stopped_terminal)
{
    const unsigned char *data = bytes_new(100000, 154);
    bufv_t *v = list_cut(data, 100, 1000, 1000);
    bufv_terms_t terms = terms_of(1, LIMIT, 0);
    apr_time_t start = apr_time_now();
    taker_t t = {0};
    bufv_writer_t *w;
    ends_t e;

    ends_open(&e, ENDS_TERMINAL);
    w = ends_writer(&e);
    ck_assert_int_eq(tcflow(e.near_end, TCOOFF), 0);
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    assert_is(bufv_write_with(v, w, &terms, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_lt(apr_time_now() - start, LATE);
    ck_assert_int_eq(tcflow(e.near_end, TCOON), 0);
    t.expect = data;
    taker_start(&t, &e);
    assert_ok(bufv_write(v, w, NULL));
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got, 100000);
    ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

/* Another thread, which is not the library's, switches the mode of the same
 * descriptor all the time. Where nothing is borrowed the write never waits
 * for all that, and the mode is the other thread's. */
static volatile apr_uint32_t toggling;

static void *toggle(void *baton)
{
    const ends_t *e = baton;
    int on = 0;

    while (apr_atomic_read32(&toggling)) {
        on = !on;
        fcntl(e->near_end, F_SETFL, on ? O_NONBLOCK : 0);
    }
    fcntl(e->near_end, F_SETFL, 0);
    return NULL;
}

/* A flag of pwritev2() that no kernel knows. */
#define RWF_UNKNOWN 0x40000000

/* Whether the system writes to a pipe without waiting if it is told so. gVisor
 * takes any flag, and waits all the same. */
static int pipes_are_told(void)
{
#ifdef RWF_NOWAIT
    struct iovec vec = {(char *)(apr_uintptr_t) "x", 1};
    int ends[2], told;

    ck_assert_int_eq(pipe(ends), 0);
    told = pwritev2(ends[1], &vec, 1, -1, RWF_UNKNOWN) < 0 &&
           pwritev2(ends[1], &vec, 1, -1, RWF_NOWAIT) == 1;
    close(ends[0]);
    close(ends[1]);
    return told;
#else
    return 0;
#endif
}

static int borrows_nothing(ends_kind_t kind)
{
    if (kind == ENDS_TCP || kind == ENDS_UNIX)
        return 1;
    if (strcmp(test_backend, "unix") != 0)
        return 0;
    return kind == ENDS_UNIX_AS_FILE ||
           (kind == ENDS_PIPE && pipes_are_told());
}

START_TEST(borders__modes_that_others_toggle)
{
    apr_time_t start;
    bufv_writer_t *w;
    pthread_t thread;
    bufv_t *v = big_list();
    ends_t e;
    int i;

    if (!borrows_nothing((ends_kind_t)_i)) {
        skip(
            "borders__modes_that_others_toggle",
            apr_pstrcat(pool, ends_names[_i], ": its mode is borrowed", NULL));
        return;
    }
    net_pardon(); /* it would see the toggling */
    ends_open(&e, (ends_kind_t)_i);
    w = ends_writer(&e);
    apr_atomic_set32(&toggling, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, toggle, &e), 0);
    start = apr_time_now();
    for (i = 0; i < 2000; i++)
        assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    ck_assert_int_lt(apr_time_now() - start, LATE);
    apr_atomic_set32(&toggling, 0);
    pthread_join(thread, NULL);
    ck_assert(ends_blocks(&e));
}
END_TEST

/* ---- 2: what is left behind, and what others see */

/* A process that is started in the middle of a write finds the modes and the
 * mask as the user made them. */
typedef struct child_t {
    ends_t *e;
    bufv_writer_t *w;
    int children, bad;
} child_t;

static int looks_borrowed(const ends_t *e)
{
    sigset_t mask;

    sigprocmask(SIG_BLOCK, NULL, &mask);
    return !ends_blocks(e) || sigismember(&mask, SIGPIPE) == 1;
}

static void start_child(child_t *c)
{
    int status = -1;
    pid_t child;

    if (c->children++ >= 5)
        return;
    child = fork();
    if (child == 0)
        ends_child(looks_borrowed(c->e));
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        c->bad++;
}

static void child_in_hook(void *baton, const bufv_call_t *call)
{
    (void)call;
    start_child(baton);
}

static void child_in_release(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    start_child(baton);
}

START_TEST(borders__children)
{
    const unsigned char *data = bytes_new(200000, 155);
    bufv_t *v = list_new();
    child_t c = {NULL, NULL, 0, 0};
    taker_t t = {0};
    ends_t e;

    ends_open(&e, (ends_kind_t)(_i / 2));
    c.e = &e;
    c.w = ends_writer(&e);
    bufv_writer_sendfile_from_set(c.w, 0);
    if (_i % 2)
        bufv_writer_hook_set(c.w, child_in_hook, &c);
    assert_ok(bufv_append_owned(v, data, 1000,
                                _i % 2 ? NULL : child_in_release, &c));
    assert_ok(bufv_append_file(
        v, file_new(data + 1000, 99000, APR_FOPEN_SENDFILE_ENABLED), 0,
        99000));
    assert_ok(bufv_append_owned(v, data + 100000, 100000,
                                _i % 2 ? NULL : child_in_release, &c));
    t.expect = data;
    taker_start(&t, &e);
    assert_ok(bufv_write(v, c.w, NULL));
    ck_assert_int_gt(c.children, 0);
    ck_assert_int_eq(c.bad, 0);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got, 200000);
    ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

/* A fork while another thread is in the middle of attempts: what is locked for
 * an attempt is free in the child, which may write by a writer of its own. */
static void write_in_child(const ends_t *e)
{
    apr_status_t status;

    signal(SIGALRM, SIG_DFL);
    alarm(20);
    status = ends_write_in_child(e, "k");
    ends_child(status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status));
}

START_TEST(borders__fork_beside_a_writer)
{
    writer_thread_t a = {0};
    taker_t t = {0};
    ends_t e;
    int i, status, ended = 0;
    pid_t child;

    net_pardon(); /* it would see the loans of the other thread */
    ends_open(&e, (ends_kind_t)_i);
    a.w = ends_writer(&e);
    a.rounds = 3000;
    a.keep_going = 1;
    a.within = 100;
    taker_start(&t, &e);
    start_writing(&a);
    for (i = 0; i < 100; i++) {
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            write_in_child(&e);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (status != 0)
            ended = status;
    }
    pthread_join(a.thread, NULL);
    assert_ok(a.status);
    ck_assert_msg(ended == 0, "a child ended with status 0x%x", ended);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got - t.of['k'], a.written);
}
END_TEST

/* What a hook sets is how it stays: modes, options, the mask. */
static void set_all(void *baton, const bufv_call_t *call)
{
    const ends_t *e = baton;
    sigset_t set;
    int on = 1;

    (void)call;
    fcntl(e->near_end, F_SETFL, O_NONBLOCK);
    setsockopt(e->near_end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

START_TEST(borders__what_a_hook_sets_stays)
{
    const unsigned char *data = bytes_new(100000, 156);
    bufv_t *v = list_new();
    taker_t t = {0};
    bufv_writer_t *w;
    sigset_t mask;
    ends_t e;
    int on = 0;
    socklen_t len = sizeof(on);

    ends_open(&e, (ends_kind_t)_i);
    w = ends_writer(&e);
    bufv_writer_sendfile_from_set(w, 0);
    bufv_writer_hook_set(w, set_all, &e);
    assert_ok(bufv_append(v, data, 1000));
    assert_ok(bufv_append_file(
        v, file_new(data + 1000, 98000, APR_FOPEN_SENDFILE_ENABLED), 0,
        98000));
    assert_ok(bufv_append(v, data + 99000, 1000));
    t.expect = data;
    taker_start(&t, &e);
    assert_ok(bufv_write(v, w, NULL));
    ck_assert(!ends_blocks(&e));
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    ck_assert_int_eq(sigismember(&mask, SIGPIPE), 1);
    if (e.kind == ENDS_TCP) {
        getsockopt(e.near_end, IPPROTO_TCP, TCP_NODELAY, &on, &len);
        ck_assert_int_ne(on, 0);
    }
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got, 100000);
    ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

/* A cork of the user's is there afterwards, however the write ends. */
#if defined(TCP_CORK)
#define CORK TCP_CORK
#elif defined(TCP_NOPUSH)
#define CORK TCP_NOPUSH
#endif

enum { WHOLE, SPENT, SHORT_FILE, FULL, CORKED };

START_TEST(borders__corks_of_the_user)
{
#ifdef CORK
    bufv_terms_t terms = terms_of(0, 0, _i == SPENT ? 500 : 0);
    bufv_t *v = list_text("header");
    bufv_writer_t *w;
    int on = 1;
    socklen_t len = sizeof(on);
    apr_status_t status;
    ends_t e;

    ends_open(&e, ENDS_TCP);
    ck_assert_int_eq(
        setsockopt(e.near_end, IPPROTO_TCP, CORK, &on, sizeof(on)), 0);
    w = ends_writer(&e);
    bufv_writer_sendfile_from_set(w, 0);
    assert_ok(
        bufv_append_file(v,
                         file_new(bytes_new(BIG, 157), _i == FULL ? BIG : 1000,
                                  APR_FOPEN_SENDFILE_ENABLED),
                         0,
                         _i == SHORT_FILE ? 2000
                         : _i == FULL     ? BIG
                                          : 1000));
    assert_ok(bufv_append(v, "trailer", 7));
    status = bufv_write_with(v, w, &terms, NULL);
    ck_assert_int_eq(status, _i == WHOLE   ? APR_SUCCESS
                             : _i == SPENT ? APR_INCOMPLETE
                             : _i == FULL  ? APR_EAGAIN
                                           : APR_EOF);
    on = 0;
    getsockopt(e.near_end, IPPROTO_TCP, CORK, &on, &len);
    ck_assert_int_eq(on, 1);
#else
    skip("borders__corks_of_the_user", "there is no cork");
#endif
}
END_TEST

/* ---- 7, 15: no signal */

static volatile sig_atomic_t broken_pipes;

static void count_broken_pipes(int number)
{
    (void)number;
    broken_pipes++;
}

/* A handler of the program's is not called either, by chunks, by a file, by
 * what APR had buffered; nor is a signal left pending. */
START_TEST(borders__no_signal)
{
    struct sigaction action;
    bufv_writer_t *w;
    apr_file_t *file;
    sigset_t pending;
    bufv_t *v;
    ends_t e;
    int i;

    memset(&action, 0, sizeof(action));
    action.sa_handler = count_broken_pipes;
    ck_assert_int_eq(sigaction(SIGPIPE, &action, NULL), 0);
    ends_open(&e, (ends_kind_t)(_i / 2));
    w = ends_writer(&e);
    bufv_writer_sendfile_from_set(w, 0);
    if (_i % 2 && e.kind >= ENDS_UNIX_AS_FILE) {
        file = buffer_up(ends_file(&e), 4096);
        assert_ok(bufv_writer_file(&w, file, pool));
        assert_ok(apr_file_write_full(file, "buffered", 8, NULL));
    }
    close(e.far_end);
    for (i = 0; i < 5; i++) {
        v = list_text("abc");
        if (_i % 2)
            assert_ok(bufv_append_file(v, file_text("hello"), 0, 5));
        ignore(bufv_write(v, w, NULL));
    }
    ck_assert_int_ne(report_of(w).status, APR_SUCCESS);
    ck_assert_int_eq(broken_pipes, 0);
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
}
END_TEST

/* ---- EINTR: signals that come all the time */

static apr_status_t has_nothing(void *baton, void *data, apr_size_t *len)
{
    (void)data;
    ++*(int *)baton;
    *len = 0;
    return APR_EAGAIN;
}

static apr_status_t wakes_at_once(void *baton, apr_interval_time_t timeout)
{
    (void)baton;
    (void)timeout;
    return APR_SUCCESS;
}

/* A pause is as long as it is: a shortage of memory is outlasted for a quarter
 * of a second, and a reader that wakes for nothing is not asked a thousand
 * times. */
START_TEST(borders__signals_do_not_shorten_pauses)
{
    scripted_t *s = scripted_in_real_time(pool);
    int reads = 0;
    bufv_reader_t r = {has_nothing, NULL, wakes_at_once, &reads};
    apr_time_t start;

    scripted_open(s);
    s->otherwise.take = 0;
    s->otherwise.status = APR_ENOMEM;
    storm(500);
    start = apr_time_now();
    assert_is(bufv_write(list_text("abc"), s->w, NULL), APR_STATUS_IS_ENOMEM);
    ck_assert_int_ge(apr_time_now() - start, apr_time_from_msec(200));
    bufv_writer_deadline_set(s->w, apr_time_now() + apr_time_from_msec(300));
    assert_is(bufv_copy(s->w, &r, list_new(), NULL), APR_STATUS_IS_TIMEUP);
    storm(0);
    ck_assert_int_le(reads, 40);
}
END_TEST

enum { OPEN, BLOCKED, PENDING, MASKS };

static void treat_sigpipe(void (*handler)(int), int mask)
{
    sigset_t set;

    ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* takes a pending one */
    ck_assert(signal(SIGPIPE, handler) != SIG_ERR);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(mask == OPEN ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
    if (mask == PENDING)
        ck_assert_int_eq(raise(SIGPIPE), 0);
}

static int sigpipe_is_pending(void)
{
    sigset_t pending;

    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

/* What the program does with SIGPIPE is the program's, from write to write: a
 * signal that was pending before is pending afterwards, and no other. One that
 * is ignored and blocked would be left pending by the system, too. */
START_TEST(borders__no_signal_however_it_is_treated)
{
    void (*const handlers[])(int) = {SIG_DFL, SIG_IGN, count_broken_pipes};
    apr_file_t *file = file_new("hello", 5, APR_FOPEN_SENDFILE_ENABLED);
    apr_status_t status = APR_SUCCESS;
    bufv_writer_t *w;
    bufv_t *v;
    ends_t e;
    int i;

    ends_open(&e, (ends_kind_t)(_i / 2));
    w = ends_writer(&e);
    bufv_writer_sendfile_from_set(w, 0);
    close(e.far_end);
    for (i = 0; i < 4 * (int)COUNT(handlers) * MASKS; i++) {
        treat_sigpipe(handlers[i % 3], i / 3 % MASKS);
        v = _i % 2 ? list_new() : list_text("abc");
        if (_i % 2)
            assert_ok(bufv_append_file(v, file, 0, 5));
        status = bufv_write(v, w, NULL);
        ck_assert_int_eq(sigpipe_is_pending(), i / 3 % MASKS == PENDING);
        ck_assert_int_eq(broken_pipes, 0);
    }
    ck_assert_int_ne(status, APR_SUCCESS);
    treat_sigpipe(SIG_IGN, OPEN);
}
END_TEST

static volatile apr_uint32_t treating;

static void *treat(void *baton)
{
    sigset_t all;

    (void)baton;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    while (apr_atomic_read32(&treating)) {
        signal(SIGPIPE, SIG_IGN);
        signal(SIGPIPE, SIG_DFL);
    }
    return NULL;
}

/* Libraries ignore SIGPIPE around calls of their own, and take that back. What
 * was ignored when an attempt began may not be when it fails: the process
 * lives, or this test dies. */
START_TEST(borders__no_signal_while_others_treat_it)
{
    apr_file_t *file = file_new("hello", 5, APR_FOPEN_SENDFILE_ENABLED);
    bufv_t *v = list_new();
    bufv_writer_t *w;
    pthread_t thread;
    ends_t e;
    int i;

    net_pardon(); /* it would see what the other thread does */
    ends_open(&e, (ends_kind_t)_i);
    w = ends_writer(&e);
    bufv_writer_sendfile_from_set(w, 0);
    close(e.far_end);
    apr_atomic_set32(&treating, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, treat, NULL), 0);
    for (i = 0; i < 20000; i++) {
        assert_ok(bufv_append_file(v, file, 0, 5));
        ignore(bufv_write(v, w, NULL));
        bufv_clear(v);
    }
    apr_atomic_set32(&treating, 0);
    pthread_join(thread, NULL);
    ck_assert_int_ne(report_of(w).status, APR_SUCCESS);
}
END_TEST

/* A FIFO whose reader goes, and another comes: an error, and then the rest. */
START_TEST(borders__fifo_gets_another_reader)
{
    const unsigned char *data = bytes_new(100000, 158);
    const char *path = apr_psprintf(pool, "/tmp/bufv-again-%d", (int)getpid());
    bufv_t *v = list_cut(data, 10, 10000, 10000);
    apr_uint64_t written, sum;
    ends_t e = {ENDS_FIFO, -1, -1};
    taker_t t = {0};
    bufv_writer_t *w;

    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    e.far_end = open(path, O_RDONLY | O_NONBLOCK);
    e.near_end = open(path, O_WRONLY);
    w = ends_writer(&e);
    assert_is(bufv_write_some(v, w, &sum), APR_STATUS_IS_EAGAIN);
    close(e.far_end);
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(written, 0);
    e.far_end = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(fcntl(e.far_end, F_SETFL, 0), 0);
    taker_start(&t, &e);
    assert_ok(bufv_write(v, w, &written));
    ck_assert_uint_eq(sum + written, 100000);
    taker_finish(&t, &e);
    unlink(path);
    /* what the first one did not read is lost, or not */
    ck_assert(t.got == written || t.got == 100000);
}
END_TEST

/* ---- descriptors that change under a writer */

/* dup2() makes something else of the number that a writer has: what comes
 * next is written as its kind wants it, and both keep their modes. */
START_TEST(borders__dup2_under_a_writer)
{
    ends_kind_t from = (ends_kind_t)(ENDS_UNIX_AS_FILE + _i / 4);
    ends_kind_t to = (ends_kind_t)(ENDS_UNIX_AS_FILE + _i % 4);
    const unsigned char *data = bytes_new(300000, 159);
    bufv_t *v = list_cut(data, 30, 10000, 10000);
    apr_uint64_t written;
    taker_t t = {0};
    bufv_writer_t *w;
    ends_t e, other;
    int kept;

    ends_open(&e, from);
    ends_open(&other, to);
    kept = dup(e.near_end);
    w = ends_writer(&e);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_int_eq(dup2(other.near_end, e.near_end), e.near_end);
    close(other.near_end);
    other.near_end = e.near_end;
    t.expect = data + written;
    t.pause = 100;
    taker_start(&t, &other);
    assert_ok(bufv_write(v, w, NULL));
    ck_assert(ends_blocks(&other));
    ck_assert_int_eq(fcntl(kept, F_GETFL) & O_NONBLOCK, 0);
    taker_finish(&t, &other);
    ck_assert_uint_eq(t.got, 300000 - written);
    ck_assert_uint_eq(t.wrong, 0);
    close(kept);
}
END_TEST

/* A regular file in the place of a pipe: it is not waited for, and its end is
 * no full pipe. */
START_TEST(borders__dup2_of_a_file)
{
    const unsigned char *data = bytes_new(300000, 160);
    bufv_t *v = list_cut(data, 30, 10000, 10000);
    const char *path = apr_psprintf(pool, "/tmp/bufv-dup2-%d", (int)getpid());
    apr_uint64_t written;
    bufv_writer_t *w;
    ends_t e;
    int fd;

    ends_open(&e, ENDS_PIPE);
    w = ends_writer(&e);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(dup2(fd, e.near_end), e.near_end);
    close(fd);
    assert_ok(bufv_write_some(v, w, NULL));
    assert_file_is(path, 0, data + written, (apr_size_t)(300000 - written));
    unlink(path);
}
END_TEST

/* A file is closed between two writes, and the program opens another that gets
 * its number: that one gets nothing. */
START_TEST(borders__file_is_closed_under_a_writer)
{
    const char *path =
        apr_psprintf(pool, "/tmp/bufv-closed-%d", (int)getpid());
    const apr_int32_t flags = APR_FOPEN_WRITE | APR_FOPEN_CREATE;
    bufv_t *v = list_of((const char *const[]){"hello", NULL});
    apr_file_t *file, *other;
    apr_uint64_t written = 99;
    apr_os_file_t was, is;
    bufv_writer_t *w;
    apr_finfo_t info;

    assert_ok(apr_file_open(&file, path, flags, APR_OS_DEFAULT, pool));
    unlink(path);
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(bufv_write(v, w, NULL));
    assert_ok(apr_os_file_get(&was, file));
    assert_ok(apr_file_close(file));
    assert_ok(apr_file_open(&other, path, flags, APR_OS_DEFAULT, pool));
    unlink(path);
    assert_ok(apr_os_file_get(&is, other));
    ck_assert_int_eq(was, is);
    assert_ok(bufv_append(v, "hello", 5));
    ck_assert_int_eq(bufv_write(v, w, &written), EBADF);
    ck_assert_uint_eq(written, 0);
    assert_text(v, "hello");
    assert_ok(apr_file_info_get(&info, APR_FINFO_SIZE, other));
    ck_assert_int_eq(info.size, 0);
}
END_TEST

/* A hook closes the socket, and opens another that gets its number and is
 * corked by the user: the library leaves that one alone. */
typedef struct swapped_t {
    apr_socket_t *sock;
    int was, is, far_end, done;
} swapped_t;

static void swap_socket(void *baton, const bufv_call_t *call)
{
    swapped_t *s = baton;
    ends_t other;

    (void)call;
    if (s->done++)
        return;
    ends_open(&other, ENDS_TCP);
    ignore(apr_socket_close(s->sock));
    s->is = dup(other.near_end);
    s->far_end = other.far_end;
#ifdef CORK
    ignore(setsockopt(s->is, IPPROTO_TCP, CORK, &s->done, sizeof(s->done)));
#endif
}

START_TEST(borders__socket_is_closed_in_a_hook)
{
    bufv_t *v = list_text("header");
    swapped_t s = {NULL, -1, -1, -1, 0};
    apr_uint64_t written;
    bufv_writer_t *w;
    char byte;
    ends_t e;

    ends_open(&e, ENDS_TCP);
    s.was = e.near_end;
    s.sock = ends_socket(&e);
    assert_ok(bufv_writer_socket(&w, s.sock, pool));
    bufv_writer_sendfile_from_set(w, 0);
    bufv_writer_copy_below_set(w, 0);
    if (_i % 2)
        bufv_writer_limits_set(w, 0, 100);
    bufv_writer_hook_set(w, swap_socket, &s);
    assert_ok(bufv_append_file(
        v, file_new(bytes_new(1000, 161), 1000, APR_FOPEN_SENDFILE_ENABLED), 0,
        1000));
    if (_i / 2) /* the file comes first, and its cork with it */
        assert_ok(bufv_consume(v, 6));
    assert_ok(bufv_append(v, "trailer", 7));
    if (bufv_write(v, w, &written) == APR_SUCCESS)
        ck_assert_uint_eq(bufv_length(v), 0); /* in one attempt */
    ck_assert_int_eq(s.was, s.is);
    ck_assert_int_eq(recv(s.far_end, &byte, 1, MSG_DONTWAIT), -1);
#ifdef CORK
    {
        int on = 0;
        socklen_t len = sizeof(on);

        getsockopt(s.is, IPPROTO_TCP, CORK, &on, &len);
        ck_assert_int_ne(on, 0);
    }
#endif
}
END_TEST

/* ---- 11: sockets of messages that are written as files */

#ifdef SOCK_SEQPACKET
static const int message_types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
#else
static const int message_types[] = {SOCK_DGRAM};
#endif

/* One list is one message there as well, of many chunks, and whatever the
 * budget; or none at all. */
START_TEST(borders__messages_by_a_file)
{
    const unsigned char *data = bytes_new(30000, 162);
    bufv_terms_t terms = terms_of(0, 0, 10);
    unsigned char got[40000];
    bufv_writer_t *w;
    ends_t e = {ENDS_UNIX_AS_FILE, -1, -1};
    bufv_t *v;
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, message_types[_i], 0, fds), 0);
    e.near_end = fds[0];
    e.far_end = fds[1];
    w = ends_writer(&e);
    v = list_cut(data, 3000, 10, 10);
    assert_ok(bufv_write_with(v, w, &terms, NULL));
    ck_assert_int_eq(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), 30000);
    ck_assert_mem_eq(got, data, 30000);
    assert_is(bufv_write(big_list(), w, NULL), STATUS_IS_TOO_BIG);
    ck_assert_int_eq(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), -1);
}
END_TEST

/* ---- a pipe of one page */

START_TEST(borders__small_pipe)
{
#ifdef F_SETPIPE_SZ
    const unsigned char *data = bytes_new(200000, 163);
    bufv_t *v = list_cut(data, 2000, 100, 100);
    taker_t t = {0};
    bufv_writer_t *w;
    apr_status_t status;
    ends_t e;

    ends_open(&e, (ends_kind_t)(ENDS_PIPE + _i));
    ck_assert_int_gt(fcntl(e.near_end, F_SETPIPE_SZ, 4096), 0);
    w = ends_writer(&e);
    t.expect = data;
    t.piece = 777;
    taker_start(&t, &e);
    status = bufv_write(v, w, NULL);
    assert_ok(status);
    taker_finish(&t, &e);
    ck_assert_uint_eq(t.got, 200000);
    ck_assert_uint_eq(t.wrong, 0);
#else
    skip("borders__small_pipe", "pipes have one size here");
#endif
}
END_TEST

/* A queue of messages that is full: nothing of the list leaves, and its limit
 * ends the wait; with room again it leaves, in one piece. */
START_TEST(borders__a_full_queue_of_messages)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    const unsigned char *data = bytes_new(500, 164);
    bufv_terms_t soon = terms_of(1, LIMIT, 0);
    apr_time_t start = apr_time_now();
    int fds[2], sent = 0, got = 0;
    apr_socket_t *sock = NULL;
    char message[1000];
    bufv_writer_t *w;
    bufv_t *v;

    if (socketpair(AF_UNIX, types[_i], 0, fds) != 0) {
        skip("borders__a_full_queue_of_messages", "no such sockets here");
        return;
    }
    assert_ok(apr_os_sock_put(&sock, &fds[0], pool));
    assert_ok(bufv_writer_socket(&w, sock, pool));
    do
        v = list_cut(data, 5, 100, 100);
    while (bufv_write_some(v, w, NULL) == APR_SUCCESS && ++sent);
    ck_assert_int_gt(sent, 0);
    assert_is(bufv_write_with(v, w, &soon, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_int_lt(apr_time_now() - start, LATE);
    ck_assert_uint_eq(bufv_length(v), 500);
    while (recv(fds[1], message, sizeof(message), MSG_DONTWAIT) == 500)
        got++;
    assert_ok(bufv_write_with(v, w, &soon, NULL));
    got += recv(fds[1], message, sizeof(message), MSG_DONTWAIT) == 500;
    ck_assert_mem_eq(message, data, 500);
    ck_assert_int_eq(got, sent + 1);
    close(fds[1]);
}
END_TEST

/* A counter of the kernel's takes eight bytes at a time, and can be full. */
START_TEST(borders__a_counter)
{
#ifdef __linux__
    const apr_uint64_t one = 1, most = APR_UINT64_MAX - 1;
    bufv_terms_t soon = terms_of(1, LIMIT, 0);
    int fd = eventfd(0, 0);
    apr_uint64_t value = 0;
    apr_file_t *file = NULL;
    bufv_writer_t *w;
    bufv_t *v = list_new();

    assert_ok(apr_os_file_put(&file, &fd, APR_FOPEN_WRITE, pool));
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(bufv_append(v, &one, 3));
    assert_ok(bufv_append(v, (const char *)&one + 3, 5));
    assert_ok(bufv_write(v, w, NULL));
    ck_assert_int_eq((int)read(fd, &value, sizeof(value)), 8);
    ck_assert_uint_eq(value, 1);
    assert_ok(bufv_append(v, &most, 8));
    assert_ok(bufv_write(v, w, NULL));
    assert_ok(bufv_append(v, &one, 8));
    assert_is(bufv_write_some(v, w, NULL), APR_STATUS_IS_EAGAIN);
    assert_is(bufv_write_with(v, w, &soon, NULL), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(bufv_length(v), 8);
    ck_assert_int_eq((int)read(fd, &value, sizeof(value)), 8);
    assert_ok(bufv_write_with(v, w, &soon, NULL));
    close(fd);
#else
    skip("borders__a_counter", "there is no eventfd() here");
#endif
}
END_TEST

static void add_tests(TCase *tc)
{
    const int files = ENDS_KINDS - ENDS_UNIX_AS_FILE;

    tcase_add_loop_test(tc, borders__two_writers_share, 0, ENDS_KINDS);
    tcase_add_loop_test(tc, borders__two_writers_wait, 0, ENDS_KINDS);
    tcase_add_loop_test(tc, borders__buffer_beside_a_writer, 0, files);
    tcase_add_loop_test(tc, borders__buffer_to_what_is_slow, 0, files);
    tcase_add_test(tc, borders__buffer_to_a_full_device);
    tcase_add_loop_test(tc, borders__full_disk, 0, (int)COUNT(disks));
    tcase_add_loop_test(tc, borders__two_append, 0, 2);
    tcase_add_loop_test(tc, borders__nobody_waits, 0, 2 * ENDS_KINDS * MODES);
    tcase_add_test(tc, borders__stopped_terminal);
    tcase_add_loop_test(tc, borders__modes_that_others_toggle, 0, ENDS_KINDS);
    tcase_add_loop_test(tc, borders__children, 0, 2 * ENDS_KINDS);
    tcase_add_loop_test(tc, borders__fork_beside_a_writer, 0, ENDS_KINDS);
    tcase_add_loop_test(tc, borders__what_a_hook_sets_stays, 0, ENDS_KINDS);
    tcase_add_loop_test(tc, borders__corks_of_the_user, 0, CORKED);
    tcase_add_loop_test(tc, borders__no_signal, 0, 2 * ENDS_KINDS);
    tcase_add_test(tc, borders__signals_do_not_shorten_pauses);
    tcase_add_loop_test(tc, borders__no_signal_however_it_is_treated, 0,
                        2 * ENDS_KINDS);
    tcase_add_loop_test(tc, borders__no_signal_while_others_treat_it, 0,
                        ENDS_KINDS);
    tcase_add_test(tc, borders__fifo_gets_another_reader);
    tcase_add_loop_test(tc, borders__dup2_under_a_writer, 0, files * files);
    tcase_add_test(tc, borders__dup2_of_a_file);
    tcase_add_test(tc, borders__file_is_closed_under_a_writer);
    tcase_add_loop_test(tc, borders__socket_is_closed_in_a_hook, 0, 4);
    tcase_add_loop_test(tc, borders__messages_by_a_file, 0,
                        (int)COUNT(message_types));
    tcase_add_loop_test(tc, borders__small_pipe, 0, 2);
    tcase_add_loop_test(tc, borders__a_full_queue_of_messages, 0, 2);
    tcase_add_test(tc, borders__a_counter);
}

const topic_t topic_borders = {"borders", add_tests};
