/* SPDX-License-Identifier: Apache-2.0 */

/* mod_bufv from the inside: what its files know of each other.
 *
 *   mod_bufv.c  the switches, and where the filters are put
 *   output.c    the last output filter of a connection
 *   records.c   full records for mod_ssl
 *   chunks.c    a handler to try it with
 */

#ifndef MOD_BUFV_H
#define MOD_BUFV_H

#include <bufv_brigade.h>

#include <httpd.h>

#include <http_config.h>
#include <http_core.h>
#include <util_filter.h>

#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 97)
#error "FlushMaxThreshold and ap_ssl_conn_is_ssl() came with httpd 2.4.47"
#endif

extern module AP_MODULE_DECLARE_DATA bufv_module;

/* The last output filter of a connection. */
typedef struct output_t output_t;

/* Registers the filters. */
void mod_bufv__output_register(void);
void mod_bufv__records_register(void);

/* Looks up what other modules offer, once all are loaded. */
void mod_bufv__output_find_logio(void);

/* Puts the last filter in the place of core's. NULL: core's is not there, or
 * holds something, and the connection is left as it was. */
output_t *mod_bufv__output_place(conn_rec *c);

/* From now on what comes waits for mod_bufv__output_release(), unless it is
 * much, or somebody flushes: the caller will pass on more before it returns.
 * NULL is no last filter of ours, and nothing is done. */
void mod_bufv__output_hold(output_t *output);

/* Sends what waits, by the rules of every call. */
apr_status_t mod_bufv__output_release(output_t *output);

/* Puts the filter that makes full records before mod_ssl's own that joins
 * small buckets, and the last filter in the place of core's. 0: mod_ssl's is
 * not there, or in use already, and the connection is left as it was. */
int mod_bufv__records_place(conn_rec *c);

/* The handler "bufv-chunks". */
int mod_bufv__chunks(request_rec *r);

#endif /* MOD_BUFV_H */
