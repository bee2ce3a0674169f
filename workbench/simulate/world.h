/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file world.h
 * Simulated time, chance, and a network between the two ends of lwIP, all of
 * it from one number: the same seed makes the same world, to the microsecond
 * and the bit, on every machine.
 */

#ifndef WORLD_H
#define WORLD_H

#include "lwip_writer.h"

#include <stdint.h>

/* ---- chance */

/** A number below n, which is not 0. */
uint32_t rnd(uint32_t n);

/** True so many times in a thousand. */
int chance(unsigned per_mille);

/* ---- time */

/** Simulated time in microseconds. Nothing else passes in a seed. */
apr_time_t world_now(void);

/** Calls a function at a time, from outside of lwIP and of the fibers. */
void world_at(apr_time_t when, void (*run)(void *arg), void *arg);

/** Goes on to what happens next, or to `limit` if nothing does before. Returns
 * 0 if nothing will ever happen. */
int world_advance(apr_time_t limit);

/* ---- the link: both directions alike */

typedef struct link_t {
    unsigned loss, twice, damage; /**< segments of a thousand */
    apr_interval_time_t delay;    /**< of each segment */
    apr_interval_time_t jitter;   /**< up to so much more */
    unsigned bytes_per_ms;        /**< 0: as many as come */
    apr_time_t cut_from, cut_to;  /**< nothing passes meanwhile */
} link_t;

extern link_t world_link;

/** The address of the other end, and the first of 256 ports there. */
extern const ip_addr_t world_far;
#define WORLD_PEER_PORT 0x2000

/** What happened in all seeds of this process. */
typedef struct world_counts_t {
    uint64_t packets, lost, damaged, twice, late;
    uint64_t time; /**< simulated microseconds */
} world_counts_t;

extern world_counts_t world_counts;

/* ---- a seed */

/** Once in a process. */
void world_init(void);

/** Begins a world: lwIP is as it was when it was new. */
void world_begin(uint64_t seed);

/** Of all packets and times since then. */
uint64_t world_hash(void);

/** Adds to it what else must not differ. */
void world_mix(uint64_t what);

/* ---- the story */

/** Whether the story is to be told. */
extern int world_tells;

/** Tells, with the time in front. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Ends the process: the seed's number, the place and what was wrong. */
void wrong(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

/** What must hold at every step of every seed. */
#define HOLDS(condition)                                 \
    do {                                                 \
        if (!(condition))                                \
            wrong(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

#endif /* WORLD_H */
