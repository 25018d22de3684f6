// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: choosing a place, when the choice is ours
 *
 * kexec_file_load may put a segment anywhere that the boot protocol allows, so
 * it goes where its destination can be had as it is: then its file is read
 * straight into it and nothing is copied when this kernel leaves.
 *
 * Places are tried in the order that the request asks for.  One that cannot be
 * had completely is given back, and the next one begins behind the last page
 * that was missing, so that no block is asked for more than a few times.  When
 * no place is complete, the one that lacks least is taken, and what it lacks is
 * held elsewhere and copied.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "internal.h"

/* Places looked at before one with gaps has to do; keeps the time bounded. */
#define SEAT_TRIES	32

/* Go on behind what was missing at @pa, whose slot @resume was the first to be had again. */
static void seat_advance(struct place_request *req, u64 pa, u64 offset, unsigned long resume)
{
	if (req->top_down)
		req->max = pa + req->size - min_t(u64, req->size, SZ_2M);
	else
		req->min = pa + offset + PFN_PHYS(resume);
}

static int seat_take(struct kexec_image *img, struct place_map *map,
		     const struct place_request *req, u64 pa, int seg)
{
	int ret = kexec_place_remove(map, pa, pa + req->size);

	if (!ret)
		return seg;
	kexec_segment_drop(img);
	return ret;
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
	unsigned long missing, resume, least = ULONG_MAX;
	struct place_request next = *req;
	u64 pa, best_pa = 0;
	int seg, tries;

	for (tries = 0; tries < SEAT_TRIES && !kexec_place_find(map, &next, &pa); tries++) {
		seg = kexec_segment_add(img, pa + offset, memsz);
		if (seg < 0)
			return seg;
		if (first || kexec_image_is_crash(img))
			return seat_take(img, map, req, pa, seg);

		missing = kexec_hold_claim(img, seg, &resume);
		if (!missing)
			return seat_take(img, map, req, pa, seg);
		if (missing < least) {
			least = missing;
			best_pa = pa;
		}
		kexec_segment_drop(img);
		seat_advance(&next, pa, offset, resume);
	}
	if (least == ULONG_MAX)
		return -EADDRNOTAVAIL;

	seg = kexec_segment_add(img, best_pa + offset, memsz);
	if (seg < 0)
		return seg;
	kexec_hold_claim(img, seg, &resume);
	return seat_take(img, map, req, best_pa, seg);
}
