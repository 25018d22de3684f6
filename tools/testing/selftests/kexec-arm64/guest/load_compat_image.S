/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image that load_compat.c loads: says so on the console, and resets the machine.
 *
 * Runs with the MMU off at any address, on QEMU's machine virt: a PL011 at 0x09000000, and
 * PSCI by HVC.
 */
	.text
	.globl	_start
_start:
	mov	x1, #0x09000000
	adr	x2, message
1:	ldrb	w3, [x2], #1
	cbz	w3, 2f
	str	w3, [x1]		// UARTDR
	b	1b
2:	mov	w0, #0x84000000		// SYSTEM_RESET
	add	w0, w0, #9
	hvc	#0
	b	.

message:
	.asciz	"\nKX: an image of a 32-bit process runs\n"
	.balign	4
