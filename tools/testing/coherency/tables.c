// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: translation tables in use, TLBs, and changes of TTBRn_EL1
 *
 * The tables of the kernel, those of TTBR1, are followed entry by entry from the
 * moment that TTBR1 names them until a complete invalidation after it names
 * others: a store to one of them is compared with the entry that was there.  The
 * tables of processes are not: they are the base's, and their translations are
 * told apart by ASID.  Of TTBR0 the model knows whether it has tables of a
 * process, whose entries are not global, or an identity map, whose entries are.
 *
 * Not modelled: stage 2, EL2 without VHE, and the ASID of TTBR1.
 */
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ULL << PAGE_SHIFT)

#define DESC_VALID	1ULL
#define DESC_TABLE	2ULL
#define DESC_OA		0x0000fffffffff000ULL
#define DESC_NG		(1ULL << 11)
/*
 * Only what D8 permits to change without break-before-make: AP, AF, DBM, GP, PXN, UXN and
 * the bits for software.
 */
#define DESC_RELAXED	(3ULL << 6 | 1ULL << 10 | 3ULL << 50 | 3ULL << 53 | 0xfULL << 55)
/* TTBRn_EL1.BADDR; bit 0 is CnP. */
#define TTBR_BADDR	0x0000fffffffffffeULL

#define LEVEL_LAST	3

/**
 * struct coh_table - a translation table in use, or the part of it that is in one page
 * @va: first address that it translates
 * @shift: log2 of the bytes that one entry translates
 * @level: level of the entries
 * @first: number of the first entry, from the beginning of the page
 * @count: number of entries
 * @entries: as they were when last seen
 */
struct coh_table {
	uint64_t va;
	unsigned int shift;
	int level;
	unsigned int first;
	unsigned int count;
	uint64_t entries[PAGE_SIZE / 8];
};

/**
 * struct coh_break - an entry that was made invalid, or whose permissions were changed
 * @entry_pa: where it is
 * @va: first address that it translated
 * @len: bytes
 * @old: its last valid value
 * @pc: the store
 * @stored: when that was
 * @cpu: CPU of the store
 * @flush_cpu: CPU of the invalidation that is not waited for, or -1
 * @level: level of the entry
 * @table: @old is a table descriptor
 * @relaxed: the entry remained valid
 */
struct coh_break {
	uint64_t entry_pa;
	uint64_t va;
	uint64_t len;
	uint64_t old;
	uint64_t pc;
	uint32_t stored;
	unsigned int cpu;
	int flush_cpu;
	int level;
	bool table;
	bool relaxed;
};

/**
 * struct geometry - how one half of the address space is translated
 * @page: log2 of the granule
 * @level: level of the root
 * @entries: number of entries in the root
 * @top: first address of the half
 */
struct geometry {
	unsigned int page;
	int level;
	unsigned int entries;
	uint64_t top;
};

/**
 * coh_tables_init() - allocate the map of translation tables
 * @m: the model
 *
 * Return: whether there was memory.
 */
bool coh_tables_init(struct coh *m)
{
	m->tables = calloc(m->size >> PAGE_SHIFT, sizeof(*m->tables));
	return m->tables;
}

static void forget_all(struct coh *m)
{
	uint64_t page;

	for (page = 0; page < m->size >> PAGE_SHIFT; page++) {
		free(m->tables[page]);
		m->tables[page] = NULL;
	}
	m->nr_breaks = 0;
}

/**
 * coh_tables_free() - free all that is known of translation tables
 * @m: the model
 */
void coh_tables_free(struct coh *m)
{
	forget_all(m);
	free(m->tables);
	free(m->breaks);
}

static uint64_t read_entry(const struct coh *m, uint64_t pa)
{
	uint64_t entry = 0;

	if (coh_is_ram(m, pa))
		memcpy(&entry, m->memory + (pa - m->base), sizeof(entry));
	return entry;
}

static unsigned int level_shift(const struct geometry *g, int level)
{
	return g->page + (LEVEL_LAST - level) * (g->page - 3);
}

/* TCR_EL1: T0SZ [5:0], TG0 [15:14], T1SZ [21:16], TG1 [31:30]. */
static bool get_geometry(uint64_t tcr, int which, struct geometry *g)
{
	static const unsigned int granules[2][4] = { { 12, 16, 14, 0 }, { 0, 14, 12, 16 } };
	unsigned int bits = 64 - (tcr >> (which ? 16 : 0) & 0x3f);

	g->page = granules[which][tcr >> (which ? 30 : 14) & 3];
	if (!g->page || bits > 52 || bits <= g->page)
		return false;
	g->level = LEVEL_LAST;
	while (level_shift(g, g->level) + g->page - 3 < bits)
		g->level--;
	g->entries = 1U << (bits - level_shift(g, g->level));
	g->top = which ? -(1ULL << bits) : 0;
	return true;
}

static bool is_table(uint64_t entry, int level)
{
	return level < LEVEL_LAST && (entry & 3) == (DESC_VALID | DESC_TABLE);
}

/* RAM is below 2^48, so the bits that the larger formats put elsewhere are zero. */
static uint64_t output(const struct geometry *g, uint64_t entry)
{
	return entry & DESC_OA & ~((1ULL << g->page) - 1);
}

/* The leaf that maps @va, 0 if there is none, and log2 of the bytes that it maps. */
static uint64_t lookup(const struct coh *m, const struct coh_regime *r, uint64_t va,
		       unsigned int *shift)
{
	int which = va >> 55 & 1, level;
	uint64_t table = r->ttbr[which] & TTBR_BADDR, entry;
	struct geometry g;
	unsigned int entries;

	if (!get_geometry(r->tcr, which, &g))
		return 0;
	entries = g.entries;
	for (level = g.level; level <= LEVEL_LAST; level++) {
		*shift = level_shift(&g, level);
		entry = read_entry(m, table + 8 * (va >> *shift & (entries - 1)));
		if (!(entry & DESC_VALID))
			return 0;
		if (!is_table(entry, level))
			return entry;
		table = output(&g, entry);
		entries = 1U << (g.page - 3);
	}
	return 0;
}

/**
 * coh_translate() - translate an address as the walker does
 * @m: the model
 * @r: translation regime
 * @va: virtual address
 * @pa: physical address, set on success only
 *
 * Return: whether the tables map it.
 */
bool coh_translate(const struct coh *m, const struct coh_regime *r, uint64_t va, uint64_t *pa)
{
	unsigned int shift;
	uint64_t leaf = lookup(m, r, va, &shift);

	if (!leaf)
		return false;
	*pa = (leaf & DESC_OA & ~((1ULL << shift) - 1)) | (va & ((1ULL << shift) - 1));
	return true;
}

/**
 * struct walk - a visit to all entries of a table and of those below it
 * @m: the model
 * @g: geometry
 * @e: on whose behalf
 * @visit: called for each part of a table that is in one page, before what is below it;
 *         false ends the visit
 * @other: root of other tables, for visit_compare()
 * @found: result of visit_kind()
 */
struct walk {
	struct coh *m;
	const struct geometry *g;
	const struct coh_event *e;
	bool (*visit)(struct walk *w, uint64_t pa, unsigned int entries, int level, uint64_t va);
	uint64_t other;
	int found;
};

static bool walk_tables(struct walk *w, uint64_t table, unsigned int entries, int level,
			uint64_t va)
{
	unsigned int shift = level_shift(w->g, level), i, per_page = PAGE_SIZE / 8;
	uint64_t entry;

	if (!coh_is_ram(w->m, table) || !coh_is_ram(w->m, table + 8ULL * entries - 1))
		return true;
	for (i = 0; i < entries; i += per_page)
		if (!w->visit(w, table + 8ULL * i, entries - i < per_page ? entries - i : per_page,
			      level, va + ((uint64_t)i << shift)))
			return false;
	for (i = 0; i < entries; i++) {
		entry = read_entry(w->m, table + 8ULL * i);
		if (is_table(entry, level) &&
		    !walk_tables(w, output(w->g, entry), 1U << (w->g->page - 3), level + 1,
				 va + ((uint64_t)i << shift)))
			return false;
	}
	return true;
}

static bool walk_root(struct walk *w, uint64_t root)
{
	return walk_tables(w, root & TTBR_BADDR, w->g->entries, w->g->level, w->g->top);
}

static bool visit_watch(struct walk *w, uint64_t pa, unsigned int entries, int level, uint64_t va)
{
	struct coh_table **slot = &w->m->tables[(pa - w->m->base) >> PAGE_SHIFT];
	struct coh_table *t = *slot;

	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t)
			abort();
		*slot = t;
	}
	t->first = pa % PAGE_SIZE / 8;
	t->count = entries;
	t->va = va;
	t->level = level;
	t->shift = level_shift(w->g, level);
	memcpy(t->entries, w->m->memory + (pa - w->m->base), 8 * entries);
	return true;
}

static bool visit_forget(struct walk *w, uint64_t pa, unsigned int entries, int level, uint64_t va)
{
	struct coh_table **slot = &w->m->tables[(pa - w->m->base) >> PAGE_SHIFT];

	(void)entries;
	(void)level;
	(void)va;
	free(*slot);
	*slot = NULL;
	return true;
}

/* Stores with the MMU off that a walk through the cache may miss. */
static bool visit_stale(struct walk *w, uint64_t pa, unsigned int entries, int level, uint64_t va)
{
	uint64_t at, line_size = 1ULL << w->m->line_shift;

	(void)level;
	(void)va;
	for (at = pa; at < pa + 8ULL * entries; at += line_size) {
		struct coh_line *line = coh_line_at(w->m, at);

		if (line->stale)
			coh_report(w->m, w->e, COH_WALK_STALE, at, line->writer);
	}
	return true;
}

static bool visit_order(struct walk *w, uint64_t pa, unsigned int entries, int level, uint64_t va)
{
	uint64_t at, line_size = 1ULL << w->m->line_shift;

	(void)level;
	(void)va;
	for (at = pa; at < pa + 8ULL * entries; at += line_size) {
		struct coh_line *line = coh_line_at(w->m, at);

		if (coh_store_in_flight(w->m, line))
			coh_report(w->m, w->e, COH_WALK_UNORDERED, at, line->writer);
	}
	return true;
}

/* What a table in TTBR0 may put into the TLB. */
enum { TABLE_EMPTY, TABLE_USER, TABLE_GLOBAL };

/* Ends at the first leaf: all those of a table are of one kind. */
static bool visit_kind(struct walk *w, uint64_t pa, unsigned int entries, int level, uint64_t va)
{
	unsigned int i;

	(void)va;
	for (i = 0; i < entries; i++) {
		uint64_t entry = read_entry(w->m, pa + 8ULL * i);

		if (!(entry & DESC_VALID) || is_table(entry, level))
			continue;
		w->found = entry & DESC_NG ? TABLE_USER : TABLE_GLOBAL;
		return false;
	}
	return true;
}

/* Every leaf must be what the other tables have for its first address, or not be there. */
static bool visit_compare(struct walk *w, uint64_t pa, unsigned int entries, int level,
			  uint64_t va)
{
	struct coh_regime r = w->m->cpus[w->e->cpu].regime;
	unsigned int shift = level_shift(w->g, level), i, size;

	r.ttbr[1] = w->other;
	for (i = 0; i < entries; i++) {
		uint64_t entry = read_entry(w->m, pa + 8ULL * i), there;

		if (!(entry & DESC_VALID) || is_table(entry, level))
			continue;
		there = lookup(w->m, &r, va + ((uint64_t)i << shift), &size);
		if (there && (size != shift || ((there ^ entry) & ~DESC_RELAXED))) {
			coh_report(w->m, w->e, COH_TTBR_CONFLICT, pa + 8ULL * i, 0);
			return false;
		}
	}
	return true;
}

/* May the TLB of any CPU hold entries of these tables? */
static bool root_in_use(const struct coh *m, uint64_t root)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < COH_CPUS; cpu++)
		for (i = 0; i < m->cpus[cpu].tlb.nr_roots; i++)
			if (m->cpus[cpu].tlb.roots[i] == root)
				return true;
	return false;
}

/* Watches what is in use anew: tables are shared between roots. */
static void watch_all(struct coh *m, const struct coh_event *e, const struct geometry *g)
{
	struct walk w = { .m = m, .g = g, .e = e, .visit = visit_watch };
	unsigned int cpu, i;

	for (cpu = 0; cpu < COH_CPUS; cpu++)
		for (i = 0; i < m->cpus[cpu].tlb.nr_roots; i++)
			walk_root(&w, m->cpus[cpu].tlb.roots[i]);
}

/* Drops roots of @cpu from number @keep on; nothing of them is in its TLB. */
static void drop_roots(struct coh *m, unsigned int cpu, unsigned int keep)
{
	struct coh_tlb *tlb = &m->cpus[cpu].tlb;
	struct coh_event e = { .cpu = cpu };
	struct geometry g;
	bool gone = false;

	while (tlb->nr_roots > keep) {
		uint64_t root = tlb->roots[--tlb->nr_roots];

		gone |= !root_in_use(m, root);
	}
	if (!gone)
		return;
	forget_all(m);
	if (get_geometry(m->cpus[cpu].regime.tcr, 1, &g))
		watch_all(m, &e, &g);
}

static void ttbr1(struct coh *m, const struct coh_event *e, uint64_t root)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	struct coh_tlb *tlb = &cpu->tlb;
	struct walk w = { .m = m, .e = e, .visit = visit_order };
	struct geometry g;
	unsigned int i;

	w.g = &g;
	if (!get_geometry(cpu->regime.tcr, 1, &g))
		return;
	walk_root(&w, root);
	w.visit = visit_compare;
	for (i = 0; i < tlb->nr_roots; i++) {
		w.other = tlb->roots[i];
		if (tlb->roots[i] != root && !walk_root(&w, root))
			break;
	}
	/* The new one comes first; one that was there moves. */
	for (i = 0; i < tlb->nr_roots && tlb->roots[i] != root; i++)
		;
	if (i == tlb->nr_roots && i < sizeof(tlb->roots) / sizeof(*tlb->roots))
		tlb->nr_roots++;
	else if (i == tlb->nr_roots)
		i--;
	memmove(&tlb->roots[1], &tlb->roots[0], i * sizeof(*tlb->roots));
	tlb->roots[0] = root;
	w.visit = visit_watch;
	walk_root(&w, root);
}

static void ttbr0(struct coh *m, const struct coh_event *e, uint64_t root)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	struct coh_tlb *tlb = &cpu->tlb;
	struct walk w = { .m = m, .e = e, .visit = visit_kind };
	struct geometry g;

	w.g = &g;
	tlb->user_now = false;
	tlb->global_now = 0;
	if (!get_geometry(cpu->regime.tcr, 0, &g))
		return;
	walk_root(&w, root);
	if (w.found == TABLE_EMPTY)
		return;
	if (w.found == TABLE_USER) {
		if (tlb->global)
			coh_report(m, e, COH_TTBR_CONFLICT, root, tlb->global);
		tlb->user = true;
		tlb->user_now = true;
		return;
	}
	if (tlb->user || (tlb->global && tlb->global != root))
		coh_report(m, e, COH_TTBR_CONFLICT, root, tlb->global);
	w.visit = visit_order;
	walk_root(&w, root);
	tlb->global = root;
	tlb->global_now = root;
}

/**
 * coh_ttbr() - TTBR0 or TTBR1 of the kernel's regime is written, with the MMU on
 * @m: the model
 * @e: the instruction
 * @which: 0 or 1
 * @value: the new value
 */
void coh_ttbr(struct coh *m, const struct coh_event *e, int which, uint64_t value)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	bool same = !((cpu->regime.ttbr[which] ^ value) & TTBR_BADDR);

	cpu->regime.ttbr[which] = value;
	if (!cpu->cached || same)
		return;
	if (which)
		ttbr1(m, e, value & TTBR_BADDR);
	else
		ttbr0(m, e, value & TTBR_BADDR);
	coh_context(m, e, which ? COH_TTBR1 : COH_TTBR0);
}

static void add_break(struct coh *m, const struct coh_break *b)
{
	if (m->nr_breaks == m->max_breaks) {
		m->max_breaks = m->max_breaks ? 2 * m->max_breaks : 1024;
		m->breaks = realloc(m->breaks, m->max_breaks * sizeof(*m->breaks));
		if (!m->breaks)
			abort();
	}
	m->breaks[m->nr_breaks++] = *b;
}

static void remove_break(struct coh *m, size_t i)
{
	m->breaks[i] = m->breaks[--m->nr_breaks];
}

/* Follows or forgets the tables below an entry. */
static void below(struct coh *m, const struct coh_event *e, const struct coh_table *t,
		  uint64_t entry, uint64_t va,
		  bool (*visit)(struct walk *w, uint64_t pa, unsigned int entries, int level,
				uint64_t va))
{
	struct walk w = { .m = m, .e = e, .visit = visit };
	struct geometry g;

	w.g = &g;
	if (is_table(entry, t->level) && get_geometry(m->cpus[e->cpu].regime.tcr, 1, &g))
		walk_tables(&w, output(&g, entry), 1U << (g.page - 3), t->level + 1, va);
}

/* An entry becomes valid: is a different one possibly still in a TLB? */
static void entry_made(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t new)
{
	size_t i;

	for (i = 0; i < m->nr_breaks; i++) {
		struct coh_break *b = &m->breaks[i];

		if (b->entry_pa != pa || b->relaxed)
			continue;
		if ((b->old ^ new) & ~DESC_RELAXED)
			coh_report(m, e, COH_BREAK_BEFORE_MAKE, pa, b->pc);
		remove_break(m, i);
		return;
	}
}

static void entry_stored(struct coh *m, const struct coh_event *e, struct coh_table *t,
			 unsigned int i, uint64_t pa, uint64_t new)
{
	uint64_t old = t->entries[i], va = t->va + ((uint64_t)i << t->shift);
	struct coh_break b = { .entry_pa = pa, .va = va, .len = 1ULL << t->shift, .old = old,
			       .pc = e->pc, .stored = m->seq, .cpu = e->cpu, .flush_cpu = -1 };

	t->entries[i] = new;
	if (!(old & DESC_VALID)) {
		if (new & DESC_VALID) {
			entry_made(m, e, pa, new);
			below(m, e, t, new, va, visit_watch);
		}
		return;
	}
	b.table = is_table(old, t->level);
	b.level = t->level;
	b.relaxed = new & DESC_VALID;
	if (b.relaxed && ((old ^ new) & ~DESC_RELAXED))
		coh_report(m, e, COH_BREAK_BEFORE_MAKE, pa, e->pc);
	else
		add_break(m, &b);
}

/**
 * coh_table_store() - compare a store with the tables in use
 * @m: the model
 * @e: the instruction
 * @pa: physical address
 * @len: bytes
 */
void coh_table_store(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t len)
{
	uint64_t at;

	for (at = pa & ~7ULL; at < pa + len && coh_is_ram(m, at); at += 8) {
		struct coh_table *t = m->tables[(at - m->base) >> PAGE_SHIFT];
		unsigned int i = at % PAGE_SIZE / 8;
		uint64_t new;

		if (!t || i < t->first || i - t->first >= t->count)
			continue;
		new = read_entry(m, at);
		if (new != t->entries[i - t->first])
			entry_stored(m, e, t, i - t->first, at, new);
	}
}

/* An invalidation covers @b, unless the store may come after it. */
static void flush_break(struct coh *m, const struct coh_event *e, struct coh_break *b)
{
	if (b->stored < m->cpus[b->cpu].dsb_store)
		b->flush_cpu = e->cpu;
	else if (b->cpu == e->cpu)
		coh_report(m, e, COH_TLBI_BEFORE_STORE, b->entry_pa, b->pc);
}

/**
 * coh_tlbi_all() - invalidate all entries of the kernel's regime
 * @m: the model
 * @e: the instruction
 * @shareable: on all CPUs
 */
void coh_tlbi_all(struct coh *m, const struct coh_event *e, bool shareable)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	struct coh_tlb *tlb = &cpu->tlb;
	/* Without an isb, walks may begin at the table before the current one, too. */
	unsigned int keep = cpu->pending & COH_TTBR1 ? 2 : 1;
	size_t i;

	m->seq++;
	tlb->flush_seq = m->seq;
	tlb->flush_done = false;
	tlb->flush_shareable = shareable;
	tlb->flush_ttbr0 = !(cpu->pending & COH_TTBR0);
	tlb->flushed = tlb->nr_roots > keep ? tlb->nr_roots - keep : 0;
	for (i = 0; i < m->nr_breaks; i++)
		flush_break(m, e, &m->breaks[i]);
}

/**
 * coh_tlbi_range() - invalidate the entries of some addresses
 * @m: the model
 * @e: the instruction
 * @va: first address
 * @len: bytes
 */
void coh_tlbi_range(struct coh *m, const struct coh_event *e, uint64_t va, uint64_t len)
{
	size_t i;

	for (i = 0; i < m->nr_breaks; i++) {
		struct coh_break *b = &m->breaks[i];

		if (b->va < va + len && va < b->va + b->len)
			flush_break(m, e, b);
	}
}

static void finish_breaks(struct coh *m, unsigned int cpu)
{
	struct coh_event e = { .cpu = cpu };
	size_t i = 0;

	while (i < m->nr_breaks) {
		struct coh_break b = m->breaks[i];
		struct coh_table t = { .level = b.level };

		if (b.flush_cpu != (int)cpu) {
			i++;
			continue;
		}
		remove_break(m, i);
		if (b.table && !b.relaxed)
			below(m, &e, &t, b.old, b.va, visit_forget);
	}
}

/**
 * coh_tlb_dsb() - a dsb for all accesses completes invalidations
 * @m: the model
 * @cpu: number of the CPU
 * @domain: of the barrier
 */
void coh_tlb_dsb(struct coh *m, unsigned int cpu, enum coh_domain domain)
{
	struct coh_tlb *tlb = &m->cpus[cpu].tlb;
	unsigned int i;

	finish_breaks(m, cpu);
	if (!tlb->flush_seq || (tlb->flush_shareable && domain < COH_ISH))
		return;
	tlb->flush_seq = 0;
	tlb->flush_done = true;
	tlb->old = false;
	for (i = 0; tlb->flush_shareable && i < COH_CPUS; i++)
		if (i != cpu && m->cpus[i].tlb.nr_roots)
			drop_roots(m, i, 1);
}

/**
 * coh_tlb_isb() - an isb makes complete invalidations effective for later walks
 * @m: the model
 * @cpu: number of the CPU
 */
void coh_tlb_isb(struct coh *m, unsigned int cpu)
{
	struct coh_tlb *tlb = &m->cpus[cpu].tlb;

	if (!tlb->flush_done)
		return;
	tlb->flush_done = false;
	if (tlb->flush_ttbr0) {
		tlb->user = tlb->user_now;
		tlb->global = tlb->global_now;
	}
	drop_roots(m, cpu, tlb->nr_roots - tlb->flushed);
	tlb->flushed = 0;
}

static void mmu_on(struct coh *m, const struct coh_event *e)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	struct walk w = { .m = m, .e = e, .visit = visit_stale };
	struct geometry g;
	int which;

	if (cpu->tlb.old)
		coh_report(m, e, COH_MMU_ON_TLB, e->pc, 0);
	memset(&cpu->tlb, 0, sizeof(cpu->tlb));
	w.g = &g;
	for (which = 0; which < 2; which++)
		if (get_geometry(cpu->regime.tcr, which, &g))
			walk_root(&w, cpu->regime.ttbr[which] & TTBR_BADDR);
	ttbr1(m, e, cpu->regime.ttbr[1] & TTBR_BADDR);
	ttbr0(m, e, cpu->regime.ttbr[0] & TTBR_BADDR);
}

/**
 * coh_tlb_mmu() - the MMU of the kernel's regime was turned on or off
 * @m: the model
 * @e: first instruction afterwards
 * @on: on
 */
void coh_tlb_mmu(struct coh *m, const struct coh_event *e, bool on)
{
	struct coh_tlb *tlb = &m->cpus[e->cpu].tlb;
	size_t i;

	if (on) {
		mmu_on(m, e);
		return;
	}
	for (i = 0; i < m->nr_breaks; i++)
		if (m->breaks[i].cpu == e->cpu)
			coh_report(m, e, COH_BREAK_UNFLUSHED, m->breaks[i].entry_pa,
				   m->breaks[i].pc);
	tlb->old = tlb->nr_roots;
	drop_roots(m, e->cpu, 0);
}

/**
 * coh_tlb_power_off() - a CPU loses its TLB
 * @m: the model
 * @cpu: number of the CPU
 */
void coh_tlb_power_off(struct coh *m, unsigned int cpu)
{
	drop_roots(m, cpu, 0);
	memset(&m->cpus[cpu].tlb, 0, sizeof(m->cpus[cpu].tlb));
}
