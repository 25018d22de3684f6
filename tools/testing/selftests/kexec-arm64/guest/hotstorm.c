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
 * Not with lockdep: it takes the locks of a memory block's file in sysfs and those
 * of its removal for an inversion, which a try-lock in the former prevents.
 *
 * No outcome of a single operation is promised, because the other process may be
 * in the way, but each error must be one that the documentation names. What must
 * hold is that nothing hangs, that the kernel complains of nothing (the runner
 * looks for that), and that loading works afterwards as before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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
#define HOTSTORM_BASE		0x40000000UL
#define HOTSTORM_KINDS		6

/**
 * struct hotstorm_tally - what the two processes have seen, shared
 * @done: operations
 * @loads: loads that succeeded
 * @busy: EBUSY
 * @gone: loaded images that were discarded
 * @moved: memory blocks or CPUs that changed state
 * @bad: the first error that is none of those allowed
 * @bad_what: the operation
 */
struct hotstorm_tally {
	unsigned int done;
	unsigned int loads;
	unsigned int busy;
	unsigned int gone;
	unsigned int moved;
	int bad;
	char bad_what[64];
};

struct hotstorm {
	struct hotstorm_tally *tally;
	u64 hot;
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
		.mem = (void *)((hot ? s->hot : HOTSTORM_BASE + 0x8000000) +
				hotstorm_below(s, 100) * SZ_2M),
	};
	int err = kexec_call_load((u64)seg.mem, 1, &seg, 0);

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
	int err = kexec_call_file(fd, -1, cmdline, sizeof(cmdline),
				  KEXEC_FILE_ON_CRASH | KEXEC_FILE_NO_INITRAMFS);

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
	case 3:
		rig_write("/proc/sys/kernel/kexec_refuse_offline",
			  hotstorm_below(s, 2) ? "0" : "1");
		break;
	default:
		if (s->blocks)
			hotstorm_block(s);
		else
			hotstorm_resize(s);
		break;
	}
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
static bool hotstorm_works(struct hotstorm *s)
{
	struct kexec_segment seg = {
		.memsz = SZ_2M,
		.mem = (void *)(HOTSTORM_BASE + 0x8000000),
	};
	bool good = !kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH) &&
		    !kexec_call_load((u64)seg.mem, 1, &seg, 0) && hotstorm_loaded();

	(void)s;
	return good && !kexec_call_load(0, 0, NULL, 0) && !hotstorm_loaded() &&
	       !hotstorm_get("/sys/kernel/kexec_crash_loaded");
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
	s.tally = mmap(NULL, sizeof(*s.tally), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.tally == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));

	tap_plan(3);
	tap_note("seed %lu", seed);
	s.random = seed * 2 + 1;
	hotstorm_run(&s, operations / 2, hotstorm_one_load);
	s.random = seed * 2 + 0x10001;
	hotstorm_run(&s, operations - operations / 2, hotstorm_one_move);
	while (wait(NULL) > 0)
		;
	rig_write("/sys/devices/system/cpu/cpu1/online", "1");

	tap_point(s.tally->done == operations && s.tally->loads && s.tally->moved,
		  "%u of %u operations: %u loads, %u times busy, %u discarded, %u moved",
		  s.tally->done, operations, s.tally->loads, s.tally->busy, s.tally->gone,
		  s.tally->moved);
	tap_point(!s.tally->bad, "no unexpected error (%s: %s)", s.tally->bad_what,
		  strerror(s.tally->bad));
	tap_point(hotstorm_works(&s), "loading works as before");
	return tap_finish();
}
