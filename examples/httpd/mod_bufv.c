/* mod_bufv: the last output filter of Apache httpd 2.4, on bufv.
 *
 *     LoadModule bufv_module modules/mod_bufv.so
 *     BufvOutput On                 # per server; Off is the default
 *
 *     <Location /chunks>            # something to try it with
 *         SetHandler bufv-chunks
 *     </Location>
 *
 * The last output filter of a connection gets brigades of buckets and brings
 * their bytes to the client's socket. In httpd that is core's, which collects
 * buckets in a vector, sends it, finds out which buckets left, deletes them,
 * splits the one that left in part, and so on. Here a list of bufv does all
 * of that, and what is left is what only httpd can know: when to wait.
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
 * rules alone. A FLUSH bucket, FlushMaxThreshold bytes in memory, a bucket of
 * unknown length (a CGI's pipe), or FlushMaxPipelined requests make the
 * worker thread wait, since the caller must not go on filling memory and 2.4
 * has no way to suspend a handler in the middle of ap_pass_brigade(). With
 * the prefork MPM every response ends with a FLUSH.
 *
 * It leaves alone what it cannot help: TLS, where mod_ssl makes 16 KiB
 * records of the chunks before they come here, the streams of HTTP/2, which
 * have no socket, connections to a proxied server, and connections for which
 * somebody else has replaced core's filter already.
 */

#include <bufv_brigade.h>

#include <httpd.h>

#include <http_config.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <util_filter.h>

#include <apr_optional.h>
#include <apr_strings.h>

#include <stdio.h>

#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 97)
#error "FlushMaxThreshold and ap_ssl_conn_is_ssl() came with httpd 2.4.47"
#endif

/* Less than this waits for company: core's THRESHOLD_MIN_WRITE. */
#define MIN_WRITE 4096

/* The most that is in the list at a time, give or take a bucket. The rest
 * stays in a brigade: files that have to be read are read as they leave, and
 * there are never many buckets to set aside here rather than by httpd. */
#define WINDOW ((apr_uint64_t)1024 * 1024)

/* A file that is shorter is read, or mapped as APR does it, and leaves in one
 * call with the header before it. */
#define MIN_SENDFILE 8192

extern module AP_MODULE_DECLARE_DATA bufv_module;
APLOG_USE_MODULE(bufv);

static ap_filter_rec_t *filter_handle;
static APR_OPTIONAL_FN_TYPE(ap_logio_add_bytes_out) * add_bytes_out;

/* The way out of a connection. One thread at a time comes here, though not
 * always the same: that is all that bufv asks for. */
typedef struct exit_t {
    conn_rec *c;
    const core_server_config *conf;
    bufv_t *list;             /* what is leaving */
    bufv_writer_t *writer;    /* to the client's socket */
    apr_bucket_brigade *kept; /* what comes after the list */
    apr_bucket_brigade *one;  /* between the two */
    apr_pool_t *pool;         /* of files and mappings in either */
    apr_uint64_t appended;    /* bytes, since the connection began */
    apr_uint64_t counted;     /* of these, told to mod_logio */
    apr_uint64_t in_memory;   /* at most so many of the list's bytes are */
    int requests;             /* that end in the list */
} exit_t;

/* ---- the access log */

/* Tells mod_logio (%O) what left since the last time. */
static void count(exit_t *x)
{
    apr_uint64_t sent = x->appended - bufv_length(x->list);

    if (add_bytes_out != NULL && sent > x->counted)
        add_bytes_out(x->c, (apr_off_t)(sent - x->counted));
    x->counted = sent;
}

/* Called when all of a response has left, and before its EOR bucket goes,
 * which writes the line of the access log and frees the request. It is the
 * release callback of an empty chunk between the two. */
static void answered(void *baton, const void *data, apr_size_t len)
{
    exit_t *x = baton;

    (void)data;
    (void)len;
    x->requests--;
    count(x);
}

/* ---- from the brigade to the list */

/* Whether the file's bytes have to go through memory: EnableSendfile is off,
 * or it is not worth it. */
static int is_to_read(const apr_bucket *e)
{
    const apr_bucket_file *file = e->data;

    if (!APR_BUCKET_IS_FILE(e))
        return e->length == (apr_size_t)-1;
    return e->length < MIN_SENDFILE ||
           !(apr_file_flags_get(file->fd) & APR_SENDFILE_ENABLED);
}

/* Reads a pipe or a file, a piece of it: what is left becomes a bucket of its
 * own behind this one. While a pipe has nothing, the client gets what there
 * is. */
static apr_status_t read_piece(exit_t *x, apr_bucket *e)
{
    const char *data;
    apr_size_t len;
    apr_status_t status = apr_bucket_read(e, &data, &len, APR_NONBLOCK_READ);

    if (!APR_STATUS_IS_EAGAIN(status))
        return status;
    status = bufv_write(x->list, x->writer, NULL);
    count(x);
    if (status != APR_SUCCESS)
        return status;
    return apr_bucket_read(e, &data, &len, APR_BLOCK_READ);
}

/* Who passed a file on may close it then, and need not wait for the request to
 * end; what is in the list may stay longer. Bytes in memory are the adapter's
 * care. */
static apr_status_t set_aside(exit_t *x, apr_bucket *e)
{
    if (APR_BUCKET_IS_FILE(e) || APR_BUCKET_IS_MMAP(e))
        return apr_bucket_setaside(e, x->pool);
    return APR_SUCCESS;
}

static apr_status_t prepare(exit_t *x, apr_bucket *e)
{
    apr_status_t status = APR_SUCCESS;

    if (AP_BUCKET_IS_EOR(e)) {
        x->requests++;
        return bufv_append_owned(x->list, NULL, 0, answered, x);
    }
    if (APR_BUCKET_IS_METADATA(e))
        return APR_SUCCESS;
    if (is_to_read(e))
        status = read_piece(x, e);
    if (status == APR_SUCCESS)
        status = set_aside(x, e);
    return status;
}

/* Moves one bucket to the end of the list. What was read of a file does not
 * count as memory: httpd's threshold is for what a handler piles up. */
static apr_status_t append(exit_t *x, apr_bucket *e)
{
    int is_file = APR_BUCKET_IS_FILE(e);
    apr_status_t status = prepare(x, e);
    apr_uint64_t before = bufv_length(x->list);

    if (status != APR_SUCCESS)
        return status;
    APR_BUCKET_REMOVE(e);
    APR_BRIGADE_INSERT_TAIL(x->one, e);
    status = bufv_append_brigade(x->list, x->one, APR_BLOCK_READ);
    x->appended += bufv_length(x->list) - before;
    if (!is_file)
        x->in_memory += bufv_length(x->list) - before;
    return status;
}

/* Fills the list from the front of a brigade, up to the window or `end`. */
static apr_status_t fill(exit_t *x, apr_bucket_brigade *bb, apr_bucket *end)
{
    apr_status_t status = APR_SUCCESS;
    apr_bucket *e;

    while ((e = APR_BRIGADE_FIRST(bb)) != end && status == APR_SUCCESS &&
           bufv_length(x->list) < WINDOW)
        status = append(x, e);
    return status;
}

/* ---- from the list to the socket */

/* Sends the list, and a brigade up to `end` after it. */
static apr_status_t send_until(exit_t *x, apr_bucket_brigade *bb,
                               apr_bucket *end, int wait)
{
    apr_status_t status;

    do {
        status = fill(x, bb, end);
        if (status != APR_SUCCESS)
            return status;
        status = wait ? bufv_write(x->list, x->writer, NULL)
                      : bufv_write_some(x->list, x->writer, NULL);
        count(x);
    } while (status == APR_SUCCESS && APR_BRIGADE_FIRST(bb) != end);
    if (x->in_memory > bufv_length(x->list))
        x->in_memory = bufv_length(x->list);
    return status;
}

/* The client is gone, or a file or a pipe failed, and the response cannot be
 * mended. What has not left is dropped; requests that end in it are logged
 * and freed, as core's filter does it. */
static apr_status_t give_up(exit_t *x, apr_bucket_brigade *bb,
                            apr_status_t status)
{
    x->c->aborted = 1;
    x->c->data_in_output_filters = 0;
    x->appended = x->counted; /* the rest does not count */
    bufv_clear(x->list);
    apr_brigade_cleanup(x->one);
    apr_brigade_cleanup(x->kept);
    if (bb != NULL)
        apr_brigade_cleanup(bb);
    return status;
}

/* ---- when to wait: httpd's rules */

/* What is in the list and in a brigade, as far as it matters to them. */
typedef struct load_t {
    apr_uint64_t bytes;
    apr_uint64_t in_memory;
    int requests;
    int unknown; /* a length is */
} load_t;

static void weigh(load_t *load, const apr_bucket *e)
{
    if (AP_BUCKET_IS_EOR(e))
        load->requests++;
    else if (e->length == (apr_size_t)-1)
        load->unknown = 1;
    else {
        load->bytes += e->length;
        if (!APR_BUCKET_IS_FILE(e))
            load->in_memory += e->length;
    }
}

static int is_due(const exit_t *x, const load_t *load, const apr_bucket *e)
{
    return APR_BUCKET_IS_FLUSH(e) || load->unknown ||
           load->in_memory >= x->conf->flush_max_threshold ||
           (x->conf->flush_max_pipelined >= 0 &&
            load->requests > x->conf->flush_max_pipelined);
}

/* The bucket up to which all has to leave before the caller may go on, or
 * NULL; and how many bytes there are after it. */
static apr_bucket *due_until(const exit_t *x, apr_bucket_brigade *bb,
                             apr_uint64_t *bytes)
{
    static const load_t none;
    load_t load = {bufv_length(x->list), x->in_memory, x->requests, 0};
    apr_bucket *e, *end = NULL;

    for (e = APR_BRIGADE_FIRST(bb); e != APR_BRIGADE_SENTINEL(bb);
         e = APR_BUCKET_NEXT(e)) {
        weigh(&load, e);
        if (is_due(x, &load, e)) {
            load = none;
            end = APR_BUCKET_NEXT(e);
        }
    }
    *bytes = load.bytes;
    return end;
}

/* ---- the filter */

/* Sends what has to go now, and what goes without waiting. */
static apr_status_t send_brigade(exit_t *x, apr_bucket_brigade *bb)
{
    apr_status_t status = APR_SUCCESS;
    apr_uint64_t bytes;
    apr_bucket *end = due_until(x, bb, &bytes);

    if (end != NULL)
        status = send_until(x, bb, end, 1);
    if (status == APR_SUCCESS && (bytes == 0 || bytes >= MIN_WRITE))
        status = send_until(x, bb, APR_BRIGADE_SENTINEL(bb), 0);
    return status;
}

/* What may stay from one call to the next: bytes in the list, and buckets
 * that ap_save_brigade() has made independent of their request. */
static void keep(exit_t *x, ap_filter_t *f, apr_bucket_brigade *bb)
{
    if (bb != NULL && !APR_BRIGADE_EMPTY(bb))
        ap_save_brigade(f, &x->kept, &bb, x->pool);
    x->c->data_in_output_filters =
        bufv_length(x->list) > 0 || !APR_BRIGADE_EMPTY(x->kept);
    if (!x->c->data_in_output_filters)
        apr_pool_clear(x->pool);
}

/* No brigade: the MPM found the socket writable. */
static apr_status_t output_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    exit_t *x = f->ctx;
    apr_status_t status;
    char text[256];

    if (x->c->aborted)
        return give_up(x, bb, APR_ECONNABORTED);
    if (bb == NULL)
        status = send_until(x, x->kept, APR_BRIGADE_SENTINEL(x->kept), 0);
    else {
        APR_BRIGADE_PREPEND(bb, x->kept);
        status = send_brigade(x, bb);
    }
    if (status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status)) {
        ap_log_cerror(APLOG_MARK, APLOG_TRACE1, status, x->c, "cut short: %s",
                      bufv_writer_strerror(x->writer, text, sizeof(text)));
        return give_up(x, bb, status);
    }
    keep(x, f, bb);
    return APR_SUCCESS;
}

/* ---- its place */

static ap_filter_t *last_filter(const conn_rec *c)
{
    ap_filter_t *f = c->output_filters;

    while (f != NULL && f->next != NULL)
        f = f->next;
    return f;
}

static exit_t *create_exit(conn_rec *c, apr_socket_t *sock)
{
    exit_t *x = apr_pcalloc(c->pool, sizeof(*x));

    x->c = c;
    x->conf = ap_get_core_module_config(c->base_server->module_config);
    x->kept = apr_brigade_create(c->pool, c->bucket_alloc);
    x->one = apr_brigade_create(c->pool, c->bucket_alloc);
    if (apr_pool_create(&x->pool, c->pool) != APR_SUCCESS ||
        bufv_create(&x->list, c->pool) != APR_SUCCESS ||
        bufv_writer_socket(&x->writer, sock, c->pool) != APR_SUCCESS)
        return NULL;
    return x;
}

/* Connections of clients come here, before anybody reads a request, and with
 * the event MPM before each request. All filters are in place by now. */
static int take_place(conn_rec *c)
{
    const int *on =
        ap_get_module_config(c->base_server->module_config, &bufv_module);
    ap_filter_t *last = last_filter(c);
    exit_t *x;

    if (!*on || c->master != NULL || ap_ssl_conn_is_ssl(c) || last == NULL ||
        last->frec != ap_core_output_filter_handle)
        return DECLINED;
    x = create_exit(c, ap_get_conn_socket(c));
    if (x == NULL)
        return DECLINED;
    ap_remove_output_filter(last);
    ap_add_output_filter_handle(filter_handle, x, NULL, c);
    return DECLINED;
}

/* ---- a handler to try it with: thousands of tiny buckets */

/* The request's arguments: how many chunks of how many bytes, after how many
 * of them the brigade is passed on (0: all at once), and their kind: h(eap),
 * p(ool) or t(ransient); or f(ile): the one that the request names. */
typedef struct order_t {
    unsigned int count, size, step;
    char kind;
} order_t;

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
            status = ap_pass_brigade(r->output_filters, bb);
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

static int chunks_handler(request_rec *r)
{
    order_t o = {5000, 20, 0, 'h'};
    apr_bucket_brigade *bb;
    apr_status_t status;

    if (r->handler == NULL || strcmp(r->handler, "bufv-chunks") != 0)
        return DECLINED;
    if (r->args != NULL)
        sscanf(r->args, "%u,%u,%u,%c", &o.count, &o.size, &o.step, &o.kind);
    if (r->method_number != M_GET || o.count > 1000000 || o.size < 8 ||
        o.size > 65536)
        return HTTP_BAD_REQUEST;
    ap_set_content_type(r, "text/plain");
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    status = o.kind == 'f' ? pass_file(bb, r) : pass_chunks(&o, bb, r);
    return status == APR_SUCCESS ? OK : AP_FILTER_ERROR;
}

/* ---- the module */

static void *create_config(apr_pool_t *pool, server_rec *s)
{
    (void)s;
    return apr_pcalloc(pool, sizeof(int));
}

static const char *set_output(cmd_parms *cmd, void *dummy, int on)
{
    int *config =
        ap_get_module_config(cmd->server->module_config, &bufv_module);

    (void)dummy;
    *config = on;
    return NULL;
}

static const command_rec commands[] = {
    AP_INIT_FLAG("BufvOutput", set_output, NULL, RSRC_CONF,
                 "On to bring responses to clients by way of bufv"),
    {NULL}};

static void find_logio(void)
{
    add_bytes_out = APR_RETRIEVE_OPTIONAL_FN(ap_logio_add_bytes_out);
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    filter_handle = ap_register_output_filter("BUFV", output_filter, NULL,
                                              AP_FTYPE_NETWORK);
    ap_hook_process_connection(take_place, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(chunks_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_optional_fn_retrieve(find_logio, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA bufv_module = {
    STANDARD20_MODULE_STUFF,
    NULL, /* of a directory: nothing */
    NULL,
    create_config, /* of a server: one switch, not inherited by others */
    NULL,
    commands,
    register_hooks,
    0,
};
