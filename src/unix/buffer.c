/* SPDX-License-Identifier: Apache-2.0 */

/* The buffer that APR may keep for a file. The list does not go through it:
 * APR tells no count of what is in there when the disk is full. */

#include "unix.h"

#include <unistd.h>

static int is_stream(bufv__kind_t kind)
{
    return kind != BUFV__KIND_PLAIN;
}

/* APR forgets what it read ahead when it begins to write, if only 0 bytes. */
static apr_status_t flush(apr_file_t *file)
{
    apr_size_t none = 0;
    apr_status_t status = apr_file_write(file, "", &none);

    return status == APR_SUCCESS ? apr_file_flush(file) : status;
}

/* APR keeps all of a buffer of which a full disk took a part. The position is
 * set back, so that the next flush writes this part over itself. */
static apr_status_t flush_plain(apr_file_t *file, int fd)
{
    apr_off_t before = lseek(fd, 0, SEEK_CUR);
    apr_status_t status = flush(file);

    if (status != APR_SUCCESS && before >= 0)
        lseek(fd, before, SEEK_SET);
    return status;
}

/* A flush of APR's that takes a part and then returns EAGAIN does not forget
 * the part, and sends it again. So it is made in a mode in which it waits, and
 * only begun when there is room. */
static apr_status_t flush_stream(apr_file_t *file, int fd)
{
    apr_status_t status = APR_EAGAIN;
    bufv__loan_t loan;
    bufv__quiet_t quiet;

    if (bufv__wait_writable(fd, 0) == APR_SUCCESS)
        status = bufv__loan_take_blocking(&loan, fd);
    if (status != APR_SUCCESS)
        return status;
    bufv__quiet_begin(&quiet, fd);
    bufv__quiet_relax(&quiet);
    status = flush(file);
    bufv__quiet_end(&quiet, status != APR_SUCCESS);
    bufv__loan_return(&loan);
    return status;
}

apr_status_t bufv__buffer_flush(apr_file_t *file, int fd, bufv__kind_t kind)
{
    if (apr_file_buffer_size_get(file) == 0)
        return APR_SUCCESS;
    return is_stream(kind) ? flush_stream(file, fd) : flush_plain(file, fd);
}

void bufv__buffer_follow(apr_file_t *file, int fd, bufv__kind_t kind)
{
    apr_off_t position;

    if (is_stream(kind) || apr_file_buffer_size_get(file) == 0)
        return;
    position = lseek(fd, 0, SEEK_CUR);
    if (position >= 0)
        apr_file_seek(file, APR_SET, &position);
}
