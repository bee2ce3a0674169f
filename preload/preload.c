/* SPDX-License-Identifier: Apache-2.0 */

/* libbufv_preload: a program of APR writes by bufv, and knows nothing of it.
 *
 *     LD_PRELOAD=/usr/local/lib/libbufv_preload.so svn commit
 *
 *   apr_socket_sendv       a list, written whole
 *   apr_socket_sendfile    a list: headers, a range of the file, trailers
 *   apr_file_writev        a list, written whole
 *   apr_file_writev_full   the same
 *
 * What they return means what APR says: a call that took anything is a
 * success, and what stopped it comes with the next one. (apr_file_writev_full
 * has its status and its count together, in APR as well.) What bufv cannot do
 * as APR does is left to APR: see is_left() and is_left_file().
 *
 * Variables of the environment:
 *
 *   BUFV_PRELOAD_LOG=FILE   at exit each process appends a line for each of
 *                           the functions that it called; - is the standard
 *                           error output
 *   BUFV_PRELOAD_RAW=1      statuses as bufv has them: APR_EAGAIN together
 *                           with a count where a full socket took a part
 *   BUFV_PRELOAD_ONLY=LIST  which calls are replaced: any of sendv, sendfile,
 *                           writev; without it all are */

#include <bufv.h>

#include <apr_portable.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* What a function was called for. */
typedef struct counter_t {
    const char *name;
    unsigned long calls;
    unsigned long stopped; /* with something left, and no error */
    unsigned long errors;
    unsigned long long bytes;
} counter_t;

static counter_t sendv = {"apr_socket_sendv", 0, 0, 0, 0};
static counter_t sendfile_ = {"apr_socket_sendfile", 0, 0, 0, 0};
static counter_t writev_ = {"apr_file_writev", 0, 0, 0, 0};
static counter_t writev_full = {"apr_file_writev_full", 0, 0, 0, 0};

static counter_t *const counters[] = {&sendv, &sendfile_, &writev_,
                                      &writev_full};
enum { COUNTERS = sizeof(counters) / sizeof(counters[0]) };

static int is_raw;
static int has_sendv = 1, has_sendfile = 1, has_writev = 1;

/* ---- what is told at exit */

static char log_name[PATH_MAX]; /* empty: nothing is told */

/* The directory may be another one at exit, as a daemon's is. */
static void name_log(const char *name)
{
    char here[PATH_MAX];

    if (name == NULL || name[0] == '/' || strcmp(name, "-") == 0 ||
        getcwd(here, sizeof(here)) == NULL)
        snprintf(log_name, sizeof(log_name), "%s", name != NULL ? name : "");
    else if (name[0] != '\0' && snprintf(log_name, sizeof(log_name), "%s/%s",
                                         here, name) >= (int)sizeof(log_name))
        log_name[0] = '\0';
}

static int open_log(void)
{
    if (log_name[0] == '\0')
        return -1;
    if (strcmp(log_name, "-") == 0)
        return dup(STDERR_FILENO);
    return open(log_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

#ifdef __linux__
static const char *program_name(void)
{
    return program_invocation_short_name;
}
#else
static const char *program_name(void)
{
    return getprogname();
}
#endif

/* One write() for each line, so that those of several processes do not
 * mingle. */
static void tell(int fd, const counter_t *c)
{
    char line[256];
    int n = snprintf(line, sizeof(line),
                     "%s[%ld] %s: %lu calls, %llu bytes, %lu stopped short, "
                     "%lu errors\n",
                     program_name(), (long)getpid(), c->name, c->calls,
                     c->bytes, c->stopped, c->errors);

    if (write(fd, line, (size_t)n) < 0)
        return; /* nobody is left to be told */
}

__attribute__((destructor)) static void end(void)
{
    int i, fd = open_log();

    for (i = 0; fd >= 0 && i < COUNTERS; i++) {
        if (counters[i]->calls > 0)
            tell(fd, counters[i]);
    }
    if (fd >= 0)
        close(fd);
}

/* A child tells of itself alone. */
static void begin_anew(void)
{
    int i;

    for (i = 0; i < COUNTERS; i++) {
        const counter_t none = {counters[i]->name, 0, 0, 0, 0};

        *counters[i] = none;
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *only = getenv("BUFV_PRELOAD_ONLY");

    name_log(getenv("BUFV_PRELOAD_LOG"));
    is_raw = getenv("BUFV_PRELOAD_RAW") != NULL;
    if (only != NULL) {
        has_sendv = strstr(only, "sendv") != NULL;
        has_sendfile = strstr(only, "sendfile") != NULL;
        has_writev = strstr(only, "writev") != NULL;
    }
    pthread_atfork(NULL, NULL, begin_anew);
}

static void count(counter_t *c, apr_status_t status, apr_uint64_t n)
{
    __atomic_add_fetch(&c->calls, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&c->bytes, n, __ATOMIC_RELAXED);
    if (APR_STATUS_IS_EAGAIN(status) || APR_STATUS_IS_TIMEUP(status))
        __atomic_add_fetch(&c->stopped, 1, __ATOMIC_RELAXED);
    else if (status != APR_SUCCESS)
        __atomic_add_fetch(&c->errors, 1, __ATOMIC_RELAXED);
}

/* APR's meaning of a status that comes with bytes. */
static apr_status_t as_apr(apr_status_t status, apr_uint64_t n)
{
    return n > 0 && !is_raw ? APR_SUCCESS : status;
}

/* APR's own. ISO C has no way from an object pointer to a function. */
#define APRS_OWN(function, own)                    \
    do {                                           \
        void *found = dlsym(RTLD_NEXT, #function); \
        memcpy(&(own), &found, sizeof(found));     \
    } while (0)

/* ---- what is left to APR */

static int does_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_NONBLOCK) == 0;
}

/* A wrapped descriptor that APR takes for one that blocks, for ever, and that
 * does not: bufv would wait, and APR's call returns. Or one that is no socket
 * at all, to which APR can write all the same. */
static int is_left(apr_socket_t *sock)
{
    apr_interval_time_t timeout = -1;
    struct timeval limit = {0, 0};
    socklen_t len = sizeof(limit);
    int fd = -1;

    apr_socket_timeout_get(sock, &timeout);
    if (timeout >= 0)
        return 0;
    apr_os_sock_get(&fd, sock);
    return getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &len) != 0 ||
           limit.tv_sec != 0 || limit.tv_usec != 0 || !does_block(fd);
}

/* The same; or a file with a buffer and a lock for several threads. The lock
 * is APR's own, and nobody else can write behind what is in the buffer. */
static int is_left_file(apr_file_t *file)
{
    const apr_int32_t shared = APR_FOPEN_BUFFERED | APR_FOPEN_XTHREAD;
    apr_interval_time_t timeout = -1;
    int fd = -1;

    if ((apr_file_flags_get(file) & shared) == shared)
        return 1;
    apr_file_pipe_timeout_get(file, &timeout);
    if (timeout >= 0)
        return 0;
    apr_os_file_get(&fd, file);
    return !does_block(fd);
}

/* ---- sockets */

apr_status_t apr_socket_sendv(apr_socket_t *sock, const struct iovec *vec,
                              apr_int32_t nvec, apr_size_t *len)
{
    apr_status_t (*own)(apr_socket_t *, const struct iovec *, apr_int32_t,
                        apr_size_t *);
    apr_status_t status;

    if (!has_sendv || is_left(sock)) {
        APRS_OWN(apr_socket_sendv, own);
        return own(sock, vec, nvec, len);
    }
    status = bufv_sendv(sock, vec, nvec, len);
    count(&sendv, status, *len);
    return as_apr(status, *len);
}

/* A length beyond that of any file means "to its end". */
static apr_uint64_t shorten(apr_off_t offset, apr_uint64_t len)
{
    apr_uint64_t most = (apr_uint64_t)INT64_MAX;

    if (offset > 0)
        most -= (apr_uint64_t)offset;
    return len < most ? len : most;
}

/* Headers, a range of a file, trailers. */
static apr_status_t append_all(bufv_t *v, const apr_hdtr_t *hdtr,
                               apr_file_t *file, apr_off_t offset,
                               apr_size_t len)
{
    apr_status_t status = APR_SUCCESS;

    if (hdtr != NULL)
        status =
            bufv_append_vec(v, hdtr->headers, (apr_size_t)hdtr->numheaders);
    if (status == APR_SUCCESS)
        status = bufv_append_file(v, file, offset, shorten(offset, len));
    if (status == APR_SUCCESS && hdtr != NULL)
        status =
            bufv_append_vec(v, hdtr->trailers, (apr_size_t)hdtr->numtrailers);
    return status;
}

static apr_status_t send_file(apr_socket_t *sock, apr_file_t *file,
                              const apr_hdtr_t *hdtr, apr_off_t offset,
                              apr_size_t len, apr_uint64_t *sent)
{
    bufv_t *v;
    apr_status_t status = bufv_create(&v, NULL);

    *sent = 0;
    if (status != APR_SUCCESS)
        return status;
    status = append_all(v, hdtr, file, offset, len);
    if (status == APR_SUCCESS)
        status = bufv_send(v, sock, sent);
    bufv_destroy(v);
    return status;
}

static apr_uint64_t header_length(const apr_hdtr_t *hdtr)
{
    apr_uint64_t n = 0;
    int i;

    for (i = 0; hdtr != NULL && i < hdtr->numheaders; i++)
        n += hdtr->headers[i].iov_len;
    return n;
}

/* The flags are for Windows. A file that ends before its first byte is
 * APR_EOF in APR too, though the headers have left. */
apr_status_t apr_socket_sendfile(apr_socket_t *sock, apr_file_t *file,
                                 apr_hdtr_t *hdtr, apr_off_t *offset,
                                 apr_size_t *len, apr_int32_t flags)
{
    apr_status_t (*own)(apr_socket_t *, apr_file_t *, apr_hdtr_t *,
                        apr_off_t *, apr_size_t *, apr_int32_t);
    apr_uint64_t sent;
    apr_status_t status;

    if (!has_sendfile || flags != 0 || is_left(sock)) {
        APRS_OWN(apr_socket_sendfile, own);
        return own(sock, file, hdtr, offset, len, flags);
    }
    status = send_file(sock, file, hdtr, *offset, *len, &sent);
    count(&sendfile_, status, sent);
    *len = (apr_size_t)sent;
    if (APR_STATUS_IS_EOF(status) && sent == header_length(hdtr))
        return status;
    return as_apr(status, sent);
}

/* ---- files */

static apr_status_t write_vec(apr_file_t *file, const struct iovec *vec,
                              apr_size_t nvec, apr_uint64_t *written)
{
    bufv_t *v = NULL;
    bufv_writer_t *w = NULL;
    apr_status_t status = bufv_create(&v, NULL);

    *written = 0;
    if (status == APR_SUCCESS)
        status = bufv_writer_file(&w, file, NULL);
    if (status == APR_SUCCESS)
        status = bufv_append_vec(v, vec, nvec);
    if (status == APR_SUCCESS && bufv_length(v) == 0)
        status = apr_file_flush(file); /* as APR does then, too */
    else if (status == APR_SUCCESS)
        status = bufv_write(v, w, written);
    bufv_writer_destroy(w);
    bufv_destroy(v);
    return status;
}

apr_status_t apr_file_writev(apr_file_t *file, const struct iovec *vec,
                             apr_size_t nvec, apr_size_t *nbytes)
{
    apr_status_t (*own)(apr_file_t *, const struct iovec *, apr_size_t,
                        apr_size_t *);
    apr_uint64_t written;
    apr_status_t status;

    if (!has_writev || is_left_file(file)) {
        APRS_OWN(apr_file_writev, own);
        return own(file, vec, nvec, nbytes);
    }
    status = write_vec(file, vec, nvec, &written);
    count(&writev_, status, written);
    *nbytes = (apr_size_t)written;
    return as_apr(status, written);
}

apr_status_t apr_file_writev_full(apr_file_t *file, const struct iovec *vec,
                                  apr_size_t nvec, apr_size_t *nbytes)
{
    apr_status_t (*own)(apr_file_t *, const struct iovec *, apr_size_t,
                        apr_size_t *);
    apr_uint64_t written;
    apr_status_t status;

    if (!has_writev || is_left_file(file)) {
        APRS_OWN(apr_file_writev_full, own);
        return own(file, vec, nvec, nbytes);
    }
    status = write_vec(file, vec, nvec, &written);
    count(&writev_full, status, written);
    if (nbytes != NULL)
        *nbytes = (apr_size_t)written;
    return status;
}
