/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of this directory share, and src/generic uses of them. */

#ifndef BUFV_UNIX_H
#define BUFV_UNIX_H

#include "backend.h"

#include <limits.h>
#include <pthread.h>
#include <sys/socket.h>

/* What one call takes: 1024 entries on all systems of today but a few old
 * ones, where it is 16 and <limits.h> says so. */
#ifndef BUFV_IOV_MAX
#if defined(IOV_MAX) && IOV_MAX < 1024
#define BUFV_IOV_MAX IOV_MAX
#else
#define BUFV_IOV_MAX 1024
#endif
#endif

/* What tells a send to raise no signal; 0: it cannot be told, and SIGPIPE is
 * kept away by the system's other means: see quiet.c. */
#if defined(MSG_NOSIGNAL) && !defined(BUFV_WITHOUT_NOSIGNAL)
#define BUFV__NOSIGNAL MSG_NOSIGNAL
#else
#define BUFV__NOSIGNAL 0
#endif

/* ---- system.c */

/* Waits until a descriptor takes bytes again, or is broken: APR_SUCCESS,
 * APR_TIMEUP, APR_EINTR. A timeout below 0 is none. */
apr_status_t bufv__wait_writable(int fd, apr_interval_time_t timeout);

/* ---- kind.c */

/* What a descriptor is, as far as writing to it differs. */
typedef enum bufv__kind_t {
    BUFV__KIND_PLAIN,   /* a regular file, a block device: never full */
    BUFV__KIND_PIPE,    /* also one with a name */
    BUFV__KIND_STREAM,  /* a stream socket */
    BUFV__KIND_MESSAGE, /* another socket */
    BUFV__KIND_DEVICE   /* a terminal, and what else there is */
} bufv__kind_t;

/* Asks the system what a descriptor is. That is done in each attempt, since
 * apr_file_dup2() can make something else of a writer's file. */
bufv__kind_t bufv__kind(int fd);

/* What a short count of an attempt that did not wait means. */
apr_status_t bufv__short_count(bufv__kind_t kind);

/* ---- buffer.c: the buffer that APR may keep for a file */

/* Brings the descriptor to where APR is: what was written to the buffer
 * leaves, what was read ahead is forgotten. APR_EAGAIN if the file is full.
 * Nothing for a file without a buffer. */
apr_status_t bufv__buffer_flush(apr_file_t *file, int fd, bufv__kind_t kind);

/* Tells APR the position that the descriptor has after an attempt. */
void bufv__buffer_follow(apr_file_t *file, int fd, bufv__kind_t kind);

/* ---- loan.c */

/* bufv__loan_take() for the reverse: until it is returned `fd` blocks. */
apr_status_t bufv__loan_take_blocking(bufv__loan_t *l, int fd);

/* ---- nowait_*.c: writes without waiting, borrowing nothing */

/* How an attempt on a pipe or a device is made. Each begins with the first,
 * and goes on to the next when the system does not know it. */
typedef enum bufv__method_t {
    BUFV__METHOD_SILENT, /* neither waits nor raises SIGPIPE */
    BUFV__METHOD_NOWAIT, /* does not wait */
    BUFV__METHOD_LOAN    /* O_NONBLOCK has to be borrowed */
} bufv__method_t;

/* One call; -1 with ENOSYS, EOPNOTSUPP or EINVAL if there is no such thing for
 * this descriptor. */
ssize_t bufv__write_nowait(int fd, const struct iovec *vec, apr_size_t nvec,
                           bufv__method_t method);

/* ---- socket.c */

/* The status for an error of the system's. */
apr_status_t bufv__socket_error(int error);

/* `flush` of bufv_ops_t. */
void bufv__socket_flush(void *baton);

/* ---- sendfile.c, where the system has one of the sendfile_*.c */

/* `sendfile` of bufv_ops_t, for stream sockets. */
apr_status_t bufv__socket_sendfile(void *baton, apr_file_t *file,
                                   apr_off_t offset, apr_size_t len, int more,
                                   apr_size_t *written);

/* Whether an error of sendfile() says that this file, or the two together,
 * cannot be sent so. */
int bufv__is_unsuited(int error);

/* ---- sendfile_*.c */

/* A range of so many bytes is cheaper to send corked. */
extern const apr_size_t bufv__corked_from;

/* One call of the system's own, which may raise SIGPIPE. Returns 0, or an
 * errno if nothing was sent. */
int bufv__sendfile_once(int sock, int file, apr_off_t offset, apr_size_t len,
                        apr_size_t *sent);

/* ---- condition_*.c: a condition that is waited for on the monotonic clock */

apr_status_t bufv__condition_create(pthread_cond_t *condition);

/* A timeout below 0 is none. */
void bufv__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                          apr_interval_time_t timeout);

#endif /* BUFV_UNIX_H */
