/* SPDX-License-Identifier: Apache-2.0 */

/* Scratch memory, in which small chunks are copied together: lent for one
 * attempt, so that no writer keeps any while it waits or rests.
 *
 * What is short lies on the stack of the write. What is longer is a block of
 * the process, from a shelf: the one that the writer had last, else the first
 * that is free. So a writer that stays with its thread gets the same each
 * time, finds it in the cache, and leaves those of others alone. */

#include "bufv_private.h"
#include "refs.h"

#include <stdlib.h>

/* Attempts that can copy much at the same time. They do not wait, so there
 * are hardly more than processors. */
#define SHELF 32

/* Two processors that write to one line of the cache wait for each other. */
#define CACHE_LINE 64

typedef struct block_t {
    char *bytes;
    bufv__flag_t lent;
    char apart[CACHE_LINE - sizeof(bufv__flag_t) - sizeof(char *)];
} block_t;

static block_t shelf[SHELF];

/* Returns whether it was free. */
static int borrow(int i)
{
    return !bufv__flag_is_taken(&shelf[i].lent) &&
           bufv__flag_take(&shelf[i].lent);
}

static int borrow_block(int last)
{
    int i;

    if (borrow(last))
        return last;
    for (i = 0; i < SHELF; i++) {
        if (borrow(i))
            return i;
    }
    return -1;
}

/* Runs when the library is unloaded, or the program ends. A block that is
 * lent then stays, and threads that run on are told that all are lent. */
static void free_blocks(void)
{
    int i;

    for (i = 0; i < SHELF; i++) {
        if (bufv__flag_take(&shelf[i].lent)) {
            free(shelf[i].bytes);
            shelf[i].bytes = NULL;
        }
    }
}

/* Allocates a block: when it is first lent. It is kept. */
static void get_block(block_t *block)
{
    static bufv__flag_t registered;

    block->bytes = malloc(BUFV__SCRATCH_MAX);
    if (block->bytes != NULL && bufv__flag_take(&registered))
        atexit(free_blocks);
}

static void take_block(bufv__scratch_t *s)
{
    int i = borrow_block(s->block);

    if (i < 0)
        return;
    if (shelf[i].bytes == NULL)
        get_block(&shelf[i]);
    if (shelf[i].bytes == NULL) {
        bufv__flag_give(&shelf[i].lent);
        return;
    }
    s->bytes = shelf[i].bytes;
    s->room = BUFV__SCRATCH_MAX;
    s->block = i;
    s->is_block = 1;
}

/* The memory on the stack is used where it is enough. */
void bufv__scratch_want(bufv__scratch_t *s, apr_uint64_t bytes)
{
    assert(s->bytes == s->small);
    s->room = BUFV__SCRATCH_SMALL;
    if (s->room < bytes)
        take_block(s);
}

apr_status_t bufv__scratch_need(bufv__scratch_t *s, apr_size_t bytes)
{
    char *own;

    bufv__scratch_want(s, bytes <= BUFV__SCRATCH_MAX ? bytes : 0);
    if (s->room >= bytes)
        return APR_SUCCESS;
    own = malloc(bytes);
    if (own == NULL)
        return APR_ENOMEM;
    s->bytes = own;
    s->room = bytes;
    s->is_block = 0;
    return APR_SUCCESS;
}

void bufv__scratch_give_back(bufv__scratch_t *s)
{
    if (s->is_block)
        bufv__flag_give(&shelf[s->block].lent);
    else
        free(s->bytes);
    s->bytes = s->small;
}
