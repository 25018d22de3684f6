// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: state of this kernel for the next device tree
 *
 * The tree of this boot, fresh seeds, the crash reservation and the run-time reservations.
 */

#define pr_fmt(fmt) "kexec: dtb: " fmt

#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/of_fdt.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "lib/fdt.h"
#include "memreserve.h"

/*
 * CPU bring-up adds one table for each CPU and one for all.  With space for those, a bound
 * stays valid until the tree is built.
 */
static unsigned int fdt_collect_max_persistent(void)
{
	return kexec_memreserve_nr() + num_possible_cpus() + 1;
}

static void fdt_collect_blob(struct fdt_source *src)
{
	src->blob = kexec_memreserve_boot_blob();
	src->blob_pa = initial_boot_params_pa;
}

static void fdt_collect_seeds(struct fdt_source *src)
{
	src->seeded = rng_is_initialized();
	if (!src->seeded) {
		pr_notice("random numbers are not ready: next kernel gets no kaslr-seed and no rng-seed\n");
		return;
	}
	src->kaslr_seed = get_random_u64();
	get_random_bytes(src->rng_seed, sizeof(src->rng_seed));
}

static void fdt_collect_add_usable(struct fdt_source *src,
				   const struct resource *res)
{
	if (res->end)
		src->usable[src->nr_usable++] = (struct fdt_range) {
			.start = res->start,
			.size = resource_size(res),
		};
}

static void fdt_collect_usable(struct fdt_source *src, const struct kexec_fdt_request *req)
{
	unsigned int i;

	if (!IS_ENABLED(CONFIG_CRASH_RESERVE))
		return;
	fdt_collect_add_usable(src, &crashk_res);
	fdt_collect_add_usable(src, &crashk_low_res);
	for (i = 0; i < req->nr_cma; i++)
		src->usable[src->nr_usable++] = (struct fdt_range) {
			.start = req->cma[i].start,
			.size = req->cma[i].end - req->cma[i].start,
		};
}

static int fdt_collect_check(void)
{
	if (initial_boot_params)
		return 0;
	pr_err("this kernel was booted without a device tree\n");
	return -EINVAL;
}

static size_t fdt_collect_bound(const struct kexec_fdt_request *req)
{
	struct fdt_source src = {
		/* A low region may be claimed until the tree is built. */
		.nr_usable = KEXEC_FDT_MAX_USABLE,
		.nr_persistent = fdt_collect_max_persistent(),
	};

	fdt_collect_blob(&src);
	return kexec_fdt_bound(&src, req);
}

/**
 * kexec_arch_fdt_build() - build the next device tree, or get a bound of its size
 * @req: request of the loader; without @fdt addresses may be unknown
 * @fdt: buffer, 8-byte aligned, undefined after a failure; or NULL
 * @capacity: size of @fdt in bytes
 * @used: receives the size of the tree, or without @fdt a bound, at most 2 MiB
 *
 * Return: 0, -ENOMEM, -EAGAIN if a reservation was made in between, or as
 * kexec_fdt_build(), after one message.
 */
int kexec_arch_fdt_build(const struct kexec_fdt_request *req, void *fdt,
			 size_t capacity, size_t *used)
{
	struct fdt_range *persistent __free(kvfree) = NULL;
	unsigned int max = fdt_collect_max_persistent();
	struct fdt_source src = {};
	int ret;

	ret = fdt_collect_check();
	if (ret)
		return ret;
	if (!fdt) {
		*used = fdt_collect_bound(req);
		return 0;
	}

	persistent = kvmalloc_array(max, sizeof(*persistent), GFP_KERNEL);
	if (!persistent) {
		pr_err("no memory for a list of %u reservations\n",
		       max);
		return -ENOMEM;
	}

	fdt_collect_blob(&src);
	fdt_collect_usable(&src, req);
	src.persistent = persistent;
	src.nr_persistent = kexec_memreserve_list(persistent, max);
	if (src.nr_persistent > max) {
		pr_err("%u reservations (limit %u): CPUs were brought up; load again\n",
		       src.nr_persistent, max);
		return -EAGAIN;
	}
	src.nr_free_slots = max - src.nr_persistent;
	fdt_collect_seeds(&src);

	ret = kexec_fdt_build(&src, req, fdt, capacity, used);
	/* The seeds are a secret of the next kernel. */
	memzero_explicit(&src, sizeof(src));
	return ret;
}
