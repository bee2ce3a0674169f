/* SPDX-License-Identifier: Apache-2.0 */

/* A reference count, and a flag that one at a time can take, which threads
 * share. C11's atomics where the compiler has them, since checkers of threads
 * understand those; APR's elsewhere. */

#ifndef BUFV_REFS_H
#define BUFV_REFS_H

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && \
    !defined(__STDC_NO_ATOMICS__)

#include <stdatomic.h>

typedef atomic_uint bufv__refs_t;

#define bufv__refs_init(refs) atomic_init(refs, 1U)
#define bufv__refs_one(refs) \
    (atomic_load_explicit(refs, memory_order_acquire) == 1U)
#define bufv__refs_inc(refs) \
    ((void)atomic_fetch_add_explicit(refs, 1U, memory_order_relaxed))
/* Increments, and returns the value before. */
#define bufv__refs_next(refs) \
    atomic_fetch_add_explicit(refs, 1U, memory_order_relaxed)
/* True when this was the last. */
#define bufv__refs_dec(refs) \
    (atomic_fetch_sub_explicit(refs, 1U, memory_order_acq_rel) == 1U)

typedef atomic_uint bufv__flag_t; /* 0 at first */

/* True when it was free. */
#define bufv__flag_take(flag) \
    (atomic_exchange_explicit(flag, 1U, memory_order_acquire) == 0U)
#define bufv__flag_is_taken(flag) \
    (atomic_load_explicit(flag, memory_order_relaxed) != 0U)
#define bufv__flag_give(flag) \
    atomic_store_explicit(flag, 0U, memory_order_release)

#else

#include <apr_atomic.h>

typedef volatile apr_uint32_t bufv__refs_t;

#define bufv__refs_init(refs) apr_atomic_set32(refs, 1)
#define bufv__refs_one(refs) (apr_atomic_read32(refs) == 1)
#define bufv__refs_inc(refs) ((void)apr_atomic_inc32(refs))
#define bufv__refs_next(refs) apr_atomic_inc32(refs)
#define bufv__refs_dec(refs) (apr_atomic_dec32(refs) == 0)

typedef volatile apr_uint32_t bufv__flag_t;

#define bufv__flag_take(flag) (apr_atomic_xchg32(flag, 1) == 0)
#define bufv__flag_is_taken(flag) (apr_atomic_read32(flag) != 0)
#define bufv__flag_give(flag) ((void)apr_atomic_xchg32(flag, 0))

#endif

#endif /* BUFV_REFS_H */
