/* SPDX-License-Identifier: Apache-2.0 */

/* Growth (promises 3, 6, 20d): each operation is linear in what it touches,
 * also with very many ranges of files, release points, splits and clones; a
 * list that is filled and drained stays the size of its largest fill; and a
 * write fits on a small stack. */

#include "alloc.h"
#include "peer.h"
#include "scripted.h"

#include <time.h>

#ifndef _WIN32
#include <pthread.h>
#endif

/* Lists of so many chunks, and of four times as many. What is linear takes
 * four times as long, what is quadratic sixteen times; up to twice the former
 * is the machine's, and so is what is short. */
#define MANY 30000
#define TIMES 4
#define ALLOWED 8.0
#define SHORT 0.060
#define ROUNDS 3

static apr_file_t *file;
static unsigned long released;

static void count_release(void *baton, const void *data, apr_size_t len)
{
    (void)baton;
    (void)data;
    (void)len;
    released++;
}

/* Lists of one byte each: borrowed, owned, of a file; and copied. */
typedef enum kind_t { BORROWED, OWNED, RANGES, COPIED, KINDS } kind_t;

static const char *const kinds[] = {"borrowed", "owned", "ranges", "copied"};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

static apr_status_t add_one(bufv_t *v, kind_t kind, int i)
{
    const char *at = letters + i % 26;

    switch (kind) {
    case BORROWED:
        return bufv_append(v, at, 1);
    case OWNED:
        return bufv_append_owned(v, at, 1, count_release, NULL);
    case RANGES:
        return bufv_append_file(v, file, i % 26, 1);
    default:
        return bufv_append_copy(v, at, 1);
    }
}

static bufv_t *list_many(kind_t kind, int n)
{
    apr_status_t first = APR_SUCCESS;
    bufv_t *v;
    int i;

    assert_ok(bufv_create(&v, NULL));
    for (i = 0; i < n; i++)
        note(first, add_one(v, kind, i));
    assert_ok(first);
    return v;
}

/* ---- what is measured: each is given a list of n chunks, and destroys it */

typedef apr_status_t work_t(bufv_t *v, int n);

static apr_status_t split_in_half(bufv_t *v, int n)
{
    bufv_t *head = NULL;
    apr_status_t first = bufv_create(&head, NULL);

    note(first, bufv_split(v, (apr_uint64_t)n / 2, head));
    bufv_destroy(head);
    return first;
}

/* One after the other, each into a list of its own. */
static apr_status_t split_off(bufv_t *v, int n)
{
    bufv_t *head = NULL;
    apr_status_t first = bufv_create(&head, NULL);

    for (; n > 0; n--) {
        note(first, bufv_split(v, 1, head));
        bufv_clear(head);
    }
    bufv_destroy(head);
    return first;
}

/* The first one becomes the last. */
static apr_status_t turn_around(bufv_t *v, int n)
{
    bufv_t *head = NULL;
    apr_status_t first = bufv_create(&head, NULL);

    for (; n > 0; n--) {
        note(first, bufv_split(v, 1, head));
        note(first, bufv_append_list(v, head));
    }
    bufv_destroy(head);
    return first;
}

static apr_status_t move_all(bufv_t *v, int n)
{
    bufv_t *to = NULL;
    apr_status_t first = bufv_create(&to, NULL);

    (void)n;
    note(first, bufv_append(to, "x", 1));
    note(first, bufv_append_list(to, v));
    bufv_destroy(to);
    return first;
}

static apr_status_t consume_by_one(bufv_t *v, int n)
{
    apr_status_t first = APR_SUCCESS;

    for (; n > 0; n--)
        note(first, bufv_consume(v, 1));
    return first;
}

static apr_status_t read_by_one(bufv_t *v, int n)
{
    apr_status_t first = APR_SUCCESS;
    apr_size_t len;
    char byte;

    for (; n > 0; n--) {
        len = 1;
        note(first, bufv_read(v, &byte, &len));
    }
    return first;
}

/* Looks at the first few, over and over. */
static apr_status_t peek_at_few(bufv_t *v, int n)
{
    apr_status_t first = APR_SUCCESS;
    struct iovec vec[4];
    apr_size_t nvec;

    for (; n > 0; n--) {
        nvec = COUNT(vec);
        note(first, bufv_peek(v, vec, &nvec));
    }
    return first;
}

static apr_status_t clone_it(bufv_t *v, int n)
{
    bufv_t *copy = NULL;
    apr_status_t first = bufv_create(&copy, NULL);

    (void)n;
    note(first, bufv_clone(copy, v));
    note(first, bufv_clone(copy, v));
    bufv_destroy(copy);
    return first;
}

/* Many clones of a short list, one behind the other. */
static apr_status_t clone_often(bufv_t *v, int n)
{
    bufv_t *copy = NULL, *head = NULL;
    apr_status_t first = bufv_create(&copy, NULL);

    note(first, bufv_create(&head, NULL));
    note(first, bufv_split(v, 3, head));
    for (; n > 0; n--)
        note(first, bufv_clone(copy, head));
    bufv_destroy(head);
    note(first, bufv_consume(copy, bufv_length(copy)));
    bufv_destroy(copy);
    return first;
}

static apr_status_t prepend_often(bufv_t *v, int n)
{
    apr_status_t first = APR_SUCCESS;

    for (; n > 0; n--)
        note(first, bufv_prepend(v, "x", 1));
    return first;
}

static apr_status_t reserve_often(bufv_t *v, int n)
{
    apr_status_t first = APR_SUCCESS;
    apr_size_t room;
    void *data;

    for (; n > 0; n--) {
        note(first, bufv_reserve(v, 10, &data, &room));
        memset(data, 'x', 2);
        note(first, bufv_commit(v, 2));
    }
    return first;
}

/* A queue: what is appended at its end is drained at its front. */
static apr_status_t run_through(bufv_t *v, int n)
{
    apr_status_t first = APR_SUCCESS;

    for (; n > 0; n--) {
        note(first, bufv_append_copy(v, "xy", 2));
        note(first, bufv_append_file(v, file, 0, 1));
        note(first, bufv_append_owned(v, "z", 1, count_release, NULL));
        note(first, bufv_consume(v, 4));
    }
    return first;
}

static scripted_t *nowhere(apr_size_t max_vec, apr_size_t copy_below)
{
    scripted_t *s = scripted_new(pool);

    s->discard = 1;
    s->ops.max_vec = max_vec;
    s->ops.copy_below = copy_below;
    scripted_open(s);
    return s;
}

/* A chunk an attempt. */
static apr_status_t write_by_one(bufv_t *v, int n)
{
    (void)n;
    return bufv_write(v, nowhere(1, 0)->w, NULL);
}

static apr_status_t write_gathered(bufv_t *v, int n)
{
    (void)n;
    return bufv_write(v, nowhere(1024, 512)->w, NULL);
}

/* A call for each byte. */
static apr_status_t write_by_budget(bufv_t *v, int n)
{
    bufv_terms_t terms = terms_of(0, 0, 1);
    scripted_t *s = nowhere(1024, 512);
    apr_status_t status;
    int calls = 0;

    do
        status = bufv_write_with(v, s->w, &terms, NULL);
    while (status == APR_INCOMPLETE && ++calls < n);
    return status;
}

/* To one that takes a few bytes at a time and is full. */
static apr_status_t write_slowly(bufv_t *v, int n)
{
    scripted_t *s = nowhere(16, 512);

    (void)n;
    s->otherwise.take = 200;
    s->otherwise.status = APR_EAGAIN;
    return bufv_write(v, s->w, NULL);
}

static const struct {
    const char *name;
    work_t *work;
} works[] = {
    {"split in half", split_in_half},     {"split off", split_off},
    {"turn around", turn_around},         {"move all", move_all},
    {"consume by one", consume_by_one},   {"read by one", read_by_one},
    {"peek at few", peek_at_few},         {"clone", clone_it},
    {"clone often", clone_often},         {"prepend often", prepend_often},
    {"reserve often", reserve_often},     {"run through", run_through},
    {"write by one", write_by_one},       {"write gathered", write_gathered},
    {"write by budget", write_by_budget}, {"write slowly", write_slowly},
};

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* CPU time for a list of n, its making and its end included; the best of a few
 * rounds, of as many as do not take too long. */
static double cpu_for(work_t *work, kind_t kind, int n)
{
    double best = 1e9, took;
    int round;

    for (round = 0; round < ROUNDS && (round == 0 || best < 1); round++) {
        bufv_t *v;

        took = seconds();
        v = list_many(kind, n);
        assert_ok(work(v, n));
        bufv_destroy(v);
        took = seconds() - took;
        best = took < best ? took : best;
    }
    return best;
}

START_TEST(growth__is_linear)
{
    work_t *work = works[_i / KINDS].work;
    kind_t kind = (kind_t)(_i % KINDS);
    int n = env_is_set("BUFV_TEST_QUICK") ? MANY / 10 : MANY;
    double one, many;

    net_pardon(); /* its looks take more than what is measured */
    file = file_new(letters, 26, 0);
    one = cpu_for(work, kind, n);
    many = cpu_for(work, kind, TIMES * n);
    ck_assert_msg(many < SHORT || many <= ALLOWED * one,
                  "%s, %s: %d take %.3f s, %d take %.3f s",
                  works[_i / KINDS].name, kinds[kind], n, one, TIMES * n,
                  many);
}
END_TEST

/* ---- memory */

static int unseen(const char *test)
{
    if (alloc_is_seen())
        return 0;
    skip(test, "the linker cannot wrap malloc here");
    return 1;
}

/* Appending n chunks of a kind allocates in leaps: copies fill slabs. */
START_TEST(growth__allocates_in_leaps)
{
    unsigned long calls;
    bufv_t *v;

    if (unseen("growth__allocates_in_leaps"))
        return;
    file = file_new(letters, 26, 0);
    calls = alloc_calls();
    v = list_many((kind_t)_i, MANY);
    calls = alloc_calls() - calls;
    ck_assert_uint_lt(calls, 60);
    bufv_destroy(v);
}
END_TEST

/* Moving and splitting allocate for what they touch, and not for each chunk;
 * cloning one for each release point that becomes shared, the first time. */
START_TEST(growth__moves_without_allocating)
{
    kind_t kind = (kind_t)_i;
    unsigned long split, clone, again;
    apr_status_t first = APR_SUCCESS;
    bufv_t *v, *head, *copy;

    if (unseen("growth__moves_without_allocating"))
        return;
    file = file_new(letters, 26, 0);
    v = list_many(kind, MANY);
    head = list_new();
    copy = list_new();
    split = alloc_calls();
    note(first, bufv_split(v, MANY / 2, head));
    note(first, bufv_append_list(v, head));
    clone = alloc_calls();
    note(first, bufv_clone(copy, v));
    again = alloc_calls();
    bufv_clear(copy);
    note(first, bufv_clone(copy, v));
    ck_assert_uint_eq(alloc_calls() - again, 0);
    assert_ok(first);
    ck_assert_uint_lt(clone - split, 20);
    ck_assert_uint_lt(again - clone, kind == OWNED ? MANY + 20 : 20);
    bufv_destroy(v);
}
END_TEST

/* One round of everything; the lists are empty afterwards. */
static apr_status_t round_of_all(bufv_t *v, bufv_t *other, bufv_writer_t *w)
{
    apr_status_t first = APR_SUCCESS;
    int i;

    for (i = 0; i < 400; i++)
        note(first, add_one(v, (kind_t)(i % KINDS), i));
    note(first, bufv_split(v, 150, other));
    note(first, bufv_clone(other, v));
    note(first, bufv_write(v, w, NULL));
    note(first, bufv_consume(other, 10));
    note(first, bufv_append_list(v, other));
    note(first, bufv_write(v, w, NULL));
    return first;
}

/* Rounds by the thousand: the process stays as large as after the first few.
 */
START_TEST(growth__stays_the_size_of_the_largest_fill)
{
    bufv_t *v = list_new(), *other = list_new();
    scripted_t *s = nowhere(1024, 512);
    apr_status_t first = APR_SUCCESS;
    unsigned long bytes = 0;
    long blocks = 0;
    int i;

    file = file_new(letters, 26, 0);
    for (i = 0; i < 2000; i++) {
        note(first, round_of_all(v, other, s->w));
        if (i == 20) {
            bytes = alloc_bytes_in_use();
            blocks = alloc_blocks();
        }
    }
    ck_assert_int_le(alloc_blocks(), blocks + 8);
    ck_assert_uint_le(alloc_bytes_in_use(), bytes + 65536);
    assert_ok(first);
}
END_TEST

/* A large fill of each kind is given back by bufv_trim(), drained in whichever
 * way; and what is left works. */
START_TEST(growth__is_trimmed)
{
    kind_t kind = (kind_t)(_i / 3);
    int n = env_is_set("BUFV_TEST_QUICK") ? 3 * MANY : 10 * MANY;
    unsigned long bytes;
    bufv_t *v, *small;

    file = file_new(letters, 26, 0);
    small = list_many(kind, 3);
    bytes = alloc_bytes_in_use();
    v = list_many(kind, n);
    if (_i % 3 == 0)
        bufv_clear(v);
    if (_i % 3 == 1)
        assert_ok(bufv_consume(v, bufv_length(v)));
    if (_i % 3 == 2)
        assert_ok(write_gathered(v, 0));
    bufv_trim(v);
    if (bytes > 0) /* the stays of the process are half a MiB at most */
        ck_assert_uint_le(alloc_bytes_in_use(), bytes + (1 << 20));
    assert_ok(add_one(v, kind, 0));
    assert_bytes(v, "a", 1);
    bufv_destroy(v);
    bufv_destroy(small);
}
END_TEST

/* ---- stack */

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#if defined(_WIN32) || defined(SANITIZED)
START_TEST(growth__fits_on_a_small_stack)
{
    skip("growth__fits_on_a_small_stack",
         "a thread cannot be given a stack here, or it is a sanitizer's");
}
END_TEST
#else
/* The net needs some of its own, which is not to be measured. */
#undef bufv_write
#undef bufv_write_some
#undef bufv_send
#undef bufv_sendv
#undef bufv_copy

#define STACK ((apr_size_t)256 * 1024)
#define MOST ((apr_size_t)48 * 1024)
#define PAINT 0x5a

typedef struct small_t {
    bufv_writer_t *w;
    bufv_t *v;
    apr_socket_t *sock;
    apr_status_t status;
} small_t;

static void add_chunks(bufv_t *v)
{
    int i;

    for (i = 0; i < 3000; i++)
        bufv_append(v, letters, (apr_size_t)(1 + i % 20));
    bufv_append_file(v, file, 0, 20);
    for (i = 0; i < 3000; i++)
        bufv_append(v, letters, 20);
}

static void write_list(small_t *s)
{
    char text[200];

    add_chunks(s->v);
    s->status = bufv_write(s->v, s->w, NULL);
    bufv_writer_strerror(s->w, text, sizeof(text));
}

static void write_by_reference(small_t *s)
{
    bufv_writer_copy_below_set(s->w, 0);
    write_list(s);
}

static void write_files(small_t *s)
{
    int i;

    bufv_writer_sendfile_from_set(s->w, 0);
    for (i = 0; i < 100; i++) {
        bufv_append(s->v, letters, 26);
        bufv_append_file(s->v, file, 0, 26);
    }
    s->status = bufv_write(s->v, s->w, NULL);
}

static void write_once(small_t *s)
{
    struct iovec vec[64];
    int i;

    for (i = 0; i < 64; i++) {
        vec[i].iov_base = (char *)(apr_uintptr_t)letters;
        vec[i].iov_len = 20;
    }
    s->status = bufv_sendv(s->sock, vec, 64, NULL);
    add_chunks(s->v);
    if (s->status == APR_SUCCESS)
        s->status = bufv_send(s->v, s->sock, NULL);
}

static void copy_file(small_t *s)
{
    bufv_reader_t r = bufv_reader_file(file);
    apr_off_t begin = 0;
    apr_size_t got;

    s->status = apr_file_seek(file, APR_SET, &begin);
    if (s->status == APR_SUCCESS)
        s->status = bufv_fill(s->v, &r, 10, &got);
    if (s->status == APR_SUCCESS)
        s->status = bufv_copy(s->w, &r, s->v, NULL);
}

static void (*const uses[])(small_t *s) = {write_list, write_by_reference,
                                           write_files, write_once, copy_file};

enum { TO_SOCKET, TO_FILE, TO_PIPE, TO_MESSAGES, TO_OWN, PLACES };

/* Nobody reads it: what fits leaves. */
static apr_file_t *pipe_end(void)
{
    apr_file_t *in, *out;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_file_pipe_timeout_set(out, 0));
    return out;
}

static void small_to(small_t *s, int where, peer_t *p)
{
    memset(s, 0, sizeof(*s));
    s->v = list_new();
    s->sock = p->near_end;
    s->status = APR_EGENERAL;
    if (where == TO_SOCKET)
        s->w = peer_writer(p);
    if (where == TO_FILE)
        assert_ok(bufv_writer_file(&s->w, file_new("", 0, 0), pool));
    if (where == TO_PIPE)
        assert_ok(bufv_writer_file(&s->w, pipe_end(), pool));
    if (where == TO_MESSAGES)
        assert_ok(bufv_writer_socket(&s->w, peer_datagram()->near_end, pool));
    if (where == TO_OWN)
        s->w = nowhere(1024, 512)->w;
}

typedef struct thread_t {
    small_t *s;
    void (*use)(small_t *s);
} thread_t;

static void *run_use(void *baton)
{
    thread_t *t = baton;

    t->use(t->s);
    return NULL;
}

/* Runs it on a painted stack; returns how much paint has gone. */
static apr_size_t stack_of(thread_t *t)
{
    unsigned char *stack = NULL;
    apr_size_t untouched = 0;
    pthread_attr_t attr;
    pthread_t thread;

    ck_assert_int_eq(posix_memalign((void **)&stack, 65536, STACK), 0);
    memset(stack, PAINT, STACK);
    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstack(&attr, stack, STACK), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, run_use, t), 0);
    pthread_join(thread, NULL);
    while (untouched < STACK && stack[untouched] == PAINT)
        untouched++;
    free(stack);
    return STACK - untouched;
}

static void do_nothing(small_t *s)
{
    s->status = APR_SUCCESS;
}

/* Every use to every kind of destination, less what a thread that does nothing
 * needs. */
START_TEST(growth__fits_on_a_small_stack)
{
    int where = _i % PLACES;
    peer_t *p = peer_new();
    apr_size_t idle, used;
    thread_t t;
    small_t s;

    file = file_new(letters, 26, APR_FOPEN_SENDFILE_ENABLED);
    peer_start(p);
    small_to(&s, where, p);
    t.s = &s;
    t.use = do_nothing;
    idle = stack_of(&t);
    t.use = uses[_i / PLACES];
    used = stack_of(&t) - idle;
    ck_assert_uint_lt(used, MOST);
    if (where != TO_MESSAGES && where != TO_PIPE)
        assert_ok(s.status);
    peer_finish(p);
}
END_TEST
#define STACKS ((int)COUNT(uses) * PLACES)
#endif
#ifndef STACKS
#define STACKS 1
#endif

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, growth__is_linear, 0, KINDS * (int)COUNT(works));
    tcase_add_loop_test(tc, growth__allocates_in_leaps, 0, KINDS);
    tcase_add_loop_test(tc, growth__moves_without_allocating, 0, KINDS);
    tcase_add_test(tc, growth__stays_the_size_of_the_largest_fill);
    tcase_add_loop_test(tc, growth__is_trimmed, 0, 3 * KINDS);
    tcase_add_loop_test(tc, growth__fits_on_a_small_stack, 0, STACKS);
}

const topic_t topic_growth = {"growth", add_tests};
