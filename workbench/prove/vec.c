/* The sums. */

#include "model.h"

#include "../../src/vec.c"
