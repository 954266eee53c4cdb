// SPDX-License-Identifier: GPL-2.0
/*
 * Measures, in the virtual machine, and prints "NAME OPERATION VALUE SPREAD" lines: the median of LOOPS loops,
 * and how far the middle half of them is apart. With -icount the time stamp counter counts instructions.
 *
 * Called without arguments, it says how it is called.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

enum { MAX_LOOPS = 99 };

static char buf[4096];
static int n = 2000, loops = 9, null;

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void result(const char *name, const char *operation, long *loop, int per_loop)
{
	qsort(loop, loops, sizeof(*loop), compare);
	printf("%s %s %.1f %.1f\n", name, operation, (double)loop[loops / 2] / per_loop,
	       (double)(loop[loops * 3 / 4] - loop[loops / 4]) / per_loop);
	fflush(stdout);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int fd;
static const char *path;

static void op_pread(void) { pread(fd, buf, sizeof(buf), 0); }

static void op_open(void)
{
	int f = open(path, O_RDONLY);

	/* Twice, as a program that reads to the end does; the floor's end is its beginning. */
	if (read(f, buf, sizeof(buf)) < 0 || read(f, buf, sizeof(buf)))
		errx(1, "%s does not end where it should", path);
	close(f);
}

static void op_bytes(void)
{
	lseek(fd, 0, SEEK_SET);
	while (read(fd, buf, 1) > 0)
		;
}

static void op_sendfile(void)
{
	off_t from = 0;

	sendfile(null, fd, &from, sizeof(buf));
}

static void measure(const char *operation, void (*op)(void), int times)
{
	long loop[MAX_LOOPS];

	for (int i = 0; i < 10; i++)
		op();
	for (int k = 0; k < loops; k++) {
		long start = __rdtsc();

		for (int i = 0; i < times; i++)
			op();
		loop[k] = __rdtsc() - start;
	}
	result(strrchr(path, '/') + 1, operation, loop, times);
}

static void load(const char *module, const char *arguments)
{
	char file[300];
	int f;

	snprintf(file, sizeof(file), "%s.ko", module);
	f = open_file(file);
	if (syscall(SYS_finit_module, f, arguments, 0))
		err(1, "loading %s", file);
	close(f);
}

static const char *module_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void unload(const char *module)
{
	if (syscall(SYS_delete_module, module_name(module), O_NONBLOCK))
		err(1, "unloading %s", module);
}

/* What the machine does on its own, once: reads the TSC over and over and looks for holes. */
static void idle(void)
{
	long loop[MAX_LOOPS];

	for (int k = 0; k < loops; k++) {
		long start = __rdtsc();

		for (volatile int i = 0; i < n; i++)
			;
		loop[k] = __rdtsc() - start;
	}
	result("-", "empty-loop", loop, n);
}

static void files(char **paths)
{
	static const int entries[] = { 1, 16, 256 }, open_files[] = { 1, 1000 };

	idle();
	for (char **p = paths; *p; p++) {
		path = *p;
		fd = open_file(path);
		measure("pread", op_pread, n);
		measure("open-read-eof-close", op_open, n / 4 + 1);
		/* The textbook's file answers a read of one byte with all of it. */
		if (!strstr(path, "_book")) {
			measure("read-by-bytes", op_bytes, n / 4 + 1);
		}
		if (sendfile(null, fd, &(off_t){ 0 }, 1) >= 0)
			measure("sendfile", op_sendfile, n / 4 + 1);
		close(fd);
	}

	path = "/proc/jiffies";
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		char arguments[40], operation[60];

		snprintf(arguments, sizeof(arguments), "number=%d", entries[i] - 1);
		load("entries", arguments);
		fd = open_file(path);
		snprintf(operation, sizeof(operation), "pread,%d-entries", entries[i]);
		measure(operation, op_pread, n);
		snprintf(operation, sizeof(operation), "open-read-eof-close,%d-entries", entries[i]);
		measure(operation, op_open, n / 4 + 1);
		close(fd);
		unload("entries");
	}
	for (size_t i = 0; i < sizeof(open_files) / sizeof(*open_files); i++) {
		char operation[60];
		int fds[1000];

		for (int k = 0; k < open_files[i]; k++)
			fds[k] = open_file(path);
		fd = fds[0];
		snprintf(operation, sizeof(operation), "pread,%d-open", open_files[i]);
		measure(operation, op_pread, n);
		snprintf(operation, sizeof(operation), "open-read-eof-close,%d-open", open_files[i]);
		measure(operation, op_open, n / 4 + 1);
		for (int k = 0; k < open_files[i]; k++)
			close(fds[k]);
	}
}

static size_t piece;

static void op_through(void)
{
	if (write(fd, buf, piece) != (ssize_t)piece || read(fd, buf, piece) != (ssize_t)piece)
		err(1, "%s does not give back what it got", path);
}

static void op_open_close(void) { close(open(path, O_RDWR)); }

static void op_poll(void) { poll(&(struct pollfd){ .fd = fd, .events = POLLIN | POLLOUT }, 1, 0); }

static void devices(char **paths)
{
	static const int pieces[] = { 1, 64, 4096 };

	for (char **p = paths; *p; p++) {
		path = *p;
		fd = open(path, O_RDWR);
		if (fd < 0)
			err(1, "%s", path);
		for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
			char operation[60];

			piece = pieces[i];
			snprintf(operation, sizeof(operation), "write-read,%zd-bytes", piece);
			measure(operation, op_through, n);
		}
		measure("open-close", op_open_close, n / 4 + 1);
		measure("poll", op_poll, n);
		close(fd);
	}
}

/* Where bench/functions.py stops: what it goes through is the next loop, as it is counted. */
__attribute__((noipa)) static void next_loop(void) { }

static void functions(const char *operation, char **paths)
{
	void (*op)(void) = strcmp(operation, "pread") ? op_open : op_pread;

	for (char **p = paths; *p; p++) {
		path = *p;
		fd = open_file(path);
		next_loop();
		measure(operation, op, n);
		close(fd);
	}
}

static void attribute(const char *module, const char *name)
{
	char file[300], value[40] = "";
	FILE *f;

	snprintf(file, sizeof(file), "/sys/module/%s/%s", module_name(module), name);
	f = fopen(file, "r");
	if (!f || fscanf(f, "%39s", value) != 1)
		err(1, "%s", file);
	fclose(f);
	printf("%s %s %s 0\n", module_name(module), name, value);
}

static void modules(char **names)
{
	for (; *names; names++) {
		long loop[MAX_LOOPS];

		load(*names, "");
		attribute(*names, "coresize");
		unload(*names);
		for (int k = 0; k < loops; k++) {
			long start = __rdtsc();

			load(*names, "");
			unload(*names);
			loop[k] = __rdtsc() - start;
			/* What it leaves to others to free is theirs. */
			nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
		}
		result(module_name(*names), "load-unload", loop, 1);
	}
}

static void readers(int number, int seconds, char **paths)
{
	long *count = mmap(NULL, 64 * 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (; *paths; paths++) {
		pid_t pid[64];
		long sum = 0;

		memset(count, 0, 64 * 64);
		for (int i = 0; i < number; i++) {
			pid[i] = fork();
			if (!pid[i]) {
				cpu_set_t set;

				CPU_ZERO(&set);
				CPU_SET(i, &set);
				sched_setaffinity(0, sizeof(set), &set);
				fd = open_file(*paths);
				for (;; count[8 * i]++)
					op_pread();
			}
		}
		sleep(seconds);
		for (int i = 0; i < number; i++) {
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
			sum += count[8 * i];
		}
		printf("%s pread-per-second,%d-readers %.0f 0\n", strrchr(*paths, '/') + 1, number, (double)sum / seconds);
	}
}

int main(int argc, char **argv)
{
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2000, 2000 }))
		err(1, "setrlimit");
	null = open("/dev/null", O_WRONLY);
	if (argc > 4 && !strcmp(argv[1], "files")) {
		n = atoi(argv[2]), loops = atoi(argv[3]);
		files(argv + 4);
	} else if (argc > 4 && !strcmp(argv[1], "devices")) {
		n = atoi(argv[2]), loops = atoi(argv[3]);
		devices(argv + 4);
	} else if (argc > 3 && !strcmp(argv[1], "functions")) {
		functions(argv[2], argv + 3);
	} else if (argc > 3 && !strcmp(argv[1], "modules")) {
		loops = atoi(argv[2]);
		modules(argv + 3);
	} else if (argc > 4 && !strcmp(argv[1], "readers")) {
		readers(atoi(argv[2]), atoi(argv[3]), argv + 4);
	} else {
		errx(2, "bench files N LOOPS FILE... | devices N LOOPS DEVICE... | functions OPERATION FILE... | modules LOOPS MODULE... | readers READERS SECONDS FILE...");
	}
	return 0;
}
