// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: load_low_memory - loads while memory is short
 *
 * load_low_memory short KERNEL INITRD
 *	Two observers hold memory and read it all the time. At each step a hog
 *	leaves less memory free; then KERNEL and INITRD are loaded. The load works,
 *	or fails with ENOMEM and leaves the image that was loaded before. The OOM
 *	killer never runs, and the observers find their memory unchanged. Both
 *	results must be seen. Prints TAP.
 *
 * load_low_memory stress MIB
 *	Starts two processes that do not end: one allocates MIB of memory, writes to
 *	it and frees it, one writes files and removes them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define LOW_MEMORY_OBSERVERS	2
#define LOW_MEMORY_OBSERVER_MIB	16
#define LOW_MEMORY_SETTLE_US	200000

/* MiB that the hog leaves free */
static const unsigned int low_memory_steps[] = {
	160, 120, 90, 60, 40, 24, 16
};

struct low_memory {
	const char *kernel;
	const char *initrd;
	pid_t observer[LOW_MEMORY_OBSERVERS];
	unsigned int done;
	unsigned int refused;
};

static u64 low_memory_free_mib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.freeram * info.mem_unit >> 20;
}

static u64 *low_memory_take(u64 bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		_exit(1);
	return mem;
}

static void __noreturn low_memory_observe(void)
{
	u64 nr = LOW_MEMORY_OBSERVER_MIB * SZ_1M / sizeof(u64), pid = getpid(), i;
	u64 *mem = low_memory_take(nr * sizeof(u64));

	for (i = 0; i < nr; i++)
		mem[i] = i * pid;
	for (;;) {
		for (i = 0; i < nr; i++)
			if (mem[i] != i * pid)
				_exit(1);
		usleep(LOW_MEMORY_SETTLE_US / 10);
	}
}

static void __noreturn low_memory_hog(unsigned int leave_mib, int ready)
{
	u64 *mem;

	while (low_memory_free_mib() > leave_mib) {
		mem = low_memory_take(SZ_1M);
		for (u64 i = 0; i < SZ_1M / sizeof(u64); i += 64)
			mem[i] = i + leave_mib;
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* The errno of the load; -1 if the loader was killed. */
static int low_memory_load_in_child(const struct low_memory *lm)
{
	pid_t pid = util_fork();
	int status;

	if (!pid)
		_exit(kexec_call_paths(lm->kernel, lm->initrd, "console=ttyAMA0", 0));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool low_memory_all_alive(const struct low_memory *lm)
{
	unsigned int i;

	for (i = 0; i < LOW_MEMORY_OBSERVERS; i++)
		if (waitpid(lm->observer[i], NULL, WNOHANG))
			return false;
	return true;
}

static void low_memory_step(struct low_memory *lm, unsigned int leave_mib)
{
	bool before = kexec_call_loaded(), good;
	int ready[2], err;
	pid_t hog;
	char c;

	if (pipe(ready))
		tap_bail("pipe: %s", strerror(errno));
	hog = util_fork();
	if (!hog)
		low_memory_hog(leave_mib, ready[1]);
	good = read(ready[0], &c, 1) == 1;
	err = low_memory_load_in_child(lm);
	usleep(LOW_MEMORY_SETTLE_US);
	good = good && (!err || (err == ENOMEM && kexec_call_loaded() == before)) &&
		!waitpid(hog, NULL, WNOHANG) && low_memory_all_alive(lm) &&
		!util_sum_fields("/proc/vmstat", "oom_kill ");
	lm->done += !err;
	lm->refused += err == ENOMEM;
	tap_point(good, "%u MiB left: load %s, no process was killed", leave_mib,
		  !err ? "works" : err == -1 ? "was killed" : strerrorname_np(err));
	util_end_child(hog);
	close(ready[0]);
	close(ready[1]);
}

static int low_memory_short(const char *kernel, const char *initrd)
{
	struct low_memory lm = { .kernel = kernel, .initrd = initrd };
	unsigned int i;

	tap_plan(ARRAY_SIZE(low_memory_steps) + 1);
	for (i = 0; i < LOW_MEMORY_OBSERVERS; i++) {
		lm.observer[i] = util_fork();
		if (!lm.observer[i])
			low_memory_observe();
	}
	for (i = 0; i < ARRAY_SIZE(low_memory_steps); i++)
		low_memory_step(&lm, low_memory_steps[i]);
	tap_point(lm.done && lm.refused, "%u loads worked, %u failed with ENOMEM", lm.done,
		  lm.refused);
	for (i = 0; i < LOW_MEMORY_OBSERVERS; i++)
		kill(lm.observer[i], SIGKILL);
	return tap_finish();
}

static void __noreturn low_memory_churn_memory(unsigned int mib)
{
	u64 nr = mib * SZ_1M / sizeof(u64), i, round;
	u64 *mem = low_memory_take(nr * sizeof(u64));

	for (round = 1;; round++) {
		for (i = 0; i < nr; i += 64)
			mem[i] = i * round;
		for (i = 0; i < nr; i += 64)
			if (mem[i] != i * round)
				util_write("/dev/kmsg", "<2>KX: FAIL memory has changed");
		madvise(mem + nr / 4, nr / 2 * sizeof(u64), MADV_DONTNEED);
	}
}

static void __noreturn low_memory_churn_files(unsigned int mib)
{
	static char buf[SZ_1M];
	char path[] = "/tmp/churn-0";
	unsigned int i;

	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		for (i = 0; fd >= 0 && i < mib / 8; i++)
			if (write(fd, buf, sizeof(buf)) < 0)
				break;
		close(fd);
		path[sizeof(path) - 2] ^= 1;
	}
}

static int low_memory_stress(unsigned int mib)
{
	if (!util_fork())
		low_memory_churn_memory(mib);
	if (!util_fork())
		low_memory_churn_files(mib);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "short"))
		return low_memory_short(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "stress"))
		return low_memory_stress(strtoul(argv[2], NULL, 0));
	fputs("usage: load_low_memory short KERNEL INITRD | stress MIB\n", stderr);
	return 2;
}
