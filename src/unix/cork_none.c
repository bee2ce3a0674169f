/* SPDX-License-Identifier: Apache-2.0 */

/* Systems without a cork. macOS has TCP_NOPUSH, but when it is taken away it
 * keeps what was held until more is sent: worse than a segment too many. */

#include "backend.h"

int bufv__cork(apr_os_sock_t fd)
{
    (void)fd;
    return 0;
}

void bufv__uncork(apr_os_sock_t fd)
{
    (void)fd;
}

void bufv__push(apr_os_sock_t fd)
{
    (void)fd;
}

int bufv__has_records(apr_os_sock_t fd)
{
    (void)fd;
    return 0;
}
