// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: allocation of the destination itself
 *
 * A page that is its own destination needs no copy, so the destination is allocated first,
 * with alloc_contig_range().  That fails if the pageblock has any unmovable page, even one
 * of this image.  For segments that user space placed, therefore, the rest of the first and
 * the last pageblock is allocated as well, for adjacent segments; the surplus is freed when
 * all segments were tried.  Free pages of rejected pageblocks are searched in the free
 * lists, see buddy_search.c.
 */
#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "buddy_search.h"
#include "contig.h"
#include "debug.h"
#include "image.h"
#include "pages.h"
#include "zone.h"

/* Padding of larger pageblocks would be most of a zone. */
#define CONTIG_SPARE_MAX		(SZ_32M >> PAGE_SHIFT)

/* alloc_contig_range() cannot be interrupted and may clear the pages. */
#define CONTIG_PIECE		((unsigned long)SZ_256M >> PAGE_SHIFT)

static unsigned long contig_end_pfn(const struct kexec_backing *b)
{
	return kexec_dst_pfn(b) + kexec_dst_pages(b);
}

/*
 * Pages [@start, @end) of @b may be padding of another segment.  Padding between the two
 * segments stays with that one; padding on the other side of @b becomes padding of @b.
 */
static bool contig_take_padding(struct kexec_image *img, struct kexec_backing *b,
				unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *o = &img->backing[i];
		unsigned long before = kexec_dst_pfn(o) - o->pad_before;
		unsigned long after = contig_end_pfn(o) + o->pad_after;

		if (o == b)
			continue;
		if (start >= contig_end_pfn(o) && end <= after) {
			o->pad_after = start - contig_end_pfn(o);
			b->pad_after += after - end;
			return true;
		}
		if (start >= before && end <= kexec_dst_pfn(o)) {
			o->pad_before = kexec_dst_pfn(o) - end;
			b->pad_before += start - before;
			return true;
		}
	}
	return false;
}

/* Where user space chose the places, with the rest of their pageblocks. */
static bool contig_alloc_blocks(const struct kexec_image *img, struct kexec_backing *b,
				unsigned long start, unsigned long end)
{
	struct page *page = pfn_to_online_page(start);
	unsigned long from = start, to = end;
	struct zone *zone;

	if (!page || !pfn_to_online_page(end - 1))
		return false;
	zone = page_zone(page);
	if (!img->kimage.file_mode && pageblock_nr_pages <= CONTIG_SPARE_MAX) {
		from = max(ALIGN_DOWN(start, pageblock_nr_pages), zone->zone_start_pfn);
		to = min(ALIGN(end, pageblock_nr_pages), zone_end_pfn(zone));
	}
	if (!kexec_zone_alloc_contig(from, to))
		return false;
	b->pad_before += start - from;
	b->pad_after += to - end;
	return true;
}

/* All of slots [@from, @to) or nothing. */
static bool contig_run(struct kexec_image *img, struct kexec_backing *b,
		       unsigned long from, unsigned long to)
{
	unsigned long pfn = kexec_dst_pfn(b);

	if (find_next_bit(b->claimed, to, from) < to)
		return false;
	if (!contig_take_padding(img, b, pfn + from, pfn + to) &&
	    !contig_alloc_blocks(img, b, pfn + from, pfn + to))
		return false;

	bitmap_set(b->claimed, from, to - from);
	return true;
}

static unsigned long contig_next_block(const struct kexec_backing *b, unsigned long slot)
{
	unsigned long pfn = kexec_dst_pfn(b);

	return min(ALIGN(pfn + slot + 1, pageblock_nr_pages) - pfn, kexec_dst_pages(b));
}

/* At least @slot, which starts a pageblock. */
static unsigned long contig_last_block(const struct kexec_backing *b, unsigned long slot)
{
	unsigned long end = ALIGN_DOWN(contig_end_pfn(b), pageblock_nr_pages);

	return end > kexec_dst_pfn(b) + slot ? end - kexec_dst_pfn(b) : slot;
}

/* The slot after the largest piece that starts at @slot, aligned to a pageblock. */
static unsigned long contig_next_piece(const struct kexec_backing *b, unsigned long slot)
{
	unsigned long pfn = kexec_dst_pfn(b), piece = max(CONTIG_PIECE, pageblock_nr_pages);

	return min(ALIGN_DOWN(pfn + slot, pageblock_nr_pages) + piece - pfn, kexec_dst_pages(b));
}

/* Returns the number of missing pages. */
static unsigned long contig_pieces(struct kexec_image *img, struct kexec_backing *b,
				   unsigned long *resume)
{
	/* The ends may be padding of another segment, so they are separate pieces. */
	unsigned long middle = contig_next_block(b, 0), tail = contig_last_block(b, middle);
	unsigned long slot, next, piece, tried = middle, missing = 0;

	for (slot = 0; slot < kexec_dst_pages(b); slot = next) {
		next = contig_next_block(b, slot);
		piece = min(contig_next_piece(b, slot), tail);
		if (slot >= tried && piece > next) {
			tried = piece;
			if (contig_run(img, b, slot, piece)) {
				next = piece;
				continue;
			}
		}
		if (fatal_signal_pending(current) || !contig_run(img, b, slot, next)) {
			missing += next - slot;
			*resume = next;
		}
		cond_resched();
	}
	return missing;
}

/**
 * kexec_contig_alloc_segment() - allocate the destination of a segment
 * @img: an image that is no crash image
 * @seg: index of the segment
 * @resume: receives the slot after the last page that could not be allocated, or 0
 *
 * Return: the number of pages that could not be allocated.
 */
unsigned long kexec_contig_alloc_segment(struct kexec_image *img, unsigned int seg,
					 unsigned long *resume)
{
	struct kexec_backing *b = &img->backing[seg];
	unsigned long nr = kexec_dst_pages(b), missing = 0;

	*resume = 0;
	if (!kexec_debug.in_place || !nr)
		return 0;
	if (kexec_pages_headroom(nr) < 0 || kexec_zone_make_room(nr)) {
		*resume = nr;
		return nr;
	}
	if (nr > CONTIG_PIECE || !contig_run(img, b, 0, nr))
		missing = contig_pieces(img, b, resume);
	return missing;
}

/* Does a block have a page that @b lacks? */
static bool contig_block_wanted(const struct kexec_backing *b, struct page *page,
				unsigned int order)
{
	unsigned long pfn = kexec_dst_pfn(b);
	unsigned long first = max(page_to_pfn(page), pfn);
	unsigned long end = min(page_to_pfn(page) + (1UL << order), contig_end_pfn(b));

	/* The search also returns blocks outside of the segment. */
	if (first >= end)
		return false;
	first -= pfn;
	end -= pfn;
	return find_next_zero_bit(b->claimed, end, first) < end;
}

static void contig_keep_block(struct kexec_image *img, struct page *page, unsigned int order)
{
	unsigned long n;

	split_page(page, order);
	for (n = 0; n < 1UL << order; n++)
		if (!kexec_pages_claim(img, page + n))
			__free_page(page + n);
}

static void contig_search_slot(struct kexec_image *img, struct kexec_backing *b,
			       unsigned long slot, struct buddy_search *s)
{
	struct page *at = pfn_to_online_page(kexec_dst_pfn(b) + slot), *page;
	unsigned int order;

	while (at && !test_bit(slot, b->claimed)) {
		page = buddy_search_next(s, at, &order);
		if (!page)
			return;
		if (contig_block_wanted(b, page, order))
			contig_keep_block(img, page, order);
		else
			buddy_search_hold(s, page, order);
	}
}

/**
 * kexec_contig_fill_gaps() - allocate free pages of rejected pageblocks
 * @img: an image that is no crash image
 * @seg: index of a segment that lacks pages
 */
void kexec_contig_fill_gaps(struct kexec_image *img, unsigned int seg)
{
	struct kexec_backing *b = &img->backing[seg];
	unsigned long nr = kexec_dst_pages(b), i;
	struct buddy_search search;

	if (kexec_pages_headroom(nr) < 0)
		return;
	buddy_search_begin(&search);
	for_each_clear_bit(i, b->claimed, nr) {
		if (fatal_signal_pending(current))
			break;
		contig_search_slot(img, b, i, &search);
		cond_resched();
	}
	buddy_search_end(&search);
}

/**
 * kexec_contig_place() - allocate the destinations of all segments, where possible
 * @img: an image whose segments are all known and have no pages
 */
void kexec_contig_place(struct kexec_image *img)
{
	unsigned int i, nr = img->kimage.nr_segments;
	unsigned long missing[KEXEC_SEGMENT_MAX], resume;

	if (kexec_image_is_crash(img))
		return;
	for (i = 0; i < nr; i++)
		missing[i] = kexec_contig_alloc_segment(img, i, &resume);
	for (i = 0; i < nr; i++)
		if (missing[i])
			kexec_contig_fill_gaps(img, i);
	for (i = 0; i < nr; i++)
		kexec_pages_free_padding(&img->backing[i]);
}
