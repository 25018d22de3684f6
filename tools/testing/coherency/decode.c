// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decodes A64 system instructions (Arm ARM DDI 0487, C4.1, "System instructions"
 * and C5.3).  The fields are op1 [18:16], CRn [15:12], CRm [11:8], op2 [7:5],
 * Rt [4:0].
 */
#include "decode.h"

#define OP1(w)	((w) >> 16 & 7)
#define CRN(w)	((w) >> 12 & 15)
#define CRM(w)	((w) >> 8 & 15)
#define OP2(w)	((w) >> 5 & 7)

static void decode_dc(uint32_t w, struct insn *insn)
{
	/* By CRm, for op1 = 3 and op2 = 1; C5.3 "DC". */
	static const signed char by_va[16] = {
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, COH_DC_CLEAN, COH_DC_CLEAN_POU,
		COH_DC_CLEAN, COH_DC_CLEAN, COH_DC_CLEAN_INVAL, -1,
	};

	if (OP1(w) == 0 && CRM(w) == 6 && OP2(w) == 1) {
		insn->class = INSN_DC;
		insn->dc = COH_DC_INVAL;
	} else if (OP1(w) == 3 && CRM(w) == 4 && (OP2(w) == 1 || OP2(w) == 4)) {
		insn->class = INSN_DC_ZVA;
	} else if (OP1(w) == 3 && OP2(w) == 1 && by_va[CRM(w)] >= 0) {
		insn->class = INSN_DC;
		insn->dc = by_va[CRM(w)];
	} else if (OP1(w) == 0 && OP2(w) == 0 && (CRM(w) == 1 || CRM(w) == 5)) {
		insn->class = INSN_IC;
		insn->ic = CRM(w) == 1 ? COH_IC_ALL_IS : COH_IC_ALL;
	} else if (OP1(w) == 3 && CRM(w) == 5 && OP2(w) == 1) {
		insn->class = INSN_IC;
		insn->ic = COH_IC_LINE;
	}
}

/* CRm: 1, 5 Outer Shareable; 2, 3 Inner Shareable; 6, 7 this CPU; 2, 5 and 6 are ranges. */
static void decode_tlbi(uint32_t w, struct insn *insn)
{
	unsigned int crm = CRM(w), op2 = OP2(w);

	if (crm < 1 || crm > 7 || crm == 4 || (OP1(w) && OP1(w) != 4))
		return;
	insn->el2 = OP1(w) == 4;
	insn->shareable = crm < 6;
	if (crm == 2 || crm == 5 || crm == 6)
		insn->class = op2 & 1 ? INSN_TLBI_RANGE : INSN_OTHER;
	else if (op2 & 1)
		insn->class = INSN_TLBI_VA;
	else if (op2 == 0)
		insn->class = INSN_TLBI_ALL;
}

static void decode_msr(uint32_t w, struct insn *insn)
{
	if (OP1(w) && OP1(w) != 4)
		return;
	insn->el2 = OP1(w) == 4;
	switch (CRN(w) << 8 | CRM(w) << 4 | OP2(w)) {
	case 0x100:
		insn->class = INSN_MSR_SCTLR;
		break;
	case 0x200:
		insn->class = INSN_MSR_TTBR0;
		break;
	case 0x201:
		insn->class = INSN_MSR_TTBR1;
		break;
	case 0x202:
		insn->class = INSN_MSR_TCR;
		break;
	case 0xc00:
		insn->class = INSN_MSR_VBAR;
		break;
	}
}

static void decode_barrier(uint32_t w, struct insn *insn)
{
	static const enum coh_domain domains[4] = { COH_OSH, COH_NSH, COH_ISH, COH_SY };

	insn->domain = domains[CRM(w) >> 2];
	insn->type = CRM(w) & 3;
	if (OP2(w) == 6)
		insn->class = INSN_ISB;
	else if (OP2(w) == 4 && insn->type)
		insn->class = INSN_DSB;
	else if (OP2(w) == 5 && (insn->type & COH_STORES))
		insn->class = INSN_DMB;
}

/**
 * decode() - decode an instruction
 * @word: its encoding
 * @insn: the result; INSN_OTHER if the model need not know it
 */
void decode(uint32_t word, struct insn *insn)
{
	insn->class = INSN_OTHER;
	insn->rt = word & 31;
	insn->el2 = false;
	if ((word & 0xfffff01f) == 0xd503301f)
		decode_barrier(word, insn);
	else if ((word & 0xfff80000) == 0xd5080000 && CRN(word) == 7)
		decode_dc(word, insn);
	else if ((word & 0xfff80000) == 0xd5080000 && (CRN(word) == 8 || CRN(word) == 9))
		decode_tlbi(word, insn);
	else if ((word & 0xfff80000) == 0xd5180000)
		decode_msr(word, insn);
	else if ((word & 0xffe0001f) == 0xd4000002 || (word & 0xffe0001f) == 0xd4000003)
		insn->class = INSN_CALL;
}

/**
 * tlbi_range() - addresses that a range TLBI invalidates
 * @operand: its register: BaseADDR [36:0], NUM [43:39], SCALE [45:44], TG [47:46]
 * @va: first address
 * @len: bytes
 */
void tlbi_range(uint64_t operand, uint64_t *va, uint64_t *len)
{
	static const unsigned int granules[4] = { 12, 12, 14, 16 };
	unsigned int shift = granules[operand >> 46 & 3];
	uint64_t num = (operand >> 39 & 0x1f) + 1;
	int64_t page = (int64_t)(operand << 27) >> 27;

	*va = (uint64_t)page << shift;
	*len = num << (5 * (operand >> 44 & 3) + 1) << shift;
}
