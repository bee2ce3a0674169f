/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file sendfile_rules.h
 * sendfile() as FreeBSD or, with BUFV_RULES_MACOS, macOS declares it, for the
 * library's own sources on Linux: `run sendfile` has the compiler read
 * this first. Tests see Linux' own. See sendfile_rules.c.
 */

#if defined(BUFV_SENDFILE) && !defined(SENDFILE_RULES_H)
#define SENDFILE_RULES_H

#include <sys/types.h>

struct sf_hdtr;

/* Taken back, both send what was held. */
#define TCP_NOPUSH TCP_CORK

#ifdef BUFV_RULES_MACOS
int sendfile(int file, int sock, off_t offset, off_t *len,
             struct sf_hdtr *headers, int flags) __asm__("rules_macos");
#else
int sendfile(int file, int sock, off_t offset, size_t len,
             struct sf_hdtr *headers, off_t *sent,
             int flags) __asm__("rules_freebsd");
#endif

#endif
