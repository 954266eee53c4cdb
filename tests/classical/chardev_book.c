// SPDX-License-Identifier: GPL-2.0
/* A character device as course texts write it. Chapter 13 of the guide shows what is wrong with it: do not copy it. */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>

static int major;
static struct class *class;
static struct {
	char message[80];
	int opened;
	size_t len;
} device;
static char *next = device.message;

static int book_open(struct inode *inode, struct file *file)
{
	if (device.opened)
		return -EBUSY;
	msleep(20); /* the hardware wakes up */
	device.opened++;
	next = device.message;
	return 0;
}

static int book_release(struct inode *inode, struct file *file)
{
	device.opened--;
	return 0;
}

static ssize_t book_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	ssize_t bytes = 0;

	while (count-- && next < device.message + device.len) {
		put_user(*next++, buf++);
		bytes++;
	}
	return bytes;
}

static ssize_t book_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	if (copy_from_user(device.message, buf, count))
		return -EFAULT;
	device.len = count;
	next = device.message;
	return count;
}

static const struct file_operations book_ops = {
	.open = book_open,
	.release = book_release,
	.read = book_read,
	.write = book_write,
};

static int __init book_init(void)
{
	major = register_chrdev(0, "chardev", &book_ops);
	if (major < 0)
		return major;
	class = class_create("chardev");
	if (IS_ERR(class))
		return PTR_ERR(class);
	device_create(class, NULL, MKDEV(major, 0), NULL, "chardev");
	return 0;
}

static void __exit book_exit(void)
{
	device_destroy(class, MKDEV(major, 0));
	class_destroy(class);
	unregister_chrdev(major, "chardev");
}

module_init(book_init);
module_exit(book_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("/dev/chardev, the textbook's way");
