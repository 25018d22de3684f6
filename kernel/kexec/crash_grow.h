/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_GROW_H
#define _KERNEL_KEXEC_CRASH_GROW_H

#include <linux/kexec_arch.h>
#include <linux/types.h>

struct range_map;
struct resource;

/**
 * struct crash_grow_regions - the regions of a new reservation
 * @main: the main region
 * @low: the low region; both ends are 0 if there is none
 */
struct crash_grow_regions {
	struct kexec_range main;
	struct kexec_range low;
};

int kexec_crash_claim(const struct range_map *map, const struct kexec_range *want);
void kexec_crash_unclaim(const struct kexec_range *range);
int kexec_crash_claim_regions(const struct range_map *map, u64 size, u64 low_now,
			      struct crash_grow_regions *got);
struct resource *kexec_crash_insert(struct resource *res);

#endif /* _KERNEL_KEXEC_CRASH_GROW_H */
