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
 * no place is complete, the one that lacks least is taken, and what it lacks is
 * held elsewhere and copied.
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

static int seat_last(const struct kexec_image *img)
{
	return img->kimage.nr_segments - 1;
}

/* @seg: the segment that was added there, or an errno. */
static int seat_take(struct kexec_image *img, struct place_map *map,
		     const struct place_request *req, u64 pa, int seg)
{
	int ret;

	if (seg < 0)
		return seg;
	ret = kexec_place_remove(map, pa, pa + req->size);
	if (!ret)
		return seg;
	kexec_segment_drop(img);
	return ret;
}

/*
 * The best place whose memory is free at the moment.  That includes the rest of
 * the pageblocks at its ends, unless they are large: see hold.c.
 */
static bool seat_find_vacant(const struct place_map *map, const struct place_request *req,
			     u64 offset, u64 memsz, u64 *pa)
{
	struct place_request next = *req;
	u64 block = min_t(u64, SZ_32M, PFN_PHYS(pageblock_nr_pages));
	u64 start, end, used;

	while (!kexec_place_find(map, &next, pa)) {
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

/* Try one place; returns the number of pages that it lacks, or an errno. */
static long seat_try(struct kexec_image *img, u64 pa, u64 memsz, unsigned long *resume)
{
	int seg = kexec_segment_add(img, pa, memsz);

	return seg < 0 ? seg : (long)kexec_hold_claim(img, seg, resume);
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
	unsigned long resume;
	long missing, least = LONG_MAX;
	struct place_request next = *req;
	u64 pa, best_pa = 0;
	int tries;

	if (first || kexec_image_is_crash(img)) {
		if (kexec_place_find(map, req, &pa))
			return -EADDRNOTAVAIL;
		return seat_take(img, map, req, pa,
				 kexec_segment_add(img, pa + offset, memsz));
	}
	if (seat_find_vacant(map, req, offset, memsz, &pa)) {
		missing = seat_try(img, pa + offset, memsz, &resume);
		if (missing <= 0)
			return seat_take(img, map, req, pa, missing ?: seat_last(img));
		kexec_segment_drop(img);
	}

	for (tries = 0; tries < SEAT_TRIES && !kexec_place_find(map, &next, &pa); tries++) {
		missing = seat_try(img, pa + offset, memsz, &resume);
		if (missing <= 0)
			return seat_take(img, map, req, pa, missing ?: seat_last(img));
		if (missing < least) {
			least = missing;
			best_pa = pa;
		}
		kexec_segment_drop(img);
		seat_advance(&next, pa, offset, resume);
	}
	if (least == LONG_MAX)
		return -EADDRNOTAVAIL;

	missing = seat_try(img, best_pa + offset, memsz, &resume);
	return seat_take(img, map, req, best_pa, missing < 0 ? missing : seat_last(img));
}
