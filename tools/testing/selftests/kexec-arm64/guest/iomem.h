/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of this machine that a test needs, from /proc/iomem.
 */
#ifndef IOMEM_H
#define IOMEM_H

#include "util.h"

/**
 * struct iomem_facts - ranges [start, end) of /proc/iomem
 * @ram_start: first byte of the lowest System RAM
 * @ram_end: first byte after the highest System RAM
 * @hole_start: largest run of System RAM that nothing inside it claims,
 *              2 MiB aligned
 * @hole_end: its end, 2 MiB aligned
 * @reserved_start: largest "reserved" range inside System RAM
 * @reserved_end: its end
 * @crash_start: "Crash kernel"; both 0 without one
 * @crash_end: its end
 */
struct iomem_facts {
	u64 ram_start;
	u64 ram_end;
	u64 hole_start;
	u64 hole_end;
	u64 reserved_start;
	u64 reserved_end;
	u64 crash_start;
	u64 crash_end;
};

void iomem_read(struct iomem_facts *facts);

#endif /* IOMEM_H */
