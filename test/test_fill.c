/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_fill(), bufv_copy() with a rest, and sockets and files as readers
 * (promises 6b and 7a). */

#include "alloc.h"
#include "peer.h"
#include "scripted.h"

/* The most that bufv_copy() reads ahead. */
#define AHEAD ((apr_size_t)64 * 1024)

/* ---- a reader that does what a script says */

/* A script is words: "ab" gives two bytes, "ab:eof" gives them together with
 * a status, ":again" is a status alone. What comes after it is the end. */
typedef struct source_t {
    const char *script;
    const bufv_t *rest; /* must be empty whenever it reads */
    scripted_t *s;      /* whose clock its waits move */
    const char *waits;  /* what these say, likewise; after it success */
    apr_interval_time_t advance; /* how far each moves the clock */
    int reads, waited;
    apr_interval_time_t timeout; /* of the last wait */
    apr_size_t room;             /* of the last read */
    int ahead;                   /* reads while something was left */
} source_t;

static apr_status_t status_named(const char *name, apr_size_t len)
{
    static const struct {
        const char *name;
        apr_status_t status;
    } names[] = {
        {"", APR_SUCCESS},         {"eof", APR_EOF},    {"again", APR_EAGAIN},
        {"intr", APR_EINTR},       {"err", APR_EACCES}, {"timeup", APR_TIMEUP},
        {"general", APR_EGENERAL}, {"gone", APR_EPIPE},
    };
    apr_size_t i;

    for (i = 0; i < COUNT(names); i++)
        if (strlen(names[i].name) == len &&
            memcmp(names[i].name, name, len) == 0)
            return names[i].status;
    ck_abort_msg("no status: %s", name);
    return APR_EGENERAL;
}

/* Takes the next word off a script: its text, and its status. */
static apr_size_t next_word(const char **script, const char **text,
                            apr_status_t *status)
{
    apr_size_t len = strcspn(*script, " "), part = strcspn(*script, " :");

    *text = *script;
    *status = part < len ? status_named(*script + part + 1, len - part - 1)
                         : APR_SUCCESS;
    *script += len + ((*script)[len] == ' ');
    return part;
}

static apr_status_t source_read(void *baton, void *data, apr_size_t *len)
{
    source_t *src = baton;
    apr_status_t status;
    const char *text;
    apr_size_t give;

    src->reads++;
    src->room = *len;
    src->ahead += src->rest != NULL && bufv_length(src->rest) > 0;
    if (*src->script == '\0') {
        *len = 0;
        return APR_EOF;
    }
    give = next_word(&src->script, &text, &status);
    memcpy(data, text, give);
    *len = give;
    return status;
}

static apr_status_t source_wait(void *baton, apr_interval_time_t timeout)
{
    source_t *src = baton;
    apr_status_t status = APR_SUCCESS;
    const char *text;

    src->timeout = timeout;
    src->waited++;
    net_look("a reader's wait");
    if (*src->waits != '\0')
        next_word(&src->waits, &text, &status);
    if (timeout >= 0 && src->advance >= timeout) {
        src->s->clock += timeout;
        return APR_TIMEUP;
    }
    src->s->clock += src->advance;
    return status;
}

static bufv_reader_t reader_of(source_t *src, const char *script)
{
    bufv_reader_t r = {source_read, NULL, NULL, src};

    memset(src, 0, sizeof(*src));
    src->script = script;
    src->waits = "";
    return r;
}

/* The steps of a transport from a script of numbers: "3:again" takes three and
 * is full. After it everything is taken. */
static void play(scripted_t *s, const char *script)
{
    scripted_step_t *steps = apr_pcalloc(pool, 32 * sizeof(*steps));
    apr_size_t n = 0;
    const char *text;

    while (*script != '\0') {
        next_word(&script, &text, &steps[n].status);
        steps[n++].take = (apr_size_t)strtoul(text, NULL, 10);
    }
    scripted_play(s, steps, n);
}

/* ---- filling */

typedef struct fill_case_t {
    const char *name, *script;
    apr_status_t status;
    const char *got;
} fill_case_t;

static const fill_case_t fill_cases[] = {
    {"bytes", "abc def", APR_SUCCESS, "abc"},
    {"the end with bytes", "abc:eof", APR_EOF, "abc"},
    {"the end", "", APR_EOF, ""},
    {"an error with bytes", "abc:err", APR_EACCES, "abc"},
    {"an error", ":err abc", APR_EACCES, ""},
    {"nothing now", ":again abc", APR_EAGAIN, ""},
    {"bytes, and nothing more now", "abc:again", APR_EAGAIN, "abc"},
    {"interrupted", ":intr abc", APR_EINTR, ""},
    {"a time limit of its own", ":timeup abc", APR_TIMEUP, ""},
    {"nothing and no reason", ": abc", APR_SUCCESS, ""},
};

/* It reads once; what came is in the list behind what there was, whatever the
 * status; that is the reader's. */
START_TEST(fill__once)
{
    const fill_case_t *c = &fill_cases[_i];
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    source_t src;
    bufv_reader_t r = reader_of(&src, c->script);
    apr_size_t got = 4711;

    ck_assert_int_eq(bufv_fill(v, &r, 100, &got), c->status);
    ck_assert_uint_eq(got, strlen(c->got));
    ck_assert_int_eq(src.reads, 1);
    ck_assert_int_eq(src.waited, 0);
    ck_assert_uint_eq(bufv_count(v), got > 0 ? 2 : 1);
    assert_text(v, apr_pstrcat(pool, "first", c->got, NULL));
    assert_is(bufv_commit(v, 0), APR_STATUS_IS_EINVAL);
}
END_TEST

static const apr_size_t mosts[] = {1,     2,     100,   1000,   4096,
                                   65535, 65536, 65537, 1000000};

static apr_status_t read_all_room(void *baton, void *data, apr_size_t *len)
{
    memset(data, 'x', *len);
    *(apr_size_t *)baton = *len;
    return APR_SUCCESS;
}

/* It offers `most` at most, in every state of the list, and all of it up to
 * 64 KiB. */
START_TEST(fill__most)
{
    const apr_size_t most = mosts[_i];
    apr_size_t room = 0, got, i;
    bufv_reader_t r = {read_all_room, NULL, NULL, &room};
    bufv_t *v = list_new();

    for (i = 0; i < 40; i++) {
        assert_ok(bufv_fill(v, &r, most, &got));
        ck_assert_uint_le(room, most);
        ck_assert_uint_ge(room, most < AHEAD ? most : AHEAD);
        ck_assert_uint_eq(got, room);
        if (i % 7 == 6)
            assert_ok(bufv_consume(v, bufv_length(v) - (i % 2)));
        else
            assert_ok(bufv_append_copy(v, "abc", i % 3));
    }
}
END_TEST

/* At most nothing: nothing is read. */
START_TEST(fill__most_0)
{
    bufv_t *v = list_new();
    source_t src;
    bufv_reader_t r = reader_of(&src, "abc");
    apr_size_t got = 4711;

    assert_ok(bufv_fill(v, &r, 0, &got));
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(src.reads, 0);
}
END_TEST

static apr_status_t claim_too_much(void *baton, void *data, apr_size_t *len)
{
    apr_size_t by = *(apr_size_t *)baton;

    memset(data, 'x', *len);
    *len = by < (apr_size_t)-1 - *len ? *len + by : (apr_size_t)-1;
    return APR_SUCCESS;
}

/* A reader that claims more than it was given room for is not believed. */
START_TEST(fill__claims_too_much)
{
    static const apr_size_t beyond[] = {1, 100000, (apr_size_t)-1};
    apr_size_t got = 4711, by = beyond[_i];
    bufv_reader_t r = {claim_too_much, NULL, NULL, &by};
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    apr_uint64_t copied = 4711;
    scripted_t *s = scripted_for(NULL);

    assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_EGENERAL);
    ck_assert_uint_eq(got, 0);
    assert_text(v, "first");
    assert_is(bufv_copy(s->w, &r, NULL, &copied), APR_STATUS_IS_EGENERAL);
    ck_assert_uint_eq(copied, 0);
    ck_assert_uint_eq(s->attempts, 0);
}
END_TEST

/* Nothing came: the memory of the list is as before, a hundred thousand
 * times. */
START_TEST(fill__nothing_came)
{
    bufv_t *v = list_new();
    source_t src;
    bufv_reader_t r;
    apr_status_t first = APR_SUCCESS;
    apr_size_t got;
    long blocks, blocks_after;
    int i;

    if (!alloc_is_seen()) {
        skip("fill__nothing_came", "allocations are not seen here");
        return;
    }
    if (_i)
        assert_ok(bufv_append_copy(v, "abc", 3));
    blocks = alloc_blocks();
    for (i = 0; i < 100000; i++) {
        r = reader_of(&src, ":again");
        if (!APR_STATUS_IS_EAGAIN(bufv_fill(v, &r, 100000, &got)) || got > 0)
            note(first, APR_EGENERAL);
    }
    blocks_after = alloc_blocks();
    assert_ok(first);
    ck_assert_int_eq(blocks_after, blocks);
    assert_text(v, _i ? "abc" : "");
}
END_TEST

/* In the steady state it allocates nothing, and few bytes at a time do not
 * take the room of many. */
START_TEST(fill__memory)
{
    static const char hundred[] =
        "0123456789012345678901234567890123456789"
        "012345678901234567890123456789012345678901234567890123456789";
    bufv_t *v = list_new();
    source_t src;
    bufv_reader_t r;
    apr_status_t first = APR_SUCCESS;
    unsigned long calls = 0, calls_after, bytes;
    apr_size_t got;
    int i, k;

    if (!alloc_is_seen()) {
        skip("fill__memory", "allocations are not seen here");
        return;
    }
    bytes = alloc_bytes_in_use();
    for (i = 0; i < 100; i++) {
        if (i == 10)
            calls = alloc_calls();
        for (k = 0; k < 1000; k++) {
            r = reader_of(&src, hundred);
            note(first, bufv_fill(v, &r, AHEAD, &got));
        }
        if (i < 99)
            note(first, bufv_consume(v, bufv_length(v)));
    }
    calls_after = alloc_calls();
    bytes = alloc_bytes_in_use() - bytes;
    assert_ok(first);
    ck_assert_uint_eq(bufv_length(v), 100000);
    ck_assert_uint_eq(calls_after, calls);
    ck_assert_uint_le(bytes, 1000000);
}
END_TEST

/* What was read is never lost for want of memory: either it is in the list, or
 * the reader was not asked. */
START_TEST(fill__without_memory)
{
    bufv_t *v;
    source_t src;
    bufv_reader_t r;
    apr_status_t status;
    apr_size_t got;
    unsigned long k;
    int failures = 0, chunks, i;

    if (!alloc_is_seen()) {
        skip("fill__without_memory", "no allocation can be made to fail");
        return;
    }
    for (chunks = 0; chunks < 40; chunks++) {
        v = list_new();
        for (i = 0; i < chunks; i++)
            assert_ok(bufv_append_owned(v, "x", 1, NULL, NULL));
        for (k = 1, status = APR_ENOMEM; status != APR_SUCCESS; k++) {
            r = reader_of(&src, "abc");
            alloc_fail(k, 0);
            status = bufv_fill(v, &r, 100, &got);
            alloc_fail(0, 0);
            failures += status != APR_SUCCESS;
            ck_assert_int_eq(src.reads, status == APR_SUCCESS);
            ck_assert_uint_eq(got, status == APR_SUCCESS ? 3 : 0);
        }
        assert_ok(bufv_consume(v, (apr_uint64_t)chunks));
        assert_text(v, "abc");
    }
    ck_assert_int_gt(failures, 0);
}
END_TEST

/* Nor for want of numbers: near 2^64 no more is read than can be told. */
START_TEST(fill__total_of_64_bits)
{
    bufv_t *v = list_new();
    apr_file_t *file = file_text("x");
    apr_size_t room = 0, got;
    bufv_reader_t r = {read_all_room, NULL, NULL, &room};
    int i;

    for (i = 0; i < 2; i++)
        assert_ok(bufv_append_file(v, file, 0, (apr_uint64_t)APR_INT64_MAX));
    assert_ok(bufv_fill(v, &r, 100, &got));
    ck_assert_uint_eq(got, 1);
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX);
    room = 0;
    assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(got, 0);
    ck_assert_uint_eq(room, 0);
}
END_TEST

/* The list cannot be cleared while a reader has its room; it may be appended
 * to, and what is read comes behind. */
static apr_status_t read_and_meddle(void *baton, void *data, apr_size_t *len)
{
    bufv_t *v = baton;

    bufv_clear(v);
    bufv_trim(v);
    ignore(bufv_append_copy(v, "copied", 6));
    if (!APR_STATUS_IS_EBUSY(bufv_consume(v, 1)))
        return APR_EGENERAL;
    memcpy(data, "abc", 3);
    *len = 3;
    return APR_SUCCESS;
}

START_TEST(fill__reader_meddles)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    bufv_reader_t r = {read_and_meddle, NULL, NULL, v};
    apr_size_t got;

    assert_ok(bufv_fill(v, &r, 100, &got));
    assert_chunks(v, (const char *const[]){"first", "copied", "abc", NULL});
}
END_TEST

/* ---- copying */

typedef struct copy_case_t {
    const char *name;
    const char *rest;  /* what it holds at first */
    const char *reads; /* the reader's script */
    const char *waits; /* that of its waits; NULL: it cannot wait */
    const char *takes; /* that of the writer, which can wait if it begins
                          with a '!' */
    apr_status_t status;
    const char *got, *left;
    int nreads;
} copy_case_t;

static const copy_case_t copy_cases[] = {
    {"nothing", "", "", NULL, "", 0, "", "", 1},
    {"pieces", "", "ab cd ef", NULL, "", 0, "abcdef", "", 4},
    {"end with bytes", "", "ab cd:eof", NULL, "", 0, "abcd", "", 2},
    {"short writes", "", "abcdef", NULL, "1 2 1", 0, "abcdef", "", 2},
    /* what is in the rest goes first */
    {"rest first", "01", "ab:eof", NULL, "", 0, "01ab", "", 1},
    {"rest alone", "01", ":eof", NULL, "", 0, "01", "", 1},
    {"rest does not go", "0123", "ab", NULL, "2:again", APR_EAGAIN, "01", "23",
     0},
    {"rest does not go, gone", "01", "ab", NULL, "1:gone", APR_EPIPE, "0", "1",
     0},
    /* the reader stops */
    {"again", "", "ab :again", NULL, "", APR_EAGAIN, "ab", "", 2},
    {"again at once", "01", ":again", NULL, "", APR_EAGAIN, "01", "", 1},
    {"again with bytes", "", "ab:again :again", NULL, "", APR_EAGAIN, "ab", "",
     2},
    {"again, waits", "", "ab :again cd", "", "", 0, "abcd", "", 4},
    {"again with bytes, waits", "", "ab:again :again cd", "", "", 0, "abcd",
     "", 4},
    {"wait ends", "", "ab :again cd", ":timeup", "", APR_TIMEUP, "ab", "", 2},
    {"wait says again", "", "ab :again cd", ":again", "", APR_EAGAIN, "ab", "",
     2},
    {"wait fails", "", "ab :again cd", ":err", "", APR_EACCES, "ab", "", 2},
    {"wait is interrupted", "", "ab :again cd", ":intr :intr", "", 0, "abcd",
     "", 4},
    {"interrupted", "", ":intr ab :intr cd", NULL, "", 0, "abcd", "", 5},
    {"interrupted with bytes", "", "ab:intr cd", NULL, "", 0, "abcd", "", 3},
    {"time is up", "", "ab :timeup cd", NULL, "", APR_TIMEUP, "ab", "", 2},
    {"time is up with bytes", "", "ab:timeup", NULL, "", APR_TIMEUP, "ab", "",
     1},
    {"error", "", "ab :err cd", NULL, "", APR_EACCES, "ab", "", 2},
    {"error with bytes", "", "ab:err cd", NULL, "", APR_EACCES, "ab", "", 1},
    {"nothing, no reason", "", "ab : cd", NULL, "", APR_EGENERAL, "ab", "", 2},
    /* the writer stops */
    {"full", "", "abcdef", NULL, "3:again", APR_EAGAIN, "abc", "def", 1},
    {"full, of the last", "", "abcd:eof", NULL, "3:again", APR_EAGAIN, "abc",
     "d", 1},
    {"full just at the end", "", "abc", NULL, "3:again", 0, "abc", "", 2},
    {"full, waits", "", "abcdef", NULL, "!3:again 1:again", 0, "abcdef", "",
     2},
    {"gone", "", "abcdef", NULL, "3:gone", APR_EPIPE, "abc", "def", 1},
    {"gone, with an error of the reader", "", "abcdef:err", NULL, "3:gone",
     APR_EPIPE, "abc", "def", 1},
};

/* What is read is written, in order, once; whoever stops is told by the
 * rest, and the status is that of what stopped. */
START_TEST(fill__copy)
{
    const copy_case_t *c = &copy_cases[_i];
    scripted_t *s = scripted_new(pool);
    bufv_t *rest = list_new();
    apr_uint64_t copied = 4711;
    source_t src;
    bufv_reader_t r = reader_of(&src, c->reads);

    if (*c->takes != '!')
        s->ops.wait = NULL;
    scripted_open(s);
    play(s, c->takes + (*c->takes == '!'));
    src.s = s;
    src.rest = rest;
    if (c->waits != NULL) {
        src.waits = c->waits;
        r.wait = source_wait;
    }
    assert_ok(bufv_append_copy(rest, c->rest, strlen(c->rest)));
    ck_assert_int_eq(bufv_copy(s->w, &r, rest, &copied), c->status);
    ck_assert_uint_eq(copied, strlen(c->got));
    ck_assert_int_eq(src.reads, c->nreads);
    ck_assert_int_eq(src.ahead, 0);
    assert_text(rest, c->left);
    scripted_assert_got(s, c->got, strlen(c->got));
}
END_TEST

/* The same without a rest: what was read and did not leave is lost. */
START_TEST(fill__copy_without_a_rest)
{
    const copy_case_t *c = &copy_cases[_i];
    scripted_t *s = scripted_new(pool);
    apr_uint64_t copied = 4711;
    source_t src;
    bufv_reader_t r = reader_of(&src, c->reads);

    if (*c->rest != '\0')
        return; /* not of this kind */
    if (*c->takes != '!')
        s->ops.wait = NULL;
    scripted_open(s);
    play(s, c->takes + (*c->takes == '!'));
    src.s = s;
    if (c->waits != NULL) {
        src.waits = c->waits;
        r.wait = source_wait;
    }
    ck_assert_int_eq(bufv_copy(s->w, &r, NULL, &copied), c->status);
    ck_assert_uint_eq(copied, strlen(c->got));
    ck_assert_int_eq(src.reads, c->nreads);
    scripted_assert_got(s, c->got, strlen(c->got));
}
END_TEST

/* The end of the reader together with a full writer: the next call writes the
 * rest and is told the end again. */
START_TEST(fill__copy_resumed_at_the_end)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    apr_uint64_t copied;
    source_t src;
    bufv_reader_t r = reader_of(&src, "abcd:eof");

    s->stall = 0;
    play(s, "3:again");
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(copied, 3);
    assert_ok(bufv_copy(s->w, &r, rest, &copied));
    ck_assert_uint_eq(copied, 1);
    scripted_assert_got(s, "abcd", 4);
}
END_TEST

/* A reader and a writer that stutter, each at its own pace. */
typedef struct stutter_t {
    const unsigned char *data;
    apr_size_t len, at;
    int reads;
} stutter_t;

static apr_status_t stutter_read(void *baton, void *data, apr_size_t *len)
{
    stutter_t *st = baton;
    apr_size_t part = st->len - st->at;

    if (st->reads++ % 3 == 2) {
        *len = 0;
        return APR_EAGAIN;
    }
    if (part > 37)
        part = 37;
    memcpy(data, st->data + st->at, part);
    st->at += part;
    *len = part;
    return part == 0 ? APR_EOF : APR_SUCCESS;
}

/* Called again and again: every byte once, each side is named when it
 * stopped, and the counts add up. */
START_TEST(fill__copy_resumed)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    stutter_t st = {NULL, 5000, 0, 0};
    bufv_reader_t r = {stutter_read, NULL, NULL, &st};
    apr_uint64_t copied, sum = 0;
    apr_status_t status;
    int by_reader = 0, by_writer = 0, full;

    st.data = bytes_new(st.len, 81);
    s->stall = 0;
    s->otherwise.take = (apr_size_t)_i + 1;
    s->otherwise.status = APR_EAGAIN;
    do {
        status = bufv_copy(s->w, &r, rest, &copied);
        sum += copied;
        full = s->attempt[(s->attempts - 1) % SCRIPTED_RECORDS].took <
               s->attempt[(s->attempts - 1) % SCRIPTED_RECORDS].asked;
        if (APR_STATUS_IS_EAGAIN(status) && bufv_length(rest) > 0)
            by_writer++;
        else if (APR_STATUS_IS_EAGAIN(status))
            by_reader++;
        if (s->attempts < SCRIPTED_RECORDS)
            ck_assert_int_eq(bufv_length(rest) > 0, full);
    } while (APR_STATUS_IS_EAGAIN(status));
    assert_ok(status);
    ck_assert_uint_eq(sum, st.len);
    ck_assert_uint_eq(bufv_length(rest), 0);
    ck_assert_int_gt(by_reader, 0);
    if (_i < 36)
        ck_assert_int_gt(by_writer, 0);
    scripted_assert_got(s, st.data, st.len);
}
END_TEST

/* At most 64 KiB are read ahead, whatever the reader has, and nothing more
 * until they have left. */
START_TEST(fill__copy_reads_ahead)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    apr_size_t room = 0;
    bufv_reader_t r = {read_all_room, NULL, NULL, &room};
    apr_uint64_t copied;
    int i;

    if (_i) { /* room for more is there */
        assert_ok(bufv_append_copy(rest, bytes_new(AHEAD * 3, 84), AHEAD * 3));
        bufv_clear(rest);
    }
    s->stall = 0;
    s->otherwise.take = 10000;
    s->otherwise.status = APR_EAGAIN;
    for (i = 0; i < 20; i++) {
        assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_EAGAIN);
        ck_assert_uint_ge(copied, 1);
        ck_assert_uint_le(room, AHEAD);
        ck_assert_uint_gt(bufv_length(rest), 0);
        ck_assert_uint_le(bufv_length(rest), AHEAD);
    }
    ck_assert_uint_le(s->got_len + bufv_length(rest), 20 * 10000 + AHEAD);
}
END_TEST

/* From a list: the rest goes first, then bufv_write(). */
START_TEST(fill__copy_from_a_list)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_of((const char *const[]){"01", "23", NULL});
    bufv_t *v = list_of((const char *const[]){"abc", "de", NULL});
    bufv_reader_t r = bufv_reader(v);
    apr_uint64_t copied = 4711;

    s->stall = 0;
    play(s, "1:again");
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(copied, 1);
    assert_text(rest, "123");
    assert_text(v, "abcde");
    play(s, "3 2:again");
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(copied, 5);
    assert_text(rest, "");
    assert_text(v, "cde");
    assert_ok(bufv_copy(s->w, &r, rest, &copied));
    ck_assert_uint_eq(copied, 3);
    assert_ok(bufv_copy(s->w, &r, rest, &copied));
    ck_assert_uint_eq(copied, 0);
    scripted_assert_got(s, "0123abcde", 9);
}
END_TEST

/* What has no way to read is refused, and the rest stays. */
START_TEST(fill__copy_without_a_way)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_of((const char *const[]){"01", NULL});
    bufv_reader_t none = {NULL, NULL, NULL, NULL};
    apr_uint64_t copied = 4711;
    apr_size_t got = 4711;

    assert_is(bufv_copy(s->w, &none, rest, &copied), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(copied, 0);
    assert_text(rest, "01");
    assert_is(bufv_fill(rest, &none, 10, &got), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(got, 0);
    ck_assert_uint_eq(s->attempts, 0);
}
END_TEST

/* ---- a reader that waits */

/* It is told what is left until the writer's deadline, and that ends it. */
START_TEST(fill__reader_waits_until_the_deadline)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    apr_time_t start = s->clock;
    apr_uint64_t copied;
    source_t src;
    bufv_reader_t r = reader_of(&src, "ab :again cd :again");

    r.wait = source_wait;
    src.s = s;
    src.advance = 3000;
    if (_i)
        bufv_writer_deadline_set(s->w, start + 5000);
    if (_i) {
        assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_TIMEUP);
        ck_assert_int_eq(src.timeout, 2000);
        ck_assert_int_eq(s->clock - start, 5000);
    }
    else {
        assert_ok(bufv_copy(s->w, &r, rest, &copied));
        ck_assert_int_lt(src.timeout, 0);
        ck_assert_int_eq(s->clock - start, 6000);
    }
    ck_assert_uint_eq(copied, 4);
    ck_assert_uint_eq(bufv_length(rest), 0);
    scripted_assert_got(s, "abcd", 4);
}
END_TEST

static apr_status_t nothing_now(void *baton, void *data, apr_size_t *len)
{
    (void)data;
    ++*(int *)baton;
    *len = 0;
    return APR_EAGAIN;
}

static apr_status_t at_once(void *baton, apr_interval_time_t timeout)
{
    (void)baton;
    (void)timeout;
    return APR_SUCCESS;
}

/* A deadline in 50 days, more milliseconds than there are ints: no wait is
 * longer than a day, and none ends the copy but the last, or one that has a
 * limit of its own. */
typedef struct days_t {
    scripted_t *s;
    int waits, reads;
    int most; /* this wait ends at once, by a limit of its own; 0: none */
} days_t;

static apr_status_t nothing_these_days(void *baton, void *data,
                                       apr_size_t *len)
{
    days_t *days = baton;

    (void)data;
    days->reads++;
    *len = 0;
    return APR_EAGAIN;
}

static apr_status_t wait_for_days(void *baton, apr_interval_time_t timeout)
{
    days_t *days = baton;

    if (++days->waits == days->most)
        return APR_TIMEUP;
    ck_assert_int_ge(timeout, 0);
    ck_assert_int_le(timeout, apr_time_from_sec(24 * 60 * 60));
    days->s->clock += timeout;
    return APR_TIMEUP;
}

START_TEST(fill__reader_waits_for_days)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    days_t days = {NULL, 0, 0, _i};
    bufv_reader_t r = {nothing_these_days, NULL, wait_for_days, &days};
    apr_time_t start = s->clock, in_50_days = apr_time_from_sec(50 * 86400);
    apr_uint64_t copied;

    days.s = s;
    bufv_writer_deadline_set(s->w, start + in_50_days);
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_TIMEUP);
    if (_i == 0)
        ck_assert_int_eq(s->clock - start, in_50_days);
    ck_assert_int_eq(days.waits, _i == 0 ? 50 : _i);
    ck_assert_int_eq(days.reads, 1);
}
END_TEST

/* Waits that bring nothing are followed by pauses on the clock of the writer,
 * never by real sleep, and these end with the deadline. */
START_TEST(fill__reader_wakes_for_nothing)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    int reads = 0;
    bufv_reader_t r = {nothing_now, NULL, at_once, &reads};
    apr_time_t start = s->clock;
    apr_uint64_t copied;

    bufv_writer_deadline_set(s->w, start + 200000);
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(s->clock - start, 200000);
    ck_assert_int_eq(s->paused, 200000);
    ck_assert_int_le(reads, 40);
}
END_TEST

/* A clock without a way to let time pass on it: the status is returned. */
START_TEST(fill__reader_wakes_where_no_pause_is)
{
    scripted_t *s = scripted_new(pool);
    bufv_t *rest = list_new();
    int reads = 0;
    bufv_reader_t r = {nothing_now, NULL, at_once, &reads};
    apr_uint64_t copied;

    s->ops.pause = NULL;
    scripted_open(s);
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_EAGAIN);
    ck_assert_int_le(reads, 10);
    ck_assert_uint_eq(bufv_length(rest), 0);
}
END_TEST

/* Past the deadline there is no pause, not even one of nothing. */
typedef struct late_t {
    scripted_t *s;
    int reads;
} late_t;

static apr_status_t read_late(void *baton, void *data, apr_size_t *len)
{
    late_t *late = baton;

    (void)data;
    *len = 0;
    if (++late->reads == 3)
        late->s->clock += 10000;
    return APR_EAGAIN;
}

START_TEST(fill__reader_wakes_past_the_deadline)
{
    scripted_t *s = scripted_for(NULL);
    bufv_t *rest = list_new();
    late_t late = {NULL, 0};
    bufv_reader_t r = {read_late, NULL, at_once, &late};
    apr_uint64_t copied;

    late.s = s;
    bufv_writer_deadline_set(s->w, s->clock + 5000);
    assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_TIMEUP);
    ck_assert_int_eq(late.reads, 3);
    ck_assert_uint_eq(s->pauses, 0);
    scripted_assert_kept(s);
}
END_TEST

static apr_status_t nothing_for_a_while(void *baton, void *data,
                                        apr_size_t *len)
{
    apr_status_t status = nothing_now(baton, data, len);

    return *(int *)baton < 6 ? status : APR_EOF;
}

/* The same on the system's clock: three of the five waits that bring nothing
 * are followed by a pause, 1, 2 and 4 ms. */
START_TEST(fill__reader_wakes_in_real_time)
{
    scripted_t *s = scripted_in_real_time(pool);
    bufv_t *rest = list_new();
    int reads = 0;
    bufv_reader_t r = {nothing_for_a_while, NULL, at_once, &reads};
    apr_time_t start = apr_time_now();
    apr_uint64_t copied;

    scripted_open(s);
    assert_ok(bufv_copy(s->w, &r, rest, &copied));
    ck_assert_int_eq(reads, 6);
    ck_assert_uint_eq(copied, 0);
    ck_assert_int_ge(apr_time_now() - start, 6000);
}
END_TEST

static apr_status_t give_the_room_up(void *baton, void *data, apr_size_t *len)
{
    (void)data;
    ck_assert_int_eq(bufv_commit(baton, 0), APR_SUCCESS);
    *len = 3;
    return APR_SUCCESS;
}

/* A reader that gives up the room that it was to read into has not read. */
START_TEST(fill__reader_gives_the_room_up)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    bufv_reader_t r = {give_the_room_up, NULL, NULL, v};
    apr_size_t got = 9;

    assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(got, 0);
    assert_text(v, "first");
}
END_TEST

/* ---- sockets */

/* Sends from the far end in a thread, after a while, and then shuts down. */
typedef struct sender_t {
    peer_t *p;
    const unsigned char *data;
    apr_size_t len;
    apr_interval_time_t after;
    apr_thread_t *thread;
    apr_status_t status;
} sender_t;

static void *APR_THREAD_FUNC send_all(apr_thread_t *thread, void *baton)
{
    sender_t *s = baton;
    apr_size_t at = 0, part;

    (void)thread;
    apr_sleep(s->after);
    while (at < s->len && s->status == APR_SUCCESS) {
        part = s->len - at;
        s->status =
            apr_socket_send(s->p->far_end, (const char *)s->data + at, &part);
        at += part;
    }
    if (s->status == APR_SUCCESS)
        s->status = apr_socket_shutdown(s->p->far_end, APR_SHUTDOWN_WRITE);
    return NULL;
}

static void sender_start(sender_t *s, peer_t *p, apr_size_t len,
                         apr_interval_time_t after)
{
    memset(s, 0, sizeof(*s));
    s->p = p;
    s->data = bytes_new(len, 82);
    s->len = len;
    s->after = after;
    assert_ok(apr_thread_create(&s->thread, NULL, send_all, s, pool));
}

static void sender_finish(sender_t *s)
{
    thread_join(s->thread);
    assert_ok(s->status);
}

/* One receive a read; then what the timeout says; then the end. */
START_TEST(fill__from_a_socket)
{
    peer_t *p = peer_new();
    bufv_reader_t r = bufv_reader_socket(p->near_end);
    bufv_t *v = list_new();
    apr_size_t got, len = 5;
    int i;

    assert_ok(apr_socket_send(p->far_end, "hello", &len));
    assert_ok(bufv_fill(v, &r, 3, &got));
    ck_assert_uint_eq(got, 3);
    assert_ok(bufv_fill(v, &r, 100, &got));
    ck_assert_uint_eq(got, 2);
    assert_text(v, "hello");
    assert_ok(apr_socket_timeout_set(p->near_end, 0));
    assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(got, 0);
    assert_ok(apr_socket_timeout_set(p->near_end, 20000));
    assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(got, 0);
    assert_ok(apr_socket_timeout_set(p->near_end, apr_time_from_sec(30)));
    assert_ok(apr_socket_shutdown(p->far_end, APR_SHUTDOWN_WRITE));
    for (i = 0; i < 2; i++) {
        assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_EOF);
        ck_assert_uint_eq(got, 0);
    }
    assert_text(v, "hello");
}
END_TEST

/* From socket to socket to the end of the stream. */
START_TEST(fill__copy_from_a_socket)
{
    const apr_size_t len = 3000000;
    peer_t *from = peer_new(), *to = peer_new();
    bufv_reader_t r = bufv_reader_socket(from->near_end);
    bufv_writer_t *w = peer_writer(to);
    bufv_t *rest = list_new();
    apr_uint64_t copied = 0;
    sender_t sender;

    to->piece = 30000;
    to->pause = 100;
    peer_start(to);
    sender_start(&sender, from, len, 0);
    assert_ok(bufv_copy(w, &r, _i ? rest : NULL, &copied));
    ck_assert_uint_eq(copied, len);
    ck_assert_uint_eq(bufv_length(rest), 0);
    sender_finish(&sender);
    peer_finish(to);
    peer_assert_got(to, sender.data, len);
}
END_TEST

/* Sockets that never wait: the copy says which of them stopped, and goes on
 * from there. */
START_TEST(fill__copy_between_sockets_that_never_wait)
{
    const apr_size_t len = 3000000;
    peer_t *from = peer_new(), *to = peer_new();
    bufv_reader_t r = bufv_reader_socket(from->near_end);
    bufv_writer_t *w = peer_writer(to);
    bufv_t *rest = list_new();
    apr_uint64_t copied, sum = 0;
    apr_status_t status;
    sender_t sender;
    int by_reader = 0;

    assert_ok(apr_socket_timeout_set(from->near_end, 0));
    assert_ok(apr_socket_timeout_set(to->near_end, 0));
    peer_start(to);
    sender_start(&sender, from, len, 30000);
    do {
        status = bufv_copy(w, &r, rest, &copied);
        sum += copied;
        by_reader += bufv_length(rest) == 0 && status != APR_SUCCESS;
        ck_assert_uint_le(bufv_length(rest), AHEAD);
        if (APR_STATUS_IS_EAGAIN(status))
            apr_sleep(500);
    } while (APR_STATUS_IS_EAGAIN(status));
    assert_ok(status);
    ck_assert_uint_eq(sum, len);
    ck_assert_int_gt(by_reader, 0);
    sender_finish(&sender);
    peer_finish(to);
    peer_assert_got(to, sender.data, len);
}
END_TEST

/* The reader's timeout ends a copy after what came before it. */
START_TEST(fill__copy_from_a_silent_socket)
{
    peer_t *from = peer_new();
    scripted_t *s = scripted_for(NULL);
    bufv_reader_t r = bufv_reader_socket(from->near_end);
    bufv_t *rest = list_new();
    apr_uint64_t copied = 0;
    apr_size_t len = 5;

    assert_ok(apr_socket_timeout_set(from->near_end, _i ? 50000 : 0));
    assert_ok(apr_socket_send(from->far_end, "hello", &len));
    apr_sleep(_i ? 0 : 20000);
    if (_i)
        assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_TIMEUP);
    else
        assert_is(bufv_copy(s->w, &r, rest, &copied), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(copied, 5);
    ck_assert_uint_eq(bufv_length(rest), 0);
    scripted_assert_got(s, "hello", 5);
}
END_TEST

/* A descriptor that does not block, with no timeout of APR's: the reader
 * waits by itself, until the writer's deadline if there is one. */
START_TEST(fill__reader_of_a_socket_waits)
{
    peer_t *from = peer_new(), *to = peer_new();
    bufv_reader_t r = bufv_reader_socket(from->near_end);
    bufv_writer_t *w = peer_writer(to);
    bufv_t *rest = list_new();
    apr_uint64_t copied = 0;
    sender_t sender;

    assert_ok(apr_socket_timeout_set(from->near_end, -1));
    assert_ok(apr_socket_opt_set(from->near_end, APR_SO_NONBLOCK, 1));
    bufv_writer_deadline_set(w, apr_time_now() + apr_time_from_msec(50));
    assert_is(bufv_copy(w, &r, rest, &copied), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(copied, 0);
    bufv_writer_deadline_set(w, apr_time_now() + apr_time_from_sec(60));
    peer_start(to);
    sender_start(&sender, from, 100000, 50000);
    assert_ok(bufv_copy(w, &r, rest, &copied));
    ck_assert_uint_eq(copied, 100000);
    sender_finish(&sender);
    peer_finish(to);
    peer_assert_got(to, sender.data, 100000);
}
END_TEST

/* ---- files */

/* From where it stands to its end. */
START_TEST(fill__from_a_file)
{
    const unsigned char *data = bytes_new(200000, 83);
    apr_file_t *file = file_new(data, 200000, _i ? APR_FOPEN_BUFFERED : 0);
    bufv_reader_t r = bufv_reader_file(file);
    scripted_t *s = scripted_for(NULL);
    bufv_t *v = list_new();
    apr_off_t at = 100;
    apr_uint64_t copied;
    apr_size_t got;

    assert_ok(apr_file_seek(file, APR_SET, &at));
    assert_ok(bufv_fill(v, &r, 1000, &got));
    ck_assert_uint_eq(got, 1000);
    assert_bytes(v, data + 100, 1000);
    at = 0;
    assert_ok(apr_file_seek(file, APR_CUR, &at));
    ck_assert_int_eq(at, 1100);
    assert_ok(bufv_copy(s->w, &r, v, &copied));
    ck_assert_uint_eq(copied, 199900);
    scripted_assert_got(s, data + 100, 199900);
    assert_is(bufv_fill(v, &r, 1000, &got), APR_STATUS_IS_EOF);
    ck_assert_uint_eq(got, 0);
    assert_ok(bufv_copy(s->w, &r, v, &copied));
    ck_assert_uint_eq(copied, 0);
}
END_TEST

/* A pipe: what its timeout says, then the end. */
START_TEST(fill__from_a_pipe)
{
    apr_file_t *in, *out;
    bufv_reader_t r;
    scripted_t *s = scripted_for(NULL);
    bufv_t *v = list_new();
    apr_uint64_t copied;
    apr_size_t got, len = 5;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    r = bufv_reader_file(in);
    if (apr_file_pipe_timeout_set(in, 0) != APR_SUCCESS) {
        skip("fill__from_a_pipe", "pipes have no timeout here");
        return;
    }
    assert_is(bufv_fill(v, &r, 100, &got), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(got, 0);
    assert_ok(apr_file_write(out, "hello", &len));
    assert_is(bufv_copy(s->w, &r, v, &copied), APR_STATUS_IS_EAGAIN);
    ck_assert_uint_eq(copied, 5);
    ck_assert_uint_eq(bufv_length(v), 0);
    if (apr_file_pipe_timeout_set(in, 20000) != APR_SUCCESS) {
        skip("fill__from_a_pipe", "this pipe cannot be told to wait a while");
        return;
    }
    assert_is(bufv_copy(s->w, &r, v, &copied), APR_STATUS_IS_TIMEUP);
    ck_assert_uint_eq(bufv_length(v), 0);
    assert_ok(apr_file_write(out, "hello", &len));
    assert_ok(apr_file_close(out));
    assert_ok(bufv_copy(s->w, &r, v, &copied));
    ck_assert_uint_eq(copied, 5);
    scripted_assert_got(s, "hellohello", 10);
}
END_TEST

/* What the readers of this library wait: not at all where APR's own timeout
 * said so, or has passed by now; otherwise until something comes, for as long
 * as they are told, which may be for ever. */
static const apr_interval_time_t spans[] = {-1, 1, 50000, APR_INT64_MAX - 999,
                                            APR_INT64_MAX};

static void assert_waits(const bufv_reader_t *r)
{
    apr_size_t i;

    for (i = 0; i < COUNT(spans); i++)
        assert_ok(r->wait(r->baton, spans[i]));
}

START_TEST(fill__wait_of_a_socket)
{
    peer_t *p = peer_new();
    bufv_reader_t r = bufv_reader_socket(p->near_end);
    apr_size_t len = 1;

    assert_ok(apr_socket_timeout_set(p->near_end, 0));
    assert_is(r.wait(r.baton, -1), APR_STATUS_IS_EAGAIN);
    assert_ok(apr_socket_timeout_set(p->near_end, 1000));
    assert_is(r.wait(r.baton, -1), APR_STATUS_IS_TIMEUP);
    assert_ok(apr_socket_timeout_set(p->near_end, -1));
    assert_is(r.wait(r.baton, 0), APR_STATUS_IS_TIMEUP);
    assert_is(r.wait(r.baton, 1), APR_STATUS_IS_TIMEUP);
    assert_ok(apr_socket_send(p->far_end, "x", &len));
    assert_ok(r.wait(r.baton, apr_time_from_sec(60)));
    assert_waits(&r);
}
END_TEST

START_TEST(fill__wait_of_a_pipe)
{
    apr_file_t *in, *out;
    bufv_reader_t r;
    apr_size_t len = 1;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    r = bufv_reader_file(in);
    if (apr_file_pipe_timeout_set(in, 0) != APR_SUCCESS ||
        apr_file_pipe_timeout_set(in, 1000) != APR_SUCCESS) {
        skip("fill__wait_of_a_pipe", "pipes have no timeout here");
        return;
    }
    assert_is(r.wait(r.baton, -1), APR_STATUS_IS_TIMEUP);
    assert_is(r.wait(r.baton, apr_time_from_sec(60)), APR_STATUS_IS_TIMEUP);
    assert_ok(apr_file_pipe_timeout_set(in, apr_time_from_sec(60)));
    assert_is(r.wait(r.baton, 1000), APR_STATUS_IS_TIMEUP);
    assert_ok(apr_file_pipe_timeout_set(in, 0));
    assert_is(r.wait(r.baton, -1), APR_STATUS_IS_EAGAIN);
    assert_ok(apr_file_pipe_timeout_set(in, -1));
    assert_is(r.wait(r.baton, 1), APR_STATUS_IS_TIMEUP);
    assert_ok(apr_file_write(out, "x", &len));
    assert_waits(&r);
    /* another reader of the pipe was quicker: it waits again */
    assert_ok(apr_file_pipe_timeout_set(in, apr_time_from_sec(60)));
    assert_ok(r.wait(r.baton, -1));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, fill__once, 0, (int)COUNT(fill_cases));
    tcase_add_loop_test(tc, fill__most, 0, (int)COUNT(mosts));
    tcase_add_test(tc, fill__most_0);
    tcase_add_loop_test(tc, fill__claims_too_much, 0, 3);
    tcase_add_loop_test(tc, fill__nothing_came, 0, 2);
    tcase_add_test(tc, fill__memory);
    tcase_add_test(tc, fill__without_memory);
    tcase_add_test(tc, fill__total_of_64_bits);
    tcase_add_test(tc, fill__reader_meddles);
    tcase_add_loop_test(tc, fill__copy, 0, (int)COUNT(copy_cases));
    tcase_add_loop_test(tc, fill__copy_without_a_rest, 0,
                        (int)COUNT(copy_cases));
    tcase_add_test(tc, fill__copy_resumed_at_the_end);
    tcase_add_loop_test(tc, fill__copy_resumed, 0, 50);
    tcase_add_loop_test(tc, fill__copy_reads_ahead, 0, 2);
    tcase_add_test(tc, fill__copy_from_a_list);
    tcase_add_test(tc, fill__copy_without_a_way);
    tcase_add_loop_test(tc, fill__reader_waits_until_the_deadline, 0, 2);
    tcase_add_loop_test(tc, fill__reader_waits_for_days, 0, 3);
    tcase_add_test(tc, fill__reader_wakes_for_nothing);
    tcase_add_test(tc, fill__reader_wakes_where_no_pause_is);
    tcase_add_test(tc, fill__from_a_socket);
    tcase_add_loop_test(tc, fill__copy_from_a_socket, 0, 2);
    tcase_add_test(tc, fill__copy_between_sockets_that_never_wait);
    tcase_add_loop_test(tc, fill__copy_from_a_silent_socket, 0, 2);
    tcase_add_test(tc, fill__reader_of_a_socket_waits);
    tcase_add_loop_test(tc, fill__from_a_file, 0, 2);
    tcase_add_test(tc, fill__from_a_pipe);
    tcase_add_test(tc, fill__reader_gives_the_room_up);
    tcase_add_test(tc, fill__reader_wakes_past_the_deadline);
    tcase_add_test(tc, fill__reader_wakes_in_real_time);
    tcase_add_test(tc, fill__wait_of_a_socket);
    tcase_add_test(tc, fill__wait_of_a_pipe);
}

const topic_t topic_fill = {"fill", add_tests};
