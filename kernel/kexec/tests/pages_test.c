// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-pages
 *
 * Destinations with unmovable pages, page by page.  A test allocates whole pageblocks,
 * frees all but a few pages of them, and allocates the range as an image does.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../contig.h"
#include "../image.h"
#include "../lock.h"
#include "../pages.h"
#include "../segment.h"
#include "../usable.h"
#include "../verify.h"

/* A power of two, so that the range is aligned to a pageblock. */
#define PAGES_TEST_BLOCKS	8

/* Pageblocks with an allocated page; in the second one it is the last page. */
#define PAGES_TEST_FIRST		1
#define PAGES_TEST_SECOND	5

/**
 * struct pages_ground - memory of a test
 * @img: an image without pages
 * @pfn: first page
 * @nr: pages
 * @pinned: pages that stay allocated, as offsets from @pfn
 * @nr_pinned: entries of @pinned
 */
struct pages_ground {
	struct kexec_image *img;
	unsigned long pfn;
	unsigned long nr;
	unsigned long pinned[2];
	unsigned int nr_pinned;
};

/* Each case calls this itself: the kexec lock is released by the task that holds it. */
static void pages_test_end(void *arg)
{
	struct pages_ground *g = arg;
	unsigned int i;

	kexec_image_free(g->img);
	for (i = 0; i < g->nr_pinned; i++)
		__free_page(pfn_to_page(g->pfn + g->pinned[i]));
	kexec_unlock_nowork();
}

/* @nr is a power of two, and so the first page's number is a multiple of it. */
static struct page *pages_test_take(unsigned long nr)
{
	unsigned int order = ilog2(nr);
	struct page *page;

	if (order > MAX_PAGE_ORDER)
		return alloc_contig_pages(nr, GFP_KERNEL, numa_mem_id(), NULL);
	page = alloc_pages(GFP_KERNEL, order);
	if (page)
		split_page(page, order);
	return page;
}

/* An image with one segment for each of @size pages in @nr pages. */
static struct pages_ground *pages_test_begin(struct kunit *test, unsigned long nr,
					     unsigned long size)
{
	struct pages_ground *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	struct page *page;
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, g);
	KUNIT_ASSERT_TRUE(test, kexec_lock());
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pages_test_end, g));
	g->img = kexec_image_alloc(KEXEC_TYPE_DEFAULT, false);
	KUNIT_ASSERT_NOT_NULL(test, g->img);
	for (i = 0; i < nr; i += size)
		KUNIT_ASSERT_EQ(test, i / size, kexec_segment_add(g->img, 0, PFN_PHYS(size)));

	page = pages_test_take(nr);
	KUNIT_ASSERT_NOT_NULL(test, page);
	g->pfn = page_to_pfn(page);
	g->nr = nr;
	for (i = 0; i < nr; i += size)
		kexec_segment_move(g->img, i / size, PFN_PHYS(g->pfn + i));
	return g;
}

static bool pages_test_is_pinned(const struct pages_ground *g, unsigned long page)
{
	unsigned int i;

	for (i = 0; i < g->nr_pinned; i++)
		if (g->pinned[i] == page)
			return true;
	return false;
}

static void pages_test_give_back(struct pages_ground *g)
{
	unsigned long i;

	for (i = 0; i < g->nr; i++)
		if (!pages_test_is_pinned(g, i))
			__free_page(pfn_to_page(g->pfn + i));
}

/* Pages of the destination that are not allocated, or are backed by others. */
static unsigned long pages_test_away(const struct kexec_backing *b)
{
	unsigned long away = 0;
	struct kexec_run_pos pos;

	if (b->claimed)
		return kexec_dst_pages(b) - bitmap_weight(b->claimed, kexec_dst_pages(b));
	for_each_kexec_run(&pos, b, 1)
		away += page_to_pfn(pos.run.page) != kexec_dst_pfn(b) + pos.slot;
	return away;
}

/* The rule in pages.c: a page that backs another one is no destination. */
static void pages_test_check_rule(struct kunit *test, const struct pages_ground *g)
{
	const struct kexec_backing *b = &g->img->backing[0];
	struct kexec_run_pos pos;
	unsigned long pfn, seen = 0;

	for_each_kexec_run(&pos, b, 1) {
		pfn = page_to_pfn(pos.run.page);
		if (pfn != g->pfn + pos.slot)
			KUNIT_ASSERT_FALSE_MSG(test, pfn >= g->pfn && pfn < g->pfn + g->nr,
					       "page %lu is %#lx", pos.slot, pfn);
		seen++;
	}
	KUNIT_EXPECT_EQ(test, seen, g->nr);
}

/* The page that backs page @slot of segment @seg. */
static struct page *pages_test_page(const struct pages_ground *g, unsigned int seg,
				    unsigned long slot)
{
	struct kexec_run_pos pos;

	for_each_kexec_run(&pos, &g->img->backing[seg], 1)
		if (pos.slot == slot)
			return pos.run.page;
	return NULL;
}

/* Pageblocks with an unmovable page are rejected, and no others. */
static void __maybe_unused pages_test_only_what_it_must(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, PAGES_TEST_BLOCKS * pageblock_nr_pages,
						PAGES_TEST_BLOCKS * pageblock_nr_pages);
	struct kexec_backing *b = &g->img->backing[0];
	unsigned long block, missing, resume, i;

	g->pinned[0] = PAGES_TEST_FIRST * pageblock_nr_pages + 37;
	g->pinned[1] = (PAGES_TEST_SECOND + 1) * pageblock_nr_pages - 1;
	g->nr_pinned = 2;
	pages_test_give_back(g);

	missing = kexec_contig_alloc_segment(g->img, 0, &resume);
	KUNIT_EXPECT_EQ(test, missing, 2 * pageblock_nr_pages);
	KUNIT_EXPECT_EQ(test, resume, (PAGES_TEST_SECOND + 1) * pageblock_nr_pages);
	for (i = 0; i < kexec_dst_pages(b); i++) {
		block = i / pageblock_nr_pages;
		KUNIT_ASSERT_EQ_MSG(test, test_bit(i, b->claimed), block != PAGES_TEST_FIRST &&
				    block != PAGES_TEST_SECOND, "page %lu", i);
	}

	/* Most free pages of these two are allocated in smaller blocks. */
	kexec_contig_fill_gaps(g->img, 0);
	KUNIT_EXPECT_FALSE(test, test_bit(g->pinned[0], b->claimed));
	KUNIT_EXPECT_FALSE(test, test_bit(g->pinned[1], b->claimed));
	KUNIT_EXPECT_LT(test, pages_test_away(b), pageblock_nr_pages);

	KUNIT_ASSERT_EQ(test, 0, kexec_pages_place(g->img));
	pages_test_check_rule(test, g);
	KUNIT_EXPECT_GE(test, pages_test_away(b), 2);
	KUNIT_EXPECT_LT(test, pages_test_away(b), pageblock_nr_pages);
	kunit_release_action(test, pages_test_end, g);
}

/* All of a pageblock is rejected, and no padding stays allocated. */
static void pages_test_not_to_be_had(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, 8, 8);
	struct kexec_backing *b = &g->img->backing[0];
	unsigned long resume;

	g->pinned[0] = 3;
	g->nr_pinned = 1;
	pages_test_give_back(g);

	KUNIT_EXPECT_EQ(test, kexec_contig_alloc_segment(g->img, 0, &resume), 8);
	KUNIT_EXPECT_EQ(test, resume, 8);
	KUNIT_EXPECT_EQ(test, pages_test_away(b), 8);
	KUNIT_EXPECT_EQ(test, b->pad_before, 0);
	KUNIT_EXPECT_EQ(test, b->pad_after, 0);
	KUNIT_ASSERT_EQ(test, 0, kexec_pages_place(g->img));
	pages_test_check_rule(test, g);
	KUNIT_EXPECT_GE(test, pages_test_away(b), 1);
	kunit_release_action(test, pages_test_end, g);
}

/* Segments in the same pageblock do not block each other. */
static void __maybe_unused pages_test_neighbours(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, pageblock_nr_pages, pageblock_nr_pages / 4);
	/* Inside, at one end, between two segments in place, at the other end */
	static const unsigned int order[] = { 1, 3, 2, 0 };
	unsigned long resume;
	unsigned int i;

	pages_test_give_back(g);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		struct kexec_backing *b = &g->img->backing[order[i]];

		KUNIT_EXPECT_EQ_MSG(test, kexec_contig_alloc_segment(g->img, order[i], &resume), 0,
				    "segment %u", order[i]);
		KUNIT_EXPECT_EQ_MSG(test, pages_test_away(b), 0, "segment %u", order[i]);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_EXPECT_EQ(test, g->img->backing[i].pad_before, 0);
		KUNIT_EXPECT_EQ(test, g->img->backing[i].pad_after, 0);
	}
	kunit_release_action(test, pages_test_end, g);
}

/* After the content a segment is zero, whatever its pages had before. */
static void pages_test_tail(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, 8, 8);
	const struct kexec_backing *b = &g->img->backing[0];
	const size_t len = 2 * PAGE_SIZE + 1;
	char *content = kunit_kzalloc(test, len, GFP_KERNEL);
	struct kexec_run_pos pos;
	const char *page;
	size_t used;

	KUNIT_ASSERT_NOT_NULL(test, content);
	pages_test_give_back(g);
	KUNIT_ASSERT_EQ(test, 0, kexec_pages_place(g->img));
	for_each_kexec_run(&pos, b, 1)
		memset(kexec_run_va(pos.run.page), 0xa5, PAGE_SIZE);
	memset(content, 'x', len);
	KUNIT_ASSERT_EQ(test, 0, kexec_segment_fill_kernel(g->img, 0, content, len));

	for_each_kexec_run(&pos, b, 1) {
		page = kexec_run_va(pos.run.page);
		used = min(len - min(len, pos.slot * PAGE_SIZE), PAGE_SIZE);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(page, 'x', used), "page %lu", pos.slot);
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(page + used, 0, PAGE_SIZE - used),
				      "page %lu", pos.slot);
	}
	kunit_release_action(test, pages_test_end, g);
}

static int pages_test_verify_changed(struct pages_ground *g, unsigned int seg, bool crash)
{
	char *byte = kexec_run_va(pages_test_page(g, seg, 7));
	int ret;

	byte[PAGE_SIZE - 1] ^= 1;
	g->img->plan.crash = crash;
	ret = crash ? kexec_verify_check_crash(g->img) : kexec_verify_check(g->img, NULL);
	g->img->plan.crash = false;
	byte[PAGE_SIZE - 1] ^= 1;
	return ret;
}

/* The last byte of each segment is a part of its digest. */
static void pages_test_digests(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, 16, 8);
	unsigned int i;

	pages_test_give_back(g);
	KUNIT_ASSERT_EQ(test, 0, kexec_pages_place(g->img));
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, 0, kexec_segment_fill_kernel(g->img, i, "x", 1));
	kexec_verify_record(g->img);
	kexec_verify_wait(g->img);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, -EUCLEAN, pages_test_verify_changed(g, i, false));
		KUNIT_EXPECT_EQ(test, -EUCLEAN, pages_test_verify_changed(g, i, true));
	}
	KUNIT_EXPECT_EQ(test, 0, kexec_verify_check(g->img, NULL));
	KUNIT_EXPECT_EQ(test, 0, kexec_verify_check_crash(g->img));
	kunit_release_action(test, pages_test_end, g);
}

#ifdef CONFIG_MEMORY_FAILURE
/* Result of kexec_verify_check() if one page of the image has a memory error. */
static int pages_test_verify_with_error(struct pages_ground *g, unsigned int slot, bool crash)
{
	struct page *page = pages_test_page(g, 0, slot);
	int ret;

	g->img->plan.crash = crash;
	SetPageHWPoison(page);
	ret = crash ? kexec_verify_check_crash(g->img) : kexec_verify_check(g->img, NULL);
	ClearPageHWPoison(page);
	g->img->plan.crash = false;
	return ret;
}

/* A page with an error is not read, and fails the check unless it was cleared. */
static void pages_test_memory_error(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, 8, 8);
	const size_t len = 3 * PAGE_SIZE + 1;
	char *content = kunit_kmalloc(test, len, GFP_KERNEL);
	struct page *tail;

	KUNIT_ASSERT_NOT_NULL(test, content);
	memset(content, 'x', len);
	pages_test_give_back(g);
	KUNIT_ASSERT_EQ(test, 0, kexec_pages_place(g->img));
	KUNIT_ASSERT_EQ(test, 0, kexec_segment_fill_kernel(g->img, 0, content, len));
	kexec_verify_record(g->img);
	kexec_verify_wait(g->img);
	KUNIT_EXPECT_EQ(test, 0, kexec_verify_check(g->img, NULL));

	KUNIT_EXPECT_EQ(test, -EUCLEAN, pages_test_verify_with_error(g, 0, true));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, pages_test_verify_with_error(g, 3, true));
	KUNIT_EXPECT_EQ(test, 0, pages_test_verify_with_error(g, 4, true));
	/* Another image is copied as a whole. */
	KUNIT_EXPECT_EQ(test, -EUCLEAN, pages_test_verify_with_error(g, 4, false));

	tail = pages_test_page(g, 0, 6);
	memset(page_address(tail), 0xff, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, pages_test_verify_with_error(g, 6, true));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, kexec_verify_check(g->img, NULL));
	kunit_release_action(test, pages_test_end, g);
}

/* A destination with an error is refused, an adjacent one is accepted. */
static void pages_test_memory_error_dst(struct kunit *test)
{
	struct pages_ground *g = pages_test_begin(test, 8, 8);
	u64 start = PFN_PHYS(g->pfn), where;

	g->pinned[0] = 3;
	g->nr_pinned = 1;
	pages_test_give_back(g);
	SetPageHWPoison(pfn_to_page(g->pfn + 3));
	num_poisoned_pages_inc(g->pfn + 3);
	KUNIT_EXPECT_TRUE(test, kexec_usable_has_error(start, start + 8 * PAGE_SIZE, &where));
	KUNIT_EXPECT_EQ(test, where, start + 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, kexec_usable_check_errors(0, start, start + 4 * PAGE_SIZE),
			-EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, kexec_usable_check_errors(0, start, start + 3 * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, kexec_usable_check_errors(0, start + 4 * PAGE_SIZE,
							start + 8 * PAGE_SIZE), 0);
	num_poisoned_pages_sub(g->pfn + 3, 1);
	ClearPageHWPoison(pfn_to_page(g->pfn + 3));
	kunit_release_action(test, pages_test_end, g);
}
#endif

static struct kunit_case pages_test_cases[] = {
	KUNIT_CASE(pages_test_tail),
	KUNIT_CASE(pages_test_digests),
#ifdef CONFIG_MEMORY_FAILURE
	KUNIT_CASE(pages_test_memory_error),
	KUNIT_CASE(pages_test_memory_error_dst),
#endif
#ifndef CONFIG_ARM64_64K_PAGES
	/* Pageblocks of 512 MiB are too large for a test. */
	KUNIT_CASE_SLOW(pages_test_only_what_it_must),
	KUNIT_CASE(pages_test_neighbours),
#endif
	KUNIT_CASE(pages_test_not_to_be_had),
	{ }
};

static struct kunit_suite pages_test_suite = {
	.name = "kexec-pages",
	.test_cases = pages_test_cases,
};

kunit_test_suite(pages_test_suite);
