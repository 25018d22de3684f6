// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: crash_size - the crash reservation grows and shrinks
 *
 * crash_size edges
 *	Sizes that are granted, rounded or refused, with and without a crash image, on a
 *	machine without crashkernel=. Prints TAP.
 *
 * crash_size rounds NUMBER SEED MIB
 *	So many random changes of the size, loads and unloads of a crash image. After each
 *	of them the size in sysfs, the rows of /proc/iomem and MemTotal must agree, and at
 *	the end all memory is free again, except for MIB that other tasks may have
 *	allocated. Prints TAP.
 *
 * crash_size rate NUMBER MIB
 *	Grows the reservation from nothing to MIB mebibytes so many times and prints the
 *	figures grown, of, and the milliseconds of the slowest time.
 *
 * crash_size refuse BYTES ERRNO
 *	The size must be refused with ERRNO.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash_region.h"
#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define CRASH_SIZE_BLOCK	"/sys/devices/system/memory/block_size_bytes"
#define CRASH_SIZE_MAX_MIB	320	/* of a round */
#define CRASH_SIZE_SLACK	(16 * SZ_1M)	/* of free memory */

static u64 crash_size_page;

/* One page at each end of the main region. */
static int crash_size_load(void)
{
	struct crash_region_facts f = crash_region_read();
	static char byte = 'x';
	struct kexec_segment seg[2] = {
		{ &byte, 1, (void *)f.main_start, crash_size_page },
		{ &byte, 1, (void *)(f.main_end - crash_size_page), crash_size_page },
	};

	return kexec_call_load(f.main_start, 2, seg, KEXEC_ON_CRASH);
}

static int crash_size_unload(void)
{
	return kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH);
}

/* Free memory and caches, in bytes.  Tasks that free much fill the lists of CPUs. */
static u64 crash_size_free(void)
{
	return (util_sum_fields("/proc/meminfo", "MemAvailable:") + util_listed_kib()) * 1024;
}

static void crash_size_expect(const char *what, int err, int want, u64 size, u64 total)
{
	struct crash_region_facts f = crash_region_read();

	tap_point(err == want && f.size == size && crash_region_agrees(&f, total),
		  "%s: %s, %lu bytes, %lu in /proc/iomem, MemTotal %+ld", what,
		  util_errno_name(err), f.size, f.rows, (long)(f.total - total));
}

static void crash_size_edges_loaded(u64 total)
{
	struct crash_region_facts before = crash_region_read(), f;
	int err = crash_size_load();

	crash_size_expect("load", err, 0, before.size, total);
	crash_size_expect("smaller with an image", crash_region_set(SZ_2M), ENOENT, before.size,
			  total);
	err = crash_region_set(before.size + 4 * SZ_2M);
	f = crash_region_read();
	/* The memory next to the region was free a moment ago. */
	crash_size_expect("larger with an image", err, 0, before.size + 4 * SZ_2M, total);
	tap_point(f.main_start == before.main_start || f.main_end == before.main_end,
		  "the image stays where it is");
	crash_size_expect("load again", crash_size_load(), 0, f.size, total);
	crash_size_expect("unload", crash_size_unload(), 0, f.size, total);
}

/* Take the memory block with the first byte of the main region offline. */
static int crash_size_offline(void)
{
	FILE *file = fopen(CRASH_SIZE_BLOCK, "re");
	char path[96];
	u64 block;

	if (!file || fscanf(file, "%lx", &block) != 1)
		tap_bail(CRASH_SIZE_BLOCK " cannot be read");
	fclose(file);
	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%lu/state",
		 crash_region_read().main_start / block);
	return util_write(path, "offline");
}

static int crash_size_edges(void)
{
	u64 total = crash_region_read().total, free;
	long lost;
	int err;

	tap_plan(16);
	crash_size_expect("at first", 0, 0, 0, total);
	tap_point(crash_size_load() == EADDRNOTAVAIL, "no reservation, no crash image");
	free = crash_size_free();
	crash_size_expect("a byte", crash_region_set(1), 0, SZ_2M, total);
	crash_size_expect("64 MiB", crash_region_set(64 * SZ_1M), 0, 64 * SZ_1M, total);
	crash_size_expect("an odd number", crash_region_set(100000000), 0, 96 * SZ_1M, total);
	crash_size_expect("all memory", crash_region_set(total), EINVAL, 96 * SZ_1M, total);
	crash_size_expect("more than fits", crash_region_set(total / 64 * 63 & -SZ_2M), ENOMEM,
			  96 * SZ_1M, total);
	crash_size_edges_loaded(total);
	err = crash_size_offline();
	tap_point(err == EPERM || err == EBUSY, "its memory stays online: %s",
		  util_errno_name(err));
	crash_size_expect("nothing", crash_region_set(0), 0, 0, total);
	lost = free - crash_size_free();
	tap_point(lost < (long)CRASH_SIZE_SLACK, "lost %ld kB", lost / 1024);
	return tap_finish();
}

/* A size in bytes, now and then no multiple of 2 MiB. */
static u64 crash_size_random(void)
{
	u64 size = (rand() % CRASH_SIZE_MAX_MIB) * SZ_1M;

	return rand() % 4 ? size & -SZ_2M : size + rand() % SZ_1M;
}

/**
 * struct crash_size_tally - what the rounds did
 * @grown: times that the reservation grew
 * @short_of: times that it could not
 * @shrunk: times that it shrank
 * @loads: images loaded
 * @loaded: an image is loaded
 */
struct crash_size_tally {
	unsigned int grown;
	unsigned int short_of;
	unsigned int shrunk;
	unsigned int loads;
	bool loaded;
};

static bool crash_size_round(struct crash_size_tally *t, u64 *size, u64 total)
{
	struct crash_region_facts f;
	u64 wanted, now = *size;
	int what = rand() % 8, err;

	if (what == 0) {
		err = crash_size_unload();
		t->loaded = false;
	} else if (what == 1) {
		err = crash_size_load();
		if (!now && err == EADDRNOTAVAIL)
			err = 0;
		else
			t->loaded = true;
		t->loads += t->loaded;
	} else {
		wanted = what == 2 ? 0 : crash_size_random();
		err = crash_region_set(wanted);
		*size = crash_region_model(now, wanted, t->loaded, err);
		t->grown += !err && wanted > now;
		t->shrunk += !err && wanted < now;
		t->short_of += err && wanted > now;
		err = *size == CRASH_REGION_WRONG ? err ?: -1 : 0;
	}
	f = crash_region_read();
	if (err || f.size != *size || !crash_region_agrees(&f, total)) {
		tap_note("step %d from %lu: %d, %lu bytes (%lu expected)", what, now, err, f.size,
			 *size);
		tap_note("%lu in /proc/iomem, %u nested, MemTotal %+ld", f.rows, f.nested,
			 (long)(f.total - total));
		return false;
	}
	return true;
}

static int crash_size_rounds(unsigned int rounds, unsigned int seed, u64 others)
{
	struct crash_region_facts f = crash_region_read();
	u64 size = f.size, free = crash_size_free() + size;
	struct crash_size_tally t = { };
	unsigned int i;
	long lost;

	srand(seed);
	tap_plan(3);
	for (i = 0; i < rounds; i++)
		if (!crash_size_round(&t, &size, f.total))
			break;
	tap_point(i == rounds, "%u of %u rounds with seed %u", i, rounds, seed);
	tap_point(t.grown && t.shrunk && t.loads, "grown %u, too large %u, shrunk %u, loads %u",
		  t.grown, t.short_of, t.shrunk, t.loads);
	crash_size_unload();
	crash_region_set(0);
	lost = free - crash_size_free();
	tap_point(lost < (long)(CRASH_SIZE_SLACK + others), "lost %ld kB", lost / 1024);
	return tap_finish();
}

static int crash_size_rate(unsigned int rounds, u64 mib)
{
	u64 slowest = 0, start, now;
	unsigned int i, grown = 0;

	for (i = 0; i < rounds; i++) {
		start = util_now_ms();
		grown += !crash_region_set(mib * SZ_1M);
		now = util_now_ms() - start;
		slowest = now > slowest ? now : slowest;
		if (crash_region_set(0))
			util_die("the reservation is not freed");
	}
	printf("grown %u\nof %u\ngrow_ms %lu\n", grown, rounds, slowest);
	return 0;
}

static int crash_size_refuse(u64 bytes, const char *name)
{
	int err = crash_region_set(bytes);

	printf("%s\n", util_errno_name(err));
	return strcmp(util_errno_name(err), name) ? 1 : 0;
}

int main(int argc, char **argv)
{
	crash_size_page = sysconf(_SC_PAGESIZE);
	if (argc == 2 && !strcmp(argv[1], "edges"))
		return crash_size_edges();
	if (argc == 5 && !strcmp(argv[1], "rounds"))
		return crash_size_rounds(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0),
					 strtoul(argv[4], NULL, 0) * SZ_1M);
	if (argc == 4 && !strcmp(argv[1], "rate"))
		return crash_size_rate(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "refuse"))
		return crash_size_refuse(strtoul(argv[2], NULL, 0), argv[3]);
	fputs("usage: crash_size edges | rounds NUMBER SEED MIB\n"
	      "       crash_size rate NUMBER MIB | refuse BYTES ERRNO\n", stderr);
	return 2;
}
