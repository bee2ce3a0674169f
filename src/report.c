/* SPDX-License-Identifier: Apache-2.0 */

/* What writers tell: reports, counters, the text of an error; and structs
 * that begin with their size. */

#include "bufv_private.h"

#include <apr_strings.h>

#include <string.h>

/* ---- structs that begin with their size */

/* No struct of ours comes near this: a size above it is not one. */
#define SIZE_MOST ((apr_size_t)4096)

static apr_size_t size_of(const void *sized)
{
    apr_size_t size;

    memcpy(&size, sized, sizeof(size));
    return size;
}

apr_status_t bufv__sized_check(const void *to, apr_size_t own,
                               apr_size_t least)
{
    const char *bytes = to;
    apr_size_t size = size_of(to), i;

    if (size < least || size > SIZE_MOST)
        return APR_EINVAL;
    for (i = own; i < size; i++) {
        if (bytes[i] != 0)
            return APR_ENOTIMPL;
    }
    return APR_SUCCESS;
}

/* Members are as long as a pointer; on 32-bit machines the last ones of
 * bufv_terms_t are twice so, and always covered. So rounding down cuts off a
 * member that is not covered whole. */
apr_status_t bufv__sized_read(void *to, apr_size_t own, apr_size_t least,
                              const void *from)
{
    apr_size_t size = size_of(from);
    apr_status_t status = bufv__sized_check(from, own, least);

    memset(to, 0, own);
    if (status != APR_SUCCESS)
        return status;
    size = size < own ? size / sizeof(void *) * sizeof(void *) : own;
    memcpy(to, from, size);
    return APR_SUCCESS;
}

void bufv__sized_fill(void *to, apr_size_t own, const void *from)
{
    apr_size_t size = size_of(to), head = sizeof(size);
    apr_size_t known = size < own ? size : own;

    memcpy((char *)to + head, (const char *)from + head, known - head);
    memset((char *)to + known, 0, size - known);
}

/* ---- reports and counters */

/* Whether a struct of the caller's can be filled. */
static int has_room(const void *to, apr_size_t least)
{
    return to != NULL && size_of(to) >= least && size_of(to) <= SIZE_MOST;
}

void bufv_writer_report(const bufv_writer_t *w, bufv_report_t *report)
{
    if (w == NULL || !has_room(report, sizeof(*report)))
        return;
    bufv__writer_lock(w);
    bufv__sized_fill(report, sizeof(*report), &w->report);
    bufv__writer_unlock(w);
}

void bufv_writer_stats(const bufv_writer_t *w, bufv_stats_t *stats)
{
    if (w == NULL || !has_room(stats, sizeof(*stats)))
        return;
    bufv__writer_lock(w);
    bufv__sized_fill(stats, sizeof(*stats), &w->stats);
    bufv__writer_unlock(w);
}

/* ---- the text of an error */

/* Names a status. APR has no name for success. */
static void name_status(apr_status_t status, char *buf, apr_size_t size)
{
    if (status == APR_SUCCESS)
        apr_cpystrn(buf, "success", size);
    else
        apr_strerror(status, buf, size);
}

char *bufv_writer_strerror(const bufv_writer_t *w, char *buf, apr_size_t size)
{
    char where[256] = "", cause[256];
    apr_status_t status;
    const char *op;

    if (buf == NULL || size == 0)
        return buf;
    buf[0] = '\0';
    if (w == NULL)
        return buf;
    bufv__writer_lock(w);
    status = w->report.status;
    op = w->op;
    bufv__writer_unlock(w);
    if (w->ops.describe != NULL)
        w->ops.describe(w->baton, where, sizeof(where));
    name_status(status, cause, sizeof(cause));
    apr_snprintf(buf, size, "%s%s%s: %s", op, where[0] != '\0' ? " " : "",
                 where, cause);
    return buf;
}

#ifndef BUFV_VERSION
#error "the build defines BUFV_VERSION"
#endif

const char *bufv_version(void)
{
    return BUFV_VERSION;
}
