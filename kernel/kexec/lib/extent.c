// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: The copy list
 *
 * Pages that are not at their destination are copied when this kernel is left.  Each
 * entry of the list is a contiguous range of bytes.
 *
 * The caller provides the array, calls kexec_extent_add() for the segments in ascending
 * order of their destinations, and then kexec_extent_check().  A list may have an entry
 * for each page of an image, so it is never sorted.
 *
 * No source may overlap any destination, so no copy overwrites the source of a later one.
 * Two destinations may have the same source.
 *
 * Ownership: list and array belong to the caller; nothing here allocates.
 * Locking: none; the caller serializes.
 * Context: any.
 *
 * The file builds in the kernel and on the host (tools/testing/kexec).
 */
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "extent.h"

/* Entries looked at between two chances for other tasks to run. */
#define EXTENT_STEP	1024

/* Does @b start where @a ends, on both sides? */
static bool extent_continues(const struct kexec_copy *a, const struct kexec_copy *b)
{
	return a->dst_pa + a->len == b->dst_pa && a->src_pa + a->len == b->src_pa;
}

/* Is there something to copy, with both ends inside the address space? */
static bool extent_sane(const struct kexec_copy *c)
{
	phys_addr_t end;

	return c->len && !check_add_overflow(c->dst_pa, c->len, &end) &&
	       !check_add_overflow(c->src_pa, c->len, &end);
}

/**
 * kexec_extent_add() - add a range to the copy list
 * @list: the list
 * @dst_pa: first byte of the destination, not below the end of the one before
 * @src_pa: first byte of the source; equal to @dst_pa when it is in place
 * @len: bytes
 *
 * A range that continues the last one, in the destination and in the source, is merged
 * into its entry; one in place is not added.
 *
 * Context: any.
 * Return: 0; -EINVAL if @len is 0, either end wraps or the destination is not above the
 * last one; -ENOSPC if the list is full.  The list is unchanged on error.
 */
int kexec_extent_add(struct extent_list *list, phys_addr_t dst_pa,
		     phys_addr_t src_pa, u64 len)
{
	struct kexec_copy new = { .dst_pa = dst_pa, .src_pa = src_pa, .len = len };
	struct kexec_copy *last = list->nr ? &list->copies[list->nr - 1] : NULL;

	if (!extent_sane(&new) || (last && dst_pa < last->dst_pa + last->len))
		return -EINVAL;
	if (src_pa == dst_pa)
		return 0;

	if (last && extent_continues(last, &new)) {
		last->len += len;
		return 0;
	}

	if (list->nr >= list->max)
		return -ENOSPC;

	list->copies[list->nr++] = new;
	return 0;
}

/*
 * Does [@start, @end) meet a destination?  Destinations are known to be in order
 * and apart, so only the first one that ends after @start can overlap.
 */
static bool extent_hits_dst(const struct extent_list *list, u64 start, u64 end)
{
	const struct kexec_copy *c = list->copies;
	unsigned int lo = 0, hi = list->nr;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (c[mid].dst_pa + c[mid].len <= start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < list->nr && c[lo].dst_pa < end;
}

/**
 * kexec_extent_check() - check the rules of a copy list
 * @list: a complete list
 *
 * Every entry has bytes to copy and does not wrap; destinations ascend and do
 * not overlap; no source overlaps a destination.
 *
 * Context: process context, may sleep. Takes O(n log n).
 * Return: 0; -EUCLEAN if the list breaks one of these rules.
 */
int kexec_extent_check(const struct extent_list *list)
{
	const struct kexec_copy *c = list->copies;
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (!extent_sane(&c[i]))
			return -EUCLEAN;
		if (i && c[i - 1].dst_pa + c[i - 1].len > c[i].dst_pa)
			return -EUCLEAN;
	}

	for (i = 0; i < list->nr; i++) {
		if (extent_hits_dst(list, c[i].src_pa, c[i].src_pa + c[i].len))
			return -EUCLEAN;
		if (!(i % EXTENT_STEP))
			cond_resched();
	}
	return 0;
}
