/* SPDX-License-Identifier: Apache-2.0 */

/* The method for random numbers is an old interface of OpenSSL's. */
#define OPENSSL_API_COMPAT 0x10101000L

#include "tls.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

#define RECORD ((apr_size_t)16384) /* bytes that one record has at most */
#define KEY_SIZE 32

static SSL_CTX *near_context, *far_context;

/* ---- chance: the same records for the same seed */

static uint64_t state;

static int random_bytes(unsigned char *buf, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        buf[i] = (unsigned char)(state >> 56);
    }
    return 1;
}

static int random_status(void)
{
    return 1;
}

void tls_seed(uint64_t seed)
{
    state = seed * 0x9E3779B97F4A7C15u;
}

/* ---- contexts: a key that both know */

static unsigned near_key(SSL *ssl, const char *hint, char *identity,
                         unsigned size, unsigned char *key, unsigned most)
{
    (void)ssl;
    (void)hint;
    HOLDS(size > 1 && most >= KEY_SIZE);
    memcpy(identity, "x", 2);
    memset(key, 7, KEY_SIZE);
    return KEY_SIZE;
}

static unsigned far_key(SSL *ssl, const char *identity, unsigned char *key,
                        unsigned most)
{
    (void)ssl;
    (void)identity;
    HOLDS(most >= KEY_SIZE);
    memset(key, 7, KEY_SIZE);
    return KEY_SIZE;
}

/* Without Diffie and Hellman, whose arithmetic takes longer than all else. */
static SSL_CTX *context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    HOLDS(ctx != NULL);
    SSL_CTX_set_options(ctx, SSL_OP_ALLOW_NO_DHE_KEX | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    HOLDS(SSL_CTX_set_cipher_list(ctx, "PSK-AES128-GCM-SHA256"));
    HOLDS(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"));
    SSL_CTX_set_num_tickets(ctx, 0);
    return ctx;
}

void tls_init(void)
{
    static RAND_METHOD method = {NULL, random_bytes, NULL,
                                 NULL, random_bytes, random_status};

    HOLDS(RAND_set_rand_method(&method) == 1);
    near_context = context(TLS_client_method());
    far_context = context(TLS_server_method());
    SSL_CTX_set_psk_client_callback(near_context, near_key);
    SSL_CTX_set_psk_server_callback(far_context, far_key);
}

static tls_end_t *end_new(SSL_CTX *ctx)
{
    tls_end_t *end = calloc(1, sizeof(*end));

    HOLDS(end != NULL);
    end->ssl = SSL_new(ctx);
    HOLDS(end->ssl != NULL);
    return end;
}

static void use_memory(tls_end_t *end)
{
    end->in = BIO_new(BIO_s_mem());
    end->out = BIO_new(BIO_s_mem());
    HOLDS(end->in != NULL && end->out != NULL);
    SSL_set_bio(end->ssl, end->in, end->out);
}

/* ---- ciphertext */

/* A memory BIO shows what is in it, a pair has it read; either is written to
 * the connection, as far as there is room. */
void tls_push(tls_end_t *end)
{
    static char bytes[4096];
    apr_size_t room;
    int n;

    if (end->peer != NULL)
        end->own.pcb = end->peer->pcb;
    while (end->tcp->pcb != NULL && (n = (int)BIO_pending(end->out)) > 0) {
        room = tcp_sndbuf(end->tcp->pcb);
        if (!lwip_conn_is_ready(end->tcp) || room == 0)
            break;
        n = n < (int)sizeof(bytes) ? n : (int)sizeof(bytes);
        n = BIO_read(end->out, bytes, n < (int)room ? n : (int)room);
        HOLDS(n > 0);
        if (lwip_conn_take(end->tcp, bytes, (apr_size_t)n, 0) !=
            (apr_size_t)n) {
            /* lwIP has no more buffers: a part of a record is lost. */
            tcp_abort(end->tcp->pcb);
            return;
        }
    }
    if (end->tcp->pcb != NULL)
        tcp_output(end->tcp->pcb);
}

int tls_is_ready(void *baton)
{
    const tls_end_t *end = baton;

    return end->tcp->pcb == NULL || BIO_pending(end->out) == 0;
}

/* ---- the near end */

static err_t on_near_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                             err_t error)
{
    tls_end_t *end = ((lwip_conn_t *)arg)->user;
    const struct pbuf *q;

    (void)error;
    if (p == NULL)
        return ERR_OK;
    for (q = p; q != NULL; q = q->next)
        HOLDS(BIO_write(end->in, q->payload, q->len) == q->len);
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_near_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    tls_end_t *end = ((lwip_conn_t *)arg)->user;

    (void)pcb;
    (void)len;
    tls_push(end);
    return end->tcp->pcb != NULL ? ERR_OK : ERR_ABRT;
}

static tls_end_t *near_new(lwip_conn_t *tcp)
{
    tls_end_t *end = end_new(near_context);

    SSL_set_connect_state(end->ssl);
    end->tcp = tcp;
    tcp->user = end;
    tcp_recv(tcp->pcb, on_near_receive);
    tcp_sent(tcp->pcb, on_near_sent);
    return end;
}

tls_end_t *tls_near(lwip_conn_t *tcp)
{
    tls_end_t *end = near_new(tcp);

    use_memory(end);
    return end;
}

tls_end_t *tls_near_pair(lwip_conn_t *tcp, size_t room)
{
    tls_end_t *end = near_new(tcp);
    BIO *inner;

    HOLDS(BIO_new_bio_pair(&inner, room, &end->out, room) == 1);
    end->in = end->out;
    SSL_set_bio(end->ssl, inner, inner);
    return end;
}

static int has_input(void *baton)
{
    const tls_end_t *end = baton;

    return end->tcp->pcb == NULL || BIO_pending(SSL_get_rbio(end->ssl)) > 0;
}

int tls_shake_hands(tls_end_t *end, apr_time_t until)
{
    while (SSL_do_handshake(end->ssl) != 1) {
        tls_push(end);
        end->tcp->loop->run_until(until, has_input, end);
        if (end->tcp->pcb == NULL || world_now() >= until)
            return 0;
    }
    tls_push(end);
    return end->tcp->pcb != NULL;
}

/* ---- the far end */

static void decrypt(void *baton, const void *data, size_t len)
{
    static char plain[RECORD];
    tls_end_t *end = baton;
    int n;

    HOLDS(BIO_write(end->in, data, (int)len) == (int)len);
    if (SSL_do_handshake(end->ssl) == 1) {
        while ((n = SSL_read(end->ssl, plain, sizeof(plain))) > 0)
            peer_compare(end->peer, plain, (size_t)n);
        HOLDS(SSL_get_error(end->ssl, n) == SSL_ERROR_WANT_READ);
    }
    tls_push(end);
}

tls_end_t *tls_far(peer_t *peer)
{
    tls_end_t *end = end_new(far_context);

    SSL_set_accept_state(end->ssl);
    use_memory(end);
    end->tcp = &end->own;
    end->own.pcb = peer->pcb;
    end->peer = peer;
    peer->consumer = decrypt;
    peer->baton = end;
    return end;
}

void tls_free(tls_end_t *end)
{
    if (end->in == end->out)
        BIO_free(end->out);
    SSL_free(end->ssl);
    free(end);
}

/* ---- the transport */

/* A record at a time: the memory BIO takes all of it. While the last one is on
 * its way, the destination is full. */
static apr_status_t tls_writev(void *baton, const struct iovec *vec,
                               apr_size_t nvec, int more, apr_size_t *written)
{
    tls_end_t *end = baton;
    apr_size_t len = vec->iov_len < RECORD ? vec->iov_len : RECORD;
    int n;

    (void)nvec;
    (void)more;
    *written = 0;
    tls_push(end);
    if (end->tcp->pcb == NULL)
        return end->tcp->gone;
    if (BIO_pending(end->out) > 0)
        return APR_EAGAIN;
    n = SSL_write(end->ssl, vec->iov_base, (int)len);
    HOLDS(n == (int)len);
    *written = (apr_size_t)n;
    tls_push(end);
    return APR_SUCCESS;
}

static void tls_flush(void *baton)
{
    tls_push(baton);
}

static apr_status_t tls_wait(void *baton, apr_interval_time_t timeout)
{
    tls_end_t *end = baton;
    apr_time_t until = timeout < 0 ? -1 : world_now() + timeout;

    end->tcp->loop->run_until(until, tls_is_ready, end);
    return tls_is_ready(end) ? APR_SUCCESS : APR_TIMEUP;
}

static void tls_pause(void *baton, apr_interval_time_t time)
{
    tls_end_t *end = baton;

    end->tcp->loop->run_until(world_now() + time, NULL, NULL);
}

static void tls_describe(void *baton, char *buf, apr_size_t size)
{
    tls_end_t *end = baton;

    lwip_conn_ops.describe(end->tcp, buf, size);
}

const bufv_ops_t tls_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "SSL_write",
    .max_vec = 1,
    .max_bytes = RECORD,
    .copy_below = RECORD,
    .writev = tls_writev,
    .wait = tls_wait,
    .describe = tls_describe,
    .pause = tls_pause,
    .flush = tls_flush,
};
