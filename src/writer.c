/* SPDX-License-Identifier: Apache-2.0 */

/* Writers: their life, their settings, and whose turn it is. */

#include "bufv_private.h"
#include "refs.h"

#include <stdlib.h>
#include <string.h>

/* The longest pause while a transport with a clock of its own waits for its
 * turn: nobody wakes it. */
#define TURN_PAUSE apr_time_from_msec(1)

/* ---- life */

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
    w->limits.sendfile_from = BUFV__SENDFILE_FROM;
    bufv_writer_limits_set(w, 0, 0);
    bufv_writer_copy_below_set(w, ops->copy_below);
}

void bufv__writer_fini(bufv_writer_t *w)
{
    if (w->monitor != NULL)
        bufv__monitor_destroy(w->monitor);
    if (w->ops.destroy != NULL)
        w->ops.destroy(w->baton);
}

/* The operation may destroy the writer or the list, which flushes. */
void bufv__writer_flush(bufv_writer_t *w)
{
    int held = w->held;

    w->held = 0;
    if (held && w->ops.flush != NULL)
        w->ops.flush(w->baton);
}

void bufv__writer_flush_early(bufv_writer_t *w)
{
    if (w->running == BUFV__RESTS)
        bufv__writer_flush(w);
}

static apr_status_t cleanup(void *data)
{
    bufv_writer_t *w = data;

    w->pool = NULL;
    bufv_writer_destroy(w);
    return APR_SUCCESS;
}

static apr_status_t forget_pool(void *data)
{
    apr_pool_t **pool = data;

    *pool = NULL;
    return APR_SUCCESS;
}

apr_status_t bufv__own_pool_create(apr_pool_t **pool)
{
    apr_status_t status = apr_pool_create(pool, NULL);

    if (status == APR_SUCCESS)
        apr_pool_cleanup_register(*pool, pool, forget_pool,
                                  apr_pool_cleanup_null);
    return status;
}

/* A child of fork() has what its parent holds back, which the parent sends. */
static int is_inherited(const bufv_writer_t *w)
{
    return w->monitor != NULL && bufv__monitor_is_inherited(w->monitor);
}

/* What is held back is sent now, since the transport may be gone when the
 * call that uses the writer returns. */
void bufv_writer_destroy(bufv_writer_t *w)
{
    if (w == NULL)
        return;
    if (w->pool != NULL)
        apr_pool_cleanup_kill(w->pool, w, cleanup);
    w->pool = NULL;
    if (is_inherited(w))
        w->held = 0;
    bufv__writer_flush_early(w);
    w->doomed = 1;
    if (w->uses > 0 || w->kept > 0)
        return; /* bufv__writer_leave() or bufv__writer_let_go() does it */
    bufv__writer_fini(w);
    free(w);
}

/* Reads the caller's operations. Members behind `writev` may be missing, also
 * those that came with the first release. */
static apr_status_t read_ops(bufv_ops_t *to, const bufv_ops_t *from)
{
    apr_size_t least = offsetof(bufv_ops_t, writev) + sizeof(from->writev);
    apr_status_t status = bufv__sized_read(to, sizeof(*to), least, from);

    if (status != APR_SUCCESS)
        return status;
    if (to->writev == NULL || to->max_vec == 0 || to->max_bytes == 0)
        return APR_EINVAL;
    return APR_SUCCESS;
}

apr_status_t bufv_writer_create(bufv_writer_t **w, const bufv_ops_t *ops,
                                void *baton, apr_pool_t *pool)
{
    bufv_ops_t read;
    apr_status_t status;

    if (w == NULL)
        return APR_EINVAL;
    *w = NULL;
    if (ops == NULL)
        return APR_EINVAL;
    status = read_ops(&read, ops);
    if (status != APR_SUCCESS)
        return status;
    *w = malloc(sizeof(**w));
    if (*w == NULL)
        return APR_ENOMEM;
    bufv__writer_init(*w, &read, baton);
    (*w)->pool = pool;
    if (pool != NULL)
        apr_pool_cleanup_register(pool, *w, cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* Whether this thread has the turn of a locked writer, or calls back. */
static int is_inside(const bufv_writer_t *w)
{
    apr_os_thread_t self = apr_os_thread_current();
    const bufv__caller_t *c;

    if (w->busy && apr_os_thread_equal(w->thread, self))
        return 1;
    for (c = w->callers; c != NULL; c = c->next) {
        if (apr_os_thread_equal(c->thread, self))
            return 1;
    }
    return 0;
}

apr_status_t bufv__writer_enter(bufv_writer_t *w)
{
    int mine;

    bufv__writer_lock(w);
    mine = w->monitor == NULL ? w->uses > 0 : is_inside(w);
    w->uses += !mine;
    bufv__writer_unlock(w);
    return mine ? APR_EBUSY : APR_SUCCESS;
}

/* Leaves the lock. The last one out destroys a writer that is doomed. */
static void unlock_or_destroy(bufv_writer_t *w)
{
    int gone = w->doomed && w->uses == 0 && w->kept == 0;

    bufv__writer_unlock(w);
    if (!gone)
        return;
    bufv__writer_fini(w);
    free(w);
}

void bufv__writer_leave(bufv_writer_t *w, int had_turn, apr_uint64_t number)
{
    bufv__writer_lock(w);
    assert(w->uses > 0 && (w->busy || !had_turn));
    if (had_turn)
        w->busy = 0;
    if (had_turn && w->monitor != NULL) {
        w->turn = number;
        bufv__monitor_wake(w->monitor);
    }
    w->uses--;
    unlock_or_destroy(w);
}

void bufv__writer_calls_back(bufv_writer_t *w, bufv__caller_t *c)
{
    c->thread = apr_os_thread_current();
    bufv__writer_lock(w);
    c->next = w->callers;
    w->callers = c;
    bufv__writer_unlock(w);
}

void bufv__writer_called_back(bufv_writer_t *w, const bufv__caller_t *c)
{
    bufv__caller_t **at = &w->callers;

    bufv__writer_lock(w);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    bufv__writer_unlock(w);
}

void bufv__writer_keep(bufv_writer_t *w)
{
    bufv__writer_lock(w);
    w->kept++;
    bufv__writer_unlock(w);
}

void bufv__writer_let_go(bufv_writer_t *w)
{
    bufv__writer_lock(w);
    w->kept--;
    unlock_or_destroy(w);
}

void bufv__writer_tell(bufv_writer_t *w, const char *op,
                       const bufv_report_t *report)
{
    bufv_stats_t *stats = &w->stats;

    bufv__writer_lock(w);
    w->op = op;
    w->report = *report;
    stats->lists += report->status == APR_SUCCESS && report->written > 0;
    stats->written += report->written;
    stats->calls += report->calls;
    stats->waits += report->waits;
    stats->copied += report->copied;
    stats->waited += report->waited;
    bufv__writer_unlock(w);
}

/* ---- settings */

void bufv_writer_limits_set(bufv_writer_t *w, apr_size_t max_vec,
                            apr_size_t max_bytes)
{
    if (w == NULL)
        return;
    if (max_vec == 0 || max_vec > w->ops.max_vec)
        max_vec = w->ops.max_vec;
    if (max_bytes == 0 || max_bytes > w->ops.max_bytes)
        max_bytes = w->ops.max_bytes;
    w->limits.vec = max_vec;
    w->limits.bytes = max_bytes;
}

void bufv_writer_copy_below_set(bufv_writer_t *w, apr_size_t bytes)
{
    if (w == NULL)
        return;
    w->limits.copy_below = bytes;
    w->socket.copying = bytes > 0;
}

void bufv_writer_sendfile_from_set(bufv_writer_t *w, apr_uint64_t bytes)
{
    if (w != NULL)
        w->limits.sendfile_from = bytes;
}

/* Turns the caller's wall-clock time into monotonic time; -1, which is before
 * all of that, for what is past. */
static apr_time_t to_monotonic(apr_time_t when)
{
    apr_time_t now = apr_time_now(), clock = bufv__clock();

    if (when <= now)
        return -1;
    if (when - now > INT64_MAX - clock)
        return INT64_MAX;
    return clock + (when - now);
}

void bufv_writer_deadline_set(bufv_writer_t *w, apr_time_t when)
{
    if (w == NULL)
        return;
    if (when != 0 && w->ops.now == NULL)
        when = to_monotonic(when);
    w->deadline = when;
}

void bufv_writer_stall_set(bufv_writer_t *w, apr_interval_time_t limit)
{
    if (w == NULL)
        return;
    w->stall = limit;
    w->stall_set = 1;
}

void bufv_writer_hook_set(bufv_writer_t *w, bufv_hook_t *hook, void *baton)
{
    if (w == NULL)
        return;
    w->hook = hook;
    w->hook_baton = baton;
}

/* ---- the turn
 *
 * A list that left in part by a locked writer has a number; the writer notes
 * it when the call ends. Whoever has this number goes on, and nobody else. A
 * number is made of the writer's own and a count, so no two lists have the
 * same. */

static bufv__refs_t writers; /* how many have had a lock */

apr_status_t bufv_writer_lock_enable(bufv_writer_t *w)
{
    apr_status_t status;

    if (w == NULL)
        return APR_EINVAL;
    if (w->monitor != NULL)
        return APR_SUCCESS;
    w->thread = apr_os_thread_current(); /* it may have the turn: a callback */
    status = bufv__monitor_create(&w->monitor);
    if (status == APR_SUCCESS)
        w->numbers = (apr_uint64_t)(bufv__refs_next(&writers) + 1) << 32;
    return status;
}

apr_uint64_t bufv__turn_number(bufv_writer_t *w)
{
    assert(w->busy);
    return ++w->numbers;
}

/* Lets time pass on the transport's clock. Its operations may ask about the
 * writer, so the monitor is left meanwhile. */
static apr_status_t pause_for_turn(bufv_writer_t *w, const bufv_t *v,
                                   bufv__clock_t *c)
{
    apr_interval_time_t left, time = TURN_PAUSE;
    int gone;

    if (w->ops.pause == NULL)
        return APR_EBUSY;
    bufv__monitor_leave(w->monitor);
    left = bufv__clock_left(c);
    if (left > 0 && left < time)
        time = left;
    gone = bufv__are_doomed(v, w);
    if (left != 0 && !gone) {
        w->ops.pause(w->baton, time);
        bufv__clock_waited(c);
    }
    bufv__monitor_enter(w->monitor);
    if (gone)
        return APR_EBUSY;
    return left != 0 ? APR_SUCCESS : APR_TIMEUP;
}

/* Waits a while for the turn; the monitor is entered. */
static apr_status_t wait_for_turn(bufv_writer_t *w, const bufv_t *v,
                                  bufv__clock_t *c)
{
    apr_interval_time_t left;

    if (w->ops.now != NULL)
        return pause_for_turn(w, v, c);
    left = bufv__clock_left(c);
    if (left == 0)
        return APR_TIMEUP;
    bufv__monitor_wait(w->monitor, left);
    bufv__clock_waited(c);
    return APR_SUCCESS;
}

apr_status_t bufv__turn_take(bufv_writer_t *w, const bufv_t *v, int may_wait,
                             bufv__clock_t *c)
{
    apr_status_t status = APR_SUCCESS;

    if (w->monitor == NULL) {
        assert(!w->busy);
        w->busy = 1;
        return APR_SUCCESS;
    }
    bufv__monitor_enter(w->monitor);
    while (status == APR_SUCCESS &&
           (w->busy || (w->turn != 0 && w->turn != v->number)))
        status = may_wait ? wait_for_turn(w, v, c) : APR_EBUSY;
    if (status == APR_SUCCESS) {
        w->busy = 1;
        w->thread = apr_os_thread_current();
    }
    bufv__monitor_leave(w->monitor);
    return status;
}

/* The transport is asked outside of the lock, by one who has the turn: it may
 * ask about the writer. */
apr_status_t bufv_writer_abandon(bufv_writer_t *w)
{
    apr_status_t status = APR_SUCCESS;
    apr_uint64_t turn;
    int busy;

    if (w == NULL)
        return APR_EINVAL;
    bufv__writer_lock(w);
    busy = w->busy;
    turn = w->turn;
    if (!busy) {
        w->uses++;
        w->busy = 1;
        w->thread = apr_os_thread_current();
    }
    bufv__writer_unlock(w);
    if (busy)
        return APR_EBUSY;
    if (w->ops.abandon != NULL)
        status = w->ops.abandon(w->baton);
    bufv__writer_leave(w, 1, status == APR_SUCCESS ? 0 : turn);
    return status;
}
