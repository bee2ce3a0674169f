/* SPDX-License-Identifier: Apache-2.0 */

/* Readers, and Go's io.Copy: from whatever can be read to a writer. */

#include "bufv_private.h"

#include <apr_poll.h>

#include <stdlib.h>

/* What is read ahead at most: Linux' pipe, and two reads of Go's io.Copy. */
#define COPY_BYTES ((apr_size_t)64 * 1024)

/* So many of a reader's waits may bring nothing before pauses come between;
 * and so often a pause is twice the last one. */
#define WAKES_MAX 2
#define PAUSES_MAX 5

/* ---- lists */

static apr_status_t read_list(void *baton, void *data, apr_size_t *len)
{
    return bufv_read(baton, data, len);
}

static apr_status_t write_list_to(void *baton, bufv_writer_t *w,
                                  apr_uint64_t *written)
{
    return bufv_write(baton, w, written);
}

bufv_reader_t bufv_reader(bufv_t *v)
{
    bufv_reader_t reader = {read_list, write_list_to, NULL, v};

    return reader;
}

/* ---- sockets and files */

/* Waits until there is something to read, for `timeout` or, if that is
 * shorter, for `own`, which is the socket's or pipe's. Rounded up to what APR
 * can tell the system, so that it does not end early. */
static apr_status_t wait_readable(apr_pollfd_t *p, apr_interval_time_t own,
                                  apr_interval_time_t timeout)
{
    apr_int32_t n;

    if (own == 0)
        return APR_EAGAIN;
    if (own > 0 && (timeout < 0 || own < timeout))
        timeout = own;
    p->reqevents = APR_POLLIN;
    if (timeout > 0 && timeout < INT64_MAX - 999)
        timeout = (timeout + 999) / 1000 * 1000;
    return apr_poll(p, 1, &n, timeout);
}

static apr_status_t read_socket(void *baton, void *data, apr_size_t *len)
{
    return apr_socket_recv(baton, data, len);
}

/* A socket whose timeout is 0 never waits. If it is above 0, APR has waited,
 * and another reader was quicker. If it is below, the descriptor does not
 * block, but APR thinks that it does. */
static apr_status_t wait_socket(void *baton, apr_interval_time_t timeout)
{
    apr_interval_time_t own = -1;
    apr_pollfd_t p = {0};

    apr_socket_timeout_get(baton, &own);
    p.desc_type = APR_POLL_SOCKET;
    p.desc.s = baton;
    return wait_readable(&p, own, timeout);
}

bufv_reader_t bufv_reader_socket(apr_socket_t *sock)
{
    bufv_reader_t reader = {read_socket, NULL, wait_socket, sock};

    if (sock == NULL)
        reader.read = NULL; /* which is APR_EINVAL when it is used */
    return reader;
}

static apr_status_t read_file(void *baton, void *data, apr_size_t *len)
{
    return apr_file_read(baton, data, len);
}

static apr_status_t wait_file(void *baton, apr_interval_time_t timeout)
{
    apr_interval_time_t own = -1;
    apr_pollfd_t p = {0};

    if (apr_file_pipe_timeout_get(baton, &own) != APR_SUCCESS)
        own = -1;
    p.desc_type = APR_POLL_FILE;
    p.desc.f = baton;
    return wait_readable(&p, own, timeout);
}

bufv_reader_t bufv_reader_file(apr_file_t *file)
{
    bufv_reader_t reader = {read_file, NULL, wait_file, file};

    if (file == NULL)
        reader.read = NULL; /* which is APR_EINVAL when it is used */
    return reader;
}

/* ---- copying */

/* Lets time pass on the writer's clock, but for no longer than is left. A
 * transport with a clock of its own is not put to real sleep. */
static apr_status_t pause_for_reader(const bufv_writer_t *w,
                                     apr_interval_time_t time,
                                     apr_interval_time_t left)
{
    if (left >= 0 && left < time)
        time = left;
    if (w->ops.pause != NULL)
        w->ops.pause(w->baton, time);
    else if (w->ops.now != NULL)
        return APR_EAGAIN;
    else
        bufv__sleep(time);
    return APR_SUCCESS;
}

/* Waits within the deadline; interruptions, and the limit of a single wait, do
 * not end it. */
static apr_status_t wait_until_deadline(const bufv_t *v,
                                        const bufv_writer_t *w,
                                        const bufv_reader_t *r,
                                        bufv__clock_t *clock)
{
    apr_interval_time_t left, waited;
    apr_status_t status;

    do {
        left = bufv__clock_left(clock);
        if (bufv__are_doomed(v, w))
            return APR_EBUSY;
        if (left == 0)
            return APR_TIMEUP;
        status =
            r->wait(r->baton, left > BUFV__WAIT_MAX ? BUFV__WAIT_MAX : left);
        if (bufv__are_doomed(v, w))
            return APR_EBUSY;
        waited = bufv__clock_waited(clock);
        if (APR_STATUS_IS_TIMEUP(status) && bufv__wait_was_cut(left, waited))
            status = APR_EINTR;
    } while (APR_STATUS_IS_EINTR(status));
    return status;
}

/* Waits for a reader that has nothing now, within the writer's deadline. If
 * its last waits brought nothing a pause comes first. */
static apr_status_t wait_for_reader(const bufv_t *v, const bufv_writer_t *w,
                                    const bufv_reader_t *r, int *wakes)
{
    bufv_report_t ignored = {0};
    apr_interval_time_t left, pause = apr_time_from_msec(1);
    apr_status_t status = APR_SUCCESS;
    bufv__clock_t clock;

    if (r->wait == NULL)
        return APR_EAGAIN;
    bufv__clock_begin(&clock, w, -1, 0, &ignored);
    left = bufv__clock_left(&clock);
    if (bufv__are_doomed(v, w))
        return APR_EBUSY;
    if (*wakes >= WAKES_MAX && left != 0)
        status = pause_for_reader(w, pause << (*wakes - WAKES_MAX), left);
    if (status == APR_SUCCESS && bufv__are_doomed(v, w))
        status = APR_EBUSY;
    if (status != APR_SUCCESS)
        return status;
    *wakes += *wakes < WAKES_MAX + PAUSES_MAX;
    return wait_until_deadline(v, w, r, &clock);
}

/* Whether a reader has nothing now. If it stays so, the next read says the
 * same. */
static int has_nothing_now(apr_status_t status)
{
    return APR_STATUS_IS_EAGAIN(status) || APR_STATUS_IS_EINTR(status);
}

/* Reads into a list that is empty, until something comes or the reader
 * stops. */
static apr_status_t read_some(bufv_t *v, const bufv_writer_t *w,
                              const bufv_reader_t *r)
{
    apr_status_t status, waited = APR_SUCCESS;
    apr_size_t got;
    int wakes = 0;

    do {
        status = bufv_fill(v, r, COPY_BYTES, &got);
        if (got > 0)
            return has_nothing_now(status) ? APR_SUCCESS : status;
        if (APR_STATUS_IS_EAGAIN(status) && !bufv__are_doomed(v, w))
            waited = wait_for_reader(v, w, r, &wakes);
        if (waited != APR_SUCCESS)
            return waited;
    } while (has_nothing_now(status) && !bufv__are_doomed(v, w));
    return status == APR_SUCCESS ? APR_EGENERAL : status;
}

/* Writes what there is, and adds it up. */
static apr_status_t write_rest(bufv_t *v, bufv_writer_t *w,
                               apr_uint64_t *copied)
{
    apr_uint64_t written;
    apr_status_t status = bufv_write(v, w, &written);

    *copied += written;
    return status;
}

static apr_status_t copy_all(bufv_writer_t *w, const bufv_reader_t *r,
                             bufv_t *rest, apr_uint64_t *copied)
{
    apr_status_t read = APR_SUCCESS, status = APR_SUCCESS;

    while (status == APR_SUCCESS && read == APR_SUCCESS &&
           !bufv__are_doomed(rest, w)) {
        read = read_some(rest, w, r);
        if (!bufv__are_doomed(rest, w))
            status = write_rest(rest, w, copied);
    }
    if (bufv__are_doomed(rest, w))
        return rest->length > 0 || !APR_STATUS_IS_EOF(read) ? APR_EBUSY
                                                            : APR_SUCCESS;
    if (status == APR_SUCCESS && !APR_STATUS_IS_EOF(read))
        status = read;
    return status;
}

/* Has the reader write by itself. */
static apr_status_t write_to(bufv_writer_t *w, const bufv_reader_t *r,
                             apr_uint64_t *copied)
{
    apr_uint64_t written = 0;
    apr_status_t status = r->write_to(r->baton, w, &written);

    *copied += written;
    return status;
}

/* What was read before goes first. */
static apr_status_t copy(bufv_writer_t *w, const bufv_reader_t *r,
                         bufv_t *rest, apr_uint64_t *copied)
{
    apr_status_t status = write_rest(rest, w, copied);

    if (status != APR_SUCCESS)
        return status;
    if (r->write_to != NULL && !bufv__are_doomed(rest, w))
        return write_to(w, r, copied);
    return copy_all(w, r, rest, copied);
}

apr_status_t bufv_copy(bufv_writer_t *w, const bufv_reader_t *r, bufv_t *rest,
                       apr_uint64_t *copied)
{
    apr_status_t status = APR_SUCCESS;
    apr_uint64_t ignored;
    bufv_t *own = NULL;

    if (copied == NULL)
        copied = &ignored;
    *copied = 0;
    if (w == NULL || r == NULL || (r->read == NULL && r->write_to == NULL))
        return APR_EINVAL;
    if (rest == NULL && r->write_to != NULL)
        return write_to(w, r, copied);
    if (rest == NULL) {
        status = bufv_create(&own, NULL);
        rest = own;
    }
    if (status != APR_SUCCESS)
        return status;
    bufv__keep(rest);
    bufv__writer_keep(w);
    status = copy(w, r, rest, copied);
    bufv__writer_let_go(w);
    bufv__let_go(rest);
    bufv_destroy(own);
    return status;
}
