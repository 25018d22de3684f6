/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The idmap: turn the MMU off.
 *
 * The code is at the same address with the MMU on and off.  Outside of the idmap it may only
 * take an address, which check-sections.pl verifies.
 */
#include <linux/cfi_types.h>
#include <linux/linkage.h>

#include "exit_macros.S"

	.pushsection ".idmap.text", "ax"
/*
 * void __cpu_soft_restart(u64 entry_pa, u64 x0, unsigned long el2)
 *
 * Turn the MMU and the caches off and branch to @entry_pa with @x0 in x0 and 0 in x1 to x3, at
 * EL2 if bit RELOC_FLAG_EL2_BIT of @el2 is set.
 *
 * In:	x0	physical address to branch to, clean to the PoC
 *	x1	value of x0 there
 *	x2	KERN_RELOC_EL2 or 0
 *
 * Called at its physical address, with the idmap in TTBR0, DAIF masked and the other CPUs
 * stopped.  @entry_pa is the next kernel, a purgatory, or arm64_relocate_new_kernel().  A leaf
 * routine without a stack, which cannot fail.
 */
SYM_TYPED_FUNC_START(__cpu_soft_restart)
	mov	x20, x0
	mov	x21, x1
	mov	x22, x2
	/*
	 * C has cleaned everything that is read from here on to the PoC.  This completes
	 * before the first access that bypasses the cache.
	 */
	dsb	sy
	ic	iallu			// nothing stale of the image is fetched
	dsb	nsh			// complete on this CPU, the only one left
	isb
	/*
	 * Until here the vectors of this kernel work: its text is intact and in TTBR1.
	 * From here on VBAR_EL1 is a physical address.
	 */
	adr_l	x23, kexec_fault_page
	caches_and_mmu_off x16
	set_fault_vectors x23, x16
	enter_next x20, x21, x22
SYM_FUNC_END(__cpu_soft_restart)
	.popsection
