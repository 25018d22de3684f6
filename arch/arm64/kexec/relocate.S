/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The relocation page: copy the next kernel to its destination and enter it.
 *
 * arm64_relocate_new_kernel() runs from a copy in a page that is no destination, with the
 * MMU on (TTBR0 idmaps that page, TTBR1 is switched to a copy of the linear map) or off.  It
 * is a leaf routine without a stack and cannot fail.  check-sections.pl verifies that the page
 * refers to nothing outside of itself.
 */
#include <linux/linkage.h>
#include <linux/sizes.h>

#include "exit_macros.S"

#define VECTOR_SIZE	0x80

/*
 * Clean and invalidate [\from, \to) to the PoC, one line at a time.  Bytes that share the
 * first or last line keep their values.  The caller issues the dsb.
 */
.macro civac_range from:req, to:req, line:req, cur:req
	mov	\cur, \from
.Lcivac\@:
	dc	civac, \cur
	add	\cur, \cur, \line
	cmp	\cur, \to
	b.lo	.Lcivac\@
.endm

	.pushsection ".kexec_relocate.text", "ax"
/*
 * arm64_relocate_new_kernel - copy the extents, then enter the next kernel
 *
 * In:	x0	struct kern_reloc_arg, at an address that can be used as it is
 *
 * With KERN_RELOC_MMU_ON the PC is in a TTBR0 mapping with VA = PA and x0 is in the linear
 * map.  Otherwise SCTLR.{M,C,I} are 0, x0 is physical, and everything that is read here is
 * clean to the PoC.  DAIF is masked and the other CPUs do not run.  This page, the argument
 * and all tables are no destination of any extent.
 *
 * Registers:
 *	x0 - x15	bytes in flight
 *	x16, x17	cursors, scratch
 *	x18		number of the extent, from 1
 *	x19		flags
 *	x20, x21	entry and dtb of the next kernel
 *	x22		physical address to usable address
 *	x23		bytes in a data cache line
 *	x24		next extent table, physical
 *	x25, x26	extents left in this table, the next one of them
 *	x27, x28, x29	destination, source, end of the destination
 *	x30		struct kern_reloc_fault
 *
 * The next kernel starts with its caches off, so the copies have to be at the PoC.
 *	MMU on:	 they are written through the cache; dc civac after them cleans them.
 *	MMU off: they bypass the cache.  A dirty line of the destination could be evicted over
 *		 them, so dc civac precedes the copy.  This CPU allocates no line afterwards
 *		 (Arm ARM DDI 0487, chapter D8, "The effects of disabling an address
 *		 translation stage"; chapter B2, "Mismatched memory attributes").  But a
 *		 hypervisor without FEAT_FWB has a cacheable alias, through which the CPU may
 *		 fetch the old bytes speculatively.  The next kernel would hit such a line, so
 *		 dc civac follows the copy as well.
 */
SYM_CODE_START(arm64_relocate_new_kernel)
	adr	x16, arm64_relocate_new_kernel
	set_fault_vectors x16, x17
	ldr	w19, [x0, #RELOC_ARG_FLAGS]
	ldr	w23, [x0, #RELOC_ARG_DCACHE_LINE]
	ldr	x20, [x0, #RELOC_ARG_ENTRY_PA]
	ldr	x21, [x0, #RELOC_ARG_DTB_PA]
	ldr	x22, [x0, #RELOC_ARG_PA_TO_ADDR]
	ldr	x24, [x0, #RELOC_ARG_TABLE_PA]
	ldr	x30, [x0, #RELOC_ARG_FAULT_PA]
	add	x30, x30, x22
	mov	x18, xzr
	tbz	x19, #RELOC_FLAG_MMU_ON_BIT, .Lnext_table

	/*
	 * This kernel's own tables may be overwritten from now on.  Block sizes of the
	 * copy differ, so break before make (Arm ARM DDI 0487, chapter D8, "Using
	 * break-before-make when updating translation table entries").
	 */
	ldr	x1, [x0, #RELOC_ARG_TTBR1_EMPTY]
	ldr	x2, [x0, #RELOC_ARG_TTBR1]
	offset_ttbr1 x2, x3
	msr	ttbr1_el1, x1
	isb				// walks begin at the empty table
	tlbi	vmalle1
	dsb	nsh			// the TLB has nothing of the old tables
	isb
	msr	ttbr1_el1, x2
	isb				// the loads below walk the copy

.Lnext_table:
	cmn	x24, #1			// KEXEC_EXTENT_END
	b.eq	.Lall_copied
	add	x26, x24, x22
	ldr	x25, [x26, #RELOC_TABLE_NR]
	ldr	x24, [x26, #RELOC_TABLE_NEXT_PA]
	add	x26, x26, #RELOC_TABLE_EXTENTS

.Lnext_extent:
	cbz	x25, .Lnext_table
	ldr	x27, [x26, #RELOC_EXTENT_DST]
	ldr	x28, [x26, #RELOC_EXTENT_SRC]
	ldr	x29, [x26, #RELOC_EXTENT_LEN]
	add	x26, x26, #RELOC_EXTENT_SIZE
	sub	x25, x25, #1
	add	x18, x18, #1
	str	x18, [x30, #RELOC_FAULT_EXTENT]
	add	x27, x27, x22
	add	x28, x28, x22
	add	x29, x29, x27

	tbnz	x19, #RELOC_FLAG_MMU_ON_BIT, .Lcopy
	civac_range x27, x29, x23, x16
	/* No line of the destination is cached before the first store to it. */
	dsb	sy

	/* A page is a multiple of 128 bytes. */
.Lcopy:
	mov	x17, x27
.Lcopy_128:
	ldp	x0, x1, [x28], #128
	ldp	x2, x3, [x28, #-112]
	ldp	x4, x5, [x28, #-96]
	ldp	x6, x7, [x28, #-80]
	ldp	x8, x9, [x28, #-64]
	ldp	x10, x11, [x28, #-48]
	ldp	x12, x13, [x28, #-32]
	ldp	x14, x15, [x28, #-16]
	stp	x0, x1, [x17], #128
	stp	x2, x3, [x17, #-112]
	stp	x4, x5, [x17, #-96]
	stp	x6, x7, [x17, #-80]
	stp	x8, x9, [x17, #-64]
	stp	x10, x11, [x17, #-48]
	stp	x12, x13, [x17, #-32]
	stp	x14, x15, [x17, #-16]
	cmp	x17, x29
	b.lo	.Lcopy_128

	/*
	 * Orders the stores above before the maintenance below: with the MMU off they
	 * are Device accesses, and an alias could be read into the cache between a
	 * dc civac and an older store.  The dsb for completion is at .Lall_copied.
	 */
	dmb	sy
	civac_range x27, x29, x23, x16
	b	.Lnext_extent

.Lall_copied:
	/* No extent is being copied; see kexec_fault_vectors. */
	str	xzr, [x30, #RELOC_FAULT_EXTENT]
	/*
	 * With the MMU on the record is dirty in the cache.  Vectors that run with the
	 * MMU off write past it, and an eviction must not undo that.  The dmb is for
	 * this store what it is for the copies.
	 */
	dmb	sy
	add	x17, x30, #RELOC_FAULT_SIZE
	civac_range x30, x17, x23, x16
	/*
	 * All stores and all dc civac reach the PoC before the instruction cache is
	 * invalidated, the MMU is turned off, and the next kernel starts.
	 */
	dsb	sy
	ic	iallu			// it may have old bytes of the destinations
	dsb	nsh			// complete
	isb				// refetch
	tbz	x19, #RELOC_FLAG_MMU_ON_BIT, .Lenter
	caches_and_mmu_off x16
.Lenter:
	enter_next x20, x21, x19
SYM_CODE_END(arm64_relocate_new_kernel)

/*
 * One vector: record the exception and spin in its own slot, which identifies it by the PC.
 *
 * The interrupted code may be that of the next kernel, so the page has the address of the
 * record.  The EL1 names of the syndrome registers are those of EL2 with VHE.
 */
.macro fault_vector nr
	.org	kexec_fault_vectors + \nr * VECTOR_SIZE
	adr	x0, kexec_fault_vectors
	ldp	x1, x2, [x0, #RELOC_PAGE_WHERE - RELOC_PAGE_VECTORS]
	mrs	x3, sctlr_el1
	tbz	x3, #0, .Lphysical\@	// SCTLR_EL1.M
	add	x1, x1, x2
.Lphysical\@:
	mrs	x2, esr_el1
	mrs	x3, elr_el1
	stp	x2, x3, [x1, #RELOC_FAULT_ESR]
	mrs	x2, far_el1
	mrs	x3, spsr_el1
	stp	x2, x3, [x1, #RELOC_FAULT_FAR]
	mov	w2, #(RELOC_FAULT_VALID & 0xffff)
	movk	w2, #(RELOC_FAULT_VALID >> 16), lsl #16
	mov	w3, #\nr
	stp	w2, w3, [x1, #RELOC_FAULT_MAGIC]
	/*
	 * The next boot reads memory.  The dmb orders stores with the MMU off before the
	 * maintenance.  A line has at least 16 bytes.
	 */
	dmb	sy
	dc	civac, x1
	add	x1, x1, #16
	dc	civac, x1
	add	x1, x1, #16
	dc	civac, x1
	add	x1, x1, #16
	dc	civac, x1
	dsb	sy
	b	.
.endm

	/* Does not assemble if the routine is too long; C fills this in. */
	.org	arm64_relocate_new_kernel + RELOC_PAGE_WHERE
	.quad	0, 0
/*
 * The vectors of the relocation page, and of a copy of it that __cpu_soft_restart() uses.
 * They are aligned in the copies only.
 */
SYM_CODE_START(kexec_fault_vectors)
	.irp	nr, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	fault_vector \nr
	.endr
	/* Does not assemble if a vector is too long. */
	.org	arm64_relocate_new_kernel + SZ_4K
SYM_CODE_END(kexec_fault_vectors)
	.popsection
