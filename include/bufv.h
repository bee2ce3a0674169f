/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file bufv.h
 * @brief Many chunks of bytes leave in one piece.
 *
 * A bufv_t is a list of byte chunks that lie in many places. A
 * bufv_writer_t is something to write them to: a socket, a file, a pipe, or
 * a transport of your own. bufv_write() writes the whole list, in order,
 * with as few system calls and copies as the platform allows; it is to C and
 * APR what net.Buffers is to Go.
 *
 * @code
 *     bufv_t *v;
 *     bufv_writer_t *w;
 *     apr_uint64_t written;
 *
 *     status = bufv_create(&v, pool);
 *     if (status == APR_SUCCESS)
 *         status = bufv_writer_socket(&w, sock, pool);
 *     if (status != APR_SUCCESS)
 *         return status;
 *
 *     bufv_append(v, header, header_len);
 *     bufv_append(v, body, body_len);
 *     status = bufv_write(v, w, &written);
 * @endcode
 *
 * What holds everywhere:
 *
 * - Every function that can fail returns an apr_status_t; test it with the
 *   APR_STATUS_IS_x() macros. A list that could not be changed as asked is
 *   left as it was. Output parameters are set on every path.
 * - A list, writer, file or other object that is needed and NULL is
 *   APR_EINVAL; a function that returns no status does nothing then, and one
 *   that returns a number returns 0. An output parameter that "may be NULL"
 *   says so.
 * - After every write, whatever its status, `written` bytes are gone from
 *   the front of the list and the rest is exactly the rest: call again, with
 *   this writer or another, to go on without a lost or repeated byte.
 * - Borrowed bytes are read, never changed, and must stay where they are
 *   until they have been written, consumed or cleared. After that the
 *   library keeps no pointer to them.
 * - What a write borrows of a descriptor, a socket or a thread (modes,
 *   options, the signal mask) is given back before it waits, before it calls
 *   a hook or a release callback, and on every return; docs/TOUCHES.md says
 *   what that is for each kind of destination.
 * - A list or a writer belongs to one thread at a time. A writer whose lock
 *   is enabled may be written to by several threads, each with a list of its
 *   own. Different lists and writers are independent, clones included. No
 *   function may be called in a signal handler.
 * - After fork() a child may destroy the lists and locked writers that it
 *   inherited, and not write to them. Cancelling a thread inside a write, and
 *   leaving a write by longjmp(), from a callback for instance, are not
 *   supported: list and writer stay in use for ever.
 * - Every public struct but bufv_reader_t begins with `size`. By it a library
 *   understands programs that were compiled against an older or a newer
 *   header: docs/ABI.md.
 */

#ifndef BUFV_H
#define BUFV_H

/* First: APR takes offsetof() from it if it can. If not, its rings subtract
 * null pointers, which is undefined. */
#include <stddef.h>

#include <apr.h>
#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_network_io.h>
#include <apr_pools.h>
#include <apr_time.h>
#define APR_WANT_IOVEC
#include <apr_want.h>

#include <stdarg.h>

/** The version of this header; bufv_version() is the library's. */
#define BUFV_VERSION_MAJOR 0
#define BUFV_VERSION_MINOR 2 /**< see BUFV_VERSION_MAJOR */
#define BUFV_VERSION_PATCH 0 /**< see BUFV_VERSION_MAJOR */

/* BUFV_STATIC is defined for users of the static library by the CMake and
 * pkg-config packages. Without it a plug-in that links the static library
 * would hand on its names. */
#if defined(BUFV_STATIC)
#define BUFV_DECLARE(type) type
#elif defined(_WIN32) && defined(BUFV_BUILDING)
#define BUFV_DECLARE(type) __declspec(dllexport) type
#elif defined(_WIN32)
#define BUFV_DECLARE(type) __declspec(dllimport) type
#elif defined(__GNUC__)
#define BUFV_DECLARE(type) __attribute__((visibility("default"))) type
#else
#define BUFV_DECLARE(type) type
#endif

/* What a compiler can check of a call. mingw's own vsnprintf() knows all of
 * C99's formats, and the system's does not. */
#if defined(__MINGW32__) && !defined(__clang__)
#define BUFV_PRINTF gnu_printf
#else
#define BUFV_PRINTF printf
#endif
#ifdef __GNUC__
#define BUFV_FORMAT(string, first) \
    __attribute__((format(BUFV_PRINTF, string, first)))
#define BUFV_CHECKED __attribute__((warn_unused_result))
#else
#define BUFV_FORMAT(string, first)
#define BUFV_CHECKED
#endif

/* Arguments that must not be NULL, and bytes that must be there. The library
 * itself looks at what it is given; a program that runs under a sanitizer, or
 * that defines BUFV_LENIENT, may want to see that. */
#if defined(__clang__)
#if !defined(BUFV_LENIENT) && (__has_feature(undefined_behavior_sanitizer) || \
                               __has_feature(address_sanitizer))
#define BUFV_LENIENT
#endif
#elif defined(__SANITIZE_ADDRESS__) && !defined(BUFV_LENIENT)
#define BUFV_LENIENT
#endif
#if defined(BUFV_BUILDING) || defined(BUFV_LENIENT) || !defined(__GNUC__)
#define BUFV_NEEDS(position)
#else
#define BUFV_NEEDS(position) __attribute__((nonnull(position)))
#endif
#if defined(BUFV_BUILDING) || defined(BUFV_LENIENT) || !defined(__GNUC__) || \
    defined(__clang__) || __GNUC__ < 10
#define BUFV_READS(pointer, size)
#else
#define BUFV_READS(pointer, size) \
    __attribute__((access(read_only, pointer, size)))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup list The list
 *
 * Chunks in the order in which they will leave. The list holds a pointer and
 * a length for each (16 bytes on 64-bit machines), not the bytes, unless it
 * is asked to copy. Empty chunks are welcome anywhere and are not kept.
 *
 * The total may exceed what a `size_t` holds, since the same bytes may be
 * appended many times: lengths of lists are apr_uint64_t.
 *
 * @par Threads
 * A list belongs to one thread at a time. Different lists are independent,
 * clones included.
 * @{
 */

/** A list of chunks. */
typedef struct bufv_t bufv_t;

/**
 * Called once when the list is done with a chunk that it was given with
 * bufv_append_owned() or bufv_append_file_owned().
 *
 * It is called in list order, from within the call that accepted the chunk's
 * last byte (bufv_write(), bufv_consume(), ...) or that dropped the chunk
 * (bufv_clear(), bufv_destroy(), the pool's cleanup), in the thread that made
 * this call. A chunk that a split or a clone left in several lists is
 * released once, after the last of them is done with it.
 *
 * It may append to the list. To write, consume, split or clear it is
 * APR_EBUSY, or does nothing. It may destroy the list or the writer, or their
 * pools: that takes effect when the outermost call returns, which attempts
 * nothing more and returns APR_SUCCESS if all had left, else APR_EBUSY. While
 * a list is being destroyed, to append to it is APR_EBUSY as well, and the
 * bytes stay the caller's. A callback that appends a chunk each time that it
 * is called keeps a write going for ever.
 *
 * @param baton what was given to bufv_append_owned()
 * @param data, len the chunk as it was appended, from its first byte; NULL
 *        and 0 for a range of a file
 */
typedef void bufv_release_t(void *baton, const void *data, apr_size_t len);

/**
 * Creates an empty list.
 *
 * @param v set to the list, or to NULL on failure
 * @param pool the list is destroyed when this pool is cleared or destroyed,
 *        unless it was before. NULL: it lives until bufv_destroy(). Where very
 *        many lists have the same pool, bufv_destroy() of one of them takes
 *        time in proportion to their number, since APR searches the pool's
 *        cleanups: give such lists no pool.
 * @return APR_SUCCESS; APR_EINVAL if `v` is NULL; APR_ENOMEM.
 *
 * The list's own memory does not come from the pool, so that a list which is
 * filled and drained for ever stays the size of its largest fill.
 */
BUFV_DECLARE(apr_status_t)
bufv_create(bufv_t **v, apr_pool_t *pool) BUFV_NEEDS(1) BUFV_CHECKED;

/**
 * Destroys a list: releases all its chunks and frees its memory. Inside a
 * call that uses the list (from a release callback, a hook or an operation of
 * a transport) it takes effect when that call returns.
 *
 * @param v the list; NULL: nothing happens
 */
BUFV_DECLARE(void) bufv_destroy(bufv_t *v);

/**
 * Returns the status of the first append that failed since the list was
 * created or cleared, for a program that appends many times and asks once.
 *
 * @param v the list
 * @return APR_SUCCESS if none failed; else its status. The appends that came
 *         after it were made if they could be: clear the list, do not write
 *         it.
 */
BUFV_DECLARE(apr_status_t) bufv_status(const bufv_t *v);

/**
 * Empties the list: releases all chunks that are in it now, and keeps its
 * memory for the next fill. What a release callback appends meanwhile stays.
 * Ends a reservation. Does nothing when called from inside a release
 * callback, or a hook of a write of this list.
 *
 * @param v the list; NULL: nothing happens
 */
BUFV_DECLARE(void) bufv_clear(bufv_t *v);

/**
 * Gives back the memory that the list holds and does not use, a reservation
 * included. May move bytes that the list has copied: pointers from
 * bufv_peek() are no longer valid. Does nothing inside a callback or a write
 * of this list, and nothing where memory for the move is lacking.
 *
 * @param v the list; NULL: nothing happens
 */
BUFV_DECLARE(void) bufv_trim(bufv_t *v);

/**
 * Appends a chunk of borrowed bytes.
 *
 * @param v the list
 * @param data the bytes; they must stay and not change until they have left
 *        the list. May be NULL if `len` is 0.
 * @param len their number; 0 appends nothing
 * @return APR_SUCCESS; APR_ENOMEM; APR_EINVAL if `data` is NULL and `len` is
 *         not 0, if `len` exceeds PTRDIFF_MAX, or if the total would exceed
 *         64 bits; APR_EBUSY while the list is being destroyed, and from
 *         inside an operation that was lent a part of it. On failure the list
 *         is unchanged, and bufv_status() remembers why.
 */
BUFV_DECLARE(apr_status_t)
bufv_append(bufv_t *v, const void *data, apr_size_t len) BUFV_NEEDS(1)
    BUFV_READS(2, 3);

/**
 * Appends a copy of bytes, made now: the caller's may go or change at once.
 *
 * @param v the list
 * @param data the bytes; may be NULL if `len` is 0
 * @param len their number; 0 appends nothing
 * @return as bufv_append()
 */
BUFV_DECLARE(apr_status_t)
bufv_append_copy(bufv_t *v, const void *data, apr_size_t len) BUFV_NEEDS(1)
    BUFV_READS(2, 3);

/**
 * Appends a chunk that the list owns from then on: `release` is called when
 * the list is done with the chunk.
 *
 * @param v the list
 * @param data, len as for bufv_append()
 * @param release called exactly once when the chunk is done with: see
 *        bufv_release_t. For an empty chunk too, at its turn, that is, after
 *        the chunks before it, at the latest when the next write or consume
 *        returns. NULL: nothing is called.
 * @param baton handed to `release`
 * @return as bufv_append(). On failure `release` is not called and the
 *         bytes remain the caller's.
 *
 * @code
 * static void give_back(void *baton, const void *data, apr_size_t len)
 * {
 *     free(baton);
 * }
 *
 *     status = bufv_append_owned(v, page->bytes, page->len, give_back, page);
 *     if (status != APR_SUCCESS)
 *         free(page);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_append_owned(bufv_t *v, const void *data, apr_size_t len,
                  bufv_release_t *release, void *baton) BUFV_NEEDS(1)
    BUFV_READS(2, 3);

/**
 * Appends borrowed chunks, one for each entry that is not empty. All or none:
 * on failure none has been appended.
 *
 * @param v the list
 * @param vec the entries; read now and neither kept nor changed. The bytes
 *        that they point to are borrowed.
 * @param nvec their number
 * @return as bufv_append(), judged over all entries
 */
BUFV_DECLARE(apr_status_t)
bufv_append_vec(bufv_t *v, const struct iovec *vec, apr_size_t nvec)
    BUFV_NEEDS(1) BUFV_READS(2, 3);

/**
 * Moves all chunks of one list to the end of another, with their release
 * callbacks. No bytes are copied.
 *
 * @param v the list that receives
 * @param from the list that gives and is left empty, ready for reuse
 * @return APR_SUCCESS; APR_ENOMEM; APR_EINVAL if both are the same list or the
 *         total would exceed 64 bits; APR_EBUSY if `from` is in use, or as
 *         bufv_append(). On failure both are unchanged.
 *
 * If `from` has left in part by a locked writer and `v` is empty, `v` is the
 * list that goes on from here: see bufv_writer_lock_enable().
 */
BUFV_DECLARE(apr_status_t)
bufv_append_list(bufv_t *v, bufv_t *from) BUFV_NEEDS(1) BUFV_NEEDS(2);

/**
 * Appends formatted text, copied into the list as one chunk, without a final
 * NUL. The format is C99's printf, as the compiler checks it; %n is not
 * supported.
 *
 * @param v the list
 * @param format and the arguments that it names; they may go or change at
 *        once
 * @return as bufv_append(); APR_EINVAL as well for text longer than INT_MAX,
 *         and for what cannot be encoded
 *
 * @code
 *     bufv_appendf(v, "Content-Length: %" PRIu64 "\r\n", length);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_appendf(bufv_t *v, const char *format, ...) BUFV_FORMAT(2, 3)
    BUFV_NEEDS(1) BUFV_NEEDS(2);

/**
 * bufv_appendf() for functions that take their arguments as a va_list.
 *
 * @param v, format as for bufv_appendf()
 * @param args not usable afterwards, as with vprintf()
 * @return as bufv_appendf()
 */
BUFV_DECLARE(apr_status_t)
bufv_vappendf(bufv_t *v, const char *format, va_list args) BUFV_FORMAT(2, 0)
    BUFV_NEEDS(1) BUFV_NEEDS(2);

/**
 * Reserves room at the end of the list, to be written into: by recv(), by a
 * formatter, by deflate(). bufv_commit() makes its first bytes a chunk.
 *
 * The room is the caller's until bufv_commit(), the next bufv_reserve() or
 * bufv_fill(), bufv_clear(), bufv_trim() or the end of the list. No byte of
 * any list lies in it before. The list may be used in any other way
 * meanwhile; what is committed goes behind what was appended since. There is
 * one reservation at a time: a later one replaces it.
 *
 * @param v the list
 * @param least the room that is needed, in bytes; 0: what there is
 * @param data set to the room, or to NULL on failure
 * @param room set to its size, `least` or more, never 0; to 0 on failure
 * @return APR_SUCCESS; APR_EINVAL if `least` exceeds PTRDIFF_MAX; APR_ENOMEM;
 *         APR_EBUSY as bufv_append(). On failure the list is unchanged, and an
 *         earlier reservation stays.
 *
 * @code
 *     status = bufv_reserve(v, 4096, &data, &room);
 *     if (status == APR_SUCCESS) {
 *         status = apr_socket_recv(sock, data, &room);
 *         commit_status = bufv_commit(v, room);
 *     }
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_reserve(bufv_t *v, apr_size_t least, void **data, apr_size_t *room)
    BUFV_NEEDS(1) BUFV_NEEDS(3) BUFV_NEEDS(4) BUFV_CHECKED;

/**
 * Appends the first bytes of what was reserved as one chunk, without copying
 * them, and ends the reservation.
 *
 * @param v the list
 * @param len how many bytes; 0 gives the room up and appends nothing
 * @return APR_SUCCESS; APR_EINVAL without a reservation, or if `len` is more
 *         than its room, or if the total would exceed 64 bits; APR_ENOMEM;
 *         APR_EBUSY as bufv_append(). On failure the list and the reservation
 *         are unchanged.
 */
BUFV_DECLARE(apr_status_t)
bufv_commit(bufv_t *v, apr_size_t len) BUFV_NEEDS(1) BUFV_CHECKED;

/**
 * Puts a chunk of borrowed bytes before the first, also where the first is
 * the rest of a chunk that has been written in part.
 *
 * @param v the list
 * @param data, len as for bufv_append()
 * @return as bufv_append(); APR_EBUSY while the list is in use
 */
BUFV_DECLARE(apr_status_t)
bufv_prepend(bufv_t *v, const void *data, apr_size_t len) BUFV_NEEDS(1)
    BUFV_READS(2, 3);

/**
 * Appends a range of an open file as one chunk.
 *
 * A range is sent *unread*, by sendfile() or the like, if the writer can do
 * that, if the file was opened with APR_FOPEN_SENDFILE_ENABLED (which is how
 * a program tells APR that the file system allows it), and if what is left of
 * it is not shorter than bufv_writer_sendfile_from_set() says. **The system
 * then reads the file until the peer has acknowledged the bytes**, which is
 * after the write has returned and the chunk was released: a file that is
 * rewritten meanwhile reaches the peer rewritten. Any other range is read,
 * piece by piece, as it is written.
 *
 * @param v the list
 * @param file borrowed: it must stay open until the range has left the list,
 *        every clone and every part that a split made of it
 * @param offset where in the file the range begins, in bytes
 * @param len its length in bytes; 0 appends nothing
 * @return APR_SUCCESS; APR_ENOMEM; APR_EINVAL if `offset` is negative, the
 *         range ends beyond 2^63 - 1, or the total would exceed 64 bits;
 *         APR_EBUSY as bufv_append(). On failure the list is unchanged.
 *
 * The position of the file is neither used nor moved where the system can
 * read at an offset. It is the file that is read, and not what APR's buffer
 * holds of it: flush a buffered one first if its range was written to. Its
 * length is not looked at now: if it turns out to be shorter, the write ends
 * with APR_EOF after the last byte there is, and what is missing is still in
 * the list. To read a file may take time that no limit bounds.
 */
BUFV_DECLARE(apr_status_t)
bufv_append_file(bufv_t *v, apr_file_t *file, apr_off_t offset,
                 apr_uint64_t len) BUFV_NEEDS(1) BUFV_NEEDS(2);

/**
 * Appends a range of an open file that the list owns from then on: `release`
 * is called when the list is done with the range.
 *
 * @param v, file, offset, len as for bufv_append_file()
 * @param release called exactly once, with NULL and 0, when the range is done
 *        with: see bufv_release_t. For an empty range too, at its turn. NULL:
 *        nothing is called. It may close the file.
 * @param baton handed to `release`
 * @return as bufv_append_file(). On failure `release` is not called and the
 *         file remains the caller's.
 */
BUFV_DECLARE(apr_status_t)
bufv_append_file_owned(bufv_t *v, apr_file_t *file, apr_off_t offset,
                       apr_uint64_t len, bufv_release_t *release, void *baton)
    BUFV_NEEDS(1) BUFV_NEEDS(2);

/**
 * Appends to one list what another holds, and leaves the other as it is: to
 * replay a list, or to write it to many. No bytes are copied; chunks that
 * were given with a release callback are shared.
 *
 * A clone may outlive the list it came from and be written by another thread
 * at the same time as the original, once this call has returned. Bytes that
 * the original borrows are borrowed by the clone as well.
 *
 * @param v the list that receives
 * @param from the list that is shared; may be `v` itself. It holds the same
 *        bytes afterwards; but the call notes in it which release callbacks
 *        are shared, so the rule of one thread at a time holds for it.
 * @return as bufv_append_list(); APR_EBUSY also if `from` is lent to the
 *         operation that calls this
 *
 * @code
 *     for (i = 0; i < nclients; i++) {
 *         bufv_clone(client[i].out, news);
 *         status = bufv_write_some(client[i].out, client[i].w, NULL);
 *         if (status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status))
 *             hang_up(&client[i]);
 *     }
 *     bufv_clear(news);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_clone(bufv_t *v, bufv_t *from) BUFV_NEEDS(1) BUFV_NEEDS(2);

/**
 * Moves the first bytes of a list to the end of another. A chunk that the cut
 * goes through is then in both; if it has a release callback, this is called
 * after the later of the two.
 *
 * @param v the list that gives
 * @param n how many bytes
 * @param head the list that receives them at its end
 * @return APR_SUCCESS; APR_EINVAL if `n` exceeds the length of `v` or both are
 *         the same list; APR_ENOMEM; APR_EBUSY while `v` is in use, or for
 *         `head` as bufv_append(). On failure both are unchanged.
 *
 * If `v` has left in part by a locked writer and `head` is empty, `head` is
 * the list that goes on from here: see bufv_writer_lock_enable().
 */
BUFV_DECLARE(apr_status_t)
bufv_split(bufv_t *v, apr_uint64_t n, bufv_t *head) BUFV_NEEDS(1)
    BUFV_NEEDS(3);

/**
 * Returns the number of bytes in the list, in constant time.
 *
 * @param v the list
 * @return what is left to write
 */
BUFV_DECLARE(apr_uint64_t) bufv_length(const bufv_t *v);

/**
 * Returns the number of chunks in the list, in constant time.
 *
 * @param v the list
 * @return their number; none of them is empty
 */
BUFV_DECLARE(apr_size_t) bufv_count(const bufv_t *v);

/**
 * Drops the first bytes of the list and releases the chunks that end there.
 *
 * @param v the list
 * @param n how many bytes
 * @return APR_SUCCESS; APR_EINVAL if `n` exceeds the length: nothing is
 *         dropped; APR_EBUSY while the list is in use: from inside a release
 *         callback, a hook of its write, or an operation
 */
BUFV_DECLARE(apr_status_t)
bufv_consume(bufv_t *v, apr_uint64_t n) BUFV_NEEDS(1);

/**
 * Copies bytes from the front of the list and consumes them.
 *
 * @param v the list
 * @param data where to copy to
 * @param len in: room in `data`, in bytes. Out: bytes copied.
 * @return APR_SUCCESS, with 0 bytes only if there was no room; APR_EOF with 0
 *         bytes when the list is empty; APR_EINVAL if `data` is NULL and there
 *         is room; APR_EBUSY as bufv_consume(); or the error of reading a file
 *         range when no byte came before it.
 */
BUFV_DECLARE(apr_status_t)
bufv_read(bufv_t *v, void *data, apr_size_t *len) BUFV_NEEDS(1) BUFV_NEEDS(3);

/**
 * Shows where the first chunks lie, without taking them: for programs that
 * send the bytes by themselves, and for looking.
 *
 * @param v the list. It holds the same bytes afterwards; a file range is
 *        read into memory of the list, so the rule of one thread at a time
 *        holds.
 * @param vec filled in list order. The bytes must not be changed. Valid
 *        until the list is next used; of a file range only the beginning is
 *        shown, and nothing behind it.
 * @param nvec in: room in `vec`, in entries. Out: entries filled; 0 when the
 *        list is empty.
 * @return APR_SUCCESS; APR_EINVAL if `vec` is NULL and there is room;
 *         APR_ENOMEM, or the error of reading, for a file range that comes
 *         first; APR_EBUSY for one from inside an operation that was lent a
 *         part of the list.
 */
BUFV_DECLARE(apr_status_t)
bufv_peek(bufv_t *v, struct iovec *vec, apr_size_t *nvec) BUFV_NEEDS(1)
    BUFV_NEEDS(3);

/** @} */

/**
 * @defgroup ops The seam
 *
 * What the library needs to know of a transport. Sockets, files and TLS are
 * written in these terms, and a transport of your own is an equal of theirs.
 * examples/transport.c is a complete one.
 *
 * The rule that makes it easy: **a short write is always legal.** `writev`
 * makes one attempt, takes what it can, and says how much. It does not wait,
 * loop, or care about what comes next; the loop in bufv_write() does.
 *
 * @par Threads
 * The operations are called in the thread that writes, one at a time for a
 * writer that belongs to one thread or whose lock is enabled.
 * @{
 */

/** The value of `more` when a range of a file comes next, which `sendfile`
 * will be given. */
#define BUFV_MORE_FILE 2

/**
 * A transport: what it can do, and how. Zero is a good value for all but
 * `size`, `name`, the two limits and `writev`.
 *
 * An operation may use other lists and other writers. To the list that lent it
 * these chunks it may not append; nor may it clone that list, look into its
 * file ranges, or take bytes off it: all of that is APR_EBUSY.
 */
typedef struct bufv_ops_t {
    /** sizeof(bufv_ops_t), as the program was compiled. Members that it does
     * not cover whole are taken for 0. */
    apr_size_t size;

    /** Names the operation in errors and to the hook: "sendmsg", "SSL_write".
     * Must live as long as the writer. */
    const char *name;

    /** The most chunks that one attempt takes, at least 1. A transport that
     * takes one buffer at a time says 1. */
    apr_size_t max_vec;

    /** The most bytes that one attempt takes, at least 1. */
    apr_size_t max_bytes;

    /** What bufv_writer_copy_below_set() begins with. */
    apr_size_t copy_below;

    /** Not 0: one list is one message, never split, all or nothing. */
    int message;

    /**
     * Makes one attempt to write.
     *
     * @param baton what was given to bufv_writer_create()
     * @param vec, nvec 1 to `max_vec` chunks, none empty, `max_bytes` in all
     *        at most. Not to be changed, nor kept after the return.
     * @param more not 0 if bytes of the same list come after these:
     *        BUFV_MORE_FILE if these are a file's, and `sendfile` will be
     *        given them; else 1
     * @param written set on every path to the bytes accepted; bytes may come
     *        together with an error
     * @return APR_SUCCESS: if fewer than all were taken, the rest is offered
     *         at once. APR_EAGAIN, and nothing else, says that the destination
     *         is full: the rest is offered after `wait`. APR_EINTR: offered
     *         again. Anything else ends the write. On a stream APR_ENOMEM and
     *         "no buffer space" are tried again a few times, with less.
     */
    apr_status_t (*writev)(void *baton, const struct iovec *vec,
                           apr_size_t nvec, int more, apr_size_t *written);

    /**
     * Waits until the transport is writable.
     *
     * @param baton what was given to bufv_writer_create()
     * @param timeout microseconds, or below 0 for no limit
     * @return APR_SUCCESS to try again; APR_TIMEUP; APR_EINTR to be called
     *         again for the time that is left; anything else ends the write
     *
     * If an attempt after it takes nothing, a pause follows before the next
     * wait, longer each time. NULL: the transport cannot wait, and
     * bufv_write() returns APR_EAGAIN.
     */
    apr_status_t (*wait)(void *baton, apr_interval_time_t timeout);

    /** Returns the time in microseconds, on the transport's own clock, for
     * deadlines and the stall limit. NULL: the system's monotonic clock. */
    apr_time_t (*now)(void *baton);

    /**
     * Makes one attempt to send a part of a file unread, as `writev` would
     * send its bytes. NULL: file ranges are read and go through `writev`.
     *
     * @param baton what was given to bufv_writer_create()
     * @param file, offset, len the part; `len` is at most `max_bytes`
     * @param more, written as for `writev`
     * @return as `writev`; a short count may have many reasons (a signal, the
     *         file's end), and is APR_SUCCESS unless the destination is known
     *         to be full. APR_EOF if the file ends at or before `offset`;
     *         APR_ENOTIMPL with 0 bytes if this file cannot be sent so: it is
     *         read instead
     */
    apr_status_t (*sendfile)(void *baton, apr_file_t *file, apr_off_t offset,
                             apr_size_t len, int more, apr_size_t *written);

    /**
     * Begins a run of attempts: borrows what they need, a mode or a mask.
     * NULL: nothing to do.
     *
     * @param baton what was given to bufv_writer_create()
     * @return APR_SUCCESS; anything else ends the write, and `end` is not
     *         called
     */
    apr_status_t (*begin)(void *baton);

    /** Ends a run: gives back what was borrowed, before each wait, pause,
     * hook and release callback, and on every return. NULL: nothing to do. */
    void (*end)(void *baton);

    /**
     * Returns the transport's own stall limit, as the timeout of a socket is
     * one. Called at any time, by any thread that writes, also outside of a
     * run. NULL: there is none.
     *
     * @param baton what was given to bufv_writer_create()
     * @return microseconds; 0: it never waits; below 0: no limit
     */
    apr_interval_time_t (*timeout)(void *baton);

    /**
     * Names the two ends for bufv_writer_strerror(), as in
     * "tcp 127.0.0.1:40012->127.0.0.1:8080". Called by any thread that asks.
     * NULL: nothing to say.
     *
     * @param baton what was given to bufv_writer_create()
     * @param buf to be filled, with a final NUL
     * @param size of `buf`, more than 0
     */
    void (*describe)(void *baton, char *buf, apr_size_t size);

    /**
     * Lets time pass on the clock of `now`: between attempts when memory is
     * short or a wait brought nothing, and for the turn of a locked writer.
     * NULL: the thread sleeps; but a transport with a clock of its own is not
     * put to real sleep: the status that would have led to a pause is
     * returned, and a turn that is not free is APR_EBUSY.
     *
     * @param baton what was given to bufv_writer_create()
     * @param time microseconds, more than 0
     */
    void (*pause)(void *baton, apr_interval_time_t time);

    /**
     * Sends what it holds back because `more` was set: nothing else will
     * follow for now. Called before a wait, on a return that leaves bytes in
     * the list, and when the writer or the list that it writes goes; outside
     * of a run. NULL: it holds nothing back, or not for long.
     *
     * @param baton what was given to bufv_writer_create()
     */
    void (*flush)(void *baton);

    /**
     * Says whether the rest of a list may be given up, and changes nothing:
     * asked by bufv_writer_abandon(), and when a call with a locked writer
     * ends of whose list no byte was accepted. NULL: it may.
     *
     * @param baton what was given to bufv_writer_create()
     * @return APR_SUCCESS; APR_EINVAL if a part that is on its way has to be
     *         sent whole, as a record of TLS
     */
    apr_status_t (*abandon)(void *baton);

    /** Called last, when the writer goes: the baton is no longer needed. May
     * free it. NULL: nothing to do. */
    void (*destroy)(void *baton);
} bufv_ops_t;

/** @} */

/**
 * @defgroup writer Writers
 *
 * Something to write lists to. A writer is cheap: it has limits and counters,
 * and no memory to copy to. Small chunks are copied together on the stack of
 * the call, up to 16 KiB; beyond that in a block of 512 KiB that the process
 * lends for the time of one attempt. There are as many of these as attempts
 * were made at the same time, at most 32 (further attempts copy less); they
 * are kept until the library is unloaded or the program ends. Only a message
 * that has to be copied, and for which no block is long enough or free, gets
 * memory of its own while it is sent.
 *
 * A write needs less than 48 KiB of stack: mind that where threads are given
 * small ones.
 *
 * @par Threads
 * A writer belongs to one thread at a time, unless its lock is enabled: see
 * bufv_writer_lock_enable(). Then the report, the counters and the text may
 * be asked for by any thread, at any time.
 * @{
 */

/** Something to write lists to. */
typedef struct bufv_writer_t bufv_writer_t;

/**
 * Creates a writer for a socket, stream or datagram.
 *
 * The socket's own APR timeout holds: above 0 it is the stall limit, 0 makes
 * bufv_write() return APR_EAGAIN rather than wait, below 0 waits for ever.
 * No signal reaches the process when the peer is gone. On a datagram or
 * seqpacket socket each list is one message.
 *
 * @param w set to the writer, or to NULL on failure
 * @param sock borrowed; must be connected, and live as long as the writer
 * @param pool the writer is destroyed when this pool is cleared or destroyed,
 *        unless it was before. NULL: it lives until bufv_writer_destroy().
 * @return APR_SUCCESS; APR_EINVAL if an argument is NULL; APR_ENOTSOCK, or the
 *         system's word for it, if the descriptor is no socket; APR_ENOMEM
 *
 * Another thread may read from the socket while this one writes. On Linux and
 * most other systems a write of chunks in memory does not change the socket's
 * mode. Where the call cannot be told not to wait, a *blocking* socket is made
 * non-blocking for the time of each attempt: for sendfile(), on Windows, and
 * with the generic back end where a send knows no MSG_DONTWAIT. A thread that
 * begins to read from it just then gets APR_EAGAIN instead of waiting. APR's
 * sockets block while their timeout is below 0, on Windows also above 0. So
 * set a timeout of 0 or more (Windows: of 0) if one thread reads and another
 * writes. docs/TOUCHES.md has what else is changed for an attempt, on each
 * system.
 *
 * With Nagle's algorithm, that is, without APR_TCP_NODELAY, the last bytes of
 * an attempt may have to wait until the peer has acknowledged those before. A
 * list that takes several attempts is spared that by MSG_MORE, with the unix
 * back end on Linux. Elsewhere, and with the generic back end on Linux too,
 * chunks in memory are sent without MSG_MORE: copying keeps the attempts few,
 * and for lists that take several all the same, set APR_TCP_NODELAY.
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_socket(bufv_writer_t **w, apr_socket_t *sock, apr_pool_t *pool)
    BUFV_NEEDS(1) BUFV_NEEDS(2) BUFV_CHECKED;

/**
 * Creates a writer for a file, a pipe or a terminal.
 *
 * What APR has buffered for the file is flushed first, and the file's position
 * is right afterwards. That flush, and writing to regular files and block
 * devices, takes the time that it takes: limits are looked at between
 * attempts. What a full disk took of APR's own buffer only APR can tell. The
 * timeout of a pipe (apr_file_pipe_timeout_set()) holds as a socket's does. No
 * signal reaches the process when the reader of a pipe is gone; SIGXFSZ and
 * SIGTTOU are the program's to handle. A FIFO or terminal that blocks, and a
 * pipe but on recent Linux, is made non-blocking for the time of each attempt,
 * which others that share it may see: docs/TOUCHES.md. With APR_FOPEN_APPEND
 * each attempt, not the list, goes to the end of the file in one piece.
 *
 * A file that APR buffers is one thread's at a time, with APR_FOPEN_XTHREAD
 * too: what another thread writes to it meanwhile, by APR or by a writer of
 * its own, may be overwritten.
 *
 * @param w set to the writer, or to NULL on failure
 * @param file borrowed; must be open for writing, and stay so as long as the
 *        writer
 * @param pool as for bufv_writer_socket()
 * @return APR_SUCCESS; APR_EINVAL if an argument is NULL; APR_ENOMEM
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_file(bufv_writer_t **w, apr_file_t *file, apr_pool_t *pool)
    BUFV_NEEDS(1) BUFV_NEEDS(2) BUFV_CHECKED;

/**
 * Creates a writer for a transport of your own. The operations may write to
 * another writer, and wait for it in `wait`; docs/PORTING.md has what such a
 * transport has to mind.
 *
 * @param w set to the writer, or to NULL on failure
 * @param ops copied
 * @param baton handed to each operation
 * @param pool as for bufv_writer_socket()
 * @return APR_SUCCESS; APR_EINVAL if `ops` has no `writev`, a limit of 0, or a
 *         `size` that does not reach behind `writev`; APR_ENOTIMPL if it is
 *         longer than the library's own and what the library does not know of
 *         it is not 0; APR_ENOMEM
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_create(bufv_writer_t **w, const bufv_ops_t *ops, void *baton,
                   apr_pool_t *pool) BUFV_NEEDS(1) BUFV_NEEDS(2) BUFV_CHECKED;

/**
 * Destroys a writer. Inside a call that uses it (from a release callback, a
 * hook or an operation) it takes effect when that call returns, which
 * attempts nothing more. To destroy one that another thread is in, or waits
 * for, is an error of the program.
 *
 * @param w the writer; NULL: nothing happens
 */
BUFV_DECLARE(void) bufv_writer_destroy(bufv_writer_t *w);

/**
 * Lowers the limits of one attempt, for tests, and to send in smaller pieces.
 *
 * @param w the writer
 * @param max_vec the most chunks; 0, or more than the transport takes: the
 *        transport's own limit
 * @param max_bytes the most bytes; likewise
 */
BUFV_DECLARE(void)
bufv_writer_limits_set(bufv_writer_t *w, apr_size_t max_vec,
                       apr_size_t max_bytes);

/**
 * Sets the size below which chunks are copied together.
 *
 * Two or more neighbouring chunks shorter than this are copied into scratch
 * memory and leave as one, since handing a small chunk to the system costs
 * more than copying it. Longer ones, and a lone one, go by reference; those
 * that lie side by side in memory may leave as one entry, without a copy. What
 * is sent, counted and released stays the same.
 *
 * @param w the writer
 * @param bytes the size; 0: never copy, and each chunk is one entry of an
 *        attempt. So n chunks in memory take n / `max_vec` attempts, rounded
 *        up, if the destination takes all and `max_bytes` is not reached.
 *        Begins with `copy_below` of the transport's bufv_ops_t.
 */
BUFV_DECLARE(void)
bufv_writer_copy_below_set(bufv_writer_t *w, apr_size_t bytes);

/**
 * Sets from which length on a range of a file is sent unread, where it can
 * be: see bufv_append_file(). A shorter one is read, and leaves in one attempt
 * with its neighbours, which is cheaper.
 *
 * @param w the writer
 * @param bytes the length of what is left of a range. 0: none is read because
 *        it is short; ~0: all are read. Begins with 16 KiB.
 */
BUFV_DECLARE(void)
bufv_writer_sendfile_from_set(bufv_writer_t *w, apr_uint64_t bytes);

/**
 * Sets when writes must have ended, also one whose peer keeps accepting a
 * byte now and then. It stays for later writes.
 *
 * @param w the writer
 * @param when absolute, in microseconds: on the transport's own clock if it
 *        has one, else apr_time_now()'s, which is turned into time of the
 *        monotonic clock here and now, so that setting the system's clock
 *        changes nothing. 0: no deadline.
 */
BUFV_DECLARE(void)
bufv_writer_deadline_set(bufv_writer_t *w, apr_time_t when);

/**
 * Sets how long a write waits while not a byte is accepted. Waiting for the
 * turn of a locked writer and pauses count.
 *
 * @param w the writer
 * @param limit microseconds; 0: it never waits; below 0: no limit. Until this
 *        is called, the transport's own limit holds, that is, the timeout of
 *        a socket or pipe. One whose timeout is 0 never waits, whatever is
 *        set here.
 */
BUFV_DECLARE(void)
bufv_writer_stall_set(bufv_writer_t *w, apr_interval_time_t limit);

/**
 * Lets several threads write to this writer, each with lists of its own: no
 * list leaves in the middle of another. Call it, and all other settings,
 * before the second thread comes.
 *
 * From its first accepted byte to its last the writer is one list's, also
 * over returns with APR_EAGAIN, APR_TIMEUP, APR_INCOMPLETE or an error of the
 * list's own files, and whichever thread goes on with it. Another list waits
 * for its turn within its own limits (APR_TIMEUP, with nothing attempted), or
 * is told APR_EBUSY at once if it may not wait: a locked writer is for threads
 * that wait, and an event loop hands its lists to the thread that writes. In
 * which order they get their turn is not promised.
 *
 * A list of which no byte counts yet has the turn, too, while a part of it is
 * on its way that has to be sent whole: a record of TLS.
 *
 * The turn ends when the last byte has left by this writer, when a status says
 * that the peer is gone, or by bufv_writer_abandon(). To clear, destroy or
 * consume a list that left in part, or to move its rest behind other bytes,
 * leaves half a message with the peer: then the writer refuses all lists until
 * it is abandoned. If bufv_append_list() or bufv_split() moves the rest to the
 * front of an empty list, that one goes on.
 *
 * A callback that writes to this writer is told APR_EBUSY. One that waits for
 * *another* locked writer can deadlock with a thread that does the reverse:
 * give it a limit (bufv_terms_t). Messages keep no turn from call to call.
 *
 * @param w the writer
 * @return APR_SUCCESS, also if it was enabled before; APR_ENOTIMPL where APR
 *         has no threads; APR_EINVAL, APR_ENOMEM, or the system's error
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_lock_enable(bufv_writer_t *w) BUFV_NEEDS(1);

/**
 * Gives up the rest of the list that left in part: it will not follow, and
 * another list may begin. Only the program knows whether the peer can live
 * with that.
 *
 * @param w the writer
 * @return APR_SUCCESS, also if no list had left in part; APR_EBUSY while a
 *         thread is in a write; APR_EINVAL if `w` is NULL, or if the transport
 *         cannot go on without the rest (a record of TLS is on its way): close
 *         the connection
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_abandon(bufv_writer_t *w) BUFV_NEEDS(1);

/** One attempt, as it is told to the hook. */
typedef struct bufv_call_t {
    apr_size_t size;     /**< set by the library */
    const char *op;      /**< the operation: "sendmsg", "WSASend", ... */
    apr_size_t nvec;     /**< entries it was given */
    apr_size_t asked;    /**< bytes it was given */
    apr_size_t written;  /**< bytes it accepted */
    apr_size_t copied;   /**< of those given, bytes that had been copied */
    apr_status_t status; /**< what it returned */
} bufv_call_t;

/**
 * A hook. It is called right after each attempt, also after a failed one, when
 * its bytes have left the list. It may do what a release callback may: look at
 * the list and append to it, write other lists to other writers, destroy the
 * list or the writer; not write to this writer.
 *
 * @param baton what was given to bufv_writer_hook_set()
 * @param call the attempt; valid until the hook returns
 */
typedef void bufv_hook_t(void *baton, const bufv_call_t *call);

/**
 * Sets the hook, which is told of each attempt.
 *
 * @param w the writer
 * @param hook called in the thread that writes; NULL takes it away
 * @param baton handed to it
 *
 * @code
 * static void trace(void *baton, const bufv_call_t *call)
 * {
 *     fprintf(baton, "%s: %" APR_SIZE_T_FMT " of %" APR_SIZE_T_FMT "\n",
 *             call->op, call->written, call->asked);
 * }
 *
 *     bufv_writer_hook_set(w, trace, stderr);
 * @endcode
 */
BUFV_DECLARE(void)
bufv_writer_hook_set(bufv_writer_t *w, bufv_hook_t *hook, void *baton);

/** What became of a write. */
typedef struct bufv_report_t {
    apr_size_t size;            /**< sizeof(bufv_report_t): set by the caller,
                                     who sets all else to 0 */
    apr_status_t status;        /**< what it returned */
    apr_uint64_t written;       /**< bytes accepted */
    apr_uint64_t left;          /**< bytes left in the list */
    apr_uint64_t calls;         /**< attempts */
    apr_uint64_t waits;         /**< times it waited: until the transport was
                                     writable, in pauses, for its turn */
    apr_uint64_t copied;        /**< bytes copied together before an attempt */
    apr_interval_time_t waited; /**< microseconds spent waiting */
} bufv_report_t;

/** What a writer has done since it was created. */
typedef struct bufv_stats_t {
    apr_size_t size;            /**< sizeof(bufv_stats_t): set by the caller,
                                     who sets all else to 0 */
    apr_uint64_t lists;         /**< lists written whole, by one write or by
                                     several; empty ones are not counted */
    apr_uint64_t written;       /**< bytes accepted */
    apr_uint64_t calls;         /**< attempts */
    apr_uint64_t waits;         /**< times it waited */
    apr_uint64_t copied;        /**< bytes copied together before an attempt */
    apr_interval_time_t waited; /**< microseconds spent waiting */
} bufv_stats_t;

/**
 * Tells what became of the writer's last write that ended. A write that was
 * refused because it was not its turn (bufv_writer_lock_enable()) does not
 * count.
 *
 * @param w the writer
 * @param report filled up to its `size`, which the caller sets; all 0 but
 *        `size` before the first write. Nothing is filled if `size` is less
 *        than the struct of 0.2.
 */
BUFV_DECLARE(void)
bufv_writer_report(const bufv_writer_t *w, bufv_report_t *report);

/**
 * Tells what the writer has done since it was created. Writes that are under
 * way are not counted.
 *
 * @param w the writer
 * @param stats as `report` of bufv_writer_report()
 */
BUFV_DECLARE(void)
bufv_writer_stats(const bufv_writer_t *w, bufv_stats_t *stats);

/**
 * Says how the last write ended, as text.
 *
 * That is the operation, the network, the local and the remote address, and
 * the cause, as far as the transport has them:
 *
 *     sendmsg tcp 127.0.0.1:40012->127.0.0.1:8080: Broken pipe
 *
 * It never waits for a write that is under way.
 *
 * @param w the writer
 * @param buf filled, always with a final NUL if `size` is not 0
 * @param size of `buf`; what does not fit is cut off
 * @return `buf`
 */
BUFV_DECLARE(char *)
bufv_writer_strerror(const bufv_writer_t *w, char *buf, apr_size_t size);

/**
 * The transport of stream sockets in the back end that was built in, to look
 * at its name and limits. `name` is "sendmsg" (unix), "WSASend" (win32) or
 * "send" (generic); `max_vec` is 1024 (less where the system takes less), 512
 * or 1.
 *
 * @return constant; its operations must not be called
 */
BUFV_DECLARE(const bufv_ops_t *) bufv_socket_ops(void);

/** @} */

/**
 * @defgroup write Writing
 *
 * bufv_write() is the main job, and says what each status means. The others
 * are variations of it; bufv_write_with() is the general form.
 *
 * | limit | counts from | none | 0 | when over |
 * |---|---|---|---|---|
 * | the transport's timeout | the last accepted byte, else the call's beginning | below 0 | never waits, whatever else is set: APR_EAGAIN | APR_TIMEUP |
 * | the stall limit, in its place | the same | below 0 | never waits | APR_TIMEUP |
 * | the deadline (stays for later writes) | absolute | 0 | | APR_TIMEUP |
 * | `within` of bufv_terms_t | the call's beginning | 0 | | APR_TIMEUP |
 *
 * The earliest counts. Time spent waiting for the turn of a locked writer, or
 * in pauses, counts for all of them. The deadline and `within` also end a call
 * that may not wait, between attempts. They do not bound what the system does
 * not bound: flushing APR's buffer, reading files, writing to regular files
 * and block devices, Windows' consoles.
 *
 * A call looks first at its arguments (APR_EINVAL), then whether the list or
 * the writer is in use by a caller further up (APR_EBUSY), whether the list
 * is empty (APR_SUCCESS), whether a limit is over (APR_TIMEUP), and then for
 * its turn.
 *
 * @par Threads
 * A list belongs to one thread at a time, and so does a writer, unless its
 * lock is enabled. To end a waiting write from another thread, shut the
 * socket down with apr_socket_shutdown(); do not close it, since the number of
 * its descriptor may be another's a moment later.
 * @{
 */

/**
 * Writes the whole list, or says why not.
 *
 * Waits as often as it must, as long as the transport's timeout, the stall
 * limit and the deadline allow. Interrupted calls go on.
 *
 * @param v the list; what was accepted is consumed. An empty one is
 *        APR_SUCCESS without an attempt.
 * @param w the writer
 * @param written set to the bytes accepted, on every path; may be NULL
 * @return APR_SUCCESS if all of it left; else why not: see the table.
 *
 * | status | what you got | what you may do next |
 * |---|---|---|
 * | APR_SUCCESS | the whole list left; it is empty | fill it again |
 * | APR_EAGAIN | the destination is full | wait until it is writable (APR_POLLOUT, level or edge), call again |
 * | APR_INCOMPLETE | the budget of bufv_terms_t is used up | call again in your next turn, without an event |
 * | APR_TIMEUP | the deadline, the stall limit or `within` passed | call again with a new limit, or give up |
 * | APR_EBUSY | list or writer is in use: by a caller further up, or by another thread that has its turn | return first, or wait; no event of the socket will tell |
 * | APR_EPIPE, APR_ECONNRESET, APR_ECONNABORTED | the peer is gone | close it; the list can go elsewhere |
 * | APR_EOF | the transport accepts no more, or a file was shorter than its range | give up |
 * | APR_EINVAL, EMSGSIZE | a message too big to go whole; nothing was sent. APR_EINVAL also for NULL | send less |
 * | APR_ENOMEM, ENOBUFS | the system lacks memory, also for less, and after pauses if the call may wait | call again after a pause |
 * | APR_EGENERAL | the transport claimed more than it was given | mend the transport |
 * | others | the transport's own error, or the file's | as it says |
 *
 * For every one of them: `written` + what bufv_length() says now = what it
 * said before + what callbacks appended.
 *
 * @code
 *     status = bufv_write(v, w, &written);
 *     if (status != APR_SUCCESS)
 *         fprintf(stderr, "%s; %" APR_UINT64_T_FMT " bytes are left\n",
 *                 bufv_writer_strerror(w, text, sizeof(text)),
 *                 bufv_length(v));
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_write(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written) BUFV_NEEDS(1)
    BUFV_NEEDS(2) BUFV_CHECKED;

/**
 * Writes as much of the list as the destination takes now; never waits.
 *
 * For event loops: call it, and again when the socket is writable, until
 * APR_SUCCESS. It attempts until the destination is full; one that never is
 * gets the whole list in one call: bufv_write_with() can bound that.
 *
 * @param v, w, written as for bufv_write()
 * @return as bufv_write(); APR_EAGAIN, with what was written, when the
 *         destination is full
 *
 * @code
 *     status = bufv_write_some(c->out, c->w, NULL);
 *     if (APR_STATUS_IS_EAGAIN(status))
 *         watch(c, APR_POLLIN | APR_POLLOUT);
 *     else if (status != APR_SUCCESS)
 *         hang_up(c);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_write_some(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written)
    BUFV_NEEDS(1) BUFV_NEEDS(2) BUFV_CHECKED;

/** The terms of one write. */
typedef struct bufv_terms_t {
    apr_size_t size;            /**< sizeof(bufv_terms_t) */
    int wait;                   /**< 0: never, as bufv_write_some(); 1: as
                                     bufv_write() */
    apr_interval_time_t within; /**< the whole call takes at most so many
                                     microseconds; 0: no limit of its own;
                                     below 0: it is over already */
    apr_uint64_t budget;        /**< at most so many bytes leave; then
                                     APR_INCOMPLETE if any are left. 0: no
                                     limit. Ignored for messages. */
} bufv_terms_t;

/**
 * Writes a list on terms of this call: the general form of bufv_write() and
 * bufv_write_some().
 *
 * @param v, w as for bufv_write()
 * @param terms read now; NULL: as bufv_write()
 * @param report what became of this call; may be NULL. The caller sets its
 *        `size`. It is filled on every path, unless that `size` is wrong.
 * @return as bufv_write(); APR_EINVAL if the `size` of `terms` or `report` is
 *         less than the struct of 0.2; APR_ENOTIMPL if it is more than the
 *         library's own and what the library does not know of it is not 0
 *
 * @code
 *     bufv_terms_t fair = {.size = sizeof(fair), .budget = 64 * 1024};
 *     bufv_report_t report = {.size = sizeof(report)};
 *
 *     status = bufv_write_with(c->out, c->w, &fair, &report);
 *     if (APR_STATUS_IS_INCOMPLETE(status))
 *         append_to_next_turn(c);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_write_with(bufv_t *v, bufv_writer_t *w, const bufv_terms_t *terms,
                bufv_report_t *report) BUFV_NEEDS(1)
    BUFV_NEEDS(2) BUFV_CHECKED;

/**
 * bufv_write() to a socket for which no writer is kept.
 *
 * @param v, written as bufv_write()
 * @param sock as bufv_writer_socket()
 * @return as bufv_write(); as bufv_writer_socket() if there can be no writer
 *         for the socket
 */
BUFV_DECLARE(apr_status_t)
bufv_send(bufv_t *v, apr_socket_t *sock, apr_uint64_t *written) BUFV_NEEDS(1)
    BUFV_NEEDS(2) BUFV_CHECKED;

/**
 * Does what apr_socket_sendv() does, and finishes: the drop-in for it.
 *
 * A non-blocking socket (timeout 0) may be full before all has left. That is
 * APR_EAGAIN *together with* the count in `len`, where apr_socket_sendv() says
 * APR_SUCCESS: wait for APR_POLLOUT, and call again with the chunks from byte
 * `len` on. A list and bufv_write_some() keep that place for you.
 *
 * @param sock as bufv_writer_socket()
 * @param vec the chunks; any number, empty ones too. Not changed.
 * @param nvec their number
 * @param len set to the bytes accepted, on every path; may be NULL
 * @return as bufv_send(). APR_EINVAL, with nothing sent, if `nvec` is
 *         negative, if bufv_append_vec() would refuse the chunks, or if their
 *         total is more than `len` could tell. If not all left, `len` says
 *         where to go on.
 */
BUFV_DECLARE(apr_status_t)
bufv_sendv(apr_socket_t *sock, const struct iovec *vec, apr_int32_t nvec,
           apr_size_t *len) BUFV_NEEDS(1) BUFV_CHECKED;

/** @} */

/**
 * @defgroup reader Reading and copying
 *
 * Bytes that come from somewhere go into a list, or straight to a writer.
 * examples/proxy.c does both, in both directions.
 *
 * @par Threads
 * A reader belongs to one thread at a time.
 * @{
 */

/** Something to read from. It never grows, and is passed by value. */
typedef struct bufv_reader_t {
    /**
     * Reads some bytes.
     *
     * @param baton the reader's own
     * @param data where to
     * @param len in: room, more than 0. Out: bytes read.
     * @return APR_SUCCESS; APR_EOF at the end, with the last bytes or with
     *         none; or an error, with the bytes that came before it
     */
    apr_status_t (*read)(void *baton, void *data, apr_size_t *len);

    /** Writes all there is to a writer; a shorter way than `read`. NULL:
     * none. */
    apr_status_t (*write_to)(void *baton, bufv_writer_t *w,
                             apr_uint64_t *written);

    /** Waits until there is something to read, after `read` returned
     * APR_EAGAIN: as `wait` of bufv_ops_t. NULL: it cannot wait. */
    apr_status_t (*wait)(void *baton, apr_interval_time_t timeout);

    /** Handed to each of them. */
    void *baton;
} bufv_reader_t;

/**
 * Makes a reader of a list. Reading consumes the list, and bufv_copy() from it
 * does what bufv_write() does.
 *
 * @param v the list
 * @return the reader; valid as long as the list
 */
BUFV_DECLARE(bufv_reader_t) bufv_reader(bufv_t *v) BUFV_NEEDS(1);

/**
 * Makes a reader of a socket. Each read is one apr_socket_recv(), which waits
 * as long as the timeout of the socket says. APR_EOF: the peer sends no more.
 *
 * @param sock borrowed
 * @return the reader; valid as long as the socket
 */
BUFV_DECLARE(bufv_reader_t)
bufv_reader_socket(apr_socket_t *sock) BUFV_NEEDS(1);

/**
 * Makes a reader of a file or a pipe. Each read is one apr_file_read(), from
 * the position of the file, which waits as long as the timeout of the pipe
 * says, and for ever if it has none.
 *
 * @param file borrowed
 * @return the reader; valid as long as the file
 */
BUFV_DECLARE(bufv_reader_t)
bufv_reader_file(apr_file_t *file) BUFV_NEEDS(1);

/**
 * Reads once, into the list: bufv_reserve(), `read`, bufv_commit().
 *
 * @param v the list
 * @param r the reader
 * @param most the most bytes to read; 0 reads nothing
 * @param got set to the bytes that came, on every path
 * @return the reader's status: bytes that came with APR_EOF or an error are in
 *         the list all the same. APR_EGENERAL if the reader claims more than
 *         it was given room for; APR_ENOMEM, APR_EINVAL and APR_EBUSY as
 *         bufv_reserve(). If nothing came, the list and its memory are as
 *         before; a reservation of the caller's has ended. A reader that
 *         appends to this list itself may take the room that is kept for what
 *         it reads: if there is no memory for more, that is lost, and the
 *         status APR_ENOMEM.
 */
BUFV_DECLARE(apr_status_t)
bufv_fill(bufv_t *v, const bufv_reader_t *r, apr_size_t most, apr_size_t *got)
    BUFV_NEEDS(1) BUFV_NEEDS(2) BUFV_NEEDS(4) BUFV_CHECKED;

/**
 * Copies all that a reader has to a writer, in bounded memory. If `read` of
 * the reader returns APR_EAGAIN, its `wait` is called, within the writer's
 * deadline; without `wait`, APR_EAGAIN is returned. No limit of the writer's
 * ends a `read` that itself waits: set the timeout of a socket or pipe that is
 * read from.
 *
 * @param w the writer
 * @param r the reader
 * @param rest what was read and has not left. It is written first, and holds
 *        on return what has to be written before anything else: call again
 *        with it to go on where this call stopped. At most 64 KiB are read
 *        ahead into it, and only when it is empty. NULL: what was read and did
 *        not leave is lost. A reader with `write_to` keeps what did not leave
 *        itself, and `rest` is empty then.
 * @param copied set to the bytes accepted, those of `rest` included, on every
 *        path; may be NULL
 * @return APR_SUCCESS at the reader's end; the reader's error, after the bytes
 *         before it were written; the status of bufv_write(). With APR_EAGAIN
 *         or APR_TIMEUP a `rest` with bytes says that the writer stopped, an
 *         empty one that the reader did. APR_EGENERAL if the reader gives
 *         nothing and no reason; APR_EINVAL if `w` or `r` is NULL; APR_ENOMEM
 *
 * @code
 *     bufv_reader_t r = bufv_reader_socket(from);
 *
 *     status = bufv_copy(to, &r, rest, &copied);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_copy(bufv_writer_t *w, const bufv_reader_t *r, bufv_t *rest,
          apr_uint64_t *copied) BUFV_NEEDS(1) BUFV_NEEDS(2) BUFV_CHECKED;

/** @} */

/**
 * Returns the library's version.
 *
 * @return a constant string like "1.2.3"
 */
BUFV_DECLARE(const char *) bufv_version(void);

#ifdef __cplusplus
}
#endif

#endif /* BUFV_H */
