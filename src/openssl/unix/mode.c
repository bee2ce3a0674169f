/* The socket below TLS while a list is being written, where there is POSIX. */

#include "../private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* OpenSSL writes with plain write(): a deadline holds only if the descriptor
 * does not block. APR's timeout says nothing about one that was wrapped. */
apr_status_t bufv__ssl_mode_begin(bufv__ssl_t *s)
{
    apr_status_t status = apr_socket_timeout_get(s->sock, &s->timeout);
    int flags;

    s->corked = s->blocking = 0;
    if (status == APR_SUCCESS)
        status = apr_os_sock_get(&s->fd, s->sock);
    if (status != APR_SUCCESS)
        return status;
    flags = fcntl(s->fd, F_GETFL);
    if (flags == -1)
        return errno;
    s->blocking = (flags & O_NONBLOCK) == 0;
    if (s->blocking && fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) == -1)
        return errno;
    return APR_SUCCESS;
}

static void block(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags != -1)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

#ifdef TCP_CORK
static int option(int fd, int name)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, IPPROTO_TCP, name, &value, &len) == 0 ? value : -1;
}

static int set_cork(int fd, int on)
{
    return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)) == 0;
}

/* Without this, Nagle's algorithm holds a short last record back until the
 * peer acknowledges those before it: up to 40 ms if that delays. Who set
 * TCP_NODELAY has no such wait, and who corked uncorks. */
static int cork(int fd)
{
    return option(fd, TCP_NODELAY) == 0 && option(fd, TCP_CORK) == 0 &&
           set_cork(fd, 1);
}
#else
static int set_cork(int fd, int on)
{
    (void)fd;
    (void)on;
    return 0;
}

static int cork(int fd)
{
    (void)fd;
    return 0;
}
#endif

/* Asks once a list. */
void bufv__ssl_cork(bufv__ssl_t *s)
{
    if (s->sock != NULL && s->corked == 0)
        s->corked = cork(s->fd) ? 1 : -1;
}

void bufv__ssl_uncork(bufv__ssl_t *s)
{
    if (s->corked > 0)
        set_cork(s->fd, 0);
    s->corked = 0;
}

void bufv__ssl_mode_end(bufv__ssl_t *s)
{
    bufv__ssl_uncork(s);
    if (s->blocking)
        block(s->fd);
}
