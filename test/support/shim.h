/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file shim.h
 * Stands between this program and the system calls that write, wait and
 * change modes: of the library, and of APR's, whose shared library finds the
 * program's own functions first. Each call of a thread that is watched is
 * recorded, and one of them can be made to fail or be cut short.
 */

#ifndef SHIM_H
#define SHIM_H

#include "suite.h"

#define SHIM_MOST 4096

typedef enum shim_call_t {
    SHIM_SENDMSG,
    SHIM_SEND,
    SHIM_WRITEV,
    SHIM_WRITE,
    SHIM_POLL,
    SHIM_SENDFILE,
    SHIM_MODE, /**< fcntl(), or ioctl() with FIONBIO */
    SHIM_PREAD,
    SHIM_SETUP, /**< makes a pool, a mutex, a condition, a handle of APR's */
    SHIM_KINDS
} shim_call_t;

/** What a call does in place of its work. */
typedef enum shim_fault_t {
    SHIM_NOTHING, /**< its work */
    SHIM_FAIL,    /**< fails with an errno */
    SHIM_SHORT,   /**< is given a third of its bytes; a poll: no result */
    SHIM_DEFER,   /**< a write: takes a third, and the next says EAGAIN */
    SHIM_ZERO     /**< a write: takes nothing, and says no error */
} shim_fault_t;

typedef struct shim_record_t {
    shim_call_t call;
    int flags; /**< of a send, and of a writev() that has some; whether the
                    socket of a sendfile() is corked */
    apr_size_t nvec, asked;
    long result;
    int error;
} shim_record_t;

typedef struct shim_t {
    shim_record_t record[SHIM_MOST];
    unsigned long calls;            /**< in all */
    unsigned long of[SHIM_KINDS];   /**< of each kind */
    apr_uint64_t bytes[SHIM_KINDS]; /**< results of each kind, added up */
    shim_call_t kind;               /**< the fault comes at the... */
    unsigned long at;               /**< k-th of these; 0: never */
    int lasting;                    /**< and at all later ones */
    shim_fault_t fault;
    int error;
    int struck; /**< it has come */

    /* What the system says in place of the truth, if it is set. */
    const char *protocol; /**< above TCP: "" is none */
    int socket_type;      /**< SO_TYPE */
    int is_block_device;  /**< whatever is asked about */
    int takes_any_flag;   /**< writev() with flags does, and heeds none */
    int drops_sigpipe;    /**< another thread ignores it for a moment, once it
                               was asked whether it is pending */
    apr_time_t wall;      /**< the time of the wall */
} shim_t;

/** Watches this thread from now on, with no fault. */
void shim_watch(shim_t *shim);

/** The k-th call of a kind from now on has a fault. */
void shim_strike(shim_t *shim, shim_call_t kind, unsigned long k,
                 shim_fault_t fault, int error);

/** Watches no longer. */
void shim_rest(void);

/** The names of the kinds. */
extern const char *const shim_names[SHIM_KINDS];

/** Whether it is a call that writes. */
int shim_writes(shim_call_t call);

#endif /* SHIM_H */
