/* SPDX-License-Identifier: Apache-2.0 */

#include "scenario.h"
#include "alone.h"
#include "fiber.h"
#include "near.h"
#include "system.h"

#include <bufv_openssl.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NEARS_MAX 4
#define LISTS_EACH 3 /* that a fiber writes, at most */

/* No seed takes as long: peers behave within seconds, and TCP gives up a
 * connection within minutes. */
#define TIME_MAX apr_time_from_sec(4 * 3600)

static near_t nears[NEARS_MAX];
static apr_pool_t *pool;

/* ---- a link */

static void choose_link(void)
{
    link_t *link = &world_link;

    link->delay = rnd(4) == 0 ? (apr_interval_time_t)rnd(100)
                              : (apr_interval_time_t)rnd(60000);
    link->jitter = rnd(2) ? 0 : (apr_interval_time_t)rnd(30000);
    link->loss = rnd(2) ? 0 : rnd(120);
    link->twice = rnd(3) ? 0 : rnd(60);
    link->damage = rnd(4) ? 0 : rnd(40);
    link->bytes_per_ms = rnd(3) ? 0 : 20 + rnd(2000);
    if (rnd(6) == 0) {
        link->cut_from = world_now() + rnd(1000000);
        link->cut_to = link->cut_from + rnd(3000000);
    }
    tell("the link: %u lost, %u twice, %u damaged of 1000; %ld to %ld us; "
         "%u bytes a ms",
         link->loss, link->twice, link->damage, (long)link->delay,
         (long)(link->delay + link->jitter), link->bytes_per_ms);
}

/* Owned by the scene's pool or by nobody: destroyed in either way. */
static apr_pool_t *some_pool(void)
{
    return rnd(4) ? pool : NULL;
}

static list_t *some_list(void)
{
    list_t *list = list_new(some_pool());

    list->appends = rnd(3) ? 0 : (int)rnd(5);
    list_fill(list, rnd(8) == 0 ? rnd(300) : rnd(40));
    if (rnd(40) == 0)
        list_append_missing(list);
    return list;
}

static void pass(uint32_t most)
{
    fiber_wait(NULL, NULL, world_now() + rnd(most));
}

/* ---- one who writes a list until it is gone */

/* What is asked of the next call. */
static void ask(asked_t *asked, int wait)
{
    asked->wait = wait;
    asked->within = 0;
    asked->budget = 0;
    if (rnd(4) == 0)
        asked->within = (apr_interval_time_t)rnd(1000000) - 1000;
    if (rnd(4) == 0)
        asked->budget = 1 + rnd(20000);
}

/* Changes the list between two calls, in ways that a program may. */
static list_t *change(near_t *n, list_t *list)
{
    list_t *other;

    switch (rnd(24)) {
    case 0:
        list_prepend(list);
        return list;
    case 1:
        if (lists_room() < 40)
            return list;
        other = list_new(some_pool());
        near_moved(n, list, other);
        list_append(other, list);
        return other;
    case 2:
        list_fill(list, rnd(4));
        return list;
    case 3:
        if (!n->locked)
            list_read(list, 1 + rnd(3000));
        return list;
    case 4:
        list_trim(list);
        return list;
    case 5:
        list_peek(list);
        return list;
    case 6: /* others may come between */
        if (n->locked)
            near_abandon(n);
        return list;
    default:
        return list;
    }
}

/* Waits for what a status says to wait for. Returns 0 if there is nothing to
 * wait for. */
static int await(near_t *n, apr_status_t status)
{
    if (APR_STATUS_IS_EAGAIN(status))
        near_wait(n);
    else if (APR_STATUS_IS_INCOMPLETE(status))
        fiber_yield();
    else if (APR_STATUS_IS_TIMEUP(status) || APR_STATUS_IS_EBUSY(status) ||
             APR_STATUS_IS_ENOMEM(status))
        pass(30000);
    else
        return status == APR_EINIT || status == APR_EGENERAL;
    return 1;
}

/* Writes a list until it is gone. Returns 0 if it was given up, and sets *rest
 * to what is left of it. */
static int write_all(near_t *n, list_t *list, int wait, list_t **rest)
{
    apr_status_t status;
    asked_t asked;
    int turns = 0;

    do {
        if (!n->locked && rnd(3) == 0)
            near_choose_limits(n);
        ask(&asked, wait);
        status = near_write(n, list, &asked);
        *rest = list;
        if (list->v == NULL)
            return 0;
        if (status == APR_SUCCESS && list->left == 0)
            return 1;
        if (!await(n, status) || ++turns > 200 || rnd(60) == 0)
            return 0;
        list = change(n, list);
    } while (1);
}

/* Drops what is left of a list. */
static void drop(near_t *n, list_t *list)
{
    near_dropped(n, list);
    if (list->v == NULL)
        return;
    if (rnd(3) == 0)
        list_read(list, 1 + rnd(60000));
    if (rnd(2))
        list_clear(list);
    else
        list_destroy(list);
}

/* ---- scenes: fibers that write */

/* One connection, and lists one after the other. Half of a list may go first,
 * as a list of its own. A list that was given up ends the connection. */
static void write_alone(void *arg)
{
    near_t *n = arg;
    int wait = rnd(3) > 0, lists = 1 + (int)rnd(LISTS_EACH);
    list_t *list, *head, *rest;

    while (lists-- > 0) {
        list = some_list();
        head = NULL;
        if (rnd(4) == 0)
            list_split(list, head = list_new(some_pool()));
        if (head != NULL && !write_all(n, head, wait, &rest))
            break;
        if (!write_all(n, list, wait, &rest))
            break;
        if (rnd(2))
            list_destroy(rest);
    }
    if (rest->v != NULL && rest->left > 0)
        drop(n, rest);
    near_drain(n);
}

static void meet_alone(void *arg)
{
    near_t *n = arg;

    if (!near_connect(n, WORLD_PEER_PORT, rnd(12) == 0))
        return;
    near_open(n, some_pool());
    near_choose_limits(n);
    write_alone(n);
    near_close(n);
}

/* One thread and several connections, none of which it waits for: an event
 * loop. */
static int any_ready(void *baton)
{
    list_t **lists = baton;
    int i;

    for (i = 0; i < NEARS_MAX; i++) {
        if (lists[i] != NULL && lwip_conn_is_ready(&nears[i].tcp))
            return 1;
    }
    return 0;
}

/* Gives each connection its turn. Returns whether a list is left. */
static int turn(list_t **lists)
{
    asked_t asked = {0, 0, 0};
    apr_status_t status;
    int i, left = 0;

    for (i = 0; i < NEARS_MAX; i++) {
        if (lists[i] == NULL || !lwip_conn_is_ready(&nears[i].tcp))
            continue;
        asked.budget = rnd(2) ? 0 : 1 + rnd(8000);
        status = near_write(&nears[i], lists[i], &asked);
        if (status == APR_SUCCESS || lists[i]->v == NULL || is_gone(status) ||
            APR_STATUS_IS_EOF(status))
            lists[i] = NULL;
    }
    for (i = 0; i < NEARS_MAX; i++)
        left |= lists[i] != NULL;
    return left;
}

static void meet_loop(void *arg)
{
    list_t *lists[NEARS_MAX] = {NULL};
    int count = 1 + (int)rnd(NEARS_MAX), i;

    (void)arg;
    for (i = 0; i < count; i++) {
        if (!near_connect(&nears[i], (u16_t)(WORLD_PEER_PORT + i), 0))
            return;
    }
    for (i = 0; i < count; i++) {
        near_open(&nears[i], some_pool());
        lists[i] = some_list();
    }
    while (turn(lists)) {
        fiber_wait(any_ready, lists, -1);
        if (rnd(4) == 0)
            pass(2000);
    }
    for (i = 0; i < count; i++)
        near_drain(&nears[i]);
    for (i = 0; i < count; i++)
        near_close(&nears[i]);
}

/* ---- one connection, and several threads */

static int writing; /* threads */

static int nobody_writes(void *baton)
{
    (void)baton;
    return writing == 0;
}

/* Whoever drops the rest of a list gives it up, sooner or later. */
static void write_in_turn(void *arg)
{
    near_t *n = arg;
    int wait = rnd(4) > 0, lists = 1 + (int)rnd(LISTS_EACH);
    list_t *list, *rest;

    while (lists-- > 0) {
        list = some_list();
        pass(50000);
        if (write_all(n, list, wait, &rest))
            continue;
        drop(n, rest);
        if (n->dropped) {
            pass(100000);
            near_abandon(n);
        }
        if (rnd(8) == 0)
            near_abandon(n);
    }
    writing--;
}

static void meet_locked(void *arg)
{
    near_t *n = arg;
    int i;

    if (!near_connect(n, WORLD_PEER_PORT, rnd(16) == 0))
        return;
    near_open(n, some_pool());
    HOLDS(bufv_writer_lock_enable(n->w) == APR_SUCCESS);
    n->locked = 1;
    near_choose_limits(n);
    writing = 2 + (int)rnd(3);
    for (i = writing; i > 0; i--)
        fiber_start(write_in_turn, n);
    fiber_wait(nobody_writes, NULL, -1);
    near_drain(n);
    near_close(n);
}

/* ---- one list, and several connections */

static list_t *clones[NEARS_MAX];

static void write_clone(void *arg)
{
    near_t *n = arg;
    list_t *rest;

    if (!write_all(n, clones[n - nears], rnd(3) > 0, &rest))
        drop(n, rest);
    near_drain(n);
    near_close(n);
}

/* The list goes before the clones have been written, or after that. */
static void meet_clones(void *arg)
{
    int count = 2 + (int)rnd(NEARS_MAX - 1), i;
    list_t *list;

    (void)arg;
    for (i = 0; i < count; i++) {
        if (!near_connect(&nears[i], (u16_t)(WORLD_PEER_PORT + i), 0))
            return;
    }
    list = some_list();
    list->appends = 0;
    for (i = 0; i < count; i++) {
        near_open(&nears[i], some_pool());
        near_choose_limits(&nears[i]);
        clones[i] = list_new(some_pool());
        list_clone(clones[i], list);
        fiber_start(write_clone, &nears[i]);
    }
    pass(200000);
    if (rnd(2))
        list_destroy(list);
}

/* ---- a writer that knows OpenSSL, and no connection */

static list_t *ssl_list;

static void on_ssl_attempt(void *baton, const bufv_call_t *told)
{
    near_t *n = baton;
    apr_size_t done = 0;

    while (done < told->written) {
        uint32_t len, at = list_place(ssl_list, done, &len);

        if (len > told->written - done)
            len = (uint32_t)(told->written - done);
        log_add(&n->log, at, len);
        done += len;
    }
    list_took(ssl_list, told->written);
    list_check(ssl_list);
}

/* It has nothing to wait for: what OpenSSL has encrypted is the program's to
 * send. */
static void write_by_ssl(near_t *n)
{
    apr_uint64_t written;
    apr_status_t status;
    bufv_writer_t *w;

    HOLDS(bufv_writer_ssl(&w, n->tls->ssl, NULL, pool) == APR_SUCCESS);
    bufv_writer_hook_set(w, on_ssl_attempt, n);
    do {
        uint64_t before = ssl_list->left;

        status = rnd(2) ? bufv_write(ssl_list->v, w, &written)
                        : bufv_write_some(ssl_list->v, w, &written);
        tell("SSL: %lu bytes, status %d", (unsigned long)written, (int)status);
        HOLDS(written == before - ssl_list->left);
        HOLDS(status == (ssl_list->left == 0 ? APR_SUCCESS : APR_EAGAIN));
        tls_push(n->tls);
        fiber_wait(tls_is_ready, n->tls, -1);
    } while (ssl_list->left > 0 && n->tcp.pcb != NULL);
    near_drain(n);
    bufv_writer_destroy(w);
}

static void meet_ssl(void *arg)
{
    near_t *n = arg;

    if (!near_connect(n, WORLD_PEER_PORT, 2))
        return;
    ssl_list = list_new(some_pool());
    list_fill_borrowed(ssl_list, 1 + rnd(100));
    write_by_ssl(n);
    tls_free(n->tls);
    tls_free(n->far_tls);
}

/* ---- messages: whole or not at all */

typedef struct mailbox_t {
    list_t *list; /* that is being written */
    apr_size_t max_vec, max_bytes;
    uint64_t written, attempts;
    apr_status_t last; /* of the last attempt */
} mailbox_t;

/* What becomes of a message. Its sender may not claim a part of it, nor more
 * than all. */
static apr_status_t some_fate(apr_size_t sum, apr_size_t *written)
{
    switch (rnd(12)) {
    case 0:
        return APR_EAGAIN;
    case 1:
        return APR_EINTR;
    case 2:
        return APR_ENOMEM;
    case 3:
        *written = rnd(2) && sum > 1 ? 1 + rnd((uint32_t)sum - 1) : sum + 1;
        return APR_SUCCESS;
    default:
        *written = sum;
        return APR_SUCCESS;
    }
}

static apr_status_t send_message(void *baton, const struct iovec *vec,
                                 apr_size_t nvec, int more,
                                 apr_size_t *written)
{
    mailbox_t *m = baton;
    apr_size_t sum = 0, i, took;
    apr_status_t status;

    HOLDS(nvec > 0 && nvec <= m->max_vec && more == 0);
    HOLDS(m->attempts == 0 || m->last != APR_EGENERAL);
    for (i = 0; i < nvec; i++) {
        HOLDS(list_has(m->list, sum, vec[i].iov_base, vec[i].iov_len));
        sum += vec[i].iov_len;
    }
    HOLDS(sum == m->list->left && sum <= m->max_bytes);
    *written = 0;
    status = some_fate(sum, written);
    took = *written < sum ? *written : sum;
    tell("  message: %lu bytes in %lu, %lu taken, status %d",
         (unsigned long)sum, (unsigned long)nvec, (unsigned long)*written,
         (int)status);
    m->attempts++;
    m->written += took;
    m->last = *written == 0 || *written == sum ? status : APR_EGENERAL;
    list_took(m->list, took);
    return status;
}

static apr_status_t wait_for_mailbox(void *baton, apr_interval_time_t timeout)
{
    (void)baton;
    HOLDS(timeout < 0);
    pass(20000);
    return APR_SUCCESS;
}

static apr_time_t mailbox_now(void *baton)
{
    (void)baton;
    return world_now();
}

static void mailbox_pause(void *baton, apr_interval_time_t time)
{
    (void)baton;
    fiber_wait(NULL, NULL, world_now() + time);
}

static bufv_writer_t *mailbox_writer(mailbox_t *m)
{
    bufv_ops_t ops = {0};
    bufv_writer_t *w;

    ops.size = sizeof(ops);
    ops.name = "message";
    ops.max_vec = m->max_vec = rnd(2) ? 1024 : 1 + rnd(8);
    ops.max_bytes = m->max_bytes = 500 + rnd(100000);
    ops.copy_below = rnd(600);
    ops.message = 1;
    ops.writev = send_message;
    ops.wait = wait_for_mailbox;
    ops.now = mailbox_now;
    ops.pause = mailbox_pause;
    HOLDS(bufv_writer_create(&w, &ops, m, some_pool()) == APR_SUCCESS);
    return w;
}

/* A budget is for streams. */
static apr_status_t post(mailbox_t *m, bufv_writer_t *w)
{
    bufv_terms_t terms = {sizeof(terms), 0, 0, 0};
    bufv_report_t report = {0};
    uint64_t left = m->list->left;
    int waits = rnd(2) == 0;
    apr_status_t status;

    terms.wait = waits;
    terms.budget = rnd(3) == 0 ? 1 + rnd(2000) : 0;
    report.size = sizeof(report);
    m->written = m->attempts = 0;
    m->last = APR_SUCCESS;
    list_settle(m->list);
    status = bufv_write_with(m->list->v, w, &terms, &report);
    tell("  returns %d, %lu are left", (int)status,
         (unsigned long)report.left);
    HOLDS(report.written == m->written && report.calls == m->attempts);
    HOLDS(report.left == m->list->left && report.left == left - m->written);
    if (left > m->max_bytes)
        HOLDS(status == APR_EINVAL && m->attempts == 0);
    else
        HOLDS(status == m->last && !APR_STATUS_IS_EINTR(status));
    HOLDS(!waits || !APR_STATUS_IS_EAGAIN(status));
    list_check_released();
    list_check(m->list);
    world_mix((uint64_t)status);
    return status;
}

static void meet_messages(void *arg)
{
    mailbox_t m;
    bufv_writer_t *w = mailbox_writer(&m);
    int lists = 1 + (int)rnd(2 * LISTS_EACH);
    apr_status_t status;

    (void)arg;
    while (lists-- > 0) {
        m.list = list_new(some_pool());
        list_fill(m.list, rnd(3) ? rnd(12) : rnd(60));
        do
            status = post(&m, w);
        while (APR_STATUS_IS_EAGAIN(status) || APR_STATUS_IS_ENOMEM(status));
        if (rnd(2))
            list_clear(m.list);
    }
    bufv_writer_destroy(w);
}

/* ---- a seed */

/* Those in which there is most to see come most often. */
static const struct {
    void (*meet)(void *arg);
    uint32_t often;
    const char *name;
} scenes[] = {
    {meet_alone, 5, "one writer"},       {meet_loop, 3, "an event loop"},
    {meet_locked, 4, "threads"},         {meet_clones, 2, "clones"},
    {meet_ssl, 1, "SSL without a wait"}, {meet_messages, 1, "messages"},
    {meet_memory, 1, "memory"},          {meet_abyss, 1, "over 4 GiB"}};

#define SCENES (sizeof(scenes) / sizeof(*scenes))

static uint64_t met[SCENES];

static void choose_scene(void)
{
    uint32_t n = 0, i;

    for (i = 0; i < SCENES; i++)
        n += scenes[i].often;
    n = rnd(n);
    for (i = 0; n >= scenes[i].often; i++)
        n -= scenes[i].often;
    met[i]++;
    tell("the scene: %s", scenes[i].name);
    fiber_start(scenes[i].meet, &nears[0]);
}

void scenario_print_counts(void)
{
    uint32_t i;

    printf("  scenes:");
    for (i = 0; i < SCENES; i++)
        printf("%s %" PRIu64 " %s", i > 0 ? "," : "", met[i], scenes[i].name);
    printf("\n");
}

uint64_t scenario_run(uint64_t seed)
{
    world_begin(seed);
    system_begin();
    tls_seed(seed);
    HOLDS(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    lists_begin(pool);
    choose_link();
    choose_scene();
    fibers_run(world_now() + TIME_MAX);
    lists_end();
    system_end();
    return world_hash();
}
