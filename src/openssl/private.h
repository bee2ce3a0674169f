/* What the files of the TLS writer share. */

#ifndef BUFV_OPENSSL_PRIVATE_H
#define BUFV_OPENSSL_PRIVATE_H

#include "bufv_openssl.h"
#include "bufv_private.h"

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
    apr_os_sock_t fd;
    apr_interval_time_t timeout;
    int blocking; /* the socket was, and shall be again */
    int corked;
    bufv__quiet_t quiet;
    apr_int16_t direction; /* what to poll for; 0: it is not the socket's */
    apr_status_t status;   /* of the last SSL_write() */
    const char *reason;    /* OpenSSL's own, or NULL */
    apr_size_t held;       /* bytes of `record` that are OpenSSL's */
    apr_size_t ahead;      /* or bytes that left before they were offered */
    apr_size_t first;      /* of those, in `record` */
    char record[BUFV__RECORD_MAX];
} bufv__ssl_t;

/* status.c: what became of an SSL_write() that returned `n`, after which the
 * system's error was `error`. */
apr_status_t bufv__ssl_status(bufv__ssl_t *s, int n, apr_status_t error);

/* <system>/mode.c: makes the socket non-blocking, and what it was. */
apr_status_t bufv__ssl_mode_begin(bufv__ssl_t *s);
void bufv__ssl_mode_end(bufv__ssl_t *s);

/* <system>/mode.c: half-full segments wait for what comes next, until they
 * are let go. */
void bufv__ssl_cork(bufv__ssl_t *s);
void bufv__ssl_uncork(bufv__ssl_t *s);

#endif /* BUFV_OPENSSL_PRIVATE_H */
