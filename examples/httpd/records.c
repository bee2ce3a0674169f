/* SPDX-License-Identifier: Apache-2.0 */

/* Full records for mod_ssl.
 *
 * mod_ssl makes a record of each bucket, or several of one that is longer than
 * a record: 16,384 bytes. Its own filter that joins small buckets first, "SSL/
 * TLS Coalescing Filter", does so for the first 8 KiB of a brigade; each
 * bucket behind them becomes a record of its own, of 20 bytes if that is what
 * it has. A record costs 22 bytes on the wire (TLS 1.3), a pass of the cipher,
 * and a call to send it. This filter makes full records, whatever the shape of
 * the brigade, and passes them on behind that one, to mod_ssl.
 *
 * Why that one is passed by and not removed: mod_proxy removes it, by its
 * name, when a connection becomes a tunnel (a websocket), in which nobody
 * flushes. Once it is gone, nothing is held here either.
 *
 * What is held from one call to the next, and for how long:
 *
 *   - bytes only, copied, in one block of memory; metadata never: it goes on
 *     within the call in which it came, behind the bytes that came before it;
 *   - only if nothing of this call was passed on, and no more than 8 KiB:
 *     mod_ssl's own filter holds that, too, and lets all go as soon as there
 *     is more. So whoever passes on 10 KiB without a FLUSH and then
 *     takes a rest sees them leave at once, as before.
 *
 * A list of bufv would gather as well, but what is held here is flat anyway,
 * and copying it together is all there is to do. Files are read by a list.
 */

#include "mod_bufv.h"

#include <http_connection.h>

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* The most that a record holds: RFC 8446, section 5.1. */
#define RECORD_MAX ((apr_size_t)16384)

/* The first record of a connection that was idle. A cold congestion window is
 * ten segments, about 14 KiB (RFC 6928): the last bytes of a full record, and
 * with them all of it, would come a round trip later. */
#define RECORD_FIRST ((apr_size_t)8192)

/* After this time without output a connection was idle, and TCP may begin with
 * a cold window again (RFC 5681, section 4.1: after the retransmission
 * timeout, which is a second before there is a measurement). */
#define IDLE APR_USEC_PER_SEC

/* What may be held over the end of a call: what mod_ssl's own filter holds. */
#define HELD_MAX ((apr_size_t)8192)

/* The place of this filter: mod_ssl's own is AP_FTYPE_CONNECTION + 4. */
#define BEFORE_COALESCING (AP_FTYPE_CONNECTION + 3)

typedef struct records_t {
    conn_rec *c;
    ap_filter_rec_t *coalescing; /* mod_ssl's own filter */
    output_t *output;            /* the last filter, or NULL */
    apr_bucket_brigade *out;     /* on its way to mod_ssl */
    bufv_t *file;                /* what is being read */
    char *bytes;                 /* RECORD_MAX of them, or NULL */
    apr_size_t used;             /* of these */
    apr_size_t limit;            /* of the next record */
    apr_time_t last;             /* when something was passed on */
    int passed;                  /* something of this call was */
    int closed;                  /* EOC came: what follows is not for TLS */
} records_t;

static ap_filter_rec_t *filter_handle;

/* ---- to mod_ssl, which is done with the bytes when it returns */

/* Whether mod_ssl's own filter is still there, to be passed by. */
static int may_hold(const records_t *x, const ap_filter_t *f)
{
    return f->next->frec == x->coalescing;
}

static ap_filter_t *next_filter(const records_t *x, const ap_filter_t *f)
{
    return may_hold(x, f) ? f->next->next : f->next;
}

static apr_status_t pass(records_t *x, ap_filter_t *f)
{
    apr_status_t status;

    x->passed = 1;
    status = ap_pass_brigade(next_filter(x, f), x->out);
    if (status == APR_SUCCESS && x->c->aborted)
        status = APR_ECONNABORTED;
    apr_brigade_cleanup(x->out);
    return status;
}

/* Puts bytes behind what is on its way: a record, or several full ones. */
static void put_out(records_t *x, const void *data, apr_size_t len)
{
    apr_bucket_alloc_t *alloc = x->c->bucket_alloc;
    apr_bucket *e = apr_bucket_transient_create(data, len, alloc);

    APR_BRIGADE_INSERT_TAIL(x->out, e);
    x->limit = RECORD_MAX;
}

static void put_held_out(records_t *x)
{
    if (x->used > 0)
        put_out(x, x->bytes, x->used);
    x->used = 0;
}

static apr_status_t pass_held(records_t *x, ap_filter_t *f)
{
    put_held_out(x);
    return pass(x, f);
}

/* ---- from the brigade */

/* Not from the connection's pool, which would keep it while it is idle. */
static apr_status_t need_bytes(records_t *x)
{
    if (x->bytes == NULL)
        x->bytes = malloc(RECORD_MAX);
    return x->bytes != NULL ? APR_SUCCESS : APR_ENOMEM;
}

static apr_status_t free_bytes(void *baton)
{
    records_t *x = baton;

    free(x->bytes);
    x->bytes = NULL;
    x->used = 0;
    return APR_SUCCESS;
}

static apr_size_t min_size(apr_size_t a, apr_size_t b)
{
    return a < b ? a : b;
}

/* Copies what completes a record, or what is left. */
static apr_status_t copy_some(records_t *x, ap_filter_t *f, const char *data,
                              apr_size_t *len)
{
    apr_status_t status = need_bytes(x);

    if (status != APR_SUCCESS)
        return status;
    *len = min_size(*len, x->limit - x->used);
    memcpy(x->bytes + x->used, data, *len);
    x->used += *len;
    return x->used == x->limit ? pass_held(x, f) : APR_SUCCESS;
}

/* Passes on full records where they lie. */
static apr_status_t pass_full(records_t *x, ap_filter_t *f, const char *data,
                              apr_size_t *len)
{
    *len -= *len % x->limit;
    if (x->limit < RECORD_MAX)
        *len = x->limit;
    put_out(x, data, *len);
    return pass(x, f);
}

static apr_status_t take_data(records_t *x, ap_filter_t *f, const char *data,
                              apr_size_t len)
{
    apr_status_t status = APR_SUCCESS;

    while (len > 0 && status == APR_SUCCESS) {
        apr_size_t n = len;

        if (x->used == 0 && len >= x->limit)
            status = pass_full(x, f, data, &n);
        else
            status = copy_some(x, f, data, &n);
        data += n;
        len -= n;
    }
    return status;
}

/* Reads a file straight into records. */
static apr_status_t read_file(records_t *x, ap_filter_t *f)
{
    apr_status_t status = need_bytes(x);

    while (bufv_length(x->file) > 0 && status == APR_SUCCESS) {
        apr_size_t n = x->limit - x->used;

        status = bufv_read(x->file, x->bytes + x->used, &n);
        if (status == APR_SUCCESS) {
            x->used += n;
            if (x->used == x->limit)
                status = pass_held(x, f);
        }
    }
    return status;
}

/* A file is read, and never mapped: it may be made shorter meanwhile, and then
 * the process would die. */
static apr_status_t take_file(records_t *x, ap_filter_t *f, apr_bucket *e)
{
    const apr_bucket_file *file = e->data;
    apr_status_t status =
        bufv_append_file(x->file, file->fd, e->start, e->length);

    if (status == APR_SUCCESS)
        status = read_file(x, f);
    bufv_clear(x->file);
    return status;
}

/* While a pipe has nothing, the client gets what there is. */
static apr_status_t wait_for_bucket(records_t *x, ap_filter_t *f,
                                    apr_bucket *e, const char **data,
                                    apr_size_t *len)
{
    apr_bucket *flush = apr_bucket_flush_create(x->c->bucket_alloc);
    apr_status_t status;

    put_held_out(x);
    APR_BRIGADE_INSERT_TAIL(x->out, flush);
    status = pass(x, f);
    if (status == APR_SUCCESS)
        status = apr_bucket_read(e, data, len, APR_BLOCK_READ);
    return status;
}

static apr_status_t take_bucket(records_t *x, ap_filter_t *f, apr_bucket *e)
{
    const char *data;
    apr_size_t len;
    apr_status_t status;

    if (APR_BUCKET_IS_FILE(e))
        status = take_file(x, f, e);
    else {
        status = apr_bucket_read(e, &data, &len, APR_NONBLOCK_READ);
        if (APR_STATUS_IS_EAGAIN(status))
            status = wait_for_bucket(x, f, e, &data, &len);
        if (status == APR_SUCCESS)
            status = take_data(x, f, data, len);
    }
    if (status == APR_SUCCESS)
        apr_bucket_delete(e);
    return status;
}

/* Metadata, as much as comes in a row. */
static apr_status_t take_metadata(records_t *x, ap_filter_t *f,
                                  apr_bucket_brigade *bb)
{
    apr_bucket *e = APR_BRIGADE_FIRST(bb);

    put_held_out(x);
    while (e != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_IS_METADATA(e)) {
        x->closed |= AP_BUCKET_IS_EOC(e);
        APR_BUCKET_REMOVE(e);
        APR_BRIGADE_INSERT_TAIL(x->out, e);
        e = APR_BRIGADE_FIRST(bb);
    }
    return pass(x, f);
}

/* ---- the filter */

static apr_status_t take_brigade(records_t *x, ap_filter_t *f,
                                 apr_bucket_brigade *bb)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t held_max;

    while (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb)) {
        apr_bucket *e = APR_BRIGADE_FIRST(bb);

        if (x->closed)
            return ap_pass_brigade(next_filter(x, f), bb);
        if (APR_BUCKET_IS_METADATA(e))
            status = take_metadata(x, f, bb);
        else
            status = take_bucket(x, f, e);
    }
    held_max = !x->passed && may_hold(x, f) ? HELD_MAX : 0;
    if (status == APR_SUCCESS && x->used > held_max)
        status = pass_held(x, f);
    return status;
}

/* The clock is not asked while something is held: what begins a response has
 * asked, and a handler that passes on little at a time pays for each call. */
static void begin_call(records_t *x)
{
    x->passed = 0;
    if (x->used == 0 && apr_time_now() - x->last > IDLE)
        x->limit = RECORD_FIRST;
    mod_bufv__output_hold(x->output);
}

static apr_status_t end_call(records_t *x, apr_status_t status)
{
    apr_status_t released = mod_bufv__output_release(x->output);

    if (status == APR_SUCCESS)
        status = released;
    if (status != APR_SUCCESS) {
        x->used = 0;
        x->c->aborted = 1;
    }
    if (x->passed)
        x->last = apr_time_now();
    if (x->used == 0)
        free_bytes(x);
    return status;
}

/* After an error, as of a file that ends too early, what is held is dropped,
 * and the rest of the brigade is the caller's. The response cannot be mended,
 * and what came next would be taken for a part of it: the connection ends. */
static apr_status_t records_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    records_t *x = f->ctx;

    if (x->c->aborted)
        return end_call(x, APR_ECONNABORTED);
    begin_call(x);
    return end_call(x, take_brigade(x, f, bb));
}

/* ---- its place */

/* httpd has names of filters in lower case. */
static ap_filter_t *find_coalescing(const conn_rec *c)
{
    ap_filter_t *f = c->output_filters;

    while (f != NULL &&
           strcmp(f->frec->name, "ssl/tls coalescing filter") != 0)
        f = f->next;
    return f;
}

int mod_bufv__records_place(conn_rec *c)
{
    ap_filter_t *f = find_coalescing(c);
    records_t *x;

    if (f == NULL || f->ctx != NULL)
        return 0;
    x = apr_pcalloc(c->pool, sizeof(*x));
    x->c = c;
    x->coalescing = f->frec;
    x->out = apr_brigade_create(c->pool, c->bucket_alloc);
    x->limit = RECORD_FIRST;
    if (bufv_create(&x->file, c->pool) != APR_SUCCESS)
        return 0;
    apr_pool_cleanup_register(c->pool, x, free_bytes, apr_pool_cleanup_null);
    x->output = mod_bufv__output_place(c);
    ap_add_output_filter_handle(filter_handle, x, NULL, c);
    return 1;
}

void mod_bufv__records_register(void)
{
    filter_handle = ap_register_output_filter("BUFV_RECORDS", records_filter,
                                              NULL, BEFORE_COALESCING);
}
