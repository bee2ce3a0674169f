/* SPDX-License-Identifier: Apache-2.0 */

/* Pipes, as POSIX has them: interrupted, full, closed, wrapped. */

#include "suite.h"

#include <apr_portable.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNKS 4
#define CHUNK 50000
#define TOTAL ((apr_size_t)CHUNKS * CHUNK)
#define BIG (4 * 1024 * 1024)

/* Far more than anything here takes. */
#define GENEROUS apr_time_from_sec(20)

/* ---- a reader */

typedef struct reader_t {
    apr_file_t *in, *out;
    apr_thread_t *thread;
    apr_interval_time_t pause; /* before each read */
    apr_size_t piece;          /* most bytes of one read */
    unsigned char *got;
    apr_size_t len, room;
} reader_t;

static reader_t *reader_new(apr_size_t room)
{
    reader_t *r = apr_pcalloc(pool, sizeof(*r));

    assert_ok(apr_file_pipe_create(&r->in, &r->out, pool));
    r->got = apr_palloc(pool, room);
    r->room = room;
    r->piece = 10000;
    r->pause = 1000;
    return r;
}

/* A signal is for the thread that writes. */
static void *APR_THREAD_FUNC read_on(apr_thread_t *thread, void *baton)
{
    reader_t *r = baton;
    apr_size_t n;
    sigset_t all;

    (void)thread;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    do {
        apr_sleep(r->pause);
        n = r->room - r->len < r->piece ? r->room - r->len : r->piece;
        if (n == 0 || apr_file_read(r->in, r->got + r->len, &n) != APR_SUCCESS)
            break;
        r->len += n;
    } while (n > 0);
    return NULL;
}

static void reader_start(reader_t *r)
{
    assert_ok(apr_thread_create(&r->thread, NULL, read_on, r, pool));
}

static void reader_finish(reader_t *r)
{
    assert_ok(apr_file_close(r->out));
    thread_join(r->thread);
}

static bufv_writer_t *pipe_writer(apr_file_t *file)
{
    bufv_writer_t *w;

    assert_ok(bufv_writer_file(&w, file, pool));
    settings_apply(w);
    return w;
}

static int flags_of(apr_file_t *file)
{
    apr_os_file_t fd;

    assert_ok(apr_os_file_get(&fd, file));
    return fcntl(fd, F_GETFL);
}

/* ---- signals */

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

/* A signal every so many microseconds, without SA_RESTART; 0 ends it. */
static void storm(suseconds_t usec)
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

/* ---- tests */

/* With and without a timeout of the pipe, in calm and storm. */
static const struct {
    apr_interval_time_t timeout;
    suseconds_t storm;
} weather[] = {{-1, 0}, {GENEROUS, 0}, {-1, 1000}, {GENEROUS, 1000}};

/* 4 x 50,000 bytes to a slow reader: 200,000 arrive, in order. */
START_TEST(pipe__four_chunks)
{
    const unsigned char *data = bytes_new(TOTAL, 60);
    bufv_t *v = list_cut(data, CHUNKS, CHUNK, CHUNK);
    reader_t *r = reader_new(TOTAL + 100000);
    bufv_writer_t *w = pipe_writer(r->out);
    apr_uint64_t written;
    apr_status_t status;

    assert_ok(apr_file_pipe_timeout_set(r->out, weather[_i].timeout));
    reader_start(r);
    storm(weather[_i].storm);
    status = bufv_write(v, w, &written);
    storm(0);
    assert_ok(status);
    ck_assert_uint_eq(written, TOTAL);
    reader_finish(r);
    ck_assert_uint_eq(r->len, TOTAL);
    ck_assert_mem_eq(r->got, data, TOTAL);
    ck_assert(weather[_i].storm == 0 || ticks > 0);
}
END_TEST

/* Why it is needed: apr_file_writev_full() on the same pipe repeats what a
 * partial write had taken of a chunk, and says success. */
START_TEST(pipe__apr_file_writev_full)
{
    const unsigned char *data = bytes_new(TOTAL, 60);
    reader_t *r = reader_new(TOTAL + 100000);
    struct iovec vec[CHUNKS];
    apr_size_t written;
    int i;

    for (i = 0; i < CHUNKS; i++) {
        vec[i].iov_base = bytes_new(CHUNK, 0);
        vec[i].iov_len = CHUNK;
        memcpy(vec[i].iov_base, data + i * CHUNK, CHUNK);
    }
    assert_ok(apr_file_pipe_timeout_set(r->out, GENEROUS));
    reader_start(r);
    assert_ok(apr_file_writev_full(r->out, vec, CHUNKS, &written));
    reader_finish(r);
    ck_assert_uint_eq(written, TOTAL);
    if (r->len == TOTAL && memcmp(r->got, data, TOTAL) == 0)
        skip("pipe__apr_file_writev_full", "this APR has it right");
    else
        printf("apr_file_writev_full: %lu bytes arrived for %lu\n",
               (unsigned long)r->len, (unsigned long)TOTAL);
}
END_TEST

/* Signals do not stretch a timeout, nor a deadline. */
START_TEST(pipe__signals_do_not_stretch_timeouts)
{
    const unsigned char *data = bytes_new(BIG, 61);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    reader_t *r = reader_new(1);
    bufv_writer_t *w = pipe_writer(r->out);
    apr_time_t start = apr_time_now();
    apr_uint64_t written;
    apr_status_t status;

    assert_ok(apr_file_pipe_timeout_set(r->out, _i == 0 ? 300000 : -1));
    if (_i == 1)
        bufv_writer_deadline_set(w, start + 300000);
    storm(10000);
    status = bufv_write(v, w, &written);
    storm(0);
    assert_is(status, APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(written + bufv_length(v), BIG);
    ck_assert_int_ge(apr_time_now() - start, 280000);
    ck_assert_int_lt(apr_time_now() - start, 10000000);
}
END_TEST

/* A timeout of 0 never waits, and a full pipe is not an error. */
START_TEST(pipe__does_not_wait)
{
    const unsigned char *data = bytes_new(BIG, 62);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    reader_t *r = reader_new(1);
    bufv_writer_t *w = pipe_writer(r->out);
    apr_uint64_t written;

    assert_ok(apr_file_pipe_timeout_set(r->out, 0));
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_eq(report_of(w).waits, 0);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 0);
}
END_TEST

/* Whether it blocks is afterwards as it was before, whatever the outcome, and
 * APR's timeout too. */
START_TEST(pipe__flags_are_kept)
{
    static const apr_interval_time_t timeouts[] = {-1, 50000, 0};
    const unsigned char *data = bytes_new(BIG, 63);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    reader_t *r = reader_new(1);
    bufv_writer_t *w = pipe_writer(r->out);
    apr_interval_time_t timeout;
    apr_uint64_t written;
    int flags;

    assert_ok(apr_file_pipe_timeout_set(r->out, timeouts[_i]));
    flags = flags_of(r->out);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_int_eq(flags_of(r->out), flags);
    bufv_writer_deadline_set(w, apr_time_now() + 100000);
    ck_assert_int_ne(write_checked(v, w, &written), APR_SUCCESS);
    ck_assert_int_eq(flags_of(r->out), flags);
    bufv_writer_deadline_set(w, 0);
    signal(SIGPIPE, SIG_DFL);
    assert_ok(apr_file_close(r->in));
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_int_eq(flags_of(r->out), flags);
    assert_ok(apr_file_pipe_timeout_get(r->out, &timeout));
    ck_assert_int_eq(timeout, timeouts[_i]);
}
END_TEST

/* The reader goes while the writer waits: EPIPE, no signal, the count is what
 * the pipe had taken, and the error says what it was. */
START_TEST(pipe__reader_goes)
{
    const unsigned char *data = bytes_new(BIG, 64);
    bufv_t *v = list_cut(data, BIG / 1000, 1000, 1000);
    reader_t *r = reader_new(30000);
    bufv_writer_t *w = pipe_writer(r->out);
    apr_uint64_t all = bufv_length(v), written;
    apr_status_t status;
    char text[200];
    pid_t child;

    signal(SIGPIPE, SIG_DFL);
    assert_ok(apr_file_pipe_timeout_set(r->out, _i == 0 ? -1 : GENEROUS));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        apr_sleep(200000);
        _exit(0); /* takes the last descriptor of the far end along */
    }
    assert_ok(apr_file_close(r->in));
    status = bufv_write(v, w, &written);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    assert_is(status, APR_STATUS_IS_EPIPE);
    ck_assert_uint_gt(written, 0);
    ck_assert_uint_eq(written + bufv_length(v), all);
    bufv_writer_strerror(w, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " pipe: "));
}
END_TEST

/* A descriptor that APR takes for a file, standard output perhaps: deadlines
 * hold all the same. */
START_TEST(pipe__wrapped_as_a_file)
{
    const unsigned char *data = bytes_new(BIG, 65);
    bufv_t *v = list_cut(data, 4, BIG / 4, BIG / 4);
    reader_t *r = reader_new(BIG);
    apr_file_t *file = NULL;
    apr_os_file_t fd;
    bufv_writer_t *w;
    apr_uint64_t written;

    assert_ok(apr_os_file_get(&fd, r->out));
    assert_ok(apr_os_file_put(&file, &fd, APR_FOPEN_WRITE, pool));
    w = pipe_writer(file);
    bufv_writer_deadline_set(w, apr_time_now() + 100000);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_TIMEUP);
    bufv_writer_deadline_set(w, 0);
    ck_assert_int_eq(flags_of(file) & O_NONBLOCK, 0);
    r->pause = 0;
    reader_start(r);
    assert_ok(write_checked(v, w, &written));
    reader_finish(r);
    ck_assert_uint_eq(r->len, BIG);
    ck_assert_mem_eq(r->got, data, BIG);
}
END_TEST

/* A pipe that APR buffers: what was in the buffer comes first, also when the
 * pipe is too full to take even that. */
START_TEST(pipe__buffered)
{
    const unsigned char *data = bytes_new(TOTAL, 66);
    bufv_t *v = list_cut(data + 5, CHUNKS, CHUNK - 2, CHUNK - 2);
    apr_size_t sent = CHUNKS * (CHUNK - 2) + 5;
    bufv_t *fill = list_cut(data, 2, TOTAL / 2, TOTAL / 2);
    reader_t *r = reader_new(2 * TOTAL);
    bufv_writer_t *w = pipe_writer(r->out);
    apr_uint64_t before, written;

    assert_ok(apr_file_pipe_timeout_set(r->out, GENEROUS));
    assert_is(bufv_write_some(fill, w, &before), APR_STATUS_IS_EAGAIN);
    assert_ok(apr_file_buffer_set(r->out, apr_palloc(pool, 4096), 4096));
    assert_ok(apr_file_write_full(r->out, data, 5, NULL));
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_le(written, 4096);
    reader_start(r);
    assert_ok(write_checked(v, w, &written));
    reader_finish(r);
    ck_assert_uint_eq(r->len, before + sent);
    ck_assert_mem_eq(r->got, data, (apr_size_t)before);
    ck_assert_mem_eq(r->got + before, data, sent);
}
END_TEST

/* A disk that is full is an error, not a pipe to wait for. */
START_TEST(pipe__is_not_a_full_disk)
{
    bufv_t *v = list_of((const char *const[]){"a", "b", NULL});
    apr_file_t *file;
    bufv_writer_t *w;
    apr_uint64_t written;
    char text[200];

    if (apr_file_open(&file, "/dev/full", APR_FOPEN_WRITE, 0, pool) !=
        APR_SUCCESS) {
        skip("pipe__is_not_a_full_disk", "there is no /dev/full");
        return;
    }
    w = pipe_writer(file);
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_ENOSPC);
    ck_assert_uint_eq(written, 0);
    bufv_writer_strerror(w, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " file /dev/full: "));
}
END_TEST

/* A pipe that does not block, and that APR takes for a file: the reader waits
 * by itself, for as long as it is told. */
START_TEST(pipe__reader_of_a_wrapped_one_waits)
{
    bufv_writer_t *w;
    bufv_t *rest;
    apr_file_t *in = NULL, *to;
    bufv_reader_t r;
    apr_uint64_t copied;
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_ok(apr_os_file_put(&in, &fds[0], APR_FOPEN_READ, pool));
    r = bufv_reader_file(in);
    to = file_new(NULL, 0, 0);
    assert_ok(bufv_writer_file(&w, to, pool));
    rest = list_new();
    assert_is(r.wait(r.baton, apr_time_from_msec(20)), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq((int)write(fds[1], "hello", 5), 5);
    assert_ok(r.wait(r.baton, -1));
    close(fds[1]);
    assert_ok(bufv_copy(w, &r, rest, &copied));
    ck_assert_uint_eq(copied, 5);
    close(fds[0]);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, pipe__four_chunks, 0, (int)COUNT(weather));
    tcase_add_test(tc, pipe__apr_file_writev_full);
    tcase_add_loop_test(tc, pipe__signals_do_not_stretch_timeouts, 0, 2);
    tcase_add_test(tc, pipe__does_not_wait);
    tcase_add_loop_test(tc, pipe__flags_are_kept, 0, 3);
    tcase_add_loop_test(tc, pipe__reader_goes, 0, 2);
    tcase_add_test(tc, pipe__wrapped_as_a_file);
    tcase_add_test(tc, pipe__buffered);
    tcase_add_test(tc, pipe__is_not_a_full_disk);
    tcase_add_test(tc, pipe__reader_of_a_wrapped_one_waits);
}

const topic_t topic_pipe = {"pipe", add_tests};
