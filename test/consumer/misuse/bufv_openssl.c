/* SPDX-License-Identifier: Apache-2.0 */
/* As bufv.c, for bufv_openssl.h. */

#include <bufv_openssl.h>

extern bufv_writer_t *w;
extern SSL *ssl;

void are_dropped(void);

void are_dropped(void)
{
    bufv_writer_ssl(&w, ssl, NULL, NULL); /* -Wunused-result */
}
