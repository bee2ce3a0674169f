/* SPDX-License-Identifier: Apache-2.0 */

/* glib.c -- GIO: g_output_stream_writev_all on a socket's stream. */

#include "peer.h"

#include <gio/gio.h>

static GSocketConnection *conn;
static GOutputStream *out;
static GOutputVector *vec;

static void peer_open(int sock, int nodelay, const char *variant)
{
    GError *error = NULL;
    GSocket *s = g_socket_new_from_fd(sock, &error);

    (void)nodelay;
    (void)variant;
    if (s == NULL) {
        die("g_socket_new_from_fd", error->message);
    }
    conn = g_socket_connection_factory_create_connection(s);
    out = g_io_stream_get_output_stream(G_IO_STREAM(conn));
    g_object_unref(s);
}

static void peer_prepare(const struct arena *a)
{
    vec = (GOutputVector *)room(vec, a->longest_chunks, sizeof(*vec));
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    GError *error = NULL;
    size_t i;

    for (i = 0; i < n; i++) {
        vec[i].buffer = base + c[i].off;
        vec[i].size = c[i].len;
    }
    if (!g_output_stream_writev_all(out, vec, n, NULL, NULL, &error)) {
        die("g_output_stream_writev_all", error->message);
    }
}

static void peer_close(void)
{
    g_object_unref(conn);
    free(vec);
}
