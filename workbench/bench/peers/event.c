/* SPDX-License-Identifier: Apache-2.0 */

/* event.c -- libevent's evbuffer, filled by reference or by copy. */

#include "peer.h"

#include <event2/buffer.h>

static int fd;
static int by_reference;
static struct evbuffer *buf;

static void peer_open(int sock, int nodelay, const char *variant)
{
    (void)nodelay;
    fd = sock;
    by_reference = strcmp(variant, "ref") == 0;
    buf = evbuffer_new();
}

static void peer_prepare(const struct arena *a)
{
    (void)a; /* an evbuffer grows as it is filled */
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const char *data = base + c[i].off;
        int rv = by_reference
                     ? evbuffer_add_reference(buf, data, c[i].len, NULL, NULL)
                     : evbuffer_add(buf, data, c[i].len);

        if (rv != 0) {
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
    close(fd);
}
