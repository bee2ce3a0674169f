/* SPDX-License-Identifier: Apache-2.0 */

/* Owners that several release points share, in one list or in many. */

#include "bufv_private.h"
#include "refs.h"

#include <stdlib.h>

struct bufv__owner_t {
    bufv__refs_t refs;
    bufv_release_t *release;
    void *baton;
    const void *data;
    apr_size_t len;
    apr_size_t size; /* of the bytes behind this */
};

apr_status_t bufv__owner_create(bufv__owner_t **owner, bufv_release_t *release,
                                void *baton, const void *data, apr_size_t len,
                                apr_size_t extra)
{
    bufv__owner_t *o = NULL;

    if (extra <= BUFV__CHUNK_MAX - sizeof(*o))
        o = malloc(sizeof(*o) + extra);
    *owner = o;
    if (o == NULL)
        return APR_ENOMEM;
    bufv__refs_init(&o->refs);
    o->release = release;
    o->baton = baton;
    o->data = data;
    o->len = len;
    o->size = extra;
    return APR_SUCCESS;
}

char *bufv__owner_bytes(bufv__owner_t *owner)
{
    return (char *)(owner + 1);
}

apr_size_t bufv__owner_size(const bufv__owner_t *owner)
{
    return owner->size;
}

int bufv__owner_is_alone(bufv__owner_t *owner)
{
    return bufv__refs_one(&owner->refs);
}

void bufv__owner_ref(bufv__owner_t *owner)
{
    bufv__refs_inc(&owner->refs);
}

void bufv__owner_unref(void *baton, const void *data, apr_size_t len)
{
    bufv__owner_t *owner = baton;

    (void)data;
    (void)len;
    if (!bufv__refs_dec(&owner->refs))
        return;
    if (owner->release != NULL)
        owner->release(owner->baton, owner->data, owner->len);
    free(owner);
}

apr_status_t bufv__point_share(bufv__point_t *point)
{
    bufv__owner_t *owner;
    apr_status_t status;

    if (point->release == bufv__owner_unref)
        return APR_SUCCESS;
    status = bufv__owner_create(&owner, point->release, point->baton,
                                point->data, point->len, 0);
    if (status != APR_SUCCESS)
        return status;
    point->release = bufv__owner_unref;
    point->baton = owner;
    return APR_SUCCESS;
}
