/* SPDX-License-Identifier: Apache-2.0 */

/* Room at the end of the list that the program writes into itself. It is the
 * rest of the slab, or a new one, which becomes the list's when something of
 * it is committed. */

#include "bufv_private.h"
#include "poison.h"

/* A rest of a slab that is shorter than this is not worth offering to a
 * caller that asks for what there is. */
#define ROOM_LEAST ((apr_size_t)256)

/* What bufv_fill() reads at a time at most, unless it is asked for less. */
#define FILL_BYTES ((apr_size_t)64 * 1024)

/* The room that was taken off the slab goes back to it, unless the list has
 * another slab meanwhile. */
static void give_room_back(bufv_t *v, char *from, apr_size_t room)
{
    bufv__poison(from, room);
    if (v->reservation.owner == v->slab.owner) {
        assert(v->slab.room == 0);
        v->slab.next = from;
        v->slab.room = room;
    }
}

void bufv__reservation_drop(bufv_t *v)
{
    bufv__reservation_t *r = &v->reservation;

    if (r->owner == NULL)
        return;
    give_room_back(v, r->data, r->room);
    bufv__owner_unref(r->owner, NULL, 0);
    r->owner = NULL;
}

/* Takes the rest of the slab. */
static void take_slab(bufv_t *v, bufv__reservation_t *r)
{
    r->owner = v->slab.owner;
    r->data = v->slab.next;
    r->room = v->slab.room;
    bufv__owner_ref(r->owner);
    v->slab.room = 0;
}

static apr_status_t take_new_slab(bufv_t *v, apr_size_t least,
                                  bufv__reservation_t *r)
{
    r->room = bufv__slab_size(v, least);
    if (bufv__owner_create(&r->owner, NULL, NULL, NULL, 0, r->room) !=
        APR_SUCCESS)
        return APR_ENOMEM;
    r->data = bufv__owner_bytes(r->owner);
    return APR_SUCCESS;
}

/* Finds room. An earlier reservation that is long enough is used again. */
static apr_status_t find_room(bufv_t *v, apr_size_t least)
{
    bufv__reservation_t r;
    apr_status_t status;

    if (v->reservation.owner != NULL && v->reservation.room >= least)
        return APR_SUCCESS;
    bufv__slab_rewind(v);
    if (v->slab.owner != NULL && v->slab.room >= least) {
        bufv__reservation_drop(v);
        take_slab(v, &v->reservation);
        return APR_SUCCESS;
    }
    status = take_new_slab(v, least, &r);
    if (status != APR_SUCCESS)
        return status;
    bufv__reservation_drop(v);
    v->reservation = r;
    return APR_SUCCESS;
}

apr_status_t bufv_reserve(bufv_t *v, apr_size_t least, void **data,
                          apr_size_t *room)
{
    apr_status_t status;

    if (data != NULL)
        *data = NULL;
    if (room != NULL)
        *room = 0;
    if (data == NULL || room == NULL || v == NULL || least > BUFV__CHUNK_MAX)
        return APR_EINVAL;
    status = bufv__check(v, NULL, 0);
    if (status == APR_SUCCESS)
        status = find_room(v, least > ROOM_LEAST ? least : ROOM_LEAST);
    if (status != APR_SUCCESS)
        return status;
    bufv__unpoison(v->reservation.data, v->reservation.room);
    *data = v->reservation.data;
    *room = v->reservation.room;
    return APR_SUCCESS;
}

/* The slab of the reservation becomes the list's, and what is behind the
 * chunk its rest. */
static void put_reserved(bufv_t *v, apr_size_t len)
{
    bufv__reservation_t *r = &v->reservation;

    if (r->owner != v->slab.owner || !v->copies) {
        bufv__owner_ref(r->owner);
        bufv__put_point(v, bufv__end(v), bufv__owner_unref, r->owner, NULL, 0);
        v->copies = 1;
    }
    bufv__put(v, r->data, len);
    bufv__owner_ref(r->owner);
    bufv__slab_set(v, r->owner, r->data + len, r->room - len);
    bufv__owner_unref(r->owner, NULL, 0);
    r->owner = NULL;
}

apr_status_t bufv_commit(bufv_t *v, apr_size_t len)
{
    apr_status_t status;

    if (v == NULL || v->reservation.owner == NULL ||
        len > v->reservation.room || len > UINT64_MAX - v->length)
        return APR_EINVAL;
    status = bufv__check(v, NULL, 0);
    if (status == APR_SUCCESS && len == 0)
        bufv__reservation_drop(v);
    if (status != APR_SUCCESS || len == 0)
        return status;
    status = bufv__make_room(v, 1, 1, 0);
    if (status == APR_SUCCESS)
        put_reserved(v, len);
    return status;
}

/* Reads into what is reserved, and commits what came. */
static apr_status_t read_once(bufv_t *v, const bufv_reader_t *r, void *data,
                              apr_size_t room, apr_size_t *got)
{
    apr_size_t len = room;
    apr_status_t status = r->read(r->baton, data, &len), committed;

    if (len > room) {
        status = APR_EGENERAL;
        len = 0;
    }
    committed = bufv_commit(v, len);
    if (committed != APR_SUCCESS)
        return committed;
    *got = len;
    return status;
}

/* Reserves room for a read of `most` bytes at most, and what it takes to
 * commit them. */
static apr_status_t reserve_for(bufv_t *v, apr_size_t most, void **data,
                                apr_size_t *room)
{
    apr_size_t least = most < FILL_BYTES ? most : FILL_BYTES;
    apr_status_t status = bufv_reserve(v, least, data, room);

    if (status != APR_SUCCESS)
        return status;
    status = bufv__make_room(v, 1, 1, 0);
    if (status != APR_SUCCESS)
        bufv__reservation_drop(v);
    if (*room > most)
        *room = most;
    return status;
}

/* Gives back what was grown for a chunk that did not come. */
static void shrink_back(bufv_t *v, apr_size_t chunks, apr_size_t points)
{
    if (v->chunks.room > chunks)
        bufv__queue_fit(&v->chunks, sizeof(struct iovec));
    if (v->points.room > points)
        bufv__queue_fit(&v->points, sizeof(bufv__point_t));
}

/* Does what bufv_fill() does, after its checks. */
static apr_status_t fill(bufv_t *v, const bufv_reader_t *r, apr_size_t most,
                         apr_size_t *got)
{
    apr_size_t chunks = v->chunks.room, points = v->points.room, room;
    apr_status_t status;
    void *data;

    status = reserve_for(v, most, &data, &room);
    if (status == APR_SUCCESS)
        status = read_once(v, r, data, room, got);
    if (*got == 0)
        shrink_back(v, chunks, points);
    return status;
}

/* The list is in use while the reader has its room: it cannot be cleared or
 * destroyed then. */
apr_status_t bufv_fill(bufv_t *v, const bufv_reader_t *r, apr_size_t most,
                       apr_size_t *got)
{
    apr_status_t status;

    if (got == NULL)
        return APR_EINVAL;
    *got = 0;
    if (v == NULL || r == NULL || r->read == NULL || v->length == UINT64_MAX)
        return APR_EINVAL;
    if (most == 0)
        return APR_SUCCESS;
    if (most > UINT64_MAX - v->length)
        most = (apr_size_t)(UINT64_MAX - v->length);
    if (v->use != BUFV__FREE)
        return fill(v, r, most, got);
    bufv__enter(v);
    status = fill(v, r, most, got);
    bufv__leave(v);
    return status;
}
