/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: do not block. One thread sends and receives. */

#include "pair.h"

#include <apr_poll.h>

/* More than the buffers of a socket hold: the list will need several turns. */
#define BLOCKS 512

static char block[64 * 1024];

static void watch(apr_pollset_t *set, apr_socket_t *sock, apr_int16_t events)
{
    apr_pollfd_t fd = {0};

    fd.desc_type = APR_POLL_SOCKET;
    fd.desc.s = sock;
    fd.reqevents = events;
    check(apr_pollset_add(set, &fd), "watch");
}

static void forget(apr_pollset_t *set, apr_socket_t *sock)
{
    apr_pollfd_t fd = {0};

    fd.desc_type = APR_POLL_SOCKET;
    fd.desc.s = sock;
    check(apr_pollset_remove(set, &fd), "forget");
}

/* Writes what can be written now. Returns whether that was all. */
static int send_on(bufv_t *v, bufv_writer_t *w)
{
    apr_status_t status = bufv_write_some(v, w, NULL);

    if (APR_STATUS_IS_EAGAIN(status))
        return 0;
    check(status, "write");
    return 1;
}

/* Reads what can be read now. Returns the number of bytes. */
static apr_size_t receive_on(apr_socket_t *peer)
{
    static char data[256 * 1024];
    apr_size_t len = sizeof(data);

    check(apr_socket_recv(peer, data, &len), "receive");
    return len;
}

int main(void)
{
    apr_pool_t *pool = start();
    apr_socket_t *peer, *sock = connect_pair(&peer, pool);
    apr_uint64_t total, received = 0;
    const apr_pollfd_t *ready;
    apr_int32_t i, n, turns = 0;
    apr_pollset_t *set;
    bufv_writer_t *w;
    bufv_t *v;

    check(bufv_create(&v, pool), "list");
    check(bufv_writer_socket(&w, sock, pool), "writer");
    for (i = 0; i < BLOCKS; i++)
        check(bufv_append(v, block, sizeof(block)), "append");
    total = bufv_length(v);

    check(apr_socket_timeout_set(sock, 0), "non-blocking");
    check(apr_socket_timeout_set(peer, 0), "non-blocking");
    check(apr_pollset_create(&set, 2, pool, 0), "pollset");
    watch(set, peer, APR_POLLIN);
    if (!send_on(v, w))
        watch(set, sock, APR_POLLOUT);

    while (received < total) {
        check(apr_pollset_poll(set, apr_time_from_sec(10), &n, &ready),
              "poll");
        for (i = 0; i < n; i++) {
            if (ready[i].desc.s == peer)
                received += receive_on(peer);
            else if (turns++, send_on(v, w))
                forget(set, sock);
        }
    }
    printf("%" APR_UINT64_T_FMT " bytes sent and received, in %d more "
           "turns\n",
           received, (int)turns);
    return 0;
}
