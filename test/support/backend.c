/* SPDX-License-Identifier: Apache-2.0 */

/* The one source that is compiled anew for each program: which back end it
 * tests, and which topics it has. */

#include "suite.h"

const char *const test_backend = BUFV_TEST_BACKEND;

/* CMake makes the list: a line for each topic. */
#define TOPIC(name) extern const topic_t topic_##name;
#define BY_NAME(name) extern const topic_t topic_##name;
#define LEFT_OUT(name, why)
#include BUFV_TEST_TOPICS
#undef TOPIC
#undef BY_NAME
#undef LEFT_OUT

#define TOPIC(name) {#name, &topic_##name, NULL, 0},
#define BY_NAME(name) {#name, &topic_##name, NULL, 1},
#define LEFT_OUT(name, why) {#name, NULL, why, 0},
const topic_entry_t test_topics[] = {
#include BUFV_TEST_TOPICS
    {NULL, NULL, NULL, 0},
};
