/* SPDX-License-Identifier: Apache-2.0 */

/* A transport on top of another writer: HTTP's chunked coding. What is written
 * to the upper writer becomes chunks of HTTP's, which go to the lower writer,
 * here that of a socket.
 *
 * Three rules make it a good one. The layer takes bytes, that is, counts them
 * as written, when what they became has left: so a write that returns
 * APR_SUCCESS leaves nothing behind in the layer. An attempt never waits: it
 * uses bufv_write_some(). And `wait` waits by writing, within the time that it
 * is given. docs/RECIPES.md says more. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of one chunk of HTTP's. */
#define CHUNK ((apr_size_t)16 * 1024)

#define LINE 64
#define LINES 20000
#define PATIENCE apr_time_from_sec(20)

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "layer: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- the layer */

typedef struct chunked_t {
    bufv_writer_t *lower; /* of this layer alone */
    bufv_t *out;          /* coded, and not yet written to it */
    apr_size_t coded;     /* bytes that became this, and are not taken yet */
} chunked_t;

static apr_size_t sum(const struct iovec *vec, apr_size_t nvec)
{
    apr_size_t i, n = 0;

    for (i = 0; i < nvec; i++)
        n += vec[i].iov_len;
    return n;
}

/* Makes one chunk. The bytes are copied: those of an attempt may go when it
 * returns. */
static apr_status_t encode(chunked_t *c, const struct iovec *vec,
                           apr_size_t nvec)
{
    apr_size_t i, len = sum(vec, nvec);

    bufv_clear(c->out);
    bufv_appendf(c->out, "%zx\r\n", len);
    for (i = 0; i < nvec; i++)
        bufv_append_copy(c->out, vec[i].iov_base, vec[i].iov_len);
    bufv_append(c->out, "\r\n", 2);
    c->coded = len;
    return bufv_status(c->out);
}

/* One attempt. Bytes that have been coded are offered again until they are
 * taken, and not coded again. An attempt may offer fewer of them. */
static apr_status_t chunked_writev(void *baton, const struct iovec *vec,
                                   apr_size_t nvec, int more,
                                   apr_size_t *written)
{
    apr_size_t asked = sum(vec, nvec);
    apr_status_t status = APR_SUCCESS;
    chunked_t *c = baton;

    (void)more;
    *written = 0;
    if (c->coded == 0)
        status = encode(c, vec, nvec);
    if (status == APR_SUCCESS)
        status = bufv_write_some(c->out, c->lower, NULL);
    if (status != APR_SUCCESS)
        return status;
    *written = c->coded < asked ? c->coded : asked;
    c->coded -= *written;
    return APR_SUCCESS;
}

/* Waits until there is something to do, and does it. */
static apr_status_t chunked_wait(void *baton, apr_interval_time_t timeout)
{
    bufv_terms_t terms = {.size = sizeof(terms), .wait = 1};
    chunked_t *c = baton;

    terms.within = timeout > 0 ? timeout : 0; /* 0: no limit */
    return bufv_write_with(c->out, c->lower, &terms, NULL);
}

/* A chunk whose length has been told must follow whole. */
static apr_status_t chunked_abandon(void *baton)
{
    const chunked_t *c = baton;

    return c->coded > 0 ? APR_EINVAL : APR_SUCCESS;
}

static void chunked_destroy(void *baton)
{
    chunked_t *c = baton;

    bufv_destroy(c->out);
    free(c);
}

static const bufv_ops_t chunked_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "chunked",
    .max_vec = 1024,
    .max_bytes = CHUNK,
    .writev = chunked_writev,
    .wait = chunked_wait,
    .abandon = chunked_abandon,
    .destroy = chunked_destroy,
};

/* Makes the upper writer. It must go before the lower one. */
static apr_status_t chunked_create(bufv_writer_t **w, bufv_writer_t *lower,
                                   apr_pool_t *pool)
{
    chunked_t *c = calloc(1, sizeof(*c));
    apr_status_t status;

    if (c == NULL)
        return APR_ENOMEM;
    c->lower = lower;
    status = bufv_create(&c->out, NULL);
    if (status == APR_SUCCESS)
        status = bufv_writer_create(w, &chunked_ops, c, pool);
    if (status != APR_SUCCESS)
        chunked_destroy(c);
    return status;
}

/* ---- the other end */

static char got[LINE * LINES * 2];
static apr_size_t have;

static void *APR_THREAD_FUNC reader(apr_thread_t *thread, void *sock)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t n;

    (void)thread;
    while (status == APR_SUCCESS && have < sizeof(got) - 1) {
        n = sizeof(got) - 1 - have;
        n = n < 10000 ? n : 10000;
        status = apr_socket_recv(sock, got + have, &n);
        have += n;
        apr_sleep(100);
    }
    return NULL;
}

static void line(char *to, int number)
{
    apr_snprintf(to, LINE + 1, "%0*d\n", LINE - 1, number);
}

/* Takes the coding off, in place. Returns how many chunks there were. */
static int decode(void)
{
    char *from = got, *to = got, *end;
    unsigned long len;
    int chunks = 0;

    while ((len = strtoul(from, &end, 16)) > 0) {
        from = end + 2;
        memmove(to, from, len);
        to += len;
        from += len + 2;
        chunks++;
    }
    *to = '\0';
    have = (apr_size_t)(to - got);
    return chunks;
}

static void verify(void)
{
    char expected[LINE + 1];
    int i;

    if (have != (apr_size_t)LINE * LINES)
        check(APR_EGENERAL, "not all came");
    for (i = 0; i < LINES; i++) {
        line(expected, i);
        if (memcmp(got + i * LINE, expected, LINE) != 0)
            check(APR_EGENERAL, "a line differs");
    }
}

/* ---- main */

static apr_socket_t *new_socket(apr_pool_t *pool)
{
    apr_socket_t *sock;

    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    return sock;
}

/* Connects to ourselves. Small buffers, so that the lower writer is full most
 * of the time. TCP_NODELAY, because it does not know what will follow. */
static apr_socket_t *connect_pair(apr_socket_t **peer, apr_pool_t *pool)
{
    apr_socket_t *listener = new_socket(pool), *sock = new_socket(pool);
    apr_sockaddr_t *address;

    check(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool),
          "address");
    check(apr_socket_bind(listener, address), "bind");
    check(apr_socket_listen(listener, 1), "listen");
    check(apr_socket_addr_get(&address, APR_LOCAL, listener), "port");
    check(apr_socket_opt_set(sock, APR_SO_SNDBUF, 16 * 1024), "buffer");
    check(apr_socket_opt_set(sock, APR_TCP_NODELAY, 1), "option");
    check(apr_socket_connect(sock, address), "connect");
    check(apr_socket_accept(peer, listener, pool), "accept");
    check(apr_socket_close(listener), "close");
    return sock;
}

/* On Windows APR says APR_INCOMPLETE of a thread that ended by returning. */
static void join(apr_thread_t *thread)
{
    apr_status_t unused, status = apr_thread_join(&unused, thread);

    if (status != APR_INCOMPLETE)
        check(status, "join");
}

static void write_lines(bufv_writer_t *w)
{
    bufv_report_t r = {.size = sizeof(r)};
    char text[LINE + 1];
    bufv_t *v;
    int i;

    check(bufv_create(&v, NULL), "list");
    for (i = 0; i < LINES; i++) {
        line(text, i);
        bufv_append_copy(v, text, LINE);
    }
    check(bufv_status(v), "append");
    check(bufv_write(v, w, NULL), "write");
    bufv_writer_report(w, &r);
    printf("%" APR_UINT64_T_FMT " bytes in %" APR_UINT64_T_FMT
           " attempts, %" APR_UINT64_T_FMT " waits\n",
           r.written, r.calls, r.waits);
    bufv_destroy(v);
}

int main(void)
{
    apr_socket_t *sock, *peer;
    apr_thread_t *thread;
    bufv_writer_t *upper, *lower;
    apr_pool_t *pool;
    bufv_t *last;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    sock = connect_pair(&peer, pool);
    check(bufv_writer_socket(&lower, sock, pool), "lower writer");
    check(chunked_create(&upper, lower, pool), "upper writer");
    bufv_writer_stall_set(upper, PATIENCE);
    check(apr_thread_create(&thread, NULL, reader, peer, pool), "thread");

    write_lines(upper);

    /* Nothing is left in the layer: the lower writer can be used as it is. */
    check(bufv_create(&last, pool), "list");
    check(bufv_append(last, "0\r\n\r\n", 5), "append");
    check(bufv_write(last, lower, NULL), "write");
    bufv_writer_destroy(upper);
    check(apr_socket_shutdown(sock, APR_SHUTDOWN_WRITE), "end");
    join(thread);
    printf("decoded %d chunks\n", decode());
    verify();
    apr_pool_destroy(pool);
    return 0;
}
