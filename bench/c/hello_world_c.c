// SPDX-License-Identifier: GPL-2.0
/* hello_world.rs in C. */
#include <linux/module.h>

static int __init hello_world_init(void)
{
	pr_info("hello_world: Hello World\n");
	return 0;
}

static void __exit hello_world_exit(void)
{
	pr_info("hello_world: Goodbye World\n");
}

module_init(hello_world_init);
module_exit(hello_world_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("Hello World");
