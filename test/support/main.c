/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file main.c
 * Runs the topics that the command line names, or all:
 *
 *     bufv_test_unix [--max-vec N] [--copy-below N] [--list] [TOPIC...]
 *
 * A topic that this system or this back end has nothing for says why, and is
 * counted by ctest. check's own variables hold: CK_FORK=no to debug,
 * CK_RUN_CASE, CK_VERBOSITY.
 */

#include "suite.h"

/* The longest that one test may take where check can stop it, in seconds.
 * Emulators and valgrind are slow. */
#define TEST_TIMEOUT 240

static void pool_make(void)
{
    net_begin();
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void pool_end(void)
{
    const char *left_behind;

    apr_pool_destroy(pool);
    pool = NULL;
    left_behind = net_end();
    ck_assert_msg(left_behind == NULL, "%s", left_behind);
}

static void add(SRunner *runner, const topic_entry_t *entry)
{
    Suite *suite = suite_create(entry->name);
    TCase *tc = tcase_create(entry->name);

    if (entry->topic == NULL)
        skip(entry->name, entry->why_not);
    else
        entry->topic->add_tests(tc);
    tcase_set_timeout(tc, TEST_TIMEOUT);
    tcase_add_checked_fixture(tc, pool_make, pool_end);
    suite_add_tcase(suite, tc);
    srunner_add_suite(runner, suite);
}

static const topic_entry_t *topic_find(const char *name)
{
    const topic_entry_t *entry = test_topics;

    while (entry->name != NULL && strcmp(entry->name, name) != 0)
        entry++;
    return entry->name != NULL ? entry : NULL;
}

static int usage(const char *what)
{
    fprintf(stderr, "unknown: %s\n", what);
    return EXIT_FAILURE;
}

static void print_topics(void)
{
    const topic_entry_t *entry;

    for (entry = test_topics; entry->name != NULL; entry++)
        if (!entry->by_name)
            puts(entry->name);
}

static void add_all(SRunner *runner)
{
    const topic_entry_t *entry;

    for (entry = test_topics; entry->name != NULL; entry++)
        if (!entry->by_name)
            add(runner, entry);
}

static int run(SRunner *runner)
{
    int failed;

    printf("back end %s: %s, max_vec %lu\n", test_backend,
           bufv_socket_ops()->name, (unsigned long)bufv_socket_ops()->max_vec);
    fflush(stdout);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Reads one option with its number. Returns 0 if it is none. */
static int option(const char *name, const char *value)
{
    if (value == NULL)
        return 0;
    if (strcmp(name, "--max-vec") == 0) {
        settings.max_vec = (apr_size_t)strtoul(value, NULL, 10);
        return 1;
    }
    if (strcmp(name, "--copy-below") == 0) {
        settings.copy_below = (apr_size_t)strtoul(value, NULL, 10);
        settings.copy_below_given = 1;
        return 1;
    }
    return 0;
}

int main(int argc, const char *const *argv)
{
    SRunner *runner = srunner_create(NULL);
    const topic_entry_t *entry;
    int named = 0;
    int i;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            print_topics();
            return EXIT_SUCCESS;
        }
        if (strncmp(argv[i], "--", 2) == 0) {
            if (!option(argv[i], i + 1 < argc ? argv[i + 1] : NULL))
                return usage(argv[i]);
            i++;
            continue;
        }
        entry = topic_find(argv[i]);
        if (entry == NULL)
            return usage(argv[i]);
        add(runner, entry);
        named++;
    }
    if (named == 0)
        add_all(runner);
    return run(runner);
}
