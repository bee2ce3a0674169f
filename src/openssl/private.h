/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the TLS writer share. */

#ifndef BUFV_OPENSSL_PRIVATE_H
#define BUFV_OPENSSL_PRIVATE_H

#include "backend.h"
#include "bufv_openssl.h"

#include <apr_atomic.h>
#include <apr_poll.h>

/* The most that a record holds: RFC 8446, section 5.1. */
#define BUFV__RECORD_MAX ((apr_size_t)16384)

/* The baton of the TLS operations.
 *
 * A record that could not leave whole is OpenSSL's: encrypted, perhaps sent
 * in part. SSL_write() wants the same bytes again, not fewer, and the next
 * attempt may be planned over a list that looks different. So they are kept,
 * and what is offered next is compared with them. */
typedef struct bufv__ssl_t {
    SSL *ssl;
    apr_socket_t *sock; /* or NULL */
    bufv__peer_t peer;
    int several;           /* records of this list have left */
    int hurried;           /* Nagle's algorithm is off, by us, for the last */
    apr_size_t records;    /* that more followed, in this run of attempts */
    int corked;            /* by us: segments are filled from several */
    apr_int16_t direction; /* what to poll for; 0: it is not the socket's */
    apr_status_t status;   /* of the last attempt */
    bufv__loan_t loan;     /* what a run of attempts borrows */
    bufv__quiet_t quiet;
    apr_status_t lent;            /* whether it could be had */
    int raised;                   /* SIGPIPE may have come */
    volatile apr_uint32_t reason; /* OpenSSL's code of its own error, or 0;
                                     any thread may ask for it */
    apr_size_t held;              /* bytes of `record` that are OpenSSL's */
    apr_size_t ahead; /* or bytes that left before they were offered */
    apr_size_t first; /* of those, in `record` */
    char record[BUFV__RECORD_MAX];
} bufv__ssl_t;

/* status.c: what became of a call that returned `n`, after which the system's
 * error was `error`. */
apr_status_t bufv__ssl_status(bufv__ssl_t *s, int n, apr_status_t error);

/* attempt.c: operations of bufv_ops_t. In a run of attempts the socket does
 * not block and no signal comes. */
apr_status_t bufv__ssl_begin(void *baton);
void bufv__ssl_end(void *baton);

/* attempt.c: around a call that writes; the last segment does not wait.
 * OpenSSL's queue of errors is empty in between. The second returns the status
 * of a call that returned `n`, and remembers it. */
apr_status_t bufv__ssl_call_begins(bufv__ssl_t *s, int more);
apr_status_t bufv__ssl_call_ended(bufv__ssl_t *s, int n);

/* attempt.c: whether nothing more can be written: close_notify. */
int bufv__ssl_is_shut(const SSL *ssl);

/* sendfile.c: `sendfile` of bufv_ops_t. */
apr_status_t bufv__ssl_sendfile(void *baton, apr_file_t *file,
                                apr_off_t offset, apr_size_t len, int more,
                                apr_size_t *written);

#endif /* BUFV_OPENSSL_PRIVATE_H */
