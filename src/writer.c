/* Writers: what they are told, and what they tell. */

#include "bufv_private.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* ---- life */

static apr_status_t cleanup(void *data)
{
    bufv_writer_t *w = data;

    if (w->busy)
        w->orphan = 1; /* bufv__writer_leave() does it */
    else
        free(w);
    return APR_SUCCESS;
}

void bufv__writer_init(bufv_writer_t *w, const bufv_ops_t *ops, void *baton)
{
    memset(w, 0, sizeof(*w));
    w->ops = *ops;
    if (w->ops.name == NULL)
        w->ops.name = "write";
    w->op = w->ops.name;
    w->baton = baton;
    w->limits.message = ops->message;
    w->limits.sendfile = ops->sendfile != NULL;
    bufv_writer_limits_set(w, 0, 0);
    bufv_writer_copy_below_set(w, ops->copy_below);
}

apr_status_t bufv_writer_create(bufv_writer_t **w, const bufv_ops_t *ops,
                                void *baton, apr_pool_t *pool)
{
    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (ops == NULL || pool == NULL || ops->writev == NULL ||
        ops->max_vec == 0 || ops->max_bytes == 0)
        return APR_EINVAL;
    *w = malloc(sizeof(**w));
    if (*w == NULL)
        return APR_ENOMEM;
    bufv__writer_init(*w, ops, baton);
    (*w)->pool = pool;
    apr_pool_cleanup_register(pool, *w, cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* Ends a write. A writer whose pool went meanwhile goes now; the pool took
 * the lock along. */
void bufv__writer_leave(bufv_writer_t *w)
{
    w->busy = 0;
    if (w->orphan)
        free(w);
    else
        bufv__unlock(w->lock);
}

/* ---- settings */

void bufv_writer_limits_set(bufv_writer_t *w, apr_size_t max_vec,
                            apr_size_t max_bytes)
{
    if (max_vec == 0 || max_vec > w->ops.max_vec)
        max_vec = w->ops.max_vec;
    if (max_bytes == 0 || max_bytes > w->ops.max_bytes)
        max_bytes = w->ops.max_bytes;
    w->limits.vec = max_vec;
    w->limits.bytes = max_bytes;
}

void bufv_writer_copy_below_set(bufv_writer_t *w, apr_size_t bytes)
{
    w->limits.copy_below = bytes;
    w->socket.copying = bytes > 0;
}

apr_time_t bufv__writer_now(const bufv_writer_t *w)
{
    return w->ops.now != NULL ? w->ops.now(w->baton) : bufv__clock();
}

/* What is past is before all monotonic time. */
void bufv_writer_deadline_set(bufv_writer_t *w, apr_time_t when)
{
    if (when != 0 && w->ops.now == NULL) {
        apr_time_t now = apr_time_now();

        when = when > now ? bufv__clock() + (when - now) : -1;
    }
    w->deadline = when;
}

void bufv_writer_stall_set(bufv_writer_t *w, apr_interval_time_t limit)
{
    w->stall = limit;
    w->stall_set = 1;
}

/* The pool goes from inside a write, and takes the lock along, which must not
 * be held then. */
static apr_status_t let_go(void *data)
{
    bufv_writer_t *w = data;

    if (w->busy)
        bufv__unlock(w->lock);
    w->lock = NULL;
    return APR_SUCCESS;
}

apr_status_t bufv_writer_lock_enable(bufv_writer_t *w)
{
    if (w == NULL)
        return APR_EINVAL;
    if (w->lock != NULL)
        return APR_SUCCESS;
    apr_pool_pre_cleanup_register(w->pool, w, let_go);
    return bufv__lock_create(&w->lock, w->pool);
}

void bufv_writer_hook_set(bufv_writer_t *w, bufv_hook_t *hook, void *baton)
{
    w->hook = hook;
    w->hook_baton = baton;
}

/* ---- looking */

const bufv_report_t *bufv_writer_report(const bufv_writer_t *w)
{
    return &w->report;
}

const bufv_stats_t *bufv_writer_stats(const bufv_writer_t *w)
{
    return &w->stats;
}

/* What a status is called, also when APR has no name for a success. */
static void name_status(apr_status_t status, char *buf, apr_size_t size)
{
    if (status == APR_SUCCESS)
        apr_cpystrn(buf, "success", size);
    else
        apr_strerror(status, buf, size);
}

char *bufv_writer_strerror(const bufv_writer_t *w, char *buf, apr_size_t size)
{
    char where[256] = "", cause[256];

    if (buf == NULL || size == 0)
        return buf;
    if (w->ops.describe != NULL)
        w->ops.describe(w->baton, where, sizeof(where));
    name_status(w->report.status, cause, sizeof(cause));
    apr_snprintf(buf, size, "%s%s%s: %s", w->op, where[0] != '\0' ? " " : "",
                 where, cause);
    return buf;
}

#ifndef BUFV_VERSION
#error "the build defines BUFV_VERSION"
#endif

const char *bufv_version(void)
{
    return BUFV_VERSION;
}
