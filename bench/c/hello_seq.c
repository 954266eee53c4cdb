// SPDX-License-Identifier: GPL-2.0
#define NAME "hello_seq"
#define FORMAT "Hello World\n"
#define START do { } while (0)
#include "seq.h"
