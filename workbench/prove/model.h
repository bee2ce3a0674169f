/* SPDX-License-Identifier: Apache-2.0 */

/* What the proofs speak of. Everything here exists for the prover alone: the
 * functions are those of src/, included as they are. See docs/PROOF.md. */

#ifndef MODEL_H
#define MODEL_H

#include "bufv_private.h"

/* ---- sums. The axioms are the inductions that SMT provers do not do
 * by themselves; sums.smt2 proves their steps. */

/*@ logic integer total{L}(struct iovec *vec, integer n) =
        n <= 0 ? 0 : total{L}(vec, n - 1) + vec[n - 1].iov_len;

    axiomatic Totals {
        axiom total_positive{L}: \forall struct iovec *vec, integer n;
            0 <= total{L}(vec, n);
        axiom total_grows{L}: \forall struct iovec *vec, integer k, n;
            0 <= k <= n ==> total{L}(vec, k) <= total{L}(vec, n);
        axiom total_same{K, L}: \forall struct iovec *vec, integer n;
            (\forall integer i; 0 <= i < n ==>
                \at(vec[i].iov_len, K) == \at(vec[i].iov_len, L)) ==>
            total{K}(vec, n) == total{L}(vec, n);
    }
*/

/* ---- unsigned arithmetic wraps around: one less than nothing is the most.
 * The provers know that it wraps, and do not think of it. */

/*@ axiomatic Wrap {
        axiom below_nothing: \forall integer x;
            x == -1 ==> (apr_size_t)x == SIZE_MAX;
    }
*/

/* ---- sums */

/*@ requires \valid_read(vec + (0 .. nvec - 1)) && \valid(n);
    requires \separated(n, vec + (0 .. nvec - 1));
    assigns *n;
    ensures \result <= nvec;
    ensures total{Pre}(vec, \result) + *n == \old(*n);
    ensures \result < nvec ==> *n < vec[\result].iov_len;
*/
apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n);

/*@ requires \valid_read(vec + (0 .. nvec - 1)) && \valid(bytes);
    requires \separated(bytes, vec + (0 .. nvec - 1));
    assigns *bytes;
    ensures \result <= nvec;
    ensures *bytes == total{Pre}(vec, \result) <= max;
    ensures \result < nvec ==>
            total{Pre}(vec, \result + 1) == *bytes + vec[\result].iov_len >
   max;
*/
apr_size_t bufv__vec_fit(const struct iovec *vec, apr_size_t nvec,
                         apr_size_t max, apr_size_t *bytes);

/*@ requires \valid_read(vec + (0 .. nvec - 1));
    requires total(vec, nvec) <= SIZE_MAX;
    assigns \nothing;
    ensures \result == total(vec, nvec);
*/
apr_size_t bufv__vec_sum(const struct iovec *vec, apr_size_t nvec);

/* ---- queue.c */

/*@ predicate queue{L}(bufv__queue_t *q, integer size) =
        q->head <= q->tail <= q->room && q->room * size <= PTRDIFF_MAX &&
        q->room <= PTRDIFF_MAX / size;

    predicate unmoved{K, L}(bufv__queue_t *q) =
        \at(q->tail - q->head, K) == \at(q->tail - q->head, L);
*/

/*@ requires \valid(q) && q->head + n <= q->tail;
    assigns q->head, q->tail;
    ensures q->tail - q->head == \old(q->tail - q->head) - n;
    ensures n < \old(q->tail - q->head) ==>
            q->head == \old(q->head) + n && q->tail == \old(q->tail);
    ensures n == \old(q->tail - q->head) ==> q->head == q->tail == 0;
*/
static inline void bufv__queue_drop(bufv__queue_t *q, apr_size_t n);

/* ---- lists */

/* What draining changes of a list, for `assigns`. */
#define RANGES(v) \
    \at(ranges(v), Pre)[0.. \at(v->ranges.room, Pre) - 1]
#define DRAINED(v)                                                  \
    v->length, v->number, v->first, v->chunks.head, v->chunks.tail, \
        v->ranges.head, v->ranges.tail, RANGES(v), \
        \at(chunks(v), Pre)[0.. \at(v->chunks.room, Pre) - 1]

/*@ logic struct iovec *chunks{L}(bufv_t *v) =
        (struct iovec *)v->chunks.items;
    logic struct iovec *front{L}(bufv_t *v) = chunks(v) + v->chunks.head;
    logic integer count{L}(bufv_t *v) = v->chunks.tail - v->chunks.head;

    logic bufv__range_t *ranges{L}(bufv_t *v) =
        (bufv__range_t *)v->ranges.items;
    logic bufv__range_t *first_range{L}(bufv_t *v) =
        ranges(v) + v->ranges.head;
    logic integer range_count{L}(bufv_t *v) =
        v->ranges.tail - v->ranges.head;

    // Which chunk from the front a range is.
    logic integer place{L}(bufv_t *v, integer i) =
        (apr_uint64_t)(first_range(v)[i].at - v->first);

    predicate memory{L}(bufv_t *v) =
        \valid(v) &&
        (v->chunks.items == \null ==> v->chunks.room == 0) &&
        (v->ranges.items == \null ==> v->ranges.room == 0) &&
        queue(&v->chunks, sizeof(struct iovec)) &&
        queue(&v->ranges, sizeof(bufv__range_t)) &&
        \valid(chunks(v) + (0 .. v->chunks.room - 1)) &&
        \valid(ranges(v) + (0 .. v->ranges.room - 1)) &&
        \separated(v, chunks(v) + (0 .. v->chunks.room - 1),
                   ranges(v) + (0 .. v->ranges.room - 1));

    predicate in_place{K, L}(bufv_t *v) =
        \at(v->chunks.items, K) == \at(v->chunks.items, L) &&
        \at(v->chunks.room, K) == \at(v->chunks.room, L) &&
        \at(v->ranges.items, K) == \at(v->ranges.items, L) &&
        \at(v->ranges.room, K) == \at(v->ranges.room, L);

    // The part of a list's invariant that these proofs take for granted.
    predicate placed{L}(bufv_t *v) =
        (range_count(v) > 0 ==>
            (apr_uint64_t)(first_range(v)->at - v->first) < count(v)) &&
        \forall integer i; 0 <= i < range_count(v) ==>
            place(v, i) < count(v);
*/

/*@ assigns \nothing;
    ensures \result.iov_len == len;
*/
static inline struct iovec bufv__entry(const void *data, apr_size_t len);

/*@ requires \valid_read(v) && v->chunks.head <= v->chunks.tail;
    assigns \nothing;
    ensures \result == count(v);
*/
apr_size_t bufv_count(const bufv_t *v);

/*@ requires memory(v);
    admit requires placed(v);
    assigns \nothing;
    ensures \result.vec == front(v) || count(v) == 0;
    ensures \result.count <= count(v);
    ensures range_count(v) == 0 ==>
            \result.range == \null && \result.count == count(v);
    ensures range_count(v) > 0 ==> \result.range == first_range(v);
*/
static inline bufv__view_t bufv__view(const bufv_t *v);

#endif
