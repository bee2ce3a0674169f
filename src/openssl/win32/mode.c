/* The socket below TLS while a list is being written, on Windows. */

#include "../private.h"

/* A timeout above 0 is a blocking socket there, and below 0 too. */
apr_status_t bufv__ssl_mode_begin(bufv__ssl_t *s)
{
    apr_status_t status = apr_socket_timeout_get(s->sock, &s->timeout);

    if (status == APR_SUCCESS && s->timeout != 0)
        status = apr_socket_timeout_set(s->sock, 0);
    return status;
}

void bufv__ssl_mode_end(bufv__ssl_t *s)
{
    if (s->timeout != 0)
        apr_socket_timeout_set(s->sock, s->timeout);
}

/* There is nothing like it. */
void bufv__ssl_cork(bufv__ssl_t *s)
{
    (void)s;
}

void bufv__ssl_uncork(bufv__ssl_t *s)
{
    (void)s;
}
