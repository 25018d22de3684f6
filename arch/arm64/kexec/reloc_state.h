/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by prepare.c (load time) and exit.c (last C code).
 */
#ifndef _ARM64_KEXEC_RELOC_STATE_H
#define _ARM64_KEXEC_RELOC_STATE_H

#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct kern_reloc_arg;

/* In cache lines of its own. */
#define RELOC_STATE_OFFSET	SZ_1K

/**
 * struct reloc_state - result of kexec_arch_prepare(), for machine_kexec()
 * @plan: the plan
 * @arg: argument of the relocation routine
 * @code_pa: copy of that routine
 * @el2_vectors_pa: only with KERN_RELOC_EL2
 * @ttbr0: identity map of @code_pa; only with KERN_RELOC_MMU_ON
 * @t0sz: TCR_EL1.T0SZ for @ttbr0
 * @nr_tables: page-table pages requested so far
 */
struct reloc_state {
	struct kexec_plan *plan;
	struct kern_reloc_arg *arg;
	phys_addr_t code_pa;
	phys_addr_t el2_vectors_pa;
	phys_addr_t ttbr0;
	unsigned long t0sz;
	unsigned int nr_tables;
};

/* Without a KASAN tag. */
static inline u64 reloc_linear_va(phys_addr_t pa)
{
	return (u64)phys_to_virt(pa);
}

u32 kexec_dcache_line(void);

#endif /* _ARM64_KEXEC_RELOC_STATE_H */
