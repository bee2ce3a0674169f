/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file tls.h
 * TLS over lwIP: OpenSSL between memory BIOs, whose other sides are fed from
 * and pushed to a connection. The far end hands what it decrypts to the peer.
 * Chance is the seed's, so that records are the same each time.
 */

#ifndef TLS_H
#define TLS_H

#include "peer.h"

#include <openssl/ssl.h>

typedef struct tls_end_t {
    SSL *ssl;
    BIO *in, *out; /**< ciphertext that came, and that is to leave */
    lwip_conn_t *tcp;
    lwip_conn_t
        own;      /**< where the connection has no lwip_conn_t: the peer's */
    peer_t *peer; /**< who gets what is decrypted; NULL: nobody */
} tls_end_t;

/** The operations; the baton is a tls_end_t. */
extern const bufv_ops_t tls_ops;

/** Once in a process. */
void tls_init(void);

/** At the beginning of a seed. */
void tls_seed(uint64_t seed);

/** The near end, of a connection that is there. */
tls_end_t *tls_near(lwip_conn_t *tcp);

/** The far end. */
tls_end_t *tls_far(peer_t *peer);

/** The same, with a BIO pair of so many bytes in place of `out`, for a writer
 * that knows OpenSSL and no connection. */
tls_end_t *tls_near_pair(lwip_conn_t *tcp, size_t room);

/** Shakes hands, as a fiber. Returns 0 if the connection is gone. */
int tls_shake_hands(tls_end_t *end, apr_time_t until);

/** Sends as much as the connection takes. */
void tls_push(tls_end_t *end);

/** Whether there is nothing to push, or no connection. */
int tls_is_ready(void *end);

/** Frees it. */
void tls_free(tls_end_t *end);

#endif /* TLS_H */
