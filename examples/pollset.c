/* SPDX-License-Identifier: Apache-2.0 */

/* An event loop: many connections that do not block, on one apr_pollset_t.
 * Each has a list of its own, which goes on whenever its socket drains.
 *
 *     pollset [connections]
 *
 * The far ends are in a second process of the same program, which reads with
 * a pollset of its own and compares every byte. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_poll.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/resource.h>
#endif

/* What each connection gets: a line of its own, then as many chunks of the
 * body, which all share; more than the buffers of a socket take. */
#define LINE 16
#define CHUNK 1000
#define CHUNKS 200
#define TOTAL (LINE + CHUNK * CHUNKS)

/* Small buffers, so that ten thousand connections do not exhaust what the
 * system has for all, and lists have to be resumed. */
#define BUFFER (32 * 1024)

/* No more than this is connected from one address: a port each. */
#define PORTS 20000

/* If nothing at all happens for so long, it is an error. */
#define PATIENCE apr_time_from_sec(30)

/* One end of a connection, at both sides. */
typedef struct connection_t {
    int number;
    char line[LINE + 1];
    apr_socket_t *sock;
    apr_pollfd_t poll;
    bufv_t *v;           /* of the sending side */
    bufv_writer_t *w;    /* likewise */
    apr_size_t received; /* of the receiving side */
} connection_t;

static connection_t *connections;
static int count = 200;
static bufv_stats_t sum; /* of all writers */
static char body[CHUNK * CHUNKS];

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "pollset: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- what both sides need */

#ifdef RLIMIT_NOFILE
static void allow_descriptors(int n)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= (rlim_t)n)
        return;
    limit.rlim_cur = (rlim_t)n;
    if (limit.rlim_max < limit.rlim_cur)
        limit.rlim_max = limit.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fprintf(stderr, "pollset: try after: ulimit -n %d\n", n);
}
#else
static void allow_descriptors(int n)
{
    (void)n;
}
#endif

static apr_sockaddr_t *loopback(const char *ip, apr_port_t port,
                                apr_pool_t *pool)
{
    apr_sockaddr_t *address;

    check(apr_sockaddr_info_get(&address, ip, APR_INET, port, 0, pool),
          "address");
    return address;
}

static apr_socket_t *new_socket(apr_pool_t *pool)
{
    apr_socket_t *sock;

    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    return sock;
}

static void set_up(connection_t *c, int number)
{
    c->number = number;
    apr_snprintf(c->line, sizeof(c->line), "hello %08d\r\n", number);
    check(apr_socket_timeout_set(c->sock, 0), "non-blocking");
}

/* A pollset for all. The descriptors lie in the connections, and need not be
 * copied, nor looked for when one is removed. */
static apr_pollset_t *new_pollset(apr_pool_t *pool)
{
    apr_pollset_t *set;

    check(apr_pollset_create(&set, (apr_uint32_t)count, pool,
                             APR_POLLSET_NOCOPY),
          "pollset");
    return set;
}

static void watch(apr_pollset_t *set, connection_t *c, apr_int16_t events)
{
    c->poll.desc_type = APR_POLL_SOCKET;
    c->poll.reqevents = events;
    c->poll.desc.s = c->sock;
    c->poll.client_data = c;
    check(apr_pollset_add(set, &c->poll), "pollset add");
}

static void forget(apr_pollset_t *set, connection_t *c)
{
    check(apr_pollset_remove(set, &c->poll), "pollset remove");
    check(apr_socket_close(c->sock), "close");
}

/* ---- the sending side */

/* List and writer belong to no pool: they go when their connection goes, and
 * there may be very many of them. */
static void fill(connection_t *c)
{
    int i;

    check(bufv_create(&c->v, NULL), "list");
    check(bufv_writer_socket(&c->w, c->sock, NULL), "writer");
    bufv_append(c->v, c->line, LINE);
    for (i = 0; i < CHUNKS; i++)
        bufv_append(c->v, body + i * CHUNK, CHUNK);
    check(bufv_status(c->v), "append");
}

/* Counts what the writer has done, and destroys it, which must be before its
 * socket is closed. */
static void finish(connection_t *c)
{
    bufv_stats_t s = {.size = sizeof(s)};

    bufv_writer_stats(c->w, &s);
    sum.lists += s.lists;
    sum.calls += s.calls;
    bufv_writer_destroy(c->w);
    bufv_destroy(c->v);
}

static void accept_all(apr_socket_t *listener, apr_pool_t *pool)
{
    apr_pollfd_t come = {0};
    apr_int32_t n;
    int i;

    come.desc_type = APR_POLL_SOCKET;
    come.reqevents = APR_POLLIN;
    come.desc.s = listener;
    for (i = 0; i < count; i++) {
        connection_t *c = &connections[i];

        check(apr_poll(&come, 1, &n, PATIENCE), "wait for a connection");
        check(apr_socket_accept(&c->sock, listener, pool), "accept");
        check(apr_socket_opt_set(c->sock, APR_SO_SNDBUF, BUFFER), "buffer");
        set_up(c, i);
        fill(c);
    }
}

/* Sends what the socket takes; the next turn goes on behind it. Returns
 * whether the list is empty. */
static int send_on(connection_t *c)
{
    apr_status_t status = bufv_write_some(c->v, c->w, NULL);
    char error[256];

    if (status == APR_SUCCESS)
        return 1;
    if (!APR_STATUS_IS_EAGAIN(status)) {
        fprintf(stderr, "pollset: %s\n",
                bufv_writer_strerror(c->w, error, sizeof(error)));
        exit(1);
    }
    return 0;
}

static void send_all(apr_pool_t *pool)
{
    apr_pollset_t *set = new_pollset(pool);
    const apr_pollfd_t *ready;
    apr_int32_t n, i, done = 0;
    apr_uint64_t turns = 0;

    for (i = 0; i < count; i++)
        watch(set, &connections[i], APR_POLLOUT);
    while (done < count) {
        check(apr_pollset_poll(set, PATIENCE, &n, &ready), "poll");
        for (i = 0; i < n; i++) {
            connection_t *c = ready[i].client_data;

            turns++;
            if (!send_on(c))
                continue;
            finish(c);
            forget(set, c);
            done++;
        }
    }
    printf("%" APR_UINT64_T_FMT " lists in %" APR_UINT64_T_FMT
           " attempts, in %" APR_UINT64_T_FMT " turns\n",
           sum.lists, sum.calls, turns);
}

/* Runs this program once more, to receive. */
static void start_receiver(apr_proc_t *proc, const char *self, apr_port_t port,
                           apr_pool_t *pool)
{
    const char *args[4] = {NULL};
    apr_procattr_t *attr;

    args[0] = self;
    args[1] = apr_itoa(pool, count);
    args[2] = apr_itoa(pool, port);
    check(apr_procattr_create(&attr, pool), "process");
    check(apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH), "process");
    check(apr_proc_create(proc, self, args, NULL, attr, pool), "process");
}

static void serve(const char *self, apr_pool_t *pool)
{
    apr_socket_t *listener = new_socket(pool);
    apr_sockaddr_t *address;
    apr_exit_why_e why;
    apr_proc_t proc;
    int code;

    check(apr_socket_bind(listener, loopback("127.0.0.1", 0, pool)), "bind");
    check(apr_socket_listen(listener, 128), "listen");
    check(apr_socket_addr_get(&address, APR_LOCAL, listener), "address");
    start_receiver(&proc, self, address->port, pool);
    accept_all(listener, pool);
    send_all(pool);
    if (apr_proc_wait(&proc, &code, &why, APR_WAIT) != APR_CHILD_DONE ||
        code != 0)
        check(APR_EGENERAL, "the receiving side failed");
}

/* ---- the receiving side */

/* Connects from 127.0.0.1, and when its ports run short from the next
 * address. */
static void connect_all(apr_port_t port, apr_pool_t *pool)
{
    apr_sockaddr_t *address = loopback("127.0.0.1", port, pool);
    int i;

    for (i = 0; i < count; i++) {
        connection_t *c = &connections[i];
        const char *ip = apr_psprintf(pool, "127.0.0.%d", 1 + i / PORTS);

        c->sock = new_socket(pool);
        check(apr_socket_opt_set(c->sock, APR_SO_RCVBUF, BUFFER), "buffer");
        if (i >= PORTS)
            check(apr_socket_bind(c->sock, loopback(ip, 0, pool)), "bind");
        check(apr_socket_connect(c->sock, address), "connect");
        set_up(c, i);
    }
}

/* Compares what came with what should have come there. */
static void verify(const connection_t *c, const char *data, apr_size_t len)
{
    apr_size_t at = c->received;

    if (at < LINE) {
        apr_size_t n = len < LINE - at ? len : LINE - at;

        if (memcmp(data, c->line + at, n) != 0)
            check(APR_EGENERAL, "a line differs");
        data += n;
        len -= n;
        at += n;
    }
    if (len > TOTAL - at || memcmp(data, body + at - LINE, len) != 0)
        check(APR_EGENERAL, "a body differs");
}

/* Reads what there is. Says whether it was the last. */
static int receive_on(connection_t *c)
{
    static char data[BUFFER];
    apr_size_t n = sizeof(data);
    apr_status_t status = apr_socket_recv(c->sock, data, &n);

    if (APR_STATUS_IS_EAGAIN(status))
        return 0;
    if (status == APR_EOF && c->received != TOTAL)
        check(APR_EGENERAL, "a list ends early");
    if (status == APR_EOF)
        return 1;
    check(status, "receive");
    verify(c, data, n);
    c->received += n;
    return 0;
}

static void receive_all(apr_pool_t *pool)
{
    apr_pollset_t *set = new_pollset(pool);
    const apr_pollfd_t *ready;
    apr_int32_t n, i, done = 0;

    for (i = 0; i < count; i++)
        watch(set, &connections[i], APR_POLLIN);
    while (done < count) {
        check(apr_pollset_poll(set, PATIENCE, &n, &ready), "poll");
        for (i = 0; i < n; i++) {
            connection_t *c = ready[i].client_data;

            if (!receive_on(c))
                continue;
            forget(set, c);
            done++;
        }
    }
    printf("%d x %d bytes received, each as it was sent\n", count, TOTAL);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    int i;

    check(apr_app_initialize(&argc, &argv, NULL), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    if (argc > 1)
        count = atoi(argv[1]);
    if (count < 1)
        check(APR_EINVAL, "how many connections?");
    for (i = 0; i < CHUNK * CHUNKS; i++)
        body[i] = (char)((unsigned)i * 2654435761u >> 24);
    allow_descriptors(count + 50);
    connections = apr_pcalloc(pool, (apr_size_t)count * sizeof(*connections));
    if (argc < 3)
        serve(argv[0], pool);
    else {
        connect_all((apr_port_t)atoi(argv[2]), pool);
        receive_all(pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
