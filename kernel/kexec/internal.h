/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations shared by the files of kernel/kexec.
 */
#ifndef _KERNEL_KEXEC_INTERNAL_H
#define _KERNEL_KEXEC_INTERNAL_H

#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "lib/extent.h"
#include "lib/range_map.h"
#include "lib/timeline_abi.h"

struct file;
struct page;
struct zone;

/**
 * struct kexec_backing - the memory of one segment until the switch
 * @dst_pa: physical address of the destination
 * @nr_pages: pages of the destination
 * @pages: slots; pages[i] has the content of the page at @dst_pa + i pages, and is that page
 *         if nothing has to be copied
 * @va: contiguous mapping of @pages while the segment is filled, or NULL; in the linear map
 *      if they are contiguous
 * @pad_before: pages allocated before the destination
 * @pad_after: pages allocated after the destination
 * @claimed: an allocation of the destination was attempted
 * @complete: all of the destination is allocated
 * @filled: the content is complete, so a page that is exchanged is copied
 * @borrowed: @pages belong to the crash reservation and are not freed
 * @digest: of the content, see verify.c; not if @late
 * @late: written again after the load (the IMA list), so it is cleaned to the point of
 *        coherency when this kernel is left, and has no digest
 */
struct kexec_backing {
	phys_addr_t dst_pa;
	unsigned long nr_pages;
	struct page **pages;
	void *va;
	unsigned long pad_before;
	unsigned long pad_after;
	bool claimed;
	bool complete;
	bool filled;
	bool borrowed;
	bool late;
	u32 digest;
};

/**
 * struct kexec_refresh - update of the ELF core header of a crash image
 * @seg: segment of the header
 * @live: the header in the reservation, or NULL
 * @stage: buffer for the next header
 * @room: size of either, in bytes
 * @used: bytes of @live with content; the rest is zero
 * @staged_used: the same for @stage
 * @len: bytes of @stage to be copied to @live
 * @digest: of all of @stage
 * @failed: the last update failed and was reported
 */
struct kexec_refresh {
	unsigned int seg;
	void *live;
	void *stage;
	size_t room;
	size_t used;
	size_t staged_used;
	size_t len;
	u32 digest;
	bool failed;
};

/**
 * struct buddy_search - a search for the free block with a given page
 * @rejected: blocks that do not have it
 * @pages_left: pages that may still be allocated in vain
 * @blocks_left: blocks that may still be allocated in vain
 */
struct buddy_search {
	struct list_head rejected;
	long pages_left;
	unsigned int blocks_left;
};

/**
 * struct kexec_image - one next kernel
 * @kimage: interface to the rest of the kernel; IMA reads and writes it
 * @plan: interface to the machine part
 * @backing: one for each of @kimage.segment
 * @safe_pages: pages of the machine part: tables, code, arguments
 * @refused_pages: pages that may not be used; freed at the end of the load
 * @staging_pages: pages in no slot any more, because the crash image was published
 * @pool: next page of the block that source pages are allocated from
 * @pool_left: pages left in that block
 * @pool_order: order of the next block; decreases as memory gets short
 * @pool_contig: the allocator returns hot-added memory, so blocks are allocated by address
 * @pool_below: the next of these blocks is below this address
 * @staging_map: pages of the crash reservation that neither this crash image nor the loaded
 *               one uses; NULL if not needed
 * @copies: the copy list of @plan
 * @digest_work: computes the digests after the load
 * @has_digest: the digests are complete
 * @kbuf_error: error of kexec_add_buffer(), which was reported, or 0
 * @ima_len: size that IMA requested, in bytes
 * @generation: generation of the reservations in its device tree
 * @refresh: update of the ELF core header, for a crash image
 * @timeline: times of its load and of the exit from this kernel
 * @name: for messages
 */
struct kexec_image {
	struct kimage kimage;
	struct kexec_plan plan;
	struct kexec_backing backing[KEXEC_SEGMENT_MAX];
	struct list_head safe_pages;
	struct list_head refused_pages;
	struct list_head staging_pages;
	struct page *pool;
	unsigned int pool_left;
	unsigned int pool_order;
	bool pool_contig;
	u64 pool_below;
	struct range_map *staging_map;
	struct kexec_copy *copies;
	struct work_struct digest_work;
	bool has_digest;
	int kbuf_error;
	size_t ima_len;
	unsigned int generation;
	struct kexec_refresh refresh;
	struct kexec_timeline_log timeline;
	const char *name;
};

/*
 * Address of contiguous pages in the linear map, without a KASAN tag: page_address() returns
 * the tag of the first page, and each page may have another one.
 */
static inline void *kexec_run_va(struct page *first)
{
	return phys_to_virt(page_to_phys(first));
}

#define to_kexec_image(_kimage) \
	container_of(_kimage, struct kexec_image, kimage)

static inline bool kexec_image_is_crash(const struct kexec_image *img)
{
	return img->kimage.type == KEXEC_TYPE_CRASH;
}

/* For single pages: reclaim, but do not invoke the OOM killer. */
#define KEXEC_HOLD_GFP	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Time to wait for an update of the ELF core header or a check of the image. */
#define KEXEC_LOCK_TIMEOUT_MS	2000

/* lock.c: the kexec lock, and work for its holder */
enum kexec_pending {
	KEXEC_PENDING_ELFCOREHDR,
	KEXEC_PENDING_RECHECK,
};

bool kexec_lock(void);
bool kexec_lock_timeout(void);
bool kexec_lock_panic(bool *commit);
bool kexec_lock_recheck(void);
bool kexec_unlock_recheck(void);
bool kexec_lock_refresh(void);
bool kexec_lock_commit(void);
bool kexec_unlock_refresh(void);
void kexec_unlock_nowork(void);
void kexec_pending_set(enum kexec_pending work);
void kexec_pending_clear(enum kexec_pending work);
bool kexec_pending_test(enum kexec_pending work);

/* image.c: life of an image */
extern struct kexec_image *kexec_crash_pending;
struct kexec_image *kexec_image_alloc(int type, bool file_mode);
void kexec_image_free(struct kexec_image *img);
void kexec_image_flush_free(void);
void kexec_image_abort(struct kexec_image *img);
int kexec_image_seal(struct kexec_image *img);
void kexec_image_publish(struct kexec_image *img);
void kexec_image_unload(int type);
void kexec_image_discard(const char *reason);
const char *kexec_image_discard_reason(void);
void kexec_image_check_ima_full(const struct kexec_image *img);

/* usable.c: memory that images may use */
int kexec_usable_free_map(bool crash, struct range_map **mapp);
int kexec_usable_check_dst(unsigned int seg, phys_addr_t start, u64 size);
int kexec_usable_check_errors(unsigned int seg, u64 start, u64 end);
bool kexec_usable_has_error(u64 start, u64 end, u64 *where);
void kexec_usable_unreserve(u64 start, u64 end);
bool kexec_usable_contains(u64 start, u64 end);
bool kexec_usable_block_below(u64 *below, u64 size);
bool kexec_usable_find_reserved(u64 start, u64 end, struct kexec_range *where);

/* pages.c: the pages that back an image */
long kexec_usable_headroom(unsigned long nr_pages);
struct page *kexec_pages_assign(struct kexec_image *img, struct page *page);
int kexec_pages_segment(struct kexec_image *img, unsigned int seg);
void kexec_pages_release(struct kexec_backing *b);
void kexec_pages_trim(struct kexec_backing *b, unsigned long nr_pages);
void *kexec_pages_linear(const struct kexec_backing *b);
int kexec_pages_map(struct kexec_backing *b);
void kexec_pages_unmap(struct kexec_backing *b);
void *kexec_pages_safe_page(void *img);
void kexec_pages_trim_pool(struct kexec_image *img);
void kexec_pages_copy_to_crash(struct kexec_image *img, bool may_sleep);
void kexec_pages_map_reserved(struct kexec_image *img);
void kexec_pages_free_staging(struct kexec_image *img);
void kexec_pages_clean_segment(const struct kexec_backing *b);
void kexec_pages_clean(const struct kexec_image *img);
void kexec_pages_free(struct kexec_image *img);

/* contig.c: allocation of the destination itself */
unsigned long kexec_contig_alloc_segment(struct kexec_image *img, unsigned int seg,
					 unsigned long *resume);
void kexec_contig_fill_gaps(struct kexec_image *img, unsigned int seg);
int kexec_contig_segment(struct kexec_image *img, unsigned int seg);

/* free_hint.c: lockless reads of the free lists */
bool kexec_range_is_free_hint(u64 start, u64 end, bool from_end, u64 *used);
bool kexec_buddy_order_hint(struct page *page, unsigned int *order);

/* buddy_search.c: search of the free lists for a page */
void buddy_search_begin(struct buddy_search *g);
struct page *buddy_search_next(struct buddy_search *g, struct page *page, unsigned int *order);
void buddy_search_hold(struct buddy_search *g, struct page *page, unsigned int order);
void buddy_search_end(struct buddy_search *g);

/* zone.c: headroom of each zone */
bool kexec_zone_spares(struct zone *zone, unsigned long nr_pages);
bool kexec_zone_fits(unsigned long pfn, unsigned long end, struct zone **outside);
struct page *kexec_zone_alloc(unsigned int *order);
int kexec_zone_make_room(unsigned long nr_pages);
long kexec_zone_available(void);
bool kexec_zone_alloc_contig(unsigned long pfn, unsigned long end);

/* placement.c: placement of segments by the kernel */
int kexec_placement_segment(struct kexec_image *img, struct range_map *map,
			    const struct range_request *req, u64 offset, u64 memsz, bool first);

/* segment.c: segments */
int kexec_segment_add(struct kexec_image *img, phys_addr_t mem, u64 memsz);
void kexec_segment_drop(struct kexec_image *img);
void kexec_segment_move(struct kexec_image *img, unsigned int seg, phys_addr_t mem);
void kexec_segment_trim(struct kexec_image *img, unsigned int seg, u64 memsz);
int kexec_segment_fill_user(struct kexec_image *img, unsigned int seg,
			    const void __user *buf, size_t len);
int kexec_segment_fill_kernel(struct kexec_image *img, unsigned int seg,
			      const void *buf, size_t len);
int kexec_segment_read(struct kexec_image *img, unsigned int seg, size_t len,
		       int (*read)(void *va, size_t len, void *arg), void *arg);
int kexec_segment_check(const struct kexec_segment *s, unsigned int nr, bool crash);

/* verify.c, sysctl.c: digests */
void kexec_verify_record(struct kexec_image *img);
void kexec_verify_cancel(struct kexec_image *img);
void kexec_verify_wait(struct kexec_image *img);
int kexec_verify_check(const struct kexec_image *img);
bool kexec_verify_wanted(bool crash);
u32 kexec_verify_digest(const void *va, size_t len);
void kexec_verify_update(struct kexec_image *img, unsigned int seg);

/* hotplug.c: CPU and memory hotplug */
void kexec_unlock(void);
int kexec_hotplug_recheck(void);

#ifdef CONFIG_IMA_KEXEC
/* Declared in a private header of IMA. */
unsigned long ima_get_binary_runtime_size(void);
#endif

/* purgatory.c: purgatories with checksums */
void kexec_purgatory_check(struct kexec_image *img);

/* file.c: kexec_file_load */
int kexec_file_fill(struct kexec_image *img, int kernel_fd, int initrd_fd,
		    const char __user *cmdline, unsigned long cmdline_len,
		    unsigned long flags);

/* crash_load.c: ELF core header and vmcoreinfo of a crash image */
#ifdef CONFIG_CRASH_DUMP
int kexec_elfcorehdr_build(void **buf, size_t *len);
int kexec_elfcorehdr_write(void *buf, size_t room, size_t *used);
void kexec_crash_check_elfcore(void);
int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img);
void kexec_vmcoreinfo_copy_activate(struct kexec_image *img);
void kexec_vmcoreinfo_copy_free(struct kexec_image *img);
#else
static inline int kexec_elfcorehdr_build(void **buf, size_t *len) { return -EOPNOTSUPP; }
static inline void kexec_crash_check_elfcore(void) { }
static inline int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img) { return 0; }
static inline void kexec_vmcoreinfo_copy_activate(struct kexec_image *img) { }
static inline void kexec_vmcoreinfo_copy_free(struct kexec_image *img) { }
#endif

/* crash_protect.c: read-only crash reservation */
#ifdef CONFIG_CRASH_DUMP
void kexec_crash_unprotect(void);
void kexec_crash_protect(void);
void kexec_crash_unprotect_range(phys_addr_t start, u64 len);
#else
static inline void kexec_crash_unprotect(void) { }
static inline void kexec_crash_protect(void) { }
static inline void kexec_crash_unprotect_range(phys_addr_t start, u64 len) { }
#endif

/* crash_elfcorehdr.c: updates of the ELF core header */
#ifdef CONFIG_CRASH_HOTPLUG
int kexec_elfcorehdr_attach(struct kexec_image *img);
void kexec_elfcorehdr_detach(struct kexec_image *img);
void kexec_elfcorehdr_update(void);
void kexec_elfcorehdr_finish(void);
#else
static inline int kexec_elfcorehdr_attach(struct kexec_image *img) { return 0; }
static inline void kexec_elfcorehdr_detach(struct kexec_image *img) { }
static inline void kexec_elfcorehdr_update(void) { }
static inline void kexec_elfcorehdr_finish(void) { }
#endif

/* tests/inject.c: sequences on several CPUs */
#ifdef CONFIG_KEXEC_DEBUG_PARAMS
void kexec_inject_meet(unsigned int point);
#else
static inline void kexec_inject_meet(unsigned int point) { }
#endif

#endif /* _KERNEL_KEXEC_INTERNAL_H */
