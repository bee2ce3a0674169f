/* SPDX-License-Identifier: Apache-2.0 */

/* Brigades as lists: every type of bucket, deleted in its turn, and the rest
 * exactly the rest. */

#include "peer.h"
#include "scripted.h"

#include <bufv_brigade.h>

#include <apr_mmap.h>

/* ---- brigades */

/* An empty brigade with an allocator of its own. Made before the list, so
 * that the pool's end takes the list first. */
static apr_bucket_brigade *brigade_new(void)
{
    apr_bucket_alloc_t *list = apr_bucket_alloc_create(pool);

    return apr_brigade_create(pool, list);
}

static void add(apr_bucket_brigade *bb, apr_bucket *e)
{
    ck_assert_ptr_nonnull(e);
    APR_BRIGADE_INSERT_TAIL(bb, e);
}

static void add_immortal(apr_bucket_brigade *bb, const char *text)
{
    add(bb, apr_bucket_immortal_create(text, strlen(text), bb->bucket_alloc));
}

static void add_transient(apr_bucket_brigade *bb, const char *text)
{
    add(bb, apr_bucket_transient_create(text, strlen(text), bb->bucket_alloc));
}

static int heap_freed;

static void count_free(void *data)
{
    free(data);
    heap_freed++;
}

static void add_heap(apr_bucket_brigade *bb, const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, strlen(text) + 1);
    add(bb, apr_bucket_heap_create(copy, strlen(text), count_free,
                                   bb->bucket_alloc));
}

static apr_pool_t *add_pool(apr_bucket_brigade *bb, const char *text)
{
    apr_pool_t *sub;

    assert_ok(apr_pool_create(&sub, pool));
    add(bb, apr_bucket_pool_create(apr_pstrdup(sub, text), strlen(text), sub,
                                   bb->bucket_alloc));
    return sub;
}

/* A file with a text in it that is gone with the pool. */
static apr_file_t *file_with(const char *text)
{
    char *name = apr_pstrdup(pool, "/tmp/bufv-brigade-XXXXXX");
    apr_size_t len = strlen(text);
    apr_file_t *file;

    assert_ok(apr_file_mktemp(
        &file, name,
        APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
            APR_FOPEN_DELONCLOSE | APR_FOPEN_SENDFILE_ENABLED,
        pool));
    assert_ok(apr_file_write_full(file, text, len, &len));
    return file;
}

static void add_file(apr_bucket_brigade *bb, const char *text,
                     apr_off_t offset, apr_size_t len)
{
    add(bb, apr_bucket_file_create(file_with(text), offset, len, pool,
                                   bb->bucket_alloc));
}

static void add_mmap(apr_bucket_brigade *bb, const char *text)
{
    apr_mmap_t *map;

    assert_ok(apr_mmap_create(&map, file_with(text), 0, strlen(text),
                              APR_MMAP_READ, pool));
    add(bb, apr_bucket_mmap_create(map, 0, (apr_size_t)strlen(text),
                                   bb->bucket_alloc));
}

/* A pipe bucket with a text to read; the returned end is still open. */
static apr_file_t *add_pipe(apr_bucket_brigade *bb, const char *text)
{
    apr_file_t *in, *out;
    apr_size_t len = strlen(text);

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_file_write_full(out, text, len, &len));
    add(bb, apr_bucket_pipe_create(in, bb->bucket_alloc));
    return out;
}

static void add_socket(apr_bucket_brigade *bb, const char *text)
{
    peer_t *p = peer_new();
    apr_size_t len = strlen(text);

    assert_ok(apr_socket_send(p->near_end, text, &len));
    assert_ok(apr_socket_shutdown(p->near_end, APR_SHUTDOWN_WRITE));
    add(bb, apr_bucket_socket_create(p->far_end, bb->bucket_alloc));
}

/* ---- metadata that counts */

#define MOST_MARKS 16

/* A metadata bucket that notes when it is deleted. */
typedef struct mark_t {
    apr_size_t behind; /* bytes before it in the brigade */
    int deleted;
    int place; /* among the deleted */
} mark_t;

static mark_t marks[MOST_MARKS];
static int nmarks, ndeleted;

static void mark_destroy(void *data)
{
    mark_t *mark = data;

    mark->deleted++;
    mark->place = ndeleted++;
}

static apr_status_t mark_read(apr_bucket *e, const char **data,
                              apr_size_t *len, apr_read_type_e block)
{
    (void)e;
    (void)block;
    *data = "";
    *len = 0;
    return APR_SUCCESS;
}

static const apr_bucket_type_t mark_type = {
    "MARK",
    5,
    APR_BUCKET_METADATA,
    mark_destroy,
    mark_read,
    apr_bucket_setaside_noop,
    apr_bucket_split_notimpl,
    apr_bucket_copy_notimpl,
};

static apr_bucket *bucket_of(const apr_bucket_type_t *type, void *data,
                             apr_size_t len, apr_bucket_alloc_t *list)
{
    apr_bucket *e = apr_bucket_alloc(sizeof(*e), list);

    APR_BUCKET_INIT(e);
    e->type = type;
    e->length = len;
    e->start = 0;
    e->data = data;
    e->free = apr_bucket_free;
    e->list = list;
    return e;
}

static void add_mark(apr_bucket_brigade *bb, apr_size_t behind)
{
    mark_t *mark = &marks[nmarks++];

    memset(mark, 0, sizeof(*mark));
    mark->behind = behind;
    add(bb, bucket_of(&mark_type, mark, 0, bb->bucket_alloc));
}

static void marks_forget(void)
{
    nmarks = ndeleted = heap_freed = 0;
}

/* Those that no byte is before any more are deleted, in order, once. */
static void assert_marks(apr_size_t written)
{
    int i, due = 0;

    for (i = 0; i < nmarks; i++) {
        int want = marks[i].behind <= written;

        ck_assert_int_eq(marks[i].deleted, want);
        ck_assert(!want || marks[i].place == i);
        due += want;
    }
    ck_assert_int_eq(ndeleted, due);
}

/* ---- one of each bucket */

/* A data bucket of a type that nobody knows and that cannot be set aside. */
static apr_status_t odd_read(apr_bucket *e, const char **data, apr_size_t *len,
                             apr_read_type_e block)
{
    (void)block;
    *data = e->data;
    *len = e->length;
    return APR_SUCCESS;
}

static void odd_destroy(void *data)
{
    (void)data;
}

static const apr_bucket_type_t odd_type = {
    "ODD",
    5,
    APR_BUCKET_DATA,
    odd_destroy,
    odd_read,
    apr_bucket_setaside_notimpl,
    apr_bucket_split_notimpl,
    apr_bucket_copy_notimpl,
};

#define ZOO "heaptransientpoolimmortalmmapfilepipesocketoddsplit"

static char passing[16];

static void add_zoo_memory(apr_bucket_brigade *bb)
{
    apr_cpystrn(passing, "transient", sizeof(passing));
    add_mark(bb, 0);
    add_heap(bb, "heap");
    add_mark(bb, 4);
    add_transient(bb, passing);
    add_pool(bb, "pool");
    add_mark(bb, 17);
    add_immortal(bb, "");
    add_immortal(bb, "immortal");
    add_mark(bb, 25);
}

static void add_zoo_files(apr_bucket_brigade *bb)
{
    add_mmap(bb, "mmap");
    add(bb, apr_bucket_flush_create(bb->bucket_alloc));
    add_mark(bb, 29);
    add_file(bb, "a file's", 2, 4);
    add_mark(bb, 33);
    assert_ok(apr_file_close(add_pipe(bb, "pipe")));
    add_mark(bb, 37);
    add_socket(bb, "socket");
    add_mark(bb, 43);
}

static char odd_bytes[] = "odd";

/* A brigade of every type, with marks between them. */
static apr_bucket_brigade *zoo_new(void)
{
    apr_bucket_brigade *bb = brigade_new();

    marks_forget();
    add_zoo_memory(bb);
    add_zoo_files(bb);
    add(bb, bucket_of(&odd_type, odd_bytes, 3, bb->bucket_alloc));
    add_mark(bb, 46);
    add_heap(bb, "split");
    assert_ok(apr_bucket_split(APR_BRIGADE_LAST(bb), 2));
    add_mark(bb, 51);
    add(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return bb;
}

/* A list of them all; transient bytes are gone at once. */
static bufv_t *zoo_list(void)
{
    apr_bucket_brigade *bb = zoo_new();
    bufv_t *v = list_new();

    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    ck_assert(APR_BRIGADE_EMPTY(bb));
    ck_assert_uint_eq(bufv_length(v), strlen(ZOO));
    memset(passing, 'x', sizeof(passing));
    return v;
}

/* Everything leaves, in order. */
START_TEST(brigade__every_type)
{
    bufv_t *v = zoo_list();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    ck_assert_int_eq(ndeleted, 0);
    assert_ok(write_checked(v, s->w, &written));
    scripted_assert_got(s, ZOO, strlen(ZOO));
    assert_marks(strlen(ZOO));
    ck_assert_int_eq(heap_freed, 2);
}
END_TEST

static void break_at(scripted_t *s, apr_size_t at)
{
    s->trip_armed = 1;
    s->trip_at = at;
    s->trip.take = 0;
    s->trip.status = APR_ECONNRESET;
}

static void zoo_broken_at(apr_size_t at, apr_size_t copy_below)
{
    bufv_t *v = zoo_list();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    bufv_writer_copy_below_set(s->w, copy_below);
    break_at(s, at);
    ignore(bufv_write(v, s->w, &written));
    ck_assert_uint_eq(written, at);
    ck_assert_uint_eq(bufv_length(v), strlen(ZOO) - at);
    assert_marks(at);
    ck_assert_int_eq(heap_freed, (at >= 4) + (at >= 51));
    assert_ok(bufv_write(v, s->w, &written));
    scripted_assert_got(s, ZOO, strlen(ZOO));
    assert_marks(strlen(ZOO));
}

/* After a write that ended at any byte, what is deleted is exactly what was
 * done with, and the rest is exactly the rest. */
START_TEST(brigade__at_every_byte)
{
    apr_pool_t *test = pool;
    apr_size_t at;

    for (at = 0; at <= strlen(ZOO); at++) {
        assert_ok(apr_pool_create(&pool, test));
        zoo_broken_at(at, 0);
        zoo_broken_at(at, 512);
        apr_pool_destroy(pool);
        pool = test;
    }
}
END_TEST

/* Reading and consuming delete as writing does. */
START_TEST(brigade__consumed_and_read)
{
    bufv_t *v = zoo_list();
    char got[64];
    apr_size_t at, len = sizeof(got);

    for (at = 1; at <= 20; at++) {
        assert_ok(bufv_consume(v, 1));
        assert_marks(at);
    }
    assert_ok(bufv_read(v, got, &len));
    ck_assert_uint_eq(len, strlen(ZOO) - 20);
    ck_assert_mem_eq(got, &ZOO[20], len);
    assert_marks(strlen(ZOO));
}
END_TEST

/* A list that goes takes the buckets along, once. */
START_TEST(brigade__list_dropped)
{
    apr_bucket_brigade *bb = zoo_new();
    apr_pool_t *sub;
    bufv_t *v;

    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_create(&v, sub));
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    assert_ok(bufv_consume(v, 6));
    apr_pool_destroy(sub);
    assert_marks(strlen(ZOO));
    ck_assert_int_eq(heap_freed, 2);
}
END_TEST

/* ---- lifetimes */

/* The bytes of a pool that is cleared while the list is pending. */
START_TEST(brigade__pool_cleared_while_pending)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();
    apr_pool_t *sub;

    add_immortal(bb, "<");
    sub = add_pool(bb, "bytes of a pool");
    add_immortal(bb, ">");
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    assert_ok(bufv_consume(v, 3));
    apr_pool_clear(sub);
    memset(apr_palloc(sub, 4096), 'x', 4096);
    assert_text(v, "tes of a pool>");
    apr_pool_destroy(sub);
    assert_text(v, "tes of a pool>");
    assert_ok(bufv_consume(v, bufv_length(v)));
}
END_TEST

/* A pool bucket whose pool went before is on the heap already. */
START_TEST(brigade__pool_cleared_before)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();

    apr_pool_destroy(add_pool(bb, "bytes of a pool"));
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    assert_text(v, "bytes of a pool");
}
END_TEST

/* Transient bytes may change as soon as the call has returned; heap and
 * immortal bytes are not copied. */
START_TEST(brigade__transient_set_aside)
{
    static const char immortal[] = "immortal";
    char brief[] = "passing", *owned = malloc(4);
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();
    struct iovec vec[3];
    apr_size_t n = 3;

    memcpy(owned, "heap", 4);
    add_transient(bb, brief);
    add(bb, apr_bucket_heap_create(owned, 4, free, bb->bucket_alloc));
    add_immortal(bb, immortal);
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    memset(brief, 'x', sizeof(brief));
    assert_text(v, "passingheapimmortal");
    assert_ok(bufv_peek(v, vec, &n));
    ck_assert_ptr_eq(vec[1].iov_base, owned);
    ck_assert_ptr_eq(vec[2].iov_base, immortal);
}
END_TEST

/* Two buckets that share their bytes, as a split leaves them, go one after
 * the other; the bytes go with the later. */
START_TEST(brigade__shared_bytes)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();

    marks_forget();
    add_heap(bb, "abcdef");
    assert_ok(apr_bucket_split(APR_BRIGADE_FIRST(bb), 3));
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    ck_assert_uint_eq(bufv_count(v), 2);
    assert_ok(bufv_consume(v, 5));
    ck_assert_int_eq(heap_freed, 0);
    assert_ok(bufv_consume(v, 1));
    ck_assert_int_eq(heap_freed, 1);
}
END_TEST

/* ---- metadata */

/* Metadata alone needs no attempt, and is deleted by the write. */
START_TEST(brigade__metadata_alone)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    marks_forget();
    add_mark(bb, 0);
    add_mark(bb, 0);
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    ck_assert(APR_BRIGADE_EMPTY(bb));
    ck_assert_int_eq(ndeleted, 0);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 0);
    assert_marks(0);
}
END_TEST

/* An empty brigade adds nothing; none at all is refused. */
START_TEST(brigade__arguments)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();

    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    assert_text(v, "");
    assert_is(bufv_append_brigade(v, NULL, APR_BLOCK_READ),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_brigade(NULL, bb, APR_BLOCK_READ),
              APR_STATUS_IS_EINVAL);
}
END_TEST

/* ---- reading, and failures */

/* A pipe with nothing to read now: what came before it is in the list, it and
 * what follows in the brigade. Then it goes on. */
START_TEST(brigade__pipe_nonblocking)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();
    apr_size_t len = 4;
    apr_file_t *out;

    marks_forget();
    add_immortal(bb, "[");
    out = add_pipe(bb, "abc");
    add_immortal(bb, "]");
    add_mark(bb, 0);
    assert_is(bufv_append_brigade(v, bb, APR_NONBLOCK_READ),
              APR_STATUS_IS_EAGAIN);
    assert_text(v, "[abc");
    ck_assert(APR_BUCKET_IS_PIPE(APR_BRIGADE_FIRST(bb)));
    assert_is(bufv_append_brigade(v, bb, APR_NONBLOCK_READ),
              APR_STATUS_IS_EAGAIN);
    assert_text(v, "[abc");
    assert_ok(apr_file_write_full(out, "defg", len, &len));
    assert_ok(apr_file_close(out));
    assert_ok(bufv_append_brigade(v, bb, APR_NONBLOCK_READ));
    assert_text(v, "[abcdefg]");
    ck_assert(APR_BRIGADE_EMPTY(bb));
}
END_TEST

/* Blocking reads wait as long as the pipe's timeout allows. */
START_TEST(brigade__pipe_times_out)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();
    apr_file_t *in, *out;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_file_pipe_timeout_set(in, 20000));
    add_immortal(bb, "before");
    add(bb, apr_bucket_pipe_create(in, bb->bucket_alloc));
    assert_is(bufv_append_brigade(v, bb, APR_BLOCK_READ),
              APR_STATUS_IS_TIMEUP);
    assert_text(v, "before");
    ck_assert(APR_BUCKET_IS_PIPE(APR_BRIGADE_FIRST(bb)));
    assert_ok(apr_file_close(out));
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    assert_text(v, "before");
}
END_TEST

#define LONG 300000

static void *APR_THREAD_FUNC feed(apr_thread_t *thread, void *baton)
{
    apr_file_t *out = baton;
    char piece[1000];
    int i;

    (void)thread;
    for (i = 0; i < LONG / 1000; i++) {
        apr_size_t len = sizeof(piece);

        memset(piece, 'a' + i % 26, sizeof(piece));
        apr_file_write_full(out, piece, len, &len);
    }
    apr_file_close(out);
    return NULL;
}

/* More than a pipe holds, from a thread, read to its end. */
START_TEST(brigade__pipe_blocking)
{
    apr_bucket_brigade *bb = brigade_new();
    bufv_t *v = list_new();
    apr_file_t *in, *out;
    apr_thread_t *thread;
    char c;
    int i;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(apr_thread_create(&thread, NULL, feed, out, pool));
    add(bb, apr_bucket_pipe_create(in, bb->bucket_alloc));
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    thread_join(thread);
    ck_assert_uint_eq(bufv_length(v), LONG);
    for (i = 0; i < LONG; i += 500) {
        apr_size_t len = 1;

        assert_ok(bufv_read(v, &c, &len));
        ck_assert_int_eq(c, 'a' + i / 1000 % 26);
        assert_ok(bufv_consume(v, 499));
    }
}
END_TEST

/* A bucket that the list refuses stays, with all that follows; what was in
 * front is in the list. Nothing is in both. */
START_TEST(brigade__refused_file)
{
    apr_bucket_brigade *bb = brigade_new();
    apr_off_t far = APR_INT64_MAX - 1;
    bufv_t *v = list_new();

    marks_forget();
    add_heap(bb, "heap");
    add_mark(bb, 4);
    add_file(bb, "text", far, 100);
    add_mark(bb, 4);
    assert_is(bufv_append_brigade(v, bb, APR_BLOCK_READ),
              APR_STATUS_IS_EINVAL);
    assert_text(v, "heap");
    ck_assert(APR_BUCKET_IS_FILE(APR_BRIGADE_FIRST(bb)));
    assert_ok(bufv_consume(v, 4));
    ck_assert_int_eq(marks[0].deleted, 1);
    ck_assert_int_eq(marks[1].deleted, 0);
    assert_ok(apr_brigade_cleanup(bb));
    ck_assert_int_eq(marks[1].deleted, 1);
}
END_TEST

/* ---- files */

#define GIB ((apr_off_t)1 << 30)

/* A transport that takes all and looks at nothing. */
static apr_status_t swallow(void *baton, const struct iovec *vec,
                            apr_size_t nvec, int more, apr_size_t *written)
{
    apr_size_t i;

    (void)baton;
    (void)more;
    for (*written = i = 0; i < nvec; i++)
        *written += vec[i].iov_len;
    return APR_SUCCESS;
}

static apr_status_t swallow_file(void *baton, apr_file_t *file,
                                 apr_off_t offset, apr_size_t len, int more,
                                 apr_size_t *written)
{
    apr_off_t *end = baton;

    (void)file;
    (void)more;
    ck_assert_int_eq(offset, *end);
    *end += (apr_off_t)len;
    *written = len;
    return APR_SUCCESS;
}

static const bufv_ops_t swallow_ops = {
    .size = sizeof(bufv_ops_t),
    .name = "swallow",
    .max_vec = 16,
    .max_bytes = 1 << 20,
    .writev = swallow,
    .sendfile = swallow_file,
};

/* A file of 5 GiB, which apr-util divides into buckets, goes unread to who
 * can send it. */
START_TEST(brigade__huge_file)
{
    apr_bucket_brigade *bb = brigade_new();
    apr_file_t *file = file_with("");
    bufv_t *v = list_new();
    apr_uint64_t written, total = (apr_uint64_t)(5 * GIB) + 6;
    apr_off_t end = 0;
    bufv_writer_t *w;

    marks_forget();
    assert_ok(apr_file_trunc(file, 5 * GIB));
    add_immortal(bb, "abc");
    ck_assert_ptr_nonnull(apr_brigade_insert_file(bb, file, 0, 5 * GIB, pool));
    add_immortal(bb, "def");
    add_mark(bb, 0);
    assert_ok(bufv_append_brigade(v, bb, APR_BLOCK_READ));
    ck_assert(APR_BRIGADE_EMPTY(bb));
    ck_assert_uint_eq(bufv_length(v), total);
    assert_ok(bufv_writer_create(&w, &swallow_ops, &end, pool));
    assert_ok(write_checked(v, w, &written));
    ck_assert_uint_eq(written, total);
    ck_assert_int_eq(end, 5 * GIB);
    ck_assert_int_eq(marks[0].deleted, 1);
}
END_TEST

/* Over a real socket, where sendfile may be. */
START_TEST(brigade__over_a_socket)
{
    bufv_t *v = zoo_list();
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    apr_uint64_t written;

    peer_start(p);
    assert_ok(write_checked(v, w, &written));
    peer_finish(p);
    peer_assert_got(p, ZOO, strlen(ZOO));
    assert_marks(strlen(ZOO));
}
END_TEST

/* A clone shares the buckets: they go with the later of the two. */
START_TEST(brigade__cloned)
{
    bufv_t *v = zoo_list(), *copy = list_new();
    char got[64];
    apr_size_t len = sizeof(got);

    assert_ok(bufv_clone(copy, v));
    bufv_clear(v);
    ck_assert_int_eq(ndeleted, 0);
    assert_ok(bufv_read(copy, got, &len));
    ck_assert_uint_eq(len, strlen(ZOO));
    ck_assert_mem_eq(got, ZOO, len);
    assert_marks(strlen(ZOO));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, brigade__every_type);
    tcase_add_test(tc, brigade__at_every_byte);
    tcase_add_test(tc, brigade__consumed_and_read);
    tcase_add_test(tc, brigade__list_dropped);
    tcase_add_test(tc, brigade__pool_cleared_while_pending);
    tcase_add_test(tc, brigade__pool_cleared_before);
    tcase_add_test(tc, brigade__transient_set_aside);
    tcase_add_test(tc, brigade__shared_bytes);
    tcase_add_test(tc, brigade__metadata_alone);
    tcase_add_test(tc, brigade__arguments);
    tcase_add_test(tc, brigade__pipe_nonblocking);
    tcase_add_test(tc, brigade__pipe_times_out);
    tcase_add_test(tc, brigade__pipe_blocking);
    tcase_add_test(tc, brigade__refused_file);
    tcase_add_test(tc, brigade__huge_file);
    tcase_add_test(tc, brigade__over_a_socket);
    tcase_add_test(tc, brigade__cloned);
}

const topic_t topic_brigade = {"brigade", add_tests};
