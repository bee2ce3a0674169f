/* SPDX-License-Identifier: Apache-2.0 */

/* An array that is filled at its end and drained at its front. */

#include "bufv_private.h"

#include <stdlib.h>
#include <string.h>

/* The first allocation of a queue: a header, a body, a trailer and some. */
#define QUEUE_FIRST 16

static void slide(bufv__queue_t *q, apr_size_t size)
{
    char *items = q->items;
    apr_size_t count = bufv__queue_count(q);

    if (q->head == 0)
        return;
    memmove(items, items + q->head * size, count * size);
    q->head = 0;
    q->tail = count;
}

/* Sliding costs a move for each item that is left, and is done without
 * growing only when at least as many were drained: amortised O(1) an item. */
apr_status_t bufv__queue_grow(bufv__queue_t *q, apr_size_t extra,
                              apr_size_t size)
{
    apr_size_t count = bufv__queue_count(q), most = PTRDIFF_MAX / size;
    apr_size_t room = q->room;
    void *items;

    if (extra > most - count)
        return APR_ENOMEM;
    if (q->head >= count && extra <= room - count) {
        slide(q, size);
        return APR_SUCCESS;
    }
    room = room > most / 2 ? most : room * 2;
    if (room < QUEUE_FIRST)
        room = QUEUE_FIRST;
    if (room < count + extra)
        room = count + extra;
    slide(q, size);
    items = realloc(q->items, room * size);
    if (items == NULL)
        return APR_ENOMEM;
    q->items = items;
    q->room = room;
    return APR_SUCCESS;
}

/* A gap as long as the queue makes this amortised O(1) an item. */
apr_status_t bufv__queue_make_gap(bufv__queue_t *q, apr_size_t size)
{
    apr_size_t count = bufv__queue_count(q), gap = count + 1;
    apr_status_t status;

    if (q->head > 0)
        return APR_SUCCESS;
    status = bufv__queue_reserve(q, gap, size);
    if (status != APR_SUCCESS)
        return status;
    memmove((char *)q->items + gap * size, q->items, count * size);
    q->head = gap;
    q->tail = gap + count;
    return APR_SUCCESS;
}

void bufv__queue_fit(bufv__queue_t *q, apr_size_t size)
{
    void *items;

    slide(q, size);
    if (q->tail == 0) {
        free(q->items);
        q->items = NULL;
        q->room = 0;
        return;
    }
    items = realloc(q->items, q->tail * size);
    if (items == NULL)
        return;
    q->items = items;
    q->room = q->tail;
}
