/* SPDX-License-Identifier: Apache-2.0 */

/* All arithmetic of time: how long a call may take.
 *
 * | limit            | counts from              | none    | over       |
 * |------------------|--------------------------|---------|------------|
 * | stall            | the last accepted byte,  | below 0 | APR_TIMEUP |
 * |                  | else the call's beginning|         |            |
 * | within           | the call's beginning     | 0       | APR_TIMEUP |
 * | deadline         | absolute                 | 0       | APR_TIMEUP |
 *
 * Time is added up from reading to reading, so that a clock that steps back
 * loses its step and no more. */

#include "bufv_private.h"

/* Reads the clock. */
static void tick(bufv__clock_t *c)
{
    const bufv_ops_t *ops = &c->w->ops;
    apr_time_t now = ops->now != NULL ? ops->now(c->w->baton) : bufv__clock();

    if (c->started && now > c->read)
        c->elapsed += now - c->read;
    c->started = 1;
    c->read = now;
}

/* Where there are no limits the clock is read only to count waits. */
void bufv__clock_begin(bufv__clock_t *c, const bufv_writer_t *w,
                       apr_interval_time_t stall, apr_interval_time_t within,
                       bufv_report_t *report)
{
    c->w = w;
    c->started = 0;
    c->elapsed = c->accepted = 0;
    c->stall = stall;
    c->within = within;
    c->report = report;
    if (stall > 0 || within > 0)
        tick(c);
}

static apr_interval_time_t shorter(apr_interval_time_t a,
                                   apr_interval_time_t b)
{
    return a < b ? a : b;
}

/* Returns the time until the deadline, INT64_MAX if it is longer. */
static apr_interval_time_t until(apr_time_t deadline, apr_time_t now)
{
    if (deadline <= now)
        return 0;
    if (now < 0 && deadline > INT64_MAX + now)
        return INT64_MAX;
    return deadline - now;
}

int bufv__clock_has_passed(bufv__clock_t *c)
{
    if (c->within < 0)
        return 1;
    tick(c);
    return (c->within > 0 && c->elapsed >= c->within) ||
           (c->w->deadline != 0 && until(c->w->deadline, c->read) == 0);
}

apr_interval_time_t bufv__clock_left(bufv__clock_t *c)
{
    apr_interval_time_t left = INT64_MAX;

    tick(c);
    if (c->stall >= 0)
        left = c->stall - (c->elapsed - c->accepted);
    if (c->within != 0)
        left = shorter(left, c->within - c->elapsed);
    if (c->w->deadline != 0)
        left = shorter(left, until(c->w->deadline, c->read));
    if (left == INT64_MAX)
        return -1;
    return left > 0 ? left : 0;
}

void bufv__clock_accepted(bufv__clock_t *c)
{
    if (c->stall <= 0)
        return;
    tick(c);
    c->accepted = c->elapsed;
}

/* A signal ends apr_sleep(). */
void bufv__sleep(apr_interval_time_t time)
{
    apr_time_t end = bufv__clock() + time;

    for (; time > 0; time = end - bufv__clock())
        apr_sleep(time);
}

apr_interval_time_t bufv__clock_waited(bufv__clock_t *c)
{
    apr_interval_time_t before = c->elapsed;

    tick(c);
    c->report->waits++;
    c->report->waited += c->elapsed - before;
    return c->elapsed - before;
}
