/* SPDX-License-Identifier: Apache-2.0 */

/* Windows has no cork. */

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
