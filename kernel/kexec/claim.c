// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: asking for a destination itself
 *
 * The best place for a page is its destination: then nothing has to be copied.  So
 * before anything is taken from the allocator, the destination itself is asked for,
 * with alloc_contig_range(): in pieces as large as CLAIM_PIECE, which is quickest, or
 * where that fails one pageblock after the other.  Movable pages in the way are
 * migrated.  A piece is claimed only from a zone with headroom for it (zone.c).
 *
 * A pageblock is given as a whole or not at all: one page in it that cannot be
 * moved, and be it one that we took ourselves, makes the rest unavailable.  So at
 * the ends of a segment that user space placed the rest of the pageblock is taken
 * along, for another segment that may need it; what nobody needs is given back
 * when the image is sealed.  What is free in a pageblock that is refused may still be
 * had from the allocator in smaller blocks (glean.c).
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/pageblock-flags.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "internal.h"

/* Larger pageblocks (64 KiB pages: 512 MiB) are too much to be taken along. */
#define CLAIM_SPARE_MAX		(SZ_32M >> PAGE_SHIFT)

/* Pages of one alloc_contig_range(), which cannot be interrupted and may clear them. */
#define CLAIM_PIECE		((unsigned long)SZ_256M >> PAGE_SHIFT)

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static bool claim_in_place = true;
module_param_named(in_place, claim_in_place, bool, 0644);
MODULE_PARM_DESC(in_place, "ask for destinations themselves (N: copy everything)");
#else
#define claim_in_place true
#endif

#ifndef CONFIG_CONTIG_ALLOC
/* Declared with CONFIG_CONTIG_ALLOC only.  Without it, pages that are not free are copied. */
static int alloc_contig_range(unsigned long start, unsigned long end, unsigned int migratetype,
			      gfp_t gfp)
{
	return -EOPNOTSUPP;
}
#endif

/**
 * kexec_claim_range() - take memory by its address
 * @pfn: the first page
 * @end: the page behind the last
 *
 * Movable pages in the way are migrated.  All of it or nothing, and nothing when the
 * zone has no headroom for it.
 *
 * Context: process context, may sleep.
 * Return: whether it is the caller's now.
 */
bool kexec_claim_range(unsigned long pfn, unsigned long end)
{
	/* alloc_contig_range() works in one zone. */
	return kexec_zone_fits(pfn, end, NULL) &&
	       !alloc_contig_range(pfn, end, MIGRATE_MOVABLE, KEXEC_HOLD_GFP);
}

static unsigned long claim_pfn(const struct kexec_backing *b)
{
	return PHYS_PFN(b->dst_pa);
}

static unsigned long claim_end_pfn(const struct kexec_backing *b)
{
	return claim_pfn(b) + b->nr_pages;
}

static void claim_free_range(unsigned long pfn, unsigned long nr)
{
	for (; nr; nr--)
		__free_page(pfn_to_page(pfn++));
}

/**
 * kexec_claim_free_spares() - give back what was taken along with a segment
 * @b: the segment
 *
 * Context: process context.
 */
void kexec_claim_free_spares(struct kexec_backing *b)
{
	claim_free_range(claim_pfn(b) - b->spare_before, b->spare_before);
	claim_free_range(claim_end_pfn(b), b->spare_after);
	b->spare_before = 0;
	b->spare_after = 0;
}

/*
 * Pages [@start, @end) of @b may lie among the spare ones of another segment.  The
 * spare pages between the two segments stay with that one, those on the far side
 * go with @b: they lie at its ends again.
 */
static bool claim_take_spares(struct kexec_image *img, struct kexec_backing *b,
			      unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *o = &img->backing[i];
		unsigned long before = claim_pfn(o) - o->spare_before;
		unsigned long after = claim_end_pfn(o) + o->spare_after;

		if (o == b)
			continue;
		if (start >= claim_end_pfn(o) && end <= after) {
			o->spare_after = start - claim_end_pfn(o);
			b->spare_after += after - end;
			return true;
		}
		if (start >= before && end <= claim_pfn(o)) {
			o->spare_before = claim_pfn(o) - end;
			b->spare_before += start - before;
			return true;
		}
	}
	return false;
}

/*
 * Take pages [@start, @end).  Where user space chose the places, the rest of their
 * pageblocks as well; our own choice keeps segments apart.
 */
static bool claim_take_blocks(const struct kexec_image *img, struct kexec_backing *b,
			      unsigned long start, unsigned long end)
{
	struct page *page = pfn_to_online_page(start);
	unsigned long from = start, to = end;
	struct zone *zone;

	if (!page || !pfn_to_online_page(end - 1))
		return false;
	zone = page_zone(page);
	if (!img->kimage.file_mode && pageblock_nr_pages <= CLAIM_SPARE_MAX) {
		from = max(ALIGN_DOWN(start, pageblock_nr_pages), zone->zone_start_pfn);
		to = min(ALIGN(end, pageblock_nr_pages), zone_end_pfn(zone));
	}
	if (!kexec_claim_range(from, to))
		return false;
	b->spare_before += start - from;
	b->spare_after += to - end;
	return true;
}

/* Take the destination of slots [@from, @to) itself.  All of them or none. */
static bool claim_run(struct kexec_image *img, struct kexec_backing *b,
		      unsigned long from, unsigned long to)
{
	unsigned long pfn = claim_pfn(b), i;

	for (i = from; i < to; i++)
		if (b->pages[i])
			return false;
	if (!claim_take_spares(img, b, pfn + from, pfn + to) &&
	    !claim_take_blocks(img, b, pfn + from, pfn + to))
		return false;

	for (i = from; i < to; i++)
		b->pages[i] = pfn_to_page(pfn + i);
	return true;
}

/* The slot that begins the next pageblock. */
static unsigned long claim_next_block(const struct kexec_backing *b, unsigned long slot)
{
	unsigned long pfn = claim_pfn(b);

	return min(ALIGN(pfn + slot + 1, pageblock_nr_pages) - pfn, b->nr_pages);
}

/* The slot behind the last whole pageblock; not before @slot, which begins one. */
static unsigned long claim_last_block(const struct kexec_backing *b, unsigned long slot)
{
	unsigned long end = ALIGN_DOWN(claim_end_pfn(b), pageblock_nr_pages);

	return end > claim_pfn(b) + slot ? end - claim_pfn(b) : slot;
}

/* The slot after the largest piece that begins at @slot, at the beginning of a pageblock. */
static unsigned long claim_next_piece(const struct kexec_backing *b, unsigned long slot)
{
	unsigned long pfn = claim_pfn(b), piece = max(CLAIM_PIECE, pageblock_nr_pages);

	return min(ALIGN_DOWN(pfn + slot, pageblock_nr_pages) + piece - pfn, b->nr_pages);
}

/* Claim the slots of @b in pieces; returns the number of pages missing. */
static unsigned long claim_pieces(struct kexec_image *img, struct kexec_backing *b,
				  unsigned long *resume)
{
	/* The ends may be spare pages of another segment, so they are claimed separately. */
	unsigned long middle = claim_next_block(b, 0), tail = claim_last_block(b, middle);
	unsigned long slot, next, piece, tried = middle, missing = 0;

	for (slot = 0; slot < b->nr_pages; slot = next) {
		next = claim_next_block(b, slot);
		piece = min(claim_next_piece(b, slot), tail);
		if (slot >= tried && piece > next) {
			tried = piece;
			if (claim_run(img, b, slot, piece)) {
				next = piece;
				continue;
			}
		}
		if (fatal_signal_pending(current) || !claim_run(img, b, slot, next)) {
			missing += next - slot;
			*resume = next;
		}
		cond_resched();
	}
	return missing;
}

/**
 * kexec_claim_segment() - take as much of a segment's destination as can be had
 * @img: an image that is no crash image
 * @seg: index of the segment
 * @resume: receives the slot behind the last page that could not be had, 0 when
 *          all could
 *
 * Context: process context, may sleep.
 * Return: the number of pages that could not be had.
 */
unsigned long kexec_claim_segment(struct kexec_image *img, unsigned int seg,
				  unsigned long *resume)
{
	struct kexec_backing *b = &img->backing[seg];
	unsigned long missing = 0;

	*resume = 0;
	b->claimed = true;
	if (!claim_in_place || !b->nr_pages)
		return 0;
	if (kexec_hold_left(b->nr_pages) < 0 || kexec_zone_make_room(b->nr_pages)) {
		*resume = b->nr_pages;
		return b->nr_pages;
	}
	if (b->nr_pages > CLAIM_PIECE || !claim_run(img, b, 0, b->nr_pages))
		missing = claim_pieces(img, b, resume);
	b->complete = !missing;
	return missing;
}

/* Is one of the pages of a block that is ours now missing in @b? */
static bool claim_lacks(const struct kexec_backing *b, struct page *page, unsigned int order)
{
	unsigned long first = max(page_to_pfn(page), claim_pfn(b));
	unsigned long end = min(page_to_pfn(page) + (1UL << order), claim_end_pfn(b));

	for (; first < end; first++)
		if (!b->pages[first - claim_pfn(b)])
			return true;
	return false;
}

/* Each page to where it belongs, and back what belongs nowhere. */
static void claim_deal_out(struct kexec_image *img, struct page *page, unsigned int order)
{
	unsigned long n;

	split_page(page, order);
	for (n = 0; n < 1UL << order; n++) {
		struct page *other = kexec_hold_send_home(img, page + n);

		if (other)
			__free_page(other);
	}
}

static void claim_glean_slot(struct kexec_image *img, struct kexec_backing *b,
			     unsigned long slot, struct kexec_glean *g)
{
	struct page *at = pfn_to_online_page(claim_pfn(b) + slot), *page;
	unsigned int order;

	while (at && !b->pages[slot]) {
		page = kexec_glean_next(g, at, &order);
		if (!page)
			return;
		if (claim_lacks(b, page, order))
			claim_deal_out(img, page, order);
		else
			kexec_glean_reject(g, page, order);
	}
}

/**
 * kexec_claim_rest() - take what is free of a destination that could not be had
 * @img: an image that is no crash image
 * @seg: index of a segment that kexec_claim_segment() found something missing in
 *
 * Context: process context, may sleep.
 */
void kexec_claim_rest(struct kexec_image *img, unsigned int seg)
{
	struct kexec_backing *b = &img->backing[seg];
	struct kexec_glean g;
	unsigned long i;

	if (kexec_hold_left(b->nr_pages) < 0)
		return;
	kexec_glean_begin(&g);
	b->complete = true;
	for (i = 0; i < b->nr_pages && !fatal_signal_pending(current); i++) {
		claim_glean_slot(img, b, i, &g);
		b->complete &= !!b->pages[i];
		cond_resched();
	}
	b->complete &= i == b->nr_pages;
	kexec_glean_end(&g);
}
