/* What the files of the library share and its users do not see. */

#ifndef BUFV_PRIVATE_H
#define BUFV_PRIVATE_H

#include "bufv.h"

#include <apr_portable.h>

#include <stddef.h>
#include <stdint.h>

/* The longest chunk: pointers into a longer one could not be subtracted. */
#define BUFV__CHUNK_MAX ((apr_size_t)PTRDIFF_MAX)

/* The most entries of an attempt that copies: Linux' and Windows' own limit,
 * and 16 KiB of stack. An attempt that does not copy may have more. */
#define BUFV__VEC_MAX 1024

/* The most that is copied together for one attempt: as many small chunks as
 * one can have at all. See docs/PERFORMANCE.md. The tests try others. */
#ifndef BUFV__SCRATCH_MAX
#define BUFV__SCRATCH_MAX ((apr_size_t)512 * 1024)
#endif

/* What lies on the stack in its place: a TLS record, or some headers. */
#ifndef BUFV__SCRATCH_SMALL
#define BUFV__SCRATCH_SMALL ((apr_size_t)16 * 1024)
#endif

/* Below this size two neighbours are copied together by default, where the
 * transport gathers: what an entry costs in the kernel, in bytes of copying;
 * see docs/PERFORMANCE.md. */
#define BUFV__COPY_BELOW ((apr_size_t)512)

/* The same for files where the transport takes one entry: what a call costs,
 * in bytes of copying. On a socket a call costs more than any copy. */
#define BUFV__COPY_BELOW_FILE ((apr_size_t)64 * 1024)

/* Kept apart from the path that calls it, which then need not save registers
 * for it. */
#ifdef __GNUC__
#define BUFV__COLD __attribute__((cold, noinline))
#else
#define BUFV__COLD
#endif

/* ---- queue.c: an array that is filled at its end and drained at its front */

typedef struct bufv__queue_t {
    void *items;
    apr_size_t head; /* the first item */
    apr_size_t tail; /* behind the last */
    apr_size_t room; /* items that fit */
} bufv__queue_t;

apr_status_t bufv__queue_grow(bufv__queue_t *q, apr_size_t extra,
                              apr_size_t size);
apr_status_t bufv__queue_open(bufv__queue_t *q, apr_size_t size);

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

/* Drops the first n. An empty queue begins anew, so that it need not grow. */
static inline void bufv__queue_drop(bufv__queue_t *q, apr_size_t n)
{
    q->head += n;
    if (q->head == q->tail)
        q->head = q->tail = 0;
}

/* ---- mark.c: who is told when a chunk is done with */

/* Chunks are numbered from the list's creation on, with wrap-around. A mark
 * belongs to the chunks since..at-1 and is due once all before `at` are gone.
 * Marks are in the order of `at`, and their chunks do not overlap. */
typedef struct bufv__mark_t {
    apr_uint64_t since;
    apr_uint64_t at;
    bufv_release_t *release;
    void *baton;
    const void *data;
    apr_size_t len;
} bufv__mark_t;

/* The care of a chunk that several marks share, in one list or many. */
typedef struct bufv__hold_t bufv__hold_t;

apr_status_t bufv__hold_create(bufv__hold_t **hold, bufv_release_t *release,
                               void *baton, const void *data, apr_size_t len,
                               apr_size_t extra);
void *bufv__hold_bytes(bufv__hold_t *hold);
int bufv__hold_alone(bufv__hold_t *hold);
void bufv__hold_keep(bufv__hold_t *hold);
bufv_release_t bufv__hold_release;

apr_status_t bufv__mark_share(bufv__mark_t *mark);

/* ---- range.c: a part of a file as a chunk */

/* The chunk's own entry in the list is {NULL, 0}, which no other can be. */
typedef struct bufv__range_t {
    apr_uint64_t at; /* the chunk's number */
    apr_file_t *file;
    apr_off_t offset;
    apr_uint64_t left;
    char *window; /* what bufv_peek shows of it, or NULL */
} bufv__range_t;

apr_status_t bufv__range_read(const bufv__range_t *r, apr_uint64_t skip,
                              char *to, apr_size_t *len);
apr_status_t bufv__range_show(bufv__range_t *r, struct iovec *entry);
void bufv__range_drop(bufv__range_t *r);

/* ---- list.c */

struct bufv_t {
    bufv__queue_t chunks; /* of struct iovec */
    apr_uint64_t length;  /* bytes in all; beside what appending changes */
    apr_uint64_t first;   /* the number of the first chunk */
    bufv__queue_t marks;  /* of bufv__mark_t */
    bufv__queue_t ranges; /* of bufv__range_t */
    bufv__hold_t *slab;   /* where bufv_append_copy copies to, or NULL */
    apr_size_t slab_size;
    apr_size_t slab_room; /* what is unused of it, */
    char *slab_next;      /* from here on */
    int busy;             /* being written, or calling back */
    int orphan;           /* its pool went while it was busy */
};

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

static inline bufv__mark_t *bufv__marks(const bufv_t *v)
{
    bufv__mark_t *marks = v->marks.items;

    return marks != NULL ? marks + v->marks.head : NULL;
}

/* The number of the chunk that would be appended next. */
static inline apr_uint64_t bufv__end(const bufv_t *v)
{
    return v->first + bufv__queue_count(&v->chunks);
}

/* The one place where const is cast away: system calls and struct iovec have
 * none, and only read. */
static inline void *bufv__unconst(const void *data)
{
    return (void *)(uintptr_t)data;
}

static inline struct iovec bufv__entry(const void *data, apr_size_t len)
{
    struct iovec entry;

    entry.iov_base = bufv__unconst(data);
    entry.iov_len = len;
    return entry;
}

void bufv__local(bufv_t *v, struct iovec *vec, apr_size_t room);
apr_size_t bufv__plain(const bufv_t *v, apr_size_t from);
apr_status_t bufv__flatten(const bufv_t *v, char *to, apr_size_t *len);
void bufv__advance(bufv_t *v, apr_uint64_t n);
void bufv__pass(bufv_t *v, apr_size_t chunks, apr_size_t cut,
                apr_uint64_t bytes);
void bufv__enter(bufv_t *v);
void bufv__leave(bufv_t *v);
void bufv__settle(bufv_t *v);

/* ---- vec.c: sums over vectors; proved, see docs/PROOF.md */

apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n);
apr_size_t bufv__vec_fit(const struct iovec *vec, apr_size_t nvec,
                         apr_size_t max, apr_size_t *bytes);
apr_size_t bufv__vec_sum(const struct iovec *vec, apr_size_t nvec);

/* ---- scratch.c: where small chunks are copied together */

typedef struct bufv__scratch_t {
    char *bytes;
    apr_size_t room;
    int block; /* of the process, which it was lent from; -1: none */
    char *own; /* for a message longer than a block, or NULL */
    char small[BUFV__SCRATCH_SMALL];
} bufv__scratch_t;

void bufv__scratch_join(void);
void bufv__scratch_leave(void);
void bufv__scratch_begin(bufv__scratch_t *s);
void bufv__scratch_want(bufv__scratch_t *s, apr_uint64_t bytes);
apr_status_t bufv__scratch_need(bufv__scratch_t *s, apr_size_t bytes);
void bufv__scratch_end(bufv__scratch_t *s);

/* ---- plan.c: what one attempt is given */

typedef struct bufv__limits_t {
    apr_size_t vec;
    apr_size_t bytes;
    apr_size_t copy_below;
    int message;  /* a list goes whole or not at all */
    int sendfile; /* file ranges go unread */
} bufv__limits_t;

typedef struct bufv__batch_t {
    const struct iovec *vec; /* what to write, or */
    bufv__range_t *range;    /* the file range to send */
    apr_size_t nvec;
    apr_size_t bytes;   /* in all */
    apr_size_t copied;  /* of these, in scratch memory */
    apr_size_t chunks;  /* of the list, that are in it whole */
    apr_size_t cut;     /* bytes of the chunk behind those */
    apr_size_t trimmed; /* bytes hidden of the list's own last entry */
    struct iovec own[BUFV__VEC_MAX];
} bufv__batch_t;

apr_status_t bufv__plan(bufv__batch_t *b, bufv_t *v,
                        const bufv__limits_t *limits, bufv__scratch_t *s);
void bufv__unplan(const bufv__batch_t *b, bufv_t *v);
void bufv__accept(const bufv__batch_t *b, bufv_t *v, apr_size_t written);

/* ---- lock.c */

apr_status_t bufv__lock_create(void **lock, apr_pool_t *pool);
void bufv__lock(void *lock);
void bufv__unlock(void *lock);

/* ---- ends.c */

void bufv__name_ends(apr_socket_t *sock, int message, char *buf,
                     apr_size_t size);

/* ---- socket.c, and a back end's: src/<backend>/socket.c */

/* What it takes to keep SIGPIPE away from this thread: see quiet.c. */
typedef struct bufv__quiet_t {
    int blocked; /* by us, in this thread */
    int pending; /* before we came */
} bufv__quiet_t;

void bufv__quiet_begin(bufv__quiet_t *q);
void bufv__quiet_end(bufv__quiet_t *q, int raised);

/* The baton of the socket operations. */
typedef struct bufv__socket_t {
    apr_socket_t *sock;
    apr_os_sock_t fd;
    apr_interval_time_t timeout;
    int message; /* a list is one, and not a part of a stream */
    int copying; /* the writer copies small chunks together */
    int corked;  /* by us, while this list is written */
    bufv__quiet_t quiet;
} bufv__socket_t;

/* What `more` is when a file range comes next, and `sendfile` gets it. */
#define BUFV__MORE_FILE 2

/* The back end's. The second differs in that a list is a message. */
extern const bufv_ops_t bufv__stream_ops;
extern const bufv_ops_t bufv__message_ops;

void bufv__writer_socket_init(bufv_writer_t *w, apr_socket_t *sock);

/* ---- file.c, and a back end's: src/<backend>/file.c */

/* The baton of the file operations. */
typedef struct bufv__file_t {
    apr_file_t *file;
    apr_os_file_t fd;
    apr_interval_time_t timeout;
    int stream;    /* a pipe: it can be full, and its reader can go */
    int buffered;  /* by APR */
    int behind;    /* what APR has buffered has to leave first */
    int unblocked; /* by us, while this list is written */
} bufv__file_t;

extern const bufv_ops_t bufv__file_ops;

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
    bufv_report_t report;
    bufv_stats_t stats;
    const char *op; /* the operation that the last write ended with */
    void *lock;
    bufv__socket_t socket; /* the baton, where it is a socket's */
    bufv__file_t file;     /* the same for a file */
    apr_pool_t *pool;
    int busy;
    int orphan;
};

void bufv__writer_init(bufv_writer_t *w, const bufv_ops_t *ops, void *baton);
void bufv__writer_leave(bufv_writer_t *w);
apr_time_t bufv__writer_now(const bufv_writer_t *w);

/* ---- system.c and quiet.c, the operating system's: in src/unix or
 * src/win32, whatever the back end */

/* Monotonic time in microseconds. */
apr_time_t bufv__clock(void);

/* Reads at an offset, once; APR_EOF with 0 bytes at the end. */
apr_status_t bufv__file_read_at(apr_file_t *file, apr_off_t offset, void *to,
                                apr_size_t *len);

/* "No buffer space", for which APR has no name. */
int bufv__is_nobufs(apr_status_t status);

#endif /* BUFV_PRIVATE_H */
