/* SPDX-License-Identifier: Apache-2.0 */

/* arena.h -- the memory that the harness shares with the reader and with
 * every peer: what to send, and how far the reader has come.
 *
 * run.py writes it, peers only read it, and the reader writes `ack`. The
 * same offsets stand in run.py, peers/go.go and peers/rust.rs. */

#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A chunk: `len` bytes, `off` bytes from the start of the arena. */
struct chunk {
    uint32_t off;
    uint32_t len;
};

struct arena {
    uint64_t ack; /* jobs that have arrived whole, alone in its cache line */
    uint64_t apart[7];
    uint64_t nlists; /* lists of a job, each sent by one call */
    uint64_t nchunks;
    uint64_t bytes;          /* of a job */
    uint64_t longest_chunks; /* most chunks of one list */
    uint64_t longest_bytes;  /* most bytes of one list */
};

enum {
    arena_ends = 4096,   /* uint32_t[nlists]: one past a list's last chunk */
    arena_chunks = 65536 /* struct chunk[nchunks] */
};

static inline void *arena_map(int fd, int prot)
{
    struct stat st;
    void *map;

    if (fstat(fd, &st) != 0) {
        return NULL;
    }
    map = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

static inline const struct chunk *arena_table(const struct arena *a)
{
    return (const struct chunk *)(const void *)((const char *)a +
                                                arena_chunks);
}

#endif
