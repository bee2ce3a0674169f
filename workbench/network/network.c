/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file network.c
 * The two ends of `run`, which makes the network between them bad:
 *
 *     network receive PORT HOW TIMES
 *     network send HOST PORT BYTES DEADLINE_MS EXPECT TIMES
 *
 * What the receiver reads has to be the pattern that the sender sends. HOW it
 * goes on: `all` reads to the end, `half` has sent its own end before, `slow`
 * does not read for two seconds first, `never` does not read at all; `reset`
 * reads a little and resets the connection, `die` is killed in its place.
 *
 * The sender EXPECTs `ok`, `gone`, `timeup`, `resume` (a time-out that a
 * second write gets over), or `ok-or-gone`. Whatever comes, counts must be
 * exact, deadlines kept, owned chunks released once and in order, and
 * descriptors closed.
 */

#include <bufv.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERIOD 65521 /* of the pattern: a prime, so that no size fits it */
#define CHUNK 1400
#define SLACK_MS 1500 /* beyond a deadline, on a machine that is busy */

static unsigned char pattern[PERIOD];

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

#define MUST(holds)                                                      \
    do {                                                                 \
        if (!(holds)) {                                                  \
            fprintf(stderr, "network: line %d: %s\n", __LINE__, #holds); \
            exit(EXIT_FAILURE);                                          \
        }                                                                \
    } while (0)

static void make_pattern(void)
{
    apr_uint32_t x = 2463534242u;
    int i;

    for (i = 0; i < PERIOD; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        pattern[i] = (unsigned char)(x >> 11);
    }
}

/* ---- the receiver */

static int listen_at(int port)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 64) != 0)
        die("listen");
    return fd;
}

/* Reads up to `most` bytes and compares them. */
static unsigned long long read_all(int fd, unsigned long long most)
{
    static unsigned char data[65536];
    unsigned long long got = 0;
    ssize_t n, i;

    while (got < most && (n = read(fd, data, sizeof(data))) > 0) {
        for (i = 0; i < n; i++)
            MUST(data[i] == pattern[(got + (unsigned long long)i) % PERIOD]);
        got += (unsigned long long)n;
    }
    return got;
}

static void reset(int fd)
{
    struct linger now = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void serve(int fd, const char *how, int turn)
{
    unsigned long long most = ~0ULL;

    if (strcmp(how, "half") == 0)
        shutdown(fd, SHUT_WR);
    if (strcmp(how, "slow") == 0)
        sleep(2);
    if (strcmp(how, "never") == 0) {
        sleep(600);
        return;
    }
    if (strcmp(how, "reset") == 0 || strcmp(how, "die") == 0)
        most = (unsigned long long)turn * 977 % 200000 + 1;
    printf("%llu\n", read_all(fd, most));
    fflush(stdout);
    if (strcmp(how, "reset") == 0)
        reset(fd);
    if (strcmp(how, "die") == 0)
        raise(SIGKILL);
}

static int receive(int port, const char *how, int times)
{
    int listener = listen_at(port), turn;

    printf("listening\n");
    fflush(stdout);
    for (turn = 0; turn < times; turn++) {
        int fd = accept(listener, NULL, NULL), status;
        pid_t child;

        if (fd < 0)
            die("accept");
        child = fork();
        if (child == 0) {
            close(listener);
            serve(fd, how, turn);
            _exit(EXIT_SUCCESS);
        }
        /* The child's is the last descriptor of the connection. */
        close(fd);
        waitpid(child, &status, 0);
        MUST(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
                                 : WEXITSTATUS(status) == 0);
    }
    return EXIT_SUCCESS;
}

/* ---- the sender */

typedef struct progress_t {
    apr_uint64_t released; /* bytes of the chunks that were given back */
} progress_t;

static void give_back(void *baton, const void *data, apr_size_t len)
{
    progress_t *p = baton;

    MUST(data == pattern + p->released % PERIOD);
    p->released += len;
}

static bufv_t *fill(apr_pool_t *pool, apr_uint64_t total, progress_t *p)
{
    apr_uint64_t done = 0;
    bufv_t *v;

    MUST(bufv_create(&v, pool) == APR_SUCCESS);
    while (done < total) {
        apr_size_t at = (apr_size_t)(done % PERIOD), len = CHUNK;

        if (len > PERIOD - at)
            len = PERIOD - at;
        if (len > total - done)
            len = (apr_size_t)(total - done);
        MUST(bufv_append_owned(v, pattern + at, len, give_back, p) ==
             APR_SUCCESS);
        done += len;
    }
    return v;
}

static int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    MUST(dir != NULL);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static apr_socket_t *connect_to(const char *host, int port, apr_pool_t *pool)
{
    apr_sockaddr_t *address;
    apr_status_t status;
    apr_socket_t *sock;
    char text[120];

    MUST(apr_sockaddr_info_get(&address, host, APR_INET, (apr_port_t)port, 0,
                               pool) == APR_SUCCESS);
    MUST(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP,
                           pool) == APR_SUCCESS);
    apr_socket_timeout_set(sock, apr_time_from_sec(30));
    status = apr_socket_connect(sock, address);
    if (status != APR_SUCCESS) {
        fprintf(stderr, "network: connect: %s\n",
                apr_strerror(status, text, sizeof(text)));
        exit(EXIT_FAILURE);
    }
    apr_socket_timeout_set(sock, -1);
    return sock;
}

static int is_gone(apr_status_t status)
{
    return APR_STATUS_IS_EPIPE(status) || APR_STATUS_IS_ECONNRESET(status) ||
           APR_STATUS_IS_ECONNABORTED(status);
}

static void check_status(const char *expect, apr_status_t status,
                         bufv_writer_t *w)
{
    char text[200];
    int good = 0;

    if (strcmp(expect, "ok") == 0)
        good = status == APR_SUCCESS;
    else if (strcmp(expect, "gone") == 0)
        good = is_gone(status);
    else if (strcmp(expect, "ok-or-gone") == 0)
        good = status == APR_SUCCESS || is_gone(status);
    else
        good = APR_STATUS_IS_TIMEUP(status);
    if (good)
        return;
    fprintf(stderr, "network: %s expected; %s\n", expect,
            bufv_writer_strerror(w, text, sizeof(text)));
    exit(EXIT_FAILURE);
}

/* One list; returns how it ended. */
static apr_status_t send_once(const char *host, int port, apr_uint64_t total,
                              int deadline_ms, const char *expect,
                              apr_uint64_t *sum)
{
    progress_t progress = {0};
    apr_uint64_t written, more;
    apr_status_t status;
    apr_socket_t *sock;
    bufv_writer_t *w;
    apr_pool_t *pool;
    apr_time_t began;
    bufv_t *v;

    MUST(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    sock = connect_to(host, port, pool);
    MUST(bufv_writer_socket(&w, sock, pool) == APR_SUCCESS);
    v = fill(pool, total, &progress);
    began = apr_time_now();
    bufv_writer_deadline_set(w, began + apr_time_from_msec(deadline_ms));
    status = bufv_write(v, w, &written);
    MUST(apr_time_now() - began <
         apr_time_from_msec((apr_time_t)deadline_ms + SLACK_MS));
    check_status(expect, status, w);
    MUST(written + bufv_length(v) == total);
    MUST(progress.released <= written && written < progress.released + CHUNK);
    if (strcmp(expect, "resume") == 0) {
        MUST(written < total);
        bufv_writer_deadline_set(w, 0);
        status = bufv_write(v, w, &more);
        check_status("ok", status, w);
        MUST(written + more == total && progress.released == total);
        written = total;
    }
    *sum += written;
    apr_socket_close(sock);
    apr_pool_destroy(pool);
    MUST(progress.released == total);
    return status;
}

static int send_all(const char *host, int port, apr_uint64_t total,
                    int deadline_ms, const char *expect, int times)
{
    int before, ok = 0, gone = 0, late = 0, i;
    apr_uint64_t sum = 0;
    apr_status_t status;

    MUST(apr_initialize() == APR_SUCCESS);
    before = descriptors();
    for (i = 0; i < times; i++) {
        status = send_once(host, port, total, deadline_ms, expect, &sum);
        ok += status == APR_SUCCESS;
        gone += is_gone(status);
        late += APR_STATUS_IS_TIMEUP(status) != 0;
    }
    MUST(descriptors() == before);
    printf("%d lists, %" APR_UINT64_T_FMT " bytes accepted: "
           "%d whole, %d peer gone, %d out of time\n",
           times, sum, ok, gone, late);
    apr_terminate();
    return EXIT_SUCCESS;
}

int main(int argc, const char *const *argv)
{
    make_pattern();
    if (argc == 5 && strcmp(argv[1], "receive") == 0)
        return receive(atoi(argv[2]), argv[3], atoi(argv[4]));
    if (argc == 8 && strcmp(argv[1], "send") == 0)
        return send_all(argv[2], atoi(argv[3]),
                        (apr_uint64_t)strtoull(argv[4], NULL, 10),
                        atoi(argv[5]), argv[6], atoi(argv[7]));
    fprintf(stderr, "network: see the head of network.c\n");
    return EXIT_FAILURE;
}
