// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: stress_hotplug - loads and hotplug at the same time, at random
 *
 * stress_hotplug OPERATIONS ADDR KERNEL SEED [blocks]: one process loads, unloads, reads
 * the state and reboots without an image; another one plugs and unplugs memory above ADDR
 * (by the host, see qmp.py), and takes a CPU and, with "blocks", memory blocks
 * offline and online. OPERATIONS is their sum. SEED makes the operations repeatable,
 * apart from the races.
 *
 * Two more processes run in parallel to cause contention: one loads and unloads crash
 * images, in bursts without a pause between two calls, and one reads all files in sysfs.
 * The contention is counted: EBUSY because of the lock, and changes of memory or CPUs
 * that were left to the lock holder (kexec.deferred, which only our kernel has). None of
 * these is a failure.
 *
 * Not with lockdep: it takes the locks of a memory block's file in sysfs and those
 * of its removal for an inversion, which a try-lock in the former prevents.
 *
 * A single operation may fail because of the other process, but only with an errno that
 * the documentation has. No process may hang, the kernel may print no warning (the runner
 * checks this), and loading must work afterwards.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iomem.h"
#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define STRESS_HOT_MIB	1024	/* what the host can plug in */
#define STRESS_BLOCK_MIB	128
#define STRESS_ROOM		0x50000000UL	/* above initrd and device tree */
#define STRESS_KINDS		6
#define STRESS_BURST_MS	500	/* loads and unloads without a pause */
#define STRESS_REST_US	1000000	/* after a burst, at most */
#define STRESS_TRIES		20	/* of a load that finds the lock taken */
#define STRESS_OFFLINE_S	20	/* of a block, until a signal ends it */
#ifndef KEXEC_CRASH_HOTPLUG_SUPPORT
#define KEXEC_CRASH_HOTPLUG_SUPPORT	0x00000008
#endif

#define STRESS_DEFERRED	"/sys/module/kexec/parameters/deferred"

/**
 * struct stress_tally - what the two processes have seen, shared
 * @done: operations
 * @loads: loads that succeeded
 * @hammered: loads and unloads of the hammer
 * @read: rounds of the reader
 * @unread: times that the size of the reservation could not be read: EBUSY
 * @busy: EBUSY of a load, an unload or a reboot
 * @gone: loaded images that were discarded
 * @moved: memory blocks or CPUs that changed state
 * @bad: the first error that is none of those allowed
 * @bad_what: the operation
 */
struct stress_tally {
	unsigned int done;
	unsigned int loads;
	unsigned int hammered;
	unsigned int read;
	unsigned int unread;
	unsigned int busy;
	unsigned int gone;
	unsigned int moved;
	int bad;
	char bad_what[64];
};

struct stress {
	struct stress_tally *tally;
	u64 hot;
	u64 crash;
	const char *kernel;
	bool blocks;
	u64 random;
};

static u64 stress_below(struct stress *s, u64 limit)
{
	return util_random(&s->random, limit);
}

static void stress_count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Is @err, of @what, none of @allowed (which ends with 0)? */
static void stress_judge(struct stress *s, const char *what, int err, const int *allowed)
{
	if (err == EBUSY)
		stress_count(&s->tally->busy);
	for (; err && *allowed; allowed++)
		if (err == *allowed)
			return;
	if (!err || __atomic_exchange_n(&s->tally->bad, err, __ATOMIC_RELAXED))
		return;
	snprintf(s->tally->bad_what, sizeof(s->tally->bad_what), "%s", what);
}

/* The lock is taken most of the time, and yet a load has to get through now and then. */
static bool stress_insist(struct stress *s, int err, unsigned int *tries)
{
	if (err != EBUSY || ++*tries >= STRESS_TRIES)
		return false;
	stress_count(&s->tally->busy);
	usleep(stress_below(s, STRESS_REST_US / STRESS_TRIES));
	return true;
}

/* Not every kernel has each of these files: then 0. */
static long stress_get(const char *path)
{
	long value = 0;

	util_read_number(path, &value);
	return value;
}

static void stress_load_segment(struct stress *s)
{
	static const int allowed[] = { EBUSY, EADDRNOTAVAIL, ENOMEM, 0 };
	bool hot = stress_below(s, 2);
	struct kexec_segment seg = {
		.memsz = (1 + stress_below(s, 8)) * SZ_2M,
		.mem = (void *)((hot ? s->hot : STRESS_ROOM) +
				stress_below(s, 100) * SZ_2M),
	};
	unsigned int tries = 0;
	int err;

	do {
		err = kexec_call_load((u64)seg.mem, 1, &seg, 0);
	} while (stress_insist(s, err, &tries));
	stress_judge(s, "kexec_load", err, allowed);
	if (err)
		return;
	stress_count(&s->tally->loads);
	usleep(stress_below(s, 200000));
	if (!kexec_call_loaded())
		stress_count(&s->tally->gone);
}

static void stress_load_crash(struct stress *s)
{
	static const char cmdline[] = "console=ttyAMA0 nr_cpus=1";
	static const int allowed[] = { EBUSY, ENOMEM, 0 };
	int fd = open(s->kernel, O_RDONLY | O_CLOEXEC);
	unsigned int tries = 0;
	int err;

	do {
		err = kexec_call_file(fd, -1, cmdline, sizeof(cmdline),
				      KEXEC_FILE_ON_CRASH | KEXEC_FILE_NO_INITRAMFS);
	} while (stress_insist(s, err, &tries));
	close(fd);
	stress_judge(s, "kexec_file_load of a crash image", err, allowed);
	if (!err)
		stress_count(&s->tally->loads);
}

/* Only this process loads, so after an unload there is nothing to start. */
static void stress_start_nothing(struct stress *s)
{
	static const int allowed[] = { EBUSY, EINVAL, 0 };

	if (!kexec_call_load(0, 0, NULL, 0) && !kexec_call_loaded())
		stress_judge(s, "reboot", kexec_call_reboot(), allowed);
}

static void stress_one_load(struct stress *s)
{
	static const int allowed[] = { EBUSY, 0 };

	switch (stress_below(s, STRESS_KINDS)) {
	case 0:
		stress_load_crash(s);
		break;
	case 1:
		stress_judge(s, "unload", kexec_call_load(0, 0, NULL, 0), allowed);
		break;
	case 2:
		if (!stress_below(s, 3))
			stress_judge(s, "unload of a crash image",
				     kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH), allowed);
		break;
	case 3:
		stress_start_nothing(s);
		break;
	default:
		stress_load_segment(s);
		break;
	}
	stress_get("/sys/kernel/kexec_crash_loaded");
	stress_get("/sys/devices/system/memory/crash_hotplug");
}

static void stress_resize(struct stress *s)
{
	u64 mib = stress_below(s, STRESS_HOT_MIB / STRESS_BLOCK_MIB + 1) *
		  STRESS_BLOCK_MIB;
	char text[160];

	snprintf(text, sizeof(text),
		 "<5>KX: host qom-set path=/machine/peripheral/vmem property=requested-size value=%luM\n",
		 mib);
	util_write("/dev/kmsg", text);
	usleep(100000 + stress_below(s, 400000));
}

static void stress_interrupt(int nr)
{
	(void)nr;
}

/*
 * In the base a block may go offline for ever: virtio-mem unplugs it, and
 * alloc_contig_range(), refused because the block is isolated, undoes that isolation.
 * offline_pages() then tries again until there is a signal, and all others wait for
 * mem_hotplug_lock.
 */
static int stress_change(const char *path, const char *state)
{
	/* Without SA_RESTART. */
	const struct sigaction end = { .sa_handler = stress_interrupt };
	int err;

	sigaction(SIGALRM, &end, NULL);
	alarm(STRESS_OFFLINE_S);
	err = util_write(path, state);
	alarm(0);
	return err;
}

static void stress_block(struct stress *s)
{
	u64 nr = s->hot / (STRESS_BLOCK_MIB << 20) +
		 stress_below(s, STRESS_HOT_MIB / STRESS_BLOCK_MIB);
	char path[80];

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%lu/state", nr);
	/* It may not exist, be in that state already, or refuse. */
	if (!stress_change(path, stress_below(s, 2) ? "offline" : "online_movable"))
		stress_count(&s->tally->moved);
}

static void stress_one_move(struct stress *s)
{
	switch (stress_below(s, STRESS_KINDS)) {
	case 0:
		if (!util_write("/sys/devices/system/cpu/cpu1/online",
				stress_below(s, 2) ? "0" : "1"))
			stress_count(&s->tally->moved);
		break;
	case 1:
	case 2:
		stress_resize(s);
		break;
	default:
		if (s->blocks)
			stress_block(s);
		else
			stress_resize(s);
		break;
	}
}

/* An image whose ELF core header follows memory, small, so that it is loaded often. */
static int stress_load_header(struct stress *s)
{
	static unsigned long flags = KEXEC_ON_CRASH | KEXEC_CRASH_HOTPLUG_SUPPORT;
	static char header[SZ_64K] = ELFMAG;
	struct kexec_segment seg = {
		.buf = header,
		.bufsz = sizeof(header),
		.mem = (void *)s->crash,
		.memsz = sizeof(header),
	};
	int err = kexec_call_load(s->crash, 1, &seg, flags);

	/* Not every kernel knows that flag. */
	if (err != EINVAL || flags == KEXEC_ON_CRASH)
		return err;
	flags = KEXEC_ON_CRASH;
	return kexec_call_load(s->crash, 1, &seg, flags);
}

/* One burst; the image that it leaves follows memory until the next one. */
static void stress_hammer(struct stress *s)
{
	static const int allowed[] = { EBUSY, ENOMEM, 0 };
	u64 end = util_now_ms() + STRESS_BURST_MS;

	while (util_now_ms() < end) {
		if (stress_below(s, 4))
			stress_judge(s, "load by the hammer", stress_load_header(s), allowed);
		else
			stress_judge(s, "unload by the hammer",
				     kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH), allowed);
		stress_count(&s->tally->hammered);
	}
	usleep(stress_below(s, STRESS_REST_US));
}

static void stress_read(struct stress *s)
{
	static const int allowed[] = { 0 };
	char text[32];
	int fd = open("/sys/kernel/kexec_crash_size", O_RDONLY | O_CLOEXEC);
	int err = read(fd, text, sizeof(text)) < 0 ? errno : 0;

	close(fd);
	if (err == EBUSY)
		stress_count(&s->tally->unread);
	else
		stress_judge(s, "kexec_crash_size", err, allowed);
	stress_get("/sys/kernel/kexec_loaded");
	stress_get("/sys/kernel/crash_elfcorehdr_size");
	stress_get("/sys/devices/system/memory/crash_hotplug");
	stress_get("/sys/devices/system/cpu/crash_hotplug");
	stress_count(&s->tally->read);
	usleep(1000);
}

/* Goes on until it is killed. */
static pid_t stress_beside(struct stress *s, void (*one)(struct stress *s))
{
	pid_t pid = fork();

	while (!pid)
		one(s);
	return pid;
}

static pid_t stress_run(struct stress *s, unsigned int operations,
			void (*one)(struct stress *s))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (; operations; operations--) {
		one(s);
		stress_count(&s->tally->done);
	}
	_exit(0);
}

/* Loading works as before, and nothing is left. */
static bool stress_works(void)
{
	struct kexec_segment seg = {
		.memsz = SZ_2M,
		.mem = (void *)STRESS_ROOM,
	};
	bool good = !kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH) &&
		    !kexec_call_load((u64)seg.mem, 1, &seg, 0) && kexec_call_loaded();

	return good && !kexec_call_load(0, 0, NULL, 0) && !kexec_call_loaded() &&
	       !stress_get("/sys/kernel/kexec_crash_loaded");
}

static void stress_all(struct stress *s, unsigned int operations, u64 seed)
{
	pid_t beside[2], running[2];
	unsigned int i;

	s->random = seed * 2 + 0x20001;
	beside[0] = stress_beside(s, stress_hammer);
	beside[1] = stress_beside(s, stress_read);
	s->random = seed * 2 + 1;
	running[0] = stress_run(s, operations / 2, stress_one_load);
	s->random = seed * 2 + 0x10001;
	running[1] = stress_run(s, operations - operations / 2, stress_one_move);
	for (i = 0; i < ARRAY_SIZE(running); i++)
		waitpid(running[i], NULL, 0);
	for (i = 0; i < ARRAY_SIZE(beside); i++) {
		kill(beside[i], SIGKILL);
		waitpid(beside[i], NULL, 0);
	}
	util_write("/sys/devices/system/cpu/cpu1/online", "1");
}

/* Who never met another one has shown nothing. */
static void stress_judge_met(const struct stress *s)
{
	bool counted = !access(STRESS_DEFERRED, R_OK);
	int deferred = counted ? stress_get(STRESS_DEFERRED) : 0;

	tap_note("%u hammered, %u read, the size %u times not", s->tally->hammered,
		 s->tally->read, s->tally->unread);
	tap_point(s->tally->busy && (deferred || !counted),
		  "the lock was busy: %u times EBUSY, %d changes left to its holder%s",
		  s->tally->busy, deferred, counted ? "" : " (not counted)");
}

int main(int argc, char **argv)
{
	struct iomem_facts facts;
	struct stress s = { };
	unsigned int operations;
	u64 seed;

	if (argc < 5 || argc > 6)
		tap_bail("usage: stress_hotplug OPERATIONS ADDR KERNEL SEED [blocks]");
	operations = strtoul(argv[1], NULL, 0);
	s.hot = strtoul(argv[2], NULL, 0);
	s.kernel = argv[3];
	seed = strtoul(argv[4], NULL, 0);
	s.blocks = argc > 5;
	iomem_read(&facts);
	s.crash = facts.crash_start;
	if (!s.crash)
		tap_bail("no crash reservation");
	s.tally = mmap(NULL, sizeof(*s.tally), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.tally == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));

	tap_plan(4);
	tap_note("seed %lu", seed);
	stress_all(&s, operations, seed);
	tap_point(s.tally->done == operations && s.tally->loads && s.tally->moved,
		  "%u of %u operations: %u loads, %u discarded, %u moved",
		  s.tally->done, operations, s.tally->loads, s.tally->gone, s.tally->moved);
	stress_judge_met(&s);
	tap_point(!s.tally->bad, "no unexpected error (%s: %s)", s.tally->bad_what,
		  strerror(s.tally->bad));
	tap_point(stress_works(), "loading works as before");
	return tap_finish();
}
