/* SPDX-License-Identifier: Apache-2.0 */

/* threads.c -- some threads, each with a list and a writer of its own to a
 * transport that takes everything, so that there is neither kernel nor reader:
 * what a list costs must not grow with their number. As many processes of one
 * thread, which share no memory at all, show what the machine itself does.
 *
 * usage: threads NUMBER LISTS CHUNKS CHUNK_SIZE [threads|processes [CPU]]
 * Prints wall time and CPU time of a list in nanoseconds: those of the slowest
 * worker, and the mean. Each has a processor, from the CPU-th on in turn;
 * without CPU the system chooses. */

#include <apr_general.h>
#include <bufv.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST = 64,
    WARM = 16 /* lists, after which caches and branches know their way */
};

/* What workers share, be they threads or processes. Each has a cache line to
 * itself, which it writes once it has finished. */
struct shared {
    pthread_barrier_t start;
    struct worker {
        uint64_t wall;
        uint64_t cpu;
        int cpu_number; /* below 0: any */
        char apart[64];
    } worker[MOST];
};

static struct shared *shared;
static size_t lists, chunks, size;

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "threads: %s\n", what);
        exit(1);
    }
}

static apr_status_t take_all(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    (void)baton;
    (void)more;
    for (*written = 0; nvec > 0; vec++, nvec--) {
        *written += vec->iov_len;
    }
    return APR_SUCCESS;
}

static bufv_writer_t *writer(void)
{
    bufv_ops_t ops = {0};
    bufv_writer_t *w;

    ops.size = sizeof(ops);
    ops.name = "take";
    ops.max_vec = 1024;
    ops.max_bytes = 4 << 20;
    ops.copy_below = 512;
    ops.writev = take_all;
    check(bufv_writer_create(&w, &ops, NULL, NULL) == APR_SUCCESS,
          "bufv_writer_create");
    return w;
}

/* Chunks lie 64 bytes apart. */
static void write_lists(bufv_t *v, bufv_writer_t *w, const char *bytes,
                        size_t n)
{
    size_t i, k;

    for (k = 0; k < n; k++) {
        for (i = 0; i < chunks; i++) {
            bufv_append(v, bytes + i * (size + 64), size);
        }
        check(bufv_write(v, w, NULL) == APR_SUCCESS, "bufv_write");
    }
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The n-th of the processors that this process may use, counted in turn. */
static void settle(int n)
{
    cpu_set_t all, one;
    int cpu;

    check(sched_getaffinity(0, sizeof(all), &all) == 0, "sched_getaffinity");
    n %= CPU_COUNT(&all);
    for (cpu = 0; !CPU_ISSET(cpu, &all) || n-- > 0; cpu++) {
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    check(sched_setaffinity(0, sizeof(one), &one) == 0, "sched_setaffinity");
}

static void *work(void *baton)
{
    struct worker *me = baton;
    char *bytes = malloc(chunks * (size + 64));
    bufv_writer_t *w = writer();
    uint64_t wall, cpu;
    bufv_t *v;

    check(bytes != NULL && bufv_create(&v, NULL) == APR_SUCCESS, "memory");
    memset(bytes, 'b', chunks * (size + 64));
    if (me->cpu_number >= 0) {
        settle(me->cpu_number);
    }
    write_lists(v, w, bytes, WARM);
    pthread_barrier_wait(&shared->start);
    wall = now_ns(CLOCK_MONOTONIC);
    cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    write_lists(v, w, bytes, lists);
    me->cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    me->wall = now_ns(CLOCK_MONOTONIC) - wall;
    bufv_writer_destroy(w);
    bufv_destroy(v);
    free(bytes);
    return NULL;
}

static void run_threads(int n)
{
    pthread_t thread[MOST];
    int i;

    for (i = 0; i < n; i++) {
        check(pthread_create(&thread[i], NULL, work, &shared->worker[i]) == 0,
              "pthread_create");
    }
    for (i = 0; i < n; i++) {
        pthread_join(thread[i], NULL);
    }
}

static void run_processes(int n)
{
    int i, status;

    for (i = 0; i < n; i++) {
        pid_t pid = fork();

        check(pid >= 0, "fork");
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL); /* or it waits for others */
            work(&shared->worker[i]);
            _exit(0);
        }
    }
    for (i = 0; i < n; i++) {
        check(wait(&status) > 0 && status == 0, "a process");
    }
}

static void share(int n, int first)
{
    pthread_barrierattr_t attr;
    int i;

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(shared != MAP_FAILED, "mmap");
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check(pthread_barrier_init(&shared->start, &attr, (unsigned)n) == 0,
          "pthread_barrier_init");
    for (i = 0; i < n; i++) {
        shared->worker[i].cpu_number = first < 0 ? -1 : first + i;
    }
}

static void print_times(int n)
{
    uint64_t wall = 0, cpu = 0;
    int i;

    for (i = 0; i < n; i++) {
        const struct worker *w = &shared->worker[i];

        wall = w->wall > wall ? w->wall : wall;
        cpu += w->cpu;
    }
    printf("%.1f %.1f\n", (double)wall / (double)lists,
           (double)cpu / (double)lists / n);
}

int main(int argc, char **argv)
{
    int n = argc >= 5 && argc <= 7 ? atoi(argv[1]) : 0;

    check(n >= 1 && n <= MOST,
          "usage: NUMBER LISTS CHUNKS CHUNK_SIZE [threads|processes [CPU]]");
    check(apr_initialize() == APR_SUCCESS, "apr_initialize");
    lists = strtoul(argv[2], NULL, 10);
    chunks = strtoul(argv[3], NULL, 10);
    size = strtoul(argv[4], NULL, 10);
    share(n, argc == 7 ? atoi(argv[6]) : -1);
    if (argc > 5 && strcmp(argv[5], "processes") == 0) {
        run_processes(n);
    }
    else {
        run_threads(n);
    }
    print_times(n);
    apr_terminate();
    return 0;
}
