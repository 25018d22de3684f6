// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Addresses of this machine
 *
 * /proc/iomem is a tree: a line's indentation is its depth, and the addresses
 * are shown to CAP_SYS_ADMIN only (others read zeroes). Top-level "System RAM"
 * lines are memory, the lines below them are parts of it that are in use. The lines of
 * one depth are in ascending order, so one pass with a cursor after the last used part
 * finds the memory that is free for the next kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iomem.h"
#include "tap.h"
#include "util.h"

/* One line of the file; @end is exclusive. */
struct iomem_line {
	unsigned int depth;
	u64 start;
	u64 end;
	char name[64];
};

/* Where the pass over System RAM stands: [cursor, ram_end) is yet unclaimed. */
struct iomem_pass {
	struct iomem_facts *facts;
	u64 cursor;
	u64 ram_end;
};

static int iomem_parse(const char *text, struct iomem_line *line)
{
	u64 last;

	line->depth = strspn(text, " ") / 2;
	if (sscanf(text, " %lx-%lx : %63[^\n]",
		   &line->start, &last, line->name) != 3)
		return -1;
	line->end = last + 1;
	return 0;
}

static void iomem_offer_hole(struct iomem_pass *pass, u64 end)
{
	struct iomem_facts *facts = pass->facts;
	u64 start = (pass->cursor + SZ_2M - 1) & -SZ_2M;

	end &= -SZ_2M;
	if (end > start && end - start > facts->hole_end - facts->hole_start) {
		facts->hole_start = start;
		facts->hole_end = end;
	}
}

static void iomem_new_root(struct iomem_pass *pass, const struct iomem_line *line)
{
	struct iomem_facts *facts = pass->facts;

	iomem_offer_hole(pass, pass->ram_end);
	pass->cursor = 0;
	pass->ram_end = 0;
	if (strcmp(line->name, "System RAM"))
		return;
	pass->cursor = line->start;
	pass->ram_end = line->end;
	if (!facts->ram_end)
		facts->ram_start = line->start;
	facts->ram_end = line->end;
}

static void iomem_claim(struct iomem_pass *pass, const struct iomem_line *line)
{
	struct iomem_facts *facts = pass->facts;

	iomem_offer_hole(pass, line->start);
	pass->cursor = line->end;
	if (!strcmp(line->name, "reserved") &&
	    line->end - line->start > facts->reserved_end - facts->reserved_start) {
		facts->reserved_start = line->start;
		facts->reserved_end = line->end;
	}
	if (!strcmp(line->name, "Crash kernel")) {
		facts->crash_start = line->start;
		facts->crash_end = line->end;
	}
}

/**
 * iomem_read() - find out the addresses of this machine
 * @facts: filled in
 *
 * Ends the test when the file does not tell them.
 */
void iomem_read(struct iomem_facts *facts)
{
	struct iomem_pass pass = { .facts = facts };
	struct iomem_line line;
	char text[256];
	FILE *f = fopen("/proc/iomem", "r");

	if (!f)
		tap_bail("/proc/iomem: %s", strerror(errno));
	memset(facts, 0, sizeof(*facts));
	while (fgets(text, sizeof(text), f)) {
		if (iomem_parse(text, &line))
			continue;
		if (!line.depth)
			iomem_new_root(&pass, &line);
		else if (line.depth == 1 && pass.ram_end)
			iomem_claim(&pass, &line);
	}
	iomem_offer_hole(&pass, pass.ram_end);
	fclose(f);
	if (!facts->hole_end || !facts->reserved_end)
		tap_bail("/proc/iomem shows no free or no reserved memory; is this root?");
}
