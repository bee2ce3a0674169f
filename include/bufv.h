/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

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
 *     bufv_create(&v, pool);
 *     bufv_writer_socket(&w, sock, pool);
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
 * - After every write, whatever its status, `written` bytes are gone from
 *   the front of the list and the rest is exactly the rest: call again, with
 *   this writer or another, to go on without a lost or repeated byte.
 * - Borrowed bytes are read, never changed, and must stay where they are
 *   until they have been written, consumed or cleared. After that the
 *   library keeps no pointer to them.
 * - A list or a writer belongs to one thread at a time. A writer whose lock
 *   is enabled may be written to by several threads, each with a list of its
 *   own. Different lists and writers are independent, clones included.
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

/* BUFV_STATIC is defined for users of the static library by the CMake and
 * pkg-config packages. Its names are hidden then: a plugin that links it
 * exports none of them. */
#if defined(_WIN32) && !defined(BUFV_STATIC)
#ifdef BUFV_BUILDING
#define BUFV_DECLARE(type) __declspec(dllexport) type
#else
#define BUFV_DECLARE(type) __declspec(dllimport) type
#endif
#elif defined(__GNUC__) && !defined(BUFV_STATIC)
#define BUFV_DECLARE(type) __attribute__((visibility("default"))) type
#else
#define BUFV_DECLARE(type) type
#endif

#ifdef __GNUC__
#define BUFV_FORMAT(string, first) \
    __attribute__((format(printf, string, first)))
#else
#define BUFV_FORMAT(string, first)
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
 * bufv_append_owned().
 *
 * It is called in list order, from within the call that accepted the chunk's
 * last byte (bufv_write(), bufv_consume(), ...) or that dropped the list
 * (bufv_clear(), the pool's cleanup), in the thread that made this call. A
 * chunk that a split or a clone left in several lists is released once, after
 * the last of them is done with it.
 *
 * It may append to the list. It must not write, consume, split or clear it:
 * such calls return APR_EBUSY, and bufv_clear() does nothing.
 *
 * @param baton what was given to bufv_append_owned()
 * @param data, len the chunk as it was appended, from its first byte
 */
typedef void bufv_release_t(void *baton, const void *data, apr_size_t len);

/**
 * Creates an empty list.
 *
 * @param v set to the list, or to NULL on failure
 * @param pool the list lives until this pool is cleared or destroyed. Chunks
 *        that are still in it are released then.
 * @return APR_SUCCESS; APR_EINVAL if `v` or `pool` is NULL; APR_ENOMEM.
 *
 * The list's own memory does not come from the pool, so that a list which is
 * filled and drained for ever stays the size of its largest fill.
 */
BUFV_DECLARE(apr_status_t) bufv_create(bufv_t **v, apr_pool_t *pool);

/**
 * Empties the list: releases all its chunks and keeps its memory for the next
 * fill. Does nothing when called from inside a release callback or a hook of
 * a write of this list.
 *
 * @param v the list
 */
BUFV_DECLARE(void) bufv_clear(bufv_t *v);

/**
 * Appends a chunk of borrowed bytes.
 *
 * @param v the list
 * @param data the bytes; they must stay and not change until they have left
 *        the list. May be NULL if `len` is 0.
 * @param len their number; 0 appends nothing
 * @return APR_SUCCESS; APR_ENOMEM; APR_EINVAL if `data` is NULL and `len` is
 *         not 0, if `len` exceeds PTRDIFF_MAX, or if the total would exceed
 *         64 bits. On failure the list is unchanged.
 */
BUFV_DECLARE(apr_status_t)
bufv_append(bufv_t *v, const void *data, apr_size_t len);

/**
 * Appends a copy of bytes, made now: the caller's may go or change at once.
 *
 * @param v the list
 * @param data the bytes; may be NULL if `len` is 0
 * @param len their number; 0 appends nothing
 * @return as bufv_append()
 */
BUFV_DECLARE(apr_status_t)
bufv_append_copy(bufv_t *v, const void *data, apr_size_t len);

/**
 * Appends a chunk and hands its care to the list.
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
                  bufv_release_t *release, void *baton);

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
bufv_append_vec(bufv_t *v, const struct iovec *vec, apr_size_t nvec);

/**
 * Moves all chunks of one list to the end of another, with their care. No
 * bytes are copied.
 *
 * @param v the list that receives
 * @param from the list that gives and is left empty, ready for reuse
 * @return APR_SUCCESS; APR_ENOMEM; APR_EINVAL if both are the same list or the
 *         total would exceed 64 bits; APR_EBUSY if `from` is being written.
 *         On failure both are unchanged.
 */
BUFV_DECLARE(apr_status_t) bufv_append_list(bufv_t *v, bufv_t *from);

/**
 * Appends formatted text, as apr_psprintf() formats it, copied into the list
 * as one chunk, without a final NUL.
 *
 * @param v the list
 * @param format and the arguments that it names; they may go or change at
 *        once
 * @return as bufv_append()
 *
 * @code
 *     bufv_appendf(v, "Content-Length: %" APR_UINT64_T_FMT "\r\n", length);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_appendf(bufv_t *v, const char *format, ...) BUFV_FORMAT(2, 3);

/**
 * Puts a chunk of borrowed bytes before the first, also where the first is
 * the rest of a chunk that has been written in part.
 *
 * @param v the list
 * @param data, len as for bufv_append()
 * @return as bufv_append(); APR_EBUSY while the list is being written
 */
BUFV_DECLARE(apr_status_t)
bufv_prepend(bufv_t *v, const void *data, apr_size_t len);

/**
 * Appends a range of an open file as one chunk. A writer that has `sendfile`
 * sends it without reading it; for others it is read, piece by piece, as it
 * is written. The position of the file is neither used nor moved where the
 * system can read at an offset.
 *
 * @param v the list
 * @param file borrowed: it must stay open until the range has left the list,
 *        every clone and every part that a split made of it. Append an empty
 *        chunk with a release callback behind it to learn when that is.
 * @param offset where in the file the range begins, in bytes
 * @param len its length in bytes; 0 appends nothing
 * @return APR_SUCCESS; APR_ENOMEM; APR_EINVAL if `file` is NULL, `offset` is
 *         negative, the range ends beyond 2^63 - 1, or the total would exceed
 *         64 bits. On failure the list is unchanged.
 *
 * It is the file that is read, and not what APR's buffer holds of it: flush a
 * buffered one first if its range was written to. Its length is not looked at
 * now: if it turns out to be shorter, the write ends with APR_EOF after the
 * last byte there is, and what is missing is still in the list.
 */
BUFV_DECLARE(apr_status_t)
bufv_append_file(bufv_t *v, apr_file_t *file, apr_off_t offset,
                 apr_uint64_t len);

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
 * @param from the list that is shared; may be `v` itself
 * @return as bufv_append_list()
 *
 * @code
 *     for (i = 0; i < nclients; i++) {
 *         bufv_clone(client[i].out, news);
 *         bufv_write_some(client[i].out, client[i].w, NULL);
 *     }
 *     bufv_clear(news);
 * @endcode
 */
BUFV_DECLARE(apr_status_t) bufv_clone(bufv_t *v, const bufv_t *from);

/**
 * Moves the first bytes of a list to the end of another. A chunk that the cut
 * goes through is then in both; if it has a release callback, this is called
 * after the later of the two.
 *
 * @param v the list that gives
 * @param n how many bytes
 * @param head the list that receives them at its end
 * @return APR_SUCCESS; APR_EINVAL if `n` exceeds the length of `v` or both are
 *         the same list; APR_ENOMEM; APR_EBUSY while `v` is being written. On
 *         failure both are unchanged.
 */
BUFV_DECLARE(apr_status_t)
bufv_split(bufv_t *v, apr_uint64_t n, bufv_t *head);

/**
 * The number of bytes in the list, in constant time.
 *
 * @param v the list
 * @return what is left to write
 */
BUFV_DECLARE(apr_uint64_t) bufv_length(const bufv_t *v);

/**
 * The number of chunks in the list, in constant time.
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
 *         dropped; APR_EBUSY from inside a release callback or a hook of this
 *         list
 */
BUFV_DECLARE(apr_status_t) bufv_consume(bufv_t *v, apr_uint64_t n);

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
bufv_read(bufv_t *v, void *data, apr_size_t *len);

/**
 * Shows where the first chunks lie, without taking them. For writers of a
 * transport of their own, and for looking.
 *
 * @param v the list. `const` in what it holds; a file range is read into
 *        memory of the list, so the rule of one thread at a time holds.
 * @param vec filled in list order. The bytes must not be changed. Valid
 *        until the list is next used; of a file range only the beginning is
 *        shown, and nothing behind it.
 * @param nvec in: room in `vec`, in entries. Out: entries filled; 0 when the
 *        list is empty.
 * @return APR_SUCCESS; APR_EINVAL if `vec` is NULL and there is room;
 *         APR_ENOMEM, or the error of reading, for a file range that comes
 *         first.
 */
BUFV_DECLARE(apr_status_t)
bufv_peek(const bufv_t *v, struct iovec *vec, apr_size_t *nvec);

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

/** A transport: what it can do, and how. Zero is a good value for all but
 * the first three and `writev`. */
typedef struct bufv_ops_t {
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
     * @param more not 0 if bytes of the same list come after these; 2 if
     *        these are a file's, and `sendfile` will be given them
     * @param written set on every path to the bytes accepted; bytes may come
     *        together with an error
     * @return APR_SUCCESS: if fewer than all were taken, the rest is offered
     *         at once. APR_EAGAIN: the destination is full; the rest is
     *         offered after `wait`. APR_EINTR: offered again. Anything else
     *         ends the write. On a stream APR_ENOMEM and "no buffer space"
     *         are tried again a few times, with less.
     */
    apr_status_t (*writev)(void *baton, const struct iovec *vec,
                           apr_size_t nvec, int more, apr_size_t *written);

    /**
     * Waits until an attempt may do better.
     *
     * @param baton what was given to bufv_writer_create()
     * @param timeout microseconds, or below 0 for no limit
     * @return APR_SUCCESS to try again; APR_TIMEUP; APR_EINTR to be called
     *         again for the time that is left; anything else ends the write
     *
     * NULL: cannot wait; bufv_write() returns APR_EAGAIN.
     */
    apr_status_t (*wait)(void *baton, apr_interval_time_t timeout);

    /** The time in microseconds, on a clock of its own, for deadlines and the
     * stall limit. NULL: the system's monotonic clock. */
    apr_time_t (*now)(void *baton);

    /**
     * Makes one attempt to send a part of a file, as `writev` would send its
     * bytes. NULL: file ranges are read and go through `writev`.
     *
     * @param baton what was given to bufv_writer_create()
     * @param file, offset, len the part; `len` is at most `max_bytes`
     * @param more, written as for `writev`
     * @return as `writev`; APR_EOF if the file ends at or before `offset`;
     *         APR_ENOTIMPL with 0 bytes if this file cannot be sent so: it is
     *         read instead
     */
    apr_status_t (*sendfile)(void *baton, apr_file_t *file, apr_off_t offset,
                             apr_size_t len, int more, apr_size_t *written);

    /**
     * Called before the first attempt of a list, under the writer's lock: to
     * flush a buffer, to change a mode. NULL: nothing to do.
     *
     * @param baton what was given to bufv_writer_create()
     * @param stall set beforehand to below 0, "no limit". May be set to the
     *        transport's own: see bufv_writer_stall_set().
     * @return APR_SUCCESS; anything else ends the write, and `end` is not
     *         called
     */
    apr_status_t (*begin)(void *baton, apr_interval_time_t *stall);

    /** Called after the last attempt of a list, on every path. NULL: nothing
     * to do. */
    void (*end)(void *baton);

    /**
     * Names the two ends for bufv_writer_strerror(), as in
     * "tcp 127.0.0.1:40012->127.0.0.1:8080". NULL: nothing to say.
     *
     * @param baton what was given to bufv_writer_create()
     * @param buf to be filled, with a final NUL
     * @param size of `buf`, more than 0
     */
    void (*describe)(void *baton, char *buf, apr_size_t size);
} bufv_ops_t;

/** @} */

/**
 * @defgroup writer Writers
 *
 * Something to write lists to. A writer is cheap: it has limits and counters,
 * and no memory to copy to. Small chunks are copied together on the stack of
 * the call, up to 16 KiB; beyond that in a block of 512 KiB that the process
 * lends for the time of one attempt. There are as many of these as attempts
 * were made at the same time, at most 32 (further attempts copy less), and all
 * are freed with the last list. Only a message of more than 512 KiB that has
 * more chunks than one attempt takes gets memory of its own while it is sent.
 *
 * A write needs some 33 KiB of stack, on Windows 50: mind that where threads
 * are given small ones.
 *
 * @par Threads
 * A writer belongs to one thread at a time, unless its lock is enabled: see
 * bufv_writer_lock_enable(). What is told of "the last write" (report,
 * counters, text) is for the thread that made it, while no other writes.
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
 * @param sock borrowed; must be connected, and live as long as the writer is
 *        written to
 * @param pool the writer lives until this pool is cleared or destroyed
 * @return APR_SUCCESS; APR_EINVAL if an argument is NULL; APR_ENOMEM
 *
 * Another thread may read from the socket meanwhile. Where the back end has
 * no way to send without waiting but to make the whole socket non-blocking
 * (win32, generic), it does so while a list is being written: a blocking read
 * that another thread *begins* in that time may return APR_EAGAIN. Let both
 * threads use timeouts of 0 and apr_poll(), or the unix back end, where this
 * matters. That one does so too, for as long as an attempt takes, when it
 * sends a part of a file.
 *
 * Those back ends leave the socket's mode as APR knows it: one that was made
 * non-blocking behind APR's back, below a timeout of -1, blocks afterwards.
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_socket(bufv_writer_t **w, apr_socket_t *sock, apr_pool_t *pool);

/**
 * Creates a writer for a file or a pipe.
 *
 * A buffered file is flushed first, and its position is right afterwards. A
 * pipe's timeout (apr_file_pipe_timeout_set()) holds as a socket's does. No
 * signal reaches the process when the reader of a pipe is gone.
 *
 * A pipe that blocks is made non-blocking while a list is being written, so
 * that a deadline holds; processes that share the open pipe see that, too.
 *
 * @param w set to the writer, or to NULL on failure
 * @param file borrowed; must be open for writing, and stay so as long as the
 *        writer is written to
 * @param pool the writer lives until this pool is cleared or destroyed
 * @return APR_SUCCESS; APR_EINVAL if an argument is NULL; APR_ENOMEM
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_file(bufv_writer_t **w, apr_file_t *file, apr_pool_t *pool);

/**
 * Creates a writer for a transport of your own.
 *
 * @param w set to the writer, or to NULL on failure
 * @param ops copied
 * @param baton handed to each operation
 * @param pool the writer lives until this pool is cleared or destroyed
 * @return APR_SUCCESS; APR_EINVAL if `ops` has no `writev` or a limit of 0, or
 *         `w`, `ops` or `pool` is NULL; APR_ENOMEM
 */
BUFV_DECLARE(apr_status_t)
bufv_writer_create(bufv_writer_t **w, const bufv_ops_t *ops, void *baton,
                   apr_pool_t *pool);

/**
 * Lowers the limits of one attempt, for tests and for politeness.
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
 * more than copying it. Longer ones, and a lone one, go by reference. What
 * is sent, counted and released stays the same.
 *
 * @param w the writer
 * @param bytes the size; 0: never copy, and each chunk is one entry of an
 *        attempt. Begins with `copy_below` of the transport's bufv_ops_t.
 */
BUFV_DECLARE(void)
bufv_writer_copy_below_set(bufv_writer_t *w, apr_size_t bytes);

/**
 * Sets when writes must have ended, also one whose peer keeps accepting a
 * byte now and then.
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
 * Sets how long a write waits while not a byte is accepted.
 *
 * @param w the writer
 * @param limit microseconds; below 0: for ever. Until this is called, the
 *        transport's own limit holds, that is, the timeout of a socket or
 *        pipe. One whose timeout is 0 never waits, whatever is set here.
 */
BUFV_DECLARE(void)
bufv_writer_stall_set(bufv_writer_t *w, apr_interval_time_t limit);

/**
 * Lets several threads write to this writer: from now on each list leaves
 * whole, waits included, before another begins. Call it, and all other
 * settings, before the second thread comes.
 *
 * @param w the writer
 * @return APR_SUCCESS, also if it was enabled before; APR_ENOTIMPL where APR
 *         has no threads; APR_EINVAL, APR_ENOMEM, or APR's error
 */
BUFV_DECLARE(apr_status_t) bufv_writer_lock_enable(bufv_writer_t *w);

/** One attempt, as it is told to the hook. */
typedef struct bufv_call_t {
    const char *op;      /**< the operation: "sendmsg", "WSASend", ... */
    apr_size_t nvec;     /**< entries it was given */
    apr_size_t asked;    /**< bytes it was given */
    apr_size_t written;  /**< bytes it accepted */
    apr_size_t copied;   /**< of those given, bytes that had been copied */
    apr_status_t status; /**< what it returned */
} bufv_call_t;

/**
 * Told of each attempt right after it, also of a failed one, when its bytes
 * have left the list. It may look at the list and append to it, but not write
 * to this writer.
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

/** What became of the last write. */
typedef struct bufv_report_t {
    apr_status_t status;        /**< what it returned */
    apr_uint64_t written;       /**< bytes accepted */
    apr_uint64_t left;          /**< bytes left in the list */
    apr_uint64_t calls;         /**< attempts */
    apr_uint64_t waits;         /**< times it waited */
    apr_uint64_t copied;        /**< bytes copied together before an attempt */
    apr_interval_time_t waited; /**< microseconds spent waiting */
} bufv_report_t;

/** What a writer has done since it was created. */
typedef struct bufv_stats_t {
    apr_uint64_t lists;         /**< lists written whole, by one write or by
                                     several; empty ones are not counted */
    apr_uint64_t written;       /**< bytes accepted */
    apr_uint64_t calls;         /**< attempts */
    apr_uint64_t waits;         /**< times it waited */
    apr_uint64_t copied;        /**< bytes copied together before an attempt */
    apr_interval_time_t waited; /**< microseconds spent waiting */
} bufv_stats_t;

/**
 * What became of the writer's last write.
 *
 * @param w the writer
 * @return the report; never NULL, and all 0 before the first write. It is
 *         valid as long as the writer, and changes with the next write.
 */
BUFV_DECLARE(const bufv_report_t *)
bufv_writer_report(const bufv_writer_t *w);

/**
 * What the writer has done since it was created.
 *
 * @param w the writer
 * @return the counters; never NULL. They are valid as long as the writer, and
 *         change with each write.
 */
BUFV_DECLARE(const bufv_stats_t *) bufv_writer_stats(const bufv_writer_t *w);

/**
 * Says how the last write ended, as text.
 *
 * That is the operation, the network, the local and the remote address, and
 * the cause, as far as the transport has them:
 *
 *     sendmsg tcp 127.0.0.1:40012->127.0.0.1:8080: Broken pipe
 *
 * @param w the writer
 * @param buf filled, always with a final NUL if `size` is not 0
 * @param size of `buf`; what does not fit is cut off
 * @return `buf`
 */
BUFV_DECLARE(char *)
bufv_writer_strerror(const bufv_writer_t *w, char *buf, apr_size_t size);

/**
 * The transport of stream sockets in the back end that was built in: its name
 * and limits, to look at.
 *
 * @return constant; its operations are not to be called
 */
BUFV_DECLARE(const bufv_ops_t *) bufv_socket_ops(void);

/** @} */

/**
 * @defgroup write Writing
 *
 * bufv_write() is the main job, and says what each status means. The others
 * are variations of it.
 *
 * @par Threads
 * A list belongs to one thread at a time, and so does a writer, unless its
 * lock is enabled. To end a waiting write from another thread, shut the
 * socket down with apr_socket_shutdown().
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
 * | APR_EAGAIN | the destination is full | wait for it (APR_POLLOUT), call again |
 * | APR_TIMEUP | the deadline or the stall limit passed | set a new one, call again; or give up |
 * | APR_EPIPE, APR_ECONNRESET, APR_ECONNABORTED | the peer is gone | close it; the list can go elsewhere |
 * | APR_EOF | the transport accepts no more, or a file was shorter than its range | give up |
 * | APR_EINVAL, EMSGSIZE | a message too big to go whole; nothing was sent | send less |
 * | APR_EBUSY | called from inside a release callback or a hook | return first |
 * | APR_EGENERAL | the transport claimed more than it was given | mend the transport |
 * | others | the transport's own error | as it says |
 *
 * For every one of them: `written` + what bufv_length() says now = what it
 * said before.
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
bufv_write(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written);

/**
 * Writes as much of the list as the destination takes now; never waits.
 *
 * For event loops: call it, and again when the socket is writable, until
 * APR_SUCCESS. It attempts until the destination is full; one that never is
 * gets the whole list in one call.
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
bufv_write_some(bufv_t *v, bufv_writer_t *w, apr_uint64_t *written);

/**
 * bufv_write() to a socket for which no writer is kept.
 *
 * @param v, written as bufv_write()
 * @param sock as bufv_writer_socket()
 * @return as bufv_write(); APR_EINVAL if an argument is NULL
 */
BUFV_DECLARE(apr_status_t)
bufv_send(bufv_t *v, apr_socket_t *sock, apr_uint64_t *written);

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
 * @return as bufv_write(). APR_EINVAL, with nothing sent, if `nvec` is
 *         negative, if bufv_append_vec() would refuse the chunks, or if their
 *         total is more than `len` could tell. If not all left, `len` says
 *         where to go on.
 */
BUFV_DECLARE(apr_status_t)
bufv_sendv(apr_socket_t *sock, const struct iovec *vec, apr_int32_t nvec,
           apr_size_t *len);

/** Something to read from. */
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

    /** Handed to both. */
    void *baton;
} bufv_reader_t;

/**
 * The list as a reader: reading consumes it, and bufv_copy() from it is
 * bufv_write().
 *
 * @param v the list
 * @return the reader; valid as long as the list
 */
BUFV_DECLARE(bufv_reader_t) bufv_reader(bufv_t *v);

/**
 * Copies all that a reader has to a writer.
 *
 * @param w the writer
 * @param r the reader
 * @param copied set to the bytes accepted, on every path; may be NULL
 * @return APR_SUCCESS at the reader's end; the reader's error, after the
 *         bytes before it were written; the status of bufv_write(): bytes
 *         that had been read and did not leave are then lost, unless the
 *         reader is a list; APR_EGENERAL if the reader gives nothing and no
 *         reason; APR_EINVAL if an argument is NULL; APR_ENOMEM
 *
 * @code
 *     bufv_reader_t r = bufv_reader(v);
 *
 *     status = bufv_copy(w, &r, &copied);
 * @endcode
 */
BUFV_DECLARE(apr_status_t)
bufv_copy(bufv_writer_t *w, const bufv_reader_t *r, apr_uint64_t *copied);

/**
 * The library's version.
 *
 * @return "1.2.3" and the like; constant
 */
BUFV_DECLARE(const char *) bufv_version(void);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* BUFV_H */
