/* SPDX-License-Identifier: Apache-2.0 */

/* reader.c -- the other end: accepts the peers' connections and drains the
 * one that is being timed.
 *
 * usage: reader arena_fd [waits]; prints its port. Commands on stdin:
 *   accept             -> the number of the new connection; -1: none came
 *   accept tls         -> the same, after a TLS handshake
 *   read N JOBS FLAGS  -> "ok", or what was wrong
 *   close N            -> "ok"; the number is free again
 *   drop               -> "ok", and no datagram is left of a peer that failed
 * FLAGS: v compares each byte with the arena, d delays ACKs as long as the
 * kernel does (40 ms on Linux), w touches nothing of a job before all of it
 * has arrived, u reads datagrams, - none of these.
 *
 * Datagrams come to the same port of UDP, to one socket for all peers. Each
 * is a chunk, and a job of them fits into the socket's buffer: none is lost.
 *
 * It spins, with calls that never block: a reader that has to be woken up
 * would hide the differences between the senders. One that waits for the whole
 * of a job (w) is woken up once for it, and does not take the socket's lock
 * while the sender sends: who has it does the other's work, too. Once a job
 * has arrived whole it says so in the arena's `ack`, for which the sender
 * spins. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "arena.h"

enum {
    conns_max = 128,
    /* It stays in the cache, so that draining costs one copy. */
    buffer_size = 256 * 1024,
    /* So many datagrams are received by a call, none longer than this. */
    datagrams_max = 64,
    datagram_size = 2048,
    datagrams_room = 8 << 20, /* asked for; the system may give less */
    /* What a socket holds for a reader that waits: several times the longest
     * job, since the system counts its own overhead. */
    waits_room = 16 << 20,
    waits_max = 2 << 20,
    connected_after = 20, /* seconds */
    stalled_after = 60,   /* seconds without a byte */
    lost_after = 5        /* seconds without a datagram */
};

static int conns[conns_max];    /* -1: closed */
static SSL *secured[conns_max]; /* NULL: plain */
static int nconns;
static int datagrams; /* the socket */
static struct arena *arena;
static char buffer[buffer_size];

/* Where in the job the next byte belongs. */
static size_t at_chunk, at_byte;

static int as_expected(const char *data, size_t len)
{
    const struct chunk *table = arena_table(arena);

    while (len > 0) {
        const struct chunk *c = &table[at_chunk];
        size_t n = c->len - at_byte < len ? c->len - at_byte : len;

        if (memcmp(data, (char *)arena + c->off + at_byte, n) != 0) {
            return 0;
        }
        data += n;
        len -= n;
        at_byte += n;
        if (at_byte == c->len) {
            at_chunk++;
            at_byte = 0;
        }
    }
    return 1;
}

/* The flag lasts only until the kernel changes its mind: set it each time. */
static void delay_acks(int sock)
{
    int off = 0;

    setsockopt(sock, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
}

static ssize_t receive_secured(SSL *ssl, size_t want)
{
    size_t got;

    if (SSL_read_ex(ssl, buffer, want, &got)) {
        return (ssize_t)got;
    }
    switch (SSL_get_error(ssl, 0)) {
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
        errno = EAGAIN;
        return -1;
    default:
        errno = EPROTO;
        return -1;
    }
}

/* What there is, without waiting. */
static ssize_t receive(int conn, size_t want)
{
    if (secured[conn] != NULL) {
        return receive_secured(secured[conn], want);
    }
    return recv(conns[conn], buffer, want, MSG_DONTWAIT);
}

/* How often in a row there was nothing, and since when. */
struct idle {
    unsigned long polls;
    time_t since;
};

/* Counts a poll that brought nothing. Returns whether it has been so for more
 * than so many seconds; the clock is seldom asked. */
static int is_over(struct idle *idle, int seconds)
{
    if (++idle->polls % 65536 != 0) {
        return 0;
    }
    if (idle->polls == 65536) {
        idle->since = time(NULL);
    }
    return time(NULL) - idle->since > seconds;
}

/* Waits until all of a job has arrived, or its sender is gone. */
static const char *await_job(int conn)
{
    struct pollfd ready = {conns[conn], POLLIN, 0};
    int all = (int)arena->bytes;

    if (arena->bytes > waits_max || secured[conn] != NULL) {
        return "a job that cannot be waited for";
    }
    setsockopt(conns[conn], SOL_SOCKET, SO_RCVLOWAT, &all, sizeof(all));
    return poll(&ready, 1, stalled_after * 1000) == 1 ? NULL : "stalled";
}

static const char *read_job(int conn, const char *flags)
{
    struct idle idle = {0, 0};
    uint64_t got = 0;

    at_chunk = at_byte = 0;
    if (strchr(flags, 'w') != NULL) {
        const char *wrong = await_job(conn);

        if (wrong != NULL) {
            return wrong;
        }
    }
    while (got < arena->bytes) {
        uint64_t left = arena->bytes - got;
        size_t want = left < buffer_size ? (size_t)left : buffer_size;
        ssize_t n = receive(conn, want);

        if (n > 0) {
            got += (uint64_t)n;
            idle.polls = 0;
            if (strchr(flags, 'd') != NULL) {
                delay_acks(conns[conn]);
            }
            if (strchr(flags, 'v') != NULL &&
                !as_expected(buffer, (size_t)n)) {
                return "other bytes than sent";
            }
        }
        else if (n == 0) {
            return "too few bytes, then the end";
        }
        else if (errno != EAGAIN && errno != EINTR) {
            return strerror(errno);
        }
        else if (is_over(&idle, stalled_after)) {
            return "stalled";
        }
    }
    return NULL;
}

/* ---- datagrams */

static struct mmsghdr messages[datagrams_max];

/* SO_RCVBUFFORCE is root's, and may exceed the system's limit. */
static int bind_datagrams(const struct sockaddr_in *at)
{
    static struct iovec parts[datagrams_max];
    int sock = socket(AF_INET, SOCK_DGRAM, 0), size = datagrams_room, i;

    if (sock < 0 ||
        bind(sock, (const struct sockaddr *)at, sizeof(*at)) != 0) {
        perror("datagrams");
        exit(1);
    }
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) !=
        0) {
        setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    for (i = 0; i < datagrams_max; i++) {
        parts[i].iov_base = buffer + i * datagram_size;
        parts[i].iov_len = datagram_size;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    return sock;
}

/* Each of them is the next chunk, the whole of it and nothing else. */
static int are_chunks(int n)
{
    int i;

    for (i = 0; i < n; i++) {
        if (messages[i].msg_len != arena_table(arena)[at_chunk].len ||
            !as_expected(buffer + i * datagram_size, messages[i].msg_len)) {
            return 0;
        }
    }
    return 1;
}

static const char *read_datagrams(const char *flags)
{
    struct idle idle = {0, 0};
    uint64_t got = 0, bytes = 0;
    int i, n;

    at_chunk = at_byte = 0;
    while (got < arena->nchunks) {
        n = recvmmsg(datagrams, messages, datagrams_max, MSG_DONTWAIT, NULL);
        if (n > 0) {
            got += (uint64_t)n;
            idle.polls = 0;
            for (i = 0; i < n; i++) {
                bytes += messages[i].msg_len;
            }
            if (got > arena->nchunks || bytes > arena->bytes) {
                return "more than sent";
            }
            if (strchr(flags, 'v') != NULL && !are_chunks(n)) {
                return "other datagrams than sent";
            }
        }
        else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return strerror(errno);
        }
        else if (is_over(&idle, lost_after)) {
            return "datagrams were lost";
        }
    }
    return bytes == arena->bytes ? NULL : "less than sent";
}

/* ---- jobs */

static int is_more(int conn, const char *flags)
{
    if (strchr(flags, 'u') != NULL) {
        return recv(datagrams, buffer, 1, MSG_DONTWAIT) >= 0;
    }
    return receive(conn, 1) > 0;
}

static const char *read_jobs(int conn, unsigned long jobs, const char *flags)
{
    unsigned long job;

    if (strchr(flags, 'd') != NULL) {
        delay_acks(conns[conn]);
    }
    for (job = 1; job <= jobs; job++) {
        const char *wrong = strchr(flags, 'u') != NULL ? read_datagrams(flags)
                                                       : read_job(conn, flags);

        if (wrong != NULL) {
            return wrong;
        }
        __atomic_store_n(&arena->ack, job, __ATOMIC_RELEASE);
    }
    if (is_more(conn, flags)) {
        return "more bytes than sent";
    }
    return "ok";
}

static int listen_anywhere(int waits)
{
    const struct timeval patience = {connected_after, 0};
    struct sockaddr_in at;
    socklen_t len = sizeof(at);
    int sock = socket(AF_INET, SOCK_STREAM, 0), room = waits_room;

    memset(&at, 0, sizeof(at));
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (waits && setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room,
                            sizeof(room)) != 0) {
        perror("a reader that waits needs root");
        exit(1);
    }
    if (sock < 0 || bind(sock, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(sock, 8) != 0 ||
        getsockname(sock, (struct sockaddr *)&at, &len) != 0) {
        perror("listen");
        exit(1);
    }
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    datagrams = bind_datagrams(&at);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return sock;
}

/* ---- TLS */

/* A certificate that nobody looks at. */
static X509 *certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();

    if (x == NULL || key == NULL ||
        !ASN1_INTEGER_set(X509_get_serialNumber(x), 1) ||
        X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(x), 24L * 3600) == NULL ||
        !X509_set_pubkey(x, key) || !X509_sign(x, key, EVP_sha256())) {
        return NULL;
    }
    return x;
}

/* With one cipher for all, or each client would get the first on its list. */
static SSL_CTX *context(void)
{
    static SSL_CTX *ctx;
    EVP_PKEY *key;
    X509 *x;

    if (ctx != NULL) {
        return ctx;
    }
    key = EVP_EC_gen("P-256");
    x = certificate(key);
    ctx = SSL_CTX_new(TLS_server_method());
    if (x == NULL || ctx == NULL || SSL_CTX_use_certificate(ctx, x) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384") != 1) {
        fprintf(stderr, "reader: no TLS\n");
        exit(1);
    }
    return ctx;
}

/* NULL if the handshake fails. */
static SSL *secure(int sock)
{
    SSL *ssl = SSL_new(context());

    if (ssl == NULL || SSL_set_fd(ssl, sock) != 1 || SSL_accept(ssl) != 1 ||
        fcntl(sock, F_SETFL, O_NONBLOCK) != 0) {
        return NULL;
    }
    return ssl;
}

static int is_open(int n)
{
    return n >= 0 && n < nconns && conns[n] >= 0;
}

static void close_one(int n)
{
    SSL_free(secured[n]);
    secured[n] = NULL;
    close(conns[n]);
    conns[n] = -1;
}

/* The number of the connection, or -1. */
static int accept_one(int listener, int with_tls)
{
    int sock = accept(listener, NULL, NULL), n = 0;

    while (n < nconns && conns[n] >= 0) {
        n++;
    }
    if (sock < 0 || n == conns_max) {
        return -1;
    }
    conns[n] = sock;
    secured[n] = NULL;
    nconns += n == nconns;
    if (with_tls && (secured[n] = secure(sock)) == NULL) {
        close_one(n);
        return -1;
    }
    return n;
}

int main(int argc, char **argv)
{
    char line[64], flags[8];
    unsigned long jobs;
    int listener, n;

    arena =
        argc >= 2 ? arena_map(atoi(argv[1]), PROT_READ | PROT_WRITE) : NULL;
    if (arena == NULL) {
        fprintf(stderr, "usage: reader arena_fd [waits]\n");
        return 1;
    }
    listener = listen_anywhere(argc == 3);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strncmp(line, "accept", 6) == 0) {
            printf("%d\n",
                   accept_one(listener, strcmp(line, "accept tls\n") == 0));
        }
        else if (strcmp(line, "drop\n") == 0) {
            while (is_more(0, "u")) {
            }
            printf("ok\n");
        }
        else if (sscanf(line, "read %d %lu %7s", &n, &jobs, flags) == 3 &&
                 is_open(n)) {
            printf("%s\n", read_jobs(n, jobs, flags));
        }
        else if (sscanf(line, "close %d", &n) == 1 && is_open(n)) {
            close_one(n);
            printf("ok\n");
        }
        else {
            printf("what? %s", line);
        }
        fflush(stdout);
    }
    return 0;
}
