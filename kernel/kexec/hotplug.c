// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: CPU and memory hotplug while an image is loaded
 *
 * Images use boot memory only, which arm64 never offlines.  An event can affect a loaded
 * image in three ways:
 *
 * - A destination is reserved, for instance for the tables of a CPU that is brought up.
 *   The image is discarded, at the latest by reboot(KEXEC), which then fails.
 * - Memory is reserved that every later kernel must reserve, too.  It is added to the
 *   device tree of the image.  A tree of user space may be covered by a checksum, so such
 *   an image is discarded.
 * - The memory map changes.  The ELF core header of the crash image is updated, see
 *   crash_elfcorehdr.c.
 *
 * An event sets a bit and tries the kexec lock.  If the lock is free the event is handled
 * at once, else by the lock holder in kexec_hotplug_unlock().  No event waits, and none is lost.
 *
 * See lock.c for the order of the locks.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cleanup.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/notifier.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "crash_elfcorehdr.h"
#include "debug.h"
#include "hotplug.h"
#include "image.h"
#include "lock.h"
#include "runs.h"
#include "sysfs.h"
#include "usable.h"
#include "verify.h"

/*
 * memblock has no lock.  Writers after boot hold one of these for writing, except for the
 * crash reservation, see usable_reserved_lock in usable.c.
 */
static void hotplug_lock_memblock(void)
{
	cpus_read_lock();
	get_online_mems();
}

static void hotplug_unlock_memblock(void)
{
	put_online_mems();
	cpus_read_unlock();
}

static void hotplug_discard(const struct kexec_range *where)
{
	struct kexec_image *img = to_kexec_image(kexec_image);
	char reason[96];

	pr_warn("image (entry %pap) discarded: [%#llx, %#llx) was reserved; load it again\n",
		&img->plan.entry_pa, where->start, where->end);
	snprintf(reason, sizeof(reason),
		 ": it was discarded when memory [%#llx, %#llx) was reserved",
		 where->start, where->end);
	kexec_image_discard(reason);
}

/* The caller keeps the image and memblock stable. */
static bool hotplug_dst_reserved(const struct kexec_image *img, struct kexec_range *where)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		const struct kexec_segment *seg = &img->kimage.segment[i];

		if (seg->memsz &&
		    kexec_usable_find_reserved(seg->mem, (u64)seg->mem + seg->memsz, where))
			return true;
	}
	return false;
}

#ifdef CONFIG_KEXEC_FILE
/* The segment with a device tree that the kernel made, or -ENOENT. */
static int hotplug_find_fdt(const struct kexec_image *img)
{
	unsigned int seg;

	for (seg = 0; seg < img->kimage.nr_segments; seg++)
		if (img->plan.dtb_pa && img->kimage.segment[seg].mem == img->plan.dtb_pa)
			return seg;
	return -ENOENT;
}

/*
 * Returns a negative errno if hotplug_patch_fdt() would fail.  Changes a copy of the tree.
 */
static int hotplug_try_fdt(struct kexec_image *img)
{
	int seg = hotplug_find_fdt(img);
	unsigned int generation;
	void *tree;
	size_t len;

	if (seg < 0)
		return seg;
	len = img->kimage.segment[seg].memsz;
	void *copy __free(kvfree) = kvmalloc(len, GFP_KERNEL);
	tree = kexec_runs_address(&img->backing[seg]);
	if (copy && tree)
		memcpy(copy, tree, len);
	if (is_vmalloc_addr(tree))
		vunmap(tree);
	return copy && tree ? kexec_arch_reserved(copy, &generation) : -ENOMEM;
}
#else
static int hotplug_try_fdt(struct kexec_image *img)
{
	return -ENOENT;
}
#endif

/* Returns a negative errno if the tree cannot be changed. */
static int hotplug_patch_fdt(struct kexec_image *img)
{
#ifdef CONFIG_KEXEC_FILE
	int ret, seg = hotplug_find_fdt(img);
	struct kexec_backing *b;

	if (seg < 0)
		return seg;
	b = &img->backing[seg];
	kexec_verify_wait(img);
	ret = kexec_runs_map(b);
	if (ret)
		return ret;
	/* Readers without the kexec lock, see verify.c. */
	raw_write_seqcount_begin(&img->updates);
	ret = kexec_arch_reserved(b->va, &img->memrsv_gen);
	kexec_verify_update(img, seg);
	raw_write_seqcount_end(&img->updates);
	kexec_runs_unmap(b);
	kexec_runs_clean_segment(b);
	return ret;
#else
	return -ENOENT;
#endif
}

static bool hotplug_tree_is_current(const struct kexec_image *img)
{
	unsigned int generation;

	kexec_arch_reserved(NULL, &generation);
	return READ_ONCE(img->memrsv_gen) == generation;
}

static void hotplug_update_memreserve(struct kexec_image *img)
{
	if (hotplug_tree_is_current(img) || hotplug_patch_fdt(img) >= 0)
		return;
	pr_warn("image (entry %pap) discarded: its device tree lacks a reservation; load it again\n",
		&img->plan.entry_pa);
	kexec_image_discard(": it was discarded when a CPU came up");
}

/* The caller keeps the image and memblock stable. */
static int hotplug_check(const struct kexec_image *img, struct kexec_refusal *refusal)
{
	struct kexec_range where;

	if (!hotplug_dst_reserved(img, &where))
		return 0;
	kexec_refusal_err(refusal, "reboot refused: destination [%#llx, %#llx) was reserved; load the image again\n",
			  where.start, where.end);
	return -EADDRNOTAVAIL;
}

/* The caller keeps memblock stable. */
static int hotplug_recheck_image(void)
{
	struct kexec_range where;

	kexec_lock_assert_held();
	if (kexec_image && hotplug_dst_reserved(to_kexec_image(kexec_image), &where))
		hotplug_discard(&where);
	if (kexec_image)
		hotplug_update_memreserve(to_kexec_image(kexec_image));
	return kexec_image ? 0 : -EADDRNOTAVAIL;
}

/* Returns false if the lock is held; its holder does the work then. */
static bool hotplug_recheck(void)
{
	if (!kexec_lock_recheck())
		return false;
	kexec_pending_clear(KEXEC_PENDING_RECHECK);
	if (kexec_debug.recheck_ms)
		fsleep(kexec_debug.recheck_ms * USEC_PER_MSEC);
	hotplug_recheck_image();
	if (!kexec_unlock_recheck())
		return false;
	kexec_sysfs_flush();
	return true;
}

/* Returns false if the lock is held; its holder does the work then. */
static bool hotplug_refresh(void)
{
	if (!kexec_lock_refresh())
		return false;
	kexec_pending_clear(KEXEC_PENDING_ELFCOREHDR);
	kexec_elfcorehdr_update();
	if (!kexec_unlock_refresh())
		return false;
	kexec_sysfs_flush();
	return true;
}

/*
 * Returns false if there is no work, or if the lock is held.  The caller keeps memblock and
 * the memory map stable.
 */
static bool hotplug_do_pending(void)
{
	bool done;

	if (kexec_pending_test(KEXEC_PENDING_RECHECK))
		done = hotplug_recheck();
	else if (kexec_pending_test(KEXEC_PENDING_ELFCOREHDR))
		done = hotplug_refresh();
	else
		return false;
	if (!done)
		kexec_debug_count_deferred();
	return done;
}

static bool hotplug_is_pending(void)
{
	return kexec_pending_test(KEXEC_PENDING_RECHECK) ||
	       kexec_pending_test(KEXEC_PENDING_ELFCOREHDR);
}

static void hotplug_run_pending(void)
{
	bool more = true;

	while (more && hotplug_is_pending()) {
		hotplug_lock_memblock();
		more = hotplug_do_pending();
		hotplug_unlock_memblock();
	}
}

/* The notifier chain runs with the memory hotplug lock and the CPU hotplug lock held. */
static void hotplug_run_pending_memory(void)
{
	while (hotplug_do_pending())
		;
}

/* CPU bring-up holds the CPU hotplug lock. */
static void hotplug_run_pending_cpu(void)
{
	bool more = true;

	while (more && hotplug_is_pending()) {
		get_online_mems();
		more = hotplug_do_pending();
		put_online_mems();
	}
}

/**
 * kexec_hotplug_unlock() - release the kexec lock, send events and do the work that is pending
 *
 * Context: the caller holds neither the CPU hotplug lock nor the memory hotplug lock.
 */
void kexec_hotplug_unlock(void)
{
	kexec_unlock_nowork();
	kexec_sysfs_flush();
	hotplug_run_pending();
}

/**
 * kexec_hotplug_recheck() - check the loaded image, discard it if it is not valid any more
 *
 * Return: 0, or -EADDRNOTAVAIL after messages.
 */
int kexec_hotplug_recheck(void)
{
	int ret;

	hotplug_lock_memblock();
	ret = hotplug_check(to_kexec_image(kexec_image), NULL);
	if (hotplug_recheck_image() && !ret) {
		kexec_refusal_err(NULL, "reboot refused: the device tree lacks a reservation; load the image again\n");
		ret = -EADDRNOTAVAIL;
	}
	hotplug_unlock_memblock();
	return ret;
}

static int hotplug_ask_busy(struct kexec_refusal *refusal)
{
	kexec_refusal_err(refusal, "reboot refused: a load or unload is in progress; try again\n");
	/* The unlock wakes the reader. */
	kexec_sysfs_notify(false);
	return -EBUSY;
}

/* The caller keeps the image and memblock stable. */
static int hotplug_ask_loaded(struct kexec_image *img, struct kexec_refusal *refusal)
{
	int ret = hotplug_check(img, refusal);

	if (ret || hotplug_tree_is_current(img))
		return ret;
	ret = hotplug_try_fdt(img);
	if (ret >= 0)
		return 0;
	if (ret == -ENOMEM) {
		kexec_refusal_err(refusal, "the device tree cannot be checked: no memory; try again\n");
		return ret;
	}
	kexec_refusal_err(refusal, "reboot refused: the device tree lacks a reservation; load the image again\n");
	return -EADDRNOTAVAIL;
}

/*
 * Acquires the hotplug locks and the kexec lock, which is only tried while the others are
 * held: its holder may wait for them.
 */
static bool hotplug_ask_lock(void)
{
	const ktime_t end = ktime_add_ms(ktime_get(), KEXEC_LOCK_TIMEOUT_MS);

	for (;;) {
		hotplug_lock_memblock();
		if (kexec_lock_recheck())
			return true;
		hotplug_unlock_memblock();
		if (kexec_lock_is_busy() || ktime_after(ktime_get(), end))
			return false;
		fsleep(USEC_PER_MSEC);
	}
}

/*
 * The caller holds no reference: the lock holder that this waits for may discard the image,
 * and then waits for the references.
 */
static int hotplug_ask_locked(struct kexec_refusal *refusal)
{
	int ret = 0;

	if (!hotplug_ask_lock())
		return hotplug_ask_busy(refusal);
	if (kexec_image)
		ret = hotplug_ask_loaded(to_kexec_image(kexec_image), refusal);
	kexec_unlock_recheck();
	hotplug_unlock_memblock();
	kexec_sysfs_flush();
	return ret;
}

/**
 * kexec_hotplug_ask() - check the loaded image against the reservations for a reader
 * @refusal: receives the reason
 *
 * No image is changed.  A device tree that is not current is patched in a copy; only this
 * needs the kexec lock.  The hotplug locks are acquired before the reference, because a
 * hotplug callback may wait for the references.
 *
 * Context: the caller holds no lock and no reference.
 * Return: 0, also if no image is loaded, -EADDRNOTAVAIL, -EBUSY or -ENOMEM after one line.
 */
int kexec_hotplug_ask(struct kexec_refusal *refusal)
{
	struct kexec_image *img;
	bool stale = false;
	int ret = 0;

	hotplug_lock_memblock();
	img = kexec_image_get(KEXEC_TYPE_DEFAULT);
	if (!IS_ERR_OR_NULL(img)) {
		ret = hotplug_check(img, refusal);
		/* The check may have seen a part of a change of the crash reservation. */
		if (kexec_lock_is_busy()) {
			refusal->len = 0;
			ret = hotplug_ask_busy(refusal);
		}
		stale = !ret && !hotplug_tree_is_current(img);
		kexec_image_put(img);
	}
	hotplug_unlock_memblock();
	if (stale)
		ret = hotplug_ask_locked(refusal);
	/* Events that have found the kexec lock held. */
	hotplug_run_pending();
	return ret;
}

/* ACPI describes the memory of the crashed kernel to the capture kernel, too. */
static int hotplug_going_online(const struct kexec_range *where)
{
	if (!is_kdump_kernel())
		return NOTIFY_OK;
	pr_notice("memory [%#llx, %#llx) stays offline: it belongs to the crashed kernel\n",
		  where->start, where->end);
	return notifier_from_errno(-EBUSY);
}

static int hotplug_memory(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *mem = data;
	const struct kexec_range where = {
		.start = PFN_PHYS(mem->start_pfn),
		.end = PFN_PHYS(mem->start_pfn + mem->nr_pages),
	};

	switch (action) {
	case MEM_GOING_ONLINE:
		return hotplug_going_online(&where);
	case MEM_ONLINE:
	case MEM_OFFLINE:
		kexec_pending_set(KEXEC_PENDING_ELFCOREHDR);
		hotplug_run_pending_memory();
		break;
	}
	return NOTIFY_OK;
}

/* GICv3 reserves the LPI table of a CPU when it is first brought up. */
static int hotplug_cpu_online(unsigned int cpu)
{
	kexec_pending_set(KEXEC_PENDING_RECHECK);
	hotplug_run_pending_cpu();
	/* There is one more CPU to turn off. */
	kexec_sysfs_notify(false);
	return 0;
}

/* One CPU less.  A reader of ready waits for cpu_hotplug_lock until it is offline. */
static int hotplug_cpu_offline(unsigned int cpu)
{
	kexec_sysfs_notify(false);
	return 0;
}

static struct notifier_block hotplug_memory_nb = {
	.notifier_call = hotplug_memory,
};

/* ACPI adds memory devices from subsys_initcall on. */
static int __init hotplug_watch_memory(void)
{
	return register_memory_notifier(&hotplug_memory_nb);
}
core_initcall(hotplug_watch_memory);

/* A late dynamic state runs after those of the drivers that reserve memory. */
static int __init hotplug_watch_cpus(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "kexec:online",
					    hotplug_cpu_online, hotplug_cpu_offline);

	if (ret < 0)
		pr_err("cannot register a CPU hotplug callback (%d)\n", ret);
	return ret < 0 ? ret : 0;
}
late_initcall(hotplug_watch_cpus);
