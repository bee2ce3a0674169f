/* SPDX-License-Identifier: Apache-2.0 */

/* bufv_appendf() and bufv_vappendf() speak C99's printf: compared with
 * snprintf(). */

#include "alloc.h"
#include "scripted.h"

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <wchar.h>

#ifdef __MINGW32__
#define LIKE_PRINTF __attribute__((format(gnu_printf, 2, 3)))
#define WIDTH_ON_STACK 1 /* of a number, whatever it is */
#elif defined(__GNUC__)
#define LIKE_PRINTF __attribute__((format(printf, 2, 3)))
#else
#define LIKE_PRINTF
#endif
#ifndef WIDTH_ON_STACK
#define WIDTH_ON_STACK 0
#endif

static LIKE_PRINTF apr_status_t vappend(bufv_t *v, const char *format, ...)
{
    apr_status_t status;
    va_list args;

    va_start(args, format);
    status = bufv_vappendf(v, format, args);
    va_end(args);
    return status;
}

/* ---- the table */

static char want[2000]; /* what snprintf() says */

/* The list holds this text twice, in one chunk each, or nothing if it is
 * empty; and is cleared. */
static void assert_twice(const char *row, bufv_t *v, int len)
{
    char got[2 * sizeof(want)];
    apr_size_t got_len = sizeof(got);

    ck_assert_msg(len >= 0 && len < (int)sizeof(want), "%s: %d bytes", row,
                  len);
    ck_assert_msg(bufv_count(v) == (len > 0 ? 2 : 0), "%s: %d chunks", row,
                  (int)bufv_count(v));
    ignore(bufv_read(v, got, &got_len));
    ck_assert_msg(got_len == 2 * (apr_size_t)len &&
                      memcmp(got, want, (apr_size_t)len) == 0 &&
                      memcmp(got + len, want, (apr_size_t)len) == 0,
                  "%s: \"%.*s\", not \"%s\" twice", row, (int)got_len, got,
                  want);
}

/* A row: a format and its arguments. */
#define SAME(...)                                             \
    do {                                                      \
        int len_ = snprintf(want, sizeof(want), __VA_ARGS__); \
        assert_ok(bufv_appendf(v, __VA_ARGS__));              \
        assert_ok(vappend(v, __VA_ARGS__));                   \
        assert_twice(#__VA_ARGS__, v, len_);                  \
    } while (0)

START_TEST(format__integers)
{
    bufv_t *v = list_new();

    SAME("%d", 42);
    SAME("%d", INT_MIN);
    SAME("%i", INT_MAX);
    SAME("%u", UINT_MAX);
    SAME("%o %x %X", 8u, 255u, 255u);
    SAME("%#o %#x %#X", 8u, 255u, 255u);
    SAME("%+d % d %+d", 1, 2, -3);
    SAME("[%5d] [%-5d] [%05d]", 42, 42, 42);
    SAME("[%.3d] [%8.3d] [%-8.3d]", 7, 7, 7);
    SAME("[%.0d] [%.0d]", 0, 1);
    SAME("[%*d] [%-*d] [%*d]", 6, 1, 6, 2, -6, 3);
    SAME("[%.*d] [%*.*d]", 4, 5, 8, 4, 5);
    SAME("%hhd %hhu", (signed char)-1, (unsigned char)255);
    SAME("%hd %hu", (short)-1, (unsigned short)65535);
    SAME("%ld %lu", LONG_MIN, ULONG_MAX);
    SAME("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
    SAME("%jd %ju", INTMAX_MIN, UINTMAX_MAX);
    SAME("%zu %zx", SIZE_MAX, (size_t)4096);
    SAME("%td", (ptrdiff_t)-1);
    SAME("%" PRId64 " %" PRIu64, INT64_MIN, UINT64_MAX);
    SAME("%" PRIx32 " %" PRIuMAX, (uint32_t)0xdeadbeef, UINTMAX_MAX);
    SAME("%" APR_SIZE_T_FMT, (apr_size_t)123);
    SAME("%" APR_UINT64_T_FMT, (apr_uint64_t)APR_UINT64_MAX);
    SAME("%zu of %s", (size_t)5, "text");
}
END_TEST

START_TEST(format__floats)
{
    bufv_t *v = list_new();

    SAME("%f %F", 3.25, -3.25);
    SAME("%.0f %#.0f %.20f", 2.5, 2.5, 0.1);
    SAME("%e %E %.3e", 12345.678, 0.00012, 1e300);
    SAME("%g %G %#g", 100000.0, 1e-10, 1.0);
    SAME("%a %A", 1.0, 0.1);
    SAME("[%10.2f] [%-10.2f] [%010.2f] [%+.1f]", 3.14159, 3.14159, 3.14159,
         3.14159);
    SAME("%f %f", (double)INFINITY, -(double)INFINITY);
    SAME("%f", (double)NAN);
    SAME("%f", DBL_MAX);
    SAME("%Lf %Lg", 1.5L, 1e100L);
    SAME("%d %f %s %c", 1, 2.0, "three", '4');
}
END_TEST

START_TEST(format__text)
{
    static const char unterminated[3] = {'a', 'b', 'c'};
    bufv_t *v = list_new();
    int there;

    SAME("plain");
    SAME("%%");
    SAME("100%% of %d%%", 7);
    SAME("%s", "text");
    SAME("%s", "");
    SAME("%s%s%s", "a", "", "b");
    SAME("[%10s] [%-10s] [%.2s] [%10.2s]", "text", "text", "text", "text");
    SAME("[%*s] [%.*s] [%.0s]", 10, "text", 3, "text", "text");
    SAME("%.3s", unterminated);
    SAME("%.*s", 3, unterminated);
    SAME("%c%c%c", 'a', 'b', 'c');
    SAME("[%5c] [%-5c]", 'x', 'x');
    SAME("%c", 0);
    SAME("a%cb", 0);
    SAME("%p", (void *)&there);
    SAME("\t\r\n");
    SAME("HTTP/1.1 %d %s\r\nContent-Length: %" PRIu64 "\r\n\r\n", 200, "OK",
         UINT64_C(1234567890123));
}
END_TEST

START_TEST(format__wide_text)
{
    bufv_t *v = list_new();

    SAME("%ls", L"wide");
    SAME("[%10ls] [%-10ls] [%.2ls]", L"wide", L"wide", L"wide");
    SAME("%lc%lc", (wint_t)L'a', (wint_t)L'b');
    SAME("%ls", L"");
}
END_TEST

/* An empty text is no chunk; each other is one, behind what there was. */
START_TEST(format__chunks)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});

    assert_ok(bufv_appendf(v, "%s", ""));
    ck_assert_uint_eq(bufv_count(v), 1);
    assert_ok(bufv_appendf(v, "%d", 1));
    assert_ok(bufv_append(v, "x", 1));
    assert_ok(bufv_appendf(v, "%s-%s", "a", "b"));
    assert_chunks(v, (const char *const[]){"first", "1", "x", "a-b", NULL});
}
END_TEST

/* ---- lengths */

/* Whether a text of every length up to `most` is appended whole behind
 * `before` copied bytes. */
static int lengths_are_right(const char *text, apr_size_t before,
                             apr_size_t most)
{
    char *got = malloc(before + most + 1);
    apr_size_t len, got_len;
    int right = got != NULL;
    bufv_t *v;

    for (len = 0; len <= most && right; len++) {
        right = bufv_create(&v, NULL) == APR_SUCCESS &&
                bufv_append_copy(v, text, before) == APR_SUCCESS &&
                bufv_appendf(v, "%.*s", (int)len, text) == APR_SUCCESS &&
                bufv_length(v) == before + len &&
                bufv_count(v) == (apr_size_t)((before > 0) + (len > 0));
        got_len = before + most + 1;
        if (right && before + len > 0)
            right = bufv_read(v, got, &got_len) == APR_SUCCESS &&
                    got_len == before + len &&
                    memcmp(got, text, before) == 0 &&
                    memcmp(got + before, text, len) == 0;
        bufv_destroy(v);
    }
    free(got);
    return right;
}

/* Around the end of every slab: those that just fit, with and without the NUL
 * that snprintf() writes, and those that do not. */
START_TEST(format__lengths)
{
    static const apr_size_t befores[] = {0,    1,    512,  895,  896,  897,
                                         1000, 1022, 1023, 1024, 1025, 2048};
    char *text = apr_palloc(pool, 3001);
    int i;

    for (i = 0; i < 3000; i++)
        text[i] = (char)('!' + i % 90);
    text[3000] = '\0';
    ck_assert_msg(lengths_are_right(text, befores[_i], 2200),
                  "behind %d bytes", (int)befores[_i]);
}
END_TEST

/* In a row, so that they meet every end of a slab in every way. */
START_TEST(format__in_a_row)
{
    bufv_t *v = list_new();
    char *all = apr_palloc(pool, 400000), *to = all;
    int i, len;

    for (i = 0; i < 3000; i++) {
        len = sprintf(to, "%d:%.*s;", i, (i * 7) % 90,
                      "0123456789012345678901234567890123456789012345678"
                      "90123456789012345678901234567890123456789");
        assert_ok(
            bufv_appendf(v, "%d:%.*s;", i, (i * 7) % 90,
                         "0123456789012345678901234567890123456789012345678"
                         "90123456789012345678901234567890123456789"));
        to += len;
    }
    assert_bytes(v, all, (apr_size_t)(to - all));
    ck_assert_uint_eq(bufv_count(v), 3000);
}
END_TEST

/* A text of a mebibyte is one chunk. */
START_TEST(format__a_mebibyte)
{
    const apr_size_t len = 1024 * 1024;
    char *text = apr_palloc(pool, len + 3);
    bufv_t *v = list_new();

    memset(text + 1, 'm', len);
    text[0] = '<';
    text[len + 1] = '\0';
    assert_ok(bufv_appendf(v, "%s", text + 1));
    ck_assert_uint_eq(bufv_count(v), 1);
    assert_bytes(v, text + 1, len);
    bufv_clear(v);
    assert_ok(bufv_appendf(v, "<%s%c%d", text + 1, '>', 7));
    text[len + 1] = '>';
    text[len + 2] = '7';
    assert_bytes(v, text, len + 3);
}
END_TEST

/* Text of the list's own, which the memory for the new one must not move. */
START_TEST(format__of_itself)
{
    bufv_t *v = list_new();
    struct iovec vec;
    apr_size_t one, i, len = 3;
    char *all = apr_palloc(pool, 3 << 10);

    memcpy(all, "abc", 3);
    assert_ok(bufv_append_copy(v, "abc", 3));
    for (i = 0; i < 9; i++) {
        one = 1;
        assert_ok(bufv_peek(v, &vec, &one));
        assert_ok(bufv_appendf(v, "%.*s%.*s", (int)vec.iov_len,
                               (const char *)vec.iov_base, (int)vec.iov_len,
                               (const char *)vec.iov_base));
        memcpy(all + len, all, vec.iov_len);
        memcpy(all + len + vec.iov_len, all, vec.iov_len);
        assert_ok(bufv_consume(v, vec.iov_len));
        len = 2 * vec.iov_len;
        memmove(all, all + vec.iov_len, len);
        assert_bytes(v, all, len);
        memcpy(all + len, all, len);
    }
    ck_assert_uint_eq(len, 3 << 9);
}
END_TEST

/* ---- what is refused */

static void assert_refused(bufv_t *v, apr_status_t status)
{
    assert_is(status, APR_STATUS_IS_EINVAL);
    assert_is(bufv_status(v), APR_STATUS_IS_EINVAL);
    assert_chunks(v, (const char *const[]){"first", NULL});
}

/* What cannot be encoded: the list is unchanged, and goes on. */
START_TEST(format__encoding_error)
{
    static const wchar_t bad[] = {L'a', 0xd800, 0};
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    char *text = apr_pcalloc(pool, 2001);

    if (snprintf(want, sizeof(want), "%ls", bad) >= 0) {
        skip("format__encoding_error", "all can be encoded here");
        return;
    }
    memset(text, 'x', 2000);
    assert_refused(v, bufv_appendf(v, "%ls", bad));
    assert_refused(v, bufv_appendf(v, "%s%ls", text, bad));
    assert_refused(v, vappend(v, "%d %ls", 1, bad));
    assert_ok(bufv_appendf(v, "%d", 42));
    assert_chunks(v, (const char *const[]){"first", "42", NULL});
}
END_TEST

/* Longer than printf() can count. */
START_TEST(format__too_long)
{
    bufv_t *v = list_of((const char *const[]){"first", NULL});
    volatile int wide = INT_MAX; /* which a compiler would warn of */

    if (WIDTH_ON_STACK) {
        skip("format__too_long", "this printf() pads on the stack");
        return;
    }
    if (env_is_set("BUFV_TEST_QUICK")) {
        skip("format__too_long", "it pads with 4 GiB: BUFV_TEST_QUICK is set");
        return;
    }
    if (snprintf(NULL, 0, "%*d%*d", wide, 1, wide, 1) >= 0) {
        skip("format__too_long", "this printf() counts on");
        return;
    }
    assert_refused(v, bufv_appendf(v, "%*d%*d", wide, 1, wide, 1));
}
END_TEST

/* A total of more than 64 bits. */
START_TEST(format__total_of_64_bits)
{
    bufv_t *v = list_new();
    apr_file_t *file = file_text("x");
    int i;

    for (i = 0; i < 2; i++)
        assert_ok(bufv_append_file(v, file, 0, (apr_uint64_t)APR_INT64_MAX));
    assert_is(bufv_appendf(v, "%d", 42), APR_STATUS_IS_EINVAL);
    ck_assert_uint_eq(bufv_count(v), 2);
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX - 1);
    assert_ok(bufv_appendf(v, "%d", 4));
    ck_assert_uint_eq(bufv_length(v), APR_UINT64_MAX);
}
END_TEST

/* Without memory, at each allocation: unchanged, and then it works. */
START_TEST(format__without_memory)
{
    const char *text;
    apr_status_t status = APR_ENOMEM;
    bufv_t *v = list_new();
    unsigned long k;

    if (!alloc_is_seen()) {
        skip("format__without_memory", "no allocation can be made to fail");
        return;
    }
    text = memset(apr_pcalloc(pool, 3001), 'x', 3000);
    for (k = 1; status != APR_SUCCESS && k < 20; k++) {
        alloc_fail(k, 0);
        status = bufv_appendf(v, "%s", text);
        alloc_fail(0, 0);
        ck_assert_uint_eq(bufv_count(v), status == APR_SUCCESS);
    }
    assert_ok(status);
    ck_assert_uint_gt(k, 2);
    assert_bytes(v, text, 3000);
}
END_TEST

/* More room than vsnprintf() can be told of, which the program reserved. */
START_TEST(format__room_beyond_an_int)
{
    bufv_t *v = list_new();
    apr_size_t room;
    void *data;

    if (CHUNK_MAX <= INT_MAX || env_is_set("BUFV_TEST_QUICK")) {
        skip("format__room_beyond_an_int", "it takes more memory than fits");
        return;
    }
    if (bufv_reserve(v, (apr_size_t)INT_MAX + 1000, &data, &room) !=
        APR_SUCCESS) {
        skip("format__room_beyond_an_int", "there is not so much memory");
        return;
    }
    memcpy(data, "1", 1);
    assert_ok(bufv_commit(v, 1));
    assert_ok(bufv_appendf(v, "%d%s", 2, "3"));
    assert_text(v, "123");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, format__integers);
    tcase_add_test(tc, format__floats);
    tcase_add_test(tc, format__text);
    tcase_add_test(tc, format__wide_text);
    tcase_add_test(tc, format__chunks);
    tcase_add_loop_test(tc, format__lengths, 0, 12);
    tcase_add_test(tc, format__in_a_row);
    tcase_add_test(tc, format__a_mebibyte);
    tcase_add_test(tc, format__of_itself);
    tcase_add_test(tc, format__encoding_error);
    tcase_add_test(tc, format__too_long);
    tcase_add_test(tc, format__total_of_64_bits);
    tcase_add_test(tc, format__without_memory);
    tcase_add_test(tc, format__room_beyond_an_int);
}

const topic_t topic_format = {"format", add_tests};
