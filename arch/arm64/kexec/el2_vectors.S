/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The EL2 vector page, for a kernel at EL1 below an EL2 (nVHE).
 *
 * kexec and a resume from hibernation overwrite the stub vectors of the kernel.  Both copy
 * this table to a page that survives first (trans_pgd_copy_el2_vectors()).  It runs with the
 * MMU and caches of EL2 off, so it must be clean to the PoC.
 *
 * The ABI of the calls is in Documentation/arch/arm64/kexec/hvc.rst.
 */
#include <linux/linkage.h>
#include <linux/sizes.h>

#include <asm/esr.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#define VECTOR_SIZE	0x80

/*
 * An unexpected exception: spin here, so that the PC identifies it.
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
	 * In:	x0	HVC_*, x1 to x4 depend on the call
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
	msr	vbar_el2, x1		// synchronised by the eret
	mov	x0, xzr
.Lreturn:
	eret

	/* x1 is the address to branch to at EL2; x2, x3, x4 are its x0, x1, x2. */
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
	/* Does not assemble if a vector is too long. */
	.org	trans_pgd_stub_vectors + SZ_2K
SYM_CODE_END(trans_pgd_stub_vectors)
