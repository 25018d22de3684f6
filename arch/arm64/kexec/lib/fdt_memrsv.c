// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: reservations added to a finished device tree
 *
 * The LPI table of a CPU is reserved at its first bring-up, maybe long after a tree was
 * built.  The /memreserve/ block ends with the first entry of size 0 (Devicetree
 * Specification, "Memory Reservation Block"), so zero entries may follow, and they can be
 * filled in without moving anything.  libfdt drops them when it packs or copies a tree.
 *
 * Also built on the host.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/libfdt.h>
#include <linux/types.h>

#include <asm/barrier.h>

#include "fdt.h"

/* Without the entry that ends the block. */
static unsigned int fdt_memrsv_slots(const void *fdt)
{
	return (fdt_off_dt_struct(fdt) - fdt_off_mem_rsvmap(fdt)) /
	       sizeof(struct fdt_reserve_entry) - 1;
}

/**
 * kexec_fdt_copy() - copy the running tree to a buffer in which it can grow
 * @blob: the running tree; its header is valid
 * @fdt: the buffer, 8-byte aligned
 * @capacity: bytes of the buffer
 *
 * fdt_open_into() copies a negative number of bytes if the reservation block has no last
 * entry.
 *
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
 * @capacity: bytes of its buffer
 * @nr: entries
 *
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
 * A concurrent reader sees each new entry completely or not at all.
 *
 * Return: number of entries added, or -ENOSPC.
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
