// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: the running device tree
 *
 * Input: the request (12 bytes), then the tree that the firmware left.  The kernel has
 * checked its header and nothing else.  A tree that was built is valid if the running
 * one is, has the requested properties, fits in the promised size, accepts reservations
 * as long as there are free entries, and is as large again when the next kernel builds
 * one from it.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kexec_arch.h>
#include <linux/kexec_timeline.h>
#include <linux/libfdt.h>
#include <linux/printk.h>

#include <asm/boot.h>

#include "../../../../arch/arm64/kexec/lib/fdt.h"
#include "fuzz.h"

#define NR_KEEP		4
#define BLOB_PA		0x48000000ULL

/**
 * struct tree - the running tree and the request for the next one
 * @blob: the running tree, in memory of its size
 * @sound: it is valid, and its blocks do not overlap
 * @src: state of the running kernel
 * @req: the request
 * @keep: run-time reservations
 */
struct tree {
	u8 *blob;
	bool sound;
	struct fdt_source src;
	struct kexec_fdt_request req;
	struct fdt_range keep[NR_KEEP];
};

static void tree_read_request(struct fuzz_input *in, struct tree *t)
{
	static const char * const cmdline[] = { NULL, "", "quiet", "root=/dev/vda1 ro panic=1" };
	u8 kind = fuzz_u8(in), i;

	t->req = (struct kexec_fdt_request){
		.cmdline = cmdline[kind & 3],
		.crash = kind & 4,
		.initrd_pa = fuzz_number(in), .initrd_len = fuzz_u8(in),
		.elfcorehdr_pa = 0x60000000, .elfcorehdr_len = kind & 8 ? 4096 : 0,
		.ima_pa = 0x61000000, .ima_len = kind & 16 ? 100 : 0,
	};
	t->src = (struct fdt_source){
		.blob_pa = BLOB_PA, .seeded = kind & 32, .kaslr_seed = 0x1234567,
		.usable = { { 0x70000000, 0x1000000 }, { 0x50000000, 0x800000 } },
		.nr_usable = kind & 64 ? 2 : 1,
		.persistent = t->keep, .nr_persistent = fuzz_u8(in) % (NR_KEEP + 1),
		.nr_free_slots = fuzz_u8(in) % 8,
	};
	for (i = 0; i < NR_KEEP; i++)
		t->keep[i] = (struct fdt_range){ 0x90000000 + fuzz_u8(in) * 0x1000ULL, 0x1000 };
}

/* One block after another, as all writers of device trees put them. */
static bool tree_blocks_are_apart(const void *fdt)
{
	u64 rsv = fdt_off_mem_rsvmap(fdt), structure = fdt_off_dt_struct(fdt);
	u64 rsv_end = rsv + (fdt_num_mem_rsv(fdt) + 1) * sizeof(struct fdt_reserve_entry);

	return fdt_version(fdt) >= 17 && rsv >= sizeof(struct fdt_header) && rsv_end <= structure &&
	       structure + fdt_size_dt_struct(fdt) <= fdt_off_dt_strings(fdt);
}

/*
 * Does the header hold, do nodes nest, are properties before subnodes and have names?
 * fdt_check_full() of libfdt 1.6 reads beyond some damaged trees.
 */
static bool tree_is_valid(const void *fdt)
{
	int pos = 0, next, depth = 0, len;
	u32 tag, last = FDT_END;
	const char *name;

	if (fdt_check_header(fdt) || fdt_num_mem_rsv(fdt) < 0)
		return false;
	for (; ; pos = next, last = tag) {
		tag = fdt_next_tag(fdt, pos, &next);
		if (next < 0)
			return false;
		if (tag == FDT_END)
			return !depth && last == FDT_END_NODE;
		if (!depth && pos)
			return false;
		if (tag == FDT_BEGIN_NODE)
			depth++;
		else if (tag == FDT_END_NODE)
			depth--;
		else if (tag != FDT_PROP || (last != FDT_BEGIN_NODE && last != FDT_PROP) ||
			 !fdt_getprop_by_offset(fdt, pos, &name, &len))
			return false;
	}
}

/* early_init_dt_verify() has seen a header whose size is that of the memory it is in. */
static bool tree_read(struct fuzz_input *in, struct tree *t)
{
	tree_read_request(in, t);
	if (in->left < sizeof(struct fdt_header))
		return false;
	t->blob = fuzz_copy(in->pos, in->left);
	fdt_set_totalsize(t->blob, in->left);
	t->src.blob = t->blob;
	if (fdt_check_header(t->blob)) {
		free(t->blob);
		return false;
	}
	t->sound = tree_is_valid(t->blob) && tree_blocks_are_apart(t->blob);
	return true;
}

static int tree_build(const struct fdt_source *src, const struct kexec_fdt_request *req,
		      u8 *to, size_t capacity, size_t *used)
{
	int ret;

	sim_log_reset();
	ret = kexec_fdt_build(src, req, to, capacity, used);
	fuzz_check(!ret || ret == -ENOSPC || ret == -EINVAL, "%d", ret);
	fuzz_check(sim_log_errors == !!ret, "%u messages for %d", sim_log_errors, ret);
	if (!ret)
		fuzz_check(*used <= capacity && fdt_totalsize(to) == *used &&
			   *used <= MAX_FDT_SIZE, "%zu of %zu bytes", *used, capacity);
	return ret;
}

static bool tree_reserves(const void *fdt, u64 start, u64 size)
{
	u64 at, len;
	int i;

	for (i = 0; i < fdt_num_mem_rsv(fdt); i++)
		if (!fdt_get_mem_rsv(fdt, i, &at, &len) && start >= at && size <= len &&
		    start - at <= len - size)
			return true;
	return !size;
}

static void tree_expect_u64(const void *fdt, const char *name, bool there, u64 val)
{
	int len = 0;
	const fdt64_t *prop = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &len);

	if (there)
		fuzz_check(prop && len == 8 && fdt64_ld(prop) == val, "%s: %d bytes", name, len);
}

static void tree_expect(const struct tree *t, const u8 *fdt)
{
	const struct kexec_fdt_request *r = &t->req;
	int chosen = fdt_path_offset(fdt, "/chosen"), len = -1;
	const char *text;
	unsigned int i;

	fuzz_check(tree_is_valid(fdt) && chosen > 0, "/chosen: %d", chosen);
	text = fdt_getprop(fdt, chosen, "bootargs", &len);
	if (r->cmdline)
		fuzz_check(text && len == strlen(r->cmdline) + 1 && !memcmp(text, r->cmdline, len),
			   "bootargs: %d bytes", len);
	tree_expect_u64(fdt, "linux,initrd-start", r->initrd_len, r->initrd_pa);
	tree_expect_u64(fdt, "linux,initrd-end", r->initrd_len, r->initrd_pa + r->initrd_len);
	tree_expect_u64(fdt, "kaslr-seed", t->src.seeded, t->src.kaslr_seed);
	fuzz_check(fdt_getprop(fdt, chosen, "linux,booted-from-kexec", &len) && !len, "marker");
	fuzz_check(tree_reserves(fdt, r->initrd_pa, r->initrd_len) &&
		   tree_reserves(fdt, r->ima_pa, r->ima_len) &&
		   (!r->crash || tree_reserves(fdt, r->elfcorehdr_pa, r->elfcorehdr_len)),
		   "a segment is not reserved");
	for (i = 0; i < t->src.nr_persistent; i++)
		fuzz_check(tree_reserves(fdt, t->keep[i].start, t->keep[i].size), "range %u", i);
}

/* The next kernel builds a tree from this one, with the same request. */
static void tree_chain(const struct tree *t, const u8 *fdt, size_t used)
{
	struct fdt_source src = t->src;
	size_t capacity, again = 0;
	u8 *next;

	src.blob = fdt;
	capacity = kexec_fdt_bound(&src, &t->req);
	next = fuzz_alloc(capacity);
	fuzz_check(!tree_build(&src, &t->req, next, capacity, &again), "refused");
	fuzz_check(again <= used, "%zu bytes after %zu", again, used);
	tree_expect(t, next);
	free(next);
}

static void tree_add_reservations(const struct tree *t, u8 *fdt)
{
	int before = fdt_num_mem_rsv(fdt), added = 0, i, ret;

	for (i = 0; i <= t->src.nr_free_slots; i++) {
		const struct fdt_range late = { 0xa0000000ULL + i * 0x2000, 0x1000 };

		if (tree_reserves(fdt, late.start, late.size))
			continue;
		ret = kexec_fdt_add_memrsv(fdt, &late, 1);
		if (added == t->src.nr_free_slots) {
			fuzz_check(ret == -ENOSPC, "%d without a free entry", ret);
			break;
		}
		fuzz_check(ret == 1 && ++added && tree_reserves(fdt, late.start, late.size) &&
			   !kexec_fdt_add_memrsv(fdt, &late, 1), "%d", ret);
	}
	fuzz_check(fdt_num_mem_rsv(fdt) == before + added && tree_is_valid(fdt),
		   "%d entries, %d before", fdt_num_mem_rsv(fdt), before);
}

void fuzz_one(struct fuzz_input *in)
{
	size_t capacity, used = 0;
	struct tree t = { };
	u8 *next;
	int ret;

	if (!tree_read(in, &t))
		return;
	capacity = kexec_fdt_bound(&t.src, &t.req);
	next = fuzz_alloc(capacity);
	ret = tree_build(&t.src, &t.req, next, capacity, &used);
	if (t.sound) {
		fuzz_check(ret != -ENOSPC, "%zu bytes do not suffice", capacity);
		if (!ret) {
			tree_expect(&t, next);
			tree_chain(&t, next, used);
			tree_add_reservations(&t, next);
			/* One byte less than it has: no other result than a refusal. */
			ret = tree_build(&t.src, &t.req, next, used - 1, &capacity);
			fuzz_check(ret == -ENOSPC, "%zu bytes are too few", used - 1);
		}
		kexec_fdt_clear_ima(t.blob);
		fuzz_check(tree_is_valid(t.blob), "damaged");
	} else {
		kexec_fdt_clear_ima(t.blob);
	}
	free(next);
	free(t.blob);
}
