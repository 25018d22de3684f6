// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: keeping the ELF core header of a loaded crash image up to date
 *
 * The header says which memory a dump consists of, so it has to change when
 * memory comes or goes.  A panic may come at any moment of that, and the capture
 * kernel reads the header at a fixed address, from its beginning, with its caches
 * off: there is no pointer that could be flipped in one store.  So:
 *
 *	STAGING		the new header is made in memory of its own
 *	COMMITTING	it is copied over the old one and cleaned to memory
 *
 * The two names are states of the kexec lock.  A panic takes the lock over
 * whichever it is.  Out of STAGING it finds the old header as it was; whoever was
 * staging loses the lock and touches nothing.  Out of COMMITTING it copies the
 * staged header once more, from the beginning (kexec_crash_refresh_finish()).
 * The CPU that was at it is stopped before; one that cannot be stopped writes the
 * very same bytes to the very same places, so it does not matter who is ahead.
 * Either way the header and its digest are whole, old or new, when the image is
 * verified.
 *
 * The header is written through a mapping of its own, made when the image is
 * loaded.  The linear map of the reservation may be read-only, and a panic must
 * not have to change page tables.
 *
 * Room is asked for when the image is loaded: with kexec_file_load by us, for
 * CONFIG_CRASH_MAX_MEMORY_RANGES ranges or twice what there are; with kexec_load
 * by user space, which finds that size in /sys/kernel/crash_elfcorehdr_size.  A
 * header that does not fit is reported once and the old one stays.
 *
 * All of this belongs to whoever holds the kexec lock.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/crash_core.h>
#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "elfcore.h"
#include "internal.h"

/*
 * The copy is made in pieces, so that a test can panic between them where it hurts
 * most: inside the ELF header, behind e_phnum, inside the first two program
 * headers, and where others follow.
 */
static const size_t crash_refresh_cuts[] = { 20, 60, 130, 400, SIZE_MAX };

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static unsigned int crash_refresh_panic;
module_param_named(refresh_panic, crash_refresh_panic, uint, 0644);
MODULE_PARM_DESC(refresh_panic, "panic at the Nth point of the next refresh of the ELF core header");

static unsigned int crash_refresh_room;
module_param_named(refresh_room, crash_refresh_room, uint, 0644);
MODULE_PARM_DESC(refresh_room, "bytes that a refreshed ELF core header may take at most (0: all that its segment has)");

static void crash_refresh_point(void)
{
	if (crash_refresh_panic && !--crash_refresh_panic)
		panic("kexec.refresh_panic");
}
#else
#define crash_refresh_room 0U

static void crash_refresh_point(void) { }
#endif

/**
 * arch_crash_get_elfcorehdr_size() - bytes for an ELF core header that may grow
 *
 * Shown in /sys/kernel/crash_elfcorehdr_size.
 *
 * Context: process context.
 * Return: the bytes.
 */
unsigned int arch_crash_get_elfcorehdr_size(void)
{
	return kexec_elfcore_capacity(num_possible_cpus(), 0);
}

static bool crash_refresh_is_header(const struct kexec_backing *b)
{
	return b->nr_pages && b->pages[0] &&
	       !memcmp(page_address(b->pages[0]), ELFMAG, SELFMAG);
}

/* With kexec_load only the content tells which segment it is; -1 for none. */
static int crash_refresh_find(const struct kexec_image *img)
{
	unsigned int i;

	if (img->kimage.file_mode)
		return img->kimage.elfcorehdr_index;
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (crash_refresh_is_header(&img->backing[i]))
			return i;
	return -1;
}

static void *crash_refresh_map(const struct kexec_backing *b)
{
	struct page **pages __free(kvfree) = NULL;
	unsigned long i;

	/* Where the header will lie once the image has moved in. */
	pages = kvmalloc_array(b->nr_pages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < b->nr_pages; i++)
		pages[i] = pfn_to_page(PHYS_PFN(b->dst_pa) + i);
	return vmap(pages, b->nr_pages, VM_MAP, PAGE_KERNEL);
}

/**
 * kexec_crash_refresh_attach() - prepare a crash image for changes of memory
 * @img: an image whose segments are all filled; one that is not to be kept up to
 *       date is left alone
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 * Return: 0, or -ENOMEM or -EINVAL after one message.
 */
int kexec_crash_refresh_attach(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;
	int seg;

	if (!img->kimage.hotplug_support)
		return 0;
	seg = crash_refresh_find(img);
	if (seg < 0) {
		pr_err("crash image: hotplug support was asked for, but no segment begins with an ELF header\n");
		return -EINVAL;
	}

	r->seg = seg;
	r->room = img->backing[seg].nr_pages << PAGE_SHIFT;
	r->stage = vzalloc(r->room);
	r->live = crash_refresh_map(&img->backing[seg]);
	/* Nobody knows yet how much of it counts. */
	r->used = r->room;
	if (r->stage && r->live)
		return 0;
	pr_err("no memory to keep the ELF core header (%zu kB) up to date; free some and load again\n",
	       r->room >> 10);
	return -ENOMEM;
}

/**
 * kexec_crash_refresh_detach() - undo kexec_crash_refresh_attach()
 * @img: any image that can no longer be started
 *
 * Context: process context, may sleep.
 */
void kexec_crash_refresh_detach(struct kexec_image *img)
{
	vunmap(img->refresh.live);
	vfree(img->refresh.stage);
	img->refresh = (struct kexec_refresh) { };
}

/* Make the new header in memory of its own. */
static bool crash_refresh_stage(struct kexec_refresh *r)
{
	size_t room = min_not_zero(r->room, (size_t)crash_refresh_room), used = 0;
	int ret;

	memset(r->stage, 0, r->room);
	ret = kexec_crash_write_elfcore(r->stage, room, &used);
	if (ret) {
		/* Once is enough: memory often comes in many blocks. */
		if (!r->failed)
			pr_warn("crash image: memory has changed, but its ELF core header stays as it was (%d)%s; load it again\n",
				ret, ret == -ENOSPC ? ", it has no more room" : "");
		r->failed = true;
		return false;
	}
	r->failed = false;
	r->len = max(used, r->used);
	r->digest = kexec_verify_digest(r->stage, r->room);
	r->staged_used = used;
	return true;
}

/* Several CPUs may be at this at a time: each writes the same bytes. */
static void crash_refresh_write(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;
	size_t at = 0, end;
	unsigned int i;

	for (i = 0; at < r->len; i++, at = end) {
		end = min(crash_refresh_cuts[i], r->len);
		crash_refresh_point();
		memcpy(r->live + at, r->stage + at, end - at);
	}
	crash_refresh_point();
	kexec_inject_meet(3);
	/* The capture kernel reads it before it turns its caches on. */
	kexec_arch_sync(r->live, r->len);
	crash_refresh_point();
	img->backing[r->seg].digest = r->digest;
}

/**
 * kexec_crash_refresh() - describe memory as it is now to the capture kernel
 *
 * Context: process context, may sleep; the caller has taken the lock with
 * kexec_lock_refresh() and keeps memory from coming and going.  When it comes
 * back a panic may have taken the lock.
 */
void kexec_crash_refresh(void)
{
	struct kexec_image *img;

	if (!kexec_crash_image || !kexec_crash_image->hotplug_support)
		return;
	img = to_kexec_image(kexec_crash_image);
	crash_refresh_point();
	if (!crash_refresh_stage(&img->refresh))
		return;
	crash_refresh_point();
	if (!kexec_lock_commit())
		return;
	crash_refresh_write(img);
	img->refresh.used = img->refresh.staged_used;
	crash_refresh_point();
}

/**
 * kexec_crash_refresh_finish() - write the staged header out in a panic
 *
 * Context: panic path; the lock was taken over from one who was writing.
 */
void kexec_crash_refresh_finish(void)
{
	pr_emerg("the ELF core header was being refreshed; it is finished now\n");
	crash_refresh_write(to_kexec_image(kexec_crash_image));
}
