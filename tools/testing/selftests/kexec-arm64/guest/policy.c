// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Forbidden loads
 *
 * The rules of admin-guide/sysctl/kernel.rst, as the 6.12 kernel keeps them:
 *
 * - kexec_load_limit_reboot and kexec_load_limit_panic begin at -1, which is no
 *   limit. Once set, a limit can only be lowered; a negative number is refused.
 *   Each call of either system call with CAP_SYS_BOOT counts down the limit of
 *   its kind, whether it works or not, an unload too. At 0 it gets EPERM.
 * - kexec_load_disabled goes from 0 to 1, once. From then on all calls get
 *   EPERM. A loaded image stays and can be started.
 * - lockdown=integrity: kexec_load() gets EPERM for everything, and
 *   kexec_file_load() for an Image without a valid signature.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "bad_cases.h"
#include "fixture.h"
#include "kexec_call.h"
#include "klog.h"
#include "policy.h"
#include "tap.h"
#include "util.h"

#define POLICY_DISABLED	"/proc/sys/kernel/kexec_load_disabled"
#define POLICY_REBOOT	"/proc/sys/kernel/kexec_load_limit_reboot"
#define POLICY_PANIC	"/proc/sys/kernel/kexec_load_limit_panic"
#define POLICY_LOCKDOWN	"/sys/kernel/security/lockdown"

/**
 * struct policy_step - write a sysctl or make a call, then look at the sysctl
 * @name: what the call shows, or NULL without one
 * @path: sysctl to write and to read afterwards
 * @write: text to write, or NULL
 * @call: call to make, or NULL
 * @want: errno of either
 * @key: words for the log line of a failed call
 * @value: the sysctl afterwards
 * @loaded: kexec_loaded afterwards
 */
struct policy_step {
	const char *name;
	const char *path;
	const char *write;
	int (*call)(void);
	int want;
	const char *key;
	long value;
	bool loaded;
};

static int policy_load_small(void)
{
	return fixture_load_small(0);
}

static int policy_load_bad_fd(void)
{
	return kexec_call_file(FIXTURE_NO_FD, FIXTURE_NO_FD, NULL, 0, KEXEC_FILE_NO_INITRAMFS);
}

static int policy_load_segment(void)
{
	static char byte[1];
	struct kexec_segment seg = {
		.buf = byte,
		.bufsz = sizeof(byte),
		.mem = (void *)fixture.mem.hole_start,
		.memsz = fixture.page,
	};

	return kexec_call_load(fixture.mem.hole_start, 1, &seg, 0);
}

static int policy_unload_segments(void)
{
	return kexec_call_load(0, 0, NULL, 0);
}

static int policy_load_crash(void)
{
	return fixture_load_small(KEXEC_FILE_ON_CRASH);
}

static int policy_unload_unprivileged(void)
{
	return bad_cases_unprivileged(fixture_unload);
}

#define SET(_path, _text, _want, _value, _loaded) \
	{ .path = _path, .write = _text, \
	  .want = _want, .value = _value, .loaded = _loaded }
#define CALL(_path, _name, _call, _want, _key, _value, _loaded) \
	{ .name = _name, .path = _path, .call = _call, .want = _want, \
	  .key = _key, .value = _value, .loaded = _loaded }
#define LOOK(_path, _value, _loaded) \
	{ .path = _path, .value = _value, .loaded = _loaded }

static const struct policy_step policy_steps[] = {
	LOOK(POLICY_DISABLED, 0, false),
	LOOK(POLICY_REBOOT, -1, false),
	LOOK(POLICY_PANIC, -1, false),

	SET(POLICY_REBOOT, "-1", EINVAL, -1, false),
	SET(POLICY_REBOOT, "-5", EINVAL, -1, false),
	SET(POLICY_REBOOT, "many", EINVAL, -1, false),
	SET(POLICY_REBOOT, "9", 0, 9, false),
	SET(POLICY_REBOOT, "10", EINVAL, 9, false),
	SET(POLICY_REBOOT, "9", EINVAL, 9, false),
	SET(POLICY_REBOOT, "-1", EINVAL, 9, false),
	SET(POLICY_REBOOT, "5", 0, 5, false),
	CALL(POLICY_REBOOT, "a failed load counts", policy_load_bad_fd, EBADF,
	     "file descriptor -1 is not open", 4, false),
	CALL(POLICY_REBOOT, "a load counts", policy_load_small, 0, NULL, 3, true),
	CALL(POLICY_REBOOT, "an unload without privileges does not count",
	     policy_unload_unprivileged,
	     EPERM, "has no capability CAP_SYS_BOOT", 3, true),
	CALL(POLICY_REBOOT, "an unload counts", fixture_unload, 0, NULL, 2, false),
	CALL(POLICY_REBOOT, "a load by segments counts", policy_load_segment, 0,
	     NULL, 1, true),
	CALL(POLICY_REBOOT, "the last one", policy_load_small, 0, NULL, 0, true),
	CALL(POLICY_REBOOT, "limit reached: file load", policy_load_small, EPERM,
	     "limit kernel.kexec_load_limit_reboot is used up", 0, true),
	CALL(POLICY_REBOOT, "limit reached: load", policy_load_segment, EPERM,
	     "limit kernel.kexec_load_limit_reboot is used up", 0, true),
	CALL(POLICY_REBOOT, "limit reached: unload", fixture_unload, EPERM,
	     "limit kernel.kexec_load_limit_reboot is used up", 0, true),
	SET(POLICY_REBOOT, "0", EINVAL, 0, true),
	SET(POLICY_REBOOT, "1", EINVAL, 0, true),

	LOOK(POLICY_PANIC, -1, true),
	SET(POLICY_PANIC, "-2", EINVAL, -1, true),
	SET(POLICY_PANIC, "1", 0, 1, true),
	CALL(POLICY_PANIC, "a failed crash load counts", policy_load_crash,
	     EADDRNOTAVAIL, "boot with a larger crashkernel=", 0, true),
	CALL(POLICY_PANIC, "limit reached: crash load", policy_load_crash, EPERM,
	     "limit kernel.kexec_load_limit_panic is used up", 0, true),

	SET(POLICY_DISABLED, "0", EINVAL, 0, true),
	SET(POLICY_DISABLED, "2", EINVAL, 0, true),
	SET(POLICY_DISABLED, "-1", EINVAL, 0, true),
	SET(POLICY_DISABLED, "1", 0, 1, true),
	SET(POLICY_DISABLED, "0", EINVAL, 1, true),
	CALL(POLICY_DISABLED, "disabled: file load", policy_load_small, EPERM,
	     "kernel.kexec_load_disabled is 1", 1, true),
	CALL(POLICY_DISABLED, "disabled: load", policy_load_segment, EPERM,
	     "kernel.kexec_load_disabled is 1", 1, true),
	CALL(POLICY_DISABLED, "disabled: crash load", policy_load_crash, EPERM,
	     "kernel.kexec_load_disabled is 1", 1, true),
	CALL(POLICY_DISABLED, "disabled: unload", policy_unload_segments, EPERM,
	     "kernel.kexec_load_disabled is 1", 1, true),
};

static bool policy_log_fits(const struct policy_step *step, const struct klog_catch *log)
{
	if (!fixture.kmsg)
		return true;
	if (!step->call || !step->want)
		return !log->errors;
	return log->errors == 1 && log->key_errors == 1;
}

static const char *policy_name(const struct policy_step *step)
{
	static char text[96];

	if (step->name)
		return step->name;
	snprintf(text, sizeof(text), step->write ? "%s: write %s" : "%s: read",
		 step->path, step->write);
	return text;
}

static void policy_take(const struct policy_step *step)
{
	struct klog_catch log = { .key = step->key };
	struct fixture_loaded now;
	long value = -99;
	int err = 0;

	klog_mark();
	if (step->write)
		err = util_write(step->path, step->write);
	if (step->call)
		err = step->call();
	klog_collect(&log);
	fixture_look(&now);
	util_read_number(step->path, &value);
	tap_point(err == step->want && value == step->value &&
		  now.normal == step->loaded && policy_log_fits(step, &log),
		  "%s: %s", policy_name(step), strerrorname_np(err) ?: "?");
	tap_note("want %s; %s is %ld, want %ld; kexec_loaded %d, want %d; %u error lines",
		 strerrorname_np(step->want), step->path, value, step->value,
		 now.normal, step->loaded, log.errors);
	if (log.errors)
		tap_note("%s", log.error);
}

/**
 * policy_sysctl() - go through policy_steps[], one point each
 *
 * What it does cannot be undone before the next boot.
 */
void policy_sysctl(void)
{
	const unsigned int nr = ARRAY_SIZE(policy_steps);
	unsigned int i;

	if (fixture.crash)
		tap_bail("this mode wants a kernel without crashkernel=");
	tap_plan(nr);
	for (i = 0; i < nr; i++)
		policy_take(&policy_steps[i]);
}

static void policy_refused(const char *name, const char *key, int (*call)(void))
{
	struct klog_catch log = { .key = key };
	struct fixture_loaded now;
	int err;

	klog_mark();
	err = call();
	klog_collect(&log);
	fixture_look(&now);
	tap_point(err == EPERM && !now.normal && !now.crash &&
		  (!fixture.kmsg || (log.errors == 1 && log.key_errors == 1)),
		  "locked down: %s: %s", name, strerrorname_np(err) ?: "?");
	tap_note("%u error lines, %u of them about lockdown: %s", log.errors,
		 log.key_errors, log.error);
}

/**
 * policy_lockdown() - what a kernel booted with lockdown=integrity refuses;
 * reports 5 points
 */
void policy_lockdown(void)
{
	char text[128] = "";
	int fd;

	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	fd = open(POLICY_LOCKDOWN, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		tap_bail("%s: %s", POLICY_LOCKDOWN, strerror(errno));
	close(fd);
	tap_plan(5);
	tap_point(strstr(text, "[integrity]") || strstr(text, "[confidentiality]"),
		  "the kernel is locked down");
	policy_refused("load", "load refused by a security module or lockdown",
		       policy_load_segment);
	policy_refused("unload by segments", "load refused by a security module or lockdown",
		       policy_unload_segments);
	policy_refused("file load of an unsigned Image", "is not signed (-61)",
		       fixture_load_real);
	policy_refused("file load of a made-up Image", "is not signed as it should be (-80)",
		       policy_load_small);
}
