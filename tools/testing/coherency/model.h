/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * DOC: a model of caches and TLBs that finds missing maintenance
 *
 * QEMU's TCG has neither caches nor speculative walks: code without a required
 * clean, barrier or TLB invalidation works.  This model receives what each CPU
 * does, in program order, and reports what the Arm Architecture Reference
 * Manual (DDI 0487) permits a CPU to do wrong at that point.
 *
 * ==========  =====================================================
 * cache.c     data caches at the point of coherency, instruction caches
 * tables.c    translation tables in use, TLBs, changes of TTBRn_EL1
 * report.c    kinds of reports, counting
 * ==========  =====================================================
 *
 * plugin.c feeds the model with a guest under QEMU, model_test.c with streams
 * of events in text.  All CPUs of the guest run on one thread, so nothing is
 * locked.
 */
#ifndef COHERENCY_MODEL_H
#define COHERENCY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define COH_CPUS	64
/* Exception level of a CPU that is off. */
#define COH_EL_OFF	(-1)
/* Parts of a line whose state is known separately. */
#define COH_GRANULES	16

/* In the order of kinds[] in report.c. */
enum coh_kind {
	COH_LOAD_DIRTY,
	COH_FETCH_DIRTY,
	COH_STORE_UNDER_DIRTY,
	COH_LOAD_STALE,
	COH_INVAL_DIRTY,
	COH_DC_PENDING,
	COH_DC_BEFORE_STORE,
	COH_FETCH_UNCLEAN,
	COH_FETCH_STALE,
	COH_IC_BEFORE_DC,
	COH_BOOT_IMAGE,
	COH_SCTLR_ISB,
	COH_CONTEXT_ISB,
	COH_WALK_STALE,
	COH_WALK_UNORDERED,
	COH_BREAK_BEFORE_MAKE,
	COH_BREAK_UNFLUSHED,
	COH_TLBI_BEFORE_STORE,
	COH_TTBR_CONFLICT,
	COH_MMU_ON_TLB,
	COH_KINDS,
};

enum coh_dc { COH_DC_INVAL, COH_DC_CLEAN, COH_DC_CLEAN_INVAL, COH_DC_CLEAN_POU };
enum coh_ic { COH_IC_ALL, COH_IC_ALL_IS, COH_IC_LINE };
/* Shareability domain of a dsb, in the order of size. */
enum coh_domain { COH_NSH, COH_ISH, COH_OSH, COH_SY };
/* Which accesses a barrier orders. */
enum coh_type { COH_LOADS = 1, COH_STORES = 2, COH_ALL = 3 };
/* Registers that only a context synchronization event makes effective. */
enum coh_context { COH_TTBR0 = 1, COH_TTBR1 = 2, COH_VBAR = 4 };

/**
 * struct coh_regime - translation regime that a CPU uses now
 * @ttbr: TTBR0 and TTBR1 of it
 * @tcr: TCR of it, in the format of TCR_EL1
 */
struct coh_regime {
	uint64_t ttbr[2];
	uint64_t tcr;
};

/**
 * struct coh_tlb - what the TLB of one CPU may hold of the TTBR1 tables
 * @roots: tables that walks began at since the last invalidation, the current one first
 * @nr_roots: number of @roots, 0 if the MMU was never on
 * @flushed: number of roots, from the end, that an unfinished invalidation covers
 * @user: tables of a process were in TTBR0 since the last invalidation
 * @global: and this table with global entries, 0 for none
 * @flush_seq: when the last local invalidation of everything was issued, 0 if complete
 * @flush_done: a dsb completed it, and an isb is missing
 * @flush_shareable: it was for all CPUs
 * @flush_ttbr0: TTBR0 was synchronized before it
 * @user_now: TTBR0 has tables of a process
 * @global_now: and this table with global entries, 0 for none
 * @old: entries from before the MMU was turned off
 */
struct coh_tlb {
	uint64_t roots[8];
	unsigned int nr_roots;
	unsigned int flushed;
	bool user;
	uint64_t global;
	uint32_t flush_seq;
	bool flush_done;
	bool flush_shareable;
	bool flush_ttbr0;
	bool user_now;
	uint64_t global_now;
	bool old;
};

/**
 * struct coh_cpu - one CPU
 * @cached: MMU and data cache are on at the current exception level
 * @el: that level
 * @kernel: the level is the kernel's: EL1, or EL2 with VHE
 * @barrier: when the last dmb or dsb was executed
 * @dsb_store: the last dsb that waits for stores
 * @dsb_sy: the last one for all accesses and the full system
 * @dsb_ish: the last one for all accesses and at least the Inner Shareable domain
 * @dc_seq: the last data cache operation
 * @ic_issued: the last invalidation of the whole instruction cache
 * @ic_waited: the last one that a dsb has completed
 * @ic_all: the last one that is complete for fetches of this CPU
 * @pending: context registers written since the last synchronization, &enum coh_context
 * @pending_pc: the last such write
 * @written_pc: the last instruction, if it wrote a context register, or 0
 * @sctlr_written: it changed SCTLR_ELx.M
 * @regime: where its walks begin
 * @tlb: what its TLB may hold
 */
struct coh_cpu {
	bool cached;
	int el;
	bool kernel;
	uint32_t barrier;
	uint32_t dsb_store;
	uint32_t dsb_sy;
	uint32_t dsb_ish;
	uint32_t dc_seq;
	uint32_t ic_issued;
	uint32_t ic_waited;
	uint32_t ic_all;
	unsigned int pending;
	uint64_t pending_pc;
	uint64_t written_pc;
	bool sctlr_written;
	struct coh_regime regime;
	struct coh_tlb tlb;
};

/**
 * struct coh_line - one line of the data cache, by physical address
 * @writer: PC of the last store
 * @stored: when that was
 * @cleaned: when the line was last cleaned to the PoU or further after a store
 * @inval: when the last "ic ivau" was executed
 * @maintained: when the last operation to the PoC was executed
 * @dirty: granules that are newer in the cache than in memory
 * @stale: granules that are older in the cache than in memory
 * @unclean: granules that were stored since the last clean to the PoU
 * @changed: granules that were stored, and not fetched after an invalidation
 * @flags: LINE_*, in cache.c
 * @store_cpu: CPU of the last store
 * @dc_cpu: CPU of the last operation
 */
struct coh_line {
	uint64_t writer;
	uint32_t stored;
	uint32_t cleaned;
	uint32_t inval;
	uint32_t maintained;
	uint16_t dirty;
	uint16_t stale;
	uint16_t unclean;
	uint16_t changed;
	uint8_t flags;
	uint8_t store_cpu;
	uint8_t dc_cpu;
};

struct coh_table;
struct coh_break;

/**
 * struct coh - the model of one machine
 * @base: physical address of RAM
 * @size: bytes of RAM
 * @memory: contents of RAM
 * @line_shift: log2 of the bytes in a line
 * @strict: any line of Normal memory may be allocated in any cache at any time
 * @idc: CTR_EL0.IDC, data need no clean to the PoU
 * @dic: CTR_EL0.DIC, instruction caches need no invalidation
 * @seq: number of the last ordered event
 * @lines: state of each line
 * @cpus: state of each CPU
 * @tables: translation table in each page of 4 KiB, or NULL
 * @breaks: entries that were made invalid and are not flushed
 * @nr_breaks: number of them
 * @max_breaks: number of them that there is memory for
 * @late_pa: image of the kernel that ran when the model began
 * @late_len: its size, 0 if the model began with the machine
 * @images: entries of kernels so far
 * @out: file for the reports
 * @reports: kinds of reports
 * @counts: number of each
 */
struct coh {
	uint64_t base;
	uint64_t size;
	const uint8_t *memory;
	unsigned int line_shift;
	bool strict;
	bool idc;
	bool dic;
	uint32_t seq;
	struct coh_line *lines;
	struct coh_cpu cpus[COH_CPUS];
	struct coh_table **tables;
	struct coh_break *breaks;
	size_t nr_breaks;
	size_t max_breaks;
	uint64_t late_pa;
	uint64_t late_len;
	unsigned int images;
	FILE *out;
	struct coh_report *reports;
	uint64_t counts[COH_KINDS];
};

/**
 * struct coh_event - where something happened
 * @cpu: number of the CPU
 * @pc: address of the instruction
 */
struct coh_event {
	unsigned int cpu;
	uint64_t pc;
};

/* cache.c */
bool coh_init(struct coh *m);
void coh_free(struct coh *m);
void coh_start_late(struct coh *m, uint64_t image_pa, uint64_t image_len);
void coh_access(struct coh *m, const struct coh_event *e, uint64_t va, uint64_t pa,
		uint64_t len, bool store);
void coh_fetch(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t len);
void coh_dc(struct coh *m, const struct coh_event *e, enum coh_dc op, uint64_t pa);
void coh_ic(struct coh *m, const struct coh_event *e, enum coh_ic op, uint64_t pa);
void coh_dsb(struct coh *m, unsigned int cpu, enum coh_domain domain, enum coh_type type);
void coh_dmb(struct coh *m, unsigned int cpu);
void coh_isb(struct coh *m, unsigned int cpu);
void coh_mode(struct coh *m, const struct coh_event *e, int el, bool kernel, bool cached);
void coh_sctlr(struct coh *m, const struct coh_event *e);
void coh_context(struct coh *m, const struct coh_event *e, enum coh_context reg);
void coh_step(struct coh *m, const struct coh_event *e, bool isb);
void coh_power_off(struct coh *m, unsigned int cpu);
void coh_image(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t len);

/* tables.c */
bool coh_tables_init(struct coh *m);
void coh_tables_free(struct coh *m);
bool coh_translate(const struct coh *m, const struct coh_regime *r, uint64_t va, uint64_t *pa);
void coh_table_store(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t len);
void coh_ttbr(struct coh *m, const struct coh_event *e, int which, uint64_t value);
void coh_tlbi_all(struct coh *m, const struct coh_event *e, bool shareable);
void coh_tlbi_range(struct coh *m, const struct coh_event *e, uint64_t va, uint64_t len);
void coh_tlb_dsb(struct coh *m, unsigned int cpu, enum coh_domain domain);
void coh_tlb_isb(struct coh *m, unsigned int cpu);
void coh_tlb_mmu(struct coh *m, const struct coh_event *e, bool on);
void coh_tlb_power_off(struct coh *m, unsigned int cpu);

/* report.c */
bool coh_reports_init(struct coh *m);
const char *coh_kind_name(enum coh_kind kind);
void coh_report(struct coh *m, const struct coh_event *e, enum coh_kind kind, uint64_t pa,
		uint64_t writer);
void coh_print(const struct coh *m);

/* The rest of a line is valid; see coh_start_late(). */
#define LINE_SEEN	8

static inline bool coh_is_ram(const struct coh *m, uint64_t pa)
{
	return pa >= m->base && pa - m->base < m->size;
}

static inline struct coh_line *coh_line_at(const struct coh *m, uint64_t pa)
{
	struct coh_line *line = &m->lines[(pa - m->base) >> m->line_shift];

	if (m->late_len && !(line->flags & LINE_SEEN)) {
		line->flags |= LINE_SEEN;
		if (pa < m->late_pa || pa - m->late_pa >= m->late_len)
			line->dirty = (1U << COH_GRANULES) - 1;
	}
	return line;
}

/* Has the store to @line not been waited for by a dsb of its CPU? */
static inline bool coh_store_in_flight(const struct coh *m, const struct coh_line *line)
{
	return line->stored && line->stored >= m->cpus[line->store_cpu].dsb_store;
}

#endif /* COHERENCY_MODEL_H */
