// SPDX-License-Identifier: GPL-2.0
/* startstop/start.rs in C. */
#include <linux/module.h>

static int __init start(void)
{
	pr_info("startstop: Hello, world - this is the kernel speaking\n");
	return 0;
}

module_init(start);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("A module from several files");
