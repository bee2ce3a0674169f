/* Chunks that the list has copied: packed one behind the other into slabs,
 * which clones and splits share. */

#include "bufv_private.h"

#include <apr_lib.h>

#include <stdarg.h>
#include <string.h>

/* The first slab of a list: a response's headers. */
#define SLAB_FIRST ((apr_size_t)1024)

/* The size of the next slab: twice the last one if the list is longer than
 * that, so that soon a whole fill goes into one, which is kept; never more
 * than the list calls for. */
static apr_size_t next_size(const bufv_t *v, apr_size_t len)
{
    apr_size_t size = v->slab_size < SLAB_FIRST ? SLAB_FIRST : v->slab_size;

    if (v->slab != NULL && v->length / 2 >= size)
        size *= 2; /* there is a slab of that size, so twice it is a number */
    return size < len ? len : size;
}

static apr_status_t next_slab(bufv_t *v, apr_size_t len)
{
    apr_size_t size = next_size(v, len);
    bufv__hold_t *slab;
    apr_status_t status;

    status = bufv__hold_create(&slab, NULL, NULL, NULL, 0, size);
    if (status != APR_SUCCESS)
        return status;
    if (v->slab != NULL)
        bufv__hold_release(v->slab, NULL, 0);
    v->slab = slab;
    v->slab_size = size;
    v->slab_used = 0;
    return APR_SUCCESS;
}

/* Finds room for len bytes, to be taken by put_copied(). A slab that no mark
 * of any list holds begins anew. */
static apr_status_t room_for(bufv_t *v, apr_size_t len, char **room)
{
    apr_status_t status = APR_SUCCESS;

    if (v->slab != NULL && bufv__hold_alone(v->slab))
        v->slab_used = 0;
    if (v->slab == NULL || len > v->slab_size - v->slab_used)
        status = next_slab(v, len);
    if (status == APR_SUCCESS)
        *room = (char *)bufv__hold_bytes(v->slab) + v->slab_used;
    return status;
}

/* Appends the chunk of len bytes at `data`, which room_for() gave. The last
 * mark, if it is this slab's, is stretched: a list of copies has one mark. */
static void put_copied(bufv_t *v, char *data, apr_size_t len)
{
    bufv__mark_t *marks = v->marks.items;
    apr_uint64_t since = bufv__end(v);
    int known = bufv__queue_count(&v->marks) > 0 &&
                marks[v->marks.tail - 1].baton == v->slab;

    v->slab_used += len;
    bufv_append(v, data, len); /* cannot fail: there is room */
    if (!known) {
        bufv__mark_t mark = {since, 0, bufv__hold_release, v->slab, NULL, 0};

        bufv__hold_keep(v->slab);
        marks[v->marks.tail++] = mark;
    }
    marks[v->marks.tail - 1].at = bufv__end(v);
}

static apr_status_t reserve(bufv_t *v, apr_size_t len, char **room)
{
    apr_status_t status;

    status = bufv__queue_reserve(&v->chunks, 1, sizeof(struct iovec));
    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->marks, 1, sizeof(bufv__mark_t));
    if (status == APR_SUCCESS)
        status = room_for(v, len, room);
    return status;
}

apr_status_t bufv_append_copy(bufv_t *v, const void *data, apr_size_t len)
{
    apr_status_t status;
    char *room;

    if (v == NULL || len == 0 || data == NULL || len > BUFV__CHUNK_MAX ||
        len > UINT64_MAX - v->length)
        return bufv_append(v, data, len); /* nothing, or why not */
    status = reserve(v, len, &room);
    if (status != APR_SUCCESS)
        return status;
    memcpy(room, data, len);
    put_copied(v, room, len);
    return APR_SUCCESS;
}

/* ---- formatted text: once to measure, once into its place */

typedef struct measure_t {
    apr_vformatter_buff_t out; /* first: APR hands back a pointer to it */
    apr_size_t len;
    char window[256];
} measure_t;

/* What there is no room for goes into the window, over and over. */
static int to_window(apr_vformatter_buff_t *out)
{
    measure_t *m = (measure_t *)out;

    m->len += sizeof(m->window);
    out->curpos = m->window;
    out->endpos = m->window + sizeof(m->window);
    return 0;
}

static apr_size_t measure(const char *format, va_list args)
{
    measure_t m;

    m.len = 0;
    m.out.curpos = m.window;
    m.out.endpos = m.window + sizeof(m.window);
    apr_vformatter(to_window, &m.out, format, args);
    return m.len + (apr_size_t)(m.out.curpos - m.window);
}

apr_status_t bufv_appendf(bufv_t *v, const char *format, ...)
{
    apr_status_t status;
    apr_size_t len;
    measure_t m;
    va_list args;
    char *room;

    if (v == NULL || format == NULL)
        return APR_EINVAL;
    va_start(args, format);
    len = measure(format, args);
    va_end(args);
    if (len == 0 || len > UINT64_MAX - v->length)
        return len == 0 ? APR_SUCCESS : APR_EINVAL;
    status = reserve(v, len, &room);
    if (status != APR_SUCCESS)
        return status;
    m.len = 0;
    m.out.curpos = room;
    m.out.endpos = room + len;
    va_start(args, format);
    apr_vformatter(to_window, &m.out, format, args);
    va_end(args);
    put_copied(v, room, len);
    return APR_SUCCESS;
}
