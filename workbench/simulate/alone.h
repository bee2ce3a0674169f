/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file alone.h
 * Scenes without a network: what lists keep of memory, and lists over 4 GiB.
 */

#ifndef ALONE_H
#define ALONE_H

/** Lists that are filled and drained again and again. */
void meet_memory(void *arg);

/** Lists of parts of files that are longer than any file. */
void meet_abyss(void *arg);

#endif /* ALONE_H */
