/* SPDX-License-Identifier: GPL-2.0-only */
/* An image, from the load to the exit. */
#ifndef _KERNEL_KEXEC_IMAGE_H
#define _KERNEL_KEXEC_IMAGE_H

#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/seqlock.h>
#include <linux/workqueue.h>

#include "crash_elfcorehdr.h"
#include "lib/timeline_abi.h"

struct page;
struct range_map;

#define KEXEC_DISCARD_REASON	96

/**
 * struct kexec_run - contiguous pages that back a part of a segment
 * @page: the first one
 * @nr_pages: their number
 */
struct kexec_run {
	struct page *page;
	unsigned long nr_pages;
};

/**
 * struct kexec_runs - backing of a segment, in ascending order of the destination
 * @nr: entries of @run
 * @run: the runs
 */
struct kexec_runs {
	unsigned int nr;
	struct kexec_run run[] __counted_by(nr);
};

/**
 * struct kexec_backing - the memory of one segment until the switch
 * @segment: its entry in kimage.segment, the only place that has its address and size
 * @claimed: while pages are allocated, a bit for each destination page that is; NULL for a
 *   crash image
 * @runs: backing of the destination afterwards, or NULL if it is in place
 * @staged: earlier @runs of a crash image, until its staging pages are freed
 * @va: contiguous mapping while the segment is filled, or NULL
 * @pad_before: pages allocated before the destination
 * @pad_after: pages allocated after the destination
 * @placed: all pages are allocated
 * @digest: of the content, see verify.c
 * @written_late: written again after the load (the IMA list), so cleaned to the PoC when
 *   this kernel is left, and without digest
 */
struct kexec_backing {
	const struct kexec_segment *segment;
	unsigned long *claimed;
	struct kexec_runs *runs;
	struct kexec_runs *staged;
	void *va;
	unsigned long pad_before;
	unsigned long pad_after;
	bool placed;
	bool written_late;
	u32 digest;
};

/**
 * struct kexec_image - one next kernel
 * @kimage: interface to the rest of the kernel; IMA reads and writes it
 * @plan: interface to the machine part
 * @backing: one for each of @kimage.segment
 * @safe_pages: pages of the machine part
 * @refused_pages: pages that may not be used; freed at the end of the load
 * @pool: next page of the block that source pages are allocated from
 * @pool_left: pages left in that block
 * @pool_order: order of the next block; decreases as memory gets short
 * @pool_contig: allocate blocks by address
 * @pool_below: the next of these blocks is below this address
 * @usable: memory for further segments, during the load
 * @staging_map: pages of the crash reservation that no crash image uses, or NULL
 * @digest_work: computes the digests after the load
 * @has_digest: the digests are complete
 * @kbuf_seg: segment that kexec_add_buffer() fills
 * @kbuf_error: reported error of kexec_add_buffer(), or 0
 * @ima_len: size that IMA requested, in bytes
 * @ima_dropped: its copy of IMA's list was too small and is not used any more
 * @memrsv_gen: generation of the reservations in its device tree
 * @users: references by kexec_image_get()
 * @leaving: there are no new references, because the image will be freed or overwritten
 * @updates: of content and digest of a loaded image; the writer holds the kexec lock
 * @refresh: update of the ELF core header
 * @cma: areas that a capture kernel of kexec_file_load() uses
 * @nr_cma: entries of @cma
 * @timeline: times of its load and of the exit from this kernel
 * @name: for messages
 */
struct kexec_image {
	struct kimage kimage;
	struct kexec_plan plan;
	struct kexec_backing backing[KEXEC_SEGMENT_MAX];
	struct list_head safe_pages;
	struct list_head refused_pages;
	struct page *pool;
	unsigned int pool_left;
	unsigned int pool_order;
	bool pool_contig;
	u64 pool_below;
	struct range_map *usable;
	struct range_map *staging_map;
	struct work_struct digest_work;
	bool has_digest;
	unsigned int kbuf_seg;
	int kbuf_error;
	size_t ima_len;
	bool ima_dropped;
	unsigned int memrsv_gen;
	unsigned int users;
	bool leaving;
	seqcount_t updates;
	struct kexec_refresh refresh;
	struct kexec_range cma[KEXEC_CRASH_CMA_MAX];
	unsigned int nr_cma;
	struct kexec_timeline_log timeline;
	const char *name;
};

/*
 * Without a KASAN tag: page_address() returns that of the first page, and each page may
 * have another one.
 */
static inline void *kexec_run_va(struct page *first)
{
	return phys_to_virt(page_to_phys(first));
}

static __always_inline phys_addr_t kexec_dst_pa(const struct kexec_backing *b)
{
	return b->segment->mem;
}

static __always_inline unsigned long kexec_dst_pfn(const struct kexec_backing *b)
{
	return PHYS_PFN(b->segment->mem);
}

static __always_inline unsigned long kexec_dst_pages(const struct kexec_backing *b)
{
	return b->segment->memsz >> PAGE_SHIFT;
}

static __always_inline phys_addr_t kexec_dst_end(const struct kexec_backing *b)
{
	return b->segment->mem + b->segment->memsz;
}

/**
 * struct kexec_run_pos - position in the pages of a segment, see for_each_kexec_run()
 * @slot: page of the destination that @run begins with
 * @run: the present pages
 * @runs: all of them
 * @i: entry of @runs
 * @skip: pages of that entry before @run
 */
struct kexec_run_pos {
	unsigned long slot;
	struct kexec_run run;
	const struct kexec_runs *runs;
	unsigned int i;
	unsigned long skip;
};

static __always_inline void kexec_run_begin(struct kexec_run_pos *pos,
					    const struct kexec_backing *b)
{
	*pos = (struct kexec_run_pos) {
		/* Acquire: pairs with the release in kexec_runs_map_reserved(). */
		.runs = smp_load_acquire(&b->runs),
	};
}

static __always_inline bool kexec_run_get(struct kexec_run_pos *pos,
					  const struct kexec_backing *b, unsigned long max)
{
	unsigned long left = kexec_dst_pages(b) - pos->slot;
	unsigned long pfn = kexec_dst_pfn(b) + pos->slot;

	if (left && pos->runs) {
		left = pos->runs->run[pos->i].nr_pages - pos->skip;
		pfn = page_to_pfn(pos->runs->run[pos->i].page) + pos->skip;
	}
	pos->run.page = pfn_to_page(pfn);
	pos->run.nr_pages = min(left, max);
	return left;
}

static __always_inline void kexec_run_next(struct kexec_run_pos *pos)
{
	pos->slot += pos->run.nr_pages;
	pos->skip += pos->run.nr_pages;
	if (pos->runs && pos->skip == pos->runs->run[pos->i].nr_pages) {
		pos->i++;
		pos->skip = 0;
	}
}

/* Walk the pages of segment @b in runs of at most @max pages. */
#define for_each_kexec_run(pos, b, max)				\
	for (kexec_run_begin(pos, b); kexec_run_get(pos, b, max); kexec_run_next(pos))

#define to_kexec_image(_kimage) \
	container_of(_kimage, struct kexec_image, kimage)

static inline bool kexec_image_is_crash(const struct kexec_image *img)
{
	return img->kimage.type == KEXEC_TYPE_CRASH;
}

extern struct kexec_image *kexec_crash_pending;
struct kexec_image *kexec_image_alloc(int type, bool file_mode);
void kexec_image_free(struct kexec_image *img);
void kexec_image_flush_free(void);
void kexec_image_abort(struct kexec_image *img);
int kexec_image_seal(struct kexec_image *img);
void kexec_image_publish(struct kexec_image *img);
void kexec_image_unload(int type);
void kexec_image_discard(const char *reason);
void kexec_image_discard_reason(char *reason);
int kexec_image_check_ima(const struct kexec_image *img, struct kexec_refusal *refusal);
struct kexec_image *kexec_image_get(int type);
void kexec_image_put(struct kexec_image *img);

#ifdef CONFIG_IMA_KEXEC
/* Declared in a private header of IMA. */
unsigned long ima_get_binary_runtime_size(void);
#endif

#endif /* _KERNEL_KEXEC_IMAGE_H */
