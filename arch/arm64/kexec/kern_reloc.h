/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface between the last C code and arm64_relocate_new_kernel().
 *
 * Both structures are written at load time and cleaned to the point of coherency, because
 * they may be read with the caches off.
 */
#ifndef _ARM64_KEXEC_KERN_RELOC_H
#define _ARM64_KEXEC_KERN_RELOC_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/kexec_arch.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <asm/page.h>

/* "KREL" in little-endian memory, for readers of a dump */
#define KERN_RELOC_MAGIC	0x4c45524bU
#define KERN_RELOC_VERSION	2U

#define KERN_RELOC_MMU_ON_BIT	0
#define KERN_RELOC_EL2_BIT	1

/* Otherwise the MMU is off already. */
#define KERN_RELOC_MMU_ON	BIT(KERN_RELOC_MMU_ON_BIT)
/* Enter the next kernel at EL2, through HVC_SOFT_RESTART. */
#define KERN_RELOC_EL2		BIT(KERN_RELOC_EL2_BIT)

/* "KFLT" in little-endian memory */
#define KERN_RELOC_FAULT_MAGIC	0x544c464bU

/**
 * struct kern_reloc_fault - an exception during the exit from this kernel
 * @magic: KERN_RELOC_FAULT_MAGIC after the exception, else 0
 * @vector: index of the vector, 0 to 15, in architectural order
 * @extent: number of the extent being copied, from 1; written during relocation
 * @esr: ESR_EL1, or with VHE ESR_EL2; the same for the others
 * @elr: ELR_EL1
 * @far: FAR_EL1, if valid for @esr
 * @spsr: SPSR_EL1
 * @unused: 0
 *
 * Another kernel may read it, see fault.c.
 */
struct kern_reloc_fault {
	u32 magic;
	u32 vector;
	u64 extent;
	u64 esr;
	u64 elr;
	u64 far;
	u64 spsr;
	u64 unused[2];
};

/* Pairs of 8 bytes are stored at once; 16 bytes are cleaned at a time. */
static_assert(offsetof(struct kern_reloc_fault, vector) == 4);
static_assert(offsetof(struct kern_reloc_fault, elr) ==
	      offsetof(struct kern_reloc_fault, esr) + 8);
static_assert(offsetof(struct kern_reloc_fault, spsr) ==
	      offsetof(struct kern_reloc_fault, far) + 8);
static_assert(sizeof(struct kern_reloc_fault) == 64);

/**
 * struct kern_reloc_where - address of the record, for the vectors of a relocation page
 * @record_pa: physical address of &struct kern_reloc_fault
 * @pa_to_addr: added to it while the MMU is on
 */
struct kern_reloc_where {
	u64 record_pa;
	u64 pa_to_addr;
};

/* Code, struct kern_reloc_where, vectors. */
#define KERN_RELOC_PAGE_VECTORS	SZ_2K
#define KERN_RELOC_PAGE_WHERE	(SZ_2K - sizeof(struct kern_reloc_where))

/**
 * struct kern_reloc_arg - the argument of the relocation routine
 * @magic: KERN_RELOC_MAGIC
 * @version: KERN_RELOC_VERSION, changes with the layout of either structure
 * @flags: KERN_RELOC_*
 * @dcache_line: bytes in the smallest data cache line of any CPU
 * @entry_pa: first instruction of the next kernel
 * @dtb_pa: x0 of the next kernel
 * @table_pa: first &struct kexec_extent_table
 * @ttbr1: the copy of the linear map; only with KERN_RELOC_MMU_ON
 * @ttbr1_empty: for TTBR1_EL1 between the old and the new tables
 * @pa_to_addr: offset of the linear map, or 0 with the MMU off
 * @fault_pa: the &struct kern_reloc_fault to use: @fault, or one that survives a reset
 * @unused: 0
 * @fault: record of an exception, in cache lines of its own up to 128 bytes
 */
struct kern_reloc_arg {
	u32 magic;
	u32 version;
	u32 flags;
	u32 dcache_line;
	u64 entry_pa;
	u64 dtb_pa;
	u64 table_pa;
	u64 ttbr1;
	u64 ttbr1_empty;
	u64 pa_to_addr;
	u64 fault_pa;
	u64 unused[7];
	struct kern_reloc_fault fault;
};

static_assert(offsetof(struct kern_reloc_arg, flags) == 8);
static_assert(offsetof(struct kern_reloc_arg, entry_pa) == 16);
static_assert(offsetof(struct kern_reloc_arg, ttbr1) == 40);
static_assert(offsetof(struct kern_reloc_arg, fault_pa) == 64);
static_assert(offsetof(struct kern_reloc_arg, fault) == 128);
static_assert(sizeof(struct kern_reloc_arg) == 192);

/* relocate.S reads the tables of the plan. */
static_assert(sizeof(struct kexec_extent) == 24);
static_assert(offsetof(struct kexec_extent_table, next_pa) == 8);
/* relocate.S compares with cmn, #1. */
static_assert(KEXEC_EXTENT_END == ~0ULL);
static_assert(offsetof(struct kexec_extent_table, extent) == 16);

extern u8 kexec_fault_page[SZ_4K];
u64 kexec_fault_record(phys_addr_t own_pa);
void kexec_fault_fill_page(void *page, u64 record_pa);

/* Called at its physical address, through the idmap. */
void __noreturn __cpu_soft_restart(u64 entry_pa, u64 x0, unsigned long el2);

#endif /* _ARM64_KEXEC_KERN_RELOC_H */
