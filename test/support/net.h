/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file net.h
 * The net under all tests: after every write, in every hook and release
 * callback and during every wait, what a write may borrow is as it was before
 * (promise 8a): the thread's signal mask, the descriptors that are open, and
 * of the socket or file that is written to its modes and options, and what
 * APR remembers of it.
 *
 * No test has to ask for it. The names of the functions that write, create
 * writers, and take callbacks are macros here, so that each call in the suite
 * goes through the net. What does not hold is noted, and fails the test at its
 * end.
 */

#ifndef NET_H
#define NET_H

#include <bufv.h>

/* ---- for the suite */

/** Begins a test: nothing is noted. */
void net_begin(void);

/** Ends it: what did not hold, or NULL. */
const char *net_end(void);

/** Looks at what is borrowed by the writes that this thread is in the middle
 * of, as from a wait: `where` is for the message. For transports of the
 * suite's own. */
void net_look(const char *where);

/** Whether the net itself is at work in this thread, so that its own system
 * calls are not those of a test. */
int net_is_looking(void);

/** Whether a descriptor that is left open is noticed: not where others open
 * some as well. */
int net_sees_descriptors(void);

/** Says what a writer that the net did not see being created writes to. */
void net_watch_socket(const bufv_writer_t *w, apr_socket_t *sock);

/** Something of a transport's own that `begin` sets and `end` clears; `p` is
 * the pool that it lives in. */
void net_watch_flag(const bufv_writer_t *w, const int *flag, apr_pool_t *p);

/** From now on this test's writes are not looked at: for one that itself makes
 * it impossible to give things back. */
void net_pardon(void);

/* ---- what bufv.h's names are in the suite */

apr_status_t net_write(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written);
apr_status_t net_write_some(bufv_t *v, bufv_writer_t *w,
                            apr_uint64_t *written);
apr_status_t net_write_with(bufv_t *v, bufv_writer_t *w,
                            const bufv_terms_t *terms, bufv_report_t *report);
apr_status_t net_send(bufv_t *v, apr_socket_t *sock, apr_uint64_t *written);
apr_status_t net_sendv(apr_socket_t *sock, const struct iovec *vec,
                       apr_int32_t nvec, apr_size_t *len);
apr_status_t net_copy(bufv_writer_t *w, const bufv_reader_t *r, bufv_t *rest,
                      apr_uint64_t *copied);
apr_status_t net_writer_create(bufv_writer_t **w, const bufv_ops_t *ops,
                               void *baton, apr_pool_t *p);
apr_status_t net_writer_socket(bufv_writer_t **w, apr_socket_t *sock,
                               apr_pool_t *p);
apr_status_t net_writer_file(bufv_writer_t **w, apr_file_t *file,
                             apr_pool_t *p);
void net_hook_set(bufv_writer_t *w, bufv_hook_t *hook, void *baton);
apr_status_t net_append_owned(bufv_t *v, const void *data, apr_size_t len,
                              bufv_release_t *release, void *baton);
apr_status_t net_append_file_owned(bufv_t *v, apr_file_t *file,
                                   apr_off_t offset, apr_uint64_t len,
                                   bufv_release_t *release, void *baton);

#ifndef NET_ITSELF
#define bufv_write net_write
#define bufv_write_some net_write_some
#define bufv_write_with net_write_with
#define bufv_send net_send
#define bufv_sendv net_sendv
#define bufv_copy net_copy
#define bufv_writer_create net_writer_create
#define bufv_writer_socket net_writer_socket
#define bufv_writer_file net_writer_file
#define bufv_writer_hook_set net_hook_set
#define bufv_append_owned net_append_owned
#define bufv_append_file_owned net_append_file_owned
#endif

/* ---- for net_posix.c and net_win32.c: what can be asked of a system */

/** The most values that are compared. */
#define NET_MOST 24

/** What is asked about; any may be missing. */
typedef struct net_target_t {
    apr_socket_t *sock;
    apr_file_t *file;
    const int *flag;
} net_target_t;

/** How values are compared. */
typedef enum net_kind_t {
    NET_SAME,   /**< with what it was */
    NET_DELAYS, /**< the same, but callbacks may see it: it only delays */
    NET_LEAST   /**< it may be less: other threads may have closed something */
} net_kind_t;

/** One value, and what it is called in a message. */
typedef struct net_value_t {
    const char *name;
    apr_int64_t value;
    net_kind_t kind;
} net_value_t;

/** A snapshot. */
typedef struct net_state_t {
    net_value_t of[NET_MOST];
    int count;
} net_state_t;

/** Adds a value. */
void net_add(net_state_t *state, const char *name, net_kind_t kind,
             apr_int64_t value);

/** Adds what the system says of this thread, this process and `target`. */
void net_ask_system(net_state_t *state, const net_target_t *target);

#endif /* NET_H */
