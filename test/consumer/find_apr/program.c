/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_version.h>
#include <stdio.h>

int main(void)
{
    if (apr_initialize() != APR_SUCCESS)
        return 1;
    printf("APR %s\n", apr_version_string());
    apr_terminate();
    return 0;
}
