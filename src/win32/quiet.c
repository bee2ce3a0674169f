/* SPDX-License-Identifier: Apache-2.0 */

/* Windows has no SIGPIPE. */

#include "backend.h"

void bufv__quiet_begin(bufv__quiet_t *q, apr_os_sock_t fd)
{
    (void)q;
    (void)fd;
}

void bufv__quiet_relax(bufv__quiet_t *q)
{
    (void)q;
}

void bufv__quiet_end(bufv__quiet_t *q, int raised)
{
    (void)q;
    (void)raised;
}
