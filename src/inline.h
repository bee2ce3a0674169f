/* SPDX-License-Identifier: Apache-2.0 */

/* The small functions of bufv_private.h, which includes this. */

#ifndef BUFV_INLINE_H
#define BUFV_INLINE_H

/* ---- queues */

static inline apr_size_t bufv__queue_count(const bufv__queue_t *q)
{
    return q->tail - q->head;
}

/* Makes room at the end for `extra` items of `size` bytes. */
static inline apr_status_t
bufv__queue_reserve(bufv__queue_t *q, apr_size_t extra, apr_size_t size)
{
    if (extra <= q->room - q->tail)
        return APR_SUCCESS;
    return bufv__queue_grow(q, extra, size);
}

/* Drops the first n, which there must be. An empty queue begins anew, so that
 * it need not grow. */
static inline void bufv__queue_drop(bufv__queue_t *q, apr_size_t n)
{
    assert(n <= bufv__queue_count(q));
    q->head += n;
    if (q->head == q->tail)
        q->head = q->tail = 0;
}

/* ---- lists */

/* Makes room at the end of a list for so many chunks, points and ranges, so
 * that what follows cannot fail half-way. APR_ENOMEM. */
static inline apr_status_t bufv__make_room(bufv_t *v, apr_size_t chunks,
                                           apr_size_t points,
                                           apr_size_t ranges)
{
    apr_status_t status;

    status = bufv__queue_reserve(&v->chunks, chunks, sizeof(struct iovec));
    if (status == APR_SUCCESS)
        status =
            bufv__queue_reserve(&v->points, points, sizeof(bufv__point_t));
    if (status == APR_SUCCESS)
        status =
            bufv__queue_reserve(&v->ranges, ranges, sizeof(bufv__range_t));
    return status;
}

/* The first chunk. There must have been one. */
static inline struct iovec *bufv__front(const bufv_t *v)
{
    return (struct iovec *)v->chunks.items + v->chunks.head;
}

/* The first range; NULL if none was ever appended. */
static inline bufv__range_t *bufv__ranges(const bufv_t *v)
{
    if (v->ranges.items == NULL)
        return NULL;
    return (bufv__range_t *)v->ranges.items + v->ranges.head;
}

/* The first release point; likewise. */
static inline bufv__point_t *bufv__points(const bufv_t *v)
{
    if (v->points.items == NULL)
        return NULL;
    return (bufv__point_t *)v->points.items + v->points.head;
}

/* The number of the chunk that would be appended next. */
static inline apr_uint64_t bufv__end(const bufv_t *v)
{
    return v->first + bufv__queue_count(&v->chunks);
}

/* Where a release point of the list is due, also the open one. */
static inline apr_uint64_t bufv__due_at(const bufv_t *v,
                                        const bufv__point_t *point)
{
    const bufv__point_t *points = v->points.items;

    if (v->copies && point == points + v->points.tail - 1)
        return bufv__end(v);
    return point->at;
}

/* Whether a release is due. */
static inline int bufv__has_due(const bufv_t *v)
{
    return bufv__queue_count(&v->points) > 0 &&
           (apr_int64_t)(bufv__due_at(v, bufv__points(v)) - v->first) <= 0;
}

/* Looks at the front, in constant time. */
static inline bufv__view_t bufv__view(const bufv_t *v)
{
    bufv__view_t view;

    view.vec = v->chunks.items != NULL ? bufv__front(v) : NULL;
    view.count = bufv__queue_count(&v->chunks);
    view.at = v->first;
    view.end = v->first + view.count;
    view.ranges = bufv__queue_count(&v->ranges);
    view.range = NULL;
    if (view.ranges > 0) {
        view.range = bufv__ranges(v);
        view.count = (apr_size_t)(view.range->at - view.at);
    }
    assert(view.vec != NULL || (view.count == 0 && view.range == NULL));
    return view;
}

/* Begins a call that uses the list, which must be free. Until bufv__leave()
 * callbacks may append to it and nothing else, and it outlives its
 * destruction. */
static inline void bufv__enter(bufv_t *v)
{
    assert(v->use == BUFV__FREE && bufv__is_valid(v));
    v->use = BUFV__IN_USE;
}

/* Lends a list that is in use to an operation, and takes it back. Between the
 * two nothing may change it, and pointers into its arrays are valid. Its room
 * is hidden, so that bufv_append() need not look whether it may append. */
static inline void bufv__lend(bufv_t *v)
{
    assert(v->use == BUFV__IN_USE && bufv__is_valid(v));
    v->use = BUFV__LENT;
    v->hidden = v->chunks.room - v->chunks.tail;
    v->chunks.room = v->chunks.tail;
}

static inline void bufv__take_back(bufv_t *v)
{
    assert(v->use == BUFV__LENT && bufv__is_valid(v));
    v->chunks.room += v->hidden;
    v->hidden = 0;
    v->use = BUFV__IN_USE;
}

/* Appends a chunk that is not empty and for which there is room. */
static inline void bufv__put(bufv_t *v, const void *data, apr_size_t len)
{
    struct iovec *vec = v->chunks.items;

    assert(len > 0 && v->chunks.tail < v->chunks.room);
    vec[v->chunks.tail++] = bufv__entry(data, len);
    v->length += len;
}

/* The open release point of copies ends before the chunk `at`: another point
 * follows from there on. */
static inline void bufv__close_copies(bufv_t *v, apr_uint64_t at)
{
    bufv__point_t *points = v->points.items;

    if (v->copies)
        points[v->points.tail - 1].at = at;
    v->copies = 0;
}

/* Whether the list or the writer of a call was destroyed in it. */
static inline int bufv__are_doomed(const bufv_t *v, const bufv_writer_t *w)
{
    return v->doomed || w->doomed;
}

/* ---- limits */

/* Returns whether the deadline or `within` has passed. The stall limit is met
 * by waiting alone. */
static inline int bufv__clock_is_over(bufv__clock_t *c)
{
    return (c->within != 0 || c->w->deadline != 0) &&
           bufv__clock_has_passed(c);
}

/* Whether a wait timed out because a single one is limited, when more time was
 * left: then it goes on. One that was far shorter met a limit that is not
 * ours; half of BUFV__WAIT_MAX is the bound, since clocks differ. */
static inline int bufv__wait_was_cut(apr_interval_time_t left,
                                     apr_interval_time_t waited)
{
    return left > BUFV__WAIT_MAX && waited >= BUFV__WAIT_MAX / 2;
}

/* ---- scratch memory */

/* Gives back what was lent, if anything was. What was in it is no longer
 * valid. */
static inline void bufv__scratch_end(bufv__scratch_t *s)
{
    if (s->bytes != s->small)
        bufv__scratch_give_back(s);
}

/* ---- writers */

/* The short lock of a writer's state, which is not held while it writes. */
static inline void bufv__writer_lock(const bufv_writer_t *w)
{
    if (w->monitor != NULL)
        bufv__monitor_enter(w->monitor);
}

static inline void bufv__writer_unlock(const bufv_writer_t *w)
{
    if (w->monitor != NULL)
        bufv__monitor_leave(w->monitor);
}

#endif /* BUFV_INLINE_H */
