/* Scratch memory, in which small chunks are copied together: lent for one
 * attempt, so that no writer keeps any while it waits or rests.
 *
 * What is short lies on the stack of the write. What is longer is a block of
 * the process, from a shelf; the first that is free is taken, so that one
 * thread always gets the same, and finds it in its cache. The shelf is kept as
 * long as there is a list. */

#include "bufv_private.h"
#include "refs.h"

#include <stdlib.h>

/* Attempts that can copy much at the same time. They do not wait, so there
 * are hardly more than processors. */
#define SHELF 32

typedef struct block_t {
    bufv__flag_t lent;
    char *bytes;
} block_t;

static block_t shelf[SHELF];
static bufv__refs_t lists;

void bufv__scratch_join(void)
{
    bufv__refs_inc(&lists);
}

/* The last one takes the blocks along, but for one that is lent. */
void bufv__scratch_leave(void)
{
    int i;

    if (!bufv__refs_dec(&lists))
        return;
    for (i = 0; i < SHELF; i++) {
        if (bufv__flag_take(&shelf[i].lent)) {
            free(shelf[i].bytes);
            shelf[i].bytes = NULL;
            bufv__flag_give(&shelf[i].lent);
        }
    }
}

static int borrow(void)
{
    int i;

    for (i = 0; i < SHELF; i++) {
        if (bufv__flag_take(&shelf[i].lent))
            return i;
    }
    return -1;
}

/* A block is got when first lent, and kept. */
static void take_block(bufv__scratch_t *s)
{
    int i = borrow();

    if (i < 0)
        return;
    if (shelf[i].bytes == NULL)
        shelf[i].bytes = malloc(BUFV__SCRATCH_MAX);
    if (shelf[i].bytes == NULL) {
        bufv__flag_give(&shelf[i].lent);
        return;
    }
    s->bytes = shelf[i].bytes;
    s->room = BUFV__SCRATCH_MAX;
    s->block = i;
}

void bufv__scratch_begin(bufv__scratch_t *s)
{
    s->bytes = s->small;
    s->room = sizeof(s->small);
    s->block = -1;
    s->own = NULL;
}

/* Asked for once between bufv__scratch_begin() and bufv__scratch_end(). Too
 * little memory is no error here: then less is copied. */
void bufv__scratch_want(bufv__scratch_t *s, apr_uint64_t bytes)
{
    if (s->room < bytes)
        take_block(s);
}

apr_status_t bufv__scratch_need(bufv__scratch_t *s, apr_size_t bytes)
{
    if (bytes <= BUFV__SCRATCH_MAX)
        bufv__scratch_want(s, bytes);
    if (s->room >= bytes)
        return APR_SUCCESS;
    s->own = malloc(bytes);
    if (s->own == NULL)
        return APR_ENOMEM;
    s->bytes = s->own;
    s->room = bytes;
    return APR_SUCCESS;
}

void bufv__scratch_end(bufv__scratch_t *s)
{
    if (s->block >= 0)
        bufv__flag_give(&shelf[s->block].lent);
    free(s->own);
}
