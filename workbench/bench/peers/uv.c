/* SPDX-License-Identifier: Apache-2.0 */

/* uv.c -- libuv.
 *
 * write  uv_write, and the loop until its callback
 * try    uv_try_write, and uv_write for what is left when the socket is full
 *        (libuv has no other way to wait) */

#include "peer.h"

#include <uv.h>

static uv_loop_t loop;
static uv_tcp_t tcp;
static uv_write_t request;
static uv_buf_t *bufs;
static int try_first;

static void check(const char *what, int rv)
{
    if (rv < 0) {
        die(what, uv_strerror(rv));
    }
}

static void peer_open(int sock, int nodelay, const char *variant)
{
    try_first = strcmp(variant, "try") == 0;
    check("uv_loop_init", uv_loop_init(&loop));
    check("uv_tcp_init", uv_tcp_init(&loop, &tcp));
    check("uv_tcp_open", uv_tcp_open(&tcp, sock));
    check("uv_tcp_nodelay", uv_tcp_nodelay(&tcp, nodelay));
}

static void peer_prepare(const struct arena *a)
{
    bufs = (uv_buf_t *)room(bufs, a->longest_chunks, sizeof(*bufs));
}

static void on_written(uv_write_t *req, int status)
{
    (void)req;
    check("uv_write", status);
}

static void write_rest(uv_buf_t *b, size_t n)
{
    check("uv_write",
          uv_write(&request, (uv_stream_t *)&tcp, b, (unsigned)n, on_written));
    check("uv_run", uv_run(&loop, UV_RUN_DEFAULT));
}

static void try_write(uv_buf_t *b, size_t n)
{
    while (n > 0) {
        int sent = uv_try_write((uv_stream_t *)&tcp, b, (unsigned)n);
        size_t left;

        if (sent == UV_EAGAIN) {
            write_rest(b, n);
            return;
        }
        check("uv_try_write", sent);
        left = (size_t)sent;
        while (n > 0 && left >= b->len) {
            left -= b->len;
            b++;
            n--;
        }
        if (n > 0) {
            b->base += left;
            b->len -= left;
        }
    }
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        bufs[i].base = (char *)(uintptr_t)(base + c[i].off);
        bufs[i].len = c[i].len;
    }
    if (try_first) {
        try_write(bufs, n);
    }
    else {
        write_rest(bufs, n);
    }
}

static void peer_close(void)
{
    uv_close((uv_handle_t *)&tcp, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    free(bufs);
}
