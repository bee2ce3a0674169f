/* SPDX-License-Identifier: Apache-2.0 */

#include "carrier.h"

#include <bufv.h>

#include <apr_general.h>

int carrier_carry(void)
{
    apr_pool_t *pool;
    bufv_t *v;
    int bad;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 1;
    bad = bufv_create(&v, pool) != APR_SUCCESS ||
          bufv_append_copy(v, "carried", 7) != APR_SUCCESS ||
          bufv_length(v) != 7;
    apr_pool_destroy(pool);
    apr_terminate();
    return bad;
}
