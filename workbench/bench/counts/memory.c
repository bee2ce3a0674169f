/* SPDX-License-Identifier: Apache-2.0 */

/* memory.c -- what a connection costs in bytes of malloc(): one that rests,
 * and one whose peer does not read, with a MiB that waits in chunks of some
 * size, borrowed from the program.
 *
 * usage: memory bufv|uv|event CHUNK_SIZE
 * Prints the bytes of a connection at rest, and of one with the MiB. */

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>
#include <bufv.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <uv.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 100, MIB = 1 << 20 };

static char bytes[MIB];
static size_t chunk;
static int ends[CONNECTIONS];

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "memory: %s\n", what);
        exit(1);
    }
}

/* A socket that takes nothing: its peer does not read, and it is full. */
static int full_socket(void)
{
    int pair[2];

    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    check(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0, "fcntl");
    while (write(pair[0], bytes, sizeof(bytes)) > 0) {
    }
    while (write(pair[0], bytes, 1) > 0) {
    }
    check(errno == EAGAIN, "write");
    return pair[0];
}

static size_t used(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* ---- bufv: the socket is APR's and the program's, and not counted */

static bufv_t *lists[CONNECTIONS];
static bufv_writer_t *writers[CONNECTIONS];
static apr_socket_t *sockets[CONNECTIONS];

static void bufv_begin(void)
{
    apr_pool_t *pool;
    int i;

    check(apr_initialize() == APR_SUCCESS, "apr_initialize");
    check(apr_pool_create(&pool, NULL) == APR_SUCCESS, "apr_pool_create");
    for (i = 0; i < CONNECTIONS; i++) {
        apr_os_sock_info_t info = {0};

        info.os_sock = &ends[i];
        info.family = AF_UNIX;
        info.type = SOCK_STREAM;
        check(apr_os_sock_make(&sockets[i], &info, pool) == APR_SUCCESS &&
                  apr_socket_timeout_set(sockets[i], 0) == APR_SUCCESS,
              "apr_os_sock_make");
    }
}

static void bufv_rest(int i)
{
    check(bufv_create(&lists[i], NULL) == APR_SUCCESS &&
              bufv_writer_socket(&writers[i], sockets[i], NULL) == APR_SUCCESS,
          "bufv");
}

static void bufv_pend(int i)
{
    size_t at;

    for (at = 0; at < MIB; at += chunk) {
        check(bufv_append(lists[i], bytes + at, chunk) == APR_SUCCESS,
              "bufv_append");
    }
    check(APR_STATUS_IS_EAGAIN(bufv_write_some(lists[i], writers[i], NULL)),
          "bufv_write_some");
}

/* ---- libuv: the handle, and a request, which live as long */

static uv_loop_t *loop;
static uv_tcp_t *handles[CONNECTIONS];

static void uv_begin(void)
{
    loop = uv_default_loop();
}

static void uv_rest(int i)
{
    handles[i] = malloc(sizeof(*handles[i]));
    check(handles[i] != NULL && uv_tcp_init(loop, handles[i]) == 0 &&
              uv_tcp_open(handles[i], ends[i]) == 0,
          "uv_tcp_open");
}

static void uv_pend(int i)
{
    size_t n = MIB / chunk, at;
    uv_buf_t *bufs = malloc(n * sizeof(*bufs));
    uv_write_t *request = malloc(sizeof(*request));

    check(bufs != NULL && request != NULL, "malloc");
    for (at = 0; at < n; at++) {
        bufs[at] = uv_buf_init(bytes + at * chunk, (unsigned)chunk);
    }
    check(uv_write(request, (uv_stream_t *)(void *)handles[i], bufs,
                   (unsigned)n, NULL) == 0,
          "uv_write");
    free(bufs);
}

/* ---- libevent: a bufferevent has both buffers */

static struct event_base *base;
static struct bufferevent *events[CONNECTIONS];

static void event_begin(void)
{
    base = event_base_new();
    check(base != NULL, "event_base_new");
}

static void event_rest(int i)
{
    events[i] = bufferevent_socket_new(base, ends[i], 0);
    check(events[i] != NULL, "bufferevent_socket_new");
    bufferevent_enable(events[i], EV_WRITE);
}

static void event_pend(int i)
{
    struct evbuffer *out = bufferevent_get_output(events[i]);
    size_t at;

    for (at = 0; at < MIB; at += chunk) {
        check(evbuffer_add_reference(out, bytes + at, chunk, NULL, NULL) == 0,
              "evbuffer_add_reference");
    }
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static const struct {
    const char *name;
    void (*begin)(void);
    void (*rest)(int i);
    void (*pend)(int i);
} libraries[] = {
    {"bufv", bufv_begin, bufv_rest, bufv_pend},
    {"uv", uv_begin, uv_rest, uv_pend},
    {"event", event_begin, event_rest, event_pend},
};

/* One connection more comes first: what a library allocates once is not that
 * of a connection. */
static size_t each(void (*work)(int i))
{
    size_t before;
    int i;

    work(0);
    before = used();
    for (i = 1; i < CONNECTIONS; i++) {
        work(i);
    }
    return (used() - before) / (CONNECTIONS - 1);
}

int main(int argc, char **argv)
{
    size_t i, rest, pend;
    int k;

    check(argc == 3, "usage: memory LIBRARY CHUNK_SIZE");
    chunk = strtoul(argv[2], NULL, 10);
    check(chunk > 0 && MIB % chunk == 0, "a MiB is no multiple of this");
    for (k = 0; k < CONNECTIONS; k++) {
        ends[k] = full_socket();
    }
    for (i = 0; i < sizeof(libraries) / sizeof(*libraries); i++) {
        if (strcmp(argv[1], libraries[i].name) == 0) {
            libraries[i].begin();
            rest = each(libraries[i].rest);
            pend = each(libraries[i].pend);
            printf("%zu %zu\n", rest, rest + pend);
            return 0;
        }
    }
    check(0, "no such library");
    return 1;
}
