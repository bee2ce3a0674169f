/* SPDX-License-Identifier: Apache-2.0 */

/* files.c -- lists of which all but the first chunk are parts of a file, which
 * is the arena itself, without a library and with APR.
 *
 * read  the parts are read into a buffer, then a loop around writev
 * cork  the first chunk corked, sendfile, uncorked
 * more  the same with MSG_MORE
 * apr   apr_socket_sendfile with the first chunk as its header */

#include "peer.h"

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>

#include <sys/sendfile.h>
#include <sys/uio.h>

static int fd;
static void (*send_list)(const char *base, const struct chunk *c, size_t n);
static char *buffer;
static apr_pool_t *pool;
static apr_socket_t *out;
static apr_file_t *file;

static void send_bytes(const char *data, size_t len, int flags)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, flags);

        if (n < 0 && errno != EINTR) {
            die("send", strerror(errno));
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static void send_part(const struct chunk *c)
{
    off_t at = c->off, end = at + c->len;

    while (at < end) {
        if (sendfile(fd, peer_arena, &at, (size_t)(end - at)) < 0 &&
            errno != EINTR) {
            die("sendfile", strerror(errno));
        }
    }
}

static void read_part(char *to, const struct chunk *c)
{
    size_t done = 0;

    while (done < c->len) {
        ssize_t n = pread(peer_arena, to + done, c->len - done,
                          (off_t)(c->off + done));

        if (n <= 0) {
            die("pread", strerror(errno));
        }
        done += (size_t)n;
    }
}

static void send_read(const char *base, const struct chunk *c, size_t n)
{
    struct iovec vec[2];
    size_t len = 0, i;
    ssize_t sent;

    for (i = 1; i < n; i++) {
        read_part(buffer + len, &c[i]);
        len += c[i].len;
    }
    vec[0].iov_base = (void *)(uintptr_t)(base + c[0].off);
    vec[0].iov_len = c[0].len;
    vec[1].iov_base = buffer;
    vec[1].iov_len = len;
    do {
        sent = writev(fd, vec, 2);
    } while (sent < 0 && errno == EINTR);
    if (sent < (ssize_t)c[0].len) {
        die("writev", "not even the header");
    }
    send_bytes(buffer + ((size_t)sent - c[0].len),
               len + c[0].len - (size_t)sent, 0);
}

static void cork(int on)
{
    if (setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) != 0) {
        die("TCP_CORK", strerror(errno));
    }
}

static void send_corked(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    cork(1);
    send_bytes(base + c[0].off, c[0].len, 0);
    for (i = 1; i < n; i++) {
        send_part(&c[i]);
    }
    cork(0);
}

static void send_more(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    send_bytes(base + c[0].off, c[0].len, MSG_MORE);
    for (i = 1; i < n; i++) {
        send_part(&c[i]);
    }
}

static void send_apr(const char *base, const struct chunk *c, size_t n)
{
    struct iovec header;
    apr_hdtr_t hdtr = {&header, 1, NULL, 0};
    apr_off_t at = c[1].off;
    apr_size_t len = c[1].len;
    size_t i;

    header.iov_base = (void *)(uintptr_t)(base + c[0].off);
    header.iov_len = c[0].len;
    if (apr_socket_sendfile(out, file, &hdtr, &at, &len, 0) != APR_SUCCESS ||
        len < c[0].len) {
        die("apr_socket_sendfile", "failed");
    }
    len -= c[0].len;
    for (i = 1; i < n; i++) {
        struct chunk rest = c[i];

        rest.off += (uint32_t)len;
        rest.len -= (uint32_t)len;
        send_part(&rest);
        len = 0;
    }
}

static void open_apr(int sock)
{
    apr_os_sock_info_t info;

    memset(&info, 0, sizeof(info));
    info.os_sock = &sock;
    info.family = APR_INET;
    info.type = SOCK_STREAM;
    info.protocol = APR_PROTO_TCP;
    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS ||
        apr_os_sock_make(&out, &info, pool) != APR_SUCCESS ||
        apr_os_file_put(&file, &peer_arena,
                        APR_FOPEN_READ | APR_FOPEN_SENDFILE_ENABLED,
                        pool) != APR_SUCCESS) {
        die("APR", "failed");
    }
}

static void peer_open(int sock, int nodelay, const char *variant)
{
    (void)nodelay;
    fd = sock;
    send_list = strcmp(variant, "read") == 0   ? send_read
                : strcmp(variant, "cork") == 0 ? send_corked
                : strcmp(variant, "more") == 0 ? send_more
                                               : send_apr;
    if (send_list == send_apr) {
        open_apr(sock);
    }
}

static void peer_prepare(const struct arena *a)
{
    buffer = (char *)room(buffer, a->longest_bytes, 1);
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    send_list(base, c, n);
}

static void peer_close(void)
{
    free(buffer);
    if (pool != NULL) {
        apr_terminate();
    }
    close(fd);
}
