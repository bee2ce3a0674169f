/* SPDX-License-Identifier: Apache-2.0 */

#include "tls.h"

#include <apr_atomic.h>
#include <apr_portable.h>
#include <apr_signal.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#define PIECE 65536

/* ---- contexts */

static apr_status_t free_key(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

static apr_status_t free_certificate(void *x)
{
    X509_free(x);
    return APR_SUCCESS;
}

static apr_status_t free_context(void *ctx)
{
    SSL_CTX_free(ctx);
    return APR_SUCCESS;
}

static apr_status_t free_ssl(void *ssl)
{
    SSL_free(ssl);
    return APR_SUCCESS;
}

static void keep(void *thing, apr_status_t (*end)(void *))
{
    ck_assert_ptr_nonnull(thing);
    apr_pool_cleanup_register(pool, thing, end, apr_pool_cleanup_null);
}

/* A certificate for localhost that signs itself, valid for an hour. */
static X509 *certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_NAME *name;

    keep(x, free_certificate);
    name = X509_get_subject_name(x);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
    return x;
}

static SSL_CTX *context(const tls_kind_t *kind, int server)
{
    int version = kind->version != 0 ? kind->version : TLS1_3_VERSION;
    SSL_CTX *ctx =
        SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    EVP_PKEY *key;

    keep(ctx, free_context);
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    SSL_CTX_set_options(ctx, kind->options);
    if (kind->untrusted && !server)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (server) {
        key = EVP_EC_gen("P-256");
        keep(key, free_key);
        ck_assert_int_eq(SSL_CTX_use_certificate(ctx, certificate(key)), 1);
        ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
    }
    return ctx;
}

static SSL *connection(const tls_kind_t *kind, int server)
{
    SSL *ssl = SSL_new(context(kind, server));

    keep(ssl, free_ssl);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

/* ---- connecting */

static int descriptor(apr_socket_t *sock)
{
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    return (int)fd;
}

static void over_socket(tls_t *t)
{
    t->peer = peer_new();
    assert_ok(apr_socket_timeout_set(t->peer->far_end, -1));
    SSL_set_fd(t->near_ssl, descriptor(t->peer->near_end));
    SSL_set_fd(t->far_ssl, descriptor(t->peer->far_end));
}

static void over_memory(tls_t *t, int room)
{
    BIO *near_bio, *far_bio;
    int i;

    ck_assert_int_eq(BIO_new_bio_pair(&near_bio, (size_t)room, &far_bio, 0),
                     1);
    SSL_set_bio(t->near_ssl, near_bio, near_bio);
    SSL_set_bio(t->far_ssl, far_bio, far_bio);
    for (i = 0;
         i < 1000 && (SSL_in_init(t->near_ssl) || SSL_in_init(t->far_ssl));
         i++) {
        SSL_do_handshake(t->near_ssl);
        SSL_do_handshake(t->far_ssl);
    }
    ck_assert_int_lt(i, 1000);
}

tls_t *tls_new(const tls_kind_t *kind)
{
    tls_t *t = apr_pcalloc(pool, sizeof(*t));
    apr_socket_t *sock = NULL;

    t->near_ssl = connection(kind, kind->near_is_server);
    t->far_ssl = connection(kind, !kind->near_is_server);
    if (kind->memory)
        over_memory(t, kind->memory);
    else {
        over_socket(t);
        sock = t->peer->near_end;
    }
    assert_ok(bufv_writer_ssl(&t->w, t->near_ssl, sock, pool));
    if (sock != NULL)
        net_watch_socket(t->w, sock);
    return t;
}

/* ---- reading */

static void compare(tls_t *t, const unsigned char *data, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len && t->wrong_at == 0 && t->period > 0; i++) {
        if (data[i] != t->expect[(t->got_len + i) % t->period])
            t->wrong_at = 1 + t->got_len + i;
    }
    t->got_len += len;
}

/* OpenSSL tells of each record that it reads: in TLS 1.3 its true kind is
 * told apart, before the header says it. */
static void count_records(int write_p, int version, int content_type,
                          const void *buf, size_t len, SSL *ssl, void *arg)
{
    tls_t *t = arg;
    int told = SSL_version(ssl) == TLS1_3_VERSION ? SSL3_RT_INNER_CONTENT_TYPE
                                                  : SSL3_RT_HEADER;

    (void)version;
    if (!write_p && content_type == told && len > 0 &&
        *(const unsigned char *)buf == SSL3_RT_APPLICATION_DATA)
        t->records++;
}

static void *APR_THREAD_FUNC read_on(apr_thread_t *thread, void *baton)
{
    static unsigned char data[PIECE];
    tls_t *t = baton;
    int n = 1;

    (void)thread;
    apr_signal_block(SIGPIPE); /* OpenSSL answers a lost peer with an alert */
    while (n > 0) {
        if (apr_atomic_read32(&t->pause) > 0)
            apr_sleep(apr_atomic_read32(&t->pause));
        n = SSL_read(t->far_ssl, data,
                     t->piece > 0 ? (int)t->piece : (int)sizeof(data));
        if (n > 0)
            compare(t, data, (apr_size_t)n);
    }
    t->ended = SSL_get_error(t->far_ssl, n);
    return NULL;
}

void tls_start(tls_t *t)
{
    SSL_set_msg_callback(t->far_ssl, count_records);
    SSL_set_msg_callback_arg(t->far_ssl, t);
    assert_ok(apr_thread_create(&t->thread, NULL, read_on, t, pool));
}

void tls_finish(tls_t *t)
{
    int i;

    for (i = 0; i < 1000 && SSL_shutdown(t->near_ssl) < 0 &&
                SSL_want_write(t->near_ssl);
         i++)
        apr_sleep(1000);
    apr_socket_shutdown(t->peer->near_end, APR_SHUTDOWN_WRITE);
    thread_join(t->thread);
}

apr_size_t tls_read(tls_t *t, void *to, apr_size_t room)
{
    apr_size_t done = 0;
    int n = 1;

    while (done < room && n > 0) {
        n = SSL_read(t->far_ssl, (char *)to + done, (int)(room - done));
        if (n > 0)
            done += (apr_size_t)n;
    }
    return done;
}

void tls_assert_length(const tls_t *t, apr_uint64_t len)
{
    ck_assert_uint_eq(t->wrong_at, 0);
    ck_assert_uint_eq(t->got_len, len);
    ck_assert_int_eq(t->ended, SSL_ERROR_ZERO_RETURN);
}
