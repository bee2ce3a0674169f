/* SPDX-License-Identifier: Apache-2.0 */

#include "list.h"
#include "system.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define LISTS_MAX 96
#define OWNED_MAX 8192
#define VEC_MAX 6
#define FRONT 8 /* parts that may be put before the first */

unsigned char pattern[PATTERN];
uint64_t lists_released;

static apr_file_t *file[2]; /* one that may be sent unread, and one not */
static apr_pool_t *lists_pool;
static list_t lists[LISTS_MAX];
static int lists_count;
static owned_t owned[OWNED_MAX];
static int owned_count;

/* Whose releases are due, in order, and what list came to it. */
static struct {
    owned_t *owned;
    list_t *list;
} due[OWNED_MAX];
static int due_first, due_end;
static list_t *current; /* that bytes were last taken from */
static list_t *doomed;  /* whose rest may be released */

/* ---- once in a process */

void lists_init(void)
{
    char name[] = "/tmp/bufv-simulate-XXXXXX";
    apr_int32_t flags = APR_FOPEN_READ | APR_FOPEN_WRITE;
    apr_off_t at = 0;
    apr_pool_t *pool;
    uint32_t x = 2463534242u, i;

    for (i = 0; i < PATTERN; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        pattern[i] = (unsigned char)(x % 255 + 1);
    }
    HOLDS(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    HOLDS(apr_file_mktemp(&file[0], name, flags | APR_FOPEN_CREATE, pool) ==
          APR_SUCCESS);
    HOLDS(apr_file_write_full(file[0], pattern, PATTERN, NULL) == APR_SUCCESS);
    HOLDS(apr_file_seek(file[0], APR_SET, &at) == APR_SUCCESS);
    HOLDS(apr_file_open(&file[1], name,
                        APR_FOPEN_READ | APR_FOPEN_SENDFILE_ENABLED, 0,
                        pool) == APR_SUCCESS);
    HOLDS(apr_file_remove(name, pool) == APR_SUCCESS);
}

apr_file_t *lists_file(int unread)
{
    return file[unread];
}

/* The library reads without moving it. */
static void check_position(apr_file_t *f)
{
    apr_off_t at = 0;

    HOLDS(apr_file_seek(f, APR_CUR, &at) == APR_SUCCESS && at == 0);
}

/* ---- release points */

/* The library is done with a chunk: in order, once, and not before its last
 * byte has left the last list that it was in. */
static void give_back(void *baton, const void *data, apr_size_t len)
{
    owned_t *o = baton;
    list_t *list;

    HOLDS(!o->released);
    if (due_first == due_end && doomed != NULL)
        list_drop(doomed);
    if (due_first == due_end && current != NULL)
        list_settle(current); /* an empty one that a callback appended */
    HOLDS(due_first < due_end && due[due_first].owned == o);
    HOLDS(data == o->data && len == (o->data != NULL ? o->len : 0));
    o->released = 1;
    lists_released++;
    list = due[due_first++].list;
    tell("    released: %u bytes", o->len);
    if (o->memory != NULL) {
        memset(o->memory, 0, o->len);
        free(o->memory);
        o->memory = NULL;
    }
    if (list->dying)
        list_trespass(list);
    if (list->on_release != NULL && list->v != NULL)
        list->on_release(list);
}

static void part_ended(list_t *list, const part_t *part)
{
    if (part->owned == NULL || --part->owned->holders > 0)
        return;
    due[due_end].owned = part->owned;
    due[due_end++].list = list;
}

void list_settle(list_t *list)
{
    current = list;
    while (list->first < list->end &&
           list->parts[list->first].len == list->cut) {
        part_ended(list, &list->parts[list->first++]);
        list->cut = 0;
    }
}

void list_took(list_t *list, uint64_t n)
{
    HOLDS(n <= list->left);
    list->left -= n;
    list_settle(list);
    while (n > 0) {
        uint32_t rest = list->parts[list->first].len - list->cut;

        if (rest > n)
            rest = (uint32_t)n;
        n -= rest;
        list->cut += rest;
        list_settle(list);
    }
}

void list_drop(list_t *list)
{
    list_took(list, list->left);
    HOLDS(list->first == list->end);
}

void list_check_released(void)
{
    HOLDS(due_first == due_end);
}

/* ---- what is in a list */

static const part_t *part_at(const list_t *list, uint64_t *from)
{
    const part_t *part = &list->parts[list->first];

    for (*from += list->cut; *from >= part->len; part++)
        *from -= part->len;
    return part;
}

uint32_t list_place(const list_t *list, uint64_t from, uint32_t *len)
{
    const part_t *part = part_at(list, &from);

    *len = part->len - (uint32_t)from;
    return part->at + (uint32_t)from;
}

const part_t *list_part(const list_t *list, uint64_t from, uint32_t *left)
{
    const part_t *part;

    if (from >= list->left)
        return NULL;
    part = part_at(list, &from);
    *left = part->len - (uint32_t)from;
    if (part == &list->parts[list->first])
        from -= list->cut;
    return from == 0 ? part : NULL;
}

int list_has(const list_t *list, uint64_t from, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    if (from + len > list->left)
        return 0;
    while (len > 0) {
        uint32_t n, at = list_place(list, from, &n);

        if (n > len)
            n = (uint32_t)len;
        if (memcmp(pattern + at, bytes, n) != 0)
            return 0;
        bytes += n;
        from += n;
        len -= n;
    }
    return 1;
}

static void list_copy(const list_t *list, uint64_t from, unsigned char *bytes,
                      size_t len)
{
    while (len > 0) {
        uint32_t n, at = list_place(list, from, &n);

        if (n > len)
            n = (uint32_t)len;
        memcpy(bytes, pattern + at, n);
        bytes += n;
        from += n;
        len -= n;
    }
}

/* The parts that are not empty: each is a chunk, unless the library has copied
 * some of them, one behind the other. */
static apr_size_t chunks_of(const list_t *list)
{
    apr_size_t n = 0;
    int i;

    for (i = list->first; i < list->end; i++)
        n += list->parts[i].len > 0;
    return n;
}

void list_check(const list_t *list)
{
    apr_size_t n = chunks_of(list), count = bufv_count(list->v);

    HOLDS(bufv_length(list->v) == list->left);
    HOLDS(list->copies ? count <= n : count == n);
    HOLDS((count == 0) == (list->left == 0));
}

/* ---- filling it */

static part_t *part_new(list_t *list, uint32_t at, uint32_t len)
{
    part_t *part = &list->parts[list->end++];

    part->at = at;
    part->len = len;
    part->owned = NULL;
    part->is_file = 0;
    list->left += len;
    return part;
}

static owned_t *owned_new(list_t *list, part_t *part)
{
    owned_t *o = &owned[owned_count++];

    HOLDS(owned_count < OWNED_MAX);
    o->data = pattern + part->at;
    o->len = part->len;
    o->memory = NULL;
    o->holders = 1;
    o->released = 0;
    o->list = list;
    part->owned = o;
    return o;
}

/* Mostly small, seldom large. */
static uint32_t some_length(void)
{
    uint32_t kind = rnd(20);

    if (kind < 4)
        return 1 + rnd(16);
    if (kind < 15)
        return 1 + rnd(300);
    if (kind < 19)
        return 300 + rnd(2000);
    return 1 + rnd(CHUNK_MAX);
}

static uint32_t some_place(void)
{
    return rnd(PATTERN - CHUNK_MAX);
}

/* The length comes first, then the place: of two arguments either might. */
static part_t *part_some(list_t *list, uint32_t len)
{
    return part_new(list, some_place(), len);
}

static void append_borrowed(list_t *list)
{
    part_t *part = part_some(list, some_length());

    HOLDS(bufv_append(list->v, pattern + part->at, part->len) == APR_SUCCESS);
}

static void append_copied(list_t *list)
{
    part_t *part = part_some(list, some_length());
    unsigned char bytes[CHUNK_MAX + 2000];

    memcpy(bytes, pattern + part->at, part->len);
    HOLDS(bufv_append_copy(list->v, bytes, part->len) == APR_SUCCESS);
    memset(bytes, 0, part->len);
    list->copies = 1;
}

static void append_text(list_t *list)
{
    part_t *part = part_some(list, 1 + rnd(100));

    HOLDS(bufv_appendf(list->v, "%.*s", (int)part->len,
                       (const char *)pattern + part->at) == APR_SUCCESS);
    list->copies = 1;
}

/* Empty chunks come anywhere, with any pointer. */
static void append_empty(list_t *list)
{
    const void *any[] = {NULL, pattern, (const void *)(uintptr_t)1};

    HOLDS(bufv_append(list->v, any[rnd(3)], 0) == APR_SUCCESS);
    list_check(list);
}

static void append_several(list_t *list)
{
    struct iovec vec[VEC_MAX], same[VEC_MAX];
    uint32_t n = 1 + rnd(VEC_MAX), i;

    for (i = 0; i < n; i++) {
        part_t *part = part_some(list, rnd(4) == 0 ? 0 : some_length());

        vec[i].iov_base = pattern + part->at;
        vec[i].iov_len = part->len;
    }
    memcpy(same, vec, sizeof(vec));
    HOLDS(bufv_append_vec(list->v, vec, n) == APR_SUCCESS);
    HOLDS(memcmp(same, vec, n * sizeof(*vec)) == 0);
}

/* What is reserved may be committed after another chunk was appended. */
static void append_reserved(list_t *list)
{
    uint32_t len = some_length(), least = rnd(2) ? len : len + rnd(500);
    apr_size_t room;
    void *data;
    part_t *part;

    HOLDS(bufv_reserve(list->v, least, &data, &room) == APR_SUCCESS);
    HOLDS(data != NULL && room >= least && room > 0);
    if (len > room)
        len = (uint32_t)room;
    if (rnd(4) == 0)
        append_borrowed(list);
    part = part_some(list, len);
    memcpy(data, pattern + part->at, len);
    HOLDS(bufv_commit(list->v, len) == APR_SUCCESS);
    list->copies = 1;
}

void list_append_owned(list_t *list)
{
    uint32_t len = rnd(8) == 0 ? 0 : some_length();
    part_t *part = part_some(list, len);
    owned_t *o = owned_new(list, part);

    if (rnd(2) == 0 && len > 0) {
        o->memory = malloc(len);
        HOLDS(o->memory != NULL);
        memcpy(o->memory, pattern + part->at, len);
        o->data = o->memory;
    }
    HOLDS(bufv_append_owned(list->v, o->data, len, give_back, o) ==
          APR_SUCCESS);
}

static void append_range(list_t *list)
{
    part_t *part = part_some(list, some_length());

    part->is_file = 1 + (int)rnd(2);
    HOLDS(bufv_append_file(list->v, file[part->is_file - 1],
                           (apr_off_t)part->at, part->len) == APR_SUCCESS);
}

static void append_owned_range(list_t *list)
{
    uint32_t len = rnd(8) == 0 ? 0 : some_length();
    part_t *part = part_some(list, len);
    owned_t *o = owned_new(list, part);

    part->is_file = 1 + (int)rnd(2);
    o->data = NULL;
    HOLDS(bufv_append_file_owned(list->v, file[part->is_file - 1],
                                 (apr_off_t)part->at, len, give_back,
                                 o) == APR_SUCCESS);
}

void list_append_missing(list_t *list)
{
    part_t *part = part_new(list, PATTERN - 50 - rnd(5000), 5200);

    part->is_file = 1 + (int)rnd(2);
    list->missing = 1;
    HOLDS(bufv_append_file(list->v, file[part->is_file - 1],
                           (apr_off_t)part->at, part->len) == APR_SUCCESS);
}

static void append_too_much(list_t *list);
static void append_adjacent(list_t *list);
static void append_starved(list_t *list);

/* Those that come often are there often. */
static void (*const kinds[])(list_t *list) = {
    append_borrowed, append_borrowed,   append_borrowed, append_borrowed,
    append_copied,   list_append_owned, append_several,  append_text,
    append_reserved, list_append_owned, append_range,    append_owned_range,
    append_empty,    append_too_much,   append_adjacent, append_starved,
};

void list_fill(list_t *list, unsigned chunks)
{
    unsigned i;

    for (i = 0; i < chunks && list->end + VEC_MAX + 2 < PARTS_MAX; i++)
        kinds[rnd(sizeof(kinds) / sizeof(*kinds))](list);
    list_check(list);
}

void list_fill_borrowed(list_t *list, unsigned chunks)
{
    while (chunks-- > 0)
        append_borrowed(list);
    list_check(list);
}

/* ---- what is refused */

static void not_owned(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
    wrong(__FILE__, __LINE__, "what was refused is released");
}

/* The first append that failed is remembered. */
static void refused(list_t *list, apr_status_t status, apr_status_t expected)
{
    HOLDS(status == expected);
    if (list->failed == APR_SUCCESS)
        list->failed = status;
    HOLDS(bufv_status(list->v) == list->failed);
}

void list_trespass(list_t *list)
{
    refused(list, bufv_append_owned(list->v, pattern, 1, not_owned, pattern),
            APR_EBUSY);
}

/* More than 64 bits tell. */
static void fill_up(void)
{
    bufv_t *v;

    HOLDS(bufv_create(&v, NULL) == APR_SUCCESS);
    HOLDS(bufv_append_file(v, file[0], 0, INT64_MAX) == APR_SUCCESS);
    HOLDS(bufv_append_file(v, file[0], 0, INT64_MAX) == APR_SUCCESS);
    HOLDS(bufv_append(v, pattern, 2) == APR_EINVAL);
    HOLDS(bufv_append(v, pattern, 1) == APR_SUCCESS);
    HOLDS(bufv_append_copy(v, pattern, 1) == APR_EINVAL);
    HOLDS(bufv_length(v) == UINT64_MAX);
    bufv_destroy(v);
}

/* Too much for a chunk, for a list, for what there is. */
static void append_too_much(list_t *list)
{
    volatile apr_size_t most = PTRDIFF_MAX;
    const void *volatile nowhere = NULL;
    apr_size_t room;
    void *data;

    switch (rnd(6)) {
    case 5:
        fill_up();
        break;
    case 0:
        refused(list, bufv_append(list->v, pattern, most + 1), APR_EINVAL);
        break;
    case 4:
        refused(list, bufv_append(list->v, nowhere, 1), APR_EINVAL);
        break;
    case 1:
        refused(list, bufv_append_file(list->v, file[0], 1, INT64_MAX),
                APR_EINVAL);
        break;
    case 2:
        HOLDS(bufv_consume(list->v, list->left + 1) == APR_EINVAL);
        break;
    default:
        HOLDS(bufv_reserve(list->v, 0, &data, &room) == APR_SUCCESS);
        HOLDS(room > 0 && bufv_commit(list->v, room + 1) == APR_EINVAL);
        HOLDS(bufv_commit(list->v, 0) == APR_SUCCESS);
        HOLDS(bufv_commit(list->v, 0) == APR_EINVAL);
    }
    list_check(list);
}

/* There is no memory: what needs some is refused. */
static void append_starved(list_t *list)
{
    uint32_t len = some_length(), at = some_place();
    int copies = rnd(2) > 0;
    apr_status_t status;

    system_memory_lacks = 1;
    status = copies ? bufv_append_copy(list->v, pattern + at, len)
                    : bufv_append(list->v, pattern + at, len);
    system_memory_lacks = 0;
    if (status == APR_SUCCESS) {
        part_new(list, at, len);
        list->copies |= copies;
    }
    else
        refused(list, status, APR_ENOMEM);
    list_check(list);
}

/* Two chunks that are neighbours in memory as well. */
static void append_adjacent(list_t *list)
{
    part_t *one = part_some(list, some_length() / 2 + 1);
    part_t *two = part_new(list, one->at + one->len, 1 + rnd(300));

    HOLDS(bufv_append(list->v, pattern + one->at, one->len) == APR_SUCCESS);
    HOLDS(bufv_append(list->v, pattern + two->at, two->len) == APR_SUCCESS);
}

/* ---- from list to list */

static void hold(part_t *part)
{
    if (part->owned != NULL)
        part->owned->holders++;
}

/* A part that begins `cut` bytes later. */
static part_t part_behind(const part_t *part, uint32_t cut)
{
    part_t rest = *part;

    rest.at += cut;
    rest.len -= cut;
    return rest;
}

/* Puts what `from` has, as if nothing of it had left, at the end of `to`. */
static void put_parts(list_t *to, const list_t *from)
{
    int i, end = from->end;

    HOLDS(to->end + end - from->first <= PARTS_MAX);
    for (i = from->first; i < end; i++)
        to->parts[to->end++] =
            part_behind(&from->parts[i], i == from->first ? from->cut : 0);
    to->left += from->left;
    to->copies |= from->copies;
    to->missing |= from->missing;
}

/* What lacked memory has changed nothing. */
static void check_starved(apr_status_t status, const list_t *one,
                          uint64_t one_left, const list_t *two,
                          uint64_t two_left)
{
    HOLDS(status == APR_ENOMEM);
    HOLDS(bufv_length(one->v) == one_left && bufv_length(two->v) == two_left);
}

/* Clones or moves. Now and then there is no memory at first. */
static void join(list_t *to, list_t *from,
                 apr_status_t (*how)(bufv_t *v, bufv_t *from))
{
    uint64_t left = bufv_length(to->v), rest = bufv_length(from->v);
    apr_status_t status;

    system_memory_lacks = rnd(8) == 0;
    status = how(to->v, from->v);
    if (system_memory_lacks && status != APR_SUCCESS) {
        system_memory_lacks = 0;
        refused(to, status, APR_ENOMEM);
        check_starved(status, to, left, from, rest);
        status = how(to->v, from->v);
    }
    system_memory_lacks = 0;
    HOLDS(status == APR_SUCCESS);
}

static void split(list_t *from, uint64_t n, list_t *head)
{
    uint64_t left = bufv_length(head->v), rest = bufv_length(from->v);
    apr_status_t status;

    system_memory_lacks = rnd(8) == 0;
    status = bufv_split(from->v, n, head->v);
    if (system_memory_lacks && status != APR_SUCCESS) {
        system_memory_lacks = 0;
        check_starved(status, head, left, from, rest);
        status = bufv_split(from->v, n, head->v);
    }
    system_memory_lacks = 0;
    HOLDS(status == APR_SUCCESS);
}

void list_clone(list_t *to, list_t *from)
{
    int i, end = to->end;

    put_parts(to, from);
    for (i = end; i < to->end; i++)
        hold(&to->parts[i]);
    join(to, from, bufv_clone);
    list_check(to);
    list_check(from);
}

void list_append(list_t *to, list_t *from)
{
    put_parts(to, from);
    from->first = from->end = FRONT;
    from->cut = 0;
    from->left = 0;
    join(to, from, bufv_append_list);
    list_check(to);
    list_check(from);
}

/* Only where the cut goes through a chunk is it clear where empty ones go. */
void list_split(list_t *from, list_t *head)
{
    uint64_t n = 0;
    int i = from->first, stop;
    uint32_t cut;

    if (from->first == from->end)
        return;
    stop = i + (int)rnd((uint32_t)(from->end - i));
    while (stop < from->end && from->parts[stop].len < 2)
        stop++;
    cut = stop == from->first ? from->cut : 0;
    if (stop == from->end || from->parts[stop].len - cut < 2)
        return;
    for (; i < stop; i++) {
        part_t part =
            part_behind(&from->parts[i], i == from->first ? from->cut : 0);

        head->parts[head->end++] = part;
        n += part.len;
    }
    HOLDS(head->end < PARTS_MAX);
    head->parts[head->end] = part_behind(&from->parts[stop], cut);
    head->parts[head->end].len = 1 + rnd(from->parts[stop].len - cut - 1);
    n += head->parts[head->end].len;
    hold(&head->parts[head->end]);
    from->first = stop;
    from->cut = cut + head->parts[head->end++].len;
    from->left -= n;
    head->left += n;
    head->copies |= from->copies;
    head->missing |= from->missing;
    split(from, n, head);
    list_check(from);
    list_check(head);
}

void list_prepend(list_t *list)
{
    part_t *part;

    HOLDS(bufv_prepend(list->v, rnd(2) ? pattern : NULL, 0) == APR_SUCCESS);
    if (list->first == 0)
        return;
    if (list->first < list->end)
        list->parts[list->first] =
            part_behind(&list->parts[list->first], list->cut);
    list->cut = 0;
    part = &list->parts[--list->first];
    part->at = some_place();
    part->len = some_length();
    part->owned = NULL;
    part->is_file = 0;
    list->left += part->len;
    HOLDS(bufv_prepend(list->v, pattern + part->at, part->len) == APR_SUCCESS);
    list_check(list);
}

/* ---- taking from it */

void list_read(list_t *list, uint32_t most)
{
    static unsigned char bytes[65536], copy[65536];
    apr_size_t len = most < sizeof(bytes) ? most : sizeof(bytes);
    size_t expected = len < list->left ? len : (size_t)list->left;
    apr_status_t status;

    if (list->missing || most == 0)
        return;
    list_copy(list, 0, copy, expected);
    list_took(list, expected);
    status = bufv_read(list->v, bytes, &len);
    HOLDS(expected > 0 ? status == APR_SUCCESS : APR_STATUS_IS_EOF(status));
    HOLDS(len == expected && memcmp(bytes, copy, len) == 0);
    list_check_released();
    list_check(list);
}

void list_peek(list_t *list)
{
    struct iovec vec[VEC_MAX];
    apr_size_t n = 1 + rnd(VEC_MAX), from = 0, i;
    apr_status_t status = bufv_peek(list->v, vec, &n);

    HOLDS(status == APR_SUCCESS ||
          (list->missing && APR_STATUS_IS_EOF(status)));
    HOLDS((n > 0) == (list->left > 0 && status == APR_SUCCESS));
    for (i = 0; i < n; i++) {
        HOLDS(vec[i].iov_len > 0);
        HOLDS(list_has(list, from, vec[i].iov_base, vec[i].iov_len));
        from += vec[i].iov_len;
    }
}

void list_trim(list_t *list)
{
    bufv_trim(list->v);
    list_check(list);
    list_peek(list);
}

void list_clear(list_t *list)
{
    list->on_release = NULL;
    list->failed = APR_SUCCESS;
    list_drop(list);
    bufv_clear(list->v);
    list_check_released();
    list_check(list);
}

void list_destroy(list_t *list)
{
    bufv_t *v = list->v;

    list->on_release = NULL;
    list_drop(list);
    list->dying = 1;
    bufv_destroy(v);
    list->v = NULL;
    list_check_released();
}

/* What is left in it is released when the write returns, and not before what
 * is due already. */
void list_doom(list_t *list)
{
    list->doomed = 1;
    list->on_release = NULL;
    doomed = list;
    bufv_destroy(list->v);
}

void list_doomed(list_t *list)
{
    if (list->first < list->end)
        list_drop(list);
    list->v = NULL;
    doomed = NULL;
    list_check_released();
}

/* ---- a seed */

void lists_begin(apr_pool_t *pool)
{
    lists_pool = pool;
    lists_count = owned_count = due_first = due_end = 0;
    doomed = current = NULL;
}

int lists_room(void)
{
    return LISTS_MAX - lists_count;
}

/* Some lists live as long as the pool. */
list_t *list_new(apr_pool_t *pool)
{
    list_t *list = &lists[lists_count++];

    HOLDS(lists_count < LISTS_MAX);
    memset(list, 0, offsetof(list_t, parts));
    memset(&list->first, 0, sizeof(*list) - offsetof(list_t, first));
    list->first = list->end = FRONT;
    list->alone = pool == NULL;
    HOLDS(bufv_create(&list->v, pool) == APR_SUCCESS);
    return list;
}

/* The pool destroys the lists in reverse, as it does all. */
void lists_end(void)
{
    int i;

    for (i = 0; i < lists_count; i++) {
        if (lists[i].v != NULL && lists[i].alone)
            list_destroy(&lists[i]);
    }
    for (i = lists_count - 1; i >= 0; i--) {
        lists[i].on_release = NULL;
        lists[i].dying = 1;
        if (lists[i].v != NULL)
            list_drop(&lists[i]);
    }
    apr_pool_destroy(lists_pool);
    list_check_released();
    for (i = 0; i < owned_count; i++)
        HOLDS(owned[i].released);
    check_position(file[0]);
    check_position(file[1]);
}
