/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file main.c
 * bufv over a TCP that is real (lwIP's) and a network that is not: it loses,
 * delays, reorders, doubles and damages segments, and peers that stall, drip,
 * refuse, reset. All of it, time too, follows from a number, the seed.
 *
 *     simulate FIRST LAST         these seeds, and what happened in all
 *     simulate --seed N           one, and its hash
 *     simulate --seed N --story   one, step by step
 *     simulate --corpus FILE      those of a file, a line each
 *
 * Ends with 1 at the first step at which something that bufv.h promises does
 * not hold.
 */

#include "near.h"
#include "scenario.h"
#include "sink.h"
#include "system.h"

#include <apr_general.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fprintf(stderr, "simulate FIRST LAST | --seed N [--story] | "
                    "--corpus FILE\n");
    return 2;
}

static void print_counts(uint64_t seeds, uint64_t hash)
{
    const near_counts_t *n = &near_counts;
    const world_counts_t *w = &world_counts;

    printf("%" PRIu64 " seeds, %.1f h simulated, hash %016" PRIx64 "\n", seeds,
           (double)w->time / 3.6e9, hash);
    printf("  %" PRIu64 " segments: %" PRIu64 " lost, %" PRIu64
           " twice, %" PRIu64 " late, %" PRIu64 " damaged\n",
           w->packets, w->lost, w->twice, w->late, w->damaged);
    scenario_print_counts();
    peers_print_counts();
    printf("  %" PRIu64 " writes: %" PRIu64 " whole, %" PRIu64
           " out of time, %" PRIu64 " full, %" PRIu64 " budget used, %" PRIu64
           " busy, %" PRIu64 " peer gone, %" PRIu64 " doomed, %" PRIu64
           " others\n",
           n->writes + n->doomed, n->whole, n->timeup, n->again, n->incomplete,
           n->busy, n->gone, n->doomed, n->other);
    printf("  %" PRIu64 " attempts, %" PRIu64 " waits, %" PRIu64
           " bytes, %" PRIu64 " releases\n",
           n->attempts, n->waits, n->bytes, lists_released);
}

static int run_range(uint64_t first, uint64_t last)
{
    uint64_t seed, hash = 0;

    for (seed = first; seed <= last; seed++)
        hash = hash * 31 + scenario_run(seed);
    print_counts(last - first + 1, hash);
    return EXIT_SUCCESS;
}

/* A line begins with a seed; what follows says what it found. */
static int run_corpus(const char *name)
{
    FILE *file = fopen(name, "r");
    char line[500];
    uint64_t seeds = 0, hash = 0;

    if (file == NULL) {
        perror(name);
        return 2;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] < '0' || line[0] > '9')
            continue;
        hash = hash * 31 + scenario_run(strtoull(line, NULL, 10));
        seeds++;
    }
    fclose(file);
    print_counts(seeds, hash);
    return EXIT_SUCCESS;
}

static int run(int argc, const char *const *argv)
{
    if (strcmp(argv[1], "--corpus") == 0)
        return run_corpus(argv[2]);
    if (strcmp(argv[1], "--seed") != 0)
        return run_range(strtoull(argv[1], NULL, 10),
                         strtoull(argv[2], NULL, 10));
    world_tells = argc > 3 && strcmp(argv[3], "--story") == 0;
    printf("seed %s: hash %016" PRIx64 "\n", argv[2],
           scenario_run(strtoull(argv[2], NULL, 10)));
    return EXIT_SUCCESS;
}

/* The first write gets the block that the process keeps. */
int main(int argc, const char *const *argv)
{
    int result;

    if (argc < 3 || apr_initialize() != APR_SUCCESS)
        return usage();
    world_init();
    lists_init();
    tls_init();
    sink_write_many();
    result = run(argc, argv);
    system_unload();
    return result;
}
