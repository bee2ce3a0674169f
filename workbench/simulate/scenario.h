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

#endif /* SCENARIO_H */
