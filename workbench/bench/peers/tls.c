/* SPDX-License-Identifier: Apache-2.0 */

/* tls.c -- OpenSSL over the socket, in the ways that programs write to it.
 *
 * each    SSL_write a chunk
 * buffer  BIO_f_buffer of a record in front of the connection
 * whole   all chunks copied together, one SSL_write
 * bufv    this library's writer; bufv-timeout: on a socket with a timeout,
 *         which does not block */

#include "peer.h"

#include <apr_general.h>
#include <apr_portable.h>
#include <bufv_openssl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { record = 16384 };

static SSL *ssl;
static BIO *chain;
static char *flat;
static void (*send_list)(const char *base, const struct chunk *c, size_t n);
static apr_pool_t *pool;
static bufv_t *list;
static bufv_writer_t *writer;

static void check(int good, const char *what)
{
    if (!good) {
        ERR_print_errors_fp(stderr);
        die(what, "failed");
    }
}

static void send_each(const char *base, const struct chunk *c, size_t n)
{
    size_t i, written;

    for (i = 0; i < n; i++) {
        check(SSL_write_ex(ssl, base + c[i].off, c[i].len, &written),
              "SSL_write");
    }
}

static void send_buffered(const char *base, const struct chunk *c, size_t n)
{
    size_t i, written;

    for (i = 0; i < n; i++) {
        check(BIO_write_ex(chain, base + c[i].off, c[i].len, &written) &&
                  written == c[i].len,
              "BIO_write");
    }
    check(BIO_flush(chain) == 1, "BIO_flush");
}

static void send_whole(const char *base, const struct chunk *c, size_t n)
{
    size_t i, len = 0, written;

    for (i = 0; i < n; i++) {
        memcpy(flat + len, base + c[i].off, c[i].len);
        len += c[i].len;
    }
    check(SSL_write_ex(ssl, flat, len, &written), "SSL_write");
}

static void send_bufv(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        check(bufv_append(list, base + c[i].off, c[i].len) == APR_SUCCESS,
              "bufv_append");
    }
    check(bufv_write(list, writer, NULL) == APR_SUCCESS, "bufv_write");
}

static void open_bufv(int sock, int with_timeout)
{
    apr_os_sock_info_t info;
    apr_socket_t *s;

    memset(&info, 0, sizeof(info));
    info.os_sock = &sock;
    info.family = APR_INET;
    info.type = SOCK_STREAM;
    info.protocol = APR_PROTO_TCP;
    check(apr_initialize() == APR_SUCCESS &&
              apr_pool_create(&pool, NULL) == APR_SUCCESS &&
              apr_os_sock_make(&s, &info, pool) == APR_SUCCESS &&
              apr_socket_timeout_set(s, with_timeout ? apr_time_from_sec(60)
                                                     : -1) == APR_SUCCESS &&
              bufv_create(&list, pool) == APR_SUCCESS &&
              bufv_writer_ssl(&writer, ssl, s, pool) == APR_SUCCESS,
          "bufv");
}

static void open_buffer(void)
{
    BIO *end = BIO_new(BIO_f_ssl());

    chain = BIO_new(BIO_f_buffer());
    check(chain != NULL && end != NULL &&
              BIO_set_ssl(end, ssl, BIO_NOCLOSE) == 1 &&
              BIO_set_write_buffer_size(chain, record) == 1,
          "BIO");
    BIO_push(chain, end);
}

static void peer_open(int sock, int nodelay, const char *variant)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    (void)nodelay;
    check(ctx != NULL, "SSL_CTX_new");
    ssl = SSL_new(ctx);
    check(ssl != NULL && SSL_set_fd(ssl, sock) == 1 && SSL_connect(ssl) == 1,
          "SSL_connect");
    if (strncmp(variant, "bufv", 4) == 0) {
        open_bufv(sock, strstr(variant, "timeout") != NULL);
        send_list = send_bufv;
    }
    else if (strcmp(variant, "buffer") == 0) {
        open_buffer();
        send_list = send_buffered;
    }
    else {
        send_list = strcmp(variant, "each") == 0 ? send_each : send_whole;
    }
}

static void peer_prepare(const struct arena *a)
{
    flat = (char *)room(flat, a->longest_bytes, 1);
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    send_list(base, c, n);
}

/* The process ends: the rest goes with it. */
static void peer_close(void)
{
    free(flat);
    if (pool != NULL) {
        apr_pool_destroy(pool);
        apr_terminate();
    }
}
