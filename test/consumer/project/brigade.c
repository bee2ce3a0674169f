/* SPDX-License-Identifier: Apache-2.0 */
/* The names of bufv::brigade are there to link, and apr-util with them. */

#include <bufv_brigade.h>

#include <apr_general.h>
#include <stdio.h>

int main(void)
{
    apr_pool_t *pool;
    apr_bucket_alloc_t *alloc;
    apr_bucket_brigade *bb;
    bufv_t *v;
    int bad;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    alloc = apr_bucket_alloc_create(pool);
    bb = apr_brigade_create(pool, alloc);
    apr_brigade_write(bb, NULL, NULL, "bufv", 4);
    bad = bufv_create(&v, pool) != APR_SUCCESS ||
          bufv_append_brigade(v, bb, APR_BLOCK_READ) != APR_SUCCESS ||
          bufv_length(v) != 4 || !APR_BRIGADE_EMPTY(bb);
    bufv_clear(v);
    apr_pool_destroy(pool);
    apr_terminate();
    printf("bufv::brigade: %s\n", bad ? "bad" : "good");
    return bad;
}
