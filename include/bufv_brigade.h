/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file bufv_brigade.h
 * @brief Makes a list of the buckets of a brigade, without copying them.
 *
 * An output filter that ends a chain writes its brigade like this, and never
 * thinks of partial writes, of what may be deleted when, or of iovec limits:
 *
 * @code
 *     status = bufv_append_brigade(v, bb, APR_BLOCK_READ);
 *     if (status == APR_SUCCESS)
 *         status = bufv_write(v, w, NULL);
 * @endcode
 *
 * Link `bufv::brigade` (CMake) or `bufv_brigade` (pkg-config).
 */

#ifndef BUFV_BRIGADE_H
#define BUFV_BRIGADE_H

#include <bufv.h>

#include <apr_buckets.h>

#if defined(_WIN32) && !defined(BUFV_STATIC)
#ifdef BUFV_BRIGADE_BUILDING
#define BUFV_BRIGADE_DECLARE(type) __declspec(dllexport) type
#else
#define BUFV_BRIGADE_DECLARE(type) __declspec(dllimport) type
#endif
#elif defined(__GNUC__) && !defined(BUFV_STATIC)
#define BUFV_BRIGADE_DECLARE(type) __attribute__((visibility("default"))) type
#else
#define BUFV_BRIGADE_DECLARE(type) type
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup brigade Brigades
 *
 * Lists of the buckets that apr-util and Apache httpd pass on.
 * @{
 */

/**
 * Moves the buckets of a brigade to the end of a list. Their bytes become
 * chunks; each bucket is deleted when the last byte of its chunk has been
 * accepted, as a release callback is called: in order, once, at the latest
 * when the list goes.
 *
 * What becomes of a bucket:
 *
 * | bucket | in the list | its bytes must stay |
 * |---|---|---|
 * | heap, immortal | a chunk where the bytes lie | with the bucket |
 * | mmap | the same | until deleted: its pool must live so long |
 * | pool | a copy on the heap, so that the pool may be cleared | no longer |
 * | transient | set aside, that is, a copy on the heap | no longer |
 * | file | a range: bufv_append_file() | open until deleted: likewise |
 * | pipe, socket | read to the end; the pieces are heap buckets | |
 * | metadata (EOS, FLUSH, ...) | nothing; deleted when its turn comes | |
 * | any other | read, and set aside if it can be | as its type says |
 *
 * @param v the list
 * @param bb the brigade. It remains the caller's, empty.
 * @param block for buckets whose length is not known until they are read.
 *        APR_BLOCK_READ: they are read to their end, non-blocking first,
 *        within the pipe's or socket's own timeout. APR_NONBLOCK_READ: only
 *        what they have now.
 * @return APR_SUCCESS: the brigade is empty. APR_EAGAIN: a bucket has nothing
 *         to read now. APR_EINVAL if `v` or `bb` is NULL. APR_ENOMEM, or the
 *         error of reading a bucket or of bufv_append_owned().
 *
 * Whatever the status, the buckets from the front on that could be moved are
 * in the list, whole, and the rest is in the brigade, beginning with the one
 * that could not. Nothing is in both, and nothing is lost: after APR_EAGAIN
 * write the list, wait for the bucket's pipe or socket, and call again.
 *
 * Buckets, their allocator and shared data belong to one thread. So the list
 * must be written, consumed and cleared in the thread that owns the brigade's
 * bucket allocator, clones of it too, and must be empty, or gone, before that
 * allocator is destroyed.
 */
BUFV_BRIGADE_DECLARE(apr_status_t)
bufv_append_brigade(bufv_t *v, apr_bucket_brigade *bb, apr_read_type_e block);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* BUFV_BRIGADE_H */
