// SPDX-License-Identifier: GPL-2.0
#define NAME "hello_book"
#define FORMAT "Hello World\n"
#define START do { } while (0)
#include "book.h"
