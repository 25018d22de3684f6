// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: lockless reads of the free lists
 *
 * Migrating movable pages takes longer than reading a file, so free ranges are preferred.
 * The result may be stale; the allocation shows whether it was right.
 */
#include <linux/align.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "free_hint.h"

/* Unit of the search, at most a section. */
#define FREE_HINT_BLOCK	min_t(unsigned long, pageblock_nr_pages, SZ_32M >> PAGE_SHIFT)

static bool free_hint_find(unsigned long pfn, unsigned long *head, unsigned int *order)
{
	unsigned int i;

	for (i = 0; i <= MAX_PAGE_ORDER; i++) {
		*head = ALIGN_DOWN(pfn, 1UL << i);
		if (!PageBuddy(pfn_to_page(*head)))
			continue;
		/* Lockless: read once and check the order for sanity. */
		*order = READ_ONCE(page_private(pfn_to_page(*head)));
		if (*order <= MAX_PAGE_ORDER && *head + (1UL << *order) > pfn)
			return true;
	}
	return false;
}

/* Within one free block. */
static unsigned long free_hint_run(unsigned long pfn)
{
	unsigned long head;
	unsigned int order;

	return free_hint_find(pfn, &head, &order) ? head + (1UL << order) - pfn : 0;
}

/* The buddy allocator merges a free pageblock into one block. */
static bool free_hint_block(unsigned long pfn, unsigned long end)
{
	/* The unit is in one section, so all of it is online or nothing. */
	return pfn_to_online_page(pfn) && free_hint_run(pfn) >= end - pfn;
}

/**
 * kexec_free_hint_range() - is a range free?
 * @start: physical address, page aligned
 * @end: physical address after the last byte, page aligned; the range is boot memory
 * @from_end: search from the end
 * @used: if not: set to the start of the first unit in use, or with @from_end the end of
 *   the last
 *
 * Return: true if it is, which may be stale.
 */
bool kexec_free_hint_range(u64 start, u64 end, bool from_end, u64 *used)
{
	unsigned long first = PHYS_PFN(start), last = PHYS_PFN(end), from, to;

	while (first < last) {
		if (from_end) {
			to = last;
			from = max(first, ALIGN_DOWN(last - 1, FREE_HINT_BLOCK));
			last = from;
		} else {
			from = first;
			to = min(last, ALIGN(first + 1, FREE_HINT_BLOCK));
			first = to;
		}
		if (!free_hint_block(from, to)) {
			*used = PFN_PHYS(from_end ? to : from);
			return false;
		}
		cond_resched();
	}
	return true;
}

/**
 * kexec_free_hint_order() - get the order of the free block with a page
 * @page: a page of online memory
 * @order: receives it
 *
 * Return: true if @page is in a free block, which may be stale.
 */
bool kexec_free_hint_order(struct page *page, unsigned int *order)
{
	unsigned long head;

	return free_hint_find(page_to_pfn(page), &head, order);
}
