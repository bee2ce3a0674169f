/* SPDX-License-Identifier: Apache-2.0 */

/* datagrams.c -- each chunk is a datagram. The socket is connected, but for
 * sendto; with UDP_SEGMENT, which is set where a list has more than one, the
 * system divides messages into datagrams.
 *
 * send       a call a datagram
 * sendto     the same, with the address
 * sendmmsg   a call a list
 * segment    UDP_SEGMENT, a sendmsg a message
 * copy       the same, with the chunks copied together
 * bufv       this library's writer, with UDP_SEGMENT: a list a message
 * bufv-each  a list a datagram, without it */

#include "peer.h"

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>
#include <bufv.h>

#include <netinet/udp.h>
#include <sys/uio.h>

enum {
    message_max = 65507, /* bytes: 64 KiB less the headers of IP and UDP */
    segments_max = 64    /* what Linux makes of one message */
};

static int fd;
static struct sockaddr_in to;
static void (*send_list)(const char *base, const struct chunk *c, size_t n);
static int divides;
/* The most datagrams of a message. */
static size_t at_once;
static struct iovec *vec;
static struct mmsghdr *messages;
static char flat[message_max];
static apr_pool_t *pool;
static bufv_t *list;
static bufv_writer_t *writer;

static void check(const char *what, int good)
{
    if (!good) {
        die(what, strerror(errno));
    }
}

/* ---- a call a datagram */

static void send_each(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        check("send",
              send(fd, base + c[i].off, c[i].len, 0) == (ssize_t)c[i].len);
    }
}

static void send_to(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        check("sendto",
              sendto(fd, base + c[i].off, c[i].len, 0, (struct sockaddr *)&to,
                     sizeof(to)) == (ssize_t)c[i].len);
    }
}

/* ---- a call a list, or a message */

static void fill(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        vec[i].iov_base = (void *)(uintptr_t)(base + c[i].off);
        vec[i].iov_len = c[i].len;
    }
}

static void send_many(const char *base, const struct chunk *c, size_t n)
{
    size_t done = 0;

    fill(base, c, n);
    while (done < n) {
        int sent = sendmmsg(fd, messages + done, (unsigned)(n - done), 0);

        check("sendmmsg", sent > 0);
        done += (size_t)sent;
    }
}

static void send_segments(const char *base, const struct chunk *c, size_t n)
{
    struct msghdr message;
    size_t i, k;

    memset(&message, 0, sizeof(message));
    for (i = 0; i < n; i += k) {
        k = n - i < at_once ? n - i : at_once;
        fill(base, c + i, k);
        message.msg_iov = vec;
        message.msg_iovlen = k;
        check("sendmsg", sendmsg(fd, &message, 0) > 0);
    }
}

static void send_copied(const char *base, const struct chunk *c, size_t n)
{
    size_t i, k, len;

    for (i = 0; i < n;) {
        for (k = len = 0; k < at_once && i < n; k++, i++) {
            memcpy(flat + len, base + c[i].off, c[i].len);
            len += c[i].len;
        }
        check("send", send(fd, flat, len, 0) == (ssize_t)len);
    }
}

/* ---- bufv */

static void check_status(const char *what, apr_status_t status)
{
    char text[256];

    if (status != APR_SUCCESS) {
        die(what, apr_strerror(status, text, sizeof(text)));
    }
}

static void send_bufv(const char *base, const struct chunk *c, size_t n)
{
    size_t i, k;

    for (i = 0; i < n;) {
        for (k = 0; k < at_once && i < n; k++, i++) {
            check_status("bufv_append",
                         bufv_append(list, base + c[i].off, c[i].len));
        }
        check_status("bufv_write", bufv_write(list, writer, NULL));
    }
}

static void open_bufv(void)
{
    apr_os_sock_info_t info;
    apr_socket_t *s;

    memset(&info, 0, sizeof(info));
    info.os_sock = &fd;
    info.family = APR_INET;
    info.type = SOCK_DGRAM;
    info.protocol = APR_PROTO_UDP;
    check_status("apr_initialize", apr_initialize());
    check_status("apr_pool_create", apr_pool_create(&pool, NULL));
    check_status("apr_os_sock_make", apr_os_sock_make(&s, &info, pool));
    check_status("bufv_create", bufv_create(&list, pool));
    check_status("bufv_writer_socket", bufv_writer_socket(&writer, s, pool));
}

/* ---- the peer */

static const struct {
    const char *name;
    void (*send_list)(const char *base, const struct chunk *c, size_t n);
    int divides;
} variants[] = {
    {"send", send_each, 0},      {"sendto", send_to, 0},
    {"sendmmsg", send_many, 0},  {"segment", send_segments, 1},
    {"copy", send_copied, 1},    {"bufv", send_bufv, 1},
    {"bufv-each", send_bufv, 0},
};

/* Datagrams go to the same port as the connection, which stays idle. */
static void peer_open(int sock, int nodelay, const char *variant)
{
    socklen_t len = sizeof(to);
    size_t i;

    (void)nodelay;
    for (i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
        if (strcmp(variant, variants[i].name) == 0) {
            send_list = variants[i].send_list;
            divides = variants[i].divides;
        }
    }
    if (send_list == NULL) {
        die("no such variant", variant);
    }
    check("getpeername", getpeername(sock, (struct sockaddr *)&to, &len) == 0);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    check("socket", fd >= 0);
    if (send_list != send_to) {
        check("connect", connect(fd, (struct sockaddr *)&to, len) == 0);
    }
    if (send_list == send_bufv) {
        open_bufv();
    }
}

/* Makes the system divide messages into datagrams of this size; 0: not at
 * all. */
static void divide(int size)
{
    static int last;

    if (size != last) {
        check("UDP_SEGMENT", setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size,
                                        sizeof(size)) == 0);
    }
    last = size;
    at_once = size == 0 ? 1 : (size_t)(message_max / size);
    at_once = at_once < segments_max ? at_once : segments_max;
}

static void peer_prepare(const struct arena *a)
{
    size_t i;

    vec = (struct iovec *)room(vec, a->longest_chunks, sizeof(*vec));
    messages =
        (struct mmsghdr *)room(messages, a->longest_chunks, sizeof(*messages));
    memset(messages, 0, a->longest_chunks * sizeof(*messages));
    for (i = 0; i < a->longest_chunks; i++) {
        messages[i].msg_hdr.msg_iov = &vec[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    /* All chunks have one length. A lone datagram costs more with it. */
    divide(divides && a->longest_chunks > 1 ? (int)arena_table(a)->len : 0);
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    send_list(base, c, n);
}

/* The process ends: the sockets go with it. */
static void peer_close(void)
{
    free(vec);
    free(messages);
    if (pool != NULL) {
        apr_pool_destroy(pool);
        apr_terminate();
    }
}
