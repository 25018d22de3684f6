/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program without an operating system that commits the fault whose number is
 * in FAULT, at FAULT_PA, or none for 0.  It runs at the first address of RAM,
 * where QEMU starts a CPU at EL1 with the MMU off, and turns itself off by PSCI.
 * faults_test.py writes the number and compares what the plugin reports.
 *
 * The tables map all RAM once at its address by TTBR0, as a block of 1 GiB, and
 * two pages of it by TTBR1, which are no neighbours in physical memory.
 */

#define SCTLR_MMU	0x30d0198d	/* M, C, SA, SA0, I, and the RES1 bits */
#define SCTLR_OFF	0x30d00988
/* T0SZ = T1SZ = 25, 4 KiB, walks Write-Back, Inner Shareable; 36 bits of PA */
#define TCR		0x1b5193519
#define MAIR		0xff		/* attribute 0: Normal, Write-Back */
#define BLOCK		0x701		/* valid block, AF, Inner Shareable */
#define PAGE_ENTRY	0x703
#define HIGH		0xffffff8000000000

#define RAM		0x40000000
#define FAULT_PA	(RAM + 0x10000)
#define ROOT0		(RAM + 0x20000)
#define ROOT1		(RAM + 0x21000)
#define LEVEL2		(RAM + 0x22000)
#define LEVEL3		(RAM + 0x23000)
#define ROOT_EMPTY	(RAM + 0x24000)
#define ROOT_OTHER	(RAM + 0x25000)
#define ROOT_EQUAL	(RAM + 0x26000)
#define DATA		(RAM + 0x30000)
#define CODE		(RAM + 0x40000)

/* Stores that bypass the cache, made as they should be. */
.macro put_entry, at, value
	ldr	x1, =\at
	ldr	x2, =\value
	str	x2, [x1]
	dmb	sy
	dc	ivac, x1
.endm

.macro mmu_off
	ldr	x0, =SCTLR_OFF
	msr	sctlr_el1, x0
	isb
.endm

	.text
	.globl	_start
_start:
	put_entry ROOT0 + 8, RAM + BLOCK
	put_entry ROOT1, LEVEL2 + 3
	put_entry ROOT_EQUAL, LEVEL2 + 3
	put_entry LEVEL2, LEVEL3 + 3
	put_entry LEVEL3, DATA + PAGE_ENTRY
	dsb	sy
	put_entry LEVEL3 + 8, DATA + 0x2000 + PAGE_ENTRY
	put_entry ROOT_OTHER, RAM + BLOCK
	dsb	sy
	ldr	x0, =MAIR
	msr	mair_el1, x0
	ldr	x0, =TCR
	msr	tcr_el1, x0
	ldr	x0, =ROOT0
	msr	ttbr0_el1, x0
	ldr	x0, =ROOT1
	msr	ttbr1_el1, x0
	tlbi	vmalle1
	dsb	nsh
	isb
	/* Fault 1 stores an entry with the MMU off and does not invalidate its line. */
	ldr	x9, =FAULT_PA
	ldr	w9, [x9]
	cmp	w9, #1
	b.ne	1f
	ldr	x1, =LEVEL3
	ldr	x2, =DATA + PAGE_ENTRY
	str	x2, [x1]
	dsb	sy
1:	ldr	x0, =SCTLR_MMU
	msr	sctlr_el1, x0
	isb
	ldr	x10, =DATA
	ldr	x11, =CODE
	ldr	x12, =LEVEL3
	ldr	x13, =DATA + 0x1000 + PAGE_ENTRY
	ldr	x14, =HIGH
	ldr	x15, =0xd65f03c0		/* ret */
	adr	x0, table
	ldr	w1, [x0, w9, uxtw #2]
	add	x0, x0, w1, sxtw
	br	x0

off:
	ldr	w0, =0x84000008			/* PSCI SYSTEM_OFF */
	hvc	#0
	b	.

/* Everything at once, as it should be. */
fault_none:
	str	x15, [x11]
	dc	cvau, x11
	dsb	ish
	ic	ivau, x11
	dsb	ish
	isb
	blr	x11
	/* A store to two pages, and code in the page that follows the first one. */
	add	x1, x10, #0x1000
	str	x15, [x1]
	dc	cvau, x1
	dsb	ish
	ic	ivau, x1
	dsb	ish
	isb
	add	x2, x14, #0xffc
	str	x15, [x2]
	blr	x1
	str	xzr, [x12]
	dsb	ishst
	lsr	x1, x14, #12
	tlbi	vaae1is, x1
	dsb	ish
	str	x13, [x12]
	dsb	ishst
	isb
	ldr	x1, [x14]
	ldr	x0, =ROOT_EMPTY
	msr	ttbr1_el1, x0
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	ldr	x0, =ROOT_OTHER
	msr	ttbr1_el1, x0
	isb
	ldr	x1, [x14]
	str	x10, [x10]
	dc	civac, x10
	dsb	sy
	mmu_off
	ldr	x1, [x10]
	b	off

fault_load_dirty:
	str	x10, [x10]
	mmu_off
	ldr	x1, [x10]
	b	off

fault_fetch_dirty:
	str	x15, [x11]
	ic	iallu
	dsb	nsh
	isb
	mmu_off
	blr	x11
	b	off

fault_store_under_dirty:
	str	x10, [x10]
	mmu_off
	str	x10, [x10, #16]
	b	off

fault_load_stale:
	mmu_off
	str	x10, [x10]
	dsb	sy
	ldr	x0, =SCTLR_MMU
	tlbi	vmalle1
	dsb	nsh
	isb
	msr	sctlr_el1, x0
	isb
	ldr	x1, [x10]
	b	off

fault_inval_dirty:
	str	x10, [x10]
	dc	ivac, x10
	b	off

fault_dc_pending:
	str	x10, [x10]
	dc	civac, x10
	mmu_off
	ldr	x1, [x10]
	b	off

fault_dc_before_store:
	mmu_off
	str	x10, [x10]
	dc	civac, x10
	b	off

fault_fetch_unclean:
	str	x15, [x11]
	ic	ivau, x11
	dsb	ish
	isb
	blr	x11
	b	off

fault_fetch_stale:
	str	x15, [x11]
	dc	cvau, x11
	dsb	ish
	isb
	blr	x11
	b	off

fault_ic_before_dc:
	str	x15, [x11]
	dc	cvau, x11
	ic	ivau, x11
	dsb	ish
	isb
	b	off

fault_sctlr_isb:
	ldr	x0, =SCTLR_OFF
	msr	sctlr_el1, x0
	nop
	b	off

fault_context_isb:
	ldr	x0, =ROOT_EQUAL
	msr	ttbr1_el1, x0
	ldr	x1, [x14]
	b	off

fault_walk_unordered:
	ldr	x0, =ROOT_EMPTY
	str	x0, [x0, #8]
	msr	ttbr1_el1, x0
	isb
	b	off

fault_break_before_make:
	str	x13, [x12]
	dsb	ishst
	b	off

fault_break_unflushed:
	str	xzr, [x12]
	dsb	ishst
	mmu_off
	b	off

fault_tlbi_before_store:
	str	xzr, [x12]
	tlbi	vmalle1is
	dsb	ish
	b	off

fault_ttbr_conflict:
	ldr	x0, =ROOT_OTHER
	msr	ttbr1_el1, x0
	isb
	b	off

fault_mmu_on_tlb:
	mmu_off
	ldr	x0, =SCTLR_MMU
	msr	sctlr_el1, x0
	isb
	b	off

/* In the order of FAULTS in faults_test.py. */
	.balign	4
table:
	.irp	name, none, none, load_dirty, fetch_dirty, store_under_dirty, load_stale, \
		inval_dirty, dc_pending, dc_before_store, fetch_unclean, fetch_stale, \
		ic_before_dc, sctlr_isb, context_isb, walk_unordered, break_before_make, \
		break_unflushed, tlbi_before_store, ttbr_conflict, mmu_on_tlb
	.long	fault_\name - table
	.endr
