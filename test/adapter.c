/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file adapter.c
 * Runs the one topic of a program that tests an adapter.
 */

#include "suite.h"

/* The longest that one test may take, under valgrind too, in seconds. */
#define TEST_TIMEOUT 240

extern const topic_t topic_adapter;

static void pool_make(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void pool_end(void)
{
    apr_pool_destroy(pool);
    pool = NULL;
}

int main(int argc, const char *const *argv)
{
    Suite *suite = suite_create(topic_adapter.name);
    TCase *tc = tcase_create(topic_adapter.name);
    SRunner *runner;
    int failed;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    tcase_set_timeout(tc, TEST_TIMEOUT);
    tcase_add_checked_fixture(tc, pool_make, pool_end);
    topic_adapter.add_tests(tc);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
