/* SPDX-License-Identifier: Apache-2.0 */
/* Step 5: fill a list, with what you make and with what comes in. */

#include "pair.h"

#include <apr_strings.h>

#define LINES 1000
#define LINE_MAX_LENGTH 16

/* Writes lines straight into the list, without a buffer of our own. */
static void make_lines(bufv_t *v)
{
    void *room;
    apr_size_t size;
    int i, len;

    for (i = 1; i <= LINES; i++) {
        check(bufv_reserve(v, LINE_MAX_LENGTH, &room, &size), "reserve");
        len = apr_snprintf(room, size, "line %d\n", i);
        check(bufv_commit(v, (apr_size_t)len), "commit");
    }
}

/* Sends all that comes from one socket to another, behind a line of ours. */
static apr_uint64_t forward(apr_socket_t *from, apr_socket_t *to,
                            apr_pool_t *pool)
{
    bufv_reader_t in = bufv_reader_socket(from);
    bufv_writer_t *out;
    bufv_t *rest;
    apr_uint64_t copied;
    apr_size_t got;

    check(bufv_create(&rest, pool), "list");
    check(bufv_writer_socket(&out, to, pool), "writer");

    /* What comes first is looked at, and goes with the rest. */
    check(bufv_fill(rest, &in, 1024, &got), "fill");
    check(bufv_prepend(rest, "forwarded:\n", 11), "prepend");
    check(bufv_copy(out, &in, rest, &copied), "copy");
    return copied;
}

/* Reads to the end, and returns how many lines there were. */
static int count_lines(apr_socket_t *sock)
{
    char text[4096];
    apr_size_t i, len;
    int lines = 0;

    do {
        len = sizeof(text);
        if (apr_socket_recv(sock, text, &len) != APR_SUCCESS)
            break;
        for (i = 0; i < len; i++)
            lines += text[i] == '\n';
    } while (len > 0);
    return lines;
}

int main(void)
{
    apr_pool_t *pool = start();
    apr_socket_t *middle, *end, *begin = connect_pair(&middle, pool);
    apr_socket_t *to_end = connect_pair(&end, pool);
    apr_uint64_t forwarded;
    bufv_t *v;
    int lines;

    check(bufv_create(&v, pool), "list");
    make_lines(v);
    printf("%d bytes made\n", (int)bufv_length(v));
    check(bufv_send(v, begin, NULL), "send");
    check(apr_socket_close(begin), "close");

    forwarded = forward(middle, to_end, pool);
    check(apr_socket_close(to_end), "close");
    lines = count_lines(end);
    printf("%d bytes forwarded, %d lines\n", (int)forwarded, lines);
    return lines == LINES + 1 ? 0 : 1;
}
