// SPDX-License-Identifier: GPL-2.0
/* simple.rs in C. */
#include <linux/gcd.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/module.h>

static int __init simple_init(void)
{
	pr_info("simple: GOLDEN_RATIO_PRIME = %lu\n", (unsigned long)GOLDEN_RATIO_PRIME);
	pr_info("simple: jiffies = %lu\n", jiffies);
	pr_info("simple: HZ = %lu\n", (unsigned long)HZ);
	return 0;
}

static void __exit simple_exit(void)
{
	pr_info("simple: gcd(3300, 24) = %lu\n", gcd(3300, 24));
}

module_init(simple_init);
module_exit(simple_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("Uses constants, a variable and a function of the kernel");
