// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Library of the guest programs
 *
 * A program that cannot go on ends with status 1 and one line on standard error; a
 * program that has printed a TAP plan uses tap_bail() instead. The clock is the
 * architected counter: it goes on through a kexec, so readings of two kernels can be
 * subtracted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define UTIL_SECOND_NS	1000000000UL

/**
 * util_die() - end the program
 * @fmt: what failed, as for printf(); the text of errno follows
 */
void util_die(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

/**
 * util_open() - open a file for reading
 * @path: the file
 *
 * Return: a descriptor; the program ends on failure.
 */
int util_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		util_die("%s", path);
	return fd;
}

/**
 * util_read_all() - read an exact number of bytes
 * @fd: where from
 * @path: its name, for the message
 * @buf: where to
 * @len: bytes; the program ends if the file has fewer
 */
void util_read_all(int fd, const char *path, void *buf, size_t len)
{
	ssize_t got;

	for (size_t done = 0; done < len; done += got) {
		got = read(fd, buf + done, len - done);
		if (!got)
			errno = ENODATA;
		if (got <= 0)
			util_die("%s: %zu of %zu bytes", path, done, len);
	}
}

/**
 * util_read_file() - read a whole file
 * @path: the file
 * @len: set to its size in bytes
 *
 * Return: memory of malloc(); the program ends on failure.
 */
void *util_read_file(const char *path, size_t *len)
{
	int fd = util_open(path);
	struct stat st;
	void *buf;

	if (fstat(fd, &st))
		util_die("%s", path);
	buf = malloc(st.st_size);
	if (!buf)
		util_die("%s: %zu bytes", path, (size_t)st.st_size);
	util_read_all(fd, path, buf, st.st_size);
	close(fd);
	*len = st.st_size;
	return buf;
}

/**
 * util_read_number() - read a file that holds one decimal number
 * @path: the file
 * @value: set to the number
 *
 * Return: 0 or an errno.
 */
int util_read_number(const char *path, long *value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32], *end;
	ssize_t len;
	int err;

	if (fd < 0)
		return errno;
	len = read(fd, text, sizeof(text) - 1);
	err = len < 0 ? errno : 0;
	close(fd);
	if (err)
		return err;
	text[len] = '\0';
	*value = strtol(text, &end, 10);
	return end == text ? EIO : 0;
}

/**
 * util_sum_fields() - add up the numbers of some lines of a file such as /proc/meminfo
 * @path: the file
 * @prefix: how the lines begin
 *
 * Return: the sum of the first number of each such line; the program ends if there is
 * no such line.
 */
u64 util_sum_fields(const char *path, const char *prefix)
{
	FILE *f = fopen(path, "re");
	unsigned int found = 0;
	char line[256];
	u64 sum = 0;

	if (!f)
		util_die("%s", path);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, prefix, strlen(prefix)))
			continue;
		sum += strtoul(line + strcspn(line, ": \t") + 1, NULL, 10);
		found++;
	}
	fclose(f);
	errno = ENOENT;
	if (!found)
		util_die("%s: %s", path, prefix);
	return sum;
}

static u64 util_zone_pages(bool free)
{
	FILE *info = fopen("/proc/zoneinfo", "re");
	u64 pages = 0, n;
	char line[256];

	if (!info)
		util_die("/proc/zoneinfo");
	while (fgets(line, sizeof(line), info))
		if (sscanf(line, " count: %lu", &n) == 1 ||
		    (free && sscanf(line, " nr_free_pages %lu", &n) == 1))
			pages += n;
	fclose(info);
	return pages;
}

/**
 * util_free_kib() - free memory
 *
 * Return: KiB of free pages, with those in the lists of CPUs, which no other file counts as
 * free and which may be many.
 */
u64 util_free_kib(void)
{
	return util_zone_pages(true) * sysconf(_SC_PAGESIZE) >> 10;
}

/**
 * util_listed_kib() - free memory in the lists of CPUs
 *
 * Return: KiB.
 */
u64 util_listed_kib(void)
{
	return util_zone_pages(false) * sysconf(_SC_PAGESIZE) >> 10;
}

/**
 * util_write() - write to a file of /proc or /sys in one write()
 * @path: the file
 * @text: what to write
 *
 * Return: 0 or the errno of open() or write().
 */
int util_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/**
 * util_ticks() - read the architected counter
 *
 * Return: ticks; with QEMU's -icount they count instructions.
 */
u64 util_ticks(void)
{
	u64 ticks;

	/* isb: not before the instructions above (Arm ARM, D12.2.2). */
	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (ticks) : : "memory");
	return ticks;
}

/**
 * util_now_ns() - read the clock
 *
 * Return: nanoseconds since the machine was reset.
 */
u64 util_now_ns(void)
{
	u64 ticks = util_ticks(), hz;

	asm volatile("mrs %0, cntfrq_el0" : "=r" (hz));
	return ticks / hz * UTIL_SECOND_NS + ticks % hz * UTIL_SECOND_NS / hz;
}

/**
 * util_now_ms() - read the clock
 *
 * Return: milliseconds since the machine was reset.
 */
u64 util_now_ms(void)
{
	return util_now_ns() / 1000000;
}

/**
 * util_fork() - fork without doubling output that is still buffered
 *
 * Return: as fork(); the program ends on failure.
 */
pid_t util_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		util_die("fork");
	return pid;
}

/**
 * util_child_ended() - look whether a child has ended
 * @pid: a child that has not been waited for
 *
 * Return: true if it has; its status can still be read with waitpid().
 */
bool util_child_ended(pid_t pid)
{
	siginfo_t info = { };

	/* waitpid() does not accept WNOWAIT. */
	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == pid;
}

/**
 * util_end_child() - kill a child and wait for its end
 * @pid: the child
 */
void util_end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/**
 * util_errno_name() - name of an errno
 * @err: errno or 0
 *
 * Return: such as "ENOMEM"; "0" for 0.
 */
const char *util_errno_name(int err)
{
	const char *name = err ? strerrorname_np(err) : "0";

	return name ?: "?";
}

/**
 * util_random() - draw a number, the same ones for the same first state
 * @state: state of the generator, not 0
 * @limit: first number that is too large
 *
 * Return: a number below @limit.
 */
u64 util_random(u64 *state, u64 limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 11) % limit;
}
