// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: kexec_time - time and memory of a load
 *
 * Prints figures, one to a line: "NAME NUMBER". Time is that of the architected
 * counter, which goes on counting from one kernel to the next, so that readings
 * of two kernels can be subtracted.
 *
 * kexec_time load KERNEL INITRD [TIMES]
 *	loads by kexec_file_load(), TIMES times in a row, half a second between
 *	two, so that the worker of one load has ended before the next.
 *	"load_us": the system call alone.
 *
 * kexec_time memory KERNEL INITRD
 *	loads once. Another thread, on another CPU, reads the free memory as
 *	often as it can. "peak_kib": how much less was free at the worst moment
 *	than before; "held_kib": how much less is free afterwards; "passing_kib":
 *	the difference, which does not depend on the size of the files. What CPUs
 *	keep for themselves is free before and after, and used at the worst
 *	moment: "peak_kib" is rather too large.
 *
 * kexec_time run PROGRAM [ARG...]
 *	the same for a program that loads, an absolute path. "run_us": the time of
 *	another run of it, without that thread.
 *
 * kexec_time rounds KERNEL MIB COUNT
 *	loads and unloads COUNT times with an initrd of random size up to MIB,
 *	every fourth time twice in a row.
 *	"lost_kib": the decrease of free memory from a quarter of the rounds to the
 *	last.
 *
 * kexec_time rounds-at ADDR MIB COUNT
 *	the same with kexec_load() and one segment of random size up to MIB, at a
 *	random page of 64 times MIB from ADDR on.
 *
 * kexec_time blocks
 *	"free_2m_blocks": how many free blocks of 2 MiB or more there are.
 *
 * kexec_time read FILE BLOCK MIB
 *	reads so many MiB from the start of FILE, BLOCK bytes at a time.
 *	"read_BLOCK_ns": time for each 4,096 bytes.
 *
 * kexec_time dump
 *	runs makedumpfile on /proc/vmcore, which reads or maps it.
 *	"dump_read_ms", "dump_mmap_ms": time of each; "dump_percent": the first in percent
 *	of the second.
 *
 * kexec_time ready TIMES
 *	reads /sys/kernel/kexec/ready so often with all CPUs and with CPU 0 alone, which must
 *	answer 0. "ready_percent": the shortest time with all CPUs in percent of that with one.
 *
 * kexec_time leave
 *	reboots into what is loaded; says "leave_ns" just before.
 *
 * kexec_time now NAME
 *	says what the counter reads, in nanoseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kexec_call.h"
#include "util.h"

#define TIME_REST_US	500000
#define TIME_AGAIN	4
#define TIME_SPREAD	64	/* times the size: a place that leaks is rarely met again */

struct time_watch {
	bool stop;
	u64 least;
};

static void time_figure(const char *name, u64 value)
{
	printf("%s %lu\n", name, value);
	fflush(stdout);
}

/* So that no load waits for the host to give the file. */
static void time_warm(const char *path)
{
	static char buf[SZ_1M];
	int fd = util_open(path);
	ssize_t got;

	do {
		got = read(fd, buf, sizeof(buf));
	} while (got > 0);
	if (got < 0)
		util_die("%s", path);
	close(fd);
}

/* Returns the nanoseconds that the call took. */
static u64 time_load(const char *kernel, const char *initrd)
{
	static const char cmdline[] = "console=ttyAMA0 panic=-1";
	int kernel_fd = util_open(kernel);
	int initrd_fd = util_open(initrd);
	u64 begin, end;

	begin = util_now_ns();
	errno = kexec_call_file(kernel_fd, initrd_fd, cmdline, sizeof(cmdline), 0);
	end = util_now_ns();
	if (errno)
		util_die("kexec_file_load");
	close(kernel_fd);
	close(initrd_fd);
	return end - begin;
}

static void time_unload(void)
{
	errno = kexec_call_file(-1, -1, NULL, 0, KEXEC_FILE_UNLOAD);
	if (errno)
		util_die("unload");
}

static void time_loads(const char *kernel, const char *initrd, unsigned int times)
{
	time_warm(kernel);
	time_warm(initrd);
	while (times--) {
		time_figure("load_us", time_load(kernel, initrd) / 1000);
		usleep(TIME_REST_US);
	}
}

static void *time_watch(void *arg)
{
	struct time_watch *watch = arg;

	while (!__atomic_load_n(&watch->stop, __ATOMIC_ACQUIRE)) {
		u64 now = util_free_kib();

		if (now < watch->least)
			__atomic_store_n(&watch->least, now, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void time_stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		util_die("sched_setaffinity");
}

/* What is measured: files, or a program with its arguments that loads them. */
struct time_subject {
	const char *kernel;
	const char *initrd;
	char **command;
};

/* Returns the nanoseconds that the program took. */
static u64 time_command(char **command)
{
	u64 begin = util_now_ns();
	pid_t pid = fork();
	int status;

	if (!pid) {
		execv(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		util_die("fork");
	errno = ECHILD;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		util_die("%s", command[0]);
	return util_now_ns() - begin;
}

static u64 time_once(const struct time_subject *s)
{
	return s->command ? time_command(s->command) : time_load(s->kernel, s->initrd);
}

static void time_memory(const struct time_subject *s)
{
	struct time_watch watch = { };
	u64 before, after;
	pthread_t thread;

	/* Once for all that the first load leaves in caches. */
	time_once(s);
	time_unload();
	usleep(TIME_REST_US);

	time_stay_on(1);
	before = util_free_kib();
	watch.least = before;
	errno = pthread_create(&thread, NULL, time_watch, &watch);
	if (errno)
		util_die("pthread_create");
	time_stay_on(0);
	usleep(TIME_REST_US / 100);
	time_once(s);
	__atomic_store_n(&watch.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	usleep(TIME_REST_US);
	after = util_free_kib();
	time_figure("peak_kib", before - watch.least);
	time_figure("held_kib", before - after);
	time_figure("passing_kib", after - watch.least);
}

static void time_memory_files(const char *kernel, const char *initrd)
{
	const struct time_subject files = { .kernel = kernel, .initrd = initrd };

	time_warm(kernel);
	time_warm(initrd);
	time_memory(&files);
}

static void time_memory_command(char **command)
{
	const struct time_subject program = { .command = command };

	time_command(command);
	time_unload();
	time_figure("run_us", time_command(command) / 1000);
	time_unload();
	time_memory(&program);
}

/* What one round loads: files, or a segment at a place of its own. */
struct time_round {
	const char *kernel;
	const char *initrd;
	u64 at;
	u64 bytes;
};

static void time_round_files(const struct time_round *r)
{
	/* Holes read as zeroes and take no memory. */
	if (truncate(r->initrd, 1 + random() % r->bytes))
		util_die("truncate");
	time_load(r->kernel, r->initrd);
}

static void time_round_segment(const struct time_round *r)
{
	u64 page = sysconf(_SC_PAGESIZE);
	struct kexec_segment seg = {
		.mem = (void *)(r->at + random() % (TIME_SPREAD * r->bytes / page) * page),
		.memsz = (1 + random() % (r->bytes / page)) * page,
	};

	errno = kexec_call_load((u64)seg.mem, 1, &seg, 0);
	if (errno)
		util_die("kexec_load");
}

static void time_rounds(const struct time_round *r, unsigned int count,
			void (*load)(const struct time_round *r))
{
	unsigned int i;
	u64 start = 0, end;

	srandom(count);
	for (i = 0; i < count; i++) {
		if (i == count / 4)
			start = util_free_kib();
		load(r);
		/* Over the one that is loaded. */
		if (i % TIME_AGAIN == 0)
			load(r);
		time_unload();
	}
	usleep(TIME_REST_US);
	end = util_free_kib();
	time_figure("rounds", count);
	time_figure("seed", count);
	time_figure("lost_kib", end < start ? start - end : 0);
}

static void time_rounds_files(const char *kernel, u64 mib, unsigned int count)
{
	char path[] = "/tmp/round-XXXXXX";
	const struct time_round r = { .kernel = kernel, .initrd = path, .bytes = mib << 20 };
	int fd = mkstemp(path);

	if (fd < 0)
		util_die("%s", path);
	/* A file that is open for writing cannot be loaded. */
	close(fd);
	time_rounds(&r, count, time_round_files);
	unlink(path);
}

static void time_rounds_at(u64 at, u64 mib, unsigned int count)
{
	const struct time_round r = { .at = at, .bytes = mib << 20 };

	time_rounds(&r, count, time_round_segment);
}

/* Columns are orders, starting at one page, after "Node 0, zone DMA". */
static void time_blocks(void)
{
	FILE *info = fopen("/proc/buddyinfo", "re");
	u64 blocks = 0, n, bytes;
	char line[512], *at;
	int used;

	if (!info)
		util_die("/proc/buddyinfo");
	while (fgets(line, sizeof(line), info)) {
		at = strstr(line, "zone");
		if (!at || sscanf(at, "zone %*s%n", &used) < 0)
			continue;
		bytes = sysconf(_SC_PAGESIZE);
		for (at += used; sscanf(at, "%lu%n", &n, &used) == 1; at += used) {
			blocks += bytes >= SZ_2M ? n : 0;
			bytes *= 2;
		}
	}
	fclose(info);
	time_figure("free_2m_blocks", blocks);
}

static void time_leave(void)
{
	/* One write is one line in the log; stdout would come later. */
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC), len;
	char line[64];

	if (fd < 0)
		util_die("/dev/kmsg");
	len = snprintf(line, sizeof(line), "<5>KX: figure leave_ns %lu", util_now_ns());
	if (write(fd, line, len) != len)
		util_die("/dev/kmsg");
	errno = kexec_call_reboot();
	util_die("reboot");
}

static void __noreturn time_usage(void)
{
	fputs("usage: kexec_time load KERNEL INITRD [TIMES] | memory KERNEL INITRD |\n"
	      "       rounds KERNEL MIB COUNT | rounds-at ADDR MIB COUNT | blocks | leave |\n"
	      "       run PROGRAM [ARG...] | read FILE BLOCK MIB | dump | ready TIMES |\n"
	      "       now NAME\n", stderr);
	exit(2);
}

static void time_read(const char *path, size_t block, u64 mib)
{
	int fd = util_open(path);
	char *buf = malloc(block);
	u64 begin, done = 0;
	char name[32];
	ssize_t got;

	if (!buf || !block)
		util_die("no memory for %zu bytes", block);
	memset(buf, 0, block);
	begin = util_now_ns();
	while (done < mib * SZ_1M) {
		got = read(fd, buf, block);
		if (got <= 0)
			util_die("read of %s ends at %lu", path, done);
		done += got;
	}
	snprintf(name, sizeof(name), "read_%zu_ns", block);
	time_figure(name, (util_now_ns() - begin) * 4096 / done);
	close(fd);
	free(buf);
}

static u64 time_makedumpfile(bool mapped)
{
	u64 begin = util_now_ns();
	pid_t pid = util_fork();
	int status;

	if (!pid) {
		/* The runner reads the standard output as figures. */
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execlp("makedumpfile", "makedumpfile", "-F", "-l", "-d", "31", "/proc/vmcore",
		       mapped ? NULL : "--non-mmap", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		util_die("makedumpfile failed: %#x", status);
	return util_now_ns() - begin;
}

static void time_dump(void)
{
	u64 mapped, read;

	/* The first one reads the program and its libraries. */
	time_makedumpfile(true);
	mapped = time_makedumpfile(true);
	read = time_makedumpfile(false);
	time_figure("dump_mmap_ms", mapped / 1000000);
	time_figure("dump_read_ms", read / 1000000);
	time_figure("dump_percent", 100 * read / mapped);
}

/* Turns all CPUs but the first one off or on. */
static void time_other_cpus(bool on)
{
	char path[64];
	long cpu, nr = sysconf(_SC_NPROCESSORS_CONF);

	for (cpu = 1; cpu < nr; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/online", cpu);
		if (util_write(path, on ? "1" : "0"))
			util_die("CPU %ld does not change", cpu);
	}
}

static u64 time_ready_once(unsigned int times)
{
	u64 begin, took, least = ~0UL;
	char answer[4096];
	int fd;

	while (times--) {
		fd = util_open("/sys/kernel/kexec/ready");
		begin = util_now_ns();
		if (read(fd, answer, sizeof(answer)) != 2 || answer[0] != '0')
			util_die("not ready");
		took = util_now_ns() - begin;
		least = took < least ? took : least;
		close(fd);
	}
	return least;
}

static void time_ready(unsigned int times)
{
	u64 all, one;

	all = time_ready_once(times);
	time_other_cpus(false);
	one = time_ready_once(times);
	time_other_cpus(true);
	time_figure("ready_us", all / 1000);
	time_figure("ready_one_us", one / 1000);
	time_figure("ready_percent", 100 * all / one);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "now"))
		time_figure(argv[2], util_now_ns());
	else if (argc == 2 && !strcmp(argv[1], "blocks"))
		time_blocks();
	else if (argc == 2 && !strcmp(argv[1], "leave"))
		time_leave();
	else if (argc == 3 && !strcmp(argv[1], "ready"))
		time_ready(strtoul(argv[2], NULL, 0));
	else if (argc == 5 && !strcmp(argv[1], "read"))
		time_read(argv[2], strtoul(argv[3], NULL, 0), strtoul(argv[4], NULL, 0));
	else if (argc == 2 && !strcmp(argv[1], "dump"))
		time_dump();
	else if (argc == 4 && !strcmp(argv[1], "memory"))
		time_memory_files(argv[2], argv[3]);
	else if (argc > 2 && !strcmp(argv[1], "run"))
		time_memory_command(argv + 2);
	else if ((argc == 4 || argc == 5) && !strcmp(argv[1], "load"))
		time_loads(argv[2], argv[3], argc == 5 ? strtoul(argv[4], NULL, 0) : 1);
	else if (argc == 5 && !strcmp(argv[1], "rounds"))
		time_rounds_files(argv[2], strtoul(argv[3], NULL, 0), strtoul(argv[4], NULL, 0));
	else if (argc == 5 && !strcmp(argv[1], "rounds-at"))
		time_rounds_at(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0),
			       strtoul(argv[4], NULL, 0));
	else
		time_usage();
	return 0;
}
