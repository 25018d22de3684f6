/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The EL2 vector page, for a kernel at EL1 with an EL2 behind it (nVHE).
 *
 * The kernel's own stub vectors are kernel text, which kexec and a resume from
 * hibernation overwrite.  Both copy this table to a page that survives
 * (trans_pgd_copy_el2_vectors()) and point VBAR_EL2 there first.  The table is
 * never executed where it is linked.  It runs at EL2 with the MMU and caches of
 * EL2 off, so that only what is clean to the PoC exists for it, and it has no
 * stack.
 *
 * The calls, and who else answers them: Documentation/arch/arm64/kexec/hvc.rst.
 */
#include <linux/linkage.h>
#include <linux/sizes.h>

#include <asm/esr.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#define VECTOR_SIZE	0x80

/*
 * An exception that must not happen: stay here, where a debugger tells by the
 * PC which one it was.  Running on would use registers of unknown content.
 */
.macro dead_vector
	.balign	VECTOR_SIZE
	b	.
.endm

	.section .rodata, "a"
	.balign	SZ_2K			// VBAR_EL2[10:0] are RES0
SYM_CODE_START(trans_pgd_stub_vectors)
	.rept	8			// from EL2 itself, on SP_EL0 and on SP_EL2
	dead_vector
	.endr

	/*
	 * Synchronous, from a 64-bit lower EL.
	 *
	 * In:	x0	HVC_*, x1 to x4 as that call says
	 * Out:	x0	0, or HVC_STUB_ERR; x9 and x10 are clobbered
	 */
	.balign	VECTOR_SIZE
	mrs	x9, esr_el2
	ubfx	x9, x9, #ESR_ELx_EC_SHIFT, #ESR_ELx_EC_WIDTH
	cmp	x9, #ESR_ELx_EC_HVC64
	b.ne	.			// a trap; nothing here can emulate it

	cmp	x0, #HVC_SOFT_RESTART
	b.eq	.Lsoft_restart
	cmp	x0, #HVC_SET_VECTORS
	mov	w0, #(HVC_STUB_ERR & 0xffff)
	movk	w0, #(HVC_STUB_ERR >> 16), lsl #16
	b.ne	.Lreturn
	msr	vbar_el2, x1		// the eret below synchronises it
	mov	x0, xzr
.Lreturn:
	eret

	/* x1 = where to go, here at EL2; x2, x3, x4 go to x0, x1, x2. */
.Lsoft_restart:
	mov	x10, x1
	mov	x0, x2
	mov	x1, x3
	mov	x2, x4
	mov	x3, xzr
	br	x10			// DAIF was masked by taking the exception

	.rept	3			// IRQ, FIQ, SError from there
	dead_vector
	.endr
	.rept	4			// from a 32-bit lower EL
	dead_vector
	.endr
	/* Fails to assemble when any vector outgrew its slot. */
	.org	trans_pgd_stub_vectors + SZ_2K
SYM_CODE_END(trans_pgd_stub_vectors)
