// SPDX-License-Identifier: GPL-2.0
#define NAME "text_seq"
#define FORMAT "%lu\n", jiffies
#define START do { } while (0)
#include "seq.h"
