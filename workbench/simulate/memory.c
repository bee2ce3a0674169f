/* SPDX-License-Identifier: Apache-2.0 */

#include "memory.h"
#include "world.h"

#include <lwip/mem.h>

#include <link.h>
#include <stdlib.h>
#include <string.h>

#define ARENA ((size_t)8 * 1024 * 1024) /* no seed needs nearly as much */
#define STEP ((size_t)64)               /* sizes are multiples of it */
#define SIZES 64                        /* and there are so many */
#define HEAD ((size_t)16)               /* before each block: its size */

typedef struct block_t {
    struct block_t *next;
} block_t;

/* All that allocating changes. */
typedef struct heap_t {
    size_t used; /* bytes of the arena that were ever given out */
    block_t *given_back[SIZES];
} heap_t;

static union {
    unsigned char bytes[ARENA];
    long long align;
} arena;
static heap_t heap, heap_then;
unsigned memory_fails_after;

/* ---- lwIP's allocator, in place of its own */

static void *take(size_t index)
{
    block_t *block = heap.given_back[index];

    if (block != NULL) {
        heap.given_back[index] = block->next;
        return block;
    }
    if ((index + 1) * STEP + HEAD > ARENA - heap.used)
        return NULL;
    memcpy(arena.bytes + heap.used, &index, sizeof(index));
    heap.used += (index + 1) * STEP + HEAD;
    return arena.bytes + heap.used - (index + 1) * STEP;
}

void *mem_malloc(mem_size_t size)
{
    size_t index = size == 0 ? 0 : (size - 1) / STEP;

    if (index >= SIZES)
        wrong(__FILE__, __LINE__, "a block of %lu bytes", (unsigned long)size);
    if (memory_fails_after > 0 && --memory_fails_after == 0)
        return NULL;
    return take(index);
}

void *mem_calloc(mem_size_t count, mem_size_t size)
{
    void *data = mem_malloc((mem_size_t)(count * size));

    if (data != NULL)
        memset(data, 0, (size_t)count * size);
    return data;
}

/* Scribbles: whoever reads what was freed shall notice. */
void mem_free(void *data)
{
    block_t *block = data;
    size_t index;

    if (data == NULL)
        return;
    memcpy(&index, (unsigned char *)data - HEAD, sizeof(index));
    memset(data, 0xdd, STEP);
    block->next = heap.given_back[index];
    heap.given_back[index] = block;
}

/* Shrinks in place: nothing is gained. */
void *mem_trim(void *data, mem_size_t size)
{
    (void)size;
    return data;
}

/* ---- lwIP's variables */

typedef struct region_t {
    unsigned char *at;
    size_t size;
    unsigned char *then;
} region_t;

/* The library's own, the device, and the arena as far as it is used. */
static region_t regions[3];

static void keep(region_t *r, void *at, size_t size)
{
    r->at = at;
    r->size = size;
    r->then = malloc(size > 0 ? size : 1);
    if (r->then == NULL)
        wrong(__FILE__, __LINE__, "no memory for the simulation");
    memcpy(r->then, at, size);
}

/* What is written to of a library, but for what the loader has made read-only
 * since. */
static int find_library(struct dl_phdr_info *info, size_t size, void *baton)
{
    ElfW(Addr) from = 0, to = 0, constant = 0;
    int i;

    (void)size;
    (void)baton;
    if (strstr(info->dlpi_name, "liblwip") == NULL)
        return 0;
    for (i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_LOAD && (p->p_flags & PF_W) != 0) {
            from = info->dlpi_addr + p->p_vaddr;
            to = from + p->p_memsz;
        }
        if (p->p_type == PT_GNU_RELRO)
            constant = info->dlpi_addr + p->p_vaddr + p->p_memsz;
    }
    if (constant > from)
        from = constant;
    keep(&regions[0], (void *)from, to - from);
    return 1;
}

void memory_keep(void *own, size_t size)
{
    if (heap.used == 0)
        wrong(__FILE__, __LINE__, "lwIP does not allocate by mem_malloc()");
    if (!dl_iterate_phdr(find_library, NULL))
        wrong(__FILE__, __LINE__, "no liblwip in this process");
    keep(&regions[1], own, size);
    keep(&regions[2], arena.bytes, heap.used);
    heap_then = heap;
}

void memory_restore(void)
{
    size_t i;

    for (i = 0; i < sizeof(regions) / sizeof(*regions); i++)
        memcpy(regions[i].at, regions[i].then, regions[i].size);
    heap = heap_then;
    memory_fails_after = 0;
}
