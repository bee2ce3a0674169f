/* SPDX-License-Identifier: Apache-2.0 */

/* Reads ranges of files that are not sent unread. */

#include "bufv_private.h"

#include <stdlib.h>

/* How much of a range bufv_peek() shows at a time. */
#define RANGE_WINDOW ((apr_size_t)64 * 1024)

apr_status_t bufv__range_read(const bufv__range_t *r, char *to,
                              apr_size_t *len)
{
    apr_size_t done = 0, want = *len;
    apr_status_t status = APR_SUCCESS;

    if (want > r->left)
        want = (apr_size_t)r->left;
    while (done < want && status == APR_SUCCESS) {
        apr_size_t n = want - done;

        status = bufv__file_read_at(r->file, r->offset + (apr_off_t)done,
                                    to + done, &n);
        done += n;
    }
    *len = done;
    return status;
}

apr_status_t bufv__range_show(bufv__range_t *r, struct iovec *entry)
{
    apr_size_t len = RANGE_WINDOW;
    apr_status_t status;

    if (r->window == NULL)
        r->window = malloc(len);
    if (r->window == NULL)
        return APR_ENOMEM;
    status = bufv__range_read(r, r->window, &len);
    *entry = bufv__entry(r->window, len);
    return len > 0 ? APR_SUCCESS : status;
}

void bufv__range_drop(bufv__range_t *r)
{
    free(r->window);
    r->window = NULL;
}
