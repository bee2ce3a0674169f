/* SPDX-License-Identifier: Apache-2.0 */

/* What the writer of a back end needs to know, and all of it.
 *
 * A back end is a directory with socket.c and file.c. Each defines operations
 * (bufv_ops_t, see bufv.h) that make one attempt and obey these rules:
 *
 * - A short write is always legal. `writev` takes what it can, sets the count
 *   on every path, and never waits, allocates for each call, edits the vector,
 *   or retries anything but EINTR.
 * - APR_EAGAIN, with a count or without, means that the destination is full.
 *   Whatever cut a write short for another reason is APR_SUCCESS.
 * - What is borrowed of the system is given back before the operation
 *   returns, to what the system says was there. A mode of an open description
 *   is taken, used and given back as one step between bufv__loan_begin() and
 *   bufv__loan_end(). Only an option that delays (a cork) may stay, until
 *   `flush`.
 * - A dead peer is never APR_TIMEUP, and no SIGPIPE reaches the process.
 * - Statuses are APR's, and testable with its macros.
 *
 * The loop in write.c does all the rest. It calls the operations in the thread
 * that writes, one at a time for a writer, except `timeout` and `describe`,
 * which any thread may call at any time. */

#ifndef BUFV_BACKEND_H
#define BUFV_BACKEND_H

#include "bufv.h"

#include <apr_portable.h>

#include <stdint.h>

/* ---- what a back end defines */

/* src/<backend>/socket.c: for stream sockets, and for those of which a list
 * is a message. The baton is a bufv__socket_t. */
extern const bufv_ops_t bufv__stream_ops;
extern const bufv_ops_t bufv__message_ops;

/* src/<backend>/file.c: for files, pipes and terminals. The baton is a
 * bufv__file_t. */
extern const bufv_ops_t bufv__file_ops;

/* Whether what is written to a file in one attempt is a message: it is a
 * socket, and no stream. */
int bufv__file_is_message(apr_file_t *file);

/* The address of a socket's peer. It is asked for early: when the connection
 * has failed, and it is wanted, the system does not tell it any more. */
typedef struct bufv__peer_t {
    apr_size_t len;       /* 0: not known */
    apr_uint64_t raw[16]; /* a struct sockaddr of any family */
} bufv__peer_t;

/* The baton of the socket operations. The core sets the first group and `peer`
 * when the writer is created, and leaves the rest 0, which is the back end's.
 */
typedef struct bufv__socket_t {
    apr_socket_t *sock;
    apr_os_sock_t fd;
    int message; /* a list is one, and not a part of a stream */
    int copying; /* the writer copies small chunks together */

    int method;        /* how it is sent without waiting: the back end's */
    int corked;        /* by us, until `flush` */
    int held;          /* MSG_MORE may hold bytes back, until `flush` */
    apr_socket_t *own; /* a handle of ours on the same descriptor */
    apr_pool_t *pool;  /* of that handle */

    bufv__peer_t peer; /* last, since it is long and rarely looked at */
} bufv__socket_t;

/* The baton of the file operations, likewise. */
typedef struct bufv__file_t {
    apr_file_t *file;

    int method;       /* how it is written without waiting: the back end's */
    apr_file_t *own;  /* a handle of ours on the same descriptor */
    apr_pool_t *pool; /* of that handle */
    void *event;      /* of ours, to wait for the end of an attempt */
} bufv__file_t;

/* ---- what the core offers */

/* The one place where const is cast away: system calls and struct iovec have
 * none, and only read. */
#define bufv__unconst(data) ((void *)(uintptr_t)(data))

static inline struct iovec bufv__entry(const void *data, apr_size_t len)
{
    struct iovec entry;

    entry.iov_base = bufv__unconst(data);
    entry.iov_len = len;
    return entry;
}

/* Asks again which descriptor a socket has: one that was closed has none, and
 * the number may be another's by now. Threads that only ask for its names look
 * at it meanwhile, so it is not written without need. */
static inline void bufv__socket_refresh(bufv__socket_t *s)
{
    apr_os_sock_t fd = s->fd;

    apr_os_sock_get(&fd, s->sock);
    if (fd != s->fd)
        s->fd = fd;
}

/* list.c: the sum of the lengths of `nvec` entries that are known to have one,
 * as those of an attempt are. */
apr_size_t bufv__vec_sum(const struct iovec *vec, apr_size_t nvec);

/* writer.c: creates a pool for a handle of a writer's own. A program may end
 * APR before its writers, which ends this pool, too: then *pool is NULL. */
apr_status_t bufv__own_pool_create(apr_pool_t **pool);

/* Below this size two neighbours are copied together by default, where the
 * transport gathers: what an entry costs in the kernel, in bytes of copying;
 * see docs/PERFORMANCE.md. */
#define BUFV__COPY_BELOW ((apr_size_t)512)

/* The same for files where the transport takes one entry: what a call costs,
 * in bytes of copying. On a socket a call costs more than any copy. */
#define BUFV__COPY_BELOW_FILE ((apr_size_t)64 * 1024)

/* The most that is copied together for one attempt: as many small chunks as
 * one can have at all. See docs/PERFORMANCE.md. The tests try others. */
#ifndef BUFV__SCRATCH_MAX
#define BUFV__SCRATCH_MAX ((apr_size_t)512 * 1024)
#endif

/* socket_names.c: asks for the address of the peer. */
void bufv__socket_get_peer(apr_os_sock_t fd, bufv__peer_t *peer);

/* socket_names.c: writes the network and the two addresses of a socket, as in
 * "tcp 127.0.0.1:40012->127.0.0.1:8080". The system is asked, since APR does
 * not know those of a descriptor that was wrapped; `peer` is what it said
 * before. "?" stands for what is not known. */
void bufv__socket_names(apr_os_sock_t fd, const bufv__peer_t *peer, char *buf,
                        apr_size_t size);

/* ---- what the system offers: src/unix or src/win32, whatever the back end */

/* system.c: monotonic time in microseconds. */
apr_time_t bufv__clock(void);

/* system.c: reads at an offset, once, up to *len bytes; sets *len. APR_EOF
 * with 0 bytes at the end of the file, and where the file system could not
 * have one. The position of the file stays where the system can do that. */
apr_status_t bufv__file_read_at(apr_file_t *file, apr_off_t offset, void *to,
                                apr_size_t *len);

/* system.c: whether a status is "no buffer space", for which APR has no
 * name. */
int bufv__is_nobufs(apr_status_t status);

/* system.c: what tells a send of the system's neither to wait nor to raise
 * SIGPIPE; 0 where it cannot be told. And whether a status says that it cannot
 * for this socket. */
extern const int bufv__send_flags;
int bufv__is_unknown_way(apr_status_t status);

/* system.c: whether a status says that the peer is gone, so that no byte will
 * leave by this way again. */
int bufv__is_gone(apr_status_t status);

/* loan.c: the lock of the process under which modes of open descriptions are
 * borrowed, so that no thread takes another's loan for the user's mode. The
 * thread that has it may take it again. A child of fork() finds it free, and a
 * thread is not cancelled while it has it. */
void bufv__loan_begin(void);
void bufv__loan_end(void);

/* A loan that is held without the lock is in a list, by what the descriptor
 * is, since others may be the same. */
typedef struct bufv__pin_t {
    struct bufv__pin_t *next;
    apr_os_sock_t fd;
    int is_known;
    apr_uint64_t device, inode;
} bufv__pin_t;

/* How long the mode is needed. */
typedef enum bufv__span_t {
    BUFV__SHORT, /* for a call that does not wait: the lock is held */
    BUFV__LONG   /* for one that may read a disk, or call back: it is not, and
                    whoever else wants the mode does not get it meanwhile */
} bufv__span_t;

typedef struct bufv__loan_t {
    apr_os_sock_t fd;
    bufv__span_t span;
    int blocking; /* whether it blocks during the loan */
    int changed;  /* whether we changed the mode */
    int taken;    /* there is something to give back */
    int cancel;   /* the thread's state of cancellation before */
    bufv__pin_t pin;
} bufv__loan_t;

/* loan.c: between the two `fd` does not block. `sock` is the user's handle,
 * which Windows has to be asked through; NULL for a file. APR_EAGAIN if the
 * mode cannot be had now; nothing is borrowed then, nor on any other error. */
apr_status_t bufv__loan_take(bufv__loan_t *l, apr_os_sock_t fd,
                             apr_socket_t *sock, bufv__span_t span);
void bufv__loan_return(bufv__loan_t *l);

/* quiet.c: keeps SIGPIPE away between the two, for one attempt on `fd`;
 * `raised` says that one may have come. Where that is a mode of the descriptor
 * it is borrowed, with the lock, which `relax` gives back for an attempt that
 * may be long. Nothing on Windows. */
typedef struct bufv__quiet_t {
    int fd;
    int blocked; /* by us, in this thread or on this descriptor */
    int pending; /* it was, before `begin` */
} bufv__quiet_t;

void bufv__quiet_begin(bufv__quiet_t *q, apr_os_sock_t fd);
void bufv__quiet_relax(bufv__quiet_t *q);
void bufv__quiet_end(bufv__quiet_t *q, int raised);

/* cork_*.c: bufv__cork() holds half-full segments of a TCP socket back until
 * bufv__uncork(). Returns whether it does so now and did not before: a cork
 * that the user set is not ours. */
int bufv__cork(apr_os_sock_t fd);
void bufv__uncork(apr_os_sock_t fd);

/* cork_*.c: lets go what MSG_MORE holds back, unless the user holds it. */
void bufv__push(apr_os_sock_t fd);

/* cork_*.c: whether the kernel makes records of a stream (kTLS). MSG_MORE
 * keeps such a record open without a timer, and nothing but more bytes ends
 * it. */
int bufv__has_records(apr_os_sock_t fd);

/* nagle.c: whether Nagle's algorithm is on, so that a half-full segment waits
 * for the peer to acknowledge those before it; 0 where there is no such thing.
 * bufv__set_delaying() switches it on or off. */
int bufv__is_delaying(apr_os_sock_t fd);
void bufv__set_delaying(apr_os_sock_t fd, int on);

/* monitor.c: a mutex with a condition that is waited for on the monotonic
 * clock. A timeout below 0 is none. Waiting may end early and for no reason.
 * Destroying is safe in a child of fork() whatever the parent's threads do. */
typedef struct bufv__monitor_t bufv__monitor_t;

apr_status_t bufv__monitor_create(bufv__monitor_t **m);
void bufv__monitor_destroy(bufv__monitor_t *m);
int bufv__monitor_is_inherited(const bufv__monitor_t *m); /* by fork() */
void bufv__monitor_enter(bufv__monitor_t *m);
void bufv__monitor_leave(bufv__monitor_t *m);
void bufv__monitor_wait(bufv__monitor_t *m, apr_interval_time_t timeout);
void bufv__monitor_wake(bufv__monitor_t *m); /* all that wait */

#endif /* BUFV_BACKEND_H */
