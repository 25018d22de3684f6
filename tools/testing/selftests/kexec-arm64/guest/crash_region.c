// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crash_region.h"
#include "tap.h"
#include "util.h"

static void crash_region_read_iomem(struct crash_region_facts *f)
{
	FILE *file = fopen("/proc/iomem", "re");
	char line[256], name[64];
	u64 start, last;

	if (!file)
		tap_bail("/proc/iomem: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %lx-%lx : %63[^\n]", &start, &last, name) != 3)
			continue;
		f->nested += *line == ' ' && !strcmp(name, "System RAM");
		if (strcmp(name, "Crash kernel"))
			continue;
		f->rows += last + 1 - start;
		f->main_start = start;
		f->main_end = last + 1;
	}
	fclose(file);
}

/**
 * crash_region_read() - read the files
 *
 * Return: their content; the test ends if a file cannot be read.
 */
struct crash_region_facts crash_region_read(void)
{
	struct crash_region_facts f = { };
	long size;

	if (util_read_number(CRASH_REGION_FILE, &size))
		tap_bail(CRASH_REGION_FILE " cannot be read");
	f.size = size;
	crash_region_read_iomem(&f);
	f.total = util_sum_fields("/proc/meminfo", "MemTotal:") * 1024 + f.size;
	return f;
}

/**
 * crash_region_agrees() - do the files agree?
 * @f: their content
 * @total: bytes of memory, with the reservation
 *
 * Return: true if they do.
 */
bool crash_region_agrees(const struct crash_region_facts *f, u64 total)
{
	return f->rows == f->size && !f->nested && f->total == total;
}

/**
 * crash_region_set() - change the size of the reservation
 * @bytes: the size
 *
 * Return: 0 or an errno.
 */
int crash_region_set(u64 bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", bytes);
	return util_write(CRASH_REGION_FILE, text);
}

/**
 * crash_region_model() - the size after a change
 * @now: bytes before it
 * @wanted: bytes that were written to the file
 * @loaded: a crash image is loaded
 * @err: result of the write
 *
 * Return: bytes, or CRASH_REGION_WRONG if @err is none of those that are documented.
 */
u64 crash_region_model(u64 now, u64 wanted, bool loaded, int err)
{
	u64 page = sysconf(_SC_PAGESIZE);

	if (wanted > now) {
		if (!err)
			return (wanted + SZ_2M - 1) & -SZ_2M;
		return err == ENOMEM || (loaded && err == ENOENT) ? now : CRASH_REGION_WRONG;
	}
	if (loaded)
		return err == ENOENT ? now : CRASH_REGION_WRONG;
	wanted = (wanted + page - 1) & -page;
	if (err)
		return CRASH_REGION_WRONG;
	return wanted < now ? wanted : now;
}
