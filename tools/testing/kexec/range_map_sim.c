// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: range_map.c against a model
 *
 * The model is one flag for each of a few dozen cells of memory, without ranges: edits
 * are loops over cells, the search tries every cell.  A round chooses the address of the
 * cells (0, any, or so that the last one ends at U64_MAX) and their size (1 to 2^40
 * bytes), then does random edits and searches and compares both after each of them:
 *
 *	cells    . # # # . . # # . . . .
 *	ranges     [    )    [  )
 *
 * Requests may be larger than the cells, unaligned with them, reach beyond them
 * on both sides, or be plain nonsense.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>

#include "../../../kernel/kexec/lib/range_map.h"
#include "sim.h"

#define CELLS		96
#define STEPS		200

/**
 * struct range_map_model - the model and the map under test
 * @map: the map under test, allocated to the byte
 * @before: copy of @map, to see that a refused edit changed nothing
 * @cell: is this cell in the map?
 * @base: number of the first cell: its address is @base << @shift
 * @shift: a cell has 1 << @shift bytes
 */
struct range_map_model {
	struct range_map *map;
	struct range_map *before;
	bool cell[CELLS];
	u64 base;
	unsigned int shift;
};

static size_t range_map_bytes(const struct range_map_model *m)
{
	return struct_size(m->map, r, m->map->max);
}

/* Address of a cell; CELLS gives the end of the last one. */
static u64 range_map_addr(const struct range_map_model *m, unsigned int cell)
{
	return (m->base + cell) << m->shift;
}

static void range_map_setup(struct sim *s, struct range_map_model *m)
{
	unsigned int max = sim_below(s, 3) ? sim_between(s, 4, CELLS / 2) : sim_below(s, 4);
	u64 top;

	memset(m, 0, sizeof(*m));
	m->shift = sim_one_in(s, 3) ? 0 : sim_below(s, 41);
	top = (U64_MAX >> m->shift) - CELLS;
	switch (sim_below(s, 3)) {
	case 0:
		m->base = 0;
		break;
	case 1:
		m->base = top;
		break;
	default:
		m->base = sim_between(s, 0, top);
	}
	m->map = sim_alloc(struct_size(m->map, r, max));
	m->before = sim_alloc(struct_size(m->map, r, max));
	m->map->max = max;
}

static unsigned int range_map_runs(const bool *cell)
{
	unsigned int i, nr = 0;

	for (i = 0; i < CELLS; i++)
		nr += cell[i] && (!i || !cell[i - 1]);
	return nr;
}

/* The map must be the runs of cells, in order, and nothing else. */
static void range_map_compare(struct sim *s, const struct range_map_model *m)
{
	unsigned int i, nr = 0;

	for (i = 0; i < CELLS; i++) {
		if (m->cell[i] && (!i || !m->cell[i - 1]))
			sim_check(s, nr < m->map->nr && m->map->r[nr].start == range_map_addr(m, i),
				  "range %u should start at cell %u", nr, i);
		if (m->cell[i] && (i == CELLS - 1 || !m->cell[i + 1])) {
			sim_check(s, m->map->r[nr].end == range_map_addr(m, i + 1),
				  "range %u should end with cell %u", nr, i);
			nr++;
		}
	}
	sim_check(s, m->map->nr == nr, "%u instead of %u ranges", m->map->nr, nr);
}

static void range_map_step_edit(struct sim *s, struct range_map_model *m)
{
	unsigned int a = sim_below(s, CELLS + 1), b = sim_below(s, CELLS + 1), i;
	bool insert = sim_below(s, 2), after[CELLS];
	int ret, want = 0;

	/* mostly short ones, so that ranges can be split */
	if (sim_below(s, 4))
		b = min(a + (unsigned int)sim_below(s, 6), (unsigned int)CELLS);

	memcpy(after, m->cell, sizeof(after));
	for (i = a; i < b; i++)
		after[i] = insert;
	if (a >= b)
		want = -EINVAL;
	else if (range_map_runs(after) > m->map->max)
		want = -ENOSPC;

	memcpy(m->before, m->map, range_map_bytes(m));
	if (insert)
		ret = range_map_add(m->map, range_map_addr(m, a), range_map_addr(m, b));
	else
		ret = range_map_remove(m->map, range_map_addr(m, a), range_map_addr(m, b));
	s->ops++;

	sim_check(s, ret == want, "%s [%u, %u): %d instead of %d",
		  insert ? "insert" : "remove", a, b, ret, want);
	if (ret)
		sim_check(s, !memcmp(m->before, m->map, range_map_bytes(m)),
			  "a refused edit changed the map");
	else
		memcpy(m->cell, after, sizeof(after));
	range_map_compare(s, m);
}

static void range_map_step_contains(struct sim *s, struct range_map_model *m)
{
	unsigned int a = sim_below(s, CELLS + 1), b = sim_below(s, CELLS + 1), i;
	bool want, found;

	if (sim_below(s, 4))
		b = min(a + (unsigned int)sim_below(s, 8), (unsigned int)CELLS);
	want = a < b;
	for (i = a; i < b; i++)
		want &= m->cell[i];

	found = range_map_contains(m->map, range_map_addr(m, a), range_map_addr(m, b));
	s->ops++;
	sim_check(s, found == want, "contains [%u, %u): %d", a, b, found);
}

/*
 * Try every cell.  All edges are at cells, and so is an aligned address unless the
 * alignment is below the size of a cell, so no other start has to be tried.
 */
static int range_map_model_find(const struct range_map_model *m, unsigned int size, u64 align,
				unsigned int from, unsigned int to, bool top_down)
{
	unsigned int a, i;
	int found = -1;

	for (a = from; a + size <= to; a++) {
		if ((m->base + a) % align)
			continue;
		for (i = a; i < a + size && m->cell[i]; i++)
			;
		if (i < a + size)
			continue;
		found = a;
		if (!top_down)
			break;
	}
	return found;
}

static void range_map_step_find(struct sim *s, struct range_map_model *m)
{
	unsigned int from = sim_below(s, CELLS), to = sim_between(s, from + 1, CELLS);
	unsigned int size = sim_below(s, 4) ? sim_between(s, 1, 6) : sim_between(s, 1, CELLS);
	unsigned int bits = sim_below(s, 4) ? sim_below(s, 5) : sim_below(s, 64 - m->shift);
	struct range_request req = {
		.size = (u64)size << m->shift,
		.align = 1ULL << bits << m->shift,
		.min = range_map_addr(m, from),
		.max = range_map_addr(m, to),
		.top_down = sim_below(s, 2),
	};
	u64 addr = sim_random(s), untouched = addr;
	int want, ret;

	want = range_map_model_find(m, size, 1ULL << bits, from, to, req.top_down);
	/* where the cells end, the window may as well reach beyond */
	if (!from && sim_below(s, 2))
		req.min = sim_between(s, 0, req.min);
	if (to == CELLS && sim_below(s, 2))
		req.max = sim_between(s, req.max, U64_MAX);

	ret = range_map_find_hole(m->map, &req, &addr);
	s->ops++;
	if (want < 0) {
		sim_check(s, ret == -EADDRNOTAVAIL && addr == untouched,
			  "%u cells from [%u, %u): %d, %#llx", size, from, to, ret, addr);
		return;
	}
	sim_check(s, !ret && addr == range_map_addr(m, want),
		  "%u cells from [%u, %u) aligned to 2^%u: %d, %#llx instead of cell %d",
		  size, from, to, bits, ret, addr, want);
}

/* Any numbers: the result must be a valid place or the correct errno. */
static void range_map_step_find_wild(struct sim *s, struct range_map_model *m)
{
	struct range_request req = {
		.size = sim_random(s) >> sim_below(s, 64),
		.align = 1ULL << sim_below(s, 64),
		.min = sim_random(s) >> sim_below(s, 64),
		.max = sim_below(s, 2) ? sim_random(s) : U64_MAX,
		.top_down = sim_below(s, 2),
	};
	bool nonsense;
	u64 addr;
	int ret;

	if (sim_one_in(s, 16))
		req.align = sim_random(s);
	if (sim_one_in(s, 16))
		req.size = 0;
	nonsense = !req.size || __builtin_popcountll(req.align) != 1 || req.min >= req.max;

	ret = range_map_find_hole(m->map, &req, &addr);
	s->ops++;
	sim_check(s, (ret == -EINVAL) == nonsense, "%d for size %#llx align %#llx [%#llx, %#llx)",
		  ret, req.size, req.align, req.min, req.max);
	if (ret) {
		sim_check(s, nonsense || ret == -EADDRNOTAVAIL, "%d", ret);
		return;
	}
	sim_check(s, addr % req.align == 0 && addr >= req.min && addr < req.max &&
		  req.size <= req.max - addr, "%#llx breaks the request", addr);
	sim_check(s, range_map_contains(m->map, addr, addr + req.size),
		  "%#llx is not in the map", addr);
}

static void range_map_sim_round(struct sim *s)
{
	struct range_map_model m;
	unsigned int i;

	range_map_setup(s, &m);
	for (i = 0; i < STEPS; i++) {
		range_map_step_edit(s, &m);
		range_map_step_contains(s, &m);
		range_map_step_find(s, &m);
		range_map_step_find_wild(s, &m);
	}
	free(m.map);
	free(m.before);
}

const struct sim_test range_map_sim_tests[] = {
	{ "place-model", range_map_sim_round, 8000 },
	{}
};
