/* SPDX-License-Identifier: Apache-2.0 */
/* A library whose users need not know what it is made with. */

#ifndef CARRIER_H
#define CARRIER_H

/* Returns 0 if the list inside it works. */
int carrier_carry(void);

#endif
