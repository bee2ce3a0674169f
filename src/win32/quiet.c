/* Windows has no SIGPIPE. */

#include "bufv_private.h"

void bufv__quiet_begin(bufv__quiet_t *q)
{
    (void)q;
}

void bufv__quiet_end(bufv__quiet_t *q, int raised)
{
    (void)q;
    (void)raised;
}
