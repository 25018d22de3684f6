// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: the ELF core header
 *
 * Input: numbers of ranges and notes, then all addresses and sizes.  The model cuts the
 * address space at every bound of a range, decides for each piece whether the dump has
 * it, and joins neighbours.  The header must have the same pieces in the same order, and
 * nothing is written beyond it or into a buffer that is too small.
 */
#include <stdlib.h>

#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../../../../kernel/kexec/lib/elfcore.h"
#include "fuzz.h"

#define MAX_RAM		8
#define MAX_SKIP	8
#define MAX_CPUS	8
#define MAX_CUTS	(2 + 2 * MAX_SKIP)
#define MAX_PIECES	((MAX_RAM + 1) * MAX_CUTS)
#define CANARY		0xa5

/* For memcmp(), which is faster than a loop under the sanitizers. */
static u8 dump_canaries[SZ_16K];
static const u8 dump_zeroes[ELFCORE_ALIGN];

/**
 * struct dump - a request and the expected pieces
 * @req: the request
 * @ram: memory to dump
 * @skip: memory to leave out
 * @notes: addresses of notes; many of them for the limit of e_phnum
 * @piece: expected PT_LOAD entries
 * @nr_pieces: number of them
 * @nr_text: of these, pieces of the kernel image
 */
struct dump {
	struct elfcore_req req;
	struct kexec_range ram[MAX_RAM];
	struct kexec_range skip[MAX_SKIP];
	u64 notes[MAX_CPUS];
	struct kexec_range piece[MAX_PIECES];
	unsigned int nr_pieces;
	unsigned int nr_text;
};

static void dump_read_ranges(struct fuzz_input *in, struct kexec_range *r, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u8 kind = fuzz_u8(in);

		r[i].start = kind & 1 ? fuzz_number(in) : (u64)fuzz_u8(in) << 12;
		r[i].end = kind & 2 ? fuzz_number(in) : r[i].start + ((u64)fuzz_u8(in) << 12);
	}
}

static void dump_read(struct fuzz_input *in, struct dump *d)
{
	struct elfcore_req *r = &d->req;
	u8 kind = fuzz_u8(in);
	unsigned int i;

	r->nr_ram = fuzz_u8(in) % (MAX_RAM + 1);
	r->nr_skip = fuzz_u8(in) % (MAX_SKIP + 1);
	r->nr_cpus = fuzz_u8(in) % (MAX_CPUS + 1);
	r->text_pa = kind & 1 ? fuzz_number(in) : (u64)fuzz_u8(in) << 12;
	r->text_len = (u64)fuzz_u8(in) << 12;
	/* A promise of the callers. */
	if (r->text_pa + r->text_len < r->text_pa)
		r->text_len = U64_MAX - r->text_pa;
	r->text_va = fuzz_number(in);
	r->linear_offset = fuzz_number(in);
	r->cpu_note_len = fuzz_u8(in);
	r->info_pa = fuzz_number(in);
	r->info_len = kind & 2 ? fuzz_u8(in) : 0;
	dump_read_ranges(in, d->ram, r->nr_ram);
	dump_read_ranges(in, d->skip, r->nr_skip);
	for (i = 0; i < r->nr_cpus; i++)
		d->notes[i] = fuzz_number(in);
}

static bool dump_is_skipped(const struct dump *d, u64 pa)
{
	unsigned int i;

	for (i = 0; i < d->req.nr_skip; i++)
		if (pa >= d->skip[i].start && pa < d->skip[i].end)
			return true;
	return false;
}

static int dump_cmp(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Cut [@start, @end) at each bound of a skipped range, and keep the rest. */
static void dump_expect_range(struct dump *d, u64 start, u64 end)
{
	u64 cut[MAX_CUTS] = { start, end };
	unsigned int i, nr = 2;
	bool joins = false;

	if (start >= end)
		return;
	for (i = 0; i < d->req.nr_skip; i++) {
		const u64 bound[2] = { d->skip[i].start, d->skip[i].end };
		unsigned int b;

		for (b = 0; b < 2; b++)
			if (bound[b] > start && bound[b] < end)
				cut[nr++] = bound[b];
	}
	qsort(cut, nr, sizeof(*cut), dump_cmp);
	for (i = 0; i + 1 < nr; i++) {
		if (cut[i] == cut[i + 1])
			continue;
		if (dump_is_skipped(d, cut[i])) {
			joins = false;
			continue;
		}
		if (!joins)
			d->piece[d->nr_pieces++].start = cut[i];
		d->piece[d->nr_pieces - 1].end = cut[i + 1];
		joins = true;
	}
}

static void dump_expect(struct dump *d)
{
	unsigned int i;

	dump_expect_range(d, d->req.text_pa, d->req.text_pa + d->req.text_len);
	d->nr_text = d->nr_pieces;
	for (i = 0; i < d->req.nr_ram; i++)
		dump_expect_range(d, d->ram[i].start, d->ram[i].end);
}

static void dump_compare(const struct dump *d, const u8 *buf, size_t len)
{
	unsigned int notes = d->req.nr_cpus + !!d->req.info_len, i;
	unsigned int nr = notes + d->nr_pieces;
	size_t used = sizeof(struct elf64_hdr) + nr * sizeof(struct elf64_phdr);
	const struct elf64_hdr *ehdr = (const void *)buf;
	const struct elf64_phdr *p = (const void *)(ehdr + 1);

	fuzz_check(len == ALIGN(used, ELFCORE_ALIGN), "%zu bytes", len);
	fuzz_check(!memcmp(ehdr->e_ident, ELFMAG, SELFMAG) && ehdr->e_type == ET_CORE &&
		   ehdr->e_phoff == sizeof(*ehdr) && ehdr->e_phentsize == sizeof(*p) &&
		   ehdr->e_phnum == nr, "%u entries instead of %u", ehdr->e_phnum, nr);
	for (i = 0; i < notes; i++, p++)
		fuzz_check(p->p_type == PT_NOTE && p->p_offset ==
			   (i < d->req.nr_cpus ? d->notes[i] : d->req.info_pa), "note %u", i);
	for (i = 0; i < d->nr_pieces; i++, p++) {
		u64 va = d->piece[i].start + d->req.linear_offset;

		if (i < d->nr_text)
			va = d->piece[i].start - d->req.text_pa + d->req.text_va;
		fuzz_check(p->p_type == PT_LOAD && p->p_paddr == d->piece[i].start &&
			   p->p_offset == p->p_paddr && p->p_vaddr == va &&
			   p->p_memsz == d->piece[i].end - d->piece[i].start &&
			   p->p_filesz == p->p_memsz, "entry %u", i);
	}
	fuzz_check(!memcmp(buf + used, dump_zeroes, len - used), "bytes after the last entry");
}

static void dump_build(struct dump *d, size_t size)
{
	u8 *buf = fuzz_alloc(size), *small = fuzz_alloc(size - 1);
	size_t len = 77;

	fuzz_check(size <= sizeof(dump_canaries), "%zu bytes", size);
	memset(dump_canaries, CANARY, size);
	memset(buf, CANARY, size);
	fuzz_check(!kexec_elfcore_build(&d->req, buf, size, &len) && len == size,
		   "%zu of %zu bytes", len, size);
	dump_compare(d, buf, len);

	memset(small, CANARY, size - 1);
	len = 77;
	fuzz_check(kexec_elfcore_build(&d->req, small, size - 1, &len) == -ENOSPC && len == 77,
		   "%zu bytes", len);
	fuzz_check(!memcmp(small, dump_canaries, size - 1), "a refusal wrote something");
	free(buf);
	free(small);
}

/* So many CPUs that e_phnum is at its limit. */
static void dump_limit(struct dump *d, u8 below)
{
	struct elfcore_req req = d->req;
	unsigned int others = d->nr_pieces + !!req.info_len;
	size_t size;
	int ret;

	req.nr_cpus = PN_XNUM - below;
	ret = kexec_elfcore_size(&req, &size);
	fuzz_check(ret == (others < below ? 0 : -EOVERFLOW), "%d for %u below the limit and %u",
		   ret, below, others);
}

void fuzz_one(struct fuzz_input *in)
{
	struct dump d = { };
	u8 below = fuzz_u8(in);
	size_t size;

	dump_read(in, &d);
	d.req.ram = d.ram;
	d.req.skip = d.skip;
	d.req.cpu_note_pa = d.notes;
	dump_expect(&d);
	fuzz_check(!kexec_elfcore_size(&d.req, &size), "refused");
	fuzz_check(size <= kexec_elfcore_capacity(d.req.nr_cpus, d.nr_pieces),
		   "%zu bytes exceed the capacity", size);
	dump_build(&d, size);
	dump_limit(&d, below);
}
