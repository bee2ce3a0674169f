/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file main.c
 * Runs the topics that the command line names, or all but "crash":
 *
 *     bufv_test_unix [--max-vec N] [--copy-below N] [--list] [TOPIC...]
 *
 * check's own variables hold: CK_FORK=no to debug, CK_RUN_CASE, CK_VERBOSITY.
 */

#include "suite.h"

/* The longest that one test may take where check can stop it, in seconds.
 * Emulators and valgrind are slow. */
#define TEST_TIMEOUT 240

static const topic_t *const topics[] = {
    &topic_list,     &topic_consume, &topic_release,  &topic_memory,
    &topic_split,    &topic_clone,   &topic_write,    &topic_schedule,
    &topic_deadline, &topic_go,      &topic_socket,   &topic_huge,
    &topic_message,  &topic_lock,    &topic_send,     &topic_copying,
    &topic_reader,   &topic_range,   &topic_file,     &topic_writer,
    &topic_posix,    &topic_pipe,    &topic_sendfile, &topic_faults,
    &topic_corners,  &topic_win32,
};

static void pool_make(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void pool_end(void)
{
    apr_pool_destroy(pool);
    pool = NULL;
}

static Suite *suite_of(const topic_t *topic)
{
    Suite *suite = suite_create(topic->name);
    TCase *tc = tcase_create(topic->name);

    tcase_set_timeout(tc, TEST_TIMEOUT);
    tcase_add_checked_fixture(tc, pool_make, pool_end);
    topic->add_tests(tc);
    suite_add_tcase(suite, tc);
    return suite;
}

static const topic_t *topic_find(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT(topics); i++)
        if (strcmp(topics[i]->name, name) == 0)
            return topics[i];
    return strcmp(name, topic_crash.name) == 0 ? &topic_crash : NULL;
}

static int usage(const char *what)
{
    fprintf(stderr, "unknown: %s\n", what);
    return EXIT_FAILURE;
}

static void print_topics(void)
{
    size_t i;

    for (i = 0; i < COUNT(topics); i++)
        puts(topics[i]->name);
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
    const topic_t *topic;
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
        topic = topic_find(argv[i]);
        if (topic == NULL)
            return usage(argv[i]);
        srunner_add_suite(runner, suite_of(topic));
        named++;
    }
    for (i = 0; named == 0 && i < (int)COUNT(topics); i++)
        srunner_add_suite(runner, suite_of(topics[i]));
    return run(runner);
}
