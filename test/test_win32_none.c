/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* Where the win32 back end is not built in: test_win32.c is left out, and
 * says so. */

#include "suite.h"

START_TEST(win32__not_here)
{
    skip("win32", "no WSASend in this back end");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, win32__not_here);
}

const topic_t topic_win32 = {"win32", add_tests};
