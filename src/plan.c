/* SPDX-License-Identifier: Apache-2.0 */

/* What one attempt is given.
 *
 * | what is at the front of the list                  | the attempt is given |
 * |---------------------------------------------------|----------------------|
 * | a message that fits: few chunks, all in memory    | the list's own vector|
 * | any other message                                 | one copy of it       |
 * | a range that goes unread                          | sendfile             |
 * | chunks, of which no two neighbours are small or   | the list's own vector|
 * | adjacent, up to the limits or an unread range     |                      |
 * | anything else                                     | a gathered vector    |
 *
 * The list's own vector is copied only if its last chunk has to be cut. In a
 * gathered vector small neighbours have been copied together, adjacent ones
 * merged, and short ranges of files read. Copying never costs an attempt: a
 * batch goes on until it has as many chunks as one without copies would have,
 * whatever becomes of the scratch memory. */

#include "bufv_private.h"
#include "copy.h"

#include <string.h>

/* ---- by reference */

/* Plans as many chunks in memory as fit, as the list's own vector; as a copy
 * of it if the last one is cut. Where there is no room for a copy the batch
 * ends before that one. */
static void refer(bufv__batch_t *b, const bufv__view_t *view,
                  const bufv__limits_t *limits)
{
    apr_size_t n = view->count < limits->vec ? view->count : limits->vec;

    b->vec = view->vec;
    b->chunks = bufv__vec_fit(b->vec, n, limits->bytes, &b->bytes);
    b->nvec = b->chunks;
    if (b->chunks == n || b->bytes == limits->bytes ||
        b->chunks >= BUFV__VEC_MAX)
        return;
    b->cut = limits->bytes - b->bytes;
    b->bytes = limits->bytes;
    b->nvec++;
    memcpy(b->own, b->vec, b->nvec * sizeof(*b->own));
    b->own[b->chunks].iov_len = b->cut;
    b->vec = b->own;
}

/* ---- copied together */

/* Chunks lie in many places, so each is a miss in the cache unless it has
 * been asked for that many chunks ahead. */
#define AHEAD 32

#ifdef __GNUC__
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

/* A gathered batch in the making. */
typedef struct gather_t {
    bufv__batch_t *b;
    const struct iovec *vec; /* the chunk that comes next */
    apr_size_t count;        /* chunks in a row from there on */
    apr_size_t max_vec;
    apr_size_t left;   /* bytes that the batch may still take */
    apr_size_t below;  /* chunks shorter than this are small */
    apr_size_t parity; /* chunks that a batch without copies may have */
    apr_size_t enough; /* bytes at which it ends, with so many chunks */
    int file_next;     /* a range that is read follows those in a row */
    char *to;          /* unused scratch memory */
    apr_size_t room;   /* its size */
} gather_t;

/* Whether two chunks should share an entry: small ones are copied, and
 * adjacent ones are one. Where nothing is copied, chunks stay as they are. */
static int should_join(const struct iovec *vec, apr_size_t below)
{
    if (vec[0].iov_len < below && vec[1].iov_len < below)
        return 1;
    return below > 0 &&
           (const char *)vec[0].iov_base + vec[0].iov_len == vec[1].iov_base;
}

/* Whether the last entry ends where bytes at `base` would follow it. */
static int extends_last(const bufv__batch_t *b, const char *base)
{
    const struct iovec *last;

    if (b->nvec == 0)
        return 0;
    last = &b->own[b->nvec - 1];
    return (const char *)last->iov_base + last->iov_len == base;
}

/* Adds bytes to the batch; they may extend the last entry. */
static void add(gather_t *g, const void *base, apr_size_t len, int may_extend)
{
    bufv__batch_t *b = g->b;

    if (may_extend && extends_last(b, base))
        b->own[b->nvec - 1].iov_len += len;
    else
        b->own[b->nvec++] = bufv__entry(base, len);
    b->bytes += len;
    g->left -= len;
}

/* Adds bytes that were copied to the unused scratch memory. */
static void add_copied(gather_t *g, apr_size_t bytes)
{
    if (bytes == 0)
        return;
    add(g, g->to, bytes, 1);
    g->b->copied += bytes;
    g->to += bytes;
    g->room -= bytes;
}

/* Moves on by whole chunks. */
static void step(gather_t *g, apr_size_t chunks)
{
    g->vec += chunks;
    g->count -= chunks;
    g->b->chunks += chunks;
}

/* Copies small chunks one behind the other, as many as fit whole into `room`;
 * returns how many chunks, and how many bytes. */
static apr_size_t copy_chunks(char *to, apr_size_t room,
                              const struct iovec *vec, apr_size_t count,
                              apr_size_t below, apr_size_t *bytes)
{
    apr_size_t asked = count > AHEAD ? count - AHEAD : 0, i;
    char *begin = to;

    for (i = 0; i < count; i++) {
        apr_size_t len = vec[i].iov_len;

        if (len >= below || len > room)
            break;
        if (i < asked)
            PREFETCH(vec[i + AHEAD].iov_base);
        bufv__copy(to, vec[i].iov_base, len);
        to += len;
        room -= len;
    }
    *bytes = (apr_size_t)(to - begin);
    return i;
}

/* Copies the run of small chunks that comes next. If the scratch memory is
 * full, the rest of the batch goes by reference; if the batch is, or can have
 * no other entry, the chunk at which it ends is divided. */
static void take_copied(gather_t *g)
{
    apr_size_t room = g->room < g->left ? g->room : g->left, bytes;

    step(g, copy_chunks(g->to, room, g->vec, g->count, g->below, &bytes));
    add_copied(g, bytes);
    room -= bytes;
    if (g->count == 0 || g->vec->iov_len >= g->below)
        return;
    if (g->max_vec > 1 && g->left > room) {
        g->room = 0;
        return;
    }
    if (room > 0)
        memcpy(g->to, g->vec->iov_base, room);
    g->b->cut = room;
    add_copied(g, room);
    g->left = 0;
}

/* Takes `chunks` that lie one behind the other, `len` bytes, as one entry. */
static void take_referred(gather_t *g, apr_size_t chunks, apr_size_t len)
{
    const char *base = g->vec->iov_base;

    if (len > g->left) {
        apr_uint64_t rest = g->left;

        len = g->left;
        chunks = bufv__vec_skip(g->vec, chunks, &rest);
        g->b->cut = (apr_size_t)rest;
    }
    step(g, chunks);
    add(g, base, len, g->below > 0);
}

/* Whether the batch, with n chunks and len bytes more, has as many chunks as
 * one without copies, and more bytes than the destination took last. */
static int is_enough(const gather_t *g, apr_size_t n, apr_size_t len)
{
    return g->b->chunks + n >= g->parity && g->b->bytes + len >= g->enough;
}

/* Counts how many of the first `most` chunks lie one behind the other; of n,
 * with *len bytes, this is known. Stops at `full` bytes. Sets *len to the sum
 * of those counted. */
static apr_size_t run_on(const struct iovec *vec, apr_size_t n,
                         apr_size_t most, apr_size_t full, apr_size_t *len)
{
    uintptr_t begin = (uintptr_t)vec->iov_base;
    apr_size_t total = *len;

    while (n < most && total < full &&
           begin + total == (uintptr_t)vec[n].iov_base)
        total += vec[n++].iov_len;
    *len = total;
    return n;
}

/* How many chunks from the next on are adjacent, and their length; not much
 * further than the batch can go. Up to `parity` chunks no bytes are enough.
 * Where nothing is copied nothing is merged. */
static apr_size_t adjacent_run(const gather_t *g, apr_size_t *len)
{
    apr_size_t n = 1, most = 0, full = 0;

    *len = g->vec->iov_len;
    if (g->below == 0)
        return n;
    if (g->b->chunks < g->parity)
        most = g->parity - g->b->chunks;
    if (most > g->count)
        most = g->count;
    n = run_on(g->vec, n, most, g->left, len);
    if (g->b->bytes < g->enough)
        full = g->enough - g->b->bytes;
    if (full > g->left)
        full = g->left;
    return run_on(g->vec, n, g->count, full, len);
}

/* Whether what comes behind the next n chunks can be copied to them. A range
 * is read to where it can share the only entry there is. */
static int has_company(const gather_t *g, apr_size_t n)
{
    if (n < g->count)
        return g->vec[n].iov_len < g->below;
    return g->file_next && g->max_vec == 1;
}

/* Takes what comes next, copied or by reference. Returns 0 if there was no
 * room for it in the batch. What fills the batch alone is not copied, nor what
 * begins it and would have to be divided for that. */
static int take(gather_t *g)
{
    apr_size_t len, n = adjacent_run(g, &len);
    int extends = extends_last(g->b, g->to);
    int entry = g->b->nvec < g->max_vec;
    int alone = g->b->nvec == 0 && (len >= g->left || len > g->room);

    if (len < g->below && !alone && (extends || has_company(g, n))) {
        if (g->room > 0 && (extends || entry)) {
            take_copied(g);
            return 1;
        }
        if (g->b->chunks >= g->parity)
            return 0;
    }
    if (!entry)
        return 0;
    take_referred(g, n, len);
    return 1;
}

/* Reads the beginning of a range into scratch memory. One that is cut ends
 * the memory or the batch, so that nothing comes behind it. APR_INCOMPLETE if
 * there is no place for any of it. */
static apr_status_t take_range(gather_t *g, const bufv__range_t *range)
{
    apr_size_t len = g->room < g->left ? g->room : g->left;
    apr_status_t status;

    if (len == 0 || (g->b->nvec == g->max_vec && !extends_last(g->b, g->to)))
        return APR_INCOMPLETE;
    status = bufv__range_read(range, g->to, &len);
    if (len == range->left)
        step(g, 1);
    else
        g->b->cut = len;
    add_copied(g, len);
    return status;
}

/* Takes the chunks in memory up to the next range. Returns 0 if the batch is
 * full. */
static int take_chunks(gather_t *g)
{
    while (g->count > 0) {
        if (g->left == 0 || is_enough(g, 0, 0) || !take(g))
            return 0;
    }
    return g->left > 0;
}

/* ---- the plan */

/* Whether a range is sent unread. */
static int is_unread(const bufv__range_t *range, const bufv__limits_t *limits)
{
    return limits->sendfile && range->may_be_unread &&
           range->left >= limits->sendfile_from;
}

/* Whether behind the chunks of a view comes a range that is read. */
static int reads_next(const bufv__view_t *view, const bufv__limits_t *limits)
{
    return view->range != NULL && !is_unread(view->range, limits);
}

/* Gathers chunks and ranges that are read, from the front on. */
static apr_status_t gather(gather_t *g, bufv__view_t view,
                           const bufv__limits_t *limits)
{
    apr_status_t status;

    for (;;) {
        g->vec = view.vec;
        g->count = view.count;
        g->file_next = reads_next(&view, limits);
        if (!take_chunks(g) || !g->file_next)
            return APR_SUCCESS;
        assert(view.range != NULL);
        g->count = 1;
        status = take_range(g, view.range);
        if (status != APR_SUCCESS)
            return g->b->bytes > 0 ? APR_SUCCESS : status;
        if (g->b->cut > 0)
            return APR_SUCCESS;
        bufv__view_pass_range(&view);
    }
}

/* The size below which chunks are copied. One that is longer than the scratch
 * memory is copied only where that holds a whole attempt. */
static apr_size_t copied_below(const bufv__limits_t *limits)
{
    if (limits->copy_below < BUFV__SCRATCH_MAX ||
        limits->bytes <= BUFV__SCRATCH_MAX)
        return limits->copy_below;
    return BUFV__SCRATCH_MAX;
}

static apr_size_t smallest(apr_uint64_t a, apr_size_t b, apr_size_t c)
{
    apr_size_t least = b < c ? b : c;

    return a < least ? (apr_size_t)a : least;
}

static apr_status_t plan_gathered(bufv__batch_t *b, const bufv_t *v,
                                  const bufv__limits_t *limits,
                                  bufv__scratch_t *s)
{
    apr_size_t most = smallest(v->length, limits->bytes, limits->copied);
    gather_t g;

    bufv__scratch_want(s, most);
    g.b = b;
    g.max_vec = limits->vec < BUFV__VEC_MAX ? limits->vec : BUFV__VEC_MAX;
    g.left = limits->bytes;
    g.below = copied_below(limits);
    g.parity = limits->vec;
    g.enough = limits->copied < BUFV__SCRATCH_MAX ? limits->copied : SIZE_MAX;
    g.to = s->bytes;
    g.room = s->room < limits->copied ? s->room : limits->copied;
    b->vec = b->own;
    return gather(&g, bufv__view(v), limits);
}

static void plan_sendfile(bufv__batch_t *b, const bufv__range_t *range,
                          const bufv__limits_t *limits)
{
    b->range = range;
    if (range->left > limits->bytes)
        b->bytes = b->cut = limits->bytes;
    else {
        b->bytes = (apr_size_t)range->left;
        b->chunks = 1;
    }
}

/* A message goes whole or not at all. */
static apr_status_t plan_message(bufv__batch_t *b, const bufv_t *v,
                                 const bufv__view_t *view,
                                 const bufv__limits_t *limits,
                                 bufv__scratch_t *s)
{
    apr_size_t len = (apr_size_t)v->length;
    apr_status_t status;

    if (v->length > limits->bytes)
        return APR_EINVAL;
    if (view->range == NULL && view->count <= limits->vec) {
        refer(b, view, limits);
        return APR_SUCCESS;
    }
    status = bufv__scratch_need(s, len);
    if (status == APR_SUCCESS)
        status = bufv__flatten(v, s->bytes, &len);
    b->own[0] = bufv__entry(s->bytes, len);
    b->vec = b->own;
    b->nvec = 1;
    b->bytes = b->copied = len;
    b->chunks = bufv_count(v);
    return status;
}

/* Whether a batch by reference is as good as any: no two of its chunks, nor
 * its last and the one behind it, should share an entry, and no range should
 * be read behind it. */
static int good_enough(const bufv__batch_t *b, const bufv__view_t *view,
                       const bufv__limits_t *limits)
{
    apr_size_t n = b->nvec < view->count ? b->nvec : view->count - 1, i;

    if (b->chunks == view->count && reads_next(view, limits))
        return 0; /* also where the range comes first */
    if (limits->copy_below == 0)
        return 1;
    for (i = 0; i < n; i++) {
        if (should_join(view->vec + i, limits->copy_below))
            return 0;
    }
    return 1;
}

/* Plans a gathered vector, unless it would have more entries than there is
 * room for here, and a batch by reference more chunks. */
static apr_status_t plan_mixed(bufv__batch_t *b, const bufv_t *v,
                               const bufv__view_t *view,
                               const bufv__limits_t *limits,
                               bufv__scratch_t *s)
{
    apr_status_t status;

    memset(b, 0, offsetof(bufv__batch_t, own));
    status = plan_gathered(b, v, limits, s);
    if (b->nvec == BUFV__VEC_MAX && limits->vec > BUFV__VEC_MAX &&
        b->chunks < view->count) {
        memset(b, 0, offsetof(bufv__batch_t, own));
        refer(b, view, limits);
    }
    return status;
}

/* The range that follows the first n chunks, of which a range is one. NULL: a
 * chunk in memory follows, or nothing. */
static const bufv__range_t *range_behind(bufv__view_t view, apr_size_t n)
{
    while (view.range != NULL && n > view.count) {
        n -= view.count + 1;
        bufv__view_pass_range(&view);
    }
    return n == view.count ? view.range : NULL;
}

/* What the operation is told of the bytes behind the batch. */
static int more_behind(const bufv__batch_t *b, const bufv__view_t *view,
                       const bufv__limits_t *limits)
{
    const bufv__range_t *next;

    if (b->range != NULL || b->cut > 0)
        return 1;
    next = range_behind(*view, b->chunks);
    return next != NULL && is_unread(next, limits) ? BUFV_MORE_FILE : 1;
}

apr_status_t bufv__plan(bufv__batch_t *b, const bufv_t *v,
                        const bufv__limits_t *limits, bufv__scratch_t *s)
{
    bufv__view_t view = bufv__view(v);
    apr_status_t status = APR_SUCCESS;
    int joins; /* the first two are one entry: no need to look further */

    assert((view.count > 0 || view.range != NULL) && bufv__is_valid(v));
    memset(b, 0, offsetof(bufv__batch_t, own));
    if (limits->message)
        return plan_message(b, v, &view, limits, s);
    joins = view.count > 1 && should_join(view.vec, limits->copy_below);
    if (view.count > 0 && !joins)
        refer(b, &view, limits);
    else if (view.count == 0 && is_unread(view.range, limits))
        plan_sendfile(b, view.range, limits);
    if (joins || (b->range == NULL && !good_enough(b, &view, limits)))
        status = plan_mixed(b, v, &view, limits, s);
    if (b->bytes < v->length)
        b->more = more_behind(b, &view, limits);
    assert(status != APR_SUCCESS ||
           (b->bytes > 0 && b->bytes <= limits->bytes));
    return status;
}
