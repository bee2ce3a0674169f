/* SPDX-License-Identifier: Apache-2.0 */

/* threads.c -- some threads, each with a writer of its own to a transport that
 * takes everything: what a list costs must not grow with their number.
 *
 * usage: threads THREADS LISTS CHUNKS CHUNK_SIZE */

#include <apr_general.h>
#include <bufv.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64 };

static size_t lists, chunks, size;

static apr_status_t take_all(void *baton, const struct iovec *vec,
                             apr_size_t nvec, int more, apr_size_t *written)
{
    (void)baton;
    (void)more;
    for (*written = 0; nvec > 0; vec++, nvec--) {
        *written += vec->iov_len;
    }
    return APR_SUCCESS;
}

static void check(apr_status_t status, const char *what)
{
    if (status != APR_SUCCESS) {
        fprintf(stderr, "threads: %s: %d\n", what, status);
        exit(1);
    }
}

static void *work(void *unused)
{
    bufv_ops_t ops = {0};
    bufv_writer_t *w;
    char *bytes = calloc(chunks, size + 64);
    bufv_t *v;
    size_t i, k;

    ops.size = sizeof(ops);
    ops.name = "take";
    ops.max_vec = 1024;
    ops.max_bytes = 4 << 20;
    ops.copy_below = 512;
    ops.writev = take_all;
    check(bytes == NULL ? APR_ENOMEM : bufv_create(&v, NULL), "bufv_create");
    check(bufv_writer_create(&w, &ops, NULL, NULL), "bufv_writer_create");
    for (k = 0; k < lists; k++) {
        for (i = 0; i < chunks; i++) {
            bufv_append(v, bytes + i * (size + 64), size);
        }
        check(bufv_write(v, w, NULL), "bufv_write");
    }
    bufv_writer_destroy(w);
    bufv_destroy(v);
    free(bytes);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread[MOST];
    int n = argc == 5 ? atoi(argv[1]) : 0, i;

    if (n < 1 || n > MOST || apr_initialize() != APR_SUCCESS) {
        return 1;
    }
    lists = strtoul(argv[2], NULL, 10);
    chunks = strtoul(argv[3], NULL, 10);
    size = strtoul(argv[4], NULL, 10);
    for (i = 0; i < n; i++) {
        if (pthread_create(&thread[i], NULL, work, NULL) != 0) {
            return 1;
        }
    }
    for (i = 0; i < n; i++) {
        pthread_join(thread[i], NULL);
    }
    apr_terminate();
    return 0;
}
