/* SPDX-License-Identifier: Apache-2.0 */

/* bufv.c -- this library. Linked once against each back end. */

#include "peer.h"

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>
#include <bufv.h>

/* How a list is made: of the chunks themselves; of copies of them; in room
 * that was reserved, as much as other libraries' buffers have; or, but for the
 * first chunk, of parts of a file, which is the arena. */
enum { ROOM = 65536 };
static enum { BORROW, COPY, RESERVE, FILES } how = BORROW;

static apr_pool_t *pool;
static apr_file_t *file;
static bufv_t *list;
static bufv_writer_t *writer;

static void check(const char *what, apr_status_t rv)
{
    char text[256];

    if (rv != APR_SUCCESS) {
        die(what, apr_strerror(rv, text, sizeof(text)));
    }
}

/* "file", or "file=N": sent unread from N bytes on. */
static void use_files(const char *variant)
{
    how = FILES;
    check("apr_os_file_put",
          apr_os_file_put(&file, &peer_arena,
                          APR_FOPEN_READ | APR_FOPEN_SENDFILE_ENABLED, pool));
    if (variant[4] == '=') {
        bufv_writer_sendfile_from_set(writer, strtoull(variant + 5, NULL, 10));
    }
}

static void peer_open(int sock, int nodelay, const char *variant)
{
    apr_os_sock_info_t info;
    apr_socket_t *s;

    memset(&info, 0, sizeof(info));
    info.os_sock = &sock;
    info.family = APR_INET;
    info.type = SOCK_STREAM;
    info.protocol = APR_PROTO_TCP;
    check("apr_initialize", apr_initialize());
    check("apr_pool_create", apr_pool_create(&pool, NULL));
    check("apr_os_sock_make", apr_os_sock_make(&s, &info, pool));
    check("nodelay", apr_socket_opt_set(s, APR_TCP_NODELAY, nodelay));
    check("bufv_create", bufv_create(&list, pool));
    check("bufv_writer_socket", bufv_writer_socket(&writer, s, pool));
    if (strstr(variant, "timeout") != NULL) {
        check("timeout", apr_socket_timeout_set(s, apr_time_from_sec(60)));
    }
    if (strncmp(variant, "copy=", 5) == 0) {
        bufv_writer_copy_below_set(writer, strtoul(variant + 5, NULL, 10));
    }
    else if (strncmp(variant, "bytes=", 6) == 0) {
        bufv_writer_limits_set(writer, 0, strtoul(variant + 6, NULL, 10));
    }
    else if (strncmp(variant, "file", 4) == 0) {
        use_files(variant);
    }
    else if (strcmp(variant, "append=copy") == 0) {
        how = COPY;
    }
    else if (strcmp(variant, "append=reserve") == 0) {
        how = RESERVE;
    }
    else if (strcmp(variant, "-") != 0 && strcmp(variant, "timeout") != 0) {
        die("no such variant", variant);
    }
}

static void peer_prepare(const struct arena *a)
{
    (void)a; /* the list keeps its capacity by itself */
}

static void append_copies(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        check("bufv_append_copy",
              bufv_append_copy(list, base + c[i].off, c[i].len));
    }
}

static void append_files(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    check("bufv_append", bufv_append(list, base + c[0].off, c[0].len));
    for (i = 1; i < n; i++) {
        check("bufv_append_file",
              bufv_append_file(list, file, c[i].off, c[i].len));
    }
}

static void send_all(void)
{
    apr_uint64_t written;

    check("bufv_write", bufv_write(list, writer, &written));
}

/* Room that was reserved, and how much of it is in use. */
static struct {
    void *data;
    apr_size_t room;
    apr_size_t used;
} buffer;

static void flush(void)
{
    if (buffer.room > 0) {
        check("bufv_commit", bufv_commit(list, buffer.used));
    }
    buffer.room = buffer.used = 0;
    send_all();
}

/* What a buffered writer does: what does not fit into the buffer any more has
 * it sent, and what would never fit goes by itself. */
static void fill_buffer(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (c[i].len > buffer.room - buffer.used) {
            flush();
            if (c[i].len >= ROOM) {
                check("bufv_append",
                      bufv_append(list, base + c[i].off, c[i].len));
                continue;
            }
            check("bufv_reserve",
                  bufv_reserve(list, ROOM, &buffer.data, &buffer.room));
        }
        memcpy((char *)buffer.data + buffer.used, base + c[i].off, c[i].len);
        buffer.used += c[i].len;
    }
    flush();
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    size_t i;

    if (how == COPY) {
        append_copies(base, c, n);
    }
    else if (how == FILES) {
        append_files(base, c, n);
    }
    else if (how == RESERVE) {
        fill_buffer(base, c, n);
        return;
    }
    else {
        for (i = 0; i < n; i++) {
            check("bufv_append", bufv_append(list, base + c[i].off, c[i].len));
        }
    }
    send_all();
}

static void peer_close(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
}
