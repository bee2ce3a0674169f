/* SPDX-License-Identifier: Apache-2.0 */

/* The planner: what a batch holds, and within which limits. */

#include "model.h"

#include <stdlib.h>
#include <string.h>

#define __builtin_prefetch(address) ((void)(address))

/* Assumed of memcpy(), where it copies entries of a batch. */

/*@ requires n <= BUFV__VEC_MAX && \valid(to + (0 .. BUFV__VEC_MAX - 1));
    requires \valid_read(from + (0 .. n - 1));
    assigns to[0 .. BUFV__VEC_MAX - 1];
    ensures \forall integer i; 0 <= i < n ==>
            to[i].iov_len == \old(from[i].iov_len);
*/
static void copy_entries(struct iovec *to, const struct iovec *from,
                         apr_size_t n);

#define memcpy(to, from, bytes)                                \
    copy_entries((struct iovec *)(to), (struct iovec *)(from), \
                 (bytes) / sizeof(struct iovec))

#include "../../src/plan.c"

/* ---- by reference */

/*@ predicate seen(bufv__view_t *view) =
        \valid_read(view) &&
        \valid_read(view->vec + (0 .. view->count - 1));
*/

/*@ requires \valid(b) && seen(view) && \valid_read(limits);
    requires \separated(b, view, limits, view->vec + (0 .. view->count - 1));
    requires b->cut == 0;
    assigns b->vec, b->nvec, b->bytes, b->chunks, b->cut,
            b->own[0 .. BUFV__VEC_MAX - 1];
    ensures b->bytes <= \old(limits->bytes);
    ensures b->nvec <= \old(limits->vec);
    ensures b->nvec <= \old(view->count);
    ensures b->bytes == total{Pre}(\old(view->vec), b->chunks) + b->cut;
    ensures b->cut == 0 ==> b->vec == \old(view->vec);
    ensures b->cut == 0 ==> b->nvec == b->chunks;
    ensures b->cut > 0 ==> b->vec == &b->own[0];
    ensures b->cut > 0 ==> b->nvec == b->chunks + 1;
    ensures b->cut > 0 ==> b->chunks < BUFV__VEC_MAX;
    ensures b->cut > 0 ==> b->own[b->chunks].iov_len == b->cut;
    ensures b->cut > 0 ==>
            b->cut < \at(view->vec[\at(b->chunks, Post)].iov_len, Pre);
    ensures b->cut == 0 ==> \forall integer i; 0 <= i < b->chunks ==>
            b->vec[i].iov_len == \at(view->vec[\at(i, Post)].iov_len, Pre);
    ensures b->cut > 0 ==> \forall integer i; 0 <= i < b->chunks ==>
            b->own[i].iov_len == \at(view->vec[\at(i, Post)].iov_len, Pre);
*/
static void refer(bufv__batch_t *b, const bufv__view_t *view,
                  const bufv__limits_t *limits);

/* ---- a vector of the batch's own */

/*@ predicate gather(gather_t *g) =
        \valid(g) && \valid(g->b) && \separated(g, g->b) &&
        g->b->nvec <= g->max_vec <= BUFV__VEC_MAX &&
        g->b->copied <= g->b->bytes &&
        g->b->bytes + g->left <= SIZE_MAX;

    logic integer limit{L}(gather_t *g) = g->b->bytes + g->left;
*/

/*@ requires \valid_read(b) && b->nvec <= BUFV__VEC_MAX;
    assigns \nothing;
    ensures \result != 0 ==> b->nvec > 0;
*/
static int extends_last(const bufv__batch_t *b, const char *base);

/*@ requires gather(g) && len <= g->left;
    requires g->b->nvec < g->max_vec;
    assigns g->left, g->b->nvec, g->b->bytes,
            g->b->own[0 .. BUFV__VEC_MAX - 1];
    ensures gather(g) && limit(g) == \old(limit(g));
    ensures g->b->bytes == \old(g->b->bytes) + len;
    ensures \old(g->b->nvec) <= g->b->nvec <= \old(g->b->nvec) + 1;
*/
static void add(gather_t *g, const void *base, apr_size_t len, int may_extend);

/*@ requires gather(g) && chunks <= g->count;
    requires g->b->chunks + chunks <= SIZE_MAX;
    assigns g->vec, g->count, g->b->chunks;
    ensures gather(g) && g->vec == \old(g->vec) + chunks;
    ensures g->count + chunks == \old(g->count);
    ensures g->b->chunks == \old(g->b->chunks) + chunks;
*/
static void step(gather_t *g, apr_size_t chunks);

/*@ requires gather(g) && bytes <= g->left && bytes <= g->room;
    requires bytes > 0 ==> g->b->nvec < g->max_vec;
    assigns g->left, g->to, g->room, g->b->nvec, g->b->bytes, g->b->copied,
            g->b->own[0 .. BUFV__VEC_MAX - 1];
    ensures gather(g) && limit(g) == \old(limit(g));
    ensures g->b->copied == \old(g->b->copied) + bytes;
    ensures g->b->bytes == \old(g->b->bytes) + bytes;
    ensures g->room + bytes == \old(g->room);
*/
static void add_copied(gather_t *g, apr_size_t bytes);

/* ---- limits */

/*@ requires \valid_read(limits);
    assigns \nothing;
    ensures \result <= limits->copy_below;
    ensures \result <= BUFV__SCRATCH_MAX ||
            limits->bytes <= BUFV__SCRATCH_MAX;
*/
static apr_size_t copied_below(const bufv__limits_t *limits);

/*@ assigns \nothing;
    ensures \result <= a && \result <= b && \result <= c;
    ensures \result == a || \result == b || \result == c;
*/
static apr_size_t smallest(apr_uint64_t a, apr_size_t b, apr_size_t c);

/*@ requires \valid(b) && \valid_read(range) && \valid_read(limits);
    requires \separated(b, range, limits);
    requires b->bytes == 0 && b->cut == 0 && b->chunks == 0;
    requires range->left > 0 && limits->bytes > 0;
    assigns b->range, b->bytes, b->cut, b->chunks;
    ensures 0 < b->bytes <= limits->bytes && b->bytes <= range->left;
    ensures b->chunks == 1 ==> b->cut == 0 && b->bytes == range->left;
    ensures b->chunks != 1 ==>
            b->chunks == 0 && b->cut == b->bytes < range->left;
*/
static void plan_sendfile(bufv__batch_t *b, const bufv__range_t *range,
                          const bufv__limits_t *limits);
