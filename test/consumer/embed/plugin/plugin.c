/* SPDX-License-Identifier: Apache-2.0 */
/* The one name of a plugin, which uses the library. */

#include <bufv.h>

#include <apr_general.h>

int plugin_main(void);

int plugin_main(void)
{
    apr_pool_t *pool;
    bufv_t *v;
    int bad;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 1;
    bad = bufv_create(&v, pool) != APR_SUCCESS ||
          bufv_append(v, "plugin", 6) != APR_SUCCESS || bufv_length(v) != 6;
    apr_pool_destroy(pool);
    apr_terminate();
    return bad;
}
