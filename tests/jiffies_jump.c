// SPDX-License-Identifier: GPL-2.0
/*
 * For wrap.t: moves jiffies on by 3 * 2^32 at once, which is 597 days at 250 Hz. All timers expire
 * early, so use it only in a machine with one CPU that is discarded afterwards.
 */
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/module.h>

static int __init jiffies_jump_init(void)
{
	unsigned long flags;

	local_irq_save(flags);
	jiffies_64 += 3ULL << 32;
	local_irq_restore(flags);
	return 0;
}
module_init(jiffies_jump_init);

static void __exit jiffies_jump_exit(void)
{
}
module_exit(jiffies_jump_exit);

MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("Moves jiffies, for a test");
MODULE_LICENSE("GPL");
