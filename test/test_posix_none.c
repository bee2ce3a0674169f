/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* Where there is no POSIX: test_posix.c is left out, and says so. */

#include "suite.h"

START_TEST(posix__not_here)
{
    skip("posix",
         "no SIGPIPE, setitimer, AF_UNIX pairs and descriptors here");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, posix__not_here);
}

const topic_t topic_posix = {"posix", add_tests};
