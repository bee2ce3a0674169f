/* SPDX-License-Identifier: Apache-2.0 */

/* A handler to try the filters with: brigades of any shape.
 *
 *     <Location /chunks>
 *         SetHandler bufv-chunks
 *     </Location>
 *
 *     /chunks?5000,20          5000 chunks of 20 bytes, at once
 *     /chunks?5000,20,100,p    the same from a pool, 100 a brigade
 *     /chunks?4,3000,1,h,500   4 of 3000 bytes, half a second after each
 *     /chunks?1,8,0,f          the file that the path names
 */

#include "mod_bufv.h"

#include <http_protocol.h>

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

/* The request's arguments: how many chunks of how many bytes, after how many
 * of them the brigade is passed on (0: all at once), their kind: h(eap),
 * p(ool), t(ransient) or i(mmortal), or f(ile): the one that the request
 * names; and how many milliseconds the handler sleeps after each brigade,
 * without a flush. */
typedef struct order_t {
    unsigned int count, size, step;
    char kind;
    unsigned int pause;
} order_t;

/* More is no response that anybody tries by hand. */
#define COUNT_MAX 1000000
#define SIZE_MAX_ 65536
#define PAUSE_MAX 10000

/* Adds one to a decimal number. */
static void count_up(char *last)
{
    for (; *last == '9'; last--)
        *last = '0';
    ++*last;
}

/* The next chunk: a line with its number. */
static apr_bucket *make_chunk(const order_t *o, char *text, request_rec *r)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    count_up(text + o->size - 2);
    if (o->kind == 'h')
        return apr_bucket_heap_create(text, o->size, NULL, alloc);
    text = apr_pmemdup(r->pool, text, o->size);
    if (o->kind == 'p')
        return apr_bucket_pool_create(text, o->size, r->pool, alloc);
    return apr_bucket_transient_create(text, o->size, alloc);
}

static apr_status_t pass_last(apr_bucket_brigade *bb, request_rec *r)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    return ap_pass_brigade(r->output_filters, bb);
}

/* Passes on what there is, and rests. */
static apr_status_t pass_some(const order_t *o, apr_bucket_brigade *bb,
                              request_rec *r)
{
    apr_status_t status = ap_pass_brigade(r->output_filters, bb);

    apr_brigade_cleanup(bb);
    if (o->pause != 0)
        apr_sleep(apr_time_from_msec(o->pause));
    return status;
}

static apr_status_t pass_chunks(const order_t *o, apr_bucket_brigade *bb,
                                request_rec *r)
{
    char *text = apr_palloc(r->pool, o->size);
    unsigned int i;

    memset(text, '0', o->size - 1);
    text[o->size - 1] = '\n';
    for (i = 1; i <= o->count; i++) {
        apr_status_t status = APR_SUCCESS;

        APR_BRIGADE_INSERT_TAIL(bb, make_chunk(o, text, r));
        if (o->step != 0 && i % o->step == 0)
            status = pass_some(o, bb, r);
        if (status != APR_SUCCESS)
            return status;
    }
    return pass_last(bb, r);
}

/* Its pool goes before its bytes have left, which is allowed. */
static apr_status_t pass_file(apr_bucket_brigade *bb, request_rec *r)
{
    const apr_int32_t flags = APR_READ | APR_BINARY | APR_SENDFILE_ENABLED;
    apr_pool_t *pool;
    apr_file_t *file;
    apr_status_t status = apr_pool_create(&pool, r->pool);

    if (status != APR_SUCCESS)
        return status;
    status = apr_file_open(&file, r->filename, flags, APR_OS_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        apr_brigade_insert_file(bb, file, 0, r->finfo.size, pool);
        status = pass_last(bb, r);
    }
    apr_pool_destroy(pool);
    return status;
}

/* Reads the arguments; whether they make sense. */
static int read_order(order_t *o, const char *args)
{
    if (args != NULL)
        sscanf(args, "%u,%u,%u,%c,%u", &o->count, &o->size, &o->step, &o->kind,
               &o->pause);
    return o->count <= COUNT_MAX && o->size >= 8 && o->size <= SIZE_MAX_ &&
           o->pause <= PAUSE_MAX;
}

int mod_bufv__chunks(request_rec *r)
{
    order_t o = {5000, 20, 0, 'h', 0};
    apr_bucket_brigade *bb;
    apr_status_t status;

    if (r->handler == NULL || strcmp(r->handler, "bufv-chunks") != 0)
        return DECLINED;
    if (r->method_number != M_GET || !read_order(&o, r->args))
        return HTTP_BAD_REQUEST;
    ap_set_content_type(r, "text/plain");
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    status = o.kind == 'f' ? pass_file(bb, r) : pass_chunks(&o, bb, r);
    return status == APR_SUCCESS ? OK : AP_FILTER_ERROR;
}
