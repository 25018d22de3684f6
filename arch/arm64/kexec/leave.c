// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: leaving this kernel
 *
 * kexec_arch_prepare() runs when an image is loaded and makes all that the way
 * out needs, so that machine_kexec() has nothing to allocate and nothing
 * that can fail.  Ways out, chosen by what was loaded and where we run:
 *
 * ==============  ===========================================================
 * image in place  kexec_leave_mmu_off() enters it directly
 * to be copied    arm64_relocate_new_kernel(), from a copy of its code, with
 *                 the MMU on and transitional page tables
 * ... no memory   the same routine, entered by kexec_leave_mmu_off() with the
 * for tables      MMU off: slower, and it needs no table
 * ==============  ===========================================================
 *
 * and each ends at EL1, at EL2 (VHE, which looks the same from in here), or
 * from EL1 through an HVC at EL2 (nVHE, see hvc.rst).
 *
 * The pages made here (code, argument, extents, tables, vectors) come from the
 * plan's allocator, which owns them; struct leave_state is ours and lives from
 * kexec_arch_prepare() to kexec_arch_release().  The caller holds the kexec
 * lock in all of these; below it only get_online_mems() is taken, so that no
 * page table of the linear map goes away while it is copied.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/cacheflush.h>
#include <linux/cpufeature.h>
#include <linux/kexec.h>
#include <linux/kexec_machine.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/barrier.h>
#include <asm/daifflags.h>
#include <asm/sections.h>
#include <asm/trans_pgd.h>
#include <asm/virt.h>

#include "kern_reloc.h"
#include "park.h"
#include "trans_pgd.h"

/**
 * struct leave_state - what kexec_arch_prepare() leaves for machine_kexec()
 * @plan: the plan that this belongs to
 * @arg: argument of the relocation routine
 * @code_pa: the copy of that routine
 * @el2_vectors_pa: our EL2 vectors; only with KERN_RELOC_EL2
 * @ttbr0: identity map of @code_pa; only with KERN_RELOC_MMU_ON
 * @t0sz: field of TCR_EL1 that goes with @ttbr0
 * @nr_tables: page-table pages asked for so far
 */
struct leave_state {
	struct kexec_plan *plan;
	struct kern_reloc_arg *arg;
	phys_addr_t code_pa;
	phys_addr_t el2_vectors_pa;
	phys_addr_t ttbr0;
	unsigned long t0sz;
	unsigned int nr_tables;
};

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static unsigned int leave_fail_table;
module_param_named(fail_table, leave_fail_table, uint, 0644);
MODULE_PARM_DESC(fail_table, "let the N-th page-table allocation of each load fail (0: none)");

static unsigned int leave_inject_reloc_fault;
module_param_named(inject_reloc_fault, leave_inject_reloc_fault, uint, 0644);
MODULE_PARM_DESC(inject_reloc_fault, "let the source of the N-th extent of each load be no memory (0: none)");
#else
#define leave_fail_table 0U
#define leave_inject_reloc_fault 0U
#endif

/* Not called through the member: alloc_page() is a macro. */
static void *leave_take_page(const struct kexec_plan *plan)
{
	void *(*take)(void *ctx) = plan->alloc_page;

	return take(plan->alloc_ctx);
}

static void *leave_alloc_table(void *ctx)
{
	struct leave_state *st = ctx;

	if (++st->nr_tables == leave_fail_table) {
		pr_info("kexec.fail_table: allocation %u of a page table fails\n", st->nr_tables);
		return NULL;
	}
	return leave_take_page(st->plan);
}

static void *leave_alloc_page(const struct kexec_plan *plan, const char *what)
{
	void *page = leave_take_page(plan);

	if (!page)
		pr_err("no memory for the %s (one page); free some and load again\n", what);
	return page;
}

/* The address to use with the MMU on: in the linear map, without a KASAN tag. */
static u64 leave_linear_va(phys_addr_t pa)
{
	return (u64)phys_to_virt(pa);
}

static u32 leave_dcache_line(void)
{
	u64 ctr = read_sanitised_ftr_reg(SYS_CTR_EL0);

	/* The field counts words of 4 bytes, as a power of two. */
	return 4U << cpuid_feature_extract_unsigned_field(ctr, CTR_EL0_DminLine_SHIFT);
}

/**
 * kexec_arch_sync() - push bytes out to where a CPU without caches sees them
 * @va: first byte, of any mapping of Normal cacheable memory: data caches behave as
 *      physically indexed and tagged ones, so lines are found through each alias
 * @len: bytes
 *
 * Nothing of them stays in a data cache.  The instruction cache is not touched
 * for each piece: both ways out empty all of it once, after the last byte was
 * written and before the next kernel is entered.
 *
 * Context: any.
 */
void kexec_arch_sync(const void *va, size_t len)
{
	unsigned long line = leave_dcache_line();
	unsigned long at = ALIGN_DOWN((unsigned long)va, line);
	unsigned long end = (unsigned long)va + len;

	/*
	 * To the PoC, for the next kernel and for relocation with the MMU off,
	 * both of which read past the caches.  Eight at a time, because
	 * hundreds of megabytes are millions of lines.
	 */
	while (at + 8 * line <= end)
		asm volatile(".rept 8\n\t"
			     "dc civac, %0\n\t"
			     "add %0, %0, %1\n\t"
			     ".endr"
			     : "+r" (at) : "r" (line) : "memory");
	for (; at < end; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	/* Completes them, for every observer in the system; the MMU goes off long after. */
	dsb(sy);
}

static int leave_copy_code(struct leave_state *st)
{
	void *code = leave_alloc_page(st->plan, "relocation code");

	if (!code)
		return -ENOMEM;

	kexec_fault_fill_page(code, st->arg->fault_pa);
	/*
	 * The code runs from another address than it was written to, so an
	 * aliasing I-cache is emptied as a whole.  Ends with a dsb; the jump to
	 * the code comes after many an isb.
	 */
	icache_inval_all_pou();
	st->code_pa = virt_to_phys(code);
	return 0;
}

static int leave_make_vectors(struct leave_state *st)
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
		pr_err("no memory for the EL2 vectors (one page); free some and load again\n");
	else
		st->arg->flags |= KERN_RELOC_EL2;
	return err;
}

/**
 * kexec_leave_fill_tables() - write a plan's copies as the assembly reads them
 * @plan: the plan; the pages come from its allocator
 * @first_pa: the first &struct kern_reloc_table, or KERN_RELOC_NO_TABLE when
 *            there is nothing to copy
 *
 * The tables are clean to the PoC afterwards.
 *
 * Context: process context when the allocator may sleep.
 * Return: 0, or -ENOMEM after one message.
 */
int kexec_leave_fill_tables(const struct kexec_plan *plan, u64 *first_pa)
{
	u64 *link = first_pa;
	struct kern_reloc_table *prev = NULL, *table;
	unsigned int i, done;

	for (done = 0; done < plan->nr_copies; done += table->nr) {
		table = leave_alloc_page(plan, "table of extents");
		if (!table)
			return -ENOMEM;
		table->nr = min_t(unsigned int, plan->nr_copies - done, KERN_RELOC_TABLE_EXTENTS);
		for (i = 0; i < table->nr; i++) {
			const struct kexec_copy *copy = &plan->copies[done + i];

			table->extent[i] = (struct kern_reloc_extent) {
				.dst_pa = copy->dst_pa,
				.src_pa = copy->src_pa,
				.len = copy->len,
			};
		}
		*link = virt_to_phys(table);
		link = &table->next_pa;
		/* Complete now that its link is written. */
		if (prev)
			kexec_arch_sync(prev, sizeof(*prev));
		prev = table;
		cond_resched();
	}
	*link = KERN_RELOC_NO_TABLE;
	if (prev)
		kexec_arch_sync(prev, sizeof(*prev));
	return 0;
}

/* Neither the linear map nor the bus has anything at the end of memory. */
static void leave_inject_fault(const struct leave_state *st)
{
	unsigned int left = leave_inject_reloc_fault;
	struct kern_reloc_table *table;
	u64 pa;

	for (pa = st->arg->table_pa; left && pa != KERN_RELOC_NO_TABLE; pa = table->next_pa) {
		table = phys_to_virt(pa);
		if (left > table->nr) {
			left -= table->nr;
			continue;
		}
		table->extent[left - 1].src_pa = memblock_end_of_DRAM();
		kexec_arch_sync(table, sizeof(*table));
		pr_info("kexec.inject_reloc_fault: the source of extent %u is %#llx\n",
			leave_inject_reloc_fault, table->extent[left - 1].src_pa);
		return;
	}
}

/**
 * struct leave_map - which memory the relocation touches
 * @bits: one for each block of PMD_SIZE bytes
 * @first: number of the block that bit 0 stands for
 * @nr: bits
 * @at: the next bit to be looked at
 */
struct leave_map {
	unsigned long *bits;
	u64 first;
	unsigned long nr;
	unsigned long at;
};

static void leave_map_add(struct leave_map *map, phys_addr_t pa, u64 len)
{
	u64 from = (pa >> PMD_SHIFT) - map->first;
	u64 to = ((pa + len - 1) >> PMD_SHIFT) - map->first;

	bitmap_set(map->bits, from, to - from + 1);
}

static void leave_map_fill(struct leave_map *map, const struct leave_state *st)
{
	const struct kexec_plan *plan = st->plan;
	const struct kern_reloc_table *table;
	unsigned int i;
	u64 pa;

	leave_map_add(map, virt_to_phys(st->arg), PAGE_SIZE);
	leave_map_add(map, st->arg->fault_pa, sizeof(st->arg->fault));
	for (pa = st->arg->table_pa; pa != KERN_RELOC_NO_TABLE; pa = table->next_pa) {
		leave_map_add(map, pa, PAGE_SIZE);
		table = phys_to_virt(pa);
	}
	for (i = 0; i < plan->nr_copies; i++) {
		leave_map_add(map, plan->copies[i].dst_pa, plan->copies[i].len);
		leave_map_add(map, plan->copies[i].src_pa, plan->copies[i].len);
		if (!(i % KERN_RELOC_TABLE_EXTENTS))
			cond_resched();
	}
}

/* Blocks may reach beyond memory, but not beyond the linear map. */
static bool leave_map_next(void *ctx, unsigned long *start, unsigned long *end)
{
	struct leave_map *map = ctx;
	unsigned long from = find_next_bit(map->bits, map->nr, map->at);
	u64 base = leave_linear_va(map->first << PMD_SHIFT);

	if (from >= map->nr)
		return false;
	map->at = find_next_zero_bit(map->bits, map->nr, from);
	*start = max_t(u64, base + ((u64)from << PMD_SHIFT), _PAGE_OFFSET(vabits_actual));
	/* One less, for the map may end where 64 bits do. */
	*end = min_t(u64, base + ((u64)map->at << PMD_SHIFT) - 1, PAGE_END - 1) + 1;
	return true;
}

/*
 * Map what will be read and written, in whole blocks: reading all of the linear
 * map takes milliseconds for each gigabyte where it is kept in pages.  A function
 * of its own in every build, so that its time can be taken.
 */
static noinline int leave_map_copies(struct leave_state *st, struct trans_pgd_info *info,
				     pgd_t **pgd)
{
	struct leave_map map = { };
	int err;

	get_online_mems();
	map.first = memblock_start_of_DRAM() >> PMD_SHIFT;
	map.nr = ((memblock_end_of_DRAM() - 1) >> PMD_SHIFT) - map.first + 1;
	map.bits = kvcalloc(BITS_TO_LONGS(map.nr), sizeof(long),
			    GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (map.bits) {
		leave_map_fill(&map, st);
		err = trans_pgd_copy_parts(info, swapper_pg_dir, pgd, leave_map_next, &map);
	} else {
		err = -ENOMEM;
	}
	put_online_mems();
	kvfree(map.bits);
	return err;
}

static int leave_make_tables(struct leave_state *st)
{
	struct trans_pgd_info info = {
		.trans_alloc_page = leave_alloc_table,
		.trans_alloc_arg = st,
	};
	pgd_t *pgd;
	int err = leave_map_copies(st, &info, &pgd);

	if (!err)
		err = trans_pgd_idmap_page(&info, &st->ttbr0, &st->t0sz,
					   phys_to_virt(st->code_pa));
	if (err)
		return err;

	st->arg->ttbr1 = phys_to_ttbr(virt_to_phys(pgd));
	st->arg->ttbr1_empty = phys_to_ttbr(__pa_symbol(reserved_pg_dir));
	st->arg->pa_to_addr = leave_linear_va(st->code_pa) - st->code_pa;
	st->arg->flags |= KERN_RELOC_MMU_ON;
	return 0;
}

static void leave_print(const struct leave_state *st)
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

static int leave_build(struct leave_state *st)
{
	struct kern_reloc_arg *arg = leave_alloc_page(st->plan, "relocation argument");
	int err;

	if (!arg)
		return -ENOMEM;
	st->arg = arg;
	arg->magic = KERN_RELOC_MAGIC;
	arg->version = KERN_RELOC_VERSION;
	arg->dcache_line = leave_dcache_line();
	arg->entry_pa = st->plan->entry_pa;
	arg->dtb_pa = st->plan->dtb_pa;
	arg->fault_pa = kexec_fault_record(virt_to_phys(&arg->fault));

	err = leave_copy_code(st);
	if (!err)
		err = leave_make_vectors(st);
	if (!err)
		err = kexec_leave_fill_tables(st->plan, &arg->table_pa);
	if (err)
		return err;

	leave_inject_fault(st);
	err = leave_make_tables(st);
	if (err)
		pr_notice("no page tables (error %d): relocation will run with the MMU off\n", err);

	/* Read with the MMU off when the line above was printed. */
	kexec_arch_sync(arg, sizeof(*arg));
	leave_print(st);
	return 0;
}

/**
 * kexec_arch_prepare() - make all that leaving will need
 * @plan: the plan, with its copies in their final order
 *
 * An image that lies in place needs nothing.  For another one, page tables are
 * welcome but not needed.  Whatever is taken belongs to the plan's allocator,
 * on failure as well.
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 * Return: 0; -EBUSY when kexec_park_stuck() has a reason, or -ENOMEM, both after
 * one message.
 */
int kexec_arch_prepare(struct kexec_plan *plan)
{
	const char *stuck = plan->crash ? NULL : kexec_park_stuck();
	struct leave_state *st;
	int err;

	if (stuck) {
		pr_err("load refused: %s\n", stuck);
		return -EBUSY;
	}
	if (!plan->nr_copies)
		return 0;

	st = kzalloc(sizeof(*st), GFP_KERNEL);
	if (!st) {
		pr_err("no memory for the state of the relocation (%zu bytes); free some and load again\n",
		       sizeof(*st));
		return -ENOMEM;
	}
	st->plan = plan;

	err = leave_build(st);
	if (err) {
		kfree(st);
		return err;
	}
	plan->machine = st;
	return 0;
}

/**
 * kexec_arch_release() - undo kexec_arch_prepare()
 * @plan: the plan, prepared or not; its allocator's pages are still there
 *
 * Context: process context; the caller holds the kexec lock.
 */
void kexec_arch_release(struct kexec_plan *plan)
{
	kfree(plan->machine);
	plan->machine = NULL;
}

/* What keeps running while memory is overwritten ruins it. */
static void leave_check_cpus(const struct kexec_plan *plan)
{
	const char *stuck;

	if (plan->crash) {
		if (smp_crash_stop_failed())
			pr_emerg("some CPUs did not stop; the dump may not be consistent\n");
		return;
	}
	/* More of them than when the image was loaded. */
	stuck = kexec_park_stuck();
	if (stuck || num_online_cpus() > 1)
		panic("kexec: %u CPUs online%s%s, cannot leave this kernel under their feet\n",
		      num_online_cpus(), stuck ? ": " : "", stuck ?: "");
}

/* Memory that nobody should have touched since the image was loaded. */
static void leave_check_arg(const struct leave_state *st)
{
	if (st->arg->magic != KERN_RELOC_MAGIC || st->arg->version != KERN_RELOC_VERSION)
		panic("kexec: the relocation argument was overwritten (%#x, version %u)\n",
		      st->arg->magic, st->arg->version);
}

/* Turn the MMU off and go to @entry_pa. */
static void __noreturn leave_mmu_off(phys_addr_t entry_pa, phys_addr_t x0, bool el2)
{
	void __noreturn (*mmu_off)(u64 entry_pa, u64 x0, unsigned long el2);

	mmu_off = (void *)__pa_symbol(kexec_leave_mmu_off);
	cpu_install_idmap();
	mmu_off(entry_pa, x0, el2 ? KERN_RELOC_EL2 : 0);
}

/*
 * Relocate with the MMU on.  No CFI: the code was copied, and there is no type
 * to be read in front of it.
 */
static void __noreturn __nocfi leave_mmu_on(const struct leave_state *st)
{
	u64 arg = leave_linear_va(virt_to_phys(st->arg));
	void __noreturn (*relocate)(u64 arg);

	relocate = (void *)(uintptr_t)st->code_pa;
	/* Invalidates the TLB first: a user's entries may lie over the page. */
	cpu_install_ttbr0(st->ttbr0, st->t0sz);
	relocate(arg);
}

static void __noreturn leave_relocate(const struct leave_state *st)
{
	if (st->arg->flags & KERN_RELOC_EL2) {
		/*
		 * EL2 must not run from memory that is about to change.  The
		 * stub takes new vectors; KVM, should it still be there, does
		 * not, but gives way to the stub.
		 */
		__hyp_reset_vectors();
		__hyp_set_vectors(st->el2_vectors_pa);
	}

	if (st->arg->flags & KERN_RELOC_MMU_ON)
		leave_mmu_on(st);
	/* The routine does the HVC itself, when it has copied. */
	leave_mmu_off(st->code_pa, virt_to_phys(st->arg), false);
}

/**
 * machine_kexec() - start the next kernel
 * @image: an image whose plan kexec_arch_prepare() accepted and whose segments
 *         are clean to the point of coherency
 *
 * The last C code of this kernel.
 *
 * Context: the boot CPU with all others off and devices quiet; or, for a crash
 * image, whatever a panic left, and then nothing here waits or allocates.
 */
noinline void __noreturn machine_kexec(struct kimage *image)
{
	const struct kexec_plan *plan = kexec_image_plan(image);
	const struct leave_state *st = plan->machine;

	leave_check_cpus(plan);
	if (st)
		leave_check_arg(st);

	pr_info("Bye!\n");

	/*
	 * ------------------- POINT OF NO RETURN -------------------
	 * Below this line no interrupt, no error and no message gets out of
	 * this kernel: DAIF is masked, and TTBR0, EL2 and then memory itself
	 * change hands.
	 */
	local_daif_mask();

	if (st)
		leave_relocate(st);
	leave_mmu_off(plan->entry_pa, plan->dtb_pa, is_hyp_nvhe());
}
