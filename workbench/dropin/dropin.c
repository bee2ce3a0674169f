/* SPDX-License-Identifier: Apache-2.0 */

/* The drop-in for apr_socket_sendv(), where it is needed: apr-util's client
 * for redis calls that function once and does not look at how much it took.
 * A value that does not fit the socket's buffer is cut off, the server waits
 * for the rest, and the client for an answer.
 *
 *     redis PORT        a redis-server on 127.0.0.1
 *
 * apr_redis_set() of 8 MiB has to fail here, or the point is gone; the same
 * command with bufv_sendv() in the place of apr_socket_sendv() has to succeed,
 * and apr_redis_getp() has to return the same value. `run` runs this. */

#include <bufv.h>

#include <apr_redis.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_LEN ((apr_size_t)8 * 1024 * 1024)

/* Longer than a working server ever takes here, and no longer. */
#define PATIENCE apr_time_from_sec(5)

static int passed, failed;

static void check(const char *what, int ok, apr_status_t status)
{
    char text[128];

    passed += ok;
    failed += !ok;
    printf("%s %s: %s\n", ok ? "ok      " : "NOT OK  ", what,
           status == APR_SUCCESS ? "success"
                                 : apr_strerror(status, text, sizeof(text)));
}

static void must(const char *what, apr_status_t status)
{
    char text[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what,
            apr_strerror(status, text, sizeof(text)));
    exit(1);
}

static char *make_value(apr_pool_t *pool)
{
    char *value = apr_palloc(pool, VALUE_LEN);
    apr_size_t i;

    for (i = 0; i < VALUE_LEN; i++)
        value[i] = (char)(i * 2654435761u >> 24);
    return value;
}

/* ---- apr-util's client */

static apr_redis_t *client(apr_port_t port, apr_pool_t *pool)
{
    apr_redis_server_t *server;
    apr_redis_t *redis;

    must("apr_redis_create", apr_redis_create(pool, 1, 0, &redis));
    must("apr_redis_server_create",
         apr_redis_server_create(pool, "127.0.0.1", port, 0, 1, 1, 60,
                                 (apr_uint32_t)(PATIENCE / 1000000), &server));
    must("apr_redis_add_server", apr_redis_add_server(redis, server));
    return redis;
}

/* What the server has for the key. */
static int has(apr_port_t port, const char *key, const char *value,
               apr_size_t len, apr_pool_t *pool)
{
    char *got = NULL;
    apr_size_t got_len = 0;
    apr_status_t status =
        apr_redis_getp(client(port, pool), pool, key, &got, &got_len, NULL);

    return status == APR_SUCCESS && got_len == len &&
           memcmp(got, value, len) == 0;
}

/* ---- the same command, by way of bufv */

static apr_socket_t *connect_to(apr_port_t port, apr_pool_t *pool)
{
    apr_sockaddr_t *address;
    apr_socket_t *sock;

    must(
        "apr_sockaddr_info_get",
        apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, port, 0, pool));
    must("apr_socket_create",
         apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool));
    must("apr_socket_timeout_set", apr_socket_timeout_set(sock, PATIENCE));
    must("apr_socket_connect", apr_socket_connect(sock, address));
    return sock;
}

/* The vector that apr_redis_set() makes. */
static apr_status_t send_set(apr_socket_t *sock, const char *key, char *value,
                             apr_size_t len, apr_pool_t *pool)
{
    struct iovec vec[3];
    apr_size_t sent;

    vec[0].iov_base = apr_psprintf(pool,
                                   "*3\r\n$3\r\nSET\r\n$%" APR_SIZE_T_FMT
                                   "\r\n%s\r\n$%" APR_SIZE_T_FMT "\r\n",
                                   strlen(key), key, len);
    vec[0].iov_len = strlen(vec[0].iov_base);
    vec[1].iov_base = value;
    vec[1].iov_len = len;
    vec[2].iov_base = apr_pstrdup(pool, "\r\n");
    vec[2].iov_len = 2;
    return bufv_sendv(sock, vec, 3, &sent); /* was: apr_socket_sendv */
}

static apr_status_t read_ok(apr_socket_t *sock)
{
    char answer[5];
    apr_size_t have = 0;
    apr_status_t status = APR_SUCCESS;

    while (have < sizeof(answer) && status == APR_SUCCESS) {
        apr_size_t len = sizeof(answer) - have;

        status = apr_socket_recv(sock, answer + have, &len);
        have += len;
    }
    if (status == APR_SUCCESS && memcmp(answer, "+OK\r\n", 5) != 0)
        return APR_EGENERAL;
    return status;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    apr_port_t port;
    apr_socket_t *sock;
    apr_status_t status;
    char *value;

    if (argc != 2)
        return 2;
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    port = (apr_port_t)atoi(argv[1]);
    value = make_value(pool);

    status = apr_redis_set(client(port, pool), "small", value, 1000, 0);
    check("apr_redis_set of 1000 bytes works",
          status == APR_SUCCESS && has(port, "small", value, 1000, pool),
          status);
    status = apr_redis_set(client(port, pool), "apr", value, VALUE_LEN, 0);
    check("apr_redis_set of 8 MiB fails", status != APR_SUCCESS, status);
    check("and the server has nothing of it",
          !has(port, "apr", value, VALUE_LEN, pool), APR_SUCCESS);

    sock = connect_to(port, pool);
    status = send_set(sock, "bufv", value, VALUE_LEN, pool);
    check("bufv_sendv of the same command works", status == APR_SUCCESS,
          status);
    status = read_ok(sock);
    check("and the server says OK", status == APR_SUCCESS, status);
    check("and has all of it", has(port, "bufv", value, VALUE_LEN, pool),
          APR_SUCCESS);
    printf("\n%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
