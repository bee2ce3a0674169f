/* SPDX-License-Identifier: Apache-2.0 */
/* What compilers warn of in a program that uses bufv.h: at the end of each
 * line with a fault is the warning that it must get. Other lines get none.
 * misuse.cmake compiles this; nothing runs it. */

#include <bufv.h>

extern bufv_t *v, *other;
extern bufv_writer_t *w;
extern apr_pool_t *pool;
extern apr_socket_t *sock;
extern apr_file_t *file;
extern bufv_reader_t r;
extern bufv_ops_t ops;
extern bufv_terms_t terms;
extern bufv_report_t report;
extern struct iovec vec[2];
extern bufv_release_t *release;
extern apr_status_t s;
extern apr_size_t n;
extern void *data;

void need_not_be_looked_at(void);
void are_dropped(void);
void must_not_be_null(va_list args);
void are_not_as_the_format_says(void);
void are_longer_than_their_bytes(void);

void need_not_be_looked_at(void)
{
    bufv_append(v, "a", 1);
    bufv_append(v, NULL, 0);
    bufv_append_copy(v, "a", 1);
    bufv_append_owned(v, "a", 1, NULL, NULL);
    bufv_append_vec(v, vec, 2);
    bufv_append_list(v, other);
    bufv_append_file(v, file, 0, 1);
    bufv_append_file_owned(v, file, 0, 1, NULL, NULL);
    bufv_appendf(v, "%s %zu %lld%%", "a", sizeof(n), 1LL);
    bufv_prepend(v, "a", 1);
    bufv_clone(v, other);
    bufv_split(v, 1, other);
    bufv_consume(v, 1);
    bufv_status(v);
    bufv_writer_lock_enable(w);
    bufv_writer_abandon(w);
    bufv_destroy(NULL);
    bufv_writer_destroy(NULL);
}

void are_dropped(void)
{
    bufv_create(&v, pool);                    /* -Wunused-result */
    bufv_reserve(v, 1, &data, &n);            /* -Wunused-result */
    bufv_commit(v, 1);                        /* -Wunused-result */
    bufv_fill(v, &r, 1, &n);                  /* -Wunused-result */
    bufv_writer_socket(&w, sock, pool);       /* -Wunused-result */
    bufv_writer_file(&w, file, pool);         /* -Wunused-result */
    bufv_writer_create(&w, &ops, NULL, pool); /* -Wunused-result */
    bufv_write(v, w, NULL);                   /* -Wunused-result */
    bufv_write_some(v, w, NULL);              /* -Wunused-result */
    bufv_write_with(v, w, &terms, &report);   /* -Wunused-result */
    bufv_send(v, sock, NULL);                 /* -Wunused-result */
    bufv_sendv(sock, vec, 2, &n);             /* -Wunused-result */
    bufv_copy(w, &r, v, NULL);                /* -Wunused-result */
}

void must_not_be_null(va_list args)
{
    s = bufv_create(NULL, pool);                              /* -Wnonnull */
    s = bufv_append(NULL, "a", 1);                            /* -Wnonnull */
    s = bufv_append_copy(NULL, "a", 1);                       /* -Wnonnull */
    s = bufv_append_owned(NULL, "a", 1, release, NULL);       /* -Wnonnull */
    s = bufv_append_vec(NULL, vec, 2);                        /* -Wnonnull */
    s = bufv_append_list(NULL, v);                            /* -Wnonnull */
    s = bufv_append_list(v, NULL);                            /* -Wnonnull */
    s = bufv_append_file(NULL, file, 0, 1);                   /* -Wnonnull */
    s = bufv_append_file(v, NULL, 0, 1);                      /* -Wnonnull */
    s = bufv_append_file_owned(NULL, file, 0, 1, NULL, NULL); /* -Wnonnull */
    s = bufv_append_file_owned(v, NULL, 0, 1, release, NULL); /* -Wnonnull */
    s = bufv_appendf(NULL, "a");                              /* -Wnonnull */
    s = bufv_vappendf(NULL, "%s", args);                      /* -Wnonnull */
    s = bufv_prepend(NULL, "a", 1);                           /* -Wnonnull */
    s = bufv_reserve(NULL, 1, &data, &n);                     /* -Wnonnull */
    s = bufv_reserve(v, 1, NULL, &n);                         /* -Wnonnull */
    s = bufv_reserve(v, 1, &data, NULL);                      /* -Wnonnull */
    s = bufv_commit(NULL, 1);                                 /* -Wnonnull */
    s = bufv_fill(NULL, &r, 1, &n);                           /* -Wnonnull */
    s = bufv_fill(v, NULL, 1, &n);                            /* -Wnonnull */
    s = bufv_fill(v, &r, 1, NULL);                            /* -Wnonnull */
    s = bufv_clone(NULL, v);                                  /* -Wnonnull */
    s = bufv_clone(v, NULL);                                  /* -Wnonnull */
    s = bufv_split(NULL, 1, other);                           /* -Wnonnull */
    s = bufv_split(v, 1, NULL);                               /* -Wnonnull */
    s = bufv_consume(NULL, 1);                                /* -Wnonnull */
    s = bufv_read(NULL, data, &n);                            /* -Wnonnull */
    s = bufv_read(v, data, NULL);                             /* -Wnonnull */
    s = bufv_peek(NULL, vec, &n);                             /* -Wnonnull */
    s = bufv_peek(v, vec, NULL);                              /* -Wnonnull */
    s = bufv_writer_socket(NULL, sock, pool);                 /* -Wnonnull */
    s = bufv_writer_socket(&w, NULL, pool);                   /* -Wnonnull */
    s = bufv_writer_file(NULL, file, pool);                   /* -Wnonnull */
    s = bufv_writer_file(&w, NULL, pool);                     /* -Wnonnull */
    s = bufv_writer_create(NULL, &ops, NULL, pool);           /* -Wnonnull */
    s = bufv_writer_create(&w, NULL, NULL, pool);             /* -Wnonnull */
    s = bufv_writer_lock_enable(NULL);                        /* -Wnonnull */
    s = bufv_writer_abandon(NULL);                            /* -Wnonnull */
    s = bufv_write(NULL, w, NULL);                            /* -Wnonnull */
    s = bufv_write(v, NULL, NULL);                            /* -Wnonnull */
    s = bufv_write_some(NULL, w, NULL);                       /* -Wnonnull */
    s = bufv_write_some(v, NULL, NULL);                       /* -Wnonnull */
    s = bufv_write_with(NULL, w, NULL, NULL);                 /* -Wnonnull */
    s = bufv_write_with(v, NULL, NULL, NULL);                 /* -Wnonnull */
    s = bufv_send(NULL, sock, NULL);                          /* -Wnonnull */
    s = bufv_send(v, NULL, NULL);                             /* -Wnonnull */
    s = bufv_sendv(NULL, vec, 2, NULL);                       /* -Wnonnull */
    s = bufv_copy(NULL, &r, v, NULL);                         /* -Wnonnull */
    s = bufv_copy(w, NULL, v, NULL);                          /* -Wnonnull */
    r = bufv_reader(NULL);                                    /* -Wnonnull */
    r = bufv_reader_socket(NULL);                             /* -Wnonnull */
    r = bufv_reader_file(NULL);                               /* -Wnonnull */
}

void are_not_as_the_format_says(void)
{
    bufv_appendf(v, "%s", 1);        /* -Wformat */
    bufv_appendf(v, "%zu", 1);       /* -Wformat */
    bufv_appendf(v, "%zu of %s", n); /* -Wformat */
    bufv_appendf(v, "%d", n);        /* -Wformat */
}

void are_longer_than_their_bytes(void)
{
    static const char four[4] = "four";
    struct iovec two[2] = {{data, 1}, {data, 1}};

    bufv_append(v, four, 5);                      /* -Wstringop-overread */
    bufv_append_copy(v, four, 5);                 /* -Wstringop-overread */
    bufv_append_owned(v, four, 5, release, NULL); /* -Wstringop-overread */
    bufv_prepend(v, four, 5);                     /* -Wstringop-overread */
    bufv_append_vec(v, two, 3);                   /* -Wstringop-overread */
}
