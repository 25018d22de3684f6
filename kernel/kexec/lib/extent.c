// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: The copy list
 *
 * Each entry is a range that is copied when this kernel is left, in the tables that
 * relocate.S reads.  Segments are added in ascending order of their destinations, because a
 * list may have an entry for each page and is never sorted.  No source overlaps any
 * destination, so copies can run in any order.
 *
 * The caller's allocator owns the tables.  Also built on the host.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "extent.h"

/* In source and destination. */
static bool extent_continues(const struct kexec_extent *a, const struct kexec_extent *b)
{
	return a->dst_pa + a->len == b->dst_pa && a->src_pa + a->len == b->src_pa;
}

static bool extent_sane(const struct kexec_extent *c)
{
	phys_addr_t end;

	return c->len && !check_add_overflow(c->dst_pa, c->len, &end) &&
	       !check_add_overflow(c->src_pa, c->len, &end);
}

/**
 * kexec_extent_next() - get the next table of a copy list
 * @table: a table
 *
 * Return: the table, or NULL after the last one.
 */
struct kexec_extent_table *kexec_extent_next(const struct kexec_extent_table *table)
{
	return table->next_pa == KEXEC_EXTENT_END ? NULL : phys_to_virt(table->next_pa);
}

static int extent_add_table(struct kexec_extent_list *list)
{
	void *(*alloc)(void *ctx) = list->alloc_page;
	struct kexec_extent_table *table = alloc(list->ctx);

	if (!table)
		return -ENOMEM;
	table->next_pa = KEXEC_EXTENT_END;
	if (list->last)
		list->last->next_pa = virt_to_phys(table);
	else
		list->first = table;
	list->last = table;
	return 0;
}

/**
 * kexec_extent_add() - add a range to the copy list
 * @list: the list
 * @dst_pa: physical address of the destination
 * @src_pa: physical address of the source; equal to @dst_pa if the run is in place
 * @len: bytes
 *
 * A range that continues the last one is merged; one in place is not added.
 *
 * Return: 0; -EINVAL if @len is 0, either end wraps or the destination is below the end of
 * the last one; -ENOMEM.  The list is unchanged on error.
 */
int kexec_extent_add(struct kexec_extent_list *list, phys_addr_t dst_pa,
		     phys_addr_t src_pa, u64 len)
{
	struct kexec_extent new = { .dst_pa = dst_pa, .src_pa = src_pa, .len = len };
	struct kexec_extent *last = list->last ? &list->last->extent[list->last->nr - 1] : NULL;

	if (!extent_sane(&new) || (last && dst_pa < last->dst_pa + last->len))
		return -EINVAL;
	if (src_pa == dst_pa)
		return 0;

	if (last && extent_continues(last, &new)) {
		last->len += len;
		return 0;
	}

	if ((!list->last || list->last->nr == KEXEC_TABLE_EXTENTS) && extent_add_table(list))
		return -ENOMEM;
	list->last->extent[list->last->nr++] = new;
	list->nr++;
	return 0;
}

static bool extent_overlaps(const struct kexec_extent *c, const struct kexec_range *dst,
			    unsigned int nr_dst)
{
	unsigned int i;

	for (i = 0; i < nr_dst; i++)
		if (c->src_pa < dst[i].end && dst[i].start < c->src_pa + c->len)
			return true;
	return false;
}

/**
 * kexec_extent_check() - check the rules of a copy list
 * @list: a complete list
 * @dst: the destinations of all segments
 * @nr_dst: entries of @dst
 *
 * Return: 0; -EUCLEAN if an entry is empty or wraps, destinations do not ascend, or a
 * source overlaps one of @dst.
 */
int kexec_extent_check(const struct kexec_extent_list *list, const struct kexec_range *dst,
		       unsigned int nr_dst)
{
	const struct kexec_extent_table *table;
	const struct kexec_extent *c;
	u64 end = 0;

	for (table = list->first; table; table = kexec_extent_next(table)) {
		for (c = table->extent; c < table->extent + table->nr; c++) {
			if (!extent_sane(c) || c->dst_pa < end || extent_overlaps(c, dst, nr_dst))
				return -EUCLEAN;
			end = c->dst_pa + c->len;
		}
		cond_resched();
	}
	return 0;
}
