// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Search for leaks
 *
 * Free memory is the sum of the zones' free pages and of the per-CPU lists
 * (/proc/zoneinfo, "nr_free_pages" and "count:"). MemFree has only the former, and
 * pages move between both. Before it is read, caches are dropped, and a pause allows
 * deferred frees to complete.
 *
 * The first rounds fill slabs and lists and are not judged. The others are cut
 * in two halves, and the mean of the later half may be lower than that of the
 * earlier one by LEAKS_SLACK pages at most. A single case that loses one page
 * each time loses LEAKS_REPEAT pages in a round, and with n judged rounds the
 * means differ by n / 2 times that: from 13 judged rounds on it is found. What
 * an idle guest does by itself was measured as a fifth of the slack, and grows with
 * the time that a busy host makes it take.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bad_cases.h"
#include "fixture.h"
#include "klog.h"
#include "leaks.h"
#include "tap.h"
#include "util.h"

#define LEAKS_WARMUP	4
#define LEAKS_MAX	64
#define LEAKS_REPEAT	8
#define LEAKS_SLACK	48	/* pages */
#define LEAKS_FAILURES	200	/* loads that a run has to fail at least */

#define LEAKS_FAIL_TABLE "/sys/module/kexec/parameters/fail_table"
#define LEAKS_MAX_TABLES 4096

static u64 leaks_free(void)
{
	unsigned long value;
	u64 pages = 0;
	char line[256];
	FILE *f;

	sync();
	util_write("/proc/sys/vm/drop_caches", "3");
	usleep(300000);
	util_write("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/zoneinfo", "r");
	if (!f)
		tap_bail("/proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " nr_free_pages %lu", &value) == 1 ||
		    sscanf(line, " count: %lu", &value) == 1)
			pages += value;
	fclose(f);
	return pages * fixture.page;
}

static s64 leaks_mean(const u64 *free, unsigned int nr)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += free[i];
	return sum / nr;
}

/* Pages by which the later half is below the earlier one. */
static s64 leaks_loss(const u64 *free, unsigned int nr)
{
	unsigned int half = nr / 2;

	return (leaks_mean(free, half) - leaks_mean(free + nr - half, half)) /
		(s64)fixture.page;
}

/**
 * leaks_rounds() - fail many loads and watch free memory; reports 2 points
 * @rounds: how often all failing cases are run, at least LEAKS_MIN_ROUNDS
 */
void leaks_rounds(unsigned int rounds)
{
	u64 free[LEAKS_MAX];
	unsigned int i, failures = 0, once = 1;
	s64 loss;

	if (rounds < LEAKS_MIN_ROUNDS || rounds > LEAKS_MAX)
		tap_bail("from %u to %u rounds can be judged", LEAKS_MIN_ROUNDS, LEAKS_MAX);
	tap_plan(2);
	if (!fixture_restore(false))
		tap_bail("cannot unload");
	for (i = 0; i < rounds && once; i++) {
		once = bad_cases_storm(LEAKS_REPEAT);
		failures += once;
		free[i] = leaks_free();
		tap_note("round %u: %u failed loads, %llu KiB free, MemFree %llu KiB", i,
			 failures, (unsigned long long)free[i] >> 10,
			 (unsigned long long)util_sum_fields("/proc/meminfo", "MemFree:"));
	}
	tap_point(once && failures >= LEAKS_FAILURES, "%u loads failed as they should",
		  failures);
	loss = once ? leaks_loss(free + LEAKS_WARMUP, rounds - LEAKS_WARMUP) : 0;
	tap_point(once && loss <= LEAKS_SLACK,
		  "free memory stays: %lld pages lost between halves, %d allowed",
		  (long long)loss, LEAKS_SLACK);
}

/* One load that must succeed; returns whether it found itself without tables. */
static bool leaks_load_failing(unsigned int nth, bool *good)
{
	struct klog_catch log = { .key = "MMU off" };
	struct fixture_loaded now;
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", nth);
	err = util_write(LEAKS_FAIL_TABLE, text);
	if (err)
		tap_bail("%s: %s", LEAKS_FAIL_TABLE, strerror(err));
	klog_mark();
	err = fixture_load_real();
	klog_collect(&log);
	fixture_look(&now);
	if (err || !now.normal || log.errors || log.splats || log.key_hits > 1) {
		tap_note("table %u: errno %d, kexec_loaded %d, %u notices; %s%s", nth, err,
			 now.normal, log.key_hits, log.error, log.splat);
		*good = false;
	}
	return log.key_hits;
}

/* Returns the number of tables of one load. */
static unsigned int leaks_fail_each(bool *good)
{
	unsigned int nth = 1;

	while (nth < LEAKS_MAX_TABLES && leaks_load_failing(nth, good))
		nth++;
	util_write(LEAKS_FAIL_TABLE, "0");
	if (leaks_load_failing(0, good))
		*good = false;
	if (!fixture_restore(false))
		*good = false;
	return nth - 1;
}

/**
 * leaks_tables() - let each allocation of a page table fail; reports 3 points
 *
 * A load never fails for want of page tables: the relocation routine then runs
 * with the MMU off, and the log says so once.
 */
void leaks_tables(void)
{
	u64 free[4];
	unsigned int i, tables = 0, again;
	bool good = true, same = true;
	s64 loss;

	tap_plan(3);
	for (i = 0; i < 4; i++) {
		again = leaks_fail_each(&good);
		same &= !i || again == tables;
		tables = again;
		free[i] = leaks_free();
		tap_note("pass %u: %u tables, %llu KiB free", i, tables,
			 (unsigned long long)free[i] >> 10);
	}
	tap_point(good, "every load succeeds, with one notice if tables are missing");
	tap_point(same && tables > 0 && tables < LEAKS_MAX_TABLES,
		  "each of %u tables was refused once", tables);
	loss = leaks_loss(free + 2, 2);
	tap_point(loss <= LEAKS_SLACK, "free memory stays: %lld pages lost, %d allowed",
		  (long long)loss, LEAKS_SLACK);
}
