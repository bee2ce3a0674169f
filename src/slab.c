/* Chunks that the list has copied: packed one behind the other into slabs,
 * which clones and splits share. */

#include "bufv_private.h"
#include "copy.h"

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

/* Begins the slab from its start. */
static void rewind_slab(bufv_t *v)
{
    v->slab_next = bufv__hold_bytes(v->slab);
    v->slab_room = v->slab_size;
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
    rewind_slab(v);
    return APR_SUCCESS;
}

/* Finds room for len bytes. A slab that no mark of any list holds begins
 * anew. */
static apr_status_t room_for(bufv_t *v, apr_size_t len)
{
    if (v->slab != NULL && bufv__hold_alone(v->slab))
        rewind_slab(v);
    if (v->slab == NULL || len > v->slab_room)
        return next_slab(v, len);
    return APR_SUCCESS;
}

/* Whether the last mark is the slab's: then it is stretched for the next copy
 * too, so that a list of copies has one mark. */
static int is_marked(const bufv_t *v)
{
    const bufv__mark_t *marks = v->marks.items;

    return bufv__queue_count(&v->marks) > 0 &&
           marks[v->marks.tail - 1].baton == v->slab;
}

/* Gives the slab a mark, for which there is room. */
static void mark_slab(bufv_t *v)
{
    bufv__mark_t mark = {bufv__end(v), 0,    bufv__hold_release,
                         v->slab,      NULL, 0};

    bufv__hold_keep(v->slab);
    ((bufv__mark_t *)v->marks.items)[v->marks.tail++] = mark;
}

/* Prepares for a copy of len bytes, which has to follow. */
static BUFV__COLD apr_status_t open_slab(bufv_t *v, apr_size_t len)
{
    apr_status_t status;

    status = bufv__queue_reserve(&v->chunks, 1, sizeof(struct iovec));
    if (status == APR_SUCCESS)
        status = bufv__queue_reserve(&v->marks, 1, sizeof(bufv__mark_t));
    if (status == APR_SUCCESS)
        status = room_for(v, len);
    if (status == APR_SUCCESS && !is_marked(v))
        mark_slab(v);
    return status;
}

/* The usual case needs nothing of that. */
static apr_status_t reserve(bufv_t *v, apr_size_t len)
{
    if (len <= v->slab_room && v->chunks.tail < v->chunks.room && is_marked(v))
        return APR_SUCCESS;
    return open_slab(v, len);
}

/* Appends the len bytes that were put where the slab goes on. */
static void put_copied(bufv_t *v, apr_size_t len)
{
    bufv__mark_t *marks = v->marks.items;
    char *data = v->slab_next;

    v->slab_next += len;
    v->slab_room -= len;
    bufv_append(v, data, len); /* cannot fail: there is room */
    marks[v->marks.tail - 1].at = bufv__end(v);
}

apr_status_t bufv_append_copy(bufv_t *v, const void *data, apr_size_t len)
{
    apr_status_t status;

    if (v == NULL || len == 0 || data == NULL || len > BUFV__CHUNK_MAX ||
        len > UINT64_MAX - v->length)
        return bufv_append(v, data, len); /* nothing, or why not */
    status = reserve(v, len);
    if (status != APR_SUCCESS)
        return status;
    bufv__copy(v->slab_next, data, len);
    put_copied(v, len);
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

    if (v == NULL || format == NULL)
        return APR_EINVAL;
    va_start(args, format);
    len = measure(format, args);
    va_end(args);
    if (len == 0 || len > UINT64_MAX - v->length)
        return len == 0 ? APR_SUCCESS : APR_EINVAL;
    status = reserve(v, len);
    if (status != APR_SUCCESS)
        return status;
    m.len = 0;
    m.out.curpos = v->slab_next;
    m.out.endpos = v->slab_next + len;
    va_start(args, format);
    apr_vformatter(to_window, &m.out, format, args);
    va_end(args);
    put_copied(v, len);
    return APR_SUCCESS;
}
