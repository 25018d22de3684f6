// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: The device tree that user space sees
 *
 * kexec_load() leaves the next kernel's device tree to user space, which makes it
 * from /sys/firmware/fdt.  What was reserved since this kernel has booted is not in
 * there, so a GICv3 that cannot let go of its LPI tables would go on writing to
 * memory that the next kernel takes for free.  On the other hand the IMA list that
 * this kernel was handed is still in there, and kexec-tools hands it on: the next
 * kernel would take whatever lies in that memory by then for a list.
 *
 * Where there are such reservations or such a list the tree is therefore replaced
 * by a copy, before the file is made, with the ones and without the other, and with
 * spare entries for CPUs that come up later.  Everything else in it stays, the old
 * tree too: the live tree points into it, and kexec_file_load() starts from it.
 */

#define pr_fmt(fmt) "kexec: dtb: " fmt

#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/libfdt.h>
#include <linux/of_fdt.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "lib/fdt.h"
#include "reserve_runtime.h"

static void *fdt_live;
static const void *fdt_live_original;

/**
 * kexec_fdt_boot_blob - the tree that this kernel was started with
 *
 * Context: any.
 * Return: the tree, or NULL when there was none.
 */
const void *kexec_fdt_boot_blob(void)
{
	return fdt_live_original ?: initial_boot_params;
}

/**
 * kexec_fdt_live_update - show a new reservation to user space
 * @range: the reservation
 *
 * Context: any; the caller keeps others from doing the same.
 */
void kexec_fdt_live_update(const struct fdt_range *range)
{
	if (fdt_live && kexec_fdt_add_memrsv(fdt_live, range, 1) < 0)
		pr_err("/sys/firmware/fdt has no more room for reservations; use kexec_file_load (kexec -s)\n");
}

static bool __init fdt_live_names_list(void)
{
	int node = fdt_path_offset(initial_boot_params, "/chosen");

	return node >= 0 && fdt_getprop(initial_boot_params, node, KEXEC_FDT_IMA_PROP, NULL);
}

static int __init fdt_live_make(void *fdt, size_t size, unsigned int nr)
{
	struct fdt_range *range __free(kfree) = kcalloc(nr, sizeof(*range), GFP_KERNEL);
	int err;

	if (!range)
		return -FDT_ERR_NOSPACE;
	err = fdt_open_into(initial_boot_params, fdt, size);
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

/* Before drivers/of/fdt.c makes the file of what is in initial_boot_params then. */
static int __init fdt_live_init(void)
{
	unsigned int nr = kexec_memreserve_nr();
	size_t size;
	void *fdt;
	int err;

	if (!initial_boot_params || !(nr || fdt_live_names_list()))
		return 0;
	size = fdt_totalsize(initial_boot_params) +
	       (nr + num_possible_cpus() + 2) * sizeof(struct fdt_reserve_entry);
	fdt = kzalloc(size, GFP_KERNEL);
	err = fdt ? fdt_live_make(fdt, size, nr) : -FDT_ERR_NOSPACE;
	if (err) {
		pr_err("no device tree for user space with what changed since boot (%d); use kexec_file_load (kexec -s)\n",
		       err);
		kfree(fdt);
		return 0;
	}
	fdt_live_original = initial_boot_params;
	early_init_dt_verify(fdt, initial_boot_params_pa);
	fdt_live = fdt;
	return 0;
}
device_initcall_sync(fdt_live_init);
