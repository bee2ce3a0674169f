/* SPDX-License-Identifier: Apache-2.0 */

/* event.c -- libevent's evbuffer, filled by reference or by copy, or, but for
 * a list's first chunk, with segments of a file, which is the arena. */

#include "peer.h"

#include <event2/buffer.h>

static int fd;
static int by_reference;
static struct evbuffer_file_segment *file;
static struct evbuffer *buf;

static void peer_open(int sock, int nodelay, const char *variant)
{
    (void)nodelay;
    fd = sock;
    by_reference = strcmp(variant, "ref") == 0;
    buf = evbuffer_new();
    if (strcmp(variant, "file") == 0) {
        file = evbuffer_file_segment_new(peer_arena, 0, -1, 0);
        evbuffer_set_flags(buf, EVBUFFER_FLAG_DRAINS_TO_FD);
    }
}

static int add(const char *base, const struct chunk *c, int is_first)
{
    const char *data = base + c->off;

    if (file != NULL && !is_first) {
        return evbuffer_add_file_segment(buf, file, (ev_off_t)c->off,
                                         (ev_off_t)c->len);
    }
    return by_reference ? evbuffer_add_reference(buf, data, c->len, NULL, NULL)
                        : evbuffer_add(buf, data, c->len);
}

static void peer_prepare(const struct arena *a)
{
    (void)a; /* an evbuffer grows as it is filled */
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (add(base, &c[i], i == 0) != 0) {
            die("evbuffer_add", "failed");
        }
    }
    while (evbuffer_get_length(buf) > 0) {
        if (evbuffer_write(buf, fd) < 0 && errno != EINTR) {
            die("evbuffer_write", strerror(errno));
        }
    }
}

static void peer_close(void)
{
    evbuffer_free(buf);
    if (file != NULL) {
        evbuffer_file_segment_free(file);
    }
    close(fd);
}
