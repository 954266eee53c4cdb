// SPDX-License-Identifier: GPL-2.0
/*
 * A module in C that uses a module in Rust, through a function with C's ABI.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/types.h>

/* In tickets.rs. */
u64 tickets_take(void);

static int __init tickets_c_init(void)
{
	pr_info("%llu\n", tickets_take());
	return 0;
}

static void __exit tickets_c_exit(void)
{
}

module_init(tickets_c_init);
module_exit(tickets_c_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Takes a ticket when it is loaded");
