// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: kexec_squeeze - loads while memory is short
 *
 * kexec_squeeze short KERNEL INITRD
 *	Two bystanders hold memory and look at it all the time. At each step an
 *	eater leaves less memory free; then KERNEL and INITRD are loaded. The load
 *	works, or fails with ENOMEM and leaves what was loaded before; whichever it
 *	is, nobody is killed: the bystanders go on and find their memory as they
 *	left it. Both results must be seen. Prints TAP.
 *
 * kexec_squeeze stress MIB
 *	Starts two processes that go on for ever: one writes to MIB of memory that
 *	it gives back and takes again, one writes files and removes them.
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
#include "kit.h"
#include "tap.h"

#define SQUEEZE_BYSTANDERS	2
#define SQUEEZE_BYSTANDER_MIB	16
#define SQUEEZE_SETTLE_US	200000

/* MiB that the eater leaves; the first is plenty, the last next to nothing. */
static const unsigned int squeeze_steps[] = {
	160, 120, 90, 60, 40, 24, 16
};

struct squeeze {
	const char *kernel;
	const char *initrd;
	pid_t bystander[SQUEEZE_BYSTANDERS];
	unsigned int done;
	unsigned int refused;
};

static u64 squeeze_free_mib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return info.freeram * info.mem_unit >> 20;
}

static u64 *squeeze_take(u64 bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		_exit(1);
	return mem;
}

static pid_t squeeze_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	return pid;
}

static void __noreturn squeeze_stand_by(void)
{
	u64 nr = SQUEEZE_BYSTANDER_MIB * SZ_1M / sizeof(u64), i;
	u64 *mem = squeeze_take(nr * sizeof(u64));

	for (i = 0; i < nr; i++)
		mem[i] = i * getpid();
	for (;;) {
		for (i = 0; i < nr; i++)
			if (mem[i] != i * getpid())
				_exit(1);
		usleep(SQUEEZE_SETTLE_US / 10);
	}
}

static void __noreturn squeeze_eat(unsigned int leave_mib, int ready)
{
	u64 *mem;

	while (squeeze_free_mib() > leave_mib) {
		mem = squeeze_take(SZ_1M);
		for (u64 i = 0; i < SZ_1M / sizeof(u64); i += 64)
			mem[i] = i + leave_mib;
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int squeeze_load(const char *kernel, const char *initrd)
{
	static const char cmdline[] = "console=ttyAMA0";
	int kernel_fd = open(kernel, O_RDONLY | O_CLOEXEC);
	int initrd_fd = open(initrd, O_RDONLY | O_CLOEXEC);
	int err;

	if (kernel_fd < 0 || initrd_fd < 0)
		tap_bail("open: %s", strerror(errno));
	err = kexec_call_file(kernel_fd, initrd_fd, cmdline, sizeof(cmdline), 0);
	close(kernel_fd);
	close(initrd_fd);
	return err;
}

/* The errno of the load; -1 when the loader itself was killed. */
static int squeeze_load_in_child(const struct squeeze *sq)
{
	pid_t pid = squeeze_fork();
	int status;

	if (!pid)
		_exit(squeeze_load(sq->kernel, sq->initrd));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool squeeze_loaded(void)
{
	int fd = open("/sys/kernel/kexec_loaded", O_RDONLY | O_CLOEXEC);
	char c = '?';

	if (fd < 0 || read(fd, &c, 1) != 1)
		tap_bail("/sys/kernel/kexec_loaded: %s", strerror(errno));
	close(fd);
	return c == '1';
}

static u64 squeeze_oom_kills(void)
{
	FILE *stat = fopen("/proc/vmstat", "re");
	u64 kills = 1;
	char line[128];

	while (stat && fgets(line, sizeof(line), stat))
		if (sscanf(line, "oom_kill %lu", &kills) == 1)
			break;
	if (stat)
		fclose(stat);
	return kills;
}

static bool squeeze_all_alive(const struct squeeze *sq)
{
	unsigned int i;

	for (i = 0; i < SQUEEZE_BYSTANDERS; i++)
		if (waitpid(sq->bystander[i], NULL, WNOHANG))
			return false;
	return true;
}

static void squeeze_step(struct squeeze *sq, unsigned int leave_mib)
{
	bool before = squeeze_loaded(), good;
	int ready[2], err;
	pid_t eater;
	char c;

	if (pipe(ready))
		tap_bail("pipe: %s", strerror(errno));
	eater = squeeze_fork();
	if (!eater)
		squeeze_eat(leave_mib, ready[1]);
	good = read(ready[0], &c, 1) == 1;
	err = squeeze_load_in_child(sq);
	usleep(SQUEEZE_SETTLE_US);
	good = good && (!err || (err == ENOMEM && squeeze_loaded() == before)) &&
		!waitpid(eater, NULL, WNOHANG) && squeeze_all_alive(sq) && !squeeze_oom_kills();
	sq->done += !err;
	sq->refused += err == ENOMEM;
	tap_point(good, "%u MiB left: load %s, nobody was killed", leave_mib,
		  !err ? "works" : err == -1 ? "was killed" : strerrorname_np(err));
	kill(eater, SIGKILL);
	waitpid(eater, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

static int squeeze_short(const char *kernel, const char *initrd)
{
	struct squeeze sq = { .kernel = kernel, .initrd = initrd };
	unsigned int i;

	tap_plan(ARRAY_SIZE(squeeze_steps) + 1);
	for (i = 0; i < SQUEEZE_BYSTANDERS; i++) {
		sq.bystander[i] = squeeze_fork();
		if (!sq.bystander[i])
			squeeze_stand_by();
	}
	for (i = 0; i < ARRAY_SIZE(squeeze_steps); i++)
		squeeze_step(&sq, squeeze_steps[i]);
	tap_point(sq.done && sq.refused, "%u loads worked, %u failed with ENOMEM", sq.done,
		  sq.refused);
	for (i = 0; i < SQUEEZE_BYSTANDERS; i++)
		kill(sq.bystander[i], SIGKILL);
	return tap_finish();
}

static void __noreturn squeeze_churn_memory(unsigned int mib)
{
	u64 nr = mib * SZ_1M / sizeof(u64), i, round;
	u64 *mem = squeeze_take(nr * sizeof(u64));

	for (round = 1;; round++) {
		for (i = 0; i < nr; i += 64)
			mem[i] = i * round;
		for (i = 0; i < nr; i += 64)
			if (mem[i] != i * round)
				abort();
		madvise(mem + nr / 4, nr / 2 * sizeof(u64), MADV_DONTNEED);
	}
}

static void __noreturn squeeze_churn_files(unsigned int mib)
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

static int squeeze_stress(unsigned int mib)
{
	if (!squeeze_fork())
		squeeze_churn_memory(mib);
	if (!squeeze_fork())
		squeeze_churn_files(mib);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "short"))
		return squeeze_short(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "stress"))
		return squeeze_stress(strtoul(argv[2], NULL, 0));
	fputs("usage: kexec_squeeze short KERNEL INITRD | stress MIB\n", stderr);
	return 2;
}
