// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: The next kernel's device tree
 *
 * The tree of this kernel with another memory reservation block and /chosen.  Properties
 * and reservations of this boot are removed (its blob, initrd, IMA list, ELF core header,
 * seeds) before those of the next boot are added; values are read before, because the
 * reservation of an initrd is removed with it.  Also built on the host.
 */

#define pr_fmt(fmt) "kexec: dtb: " fmt

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/kexec_arch.h>
#include <linux/kexec_timeline.h>
#include <linux/kernel.h>
#include <linux/libfdt.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/boot.h>

#include "fdt.h"

/* One address and one size, with two cells each. */
#define FDT_RANGE_BYTES		16

struct fdt_work {
	void *fdt;
	const struct fdt_source *src;
	const struct kexec_fdt_request *req;
	int chosen;
};

struct fdt_step {
	const char *what;
	int (*run)(struct fdt_work *w);
};

/*
 * A reservation may be longer by less than 64 KiB, the largest page that boot loaders round
 * up to.
 */
static bool fdt_rsv_is(u64 rsv_start, u64 rsv_size, u64 start, u64 size)
{
	return rsv_start == start && rsv_size >= size &&
	       rsv_size - size < SZ_64K;
}

static int fdt_rsv_del(void *fdt, u64 start, u64 size)
{
	int i, err = 0;

	for (i = fdt_num_mem_rsv(fdt) - 1; i >= 0 && !err; i--) {
		u64 rsv_start, rsv_size;

		err = fdt_get_mem_rsv(fdt, i, &rsv_start, &rsv_size);
		if (!err && fdt_rsv_is(rsv_start, rsv_size, start, size))
			err = fdt_del_mem_rsv(fdt, i);
	}
	return err;
}

static bool fdt_rsv_covers(void *fdt, u64 start, u64 size)
{
	int i, nr = fdt_num_mem_rsv(fdt);

	for (i = 0; i < nr; i++) {
		u64 rsv_start, rsv_size;

		if (fdt_get_mem_rsv(fdt, i, &rsv_start, &rsv_size))
			continue;
		if (start >= rsv_start && size <= rsv_size &&
		    start - rsv_start <= rsv_size - size)
			return true;
	}
	return false;
}

static int fdt_rsv_set(void *fdt, u64 start, u64 size)
{
	if (fdt_rsv_covers(fdt, start, size))
		return 0;
	return fdt_add_mem_rsv(fdt, start, size);
}

static int fdt_chosen_del(struct fdt_work *w, const char *name)
{
	int err = fdt_delprop(w->fdt, w->chosen, name);

	return err == -FDT_ERR_NOTFOUND ? 0 : err;
}

static bool fdt_cells_read(const u8 *cells, int nr, u64 *val)
{
	if (nr == 1)
		*val = fdt32_ld((const fdt32_t *)cells);
	else if (nr == 2)
		*val = fdt64_ld((const fdt64_t *)cells);
	else
		return false;
	return true;
}

static bool fdt_chosen_number(struct fdt_work *w, const char *name, u64 *val)
{
	int len;
	const void *prop = fdt_getprop(w->fdt, w->chosen, name, &len);

	return prop && fdt_cells_read(prop, len / 4, val);
}

static bool fdt_chosen_range(struct fdt_work *w, const char *name,
			     struct fdt_range *range)
{
	int addr_cells = fdt_address_cells(w->fdt, 0);
	int size_cells = fdt_size_cells(w->fdt, 0);
	const u8 *prop;
	int len;

	prop = fdt_getprop(w->fdt, w->chosen, name, &len);
	if (!prop || addr_cells < 0 || size_cells < 0 ||
	    len < 4 * (addr_cells + size_cells))
		return false;
	return fdt_cells_read(prop, addr_cells, &range->start) &&
	       fdt_cells_read(prop + 4 * addr_cells, size_cells, &range->size);
}

/* A malformed value had no effect on this kernel. */
static int fdt_chosen_del_range(struct fdt_work *w, const char *name)
{
	struct fdt_range old;
	int err = 0;

	if (fdt_chosen_range(w, name, &old))
		err = fdt_rsv_del(w->fdt, old.start, old.size);
	return err ?: fdt_chosen_del(w, name);
}

static int fdt_chosen_set_range(struct fdt_work *w, const char *name,
				u64 start, u64 size)
{
	return fdt_appendprop_addrrange(w->fdt, 0, w->chosen, name, start, size);
}

static int fdt_step_self(struct fdt_work *w)
{
	return fdt_rsv_del(w->fdt, w->src->blob_pa, fdt_totalsize(w->src->blob));
}

static int fdt_step_chosen(struct fdt_work *w)
{
	w->chosen = fdt_path_offset(w->fdt, "/chosen");
	if (w->chosen == -FDT_ERR_NOTFOUND)
		w->chosen = fdt_add_subnode(w->fdt, 0, "chosen");
	return w->chosen < 0 ? w->chosen : 0;
}

static int fdt_step_clear_initrd(struct fdt_work *w)
{
	u64 start, end;
	int err = 0;

	if (fdt_chosen_number(w, "linux,initrd-start", &start) &&
	    fdt_chosen_number(w, "linux,initrd-end", &end) && end > start)
		err = fdt_rsv_del(w->fdt, start, end - start);
	if (!err)
		err = fdt_chosen_del(w, "linux,initrd-start");
	return err ?: fdt_chosen_del(w, "linux,initrd-end");
}

static int fdt_step_clear_ima(struct fdt_work *w)
{
	return fdt_chosen_del_range(w, KEXEC_FDT_IMA_PROP);
}

static int fdt_step_clear_crash(struct fdt_work *w)
{
	int err = fdt_chosen_del_range(w, "linux,elfcorehdr");

	return err ?: fdt_chosen_del(w, "linux,usable-memory-range");
}

/* A seed must not be used twice. */
static int fdt_step_clear_seeds(struct fdt_work *w)
{
	int err = fdt_chosen_del(w, "kaslr-seed");

	return err ?: fdt_chosen_del(w, "rng-seed");
}

/* It describes the reboot into this kernel. */
static int fdt_step_clear_timeline(struct fdt_work *w)
{
	return fdt_chosen_del(w, KEXEC_TIMELINE_PROP);
}

static int fdt_step_bootargs(struct fdt_work *w)
{
	if (!w->req->cmdline)
		return fdt_chosen_del(w, "bootargs");
	return fdt_setprop_string(w->fdt, w->chosen, "bootargs", w->req->cmdline);
}

static int fdt_step_initrd(struct fdt_work *w)
{
	u64 start = w->req->initrd_pa, len = w->req->initrd_len;
	int err;

	if (!len)
		return 0;
	err = fdt_setprop_u64(w->fdt, w->chosen, "linux,initrd-start", start);
	if (!err)
		err = fdt_setprop_u64(w->fdt, w->chosen, "linux,initrd-end",
				      start + len);
	return err ?: fdt_rsv_set(w->fdt, start, len);
}

static int fdt_step_seeds(struct fdt_work *w)
{
	int err;

	if (!w->src->seeded)
		return 0;
	err = fdt_setprop_u64(w->fdt, w->chosen, "kaslr-seed", w->src->kaslr_seed);
	return err ?: fdt_setprop(w->fdt, w->chosen, "rng-seed", w->src->rng_seed,
				  sizeof(w->src->rng_seed));
}

/* Reserved, because the capture kernel reads the header late. */
static int fdt_step_elfcorehdr(struct fdt_work *w)
{
	u64 start = w->req->elfcorehdr_pa, len = w->req->elfcorehdr_len;
	int err;

	if (!w->req->crash || !len)
		return 0;
	err = fdt_chosen_set_range(w, "linux,elfcorehdr", start, len);
	return err ?: fdt_rsv_set(w->fdt, start, len);
}

/*
 * Kernels that know one or two ranges ignore the others, so the regions are before the CMA
 * areas.
 */
static int fdt_step_usable(struct fdt_work *w)
{
	const struct fdt_range *range = w->src->usable;
	unsigned int i;
	int err = 0;

	if (!w->req->crash)
		return 0;
	for (i = 0; i < w->src->nr_usable && !err; i++)
		err = fdt_chosen_set_range(w, "linux,usable-memory-range",
					   range[i].start, range[i].size);
	return err;
}

static int fdt_step_ima(struct fdt_work *w)
{
	u64 start = w->req->ima_pa, len = w->req->ima_len;
	int err;

	if (!len)
		return 0;
	err = fdt_chosen_set_range(w, KEXEC_FDT_IMA_PROP, start, len);
	return err ?: fdt_rsv_set(w->fdt, start, len);
}

/* Written when this kernel is left, but not by a panic. */
static int fdt_step_timeline(struct fdt_work *w)
{
	void *value;
	int err;

	if (w->req->crash)
		return 0;
	err = fdt_setprop_placeholder(w->fdt, w->chosen, KEXEC_TIMELINE_PROP,
				      sizeof(struct kexec_timeline), &value);
	if (!err)
		memset(value, 0, sizeof(struct kexec_timeline));
	return err;
}

static int fdt_step_marker(struct fdt_work *w)
{
	return fdt_setprop(w->fdt, w->chosen, "linux,booted-from-kexec", NULL, 0);
}

static int fdt_step_persistent(struct fdt_work *w)
{
	const struct fdt_range *range = w->src->persistent;
	unsigned int i;
	int err = 0;

	for (i = 0; i < w->src->nr_persistent && !err; i++)
		err = fdt_rsv_set(w->fdt, range[i].start, range[i].size);
	return err;
}

static const struct fdt_step fdt_steps[] = {
	{ "/memreserve/ of the running tree", fdt_step_self },
	{ "/chosen", fdt_step_chosen },
	{ "old linux,initrd-start", fdt_step_clear_initrd },
	{ "old " KEXEC_FDT_IMA_PROP, fdt_step_clear_ima },
	{ "old linux,elfcorehdr", fdt_step_clear_crash },
	{ "old kaslr-seed", fdt_step_clear_seeds },
	{ "old " KEXEC_TIMELINE_PROP, fdt_step_clear_timeline },
	{ "bootargs", fdt_step_bootargs },
	{ "linux,initrd-start", fdt_step_initrd },
	{ "kaslr-seed", fdt_step_seeds },
	{ "linux,elfcorehdr", fdt_step_elfcorehdr },
	{ "linux,usable-memory-range", fdt_step_usable },
	{ KEXEC_FDT_IMA_PROP, fdt_step_ima },
	{ KEXEC_TIMELINE_PROP, fdt_step_timeline },
	{ "linux,booted-from-kexec", fdt_step_marker },
	{ "/memreserve/ of run-time reservations", fdt_step_persistent },
};

static int fdt_refuse(const char *what, int err, size_t capacity)
{
	if (err == -FDT_ERR_NOSPACE) {
		pr_err("no space for %s in %zu bytes (limit %u)\n",
		       what, capacity, MAX_FDT_SIZE);
		return -ENOSPC;
	}
	pr_err("%s cannot be set: %s\n",
	       what, fdt_strerror(err));
	return -EINVAL;
}

static size_t fdt_prop_bytes(const char *name, size_t len)
{
	return sizeof(struct fdt_property) + ALIGN(len, 4) + strlen(name) + 1;
}

/**
 * kexec_fdt_bound() - get a bound of the size of the next device tree
 * @src: data of the running kernel
 * @req: request of the loader; addresses may still be unknown
 *
 * Return: bytes that suffice for kexec_fdt_build(), at most 2 MiB (booting.rst, "Setup the
 * device tree").
 */
size_t kexec_fdt_bound(const struct fdt_source *src,
		       const struct kexec_fdt_request *req)
{
	const struct {
		const char *name;
		size_t len;
		bool omitted;
	} prop[] = {
		{ "bootargs", req->cmdline ? strlen(req->cmdline) + 1 : 0 },
		{ "linux,initrd-start", sizeof(u64) },
		{ "linux,initrd-end", sizeof(u64) },
		{ "kaslr-seed", sizeof(u64) },
		{ "rng-seed", sizeof(src->rng_seed) },
		{ "linux,elfcorehdr", FDT_RANGE_BYTES, !req->crash },
		{ "linux,usable-memory-range", src->nr_usable * FDT_RANGE_BYTES, !req->crash },
		{ KEXEC_FDT_IMA_PROP, FDT_RANGE_BYTES },
		{ KEXEC_TIMELINE_PROP, sizeof(struct kexec_timeline), req->crash },
		{ "linux,booted-from-kexec", 0 },
	};
	/* Reservations: initrd, ELF core header, IMA list. */
	size_t nr_rsv = 3 + (size_t)src->nr_persistent + src->nr_free_slots;
	size_t sum = fdt_totalsize(src->blob);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prop); i++)
		if (!prop[i].omitted)
			sum += fdt_prop_bytes(prop[i].name, prop[i].len);
	/* An empty /chosen. */
	sum += sizeof(struct fdt_node_header) + ALIGN(sizeof("chosen"), FDT_TAGSIZE) + FDT_TAGSIZE;
	sum += nr_rsv * sizeof(struct fdt_reserve_entry);

	return sum < MAX_FDT_SIZE ? ALIGN(sum, MIN_FDT_ALIGN) : MAX_FDT_SIZE;
}

/**
 * kexec_fdt_build() - build the next device tree
 * @src: data of the running kernel
 * @req: request of the loader
 * @fdt: buffer, 8-byte aligned; undefined after a failure
 * @capacity: bytes of @fdt
 * @used: set to the bytes of the finished tree
 *
 * Return: 0; -ENOSPC if @capacity or 2 MiB do not suffice or -EINVAL if the running tree or
 * a value is malformed, after one message.
 */
int kexec_fdt_build(const struct fdt_source *src,
		    const struct kexec_fdt_request *req,
		    void *fdt, size_t capacity, size_t *used)
{
	struct fdt_work work = { .fdt = fdt, .src = src, .req = req };
	unsigned int i;
	int err;

	capacity = capacity < MAX_FDT_SIZE ? capacity : MAX_FDT_SIZE;
	err = kexec_fdt_copy(src->blob, fdt, capacity);
	if (err)
		return fdt_refuse("the running tree", err, capacity);

	for (i = 0; i < ARRAY_SIZE(fdt_steps); i++) {
		err = fdt_steps[i].run(&work);
		if (err)
			return fdt_refuse(fdt_steps[i].what, err, capacity);
	}

	err = fdt_pack(fdt) ?: kexec_fdt_reserve_slots(fdt, capacity, src->nr_free_slots);
	if (err)
		return fdt_refuse("the finished tree", err, capacity);

	*used = fdt_totalsize(fdt);
	pr_debug("%zu of %zu bytes used, %d reservations\n", *used, capacity,
		 fdt_num_mem_rsv(fdt));
	return 0;
}

/**
 * kexec_fdt_clear_ima() - remove the IMA list that was passed to this kernel
 * @fdt: a tree that may be written to
 *
 * Return: 0, also when there is none, or an error of libfdt.
 */
int kexec_fdt_clear_ima(void *fdt)
{
	struct fdt_work work = { .fdt = fdt };

	work.chosen = fdt_path_offset(fdt, "/chosen");
	if (work.chosen == -FDT_ERR_NOTFOUND)
		return 0;
	return work.chosen < 0 ? work.chosen : fdt_step_clear_ima(&work);
}
