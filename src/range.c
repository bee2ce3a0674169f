/* A range of a file as a chunk, for those who cannot send it unread. */

#include "bufv_private.h"

#include <stdlib.h>

/* How much of a range bufv_peek() shows at a time. */
#define RANGE_WINDOW ((apr_size_t)64 * 1024)

/* Reads up to *len bytes of the range, behind its first `skip`. Says APR_EOF,
 * with what there was, if the file ends before the range. */
apr_status_t bufv__range_read(const bufv__range_t *r, apr_uint64_t skip,
                              char *to, apr_size_t *len)
{
    apr_size_t done = 0, want = *len;
    apr_status_t status = APR_SUCCESS;

    if (want > r->left - skip)
        want = (apr_size_t)(r->left - skip);
    while (done < want && status == APR_SUCCESS) {
        apr_size_t n = want - done;
        apr_off_t at = r->offset + (apr_off_t)(skip + done);

        status = bufv__file_read_at(r->file, at, to + done, &n);
        done += n;
    }
    *len = done;
    return status;
}

/* Reads the beginning of the range to where bufv_peek() can show it. */
apr_status_t bufv__range_show(bufv__range_t *r, struct iovec *entry)
{
    apr_size_t len = RANGE_WINDOW;
    apr_status_t status;

    if (r->window == NULL)
        r->window = malloc(len);
    if (r->window == NULL)
        return APR_ENOMEM;
    status = bufv__range_read(r, 0, r->window, &len);
    *entry = bufv__entry(r->window, len);
    return len > 0 ? APR_SUCCESS : status;
}

void bufv__range_drop(bufv__range_t *r)
{
    free(r->window);
    r->window = NULL;
}
