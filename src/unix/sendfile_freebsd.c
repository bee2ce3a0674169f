/* SPDX-License-Identifier: Apache-2.0 */

/* sendfile() of FreeBSD and DragonFly. It has been run on Linux, under the
 * rules of FreeBSD (workbench/cross/sendfile_rules.c), and not there. */

#include "unix.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* None: sendfile() returns before it has read the file. */
const apr_size_t bufv__corked_from = SIZE_MAX;

/* The count is set with EAGAIN and EINTR as well. */
int bufv__sendfile_once(int sock, int file, apr_off_t offset, apr_size_t len,
                        apr_size_t *sent)
{
    off_t n = 0;
    int result = sendfile(file, sock, (off_t)offset, len, NULL, &n, 0);

    *sent = (apr_size_t)n;
    return result < 0 && n == 0 ? errno : 0;
}
