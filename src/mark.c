/* Who is told when a chunk is done with, also when several lists have it. */

#include "bufv_private.h"
#include "refs.h"

#include <stdlib.h>

struct bufv__hold_t {
    bufv__refs_t refs;
    bufv_release_t *release;
    void *baton;
    const void *data;
    apr_size_t len;
};

/* Creates a hold with one reference, and `extra` bytes behind it. */
apr_status_t bufv__hold_create(bufv__hold_t **hold, bufv_release_t *release,
                               void *baton, const void *data, apr_size_t len,
                               apr_size_t extra)
{
    bufv__hold_t *h = NULL;

    if (extra <= BUFV__CHUNK_MAX - sizeof(*h))
        h = malloc(sizeof(*h) + extra);
    *hold = h;
    if (h == NULL)
        return APR_ENOMEM;
    bufv__refs_init(&h->refs);
    h->release = release;
    h->baton = baton;
    h->data = data;
    h->len = len;
    return APR_SUCCESS;
}

void *bufv__hold_bytes(bufv__hold_t *hold)
{
    return hold + 1;
}

int bufv__hold_alone(bufv__hold_t *hold)
{
    return bufv__refs_one(&hold->refs);
}

void bufv__hold_keep(bufv__hold_t *hold)
{
    bufv__refs_inc(&hold->refs);
}

/* Drops a reference, and with the last one the hold. It has the shape of a
 * release callback, so that a mark need not know that it shares. */
void bufv__hold_release(void *baton, const void *data, apr_size_t len)
{
    bufv__hold_t *hold = baton;

    (void)data;
    (void)len;
    if (!bufv__refs_dec(&hold->refs))
        return;
    if (hold->release != NULL)
        hold->release(hold->baton, hold->data, hold->len);
    free(hold);
}

/* Turns a mark into one that may be copied: call bufv__hold_keep() on its
 * baton for each copy. The mark means the same as before. */
apr_status_t bufv__mark_share(bufv__mark_t *mark)
{
    bufv__hold_t *hold;
    apr_status_t status;

    if (mark->release == bufv__hold_release)
        return APR_SUCCESS;
    status = bufv__hold_create(&hold, mark->release, mark->baton, mark->data,
                               mark->len, 0);
    if (status != APR_SUCCESS)
        return status;
    mark->release = bufv__hold_release;
    mark->baton = hold;
    return APR_SUCCESS;
}
