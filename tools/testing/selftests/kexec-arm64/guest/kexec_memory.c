// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: kexec_memory - where the memory of an image comes from
 *
 * kexec_memory zones KERNEL INITRD MIB
 *	Loads while a thread watches /proc/zoneinfo: no zone falls below its high
 *	watermark plus what it keeps for higher zones, and a zone below another one
 *	does not shrink while that one can spare the pages. With MIB, a process
 *	first leaves only so much of the highest zone.
 * kexec_memory swap KERNEL INITRD MIB
 *	Processes keep all but MIB of memory, which can be swapped; the load works and
 *	they find their memory as they left it.
 * kexec_memory tail ADDR BYTES
 *	Loads a segment of BYTES at ADDR with one byte of content, and again with a
 *	loader that is killed in the middle of clearing the rest.
 * kexec_memory crash-region
 *	Loads images that are not for a panic into the crash reservation, then
 *	shrinks it and loads one into the freed part.
 * kexec_memory into-crash KERNEL
 *	Loads KERNEL into the crash reservation, with this kernel's device tree and
 *	initrd, which must have been retained.
 * kexec_memory refuse ADDR...
 *	A segment at each ADDR must be refused with EADDRNOTAVAIL.
 * kexec_memory poison KERNEL INITRD
 *	Pages with memory errors where an image would go, and in a loaded image.
 * kexec_memory poison-crash KERNEL content|tail
 *	A page with a memory error in the KERNEL that is loaded for a panic, at the
 *	beginning of the crash reservation: in its content, or where it is cleared.
 * kexec_memory replace KERNEL INITRD MIB
 *	Loads for a panic, and again with only MIB of free memory.
 *
 * All print TAP, once for each case.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iomem.h"
#include "kexec_call.h"
#include "tap.h"
#include "util.h"
#include "zone.h"

#define MEMORY_PAGE	4096UL
#define MEMORY_SLACK	1024	/* pages: lists of CPUs, and what others allocate */
#define MEMORY_HARD_OFFLINE "/sys/devices/system/memory/hard_offline_page"
#define MEMORY_CRASH_SIZE "/sys/kernel/kexec_crash_size"
#define MEMORY_CMDLINE "console=ttyAMA0"

static int memory_load_at(u64 mem, u64 memsz, unsigned long flags)
{
	static char byte = 'x';
	struct kexec_segment seg = {
		.buf = &byte, .bufsz = 1, .mem = (void *)mem, .memsz = memsz,
	};

	return kexec_call_load(mem, 1, &seg, flags);
}

static void memory_write(const char *path, const char *text)
{
	int err = util_write(path, text);

	/* The error of a page that is in use is no error of this test. */
	if (err)
		tap_note("%s: %s", path, strerror(err));
}

/* A child that holds memory until the end of the program. */
static pid_t memory_eat(const struct zone_facts *until, unsigned int zone, u64 mib, u64 most)
{
	struct zone_facts now;
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		tap_bail("pipe: %s", strerror(errno));
	pid = util_fork();
	if (!pid) {
		for (; most; most--) {
			u64 *mem = mmap(NULL, SZ_1M, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			zone_read(&now);
			if (mem == MAP_FAILED ||
			    (until && now.zone[zone].free <= mib * SZ_1M / MEMORY_PAGE))
				break;
			for (u64 i = 0; i < SZ_1M / sizeof(u64); i++)
				mem[i] = i * most;
		}
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		tap_bail("the eater died");
	return pid;
}

static int memory_zones(const char *kernel, const char *initrd, u64 mib)
{
	struct zone_watch watch;
	struct zone_facts before;
	unsigned int i, top;
	pid_t eater = 0;
	int err;

	zone_read(&before);
	top = before.nr - 1;
	tap_plan(1 + 2 * before.nr);
	if (mib)
		eater = memory_eat(&before, top, mib, -1UL);
	zone_read(&before);
	zone_watch_begin(&watch);
	err = kexec_call_paths(kernel, initrd, MEMORY_CMDLINE, 0);
	zone_watch_end(&watch);
	tap_point(!err, "the load: %s", util_errno_name(err));
	for (i = 0; i < before.nr; i++) {
		const struct zone_state *z = &before.zone[i];
		s64 fall = (s64)(z->free - watch.least[i].free);
		s64 spare = zone_spare(&watch.least[i]);

		tap_note("%s: free %lu, at least %lu, mark %lu", z->name, z->free,
			 watch.least[i].free, z->mark);
		tap_point(spare >= -MEMORY_SLACK || spare >= zone_spare(z) - MEMORY_SLACK,
			  "%s: never more than %d pages below its mark (%ld)", z->name,
			  MEMORY_SLACK, spare);
		tap_point(i == top || mib || fall < 4 * MEMORY_SLACK,
			  "%s: fell by %ld pages", z->name, fall);
	}
	if (eater)
		util_end_child(eater);
	return tap_finish();
}

static void __noreturn memory_hold(u64 mib, int ready)
{
	u64 nr = mib * SZ_1M / sizeof(u64), i, pid = getpid();
	u64 *mem = mmap(NULL, mib * SZ_1M, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		_exit(1);
	for (i = 0; i < nr; i++)
		mem[i] = i * pid;
	if (write(ready, "", 1) != 1)
		_exit(1);
	/* Until the parent wants to know whether all of it is still there */
	raise(SIGSTOP);
	for (i = 0; i < nr; i++)
		if (mem[i] != i * pid)
			_exit(1);
	_exit(0);
}

static int memory_swap(const char *kernel, const char *initrd, u64 leave)
{
	int ready[2], status = 1, err;
	struct zone_facts now;
	u64 free = 0;
	pid_t pid;
	char c;

	tap_plan(2);
	zone_read(&now);
	for (unsigned int i = 0; i < now.nr; i++)
		free += now.zone[i].free * MEMORY_PAGE / SZ_1M;
	if (free < leave || pipe(ready))
		tap_bail("%lu MiB free", free);
	pid = util_fork();
	if (!pid)
		memory_hold(free - leave, ready[1]);
	if (read(ready[0], &c, 1) != 1)
		tap_bail("the holder died");
	err = kexec_call_paths(kernel, initrd, MEMORY_CMDLINE, 0);
	tap_point(!err, "%lu of %lu MiB left, the load: %s", leave, free, util_errno_name(err));
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	tap_point(WIFEXITED(status) && !WEXITSTATUS(status), "the holder has what it had");
	return tap_finish();
}

/* The time of a load in us, or -1. The image is unloaded again. */
static s64 memory_time_load(u64 mem, u64 memsz)
{
	s64 start = util_now_ns(), took;
	int err = memory_load_at(mem, memsz, 0);

	took = (util_now_ns() - start) / 1000;
	if (err) {
		tap_note("%lu bytes at %#lx: %s", memsz, mem, util_errno_name(err));
		return -1;
	}
	/* Digests are taken and the image is cleaned after the load. */
	sleep(took / 500000 + 1);
	if (kexec_call_load(0, 0, NULL, 0))
		tap_bail("cannot unload");
	return took;
}

/* Was a loader killed @us after its start, before it was done? */
static bool memory_kill_load(u64 mem, u64 memsz, s64 us)
{
	int status;
	pid_t pid = util_fork();

	if (!pid)
		_exit(memory_load_at(mem, memsz, 0) ? 1 : 0);
	usleep(us);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		kexec_call_load(0, 0, NULL, 0);
	return WIFSIGNALED(status);
}

static int memory_tail(u64 mem, u64 memsz)
{
	s64 first, second, us;
	bool killed = false;

	tap_plan(2);
	/* The second load is the faster one: free memory is in large blocks by then. */
	first = memory_time_load(mem, memsz);
	second = first < 0 ? -1 : memory_time_load(mem, memsz);
	tap_point(second >= 0, "one byte of content in %lu: %ld us, then %ld us", memsz, first,
		  second);
	/* Clearing comes last and takes most of the time. */
	for (us = second / 2; us > 1000 && !killed; us /= 2) {
		killed = memory_kill_load(mem, memsz, us);
		tap_note("after %ld us: %s", us, killed ? "killed" : "already done");
	}
	tap_point(killed, "killed in the middle");
	return tap_finish();
}

static int memory_crash_region(void)
{
	struct iomem_facts facts, less;
	u64 half;
	char text[32];
	int err;

	iomem_read(&facts);
	tap_plan(5);
	err = memory_load_at(facts.crash_start, MEMORY_PAGE, 0);
	tap_point(!err, "the first page of the crash reservation: %s", util_errno_name(err));
	err = memory_load_at(facts.crash_end - SZ_2M, SZ_2M, 0);
	tap_point(!err, "its last 2 MiB: %s", util_errno_name(err));
	err = memory_load_at(facts.crash_end - SZ_2M, 2 * SZ_2M, 0);
	tap_point(!err || err == EADDRNOTAVAIL, "over its end: %s", util_errno_name(err));
	half = (facts.crash_end - facts.crash_start) / 2 & -SZ_2M;
	snprintf(text, sizeof(text), "%lu", half);
	kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH);
	memory_write(MEMORY_CRASH_SIZE, text);
	iomem_read(&less);
	tap_point(less.crash_end - less.crash_start == half, "shrunk to %lu bytes",
		  less.crash_end - less.crash_start);
	err = memory_load_at(facts.crash_end - SZ_2M, SZ_2M, 0);
	tap_point(!err, "the freed part: %s", util_errno_name(err));
	return tap_finish();
}

static int memory_refuse(int nr, char **places)
{
	int err;

	tap_plan(nr);
	for (; nr; nr--, places++) {
		err = memory_load_at(strtoul(*places, NULL, 0), MEMORY_PAGE, 0);
		tap_point(err == EADDRNOTAVAIL, "a segment at %s: %s", *places,
			  util_errno_name(err));
	}
	return tap_finish();
}

/* The command line in @fdt becomes that of the next kernel, without a change of length. */
static void memory_next_cmdline(char *fdt, size_t len)
{
	char *boot = memmem(fdt, len, "kx.boot=1 kx.at=", 16), *at;
	FILE *steps = fopen("/case/steps", "re");
	unsigned int step = 1;
	char line[256];

	if (!boot || !steps)
		tap_bail("no command line of the runner");
	while (fgets(line, sizeof(line), steps) && strncmp(line, "leave ", 6))
		step++;
	fclose(steps);
	boot[8] = '2';
	at = boot + 16;
	if (step + 1 > 9 || at[1] != at[strspn(at, "0123456789")])
		tap_bail("step %u does not fit", step + 1);
	*at = '0' + step + 1;
}

static int memory_into_crash(const char *kernel)
{
	struct iomem_facts facts;
	struct kexec_segment seg[3];
	size_t image_len, fdt_len;
	char *image = util_read_file(kernel, &image_len);
	char *fdt = util_read_file("/sys/firmware/fdt", &fdt_len);
	u64 memsz, base, entry;
	/* ldr x0, 1f; ldr x4, 2f; br x4; nop; 1: device tree; 2: kernel */
	u32 code[8] = { 0x58000080, 0x580000a4, 0xd61f0080, 0xd503201f };
	int err;

	iomem_read(&facts);
	memory_next_cmdline(fdt, fdt_len);
	memcpy(&memsz, image + 16, sizeof(memsz));
	memsz = (memsz + MEMORY_PAGE - 1) & -MEMORY_PAGE;
	base = (facts.crash_start + SZ_2M - 1) & -SZ_2M;
	entry = base + ((memsz + SZ_2M - 1) & -SZ_2M) + SZ_2M;
	memcpy(&code[4], &(u64){ entry - SZ_2M }, sizeof(u64));
	memcpy(&code[6], &base, sizeof(u64));
	seg[0] = (struct kexec_segment){ image, image_len, (void *)base, memsz };
	seg[1] = (struct kexec_segment){ fdt, fdt_len, (void *)(entry - SZ_2M),
		(fdt_len + MEMORY_PAGE - 1) & -MEMORY_PAGE };
	seg[2] = (struct kexec_segment){ code, sizeof(code), (void *)entry, MEMORY_PAGE };
	err = kexec_call_load(entry, 3, seg, 0);
	tap_plan(1);
	tap_point(!err, "kernel, device tree and entry in the crash reservation: %s",
		  util_errno_name(err));
	return tap_finish();
}

static void memory_offline(u64 pa)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", pa);
	memory_write(MEMORY_HARD_OFFLINE, text);
}

/* Like the kernel, from the top of the largest hole down */
static void memory_poison_free(const struct iomem_facts *facts, const char *kernel,
			       const char *initrd)
{
	u64 bad;
	int err;

	for (bad = facts->hole_end - SZ_1M; bad > facts->hole_end - 8 * SZ_2M; bad -= SZ_2M)
		memory_offline(bad);
	bad += SZ_2M;
	err = memory_load_at(bad, MEMORY_PAGE, 0);
	tap_point(err == EADDRNOTAVAIL, "a segment over the error: %s", util_errno_name(err));
	err = memory_load_at(bad + MEMORY_PAGE, MEMORY_PAGE, 0);
	tap_point(!err, "one next to it: %s", util_errno_name(err));
	err = kexec_call_paths(kernel, initrd, MEMORY_CMDLINE, 0);
	tap_point(!err, "kernel and initrd elsewhere: %s", util_errno_name(err));
}

static int memory_poison(const char *kernel, const char *initrd)
{
	struct iomem_facts facts;
	u64 mem;
	int err;

	iomem_read(&facts);
	mem = facts.hole_start + (facts.hole_end - facts.hole_start) / 2 / SZ_2M * SZ_2M;
	tap_plan(5);
	memory_poison_free(&facts, kernel, initrd);
	err = memory_load_at(mem, 4 * MEMORY_PAGE, 0);
	tap_point(!err, "a load: %s", util_errno_name(err));
	memory_offline(mem);
	/* Starting it would end this system: the entry is no code. */
	err = kexec_call_reboot();
	tap_point(err == EUCLEAN, "reboot with an error in the image: %s", util_errno_name(err));
	return tap_finish();
}

static int memory_poison_crash(const char *kernel, const char *where)
{
	bool tail = !strcmp(where, "tail");
	struct iomem_facts facts;
	u64 memsz, offset = 0;
	size_t len;
	char *image = util_read_file(kernel, &len);

	iomem_read(&facts);
	memcpy(&memsz, image + 16, sizeof(memsz));
	free(image);
	if (tail)
		offset = (len + MEMORY_PAGE - 1) & -MEMORY_PAGE;
	memory_offline(facts.crash_start + offset);
	tap_plan(1);
	tap_point(!tail || offset + MEMORY_PAGE <= memsz, "error at %#lx of %#lx, file %#lx",
		  offset, memsz, len);
	return tap_finish();
}

static int memory_replace(const char *kernel, const char *initrd, u64 mib)
{
	struct zone_facts now;
	pid_t eater;
	int err;

	tap_plan(2);
	err = kexec_call_paths(kernel, initrd, MEMORY_CMDLINE, KEXEC_FILE_ON_CRASH);
	tap_point(!err, "the first load: %s", util_errno_name(err));
	zone_read(&now);
	eater = memory_eat(&now, now.nr - 1, mib, -1UL);
	err = kexec_call_paths(kernel, initrd, MEMORY_CMDLINE, KEXEC_FILE_ON_CRASH);
	tap_point(!err, "the second one with %lu MiB free: %s", mib, util_errno_name(err));
	util_end_child(eater);
	return tap_finish();
}

static int memory_numbers(int argc, char **argv)
{
	u64 a = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	u64 b = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;

	if (argc == 4 && !strcmp(argv[1], "tail"))
		return memory_tail(a, b);
	if (argc >= 3 && !strcmp(argv[1], "refuse"))
		return memory_refuse(argc - 2, argv + 2);
	if (argc == 2 && !strcmp(argv[1], "crash-region"))
		return memory_crash_region();
	fputs("usage: see the top of kexec_memory.c\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "zones"))
		return memory_zones(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	if (argc == 5 && !strcmp(argv[1], "swap"))
		return memory_swap(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	if (argc == 5 && !strcmp(argv[1], "replace"))
		return memory_replace(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "poison-crash"))
		return memory_poison_crash(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "into-crash"))
		return memory_into_crash(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "poison"))
		return memory_poison(argv[2], argv[3]);
	return memory_numbers(argc, argv);
}
