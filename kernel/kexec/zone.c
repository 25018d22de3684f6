// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: headroom of the memory zones for an image
 *
 * An image keeps its pages until the next reboot.  They must not exhaust the zone that
 * devices with few address bits depend on, or leave a zone in which the next allocation has
 * to reclaim.  The headroom of a zone is the number of free pages above its high watermark
 * plus its lowmem_reserve, without CMA and highatomic pages.  ZONE_MOVABLE is never used,
 * because images cannot be migrated.
 *
 * If all zones together lack headroom, memory is reclaimed before the first page is
 * allocated.  This swaps, and never invokes the OOM killer.
 */
#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "zone.h"

/* Larger pageblocks (64 KiB pages: 512 MiB) would be most of a zone. */
#define ZONE_ISOLATE_MAX	(SZ_32M >> PAGE_SHIFT)

/* Reclaim attempts in a row that free nothing before a load fails. */
#define ZONE_IDLE_MAX		16

#define ZONE_TRIES		512

#define ZONE_IDLE_JIFFIES	(HZ / 10)

static long zone_headroom(struct zone *zone)
{
	long free = zone_page_state(zone, NR_FREE_PAGES), reserve = 0;
	unsigned int i;

#ifdef CONFIG_CMA
	free -= zone_page_state(zone, NR_FREE_CMA_PAGES);
#endif
	for (i = zone_idx(zone) + 1; i < MAX_NR_ZONES; i++)
		reserve = max(reserve, zone->lowmem_reserve[i]);
	return free - (long)zone->nr_reserved_highatomic - (long)high_wmark_pages(zone) - reserve;
}

static bool zone_is_usable(struct zone *zone)
{
	return zone_idx(zone) != ZONE_MOVABLE;
}

/**
 * kexec_zone_has_headroom() - can a zone spare a number of pages?
 * @zone: the zone
 * @nr_pages: pages
 *
 * Return: true if its headroom has them; may be stale.
 */
bool kexec_zone_has_headroom(struct zone *zone, unsigned long nr_pages)
{
	return zone_is_usable(zone) && zone_headroom(zone) >= (long)nr_pages;
}

/**
 * kexec_zone_fits() - can a range be allocated without draining its zone?
 * @pfn: the first page
 * @end: the page after the last
 * @outside: receives the zone that cannot spare the pages, or NULL; may be NULL
 *
 * alloc_contig_range() isolates whole pageblocks, so those count.
 *
 * Return: true if one online zone has the range and the headroom; may be stale.
 */
bool kexec_zone_fits(unsigned long pfn, unsigned long end, struct zone **outside)
{
	struct page *first = pfn_to_online_page(pfn), *last = pfn_to_online_page(end - 1);
	unsigned long nr = end - pfn;
	struct zone *zone;

	if (outside)
		*outside = NULL;
	if (!first || !last || page_zone(first) != page_zone(last))
		return false;
	zone = page_zone(first);
	if (pageblock_nr_pages <= ZONE_ISOLATE_MAX)
		nr = ALIGN(end, pageblock_nr_pages) - ALIGN_DOWN(pfn, pageblock_nr_pages);
	if (kexec_zone_has_headroom(zone, nr))
		return true;
	if (outside)
		*outside = zone;
	return false;
}

/* The highest one with headroom, on this node if possible. */
static struct zone *zone_pick(unsigned long nr)
{
	struct zone *zone, *best = NULL;

	for_each_populated_zone(zone) {
		if (!kexec_zone_has_headroom(zone, nr))
			continue;
		if (!best || zone_idx(zone) > zone_idx(best) ||
		    (zone_idx(zone) == zone_idx(best) && zone_to_nid(zone) == numa_mem_id()))
			best = zone;
	}
	return best;
}

/* Makes the page allocator begin with @zone. */
static gfp_t zone_gfp(struct zone *zone)
{
	switch (zone_idx(zone)) {
#ifdef CONFIG_ZONE_DMA
	case ZONE_DMA:
		return __GFP_DMA;
#endif
#ifdef CONFIG_ZONE_DMA32
	case ZONE_DMA32:
		return __GFP_DMA32;
#endif
	case ZONE_MOVABLE:
		return __GFP_HIGHMEM | __GFP_MOVABLE;
	default:
		return 0;
	}
}

static struct page *zone_alloc_order(unsigned int order)
{
	/* Do not wake kswapd: the zone has headroom. */
	const gfp_t gfp = (GFP_KERNEL & ~__GFP_RECLAIM) | __GFP_NOWARN | __GFP_THISNODE;
	struct zone *zone = zone_pick(1UL << order);
	struct page *page;

	if (!zone)
		return NULL;
	page = alloc_pages_node(zone_to_nid(zone), gfp | zone_gfp(zone), order);
	if (!page || page_zone(page) == zone)
		return page;
	/* The highest zone has smaller blocks. */
	__free_pages(page, order);
	return NULL;
}

/**
 * kexec_zone_alloc() - allocate a block of pages from the highest zone with headroom
 * @order: order to begin with; receives that of the block
 *
 * Return: the first page of the block, not split, or NULL.
 */
struct page *kexec_zone_alloc(unsigned int *order)
{
	struct page *page;

	for (;; --*order) {
		page = zone_alloc_order(*order);
		if (page || !*order)
			break;
	}
	if (!page && !kexec_zone_make_room(SWAP_CLUSTER_MAX))
		page = zone_alloc_order(0);
	return page;
}

static unsigned long zone_total(void)
{
	unsigned long total = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_is_usable(zone))
			total += max(zone_headroom(zone), 0L);
	return total;
}

/* Pages to free before any zone below its mark has headroom. */
static unsigned long zone_deficit(void)
{
	unsigned long deficit = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_is_usable(zone))
			deficit += max(-zone_headroom(zone), 0L);
	return deficit;
}

/*
 * The same as the slow path of the page allocator, but before memory is short.  For @zone,
 * lower zones of its node included, or for the zones of this node.
 */
static unsigned long zone_reclaim(struct zone *zone)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | (zone ? zone_gfp(zone) | __GFP_THISNODE : 0);
	const int nid = zone ? zone_to_nid(zone) : numa_mem_id();
	unsigned int flags = memalloc_noreclaim_save();
	unsigned long freed = try_to_free_pages(node_zonelist(nid, gfp), 0, gfp, NULL);

	memalloc_noreclaim_restore(flags);
	return freed;
}

static bool zone_has_room(struct zone *zone, unsigned long nr_pages)
{
	return zone ? kexec_zone_has_headroom(zone, nr_pages) : zone_total() >= nr_pages;
}

static int zone_make_room(struct zone *zone, unsigned long nr_pages)
{
	/* Other tasks may allocate the freed memory, so the attempts are bounded. */
	unsigned long left = 16 * (nr_pages + zone_deficit()) / SWAP_CLUSTER_MAX + ZONE_TRIES;
	unsigned int idle = 0;

	while (!zone_has_room(zone, nr_pages)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!left-- || idle == ZONE_IDLE_MAX)
			return -ENOMEM;
		idle = zone_reclaim(zone) ? 0 : idle + 1;
		/* All pages may be under writeback to swap. */
		if (idle)
			schedule_timeout_killable(ZONE_IDLE_JIFFIES);
		cond_resched();
	}
	return 0;
}

/**
 * kexec_zone_make_room() - reclaim memory until a number of pages can be spared
 * @nr_pages: pages, of all zones together
 *
 * Return: 0; -ENOMEM when not enough can be reclaimed; -EINTR after a fatal signal.
 */
int kexec_zone_make_room(unsigned long nr_pages)
{
	return zone_make_room(NULL, nr_pages);
}

/**
 * kexec_zone_make_room_in() - reclaim memory until a zone can spare a number of pages
 * @zone: the zone
 * @nr_pages: pages
 *
 * Return: 0; -ENOMEM when not enough can be reclaimed; -EINTR after a fatal signal.
 */
int kexec_zone_make_room_in(struct zone *zone, unsigned long nr_pages)
{
	if (!zone_is_usable(zone) || zone_managed_pages(zone) < nr_pages)
		return -ENOMEM;
	return zone_make_room(zone, nr_pages);
}

/**
 * kexec_zone_available() - estimate the pages that a load could obtain
 *
 * Like MemAvailable of /proc/meminfo, plus pages that can be swapped.
 *
 * Return: pages.
 */
long kexec_zone_available(void)
{
	long anon = global_node_page_state(NR_ACTIVE_ANON) +
		    global_node_page_state(NR_INACTIVE_ANON);

	return si_mem_available() + clamp(get_nr_swap_pages(), 0L, anon);
}
