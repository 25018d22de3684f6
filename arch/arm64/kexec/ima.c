// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the IMA list of the previous kernel
 *
 * /chosen/linux,ima-kexec-buffer describes the list.  It is restored once, on the boot CPU,
 * and freed.  The flat tree of this boot keeps the property, so lib/fdt.c removes it from
 * the tree of the next kernel and memreserve.c from the one that user space reads.
 */

#define pr_fmt(fmt) "kexec: " fmt

#include <linux/errno.h>
#include <linux/ima.h>
#include <linux/init.h>
#include <linux/libfdt.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_fdt.h>
#include <linux/types.h>

#include "lib/fdt.h"
#include "memreserve.h"

/* The content of the property. */
struct ima_handover {
	phys_addr_t start_pa;
	size_t len;
};

/*
 * From the flat tree: with ACPI there is no unflattened one. /chosen uses the cells of the
 * root node.
 */
static int __init ima_handover_find(struct ima_handover *found)
{
	const void *fdt = kexec_memreserve_boot_blob();
	const int cells = dt_root_addr_cells + dt_root_size_cells;
	const __be32 *cell;
	int node, len;

	node = fdt ? fdt_path_offset(fdt, "/chosen") : -FDT_ERR_NOTFOUND;
	if (node < 0)
		return -ENOENT;
	cell = fdt_getprop(fdt, node, KEXEC_FDT_IMA_PROP, &len);
	if (!cell || len / (int)sizeof(*cell) < cells)
		return -ENOENT;

	found->start_pa = dt_mem_next_cell(dt_root_addr_cells, &cell);
	found->len = dt_mem_next_cell(dt_root_size_cells, &cell);
	return found->len ? 0 : -ENOENT;
}

/**
 * ima_get_kexec_buffer() - find the list of the previous kernel
 * @addr: receives the address of the list
 * @size: receives its size in bytes
 *
 * Return: 0, -ENOENT if there is no list, -EINVAL if it is not in memory.
 */
int __init ima_get_kexec_buffer(void **addr, size_t *size)
{
	struct ima_handover found;
	int ret;

	ret = ima_handover_find(&found);
	if (!ret)
		ret = ima_validate_range(found.start_pa, found.len);
	if (ret)
		return ret;

	*addr = phys_to_virt(found.start_pa);
	*size = found.len;
	return 0;
}

/**
 * ima_free_kexec_buffer() - free the memory of that list
 *
 * Return: 0, -ENOENT if there is no list, or the error on removing the property.
 */
int __init ima_free_kexec_buffer(void)
{
	struct property *prop = of_find_property(of_chosen, KEXEC_FDT_IMA_PROP, NULL);
	struct ima_handover found;
	int ret;

	ret = ima_handover_find(&found);
	if (ret)
		return ret;

	/* Remove the property before freeing the memory it describes. */
	ret = prop ? of_remove_property(of_chosen, prop) : 0;
	if (ret)
		return ret;
	memblock_free_late(found.start_pa, found.len);
	return 0;
}
