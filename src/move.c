/* SPDX-License-Identifier: Apache-2.0 */

/* Chunks that go from one list to another, or into both. */

#include "bufv_private.h"

#include <string.h>

/* ---- a part of a list */

/* What is taken from the front of a list: whole chunks, and part of one. */
typedef struct part_t {
    apr_size_t chunks;
    apr_uint64_t rest;   /* bytes of the chunk behind them */
    apr_size_t points;   /* release points that go along */
    apr_size_t ranges;   /* that go along, a divided one included */
    apr_uint64_t length; /* in all */
} part_t;

static part_t all_of(const bufv_t *v)
{
    part_t part;

    part.chunks = bufv_count(v);
    part.rest = 0;
    part.points = bufv__queue_count(&v->points);
    part.ranges = bufv__queue_count(&v->ranges);
    part.length = v->length;
    return part;
}

/* Counts the chunks and ranges that lie within the first n bytes. */
static void count_chunks(part_t *part, const bufv_t *v, apr_uint64_t n)
{
    bufv__view_t view = bufv__view(v);

    for (;;) {
        apr_size_t fit = bufv__vec_skip(view.vec, view.count, &n);

        part->chunks += fit;
        if (fit < view.count || view.range == NULL || n == 0)
            break;
        part->ranges++;
        if (n < view.range->left)
            break;
        n -= view.range->left;
        part->chunks++;
        bufv__view_pass_range(&view);
    }
    part->rest = n;
}

/* Finds where the first n bytes end. */
static part_t part_of(const bufv_t *v, apr_uint64_t n)
{
    const bufv__point_t *point = bufv__points(v);
    apr_size_t points = bufv__queue_count(&v->points);
    part_t part = {0, 0, 0, 0, n};

    count_chunks(&part, v, n);
    for (; part.points < points; part.points++, point++) {
        if ((apr_int64_t)(point->at - v->first) > (apr_int64_t)part.chunks)
            break;
    }
    return part;
}

/* ---- putting it into another list */

/* Appends the part's ranges to v; `shift` renumbers from's for v. */
static void put_ranges(bufv_t *v, const bufv_t *from, const part_t *part,
                       apr_uint64_t shift)
{
    bufv__range_t *to = v->ranges.items;
    apr_size_t i;

    for (i = 0; i < part->ranges; i++) {
        bufv__range_t range = bufv__ranges(from)[i];

        range.window = NULL;
        if (range.at - from->first == part->chunks)
            range.left = part->rest;
        range.at += shift;
        to[v->ranges.tail++] = range;
    }
}

/* Appends the part's chunks to v. */
static void put_chunks(bufv_t *v, const bufv_t *from, const part_t *part,
                       apr_uint64_t shift)
{
    apr_size_t n = part->chunks + (part->rest > 0);
    struct iovec *to = v->chunks.items;

    if (n == 0)
        return;
    to += v->chunks.tail;
    memcpy(to, bufv__front(from), n * sizeof(*to));
    if (part->rest > 0 && to[n - 1].iov_len > 0)
        to[n - 1].iov_len = (apr_size_t)part->rest;
    put_ranges(v, from, part, shift);
    v->chunks.tail += n;
    v->length += part->length;
}

/* Appends a release point to v. Its chunks that had left `from` before do not
 * count, or it would claim chunks of v that it does not know. */
static void put_point(bufv_t *v, const bufv_t *from,
                      const bufv__point_t *point, apr_uint64_t shift)
{
    bufv__point_t *to = (bufv__point_t *)v->points.items + v->points.tail++;

    *to = *point;
    if ((apr_int64_t)(to->since - from->first) < 0)
        to->since = from->first;
    if ((apr_int64_t)(to->at - from->first) < 0)
        to->at = from->first;
    to->since += shift;
    to->at += shift;
}

/* Checks the two lists before anything is moved. */
static apr_status_t check_pair(const bufv_t *v, const bufv_t *from,
                               apr_uint64_t length)
{
    if (v == NULL || from == NULL || length > UINT64_MAX - v->length)
        return APR_EINVAL;
    return bufv__check(v, NULL, 0);
}

/* ---- moving and sharing */

/* The number of a list that left in part goes with its first byte. */
static void move_number(bufv_t *v, bufv_t *from)
{
    if (from->number == 0)
        return;
    if (v->length == 0)
        v->number = from->number;
    from->number = 0;
}

static apr_status_t append_list(bufv_t *v, bufv_t *from)
{
    part_t part = all_of(from);
    apr_uint64_t shift;
    apr_status_t status;
    apr_size_t i;

    status = bufv__make_room(v, part.chunks, part.points, part.ranges);
    if (status != APR_SUCCESS)
        return status;
    bufv__close_copies(from, bufv__end(from));
    bufv__close_copies(v, bufv__end(v));
    move_number(v, from);
    shift = bufv__end(v) - from->first;
    for (i = 0; i < part.points; i++)
        put_point(v, from, &bufv__points(from)[i], shift);
    put_chunks(v, from, &part, shift);
    bufv__queue_drop(&from->points, part.points);
    bufv__drop_chunks(from, part.chunks, 0, part.length);
    assert(bufv__is_valid(v) && bufv__is_valid(from));
    return APR_SUCCESS;
}

apr_status_t bufv_append_list(bufv_t *v, bufv_t *from)
{
    apr_status_t status = check_pair(v, from, bufv_length(from));

    if (status == APR_SUCCESS && v == from)
        status = APR_EINVAL;
    if (status == APR_SUCCESS && from->use != BUFV__FREE)
        status = APR_EBUSY;
    if (status == APR_SUCCESS)
        status = append_list(v, from);
    return bufv__note(v, status);
}

static apr_status_t clone_list(bufv_t *v, bufv_t *from)
{
    part_t part = all_of(from);
    apr_uint64_t shift;
    apr_status_t status;
    apr_size_t i;

    status = bufv__make_room(v, part.chunks, part.points, part.ranges);
    bufv__close_copies(from, bufv__end(from));
    bufv__close_copies(v, bufv__end(v));
    for (i = 0; i < part.points && status == APR_SUCCESS; i++)
        status = bufv__point_share(&bufv__points(from)[i]);
    if (status != APR_SUCCESS)
        return status;
    shift = bufv__end(v) - from->first;
    for (i = 0; i < part.points; i++) {
        bufv__owner_ref(bufv__points(from)[i].baton);
        put_point(v, from, &bufv__points(from)[i], shift);
    }
    put_chunks(v, from, &part, shift);
    assert(bufv__is_valid(v));
    return APR_SUCCESS;
}

apr_status_t bufv_clone(bufv_t *v, bufv_t *from)
{
    apr_status_t status = check_pair(v, from, bufv_length(from));

    if (status == APR_SUCCESS)
        status = bufv__check(from, NULL, 0);
    if (status == APR_SUCCESS)
        status = clone_list(v, from);
    return bufv__note(v, status);
}

/* The point whose chunks the cut goes through or between, or NULL. */
static bufv__point_t *divided_point(const bufv_t *v, const part_t *part)
{
    apr_uint64_t end = part->chunks + (part->rest > 0);
    bufv__point_t *point;

    if (part->points == bufv__queue_count(&v->points))
        return NULL;
    point = bufv__points(v) + part->points;
    if ((apr_int64_t)(point->since - v->first) >= (apr_int64_t)end)
        return NULL;
    return point;
}

/* Moves the part of v to the end of head. A point that is divided is in both
 * then. */
static void move_part(bufv_t *head, bufv_t *v, const part_t *part,
                      bufv__point_t *divided)
{
    apr_uint64_t shift = bufv__end(head) - v->first;
    apr_size_t i;

    for (i = 0; i < part->points; i++)
        put_point(head, v, &bufv__points(v)[i], shift);
    put_chunks(head, v, part, shift);
    if (divided != NULL) {
        bufv__owner_ref(divided->baton);
        put_point(head, v, divided, shift);
        ((bufv__point_t *)head->points.items)[head->points.tail - 1].at =
            bufv__end(head);
    }
    bufv__queue_drop(&v->points, part->points);
    bufv__drop_bytes(v, part->length);
    assert(bufv__is_valid(v) && bufv__is_valid(head));
}

apr_status_t bufv_split(bufv_t *v, apr_uint64_t n, bufv_t *head)
{
    bufv__point_t *divided;
    apr_status_t status = check_pair(head, v, n);
    part_t part;

    if (status == APR_SUCCESS && (v == head || n > v->length))
        status = APR_EINVAL;
    if (status == APR_SUCCESS && v->use != BUFV__FREE)
        status = APR_EBUSY;
    if (status != APR_SUCCESS)
        return status;
    bufv__close_copies(v, bufv__end(v));
    bufv__close_copies(head, bufv__end(head));
    part = part_of(v, n);
    divided = divided_point(v, &part);
    status =
        bufv__make_room(head, part.chunks + 1, part.points + 1, part.ranges);
    if (status == APR_SUCCESS && divided != NULL)
        status = bufv__point_share(divided);
    if (status != APR_SUCCESS)
        return status;
    if (n > 0)
        move_number(head, v);
    move_part(head, v, &part, divided);
    return APR_SUCCESS;
}
