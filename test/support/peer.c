/* SPDX-License-Identifier: Apache-2.0 */

#include "peer.h"

#include <apr_atomic.h>

#define PATIENCE apr_time_from_sec(30) /* no wait is longer */
#define PIECE 65536

static apr_sockaddr_t *loopback(void)
{
    apr_sockaddr_t *address;

    assert_ok(
        apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool));
    return address;
}

/* A socket bound to a free port of loopback. */
static apr_socket_t *bound(int type, int protocol)
{
    apr_socket_t *sock;

    assert_ok(apr_socket_create(&sock, APR_INET, type, protocol, pool));
    assert_ok(apr_socket_bind(sock, loopback()));
    return sock;
}

static apr_sockaddr_t *address_of(apr_socket_t *sock)
{
    apr_sockaddr_t *address, *whole;
    apr_port_t port;

    assert_ok(apr_socket_addr_get(&address, APR_LOCAL, sock));
    port = address->port;
    assert_ok(
        apr_sockaddr_info_get(&whole, "127.0.0.1", APR_INET, port, 0, pool));
    return whole;
}

peer_t *peer_of(apr_socket_t *near_end, apr_socket_t *far_end)
{
    peer_t *p = apr_pcalloc(pool, sizeof(*p));

    p->near_end = near_end;
    p->far_end = far_end;
    assert_ok(apr_socket_timeout_set(far_end, PATIENCE));
    return p;
}

peer_t *peer_new(void)
{
    apr_socket_t *listener = bound(SOCK_STREAM, APR_PROTO_TCP);
    apr_socket_t *near_end, *far_end;

    assert_ok(apr_socket_listen(listener, 1));
    assert_ok(apr_socket_create(&near_end, APR_INET, SOCK_STREAM,
                                APR_PROTO_TCP, pool));
    assert_ok(apr_socket_connect(near_end, address_of(listener)));
    assert_ok(apr_socket_accept(&far_end, listener, pool));
    assert_ok(apr_socket_close(listener));
    assert_ok(apr_socket_timeout_set(near_end, PATIENCE));
    return peer_of(near_end, far_end);
}

peer_t *peer_datagram(void)
{
    apr_socket_t *near_end = bound(SOCK_DGRAM, APR_PROTO_UDP);
    apr_socket_t *far_end = bound(SOCK_DGRAM, APR_PROTO_UDP);

    assert_ok(apr_socket_connect(near_end, address_of(far_end)));
    assert_ok(apr_socket_connect(far_end, address_of(near_end)));
    assert_ok(apr_socket_timeout_set(near_end, PATIENCE));
    return peer_of(near_end, far_end);
}

static void compare(peer_t *p, const unsigned char *data, apr_size_t len)
{
    apr_uint64_t at = p->got_len;
    apr_size_t place, part;

    while (len > 0) {
        place = (apr_size_t)(at % p->period);
        part = p->period - place < len ? p->period - place : len;
        if (p->wrong_at == 0 && memcmp(data, p->expect + place, part) != 0)
            p->wrong_at = at + 1;
        data += part;
        at += part;
        len -= part;
    }
}

static void store(peer_t *p, const unsigned char *data, apr_size_t len)
{
    apr_size_t need = (apr_size_t)p->got_len + len;

    if (need > p->room) {
        unsigned char *grown = realloc(p->got, need * 2);

        if (grown == NULL) {
            p->wrong_at = APR_UINT64_MAX;
            return;
        }
        p->got = grown;
        p->room = need * 2;
    }
    memcpy(p->got + p->got_len, data, len);
}

static void *APR_THREAD_FUNC read_on(apr_thread_t *thread, void *baton)
{
    peer_t *p = baton;
    unsigned char *data = p->buffer;
    apr_size_t len;

    (void)thread;
    while (apr_atomic_read32(&p->stop) == 0) {
        if (p->pause > 0)
            apr_sleep(p->pause);
        len = p->piece > 0 ? p->piece : PIECE;
        p->status = apr_socket_recv(p->far_end, (char *)data, &len);
        if (len > 0 && p->expect != NULL)
            compare(p, data, len);
        else if (len > 0)
            store(p, data, len);
        p->got_len += len;
        if (p->status != APR_SUCCESS)
            break;
    }
    return NULL;
}

static apr_status_t peer_free(void *baton)
{
    peer_t *p = baton;

    free(p->got);
    p->got = NULL;
    return APR_SUCCESS;
}

void peer_start(peer_t *p)
{
    if (p->got == NULL && p->room == 0)
        apr_pool_cleanup_register(pool, p, peer_free, apr_pool_cleanup_null);
    if (p->buffer == NULL)
        p->buffer = apr_palloc(pool, p->piece > PIECE ? p->piece : PIECE);
    apr_atomic_set32(&p->stop, 0);
    assert_ok(apr_thread_create(&p->thread, NULL, read_on, p, pool));
}

static void join(peer_t *p)
{
    thread_join(p->thread);
    p->thread = NULL;
}

void peer_finish(peer_t *p)
{
    (void)apr_socket_shutdown(p->near_end, APR_SHUTDOWN_WRITE);
    join(p);
}

void peer_stop(peer_t *p)
{
    apr_atomic_set32(&p->stop, 1);
    join(p);
}

void peer_assert_length(const peer_t *p, apr_uint64_t len)
{
    ck_assert_uint_eq(p->wrong_at, 0);
    ck_assert_uint_eq(p->got_len, len);
}

void peer_assert_got(const peer_t *p, const void *bytes, apr_size_t len)
{
    peer_assert_length(p, len);
    if (len > 0)
        ck_assert_mem_eq(p->got, bytes, len);
}

bufv_writer_t *peer_writer(const peer_t *p)
{
    bufv_writer_t *w;

    assert_ok(bufv_writer_socket(&w, p->near_end, pool));
    settings_apply(w);
    return w;
}
