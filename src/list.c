/* SPDX-License-Identifier: Apache-2.0 */

/* The list: chunks in a row. Knows no I/O. Its arithmetic is proved: see
 * docs/PROOF.md. */

#include "bufv_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- sums over vectors */

apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n)
{
    apr_uint64_t left = *n;
    apr_size_t i = 0;

    /*@ loop invariant i <= nvec && left + total(vec, i) == *n;
        loop assigns i, left;
        loop variant nvec - i; */
    while (i < nvec && vec[i].iov_len <= left) {
        left -= vec[i].iov_len;
        i++;
    }
    *n = left;
    return i;
}

apr_size_t bufv__vec_fit(const struct iovec *vec, apr_size_t nvec,
                         apr_size_t max, apr_size_t *bytes)
{
    apr_size_t sum = 0, i = 0;

    /*@ loop invariant i <= nvec && sum == total(vec, i) <= max;
        loop assigns i, sum;
        loop variant nvec - i; */
    while (i < nvec && vec[i].iov_len <= max - sum) {
        sum += vec[i].iov_len;
        i++;
    }
    *bytes = sum;
    return i;
}

apr_size_t bufv__vec_sum(const struct iovec *vec, apr_size_t nvec)
{
    apr_size_t sum;

    bufv__vec_fit(vec, nvec, SIZE_MAX, &sum);
    return sum;
}

/* ---- life */

int bufv__is_valid(const bufv_t *v)
{
    const bufv__queue_t *c = &v->chunks, *p = &v->points, *r = &v->ranges;

    return c->head <= c->tail && c->tail <= c->room && p->head <= p->tail &&
           p->tail <= p->room && r->head <= r->tail && r->tail <= r->room &&
           (v->length == 0) == (c->head == c->tail) &&
           r->tail - r->head <= c->tail - c->head &&
           (v->hidden == 0 || c->tail == c->room) &&
           (!v->copies || p->head < p->tail);
}

static void drop_all(bufv_t *v)
{
    bufv__drop_chunks(v, bufv__queue_count(&v->chunks), 0, v->length);
}

static void destroy(bufv_t *v)
{
    v->use = BUFV__DYING;
    drop_all(v);
    v->chunks.room = 0; /* bufv_append() takes nothing any more */
    while (bufv__has_due(v))
        bufv__run_releases(v);
    bufv__reservation_drop(v);
    if (v->slab.owner != NULL)
        bufv__owner_unref(v->slab.owner, NULL, 0);
    free(v->chunks.items);
    free(v->points.items);
    free(v->ranges.items);
    free(v);
}

static apr_status_t cleanup(void *data)
{
    bufv_t *v = data;

    v->pool = NULL;
    bufv_destroy(v);
    return APR_SUCCESS;
}

void bufv_destroy(bufv_t *v)
{
    if (v == NULL)
        return;
    if (v->pool != NULL)
        apr_pool_cleanup_kill(v->pool, v, cleanup);
    v->pool = NULL;
    if (v->writer != NULL)
        bufv__writer_flush_early(v->writer);
    if (v->use == BUFV__FREE && v->kept == 0)
        destroy(v);
    else
        v->doomed = 1; /* bufv__leave() or bufv__let_go() does it */
}

apr_status_t bufv_create(bufv_t **v, apr_pool_t *pool)
{
    if (v == NULL)
        return APR_EINVAL;
    *v = calloc(1, sizeof(**v));
    if (*v == NULL)
        return APR_ENOMEM;
    (*v)->pool = pool;
    if (pool != NULL)
        apr_pool_cleanup_register(pool, *v, cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

void bufv__local(bufv_t *v, struct iovec *vec, apr_size_t room)
{
    memset(v, 0, sizeof(*v));
    v->chunks.items = vec;
    v->chunks.room = vec != NULL ? room : 0;
}

void bufv__leave(bufv_t *v)
{
    assert(v->use == BUFV__IN_USE && bufv__is_valid(v));
    v->use = BUFV__FREE;
    if (v->doomed && v->kept == 0)
        destroy(v);
}

void bufv__keep(bufv_t *v)
{
    v->kept++;
}

void bufv__let_go(bufv_t *v)
{
    if (--v->kept == 0 && v->doomed && v->use == BUFV__FREE)
        destroy(v);
}

void bufv_clear(bufv_t *v)
{
    if (v == NULL || v->use != BUFV__FREE)
        return;
    bufv__enter(v);
    v->status = APR_SUCCESS;
    bufv__reservation_drop(v);
    drop_all(v);
    bufv__run_releases(v);
    bufv__leave(v);
}

/* ---- appending */

apr_status_t bufv__check(const bufv_t *v, const void *data, apr_size_t len)
{
    if (v == NULL || (data == NULL && len > 0) || len > BUFV__CHUNK_MAX ||
        len > UINT64_MAX - v->length)
        return APR_EINVAL;
    if (v->use == BUFV__LENT || v->use == BUFV__DYING)
        return APR_EBUSY;
    return APR_SUCCESS;
}

apr_status_t bufv__note(bufv_t *v, apr_status_t status)
{
    if (v != NULL && v->status == APR_SUCCESS)
        v->status = status;
    return status;
}

apr_status_t bufv_status(const bufv_t *v)
{
    return v != NULL ? v->status : APR_EINVAL;
}

void bufv__put_point(bufv_t *v, apr_uint64_t since, bufv_release_t *release,
                     void *baton, const void *data, apr_size_t len)
{
    bufv__point_t point = {since, 0, release, baton, data, len};

    assert(v->points.tail < v->points.room);
    bufv__close_copies(v, since);
    point.at = bufv__end(v);
    ((bufv__point_t *)v->points.items)[v->points.tail++] = point;
}

/* Does what bufv_append() does where the chunk does not simply fit. */
static BUFV__COLD apr_status_t append_slowly(bufv_t *v, const void *data,
                                             apr_size_t len)
{
    apr_status_t status = bufv__check(v, data, len);

    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->chunks, 1, sizeof(struct iovec));
    if (status == APR_SUCCESS && len > 0)
        bufv__put(v, data, len);
    return bufv__note(v, status);
}

/* One comparison covers a length of 0 and one that is too long. The room of a
 * list that takes nothing now is hidden. */
apr_status_t bufv_append(bufv_t *v, const void *data, apr_size_t len)
{
    if (v == NULL || data == NULL || len - 1 >= BUFV__CHUNK_MAX ||
        len > UINT64_MAX - v->length || v->chunks.tail == v->chunks.room)
        return append_slowly(v, data, len);
    bufv__put(v, data, len);
    return APR_SUCCESS;
}

apr_status_t bufv_append_owned(bufv_t *v, const void *data, apr_size_t len,
                               bufv_release_t *release, void *baton)
{
    apr_status_t status = bufv__check(v, data, len);
    apr_uint64_t since;

    if (status == APR_SUCCESS)
        status = bufv__make_room(v, 1, 1, 0);
    if (status != APR_SUCCESS)
        return bufv__note(v, status);
    since = bufv__end(v);
    if (len > 0)
        bufv__put(v, data, len);
    if (release != NULL)
        bufv__put_point(v, since, release, baton, data, len);
    return APR_SUCCESS;
}

/* Copies the entries that are not empty behind the list's own, and leaves its
 * counts as they are. Sets *count to their number, and *length to what the
 * list's length becomes. */
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

        /*@ assert total{Pre}(vec, i + 1) == total{Pre}(vec, i) + len; */
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
    apr_status_t status = bufv__check(v, vec, nvec > 0);
    apr_size_t count = 0;

    if (status == APR_SUCCESS && nvec > 0)
        status = bufv__queue_reserve(&v->chunks, nvec, sizeof(*vec));
    if (status == APR_SUCCESS && nvec > 0)
        status = put_vec(v, vec, nvec, &count, &v->length);
    if (status != APR_SUCCESS)
        return bufv__note(v, status);
    v->chunks.tail += count;
    return APR_SUCCESS;
}

apr_status_t bufv_prepend(bufv_t *v, const void *data, apr_size_t len)
{
    apr_status_t status = bufv__check(v, data, len);

    if (status == APR_SUCCESS && v->use != BUFV__FREE)
        status = APR_EBUSY;
    if (status == APR_SUCCESS)
        status = bufv__queue_make_gap(&v->chunks, sizeof(struct iovec));
    if (status != APR_SUCCESS || len == 0)
        return bufv__note(v, status);
    v->chunks.head--;
    v->first--;
    v->length += len;
    *bufv__front(v) = bufv__entry(data, len);
    return APR_SUCCESS;
}

static apr_status_t check_range(const bufv_t *v, apr_file_t *file,
                                apr_off_t offset, apr_uint64_t len)
{
    if (v == NULL || file == NULL || offset < 0 ||
        len > (apr_uint64_t)INT64_MAX - (apr_uint64_t)offset ||
        len > UINT64_MAX - v->length)
        return APR_EINVAL;
    return bufv__check(v, NULL, 0);
}

/* Appends a range for which there is room. */
static void put_range(bufv_t *v, apr_file_t *file, apr_off_t offset,
                      apr_uint64_t len)
{
    bufv__range_t range = {bufv__end(v), file, offset, len, 0, NULL};
    struct iovec *vec = v->chunks.items;

    range.may_be_unread =
        (apr_file_flags_get(file) & APR_FOPEN_SENDFILE_ENABLED) != 0;
    ((bufv__range_t *)v->ranges.items)[v->ranges.tail++] = range;
    vec[v->chunks.tail++] = bufv__entry(NULL, 0);
    v->length += len;
}

apr_status_t bufv_append_file_owned(bufv_t *v, apr_file_t *file,
                                    apr_off_t offset, apr_uint64_t len,
                                    bufv_release_t *release, void *baton)
{
    apr_status_t status = check_range(v, file, offset, len);
    apr_uint64_t since;

    if (status == APR_SUCCESS)
        status = bufv__make_room(v, 1, 1, 1);
    if (status != APR_SUCCESS)
        return bufv__note(v, status);
    since = bufv__end(v);
    if (len > 0)
        put_range(v, file, offset, len);
    if (release != NULL)
        bufv__put_point(v, since, release, baton, NULL, 0);
    return APR_SUCCESS;
}

apr_status_t bufv_append_file(bufv_t *v, apr_file_t *file, apr_off_t offset,
                              apr_uint64_t len)
{
    return bufv_append_file_owned(v, file, offset, len, NULL, NULL);
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

void bufv__view_pass_range(bufv__view_t *view)
{
    apr_uint64_t to = view->end;

    assert(view->range != NULL && view->vec != NULL);
    view->vec += view->count + 1;
    view->at = view->range->at + 1;
    view->ranges--;
    view->range = view->ranges > 0 ? view->range + 1 : NULL;
    if (view->range != NULL)
        to = view->range->at;
    view->count = (apr_size_t)(to - view->at);
}

apr_status_t bufv_peek(bufv_t *v, struct iovec *vec, apr_size_t *nvec)
{
    apr_size_t room, n;
    apr_status_t status;
    bufv__view_t view;

    if (nvec == NULL)
        return APR_EINVAL;
    room = *nvec;
    *nvec = 0;
    if (v == NULL || (vec == NULL && room > 0))
        return APR_EINVAL;
    view = bufv__view(v);
    n = view.count < room ? view.count : room;
    if (n > 0)
        memcpy(vec, bufv__front(v), n * sizeof(*vec));
    *nvec = n;
    if (n == room || view.range == NULL)
        return APR_SUCCESS;
    if (v->use == BUFV__LENT)
        return n > 0 ? APR_SUCCESS : APR_EBUSY;
    status = bufv__range_show(view.range, &vec[n]);
    if (status == APR_SUCCESS)
        *nvec = n + 1;
    return n > 0 ? APR_SUCCESS : status;
}

/* Copies up to *len bytes of chunks in memory. */
static void flatten_plain(const bufv__view_t *view, char *to, apr_size_t *len)
{
    apr_size_t done = 0, i;

    for (i = 0; i < view->count && done < *len; i++) {
        apr_size_t n = *len - done;

        n = n < view->vec[i].iov_len ? n : view->vec[i].iov_len;
        memcpy(to + done, view->vec[i].iov_base, n);
        done += n;
    }
    *len = done;
}

apr_status_t bufv__flatten(const bufv_t *v, char *to, apr_size_t *len)
{
    bufv__view_t view = bufv__view(v);
    apr_size_t done = 0, n;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && done < *len) {
        n = *len - done;
        flatten_plain(&view, to + done, &n);
        done += n;
        n = *len - done;
        if (n == 0 || view.range == NULL)
            break;
        status = bufv__range_read(view.range, to + done, &n);
        done += n;
        bufv__view_pass_range(&view);
    }
    *len = done;
    return status;
}

/* ---- draining */

void bufv__run_releases(bufv_t *v)
{
    apr_size_t n = bufv__queue_count(&v->points);

    for (; n > 0 && bufv__has_due(v); n--) {
        bufv__point_t point = *bufv__points(v);

        if (bufv__queue_count(&v->points) == 1)
            v->copies = 0;
        bufv__queue_drop(&v->points, 1);
        point.release(point.baton, point.data, point.len);
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

/* A list that runs empty is another message from then on. */
void bufv__drop_chunks(bufv_t *v, apr_size_t chunks, apr_size_t cut,
                       apr_uint64_t bytes)
{
    v->length -= bytes;
    v->first += chunks;
    bufv__queue_drop(&v->chunks, chunks);
    if (cut > 0) {
        struct iovec *entry = bufv__front(v);

        entry->iov_base = (char *)entry->iov_base + cut;
        entry->iov_len -= cut;
    }
    if (bufv__queue_count(&v->ranges) > 0)
        drop_ranges(v);
    if (v->length == 0)
        v->number = 0;
}

/* Drops up to n bytes of the range that is in front, and says how many. */
static apr_uint64_t drop_from_range(bufv_t *v, apr_uint64_t n)
{
    bufv__range_t *range = bufv__ranges(v);

    if (n == 0)
        return 0;
    if (n >= range->left) {
        n = range->left;
        bufv__drop_chunks(v, 1, 0, n);
        return n;
    }
    range->offset += (apr_off_t)n;
    range->left -= n;
    v->length -= n;
    return n;
}

void bufv__drop_bytes(bufv_t *v, apr_uint64_t n)
{
    /*@ loop invariant n <= v->length && memory(v) && in_place{Pre, Here}(v);
        loop invariant v->length - n == \at(v->length - n, Pre);
        loop assigns n, DRAINED(v);
        loop variant n; */
    while (n > 0) {
        bufv__view_t view = bufv__view(v);
        apr_uint64_t rest = n;
        apr_size_t chunks = bufv__vec_skip(view.vec, view.count, &rest);

        if (chunks < view.count) {
            bufv__drop_chunks(v, chunks, (apr_size_t)rest, n);
            return;
        }
        bufv__drop_chunks(v, chunks, 0, n - rest);
        n = rest - drop_from_range(v, rest);
    }
}

apr_status_t bufv_consume(bufv_t *v, apr_uint64_t n)
{
    if (v == NULL || n > v->length)
        return APR_EINVAL;
    if (v->use != BUFV__FREE)
        return APR_EBUSY;
    bufv__enter(v);
    bufv__drop_bytes(v, n);
    bufv__run_releases(v);
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
    if (v->use != BUFV__FREE)
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
