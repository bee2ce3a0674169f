/* SPDX-License-Identifier: Apache-2.0 */

/* A program of APR that knows nothing of bufv, for test_preload.sh: each case
 * is one way to write, and exits with 0 if all came out as it should. */

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>
#include <apr_thread_proc.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

/* More than any socket's or pipe's buffer takes. */
#define MANY ((apr_size_t)8 * 1024 * 1024)
#define SOON apr_time_from_sec(5)

static apr_pool_t *pool;
static apr_socket_t *sock, *peer;

static void must(apr_status_t status, const char *what)
{
    char text[200];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what,
            apr_strerror(status, text, sizeof(text)));
    exit(3);
}

static int fails(const char *what, apr_status_t status, apr_size_t n)
{
    char text[200];

    printf("%s: %s, %lu bytes\n", what,
           apr_strerror(status, text, sizeof(text)), (unsigned long)n);
    return 1;
}

/* ---- two ends */

static void make_sockets(apr_interval_time_t timeout)
{
    apr_socket_t *listener;
    apr_sockaddr_t *address;

    must(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool),
         "address");
    must(apr_socket_create(&listener, APR_INET, SOCK_STREAM, 0, pool),
         "listener");
    must(apr_socket_bind(listener, address), "bind");
    must(apr_socket_listen(listener, 1), "listen");
    must(apr_socket_addr_get(&address, APR_LOCAL, listener), "port");
    must(apr_socket_create(&sock, APR_INET, SOCK_STREAM, 0, pool), "socket");
    must(apr_socket_connect(sock, address), "connect");
    must(apr_socket_accept(&peer, listener, pool), "accept");
    must(apr_socket_timeout_set(sock, timeout), "timeout");
    must(apr_socket_timeout_set(peer, SOON), "timeout");
}

static char byte_at(apr_size_t i)
{
    return (char)(i * 2654435761u >> 24);
}

static char *make_bytes(apr_size_t len)
{
    char *bytes = apr_palloc(pool, len);
    apr_size_t i;

    for (i = 0; i < len; i++)
        bytes[i] = byte_at(i);
    return bytes;
}

/* How many bytes come, from byte `from` on of those above; stops at a wrong
 * one, and at the end. */
static apr_size_t check_bytes(const char *bytes, apr_size_t n, apr_size_t from)
{
    apr_size_t i = 0;

    while (i < n && bytes[i] == byte_at(from + i))
        i++;
    return i;
}

static apr_size_t received;

static void *APR_THREAD_FUNC read_socket(apr_thread_t *thread, void *data)
{
    static char bytes[65536];
    apr_size_t n = sizeof(bytes);

    (void)thread;
    (void)data;
    while (apr_socket_recv(peer, bytes, &n) == APR_SUCCESS && n > 0) {
        if (check_bytes(bytes, n, received) != n)
            break;
        received += n;
        n = sizeof(bytes);
    }
    return NULL;
}

static apr_file_t *pipe_in, *pipe_out;

static void *APR_THREAD_FUNC read_pipe(apr_thread_t *thread, void *data)
{
    static char bytes[30000];
    apr_size_t n = sizeof(bytes);

    (void)thread;
    (void)data;
    while (apr_file_read(pipe_in, bytes, &n) == APR_SUCCESS) {
        apr_sleep(1000);
        if (check_bytes(bytes, n, received) != n)
            break;
        received += n;
        n = sizeof(bytes);
    }
    return NULL;
}

static void join(apr_thread_t *thread)
{
    apr_status_t ignored;

    apr_thread_join(&ignored, thread);
}

static struct iovec *make_vec(char *bytes, apr_size_t len, int n)
{
    struct iovec *vec = apr_pcalloc(pool, (size_t)n * sizeof(*vec));
    int i;

    for (i = 0; i < n; i++) {
        vec[i].iov_base = bytes + (apr_size_t)i * (len / (apr_size_t)n);
        vec[i].iov_len = len / (apr_size_t)n;
    }
    return vec;
}

/* ---- the cases */

/* One call, 4096 chunks, 8 MiB. */
static int many(void)
{
    apr_size_t len = 0;
    apr_thread_t *thread;
    apr_status_t status;

    make_sockets(SOON);
    must(apr_thread_create(&thread, NULL, read_socket, NULL, pool), "thread");
    status = apr_socket_sendv(sock, make_vec(make_bytes(MANY), MANY, 4096),
                              4096, &len);
    apr_socket_shutdown(sock, APR_SHUTDOWN_WRITE);
    join(thread);
    if (status != APR_SUCCESS || len != MANY || received != MANY)
        return fails("sendv", status, received);
    return 0;
}

/* Until the socket is full: what APR says of a part, and of nothing. */
static int partial(void)
{
    char *bytes = make_bytes(MANY);
    apr_size_t len, sent = 0;
    apr_thread_t *thread;
    apr_status_t status;

    make_sockets(0);
    do {
        struct iovec vec = {bytes + sent, MANY - sent};

        status = apr_socket_sendv(sock, &vec, 1, &len);
        if (len > 0 && status != APR_SUCCESS)
            return fails("a part", status, len);
        sent += len;
    } while (status == APR_SUCCESS);
    if (!APR_STATUS_IS_EAGAIN(status) || sent == 0 || sent == MANY)
        return fails("full", status, sent);
    apr_socket_shutdown(sock, APR_SHUTDOWN_WRITE);
    must(apr_thread_create(&thread, NULL, read_socket, NULL, pool), "thread");
    join(thread);
    return received == sent ? 0 : fails("received", APR_SUCCESS, received);
}

/* With BUFV_PRELOAD_RAW. */
static int raw(void)
{
    struct iovec vec;
    apr_size_t len;
    apr_status_t status;

    vec.iov_base = make_bytes(MANY);
    vec.iov_len = MANY;
    make_sockets(0);
    status = apr_socket_sendv(sock, &vec, 1, &len);
    return APR_STATUS_IS_EAGAIN(status) && len > 0 && len < MANY
               ? 0
               : fails("sendv", status, len);
}

static apr_file_t *make_file(const char *bytes, apr_size_t len)
{
    char name[] = "/tmp/test_preload.XXXXXX";
    apr_file_t *file;

    must(apr_file_mktemp(&file, name,
                         APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE |
                             APR_FOPEN_EXCL | APR_FOPEN_DELONCLOSE |
                             APR_FOPEN_SENDFILE_ENABLED,
                         pool),
         "file");
    must(apr_file_write_full(file, bytes, len, NULL), "write");
    return file;
}

/* Headers, a file and trailers in one call: byte i of them all is byte i. */
static int file(void)
{
    char *bytes = make_bytes(MANY);
    struct iovec head = {bytes, 1000};
    struct iovec tail = {bytes + MANY - 1000, 1000};
    apr_hdtr_t hdtr = {&head, 1, &tail, 1};
    apr_size_t len = MANY - 2000;
    apr_off_t offset = 1000;
    apr_file_t *whole = make_file(bytes, MANY);
    apr_thread_t *thread;
    apr_status_t status;

    make_sockets(SOON);
    must(apr_thread_create(&thread, NULL, read_socket, NULL, pool), "thread");
    status = apr_socket_sendfile(sock, whole, &hdtr, &offset, &len, 0);
    apr_socket_shutdown(sock, APR_SHUTDOWN_WRITE);
    join(thread);
    if (status != APR_SUCCESS || len != MANY || received != MANY)
        return fails("sendfile", status, received);
    return 0;
}

/* A file that ends before the range begins. */
static int end(void)
{
    char *bytes = make_bytes(3000);
    struct iovec head = {bytes, 1000};
    apr_hdtr_t hdtr = {&head, 1, NULL, 0};
    apr_size_t len = 1000;
    apr_off_t offset = 5000;
    apr_status_t status;

    make_sockets(SOON);
    status = apr_socket_sendfile(sock, make_file(bytes, 3000), &hdtr, &offset,
                                 &len, 0);
    return APR_STATUS_IS_EOF(status) && len == 1000
               ? 0
               : fails("sendfile", status, len);
}

/* Into a pipe that is read slowly, and has a timeout. APR writes a part, and
 * then the entry where it stopped twice. */
static int full(void)
{
    apr_size_t len = 0;
    apr_thread_t *thread;
    apr_status_t status;

    must(apr_file_pipe_create(&pipe_in, &pipe_out, pool), "pipe");
    must(apr_file_pipe_timeout_set(pipe_out, SOON), "timeout");
    must(apr_thread_create(&thread, NULL, read_pipe, NULL, pool), "thread");
    status = apr_file_writev_full(
        pipe_out, make_vec(make_bytes(200000), 200000, 4), 4, &len);
    apr_file_close(pipe_out);
    join(thread);
    if (status != APR_SUCCESS || len != 200000 || received != 200000)
        return fails("writev_full", status, received);
    return 0;
}

/* More entries than writev() takes, to a file. */
static int entries(void)
{
    char *bytes = make_bytes(40000);
    apr_file_t *f = make_file("", 0);
    apr_size_t len = 0;
    apr_status_t status =
        apr_file_writev(f, make_vec(bytes, 40000, 4000), 4000, &len);
    apr_finfo_t info;

    apr_file_info_get(&info, APR_FINFO_SIZE, f);
    if (status != APR_SUCCESS || len != 40000 || info.size != 40000)
        return fails("writev", status, len);
    return 0;
}

/* A peer that is gone is an error, and no signal. */
static int gone(void)
{
    struct iovec vec;
    apr_size_t len;
    apr_status_t status = APR_SUCCESS;
    int i;

    vec.iov_base = make_bytes(1000);
    vec.iov_len = 1000;
    make_sockets(SOON);
    apr_socket_close(peer);
    for (i = 0; i < 10 && status == APR_SUCCESS; i++) {
        status = apr_socket_sendv(sock, &vec, 1, &len);
        apr_sleep(10000);
    }
    return APR_STATUS_IS_EPIPE(status) || APR_STATUS_IS_ECONNRESET(status)
               ? 0
               : fails("sendv", status, len);
}

/* Descriptors that do not block, which APR does not know: its calls return
 * when there is no room, and so have these. */
static int wrapped(void)
{
    struct iovec vec;
    apr_size_t len;
    apr_socket_t *s = NULL;
    apr_file_t *f = NULL;
    apr_status_t status;
    int fds[2];

    vec.iov_base = make_bytes(MANY);
    vec.iov_len = MANY;
    if (pipe(fds) != 0 || fcntl(fds[1], F_SETFL, O_NONBLOCK) != 0)
        return 2;
    must(apr_os_file_put(&f, &fds[1], APR_FOPEN_WRITE, pool), "file");
    must(apr_file_writev(f, &vec, 1, &len), "a part");
    status = apr_file_writev(f, &vec, 1, &len);
    if (!APR_STATUS_IS_EAGAIN(status))
        return fails("writev", status, len);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
        fcntl(fds[1], F_SETFL, O_NONBLOCK) != 0)
        return 2;
    must(apr_os_sock_put(&s, &fds[1], pool), "socket");
    must(apr_socket_sendv(s, &vec, 1, &len), "a part");
    status = apr_socket_sendv(s, &vec, 1, &len);
    return APR_STATUS_IS_EAGAIN(status) ? 0 : fails("sendv", status, len);
}

/* A limit of the system's own on a socket that blocks, and a pipe that was
 * wrapped as a socket. */
static int limited(void)
{
    struct timeval soon = {0, 100000};
    struct iovec vec;
    apr_size_t len;
    apr_socket_t *s = NULL;
    int fds[2];

    vec.iov_base = make_bytes(MANY);
    vec.iov_len = MANY;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
        setsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)) != 0)
        return 2;
    must(apr_os_sock_put(&s, &fds[1], pool), "socket");
    must(apr_socket_sendv(s, &vec, 1, &len), "a part");
    if (len == 0 || len == MANY || pipe(fds) != 0)
        return fails("sendv", APR_SUCCESS, len);
    s = NULL;
    vec.iov_len = 1000;
    must(apr_os_sock_put(&s, &fds[1], pool), "a pipe");
    must(apr_socket_sendv(s, &vec, 1, &len), "into a pipe");
    return len == 1000 ? 0 : fails("into a pipe", APR_SUCCESS, len);
}

#define THREADS 4
#define WRITES 20000

static void *APR_THREAD_FUNC write_often(apr_thread_t *thread, void *data)
{
    char bytes[100];
    struct iovec vec[2] = {{bytes, 50}, {bytes + 50, 50}};
    apr_size_t len;
    int i;

    (void)thread;
    memset(bytes, 'x', sizeof(bytes));
    for (i = 0; i < WRITES; i++)
        must(apr_file_writev(data, vec, 2, &len), "writev");
    return NULL;
}

/* Threads that share a file and its buffer lose nothing of each other's. */
static int threads(void)
{
    char name[] = "/tmp/test_preload.XXXXXX";
    apr_thread_t *thread[THREADS];
    apr_finfo_t info;
    apr_file_t *f;
    int i;

    must(apr_file_mktemp(&f, name,
                         APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
                             APR_FOPEN_DELONCLOSE | APR_FOPEN_BUFFERED |
                             APR_FOPEN_XTHREAD,
                         pool),
         "file");
    for (i = 0; i < THREADS; i++)
        must(apr_thread_create(&thread[i], NULL, write_often, f, pool),
             "thread");
    for (i = 0; i < THREADS; i++)
        join(thread[i]);
    must(apr_file_flush(f), "flush");
    must(apr_file_info_get(&info, APR_FINFO_SIZE, f), "size");
    return info.size == THREADS * WRITES * 100
               ? 0
               : fails("writev", APR_SUCCESS, (apr_size_t)info.size);
}

/* Nothing at all: what is in the buffer leaves. */
static int nothing(void)
{
    char name[] = "/tmp/test_preload.XXXXXX";
    struct iovec vec = {name, 0};
    apr_size_t len = 1;
    apr_finfo_t info;
    apr_file_t *f;

    must(apr_file_mktemp(&f, name,
                         APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
                             APR_FOPEN_DELONCLOSE | APR_FOPEN_BUFFERED,
                         pool),
         "file");
    must(apr_file_puts("hello", f), "puts");
    must(apr_file_writev(f, &vec, 1, &len), "writev");
    must(apr_stat(&info, name, APR_FINFO_SIZE, pool), "size");
    return info.size == 5 && len == 0
               ? 0
               : fails("writev", APR_SUCCESS, (apr_size_t)info.size);
}

/* A file to its end, however long that is. */
static int whole(void)
{
    apr_file_t *f = make_file(make_bytes(3000), 3000);
    apr_size_t len = (apr_size_t)-1;
    apr_off_t offset = 1000;
    apr_status_t status;

    make_sockets(SOON);
    status = apr_socket_sendfile(sock, f, NULL, &offset, &len, 0);
    return status == APR_SUCCESS && len == 2000
               ? 0
               : fails("sendfile", status, len);
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    {"many", many},       {"partial", partial}, {"raw", raw},
    {"file", file},       {"end", end},         {"entries", entries},
    {"full", full},       {"gone", gone},       {"wrapped", wrapped},
    {"limited", limited}, {"threads", threads}, {"nothing", nothing},
    {"whole", whole},
};

int main(int argc, char **argv)
{
    size_t i;

    must(apr_initialize(), "apr");
    must(apr_pool_create(&pool, NULL), "pool");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0)
            return cases[i].run();
    }
    fprintf(stderr, "usage: test_preload CASE\n");
    return 2;
}
