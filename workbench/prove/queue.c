/* SPDX-License-Identifier: Apache-2.0 */

/* The arithmetic of queues: here the items are bytes. */

#include "model.h"

#include <stdlib.h>
#include <string.h>

/*@ requires 0 < size <= PTRDIFF_MAX;
    assigns \result \from old, size;
    ensures \result == \null || \valid((char *)\result + (0 .. size - 1));
*/
static void *some_realloc(void *old, apr_size_t size);

/*@ requires \valid((char *)to + (0 .. n - 1));
    requires \valid_read((char *)from + (0 .. n - 1));
    assigns ((char *)to)[0 .. n - 1];
*/
static void some_memmove(void *to, const void *from, apr_size_t n);

#define realloc some_realloc
#define memmove some_memmove

/*@ predicate bytes_of{L}(bufv__queue_t *q, integer size) =
        \valid((char *)q->items + (0 .. q->room * size - 1)) &&
        \separated(q, (char *)q->items + (0 .. q->room * size - 1));
*/

#include "../../src/queue.c"

/*@ requires \valid(q) && 0 < size <= 256;
    requires queue(q, size) && bytes_of(q, size);
    assigns q->head, q->tail;
    assigns ((char *)q->items)[0 .. q->room * size - 1];
    ensures queue(q, size) && q->head == 0 && unmoved{Pre, Post}(q);
*/
static void slide(bufv__queue_t *q, apr_size_t size);

/*@ requires \valid(q) && 0 < size <= 256;
    requires queue(q, size) && bytes_of(q, size);
    assigns q->items, q->head, q->tail, q->room;
    assigns ((char *)q->items)[0 .. q->room * size - 1];
    ensures queue(q, size) && unmoved{Pre, Post}(q);
    ensures \valid((char *)q->items + (0 .. q->room * size - 1));
    ensures \result == APR_SUCCESS ==> extra <= q->room - q->tail;
    ensures q->head == 0 || q->head == \old(q->head);
    ensures \result == APR_SUCCESS || \result == APR_ENOMEM;
    ensures \result != APR_SUCCESS ==>
            q->items == \old(q->items) && q->room == \old(q->room);
*/
apr_status_t bufv__queue_grow(bufv__queue_t *q, apr_size_t extra,
                              apr_size_t size);

/*@ requires \valid(q) && 0 < size <= 256;
    requires queue(q, size) && bytes_of(q, size);
    assigns q->items, q->head, q->tail, q->room;
    assigns ((char *)q->items)[0 .. q->room * size - 1];
    ensures queue(q, size) && unmoved{Pre, Post}(q);
    ensures \valid((char *)q->items + (0 .. q->room * size - 1));
    ensures \result == APR_SUCCESS ==> extra <= q->room - q->tail;
    ensures q->head == 0 || q->head == \old(q->head);
*/
static inline apr_status_t
bufv__queue_reserve(bufv__queue_t *q, apr_size_t extra, apr_size_t size);
