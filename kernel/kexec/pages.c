// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the pages that back an image
 *
 * Until the next kernel is entered, each page of a destination is backed by a page that has
 * its content.  Copies can run in any order, because of one rule:
 *
 *	a page that backs a destination page is either that page,
 *	or no destination of this image.
 *
 * All pages are allocated before the first one has content, so no page is ever exchanged,
 * see "Copies are safe in any order" in design.rst.
 *
 * Only boot memory is used, because hot-added memory can be offlined.  Once the allocator
 * returns hot-added memory, blocks of boot memory are allocated by address, top down, each
 * once, which bounds the search.
 *
 * The allocator does not own the crash reservation.  The first crash image is in place; one
 * that replaces it is staged, in unused pages of the reservation or elsewhere.  The panic
 * path may read the runs at any moment, so they and their pages are freed only after the
 * new image is published.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "crash_protect.h"
#include "crash_vmcoreinfo.h"
#include "image.h"
#include "pages.h"
#include "usable.h"
#include "zone.h"
#include "lib/range_map.h"

#define PAGES_STEP		((unsigned long)SZ_1M >> PAGE_SHIFT)

/* 2 MiB with 4 KiB pages; higher orders gain nothing. */
#define PAGES_MAX_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, ilog2(SZ_2M) - PAGE_SHIFT)

#define PAGES_BLOCK_PAGES	(SZ_2M >> PAGE_SHIFT)

/**
 * kexec_pages_headroom() - get the memory that would remain after an allocation
 * @nr_pages: pages to allocate
 *
 * A reserve is deducted, so that a load does not drive unrelated tasks into the OOM killer.
 *
 * Return: pages, an estimate; may be negative.
 */
long kexec_pages_headroom(unsigned long nr_pages)
{
	unsigned long reserve = clamp(totalram_pages() / 32, (unsigned long)SZ_8M >> PAGE_SHIFT,
				      (unsigned long)SZ_64M >> PAGE_SHIFT);

	return kexec_zone_available() - (long)(nr_pages + reserve);
}

static struct kexec_backing *pages_owner(struct kexec_image *img, unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		if (pfn - kexec_dst_pfn(b) < kexec_dst_pages(b))
			return b;
	}
	return NULL;
}

/**
 * kexec_pages_claim() - keep a page if it is a destination
 * @img: an image whose pages are being allocated
 * @page: a page that the caller owns
 *
 * Return: true if it is one; the image owns it then.
 */
bool kexec_pages_claim(struct kexec_image *img, struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	struct kexec_backing *b = pages_owner(img, pfn);

	return b && b->claimed && !__test_and_set_bit(pfn - kexec_dst_pfn(b), b->claimed);
}

static bool pages_is_usable(struct page *page, unsigned long nr_pages)
{
	return kexec_usable_contains(page_to_phys(page), page_to_phys(page) + PFN_PHYS(nr_pages));
}

static bool pages_overlap_dst(const struct kexec_image *img, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		const struct kexec_backing *b = &img->backing[i];

		if (start < kexec_dst_end(b) && kexec_dst_pa(b) < end)
			return true;
	}
	return false;
}

static unsigned long pages_staging_pages(const struct kexec_image *img)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; img->staging_map && i < img->staging_map->nr; i++)
		nr += PHYS_PFN(img->staging_map->r[i].end - img->staging_map->r[i].start);
	return nr;
}

static void pages_remove_image(struct range_map *map, const struct kimage *kimage)
{
	phys_addr_t note_pa;
	unsigned int i;

	for (i = 0; i < kimage->nr_segments; i++)
		range_map_remove(map, kimage->segment[i].mem,
				 kimage->segment[i].mem + kimage->segment[i].memsz);
	if (!kimage->vmcoreinfo_data_copy)
		return;
	note_pa = PFN_PHYS(vmalloc_to_pfn(kimage->vmcoreinfo_data_copy));
	range_map_remove(map, note_pa, note_pa + PAGE_SIZE);
}

/* Without the pages for vmcoreinfo, which pages_remove_image() removes. */
static void pages_find_staging(struct kexec_image *img)
{
	struct range_map *map = img->usable;
	unsigned int i;

	if (img->staging_map)
		return;
	img->usable = NULL;
	pages_remove_image(map, kexec_crash_image);
	pages_remove_image(map, &img->kimage);
	for (i = 0; i < map->nr; i++)
		kexec_crash_unprotect_range(map->r[i].start, map->r[i].end - map->r[i].start);
	img->staging_map = map;
}

static struct page *pages_next_staging(struct kexec_image *img)
{
	struct range_map *map = img->staging_map;
	struct page *page;

	while (map && map->nr) {
		struct kexec_range *r = &map->r[map->nr - 1];

		page = r->start < r->end ? pfn_to_page(PHYS_PFN(r->start)) : NULL;
		if (page)
			r->start += PAGE_SIZE;
		else
			map->nr--;
		if (page && !PageHWPoison(page))
			return page;
	}
	return NULL;
}

static void pages_free_staging(struct kexec_image *img)
{
	if (!img->staging_map)
		return;
	kvfree(img->staging_map);
	img->staging_map = NULL;
	/* If the new image was not published, the old one needs its protection again. */
	if (kexec_crash_image)
		kexec_crash_protect();
}

static void pages_use_contig(struct kexec_image *img)
{
	img->pool_contig = true;
	img->pool_below = PHYS_ADDR_MAX;
}

static int pages_refill_contig(struct kexec_image *img)
{
	while (kexec_usable_block_below(&img->pool_below, PAGES_BLOCK_PAGES << PAGE_SHIFT)) {
		unsigned long pfn = PHYS_PFN(img->pool_below);

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		if (pages_overlap_dst(img, img->pool_below, PFN_PHYS(pfn + PAGES_BLOCK_PAGES)) ||
		    !kexec_zone_alloc_contig(pfn, pfn + PAGES_BLOCK_PAGES))
			continue;
		img->pool = pfn_to_page(pfn);
		img->pool_left = PAGES_BLOCK_PAGES;
		return 0;
	}
	return -ENOMEM;
}

static int pages_refill(struct kexec_image *img)
{
	unsigned int order = img->pool_order;
	struct page *page;

	if (img->pool_contig)
		return pages_refill_contig(img);

	page = kexec_zone_alloc(&order);
	if (!page)
		return -ENOMEM;
	if (!pages_is_usable(page, 1UL << order)) {
		__free_pages(page, order);
		pages_use_contig(img);
		return pages_refill_contig(img);
	}

	split_page(page, order);
	img->pool = page;
	img->pool_left = 1U << order;
	img->pool_order = order;
	return 0;
}

/* May return a destination. */
static struct page *pages_next(struct kexec_image *img)
{
	struct page *page = pages_next_staging(img);

	if (page)
		return page;
	if (!img->pool_left && pages_refill(img))
		return NULL;
	img->pool_left--;
	return img->pool++;
}

/*
 * Source pages that are not assigned to a slot yet.  The first page of each run has their number in
 * its private field.
 */
struct pages_sources {
	struct list_head runs;
	unsigned long nr;
};

static void pages_add_source(struct pages_sources *sources, struct page *page)
{
	struct page *first;

	sources->nr++;
	if (!list_empty(&sources->runs)) {
		first = list_last_entry(&sources->runs, struct page, lru);
		if (page_to_pfn(first) + page_private(first) == page_to_pfn(page)) {
			set_page_private(first, page_private(first) + 1);
			return;
		}
	}
	set_page_private(page, 1);
	list_add_tail(&page->lru, &sources->runs);
}

/* Pages of the crash reservation are not owned by the allocator. */
static void pages_put_run(struct page *first, unsigned long nr)
{
	unsigned long pfn = page_to_pfn(first);

	for (; nr; nr--, pfn++) {
		if (!PageReserved(pfn_to_page(pfn)))
			__free_page(pfn_to_page(pfn));
		if (!(nr % PAGES_STEP))
			cond_resched();
	}
}

static void pages_free_sources(struct pages_sources *sources)
{
	struct page *first, *next;
	unsigned long nr;

	list_for_each_entry_safe(first, next, &sources->runs, lru) {
		nr = page_private(first);
		set_page_private(first, 0);
		pages_put_run(first, nr);
	}
}

static unsigned long pages_missing(const struct kexec_backing *b)
{
	unsigned long nr = kexec_dst_pages(b);

	return b->claimed ? nr - bitmap_weight(b->claimed, nr) : nr;
}

static int pages_collect(struct kexec_image *img, struct pages_sources *sources)
{
	unsigned long need = 0, allocate;
	struct page *page;
	unsigned int i;
	int ret;

	for (i = 0; i < img->kimage.nr_segments; i++)
		need += pages_missing(&img->backing[i]);
	allocate = need - min(need, pages_staging_pages(img));
	if (allocate && kexec_pages_headroom(allocate) < 0)
		return -ENOMEM;
	ret = allocate ? kexec_zone_make_room(allocate) : 0;
	if (ret)
		return ret;

	img->pool_order = PAGES_MAX_ORDER;
	while (sources->nr < need) {
		if (fatal_signal_pending(current))
			return -EINTR;
		page = pages_next(img);
		if (!page)
			return -ENOMEM;
		if (kexec_pages_claim(img, page))
			need--;
		else
			pages_add_source(sources, page);
		cond_resched();
	}
	return 0;
}

/* The next source page: @used pages of the run @first are dealt out. */
struct pages_cursor {
	struct page *first;
	unsigned long used;
};

static struct kexec_run pages_deal_out(struct pages_cursor *c, unsigned long max)
{
	struct kexec_run run;

	if (c->used == page_private(c->first)) {
		c->first = list_next_entry(c->first, lru);
		c->used = 0;
	}
	run.page = pfn_to_page(page_to_pfn(c->first) + c->used);
	run.nr_pages = min(max, page_private(c->first) - c->used);
	c->used += run.nr_pages;
	return run;
}

/* Counts the runs of @b if @runs is NULL. */
static unsigned int pages_list_runs(const struct kexec_backing *b, struct pages_cursor *c,
				    struct kexec_runs *runs)
{
	unsigned long nr = kexec_dst_pages(b), at, end;
	struct kexec_run run;
	unsigned int n = 0;

	for (at = 0; at < nr; at += run.nr_pages, n++) {
		if (b->claimed && test_bit(at, b->claimed)) {
			end = find_next_zero_bit(b->claimed, nr, at);
			run.page = pfn_to_page(kexec_dst_pfn(b) + at);
			run.nr_pages = end - at;
		} else {
			end = b->claimed ? find_next_bit(b->claimed, nr, at) : nr;
			run = pages_deal_out(c, end - at);
		}
		if (runs)
			runs->run[n] = run;
		if (!(n % PAGES_STEP))
			cond_resched();
	}
	return n;
}

static struct pages_cursor pages_first_source(const struct pages_sources *sources)
{
	return (struct pages_cursor) {
		.first = list_first_entry(&sources->runs, struct page, lru),
	};
}

/* On failure all pages stay in @sources. */
static int pages_settle(struct kexec_image *img, struct pages_sources *sources)
{
	struct kexec_runs *runs[KEXEC_SEGMENT_MAX] = { };
	struct pages_cursor c = pages_first_source(sources);
	unsigned int i, nr = img->kimage.nr_segments, n;
	struct page *first;

	for (i = 0; i < nr; i++) {
		if (!pages_missing(&img->backing[i]))
			continue;
		n = pages_list_runs(&img->backing[i], &c, NULL);
		runs[i] = kvmalloc(struct_size(runs[i], run, n), KEXEC_HOLD_GFP);
		if (!runs[i])
			goto out_free;
		runs[i]->nr = n;
	}

	c = pages_first_source(sources);
	for (i = 0; i < nr; i++) {
		struct kexec_backing *b = &img->backing[i];

		if (runs[i])
			pages_list_runs(b, &c, runs[i]);
		b->runs = runs[i];
		b->placed = true;
		kvfree(b->claimed);
		b->claimed = NULL;
	}
	list_for_each_entry(first, &sources->runs, lru)
		set_page_private(first, 0);
	return 0;

out_free:
	while (i--)
		kvfree(runs[i]);
	return -ENOMEM;
}

static void pages_use_reservation(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		img->backing[i].placed = true;
}

static int pages_report(const struct kexec_image *img, int err)
{
	u64 size = 0;
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		size += img->kimage.segment[i].memsz;
	/* Allocations also fail once the task has a fatal signal pending. */
	if (fatal_signal_pending(current)) {
		pr_err("loading the %s was interrupted by a signal\n", img->name);
		return -EINTR;
	}
	pr_err("no memory for the segments of the %s (%llu kB)\n", img->name, size >> 10);
	return err;
}

/**
 * kexec_pages_place() - allocate the pages that the segments of an image lack
 * @img: an image that has all its segments, without content
 *
 * Return: 0, -ENOMEM or -EINTR after one message.
 */
int kexec_pages_place(struct kexec_image *img)
{
	struct pages_sources sources = { .runs = LIST_HEAD_INIT(sources.runs) };
	int ret;

	if (kexec_image_is_crash(img)) {
		/* The panic path writes to this page before it copies: no staging page. */
		ret = kexec_vmcoreinfo_copy_alloc(img);
		if (ret)
			return ret;
		if (!kexec_crash_image) {
			pages_use_reservation(img);
			return 0;
		}
		pages_find_staging(img);
	}
	ret = pages_collect(img, &sources);
	if (!ret)
		ret = pages_settle(img, &sources);
	if (!ret)
		return 0;
	pages_free_sources(&sources);
	return pages_report(img, ret);
}

/* May return a destination. */
static struct page *pages_next_any(struct kexec_image *img)
{
	if (!img->pool_left) {
		img->pool_order = 0;
		if (pages_refill(img))
			return NULL;
	}
	img->pool_left--;
	return img->pool++;
}

/**
 * kexec_pages_safe_page() - allocate a zeroed page that is no destination
 * @ctx: the struct kexec_image
 *
 * Return: its address in the linear map, or NULL.
 */
void *kexec_pages_safe_page(void *ctx)
{
	struct kexec_image *img = ctx;
	struct page *page;

	for (;;) {
		page = pages_next_any(img);
		if (!page)
			return NULL;
		if (!pages_owner(img, page_to_pfn(page)))
			break;
		list_add(&page->lru, &img->refused_pages);
	}
	clear_highpage(page);
	list_add(&page->lru, &img->safe_pages);
	return page_address(page);
}

static void pages_free_list(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		__free_page(page);
		cond_resched();
	}
}

/**
 * kexec_pages_free_padding() - free the pages next to the destination of a segment
 * @b: the segment
 */
void kexec_pages_free_padding(struct kexec_backing *b)
{
	unsigned long pfn = kexec_dst_pfn(b);

	pages_put_run(pfn_to_page(pfn - b->pad_before), b->pad_before);
	pages_put_run(pfn_to_page(pfn + kexec_dst_pages(b)), b->pad_after);
	b->pad_before = 0;
	b->pad_after = 0;
}

/**
 * kexec_pages_trim_pool() - free pages that were allocated but are not needed
 * @img: the image
 */
void kexec_pages_trim_pool(struct kexec_image *img)
{
	pages_free_list(&img->refused_pages);
	while (img->pool_left) {
		img->pool_left--;
		__free_page(img->pool++);
	}
}

/**
 * kexec_pages_free_runs() - free a list of runs and the pages that the allocator owns
 * @runs: the list, or NULL
 */
void kexec_pages_free_runs(struct kexec_runs *runs)
{
	unsigned int i;

	for (i = 0; runs && i < runs->nr; i++)
		pages_put_run(runs->run[i].page, runs->run[i].nr_pages);
	kvfree(runs);
}

static void pages_free_claimed(struct kexec_backing *b)
{
	unsigned long nr = kexec_dst_pages(b), at, end;

	for_each_set_bitrange(at, end, b->claimed, nr)
		pages_put_run(pfn_to_page(kexec_dst_pfn(b) + at), end - at);
	bitmap_zero(b->claimed, nr);
}

/**
 * kexec_pages_release() - free the pages of a segment
 * @b: a segment that is not mapped
 */
void kexec_pages_release(struct kexec_backing *b)
{
	kexec_pages_free_padding(b);
	if (b->claimed)
		pages_free_claimed(b);
	else if (b->runs)
		kexec_pages_free_runs(b->runs);
	else if (b->placed)
		pages_put_run(pfn_to_page(kexec_dst_pfn(b)), kexec_dst_pages(b));
	b->runs = NULL;
	b->placed = false;
}

/**
 * kexec_pages_trim() - free the pages at the end of a segment
 * @b: a segment that has its pages and is not mapped
 * @nr_pages: pages to keep
 */
void kexec_pages_trim(struct kexec_backing *b, unsigned long nr_pages)
{
	struct kexec_runs *runs = b->runs;
	unsigned long at = 0, keep, nr;
	unsigned int i;

	if (!runs) {
		pages_put_run(pfn_to_page(kexec_dst_pfn(b) + nr_pages),
			      kexec_dst_pages(b) - nr_pages);
		return;
	}
	for (i = 0; i < runs->nr; i++, at += nr) {
		nr = runs->run[i].nr_pages;
		keep = clamp(nr_pages, at, at + nr) - at;
		pages_put_run(pfn_to_page(page_to_pfn(runs->run[i].page) + keep), nr - keep);
		runs->run[i].nr_pages = keep;
	}
	while (runs->nr && !runs->run[runs->nr - 1].nr_pages)
		runs->nr--;
}

/**
 * kexec_pages_free() - free all pages of an image
 * @img: the image
 */
void kexec_pages_free(struct kexec_image *img)
{
	unsigned int i;

	kexec_pages_trim_pool(img);
	pages_free_list(&img->safe_pages);
	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		kexec_pages_free_runs(b->staged);
		b->staged = NULL;
		if (kexec_image_is_crash(img) && !b->runs)
			continue;
		kexec_pages_release(b);
		kvfree(b->claimed);
		b->claimed = NULL;
	}
	pages_free_staging(img);
}
