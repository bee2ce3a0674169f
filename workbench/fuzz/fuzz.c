/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file fuzz.c
 * Random operations on several lists and writers, against flat strings: a
 * target of libFuzzer's.
 *
 * An input is a sequence of operations, each a byte, followed by the bytes
 * that it needs; where the input ends, they are 0. The model of a list is the
 * string of its bytes and the line of its chunks, each of which knows how
 * many lists have a part of it, so that it can be told when, and in which
 * order, each release is due.
 */

#include <bufv.h>

#include <apr_general.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTS 3
#define WRITERS 2
#define MOST_BYTES 4096 /* of a list */
#define MOST_CHUNKS 256 /* of a list, and owned ones of an input */
#define MOST_STEPS 200
#define SOURCE 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* ---- the input */

typedef struct input_t {
    const uint8_t *next;
    size_t left;
} input_t;

static input_t input;

static unsigned int byte(void)
{
    if (input.left == 0)
        return 0;
    input.left--;
    return *input.next++;
}

static unsigned int below(unsigned int n)
{
    return byte() % n;
}

/* A length: mostly short, now and then long, sometimes nothing. */
static apr_size_t length(void)
{
    unsigned int n = byte();

    return n < 224 ? n % 32 : (apr_size_t)(n - 223) * 20;
}

/* ---- the model */

/* A chunk that was given with a release callback. */
typedef struct owned_t {
    const void *data;
    apr_size_t len;
    int parts; /* of it, in all lists */
    int released;
} owned_t;

/* A part of a chunk, as one list has it. An empty chunk is one of 0 bytes. */
typedef struct piece_t {
    apr_size_t len;
    owned_t *owner; /* NULL: nobody is told */
    int file;       /* a range of the file */
} piece_t;

typedef struct list_t {
    bufv_t *v;
    unsigned char room[4 * MOST_BYTES];
    unsigned char *bytes; /* in it */
    apr_size_t len;
    piece_t piece[MOST_CHUNKS];
    int pieces;
    unsigned char *reserved; /* room to write into, or NULL */
    apr_size_t reserved_len;
    unsigned char mark;  /* what was written there */
    apr_uint64_t number; /* while it has left in part by a locked writer */
} list_t;

typedef struct transport_t {
    bufv_writer_t *w;
    list_t *list; /* being written */
    apr_size_t taken;
    apr_size_t max_vec, max_bytes;
    apr_uint64_t calls, hooks, waits;
    apr_uint64_t budget; /* 0: none */
    int message;
    int locked;
    apr_uint64_t turn; /* the number of the list that has to go on; 0: any */
    int held;    /* more was said to come, and nothing was flushed since */
    int appends; /* its hook may, so often */
    bufv_stats_t sum;
} transport_t;

static unsigned char source[SOURCE];
static apr_file_t *file; /* has the same bytes */
static apr_pool_t *pool;
static list_t lists[LISTS];
static transport_t transports[WRITERS];
static owned_t owned[MOST_CHUNKS];
static int owners;
static apr_time_t clock_now;
static apr_uint64_t numbers; /* the last that a list got */
static int borrowed;         /* between begin and end */

#define MUST(holds)                                                     \
    do {                                                                \
        if (!(holds)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds); \
            abort();                                                    \
        }                                                               \
    } while (0)

static void released(void *baton, const void *data, apr_size_t len)
{
    owned_t *o = baton;

    MUST(!o->released && !borrowed);
    MUST(o->data == data && o->len == len);
    o->released = 1;
}

/* A piece leaves a list. With the last one the owner is due. */
static void drop_piece(list_t *l, int i)
{
    if (l->piece[i].owner != NULL)
        l->piece[i].owner->parts--;
}

/* Takes n bytes off the front of the model, and what is empty there. */
static void model_drop(list_t *l, apr_size_t n)
{
    int i = 0;

    l->bytes += n;
    l->len -= n;
    while (i < l->pieces && l->piece[i].len <= n) {
        n -= l->piece[i].len;
        drop_piece(l, i++);
    }
    if (n > 0)
        l->piece[i].len -= n;
    if (l->len == 0)
        l->number = 0;
    l->pieces -= i;
    memmove(l->piece, l->piece + i, (size_t)l->pieces * sizeof(piece_t));
}

static int model_has_room(const list_t *l, apr_size_t len, int pieces)
{
    return l->len + len <= MOST_BYTES && l->pieces + pieces <= MOST_CHUNKS;
}

/* Puts the bytes where so many fit before and behind them. */
static void model_slide(list_t *l, apr_size_t before)
{
    memmove(l->room + before, l->bytes, l->len);
    l->bytes = l->room + before;
}

static void model_add_bytes(list_t *l, const void *data, apr_size_t len)
{
    if (l->bytes + l->len + len > l->room + sizeof(l->room))
        model_slide(l, 0);
    if (len > 0)
        memcpy(l->bytes + l->len, data, len);
    l->len += len;
}

static void model_add(list_t *l, const void *data, apr_size_t len,
                      owned_t *owner)
{
    model_add_bytes(l, data, len);
    l->piece[l->pieces].len = len;
    l->piece[l->pieces].file = 0;
    l->piece[l->pieces++].owner = owner;
}

/* ---- what holds after each step */

static apr_size_t chunks_of(const list_t *l)
{
    apr_size_t n = 0;
    int i;

    for (i = 0; i < l->pieces; i++)
        n += l->piece[i].len > 0;
    return n;
}

/* How many of them are shown: up to `most`, and nothing behind a range. */
static apr_size_t shown_of(const list_t *l, apr_size_t most)
{
    apr_size_t n = 0;
    int i;

    for (i = 0; i < l->pieces && n < most; i++) {
        n += l->piece[i].len > 0;
        if (l->piece[i].file)
            break;
    }
    return n;
}

static void check_list(const list_t *l)
{
    struct iovec vec[8];
    apr_size_t nvec = 8, done = 0, i;

    MUST(bufv_length(l->v) == l->len);
    MUST(bufv_count(l->v) == chunks_of(l));
    MUST(bufv_peek(l->v, vec, &nvec) == APR_SUCCESS);
    MUST(nvec == shown_of(l, 8));
    for (i = 0; i < nvec; i++) {
        MUST(vec[i].iov_len > 0 && vec[i].iov_len <= l->len - done);
        MUST(memcmp(vec[i].iov_base, l->bytes + done, vec[i].iov_len) == 0);
        done += vec[i].iov_len;
    }
}

/* An owner is released when no list has a part of it, and not before; an
 * empty part at the front of a list may be waiting for its turn. */
static void check_owners(int settled)
{
    int i;

    for (i = 0; i < owners; i++) {
        MUST(!owned[i].released || owned[i].parts == 0);
        MUST(!settled || owned[i].released || owned[i].parts > 0);
    }
}

static void check_all(void)
{
    int i;

    for (i = 0; i < LISTS; i++)
        check_list(&lists[i]);
    check_owners(0);
}

/* ---- the transport */

static apr_status_t status_of(unsigned int choice)
{
    static const apr_status_t said[] = {
        APR_SUCCESS, APR_SUCCESS, APR_SUCCESS,    APR_EAGAIN, APR_EAGAIN,
        APR_EINTR,   APR_ENOMEM,  APR_ECONNRESET, APR_TIMEUP, ENOBUFS,
    };

    return said[choice % 10];
}

/* How many bytes of the list this call may still take. */
static apr_size_t allowed(const transport_t *t)
{
    apr_size_t len = t->list->len;

    return t->budget > 0 && t->budget - t->taken < len
               ? (apr_size_t)t->budget - t->taken
               : len;
}

static void check_asked(const transport_t *t, apr_size_t asked, int more)
{
    MUST(asked > 0 && asked <= t->max_bytes && asked <= allowed(t));
    MUST((more != 0) == (asked < allowed(t)));
    MUST(!t->message || asked == t->list->len);
    MUST(t->calls > 0 || t->turn == 0 || t->turn == t->list->number);
    check_owners(0);
}

static apr_size_t check_batch(const transport_t *t, const struct iovec *vec,
                              apr_size_t nvec, int more)
{
    const list_t *l = t->list;
    apr_size_t asked = 0, i;

    MUST(nvec > 0 && nvec <= t->max_vec);
    for (i = 0; i < nvec; i++) {
        MUST(vec[i].iov_len > 0);
        MUST(vec[i].iov_len <= l->len - asked);
        MUST(memcmp(vec[i].iov_base, l->bytes + asked, vec[i].iov_len) == 0);
        asked += vec[i].iov_len;
    }
    check_asked(t, asked, more);
    return asked;
}

/* Takes some of the bytes that are asked for. */
static apr_status_t take_some(transport_t *t, apr_size_t asked, int more,
                              apr_size_t *written)
{
    apr_size_t n = byte() % 2 ? asked : byte() % (asked + 1);
    apr_status_t status = status_of(byte());

    MUST(borrowed);
    if (t->message)
        n = n == asked ? n : 0;
    /* An input that has ended takes everything. */
    if (input.left == 0) {
        n = asked;
        status = APR_SUCCESS;
    }
    MUST(t->calls == t->hooks);
    t->calls++;
    t->taken += n;
    if (n > 0 || more)
        t->held = more;
    model_drop(t->list, n);
    if (t->locked && n > 0 && t->list->len > 0 && t->list->number == 0)
        t->list->number = ++numbers;
    *written = n;
    return status;
}

static apr_status_t take(void *baton, const struct iovec *vec, apr_size_t nvec,
                         int more, apr_size_t *written)
{
    transport_t *t = baton;

    return take_some(t, check_batch(t, vec, nvec, more), more, written);
}

/* Sends a part of the file unread, or says that it cannot. */
static apr_status_t send_file(void *baton, apr_file_t *from, apr_off_t offset,
                              apr_size_t len, int more, apr_size_t *written)
{
    transport_t *t = baton;

    MUST(from == file && t->list->piece[0].file);
    MUST(len <= t->list->piece[0].len);
    MUST(memcmp(source + offset, t->list->bytes, len) == 0);
    check_asked(t, len, more);
    if (byte() % 16 != 1)
        return take_some(t, len, more, written);
    MUST(borrowed && t->calls == t->hooks);
    t->calls++;
    if (more)
        t->held = more;
    *written = 0;
    return APR_ENOTIMPL;
}

static apr_status_t begin(void *baton)
{
    (void)baton;
    MUST(!borrowed);
    borrowed = 1;
    return APR_SUCCESS;
}

static void end(void *baton)
{
    (void)baton;
    MUST(borrowed);
    borrowed = 0;
}

static void flush(void *baton)
{
    transport_t *t = baton;

    MUST(!borrowed && t->held);
    t->held = 0;
}

static void let_pass(void *baton, apr_interval_time_t time)
{
    transport_t *t = baton;

    MUST(!borrowed && !t->held && time > 0);
    t->waits++;
    clock_now += time;
}

static apr_status_t await(void *baton, apr_interval_time_t timeout)
{
    transport_t *t = baton;

    MUST(!borrowed && !t->held);
    t->waits++;
    if (timeout >= 0 && byte() % 4 == 0) {
        clock_now += timeout;
        return APR_TIMEUP;
    }
    clock_now += 1;
    return byte() % 8 == 1 ? APR_EINTR : APR_SUCCESS;
}

static apr_time_t now(void *baton)
{
    (void)baton;
    return clock_now;
}

/* May append to the list that is being written. */
static void hook(void *baton, const bufv_call_t *call)
{
    transport_t *t = baton;
    list_t *l = t->list;

    t->hooks++;
    MUST(!borrowed && call->size == sizeof(*call));
    MUST(call->asked > 0 && call->written <= call->asked);
    MUST(bufv_length(l->v) == l->len);
    MUST(bufv_consume(l->v, 0) == APR_EBUSY);
    if (t->appends > 0 && model_has_room(l, 3, 1)) {
        t->appends--;
        MUST(bufv_append_copy(l->v, "new", 3) == APR_SUCCESS);
        model_add(l, "new", 3, NULL);
    }
}

/* ---- operations */

static list_t *a_list(void)
{
    return &lists[below(LISTS)];
}

static const unsigned char *some_bytes(apr_size_t len)
{
    return source + byte() * 2 % (SOURCE - len);
}

static void do_append(int copy)
{
    list_t *l = a_list();
    apr_size_t len = length();
    const unsigned char *data = some_bytes(len);

    if (!model_has_room(l, len, 1))
        return;
    MUST((copy ? bufv_append_copy : bufv_append)(l->v, data, len) ==
         APR_SUCCESS);
    if (len > 0)
        model_add(l, data, len, NULL);
}

/* The next who is told, once, of these bytes. */
static owned_t *an_owner(const unsigned char *data, apr_size_t len)
{
    owned_t *o = &owned[owners++];

    o->data = data;
    o->len = len;
    o->parts = 1;
    o->released = 0;
    return o;
}

static void do_append_owned(void)
{
    list_t *l = a_list();
    apr_size_t len = length();
    const unsigned char *data = some_bytes(len);
    owned_t *o;

    if (!model_has_room(l, len, 1) || owners == MOST_CHUNKS)
        return;
    o = an_owner(data, len);
    MUST(bufv_append_owned(l->v, data, len, released, o) == APR_SUCCESS);
    model_add(l, data, len, o);
}

/* A range of the file, with which the list is told when it is done. */
static void do_append_file(void)
{
    list_t *l = a_list();
    apr_size_t len = length();
    const unsigned char *data = some_bytes(len);
    owned_t *o;

    if (!model_has_room(l, len, 1) || owners == MOST_CHUNKS)
        return;
    o = an_owner(NULL, 0);
    MUST(bufv_append_file_owned(l->v, file, data - source, len, released, o) ==
         APR_SUCCESS);
    model_add(l, data, len, o);
    l->piece[l->pieces - 1].file = len > 0;
}

static void do_append_vec(void)
{
    list_t *l = a_list();
    struct iovec vec[8];
    unsigned int n = below(9), i;

    if (!model_has_room(l, 8 * 32, 8))
        return;
    for (i = 0; i < n; i++) {
        vec[i].iov_len = byte() % 32;
        vec[i].iov_base = source + byte() * 2;
        if (vec[i].iov_len > 0)
            model_add(l, vec[i].iov_base, vec[i].iov_len, NULL);
    }
    MUST(bufv_append_vec(l->v, vec, n) == APR_SUCCESS);
}

static void do_appendf(void)
{
    list_t *l = a_list();
    int width = (int)length();
    char text[800];
    int len = snprintf(text, sizeof(text), "%*d", width, width);

    if (!model_has_room(l, (apr_size_t)len, 1))
        return;
    MUST(bufv_appendf(l->v, "%*d", width, width) == APR_SUCCESS);
    model_add(l, text, (apr_size_t)len, NULL);
}

static void do_prepend(void)
{
    list_t *l = a_list();
    apr_size_t len = length();
    const unsigned char *data = some_bytes(len);

    if (!model_has_room(l, len, 1))
        return;
    MUST(bufv_prepend(l->v, data, len) == APR_SUCCESS);
    if (len == 0)
        return;
    if (l->bytes < l->room + len)
        model_slide(l, MOST_BYTES);
    l->bytes -= len;
    memcpy(l->bytes, data, len);
    l->len += len;
    memmove(l->piece + 1, l->piece, (size_t)l->pieces * sizeof(piece_t));
    l->piece[0].len = len;
    l->piece[0].file = 0;
    l->piece[0].owner = NULL;
    l->pieces++;
}

static void model_copy(list_t *to, const list_t *from)
{
    int i, pieces = from->pieces;

    model_add_bytes(to, from->bytes, from->len);
    for (i = 0; i < pieces; i++) {
        to->piece[to->pieces++] = from->piece[i];
        if (from->piece[i].owner != NULL)
            from->piece[i].owner->parts++;
    }
}

/* Who had left in part goes on where its first byte goes to, if that is in
 * front there. */
static void model_move_number(list_t *to, list_t *from)
{
    if (from->number != 0 && to->len == 0)
        to->number = from->number;
    from->number = 0;
}

static void do_clone(void)
{
    list_t *to = a_list(), *from = a_list();

    if (!model_has_room(to, from->len, from->pieces))
        return;
    MUST(bufv_clone(to->v, from->v) == APR_SUCCESS);
    model_copy(to, from);
}

static void do_append_list(void)
{
    list_t *to = a_list(), *from = a_list();

    if (to == from) {
        MUST(bufv_append_list(to->v, from->v) == APR_EINVAL);
        return;
    }
    if (!model_has_room(to, from->len, from->pieces))
        return;
    MUST(bufv_append_list(to->v, from->v) == APR_SUCCESS);
    model_move_number(to, from);
    model_copy(to, from);
    model_drop(from, from->len);
}

/* A split takes along what ends at the cut, empty chunks behind it too. */
static void do_split(void)
{
    list_t *from = a_list(), *to = a_list();
    apr_size_t n = length(), left;
    int i;

    if (to == from || n > from->len) {
        MUST(bufv_split(from->v, n, to->v) == APR_EINVAL);
        return;
    }
    if (!model_has_room(to, n, from->pieces + 1))
        return;
    MUST(bufv_split(from->v, n, to->v) == APR_SUCCESS);
    if (n > 0)
        model_move_number(to, from);
    model_add_bytes(to, from->bytes, n);
    for (i = 0, left = n; i < from->pieces; i++) {
        piece_t piece = from->piece[i];

        if (piece.len > left && left == 0)
            break;
        piece.len = piece.len < left ? piece.len : left;
        to->piece[to->pieces++] = piece;
        if (piece.owner != NULL)
            piece.owner->parts++;
        if (piece.len < from->piece[i].len)
            break;
        left -= piece.len;
    }
    model_drop(from, n);
}

static void do_consume(void)
{
    list_t *l = a_list();
    apr_size_t n = length();

    if (n > l->len) {
        MUST(bufv_consume(l->v, n) == APR_EINVAL);
        return;
    }
    MUST(bufv_consume(l->v, n) == APR_SUCCESS);
    model_drop(l, n);
}

static void do_read(void)
{
    list_t *l = a_list();
    unsigned char data[1024];
    apr_size_t room = length(), len = room;
    apr_status_t status = bufv_read(l->v, data, &len);

    if (room == 0) {
        MUST(status == APR_SUCCESS && len == 0);
        return;
    }
    MUST(status == (l->len == 0 ? APR_EOF : APR_SUCCESS));
    MUST(len == (room < l->len ? room : l->len));
    MUST(memcmp(data, l->bytes, len) == 0);
    model_drop(l, len);
}

static void do_clear(void)
{
    list_t *l = a_list();

    bufv_clear(l->v);
    model_drop(l, l->len);
    l->reserved = NULL;
}

static void do_trim(void)
{
    list_t *l = a_list();

    bufv_trim(l->v);
    l->reserved = NULL;
}

static void do_renew(void)
{
    list_t *l = a_list();

    bufv_destroy(l->v);
    model_drop(l, l->len);
    l->reserved = NULL;
    MUST(bufv_create(&l->v, pool) == APR_SUCCESS);
}

static void do_reserve(void)
{
    list_t *l = a_list();
    apr_size_t least = length(), room;
    void *data;

    MUST(bufv_reserve(l->v, least, &data, &room) == APR_SUCCESS);
    MUST(room >= least && room > 0);
    l->reserved = data;
    l->reserved_len = room;
    l->mark = (unsigned char)byte();
    memset(data, l->mark, room);
}

/* What was written into the room is there still, whatever came between. */
static void do_commit(void)
{
    list_t *l = a_list();
    apr_size_t len = length(), i;

    if (l->reserved == NULL || len > l->reserved_len) {
        MUST(bufv_commit(l->v, len) == APR_EINVAL);
        return;
    }
    if (!model_has_room(l, len, 1))
        return;
    for (i = 0; i < l->reserved_len; i++)
        MUST(l->reserved[i] == l->mark);
    MUST(bufv_commit(l->v, len) == APR_SUCCESS);
    if (len > 0)
        model_add(l, l->reserved, len, NULL);
    l->reserved = NULL;
}

/* A reader that gives so many bytes, if there is room, and this status. */
typedef struct gift_t {
    apr_size_t len;
    apr_status_t status;
    int reads;
} gift_t;

static apr_status_t give(void *baton, void *data, apr_size_t *len)
{
    gift_t *g = baton;

    MUST(*len > 0);
    g->reads++;
    if (g->len > *len)
        g->len = *len;
    memcpy(data, source, g->len);
    *len = g->len;
    return g->status;
}

static void do_fill(void)
{
    static const apr_status_t said[] = {APR_SUCCESS, APR_EOF, APR_EAGAIN,
                                        APR_ECONNRESET};
    list_t *l = a_list();
    gift_t g = {0, APR_SUCCESS, 0};
    bufv_reader_t reader = {give, NULL, NULL, &g};
    apr_size_t most = length() + 1, got = 99;
    apr_status_t status;

    g.len = length();
    g.status = said[below(4)];
    if (g.len == 0 && g.status == APR_SUCCESS)
        g.len = 1;
    if (!model_has_room(l, most, 1))
        return;
    status = bufv_fill(l->v, &reader, most, &got);
    MUST(g.reads == 1 && status == g.status);
    MUST(got == g.len && got <= most);
    if (got > 0)
        model_add(l, source, got, NULL);
    l->reserved = NULL;
}

static void check_written(transport_t *t, apr_status_t status,
                          apr_uint64_t written)
{
    bufv_report_t report = {.size = sizeof(report)};
    bufv_stats_t stats = {.size = sizeof(stats)};

    bufv_writer_report(t->w, &report);
    bufv_writer_stats(t->w, &stats);
    MUST(!borrowed && !t->held);
    MUST(written == t->taken && t->calls == t->hooks);
    MUST(report.status == status && report.written == written);
    MUST(report.calls == t->calls && report.waits == t->waits);
    MUST(report.left == t->list->len);
    MUST(status != APR_SUCCESS || report.left == 0);
    MUST(status != APR_INCOMPLETE || written == t->budget);
    t->sum.written += written;
    t->sum.calls += t->calls;
    t->sum.waits += t->waits;
    MUST(stats.written == t->sum.written && stats.calls == t->sum.calls);
    MUST(stats.waits == t->sum.waits);
}

/* After which the turn is anybody's. */
static int is_gone(apr_status_t status)
{
    return APR_STATUS_IS_ECONNRESET(status);
}

/* It was another list's turn: nothing was attempted, and the writer does not
 * count it. */
static void check_refused(const transport_t *t, apr_status_t status,
                          const bufv_report_t *report)
{
    MUST(status == APR_EBUSY || status == APR_TIMEUP);
    MUST(report->written == 0 && report->calls == 0 && t->calls == 0);
    MUST(report->left == t->list->len && report->waits == t->waits);
}

/* A write that may wait or not, sometimes with a budget or a time of its own,
 * and with a hook that appends. Who waits for a turn that does not come needs
 * a limit. */
static void do_write(int wait)
{
    bufv_terms_t terms = {.size = sizeof(terms), .wait = wait};
    bufv_report_t report = {.size = sizeof(report)};
    transport_t *t = &transports[below(WRITERS)];
    apr_status_t status;
    list_t *l = a_list();
    unsigned int how = byte();
    int refused;

    model_drop(l, 0); /* empty chunks in front are due */
    t->list = l;
    t->taken = 0;
    t->calls = t->hooks = t->waits = 0;
    t->appends = how % 8 == 1 && !t->message ? 2 : 0;
    if (how % 4 == 2)
        terms.budget = length() + 1;
    if (how % 16 == 3)
        terms.within = (apr_interval_time_t)below(32) - 1;
    t->budget = t->message ? 0 : terms.budget;
    refused = l->len > 0 && t->turn != 0 && t->turn != l->number;
    if (refused && terms.within == 0)
        terms.within = 7;
    status = bufv_write_with(l->v, t->w, &terms, &report);
    MUST(report.status == status);
    if (refused && report.calls == 0 && (status == APR_EBUSY || t->waits > 0))
        check_refused(t, status, &report);
    else {
        MUST(!refused || status == APR_TIMEUP);
        check_written(t, status, report.written);
    }
    if (t->locked && t->taken > 0)
        t->turn = l->number;
    if (t->locked && t->calls > 0 && is_gone(status))
        t->turn = 0;
}

/* The rest of what left in part will not follow. */
static void do_abandon(void)
{
    transport_t *t = &transports[below(WRITERS)];

    MUST(bufv_writer_abandon(t->w) == APR_SUCCESS);
    t->turn = 0;
}

static void lock(transport_t *t)
{
    MUST(bufv_writer_lock_enable(t->w) == APR_SUCCESS);
    t->locked = !t->message;
}

static void do_lock(void)
{
    lock(&transports[below(WRITERS)]);
}

static void do_sendfile_from(void)
{
    static const apr_uint64_t from[] = {0, 16, ~(apr_uint64_t)0};

    bufv_writer_sendfile_from_set(transports[below(WRITERS)].w,
                                  from[below(3)]);
}

static void do_settings(void)
{
    static const apr_size_t vec[] = {0, 1, 2, 3, 16};
    static const apr_size_t most[] = {0, 1, 2, 7, 64, 600};
    static const apr_size_t copy[] = {0, 1, 4, 64, 512, 100000};
    transport_t *t = &transports[below(WRITERS)];
    apr_size_t max_vec = vec[below(5)], max_bytes = most[below(6)];

    if (t->message)
        max_bytes = 0;
    bufv_writer_limits_set(t->w, max_vec, max_bytes);
    t->max_vec = max_vec != 0 ? max_vec : 64;
    t->max_bytes = max_bytes != 0 ? max_bytes : 100000;
    bufv_writer_copy_below_set(t->w, copy[below(6)]);
    bufv_writer_stall_set(t->w, (int)below(4) * 5 - 5);
    bufv_writer_deadline_set(t->w, byte() % 4 == 1 ? clock_now + 20 : 0);
}

/* The operations of a later day have numbers of their own, so that older
 * inputs mean what they meant. */
static unsigned int an_operation(void)
{
    unsigned int n = byte();

    return n < 240 ? n % 20 : 20 + n % 4;
}

static void step(void)
{
    switch (an_operation()) {
    case 0:
        do_append(0);
        break;
    case 1:
        do_append(1);
        break;
    case 2:
        do_append_owned();
        break;
    case 3:
        do_append_vec();
        break;
    case 4:
        do_appendf();
        break;
    case 5:
        do_prepend();
        break;
    case 6:
        do_clone();
        break;
    case 7:
        do_append_list();
        break;
    case 8:
        do_split();
        break;
    case 9:
        do_consume();
        break;
    case 10:
        do_read();
        break;
    case 11:
        do_clear();
        break;
    case 12:
        do_write(0);
        break;
    case 13:
        do_write(1);
        break;
    case 14:
        do_trim();
        break;
    case 15:
        do_renew();
        break;
    case 16:
        do_reserve();
        break;
    case 17:
        do_commit();
        break;
    case 18:
        do_fill();
        break;
    case 20:
        do_append_file();
        break;
    case 21:
        do_abandon();
        break;
    case 22:
        do_lock();
        break;
    case 23:
        do_sendfile_from();
        break;
    default:
        do_settings();
        break;
    }
    check_all();
}

/* ---- one input */

static void open_writer(transport_t *t, int message)
{
    bufv_ops_t ops = {
        .size = sizeof(ops),
        .name = "fuzz",
        .max_vec = 64,
        .max_bytes = 100000,
        .message = message,
        .writev = take,
        .wait = await,
        .now = now,
        .begin = begin,
        .end = end,
        .pause = let_pass,
        .flush = flush,
    };

    if (!message)
        ops.sendfile = send_file;
    memset(t, 0, sizeof(*t));
    t->message = message;
    t->max_vec = ops.max_vec;
    t->max_bytes = ops.max_bytes;
    MUST(bufv_writer_create(&t->w, &ops, t, pool) == APR_SUCCESS);
    bufv_writer_hook_set(t->w, hook, t);
}

static void open_all(void)
{
    int i;

    clock_now = 1000;
    owners = 0;
    for (i = 0; i < LISTS; i++) {
        lists[i].bytes = lists[i].room;
        lists[i].len = 0;
        lists[i].pieces = 0;
        lists[i].reserved = NULL;
        lists[i].number = 0;
        MUST(bufv_create(&lists[i].v, pool) == APR_SUCCESS);
    }
    for (i = 0; i < WRITERS; i++)
        open_writer(&transports[i], i == 1);
}

/* Everything is released once, with the pool at the latest. */
static void close_all(void)
{
    int i;

    apr_pool_clear(pool);
    for (i = 0; i < owners; i++)
        MUST(owned[i].released);
}

/* A file that goes with the program. */
static void make_file(void)
{
    char name[] = "/tmp/bufv-fuzz-XXXXXX";
    apr_pool_t *lasting;

    MUST(apr_pool_create(&lasting, NULL) == APR_SUCCESS);
    MUST(apr_file_mktemp(&file, name,
                         APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE |
                             APR_FOPEN_EXCL | APR_FOPEN_SENDFILE_ENABLED,
                         lasting) == APR_SUCCESS);
    MUST(apr_file_remove(name, lasting) == APR_SUCCESS);
    MUST(apr_file_write_full(file, source, SOURCE, NULL) == APR_SUCCESS);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    unsigned int i;

    (void)argc;
    (void)argv;
    MUST(apr_initialize() == APR_SUCCESS);
    MUST(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    for (i = 0; i < SOURCE; i++)
        source[i] = (unsigned char)(i * 167 + (i >> 8) * 13);
    make_file();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int steps;

    input.next = data;
    input.left = size;
    open_all();
    if (size > 0 && data[0] >= 128) /* else it would happen too rarely */
        lock(&transports[0]);
    for (steps = 0; input.left > 0 && steps < MOST_STEPS; steps++)
        step();
    close_all();
    return 0;
}
