// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory for a crash reservation that grows at run time
 *
 * A region is boot memory that is claimed with alloc_contig_range(), marked as reserved for
 * hibernation, and added to memblock.reserved, so that no image is placed there.
 *
 * The search goes down from the end of a window by pageblocks, because alloc_contig_range()
 * rejects a pageblock with any unmovable page.  A pageblock is a candidate if no page of it
 * looks unmovable.  The look needs no lock, so the claim may still fail; the search resumes
 * below the pageblock that failed::
 *
 *	window  |--------------------------------------------------|
 *	blocks      used | movable | movable | unmovable | free
 *	run of 2         [=========|=========)
 *
 * Windows, sizes and order are those of crashkernel=, see crash_reserve.c.  In each window
 * free memory is tried first, then memory whose pages have to be migrated.  If no zone with
 * a suitable run has the headroom, memory is reclaimed (zone.c) and the search is repeated.
 *
 * The caller holds the kexec lock.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/crash_reserve.h>
#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/swap.h>

#include "crash_grow.h"
#include "crash_reserve.h"
#include "debug.h"
#include "free_hint.h"
#include "pages.h"
#include "usable.h"
#include "zone.h"
#include "lib/crashkernel_param.h"
#include "lib/range_map.h"

/* alloc_contig_range() cannot be interrupted. */
#define CRASH_GROW_PIECE	max_t(u64, SZ_64M, PFN_PHYS(pageblock_nr_pages))

#define CRASH_GROW_BLOCK	max_t(u64, CRASH_ALIGN, PFN_PHYS(pageblock_nr_pages))

/* Bounds the claims that fail, and so the pages that are migrated in vain. */
#define CRASH_GROW_TRIES	32

/**
 * struct crash_grow_search - a search for a region
 * @map: boot memory that is not reserved
 * @start: lower bound
 * @end: upper bound, exclusive
 * @size: bytes
 * @free: claim only memory that looks free
 * @reclaim: reclaim memory for the zone of a run
 * @failed_zone: zone that reclaim has not given the room, or NULL
 * @tries: claims that may still fail
 * @enough: a run of as many bytes ends the search
 * @largest: bytes of the longest run seen
 * @total: bytes of all candidates seen
 */
struct crash_grow_search {
	const struct range_map *map;
	u64 start;
	u64 end;
	u64 size;
	bool free;
	bool reclaim;
	struct zone *failed_zone;
	unsigned int tries;
	u64 enough;
	u64 largest;
	u64 total;
};

static void crash_grow_free_pages(u64 start, u64 end)
{
	unsigned long pfn;

	for (pfn = PHYS_PFN(start); pfn < PHYS_PFN(end); pfn++) {
		__free_page(pfn_to_page(pfn));
		cond_resched();
	}
}

/* Returns the end of the part that was allocated. */
static u64 crash_grow_alloc_piece(u64 start, u64 end)
{
	u64 at, next;

	if (kexec_zone_alloc_contig(PHYS_PFN(start), PHYS_PFN(end)))
		return end;
	/* Which pageblock failed? */
	for (at = start; at < end; at = next) {
		next = min(end, ALIGN(at + 1, CRASH_GROW_BLOCK));
		if (fatal_signal_pending(current) ||
		    !kexec_zone_alloc_contig(PHYS_PFN(at), PHYS_PFN(next)))
			break;
		cond_resched();
	}
	return at;
}

/* All of [@start, @end) or nothing.  Returns @end, or the address that failed. */
static u64 crash_grow_alloc(u64 start, u64 end)
{
	u64 at = start, next, got;

	for (; at < end; at = next) {
		next = min(end, ALIGN(at + 1, CRASH_GROW_PIECE));
		got = fatal_signal_pending(current) ? at : crash_grow_alloc_piece(at, next);
		if (got < next) {
			crash_grow_free_pages(start, got);
			return got;
		}
		kexec_debug_panic_grow();
		cond_resched();
	}
	return end;
}

static void crash_grow_mark(u64 start, u64 end)
{
	unsigned long pfn;

	for (pfn = PHYS_PFN(start); pfn < PHYS_PFN(end); pfn++) {
		mark_page_reserved(pfn_to_page(pfn));
		cond_resched();
	}
}

/* The System RAM resource with all of @res, or NULL. */
static struct resource *crash_grow_ram(struct resource *res)
{
	struct resource *ram = request_resource_conflict(&iomem_resource, res);

	if (!ram) {
		release_resource(res);
		return NULL;
	}
	return res->start >= ram->start && res->end <= ram->end ? ram : NULL;
}

/**
 * kexec_crash_insert() - show a region in /proc/iomem
 * @res: its resource, which is in no tree
 *
 * Return: NULL, or the resource that is in the way.
 */
struct resource *kexec_crash_insert(struct resource *res)
{
	struct resource *ram = crash_grow_ram(res);

	return ram ? request_resource_conflict(ram, res) : &iomem_resource;
}

/* "reserved" resources of boot stay when their memory is freed, such as the initrd's. */
static bool crash_grow_has_resource(u64 start, u64 end, u64 *where)
{
	struct resource probe = DEFINE_RES_NAMED(start, end - start, "reserved",
						 IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);
	struct resource *other = kexec_crash_insert(&probe);

	if (!other) {
		release_resource(&probe);
		return false;
	}
	*where = clamp_t(u64, other->start, start, end - 1);
	return true;
}

/* Returns 0, or a negative errno with the address that failed in @failed. */
static int crash_grow_claim(u64 start, u64 end, u64 *failed)
{
	*failed = start;
	if (crash_grow_has_resource(start, end, failed))
		return -EADDRNOTAVAIL;
	if (kexec_usable_has_error(start, end, failed))
		return -EADDRNOTAVAIL;
	*failed = crash_grow_alloc(start, end);
	if (*failed < end)
		return fatal_signal_pending(current) ? -EINTR : -EADDRNOTAVAIL;
	if (kexec_usable_reserve(start, end)) {
		crash_grow_free_pages(start, end);
		return -ENOMEM;
	}
	crash_grow_mark(start, end);
	return 0;
}

#ifdef CONFIG_HIBERNATION
/**
 * crash_free_reserved_phys_range() - free reserved pages to the page allocator
 * @begin: physical address, page aligned
 * @end: physical address, exclusive
 */
void crash_free_reserved_phys_range(unsigned long begin, unsigned long end)
{
	unsigned long pfn;

	for (pfn = PFN_UP(begin); pfn < PFN_DOWN(end); pfn++) {
		free_reserved_page(pfn_to_page(pfn));
		cond_resched();
	}
}
#endif

/**
 * kexec_crash_unclaim() - free a claimed range to the page allocator
 * @range: the range, page aligned; in no resource
 */
void kexec_crash_unclaim(const struct kexec_range *range)
{
	crash_free_reserved_phys_range(range->start, range->end);
	kexec_usable_unreserve(range->start, range->end);
}

/* Lockless. */
static bool crash_grow_is_movable_hint(unsigned long pfn, unsigned long end)
{
	unsigned long order;
	struct page *page;

	for (; pfn < end; pfn++) {
		page = pfn_to_page(pfn);
		if (PageBuddy(page)) {
			order = READ_ONCE(page_private(page));
			if (order <= MAX_PAGE_ORDER)
				pfn += (1UL << order) - 1;
			continue;
		}
		if (PageHWPoison(page) || PageReserved(page))
			return false;
		/* Free pages of per-CPU lists and tail pages have no reference. */
		if (page_ref_count(page) && !PageLRU(page) && !__PageMovable(page))
			return false;
	}
	return true;
}

static bool crash_grow_is_candidate(struct crash_grow_search *s, u64 pa)
{
	u64 end = pa + CRASH_GROW_BLOCK, used;
	struct page *page = pfn_to_online_page(PHYS_PFN(pa));

	cond_resched();
	if (!page || is_migrate_cma_page(page) || zone_idx(page_zone(page)) == ZONE_MOVABLE)
		return false;
	if (s->free ? !kexec_free_hint_range(pa, end, false, &used) :
		      !crash_grow_is_movable_hint(PHYS_PFN(pa), PHYS_PFN(end)))
		return false;
	s->total += CRASH_GROW_BLOCK;
	return true;
}

static bool crash_grow_range_is_movable(u64 start, u64 end)
{
	u64 at, next;

	for (at = start; at < end; at = next) {
		next = min(end, ALIGN(at + 1, CRASH_GROW_BLOCK));
		if (fatal_signal_pending(current) || !pfn_to_online_page(PHYS_PFN(at)) ||
		    !crash_grow_is_movable_hint(PHYS_PFN(at), PHYS_PFN(next)))
			return false;
		cond_resched();
	}
	return true;
}

static struct zone *crash_grow_zone(u64 pa)
{
	return page_zone(pfn_to_page(PHYS_PFN(pa)));
}

/*
 * Pages that a zone needs for a claim of @size bytes.  Other tasks allocate during the
 * claim, and alloc_contig_range() isolates the pageblocks at both ends.
 */
static unsigned long crash_grow_need(u64 size)
{
	const unsigned long nr = PFN_UP(size);

	return nr + nr / 16 + 2 * PHYS_PFN(min_t(u64, CRASH_GROW_BLOCK, SZ_32M));
}

/**
 * kexec_crash_claim() - claim a given range for the crash reservation
 * @map: boot memory that is not reserved
 * @want: the range, page aligned
 *
 * Memory is reclaimed if the zone of the range has not the headroom.
 *
 * Return: 0; -EADDRNOTAVAIL if not all of it can be claimed; -EINTR after a fatal signal;
 * -ENOMEM.
 */
int kexec_crash_claim(const struct range_map *map, const struct kexec_range *want)
{
	u64 failed;

	if (!range_map_contains(map, want->start, want->end))
		return -EADDRNOTAVAIL;
	/* Pages that were added to the LRU lists a moment ago look unmovable. */
	lru_add_drain_all();
	if (!crash_grow_range_is_movable(want->start, want->end))
		return fatal_signal_pending(current) ? -EINTR : -EADDRNOTAVAIL;
	/* If no room can be made, the claim fails. */
	kexec_zone_make_room_in(crash_grow_zone(want->start),
				crash_grow_need(want->end - want->start));
	return crash_grow_claim(want->start, want->end, &failed);
}

static bool crash_grow_has_room(struct crash_grow_search *s, u64 pa)
{
	struct zone *zone = crash_grow_zone(pa);

	if (kexec_zone_has_headroom(zone, crash_grow_need(s->size)))
		return true;
	if (!s->reclaim)
		return false;
	if (zone != s->failed_zone && !kexec_zone_make_room_in(zone, crash_grow_need(s->size)))
		return true;
	s->failed_zone = zone;
	/* Without the margin the claim may still succeed. */
	return kexec_zone_has_headroom(zone, PFN_UP(s->size));
}

/* The first block of the zone that has @pa. */
static u64 crash_grow_zone_start(u64 pa)
{
	return ALIGN_DOWN(PFN_PHYS(crash_grow_zone(pa)->zone_start_pfn), CRASH_GROW_BLOCK);
}

/* Has the run with @end, which begins at block @at, blocks of another zone? */
static bool crash_grow_enters_zone(u64 at, u64 end)
{
	const u64 above = at + CRASH_GROW_BLOCK;

	return above < end && crash_grow_zone(above) != crash_grow_zone(at);
}

/*
 * Returns 0, or a negative errno: -EADDRNOTAVAIL if the search can continue in the next
 * range.
 */
static int crash_grow_search_range(struct crash_grow_search *s, const struct kexec_range *in,
				   u64 *base)
{
	u64 start = ALIGN(max(in->start, s->start), CRASH_GROW_BLOCK);
	u64 at = ALIGN_DOWN(min(in->end, s->end), CRASH_GROW_BLOCK), end = at, failed;
	int ret;

	while (at > start) {
		if (fatal_signal_pending(current))
			return -EINTR;
		at -= CRASH_GROW_BLOCK;
		if (!crash_grow_is_candidate(s, at)) {
			end = at;
			continue;
		}
		if (crash_grow_enters_zone(at, end))
			end = at + CRASH_GROW_BLOCK;
		s->largest = max(s->largest, end - at);
		if (s->largest >= s->enough)
			return 0;
		if (end - at < s->size)
			continue;
		if (!crash_grow_has_room(s, at)) {
			at = crash_grow_zone_start(at);
			end = at;
			continue;
		}
		*base = ALIGN_DOWN(end - s->size, CRASH_ALIGN);
		ret = crash_grow_claim(*base, *base + s->size, &failed);
		if (ret != -EADDRNOTAVAIL)
			return ret;
		if (!s->tries--)
			return -ENOMEM;
		at = ALIGN_DOWN(failed, CRASH_GROW_BLOCK);
		end = at;
	}
	return -EADDRNOTAVAIL;
}

static int crash_grow_search_all(struct crash_grow_search *s, u64 *base)
{
	int ret = -EADDRNOTAVAIL;
	unsigned int i;

	s->tries = CRASH_GROW_TRIES;
	s->largest = 0;
	s->total = 0;
	for (i = s->map->nr; i && ret == -EADDRNOTAVAIL; i--)
		ret = crash_grow_search_range(s, &s->map->r[i - 1], base);
	return ret;
}

static void crash_grow_set_window(struct crash_grow_search *s, bool low)
{
	s->start = low ? 0 : CRASH_ADDR_LOW_MAX;
	s->end = low ? CRASH_ADDR_LOW_MAX : CRASH_ADDR_HIGH_MAX;
}

/* Free memory, or else memory with movable pages. */
static int crash_grow_region(struct crash_grow_search *s, bool low, u64 size,
			     struct kexec_range *got)
{
	u64 base;
	int ret;

	crash_grow_set_window(s, low);
	s->size = size;
	s->enough = U64_MAX;
	s->failed_zone = NULL;
	s->free = true;
	ret = crash_grow_search_all(s, &base);
	if (ret == -EADDRNOTAVAIL) {
		s->free = false;
		ret = crash_grow_search_all(s, &base);
	}
	if (!ret)
		*got = (struct kexec_range) { base, base + size };
	return ret;
}

/* The longest run, or one of @enough bytes; the candidates in s->total. */
static u64 crash_grow_scan(struct crash_grow_search *s, bool low, u64 enough)
{
	u64 base;

	crash_grow_set_window(s, low);
	s->free = false;
	s->size = U64_MAX;
	s->enough = enough;
	crash_grow_search_all(s, &base);
	return s->largest;
}

/* Like at boot, a low region that does not fit is reduced, but not for want of reclaim. */
static int crash_grow_low(struct crash_grow_search *s, u64 wanted, struct kexec_range *got)
{
	int ret = crash_grow_region(s, true, wanted, got);
	const bool reclaim = s->reclaim;
	u64 size;

	if (ret == -EADDRNOTAVAIL && !reclaim) {
		s->reclaim = true;
		ret = crash_grow_region(s, true, wanted, got);
		s->reclaim = reclaim;
	}
	if (ret != -EADDRNOTAVAIL && ret != -ENOMEM)
		return ret;
	size = crash_grow_scan(s, true, U64_MAX);
	size = crashkernel_param_fit_low(wanted, size, s->total, CRASH_ALIGN);
	if (!size || size == wanted || crash_grow_region(s, true, size, got))
		size = 0;
	if (fatal_signal_pending(current))
		return -EINTR;
	pr_warn("kexec_crash_size: low region reduced to %llu MB (%llu MB requested)\n",
		size >> 20, wanted >> 20);
	return 0;
}

/* With a low region if there is none. */
static int crash_grow_high(struct crash_grow_search *s, u64 size, u64 low_now,
			   struct crash_grow_regions *got)
{
	u64 low = min(kexec_crash_rules.low_size, ALIGN_DOWN(size / 2, CRASH_ALIGN));
	int ret;

	if (low_now)
		return crash_grow_region(s, false, size - low_now, &got->main);
	/* Known before anything is claimed. */
	if (crash_grow_scan(s, false, size - low) < size - low)
		return -EADDRNOTAVAIL;
	ret = low ? crash_grow_low(s, low, &got->low) : 0;
	if (!ret)
		ret = crash_grow_region(s, false, size - (got->low.end - got->low.start),
					&got->main);
	if (ret && got->low.end) {
		kexec_crash_unclaim(&got->low);
		got->low = (struct kexec_range) { };
	}
	return ret;
}

static int crash_grow_windows(struct crash_grow_search *s, u64 size, u64 low_now,
			      struct crash_grow_regions *got)
{
	int ret = -EADDRNOTAVAIL, i;

	for (i = 0; i < 2 && (ret == -EADDRNOTAVAIL || ret == -ENOMEM); i++) {
		if (i == kexec_crash_rules.high)
			ret = crash_grow_region(s, true, size, &got->main);
		else
			ret = crash_grow_high(s, size, low_now, got);
	}
	return ret;
}

static void crash_grow_report(struct crash_grow_search *s, u64 size)
{
	u64 room = PFN_PHYS(max(kexec_pages_headroom(0), 0L));
	u64 low = min(crash_grow_scan(s, true, U64_MAX), room);
	u64 high = min(crash_grow_scan(s, false, U64_MAX), room);

	pr_err("kexec_crash_size: no %llu MB in one piece; at most %lluM in low, %lluM in high\n",
	       size >> 20, low >> 20, high >> 20);
}

/**
 * kexec_crash_claim_regions() - claim memory for a whole reservation
 * @map: boot memory that is not reserved
 * @size: bytes of both regions, a multiple of CRASH_ALIGN
 * @low_now: bytes of the low region that there is; it stays if the main region is high
 * @got: receives the new regions
 *
 * Return: 0; -EINTR after a fatal signal; -ENOMEM after one message.
 */
int kexec_crash_claim_regions(const struct range_map *map, u64 size, u64 low_now,
			      struct crash_grow_regions *got)
{
	struct crash_grow_search s = { .map = map };
	int ret = -ENOMEM;

	*got = (struct crash_grow_regions) { };
	/* Pages that were added to the LRU lists a moment ago look unmovable. */
	lru_add_drain_all();
	if (kexec_pages_headroom(PFN_UP(size)) >= 0)
		ret = crash_grow_windows(&s, size, low_now, got);
	if (ret == -EADDRNOTAVAIL) {
		s.reclaim = true;
		ret = crash_grow_windows(&s, size, low_now, got);
	}
	if (!ret)
		return 0;
	if (fatal_signal_pending(current))
		return -EINTR;
	crash_grow_report(&s, size);
	return -ENOMEM;
}
