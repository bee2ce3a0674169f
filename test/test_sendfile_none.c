/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* Where there is no Linux: test_sendfile.c is left out, and says so. What
 * holds everywhere is in test_range.c. */

#include "suite.h"

START_TEST(sendfile__not_here)
{
    skip("sendfile", "it looks at what Linux counts");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, sendfile__not_here);
}

const topic_t topic_sendfile = {"sendfile", add_tests};
