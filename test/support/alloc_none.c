/* SPDX-License-Identifier: Apache-2.0 */

/* Where the linker cannot wrap malloc. */

#include "alloc.h"

int alloc_is_seen(void)
{
    return 0;
}

unsigned long alloc_calls(void)
{
    return 0;
}

long alloc_blocks(void)
{
    return 0;
}

void alloc_fail(unsigned long k, int from_then_on)
{
    (void)k;
    (void)from_then_on;
}

int alloc_has_failed(void)
{
    return 0;
}

unsigned long alloc_bytes_in_use(void)
{
    return 0;
}
