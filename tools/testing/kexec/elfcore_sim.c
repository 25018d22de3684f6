// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: elfcore.c, read back
 *
 * A round makes a random machine: RAM in a few dozen cells, excluded memory (in any
 * order, overlapping, empty, reversed, beyond RAM), notes.  The resulting header is
 * read byte by byte according to the ELF specification, and its PT_LOAD entries are
 * mapped to the cells:
 *
 *	RAM     # # # # . . # # # #
 *	skip    . . x x x . . x . .
 *	dump    # # . . . . # . # #	each cell exactly once
 *
 * The kernel image is in the same cells, RAM or not, without excluded memory.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "../../../kernel/kexec/lib/elfcore.h"
#include "sim.h"

#define CELLS		64
#define MAX_RAM		24
#define MAX_SKIP	8
#define MANY_SKIP	40
#define MAX_CPUS	8
#define SLACK		64
#define CANARY		0xa5

/**
 * struct elfcore_case - a machine and the expected content of its dump
 * @req: the request; its arrays are allocated to the byte
 * @ram: RAM as drawn
 * @skip: exclusions as drawn
 * @notes: addresses of the CPU notes
 * @base: address of the first cell
 * @unit: bytes of a cell
 * @skipped: is the cell excluded?
 * @want: has the cell to be dumped?
 * @text: has the cell to be dumped as part of the kernel image?
 * @nr_pieces: PT_LOAD entries for RAM
 * @nr_text: PT_LOAD entries for the kernel image
 */
struct elfcore_case {
	struct elfcore_req req;
	struct kexec_range *ram;
	struct kexec_range *skip;
	u64 *notes;
	u64 base;
	u64 unit;
	bool skipped[CELLS];
	bool want[CELLS];
	bool text[CELLS];
	unsigned int nr_pieces;
	unsigned int nr_text;
};

static u64 elfcore_addr(const struct elfcore_case *c, unsigned int cell)
{
	return c->base + cell * c->unit;
}

static void elfcore_draw_ram(struct sim *s, struct elfcore_case *c)
{
	unsigned int max = sim_below(s, MAX_RAM + 1), nr = 0, at = 0, i, other;

	c->ram = sim_alloc(max * sizeof(*c->ram));
	while (nr < max) {
		unsigned int from = at + sim_below(s, 4), to = from + sim_between(s, 1, 8);

		if (sim_one_in(s, 12)) {
			/* empty or reversed: not in the header */
			c->ram[nr].start = elfcore_addr(c, sim_between(s, 1, CELLS));
			c->ram[nr++].end = c->base + sim_below(s, 2);
			continue;
		}
		if (to > CELLS)
			break;
		c->ram[nr].start = elfcore_addr(c, from);
		c->ram[nr++].end = elfcore_addr(c, to);
		memset(&c->want[from], true, to - from);
		at = to;
	}
	for (i = nr; i > 1; i--) {
		other = sim_below(s, i);
		swap(c->ram[i - 1], c->ram[other]);
	}
	c->req.ram = c->ram;
	c->req.nr_ram = nr;
}

static void elfcore_draw_skip(struct sim *s, struct elfcore_case *c)
{
	unsigned int nr = sim_below(s, (sim_one_in(s, 4) ? MANY_SKIP : MAX_SKIP) + 1), i, a, b;

	c->skip = sim_alloc(nr * sizeof(*c->skip));
	for (i = 0; i < nr; i++) {
		a = sim_below(s, CELLS + 1);
		b = sim_one_in(s, 8) ? sim_below(s, CELLS + 1) :
				       min(a + (unsigned int)sim_below(s, 6), (unsigned int)CELLS);
		c->skip[i].start = elfcore_addr(c, a);
		c->skip[i].end = elfcore_addr(c, b);
		if (!a && sim_below(s, 2))
			c->skip[i].start = 0;
		if (b == CELLS && sim_below(s, 2))
			c->skip[i].end = U64_MAX;
		if (a >= b)
			continue;
		memset(&c->skipped[a], true, b - a);
		memset(&c->want[a], false, b - a);
	}
	c->req.skip = c->skip;
	c->req.nr_skip = nr;
}

static void elfcore_draw_text(struct sim *s, struct elfcore_case *c)
{
	unsigned int from = sim_below(s, CELLS), to = sim_between(s, from, CELLS), i;
	bool before = false;

	c->req.text_pa = elfcore_addr(c, from);
	c->req.text_va = sim_random(s);
	c->req.text_len = sim_below(s, 2) ? (to - from) * c->unit : 0;
	if (!c->req.text_len)
		return;
	for (i = from; i < to; i++) {
		c->text[i] = !c->skipped[i];
		c->nr_text += c->text[i] && !before;
		before = c->text[i];
	}
}

static void elfcore_draw_notes(struct sim *s, struct elfcore_case *c)
{
	unsigned int i;

	/* now and then as many as bring e_phnum to its limit, or just beyond */
	c->req.nr_cpus = sim_one_in(s, 500) ? PN_XNUM - sim_below(s, 40) :
					      sim_below(s, MAX_CPUS + 1);
	c->notes = sim_alloc(c->req.nr_cpus * sizeof(*c->notes));
	for (i = 0; i < c->req.nr_cpus; i++)
		c->notes[i] = sim_random(s);
	c->req.cpu_note_pa = c->notes;
	c->req.cpu_note_len = sim_random(s);
	c->req.info_pa = sim_random(s);
	c->req.info_len = sim_below(s, 2) ? sim_between(s, 1, 8192) : 0;
	c->req.linear_offset = sim_random(s);
}

/* Ranges of RAM that touch stay apart, so count within each. */
static void elfcore_count(struct elfcore_case *c)
{
	unsigned int i, cell;

	for (i = 0; i < c->req.nr_ram; i++) {
		bool before = false;

		for (cell = 0; cell < CELLS; cell++) {
			bool now = c->want[cell] && elfcore_addr(c, cell) >= c->ram[i].start &&
				   elfcore_addr(c, cell) < c->ram[i].end;

			c->nr_pieces += now && !before;
			before = now;
		}
	}
}

static void elfcore_draw(struct sim *s, struct elfcore_case *c)
{
	memset(c, 0, sizeof(*c));
	c->unit = 1ULL << sim_below(s, 40);
	c->base = sim_one_in(s, 3) ? 0 : sim_between(s, 0, U64_MAX - CELLS * c->unit);
	if (sim_one_in(s, 4))
		c->base = U64_MAX - CELLS * c->unit;
	elfcore_draw_ram(s, c);
	elfcore_draw_skip(s, c);
	elfcore_draw_text(s, c);
	elfcore_draw_notes(s, c);
	elfcore_count(c);
}

static void elfcore_free(struct elfcore_case *c)
{
	free(c->ram);
	free(c->skip);
	free(c->notes);
}

static u64 elfcore_entries(const struct elfcore_case *c)
{
	return (u64)c->req.nr_cpus + !!c->req.info_len + c->nr_text + c->nr_pieces;
}

static void elfcore_read_ehdr(struct sim *s, const u8 *buf, unsigned int nr)
{
	/* ELF gABI, "ELF Header"; e_machine 183 is AArch64 */
	static const u8 ident[EI_NIDENT] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct elf64_hdr e;

	memcpy(&e, buf, sizeof(e));
	sim_check(s, !memcmp(e.e_ident, ident, sizeof(ident)), "not an ELF64 file");
	sim_check(s, e.e_type == 4 && e.e_machine == 183 && e.e_version == 1,
		  "type %u machine %u", e.e_type, e.e_machine);
	sim_check(s, e.e_phoff == 64 && e.e_ehsize == 64 && e.e_phentsize == 56,
		  "phoff %llu ehsize %u phentsize %u", e.e_phoff, e.e_ehsize, e.e_phentsize);
	sim_check(s, e.e_phnum == nr, "%u instead of %u entries", e.e_phnum, nr);
	sim_check(s, !e.e_entry && !e.e_shoff && !e.e_flags && !e.e_shnum && !e.e_shstrndx,
		  "something that a core header has not");
}

static void elfcore_expect(struct sim *s, const struct elf64_phdr *p, u32 type, u64 pa, u64 va,
			   u64 len)
{
	sim_check(s, p->p_type == type && p->p_offset == pa && p->p_paddr == pa &&
		  p->p_vaddr == va && p->p_filesz == len && p->p_memsz == len,
		  "entry at %#llx for type %u, %#llx, %#llx bytes", p->p_paddr, type, pa,
		  len);
}

static void elfcore_read_fixed(struct sim *s, const struct elfcore_case *c,
			       const struct elf64_phdr *p)
{
	const struct elfcore_req *r = &c->req;
	unsigned int i;

	for (i = 0; i < r->nr_cpus; i++)
		elfcore_expect(s, p++, PT_NOTE, c->notes[i], 0, r->cpu_note_len);
	if (r->info_len)
		elfcore_expect(s, p, PT_NOTE, r->info_pa, 0, r->info_len);
}

/* @nr entries at @p cover exactly the cells in @want, each at its address plus @offset. */
static void elfcore_read_pieces(struct sim *s, const struct elfcore_case *c,
				const struct elf64_phdr *p, unsigned int nr, const bool *want,
				u64 offset)
{
	bool seen[CELLS] = { };
	unsigned int i, cell;

	for (i = 0; i < nr; i++, p++) {
		u64 at = p->p_paddr - c->base, end = at + p->p_filesz;

		elfcore_expect(s, p, PT_LOAD, p->p_paddr, p->p_paddr + offset,
			       p->p_memsz);
		sim_check(s, at < end && end <= CELLS * c->unit && !(at % c->unit) &&
			  !(end % c->unit), "piece %#llx, %#llx bytes", p->p_paddr,
			  p->p_memsz);
		for (cell = at / c->unit; cell < end / c->unit; cell++) {
			sim_check(s, !seen[cell], "cell %u twice", cell);
			seen[cell] = true;
		}
	}
	for (cell = 0; cell < CELLS; cell++)
		sim_check(s, seen[cell] == want[cell], "cell %u", cell);
}

static void elfcore_read(struct sim *s, const struct elfcore_case *c, const u8 *buf,
			 size_t used)
{
	unsigned int nr = elfcore_entries(c);
	size_t len = 64 + nr * (size_t)56, i;
	struct elf64_phdr *p = sim_alloc(nr * sizeof(*p));

	sim_check(s, used >= len && used - len < ELFCORE_ALIGN && !(used % ELFCORE_ALIGN),
		  "%zu bytes for %u entries", used, nr);
	memcpy(p, buf + 64, nr * sizeof(*p));
	elfcore_read_ehdr(s, buf, nr);
	elfcore_read_fixed(s, c, p);
	elfcore_read_pieces(s, c, p + nr - c->nr_pieces - c->nr_text, c->nr_text, c->text,
			    c->req.text_va - c->req.text_pa);
	elfcore_read_pieces(s, c, p + nr - c->nr_pieces, c->nr_pieces, c->want,
			    c->req.linear_offset);
	for (i = len; i < used; i++)
		sim_check(s, !buf[i], "byte %zu after the entries", i);
	free(p);
}

/* A capacity that is too small, by one byte or more, changes nothing. */
static void elfcore_no_room(struct sim *s, const struct elfcore_case *c, size_t size)
{
	size_t capacity = sim_below(s, 2) ? size - 1 : sim_below(s, size), used = 77, i;
	u8 *buf = sim_alloc(capacity);
	int ret;

	memset(buf, CANARY, capacity);
	ret = kexec_elfcore_build(&c->req, buf, capacity, &used);
	s->ops++;
	sim_check(s, ret == -ENOSPC && used == 77, "%d, %zu with %zu of %zu bytes", ret, used,
		  capacity, size);
	for (i = 0; i < capacity; i++)
		sim_check(s, buf[i] == CANARY, "byte %zu was written", i);
	free(buf);
}

static void elfcore_with_room(struct sim *s, const struct elfcore_case *c, size_t size)
{
	size_t capacity = size + (sim_below(s, 2) ? 0 : sim_below(s, SLACK)), used = 0, i;
	u8 *buf = sim_alloc(capacity);
	int ret;

	memset(buf, CANARY, capacity);
	ret = kexec_elfcore_build(&c->req, buf, capacity, &used);
	s->ops++;
	sim_check(s, !ret && used == size, "%d, %zu instead of %zu bytes", ret, used, size);
	elfcore_read(s, c, buf, used);
	for (i = used; i < capacity; i++)
		sim_check(s, buf[i] == CANARY, "byte %zu after the header", i);
	free(buf);
}

static void elfcore_sim_round(struct sim *s)
{
	struct elfcore_case c;
	size_t size = 77;
	int ret, want;

	elfcore_draw(s, &c);
	want = elfcore_entries(&c) < PN_XNUM ? 0 : -EOVERFLOW;
	ret = kexec_elfcore_size(&c.req, &size);
	s->ops++;
	sim_check(s, ret == want, "%d instead of %d for %llu entries", ret, want,
		  elfcore_entries(&c));
	if (!ret) {
		elfcore_no_room(s, &c, size);
		elfcore_with_room(s, &c, size);
	} else {
		u8 byte = CANARY;

		sim_check(s, kexec_elfcore_build(&c.req, &byte, SIZE_MAX, &size) == want,
			  "too many entries were accepted");
		sim_check(s, byte == CANARY && size == 77, "a refusal wrote something");
	}
	elfcore_free(&c);
}

const struct sim_test elfcore_sim_tests[] = {
	{ "elfcore-readback", elfcore_sim_round, 60000 },
	{}
};
