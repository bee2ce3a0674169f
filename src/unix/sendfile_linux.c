/* SPDX-License-Identifier: Apache-2.0 */

/* sendfile() of Linux. */

#include "unix.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

/* Corked, the kernel makes fewer pieces of a file, which spares a tenth of the
 * work. For less it is not worth three calls more. See docs/PERFORMANCE.md. */
const apr_size_t bufv__corked_from = (apr_size_t)512 * 1024;

int bufv__sendfile_once(int sock, int file, apr_off_t offset, apr_size_t len,
                        apr_size_t *sent)
{
    off_t from = (off_t)offset;
    ssize_t n = sendfile(sock, file, &from, len);

    *sent = n < 0 ? 0 : (apr_size_t)n;
    return n < 0 ? errno : 0;
}
