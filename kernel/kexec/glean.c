// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: free memory at a certain place, block by block
 *
 * alloc_contig_range() refuses a pageblock with one page in it that cannot be moved,
 * however much of the rest is free.  The allocator's other door gives free blocks,
 * but not those that one would like.  So ask it for blocks of the size that the
 * wanted one has, in the zone and of the mobility that it has, and keep those that
 * lie elsewhere until the wanted one comes.
 *
 * That comes to an end when GLEAN_PAGES are held that way, after GLEAN_BLOCKS, or when
 * the zone has no headroom left (zone.c), and nothing is reclaimed for it.  In a machine
 * that has much free memory lists of blocks smaller than a pageblock are short; in one
 * that is fragmented they are long, and few of the blocks are found.
 *
 * Blocks are allocated with the migratetype of the pageblock: that free list has the
 * wanted block, so the allocator does not fall back to another type and convert its
 * pageblocks.  alloc_contig_range() has rejected the pageblock because of a page that
 * cannot be migrated, so more of those there do no harm.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/sizes.h>

#include "internal.h"

/* Blocks asked for at most, and pages held in vain, which init_on_alloc clears. */
#define GLEAN_BLOCKS	4096
#define GLEAN_PAGES	(SZ_128M >> PAGE_SHIFT)

/* Makes the allocator look in the lists of @page's zone and mobility. */
static gfp_t glean_gfp(struct page *page)
{
	gfp_t gfp = __GFP_NOWARN | __GFP_NORETRY | __GFP_THISNODE;
	int mobility = get_pageblock_migratetype(page);

	if (mobility == MIGRATE_RECLAIMABLE)
		gfp |= __GFP_RECLAIMABLE;
	else if (mobility != MIGRATE_UNMOVABLE)
		gfp |= __GFP_MOVABLE;

	switch (page_zonenum(page)) {
#ifdef CONFIG_ZONE_DMA
	case ZONE_DMA:
		return gfp | __GFP_DMA;
#endif
#ifdef CONFIG_ZONE_DMA32
	case ZONE_DMA32:
		return gfp | __GFP_DMA32;
#endif
	default:
		return gfp;
	}
}

/**
 * kexec_glean_begin() - get ready to ask for free memory
 * @g: filled
 *
 * Context: process context, may sleep.
 */
void kexec_glean_begin(struct kexec_glean *g)
{
	INIT_LIST_HEAD(&g->rejected);
	g->pages_left = GLEAN_PAGES;
	g->blocks_left = GLEAN_BLOCKS;
	/* What CPUs keep for themselves is in no list of free memory. */
	drain_all_pages(NULL);
}

/**
 * kexec_glean_next() - ask for the free block that a page is in
 * @g: what was rejected up to now
 * @page: a page of memory that is online
 * @order: receives the order of the block
 *
 * The block may be another one than that which has @page.
 *
 * Context: process context.
 * Return: the first page of a block that belongs to the caller, or NULL when @page is
 * not free or not for everybody, or enough was tried.
 */
struct page *kexec_glean_next(struct kexec_glean *g, struct page *page, unsigned int *order)
{
	if (g->pages_left <= 0 || !g->blocks_left || !kexec_vacant_order(page, order))
		return NULL;
	/* CMA areas and what is kept for interrupts are lists of their own. */
	if (get_pageblock_migratetype(page) >= MIGRATE_PCPTYPES ||
	    !kexec_zone_spares(page_zone(page), 1UL << *order))
		return NULL;
	g->blocks_left--;
	return alloc_pages_node(page_to_nid(page), glean_gfp(page), *order);
}

/**
 * kexec_glean_reject() - keep a block from being given once more
 * @g: where it is kept
 * @page: the first page of a block that kexec_glean_next() gave
 * @order: the order of the block
 */
void kexec_glean_reject(struct kexec_glean *g, struct page *page, unsigned int order)
{
	set_page_private(page, order);
	list_add(&page->lru, &g->rejected);
	g->pages_left -= 1L << order;
}

/**
 * kexec_glean_end() - give back what was rejected
 * @g: as kexec_glean_begin() and its followers left it
 *
 * Context: process context, may sleep.
 */
void kexec_glean_end(struct kexec_glean *g)
{
	struct page *page, *next;
	unsigned int order;

	list_for_each_entry_safe(page, next, &g->rejected, lru) {
		list_del(&page->lru);
		order = page_private(page);
		set_page_private(page, 0);
		__free_pages(page, order);
		cond_resched();
	}
}
