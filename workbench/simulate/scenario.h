/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file scenario.h
 * What a seed is about.
 */

#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdint.h>

/** Lives through a seed, from an empty world to the last release. Returns its
 * hash. */
uint64_t scenario_run(uint64_t seed);

/** Prints how often each kind of scene was met. */
void scenario_print_counts(void);

#endif /* SCENARIO_H */
