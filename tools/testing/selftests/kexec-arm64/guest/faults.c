// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Fault injection at each point of the system calls
 *
 * /proc/thread-self/fail-nth makes the N-th allocation or copy between the kernel and this
 * task fail (Documentation/fault-injection/fault-injection.rst). N counts up from 1 until
 * a call ends before its N-th point, so the points are found by running.
 *
 * A call with a fault succeeds, if the kernel has another way, or fails with an errno
 * and one line in the log. The image that was loaded before is still loaded, and the next
 * load works. Afterwards kmemleak must have found nothing.
 *
 * Then the number of pages that belong to no cache and no process must be the same, but
 * for FAULTS_SLACK: a kernel with KASAN was measured to gain or lose 1,900 of them. A
 * point that loses n pages in each round loses n times as many as there are rounds. Free
 * memory is no measure, as KASAN keeps freed objects.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults.h"
#include "fixture.h"
#include "kexec_call.h"
#include "klog.h"
#include "tap.h"
#include "util.h"

#define FAULTS_DEBUGFS		"/sys/kernel/debug"
#define FAULTS_KMEMLEAK		FAULTS_DEBUGFS "/kmemleak"
#define FAULTS_POINTS_MAX	4096
#define FAULTS_ERRNOS		256
#define FAULTS_NOTES		12
/* Objects younger than this are no leaks to kmemleak. */
#define FAULTS_KMEMLEAK_S	6
/* Pages without any flag in /proc/kpageflags: alloc_pages(), vmalloc(), stacks of tasks. */
#define FAULTS_KPAGEFLAGS	"/proc/kpageflags"
#define FAULTS_CHUNK		8192
#define FAULTS_LISTED		"              count:"
#define FAULTS_TRIES		30
#define FAULTS_SLACK		2048
/* Sections of a UKI. */
#define FAULTS_CMDLINE_AT	512
#define FAULTS_LINUX_AT		4096
#define FAULTS_IMAGE_HEAD	64

/**
 * struct faults_call - a system call under test
 * @name: for the results
 * @run: does it; returns 0 or an errno
 * @crash: it concerns the crash image
 * @want: its result without a fault
 * @least: number of points that it has at least
 */
struct faults_call {
	const char *name;
	int (*run)(void);
	bool crash;
	int want;
	unsigned int least;
};

/**
 * struct faults_found - what the points of a call did
 * @points: number of points
 * @errnos: failed calls, by their errno
 * @bad: points that did not behave
 */
struct faults_found {
	unsigned int points;
	unsigned int errnos[FAULTS_ERRNOS];
	unsigned int bad;
};

static int faults_nth_fd = -1;
static int faults_kernel_fd, faults_initrd_fd, faults_uki_fd;
static char *faults_buf;

static int faults_file(unsigned long flags)
{
	return kexec_call_file(faults_kernel_fd, faults_initrd_fd, FIXTURE_CMDLINE,
			       sizeof(FIXTURE_CMDLINE), flags);
}

static int faults_file_normal(void)
{
	return faults_file(0);
}

static int faults_file_crash(void)
{
	return faults_file(KEXEC_FILE_ON_CRASH);
}

/* With its own command line. */
static int faults_uki(void)
{
	return kexec_call_file(faults_uki_fd, faults_initrd_fd, "@0", sizeof("@0"), 0);
}

static int faults_segments(u64 start, unsigned long flags)
{
	struct kexec_segment seg[2] = {
		{ faults_buf, SZ_64K, (void *)start, SZ_64K },
		{ faults_buf, fixture.page, (void *)(start + SZ_2M), 2 * fixture.page },
	};

	return kexec_call_load(start, ARRAY_SIZE(seg), seg, flags | KEXEC_ARCH_AARCH64);
}

static int faults_segments_normal(void)
{
	return faults_segments(fixture.mem.hole_start, 0);
}

static int faults_segments_crash(void)
{
	return faults_segments(fixture.mem.crash_start, KEXEC_ON_CRASH);
}

static const struct faults_call faults_calls[] = {
	{ "kexec_file_load", faults_file_normal, false, 0, 20 },
	{ "kexec_file_load of a crash image", faults_file_crash, true, 0, 20 },
	{ "kexec_file_load of a UKI", faults_uki, false, 0, 22 },
	{ "kexec_load", faults_segments_normal, false, 0, 10 },
	{ "kexec_load of a crash image", faults_segments_crash, true, 0, 10 },
};

/* The machine has a CPU that its firmware cannot turn off, and the last check finds it. */
static const struct faults_call faults_reboot_call = {
	"reboot", kexec_call_reboot, false, EPERM, 0
};

static void faults_set(const char *name, const char *value)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), FAULTS_DEBUGFS "/%s", name);
	err = util_write(path, value);
	if (err)
		tap_bail("%s: %s", path, strerror(err));
}

/* Points are all allocations, those that may sleep as well. */
static void faults_configure(void)
{
	if (mount("debugfs", FAULTS_DEBUGFS, "debugfs", 0, NULL) && errno != EBUSY)
		tap_bail(FAULTS_DEBUGFS ": %s", strerror(errno));
	faults_set("failslab/ignore-gfp-wait", "N");
	faults_set("failslab/verbose", "0");
	faults_set("fail_page_alloc/ignore-gfp-wait", "N");
	faults_set("fail_page_alloc/ignore-gfp-highmem", "N");
	faults_set("fail_page_alloc/min-order", "0");
	faults_set("fail_page_alloc/verbose", "0");
	faults_set("fail_usercopy/verbose", "0");
	faults_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (faults_nth_fd < 0)
		tap_bail("/proc/thread-self/fail-nth: %s", strerror(errno));
}

static void faults_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(faults_nth_fd, text, len, 0) != len)
		tap_bail("fail-nth: %s", strerror(errno));
}

/* Has the fault happened? If not, it happens at the latest when it is asked for. */
static bool faults_disarm(void)
{
	char text[16] = "";
	bool happened = pread(faults_nth_fd, text, sizeof(text) - 1, 0) > 0 && text[0] == '0';

	while (pwrite(faults_nth_fd, "0", 1, 0) != 1)
		;
	return happened;
}

static void faults_note(struct faults_found *found, unsigned int nth, const char *what)
{
	if (found->bad++ < FAULTS_NOTES)
		tap_note("point %u: %s", nth, what);
}

static void faults_judge(struct faults_found *found, unsigned int nth, int err,
			 const struct klog_catch *log)
{
	struct fixture_loaded now;
	char text[400];

	fixture_look(&now);
	if (!now.normal || now.crash != fixture.crash)
		faults_note(found, nth, "what was loaded before is not loaded any more");
	if (log->splats)
		faults_note(found, nth, log->splat);
	if (log->errors == !!err)
		return;
	snprintf(text, sizeof(text), "%s, and %u messages: %s",
		 err ? strerrorname_np(err) : "success", log->errors, log->error);
	faults_note(found, nth, text);
}

/* Returns whether the call has such a point. */
static bool faults_point(const struct faults_call *call, unsigned int nth, bool look,
			 struct faults_found *found)
{
	struct klog_catch log = { .injected = true };
	bool happened;
	int err;

	if (look)
		klog_mark();
	faults_arm(nth);
	err = call->run();
	happened = faults_disarm();
	if (err > 0 && err < FAULTS_ERRNOS)
		found->errnos[err]++;
	if (!happened && err != call->want)
		faults_note(found, nth, "another result without a fault");
	if (!look)
		return happened;
	klog_collect(&log);
	faults_judge(found, nth, err, &log);
	if (err != call->want && call->run() != call->want)
		faults_note(found, nth, "the next call has another result");
	return happened;
}

static s64 faults_without_flag(void)
{
	static u64 flags[FAULTS_CHUNK];
	u64 pfn = fixture.mem.ram_start / fixture.page, end = fixture.mem.ram_end / fixture.page;
	int fd = util_open(FAULTS_KPAGEFLAGS);
	s64 pages = 0;
	ssize_t len, i;

	while (pfn < end) {
		len = pread(fd, flags, sizeof(flags), pfn * sizeof(u64));
		if (len <= 0)
			tap_bail(FAULTS_KPAGEFLAGS ": %s", strerror(errno));
		for (i = 0; i < len / (ssize_t)sizeof(u64) && pfn < end; i++, pfn++)
			pages += !flags[i];
	}
	close(fd);
	return pages;
}

/*
 * Address space of vmap() is released late, and KASAN has shadow pages for it until then.
 * A socket filter is made read-only, for which the kernel releases it at once.
 */
static void faults_purge(void)
{
	struct sock_filter insn = { .code = BPF_RET | BPF_K, .k = SZ_64K - 1 };
	struct sock_fprog filter = { .len = 1, .filter = &insn };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		tap_bail("socket filter: %s", strerror(errno));
	close(fd);
	sleep(1);
}

/*
 * Pages on the lists of CPUs are free, and have no flag either. The kernel empties these
 * lists in the background, so they are counted before and after.
 */
static s64 faults_pages(void)
{
	s64 listed = 0, again = -1, pages = 0;
	unsigned int i;

	for (i = 0; i < FAULTS_TRIES && listed != again; i++) {
		faults_purge();
		listed = util_sum_fields("/proc/zoneinfo", FAULTS_LISTED);
		pages = faults_without_flag();
		again = util_sum_fields("/proc/zoneinfo", FAULTS_LISTED);
	}
	return pages - again;
}

static void faults_each(const struct faults_call *call, bool look, struct faults_found *found)
{
	unsigned int nth = 1;

	while (nth < FAULTS_POINTS_MAX && faults_point(call, nth, look, found))
		nth++;
	found->points = nth - 1;
}

static void faults_report(const struct faults_call *call, const struct faults_found *found)
{
	unsigned int err;

	for (err = 1; err < FAULTS_ERRNOS; err++)
		if (found->errnos[err])
			tap_note("%s: %u times %s", call->name, found->errnos[err],
				 strerrorname_np(err));
	tap_note("%s: %u points", call->name, found->points);
}

static void faults_test(const struct faults_call *call, unsigned int rounds)
{
	struct faults_found found = { 0 }, again = { 0 };
	s64 before, lost;
	unsigned int i;

	faults_each(call, true, &found);
	faults_report(call, &found);
	tap_point(found.points >= call->least && found.points < FAULTS_POINTS_MAX - 1 && !found.bad,
		  "%s: %u points, %u misbehave", call->name, found.points, found.bad);
	if (!rounds)
		return;
	before = faults_pages();
	for (i = 0; i < rounds; i++)
		faults_each(call, false, &again);
	lost = faults_pages() - before;
	tap_point(!again.bad && lost <= FAULTS_SLACK, "%s: %lld pages lost in %u rounds",
		  call->name, (long long)lost, rounds);
}

static bool faults_kmemleak(void)
{
	char text[512];
	bool clean = true;
	FILE *f;
	int i;

	for (i = 0; i < 2; i++) {
		sleep(FAULTS_KMEMLEAK_S);
		/* It disables itself when it has no memory. */
		if (util_write(FAULTS_KMEMLEAK, "scan"))
			return false;
	}
	f = fopen(FAULTS_KMEMLEAK, "r");
	if (!f)
		tap_bail(FAULTS_KMEMLEAK ": %s", strerror(errno));
	for (i = 0; fgets(text, sizeof(text), f); i++) {
		text[strcspn(text, "\n")] = '\0';
		if (i < 4 * FAULTS_NOTES)
			tap_note("%s", text);
		clean = false;
	}
	fclose(f);
	return clean;
}

static void faults_put_section(unsigned char *entry, const char *name, u32 start, u32 size)
{
	memcpy(entry, name, strlen(name));
	memcpy(entry + 8, &size, sizeof(size));
	memcpy(entry + 16, &size, sizeof(size));
	memcpy(entry + 20, &start, sizeof(start));
}

/* PE format: "PE Header", "COFF File Header", "Section Table". */
static void faults_make_uki(const struct fixture_image *image)
{
	unsigned char head[FAULTS_LINUX_AT + FAULTS_IMAGE_HEAD] = "MZ";

	head[60] = 64;
	memcpy(head + 64, "PE\0", 4);
	head[64 + 6] = 2;
	faults_put_section(head + 88, ".linux", FAULTS_LINUX_AT, image->file_size);
	faults_put_section(head + 128, ".cmdline", FAULTS_CMDLINE_AT, 5);
	memcpy(head + FAULTS_CMDLINE_AT, "quiet", 5);
	if (pread(faults_kernel_fd, head + FAULTS_LINUX_AT, FAULTS_IMAGE_HEAD, 0) !=
	    FAULTS_IMAGE_HEAD)
		tap_bail("reading an Image: %s", strerror(errno));
	fixture_make_file("faults-uki", head, sizeof(head), FAULTS_LINUX_AT + image->file_size);
}

static void faults_prepare(void)
{
	struct fixture_image good = fixture_good_image();

	faults_configure();
	fixture_make_image("faults-kernel", &good);
	fixture_make_file("faults-initrd", "initrd", 6, 2 * SZ_64K);
	faults_kernel_fd = fixture_open("faults-kernel", O_RDONLY);
	faults_initrd_fd = fixture_open("faults-initrd", O_RDONLY);
	faults_make_uki(&good);
	faults_uki_fd = fixture_open("faults-uki", O_RDONLY);
	faults_buf = calloc(1, SZ_64K);
	if (!faults_buf)
		tap_bail("calloc");
	memset(faults_buf, 'x', SZ_64K);
	if (faults_file_normal() || (fixture.crash && faults_file_crash()))
		tap_bail("cannot load: %s", strerror(errno));
}

/**
 * faults_run() - let each point of each call fail
 * @rounds: how often it is repeated to find lost pages; 0 if they are not counted
 */
void faults_run(unsigned int rounds)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(faults_calls); i++)
		nr += fixture.crash || !faults_calls[i].crash;
	tap_plan((rounds ? 2 : 1) * nr + 2);
	faults_prepare();
	if (util_write(FAULTS_KMEMLEAK, "scan") || util_write(FAULTS_KMEMLEAK, "clear"))
		tap_bail("kmemleak is disabled");
	for (i = 0; i < ARRAY_SIZE(faults_calls); i++)
		if (fixture.crash || !faults_calls[i].crash)
			faults_test(&faults_calls[i], rounds);
	tap_point(faults_kmemleak(), "kmemleak found nothing");
	tap_point(!fixture_load_real(), "the real image can be loaded");
}

/**
 * faults_reboot() - let each point of a reboot fail that the last check refuses
 *
 * An image is loaded, and the machine is as @faults_reboot_call says.
 */
void faults_reboot(void)
{
	tap_plan(1);
	faults_configure();
	faults_test(&faults_reboot_call, 0);
}
