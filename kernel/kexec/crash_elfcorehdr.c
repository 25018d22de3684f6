// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: updates of the ELF core header of a crash image
 *
 * The header lists the memory of a dump, so it changes with memory hotplug.  A panic may
 * happen at any moment of an update, and the capture kernel reads the header at a fixed
 * address, with its caches off: there is no pointer that one store could switch.  So there
 * are two steps, which are states of the kexec lock:
 *
 *	STAGING		the new header is built in a buffer
 *	COMMITTING	it is copied over the old one and cleaned to the PoC
 *
 * A panic acquires the lock in either state.  In STAGING the old header is complete, and the
 * update leaves it alone.  In COMMITTING the panic repeats the copy from its start
 * (kexec_elfcorehdr_finish()).  The CPU that was copying is stopped; one that cannot be
 * stopped writes the same bytes to the same places.  Either way the header and its digest
 * are complete when the image is verified.
 *
 * The header is written through a mapping of its own, because the linear map of the
 * reservation may be read-only and the panic path must not change page tables.
 *
 * Its size is fixed at load time: for kexec_file_load, CONFIG_CRASH_MAX_MEMORY_RANGES ranges
 * or twice the present number; for kexec_load, user space reads
 * /sys/kernel/crash_elfcorehdr_size.  A header that does not fit is reported once, and the
 * old one stays.
 *
 * The kexec lock guards everything here.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/crash_core.h>
#include <linux/elf.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "crash_elfcorehdr.h"
#include "crash_load.h"
#include "debug.h"
#include "image.h"
#include "lock.h"
#include "verify.h"
#include "lib/elfcore.h"

/**
 * arch_crash_get_elfcorehdr_size() - get the size of an ELF core header with spare capacity
 *
 * Shown in /sys/kernel/crash_elfcorehdr_size.
 *
 * Context: process context.
 * Return: bytes.
 */
unsigned int arch_crash_get_elfcorehdr_size(void)
{
	return kexec_elfcore_capacity(num_possible_cpus(), 0);
}

static bool elfcorehdr_is_header(const struct kexec_backing *b)
{
	return b->nr_pages && b->pages[0] &&
	       !memcmp(page_address(b->pages[0]), ELFMAG, SELFMAG);
}

/* kexec_load: the segment is found by its content.  Returns -1 if there is none. */
static int elfcorehdr_find(const struct kexec_image *img)
{
	unsigned int i;

	if (img->kimage.file_mode)
		return img->kimage.elfcorehdr_index;
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (elfcorehdr_is_header(&img->backing[i]))
			return i;
	return -1;
}

static void *elfcorehdr_map(const struct kexec_backing *b)
{
	struct page **pages __free(kvfree) = NULL;
	unsigned long i;

	/* The destination, which has the header after the image is published. */
	pages = kvmalloc_array(b->nr_pages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < b->nr_pages; i++)
		pages[i] = pfn_to_page(PHYS_PFN(b->dst_pa) + i);
	return vmap(pages, b->nr_pages, VM_MAP, PAGE_KERNEL);
}

/**
 * kexec_elfcorehdr_attach() - prepare a crash image for memory hotplug
 * @img: an image whose segments are filled; one without hotplug support does not change
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM or -EINVAL after one message.
 */
int kexec_elfcorehdr_attach(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;
	int seg;

	kexec_lock_assert_held();
	if (!img->kimage.hotplug_support)
		return 0;
	seg = elfcorehdr_find(img);
	if (seg < 0) {
		pr_err("crash image: hotplug support requires a segment that starts with an ELF header\n");
		return -EINVAL;
	}

	r->seg = seg;
	r->room = img->backing[seg].nr_pages << PAGE_SHIFT;
	r->stage = vzalloc(r->room);
	r->live = elfcorehdr_map(&img->backing[seg]);
	/* How much of it has content is not known. */
	r->used = r->room;
	if (r->stage && r->live)
		return 0;
	pr_err("no memory for updates of the ELF core header (%zu kB)\n",
	       r->room >> 10);
	return -ENOMEM;
}

/**
 * kexec_elfcorehdr_detach() - undo kexec_elfcorehdr_attach()
 * @img: any image that can no longer be started
 *
 * Context: process context, may sleep.
 */
void kexec_elfcorehdr_detach(struct kexec_image *img)
{
	vunmap(img->refresh.live);
	vfree(img->refresh.stage);
	img->refresh = (struct kexec_refresh) { };
}

/* Build the new header in the buffer. */
static bool elfcorehdr_stage(struct kexec_refresh *r)
{
	size_t room = min_not_zero(r->room, (size_t)kexec_debug.refresh_size), used = 0;
	int ret;

	memset(r->stage, 0, r->room);
	ret = kexec_elfcorehdr_write(r->stage, room, &used);
	if (ret) {
		/* Report it once: memory is often added in many blocks. */
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

/* May run on several CPUs at once, which write the same bytes. */
static void __kexec_panic elfcorehdr_write(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;

	kexec_debug_copy_refresh(r->live, r->stage, r->len);
	kexec_debug_panic_refresh();
	kexec_debug_meet(3);
	/* The capture kernel reads it with its caches off. */
	kexec_arch_clean_to_poc(r->live, r->len);
	kexec_debug_panic_refresh();
	img->backing[r->seg].digest = r->digest;
}

/**
 * kexec_elfcorehdr_update() - describe the present memory to the capture kernel
 *
 * Context: process context, may sleep; the caller holds the lock after
 * kexec_lock_refresh(), and the memory hotplug lock.  On return a panic may have acquired
 * the kexec lock.
 */
void kexec_elfcorehdr_update(void)
{
	struct kexec_image *img;

	kexec_lock_assert_held();
	if (!kexec_crash_image || !kexec_crash_image->hotplug_support)
		return;
	img = to_kexec_image(kexec_crash_image);
	kexec_debug_panic_refresh();
	if (!elfcorehdr_stage(&img->refresh))
		return;
	kexec_debug_panic_refresh();
	if (!kexec_lock_commit())
		return;
	elfcorehdr_write(img);
	img->refresh.used = img->refresh.staged_used;
	kexec_debug_panic_refresh();
}

/**
 * kexec_elfcorehdr_finish() - complete an interrupted copy of the header
 *
 * Context: panic path, with the lock acquired in COMMITTING.
 */
void __kexec_panic kexec_elfcorehdr_finish(void)
{
	pr_emerg("the ELF core header was being updated; completing it\n");
	elfcorehdr_write(to_kexec_image(kexec_crash_image));
}
