/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of address ranges. */
#ifndef _KERNEL_KEXEC_RANGE_MAP_H
#define _KERNEL_KEXEC_RANGE_MAP_H

#include <linux/kexec_arch.h>
#include <linux/types.h>

/**
 * struct range_map - ranges in ascending order that neither touch nor overlap
 * @nr: ranges in use
 * @max: capacity in ranges
 * @r: the ranges
 */
struct range_map {
	unsigned int nr;
	unsigned int max;
	struct kexec_range r[];
};

/**
 * struct range_request - range requested for a segment
 * @size: bytes, not 0
 * @align: alignment of the first byte, a power of two
 * @min: lower bound of the range
 * @max: upper bound of the range, exclusive
 * @top_down: search for the highest place that fits
 */
struct range_request {
	u64 size;
	u64 align;
	u64 min;
	u64 max;
	bool top_down;
};

int range_map_add(struct range_map *map, u64 start, u64 end);
int range_map_remove(struct range_map *map, u64 start, u64 end);
bool range_map_contains(const struct range_map *map, u64 start, u64 end);
int range_map_find_hole(const struct range_map *map,
			const struct range_request *req, u64 *addr);

#endif /* _KERNEL_KEXEC_RANGE_MAP_H */
