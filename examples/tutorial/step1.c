/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: send a list. */

#include "pair.h"

#include <string.h>

int main(void)
{
    static const char *const word[] = {"once ", "upon ", "", "a ", "time\n"};
    apr_pool_t *pool = start();
    apr_socket_t *peer, *sock = connect_pair(&peer, pool);
    bufv_report_t report = {.size = sizeof(report)};
    apr_uint64_t written;
    apr_status_t status;
    bufv_writer_t *w;
    bufv_t *v;
    char text[256];
    apr_size_t i, len = sizeof(text);

    check(bufv_create(&v, pool), "list");
    check(bufv_writer_socket(&w, sock, pool), "writer");

    check(bufv_appendf(v, "%d words: ", 4), "append");
    for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
        check(bufv_append(v, word[i], strlen(word[i])), "append");
    printf("%d chunks, %d bytes\n", (int)bufv_count(v), (int)bufv_length(v));

    status = bufv_write(v, w, &written);
    if (status != APR_SUCCESS) {
        fprintf(stderr, "%s\n", bufv_writer_strerror(w, text, sizeof(text)));
        return 1;
    }
    bufv_writer_report(w, &report);
    printf("%d bytes written in %d system call(s), %d left\n", (int)written,
           (int)report.calls, (int)bufv_length(v));

    check(apr_socket_recv(peer, text, &len), "receive");
    printf("the peer got: %.*s", (int)len, text);
    return 0;
}
