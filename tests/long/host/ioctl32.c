// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program without a C library, which calls ioctl on /dev/chardev. It expects 5 bytes there. Its status is 0, or the
 * number of the first call with a wrong result.
 */

static long call(long number, long a, long b, long c)
{
	long result;

	asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

enum { EXIT = 1, OPEN = 5, IOCTL = 54, SIZE = (int)0x80047801, CLEAR = 0x7802, EFAULT = 14, ENOTTY = 25 };

static int wrong(void)
{
	int size = -1, fd = call(OPEN, (long)"/dev/chardev", 2, 0);

	if (fd < 0)
		return 1;
	if (call(IOCTL, fd, SIZE, (long)&size) || size != 5)
		return 2;
	if (call(IOCTL, fd, SIZE, -4096) != -EFAULT)
		return 3;
	if (call(IOCTL, fd, CLEAR, 0))
		return 4;
	if (call(IOCTL, fd, SIZE, (long)&size) || size)
		return 5;
	if (call(IOCTL, fd, 0x7803, 0) != -ENOTTY)
		return 6;
	return 0;
}

void _start(void)
{
	_Static_assert(sizeof(long) == 4, "for 32 bits");
	call(EXIT, wrong(), 0, 0);
}
