/* SPDX-License-Identifier: Apache-2.0 */

/* A list is built and written to a transport that takes everything, so many
 * times: what callgrind counts of it is the library's own work.
 *
 * usage: instructions SIZE TIMES CHUNKS [copy] */

#include <bufv.h>

#include <apr_general.h>

#include <stdio.h>
#include <stdlib.h>

/* Chunks lie apart, or the planner would take them for one; and after so many
 * they are the same again. */
#define GAP 64
#define PLACES 1024

static apr_status_t take_all(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t *asked = baton;

    (void)more;
    *written = nvec == 1 ? vec->iov_len : *asked;
    return APR_SUCCESS;
}

/* What was not copied into one entry is one attempt, and the transport knows
 * how long that is without counting. */
static void count_asked(void *baton, const bufv_call_t *call)
{
    if (call->written != call->asked || call->status != APR_SUCCESS) {
        fprintf(stderr, "instructions: an attempt took %lu of %lu\n",
                (unsigned long)call->written, (unsigned long)call->asked);
        exit(1);
    }
    (void)baton;
}

/* Two loops, so that link-time optimisation can inline what is called. */
static void borrow(bufv_t *v, const char *bytes, apr_size_t size,
                   apr_size_t chunks)
{
    apr_size_t i;

    for (i = 0; i < chunks; i++)
        bufv_append(v, bytes + i % PLACES * (size + GAP), size);
}

static void copy(bufv_t *v, const char *bytes, apr_size_t size,
                 apr_size_t chunks)
{
    apr_size_t i;

    for (i = 0; i < chunks; i++)
        bufv_append_copy(v, bytes + i % PLACES * (size + GAP), size);
}

int main(int argc, char **argv)
{
    apr_size_t size = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
    apr_size_t times = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    apr_size_t chunks = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    apr_size_t total = size * chunks;
    bufv_ops_t ops = {0};
    bufv_writer_t *w;
    apr_pool_t *pool;
    bufv_t *v;
    char *bytes = calloc(PLACES, size + GAP);

    if (size == 0 || bytes == NULL || apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 1;
    ops.size = sizeof(ops);
    ops.name = "count";
    ops.max_vec = 1024;
    ops.max_bytes = total;
    ops.copy_below = 512;
    ops.writev = take_all;
    if (bufv_create(&v, pool) != APR_SUCCESS ||
        bufv_writer_create(&w, &ops, &total, pool) != APR_SUCCESS)
        return 1;
    bufv_writer_hook_set(w, count_asked, NULL);
    for (; times > 0; times--) {
        if (argc > 4)
            copy(v, bytes, size, chunks);
        else
            borrow(v, bytes, size, chunks);
        if (bufv_write(v, w, NULL) != APR_SUCCESS)
            return 1;
    }
    apr_terminate();
    free(bytes);
    return 0;
}
