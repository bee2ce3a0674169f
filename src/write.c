/* SPDX-License-Identifier: Apache-2.0 */

/* The loop: plan, attempt, account, decide. All policy, once, for every
 * transport. */

#include "bufv_private.h"
#include "probe.h"

/* How often a stream that is short of memory is tried again without progress,
 * after 1, 2, 4 ... ms: a quarter of a second in all, then it is an error. */
#define STARVED_MAX 8

/* Batches are not shrunk below this: a page, with which any system can send
 * if it can send at all. */
#define STARVED_BYTES ((apr_size_t)4096)

/* After a shortage a batch grows again with each success. Where the larger one
 * lacks memory at once, twice as many successes are needed before the next
 * growth; at most so many. */
#define GROWTH_MAX 64

/* So many waits in a row may bring nothing before pauses come between: some
 * wakes are meant for others. */
#define WAKES_MAX 2

/* The longest pause after a wait that brought nothing: below what a person
 * notices, and 30 attempts a second. */
#define PAUSE_MAX apr_time_from_msec(32)

/* What is copied for an attempt at least, however little the destination
 * takes. */
#define COPIED_LEAST ((apr_size_t)512)

/* One call, from beginning to end. What is long comes last. */
typedef struct write_t {
    bufv_t *v;
    bufv_writer_t *w;
    const bufv_ops_t *ops;
    bufv_report_t *report; /* of the public function, in full size */
    const char *op;        /* of the last attempt */
    apr_uint64_t budget;   /* bytes that may still leave */
    apr_size_t bytes;      /* of an attempt, as far as there is memory */
    int may_wait;
    int starved;   /* attempts in a row that lacked memory */
    int growth;    /* successes before a batch grows again */
    int successes; /* since it shrank or grew */
    int grown;     /* the next attempt is the first of that size */
    int wakes;     /* waits in a row that brought nothing */
    int in_part;   /* the last bytes that left were not the list's last */
    bufv__limits_t limits;
    bufv__clock_t clock;
    bufv__scratch_t scratch;
    bufv__batch_t batch;
    char small[BUFV__SCRATCH_SMALL]; /* the scratch memory's */
} write_t;

/* What to do after an attempt. */
typedef enum decision_t {
    GO_ON,
    WAIT,       /* the destination is full */
    SHRINK,     /* memory is short: ask for less */
    READ_FILES, /* this file cannot be sent unread */
    STOP
} decision_t;

/* ---- one attempt */

/* Whether list or writer went away in a callback: then the baton may be gone
 * as well. */
static int is_gone(const write_t *t)
{
    return t->v->doomed || t->w->doomed;
}

/* Gives back what the run of attempts has borrowed. Flushes for a list or a
 * writer that was destroyed in the run, since it could not do so there. */
static void end_run(write_t *t)
{
    if (t->w->running == BUFV__RUNS && t->ops->end != NULL)
        t->ops->end(t->w->baton);
    t->w->running = BUFV__RESTS;
    if (is_gone(t))
        bufv__writer_flush(t->w);
}

/* How much to copy for a destination that took `taken` bytes: half as much
 * again. */
static apr_size_t copied_for(apr_uint64_t taken)
{
    if (taken >= BUFV__SCRATCH_MAX)
        return BUFV__SCRATCH_MAX;
    taken += taken / 2;
    if (taken < COPIED_LEAST)
        return COPIED_LEAST;
    return taken < BUFV__SCRATCH_MAX ? (apr_size_t)taken : BUFV__SCRATCH_MAX;
}

/* Adapts what the next attempts are given to what this one took: copying and
 * reading are wasted where the destination is slow. */
static void adapt(write_t *t, apr_size_t written)
{
    bufv__limits_t *l = &t->limits;

    t->starved = t->wakes = t->grown = 0;
    if (t->bytes < t->w->limits.bytes && ++t->successes >= t->growth) {
        t->bytes = t->bytes > t->w->limits.bytes / 2 ? t->w->limits.bytes
                                                     : t->bytes * 2;
        t->successes = 0;
        t->grown = 1;
    }
    if (written == t->batch.bytes)
        l->copied = l->copied > BUFV__SCRATCH_MAX / 2 ? BUFV__SCRATCH_MAX
                                                      : l->copied * 2;
    else if (copied_for(written) < l->copied)
        l->copied = copied_for(written);
}

/* Drops what was accepted off the list, and counts it. A list that stays
 * behind in part gets the number by which it is known. The time is noted also
 * where nothing is left, if a callback comes: it may append. */
static void account(write_t *t, apr_size_t written)
{
    const bufv__batch_t *b = &t->batch;
    bufv_t *v = t->v;

    t->report->calls++;
    t->report->copied += b->copied;
    if (written > 0 || b->more)
        t->w->held = b->more; /* or a cork may be on, with nothing taken */
    if (written == 0)
        return;
    t->report->written += written;
    t->budget -= written;
    if (written == b->bytes && bufv__queue_count(&v->ranges) == 0)
        bufv__drop_chunks(v, b->chunks, b->cut, written);
    else
        bufv__drop_bytes(v, written);
    t->in_part = v->length > 0;
    adapt(t, written);
    if (v->length > 0 || t->w->hook != NULL || bufv__has_due(v))
        bufv__clock_accepted(&t->clock);
    if (v->length > 0 && v->number == 0 && t->w->monitor != NULL)
        v->number = bufv__turn_number(t->w);
}

/* Calls the release callbacks that are due, and the hook. */
static void notify(write_t *t, apr_size_t written, apr_status_t status)
{
    const bufv__batch_t *b = &t->batch;
    bufv_call_t call;

    BUFV__PROBE_ATTEMPT(t->w, t->op, b->nvec, b->bytes, written, status);
    if (bufv__has_due(t->v)) {
        end_run(t);
        bufv__run_releases(t->v);
    }
    if (t->w->hook == NULL || is_gone(t))
        return;
    end_run(t);
    call.size = sizeof(call);
    call.op = t->op;
    call.nvec = b->nvec;
    call.asked = b->bytes;
    call.written = written;
    call.copied = b->copied;
    call.status = status;
    t->w->hook(t->w->hook_baton, &call);
}

/* Borrows what a run of attempts needs. */
static apr_status_t begin_run(write_t *t)
{
    apr_status_t status;

    t->w->running = BUFV__BEGINS;
    status = t->ops->begin(t->w->baton);
    if (status == APR_SUCCESS)
        t->w->running = BUFV__RUNS;
    else
        end_run(t);
    return is_gone(t) ? APR_EBUSY : status;
}

/* Plans the attempt and borrows what it needs. */
static apr_status_t prepare(write_t *t)
{
    apr_status_t status;

    t->limits.bytes = t->bytes < t->budget ? t->bytes : (apr_size_t)t->budget;
    status = bufv__plan(&t->batch, t->v, &t->limits, &t->scratch);
    if (t->batch.bytes == t->budget)
        t->batch.more = 0; /* nothing follows in this call */
    t->op = t->batch.range != NULL ? "sendfile" : t->ops->name;
    if (status != APR_SUCCESS || t->w->running != BUFV__RESTS)
        return status;
    if (t->ops->begin != NULL)
        return begin_run(t);
    t->w->running = BUFV__RUNS;
    return APR_SUCCESS;
}

/* Lends the batch to the operation, accounts and tells. A transport may not
 * claim more than it was given, nor a part of a message, nor nothing without a
 * reason. */
static apr_status_t attempt(write_t *t)
{
    const bufv__batch_t *b = &t->batch;
    apr_size_t written = 0;
    apr_status_t status;

    bufv__lend(t->v);
    if (b->range == NULL)
        status =
            t->ops->writev(t->w->baton, b->vec, b->nvec, b->more, &written);
    else
        status =
            t->ops->sendfile(t->w->baton, b->range->file, b->range->offset,
                             b->bytes, b->more, &written);
    bufv__take_back(t->v);
    bufv__scratch_end(&t->scratch);
    if (written > b->bytes ||
        (t->limits.message && written > 0 && written < b->bytes)) {
        written = written < b->bytes ? written : b->bytes;
        status = APR_EGENERAL;
    }
    else if (status == APR_SUCCESS && written == 0)
        status = APR_EOF;
    account(t, written);
    notify(t, written, status);
    return status;
}

/* ---- what comes after it */

static decision_t decide(const write_t *t, apr_status_t status)
{
    if (status == APR_SUCCESS || APR_STATUS_IS_EINTR(status) || is_gone(t))
        return GO_ON;
    if (APR_STATUS_IS_EAGAIN(status))
        return t->v->length > 0 ? WAIT : GO_ON;
    if (status == APR_ENOTIMPL && t->batch.range != NULL)
        return READ_FILES;
    if ((APR_STATUS_IS_ENOMEM(status) || bufv__is_nobufs(status)) &&
        !t->limits.message && t->starved < STARVED_MAX)
        return SHRINK;
    return STOP;
}

/* Lets time pass, within the limits. Returns `status` for a transport that has
 * a clock of its own and no `pause`. */
static apr_status_t pause_for(write_t *t, apr_interval_time_t time,
                              apr_status_t status)
{
    apr_interval_time_t left;

    if (t->ops->now != NULL && t->ops->pause == NULL)
        return status;
    end_run(t);
    bufv__writer_flush(t->w);
    if (is_gone(t))
        return APR_EBUSY;
    left = bufv__clock_left(&t->clock);
    if (is_gone(t))
        return APR_EBUSY;
    if (left == 0)
        return APR_TIMEUP;
    if (left > 0 && left < time)
        time = left;
    if (t->ops->pause != NULL)
        t->ops->pause(t->w->baton, time);
    else
        bufv__sleep(time);
    time = bufv__clock_waited(&t->clock);
    BUFV__PROBE_WAIT(t->w, time);
    return APR_SUCCESS;
}

/* Waits until the transport is writable, within the limits. Interruptions and
 * the limit of a single wait do not end it, nor do they make it longer. */
static apr_status_t wait_writable(write_t *t)
{
    apr_interval_time_t left, waited;
    apr_status_t status;

    end_run(t);
    bufv__writer_flush(t->w);
    if (is_gone(t))
        return APR_EBUSY;
    do {
        left = bufv__clock_left(&t->clock);
        if (is_gone(t))
            return APR_EBUSY;
        if (left == 0)
            return APR_TIMEUP;
        status = t->ops->wait(t->w->baton,
                              left > BUFV__WAIT_MAX ? BUFV__WAIT_MAX : left);
        waited = bufv__clock_waited(&t->clock);
        BUFV__PROBE_WAIT(t->w, waited);
        if (APR_STATUS_IS_TIMEUP(status) && bufv__wait_was_cut(left, waited))
            status = APR_EINTR;
    } while (APR_STATUS_IS_EINTR(status) && !is_gone(t));
    return status;
}

/* Waits for a destination that is full. If the last waits brought nothing (an
 * error queue, say, makes poll() return at once), a pause comes first, longer
 * each time. */
static BUFV__COLD apr_status_t wait_for_room(write_t *t)
{
    apr_interval_time_t pause = apr_time_from_msec(1);
    apr_status_t status = APR_SUCCESS;

    if (!t->may_wait || t->ops->wait == NULL)
        return APR_EAGAIN;
    if (t->budget == 0)
        return APR_INCOMPLETE; /* nothing would follow the wait */
    if (t->wakes >= WAKES_MAX) {
        pause <<= t->wakes - WAKES_MAX;
        status = pause_for(t, pause, APR_EAGAIN);
    }
    if (pause < PAUSE_MAX)
        t->wakes++;
    return status == APR_SUCCESS ? wait_writable(t) : status;
}

/* The system lacks memory for so large a batch now: asks for half of it, a
 * little later if that is allowed, and not for ever. */
static BUFV__COLD apr_status_t shrink(write_t *t, apr_status_t status)
{
    apr_interval_time_t pause = apr_time_from_msec(1) << t->starved++;

    t->bytes = t->batch.bytes / 2;
    if (t->bytes < STARVED_BYTES)
        t->bytes = STARVED_BYTES;
    if (t->bytes > t->w->limits.bytes)
        t->bytes = t->w->limits.bytes;
    if (t->grown && t->growth < GROWTH_MAX)
        t->growth *= 2;
    t->successes = t->grown = 0;
    if (t->may_wait)
        return pause_for(t, pause, status);
    return t->starved == 1 ? APR_SUCCESS : status;
}

/* ---- the loop */

/* Returns why there is no further attempt; APR_SUCCESS if there is one. To ask
 * the clock is to call back as well. */
static apr_status_t check_limits(write_t *t)
{
    if (t->budget == 0)
        return APR_INCOMPLETE;
    if (!is_gone(t) && bufv__clock_is_over(&t->clock))
        return APR_TIMEUP;
    return is_gone(t) ? APR_EBUSY : APR_SUCCESS;
}

static apr_status_t write_list(write_t *t)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && t->v->length > 0) {
        status = check_limits(t);
        if (status == APR_SUCCESS)
            status = prepare(t);
        if (status != APR_SUCCESS)
            break; /* nothing was attempted */
        status = attempt(t);
        switch (decide(t, status)) {
        case GO_ON:
            status = APR_SUCCESS;
            break;
        case WAIT:
            status = wait_for_room(t);
            break;
        case SHRINK:
            status = shrink(t, status);
            break;
        case READ_FILES:
            t->limits.sendfile = 0;
            status = APR_SUCCESS;
            break;
        default: /* STOP */
            return status;
        }
    }
    return status;
}

/* ---- a call */

static const bufv_terms_t whole = {sizeof(bufv_terms_t), 1, 0, 0};
static const bufv_terms_t some = {sizeof(bufv_terms_t), 0, 0, 0};

/* Sets up the call. */
static void begin(write_t *t, bufv_t *v, bufv_writer_t *w,
                  const bufv_terms_t *terms, bufv_report_t *report)
{
    apr_interval_time_t stall = -1;

    t->v = v;
    t->w = w;
    t->ops = &w->ops;
    t->op = w->ops.name;
    t->report = report;
    t->starved = t->wakes = t->in_part = 0;
    t->successes = t->grown = 0;
    t->growth = 1;
    t->limits = w->limits;
    t->limits.copied = BUFV__SCRATCH_MAX;
    t->bytes = w->limits.bytes;
    t->budget =
        terms->budget == 0 || w->ops.message ? UINT64_MAX : terms->budget;
    if (w->ops.timeout != NULL)
        stall = w->ops.timeout(w->baton);
    if (w->stall_set && stall != 0)
        stall = w->stall;
    t->may_wait = terms->wait && stall != 0;
    t->scratch.bytes = t->scratch.small = t->small;
    t->scratch.block = 0;
    bufv__clock_begin(&t->clock, w, t->may_wait ? stall : -1, terms->within,
                      report);
}

/* Whether the call has the turn. */
typedef enum turn_t { NOT_ASKED, REFUSED, TAKEN } turn_t;

/* Calls back for empty chunks at the front, which need no turn. */
static BUFV__COLD void run_early_releases(write_t *t)
{
    bufv__caller_t caller;

    bufv__writer_calls_back(t->w, &caller);
    bufv__run_releases(t->v);
    bufv__writer_called_back(t->w, &caller);
}

/* Does what comes before the first attempt. */
static apr_status_t take_turn(write_t *t, turn_t *turn)
{
    apr_status_t status;

    *turn = NOT_ASKED;
    if (bufv__has_due(t->v))
        run_early_releases(t);
    if (t->v->length == 0)
        return APR_SUCCESS;
    status = check_limits(t);
    if (status != APR_SUCCESS)
        return status;
    status = bufv__turn_take(t->w, t->v, t->may_wait, &t->clock);
    *turn = status == APR_SUCCESS ? TAKEN : REFUSED;
    if (*turn != TAKEN)
        return status;
    t->scratch.block = t->w->block;
    if (t->w->copied > 0)
        t->limits.copied = t->w->copied;
    return APR_SUCCESS;
}

/* Whether bytes are on their way that do not count yet: those of a record of
 * TLS, whose rest has to follow. */
static int is_on_its_way(const write_t *t)
{
    return t->ops->abandon != NULL &&
           t->ops->abandon(t->w->baton) != APR_SUCCESS;
}

/* The number of a list that stays behind and has none yet: it left in part
 * before a callback enabled the lock, or some of its bytes are on their way.
 * 0: it has none. */
static BUFV__COLD apr_uint64_t late_number(const write_t *t)
{
    bufv_t *v = t->v;

    if (t->w->doomed || (!t->in_part && !is_on_its_way(t)))
        return 0;
    if (v->number == 0)
        v->number = bufv__turn_number(t->w);
    return v->number;
}

/* Gives back the turn, and tells the writer how the call ended, unless it was
 * not its turn. The turn stays with a list that left in part; a message has
 * none. The next call of an event loop is likely to find as much room as this
 * one did, and copies as much. */
static void conclude(write_t *t, turn_t turn, apr_status_t status)
{
    apr_uint64_t number = 0;

    t->report->status = status;
    t->report->left = t->v->length;
    bufv__scratch_end(&t->scratch);
    if (turn == TAKEN) {
        t->w->block = t->scratch.block;
        t->w->copied = t->v->length > 0 ? t->limits.copied : 0;
        if (t->w->copied > 0 && t->report->written > 0 &&
            APR_STATUS_IS_EAGAIN(status))
            t->w->copied = copied_for(t->report->written);
        number = t->report->written > 0 ? t->v->number : t->w->turn;
        if (number == 0 && t->w->monitor != NULL && t->v->length > 0)
            number = late_number(t);
        if (t->limits.message ||
            (status != APR_SUCCESS && bufv__is_gone(status)))
            number = 0;
    }
    if (turn != REFUSED)
        bufv__writer_tell(t->w, t->op, t->report);
    bufv__writer_leave(t->w, turn == TAKEN, number);
}

/* Reports a call that was refused before it began. */
static BUFV__COLD apr_status_t refuse(const bufv_t *v, bufv_writer_t *w,
                                      apr_status_t status,
                                      bufv_report_t *report)
{
    report->status = status;
    report->left = bufv_length(v);
    if (w != NULL)
        bufv__writer_tell(w, w->ops.name, report);
    return status;
}

/* The call itself; `report` is all 0. */
static apr_status_t write_on_terms(bufv_t *v, bufv_writer_t *w,
                                   const bufv_terms_t *terms,
                                   bufv_report_t *report)
{
    apr_status_t status = APR_EINVAL;
    turn_t turn;
    write_t t;

    if (v != NULL && w != NULL)
        status = v->use == BUFV__FREE ? bufv__writer_enter(w) : APR_EBUSY;
    if (status != APR_SUCCESS)
        return refuse(v, w, status, report);
    bufv__enter(v);
    begin(&t, v, w, terms, report);
    status = take_turn(&t, &turn);
    if (turn == TAKEN) {
        v->writer = w;
        status = write_list(&t);
        end_run(&t);
        assert(!w->held || !is_gone(&t)); /* its destruction flushed */
        bufv__writer_flush(w);
    }
    if (is_gone(&t))
        status = v->length > 0 ? APR_EBUSY : APR_SUCCESS;
    conclude(&t, turn, status);
    v->writer = NULL;
    bufv__leave(v);
    return status;
}

apr_status_t bufv_write(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written)
{
    bufv_report_t report = {0};
    apr_status_t status = write_on_terms(v, w, &whole, &report);

    if (written != NULL)
        *written = report.written;
    return status;
}

apr_status_t bufv_write_some(bufv_t *v, bufv_writer_t *w,
                             apr_uint64_t *written)
{
    bufv_report_t report = {0};
    apr_status_t status = write_on_terms(v, w, &some, &report);

    if (written != NULL)
        *written = report.written;
    return status;
}

apr_status_t bufv_write_with(bufv_t *v, bufv_writer_t *w,
                             const bufv_terms_t *terms, bufv_report_t *report)
{
    bufv_report_t mine = {0};
    bufv_terms_t read = whole;
    apr_status_t status = APR_SUCCESS;

    if (report != NULL)
        status = bufv__sized_check(report, sizeof(mine), sizeof(mine));
    if (status != APR_SUCCESS)
        return status;
    if (terms != NULL)
        status = bufv__sized_read(&read, sizeof(read), sizeof(read), terms);
    if (status == APR_SUCCESS)
        status = write_on_terms(v, w, &read, &mine);
    else
        refuse(v, w, status, &mine);
    if (report != NULL)
        bufv__sized_fill(report, sizeof(mine), &mine);
    return status;
}
