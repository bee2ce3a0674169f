/* What the proofs speak of. Everything here exists for the prover alone: the
 * functions are those of src/, included as they are. See docs/PROOF.md. */

#ifndef MODEL_H
#define MODEL_H

#include "bufv_private.h"

/* ---- sums. The three axioms are the inductions that SMT provers do not do
 * by themselves; sums.smt2 proves their steps. */

/*@ logic integer total{L}(struct iovec *vec, integer n) =
        n <= 0 ? 0 : total{L}(vec, n - 1) + vec[n - 1].iov_len;

    axiomatic Totals {
        axiom total_positive{L}: \forall struct iovec *vec, integer n;
            0 <= total{L}(vec, n);
        axiom total_split{L}: \forall struct iovec *vec, integer k, n;
            0 <= k <= n ==>
                total{L}(vec, n) ==
                total{L}(vec, k) + total{L}(vec + k, n - k);
        axiom total_same{K, L}: \forall struct iovec *vec, integer n;
            (\forall integer i; 0 <= i < n ==>
                \at(vec[i].iov_len, K) == \at(vec[i].iov_len, L)) ==>
            total{K}(vec, n) == total{L}(vec, n);
    }

    lemma total_grows{L}: \forall struct iovec *vec, integer k, n;
        0 <= k <= n ==> total{L}(vec, k) <= total{L}(vec, n);
*/

/* ---- vec.c */

/*@ requires \valid_read(vec + (0 .. nvec - 1)) && \valid(n);
    requires \separated(n, vec + (0 .. nvec - 1));
    assigns *n;
    ensures \result <= nvec;
    ensures total(vec, \result) + *n == \old(*n);
    ensures \result < nvec ==> *n < vec[\result].iov_len;
*/
apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n);

/*@ requires \valid_read(vec + (0 .. nvec - 1)) && \valid(bytes);
    requires \separated(bytes, vec + (0 .. nvec - 1));
    assigns *bytes;
    ensures \result <= nvec;
    ensures *bytes == total(vec, \result) <= max;
    ensures \result < nvec ==> *bytes + vec[\result].iov_len > max;
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
        q->head <= q->tail <= q->room && q->room * size <= PTRDIFF_MAX;

    predicate unmoved{K, L}(bufv__queue_t *q) =
        \at(q->tail - q->head, K) == \at(q->tail - q->head, L);
*/

/*@ requires \valid(q) && q->head + n <= q->tail;
    assigns q->head, q->tail;
    ensures q->tail - q->head == \old(q->tail - q->head) - n;
    ensures q->head == \old(q->head) + n && q->tail == \old(q->tail) ||
            q->head == q->tail == 0;
*/
static inline void bufv__queue_drop(bufv__queue_t *q, apr_size_t n);

#endif
