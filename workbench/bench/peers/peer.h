/* SPDX-License-Identifier: Apache-2.0 */

/* peer.h -- what every C and C++ peer shares: main(), which connects, takes
 * commands and times jobs. A peer defines the four functions below.
 *
 * usage: PEER port arena_fd nodelay variant
 * Each line on stdin is a number of jobs; the answer is one line with the
 * nanoseconds of wall time and of this process's CPU time for all of them.
 * A job's wall time runs until the reader has all its bytes, its CPU time
 * until the last call that sends has returned: waiting for the reader's
 * word, by spinning on shared memory, is not work of the library. */

#ifndef PEER_H
#define PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../arena.h"

/* peer_open takes the connected socket over, in the library's own type. */
static void peer_open(int sock, int nodelay, const char *variant);

/* peer_prepare gets, untimed, the storage for lists of up to so many chunks
 * and bytes: a user with many lists to send would keep it, too. */
static void peer_prepare(const struct arena *a);

/* peer_send builds the library's form of a list and sends all of it. */
static void peer_send(const char *base, const struct chunk *c, size_t n);

/* peer_close releases what peer_open made. */
static void peer_close(void);

/* The arena as a file, for lists that have parts of one. */
static int peer_arena;

static inline void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* room makes an array have at least `n` elements of `size` bytes. */
static inline void *room(void *old, size_t n, size_t size)
{
    void *p = realloc(old, n * size + 1);

    if (p == NULL) {
        die("realloc", strerror(errno));
    }
    return p;
}

static inline uint64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void peer_job(const struct arena *a, uint64_t job,
                            uint64_t *wall, uint64_t *cpu)
{
    const char *base = (const char *)a;
    const struct chunk *table = arena_table(a);
    const uint32_t *ends = (const uint32_t *)(const void *)(base + arena_ends);
    uint64_t wall0 = now_ns(CLOCK_MONOTONIC);
    uint64_t cpu0 = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    size_t i, from = 0;

    for (i = 0; i < a->nlists; i++) {
        peer_send(base, table + from, ends[i] - from);
        from = ends[i];
    }
    *cpu += now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu0;
    while (__atomic_load_n(&a->ack, __ATOMIC_ACQUIRE) < job) {
    }
    *wall += now_ns(CLOCK_MONOTONIC) - wall0;
}

static inline int peer_connect(const char *port, int nodelay)
{
    struct sockaddr_in to;
    int sock = socket(AF_INET, SOCK_STREAM, 0);

    memset(&to, 0, sizeof(to));
    to.sin_family = AF_INET;
    to.sin_port = htons((uint16_t)atoi(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sock < 0 || connect(sock, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &nodelay,
                   sizeof(nodelay)) != 0) {
        die("connect", strerror(errno));
    }
    return sock;
}

int main(int argc, char **argv)
{
    const struct arena *a;
    char line[32];
    int nodelay;

    if (argc != 5) {
        die(argv[0], "usage: port arena_fd nodelay variant");
    }
    peer_arena = atoi(argv[2]);
    a = (const struct arena *)arena_map(peer_arena, PROT_READ);
    if (a == NULL) {
        die("mmap", strerror(errno));
    }
    nodelay = atoi(argv[3]);
    peer_open(peer_connect(argv[1], nodelay), nodelay, argv[4]);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        unsigned long job, jobs = strtoul(line, NULL, 10);
        uint64_t wall = 0, cpu = 0;

        peer_prepare(a);
        for (job = 1; job <= jobs; job++) {
            peer_job(a, job, &wall, &cpu);
        }
        printf("%llu %llu\n", (unsigned long long)wall,
               (unsigned long long)cpu);
        fflush(stdout);
    }
    peer_close();
    return 0;
}

#endif
