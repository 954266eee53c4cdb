/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's idiom: proc_create_single() and seq_printf(). A module defines NAME, FORMAT (with what it shows) and START. */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static int seq_show(struct seq_file *m, void *v)
{
	seq_printf(m, FORMAT);
	return 0;
}

static int __init seq_init(void)
{
	START;
	return proc_create_single(NAME, 0444, NULL, seq_show) ? 0 : -ENOMEM;
}

static void __exit seq_exit(void)
{
	remove_proc_entry(NAME, NULL);
}

module_init(seq_init);
module_exit(seq_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("/proc/" NAME ", the kernel's idiom");
