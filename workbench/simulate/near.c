/* SPDX-License-Identifier: Apache-2.0 */

#include "near.h"
#include "fiber.h"
#include "memory.h"
#include "sink.h"
#include "system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* No limit of ours is as late. */
#define NEVER INT64_MAX

/* The library tries a stream without memory again so often. */
#define STARVED_MAX 8

/* It asks for half as much each time, but for no less. */
#define STARVED_BYTES ((apr_size_t)4096)

/* The longest single wait. */
#define WAIT_MAX apr_time_from_sec(24 * 60 * 60)

/* So much is copied for any destination. */
#define COPIED_LEAST ((apr_size_t)512)

/* What one call has done so far. */
typedef struct call_t {
    near_t *n;
    list_t *list;
    asked_t asked;
    int may_wait;
    apr_time_t began, accepted; /* accepted: when the last byte was */
    uint64_t written;
    uint64_t attempts, told, waits, copied;
    apr_interval_time_t waited;
    int was_over;      /* before anything was attempted */
    apr_status_t last; /* of the last operation */
    int timed_up;      /* the last wait said so */
    int last_took_nothing;
    int starved; /* attempts in a row */
    int has_turn;
    apr_size_t most; /* that memory may be asked for, since it lacked */
    int reads_files; /* one could not be sent unread */
    apr_time_t tried;
    int idle;               /* attempts at this time that took nothing */
    apr_size_t copies;      /* the next attempt may copy so much */
    int unreadable;         /* a file could not be read */
    apr_time_t sleeps_to;   /* it has to sleep until then */
    int has_read;           /* the clock, */
    apr_time_t read, shown; /* when, and what it said */
    apr_interval_time_t lost, lost_then; /* by a clock that stepped back; and
                                            when a byte was last accepted */
    int doomed; /* list or writer was destroyed by a callback */
    uint64_t doomed_left;
    bufv_call_t hook;
} call_t;

near_counts_t near_counts;

/* That of each fiber, and one for what is outside. */
static call_t *calls[FIBERS_MAX + 1];

static call_t *this_call(void)
{
    call_t *call = calls[fiber_self() + 1];

    HOLDS(call != NULL);
    return call;
}

/* ---- time */

static apr_time_t loop_now(void)
{
    return world_now();
}

static void loop_run_until(apr_time_t when, int (*is_ready)(void *),
                           void *baton)
{
    fiber_wait(is_ready, baton, when);
}

const lwip_loop_t near_loop = {loop_now, loop_run_until};

static apr_time_t earlier(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

/* The stall limit that holds: the transport's own 0 beats all. */
static apr_interval_time_t stall_of(const near_t *n)
{
    return n->stall_set && n->timeout != 0 ? n->stall : n->timeout;
}

/* When the call must have ended for the deadline or `within`. */
static apr_time_t hard_end(const call_t *c)
{
    apr_time_t end = NEVER;

    if (c->n->deadline != 0)
        end = earlier(end, c->n->deadline - c->n->epoch);
    if (c->asked.within > 0)
        end = earlier(end, c->began + c->asked.within + c->lost);
    if (c->asked.within < 0)
        end = earlier(end, c->began);
    return end;
}

/* When it must have ended at all. */
static apr_time_t end_of(const call_t *c)
{
    apr_interval_time_t stall = stall_of(c->n);

    if (!c->may_wait || stall < 0)
        return hard_end(c);
    return earlier(hard_end(c), c->accepted + stall + c->lost - c->lost_then);
}

/* ---- operations under watch */

/* An attempt that ends so is the last one. */
static int is_final(apr_status_t status)
{
    return is_gone(status) || status == APR_EGENERAL ||
           APR_STATUS_IS_TIMEUP(status) || status == EIO || status == ENOSPC;
}

/* What may be attempted, and by whom. */
static void check_attempt(const call_t *c, apr_size_t sum, int more)
{
    const near_t *n = c->n;
    uint64_t rest = c->list->left - sum;

    HOLDS(n->running && !n->full && !c->doomed);
    HOLDS(!is_final(c->last) && world_now() >= c->sleeps_to);
    list_check_released();
    HOLDS(sum > 0 && sum <= n->max_bytes && sum <= c->list->left);
    HOLDS(sum <= c->most && c->starved <= (c->may_wait ? STARVED_MAX : 1));
    HOLDS(world_now() < hard_end(c) && world_now() <= end_of(c));
    HOLDS(!n->locked || n->partial == c->list ||
          (n->partial == NULL && !n->dropped));
    HOLDS(n->record == NULL || n->record == c->list);
    HOLDS(c->asked.budget == 0 || c->written + sum <= c->asked.budget);
    if (rest == 0 || c->written + sum == c->asked.budget)
        HOLDS(more == 0);
    else
        HOLDS(more != 0);
}

/* Whether a part of which so much is left will be sent unread. */
static int is_unread(const call_t *c, const part_t *part, uint32_t left)
{
    return part->is_file == 2 && c->n->has_sendfile && !c->reads_files &&
           left >= c->n->sendfile_from;
}

/* Whether such a range comes next. */
static int is_unread_next(const call_t *c, apr_size_t sum)
{
    uint32_t left;
    const part_t *part = list_part(c->list, sum, &left);

    return part != NULL && is_unread(c, part, left);
}

/* Each chunk is an entry where nothing is copied; of two small neighbours at
 * least one is not where they are, as far as copies go. What the library has
 * copied itself it may have joined. */
static void check_entries(const call_t *c, apr_size_t nvec, apr_size_t sum)
{
    apr_size_t below = c->n->copy_below, chunks = 0, done = 0;
    int small = 0, neighbours = 0, files = 0;
    uint32_t len, left;

    while (done < sum) {
        const part_t *part = list_part(c->list, done, &left);

        list_place(c->list, done, &len);
        files |= part != NULL && part->is_file;
        small = done + len <= sum && len < below ? small + 1 : 0;
        neighbours |= small > 1;
        chunks++;
        done += len;
    }
    if (files || c->list->copies)
        return;
    HOLDS(nvec <= chunks);
    if (below == 0)
        HOLDS(nvec == chunks);
    else if (neighbours && c->attempts == 0 && !c->n->experienced)
        HOLDS(nvec < chunks);
}

/* Whether all that is left is copied into one entry: it is less than what is
 * copied, and there is room for it in a block of scratch memory. */
static int is_small(const call_t *c)
{
    const list_t *list = c->list;
    int i;

    if (list->left >= c->n->copy_below || list->left > SYSTEM_BLOCK ||
        list->missing)
        return 0;
    for (i = list->first; i < list->end; i++) {
        if (is_unread(c, &list->parts[i], list->parts[i].len))
            return 0;
    }
    return 1;
}

/* A destination of which nothing is known is given all that there is. */
static void check_first(const call_t *c, apr_size_t sum)
{
    if (c->attempts > 0 || c->n->experienced || c->unreadable ||
        c->list->left > c->n->max_bytes ||
        (c->asked.budget != 0 && c->list->left > c->asked.budget))
        return;
    HOLDS(!is_small(c) || sum == c->list->left);
}

/* Nobody asks again and again what said no. */
static void check_pace(call_t *c)
{
    c->idle = c->tried == world_now() && c->last_took_nothing &&
                      !APR_STATUS_IS_EINTR(c->last)
                  ? c->idle + 1
                  : 0;
    c->tried = world_now();
    HOLDS(c->idle < 4);
}

/* Bytes were accepted: all that follows from that. */
static void accepted(call_t *c, apr_size_t count, int more)
{
    near_t *n = c->n;
    list_t *list = c->list;
    apr_size_t done = 0;

    if (count == 0)
        return;
    while (done < count) {
        uint32_t len, at = list_place(list, done, &len);

        if (len > count - done)
            len = (uint32_t)(count - done);
        log_add(&n->log, at, len);
        done += len;
    }
    list_took(list, count);
    list->sent += count;
    c->written += count;
    c->accepted = world_now();
    c->lost_then = c->lost;
    n->held = more;
    n->record = NULL;
    if (n->locked && n->partial == NULL && list->left > 0)
        n->partial = list;
    if (n->partial == list && list->left == 0)
        n->partial = NULL;
}

/* A fault in place of an attempt. */
static int strike(call_t *c, apr_status_t *status)
{
    faults_t *f = &c->n->faults;

    if (f->drought > 0) {
        f->drought--;
        *status = APR_ENOMEM;
    }
    else if (chance(f->interrupted))
        *status = APR_EINTR;
    else if (chance(f->starved))
        *status = APR_ENOMEM;
    else if (chance(f->ends))
        *status = APR_SUCCESS;
    else if (c->n->locked && c->n->record == NULL && chance(f->records)) {
        c->n->record = c->list;
        *status = APR_EAGAIN;
    }
    else
        return 0;
    return 1;
}

/* Bounds what the transport takes by whole entries or a part of the first: a
 * short write is always legal. */
static apr_size_t shorten(const near_t *n, struct iovec *vec, apr_size_t nvec)
{
    if (!chance(n->faults.shorter))
        return nvec;
    nvec = 1 + rnd((uint32_t)nvec);
    if (nvec == 1 && vec[0].iov_len > 1)
        vec[0].iov_len = 1 + rnd((uint32_t)vec[0].iov_len - 1);
    return nvec;
}

static apr_status_t concluded(call_t *c, const char *op, apr_size_t nvec,
                              apr_size_t sum, apr_size_t written,
                              apr_status_t status, int more)
{
    near_t *n = c->n;

    c->attempts++;
    c->last = status;
    c->last_took_nothing = written == 0;
    c->starved = written > 0 ? 0 : c->starved;
    c->starved += APR_STATUS_IS_ENOMEM(status);
    if (written > 0)
        c->most = n->max_bytes;
    if (APR_STATUS_IS_ENOMEM(status))
        c->most = sum / 2 > STARVED_BYTES ? sum / 2 : STARVED_BYTES;
    if (APR_STATUS_IS_EAGAIN(status))
        n->full = 1;
    accepted(c, written < sum ? written : sum, more);
    if (status == APR_SUCCESS && written == 0)
        status = APR_EOF;
    c->hook.op = op;
    c->hook.nvec = nvec;
    c->hook.asked = sum;
    c->hook.written = written;
    c->hook.status = status;
    if (written > sum) {
        c->hook.written = sum;
        c->hook.status = c->last = APR_EGENERAL;
    }
    tell("  attempt: %lu bytes in %lu, %s: %lu taken, status %d",
         (unsigned long)sum, (unsigned long)nvec, more ? "more" : "last",
         (unsigned long)c->hook.written, (int)c->hook.status);
    world_mix(written);
    near_counts.attempts++;
    return c->last;
}

/* An error that comes with bytes. */
static apr_status_t some_error(void)
{
    static const apr_status_t errors[] = {APR_TIMEUP, EIO, ENOSPC};

    return errors[rnd(3)];
}

/* A list that is being written goes by no other writer. */
static void write_same(const call_t *c)
{
    apr_uint64_t n = 7;
    sink_t sink;
    bufv_writer_t *w = sink_writer(&sink);

    HOLDS(APR_STATUS_IS_EBUSY(bufv_write(c->list->v, w, &n)) && n == 0);
    bufv_writer_destroy(w);
}

/* Nor is it cloned while an operation has a part of it. */
static void clone_same(const call_t *c)
{
    bufv_t *other;

    HOLDS(bufv_create(&other, NULL) == APR_SUCCESS);
    HOLDS(APR_STATUS_IS_EBUSY(bufv_clone(other, c->list->v)));
    HOLDS(bufv_length(other) == 0);
    bufv_destroy(other);
}

/* An operation may use other lists and other writers. */
static void write_aside(const call_t *c)
{
    write_same(c);
    clone_same(c);
    system_block_is_lent = 1;
    sink_write_many();
    system_block_is_lent = 0;
}

/* The connection goes, and the bytes that were just accepted with it. */
static apr_status_t break_off(near_t *n)
{
    if (n->tcp.pcb != NULL)
        tcp_abort(n->tcp.pcb);
    return APR_EPIPE;
}

#define VEC_MAX 1024

static apr_status_t watch_writev(void *baton, const struct iovec *vec,
                                 apr_size_t nvec, int more,
                                 apr_size_t *written)
{
    struct iovec part[VEC_MAX];
    call_t *c = this_call();
    near_t *n = baton;
    apr_status_t status;
    apr_size_t i, sum = 0, given;

    HOLDS(c->n == n && nvec > 0 && nvec <= n->max_vec && nvec <= VEC_MAX);
    if (chance(n->faults.aside))
        write_aside(c);
    for (i = 0; i < nvec; i++) {
        HOLDS(vec[i].iov_len > 0);
        HOLDS(list_has(c->list, sum, vec[i].iov_base, vec[i].iov_len));
        sum += vec[i].iov_len;
    }
    check_attempt(c, sum, more);
    check_entries(c, nvec, sum);
    check_first(c, sum);
    check_pace(c);
    if (more != 0)
        HOLDS((more == BUFV_MORE_FILE) == is_unread_next(c, sum));
    memcpy(part, vec, nvec * sizeof(*vec));
    if (chance(20))
        list_trespass(c->list);
    *written = 0;
    if (!strike(c, &status)) {
        given = shorten(n, part, nvec);
        if (chance(n->faults.scarce))
            memory_fails_after = 1 + rnd(6);
        status = n->ops->writev(n->baton, part, given, more, written);
        memory_fails_after = 0;
        if (*written == sum && chance(n->faults.fills))
            status = APR_EAGAIN;
        if (*written > 0 && chance(n->faults.breaks))
            status = break_off(n);
        if (*written > 0 && chance(n->faults.fails))
            status = some_error();
        if (*written == sum && status == APR_SUCCESS &&
            chance(n->faults.claims))
            *written = sum + 1 + rnd(3);
    }
    status = concluded(c, n->ops->name, nvec, sum, *written, status, more);
    return status == APR_EGENERAL ? APR_SUCCESS : status;
}

/* Sends a part of a file "unread": its bytes are those of the pattern. Now and
 * then it cannot be done with this file, which then is read by the library. */
static apr_status_t watch_sendfile(void *baton, apr_file_t *file,
                                   apr_off_t offset, apr_size_t len, int more,
                                   apr_size_t *written)
{
    call_t *c = this_call();
    near_t *n = baton;
    apr_status_t status;
    struct iovec entry;
    uint32_t rest;

    HOLDS(c->n == n && len <= n->max_bytes && file == lists_file(1));
    HOLDS(list_place(c->list, 0, &rest) == (uint32_t)offset && len <= rest);
    check_attempt(c, len, more);
    check_pace(c);
    HOLDS(n->has_sendfile && !c->reads_files && more != BUFV_MORE_FILE);
    *written = 0;
    if (chance(20)) {
        c->reads_files = 1;
        return concluded(c, "sendfile", 0, len, 0, APR_ENOTIMPL, more);
    }
    if (offset >= (apr_off_t)PATTERN)
        return concluded(c, "sendfile", 0, len, 0, APR_EOF, more);
    entry.iov_base = pattern + offset;
    entry.iov_len = PATTERN - (size_t)offset;
    if (entry.iov_len > len)
        entry.iov_len = len;
    status = n->ops->writev(n->baton, &entry, 1, more || entry.iov_len < len,
                            written);
    return concluded(c, "sendfile", 0, len, *written, status, more);
}

/* Somebody sets the clock meanwhile. The wall's may go anywhere. */
static void set_clocks(near_t *n)
{
    if (!n->own_clock)
        system_wall_jump();
    else {
        apr_interval_time_t step = 1 + (apr_interval_time_t)rnd(3000000);

        n->epoch -= step;
        tell("  the clock steps back by %.6f s", (double)step / 1e6);
    }
}

static void pass(call_t *c, apr_time_t began)
{
    c->n->full = 0;
    c->waits++;
    c->waited += world_now() - began;
    tell("  waited %.6f s", (double)(world_now() - began) / 1e6);
    near_counts.waits++;
    if (chance(c->n->faults.steps))
        set_clocks(c->n);
}

/* What a wait is given is what is left of the limits, to the microsecond, or a
 * day: clocks that step back make deadlines longer than that. */
static void check_timeout(const call_t *c, apr_interval_time_t timeout)
{
    apr_time_t end = end_of(c);

    HOLDS(c->may_wait && !c->doomed && world_now() >= c->sleeps_to);
    HOLDS(timeout != 0 && (timeout < 0) == (end == NEVER));
    HOLDS(timeout < 0 || world_now() + timeout == end ||
          (timeout == WAIT_MAX && world_now() + timeout < end));
}

static apr_status_t watch_wait(void *baton, apr_interval_time_t timeout)
{
    call_t *c = this_call();
    near_t *n = baton;
    apr_time_t began = world_now(), end = end_of(c);
    apr_status_t status;

    HOLDS(c->n == n && !n->running && !n->held);
    HOLDS(c->list->left > 0);
    list_check_released();
    check_timeout(c, timeout);
    if (chance(n->faults.woken))
        status = APR_SUCCESS;
    else if (chance(n->faults.interrupted)) {
        apr_time_t until = began + rnd(20000);

        fiber_wait(NULL, NULL, end == NEVER ? until : earlier(until, end));
        status = APR_EINTR;
    }
    else
        status = n->ops->wait(n->baton, timeout);
    HOLDS(world_now() <= end);
    c->timed_up = APR_STATUS_IS_TIMEUP(status);
    pass(c, began);
    return status;
}

/* Time passes for a turn that is not there, for want of memory, or after waits
 * that brought nothing. */
static void watch_pause(void *baton, apr_interval_time_t time)
{
    call_t *c = this_call();
    near_t *n = baton;
    apr_time_t began = world_now();

    HOLDS(c->n == n && c->may_wait && !c->doomed);
    HOLDS(!n->running && !n->held);
    HOLDS(time > 0 && (end_of(c) == NEVER || began + time <= end_of(c)));
    n->ops->pause(n->baton, time);
    HOLDS(world_now() == began + time);
    pass(c, began);
}

/* In place of `pause`, where there is none: the thread sleeps. A signal ends
 * that, and it has to sleep again, for what is left. */
static void watch_sleep(apr_interval_time_t time)
{
    call_t *c = this_call();
    apr_time_t began = world_now(), to = began + time;
    int again = c->sleeps_to > began;

    HOLDS(c->may_wait && !c->n->own_clock && !c->doomed);
    HOLDS(!c->n->running && !c->n->held);
    HOLDS(again ? to == c->sleeps_to : to <= end_of(c));
    c->sleeps_to = to;
    fiber_wait(NULL, NULL, chance(200) ? began + rnd((uint32_t)time) : to);
    pass(c, began);
    c->waits -= again;
}

/* The wait for the turn of a locked writer, on the system's clock. */
static apr_time_t turn_awaited[FIBERS_MAX];

static void watch_turn(apr_interval_time_t timeout)
{
    check_timeout(this_call(), timeout);
    turn_awaited[fiber_self()] = world_now();
}

static void watch_turn_ended(void)
{
    pass(this_call(), turn_awaited[fiber_self()]);
}

/* Only what is written may fail to be read. */
static int watch_read_fails(void)
{
    call_t *c = calls[fiber_self() + 1];

    if (c == NULL || !chance(c->n->faults.unreadable))
        return 0;
    c->unreadable = 1;
    return 1;
}

static const system_watch_t watch = {watch_sleep, watch_turn, watch_turn_ended,
                                     watch_read_fails};

/* Time is added up from reading to reading. Of the time in which a clock steps
 * back it may lose all, but not more. */
static void note_reading(call_t *c, apr_time_t shown)
{
    apr_time_t now = world_now();

    if (c->has_read)
        c->lost += now - c->read - (shown > c->shown ? shown - c->shown : 0);
    c->has_read = 1;
    c->read = now;
    c->shown = shown;
}

static apr_time_t watch_now(void *baton)
{
    const near_t *n = baton;
    call_t *c = calls[fiber_self() + 1];

    if (c != NULL && c->n == n)
        note_reading(c, world_now() + n->epoch);
    return world_now() + n->epoch;
}

/* The first run of a call's attempts: no other call is in its turn. */
static void take_turn(call_t *c)
{
    if (c->has_turn)
        return;
    HOLDS(c->n->busy == 0);
    c->has_turn = c->n->busy = 1;
    c->copies = c->n->copies > 0 ? c->n->copies : SYSTEM_BLOCK;
}

static apr_status_t watch_begin(void *baton)
{
    near_t *n = baton;

    HOLDS(!n->running);
    take_turn(this_call());
    if (chance(n->faults.begin)) {
        this_call()->last = APR_EINIT;
        return APR_EINIT;
    }
    n->running = 1;
    return APR_SUCCESS;
}

static void watch_end(void *baton)
{
    near_t *n = baton;

    HOLDS(n->running);
    n->running = 0;
}

static apr_interval_time_t watch_timeout(void *baton)
{
    const near_t *n = baton;

    return n->timeout;
}

static apr_status_t watch_abandon(void *baton)
{
    const near_t *n = baton;

    return n->record != NULL ? APR_EINVAL : APR_SUCCESS;
}

static void watch_describe(void *baton, char *buf, apr_size_t size)
{
    near_t *n = baton;

    n->ops->describe(n->baton, buf, size);
}

static void watch_destroy(void *baton)
{
    near_t *n = baton;

    HOLDS(!n->running && !n->gone);
    n->gone = 1;
}

/* ---- hooks and callbacks */

/* So much may be copied for a destination that took `taken` bytes. */
static apr_size_t copies_for(uint64_t taken)
{
    if (taken > SYSTEM_BLOCK / 2)
        return SYSTEM_BLOCK;
    return taken * 2 > COPIED_LEAST ? (apr_size_t)taken * 2 : COPIED_LEAST;
}

/* What the next attempt may copy: more where all was taken, less where the
 * destination is slow. */
static void adapt_copies(call_t *c, const bufv_call_t *told)
{
    apr_size_t most = copies_for(told->written);

    if (told->written == told->asked)
        c->copies =
            c->copies < SYSTEM_BLOCK / 2 ? c->copies * 2 : SYSTEM_BLOCK;
    else if (told->written > 0 && most < c->copies)
        c->copies = most;
}

/* It is remembered from call to call, as long as the list has not left. */
static void remember_copies(const call_t *c, apr_status_t status)
{
    near_t *n = c->n;

    n->copies = c->list->left > 0 ? c->copies : 0;
    if (n->copies > 0 && c->written > 0 && APR_STATUS_IS_EAGAIN(status))
        n->copies = copies_for(c->written);
}

static void hook(void *baton, const bufv_call_t *told)
{
    call_t *c = this_call();
    const near_t *n = baton;

    HOLDS(c->n == n && !n->running);
    HOLDS(strcmp(told->op, c->hook.op) == 0 && told->asked == c->hook.asked);
    HOLDS(told->nvec == c->hook.nvec || c->hook.nvec == 0);
    HOLDS(told->written == c->hook.written);
    HOLDS(told->status == c->hook.status);
    HOLDS(bufv_length(c->list->v) == c->list->left);
    HOLDS(told->copied <= told->asked && told->copied <= c->copies);
    adapt_copies(c, told);
    list_check_released();
    c->told++;
    c->copied += told->copied;
}

/* Destroys the list or the writer, in the middle of a write. */
static void doom(call_t *c)
{
    int writer = (int)rnd(2);

    if (c->doomed)
        return;
    tell("    a callback destroys the %s", writer ? "writer" : "list");
    c->doomed = 1;
    c->doomed_left = c->list->left;
    if (writer)
        bufv_writer_destroy(c->n->w);
    else
        list_doom(c->list);
}

/* Sending what was held back may call the program back, too. */
static void watch_flush(void *baton)
{
    near_t *n = baton;
    call_t *c = calls[fiber_self() + 1];

    HOLDS(!n->running);
    n->held = 0;
    n->ops->flush(n->baton);
    if (c != NULL && c->n == n && !n->locked && chance(n->faults.doom))
        doom(c);
}

/* Another list may not go by the same writer now. */
static void write_another(call_t *c)
{
    apr_uint64_t n = 7;
    bufv_t *other;

    HOLDS(bufv_create(&other, NULL) == APR_SUCCESS);
    HOLDS(bufv_append(other, pattern, 1) == APR_SUCCESS);
    HOLDS(APR_STATUS_IS_EBUSY(bufv_write(other, c->n->w, &n)) && n == 0);
    HOLDS(bufv_length(other) == 1);
    bufv_destroy(other);
}

/* Inside a callback the list and the writer are in use. */
static void on_release(list_t *list)
{
    call_t *c = calls[fiber_self() + 1];
    apr_uint64_t n = 7;

    if (c == NULL || c->list != list)
        return;
    HOLDS(!c->n->running);
    if (chance(100)) {
        HOLDS(APR_STATUS_IS_EBUSY(bufv_write(list->v, c->n->w, &n)) && n == 0);
        HOLDS(APR_STATUS_IS_EBUSY(bufv_consume(list->v, 0)));
        bufv_clear(list->v);
        bufv_trim(list->v);
        HOLDS(bufv_length(list->v) == list->left);
        write_another(c);
    }
    if (chance(c->n->faults.aside))
        write_same(c);
    if (list->appends > 0 && list->end < PARTS_MAX) {
        list->appends--;
        list_append_owned(list);
    }
    if (chance(c->n->faults.doom) && !c->n->locked)
        doom(c);
}

/* ---- a write */

/* Another list has its turn. */
static int is_taken(const call_t *c)
{
    return c->n->locked &&
           (c->n->busy > 0 || c->n->dropped ||
            (c->n->partial != NULL && c->n->partial != c->list) ||
            (c->n->record != NULL && c->n->record != c->list));
}

/* What a status says has to be so. `taken` is what is_taken() said before. */
static void check_status(const call_t *c, apr_status_t status, int taken)
{
    uint64_t left = c->list->left;
    apr_time_t end = end_of(c);

    HOLDS(world_now() <= (end > c->began ? end : c->began));
    if (left == 0) {
        HOLDS(status == (is_final(c->last) ? c->last : APR_SUCCESS));
        return;
    }
    if (is_final(c->last))
        HOLDS(status == c->last);
    else if (APR_STATUS_IS_TIMEUP(status))
        HOLDS((c->timed_up ||
               world_now() == (end > c->began ? end : c->began)) &&
              (c->attempts == 0 || c->may_wait));
    else if (APR_STATUS_IS_EAGAIN(status))
        HOLDS((!c->may_wait || !c->n->pauses) &&
              APR_STATUS_IS_EAGAIN(c->last));
    else if (APR_STATUS_IS_INCOMPLETE(status))
        HOLDS(c->asked.budget > 0 && c->written == c->asked.budget);
    else if (APR_STATUS_IS_EBUSY(status))
        HOLDS(taken && (!c->may_wait || !c->n->pauses) && c->attempts == 0);
    else if (APR_STATUS_IS_ENOMEM(status))
        HOLDS(c->last == status &&
              (c->starved > (c->may_wait ? STARVED_MAX : 1) ||
               (c->may_wait && !c->n->pauses)));
    else if (APR_STATUS_IS_EOF(status))
        HOLDS(c->list->missing ||
              (c->last_took_nothing && c->last == APR_SUCCESS));
    else
        HOLDS((status == EIO && c->unreadable) ||
              (status == APR_EINIT && c->last == status));
    HOLDS(!c->was_over || (APR_STATUS_IS_TIMEUP(status) && c->attempts == 0));
}

static void count_status(apr_status_t status)
{
    near_counts.writes++;
    if (status == APR_SUCCESS)
        near_counts.whole++;
    else if (APR_STATUS_IS_TIMEUP(status))
        near_counts.timeup++;
    else if (APR_STATUS_IS_EAGAIN(status))
        near_counts.again++;
    else if (APR_STATUS_IS_INCOMPLETE(status))
        near_counts.incomplete++;
    else if (APR_STATUS_IS_EBUSY(status))
        near_counts.busy++;
    else if (is_gone(status))
        near_counts.gone++;
    else
        near_counts.other++;
}

int is_gone(apr_status_t status)
{
    return APR_STATUS_IS_ECONNRESET(status) ||
           APR_STATUS_IS_ECONNABORTED(status) || APR_STATUS_IS_EPIPE(status);
}

static void check_report(const call_t *c, const bufv_report_t *report,
                         apr_status_t status)
{
    HOLDS(report->status == status);
    HOLDS(report->written == c->written && report->left == c->list->left);
    HOLDS(report->calls == c->attempts && report->waits == c->waits);
    HOLDS(report->waited == c->waited - c->lost);
    HOLDS(report->copied == c->copied || !c->n->hooked);
}

/* Structs of a later version of the library: longer ones. */
typedef struct later_terms_t {
    bufv_terms_t known;
    apr_uint64_t later;
} later_terms_t;

typedef struct later_report_t {
    bufv_report_t known;
    apr_uint64_t later;
} later_report_t;

/* What it does not know is refused, and what is too short for what it knows;
 * then nothing is written. */
static void check_versions(const near_t *n, const list_t *list)
{
    later_terms_t terms = {{sizeof(terms), 1, 0, 0}, 1};
    later_report_t report = {{0}, 0}, before;

    HOLDS(bufv_write_with(list->v, n->w, &terms.known, NULL) == APR_ENOTIMPL);
    terms.known.size = sizeof(terms.known) - 1;
    HOLDS(bufv_write_with(list->v, n->w, &terms.known, NULL) == APR_EINVAL);
    memset(&report, 0x5a, sizeof(report));
    report.known.size = sizeof(report);
    HOLDS(bufv_write_with(list->v, n->w, NULL, &report.known) == APR_ENOTIMPL);
    bufv_writer_report(n->w, &report.known);
    HOLDS(report.later == 0 && report.known.status == APR_EINVAL);
    memset(&report, 0x5a, sizeof(report));
    report.known.size = sizeof(report.known) - 1;
    before = report;
    HOLDS(bufv_write_with(list->v, n->w, NULL, &report.known) == APR_EINVAL);
    bufv_writer_report(n->w, &report.known);
    HOLDS(memcmp(&before, &report, sizeof(report)) == 0);
    HOLDS(bufv_length(list->v) == list->left);
}

/* By the function that is enough for what is asked. */
static apr_status_t write_by_some_function(call_t *c, uint64_t *written,
                                           bufv_report_t *report)
{
    later_terms_t terms = {{0, 0, 0, 0}, 0};
    later_report_t told = {{0}, 0};
    apr_status_t status;

    if (c->asked.within == 0 && c->asked.budget == 0 && rnd(2) == 0) {
        status = c->asked.wait ? bufv_write(c->list->v, c->n->w, written)
                               : bufv_write_some(c->list->v, c->n->w, written);
        report->size = 0;
        return status;
    }
    terms.known.size = rnd(2) ? sizeof(terms) : sizeof(terms.known);
    terms.known.wait = c->asked.wait;
    terms.known.within = c->asked.within;
    terms.known.budget = c->asked.budget;
    told.known.size = rnd(2) ? sizeof(told) : sizeof(told.known);
    status = bufv_write_with(c->list->v, c->n->w, &terms.known, &told.known);
    HOLDS(told.later == 0);
    *report = told.known;
    *written = report->written;
    return status;
}

static void add_to_sums(bufv_stats_t *sums, const call_t *c,
                        apr_status_t status)
{
    sums->lists += status == APR_SUCCESS && c->written > 0;
    sums->written += c->written;
    sums->calls += c->attempts;
    sums->waits += c->waits;
    sums->waited += c->waited - c->lost;
    sums->copied += c->copied;
}

/* The turn ends with a status that says that the peer is gone. */
static void after(call_t *c, apr_status_t status, int refused)
{
    near_t *n = c->n;

    if (!refused) {
        add_to_sums(&n->sums, c, status);
        if (is_gone(status))
            n->partial = n->record = NULL;
    }
    if (c->has_turn) {
        n->busy = 0;
        n->experienced = c->list->left > 0;
        remember_copies(c, status);
    }
    HOLDS(!n->running && !n->held);
    HOLDS(c->told == (n->hooked ? c->attempts : 0));
    if (!APR_STATUS_IS_EBUSY(status))
        list_check_released();
    list_check(c->list);
    near_counts.bytes += c->written;
    count_status(status);
}

/* Nothing more was attempted, and the count is exact. A writer that was
 * destroyed is followed by another, with which the list goes on. */
static apr_status_t after_doom(call_t *c, apr_status_t status,
                               const bufv_report_t *report)
{
    bufv_report_t own = {0};
    near_t *n = c->n;
    uint64_t left = c->list->doomed ? c->doomed_left : c->list->left;

    HOLDS(left == 0 ? status == APR_SUCCESS : APR_STATUS_IS_EBUSY(status));
    if (report->size != 0)
        HOLDS(report->left == left && report->written == c->written);
    if (c->list->doomed)
        list_doomed(c->list);
    HOLDS(!n->running && (n->gone || c->list->v == NULL));
    n->busy = 0;
    n->copies = 0;
    n->experienced = 1;
    near_counts.bytes += c->written;
    near_counts.doomed++;
    if (n->gone) {
        near_open(n, NULL);
        return status;
    }
    own.size = sizeof(own);
    bufv_writer_report(n->w, &own);
    c->copied = own.copied; /* the hook was not told of the last attempt */
    add_to_sums(&n->sums, c, status);
    return status;
}

apr_status_t near_write(near_t *n, list_t *list, const asked_t *asked)
{
    call_t c = {0};
    bufv_report_t report = {0};
    apr_uint64_t written = 7;
    apr_status_t status;
    uint64_t sent = list->sent;
    int taken, refused;

    c.n = n;
    c.list = list;
    c.asked = *asked;
    c.began = c.accepted = world_now();
    c.most = n->max_bytes;
    c.may_wait = asked->wait && stall_of(n) != 0;
    c.was_over = hard_end(&c) <= c.began;
    taken = is_taken(&c);
    n->full = n->busy > 0 ? n->full : 0;
    list->on_release = on_release;
    system_watch = watch;
    if (chance(20))
        check_versions(n, list);
    calls[fiber_self() + 1] = &c;
    tell("write: %lu bytes, wait %d, within %ld, budget %lu",
         (unsigned long)list->left, c.may_wait, (long)asked->within,
         (unsigned long)asked->budget);
    list_settle(list);
    status = write_by_some_function(&c, &written, &report);
    calls[fiber_self() + 1] = NULL;
    tell("  returns %d with %lu bytes, %lu are left", (int)status,
         (unsigned long)written, (unsigned long)list->left);
    HOLDS(written == c.written && list->sent == sent + written);
    HOLDS(world_now() >= c.sleeps_to);
    if (c.doomed)
        return after_doom(&c, status, &report);
    check_status(&c, status, taken);
    if (report.size != 0)
        check_report(&c, &report, status);
    refused = c.attempts == 0 && list->left > 0 && !c.was_over &&
              (APR_STATUS_IS_TIMEUP(status) || APR_STATUS_IS_EBUSY(status));
    after(&c, status, refused);
    world_mix((uint64_t)status);
    return status;
}

/* ---- the turn of a locked writer */

void near_moved(near_t *n, const list_t *from, list_t *to)
{
    if (n->partial == from)
        n->partial = to;
    if (n->record == from)
        n->record = to;
}

/* A record of it cannot be taken back: the connection has to go. */
static void close_for(near_t *n, list_t *list)
{
    asked_t asked = {0, 0, 0};

    n->deadline = 0;
    bufv_writer_deadline_set(n->w, 0);
    break_off(n);
    while (n->record == list)
        near_write(n, list, &asked);
}

void near_dropped(near_t *n, list_t *list)
{
    if (n->record == list)
        close_for(n, list);
    if (n->partial != list)
        return;
    n->partial = NULL;
    n->dropped = 1;
}

void near_abandon(near_t *n)
{
    apr_status_t status = bufv_writer_abandon(n->w);

    tell("abandons: %d", (int)status);
    if (n->busy > 0) {
        HOLDS(APR_STATUS_IS_EBUSY(status));
        return;
    }
    HOLDS(status == (n->record != NULL ? APR_EINVAL : APR_SUCCESS));
    if (n->record != NULL)
        return;
    n->partial = NULL;
    n->dropped = 0;
}

/* ---- a connection */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    near_t *n = arg;

    (void)pcb;
    n->connected = error == ERR_OK;
    return ERR_OK;
}

/* Nothing is sent to us but the peer's end, which is no reason to end. */
static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t error)
{
    (void)arg;
    (void)error;
    if (p != NULL) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
    }
    return ERR_OK;
}

static int is_connected(void *baton)
{
    const near_t *n = baton;

    return n->tcp.pcb == NULL || (n->connected && n->peer.pcb != NULL);
}

/* `with_tls` 2: for a writer that knows OpenSSL, and no connection. */
static int start_tls(near_t *n, int with_tls)
{
    apr_time_t until = world_now() + apr_time_from_sec(60);

    n->tls = with_tls == 1 ? tls_near(&n->tcp)
                           : tls_near_pair(&n->tcp, 2048 + rnd(30000));
    n->far_tls = tls_far(&n->peer);
    return tls_shake_hands(n->tls, until);
}

int near_connect(near_t *n, u16_t port, int with_tls)
{
    struct tcp_pcb *pcb = tcp_new();
    log_t log = n->log;

    memset(n, 0, sizeof(*n));
    log.count = 0;
    log.total = 0;
    n->log = log;
    HOLDS(pcb != NULL);
    peer_begin(&n->peer, port, &n->log);
    lwip_conn_init(&n->tcp, pcb, &near_loop);
    tcp_recv(pcb, on_receive);
    HOLDS(tcp_connect(pcb, &world_far, port, on_connected) == ERR_OK);
    fiber_wait(is_connected, n, world_now() + apr_time_from_sec(60));
    if (n->tcp.pcb == NULL || !is_connected(n))
        return 0;
    if (rnd(2))
        n->tcp.pcb->snd_buf = (tcpwnd_size_t)(500 + rnd(20000));
    if (with_tls && !start_tls(n, with_tls))
        return 0;
    peer_choose(&n->peer);
    return 1;
}

/* Faults come in few worlds, and then often. */
static void choose_faults(faults_t *f)
{
    memset(f, 0, sizeof(*f));
    if (rnd(3) == 0)
        f->shorter = rnd(700);
    if (rnd(4) == 0)
        f->interrupted = rnd(400);
    if (rnd(4) == 0)
        f->woken = rnd(500);
    if (rnd(8) == 0)
        f->starved = rnd(300);
    if (rnd(24) == 0)
        f->drought = rnd(30);
    if (rnd(16) == 0)
        f->begin = rnd(50);
    if (rnd(32) == 0)
        f->ends = rnd(20);
    if (rnd(32) == 0)
        f->claims = rnd(20);
    if (rnd(16) == 0)
        f->scarce = rnd(200);
    if (rnd(8) == 0)
        f->fills = rnd(500);
    if (rnd(24) == 0)
        f->breaks = rnd(100);
    if (rnd(16) == 0)
        f->doom = rnd(100);
    if (rnd(16) == 0)
        f->fails = rnd(100);
    if (rnd(6) == 0)
        f->steps = rnd(500);
    if (rnd(6) == 0)
        f->records = rnd(300);
    if (rnd(16) == 0)
        f->unreadable = rnd(100);
    if (rnd(16) == 0)
        f->aside = rnd(50);
}

static void make_ops(const near_t *n, bufv_ops_t *ops)
{
    memset(ops, 0, sizeof(*ops));
    ops->size = sizeof(*ops);
    ops->name = n->ops->name;
    ops->max_vec = n->max_vec;
    ops->max_bytes = n->max_bytes;
    ops->copy_below = n->ops->copy_below;
    ops->writev = watch_writev;
    ops->wait = watch_wait;
    ops->now = n->own_clock ? watch_now : NULL;
    ops->sendfile = n->has_sendfile ? watch_sendfile : NULL;
    ops->begin = watch_begin;
    ops->end = watch_end;
    ops->timeout = watch_timeout;
    ops->describe = watch_describe;
    ops->pause = n->pauses && (n->own_clock || rnd(2)) ? watch_pause : NULL;
    ops->flush = watch_flush;
    ops->abandon = watch_abandon;
    ops->destroy = watch_destroy;
}

/* The clock of a transport may begin anywhere, also below 0. */
static apr_time_t some_epoch(void)
{
    static const apr_time_t epochs[] = {0, 0, 1700000000000000, -3600000000000,
                                        1};

    return epochs[rnd(sizeof(epochs) / sizeof(*epochs))];
}

void near_open(near_t *n, apr_pool_t *pool)
{
    static const bufv_stats_t none;
    bufv_ops_t ops;

    n->sums = none;
    n->before = n->log.total;
    n->stall_set = n->gone = n->full = 0;
    n->in_pool = pool != NULL;
    n->copies = 0;
    n->deadline = 0;
    n->ops = n->tls != NULL ? &tls_ops : &lwip_conn_ops;
    n->baton = n->tls != NULL ? (void *)n->tls : (void *)&n->tcp;
    n->max_vec = n->tls != NULL || rnd(8) == 0 ? 1 : 2 + rnd(60);
    n->max_bytes = rnd(2) ? n->ops->max_bytes : 500 + rnd(16000);
    n->timeout = rnd(3) == 0 ? (apr_interval_time_t)rnd(3000000) : -1;
    if (rnd(30) == 0)
        n->timeout = 0;
    n->own_clock = rnd(4) > 0;
    n->epoch = some_epoch();
    n->copy_below = n->ops->copy_below;
    n->sendfile_from = 16384;
    n->has_sendfile = rnd(2) && n->tls == NULL;
    n->pauses = rnd(8) > 0 || !n->own_clock;
    choose_faults(&n->faults);
    make_ops(n, &ops);
    HOLDS(bufv_writer_create(&n->w, &ops, n, pool) == APR_SUCCESS);
    n->hooked = rnd(4) > 0;
    if (n->hooked)
        bufv_writer_hook_set(n->w, hook, n);
}

static void choose_deadline(near_t *n)
{
    n->deadline = 0;
    if (!n->own_clock)
        n->epoch = system_wall();
    if (rnd(3) == 0)
        n->deadline = world_now() + n->epoch + (apr_time_t)rnd(4000000) - 100;
    bufv_writer_deadline_set(n->w, n->deadline);
}

void near_choose_limits(near_t *n)
{
    static const apr_size_t belows[] = {0, 1, 16, 512, 4096, 65536};
    static const apr_uint64_t froms[] = {0, 100, 16384, ~(apr_uint64_t)0};

    if (rnd(2) == 0) {
        n->copy_below = belows[rnd(sizeof(belows) / sizeof(*belows))];
        bufv_writer_copy_below_set(n->w, n->copy_below);
    }
    if (rnd(2) == 0) {
        n->sendfile_from = froms[rnd(sizeof(froms) / sizeof(*froms))];
        bufv_writer_sendfile_from_set(n->w, n->sendfile_from);
    }
    if (rnd(2) == 0) {
        n->stall_set = 1;
        n->stall = (apr_interval_time_t)rnd(2000000) - 500000;
        bufv_writer_stall_set(n->w, n->stall);
    }
    if (!n->locked || rnd(4) == 0)
        choose_deadline(n);
}

void near_wait(near_t *n)
{
    int (*is_ready)(void *) =
        n->tls != NULL ? tls_is_ready : lwip_conn_is_ready;

    fiber_wait(is_ready, n->tls != NULL ? (void *)n->tls : (void *)&n->tcp,
               -1);
}

static int is_drained(void *baton)
{
    const near_t *n = baton;

    return n->tcp.pcb == NULL || n->peer.reset || peer_has_all(&n->peer);
}

/* TCP brings it in the end, however bad the link, or gives the connection up.
 */
void near_drain(near_t *n)
{
    fiber_wait(is_drained, n, world_now() + apr_time_from_sec(3600));
    HOLDS(is_drained(n));
}

static void check_stats(const near_t *n)
{
    bufv_stats_t stats = {0};

    stats.size = sizeof(stats) - 1;
    bufv_writer_stats(n->w, &stats);
    HOLDS(stats.calls == 0 && stats.written == 0);
    stats.size = sizeof(stats);
    bufv_writer_stats(n->w, &stats);
    HOLDS(stats.lists == n->sums.lists && stats.written == n->sums.written);
    HOLDS(stats.calls == n->sums.calls &&
          (stats.copied == n->sums.copied || !n->hooked));
    if (!n->locked)
        HOLDS(stats.waits == n->sums.waits && stats.waited == n->sums.waited);
    HOLDS(stats.written == n->log.total - n->before);
}

void near_close(near_t *n)
{
    char text[200];

    check_stats(n);
    HOLDS(bufv_writer_strerror(n->w, text, sizeof(text)) == text);
    if (!n->in_pool || rnd(2)) {
        bufv_writer_destroy(n->w);
        HOLDS(n->gone);
    }
    if (n->tls != NULL) {
        tls_free(n->tls);
        tls_free(n->far_tls);
    }
}
