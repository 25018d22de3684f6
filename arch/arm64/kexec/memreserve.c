// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory that every later kernel must reserve
 *
 * Whether GICR_CTLR.EnableLPIs can be cleared is IMPLEMENTATION DEFINED (IHI 0069,
 * GICR_CTLR), so LPI tables stay in use for ever.  With UEFI the firmware has a table of
 * such ranges.  Otherwise they are in the /memreserve/ block of the tree of each next
 * kernel.
 *
 * For kexec_load(), user space starts from /sys/firmware/fdt.  If there are such ranges,
 * that tree is replaced by a copy that has them, with free entries for CPUs that are
 * brought up later, and without the IMA list of this kernel, whose memory is reused.
 *
 * Entries are never removed.  memreserve_lock is the innermost lock, acquired with
 * interrupts off.  memblock has no lock: reservations are made in early boot or at the first
 * bring-up of a CPU, which the CPU hotplug lock serializes.
 */

#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec_arch.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/memblock.h>
#include <linux/of_fdt.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "lib/fdt.h"
#include "memreserve.h"

struct memreserve_entry {
	struct list_head node;
	struct fdt_range range;
};

static LIST_HEAD(memreserve_entries);
static unsigned int memreserve_count;
static unsigned int memreserve_generation;
static DEFINE_RAW_SPINLOCK(memreserve_lock);

#ifdef CONFIG_KEXEC_FILE
/* The tree for user space, and the one that this kernel booted with; NULL if the same. */
static void *memreserve_fdt;
static const void *memreserve_fdt_boot;

static void memreserve_fdt_update(const struct fdt_range *range)
{
	if (memreserve_fdt && kexec_fdt_add_memrsv(memreserve_fdt, range, 1) < 0)
		pr_err("dtb: /sys/firmware/fdt: no free reservation entry; use kexec_file_load\n");
}
#else
static void memreserve_fdt_update(const struct fdt_range *range) { }
#endif

static bool memreserve_merge_locked(u64 base, u64 size)
{
	struct memreserve_entry *entry;

	list_for_each_entry(entry, &memreserve_entries, node) {
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

static void memreserve_remember(struct memreserve_entry *entry)
{
	const struct fdt_range range = entry->range;
	unsigned long flags;
	bool merged;

	raw_spin_lock_irqsave(&memreserve_lock, flags);
	merged = memreserve_merge_locked(entry->range.start,
					 entry->range.size);
	if (!merged) {
		list_add_tail(&entry->node, &memreserve_entries);
		memreserve_count++;
	}
	memreserve_generation++;
	memreserve_fdt_update(&range);
	raw_spin_unlock_irqrestore(&memreserve_lock, flags);

	if (merged)
		kfree(entry);
}

/* A child of System RAM, like the reservations made at boot. */
static int memreserve_show(struct resource *res, u64 base, u64 size)
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
 * kexec_memreserve_add() - reserve memory in this and in every later kernel
 * @base: physical address
 * @size: bytes, not 0
 *
 * The range is recorded even if it cannot be added to /proc/iomem.
 *
 * Context: early boot, or a CPU hotplug callback; may run with interrupts off.
 * Return: 0, -EINVAL for an empty or wrapping range, -ENOMEM, or -EBUSY if another resource
 * overlaps the range partly.
 */
int kexec_memreserve_add(phys_addr_t base, u64 size)
{
	struct memreserve_entry *entry;
	struct resource *res;
	u64 end;
	int ret;

	if (!size || check_add_overflow((u64)base, size, &end)) {
		pr_err("memreserve: %#llx bytes at %pa: empty or wraps\n",
		       size, &base);
		return -EINVAL;
	}

	entry = kzalloc(sizeof(*entry), GFP_ATOMIC);
	res = kzalloc(sizeof(*res), GFP_ATOMIC);
	if (!entry || !res) {
		pr_err("memreserve: no memory to record %#llx bytes at %pa; do not kexec\n",
		       size, &base);
		kfree(entry);
		kfree(res);
		return -ENOMEM;
	}

	ret = memblock_reserve(base, size);
	entry->range = (struct fdt_range) { .start = base, .size = size };
	memreserve_remember(entry);
	return memreserve_show(res, base, size) ?: ret;
}

/**
 * kexec_memreserve_nr() - get the number of ranges
 *
 * Return: ranges.
 */
unsigned int kexec_memreserve_nr(void)
{
	return READ_ONCE(memreserve_count);
}

/**
 * kexec_memreserve_list() - copy the ranges
 * @list: receives them
 * @max: capacity of @list, in entries
 *
 * Return: number of ranges; at most @max of them were copied.
 */
unsigned int kexec_memreserve_list(struct fdt_range *list,
				   unsigned int max)
{
	struct memreserve_entry *entry;
	unsigned long flags;
	unsigned int nr = 0;

	raw_spin_lock_irqsave(&memreserve_lock, flags);
	list_for_each_entry(entry, &memreserve_entries, node) {
		if (nr < max)
			list[nr] = entry->range;
		nr++;
	}
	raw_spin_unlock_irqrestore(&memreserve_lock, flags);
	return nr;
}

static int memreserve_update_fdt(void *fdt)
{
#ifdef CONFIG_KEXEC_FILE
	unsigned int nr = kexec_memreserve_nr();
	struct fdt_range *list __free(kvfree) = kvcalloc(nr, sizeof(*list), GFP_KERNEL);

	if (!list)
		return -ENOMEM;
	return kexec_fdt_add_memrsv(fdt, list, min(nr, kexec_memreserve_list(list, nr)));
#else
	return -EOPNOTSUPP;
#endif
}

/**
 * kexec_arch_reserved() - add run-time reservations to the tree of a loaded image
 * @fdt: a tree of kexec_arch_fdt_build(), or NULL
 * @generation: receives a number that changes with each reservation, read before @fdt is changed
 *
 * Return: number of entries added, or -ENOSPC, -ENOMEM or -EOPNOTSUPP.
 */
int kexec_arch_reserved(void *fdt, unsigned int *generation)
{
	*generation = READ_ONCE(memreserve_generation);
	return fdt ? memreserve_update_fdt(fdt) : 0;
}

#ifdef CONFIG_KEXEC_FILE
/**
 * kexec_memreserve_boot_blob() - get the device tree that this kernel booted with
 *
 * Return: the tree, or NULL if there is none.
 */
const void *kexec_memreserve_boot_blob(void)
{
	return memreserve_fdt_boot ?: initial_boot_params;
}

static bool __init memreserve_fdt_has_ima(void)
{
	int node = fdt_path_offset(initial_boot_params, "/chosen");

	return node >= 0 && fdt_getprop(initial_boot_params, node, KEXEC_FDT_IMA_PROP, NULL);
}

static int __init memreserve_fdt_make(void *fdt, size_t size, unsigned int nr)
{
	struct fdt_range *range __free(kfree) = kcalloc(nr, sizeof(*range), GFP_KERNEL);
	int err;

	if (!range)
		return -FDT_ERR_NOSPACE;
	err = kexec_fdt_copy(initial_boot_params, fdt, size);
	if (!err)
		err = kexec_fdt_clear_ima(fdt);
	if (!err)
		err = fdt_pack(fdt);
	if (!err)
		err = kexec_fdt_reserve_slots(fdt, size, nr + num_possible_cpus() + 1);
	if (!err && kexec_fdt_add_memrsv(fdt, range, kexec_memreserve_list(range, nr)) < 0)
		err = -FDT_ERR_NOSPACE;
	return err;
}

/* Runs before drivers/of/fdt.c creates the file from initial_boot_params. */
static int __init memreserve_fdt_init(void)
{
	unsigned int nr = kexec_memreserve_nr();
	size_t size;
	void *fdt;
	int err;

	if (!initial_boot_params || !(nr || memreserve_fdt_has_ima()))
		return 0;
	size = fdt_totalsize(initial_boot_params) +
	       (nr + num_possible_cpus() + 2) * sizeof(struct fdt_reserve_entry);
	fdt = kzalloc(size, GFP_KERNEL);
	err = fdt ? memreserve_fdt_make(fdt, size, nr) : -FDT_ERR_NOSPACE;
	if (err) {
		pr_err("dtb: /sys/firmware/fdt is not current (%d); use kexec_file_load (kexec -s)\n",
		       err);
		kfree(fdt);
		return 0;
	}
	memreserve_fdt_boot = initial_boot_params;
	early_init_dt_verify(fdt, initial_boot_params_pa);
	memreserve_fdt = fdt;
	return 0;
}
device_initcall_sync(memreserve_fdt_init);
#endif /* CONFIG_KEXEC_FILE */
