// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the size of the crash reservation at run time, and hibernation
 *
 * The reservation only shrinks, under the kexec lock and only while no crash image is
 * loaded.  Readers of its size do not need the lock.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "crash_protect.h"
#include "hotplug.h"
#include "lock.h"
#include "usable.h"

/* Bytes reserved, for readers that do not hold the lock. */
static u64 crash_size_bytes;

/* An unused resource has both ends at 0. */
static u64 crash_size_of(const struct resource *res)
{
	return res->end ? resource_size(res) : 0;
}

static void crash_size_clear(struct resource *res)
{
	release_resource(res);
	res->start = 0;
	res->end = 0;
}

/* The caller holds the kexec lock, or this is boot. */
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
 * Does not acquire the kexec lock: any user may read the size in sysfs, which must not
 * make a load fail.
 *
 * Context: any.
 * Return: the size in bytes; the old one while the reservation shrinks.
 */
ssize_t __kexec_panic crash_get_memory_size(void)
{
	return READ_ONCE(crash_size_bytes);
}

/* Keep the first @keep bytes of @res, free the rest to the page allocator. */
static int crash_size_shrink_res(struct resource *res, u64 keep)
{
	const u64 start = res->start + keep, end = res->end + 1;
	struct resource *ram;
	int ret = 0;

	if (start == end)
		return 0;

	ram = kzalloc(sizeof(*ram), GFP_KERNEL);
	if (!ram)
		return -ENOMEM;
	*ram = DEFINE_RES_NAMED(start, end - start, "System RAM",
				IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);

	if (keep)
		ret = adjust_resource(res, res->start, keep);
	else
		crash_size_clear(res);
	if (ret) {
		kfree(ram);
		return ret;
	}

	kexec_crash_unprotect_range(start, end - start);
	crash_free_reserved_phys_range(start, end);
	kexec_usable_unreserve(start, end);
	/* For /proc/iomem only; the memory is already free. */
	if (insert_resource(&iomem_resource, ram))
		kfree(ram);
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

/**
 * crash_shrink_memory() - free part of the crash reservation
 * @new_size: bytes to keep, rounded up to whole pages
 *
 * Context: process context, may sleep.
 * Return: 0; -EBUSY if a load is in progress; -ENOENT if a crash image is loaded;
 * -EINVAL if more than the present size is requested; -ENOMEM.
 */
int crash_shrink_memory(unsigned long new_size)
{
	int ret = 0;
	u64 now;

	if (!kexec_lock_timeout())
		return -EBUSY;

	now = crash_size_count();
	if (kexec_crash_image)
		ret = -ENOENT;
	else if (new_size > now)
		ret = -EINVAL;
	else if (ALIGN(new_size, KEXEC_CRASH_MEM_ALIGN) < now)
		ret = crash_size_shrink_to(ALIGN(new_size, KEXEC_CRASH_MEM_ALIGN));

	/* A part may have been freed even on failure. */
	crash_size_count();
	kexec_unlock();
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
 * The loaded crash image is part of the hibernation image, including its page for
 * vmcoreinfo.  The other pages of the reservation have no content.
 *
 * Context: any; no load is in progress, because user space is frozen.
 * Return: true for an unused page of the crash reservation.
 */
bool crash_is_nosave(unsigned long pfn)
{
	phys_addr_t pa = PFN_PHYS(pfn);

	if (!crash_size_res_has(&crashk_res, pa) && !crash_size_res_has(&crashk_low_res, pa))
		return false;
	return !kexec_crash_image || !crash_size_image_has(kexec_crash_image, pa);
}

/**
 * crash_prepare_suspend() - make the reservation writable for hibernation
 *
 * Resume restores the saved pages.
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

/**
 * crash_free_reserved_phys_range() - free reserved pages to the page allocator
 * @begin: physical address of the first byte, page aligned
 * @end: physical address after the last byte
 *
 * Context: process context, may sleep.
 */
void crash_free_reserved_phys_range(unsigned long begin, unsigned long end)
{
	unsigned long pfn;

	for (pfn = PFN_UP(begin); pfn < PFN_DOWN(end); pfn++) {
		free_reserved_page(pfn_to_page(pfn));
		cond_resched();
	}
}
#endif /* CONFIG_HIBERNATION */
