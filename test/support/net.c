/* SPDX-License-Identifier: Apache-2.0 */

#define NET_ITSELF
#include "net.h"

#include <apr_atomic.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _MSC_VER
#define NET_THREAD __declspec(thread)
#else
#define NET_THREAD __thread
#endif

/* Writers that are known at the same time; the oldest is forgotten. */
#define WRITERS 256

/* So many writes of a test are looked at, and every so-manieth later, since a
 * look takes some twenty system calls and a test may write a million times. */
#define ALL_UNTIL 2000
#define EVERY 64

/* A loan that another thread has taken for an attempt, which does not wait,
 * is over within this. */
#define PATIENCE 100
#define PAUSE apr_time_from_msec(1)

/* Callbacks that are wrapped at the same time are taken in blocks. */
#define BLOCK 256

/* ---- what did not hold */

static char broken[300];
static volatile apr_uint32_t pardoned, writes;

static NET_THREAD int looking;

const char *net_end(void)
{
    return broken[0] != '\0' ? broken : NULL;
}

void net_pardon(void)
{
    apr_atomic_set32(&pardoned, 1);
}

int net_is_looking(void)
{
    return looking;
}

/* Threads meet in what follows. */
static apr_pool_t *net_pool; /* lives as long as the program */
static apr_thread_mutex_t *mutex;

/* Called before the first thread of a test can be: by net_begin(). */
static void make_ready(void)
{
    if (mutex != NULL)
        return;
    if (apr_pool_create(&net_pool, NULL) != APR_SUCCESS ||
        apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, net_pool) !=
            APR_SUCCESS)
        abort();
}

static void lock(void)
{
    apr_thread_mutex_lock(mutex);
}

static void unlock(void)
{
    apr_thread_mutex_unlock(mutex);
}

/* Once is enough: the rest of the test is not slowed down by looking. */
static int is_broken(void)
{
    int is;

    lock();
    is = broken[0] != '\0';
    unlock();
    return is;
}

/* The first is told; at once as well, since the test may end by an assertion
 * of its own. */
static void note_broken(const char *where, const net_value_t *was,
                        const net_value_t *is)
{
    lock();
    if (broken[0] == '\0') {
        apr_snprintf(broken, sizeof(broken),
                     "in or after %s: %s was %" APR_INT64_T_FMT
                     " before, and is %" APR_INT64_T_FMT,
                     where, was->name, was->value, is->value);
        fprintf(stderr, "net: %s\n", broken);
    }
    unlock();
}

/* ---- what is written to */

static struct {
    const bufv_writer_t *w;
    net_target_t target;
    bufv_hook_t *hook; /* the test's own */
    void *baton;
} known[WRITERS];

static int newest;

/* The place of a writer, the latest of those that had its address; -1. */
static int place_of(const bufv_writer_t *w)
{
    int i, at = newest;

    for (i = 0; i < WRITERS; i++) {
        if (known[at].w == w)
            return at;
        at = (at + WRITERS - 1) % WRITERS;
    }
    return -1;
}

/* The same, or a new place. */
static int place_for(const bufv_writer_t *w)
{
    int at = place_of(w);

    if (at >= 0)
        return at;
    newest = (newest + 1) % WRITERS;
    memset(&known[newest], 0, sizeof(known[newest]));
    known[newest].w = w;
    return newest;
}

/* What was written to goes: nobody asks about it any more. */
static apr_status_t forget(void *baton)
{
    net_target_t *target = baton;

    lock();
    memset(target, 0, sizeof(*target));
    unlock();
    return APR_SUCCESS;
}

static void watch(const bufv_writer_t *w, const net_target_t *target,
                  apr_pool_t *p)
{
    int at, is_new;

    lock();
    at = place_for(w);
    is_new = memcmp(&known[at].target, target, sizeof(*target)) != 0;
    known[at].target = *target;
    known[at].hook = NULL;
    unlock();
    if (is_new)
        apr_pool_cleanup_register(p, &known[at].target, forget,
                                  apr_pool_cleanup_null);
}

void net_watch_socket(const bufv_writer_t *w, apr_socket_t *sock)
{
    net_target_t target = {NULL, NULL, NULL};

    target.sock = sock;
    watch(w, &target, apr_socket_pool_get(sock));
}

static void watch_file(const bufv_writer_t *w, apr_file_t *file)
{
    net_target_t target = {NULL, NULL, NULL};

    target.file = file;
    watch(w, &target, apr_file_pool_get(file));
}

void net_watch_flag(const bufv_writer_t *w, const int *flag, apr_pool_t *p)
{
    net_target_t target = {NULL, NULL, NULL};

    target.flag = flag;
    watch(w, &target, p);
}

static net_target_t target_of(const bufv_writer_t *w)
{
    net_target_t target = {NULL, NULL, NULL};
    int at;

    lock();
    at = place_of(w);
    if (at >= 0)
        target = known[at].target;
    unlock();
    return target;
}

/* ---- snapshots */

void net_add(net_state_t *state, const char *name, net_kind_t kind,
             apr_int64_t value)
{
    net_value_t *v = &state->of[state->count];

    if (state->count >= NET_MOST)
        abort();
    v->name = name;
    v->value = value;
    v->kind = kind;
    state->count++;
}

static void ask_apr_of_socket(net_state_t *state, apr_socket_t *sock)
{
    apr_interval_time_t timeout = -9;
    apr_int32_t on = -9, nodelay = -9;

    apr_socket_timeout_get(sock, &timeout);
    apr_socket_opt_get(sock, APR_SO_NONBLOCK, &on);
    apr_socket_opt_get(sock, APR_TCP_NODELAY, &nodelay);
    net_add(state, "APR's timeout", NET_SAME, timeout);
    net_add(state, "APR_SO_NONBLOCK", NET_SAME, on);
    net_add(state, "APR_TCP_NODELAY", NET_SAME, nodelay);
}

static void ask_apr_of_file(net_state_t *state, apr_file_t *file)
{
    apr_interval_time_t timeout = -9;

    apr_file_pipe_timeout_get(file, &timeout);
    net_add(state, "APR's timeout of the pipe", NET_SAME, timeout);
    net_add(state, "the size of APR's buffer", NET_SAME,
            (apr_int64_t)apr_file_buffer_size_get(file));
    net_add(state, "APR's flags of the file", NET_SAME,
            apr_file_flags_get(file));
}

static void ask(net_state_t *state, const net_target_t *target)
{
    looking++;
    state->count = 0;
    net_ask_system(state, target);
    if (target->sock != NULL)
        ask_apr_of_socket(state, target->sock);
    if (target->file != NULL)
        ask_apr_of_file(state, target->file);
    if (target->flag != NULL) /* another thread may have been in a run */
        net_add(state, "the run of attempts", NET_LEAST, *target->flag);
    looking--;
}

/* The first value that is another, or -1. */
static int difference(const net_state_t *was, const net_state_t *is,
                      int in_callback)
{
    int i;

    for (i = 0; i < was->count && i < is->count; i++) {
        const net_value_t *a = &was->of[i], *b = &is->of[i];

        if (in_callback && a->kind == NET_DELAYS)
            continue;
        if (a->kind == NET_LEAST ? b->value > a->value : b->value != a->value)
            return i;
    }
    return -1;
}

/* ---- writes */

/* A write that this thread is in. */
typedef struct frame_t {
    struct frame_t *outer;
    const bufv_writer_t *w; /* NULL: none is kept */
    net_target_t target;
    net_state_t before;
    net_state_t found; /* when this thread went outside */
    int looked;        /* this write is looked at */
    int outside;       /* in code of the test: what it does is its own */
    int callback;      /* so it has been */
} frame_t;

static NET_THREAD frame_t *innermost;

/* What the target is now: it may have gone in a callback. */
static net_target_t target_now(const frame_t *frame)
{
    return frame->w != NULL ? target_of(frame->w) : frame->target;
}

static void compare(frame_t *frame, const char *where, int in_callback)
{
    net_target_t target = target_now(frame);
    net_state_t now;
    int at = -1, i;

    if (is_broken() || memcmp(&target, &frame->target, sizeof(target)) != 0)
        return;
    for (i = 0; i < PATIENCE; i++) {
        ask(&now, &target);
        at = difference(&frame->before, &now, in_callback);
        if (at < 0)
            return;
        looking++;
        apr_sleep(PAUSE);
        looking--;
    }
    note_broken(where, &frame->before.of[at], &now.of[at]);
}

static void enter(frame_t *frame, const bufv_writer_t *w,
                  const net_target_t *target)
{
    apr_uint32_t number = apr_atomic_inc32(&writes);

    frame->outer = innermost;
    frame->w = w;
    frame->target = *target;
    frame->outside = 0;
    frame->looked = apr_atomic_read32(&pardoned) == 0 &&
                    (number < ALL_UNTIL || number % EVERY == 0);
    if (frame->looked)
        ask(&frame->before, target);
    innermost = frame;
}

static apr_status_t leave(frame_t *frame, const char *where,
                          apr_status_t status)
{
    innermost = frame->outer;
    if (frame->looked && apr_atomic_read32(&pardoned) == 0)
        compare(frame, where, 0);
    return status;
}

/* In code of the test, from which it may call anything. */
static frame_t *step_outside(const char *where)
{
    frame_t *frame = innermost;

    if (frame == NULL || frame->outside)
        return NULL;
    if (frame->looked) {
        compare(frame, where, 1);
        ask(&frame->found, &frame->target);
    }
    frame->outside = 1;
    return frame;
}

/* What the test changed meanwhile is how it has to stay. What may be
 * otherwise in callbacks, and it left alone, has to be as before. */
static void step_inside(frame_t *frame)
{
    net_state_t before;
    int i;

    if (frame == NULL)
        return;
    before = frame->before;
    frame->outside = 0;
    frame->target = target_now(frame);
    if (!frame->looked)
        return;
    ask(&frame->before, &frame->target);
    for (i = 0; i < before.count && i < frame->before.count; i++) {
        net_value_t *now = &frame->before.of[i];

        if (now->kind == NET_DELAYS && now->value == frame->found.of[i].value)
            now->value = before.of[i].value;
    }
}

void net_look(const char *where)
{
    frame_t *frame = innermost;

    if (frame != NULL && frame->looked && !frame->outside && !looking)
        compare(frame, where, 0);
}

void net_begin(void)
{
    make_ready();
    innermost = NULL;
    looking = 0;
    broken[0] = '\0';
    apr_atomic_set32(&pardoned, 0);
    apr_atomic_set32(&writes, 0);
}

/* ---- bufv.h's functions */

apr_status_t net_write(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written)
{
    net_target_t target = target_of(w);
    frame_t frame;

    enter(&frame, w, &target);
    return leave(&frame, "bufv_write()", bufv_write(v, w, written));
}

apr_status_t net_write_some(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written)
{
    net_target_t target = target_of(w);
    frame_t frame;

    enter(&frame, w, &target);
    return leave(&frame, "bufv_write_some()", bufv_write_some(v, w, written));
}

apr_status_t net_write_with(bufv_t *v, bufv_writer_t *w,
                            const bufv_terms_t *terms, bufv_report_t *report)
{
    net_target_t target = target_of(w);
    frame_t frame;

    enter(&frame, w, &target);
    return leave(&frame, "bufv_write_with()",
                 bufv_write_with(v, w, terms, report));
}

apr_status_t net_copy(bufv_writer_t *w, const bufv_reader_t *r, bufv_t *rest,
                      apr_uint64_t *copied)
{
    net_target_t target = target_of(w);
    frame_t frame;

    enter(&frame, w, &target);
    return leave(&frame, "bufv_copy()", bufv_copy(w, r, rest, copied));
}

apr_status_t net_send(bufv_t *v, apr_socket_t *sock, apr_uint64_t *written)
{
    net_target_t target = {NULL, NULL, NULL};
    frame_t frame;

    target.sock = sock;
    enter(&frame, NULL, &target);
    return leave(&frame, "bufv_send()", bufv_send(v, sock, written));
}

apr_status_t net_sendv(apr_socket_t *sock, const struct iovec *vec,
                       apr_int32_t nvec, apr_size_t *len)
{
    net_target_t target = {NULL, NULL, NULL};
    frame_t frame;

    target.sock = sock;
    enter(&frame, NULL, &target);
    return leave(&frame, "bufv_sendv()", bufv_sendv(sock, vec, nvec, len));
}

/* Its address may be that of one that has gone. */
apr_status_t net_writer_create(bufv_writer_t **w, const bufv_ops_t *ops,
                               void *baton, apr_pool_t *p)
{
    apr_status_t status = bufv_writer_create(w, ops, baton, p);

    if (status == APR_SUCCESS) {
        lock();
        memset(&known[place_for(*w)].target, 0, sizeof(net_target_t));
        unlock();
    }
    return status;
}

apr_status_t net_writer_socket(bufv_writer_t **w, apr_socket_t *sock,
                               apr_pool_t *p)
{
    apr_status_t status = bufv_writer_socket(w, sock, p);

    if (status == APR_SUCCESS)
        net_watch_socket(*w, sock);
    return status;
}

apr_status_t net_writer_file(bufv_writer_t **w, apr_file_t *file,
                             apr_pool_t *p)
{
    apr_status_t status = bufv_writer_file(w, file, p);

    if (status == APR_SUCCESS)
        watch_file(*w, file);
    return status;
}

/* ---- hooks */

static void hook_in_net(void *baton, const bufv_call_t *call)
{
    const bufv_writer_t *w = baton;
    bufv_hook_t *hook = NULL;
    void *own = NULL;
    frame_t *frame;
    int at;

    lock();
    at = place_of(w);
    if (at >= 0) {
        hook = known[at].hook;
        own = known[at].baton;
    }
    unlock();
    frame = step_outside("a hook");
    if (hook != NULL)
        hook(own, call);
    step_inside(frame);
}

void net_hook_set(bufv_writer_t *w, bufv_hook_t *hook, void *baton)
{
    int at;

    lock();
    at = place_for(w);
    known[at].hook = hook;
    known[at].baton = baton;
    unlock();
    bufv_writer_hook_set(w, hook != NULL ? hook_in_net : NULL, w);
}

/* ---- release callbacks */

typedef struct release_t {
    struct release_t *next; /* of those that are free */
    bufv_release_t *release;
    void *baton;
} release_t;

static release_t *free_releases;

/* Not by malloc(), whose calls some tests count. */
static release_t *release_new(bufv_release_t *release, void *baton)
{
    release_t *r;
    int i;

    lock();
    if (free_releases == NULL) {
        r = apr_palloc(net_pool, BLOCK * sizeof(*r));
        for (i = 0; i < BLOCK; i++) {
            r[i].next = free_releases;
            free_releases = &r[i];
        }
    }
    r = free_releases;
    free_releases = r->next;
    unlock();
    r->release = release;
    r->baton = baton;
    return r;
}

static void release_free(release_t *r)
{
    lock();
    r->next = free_releases;
    free_releases = r;
    unlock();
}

static void release_in_net(void *baton, const void *data, apr_size_t len)
{
    release_t r = *(release_t *)baton;
    frame_t *frame;

    release_free(baton);
    frame = step_outside("a release callback");
    r.release(r.baton, data, len);
    step_inside(frame);
}

apr_status_t net_append_owned(bufv_t *v, const void *data, apr_size_t len,
                              bufv_release_t *release, void *baton)
{
    apr_status_t status;
    release_t *r;

    if (release == NULL)
        return bufv_append_owned(v, data, len, NULL, baton);
    r = release_new(release, baton);
    status = bufv_append_owned(v, data, len, release_in_net, r);
    if (status != APR_SUCCESS)
        release_free(r);
    return status;
}

apr_status_t net_append_file_owned(bufv_t *v, apr_file_t *file,
                                   apr_off_t offset, apr_uint64_t len,
                                   bufv_release_t *release, void *baton)
{
    apr_status_t status;
    release_t *r;

    if (release == NULL)
        return bufv_append_file_owned(v, file, offset, len, NULL, baton);
    r = release_new(release, baton);
    status = bufv_append_file_owned(v, file, offset, len, release_in_net, r);
    if (status != APR_SUCCESS)
        release_free(r);
    return status;
}
