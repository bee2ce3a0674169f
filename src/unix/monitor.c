/* SPDX-License-Identifier: Apache-2.0 */

/* A mutex and a condition. APR's own conditions count wall time. */

#include "unix.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct bufv__monitor_t {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    pid_t process; /* in which it was created */
};

apr_status_t bufv__monitor_create(bufv__monitor_t **m)
{
    bufv__monitor_t *made = malloc(sizeof(*made));
    apr_status_t status;

    *m = NULL;
    if (made == NULL)
        return APR_ENOMEM;
    made->process = getpid();
    status = pthread_mutex_init(&made->mutex, NULL);
    if (status != APR_SUCCESS) {
        free(made);
        return status;
    }
    status = bufv__condition_create(&made->condition);
    if (status != APR_SUCCESS) {
        pthread_mutex_destroy(&made->mutex);
        free(made);
        return status;
    }
    *m = made;
    return APR_SUCCESS;
}

int bufv__monitor_is_inherited(const bufv__monitor_t *m)
{
    return m->process != getpid();
}

/* In a child of fork() only the memory is freed: threads that the child does
 * not have seem to hold the mutex, or to wait for the condition, for ever. */
void bufv__monitor_destroy(bufv__monitor_t *m)
{
    if (!bufv__monitor_is_inherited(m)) {
        pthread_cond_destroy(&m->condition);
        pthread_mutex_destroy(&m->mutex);
    }
    free(m);
}

void bufv__monitor_enter(bufv__monitor_t *m)
{
    pthread_mutex_lock(&m->mutex);
}

void bufv__monitor_leave(bufv__monitor_t *m)
{
    pthread_mutex_unlock(&m->mutex);
}

void bufv__monitor_wait(bufv__monitor_t *m, apr_interval_time_t timeout)
{
    bufv__condition_wait(&m->condition, &m->mutex, timeout);
}

void bufv__monitor_wake(bufv__monitor_t *m)
{
    pthread_cond_broadcast(&m->condition);
}
