/* SPDX-License-Identifier: Apache-2.0 */

/* Tells the address sanitizer which room of a slab is unused, so that it sees
 * a program write behind what it reserved. */

#ifndef BUFV_POISON_H
#define BUFV_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define BUFV_POISON_HAVE_ASAN
#elif defined(__clang__)
#if __has_feature(address_sanitizer)
#define BUFV_POISON_HAVE_ASAN
#endif
#endif

#ifdef BUFV_POISON_HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define bufv__poison(data, len) ASAN_POISON_MEMORY_REGION(data, len)
#define bufv__unpoison(data, len) ASAN_UNPOISON_MEMORY_REGION(data, len)
#else
#define bufv__poison(data, len) ((void)(data), (void)(len))
#define bufv__unpoison(data, len) ((void)(data), (void)(len))
#endif

#endif /* BUFV_POISON_H */
