/* SPDX-License-Identifier: Apache-2.0 */

/* Answers a request with a header, a file and a trailer in one write. Where
 * the system has sendfile(), the file is never read into this process. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE (8 * 1024 * 1024)
#define IO_TIMEOUT apr_time_from_sec(10)

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "sendfile: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- the file */

static unsigned char byte_at(apr_size_t i)
{
    return (unsigned char)(i * 2654435761u >> 24);
}

/* A file that is deleted when it is closed. APR_FOPEN_SENDFILE_ENABLED says
 * that it may be sent unread: nobody changes it while its bytes are on their
 * way. */
static apr_file_t *make_file(apr_pool_t *pool)
{
    static unsigned char content[FILE_SIZE];
    char name[] = "bufv-example-XXXXXX";
    apr_file_t *file;
    apr_size_t i;

    for (i = 0; i < FILE_SIZE; i++)
        content[i] = byte_at(i);
    check(apr_file_mktemp(&file, name,
                          APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE |
                              APR_FOPEN_BINARY | APR_FOPEN_DELONCLOSE |
                              APR_FOPEN_SENDFILE_ENABLED,
                          pool),
          "open");
    check(apr_file_write_full(file, content, FILE_SIZE, NULL), "write file");
    return file;
}

/* ---- the server */

/* The hook: counts the bytes that were sent unread. */
static void count(void *baton, const bufv_call_t *call)
{
    apr_uint64_t *sent = baton;

    if (strcmp(call->op, "sendfile") == 0)
        *sent += call->written;
}

/* The chunks of one answer: two in memory, and between them the file. */
static void answer(bufv_t *v, apr_file_t *file)
{
    static const char last[] = "X-Checked: yes\r\n\r\n";

    bufv_appendf(v,
                 "HTTP/1.1 200 OK\r\n"
                 "Trailer: X-Checked\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n"
                 "%x\r\n",
                 (unsigned)FILE_SIZE);
    bufv_append_file(v, file, 0, FILE_SIZE);
    bufv_append(v, "\r\n0\r\n", 5); /* the last chunk of HTTP's */
    bufv_append(v, last, strlen(last));
    check(bufv_status(v), "answer");
}

static void serve(apr_socket_t *listener, apr_file_t *file, apr_pool_t *pool)
{
    apr_uint64_t unread = 0, written;
    apr_socket_t *sock;
    char error[256];
    bufv_writer_t *w;
    bufv_t *v;

    check(apr_socket_accept(&sock, listener, pool), "accept");
    check(apr_socket_timeout_set(sock, IO_TIMEOUT), "timeout");
    check(bufv_create(&v, pool), "list");
    check(bufv_writer_socket(&w, sock, pool), "writer");
    bufv_writer_hook_set(w, count, &unread);
    answer(v, file);
    if (bufv_write(v, w, &written) != APR_SUCCESS) {
        fprintf(stderr, "sendfile: %s\n",
                bufv_writer_strerror(w, error, sizeof(error)));
        exit(1);
    }
    printf("%" APR_UINT64_T_FMT " bytes written, %" APR_UINT64_T_FMT
           " of them unread by this process\n",
           written, unread);
    check(apr_socket_close(sock), "close");
}

/* ---- the client */

static apr_sockaddr_t *address_of; /* where the server listens */
static char answer_got[FILE_SIZE + 1024];

static void *APR_THREAD_FUNC client(apr_thread_t *thread, void *baton)
{
    apr_pool_t *pool = apr_thread_pool_get(thread);
    apr_size_t have = 0, n;
    apr_socket_t *sock;
    apr_status_t status;

    (void)baton;
    check(apr_socket_create(&sock, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool),
          "socket");
    check(apr_socket_timeout_set(sock, IO_TIMEOUT), "timeout");
    check(apr_socket_connect(sock, address_of), "connect");
    do {
        n = sizeof(answer_got) - 1 - have;
        status = apr_socket_recv(sock, answer_got + have, &n);
        have += n;
    } while (status == APR_SUCCESS && have < sizeof(answer_got) - 1);
    if (status != APR_EOF)
        check(status != APR_SUCCESS ? status : APR_EGENERAL, "read answer");
    check(apr_socket_close(sock), "close");
    return NULL;
}

static void verify(void)
{
    const char *body = strstr(answer_got, "\r\n\r\n");
    apr_size_t i;

    body = body != NULL ? strstr(body + 4, "\r\n") : NULL;
    if (body == NULL)
        check(APR_EGENERAL, "no header");
    body += 2;
    for (i = 0; i < FILE_SIZE; i++) {
        if ((unsigned char)body[i] != byte_at(i))
            check(APR_EGENERAL, "the file differs");
    }
    if (strcmp(body + FILE_SIZE, "\r\n0\r\nX-Checked: yes\r\n\r\n") != 0)
        check(APR_EGENERAL, "the trailer differs");
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
    apr_socket_t *listener;
    apr_thread_t *thread;
    apr_pool_t *pool;
    apr_file_t *file;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    file = make_file(pool);
    listener = listen_on(pool);
    check(apr_thread_create(&thread, NULL, client, NULL, pool), "thread");
    serve(listener, file, pool);
    join(thread);
    verify();
    puts("the client verified header, file and trailer");
    apr_pool_destroy(pool);
    return 0;
}
