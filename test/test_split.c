/* SPDX-License-Identifier: Apache-2.0 */

/* Splitting a list in two, at every byte. */

#include "journal.h"

static bufv_t *alphabet(void)
{
    return list_of((const char *const[]){"abc", "d", "ef", "ghij", NULL});
}

/* At each n: head has the first n bytes, the list the rest; no byte moved. */
START_TEST(split__at_every_byte)
{
    apr_uint64_t n;

    for (n = 0; n <= 10; n++) {
        bufv_t *v = alphabet();
        bufv_t *head = list_new();

        assert_ok(bufv_split(v, n, head));
        assert_bytes(head, "abcdefghij", (apr_size_t)n);
        assert_bytes(v, &"abcdefghij"[n], (apr_size_t)(10 - n));
    }
}
END_TEST

/* The chunks keep their places: a cut chunk is in both parts. */
START_TEST(split__keeps_chunks)
{
    bufv_t *v = alphabet();
    bufv_t *head = list_new();

    assert_ok(bufv_consume(v, 1));
    assert_ok(bufv_split(v, 4, head));
    assert_chunks(head, (const char *const[]){"bc", "d", "e", NULL});
    assert_chunks(v, (const char *const[]){"f", "ghij", NULL});
    assert_ok(bufv_split(v, 1, head));
    assert_chunks(head, (const char *const[]){"bc", "d", "e", "f", NULL});
    assert_chunks(v, (const char *const[]){"ghij", NULL});
}
END_TEST

/* What is split off goes behind what the other list holds. */
START_TEST(split__appends_to_head)
{
    bufv_t *v = alphabet();
    bufv_t *head = list_of((const char *const[]){"before", NULL});

    assert_ok(bufv_split(v, 2, head));
    assert_text(head, "beforeab");
    assert_text(v, "cdefghij");
}
END_TEST

/* Too many bytes, or both lists the same: refused, both unchanged. */
START_TEST(split__refused)
{
    bufv_t *v = alphabet();
    bufv_t *head = list_of((const char *const[]){"x", NULL});

    assert_is(bufv_split(v, 11, head), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(v, APR_UINT64_MAX, head), APR_STATUS_IS_EINVAL);
    assert_is(bufv_split(v, 3, v), APR_STATUS_IS_EINVAL);
    assert_chunks(head, (const char *const[]){"x", NULL});
    assert_chunks(v, (const char *const[]){"abc", "d", "ef", "ghij", NULL});
}
END_TEST

/* Both parts live on: appended to, prepended to, split again and joined. */
START_TEST(split__and_join)
{
    bufv_t *v = alphabet();
    bufv_t *head = list_new();
    apr_uint64_t n;

    for (n = 0; n <= 10; n++) {
        assert_ok(bufv_split(v, n, head));
        assert_ok(bufv_append_list(head, v));
        assert_ok(bufv_append_list(v, head));
        assert_text(v, "abcdefghij");
    }
    assert_ok(bufv_split(v, 5, head));
    assert_ok(bufv_append(head, "+", 1));
    assert_ok(bufv_prepend(v, "-", 1));
    assert_text(head, "abcde+");
    assert_text(v, "-fghij");
}
END_TEST

/* Copied bytes live as long as either part, in any order of their ends. */
START_TEST(split__shares_copied_bytes)
{
    apr_pool_t *sub;
    bufv_t *v, *head;

    assert_ok(apr_pool_create(&sub, pool));
    assert_ok(bufv_create(&v, sub));
    head = list_new();
    assert_ok(bufv_append_copy(v, "copied", 6));
    assert_ok(bufv_append_copy(v, "again", 5));
    assert_ok(bufv_split(v, 8, head));
    assert_text(v, "ain");
    apr_pool_destroy(sub);
    assert_text(head, "copiedag");
}
END_TEST

/* Empty owned chunks go where their turn is: those before the cut with the
 * head, those behind it stay. One just at the cut is released once. */
START_TEST(split__empty_owned)
{
    journal_t *j = journal_new();
    bufv_t *v = list_new();
    bufv_t *head = list_new();

    assert_ok(journal_append(j, v, "", 0));
    assert_ok(journal_append(j, v, "ab", 2));
    assert_ok(journal_append(j, v, "cd", 2));
    assert_ok(journal_append(j, v, "", 0));
    assert_ok(bufv_split(v, 2, head));
    assert_ok(bufv_consume(head, 2));
    journal_assert(j, 2);
    assert_ok(bufv_consume(v, 2));
    journal_assert(j, 4);
}
END_TEST

/* A chunk behind the cut belongs to the one list alone, and is not kept for
 * the other. */
START_TEST(split__split_between_owned_chunks)
{
    static const char *const texts[] = {"ab", "cd", "ef", NULL};
    journal_t *j = journal_new();
    bufv_t *v = journal_list(j, texts), *head = list_new();

    assert_ok(bufv_split(v, 2, head));
    assert_ok(bufv_consume(v, 2));
    ck_assert_int_eq(j->entry[1].released, 1);
    ck_assert_int_eq(j->releases, 1);
    assert_ok(bufv_consume(head, 2));
    ck_assert_int_eq(j->entry[0].released, 1);
    ck_assert_int_eq(j->releases, 2);
}
END_TEST

/* An owned chunk behind copied bytes, cut at each byte: it is released after
 * the later of its two parts, however it came to stand there. */
START_TEST(split__owned_behind_copies)
{
    static const struct {
        apr_uint64_t at;
        int formatted;
    } cuts[] = {{0, 0}, {3, 0}, {4, 0}, {5, 0}, {7, 0}, {8, 0},
                {0, 1}, {3, 1}, {4, 1}, {5, 1}, {7, 1}, {8, 1}};
    apr_uint64_t in_head = cuts[_i].at > 3;
    journal_t *j = journal_new();
    bufv_t *v = list_new(), *head = list_new();

    if (cuts[_i].formatted)
        assert_ok(bufv_appendf(v, "%s", "abc"));
    else
        assert_ok(bufv_append_copy(v, "abc", 3));
    assert_ok(journal_append(j, v, "owned", 5));
    assert_ok(bufv_append_copy(v, "xyz", 3));
    assert_ok(bufv_split(v, cuts[_i].at, head));
    journal_assert(j, 0);
    bufv_clear(v);
    journal_assert(j, !in_head);
    bufv_clear(head);
    journal_assert(j, 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, split__at_every_byte);
    tcase_add_test(tc, split__keeps_chunks);
    tcase_add_test(tc, split__appends_to_head);
    tcase_add_test(tc, split__refused);
    tcase_add_test(tc, split__and_join);
    tcase_add_test(tc, split__shares_copied_bytes);
    tcase_add_test(tc, split__empty_owned);
    tcase_add_test(tc, split__split_between_owned_chunks);
    tcase_add_loop_test(tc, split__owned_behind_copies, 0, 12);
}

const topic_t topic_split = {"split", add_tests};
