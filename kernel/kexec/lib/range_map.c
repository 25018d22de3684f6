// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Sets of address ranges
 *
 * A struct range_map is a set of byte addresses, as ascending ranges that neither
 * touch nor overlap.  The caller fills it with the memory that the next kernel may use,
 * removes ranges in use, and searches for the lowest or the highest place that meets a
 * request.
 *
 * Ranges of a map never touch, so a result is always within one of them.  The search
 * visits each range once and computes the place in it, independent of its size.
 *
 * An end is exclusive and has to be representable, so the byte at U64_MAX can never be
 * part of a map.  No arithmetic below can overflow for any u64 input.
 *
 * Ownership: maps belong to the caller; nothing here allocates or frees.
 * Locking: none; the caller serializes.
 * Context: any, including the panic path: bounded by the number of ranges.
 *
 * The file builds in the kernel and on the host (tools/testing/kexec).
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "range_map.h"

/* Index of the first range that ends at @addr or above; map->nr when none does. */
static unsigned int range_map_first_ending_from(const struct range_map *map, u64 addr)
{
	unsigned int lo = 0, hi = map->nr;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (map->r[mid].end < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Index of the first range that starts above @addr; map->nr when none does. */
static unsigned int range_map_first_starting_above(const struct range_map *map, u64 addr)
{
	unsigned int lo = 0, hi = map->nr;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (map->r[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Replace the ranges [@at, @next) by the @nr_new ranges of @new.  If the result exceeds
 * the capacity, the map is unchanged.
 */
static int range_map_splice(struct range_map *map, unsigned int at, unsigned int next,
			    const struct kexec_range *new, unsigned int nr_new)
{
	unsigned int nr = map->nr - (next - at) + nr_new;

	if (nr > map->max)
		return -ENOSPC;

	memmove(&map->r[at + nr_new], &map->r[next],
		(map->nr - next) * sizeof(*map->r));
	memcpy(&map->r[at], new, nr_new * sizeof(*new));
	map->nr = nr;
	return 0;
}

/**
 * range_map_add() - add bytes to a map
 * @map: the map
 * @start: first byte
 * @end: address after the last byte
 *
 * Ranges that overlap or touch the new one become one with it.  Adding what is
 * there already changes nothing.
 *
 * Context: Any. Takes O(log n) to look up and O(n) to move ranges.
 * Return: 0; -EINVAL when the range is empty or upside down; -ENOSPC when it
 *         needs an entry of its own and the map is full, which leaves the map
 *         as it was.
 */
int range_map_add(struct range_map *map, u64 start, u64 end)
{
	struct kexec_range sum = { .start = start, .end = end };
	unsigned int at, next;

	if (start >= end)
		return -EINVAL;

	/* A range that ends just where this one starts takes part, and vice versa. */
	at = range_map_first_ending_from(map, start);
	next = range_map_first_starting_above(map, end);
	if (at < next) {
		sum.start = min(start, map->r[at].start);
		sum.end = max(end, map->r[next - 1].end);
	}
	return range_map_splice(map, at, next, &sum, 1);
}

/**
 * range_map_remove() - take bytes out of a map
 * @map: the map
 * @start: first byte
 * @end: address after the last byte
 *
 * Bytes that are not in the map are ignored.  A hole in the middle of a range
 * leaves two ranges, and so may need one entry more than before.
 *
 * Context: Any. Takes O(log n) to look up and O(n) to move ranges.
 * Return: 0; -EINVAL when the range is empty or upside down; -ENOSPC when a
 *         range would have to be split and the map is full, which leaves the
 *         map as it was.
 */
int range_map_remove(struct range_map *map, u64 start, u64 end)
{
	struct kexec_range rest[2];
	unsigned int at, next, nr_rest = 0;

	if (start >= end)
		return -EINVAL;

	/* Includes adjacent ranges; their rest is added again below. */
	at = range_map_first_ending_from(map, start);
	next = range_map_first_starting_above(map, end);
	if (at == next)
		return 0;

	if (map->r[at].start < start) {
		rest[nr_rest].start = map->r[at].start;
		rest[nr_rest++].end = start;
	}
	if (map->r[next - 1].end > end) {
		rest[nr_rest].start = end;
		rest[nr_rest++].end = map->r[next - 1].end;
	}
	return range_map_splice(map, at, next, rest, nr_rest);
}

/**
 * range_map_contains() - is every byte of a range in the map?
 * @map: the map
 * @start: first byte
 * @end: address after the last byte
 *
 * Context: Any. Takes O(log n).
 * Return: true when all of [@start, @end) is in the map; false otherwise, and
 *         for a range that is empty or upside down.
 */
bool range_map_contains(const struct range_map *map, u64 start, u64 end)
{
	unsigned int i;

	if (start >= end)
		return false;

	i = range_map_first_ending_from(map, end);
	return i < map->nr && map->r[i].start <= start;
}

/* The place for @req in [@lo, @hi), if there is one. */
static bool range_map_fit(const struct range_request *req, u64 lo, u64 hi, u64 *addr)
{
	u64 first;

	if (lo >= hi || hi - lo < req->size)
		return false;

	if (req->top_down) {
		*addr = ALIGN_DOWN(hi - req->size, req->align);
		return *addr >= lo;
	}

	first = ALIGN(lo, req->align);
	/* Near the top of the address space, rounding up wraps to 0. */
	if (first < lo || first > hi - req->size)
		return false;

	*addr = first;
	return true;
}

/**
 * range_map_find_hole() - find the lowest or highest place for a segment
 * @map: memory that may be used
 * @req: size, alignment, window and direction
 * @addr: receives the first byte of the place
 *
 * The map is not changed: a caller that takes the place removes it.
 *
 * Context: Any. Takes O(n) in ranges, whatever their size.
 * Return: 0; -EADDRNOTAVAIL when no range has such a place; -EINVAL when
 *         the size is 0, the alignment is no power of two, or the window is
 *         empty. @addr is written on success only.
 */
int range_map_find_hole(const struct range_map *map, const struct range_request *req,
			u64 *addr)
{
	unsigned int i;

	if (!req->size || !req->align || req->align & (req->align - 1) ||
	    req->min >= req->max)
		return -EINVAL;

	for (i = 0; i < map->nr; i++) {
		const struct kexec_range *r = &map->r[req->top_down ? map->nr - 1 - i : i];
		u64 place;

		if (range_map_fit(req, max(r->start, req->min), min(r->end, req->max), &place)) {
			*addr = place;
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}
