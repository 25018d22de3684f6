// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Concurrent loads, and loads that are killed
 *
 * Concurrent: several processes load the same 64 MiB over and over. While one
 * load holds the lock, every other one must come back with EBUSY at once, and
 * nothing else may go wrong. At least one EBUSY and one success must be seen,
 * else the test has not met the case.
 *
 * Killed: a child starts a load that takes long. The parent learns that it is
 * under way by asking for a load that has no kernel file: EBUSY says that the
 * lock is taken, EBADF that it is free. Then it sends SIGKILL. The child must
 * be gone soon, what was loaded before must still be loaded, exactly one error
 * line must say so, and the lock must be free.
 *
 * The data that a load takes costs no memory on our side: an anonymous mapping
 * that was never written, or a sparse file, gives zeroes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "kexec_call.h"
#include "klog.h"
#include "races.h"
#include "tap.h"
#include "util.h"

#define RACES_CHILDREN	4
#define RACES_LOADS	8
#define RACES_DEATH_MS	20000	/* limit from the signal to the end of the child */
#define RACES_TRIES	20	/* where a load is over before it is caught */
#define RACES_START_MS	20000	/* limit for a load to be seen under way */

/* Shared between the children. */
struct races_tally {
	int go;
	unsigned int done;
	unsigned int busy;
	unsigned int other;
	int other_errno;
};

static int races_load_segment(u64 size)
{
	struct kexec_segment seg = {
		.bufsz = size,
		.mem = (void *)fixture.mem.hole_start,
		.memsz = size,
	};
	void *zeroes = mmap(NULL, size, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err;

	if (zeroes == MAP_FAILED)
		return errno;
	seg.buf = zeroes;
	err = kexec_call_load(fixture.mem.hole_start, 1, &seg, 0);
	munmap(zeroes, size);
	return err;
}

/* The files are there already: races_make_files(). */
static int races_load_file(u64 size)
{
	int kernel_fd = fixture_open("small", O_RDONLY);
	int initrd_fd = fixture_open("large", O_RDONLY);

	(void)size;
	return kexec_call_file(kernel_fd, initrd_fd, FIXTURE_CMDLINE,
			       sizeof(FIXTURE_CMDLINE), 0);
}

static void races_make_files(u64 size)
{
	struct fixture_image good = fixture_good_image();

	fixture_make_image("small", &good);
	fixture_make_file("large", NULL, 0, size);
}

static void races_count(struct races_tally *tally, int err)
{
	if (!err)
		__atomic_add_fetch(&tally->done, 1, __ATOMIC_RELAXED);
	else if (err == EBUSY)
		__atomic_add_fetch(&tally->busy, 1, __ATOMIC_RELAXED);
	else if (__atomic_add_fetch(&tally->other, 1, __ATOMIC_RELAXED) == 1)
		tally->other_errno = err;
}

static void races_contend(struct races_tally *tally)
{
	pid_t pid[RACES_CHILDREN];
	unsigned int i, n;

	for (i = 0; i < RACES_CHILDREN; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			tap_bail("fork: %s", strerror(errno));
		if (pid[i])
			continue;
		while (!__atomic_load_n(&tally->go, __ATOMIC_ACQUIRE))
			usleep(100);
		for (n = 0; n < RACES_LOADS; n++)
			races_count(tally, i % 2 ? races_load_file(0) :
				    races_load_segment(64 * SZ_1M));
		_exit(0);
	}
	__atomic_store_n(&tally->go, 1, __ATOMIC_RELEASE);
	for (i = 0; i < RACES_CHILDREN; i++)
		waitpid(pid[i], NULL, 0);
}

static bool races_log_fits(const struct klog_catch *log, unsigned int failures)
{
	if (!fixture.kmsg)
		return true;
	if (log->splats)
		tap_note("%s", log->splat);
	if (log->errors)
		tap_note("%s", log->error);
	return !log->splats && log->errors == failures && log->key_errors == failures;
}

static void races_concurrent(bool loaded)
{
	struct klog_catch log = { .key = "another load, unload or kexec reboot is busy" };
	struct fixture_loaded now;
	struct races_tally *t;
	bool good;

	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	races_make_files(64 * SZ_1M);
	klog_mark();
	races_contend(t);
	klog_collect(&log);
	fixture_look(&now);
	good = t->done && t->busy && !t->other && now.normal &&
		t->done + t->busy == RACES_CHILDREN * RACES_LOADS &&
		races_log_fits(&log, t->busy);
	good &= fixture_restore(loaded);
	tap_point(good, "concurrent loads (%s): EBUSY and nothing else",
		  loaded ? "image loaded" : "nothing loaded");
	tap_note("%u loaded, %u EBUSY, %u other (errno %d); %u error lines, %u of them of EBUSY",
		 t->done, t->busy, t->other, t->other_errno, log.errors, log.key_errors);
	munmap(t, sizeof(*t));
}

/* True once the lock is seen taken; false when the child ends before that. */
static bool races_wait_start(pid_t pid)
{
	u64 end = util_now_ms() + RACES_START_MS;

	while (util_now_ms() < end) {
		if (kexec_call_file(FIXTURE_NO_FD, FIXTURE_NO_FD, NULL, 0,
				    KEXEC_FILE_NO_INITRAMFS) == EBUSY)
			return true;
		if (util_child_ended(pid))
			return false;
		usleep(1000);
	}
	return false;
}

/* Milliseconds the child took to die, or -1 if it was not the signal. */
static long races_kill(pid_t pid)
{
	u64 start = util_now_ms();
	int status = 0;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return -1;
	return util_now_ms() - start;
}

static u64 races_large_size(void)
{
	u64 hole = fixture.mem.hole_end - fixture.mem.hole_start;
	u64 third = (util_sum_fields("/proc/meminfo", "MemAvailable:") << 10) / 3;

	return (third < hole ? third : hole) & -(2 * SZ_1M);
}

/* One try; false when the load was over before it could be killed. */
static bool races_catch(int (*load)(u64 size), u64 size, bool *started, long *ms)
{
	pid_t pid;

	klog_mark();
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		_exit(load(size));
	*started = races_wait_start(pid);
	*ms = races_kill(pid);
	return *started && *ms >= 0;
}

static void races_killed(bool loaded, const char *name, int (*load)(u64 size))
{
	struct klog_catch log = { .key = "interrupted by a signal" };
	u64 size = races_large_size();
	struct fixture_loaded now;
	unsigned int tries = 0;
	bool started, good;
	long ms;

	races_make_files(size);
	/* A busy host may stop a CPU for as long as a load takes. */
	while (!races_catch(load, size, &started, &ms) && ++tries < RACES_TRIES)
		fixture_restore(loaded);
	fixture_look(&now);
	klog_collect(&log);
	good = started && ms >= 0 && ms < RACES_DEATH_MS && now.normal == loaded &&
		(!fixture.kmsg || (log.key_errors == 1 && !log.splats)) &&
		!fixture_load_small(0);
	good &= fixture_restore(loaded);
	tap_point(good, "SIGKILL during %s of %lu MiB (%s)", name,
		  (unsigned long)(size / SZ_1M),
		  loaded ? "image loaded" : "nothing loaded");
	tap_note("under way: %d; dead after %ld ms; kexec_loaded %d; %u lines about the signal",
		 started, ms, now.normal, log.key_errors);
}

/**
 * races_run() - report the RACES_POINTS points
 * @loaded: with a real image loaded before, as fixture_restore() leaves it
 */
void races_run(bool loaded)
{
	races_concurrent(loaded);
	races_killed(loaded, "kexec_load()", races_load_segment);
	races_killed(loaded, "kexec_file_load()", races_load_file);
}
