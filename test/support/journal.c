/* SPDX-License-Identifier: Apache-2.0 */

#include "journal.h"

static void released(void *baton, const void *data, apr_size_t len)
{
    journal_entry_t *e = baton;
    journal_t *j = e->journal;

    e->released++;
    if (j->threaded)
        return;
    if (data != e->data || len != e->len)
        j->wrong++;
    if (j->releases < (int)COUNT(j->order))
        j->order[j->releases] = (int)(e - j->entry);
    j->releases++;
}

journal_t *journal_new(void)
{
    return apr_pcalloc(pool, sizeof(journal_t));
}

apr_status_t journal_append(journal_t *j, bufv_t *v, const void *data,
                            apr_size_t len)
{
    journal_entry_t *e = &j->entry[j->entries++];

    e->journal = j;
    e->data = data;
    e->len = len;
    return bufv_append_owned(v, data, len, released, e);
}

bufv_t *journal_list(journal_t *j, const char *const *chunks)
{
    bufv_t *v = list_new();

    for (; *chunks != NULL; chunks++)
        assert_ok(journal_append(j, v, *chunks, strlen(*chunks)));
    return v;
}

void journal_assert(const journal_t *j, int n)
{
    int i;

    ck_assert_int_eq(j->wrong, 0);
    ck_assert_int_eq(j->releases, n);
    for (i = 0; i < n; i++) {
        ck_assert_int_eq(j->order[i], i);
        ck_assert_int_eq(j->entry[i].released, 1);
    }
}
