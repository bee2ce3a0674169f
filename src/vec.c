/* SPDX-License-Identifier: Apache-2.0 */

/* Sums over vectors: how many entries lie within so many bytes. The
 * arithmetic on which accounting rests, alone in a file so that it can be
 * proved. */

#include "bufv_private.h"

apr_size_t bufv__vec_skip(const struct iovec *vec, apr_size_t nvec,
                          apr_uint64_t *n)
{
    apr_uint64_t left = *n;
    apr_size_t i = 0;

    /*@ loop invariant i <= nvec && left + total(vec, i) == *n;
        loop assigns i, left;
        loop variant nvec - i; */
    while (i < nvec && vec[i].iov_len <= left) {
        left -= vec[i].iov_len;
        i++;
    }
    *n = left;
    return i;
}

apr_size_t bufv__vec_fit(const struct iovec *vec, apr_size_t nvec,
                         apr_size_t max, apr_size_t *bytes)
{
    apr_size_t sum = 0, i = 0;

    /*@ loop invariant i <= nvec && sum == total(vec, i) <= max;
        loop assigns i, sum;
        loop variant nvec - i; */
    while (i < nvec && vec[i].iov_len <= max - sum) {
        sum += vec[i].iov_len;
        i++;
    }
    *bytes = sum;
    return i;
}

apr_size_t bufv__vec_sum(const struct iovec *vec, apr_size_t nvec)
{
    apr_size_t sum;

    bufv__vec_fit(vec, nvec, SIZE_MAX, &sum);
    return sum;
}
