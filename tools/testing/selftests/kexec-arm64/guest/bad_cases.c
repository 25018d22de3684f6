// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Judging the cases
 *
 * A case is good when all of this holds:
 *
 * - the errno is the expected one;
 * - the kernel logged exactly one line at level err that begins with "kexec: ",
 *   and the line has the text of the case's key (a control: none);
 * - there is no warning with a trace, no failed allocation and no oops: bad
 *   input from a program is no reason for any;
 * - what is loaded is what was loaded before. A control loads an image, which
 *   is undone afterwards.
 *
 * For the base kernel (--base) only the errno, which may be another one, and the loaded
 * image are checked. The base drops the old crash image if loading a new one fails, so
 * that image is not checked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad_cases.h"
#include "kexec_call.h"
#include "klog.h"
#include "tap.h"

#define BAD_CASES_UID	65534

static const struct bad_case *bad_cases_get(unsigned int i)
{
	if (i < bad_file_nr)
		return &bad_file[i];
	i -= bad_file_nr;
	if (i < bad_segment_nr)
		return &bad_segment[i];
	return NULL;
}

/**
 * bad_cases_applies() - whether a case is part of this run
 * @c: the case
 * @loaded: an image is loaded
 *
 * The plan counts the same cases, so what does not apply is not in the test;
 * nothing is skipped.
 *
 * Return: true if it is.
 */
bool bad_cases_applies(const struct bad_case *c, bool loaded)
{
	if ((c->when & CASE_IF_EMPTY) && loaded)
		return false;
	if ((c->when & CASE_IF_CRASH) && !fixture.crash)
		return false;
	if ((c->when & CASE_IF_NO_CRASH) && fixture.crash)
		return false;
	if ((c->when & CASE_IF_GRANULE) && !fixture.bad_granule)
		return false;
	if ((c->when & CASE_IF_ENDIAN) && !fixture.bad_endian)
		return false;
	return true;
}

/**
 * bad_cases_count() - how many points bad_cases_run() will report
 *
 * Return: the sum of both calls of it.
 */
unsigned int bad_cases_count(void)
{
	const struct bad_case *c;
	unsigned int i, nr = 0;

	for (i = 0; (c = bad_cases_get(i)); i++)
		nr += bad_cases_applies(c, false) + bad_cases_applies(c, true);
	return nr;
}

/**
 * bad_cases_want() - the errno that this kernel has to give
 * @c: the case
 *
 * Return: errno, 0 for success.
 */
int bad_cases_want(const struct bad_case *c)
{
	return fixture.base && (c->when & CASE_BASE_OTHER) ? c->base : c->want;
}

static int bad_cases_in_child(int (*drop)(void), int (*call)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		_exit(drop() ? 255 : call());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int bad_cases_drop_root(void)
{
	return setresuid(BAD_CASES_UID, BAD_CASES_UID, BAD_CASES_UID);
}

static int bad_cases_drop_cap(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective &= ~(1u << CAP_SYS_BOOT);
	return syscall(SYS_capset, &head, data);
}

/**
 * bad_cases_unprivileged() - make a call as a user without privileges
 * @call: what to do; returns 0 or an errno
 *
 * Return: what @call returned; 255 if it was never reached.
 */
int bad_cases_unprivileged(int (*call)(void))
{
	return bad_cases_in_child(bad_cases_drop_root, call);
}

/**
 * bad_cases_without_cap() - make a call as root, less CAP_SYS_BOOT
 * @call: what to do; returns 0 or an errno
 *
 * Return: what @call returned; 255 if it was never reached.
 */
int bad_cases_without_cap(int (*call)(void))
{
	return bad_cases_in_child(bad_cases_drop_cap, call);
}

static const char *bad_cases_judge_log(const struct bad_case *c,
				       const struct klog_catch *log)
{
	if (!fixture.kmsg)
		return NULL;
	if (log->splats)
		return "the kernel warns";
	if (!c->key)
		return log->errors ? "a good load prints an error" : NULL;
	if (log->errors != 1)
		return "not exactly one line of kexec at level err";
	return log->key_errors ? NULL : "the line does not name the cause";
}

static const char *bad_cases_judge(const struct bad_case *c, int err,
				   const struct klog_catch *log,
				   const struct fixture_loaded *before,
				   const struct fixture_loaded *after)
{
	bool loads = !bad_cases_want(c);

	if (err != bad_cases_want(c))
		return "wrong errno";
	if (after->normal != (loads ? true : before->normal))
		return "kexec_loaded is wrong";
	if (!fixture.base && after->crash != before->crash)
		return "kexec_crash_loaded changed";
	return bad_cases_judge_log(c, log);
}

static void bad_cases_run_one(const struct bad_case *c, bool loaded)
{
	struct klog_catch log = { .key = c->key };
	struct fixture_loaded before, after;
	const char *fault;
	int err;

	fixture_look(&before);
	klog_mark();
	err = c->run(c);
	klog_collect(&log);
	fixture_look(&after);
	fault = bad_cases_judge(c, err, &log, &before, &after);
	if (before.normal != after.normal || before.crash != after.crash || !err)
		if (!fixture_restore(loaded))
			fault = fault ?: "cannot be undone";
	tap_point(!fault, "%s (%s): %s", c->name, loaded ? "image loaded" : "nothing loaded",
		  strerrorname_np(err) ?: "?");
	if (fault)
		tap_note("%s: got %s, want %s; %u error lines, %u with \"%s\"",
			 fault, strerrorname_np(err) ?: "?",
			 strerrorname_np(bad_cases_want(c)), log.errors,
			 log.key_errors, c->key ?: "");
	if (log.errors)
		tap_note("%s", log.error);
	if (log.splats)
		tap_note("%s", log.splat);
}

/**
 * bad_cases_run() - run all cases that apply, one point each
 * @loaded: with a real image loaded before
 */
void bad_cases_run(bool loaded)
{
	const struct bad_case *c;
	unsigned int i;

	if (!fixture_restore(loaded))
		tap_bail("the starting point cannot be reached");
	for (i = 0; (c = bad_cases_get(i)); i++)
		if (bad_cases_applies(c, loaded))
			bad_cases_run_one(c, loaded);
}

/**
 * bad_cases_storm() - run all cases that have to fail, without judging the log
 * @repeat: how often each
 *
 * Return: how many failed as they should; 0 if one did not.
 */
unsigned int bad_cases_storm(unsigned int repeat)
{
	const struct bad_case *c;
	unsigned int i, n, nr = 0;
	int err;

	for (i = 0; (c = bad_cases_get(i)); i++) {
		if (!bad_cases_applies(c, false) || !bad_cases_want(c))
			continue;
		for (n = 0; n < repeat; n++, nr++) {
			err = c->run(c);
			if (err == bad_cases_want(c))
				continue;
			tap_note("%s: got %s", c->name, strerrorname_np(err) ?: "?");
			return 0;
		}
	}
	return nr;
}
