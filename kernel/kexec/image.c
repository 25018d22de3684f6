// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: life of an image
 *
 * ::
 *
 *	alloc -> segments added and filled -> sealed -> published -> freed
 *	                 |                       |
 *	                 +------ any error ------+--> freed
 *
 * An error leaves the image that was loaded before as it was, except that it may lose its
 * memory for IMA's list, see image_check_ima_size().  Publishing cannot fail.
 *
 * The slots are kexec_image for reboot(KEXEC) and kexec_crash_image for a panic.  While a
 * new crash image is copied over the old one, kexec_crash_pending points to it, so that a
 * panic finds one of the two at any moment.  The kexec lock guards slots and images.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/err.h>
#include <linux/ima.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "crash_elfcorehdr.h"
#include "crash_protect.h"
#include "crash_vmcoreinfo.h"
#include "debug.h"
#include "image.h"
#include "lock.h"
#include "pages.h"
#include "runs.h"
#include "sysfs.h"
#include "usable.h"
#include "verify.h"
#include "lib/extent.h"

#include <trace/events/kexec.h>

/* Why the slot of reboot(KEXEC) is empty; guarded by image_users_lock. */
static char image_discard_reason[KEXEC_DISCARD_REASON];

#ifdef CONFIG_CRASH_HOTPLUG
static bool image_hotplug_support;

/**
 * crash_check_hotplug_support() - is the loaded crash image kept up to date?
 *
 * Shown as crash_hotplug in sysfs, for udev rules.
 *
 * Return: 1 if the kernel updates the ELF core header of the loaded crash image, else 0.
 */
int crash_check_hotplug_support(void)
{
	return READ_ONCE(image_hotplug_support);
}

static void image_set_hotplug_support(bool support)
{
	WRITE_ONCE(image_hotplug_support, support);
}
#else
static void image_set_hotplug_support(bool support) { }
#endif

/* Guards users and leaving of all images, and the slots against kexec_image_get(). */
static DEFINE_SPINLOCK(image_users_lock);
static DECLARE_WAIT_QUEUE_HEAD(image_users_wait);

/* In the order of crash_find_image(), which pairs in the same way. */
static struct kimage *image_loaded_crash(void)
{
	/* Acquire: if this is NULL, kexec_crash_pending is seen. */
	struct kimage *loaded = smp_load_acquire(&kexec_crash_image);

	if (loaded)
		return loaded;
	/* Acquire: if this is NULL again, the published image is seen below. */
	if (smp_load_acquire(&kexec_crash_pending))
		return ERR_PTR(-EBUSY);
	return READ_ONCE(kexec_crash_image);
}

/**
 * kexec_image_get() - get a reference to a loaded image
 * @type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 *
 * For reading the image without the kexec lock.  A task that replaces the image sets the
 * member leaving and waits for the references; a reader that sees it set ends early.
 *
 * Return: the image, NULL if none is loaded, or ERR_PTR(-EBUSY) if the loaded one is being
 * replaced.
 */
struct kexec_image *kexec_image_get(int type)
{
	struct kexec_image *img;
	struct kimage *loaded;

	spin_lock(&image_users_lock);
	loaded = type == KEXEC_TYPE_CRASH ? image_loaded_crash() : READ_ONCE(kexec_image);
	if (IS_ERR_OR_NULL(loaded)) {
		img = ERR_CAST(loaded);
	} else if (to_kexec_image(loaded)->leaving) {
		img = ERR_PTR(-EBUSY);
	} else {
		img = to_kexec_image(loaded);
		img->users++;
	}
	spin_unlock(&image_users_lock);
	return img;
}

/**
 * kexec_image_put() - release a reference
 * @img: an image of kexec_image_get()
 */
void kexec_image_put(struct kexec_image *img)
{
	spin_lock(&image_users_lock);
	if (!--img->users)
		wake_up_all(&image_users_wait);
	spin_unlock(&image_users_lock);
}

static void image_set_discard_reason(const char *reason)
{
	spin_lock(&image_users_lock);
	strscpy(image_discard_reason, reason);
	spin_unlock(&image_users_lock);
}

static bool image_is_unused(struct kexec_image *img)
{
	bool unused;

	spin_lock(&image_users_lock);
	WRITE_ONCE(img->leaving, true);
	unused = !img->users;
	spin_unlock(&image_users_lock);
	return unused;
}

/* The image that was replaced last, until the worker has freed it. */
static struct kexec_image *image_replaced;

static void image_free_replaced(struct work_struct *work)
{
	kexec_image_free(image_replaced);
	image_replaced = NULL;
}

static DECLARE_WORK(image_replaced_work, image_free_replaced);

/**
 * kexec_image_flush_free() - wait until a replaced image is freed
 */
void kexec_image_flush_free(void)
{
	kexec_lock_assert_held();
	flush_work(&image_replaced_work);
}

/* Freeing a large image is slow, so a worker does it. */
static void image_free_async(struct kimage *old)
{
	if (!old)
		return;
	kexec_image_flush_free();
	image_replaced = to_kexec_image(old);
	queue_work(system_unbound_wq, &image_replaced_work);
}

/**
 * kexec_image_alloc() - allocate an empty image
 * @type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 * @file_mode: it is loaded by kexec_file_load()
 *
 * Return: the image, or NULL after one message.
 */
struct kexec_image *kexec_image_alloc(int type, bool file_mode)
{
	struct kexec_image *img;

	kexec_lock_assert_held();
	kexec_image_flush_free();
	img = kzalloc(sizeof(*img), GFP_KERNEL);
	if (!img) {
		pr_err("no memory for the image descriptor (%zu bytes)\n", sizeof(*img));
		return NULL;
	}
	img->usable = kexec_usable_map(type == KEXEC_TYPE_CRASH, !file_mode);
	if (!img->usable) {
		kfree(img);
		return NULL;
	}

	INIT_LIST_HEAD(&img->safe_pages);
	INIT_LIST_HEAD(&img->refused_pages);
	img->name = type == KEXEC_TYPE_CRASH ? "crash image" : "image";
	img->kimage.type = type;
	img->kimage.file_mode = file_mode;
	seqcount_init(&img->updates);
	kexec_arch_reserved(NULL, &img->memrsv_gen);
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_LOAD);
#ifdef CONFIG_CRASH_HOTPLUG
	img->kimage.elfcorehdr_index = -1;
	img->kimage.hotplug_support = file_mode && type == KEXEC_TYPE_CRASH;
#endif
	return img;
}

/**
 * kexec_image_free() - free an image and its memory
 * @img: the image, or NULL
 */
void kexec_image_free(struct kexec_image *img)
{
	unsigned int i;

	if (!img)
		return;

	wait_event(image_users_wait, image_is_unused(img));
	kexec_verify_cancel(img);
	kexec_vmcoreinfo_copy_free(img);
	kexec_elfcorehdr_detach(img);
	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_runs_unmap(&img->backing[i]);
	kexec_pages_free(img);
	kvfree(img->usable);
	kfree(img);
}

#ifdef CONFIG_IMA_KEXEC
static void image_drop_ima(struct kimage *kimage)
{
	kimage->ima_buffer_addr = 0;
	kimage->ima_buffer_size = 0;
	ima_kexec_post_load(kimage);
}

/*
 * Each load resizes IMA's copy of the list.  At reboot IMA copies all of it to the loaded
 * image, without a check of the size.
 */
static void image_check_ima_size(struct kexec_image *failed)
{
	struct kimage *loaded = kexec_image;

	if (!loaded || !loaded->ima_buffer_size || failed->ima_len <= loaded->ima_buffer_size)
		return;
	pr_warn("loaded image: %zu bytes for the IMA list, %zu are needed now; load it again\n",
		loaded->ima_buffer_size, failed->ima_len);
	image_drop_ima(loaded);
	to_kexec_image(loaded)->ima_dropped = true;
	kexec_sysfs_notify(false);
}
#else
static void image_drop_ima(struct kimage *kimage) { }
static void image_check_ima_size(struct kexec_image *failed) { }
#endif

/**
 * kexec_image_check_ima() - does IMA's list fit the image?
 * @img: the image that will be started
 * @refusal: receives the reason if it does not, or NULL for the log
 *
 * IMA copies as much of its list as fits, in a reboot notifier.
 *
 * Context: the caller holds the kexec lock or a reference to @img.
 * Return: 0, or -ENOSPC after one line.
 */
int kexec_image_check_ima(const struct kexec_image *img, struct kexec_refusal *refusal)
{
#ifdef CONFIG_IMA_KEXEC
	size_t room = READ_ONCE(img->kimage.ima_buffer_size);
	unsigned long len = ima_get_binary_runtime_size();

	if (READ_ONCE(img->ima_dropped)) {
		kexec_refusal_err(refusal, "IMA list: its memory in the image is too small: load it just before the reboot\n");
		return -ENOSPC;
	}
	if (room && len >= room) {
		kexec_refusal_err(refusal, "IMA list: %lu bytes do not fit the image (%zu): load it just before the reboot\n",
				  len, room);
		return -ENOSPC;
	}
#endif
	return 0;
}

/**
 * kexec_image_abort() - free an image whose load has failed
 * @img: the image
 */
void kexec_image_abort(struct kexec_image *img)
{
	kexec_lock_assert_held();
	image_check_ima_size(img);
	kexec_image_free(img);
}

static unsigned long image_pages_to_copy(const struct kexec_backing *b)
{
	struct kexec_run_pos pos;
	unsigned long n = 0;

	for_each_kexec_run(&pos, b, ULONG_MAX)
		if (page_to_pfn(pos.run.page) != kexec_dst_pfn(b) + pos.slot)
			n += pos.run.nr_pages;
	return n;
}

static int image_add_copies(struct kexec_extent_list *list, const struct kexec_backing *b)
{
	struct kexec_run_pos pos;
	int ret;

	for_each_kexec_run(&pos, b, ULONG_MAX) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		ret = kexec_extent_add(list, kexec_dst_pa(b) + PFN_PHYS(pos.slot),
				       page_to_phys(pos.run.page), PFN_PHYS(pos.run.nr_pages));
		if (ret)
			return ret;
	}
	return 0;
}

/* Segments do not overlap. */
static const struct kexec_backing *image_segment_from(const struct kexec_image *img, u64 pa)
{
	const struct kexec_backing *b, *next = NULL;
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		b = &img->backing[i];
		if (kexec_dst_pages(b) && kexec_dst_pa(b) >= pa &&
		    (!next || kexec_dst_pa(b) < kexec_dst_pa(next)))
			next = b;
	}
	return next;
}

/* In ascending order, so that the list need not be sorted. */
static int image_add_all_copies(const struct kexec_image *img, struct kexec_extent_list *list)
{
	const struct kexec_backing *b = image_segment_from(img, 0);
	struct kexec_range dst[KEXEC_SEGMENT_MAX];
	unsigned int nr = 0;
	int ret;

	for (; b; b = image_segment_from(img, kexec_dst_end(b))) {
		dst[nr++] = (struct kexec_range) { kexec_dst_pa(b), kexec_dst_end(b) };
		ret = image_add_copies(list, b);
		if (ret)
			return ret;
	}
	return kexec_extent_check(list, dst, nr);
}

static int image_list_copies(struct kexec_image *img)
{
	struct kexec_extent_list list = { .alloc_page = img->plan.alloc_page, .ctx = img };
	unsigned int i;
	int ret;

	for (i = 0; i < img->kimage.nr_segments; i++)
		trace_kexec_segment(i, img->kimage.segment[i].mem, img->kimage.segment[i].memsz,
				    image_pages_to_copy(&img->backing[i]) << PAGE_SHIFT);

	ret = image_add_all_copies(img, &list);
	if (ret && fatal_signal_pending(current)) {
		ret = -EINTR;
		pr_err("loading the %s was interrupted by a signal\n", img->name);
	} else if (ret == -ENOMEM) {
		pr_err("no memory for the copy list of the %s (entry %u)\n", img->name, list.nr);
	} else if (ret) {
		pr_err("copy list of the %s is not consistent (%d); the image is dropped\n",
		       img->name, ret);
	}
	if (ret)
		return ret;

	img->plan.copies = list.first;
	img->plan.nr_copies = list.nr;
	return 0;
}

static void image_print_plan(const struct kexec_image *img)
{
	const struct kexec_extent_table *table;
	unsigned int i, n = 0;

	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_dprintk("segment[%u]: mem=%#lx memsz=%#zx to copy=%lu of %lu pages\n",
			      i, img->kimage.segment[i].mem, img->kimage.segment[i].memsz,
			      image_pages_to_copy(&img->backing[i]),
			      kexec_dst_pages(&img->backing[i]));
	for (table = img->plan.copies; table; table = kexec_extent_next(table))
		for (i = 0; i < table->nr; i++)
			kexec_dprintk("extent[%u]: %#llx -> %#llx, %#llx bytes\n", n++,
				      table->extent[i].src_pa, table->extent[i].dst_pa,
				      table->extent[i].len);
	kexec_dprintk("%s: entry=%pap dtb=%pap extents=%u\n", img->name,
		      &img->plan.entry_pa, &img->plan.dtb_pa, img->plan.nr_copies);
}

/**
 * kexec_image_seal() - fix the copy list of an image and prepare the exit
 * @img: an image whose segments are all filled and whose plan names the entry
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_image_seal(struct kexec_image *img)
{
	int ret;

	kexec_lock_assert_held();
	if (kexec_debug.fail_seal) {
		pr_err("kexec.fail_seal: the load fails\n");
		return -ENOMEM;
	}
	img->plan.crash = kexec_image_is_crash(img);
	img->plan.alloc_page = kexec_pages_safe_page;
	img->plan.alloc_ctx = img;

	/* A crash image is in place once it is published. */
	ret = img->plan.crash ? 0 : image_list_copies(img);
	if (!ret)
		ret = kexec_elfcorehdr_attach(img);
	if (ret)
		return ret;

	ret = kexec_arch_prepare(&img->plan);
	kexec_pages_trim_pool(img);
	kvfree(img->usable);
	img->usable = NULL;
	if (ret)
		return ret;

	image_print_plan(img);
	return 0;
}

static void image_published_crash(const struct kexec_image *img)
{
#ifdef CONFIG_CRASH_HOTPLUG
	image_set_hotplug_support(img->kimage.hotplug_support);
	/* A header made in user space describes the present CPUs only. */
	if (img->kimage.hotplug_support && !img->kimage.file_mode)
		kexec_pending_set(KEXEC_PENDING_ELFCOREHDR);
#endif
}

static void image_publish_crash(struct kexec_image *img)
{
	struct kimage *old = kexec_crash_image;

	kexec_verify_record(img);
	if (old)
		wait_event(image_users_wait, image_is_unused(to_kexec_image(old)));
	kexec_crash_unprotect();
	/*
	 * From here to the store below the reservation holds neither image as a whole.  A
	 * panic moves the new one in by itself.
	 */
	if (old)
		WRITE_ONCE(kexec_crash_pending, img);
	/*
	 * Full barrier: a panic sees either kexec_crash_pending or kexec_crash_image, and
	 * the copy below is not reordered before it.
	 */
	xchg(&kexec_crash_image, NULL);
	kexec_runs_copy_to_crash(img);
	/* Not earlier: a panic copies from the pages that the runs name. */
	kexec_runs_map_reserved(img);
	kexec_vmcoreinfo_copy_activate(img);

	/* The content is complete before a panic on another CPU can find it. */
	smp_store_release(&kexec_crash_image, &img->kimage);
	/* Release: pairs with the acquire in crash_find_image(). */
	smp_store_release(&kexec_crash_pending, NULL);
	/* Not before: a panic would have moved it in again, into read-only memory. */
	kexec_crash_protect();
	kexec_runs_free_staging(img);
	image_published_crash(img);
	if (old)
		kexec_image_free(to_kexec_image(old));
}

/**
 * kexec_image_publish() - make a sealed image the one that will be started
 * @img: the image; it belongs to its slot afterwards
 */
void kexec_image_publish(struct kexec_image *img)
{
	struct kimage *old;

	kexec_lock_assert_held();
	kexec_timeline_pause(&img->timeline);
	if (kexec_image_is_crash(img)) {
		image_publish_crash(img);
		kexec_sysfs_notify(true);
		kexec_debug_meet(1);
		return;
	}
#ifdef CONFIG_IMA_KEXEC
	/* Drop the mapping that IMA keeps of the segment of the old image. */
	ima_kexec_post_load(&img->kimage);
#endif
	kexec_verify_record(img);
	old = xchg(&kexec_image, &img->kimage);
	image_set_discard_reason("");
	kexec_sysfs_notify(false);
	image_free_async(old);
}

static void image_unload_crash(void)
{
	struct kimage *old = xchg(&kexec_crash_image, NULL);

	kexec_crash_unprotect();
	image_set_hotplug_support(false);
	if (old)
		kexec_image_free(to_kexec_image(old));
}

static void image_unload(const char *reason)
{
	struct kimage *old;

	/* Before the slot is empty: a reader asks for the reason then. */
	image_set_discard_reason(reason);
	old = xchg(&kexec_image, NULL);
	if (!old)
		return;
	image_drop_ima(old);
	kexec_image_free(to_kexec_image(old));
}

/**
 * kexec_image_unload() - empty a slot and free its image
 * @type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 */
void kexec_image_unload(int type)
{
	kexec_lock_assert_held();
	if (type == KEXEC_TYPE_CRASH)
		image_unload_crash();
	else
		image_unload("");
	kexec_image_flush_free();
	kexec_sysfs_notify(type == KEXEC_TYPE_CRASH);
}

/**
 * kexec_image_discard() - unload the image for reboot(KEXEC) and record the reason
 * @reason: text for the next reboot(KEXEC), which starts with a colon
 */
void kexec_image_discard(const char *reason)
{
	kexec_lock_assert_held();
	image_unload(reason);
	kexec_image_flush_free();
	kexec_sysfs_notify(false);
}

/**
 * kexec_image_discard_reason() - why no image for reboot(KEXEC) is loaded
 * @reason: KEXEC_DISCARD_REASON bytes for text that starts with a colon, or an empty string
 */
void kexec_image_discard_reason(char *reason)
{
	spin_lock(&image_users_lock);
	strscpy(reason, image_discard_reason, KEXEC_DISCARD_REASON);
	spin_unlock(&image_users_lock);
}

/**
 * kimage_map_segment() - map a part of a loaded image for IMA's measurement list
 * @image: a sealed image
 * @addr: physical address of the segment
 * @size: bytes, at most those of the segment
 *
 * Return: an address for kimage_unmap_segment(), or NULL.
 */
void *kimage_map_segment(struct kimage *image, unsigned long addr, unsigned long size)
{
#ifdef CONFIG_IMA_KEXEC
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		if (addr == image->segment[i].mem && size && size <= image->segment[i].memsz)
			return kexec_runs_address(&to_kexec_image(image)->backing[i]);
	pr_err("no segment of %lu bytes at %#lx\n", size, addr);
#endif
	return NULL;
}

/**
 * kimage_unmap_segment() - undo kimage_map_segment()
 * @buffer: the mapping
 */
void kimage_unmap_segment(void *buffer)
{
	if (is_vmalloc_addr(buffer))
		vunmap(buffer);
}

/**
 * kexec_image_plan() - find the plan of an image
 * @image: an image of kexec_image_alloc()
 *
 * Return: the plan, part of the image.
 */
__kexec_panic struct kexec_plan *kexec_image_plan(struct kimage *image)
{
	return &to_kexec_image(image)->plan;
}
