/* SPDX-License-Identifier: Apache-2.0 */

/* The planner: what a batch holds, and within which limits. */

#include "model.h"

#include <stdlib.h>
#include <string.h>

/* memcpy() of entries, to an array as long as a batch's own. */

/*@ requires \valid((struct iovec *)to + (0 .. BUFV__VEC_MAX - 1));
    requires n <= BUFV__VEC_MAX * sizeof(struct iovec);
    requires \valid_read((struct iovec *)from +
                         (0 .. n / sizeof(struct iovec) - 1));
    assigns ((struct iovec *)to)[0 .. BUFV__VEC_MAX - 1];
*/
static void some_memcpy(void *to, const void *from, apr_size_t n);

#define memcpy some_memcpy
#define __builtin_prefetch(address) ((void)(address))

#include "../../src/plan.c"

/* ---- by reference */

/*@ requires \valid(b) && \valid_read(view) && \valid_read(limits);
    requires \valid_read(view->vec + (0 .. view->count - 1));
    requires \separated(b, view, limits, view->vec + (0 .. view->count - 1));
    requires b->cut == 0;
    assigns b->vec, b->nvec, b->bytes, b->chunks, b->cut,
            b->own[0 .. BUFV__VEC_MAX - 1];
    ensures b->bytes <= limits->bytes;
    ensures b->nvec <= limits->vec && b->nvec <= view->count;
    ensures b->bytes == total{Pre}(view->vec, b->chunks) + b->cut;
    ensures b->cut == 0 ==> b->nvec == b->chunks && b->vec == view->vec;
    ensures b->cut > 0 ==>
            b->nvec == b->chunks + 1 && b->nvec <= BUFV__VEC_MAX &&
            b->vec == &b->own[0] && b->own[b->chunks].iov_len == b->cut &&
            b->cut < \old(view->vec)[b->chunks].iov_len;
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
    requires g->b->nvec < g->max_vec;
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
