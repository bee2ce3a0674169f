/* SPDX-License-Identifier: Apache-2.0 */

/* A mutex and a condition. Windows waits for one by time that never steps. */

#include "win32.h"

#include <stdlib.h>

/* The longest wait of one call: its milliseconds fit, and are not
 * INFINITE. */
#define WAIT_MAX apr_time_from_sec(24 * 3600)

struct bufv__monitor_t {
    CRITICAL_SECTION mutex;
    CONDITION_VARIABLE condition;
};

apr_status_t bufv__monitor_create(bufv__monitor_t **m)
{
    *m = malloc(sizeof(**m));
    if (*m == NULL)
        return APR_ENOMEM;
    InitializeCriticalSection(&(*m)->mutex);
    InitializeConditionVariable(&(*m)->condition);
    return APR_SUCCESS;
}

int bufv__monitor_is_inherited(const bufv__monitor_t *m)
{
    (void)m;
    return 0;
}

void bufv__monitor_destroy(bufv__monitor_t *m)
{
    if (m == NULL)
        return;
    DeleteCriticalSection(&m->mutex);
    free(m);
}

void bufv__monitor_enter(bufv__monitor_t *m)
{
    EnterCriticalSection(&m->mutex);
}

void bufv__monitor_leave(bufv__monitor_t *m)
{
    LeaveCriticalSection(&m->mutex);
}

/* Rounds up, so that a wait does not end early and come back for nothing. */
void bufv__monitor_wait(bufv__monitor_t *m, apr_interval_time_t timeout)
{
    DWORD milliseconds = INFINITE;

    if (timeout > WAIT_MAX)
        timeout = WAIT_MAX;
    if (timeout >= 0)
        milliseconds = (DWORD)((timeout + 999) / 1000);
    SleepConditionVariableCS(&m->condition, &m->mutex, milliseconds);
}

void bufv__monitor_wake(bufv__monitor_t *m)
{
    WakeAllConditionVariable(&m->condition);
}
