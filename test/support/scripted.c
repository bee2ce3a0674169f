/* SPDX-License-Identifier: Apache-2.0 */

#include "scripted.h"

/* Where the clock begins: not 0, which means "no deadline". */
#define CLOCK_BEGINS 1000000

/* Remembers the first thing that did not hold. Attempts may come in other
 * threads than the test's, where an assertion could not be made. */
static void broke(scripted_t *s, const char *what, apr_uint64_t number)
{
    if (s->broken[0] == '\0')
        apr_snprintf(s->broken, sizeof(s->broken),
                     "attempt %" APR_SIZE_T_FMT ": %s (%" APR_UINT64_T_FMT ")",
                     s->attempts, what, number);
}

static apr_size_t sum(scripted_t *s, const struct iovec *vec, apr_size_t nvec)
{
    apr_size_t asked = 0;
    apr_size_t i;

    for (i = 0; i < nvec; i++) {
        if (vec[i].iov_len == 0)
            broke(s, "an empty entry", i);
        if (vec[i].iov_len > (apr_size_t)-1 - asked)
            broke(s, "more bytes than a size_t holds", i);
        asked += vec[i].iov_len;
    }
    return asked;
}

static void must_hold(scripted_t *s, apr_size_t nvec, apr_size_t asked,
                      int more)
{
    if (s->ops.begin != NULL && !s->borrowed)
        broke(s, "an attempt outside of a run", nvec);
    if (nvec == 0)
        broke(s, "no entry", nvec);
    if (nvec > s->max_vec)
        broke(s, "too many entries", nvec);
    if (asked > s->max_bytes)
        broke(s, "too many bytes", asked);
    if (s->list == NULL)
        return;
    if (asked > bufv_length(s->list))
        broke(s, "more than the list holds", asked);
    else if ((more != 0) != (asked < bufv_length(s->list)))
        broke(s, "`more` is wrong", (apr_uint64_t)(more != 0));
}

/* The event at a byte: up to it everything is taken. */
static scripted_step_t step_to_trip(scripted_t *s, apr_size_t asked)
{
    scripted_step_t step = {SCRIPTED_ALL, APR_SUCCESS, 0};
    apr_size_t room = (apr_size_t)(s->trip_at - s->got_len);

    if (asked < room)
        return step;
    step.take = room;
    if (s->trip_alone && room > 0)
        return step;
    s->trip_armed = 0;
    step = s->trip;
    if (step.take != SCRIPTED_ALL)
        step.take += room;
    return step;
}

static scripted_step_t step_now(scripted_t *s, apr_size_t asked)
{
    if (s->trip_armed)
        return step_to_trip(s, asked);
    if (s->nsteps == 0)
        return s->otherwise;
    s->nsteps--;
    return *s->steps++;
}

static int room_for(scripted_t *s, apr_size_t len)
{
    apr_size_t need = (apr_size_t)s->got_len + len;
    unsigned char *grown;

    if (need <= s->got_room)
        return 1;
    grown = realloc(s->got, need * 2);
    if (grown == NULL) {
        broke(s, "the test has no memory", need);
        return 0;
    }
    s->got = grown;
    s->got_room = need * 2;
    return 1;
}

static void keep(scripted_t *s, const void *bytes, apr_size_t len)
{
    if (!s->discard && room_for(s, len))
        memcpy(s->got + s->got_len, bytes, len);
    s->got_len += len;
}

static void take(scripted_t *s, const struct iovec *vec, apr_size_t len)
{
    apr_size_t part;

    for (; len > 0; vec++) {
        part = vec->iov_len < len ? vec->iov_len : len;
        keep(s, vec->iov_base, part);
        len -= part;
    }
}

static void record(scripted_t *s, const scripted_attempt_t *attempt)
{
    if (s->attempts < SCRIPTED_RECORDS)
        s->attempt[s->attempts] = *attempt;
    s->attempts++;
    if (attempt->took > 0 || attempt->more)
        s->held = attempt->more;
}

/* What an attempt held back for more to come does not wait for it. */
static void must_not_hold(scripted_t *s, const char *where)
{
    net_look(where);
    if (s->held)
        broke(s, "bytes are held back meanwhile", s->attempts);
}

static apr_status_t scripted_writev(void *baton, const struct iovec *vec,
                                    apr_size_t nvec, int more,
                                    apr_size_t *written)
{
    scripted_t *s = baton;
    scripted_attempt_t a;
    scripted_step_t step;

    a.nvec = nvec;
    a.asked = sum(s, vec, nvec);
    a.base = nvec > 0 ? vec[0].iov_base : NULL;
    a.base_len = nvec > 0 ? vec[0].iov_len : 0;
    a.more = more;
    must_hold(s, nvec, a.asked, more);
    step = step_now(s, a.asked);
    a.took = step.take < a.asked ? step.take : a.asked;
    a.status = step.status;
    take(s, vec, a.took);
    record(s, &a);
    *written = a.took + step.beyond;
    return step.status;
}

/* Reads a part of a file without moving its position. */
static apr_status_t read_part(apr_file_t *file, apr_off_t offset, void *data,
                              apr_size_t *len)
{
    apr_size_t room = *len;
    apr_off_t was = 0;
    apr_status_t status;

    *len = 0;
    if (room == 0)
        return APR_SUCCESS;
    status = apr_file_seek(file, APR_CUR, &was);
    if (status == APR_SUCCESS)
        status = apr_file_seek(file, APR_SET, &offset);
    if (status == APR_SUCCESS)
        status = apr_file_read_full(file, data, room, len);
    if (apr_file_seek(file, APR_SET, &was) != APR_SUCCESS)
        return APR_EGENERAL;
    return status;
}

static apr_status_t scripted_sendfile(void *baton, apr_file_t *file,
                                      apr_off_t offset, apr_size_t len,
                                      int more, apr_size_t *written)
{
    scripted_t *s = baton;
    scripted_attempt_t a;
    scripted_step_t step;

    *written = 0;
    s->files++;
    if (s->no_sendfile)
        return APR_ENOTIMPL;
    memset(&a, 0, sizeof(a));
    a.nvec = 1;
    a.asked = len;
    a.more = more;
    must_hold(s, 1, len, more);
    step = step_now(s, len);
    a.took = step.take < len ? step.take : len;
    if (room_for(s, a.took) && a.took > 0)
        a.status = read_part(file, offset, s->got + s->got_len, &a.took);
    if (a.took > 0 || step.take == 0)
        a.status = step.status;
    s->got_len += a.took;
    record(s, &a);
    *written = a.took;
    return a.status;
}

static apr_status_t scripted_wait(void *baton, apr_interval_time_t timeout)
{
    scripted_t *s = baton;
    scripted_wait_t wait = s->otherwise_wait;

    must_not_hold(s, "a wait");
    if (s->nwaits > 0) {
        s->nwaits--;
        wait = *s->waits++;
    }
    if (s->waited < SCRIPTED_RECORDS)
        s->timeout[s->waited] = timeout;
    s->waited++;
    if (timeout >= 0 && wait.advance >= timeout) {
        s->clock += timeout;
        return wait.status == APR_SUCCESS ? APR_TIMEUP : wait.status;
    }
    s->clock += wait.advance;
    return wait.status;
}

static apr_time_t scripted_now(void *baton)
{
    const scripted_t *s = baton;

    return s->clock;
}

static void scripted_pause(void *baton, apr_interval_time_t time)
{
    scripted_t *s = baton;

    must_not_hold(s, "a pause");
    if (time <= 0)
        broke(s, "a pause of nothing", 0);
    if (s->pauses < SCRIPTED_RECORDS)
        s->pause[s->pauses] = time;
    s->pauses++;
    s->paused += time;
    s->clock += time;
}

static apr_status_t scripted_begin(void *baton)
{
    scripted_t *s = baton;

    s->begins++;
    if (s->borrowed)
        broke(s, "a run inside another", s->begins);
    s->borrowed = s->begin_status == APR_SUCCESS;
    return s->begin_status;
}

static void scripted_end(void *baton)
{
    scripted_t *s = baton;

    s->ends++;
    if (!s->borrowed)
        broke(s, "the end of no run", s->ends);
    s->borrowed = 0;
}

static apr_interval_time_t scripted_timeout(void *baton)
{
    const scripted_t *s = baton;

    return s->stall;
}

static void scripted_flush(void *baton)
{
    scripted_t *s = baton;

    s->flushes++;
    s->held = 0;
    if (s->borrowed)
        broke(s, "a flush inside a run", s->flushes);
}

static apr_status_t scripted_free(void *baton)
{
    scripted_t *s = baton;

    free(s->got);
    s->got = NULL;
    return APR_SUCCESS;
}

scripted_t *scripted_new(apr_pool_t *p)
{
    scripted_t *s = apr_pcalloc(p, sizeof(*s));

    s->pool = p;
    s->ops = ops_new();
    s->ops.name = "scripted";
    s->ops.max_vec = 1024;
    s->ops.max_bytes = CHUNK_MAX;
    s->ops.writev = scripted_writev;
    s->ops.wait = scripted_wait;
    s->ops.now = scripted_now;
    s->ops.begin = scripted_begin;
    s->ops.end = scripted_end;
    s->ops.timeout = scripted_timeout;
    s->ops.pause = scripted_pause;
    s->ops.flush = scripted_flush;
    s->stall = -1;
    s->otherwise.take = SCRIPTED_ALL;
    s->clock = CLOCK_BEGINS;
    apr_pool_cleanup_register(p, s, scripted_free, apr_pool_cleanup_null);
    return s;
}

void scripted_open(scripted_t *s)
{
    assert_ok(bufv_writer_create(&s->w, &s->ops, s, s->pool));
    net_watch_flag(s->w, &s->borrowed, s->pool);
    settings_apply(s->w);
    s->max_vec = settings_max_vec(s->ops.max_vec);
    s->max_bytes = s->ops.max_bytes;
}

scripted_t *scripted_for(const bufv_t *v)
{
    scripted_t *s = scripted_new(pool);

    s->list = v;
    scripted_open(s);
    return s;
}

scripted_t *scripted_in_real_time(apr_pool_t *p)
{
    scripted_t *s = scripted_new(p);

    s->ops.now = NULL;
    s->ops.pause = NULL;
    return s;
}

void scripted_sends_files(scripted_t *s)
{
    s->ops.sendfile = scripted_sendfile;
}

void scripted_play(scripted_t *s, const scripted_step_t *steps,
                   apr_size_t nsteps)
{
    s->steps = steps;
    s->nsteps = nsteps;
}

void scripted_play_waits(scripted_t *s, const scripted_wait_t *waits,
                         apr_size_t nwaits)
{
    s->waits = waits;
    s->nwaits = nwaits;
}

void scripted_limits(scripted_t *s, apr_size_t max_vec, apr_size_t max_bytes)
{
    bufv_writer_limits_set(s->w, max_vec, max_bytes);
    s->max_vec = s->ops.max_vec;
    s->max_bytes = s->ops.max_bytes;
    if (max_vec != 0 && max_vec < s->max_vec)
        s->max_vec = max_vec;
    if (max_bytes != 0 && max_bytes < s->max_bytes)
        s->max_bytes = max_bytes;
}

void scripted_forget(scripted_t *s)
{
    s->got_len = 0;
    s->attempts = 0;
    s->waited = 0;
    s->begins = 0;
    s->ends = 0;
    s->files = 0;
    s->flushes = 0;
    s->pauses = 0;
    s->paused = 0;
}

void scripted_assert_kept(const scripted_t *s)
{
    ck_assert_msg(s->broken[0] == '\0', "%s", s->broken);
    ck_assert_uint_eq(s->begins, s->ends);
}

void scripted_assert_got(const scripted_t *s, const void *bytes,
                         apr_size_t len)
{
    scripted_assert_kept(s);
    ck_assert_uint_eq(s->got_len, len);
    if (len > 0)
        ck_assert_mem_eq(s->got, bytes, len);
}
