/* SPDX-License-Identifier: Apache-2.0 */

/* A long list to a reader that takes little at a time: each byte is read,
 * copied and handed to the system about once, since what is planned follows
 * what the destination took last (promise 20). Counted, not timed. */

#include "peer.h"
#include "shim.h"

#include <apr_portable.h>
#include <apr_thread_proc.h>

#include <poll.h>
#include <unistd.h>

#define KIB 1024
#define MIB (KIB * KIB)
#define GENEROUS apr_time_from_sec(30)

/* What may be copied or read of a list, in its bytes: a short write may leave
 * a third of what was prepared for it. */
#define MOST 2

/* What is prepared before anything is known of the destination: an attempt's
 * scratch memory. */
#define FIRST (512 * KIB)

/* What the list is made of. */
typedef enum kind_t {
    LARGE,
    SMALL,
    COPIED,
    READ,
    UNREAD,
    MIXED,
    KINDS
} kind_t;

static const char *const kinds[] = {
    "large chunks",        "small chunks",   "copied chunks",
    "a file that is read", "an unread file", "small chunks and files"};

static const apr_size_t pieces[] = {4 * KIB, 64 * KIB};

/* Where it goes: to one end, and out of the other. */
typedef struct way_t {
    bufv_writer_t *w;
    int in, out;
    apr_size_t piece;
    apr_uint64_t got, wrong;
} way_t;

/* The same bytes twice: chunks from both in turn are never adjacent. */
static const unsigned char *data, *twin;
static apr_file_t *file;
static apr_uint64_t total;

/* The quick suite moves little: under emulators, on kernels that are older, a
 * window this small opens five times a second. */
static int is_quick(void)
{
    return env_is_set("BUFV_TEST_QUICK");
}

/* The i-th chunk, a part of the MiB that repeats, which begins at `at`. */
static apr_status_t add(bufv_t *v, kind_t kind, int i, apr_size_t at,
                        apr_size_t len)
{
    const unsigned char *from = i % 2 ? twin : data;

    switch (kind) {
    case COPIED:
        return bufv_append_copy(v, from + at, len);
    case READ:
    case UNREAD:
        return bufv_append_file(v, file, (apr_off_t)at, len);
    case MIXED:
        if (len > 1000)
            return bufv_append_file(v, file, (apr_off_t)at, len);
        return bufv_append(v, from + at, len);
    default:
        return bufv_append(v, from + at, len);
    }
}

/* How long the next chunk is. */
static apr_size_t length_of(kind_t kind, int i)
{
    switch (kind) {
    case SMALL:
    case COPIED:
        return 100;
    case MIXED:
        return i % 2 ? 8192 : 100;
    default:
        return is_quick() ? 64 * KIB : MIB;
    }
}

static bufv_t *list_long(kind_t kind)
{
    apr_status_t first = APR_SUCCESS;
    bufv_t *v = list_new();
    apr_size_t at = 0, len;
    int i;

    data = bytes_new(MIB, 131);
    twin = bytes_new(MIB, 131);
    file =
        file_new(data, MIB, kind == UNREAD ? APR_FOPEN_SENDFILE_ENABLED : 0);
    total = is_quick() ? 128 * KIB : 64 * MIB;
    for (i = 0; bufv_length(v) < total; i++) {
        len = length_of(kind, i);
        len = len < MIB - at ? len : MIB - at;
        note(first, add(v, kind, i, at, len));
        at = (at + len) % MIB;
    }
    assert_ok(first);
    return v;
}

/* ---- the reader's end */

/* Takes a piece, or what there is of it. Returns whether there was any. */
static int take(way_t *way)
{
    static unsigned char bytes[64 * KIB];
    apr_size_t n = 0;
    ssize_t got = 1;

    while (n < way->piece && got > 0) {
        apr_size_t at = (apr_size_t)((way->got + n) % MIB);
        apr_size_t len = way->piece - n;

        got = read(way->out, bytes, len < MIB - at ? len : MIB - at);
        if (got <= 0)
            break;
        way->wrong += memcmp(bytes, data + at, (apr_size_t)got) != 0;
        n += (apr_size_t)got;
    }
    way->got += n;
    return n > 0;
}

/* The library asks the system once how pipes are written to, with a byte for a
 * pipe of its own, which gVisor takes. It is not to be counted. */
static void have_asked(void)
{
    bufv_t *v = list_of((const char *const[]){"x", NULL});
    apr_file_t *in, *out;
    bufv_writer_t *w;

    assert_ok(apr_file_pipe_create_ex(&out, &in, APR_FULL_NONBLOCK, pool));
    assert_ok(bufv_writer_file(&w, in, pool));
    assert_ok(bufv_write(v, w, NULL));
}

static way_t way_by_pipe(apr_size_t piece, apr_interval_time_t timeout)
{
    way_t way = {NULL, -1, -1, piece, 0, 0};
    apr_file_t *in, *out;

    have_asked();
    assert_ok(apr_file_pipe_create_ex(&out, &in, APR_FULL_NONBLOCK, pool));
    assert_ok(apr_file_pipe_timeout_set(in, timeout));
    assert_ok(bufv_writer_file(&way.w, in, pool));
    assert_ok(apr_os_file_get(&way.in, in));
    assert_ok(apr_os_file_get(&way.out, out));
    return way;
}

static way_t way_by_socket(apr_size_t piece, apr_interval_time_t timeout)
{
    way_t way = {NULL, -1, -1, piece, 0, 0};
    peer_t *p = peer_new();

    assert_ok(apr_socket_opt_set(p->near_end, APR_TCP_NODELAY, 1));
    assert_ok(apr_socket_opt_set(p->near_end, APR_SO_SNDBUF, 16 * KIB));
    assert_ok(apr_socket_opt_set(p->far_end, APR_SO_RCVBUF, 16 * KIB));
    assert_ok(apr_socket_timeout_set(p->near_end, timeout));
    assert_ok(apr_socket_timeout_set(p->far_end, 0));
    way.w = peer_writer(p);
    assert_ok(apr_os_sock_get(&way.in, p->near_end));
    assert_ok(apr_os_sock_get(&way.out, p->far_end));
    return way;
}

/* The i-th: each piece, by a socket and by a pipe. */
static way_t way_of(int i, apr_interval_time_t timeout)
{
    if (i / 2 < KINDS)
        return way_by_socket(pieces[i % 2], timeout);
    return way_by_pipe(pieces[i % 2], timeout);
}

/* An event loop's: until either end has something to do. */
static int is_writable(const way_t *way)
{
    struct pollfd p[2] = {{way->in, POLLOUT, 0}, {way->out, POLLIN, 0}};

    ck_assert_int_gt(poll(p, 2, 30000), 0);
    return p[0].revents != 0;
}

/* ---- counted */

static apr_uint64_t written_bytes(const shim_t *shim)
{
    apr_uint64_t sum = 0;
    int i;

    for (i = 0; i < SHIM_KINDS; i++)
        sum += shim_writes((shim_call_t)i) ? shim->bytes[i] : 0;
    return sum;
}

static void assert_about_once(const char *what, int i, apr_uint64_t bytes)
{
    ck_assert_msg(bytes <= MOST * total + FIRST,
                  "%s, %d KiB at a time: %lu KiB of %lu KiB were %s",
                  kinds[i / 2 % KINDS], (int)pieces[i % 2] / KIB,
                  (unsigned long)(bytes / KIB), (unsigned long)(total / KIB),
                  what);
}

/* An event loop writes what it can whenever it can, and the reader takes a
 * piece. */
START_TEST(drip__in_an_event_loop)
{
    kind_t kind = (kind_t)(_i / 2 % KINDS);
    way_t way = way_of(_i, 0);
    bufv_t *v = list_long(kind);
    bufv_stats_t stats;
    static shim_t shim;

    total = bufv_length(v);
    net_pardon(); /* a look a write would take most of the time */
    shim_watch(&shim);
    while (way.got < total) {
        if (bufv_length(v) > 0 && is_writable(&way)) {
            apr_status_t status = bufv_write_some(v, way.w, NULL);

            ck_assert_msg(status == APR_SUCCESS ||
                              APR_STATUS_IS_EAGAIN(status),
                          "%d", status);
        }
        take(&way);
    }
    shim_rest();
    stats = stats_of(way.w);
    ck_assert_uint_eq(way.got, total);
    ck_assert_uint_eq(way.wrong, 0);
    ck_assert_uint_eq(stats.written, total);
    assert_about_once("copied", _i, stats.copied);
    assert_about_once("read", _i, shim.bytes[SHIM_PREAD]);
    ck_assert_uint_eq(written_bytes(&shim), total);
}
END_TEST

static void *APR_THREAD_FUNC take_all(apr_thread_t *thread, void *baton)
{
    way_t *way = baton;

    (void)thread;
    while (way->got < total) {
        struct pollfd p = {way->out, POLLIN, 0};

        if (poll(&p, 1, 30000) <= 0 || !take(way))
            break;
    }
    return NULL;
}

/* A call waits for the reader, a thread that takes a piece at a time. */
START_TEST(drip__in_one_call)
{
    kind_t kind = (kind_t)(_i / 2 % KINDS);
    way_t way = way_of(_i, GENEROUS);
    bufv_t *v = list_long(kind);
    apr_thread_t *thread;
    bufv_stats_t stats;
    static shim_t shim;

    net_pardon();
    total = bufv_length(v);
    assert_ok(apr_thread_create(&thread, NULL, take_all, &way, pool));
    shim_watch(&shim);
    assert_ok(bufv_write(v, way.w, NULL));
    shim_rest();
    thread_join(thread);
    stats = stats_of(way.w);
    ck_assert_uint_eq(way.got, total);
    ck_assert_uint_eq(way.wrong, 0);
    assert_about_once("copied", _i, stats.copied);
    assert_about_once("read", _i, shim.bytes[SHIM_PREAD]);
    ck_assert_uint_eq(written_bytes(&shim), total);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, drip__in_an_event_loop, 0, 2 * 2 * KINDS);
    tcase_add_loop_test(tc, drip__in_one_call, 0, 2 * 2 * KINDS);
}

const topic_t topic_drip = {"drip", add_tests};
