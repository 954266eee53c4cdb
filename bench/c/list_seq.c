// SPDX-License-Identifier: GPL-2.0
/* A list by the kernel's idiom: proc_create_seq() and seq_operations. An entry is its number. */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static void *list_start(struct seq_file *m, loff_t *pos)
{
	return *pos < 100 ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return list_start(m, pos);
}

static void list_stop(struct seq_file *m, void *v)
{
}

static int list_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\n", (unsigned long)v);
	return 0;
}

static const struct seq_operations list_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = list_show,
};

static int __init list_init(void)
{
	return proc_create_seq("list_seq", 0444, NULL, &list_ops) ? 0 : -ENOMEM;
}

static void __exit list_exit(void)
{
	remove_proc_entry("list_seq", NULL);
}

module_init(list_init);
module_exit(list_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("/proc/list_seq, the kernel's idiom");
