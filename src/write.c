/* The loop: plan, attempt, account, wait. All policy, once, for every
 * transport. */

#include "bufv_private.h"
#include "probe.h"

/* The longest single wait. Transports turn it into milliseconds in an int, or
 * into less; a longer one is several of these. */
#define WAIT_MAX apr_time_from_sec(24 * 60 * 60)

/* How often a stream that is short of memory is tried again without progress,
 * after 1, 2, 4 ... ms: a quarter of a second in all, then it is an error. */
#define STARVED_MAX 8

/* Batches are not shrunk below this: a page, with which any system can send
 * if it can send at all. */
#define STARVED_BYTES ((apr_size_t)4096)

/* One write from beginning to end. */
typedef struct turn_t {
    bufv_t *v;
    bufv_writer_t *w;
    const bufv_ops_t *ops;
    int may_wait;
    int fresh;   /* bytes were accepted since the last wait */
    int starved; /* attempts in a row that lacked memory */
    apr_interval_time_t stall;
    apr_time_t since; /* when the last byte was accepted, or it began */
    bufv__limits_t limits;
    bufv__batch_t batch;
    bufv__scratch_t scratch;
} turn_t;

/* ---- waiting */

static apr_interval_time_t shorter(apr_interval_time_t a,
                                   apr_interval_time_t b)
{
    return a < b ? a : b;
}

/* How long may be waited from `now` on; below 0: for ever. */
static apr_interval_time_t patience(const turn_t *t, apr_time_t now)
{
    apr_interval_time_t left = -1;

    if (t->stall >= 0)
        left = t->stall > now - t->since ? t->stall - (now - t->since) : 0;
    if (t->w->deadline != 0) {
        apr_interval_time_t rest =
            t->w->deadline > now ? t->w->deadline - now : 0;

        left = left < 0 ? rest : shorter(left, rest);
    }
    return left;
}

static int too_late(const bufv_writer_t *w)
{
    return w->deadline != 0 && bufv__writer_now(w) >= w->deadline;
}

/* Counts a wait that began at `then`, and says what time it is. */
static apr_time_t waited(bufv_writer_t *w, apr_time_t then)
{
    apr_time_t now = bufv__writer_now(w);

    w->report.waits++;
    w->report.waited += now - then;
    bufv__probe_wait(w, now - then);
    return now;
}

/* Waits until an attempt may do better. Interruptions and the limit of a
 * single wait do not end it, nor do they make it longer. */
static apr_status_t await(turn_t *t)
{
    bufv_writer_t *w = t->w;
    apr_time_t now;
    apr_status_t status;

    if (!t->may_wait || t->ops->wait == NULL || t->stall == 0)
        return APR_EAGAIN;
    now = bufv__writer_now(w);
    if (t->fresh)
        t->since = now;
    t->fresh = 0;
    do {
        apr_interval_time_t left = patience(t, now);

        if (left == 0)
            return APR_TIMEUP;
        status =
            t->ops->wait(w->baton, left < 0 ? -1 : shorter(left, WAIT_MAX));
        now = waited(w, now);
        if (APR_STATUS_IS_TIMEUP(status) && left > WAIT_MAX)
            status = APR_EINTR;
    } while (APR_STATUS_IS_EINTR(status));
    return status;
}

/* Sleeps for a while, though not past the deadline. */
static void rest(bufv_writer_t *w, apr_interval_time_t pause)
{
    apr_time_t now = bufv__writer_now(w);

    if (w->deadline != 0 && w->deadline < now + pause)
        pause = w->deadline > now ? w->deadline - now : 0;
    apr_sleep(pause);
    waited(w, now);
}

/* The system lacks memory for so large a batch now: asks for half of it,
 * a little later if that is allowed, and not for ever. */
static apr_status_t relent(turn_t *t, apr_status_t status)
{
    apr_interval_time_t pause = apr_time_from_msec(1) << t->starved;

    if (t->limits.message || t->starved == STARVED_MAX)
        return status;
    if (t->limits.bytes > STARVED_BYTES) {
        t->limits.bytes = t->batch.bytes / 2;
        if (t->limits.bytes < STARVED_BYTES)
            t->limits.bytes = STARVED_BYTES;
    }
    if (t->may_wait && t->stall != 0)
        rest(t->w, pause);
    t->starved++;
    return APR_SUCCESS;
}

/* ---- one attempt */

static apr_status_t prepare(turn_t *t)
{
    apr_status_t status;

    bufv__scratch_begin(&t->scratch);
    status = bufv__plan(&t->batch, t->v, &t->limits, &t->scratch);
    if (status != APR_SUCCESS)
        bufv__scratch_end(&t->scratch);
    return status;
}

/* Whether bytes come after this batch, and which. */
static int more_after(const turn_t *t)
{
    const bufv__batch_t *b = &t->batch;
    const bufv_t *v = t->v;

    if (v->length == b->bytes)
        return 0;
    if (t->limits.sendfile && b->range == NULL && b->cut == 0 &&
        bufv__plain(v, b->chunks) == 0)
        return BUFV__MORE_FILE;
    return 1;
}

static apr_status_t offer(turn_t *t, apr_size_t *written)
{
    const bufv__batch_t *b = &t->batch;
    int more = more_after(t);

    *written = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.*): bufv__plan() has set it */
    if (b->range == NULL)
        return t->ops->writev(t->w->baton, b->vec, b->nvec, more, written);
    return t->ops->sendfile(t->w->baton, b->range->file, b->range->offset,
                            b->bytes, more, written);
}

/* What a transport may not do ends the write, and costs nothing it was not
 * given. */
static apr_status_t judge(const turn_t *t, apr_status_t status,
                          apr_size_t *written)
{
    if (*written > t->batch.bytes) {
        *written = t->batch.bytes;
        return APR_EGENERAL;
    }
    if (t->limits.message && *written > 0 && *written < t->batch.bytes)
        return APR_EGENERAL;
    return status == APR_SUCCESS && *written == 0 ? APR_EOF : status;
}

/* Takes what was accepted off the list, counts it, and tells the hook. */
static void account(turn_t *t, apr_status_t status, apr_size_t written)
{
    const bufv__batch_t *b = &t->batch;
    bufv_writer_t *w = t->w;
    bufv_call_t call;

    call.op = w->op = b->range != NULL ? "sendfile" : t->ops->name;
    call.nvec = b->nvec;
    call.asked = b->bytes;
    call.written = written;
    call.copied = b->copied;
    call.status = status;
    bufv__probe_attempt(w, call.op, call.nvec, call.asked, written, status);
    w->report.calls++;
    w->report.written += written;
    w->report.copied += b->copied;
    if (written > 0) {
        t->fresh = 1;
        t->starved = 0;
    }
    bufv__accept(b, t->v, written);
    if (w->hook != NULL && !t->v->orphan && !w->orphan)
        w->hook(w->hook_baton, &call);
}

static apr_status_t attempt(turn_t *t)
{
    apr_size_t written;
    apr_status_t status = offer(t, &written);

    bufv__unplan(&t->batch, t->v);
    bufv__scratch_end(&t->scratch);
    status = judge(t, status, &written);
    account(t, status, written);
    return status;
}

/* Turns what an attempt said into whether to go on. */
static apr_status_t resolve(turn_t *t, apr_status_t status)
{
    if (t->v->orphan || t->w->orphan)
        return APR_EBUSY;
    if (APR_STATUS_IS_EAGAIN(status))
        return t->v->length > 0 ? await(t) : APR_SUCCESS;
    if (APR_STATUS_IS_ENOMEM(status) || bufv__is_nobufs(status))
        return relent(t, status);
    if (APR_STATUS_IS_EINTR(status))
        return APR_SUCCESS;
    if (status == APR_ENOTIMPL && t->batch.range != NULL) {
        t->limits.sendfile = 0; /* this file has to be read */
        return APR_SUCCESS;
    }
    return status;
}

/* ---- the loop */

static apr_status_t write_on(turn_t *t)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && t->v->length > 0) {
        if (too_late(t->w))
            return APR_TIMEUP;
        status = prepare(t);
        if (status == APR_SUCCESS)
            status = resolve(t, attempt(t));
    }
    return status;
}

/* Lets the transport prepare, unless there is nothing to do for it. */
static apr_status_t write_all(turn_t *t)
{
    bufv_writer_t *w = t->w;
    apr_interval_time_t stall = -1;
    apr_status_t status = APR_SUCCESS;

    bufv__settle(t->v);
    if (t->v->orphan || w->orphan)
        return APR_EBUSY;
    if (t->v->length == 0)
        return APR_SUCCESS;
    if (too_late(w))
        return APR_TIMEUP;
    if (t->ops->begin != NULL)
        status = t->ops->begin(w->baton, &stall);
    if (status != APR_SUCCESS)
        return status;
    t->stall = w->stall_set && stall != 0 ? w->stall : stall;
    status = write_on(t);
    if (t->ops->end != NULL && !w->orphan)
        t->ops->end(w->baton);
    return status;
}

/* Adds the report of a write to the counters. */
static void conclude(turn_t *t, apr_status_t status)
{
    const bufv_report_t *report = &t->w->report;
    bufv_stats_t *stats = &t->w->stats;

    t->w->report.status = status;
    t->w->report.left = t->v->length;
    stats->lists += status == APR_SUCCESS && report->written > 0;
    stats->written += report->written;
    stats->calls += report->calls;
    stats->waits += report->waits;
    stats->copied += report->copied;
    stats->waited += report->waited;
}

static apr_status_t run(bufv_t *v, bufv_writer_t *w, int may_wait,
                        apr_uint64_t *written)
{
    static const bufv_report_t none;
    apr_status_t status;
    turn_t t;

    t.v = v;
    t.w = w;
    t.may_wait = may_wait;
    t.fresh = 1;
    t.starved = 0;
    t.ops = &w->ops;
    t.limits = w->limits;
    w->report = none;
    w->op = w->ops.name;
    status = write_all(&t);
    conclude(&t, status);
    *written = w->report.written;
    return status;
}

static apr_status_t enter(bufv_t *v, bufv_writer_t *w, int may_wait,
                          apr_uint64_t *written)
{
    apr_status_t status;
    apr_uint64_t n = 0;

    if (written != NULL)
        *written = 0;
    if (v == NULL || w == NULL)
        return APR_EINVAL;
    if (v->busy)
        return APR_EBUSY;
    bufv__lock(w->lock);
    if (w->busy) {
        bufv__unlock(w->lock);
        return APR_EBUSY;
    }
    w->busy = 1;
    bufv__enter(v);
    status = run(v, w, may_wait, &n);
    bufv__leave(v);
    bufv__writer_leave(w);
    if (written != NULL)
        *written = n;
    return status;
}

apr_status_t bufv_write(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written)
{
    return enter(v, w, 1, written);
}

apr_status_t bufv_write_some(bufv_t *v, bufv_writer_t *w,
                             apr_uint64_t *written)
{
    return enter(v, w, 0, written);
}
