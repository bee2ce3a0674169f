/* SPDX-License-Identifier: Apache-2.0 */

/* Runs only by its name, and is expected to fail: a crash must not pass for a
 * success, whatever runs the suite. */

#include "suite.h"

START_TEST(crash__fails)
{
    (void)*(const volatile char *)wild();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, crash__fails);
}

const topic_t topic_crash = {"crash", add_tests};
