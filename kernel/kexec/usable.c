// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory that images may use
 *
 * The next kernel reads its memory map from the same tables as this one, so only boot
 * memory is usable.  The list is copied once, before ACPI or a driver adds memory.
 * Firmware may flag boot memory as hot-pluggable, but arm64 does not offline it.
 *
 * Reservations are read from memblock.reserved at each load, because some are made at run
 * time.  User space may also use this kernel's image and the crash reservation, but not
 * carve-outs, whose content belongs to their owner.  See "Usable memory" in design.rst.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cleanup.h>
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <asm/sections.h>

#include "lock.h"
#include "usable.h"
#include "lib/range_map.h"

/* Two ranges, which the segments and vmcoreinfo pages of two images split. */
#define USABLE_SLACK	(2 * (KEXEC_SEGMENT_MAX + 1) + 2)

#define USABLE_STEP_PAGES	1024

static struct range_map *ram_boot __ro_after_init;

/*
 * The innermost lock.  The crash reservation changes memblock.reserved with the hotplug
 * locks held for reading, like the readers that do not hold the kexec lock.
 */
static DEFINE_MUTEX(usable_reserved_lock);

static struct range_map *usable_map_alloc(unsigned int max)
{
	struct range_map *map = kvzalloc(struct_size(map, r, max), GFP_KERNEL);

	if (map)
		map->max = max;
	return map;
}

static int __init usable_snapshot(void)
{
	struct memblock_region *r;

	ram_boot = usable_map_alloc(memblock.memory.cnt);
	if (!ram_boot) {
		pr_err("no memory for the list of boot memory; nothing can be loaded\n");
		return -ENOMEM;
	}
	for_each_mem_region(r)
		if (!memblock_is_nomap(r))
			range_map_add(ram_boot, r->base, r->base + r->size);
	return 0;
}
core_initcall(usable_snapshot);

static struct resource * __init usable_kernel_resource(void)
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
 * kexec-tools uses the lowest range that /proc/iomem does not list as reserved.  "Kernel
 * code" and "Kernel data" are not, although a destination there always has to be copied.
 */
static int __init usable_mark_kernel_reserved(void)
{
	static struct resource reserved[2];
	const phys_addr_t start[] = { __pa_symbol(_text), __pa_symbol(_sdata) };
	struct resource *ram = usable_kernel_resource(), *part;
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
subsys_initcall(usable_mark_kernel_reserved);

static struct range_map *usable_unreserved(void)
{
	phys_addr_t start, end;
	struct range_map *map;
	unsigned int i;
	u64 n;

	if (!ram_boot)
		return NULL;
	/* CPU bring-up reserves LPI tables, memory hotplug the memory map. */
	cpus_read_lock();
	get_online_mems();
	map = usable_map_alloc(ram_boot->nr + memblock.reserved.cnt + USABLE_SLACK);
	if (!map)
		goto out_unlock;
	for (i = 0; i < ram_boot->nr; i++)
		range_map_add(map, ram_boot->r[i].start, ram_boot->r[i].end);
	for_each_reserved_mem_range(n, &start, &end)
		range_map_remove(map, start, end);
out_unlock:
	put_online_mems();
	cpus_read_unlock();
	return map;
}

static void usable_add_own(struct range_map *map)
{
	range_map_add(map, __pa_symbol(_text), __pa_symbol(_end));
#ifdef CONFIG_CRASH_DUMP
	if (crashk_res.end)
		range_map_add(map, crashk_res.start, (u64)crashk_res.end + 1);
	if (crashk_low_res.end)
		range_map_add(map, crashk_low_res.start, (u64)crashk_low_res.end + 1);
#endif
}

static struct range_map *usable_reservation(void)
{
	struct range_map *map = usable_map_alloc(USABLE_SLACK);

#ifdef CONFIG_CRASH_DUMP
	if (map && crashk_res.end)
		range_map_add(map, crashk_res.start, (u64)crashk_res.end + 1);
#endif
	return map;
}

/**
 * kexec_usable_map() - list the memory that segments may be placed in
 * @crash: list the crash reservation, which may be empty
 * @by_user: user space places the segments
 *
 * The list has capacity for splits by all segments of an image.
 *
 * Return: the list, to be freed with kvfree(), or NULL after one message.
 */
struct range_map *kexec_usable_map(bool crash, bool by_user)
{
	struct range_map *map = crash ? usable_reservation() : usable_unreserved();

	if (!map)
		pr_err("no memory for a list of free memory ranges\n");
	else if (by_user && !crash)
		usable_add_own(map);
	return map;
}

/**
 * kexec_usable_report() - print why a destination cannot be used
 * @seg: index of the segment
 * @start: physical address
 * @end: physical address, exclusive
 */
void kexec_usable_report(unsigned int seg, u64 start, u64 end)
{
	struct memblock_region *r;
	struct kexec_range where;
	bool reserved;

	cpus_read_lock();
	get_online_mems();
	reserved = kexec_usable_find_reserved(start, end, &where);
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
 * kexec_usable_check_errors() - check a destination for memory errors
 * @seg: index of the segment, for the message
 * @start: physical address
 * @end: physical address, exclusive
 *
 * Return: 0, or -EADDRNOTAVAIL after one message.
 */
int kexec_usable_check_errors(unsigned int seg, u64 start, u64 end)
{
	u64 where;

	if (!kexec_usable_has_error(start, end, &where))
		return 0;
	pr_err("segment %u: the page at %#llx has a memory error (HardwareCorrupted)\n", seg,
	       where);
	return -EADDRNOTAVAIL;
}

/**
 * kexec_usable_has_error() - find a page with a memory error
 * @start: physical address, page aligned
 * @end: physical address, page aligned, exclusive
 * @where: receives the address of the first such page; undefined if there is none
 *
 * Return: true if there is one.
 */
bool kexec_usable_has_error(u64 start, u64 end, u64 *where)
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
		if (!(pfn % USABLE_STEP_PAGES))
			cond_resched();
	}
#endif
	return false;
}

/**
 * kexec_usable_reserve() - do not use memory for images any more
 * @start: physical address, page aligned
 * @end: physical address, page aligned, exclusive
 *
 * Return: 0 or -ENOMEM.
 */
int kexec_usable_reserve(u64 start, u64 end)
{
	int ret;

	kexec_lock_assert_held();
	cpus_read_lock();
	get_online_mems();
	scoped_guard(mutex, &usable_reserved_lock)
		ret = memblock_reserve(start, end - start);
	put_online_mems();
	cpus_read_unlock();
	return ret;
}

/**
 * kexec_usable_unreserve() - make memory usable that was reserved
 * @start: physical address, page aligned
 * @end: physical address, page aligned, exclusive
 */
void kexec_usable_unreserve(u64 start, u64 end)
{
	int ret;

	kexec_lock_assert_held();
	/*
	 * Other writers hold one of these for writing; readers hold usable_reserved_lock or
	 * the kexec lock.
	 */
	cpus_read_lock();
	get_online_mems();
	scoped_guard(mutex, &usable_reserved_lock)
		ret = memblock_phys_free(start, end - start);
	if (ret)
		pr_warn("[%#llx, %#llx) stays reserved for images: no memory\n", start, end);
	put_online_mems();
	cpus_read_unlock();
}

/**
 * kexec_usable_contains() - is a range boot memory?
 * @start: physical address
 * @end: physical address, exclusive
 *
 * Return: true if all of it is.
 */
bool kexec_usable_contains(u64 start, u64 end)
{
	return ram_boot && range_map_contains(ram_boot, start, end);
}

/**
 * kexec_usable_block_below() - find the highest block of boot memory below an address
 * @below: the address; receives that of the block
 * @size: size and alignment of the block in bytes, a power of two
 *
 * Return: false if there is none.
 */
bool kexec_usable_block_below(u64 *below, u64 size)
{
	const struct range_request req = {
		.size = size,
		.align = size,
		.max = *below,
		.top_down = true,
	};

	return ram_boot && !range_map_find_hole(ram_boot, &req, below);
}

/* The end of this kernel's own reservation around @pa, or @pa. */
static u64 usable_skip_own(u64 pa)
{
	const struct kexec_range own[] = {
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
 * kexec_usable_find_reserved() - find a part of a destination that was reserved since
 * @start: physical address
 * @end: physical address, exclusive
 * @where: receives the reserved part
 *
 * Context: the caller holds the CPU and memory hotplug locks.
 * Return: true if there is one.
 */
bool kexec_usable_find_reserved(u64 start, u64 end, struct kexec_range *where)
{
	phys_addr_t res_start, res_end;
	u64 n, skip;

	guard(mutex)(&usable_reserved_lock);
	for_each_reserved_mem_range(n, &res_start, &res_end) {
		where->start = max(start, res_start);
		where->end = min(end, res_end);
		while (where->start < where->end) {
			skip = usable_skip_own(where->start);
			if (skip == where->start)
				return true;
			where->start = skip;
		}
	}
	return false;
}
