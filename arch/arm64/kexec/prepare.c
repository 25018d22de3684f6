// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: prepare the exit from this kernel, at load time
 *
 * Everything that machine_kexec() needs is allocated here, so that nothing can fail there.
 * If an image has copies, the code of arm64_relocate_new_kernel() and its argument, with
 * struct reloc_state, are in pages that are no destination.  Without memory for page tables
 * the routine runs with the MMU off.
 *
 * Below the kexec lock, get_online_mems() keeps the page tables of the linear map while
 * they are copied.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/bitmap.h>
#include <linux/cacheflush.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/sections.h>
#include <asm/trans_pgd.h>
#include <asm/virt.h>

#include "debug.h"
#include "kern_reloc.h"
#include "reloc_state.h"
#include "shutdown_cpus.h"
#include "trans_pgd.h"

/* alloc_page() is a macro. */
static void *prepare_next_page(const struct kexec_plan *plan)
{
	void *(*alloc)(void *ctx) = plan->alloc_page;

	return alloc(plan->alloc_ctx);
}

static void *prepare_alloc_table(void *ctx)
{
	struct reloc_state *st = ctx;

	if (++st->nr_tables == kexec_arch_debug.fail_table) {
		pr_info("kexec.fail_table: allocation %u of a page table fails\n", st->nr_tables);
		return NULL;
	}
	return prepare_next_page(st->plan);
}

static void *prepare_alloc_page(const struct kexec_plan *plan, const char *what)
{
	void *page = prepare_next_page(plan);

	if (!page)
		pr_err("no memory for the %s (one page)\n", what);
	return page;
}

static int prepare_copy_code(struct reloc_state *st)
{
	void *code = prepare_alloc_page(st->plan, "relocation code");

	if (!code)
		return -ENOMEM;

	kexec_fault_fill_page(code, st->arg->fault_pa);
	/*
	 * The code runs from another address than it was written to, so an aliasing I-cache
	 * is emptied as a whole.  Ends with a dsb; the jump to the code is after an isb.
	 */
	icache_inval_all_pou();
	st->code_pa = virt_to_phys(code);
	return 0;
}

static int prepare_make_vectors(struct reloc_state *st)
{
	struct trans_pgd_info info = {
		.trans_alloc_page = st->plan->alloc_page,
		.trans_alloc_arg = st->plan->alloc_ctx,
	};
	int err;

	if (!is_hyp_nvhe())
		return 0;
	err = trans_pgd_copy_el2_vectors(&info, &st->el2_vectors_pa);
	if (err)
		pr_err("no memory for the EL2 vectors (one page)\n");
	else
		st->arg->flags |= KERN_RELOC_EL2;
	return err;
}

static struct kexec_extent_table *prepare_next_table(const struct kexec_extent_table *table)
{
	return table->next_pa == KEXEC_EXTENT_END ? NULL : phys_to_virt(table->next_pa);
}

/* Read with the MMU off if there are no page tables. */
static void prepare_clean_tables(const struct kexec_plan *plan)
{
	const struct kexec_extent_table *table;

	for (table = plan->copies; table; table = prepare_next_table(table)) {
		kexec_arch_clean_to_poc(table, PAGE_SIZE);
		cond_resched();
	}
}

/*
 * The memory that relocation accesses: a bit for each block of PMD_SIZE bytes, from block
 * @first on.  @at is the next one to read.
 */
struct prepare_map {
	unsigned long *bits;
	u64 first;
	unsigned long nr;
	unsigned long at;
};

static void prepare_map_add(struct prepare_map *map, phys_addr_t pa, u64 len)
{
	u64 from = (pa >> PMD_SHIFT) - map->first;
	u64 to = ((pa + len - 1) >> PMD_SHIFT) - map->first;

	bitmap_set(map->bits, from, to - from + 1);
}

static void prepare_map_fill(struct prepare_map *map, const struct reloc_state *st)
{
	const struct kexec_extent_table *table;
	unsigned int i;

	prepare_map_add(map, virt_to_phys(st->arg), PAGE_SIZE);
	prepare_map_add(map, st->arg->fault_pa, sizeof(st->arg->fault));
	for (table = st->plan->copies; table; table = prepare_next_table(table)) {
		prepare_map_add(map, virt_to_phys(table), PAGE_SIZE);
		for (i = 0; i < table->nr; i++) {
			prepare_map_add(map, table->extent[i].dst_pa, table->extent[i].len);
			prepare_map_add(map, table->extent[i].src_pa, table->extent[i].len);
		}
		cond_resched();
	}
}

/* Blocks may reach beyond memory, but not beyond the linear map. */
static bool prepare_map_next(void *ctx, unsigned long *start, unsigned long *end)
{
	struct prepare_map *map = ctx;
	unsigned long from = find_next_bit(map->bits, map->nr, map->at);
	u64 base = reloc_linear_va(map->first << PMD_SHIFT);

	if (from >= map->nr)
		return false;
	map->at = find_next_zero_bit(map->bits, map->nr, from);
	*start = max_t(u64, base + ((u64)from << PMD_SHIFT), _PAGE_OFFSET(vabits_actual));
	/* One less, because the map may end where 64 bits do. */
	*end = min_t(u64, base + ((u64)map->at << PMD_SHIFT) - 1, PAGE_END - 1) + 1;
	return true;
}

/*
 * In whole blocks and only what is accessed: reading all of a linear map of pages takes
 * milliseconds per gigabyte.  Not inlined, so that its time can be measured.
 */
static noinline int prepare_map_copies(struct reloc_state *st, struct trans_pgd_info *info,
				       pgd_t **pgd)
{
	struct prepare_map map = { };
	int err;

	get_online_mems();
	map.first = memblock_start_of_DRAM() >> PMD_SHIFT;
	map.nr = ((memblock_end_of_DRAM() - 1) >> PMD_SHIFT) - map.first + 1;
	map.bits = kvcalloc(BITS_TO_LONGS(map.nr), sizeof(long),
			    GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (map.bits) {
		prepare_map_fill(&map, st);
		err = trans_pgd_copy_parts(info, swapper_pg_dir, pgd, prepare_map_next, &map);
	} else {
		err = -ENOMEM;
	}
	put_online_mems();
	kvfree(map.bits);
	return err;
}

static int prepare_make_tables(struct reloc_state *st)
{
	struct trans_pgd_info info = {
		.trans_alloc_page = prepare_alloc_table,
		.trans_alloc_arg = st,
	};
	pgd_t *pgd;
	int err = prepare_map_copies(st, &info, &pgd);

	if (!err)
		err = trans_pgd_idmap_page(&info, &st->ttbr0, &st->t0sz,
					   phys_to_virt(st->code_pa));
	if (err)
		return err;

	st->arg->ttbr1 = phys_to_ttbr(virt_to_phys(pgd));
	st->arg->ttbr1_empty = phys_to_ttbr(__pa_symbol(reserved_pg_dir));
	st->arg->pa_to_addr = reloc_linear_va(st->code_pa) - st->code_pa;
	st->arg->flags |= KERN_RELOC_MMU_ON;
	return 0;
}

static void prepare_print(const struct reloc_state *st)
{
	const struct kern_reloc_arg *arg = st->arg;
	phys_addr_t arg_pa = virt_to_phys(st->arg);

	kexec_dprintk("relocation: code=%pap arg=%pap extent table=%#llx line=%u\n",
		      &st->code_pa, &arg_pa, arg->table_pa, arg->dcache_line);
	kexec_dprintk("relocation: an exception is recorded at %#llx\n", arg->fault_pa);
	kexec_dprintk("relocation: %u extents, entry=%#llx dtb=%#llx\n",
		      st->plan->nr_copies, arg->entry_pa, arg->dtb_pa);
	if (arg->flags & KERN_RELOC_EL2)
		kexec_dprintk("relocation: enters at EL2, vectors=%pap\n", &st->el2_vectors_pa);
	if (!(arg->flags & KERN_RELOC_MMU_ON)) {
		kexec_dprintk("relocation: MMU off\n");
		return;
	}
	kexec_dprintk("relocation: MMU on, ttbr0=%pap t0sz=%lu ttbr1=%#llx, %u table pages\n",
		      &st->ttbr0, st->t0sz, arg->ttbr1, st->nr_tables);
	kexec_dprintk("relocation: linear map at PA + %#llx\n", arg->pa_to_addr);
}

static int prepare_build(struct reloc_state *st)
{
	struct kern_reloc_arg *arg = st->arg;
	int err;

	arg->magic = KERN_RELOC_MAGIC;
	arg->version = KERN_RELOC_VERSION;
	arg->dcache_line = kexec_dcache_line();
	arg->entry_pa = st->plan->entry_pa;
	arg->dtb_pa = st->plan->dtb_pa;
	arg->fault_pa = kexec_fault_record(virt_to_phys(&arg->fault));

	err = prepare_copy_code(st);
	if (!err)
		err = prepare_make_vectors(st);
	if (err)
		return err;

	arg->table_pa = virt_to_phys(st->plan->copies);
	err = prepare_make_tables(st);
	if (err)
		pr_notice("no page tables (error %d): relocation will run with the MMU off\n", err);

	/* After the page tables, which must not map this source. */
	kexec_arch_debug_fault(st->plan);
	/* Read with the MMU off if there are no tables. */
	prepare_clean_tables(st->plan);
	kexec_arch_clean_to_poc(arg, sizeof(*arg));
	prepare_print(st);
	return 0;
}

/**
 * kexec_arch_prepare() - allocate and fill everything that machine_kexec() needs
 * @plan: the plan, with its copies in their final order
 *
 * Return: 0, -EBUSY if kexec_shutdown_cpus_stuck() has a reason, or -ENOMEM, after one message.
 */
int kexec_arch_prepare(struct kexec_plan *plan)
{
	const char *stuck = plan->crash ? NULL : kexec_shutdown_cpus_stuck();
	struct reloc_state *st;
	void *page;
	int err;

	if (stuck) {
		pr_err("load refused: %s\n", stuck);
		return -EBUSY;
	}
	if (!plan->nr_copies)
		return 0;

	page = prepare_alloc_page(plan, "relocation argument");
	if (!page)
		return -ENOMEM;
	st = page + RELOC_STATE_OFFSET;
	st->plan = plan;
	st->arg = page;
	err = prepare_build(st);
	if (!err)
		plan->arch_data = st;
	return err;
}
