/* A list is built and written to a transport that takes everything, so many
 * times: what callgrind counts of it is the library's own work. */

#include <bufv.h>

#include <apr_general.h>

#include <stdio.h>
#include <stdlib.h>

#define CHUNKS 1024

/* Chunks lie apart, or the planner would take them for one. */
#define GAP 64

static apr_status_t take_all(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t *asked = baton;

    (void)vec;
    (void)nvec;
    (void)more;
    *written = *asked;
    return APR_SUCCESS;
}

/* The transport is told how much it takes, so that it need not count. */
static void count_asked(void *baton, const bufv_call_t *call)
{
    if (call->written != call->asked || call->status != APR_SUCCESS) {
        fprintf(stderr, "instructions: an attempt took %lu of %lu\n",
                (unsigned long)call->written, (unsigned long)call->asked);
        exit(1);
    }
    (void)baton;
}

int main(int argc, char **argv)
{
    apr_size_t size = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    apr_size_t times = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    apr_size_t total = size * CHUNKS, i;
    bufv_ops_t ops = {0};
    bufv_writer_t *w;
    apr_pool_t *pool;
    bufv_t *v;
    char *bytes = calloc(CHUNKS, size + GAP);

    if (size == 0 || bytes == NULL || apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 1;
    ops.name = "count";
    ops.max_vec = CHUNKS;
    ops.max_bytes = total;
    ops.copy_below = 512;
    ops.writev = take_all;
    if (bufv_create(&v, pool) != APR_SUCCESS ||
        bufv_writer_create(&w, &ops, &total, pool) != APR_SUCCESS)
        return 1;
    bufv_writer_hook_set(w, count_asked, NULL);
    for (; times > 0; times--) {
        for (i = 0; i < CHUNKS; i++)
            bufv_append(v, bytes + i * (size + GAP), size);
        if (bufv_write(v, w, NULL) != APR_SUCCESS)
            return 1;
    }
    apr_terminate();
    free(bytes);
    return 0;
}
