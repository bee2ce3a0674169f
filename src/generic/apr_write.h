/* What back ends that write files through APR share. */

#ifndef BUFV_APR_WRITE_H
#define BUFV_APR_WRITE_H

#include "bufv_private.h"

/* Below the 2 GiB at which some systems refuse a call, so that a deadline is
 * looked at now and then. */
#define BUFV__APR_WRITE_MAX ((apr_size_t)4 * 1024 * 1024)

/* Writes once, and empties APR's buffer if it has one, so that an error comes
 * with its count. */
apr_status_t bufv__apr_write(bufv__file_t *f, const char *data, apr_size_t len,
                             apr_size_t *written);

#endif /* BUFV_APR_WRITE_H */
