/* SPDX-License-Identifier: Apache-2.0 */

/* The planner: what a batch holds, and within which limits. */

#include "model.h"

#include <stdlib.h>
#include <string.h>

#define __builtin_prefetch(address) ((void)(address))

#include "../../src/plan.c"

/* ---- by reference */

/*@ requires memory(v) && \valid(b) && \valid_read(limits);
    requires \separated(b, v, limits, chunks(v) + (0 .. v->chunks.room - 1));
    requires b->cut == 0 && b->trimmed == 0;
    assigns b->vec, b->nvec, b->bytes, b->chunks, b->cut, b->trimmed;
    ensures b->vec == front(v);
    ensures b->bytes <= limits->bytes;
    ensures b->nvec <= limits->vec && b->nvec <= count(v);
    ensures b->bytes == total{Pre}(front(v), b->chunks) + b->cut;
    ensures b->trimmed == 0 ==> b->cut == 0 && b->nvec == b->chunks;
    ensures b->trimmed > 0 ==>
            b->nvec == b->chunks + 1 && b->cut > 0 &&
            b->cut + b->trimmed == front(v)[b->chunks].iov_len;
*/
static void refer(bufv__batch_t *b, const bufv_t *v,
                  const bufv__limits_t *limits);

/*@ requires memory(v) && \valid_read(b);
    requires \separated(b, v, chunks(v) + (0 .. v->chunks.room - 1));
    requires b->trimmed > 0 ==>
             b->chunks < count(v) &&
             b->trimmed <= front(v)[b->chunks].iov_len;
    assigns front(v)[b->chunks].iov_len;
    ensures front(v)[b->chunks].iov_len + b->trimmed ==
            \old(front(v)[b->chunks].iov_len);
*/
static void trim(const bufv__batch_t *b, bufv_t *v);

/*@ requires memory(v) && \valid_read(b);
    requires \separated(b, v, chunks(v) + (0 .. v->chunks.room - 1));
    requires b->trimmed > 0 ==>
             b->chunks < count(v) &&
             b->trimmed + front(v)[b->chunks].iov_len <= SIZE_MAX;
    assigns front(v)[b->chunks].iov_len;
    ensures front(v)[b->chunks].iov_len ==
            \old(front(v)[b->chunks].iov_len) + b->trimmed;
*/
void bufv__unplan(const bufv__batch_t *b, bufv_t *v);

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
static int follows(const bufv__batch_t *b, const char *base);

/*@ requires gather(g) && len <= g->left;
    requires g->b->nvec < g->max_vec;
    assigns g->left, g->b->nvec, g->b->bytes, g->b->own[0 .. BUFV__VEC_MAX -
   1]; ensures gather(g) && limit(g) == \old(limit(g)); ensures g->b->bytes ==
   \old(g->b->bytes) + len; ensures \old(g->b->nvec) <= g->b->nvec <=
   \old(g->b->nvec) + 1;
*/
static void add(gather_t *g, const void *base, apr_size_t len);

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

/*@ requires \valid_read(limits) && \valid_read(v);
    assigns \nothing;
    ensures \result <= v->length && \result <= limits->bytes;
    ensures \result == v->length || \result == limits->bytes;
*/
static apr_uint64_t most(const bufv_t *v, const bufv__limits_t *limits);
