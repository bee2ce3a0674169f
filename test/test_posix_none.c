/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* Where there is no POSIX: test_posix.c and test_pipe.c are left out, and say
 * so. */

#include "suite.h"

START_TEST(posix__not_here)
{
    skip("posix", "no SIGPIPE, setitimer, AF_UNIX pairs and descriptors here");
}
END_TEST

START_TEST(pipe__not_here)
{
    skip("pipe", "no signals, fork and descriptors here");
}
END_TEST

static void add_pipe_tests(TCase *tc)
{
    tcase_add_test(tc, pipe__not_here);
}

const topic_t topic_pipe = {"pipe", add_pipe_tests};

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, posix__not_here);
}

const topic_t topic_posix = {"posix", add_tests};
