/* SPDX-License-Identifier: Apache-2.0 */
/* Step 4: timeouts and errors. The peer does not read, and then goes. */

#include "pair.h"

/* More than the buffers of a socket hold. */
#define BLOCKS 512

static char block[64 * 1024];

/* Writes, says how that ended, and that nothing is lost. */
static apr_status_t report(bufv_t *v, bufv_writer_t *w)
{
    apr_uint64_t written, before = bufv_length(v);
    apr_status_t status = bufv_write(v, w, &written);
    bufv_report_t r = {.size = sizeof(r)};
    char text[256];

    bufv_writer_report(w, &r);
    printf("%s\n    %" APR_UINT64_T_FMT " bytes written, %" APR_UINT64_T_FMT
           " left; waited %d ms\n",
           bufv_writer_strerror(w, text, sizeof(text)), written,
           bufv_length(v), (int)apr_time_as_msec(r.waited));
    if (written + bufv_length(v) != before)
        exit(1);
    return status;
}

int main(void)
{
    apr_pool_t *pool = start();
    apr_socket_t *peer, *sock = connect_pair(&peer, pool);
    bufv_writer_t *w;
    bufv_t *v;
    int i;

    check(bufv_create(&v, pool), "list");
    check(bufv_writer_socket(&w, sock, pool), "writer");
    for (i = 0; i < BLOCKS; i++)
        check(bufv_append(v, block, sizeof(block)), "append");

    /* Not a byte was accepted for 100 ms. */
    bufv_writer_stall_set(w, apr_time_from_msec(100));
    if (!APR_STATUS_IS_TIMEUP(report(v, w)))
        return 1;

    /* All has to be there 50 ms from now. The list goes on where it was. */
    bufv_writer_stall_set(w, -1);
    bufv_writer_deadline_set(w, apr_time_now() + apr_time_from_msec(50));
    if (!APR_STATUS_IS_TIMEUP(report(v, w)))
        return 1;

    /* The peer goes. What is left can still go elsewhere. */
    bufv_writer_deadline_set(w, 0);
    check(apr_socket_close(peer), "close");
    if (report(v, w) == APR_SUCCESS)
        return 1;

    printf("of %d chunks %d are left\n", BLOCKS, (int)bufv_count(v));
    bufv_clear(v);
    return 0;
}
