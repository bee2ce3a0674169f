/* SPDX-License-Identifier: Apache-2.0 */

/* apr.c -- apr_socket_sendv in a loop, as httpd and others write it. */

#include "peer.h"

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>

enum { batch = 1024 /* one more is APR_EINVAL */ };

static apr_pool_t *pool;
static apr_socket_t *out;
static struct iovec *vec;

static void check(const char *what, apr_status_t rv)
{
    char text[256];

    if (rv != APR_SUCCESS) {
        die(what, apr_strerror(rv, text, sizeof(text)));
    }
}

static void peer_open(int sock, int nodelay, const char *variant)
{
    apr_os_sock_info_t info;

    (void)variant;
    memset(&info, 0, sizeof(info));
    info.os_sock = &sock;
    info.family = APR_INET;
    info.type = SOCK_STREAM;
    info.protocol = APR_PROTO_TCP;
    check("apr_initialize", apr_initialize());
    check("apr_pool_create", apr_pool_create(&pool, NULL));
    check("apr_os_sock_make", apr_os_sock_make(&out, &info, pool));
    check("nodelay", apr_socket_opt_set(out, APR_TCP_NODELAY, nodelay));
}

static void peer_prepare(const struct arena *a)
{
    vec = (struct iovec *)room(vec, a->longest_chunks, sizeof(*vec));
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    struct iovec *v = vec;
    size_t i;

    for (i = 0; i < n; i++) {
        vec[i].iov_base = (void *)(uintptr_t)(base + c[i].off);
        vec[i].iov_len = c[i].len;
    }
    while (n > 0) {
        apr_size_t left;

        check("apr_socket_sendv",
              apr_socket_sendv(out, v, (apr_int32_t)(n < batch ? n : batch),
                               &left));
        while (n > 0 && left >= v->iov_len) {
            left -= v->iov_len;
            v++;
            n--;
        }
        if (n > 0) {
            v->iov_base = (char *)v->iov_base + left;
            v->iov_len -= left;
        }
    }
}

static void peer_close(void)
{
    free(vec);
    apr_pool_destroy(pool);
    apr_terminate();
}
