// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the size of the crash reservation at run time, and hibernation
 *
 * The reservation changes under the kexec lock.
 *
 *	no crash image	 shrink; grow in place, or to other memory
 *	crash image	 grow in place only; the image stays where it is
 *
 * A capture kernel uses the memory that is in the device tree of its image, so it has an
 * extension after the next load.  If the region moves, the new memory is claimed before the
 * old one is freed, so a failure leaves the reservation as it was.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/crash_reserve.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "crash_grow.h"
#include "crash_protect.h"
#include "crash_reserve.h"
#include "debug.h"
#include "hotplug.h"
#include "lock.h"
#include "pages.h"
#include "usable.h"
#include "lib/range_map.h"

static u64 crash_size_bytes;

/* An unused resource has both ends at 0. */
static u64 crash_size_of(const struct resource *res)
{
	return res->end ? resource_size(res) : 0;
}

static void crash_size_clear(struct resource *res)
{
	/* A region that /proc/iomem does not show is in no tree. */
	if (res->parent)
		release_resource(res);
	res->start = 0;
	res->end = 0;
}

static u64 crash_size_count(void)
{
	u64 size = crash_size_of(&crashk_res) + crash_size_of(&crashk_low_res);

	WRITE_ONCE(crash_size_bytes, size);
	return size;
}

/* crashkernel= was parsed earlier; sysfs files appear later. */
static int __init crash_size_init(void)
{
	crash_size_count();
	return 0;
}
early_initcall(crash_size_init);

/**
 * crash_get_memory_size() - get the size of the crash reservation
 *
 * Any user may read it in sysfs, which must not make a load fail, so this does not acquire
 * the kexec lock.
 *
 * Return: bytes; the old size while the reservation changes.
 */
ssize_t __kexec_panic crash_get_memory_size(void)
{
	return READ_ONCE(crash_size_bytes);
}

/* /proc/iomem shows the freed part as the System RAM that @res is a child of. */
static int crash_size_shrink_res(struct resource *res, u64 keep)
{
	const struct kexec_range rest = { res->start + keep, (u64)res->end + 1 };
	int ret = 0;

	if (!res->end || rest.start == rest.end)
		return 0;

	if (keep)
		ret = adjust_resource(res, res->start, keep);
	else
		crash_size_clear(res);
	if (ret)
		return ret;

	kexec_crash_unprotect_range(rest.start, rest.end - rest.start);
	kexec_crash_unclaim(&rest);
	return 0;
}

/* crashk_res must be the non-empty region if only one is left. */
static void crash_size_promote_low(void)
{
	const u64 start = crashk_low_res.start, end = crashk_low_res.end;

	if (crashk_res.end || !crashk_low_res.end)
		return;
	crash_size_clear(&crashk_low_res);
	crashk_res.start = start;
	crashk_res.end = end;
	kexec_crash_unprotect();
	insert_resource(&iomem_resource, &crashk_res);
}

/* Shrink the main region first; devices need the low one. */
static int crash_size_shrink_to(u64 keep)
{
	const u64 low = crash_size_of(&crashk_low_res);
	int ret;

	ret = crash_size_shrink_res(&crashk_res, keep > low ? keep - low : 0);
	if (!ret && keep < low)
		ret = crash_size_shrink_res(&crashk_low_res, keep);
	crash_size_promote_low();
	return ret;
}

/* @part is adjacent. */
static int crash_size_extend_by(const struct range_map *map, const struct kexec_range *part)
{
	const u64 start = min_t(u64, crashk_res.start, part->start);
	const u64 size = crash_size_of(&crashk_res) + part->end - part->start;
	int ret;

	/* The region stays within the reach of 32-bit devices, or out of it. */
	if (part->end <= part->start ||
	    (start < CRASH_ADDR_LOW_MAX && start + size > CRASH_ADDR_LOW_MAX))
		return -EADDRNOTAVAIL;
	ret = kexec_crash_claim(map, part);
	if (ret)
		return ret;
	kexec_debug_panic_grow();
	/* "reserved" resources of boot may be in the way. */
	if (adjust_resource(&crashk_res, start, size)) {
		kexec_crash_unclaim(part);
		return -EADDRNOTAVAIL;
	}
	kexec_debug_panic_grow();
	/* Also the new part, and it is not dumped from now on. */
	if (kexec_crash_image) {
		kexec_crash_protect();
		kexec_pending_set(KEXEC_PENDING_ELFCOREHDR);
	}
	return 0;
}

/* The present part does not change. */
static int crash_size_extend(const struct range_map *map, u64 add)
{
	const u64 start = crashk_res.start, end = (u64)crashk_res.end + 1;
	const struct kexec_range above = { end, end + add }, below = { start - add, start };
	int ret;

	if (!crashk_res.end || kexec_pages_headroom(PFN_UP(add)) < 0)
		return -EADDRNOTAVAIL;
	ret = crash_size_extend_by(map, &above);
	if (ret == -EADDRNOTAVAIL && add < start && IS_ALIGNED(start - add, CRASH_ALIGN))
		ret = crash_size_extend_by(map, &below);
	return ret;
}

static void crash_size_set(struct resource *res, const struct kexec_range *range)
{
	res->start = range->start;
	res->end = range->end - 1;
	if (kexec_crash_insert(res))
		pr_warn("/proc/iomem does not show %pr\n", res);
}

static int crash_size_move(const struct range_map *map, u64 size)
{
	struct crash_grow_regions got;
	int ret;

	ret = kexec_crash_claim_regions(map, size, crash_size_of(&crashk_low_res), &got);
	if (ret)
		return ret;
	crash_size_shrink_res(&crashk_res, 0);
	kexec_debug_panic_grow();
	if (got.low.end || got.main.start < CRASH_ADDR_LOW_MAX)
		crash_size_shrink_res(&crashk_low_res, 0);
	crash_size_set(&crashk_res, &got.main);
	if (got.low.end)
		crash_size_set(&crashk_low_res, &got.low);
	kexec_crash_protect_low();
	return 0;
}

/* A loaded image keeps the region where it is. */
static int crash_size_refuse_move(u64 add)
{
	if (kexec_pages_headroom(PFN_UP(add)) < 0) {
		pr_err("kexec_crash_size: not enough memory for %llu MB more\n", add >> 20);
		return -ENOMEM;
	}
	pr_err("kexec_crash_size: adjacent memory is in use; unload the crash image first\n");
	return -ENOENT;
}

static int crash_size_grow_to(u64 now, u64 size)
{
	struct range_map *map;
	int ret;

	if (!IS_ENABLED(CONFIG_CONTIG_ALLOC))
		return -EOPNOTSUPP;
	if (kexec_crash_rules.forbidden) {
		pr_err("kexec_crash_size: growing is forbidden (crashkernel=0, or a capture kernel)\n");
		return -EPERM;
	}
	if (PFN_DOWN(size - now) >= totalram_pages())
		return -EINVAL;
	map = kexec_usable_map(false, false);
	if (!map)
		return -ENOMEM;

	ret = crash_size_extend(map, size - now);
	if (ret == -EADDRNOTAVAIL)
		ret = kexec_crash_image ? crash_size_refuse_move(size - now) :
					  crash_size_move(map, size);
	kvfree(map);
	return ret;
}

static int crash_size_change(u64 size)
{
	const u64 now = crash_size_count();
	const u64 keep = ALIGN(size, KEXEC_CRASH_MEM_ALIGN);

	if (size > now && size > ALIGN_DOWN(U64_MAX, CRASH_ALIGN))
		return -EINVAL;
	if (size > now)
		return crash_size_grow_to(now, ALIGN(size, CRASH_ALIGN));
	if (kexec_crash_image)
		return -ENOENT;
	return keep < now ? crash_size_shrink_to(keep) : 0;
}

/**
 * crash_shrink_memory() - change the size of the crash reservation
 * @new_size: bytes of both regions, rounded up to whole pages, or to CRASH_ALIGN if it
 *   grows
 *
 * The base calls it by this name, and only to shrink the reservation.
 *
 * Return: 0; -EBUSY if a load is in progress; -ENOENT if a crash image is loaded, unless
 * the reservation can grow in place.  Growing: -EINVAL if memory is smaller; -EPERM if
 * crashkernel= forbids it; -ENOMEM if not enough contiguous memory can be claimed; -EINTR
 * after a fatal signal; -EOPNOTSUPP without CONFIG_CONTIG_ALLOC.
 */
int crash_shrink_memory(unsigned long new_size)
{
	int ret;

	if (!kexec_lock_timeout())
		return -EBUSY;

	ret = crash_size_change(new_size);

	/* A part may have been freed even on failure. */
	crash_size_count();
	kexec_hotplug_unlock();
	return ret;
}

#ifdef CONFIG_HIBERNATION
static bool crash_size_res_has(const struct resource *res, phys_addr_t pa)
{
	return res->end && pa >= res->start && pa <= res->end;
}

static bool crash_size_image_has(const struct kimage *image, phys_addr_t pa)
{
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		if (pa - image->segment[i].mem < image->segment[i].memsz)
			return true;

	return image->vmcoreinfo_data_copy &&
	       vmalloc_to_pfn(image->vmcoreinfo_data_copy) == PHYS_PFN(pa);
}

/**
 * crash_is_nosave() - may hibernation skip a page?
 * @pfn: the page
 *
 * User space is frozen, so no load is in progress.
 *
 * Return: true for a page of the reservation that the loaded image and its vmcoreinfo do
 * not use.
 */
bool crash_is_nosave(unsigned long pfn)
{
	phys_addr_t pa = PFN_PHYS(pfn);

	if (!crash_size_res_has(&crashk_res, pa) && !crash_size_res_has(&crashk_low_res, pa))
		return false;
	return !kexec_crash_image || !crash_size_image_has(kexec_crash_image, pa);
}

/**
 * crash_prepare_suspend() - make the reservation writable for the restore of saved pages
 *
 * Context: hibernation, one CPU, interrupts off.
 */
void crash_prepare_suspend(void)
{
	if (kexec_crash_image)
		kexec_crash_unprotect();
}

/**
 * crash_post_resume() - undo crash_prepare_suspend()
 *
 * Context: resume from hibernation, one CPU, interrupts off.
 */
void crash_post_resume(void)
{
	if (kexec_crash_image)
		kexec_crash_protect();
}
#endif /* CONFIG_HIBERNATION */
