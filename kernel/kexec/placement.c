// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: placement of segments by the kernel
 *
 * A segment of kexec_file_load is placed where its destination can be allocated, so that
 * nothing is copied when this kernel is left.  Free ranges are tried first, because nothing
 * has to be migrated, then all ranges in the order of the request.  See "Choice of the
 * destination" in design.rst.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "contig.h"
#include "free_hint.h"
#include "image.h"
#include "pages.h"
#include "placement.h"
#include "segment.h"
#include "usable.h"
#include "zone.h"
#include "lib/range_map.h"

/* Ranges tried before an incomplete one is accepted; bounds the time. */
#define PLACEMENT_TRIES	32

/* Attempts to allocate a range that looked free. */
#define PLACEMENT_LOOKS	3

/*
 * Resume after the last unavailable page, at slot @resume of the range at @pa.
 * alloc_contig_range() works on whole pageblocks, so skip to the next one.
 */
static void placement_advance(struct range_request *req, u64 pa, u64 offset, unsigned long resume)
{
	u64 block = PFN_PHYS(pageblock_nr_pages);

	if (req->top_down)
		req->max = ALIGN_DOWN(pa + req->size - 1, block);
	else
		req->min = ALIGN(pa + offset + PFN_PHYS(resume), block);
}

static void placement_skip(struct range_request *req, u64 start, u64 end)
{
	if (req->top_down)
		req->max = start;
	else
		req->min = end;
}

/* With @zones in a zone that has headroom. */
static int placement_find(const struct range_map *map, struct range_request *next, u64 offset,
			  u64 memsz, bool zones, u64 *pa)
{
	struct zone *outside;
	u64 start, end, bad;

	while (next->min < next->max && !range_map_find_hole(map, next, pa)) {
		start = *pa + offset;
		end = PAGE_ALIGN(start + memsz);
		if (kexec_usable_has_error(start, end, &bad))
			placement_skip(next, bad, bad + PAGE_SIZE);
		else if (zones && !kexec_zone_fits(PHYS_PFN(start), PHYS_PFN(end), &outside) &&
			 outside)
			placement_skip(next, PFN_PHYS(outside->zone_start_pfn),
				       PFN_PHYS(zone_end_pfn(outside)));
		else
			return 0;
	}
	return -EADDRNOTAVAIL;
}

/*
 * The surrounding pageblocks must be free as well, or 2 MiB if pageblocks are larger: the
 * allocator hands out the remainder of a split block first.
 */
static bool placement_find_free(const struct range_map *map, const struct range_request *req,
				u64 offset, u64 memsz, u64 *pa)
{
	struct range_request next = *req;
	u64 block = PFN_PHYS(pageblock_nr_pages);
	u64 start, end, used;

	if (block > SZ_32M)
		block = SZ_2M;

	while (!placement_find(map, &next, offset, memsz, true, pa)) {
		start = ALIGN_DOWN(*pa + offset, block);
		end = ALIGN(*pa + offset + memsz, block);
		if (kexec_free_hint_range(start, end, !req->top_down, &used))
			return true;
		if (fatal_signal_pending(current))
			return false;
		if (req->top_down)
			next.max = min(used, *pa + req->size - PAGE_SIZE);
		else
			next.min = max(used - offset, *pa + PAGE_SIZE);
	}
	return false;
}

/* @missing pages of the range could not be allocated. */
struct placement_best {
	u64 pa;
	unsigned long missing;
};

/* Returns the number of missing pages. */
static unsigned long placement_try(struct kexec_image *img, int seg, u64 pa, u64 offset,
				   struct placement_best *best, unsigned long *resume)
{
	unsigned long missing;

	kexec_segment_move(img, seg, pa + offset);
	missing = kexec_contig_alloc_segment(img, seg, resume);
	if (missing < best->missing)
		*best = (struct placement_best) { .pa = pa, .missing = missing };
	return missing;
}

static int placement_choose(struct kexec_image *img, int seg, const struct range_request *req,
			    u64 offset, u64 memsz, u64 *pa)
{
	const struct range_map *map = img->usable;
	struct placement_best best = { .missing = ULONG_MAX };
	struct range_request next = *req;
	unsigned long resume, nr = PFN_UP(memsz);
	/* Without headroom nothing is allocated here, and filling the segment fails. */
	bool room = kexec_pages_headroom(nr) >= 0 && !kexec_zone_make_room(nr);
	int tries;

	/* Another task may allocate it first, or its pageblock may be rejected. */
	for (tries = 0; room && tries < PLACEMENT_LOOKS; tries++) {
		if (!placement_find_free(map, req, offset, memsz, pa))
			break;
		if (!placement_try(img, seg, *pa, offset, &best, &resume))
			return 0;
	}

	for (tries = 0; room && tries < PLACEMENT_TRIES &&
	     !placement_find(map, &next, offset, memsz, true, pa); tries++) {
		if (!placement_try(img, seg, *pa, offset, &best, &resume))
			return 0;
		placement_advance(&next, *pa, offset, resume);
	}
	next = *req;
	if (best.missing == ULONG_MAX && placement_find(map, &next, offset, memsz, false, &best.pa))
		return -EADDRNOTAVAIL;
	*pa = best.pa;
	if (placement_try(img, seg, *pa, offset, &best, &resume))
		kexec_contig_fill_gaps(img, seg);
	return 0;
}

/**
 * kexec_placement_segment() - place a segment and add it to an image
 * @img: the image; the range is removed from its usable memory
 * @req: constraints of the range
 * @offset: bytes from the start of the range to the segment
 * @memsz: bytes of the segment; @offset + @memsz is at most @req->size
 * @first: use the first range that fits, without an attempt to allocate it
 *
 * Return: index of the segment; -EADDRNOTAVAIL without a message if no range fits; another
 * negative errno after one message.
 */
int kexec_placement_segment(struct kexec_image *img, const struct range_request *req,
			    u64 offset, u64 memsz, bool first)
{
	/* First the bit map, so that it is not in the range. */
	int seg = kexec_segment_add(img, 0, memsz);
	struct range_request next = *req;
	int ret = -EADDRNOTAVAIL;
	u64 pa;

	if (seg < 0)
		return seg;
	if (!first && !kexec_image_is_crash(img)) {
		ret = placement_choose(img, seg, req, offset, memsz, &pa);
	} else if (!placement_find(img->usable, &next, offset, memsz, false, &pa)) {
		kexec_segment_move(img, seg, pa + offset);
		ret = 0;
	}
	if (!ret)
		ret = range_map_remove(img->usable, pa, pa + req->size);
	if (!ret)
		return seg;
	kexec_segment_drop(img);
	return ret;
}
