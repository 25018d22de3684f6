// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: tests of transitional page tables
 *
 * The tables are compared with their source by a walk with the kernel's pgd, p4d, pud,
 * pmd and pte helpers.  trans_pgd.c uses hardware levels only, so neither can hide a
 * mistake of the other.  The tables are never used by the hardware.
 *
 * All pages are allocated from a pool that can fail at any page and that frees them at
 * the end of the test.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/pgtable.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include <asm/sections.h>
#include <asm/virt.h>

#include "../kern_reloc.h"
#include "../trans_pgd.h"

#define POOL_MAX	1024
#define RANDOM_PAGES	20000

/* Bits in which a copy may differ from its source. */
#define ATTR_IGNORED	(PTE_TYPE_MASK | PTE_RDONLY | PTE_WRITE | PTE_AF | PTE_CONT | \
			 PTE_SWBITS_MASK)

/**
 * struct pool - pages of one test
 * @nr: pages allocated
 * @fail_at: number of the allocation that fails, from 1; 0 for none
 * @page: the pages
 */
struct pool {
	unsigned int nr;
	unsigned int fail_at;
	void *page[POOL_MAX];
};

static void *pool_alloc(void *ctx)
{
	struct pool *pool = ctx;
	void *page;

	if (pool->nr + 1 == pool->fail_at || pool->nr == POOL_MAX)
		return NULL;
	page = (void *)get_zeroed_page(GFP_KERNEL);
	if (page)
		pool->page[pool->nr++] = page;
	return page;
}

static void pool_drain(struct pool *pool)
{
	while (pool->nr)
		free_page((unsigned long)pool->page[--pool->nr]);
}

static void pool_release(void *ctx)
{
	pool_drain(ctx);
}

static struct pool *pool_get(struct kunit *test)
{
	struct pool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pool_release, pool));
	return pool;
}

static struct trans_pgd_info pool_info(struct pool *pool)
{
	return (struct trans_pgd_info) {
		.trans_alloc_page = pool_alloc,
		.trans_alloc_arg = pool,
	};
}

/* The entry that maps @va, or 0; @size is its size. */
static u64 walk(pgd_t *pgd, unsigned long va, unsigned long *size)
{
	pgd_t *pgdp = pgd_offset_pgd(pgd, va);
	p4d_t *p4dp;
	pud_t *pudp;
	pmd_t *pmdp;

	*size = 0;
	if (pgd_none(READ_ONCE(*pgdp)))
		return 0;
	p4dp = p4d_offset(pgdp, va);
	if (p4d_none(READ_ONCE(*p4dp)))
		return 0;
	pudp = pud_offset(p4dp, va);
	if (pud_none(READ_ONCE(*pudp)))
		return 0;
	*size = PUD_SIZE;
	if (pud_sect(READ_ONCE(*pudp)))
		return pud_val(*pudp);
	pmdp = pmd_offset(pudp, va);
	*size = PMD_SIZE;
	if (pmd_none(READ_ONCE(*pmdp)) || pmd_sect(*pmdp))
		return pmd_val(*pmdp);
	*size = PAGE_SIZE;
	return pte_val(__ptep_get(pte_offset_kernel(pmdp, va)));
}

static phys_addr_t leaf_pa(u64 desc, unsigned long va, unsigned long size)
{
	return __pte_to_phys(__pte(desc)) + (va & (size - 1));
}

static u64 leaf_attr(u64 desc)
{
	return (desc ^ __phys_to_pte_val(__pte_to_phys(__pte(desc)))) & ~ATTR_IGNORED;
}

/* Check that @copy maps @va as @src does, and writable. */
static void check_va(struct kunit *test, pgd_t *src, pgd_t *copy, unsigned long va)
{
	unsigned long want_size, got_size;
	u64 want = walk(src, va, &want_size);
	u64 got = walk(copy, va, &got_size);
	phys_addr_t pa = leaf_pa(want, va, want_size);

	if (!want || (!(want & PTE_VALID) && !pfn_valid(PHYS_PFN(pa)))) {
		KUNIT_ASSERT_EQ_MSG(test, got, 0, "%#lx must not be mapped", va);
		return;
	}

	KUNIT_ASSERT_EQ_MSG(test, leaf_pa(got, va, got_size), pa, "%#lx: %#llx for %#llx",
			    va, got, want);
	KUNIT_ASSERT_EQ_MSG(test, leaf_attr(got), leaf_attr(want), "%#lx: %#llx for %#llx",
			    va, got, want);
	KUNIT_ASSERT_EQ_MSG(test, got & (PTE_VALID | PTE_AF | PTE_WRITE | PTE_RDONLY),
			    PTE_VALID | PTE_AF | PTE_WRITE, "%#lx: %#llx", va, got);
	KUNIT_ASSERT_EQ_MSG(test, got & PTE_CONT, 0, "%#lx: %#llx", va, got);
}

static int copy_live(struct pool *pool, pgd_t **pgd)
{
	struct trans_pgd_info info = pool_info(pool);
	int err;

	get_online_mems();
	err = trans_pgd_create_copy(&info, pgd, _PAGE_OFFSET(vabits_actual), PAGE_END);
	put_online_mems();
	return err;
}

static void check_live_pa(struct kunit *test, pgd_t *copy, phys_addr_t pa)
{
	unsigned long va = (unsigned long)phys_to_virt(pa & PAGE_MASK);

	if (va >= _PAGE_OFFSET(vabits_actual) && va < PAGE_END)
		check_va(test, swapper_pg_dir, copy, va);
}

/* The last page inside and the first page outside, at both ends. */
static void check_live_edges(struct kunit *test, pgd_t *copy, phys_addr_t start, phys_addr_t end)
{
	check_live_pa(test, copy, start - PAGE_SIZE);
	check_live_pa(test, copy, start);
	check_live_pa(test, copy, end - PAGE_SIZE);
	check_live_pa(test, copy, end);
}

static void live_copy_equals_linear_map(struct kunit *test)
{
	phys_addr_t start = memblock_start_of_DRAM(), end = memblock_end_of_DRAM();
	struct pool *pool = pool_get(test);
	struct memblock_region *r;
	struct rnd_state rnd;
	unsigned int i;
	pgd_t *copy;

	KUNIT_ASSERT_EQ(test, 0, copy_live(pool, &copy));

	for_each_mem_region(r)
		check_live_edges(test, copy, r->base, r->base + r->size);
	check_live_edges(test, copy, __pa_symbol(_text), __pa_symbol(__init_begin));
	check_live_edges(test, copy, __pa_symbol(__init_begin), __pa_symbol(_end));

	prandom_seed_state(&rnd, 0x6b65786563);
	for (i = 0; i < RANDOM_PAGES; i++) {
		u64 n = (u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd);

		check_live_pa(test, copy, start + n % (end - start));
	}
}

/*
 * Each boundary of runs requires two tables per level at most.  Boundaries are the ends
 * of regions, of the kernel image and, with KASAN or MTE off and on, of the KFENCE pool.
 */
static void live_copy_is_small(struct kunit *test)
{
	unsigned int levels = ARM64_HW_PGTABLE_LEVELS(vabits_actual);
	struct pool *pool = pool_get(test);
	pgd_t *copy;

	KUNIT_ASSERT_EQ(test, 0, copy_live(pool, &copy));
	KUNIT_EXPECT_LE(test, pool->nr, 1 + (levels - 1) * 2 * (memblock.memory.cnt + 3));
	kunit_info(test, "%u table pages for %llu MiB of memory\n", pool->nr,
		   (u64)memblock_phys_mem_size() >> 20);
}

static void live_copy_fails_at_each_page(struct kunit *test)
{
	struct pool *pool = pool_get(test);
	unsigned int n, all;
	pgd_t *copy;

	KUNIT_ASSERT_EQ(test, 0, copy_live(pool, &copy));
	all = pool->nr;
	pool_drain(pool);

	for (n = 1; n <= all; n++) {
		copy = NULL;
		pool->fail_at = n;
		KUNIT_EXPECT_EQ_MSG(test, -ENOMEM, copy_live(pool, &copy), "page %u of %u", n, all);
		KUNIT_EXPECT_EQ(test, n - 1, pool->nr);
		KUNIT_EXPECT_NULL(test, copy);
		pool_drain(pool);
	}

	pool->fail_at = all + 1;
	KUNIT_EXPECT_EQ(test, 0, copy_live(pool, &copy));
	KUNIT_EXPECT_EQ(test, all, pool->nr);
}

/*
 * Source tables made by hand, from the start of the linear map on::
 *
 *	block	0	1	2	3	4	5	6...
 *		equal	one	empty	first	jump	two	empty
 *		pages	other		and	in	invalid
 *			memory		last	the	pages
 *			type		page	middle
 *					missing
 *
 * and then SPAN bytes further a run of equal blocks as long as SPAN.
 */
#define HAS_PUD_BLOCK	IS_ENABLED(CONFIG_ARM64_4K_PAGES)
#define SPAN		(HAS_PUD_BLOCK ? PUD_SIZE : 16 * PMD_SIZE)
#define BLOCK_PA(n)	((phys_addr_t)(16 + (n)) * PMD_SIZE)
#define RUN_PA		((phys_addr_t)8 * SPAN)

static unsigned long block_va(unsigned int n)
{
	return _PAGE_OFFSET(vabits_actual) + n * PMD_SIZE;
}

static pmd_t *source_pmd(struct pool *pool, pgd_t *pgd, unsigned long va)
{
	pgd_t *pgdp = pgd_offset_pgd(pgd, va);
	p4d_t *p4dp;
	pud_t *pudp;

	if (pgd_none(*pgdp))
		pgd_populate(&init_mm, pgdp, pool_alloc(pool));
	p4dp = p4d_offset(pgdp, va);
	if (p4d_none(*p4dp))
		p4d_populate(&init_mm, p4dp, pool_alloc(pool));
	pudp = pud_offset(p4dp, va);
	if (pud_none(*pudp))
		pud_populate(&init_mm, pudp, pool_alloc(pool));
	return pmd_offset(pudp, va);
}

/* A full table of pages for block @n; returns its first entry. */
static pte_t *source_pages(struct pool *pool, pgd_t *pgd, unsigned int n)
{
	pmd_t *pmdp = source_pmd(pool, pgd, block_va(n));
	pte_t *ptep = pool_alloc(pool);
	unsigned int i;

	for (i = 0; i < PTRS_PER_PTE; i++)
		ptep[i] = pfn_pte(PHYS_PFN(BLOCK_PA(n)) + i, PAGE_KERNEL);
	pmd_populate_kernel(&init_mm, pmdp, ptep);
	return ptep;
}

static pgd_t *source_make(struct pool *pool)
{
	unsigned long va = block_va(0) + SPAN;
	pgd_t *pgd = pool_alloc(pool);
	pte_t *ptep;
	unsigned int i;

	/* Differences that are ignored. */
	ptep = source_pages(pool, pgd, 0);
	ptep[3] = pte_wrprotect(ptep[3]);
	ptep[4] = pte_mkold(ptep[4]);
	for (i = 0; i < CONT_PTES; i++)
		ptep[i] = pte_mkcont(ptep[i]);

	ptep = source_pages(pool, pgd, 1);
	ptep[5] = pfn_pte(pte_pfn(ptep[5]), pgprot_writecombine(PAGE_KERNEL));

	ptep = source_pages(pool, pgd, 3);
	ptep[0] = __pte(0);
	ptep[PTRS_PER_PTE - 1] = __pte(0);

	ptep = source_pages(pool, pgd, 4);
	for (i = PTRS_PER_PTE / 2; i < PTRS_PER_PTE; i++)
		ptep[i] = pfn_pte(PHYS_PFN(BLOCK_PA(7)) + i, PAGE_KERNEL);

	ptep = source_pages(pool, pgd, 5);
	memset(ptep, 0, PAGE_SIZE);
	ptep[7] = pfn_pte(virt_to_pfn(pgd), __pgprot(pgprot_val(PAGE_KERNEL) & ~PTE_VALID));
	ptep[9] = pfn_pte(PHYS_PFN(BIT_ULL(47)), __pgprot(pgprot_val(PAGE_KERNEL) & ~PTE_VALID));

	for (i = 0; i < SPAN / PMD_SIZE; i++)
		*source_pmd(pool, pgd, va + i * PMD_SIZE) =
			pfn_pmd(PHYS_PFN(RUN_PA + i * PMD_SIZE), mk_pmd_sect_prot(PAGE_KERNEL));
	return pgd;
}

static int source_copy(struct pool *pool, pgd_t *src, pgd_t **copy)
{
	struct trans_pgd_info info = pool_info(pool);

	return trans_pgd_copy_from(&info, src, copy, block_va(0), block_va(0) + 2 * SPAN);
}

static void made_up_source_is_copied(struct kunit *test)
{
	struct pool *source = pool_get(test), *pool = pool_get(test);
	pgd_t *src = source_make(source), *copy;
	unsigned long va, size;

	KUNIT_ASSERT_EQ(test, 0, source_copy(pool, src, &copy));
	for (va = block_va(0); va < block_va(8); va += PAGE_SIZE)
		check_va(test, src, copy, va);
	for (va = block_va(0) + SPAN; va < block_va(0) + 2 * SPAN; va += PMD_SIZE / 2)
		check_va(test, src, copy, va);

	/* The invalid page whose frame is memory is mapped, the other one is not. */
	KUNIT_EXPECT_NE(test, 0, walk(copy, block_va(5) + 7 * PAGE_SIZE, &size));
	if (!pfn_valid(PHYS_PFN(BIT_ULL(47))))
		KUNIT_EXPECT_EQ(test, 0, walk(copy, block_va(5) + 9 * PAGE_SIZE, &size));
}

static void equal_neighbours_are_merged(struct kunit *test)
{
	struct pool *source = pool_get(test), *pool = pool_get(test);
	unsigned int levels = ARM64_HW_PGTABLE_LEVELS(vabits_actual);
	pgd_t *src = source_make(source), *copy;
	unsigned long size;

	KUNIT_ASSERT_EQ(test, 0, source_copy(pool, src, &copy));

	walk(copy, block_va(0), &size);
	KUNIT_EXPECT_EQ(test, size, PMD_SIZE);
	walk(copy, block_va(1), &size);
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);
	walk(copy, block_va(4), &size);
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);
	walk(copy, block_va(0) + SPAN, &size);
	KUNIT_EXPECT_EQ(test, size, HAS_PUD_BLOCK ? PUD_SIZE : PMD_SIZE);

	/* One table of each level above pages, and four of pages. */
	KUNIT_EXPECT_EQ(test, pool->nr, levels - 1 + 4);
}

static void part_of_a_block_is_copied(struct kunit *test)
{
	struct pool *source = pool_get(test), *pool = pool_get(test);
	unsigned long start = block_va(0) + SPAN + 3 * PAGE_SIZE, size;
	struct trans_pgd_info info = pool_info(pool);
	pgd_t *src = source_make(source), *copy;

	KUNIT_ASSERT_EQ(test, 0, trans_pgd_copy_from(&info, src, &copy, start, start + PAGE_SIZE));
	check_va(test, src, copy, start);
	KUNIT_EXPECT_EQ(test, 0, walk(copy, start - PAGE_SIZE, &size));
	KUNIT_EXPECT_EQ(test, 0, walk(copy, start + PAGE_SIZE, &size));
}

/* Every second block of the artificial source, one at a time. */
static bool next_even_block(void *ctx, unsigned long *start, unsigned long *end)
{
	unsigned int *block = ctx;

	if (*block > 4)
		return false;
	*start = block_va(*block);
	*end = block_va(*block + 1);
	*block += 2;
	return true;
}

static void only_named_parts_are_copied(struct kunit *test)
{
	struct pool *source = pool_get(test), *pool = pool_get(test);
	struct trans_pgd_info info = pool_info(pool);
	pgd_t *src = source_make(source), *copy;
	unsigned long va, size, in_copy;
	unsigned int block = 0;

	KUNIT_ASSERT_EQ(test, 0,
			trans_pgd_copy_parts(&info, src, &copy, next_even_block, &block));
	for (block = 0; block < 5; block++) {
		for (va = block_va(block); va < block_va(block + 1); va += PAGE_SIZE) {
			if (block % 2 == 0) {
				check_va(test, src, copy, va);
				continue;
			}
			in_copy = walk(copy, va, &size);
			KUNIT_ASSERT_EQ(test, in_copy, 0);
		}
	}
}

static unsigned int entries_used(const u64 *table)
{
	unsigned int i, n = 0;

	for (i = 0; i < PTRS_PER_PTE; i++)
		n += table[i] != 0;
	return n;
}

static void check_idmap(struct kunit *test, struct pool *pool, phys_addr_t pa)
{
	struct trans_pgd_info info = pool_info(pool);
	unsigned int stride = PAGE_SHIFT - 3, bits, levels;
	unsigned long t0sz;
	phys_addr_t ttbr0;
	u64 desc = 0, *table;

	KUNIT_ASSERT_EQ(test, 0, trans_pgd_idmap_pa(&info, &ttbr0, &t0sz, pa));
	bits = 64 - t0sz;
	levels = DIV_ROUND_UP(bits - PAGE_SHIFT, stride);
	KUNIT_ASSERT_GE(test, bits, fls64(pa));
	KUNIT_ASSERT_EQ(test, pool->nr, levels);

	table = pool->page[levels - 1];
	KUNIT_EXPECT_EQ(test, ttbr0, phys_to_ttbr(virt_to_phys(table)));
	while (levels--) {
		KUNIT_EXPECT_EQ(test, 1, entries_used(table));
		desc = table[(pa >> (PAGE_SHIFT + levels * stride)) & (PTRS_PER_PTE - 1)];
		KUNIT_ASSERT_EQ(test, desc & PTE_TYPE_MASK, PTE_TYPE_PAGE);
		table = phys_to_virt(__pte_to_phys(__pte(desc)));
	}
	KUNIT_EXPECT_EQ(test, __pte_to_phys(__pte(desc)), pa);
	KUNIT_EXPECT_EQ(test, leaf_attr(desc), pgprot_val(PAGE_KERNEL_ROX) & ~ATTR_IGNORED);
	pool_drain(pool);
}

static void idmap_leads_back(struct kunit *test)
{
	struct pool *pool = pool_get(test);
	phys_addr_t own = __pa_symbol(_text) & PAGE_MASK, ttbr0;
	struct trans_pgd_info info = pool_info(pool);
	phys_addr_t high = BIT_ULL(51) + 3 * PAGE_SIZE;
	unsigned long t0sz;

	check_idmap(test, pool, own);
	check_idmap(test, pool, 0);
	check_idmap(test, pool, BIT_ULL(48) - PAGE_SIZE);

	/* Above 2^48: mapped if the hardware supports it, else refused. */
	if (trans_pgd_idmap_pa(&info, &ttbr0, &t0sz, high) == -ERANGE) {
		KUNIT_EXPECT_EQ(test, 0, pool->nr);
		return;
	}
	pool_drain(pool);
	check_idmap(test, pool, high);
}

static void idmap_fails_at_each_page(struct kunit *test)
{
	struct pool *pool = pool_get(test);
	struct trans_pgd_info info = pool_info(pool);
	phys_addr_t ttbr0 = 1, pa = BIT_ULL(48) - PAGE_SIZE;
	unsigned long t0sz = 1;
	unsigned int n;

	for (n = 1; n <= ARM64_HW_PGTABLE_LEVELS(48); n++) {
		pool->fail_at = n;
		KUNIT_EXPECT_EQ(test, -ENOMEM, trans_pgd_idmap_pa(&info, &ttbr0, &t0sz, pa));
		KUNIT_EXPECT_EQ(test, n - 1, pool->nr);
		pool_drain(pool);
	}
	KUNIT_EXPECT_EQ(test, 1, ttbr0);
	KUNIT_EXPECT_EQ(test, 1, t0sz);
}

static void vectors_are_all_filled(struct kunit *test)
{
	struct pool *pool = pool_get(test);
	struct trans_pgd_info info = pool_info(pool);
	phys_addr_t pa;
	unsigned int i;
	__le32 *page;

	KUNIT_ASSERT_EQ(test, 0, trans_pgd_copy_el2_vectors(&info, &pa));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(pa, SZ_2K));
	page = phys_to_virt(pa);
	/* "b .", except for a call from 64-bit EL1. */
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(page[i * 32]) == 0x14000000, i != 8,
				    "vector %u", i);

	pool->fail_at = 2;
	KUNIT_EXPECT_EQ(test, -ENOMEM, trans_pgd_copy_el2_vectors(&info, &pa));
}

static struct kunit_case trans_pgd_cases[] = {
	KUNIT_CASE(live_copy_equals_linear_map),
	KUNIT_CASE(live_copy_is_small),
	KUNIT_CASE(live_copy_fails_at_each_page),
	KUNIT_CASE(made_up_source_is_copied),
	KUNIT_CASE(equal_neighbours_are_merged),
	KUNIT_CASE(part_of_a_block_is_copied),
	KUNIT_CASE(only_named_parts_are_copied),
	KUNIT_CASE(idmap_leads_back),
	KUNIT_CASE(idmap_fails_at_each_page),
	KUNIT_CASE(vectors_are_all_filled),
	{}
};

static struct kunit_suite trans_pgd_suite = {
	.name = "kexec-trans-pgd",
	.test_cases = trans_pgd_cases,
};

kunit_test_suite(trans_pgd_suite);
