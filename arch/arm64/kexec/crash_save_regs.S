/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers that a dump shows for the CPU that panicked.
 */
#include <linux/linkage.h>

#include <asm/asm-offsets.h>
#include <asm/assembler.h>

	/* struct pt_regs has x0..x30, sp, pc and pstate in this order. */
	.macro	keep_pair, even, odd
	stp	x\even, x\odd, [x0, #S_X0 + 8 * \even]
	.endm

/*
 * void kexec_arch_save_regs(struct pt_regs *regs, const struct pt_regs *from)
 *
 * Fills @regs with @from, or, if @from is NULL, with the state of the caller.  This routine has
 * no frame, so sp and x29 describe the caller's frame, which stays on the stack while the dump
 * is written, and a debugger can unwind from there.
 *
 * In:       x0 regs, x1 from
 * Clobbers: x2, x3 (with @from: what memcpy() clobbers)
 */
	.pushsection ".text.unlikely.kexec_panic", "ax"
SYM_FUNC_START(kexec_arch_save_regs)
	cbnz	x1, .Lfrom_fault

	keep_pair 0, 1
	keep_pair 2, 3
	keep_pair 4, 5
	keep_pair 6, 7
	keep_pair 8, 9
	keep_pair 10, 11
	keep_pair 12, 13
	keep_pair 14, 15
	keep_pair 16, 17
	keep_pair 18, 19
	keep_pair 20, 21
	keep_pair 22, 23
	keep_pair 24, 25
	keep_pair 26, 27
	keep_pair 28, 29
	mov	x2, sp
	stp	x30, x2, [x0, #S_LR]

	/*
	 * No register has all of PSTATE.  These four have their fields where SPSR_ELx
	 * has them (DDI 0487, C5.2).
	 */
	mrs	x2, CurrentEL
	mrs	x3, SPSel
	orr	x2, x2, x3
	mrs	x3, DAIF
	orr	x2, x2, x3
	mrs	x3, NZCV
	orr	x2, x2, x3
	stp	x30, x2, [x0, #S_PC]
	ret

.Lfrom_fault:
	mov	x2, #PT_REGS_SIZE
	b	memcpy
SYM_FUNC_END(kexec_arch_save_regs)
	.popsection
