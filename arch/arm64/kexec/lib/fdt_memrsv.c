// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Reservations that come when a device tree is finished
 *
 * The LPI table of a CPU is reserved when the CPU comes up, which may be long
 * after a tree was made.  Such a tree has spare entries in its /memreserve/ block:
 * the block ends with the first entry of size 0 (Devicetree Specification,
 * "Memory Reservation Block"), so any number of zero entries may stand at its
 * end and be filled in, one after the other, without moving anything else.
 *
 * libfdt drops spare entries whenever it packs or copies a tree, so they never
 * add up from kernel to kernel.
 *
 * Pure: works on the caller's memory, builds in the kernel and on the host.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/libfdt.h>
#include <linux/types.h>

#include <asm/barrier.h>

#include "fdt.h"

/* Entries that there is room for, the one that ends the block not counted. */
static unsigned int fdt_memrsv_slots(const void *fdt)
{
	return (fdt_off_dt_struct(fdt) - fdt_off_mem_rsvmap(fdt)) /
	       sizeof(struct fdt_reserve_entry) - 1;
}

/**
 * kexec_fdt_reserve_slots - make room for reservations to come
 * @fdt: a packed tree
 * @room: bytes that it may take
 * @nr: entries
 *
 * Context: any.
 * Return: 0 or an error of libfdt.
 */
int kexec_fdt_reserve_slots(void *fdt, size_t room, unsigned int nr)
{
	size_t want = fdt_totalsize(fdt) + nr * sizeof(struct fdt_reserve_entry);
	int err = 0;

	if (want > room)
		return -FDT_ERR_NOSPACE;
	fdt_set_totalsize(fdt, want);
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
 * kexec_fdt_add_memrsv - add reservations to a finished tree
 * @fdt: the tree
 * @range: what has to be reserved; what is already is left alone
 * @nr: entries of @range
 *
 * A reader that runs at the same time and reads forward sees each new entry whole or
 * not at all.
 *
 * Context: any.
 * Return: entries that were added, or -ENOSPC when there are too few spare ones.
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
		/* Release: the size makes it an entry, so the address is there before. */
		smp_store_release(&entry[at].size, cpu_to_fdt64(range[i].size));
		added++;
	}
	return added;
}
