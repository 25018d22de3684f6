// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: reservations added to a finished device tree
 *
 * The LPI table of a CPU is reserved at its first bring-up, which may be long after a tree was
 * built.  Such a tree has free entries in its /memreserve/ block: the block ends with the
 * first entry of size 0 (Devicetree Specification, "Memory Reservation Block"), so any number
 * of zero entries may follow, and they can be filled in without moving anything.
 *
 * libfdt drops free entries when it packs or copies a tree, so their number does not grow from
 * kernel to kernel.
 *
 * Pure: uses only the caller's memory; built for the kernel and for the host.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/libfdt.h>
#include <linux/types.h>

#include <asm/barrier.h>

#include "fdt.h"

/* Capacity of the block in entries, without the one that ends it. */
static unsigned int fdt_memrsv_slots(const void *fdt)
{
	return (fdt_off_dt_struct(fdt) - fdt_off_mem_rsvmap(fdt)) /
	       sizeof(struct fdt_reserve_entry) - 1;
}

/**
 * kexec_fdt_copy() - copy the running tree to a buffer in which it can grow
 * @blob: the running tree; its header is valid
 * @fdt: the buffer, 8-byte aligned
 * @capacity: size of the buffer in bytes
 *
 * fdt_open_into() does not notice a reservation block without a last entry, and copies a
 * negative number of bytes.
 *
 * Context: any.
 * Return: 0 or an error of libfdt.
 */
int kexec_fdt_copy(const void *blob, void *fdt, size_t capacity)
{
	int nr = fdt_num_mem_rsv(blob);

	return nr < 0 ? nr : fdt_open_into(blob, fdt, capacity);
}

/**
 * kexec_fdt_reserve_slots() - add free reservation entries
 * @fdt: a packed tree
 * @capacity: size of its buffer in bytes
 * @nr: entries
 *
 * Context: any.
 * Return: 0 or an error of libfdt.
 */
int kexec_fdt_reserve_slots(void *fdt, size_t capacity, unsigned int nr)
{
	size_t size = fdt_totalsize(fdt) + nr * sizeof(struct fdt_reserve_entry);
	int err = 0;

	if (size > capacity)
		return -FDT_ERR_NOSPACE;
	fdt_set_totalsize(fdt, size);
	while (nr-- && !err)
		err = fdt_add_mem_rsv(fdt, 0, 0);
	return err;
}

static bool fdt_memrsv_covers(const void *fdt, const struct fdt_range *range)
{
	int i, nr = fdt_num_mem_rsv(fdt);
	u64 start, size;

	for (i = 0; i < nr; i++)
		if (!fdt_get_mem_rsv(fdt, i, &start, &size) && range->start >= start &&
		    range->size <= size && range->start - start <= size - range->size)
			return true;
	return false;
}

/**
 * kexec_fdt_add_memrsv() - add reservations to a finished tree
 * @fdt: the tree
 * @range: reservations; those that the tree has are skipped
 * @nr: entries of @range
 *
 * A concurrent reader that reads forward sees each new entry completely or not at all.
 *
 * Context: any.
 * Return: number of entries added, or -ENOSPC if there are too few free ones.
 */
int kexec_fdt_add_memrsv(void *fdt, const struct fdt_range *range, unsigned int nr)
{
	struct fdt_reserve_entry *entry = fdt + fdt_off_mem_rsvmap(fdt);
	unsigned int i, at, added = 0;

	for (i = 0; i < nr; i++) {
		if (fdt_memrsv_covers(fdt, &range[i]))
			continue;
		at = fdt_num_mem_rsv(fdt);
		if (at >= fdt_memrsv_slots(fdt))
			return -ENOSPC;
		entry[at].address = cpu_to_fdt64(range[i].start);
		/* Release: a size makes it an entry, so the address is stored first. */
		smp_store_release(&entry[at].size, cpu_to_fdt64(range[i].size));
		added++;
	}
	return added;
}
