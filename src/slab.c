/* SPDX-License-Identifier: Apache-2.0 */

/* Chunks that the list has copied: packed one behind the other into slabs,
 * which clones and splits share.
 *
 * One release point stands for all copies in a slab. As long as it is the
 * last point it is open: it moves along with the end of the list, and costs
 * nothing a chunk. That it then stands for borrowed chunks as well does no
 * harm. */

#include "bufv_private.h"
#include "copy.h"
#include "poison.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first slab of a list: a response's headers. */
#define SLAB_FIRST ((apr_size_t)1024)

/* Room that formatted text is tried in: most lines of a header. */
#define FORMAT_FIRST ((apr_size_t)128)

/* ---- slabs */

/* Twice the last one's if the list, with what comes, would not go into one of
 * that size. So a whole fill soon goes into one slab, which is kept, and none
 * is larger than the list needs. */
apr_size_t bufv__slab_size(const bufv_t *v, apr_size_t len)
{
    apr_size_t size = SLAB_FIRST;

    if (v->slab.owner != NULL)
        size = bufv__owner_size(v->slab.owner);
    if (size < SLAB_FIRST)
        size = SLAB_FIRST;
    if (size < len)
        return len;
    if (v->slab.owner != NULL && v->length > size - len)
        size *= 2; /* does not wrap: there is a slab of that size */
    return size;
}

void bufv__slab_set(bufv_t *v, bufv__owner_t *owner, char *next,
                    apr_size_t room)
{
    if (v->slab.owner != NULL)
        bufv__owner_unref(v->slab.owner, NULL, 0);
    v->slab.owner = owner;
    v->slab.next = next;
    v->slab.room = room;
    bufv__poison(next, room);
}

static apr_status_t next_slab(bufv_t *v, apr_size_t len)
{
    apr_size_t size = bufv__slab_size(v, len);
    bufv__owner_t *owner;
    apr_status_t status;

    status = bufv__owner_create(&owner, NULL, NULL, NULL, 0, size);
    if (status == APR_SUCCESS)
        bufv__slab_set(v, owner, bufv__owner_bytes(owner), size);
    return status;
}

void bufv__slab_rewind(bufv_t *v)
{
    if (v->slab.owner == NULL || !bufv__owner_is_alone(v->slab.owner))
        return;
    v->slab.next = bufv__owner_bytes(v->slab.owner);
    v->slab.room = bufv__owner_size(v->slab.owner);
    bufv__poison(v->slab.next, v->slab.room);
}

/* ---- copies */

static BUFV__COLD apr_status_t make_room_slowly(bufv_t *v, apr_size_t len)
{
    apr_status_t status;

    assert(len > 0);
    status = bufv__make_room(v, 1, 1, 0);
    if (status != APR_SUCCESS)
        return status;
    bufv__slab_rewind(v);
    if (len > v->slab.room) { /* also where there is no slab */
        status = next_slab(v, len);
        if (status != APR_SUCCESS)
            return status;
        bufv__close_copies(v, bufv__end(v)); /* those of the slab before */
    }
    if (!v->copies) {
        bufv__put_point(v, bufv__end(v), bufv__owner_unref, v->slab.owner,
                        NULL, 0);
        bufv__owner_ref(v->slab.owner);
        v->copies = 1;
    }
    return APR_SUCCESS;
}

/* The usual case needs nothing of that. The room of a list that takes nothing
 * now is hidden. */
apr_status_t bufv__slab_make_room(bufv_t *v, apr_size_t len)
{
    assert(v != NULL);
    if (v->copies && len <= v->slab.room && v->chunks.tail < v->chunks.room)
        return APR_SUCCESS;
    return make_room_slowly(v, len);
}

void bufv__slab_put(bufv_t *v, apr_size_t len)
{
    assert(v->copies && len <= v->slab.room);
    bufv__put(v, v->slab.next, len);
    v->slab.next += len;
    v->slab.room -= len;
}

/* Does what bufv_append_copy() does where the copy does not simply fit. */
static BUFV__COLD apr_status_t copy_slowly(bufv_t *v, const void *data,
                                           apr_size_t len)
{
    apr_status_t status = bufv__check(v, data, len);

    if (status == APR_SUCCESS && len > 0)
        status = bufv__slab_make_room(v, len);
    if (status != APR_SUCCESS || len == 0)
        return bufv__note(v, status);
    assert(data != NULL);
    bufv__unpoison(v->slab.next, len);
    bufv__copy(v->slab.next, data, len);
    bufv__slab_put(v, len);
    return APR_SUCCESS;
}

/* The copy comes last: to the compiler, bytes that are written by a char
 * pointer may be the list's, which it would have to read again. */
apr_status_t bufv_append_copy(bufv_t *v, const void *data, apr_size_t len)
{
    char *to;

    if (v == NULL || data == NULL || len - 1 >= v->slab.room ||
        len > UINT64_MAX - v->length || !v->copies ||
        v->chunks.tail == v->chunks.room)
        return copy_slowly(v, data, len);
    to = v->slab.next;
    bufv__slab_put(v, len);
    bufv__unpoison(to, len);
    bufv__copy(to, data, len);
    return APR_SUCCESS;
}

/* ---- formatted text */

/* Formats into the slab; *len is set to the length of the text, which may be
 * longer than there was room for. */
static BUFV_FORMAT(3, 0) apr_status_t
    format_into(bufv_t *v, apr_size_t *len, const char *format, va_list args)
{
    apr_size_t room = v->slab.room < INT_MAX ? v->slab.room : INT_MAX;
    int n;

    bufv__unpoison(v->slab.next, room);
    n = vsnprintf(v->slab.next, room, format, args);
    *len = n < 0 ? 0 : (apr_size_t)n;
    if (n < 0 || *len > UINT64_MAX - v->length)
        return APR_EINVAL;
    return APR_SUCCESS;
}

/* The final NUL of vsnprintf() needs room, and is not kept. */
static BUFV_FORMAT(2, 0) apr_status_t
    append_text(bufv_t *v, const char *format, va_list args)
{
    va_list again;
    apr_size_t len;
    apr_status_t status = bufv__slab_make_room(v, FORMAT_FIRST);

    if (status != APR_SUCCESS)
        return status;
    va_copy(again, args);
    status = format_into(v, &len, format, args);
    if (status == APR_SUCCESS && len >= v->slab.room) {
        status = bufv__slab_make_room(v, len + 1);
        if (status == APR_SUCCESS)
            status = format_into(v, &len, format, again);
    }
    va_end(again);
    if (status == APR_SUCCESS && len > 0)
        bufv__slab_put(v, len);
    bufv__poison(v->slab.next, v->slab.room);
    return status;
}

apr_status_t bufv_vappendf(bufv_t *v, const char *format, va_list args)
{
    apr_status_t status = bufv__check(v, format, format == NULL);

    if (status == APR_SUCCESS)
        status = append_text(v, format, args);
    return bufv__note(v, status);
}

apr_status_t bufv_appendf(bufv_t *v, const char *format, ...)
{
    apr_status_t status;
    va_list args;

    va_start(args, format);
    status = bufv_vappendf(v, format, args);
    va_end(args);
    return status;
}

/* ---- memory that is not in use */

static int is_slab(const bufv__point_t *point)
{
    return point->release == bufv__owner_unref &&
           bufv__owner_size(point->baton) > 0;
}

static int lies_in(const struct iovec *entry, bufv__owner_t *slab)
{
    const char *begin = bufv__owner_bytes(slab), *data = entry->iov_base;

    return entry->iov_len > 0 && (uintptr_t)data >= (uintptr_t)begin &&
           (uintptr_t)data - (uintptr_t)begin < bufv__owner_size(slab);
}

/* Walks over the chunks that a point of a slab stands for. Moves those that
 * lie in it to `to`, if that is not NULL, and says how many bytes they
 * have. */
static apr_size_t move_copies(bufv_t *v, const bufv__point_t *point, char *to)
{
    apr_uint64_t at = point->since, end = bufv__due_at(v, point);
    apr_size_t bytes = 0;

    if ((apr_int64_t)(at - v->first) < 0)
        at = v->first;
    for (; (apr_int64_t)(end - at) > 0; at++) {
        struct iovec *entry = bufv__front(v) + (apr_size_t)(at - v->first);

        if (!lies_in(entry, point->baton))
            continue;
        if (to != NULL) {
            memcpy(to + bytes, entry->iov_base, entry->iov_len);
            entry->iov_base = to + bytes;
        }
        bytes += entry->iov_len;
    }
    return bytes;
}

/* Moves all copies into one slab with just the room for them, which may be
 * none. */
static void compact(bufv_t *v, apr_size_t bytes)
{
    bufv__point_t *point = bufv__points(v);
    bufv__point_t *end = point + bufv__queue_count(&v->points);
    bufv__owner_t *slab;
    char *to;

    if (bufv__owner_create(&slab, NULL, NULL, NULL, 0, bytes) != APR_SUCCESS)
        return;
    for (to = bufv__owner_bytes(slab); point < end; point++) {
        if (!is_slab(point))
            continue;
        to += move_copies(v, point, to);
        bufv__owner_unref(point->baton, NULL, 0);
        point->baton = slab;
        bufv__owner_ref(slab);
    }
    bufv__slab_set(v, slab, to, 0);
}

/* Counts the bytes in slabs; says whether there are points of any. */
static int count_copies(bufv_t *v, apr_size_t *bytes)
{
    const bufv__point_t *point = bufv__points(v);
    apr_size_t n = bufv__queue_count(&v->points);
    int found = 0;

    for (*bytes = 0; n > 0; n--, point++) {
        if (!is_slab(point))
            continue;
        *bytes += move_copies(v, point, NULL);
        found = 1;
    }
    return found;
}

void bufv_trim(bufv_t *v)
{
    apr_size_t bytes;

    if (v == NULL || v->use != BUFV__FREE)
        return;
    bufv__reservation_drop(v);
    if (count_copies(v, &bytes))
        compact(v, bytes);
    else
        bufv__slab_set(v, NULL, NULL, 0);
    bufv__queue_fit(&v->chunks, sizeof(struct iovec));
    bufv__queue_fit(&v->points, sizeof(bufv__point_t));
    bufv__queue_fit(&v->ranges, sizeof(bufv__range_t));
    assert(bufv__is_valid(v));
}
