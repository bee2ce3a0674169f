/* SPDX-License-Identifier: Apache-2.0 */

/* A transport of your own: a buffer in memory between two threads.
 *
 * One thread writes a list into it, the other takes bytes out, more slowly.
 * The buffer is small, so it is full most of the time: the attempt then says
 * APR_EAGAIN together with the count, and the loop in bufv_write() waits. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 1000  /* bytes that the buffer holds */
#define TAKEN 400  /* that the reader takes at a time */
#define PAUSE 100  /* microseconds that it rests then */
#define LINES 2000 /* that are sent, in three chunks each */

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "transport: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* ---- the buffer */

typedef struct buffer_t {
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *changed;
    char bytes[ROOM];
    apr_size_t used;
    int closed; /* nobody will take any more out */
    int ended;  /* nobody will put any more in */
} buffer_t;

static void buffer_open(buffer_t *b, apr_pool_t *pool)
{
    memset(b, 0, sizeof(*b));
    check(apr_thread_mutex_create(&b->lock, APR_THREAD_MUTEX_DEFAULT, pool),
          "mutex");
    check(apr_thread_cond_create(&b->changed, pool), "condition");
}

/* Takes some bytes out; 0 at the end. */
static apr_size_t buffer_take(buffer_t *b, char *to, apr_size_t room)
{
    apr_size_t n;

    apr_thread_mutex_lock(b->lock);
    while (b->used == 0 && !b->ended)
        apr_thread_cond_wait(b->changed, b->lock);
    n = b->used < room ? b->used : room;
    memcpy(to, b->bytes, n);
    memmove(b->bytes, b->bytes + n, b->used - n);
    b->used -= n;
    apr_thread_cond_broadcast(b->changed);
    apr_thread_mutex_unlock(b->lock);
    return n;
}

/* Nobody takes any more out, or puts any more in. */
static void buffer_shut(buffer_t *b, int *which)
{
    apr_thread_mutex_lock(b->lock);
    *which = 1;
    apr_thread_cond_broadcast(b->changed);
    apr_thread_mutex_unlock(b->lock);
}

/* ---- the transport: what bufv has to know of it */

/* One attempt: copies what fits. It neither waits nor loops until all is
 * there; a short write is always legal. */
static apr_status_t put(void *baton, const struct iovec *vec, apr_size_t nvec,
                        int more, apr_size_t *written)
{
    buffer_t *b = baton;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    (void)more; /* of use to those who send packets */
    *written = 0;
    apr_thread_mutex_lock(b->lock);
    if (b->closed)
        status = APR_EPIPE;
    for (i = 0; i < nvec && status == APR_SUCCESS; i++) {
        apr_size_t room = ROOM - b->used, n = vec[i].iov_len;

        if (n > room) {
            n = room;
            status = APR_EAGAIN; /* full: wait before the next attempt */
        }
        memcpy(b->bytes + b->used, vec[i].iov_base, n);
        b->used += n;
        *written += n;
    }
    apr_thread_cond_broadcast(b->changed);
    apr_thread_mutex_unlock(b->lock);
    return status;
}

/* Waits until there is room, or the buffer is closed: then the next attempt
 * says so. To return early does no harm. */
static apr_status_t wait_for_room(void *baton, apr_interval_time_t timeout)
{
    buffer_t *b = baton;
    apr_status_t status = APR_SUCCESS;

    apr_thread_mutex_lock(b->lock);
    if (b->used == ROOM && !b->closed && timeout < 0)
        status = apr_thread_cond_wait(b->changed, b->lock);
    else if (b->used == ROOM && !b->closed)
        status = apr_thread_cond_timedwait(b->changed, b->lock, timeout);
    apr_thread_mutex_unlock(b->lock);
    return status;
}

static const bufv_ops_t buffer_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "put",
    .max_vec = 1024,   /* as many as you like to be given at once */
    .max_bytes = ROOM, /* more would not fit anyway */
    .writev = put,
    .wait = wait_for_room,
};

/* ---- the two threads */

static apr_uint64_t received;
static int digits;

/* The other side: counts the bytes and the digits among them. */
static void *APR_THREAD_FUNC reader(apr_thread_t *thread, void *data)
{
    char bytes[TAKEN];
    apr_size_t i, n;

    (void)thread;
    while ((n = buffer_take(data, bytes, sizeof(bytes))) > 0) {
        received += n;
        for (i = 0; i < n; i++)
            digits += bytes[i] >= '0' && bytes[i] <= '9';
        apr_sleep(PAUSE);
    }
    return NULL;
}

/* On Windows APR says APR_INCOMPLETE of a thread that ended by returning. */
static void join(apr_thread_t *thread)
{
    apr_status_t unused, status = apr_thread_join(&unused, thread);

    if (status != APR_INCOMPLETE)
        check(status, "join");
}

static void fill(bufv_t *v)
{
    int i;

    for (i = 0; i < LINES; i++) {
        check(bufv_append(v, "line ", 5), "append");
        check(bufv_appendf(v, "%04d", i), "append");
        check(bufv_append(v, "\n", 1), "append");
    }
}

static void print(const bufv_writer_t *w)
{
    bufv_stats_t s = {.size = sizeof(s)};

    bufv_writer_stats(w, &s);
    printf("%" APR_UINT64_T_FMT " lists, %" APR_UINT64_T_FMT
           " bytes, %" APR_UINT64_T_FMT " attempts, %" APR_UINT64_T_FMT
           " waits\n",
           s.lists, s.written, s.calls, s.waits);
}

/* Nobody reads any more: an error, and the list keeps what did not leave. */
static void write_to_nobody(bufv_t *v, bufv_writer_t *w, buffer_t *b)
{
    apr_uint64_t written;
    char text[256];

    buffer_shut(b, &b->closed);
    check(bufv_append(v, "too late\n", 9), "append");
    if (!APR_STATUS_IS_EPIPE(bufv_write(v, w, &written)) || written != 0 ||
        bufv_length(v) != 9)
        check(APR_EGENERAL, "a closed buffer was written to");
    printf("%s\n", bufv_writer_strerror(w, text, sizeof(text)));
}

int main(void)
{
    apr_thread_t *thread;
    apr_uint64_t total;
    bufv_writer_t *w;
    apr_pool_t *pool;
    buffer_t buffer;
    bufv_t *v;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    buffer_open(&buffer, pool);
    check(bufv_create(&v, pool), "list");
    check(bufv_writer_create(&w, &buffer_ops, &buffer, pool), "writer");
    fill(v);
    total = bufv_length(v);

    check(apr_thread_create(&thread, NULL, reader, &buffer, pool), "thread");
    check(bufv_write(v, w, NULL), "write");
    buffer_shut(&buffer, &buffer.ended);
    join(thread);
    if (received != total || digits != 4 * LINES)
        check(APR_EGENERAL, "the reader got something else");

    write_to_nobody(v, w, &buffer);
    print(w);
    apr_pool_destroy(pool);
    return 0;
}
