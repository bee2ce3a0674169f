/* SPDX-License-Identifier: Apache-2.0 */

/* mod_bufv: the output of Apache httpd 2.4, on bufv.
 *
 *     LoadModule bufv_module modules/mod_bufv.so
 *     BufvOutput On      # the last output filter, for clients without TLS
 *     BufvTLS On         # full records, for clients with TLS
 *
 *     <Location /chunks>     # something to try them with
 *         SetHandler bufv-chunks
 *     </Location>
 *
 * Both switches are Off by default; each is one of a server, and virtual hosts
 * inherit it.
 *
 * What it leaves alone: HTTP/2 over TLS, which fills its records already; the
 * streams of HTTP/2, which have no socket; connections to a proxied server;
 * and connections for which somebody else has replaced the filter that it
 * would replace.
 */

#include "mod_bufv.h"

#include <http_connection.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_ssl.h>

#include <string.h>

APLOG_USE_MODULE(bufv);

/* ---- the switches */

enum { UNSET = -1 };

typedef struct config_t {
    int output;
    int tls;
} config_t;

static void *create_config(apr_pool_t *pool, server_rec *s)
{
    config_t *config = apr_palloc(pool, sizeof(*config));

    (void)s;
    config->output = UNSET;
    config->tls = UNSET;
    return config;
}

static void *merge_config(apr_pool_t *pool, void *main_server, void *host)
{
    const config_t *outer = main_server;
    const config_t *inner = host;
    config_t *config = apr_palloc(pool, sizeof(*config));

    config->output = inner->output == UNSET ? outer->output : inner->output;
    config->tls = inner->tls == UNSET ? outer->tls : inner->tls;
    return config;
}

static config_t *config_of(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &bufv_module);
}

static const char *set_output(cmd_parms *cmd, void *dummy, int on)
{
    (void)dummy;
    config_of(cmd->server)->output = on;
    return NULL;
}

static const char *set_tls(cmd_parms *cmd, void *dummy, int on)
{
    (void)dummy;
    config_of(cmd->server)->tls = on;
    return NULL;
}

static const command_rec commands[] = {
    AP_INIT_FLAG("BufvOutput", set_output, NULL, RSRC_CONF,
                 "On to bring responses to clients without TLS by way of "
                 "bufv"),
    AP_INIT_FLAG("BufvTLS", set_tls, NULL, RSRC_CONF,
                 "On to make full records for clients with TLS"),
    {NULL}};

/* ---- which connections
 *
 * Connections of clients come here before anybody reads a request, and with
 * the event MPM before each request. */

static int is_decided(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &bufv_module) != NULL;
}

static void decide(conn_rec *c)
{
    ap_set_module_config(c->conn_config, &bufv_module, c);
}

static void leave_alone(const conn_rec *c, const char *what)
{
    ap_log_cerror(APLOG_MARK, APLOG_DEBUG, 0, c,
                  "bufv leaves this connection alone: %s", what);
}

static int place_output(conn_rec *c)
{
    if (c->master != NULL || is_decided(c) || ap_ssl_conn_is_ssl(c) ||
        config_of(c->base_server)->output != 1)
        return DECLINED;
    decide(c);
    if (mod_bufv__output_place(c) == NULL)
        leave_alone(c, "its last output filter is not core's");
    return DECLINED;
}

/* By now mod_ssl has shaken hands, and the protocol is known. */
static int place_records(conn_rec *c)
{
    if (c->master != NULL || is_decided(c) || !ap_ssl_conn_is_ssl(c) ||
        config_of(c->base_server)->tls != 1)
        return DECLINED;
    decide(c);
    if (strcmp(ap_get_protocol(c), AP_PROTOCOL_HTTP1) != 0)
        leave_alone(c, "it does not speak HTTP/1.1");
    else if (!mod_bufv__records_place(c))
        leave_alone(c, "mod_ssl's coalescing filter is not there, or in use");
    return DECLINED;
}

/* ---- the module */

static void register_hooks(apr_pool_t *pool)
{
    static const char *const ssl[] = {"mod_ssl.c", NULL};

    (void)pool;
    mod_bufv__output_register();
    mod_bufv__records_register();
    ap_hook_process_connection(place_output, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_process_connection(place_records, ssl, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(mod_bufv__chunks, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_optional_fn_retrieve(mod_bufv__output_find_logio, NULL, NULL,
                                 APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA bufv_module = {
    STANDARD20_MODULE_STUFF,
    NULL, /* of a directory: nothing */
    NULL,
    create_config,
    merge_config,
    commands,
    register_hooks,
    0,
};
