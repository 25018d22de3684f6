// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: choosing a place, when the choice is ours
 *
 * kexec_file_load may put a segment anywhere that the boot protocol allows, so
 * it goes where its destination can be had as it is: then its file is read
 * straight into it and nothing is copied when this kernel leaves.
 *
 * A place that is free as it is comes first, so that nothing has to be migrated
 * out of the way.  Where there is none, or it is gone when it is asked for,
 * places are tried in the order that the request asks for.  One that cannot be
 * had completely is given back, and the next one begins behind the last page
 * that was missing, so that no block is asked for more than a few times.  When
 * no place is complete, the one that lacks least is taken, with what is free in it
 * (glean.c), and what it lacks then is held elsewhere and copied.
 *
 * A request that asks for the highest place gets the highest zone first.  A zone
 * without headroom for the segment (zone.c) and pages with memory errors are skipped.
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

#include "internal.h"

/* Places looked at before one with gaps has to do; keeps the time bounded. */
#define SEAT_TRIES	32

/* How often a place that looked free may turn out not to be. */
#define SEAT_LOOKS	3

/*
 * Go on behind what was missing at @pa, whose slot @resume was the first to be had
 * again.  A pageblock is given as a whole or not at all, so no place in the same one
 * is worth another try.
 */
static void seat_advance(struct place_request *req, u64 pa, u64 offset, unsigned long resume)
{
	u64 block = PFN_PHYS(pageblock_nr_pages);

	if (req->top_down)
		req->max = ALIGN_DOWN(pa + req->size - 1, block);
	else
		req->min = ALIGN(pa + offset + PFN_PHYS(resume), block);
}

/* Continue the search after [@start, @end), which no part of the segment may meet. */
static void seat_skip(struct place_request *req, u64 start, u64 end)
{
	if (req->top_down)
		req->max = start;
	else
		req->min = end;
}

/* The next place for a segment; with @zones in a zone that has headroom for it. */
static int seat_find(const struct place_map *map, struct place_request *next, u64 offset,
		     u64 memsz, bool zones, u64 *pa)
{
	struct zone *outside;
	u64 start, end, bad;

	while (next->min < next->max && !kexec_place_find(map, next, pa)) {
		start = *pa + offset;
		end = PAGE_ALIGN(start + memsz);
		if (kexec_ram_has_error(start, end, &bad))
			seat_skip(next, bad, bad + PAGE_SIZE);
		else if (zones && !kexec_zone_fits(PHYS_PFN(start), PHYS_PFN(end), &outside) &&
			 outside)
			seat_skip(next, PFN_PHYS(outside->zone_start_pfn),
				  PFN_PHYS(zone_end_pfn(outside)));
		else
			return 0;
	}
	return -EADDRNOTAVAIL;
}

/*
 * The best place whose memory is free at the moment.  That includes the rest of the
 * pageblocks at its ends, see claim.c.  Where those are too large to be taken along,
 * still something around it: what is left of a block is what the allocator gives next.
 */
static bool seat_find_vacant(const struct place_map *map, const struct place_request *req,
			     u64 offset, u64 memsz, u64 *pa)
{
	struct place_request next = *req;
	u64 block = PFN_PHYS(pageblock_nr_pages);
	u64 start, end, used;

	if (block > SZ_32M)
		block = SZ_2M;

	while (!seat_find(map, &next, offset, memsz, true, pa)) {
		start = ALIGN_DOWN(*pa + offset, block);
		end = ALIGN(*pa + offset + memsz, block);
		if (kexec_vacant_range(start, end, !req->top_down, &used))
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

/**
 * struct seat_best - the best of the places that were asked for
 * @pa: where it begins
 * @missing: pages that it lacked
 */
struct seat_best {
	u64 pa;
	unsigned long missing;
};

/* Ask for one place; returns the number of pages that it lacks. */
static unsigned long seat_try(struct kexec_image *img, int seg, u64 pa, u64 offset,
			      struct seat_best *best, unsigned long *resume)
{
	unsigned long missing;

	kexec_segment_move(img, seg, pa + offset);
	missing = kexec_claim_segment(img, seg, resume);
	if (missing < best->missing)
		*best = (struct seat_best) { .pa = pa, .missing = missing };
	return missing;
}

/* Find the best place for segment @seg and take what can be had of it. */
static int seat_choose(struct kexec_image *img, int seg, const struct place_map *map,
		       const struct place_request *req, u64 offset, u64 memsz, u64 *pa)
{
	struct seat_best best = { .missing = ULONG_MAX };
	struct place_request next = *req;
	unsigned long resume, nr = PFN_UP(memsz);
	/* Without memory no place is claimed, and filling the segment fails. */
	bool room = kexec_hold_left(nr) >= 0 && !kexec_zone_make_room(nr);
	int tries;

	/* It may be taken before it is asked for, or lie in a pageblock that is refused. */
	for (tries = 0; room && tries < SEAT_LOOKS; tries++) {
		if (!seat_find_vacant(map, req, offset, memsz, pa))
			break;
		if (!seat_try(img, seg, *pa, offset, &best, &resume))
			return 0;
	}

	for (tries = 0; room && tries < SEAT_TRIES &&
	     !seat_find(map, &next, offset, memsz, true, pa); tries++) {
		if (!seat_try(img, seg, *pa, offset, &best, &resume))
			return 0;
		seat_advance(&next, *pa, offset, resume);
	}
	next = *req;
	if (best.missing == ULONG_MAX && seat_find(map, &next, offset, memsz, false, &best.pa))
		return -EADDRNOTAVAIL;
	*pa = best.pa;
	if (seat_try(img, seg, *pa, offset, &best, &resume))
		kexec_claim_rest(img, seg);
	return 0;
}

/**
 * kexec_seat_segment() - add a segment at the best place there is
 * @img: the image
 * @map: free memory; the place is removed from it
 * @req: what the place must be like
 * @offset: bytes from the place's beginning to the segment
 * @memsz: bytes of the segment; @offset + @memsz is at most @req->size
 * @first: take the first place that fits, whether or not it can be had
 *
 * Context: process context, may sleep.
 * Return: index of the segment; -EADDRNOTAVAIL without a message when nothing
 * fits; another negative errno after one message.
 */
int kexec_seat_segment(struct kexec_image *img, struct place_map *map,
		       const struct place_request *req, u64 offset, u64 memsz, bool first)
{
	/* Before a place is looked for: what keeps track of it could end up there. */
	int seg = kexec_segment_add(img, 0, memsz);
	struct place_request next = *req;
	int ret = -EADDRNOTAVAIL;
	u64 pa;

	if (seg < 0)
		return seg;
	if (!first && !kexec_image_is_crash(img)) {
		ret = seat_choose(img, seg, map, req, offset, memsz, &pa);
	} else if (!seat_find(map, &next, offset, memsz, false, &pa)) {
		kexec_segment_move(img, seg, pa + offset);
		ret = 0;
	}
	if (!ret)
		ret = kexec_place_remove(map, pa, pa + req->size);
	if (!ret)
		return seg;
	kexec_segment_drop(img);
	return ret;
}
