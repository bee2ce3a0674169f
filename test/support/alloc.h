/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file alloc.h
 * Counts the allocations of the library, and makes one fail: where the linker
 * can wrap malloc (alloc_wrap.c), or not at all (alloc_none.c). APR's own
 * allocations, in its shared library, are not seen.
 */

#ifndef ALLOC_H
#define ALLOC_H

/** Whether allocations are seen here. */
int alloc_is_seen(void);

/** Allocations so far. */
unsigned long alloc_calls(void);

/** Blocks that were allocated and not freed. */
long alloc_blocks(void);

/** Makes the k-th allocation from now fail, once or from then on; k 0: none
 * does. */
void alloc_fail(unsigned long k, int from_then_on);

/** Whether one has failed since. */
int alloc_has_failed(void);

/** Bytes in use of the whole process, APR's included; 0 where that cannot be
 * told. */
unsigned long alloc_bytes_in_use(void);

#endif /* ALLOC_H */
