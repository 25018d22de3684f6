// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: load_busy - what other tasks do is no reason for a load to fail
 *
 * load_busy CYCLES READERS: so many processes read the size of the crash reservation in a
 * loop, another one takes CPU 1 offline and online so many times, which checks the
 * loaded image each time. Meanwhile this one alone loads, unloads, asks for a reboot of
 * an empty slot and for a larger reservation (the quickest call that acquires the kexec
 * lock): none of that may fail with EBUSY, and no read may fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define LOAD_BUSY_CPU		"/sys/devices/system/cpu/cpu1/online"
#define LOAD_BUSY_SIZE		"/sys/kernel/kexec_crash_size"
#define LOAD_BUSY_DST		0x50000000UL
#define LOAD_BUSY_SEGMENTS	16	/* as many as there can be: checking them takes longer */
#define LOAD_BUSY_READERS	4
#define LOAD_BUSY_RESIZES	1000

/**
 * struct load_busy - what was done and what failed, shared
 * @cycles: times that the CPU went offline and came online
 * @reads: of the size, approximately
 * @unread: reads that failed, approximately
 * @calls: loads, unloads, reboots and resizes
 * @busy: of these, with EBUSY
 * @bad: of these, with another error than the one expected
 */
struct load_busy {
	unsigned int cycles;
	unsigned int reads;
	unsigned int unread;
	unsigned int calls;
	unsigned int busy;
	unsigned int bad;
};

static void load_busy_read(struct load_busy *b)
{
	char text[32];
	int fd;

	for (;;) {
		fd = open(LOAD_BUSY_SIZE, O_RDONLY | O_CLOEXEC);
		b->unread += read(fd, text, sizeof(text)) <= 0;
		b->reads++;
		close(fd);
	}
}

static void load_busy_cycle(struct load_busy *b, unsigned int cycles)
{
	while (b->cycles < cycles) {
		if (util_write(LOAD_BUSY_CPU, "0") || util_write(LOAD_BUSY_CPU, "1"))
			_exit(1);
		b->cycles++;
	}
	_exit(0);
}

static void load_busy_judge(struct load_busy *b, int err, int expected)
{
	b->calls++;
	b->busy += err == EBUSY;
	b->bad += err != EBUSY && err != expected;
}

static void load_busy_call(struct load_busy *b)
{
	struct kexec_segment seg[LOAD_BUSY_SEGMENTS] = { };
	unsigned int i;

	for (i = 0; i < LOAD_BUSY_SEGMENTS; i++) {
		seg[i].mem = (void *)(LOAD_BUSY_DST + i * SZ_2M);
		seg[i].memsz = SZ_64K;
	}
	/* Twice: the second one replaces an image. */
	load_busy_judge(b, kexec_call_load(LOAD_BUSY_DST, LOAD_BUSY_SEGMENTS, seg, 0), 0);
	load_busy_judge(b, kexec_call_load(LOAD_BUSY_DST, LOAD_BUSY_SEGMENTS, seg, 0), 0);
	for (i = 0; i < LOAD_BUSY_RESIZES; i++)
		load_busy_judge(b, util_write(LOAD_BUSY_SIZE, "0x7fffffff00000000"), EINVAL);
	load_busy_judge(b, kexec_call_load(0, 0, NULL, 0), 0);
	load_busy_judge(b, kexec_call_reboot(), EINVAL);
}

static void load_busy_run(struct load_busy *b, unsigned int cycles, unsigned int nr_readers)
{
	pid_t reader[LOAD_BUSY_READERS], cycler;
	unsigned int i;

	for (i = 0; i < nr_readers; i++) {
		reader[i] = fork();
		if (!reader[i])
			load_busy_read(b);
	}
	cycler = fork();
	if (!cycler)
		load_busy_cycle(b, cycles);
	while (!waitpid(cycler, NULL, WNOHANG))
		load_busy_call(b);
	for (i = 0; i < nr_readers; i++) {
		kill(reader[i], SIGKILL);
		waitpid(reader[i], NULL, 0);
	}
}

int main(int argc, char **argv)
{
	unsigned int cycles = argc == 3 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned int readers = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	struct load_busy *b;

	b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!cycles || readers > LOAD_BUSY_READERS || b == MAP_FAILED)
		tap_bail("usage: load_busy CYCLES READERS");
	load_busy_run(b, cycles, readers);

	tap_plan(4);
	tap_point(b->cycles == cycles, "CPU 1 came online %u of %u times", b->cycles, cycles);
	tap_point(!readers || (b->reads && !b->unread), "%u of %u reads of the size failed",
		  b->unread, b->reads);
	tap_point(b->calls && !b->busy, "%u of %u calls failed with EBUSY", b->busy, b->calls);
	tap_point(!b->bad, "%u calls failed with another error", b->bad);
	return tap_finish();
}
