/* SPDX-License-Identifier: Apache-2.0 */

/* sendfile() of macOS. It has been run on Linux, under the rules of macOS
 * (workbench/cross/sendfile_rules.c), and not there. */

#include "unix.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* There is no cork. */
const apr_size_t bufv__corked_from = SIZE_MAX;

/* The count goes in as what is wanted and comes out as what was sent, with an
 * error too; one that comes early leaves it as it was. */
int bufv__sendfile_once(int sock, int file, apr_off_t offset, apr_size_t len,
                        apr_size_t *sent)
{
    off_t n = (off_t)len;
    int result = sendfile(file, sock, (off_t)offset, &n, NULL, 0);
    int error = result < 0 ? errno : 0;

    if (error != 0 && n == (off_t)len)
        n = 0;
    *sent = (apr_size_t)n;
    return n > 0 ? 0 : error;
}
