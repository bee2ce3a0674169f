/* The list: appending and draining. */

#include "model.h"

#include <stdlib.h>
#include <string.h>

/* Assumed of a queue's growth, where queue.c sees bytes and proves the
 * arithmetic: items keep their contents, and lie apart from all else. */

/*@ requires list(v);
    requires q == &v->chunks && size == sizeof(struct iovec);
    assigns q->items, q->head, q->tail, q->room;
    assigns chunks(v)[0 .. v->chunks.room - 1];
    ensures list(v) && unmoved{Pre, Post}(q);
    ensures \result == APR_SUCCESS ==> extra <= q->room - q->tail;
    ensures \forall integer i; 0 <= i < count(v) ==>
            front(v)[i].iov_len == \old(front(v)[i].iov_len);
*/
static apr_status_t some_reserve(bufv_t *v, bufv__queue_t *q,
                                 apr_size_t extra, apr_size_t size);

#define bufv__queue_reserve(q, extra, size) some_reserve(v, q, extra, size)

#include "../../src/list.c"

/* ---- appending */

/*@ requires \valid_read(v);
    assigns \nothing;
    ensures \result == APR_SUCCESS ==>
            v->length + len <= UINT64_MAX && len <= PTRDIFF_MAX;
*/
static apr_status_t check(const bufv_t *v, const void *data, apr_size_t len);

/*@ requires list(v) && v->length + len <= UINT64_MAX;
    requires len > 0 ==> v->chunks.tail < v->chunks.room;
    assigns v->length, v->chunks.tail, chunks(v)[v->chunks.tail];
    ensures list(v);
    ensures v->length == \old(v->length) + len;
    ensures count(v) == \old(count(v)) + (len > 0 ? 1 : 0);
    ensures len > 0 ==> front(v)[count(v) - 1].iov_len == len;
*/
static void put(bufv_t *v, const void *data, apr_size_t len);

/*@ requires v == \null || list(v);
    assigns v->length, v->chunks.items, v->chunks.head, v->chunks.tail,
            v->chunks.room, chunks(v)[0 .. v->chunks.room - 1];
    ensures v != \null ==> list(v);
    ensures \result == APR_SUCCESS ==>
            v->length == \old(v->length) + len &&
            count(v) == \old(count(v)) + (len > 0 ? 1 : 0);
    ensures \result != APR_SUCCESS && v != \null ==>
            v->length == \old(v->length) && count(v) == \old(count(v));
*/
static apr_status_t append_slowly(bufv_t *v, const void *data, apr_size_t len);

/*@ requires v == \null || list(v);
    assigns v->length, v->chunks.items, v->chunks.head, v->chunks.tail,
            v->chunks.room, chunks(v)[0 .. v->chunks.room - 1];
    ensures v != \null ==> list(v);
    ensures \result == APR_SUCCESS ==>
            v->length == \old(v->length) + len &&
            count(v) == \old(count(v)) + (len > 0 ? 1 : 0);
    ensures \result != APR_SUCCESS && v != \null ==>
            v->length == \old(v->length) && count(v) == \old(count(v));
*/
apr_status_t bufv_append(bufv_t *v, const void *data, apr_size_t len);

/*@ requires list(v) && nvec <= v->chunks.room - v->chunks.tail;
    requires \valid_read(vec + (0 .. nvec - 1));
    requires \valid(count) && \valid(length);
    requires \separated(vec + (0 .. nvec - 1),
                        chunks(v) + (0 .. v->chunks.room - 1), count, length);
    requires \separated(count, length);
    requires \separated(count, v);
    requires \separated(count, chunks(v) + (0 .. v->chunks.room - 1));
    requires \separated(length, chunks(v) + (0 .. v->chunks.room - 1));
    assigns *count, *length,
            chunks(v)[v->chunks.tail .. v->chunks.tail + nvec - 1];
    ensures \result == APR_SUCCESS ==>
            *count <= nvec &&
            *length == \old(v->length) + total{Pre}(vec, nvec) &&
            *length == \old(v->length) +
                       total(chunks(v) + v->chunks.tail, *count);
    ensures \result != APR_SUCCESS ==> *length == \old(*length);
*/
static apr_status_t put_vec(const bufv_t *v, const struct iovec *vec,
                            apr_size_t nvec, apr_size_t *count,
                            apr_uint64_t *length);
