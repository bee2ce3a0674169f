/* SPDX-License-Identifier: Apache-2.0 */

/* A small HTTP server on APR that answers with header, body chunks and
 * trailer in one gathered write, and a client that fetches and verifies.
 *
 * The client asks twice over one connection: the second time the server
 * writes each chunk by itself, so that the difference can be seen. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 1000
#define IO_TIMEOUT apr_time_from_sec(10)

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "http: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- the server */

/* The body lies in many places: here an array of rows, in a real server the
 * pieces of a template, rows of a table, parts of a cache. */
static const char *const row[] = {"<li>", "an item", " of the list", "</li>",
                                  "\n"};
enum { ROW = sizeof(row) / sizeof(row[0]) };

static apr_size_t row_length(void)
{
    apr_size_t i, n = 0;

    for (i = 0; i < ROW; i++)
        n += strlen(row[i]);
    return n;
}

/* Puts the answer together. Nothing is copied but the formatted header. One
 * question at the end tells whether any of the appends failed. */
static void answer(bufv_t *v)
{
    const char *begin = "<ul>\n", *end = "</ul>\n";
    apr_size_t length = strlen(begin) + ITEMS * row_length() + strlen(end);
    apr_size_t i;

    bufv_appendf(v,
                 "HTTP/1.1 200 OK\r\n"
                 "Content-Type: text/html\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 length);
    bufv_append(v, begin, strlen(begin));
    for (i = 0; i < ITEMS * ROW; i++)
        bufv_append(v, row[i % ROW], strlen(row[i % ROW]));
    bufv_append(v, end, strlen(end));
    check(bufv_status(v), "answer");
}

static void report(const char *how, apr_size_t chunks, const bufv_writer_t *w)
{
    bufv_report_t r = {.size = sizeof(r)};

    bufv_writer_report(w, &r);
    printf("%-20s %6" APR_SIZE_T_FMT " chunks %8" APR_UINT64_T_FMT
           " bytes %6" APR_UINT64_T_FMT " system calls\n",
           how, chunks, r.written, r.calls);
}

/* What the writer has done since it was made, all its lists together. */
static void sum_up(const bufv_writer_t *w)
{
    bufv_stats_t s = {.size = sizeof(s)};

    bufv_writer_stats(w, &s);
    printf("the connection: %" APR_UINT64_T_FMT " lists, %" APR_UINT64_T_FMT
           " bytes, %" APR_UINT64_T_FMT " of them copied, %" APR_UINT64_T_FMT
           " waits\n",
           s.lists, s.written, s.copied, s.waits);
}

/* One call writes the answer, whatever its number of chunks. */
static void write_gathered(bufv_writer_t *w, bufv_t *v)
{
    apr_size_t chunks = bufv_count(v);
    char error[256];

    if (bufv_write(v, w, NULL) != APR_SUCCESS) {
        fprintf(stderr, "http: %s\n",
                bufv_writer_strerror(w, error, sizeof(error)));
        exit(1);
    }
    report("gathered:", chunks, w);
}

/* The same with limits that allow one chunk a call, without copying. */
static void write_singly(bufv_writer_t *w, bufv_t *v)
{
    apr_size_t chunks = bufv_count(v);

    bufv_writer_limits_set(w, 1, 0);
    bufv_writer_copy_below_set(w, 0);
    check(bufv_write(v, w, NULL), "write");
    report("one write a chunk:", chunks, w);
}

/* Reads up to the empty line that ends a request. */
static void read_request(apr_socket_t *sock)
{
    char request[1024];
    apr_size_t have = 0;

    do {
        apr_size_t n = sizeof(request) - 1 - have;

        check(apr_socket_recv(sock, request + have, &n), "read request");
        request[have += n] = '\0';
    } while (strstr(request, "\r\n\r\n") == NULL);
}

static void serve(apr_socket_t *listener, apr_pool_t *pool)
{
    apr_socket_t *sock;
    bufv_writer_t *w;
    bufv_t *v;

    check(apr_socket_accept(&sock, listener, pool), "accept");
    check(apr_socket_timeout_set(sock, IO_TIMEOUT), "timeout");
    check(apr_socket_opt_set(sock, APR_TCP_NODELAY, 1), "nodelay");
    check(bufv_create(&v, pool), "list");
    check(bufv_writer_socket(&w, sock, pool), "writer");

    read_request(sock);
    answer(v);
    write_gathered(w, v);

    read_request(sock);
    answer(v);
    write_singly(w, v);
    sum_up(w);
    check(apr_socket_close(sock), "close");
}

/* ---- the client */

/* Fetches the page. Returns its body, in `page`, as a string. */
static char *fetch(apr_socket_t *sock, char *page, apr_size_t size)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct iovec vec = {(void *)(apr_uintptr_t)request, sizeof(request) - 1};
    apr_size_t have = 0, body = 0;

    check(bufv_sendv(sock, &vec, 1, NULL), "send request");
    do {
        apr_size_t n = size - 1 - have;
        char *end;

        check(apr_socket_recv(sock, page + have, &n), "read answer");
        page[have += n] = '\0';
        end = strstr(page, "\r\n\r\n");
        if (end != NULL && body == 0)
            body = (apr_size_t)(end + 4 - page) +
                   (apr_size_t)atoi(strstr(page, "Length:") + 7);
    } while (body == 0 || have < body);
    return strstr(page, "\r\n\r\n") + 4;
}

/* Compares a page, byte by byte, with what it should be. */
static void verify(const char *page)
{
    apr_size_t i;

    if (strncmp(page, "<ul>\n", 5) != 0)
        check(APR_EGENERAL, "the page begins wrong");
    page += 5;
    for (i = 0; i < ITEMS * ROW; i++) {
        apr_size_t n = strlen(row[i % ROW]);

        if (strncmp(page, row[i % ROW], n) != 0)
            check(APR_EGENERAL, "the page differs");
        page += n;
    }
    if (strcmp(page, "</ul>\n") != 0)
        check(APR_EGENERAL, "the page ends wrong");
}

static apr_sockaddr_t *address_of; /* where the server listens */

static void *APR_THREAD_FUNC client(apr_thread_t *thread, void *baton)
{
    apr_pool_t *pool = apr_thread_pool_get(thread);
    static char page[256 * 1024];
    apr_socket_t *sock;
    int i;

    (void)baton;
    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_timeout_set(sock, IO_TIMEOUT), "timeout");
    check(apr_socket_connect(sock, address_of), "connect");
    for (i = 0; i < 2; i++)
        verify(fetch(sock, page, sizeof(page)));
    check(apr_socket_close(sock), "close");
    return NULL;
}

/* Listens on loopback, on a port that the system chooses. */
static apr_socket_t *listen_on(apr_pool_t *pool)
{
    apr_sockaddr_t *address;
    apr_socket_t *sock;

    check(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool),
          "address");
    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_bind(sock, address), "bind");
    check(apr_socket_listen(sock, 1), "listen");
    check(apr_socket_addr_get(&address_of, APR_LOCAL, sock), "address");
    return sock;
}

/* On Windows APR says APR_INCOMPLETE of a thread that ended by returning. */
static void join(apr_thread_t *thread)
{
    apr_status_t unused, status = apr_thread_join(&unused, thread);

    if (status != APR_INCOMPLETE)
        check(status, "join");
}

int main(void)
{
    apr_thread_t *thread;
    apr_socket_t *listener;
    apr_pool_t *pool;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    printf("bufv %s, sockets by %s\n", bufv_version(),
           bufv_socket_ops()->name);
    listener = listen_on(pool);
    check(apr_thread_create(&thread, NULL, client, NULL, pool), "thread");
    serve(listener, pool);
    join(thread);
    puts("the client verified both pages");
    apr_pool_destroy(pool);
    return 0;
}
