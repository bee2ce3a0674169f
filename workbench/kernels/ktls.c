/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file ktls.c
 * Lists over TLS where the kernel encrypts: chunks, ranges of files, and both,
 * TLS 1.2 and 1.3, with writes that wait and writes that never do, to a peer
 * that reads in haste, late, or goes away. What the peer decrypts has to be
 * what was written, and the count exact.
 *
 *     ktls on|off
 *
 * With `on` it fails if OpenSSL did not hand its keys to the kernel.
 */

#include <bufv_openssl.h>

#include <apr_general.h>
#include <apr_poll.h>
#include <apr_portable.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERIOD 65521 /* of the pattern: a prime, so that no size fits it */
#define FILE_BYTES 300007
#define TURNS 40

#define MUST(holds)                                                   \
    do {                                                              \
        if (!(holds)) {                                               \
            fprintf(stderr, "ktls: line %d: %s\n", __LINE__, #holds); \
            exit(EXIT_FAILURE);                                       \
        }                                                             \
    } while (0)

typedef enum how_t { IN_HASTE, LATE, GOES_AWAY } how_t;

typedef struct kind_t {
    const char *name;
    int version;
    int may_wait;
    how_t how;
} kind_t;

static const kind_t kinds[] = {
    {"1.2, waits", TLS1_2_VERSION, 1, IN_HASTE},
    {"1.3, waits", TLS1_3_VERSION, 1, IN_HASTE},
    {"1.3, never waits", TLS1_3_VERSION, 0, IN_HASTE},
    {"1.2, never waits, late", TLS1_2_VERSION, 0, LATE},
    {"1.3, waits, late", TLS1_3_VERSION, 1, LATE},
    {"1.3, the peer goes", TLS1_3_VERSION, 1, GOES_AWAY},
    {"1.2, never waits, goes", TLS1_2_VERSION, 0, GOES_AWAY},
};

static unsigned char pattern[PERIOD + FILE_BYTES];
static apr_pool_t *pool;
static apr_file_t *file;

/* A certificate that signs itself. */
static void give_certificate(SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    MUST(X509_sign(x, key, EVP_sha256()) > 0);
    MUST(SSL_CTX_use_certificate(ctx, x) == 1);
    MUST(SSL_CTX_use_PrivateKey(ctx, key) == 1);
    X509_free(x);
    EVP_PKEY_free(key);
}

static SSL *session(int fd, int version, int server, int ktls)
{
    SSL_CTX *ctx =
        SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL *ssl;

    MUST(ctx != NULL);
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    if (ktls)
        SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
    if (server)
        give_certificate(ctx);
    ssl = SSL_new(ctx);
    MUST(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
    SSL_CTX_free(ctx);
    return ssl;
}

/* ---- the peer, a process of its own */

/* Reads to the end and compares. Bytes read go to `told`, at the end. */
static void read_all(int fd, const kind_t *kind, int told)
{
    static unsigned char data[65536];
    SSL *ssl = session(fd, kind->version, 0, 0);
    apr_uint64_t got = 0;
    int n;

    MUST(SSL_connect(ssl) == 1);
    while ((n = SSL_read(ssl, data, sizeof(data))) > 0) {
        MUST(memcmp(data, pattern + got % PERIOD, (size_t)n) == 0);
        got += (apr_uint64_t)n;
        if (kind->how == LATE)
            usleep(2000);
        if (kind->how == GOES_AWAY && got > 200000)
            break;
    }
    MUST(write(told, &got, sizeof(got)) == sizeof(got));
    _exit(EXIT_SUCCESS);
}

static int connect_to(int listener)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    MUST(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    MUST(connect(fd, (struct sockaddr *)&address, len) == 0);
    return fd;
}

/* Starts a peer. Returns our end of the connection. */
static int peer_of(const kind_t *kind, int *told, pid_t *child)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0), pipes[2], fd;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
    MUST(listen(listener, 1) == 0 && pipe(pipes) == 0);
    *child = fork();
    if (*child == 0)
        read_all(connect_to(listener), kind, pipes[1]);
    close(pipes[1]);
    fd = accept(listener, NULL, NULL);
    MUST(fd >= 0);
    close(listener);
    *told = pipes[0];
    return fd;
}

/* ---- the lists */

/* Small and large chunks and ranges of the file, in the pattern's order from
 * `at` on. The file holds the pattern from its beginning. */
static apr_uint64_t fill(bufv_t *v, apr_uint64_t at, unsigned turn)
{
    static const apr_size_t sizes[] = {1, 13, 500, 5000, 16384, 40000};
    apr_uint64_t before = bufv_length(v);
    unsigned i;

    for (i = 0; i < 12; i++) {
        apr_size_t from = (apr_size_t)(at % PERIOD);
        apr_size_t len = sizes[(turn * 7 + i * 5) % 6];

        if ((turn + i) % 3 == 0)
            MUST(bufv_append_file(v, file, (apr_off_t)from, len) ==
                 APR_SUCCESS);
        else
            MUST(bufv_append(v, pattern + from, len) == APR_SUCCESS);
        at += len;
    }
    return bufv_length(v) - before;
}

static void await_room(int fd)
{
    apr_pollfd_t p = {.desc_type = APR_POLL_SOCKET, .reqevents = APR_POLLOUT};
    apr_int32_t n;

    MUST(apr_os_sock_put(&p.desc.s, &fd, pool) == APR_SUCCESS);
    MUST(apr_poll(&p, 1, &n, apr_time_from_sec(20)) == APR_SUCCESS);
}

/* Writes a list whole, or until the peer has gone. Returns the bytes. */
static apr_uint64_t write_list(bufv_t *v, bufv_writer_t *w, int fd,
                               const kind_t *kind, apr_status_t *status)
{
    apr_uint64_t before = bufv_length(v), n, sum = 0;

    do {
        *status =
            kind->may_wait ? bufv_write(v, w, &n) : bufv_write_some(v, w, &n);
        sum += n;
        MUST(sum + bufv_length(v) == before);
        if (APR_STATUS_IS_EAGAIN(*status))
            await_room(fd);
    } while (APR_STATUS_IS_EAGAIN(*status) && !kind->may_wait);
    return sum;
}

static void check_end(const kind_t *kind, apr_status_t status,
                      apr_uint64_t sum, apr_uint64_t got)
{
    char text[120];

    if (kind->how == GOES_AWAY)
        MUST(got <= sum && (APR_STATUS_IS_EPIPE(status) ||
                            APR_STATUS_IS_ECONNRESET(status)));
    else if (status != APR_SUCCESS || got != sum) {
        fprintf(stderr, "ktls: %s; %lu written, %lu read\n",
                apr_strerror(status, text, sizeof(text)), (unsigned long)sum,
                (unsigned long)got);
        exit(EXIT_FAILURE);
    }
}

/* Lists one after the other; ends with the first that did not leave. */
static apr_uint64_t write_lists(SSL *ssl, int fd, const kind_t *kind,
                                apr_status_t *status)
{
    apr_socket_t *sock = NULL;
    apr_uint64_t sum = 0;
    char text[200] = "";
    bufv_writer_t *w;
    unsigned turn;
    bufv_t *v;

    MUST(apr_os_sock_put(&sock, &fd, pool) == APR_SUCCESS);
    apr_socket_timeout_set(sock, kind->may_wait ? apr_time_from_sec(20) : 0);
    MUST(bufv_writer_ssl(&w, ssl, sock, pool) == APR_SUCCESS);
    MUST(bufv_create(&v, pool) == APR_SUCCESS);
    *status = APR_SUCCESS;
    for (turn = 0; turn < TURNS && *status == APR_SUCCESS; turn++) {
        (void)fill(v, sum, turn);
        sum += write_list(v, w, fd, kind, status);
    }
    /* OpenSSL's reason for each error of the system's in SSL_sendfile() */
    if (*status != APR_SUCCESS)
        MUST(strstr(bufv_writer_strerror(w, text, sizeof(text)),
                    "uninitialized") == NULL);
    return sum;
}

static void run(const kind_t *kind, int ktls)
{
    apr_uint64_t sum, got;
    apr_status_t status;
    int fd, told;
    pid_t child;
    SSL *ssl;

    MUST(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    fd = peer_of(kind, &told, &child);
    ssl = session(fd, kind->version, 1, ktls);
    MUST(SSL_accept(ssl) == 1);
    MUST(BIO_get_ktls_send(SSL_get_wbio(ssl)) == ktls);
    sum = write_lists(ssl, fd, kind, &status);
    SSL_shutdown(ssl);
    close(fd);
    MUST(read(told, &got, sizeof(got)) == sizeof(got));
    check_end(kind, status, sum, got);
    MUST(waitpid(child, NULL, 0) == child);
    printf("%-24s %lu bytes accepted, %lu decrypted, kTLS %s\n", kind->name,
           (unsigned long)sum, (unsigned long)got, ktls ? "on" : "off");
    close(told);
    SSL_free(ssl);
    apr_pool_destroy(pool);
}

/* The file has the pattern, twice over, so that any range of it goes on. */
static void make_file(apr_pool_t *parent)
{
    char name[] = "/tmp/bufv-ktls-XXXXXX";
    apr_size_t i;

    for (i = 0; i < sizeof(pattern); i++)
        pattern[i] = (unsigned char)((i % PERIOD) * 2654435761u >> 16);
    MUST(apr_file_mktemp(&file, name,
                         APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE |
                             APR_FOPEN_DELONCLOSE | APR_FOPEN_SENDFILE_ENABLED,
                         parent) == APR_SUCCESS);
    MUST(apr_file_write_full(file, pattern, sizeof(pattern), NULL) ==
         APR_SUCCESS);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *parent;
    size_t i;

    if (argc != 2) {
        fprintf(stderr, "ktls on|off\n");
        return EXIT_FAILURE;
    }
    alarm(300); /* a hang is a failure */
    MUST(apr_initialize() == APR_SUCCESS);
    MUST(apr_pool_create(&parent, NULL) == APR_SUCCESS);
    make_file(parent);
    for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        run(&kinds[i], strcmp(argv[1], "on") == 0);
    printf("cases: %d kinds of TLS\n", (int)i);
    apr_pool_destroy(parent);
    return EXIT_SUCCESS;
}
