// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: kexec_bad_input - loads that must fail, and how they must fail
 *
 * Runs in a guest, as root, with /proc, /sys and /dev mounted. Without a mode
 * it runs every case of bad_file.c and bad_segment.c and the races twice:
 * with nothing loaded, and with the real Image loaded. Nothing is ever started.
 *
 * The parts: cases (the table and its judge), races (concurrent and killed
 * loads), memory (leaks, and loads without page tables), faults (of each allocation),
 * policy (sysctls and lockdown), random_run (random calls, made by random_call); under
 * them fixture (files, images, state), klog (the kernel's words), iomem and crash_region
 * (addresses) and tap (results).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad_cases.h"
#include "faults.h"
#include "fixture.h"
#include "leaks.h"
#include "policy.h"
#include "races.h"
#include "random_run.h"
#include "tap.h"
#include "util.h"

enum mode {
	MODE_CASES,
	MODE_ROUNDS,
	MODE_TABLES,
	MODE_SYSCTL,
	MODE_LOCKDOWN,
	MODE_FAULTS,
	MODE_REBOOT,
	MODE_RANDOM,
};

static const struct option options[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "dir", required_argument, NULL, 'd' },
	{ "base", no_argument, NULL, 'b' },
	{ "no-kmsg", no_argument, NULL, 'n' },
	{ "crash", no_argument, NULL, 'c' },
	{ "bad-granule", required_argument, NULL, 'g' },
	{ "bad-endian", no_argument, NULL, 'e' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "tables", no_argument, NULL, 't' },
	{ "sysctl", no_argument, NULL, 's' },
	{ "lockdown", no_argument, NULL, 'l' },
	{ "faults", required_argument, NULL, 'f' },
	{ "faults-reboot", no_argument, NULL, 'R' },
	{ "random", required_argument, NULL, 'x' },
	{ }
};

static void __noreturn complain(void)
{
	static const char text[] =
		"usage: kexec_bad_input --kernel IMAGE --initrd FILE [OPTION]... [MODE]\n"
		"modes, at most one; without one: all cases, twice\n"
		"  --rounds N        fail all cases N times and watch free memory\n"
		"  --tables          let each allocation of a page table fail\n"
		"  --sysctl          kexec_load_disabled and the limits; not undone\n"
		"  --lockdown        the kernel was booted with lockdown=integrity\n"
		"  --faults N        let each allocation and copy fail, and N times more to\n"
		"                    watch free memory\n"
		"  --faults-reboot   the same for a reboot that is refused\n"
		"  --random O:S:C    O random operations with seed S, half of them by C callers\n"
		"options\n"
		"  --dir DIR         where to make a directory (default: here)\n"
		"  --base            expect what the kernel we stand beside does\n"
		"  --no-kmsg         do not judge the kernel log; implied by --base\n"
		"  --crash           the kernel was booted with crashkernel=\n"
		"  --bad-granule G   this CPU lacks G: 4K, 16K or 64K; adds a case\n"
		"  --bad-endian      this CPU lacks big-endian; adds a case\n";

	fputs(text, stderr);
	exit(2);
}

static u64 granule(const char *name)
{
	if (!strcmp(name, "4K"))
		return FIXTURE_IMAGE_4K;
	if (!strcmp(name, "16K"))
		return FIXTURE_IMAGE_16K;
	if (!strcmp(name, "64K"))
		return FIXTURE_IMAGE_64K;
	complain();
}

static void take_option(int opt)
{
	switch (opt) {
	case 'k':
		fixture.kernel = optarg;
		break;
	case 'i':
		fixture.initrd = optarg;
		break;
	case 'd':
		snprintf(fixture.dir, sizeof(fixture.dir), "%.40s/kexec-XXXXXX", optarg);
		break;
	case 'b':
		fixture.base = true;
		fixture.kmsg = false;
		break;
	case 'n':
		fixture.kmsg = false;
		break;
	case 'c':
		fixture.crash = true;
		break;
	case 'g':
		fixture.bad_granule = granule(optarg);
		break;
	case 'e':
		fixture.bad_endian = true;
		break;
	default:
		complain();
	}
}

static enum mode mode_of(int opt)
{
	switch (opt) {
	case 'r':
		return MODE_ROUNDS;
	case 't':
		return MODE_TABLES;
	case 's':
		return MODE_SYSCTL;
	case 'l':
		return MODE_LOCKDOWN;
	case 'f':
		return MODE_FAULTS;
	case 'R':
		return MODE_REBOOT;
	case 'x':
		return MODE_RANDOM;
	default:
		return MODE_CASES;
	}
}

static void run_cases(void)
{
	tap_plan(bad_cases_count() + 2 * RACES_POINTS);
	bad_cases_run(false);
	races_run(false);
	bad_cases_run(true);
	races_run(true);
	fixture_restore(false);
}

int main(int argc, char **argv)
{
	enum mode mode = MODE_CASES;
	unsigned int rounds = 0;
	const char *how = NULL;
	int opt;

	snprintf(fixture.dir, sizeof(fixture.dir), "./kexec-XXXXXX");
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (mode_of(opt) == MODE_CASES) {
			take_option(opt);
			continue;
		}
		if (mode != MODE_CASES)
			complain();
		mode = mode_of(opt);
		if (mode == MODE_ROUNDS || mode == MODE_FAULTS)
			rounds = strtoul(optarg, NULL, 0);
		how = optarg;
	}
	if (optind != argc || !fixture.kernel || !fixture.initrd)
		complain();
	fixture_init();
	switch (mode) {
	case MODE_CASES:
		run_cases();
		break;
	case MODE_ROUNDS:
		leaks_rounds(rounds);
		break;
	case MODE_TABLES:
		leaks_tables();
		break;
	case MODE_SYSCTL:
		policy_sysctl();
		break;
	case MODE_LOCKDOWN:
		policy_lockdown();
		break;
	case MODE_FAULTS:
		faults_run(rounds);
		break;
	case MODE_REBOOT:
		faults_reboot();
		break;
	case MODE_RANDOM:
		random_run(how);
		break;
	}
	fixture_fini();
	return tap_finish();
}
