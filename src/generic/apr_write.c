/* Writing to a file through APR. */

#include "apr_write.h"

/* Brings the descriptor to where APR is with a file that was read ahead.
 * Beginning to write does, be it nothing; but on Windows APR forgets to tell
 * itself, and has to be told. */
static void settle(bufv__file_t *f)
{
    apr_off_t position = 0;
    apr_size_t none = 0;

    if (apr_file_seek(f->file, APR_CUR, &position) != APR_SUCCESS)
        return;
    apr_file_write(f->file, "", &none);
    apr_file_seek(f->file, APR_SET, &position);
}

/* Fills APR's buffer, never further than it goes, since APR tells no count
 * if it has to empty it half-way. What it holds is accepted; if it cannot be
 * emptied now, the next attempt begins with that. */
static apr_status_t write_buffered(bufv__file_t *f, const char *data,
                                   apr_size_t len, apr_size_t *written)
{
    apr_size_t room = apr_file_buffer_size_get(f->file);
    apr_status_t status = apr_file_flush(f->file);

    settle(f);
    while (status == APR_SUCCESS && *written < len) {
        apr_size_t n = len - *written < room ? len - *written : room;

        /* Goes to the empty buffer, and no further: it cannot fail. */
        apr_file_write(f->file, data + *written, &n);
        *written += n;
        status = apr_file_flush(f->file);
    }
    return status;
}

static apr_status_t write_plain(bufv__file_t *f, const char *data,
                                apr_size_t len, apr_size_t *written)
{
    apr_size_t n = len;
    apr_status_t status = apr_file_write(f->file, data, &n);

    if (status != APR_SUCCESS)
        return status;
    *written = n;
    return f->stream && n > 0 && n < len ? APR_EAGAIN : APR_SUCCESS;
}

apr_status_t bufv__apr_write(bufv__file_t *f, const char *data, apr_size_t len,
                             apr_size_t *written)
{
    if (f->buffered)
        return write_buffered(f, data, len, written);
    return write_plain(f, data, len, written);
}
