// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: CMA areas that the capture kernel uses
 *
 * crashkernel=SIZE,cma reserves up to KEXEC_CRASH_CMA_MAX areas at boot, each as large as
 * fits.  This kernel uses them for movable pages, mostly those of processes.  A crash image
 * of kexec_file_load() has the areas in its device tree and not in its ELF core header, so
 * its kernel uses them as memory and their content is not in the dump.
 *
 * An area must be in one zone, or CMA does not activate it.  That is checked after CMA has
 * done so: in an area that was freed to the page allocator there may be kernel data.
 *
 * The areas are chosen at boot, by one CPU, and do not change after the initcalls.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/cma.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "crash_cma.h"
#include "debug.h"
#include "sysfs.h"

static struct cma *crash_cma_area[KEXEC_CRASH_CMA_MAX] __ro_after_init;
static unsigned int crash_cma_nr __ro_after_init;

static struct kexec_range crash_cma_range(unsigned int i)
{
	const u64 start = cma_get_base(crash_cma_area[i]);

	return (struct kexec_range) { start, start + cma_get_size(crash_cma_area[i]) };
}

/* Empty, with an end at or below the start, if the range is outside of the zone. */
static struct kexec_range __init crash_cma_clip(const struct zone *zone, u64 start, u64 end)
{
	return (struct kexec_range) {
		.start = max_t(u64, start, PFN_PHYS(zone->zone_start_pfn)),
		.end = min_t(u64, end, PFN_PHYS(zone_end_pfn(zone))),
	};
}

/* The largest free range of a zone, in whole units of CMA. */
static struct kexec_range __init crash_cma_largest(int nid, const struct zone *zone)
{
	struct kexec_range largest = { }, part;
	phys_addr_t start, end;
	u64 i;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL) {
		part = crash_cma_clip(zone, start, end);
		part.start = ALIGN(part.start, CMA_MIN_ALIGNMENT_BYTES);
		part.end = ALIGN_DOWN(part.end, CMA_MIN_ALIGNMENT_BYTES);
		if (part.start < part.end && part.end - part.start > largest.end - largest.start)
			largest = part;
	}
	return largest;
}

/* Data that cannot be moved is on each node and in each zone: half of it remains. */
static u64 __init crash_cma_zone_limit(int nid, const struct zone *zone)
{
	struct kexec_range part;
	phys_addr_t start, end;
	u64 i, total = 0;

	for_each_free_mem_range(i, nid, MEMBLOCK_NONE, &start, &end, NULL) {
		part = crash_cma_clip(zone, start, end);
		if (part.start < part.end)
			total += part.end - part.start;
	}
	return ALIGN_DOWN(total / 2, CMA_MIN_ALIGNMENT_BYTES);
}

/* Returns the bytes that were reserved. */
static u64 __init crash_cma_reserve_in(int nid, const struct zone *zone, u64 size)
{
	struct kexec_range free = crash_cma_largest(nid, zone);
	const u64 part = min(size, free.end - free.start);
	char name[CMA_MAX_NAME];

	if (!part)
		return 0;
	/* The areas are objects of one folder in sysfs. */
	snprintf(name, sizeof(name), "crashkernel%u", crash_cma_nr);
	if (cma_declare_contiguous_nid(free.start, part, 0, 0, 0, true, name,
				       &crash_cma_area[crash_cma_nr], nid))
		return 0;
	crash_cma_nr++;
	return part;
}

static u64 __init crash_cma_reserve_zone(int nid, const struct zone *zone, u64 size)
{
	u64 left = min(size, crash_cma_zone_limit(nid, zone)), reserved = 0, got;

	while (left && crash_cma_nr < KEXEC_CRASH_CMA_MAX) {
		got = crash_cma_reserve_in(nid, zone, left);
		if (!got)
			break;
		left -= got;
		reserved += got;
	}
	return reserved;
}

/**
 * kexec_crash_cma_reserve() - reserve CMA areas for the capture kernel
 * @size: bytes, rounded up to whole pageblocks; 0 for none
 *
 * At most half of the free memory of a zone of a node is reserved.  High zones are first,
 * because devices need memory of the low ones.
 *
 * Context: early boot; memblock is complete and the zones have their bounds.
 */
void __init kexec_crash_cma_reserve(u64 size)
{
	const u64 wanted = ALIGN(size, CMA_MIN_ALIGNMENT_BYTES);
	u64 got = 0;
	int type, nid;

	if (!size)
		return;
	for (type = ZONE_MOVABLE - 1; type >= 0; type--)
		for_each_online_node(nid)
			got += crash_cma_reserve_zone(nid, &NODE_DATA(nid)->node_zones[type],
						      wanted - got);
	if (got < size)
		pr_warn("crashkernel=: CMA reduced to %llu MB (%llu MB requested)\n", got >> 20,
			size >> 20);
	if (got)
		pr_info("crashkernel CMA reserved: %llu MB (areas: %u)\n", got >> 20, crash_cma_nr);
}

/**
 * kexec_crash_cma_nr() - get the number of CMA areas for the capture kernel
 *
 * Return: the number, 0 without crashkernel=SIZE,cma.
 */
unsigned int kexec_crash_cma_nr(void)
{
	return crash_cma_nr;
}

/**
 * kexec_crash_cma() - list the CMA areas for the capture kernel
 * @ranges: filled; has KEXEC_CRASH_CMA_MAX entries
 *
 * Return: entries that were filled.
 */
unsigned int kexec_crash_cma(struct kexec_range *ranges)
{
	unsigned int i;

	for (i = 0; i < crash_cma_nr; i++)
		ranges[i] = crash_cma_range(i);
	return crash_cma_nr;
}

/**
 * kexec_crash_cma_wait() - wait until devices have finished DMA to pages of the areas
 *
 * A page that is pinned for long is not in a CMA area, see FOLL_LONGTERM.  Other pins end
 * with one transfer, whose end no CPU can see after the panic.
 *
 * Context: panic path, for an image that uses an area; the other CPUs are stopped.
 */
void __kexec_panic kexec_crash_cma_wait(void)
{
	pr_emerg("waiting %u ms for DMA to memory of the capture kernel\n",
		 kexec_debug.cma_wait_ms);
	mdelay(kexec_debug.cma_wait_ms);
}

/* As in mainline, both addresses are part of the range. */
static ssize_t crash_cma_ranges_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	ssize_t len = 0;
	unsigned int i;

	for (i = 0; i < crash_cma_nr; i++) {
		const struct kexec_range range = crash_cma_range(i);

		len += sysfs_emit_at(buf, len, "%08llx-%08llx\n", range.start, range.end - 1);
	}
	return len;
}

static struct kobj_attribute crash_cma_attr = __ATTR_RO(crash_cma_ranges);

static struct attribute *crash_cma_attrs[] = { &crash_cma_attr.attr, NULL };

static const struct attribute_group crash_cma_files = { .attrs = crash_cma_attrs };

static void __init crash_cma_drop_inactive(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < crash_cma_nr; i++)
		if (cma_get_size(crash_cma_area[i]))
			crash_cma_area[nr++] = crash_cma_area[i];
	if (nr < crash_cma_nr)
		pr_warn("crashkernel=: %u CMA areas are not used, see above\n", crash_cma_nr - nr);
	crash_cma_nr = nr;
}

/* After the core_initcall of CMA. */
static int __init crash_cma_init(void)
{
	int ret;

	crash_cma_drop_inactive();
	ret = kexec_sysfs_add(&crash_cma_files);
	return ret ?: kexec_sysfs_add_old("crash_cma_ranges", "kexec_crash_cma_ranges");
}
subsys_initcall(crash_cma_init);
