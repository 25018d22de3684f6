// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the content of placed segments
 *
 * Maps, writes and cleans the runs of a segment, see struct kexec_backing, and copies a
 * crash image from its staging pages to the reservation.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "debug.h"
#include "image.h"
#include "pages.h"
#include "runs.h"
#include "zone.h"

#define RUNS_STEP		((unsigned long)SZ_1M >> PAGE_SHIFT)

/* Page tables above the last level for scattered pages. */
#define RUNS_MAP_SPARE		8

/*
 * The page tables of a mapping are allocated with GFP_KERNEL, which may invoke the OOM
 * killer.  Check with a failable allocation that enough pages are available.
 */
static bool runs_can_map(const struct kexec_backing *b)
{
	unsigned long left = kexec_dst_pages(b) / PTRS_PER_PTE + RUNS_MAP_SPARE;
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

/* Without an array of all pages, as vmap() needs it. */
static void *runs_map(const struct kexec_backing *b)
{
	struct vm_struct *area = get_vm_area(b->segment->memsz, VM_MAP);
	struct kexec_run_pos pos;
	unsigned long va, len;

	if (!area)
		return NULL;
	for_each_kexec_run(&pos, b, ULONG_MAX) {
		va = (unsigned long)area->addr + PFN_PHYS(pos.slot);
		len = PFN_PHYS(pos.run.nr_pages);
		if (vmap_page_range(va, va + len, page_to_phys(pos.run.page), PAGE_KERNEL)) {
			free_vm_area(area);
			return NULL;
		}
		cond_resched();
	}
	return area->addr;
}

/**
 * kexec_runs_address() - get an address of a segment, mapped contiguously
 * @b: a segment that has its pages, at least one
 *
 * Return: the address, in the linear map if the pages are contiguous, or NULL.
 */
void *kexec_runs_address(const struct kexec_backing *b)
{
	if (!b->runs)
		return phys_to_virt(kexec_dst_pa(b));
	if (b->runs->nr == 1)
		return kexec_run_va(b->runs->run[0].page);
	return runs_can_map(b) ? runs_map(b) : NULL;
}

/**
 * kexec_runs_map() - map a segment contiguously
 * @b: a segment that has its pages, at least one
 *
 * Return: 0 with @b->va set, or -ENOMEM after one message.
 */
int kexec_runs_map(struct kexec_backing *b)
{
	b->va = kexec_runs_address(b);
	if (b->va)
		return 0;
	pr_err("no memory or address space to map the segment at %#lx (%lu kB)\n",
	       b->segment->mem, kexec_dst_pages(b) << (PAGE_SHIFT - 10));
	return -ENOMEM;
}

/**
 * kexec_runs_unmap() - undo kexec_runs_map()
 * @b: the segment
 */
void kexec_runs_unmap(struct kexec_backing *b)
{
	if (is_vmalloc_addr(b->va))
		vunmap(b->va);
	b->va = NULL;
}

/* To the reservation, unless it is there, and clean to the PoC. */
static void __kexec_panic runs_copy_run(const struct kexec_backing *b,
					const struct kexec_run_pos *pos)
{
	unsigned long dst = kexec_dst_pfn(b) + pos->slot, src = page_to_pfn(pos->run.page), n;

	for (n = 0; dst != src && n < pos->run.nr_pages; n++)
		copy_highpage(pfn_to_page(dst + n), pfn_to_page(src + n));
	kexec_arch_clean_to_poc(kexec_run_va(pfn_to_page(dst)), PFN_PHYS(pos->run.nr_pages));
}

/**
 * kexec_runs_copy_to_crash() - copy a crash image into the reservation
 * @img: the image
 *
 * The copy is clean to the PoC.  The staging pages do not change, so a panic can repeat an
 * interrupted copy.
 */
void kexec_runs_copy_to_crash(struct kexec_image *img)
{
	struct kexec_run_pos pos;
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		kexec_debug_panic_copy(i);
		for_each_kexec_run(&pos, &img->backing[i], RUNS_STEP) {
			runs_copy_run(&img->backing[i], &pos);
			cond_resched();
		}
	}
}

/**
 * kexec_runs_copy_to_crash_panic() - do or repeat kexec_runs_copy_to_crash() in a panic
 * @img: the image that was being published
 */
void __kexec_panic kexec_runs_copy_to_crash_panic(struct kexec_image *img)
{
	struct kexec_run_pos pos;
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		for_each_kexec_run(&pos, &img->backing[i], RUNS_STEP)
			runs_copy_run(&img->backing[i], &pos);
}

/**
 * kexec_runs_map_reserved() - make the segments of a crash image be in place
 * @img: an image that kexec_runs_copy_to_crash() copied
 */
void kexec_runs_map_reserved(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		struct kexec_backing *b = &img->backing[i];

		b->staged = b->runs;
		/*
		 * Release: a panic that finds the segment in place finds the copy, too.
		 * The runs have the same content.  Pairs with kexec_run_begin().
		 */
		smp_store_release(&b->runs, NULL);
		kexec_debug_panic_publish(i + 1);
	}
}

/**
 * kexec_runs_free_staging() - free the staging pages of a crash image
 * @img: a published image
 */
void kexec_runs_free_staging(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		kexec_pages_free_runs(img->backing[i].staged);
		img->backing[i].staged = NULL;
	}
	kexec_debug_panic_publish(KEXEC_SEGMENT_MAX + 1);
}

/**
 * kexec_runs_clean_segment() - clean a segment to the point of coherency
 * @b: a segment that has its pages
 */
void kexec_runs_clean_segment(const struct kexec_backing *b)
{
	struct kexec_run_pos pos;

	for_each_kexec_run(&pos, b, RUNS_STEP) {
		kexec_arch_clean_to_poc(kexec_run_va(pos.run.page), PFN_PHYS(pos.run.nr_pages));
		cond_resched();
	}
}

/**
 * kexec_runs_write() - write to a segment that is not mapped
 * @b: a segment that has its pages
 * @offset: bytes from its start
 * @from: bytes to write, cleaned to the point of coherency
 * @len: number of them
 */
void kexec_runs_write(const struct kexec_backing *b, size_t offset, const void *from, size_t len)
{
	struct kexec_run_pos pos;
	size_t at, step;
	void *va;

	for_each_kexec_run(&pos, b, ULONG_MAX) {
		at = PFN_PHYS(pos.slot);
		if (offset - at >= PFN_PHYS(pos.run.nr_pages) || !len)
			continue;
		step = min(len, PFN_PHYS(pos.run.nr_pages) - (offset - at));
		va = kexec_run_va(pos.run.page) + (offset - at);
		memcpy(va, from, step);
		kexec_arch_clean_to_poc(va, step);
		offset += step;
		from += step;
		len -= step;
	}
}

/**
 * kexec_runs_clean() - clean an image to the point of coherency
 * @img: an image that has its pages
 */
void kexec_runs_clean(const struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_runs_clean_segment(&img->backing[i]);
}
