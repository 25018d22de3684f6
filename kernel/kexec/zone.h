/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headroom of each zone.
 */
#ifndef _KERNEL_KEXEC_ZONE_H
#define _KERNEL_KEXEC_ZONE_H

#include <linux/gfp.h>
#include <linux/types.h>

struct page;
struct zone;

/* For single pages: reclaim, but do not invoke the OOM killer. */
#define KEXEC_HOLD_GFP	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

bool kexec_zone_spares(struct zone *zone, unsigned long nr_pages);
bool kexec_zone_fits(unsigned long pfn, unsigned long end, struct zone **outside);
struct page *kexec_zone_alloc(unsigned int *order);
int kexec_zone_make_room(unsigned long nr_pages);
long kexec_zone_available(void);
bool kexec_zone_alloc_contig(unsigned long pfn, unsigned long end);

#endif /* _KERNEL_KEXEC_ZONE_H */
