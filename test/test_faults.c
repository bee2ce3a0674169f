/* SPDX-License-Identifier: Apache-2.0 */

/* Each system call of a write made to fail, or cut short, at its k-th use, for
 * every k: over TCP, with what the kernel says everywhere else. And what those
 * calls are told, which no result shows: the flags (promises 8, 12, 15, 18 and
 * 20b). */

#include "alloc.h"
#include "ends.h"
#include "peer.h"
#include "shim.h"

#include <apr_portable.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNKS 24
#define CHUNK 3000
#define TOTAL (CHUNKS * CHUNK)

/* How a write with a fault may end. */
typedef enum end_t { GOES_ON, ENDS, ANY } end_t;

typedef struct fault_t {
    shim_fault_t fault;
    int error;
    end_t end;
    apr_status_t status; /* if it ends; 0: the error */
} fault_t;

/* What may become of a call that writes to a socket. EINPROGRESS: it has to
 * connect first. */
static const fault_t on_write[] = {
    {SHIM_FAIL, EINTR, GOES_ON, 0},
    {SHIM_FAIL, EAGAIN, GOES_ON, 0},
    {SHIM_FAIL, EINPROGRESS, GOES_ON, 0},
    {SHIM_FAIL, ENOMEM, GOES_ON, 0},
    {SHIM_FAIL, ENOBUFS, GOES_ON, 0},
    {SHIM_FAIL, EPIPE, ENDS, 0},
    {SHIM_FAIL, ECONNRESET, ENDS, 0},
    {SHIM_FAIL, ETIMEDOUT, ENDS, 0},
    {SHIM_FAIL, EIO, ENDS, 0},
    {SHIM_SHORT, 0, GOES_ON, 0},
    {SHIM_DEFER, 0, GOES_ON, 0},
    {SHIM_ZERO, 0, ENDS, APR_EOF},
};

/* Waiting fails for good, since nothing is known then; a wait without a
 * result is one that took too long. */
static const fault_t on_poll[] = {
    {SHIM_FAIL, EINTR, GOES_ON, 0},
    {SHIM_FAIL, ENOMEM, ENDS, 0},
    {SHIM_FAIL, EIO, ENDS, 0},
    {SHIM_SHORT, 0, ENDS, APR_TIMEUP},
};

static const fault_t on_mode[] = {
    {SHIM_FAIL, EIO, ANY, 0},
};

static const fault_t on_sendfile[] = {
    {SHIM_FAIL, EINTR, GOES_ON, 0},
    {SHIM_FAIL, EAGAIN, GOES_ON, 0},
    {SHIM_FAIL, ENOMEM, GOES_ON, 0},
    {SHIM_FAIL, EINVAL, GOES_ON, 0},
    {SHIM_FAIL, ENOSYS, GOES_ON, 0},
    {SHIM_FAIL, EPIPE, ENDS, 0},
    {SHIM_FAIL, ECONNRESET, ENDS, 0},
    {SHIM_FAIL, EIO, ENDS, 0},
    {SHIM_FAIL, EPROTOTYPE, ENDS, APR_ECONNRESET},
    {SHIM_SHORT, 0, GOES_ON, 0},
};

static int is_unix(void)
{
    return strcmp(bufv_socket_ops()->name, "sendmsg") == 0;
}

/* workbench/cross imposes the rules of another system, and its files. */
#if defined(BUFV_RULES_FREEBSD) || defined(BUFV_RULES_MACOS)
#define HAS_OWN_FILES 0
#else
#define HAS_OWN_FILES 1
#endif

/* Whether a test of Linux' own ways is left out, which is said. */
static int is_left_out(const char *name, const char *why)
{
    if (is_unix() && HAS_OWN_FILES)
        return 0;
    skip(name, is_unix() ? "another system's rules are imposed" : why);
    return 1;
}

/* ---- the scenario */

typedef struct scenario_t {
    unsigned char *bytes;
    apr_file_t *file; /* the middle third is a range of this one, or NULL */
    int blocking;
    apr_size_t copy_below;
    shim_t *shim;
    int interrupted; /* attempts that the hook heard of as such */
    int fallback;    /* the k-th call, as the system's own, with this */
} scenario_t;

static scenario_t *scenario_new(void)
{
    scenario_t *s = apr_pcalloc(pool, sizeof(*s));

    s->bytes = bytes_new(TOTAL, 5);
    s->shim = apr_palloc(pool, sizeof(*s->shim));
    return s;
}

static void take_file(scenario_t *s)
{
    const char *dir;

    assert_ok(apr_temp_dir_get(&dir, pool));
    assert_ok(apr_file_mktemp(
        &s->file, apr_psprintf(pool, "%s/bufv-faults-XXXXXX", dir),
        APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
            APR_FOPEN_DELONCLOSE | APR_FOPEN_SENDFILE_ENABLED,
        pool));
    assert_ok(apr_file_write_full(s->file, s->bytes, TOTAL, NULL));
}

static bufv_t *scenario_list(const scenario_t *s)
{
    bufv_t *v = list_new();
    apr_size_t i;

    for (i = 0; i < CHUNKS; i++) {
        if (s->file != NULL && i == CHUNKS / 3) {
            assert_ok(
                bufv_append_file(v, s->file, (apr_off_t)i * CHUNK, TOTAL / 3));
            i += CHUNKS / 3 - 1;
        }
        else
            assert_ok(bufv_append(v, s->bytes + i * CHUNK, CHUNK));
    }
    ck_assert_uint_eq(bufv_length(v), TOTAL);
    return v;
}

static void count_interrupted(void *baton, const bufv_call_t *call)
{
    scenario_t *s = baton;

    s->interrupted += APR_STATUS_IS_EINTR(call->status);
}

static bufv_writer_t *scenario_writer(scenario_t *s, const peer_t *p)
{
    bufv_writer_t *w;

    if (s->blocking)
        assert_ok(apr_socket_timeout_set(p->near_end, -1));
    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    bufv_writer_limits_set(w, 4, 16 * 1024);
    bufv_writer_copy_below_set(w, s->copy_below);
    bufv_writer_sendfile_from_set(w, 0);
    bufv_writer_hook_set(w, count_interrupted, s);
    return w;
}

/* A call that told of a full socket is followed by a wait, unless it was the
 * last of the list. A short count of sendfile() tells nothing. */
static void check_no_probe(const shim_t *shim)
{
    unsigned long i, calls = shim->calls;
    int full = 0;

    ck_assert_uint_lt(calls, SHIM_MOST);
    for (i = 0; i < calls; i++) {
        const shim_record_t *r = &shim->record[i];

        if (r->call == SHIM_POLL)
            full = 0;
        if (!shim_writes(r->call))
            continue;
        ck_assert_msg(!full, "%s probes a full socket", shim_names[r->call]);
        full = r->result < 0 ? r->error == EAGAIN
                             : r->call != SHIM_SENDFILE && r->result > 0 &&
                                   (apr_size_t)r->result < r->asked;
    }
}

/* Every call is told not to raise a signal, and not to wait. */
static void check_flags(const shim_t *shim)
{
    unsigned long i;

    for (i = 0; i < shim->calls; i++) {
        const shim_record_t *r = &shim->record[i];

        if (r->call != SHIM_SENDMSG && r->call != SHIM_SEND)
            continue;
        ck_assert_int_ne(r->flags & MSG_NOSIGNAL, 0);
        ck_assert_int_ne(r->flags & MSG_DONTWAIT, 0);
    }
}

static int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* One run, with a fault, or with none if k is 0. Whatever the write returns,
 * the peer got what it counted, and another one brings the rest. Returns
 * whether the fault came. */
static int run(scenario_t *s, shim_call_t kind, unsigned long k,
               const fault_t *fault)
{
    apr_pool_t *outer = pool;
    apr_uint64_t written, rest;
    apr_status_t status;
    bufv_writer_t *w;
    bufv_t *v;
    peer_t *p;

    assert_ok(apr_pool_create(&pool, outer));
    s->interrupted = 0;
    p = peer_new();
    w = scenario_writer(s, p);
    v = scenario_list(s);
    peer_start(p);
    shim_strike(s->shim, kind, k, fault->fault, fault->error);
    status = bufv_write(v, w, &written);
    shim_rest();
    ck_assert_uint_eq(written + bufv_length(v), TOTAL);
    ck_assert_uint_eq(report_of(w).written, written);
    ck_assert_int_eq(s->interrupted, 0);
    check_no_probe(s->shim);
    check_flags(s->shim);
    if (!s->shim->struck || fault->end == GOES_ON)
        ck_assert_msg(status == APR_SUCCESS, "%s %lu, errno %d: %s",
                      shim_names[kind], k, fault->error, status_text(status));
    else if (fault->end == ENDS)
        ck_assert_int_eq(status,
                         fault->status != 0 ? fault->status : fault->error);
    assert_ok(bufv_write(v, w, &rest));
    ck_assert_uint_eq(written + rest, TOTAL);
    peer_finish(p);
    peer_assert_got(p, s->bytes, TOTAL);
    apr_pool_destroy(pool);
    pool = outer;
    return s->shim->struck;
}

/* Every fault at every call of a kind. Says how many came. */
static int run_all(scenario_t *s, shim_call_t kind, const fault_t *faults,
                   size_t nfaults)
{
    int before = descriptors(), struck = 0;
    unsigned long k;
    size_t i;

    for (i = 0; i < nfaults; i++) {
        for (k = 1; run(s, kind, k, &faults[i]); k++)
            struck++;
    }
    ck_assert_int_eq(descriptors(), before);
    return struck;
}

/* The call that this back end writes to a socket with. */
static shim_call_t writes_with(void)
{
    return is_unix() ? SHIM_SENDMSG : SHIM_SEND;
}

START_TEST(faults__at_every_write)
{
    scenario_t *s = scenario_new();
    int struck;

    struck = run_all(s, writes_with(), on_write, COUNT(on_write));
    ck_assert_int_ge(struck, (int)COUNT(on_write) * (is_unix() ? 5 : 20));
    s->copy_below = 65536;
    struck = run_all(s, writes_with(), on_write, COUNT(on_write));
    struck += run_all(s, SHIM_SEND, on_write, COUNT(on_write));
    ck_assert_int_gt(struck, 0);
}
END_TEST

START_TEST(faults__at_every_write_of_a_blocking_socket)
{
    scenario_t *s = scenario_new();

    s->blocking = 1;
    ck_assert_int_gt(run_all(s, writes_with(), on_write, COUNT(on_write)), 0);
}
END_TEST

/* Makes every attempt wait: each takes a third, and then there is no room. */
static void run_polls(scenario_t *s)
{
    static const fault_t full = {SHIM_FAIL, EAGAIN, GOES_ON, 0};
    unsigned long k;
    size_t i;

    for (i = 0; i < COUNT(on_poll); i++) {
        for (k = 1; k <= 3; k++) {
            /* The k-th write waits, and this wait has the fault. */
            ck_assert_int_eq(run(s, writes_with(), k, &full), 1);
            ck_assert_uint_ge(s->shim->of[SHIM_POLL], 1);
        }
    }
}

START_TEST(faults__at_every_wait)
{
    scenario_t *s = scenario_new();
    apr_uint64_t written, rest;
    apr_status_t status;
    size_t i;

    run_polls(s);
    for (i = 0; i < COUNT(on_poll); i++) {
        const fault_t *fault = &on_poll[i];
        peer_t *p = peer_new();
        bufv_writer_t *w = scenario_writer(s, p);
        unsigned char *big = bytes_new(8 << 20, 2);
        bufv_t *v = list_new();

        assert_ok(bufv_append(v, big, 8 << 20));
        /* Left alone, the system might take all without a wait. */
        assert_ok(apr_socket_opt_set(p->near_end, APR_SO_SNDBUF, 65536));
        p->pause = 200;
        peer_start(p);
        shim_strike(s->shim, SHIM_POLL, 1, fault->fault, fault->error);
        status = bufv_write(v, w, &written);
        shim_rest();
        ck_assert_int_eq(s->shim->struck, 1);
        check_no_probe(s->shim);
        if (fault->end == GOES_ON)
            assert_ok(status);
        else
            ck_assert_int_eq(status, fault->status != 0 ? fault->status
                                                        : fault->error);
        assert_ok(bufv_write(v, w, &rest));
        ck_assert_uint_eq(written + rest, 8 << 20);
        peer_finish(p);
        peer_assert_got(p, big, 8 << 20);
    }
}
END_TEST

START_TEST(faults__at_every_change_of_mode)
{
    scenario_t *s = scenario_new();

    s->blocking = 1;
    run_all(s, SHIM_MODE, on_mode, COUNT(on_mode));
    take_file(s);
    run_all(s, SHIM_MODE, on_mode, COUNT(on_mode));
}
END_TEST

START_TEST(faults__at_every_sendfile)
{
    scenario_t *s = scenario_new();
    int struck;

    take_file(s);
    struck = run_all(s, SHIM_SENDFILE, on_sendfile, COUNT(on_sendfile));
    ck_assert_int_eq(struck > 0, bufv_socket_ops()->sendfile != NULL);
    run_all(s, writes_with(), on_write, COUNT(on_write));
    s->blocking = 1;
    run_all(s, SHIM_SENDFILE, on_sendfile, COUNT(on_sendfile));
}
END_TEST

/* As macOS says it while the peer closes. */
START_TEST(faults__eprototype_is_a_reset)
{
    static const fault_t closing = {SHIM_FAIL, EPROTOTYPE, ENDS,
                                    APR_ECONNRESET};
    scenario_t *s = scenario_new();

    if (!is_unix()) {
        skip("faults__eprototype_is_a_reset", "APR passes on what it is told");
        return;
    }
    ck_assert_int_eq(run(s, SHIM_SENDMSG, 2, &closing), 1);
}
END_TEST

/* Memory that lacks for good is an error, in time. */
START_TEST(faults__no_memory_for_good)
{
    static const int errors[] = {ENOMEM, ENOBUFS};
    scenario_t *s = scenario_new();
    apr_uint64_t written;
    size_t i;

    for (i = 0; i < COUNT(errors); i++) {
        peer_t *p = peer_new();
        bufv_writer_t *w = scenario_writer(s, p);
        bufv_t *v = scenario_list(s);
        apr_time_t began = apr_time_now();
        apr_status_t status;

        shim_strike(s->shim, writes_with(), 2, SHIM_FAIL, errors[i]);
        s->shim->lasting = 1;
        status = bufv_write(v, w, &written);
        shim_rest();
        ck_assert_int_eq(status, errors[i]);
        ck_assert_uint_gt(written, 0);
        ck_assert_uint_eq(written + bufv_length(v), TOTAL);
        ck_assert_int_lt(apr_time_now() - began, apr_time_from_sec(20));
    }
}
END_TEST

/* A descriptor that was a socket and is none any more gets no byte by other
 * means: its number may be another file's by now. */
START_TEST(faults__enotsock_is_not_written_to)
{
    scenario_t *s = scenario_new();
    static const fault_t none = {SHIM_FAIL, ENOTSOCK, ENDS, 0};

    if (!is_unix()) {
        skip("faults__enotsock_is_not_written_to", "APR writes with write()");
        return;
    }
    ck_assert_int_eq(run(s, SHIM_SENDMSG, 2, &none), 1);
    ck_assert_uint_eq(s->shim->of[SHIM_WRITEV] + s->shim->of[SHIM_WRITE], 0);
}
END_TEST

/* ---- pipes and files */

/* One run over a pipe that holds all, or a file: with a fault at the k-th
 * call, and resumed. */
static int run_file(scenario_t *s, int pipe, unsigned long k,
                    const fault_t *fault)
{
    shim_call_t kind = is_unix() ? SHIM_WRITEV : SHIM_WRITE;
    bufv_t *v = list_cut(s->bytes, 20, 100, 100);
    apr_file_t *in = NULL, *out = NULL;
    apr_uint64_t written, rest;
    unsigned char got[3000];
    apr_size_t len = sizeof(got);
    apr_status_t status;
    bufv_writer_t *w;

    if (pipe)
        assert_ok(apr_file_pipe_create(&in, &out, pool));
    else {
        take_file(s);
        assert_ok(apr_file_trunc(s->file, 0));
        out = s->file;
    }
    assert_ok(bufv_writer_file(&w, out, pool));
    bufv_writer_limits_set(w, 4, 0);
    bufv_writer_copy_below_set(w, 0);
    shim_strike(s->shim, kind, k, fault->fault, fault->error);
    status = bufv_write(v, w, &written);
    shim_rest();
    ck_assert_uint_eq(written + bufv_length(v), 2000);
    if (!s->shim->struck || fault->end == GOES_ON)
        assert_ok(status);
    else
        ck_assert_int_eq(status,
                         fault->status != 0 ? fault->status : fault->error);
    assert_ok(bufv_write(v, w, &rest));
    ck_assert_uint_eq(written + rest, 2000);
    if (!pipe) {
        apr_off_t start = 0;

        assert_ok(apr_file_seek(out, APR_SET, &start));
        in = out;
    }
    assert_ok(apr_file_read(in, got, &len));
    ck_assert_uint_eq(len, 2000);
    ck_assert_mem_eq(got, s->bytes, 2000);
    if (pipe)
        assert_ok(apr_file_close(in));
    assert_ok(apr_file_close(out));
    return s->shim->struck;
}

START_TEST(faults__at_every_write_of_a_file)
{
    static const fault_t faults[] = {
        {SHIM_FAIL, EINTR, GOES_ON, 0}, {SHIM_FAIL, ENOSPC, ENDS, 0},
        {SHIM_FAIL, EIO, ENDS, 0},      {SHIM_FAIL, EPIPE, ENDS, 0},
        {SHIM_SHORT, 0, GOES_ON, 0},    {SHIM_ZERO, 0, ENDS, APR_EOF},
    };
    scenario_t *s = scenario_new();
    int pipe, struck;
    unsigned long k;
    size_t i;

    for (pipe = 0; pipe < 2; pipe++) {
        for (i = 0, struck = 0; i < COUNT(faults); i++) {
            for (k = 1; run_file(s, pipe, k, &faults[i]); k++)
                struck++;
        }
        ck_assert_int_ge(struck, 5 * (int)COUNT(faults));
    }
}
END_TEST

/* A file range is read in pieces, interrupted, and failing. */
START_TEST(faults__at_every_read)
{
    static const fault_t faults[] = {
        {SHIM_FAIL, EINTR, GOES_ON, 0},
        {SHIM_FAIL, EIO, ENDS, 0},
        {SHIM_SHORT, 0, GOES_ON, 0},
    };
    scenario_t *s = scenario_new();
    unsigned long k;
    char got[3000];
    size_t i;

    take_file(s);
    for (i = 0; i < COUNT(faults); i++) {
        for (k = 1; k < 4; k++) {
            bufv_t *v = list_new();
            apr_size_t len = sizeof(got), more = sizeof(got);
            apr_status_t status;

            assert_ok(bufv_append_file(v, s->file, 0, 1000));
            assert_ok(bufv_append_file(v, s->file, 1000, 1000));
            assert_ok(bufv_append_file(v, s->file, 2000, 1000));
            shim_strike(s->shim, SHIM_PREAD, k, faults[i].fault,
                        faults[i].error);
            status = bufv_read(v, got, &len);
            shim_rest();
            ck_assert_int_eq(s->shim->struck, 1);
            if (faults[i].end == ENDS && k == 1)
                ck_assert_int_eq(status, faults[i].error);
            else
                assert_ok(status);
            ck_assert_uint_eq(len,
                              faults[i].end == ENDS ? (k - 1) * 1000 : 3000);
            if (len == 3000)
                continue;
            more -= len;
            assert_ok(bufv_read(v, got + len, &more));
            ck_assert_uint_eq(len + more, 3000);
            ck_assert_mem_eq(got, s->bytes, 3000);
        }
    }
}
END_TEST

/* A file that has nothing now (there are file systems in programs) is an
 * error, and not a destination that is full: no event of that would tell. */
START_TEST(faults__nothing_to_read_is_not_full)
{
    scenario_t *s = scenario_new();
    bufv_writer_t *w = peer_writer(peer_new());
    bufv_t *v = list_new();
    apr_uint64_t written;
    apr_status_t status;

    take_file(s);
    assert_ok(bufv_append(v, s->bytes, 10));
    assert_ok(bufv_append_file(v, s->file, 10, 1000));
    shim_strike(s->shim, SHIM_PREAD, 1, SHIM_FAIL, EAGAIN);
    s->shim->lasting = 1;
    status = bufv_write_some(v, w, &written);
    shim_rest();
    ck_assert_int_eq(status, EIO);
    ck_assert_uint_eq(written, 10);
    assert_ok(bufv_write(v, w, &written));
    ck_assert_uint_eq(written, 1000);
}
END_TEST

/* ---- descriptors of all kinds, as files */

static apr_file_t *wrapped(int fd)
{
    apr_file_t *file = NULL;

    assert_ok(apr_os_file_put(&file, &fd, APR_FOPEN_WRITE, pool));
    return file;
}

START_TEST(faults__wrapped_descriptors)
{
    bufv_t *v = list_of((const char *const[]){"ab", "cd", NULL});
    char path[] = "/tmp/bufv-faults-XXXXXX", text[100], got[4];
    int fd = mkstemp(path), pair[2];
    apr_uint64_t written;
    bufv_writer_t *w;

    unlink(path);
    ck_assert_int_ge(fd, 0);
    assert_ok(bufv_writer_file(&w, wrapped(fd), pool));
    assert_ok(bufv_write(v, w, &written));
    ck_assert_uint_eq(written, 4);
    ck_assert_ptr_nonnull(
        strstr(bufv_writer_strerror(w, text, sizeof(text)), " file: "));

    /* Closed behind our back: an error, and nothing is lost. */
    close(fd);
    assert_ok(bufv_append(v, "abcd", 4));
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_EBADF);
    ck_assert_uint_eq(bufv_length(v), 4);

    /* A socket, which can be full and whose reader can go. */
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_ok(bufv_writer_file(&w, wrapped(pair[0]), pool));
    assert_ok(bufv_write(v, w, &written));
    ck_assert_int_eq((int)read(pair[1], got, 4), 4);
    ck_assert_mem_eq(got, "abcd", 4);
    close(pair[1]);
    assert_ok(bufv_append(v, "abcd", 4));
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(bufv_length(v), 4);
    close(pair[0]);
}
END_TEST

/* One who blocks SIGPIPE himself finds it neither raised nor unblocked. */
START_TEST(faults__sigpipe_blocked_and_none_pending)
{
    bufv_t *v = list_of((const char *const[]){"ab", NULL});
    apr_file_t *in, *out;
    apr_uint64_t written;
    bufv_writer_t *w;
    sigset_t set, now;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    assert_ok(apr_file_close(in));
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_EPIPE);
    sigpending(&now);
    ck_assert_int_eq(sigismember(&now, SIGPIPE), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    ck_assert_int_eq(sigismember(&now, SIGPIPE), 1);
}
END_TEST

/* A SIGPIPE that another thread makes the system drop, just when it was seen,
 * is not waited for. */
START_TEST(faults__sigpipe_is_dropped_meanwhile)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_t *v = list_of((const char *const[]){"ab", NULL});
    apr_status_t status;
    bufv_writer_t *w;
    ends_t e;

    ends_open(&e, ENDS_FIFO);
    w = ends_writer(&e);
    close(e.far_end);
    shim_watch(shim);
    shim->drops_sigpipe = 1;
    alarm(60); /* it would wait for ever */
    status = bufv_write(v, w, NULL);
    alarm(0);
    shim_rest();
    assert_is(status, APR_STATUS_IS_EPIPE);
}
END_TEST

/* A buffered file of which neither the position nor the end is to be had, and
 * one on a full disk: bytes beyond its buffer, and beyond its patience. */
START_TEST(faults__buffered_oddities)
{
    const unsigned char *bytes = bytes_new(20000, 8);
    bufv_t *v = list_of((const char *const[]){"abcd", NULL});
    const char *name = apr_psprintf(pool, "/tmp/bufv-fifo-%d", (int)getpid());
    apr_uint64_t written;
    bufv_writer_t *w;
    apr_file_t *file;
    char got[8];
    int reader;

    unlink(name);
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    reader = open(name, O_RDONLY | O_NONBLOCK);
    assert_ok(apr_file_open(&file, name, APR_FOPEN_WRITE | APR_FOPEN_BUFFERED,
                            APR_FPROT_OS_DEFAULT, pool));
    unlink(name);
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(bufv_write(v, w, &written));
    ck_assert_uint_eq(written, 4);
    ck_assert_int_eq((int)read(reader, got, 8), 4);
    close(reader);

    assert_ok(apr_file_open(&file, "/dev/full",
                            APR_FOPEN_WRITE | APR_FOPEN_BUFFERED,
                            APR_FPROT_OS_DEFAULT, pool));
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(bufv_append(v, bytes, 20000));
    ck_assert_int_ne(bufv_write(v, w, &written), APR_SUCCESS);
    ck_assert_uint_eq(written + bufv_length(v), 20000);
}
END_TEST

/* What APR has buffered cannot leave: nothing is written behind it. */
START_TEST(faults__buffered_bytes_on_a_full_disk)
{
    bufv_t *v = list_of((const char *const[]){"abcd", NULL});
    apr_size_t one = 1;
    apr_uint64_t written;
    bufv_writer_t *w;
    apr_file_t *file;
    int i;

    assert_ok(apr_file_open(&file, "/dev/full",
                            APR_FOPEN_WRITE | APR_FOPEN_BUFFERED,
                            APR_FPROT_OS_DEFAULT, pool));
    assert_ok(apr_file_write(file, "x", &one));
    assert_ok(bufv_writer_file(&w, file, pool));
    for (i = 0; i < 2; i++) {
        assert_is(bufv_write(v, w, &written), APR_STATUS_IS_ENOSPC);
        ck_assert_uint_eq(written, 0);
        assert_text(v, "abcd");
    }
}
END_TEST

/* What APR has buffered cannot leave at first: it is not written over when it
 * does. */
START_TEST(faults__a_flush_that_fails_once)
{
    bufv_t *v = list_of((const char *const[]){"abcd", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    char *name = apr_pstrdup(pool, "/tmp/bufv-flush-XXXXXX");
    apr_size_t four = 4;
    apr_uint64_t written;
    bufv_writer_t *w;
    apr_file_t *file;
    char got[16];
    int fd;

    assert_ok(apr_file_mktemp(&file, name,
                              APR_FOPEN_CREATE | APR_FOPEN_READ |
                                  APR_FOPEN_WRITE | APR_FOPEN_BUFFERED,
                              pool));
    fd = open(name, O_RDONLY);
    unlink(name);
    assert_ok(apr_file_write(file, "head", &four));
    assert_ok(bufv_writer_file(&w, file, pool));
    shim_watch(shim);
    shim_strike(shim, SHIM_WRITE, 1, SHIM_FAIL, ENOSPC);
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_ENOSPC);
    shim_rest();
    ck_assert_uint_eq(written, 0);
    assert_ok(bufv_write(v, w, &written));
    assert_ok(apr_file_flush(file));
    ck_assert_int_eq((int)read(fd, got, sizeof(got)), 8);
    ck_assert_mem_eq(got, "headabcd", 8);
    close(fd);
}
END_TEST

/* ---- ways that a system does not know */

/* A write that neither waits nor raises a signal is tried in one way after the
 * other; when none is known the last error is told. */
START_TEST(faults__ways_to_a_pipe_that_are_unknown)
{
    static const int errors[] = {EOPNOTSUPP, ENOSYS, EINVAL};
    static const char *const once[] = {"x", NULL};
    bufv_t *v = list_of((const char *const[]){"ab", "cd", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    apr_file_t *in, *out;
    bufv_writer_t *w;
    char got[8];
    apr_size_t len = sizeof(got);
    apr_status_t status;

    if (is_left_out("faults__ways_to_a_pipe_that_are_unknown",
                    "APR has one way"))
        return;
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    assert_ok(bufv_write_some(list_of(once), w, NULL)); /* asks the system */
    assert_ok(apr_file_read(in, got, &len));
    assert_ok(bufv_writer_file(&w, out, pool));
    shim_strike(shim, SHIM_WRITEV, 1, SHIM_FAIL, errors[_i]);
    shim->lasting = 1;
    status = bufv_write(v, w, NULL);
    shim_rest();
    ck_assert_int_eq(status, errors[_i]);
    ck_assert_uint_eq(shim->of[SHIM_WRITEV], 3);
    ck_assert_int_ne(shim->record[0].flags, 0);
    assert_text(v, "abcd");
    assert_ok(bufv_writer_file(&w, out, pool));
    shim_strike(shim, SHIM_WRITEV, 1, SHIM_FAIL, errors[_i]);
    assert_ok(bufv_write(v, w, NULL));
    shim_rest();
    len = sizeof(got);
    assert_ok(apr_file_read(in, got, &len));
    ck_assert_uint_eq(len, 4);
    ck_assert_mem_eq(got, "abcd", 4);
}
END_TEST

/* A system that takes any flag for a pipe heeds none; one that has no pipe to
 * ask with is not known to, nor is one whose sandbox refuses the question: the
 * pipe's mode is borrowed, once and for all. */
START_TEST(faults__flags_of_a_pipe_that_are_not_heeded)
{
    static const int refusals[] = {EPERM, EINVAL}; /* the latter heeds them */
    bufv_t *v = list_of((const char *const[]){"ab", "cd", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    struct rlimit few, limit;
    apr_file_t *in, *out;
    apr_status_t status;
    bufv_writer_t *w;
    char got[8];
    apr_size_t len = sizeof(got);
    unsigned long i;

    if (is_left_out("faults__flags_of_a_pipe_that_are_not_heeded",
                    "APR has one way"))
        return;
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    if (_i == 1)
        few.rlim_cur = 0;
    shim_watch(shim);
    if (_i >= 2)
        shim_strike(shim, SHIM_WRITEV, 1, SHIM_FAIL, refusals[_i - 2]);
    shim->takes_any_flag = 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    status = bufv_write(v, w, NULL);
    setrlimit(RLIMIT_NOFILE, &limit);
    shim_rest();
    assert_ok(status);
    ck_assert_uint_eq(shim->of[SHIM_WRITEV], _i == 1 ? 1 : 2);
    for (i = 0; i < shim->calls; i++)
        ck_assert(shim->record[i].asked < 4 || _i == 3 ||
                  shim->record[i].flags == 0);
    assert_ok(apr_file_read(in, got, &len));
    ck_assert_uint_eq(len, 4);
    ck_assert_mem_eq(got, "abcd", 4);
}
END_TEST

/* What MSG_MORE held back when the last attempt failed is pushed, and does not
 * wait 200 ms for the system's timer (promise 20c). */
START_TEST(faults__what_was_held_leaves_with_an_error)
{
    bufv_t *v = list_of((const char *const[]){"header", "body", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_status_t status;
    char got[16];
    apr_size_t len = sizeof(got);

    if (is_left_out("faults__what_was_held_leaves_with_an_error",
                    "nothing is held back here"))
        return;
    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NODELAY, 0));
    assert_ok(apr_socket_timeout_set(p->far_end, apr_time_from_msec(50)));
    bufv_writer_limits_set(w, 1, 0);
    bufv_writer_copy_below_set(w, 0);
    shim_watch(shim);
    shim_strike(shim, SHIM_SENDMSG, 2, SHIM_FAIL, EIO);
    status = bufv_write(v, w, NULL);
    shim_rest();
    ck_assert_int_eq(status, EIO);
    assert_text(v, "body");
    assert_ok(apr_socket_recv(p->far_end, got, &len));
    ck_assert_uint_eq(len, 6);
}
END_TEST

/* A send that cannot be told not to wait is made in a mode in which it does
 * not; only an error that says so leads there. */
START_TEST(faults__ways_to_a_socket_that_are_unknown)
{
    static const int errors[] = {EINVAL, EISCONN, EOPNOTSUPP, EAFNOSUPPORT,
                                 EFAULT};
    scenario_t *s = scenario_new();
    fault_t fault = {SHIM_FAIL, 0, GOES_ON, 0};

    if (is_unix()) {
        skip("faults__ways_to_a_socket_that_are_unknown",
             "sendmsg() knows it all");
        return;
    }
    s->blocking = 1;
    fault.error = errors[_i];
    ck_assert_int_eq(run(s, SHIM_SEND, 1, &fault), 1);
    ck_assert_uint_gt(s->shim->of[SHIM_WRITE] + s->shim->of[SHIM_SEND], 1);
    fault.end = ENDS; /* once the way is known, an error is one */
    ck_assert_int_eq(run(s, SHIM_SEND, 2, &fault), 1);
}
END_TEST

/* WSAETIMEDOUT, a peer that gave no answer, is a timeout to APR. It is none of
 * the caller's. */
START_TEST(faults__a_silent_peer_is_no_timeout)
{
    static const fault_t silent = {SHIM_FAIL, APR_TIMEUP, ENDS,
                                   APR_ECONNRESET};
    scenario_t *s = scenario_new();

    if (is_unix()) {
        skip("faults__a_silent_peer_is_no_timeout", "no errno is a timeout");
        return;
    }
    ck_assert_int_eq(run(s, SHIM_SEND, 1, &silent), 1);
    ck_assert_int_eq(run(s, SHIM_SEND, 3, &silent), 1);
}
END_TEST

/* ---- what is set up once */

/* A lock that cannot be made is an error, and nothing is left of it: the
 * writer is as before, and may get one later. */
START_TEST(faults__at_every_part_of_a_lock)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_writer_t *w = peer_writer(peer_new());
    apr_status_t status;
    unsigned long k;
    long blocks;

    for (k = 1;; k++) {
        blocks = alloc_blocks();
        shim_strike(shim, SHIM_SETUP, k, SHIM_FAIL, EAGAIN);
        status = bufv_writer_lock_enable(w);
        shim_rest();
        blocks = alloc_blocks() - blocks;
        if (!shim->struck)
            break;
        ck_assert_int_eq(status, EAGAIN);
        ck_assert_int_eq(blocks, 0);
    }
    ck_assert_uint_eq(k, 4);
    assert_ok(status);
    assert_ok(
        bufv_write(list_of((const char *const[]){"abc", NULL}), w, NULL));
}
END_TEST

/* Where a back end sets something up before its first attempt, that may fail:
 * the write does, nothing has left, and the next one makes good for it. */
static int write_set_up(bufv_writer_t *w, unsigned long k)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    apr_status_t status;

    shim_strike(shim, SHIM_SETUP, k, SHIM_FAIL, EACCES);
    status = bufv_write(v, w, NULL);
    shim_rest();
    if (!shim->struck) {
        assert_ok(status);
        return 0;
    }
    ck_assert_int_eq(status, EACCES);
    assert_text(v, "abc");
    assert_ok(bufv_write(v, w, NULL));
    return 1;
}

START_TEST(faults__at_every_part_of_a_first_attempt)
{
    apr_file_t *in, *out;
    bufv_writer_t *w;
    unsigned long k;

    /* What the process has but one of is set up here. */
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    assert_ok(
        bufv_write(list_of((const char *const[]){"abc", NULL}), w, NULL));
    for (k = 1; write_set_up(peer_writer(peer_new()), k); k++)
        continue;
    ck_assert(is_unix() ? k == 1 : k > 1);
    for (k = 1;; k++) {
        assert_ok(apr_file_pipe_create(&in, &out, pool));
        assert_ok(bufv_writer_file(&w, out, pool));
        if (!write_set_up(w, k))
            break;
    }
    ck_assert(is_unix() ? k == 1 : k > 2);
    for (k = 1;; k++) {
        assert_ok(bufv_writer_file(&w, file_text(""), pool));
        if (!write_set_up(w, k))
            break;
    }
    ck_assert(is_unix() ? k == 1 : k > 1);
}
END_TEST

/* A mode that cannot be asked for or set: nothing is attempted, since that
 * might wait. One that cannot be given back at once is so the second time. The
 * writer has written before: what APR does to its own handle is over. */
START_TEST(faults__at_every_change_of_mode_of_a_fifo)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_t *v = list_new();
    apr_status_t status;
    unsigned long k = 0;
    char got[8];
    ends_t e;

    do {
        bufv_writer_t *w;

        ends_open(&e, ENDS_FIFO);
        w = ends_writer(&e);
        assert_ok(bufv_append(v, "abc", 3));
        assert_ok(bufv_write(v, w, NULL));
        assert_ok(bufv_append(v, "def", 3));
        shim_strike(shim, SHIM_MODE, ++k, SHIM_FAIL, EIO);
        status = bufv_write(v, w, NULL);
        shim_rest();
        ck_assert(ends_blocks(&e));
        if (k > 2)
            assert_ok(status);
        else {
            ck_assert_int_eq(status, EIO);
            assert_text(v, "def");
            assert_ok(bufv_write(v, w, NULL));
        }
        ck_assert_int_eq((int)read(e.far_end, got, sizeof(got)), 6);
        ck_assert_mem_eq(got, "abcdef", 6);
        close(e.near_end);
        close(e.far_end);
    } while (shim->struck);
    ck_assert_uint_eq(k, 4);
}
END_TEST

/* ---- files */

/* File systems refuse an offset that no file of theirs has, each with its own
 * error: that is the end of the file, if it ends before. Of what is no regular
 * file, and of one that is there, it is an error. */
START_TEST(faults__offsets_that_no_file_has)
{
    static const int errors[] = {EINVAL, EOVERFLOW, EFBIG, EIO};
    scenario_t *s = scenario_new();
    apr_status_t want[4];
    apr_file_t *in, *out, *closed;
    int fd, i;

    take_file(s);
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    fd = dup(0);
    closed = wrapped(fd);
    close(fd);
    want[0] = errors[_i] == EIO ? EIO : APR_EOF; /* beyond its end */
    want[1] = want[2] = want[3] = errors[_i];
    for (i = 0; i < 4; i++) {
        apr_file_t *const files[] = {s->file, s->file, in, closed};
        bufv_t *v = list_new();
        apr_status_t status;
        char got[8];
        apr_size_t len = sizeof(got);

        assert_ok(bufv_append_file(v, files[i], i == 0 ? TOTAL : 0, 5));
        shim_strike(s->shim, SHIM_PREAD, 1, SHIM_FAIL, errors[_i]);
        status = bufv_read(v, got, &len);
        shim_rest();
        ck_assert_int_eq(status, want[i]);
        ck_assert_uint_eq(len, 0);
        ck_assert_uint_eq(bufv_length(v), 5);
    }
}
END_TEST

/* A buffered file that was closed behind APR's back: with bytes in the buffer,
 * and without. */
START_TEST(faults__closed_under_a_buffer)
{
    bufv_t *v = list_of((const char *const[]){"abcd", NULL});
    apr_file_t *file = file_new(NULL, 0, APR_FOPEN_BUFFERED);
    apr_size_t len = 4;
    apr_uint64_t written;
    bufv_writer_t *w;
    apr_os_file_t fd;

    assert_ok(bufv_writer_file(&w, file, pool));
    if (_i)
        assert_ok(apr_file_write(file, "head", &len));
    assert_ok(apr_os_file_get(&fd, file));
    net_pardon(); /* it would look at the descriptor */
    close(fd);
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_EBADF);
    ck_assert_uint_eq(written, 0);
    assert_text(v, "abcd");
}
END_TEST

/* A stream socket that APR takes for a file, interrupted: nobody hears of
 * it. */
START_TEST(faults__interrupted_socket_as_a_file)
{
    bufv_t *v = list_of((const char *const[]){"ab", "cd", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    char got[4];
    int pair[2];
    bufv_writer_t *w;
    tally_t tally;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_ok(bufv_writer_file(&w, wrapped(pair[0]), pool));
    bufv_writer_copy_below_set(w, 512);
    tally_watch(&tally, w);
    shim_strike(shim, is_unix() ? SHIM_SENDMSG : SHIM_WRITE, 1, SHIM_FAIL,
                EINTR);
    assert_ok(bufv_write(v, w, NULL));
    shim_rest();
    ck_assert_int_eq(shim->struck, 1);
    ck_assert_uint_eq(tally.calls, 1);
    ck_assert_int_eq((int)read(pair[1], got, 4), 4);
    ck_assert_mem_eq(got, "abcd", 4);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

/* A block device is written to like a file: by calls that may wait, and with
 * no mode borrowed, since it is never full. */
START_TEST(faults__a_block_device_is_a_file)
{
    bufv_t *v = list_of((const char *const[]){"ab", "cd", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    apr_file_t *file = file_text("");
    apr_status_t status;
    bufv_writer_t *w;
    unsigned long i;

    assert_ok(bufv_writer_file(&w, file, pool));
    shim_watch(shim);
    shim->is_block_device = 1;
    status = bufv_write(v, w, NULL);
    shim_rest();
    assert_ok(status);
    ck_assert_uint_gt(shim->calls, 0);
    ck_assert_uint_eq(shim->of[SHIM_MODE], 0);
    for (i = 0; i < shim->calls; i++)
        ck_assert_int_eq(shim->record[i].flags, 0);
}
END_TEST

/* ---- clocks and names */

/* A machine that does not know the date begins in 1970, and has then been up
 * for longer than there is a date: a deadline far away is far away. */
START_TEST(faults__deadline_on_a_young_calendar)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_writer_t *w = peer_writer(peer_new());
    apr_status_t status;

    shim_watch(shim);
    shim->wall = 1;
    bufv_writer_deadline_set(w, APR_INT64_MAX);
    status = bufv_write(list_of((const char *const[]){"abc", NULL}), w, NULL);
    shim_rest();
    assert_ok(status);
}
END_TEST

/* What is neither a stream nor a datagram goes by the name of its network. */
START_TEST(faults__raw_sockets_have_a_name)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_writer_t *w = peer_writer(peer_new());
    char text[400];

    shim_watch(shim);
    shim->socket_type = SOCK_RAW;
    bufv_writer_strerror(w, text, sizeof(text));
    shim_rest();
    ck_assert_ptr_nonnull(strstr(text, " ip 127.0.0.1:"));
}
END_TEST

/* ---- what the calls are told */

static shim_t *write_watched(peer_t *p, apr_size_t chunks,
                             apr_size_t copy_below)
{
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    unsigned char *bytes = bytes_new(chunks * 10, 1);
    bufv_t *v = list_cut(bytes, chunks, 10, 10);
    apr_uint64_t written;
    bufv_writer_t *w;

    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    bufv_writer_limits_set(w, 2, 0);
    bufv_writer_copy_below_set(w, copy_below);
    shim_watch(shim);
    assert_ok(bufv_write(v, w, &written));
    shim_rest();
    ck_assert_uint_eq(written, chunks * 10);
    check_flags(shim);
    return shim;
}

/* MSG_MORE on all calls but the last, so that no half-full segment waits for
 * an acknowledgement. */
START_TEST(faults__more_is_told_to_the_system)
{
    peer_t *p = peer_new();
    unsigned long i;
    shim_t *shim;

    if (!is_unix()) {
        skip("faults__more_is_told_to_the_system", "APR has no MSG_MORE");
        return;
    }
    shim = write_watched(p, 7, 0);
    ck_assert_uint_eq(shim->calls, 4);
    ck_assert_uint_eq(shim->of[SHIM_SENDMSG], 4);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq((shim->record[i].flags & MSG_MORE) != 0, i < 3);
}
END_TEST

/* One who asked for no delay is not delayed. */
START_TEST(faults__more_is_not_told_with_nodelay)
{
    peer_t *p = peer_new();
    unsigned long i;
    shim_t *shim;

    if (!is_unix()) {
        skip("faults__more_is_not_told_with_nodelay", "APR has no MSG_MORE");
        return;
    }
    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NODELAY, 1));
    shim = write_watched(p, 7, 0);
    ck_assert_uint_eq(shim->calls, 4);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(shim->record[i].flags & MSG_MORE, 0);
}
END_TEST

/* A file goes corked where more follows, and where it is long; afterwards the
 * cork is as the user had it. */
START_TEST(faults__files_go_corked)
{
    static const apr_size_t longest = 512 * 1024;
    int on = _i == 3;
    socklen_t on_len = sizeof(on);
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    const apr_size_t len = longest - (_i == 0);
    unsigned char *bytes = bytes_new(len, 3);
    peer_t *p = peer_new();
    bufv_t *v = list_new();
    apr_status_t status;
    apr_os_sock_t fd;
    unsigned long i;
    bufv_writer_t *w;

    if (is_left_out("faults__files_go_corked", "no file goes unread here"))
        return;
    assert_ok(bufv_append_file(
        v, file_new(bytes, len, APR_FOPEN_SENDFILE_ENABLED), 0, len));
    if (_i == 2)
        assert_ok(bufv_append(v, "trailer", 7));
    assert_ok(apr_os_sock_get(&fd, p->near_end));
    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, on_len), 0);
    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    peer_start(p);
    shim_watch(shim);
    status = bufv_write(v, w, NULL);
    shim_rest();
    assert_ok(status);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, &on_len), 0);
    ck_assert_int_eq(on, _i == 3);
    peer_finish(p);
    ck_assert_uint_gt(shim->of[SHIM_SENDFILE], 0);
    for (i = 0; i < shim->calls; i++) {
        if (shim->record[i].call == SHIM_SENDFILE)
            ck_assert_int_eq(shim->record[i].flags,
                             _i >= 2 || shim->record[i].asked >= longest);
    }
}
END_TEST

/* Where the kernel makes records of the stream it would keep one open for good
 * that is told of more. Other protocols above TCP do not. */
START_TEST(faults__more_is_not_told_where_records_are)
{
    static const char *const protocols[] = {"tls", "smc", ""};
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    bufv_t *v = list_of((const char *const[]){"ab", "cd", NULL});
    bufv_writer_t *w;
    apr_status_t status;

    if (is_left_out("faults__more_is_not_told_where_records_are",
                    "APR has no MSG_MORE"))
        return;
    assert_ok(bufv_writer_socket(&w, peer_new()->near_end, pool));
    bufv_writer_limits_set(w, 1, 0);
    bufv_writer_copy_below_set(w, 0);
    shim_watch(shim);
    shim->protocol = protocols[_i];
    status = bufv_write(v, w, NULL);
    shim_rest();
    assert_ok(status);
    ck_assert_uint_eq(shim->calls, 2);
    ck_assert_int_eq((shim->record[0].flags & MSG_MORE) != 0, _i > 0);
}
END_TEST

/* A single byte of several is a short count like any other: the socket is
 * waited for, not probed. */
START_TEST(faults__one_byte_is_a_short_count)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    shim_t *shim = apr_palloc(pool, sizeof(*shim));
    peer_t *p = peer_new();
    apr_uint64_t written;
    bufv_writer_t *w;

    if (!is_unix()) {
        skip("faults__one_byte_is_a_short_count", "APR tells its own");
        return;
    }
    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    bufv_writer_copy_below_set(w, 0);
    shim_watch(shim);
    shim_strike(shim, SHIM_SENDMSG, 1, SHIM_SHORT, 0);
    assert_ok(bufv_write(v, w, &written));
    shim_rest();
    ck_assert_uint_eq(shim->calls, 3);
    ck_assert_int_eq((int)shim->record[0].result, 1);
    ck_assert_int_eq((int)shim->record[1].call, SHIM_POLL);
}
END_TEST

/* One call for a list that fits, and it is the one that was named. */
START_TEST(faults__one_call_for_what_fits)
{
    peer_t *p = peer_new();
    shim_t *shim;

    if (!is_unix()) {
        skip("faults__one_call_for_what_fits", "APR tells its own");
        return;
    }
    shim = write_watched(p, 1, 0);
    ck_assert_uint_eq(shim->calls, 1);
    ck_assert_uint_eq(shim->of[SHIM_SENDMSG], 1);
    shim = write_watched(p, 1, 512);
    ck_assert_uint_eq(shim->calls, 1);
    ck_assert_uint_eq(shim->of[SHIM_SEND], 1);
    shim = write_watched(p, 9, 512);
    ck_assert_uint_eq(shim->calls, 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, faults__at_every_write);
    tcase_add_test(tc, faults__at_every_write_of_a_blocking_socket);
    tcase_add_test(tc, faults__at_every_wait);
    tcase_add_test(tc, faults__at_every_change_of_mode);
    tcase_add_test(tc, faults__at_every_sendfile);
    tcase_add_test(tc, faults__at_every_write_of_a_file);
    tcase_add_test(tc, faults__at_every_read);
    tcase_add_test(tc, faults__nothing_to_read_is_not_full);
    tcase_add_test(tc, faults__wrapped_descriptors);
    tcase_add_test(tc, faults__sigpipe_blocked_and_none_pending);
    tcase_add_test(tc, faults__sigpipe_is_dropped_meanwhile);
    tcase_add_test(tc, faults__buffered_oddities);
    tcase_add_test(tc, faults__buffered_bytes_on_a_full_disk);
    tcase_add_test(tc, faults__a_flush_that_fails_once);
    tcase_add_test(tc, faults__eprototype_is_a_reset);
    tcase_add_test(tc, faults__no_memory_for_good);
    tcase_add_test(tc, faults__enotsock_is_not_written_to);
    tcase_add_test(tc, faults__more_is_told_to_the_system);
    tcase_add_test(tc, faults__more_is_not_told_with_nodelay);
    tcase_add_test(tc, faults__one_byte_is_a_short_count);
    tcase_add_test(tc, faults__one_call_for_what_fits);
    tcase_add_loop_test(tc, faults__ways_to_a_pipe_that_are_unknown, 0, 3);
    tcase_add_loop_test(tc, faults__flags_of_a_pipe_that_are_not_heeded, 0, 4);
    tcase_add_test(tc, faults__what_was_held_leaves_with_an_error);
    tcase_add_loop_test(tc, faults__ways_to_a_socket_that_are_unknown, 0, 5);
    tcase_add_test(tc, faults__a_silent_peer_is_no_timeout);
    tcase_add_test(tc, faults__at_every_part_of_a_lock);
    tcase_add_test(tc, faults__at_every_part_of_a_first_attempt);
    tcase_add_test(tc, faults__at_every_change_of_mode_of_a_fifo);
    tcase_add_loop_test(tc, faults__offsets_that_no_file_has, 0, 4);
    tcase_add_loop_test(tc, faults__closed_under_a_buffer, 0, 2);
    tcase_add_test(tc, faults__interrupted_socket_as_a_file);
    tcase_add_test(tc, faults__a_block_device_is_a_file);
    tcase_add_test(tc, faults__deadline_on_a_young_calendar);
    tcase_add_test(tc, faults__raw_sockets_have_a_name);
    tcase_add_loop_test(tc, faults__more_is_not_told_where_records_are, 0, 3);
    tcase_add_loop_test(tc, faults__files_go_corked, 0, 4);
}

const topic_t topic_faults = {"faults", add_tests};
