/* SPDX-License-Identifier: Apache-2.0 */

/* The list: appending and draining. */

#include "model.h"

#include <stdlib.h>
#include <string.h>

/* Assumed of a queue's growth, where queue.c sees bytes and proves the
 * arithmetic: items keep their contents, and lie apart from all else. */

/*@ requires memory(v);
    requires q == &v->chunks && size == sizeof(struct iovec);
    assigns q->items, q->head, q->tail, q->room;
    assigns chunks(v)[0 .. v->chunks.room - 1];
    ensures memory(v) && unmoved{Pre, Post}(q);
    ensures \result == APR_SUCCESS ==> extra <= q->room - q->tail;
    ensures \forall integer i; 0 <= i < count(v) ==>
            front(v)[i].iov_len == \old(front(v)[i].iov_len);
*/
static apr_status_t some_reserve(bufv_t *v, bufv__queue_t *q, apr_size_t extra,
                                 apr_size_t size);

#define bufv__queue_reserve(q, extra, size) some_reserve(v, q, extra, size)

#include "../../src/list.c"

/* ---- appending */

/*@ predicate appended{K, L}(bufv_t *v, integer len) =
        \at(v->length, L) == \at(v->length, K) + len &&
        \at(count(v), L) == \at(count(v), K) + (len > 0 ? 1 : 0);
*/

/*@ requires v == \null || \valid_read(v);
    assigns \nothing;
    ensures \result == APR_SUCCESS ==>
            v != \null && v->length + len <= UINT64_MAX &&
            len <= PTRDIFF_MAX;
*/
apr_status_t bufv__check(const bufv_t *v, const void *data, apr_size_t len);

/*@ requires v == \null || \valid(v);
    assigns v->status;
    ensures \result == status;
*/
apr_status_t bufv__note(bufv_t *v, apr_status_t status);

/*@ requires memory(v) && v->length + len <= UINT64_MAX;
    requires len > 0 && v->chunks.tail < v->chunks.room;
    assigns v->length, v->chunks.tail, chunks(v)[v->chunks.tail];
    ensures memory(v);
    ensures appended{Pre, Post}(v, len);
    ensures chunks(v)[v->chunks.tail - 1].iov_len == len;
*/
static inline void bufv__put(bufv_t *v, const void *data, apr_size_t len);

/*@ requires v == \null || memory(v);
    ensures v != \null ==> memory(v);
    ensures \result == APR_SUCCESS ==> appended{Pre, Post}(v, len);
    ensures \result != APR_SUCCESS && v != \null ==> appended{Pre, Post}(v, 0);
*/
static apr_status_t append_slowly(bufv_t *v, const void *data, apr_size_t len);

/*@ requires v == \null || memory(v);
    ensures v != \null ==> memory(v);
    ensures \result == APR_SUCCESS ==> appended{Pre, Post}(v, len);
    ensures \result != APR_SUCCESS && v != \null ==> appended{Pre, Post}(v, 0);
*/
apr_status_t bufv_append(bufv_t *v, const void *data, apr_size_t len);

/*@ requires memory(v) && nvec <= v->chunks.room - v->chunks.tail;
    requires \valid_read(vec + (0 .. nvec - 1));
    requires \valid(count) && length == &v->length;
    requires \separated(vec + (0 .. nvec - 1), count, v,
                        chunks(v) + (0 .. v->chunks.room - 1));
    assigns *count, *length,
            chunks(v)[v->chunks.tail .. v->chunks.tail + nvec - 1];
    ensures \result == APR_SUCCESS ==>
            *count <= nvec &&
            v->length == \old(v->length) + total{Pre}(vec, nvec);
    ensures \result != APR_SUCCESS ==> v->length == \old(v->length);
*/
static apr_status_t put_vec(const bufv_t *v, const struct iovec *vec,
                            apr_size_t nvec, apr_size_t *count,
                            apr_uint64_t *length);

/* ---- draining */

/*@ assigns r->window; */
void bufv__range_drop(bufv__range_t *r);

/*@ requires memory(v);
    assigns v->ranges.head, v->ranges.tail, RANGES(v);
    ensures memory(v) && in_place{Pre, Post}(v);
    ensures v->length == \old(v->length);
    ensures v->chunks.head == \old(v->chunks.head);
    ensures v->chunks.tail == \old(v->chunks.tail);
    ensures \forall integer i; 0 <= i < v->chunks.room ==>
            chunks(v)[i].iov_len == \old(chunks(v)[i].iov_len);
*/
static void drop_ranges(bufv_t *v);

/*@ requires memory(v);
    requires chunks <= count(v) && bytes <= v->length;
    requires cut > 0 ==> chunks < count(v) &&
             cut <= front(v)[chunks].iov_len;
    assigns DRAINED(v);
    ensures memory(v) && in_place{Pre, Post}(v);
    ensures v->length + bytes == \old(v->length);
    ensures count(v) + chunks == \old(count(v));
    ensures cut > 0 ==> front(v)[0].iov_len + cut ==
                        \old(front(v)[chunks].iov_len);
*/
void bufv__drop_chunks(bufv_t *v, apr_size_t chunks, apr_size_t cut,
                       apr_uint64_t bytes);

/*@ requires memory(v) && n <= v->length;
    admit requires n > 0 ==>
          count(v) > 0 && range_count(v) > 0 && 0 < first_range(v)->left &&
          first_range(v)->left <= v->length;
    admit requires n > 0 ==>
          0 <= first_range(v)->offset &&
          first_range(v)->offset + first_range(v)->left <= INT64_MAX;
    assigns DRAINED(v);
    ensures memory(v) && in_place{Pre, Post}(v);
    ensures \result <= n && (n > 0 ==> 0 < \result);
    ensures v->length + \result == \old(v->length);
*/
static apr_uint64_t drop_from_range(bufv_t *v, apr_uint64_t n);

/*@ requires memory(v) && n <= v->length;
    ensures memory(v) && in_place{Pre, Post}(v);
    ensures v->length + n == \old(v->length);
*/
void bufv__drop_bytes(bufv_t *v, apr_uint64_t n);
