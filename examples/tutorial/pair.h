/* SPDX-License-Identifier: Apache-2.0 */
/* What the five steps share: a check, and two sockets that are connected. */

#include <bufv.h>

#include <apr_general.h>

#include <stdio.h>
#include <stdlib.h>

static inline void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

static inline apr_pool_t *start(void)
{
    apr_pool_t *pool;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    return pool;
}

static inline apr_socket_t *new_socket(apr_pool_t *pool)
{
    apr_socket_t *sock;

    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    return sock;
}

/* Connects to ourselves. Returns one end and sets `peer` to the other. */
static inline apr_socket_t *connect_pair(apr_socket_t **peer, apr_pool_t *pool)
{
    apr_socket_t *listener = new_socket(pool), *sock = new_socket(pool);
    apr_sockaddr_t *address;

    check(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool),
          "address");
    check(apr_socket_bind(listener, address), "bind");
    check(apr_socket_listen(listener, 1), "listen");
    check(apr_socket_addr_get(&address, APR_LOCAL, listener), "port");
    check(apr_socket_connect(sock, address), "connect");
    check(apr_socket_accept(peer, listener, pool), "accept");
    check(apr_socket_close(listener), "close");
    return sock;
}
