// SPDX-License-Identifier: GPL-2.0
/* The floor: what a read of a file in /proc costs when it does nothing, by either of procfs's two ways. */
#include <linux/module.h>
#include <linux/proc_fs.h>

static ssize_t floor_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return 0;
}

static ssize_t floor_read_iter(struct kiocb *kiocb, struct iov_iter *to)
{
	return 0;
}

static const struct proc_ops read_ops = { .proc_read = floor_read };
static const struct proc_ops read_iter_ops = { .proc_read_iter = floor_read_iter };

static int __init floor_init(void)
{
	if (!proc_create("floor_read", 0444, NULL, &read_ops))
		return -ENOMEM;
	if (!proc_create("floor_read_iter", 0444, NULL, &read_iter_ops)) {
		remove_proc_entry("floor_read", NULL);
		return -ENOMEM;
	}
	return 0;
}

static void __exit floor_exit(void)
{
	remove_proc_entry("floor_read_iter", NULL);
	remove_proc_entry("floor_read", NULL);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Files in /proc that do nothing");
