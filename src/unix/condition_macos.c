/* SPDX-License-Identifier: Apache-2.0 */

/* A condition on macOS, which knows no clock for one but waits for a span of
 * time. Compiled by the authors, not run there. */

#include "unix.h"

/* The longest wait of one call. */
#define WAIT_MAX apr_time_from_sec(24 * 3600)

apr_status_t bufv__condition_create(pthread_cond_t *condition)
{
    return pthread_cond_init(condition, NULL);
}

void bufv__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                          apr_interval_time_t timeout)
{
    struct timespec span;

    if (timeout < 0) {
        pthread_cond_wait(condition, mutex);
        return;
    }
    if (timeout > WAIT_MAX)
        timeout = WAIT_MAX;
    span.tv_sec = (time_t)apr_time_sec(timeout);
    span.tv_nsec = (long)(apr_time_usec(timeout) * 1000);
    pthread_cond_timedwait_relative_np(condition, mutex, &span);
}
