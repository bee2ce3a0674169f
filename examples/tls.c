/* SPDX-License-Identifier: Apache-2.0 */

/* A list over TLS: an HTTPS server that answers with many small chunks in few
 * records, and a client that fetches and counts.
 *
 *     tls            serves itself, once
 *     tls 3          prints its port and serves three others, such as curl -k
 *                    https://localhost:PORT/ */

#include <bufv_openssl.h>

#include <apr_general.h>
#include <apr_portable.h>
#include <apr_thread_proc.h>

#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 100
#define LINES 10485 /* a MiB, nearly */
#define IO_TIMEOUT apr_time_from_sec(20)

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "tls: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

static void need(int ok, const char *what)
{
    check(ok ? APR_SUCCESS : APR_EGENERAL, what);
}

/* ---- the server */

/* A certificate that signs itself: real servers have theirs in files. */
static SSL_CTX *server_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    need(X509_sign(x, key, EVP_sha256()) > 0, "sign");
    need(SSL_CTX_use_certificate(ctx, x) == 1, "certificate");
    need(SSL_CTX_use_PrivateKey(ctx, key) == 1, "key");
    X509_free(x);
    EVP_PKEY_free(key);
    return ctx;
}

static void answer(bufv_t *v, const char *line)
{
    int i;

    bufv_appendf(v,
                 "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                 "Connection: close\r\n\r\n",
                 LINE * LINES);
    for (i = 0; i < LINES; i++)
        bufv_append(v, line, LINE);
    check(bufv_status(v), "answer");
}

static SSL *over(SSL_CTX *ctx, apr_socket_t *sock)
{
    SSL *ssl = SSL_new(ctx);
    apr_os_sock_t fd;

    check(apr_os_sock_get(&fd, sock), "descriptor");
    SSL_set_fd(ssl, (int)fd);
    return ssl;
}

/* Reads a request up to its empty line; says whether one came. */
static int asked(SSL *ssl)
{
    char request[4096] = "";
    int n = 1, len = 0;

    while (n > 0 && strstr(request, "\r\n\r\n") == NULL) {
        n = SSL_read(ssl, request + len, (int)sizeof(request) - 1 - len);
        len += n > 0 ? n : 0;
        request[len] = '\0';
    }
    return n > 0;
}

static void serve(SSL_CTX *ctx, apr_socket_t *sock, apr_pool_t *pool)
{
    static char line[LINE];
    SSL *ssl = over(ctx, sock);
    bufv_report_t r = {.size = sizeof(r)};
    apr_status_t status;
    bufv_writer_t *w;
    char text[256];
    bufv_t *v;

    memset(line, '.', sizeof(line));
    line[LINE - 1] = '\n';
    need(SSL_accept(ssl) == 1 && asked(ssl), "request");
    check(bufv_create(&v, pool), "list");
    check(bufv_writer_ssl(&w, ssl, sock, pool), "writer");
    bufv_writer_stall_set(w, IO_TIMEOUT);
    answer(v, line);
    printf("%d chunks, ", (int)bufv_count(v));
    status = bufv_write(v, w, NULL);
    bufv_writer_report(w, &r);
    printf("%d records: %s\n", (int)r.calls,
           status == APR_SUCCESS
               ? "sent"
               : bufv_writer_strerror(w, text, sizeof(text)));
    SSL_shutdown(ssl);
    SSL_read(ssl, text, sizeof(text)); /* the client's turn to close */
    SSL_free(ssl);
}

static apr_socket_t *listen_on(apr_port_t *port, apr_pool_t *pool)
{
    apr_socket_t *sock;
    apr_sockaddr_t *address;

    check(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool),
          "address");
    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_bind(sock, address), "bind");
    check(apr_socket_listen(sock, 8), "listen");
    check(apr_socket_addr_get(&address, APR_LOCAL, sock), "port");
    *port = address->port;
    return sock;
}

/* ---- the client */

static void *APR_THREAD_FUNC fetch(apr_thread_t *thread, void *baton)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = over(ctx, baton);
    long total = 0;
    char piece[16384];
    int n;

    (void)thread;
    need(SSL_connect(ssl) == 1, "connect");
    need(SSL_write(ssl, request, (int)sizeof(request) - 1) > 0, "ask");
    while ((n = SSL_read(ssl, piece, sizeof(piece))) > 0)
        total += n;
    SSL_shutdown(ssl);
    need(total > LINE * LINES, "fetched too little");
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return NULL;
}

static apr_thread_t *start_client(apr_port_t port, apr_pool_t *pool)
{
    apr_socket_t *sock;
    apr_sockaddr_t *address;
    apr_thread_t *thread;

    check(
        apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, port, 0, pool),
        "address");
    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_connect(sock, address), "connect");
    check(apr_thread_create(&thread, NULL, fetch, sock, pool), "thread");
    return thread;
}

int main(int argc, const char *const *argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;
    apr_thread_t *client = NULL;
    apr_socket_t *listener, *sock;
    apr_pool_t *pool;
    apr_status_t status;
    apr_port_t port;
    SSL_CTX *ctx;

    check(apr_app_initialize(&argc, &argv, NULL), "initialize");
    check(apr_pool_create(&pool, NULL), "pool");
    ctx = server_context();
    listener = listen_on(&port, pool);
    printf("port %d\n", (int)port);
    fflush(stdout);
    if (argc == 1)
        client = start_client(port, pool);
    for (; count > 0; count--) {
        check(apr_socket_accept(&sock, listener, pool), "accept");
        serve(ctx, sock, pool);
        apr_socket_close(sock);
        fflush(stdout);
    }
    if (client != NULL)
        apr_thread_join(&status, client);
    SSL_CTX_free(ctx);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
