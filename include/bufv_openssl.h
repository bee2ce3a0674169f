/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file bufv_openssl.h
 * @brief Writes lists of chunks over TLS, with OpenSSL 3.
 *
 * TLS has no gather: what is handed to SSL_write() leaves as a record of its
 * own, with its own header, tag and system call. So this writer first copies
 * neighbouring chunks together into full records of 16 KiB: a list of three
 * small chunks is one record, and a MiB of 100-byte chunks is 64 of them. A
 * chunk of a record's size or more is encrypted from where it lies.
 *
 * Link `bufv::openssl` (CMake) or `bufv_openssl` (pkg-config).
 *
 * @code
 *     status = bufv_writer_ssl(&w, ssl, sock, pool);
 *     if (status == APR_SUCCESS)
 *         status = bufv_write(v, w, &written);
 * @endcode
 */

#ifndef BUFV_OPENSSL_H
#define BUFV_OPENSSL_H

#include <bufv.h>

#include <openssl/ssl.h>

#if defined(_WIN32) && !defined(BUFV_STATIC)
#ifdef BUFV_OPENSSL_BUILDING
#define BUFV_OPENSSL_DECLARE(type) __declspec(dllexport) type
#else
#define BUFV_OPENSSL_DECLARE(type) __declspec(dllimport) type
#endif
#elif defined(__GNUC__) && !defined(BUFV_STATIC)
#define BUFV_OPENSSL_DECLARE(type) __attribute__((visibility("default"))) type
#else
#define BUFV_OPENSSL_DECLARE(type) type
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup tls TLS
 *
 * A writer for connections of OpenSSL 3. Everything that is written to a
 * socket can be written to it.
 * @{
 */

/**
 * Creates a writer for a TLS connection.
 *
 * Everything that bufv.h promises of a socket's writer holds: the socket's
 * timeout is the stall limit, deadlines bound the whole list, a closed peer
 * raises no signal. Every byte goes through SSL_write(), but for ranges of
 * files where the kernel does the encryption (SSL_OP_ENABLE_KTLS, and
 * BIO_get_ktls_send() of what `ssl` writes to): those go unread, through
 * SSL_sendfile(), under the conditions of bufv_append_file().
 *
 * @param w set to the writer, or to NULL on failure
 * @param ssl borrowed; must live as long as the writer is written to. If its
 *        handshake is not complete, the first write makes it. It is given
 *        SSL_MODE_ENABLE_PARTIAL_WRITE and
 *        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, and keeps them. A BIO between it
 *        and the socket should not buffer (BIO_f_buffer): nobody flushes it.
 * @param sock borrowed likewise: the socket below `ssl`, to wait for and to
 *        take the timeout from. If it blocks, it is made non-blocking for the
 *        time of each attempt: a thread that begins to read from the socket
 *        itself just then gets APR_EAGAIN (docs/TOUCHES.md). NULL: there is
 *        none, as with a pair of memory BIOs; bufv_write() then never waits
 *        and returns APR_EAGAIN when the BIO is full.
 * @param pool the writer is destroyed when this pool is cleared or destroyed,
 *        unless it was before. NULL: it lives until bufv_writer_destroy().
 * @return APR_SUCCESS; APR_EINVAL if `w` or `ssl` is NULL; APR_ENOTIMPL for
 *         DTLS; APR_ENOMEM
 *
 * What the statuses of a write mean here:
 *
 * - APR_EAGAIN: SSL_want(ssl) says which way to wait, SSL_READING (a handshake
 *   waits for the peer) or SSL_WRITING; SSL_ASYNC_PAUSED: a job of OpenSSL's
 *   has paused, and goes on with the next write of this list.
 * - APR_EPIPE: close_notify has been sent, or it has been received and the
 *   protocol is older than TLS 1.3, where this ends both directions.
 * - APR_ECONNRESET: the peer went without a close_notify.
 * - APR_EGENERAL: OpenSSL failed. bufv_writer_strerror() has its reason, and
 *   OpenSSL's error queue of this thread all the rest.
 * - other errors of a socket: what the system said.
 *
 * **After APR_EAGAIN or APR_TIMEUP a record may be on its way**: encrypted,
 * and sent in part, while none of its bytes counts as written. Going on with
 * the list is exact, also if it has been appended to, split, cloned or moved
 * to another list, and whatever limits were set meanwhile. What is written to
 * the connection next *must* begin with these bytes, since they cannot be
 * taken back: a list that begins with others is APR_EINVAL, of which nothing
 * is sent, and so is bufv_writer_abandon(). To give up on a list then is to
 * give up on the connection. A locked writer is that list's as long as the
 * record is on its way, and others wait for their turn. So a connection has
 * one writer, which knows of such a record, and whose owner calls SSL_write()
 * himself only when no list is pending.
 *
 * OpenSSL lets one thread at a time use an SSL object, for reading or writing.
 * The writer's lock keeps writers apart and does not know of SSL_read(). While
 * a record is on its way SSL_read() fails ("bad length") if it finds that the
 * peer asks for new keys or to renegotiate: OpenSSL's own rule.
 */
BUFV_OPENSSL_DECLARE(apr_status_t)
bufv_writer_ssl(bufv_writer_t **w, SSL *ssl, apr_socket_t *sock,
                apr_pool_t *pool) BUFV_CHECKED;

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* BUFV_OPENSSL_H */
