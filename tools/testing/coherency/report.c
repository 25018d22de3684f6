// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: reports
 *
 * Equal reports are counted.  Each is printed once at the end, as words
 * NAME=VALUE that guest.py turns into functions and lines.  The rule that each
 * kind stands for is in rules.toml.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define REPORTS_MAX	4096
/* Instruction words that tell where copied code came from. */
#define WORDS		4

/**
 * struct coh_report - one report
 * @e: instruction that met the fault
 * @writer: instruction that stored what it met, or wrote the register; 0 if unknown
 * @pa: first physical address
 * @words: instructions at @e.pc
 * @writer_words: instructions at @writer
 * @count: how often
 * @image: number of kernels that were entered before
 * @el: exception level
 * @kind: which rule
 */
struct coh_report {
	struct coh_event e;
	uint64_t writer;
	uint64_t pa;
	uint32_t words[WORDS];
	uint32_t writer_words[WORDS];
	uint64_t count;
	unsigned int image;
	int el;
	enum coh_kind kind;
};

static const char *const kinds[COH_KINDS] = {
	[COH_LOAD_DIRTY] = "load-dirty",
	[COH_FETCH_DIRTY] = "fetch-dirty",
	[COH_STORE_UNDER_DIRTY] = "store-under-dirty",
	[COH_LOAD_STALE] = "load-stale",
	[COH_INVAL_DIRTY] = "inval-dirty",
	[COH_DC_PENDING] = "dc-pending",
	[COH_DC_BEFORE_STORE] = "dc-before-store",
	[COH_FETCH_UNCLEAN] = "fetch-unclean",
	[COH_FETCH_STALE] = "fetch-stale",
	[COH_IC_BEFORE_DC] = "ic-before-dc",
	[COH_BOOT_IMAGE] = "boot-image",
	[COH_SCTLR_ISB] = "sctlr-isb",
	[COH_CONTEXT_ISB] = "context-isb",
	[COH_WALK_STALE] = "walk-stale",
	[COH_WALK_UNORDERED] = "walk-unordered",
	[COH_BREAK_BEFORE_MAKE] = "break-before-make",
	[COH_BREAK_UNFLUSHED] = "break-unflushed",
	[COH_TLBI_BEFORE_STORE] = "tlbi-before-store",
	[COH_TTBR_CONFLICT] = "ttbr-conflict",
	[COH_MMU_ON_TLB] = "mmu-on-tlb",
};

/**
 * coh_kind_name() - get the name of a kind of report
 * @kind: the kind
 *
 * Return: the name.
 */
const char *coh_kind_name(enum coh_kind kind)
{
	return kinds[kind];
}

/**
 * coh_reports_init() - allocate room for reports
 * @m: the model
 *
 * Return: whether there was memory.
 */
bool coh_reports_init(struct coh *m)
{
	m->reports = calloc(REPORTS_MAX, sizeof(*m->reports));
	return m->reports;
}

/* The instructions at @pc, zero where they cannot be read. */
static void read_words(const struct coh *m, unsigned int cpu, uint64_t pc, uint32_t *words)
{
	uint64_t pa = pc;

	memset(words, 0, WORDS * sizeof(*words));
	if (!coh_is_ram(m, pc) && !coh_translate(m, &m->cpus[cpu].regime, pc, &pa))
		return;
	if (coh_is_ram(m, pa) && coh_is_ram(m, pa + WORDS * sizeof(*words)))
		memcpy(words, m->memory + (pa - m->base), WORDS * sizeof(*words));
}

/**
 * coh_report() - note a fault
 * @m: the model
 * @e: instruction that met it
 * @kind: which rule was broken
 * @pa: physical address
 * @writer: PC of the instruction that caused it, or 0
 */
void coh_report(struct coh *m, const struct coh_event *e, enum coh_kind kind, uint64_t pa,
		uint64_t writer)
{
	struct coh_report *r = m->reports;

	m->counts[kind]++;
	for (; r < m->reports + REPORTS_MAX && r->count; r++) {
		if (r->kind == kind && r->e.pc == e->pc && r->writer == writer) {
			r->count++;
			return;
		}
	}
	if (r == m->reports + REPORTS_MAX)
		return;
	r->e = *e;
	r->kind = kind;
	r->pa = pa;
	r->writer = writer;
	r->count = 1;
	r->image = m->images;
	r->el = m->cpus[e->cpu].el;
	read_words(m, e->cpu, e->pc, r->words);
	read_words(m, e->cpu, writer, r->writer_words);
}

static void print_words(FILE *out, const char *name, const uint32_t *words)
{
	fprintf(out, " %s=%08" PRIx32 "%08" PRIx32 "%08" PRIx32 "%08" PRIx32, name, words[0],
		words[1], words[2], words[3]);
}

/**
 * coh_print() - print all reports
 * @m: the model
 */
void coh_print(const struct coh *m)
{
	const struct coh_report *r = m->reports;

	for (; r < m->reports + REPORTS_MAX && r->count; r++) {
		fprintf(m->out, "report kind=%s count=%" PRIu64 " cpu=%u el=%d image=%u",
			kinds[r->kind], r->count, r->e.cpu, r->el, r->image);
		fprintf(m->out, " pc=%" PRIx64, r->e.pc);
		print_words(m->out, "words", r->words);
		fprintf(m->out, " pa=%" PRIx64 " writer=%" PRIx64, r->pa, r->writer);
		print_words(m->out, "writer_words", r->writer_words);
		fputc('\n', m->out);
	}
	fflush(m->out);
}
