/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* Where system calls cannot be intercepted: test_faults.c is left out, and
 * says so. What holds everywhere is in test_write.c and test_schedule.c. */

#include "suite.h"

START_TEST(faults__not_here)
{
    skip("faults", "system calls cannot be intercepted here");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, faults__not_here);
}

const topic_t topic_faults = {"faults", add_tests};
