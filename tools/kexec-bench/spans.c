// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: spans - a QEMU plugin that counts events of a CPU between two addresses
 *
 * A span begins when a CPU executes the instruction at a given virtual address,
 * the first one of a function.  It ends on the same CPU, before the instruction
 * that
 *
 * - is the function's return address, or
 * - has a given encoding and begins a block: 0xfa405a4d is the first word of
 *   every arm64 Image that is an EFI application as well, and no compiler makes
 *   that instruction.
 *
 * Counted in between, on that CPU only: instructions, bytes loaded and stored
 * (DC ZVA counts as a store of its block), and executions of one more address,
 * such as that of an allocator.  Interrupts in between are included.
 *
 * Arguments of the plugin: out=FILE zva=BYTES span=NAME:START:END[:CALL]
 * with addresses and encodings in hexadecimal; END is 0 for the return address.
 * Each span that ended is one line "NAME insns loaded stored calls" in FILE.
 *
 * Blocks are counted when they are entered.  A block that is interrupted by a fault
 * counts in full, and again when it is resumed, so the number of instructions is an
 * upper bound.
 *
 * QEMU runs all CPUs of such a guest on one thread, so nothing is locked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define SPANS_MAX	16
#define SPANS_CPUS	64

/* "DC ZVA, Xt": SYS #3, C7, C4, #1 with Xt in the low five bits (Arm ARM C5.3). */
#define INSN_DC_ZVA	0xd50b7420u
#define INSN_RT_MASK	0x1fu

/**
 * struct span - definition and current counts of a span
 * @name: for the output
 * @start: virtual address that begins it
 * @end_word: encoding that ends it, 0 for the return address
 * @call: virtual address whose executions are counted, or 0
 * @cpu: the CPU in the span, -1 for none
 * @end: return address
 * @insns: instructions
 * @loaded: bytes
 * @stored: bytes
 * @calls: executions of @call
 */
struct span {
	char name[32];
	uint64_t start;
	uint32_t end_word;
	uint64_t call;
	int cpu;
	uint64_t end;
	uint64_t insns;
	uint64_t loaded;
	uint64_t stored;
	uint64_t calls;
};

/**
 * struct block - a block of instructions, as translated
 * @va: its first instruction
 * @end: address after its last one
 * @insns: number of instructions
 * @word: encoding of the first one
 */
struct block {
	uint64_t va;
	uint64_t end;
	uint32_t insns;
	uint32_t word;
};

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static struct span spans[SPANS_MAX];
static unsigned int nr_spans;
static unsigned int nr_open;
static uint64_t last_end[SPANS_CPUS];
static uint64_t zva_bytes = 64;
static FILE *out;

static void span_open(struct span *s, unsigned int cpu)
{
	s->cpu = cpu;
	s->end = last_end[cpu];
	s->insns = 0;
	s->loaded = 0;
	s->stored = 0;
	s->calls = 0;
	nr_open++;
}

static void span_close(struct span *s)
{
	s->cpu = -1;
	nr_open--;
	fprintf(out, "%s %lu %lu %lu %lu\n", s->name, s->insns, s->loaded, s->stored, s->calls);
	fflush(out);
}

static bool span_ends(const struct span *s, const struct block *b)
{
	return s->end_word ? b->word == s->end_word : b->va == s->end;
}

static void on_block(unsigned int cpu, void *arg)
{
	const struct block *b = arg;
	unsigned int i;

	for (i = 0; i < nr_spans; i++) {
		struct span *s = &spans[i];

		if (s->cpu == (int)cpu && span_ends(s, b))
			span_close(s);
		if (s->cpu < 0 && b->va == s->start)
			span_open(s, cpu);
		if (s->cpu == (int)cpu) {
			s->insns += b->insns;
			s->calls += b->va == s->call;
		}
	}
	last_end[cpu] = b->end;
}

static void on_access(unsigned int cpu, uint32_t access, uint64_t va, void *arg)
{
	uint64_t bytes = 1ULL << qemu_plugin_mem_size_shift(access);
	unsigned int i;

	(void)va;
	(void)arg;
	if (!nr_open)
		return;
	for (i = 0; i < nr_spans; i++) {
		struct span *s = &spans[i];

		if (s->cpu != (int)cpu)
			continue;
		if (qemu_plugin_mem_is_store(access))
			s->stored += bytes;
		else
			s->loaded += bytes;
	}
}

/* The emulator clears the block by itself, past the callback for accesses. */
static void on_zva(unsigned int cpu, void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < nr_spans; i++)
		if (spans[i].cpu == (int)cpu)
			spans[i].stored += zva_bytes;
}

static uint32_t insn_word(const struct qemu_plugin_insn *insn)
{
	uint32_t word;

	memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
	return word;
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	/* Never freed: QEMU does not report the end of a translation. */
	struct block *b = malloc(sizeof(*b));

	(void)id;
	if (!b || !n)
		abort();
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t word = insn_word(insn);

		if (!i)
			*b = (struct block) {
				.va = qemu_plugin_insn_vaddr(insn),
				.insns = n,
				.word = word,
			};
		b->end = qemu_plugin_insn_vaddr(insn) + sizeof(word);
		if ((word & ~INSN_RT_MASK) == INSN_DC_ZVA)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_zva, PLUGIN_NO_REGS, NULL);
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, PLUGIN_NO_REGS, PLUGIN_MEM_RW,
						 NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, PLUGIN_NO_REGS, b);
}

static void on_end(uint64_t id, void *arg)
{
	(void)id;
	(void)arg;
	fclose(out);
}

static bool take_span(const char *text)
{
	struct span *s = &spans[nr_spans];
	unsigned long start, call = 0;
	unsigned int end_word;

	if (nr_spans == SPANS_MAX ||
	    sscanf(text, "%31[^:]:%lx:%x:%lx", s->name, &start, &end_word, &call) < 3)
		return false;
	s->start = start;
	s->end_word = end_word;
	s->call = call;
	s->cpu = -1;
	nr_spans++;
	return true;
}

static bool take_argument(const char *text)
{
	if (!strncmp(text, "out=", 4)) {
		out = fopen(text + 4, "w");
		return out;
	}
	if (!strncmp(text, "zva=", 4)) {
		zva_bytes = strtoul(text + 4, NULL, 0);
		return zva_bytes;
	}
	return !strncmp(text, "span=", 5) && take_span(text + 5);
}

PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc,
				      char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (take_argument(argv[i]))
			continue;
		fprintf(stderr, "spans: cannot use '%s'\n", argv[i]);
		return -1;
	}
	if (!out || !nr_spans) {
		fputs("spans: out= and a span= are needed\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
