/* What one attempt is given: chunks by reference as the list holds them, or a
 * vector of its own in which small neighbours have been copied together.
 *
 * Copying never costs an attempt: a batch goes on until it has as many chunks
 * as one without copies would have, whatever becomes of the scratch memory. */

#include "bufv_private.h"
#include "copy.h"

#include <string.h>

/* ---- by reference */

/* Plans as many chunks as fit, as the list's own vector; the last one may be
 * cut. */
static void refer(bufv__batch_t *b, const bufv_t *v,
                  const bufv__limits_t *limits)
{
    apr_size_t n = bufv__plain(v, 0);

    n = n < limits->vec ? n : limits->vec;
    b->vec = bufv__front(v);
    b->chunks = bufv__vec_fit(b->vec, n, limits->bytes, &b->bytes);
    b->nvec = b->chunks;
    if (b->chunks == n || b->bytes == limits->bytes)
        return;
    b->cut = limits->bytes - b->bytes;
    b->trimmed = b->vec[b->chunks].iov_len - b->cut;
    b->bytes = limits->bytes;
    b->nvec++;
}

/* A chunk that is cut is shortened in the list until the attempt has been
 * made: that spares a vector of its own. */
static void trim(const bufv__batch_t *b, bufv_t *v)
{
    if (b->trimmed > 0)
        bufv__front(v)[b->chunks].iov_len -= b->trimmed;
}

void bufv__unplan(const bufv__batch_t *b, bufv_t *v)
{
    if (b->trimmed > 0)
        bufv__front(v)[b->chunks].iov_len += b->trimmed;
}

/* Takes what was accepted of a batch off the list, and calls back for it. */
void bufv__accept(const bufv__batch_t *b, bufv_t *v, apr_size_t written)
{
    if (written == b->bytes && bufv__queue_count(&v->ranges) == 0)
        bufv__pass(v, b->chunks, b->cut, written);
    else
        bufv__advance(v, written);
    bufv__settle(v);
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

/* A batch in the making. */
typedef struct gather_t {
    bufv__batch_t *b;
    const struct iovec *vec; /* the chunk that comes next */
    apr_size_t count;        /* chunks in a row from there on */
    apr_size_t max_vec;
    apr_size_t left;   /* bytes that the batch may still take */
    apr_size_t below;  /* chunks shorter than this are small */
    apr_size_t parity; /* chunks that a batch without copies may have */
    int file_next;     /* behind those in a row, a range that is read */
    char *to;          /* unused scratch memory */
    apr_size_t room;   /* its size */
} gather_t;

/* Whether two chunks are better copied into one entry. */
static int small_pair(const struct iovec *vec, apr_size_t below)
{
    return vec[0].iov_len < below && vec[1].iov_len < below;
}

static int adjacent(const struct iovec *vec)
{
    return (const char *)vec[0].iov_base + vec[0].iov_len == vec[1].iov_base;
}

/* Whether the last entry ends where bytes at `base` would follow it. */
static int follows(const bufv__batch_t *b, const char *base)
{
    const struct iovec *last;

    if (b->nvec == 0)
        return 0;
    last = &b->own[b->nvec - 1];
    return (const char *)last->iov_base + last->iov_len == base;
}

/* Adds bytes to the batch, to the last entry if they follow it. */
static void add(gather_t *g, const void *base, apr_size_t len)
{
    bufv__batch_t *b = g->b;

    if (follows(b, base))
        b->own[b->nvec - 1].iov_len += len;
    else
        b->own[b->nvec++] = bufv__entry(base, len);
    b->bytes += len;
    g->left -= len;
}

/* Moves on by whole chunks. */
static void step(gather_t *g, apr_size_t chunks)
{
    g->vec += chunks;
    g->count -= chunks;
    g->b->chunks += chunks;
}

/* Copies small chunks one behind the other, as many as fit whole into `room`;
 * says how many chunks, and how many bytes. */
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

/* Bytes copied to the end of the scratch memory join the batch. */
static void add_copied(gather_t *g, apr_size_t bytes)
{
    if (bytes == 0)
        return;
    add(g, g->to, bytes);
    g->b->copied += bytes;
    g->to += bytes;
    g->room -= bytes;
}

/* Copies the run of small chunks that comes next. The chunk at which the
 * memory or the batch ends is divided if the batch ends there too. */
static void take_copied(gather_t *g)
{
    apr_size_t room = g->room < g->left ? g->room : g->left, bytes;

    step(g, copy_chunks(g->to, room, g->vec, g->count, g->below, &bytes));
    add_copied(g, bytes);
    room -= bytes;
    if (g->count == 0 || g->vec->iov_len >= g->below)
        return;
    if (g->max_vec > 1 && g->left > room) {
        g->room = 0; /* the rest of the batch goes by reference */
        return;
    }
    if (room > 0)
        memcpy(g->to, g->vec->iov_base, room);
    g->b->cut = room;
    add_copied(g, room);
    g->left = 0;
}

/* Takes chunks that lie one behind the other as one. */
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
    add(g, base, len);
}

/* How many chunks from the next on are adjacent, and their length; not much
 * further than the batch can go. */
static apr_size_t adjacent_run(const gather_t *g, apr_size_t *len)
{
    apr_size_t n = 1;

    *len = g->vec->iov_len;
    while (n < g->count && *len < g->left && adjacent(g->vec + n - 1)) {
        *len += g->vec[n].iov_len;
        n++;
    }
    return n;
}

/* Whether what comes behind the next n chunks can be copied to them. A range
 * is read to where it can share the only entry there is. */
static int has_company(const gather_t *g, apr_size_t n)
{
    if (n < g->count)
        return g->vec[n].iov_len < g->below;
    return g->file_next && g->max_vec == 1;
}

/* Takes what comes next, one way or the other. Says whether there was room
 * for it in the batch. What fills the batch alone is not copied. */
static int take(gather_t *g)
{
    apr_size_t len, n = adjacent_run(g, &len);
    int open = follows(g->b, g->to);
    int entry = g->b->nvec < g->max_vec;
    int alone = g->b->nvec == 0 && len >= g->left;

    if (len < g->below && !alone && (open || has_company(g, n))) {
        if (g->room > 0 && (open || entry)) {
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

/* Reads the beginning of the range that comes next into scratch memory. One
 * that is cut ends the memory or the batch, so that nothing comes behind it.
 * Says APR_INCOMPLETE if there is no place for any of it. */
static apr_status_t take_range(gather_t *g, const bufv__range_t *range)
{
    apr_size_t len = g->room < g->left ? g->room : g->left;
    apr_status_t status;

    if (len == 0 || (g->b->nvec == g->max_vec && !follows(g->b, g->to)))
        return APR_INCOMPLETE;
    status = bufv__range_read(range, 0, g->to, &len);
    if (len == range->left)
        step(g, 1);
    else
        g->b->cut = len;
    add_copied(g, len);
    return status;
}

/* Plans a vector of the batch's own over all chunks in memory from the front,
 * and over file ranges, if there are some to read. */
static apr_status_t gather(gather_t *g, const bufv_t *v, apr_size_t ranges)
{
    const bufv__range_t *range = bufv__ranges(v);
    apr_status_t status;

    for (;; ranges--, range++) {
        g->count = bufv__plain(v, g->b->chunks);
        g->file_next = ranges > 0;
        while (g->count > 0) {
            if (g->left == 0 || !take(g))
                return APR_SUCCESS;
        }
        if (ranges == 0 || g->left == 0)
            return APR_SUCCESS;
        g->count = 1;
        status = take_range(g, range);
        if (status != APR_SUCCESS)
            return g->b->bytes > 0 ? APR_SUCCESS : status;
    }
}

/* The size below which chunks are copied. One that is longer than the scratch
 * memory is so only where this holds a whole attempt. */
static apr_size_t copied_below(const bufv__limits_t *limits)
{
    if (limits->copy_below < BUFV__SCRATCH_MAX ||
        limits->bytes <= BUFV__SCRATCH_MAX)
        return limits->copy_below;
    return BUFV__SCRATCH_MAX;
}

/* Memory for what the batch can hold. */
static apr_uint64_t most(const bufv_t *v, const bufv__limits_t *limits)
{
    return v->length < limits->bytes ? v->length : limits->bytes;
}

static apr_status_t plan_gather(bufv__batch_t *b, const bufv_t *v,
                                const bufv__limits_t *limits,
                                bufv__scratch_t *s, apr_size_t ranges)
{
    gather_t g;

    bufv__scratch_want(s, most(v, limits));
    g.b = b;
    g.vec = bufv__front(v);
    g.max_vec = limits->vec < BUFV__VEC_MAX ? limits->vec : BUFV__VEC_MAX;
    g.left = limits->bytes;
    g.below = copied_below(limits);
    g.parity = limits->vec;
    g.to = s->bytes;
    g.room = s->room;
    b->vec = b->own;
    return gather(&g, v, ranges);
}

/* ---- the plan */

static void clear(bufv__batch_t *b)
{
    b->vec = NULL;
    b->range = NULL;
    b->nvec = b->bytes = b->copied = 0;
    b->chunks = b->cut = b->trimmed = 0;
}

static void plan_sendfile(bufv__batch_t *b, const bufv_t *v,
                          const bufv__limits_t *limits)
{
    b->range = bufv__ranges(v);
    if (b->range->left > limits->bytes)
        b->bytes = b->cut = limits->bytes;
    else {
        b->bytes = (apr_size_t)b->range->left;
        b->chunks = 1;
    }
}

/* A message goes whole or not at all. */
static apr_status_t plan_message(bufv__batch_t *b, const bufv_t *v,
                                 const bufv__limits_t *limits,
                                 bufv__scratch_t *s)
{
    apr_size_t len = (apr_size_t)v->length;
    apr_status_t status;

    if (v->length > limits->bytes)
        return APR_EINVAL;
    if (bufv__plain(v, 0) == bufv_count(v) && bufv_count(v) <= limits->vec) {
        refer(b, v, limits);
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

/* Whether the first two chunks are better copied into one entry: then a batch
 * by reference need not be looked at. */
static int begins_small(const bufv_t *v, apr_size_t below)
{
    return bufv__plain(v, 0) > 1 && small_pair(bufv__front(v), below);
}

/* Whether a batch by reference is as good as any: no two of its chunks, nor
 * its last and the one behind it, should share an entry. */
static int good_enough(const bufv__batch_t *b, const bufv_t *v,
                       apr_size_t below)
{
    apr_size_t n = bufv__plain(v, 0), i;

    if (below == 0)
        return 1;
    n = b->nvec < n ? b->nvec : n - 1;
    for (i = 0; i < n; i++) {
        if (small_pair(b->vec + i, below) || adjacent(b->vec + i))
            return 0;
    }
    return 1;
}

static apr_status_t plan(bufv__batch_t *b, const bufv_t *v,
                         const bufv__limits_t *limits, bufv__scratch_t *s)
{
    apr_size_t ranges = limits->sendfile ? 0 : bufv__queue_count(&v->ranges);
    apr_status_t status;

    if (limits->message)
        return plan_message(b, v, limits, s);
    if (ranges > 0)
        return plan_gather(b, v, limits, s, ranges);
    if (bufv__plain(v, 0) == 0) {
        plan_sendfile(b, v, limits);
        return APR_SUCCESS;
    }
    if (!begins_small(v, limits->copy_below)) {
        refer(b, v, limits);
        if (good_enough(b, v, limits->copy_below))
            return APR_SUCCESS;
        clear(b);
    }
    status = plan_gather(b, v, limits, s, 0);
    if (b->nvec == BUFV__VEC_MAX && limits->vec > BUFV__VEC_MAX) {
        clear(b);
        refer(b, v, limits);
    }
    return status;
}

/* Plans the next attempt for a list that is not empty. */
apr_status_t bufv__plan(bufv__batch_t *b, bufv_t *v,
                        const bufv__limits_t *limits, bufv__scratch_t *s)
{
    apr_status_t status;

    clear(b);
    status = plan(b, v, limits, s);
    trim(b, v);
    return status;
}
