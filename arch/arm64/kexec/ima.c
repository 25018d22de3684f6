// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: The IMA list that the kernel before this one left
 *
 * A kernel with IMA hands its measurement list on in a piece of memory that
 * /chosen/linux,ima-kexec-buffer describes (fdt.c writes it, together with a
 * reservation).  Here the next kernel takes it up: IMA asks once where it is
 * and gives the memory back when it has restored the list.
 *
 * Runs on the boot CPU during late initialisation only, so no lock is needed.
 * The list belongs to IMA between the two calls and to the page allocator
 * after the second.  The flat tree of this boot keeps the property; fdt.c takes
 * it out of the tree for the next kernel, fdt_live.c out of the one that user space
 * sees.
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

#include "fdt_source.h"

/**
 * struct ima_handover - what the property says
 * @start_pa: first byte of the list
 * @len: bytes of it, never 0
 */
struct ima_handover {
	phys_addr_t start_pa;
	size_t len;
};

/*
 * From the flat tree: with ACPI there is no live one. The cells are those of the root
 * node: /chosen has none of its own.
 */
static int __init ima_handover_find(struct ima_handover *found)
{
	const void *fdt = kexec_fdt_booted_with();
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
 * ima_get_kexec_buffer - find the list of the kernel before this one
 * @addr: set to the first byte
 * @size: set to its bytes
 *
 * Context: boot, before user space; the linear map is up.
 * Return: 0, -ENOENT when there is no list, -EINVAL when it is said to lie
 * outside of memory.
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
 * ima_free_kexec_buffer - give the memory of that list to the page allocator
 *
 * Context: boot, after the last use of what ima_get_kexec_buffer() returned.
 * Return: 0, -ENOENT when there is no list, or why the property stays.
 */
int __init ima_free_kexec_buffer(void)
{
	struct property *prop = of_find_property(of_chosen, KEXEC_FDT_IMA_PROP, NULL);
	struct ima_handover found;
	int ret;

	ret = ima_handover_find(&found);
	if (ret)
		return ret;

	/* First the name, then the memory: nobody may find it half free. */
	ret = prop ? of_remove_property(of_chosen, prop) : 0;
	if (ret)
		return ret;
	memblock_free_late(found.start_pa, found.len);
	return 0;
}
