/* SPDX-License-Identifier: Apache-2.0 */

/* Writers for files and pipes, whatever the back end. */

#include "bufv_private.h"

#include <apr_strings.h>

#include <string.h>

/* A file that was opened has a name; a pipe and a descriptor that was wrapped
 * have none. */
static void describe(void *baton, char *buf, apr_size_t size)
{
    apr_file_t *file = ((bufv__file_t *)baton)->file;
    apr_interval_time_t timeout;
    const char *name = NULL;

    apr_file_name_get(&name, file);
    if (name != NULL)
        apr_snprintf(buf, size, "file %s", name);
    else if (apr_file_pipe_timeout_get(file, &timeout) == APR_SUCCESS)
        apr_cpystrn(buf, "pipe", size);
    else
        apr_cpystrn(buf, "file", size);
}

apr_status_t bufv_writer_file(bufv_writer_t **w, apr_file_t *file,
                              apr_pool_t *pool)
{
    apr_status_t status;

    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (file == NULL)
        return APR_EINVAL;
    status = bufv_writer_create(w, &bufv__file_ops, NULL, pool);
    if (status != APR_SUCCESS)
        return status;
    (*w)->file.file = file;
    (*w)->baton = &(*w)->file;
    (*w)->ops.describe = describe;
    (*w)->ops.message = (*w)->limits.message = bufv__file_is_message(file);
    return APR_SUCCESS;
}
