// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Memory that must survive every kexec
 *
 * Some hardware keeps using memory that a driver gave it once: the LPI tables
 * of a GICv3 redistributor may be impossible to take back, because it is
 * IMPLEMENTATION DEFINED whether GICR_CTLR.EnableLPIs can be cleared (GICv3
 * and GICv4 Architecture Specification, IHI 0069, GICR_CTLR).  With UEFI such
 * ranges go into a table of the firmware; with a device tree alone this file
 * remembers them, and fdt.c writes them into the /memreserve/ block of every
 * next tree, fdt_live.c into the one that user space makes its trees from.  A
 * kernel that was started so finds them reserved at boot, keeps them in the tree of
 * its own, and hands them on in turn.
 *
 * Each range is also reserved in memblock, where this kernel looks for room
 * for a kexec image and where drivers look their tables up, and shown as
 * "reserved" in /proc/iomem, where user space looks.
 *
 * Entries are never removed and live as long as this kernel.  reserve_runtime_lock
 * guards the list, is taken last and with interrupts off.  memblock has no lock:
 * reservations are made in early boot or at the first bring-up of a CPU, which
 * the CPU hotplug lock makes one at a time.
 */

#define pr_fmt(fmt) "kexec: " fmt

#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/kexec_reserve.h>
#include <linux/list.h>
#include <linux/memblock.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "fdt_source.h"
#include "reserve_runtime.h"

struct reserve_runtime_entry {
	struct list_head node;
	struct fdt_range range;
};

static LIST_HEAD(reserve_runtime_entries);
static unsigned int reserve_runtime_count;
static unsigned int reserve_runtime_generation;
static DEFINE_RAW_SPINLOCK(reserve_runtime_lock);

static bool reserve_runtime_merge_locked(u64 base, u64 size)
{
	struct reserve_runtime_entry *entry;

	list_for_each_entry(entry, &reserve_runtime_entries, node) {
		struct fdt_range *range = &entry->range;

		if (base == range->start + range->size) {
			range->size += size;
			return true;
		}
		if (base + size == range->start) {
			range->start = base;
			range->size += size;
			return true;
		}
	}
	return false;
}

static void reserve_runtime_remember(struct reserve_runtime_entry *entry)
{
	const struct fdt_range range = entry->range;
	unsigned long flags;
	bool merged;

	raw_spin_lock_irqsave(&reserve_runtime_lock, flags);
	merged = reserve_runtime_merge_locked(entry->range.start,
					      entry->range.size);
	if (!merged) {
		list_add_tail(&entry->node, &reserve_runtime_entries);
		reserve_runtime_count++;
	}
	reserve_runtime_generation++;
	if (IS_ENABLED(CONFIG_KEXEC_FILE))
		kexec_fdt_live_update(&range);
	raw_spin_unlock_irqrestore(&reserve_runtime_lock, flags);

	if (merged)
		kfree(entry);
}

/* Below System RAM, as the reservations of the boot are. */
static int reserve_runtime_show(struct resource *res, u64 base, u64 size)
{
	int ret;

	res->name = "reserved";
	res->flags = IORESOURCE_MEM;
	res->start = base;
	res->end = base + size - 1;

	ret = insert_resource(&iomem_resource, res);
	if (ret)
		kfree(res);
	return ret;
}

/**
 * kexec_reserve_runtime - keep memory out of the hands of all later kernels
 * @base: first byte
 * @size: bytes, not 0
 *
 * For memory that hardware will still use when the next kernel runs.  The
 * range is recorded even if it cannot be shown in /proc/iomem.
 *
 * Context: early boot, or a CPU hotplug callback; may run with interrupts off.
 * Return: 0, -EINVAL for an empty or wrapping range, -ENOMEM when there is no
 * memory for the record, -EBUSY when another resource lies across the range.
 */
int kexec_reserve_runtime(phys_addr_t base, u64 size)
{
	struct reserve_runtime_entry *entry;
	struct resource *res;
	u64 end;
	int ret;

	if (!size || check_add_overflow((u64)base, size, &end)) {
		pr_err("run-time reservation of %#llx bytes at %pa is empty or wraps; mend the driver\n",
		       size, &base);
		return -EINVAL;
	}

	entry = kzalloc(sizeof(*entry), GFP_ATOMIC);
	res = kzalloc(sizeof(*res), GFP_ATOMIC);
	if (!entry || !res) {
		pr_err("no memory to record the reservation of %#llx bytes at %pa; do not kexec\n",
		       size, &base);
		kfree(entry);
		kfree(res);
		return -ENOMEM;
	}

	ret = memblock_reserve(base, size);
	entry->range = (struct fdt_range) { .start = base, .size = size };
	reserve_runtime_remember(entry);
	return reserve_runtime_show(res, base, size) ?: ret;
}

/**
 * kexec_reserve_runtime_nr - how many ranges have to be handed on
 *
 * Context: any.
 * Return: entries that kexec_reserve_runtime_list() would give now.
 */
unsigned int kexec_reserve_runtime_nr(void)
{
	return READ_ONCE(reserve_runtime_count);
}

/**
 * kexec_reserve_runtime_list - copy the ranges that have to be handed on
 * @list: filled in
 * @max: entries there is room for
 *
 * Context: any.
 * Return: entries there are; when more than @max, only @max were copied.
 */
unsigned int kexec_reserve_runtime_list(struct fdt_range *list,
					unsigned int max)
{
	struct reserve_runtime_entry *entry;
	unsigned long flags;
	unsigned int nr = 0;

	raw_spin_lock_irqsave(&reserve_runtime_lock, flags);
	list_for_each_entry(entry, &reserve_runtime_entries, node) {
		if (nr < max)
			list[nr] = entry->range;
		nr++;
	}
	raw_spin_unlock_irqrestore(&reserve_runtime_lock, flags);
	return nr;
}

/**
 * kexec_reserve_runtime_generation - tell whether there are new reservations
 *
 * Context: any.
 * Return: a number that changes with each reservation.
 */
unsigned int kexec_reserve_runtime_generation(void)
{
	return READ_ONCE(reserve_runtime_generation);
}

#ifdef CONFIG_KEXEC_FILE
/**
 * kexec_reserve_runtime_top_up - add what is missing to the tree of a loaded image
 * @fdt: a tree that kexec_arch_fdt_build() has made
 *
 * Context: process context, may sleep.
 * Return: entries that were added, or -ENOSPC or -ENOMEM.
 */
int kexec_reserve_runtime_top_up(void *fdt)
{
	unsigned int nr = kexec_reserve_runtime_nr();
	struct fdt_range *list __free(kvfree) = kvcalloc(nr, sizeof(*list), GFP_KERNEL);

	if (!list)
		return -ENOMEM;
	return kexec_fdt_top_up(fdt, list, min(nr, kexec_reserve_runtime_list(list, nr)));
}
#endif
