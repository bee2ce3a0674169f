/* SPDX-License-Identifier: Apache-2.0 */
/* What a user of the package writes first: a list goes over a connection to
 * itself and comes back whole. */

#include <bufv.h>

#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNKS = 3000 };

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "send: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* A TCP connection of this process with itself. */
static void connect_to_self(apr_socket_t **to, apr_socket_t **from,
                            apr_pool_t *pool)
{
    apr_socket_t *listener;
    apr_sockaddr_t *addr;

    check(apr_sockaddr_info_get(&addr, "127.0.0.1", APR_INET, 0, 0, pool),
          "address");
    check(apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP,
                            pool),
          "socket");
    check(apr_socket_bind(listener, addr), "bind");
    check(apr_socket_listen(listener, 1), "listen");
    check(apr_socket_addr_get(&addr, APR_LOCAL, listener), "port");
    check(apr_socket_create(to, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_connect(*to, addr), "connect");
    check(apr_socket_accept(from, listener, pool), "accept");
}

/* Each byte that comes is the one that was sent. */
static void expect(apr_socket_t *from)
{
    apr_size_t i, n, seen = 0;
    char buf[4096];

    while (seen < 4 * CHUNKS) {
        n = sizeof(buf);
        check(apr_socket_recv(from, buf, &n), "recv");
        for (i = 0; i < n; i++, seen++) {
            if (buf[i] != "bufv"[seen % 4]) {
                fprintf(stderr, "send: a wrong byte\n");
                exit(1);
            }
        }
    }
}

/* Counts attempts. */
static void count(void *calls, const bufv_call_t *call)
{
    (void)call;
    ++*(int *)calls;
}

int main(void)
{
    apr_pool_t *pool;
    apr_socket_t *to, *from;
    apr_uint64_t written;
    bufv_writer_t *w;
    bufv_t *v;
    int i, calls = 0;

    check(apr_initialize(), "initialize");
    check(apr_pool_create(&pool, NULL), "pool");
    connect_to_self(&to, &from, pool);

    check(bufv_create(&v, pool), "create");
    check(bufv_writer_socket(&w, to, pool), "writer");
    bufv_writer_hook_set(w, count, &calls);
    for (i = 0; i < CHUNKS; i++)
        check(bufv_append(v, "bufv", 4), "append");
    check(bufv_write(v, w, &written), "write");
    expect(from);

    printf("bufv %s by %s: %d chunks in %d calls\n", bufv_version(),
           bufv_socket_ops()->name, CHUNKS, calls);
    apr_pool_destroy(pool);
    apr_terminate();
    return written == 4 * CHUNKS && bufv_version()[0] != '\0' ? 0 : 1;
}
