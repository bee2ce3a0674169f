/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file tls.h
 * A TLS connection over loopback, and a thread that reads its far end,
 * compares and counts records. The certificate is made on the spot.
 */

#ifndef TLS_H
#define TLS_H

#include "peer.h"

#include <bufv_openssl.h>

typedef struct tls_t {
    peer_t *peer; /**< its sockets */
    SSL *near_ssl;
    SSL *far_ssl;
    bufv_writer_t *w;
    apr_thread_t *thread;

    /* set before tls_start() */
    apr_size_t piece;            /**< most bytes of one read; 0: 64 KiB */
    volatile apr_uint32_t pause; /**< before each read, in microseconds;
                                  may change, atomically */
    const unsigned char *expect; /**< what must come, over and over */
    apr_size_t period;           /**< its length */

    /* what came; look after tls_finish() */
    apr_uint64_t got_len;
    apr_uint64_t wrong_at; /**< 1 + the first byte that was not expected */
    apr_size_t records;    /**< with application data */
    int ended;             /**< how SSL_read() did */
} tls_t;

/** What a connection is made of; all may be 0. */
typedef struct tls_kind_t {
    int version;          /**< TLS1_2_VERSION or TLS1_3_VERSION; 0: 1.3 */
    int near_is_server;   /**< who writes */
    apr_uint64_t options; /**< SSL_OP_..., of both */
    int untrusted;        /**< the near end, a client, verifies */
    int memory;           /**< a BIO pair of so many bytes in its place */
} tls_kind_t;

/** A connection in the test's pool with a writer on its near end. Its
 * handshake has not begun, unless it is in memory: then it is done. */
tls_t *tls_new(const tls_kind_t *kind);

/** Begins to shake hands and to read, in a thread. */
void tls_start(tls_t *t);

/** Sends close_notify, and reads to the end of the stream. */
void tls_finish(tls_t *t);

/** What the far end of a pair in memory has to read now, as much as there is
 * room for. */
apr_size_t tls_read(tls_t *t, void *to, apr_size_t room);

/** Exactly `len` bytes came, and no wrong one. */
void tls_assert_length(const tls_t *t, apr_uint64_t len);

#endif /* TLS_H */
