/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of kernel/kexec share with each other and with nobody else.
 */
#ifndef _KERNEL_KEXEC_INTERNAL_H
#define _KERNEL_KEXEC_INTERNAL_H

#include <linux/kexec.h>
#include <linux/kexec_machine.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "extent.h"
#include "place.h"
#include "timeline.h"

struct file;
struct page;
struct zone;

/**
 * struct kexec_backing - the memory that holds one segment until the switch
 * @dst_pa: first byte of the destination
 * @nr_pages: pages of the destination
 * @pages: pages[i] holds what belongs at @dst_pa + i pages; where it is that
 *         very page, nothing has to be copied
 * @va: all of @pages in one piece of virtual memory while the segment is
 *      filled, or NULL; in the linear map where they lie behind each other
 * @spare_before: pages in front of the destination that were taken along
 * @spare_after: pages behind it that were taken along
 * @claimed: its destination was asked for already
 * @complete: all of its destination could be had
 * @filled: the content is complete, so a page that is exchanged is copied
 * @borrowed: @pages belong to the crash reservation and are not ours to free
 * @digest: of the content, taken by verify.c; not of @late ones
 * @late: written again after the load (the IMA list), so it is cleaned to
 *        memory just before leaving and no digest covers it
 */
struct kexec_backing {
	phys_addr_t dst_pa;
	unsigned long nr_pages;
	struct page **pages;
	void *va;
	unsigned long spare_before;
	unsigned long spare_after;
	bool claimed;
	bool complete;
	bool filled;
	bool borrowed;
	bool late;
	u32 digest;
};

/**
 * struct kexec_refresh - how the ELF core header of a crash image is kept up to date
 * @seg: segment of the header
 * @live: the header where the capture kernel finds it, or NULL
 * @stage: where the next one is made
 * @room: bytes of either
 * @used: bytes of @live that count; what follows is zero
 * @staged_used: the same of @stage
 * @len: bytes of @stage that have to be written over @live
 * @digest: of all of @stage
 * @failed: the last refresh failed, and that was said
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
 * struct kexec_glean - a search for free memory at a certain place
 * @rejected: blocks that lie elsewhere
 * @pages_left: pages that may still be rejected
 * @blocks_left: blocks that may still be asked for
 */
struct kexec_glean {
	struct list_head rejected;
	long pages_left;
	unsigned int blocks_left;
};

/**
 * struct kexec_image - one loaded, or half loaded, next kernel
 * @kimage: what the rest of the kernel knows of it; IMA reads and writes here
 * @plan: what the machine half was told
 * @backing: one for each of @kimage.segment
 * @safe_pages: pages of the machine half: tables, code, arguments
 * @refused_pages: pages the allocator gave that may not be used; freed when
 *                 the load has ended
 * @staging_pages: pages that no slot names any more since the crash image is in the
 *                 reservation
 * @pool: the next page of the block that source pages are taken from
 * @pool_left: pages left in that block
 * @pool_order: order of the next block to ask for; falls as memory gets short
 * @pool_by_place: the allocator gives memory that was not there at boot, so
 *                 blocks are asked for by their address
 * @pool_below: the next of these lies below this address
 * @staging_map: pages of the crash reservation that neither this crash image nor the
 *           loaded one uses; NULL when they were not needed
 * @copies: the copy list that @plan points at
 * @digest_work: takes the digests after the load
 * @digested: they are taken
 * @add_error: why kexec_add_buffer() failed after a message, or 0
 * @ima_len: bytes that IMA has asked for
 * @generation: of the run-time reservations that its device tree hands on
 * @refresh: for a crash image that follows changes of memory
 * @timeline: when it was loaded and this kernel left for it
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
	bool pool_by_place;
	u64 pool_below;
	struct place_map *staging_map;
	struct kexec_copy *copies;
	struct work_struct digest_work;
	bool digested;
	int add_error;
	size_t ima_len;
	unsigned int generation;
	struct kexec_refresh refresh;
	struct kexec_timeline_log timeline;
	const char *name;
};

/*
 * Several pages that lie behind each other, in the linear map: page_address() would
 * give the KASAN tag of the first one, and each may have another.
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

/* For one page: reclaim, but rather fail than have a bystander killed. */
#define KEXEC_HOLD_GFP	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* How long to wait for a refresh of the ELF core header or a recheck of the image. */
#define KEXEC_PATIENCE_MS	2000

/* core.c: life of an image, and the lock that all loads and exits take */
extern struct kexec_image *kexec_crash_moving;
bool kexec_lock(void);
bool kexec_lock_patiently(void);
bool kexec_lock_panic(bool *commit);
bool kexec_lock_recheck(void);
bool kexec_unlock_recheck(void);
bool kexec_lock_refresh(void);
bool kexec_lock_commit(void);
bool kexec_unlock_refresh(void);
void kexec_unlock_only(void);
void kexec_unlock(void);
struct kexec_image *kexec_image_alloc(int type, bool file_mode);
void kexec_image_free(struct kexec_image *img);
void kexec_image_reap(void);
void kexec_image_give_up(struct kexec_image *img);
int kexec_image_seal(struct kexec_image *img);
void kexec_image_sync_segment(const struct kexec_backing *b);
void kexec_image_sync(const struct kexec_image *img);
void kexec_image_publish(struct kexec_image *img);
void kexec_image_unload(int type);

/* ram.c: which memory a next kernel may be put into */
int kexec_ram_free_map(bool crash, struct place_map **mapp);
int kexec_ram_check_dst(unsigned int seg, phys_addr_t start, u64 size);
int kexec_ram_check_errors(unsigned int seg, u64 start, u64 end);
bool kexec_ram_has_error(u64 start, u64 end, u64 *where);
void kexec_ram_unreserve(u64 start, u64 end);
bool kexec_ram_is_fit(u64 start, u64 end);
bool kexec_ram_block_below(u64 *below, u64 size);
bool kexec_ram_now_reserved(u64 start, u64 end, struct place_range *where);

/* hold.c: the pages themselves */
long kexec_hold_left(unsigned long nr_pages);
struct page *kexec_hold_send_home(struct kexec_image *img, struct page *page);
int kexec_hold_segment(struct kexec_image *img, unsigned int seg);
void kexec_hold_release(struct kexec_backing *b);
void kexec_hold_trim(struct kexec_backing *b, unsigned long nr_pages);
void *kexec_hold_linear(const struct kexec_backing *b);
int kexec_hold_map(struct kexec_backing *b);
void kexec_hold_unmap(struct kexec_backing *b);
void *kexec_hold_safe_page(void *img);
void kexec_hold_settle(struct kexec_image *img);
void kexec_hold_move_in(struct kexec_image *img, bool may_sleep);
void kexec_hold_map_reserved(struct kexec_image *img);
void kexec_hold_settle_crash(struct kexec_image *img);
void kexec_hold_free(struct kexec_image *img);

/* claim.c: a destination itself */
bool kexec_claim_range(unsigned long pfn, unsigned long end);
unsigned long kexec_claim_segment(struct kexec_image *img, unsigned int seg,
				  unsigned long *resume);
void kexec_claim_rest(struct kexec_image *img, unsigned int seg);
void kexec_claim_free_spares(struct kexec_backing *b);

/* vacant.c: is anybody there? */
bool kexec_vacant_range(u64 start, u64 end, bool from_end, u64 *used);
bool kexec_vacant_order(struct page *page, unsigned int *order);

/* glean.c: free memory at a certain place */
void kexec_glean_begin(struct kexec_glean *g);
struct page *kexec_glean_next(struct kexec_glean *g, struct page *page, unsigned int *order);
void kexec_glean_reject(struct kexec_glean *g, struct page *page, unsigned int order);
void kexec_glean_end(struct kexec_glean *g);

/* zone.c: what each memory zone can spare */
bool kexec_zone_spares(struct zone *zone, unsigned long nr_pages);
bool kexec_zone_fits(unsigned long pfn, unsigned long end, struct zone **outside);
struct page *kexec_zone_alloc(unsigned int *order);
int kexec_zone_make_room(unsigned long nr_pages);
long kexec_zone_available(void);

/* seat.c: where a segment goes, when the choice is ours */
int kexec_seat_segment(struct kexec_image *img, struct place_map *map,
		       const struct place_request *req, u64 offset, u64 memsz, bool first);

/* segment.c: the bytes */
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

/* verify.c, sysctl.c: is it still what was loaded? */
void kexec_verify_record(struct kexec_image *img);
void kexec_verify_forget(struct kexec_image *img);
void kexec_verify_wait(struct kexec_image *img);
int kexec_verify_check(const struct kexec_image *img);
bool kexec_verify_wanted(bool crash);
u32 kexec_verify_digest(const void *va, size_t len);
void kexec_verify_again(struct kexec_image *img, unsigned int seg);

/* hotplug.c: memory and processors that come and go */
void kexec_hotplug_settle(void);
void kexec_hotplug_published(const struct kexec_image *img);
void kexec_hotplug_unloaded(int type);
const char *kexec_hotplug_why_none(void);
int kexec_hotplug_recheck(void);

#ifdef CONFIG_IMA_KEXEC
/* IMA has it in a header of its own folder. */
unsigned long ima_get_binary_runtime_size(void);
#endif

/* purgatory.c: checksums in user space's entry code */
void kexec_purgatory_check(struct kexec_image *img);

/* file.c: kexec_file_load below its argument checks */
int kexec_file_fill(struct kexec_image *img, int kernel_fd, int initrd_fd,
		    const char __user *cmdline, unsigned long cmdline_len,
		    unsigned long flags);

/* crash_load.c: what a capture kernel needs */
#ifdef CONFIG_CRASH_DUMP
int kexec_crash_build_elfcore(void **buf, size_t *len);
int kexec_crash_write_elfcore(void *buf, size_t room, size_t *used);
void kexec_crash_check_elfcore(void);
int kexec_crash_reserve_note(struct kexec_image *img);
void kexec_crash_use_note(struct kexec_image *img);
void kexec_crash_release_note(struct kexec_image *img);
#else
static inline int kexec_crash_build_elfcore(void **buf, size_t *len) { return -EOPNOTSUPP; }
static inline void kexec_crash_check_elfcore(void) { }
static inline int kexec_crash_reserve_note(struct kexec_image *img) { return 0; }
static inline void kexec_crash_use_note(struct kexec_image *img) { }
static inline void kexec_crash_release_note(struct kexec_image *img) { }
#endif

/* protect.c: the crash reservation, read-only while an image is loaded */
#ifdef CONFIG_CRASH_DUMP
void kexec_protect_open(void);
void kexec_protect_close(void);
void kexec_protect_release(phys_addr_t start, u64 len);
#else
static inline void kexec_protect_open(void) { }
static inline void kexec_protect_close(void) { }
static inline void kexec_protect_release(phys_addr_t start, u64 len) { }
#endif

/* crash_refresh.c: how the ELF core header follows changes of memory */
#ifdef CONFIG_CRASH_HOTPLUG
int kexec_crash_refresh_attach(struct kexec_image *img);
void kexec_crash_refresh_detach(struct kexec_image *img);
void kexec_crash_refresh(void);
void kexec_crash_refresh_finish(void);
#else
static inline int kexec_crash_refresh_attach(struct kexec_image *img) { return 0; }
static inline void kexec_crash_refresh_detach(struct kexec_image *img) { }
static inline void kexec_crash_refresh(void) { }
static inline void kexec_crash_refresh_finish(void) { }
#endif

/* tests/inject.c: sequences on several CPUs */
#ifdef CONFIG_KEXEC_DEBUG_PARAMS
void kexec_inject_meet(unsigned int point);
#else
static inline void kexec_inject_meet(unsigned int point) { }
#endif

#endif /* _KERNEL_KEXEC_INTERNAL_H */
