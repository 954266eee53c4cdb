// SPDX-License-Identifier: GPL-2.0
#define NAME "jiffies_book"
#define FORMAT "%lu\n", jiffies
#define START do { } while (0)
#include "book.h"
