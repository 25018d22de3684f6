// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Sets of address ranges
 *
 * Ascending ranges that neither touch nor overlap, so a place that is found is always
 * within one of them.  An end is exclusive, so the byte at U64_MAX is never part of a map.
 * No arithmetic can overflow for any input.
 *
 * The caller serializes.  Also built on the host.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "range_map.h"

/* Returns map->nr if none does. */
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

/* Returns map->nr if none does. */
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

/* If the result exceeds the capacity, the map is unchanged. */
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
 * @end: exclusive
 *
 * Return: 0; -EINVAL for an empty range; -ENOSPC if the map is full, which leaves it
 * unchanged.
 */
int range_map_add(struct range_map *map, u64 start, u64 end)
{
	struct kexec_range sum = { .start = start, .end = end };
	unsigned int at, next;

	if (start >= end)
		return -EINVAL;

	/* Includes adjacent ranges. */
	at = range_map_first_ending_from(map, start);
	next = range_map_first_starting_above(map, end);
	if (at < next) {
		sum.start = min(start, map->r[at].start);
		sum.end = max(end, map->r[next - 1].end);
	}
	return range_map_splice(map, at, next, &sum, 1);
}

/**
 * range_map_remove() - remove bytes from a map
 * @map: the map
 * @start: first byte
 * @end: exclusive
 *
 * A hole in the middle of a range needs one entry more.
 *
 * Return: 0; -EINVAL for an empty range; -ENOSPC if the map is full, which leaves it
 * unchanged.
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
 * @end: exclusive
 *
 * Return: true if it is; false for an empty range.
 */
bool range_map_contains(const struct range_map *map, u64 start, u64 end)
{
	unsigned int i;

	if (start >= end)
		return false;

	i = range_map_first_ending_from(map, end);
	return i < map->nr && map->r[i].start <= start;
}

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
 * @addr: receives the first byte of the place, on success only
 *
 * Return: 0; -EADDRNOTAVAIL if no range has such a place; -EINVAL if the size is 0, the
 * alignment is no power of two, or the window is empty.
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
