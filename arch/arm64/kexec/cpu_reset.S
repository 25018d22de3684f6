/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The idmap: turn the MMU off.
 *
 * The code is at the same address with the MMU on and off.  check-sections.pl verifies that
 * outside of the idmap it only takes an address.
 */
#include <linux/cfi_types.h>
#include <linux/linkage.h>

#include "exit_macros.S"

	.pushsection ".idmap.text", "ax"
/*
 * void __cpu_soft_restart(u64 entry_pa, u64 x0, unsigned long el2)
 *
 * In:	x0	physical address to branch to, clean to the PoC
 *	x1	value of x0 there
 *	x2	KERN_RELOC_EL2 or 0
 *
 * Called at its physical address, with the idmap in TTBR0, DAIF masked and the other CPUs
 * stopped.  A leaf routine without a stack, which cannot fail.
 */
SYM_TYPED_FUNC_START(__cpu_soft_restart)
	mov	x20, x0
	mov	x21, x1
	mov	x22, x2
	/*
	 * C has cleaned everything that is read from here on to the PoC.  This completes
	 * before the first access that bypasses the cache.  The cache model cannot see that
	 * it is missing: a load has a later dsb.
	 */
	dsb	sy
	ic	iallu			// nothing stale of the image is fetched
	dsb	nsh			// complete on the only CPU left
	/* The cache model cannot see that it is missing: the MMU goes off with an isb. */
	isb
	/*
	 * Until here the vectors of this kernel work.  From here on VBAR_EL1 is a
	 * physical address.
	 */
	adr_l	x23, kexec_fault_page
	caches_and_mmu_off x16
	set_fault_vectors x23, x16
	enter_next x20, x21, x22
SYM_FUNC_END(__cpu_soft_restart)
	.popsection
