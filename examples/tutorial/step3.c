/* SPDX-License-Identifier: Apache-2.0 */
/* Step 3: a transport of your own: one that prints in lines of 16 bytes. */

#include "pair.h"

#include <string.h>

#define WIDTH 16

typedef struct dump_t {
    FILE *to;
    int lines;
} dump_t;

/* One attempt: takes what fits in a line, and says how much that was. */
static apr_status_t dump_writev(void *baton, const struct iovec *vec,
                                apr_size_t nvec, int more, apr_size_t *written)
{
    dump_t *d = baton;
    apr_size_t i, n = vec->iov_len < WIDTH ? vec->iov_len : WIDTH;
    const unsigned char *byte = vec->iov_base;

    (void)nvec;
    *written = 0;
    fprintf(d->to, "%4d ", ++d->lines);
    for (i = 0; i < n; i++)
        fprintf(d->to, " %02x", byte[i]);
    if (fputs(more || n < vec->iov_len ? "\n" : " end\n", d->to) == EOF)
        return APR_EGENERAL;
    *written = n;
    return APR_SUCCESS;
}

static const bufv_ops_t dump_ops = {
    .size = sizeof(dump_ops),
    .name = "dump",
    .max_vec = 1,
    .max_bytes = 1024,
    .writev = dump_writev,
};

int main(void)
{
    apr_pool_t *pool = start();
    dump_t dump = {0};
    bufv_writer_t *w;
    bufv_t *v;

    dump.to = stdout;
    check(bufv_create(&v, pool), "list");
    check(bufv_writer_create(&w, &dump_ops, &dump, pool), "writer");

    check(bufv_append(v, "a chunk that needs two lines", 28), "append");
    check(bufv_append(v, "and ", 4), "append");
    check(bufv_append(v, "another", 7), "append");
    check(bufv_write(v, w, NULL), "write");

    bufv_writer_copy_below_set(w, 512);
    check(bufv_append(v, "and ", 4), "append");
    check(bufv_append(v, "another", 7), "append");
    check(bufv_write(v, w, NULL), "write");
    return 0;
}
