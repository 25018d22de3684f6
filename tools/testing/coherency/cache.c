// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: data caches at the point of coherency, and instruction caches
 *
 * Data caches of all CPUs are one cache: they are coherent with each other.  A
 * granule of a line is clean, dirty (newer than memory) or stale (older than
 * memory).  Only accesses of a CPU whose MMU or data cache is off tell these
 * apart.  With &coh.strict any line may be in the cache at any time, because
 * another CPU or a hypervisor may read it speculatively; otherwise only lines
 * that were accessed through the cache are.
 *
 * An instruction cache holds copies of the point of unification.  A fetch is
 * right if the line was cleaned after the last store to it, and the instruction
 * cache was invalidated after that.
 *
 * Order is kept as sequence numbers.  A store has the current number; every
 * operation and barrier has a new one.  A store with number s is older than a
 * barrier with number b if s < b.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "model.h"

/* The line was accessed through a data cache, or fetched. */
#define LINE_CACHED	1
#define LINE_FETCHED	2
/* The last store bypassed the cache. */
#define LINE_UNCACHED	4

/**
 * coh_init() - allocate the state of a machine
 * @m: the model, with base, size, memory, line_shift, strict and out filled in
 *
 * Return: whether there was memory.
 */
bool coh_init(struct coh *m)
{
	size_t bytes = (m->size >> m->line_shift) * sizeof(*m->lines);

	/* Most of it is never touched. */
	m->lines = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Zero means "never" in all sequence numbers. */
	m->seq = 1;
	return m->lines != MAP_FAILED && coh_tables_init(m) && coh_reports_init(m);
}

/**
 * coh_free() - free what coh_init() allocated
 * @m: the model
 */
void coh_free(struct coh *m)
{
	munmap(m->lines, (m->size >> m->line_shift) * sizeof(*m->lines));
	coh_tables_free(m);
	free(m->reports);
}

/**
 * coh_start_late() - begin with a kernel that runs already
 * @m: the model
 * @image_pa: where the kernel is
 * @image_len: its size
 *
 * All the rest of RAM may be dirty.
 */
void coh_start_late(struct coh *m, uint64_t image_pa, uint64_t image_len)
{
	m->images = 1;
	m->late_pa = image_pa;
	m->late_len = image_len;
	fprintf(m->out, "image number=1 pa=%llx size=%llx\n", (unsigned long long)image_pa,
		(unsigned long long)image_len);
}

/* The granules of the line at @start that [@pa, @pa + @len) is in. */
static uint16_t granules(const struct coh *m, uint64_t start, uint64_t pa, uint64_t len)
{
	unsigned int shift = m->line_shift - 4;
	uint64_t from = pa > start ? pa - start : 0;
	uint64_t to = pa + len - 1 - start;
	unsigned int first = from >> shift;
	unsigned int last = to >> shift;

	if (last >= COH_GRANULES)
		last = COH_GRANULES - 1;
	return ((2U << last) - 1) & ~((1U << first) - 1);
}

/* Has maintenance of @line not been waited for by its CPU? */
static bool dc_in_flight(const struct coh *m, const struct coh_line *line)
{
	return line->maintained && line->maintained > m->cpus[line->dc_cpu].dsb_sy;
}

static void note_store(struct coh *m, const struct coh_event *e, struct coh_line *line,
		       uint16_t part)
{
	uint32_t inval = line->inval > m->cpus[e->cpu].ic_all ? line->inval :
			 m->cpus[e->cpu].ic_all;

	/* What was stored before is done with, and this store must not delay it. */
	if (!line->unclean && inval > line->cleaned)
		line->changed = 0;
	line->changed |= part;
	line->stored = m->seq;
	line->writer = e->pc;
	line->store_cpu = e->cpu;
}

static void access_cached(struct coh *m, const struct coh_event *e, struct coh_line *line,
			  uint64_t pa, uint16_t part, bool store)
{
	line->flags |= LINE_CACHED;
	if (store) {
		/* An eviction writes the stale granules of the line as well. */
		line->stale &= ~part;
		line->dirty |= part | line->stale;
		line->flags &= ~LINE_UNCACHED;
		note_store(m, e, line, part);
		line->unclean |= part;
	} else if (line->stale & part) {
		coh_report(m, e, COH_LOAD_STALE, pa, line->writer);
		line->stale &= ~part;
	}
}

static void access_uncached(struct coh *m, const struct coh_event *e, struct coh_line *line,
			    uint64_t pa, uint16_t part, bool store)
{
	if (dc_in_flight(m, line))
		coh_report(m, e, COH_DC_PENDING, pa, line->writer);
	if (!store) {
		if (line->dirty & part)
			coh_report(m, e, COH_LOAD_DIRTY, pa, line->writer);
		return;
	}
	if (line->dirty) {
		coh_report(m, e, COH_STORE_UNDER_DIRTY, pa, line->writer);
		line->dirty = 0;
	}
	if (m->strict || (line->flags & LINE_CACHED))
		line->stale |= part;
	line->flags |= LINE_UNCACHED;
	note_store(m, e, line, part);
	/* Memory has it: there is nothing to clean. */
	line->cleaned = ++m->seq;
}

/**
 * coh_access() - a load or a store
 * @m: the model
 * @e: the instruction
 * @va: virtual address
 * @pa: physical address
 * @len: bytes
 * @store: it is a store; memory has the new value already
 */
void coh_access(struct coh *m, const struct coh_event *e, uint64_t va, uint64_t pa,
		uint64_t len, bool store)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	uint64_t line_size = 1ULL << m->line_shift;
	uint64_t at = pa & ~(line_size - 1);

	if (cpu->pending && cpu->kernel) {
		unsigned int used = COH_VBAR | (va >> 55 & 1 ? COH_TTBR1 : COH_TTBR0);

		if (cpu->pending & used) {
			coh_report(m, e, COH_CONTEXT_ISB, pa, cpu->pending_pc);
			cpu->pending = 0;
		}
	}
	for (; at < pa + len; at += line_size) {
		uint16_t part = granules(m, at, pa, len);
		struct coh_line *line;

		if (!coh_is_ram(m, at))
			return;
		line = coh_line_at(m, at);
		if (cpu->cached)
			access_cached(m, e, line, at, part, store);
		else
			access_uncached(m, e, line, at, part, store);
	}
	if (store)
		coh_table_store(m, e, pa, len);
}

static void fetch_line(struct coh *m, const struct coh_event *e, struct coh_line *line,
		       uint64_t pa, uint16_t part)
{
	const struct coh_cpu *cpu = &m->cpus[e->cpu];
	/* An invalidation counts if it came after the last clean. */
	uint32_t ready = m->idc ? line->stored : line->cleaned;
	uint32_t inval = line->inval > cpu->ic_all ? line->inval : cpu->ic_all;

	part &= line->changed;
	if (!part)
		return;
	if (!cpu->cached && (line->dirty & part))
		coh_report(m, e, COH_FETCH_DIRTY, pa, line->writer);
	else if (!cpu->cached && dc_in_flight(m, line))
		coh_report(m, e, COH_DC_PENDING, pa, line->writer);
	else if (cpu->cached && !m->idc && (line->unclean & part))
		coh_report(m, e, COH_FETCH_UNCLEAN, pa, line->writer);
	else if (!m->dic && inval <= ready && (m->strict || (line->flags & LINE_FETCHED)))
		coh_report(m, e, COH_FETCH_STALE, pa, line->writer);
	/* Once is enough for what this store and that fetch have in common. */
	line->flags |= LINE_FETCHED;
	line->unclean &= ~part;
	line->changed &= ~part;
}

/**
 * coh_fetch() - a CPU is going to execute instructions
 * @m: the model
 * @e: the first of them
 * @pa: its physical address
 * @len: bytes
 */
void coh_fetch(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t len)
{
	uint64_t line_size = 1ULL << m->line_shift;
	uint64_t at = pa & ~(line_size - 1);

	for (; at < pa + len && coh_is_ram(m, at); at += line_size) {
		struct coh_line *line = coh_line_at(m, at);

		if (line->changed)
			fetch_line(m, e, line, at, granules(m, at, pa, len));
		else
			line->flags |= LINE_FETCHED;
	}
}

/**
 * coh_dc() - data cache maintenance by address
 * @m: the model
 * @e: the instruction
 * @op: which
 * @pa: any address of the line
 */
void coh_dc(struct coh *m, const struct coh_event *e, enum coh_dc op, uint64_t pa)
{
	struct coh_line *line;

	if (!coh_is_ram(m, pa))
		return;
	line = coh_line_at(m, pa);
	if ((line->flags & LINE_UNCACHED) && line->stored >= m->cpus[line->store_cpu].barrier)
		coh_report(m, e, COH_DC_BEFORE_STORE, pa, line->writer);
	if (op == COH_DC_INVAL && line->dirty)
		coh_report(m, e, COH_INVAL_DIRTY, pa, line->writer);

	m->seq++;
	m->cpus[e->cpu].dc_seq = m->seq;
	if (line->stored >= line->cleaned)
		line->cleaned = m->seq;
	if (op != COH_DC_INVAL)
		line->unclean = 0;
	if (op == COH_DC_CLEAN_POU)
		return;
	line->dirty = 0;
	line->maintained = m->seq;
	line->dc_cpu = e->cpu;
	if (op != COH_DC_CLEAN) {
		line->stale = 0;
		line->flags &= ~LINE_CACHED;
	}
}

/**
 * coh_ic() - instruction cache maintenance
 * @m: the model
 * @e: the instruction
 * @op: which
 * @pa: any address of the line, for COH_IC_LINE
 */
void coh_ic(struct coh *m, const struct coh_event *e, enum coh_ic op, uint64_t pa)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	unsigned int i;

	if (cpu->dc_seq > cpu->dsb_ish)
		coh_report(m, e, COH_IC_BEFORE_DC, pa, 0);
	m->seq++;
	if (op == COH_IC_LINE && coh_is_ram(m, pa))
		coh_line_at(m, pa)->inval = m->seq;
	if (op == COH_IC_ALL)
		cpu->ic_issued = m->seq;
	/* An isb of each other CPU is its own matter. */
	for (i = 0; op == COH_IC_ALL_IS && i < COH_CPUS; i++)
		m->cpus[i].ic_issued = m->seq;
}

/**
 * coh_dsb() - a data synchronization barrier
 * @m: the model
 * @cpu: number of the CPU
 * @domain: its shareability domain
 * @type: accesses that it waits for
 */
void coh_dsb(struct coh *m, unsigned int cpu, enum coh_domain domain, enum coh_type type)
{
	struct coh_cpu *c = &m->cpus[cpu];
	unsigned int i;

	c->barrier = ++m->seq;
	if (type & COH_STORES)
		c->dsb_store = m->seq;
	if (type != COH_ALL)
		return;
	if (domain == COH_SY)
		c->dsb_sy = m->seq;
	if (domain >= COH_ISH)
		c->dsb_ish = m->seq;
	for (i = 0; i < COH_CPUS; i++)
		if (i == cpu || domain >= COH_ISH)
			m->cpus[i].ic_waited = m->cpus[i].ic_issued;
	coh_tlb_dsb(m, cpu, domain);
}

/**
 * coh_dmb() - a data memory barrier for stores
 * @m: the model
 * @cpu: number of the CPU
 */
void coh_dmb(struct coh *m, unsigned int cpu)
{
	m->cpus[cpu].barrier = ++m->seq;
}

/**
 * coh_isb() - a context synchronization event
 * @m: the model
 * @cpu: number of the CPU
 */
void coh_isb(struct coh *m, unsigned int cpu)
{
	struct coh_cpu *c = &m->cpus[cpu];

	c->ic_all = c->ic_waited;
	c->pending = 0;
	coh_tlb_isb(m, cpu);
}

/**
 * coh_mode() - the exception level, the MMU or the data cache of a CPU may have changed
 * @m: the model
 * @e: first instruction afterwards
 * @el: exception level
 * @kernel: the level is the kernel's
 * @cached: MMU and data cache are on
 */
void coh_mode(struct coh *m, const struct coh_event *e, int el, bool kernel, bool cached)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	bool was = cpu->cached, same = cpu->kernel && kernel;

	if (cpu->el == COH_EL_OFF) {
		/* Caches are empty when it comes back. */
		cpu->ic_issued = ++m->seq;
		cpu->ic_waited = m->seq;
	}
	if (cpu->el != el)
		coh_isb(m, e->cpu);
	cpu->el = el;
	cpu->kernel = kernel;
	cpu->cached = cached;
	if ((same && was != cached) || (m->late_len && kernel && cached && !cpu->tlb.nr_roots))
		coh_tlb_mmu(m, e, cached);
}

/**
 * coh_sctlr() - the instruction writes SCTLR with another M
 * @m: the model
 * @e: the instruction
 */
void coh_sctlr(struct coh *m, const struct coh_event *e)
{
	m->cpus[e->cpu].sctlr_written = true;
	m->cpus[e->cpu].written_pc = e->pc;
}

/**
 * coh_context() - the instruction writes a register that takes effect at an isb
 * @m: the model
 * @e: the instruction
 * @reg: which
 */
void coh_context(struct coh *m, const struct coh_event *e, enum coh_context reg)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];

	cpu->pending |= reg;
	cpu->pending_pc = e->pc;
	cpu->written_pc = e->pc;
}

/**
 * coh_step() - a CPU begins a block of instructions
 * @m: the model
 * @e: the first of them
 * @isb: it is an isb
 *
 * QEMU ends a block after a write of a system register.
 */
void coh_step(struct coh *m, const struct coh_event *e, bool isb)
{
	struct coh_cpu *cpu = &m->cpus[e->cpu];
	unsigned int half = e->pc >> 55 & 1 ? COH_TTBR1 : COH_TTBR0;

	if (cpu->written_pc && e->pc != cpu->written_pc + 4)
		cpu->pending = 0;	/* an exception, which synchronizes */
	else if (cpu->sctlr_written && !isb)
		coh_report(m, e, COH_SCTLR_ISB, e->pc, cpu->written_pc);
	cpu->written_pc = 0;
	cpu->sctlr_written = false;
	if (!isb && cpu->kernel && cpu->cached && (cpu->pending & half)) {
		coh_report(m, e, COH_CONTEXT_ISB, e->pc, cpu->pending_pc);
		cpu->pending = 0;
	}
}

/**
 * coh_power_off() - a CPU turns itself off by PSCI
 * @m: the model
 * @cpu: number of the CPU
 */
void coh_power_off(struct coh *m, unsigned int cpu)
{
	struct coh_cpu *c = &m->cpus[cpu];

	coh_tlb_power_off(m, cpu);
	c->el = COH_EL_OFF;
	c->cached = false;
	c->kernel = false;
	c->pending = 0;
	c->written_pc = 0;
	c->sctlr_written = false;
}

/**
 * coh_image() - a CPU enters a kernel with the MMU off
 * @m: the model
 * @e: the first instruction of the image
 * @pa: where the image starts
 * @len: image_size of its header
 */
void coh_image(struct coh *m, const struct coh_event *e, uint64_t pa, uint64_t len)
{
	uint64_t line_size = 1ULL << m->line_shift;
	uint64_t at;

	m->images++;
	fprintf(m->out, "image number=%u pa=%llx size=%llx\n", m->images,
		(unsigned long long)pa, (unsigned long long)len);
	for (at = pa; at < pa + len && coh_is_ram(m, at); at += line_size) {
		const struct coh_line *line = coh_line_at(m, at);

		if (line->dirty || line->stale || dc_in_flight(m, line))
			coh_report(m, e, COH_BOOT_IMAGE, at, line->writer);
	}
}
