/* The list: chunks in a row. Knows no I/O. */

#include "bufv_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- life */

static void drop_all(bufv_t *v)
{
    bufv__pass(v, bufv__queue_count(&v->chunks), 0, v->length);
    bufv__settle(v);
}

static void destroy(bufv_t *v)
{
    v->busy = 1;
    drop_all(v);
    if (v->slab != NULL)
        bufv__hold_release(v->slab, NULL, 0);
    free(v->chunks.items);
    free(v->marks.items);
    free(v->ranges.items);
    free(v);
    bufv__scratch_leave();
}

static apr_status_t cleanup(void *data)
{
    bufv_t *v = data;

    if (v->busy)
        v->orphan = 1; /* bufv__leave() does it */
    else
        destroy(v);
    return APR_SUCCESS;
}

apr_status_t bufv_create(bufv_t **v, apr_pool_t *pool)
{
    if (v == NULL)
        return APR_EINVAL;
    *v = NULL;
    if (pool == NULL)
        return APR_EINVAL;
    *v = calloc(1, sizeof(**v));
    if (*v == NULL)
        return APR_ENOMEM;
    bufv__scratch_join();
    apr_pool_cleanup_register(pool, *v, cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* Makes a list that needs no pool and no care: on the stack, for borrowed
 * chunks, as many as there is room for, or if `vec` is NULL as many as the
 * caller frees the memory of. */
void bufv__local(bufv_t *v, struct iovec *vec, apr_size_t room)
{
    memset(v, 0, sizeof(*v));
    v->chunks.items = vec;
    v->chunks.room = vec != NULL ? room : 0;
}

/* Between the two, the list may be appended to and nothing else, and its
 * memory outlives its pool. */
void bufv__enter(bufv_t *v)
{
    v->busy = 1;
}

void bufv__leave(bufv_t *v)
{
    v->busy = 0;
    if (v->orphan)
        destroy(v);
}

void bufv_clear(bufv_t *v)
{
    if (v == NULL || v->busy)
        return;
    bufv__enter(v);
    drop_all(v);
    bufv__leave(v);
}

/* ---- appending */

static apr_status_t check(const bufv_t *v, const void *data, apr_size_t len)
{
    if (v == NULL || (data == NULL && len > 0) || len > BUFV__CHUNK_MAX ||
        len > UINT64_MAX - v->length)
        return APR_EINVAL;
    return APR_SUCCESS;
}

/* Appends a chunk for which there is room. */
static void put(bufv_t *v, const void *data, apr_size_t len)
{
    struct iovec *vec = v->chunks.items;

    if (len == 0)
        return;
    vec[v->chunks.tail++] = bufv__entry(data, len);
    v->length += len;
}

/* What is left of bufv_append() when the next chunk does not simply fit. */
static BUFV__COLD apr_status_t append_slowly(bufv_t *v, const void *data,
                                             apr_size_t len)
{
    apr_status_t status = check(v, data, len);

    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->chunks, 1, sizeof(struct iovec));
    if (status == APR_SUCCESS)
        put(v, data, len);
    return status;
}

/* One comparison covers a length of 0 and one that is too long. */
apr_status_t bufv_append(bufv_t *v, const void *data, apr_size_t len)
{
    if (v == NULL || data == NULL || len - 1 >= BUFV__CHUNK_MAX ||
        len > UINT64_MAX - v->length || v->chunks.tail == v->chunks.room)
        return append_slowly(v, data, len);
    put(v, data, len);
    return APR_SUCCESS;
}

apr_status_t bufv_append_owned(bufv_t *v, const void *data, apr_size_t len,
                               bufv_release_t *release, void *baton)
{
    apr_uint64_t since;
    apr_status_t status = check(v, data, len);

    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->marks, 1, sizeof(bufv__mark_t));
    if (status != APR_SUCCESS)
        return status;
    since = bufv__end(v);
    status = bufv_append(v, data, len);
    if (status == APR_SUCCESS && release != NULL) {
        bufv__mark_t *mark = (bufv__mark_t *)v->marks.items + v->marks.tail++;

        mark->since = since;
        mark->at = bufv__end(v);
        mark->release = release;
        mark->baton = baton;
        mark->data = data;
        mark->len = len;
    }
    return status;
}

/* Copies the entries that are not empty behind the list's own, which do not
 * count them yet. Says how many, and what the list's length becomes. */
static apr_status_t put_vec(const bufv_t *v, const struct iovec *vec,
                            apr_size_t nvec, apr_size_t *count,
                            apr_uint64_t *length)
{
    struct iovec *to = (struct iovec *)v->chunks.items + v->chunks.tail;
    apr_uint64_t sum = v->length;
    apr_size_t i, n = 0;

    /*@ loop invariant n <= i <= nvec;
        loop invariant sum == v->length + total{Pre}(vec, i);
        loop assigns i, n, sum, to[0 .. nvec - 1];
        loop variant nvec - i; */
    for (i = 0; i < nvec; i++) {
        apr_size_t len = vec[i].iov_len;

        if (len == 0)
            continue;
        if (vec[i].iov_base == NULL || len > BUFV__CHUNK_MAX ||
            len > UINT64_MAX - sum)
            return APR_EINVAL;
        to[n++] = vec[i];
        sum += len;
    }
    *count = n;
    *length = sum;
    return APR_SUCCESS;
}

apr_status_t bufv_append_vec(bufv_t *v, const struct iovec *vec,
                             apr_size_t nvec)
{
    apr_status_t status;
    apr_size_t count;

    if (v == NULL || (vec == NULL && nvec > 0))
        return APR_EINVAL;
    if (nvec == 0)
        return APR_SUCCESS;
    status = bufv__queue_reserve(&v->chunks, nvec, sizeof(*vec));
    if (status == APR_SUCCESS)
        status = put_vec(v, vec, nvec, &count, &v->length);
    if (status == APR_SUCCESS)
        v->chunks.tail += count;
    return status;
}

apr_status_t bufv_prepend(bufv_t *v, const void *data, apr_size_t len)
{
    apr_status_t status = check(v, data, len);

    if (status == APR_SUCCESS && v->busy)
        status = APR_EBUSY;
    if (status == APR_SUCCESS)
        status = bufv__queue_open(&v->chunks, sizeof(struct iovec));
    if (status != APR_SUCCESS || len == 0)
        return status;
    v->chunks.head--;
    v->first--;
    v->length += len;
    *bufv__front(v) = bufv__entry(data, len);
    return APR_SUCCESS;
}

apr_status_t bufv_append_file(bufv_t *v, apr_file_t *file, apr_off_t offset,
                              apr_uint64_t len)
{
    const apr_uint64_t last = INT64_MAX;
    bufv__range_t *range;
    apr_status_t status;

    if (v == NULL || file == NULL || offset < 0 ||
        len > last - (apr_uint64_t)offset || len > UINT64_MAX - v->length)
        return APR_EINVAL;
    status = bufv__queue_reserve(&v->ranges, 1, sizeof(*range));
    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->chunks, 1, sizeof(struct iovec));
    if (status != APR_SUCCESS || len == 0)
        return status;
    range = (bufv__range_t *)v->ranges.items + v->ranges.tail++;
    range->at = bufv__end(v);
    range->file = file;
    range->offset = offset;
    range->left = len;
    range->window = NULL;
    ((struct iovec *)v->chunks.items)[v->chunks.tail++] = bufv__entry(NULL, 0);
    v->length += len;
    return APR_SUCCESS;
}

/* ---- looking */

apr_uint64_t bufv_length(const bufv_t *v)
{
    return v != NULL ? v->length : 0;
}

apr_size_t bufv_count(const bufv_t *v)
{
    return v != NULL ? bufv__queue_count(&v->chunks) : 0;
}

/* How many chunks in memory there are from one on, up to the next range. */
apr_size_t bufv__plain(const bufv_t *v, apr_size_t from)
{
    const bufv__range_t *range = bufv__ranges(v);
    apr_size_t n = bufv__queue_count(&v->ranges);

    /*@ loop invariant 0 <= n <= range_count(v);
        loop invariant range == first_range(v) + range_count(v) - n;
        loop assigns n, range;
        loop variant n; */
    for (; n > 0; n--, range++) {
        if (range->at - v->first >= from)
            return (apr_size_t)(range->at - v->first) - from;
    }
    return bufv__queue_count(&v->chunks) - from;
}

apr_status_t bufv_peek(const bufv_t *v, struct iovec *vec, apr_size_t *nvec)
{
    apr_size_t room, n;
    apr_status_t status;

    if (nvec == NULL)
        return APR_EINVAL;
    room = *nvec;
    *nvec = 0;
    if (v == NULL || (vec == NULL && room > 0))
        return APR_EINVAL;
    n = bufv__plain(v, 0);
    n = n < room ? n : room;
    if (n > 0)
        memcpy(vec, bufv__front(v), n * sizeof(*vec));
    *nvec = n;
    if (n == room || n == bufv_count(v))
        return APR_SUCCESS;
    status = bufv__range_show(bufv__ranges(v), &vec[n]);
    if (status == APR_SUCCESS)
        *nvec = n + 1;
    return n > 0 ? APR_SUCCESS : status;
}

/* Copies the first *len bytes; fewer only if a file cannot be read. */
apr_status_t bufv__flatten(const bufv_t *v, char *to, apr_size_t *len)
{
    const struct iovec *vec = bufv__front(v);
    const bufv__range_t *range = bufv__ranges(v);
    apr_size_t count = bufv_count(v), done = 0, i;
    apr_status_t status = APR_SUCCESS;

    for (i = 0; i < count && done < *len && status == APR_SUCCESS; i++) {
        apr_size_t n = *len - done;

        if (vec[i].iov_len > 0) {
            n = n < vec[i].iov_len ? n : vec[i].iov_len;
            memcpy(to + done, vec[i].iov_base, n);
        }
        else
            status = bufv__range_read(range++, 0, to + done, &n);
        done += n;
    }
    *len = done;
    return status;
}

/* ---- draining */

/* Calls back for what is due. A callback may append to the list, and so move
 * the marks. */
void bufv__settle(bufv_t *v)
{
    while (bufv__queue_count(&v->marks) > 0) {
        bufv__mark_t mark = *bufv__marks(v);

        if ((apr_int64_t)(mark.at - v->first) > 0)
            break;
        bufv__queue_drop(&v->marks, 1);
        mark.release(mark.baton, mark.data, mark.len);
    }
}

/* Drops the file ranges whose chunks are gone. */
static void drop_ranges(bufv_t *v)
{
    /*@ loop invariant memory(v) && in_place{Pre, Here}(v);
        loop assigns v->ranges.head, v->ranges.tail, RANGES(v);
        loop variant v->ranges.tail - v->ranges.head; */
    while (bufv__queue_count(&v->ranges) > 0 &&
           (apr_int64_t)(bufv__ranges(v)->at - v->first) < 0) {
        bufv__range_drop(bufv__ranges(v));
        bufv__queue_drop(&v->ranges, 1);
    }
}

/* Takes whole chunks, and `cut` bytes of the next, off the front: `bytes` in
 * all. */
void bufv__pass(bufv_t *v, apr_size_t chunks, apr_size_t cut,
                apr_uint64_t bytes)
{
    v->length -= bytes;
    v->first += chunks;
    bufv__queue_drop(&v->chunks, chunks);
    if (cut > 0) {
        struct iovec *entry = bufv__front(v);

        *entry =
            bufv__entry((char *)entry->iov_base + cut, entry->iov_len - cut);
    }
    drop_ranges(v);
}

/* Takes up to n bytes off the range that is in front, and says how many. */
static apr_uint64_t take_range(bufv_t *v, apr_uint64_t n)
{
    bufv__range_t *range = bufv__ranges(v);

    if (n == 0)
        return 0;
    if (n >= range->left) {
        n = range->left;
        bufv__pass(v, 1, 0, n);
        return n;
    }
    range->offset += (apr_off_t)n;
    range->left -= n;
    v->length -= n;
    return n;
}

/* Takes n bytes off the front. */
void bufv__advance(bufv_t *v, apr_uint64_t n)
{
    /*@ loop invariant n <= v->length && memory(v) && in_place{Pre, Here}(v);
        loop invariant v->length - n == \at(v->length - n, Pre);
        loop assigns n, DRAINED(v);
        loop variant n; */
    while (n > 0) {
        apr_size_t plain = bufv__plain(v, 0), chunks;
        apr_uint64_t rest = n;

        chunks = bufv__vec_skip(bufv__front(v), plain, &rest);
        if (chunks < plain) {
            bufv__pass(v, chunks, (apr_size_t)rest, n);
            return;
        }
        bufv__pass(v, chunks, 0, n - rest);
        n = rest - take_range(v, rest);
    }
}

apr_status_t bufv_consume(bufv_t *v, apr_uint64_t n)
{
    if (v == NULL || n > v->length)
        return APR_EINVAL;
    if (v->busy)
        return APR_EBUSY;
    bufv__enter(v);
    bufv__advance(v, n);
    bufv__settle(v);
    bufv__leave(v);
    return APR_SUCCESS;
}

apr_status_t bufv_read(bufv_t *v, void *data, apr_size_t *len)
{
    apr_size_t room;
    apr_status_t status;

    if (len == NULL)
        return APR_EINVAL;
    room = *len;
    *len = 0;
    if (v == NULL || (data == NULL && room > 0))
        return APR_EINVAL;
    if (v->busy)
        return APR_EBUSY;
    if (room == 0)
        return APR_SUCCESS;
    if (v->length == 0) {
        bufv_consume(v, 0); /* releases what is due */
        return APR_EOF;
    }
    status = bufv__flatten(v, data, &room);
    bufv_consume(v, room);
    *len = room;
    return room > 0 ? APR_SUCCESS : status;
}
