/* SPDX-License-Identifier: Apache-2.0 */

/* Linked with -Wl,--wrap=malloc,... by linkers of GNU's kind. Threads of
 * other tests allocate too, so the counters are atomic. */

#include "alloc.h"

#include <stddef.h>
#ifdef BUFV_TEST_MALLINFO2
#include <malloc.h>
#endif

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

static unsigned long calls;
static long blocks;
static unsigned long countdown;
static int lasting;
static int failed;

static void add(long n)
{
    __atomic_fetch_add(&blocks, n, __ATOMIC_RELAXED);
}

/* Counts an allocation, and says whether it fails. */
static int fails(void)
{
    __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&countdown, __ATOMIC_RELAXED) == 0)
        return 0;
    if (countdown > 1) {
        countdown--;
        return 0;
    }
    failed = 1;
    if (!lasting)
        countdown = 0;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    void *block = fails() ? NULL : __real_malloc(size);

    add(block != NULL);
    return block;
}

void *__wrap_calloc(size_t n, size_t size)
{
    void *block = fails() ? NULL : __real_calloc(n, size);

    add(block != NULL);
    return block;
}

void *__wrap_realloc(void *old, size_t size)
{
    void *block = fails() ? NULL : __real_realloc(old, size);

    add(old == NULL && block != NULL);
    return block;
}

void __wrap_free(void *block)
{
    add(-(long)(block != NULL));
    __real_free(block);
}

int alloc_is_seen(void)
{
    return 1;
}

unsigned long alloc_calls(void)
{
    return __atomic_load_n(&calls, __ATOMIC_RELAXED);
}

long alloc_blocks(void)
{
    return __atomic_load_n(&blocks, __ATOMIC_RELAXED);
}

void alloc_fail(unsigned long k, int from_then_on)
{
    failed = 0;
    lasting = from_then_on;
    __atomic_store_n(&countdown, k, __ATOMIC_RELAXED);
}

int alloc_has_failed(void)
{
    return failed;
}

unsigned long alloc_bytes_in_use(void)
{
#ifdef BUFV_TEST_MALLINFO2
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}
