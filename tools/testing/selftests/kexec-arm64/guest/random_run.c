// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Random operations, judged by a model
 *
 * The operations are calls of random_call.c, writes to kexec_crash_size and to the sysctls,
 * and reads of all files. The same seed makes the same operations.
 *
 * One caller: after each operation the result, the errors in the log (one line if a call
 * fails, else none), kexec_loaded, kexec_crash_loaded, the size of the reservation and the
 * sysctls must be those of the model.
 *
 * Several callers: a result may also be EBUSY if the model found it with the kexec lock, and
 * one that depends on the reservation may be that of another size. The limits of loads must
 * have counted each attempt. The callers continue until EBUSY was met.
 *
 * Then both images are unloaded, and free memory must be what it was. A part of the
 * operations is done before it is measured, which fills slabs and the quarantine of KASAN.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash_region.h"
#include "fixture.h"
#include "kexec_call.h"
#include "klog.h"
#include "random_call.h"
#include "random_run.h"
#include "tap.h"
#include "util.h"

#define RANDOM_RUN_POINTS	6
#define RANDOM_RUN_ERRNOS	256
#define RANDOM_RUN_LIMIT	10000000	/* of loads, far above all attempts */
#define RANDOM_RUN_LONGER	50	/* times as many operations, to meet EBUSY */
#define RANDOM_RUN_SIZE_MIN	32	/* MiB of the reservation, or 0 */
#define RANDOM_RUN_SIZE_MAX	160
#define RANDOM_RUN_SLACK	(32 * SZ_1M)	/* of free memory; KASAN keeps 1/32 of it */
#define RANDOM_RUN_SYSCTL	"/proc/sys/kernel/"

/**
 * struct random_run_tally - what all callers did
 * @calls: loads and unloads
 * @errnos: results of them
 * @attempts: those of each limit that it must have counted
 * @resized: changes of the reservation
 * @refused: changes that failed
 * @written: writes to sysctls
 * @read: reads of all files
 * @bad: operations with a wrong result
 */
struct random_run_tally {
	unsigned int calls;
	unsigned int errnos[RANDOM_RUN_ERRNOS];
	unsigned int attempts[2];
	unsigned int resized;
	unsigned int refused;
	unsigned int written;
	unsigned int read;
	unsigned int bad;
};

/**
 * struct random_run - state of a caller
 * @random: state of the generator
 * @tally: shared
 * @alone: there is no other caller
 * @limit: of normal and of crash loads
 * @verify: kexec_verify
 * @loaded: a normal, a crash image is loaded
 * @size: bytes of the reservation
 * @crash: its main region
 */
struct random_run {
	u64 random;
	struct random_run_tally *tally;
	bool alone;
	long limit[2];
	long verify;
	bool loaded[2];
	u64 size;
	struct random_call_region crash;
};

static const char *const random_run_limits[] = {
	RANDOM_RUN_SYSCTL "kexec_load_limit_reboot", RANDOM_RUN_SYSCTL "kexec_load_limit_panic",
};

static void random_run_count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void random_run_fault(struct random_run *r, const char *what, int err, int want)
{
	random_run_count(&r->tally->bad);
	tap_note("%s: %s, expected %s", what, util_errno_name(err), util_errno_name(want));
}

static long random_run_number(const char *path)
{
	long value = 0;
	int err = util_read_number(path, &value);

	if (err)
		tap_bail("%s: %s", path, strerror(err));
	return value;
}

static void random_run_find_region(struct random_run *r)
{
	struct crash_region_facts f = crash_region_read();

	r->size = f.size;
	r->crash = (struct random_call_region) { f.main_start, f.main_end };
}

/*
 * Another caller may hold the lock, or may have changed the reservation after the model
 * read it.
 */
static bool random_run_may_be(const struct random_run *r, const struct random_call *c,
			      const struct random_call_result *want, int err)
{
	if (err == want->err)
		return true;
	if (r->alone || !want->locked)
		return false;
	if (err == EBUSY)
		return true;
	if (want->unload || (c->by_file && !random_call_is_crash(c)))
		return false;
	return want->err == EADDRNOTAVAIL || err == EADDRNOTAVAIL || err == ENOMEM;
}

/* Messages about capabilities are rate limited. */
static bool random_run_log_fits(const struct random_call *c, int err)
{
	struct klog_catch log = { };

	if (!err)
		return true;
	klog_collect(&log);
	if (log.splats)
		tap_note("%s", log.splat);
	if (!log.splats && (c->no_cap ? log.errors <= 1 : log.errors == 1))
		return true;
	tap_note("%u lines: %s", log.errors, log.error);
	return false;
}

static void random_run_call(struct random_run *r)
{
	struct random_call_result want;
	struct random_call c;
	bool crash;
	int err;

	if (!r->alone)
		random_run_find_region(r);
	random_call_make(&c, &r->random, &r->crash);
	want = random_call_model(&c, &r->crash);
	crash = random_call_is_crash(&c);
	if (r->alone)
		klog_mark();
	err = random_call_run(&c);
	random_run_count(&r->tally->calls);
	random_run_count(&r->tally->errnos[err % RANDOM_RUN_ERRNOS]);
	if (!c.no_cap)
		random_run_count(&r->tally->attempts[crash]);
	if (!random_run_may_be(r, &c, &want, err) ||
	    (r->alone && !random_run_log_fits(&c, err))) {
		random_run_fault(r, "system call", err, want.err);
		random_call_note(&c);
	}
	r->limit[crash] -= !c.no_cap;
	if (!err)
		r->loaded[crash] = !want.unload;
}

static void random_run_resize(struct random_run *r)
{
	u64 wanted = 0, size;
	int err;

	if (util_random(&r->random, 5))
		wanted = RANDOM_RUN_SIZE_MIN + util_random(&r->random, RANDOM_RUN_SIZE_MAX -
							   RANDOM_RUN_SIZE_MIN);
	wanted *= SZ_1M;
	if (wanted && !util_random(&r->random, 3))
		wanted += util_random(&r->random, SZ_1M);
	err = crash_region_set(wanted);
	random_run_count(err ? &r->tally->refused : &r->tally->resized);
	if (!r->alone) {
		if (err && err != EBUSY && err != ENOENT && err != ENOMEM)
			random_run_fault(r, "kexec_crash_size", err, 0);
		return;
	}
	size = crash_region_model(r->size, wanted, r->loaded[1], err);
	random_run_find_region(r);
	if (size == r->size)
		return;
	tap_note("%lu bytes requested, %lu reserved, %lu expected", wanted, r->size, size);
	random_run_fault(r, "kexec_crash_size", err, 0);
}

static void random_run_write(struct random_run *r, const char *path, long value, int want)
{
	char text[24];
	int err;

	snprintf(text, sizeof(text), "%ld", value);
	err = util_write(path, text);
	random_run_count(&r->tally->written);
	if (err != want)
		random_run_fault(r, path, err, want);
}

/* With several callers only values that are refused, or that change no result. */
static void random_run_sysctl(struct random_run *r)
{
	long value = (long)util_random(&r->random, 6) - 1;
	bool crash = util_random(&r->random, 2);
	long *limit = &r->limit[crash];

	switch (util_random(&r->random, 3)) {
	case 0:
		random_run_write(r, RANDOM_RUN_SYSCTL "kexec_verify", value,
				 value < 0 || value > 3 ? EINVAL : 0);
		if (value >= 0 && value <= 3)
			r->verify = value;
		break;
	case 1:
		if (value == 1)
			value = 2;
		random_run_write(r, RANDOM_RUN_SYSCTL "kexec_load_disabled", value, EINVAL);
		break;
	default:
		value = r->alone ? *limit + 2 - value : RANDOM_RUN_LIMIT + value + 1;
		random_run_write(r, random_run_limits[crash], value, value >= *limit ? EINVAL : 0);
		if (value < *limit)
			*limit = value;
		break;
	}
}

static void random_run_read(struct random_run *r)
{
	static const char *const path[] = {
		"/sys/kernel/kexec/ready", "/sys/kernel/kexec/crash_ready",
		"/sys/kernel/crash_elfcorehdr_size", "/sys/kernel/kexec_loaded",
		"/sys/kernel/kexec_crash_loaded", "/sys/kernel/kexec_crash_size", "/proc/iomem",
		RANDOM_RUN_SYSCTL "kexec_load_limit_panic", RANDOM_RUN_SYSCTL "kexec_verify",
	};
	unsigned int i = util_random(&r->random, ARRAY_SIZE(path));
	char text[4096];
	int fd = open(path[i], O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
		random_run_fault(r, path[i], errno, 0);
	close(fd);
	random_run_count(&r->tally->read);
}

/* Does the kernel agree with the model? */
static bool random_run_agrees(const struct random_run *r)
{
	struct fixture_loaded now;
	long limit[2], verify;

	fixture_look(&now);
	limit[0] = random_run_number(random_run_limits[0]);
	limit[1] = random_run_number(random_run_limits[1]);
	verify = random_run_number(RANDOM_RUN_SYSCTL "kexec_verify");
	if (now.normal == r->loaded[0] && now.crash == r->loaded[1] && limit[0] == r->limit[0] &&
	    limit[1] == r->limit[1] && verify == r->verify)
		return true;
	tap_note("loaded %d %d, limits %ld %ld, verify %ld", now.normal, now.crash, limit[0],
		 limit[1], verify);
	tap_note("of the model: %d %d, %ld %ld, %ld", r->loaded[0], r->loaded[1], r->limit[0],
		 r->limit[1], r->verify);
	return false;
}

static void random_run_one(struct random_run *r)
{
	switch (util_random(&r->random, 16)) {
	case 0:
	case 1:
		random_run_resize(r);
		break;
	case 2:
		random_run_sysctl(r);
		break;
	case 3:
		random_run_read(r);
		break;
	default:
		random_run_call(r);
		break;
	}
}

/* Returns the number of operations before the first one with a wrong result. */
static unsigned int random_run_alone(struct random_run *r, unsigned int operations)
{
	unsigned int i;

	for (i = 0; i < operations; i++) {
		random_run_one(r);
		if (r->tally->bad || !random_run_agrees(r))
			break;
	}
	return i;
}

static void random_run_child(const struct random_run *from, unsigned int operations,
			     unsigned int nr)
{
	struct random_run r = *from;
	unsigned int i;

	r.random += 0x10000 * (nr + 1);
	r.alone = false;
	for (i = 0; i < operations * RANDOM_RUN_LONGER; i++) {
		if (i >= operations && __atomic_load_n(&r.tally->errnos[EBUSY], __ATOMIC_RELAXED))
			break;
		random_run_one(&r);
	}
	fflush(stdout);
	_exit(0);
}

/* Returns the number of callers that ended well. */
static unsigned int random_run_together(const struct random_run *r, unsigned int operations,
					unsigned int callers)
{
	unsigned int i, ended = 0;
	int status;

	for (i = 0; i < callers; i++)
		if (!util_fork())
			random_run_child(r, operations / callers, i);
	for (i = 0; i < callers; i++)
		ended += wait(&status) > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
	return ended;
}

static bool random_run_unload(struct random_run *r)
{
	bool good = !fixture_unload() && !kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH);

	r->limit[0]--;
	r->limit[1]--;
	r->loaded[0] = false;
	r->loaded[1] = false;
	return good;
}

/* Free memory, with that of the reservation, in bytes. */
static u64 random_run_free(struct random_run *r)
{
	if (!random_run_unload(r))
		tap_bail("cannot unload");
	sync();
	util_write("/proc/sys/vm/drop_caches", "3");
	return util_free_kib() * 1024 + random_run_number(CRASH_REGION_FILE);
}

static void random_run_start(struct random_run *r)
{
	unsigned int i;

	r->tally = mmap(NULL, sizeof(*r->tally), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->tally == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(random_run_limits); i++) {
		random_run_write(r, random_run_limits[i], RANDOM_RUN_LIMIT, 0);
		r->limit[i] = RANDOM_RUN_LIMIT;
	}
	r->alone = true;
	r->verify = random_run_number(RANDOM_RUN_SYSCTL "kexec_verify");
	random_run_find_region(r);
	random_call_init();
}

static void random_run_report(const struct random_run_tally *t)
{
	unsigned int err;

	for (err = 0; err < RANDOM_RUN_ERRNOS; err++)
		if (t->errnos[err])
			tap_note("%u calls: %s", t->errnos[err], util_errno_name(err));
	tap_note("%u changes of the reservation, %u refused, %u writes to sysctls, %u reads",
		 t->resized, t->refused, t->written, t->read);
}

/* Each errno that both system calls share, and each kind of operation. */
static bool random_run_met_all(const struct random_run_tally *t)
{
	static const int errnos[] = { 0, EPERM, EINVAL, EFAULT, EBADF, EADDRNOTAVAIL, ENOEXEC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errnos); i++)
		if (!t->errnos[errnos[i]])
			return false;
	return t->resized && t->refused && t->written && t->read;
}

static void random_run_judge_together(struct random_run *r, unsigned int operations,
				      unsigned int callers)
{
	struct random_run_tally *t = r->tally;
	unsigned int ended, before[2] = { t->attempts[0], t->attempts[1] };
	long verify;

	ended = random_run_together(r, operations, callers);
	tap_point(ended == callers && !t->bad && t->errnos[EBUSY],
		  "%u callers ended, %u wrong results, %u times EBUSY", ended, t->bad,
		  t->errnos[EBUSY]);
	r->limit[0] -= t->attempts[0] - before[0];
	r->limit[1] -= t->attempts[1] - before[1];
	/* The last writer is not known. */
	verify = random_run_number(RANDOM_RUN_SYSCTL "kexec_verify");
	r->verify = verify;
}

static void random_run_judge_limits(struct random_run *r)
{
	bool good = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(random_run_limits); i++)
		good &= !util_write(random_run_limits[i], "1");
	good &= random_run_unload(r) && !random_run_unload(r);
	good &= !util_write(RANDOM_RUN_SYSCTL "kexec_load_disabled", "1");
	tap_point(good && fixture_load_small(0) == EPERM &&
		  fixture_load_small(KEXEC_FILE_ON_CRASH) == EPERM, "limits end all loads");
}

/**
 * random_run() - make random operations; reports RANDOM_RUN_POINTS points
 * @how: "OPERATIONS:SEED:CALLERS"; half of the operations are those of one caller
 *
 * Uses up the limits of loads, which last until the next boot.
 */
void random_run(const char *how)
{
	unsigned int operations, callers, done;
	struct random_run r = { };
	u64 seed, free;
	s64 lost;

	if (sscanf(how, "%u:%lu:%u", &operations, &seed, &callers) != 3 || !callers)
		tap_bail("OPERATIONS:SEED:CALLERS, not %s", how);
	tap_plan(RANDOM_RUN_POINTS);
	random_run_start(&r);
	r.random = seed * 2 + 1;
	done = random_run_alone(&r, operations / 8);
	free = random_run_free(&r);
	done += random_run_alone(&r, operations / 2 - operations / 8);
	tap_point(done == operations / 2, "%u of %u operations with seed %lu", done,
		  operations / 2, seed);
	random_run_report(r.tally);
	tap_point(random_run_met_all(r.tally), "all kinds of results were met");
	random_run_judge_together(&r, operations - operations / 2, callers);
	random_run_report(r.tally);
	lost = free - random_run_free(&r);
	tap_point(random_run_agrees(&r), "nothing is loaded, and each attempt was counted");
	tap_point(lost < (s64)RANDOM_RUN_SLACK, "lost %ld kB", lost / 1024);
	random_run_judge_limits(&r);
}
