// SPDX-License-Identifier: GPL-2.0
/*
 * A module in C that uses a module in Rust, through a function with C's ABI.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/types.h>

/* In tickets.rs. */
u64 tickets_take(void);

static int each;
module_param(each, int, 0);
MODULE_PARM_DESC(each, "How many tickets each CPU takes, all at the same time");

static atomic_t absent;

static void take_each(void *unused)
{
	/* All CPUs begin together. */
	atomic_dec(&absent);
	while (atomic_read(&absent) > 0)
		cpu_relax();
	for (int i = 0; i < each; i++)
		tickets_take();
}

static int __init tickets_c_init(void)
{
	cpus_read_lock();
	atomic_set(&absent, num_online_cpus());
	on_each_cpu(take_each, NULL, true);
	cpus_read_unlock();
	pr_info("%llu\n", tickets_take());
	return 0;
}

static void __exit tickets_c_exit(void)
{
}

module_init(tickets_c_init);
module_exit(tickets_c_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Takes tickets when it is loaded");
