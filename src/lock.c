/* The writer's lock. It is one that its owner may take again, so that a hook
 * that writes to the writer it was called by is told so, not stuck. */

#include "bufv_private.h"

#if APR_HAS_THREADS

#include <apr_thread_mutex.h>

apr_status_t bufv__lock_create(void **lock, apr_pool_t *pool)
{
    apr_thread_mutex_t *mutex = NULL;
    apr_status_t status;

    status = apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_NESTED, pool);
    *lock = mutex;
    return status;
}

void bufv__lock(void *lock)
{
    if (lock != NULL)
        apr_thread_mutex_lock(lock);
}

void bufv__unlock(void *lock)
{
    if (lock != NULL)
        apr_thread_mutex_unlock(lock);
}

#else

apr_status_t bufv__lock_create(void **lock, apr_pool_t *pool)
{
    (void)pool;
    *lock = NULL;
    return APR_ENOTIMPL;
}

void bufv__lock(void *lock)
{
    (void)lock;
}

void bufv__unlock(void *lock)
{
    (void)lock;
}

#endif
