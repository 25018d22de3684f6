// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: sets of address ranges
 *
 * The model is a word with one bit for each of 64 cells.  Input: place and size of the
 * cells, capacity of the map, then operations of 3 or more bytes each.  After each of
 * them the map must have the ranges of the set bits, and a search must find the cell
 * that trying all of them finds.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>

#include "../../../../kernel/kexec/lib/range_map.h"
#include "fuzz.h"

#define CELLS	63
#define OPS	200

/**
 * struct cells - the model and the map under test
 * @set: one bit for each cell in the map
 * @base: number of the first cell
 * @shift: a cell has 1 << @shift bytes
 * @map: the map, allocated to the byte
 */
struct cells {
	u64 set;
	u64 base;
	unsigned int shift;
	struct range_map *map;
};

static u64 cells_addr(const struct cells *c, unsigned int cell)
{
	return (c->base + cell) << c->shift;
}

static u64 cells_mask(unsigned int from, unsigned int to)
{
	return from < to ? (1ULL << to) - (1ULL << from) : 0;
}

static unsigned int cells_runs(u64 set)
{
	return __builtin_popcountll(set & ~(set << 1));
}

static void cells_compare(const struct cells *c)
{
	unsigned int i, nr = cells_runs(c->set);
	u64 set = 0;

	fuzz_check(c->map->nr == nr && nr <= c->map->max, "%u ranges instead of %u",
		   c->map->nr, nr);
	for (i = 0; i < nr; i++) {
		u64 from = (c->map->r[i].start >> c->shift) - c->base;
		u64 to = (c->map->r[i].end >> c->shift) - c->base;

		fuzz_check(from < to && to <= CELLS, "range %u: cells %llu to %llu", i, from, to);
		fuzz_check(!i || c->map->r[i].start > c->map->r[i - 1].end,
			   "range %u is not after the one before", i);
		fuzz_check(c->map->r[i].start == cells_addr(c, from) &&
			   c->map->r[i].end == cells_addr(c, to), "range %u: no cells", i);
		set |= cells_mask(from, to);
	}
	fuzz_check(set == c->set, "cells %#llx instead of %#llx", set, c->set);
}

static void cells_edit(struct cells *c, unsigned int from, unsigned int to, bool add)
{
	u64 mask = cells_mask(from, to), after = add ? c->set | mask : c->set & ~mask;
	int want = 0, ret;

	if (from >= to)
		want = -EINVAL;
	else if (cells_runs(after) > c->map->max)
		want = -ENOSPC;
	ret = (add ? range_map_add : range_map_remove)(c->map, cells_addr(c, from),
						       cells_addr(c, to));
	fuzz_check(ret == want, "%d instead of %d", ret, want);
	if (!ret)
		c->set = after;
}

static int cells_find(const struct cells *c, unsigned int size, u64 align, unsigned int from,
		      unsigned int to, bool top_down)
{
	int at, found = -1;

	for (at = from; at + size <= to; at++) {
		u64 mask = cells_mask(at, at + size);

		if ((c->base + at) % align || (c->set & mask) != mask)
			continue;
		found = at;
		if (!top_down)
			break;
	}
	return found;
}

static void cells_search(struct cells *c, unsigned int from, unsigned int to, u8 how, u8 size)
{
	unsigned int bits = (how >> 1) % (64 - c->shift);
	struct range_request req = {
		.size = (u64)size << c->shift,
		.align = 1ULL << bits << c->shift,
		.min = cells_addr(c, from),
		.max = cells_addr(c, to),
		.top_down = how & 1,
	};
	u64 addr = 77;
	int want, ret = range_map_find_hole(c->map, &req, &addr);

	if (!size || from >= to) {
		fuzz_check(ret == -EINVAL && addr == 77, "%d", ret);
		return;
	}
	want = cells_find(c, size, 1ULL << bits, from, to, req.top_down);
	if (want < 0)
		fuzz_check(ret == -EADDRNOTAVAIL && addr == 77, "%d, %#llx", ret, addr);
	else
		fuzz_check(!ret && addr == cells_addr(c, want), "%d, %#llx instead of cell %d",
			   ret, addr, want);
}

/* Any numbers; the result must be a place in the map. */
static void cells_search_wild(struct cells *c, struct fuzz_input *in)
{
	struct range_request req = {
		.size = fuzz_number(in),
		.align = fuzz_number(in),
		.min = fuzz_number(in),
		.max = fuzz_number(in),
		.top_down = fuzz_u8(in) & 1,
	};
	bool nonsense = !req.size || __builtin_popcountll(req.align) != 1 || req.min >= req.max;
	u64 addr;
	int ret = range_map_find_hole(c->map, &req, &addr);

	fuzz_check(nonsense == (ret == -EINVAL), "%d", ret);
	if (ret) {
		fuzz_check(nonsense || ret == -EADDRNOTAVAIL, "%d", ret);
		return;
	}
	fuzz_check(!(addr & (req.align - 1)) && addr >= req.min && addr < req.max &&
		   req.size <= req.max - addr && range_map_contains(c->map, addr, addr + req.size),
		   "%#llx", addr);
}

static void cells_step(struct cells *c, struct fuzz_input *in)
{
	u8 op = fuzz_u8(in), size;
	unsigned int from = fuzz_u8(in) % (CELLS + 1), to = fuzz_u8(in) % (CELLS + 1);
	u64 mask = cells_mask(from, to);

	switch (op & 7) {
	case 0:
		size = fuzz_u8(in) % (CELLS + 1);
		cells_search(c, from, to, op >> 3, size);
		break;
	case 1:
		cells_search_wild(c, in);
		break;
	case 2:
		fuzz_check(range_map_contains(c->map, cells_addr(c, from), cells_addr(c, to)) ==
			   (mask && (c->set & mask) == mask), "cells %u to %u", from, to);
		break;
	default:
		cells_edit(c, from, to, op & 1);
	}
	cells_compare(c);
}

void fuzz_one(struct fuzz_input *in)
{
	u8 where = fuzz_u8(in), max = fuzz_u8(in) % (CELLS / 2 + 2);
	struct cells c = {
		.shift = where % 58,
		.map = fuzz_alloc(struct_size(c.map, r, max)),
	};
	unsigned int ops;

	/* The last cell may end at the last address. */
	if (where & 128)
		c.base = (U64_MAX >> c.shift) - CELLS;
	c.map->max = max;
	for (ops = 0; ops < OPS && in->left; ops++)
		cells_step(&c, in);
	free(c.map);
}
