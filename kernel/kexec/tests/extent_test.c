// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-extent
 *
 * The copy list.  A case is a picture of pages: each letter of @dst is a destination
 * page, and the same letter of @src is its source page.  The first character of both
 * is page 0.
 *
 *	dst |AB......|	page 5 is copied to page 0,
 *	src |.....AB.|	page 1 what page 6 holds: one entry of two pages
 *
 * Whole loads into a simulated memory run on the host, see tools/testing/kexec.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../lib/extent.h"

#define PAGE	SZ_4K
#define ROOM	8

/* One entry, in pages. */
#define COPY(d, s, n) { .dst_pa = (d) * PAGE, .src_pa = (s) * PAGE, .len = (n) * PAGE }

/**
 * struct extent_pool - pages for the tables of a list
 * @test: frees them
 * @left: pages that may still be allocated
 */
struct extent_pool {
	struct kunit *test;
	unsigned int left;
};

static void *extent_test_page(void *ctx)
{
	struct extent_pool *pool = ctx;

	if (!pool->left)
		return NULL;
	pool->left--;
	return kunit_kzalloc(pool->test, PAGE_SIZE, GFP_KERNEL);
}

/* A list of up to @pages tables. */
static struct kexec_extent_list *extent_test_list(struct kunit *test, unsigned int pages)
{
	struct kexec_extent_list *list = kunit_kzalloc(test, sizeof(*list), GFP_KERNEL);
	struct extent_pool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, list);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	*pool = (struct extent_pool) { .test = test, .left = pages };
	list->alloc_page = extent_test_page;
	list->ctx = pool;
	return list;
}

static int extent_test_add(struct kexec_extent_list *list, u64 dst, u64 src, u64 nr)
{
	return kexec_extent_add(list, dst * PAGE, src * PAGE, nr * PAGE);
}

/* Add page by page, in the order of the letters, which is that of the destinations. */
static void extent_test_draw(struct kunit *test, struct kexec_extent_list *list,
			     const char *dst, const char *src)
{
	char letter;

	for (letter = 'A'; strchr(dst, letter); letter++) {
		const char *from = strchr(src, letter);

		KUNIT_ASSERT_NOT_NULL(test, from);
		KUNIT_ASSERT_EQ(test, 0, extent_test_add(list, strchr(dst, letter) - dst,
							 from - src, 1));
	}
}

static void extent_test_expect(struct kunit *test, const struct kexec_extent_list *list,
			       const struct kexec_extent *want, unsigned int nr)
{
	const struct kexec_extent_table *table = list->first;
	unsigned int i, done = 0;

	KUNIT_EXPECT_EQ(test, list->nr, nr);
	for (; table && done < nr; table = kexec_extent_next(table)) {
		KUNIT_ASSERT_LE(test, table->nr, KEXEC_TABLE_EXTENTS);
		for (i = 0; i < table->nr && done < nr; i++, done++) {
			KUNIT_EXPECT_EQ(test, table->extent[i].dst_pa, want[done].dst_pa);
			KUNIT_EXPECT_EQ(test, table->extent[i].src_pa, want[done].src_pa);
			KUNIT_EXPECT_EQ(test, table->extent[i].len, want[done].len);
		}
	}
	KUNIT_EXPECT_EQ(test, done, nr);
}

/* Check a list; the destinations are those of its entries. */
static int extent_test_verdict(struct kunit *test, const struct kexec_extent_list *list)
{
	const struct kexec_extent *copy = list->first ? list->first->extent : NULL;
	struct kexec_range dst[ROOM];
	unsigned int i;

	KUNIT_ASSERT_LE(test, list->nr, ROOM);
	for (i = 0; i < list->nr; i++)
		dst[i] = (struct kexec_range) { copy[i].dst_pa, copy[i].dst_pa + copy[i].len };
	return kexec_extent_check(list, dst, list->nr);
}

/**
 * struct extent_layout - pages that are added, and the resulting list
 * @name: name of the case
 * @dst: picture of the destinations
 * @src: picture of the sources
 * @nr: entries of the list
 * @want: the entries
 */
struct extent_layout {
	const char *name;
	const char *dst;
	const char *src;
	unsigned int nr;
	struct kexec_extent want[ROOM];
};

static const struct extent_layout extent_layouts[] = {
	{ "nothing",
	  "................",
	  "................", 0, {} },
	{ "one page",
	  ".A..............",
	  ".........A......", 1, { COPY(1, 9, 1) } },
	{ "one run",
	  ".ABCD...........",
	  ".........ABCD...", 1, { COPY(1, 9, 4) } },
	{ "source in reverse",
	  ".ABC............",
	  ".........CBA....", 3, { COPY(1, 11, 1), COPY(2, 10, 1), COPY(3, 9, 1) } },
	{ "gap in the source",
	  ".ABCD...........",
	  ".......AB..CD...", 2, { COPY(1, 7, 2), COPY(3, 11, 2) } },
	{ "gap in the destination",
	  ".AB..CD.........",
	  ".........ABCD...", 2, { COPY(1, 9, 2), COPY(5, 11, 2) } },
	{ "all in place",
	  ".ABCD...........",
	  ".ABCD...........", 0, {} },
	{ "in place in the middle",
	  ".ABCD...........",
	  "..BC.....A..D...", 2, { COPY(1, 9, 1), COPY(4, 12, 1) } },
	{ "in place at both ends",
	  ".ABCD...........",
	  ".A..D.....BC....", 1, { COPY(2, 10, 2) } },
	{ "two segments, sources in reverse",
	  "AB......CD......",
	  ".....CD....AB...", 2, { COPY(0, 11, 2), COPY(8, 5, 2) } },
	{ "two segments, a gap in place between them",
	  "AB..CD..EF......",
	  "....CD....AB.EF.", 2, { COPY(0, 10, 2), COPY(8, 13, 2) } },
};

static void extent_layout_desc(const struct extent_layout *l, char *desc)
{
	strscpy(desc, l->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(extent, extent_layouts, extent_layout_desc);

static void extent_test_layout(struct kunit *test)
{
	const struct extent_layout *l = test->param_value;
	struct kexec_extent_list *list = extent_test_list(test, 1);

	extent_test_draw(test, list, l->dst, l->src);
	extent_test_expect(test, list, l->want, l->nr);
	KUNIT_EXPECT_EQ(test, extent_test_verdict(test, list), 0);
}

/* Entries are never sorted, so a destination below the last one is refused. */
static void extent_test_add_order(struct kunit *test)
{
	static const struct kexec_extent want[] = { COPY(5, 20, 2) };
	struct kexec_extent_list *list = extent_test_list(test, 1);

	KUNIT_EXPECT_EQ(test, extent_test_add(list, 5, 20, 2), 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 6, 30, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 5, 20, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 2, 40, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 2, 2, 1), -EINVAL);
	extent_test_expect(test, list, want, ARRAY_SIZE(want));
}

/* A page that is contiguous on one side only starts a new entry. */
static void extent_test_add_merges(struct kunit *test)
{
	static const struct kexec_extent want[] = {
		COPY(0, 20, 3), COPY(3, 30, 1), COPY(8, 31, 1), COPY(9, 40, 1),
	};
	struct kexec_extent_list *list = extent_test_list(test, 1);

	KUNIT_EXPECT_EQ(test, extent_test_add(list, 0, 20, 1), 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 1, 21, 2), 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 3, 30, 1), 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 8, 31, 1), 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 9, 40, 1), 0);
	extent_test_expect(test, list, want, ARRAY_SIZE(want));
}

/* Without a page for another table no entry is added, but the last one can still grow. */
static void extent_test_add_full(struct kunit *test)
{
	struct kexec_extent_list *list = extent_test_list(test, 1);
	unsigned int i, nr = KEXEC_TABLE_EXTENTS;
	const struct kexec_extent *last;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, extent_test_add(list, 3 * i, 10000 + 5 * i, 1), 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 3 * i, 10000 + 5 * i, 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, list->nr, nr);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 3 * i - 2, 10000 + 5 * i - 4, 1), 0);
	KUNIT_EXPECT_EQ(test, list->nr, nr);
	last = &list->first->extent[nr - 1];
	KUNIT_EXPECT_EQ(test, last->len, 2 * PAGE);
	KUNIT_EXPECT_EQ(test, list->first->nr, nr);
	KUNIT_EXPECT_EQ(test, list->first->next_pa, KEXEC_EXTENT_END);

	list = extent_test_list(test, 0);
	KUNIT_EXPECT_EQ(test, extent_test_add(list, 0, 20, 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, list->nr, 0);
	KUNIT_EXPECT_NULL(test, list->first);
}

/* Tables are filled one after the other, and none is allocated in advance. */
static void extent_test_add_tables(struct kunit *test)
{
	static const unsigned int sizes[] = {
		1, KEXEC_TABLE_EXTENTS - 1, KEXEC_TABLE_EXTENTS, KEXEC_TABLE_EXTENTS + 1,
		2 * KEXEC_TABLE_EXTENTS + 3,
	};
	unsigned int i, n, pages, max = sizes[ARRAY_SIZE(sizes) - 1];
	struct kexec_extent *want = kunit_kcalloc(test, max, sizeof(*want), GFP_KERNEL);
	struct extent_pool *pool;
	struct kexec_extent_list *list;

	KUNIT_ASSERT_NOT_NULL(test, want);
	for (n = 0; n < max; n++)
		want[n] = (struct kexec_extent)COPY(3ULL * n + 1, 7ULL * n + 100000, n % 2 + 1ULL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		pages = (sizes[i] - 1) / KEXEC_TABLE_EXTENTS + 1;
		list = extent_test_list(test, pages + 1);
		pool = list->ctx;
		for (n = 0; n < sizes[i]; n++)
			KUNIT_ASSERT_EQ(test, 0, kexec_extent_add(list, want[n].dst_pa,
								  want[n].src_pa, want[n].len));
		extent_test_expect(test, list, want, sizes[i]);
		KUNIT_EXPECT_EQ(test, pool->left, 1);
		KUNIT_EXPECT_EQ(test, kexec_extent_check(list, NULL, 0), 0);
	}
}

/* No bytes, and either end beyond the address space. */
static void extent_test_add_bad(struct kunit *test)
{
	struct kexec_extent_list *list = extent_test_list(test, 1);
	const u64 last = U64_MAX - PAGE + 1;

	KUNIT_EXPECT_EQ(test, kexec_extent_add(list, PAGE, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, kexec_extent_add(list, last, 0, PAGE), -EINVAL);
	KUNIT_EXPECT_EQ(test, kexec_extent_add(list, 0, last, PAGE), -EINVAL);
	KUNIT_EXPECT_EQ(test, kexec_extent_add(list, last, 0, 2 * PAGE), -EINVAL);
	KUNIT_EXPECT_EQ(test, kexec_extent_add(list, PAGE, PAGE, U64_MAX), -EINVAL);
	KUNIT_EXPECT_EQ(test, list->nr, 0);

	KUNIT_EXPECT_EQ(test, kexec_extent_add(list, last - PAGE, 0, PAGE), 0);
	KUNIT_EXPECT_EQ(test, list->nr, 1);
}

/**
 * struct extent_verdict - a valid or invalid list
 * @name: name of the case
 * @want: return value of kexec_extent_check()
 * @nr: entries
 * @copies: the entries
 */
struct extent_verdict {
	const char *name;
	int want;
	unsigned int nr;
	struct kexec_extent copies[4];
};

static const struct extent_verdict extent_verdicts[] = {
	{ "empty", 0, 0, {} },
	{ "destinations touch", 0, 2, { COPY(1, 10, 2), COPY(3, 20, 1) } },
	{ "source touches destinations on both sides", 0, 2,
	  { COPY(1, 3, 2), COPY(5, 10, 2) } },
	{ "shared source", 0, 2, { COPY(1, 10, 2), COPY(5, 10, 2) } },
	{ "overlapping sources", 0, 2, { COPY(1, 10, 2), COPY(5, 11, 2) } },
	{ "no bytes", -EUCLEAN, 1, { COPY(1, 10, 0) } },
	{ "destination wraps", -EUCLEAN, 1,
	  { { .dst_pa = U64_MAX - PAGE + 1, .src_pa = 0, .len = PAGE } } },
	{ "source wraps", -EUCLEAN, 1,
	  { { .dst_pa = 0, .src_pa = U64_MAX - PAGE + 1, .len = PAGE } } },
	{ "out of order", -EUCLEAN, 2, { COPY(5, 20, 1), COPY(1, 10, 1) } },
	{ "same destination twice", -EUCLEAN, 2, { COPY(1, 10, 1), COPY(1, 20, 1) } },
	{ "destinations overlap by a page", -EUCLEAN, 2, { COPY(1, 10, 3), COPY(3, 20, 3) } },
	{ "destination within another", -EUCLEAN, 2, { COPY(1, 10, 5), COPY(2, 20, 1) } },
	{ "in place", -EUCLEAN, 1, { COPY(1, 1, 1) } },
	{ "source overlaps its own destination", -EUCLEAN, 1, { COPY(1, 2, 2) } },
	{ "source is a later destination", -EUCLEAN, 2, { COPY(1, 5, 1), COPY(5, 10, 1) } },
	{ "source is an earlier destination", -EUCLEAN, 2, { COPY(1, 10, 1), COPY(5, 1, 1) } },
	{ "end of a source in a destination", -EUCLEAN, 2, { COPY(1, 10, 3), COPY(12, 20, 3) } },
	{ "start of a source in a destination", -EUCLEAN, 2, { COPY(1, 14, 3), COPY(12, 20, 3) } },
	{ "source around a destination", -EUCLEAN, 2, { COPY(1, 10, 5), COPY(12, 20, 1) } },
	{ "source within a destination", -EUCLEAN, 2, { COPY(1, 13, 1), COPY(12, 20, 4) } },
	{ "swap", -EUCLEAN, 2, { COPY(1, 2, 1), COPY(2, 1, 1) } },
};

static void extent_verdict_desc(const struct extent_verdict *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(extent_check, extent_verdicts, extent_verdict_desc);

static void extent_test_check(struct kunit *test)
{
	const struct extent_verdict *v = test->param_value;
	struct kexec_extent_list *list = extent_test_list(test, 1);

	if (v->nr) {
		KUNIT_ASSERT_EQ(test, 0, extent_test_add(list, 0, 1, 1));
		memcpy(list->first->extent, v->copies, sizeof(v->copies));
		list->first->nr = v->nr;
		list->nr = v->nr;
	}
	KUNIT_EXPECT_EQ(test, extent_test_verdict(test, list), v->want);
	extent_test_expect(test, list, v->copies, v->nr);
}

static struct kunit_case extent_test_cases[] = {
	KUNIT_CASE_PARAM(extent_test_layout, extent_gen_params),
	KUNIT_CASE(extent_test_add_order),
	KUNIT_CASE(extent_test_add_merges),
	KUNIT_CASE(extent_test_add_full),
	KUNIT_CASE(extent_test_add_tables),
	KUNIT_CASE(extent_test_add_bad),
	KUNIT_CASE_PARAM(extent_test_check, extent_check_gen_params),
	{}
};

static struct kunit_suite extent_test_suite = {
	.name = "kexec-extent",
	.test_cases = extent_test_cases,
};

kunit_test_suite(extent_test_suite);

MODULE_DESCRIPTION("KUnit suite for the kexec copy list");
MODULE_LICENSE("GPL");
