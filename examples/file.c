/* SPDX-License-Identifier: Apache-2.0 */

/* Writes the same list to a file and into a pipe: a log record whose parts lie
 * in many places.
 *
 * A buffered file and a list get along: what was printed into the buffer
 * before is in the file before the list, and what is printed after it comes
 * after it. */

#include <bufv.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a pipe may stay full. */
#define PATIENCE apr_time_from_sec(5)

static void check(apr_status_t status, const char *what)
{
    char cause[128];

    if (status == APR_SUCCESS)
        return;
    fprintf(stderr, "file: %s: %s\n", what,
            apr_strerror(status, cause, sizeof(cause)));
    exit(1);
}

/* Only the number is formatted; the rest stays where it is. */
static void append_record(bufv_t *v, int number)
{
    static const char *const part[] = {" GET ", "/index.html", " 200", "\n"};
    size_t i;

    check(bufv_appendf(v, "%04d", number), "append");
    for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
        check(bufv_append(v, part[i], strlen(part[i])), "append");
}

static void write_list(bufv_t *v, bufv_writer_t *w)
{
    bufv_report_t r = {.size = sizeof(r)};
    char error[256];

    if (bufv_write(v, w, NULL) != APR_SUCCESS) {
        fprintf(stderr, "file: %s\n",
                bufv_writer_strerror(w, error, sizeof(error)));
        exit(1);
    }
    bufv_writer_report(w, &r);
    printf("%" APR_UINT64_T_FMT " bytes in %" APR_UINT64_T_FMT " calls\n",
           r.written, r.calls);
}

/* The text from here on must be this. */
static void expect(apr_file_t *file, const char *text)
{
    char got[256] = "";

    check(apr_file_read_full(file, got, strlen(text), NULL), "read");
    if (strcmp(got, text) != 0)
        check(APR_EGENERAL, "not what was written");
}

static void to_file(bufv_t *v, apr_pool_t *pool)
{
    char name[] = "bufv-example-XXXXXX";
    apr_off_t begin = 0;
    apr_file_t *file;
    bufv_writer_t *w;

    check(apr_file_mktemp(&file, name,
                          APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE |
                              APR_FOPEN_BUFFERED | APR_FOPEN_BINARY |
                              APR_FOPEN_DELONCLOSE,
                          pool),
          "open");
    check(bufv_writer_file(&w, file, pool), "writer");
    apr_file_printf(file, "# begin\n");
    write_list(v, w);
    apr_file_printf(file, "# end\n");
    check(apr_file_seek(file, APR_SET, &begin), "seek");
    expect(file, "# begin\n0001 GET /index.html 200\n"
                 "0002 GET /index.html 200\n# end\n");
    check(apr_file_close(file), "close");
}

/* A pipe can be full. Its timeout limits how long a write waits then; without
 * one, bufv_writer_stall_set() and bufv_writer_deadline_set() do. */
static void to_pipe(bufv_t *v, apr_pool_t *pool)
{
    apr_file_t *in, *out;
    bufv_writer_t *w;

    check(apr_file_pipe_create(&in, &out, pool), "pipe");
    check(bufv_writer_file(&w, out, pool), "writer");
    bufv_writer_stall_set(w, PATIENCE);
    write_list(v, w);
    expect(in, "0001 GET /index.html 200\n0002 GET /index.html 200\n");
}

int main(void)
{
    bufv_t *v, *copy;
    apr_pool_t *pool;

    check(apr_initialize(), "initialize");
    atexit(apr_terminate);
    check(apr_pool_create(&pool, NULL), "pool");
    check(bufv_create(&v, pool), "list");
    check(bufv_create(&copy, pool), "list");
    append_record(v, 1);
    append_record(v, 2);
    check(bufv_clone(copy, v), "clone");
    to_file(v, pool);
    to_pipe(copy, pool);
    puts("read back as they were written");
    apr_pool_destroy(pool);
    return 0;
}
