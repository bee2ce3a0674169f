/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the core share and its users do not see.
 *
 * The road of a write, from outer to inner:
 *
 *     bufv_write()              write.c   the public call
 *       write_on_terms()        write.c   enter, take the turn, conclude
 *         write_list()          write.c   the loop: attempt, decide, act
 *           attempt()           write.c   lend, call, account, tell
 *             ops->writev()     a back end, or a transport of the user's
 *
 * Before each attempt bufv__plan() says which chunks it is given, and after
 * it bufv__drop_bytes() takes off the list what was accepted.
 *
 * This header is a contract. For each name it says what it does, what must
 * hold before, and what may be invalid afterwards. The small functions that
 * are inlined are declared by their bodies in inline.h, which comes at the
 * end. backend.h is the part that back ends need.
 *
 * What holds for all of them: pointers are not NULL unless it is said. A
 * function that returns apr_status_t and fails has changed nothing, unless it
 * is said otherwise. None of them may be called by two threads at a time for
 * the same list or the same writer, except where the writer's lock is
 * mentioned. */

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

/* Scratch memory on the stack of a write: a TLS record, or some headers. The
 * tests try other sizes. */
#ifndef BUFV__SCRATCH_SMALL
#define BUFV__SCRATCH_SMALL ((apr_size_t)16 * 1024)
#endif

/* From this length on a range of a file is sent unread by default: what two
 * system calls more cost, in bytes of copying; see docs/PERFORMANCE.md. */
#define BUFV__SENDFILE_FROM ((apr_uint64_t)16 * 1024)

/* The longest single wait. Transports and readers turn it into milliseconds in
 * an int, or into less; a longer one is several of these. */
#define BUFV__WAIT_MAX apr_time_from_sec(24 * 60 * 60)

/* Marks a function that is rarely called. It is kept apart from the path that
 * calls it, which then need not save registers for it. */
#ifdef __GNUC__
#define BUFV__COLD __attribute__((cold, noinline))
#else
#define BUFV__COLD
#endif

/* ---- queue.c: an array that is filled at its end and drained at its front
 *
 * The items are items[head .. tail - 1]; `room` is how many fit. A queue of
 * zeros is empty. Pointers to items are invalid after each call that may move
 * the array: bufv__queue_reserve(), _grow(), _make_gap() and _fit(). */

typedef struct bufv__queue_t {
    void *items;
    apr_size_t head;
    apr_size_t tail;
    apr_size_t room;
} bufv__queue_t;

/* Makes room at the end for `extra` items of `size` bytes, where
 * bufv__queue_reserve() found none. What was drained at the front is used
 * again first. Amortised O(1) an item. APR_ENOMEM, also where the number of
 * bytes would not fit into one. */
apr_status_t bufv__queue_grow(bufv__queue_t *q, apr_size_t extra,
                              apr_size_t size);

/* Makes room for one item before the first: the caller decrements `head` and
 * fills it. Amortised O(1) an item. APR_ENOMEM. */
apr_status_t bufv__queue_make_gap(bufv__queue_t *q, apr_size_t size);

/* Gives back the memory that no item is in. Where the system cannot shrink
 * the array, it stays as it is. */
void bufv__queue_fit(bufv__queue_t *q, apr_size_t size);

/* ---- release.c: release points, and owners that several of them share */

/* Where a release callback is due.
 *
 * Chunks are numbered from the list's creation on, with wrap-around: numbers
 * are compared by the sign of their difference. A release point stands for
 * the chunks since..at-1, and is due once all chunks before `at` are gone; for
 * an empty chunk `since` and `at` are the same. Points are in the order of
 * `at`, and their chunks do not overlap. `release` is called with the three
 * members behind it, and is never NULL. */
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
 * threads may refer to one: the count is atomic, the rest is not changed after
 * creation. */
typedef struct bufv__owner_t bufv__owner_t;

/* Creates an owner with one reference, the caller's, and `extra` bytes behind
 * it. `release` may be NULL: then nothing is called. *owner is set to NULL on
 * failure. APR_ENOMEM. */
apr_status_t bufv__owner_create(bufv__owner_t **owner, bufv_release_t *release,
                                void *baton, const void *data, apr_size_t len,
                                apr_size_t extra);

/* The bytes behind an owner, as long as the caller has a reference. */
char *bufv__owner_bytes(bufv__owner_t *owner);

/* Their number; 0 for an owner that is no slab. */
apr_size_t bufv__owner_size(const bufv__owner_t *owner);

/* Returns whether there is no other reference than the caller's. Then nobody
 * else reads the bytes any more, whatever the thread. */
int bufv__owner_is_alone(bufv__owner_t *owner);

/* Adds a reference. The caller must have one. */
void bufv__owner_ref(bufv__owner_t *owner);

/* Drops a reference; with the last one calls `release` and frees the owner.
 * `baton` is the owner, `data` and `len` are ignored: this has the shape of a
 * release callback, so that a point need not know that it shares. */
bufv_release_t bufv__owner_unref;

/* Turns a point into one that may be copied: call bufv__owner_ref() on its
 * baton for each copy. The point means the same as before. APR_ENOMEM. */
apr_status_t bufv__point_share(bufv__point_t *point);

/* ---- range.c: a part of a file as a chunk
 *
 * A range has an entry in the list like any other chunk, {NULL, 0}, which no
 * other can be, and this beside it. */

typedef struct bufv__range_t {
    /* The number of the chunk. */
    apr_uint64_t at;
    /* Where its bytes are: `left` of them, more than 0, from `offset` on. */
    apr_file_t *file;
    apr_off_t offset;
    apr_uint64_t left;
    /* The file was opened with APR_FOPEN_SENDFILE_ENABLED. */
    int may_be_unread;
    /* What bufv_peek() shows of it; NULL until it is asked for. */
    char *window;
} bufv__range_t;

/* Reads up to *len bytes from the beginning of a range, and sets *len. Short
 * reads are gone on with. APR_EOF, with what there was, if the file ends
 * before; or the error of reading, likewise. The range is not moved. */
apr_status_t bufv__range_read(const bufv__range_t *r, char *to,
                              apr_size_t *len);

/* Reads the beginning of a range into its window, and shows it in *entry,
 * which is valid until the window is read again or dropped. APR_ENOMEM,
 * APR_EOF, or the error of reading, if there is not a byte. */
apr_status_t bufv__range_show(bufv__range_t *r, struct iovec *entry);

/* Frees the window. */
void bufv__range_drop(bufv__range_t *r);

/* ---- list.c */

/* Who may do what with a list. */
typedef enum bufv__use_t {
    /* No call is in it: the program may do everything. */
    BUFV__FREE,
    /* A call is in it: callbacks may append, look and destroy. */
    BUFV__IN_USE,
    /* An operation has a part of it: it may look and destroy. */
    BUFV__LENT,
    /* It is being destroyed: callbacks may do nothing. */
    BUFV__DYING
} bufv__use_t;

/* Where bufv_append_copy() copies to: `room` unused bytes of the owner's, at
 * `next`. An owner of NULL: there is no slab yet, and no room. */
typedef struct bufv__slab_t {
    bufv__owner_t *owner;
    char *next;
    apr_size_t room;
} bufv__slab_t;

/* What bufv_reserve() gave out and bufv_commit() has not taken: `room` bytes
 * at `data`, with a reference to their owner. An owner of NULL: nothing is
 * reserved. While the rest of the slab is reserved, the slab has no room. */
typedef struct bufv__reservation_t {
    bufv__owner_t *owner;
    char *data;
    apr_size_t room;
} bufv__reservation_t;

/* A list. Its first members are what appending changes, in one line of the
 * processor's cache; what each write looks at comes next. bufv__is_valid()
 * says what must hold between calls. */
struct bufv_t {
    /* The chunks, as struct iovec. While nobody may append, their room is
     * hidden, so that bufv_append() has one thing less to look at. */
    bufv__queue_t chunks;
    /* Bytes in all, those of ranges included. */
    apr_uint64_t length;
    bufv__slab_t slab;
    /* The last release point is the slab's, and open: it stands for all chunks
     * up to the end of the list, wherever this is. Its `at` is not set. */
    int copies;
    bufv__use_t use;

    /* It is destroyed as soon as it is free, and no call keeps it. */
    int doomed;
    /* How many calls will use it again: bufv__keep(). */
    int kept;
    /* The number of the first chunk. */
    apr_uint64_t first;
    /* The release points, as bufv__point_t, in their order. */
    bufv__queue_t points;
    /* The room of `chunks` that is hidden. */
    apr_size_t hidden;
    /* The ranges of files, as bufv__range_t, in their order. */
    bufv__queue_t ranges;
    /* The number by which a locked writer knows a list that left in part; 0:
     * it has none. It ends when the list is empty, and goes with the first
     * byte when that is moved to an empty list. */
    apr_uint64_t number;
    /* The status of the first append that failed: bufv_status(). */
    apr_status_t status;
    /* The pool whose cleanup destroys the list; NULL: none does. */
    apr_pool_t *pool;
    /* The writer that it is being written to, by a call that has the turn;
     * else NULL. */
    struct bufv_writer_t *writer;
    bufv__reservation_t reservation;
};

/* The front of a list up to its first range of a file, and where it goes on:
 * so a list is walked through in linear time. Invalid when the list changes.
 */
typedef struct bufv__view_t {
    /* `count` chunks in memory come next; the first has the number `at`. */
    const struct iovec *vec;
    apr_size_t count;
    apr_uint64_t at;
    /* The range behind them, the first of `ranges`; NULL if there is none. */
    bufv__range_t *range;
    apr_size_t ranges;
    /* The number behind the last chunk of the list. */
    apr_uint64_t end;
} bufv__view_t;

/* Moves a view behind its range, which there must be. */
void bufv__view_pass_range(bufv__view_t *view);

/* Returns how many entries lie wholly within the first *n bytes, and leaves
 * in *n how many bytes of the next one do. Proved: docs/PROOF.md. */
apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n);

/* Returns how many entries fit whole into `max` bytes, and sets *bytes to
 * their sum. Proved as well. */
apr_size_t bufv__vec_fit(const struct iovec *vec, apr_size_t nvec,
                         apr_size_t max, apr_size_t *bytes);

/* Returns whether a list is in order, as far as can be seen in constant time.
 * It is for assertions where a list enters and leaves. */
int bufv__is_valid(const bufv_t *v);

/* Makes a list on the stack, for borrowed chunks; it need not be destroyed.
 * `vec` has room for `room` of them; NULL: for as many as there is memory for,
 * which the caller frees (chunks.items). */
void bufv__local(bufv_t *v, struct iovec *vec, apr_size_t room);

/* Ends a call that uses the list: bufv__enter(). It may be gone
 * afterwards. */
void bufv__leave(bufv_t *v);

/* Between the two the list outlives its destruction too, but is free: for a
 * call that is made of several. After bufv__let_go() it may be gone. */
void bufv__keep(bufv_t *v);
void bufv__let_go(bufv_t *v);

/* Returns whether a chunk may be appended: APR_EINVAL for a list of NULL, for
 * bytes of NULL, and for a length that is too much; APR_EBUSY for a list that
 * is lent or dying. Makes no room. `v` may be NULL. */
apr_status_t bufv__check(const bufv_t *v, const void *data, apr_size_t len);

/* Remembers the first status of an append that failed, for bufv_status(), and
 * returns the status. `v` may be NULL. */
apr_status_t bufv__note(bufv_t *v, apr_status_t status);

/* Adds a release point for the chunks from `since` to the end, for which there
 * must be room, and closes the open point of copies. */
void bufv__put_point(bufv_t *v, apr_uint64_t since, bufv_release_t *release,
                     void *baton, const void *data, apr_size_t len);

/* Drops whole chunks, and `cut` bytes of the next, off the front: `bytes` in
 * all. The next one must be in memory if it is cut, and longer. No callback is
 * called: bufv__run_releases() has to follow. A list that runs empty loses its
 * number. */
void bufv__drop_chunks(bufv_t *v, apr_size_t chunks, apr_size_t cut,
                       apr_uint64_t bytes);

/* Drops n bytes off the front, not more than there are, in memory or in files.
 * Otherwise as bufv__drop_chunks(). */
void bufv__drop_bytes(bufv_t *v, apr_uint64_t n);

/* Calls back for the release points that are due and are there now; those
 * that callbacks add wait for the next time. The list must be in use or dying.
 * A callback may append to the list and so move all its arrays, and may
 * destroy list and writer, which then are doomed. */
void bufv__run_releases(bufv_t *v);

/* Copies the first *len bytes, which there must be. Sets *len to fewer only if
 * a file cannot be read, and then returns why. */
apr_status_t bufv__flatten(const bufv_t *v, char *to, apr_size_t *len);

/* ---- slab.c: bytes that the list has copied, packed one behind the other */

/* Makes sure that the slab has `len` unused bytes, that there is room for a
 * chunk, and that the open release point is the slab's. The list may be
 * appended to. APR_ENOMEM. */
apr_status_t bufv__slab_make_room(bufv_t *v, apr_size_t len);

/* Appends the `len` bytes, more than 0, that were written to slab.next.
 * bufv__slab_make_room() has been called for as many. */
void bufv__slab_put(bufv_t *v, apr_size_t len);

/* Returns the size of the next slab, `len` bytes or more. */
apr_size_t bufv__slab_size(const bufv_t *v, apr_size_t len);

/* Begins the slab anew, with all of its room, if no release point of any list
 * refers to it and it is not reserved. */
void bufv__slab_rewind(bufv_t *v);

/* Makes an owner the list's slab, with `room` unused bytes at `next`. The
 * caller hands its reference over; the slab before loses the list's. NULL: the
 * list has no slab then. */
void bufv__slab_set(bufv_t *v, bufv__owner_t *owner, char *next,
                    apr_size_t room);

/* ---- reserve.c: bufv_reserve(), bufv_commit(), bufv_fill() */

/* Gives up the reservation, if there is one. Its room is no longer valid. */
void bufv__reservation_drop(bufv_t *v);

/* ---- scratch.c: where small chunks are copied together for an attempt */

typedef struct bufv__scratch_t {
    /* `room` bytes that may be written to: those of `small`, as long as
     * nothing is lent. */
    char *bytes;
    apr_size_t room;
    /* BUFV__SCRATCH_SMALL bytes on the stack of the write. */
    char *small;
    /* The number of the block of the process that was lent last. */
    int block;
    /* What is lent is that block, and not memory that was allocated since
     * there was none that is long enough. Not set while nothing is. */
    int is_block;
} bufv__scratch_t;

/* Asks for `bytes`, for one attempt: bufv__scratch_end() comes before the next
 * call. Too little memory is no error here: then there is less room, and less
 * is copied. */
void bufv__scratch_want(bufv__scratch_t *s, apr_uint64_t bytes);

/* The same for room that must be had. APR_ENOMEM. */
apr_status_t bufv__scratch_need(bufv__scratch_t *s, apr_size_t bytes);

/* Does what bufv__scratch_end() does where something is lent. */
void bufv__scratch_give_back(bufv__scratch_t *s);

/* ---- plan.c: what one attempt is given */

/* What an attempt may be at most. */
typedef struct bufv__limits_t {
    /* Entries, bytes in all, and of these bytes that are copied or read. */
    apr_size_t vec;
    apr_size_t bytes;
    apr_size_t copied;
    /* Chunks shorter than this are copied together; 0: none are, and each is
     * an entry of its own. */
    apr_size_t copy_below;
    /* Ranges shorter than this are read, the others go unread if `sendfile`
     * is set and their file allows it. */
    apr_uint64_t sendfile_from;
    int sendfile;
    /* A list goes whole or not at all. */
    int message;
} bufv__limits_t;

/* What an attempt is. */
typedef struct bufv__batch_t {
    /* What to write, `nvec` entries, or, if it is not NULL, the range of a
     * file to send unread. */
    const struct iovec *vec;
    const bufv__range_t *range;
    apr_size_t nvec;
    /* Bytes in all; of these, bytes in scratch memory. */
    apr_size_t bytes;
    apr_size_t copied;
    /* Chunks of the list that are in it whole, and bytes of the one behind. */
    apr_size_t chunks;
    apr_size_t cut;
    /* What the operation is told of what comes after: `more` of bufv.h. */
    int more;
    /* Where `vec` points unless it is the list's own. */
    struct iovec own[BUFV__VEC_MAX];
} bufv__batch_t;

/* Plans the next attempt for a list that is not empty. The batch refers to the
 * list and to the scratch memory, and is valid until either changes. On a
 * stream it has at least a byte. An error is that of reading a file whose
 * range comes first, or APR_EINVAL for a message that cannot go whole; then
 * the batch is not to be used. */
apr_status_t bufv__plan(bufv__batch_t *b, const bufv_t *v,
                        const bufv__limits_t *limits, bufv__scratch_t *s);

/* ---- writer.c */

/* The clock of a call: see limits.c below. */
typedef struct bufv__clock_t bufv__clock_t;

/* Where a writer is in a run of attempts. */
typedef enum bufv__run_t {
    BUFV__RESTS,  /* in none */
    BUFV__BEGINS, /* in the operation `begin` */
    BUFV__RUNS    /* behind it, up to the end of the operation `end` */
} bufv__run_t;

/* A call that calls back before it has the turn, and its thread. */
typedef struct bufv__caller_t {
    struct bufv__caller_t *next;
    apr_os_thread_t thread;
} bufv__caller_t;

/* What each write looks at before it begins comes first, since the system
 * leaves little of it in the processor's cache. */
struct bufv_writer_t {
    /* The lock of `uses`, `kept`, `busy`, and of all members from `report` to
     * `numbers`; NULL: it is not enabled. */
    bufv__monitor_t *monitor;
    /* Calls that are in the writer or wait for their turn. */
    int uses;
    /* Whether a thread has the turn. */
    int busy;
    /* It is destroyed as soon as no call is in it, or keeps it. */
    int doomed;
    /* Calls that will enter it again. */
    int kept;

    /* The last bytes that were accepted were told that more would come: they
     * may be held back. It belongs to the call that has the turn, as do the
     * next three. */
    int held;
    bufv__run_t running;
    /* How much the next call copies for its first attempt: the last one, whose
     * list left in part, has learned that of the destination; 0: nothing is
     * known. */
    apr_size_t copied;
    /* The block of scratch memory that was lent last. */
    int block;

    /* What the setters set. The deadline is on the writer's clock, 0: none. */
    bufv_hook_t *hook;
    void *hook_baton;
    bufv__limits_t limits;
    apr_time_t deadline;
    apr_interval_time_t stall;
    int stall_set;

    /* The transport. The baton is the caller's, or one of the next two. */
    bufv_ops_t ops;
    void *baton;
    bufv__socket_t socket;
    bufv__file_t file;

    /* What the last write that ended told, and all of them together. */
    bufv_report_t report;
    bufv_stats_t stats;
    const char *op;

    /* Which thread has the turn, where there is a lock. */
    apr_os_thread_t thread;
    /* Calls that call back now, without the turn. */
    bufv__caller_t *callers;
    /* The number of the list that left in part, whose turn it stays; 0: the
     * turn is anybody's. And the last number that was given. */
    apr_uint64_t turn;
    apr_uint64_t numbers;
    /* The pool whose cleanup destroys the writer; NULL: none does. */
    apr_pool_t *pool;
};

/* Makes a writer of memory that has not been one. `ops` is copied. */
void bufv__writer_init(bufv_writer_t *w, const bufv_ops_t *ops, void *baton);

/* The same for a socket; its baton is in the writer itself, which must not be
 * moved. APR_ENOTSOCK, or the system's word for it. */
apr_status_t bufv__writer_init_socket(bufv_writer_t *w, apr_socket_t *sock);

/* Frees what a writer holds, but for the writer itself. */
void bufv__writer_fini(bufv_writer_t *w);

/* Begins a call that uses the writer, which then outlives its destruction.
 * APR_EBUSY if this thread has the turn already, or calls back; where there is
 * no lock, if any call is in the writer. */
apr_status_t bufv__writer_enter(bufv_writer_t *w);

/* Ends the call. If it had the turn it gives that back: the next one is that
 * of the list of this number, or, if it is 0, of any. The writer may be gone
 * afterwards. */
void bufv__writer_leave(bufv_writer_t *w, int had_turn, apr_uint64_t number);

/* Between the two the writer outlives its destruction too, but may be entered:
 * for a call that is made of several. After bufv__writer_let_go() it may be
 * gone. */
void bufv__writer_keep(bufv_writer_t *w);
void bufv__writer_let_go(bufv_writer_t *w);

/* Frames callbacks that a call makes before it has the turn: what they write
 * to this writer is APR_EBUSY. `c` is valid until the second. */
void bufv__writer_calls_back(bufv_writer_t *w, bufv__caller_t *c);
void bufv__writer_called_back(bufv_writer_t *w, const bufv__caller_t *c);

/* Tells the writer of a write that ended: keeps its report and the name of its
 * last operation, and adds it to the counters. */
void bufv__writer_tell(bufv_writer_t *w, const char *op,
                       const bufv_report_t *report);

/* Has the transport send what it holds back, if it may hold something.
 * Outside of a run of attempts, and while the baton is there. */
void bufv__writer_flush(bufv_writer_t *w);

/* The same for a list or a writer that is destroyed in the call that has the
 * turn: now, or, in a run of attempts, at its end. The transport may be gone
 * when that call goes on. */
void bufv__writer_flush_early(bufv_writer_t *w);

/* Takes the turn for this list. Waits for it if it may: APR_TIMEUP when a
 * limit is over; APR_EBUSY if it may not wait, or if list or writer is
 * destroyed meanwhile. The call is in the writer; where that has no lock, the
 * turn is free. */
apr_status_t bufv__turn_take(bufv_writer_t *w, const bufv_t *v, int may_wait,
                             bufv__clock_t *c);

/* Returns a new number for a list that left in part by this writer. The call
 * has the turn. */
apr_uint64_t bufv__turn_number(bufv_writer_t *w);

/* ---- limits.c: all arithmetic of time */

/* The limits of one call and its clock. Time is added up from reading to
 * reading, so that a clock that steps back loses its step and no more. */
struct bufv__clock_t {
    /* Whose clock and deadline it is. */
    const bufv_writer_t *w;
    /* The clock has been read, and then told this time. */
    int started;
    apr_time_t read;
    /* Time since the call began; and how much it was when the last byte was
     * accepted. */
    apr_interval_time_t elapsed;
    apr_interval_time_t accepted;
    /* Below 0: no stall limit. 0: the call has no limit of its own. */
    apr_interval_time_t stall;
    apr_interval_time_t within;
    /* Where waits are counted. */
    bufv_report_t *report;
};

/* Begins the call. */
void bufv__clock_begin(bufv__clock_t *c, const bufv_writer_t *w,
                       apr_interval_time_t stall, apr_interval_time_t within,
                       bufv_report_t *report);

/* Returns whether the deadline or `within` has passed. There must be one of
 * them: bufv__clock_is_over() asks that first. */
int bufv__clock_has_passed(bufv__clock_t *c);

/* Returns how long may be waited from now on: 0 if a limit is over, below 0 if
 * there is none. */
apr_interval_time_t bufv__clock_left(bufv__clock_t *c);

/* Notes that bytes were accepted: the stall limit counts from here. */
void bufv__clock_accepted(bufv__clock_t *c);

/* Puts the thread to sleep for so long, whatever signals come. */
void bufv__sleep(apr_interval_time_t time);

/* Counts the wait that bufv__clock_left() came before, and returns how long it
 * was. */
apr_interval_time_t bufv__clock_waited(bufv__clock_t *c);

/* ---- report.c: structs that begin with their size */

/* Reads a struct of the caller's into one of `own` bytes, of which the first
 * release had `least`; what the caller's does not cover whole is 0.
 * APR_EINVAL for a size below `least` or that is none; APR_ENOTIMPL if it is
 * above `own` and what is unknown of it is not 0. */
apr_status_t bufv__sized_read(void *to, apr_size_t own, apr_size_t least,
                              const void *from);

/* Returns whether a struct of the caller's may be filled: the same statuses.
 */
apr_status_t bufv__sized_check(const void *to, apr_size_t own,
                               apr_size_t least);

/* Fills it up to its size, which stays; what is unknown of it becomes 0. It
 * has been checked. */
void bufv__sized_fill(void *to, apr_size_t own, const void *from);

#include "inline.h"

#endif /* BUFV_PRIVATE_H */
