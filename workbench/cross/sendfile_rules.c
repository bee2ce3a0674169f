/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file sendfile_rules.c
 * The rules of FreeBSD's and macOS' sendfile(), imposed on Linux: see
 * `run`. An error may come together with a count, and does when the
 * socket is full; Linux says one or the other.
 */

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>

struct sf_hdtr;

int rules_freebsd(int file, int sock, off_t offset, size_t len,
                  struct sf_hdtr *headers, off_t *sent, int flags);
int rules_macos(int file, int sock, off_t offset, off_t *len,
                struct sf_hdtr *headers, int flags);

/* Less than was wanted is the end of the file, which is no error, or a full
 * socket, which is one. */
static int send_part(int file, int sock, off_t offset, off_t len, off_t *sent)
{
    off_t from = offset;
    ssize_t n = sendfile(sock, file, &from, (size_t)len);
    struct stat s;

    *sent = n < 0 ? 0 : n;
    if (n <= 0 || n == len)
        return n < 0 ? -1 : 0;
    if (fstat(file, &s) == 0 && from >= s.st_size)
        return 0;
    errno = EAGAIN;
    return -1;
}

int rules_freebsd(int file, int sock, off_t offset, size_t len,
                  struct sf_hdtr *headers, off_t *sent, int flags)
{
    (void)headers;
    (void)flags;
    return send_part(file, sock, offset, (off_t)len, sent);
}

/* What is wanted goes in by the same variable. What fails at once leaves it
 * as it is. */
int rules_macos(int file, int sock, off_t offset, off_t *len,
                struct sf_hdtr *headers, int flags)
{
    off_t wanted = *len, sent;
    int result = send_part(file, sock, offset, wanted, &sent);

    (void)headers;
    (void)flags;
    if (result == 0 || sent > 0)
        *len = sent;
    return result;
}
