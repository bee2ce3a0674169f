/* SPDX-License-Identifier: Apache-2.0 */

/* Places where bpftrace, SystemTap and perf can look in: one probe at each
 * attempt, one at each wait. Each is a single `nop` and a note in the file
 * that says where it is and where its arguments lie; a program that nobody
 * looks at pays no more. See docs/OBSERVING.md. */

#ifndef BUFV_PROBE_H
#define BUFV_PROBE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_time.h>

/* SystemTap's <sys/sdt.h>, as cmake/BufvProbes.cmake found. clang finds fault
 * with the empty argument lists in it. */
#ifdef BUFV_HAVE_SDT
#include <sys/sdt.h>
#ifdef __clang__
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif
#else
#define STAP_PROBE2(provider, name, a, b) ((void)(a), (void)(b))
#define STAP_PROBE6(provider, name, a, b, c, d, e, f) \
    ((void)(a), (void)(b), (void)(c), (void)(d), (void)(e), (void)(f))
#endif

/* The arguments are read where they lie already. */
#define BUFV__PROBE_ATTEMPT(writer, op, nvec, asked, written, status) \
    STAP_PROBE6(bufv, attempt, writer, op, nvec, asked, written, status)
#define BUFV__PROBE_WAIT(writer, waited) \
    STAP_PROBE2(bufv, wait, writer, waited)

#endif /* BUFV_PROBE_H */
