/* SPDX-License-Identifier: Apache-2.0 */

#include "sink.h"
#include "list.h"

#include <string.h>

/* 32000 bytes: the stack of a write has 16 KiB. */
#define MANY 320
#define SMALL 100

/* Mostly all, else a part. */
static apr_size_t some_of(const sink_t *sink, apr_size_t len)
{
    if (!sink->is_slow || rnd(3))
        return len;
    return len / 1000 * rnd(1000);
}

static apr_status_t concluded(sink_t *sink, apr_size_t len,
                              apr_size_t *written)
{
    *written = some_of(sink, len);
    sink->got += *written;
    sink->count++;
    sink->last = *written < len ? APR_EAGAIN : APR_SUCCESS;
    return sink->last;
}

static apr_status_t sink_writev(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t sum = 0, i;

    (void)more;
    for (i = 0; i < nvec; i++)
        sum += vec[i].iov_len;
    return concluded(baton, sum, written);
}

static apr_status_t sink_sendfile(void *baton, apr_file_t *file,
                                  apr_off_t offset, apr_size_t len, int more,
                                  apr_size_t *written)
{
    (void)file;
    (void)more;
    HOLDS(offset >= 0 && (apr_off_t)len <= INT64_MAX - offset);
    return concluded(baton, len, written);
}

static bufv_writer_t *writer_of(bufv_ops_t *ops, void *baton)
{
    bufv_writer_t *w;

    ops->size = sizeof(*ops);
    HOLDS(bufv_writer_create(&w, ops, baton, NULL) == APR_SUCCESS);
    return w;
}

bufv_writer_t *sink_writer(sink_t *sink)
{
    bufv_ops_t ops = {0};

    memset(sink, 0, sizeof(*sink));
    ops.name = "sink";
    ops.max_vec = 64;
    ops.max_bytes = PTRDIFF_MAX;
    ops.writev = sink_writev;
    ops.sendfile = sink_sendfile;
    return writer_of(&ops, sink);
}

/* ---- many small chunks */

/* The pattern from its beginning on, a chunk after the other from the back. */
static apr_status_t many_writev(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t *got = baton, i, done;

    (void)more;
    *written = 0;
    for (i = 0; i < nvec; i++) {
        const unsigned char *bytes = vec[i].iov_base;

        for (done = 0; done < vec[i].iov_len; done += SMALL, *got += SMALL)
            HOLDS(memcmp(bytes + done, pattern + MANY * SMALL - *got - SMALL,
                         SMALL) == 0);
        *written += vec[i].iov_len;
    }
    return APR_SUCCESS;
}

void sink_write_many(void)
{
    apr_uint64_t written;
    apr_size_t got = 0;
    bufv_ops_t ops = {0};
    bufv_writer_t *w;
    bufv_t *v;
    int i;

    ops.name = "many";
    ops.max_vec = 4;
    ops.max_bytes = MANY * SMALL;
    ops.copy_below = SMALL + 1;
    ops.writev = many_writev;
    w = writer_of(&ops, &got);
    HOLDS(bufv_create(&v, NULL) == APR_SUCCESS);
    for (i = MANY - 1; i >= 0; i--)
        HOLDS(bufv_append(v, pattern + i * SMALL, SMALL) == APR_SUCCESS);
    HOLDS(bufv_write(v, w, &written) == APR_SUCCESS);
    HOLDS(written == MANY * SMALL && got == written);
    bufv_destroy(v);
    bufv_writer_destroy(w);
}
