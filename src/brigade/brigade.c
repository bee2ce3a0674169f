/* SPDX-License-Identifier: Apache-2.0 */

/* The buckets of a brigade as chunks, on the public interface alone. */

#include "bufv_brigade.h"

#if APR_HAS_MMAP
#define IS_MMAP(e) APR_BUCKET_IS_MMAP(e)
#else
#define IS_MMAP(e) 0
#endif

/* One call. */
typedef struct move_t {
    bufv_t *v;
    apr_bucket_brigade *bb;
    apr_read_type_e block;
} move_t;

/* ---- buckets that are the list's */

/* A bucket that is in no brigade is the list's. One that is still in its
 * brigade could not be moved. */
static int is_loose(const apr_bucket *e)
{
    return APR_BUCKET_NEXT(e) == e;
}

static void loosen(apr_bucket *e)
{
    APR_BUCKET_REMOVE(e);
    APR_BUCKET_INIT(e);
}

static void release(void *baton, const void *data, apr_size_t len)
{
    apr_bucket *e = baton;

    (void)data;
    (void)len;
    if (is_loose(e))
        apr_bucket_destroy(e);
}

/* ---- bytes that stay where they are */

/* Those of these types stay as long as the bucket does. */
static int stays(const apr_bucket *e)
{
    return APR_BUCKET_IS_HEAP(e) || APR_BUCKET_IS_IMMORTAL(e) || IS_MMAP(e);
}

/* Reads without blocking first, since a bucket of bytes never needs it. What
 * is left of a pipe is then a bucket behind this one. */
static apr_status_t read_bucket(apr_bucket *e, apr_read_type_e block,
                                const char **data, apr_size_t *len)
{
    apr_status_t status = apr_bucket_read(e, data, len, APR_NONBLOCK_READ);

    if (APR_STATUS_IS_EAGAIN(status) && block == APR_BLOCK_READ)
        status = apr_bucket_read(e, data, len, APR_BLOCK_READ);
    return status;
}

/* When its pool is cleared, a pool bucket's bytes move to the heap, and a
 * pointer to them would be wrong. So they move now. */
static apr_status_t replace_pool(apr_bucket **e, const char **data,
                                 apr_size_t *len)
{
    apr_bucket *heap = apr_bucket_heap_create(*data, *len, NULL, (*e)->list);

    if (heap == NULL)
        return APR_ENOMEM;
    APR_BUCKET_INSERT_BEFORE(*e, heap);
    apr_bucket_delete(*e);
    *e = heap;
    return apr_bucket_read(heap, data, len, APR_BLOCK_READ);
}

/* A type that cannot be set aside keeps its bytes as long as the bucket. */
static apr_status_t set_aside(apr_bucket *e, apr_pool_t *pool,
                              const char **data, apr_size_t *len)
{
    apr_status_t status = apr_bucket_setaside(e, pool);

    if (status != APR_SUCCESS && status != APR_ENOTIMPL)
        return status;
    return apr_bucket_read(e, data, len, APR_BLOCK_READ);
}

static apr_status_t load(const move_t *m, apr_bucket **e, const char **data,
                         apr_size_t *len)
{
    apr_status_t status = read_bucket(*e, m->block, data, len);

    if (status != APR_SUCCESS || *len == 0 || stays(*e))
        return status;
    if (APR_BUCKET_IS_POOL(*e))
        return replace_pool(e, data, len);
    return set_aside(*e, m->bb->p, data, len);
}

/* ---- one bucket */

static apr_status_t move_data(const move_t *m, apr_bucket *e)
{
    const char *data = NULL;
    apr_size_t len = 0;
    apr_status_t status = load(m, &e, &data, &len);

    if (status == APR_SUCCESS)
        status = bufv_append_owned(m->v, data, len, release, e);
    if (status == APR_SUCCESS)
        loosen(e);
    return status;
}

static apr_status_t move_metadata(const move_t *m, apr_bucket *e)
{
    apr_status_t status = bufv_append_owned(m->v, NULL, 0, release, e);

    if (status == APR_SUCCESS)
        loosen(e);
    return status;
}

static apr_status_t move_file(const move_t *m, apr_bucket *e)
{
    const apr_bucket_file *f = e->data;
    apr_status_t status =
        bufv_append_file_owned(m->v, f->fd, e->start, e->length, release, e);

    if (status == APR_SUCCESS)
        loosen(e);
    return status;
}

static apr_status_t move_bucket(const move_t *m, apr_bucket *e)
{
    if (APR_BUCKET_IS_METADATA(e))
        return move_metadata(m, e);
    if (APR_BUCKET_IS_FILE(e))
        return move_file(m, e);
    return move_data(m, e);
}

apr_status_t bufv_append_brigade(bufv_t *v, apr_bucket_brigade *bb,
                                 apr_read_type_e block)
{
    const move_t m = {v, bb, block};
    apr_status_t status = APR_SUCCESS;

    if (v == NULL || bb == NULL)
        return APR_EINVAL;
    while (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb))
        status = move_bucket(&m, APR_BRIGADE_FIRST(bb));
    return status;
}
