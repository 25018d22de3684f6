// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-range-map
 *
 * Sets of ranges and the search for a place in them.  In the pictures each
 * character is one UNIT of memory, and the first one is at address 0:
 *
 *	|..###...##.|	'#' in the map, '.' not in the map
 *
 * Random sequences against a reference model run on the host instead, see
 * tools/testing/kexec.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../lib/range_map.h"

#define UNIT	SZ_2M
#define ROOM	8

/* Whole ranges and window ends in the cases below are given in UNITs. */
#define U(n)	((u64)(n) * UNIT)

static struct range_map *range_map_test_map(struct kunit *test, unsigned int max)
{
	struct range_map *map;

	map = kunit_kzalloc(test, struct_size(map, r, max), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map);
	map->max = max;
	return map;
}

/* Set @map to the ranges of @picture, without the code under test. */
static void range_map_test_draw(struct range_map *map, const char *picture)
{
	u64 i, len = strlen(picture);

	map->nr = 0;
	for (i = 0; i < len; i++) {
		if (picture[i] != '#')
			continue;
		if (!i || picture[i - 1] != '#')
			map->r[map->nr++].start = U(i);
		map->r[map->nr - 1].end = U(i + 1);
	}
}

static void range_map_test_expect(struct kunit *test, const struct range_map *map,
				  const char *picture)
{
	struct range_map *want = range_map_test_map(test, ROOM);
	unsigned int i;

	range_map_test_draw(want, picture);
	KUNIT_EXPECT_EQ(test, map->nr, want->nr);
	for (i = 0; i < min(map->nr, want->nr); i++) {
		KUNIT_EXPECT_EQ(test, map->r[i].start, want->r[i].start);
		KUNIT_EXPECT_EQ(test, map->r[i].end, want->r[i].end);
	}
}

/**
 * struct range_map_edit - one change of a map
 * @name: name of the case
 * @before: picture of the map
 * @start: first UNIT of the change
 * @end: first UNIT after it
 * @after: picture of the map afterwards
 */
struct range_map_edit {
	const char *name;
	const char *before;
	unsigned int start;
	unsigned int end;
	const char *after;
};

static const struct range_map_edit range_map_adds[] = {
	{ "into an empty map",
	  "..........", 2, 5,
	  "..###....." },
	{ "before all others",
	  ".....##.##", 1, 3,
	  ".##..##.##" },
	{ "between two, touching neither",
	  "##......##", 4, 6,
	  "##..##..##" },
	{ "after all others",
	  "##..##....", 8, 10,
	  "##..##..##" },
	{ "touching the one below",
	  "##......##", 2, 4,
	  "####....##" },
	{ "touching the one above",
	  "##......##", 6, 8,
	  "##....####" },
	{ "closing a gap",
	  "##......##", 2, 8,
	  "##########" },
	{ "over the end of one",
	  ".####.....", 3, 7,
	  ".######..." },
	{ "over the start of one",
	  "....####..", 2, 6,
	  "..######.." },
	{ "over several",
	  ".#.#.#.#.#", 2, 7,
	  ".#######.#" },
	{ "swallowing all",
	  "..#.#.#...", 0, 10,
	  "##########" },
	{ "what is there already",
	  "..######..", 3, 5,
	  "..######.." },
	{ "exactly what is there already",
	  "..######..", 2, 8,
	  "..######.." },
	{ "down to address 0",
	  ".##.......", 0, 1,
	  "###......." },
};

static const struct range_map_edit range_map_removes[] = {
	{ "from an empty map",
	  "..........", 2, 5,
	  ".........." },
	{ "a whole range",
	  "##..##..##", 4, 6,
	  "##......##" },
	{ "the start of a range",
	  "..######..", 2, 5,
	  ".....###.." },
	{ "the end of a range",
	  "..######..", 5, 8,
	  "..###....." },
	{ "a hole in a range",
	  "..######..", 4, 6,
	  "..##..##.." },
	{ "a gap between ranges",
	  "##......##", 2, 8,
	  "##......##" },
	{ "end of one to start of another",
	  "####..####", 2, 8,
	  "##......##" },
	{ "over several",
	  "##.#.#.###", 1, 8,
	  "#.......##" },
	{ "everything",
	  ".#.##.#.#.", 0, 10,
	  ".........." },
	{ "at address 0",
	  "###.......", 0, 1,
	  ".##......." },
};

static void range_map_edit_desc(const struct range_map_edit *e, char *desc)
{
	strscpy(desc, e->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(range_map_add, range_map_adds, range_map_edit_desc);
KUNIT_ARRAY_PARAM(range_map_remove, range_map_removes, range_map_edit_desc);

static void range_map_test_insert(struct kunit *test)
{
	const struct range_map_edit *e = test->param_value;
	struct range_map *map = range_map_test_map(test, ROOM);

	range_map_test_draw(map, e->before);
	KUNIT_EXPECT_EQ(test, range_map_add(map, U(e->start), U(e->end)), 0);
	range_map_test_expect(test, map, e->after);
}

static void range_map_test_remove(struct kunit *test)
{
	const struct range_map_edit *e = test->param_value;
	struct range_map *map = range_map_test_map(test, ROOM);

	range_map_test_draw(map, e->before);
	KUNIT_EXPECT_EQ(test, range_map_remove(map, U(e->start), U(e->end)), 0);
	range_map_test_expect(test, map, e->after);
}

/* Empty and upside-down ranges are refused and never contained. */
static void range_map_test_bad_range(struct kunit *test)
{
	struct range_map *map = range_map_test_map(test, ROOM);
	static const char picture[] = "..####..";

	range_map_test_draw(map, picture);
	KUNIT_EXPECT_EQ(test, range_map_add(map, U(3), U(3)), -EINVAL);
	KUNIT_EXPECT_EQ(test, range_map_add(map, U(4), U(3)), -EINVAL);
	KUNIT_EXPECT_EQ(test, range_map_add(map, U64_MAX, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, range_map_remove(map, U(3), U(3)), -EINVAL);
	KUNIT_EXPECT_EQ(test, range_map_remove(map, U(4), U(3)), -EINVAL);
	KUNIT_EXPECT_EQ(test, range_map_remove(map, 0, 0), -EINVAL);
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(3), U(3)));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(4), U(3)));
	range_map_test_expect(test, map, picture);
}

/*
 * A full map refuses a range that requires a new entry, without a change, and
 * accepts one that does not.
 */
static void range_map_test_full(struct kunit *test)
{
	struct range_map *map = range_map_test_map(test, 3);

	range_map_test_draw(map, "###.###.###...");
	KUNIT_EXPECT_EQ(test, range_map_add(map, U(12), U(13)), -ENOSPC);
	range_map_test_expect(test, map, "###.###.###...");
	KUNIT_EXPECT_EQ(test, range_map_remove(map, U(5), U(6)), -ENOSPC);
	range_map_test_expect(test, map, "###.###.###...");

	/* trimming at both ends of the hole: three ranges stay three */
	KUNIT_EXPECT_EQ(test, range_map_remove(map, U(2), U(5)), 0);
	range_map_test_expect(test, map, "##...##.###...");
	KUNIT_EXPECT_EQ(test, range_map_add(map, U(11), U(12)), 0);
	range_map_test_expect(test, map, "##...##.####..");

	/* closing a gap frees an entry for the split */
	KUNIT_EXPECT_EQ(test, range_map_add(map, U(7), U(8)), 0);
	range_map_test_expect(test, map, "##...#######..");
	KUNIT_EXPECT_EQ(test, range_map_remove(map, U(8), U(9)), 0);
	range_map_test_expect(test, map, "##...###.###..");
}

/* A map without capacity is empty and can be searched. */
static void range_map_test_no_room(struct kunit *test)
{
	struct range_request req = { .size = 1, .align = 1, .max = U64_MAX };
	struct range_map *map = range_map_test_map(test, 0);
	u64 addr;

	KUNIT_EXPECT_EQ(test, range_map_add(map, 0, U(1)), -ENOSPC);
	KUNIT_EXPECT_EQ(test, range_map_remove(map, 0, U(1)), 0);
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, 0, 1));
	KUNIT_EXPECT_EQ(test, range_map_find_hole(map, &req, &addr), -EADDRNOTAVAIL);
}

/*
 *	|.###..##|	single bytes at the edges tell < from <=
 */
static void range_map_test_contains(struct kunit *test)
{
	struct range_map *map = range_map_test_map(test, ROOM);

	range_map_test_draw(map, ".###..##");
	KUNIT_EXPECT_TRUE(test, range_map_contains(map, U(1), U(4)));
	KUNIT_EXPECT_TRUE(test, range_map_contains(map, U(1), U(1) + 1));
	KUNIT_EXPECT_TRUE(test, range_map_contains(map, U(4) - 1, U(4)));
	KUNIT_EXPECT_TRUE(test, range_map_contains(map, U(6), U(8)));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(1) - 1, U(4)));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(1), U(4) + 1));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(4), U(5)));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(2), U(7)));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, 0, U(8)));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U(8), U(9)));
}

/* Nothing wraps at the top of the address space. */
static void range_map_test_top_edit(struct kunit *test)
{
	struct range_map *map = range_map_test_map(test, ROOM);

	KUNIT_EXPECT_EQ(test, range_map_add(map, U64_MAX - 16, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, range_map_add(map, 0, 16), 0);
	KUNIT_EXPECT_EQ(test, map->nr, 2);
	KUNIT_EXPECT_TRUE(test, range_map_contains(map, U64_MAX - 1, U64_MAX));
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U64_MAX - 17, U64_MAX));

	KUNIT_EXPECT_EQ(test, range_map_remove(map, U64_MAX - 1, U64_MAX), 0);
	KUNIT_EXPECT_FALSE(test, range_map_contains(map, U64_MAX - 1, U64_MAX));

	KUNIT_EXPECT_EQ(test, range_map_add(map, 0, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, map->nr, 1);
	KUNIT_EXPECT_EQ(test, range_map_remove(map, 0, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, map->nr, 0);
}

/**
 * struct range_map_search - one search
 * @name: name of the case
 * @map: picture of the map
 * @size: UNITs requested
 * @align: alignment in UNITs
 * @min: first UNIT of the window
 * @max: first UNIT after the window
 * @low: where the lowest place starts, -1 when there is none
 * @high: where the highest place starts, -1 when there is none
 */
struct range_map_search {
	const char *name;
	const char *map;
	unsigned int size;
	unsigned int align;
	unsigned int min;
	unsigned int max;
	int low;
	int high;
};

static const struct range_map_search range_map_searches[] = {
	{ "nothing in the map",
	  "................",	1, 1, 0, 16,	-1, -1 },
	{ "all of a range",
	  "....####........",	4, 1, 0, 16,	4, 4 },
	{ "more than any range",
	  "....####..####..",	5, 1, 0, 16,	-1, -1 },
	{ "first and last of several",
	  ".##..####..###..",	2, 1, 0, 16,	1, 12 },
	{ "small holes are passed over",
	  "#.##.####.##.#..",	3, 1, 0, 16,	5, 6 },
	{ "alignment moves inwards",
	  ".######.........",	2, 4, 0, 16,	4, 4 },
	{ "alignment leaves too little",
	  ".######.........",	4, 4, 0, 16,	-1, -1 },
	{ "alignment in the next range",
	  ".###...#####....",	4, 8, 0, 16,	8, 8 },
	{ "aligned at both ends",
	  "################",	4, 4, 0, 16,	0, 12 },
	{ "window inside a range",
	  "################",	2, 1, 5, 11,	5, 9 },
	{ "window just as large",
	  "################",	6, 1, 5, 11,	5, 5 },
	{ "window one too small",
	  "################",	7, 1, 5, 11,	-1, -1 },
	{ "window cuts ranges on both sides",
	  "####..####..####",	2, 1, 3, 13,	6, 8 },
	{ "window between ranges",
	  "####........####",	1, 1, 4, 12,	-1, -1 },
	{ "window reaches one unit of a range",
	  "####........####",	1, 1, 3, 12,	3, 3 },
	{ "window ends off alignment",
	  "################",	4, 4, 1, 15,	4, 8 },
	{ "address 0",
	  "##..............",	2, 16, 0, 16,	0, 0 },
};

static void range_map_search_desc(const struct range_map_search *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(range_map_find, range_map_searches, range_map_search_desc);

static void range_map_test_one_way(struct kunit *test, const struct range_map *map,
				   const struct range_request *req, int want)
{
	const u64 untouched = 0x5a5a5a5a;
	u64 addr = untouched;

	if (want < 0) {
		KUNIT_EXPECT_EQ(test, range_map_find_hole(map, req, &addr), -EADDRNOTAVAIL);
		KUNIT_EXPECT_EQ(test, addr, untouched);
	} else {
		KUNIT_EXPECT_EQ(test, range_map_find_hole(map, req, &addr), 0);
		KUNIT_EXPECT_EQ(test, addr, U(want));
	}
}

static void range_map_test_find(struct kunit *test)
{
	const struct range_map_search *s = test->param_value;
	struct range_map *map = range_map_test_map(test, ROOM);
	struct range_request req = {
		.size = U(s->size),
		.align = U(s->align),
		.min = U(s->min),
		.max = U(s->max),
	};

	range_map_test_draw(map, s->map);
	range_map_test_one_way(test, map, &req, s->low);
	req.top_down = true;
	range_map_test_one_way(test, map, &req, s->high);
}

/* Invalid requests and unsatisfiable ones have different errnos. */
static void range_map_test_find_bad(struct kunit *test)
{
	static const struct range_request bad[] = {
		{ .size = 0, .align = 1, .min = 0, .max = U64_MAX },
		{ .size = 1, .align = 0, .min = 0, .max = U64_MAX },
		{ .size = 1, .align = 3, .min = 0, .max = U64_MAX },
		{ .size = 1, .align = U64_MAX, .min = 0, .max = U64_MAX },
		{ .size = 1, .align = 1, .min = U(1), .max = U(1) },
		{ .size = 1, .align = 1, .min = U(2), .max = U(1) },
	};
	struct range_map *map = range_map_test_map(test, ROOM);
	unsigned int i;
	u64 addr = 7;

	range_map_test_draw(map, "####");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, range_map_find_hole(map, &bad[i], &addr), -EINVAL,
				    "request %u", i);
	KUNIT_EXPECT_EQ(test, addr, 7);
}

/* Sizes, alignments and windows that could overflow. */
static void range_map_test_find_extreme(struct kunit *test)
{
	static const struct range_request none[] = {
		/* rounding up overflows */
		{ .size = 1, .align = BIT_ULL(63), .min = BIT_ULL(63) + 1, .max = U64_MAX },
		{ .size = 1, .align = SZ_4K, .min = U64_MAX - SZ_4K + 2, .max = U64_MAX },
		/* adding the size overflows */
		{ .size = BIT_ULL(63), .align = BIT_ULL(63), .min = 1, .max = U64_MAX },
		/* start + size would overflow to a small number */
		{ .size = U64_MAX, .align = 1, .min = 1, .max = U64_MAX },
		{ .size = U64_MAX - 1, .align = SZ_4K, .min = SZ_4K, .max = U64_MAX },
	};
	struct range_request whole = { .size = U64_MAX, .align = 1, .max = U64_MAX };
	struct range_map *map = range_map_test_map(test, ROOM);
	unsigned int i, down;
	u64 addr = 1;

	KUNIT_ASSERT_EQ(test, range_map_add(map, 0, U64_MAX), 0);
	for (down = 0; down < 2; down++) {
		for (i = 0; i < ARRAY_SIZE(none); i++) {
			struct range_request req = none[i];

			req.top_down = down;
			KUNIT_EXPECT_EQ_MSG(test, range_map_find_hole(map, &req, &addr),
					    -EADDRNOTAVAIL, "request %u, down %u", i, down);
		}
		whole.top_down = down;
		KUNIT_EXPECT_EQ(test, range_map_find_hole(map, &whole, &addr), 0);
		KUNIT_EXPECT_EQ(test, addr, 0);
	}
}

/* The range that is found can be removed, until the map is empty. */
static void range_map_test_find_and_take(struct kunit *test)
{
	struct range_request req = {
		.size = U(1), .align = U(1), .max = U(16), .top_down = true,
	};
	struct range_map *map = range_map_test_map(test, ROOM);
	static const unsigned int want[] = { 13, 12, 6, 5, 4, 1 };
	unsigned int i;
	u64 addr;

	range_map_test_draw(map, ".#..###.....##..");
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		KUNIT_ASSERT_EQ(test, range_map_find_hole(map, &req, &addr), 0);
		KUNIT_EXPECT_EQ(test, addr, U(want[i]));
		KUNIT_ASSERT_EQ(test, range_map_remove(map, addr, addr + req.size), 0);
	}
	KUNIT_EXPECT_EQ(test, map->nr, 0);
	KUNIT_EXPECT_EQ(test, range_map_find_hole(map, &req, &addr), -EADDRNOTAVAIL);
}

static struct kunit_case range_map_test_cases[] = {
	KUNIT_CASE_PARAM(range_map_test_insert, range_map_add_gen_params),
	KUNIT_CASE_PARAM(range_map_test_remove, range_map_remove_gen_params),
	KUNIT_CASE(range_map_test_bad_range),
	KUNIT_CASE(range_map_test_full),
	KUNIT_CASE(range_map_test_no_room),
	KUNIT_CASE(range_map_test_contains),
	KUNIT_CASE(range_map_test_top_edit),
	KUNIT_CASE_PARAM(range_map_test_find, range_map_find_gen_params),
	KUNIT_CASE(range_map_test_find_bad),
	KUNIT_CASE(range_map_test_find_extreme),
	KUNIT_CASE(range_map_test_find_and_take),
	{}
};

static struct kunit_suite range_map_test_suite = {
	.name = "kexec-range-map",
	.test_cases = range_map_test_cases,
};

kunit_test_suite(range_map_test_suite);

MODULE_DESCRIPTION("KUnit suite for the placement of kexec segments");
MODULE_LICENSE("GPL");
