/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_ZONE_H
#define _KERNEL_KEXEC_ZONE_H

#include <linux/gfp.h>
#include <linux/types.h>

struct page;
struct zone;

/* Do not invoke the OOM killer. */
#define KEXEC_HOLD_GFP	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

bool kexec_zone_has_headroom(struct zone *zone, unsigned long nr_pages);
bool kexec_zone_fits(unsigned long pfn, unsigned long end, struct zone **outside);
struct page *kexec_zone_alloc(unsigned int *order);
int kexec_zone_make_room(unsigned long nr_pages);
int kexec_zone_make_room_in(struct zone *zone, unsigned long nr_pages);
long kexec_zone_available(void);

/**
 * kexec_zone_alloc_contig() - allocate a range of pages
 * @pfn: first page
 * @end: page after the last
 *
 * Movable pages in the range are migrated.
 *
 * Return: true if the whole range is allocated, false if nothing is.
 */
static inline bool kexec_zone_alloc_contig(unsigned long pfn, unsigned long end)
{
#ifdef CONFIG_CONTIG_ALLOC
	return kexec_zone_fits(pfn, end, NULL) &&
	       !alloc_contig_range(pfn, end, MIGRATE_MOVABLE, KEXEC_HOLD_GFP);
#else
	return false;
#endif
}

#endif /* _KERNEL_KEXEC_ZONE_H */
