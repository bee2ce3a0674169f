/* SPDX-License-Identifier: Apache-2.0 */
/* The names of bufv::openssl are there to link, and OpenSSL with them. */

#include <bufv_openssl.h>

#include <apr_general.h>
#include <stdio.h>

int main(void)
{
    apr_pool_t *pool;
    apr_socket_t *sock;
    bufv_writer_t *w = NULL;
    SSL_CTX *ctx;
    SSL *ssl;
    int bad;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool);
    ctx = SSL_CTX_new(TLS_client_method());
    ssl = SSL_new(ctx);
    bad = bufv_writer_ssl(&w, ssl, sock, pool) != APR_SUCCESS || w == NULL;
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    apr_pool_destroy(pool);
    apr_terminate();
    printf("bufv::openssl: %s\n", bad ? "bad" : "good");
    return bad;
}
