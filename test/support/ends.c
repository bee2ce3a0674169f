/* SPDX-License-Identifier: Apache-2.0 */

#include "ends.h"

#include "peer.h"

#include <apr_portable.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#define PIECE 10000

const char *const ends_names[ENDS_KINDS] = {
    "tcp", "unix", "a socket as a file", "a pipe", "a FIFO", "a terminal"};

/* A copy of a descriptor, blocking. */
static int copy_of(apr_socket_t *sock)
{
    apr_os_sock_t fd;
    int copy;

    assert_ok(apr_os_sock_get(&fd, sock));
    copy = dup(fd);
    ck_assert_int_ge(copy, 0);
    ck_assert_int_eq(fcntl(copy, F_SETFL, 0), 0);
    return copy;
}

static void open_tcp(ends_t *e)
{
    peer_t *p = peer_new();

    e->near_end = copy_of(p->near_end);
    e->far_end = copy_of(p->far_end);
    assert_ok(apr_socket_close(p->near_end));
    assert_ok(apr_socket_close(p->far_end));
}

static void open_unix(ends_t *e)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    e->near_end = fds[0];
    e->far_end = fds[1];
}

static void open_pipe(ends_t *e)
{
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    e->near_end = fds[1];
    e->far_end = fds[0];
}

static void open_fifo(ends_t *e)
{
    static int number;
    const char *path =
        apr_psprintf(pool, "/tmp/bufv-fifo-%d-%d", (int)getpid(), number++);

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    e->far_end = open(path, O_RDONLY | O_NONBLOCK);
    e->near_end = open(path, O_WRONLY);
    unlink(path);
    ck_assert_int_ge(e->near_end, 0);
    ck_assert_int_eq(fcntl(e->far_end, F_SETFL, 0), 0);
}

static void open_terminal(ends_t *e)
{
    struct termios raw;

    e->far_end = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(e->far_end, 0);
    ck_assert_int_eq(grantpt(e->far_end) + unlockpt(e->far_end), 0);
    e->near_end = open(ptsname(e->far_end), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(e->near_end, 0);
    ck_assert_int_eq(tcgetattr(e->near_end, &raw), 0);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    ck_assert_int_eq(tcsetattr(e->near_end, TCSANOW, &raw), 0);
}

/* Whether the reader of a terminal that is closed is told: under gVisor it
 * waits for ever. */
static int terminal_ends(void)
{
    struct pollfd p = {-1, POLLIN, 0};
    ends_t e;
    int n;

    open_terminal(&e);
    close(e.near_end);
    p.fd = e.far_end;
    n = poll(&p, 1, 1000);
    close(e.far_end);
    return n > 0;
}

/* Ends this test, which is a process of its own. */
static void leave_out_terminal(void)
{
    skip("ends__a_terminal", "its reader does not learn that it was closed");
    exit(EXIT_SUCCESS);
}

void ends_open(ends_t *e, ends_kind_t kind)
{
    static void (*const opens[ENDS_KINDS])(ends_t * e) = {
        open_tcp, open_unix, open_unix, open_pipe, open_fifo, open_terminal};

    if (kind == ENDS_TERMINAL && !terminal_ends())
        leave_out_terminal();
    e->kind = kind;
    opens[kind](e);
}

apr_socket_t *ends_socket(const ends_t *e)
{
    apr_os_sock_t fd = e->near_end;
    apr_socket_t *sock = NULL;

    assert_ok(apr_os_sock_put(&sock, &fd, pool));
    return sock;
}

apr_file_t *ends_file(const ends_t *e)
{
    apr_os_file_t fd = e->near_end;
    apr_file_t *file = NULL;

    assert_ok(apr_os_file_put(&file, &fd, APR_FOPEN_WRITE, pool));
    return file;
}

bufv_writer_t *ends_writer(const ends_t *e)
{
    bufv_writer_t *w;

    if (e->kind == ENDS_TCP || e->kind == ENDS_UNIX)
        assert_ok(bufv_writer_socket(&w, ends_socket(e), pool));
    else
        assert_ok(bufv_writer_file(&w, ends_file(e), pool));
    return w;
}

#ifdef BUFV_COVERAGE
int __llvm_profile_write_file(void); /* at exit() alone, but for this */

static void keep_counts(void)
{
    __llvm_profile_write_file();
}
#else
static void keep_counts(void)
{
}
#endif

void ends_child(int code)
{
    keep_counts();
    _exit(code);
}

int ends_blocks(const ends_t *e)
{
    return (fcntl(e->near_end, F_GETFL) & O_NONBLOCK) == 0;
}

static void *take_all(void *baton)
{
    taker_t *t = baton;
    unsigned char *piece = malloc(t->piece);
    sigset_t all;
    ssize_t n, i;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    while ((n = read(t->fd, piece, t->piece)) > 0) {
        if (t->expect != NULL)
            t->wrong += memcmp(t->expect + t->got, piece, (size_t)n) != 0;
        for (i = 0; i < n; i++)
            t->of[piece[i]]++;
        t->got += (apr_size_t)n;
        if (t->pause > 0)
            apr_sleep(t->pause);
    }
    free(piece);
    return NULL;
}

void taker_start(taker_t *t, const ends_t *e)
{
    t->fd = e->far_end;
    if (t->piece == 0)
        t->piece = PIECE;
    ck_assert_int_eq(pthread_create(&t->thread, NULL, take_all, t), 0);
}

void taker_finish(taker_t *t, ends_t *e)
{
    close(e->near_end);
    e->near_end = -1;
    pthread_join(t->thread, NULL);
}

static void ignore_alarm(int number)
{
    (void)number;
}

void storm(long usec)
{
    struct itimerval timer;
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = ignore_alarm;
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    memset(&timer, 0, sizeof(timer));
    timer.it_interval.tv_usec = usec;
    timer.it_value = timer.it_interval;
    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* ---- past the net, whose names end here */

#undef bufv_write_some
#undef bufv_writer_socket
#undef bufv_writer_file

static apr_status_t writer_past_the_net(bufv_writer_t **w, const ends_t *e)
{
    if (e->kind == ENDS_TCP || e->kind == ENDS_UNIX)
        return bufv_writer_socket(w, ends_socket(e), pool);
    return bufv_writer_file(w, ends_file(e), pool);
}

apr_status_t ends_write_in_child(const ends_t *e, const char *text)
{
    bufv_writer_t *w = NULL;
    bufv_t *v = NULL;
    apr_status_t status = bufv_create(&v, NULL);

    if (status == APR_SUCCESS)
        status = bufv_append(v, text, strlen(text));
    if (status == APR_SUCCESS)
        status = writer_past_the_net(&w, e);
    if (status == APR_SUCCESS)
        status = bufv_write_some(v, w, NULL);
    return status;
}
