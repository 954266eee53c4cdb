// SPDX-License-Identifier: GPL-2.0
#define NAME "seconds_seq"
#define FORMAT "%llu\n", (get_jiffies_64() - loaded) / HZ
#define START loaded = get_jiffies_64()
#include <linux/types.h>
static u64 loaded;
#include "seq.h"
