/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file fiber.h
 * Threads of the simulation: they run one at a time, in an order that follows
 * from the seed, and change only where they wait. The library takes each for
 * a thread of its own, since apr_os_thread_current() says so.
 */

#ifndef FIBER_H
#define FIBER_H

#include "world.h"

/** So many at a time. */
#define FIBERS_MAX 8

/** Adds a fiber, which begins when fibers_run() gets to it. */
void fiber_start(void (*run)(void *arg), void *arg);

/** Waits until `is_ready` says so, or until a time; `until` below 0: no limit,
 * `is_ready` NULL: the time alone. */
void fiber_wait(int (*is_ready)(void *baton), void *baton, apr_time_t until);

/** Lets others go first, at the same time. */
void fiber_yield(void);

/** The number of the fiber that runs, from 0 on; -1 outside of all. */
int fiber_self(void);

/** Runs them all to their end. It is wrong if that is later than `limit`, or
 * if they wait for what will never be. */
void fibers_run(apr_time_t limit);

#endif /* FIBER_H */
