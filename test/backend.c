/* Licensed under the Apache License, Version 2.0; see the file LICENSE. */

/* The one source that is compiled for each back end anew. */

#include "suite.h"

const char *const test_backend = BUFV_TEST_BACKEND;
