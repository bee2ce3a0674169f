/* What the files of this directory share. */

#ifndef BUFV_UNIX_H
#define BUFV_UNIX_H

#include "bufv_private.h"

#include <limits.h>

/* What one call takes: 1024 entries on all systems of today but a few old
 * ones, where it is 16 and <limits.h> says so. */
#ifndef BUFV_IOV_MAX
#if defined(IOV_MAX) && IOV_MAX < 1024
#define BUFV_IOV_MAX IOV_MAX
#else
#define BUFV_IOV_MAX 1024
#endif
#endif

/* ---- wait.c */

/* Waits until a descriptor takes bytes again, or is broken: APR_SUCCESS,
 * APR_TIMEUP, APR_EINTR. A timeout below 0 is none. */
apr_status_t bufv__wait_writable(int fd, apr_interval_time_t timeout);

/* Makes a descriptor non-blocking. Says whether it was blocking. */
int bufv__unblock(int fd);

/* Takes this back. */
void bufv__reblock(int fd);

/* ---- sendfile.c, where the system has one of the sendfile_*.c */

/* Operations of bufv_ops_t, for stream sockets: `sendfile`, and `end`. */
apr_status_t bufv__socket_sendfile(void *baton, apr_file_t *file,
                                   apr_off_t offset, apr_size_t len, int more,
                                   apr_size_t *written);
void bufv__socket_uncork(void *baton);

/* ---- sendfile_*.c */

/* One call of the system's own, which may raise SIGPIPE. Returns 0, or an
 * errno if nothing was sent. */
int bufv__sendfile_once(int sock, int file, apr_off_t offset, apr_size_t len,
                        apr_size_t *sent);

/* Holds the half-full segments of a TCP socket back, or lets them go; nothing
 * on other sockets. */
void bufv__cork(int sock, int on);

#endif /* BUFV_UNIX_H */
