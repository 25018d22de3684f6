// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: hotstorm - loads and hotplug at the same time, at random
 *
 * hotstorm OPERATIONS ADDR KERNEL SEED [blocks]: one process loads, unloads, asks what is
 * loaded and tries to start nothing; another one plugs memory above ADDR in and
 * out (the host does it, see monitor.py), takes a CPU and, with "blocks", memory
 * blocks offline and online. Together they do so many operations. SEED 0 takes the
 * time of day.
 *
 * Two more see to it that they meet, for as long as the others run: a hammer loads
 * and unloads crash images, in bursts without a pause between two calls, and a reader
 * asks for all that there is in sysfs. What was met is counted: EBUSY because of the
 * lock, and changes of memory or CPUs that were left to the holder of the lock
 * (kexec.deferred, which only our kernel has). None of them is a failure.
 *
 * Not with lockdep: it takes the locks of a memory block's file in sysfs and those
 * of its removal for an inversion, which a try-lock in the former prevents.
 *
 * No outcome of a single operation is promised, because the other process may be
 * in the way, but each error must be one that the documentation names. What must
 * hold is that nothing hangs, that the kernel complains of nothing (the runner
 * looks for that), and that loading works afterwards as before.
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
#include <time.h>
#include <unistd.h>

#include "kexec_call.h"
#include "kit.h"
#include "rig.h"
#include "tap.h"

#define HOTSTORM_HOT_MIB	1024	/* what the host can plug in */
#define HOTSTORM_BLOCK_MIB	128
#define HOTSTORM_ROOM		0x50000000UL	/* above initrd and device tree */
#define HOTSTORM_KINDS		6
#define HOTSTORM_BURST_MS	500	/* loads and unloads without a pause */
#define HOTSTORM_REST_US	1000000	/* behind a burst, at most */
#define HOTSTORM_TRIES		20	/* of a load that finds the lock taken */
#ifndef KEXEC_CRASH_HOTPLUG_SUPPORT
#define KEXEC_CRASH_HOTPLUG_SUPPORT	0x00000008
#endif

#define HOTSTORM_DEFERRED	"/sys/module/kexec/parameters/deferred"

/**
 * struct hotstorm_tally - what the two processes have seen, shared
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
struct hotstorm_tally {
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

struct hotstorm {
	struct hotstorm_tally *tally;
	u64 hot;
	u64 crash;
	const char *kernel;
	bool blocks;
	u64 random;
};

static u64 hotstorm_below(struct hotstorm *s, u64 limit)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (s->random >> 11) % limit;
}

static void hotstorm_count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Is @err, of @what, none of @allowed (which ends with 0)? */
static void hotstorm_judge(struct hotstorm *s, const char *what, int err, const int *allowed)
{
	if (err == EBUSY)
		hotstorm_count(&s->tally->busy);
	for (; err && *allowed; allowed++)
		if (err == *allowed)
			return;
	if (!err || __atomic_exchange_n(&s->tally->bad, err, __ATOMIC_RELAXED))
		return;
	snprintf(s->tally->bad_what, sizeof(s->tally->bad_what), "%s", what);
}

/* The lock is taken most of the time, and yet a load has to get through now and then. */
static bool hotstorm_insist(struct hotstorm *s, int err, unsigned int *tries)
{
	if (err != EBUSY || ++*tries >= HOTSTORM_TRIES)
		return false;
	hotstorm_count(&s->tally->busy);
	usleep(hotstorm_below(s, HOTSTORM_REST_US / HOTSTORM_TRIES));
	return true;
}

static int hotstorm_get(const char *path)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atoi(text);
}

static bool hotstorm_loaded(void)
{
	return hotstorm_get("/sys/kernel/kexec_loaded");
}

static void hotstorm_load_segment(struct hotstorm *s)
{
	static const int allowed[] = { EBUSY, EADDRNOTAVAIL, ENOMEM, 0 };
	bool hot = hotstorm_below(s, 2);
	struct kexec_segment seg = {
		.memsz = (1 + hotstorm_below(s, 8)) * SZ_2M,
		.mem = (void *)((hot ? s->hot : HOTSTORM_ROOM) +
				hotstorm_below(s, 100) * SZ_2M),
	};
	unsigned int tries = 0;
	int err;

	do {
		err = kexec_call_load((u64)seg.mem, 1, &seg, 0);
	} while (hotstorm_insist(s, err, &tries));
	hotstorm_judge(s, "kexec_load", err, allowed);
	if (err)
		return;
	hotstorm_count(&s->tally->loads);
	usleep(hotstorm_below(s, 200000));
	if (!hotstorm_loaded())
		hotstorm_count(&s->tally->gone);
}

static void hotstorm_load_crash(struct hotstorm *s)
{
	static const char cmdline[] = "console=ttyAMA0 nr_cpus=1";
	static const int allowed[] = { EBUSY, ENOMEM, 0 };
	int fd = open(s->kernel, O_RDONLY | O_CLOEXEC);
	unsigned int tries = 0;
	int err;

	do {
		err = kexec_call_file(fd, -1, cmdline, sizeof(cmdline),
				      KEXEC_FILE_ON_CRASH | KEXEC_FILE_NO_INITRAMFS);
	} while (hotstorm_insist(s, err, &tries));
	close(fd);
	hotstorm_judge(s, "kexec_file_load of a crash image", err, allowed);
	if (!err)
		hotstorm_count(&s->tally->loads);
}

/* Only this process loads, so after an unload there is nothing to start. */
static void hotstorm_start_nothing(struct hotstorm *s)
{
	static const int allowed[] = { EBUSY, EINVAL, 0 };

	if (!kexec_call_load(0, 0, NULL, 0) && !hotstorm_loaded())
		hotstorm_judge(s, "reboot", kexec_call_reboot(), allowed);
}

static void hotstorm_one_load(struct hotstorm *s)
{
	static const int allowed[] = { EBUSY, 0 };

	switch (hotstorm_below(s, HOTSTORM_KINDS)) {
	case 0:
		hotstorm_load_crash(s);
		break;
	case 1:
		hotstorm_judge(s, "unload", kexec_call_load(0, 0, NULL, 0), allowed);
		break;
	case 2:
		if (!hotstorm_below(s, 3))
			hotstorm_judge(s, "unload of a crash image",
				       kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH), allowed);
		break;
	case 3:
		hotstorm_start_nothing(s);
		break;
	default:
		hotstorm_load_segment(s);
		break;
	}
	hotstorm_get("/sys/kernel/kexec_crash_loaded");
	hotstorm_get("/sys/devices/system/memory/crash_hotplug");
}

static void hotstorm_resize(struct hotstorm *s)
{
	u64 mib = hotstorm_below(s, HOTSTORM_HOT_MIB / HOTSTORM_BLOCK_MIB + 1) *
		  HOTSTORM_BLOCK_MIB;
	char text[160];

	snprintf(text, sizeof(text),
		 "<5>KX: host qom-set path=/machine/peripheral/vmem property=requested-size value=%luM\n",
		 mib);
	rig_write("/dev/kmsg", text);
	usleep(100000 + hotstorm_below(s, 400000));
}

static void hotstorm_block(struct hotstorm *s)
{
	u64 nr = s->hot / (HOTSTORM_BLOCK_MIB << 20) +
		 hotstorm_below(s, HOTSTORM_HOT_MIB / HOTSTORM_BLOCK_MIB);
	char path[80];

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%lu/state", nr);
	/* It may not exist, be in that state already, or refuse. */
	if (!rig_write(path, hotstorm_below(s, 2) ? "offline" : "online_movable"))
		hotstorm_count(&s->tally->moved);
}

static void hotstorm_one_move(struct hotstorm *s)
{
	switch (hotstorm_below(s, HOTSTORM_KINDS)) {
	case 0:
		if (!rig_write("/sys/devices/system/cpu/cpu1/online",
			       hotstorm_below(s, 2) ? "0" : "1"))
			hotstorm_count(&s->tally->moved);
		break;
	case 1:
	case 2:
		hotstorm_resize(s);
		break;
	default:
		if (s->blocks)
			hotstorm_block(s);
		else
			hotstorm_resize(s);
		break;
	}
}

static u64 hotstorm_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000UL + now.tv_nsec / 1000000;
}

/* An image whose ELF core header follows memory, small, so that it is loaded often. */
static int hotstorm_load_header(struct hotstorm *s)
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
static void hotstorm_hammer(struct hotstorm *s)
{
	static const int allowed[] = { EBUSY, ENOMEM, 0 };
	u64 end = hotstorm_now_ms() + HOTSTORM_BURST_MS;

	while (hotstorm_now_ms() < end) {
		if (hotstorm_below(s, 4))
			hotstorm_judge(s, "load by the hammer", hotstorm_load_header(s), allowed);
		else
			hotstorm_judge(s, "unload by the hammer",
				       kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH), allowed);
		hotstorm_count(&s->tally->hammered);
	}
	usleep(hotstorm_below(s, HOTSTORM_REST_US));
}

static void hotstorm_read(struct hotstorm *s)
{
	static const int allowed[] = { 0 };
	char text[32];
	int fd = open("/sys/kernel/kexec_crash_size", O_RDONLY | O_CLOEXEC);
	int err = read(fd, text, sizeof(text)) < 0 ? errno : 0;

	close(fd);
	if (err == EBUSY)
		hotstorm_count(&s->tally->unread);
	else
		hotstorm_judge(s, "kexec_crash_size", err, allowed);
	hotstorm_get("/sys/kernel/kexec_loaded");
	hotstorm_get("/sys/kernel/crash_elfcorehdr_size");
	hotstorm_get("/sys/devices/system/memory/crash_hotplug");
	hotstorm_get("/sys/devices/system/cpu/crash_hotplug");
	hotstorm_count(&s->tally->read);
	usleep(1000);
}

/* Goes on until it is killed. */
static pid_t hotstorm_beside(struct hotstorm *s, void (*one)(struct hotstorm *s))
{
	pid_t pid = fork();

	while (!pid)
		one(s);
	return pid;
}

static pid_t hotstorm_run(struct hotstorm *s, unsigned int operations,
			  void (*one)(struct hotstorm *s))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (; operations; operations--) {
		one(s);
		hotstorm_count(&s->tally->done);
	}
	_exit(0);
}

/* Loading works as before, and nothing is left. */
static bool hotstorm_works(void)
{
	struct kexec_segment seg = {
		.memsz = SZ_2M,
		.mem = (void *)HOTSTORM_ROOM,
	};
	bool good = !kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH) &&
		    !kexec_call_load((u64)seg.mem, 1, &seg, 0) && hotstorm_loaded();

	return good && !kexec_call_load(0, 0, NULL, 0) && !hotstorm_loaded() &&
	       !hotstorm_get("/sys/kernel/kexec_crash_loaded");
}

static void hotstorm_all(struct hotstorm *s, unsigned int operations, u64 seed)
{
	pid_t beside[2], running[2];
	unsigned int i;

	s->random = seed * 2 + 0x20001;
	beside[0] = hotstorm_beside(s, hotstorm_hammer);
	beside[1] = hotstorm_beside(s, hotstorm_read);
	s->random = seed * 2 + 1;
	running[0] = hotstorm_run(s, operations / 2, hotstorm_one_load);
	s->random = seed * 2 + 0x10001;
	running[1] = hotstorm_run(s, operations - operations / 2, hotstorm_one_move);
	for (i = 0; i < ARRAY_SIZE(running); i++)
		waitpid(running[i], NULL, 0);
	for (i = 0; i < ARRAY_SIZE(beside); i++) {
		kill(beside[i], SIGKILL);
		waitpid(beside[i], NULL, 0);
	}
	rig_write("/sys/devices/system/cpu/cpu1/online", "1");
}

/* Who never met another one has shown nothing. */
static void hotstorm_judge_met(const struct hotstorm *s)
{
	bool counted = !access(HOTSTORM_DEFERRED, R_OK);
	int deferred = counted ? hotstorm_get(HOTSTORM_DEFERRED) : 0;

	tap_note("%u hammered, %u read, the size %u times not", s->tally->hammered,
		 s->tally->read, s->tally->unread);
	tap_point(s->tally->busy && (deferred || !counted),
		  "the lock was busy: %u times EBUSY, %d changes left to its holder%s",
		  s->tally->busy, deferred, counted ? "" : " (not counted)");
}

/* Where the crash reservation begins. */
static u64 hotstorm_find_crash(void)
{
	FILE *f = fopen("/proc/iomem", "r");
	char line[128];
	u64 at = 0;

	while (f && !at && fgets(line, sizeof(line), f))
		if (strstr(line, "Crash kernel"))
			at = strtoul(line, NULL, 16);
	if (f)
		fclose(f);
	if (!at)
		tap_bail("no crash reservation");
	return at;
}

int main(int argc, char **argv)
{
	struct hotstorm s = { };
	unsigned int operations;
	u64 seed;

	if (argc < 5 || argc > 6)
		tap_bail("usage: hotstorm OPERATIONS ADDR KERNEL SEED [blocks]");
	operations = strtoul(argv[1], NULL, 0);
	s.hot = strtoul(argv[2], NULL, 0);
	s.kernel = argv[3];
	seed = strtoul(argv[4], NULL, 0) ?: (u64)time(NULL);
	s.blocks = argc > 5;
	s.crash = hotstorm_find_crash();
	s.tally = mmap(NULL, sizeof(*s.tally), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.tally == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));

	tap_plan(4);
	tap_note("seed %lu", seed);
	hotstorm_all(&s, operations, seed);
	tap_point(s.tally->done == operations && s.tally->loads && s.tally->moved,
		  "%u of %u operations: %u loads, %u discarded, %u moved",
		  s.tally->done, operations, s.tally->loads, s.tally->gone, s.tally->moved);
	hotstorm_judge_met(&s);
	tap_point(!s.tally->bad, "no unexpected error (%s: %s)", s.tally->bad_what,
		  strerror(s.tally->bad));
	tap_point(hotstorm_works(), "loading works as before");
	return tap_finish();
}
