/* Chunks that go from one list to another, or into both. */

#include "bufv_private.h"

#include <string.h>

/* Makes room at the end of a list for so many chunks, marks and ranges, so
 * that what follows cannot fail half-way. */
static apr_status_t reserve(bufv_t *v, apr_size_t chunks, apr_size_t marks,
                            apr_size_t ranges)
{
    apr_status_t status;

    status = bufv__queue_reserve(&v->chunks, chunks, sizeof(struct iovec));
    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->marks, marks, sizeof(bufv__mark_t));
    if (status == APR_SUCCESS)
        status =
            bufv__queue_reserve(&v->ranges, ranges, sizeof(bufv__range_t));
    return status;
}

/* What is taken from the front of a list: whole chunks, and part of one. */
typedef struct part_t {
    apr_size_t chunks;
    apr_uint64_t rest;   /* bytes of the chunk behind them */
    apr_size_t marks;    /* that go along */
    apr_size_t ranges;   /* that go along, a divided one included */
    apr_uint64_t length; /* in all */
} part_t;

/* Appends the part's chunks to v; `shift` renumbers from's for v. */
static void put_chunks(bufv_t *v, const bufv_t *from, const part_t *part,
                       apr_uint64_t shift)
{
    struct iovec *to = v->chunks.items;
    apr_size_t n = part->chunks + (part->rest > 0);
    apr_size_t i;

    if (n == 0)
        return;
    to += v->chunks.tail;
    memcpy(to, bufv__front(from), n * sizeof(*to));
    if (part->rest > 0 && to[n - 1].iov_len > 0)
        to[n - 1].iov_len = (apr_size_t)part->rest;
    for (i = 0; i < part->ranges; i++) {
        bufv__range_t *range =
            (bufv__range_t *)v->ranges.items + v->ranges.tail++;

        *range = bufv__ranges(from)[i];
        range->window = NULL;
        if (range->at - from->first == part->chunks)
            range->left = part->rest;
        range->at += shift;
    }
    v->chunks.tail += n;
    v->length += part->length;
}

/* Appends a mark to v. Its chunks that had left `from` before do not count,
 * or it would claim chunks of v that it does not know. */
static void put_mark(bufv_t *v, const bufv_t *from, const bufv__mark_t *mark,
                     apr_uint64_t shift)
{
    bufv__mark_t *to = (bufv__mark_t *)v->marks.items + v->marks.tail++;

    *to = *mark;
    if ((apr_int64_t)(to->since - from->first) < 0)
        to->since = from->first;
    if ((apr_int64_t)(to->at - from->first) < 0)
        to->at = from->first;
    to->since += shift;
    to->at += shift;
}

static part_t whole(const bufv_t *v)
{
    part_t part;

    part.chunks = bufv_count(v);
    part.rest = 0;
    part.marks = bufv__queue_count(&v->marks);
    part.ranges = bufv__queue_count(&v->ranges);
    part.length = v->length;
    return part;
}

apr_status_t bufv_append_list(bufv_t *v, bufv_t *from)
{
    apr_uint64_t shift;
    apr_status_t status;
    apr_size_t i;
    part_t part;

    if (v == NULL || from == NULL || v == from ||
        from->length > UINT64_MAX - v->length)
        return APR_EINVAL;
    if (from->busy)
        return APR_EBUSY;
    part = whole(from);
    status = reserve(v, part.chunks, part.marks, part.ranges);
    if (status != APR_SUCCESS)
        return status;
    shift = bufv__end(v) - from->first;
    for (i = 0; i < part.marks; i++)
        put_mark(v, from, &bufv__marks(from)[i], shift);
    put_chunks(v, from, &part, shift);
    bufv__queue_drop(&from->marks, part.marks);
    bufv__pass(from, part.chunks, 0, part.length);
    return APR_SUCCESS;
}

apr_status_t bufv_clone(bufv_t *v, const bufv_t *from)
{
    apr_uint64_t shift;
    apr_status_t status;
    apr_size_t i;
    part_t part;

    if (v == NULL || from == NULL || from->length > UINT64_MAX - v->length)
        return APR_EINVAL;
    part = whole(from);
    status = reserve(v, part.chunks, part.marks, part.ranges);
    for (i = 0; i < part.marks && status == APR_SUCCESS; i++)
        status = bufv__mark_share(&bufv__marks(from)[i]);
    if (status != APR_SUCCESS)
        return status;
    shift = bufv__end(v) - from->first;
    for (i = 0; i < part.marks; i++) {
        bufv__hold_keep(bufv__marks(from)[i].baton);
        put_mark(v, from, &bufv__marks(from)[i], shift);
    }
    put_chunks(v, from, &part, shift);
    return APR_SUCCESS;
}

/* Finds where the first n bytes end. */
static part_t part_of(const bufv_t *v, apr_uint64_t n)
{
    apr_size_t ranges = bufv__queue_count(&v->ranges);
    const bufv__mark_t *mark = bufv__marks(v);
    apr_size_t marks = bufv__queue_count(&v->marks);
    part_t part = {0, 0, 0, 0, n};

    for (;;) {
        apr_size_t plain = bufv__plain(v, part.chunks);

        if (plain > 0) /* or there may be no array to point into */
            part.chunks +=
                bufv__vec_skip(bufv__front(v) + part.chunks, plain, &n);
        if (part.ranges == ranges || n == 0 ||
            bufv__ranges(v)[part.ranges].at - v->first != part.chunks)
            break;
        part.ranges++;
        if (n < bufv__ranges(v)[part.ranges - 1].left)
            break;
        n -= bufv__ranges(v)[part.ranges - 1].left;
        part.chunks++;
    }
    part.rest = n;
    for (; part.marks < marks; part.marks++, mark++) {
        if ((apr_int64_t)(mark->at - v->first) > (apr_int64_t)part.chunks)
            break;
    }
    return part;
}

/* The mark whose chunks the cut goes through or between, or NULL. */
static bufv__mark_t *divided_mark(const bufv_t *v, const part_t *part)
{
    apr_uint64_t end = part->chunks + (part->rest > 0);
    bufv__mark_t *mark;

    if (part->marks == bufv__queue_count(&v->marks))
        return NULL;
    mark = bufv__marks(v) + part->marks;
    if ((apr_int64_t)(mark->since - v->first) >= (apr_int64_t)end)
        return NULL;
    return mark;
}

apr_status_t bufv_split(bufv_t *v, apr_uint64_t n, bufv_t *head)
{
    bufv__mark_t *divided;
    apr_uint64_t shift;
    apr_status_t status;
    apr_size_t i;
    part_t part;

    if (v == NULL || head == NULL || v == head || n > v->length ||
        n > UINT64_MAX - head->length)
        return APR_EINVAL;
    if (v->busy)
        return APR_EBUSY;
    part = part_of(v, n);
    divided = divided_mark(v, &part);
    status = reserve(head, part.chunks + 1, part.marks + 1, part.ranges);
    if (status == APR_SUCCESS && divided != NULL)
        status = bufv__mark_share(divided);
    if (status != APR_SUCCESS)
        return status;
    shift = bufv__end(head) - v->first;
    for (i = 0; i < part.marks; i++)
        put_mark(head, v, &bufv__marks(v)[i], shift);
    put_chunks(head, v, &part, shift);
    if (divided != NULL) {
        bufv__hold_keep(divided->baton);
        put_mark(head, v, divided, shift);
        bufv__marks(head)[bufv__queue_count(&head->marks) - 1].at =
            bufv__end(head);
    }
    bufv__queue_drop(&v->marks, part.marks);
    bufv__advance(v, n);
    return APR_SUCCESS;
}
