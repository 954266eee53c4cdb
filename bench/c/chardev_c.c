// SPDX-License-Identifier: GPL-2.0
/* What chardev.rs does: a pipe of bytes as a device, with the same waiting, locking and partial copies. */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/wait.h>

static unsigned int capacity = 4096;
module_param(capacity, uint, 0444);

#define SIZE _IOR('x', 1, int)
#define CLEAR _IO('x', 2)

struct opened {
	bool has_read;
};

static DEFINE_MUTEX(lock);
static DECLARE_WAIT_QUEUE_HEAD(readable);
static DECLARE_WAIT_QUEUE_HEAD(writable);
static u8 *ring;
static size_t start, len;
static size_t open_files, writers;
static bool exclusive;

static dev_t number;
static struct class *class;
static struct cdev cdev;

static int pipe_open(struct inode *inode, struct file *file)
{
	struct opened *opened = kmalloc(sizeof(*opened), GFP_KERNEL);
	int error = 0;

	if (!opened)
		return -ENOMEM;
	opened->has_read = false;
	mutex_lock(&lock);
	if (exclusive || (file->f_flags & O_EXCL && open_files)) {
		error = -EBUSY;
	} else {
		exclusive = file->f_flags & O_EXCL;
		open_files++;
		writers += !!(file->f_mode & FMODE_WRITE);
	}
	mutex_unlock(&lock);
	if (error) {
		kfree(opened);
		return error;
	}
	file->private_data = opened;
	return stream_open(inode, file);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	mutex_lock(&lock);
	exclusive = false;
	open_files--;
	writers -= !!(file->f_mode & FMODE_WRITE);
	wake_up_all(&readable);
	mutex_unlock(&lock);
	kfree(file->private_data);
	return 0;
}

static bool nonblocking(struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT;
}

/* Waits once, without the lock. */
static int wait(struct wait_queue_head *queue)
{
	DEFINE_WAIT(entry);

	prepare_to_wait_exclusive(queue, &entry, TASK_INTERRUPTIBLE);
	mutex_unlock(&lock);
	schedule();
	finish_wait(queue, &entry);
	mutex_lock(&lock);
	return signal_pending(current) ? -ERESTARTSYS : 0;
}

static ssize_t take(struct iov_iter *to)
{
	ssize_t taken = 0;

	while (len && iov_iter_count(to)) {
		size_t piece = min(len, capacity - start), wanted = min(piece, iov_iter_count(to));
		size_t copied = copy_to_iter(ring + start, piece, to);

		start = (start + copied) % capacity;
		len -= copied;
		taken += copied;
		if (copied < wanted)
			return taken ?: -EFAULT;
	}
	return taken;
}

static ssize_t put(struct iov_iter *from)
{
	ssize_t put = 0;

	while (len < capacity && iov_iter_count(from)) {
		size_t end = (start + len) % capacity, room = min(capacity - len, capacity - end);
		size_t wanted = min(room, iov_iter_count(from)), copied = copy_from_iter(ring + end, wanted, from);

		len += copied;
		put += copied;
		if (copied < wanted)
			return put ?: -EFAULT;
	}
	return put;
}

static ssize_t pipe_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct opened *opened = iocb->ki_filp->private_data;
	ssize_t bytes = 0;

	if (!iov_iter_count(to))
		return 0;
	mutex_lock(&lock);
	while (!len) {
		if (!writers && READ_ONCE(opened->has_read))
			goto out;
		bytes = nonblocking(iocb) ? -EAGAIN : wait(&readable);
		if (bytes)
			goto out;
	}
	bytes = take(to);
	if (bytes >= 0) {
		WRITE_ONCE(opened->has_read, true);
		wake_up_all(&writable);
	}
out:
	mutex_unlock(&lock);
	return bytes;
}

static ssize_t pipe_write(struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t written = 0, bytes = 0;

	mutex_lock(&lock);
	while (iov_iter_count(from)) {
		if (len < capacity) {
			bytes = put(from);
			if (bytes < 0)
				break;
			written += bytes;
			wake_up_all(&readable);
		} else {
			bytes = nonblocking(iocb) ? -EAGAIN : wait(&writable);
			if (bytes)
				break;
		}
	}
	mutex_unlock(&lock);
	return written ?: bytes;
}

static __poll_t pipe_poll(struct file *file, struct poll_table_struct *table)
{
	struct opened *opened = file->private_data;
	__poll_t ready = 0;

	poll_wait(file, &readable, table);
	poll_wait(file, &writable, table);
	mutex_lock(&lock);
	if (file->f_mode & FMODE_READ && len)
		ready |= EPOLLIN;
	else if (file->f_mode & FMODE_READ && !writers && READ_ONCE(opened->has_read))
		ready |= EPOLLHUP;
	if (file->f_mode & FMODE_WRITE && len < capacity)
		ready |= EPOLLOUT;
	mutex_unlock(&lock);
	return ready;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int size;

	switch (cmd) {
	case SIZE:
		mutex_lock(&lock);
		size = len;
		mutex_unlock(&lock);
		return put_user(size, (int __user *)arg);
	case CLEAR:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		mutex_lock(&lock);
		len = 0;
		wake_up_all(&writable);
		mutex_unlock(&lock);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations pipe_ops = {
	.owner = THIS_MODULE,
	.open = pipe_open,
	.release = pipe_release,
	.read_iter = pipe_read,
	.write_iter = pipe_write,
	.poll = pipe_poll,
	.unlocked_ioctl = pipe_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static char *pipe_devnode(const struct device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0666;
	return NULL;
}

static int __init pipe_init(void)
{
	struct device *device;
	int error;

	if (!capacity || capacity > 1 << 20)
		return -EINVAL;
	ring = kvzalloc(capacity, GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	error = alloc_chrdev_region(&number, 0, 1, "chardev_c");
	if (error)
		goto no_number;
	class = class_create("chardev_c");
	error = PTR_ERR_OR_ZERO(class);
	if (error)
		goto no_class;
	class->devnode = pipe_devnode;
	cdev_init(&cdev, &pipe_ops);
	cdev.owner = THIS_MODULE;
	error = cdev_add(&cdev, number, 1);
	if (error)
		goto no_cdev;
	device = device_create(class, NULL, number, NULL, "chardev_c");
	error = PTR_ERR_OR_ZERO(device);
	if (!error)
		return 0;
	cdev_del(&cdev);
no_cdev:
	class_destroy(class);
no_class:
	unregister_chrdev_region(number, 1);
no_number:
	kvfree(ring);
	return error;
}

static void __exit pipe_exit(void)
{
	device_destroy(class, number);
	cdev_del(&cdev);
	class_destroy(class);
	unregister_chrdev_region(number, 1);
	kvfree(ring);
}

module_init(pipe_init);
module_exit(pipe_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("/dev/chardev_c: a pipe of bytes");
