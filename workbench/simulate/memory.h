/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file memory.h
 * The memory of lwIP: its variables, and what it allocates. It is put back
 * between two seeds, so that the second does not depend on the first.
 */

#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/** Remembers lwIP's memory as it is now, and that of `own`. */
void memory_keep(void *own, size_t size);

/** Puts it back. What was allocated since is gone. */
void memory_restore(void);

/** After how many allocations one fails, once; 0: none. */
extern unsigned memory_fails_after;

#endif /* MEMORY_H */
