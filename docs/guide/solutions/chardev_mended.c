// SPDX-License-Identifier: GPL-2.0
/* Chapter 13: tests/classical/chardev_book.c without its mistakes. */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

static int major;
static struct class *class;
/* For what is below it. */
static DEFINE_MUTEX(lock);
static struct {
	char message[80];
	int opened;
	size_t len;
	size_t next;
} device;

static int mended_open(struct inode *inode, struct file *file)
{
	int error = 0;

	mutex_lock(&lock);
	if (device.opened) {
		error = -EBUSY;
	} else {
		msleep(20); /* the hardware wakes up */
		device.opened = 1;
		device.next = 0;
	}
	mutex_unlock(&lock);
	return error;
}

static int mended_release(struct inode *inode, struct file *file)
{
	mutex_lock(&lock);
	device.opened = 0;
	mutex_unlock(&lock);
	return 0;
}

static ssize_t mended_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	size_t wanted, copied;

	mutex_lock(&lock);
	wanted = min(count, device.len - device.next);
	copied = wanted - copy_to_user(buf, device.message + device.next, wanted);
	device.next += copied;
	mutex_unlock(&lock);
	return wanted && !copied ? -EFAULT : copied;
}

static ssize_t mended_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char message[sizeof(device.message)];
	size_t len = min(count, sizeof(message));

	if (copy_from_user(message, buf, len))
		return -EFAULT;
	mutex_lock(&lock);
	memcpy(device.message, message, len);
	device.len = len;
	device.next = 0;
	mutex_unlock(&lock);
	return len;
}

static const struct file_operations mended_ops = {
	.owner = THIS_MODULE,
	.open = mended_open,
	.release = mended_release,
	.read = mended_read,
	.write = mended_write,
};

static int __init mended_init(void)
{
	struct device *made;
	int error;

	major = register_chrdev(0, "chardev", &mended_ops);
	if (major < 0)
		return major;
	class = class_create("chardev");
	if (IS_ERR(class)) {
		error = PTR_ERR(class);
		goto no_class;
	}
	made = device_create(class, NULL, MKDEV(major, 0), NULL, "chardev");
	if (IS_ERR(made)) {
		error = PTR_ERR(made);
		goto no_device;
	}
	return 0;

no_device:
	class_destroy(class);
no_class:
	unregister_chrdev(major, "chardev");
	return error;
}

static void __exit mended_exit(void)
{
	device_destroy(class, MKDEV(major, 0));
	class_destroy(class);
	unregister_chrdev(major, "chardev");
}

module_init(mended_init);
module_exit(mended_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("/dev/chardev, with a message");
