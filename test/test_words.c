/* SPDX-License-Identifier: Apache-2.0 */

/* The text of an error (sections 3 and 20 of the promises): operation,
 * network, the addresses that the connection has, and the cause; of refusals
 * too. */

#include "backend.h"

#include "peer.h"
#include "scripted.h"

#include <apr_portable.h>

#ifndef _WIN32
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#endif

static bufv_t *list_text(const char *text)
{
    bufv_t *v = list_new();

    assert_ok(bufv_append(v, text, strlen(text)));
    return v;
}

static const char *text_of(const bufv_writer_t *w)
{
    char text[400];

    ck_assert_ptr_eq(bufv_writer_strerror(w, text, sizeof(text)), text);
    return apr_pstrdup(pool, text);
}

static const char *cause_of(apr_status_t status)
{
    char cause[200];

    if (status == APR_SUCCESS)
        return "success";
    return apr_pstrdup(pool, apr_strerror(status, cause, sizeof(cause)));
}

/* The text is "<op> <where>: <cause>". */
static void assert_text_of(const bufv_writer_t *w, const char *op,
                           const char *where, apr_status_t status)
{
    const char *want = apr_pstrcat(pool, op, *where ? " " : "", where, ": ",
                                   cause_of(status), NULL);

    ck_assert_str_eq(text_of(w), want);
}

/* Cut off at every size, with a NUL, and not a byte beyond. */
static void assert_cut_anywhere(const bufv_writer_t *w)
{
    const char *whole = text_of(w);
    apr_size_t len = strlen(whole), size;
    char cut[500];

    for (size = 1; size <= len + 2; size++) {
        memset(cut, '#', sizeof(cut));
        bufv_writer_strerror(w, cut, size);
        ck_assert_uint_eq(strlen(cut), size <= len ? size - 1 : len);
        ck_assert_mem_eq(cut, whole, strlen(cut));
        ck_assert_int_eq(cut[size], '#');
    }
}

/* ---- causes */

static const struct {
    scripted_step_t step;
    apr_status_t status;
} ends[] = {
    {{3, APR_SUCCESS, 0}, APR_SUCCESS},
    {{1, APR_EAGAIN, 0}, APR_EAGAIN},
    {{0, APR_EPIPE, 0}, APR_EPIPE},
    {{2, APR_ECONNRESET, 0}, APR_ECONNRESET},
    {{0, APR_SUCCESS, 0}, APR_EOF},
    {{0, APR_SUCCESS, 9}, APR_EGENERAL},
    {{1, APR_ENOSPC, 0}, APR_ENOSPC},
    {{0, APR_EBADF, 0}, APR_EBADF},
};

/* Whatever a write returned is what the text says. */
START_TEST(words__are_those_of_the_status)
{
    scripted_t *s = scripted_for(NULL);

    assert_text_of(s->w, "scripted", "", APR_SUCCESS);
    scripted_play(s, &ends[_i].step, 1);
    ck_assert_int_eq(bufv_write_some(list_text("abc"), s->w, NULL),
                     ends[_i].status);
    assert_text_of(s->w, "scripted", "", ends[_i].status);
    assert_cut_anywhere(s->w);
    assert_ok(bufv_write_some(list_text("abc"), s->w, NULL));
    assert_text_of(s->w, "scripted", "", APR_SUCCESS);
}
END_TEST

/* Limits and budgets. */
START_TEST(words__of_a_limit)
{
    scripted_t *s = scripted_for(NULL);
    bufv_terms_t terms = terms_of(1, _i == 0 ? -1 : 0, 2);
    apr_status_t status = _i == 0 ? APR_TIMEUP : APR_INCOMPLETE;

    ck_assert_int_eq(bufv_write_with(list_text("abc"), s->w, &terms, NULL),
                     status);
    assert_text_of(s->w, "scripted", "", status);
}
END_TEST

/* ---- refusals */

typedef struct refused_t {
    bufv_t *v, *other;
    scripted_t *this, *that;
    apr_status_t status;
    const char *text;
    bufv_report_t report;
} refused_t;

static refused_t refused;

/* From within a write by `this`. */
static void write_in_hook(void *baton, const bufv_call_t *call)
{
    const int *which = baton;
    bufv_writer_t *w = *which == 0 ? refused.that->w : refused.this->w;

    (void)call;
    if (refused.text != NULL)
        return;
    refused.status =
        bufv_write(*which == 0 ? refused.v : refused.other, w, NULL);
    refused.text = text_of(w);
    refused.report = report_of(w);
}

/* The list is in use, or the writer is: both say so. */
START_TEST(words__of_a_list_in_use)
{
    int which = _i / 2;

    refused.this = scripted_for(NULL);
    refused.that = scripted_for(NULL);
    refused.v = list_text("abc");
    refused.other = list_text("xyz");
    refused.text = NULL;
    if (_i % 2)
        assert_ok(bufv_writer_lock_enable(refused.this->w));
    bufv_writer_hook_set(refused.this->w, write_in_hook, &which);
    scripted_play(refused.this, &ends[1].step, 1);
    assert_ok(bufv_write(refused.v, refused.this->w, NULL));
    assert_is(refused.status, APR_STATUS_IS_EBUSY);
    ck_assert_str_eq(refused.text, apr_pstrcat(pool, "scripted: ",
                                               cause_of(APR_EBUSY), NULL));
    assert_is(refused.report.status, APR_STATUS_IS_EBUSY);
    ck_assert_uint_eq(refused.report.left, which == 0 ? 2 : 3);
    assert_text_of(refused.this->w, "scripted", "", APR_SUCCESS);
}
END_TEST

/* What is missing, or has a wrong size. */
START_TEST(words__of_bad_arguments)
{
    scripted_t *s = scripted_for(NULL);
    bufv_terms_t terms = terms_of(1, 0, 0);

    assert_is(bufv_write(NULL, s->w, NULL), APR_STATUS_IS_EINVAL);
    assert_text_of(s->w, "scripted", "", APR_EINVAL);
    assert_ok(bufv_write(list_text("a"), s->w, NULL));
    assert_text_of(s->w, "scripted", "", APR_SUCCESS);
    terms.size = 3;
    assert_is(bufv_write_with(list_text("a"), s->w, &terms, NULL),
              APR_STATUS_IS_EINVAL);
    assert_text_of(s->w, "scripted", "", APR_EINVAL);
    ck_assert_uint_eq(s->attempts, 1);
}
END_TEST

/* A message that cannot go whole. */
START_TEST(words__of_a_message)
{
    scripted_t *s = scripted_new(pool);

    s->ops.message = 1;
    s->ops.max_bytes = 2;
    scripted_open(s);
    assert_is(bufv_write(list_text("abc"), s->w, NULL), STATUS_IS_TOO_BIG);
    assert_text_of(s->w, "scripted", "", report_of(s->w).status);
}
END_TEST

/* ---- connections */

static const char *tcp_names(const char *ip, apr_socket_t *near_end,
                             apr_socket_t *far_end)
{
    apr_sockaddr_t *here, *there;

    assert_ok(apr_socket_addr_get(&here, APR_LOCAL, near_end));
    assert_ok(apr_socket_addr_get(&there, APR_LOCAL, far_end));
    return apr_psprintf(pool, "tcp %s:%d->%s:%d", ip, (int)here->port, ip,
                        (int)there->port);
}

/* The same descriptor, as APR is told of it and not more. */
static apr_socket_t *wrap(apr_socket_t *sock)
{
    apr_socket_t *wrapped = NULL;
    apr_os_sock_t fd;

    assert_ok(apr_os_sock_get(&fd, sock));
    assert_ok(apr_os_sock_put(&wrapped, &fd, pool));
    return wrapped;
}

static bufv_writer_t *writer_for(apr_socket_t *sock)
{
    bufv_writer_t *w;

    assert_ok(bufv_writer_socket(&w, sock, pool));
    return w;
}

/* A TCP pair on loopback of IPv6. Returns 0 where there is none. */
static int ipv6_pair(apr_socket_t **near_end, apr_socket_t **far_end)
{
    apr_socket_t *listener;
    apr_sockaddr_t *at, *bound;

    if (apr_sockaddr_info_get(&at, "::1", APR_INET6, 0, 0, pool) !=
            APR_SUCCESS ||
        apr_socket_create(&listener, APR_INET6, SOCK_STREAM, APR_PROTO_TCP,
                          pool) != APR_SUCCESS ||
        apr_socket_bind(listener, at) != APR_SUCCESS)
        return 0;
    assert_ok(apr_socket_listen(listener, 1));
    assert_ok(apr_socket_addr_get(&bound, APR_LOCAL, listener));
    assert_ok(apr_socket_create(near_end, APR_INET6, SOCK_STREAM,
                                APR_PROTO_TCP, pool));
    assert_ok(apr_socket_connect(*near_end, bound));
    assert_ok(apr_socket_accept(far_end, listener, pool));
    assert_ok(apr_socket_close(listener));
    return 1;
}

/* By IPv4 and IPv6, as APR made the socket and as it was wrapped. */
START_TEST(words__name_both_ends)
{
    apr_socket_t *near_end, *far_end;
    const char *ip = "127.0.0.1";
    bufv_writer_t *w;
    peer_t *p;

    if (_i / 2 == 0) {
        p = peer_new();
        near_end = p->near_end;
        far_end = p->far_end;
    }
    else if (ipv6_pair(&near_end, &far_end))
        ip = "[::1]";
    else {
        skip("words__name_both_ends", "there is no IPv6");
        return;
    }
    w = writer_for(_i % 2 ? wrap(near_end) : near_end);
    assert_ok(bufv_write(list_text("abc"), w, NULL));
    assert_text_of(w, bufv_socket_ops()->name,
                   tcp_names(ip, near_end, far_end), APR_SUCCESS);
    assert_cut_anywhere(w);
}
END_TEST

/* The peer is gone, and the system has forgotten who it was: the text has
 * not. */
START_TEST(words__name_a_peer_that_is_gone)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = writer_for(p->near_end);
    const char *names = tcp_names("127.0.0.1", p->near_end, p->far_end);
    apr_status_t status = APR_SUCCESS;
    int i;

    assert_ok(apr_socket_close(p->far_end));
    for (i = 0; i < 100 && status == APR_SUCCESS; i++) {
        status = bufv_write(list_text("abc"), w, NULL);
        apr_sleep(1000);
    }
    assert_is(status, STATUS_IS_GONE);
    for (i = 0; i < 3; i++) {
        assert_text_of(w, bufv_socket_ops()->name, names, status);
        status = bufv_write(list_text("abc"), w, NULL);
    }
}
END_TEST

static apr_socket_t *listen_on_loopback(apr_sockaddr_t **at)
{
    apr_socket_t *listener;
    apr_sockaddr_t *any;

    assert_ok(apr_sockaddr_info_get(&any, "127.0.0.1", APR_INET, 0, 0, pool));
    assert_ok(apr_socket_create(&listener, APR_INET, SOCK_STREAM,
                                APR_PROTO_TCP, pool));
    assert_ok(apr_socket_bind(listener, any));
    assert_ok(apr_socket_listen(listener, 1));
    assert_ok(apr_socket_addr_get(at, APR_LOCAL, listener));
    return listener;
}

/* A socket that was closed, and whose number another connection has by now: no
 * false address, before a write and after it, and no byte to the other. */
START_TEST(words__of_a_closed_socket)
{
    peer_t *p = peer_new();
    bufv_writer_t *w = writer_for(p->near_end);
    apr_sockaddr_t *at, *false_one;
    apr_socket_t *listener = listen_on_loopback(&at), *near_end, *far_end;
    apr_os_sock_t was, is;
    apr_size_t len = 1;
    const char *wrong;
    char byte;

    assert_ok(apr_os_sock_get(&was, p->near_end));
    assert_ok(apr_socket_close(p->near_end));
    assert_ok(apr_socket_create(&near_end, APR_INET, SOCK_STREAM,
                                APR_PROTO_TCP, pool));
    assert_ok(apr_socket_connect(near_end, at));
    assert_ok(apr_socket_accept(&far_end, listener, pool));
    assert_ok(apr_os_sock_get(&is, near_end));
    assert_ok(apr_socket_addr_get(&false_one, APR_REMOTE, far_end));
    wrong = apr_psprintf(pool, ":%d-", false_one->port);
    ck_assert_ptr_null(strstr(text_of(w), wrong));
    ck_assert_int_ne(bufv_write(list_text("abc"), w, NULL), APR_SUCCESS);
    ck_assert_ptr_null(strstr(text_of(w), wrong));
    ck_assert_ptr_nonnull(strstr(text_of(w), cause_of(report_of(w).status)));
    assert_ok(apr_socket_timeout_set(far_end, 50000));
    ck_assert_int_ne(apr_socket_recv(far_end, &byte, &len), APR_SUCCESS);
    if (was != is)
        skip("words__of_a_closed_socket", "no number was used again");
}
END_TEST

/* ---- files */

START_TEST(words__name_a_file)
{
    apr_file_t *file = file_new("", 0, 0);
    bufv_writer_t *w;
    const char *path;

    assert_ok(apr_file_name_get(&path, file));
    assert_ok(bufv_writer_file(&w, file, pool));
    assert_ok(bufv_write(list_text("abc"), w, NULL));
    ck_assert_ptr_nonnull(strstr(
        text_of(w), apr_pstrcat(pool, " file ", path, ": success", NULL)));
    assert_cut_anywhere(w);
    assert_ok(apr_file_close(file));
    ck_assert_int_ne(bufv_write(list_text("abc"), w, NULL), APR_SUCCESS);
    ck_assert_ptr_nonnull(strstr(text_of(w), cause_of(report_of(w).status)));
}
END_TEST

START_TEST(words__name_a_pipe)
{
    apr_file_t *in, *out, *wrapped = NULL;
    bufv_writer_t *w;
    apr_os_file_t fd;

    assert_ok(apr_file_pipe_create(&in, &out, pool));
    assert_ok(bufv_writer_file(&w, out, pool));
    assert_ok(bufv_write(list_text("abc"), w, NULL));
    ck_assert_ptr_nonnull(strstr(text_of(w), " pipe: success"));
    assert_ok(apr_os_file_get(&fd, out));
    assert_ok(apr_os_file_put(&wrapped, &fd, APR_FOPEN_WRITE, pool));
    assert_ok(bufv_writer_file(&w, wrapped, pool));
    /* APR does not know that it is a pipe; the system may tell it */
    ck_assert(strstr(text_of(w), " file: success") != NULL ||
              strstr(text_of(w), " pipe: success") != NULL);
    assert_ok(apr_file_close(in));
    assert_is(bufv_write(list_text("abc"), w, NULL), APR_STATUS_IS_EPIPE);
    ck_assert_ptr_nonnull(strstr(text_of(w), cause_of(APR_EPIPE)));
}
END_TEST

/* A range that is sent unread has an operation of its own. */
START_TEST(words__name_the_operation)
{
    static const scripted_step_t steps[] = {{3, APR_EPIPE, 0}};
    scripted_t *s = scripted_new(pool);
    bufv_t *v = list_new();

    scripted_sends_files(s);
    scripted_open(s);
    bufv_writer_sendfile_from_set(s->w, 0);
    scripted_play(s, steps, COUNT(steps));
    assert_ok(bufv_append_file(v, file_text("hello"), 0, 5));
    assert_is(bufv_write(v, s->w, NULL), APR_STATUS_IS_EPIPE);
    assert_text_of(s->w, "sendfile", "", APR_EPIPE);
}
END_TEST

/* ---- AF_UNIX */

#ifdef _WIN32
START_TEST(words__name_paths)
{
    skip("words__name_paths", "there is no AF_UNIX");
}
END_TEST
#else
static struct sockaddr_un address;

static socklen_t set_path(const char *path, apr_size_t len)
{
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    ck_assert_uint_le(len, sizeof(address.sun_path));
    memcpy(address.sun_path, path, len);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static const struct {
    int type;
    const char *network;
} unix_types[] = {
    {SOCK_STREAM, "unix"},
    {SOCK_DGRAM, "unixgram"},
#ifdef __linux__
    {SOCK_SEQPACKET, "unixpacket"},
#endif
};

/* A writer for a socket that is connected to one with this address. */
static bufv_writer_t *writer_to(int type, const char *path, apr_size_t len)
{
    socklen_t size = set_path(path, len);
    int far = socket(AF_UNIX, type, 0), near = socket(AF_UNIX, type, 0);
    apr_socket_t *sock = NULL;

    ck_assert_int_eq(bind(far, (struct sockaddr *)&address, size), 0);
    if (type != SOCK_DGRAM)
        ck_assert_int_eq(listen(far, 1), 0);
    ck_assert_int_eq(connect(near, (struct sockaddr *)&address, size), 0);
    assert_ok(apr_os_sock_put(&sock, &near, pool));
    return writer_for(sock);
}

/* Paths up to the longest, with what a terminal would not print. */
START_TEST(words__name_paths)
{
    static const apr_size_t lengths[] = {40, 107};
    const char *network = unix_types[_i / 2].network;
    char *path =
        apr_psprintf(pool, "/tmp/bufv-%d\033-%0100d", (int)getpid(), 0);
    bufv_writer_t *w;

    path[lengths[_i % 2]] = '\0';
    w = writer_to(unix_types[_i / 2].type, path, lengths[_i % 2]);
    unlink(path);
    *strchr(path, '\033') = '?';
    assert_text_of(w, bufv_socket_ops()->name,
                   apr_pstrcat(pool, network, " @->", path, NULL),
                   APR_SUCCESS);
    assert_cut_anywhere(w);
}
END_TEST

/* Addresses that no socket here has: of a link, of a family without a name,
 * and one that is longer than what is kept of it. */
enum { OF_A_LINK, OF_NO_FAMILY, TOO_LONG, RARE };

#define KEPT sizeof(((bufv__peer_t *)0)->raw)

static void set_rare(bufv__peer_t *peer, int which)
{
    struct sockaddr_storage a;
    struct sockaddr_in6 link;

    memset(&a, 'x', sizeof(a));
    a.ss_family = which == TOO_LONG ? AF_UNIX : 250;
    ((char *)&a)[offsetof(struct sockaddr, sa_data)] = '\0';
    memset(&link, 0, sizeof(link));
    link.sin6_family = AF_INET6;
    link.sin6_port = htons(80);
    link.sin6_scope_id = 7;
    link.sin6_addr.s6_addr[0] = 0xfe;
    link.sin6_addr.s6_addr[1] = 0x80;
    link.sin6_addr.s6_addr[15] = 1;
    if (which == OF_A_LINK)
        memcpy(&a, &link, sizeof(link));
    memcpy(peer->raw, &a, KEPT);
    peer->len = which == TOO_LONG ? KEPT + 100 : KEPT;
}

START_TEST(words__name_rare_addresses)
{
    const char *want[RARE] = {"[fe80::1%7]:80", "?", NULL};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[400], path[KEPT - offsetof(struct sockaddr, sa_data) + 1];
    bufv__peer_t peer;

    memset(path, 'x', sizeof(path));
    path[0] = '@';
    path[sizeof(path) - 1] = '\0';
    want[TOO_LONG] = path;
    set_rare(&peer, _i);
    bufv__socket_names(fd, &peer, text, sizeof(text));
    ck_assert_str_eq(text,
                     apr_pstrcat(pool, "tcp 0.0.0.0:0->", want[_i], NULL));
    close(fd);
}
END_TEST
#endif

#ifdef __linux__
/* A name that is none in the file system begins with "@", and may hold any
 * bytes, NUL among them. */
START_TEST(words__name_what_is_abstract)
{
    const char *name = apr_psprintf(pool, "\001bufv-%d\001x", (int)getpid());
    apr_size_t len = strlen(name);
    char *raw = apr_pstrmemdup(pool, name, len), *at;
    bufv_writer_t *w;

    while ((at = memchr(raw, '\001', len)) != NULL)
        *at = '\0';
    w = writer_to(SOCK_STREAM, raw, len);
    assert_text_of(w, bufv_socket_ops()->name,
                   apr_psprintf(pool, "unix @->@bufv-%d?x", (int)getpid()),
                   APR_SUCCESS);
    assert_cut_anywhere(w);
}
END_TEST
#else
START_TEST(words__name_what_is_abstract)
{
    skip("words__name_what_is_abstract", "only Linux has such names");
}
END_TEST
#endif

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, words__are_those_of_the_status, 0,
                        (int)COUNT(ends));
    tcase_add_loop_test(tc, words__of_a_limit, 0, 2);
    tcase_add_loop_test(tc, words__of_a_list_in_use, 0, 4);
    tcase_add_test(tc, words__of_bad_arguments);
    tcase_add_test(tc, words__of_a_message);
    tcase_add_loop_test(tc, words__name_both_ends, 0, 4);
    tcase_add_test(tc, words__name_a_peer_that_is_gone);
    tcase_add_test(tc, words__of_a_closed_socket);
    tcase_add_test(tc, words__name_a_file);
    tcase_add_test(tc, words__name_a_pipe);
    tcase_add_test(tc, words__name_the_operation);
#ifdef _WIN32
    tcase_add_test(tc, words__name_paths);
#else
    tcase_add_loop_test(tc, words__name_paths, 0, 2 * (int)COUNT(unix_types));
    tcase_add_loop_test(tc, words__name_rare_addresses, 0, RARE);
#endif
    tcase_add_test(tc, words__name_what_is_abstract);
}

const topic_t topic_words = {"words", add_tests};
