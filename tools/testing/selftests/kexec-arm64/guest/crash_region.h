/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The crash reservation as sysfs, /proc/iomem and /proc/meminfo show it, its changes, and
 * a model of them.
 */
#ifndef CRASH_REGION_H
#define CRASH_REGION_H

#include <stdbool.h>

#include "util.h"

#define CRASH_REGION_FILE	"/sys/kernel/kexec_crash_size"
/* No size that the model allows. */
#define CRASH_REGION_WRONG	(-1UL)

/**
 * struct crash_region_facts - content of the files
 * @size: bytes in sysfs
 * @rows: bytes of the rows "Crash kernel" of /proc/iomem
 * @main_start: first byte of the last row, the main region
 * @main_end: the byte after its last
 * @nested: rows "System RAM" inside of another one
 * @total: bytes of MemTotal and of the reservation
 */
struct crash_region_facts {
	u64 size;
	u64 rows;
	u64 main_start;
	u64 main_end;
	unsigned int nested;
	u64 total;
};

struct crash_region_facts crash_region_read(void);
bool crash_region_agrees(const struct crash_region_facts *f, u64 total);
int crash_region_set(u64 bytes);
u64 crash_region_model(u64 now, u64 wanted, bool loaded, int err);

#endif /* CRASH_REGION_H */
