// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the next kernel's device tree
 *
 * Small trees are made with libfdt and passed to kexec_fdt_build() with a request,
 * and the result is read.  Each test starts with a tree that has /memory and /soc
 * (which must not change), the cells that the test selects, two unrelated
 * reservations, and no /chosen.  The host simulator runs this suite, too.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kexec_arch.h>
#include <linux/kexec_timeline.h>
#include <linux/libfdt.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/boot.h>

#include "../lib/fdt.h"

#define TREE_ROOM	SZ_4K
#define OUT_ROOM	(2 * SZ_4K)
#define OTHER_RSV	2

#define SELF_PA		0x48000000ULL
#define INITRD_PA	0x49000000ULL
#define INITRD_LEN	0x123456ULL
#define ELF_PA		0x8ffe0000ULL
#define ELF_LEN		0x10000ULL
#define IMA_PA		0x4a000000ULL
#define IMA_LEN		0x3000ULL
#define CRASH_PA	0x80000000ULL
#define CRASH_LEN	0x10000000ULL
#define LOW_PA		0x50000000ULL
#define LOW_LEN		0x8000000ULL

struct fdt_test_ctx {
	void *blob;
	void *out;
	size_t used;
	struct fdt_source src;
	struct kexec_fdt_request req;
};

static struct fdt_test_ctx *fdt_test_new(struct kunit *test, u32 addr_cells,
					 u32 size_cells)
{
	struct fdt_test_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int node;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->blob = kunit_kzalloc(test, TREE_ROOM, GFP_KERNEL);
	ctx->out = kunit_kzalloc(test, OUT_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->blob);
	KUNIT_ASSERT_NOT_NULL(test, ctx->out);

	KUNIT_ASSERT_EQ(test, 0, fdt_create_empty_tree(ctx->blob, TREE_ROOM));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u32(ctx->blob, 0, "#address-cells", addr_cells));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u32(ctx->blob, 0, "#size-cells", size_cells));
	node = fdt_add_subnode(ctx->blob, 0, "memory@40000000");
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_string(ctx->blob, node, "device_type", "memory"));
	node = fdt_add_subnode(ctx->blob, 0, "soc");
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_string(ctx->blob, node, "kaslr-seed", "not ours"));

	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, 0x40000000, SZ_64K));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, 0x7f000000, SZ_1M));

	ctx->src.blob = ctx->blob;
	ctx->src.blob_pa = SELF_PA;
	return ctx;
}

static int fdt_test_chosen(void *fdt)
{
	return fdt_path_offset(fdt, "/chosen");
}

static const void *fdt_test_get(struct fdt_test_ctx *ctx, const char *name, int *len)
{
	return fdt_getprop(ctx->out, fdt_test_chosen(ctx->out), name, len);
}

static bool fdt_test_has(struct fdt_test_ctx *ctx, const char *name)
{
	return fdt_test_get(ctx, name, NULL);
}

static void fdt_test_expect_cells(struct kunit *test, struct fdt_test_ctx *ctx,
				  const char *name, const u32 *cell, int nr)
{
	int i, len;
	const fdt32_t *prop = fdt_test_get(ctx, name, &len);

	KUNIT_ASSERT_TRUE_MSG(test, prop, "%s is missing", name);
	KUNIT_ASSERT_EQ_MSG(test, len, 4 * nr, "length of %s", name);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, fdt32_ld(prop + i), cell[i],
				    "%s, cell %d", name, i);
}

static int fdt_test_count_rsv(void *fdt, u64 start, u64 size)
{
	int i, found = 0, nr = fdt_num_mem_rsv(fdt);

	for (i = 0; i < nr; i++) {
		u64 rsv_start, rsv_size;

		if (!fdt_get_mem_rsv(fdt, i, &rsv_start, &rsv_size))
			found += rsv_start == start && rsv_size == size;
	}
	return found;
}

/* Build in a buffer of the computed size, which must suffice. */
static int fdt_test_build(struct kunit *test, struct fdt_test_ctx *ctx)
{
	size_t bound = kexec_fdt_bound(&ctx->src, &ctx->req);
	void *exact;
	int ret;

	KUNIT_ASSERT_LE(test, bound, (size_t)OUT_ROOM);
	exact = kunit_kzalloc(test, bound, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exact);

	ret = kexec_fdt_build(&ctx->src, &ctx->req, exact, bound, &ctx->used);
	if (ret)
		return ret;

	KUNIT_EXPECT_LE(test, ctx->used, bound);
	KUNIT_EXPECT_EQ(test, ctx->used, (size_t)fdt_totalsize(exact));
	KUNIT_EXPECT_EQ(test, 0, fdt_check_header(exact));
	memcpy(ctx->out, exact, ctx->used);
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x40000000, SZ_64K));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x7f000000, SZ_1M));
	return 0;
}

/* All properties and reservations that a kexec may add to a tree. */
static void fdt_test_make_stale(struct kunit *test, struct fdt_test_ctx *ctx)
{
	void *fdt = ctx->blob;
	int node = fdt_add_subnode(fdt, 0, "chosen");
	u8 seed[32] = { 0xaa };

	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_string(fdt, node, "stdout-path", "/soc/serial"));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_string(fdt, node, "bootargs", "old arguments"));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u64(fdt, node, "kaslr-seed", 0xbadbad));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop(fdt, node, "rng-seed", seed, sizeof(seed)));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop(fdt, node, KEXEC_TIMELINE_PROP, seed, sizeof(seed)));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u64(fdt, node, "linux,initrd-start", INITRD_PA));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u64(fdt, node, "linux,initrd-end",
						 INITRD_PA + INITRD_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_appendprop_addrrange(fdt, 0, node, "linux,elfcorehdr",
							  ELF_PA, ELF_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_appendprop_addrrange(fdt, 0, node, "linux,ima-kexec-buffer",
							  IMA_PA, IMA_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_appendprop_addrrange(fdt, 0, node,
							  "linux,usable-memory-range",
							  CRASH_PA, CRASH_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(fdt, INITRD_PA, INITRD_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(fdt, ELF_PA, ELF_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(fdt, IMA_PA, IMA_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(fdt, SELF_PA, fdt_totalsize(fdt)));
}

static void fdt_test_ask_all(struct fdt_test_ctx *ctx)
{
	ctx->req = (struct kexec_fdt_request) {
		.cmdline = "console=ttyAMA0 root=/dev/vda",
		.initrd_pa = 0x61000000,
		.initrd_len = 0x7654321,
		.crash = true,
		.elfcorehdr_pa = 0x8f000000,
		.elfcorehdr_len = SZ_64K,
		.ima_pa = 0x6a000000,
		.ima_len = SZ_4K,
	};
	ctx->src.usable[0] = (struct fdt_range) { CRASH_PA, CRASH_LEN };
	ctx->src.usable[1] = (struct fdt_range) { LOW_PA, LOW_LEN };
	ctx->src.nr_usable = 2;
	ctx->src.seeded = true;
	ctx->src.kaslr_seed = 0x0123456789abcdefULL;
	memset(ctx->src.rng_seed, 0x5a, sizeof(ctx->src.rng_seed));
}

static void fdt_test_bare(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	int off, nr = 0;

	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_TRUE(test, fdt_test_has(ctx, "linux,booted-from-kexec"));
	fdt_for_each_property_offset(off, ctx->out, fdt_test_chosen(ctx->out))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 2);
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV);
}

static void fdt_test_stale(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	int off, nr = 0;

	fdt_test_make_stale(test, ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_TRUE(test, fdt_test_has(ctx, "linux,booted-from-kexec"));
	KUNIT_EXPECT_TRUE(test, fdt_test_has(ctx, "stdout-path"));
	fdt_for_each_property_offset(off, ctx->out, fdt_test_chosen(ctx->out))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 3);
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV);
}

/* Space for the properties of this kernel, without those of the previous one. */
static void fdt_test_timeline(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	static const struct kexec_timeline empty;
	const void *value;
	int len;

	fdt_test_make_stale(test, ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	value = fdt_test_get(ctx, KEXEC_TIMELINE_PROP, &len);
	KUNIT_ASSERT_TRUE(test, value);
	KUNIT_ASSERT_EQ(test, len, (int)sizeof(empty));
	KUNIT_EXPECT_EQ(test, 0, memcmp(value, &empty, sizeof(empty)));

	fdt_test_ask_all(ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, KEXEC_TIMELINE_PROP));
}

/* Outside of /chosen and the reservations, the tree is unchanged. */
static void fdt_test_untouched(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	int before, after, len_before, len_after;
	const void *was, *is;

	fdt_test_make_stale(test, ctx);
	fdt_test_ask_all(ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));

	before = fdt_next_node(ctx->blob, -1, NULL);
	after = fdt_next_node(ctx->out, -1, NULL);
	while (before >= 0 && after >= 0) {
		int off;

		KUNIT_EXPECT_STREQ(test, fdt_get_name(ctx->blob, before, NULL),
				   fdt_get_name(ctx->out, after, NULL));
		if (before != fdt_test_chosen(ctx->blob))
			fdt_for_each_property_offset(off, ctx->blob, before) {
				const char *name;

				was = fdt_getprop_by_offset(ctx->blob, off, &name, &len_before);
				is = fdt_getprop(ctx->out, after, name, &len_after);
				KUNIT_ASSERT_TRUE(test, was && is);
				KUNIT_ASSERT_EQ(test, len_before, len_after);
				KUNIT_EXPECT_EQ(test, 0, memcmp(was, is, len_after));
			}
		before = fdt_next_node(ctx->blob, before, NULL);
		after = fdt_next_node(ctx->out, after, NULL);
	}
	KUNIT_EXPECT_EQ(test, before, after);
}

static void fdt_test_bootargs(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	char *line = kunit_kzalloc(test, 2048, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, line);
	memset(line, 'x', 2047);
	fdt_test_make_stale(test, ctx);

	ctx->req.cmdline = line;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_STREQ(test, (const char *)fdt_test_get(ctx, "bootargs", NULL), line);

	ctx->req.cmdline = "";
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_STREQ(test, (const char *)fdt_test_get(ctx, "bootargs", NULL), "");
}

static void fdt_test_initrd(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	const u32 start[] = { 0x8, 0x12340000 };
	const u32 end[] = { 0x8, 0x12345678 };

	fdt_test_make_stale(test, ctx);
	ctx->req.initrd_pa = 0x812340000ULL;
	ctx->req.initrd_len = 0x5678;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "linux,initrd-start", start, 2);
	fdt_test_expect_cells(test, ctx, "linux,initrd-end", end, 2);
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x812340000ULL, 0x5678));
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV + 1);
}

/* Boot loaders write one cell for a low initrd, and reserve whole pages. */
static void fdt_test_initrd_firmware(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 1, 1);
	int node = fdt_add_subnode(ctx->blob, 0, "chosen");

	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u32(ctx->blob, node, "linux,initrd-start",
						 (u32)INITRD_PA));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u32(ctx->blob, node, "linux,initrd-end",
						 (u32)(INITRD_PA + INITRD_LEN)));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, INITRD_PA, 0x124000));
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,initrd-start"));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,initrd-end"));
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV);
}

/* An initrd of no bytes has no reservation; one at its address has another purpose. */
static void fdt_test_initrd_empty(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	int node = fdt_add_subnode(ctx->blob, 0, "chosen");

	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u64(ctx->blob, node, "linux,initrd-start",
						 INITRD_PA));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u64(ctx->blob, node, "linux,initrd-end",
						 INITRD_PA));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, INITRD_PA, SZ_4K));
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,initrd-start"));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, INITRD_PA, SZ_4K));
}

/* Half a pair, or a value that is too short, is removed alone. */
static void fdt_test_malformed(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	int node = fdt_add_subnode(ctx->blob, 0, "chosen");
	u8 elf[12];

	fdt64_st(elf, ELF_PA);
	memset(elf + 8, 0, 4);
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, ELF_PA, SZ_4K));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_u64(ctx->blob, node, "linux,initrd-start", 1));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop(ctx->blob, node, "linux,elfcorehdr", elf,
					     sizeof(elf)));
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop(ctx->blob, node, "linux,ima-kexec-buffer", NULL, 0));
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,initrd-start"));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,elfcorehdr"));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,ima-kexec-buffer"));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, ELF_PA, SZ_4K));
}

/* Only the list and its reservation are removed from a tree of user space. */
static void fdt_test_forget_ima(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	int node;

	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_clear_ima(ctx->blob));
	node = fdt_add_subnode(ctx->blob, 0, "chosen");
	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_clear_ima(ctx->blob));

	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_string(ctx->blob, node, "bootargs", "stays"));
	KUNIT_ASSERT_EQ(test, 0, fdt_appendprop_addrrange(ctx->blob, 0, node, KEXEC_FDT_IMA_PROP,
							  IMA_PA, IMA_LEN));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, IMA_PA, IMA_LEN));
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_clear_ima(ctx->blob));
	KUNIT_EXPECT_NULL(test, fdt_getprop(ctx->blob, node, KEXEC_FDT_IMA_PROP, NULL));
	KUNIT_EXPECT_NOT_NULL(test, fdt_getprop(ctx->blob, node, "bootargs", NULL));
	KUNIT_EXPECT_EQ(test, 0, fdt_test_count_rsv(ctx->blob, IMA_PA, IMA_LEN));
	KUNIT_EXPECT_EQ(test, OTHER_RSV, fdt_num_mem_rsv(ctx->blob));
}

/*
 *   dtb          |======|
 *   shorter      |===|        kept
 *   page longer  |=======|    removed
 *   64K longer   |==========| kept
 *   elsewhere      |======|   kept
 */
static void fdt_test_self(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	u64 size = fdt_totalsize(ctx->blob);

	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, size));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, size - 1));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, size + SZ_64K - 1));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, size + SZ_64K));
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA + 8, size));
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_EQ(test, 0, fdt_test_count_rsv(ctx->out, SELF_PA, size));
	KUNIT_EXPECT_EQ(test, 0, fdt_test_count_rsv(ctx->out, SELF_PA, size + SZ_64K - 1));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, SELF_PA, size - 1));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, SELF_PA, size + SZ_64K));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, SELF_PA + 8, size));
}

/* The removed reservation may be the first, the last or any other. */
static void fdt_test_self_everywhere(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	u64 size = fdt_totalsize(ctx->blob);
	int i;

	for (i = 0; i < OTHER_RSV; i++) {
		u64 other_start, other_size;

		KUNIT_ASSERT_EQ(test, 0, fdt_get_mem_rsv(ctx->blob, 0, &other_start,
							 &other_size));
		KUNIT_ASSERT_EQ(test, 0, fdt_del_mem_rsv(ctx->blob, 0));
		KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, size));
		KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, other_start, other_size));
	}
	KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, size));
	KUNIT_ASSERT_EQ(test, fdt_num_mem_rsv(ctx->blob), OTHER_RSV + 3);

	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV);
}

static void fdt_test_seeds(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	const u32 seed[] = { 0x01234567, 0x89abcdef };
	const u8 *rng;
	int len;

	fdt_test_make_stale(test, ctx);
	fdt_test_ask_all(ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "kaslr-seed", seed, 2);
	rng = fdt_test_get(ctx, "rng-seed", &len);
	KUNIT_ASSERT_NOT_NULL(test, rng);
	KUNIT_ASSERT_EQ(test, len, KEXEC_FDT_RNG_SEED_SIZE);
	KUNIT_EXPECT_EQ(test, 0, memcmp(rng, ctx->src.rng_seed, len));

	ctx->src.seeded = false;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "kaslr-seed"));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "rng-seed"));
}

static void fdt_test_crash(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	const u32 elf[] = { 0, 0x8f000000, 0, SZ_64K };
	const u32 usable[] = {
		0, (u32)CRASH_PA, 0, (u32)CRASH_LEN, 0, (u32)LOW_PA, 0, (u32)LOW_LEN,
		2, 0x40000000, 0, SZ_32M
	};

	fdt_test_make_stale(test, ctx);
	fdt_test_ask_all(ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "linux,elfcorehdr", elf, 4);
	fdt_test_expect_cells(test, ctx, "linux,usable-memory-range", usable, 8);
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x8f000000, SZ_64K));

	ctx->src.nr_usable = 1;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "linux,usable-memory-range", usable, 4);

	/* A CMA area is after the regions. */
	ctx->src.usable[2] = (struct fdt_range) { 0x240000000ULL, SZ_32M };
	ctx->src.nr_usable = 3;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "linux,usable-memory-range", usable, 12);

	ctx->req.crash = false;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,elfcorehdr"));
	KUNIT_EXPECT_FALSE(test, fdt_test_has(ctx, "linux,usable-memory-range"));
	KUNIT_EXPECT_EQ(test, 0, fdt_test_count_rsv(ctx->out, 0x8f000000, SZ_64K));
}

static void fdt_test_one_cell(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 1, 1);
	const u32 elf[] = { 0x8f000000, SZ_64K };
	const u32 ima[] = { 0x6a000000, SZ_4K };

	fdt_test_make_stale(test, ctx);
	fdt_test_ask_all(ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "linux,elfcorehdr", elf, 2);
	fdt_test_expect_cells(test, ctx, "linux,ima-kexec-buffer", ima, 2);
	KUNIT_EXPECT_EQ(test, 0, fdt_test_count_rsv(ctx->out, IMA_PA, IMA_LEN));
	KUNIT_EXPECT_EQ(test, 0, fdt_test_count_rsv(ctx->out, ELF_PA, ELF_LEN));

	ctx->req.elfcorehdr_pa = 0x100000000ULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, fdt_test_build(test, ctx));
	ctx->req.elfcorehdr_pa = 0x8f000000;
	ctx->src.usable[1].size = 0x100000000ULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, fdt_test_build(test, ctx));
}

static void fdt_test_two_and_one_cells(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 1);
	const u32 ima[] = { 0x9, 0x62000000, SZ_4K };

	fdt_test_make_stale(test, ctx);
	ctx->req.ima_pa = 0x962000000ULL;
	ctx->req.ima_len = SZ_4K;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_expect_cells(test, ctx, "linux,ima-kexec-buffer", ima, 3);
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV + 1);
}

static void fdt_test_three_cells(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 3, 2);

	KUNIT_EXPECT_EQ(test, 0, fdt_test_build(test, ctx));
	fdt_test_ask_all(ctx);
	KUNIT_EXPECT_EQ(test, -EINVAL, fdt_test_build(test, ctx));
}

static void fdt_test_persistent(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	const struct fdt_range persistent[] = {
		{ 0x70000000, SZ_64K },
		{ 0x900000000ULL, 3 * SZ_64K },
		{ 0x7f010000, SZ_64K },		/* inside of an existing one */
		{ 0x7f0f0000, 2 * SZ_64K },	/* partly outside of it */
	};

	ctx->src.persistent = persistent;
	ctx->src.nr_persistent = ARRAY_SIZE(persistent);
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x70000000, SZ_64K));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x900000000ULL, 3 * SZ_64K));
	KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, 0x7f0f0000, 2 * SZ_64K));
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV + 3);
}

/* A chain of kernels: each tree is made from the previous one and does not grow. */
static void fdt_test_chain(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	const struct fdt_range persistent[] = { { 0x70000000, SZ_64K } };
	size_t first = 0;
	int i;

	fdt_test_make_stale(test, ctx);
	fdt_test_ask_all(ctx);
	ctx->src.persistent = persistent;
	ctx->src.nr_persistent = ARRAY_SIZE(persistent);
	for (i = 0; i < 5; i++) {
		KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
		KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV + 4);
		first = first ?: ctx->used;
		KUNIT_EXPECT_EQ(test, ctx->used, first);

		memcpy(ctx->blob, ctx->out, ctx->used);
		KUNIT_ASSERT_EQ(test, 0, fdt_open_into(ctx->blob, ctx->blob, TREE_ROOM));
		KUNIT_ASSERT_EQ(test, 0, fdt_add_mem_rsv(ctx->blob, SELF_PA, ctx->used +
							 sizeof(struct fdt_reserve_entry)));
		KUNIT_ASSERT_EQ(test, 0, fdt_pack(ctx->blob));
		ctx->req.initrd_pa += SZ_64K;
		ctx->req.ima_pa += SZ_4K;
		ctx->src.kaslr_seed++;
	}
}

/* A buffer that is too small is refused, and no byte after it is written. */
static void fdt_test_no_space(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	size_t bound, capacity, step = 8;
	bool fits = false;

	fdt_test_make_stale(test, ctx);
	KUNIT_ASSERT_EQ(test, 0, fdt_pack(ctx->blob));
	fdt_test_ask_all(ctx);
	bound = kexec_fdt_bound(&ctx->src, &ctx->req);
	for (capacity = 0; capacity < bound; capacity += step) {
		int i, ret;

		memset(ctx->out, 0xcc, OUT_ROOM);
		ret = kexec_fdt_build(&ctx->src, &ctx->req, ctx->out, capacity, &ctx->used);
		/* Any larger buffer is accepted. */
		KUNIT_EXPECT_EQ(test, ret, fits ? 0 : ret ? -ENOSPC : 0);
		fits = fits || !ret;
		for (i = 0; i < 64; i++)
			KUNIT_ASSERT_EQ(test, ((u8 *)ctx->out)[capacity + i], 0xcc);
		if (capacity == 64)
			step = 64;
	}
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_build(&ctx->src, &ctx->req, ctx->out, bound,
						 &ctx->used));
}

/* Reserved entries: only the last one does not fit, all others are unchanged. */
static void fdt_test_top_up(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	struct fdt_range late[] = {
		{ 0x70000000, SZ_64K }, { 0x71000000, SZ_64K }, { 0x900000000ULL, SZ_64K },
		{ 0x72000000, SZ_64K },
	};
	const struct fdt_range inside = { 0x71008000, SZ_4K }, across = { 0x71008000, SZ_64K };
	size_t used;
	int i, chosen;

	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	used = ctx->used;
	KUNIT_EXPECT_EQ(test, -ENOSPC, kexec_fdt_add_memrsv(ctx->out, late, 1));

	ctx->src.nr_free_slots = 3;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_EQ(test, ctx->used, used + 3 * sizeof(struct fdt_reserve_entry));
	chosen = fdt_path_offset(ctx->out, "/chosen");
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 1, kexec_fdt_add_memrsv(ctx->out, &late[i], 1));
		KUNIT_EXPECT_EQ(test, 1, fdt_test_count_rsv(ctx->out, late[i].start, SZ_64K));
		KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV + i + 1);
	}
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_add_memrsv(ctx->out, late, 3));
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_add_memrsv(ctx->out, &inside, 1));
	KUNIT_EXPECT_EQ(test, -ENOSPC, kexec_fdt_add_memrsv(ctx->out, &across, 1));
	KUNIT_EXPECT_EQ(test, -ENOSPC, kexec_fdt_add_memrsv(ctx->out, late, 4));
	KUNIT_EXPECT_EQ(test, fdt_num_mem_rsv(ctx->out), OTHER_RSV + 3);
	KUNIT_EXPECT_EQ(test, chosen, fdt_path_offset(ctx->out, "/chosen"));
	KUNIT_EXPECT_EQ(test, 0, fdt_check_header(ctx->out));
}

/* The entries fill the buffer to its last byte, and no more of them fit. */
static void fdt_test_slots(struct kunit *test)
{
	const size_t len = 2 * sizeof(struct fdt_reserve_entry);
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	const size_t more = 100 * sizeof(struct fdt_reserve_entry);
	size_t used;

	KUNIT_ASSERT_EQ(test, 0, fdt_pack(ctx->blob));
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	used = ctx->used;
	ctx->src.nr_free_slots = 100;
	/* The finished tree fits without the entries, and lacks one byte with them. */
	KUNIT_EXPECT_EQ(test, -ENOSPC, kexec_fdt_build(&ctx->src, &ctx->req, ctx->out,
						       used + more - 1, &ctx->used));
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_build(&ctx->src, &ctx->req, ctx->out, used + more,
						 &ctx->used));
	KUNIT_EXPECT_EQ(test, ctx->used, used + more);

	ctx->src.nr_free_slots = 0;
	KUNIT_ASSERT_EQ(test, 0, fdt_test_build(test, ctx));
	KUNIT_EXPECT_EQ(test, -FDT_ERR_NOSPACE,
			kexec_fdt_reserve_slots(ctx->out, ctx->used + len - 1, 2));
	KUNIT_EXPECT_EQ(test, ctx->used, (size_t)fdt_totalsize(ctx->out));
	KUNIT_EXPECT_EQ(test, 0, kexec_fdt_reserve_slots(ctx->out, ctx->used + len, 2));
	KUNIT_EXPECT_EQ(test, ctx->used + len, (size_t)fdt_totalsize(ctx->out));
}

/* Pack a tree without strings that /chosen may share. */
static void fdt_test_shrink(struct kunit *test, struct fdt_test_ctx *ctx)
{
	void *fdt = ctx->blob;
	int node = fdt_path_offset(fdt, "/soc");

	KUNIT_ASSERT_GT(test, node, 0);
	KUNIT_ASSERT_EQ(test, 0, fdt_setprop_string(fdt, node, "kaslr-seed", ""));
	KUNIT_ASSERT_EQ(test, 0, fdt_del_node(fdt, node));
	KUNIT_ASSERT_EQ(test, 0, fdt_pack(fdt));
	/* The strings of deleted properties stay, so cut off the last one. */
	fdt_set_size_dt_strings(fdt, fdt_size_dt_strings(fdt) - sizeof("kaslr-seed"));
	fdt_set_totalsize(fdt, fdt_totalsize(fdt) - sizeof("kaslr-seed"));
}

/*
 * A packed tree without /chosen has no free space: the bound must include all, and no more
 * than its alignment.
 */
static void fdt_test_bound(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);
	struct fdt_range persistent[8];
	unsigned int i, cut;

	for (i = 0; i < ARRAY_SIZE(persistent); i++)
		persistent[i] = (struct fdt_range) { (u64)SZ_1M * i, SZ_64K };
	fdt_test_shrink(test, ctx);
	fdt_test_ask_all(ctx);
	ctx->src.persistent = persistent;
	for (i = 0; i <= ARRAY_SIZE(persistent); i++) {
		ctx->src.nr_persistent = i;
		ctx->src.nr_free_slots = i % 3;
		for (cut = 0; cut < 8; cut++, ctx->req.cmdline++) {
			KUNIT_EXPECT_EQ(test, 0, fdt_test_build(test, ctx));
			KUNIT_EXPECT_LT(test, kexec_fdt_bound(&ctx->src, &ctx->req) - ctx->used,
					(size_t)MIN_FDT_ALIGN);
		}
		ctx->req.cmdline -= cut;
	}
}

/* A tree larger than the 2 MiB of the boot protocol has no bound. */
static void fdt_test_limit(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);

	ctx->src.nr_persistent = SZ_2M / sizeof(struct fdt_reserve_entry);
	KUNIT_EXPECT_EQ(test, (size_t)MAX_FDT_SIZE, kexec_fdt_bound(&ctx->src, &ctx->req));
	ctx->src.nr_persistent = 0;
	KUNIT_EXPECT_LT(test, kexec_fdt_bound(&ctx->src, &ctx->req), (size_t)MAX_FDT_SIZE);
}

static void fdt_test_damaged(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);

	fdt_set_magic(ctx->blob, FDT_MAGIC + 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, fdt_test_build(test, ctx));
	fdt_set_magic(ctx->blob, FDT_MAGIC);
	fdt_set_version(ctx->blob, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, fdt_test_build(test, ctx));
}

/* A reservation block that does not end within the tree. */
static void fdt_test_endless(struct kunit *test)
{
	struct fdt_test_ctx *ctx = fdt_test_new(test, 2, 2);

	fdt_set_off_mem_rsvmap(ctx->blob, fdt_totalsize(ctx->blob) - 8);
	KUNIT_EXPECT_EQ(test, -EINVAL, fdt_test_build(test, ctx));
}

static struct kunit_case fdt_test_cases[] = {
	KUNIT_CASE(fdt_test_bare),
	KUNIT_CASE(fdt_test_stale),
	KUNIT_CASE(fdt_test_timeline),
	KUNIT_CASE(fdt_test_untouched),
	KUNIT_CASE(fdt_test_bootargs),
	KUNIT_CASE(fdt_test_initrd),
	KUNIT_CASE(fdt_test_initrd_firmware),
	KUNIT_CASE(fdt_test_initrd_empty),
	KUNIT_CASE(fdt_test_malformed),
	KUNIT_CASE(fdt_test_forget_ima),
	KUNIT_CASE(fdt_test_self),
	KUNIT_CASE(fdt_test_self_everywhere),
	KUNIT_CASE(fdt_test_seeds),
	KUNIT_CASE(fdt_test_crash),
	KUNIT_CASE(fdt_test_one_cell),
	KUNIT_CASE(fdt_test_two_and_one_cells),
	KUNIT_CASE(fdt_test_three_cells),
	KUNIT_CASE(fdt_test_persistent),
	KUNIT_CASE(fdt_test_top_up),
	KUNIT_CASE(fdt_test_slots),
	KUNIT_CASE(fdt_test_chain),
	KUNIT_CASE(fdt_test_no_space),
	KUNIT_CASE(fdt_test_bound),
	KUNIT_CASE(fdt_test_limit),
	KUNIT_CASE(fdt_test_damaged),
	KUNIT_CASE(fdt_test_endless),
	{}
};

static struct kunit_suite fdt_test_suite = {
	.name = "kexec-fdt",
	.test_cases = fdt_test_cases,
};

kunit_test_suite(fdt_test_suite);
