/* SPDX-License-Identifier: Apache-2.0 */

#include "suite.h"

#include <errno.h>
#ifdef _WIN32
#include <winsock2.h>
#endif

apr_pool_t *pool;
settings_t settings;

void settings_apply(bufv_writer_t *w)
{
    bufv_writer_limits_set(w, settings.max_vec, 0);
    if (settings.copy_below_given)
        bufv_writer_copy_below_set(w, settings.copy_below);
}

apr_size_t settings_max_vec(apr_size_t own)
{
    if (settings.max_vec != 0 && settings.max_vec < own)
        return settings.max_vec;
    return own;
}

apr_uint64_t attempts_for(apr_uint64_t chunks, apr_size_t max_vec)
{
    return (chunks + max_vec - 1) / max_vec;
}

const char *status_text(apr_status_t status)
{
    static char text[160];
    char reason[120];

    apr_strerror(status, reason, sizeof(reason));
    apr_snprintf(text, sizeof(text), "%d (%s)", status, reason);
    return text;
}

#ifdef _WIN32
int is_msgsize(apr_status_t status)
{
    return status == APR_FROM_OS_ERROR(WSAEMSGSIZE) || status == EMSGSIZE;
}

apr_status_t no_buffer_space(void)
{
    return APR_FROM_OS_ERROR(WSAENOBUFS);
}
#else
int is_msgsize(apr_status_t status)
{
    return status == EMSGSIZE;
}

apr_status_t no_buffer_space(void)
{
    return ENOBUFS;
}
#endif

/* All entries of a list that holds no file range. */
static struct iovec *peek_all(bufv_t *v, apr_size_t *nvec)
{
    apr_size_t count = bufv_count(v);
    struct iovec *vec = apr_pcalloc(pool, (count + 1) * sizeof(*vec));

    *nvec = count + 1;
    assert_ok(bufv_peek(v, vec, nvec));
    ck_assert_uint_eq(*nvec, count);
    return vec;
}

void assert_bytes(bufv_t *v, const void *bytes, apr_size_t len)
{
    const char *want = bytes;
    apr_size_t nvec, i;
    struct iovec *vec = peek_all(v, &nvec);

    ck_assert_uint_eq(bufv_length(v), len);
    for (i = 0; i < nvec; i++) {
        ck_assert_uint_gt(vec[i].iov_len, 0);
        ck_assert_uint_le(vec[i].iov_len, len);
        ck_assert_mem_eq(vec[i].iov_base, want, vec[i].iov_len);
        want += vec[i].iov_len;
        len -= vec[i].iov_len;
    }
    ck_assert_uint_eq(len, 0);
}

void assert_chunks(bufv_t *v, const char *const *want)
{
    apr_size_t nvec, i;
    struct iovec *vec = peek_all(v, &nvec);

    for (i = 0; i < nvec; i++) {
        ck_assert_ptr_nonnull(want[i]);
        ck_assert_uint_eq(vec[i].iov_len, strlen(want[i]));
        ck_assert_mem_eq(vec[i].iov_base, want[i], vec[i].iov_len);
    }
    ck_assert_ptr_null(want[nvec]);
}

void ignore(apr_status_t status)
{
    (void)status;
}

void skip(const char *test, const char *why)
{
    fprintf(stderr, "SKIP: %s: %s\n", test, why);
    fflush(stderr);
}

/* On Windows APR tells the two ways to end a thread apart, and calls the
 * return incomplete. Under ASan apr_thread_exit() is not to be used. */
void thread_join(apr_thread_t *thread)
{
    apr_status_t unused, status = apr_thread_join(&unused, thread);

    if (status != APR_INCOMPLETE)
        assert_ok(status);
}

int env_is_set(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0';
}

bufv_ops_t ops_new(void)
{
    bufv_ops_t ops;

    memset(&ops, 0, sizeof(ops));
    ops.size = sizeof(ops);
    return ops;
}

bufv_report_t report_of(const bufv_writer_t *w)
{
    bufv_report_t report;

    memset(&report, 0, sizeof(report));
    report.size = sizeof(report);
    bufv_writer_report(w, &report);
    return report;
}

bufv_stats_t stats_of(const bufv_writer_t *w)
{
    bufv_stats_t stats;

    memset(&stats, 0, sizeof(stats));
    stats.size = sizeof(stats);
    bufv_writer_stats(w, &stats);
    return stats;
}

bufv_terms_t terms_of(int wait, apr_interval_time_t within,
                      apr_uint64_t budget)
{
    bufv_terms_t terms;

    memset(&terms, 0, sizeof(terms));
    terms.size = sizeof(terms);
    terms.wait = wait;
    terms.within = within;
    terms.budget = budget;
    return terms;
}

bufv_t *list_new(void)
{
    bufv_t *v;

    assert_ok(bufv_create(&v, pool));
    return v;
}

bufv_t *list_of(const char *const *chunks)
{
    bufv_t *v = list_new();

    for (; *chunks != NULL; chunks++)
        assert_ok(bufv_append(v, *chunks, strlen(*chunks)));
    return v;
}

bufv_t *list_cut(const unsigned char *data, apr_size_t n, apr_size_t len,
                 apr_size_t stride)
{
    bufv_t *v = list_new();
    apr_size_t i;

    for (i = 0; i < n; i++)
        assert_ok(bufv_append(v, data + i * stride, len));
    return v;
}

unsigned char *bytes_new(apr_size_t len, unsigned int seed)
{
    unsigned char *data = apr_palloc(pool, len + 1);
    apr_uint32_t x = 2463534242u + seed * 7919u;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        data[i] = (unsigned char)(x >> 11);
    }
    return data;
}

const void *wild(void)
{
    return (const void *)(apr_uintptr_t)1;
}

apr_file_t *file_new(const void *bytes, apr_size_t len, apr_int32_t more_flags)
{
    const char *dir;
    apr_file_t *file;

    assert_ok(apr_temp_dir_get(&dir, pool));
    assert_ok(apr_file_mktemp(
        &file, apr_psprintf(pool, "%s/bufv-test-XXXXXX", dir),
        APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
            APR_FOPEN_BINARY | APR_FOPEN_DELONCLOSE | more_flags,
        pool));
    if (len > 0)
        assert_ok(apr_file_write_full(file, bytes, len, NULL));
    return file;
}

apr_file_t *file_text(const char *text)
{
    return file_new(text, strlen(text), APR_FOPEN_SENDFILE_ENABLED);
}

static void tally_hook(void *baton, const bufv_call_t *call)
{
    tally_t *t = baton;

    t->calls++;
    t->asked += call->asked;
    t->written += call->written;
    t->copied += call->copied;
    if (call->nvec > t->nvec_most)
        t->nvec_most = call->nvec;
    t->last = *call;
}

void tally_watch(tally_t *t, bufv_writer_t *w)
{
    memset(t, 0, sizeof(*t));
    bufv_writer_hook_set(w, tally_hook, t);
}

void assert_tally_is_report(const tally_t *t, const bufv_writer_t *w)
{
    bufv_report_t report = report_of(w);

    ck_assert_uint_eq(t->calls, report.calls);
    ck_assert_uint_eq(t->written, report.written);
    ck_assert_uint_eq(t->copied, report.copied);
}

apr_status_t write_checked(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written)
{
    apr_uint64_t before = bufv_length(v);
    bufv_report_t report;
    apr_status_t status;

    *written = APR_UINT64_MAX;
    status = bufv_write(v, w, written);
    report = report_of(w);
    ck_assert_uint_eq(*written + bufv_length(v), before);
    ck_assert_uint_eq(report.written, *written);
    ck_assert_uint_eq(report.left, bufv_length(v));
    ck_assert_int_eq(report.status, status);
    if (status == APR_SUCCESS)
        ck_assert_uint_eq(bufv_count(v), 0);
    return status;
}
