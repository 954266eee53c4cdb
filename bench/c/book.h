/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The textbook's way: proc_read, sprintf, copy_to_user. A module defines NAME, FORMAT (with what it shows) and START.
 *
 * The book keeps a "static int completed" to tell the end of the file, which all readers share: every second
 * pread() then returns 0. Only with the position in its place is there one reading per call to measure. It still
 * gives a reader of single bytes more than asked for, and with it a file cannot be spliced.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

static ssize_t book_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	char buffer[128];
	int rv;

	if (*pos)
		return 0;
	rv = sprintf(buffer, FORMAT);
	if (copy_to_user(buf, buffer, rv))
		return -EFAULT;
	*pos += rv;
	return rv;
}

static const struct proc_ops book_ops = { .proc_read = book_read };

static int __init book_init(void)
{
	START;
	return proc_create(NAME, 0444, NULL, &book_ops) ? 0 : -ENOMEM;
}

static void __exit book_exit(void)
{
	remove_proc_entry(NAME, NULL);
}

module_init(book_init);
module_exit(book_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("/proc/" NAME ", the textbook's way");
