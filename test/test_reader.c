/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_copy() and lists as readers. */

#include "scripted.h"

/* What one read gives. */
typedef struct read_step_t {
    const char *bytes;
    apr_status_t status;
} read_step_t;

/* A reader that does what a script says; after it, the end. */
typedef struct source_t {
    const read_step_t *steps;
    apr_size_t nsteps;
    int reads;
    apr_size_t least_room;
} source_t;

static apr_status_t source_read(void *baton, void *data, apr_size_t *len)
{
    source_t *src = baton;
    apr_size_t give;

    src->reads++;
    if (src->least_room == 0 || *len < src->least_room)
        src->least_room = *len;
    if (src->nsteps == 0) {
        *len = 0;
        return APR_EOF;
    }
    give = strlen(src->steps->bytes);
    if (give > *len)
        give = *len;
    memcpy(data, src->steps->bytes, give);
    *len = give;
    src->nsteps--;
    return src->steps++->status;
}

static bufv_reader_t reader_of(source_t *src, const read_step_t *steps,
                               apr_size_t nsteps)
{
    bufv_reader_t r;

    memset(src, 0, sizeof(*src));
    src->steps = steps;
    src->nsteps = nsteps;
    memset(&r, 0, sizeof(r));
    r.read = source_read;
    r.baton = src;
    return r;
}

typedef struct copy_case_t {
    const char *name;
    read_step_t steps[4];
    apr_size_t nsteps;
    apr_status_t status;
    const char *got;
} copy_case_t;

static const copy_case_t cases[] = {
    {"nothing", {{"", APR_SUCCESS}}, 0, APR_SUCCESS, ""},
    {"pieces", {{"ab", 0}, {"c", 0}, {"def", 0}}, 3, APR_SUCCESS, "abcdef"},
    {"end with bytes", {{"ab", 0}, {"c", APR_EOF}}, 2, APR_SUCCESS, "abc"},
    {"end alone", {{"ab", 0}, {"", APR_EOF}}, 2, APR_SUCCESS, "ab"},
    {"error", {{"ab", 0}, {"", APR_EACCES}}, 2, APR_EACCES, "ab"},
    {"error with bytes",
     {{"ab", 0}, {"cd", APR_EACCES}},
     2,
     APR_EACCES,
     "abcd"},
    {"nothing, no reason",
     {{"ab", 0}, {"", 0}, {"", 0}, {"", 0}},
     4,
     APR_EGENERAL,
     "ab"},
};

/* What a reader gives is written, and its end or error told after it. */
START_TEST(reader__copy)
{
    const copy_case_t *c = &cases[_i];
    scripted_t *s = scripted_for(NULL);
    source_t src;
    bufv_reader_t r = reader_of(&src, c->steps, c->nsteps);
    apr_uint64_t copied = 99;

    s->otherwise.take = 2;
    ck_assert_int_eq(bufv_copy(s->w, &r, NULL, &copied), c->status);
    ck_assert_uint_eq(copied, strlen(c->got));
    scripted_assert_got(s, c->got, strlen(c->got));
}
END_TEST

static apr_status_t empty_for_ever(void *baton, void *data, apr_size_t *len)
{
    int *reads = baton;

    (void)data;
    ++*reads;
    *len = 0;
    return APR_SUCCESS;
}

/* A reader that gives nothing and no reason does not spin. */
START_TEST(reader__gives_nothing_for_ever)
{
    scripted_t *s = scripted_for(NULL);
    bufv_reader_t r;
    apr_uint64_t copied = 99;
    int reads = 0;

    memset(&r, 0, sizeof(r));
    r.read = empty_for_ever;
    r.baton = &reads;
    assert_is(bufv_copy(s->w, &r, NULL, &copied), APR_STATUS_IS_EGENERAL);
    ck_assert_uint_eq(copied, 0);
    ck_assert_int_le(reads, 1000);
    ck_assert_uint_eq(s->attempts, 0);
}
END_TEST

/* An error of the writer ends the copy with it: exact count, no further
 * read. */
START_TEST(reader__writer_fails)
{
    static const read_step_t steps[] = {{"abcd", 0}, {"efgh", 0}};
    static const scripted_step_t script[] = {{3, APR_EPIPE, 0}};
    scripted_t *s = scripted_for(NULL);
    source_t src;
    bufv_reader_t r = reader_of(&src, steps, 2);
    apr_uint64_t copied = 99;

    scripted_play(s, script, 1);
    assert_is(bufv_copy(s->w, &r, NULL, &copied), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(copied, 3);
    ck_assert_int_eq(src.reads, 1);
    scripted_assert_got(s, "abc", 3);
}
END_TEST

/* The reader always has room, and `copied` may be NULL. */
START_TEST(reader__room_and_no_count)
{
    static const read_step_t steps[] = {{"abcd", 0}};
    scripted_t *s = scripted_for(NULL);
    source_t src;
    bufv_reader_t r = reader_of(&src, steps, 1);

    assert_ok(bufv_copy(s->w, &r, NULL, NULL));
    ck_assert_uint_gt(src.least_room, 0);
    scripted_assert_got(s, "abcd", 4);
}
END_TEST

/* NULL arguments are refused; the count is set. */
START_TEST(reader__copy_without_arguments)
{
    scripted_t *s = scripted_for(NULL);
    bufv_reader_t r = bufv_reader(list_new());
    apr_uint64_t copied = 99;

    assert_is(bufv_copy(NULL, &r, NULL, &copied), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(copied, 0);
    copied = 99;
    assert_is(bufv_copy(s->w, NULL, NULL, &copied), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(copied, 0);
}
END_TEST

/* A large reader in many reads: every byte once. */
typedef struct stream_t {
    const unsigned char *data;
    apr_size_t len, at;
} stream_t;

static apr_status_t stream_read(void *baton, void *data, apr_size_t *len)
{
    stream_t *st = baton;
    apr_size_t part = st->len - st->at;

    if (part > *len)
        part = *len;
    if (part > 7919)
        part = 7919;
    memcpy(data, st->data + st->at, part);
    st->at += part;
    *len = part;
    return st->at == st->len ? APR_EOF : APR_SUCCESS;
}

START_TEST(reader__a_megabyte)
{
    stream_t st = {NULL, 1000000, 0};
    scripted_t *s = scripted_for(NULL);
    bufv_reader_t r;
    apr_uint64_t copied = 0;

    st.data = bytes_new(st.len, 21);
    memset(&r, 0, sizeof(r));
    r.read = stream_read;
    r.baton = &st;
    s->otherwise.take = 3001;
    assert_ok(bufv_copy(s->w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, st.len);
    scripted_assert_got(s, st.data, st.len);
}
END_TEST

/* A reader that fills the room that it is given does not claim more. */
START_TEST(reader__fills_the_room)
{
    const unsigned char *data = bytes_new(100000, 61);
    bufv_t *v = list_cut(data, 1, 100000, 100000);
    scripted_t *s = scripted_for(NULL);
    bufv_reader_t r = bufv_reader(v);
    apr_uint64_t copied;

    r.write_to = NULL;
    assert_ok(bufv_copy(s->w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, 100000);
    scripted_assert_got(s, data, 100000);
}
END_TEST

/* The list as a reader: its `read` is bufv_read(). */
START_TEST(reader__list_reads)
{
    bufv_t *v = list_of((const char *const[]){"abc", "de", NULL});
    bufv_reader_t r = bufv_reader(v);
    char got[8];
    apr_size_t len = 4;

    ck_assert(r.read != NULL);
    assert_ok(r.read(r.baton, got, &len));
    ck_assert_uint_gt(len, 0);
    ck_assert_mem_eq(got, "abcde", len);
    ck_assert_uint_eq(bufv_length(v), 5 - len);
    bufv_clear(v);
    len = 4;
    assert_is(r.read(r.baton, got, &len), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(len, 0);
}
END_TEST

/* Copying from a list keeps its gather: the attempts of bufv_write(), no
 * byte copied. */
START_TEST(reader__copy_from_a_list_gathers)
{
    const unsigned char *data = bytes_new(5000, 22);
    bufv_t *v = list_cut(data, 2500, 1, 2);
    bufv_reader_t r = bufv_reader(v);
    scripted_t *s = scripted_for(v);
    apr_uint64_t copied = 0;

    bufv_writer_copy_below_set(s->w, 0);
    ck_assert(r.write_to != NULL);
    assert_ok(bufv_copy(s->w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, 2500);
    ck_assert_uint_eq(bufv_length(v), 0);
    ck_assert_uint_eq(s->attempts, attempts_for(2500, s->max_vec));
    scripted_assert_kept(s);
}
END_TEST

/* What a list could not write is still in it. */
START_TEST(reader__copy_from_a_list_fails)
{
    static const scripted_step_t script[] = {{3, APR_EPIPE, 0}};
    bufv_t *v = list_of((const char *const[]){"abc", "de", NULL});
    bufv_reader_t r = bufv_reader(v);
    scripted_t *s = scripted_for(v);
    apr_uint64_t copied = 0;

    scripted_limits(s, 8, 0);
    scripted_play(s, script, 1);
    assert_is(bufv_copy(s->w, &r, NULL, &copied), APR_STATUS_IS_EPIPE);
    ck_assert_uint_eq(copied, 3);
    assert_text(v, "de");
    assert_ok(bufv_copy(s->w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, 2);
    assert_ok(bufv_copy(s->w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, 0);
    scripted_assert_got(s, "abcde", 5);
}
END_TEST

/* A list through `read` alone, as any reader. */
START_TEST(reader__copy_from_a_list_by_reading)
{
    bufv_t *v = list_of((const char *const[]){"abc", "de", NULL});
    bufv_reader_t r = bufv_reader(v);
    scripted_t *s = scripted_for(NULL);
    apr_uint64_t copied = 0;

    r.write_to = NULL;
    assert_ok(bufv_copy(s->w, &r, NULL, &copied));
    ck_assert_uint_eq(copied, 5);
    scripted_assert_got(s, "abcde", 5);
}
END_TEST

/* A reader needs one of its two ways. */
START_TEST(reader__reader_that_only_writes)
{
    bufv_t *v = list_of((const char *const[]){"abc", NULL});
    scripted_t *s = scripted_for(v);
    bufv_reader_t reader = bufv_reader(v);
    apr_uint64_t copied;

    reader.read = NULL;
    assert_ok(bufv_copy(s->w, &reader, NULL, &copied));
    ck_assert_uint_eq(copied, 3);
    scripted_assert_got(s, "abc", 3);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, reader__copy, 0, (int)COUNT(cases));
    tcase_add_test(tc, reader__gives_nothing_for_ever);
    tcase_add_test(tc, reader__writer_fails);
    tcase_add_test(tc, reader__room_and_no_count);
    tcase_add_test(tc, reader__copy_without_arguments);
    tcase_add_test(tc, reader__a_megabyte);
    tcase_add_test(tc, reader__fills_the_room);
    tcase_add_test(tc, reader__list_reads);
    tcase_add_test(tc, reader__copy_from_a_list_gathers);
    tcase_add_test(tc, reader__copy_from_a_list_fails);
    tcase_add_test(tc, reader__copy_from_a_list_by_reading);
    tcase_add_test(tc, reader__reader_that_only_writes);
}

const topic_t topic_reader = {"reader", add_tests};
