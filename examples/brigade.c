/* SPDX-License-Identifier: Apache-2.0 */

/* The last filter of a chain: it writes brigades, and need not care about
 * partial writes, nor about when a bucket may be deleted. Here the brigade is
 * a page whose body is a file, and it goes to standard output. */

#include <bufv_brigade.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "brigade: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* What comes down the chain: bytes of the pool, constant bytes, a file, and
 * the end of the stream. */
static apr_bucket_brigade *page(apr_file_t *file, apr_pool_t *pool)
{
    apr_bucket_alloc_t *list = apr_bucket_alloc_create(pool);
    apr_bucket_brigade *bb = apr_brigade_create(pool, list);
    apr_finfo_t info;

    check(apr_file_info_get(&info, APR_FINFO_SIZE, file), "size");
    check(apr_brigade_printf(bb, NULL, NULL, "%d bytes of a file:\n",
                             (int)info.size),
          "header");
    apr_brigade_insert_file(bb, file, 0, info.size, pool);
    APR_BRIGADE_INSERT_TAIL(
        bb, apr_bucket_immortal_create("that was it\n", 12, list));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(list));
    return bb;
}

/* The filter. The list outlives the call: if the destination had not taken
 * all, the next call would begin with the rest. */
static apr_status_t pass(bufv_t *v, bufv_writer_t *w, apr_bucket_brigade *bb)
{
    apr_status_t status = bufv_append_brigade(v, bb, APR_BLOCK_READ);

    if (status == APR_SUCCESS)
        status = bufv_write(v, w, NULL);
    return status;
}

/* A file that is deleted with the pool. */
static apr_file_t *some_file(apr_pool_t *pool)
{
    char *name = apr_pstrdup(pool, "bufv-brigade-XXXXXX");
    apr_file_t *file;

    check(apr_file_mktemp(&file, name, 0, pool), "file");
    apr_file_printf(file, "one line,\nand another\n");
    return file;
}

int main(int argc, const char *const *argv)
{
    apr_bucket_brigade *bb;
    apr_pool_t *pool;
    apr_file_t *out;
    bufv_writer_t *w;
    bufv_t *v;

    check(apr_app_initialize(&argc, &argv, NULL), "initialize");
    check(apr_pool_create(&pool, NULL), "pool");
    check(apr_file_open_stdout(&out, pool), "standard output");
    bb = page(some_file(pool), pool);
    check(bufv_create(&v, pool), "list");
    check(bufv_writer_file(&w, out, pool), "writer");
    check(pass(v, w, bb), "write");
    check(APR_BRIGADE_EMPTY(bb) ? APR_SUCCESS : APR_EGENERAL, "empty");
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
