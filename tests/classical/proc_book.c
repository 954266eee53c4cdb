// SPDX-License-Identifier: GPL-2.0
/* A file in /proc as course texts write it. Chapter 13 of the guide shows what is wrong with it: do not copy it. */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

static struct proc_dir_entry *entry;

static ssize_t proc_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	static int completed;
	char buffer[128];
	int rv;

	if (completed) {
		completed = 0;
		return 0;
	}
	completed = 1;
	rv = sprintf(buffer, "Hello World\n");
	if (copy_to_user(buf, buffer, rv))
		return -EFAULT;
	return rv;
}

static const struct proc_ops book_ops = {
	.proc_read = proc_read,
};

static int __init book_init(void)
{
	entry = proc_create("hello", 0444, NULL, &book_ops);
	return 0;
}

static void __exit book_exit(void)
{
	proc_remove(entry);
}

module_init(book_init);
module_exit(book_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("/proc/hello, the textbook's way");
