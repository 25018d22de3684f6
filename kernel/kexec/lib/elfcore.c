// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the ELF core header
 *
 * A capture kernel reads the layout of the crashed kernel's memory from an ELF64 core
 * header (fs/proc/vmcore.c).  Its program headers are, in this order:
 *
 *  - one PT_NOTE per possible CPU, for its registers;
 *  - one PT_NOTE for vmcoreinfo;
 *  - one PT_LOAD for each piece of the kernel image at its own virtual address;
 *  - one PT_LOAD for each piece of memory at its address in the linear map.
 *
 * Each p_offset is a physical address.  The time is bounded by ranges times excluded ranges
 * squared.  Also built on the host.
 */
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "elfcore.h"

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define ELFCORE_DATA	ELFDATA2MSB
#else
#define ELFCORE_DATA	ELFDATA2LSB
#endif

/* Everything below @pos in range @ram is done. */
struct elfcore_walk {
	unsigned int ram;
	u64 pos;
};

struct elfcore_writer {
	struct elf64_hdr *ehdr;
	struct elf64_phdr *next;
};

static u64 elfcore_skip_excluded(const struct elfcore_req *req, u64 pos)
{
	unsigned int i;

	/* Each excluded range moves @pos at most once, then the scan restarts. */
	for (i = 0; i < req->nr_skip; i++) {
		if (pos < req->skip[i].start || pos >= req->skip[i].end)
			continue;
		pos = req->skip[i].end;
		i = -1;
	}
	return pos;
}

/* Returns @end if none is. */
static u64 elfcore_next_skipped(const struct elfcore_req *req, u64 pos, u64 end)
{
	unsigned int i;

	for (i = 0; i < req->nr_skip; i++) {
		const struct kexec_range *s = &req->skip[i];

		if (s->start < s->end && s->start > pos && s->start < end)
			end = s->start;
	}
	return end;
}

static bool elfcore_next_of(const struct elfcore_req *req, const struct kexec_range *range,
			    u64 *pos, struct kexec_range *piece)
{
	u64 start = elfcore_skip_excluded(req, max(range->start, *pos));

	if (start >= range->end)
		return false;
	piece->start = start;
	piece->end = elfcore_next_skipped(req, start, range->end);
	*pos = piece->end;
	return true;
}

static bool elfcore_next_piece(const struct elfcore_req *req, struct elfcore_walk *walk,
			       struct kexec_range *piece)
{
	for (; walk->ram < req->nr_ram; walk->ram++, walk->pos = 0)
		if (elfcore_next_of(req, &req->ram[walk->ram], &walk->pos, piece))
			return true;
	return false;
}

static bool elfcore_next_text(const struct elfcore_req *req, u64 *pos, struct kexec_range *piece)
{
	const struct kexec_range text = { req->text_pa, req->text_pa + req->text_len };

	return elfcore_next_of(req, &text, pos, piece);
}

/**
 * kexec_elfcore_capacity() - get the size of a header that may grow
 * @nr_cpus: notes
 * @nr_ranges: present ranges of memory; twice as many and ELFCORE_MIN_RANGES fit
 *
 * Return: bytes, a multiple of ELFCORE_ALIGN.
 */
size_t kexec_elfcore_capacity(unsigned int nr_cpus, unsigned int nr_ranges)
{
	/* vmcoreinfo and the kernel image. */
	u64 nr = 2 + (u64)nr_cpus + max_t(u64, 2 * (u64)nr_ranges, ELFCORE_MIN_RANGES);

	nr = min_t(u64, nr, PN_XNUM - 1);
	return ALIGN(sizeof(struct elf64_hdr) + nr * sizeof(struct elf64_phdr), ELFCORE_ALIGN);
}

/**
 * kexec_elfcore_size() - get the size of a header
 * @req: content of the header
 * @size: set to the size in bytes, a multiple of ELFCORE_ALIGN
 *
 * Return: 0, or -EOVERFLOW if e_phnum cannot count the entries (ELF gABI, "ELF Header";
 * readers of core headers do not support PN_XNUM).
 */
int kexec_elfcore_size(const struct elfcore_req *req, size_t *size)
{
	u64 nr = (u64)req->nr_cpus + !!req->info_len, text_pos = 0;
	struct elfcore_walk walk = { };
	struct kexec_range piece;

	while (nr < PN_XNUM && elfcore_next_text(req, &text_pos, &piece))
		nr++;
	while (nr < PN_XNUM && elfcore_next_piece(req, &walk, &piece))
		nr++;
	if (nr >= PN_XNUM)
		return -EOVERFLOW;

	*size = ALIGN(sizeof(struct elf64_hdr) + nr * sizeof(struct elf64_phdr), ELFCORE_ALIGN);
	return 0;
}

static void elfcore_begin(struct elfcore_writer *pen, void *buf)
{
	struct elf64_hdr *ehdr = buf;

	*ehdr = (struct elf64_hdr) {
		.e_ident = {
			[EI_MAG0] = ELFMAG0, [EI_MAG1] = ELFMAG1,
			[EI_MAG2] = ELFMAG2, [EI_MAG3] = ELFMAG3,
			[EI_CLASS] = ELFCLASS64,
			[EI_DATA] = ELFCORE_DATA,
			[EI_VERSION] = EV_CURRENT,
			[EI_OSABI] = ELFOSABI_NONE,
		},
		.e_type = ET_CORE,
		.e_machine = ELF_ARCH,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(*ehdr),
		.e_ehsize = sizeof(*ehdr),
		.e_phentsize = sizeof(struct elf64_phdr),
	};
	pen->ehdr = ehdr;
	pen->next = (struct elf64_phdr *)(ehdr + 1);
}

static void elfcore_put(struct elfcore_writer *pen, u32 type, u64 pa, u64 va, u64 len)
{
	*pen->next++ = (struct elf64_phdr) {
		.p_type = type,
		.p_flags = type == PT_LOAD ? PF_R | PF_W | PF_X : 0,
		.p_offset = pa,
		.p_paddr = pa,
		.p_vaddr = va,
		.p_filesz = len,
		.p_memsz = len,
	};
	pen->ehdr->e_phnum++;
}

/**
 * kexec_elfcore_build() - write a header
 * @req: content of the header
 * @buf: buffer, aligned for a struct elf64_hdr; zeroed after the last entry
 * @capacity: bytes of @buf
 * @len: set to the size of the header, a multiple of ELFCORE_ALIGN
 *
 * Return: 0, -ENOSPC, or an error of kexec_elfcore_size().
 */
int kexec_elfcore_build(const struct elfcore_req *req, void *buf, size_t capacity,
			size_t *len)
{
	struct elfcore_walk walk = { };
	struct kexec_range piece;
	struct elfcore_writer pen;
	u64 text_pos = 0;
	unsigned int i;
	size_t size;
	int ret;

	ret = kexec_elfcore_size(req, &size);
	if (ret)
		return ret;
	if (size > capacity)
		return -ENOSPC;

	memset(buf, 0, size);
	elfcore_begin(&pen, buf);
	for (i = 0; i < req->nr_cpus; i++)
		elfcore_put(&pen, PT_NOTE, req->cpu_note_pa[i], 0, req->cpu_note_len);
	if (req->info_len)
		elfcore_put(&pen, PT_NOTE, req->info_pa, 0, req->info_len);
	while (elfcore_next_text(req, &text_pos, &piece))
		elfcore_put(&pen, PT_LOAD, piece.start, piece.start - req->text_pa + req->text_va,
			    piece.end - piece.start);
	while (elfcore_next_piece(req, &walk, &piece))
		elfcore_put(&pen, PT_LOAD, piece.start, piece.start + req->linear_offset,
			    piece.end - piece.start);

	*len = size;
	return 0;
}
