/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* Corners that the other topics pass by: arguments that are missing, memory
 * that lacks in odd places, pools that go while they are used, pauses under a
 * deadline, ends of connections that have no name. */

#include "alloc.h"
#include "journal.h"
#include "peer.h"
#include "scripted.h"

#include <apr_portable.h>

#define DAY apr_time_from_sec(24 * 60 * 60) /* the longest single wait */

static bufv_writer_t *a_writer(void)
{
    scripted_t *s = scripted_new(pool);

    scripted_open(s);
    return s->w;
}

static apr_file_t *file_of(const char *text)
{
    const char *dir;
    apr_file_t *file;

    assert_ok(apr_temp_dir_get(&dir, pool));
    assert_ok(apr_file_mktemp(&file, apr_psprintf(pool, "%s/bufv-XXXXXX", dir),
                              APR_FOPEN_CREATE | APR_FOPEN_READ |
                                  APR_FOPEN_WRITE | APR_FOPEN_EXCL |
                                  APR_FOPEN_DELONCLOSE,
                              pool));
    assert_ok(apr_file_write_full(file, text, strlen(text), NULL));
    return file;
}

/* ---- arguments */

START_TEST(corners__lists_that_are_missing)
{
    struct iovec vec = {NULL, 0};
    bufv_t *v = list_new();
    apr_size_t n = 1;
    char byte;

    ck_assert_uint_eq(bufv_length(NULL), 0);
    ck_assert_uint_eq(bufv_count(NULL), 0);
    bufv_clear(NULL);
    assert_is(bufv_append(NULL, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(NULL, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_owned(NULL, "a", 1, NULL, NULL),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_vec(NULL, &vec, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(NULL, NULL, 0, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(NULL, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(v, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_appendf(NULL, "%d", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(NULL, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(NULL, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(v, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(NULL, 0, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(v, 0, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_consume(NULL, 0), APR_STATUS_IS_EINVAL);
    assert_is(bufv_read(NULL, &byte, &n), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(n, 0);
    n = 1;
    assert_is(bufv_peek(NULL, &vec, &n), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(corners__arrays_that_are_missing)
{
    bufv_t *v = list_new(), *w = list_new();
    const char *no_format = NULL;
    apr_size_t n = 1;
    char byte;

    assert_ok(bufv_append_vec(v, NULL, 0));
    assert_is(bufv_append_vec(v, NULL, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(v, NULL, 1), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_append_copy(v, NULL, 0));
    assert_is(bufv_read(v, &byte, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_read(v, NULL, &n), APR_STATUS_IS_EINVAL);
    assert_is(bufv_peek(v, NULL, NULL), APR_STATUS_IS_EINVAL);
    n = 1;
    assert_is(bufv_peek(v, NULL, &n), APR_STATUS_IS_EINVAL);
    assert_ok(bufv_split(v, 0, w)); /* there is no array in either */
    assert_ok(bufv_append_list(v, w));
    assert_ok(bufv_clone(v, w));
    ck_assert_uint_eq(bufv_count(v), 0);
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#endif
    assert_is(bufv_appendf(v, no_format), APR_STATUS_IS_EINVAL);
#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif
}
END_TEST

START_TEST(corners__writers_that_are_missing)
{
    const bufv_ops_t *ops = bufv_socket_ops();
    bufv_writer_t *w = a_writer();
    apr_uint64_t written = 9;
    bufv_t *v = list_new();
    bufv_reader_t none = {NULL, NULL, NULL};
    apr_file_t *in, *out;
    char text[4] = "abc";

    assert_is(bufv_write(NULL, w, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    written = 9;
    assert_is(bufv_write(v, NULL, &written), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(written, 0);
    assert_is(bufv_copy(w, &none, NULL), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_lock_enable(NULL), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(bufv_writer_strerror(w, NULL, 4));
    ck_assert_ptr_eq(bufv_writer_strerror(w, text, 0), text);
    ck_assert_str_eq(text, "abc");
    assert_is(bufv_writer_create(NULL, ops, NULL, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_socket(NULL, NULL, pool), APR_STATUS_IS_EINVAL);
    assert_is(bufv_writer_file(NULL, NULL, pool), APR_STATUS_IS_EINVAL);
    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_is(bufv_writer_file(&w, out, NULL), APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
    assert_is(bufv_writer_socket(&w, peer_new()->near_end, NULL),
              APR_STATUS_IS_EINVAL);
    ck_assert_ptr_null(w);
}
END_TEST

START_TEST(corners__sendv_of_nothing)
{
    peer_t *p = peer_new();
    apr_size_t len = 9;

    assert_ok(bufv_sendv(p->near_end, NULL, 0, &len));
    ck_assert_uint_eq(len, 0);
    assert_is(bufv_sendv(p->near_end, NULL, 1, &len), APR_STATUS_IS_EINVAL);
    assert_is(bufv_sendv(p->near_end, NULL, -1, NULL), APR_STATUS_IS_EINVAL);
}
END_TEST

/* ---- lengths */

/* What no memory could hold is refused before any is read. */
START_TEST(corners__more_than_memory_holds)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, "a", 1));
    assert_is(bufv_append_copy(v, wild(), CHUNK_MAX), APR_STATUS_IS_ENOMEM);
    assert_is(bufv_append_vec(v, wild(), CHUNK_MAX), APR_STATUS_IS_ENOMEM);
    assert_text(v, "a");
}
END_TEST

/* The byte count at which a chunk is too long, for each way to append. */
START_TEST(corners__longest_chunk_by_every_way)
{
    struct iovec vec[2] = {{bytes_new(1, 1), 1}, {NULL, 0}};
    bufv_t *v = list_new();

    vec[1].iov_base = vec[0].iov_base;
    vec[1].iov_len = CHUNK_MAX;
    assert_ok(bufv_append_vec(v, vec, 2));
    ck_assert_uint_eq(bufv_length(v), (apr_uint64_t)CHUNK_MAX + 1);
    vec[1].iov_len = CHUNK_MAX + 1;
    assert_is(bufv_append_vec(v, vec, 2), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(v, "a", CHUNK_MAX + 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(v, "a", CHUNK_MAX + 1), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_count(v), 2);
}
END_TEST

/* A total may be all that 64 bits tell, and not one byte more, by every way
 * to append. */
START_TEST(corners__totals_to_the_last_byte)
{
    bufv_t *v = list_new(), *most = list_new(), *one = list_new();
    struct iovec vec, chunk[8];
    apr_size_t n = COUNT(chunk);

    vec.iov_base = bytes_new(1, 1);
    vec.iov_len = 1;
    assert_ok(bufv_append(one, "a", 1));
    assert_ok(bufv_append(most, vec.iov_base, CHUNK_MAX));
    while (bufv_length(most) < APR_UINT64_MAX - 1) {
        apr_uint64_t room = APR_UINT64_MAX - 1 - bufv_length(most);

        assert_ok(
            bufv_append(most, vec.iov_base,
                        room < CHUNK_MAX ? (apr_size_t)room : CHUNK_MAX));
        if (bufv_count(most) > 3)
            return; /* lengths of 32 bits: it would take too many */
    }
    switch (_i) {
    case 0:
        assert_ok(bufv_append(most, "a", 1));
        break;
    case 1:
        assert_ok(bufv_append_copy(most, vec.iov_base, 1));
        assert_ok(bufv_peek(most, chunk, &n));
        ck_assert_ptr_ne(chunk[n - 1].iov_base, vec.iov_base);
        break;
    case 2:
        assert_ok(bufv_append_owned(most, "a", 1, NULL, NULL));
        break;
    case 3:
        assert_ok(bufv_append_vec(most, &vec, 1));
        break;
    case 4:
        assert_ok(bufv_prepend(most, "a", 1));
        break;
    case 5:
        assert_ok(bufv_append_list(most, one));
        break;
    case 6:
        assert_ok(bufv_clone(most, one));
        break;
    case 7:
        assert_ok(bufv_split(one, 1, most));
        break;
    case 8:
        assert_ok(bufv_appendf(most, "%d", 1));
        break;
    default:
        assert_ok(bufv_append_file(most, file_of("a"), 0, 1));
        break;
    }
    ck_assert_uint_eq(bufv_length(most), APR_UINT64_MAX);
    assert_ok(bufv_append(v, "a", 1));
    assert_is(bufv_append(most, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_copy(most, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_owned(most, "a", 1, NULL, NULL),
              APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_vec(most, &vec, 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_prepend(most, "a", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_list(most, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_clone(most, v), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(v, 1, most), APR_STATUS_IS_EINVAL);
    assert_is(bufv_appendf(most, "%d", 1), APR_STATUS_IS_EINVAL);
    assert_is(bufv_append_file(most, file_of("a"), 0, 1),
              APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_length(most), APR_UINT64_MAX);
    assert_text(v, "a");
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

START_TEST(corners__ranges_without_memory)
{
    apr_file_t *file = file_of("abcdef");
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    struct iovec vec[2];
    apr_size_t n = 2;
    apr_uint64_t written;
    apr_status_t status;
    unsigned long k;

    if (unseen("corners__ranges_without_memory"))
        return;
    for (k = 1; k < 4; k++) {
        alloc_fail(k, 1);
        status = bufv_append_file(v, file, 0, 6);
        alloc_fail(0, 0);
        if (status == APR_SUCCESS)
            break;
        assert_is(status, APR_STATUS_IS_ENOMEM);
        ck_assert_uint_eq(bufv_count(v), 0);
    }
    ck_assert_uint_eq(k, 3);
    alloc_fail(1, 1);
    status = bufv_peek(v, vec, &n);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(n, 0);
    /* It is read to the stack: that needs none. */
    s->got = malloc(6);
    s->got_room = 6;
    alloc_fail(1, 1);
    status = bufv_write(v, s->w, &written);
    alloc_fail(0, 0);
    assert_ok(status);
    scripted_assert_got(s, "abcdef", 6);
}
END_TEST

static apr_status_t read_nothing(void *baton, void *data, apr_size_t *len)
{
    (void)data;
    *len += *(apr_size_t *)baton;
    return APR_SUCCESS;
}

START_TEST(corners__writers_and_copies_without_memory)
{
    apr_size_t beyond = 1;
    bufv_reader_t reader = {read_nothing, NULL, NULL};
    scripted_t *s = scripted_new(pool);
    apr_uint64_t copied = 9;
    apr_status_t status;
    bufv_writer_t *w;

    reader.baton = &beyond;
    scripted_open(s);
    /* A reader that claims more than there was room for. */
    assert_is(bufv_copy(s->w, &reader, &copied), APR_STATUS_IS_EGENERAL);
    ck_assert_uint_eq(copied, 0);
    if (unseen("corners__writers_and_copies_without_memory"))
        return;
    alloc_fail(1, 1);
    status = bufv_copy(s->w, &reader, &copied);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    alloc_fail(1, 1);
    status = bufv_writer_create(&w, &s->ops, s, pool);
    alloc_fail(0, 0);
    assert_is(status, APR_STATUS_IS_ENOMEM);
    ck_assert_ptr_null(w);
}
END_TEST

/* A reader needs one of its two ways. */
START_TEST(corners__reader_that_only_writes)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    bufv_reader_t reader = bufv_reader(v);
    apr_uint64_t copied;

    reader.read = NULL;
    assert_ok(bufv_copy(s->w, &reader, &copied));
    ck_assert_uint_eq(copied, 3);
    scripted_assert_got(s, "abc", 3);
}
END_TEST

/* Filled and drained by consume, read and write, a list that has had its
 * largest fill asks for no more. */
START_TEST(corners__capacity_is_kept)
{
    bufv_t *v = list_new();
    scripted_t *s = scripted_for(v);
    unsigned long calls = 0;
    apr_status_t first = APR_SUCCESS;
    apr_uint64_t written;
    char data[300];
    int i, k;

    if (unseen("corners__capacity_is_kept"))
        return;
    for (i = 0; i < 30; i++) {
        if (i == 6)
            calls = alloc_calls();
        for (k = 0; k < 100; k++)
            note(first, bufv_append_owned(v, "abc", 3, NULL, NULL));
        if (i % 3 == 0)
            note(first, bufv_consume(v, 300));
        else if (i % 3 == 1) {
            apr_size_t len = sizeof(data);

            note(first, bufv_read(v, data, &len));
        }
        else {
            scripted_forget(s);
            note(first, bufv_write(v, s->w, &written));
        }
    }
    calls = alloc_calls() - calls;
    assert_ok(first);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

/* ---- ranges */

START_TEST(corners__ranges_that_cannot_be_read)
{
    bufv_t *v = list_new();
    struct iovec vec[2];
    apr_size_t n = 2;
    char data[20];

    assert_ok(bufv_append_file(v, file_of(""), 0, 5));
    assert_ok(bufv_append(v, "abc", 3));
    assert_is(bufv_peek(v, vec, &n), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(n, 0);
    n = sizeof(data);
    assert_is(bufv_read(v, data, &n), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(bufv_length(v), 8);
}
END_TEST

/* A small chunk in front of a range shares the only entry that there is; and
 * where scratch memory ends, the batch does. */
START_TEST(corners__ranges_beside_small_chunks)
{
    unsigned char *data = bytes_new(606000, 4);
    bufv_t *v = list_cut(data, _i == 0 ? 1 : 6000, 100, 101);
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    assert_ok(bufv_append_file(v, file_of("abcdef"), 0, 6));
    scripted_limits(s, _i == 0 ? 1 : 1024, 0);
    bufv_writer_copy_below_set(s->w, 512);
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, _i == 0 ? 1 : 2);
    ck_assert_uint_eq(written, _i == 0 ? 106 : 600006);
    ck_assert_mem_eq(s->got, data, 100);
    ck_assert_mem_eq(s->got + written - 6, "abcdef", 6);
    scripted_assert_kept(s);
}
END_TEST

/* A split behind whole ranges, and between them, of a list of which some left
 * before. */
START_TEST(corners__split_at_ranges)
{
    apr_file_t *file = file_of("abcdefghij");
    apr_uint64_t n;
    char data[32];

    for (n = 0; n <= 18; n++) {
        bufv_t *v = list_new(), *head = list_new();
        apr_size_t len = sizeof(data), rest = sizeof(data);

        assert_ok(bufv_append(v, "gone", 4));
        assert_ok(bufv_append_file(v, file, 0, 4));
        assert_ok(bufv_append(v, "XY", 2));
        assert_ok(bufv_append_file(v, file, 4, 3));
        assert_ok(bufv_append_file(v, file, 0, 7));
        assert_ok(bufv_append(v, "ZZ", 2));
        assert_ok(bufv_consume(v, 4));
        assert_ok(bufv_split(v, n, head));
        ck_assert_uint_eq(bufv_length(head), n);
        ck_assert_uint_eq(bufv_length(v), 18 - n);
        ck_assert_int_eq(bufv_read(head, data, &len),
                         n > 0 ? APR_SUCCESS : APR_EOF);
        ck_assert_uint_eq(len, n);
        ck_assert_int_eq(bufv_read(v, data + len, &rest),
                         n < 18 ? APR_SUCCESS : APR_EOF);
        ck_assert_uint_eq(rest, 18 - n);
        ck_assert_mem_eq(data, "abcdXYefgabcdefgZZ", 18);
    }
}
END_TEST

/* ---- callbacks and pools */

typedef struct inside_t {
    bufv_t *v, *other;
    scripted_t *s;
    apr_pool_t *sub;
    apr_status_t status;
    int calls;
} inside_t;

static void clone_inside(void *baton, const void *data, apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    if (in->calls++ == 0)
        in->status = bufv_clone(in->other, in->v);
}

/* A clone that is made while more releases are due: these come once, when
 * both lists are done, and in the other at the clone's turn. */
START_TEST(corners__clone_while_releases_are_due)
{
    inside_t in = {0};

    in.v = list_new();
    in.other = list_new();
    assert_ok(bufv_append_owned(in.v, "a", 1, clone_inside, &in));
    assert_ok(bufv_append_owned(in.v, "b", 1, clone_inside, &in));
    assert_ok(bufv_append_owned(in.v, "c", 1, clone_inside, &in));
    assert_ok(bufv_append(in.v, "d", 1));
    assert_ok(bufv_append(in.other, "x", 1));
    assert_ok(bufv_append(in.other, "y", 1));
    assert_ok(bufv_consume(in.v, 3));
    assert_ok(in.status);
    assert_text(in.other, "xyd");
    ck_assert_int_eq(in.calls, 1);
    assert_ok(bufv_consume(in.other, 1));
    ck_assert_int_eq(in.calls, 1);
    assert_ok(bufv_consume(in.other, 1));
    ck_assert_int_eq(in.calls, 3);
}
END_TEST

/* A chunk behind the cut belongs to the one list alone, and is not kept for
 * the other. */
START_TEST(corners__split_between_owned_chunks)
{
    static const char *const texts[] = {"ab", "cd", "ef", NULL};
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, texts), *head = list_new();

    assert_ok(bufv_split(v, 2, head));
    assert_ok(bufv_consume(v, 2));
    ck_assert_int_eq(j->entry[1].released, 1);
    ck_assert_int_eq(j->releases, 1);
    assert_ok(bufv_consume(head, 2));
    ck_assert_int_eq(j->entry[0].released, 1);
    ck_assert_int_eq(j->releases, 2);
}
END_TEST

static void prepend_inside(void *baton, const void *data, apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    in->status = bufv_prepend(in->v, "x", 1);
}

START_TEST(corners__prepend_from_a_callback)
{
    inside_t in = {0};

    in.v = list_new();
    assert_ok(bufv_append_owned(in.v, "a", 1, prepend_inside, &in));
    assert_ok(bufv_append(in.v, "b", 1));
    assert_ok(bufv_consume(in.v, 1));
    assert_is(in.status, APR_STATUS_IS_EBUSY);
    assert_text(in.v, "b");
}
END_TEST

static void count_calls(void *baton, const bufv_call_t *call)
{
    (void)call;
    ++*(int *)baton;
}

static void destroy_inside(void *baton, const bufv_call_t *call)
{
    inside_t *in = baton;

    (void)call;
    in->calls++;
    apr_pool_destroy(in->sub);
}

static void destroy_when_released(void *baton, const void *data,
                                  apr_size_t len)
{
    inside_t *in = baton;

    (void)data;
    (void)len;
    in->calls++;
    if (in->sub != NULL)
        apr_pool_destroy(in->sub);
    in->sub = NULL;
}

/* The writer goes in its own hook, or in a callback that it caused, at its
 * beginning or in the middle; with a lock and without. */
START_TEST(corners__writer_destroyed_inside)
{
    inside_t in = {0};
    apr_uint64_t written = 9;
    int hooks = 0;

    in.v = list_new();
    in.s = scripted_new(pool);
    in.s->otherwise.take = 1;
    assert_ok(apr_pool_create(&in.sub, pool));
    in.s->pool = in.sub;
    scripted_open(in.s);
    if (_i % 2)
        assert_ok(bufv_writer_lock_enable(in.s->w));
    bufv_writer_hook_set(in.s->w, count_calls, &hooks);
    if (_i / 2 == 0)
        bufv_writer_hook_set(in.s->w, destroy_inside, &in);
    else
        assert_ok(bufv_append_owned(in.v, "x", _i / 2 == 1,
                                    destroy_when_released, &in));
    assert_ok(bufv_append(in.v, "abc", 3));
    assert_is(bufv_write(in.v, in.s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(in.calls, 1);
    ck_assert_int_eq(hooks, 0); /* it went with the writer */
    ck_assert_uint_eq(written, _i / 2 == 2 ? 0 : 1);
    ck_assert_uint_eq(bufv_length(in.v), 3 - (_i / 2 == 0));
}
END_TEST

/* The list goes in a callback: its hook is not called for it any more. */
START_TEST(corners__list_destroyed_inside)
{
    scripted_t *s = scripted_new(pool);
    inside_t in = {0};
    apr_uint64_t written = 9;
    int hooks = 0;

    scripted_open(s);
    bufv_writer_hook_set(s->w, count_calls, &hooks);
    assert_ok(apr_pool_create(&in.sub, pool));
    assert_ok(bufv_create(&in.v, in.sub));
    assert_ok(bufv_append_owned(in.v, "abc", _i == 0 ? 0 : 3,
                                destroy_when_released, &in));
    assert_ok(bufv_append(in.v, "def", 3));
    s->otherwise.take = 3;
    assert_is(bufv_write(in.v, s->w, &written), APR_STATUS_IS_EBUSY);
    ck_assert_int_eq(in.calls, 1);
    ck_assert_int_eq(hooks, 0);
    ck_assert_uint_eq(written, _i == 0 ? 0 : 3);
}
END_TEST

/* ---- the loop */

/* A transport without memory whose clock goes on by `step` an attempt. */
typedef struct starving_t {
    apr_time_t clock;
    apr_interval_time_t step, stall;
    int calls;
} starving_t;

static apr_status_t starve(void *baton, const struct iovec *vec,
                           apr_size_t nvec, int more, apr_size_t *written)
{
    starving_t *s = baton;

    (void)vec;
    (void)nvec;
    (void)more;
    s->calls++;
    s->clock += s->step;
    *written = 0;
    return APR_ENOMEM;
}

static apr_time_t starving_now(void *baton)
{
    return ((starving_t *)baton)->clock;
}

static apr_status_t starving_begin(void *baton, apr_interval_time_t *stall)
{
    *stall = ((starving_t *)baton)->stall;
    return APR_SUCCESS;
}

/* Takes all the first time, and then fails and says no count. */
static apr_status_t forget_to_count(void *baton, const struct iovec *vec,
                                    apr_size_t nvec, int more,
                                    apr_size_t *written)
{
    int *calls = baton;

    (void)nvec;
    (void)more;
    if ((*calls)++ > 0)
        return APR_ECONNRESET;
    *written = vec->iov_len;
    return APR_SUCCESS;
}

/* A count that a transport does not tell is none. */
START_TEST(corners__a_count_that_is_not_told)
{
    bufv_t *v = list_of((const char *const[]){"abc", "def", NULL});
    bufv_ops_t ops = {0};
    apr_uint64_t written;
    bufv_writer_t *w;
    int calls = 0;

    ops.max_vec = 1;
    ops.max_bytes = 4096;
    ops.writev = forget_to_count;
    assert_ok(bufv_writer_create(&w, &ops, &calls, pool));
    assert_is(write_checked(v, w, &written), APR_STATUS_IS_ECONNRESET);
    ck_assert_uint_eq(written, 3);
    assert_text(v, "def");
}
END_TEST

static apr_status_t starve_for(starving_t *s, apr_time_t deadline, int some,
                               bufv_report_t *report)
{
    bufv_ops_t ops = {0};
    bufv_t *v = list_new();
    apr_status_t status;
    bufv_writer_t *w;

    ops.max_vec = 16;
    ops.max_bytes = 4096;
    ops.writev = starve;
    ops.now = starving_now;
    ops.begin = starving_begin;
    s->clock = 1000;
    s->calls = 0;
    assert_ok(bufv_writer_create(&w, &ops, s, pool));
    bufv_writer_deadline_set(w, deadline);
    assert_ok(bufv_append(v, "abc", 3));
    status = (some ? bufv_write_some : bufv_write)(v, w, NULL);
    ck_assert_uint_eq(bufv_length(v), 3);
    ck_assert_str_eq(bufv_writer_strerror(w, apr_palloc(pool, 6), 6),
                     "write"); /* what has no name is called so */
    *report = *bufv_writer_report(w);
    return status;
}

/* Pauses for memory end with the deadline, and are none for those who do not
 * wait. */
START_TEST(corners__pauses_for_memory)
{
    starving_t s = {0, 0, -1, 0};
    apr_time_t began;
    bufv_report_t report;

    /* Far from the deadline: as often as ever. */
    assert_is(starve_for(&s, 1000 + apr_time_from_sec(60), 0, &report),
              APR_STATUS_IS_ENOMEM);
    ck_assert_int_eq(s.calls, 9);
    ck_assert_uint_eq(report.waits, 8);
    /* The deadline passes in the attempt, or cuts the pause short. */
    s.step = 100;
    assert_is(starve_for(&s, 1050, 0, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s.calls, 1);
    s.step = 2;
    began = apr_time_now();
    assert_is(starve_for(&s, 1003, 0, &report), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s.calls, 2);
    ck_assert_int_lt(apr_time_now() - began, apr_time_from_sec(20));
    s.step = 0;
    assert_is(starve_for(&s, 0, 1, &report), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(report.waits, 0);
    s.stall = 0;
    assert_is(starve_for(&s, 0, 0, &report), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(report.waits, 0);
    ck_assert_int_eq(s.calls, 9);
    /* Without a deadline they take their time: 255 ms. */
    s.stall = -1;
    began = apr_time_now();
    assert_is(starve_for(&s, 0, 0, &report), APR_STATUS_IS_ENOMEM);
    ck_assert_uint_eq(report.waits, 8);
    ck_assert_int_gt(apr_time_now() - began, apr_time_from_msec(100));
}
END_TEST

/* An interruption at the end of the stall limit is the end of it. */
START_TEST(corners__stall_ends_at_its_very_end)
{
    static const scripted_step_t full = {0, APR_EAGAIN, 0};
    static const scripted_wait_t late = {10, APR_EINTR};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &full, 1);
    scripted_play_waits(s, &late, 1);
    bufv_writer_stall_set(s->w, 10);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 1);
}
END_TEST

/* APR remembers a timed send of its own that was partial, and then says
 * APR_TIMEUP where a socket is full. */
START_TEST(corners__after_a_partial_send)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = peer_writer(p);
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    bufv_t *more = list_new();
    apr_size_t len = 32 << 20;
    const unsigned char *big = bytes_new(len, 7);
    apr_uint64_t written = 9;
    apr_size_t part = len;
    int i, late = 0;

    assert_ok(apr_socket_timeout_set(p->near_end, 50000));
    assert_ok(bufv_append(more, big, len));
    apr_socket_send(p->near_end, (const char *)big, &part);
    ck_assert_uint_lt(part, len);
    assert_is(bufv_write_some(more, w, NULL), APR_STATUS_IS_EAGAIN);
    for (i = 0; i < 100; i++) {
        apr_size_t n = len;

        if (apr_socket_send(p->near_end, (const char *)big, &n) !=
                APR_SUCCESS &&
            ++late == 4)
            break;
    }
    /* On Windows such a send leaves some room. */
    assert_is(bufv_write_some(more, w, NULL), APR_STATUS_IS_EAGAIN);
    assert_is(bufv_write_some(v, w, &written), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(written, 0);
    assert_is(bufv_write(v, w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(bufv_length(v), 3);
}
END_TEST

/* A wait longer than one can be is several. */
START_TEST(corners__waits_for_days)
{
    static const scripted_step_t full = {0, APR_EAGAIN, 0};
    static const scripted_wait_t waits[] = {
        {DAY * 2, APR_SUCCESS},
        {DAY * 2, APR_SUCCESS},
        {DAY * 2, APR_SUCCESS},
    };
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &full, 1);
    scripted_play_waits(s, waits, COUNT(waits));
    bufv_writer_deadline_set(s->w, s->clock + DAY * 2 + 5);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(s->waited, 3);
    ck_assert_int_eq(s->timeout[0], DAY);
    ck_assert_int_eq(s->timeout[1], DAY);
    ck_assert_int_eq(s->timeout[2], 5);
}
END_TEST

/* "Not implemented" is a transport's error like any other, except from
 * `sendfile`. */
START_TEST(corners__enotimpl_of_writev)
{
    static const scripted_step_t refuses = {0, APR_ENOTIMPL, 0};
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    apr_uint64_t written;

    scripted_play(s, &refuses, 1);
    assert_is(write_checked(v, s->w, &written), APR_STATUS_IS_ENOTIMPL);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

/* More entries than a batch that copies has are still one attempt of a
 * transport that takes so many. */
START_TEST(corners__more_entries_than_copying_has)
{
    unsigned char *data = bytes_new(3000 * 200, 3);
    bufv_t *v = list_new();
    scripted_t *s = scripted_new(pool);
    apr_uint64_t written;
    apr_size_t i;

    s->ops.max_vec = 5000;
    s->list = v;
    scripted_open(s);
    scripted_limits(s, 0, 0);
    bufv_writer_copy_below_set(s->w, 100);
    for (i = 0; i < 3000; i++)
        assert_ok(bufv_append(v, data + i * 200, i % 3 < 2 ? 10 : 150));
    assert_ok(write_checked(v, s->w, &written));
    ck_assert_uint_eq(s->attempts, 1);
    ck_assert_uint_eq(s->attempt[0].nvec, 3000);
    scripted_assert_kept(s);
}
END_TEST

/* ---- names */

static const char *ends_of(apr_socket_t *sock)
{
    static char text[200];
    bufv_writer_t *w;

    assert_ok(bufv_writer_socket(&w, sock, pool));
    return bufv_writer_strerror(w, text, sizeof(text));
}

/* Addresses of other families, made of one that there is. */
START_TEST(corners__names_of_ends)
{
    peer_t *p = peer_new();
    apr_sockaddr_t *address;

    ck_assert_ptr_nonnull(strstr(ends_of(p->near_end), " tcp 127.0.0.1:"));
    ck_assert_ptr_nonnull(
        strstr(ends_of(peer_datagram()->near_end), " udp 127.0.0.1:"));
    assert_ok(apr_socket_addr_get(&address, APR_LOCAL, p->near_end));
#if APR_HAVE_IPV6
    address->family = APR_INET6;
    address->ipaddr_ptr = &address->sa.sin6.sin6_addr;
    ck_assert_ptr_nonnull(strstr(ends_of(p->near_end), " tcp ["));
#endif
    address->family = 9999;
    ck_assert_ptr_nonnull(strstr(ends_of(p->near_end), " tcp ?->127.0.0.1:"));
#ifdef APR_UNIX
    address->family = APR_UNIX;
    address->hostname = NULL;
    ck_assert_ptr_nonnull(strstr(ends_of(p->near_end), " unix @->"));
    address->hostname = apr_pstrdup(pool, "/tmp/s");
    ck_assert_ptr_nonnull(strstr(ends_of(p->near_end), " unix /tmp/s->"));
    p = peer_datagram();
    assert_ok(apr_socket_addr_get(&address, APR_LOCAL, p->near_end));
    address->family = APR_UNIX;
    address->hostname = NULL;
    ck_assert_ptr_nonnull(strstr(ends_of(p->near_end), " unixgram @->"));
#endif
}
END_TEST

/* What is no socket any more has no ends, and is taken for a stream. */
START_TEST(corners__names_of_no_ends)
{
    apr_os_sock_t none = (apr_os_sock_t)-1;
    apr_socket_t *sock = NULL;
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    apr_uint64_t written;

    assert_ok(apr_os_sock_put(&sock, &none, pool));
    ck_assert_ptr_nonnull(strstr(ends_of(sock), " tcp ?->?"));
    ck_assert_int_ne(bufv_send(v, sock, &written), APR_SUCCESS);
    ck_assert_uint_eq(written, 0);
    ck_assert_uint_eq(bufv_length(v), 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, corners__lists_that_are_missing);
    tcase_add_test(tc, corners__arrays_that_are_missing);
    tcase_add_test(tc, corners__writers_that_are_missing);
    tcase_add_test(tc, corners__sendv_of_nothing);
    tcase_add_test(tc, corners__more_than_memory_holds);
    tcase_add_test(tc, corners__longest_chunk_by_every_way);
    tcase_add_loop_test(tc, corners__totals_to_the_last_byte, 0, 10);
    tcase_add_test(tc, corners__split_between_owned_chunks);
    tcase_add_test(tc, corners__ranges_without_memory);
    tcase_add_test(tc, corners__writers_and_copies_without_memory);
    tcase_add_test(tc, corners__capacity_is_kept);
    tcase_add_test(tc, corners__ranges_that_cannot_be_read);
    tcase_add_loop_test(tc, corners__ranges_beside_small_chunks, 0, 2);
    tcase_add_test(tc, corners__split_at_ranges);
    tcase_add_test(tc, corners__reader_that_only_writes);
    tcase_add_test(tc, corners__stall_ends_at_its_very_end);
    tcase_add_test(tc, corners__after_a_partial_send);
    tcase_add_test(tc, corners__clone_while_releases_are_due);
    tcase_add_test(tc, corners__prepend_from_a_callback);
    tcase_add_loop_test(tc, corners__writer_destroyed_inside, 0, 6);
    tcase_add_loop_test(tc, corners__list_destroyed_inside, 0, 2);
    tcase_add_test(tc, corners__a_count_that_is_not_told);
    tcase_add_test(tc, corners__pauses_for_memory);
    tcase_add_test(tc, corners__waits_for_days);
    tcase_add_test(tc, corners__enotimpl_of_writev);
    tcase_add_test(tc, corners__more_entries_than_copying_has);
    tcase_add_test(tc, corners__names_of_ends);
    tcase_add_test(tc, corners__names_of_no_ends);
}

const topic_t topic_corners = {"corners", add_tests};
