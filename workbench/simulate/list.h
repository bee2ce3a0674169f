/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file list.h
 * A bufv_t and what it has to hold, side by side: the same calls change both,
 * and the library's is compared with ours at every step. All bytes are those
 * of one pattern, so that a part of a list is a place in it and a length.
 */

#ifndef LIST_H
#define LIST_H

#include "world.h"

/** Bytes of the pattern, none of them 0. */
#define PATTERN ((uint32_t)1 << 17)

extern unsigned char pattern[PATTERN];

/** The longest chunk. */
#define CHUNK_MAX ((uint32_t)20000)

/** Most parts of a list, those that have left counted. */
#define PARTS_MAX 700

/** A chunk that was given with a release callback. */
typedef struct owned_t {
    const unsigned char *data; /**< NULL: a range of the file */
    uint32_t len;
    unsigned char *memory; /**< to be freed when it is released, or NULL */
    int holders;           /**< parts of lists that it is in */
    int released;
    struct list_t *list; /**< that it was appended to */
} owned_t;

typedef struct part_t {
    uint32_t at; /**< in the pattern */
    uint32_t len;
    owned_t *owned; /**< or NULL */
    int is_file;    /**< 1: a range; 2: one that may be sent unread */
} part_t;

typedef struct list_t {
    bufv_t *v; /**< NULL: destroyed */
    part_t parts[PARTS_MAX];
    int first, end;      /**< the parts that are still in it */
    uint32_t cut;        /**< bytes of the first that have left */
    uint64_t left;       /**< bytes that have not */
    uint64_t sent;       /**< bytes that have, by writes */
    int appends;         /**< how often a callback may yet append */
    int copies;          /**< whether it has chunks that the library copied */
    int missing;         /**< whether a range of it goes beyond its file */
    int alone;           /**< no pool destroys it */
    apr_status_t failed; /**< what bufv_status() has to say */
    int dying;           /**< it is being destroyed */
    int doomed;          /**< destroyed by a callback, in a write of it */
    void (*on_release)(struct list_t *list); /**< may be NULL */
} list_t;

/** Once in a process: the pattern, and a file of it. */
void lists_init(void);

/** The file; `unread`: one that may be sent unread. */
apr_file_t *lists_file(int unread);

/** At the beginning and the end of a seed. At the end all that was given to a
 * list has to have been released. */
void lists_begin(apr_pool_t *pool);
void lists_end(void);

/** How many more there may be in this seed. */
int lists_room(void);

/** An empty list. */
list_t *list_new(apr_pool_t *pool);

/** Appends chunks of all kinds and lengths, about so many. */
void list_fill(list_t *list, unsigned chunks);

/** The same, of borrowed chunks alone. */
void list_fill_borrowed(list_t *list, unsigned chunks);

/** Appends one owned chunk. */
void list_append_owned(list_t *list);

/** Appends a range that the file is too short for. */
void list_append_missing(list_t *list);

/** bufv_clone(), bufv_split() at a place of chance, bufv_append_list(),
 * bufv_prepend(). */
void list_clone(list_t *to, list_t *from);
void list_split(list_t *from, list_t *head);
void list_append(list_t *to, list_t *from);
void list_prepend(list_t *list);

/** Reads some bytes off the front and compares them. */
void list_read(list_t *list, uint32_t most);

/** Looks at what is in front. */
void list_peek(list_t *list);

/** bufv_trim(). */
void list_trim(list_t *list);

/** bufv_clear(), bufv_destroy(). */
void list_clear(list_t *list);
void list_destroy(list_t *list);

/** bufv_destroy() by a callback: it happens when the write returns, after
 * which list_doomed() is called. */
void list_doom(list_t *list);
void list_doomed(list_t *list);

/** Whether these bytes come next in the list, `from` bytes behind its front.
 */
int list_has(const list_t *list, uint64_t from, const void *data, size_t len);

/** Where in the pattern the byte is, that is `from` bytes behind the front,
 * and how many follow it there. */
uint32_t list_place(const list_t *list, uint64_t from, uint32_t *len);

/** The part that begins `from` bytes behind the front, if one does, and what
 * of it is left. NULL: none begins there. */
const part_t *list_part(const list_t *list, uint64_t from, uint32_t *left);

/** Asks for what has to be refused while the list is in use, that is, lent to
 * an operation, or being destroyed: APR_EBUSY, and nothing is owned. */
void list_trespass(list_t *list);

/** Bytes have left: which releases are due follows from that. */
void list_took(list_t *list, uint64_t n);

/** Releases of empty chunks at the front are due. */
void list_settle(list_t *list);

/** All that is in it is dropped: the library may release it from now on. */
void list_drop(list_t *list);

/** What was due has been released, and nothing else. */
void list_check_released(void);

/** The library's list holds what ours does. */
void list_check(const list_t *list);

/** In all seeds of this process. */
extern uint64_t lists_released;

#endif /* LIST_H */
