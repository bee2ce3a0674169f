/* SPDX-License-Identifier: Apache-2.0 */

/* plain.c -- what a program does without a library, and the limits.
 *
 * writev  a loop around writev, IOV_MAX entries at a time
 * each    one write a chunk
 * copy    all chunks copied into one buffer, then one write: limit
 * one     one write of bytes that lie together already: limit
 * 512k    the same, at most 512 KiB a call: limit */

#include "peer.h"

#include <sys/uio.h>

enum { batch = 1024, /* Linux's IOV_MAX */ piece = 512 * 1024 };

static int fd;
static void (*send_list)(const char *base, const struct chunk *c, size_t n);
static struct iovec *vec;
static char *flat;

static void write_all(const char *data, size_t len, size_t most)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len < most ? len : most);

        if (n < 0 && errno != EINTR) {
            die("write", strerror(errno));
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static void writev_all(struct iovec *v, size_t n)
{
    while (n > 0) {
        ssize_t sent = writev(fd, v, (int)(n < batch ? n : batch));
        size_t left;

        if (sent < 0 && errno != EINTR) {
            die("writev", strerror(errno));
        }
        left = sent > 0 ? (size_t)sent : 0;
        while (n > 0 && left >= v->iov_len) {
            left -= v->iov_len;
            v++;
            n--;
        }
        if (n > 0) {
            v->iov_base = (char *)v->iov_base + left;
            v->iov_len -= left;
        }
    }
}

static void send_writev(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        vec[i].iov_base = (void *)(uintptr_t)(base + c[i].off);
        vec[i].iov_len = c[i].len;
    }
    writev_all(vec, n);
}

static void send_each(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        write_all(base + c[i].off, c[i].len, c[i].len);
    }
}

static size_t flatten(const char *base, const struct chunk *c, size_t n)
{
    size_t i, len = 0;

    for (i = 0; i < n; i++) {
        memcpy(flat + len, base + c[i].off, c[i].len);
        len += c[i].len;
    }
    return len;
}

static void send_copy(const char *base, const struct chunk *c, size_t n)
{
    write_all(flat, flatten(base, c, n), SIZE_MAX);
}

/* The limits know their bytes beforehand: peer_prepare laid out the whole
 * job, and `ready` is how much of it has been sent. */
static size_t ready, most;

static void send_flat(const char *base, const struct chunk *c, size_t n)
{
    size_t i, len = 0;

    for (i = 0; i < n; i++) {
        len += c[i].len;
    }
    if (c == arena_table((const struct arena *)(const void *)base)) {
        ready = 0;
    }
    write_all(flat + ready, len, most);
    ready += len;
}

static void peer_open(int sock, int nodelay, const char *variant)
{
    (void)nodelay;
    fd = sock;
    most = strcmp(variant, "512k") == 0 ? (size_t)piece : SIZE_MAX;
    send_list = strcmp(variant, "writev") == 0 ? send_writev
                : strcmp(variant, "each") == 0 ? send_each
                : strcmp(variant, "copy") == 0 ? send_copy
                                               : send_flat;
}

static void peer_prepare(const struct arena *a)
{
    vec = (struct iovec *)room(vec, a->longest_chunks, sizeof(*vec));
    flat = (char *)room(flat, a->bytes, 1);
    if (send_list == send_flat) {
        flatten((const char *)a, arena_table(a), a->nchunks);
    }
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    send_list(base, c, n);
}

static void peer_close(void)
{
    free(vec);
    free(flat);
    close(fd);
}
