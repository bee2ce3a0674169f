/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file nagle.c
 * How many round trips a list takes over a path with a delay, on a socket
 * without TCP_NODELAY, to a reader that delays its acknowledgements: bufv
 * beside writev(), apr_socket_sendv() and libuv.
 *
 *     nagle receive PORT
 *     nagle send HOST PORT MILLISECONDS
 *
 * The reader answers a byte when it has all. From the first call to this byte
 * is one round trip of MILLISECONDS, unless something waited for an
 * acknowledgement in between.
 */

#include <bufv.h>

#include <apr_general.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include <uv.h>

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9
#define TRIES 4
#define CHUNKS_MAX 5000
#define ENTRIES 1024 /* what a call of the system takes */

#define MUST(holds)                                                    \
    do {                                                               \
        if (!(holds)) {                                                \
            fprintf(stderr, "nagle: line %d: %s\n", __LINE__, #holds); \
            exit(EXIT_FAILURE);                                        \
        }                                                              \
    } while (0)

typedef struct shape_t {
    int chunks;
    size_t bytes; /* of each */
} shape_t;

/* Below, at and above what one call takes; below and above a segment. */
static const shape_t shapes[] = {
    {3, 100},  {1024, 1},  {1025, 1},   {1025, 10}, {1500, 3},
    {2049, 5}, {3000, 10}, {1100, 100}, {40, 4096}, {1030, 600},
};

typedef struct end_t {
    int fd;
    apr_socket_t *sock;
    bufv_writer_t *w;
    bufv_t *v;
    uv_loop_t loop;
    uv_tcp_t tcp;
} end_t;

static struct iovec vec[CHUNKS_MAX];
static apr_pool_t *pool;

/* ---- the reader */

static void read_exactly(int fd, size_t most)
{
    static char data[65536];
    int off = 0;
    ssize_t n;

    while (most > 0) {
        n = read(fd, data, most < sizeof(data) ? most : sizeof(data));
        MUST(n > 0);
        most -= (size_t)n;
        /* The system would acknowledge at once for some time. */
        setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
    }
}

static void serve(int fd)
{
    uint64_t len;
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    while (recv(fd, &len, sizeof(len), MSG_WAITALL) == sizeof(len)) {
        MUST(write(fd, "h", 1) == 1);
        read_exactly(fd, (size_t)len);
        MUST(write(fd, "d", 1) == 1);
    }
    close(fd);
}

static int receive(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

    address.sin_port = htons((unsigned short)port);
    MUST(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    MUST(listen(listener, 8) == 0);
    printf("listening\n");
    fflush(stdout);
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        serve(fd);
    return EXIT_SUCCESS;
}

/* ---- those that are compared */

static void by_bufv(end_t *end, int chunks)
{
    apr_uint64_t written;

    MUST(bufv_append_vec(end->v, vec, (apr_size_t)chunks) == APR_SUCCESS);
    MUST(bufv_write(end->v, end->w, &written) == APR_SUCCESS);
}

static void by_bufv_uncopied(end_t *end, int chunks)
{
    bufv_writer_copy_below_set(end->w, 0);
    by_bufv(end, chunks);
}

/* The loop that each program writes. It changes its array. */
static struct iovec *advance(struct iovec *at, int *chunks, size_t n)
{
    while (*chunks > 0 && n >= at->iov_len) {
        n -= at->iov_len;
        at++;
        (*chunks)--;
    }
    if (n > 0) {
        at->iov_base = (char *)at->iov_base + n;
        at->iov_len -= n;
    }
    return at;
}

static void by_writev(end_t *end, int chunks)
{
    struct iovec *at = vec;
    ssize_t n;

    while (chunks > 0) {
        n = writev(end->fd, at, chunks < ENTRIES ? chunks : ENTRIES);
        MUST(n > 0);
        at = advance(at, &chunks, (size_t)n);
    }
}

static void by_apr(end_t *end, int chunks)
{
    struct iovec *at = vec;
    apr_size_t n;

    while (chunks > 0) {
        MUST(apr_socket_sendv(end->sock, at,
                              chunks < ENTRIES ? chunks : ENTRIES,
                              &n) == APR_SUCCESS);
        at = advance(at, &chunks, n);
    }
}

static void wrote(uv_write_t *request, int status)
{
    MUST(status == 0);
    *(int *)request->data = 1;
}

static void by_libuv(end_t *end, int chunks)
{
    static uv_buf_t bufs[CHUNKS_MAX];
    uv_write_t request;
    int done = 0, i;

    for (i = 0; i < chunks; i++)
        bufs[i] = uv_buf_init(vec[i].iov_base, (unsigned)vec[i].iov_len);
    request.data = &done;
    MUST(uv_write(&request, (uv_stream_t *)&end->tcp, bufs, (unsigned)chunks,
                  wrote) == 0);
    while (!done)
        uv_run(&end->loop, UV_RUN_ONCE);
}

typedef struct rival_t {
    const char *name;
    void (*write)(end_t *end, int chunks);
} rival_t;

static const rival_t rivals[] = {
    {"bufv", by_bufv},     {"bufv, copy_below 0", by_bufv_uncopied},
    {"writev", by_writev}, {"apr_socket_sendv", by_apr},
    {"libuv", by_libuv},
};

/* ---- the sender */

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void await_answer(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;

    MUST(poll(&p, 1, 20000) == 1 && read(fd, &c, 1) == 1);
}

static void make_vec(const shape_t *shape)
{
    static char data[CHUNKS_MAX * 1024];
    int i;

    for (i = 0; i < shape->chunks; i++) {
        vec[i].iov_base = data + (size_t)i * (shape->bytes + 1) % 4000000;
        vec[i].iov_len = shape->bytes;
    }
}

/* One list; the time until the peer has said that it has all. */
static double once(end_t *end, const rival_t *rival, const shape_t *shape)
{
    uint64_t len = (uint64_t)shape->chunks * shape->bytes;
    double began;

    MUST(write(end->fd, &len, sizeof(len)) == sizeof(len));
    await_answer(end->fd);
    usleep(100000); /* the acknowledgement of the answer has been sent */
    make_vec(shape);
    began = now_ms();
    rival->write(end, shape->chunks);
    await_answer(end->fd);
    return now_ms() - began;
}

static void open_end(end_t *end, const char *host, int port)
{
    apr_sockaddr_t *address;

    MUST(apr_sockaddr_info_get(&address, host, APR_INET, (apr_port_t)port, 0,
                               pool) == APR_SUCCESS);
    MUST(apr_socket_create(&end->sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP,
                           pool) == APR_SUCCESS);
    MUST(apr_socket_connect(end->sock, address) == APR_SUCCESS);
    MUST(apr_os_sock_get(&end->fd, end->sock) == APR_SUCCESS);
    MUST(bufv_create(&end->v, pool) == APR_SUCCESS);
    MUST(bufv_writer_socket(&end->w, end->sock, pool) == APR_SUCCESS);
}

/* libuv makes its socket one that does not block, for ever. */
static void open_uv(end_t *end)
{
    MUST(uv_loop_init(&end->loop) == 0);
    MUST(uv_tcp_init(&end->loop, &end->tcp) == 0);
    MUST(uv_tcp_open(&end->tcp, end->fd) == 0);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The lower quartile, since a busy machine makes times longer and never
 * shorter. The window is opened first by one large list. */
static double time_of(const char *host, int port, const rival_t *rival,
                      const shape_t *shape)
{
    static const shape_t large = {400, 1000};
    double times[ROUNDS];
    end_t end;
    int i;

    MUST(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    open_end(&end, host, port);
    (void)once(&end, &rivals[0], &large);
    if (rival->write == by_libuv)
        open_uv(&end);
    for (i = 0; i < ROUNDS; i++)
        times[i] = once(&end, rival, shape);
    apr_socket_close(end.sock);
    apr_pool_destroy(pool);
    qsort(times, ROUNDS, sizeof(*times), compare);
    return times[ROUNDS / 4];
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Measures all. Returns 0 if a list of ours took longer than the quickest of
 * the others. */
static int measure(const char *host, int port, const shape_t *shape,
                   double rtt, double *trips)
{
    double best = 1e9;
    size_t i;

    for (i = 0; i < COUNT(rivals); i++) {
        trips[i] = time_of(host, port, &rivals[i], shape) / rtt;
        best = trips[i] < best ? trips[i] : best;
    }
    return trips[0] < best + 0.4 && trips[1] < best + 0.4;
}

/* A row is measured again if it is a bad one: a machine that others use stops
 * for longer than a round trip now and then, and a list that waits for an
 * acknowledgement does so each time. */
static int row(const char *host, int port, const shape_t *shape, double rtt)
{
    double trips[COUNT(rivals)];
    int good = 0, tries = 0;
    size_t i;

    while (!good && tries++ < TRIES)
        good = measure(host, port, shape, rtt, trips);
    tries -= tries > TRIES;
    printf("| %d x %lu |", shape->chunks, (unsigned long)shape->bytes);
    for (i = 0; i < COUNT(rivals); i++)
        printf(" %.1f |", trips[i]);
    if (tries > 1)
        printf(" measured %d times", tries);
    printf("\n");
    fflush(stdout);
    return good;
}

int main(int argc, const char *const *argv)
{
    int good = 0, all = (int)COUNT(shapes);
    size_t i;

    MUST(apr_initialize() == APR_SUCCESS);
    if (argc == 3 && strcmp(argv[1], "receive") == 0)
        return receive(atoi(argv[2]));
    MUST(argc == 5 && strcmp(argv[1], "send") == 0);
    printf("| chunks x bytes |");
    for (i = 0; i < COUNT(rivals); i++)
        printf(" %s |", rivals[i].name);
    printf("\n|---|---|---|---|---|---|\n");
    for (i = 0; i < COUNT(shapes); i++)
        good += row(argv[2], atoi(argv[3]), &shapes[i], atof(argv[4]));
    printf("cases: %d lists, %d failed\n", good, all - good);
    return good == all ? EXIT_SUCCESS : EXIT_FAILURE;
}
