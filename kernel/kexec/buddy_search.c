// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: search of the free lists for a page
 *
 * alloc_contig_range() rejects a pageblock with an unmovable page, even if the rest is
 * free, and the buddy allocator cannot allocate a specific page.  So allocate blocks of the
 * same order, zone and migratetype as the free block with the page, and hold the mismatches
 * until it is returned.
 *
 * The migratetype is that of the pageblock, so the allocator does not fall back to another
 * type and convert pageblocks.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/sizes.h>

#include "buddy_search.h"
#include "free_hint.h"
#include "zone.h"

/* Allocated in vain; init_on_alloc clears them. */
#define BUDDY_SEARCH_BLOCKS	4096
#define BUDDY_SEARCH_PAGES	(SZ_128M >> PAGE_SHIFT)

static gfp_t buddy_search_gfp(struct page *page)
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
 * buddy_search_begin() - start a search
 * @s: initialized
 */
void buddy_search_begin(struct buddy_search *s)
{
	INIT_LIST_HEAD(&s->rejected);
	s->pages_left = BUDDY_SEARCH_PAGES;
	s->blocks_left = BUDDY_SEARCH_BLOCKS;
	/* Free lists lack the pages in per-CPU lists. */
	drain_all_pages(NULL);
}

/**
 * buddy_search_next() - allocate a block like the free block with a page
 * @s: the search
 * @page: a page of online memory, which may be in another block
 * @order: receives the order of the block
 *
 * Return: the first page of an allocated block, or NULL if @page is not free, is CMA or
 * highatomic, or a limit is reached.
 */
struct page *buddy_search_next(struct buddy_search *s, struct page *page, unsigned int *order)
{
	if (s->pages_left <= 0 || !s->blocks_left || !kexec_free_hint_order(page, order))
		return NULL;
	/* CMA and highatomic pageblocks have free lists of their own. */
	if (get_pageblock_migratetype(page) >= MIGRATE_PCPTYPES ||
	    !kexec_zone_has_headroom(page_zone(page), 1UL << *order))
		return NULL;
	s->blocks_left--;
	return alloc_pages_node(page_to_nid(page), buddy_search_gfp(page), *order);
}

/**
 * buddy_search_hold() - keep a block until the end of the search
 * @s: the search
 * @page: the first page of the block
 * @order: its order
 */
void buddy_search_hold(struct buddy_search *s, struct page *page, unsigned int order)
{
	set_page_private(page, order);
	list_add(&page->lru, &s->rejected);
	s->pages_left -= 1L << order;
}

/**
 * buddy_search_end() - free the blocks that are held
 * @s: the search
 */
void buddy_search_end(struct buddy_search *s)
{
	struct page *page, *next;
	unsigned int order;

	list_for_each_entry_safe(page, next, &s->rejected, lru) {
		list_del(&page->lru);
		order = page_private(page);
		set_page_private(page, 0);
		__free_pages(page, order);
		cond_resched();
	}
}
