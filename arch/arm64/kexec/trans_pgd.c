// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: transitional page tables
 *
 * kexec and a resume from hibernation may overwrite this kernel's page tables.  While they
 * copy, TTBR1 has a copy of the linear map, TTBR0 an identity map of the running code.
 *
 * All of the copy is valid and writable, because kernel text and protected pages (KFENCE,
 * debug_pagealloc, memfd_secret, crash reservation) are overwritten as well.  nomap memory
 * and devices stay unmapped.  Runs of equal attributes have the largest entries that fit,
 * so the size of the tables does not depend on that of memory.
 *
 * Levels are those of the hardware, -1 to 3 (Arm ARM, DDI 0487, chapter D8), because the
 * identity map can have more levels than the kernel was built with.
 *
 * Hibernation calls this with interrupts off, so no function acquires a lock or sleeps.
 * Permissions and valid bits of the live tables may change meanwhile: each entry is read
 * once, and neither is copied.  The caller keeps memory, and so table pages, from being
 * removed, and owns the allocated pages, on failure as well.
 *
 * The walker reads the tables inner shareable and write-back, so they need no cache
 * maintenance.
 */
#include <linux/align.h>
#include <linux/cacheflush.h>
#include <linux/cpufeature.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>
#include <linux/string.h>

#include <asm/virt.h>

#include "trans_pgd.h"

#define TRANS_LAST_LEVEL	3

/* The first level that can hold a block: 1 GiB, 32 MiB and 512 MiB. */
#define TRANS_BLOCK_LEVEL	(IS_ENABLED(CONFIG_ARM64_4K_PAGES) ? 1 : 2)

/* Bits of a leaf that are not copied. */
#define TRANS_DROP		(PTE_TYPE_MASK | PTE_RDONLY | PTE_CONT | PTE_SWBITS_MASK)
#define TRANS_FORCE		(PTE_AF | PTE_WRITE)

/* Mapped bytes that one entry could describe, were it large enough. */
struct trans_run {
	u64 va;
	u64 pa;
	u64 attr;
	u64 len;
};

/* @run was read and is not mapped yet. */
struct trans_copy {
	struct trans_pgd_info *info;
	u64 *root;
	struct trans_run run;
};

static u64 trans_level_size(int level)
{
	return 1ULL << ARM64_HW_PGTABLE_LEVEL_SHIFT(level);
}

static int trans_root_level(unsigned int va_bits)
{
	return TRANS_LAST_LEVEL + 1 - (int)ARM64_HW_PGTABLE_LEVELS(va_bits);
}

/*
 * Kernel addresses have ones above VA_BITS, so the top level that the kernel was built for
 * needs its own mask, also where 48-bit hardware enters a 52-bit table in the middle.
 */
static unsigned int trans_index(int level, u64 va)
{
	bool top = level == TRANS_LAST_LEVEL + 1 - CONFIG_PGTABLE_LEVELS;
	unsigned int nr = top ? PTRS_PER_PGD : PTRS_PER_PTE;

	return (va >> ARM64_HW_PGTABLE_LEVEL_SHIFT(level)) & (nr - 1);
}

static phys_addr_t trans_desc_pa(u64 desc)
{
	return __pte_to_phys(__pte(desc));
}

static u64 *trans_desc_table(u64 desc)
{
	return phys_to_virt(trans_desc_pa(desc));
}

static u64 trans_table_desc(const u64 *table)
{
	return __phys_to_pte_val(virt_to_phys(table)) | PMD_TYPE_TABLE;
}

static bool trans_desc_is_table(u64 desc, int level)
{
	return level < TRANS_LAST_LEVEL && (desc & PMD_TYPE_MASK) == PMD_TYPE_TABLE;
}

static u64 trans_desc_attr(u64 desc)
{
	u64 attr = desc ^ __phys_to_pte_val(trans_desc_pa(desc));

	return (attr & ~TRANS_DROP) | TRANS_FORCE;
}

static u64 *trans_new_table(struct trans_pgd_info *info)
{
	return info->trans_alloc_page(info->trans_alloc_arg);
}

/* Allocates the tables above; NULL without memory. */
static u64 *trans_slot(struct trans_copy *copy, u64 va, int level)
{
	u64 *table = copy->root;
	int l;

	for (l = trans_root_level(vabits_actual); l < level; l++) {
		u64 *slot = &table[trans_index(l, va)];

		if (*slot) {
			table = trans_desc_table(*slot);
			continue;
		}
		table = trans_new_table(copy->info);
		if (!table)
			return NULL;
		WRITE_ONCE(*slot, trans_table_desc(table));
	}
	return &table[trans_index(level, va)];
}

/* The level of the largest entry that @run can begin with. */
static int trans_fit(const struct trans_run *run)
{
	int level = max(TRANS_BLOCK_LEVEL, trans_root_level(vabits_actual));

	for (; level < TRANS_LAST_LEVEL; level++) {
		u64 size = trans_level_size(level);

		if (IS_ALIGNED(run->va | run->pa, size) && run->len >= size)
			break;
	}
	return level;
}

static int trans_flush(struct trans_copy *copy)
{
	struct trans_run *run = &copy->run;

	while (run->len) {
		int level = trans_fit(run);
		u64 type = level == TRANS_LAST_LEVEL ? PTE_TYPE_PAGE : PMD_TYPE_SECT;
		u64 *slot = trans_slot(copy, run->va, level);

		if (!slot)
			return -ENOMEM;
		WRITE_ONCE(*slot, __phys_to_pte_val(run->pa) | run->attr | type);
		run->va += trans_level_size(level);
		run->pa += trans_level_size(level);
		run->len -= trans_level_size(level);
	}
	return 0;
}

static int trans_add(struct trans_copy *copy, u64 va, phys_addr_t pa, u64 desc, u64 len)
{
	struct trans_run *run = &copy->run;
	u64 attr = trans_desc_attr(desc);
	int err;

	/* Temporarily invalid memory, or no memory? */
	if (!(desc & PTE_VALID) && !pfn_valid(PHYS_PFN(pa)))
		return 0;

	if (run->len && va == run->va + run->len && pa == run->pa + run->len &&
	    attr == run->attr) {
		run->len += len;
		return 0;
	}

	err = trans_flush(copy);
	if (err)
		return err;
	*run = (struct trans_run) { .va = va, .pa = pa, .attr = attr, .len = len };
	return 0;
}

/*
 * Does @table at @level map its whole range as one aligned piece with equal attributes?
 * With rodata=full most tables do, and this is faster than decoding each entry.  The sum
 * cannot carry into other bits, because the piece is aligned to the table's range.
 */
static bool trans_table_is_uniform(const u64 *table, int level)
{
	u64 size = trans_level_size(level);
	u64 expect = READ_ONCE(table[0]);
	unsigned int i;

	if (!(expect & PTE_VALID) || trans_desc_is_table(expect, level) ||
	    !IS_ALIGNED(trans_desc_pa(expect), size * PTRS_PER_PTE))
		return false;

	for (i = 1; i < PTRS_PER_PTE; i++) {
		expect += size;
		if (READ_ONCE(table[i]) != expect)
			return false;
	}
	return true;
}

static int trans_read(struct trans_copy *copy, const u64 *table, int level, u64 va, u64 end)
{
	u64 size = trans_level_size(level);
	u64 next;
	int err = 0;

	for (; va < end && !err; va = next) {
		u64 desc = READ_ONCE(table[trans_index(level, va)]);
		const u64 *sub;

		/* With five levels the last root entry ends where 64 bits do. */
		next = min(va | (size - 1), end - 1) + 1;
		if (!desc)
			continue;
		if (!trans_desc_is_table(desc, level)) {
			phys_addr_t pa = trans_desc_pa(desc) + (va & (size - 1));

			err = trans_add(copy, va, pa, desc, next - va);
			continue;
		}

		sub = trans_desc_table(desc);
		if (next - va == size && trans_table_is_uniform(sub, level + 1)) {
			desc = READ_ONCE(sub[0]);
			err = trans_add(copy, va, trans_desc_pa(desc), desc, size);
		} else {
			err = trans_read(copy, sub, level + 1, va, next);
		}
	}
	return err;
}

/**
 * trans_pgd_copy_parts() - copy some parts of given kernel page tables
 * @info: allocator of zeroed pages in the linear map
 * @src_pgd: tables with the geometry of swapper_pg_dir
 * @dst_pgd: the copy, on success
 * @next_part: returns the parts; parts of whole blocks are copied fastest
 * @ctx: passed to @next_part
 *
 * Return: 0, or -ENOMEM.
 */
int trans_pgd_copy_parts(struct trans_pgd_info *info, pgd_t *src_pgd, pgd_t **dst_pgd,
			 trans_pgd_next_part *next_part, void *ctx)
{
	struct trans_copy copy = { .info = info, .root = trans_new_table(info) };
	int level = trans_root_level(vabits_actual);
	unsigned long start, end;
	int err = 0;

	if (!copy.root)
		return -ENOMEM;

	while (!err && next_part(ctx, &start, &end))
		err = trans_read(&copy, (u64 *)src_pgd, level, start, end);
	if (!err)
		err = trans_flush(&copy);
	if (err)
		return err;

	/*
	 * Written before TTBR1 can point the walker at them.  The cache model cannot see
	 * that it is missing: a load has a later dsb.
	 */
	dsb(ishst);
	*dst_pgd = (pgd_t *)copy.root;
	return 0;
}

struct trans_range {
	unsigned long start;
	unsigned long end;
};

static bool trans_only_part(void *ctx, unsigned long *start, unsigned long *end)
{
	struct trans_range *part = ctx;
	bool fresh = part->start != part->end;

	*start = part->start;
	*end = part->end;
	part->start = part->end;
	return fresh;
}

/**
 * trans_pgd_copy_from() - copy a part of given kernel page tables
 * @info: allocator of zeroed pages in the linear map
 * @src_pgd: tables with the geometry of swapper_pg_dir
 * @dst_pgd: the copy, on success
 * @start: virtual address, page aligned
 * @end: virtual address, page aligned, exclusive
 *
 * Return: 0, or -ENOMEM.
 */
int trans_pgd_copy_from(struct trans_pgd_info *info, pgd_t *src_pgd,
			pgd_t **dst_pgd, unsigned long start, unsigned long end)
{
	struct trans_range part = { .start = start, .end = end };

	return trans_pgd_copy_parts(info, src_pgd, dst_pgd, trans_only_part, &part);
}

/**
 * trans_pgd_create_copy() - copy a part of the linear map
 * @info: allocator of zeroed pages in the linear map
 * @trans_pgd: the copy, for TTBR1, on success
 * @start: virtual address, page aligned
 * @end: virtual address, page aligned, exclusive
 *
 * Return: 0, or -ENOMEM.
 */
int trans_pgd_create_copy(struct trans_pgd_info *info, pgd_t **trans_pgd,
			  unsigned long start, unsigned long end)
{
	return trans_pgd_copy_from(info, swapper_pg_dir, trans_pgd, start, end);
}

/* Can TTBR0 translate 52 bits, as an identity map above 2^48 needs? */
static bool trans_has_52_bits(void)
{
	u64 mmfr2;

	if (!IS_ENABLED(CONFIG_ARM64_64K_PAGES))
		return lpa2_is_enabled();
	mmfr2 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR2_EL1);
	return cpuid_feature_extract_unsigned_field(mmfr2, ID_AA64MMFR2_EL1_VARange_SHIFT);
}

/**
 * trans_pgd_idmap_pa() - map one page at its physical address
 * @info: allocator of zeroed pages in the linear map
 * @ttbr0: value for TTBR0_EL1, on success
 * @t0sz: value for the T0SZ field of TCR_EL1, on success
 * @pa: the page, page aligned
 *
 * The tables are made from the page upwards, because @pa may be above the virtual addresses
 * of this kernel.
 *
 * Return: 0, -ENOMEM, or -ERANGE if no CPU can translate an address as high as @pa.
 */
int trans_pgd_idmap_pa(struct trans_pgd_info *info, phys_addr_t *ttbr0,
		       unsigned long *t0sz, phys_addr_t pa)
{
	unsigned int bits = pa >> 48 ? 52 : 48;
	u64 desc = pte_val(pfn_pte(PHYS_PFN(pa), PAGE_KERNEL_ROX));
	u64 *table = NULL;
	int level;

	if (bits == 52 && !trans_has_52_bits())
		return -ERANGE;

	for (level = TRANS_LAST_LEVEL; level >= trans_root_level(bits); level--) {
		unsigned int shift = ARM64_HW_PGTABLE_LEVEL_SHIFT(level);

		table = trans_new_table(info);
		if (!table)
			return -ENOMEM;
		table[(pa >> shift) % PTRS_PER_PTE] = desc;
		desc = trans_table_desc(table);
	}

	/*
	 * Written before TTBR0 can point the walker at them.  The cache model cannot see
	 * that it is missing: a load has a later dsb.
	 */
	dsb(ishst);
	*ttbr0 = phys_to_ttbr(virt_to_phys(table));
	*t0sz = TCR_T0SZ(bits);
	return 0;
}

/**
 * trans_pgd_idmap_page() - map one page at its physical address
 * @info: allocator of zeroed pages in the linear map
 * @trans_ttbr0: value for TTBR0_EL1, on success
 * @t0sz: value for the T0SZ field of TCR_EL1, on success
 * @page: the page's address in the linear map
 *
 * Return: as trans_pgd_idmap_pa().
 */
int trans_pgd_idmap_page(struct trans_pgd_info *info, phys_addr_t *trans_ttbr0,
			 unsigned long *t0sz, void *page)
{
	return trans_pgd_idmap_pa(info, trans_ttbr0, t0sz, virt_to_phys(page) & PAGE_MASK);
}

/**
 * trans_pgd_copy_el2_vectors() - make EL2 vectors that survive this kernel
 * @info: allocator of a zeroed page in the linear map
 * @el2_vectors: physical address for HVC_SET_VECTORS, on success
 *
 * Return: 0, or -ENOMEM.
 */
int trans_pgd_copy_el2_vectors(struct trans_pgd_info *info, phys_addr_t *el2_vectors)
{
	void *page = info->trans_alloc_page(info->trans_alloc_arg);
	unsigned long va = (unsigned long)page;

	if (!page)
		return -ENOMEM;

	memcpy(page, trans_pgd_stub_vectors, ARM64_VECTOR_TABLE_LEN);
	/*
	 * EL2 fetches this with its MMU and caches off; the dsb that completes it is
	 * inside.
	 */
	dcache_clean_inval_poc(va, va + ARM64_VECTOR_TABLE_LEN);
	/*
	 * Old content of the page may be in an I-cache under any alias.  The cache model
	 * cannot see that it is missing: kexec invalidates once more before EL2 fetches.
	 */
	icache_inval_all_pou();

	*el2_vectors = virt_to_phys(page);
	return 0;
}
