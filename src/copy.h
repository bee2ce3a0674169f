/* SPDX-License-Identifier: Apache-2.0 */

/* Copying what is mostly short. */

#ifndef BUFV_COPY_H
#define BUFV_COPY_H

#include <apr.h>

#include <string.h>

/* Copies at least one byte without calling for help: two moves that may
 * overlap cover every length of a class. */
static inline void bufv__copy(char *to, const char *from, apr_size_t len)
{
    if (len < 4) {
        to[0] = from[0];
        if (len > 1)
            memcpy(to + len - 2, from + len - 2, 2);
    }
    else if (len < 8) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    }
    else if (len <= 16) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    }
    else if (len <= 32) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    }
    else if (len <= 64) {
        memcpy(to, from, 32);
        memcpy(to + len - 32, from + len - 32, 32);
    }
    else if (len <= 128) {
        memcpy(to, from, 64);
        memcpy(to + len - 64, from + len - 64, 64);
    }
    else
        memcpy(to, from, len);
}

#endif /* BUFV_COPY_H */
