/* SPDX-License-Identifier: Apache-2.0 */

/* The sums. */

#include "model.h"

#include "../../src/list.c"
