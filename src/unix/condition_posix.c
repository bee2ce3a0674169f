/* SPDX-License-Identifier: Apache-2.0 */

/* A condition on the monotonic clock, as POSIX has it. */

#include "unix.h"

#include <time.h>

/* The longest wait of one call, so that no sum overflows. */
#define WAIT_MAX apr_time_from_sec(24 * 3600)

apr_status_t bufv__condition_create(pthread_cond_t *condition)
{
    pthread_condattr_t attr;
    apr_status_t status = pthread_condattr_init(&attr);

    if (status != APR_SUCCESS)
        return status;
    status = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (status == APR_SUCCESS)
        status = pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
    return status;
}

void bufv__condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                          apr_interval_time_t timeout)
{
    struct timespec until;
    apr_interval_time_t nanoseconds;

    if (timeout < 0) {
        pthread_cond_wait(condition, mutex);
        return;
    }
    if (timeout > WAIT_MAX)
        timeout = WAIT_MAX;
    clock_gettime(CLOCK_MONOTONIC, &until);
    nanoseconds = until.tv_nsec + apr_time_usec(timeout) * 1000;
    until.tv_sec += (time_t)(apr_time_sec(timeout) + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_cond_timedwait(condition, mutex, &until);
}
