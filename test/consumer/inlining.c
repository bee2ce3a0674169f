/* SPDX-License-Identifier: Apache-2.0 */
/* A loop that appends, in which bufv_append() may be inlined; and one look at
 * what came of it. */

#include <bufv.h>

#include <apr_general.h>
#include <stdio.h>

enum { CHUNKS = 100 };

int main(void)
{
    static const char text[CHUNKS] = {0};
    apr_uint64_t length;
    apr_pool_t *pool;
    bufv_t *v;
    int i;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS ||
        bufv_create(&v, pool) != APR_SUCCESS)
        return 1;
    for (i = 0; i < CHUNKS; i++) {
        if (bufv_append(v, text + i, 1) != APR_SUCCESS)
            return 1;
    }
    length = bufv_length(v);
    apr_terminate();
    printf("bufv: %d bytes, good\n", (int)length);
    return length != CHUNKS;
}
