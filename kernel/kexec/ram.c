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
 *   kernel's own text and data as well, which nobody needs after the switch.
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

/* Room for splits by segments and by this kernel's image. */
#define RAM_SLACK	(2 * KEXEC_SEGMENT_MAX + 2)

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

	if (!kexec_ram_is_fit(start, end))
		pr_err("segment %u [%pap, %#llx) is not in memory that was present at boot; see System RAM in /proc/iomem\n",
		       seg, &start, end);
	else if (!kexec_place_contains(map, start, end))
		pr_err("segment %u [%pap, %#llx) meets reserved memory; see reserved in /proc/iomem\n",
		       seg, &start, end);
	else
		ret = 0;
	kvfree(map);
	return ret;
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

/**
 * kexec_ram_now_reserved() - was a part of a destination reserved since?
 * @start: first byte, physical, of what was free or this kernel's own image
 * @end: first byte behind
 * @where: receives the part that is reserved
 *
 * Context: process context; the caller keeps CPUs and memory from coming and
 * going, and with them memblock.
 * Return: true when there is one.
 */
bool kexec_ram_now_reserved(u64 start, u64 end, struct place_range *where)
{
	const u64 text = __pa_symbol(_text), text_end = __pa_symbol(_end);
	phys_addr_t res_start, res_end;
	u64 n;

	for_each_reserved_mem_range(n, &res_start, &res_end) {
		where->start = max(start, res_start);
		where->end = min(end, res_end);
		if (where->start >= where->end)
			continue;
		if (where->start < text || where->end > text_end)
			return true;
	}
	return false;
}
