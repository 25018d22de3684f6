// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory that nobody uses at the moment
 *
 * A place whose pages are in use may still be had, because movable pages can be
 * migrated; but that moves every byte that lies there, which takes longer than
 * reading a file.  So places that are free already are looked for first.
 *
 * The answer is a hint: it is read from the buddy allocator's marks without a
 * lock, and pages may be taken or given back meanwhile.  Whoever acts on it finds
 * out when asking for the memory.  Free pages that a CPU keeps for itself count
 * as used; there are few of them.
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

#include "internal.h"

/* Looked at in one go, and no larger than a section. */
#define FREE_HINT_BLOCK	min_t(unsigned long, pageblock_nr_pages, SZ_32M >> PAGE_SHIFT)

/* The first page of the free block that @pfn is in, and its order; false when it is in none. */
static bool free_hint_find(unsigned long pfn, unsigned long *head, unsigned int *order)
{
	unsigned int i;

	for (i = 0; i <= MAX_PAGE_ORDER; i++) {
		*head = ALIGN_DOWN(pfn, 1UL << i);
		if (!PageBuddy(pfn_to_page(*head)))
			continue;
		/* May change under our eyes: read once, and believe no nonsense. */
		*order = READ_ONCE(page_private(pfn_to_page(*head)));
		if (*order <= MAX_PAGE_ORDER && *head + (1UL << *order) > pfn)
			return true;
	}
	return false;
}

/* How many free pages begin at @pfn; they may be a part of a larger free block. */
static unsigned long free_hint_run(unsigned long pfn)
{
	unsigned long head;
	unsigned int order;

	return free_hint_find(pfn, &head, &order) ? head + (1UL << order) - pfn : 0;
}

/*
 * A pageblock that is free as a whole is one block of the buddy allocator's, which
 * merges what it can, so there is no need to look at each page.
 */
static bool free_hint_block(unsigned long pfn, unsigned long end)
{
	/* All of a block is in one section, so it is online as a whole or not at all. */
	return pfn_to_online_page(pfn) && free_hint_run(pfn) >= end - pfn;
}

/**
 * kexec_range_is_free_hint() - is all of a range free?
 * @start: first byte, physical, page aligned
 * @end: first byte behind, page aligned; all of the range is boot memory
 * @from_end: look from the end on
 * @used: set when it is not: the first block found in use, rounded outwards, or
 *        with @from_end the address behind that block
 *
 * Context: process context, may sleep; the answer may be out of date at once.
 * Return: whether it is.
 */
bool kexec_range_is_free_hint(u64 start, u64 end, bool from_end, u64 *used)
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
 * kexec_buddy_order_hint() - how large is the free block that a page is in?
 * @page: a page of memory that is online
 * @order: receives its order
 *
 * Context: any; the answer may be out of date at once.
 * Return: whether it is in one.
 */
bool kexec_buddy_order_hint(struct page *page, unsigned int *order)
{
	unsigned long head;

	return free_hint_find(page_to_pfn(page), &head, order);
}
