// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the pages that back an image
 *
 * Each segment has an array with one slot for each page of its destination.  A slot points
 * to the page that holds the content until the next kernel is entered.  Copies can run in
 * any order, because of one rule:
 *
 *	a page in a slot is either the destination of that slot,
 *	or no destination of this image.
 *
 * Pages are allocated at the highest order available.  A page that is itself a destination
 * is assigned to its own slot; the page it displaces is copied into it and reused.  Slots
 * are found by index, so the cost of a page does not depend on the number of pages.
 *
 * A load must not trigger the OOM killer: it fails early if too little memory would remain,
 * memory is reclaimed before it is allocated (zone.c), and page tables for vmap() are
 * checked for first.
 *
 * Only boot memory is used, because hot-added memory can be offlined.  Once the allocator
 * returns hot-added memory, blocks of boot memory are allocated by address, top down, each
 * once.  This bounds the search.
 *
 * The destination of a crash image is the crash reservation, which the allocator does not
 * own.  If no crash image is loaded, the slots point to the pages of the reservation.  If
 * one is, the new image is staged in pages of the reservation that neither image uses, and
 * in other pages if these are too few, and is copied in when nothing can fail any more.
 * The panic path may read the slots at any moment: a staging page is freed only after its
 * slot points to the reservation and the new image is published.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "crash_protect.h"
#include "debug.h"
#include "image.h"
#include "pages.h"
#include "usable.h"
#include "zone.h"
#include "lib/range_map.h"

/* Pages processed between two calls of cond_resched(). */
#define PAGES_STEP		((unsigned long)SZ_1M >> PAGE_SHIFT)

/* 2 MiB with 4 KiB pages; higher orders gain nothing. */
#define PAGES_MAX_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, ilog2(SZ_2M) - PAGE_SHIFT)

/* Pages that are allocated by address at a time. */
#define PAGES_BLOCK_PAGES	(SZ_2M >> PAGE_SHIFT)

/* Page tables above the last level that a mapping of scattered pages needs. */
#define PAGES_MAP_SPARE		8

/**
 * kexec_usable_headroom() - get the memory that would remain after an allocation
 * @nr_pages: size of the allocation, in pages
 *
 * A reserve is deducted, so that a load does not drive unrelated tasks into the OOM
 * killer.  This is an estimate; others allocate concurrently.
 *
 * Context: any.
 * Return: pages; negative if @nr_pages exceed the headroom.
 */
long kexec_usable_headroom(unsigned long nr_pages)
{
	unsigned long reserve = clamp(totalram_pages() / 32, (unsigned long)SZ_8M >> PAGE_SHIFT,
				      (unsigned long)SZ_64M >> PAGE_SHIFT);

	return kexec_zone_available() - (long)(nr_pages + reserve);
}

static bool pages_within_headroom(unsigned long nr_pages)
{
	return kexec_usable_headroom(nr_pages) >= 0;
}

/* The slot with the destination @pa, or NULL. */
static struct page **pages_slot(struct kexec_image *img, phys_addr_t pa,
				struct kexec_backing **owner)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		if (pa < b->dst_pa || pa - b->dst_pa >= PFN_PHYS(b->nr_pages))
			continue;
		*owner = b;
		return &b->pages[PHYS_PFN(pa - b->dst_pa)];
	}
	return NULL;
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

		if (start < b->dst_pa + PFN_PHYS(b->nr_pages) && b->dst_pa < end)
			return true;
	}
	return false;
}

/* Pages of the crash reservation are not owned by the allocator. */
static void pages_put_page(struct page *page)
{
	if (!PageReserved(page))
		__free_page(page);
}

static unsigned long pages_staging_pages(const struct kexec_image *img)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; img->staging_map && i < img->staging_map->nr; i++)
		nr += PHYS_PFN(img->staging_map->r[i].end - img->staging_map->r[i].start);
	return nr;
}

/* Remove the segments of @kimage and its vmcoreinfo page from @map. */
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

/*
 * List the pages of the reservation that neither the loaded crash image nor @img uses.
 * The last page of each range is left out: the highest one is for the vmcoreinfo of @img.
 */
static void pages_find_staging(struct kexec_image *img)
{
	struct range_map *map;
	unsigned int i;

	if (img->staging_map || kexec_usable_free_map(true, &map))
		return;
	pages_remove_image(map, kexec_crash_image);
	pages_remove_image(map, &img->kimage);
	for (i = 0; i < map->nr; i++) {
		map->r[i].end -= PAGE_SIZE;
		kexec_crash_unprotect_range(map->r[i].start, map->r[i].end - map->r[i].start);
	}
	img->staging_map = map;
}

/* The next free page of the reservation, or NULL. */
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

/* Allocate the next block of boot memory, top down. */
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

/**
 * kexec_pages_assign() - assign a page to the slot it is the destination of
 * @img: the image
 * @page: a page that the caller owns
 *
 * Context: process context; no segment of @img is mapped.
 * Return: a page that the caller owns and that is no destination: @page, or the page that
 * it displaced, or NULL if the slot was empty.
 */
struct page *kexec_pages_assign(struct kexec_image *img, struct page *page)
{
	struct kexec_backing *owner;
	struct page **slot = pages_slot(img, page_to_phys(page), &owner);
	struct page *old;

	if (!slot)
		return page;
	old = *slot;
	*slot = page;
	if (old && owner->filled)
		copy_highpage(page, old);
	return old;
}

/* Allocate a page that is no destination.  Returns NULL on failure. */
static struct page *pages_next(struct kexec_image *img)
{
	struct page *page;

	do {
		page = pages_next_staging(img);
		if (!page) {
			if (!img->pool_left && pages_refill(img))
				return NULL;
			img->pool_left--;
			page = img->pool++;
		}
		page = kexec_pages_assign(img, page);
	} while (!page);

	return page;
}

/*
 * Pages already allocated for other segments may be destinations of segment @seg.  Assign
 * them to @seg and allocate replacements.
 */
static int pages_relocate(struct kexec_image *img, unsigned int seg)
{
	struct kexec_backing *owner, *b;
	unsigned int i;
	unsigned long n;

	for (i = 0; i < seg; i++) {
		b = &img->backing[i];
		if (b->borrowed || b->complete)
			continue;
		for (n = 0; n < b->nr_pages; n++) {
			struct page *page = b->pages[n], **slot, *other;

			slot = pages_slot(img, page_to_phys(page), &owner);
			if (!slot || owner == b)
				continue;
			other = pages_next(img);
			if (!other)
				return -ENOMEM;
			copy_highpage(other, page);
			b->pages[n] = other;
			*slot = page;
			cond_resched();
		}
	}
	return 0;
}

static void pages_use_reserved(struct kexec_backing *b)
{
	unsigned long i;

	for (i = 0; i < b->nr_pages; i++)
		b->pages[i] = pfn_to_page(PHYS_PFN(b->dst_pa) + i);
	b->borrowed = true;
}

static int pages_fill_slots(struct kexec_image *img, struct kexec_backing *b)
{
	unsigned long i, missing = 0;
	int ret;

	for (i = 0; i < b->nr_pages; i++)
		missing += !b->pages[i];
	missing -= min(missing, pages_staging_pages(img));
	if (missing && !pages_within_headroom(missing))
		return -ENOMEM;
	ret = missing ? kexec_zone_make_room(missing) : 0;
	if (ret)
		return ret;

	for (i = 0; i < b->nr_pages; i++) {
		struct page *page;

		if (b->pages[i])
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		page = pages_next(img);
		if (!page)
			return -ENOMEM;
		/* pages_next() may have filled this slot. */
		if (b->pages[i]) {
			list_add(&page->lru, &img->refused_pages);
			continue;
		}
		b->pages[i] = page;
		cond_resched();
	}
	return 0;
}

/**
 * kexec_pages_segment() - allocate the pages that a segment lacks
 * @img: the image
 * @seg: index of a segment; all segments before it have their pages
 *
 * On failure kexec_pages_free() frees what was allocated.
 *
 * Context: process context, may sleep; no segment of @img is mapped.
 * Return: 0, -ENOMEM or -EINTR after one message.
 */
int kexec_pages_segment(struct kexec_image *img, unsigned int seg)
{
	struct kexec_backing *b = &img->backing[seg];
	int ret;

	if (kexec_image_is_crash(img) && !kexec_crash_image) {
		pages_use_reserved(b);
		return 0;
	}
	if (kexec_image_is_crash(img))
		pages_find_staging(img);
	/* In place: no other segment can have one of its pages. */
	if (b->complete)
		return 0;

	img->pool_order = PAGES_MAX_ORDER;
	ret = pages_relocate(img, seg);
	if (!ret)
		ret = pages_fill_slots(img, b);
	/* Allocations also fail once the task has a fatal signal pending. */
	if (ret && fatal_signal_pending(current))
		ret = -EINTR;
	if (ret == -ENOMEM)
		pr_err("no memory for segment %u of the %s (%lu kB)\n",
		       seg, img->name, b->nr_pages << (PAGE_SHIFT - 10));
	else if (ret)
		pr_err("loading segment %u of the %s was interrupted by a signal\n",
		       seg, img->name);
	return ret;
}

/*
 * vmap() allocates page tables with GFP_KERNEL, which may invoke the OOM killer.  Check with
 * a failable allocation that enough pages are available.
 */
static bool pages_can_map(const struct kexec_backing *b)
{
	unsigned long left = b->nr_pages / PTRS_PER_PTE + PAGES_MAP_SPARE;
	struct page *page, *next;
	LIST_HEAD(pages);

	for (; left; left--) {
		page = alloc_page(KEXEC_HOLD_GFP);
		if (!page)
			break;
		list_add(&page->lru, &pages);
	}
	list_for_each_entry_safe(page, next, &pages, lru)
		__free_page(page);
	return !left;
}

/**
 * kexec_pages_linear() - get the address of a segment in the linear map
 * @b: a segment that has its pages, at least one
 *
 * Context: any.
 * Return: the address, or NULL if the pages are not contiguous.
 */
void *kexec_pages_linear(const struct kexec_backing *b)
{
	unsigned long i;

	for (i = 1; i < b->nr_pages && !b->complete; i++)
		if (page_to_pfn(b->pages[i]) != page_to_pfn(b->pages[0]) + i)
			return NULL;
	return kexec_run_va(b->pages[0]);
}

/**
 * kexec_pages_map() - map a segment contiguously
 * @b: a segment that has its pages, at least one
 *
 * Context: process context, may sleep.
 * Return: 0 with @b->va set, or -ENOMEM after one message.
 */
int kexec_pages_map(struct kexec_backing *b)
{
	b->va = kexec_pages_linear(b);
	if (!b->va && pages_can_map(b))
		b->va = vmap(b->pages, b->nr_pages, VM_MAP, PAGE_KERNEL);
	if (b->va)
		return 0;
	pr_err("no memory or address space to map the segment at %pap (%lu kB)\n", &b->dst_pa,
	       b->nr_pages << (PAGE_SHIFT - 10));
	return -ENOMEM;
}

/**
 * kexec_pages_unmap() - undo kexec_pages_map()
 * @b: the segment
 *
 * Context: process context, may sleep.
 */
void kexec_pages_unmap(struct kexec_backing *b)
{
	if (is_vmalloc_addr(b->va))
		vunmap(b->va);
	b->va = NULL;
}

/* Allocate a page of boot memory, which may be a destination. */
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
 * Changes no slot, so the copy list may exist already.
 *
 * Context: process context, may sleep.
 * Return: its address in the linear map, or NULL.
 */
void *kexec_pages_safe_page(void *ctx)
{
	struct kexec_image *img = ctx;
	struct kexec_backing *owner;
	struct page *page;

	for (;;) {
		page = pages_next_any(img);
		if (!page)
			return NULL;
		if (!pages_slot(img, page_to_phys(page), &owner))
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
		pages_put_page(page);
		cond_resched();
	}
}

static void pages_free_range(unsigned long pfn, unsigned long nr)
{
	for (; nr; nr--)
		__free_page(pfn_to_page(pfn++));
}

/* Free the pages that were allocated before and after the destination of @b. */
static void pages_free_padding(struct kexec_backing *b)
{
	unsigned long pfn = PHYS_PFN(b->dst_pa);

	pages_free_range(pfn - b->pad_before, b->pad_before);
	pages_free_range(pfn + b->nr_pages, b->pad_after);
	b->pad_before = 0;
	b->pad_after = 0;
}

/**
 * kexec_pages_trim_pool() - free pages that were allocated but are not needed
 * @img: an image that allocates no more pages
 *
 * Context: process context.
 */
void kexec_pages_trim_pool(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		pages_free_padding(&img->backing[i]);
	pages_free_list(&img->refused_pages);
	while (img->pool_left) {
		img->pool_left--;
		__free_page(img->pool++);
	}
}

static void pages_free_pages(struct kexec_backing *b)
{
	unsigned long i;

	for (i = 0; i < b->nr_pages && !b->borrowed; i++) {
		if (b->pages[i])
			pages_put_page(b->pages[i]);
		cond_resched();
	}
}

/**
 * kexec_pages_release() - free the destination pages of a segment
 * @b: a segment without content
 *
 * Context: process context, may sleep.
 */
void kexec_pages_release(struct kexec_backing *b)
{
	if (!b->claimed)
		return;
	pages_free_padding(b);
	pages_free_pages(b);
	memset(b->pages, 0, b->nr_pages * sizeof(*b->pages));
	b->claimed = false;
	b->complete = false;
}

/**
 * kexec_pages_trim() - free the pages at the end of a segment
 * @b: the segment
 * @nr_pages: pages to keep
 *
 * Context: process context, may sleep; the segment is not mapped.
 */
void kexec_pages_trim(struct kexec_backing *b, unsigned long nr_pages)
{
	unsigned long i;

	/* The padding would no longer be adjacent. */
	pages_free_padding(b);
	for (i = nr_pages; i < b->nr_pages; i++) {
		if (b->pages[i] && !b->borrowed)
			pages_put_page(b->pages[i]);
		b->pages[i] = NULL;
		cond_resched();
	}
	b->nr_pages = nr_pages;
}

/* Copy one page to the reservation, unless it is there, and clean it to the PoC. */
static void __kexec_panic pages_copy_to_crash(struct kexec_backing *b, unsigned long i)
{
	struct page *dst = pfn_to_page(PHYS_PFN(b->dst_pa) + i);

	if (b->pages[i] != dst)
		copy_highpage(dst, b->pages[i]);
	kexec_arch_clean_to_poc(page_address(dst), PAGE_SIZE);
}

/**
 * kexec_pages_copy_to_crash() - copy a crash image into the reservation
 * @img: the image; the reservation has no other content that is needed
 *
 * The copy is clean to the point of coherency.  The staging pages do not change, so a
 * panic can repeat an interrupted copy.
 *
 * Context: process context, may sleep.
 */
void kexec_pages_copy_to_crash(struct kexec_image *img)
{
	unsigned int seg;
	unsigned long i;

	for (seg = 0; seg < img->kimage.nr_segments; seg++) {
		kexec_debug_panic_copy(seg);
		for (i = 0; i < img->backing[seg].nr_pages; i++) {
			pages_copy_to_crash(&img->backing[seg], i);
			cond_resched();
		}
	}
}

/**
 * kexec_pages_copy_to_crash_panic() - repeat or complete kexec_pages_copy_to_crash()
 * @img: the image that was being published
 *
 * Context: panic path, with the other CPUs stopped.
 */
void __kexec_panic kexec_pages_copy_to_crash_panic(struct kexec_image *img)
{
	unsigned int seg;
	unsigned long i;

	for (seg = 0; seg < img->kimage.nr_segments; seg++)
		for (i = 0; i < img->backing[seg].nr_pages; i++)
			pages_copy_to_crash(&img->backing[seg], i);
}

static void pages_map_reserved(struct kexec_image *img, struct kexec_backing *b)
{
	unsigned long i;

	for (i = 0; i < b->nr_pages; i++) {
		struct page *staging = b->pages[i];

		/* Both pages have the content, so a panic may find either in the slot. */
		WRITE_ONCE(b->pages[i], pfn_to_page(PHYS_PFN(b->dst_pa) + i));
		list_add(&staging->lru, &img->staging_pages);
		cond_resched();
	}
	b->borrowed = true;
}

/**
 * kexec_pages_map_reserved() - point the slots of a crash image to the reservation
 * @img: an image that kexec_pages_copy_to_crash() copied
 *
 * Frees nothing; kexec_pages_free_staging() does, after the image is published.
 *
 * Context: process context, may sleep.
 */
void kexec_pages_map_reserved(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		if (!img->backing[i].borrowed)
			pages_map_reserved(img, &img->backing[i]);
		kexec_debug_panic_publish(i + 1);
	}
}

/**
 * kexec_pages_free_staging() - free the staging pages of a crash image
 * @img: a published image, see kexec_pages_map_reserved()
 *
 * Context: process context, may sleep.
 */
void kexec_pages_free_staging(struct kexec_image *img)
{
	pages_free_list(&img->staging_pages);
	kexec_debug_panic_publish(KEXEC_SEGMENT_MAX + 1);
}

/**
 * kexec_pages_clean_segment() - clean a segment to the point of coherency
 * @b: a segment that has its pages
 *
 * Context: process context, may sleep.
 */
void kexec_pages_clean_segment(const struct kexec_backing *b)
{
	unsigned long i, first = 0;

	for (i = 1; i <= b->nr_pages; i++) {
		if (i < b->nr_pages && i - first < PAGES_STEP &&
		    page_to_pfn(b->pages[i]) == page_to_pfn(b->pages[i - 1]) + 1)
			continue;
		kexec_arch_clean_to_poc(kexec_run_va(b->pages[first]), (i - first) << PAGE_SHIFT);
		first = i;
		cond_resched();
	}
}

/**
 * kexec_pages_clean() - clean an image to the point of coherency
 * @img: an image that has its pages
 *
 * The next kernel starts with its caches off.
 *
 * Context: process context, may sleep.
 */
void kexec_pages_clean(const struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_pages_clean_segment(&img->backing[i]);
}

/**
 * kexec_pages_free() - free all pages of an image
 * @img: the image
 *
 * Context: process context, may sleep.
 */
void kexec_pages_free(struct kexec_image *img)
{
	unsigned int i;

	kexec_pages_trim_pool(img);
	pages_free_list(&img->safe_pages);
	pages_free_list(&img->staging_pages);
	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		if (b->va)
			kexec_pages_unmap(b);
		pages_free_pages(b);
		kvfree(b->pages);
		b->pages = NULL;
	}
	pages_free_staging(img);
}
