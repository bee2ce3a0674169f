/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file road.c
 * One bufv_write() of chunks in memory to a socket, which waits once for its
 * reader: what `road` looks at.
 */

#include <bufv.h>

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_portable.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than the socket and its peer hold, so that the write has to wait, in
 * chunks too large to be copied, and not more than one call takes. */
#define CHUNKS 32
#define CHUNK_SIZE 65536

/* Gives the writer time to fill the socket; then reads all. */
static void read_all(int fd)
{
    static char room[CHUNKS * CHUNK_SIZE];

    usleep(100000);
    while (read(fd, room, sizeof(room)) > 0)
        ;
}

static apr_status_t write_list(int fd, apr_pool_t *pool)
{
    static char bytes[CHUNK_SIZE];
    apr_socket_t *sock = NULL;
    bufv_writer_t *w = NULL;
    bufv_t *v = NULL;
    int i;

    apr_os_sock_put(&sock, &fd, pool);
    if (bufv_create(&v, pool) != APR_SUCCESS ||
        bufv_writer_socket(&w, sock, pool) != APR_SUCCESS)
        return APR_EGENERAL;
    for (i = 0; i < CHUNKS; i++)
        if (bufv_append(v, bytes, sizeof(bytes)) != APR_SUCCESS)
            return APR_EGENERAL;
    return bufv_write(v, w, NULL);
}

int main(void)
{
    apr_pool_t *pool;
    int fds[2];
    apr_status_t status;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return EXIT_FAILURE;
    if (fork() == 0) {
        close(fds[0]);
        read_all(fds[1]);
        _exit(0);
    }
    close(fds[1]);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    status = write_list(fds[0], pool);
    close(fds[0]);
    wait(NULL);
    apr_terminate();
    return status == APR_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
