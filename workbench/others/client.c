/* SPDX-License-Identifier: Apache-2.0 */

/* A program that stores a value with apr-util's own clients and gets it back.
 * They call apr_socket_sendv() once and do not look at how much it took. The
 * one for redis has sockets with a timeout, which take a part: a value that
 * does not fit their buffer never arrives, unless the call finishes. Nothing
 * of bufv is in here.
 *
 *     client redis|memcache PORT BYTES */

#include <apr_general.h>
#include <apr_memcache.h>
#include <apr_redis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer than a working server takes; a client waits so long for the answer
 * to half a command. */
#define PATIENCE apr_time_from_sec(10)

static apr_pool_t *pool;

static int fails(const char *what, apr_status_t status)
{
    char text[128];

    printf("%s: %s\n", what, apr_strerror(status, text, sizeof(text)));
    return 1;
}

static char *make_value(apr_size_t len)
{
    char *value = apr_palloc(pool, len);
    apr_size_t i;

    for (i = 0; i < len; i++)
        value[i] = (char)(i * 2654435761u >> 24);
    return value;
}

static int compare(const char *value, apr_size_t len, const char *got,
                   apr_size_t got_len)
{
    if (len == got_len && memcmp(value, got, len) == 0)
        return 0;
    printf("%lu bytes came back, of %lu\n", (unsigned long)got_len,
           (unsigned long)len);
    return 1;
}

static int redis(apr_port_t port, char *value, apr_size_t len)
{
    apr_redis_t *r;
    apr_redis_server_t *server;
    apr_size_t got_len = 0;
    char *got = NULL;
    apr_status_t status = apr_redis_create(pool, 1, 0, &r);

    if (status == APR_SUCCESS)
        status = apr_redis_server_create(pool, "127.0.0.1", port, 0, 1, 1, 60,
                                         PATIENCE, &server);
    if (status == APR_SUCCESS)
        status = apr_redis_add_server(r, server);
    if (status == APR_SUCCESS)
        status = apr_redis_set(r, "key", value, len, 0);
    if (status != APR_SUCCESS)
        return fails("set", status);
    status = apr_redis_getp(r, pool, "key", &got, &got_len, NULL);
    if (status != APR_SUCCESS)
        return fails("get", status);
    return compare(value, len, got, got_len);
}

static int memcache(apr_port_t port, char *value, apr_size_t len)
{
    apr_memcache_t *m;
    apr_memcache_server_t *server;
    apr_size_t got_len = 0;
    char *got = NULL;
    apr_status_t status = apr_memcache_create(pool, 1, 0, &m);

    if (status == APR_SUCCESS)
        status = apr_memcache_server_create(pool, "127.0.0.1", port, 0, 1, 1,
                                            60, &server);
    if (status == APR_SUCCESS)
        status = apr_memcache_add_server(m, server);
    if (status == APR_SUCCESS)
        status = apr_memcache_set(m, "key", value, len, 0, 0);
    if (status != APR_SUCCESS)
        return fails("set", status);
    status = apr_memcache_getp(m, pool, "key", &got, &got_len, NULL);
    if (status != APR_SUCCESS)
        return fails("get", status);
    return compare(value, len, got, got_len);
}

int main(int argc, char **argv)
{
    apr_port_t port;
    apr_size_t len;

    if (argc != 4)
        return 2;
    port = (apr_port_t)atoi(argv[2]);
    len = (apr_size_t)strtoul(argv[3], NULL, 10);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (strcmp(argv[1], "redis") == 0)
        return redis(port, make_value(len), len);
    return memcache(port, make_value(len), len);
}
