/* SPDX-License-Identifier: Apache-2.0 */

/* The last output filter of a connection.
 *
 * It gets brigades of buckets and brings their bytes to the client's socket.
 * In httpd that is core's, which collects buckets in a vector, sends it, finds
 * out which buckets left, deletes them, splits the one that left in part, and
 * so on. Here a list of bufv does all of that, and what is left is what only
 * httpd can know: when to send, and when to wait. Those rules are core's:
 *
 *   there is, in all                  it is sent   and waited for
 *   a FLUSH bucket                    now          until all before it left
 *   a bucket of unknown length        now          until all before it left
 *   > FlushMaxThreshold in memory     now          until no more than that is
 *   > FlushMaxPipelined requests      now          until no more than that are
 *   a file, or 4096 bytes             now          no
 *   less                              with more    no
 *   no brigade: the MPM found the     now          no
 *   socket writable
 *
 * Where it sits. The obvious place is right before core's filter, and it is
 * the wrong one. When a response does not fit the socket, the event MPM gives
 * the connection to its poller, and on writability calls *the last filter of
 * the chain* with no brigade at all (process_socket() in server/mpm/event/
 * event.c walks c->output_filters to the end); httpd 2.4 has no hook by which
 * an earlier filter could say "I have bytes, too". A filter before core's
 * would have to block, or to hand its rest over as copies. So this one takes
 * core's place: it is added with the same type, AP_FTYPE_NETWORK, and core's
 * is removed from this connection, which nobody else notices: core's keeps no
 * promise to others but through the brigade and c->data_in_output_filters.
 *
 * What a module cannot have: write completion is non-blocking by httpd's own
 * rules alone. Where the table says that the worker thread waits, it waits,
 * since the caller must not go on filling memory and 2.4 has no way to suspend
 * a handler in the middle of ap_pass_brigade(). With the prefork MPM every
 * response ends with a FLUSH.
 */

#include "mod_bufv.h"

#include <http_connection.h>
#include <http_log.h>
#include <http_request.h>

#include <apr_optional.h>
#include <apr_support.h>

#include <stdlib.h>
#include <string.h>

APLOG_USE_MODULE(bufv);

/* Less than this waits for company: core's THRESHOLD_MIN_WRITE. */
#define MIN_WRITE 4096

/* While a caller holds, this much is sent: three TLS records of 16 KiB in a
 * call. A fourth would not fit below FlushMaxThreshold, 64 KiB. */
#define MIN_HELD (48 * 1024)

/* A file that is shorter is read rather than mapped, even if EnableMMAP is
 * on: to map and unmap 10 KiB takes four times as long as to read them. */
#define MIN_MAP (64 * 1024)

/* Buckets that are shorter are copied together and deleted at once: the writer
 * would copy them anyway, and a bucket takes more memory than its bytes. */
#define MIN_REFERENCE 512

/* Longer ones stay where they are until they have left. So many bytes of
 * them, give or take a bucket, are deleted together: what FlushMaxThreshold
 * lets be in memory for a connection. */
#define MAX_RUN ((apr_size_t)64 * 1024)

/* Bytes that do not stay are copied, into memory that the list keeps for
 * itself; from here on each bucket's into a block of its own, which is freed
 * as soon as it has left: a client that reads slowly has little more in memory
 * than is to be sent. TLS records are such buckets. */
#define MIN_BLOCK 8192

/* A list that took more memory than this gives it back when it is empty, so
 * that idle connections are small. */
#define MAX_IDLE ((apr_size_t)16 * 1024)

/* What a chunk with a release callback takes of it: 16 bytes and 48. */
#define CHUNK_MEMORY 64

/* The most that is in the list at a time, give or take a bucket. More than
 * any socket's buffer takes gains nothing. */
#define MAX_LIST ((apr_uint64_t)1024 * 1024)

/* A file that is shorter is read, and leaves in one call with the header
 * before it: that costs less than the five calls that come with sendfile(),
 * which core takes from 256 bytes on. */
#define MIN_SENDFILE (16 * 1024)

/* One thread at a time comes here, though not always the same: that is all
 * that bufv asks for. */
struct output_t {
    conn_rec *c;
    ap_filter_t *filter;
    const core_server_config *conf;
    bufv_t *list;             /* what is leaving */
    bufv_t *spare;            /* empty: see take_file_back() */
    bufv_writer_t *writer;    /* to the client's socket */
    apr_bucket_brigade *kept; /* what comes after the list */
    apr_bucket_brigade *file; /* the bucket of the list's file, or none */
    apr_bucket_brigade *one;  /* on its way to the list */
    apr_pool_t *pool;         /* what is kept is set aside in it, or NULL */
    apr_uint64_t appended;    /* bytes, since the connection began */
    apr_uint64_t counted;     /* of these, told to mod_logio */
    apr_uint64_t flush;       /* a FLUSH came when so many were appended */
    apr_uint64_t in_file;     /* so many bytes at the list's end are a file */
    apr_size_t memory;        /* that the list took since it was empty */
    int requests;             /* that end in the list */
    int held;                 /* the caller will pass on more */
};

static ap_filter_rec_t *filter_handle;
static APR_OPTIONAL_FN_TYPE(ap_logio_add_bytes_out) * add_bytes_out;

/* ---- the access log */

static apr_uint64_t sent(const output_t *x)
{
    return x->appended - bufv_length(x->list);
}

/* Tells mod_logio (%O) what left since the last time. */
static void count(output_t *x)
{
    apr_uint64_t n = sent(x);

    if (x->c->aborted)
        return; /* what is dropped now did not leave */
    if (add_bytes_out != NULL && n > x->counted)
        add_bytes_out(x->c, (apr_off_t)(n - x->counted));
    x->counted = n;
}

/* Called when all of a response has left, and before its EOR bucket goes,
 * which writes the line of the access log and frees the request. It is the
 * release callback of an empty chunk between the two. */
static void answered(void *baton, const void *data, apr_size_t len)
{
    output_t *x = baton;

    (void)data;
    (void)len;
    x->requests--;
    count(x);
}

/* ---- from the brigade to the list
 *
 * APR_EAGAIN from one of these: the list has to leave first. */

/* Moves a bucket to the end of the list as bufv_brigade does it. */
static apr_status_t append_bucket(output_t *x, apr_bucket *e)
{
    apr_uint64_t before = bufv_length(x->list);
    apr_status_t status;

    APR_BUCKET_REMOVE(e);
    APR_BRIGADE_INSERT_TAIL(x->one, e);
    status = bufv_append_brigade(x->list, x->one, APR_NONBLOCK_READ);
    x->appended += bufv_length(x->list) - before;
    return status;
}

/* An EOR bucket frees what chunks before it may point into, and nobody knows
 * what others do: they go when those have left. */
static apr_status_t take_metadata(output_t *x, apr_bucket *e)
{
    apr_status_t status = APR_SUCCESS;

    if (APR_BUCKET_IS_FLUSH(e))
        x->flush = x->appended;
    if (bufv_length(x->list) == 0 || APR_BUCKET_IS_FLUSH(e) ||
        APR_BUCKET_IS_EOS(e)) {
        apr_bucket_delete(e);
        return APR_SUCCESS;
    }
    if (x->in_file > 0)
        return APR_EAGAIN;
    if (AP_BUCKET_IS_EOR(e)) {
        status = bufv_append_owned(x->list, NULL, 0, answered, x);
        x->requests += status == APR_SUCCESS;
    }
    return status == APR_SUCCESS ? append_bucket(x, e) : status;
}

static int is_for_sendfile(const apr_bucket_file *file, apr_size_t len)
{
    return len >= MIN_SENDFILE &&
           (apr_file_flags_get(file->fd) & APR_SENDFILE_ENABLED);
}

#if APR_HAS_MMAP
static int is_mapped(const apr_bucket *e)
{
    return APR_BUCKET_IS_MMAP(e);
}

static int is_to_map(const apr_bucket_file *file, apr_size_t len)
{
    return file->can_mmap && len >= MIN_MAP && !is_for_sendfile(file, len);
}
#else
static int is_mapped(const apr_bucket *e)
{
    (void)e;
    return 0;
}

static int is_to_map(const apr_bucket_file *file, apr_size_t len)
{
    (void)file;
    (void)len;
    return 0;
}
#endif

static int is_file(const apr_bucket *e)
{
    return APR_BUCKET_IS_FILE(e) || is_mapped(e);
}

/* The bucket has to stay until its bytes have left. */
static apr_status_t append_reference(const output_t *x, apr_bucket *e)
{
    const char *data;
    apr_size_t len;
    apr_status_t status = apr_bucket_read(e, &data, &len, APR_BLOCK_READ);

    if (status == APR_SUCCESS)
        status = bufv_append(x->list, data, len);
    return status;
}

/* Maps the file first, if that is its way. */
static apr_status_t append_file(const output_t *x, apr_bucket *e)
{
    const apr_bucket_file *file = e->data;

    if (APR_BUCKET_IS_FILE(e) && !is_to_map(file, e->length))
        return bufv_append_file(x->list, file->fd, e->start, e->length);
    return append_reference(x, e);
}

/* It becomes the last of the list, so that it can be taken back. */
static apr_status_t take_file(output_t *x, apr_bucket *e)
{
    apr_status_t status = append_file(x, e);

    if (status != APR_SUCCESS)
        return status;
    APR_BUCKET_REMOVE(e);
    APR_BRIGADE_INSERT_TAIL(x->file, e);
    x->in_file = e->length;
    x->appended += e->length;
    return APR_SUCCESS;
}

static int does_stay(const apr_bucket *e)
{
    return !APR_BUCKET_IS_TRANSIENT(e) && !APR_BUCKET_IS_POOL(e);
}

static void free_block(void *baton, const void *data, apr_size_t len)
{
    (void)data;
    (void)len;
    free(baton);
}

static apr_status_t append_block(output_t *x, apr_bucket *e, const char *data,
                                 apr_size_t len)
{
    void *block = malloc(len);
    apr_status_t status;

    if (block == NULL)
        return APR_ENOMEM;
    memcpy(block, data, len);
    status = bufv_append_owned(x->list, block, len, free_block, block);
    if (status != APR_SUCCESS) {
        free(block);
        return status;
    }
    x->appended += len;
    apr_bucket_delete(e);
    return APR_SUCCESS;
}

/* Destroys buckets in a row, of which the last has no next one. It is the
 * release callback of the chunks that they are. */
static void destroy_buckets(void *baton, const void *data, apr_size_t len)
{
    apr_bucket *e = baton, *next;

    (void)data;
    (void)len;
    for (; e != NULL; e = next) {
        next = APR_BUCKET_NEXT(e);
        apr_bucket_destroy(e);
    }
}

/* Whether its bytes are in memory as long as the bucket is there. */
static int is_for_run(const apr_bucket *e)
{
    return e->length >= MIN_REFERENCE &&
           (APR_BUCKET_IS_HEAP(e) || APR_BUCKET_IS_IMMORTAL(e));
}

/* Moves such buckets, as many as come in a row, to the list: a release
 * callback for all of them costs less than one for each. After an error they
 * are still the brigade's, which is cleaned up after the list. */
static apr_status_t take_run(output_t *x, apr_bucket_brigade *bb)
{
    apr_bucket *first = APR_BRIGADE_FIRST(bb), *last, *e;
    apr_size_t sum = 0;
    apr_status_t status;

    for (e = first;
         sum < MAX_RUN && e != APR_BRIGADE_SENTINEL(bb) && is_for_run(e);
         e = APR_BUCKET_NEXT(e)) {
        status = append_reference(x, e);
        if (status != APR_SUCCESS)
            return status;
        sum += e->length;
        x->appended += e->length;
        x->memory += CHUNK_MEMORY;
    }
    status = bufv_append_owned(x->list, NULL, 0, destroy_buckets, first);
    if (status != APR_SUCCESS)
        return status;
    last = APR_BUCKET_PREV(e);
    APR_RING_UNSPLICE(first, last, link);
    APR_BUCKET_NEXT(last) = NULL;
    return APR_SUCCESS;
}

/* Bytes that do not stay, or a piece of a pipe: the rest becomes a bucket of
 * its own. While a pipe has nothing, the client gets what there is. */
static apr_status_t take_bytes(output_t *x, apr_bucket *e)
{
    const char *data;
    apr_size_t len;
    apr_status_t status = apr_bucket_read(e, &data, &len, APR_NONBLOCK_READ);

    if (APR_STATUS_IS_EAGAIN(status) && bufv_length(x->list) == 0)
        status = apr_bucket_read(e, &data, &len, APR_BLOCK_READ);
    if (status != APR_SUCCESS)
        return status;
    return does_stay(e) ? append_bucket(x, e) : append_block(x, e, data, len);
}

/* Copies a bucket to where there is room for it. */
static apr_status_t copy_bucket(apr_bucket *e, char *room, apr_size_t *used)
{
    const char *data;
    apr_size_t len;
    apr_status_t status = apr_bucket_read(e, &data, &len, APR_BLOCK_READ);

    if (status != APR_SUCCESS)
        return status;
    memcpy(room + *used, data, len);
    *used += len;
    apr_bucket_delete(e);
    return APR_SUCCESS;
}

static int has_data_behind(const apr_bucket *e, const apr_bucket_brigade *bb)
{
    const apr_bucket *next = APR_BUCKET_NEXT(e);

    return next != APR_BRIGADE_SENTINEL(bb) && !APR_BUCKET_IS_METADATA(next);
}

/* A short file is the list's last, and read by it, unless more can leave
 * together with it: many ranges of one file do. So much may wait without
 * keeping the caller. */
static int is_to_copy(const output_t *x, const apr_bucket *e,
                      const apr_bucket_brigade *bb)
{
    if (e->length >= MIN_BLOCK || APR_BUCKET_IS_METADATA(e))
        return 0;
    if (APR_BUCKET_IS_FILE(e))
        return bufv_length(x->list) < MIN_HELD && has_data_behind(e, bb) &&
               !is_for_sendfile(e->data, e->length);
    return e->length < MIN_REFERENCE || !does_stay(e);
}

/* Copies buckets, as many as come in a row and find room. */
static apr_status_t take_copies(output_t *x, apr_bucket_brigade *bb)
{
    apr_bucket *e = APR_BRIGADE_FIRST(bb);
    apr_size_t room, used = 0;
    void *data;
    apr_size_t least = e->length < MIN_REFERENCE ? MIN_REFERENCE : e->length;
    apr_status_t status = bufv_reserve(x->list, least, &data, &room);
    apr_status_t committed;

    while (status == APR_SUCCESS && e != APR_BRIGADE_SENTINEL(bb) &&
           is_to_copy(x, e, bb) && e->length <= room - used) {
        status = copy_bucket(e, data, &used);
        e = APR_BRIGADE_FIRST(bb);
    }
    committed = bufv_commit(x->list, used);
    if (committed == APR_SUCCESS)
        x->appended += used;
    x->memory += used;
    return status == APR_SUCCESS ? committed : status;
}

/* Takes the first bucket, or more. */
static apr_status_t take(output_t *x, apr_bucket_brigade *bb)
{
    apr_bucket *e = APR_BRIGADE_FIRST(bb);

    x->memory += CHUNK_MEMORY;
    if (APR_BUCKET_IS_METADATA(e))
        return take_metadata(x, e);
    if (e->length == 0) {
        apr_bucket_delete(e);
        return APR_SUCCESS;
    }
    if (x->in_file > 0 || bufv_length(x->list) >= MAX_LIST)
        return APR_EAGAIN;
    if (is_to_copy(x, e, bb))
        return take_copies(x, bb);
    if (is_for_run(e))
        return take_run(x, bb);
    return is_file(e) ? take_file(x, e) : take_bytes(x, e);
}

/* ---- when to send, and when to wait: httpd's rules */

/* What is in the list, and in a brigade behind it. */
typedef struct load_t {
    apr_uint64_t in_memory;
    int requests;
} load_t;

static int is_too_much(const output_t *x, const load_t *load)
{
    return load->in_memory > x->conf->flush_max_threshold ||
           (x->conf->flush_max_pipelined >= 0 &&
            load->requests > x->conf->flush_max_pipelined);
}

/* Adds a bucket; whether that makes all up to it due. A mapped file is no
 * memory that a handler piles up. */
static int weigh(const output_t *x, load_t *load, const apr_bucket *e)
{
    if (APR_BUCKET_IS_FLUSH(e))
        return 1;
    if (AP_BUCKET_IS_EOR(e))
        load->requests++;
    else if (!APR_BUCKET_IS_METADATA(e)) {
        if (e->length == (apr_size_t)-1)
            return 1;
        if (!is_file(e))
            load->in_memory += e->length;
    }
    return is_too_much(x, load);
}

static int must_wait(const output_t *x, const apr_bucket_brigade *bb)
{
    load_t load = {bufv_length(x->list) - x->in_file, x->requests};
    const apr_bucket *e;
    int due = sent(x) < x->flush || is_too_much(x, &load);

    for (e = APR_BRIGADE_FIRST(bb); !due && e != APR_BRIGADE_SENTINEL(bb);
         e = APR_BUCKET_NEXT(e))
        due = weigh(x, &load, e);
    return due;
}

/* What is still in the brigade did not fit the list: then that is to leave. */
static int must_send(const output_t *x, const apr_bucket_brigade *bb)
{
    apr_uint64_t least = x->held ? MIN_HELD : MIN_WRITE;

    return bufv_length(x->list) >= least || x->in_file > 0 ||
           !APR_BRIGADE_EMPTY(bb) || must_wait(x, bb);
}

/* ---- from the list to the socket */

static apr_status_t send_list(output_t *x)
{
    apr_status_t status = bufv_write_some(x->list, x->writer, NULL);

    count(x);
    if (x->in_file > bufv_length(x->list))
        x->in_file = bufv_length(x->list);
    if (x->in_file == 0)
        apr_brigade_cleanup(x->file);
    return status;
}

/* Fills the list from the front of a brigade, as far as it goes now. If a
 * bucket fails, the client gets what came before it. */
static apr_status_t fill(output_t *x, apr_bucket_brigade *bb)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb))
        status = take(x, bb);
    if (status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(status))
        return APR_SUCCESS;
    (void)send_list(x);
    return status;
}

/* Within the connection's Timeout, anew after each part that left. */
static apr_status_t wait_writable(const output_t *x)
{
    return apr_wait_for_io_or_timeout(NULL, ap_get_conn_socket(x->c), 0);
}

/* Sends the list, and a brigade behind it. `all`: what the socket takes now.
 * Otherwise by the rules: what has to be waited for is waited for, and little
 * may stay for the next call. */
static apr_status_t send_brigade(output_t *x, apr_bucket_brigade *bb, int all)
{
    apr_status_t status = fill(x, bb);

    while (status == APR_SUCCESS && bufv_length(x->list) > 0 &&
           (all || must_send(x, bb))) {
        status = send_list(x);
        if (APR_STATUS_IS_EAGAIN(status) && !all && must_wait(x, bb))
            status = wait_writable(x);
        if (status == APR_SUCCESS)
            status = fill(x, bb);
    }
    return status;
}

/* ---- between two calls */

/* The client is gone, or a file or a pipe failed, and the response cannot be
 * mended. What has not left is dropped; requests that end in it are logged
 * and freed, as core's filter does it. */
static apr_status_t give_up(output_t *x, apr_bucket_brigade *bb,
                            apr_status_t status)
{
    x->c->aborted = 1;
    x->c->data_in_output_filters = 0;
    x->in_file = 0;
    bufv_clear(x->list);
    apr_brigade_cleanup(x->file);
    apr_brigade_cleanup(x->one);
    apr_brigade_cleanup(x->kept);
    if (bb != NULL)
        apr_brigade_cleanup(bb);
    return status;
}

/* The caller may close the file when it returns. So what is left of it becomes
 * a bucket again, before the others, and is set aside with them. */
static apr_status_t take_file_back(output_t *x, apr_bucket_brigade *bb)
{
    apr_bucket *e = APR_BRIGADE_FIRST(x->file);
    bufv_t *list = x->list;
    apr_status_t status =
        bufv_split(list, bufv_length(list) - x->in_file, x->spare);

    if (status != APR_SUCCESS)
        return status;
    bufv_clear(list);
    x->list = x->spare;
    x->spare = list;
    e->start += (apr_off_t)(e->length - x->in_file);
    e->length = (apr_size_t)x->in_file;
    x->appended -= x->in_file;
    x->in_file = 0;
    APR_BRIGADE_PREPEND(bb, x->file);
    return APR_SUCCESS;
}

/* Makes what is left of a brigade independent of who passed it on. */
static apr_status_t save(output_t *x, apr_bucket_brigade *bb)
{
    apr_status_t status = APR_SUCCESS;

    if (x->pool == NULL)
        status = apr_pool_create(&x->pool, x->c->pool);
    if (status == APR_SUCCESS)
        status = ap_save_brigade(x->filter, &x->kept, &bb, x->pool);
    return status;
}

/* Nothing is left. */
static void make_small(output_t *x)
{
    if (x->pool != NULL)
        apr_pool_clear(x->pool);
    if (x->memory > MAX_IDLE)
        bufv_trim(x->list);
    x->memory = 0;
}

/* What may stay from one call to the next: bytes in the list, and buckets. */
static apr_status_t keep(output_t *x, apr_bucket_brigade *bb)
{
    apr_status_t status = APR_SUCCESS;

    if (x->in_file > 0)
        status = take_file_back(x, bb);
    if (status == APR_SUCCESS && bb != x->kept && !APR_BRIGADE_EMPTY(bb))
        status = save(x, bb);
    x->c->data_in_output_filters =
        bufv_length(x->list) > 0 || !APR_BRIGADE_EMPTY(x->kept);
    if (!x->c->data_in_output_filters)
        make_small(x);
    return status;
}

/* ---- the filter */

static apr_status_t report(output_t *x, apr_bucket_brigade *bb,
                           apr_status_t status)
{
    char text[256];

    ap_log_cerror(APLOG_MARK, APLOG_TRACE1, status, x->c, "cut short: %s",
                  bufv_writer_strerror(x->writer, text, sizeof(text)));
    return give_up(x, bb, status);
}

static apr_status_t send_and_keep(output_t *x, apr_bucket_brigade *bb, int all)
{
    apr_status_t status = send_brigade(x, bb, all);

    if (status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(status))
        status = keep(x, bb);
    return status == APR_SUCCESS ? APR_SUCCESS : report(x, bb, status);
}

static int is_empty(const output_t *x)
{
    return bufv_length(x->list) == 0 && APR_BRIGADE_EMPTY(x->kept);
}

static int has_data(const apr_bucket_brigade *bb)
{
    const apr_bucket *e = APR_BRIGADE_FIRST(bb);

    while (e != APR_BRIGADE_SENTINEL(bb) && APR_BUCKET_IS_METADATA(e))
        e = APR_BUCKET_NEXT(e);
    return e != APR_BRIGADE_SENTINEL(bb);
}

/* No brigade: the MPM found the socket writable, or asks whether anything is
 * left. */
static apr_status_t output_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    output_t *x = f->ctx;

    if (x->c->aborted)
        return give_up(x, bb, APR_ECONNABORTED);
    if (is_empty(x) && (bb == NULL || !has_data(bb))) {
        x->c->data_in_output_filters = 0;
        return bb == NULL ? APR_SUCCESS : apr_brigade_cleanup(bb);
    }
    if (bb == NULL)
        return send_and_keep(x, x->kept, 1);
    APR_BRIGADE_PREPEND(bb, x->kept);
    return send_and_keep(x, bb, 0);
}

void mod_bufv__output_hold(output_t *x)
{
    if (x != NULL)
        x->held = 1;
}

apr_status_t mod_bufv__output_release(output_t *x)
{
    if (x == NULL)
        return APR_SUCCESS;
    x->held = 0;
    if (x->c->aborted || is_empty(x))
        return APR_SUCCESS;
    return send_and_keep(x, x->kept, 0);
}

/* ---- its place */

static ap_filter_t *last_filter(const conn_rec *c)
{
    ap_filter_t *f = c->output_filters;

    while (f != NULL && f->next != NULL)
        f = f->next;
    return f;
}

static output_t *create(conn_rec *c)
{
    output_t *x = apr_pcalloc(c->pool, sizeof(*x));
    apr_socket_t *sock = ap_get_conn_socket(c);

    x->c = c;
    x->conf = ap_get_core_module_config(c->base_server->module_config);
    x->kept = apr_brigade_create(c->pool, c->bucket_alloc);
    x->file = apr_brigade_create(c->pool, c->bucket_alloc);
    x->one = apr_brigade_create(c->pool, c->bucket_alloc);
    if (bufv_create(&x->list, c->pool) != APR_SUCCESS ||
        bufv_create(&x->spare, c->pool) != APR_SUCCESS ||
        bufv_writer_socket(&x->writer, sock, c->pool) != APR_SUCCESS)
        return NULL;
    bufv_writer_sendfile_from_set(x->writer, MIN_SENDFILE);
    return x;
}

output_t *mod_bufv__output_place(conn_rec *c)
{
    ap_filter_t *last = last_filter(c);
    output_t *x;

    if (last == NULL || last->frec != ap_core_output_filter_handle ||
        c->data_in_output_filters)
        return NULL;
    x = create(c);
    if (x == NULL)
        return NULL;
    ap_remove_output_filter(last);
    x->filter = ap_add_output_filter_handle(filter_handle, x, NULL, c);
    return x;
}

void mod_bufv__output_find_logio(void)
{
    add_bytes_out = APR_RETRIEVE_OPTIONAL_FN(ap_logio_add_bytes_out);
}

void mod_bufv__output_register(void)
{
    filter_handle = ap_register_output_filter("BUFV", output_filter, NULL,
                                              AP_FTYPE_NETWORK);
}
