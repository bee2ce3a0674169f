/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the core share and its users do not see.
 *
 * The road of a write, from outer to inner:
 *
 *     bufv_write()            write.c    the call: terms, report, turn
 *       write_list()          write.c    the loop: attempt, decide, act
 *         attempt()           write.c    plan, borrow, call, account
 *           bufv__plan()      plan.c     which chunks, by reference or copied
 *           ops->writev()     a back end, or a transport of the user's
 *           bufv__drop_bytes()  list.c   what was accepted leaves the list
 *
 * backend.h is the part of this that back ends need. Each comment below says
 * what a function does, what must hold before, and what it may invalidate.
 * Functions whose names begin with "bufv__" and that return apr_status_t leave
 * everything as it was when they fail, unless it is said otherwise. */

#ifndef BUFV_PRIVATE_H
#define BUFV_PRIVATE_H

#include "backend.h"

#include <assert.h>
#include <stddef.h>

/* The longest chunk: pointers into a longer one could not be subtracted. */
#define BUFV__CHUNK_MAX ((apr_size_t)PTRDIFF_MAX)

/* The most entries of an attempt that copies: Linux' own limit, and 16 KiB of
 * stack. An attempt that does not copy may have more. */
#define BUFV__VEC_MAX 1024

/* Scratch memory on the stack of a write: a TLS record, or some headers. */
#ifndef BUFV__SCRATCH_SMALL
#define BUFV__SCRATCH_SMALL ((apr_size_t)16 * 1024)
#endif

/* From this length on a range of a file is sent unread by default: what two
 * system calls more cost, in bytes of copying; see docs/PERFORMANCE.md. */
#define BUFV__SENDFILE_FROM ((apr_uint64_t)16 * 1024)

/* Kept apart from the path that calls it, which then need not save registers
 * for it. */
#ifdef __GNUC__
#define BUFV__COLD __attribute__((cold, noinline))
#else
#define BUFV__COLD
#endif

/* ---- queue.c: an array that is filled at its end and drained at its front.
 *
 * Items lie in items[head .. tail - 1]. Pointers to them are invalid after
 * each function that may move the array: grow, reserve, make_gap, fit. */

typedef struct bufv__queue_t {
    void *items;
    apr_size_t head; /* the first item */
    apr_size_t tail; /* behind the last */
    apr_size_t room; /* items that fit */
} bufv__queue_t;

/* Makes room for `extra` more items of `size` bytes at the end, which there
 * is not yet. Amortised O(1) an item. */
apr_status_t bufv__queue_grow(bufv__queue_t *q, apr_size_t extra,
                              apr_size_t size);

/* Makes room for one item before the first. Amortised O(1) an item. */
apr_status_t bufv__queue_make_gap(bufv__queue_t *q, apr_size_t size);

/* Gives back the memory that no item is in, if it can. */
void bufv__queue_fit(bufv__queue_t *q, apr_size_t size);

static inline apr_size_t bufv__queue_count(const bufv__queue_t *q)
{
    return q->tail - q->head;
}

/* Makes room at the end for `extra` items of `size` bytes. */
static inline apr_status_t
bufv__queue_reserve(bufv__queue_t *q, apr_size_t extra, apr_size_t size)
{
    if (extra <= q->room - q->tail)
        return APR_SUCCESS;
    return bufv__queue_grow(q, extra, size);
}

/* Drops the first n, which there must be. An empty queue begins anew, so that
 * it need not grow. */
static inline void bufv__queue_drop(bufv__queue_t *q, apr_size_t n)
{
    assert(n <= bufv__queue_count(q));
    q->head += n;
    if (q->head == q->tail)
        q->head = q->tail = 0;
}

/* ---- release.c: release points, and owners that several of them share */

/* Where a release callback is due. Chunks are numbered from the list's
 * creation on, with wrap-around. A release point stands for the chunks
 * since..at-1, and is due once all chunks before `at` are gone. Points are in
 * the order of `at`, and their chunks do not overlap. */
typedef struct bufv__point_t {
    apr_uint64_t since;
    apr_uint64_t at;
    bufv_release_t *release;
    void *baton;
    const void *data;
    apr_size_t len;
} bufv__point_t;

/* A shared owner: a reference count, and what to call when it falls to 0. It
 * may have bytes of its own behind it, and is then a slab. Lists of several
 * threads may refer to one. */
typedef struct bufv__owner_t bufv__owner_t;

/* Creates an owner with one reference, and `extra` bytes behind it. `release`
 * may be NULL. *owner is NULL on failure. */
apr_status_t bufv__owner_create(bufv__owner_t **owner, bufv_release_t *release,
                                void *baton, const void *data, apr_size_t len,
                                apr_size_t extra);

/* The bytes behind an owner, and their number; 0 where it is no slab. */
char *bufv__owner_bytes(bufv__owner_t *owner);
apr_size_t bufv__owner_size(const bufv__owner_t *owner);

/* Whether there is no other reference than the caller's. */
int bufv__owner_is_alone(bufv__owner_t *owner);

/* Adds a reference. */
void bufv__owner_ref(bufv__owner_t *owner);

/* Drops a reference, and with the last one the owner. It has the shape of a
 * release callback, so that a point need not know that it shares. */
bufv_release_t bufv__owner_unref;

/* Turns a point into one that may be copied: call bufv__owner_ref() on its
 * baton for each copy. The point means the same as before. */
apr_status_t bufv__point_share(bufv__point_t *point);

/* ---- slab.c: bytes that the list has copied, packed one behind the other */

/* Where bufv_append_copy() copies to. `next` has `room` unused bytes. */
typedef struct bufv__slab_t {
    bufv__owner_t *owner; /* NULL: none yet */
    char *next;
    apr_size_t room;
} bufv__slab_t;

/* What bufv_reserve() gave out, and bufv_commit() has not taken. */
typedef struct bufv__reservation_t {
    bufv__owner_t *owner; /* with a reference of its own; NULL: none */
    char *data;
    apr_size_t room;
} bufv__reservation_t;

/* ---- range.c: a part of a file as a chunk */

/* The chunk's own entry in the list is {NULL, 0}, which no other can be. */
typedef struct bufv__range_t {
    apr_uint64_t at; /* the chunk's number */
    apr_file_t *file;
    apr_off_t offset;
    apr_uint64_t left;
    int may_be_unread; /* the file was opened for that */
    char *window;      /* what bufv_peek() shows of it, or NULL */
} bufv__range_t;

/* Reads up to *len bytes from the beginning of a range, and sets *len; it
 * reads past short reads. APR_EOF, with what there was, if the file ends
 * before the range. */
apr_status_t bufv__range_read(const bufv__range_t *r, char *to,
                              apr_size_t *len);

/* Reads the beginning of a range into its window, and shows it. */
apr_status_t bufv__range_show(bufv__range_t *r, struct iovec *entry);

/* Frees the window. */
void bufv__range_drop(bufv__range_t *r);

/* ---- list.c */

/* Who may do what with a list. */
typedef enum bufv__use_t {
    BUFV__FREE,   /* the program: everything */
    BUFV__IN_USE, /* callbacks: append, look, destroy */
    BUFV__LENT,   /* an operation has a part of it: look, destroy */
    BUFV__DYING   /* callbacks: nothing */
} bufv__use_t;

struct bufv_t {
    bufv__queue_t chunks; /* of struct iovec */
    apr_uint64_t length;  /* bytes in all; beside what appending changes */
    bufv__slab_t slab;
    int copies; /* the last point is the slab's, and open: it stands
                   for all chunks up to the end, wherever this is */
    bufv__use_t use;
    apr_uint64_t first;   /* the number of the first chunk */
    bufv__queue_t points; /* of bufv__point_t */
    bufv__queue_t ranges; /* of bufv__range_t */
    apr_size_t hidden;    /* room of `chunks` while nobody may append */
    bufv__reservation_t reservation;
    apr_uint64_t number; /* whose turn it is, while it has left in part by a
                            locked writer; 0: it has not */
    apr_status_t status; /* of the first append that failed */
    apr_pool_t *pool;    /* whose cleanup destroys it, or NULL */
    int doomed;          /* it is destroyed when it is no longer in use */
};

/* The front of a list, up to its first range of a file, and what is behind.
 * Invalid as soon as the list changes. */
typedef struct bufv__view_t {
    const struct iovec *vec; /* chunks in memory that come next */
    apr_size_t count;        /* their number */
    bufv__range_t *range;    /* the range behind them, or NULL */
    apr_size_t ranges;       /* ranges from that one on */
    apr_uint64_t at;         /* the number of the chunk vec[0] */
    apr_uint64_t end;        /* behind the last chunk of the list */
} bufv__view_t;

/* Looks at the front, in constant time. */
bufv__view_t bufv__view(const bufv_t *v);

/* Moves a view behind its range, which there must be. */
void bufv__view_pass_range(bufv__view_t *view);

/* The first of each kind. Of chunks there must have been one; of the others
 * NULL if none was ever appended. */
static inline struct iovec *bufv__front(const bufv_t *v)
{
    return (struct iovec *)v->chunks.items + v->chunks.head;
}

static inline bufv__range_t *bufv__ranges(const bufv_t *v)
{
    bufv__range_t *ranges = v->ranges.items;

    return ranges != NULL ? ranges + v->ranges.head : NULL;
}

static inline bufv__point_t *bufv__points(const bufv_t *v)
{
    bufv__point_t *points = v->points.items;

    return points != NULL ? points + v->points.head : NULL;
}

/* The number of the chunk that would be appended next. */
static inline apr_uint64_t bufv__end(const bufv_t *v)
{
    return v->first + bufv__queue_count(&v->chunks);
}

/* Where a point is due. `point` is one of v's. */
static inline apr_uint64_t bufv__due_at(const bufv_t *v,
                                        const bufv__point_t *point)
{
    const bufv__point_t *points = v->points.items;

    if (v->copies && point == points + v->points.tail - 1)
        return bufv__end(v);
    return point->at;
}

/* Returns how many entries lie wholly within the first *n bytes, and leaves
 * in *n how many bytes of the next one do. */
apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n);

/* Returns how many entries fit whole into `max` bytes, and their sum. */
apr_size_t bufv__vec_fit(const struct iovec *vec, apr_size_t nvec,
                         apr_size_t max, apr_size_t *bytes);

/* Whether a list is one, as far as can be seen in constant time. For
 * assertions. */
int bufv__is_valid(const bufv_t *v);

/* Makes a list that needs no pool and no care: on the stack, for borrowed
 * chunks, as many as there is room for in `vec`; NULL: as many as the caller
 * frees the memory of. */
void bufv__local(bufv_t *v, struct iovec *vec, apr_size_t room);

/* Between the two the list is in use: callbacks may append to it and nothing
 * else, and it outlives its destruction. It must be free before. It may be
 * gone after bufv__leave(). */
void bufv__enter(bufv_t *v);
void bufv__leave(bufv_t *v);

/* Between the two an operation has a part of the list: nothing may change
 * it. It must be in use before. */
void bufv__lend(bufv_t *v);
void bufv__take_back(bufv_t *v);

/* Whether a chunk may be appended: APR_EINVAL, APR_EBUSY. */
apr_status_t bufv__check(const bufv_t *v, const void *data, apr_size_t len);

/* Remembers the first status of an append that failed, and returns it. */
apr_status_t bufv__note(bufv_t *v, apr_status_t status);

/* Appends a chunk that is not empty and for which there is room. */
static inline void bufv__put(bufv_t *v, const void *data, apr_size_t len)
{
    struct iovec *vec = v->chunks.items;

    assert(len > 0 && v->chunks.tail < v->chunks.room);
    vec[v->chunks.tail++] = bufv__entry(data, len);
    v->length += len;
}

/* Adds a release point for the chunks from `since` to the end, for which
 * there is room, and closes the one of copies. */
void bufv__put_point(bufv_t *v, apr_uint64_t since, bufv_release_t *release,
                     void *baton, const void *data, apr_size_t len);

/* The open point of copies ends here: another point follows. */
static inline void bufv__close_copies(bufv_t *v)
{
    bufv__point_t *points = v->points.items;

    if (v->copies)
        points[v->points.tail - 1].at = bufv__end(v);
    v->copies = 0;
}

/* Drops whole chunks, and `cut` bytes of the next, which is in memory, off
 * the front: `bytes` in all. No callback is called. */
void bufv__drop_chunks(bufv_t *v, apr_size_t chunks, apr_size_t cut,
                       apr_uint64_t bytes);

/* Drops n bytes, not more than there are, off the front. No callback is
 * called. */
void bufv__drop_bytes(bufv_t *v, apr_uint64_t n);

/* Whether a release is due. */
static inline int bufv__has_due(const bufv_t *v)
{
    return bufv__queue_count(&v->points) > 0 &&
           (apr_int64_t)(bufv__due_at(v, bufv__points(v)) - v->first) <= 0;
}

/* Calls back for the release points that are due and are there now. The list
 * must be in use or dying. A callback may append to the list and so move all
 * its arrays, and may destroy the list, which then is doomed. */
void bufv__run_releases(bufv_t *v);

/* Copies the first *len bytes; sets *len to fewer only if a file cannot be
 * read, and then returns why. The list must have so many. */
apr_status_t bufv__flatten(const bufv_t *v, char *to, apr_size_t *len);

/* ---- reserve.c */

/* Gives up the reservation, if there is one. */
void bufv__reservation_drop(bufv_t *v);

/* ---- slab.c */

/* Makes sure that the slab has `len` unused bytes, that a chunk may be
 * appended, and that the open point is the slab's. The list may be
 * appended to. */
apr_status_t bufv__slab_make_room(bufv_t *v, apr_size_t len);

/* Appends the `len` bytes, more than 0, that were written to slab.next. There
 * is room for them. */
void bufv__slab_put(bufv_t *v, apr_size_t len);

/* The size of the next slab, for at least `len` bytes. */
apr_size_t bufv__slab_size(const bufv_t *v, apr_size_t len);

/* Begins the slab anew if no point of any list refers to it. */
void bufv__slab_rewind(bufv_t *v);

/* Makes an owner, whose reference the caller hands over, the list's slab, with
 * `room` unused bytes at `next`. */
void bufv__slab_set(bufv_t *v, bufv__owner_t *owner, char *next,
                    apr_size_t room);

/* ---- scratch.c: where small chunks are copied together, for an attempt */

typedef struct bufv__scratch_t {
    char *bytes;
    apr_size_t room;
    int block; /* of the process, which it was lent from; -1: none */
    char *own; /* for a message longer than a block, or NULL */
    char small[BUFV__SCRATCH_SMALL];
} bufv__scratch_t;

/* Asks for room, at most once between begin and end. Too little memory is no
 * error here: then less is copied. */
void bufv__scratch_want(bufv__scratch_t *s, apr_uint64_t bytes);

/* Asks for room that must be had, or APR_ENOMEM. */
apr_status_t bufv__scratch_need(bufv__scratch_t *s, apr_size_t bytes);

/* Begins with what lies on the stack. */
static inline void bufv__scratch_begin(bufv__scratch_t *s)
{
    s->bytes = s->small;
    s->room = sizeof(s->small);
    s->block = -1;
    s->own = NULL;
}

/* Gives back what was lent or got, and begins anew. */
void bufv__scratch_end(bufv__scratch_t *s);

static inline int bufv__scratch_is_lent(const bufv__scratch_t *s)
{
    return s->block >= 0 || s->own != NULL;
}

/* ---- plan.c: what one attempt is given */

/* What an attempt may be at most. */
typedef struct bufv__limits_t {
    apr_size_t vec;             /* entries */
    apr_size_t bytes;           /* bytes in all */
    apr_size_t copied;          /* bytes that are copied or read */
    apr_size_t copy_below;      /* chunks shorter than this are copied */
    apr_uint64_t sendfile_from; /* ranges shorter than this are read */
    int sendfile;               /* ranges may go unread */
    int message;                /* a list goes whole or not at all */
} bufv__limits_t;

/* What an attempt is. */
typedef struct bufv__batch_t {
    const struct iovec *vec;    /* what to write, or */
    const bufv__range_t *range; /* the file range to send unread */
    apr_size_t nvec;
    apr_size_t bytes;  /* in all */
    apr_size_t copied; /* of these, in scratch memory */
    apr_size_t chunks; /* of the list, that are in it whole */
    apr_size_t cut;    /* bytes of the chunk behind those */
    int more;          /* what the operation is told of what comes after */
    struct iovec own[BUFV__VEC_MAX];
} bufv__batch_t;

/* Plans the next attempt for a list that is not empty. The batch refers to the
 * list and to the scratch memory, and is valid until either changes. An error
 * is that of reading a file, or of a message that cannot go whole. */
apr_status_t bufv__plan(bufv__batch_t *b, const bufv_t *v,
                        const bufv__limits_t *limits, bufv__scratch_t *s);

/* ---- writer.c */

struct bufv_writer_t {
    bufv_ops_t ops;
    void *baton;
    bufv__limits_t limits;
    apr_time_t deadline; /* on the writer's clock; 0: none */
    apr_interval_time_t stall;
    int stall_set;
    bufv_hook_t *hook;
    void *hook_baton;
    bufv__socket_t socket; /* the baton, where it is a socket's */
    bufv__file_t file;     /* the same for a file */
    apr_pool_t *pool;      /* whose cleanup destroys it, or NULL */
    int held;   /* bytes were accepted and told that more would come */
    int doomed; /* it is destroyed when it is no longer in use */

    bufv__monitor_t *monitor; /* of the members below; NULL: no lock */
    int uses;               /* calls that are in it, or wait for their turn */
    int busy;               /* a thread has the turn */
    apr_os_thread_t thread; /* which */
    apr_uint64_t turn; /* the number of the list that left in part; 0: none */
    apr_uint64_t numbers; /* the last number that was given */
    bufv_report_t report;
    bufv_stats_t stats;
    const char *op; /* the operation that the last write ended with */
};

/* The short lock of a writer's state, which is not held while it writes. */
static inline void bufv__writer_lock(const bufv_writer_t *w)
{
    if (w->monitor != NULL)
        bufv__monitor_enter(w->monitor);
}

static inline void bufv__writer_unlock(const bufv_writer_t *w)
{
    if (w->monitor != NULL)
        bufv__monitor_leave(w->monitor);
}

/* Makes a writer of memory that has not been one. */
void bufv__writer_init(bufv_writer_t *w, const bufv_ops_t *ops, void *baton);

/* The same, for a socket; its baton is in itself. APR_ENOTSOCK. */
apr_status_t bufv__writer_init_socket(bufv_writer_t *w, apr_socket_t *sock);

/* Frees what a writer holds, but for the writer itself. */
void bufv__writer_fini(bufv_writer_t *w);

/* Between the two the writer outlives its destruction. APR_EBUSY if this
 * thread has its turn already; where it has no lock, if any call is in it. A
 * call that had the turn gives it back: the next one is that of the list of
 * this number, or, if it is 0, of any. The writer may be gone afterwards. */
apr_status_t bufv__writer_enter(bufv_writer_t *w);
void bufv__writer_leave(bufv_writer_t *w, int had_turn, apr_uint64_t number);

/* Tells the writer of a write that ended: adds its report to the counters. */
void bufv__writer_tell(bufv_writer_t *w, const char *op,
                       const bufv_report_t *report);

/* Sends what is held back, if something is. Outside of a run. */
void bufv__writer_flush(bufv_writer_t *w);

/* ---- limits.c: all arithmetic of time */

/* The limits of one call, and its clock, which may step back without a limit
 * being met the later for it by more than the step. */
typedef struct bufv__clock_t {
    const bufv_writer_t *w;
    int started;                 /* the clock has been read, */
    apr_time_t read;             /* and then told this time */
    apr_interval_time_t elapsed; /* since the call began */
    apr_interval_time_t
        accepted;               /* of that, when the last byte was accepted */
    apr_interval_time_t stall;  /* below 0: none */
    apr_interval_time_t within; /* 0: none */
    bufv_report_t *report;      /* where waits are counted */
} bufv__clock_t;

/* Begins the call. */
void bufv__clock_begin(bufv__clock_t *c, const bufv_writer_t *w,
                       apr_interval_time_t stall, apr_interval_time_t within,
                       bufv_report_t *report);

/* Whether the deadline or `within` has passed. */
int bufv__clock_is_over(bufv__clock_t *c);

/* How long may be waited from now on: 0 if a limit is over, below 0 if there
 * is none. */
apr_interval_time_t bufv__clock_left(bufv__clock_t *c);

/* Bytes were accepted: the stall limit counts from here. */
void bufv__clock_accepted(bufv__clock_t *c);

/* Counts the wait that bufv__clock_left() came before, and returns how long it
 * was. */
apr_interval_time_t bufv__clock_waited(bufv__clock_t *c);

/* ---- writer.c: whose turn it is to write by a locked writer */

/* Takes the turn for the list of this number. Waits for it if it may:
 * APR_TIMEUP when a limit is over, APR_EBUSY if it may not wait. The caller is
 * in the writer; where that has no lock, the turn is free. */
apr_status_t bufv__turn_take(bufv_writer_t *w, apr_uint64_t number,
                             int may_wait, bufv__clock_t *c);

/* A number for a list that left in part by this writer. The caller has the
 * turn. */
apr_uint64_t bufv__turn_number(bufv_writer_t *w);

/* ---- report.c: structs that begin with their size */

/* Reads a struct of the caller's into one of `own` bytes, of which the first
 * release had `least`; what the caller's does not cover is 0. APR_EINVAL,
 * APR_ENOTIMPL: see bufv_writer_create(). */
apr_status_t bufv__sized_read(void *to, apr_size_t own, apr_size_t least,
                              const void *from);

/* Whether a struct of the caller's may be filled: the same statuses. */
apr_status_t bufv__sized_check(const void *to, apr_size_t own,
                               apr_size_t least);

/* Fills it, but for its size; what the library does not know becomes 0. */
void bufv__sized_fill(void *to, apr_size_t own, const void *from);

#endif /* BUFV_PRIVATE_H */
