// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory that a next kernel may be put into
 *
 * The next kernel learns of memory from the same device tree or firmware tables
 * as this one did.  So only memory that was there at boot counts: what was
 * hot-added since is unknown to it until much later.  The list of boot memory is
 * taken once, before ACPI or a driver can add any, and leaves out ranges that are
 * not mapped (nomap).  Firmware may call boot memory hot-pluggable, but arm64 never
 * lets it go offline.
 *
 * Reservations on the other hand are looked up anew for each load, because
 * firmware tables, GICv3 LPI tables and others are reserved while the system
 * runs.  All of them end up in memblock.reserved, which arm64 keeps for ever.
 *
 * Two questions are answered:
 *
 * - Where may *we* put a segment?  In boot memory that nobody reserved.
 * - May *user space* put one there (kexec_load)?  The same, and over this
 *   kernel's own text and data and the crash reservation as well, which nobody needs
 *   after the switch.  Carve-outs (/reserved-memory, no-map or not) are refused: the
 *   next kernel reserves them again, and their content belongs to their owner.
 *
 * Pages with memory errors are excluded in both cases.
 *
 * What holds an image until the switch comes from boot memory, too: that cannot
 * go offline under it.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/slab.h>

#include <asm/sections.h>

#include "internal.h"

/* Room for splits by segments, by this kernel's image and by crash reservations. */
#define RAM_SLACK	(2 * KEXEC_SEGMENT_MAX + 4)

/* Pages looked at between two chances for other tasks to run. */
#define RAM_STEP_PAGES	1024

static struct place_map *ram_boot __ro_after_init;

static struct place_map *ram_map_alloc(unsigned int max)
{
	struct place_map *map = kvzalloc(struct_size(map, r, max), GFP_KERNEL);

	if (map)
		map->max = max;
	return map;
}

static int __init ram_snapshot(void)
{
	struct memblock_region *r;

	ram_boot = ram_map_alloc(memblock.memory.cnt);
	if (!ram_boot) {
		pr_err("no memory for the list of boot memory; nothing can be loaded\n");
		return -ENOMEM;
	}
	for_each_mem_region(r)
		if (!memblock_is_nomap(r))
			kexec_place_insert(ram_boot, r->base, r->base + r->size);
	return 0;
}
core_initcall(ram_snapshot);

/* The boot memory that this kernel's image is in, as /proc/iomem has it, or NULL. */
static struct resource * __init ram_of_kernel(void)
{
	phys_addr_t text = __pa_symbol(_text);
	struct memblock_region *r;

	for_each_mem_region(r)
		if (text >= r->base && text - r->base < r->size)
			return lookup_resource(&iomem_resource,
					       PFN_PHYS(memblock_region_memory_base_pfn(r)));
	return NULL;
}

/*
 * kexec-tools puts an image at the lowest place that /proc/iomem does not call
 * reserved.  This kernel's own image is not, although nobody else can have that memory
 * and whatever is to be there has to be copied.  So say it, below the names it has.
 */
static int __init ram_show_reserved(void)
{
	static struct resource reserved[2];
	const phys_addr_t start[] = { __pa_symbol(_text), __pa_symbol(_sdata) };
	struct resource *ram = ram_of_kernel(), *part;
	unsigned int i;

	for (i = 0; ram && i < ARRAY_SIZE(start); i++) {
		part = lookup_resource(ram, start[i]);
		if (!part)
			continue;
		reserved[i] = DEFINE_RES_NAMED(part->start, resource_size(part), "reserved",
					       IORESOURCE_MEM | IORESOURCE_BUSY);
		request_resource(part, &reserved[i]);
	}
	return 0;
}
subsys_initcall(ram_show_reserved);

/* Boot memory less what is reserved now. */
static struct place_map *ram_unreserved(void)
{
	phys_addr_t start, end;
	struct place_map *map;
	unsigned int i;
	u64 n;

	if (!ram_boot)
		return NULL;
	/* CPUs that come up reserve their LPI tables, added memory its map. */
	cpus_read_lock();
	get_online_mems();
	map = ram_map_alloc(ram_boot->nr + memblock.reserved.cnt + RAM_SLACK);
	if (!map)
		goto out_unlock;
	for (i = 0; i < ram_boot->nr; i++)
		kexec_place_insert(map, ram_boot->r[i].start, ram_boot->r[i].end);
	for_each_reserved_mem_range(n, &start, &end)
		kexec_place_remove(map, start, end);
out_unlock:
	put_online_mems();
	cpus_read_unlock();
	return map;
}

static struct place_map *ram_reservation(void)
{
	struct place_map *map = ram_map_alloc(RAM_SLACK);

#ifdef CONFIG_CRASH_DUMP
	if (map && crashk_res.end)
		kexec_place_insert(map, crashk_res.start, (u64)crashk_res.end + 1);
#endif
	return map;
}

/**
 * kexec_ram_free_map() - list the memory that segments may be placed in
 * @crash: for a crash image: the crash reservation and nothing else, which is
 *         no memory at all when there is none
 * @mapp: receives the list, with room for splits by all segments of an image;
 *        freed by the caller with kvfree()
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM after one message.
 */
int kexec_ram_free_map(bool crash, struct place_map **mapp)
{
	struct place_map *map = crash ? ram_reservation() : ram_unreserved();

	if (!map) {
		pr_err("no memory for a list of free memory ranges; free some and load again\n");
		return -ENOMEM;
	}
	*mapp = map;
	return 0;
}

/* Say which part of a destination cannot be used. */
static void ram_report_dst(unsigned int seg, u64 start, u64 end)
{
	struct memblock_region *r;
	struct place_range where;
	bool reserved;

	cpus_read_lock();
	get_online_mems();
	reserved = kexec_ram_now_reserved(start, end, &where);
	if (reserved)
		pr_err("segment %u: [%#llx, %#llx) is reserved memory (/proc/iomem)\n", seg,
		       where.start, where.end);
	for_each_mem_region(r) {
		if (reserved || !memblock_is_nomap(r) || start >= r->base + r->size ||
		    r->base >= end)
			continue;
		where.start = max_t(u64, start, r->base);
		where.end = min_t(u64, end, r->base + r->size);
		reserved = true;
		pr_err("segment %u: [%#llx, %#llx) is a no-map carve-out (/reserved-memory)\n",
		       seg, where.start, where.end);
	}
	put_online_mems();
	cpus_read_unlock();
	if (!reserved)
		pr_err("segment %u: [%#llx, %#llx) was no System RAM at boot (/proc/iomem)\n",
		       seg, start, end);
}

/**
 * kexec_ram_check_errors() - is a destination free of memory errors?
 * @seg: index of the segment, for the message
 * @start: first byte, physical
 * @end: first byte after it
 *
 * Context: process context, may sleep.
 * Return: 0, or -EADDRNOTAVAIL after one message.
 */
int kexec_ram_check_errors(unsigned int seg, u64 start, u64 end)
{
	u64 where;

	if (!kexec_ram_has_error(start, end, &where))
		return 0;
	pr_err("segment %u: the page at %#llx has a memory error (HardwareCorrupted)\n", seg,
	       where);
	return -EADDRNOTAVAIL;
}

/**
 * kexec_ram_check_dst() - may user space have a segment at this place?
 * @seg: index of the segment, for the message
 * @start: first byte, physical
 * @size: bytes, not 0; @start + @size does not wrap
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM or -EADDRNOTAVAIL after one message.
 */
int kexec_ram_check_dst(unsigned int seg, phys_addr_t start, u64 size)
{
	struct place_map *map = ram_unreserved();
	u64 end = start + size;
	int ret = -EADDRNOTAVAIL;

	if (!map) {
		pr_err("no memory for a list of free memory ranges; free some and load again\n");
		return -ENOMEM;
	}
	kexec_place_insert(map, __pa_symbol(_text), __pa_symbol(_end));
#ifdef CONFIG_CRASH_DUMP
	if (crashk_res.end)
		kexec_place_insert(map, crashk_res.start, (u64)crashk_res.end + 1);
	if (crashk_low_res.end)
		kexec_place_insert(map, crashk_low_res.start, (u64)crashk_low_res.end + 1);
#endif

	if (!kexec_place_contains(map, start, end))
		ram_report_dst(seg, start, end);
	else
		ret = kexec_ram_check_errors(seg, start, end);
	kvfree(map);
	return ret;
}

/**
 * kexec_ram_has_error() - does a range have a page with a memory error?
 * @start: first byte, physical, page aligned
 * @end: first byte after it, page aligned
 * @where: receives the address of the first such page
 *
 * Context: process context, may sleep.
 * Return: true when there is one.
 */
bool kexec_ram_has_error(u64 start, u64 end, u64 *where)
{
#ifdef CONFIG_MEMORY_FAILURE
	unsigned long pfn;
	struct page *page;

	if (!atomic_long_read(&num_poisoned_pages))
		return false;
	for (pfn = PHYS_PFN(start); pfn < PHYS_PFN(end); pfn++) {
		page = pfn_to_online_page(pfn);
		*where = PFN_PHYS(pfn);
		if (page && PageHWPoison(page))
			return true;
		if (!(pfn % RAM_STEP_PAGES))
			cond_resched();
	}
#endif
	return false;
}

/**
 * kexec_ram_unreserve() - let images be put into memory that was reserved at boot
 * @start: first byte, physical, page aligned
 * @end: first byte after it, page aligned
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_ram_unreserve(u64 start, u64 end)
{
	/* Other writers hold one of these for writing, other readers the kexec lock. */
	cpus_read_lock();
	get_online_mems();
	if (memblock_phys_free(start, end - start))
		pr_warn("[%#llx, %#llx) stays reserved for images: no memory\n", start, end);
	put_online_mems();
	cpus_read_unlock();
}

/**
 * kexec_ram_is_fit() - may all of a range belong to an image?
 * @start: first byte, physical
 * @end: first byte behind
 *
 * Context: any.
 * Return: true when the whole range is memory that images are put into.
 */
bool kexec_ram_is_fit(u64 start, u64 end)
{
	return ram_boot && kexec_place_contains(ram_boot, start, end);
}

/**
 * kexec_ram_block_below() - the highest block of boot memory below an address
 * @below: the address; receives that of the block
 * @size: bytes, a power of two, that the block takes and is aligned to
 *
 * Context: process context, may sleep.
 * Return: false when there is none.
 */
bool kexec_ram_block_below(u64 *below, u64 size)
{
	const struct place_request req = {
		.size = size,
		.align = size,
		.max = *below,
		.top_down = true,
	};

	return ram_boot && !kexec_place_find(ram_boot, &req, below);
}

/* The end of what this kernel itself reserved around @pa for its lifetime, or @pa. */
static u64 ram_skip_own(u64 pa)
{
	const struct place_range own[] = {
		{ __pa_symbol(_text), __pa_symbol(_end) },
#ifdef CONFIG_CRASH_DUMP
		{ crashk_res.start, crashk_res.end ? (u64)crashk_res.end + 1 : 0 },
		{ crashk_low_res.start, crashk_low_res.end ? (u64)crashk_low_res.end + 1 : 0 },
#endif
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (pa >= own[i].start && pa < own[i].end)
			return own[i].end;
	return pa;
}

/**
 * kexec_ram_now_reserved() - was a part of a destination reserved since?
 * @start: first byte, physical, of what was free, this kernel's own image or the
 *         crash reservation
 * @end: first byte behind
 * @where: receives the part that is reserved
 *
 * Context: process context; the caller keeps CPUs and memory from coming and
 * going, and with them memblock.
 * Return: true when there is one.
 */
bool kexec_ram_now_reserved(u64 start, u64 end, struct place_range *where)
{
	phys_addr_t res_start, res_end;
	u64 n, skip;

	for_each_reserved_mem_range(n, &res_start, &res_end) {
		where->start = max(start, res_start);
		where->end = min(end, res_end);
		while (where->start < where->end) {
			skip = ram_skip_own(where->start);
			if (skip == where->start)
				return true;
			where->start = skip;
		}
	}
	return false;
}
