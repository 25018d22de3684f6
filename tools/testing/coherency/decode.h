/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which A64 instructions the model has to know.
 */
#ifndef COHERENCY_DECODE_H
#define COHERENCY_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

enum insn_class {
	INSN_OTHER,
	INSN_DC,
	INSN_DC_ZVA,
	INSN_IC,
	INSN_DSB,
	INSN_DMB,
	INSN_ISB,
	INSN_TLBI_ALL,
	INSN_TLBI_VA,
	INSN_TLBI_RANGE,
	INSN_MSR_SCTLR,
	INSN_MSR_TTBR0,
	INSN_MSR_TTBR1,
	INSN_MSR_TCR,
	INSN_MSR_VBAR,
	INSN_CALL,
};

/**
 * struct insn - a decoded instruction
 * @pc: its address
 * @class: what it is
 * @rt: register with the address or the value, 31 for zero
 * @dc: for INSN_DC
 * @ic: for INSN_IC
 * @domain: of a barrier
 * @type: of a barrier
 * @shareable: a TLBI for all CPUs
 * @el2: it names a register or a regime of EL2
 */
struct insn {
	uint64_t pc;
	enum insn_class class;
	unsigned int rt;
	enum coh_dc dc;
	enum coh_ic ic;
	enum coh_domain domain;
	enum coh_type type;
	bool shareable;
	bool el2;
};

#define INSN_ISB_WORD	0xd5033fdfU

void decode(uint32_t word, struct insn *insn);
void tlbi_range(uint64_t operand, uint64_t *va, uint64_t *len);

#endif /* COHERENCY_DECODE_H */
