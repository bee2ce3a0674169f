/* SPDX-License-Identifier: Apache-2.0 */

/* Many datagrams by one call. On a datagram socket one list is one message,
 * and where the system has UDP_SEGMENT (Linux) it divides this message into
 * datagrams of the size that it was told: header and payload of each are
 * chunks of the list, and none of them is copied by the program. Elsewhere
 * each datagram is a list of its own. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_portable.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <netinet/udp.h>
#include <sys/socket.h>
#endif

#define HEADER 8
#define PAYLOAD 1192
#define SIZE (HEADER + PAYLOAD)

/* Together less than the 64 KiB of a message, and less than the 64 datagrams
 * that Linux makes of one. */
#define DATAGRAMS 40

static char header[DATAGRAMS][HEADER + 1];
static char payload[PAYLOAD];

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "datagrams: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- sending */

/* Tells the system to divide messages. Returns whether it will. */
#ifdef UDP_SEGMENT
static int divide(apr_socket_t *sock)
{
    int size = SIZE;
    apr_os_sock_t fd;

    check(apr_os_sock_get(&fd, sock), "descriptor");
    return setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0;
}
#else
static int divide(apr_socket_t *sock)
{
    (void)sock;
    return 0;
}
#endif

/* Writes so many datagrams at a time. */
static void send_all(apr_socket_t *sock, int at_a_time, apr_pool_t *pool)
{
    bufv_stats_t s = {.size = sizeof(s)};
    bufv_writer_t *w;
    bufv_t *v;
    int i;

    check(bufv_create(&v, pool), "list");
    check(bufv_writer_socket(&w, sock, pool), "writer");
    for (i = 0; i < DATAGRAMS; i++) {
        snprintf(header[i], sizeof(header[i]), "%08d", i);
        bufv_append(v, header[i], HEADER);
        bufv_append(v, payload, PAYLOAD);
        check(bufv_status(v), "append");
        if ((i + 1) % at_a_time == 0)
            check(bufv_write(v, w, NULL), "write");
    }
    bufv_writer_stats(w, &s);
    printf("%d datagrams by %" APR_UINT64_T_FMT " calls\n", DATAGRAMS,
           s.calls);
}

/* ---- receiving */

/* A datagram is there whole, and is what was sent. */
static void receive_one(apr_socket_t *sock, int number)
{
    char expected[HEADER + 1], data[2 * SIZE];
    apr_size_t len = sizeof(data);

    check(apr_socket_recv(sock, data, &len), "receive");
    snprintf(expected, sizeof(expected), "%08d", number);
    if (len != SIZE || memcmp(data, expected, HEADER) != 0 ||
        memcmp(data + HEADER, payload, PAYLOAD) != 0)
        check(APR_EGENERAL, "a datagram is not what was sent");
}

static apr_socket_t *new_socket(apr_pool_t *pool)
{
    apr_socket_t *sock;

    check(apr_socket_create(&sock, APR_INET, SOCK_DGRAM, APR_PROTO_UDP, pool),
          "socket");
    check(apr_socket_timeout_set(sock, apr_time_from_sec(10)), "timeout");
    return sock;
}

int main(void)
{
    apr_socket_t *sender, *receiver;
    apr_sockaddr_t *address;
    apr_pool_t *pool;
    int i;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    memset(payload, 'p', sizeof(payload));
    sender = new_socket(pool);
    receiver = new_socket(pool);
    check(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool),
          "address");
    check(apr_socket_bind(receiver, address), "bind");
    check(apr_socket_addr_get(&address, APR_LOCAL, receiver), "address");
    check(apr_socket_connect(sender, address), "connect");
    send_all(sender, divide(sender) ? DATAGRAMS : 1, pool);
    for (i = 0; i < DATAGRAMS; i++)
        receive_one(receiver, i);
    printf("received, each by itself\n");
    apr_pool_destroy(pool);
    return 0;
}
