// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the pages that hold an image
 *
 * Every segment has an array with one entry ("slot") for each page of its
 * destination; the entry names the page that holds those bytes until the
 * switch.  The one rule that makes copying safe in any order:
 *
 *	a page in a slot is either that slot's own destination page,
 *	or no destination of this image at all.
 *
 * Pages come from the allocator in blocks as large as can be had.  One that
 * turns out to be somebody's destination goes to its own slot; if another page
 * stood in there, its bytes move over and that one is used instead.  Because
 * slots are found by index, each page costs the same however many came before.
 *
 * Memory may be short.  Nobody is killed for it: a load that would leave next to
 * nothing for others is refused before it takes anything, pages are reclaimed before
 * they are allocated (zone.c), and the page tables of a mapping are made sure of before.
 *
 * Pages come from memory that was there at boot, because nothing else is certain
 * to stay.  The allocator likes to give hot-added memory first.  As soon as it does,
 * blocks are asked for by their address, from the top of boot memory down, each
 * once: the time is bounded, and nothing is taken only to find that it will not do.
 *
 * A crash image is different: its destination is the crash reservation, which
 * the allocator never hands out.  When no crash image is loaded the slots
 * simply name the reservation's own pages.  When one is, the new image waits in
 * pages of the reservation that neither image uses, and in ordinary pages when there
 * are not enough, until nothing can fail any more, and moves in then.  The panic path
 * reads the slots at any moment, so a staging page is freed only after its slot names
 * the reservation and the new image is the one that a panic starts.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* A block of this order is 2 MiB with 4 KiB pages; larger ones help nobody. */
#define HOLD_MAX_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, ilog2(SZ_2M) - PAGE_SHIFT)

/* What is asked for by its address at a time. */
#define HOLD_BLOCK_PAGES	(SZ_2M >> PAGE_SHIFT)

/* Tables that a mapping of nothing but scattered pages needs above the last level. */
#define HOLD_MAP_SPARE		8

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static unsigned int hold_panic_in_move;
module_param_named(panic_in_move, hold_panic_in_move, uint, 0644);
MODULE_PARM_DESC(panic_in_move, "panic when N segments of a crash image have moved in (0: no)");

static unsigned int hold_inject_panic;
module_param_named(inject_panic_publish, hold_inject_panic, uint, 0644);
MODULE_PARM_DESC(inject_panic_publish, "panic when N segments of a new crash image name the reservation, or all staging pages are freed (17)");

static void hold_inject_point(unsigned int point)
{
	if (point == hold_inject_panic)
		panic("kexec.inject_panic_publish");
}
#else
#define hold_panic_in_move 0U

static void hold_inject_point(unsigned int point) { }
#endif

/**
 * kexec_hold_left() - what is left when so many pages are taken?
 * @nr_pages: pages
 *
 * Somewhat is kept for everybody else: a bystander who finds nothing left calls the OOM
 * killer as soon as he touches a new page, and it would be our doing.  An estimate:
 * others take memory meanwhile.
 *
 * Context: any.
 * Return: pages beyond that; negative when @nr_pages are too many.
 */
long kexec_hold_left(unsigned long nr_pages)
{
	unsigned long reserve = clamp(totalram_pages() / 32, (unsigned long)SZ_8M >> PAGE_SHIFT,
				      (unsigned long)SZ_64M >> PAGE_SHIFT);

	return kexec_zone_available() - (long)(nr_pages + reserve);
}

static bool hold_fits(unsigned long nr_pages)
{
	return kexec_hold_left(nr_pages) >= 0;
}

/* The slot whose destination is @pa, or NULL. */
static struct page **hold_slot(struct kexec_image *img, phys_addr_t pa,
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

static bool hold_is_fit(struct page *page, unsigned long nr_pages)
{
	return kexec_ram_is_fit(page_to_phys(page), page_to_phys(page) + PFN_PHYS(nr_pages));
}

static bool hold_meets_dst(const struct kexec_image *img, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		const struct kexec_backing *b = &img->backing[i];

		if (start < b->dst_pa + PFN_PHYS(b->nr_pages) && b->dst_pa < end)
			return true;
	}
	return false;
}

/* Pages of the crash reservation belong to it, whatever they hold for an image. */
static void hold_put_page(struct page *page)
{
	if (!PageReserved(page))
		__free_page(page);
}

static unsigned long hold_staging_pages(const struct kexec_image *img)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; img->staging_map && i < img->staging_map->nr; i++)
		nr += PHYS_PFN(img->staging_map->r[i].end - img->staging_map->r[i].start);
	return nr;
}

/* Take what @kimage has in the reservation out of @map. */
static void hold_remove_image(struct place_map *map, const struct kimage *kimage)
{
	phys_addr_t note_pa;
	unsigned int i;

	for (i = 0; i < kimage->nr_segments; i++)
		kexec_place_remove(map, kimage->segment[i].mem,
				   kimage->segment[i].mem + kimage->segment[i].memsz);
	if (!kimage->vmcoreinfo_data_copy)
		return;
	note_pa = PFN_PHYS(vmalloc_to_pfn(kimage->vmcoreinfo_data_copy));
	kexec_place_remove(map, note_pa, note_pa + PAGE_SIZE);
}

/*
 * List what is left of the reservation between the loaded crash image and @img, whose
 * segments all have their places.  Of each range the last page stays free, since the
 * highest one is where the new image will have its vmcoreinfo.
 */
static void hold_find_staging(struct kexec_image *img)
{
	struct place_map *map;
	unsigned int i;

	if (img->staging_map || kexec_ram_free_map(true, &map))
		return;
	hold_remove_image(map, kexec_crash_image);
	hold_remove_image(map, &img->kimage);
	for (i = 0; i < map->nr; i++) {
		map->r[i].end -= PAGE_SIZE;
		kexec_protect_release(map->r[i].start, map->r[i].end - map->r[i].start);
	}
	img->staging_map = map;
}

/* The next page of what is left, or NULL. */
static struct page *hold_next_staging(struct kexec_image *img)
{
	struct place_map *map = img->staging_map;
	struct page *page;

	while (map && map->nr) {
		struct place_range *r = &map->r[map->nr - 1];

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

static void hold_free_staging(struct kexec_image *img)
{
	if (!img->staging_map)
		return;
	kvfree(img->staging_map);
	img->staging_map = NULL;
	/* The loaded image is the one of before when the new one was not published. */
	if (kexec_crash_image)
		kexec_protect_close();
}

static void hold_go_by_place(struct kexec_image *img)
{
	img->pool_by_place = true;
	img->pool_below = PHYS_ADDR_MAX;
}

/* The next block of boot memory that can be had. */
static int hold_refill_by_place(struct kexec_image *img)
{
	while (kexec_ram_block_below(&img->pool_below, HOLD_BLOCK_PAGES << PAGE_SHIFT)) {
		unsigned long pfn = PHYS_PFN(img->pool_below);

		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		if (hold_meets_dst(img, img->pool_below, PFN_PHYS(pfn + HOLD_BLOCK_PAGES)) ||
		    !kexec_claim_range(pfn, pfn + HOLD_BLOCK_PAGES))
			continue;
		img->pool = pfn_to_page(pfn);
		img->pool_left = HOLD_BLOCK_PAGES;
		return 0;
	}
	return -ENOMEM;
}

static int hold_refill(struct kexec_image *img)
{
	unsigned int order = img->pool_order;
	struct page *page;

	if (img->pool_by_place)
		return hold_refill_by_place(img);

	page = kexec_zone_alloc(&order);
	if (!page)
		return -ENOMEM;
	if (!hold_is_fit(page, 1UL << order)) {
		__free_pages(page, order);
		hold_go_by_place(img);
		return hold_refill_by_place(img);
	}

	split_page(page, order);
	img->pool = page;
	img->pool_left = 1U << order;
	img->pool_order = order;
	return 0;
}

/**
 * kexec_hold_send_home() - put a page where it belongs
 * @img: the image
 * @page: a page of the caller's
 *
 * If it is the destination of a slot, that slot has it from now on.
 *
 * Context: process context; no segment of @img is mapped.
 * Return: a page of the caller's that is no destination: @page, or the one that it
 * replaced, or NULL when the slot was empty.
 */
struct page *kexec_hold_send_home(struct kexec_image *img, struct page *page)
{
	struct kexec_backing *owner;
	struct page **slot = hold_slot(img, page_to_phys(page), &owner);
	struct page *old;

	if (!slot)
		return page;
	old = *slot;
	*slot = page;
	if (old && owner->filled)
		copy_highpage(page, old);
	return old;
}

/* One page that is no destination, or NULL. */
static struct page *hold_next(struct kexec_image *img)
{
	struct page *page;

	do {
		page = hold_next_staging(img);
		if (!page) {
			if (!img->pool_left && hold_refill(img))
				return NULL;
			img->pool_left--;
			page = img->pool++;
		}
		page = kexec_hold_send_home(img, page);
	} while (!page);

	return page;
}

/*
 * Segment @seg was placed after others had taken pages.  Where one of those
 * lies in the new destination it belongs to the new segment from now on.
 */
static int hold_evict(struct kexec_image *img, unsigned int seg)
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

			slot = hold_slot(img, page_to_phys(page), &owner);
			if (!slot || owner == b)
				continue;
			other = hold_next(img);
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

static void hold_borrow(struct kexec_backing *b)
{
	unsigned long i;

	for (i = 0; i < b->nr_pages; i++)
		b->pages[i] = pfn_to_page(PHYS_PFN(b->dst_pa) + i);
	b->borrowed = true;
}

static int hold_fill_slots(struct kexec_image *img, struct kexec_backing *b)
{
	unsigned long i, missing = 0;
	int ret;

	for (i = 0; i < b->nr_pages; i++)
		missing += !b->pages[i];
	missing -= min(missing, hold_staging_pages(img));
	if (missing && !hold_fits(missing))
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
		page = hold_next(img);
		if (!page)
			return -ENOMEM;
		/* The allocator may just have filled this very slot. */
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
 * kexec_hold_segment() - take the pages for one segment
 * @img: the image
 * @seg: index of a segment whose neighbours in the list all have theirs
 *
 * What was taken when it fails is given back by kexec_hold_free().
 *
 * Context: process context, may sleep; no segment of @img is mapped.
 * Return: 0, -ENOMEM or -EINTR after one message.
 */
int kexec_hold_segment(struct kexec_image *img, unsigned int seg)
{
	struct kexec_backing *b = &img->backing[seg];
	unsigned long resume;
	int ret;

	if (kexec_image_is_crash(img) && !kexec_crash_image) {
		hold_borrow(b);
		return 0;
	}
	if (kexec_image_is_crash(img))
		hold_find_staging(img);
	if (!kexec_image_is_crash(img) && !b->claimed &&
	    kexec_claim_segment(img, seg, &resume))
		kexec_claim_rest(img, seg);
	/* Nobody who came before can hold one of its pages. */
	if (b->complete)
		return 0;

	img->pool_order = HOLD_MAX_ORDER;
	ret = hold_evict(img, seg);
	if (!ret)
		ret = hold_fill_slots(img, b);
	/* Whoever is killed is not given memory, either. */
	if (ret && fatal_signal_pending(current))
		ret = -EINTR;
	if (ret == -ENOMEM)
		pr_err("no memory for segment %u of the %s (%lu kB); free some and load again\n",
		       seg, img->name, b->nr_pages << (PAGE_SHIFT - 10));
	else if (ret)
		pr_err("loading segment %u of the %s was interrupted by a signal\n",
		       seg, img->name);
	return ret;
}

/*
 * vmap() asks for its tables in a way that rather kills than fails.  So ask for
 * as many pages before, in a way that fails, and leave them to it.
 */
static bool hold_can_map(const struct kexec_backing *b)
{
	unsigned long left = b->nr_pages / PTRS_PER_PTE + HOLD_MAP_SPARE;
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
 * kexec_hold_linear() - where is a segment in the linear map?
 * @b: a segment that has its pages, one at least
 *
 * Context: any.
 * Return: its address, or NULL when its pages do not lie behind each other.
 */
void *kexec_hold_linear(const struct kexec_backing *b)
{
	unsigned long i;

	for (i = 1; i < b->nr_pages && !b->complete; i++)
		if (page_to_pfn(b->pages[i]) != page_to_pfn(b->pages[0]) + i)
			return NULL;
	return kexec_run_va(b->pages[0]);
}

/**
 * kexec_hold_map() - map a segment in one piece
 * @b: a segment that has its pages, one at least
 *
 * Context: process context, may sleep.
 * Return: 0 with @b->va set, or -ENOMEM after one message.
 */
int kexec_hold_map(struct kexec_backing *b)
{
	b->va = kexec_hold_linear(b);
	if (!b->va && hold_can_map(b))
		b->va = vmap(b->pages, b->nr_pages, VM_MAP, PAGE_KERNEL);
	if (b->va)
		return 0;
	pr_err("no memory or address space to map the segment at %pap (%lu kB)\n", &b->dst_pa,
	       b->nr_pages << (PAGE_SHIFT - 10));
	return -ENOMEM;
}

/**
 * kexec_hold_unmap() - undo kexec_hold_map()
 * @b: the segment
 *
 * Context: process context, may sleep.
 */
void kexec_hold_unmap(struct kexec_backing *b)
{
	if (is_vmalloc_addr(b->va))
		vunmap(b->va);
	b->va = NULL;
}

/* A page of boot memory that may be anybody's destination, or NULL. */
static struct page *hold_any_page(struct kexec_image *img)
{
	if (!img->pool_left) {
		img->pool_order = 0;
		if (hold_refill(img))
			return NULL;
	}
	img->pool_left--;
	return img->pool++;
}

/**
 * kexec_hold_safe_page() - one zeroed page that survives until the next kernel
 * @ctx: the struct kexec_image
 *
 * It is no destination and it changes no slot: the copy list may be made
 * already.
 *
 * Context: process context, may sleep.
 * Return: its address in the linear map, or NULL.
 */
void *kexec_hold_safe_page(void *ctx)
{
	struct kexec_image *img = ctx;
	struct kexec_backing *owner;
	struct page *page;

	for (;;) {
		page = hold_any_page(img);
		if (!page)
			return NULL;
		if (!hold_slot(img, page_to_phys(page), &owner))
			break;
		list_add(&page->lru, &img->refused_pages);
	}
	clear_highpage(page);
	list_add(&page->lru, &img->safe_pages);
	return page_address(page);
}

static void hold_free_list(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		hold_put_page(page);
		cond_resched();
	}
}

/**
 * kexec_hold_settle() - give back what was taken but is not needed
 * @img: an image that will take no more pages
 *
 * Context: process context.
 */
void kexec_hold_settle(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_claim_free_spares(&img->backing[i]);
	hold_free_list(&img->refused_pages);
	while (img->pool_left) {
		img->pool_left--;
		__free_page(img->pool++);
	}
}

static void hold_free_pages(struct kexec_backing *b)
{
	unsigned long i;

	for (i = 0; i < b->nr_pages && !b->borrowed; i++) {
		if (b->pages[i])
			hold_put_page(b->pages[i]);
		cond_resched();
	}
}

/**
 * kexec_hold_release() - give back what was claimed of a segment's destination
 * @b: a segment that holds nothing yet
 *
 * Context: process context, may sleep.
 */
void kexec_hold_release(struct kexec_backing *b)
{
	if (!b->claimed)
		return;
	kexec_claim_free_spares(b);
	hold_free_pages(b);
	memset(b->pages, 0, b->nr_pages * sizeof(*b->pages));
	b->claimed = false;
	b->complete = false;
}

/**
 * kexec_hold_trim() - give back the end of a segment
 * @b: the segment
 * @nr_pages: pages to keep
 *
 * Context: process context, may sleep; the segment is not mapped.
 */
void kexec_hold_trim(struct kexec_backing *b, unsigned long nr_pages)
{
	unsigned long i;

	/* They would no longer lie at its ends. */
	kexec_claim_free_spares(b);
	for (i = nr_pages; i < b->nr_pages; i++) {
		if (b->pages[i] && !b->borrowed)
			hold_put_page(b->pages[i]);
		b->pages[i] = NULL;
		cond_resched();
	}
	b->nr_pages = nr_pages;
}

/**
 * kexec_hold_move_in() - move a crash image into the reservation
 * @img: the image; nothing else that is needed lives in the reservation
 * @may_sleep: false in the panic path
 *
 * Afterwards its content is clean to memory.  The pages in which it waited stay
 * as they are, so a panic in the middle can begin again.
 *
 * Context: process context, or the panic path.
 */
void kexec_hold_move_in(struct kexec_image *img, bool may_sleep)
{
	unsigned int i;
	unsigned long n;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		if (may_sleep && i && i == hold_panic_in_move)
			panic("kexec.panic_in_move: %u segments are there", i);
		for (n = 0; n < b->nr_pages; n++) {
			struct page *dst = pfn_to_page(PHYS_PFN(b->dst_pa) + n);

			if (b->pages[n] != dst)
				copy_highpage(dst, b->pages[n]);
			kexec_arch_sync(page_address(dst), PAGE_SIZE);
			if (may_sleep)
				cond_resched();
		}
	}
}

static void hold_map_reserved(struct kexec_image *img, struct kexec_backing *b)
{
	unsigned long i;

	for (i = 0; i < b->nr_pages; i++) {
		struct page *staging = b->pages[i];

		/* Either page holds the content, so a panic may find some slots changed. */
		WRITE_ONCE(b->pages[i], pfn_to_page(PHYS_PFN(b->dst_pa) + i));
		list_add(&staging->lru, &img->staging_pages);
		cond_resched();
	}
	b->borrowed = true;
}

/**
 * kexec_hold_map_reserved() - let the slots of a crash image name the reservation
 * @img: an image that kexec_hold_move_in() moved
 *
 * Frees nothing: kexec_hold_settle_crash() does, when the image is published.
 *
 * Context: process context, may sleep.
 */
void kexec_hold_map_reserved(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		if (!img->backing[i].borrowed)
			hold_map_reserved(img, &img->backing[i]);
		hold_inject_point(i + 1);
	}
}

/**
 * kexec_hold_settle_crash() - free the staging pages of a crash image
 * @img: a published image, see kexec_hold_map_reserved()
 *
 * Context: process context, may sleep.
 */
void kexec_hold_settle_crash(struct kexec_image *img)
{
	hold_free_list(&img->staging_pages);
	hold_inject_point(KEXEC_SEGMENT_MAX + 1);
}

/**
 * kexec_hold_free() - give back every page of an image
 * @img: the image
 *
 * Context: process context, may sleep.
 */
void kexec_hold_free(struct kexec_image *img)
{
	unsigned int i;

	kexec_hold_settle(img);
	hold_free_list(&img->safe_pages);
	hold_free_list(&img->staging_pages);
	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		if (b->va)
			kexec_hold_unmap(b);
		hold_free_pages(b);
		kvfree(b->pages);
		b->pages = NULL;
	}
	hold_free_staging(img);
}
