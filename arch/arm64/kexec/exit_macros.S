/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Assembly macros of the last instructions of this kernel, in relocate.S and cpu_reset.S.
 *
 * There are no alternatives: they are cleaned to the PoU only, but instruction fetches with
 * SCTLR.I = 0 read memory.
 */
#ifndef _ARM64_KEXEC_EXIT_MACROS_S
#define _ARM64_KEXEC_EXIT_MACROS_S

#include <asm/assembler.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include "kern-reloc-offsets.h"

/*
 * Turn off MMU, data cache and instruction cache of the current translation regime: with
 * HCR_EL2.E2H set, SCTLR_EL1 is SCTLR_EL2 at EL2.  The caller runs identity mapped.
 */
.macro caches_and_mmu_off tmp:req
	mov_q	\tmp, INIT_SCTLR_EL1_MMU_OFF
	pre_disable_mmu_workaround
	msr	sctlr_el1, \tmp
	isb				// the next instruction is fetched with the MMU off
.endm

/*
 * Enter the next kernel as Documentation/arch/arm64/booting.rst (section 4) requires: x0 =
 * \arg, x1 to x3 = 0; C has masked DAIF.
 *
 * With bit RELOC_FLAG_EL2_BIT of \el2, at EL2.  The HVC returns only if a hypervisor keeps EL2
 * (protected KVM); then the next kernel is entered at EL1.  HVC may clobber x0 to x18, so
 * \entry and \arg are not among those.
 */
.macro enter_next entry:req, arg:req, el2:req
	tbz	\el2, #RELOC_FLAG_EL2_BIT, .Lstay\@
	mov	x1, \entry
	mov	x2, \arg
	mov	x3, xzr
	mov	x4, xzr
	mov	x0, #HVC_SOFT_RESTART
	hvc	#0
.Lstay\@:
	mov	x3, xzr
	mov	x2, xzr
	mov	x1, xzr
	mov	x0, \arg
	br	\entry
.endm

/*
 * Set VBAR_EL1 (VBAR_EL2 with VHE) to the vectors of the page at \page, which can be fetched
 * until the next write to VBAR_EL1.
 */
.macro set_fault_vectors page:req, tmp:req
	add	\tmp, \page, #RELOC_PAGE_VECTORS
	msr	vbar_el1, \tmp
	isb				// the next exception uses them
.endm

#endif /* _ARM64_KEXEC_EXIT_MACROS_S */
