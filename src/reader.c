/* Go's io.Copy: from whatever can be read to a writer. */

#include "bufv_private.h"

#include <stdlib.h>

/* What is read at a time: Go's choice, and half a batch of a pipe. */
#define COPY_BYTES ((apr_size_t)32 * 1024)

static apr_status_t read_list(void *baton, void *data, apr_size_t *len)
{
    return bufv_read(baton, data, len);
}

static apr_status_t write_list(void *baton, bufv_writer_t *w,
                               apr_uint64_t *written)
{
    return bufv_write(baton, w, written);
}

bufv_reader_t bufv_reader(bufv_t *v)
{
    bufv_reader_t reader;

    reader.read = read_list;
    reader.write_to = write_list;
    reader.baton = v;
    return reader;
}

/* Reads once and writes what came; sets *read to what the reader said. */
static apr_status_t copy_once(bufv_t *v, bufv_writer_t *w,
                              const bufv_reader_t *r, char *buf,
                              apr_status_t *read, apr_uint64_t *copied)
{
    apr_size_t len = COPY_BYTES;
    apr_uint64_t written;
    apr_status_t status;

    *read = r->read(r->baton, buf, &len);
    if (len > COPY_BYTES || (len == 0 && *read == APR_SUCCESS))
        return APR_EGENERAL;
    bufv_append(v, buf, len); /* cannot fail: the list is empty, with room */
    status = bufv_write(v, w, &written);
    *copied += written;
    return status;
}

static apr_status_t copy_all(bufv_writer_t *w, const bufv_reader_t *r,
                             apr_uint64_t *copied)
{
    apr_status_t status = APR_SUCCESS, read = APR_SUCCESS;
    char *buf = malloc(COPY_BYTES);
    struct iovec one[1];
    bufv_t v;

    if (buf == NULL)
        return APR_ENOMEM;
    bufv__local(&v, one, 1);
    while (status == APR_SUCCESS && read == APR_SUCCESS)
        status = copy_once(&v, w, r, buf, &read, copied);
    free(buf);
    if (status == APR_SUCCESS && !APR_STATUS_IS_EOF(read))
        status = read;
    return status;
}

apr_status_t bufv_copy(bufv_writer_t *w, const bufv_reader_t *r,
                       apr_uint64_t *copied)
{
    apr_uint64_t ignored;

    if (copied == NULL)
        copied = &ignored;
    *copied = 0;
    if (w == NULL || r == NULL || (r->read == NULL && r->write_to == NULL))
        return APR_EINVAL;
    if (r->write_to != NULL)
        return r->write_to(r->baton, w, copied);
    return copy_all(w, r, copied);
}
