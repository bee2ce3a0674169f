/* SPDX-License-Identifier: Apache-2.0 */

#include <carrier.h>

#include <stdio.h>

int main(void)
{
    int bad = carrier_carry();

    printf("bufv inside a library: %s\n", bad ? "bad" : "good");
    return bad;
}
