/* SPDX-License-Identifier: Apache-2.0 */

/* A TCP proxy: any number of connections, both directions, one thread, one
 * pollset.
 *
 *     proxy HOST PORT [LISTEN [COUNT]]
 *
 * listens on 127.0.0.1 (port LISTEN, or one that the system chooses and this
 * program prints), and connects each client to HOST, PORT. With COUNT it ends
 * after so many connections.
 *
 * Each direction has a list of what was read and has not been written. While
 * it is long the sender is not read from, so that the sender's own system
 * makes it wait: a slow reader costs MOST bytes and no more. The end of one
 * direction is passed on, and the other goes on; a reset is passed on as a
 * reset. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_poll.h>
#include <apr_portable.h>

#include <stdio.h>
#include <stdlib.h>
#ifndef _WIN32
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

/* Bytes that a direction holds at most. */
#define MOST ((apr_uint64_t)128 * 1024)

/* Bytes that the system holds for a receiver and has not sent. Where it cannot
 * be told, it may hold some megabytes. */
#define UNSENT (64 * 1024)

/* Bytes that are read in one turn, so that all connections get theirs. */
#define PIECE ((apr_size_t)64 * 1024)

/* Connections at a time; others wait in the listener's queue. Each needs two
 * descriptors, of which a process usually has 1024. */
#define CONNECTIONS 500

typedef struct connection_t connection_t;

/* One direction, from one socket to the other. */
typedef struct flow_t {
    bufv_reader_t from;
    bufv_writer_t *to;
    bufv_t *v; /* what was read and has not been written */
    int ended; /* there is nothing more to read */
    int shut;  /* and the receiver has been told */
} flow_t;

/* One of a connection's two sockets. */
typedef struct side_t {
    connection_t *c;
    apr_socket_t *sock;
    apr_pollfd_t poll; /* in the set if it has events */
    flow_t *in;        /* what this side sends */
    flow_t *out;       /* what it receives */
} side_t;

struct connection_t {
    apr_pool_t *pool;
    side_t client, server;
    flow_t up, down; /* to the server, to the client */
    int connected;   /* the server has answered, or will not */
    int over;        /* destroyed when this turn ends */
    connection_t *next;
};

static apr_pollset_t *set;
static apr_pollfd_t listener;
static apr_sockaddr_t *target;
static connection_t *finished; /* in this turn */
static int open_now, ended;
static apr_uint64_t forwarded;

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "proxy: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- what is waited for */

/* Watches a descriptor for these events, and for none if there are none: the
 * system tells of a reset even if nobody asked. */
static apr_status_t watch(apr_pollfd_t *poll, int events)
{
    if (poll->reqevents == events)
        return APR_SUCCESS;
    if (poll->reqevents != 0)
        apr_pollset_remove(set, poll);
    poll->reqevents = (apr_int16_t)events;
    return events != 0 ? apr_pollset_add(set, poll) : APR_SUCCESS;
}

/* A side is read from while there is room for what it sends, and written to
 * while there is something for it. */
static int wanted(const side_t *s)
{
    int events = 0;

    if (!s->c->connected)
        return s == &s->c->server ? APR_POLLOUT : 0;
    if (!s->in->ended && bufv_length(s->in->v) < MOST)
        events |= APR_POLLIN;
    if (bufv_length(s->out->v) > 0)
        events |= APR_POLLOUT;
    return events;
}

/* ---- one direction */

static apr_status_t read_some(flow_t *f)
{
    apr_size_t got;
    apr_status_t status = bufv_fill(f->v, &f->from, PIECE, &got);

    if (APR_STATUS_IS_EAGAIN(status))
        return APR_SUCCESS;
    if (!APR_STATUS_IS_EOF(status))
        return status;
    f->ended = 1;
    return APR_SUCCESS;
}

/* Writes what the receiver takes now. A list that is empty needs no memory
 * until the next piece comes. */
static apr_status_t write_some(flow_t *f)
{
    apr_uint64_t written;
    apr_status_t status = bufv_write_some(f->v, f->to, &written);

    forwarded += written;
    if (status == APR_SUCCESS)
        bufv_trim(f->v);
    return APR_STATUS_IS_EAGAIN(status) ? APR_SUCCESS : status;
}

/* Passes the end on, behind the last byte. */
static apr_status_t pass_end(flow_t *f, apr_socket_t *receiver)
{
    if (!f->ended || f->shut || bufv_length(f->v) > 0)
        return APR_SUCCESS;
    f->shut = 1;
    return apr_socket_shutdown(receiver, APR_SHUTDOWN_WRITE);
}

/* ---- a connection */

/* Makes close() send a reset: the peer must not take what it got for all. */
static void reset_at_close(apr_socket_t *sock)
{
    struct linger at_once = {1, 0};
    apr_os_sock_t fd;

    apr_os_sock_get(&fd, sock);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, (const void *)&at_once,
               sizeof(at_once));
}

/* Ends a connection. Other events of this turn may still refer to it. */
static void finish(connection_t *c, apr_status_t status)
{
    watch(&c->client.poll, 0);
    watch(&c->server.poll, 0);
    if (status != APR_SUCCESS) {
        reset_at_close(c->client.sock);
        reset_at_close(c->server.sock);
    }
    c->over = 1;
    c->next = finished;
    finished = c;
}

/* Destroys the connections that ended. The pool closes sockets and destroys
 * lists and writers. */
static void destroy_finished(void)
{
    while (finished != NULL) {
        connection_t *c = finished;

        finished = c->next;
        apr_pool_destroy(c->pool);
        open_now--;
        ended++;
    }
}

/* Goes on with what this side sends and receives. */
static apr_status_t move(side_t *s, side_t *other, apr_int16_t events)
{
    apr_status_t status = APR_SUCCESS;

    if ((events & APR_POLLIN) != 0)
        status = read_some(s->in);
    if (status == APR_SUCCESS)
        status = write_some(s->in);
    if (status == APR_SUCCESS)
        status = write_some(s->out);
    if (status == APR_SUCCESS)
        status = pass_end(s->in, other->sock);
    if (status == APR_SUCCESS)
        status = pass_end(s->out, s->sock);
    return status;
}

/* Goes on with a side at which something happened. Reading and writing tell
 * what it was, so all is tried that was asked for. */
static void on_event(side_t *s)
{
    connection_t *c = s->c;
    apr_int16_t asked = s->poll.reqevents;
    apr_status_t status = APR_SUCCESS;

    if (c->over)
        return;
    if (c->connected)
        status = move(s, s == &c->client ? &c->server : &c->client, asked);
    c->connected = 1;
    if (status == APR_SUCCESS)
        status = watch(&c->client.poll, wanted(&c->client));
    if (status == APR_SUCCESS)
        status = watch(&c->server.poll, wanted(&c->server));
    if (status != APR_SUCCESS || (c->up.shut && c->down.shut))
        finish(c, status);
}

/* ---- new connections */

#ifdef TCP_NOTSENT_LOWAT
static void limit_unsent(apr_socket_t *sock)
{
    int bytes = UNSENT;
    apr_os_sock_t fd;

    apr_os_sock_get(&fd, sock);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}
#else
static void limit_unsent(apr_socket_t *sock)
{
    (void)sock;
}
#endif

static void set_up_side(side_t *s, connection_t *c, flow_t *in, flow_t *out)
{
    s->c = c;
    s->in = in;
    s->out = out;
    s->poll.desc_type = APR_POLL_SOCKET;
    s->poll.desc.s = s->sock;
    s->poll.client_data = s;
    apr_socket_timeout_set(s->sock, 0);
    apr_socket_opt_set(s->sock, APR_TCP_NODELAY, 1);
    apr_socket_opt_set(s->sock, APR_SO_KEEPALIVE, 1);
    limit_unsent(s->sock);
}

static apr_status_t set_up_flow(flow_t *f, apr_socket_t *from,
                                apr_socket_t *to, apr_pool_t *pool)
{
    apr_status_t status = bufv_create(&f->v, pool);

    f->from = bufv_reader_socket(from);
    if (status == APR_SUCCESS)
        status = bufv_writer_socket(&f->to, to, pool);
    return status;
}

/* Begins to connect to the server: the connection is there later, or not. */
static apr_status_t set_up(connection_t *c)
{
    apr_status_t status;

    status = apr_socket_create(&c->server.sock, target->family, SOCK_STREAM,
                               APR_PROTO_TCP, c->pool);
    if (status != APR_SUCCESS)
        return status;
    set_up_side(&c->client, c, &c->up, &c->down);
    set_up_side(&c->server, c, &c->down, &c->up);
    status = apr_socket_connect(c->server.sock, target);
    if (status == APR_SUCCESS || APR_STATUS_IS_EINPROGRESS(status))
        status = set_up_flow(&c->up, c->client.sock, c->server.sock, c->pool);
    if (status == APR_SUCCESS)
        status =
            set_up_flow(&c->down, c->server.sock, c->client.sock, c->pool);
    if (status == APR_SUCCESS)
        status = watch(&c->server.poll, wanted(&c->server));
    return status;
}

static void accept_one(apr_pool_t *parent)
{
    apr_socket_t *sock;
    apr_pool_t *pool;
    connection_t *c;

    check(apr_pool_create(&pool, parent), "pool");
    if (apr_socket_accept(&sock, listener.desc.s, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool); /* it went away again */
        return;
    }
    c = apr_pcalloc(pool, sizeof(*c));
    c->pool = pool;
    c->client.sock = sock;
    open_now++;
    if (set_up(c) != APR_SUCCESS)
        finish(c, APR_EGENERAL);
}

static void listen_on(apr_port_t port, apr_pool_t *pool)
{
    apr_sockaddr_t *address;
    apr_socket_t *sock;

    check(
        apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, port, 0, pool),
        "address");
    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_opt_set(sock, APR_SO_REUSEADDR, 1), "option");
    check(apr_socket_bind(sock, address), "bind");
    check(apr_socket_listen(sock, 128), "listen");
    check(apr_socket_timeout_set(sock, 0), "non-blocking");
    check(apr_socket_addr_get(&address, APR_LOCAL, sock), "address");
    printf("listening on port %d\n", (int)address->port);
    fflush(stdout);
    listener.desc_type = APR_POLL_SOCKET;
    listener.desc.s = sock;
}

/* ---- the loop */

static void turn(apr_pool_t *pool)
{
    const apr_pollfd_t *ready;
    apr_int32_t n, i;
    apr_status_t status;

    check(watch(&listener, open_now < CONNECTIONS ? APR_POLLIN : 0), "listen");
    status = apr_pollset_poll(set, -1, &n, &ready);
    if (APR_STATUS_IS_EINTR(status))
        return;
    check(status, "poll");
    for (i = 0; i < n; i++) {
        if (ready[i].client_data == NULL)
            accept_one(pool);
        else
            on_event(ready[i].client_data);
    }
    destroy_finished();
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    int count;

    check(apr_app_initialize(&argc, &argv, NULL), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    if (argc < 3) {
        fprintf(stderr, "usage: proxy HOST PORT [LISTEN [COUNT]]\n");
        return 2;
    }
    check(apr_sockaddr_info_get(&target, argv[1], APR_UNSPEC,
                                (apr_port_t)atoi(argv[2]), 0, pool),
          argv[1]);
    check(apr_pollset_create(&set, 2 * CONNECTIONS + 1, pool,
                             APR_POLLSET_NOCOPY),
          "pollset");
    listen_on((apr_port_t)(argc > 3 ? atoi(argv[3]) : 0), pool);
    count = argc > 4 ? atoi(argv[4]) : 0;
    while (count == 0 || ended < count)
        turn(pool);
    printf("%d connections, %" APR_UINT64_T_FMT " bytes\n", ended, forwarded);
    return 0;
}
