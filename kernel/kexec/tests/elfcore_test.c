// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-elfcore
 *
 * The ELF core header: memory without the crash regions, the fields of each program
 * header, and the limits.  In the pictures each character is one UNIT of memory, the
 * first one at address 0::
 *
 *	|##..#|	'#' dumped, '.' not
 */
#include <kunit/test.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "../lib/elfcore.h"

#define UNIT	SZ_2M
#define R(first, behind)	{ (u64)(first) * UNIT, (u64)(behind) * UNIT }
#define ROOM	(4 * ELFCORE_ALIGN)
#define OFFSET	0xffff000000000000ULL

struct elfcore_case {
	const char *name;
	struct kexec_range ram[3];
	struct kexec_range skip[3];
	const char *picture;
};

static const struct elfcore_case elfcore_cases[] = {
	{ "nothing excluded",	{ R(1, 5) },		{ },			".####" },
	{ "at the start",	{ R(1, 5) },		{ R(1, 3) },		"...##" },
	{ "in the middle",	{ R(1, 5) },		{ R(2, 3) },		".#.##" },
	{ "at the end",		{ R(1, 5) },		{ R(4, 5) },		".###" },
	{ "the whole range",	{ R(1, 5) },		{ R(1, 5) },		"" },
	{ "more than the range", { R(1, 5) },		{ R(0, 9) },		"" },
	{ "beyond",		{ R(1, 5) },		{ R(6, 9) },		".####" },
	{ "before",		{ R(2, 5) },		{ R(0, 1) },		"..###" },
	{ "next to it below",	{ R(2, 5) },		{ R(1, 2) },		"..###" },
	{ "next to it above",	{ R(2, 5) },		{ R(5, 6) },		"..###" },
	{ "over the start",	{ R(2, 5) },		{ R(0, 3) },		"...##" },
	{ "over the end",	{ R(2, 5) },		{ R(4, 9) },		"..##" },
	{ "over a gap",		{ R(0, 3), R(5, 8) },	{ R(2, 6) },		"##....##" },
	{ "all of the middle",	{ R(0, 2), R(3, 4), R(5, 7) }, { R(3, 4) },	"##...##" },
	{ "two pieces",		{ R(0, 8) },		{ R(1, 2), R(5, 7) },	"#.###..#" },
	{ "not in order",	{ R(0, 8) },		{ R(5, 7), R(1, 2) },	"#.###..#" },
	{ "overlapping",	{ R(0, 8) },		{ R(1, 4), R(3, 6) },	"#.....##" },
	{ "touching",		{ R(0, 8) },		{ R(3, 6), R(1, 3) },	"#.....##" },
	{ "one in the other",	{ R(0, 8) },		{ R(3, 4), R(1, 6) },	"#.....##" },
	{ "empty ones",		{ R(0, 4) },		{ R(2, 2), R(0, 0) },	"####" },
	{ "upside down",	{ R(0, 4) },		{ R(3, 1) },		"####" },
	{ "empty memory",	{ R(2, 2), R(3, 5) },	{ },			"...##" },
	{ "memory not in order", { R(5, 7), R(0, 2) },	{ R(6, 7) },		"##...#" },
};

static void elfcore_case_name(const struct elfcore_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(elfcore_case, elfcore_cases, elfcore_case_name);

static void *elfcore_test_buf(struct kunit *test)
{
	void *buf = kunit_kmalloc(test, ROOM, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xa5, ROOM);
	return buf;
}

static const struct elf64_phdr *elfcore_test_phdrs(const void *buf)
{
	return (const struct elf64_phdr *)((const struct elf64_hdr *)buf + 1);
}

/* Every UNIT is in the header exactly once or not at all, as drawn. */
static void elfcore_test_pieces(struct kunit *test)
{
	const struct elfcore_case *c = test->param_value;
	const struct elfcore_req req = {
		.ram = c->ram, .nr_ram = ARRAY_SIZE(c->ram),
		.skip = c->skip, .nr_skip = ARRAY_SIZE(c->skip),
		.linear_offset = OFFSET,
	};
	void *buf = elfcore_test_buf(test);
	const struct elf64_phdr *ph = elfcore_test_phdrs(buf);
	char picture[16] = "";
	size_t used;
	u64 at;
	int i;

	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, buf, ROOM, &used), 0);
	for (i = 0; i < ((struct elf64_hdr *)buf)->e_phnum; i++) {
		KUNIT_EXPECT_EQ(test, ph[i].p_type, PT_LOAD);
		KUNIT_EXPECT_EQ(test, ph[i].p_offset, ph[i].p_paddr);
		KUNIT_EXPECT_EQ(test, ph[i].p_vaddr, ph[i].p_paddr + OFFSET);
		KUNIT_EXPECT_EQ(test, ph[i].p_memsz, ph[i].p_filesz);
		KUNIT_EXPECT_GT(test, ph[i].p_memsz, 0);
		for (at = ph[i].p_paddr; at < ph[i].p_paddr + ph[i].p_memsz; at += UNIT) {
			KUNIT_ASSERT_LT(test, at / UNIT, sizeof(picture) - 1);
			KUNIT_EXPECT_NE(test, picture[at / UNIT], '#');
			picture[at / UNIT] = '#';
		}
	}
	for (i = sizeof(picture) - 1; i && !picture[i - 1]; i--)
		;
	while (i--)
		if (!picture[i])
			picture[i] = '.';
	KUNIT_EXPECT_STREQ(test, picture, c->picture);
}

static const u64 elfcore_test_notes[] = { 0x40001000, 0x40003000, 0x40002000 };

static struct elfcore_req elfcore_test_full(const struct kexec_range *ram, unsigned int nr)
{
	return (struct elfcore_req) {
		.ram = ram, .nr_ram = nr,
		.cpu_note_pa = elfcore_test_notes, .nr_cpus = ARRAY_SIZE(elfcore_test_notes),
		.cpu_note_len = 424,
		.info_pa = 0x40005000, .info_len = 4136,
		.text_va = 0xffff800080000000, .text_pa = 0x40200000, .text_len = 0x2030000,
		.linear_offset = OFFSET,
	};
}

/* Requirements of fs/proc/vmcore.c and of dump tools. */
static void elfcore_test_ehdr(struct kunit *test)
{
	const struct kexec_range ram[] = { R(0, 4) };
	const struct elfcore_req req = elfcore_test_full(ram, 1);
	struct elf64_hdr *ehdr = elfcore_test_buf(test);
	size_t used;

	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, ehdr, ROOM, &used), 0);
	KUNIT_EXPECT_EQ(test, used, ELFCORE_ALIGN);
	KUNIT_EXPECT_EQ(test, memcmp(ehdr->e_ident, ELFMAG, SELFMAG), 0);
	KUNIT_EXPECT_EQ(test, ehdr->e_ident[EI_CLASS], ELFCLASS64);
	KUNIT_EXPECT_EQ(test, ehdr->e_ident[EI_DATA], ELF_DATA);
	KUNIT_EXPECT_EQ(test, ehdr->e_ident[EI_VERSION], EV_CURRENT);
	KUNIT_EXPECT_EQ(test, ehdr->e_type, ET_CORE);
	KUNIT_EXPECT_EQ(test, ehdr->e_machine, ELF_ARCH);
	KUNIT_EXPECT_EQ(test, ehdr->e_version, EV_CURRENT);
	KUNIT_EXPECT_EQ(test, ehdr->e_phoff, sizeof(struct elf64_hdr));
	KUNIT_EXPECT_EQ(test, ehdr->e_ehsize, sizeof(struct elf64_hdr));
	KUNIT_EXPECT_EQ(test, ehdr->e_phentsize, sizeof(struct elf64_phdr));
	KUNIT_EXPECT_EQ(test, ehdr->e_phnum, 3 + 1 + 1 + 1);
	KUNIT_EXPECT_EQ(test, ehdr->e_shnum, 0);
}

static void elfcore_test_notes_and_text(struct kunit *test)
{
	const struct kexec_range ram[] = { R(0, 4) };
	const struct elfcore_req req = elfcore_test_full(ram, 1);
	void *buf = elfcore_test_buf(test);
	const struct elf64_phdr *ph = elfcore_test_phdrs(buf);
	const u8 *behind = (const u8 *)(ph + 6);
	size_t used;
	int i;

	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, buf, ROOM, &used), 0);
	for (i = 0; i < 3; i++, ph++) {
		KUNIT_EXPECT_EQ(test, ph->p_type, PT_NOTE);
		KUNIT_EXPECT_EQ(test, ph->p_offset, elfcore_test_notes[i]);
		KUNIT_EXPECT_EQ(test, ph->p_paddr, elfcore_test_notes[i]);
		KUNIT_EXPECT_EQ(test, ph->p_filesz, 424);
		KUNIT_EXPECT_EQ(test, ph->p_memsz, 424);
	}
	KUNIT_EXPECT_EQ(test, ph->p_type, PT_NOTE);
	KUNIT_EXPECT_EQ(test, ph->p_offset, 0x40005000);
	KUNIT_EXPECT_EQ(test, ph->p_memsz, 4136);
	ph++;
	KUNIT_EXPECT_EQ(test, ph->p_type, PT_LOAD);
	KUNIT_EXPECT_EQ(test, ph->p_flags, PF_R | PF_W | PF_X);
	KUNIT_EXPECT_EQ(test, ph->p_vaddr, 0xffff800080000000);
	KUNIT_EXPECT_EQ(test, ph->p_offset, 0x40200000);
	KUNIT_EXPECT_EQ(test, ph->p_memsz, 0x2030000);

	/* Zero up to the end of the header, unchanged after it. */
	KUNIT_EXPECT_NULL(test, memchr_inv(behind, 0, buf + used - (void *)behind));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + used, 0xa5, ROOM - used));
}

#define TEXT_VA	0xffff800080000000ULL

struct elfcore_text_case {
	const char *name;
	struct kexec_range skip[3];
	struct kexec_range want[4];
};

/* The kernel image is R(2, 8), and excluded ranges are inside of it. */
static const struct elfcore_text_case elfcore_text_cases[] = {
	{ "in the middle",	{ R(4, 5) },			{ R(2, 4), R(5, 8) } },
	{ "three",		{ R(6, 7), R(2, 3), R(4, 5) },	{ R(3, 4), R(5, 6), R(7, 8) } },
	{ "neighbours",		{ R(3, 5), R(5, 6) },		{ R(2, 3), R(6, 8) } },
	{ "over the start",	{ R(1, 3) },			{ R(3, 8) } },
	{ "over the end",	{ R(7, 9) },			{ R(2, 7) } },
	{ "outside",		{ R(0, 2), R(8, 9) },		{ R(2, 8) } },
	{ "all of it",		{ R(1, 9) },			{ } },
};

static void elfcore_text_case_name(const struct elfcore_text_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(elfcore_text_case, elfcore_text_cases, elfcore_text_case_name);

/* Each piece of the kernel image keeps its virtual address. */
static void elfcore_test_text_pieces(struct kunit *test)
{
	const struct elfcore_text_case *c = test->param_value;
	const struct elfcore_req req = {
		.skip = c->skip, .nr_skip = ARRAY_SIZE(c->skip),
		.text_va = TEXT_VA, .text_pa = 2 * UNIT, .text_len = 6 * UNIT,
	};
	void *buf = elfcore_test_buf(test);
	const struct elf64_phdr *ph = elfcore_test_phdrs(buf);
	size_t used;
	int i;

	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, buf, ROOM, &used), 0);
	for (i = 0; i < ARRAY_SIZE(c->want) && c->want[i].end; i++, ph++) {
		KUNIT_EXPECT_EQ(test, ph->p_type, PT_LOAD);
		KUNIT_EXPECT_EQ(test, ph->p_paddr, c->want[i].start);
		KUNIT_EXPECT_EQ(test, ph->p_offset, c->want[i].start);
		KUNIT_EXPECT_EQ(test, ph->p_vaddr, c->want[i].start - 2 * UNIT + TEXT_VA);
		KUNIT_EXPECT_EQ(test, ph->p_memsz, c->want[i].end - c->want[i].start);
		KUNIT_EXPECT_EQ(test, ph->p_filesz, ph->p_memsz);
	}
	KUNIT_EXPECT_EQ(test, ((struct elf64_hdr *)buf)->e_phnum, i);
}

/* Single pages of many CPUs, in the kernel image and in memory. */
static void elfcore_test_many_excluded(struct kunit *test)
{
	const unsigned int nr = 1500;
	const size_t page = 4096;
	const struct kexec_range ram[] = { R(0, 16) };
	struct elfcore_req req = elfcore_test_full(ram, 1);
	struct kexec_range *skip = vmalloc(array_size(nr, sizeof(*skip)));
	const struct elf64_phdr *ph;
	size_t size, used;
	unsigned int i;
	void *buf;

	KUNIT_ASSERT_NOT_NULL(test, skip);
	for (i = 0; i < nr; i++) {
		skip[nr - 1 - i].start = (2 * i + 1) * page;
		skip[nr - 1 - i].end = (2 * i + 2) * page;
	}
	req.skip = skip;
	req.nr_skip = nr;
	req.text_pa = 0;
	req.text_len = 200 * page;
	KUNIT_ASSERT_EQ(test, kexec_elfcore_size(&req, &size), 0);
	buf = vmalloc(size);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, buf, size, &used), 0);
	KUNIT_EXPECT_EQ(test, ((struct elf64_hdr *)buf)->e_phnum, 4 + 100 + nr + 1);
	ph = elfcore_test_phdrs(buf) + 4;
	for (i = 0; i < 100 + nr; i++, ph++) {
		KUNIT_EXPECT_EQ(test, ph->p_paddr, 2 * (i < 100 ? i : i - 100) * page);
		KUNIT_EXPECT_EQ(test, ph->p_memsz, page);
	}
	KUNIT_EXPECT_EQ(test, ph->p_paddr, 2 * nr * page);
	KUNIT_EXPECT_EQ(test, ph->p_memsz, 16 * UNIT - 2 * nr * page);
	vfree(buf);
	vfree(skip);
}

static void elfcore_test_too_small(struct kunit *test)
{
	const struct kexec_range ram[] = { R(0, 4) };
	const struct elfcore_req req = elfcore_test_full(ram, 1);
	void *buf = elfcore_test_buf(test);
	size_t size, used = 12345;

	KUNIT_ASSERT_EQ(test, kexec_elfcore_size(&req, &size), 0);
	KUNIT_EXPECT_EQ(test, kexec_elfcore_build(&req, buf, 0, &used), -ENOSPC);
	KUNIT_EXPECT_EQ(test, kexec_elfcore_build(&req, buf, size - 1, &used), -ENOSPC);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, 0xa5, ROOM));
	KUNIT_EXPECT_EQ(test, used, 12345);
	KUNIT_EXPECT_EQ(test, kexec_elfcore_build(&req, buf, size, &used), 0);
	KUNIT_EXPECT_EQ(test, used, size);
}

static void elfcore_test_nothing(struct kunit *test)
{
	const struct elfcore_req req = { };
	struct elf64_hdr *ehdr = elfcore_test_buf(test);
	size_t used;

	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, ehdr, ROOM, &used), 0);
	KUNIT_EXPECT_EQ(test, used, ELFCORE_ALIGN);
	KUNIT_EXPECT_EQ(test, ehdr->e_phnum, 0);
	KUNIT_EXPECT_EQ(test, memcmp(ehdr->e_ident, ELFMAG, SELFMAG), 0);
}

static void elfcore_test_ends_of_space(struct kunit *test)
{
	const struct kexec_range ram[] = { { 0, U64_MAX } };
	const struct kexec_range skip[] = { { U64_MAX - 9, U64_MAX }, { 0, 10 } };
	struct elfcore_req req = elfcore_test_full(ram, 1);
	void *buf = elfcore_test_buf(test);
	const struct elf64_phdr *ph = elfcore_test_phdrs(buf) + 5;
	size_t used;

	req.skip = skip;
	req.nr_skip = ARRAY_SIZE(skip);
	KUNIT_ASSERT_EQ(test, kexec_elfcore_build(&req, buf, ROOM, &used), 0);
	KUNIT_EXPECT_EQ(test, ((struct elf64_hdr *)buf)->e_phnum, 6);
	KUNIT_EXPECT_EQ(test, ph->p_paddr, 10);
	KUNIT_EXPECT_EQ(test, ph->p_vaddr, OFFSET + 10);
	KUNIT_EXPECT_EQ(test, ph->p_memsz, U64_MAX - 19);
}

/* e_phnum has 16 bits, and PN_XNUM is reserved. */
static void elfcore_test_too_many(struct kunit *test)
{
	const unsigned int most = PN_XNUM - 1 - 5;
	const size_t len = sizeof(struct elf64_hdr) + (PN_XNUM - 1) * sizeof(struct elf64_phdr);
	struct kexec_range *ram = vmalloc(array_size(most + 1, sizeof(*ram)));
	struct elfcore_req req;
	size_t size = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ram);
	for (i = 0; i <= most; i++)
		ram[i] = (struct kexec_range)R(2 * i, 2 * i + 1);

	req = elfcore_test_full(ram, most);
	KUNIT_EXPECT_EQ(test, kexec_elfcore_size(&req, &size), 0);
	KUNIT_EXPECT_EQ(test, size, ALIGN(len, 4096));
	req.nr_ram++;
	KUNIT_EXPECT_EQ(test, kexec_elfcore_size(&req, &size), -EOVERFLOW);
	req.nr_ram = 1;
	req.nr_cpus = U32_MAX;
	KUNIT_EXPECT_EQ(test, kexec_elfcore_size(&req, &size), -EOVERFLOW);
	vfree(ram);
}

/* The size computed by the load has to suffice later. */
static void elfcore_test_capacity(struct kunit *test)
{
	static const unsigned int nr[] = { 0, 1, 2, 50, 1000, 20000 };
	const size_t most = ALIGN(sizeof(struct elf64_hdr) +
				  (PN_XNUM - 1) * sizeof(struct elf64_phdr), ELFCORE_ALIGN);
	struct kexec_range *ram = vzalloc(array_size(2 * 20000, sizeof(*ram)));
	struct elfcore_req req = { .info_len = 1, .text_len = 1, .nr_cpus = 7, .ram = ram };
	size_t size, capacity;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ram);
	for (i = 0; i < 2 * 20000; i++)
		ram[i] = (struct kexec_range)R(2 * i, 2 * i + 1);
	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		capacity = kexec_elfcore_capacity(req.nr_cpus, nr[i]);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(capacity, ELFCORE_ALIGN));
		req.nr_ram = max_t(unsigned int, 2 * nr[i], ELFCORE_MIN_RANGES);
		KUNIT_ASSERT_EQ(test, kexec_elfcore_size(&req, &size), 0);
		KUNIT_EXPECT_LE(test, size, capacity);
	}
	KUNIT_EXPECT_EQ(test, kexec_elfcore_capacity(7, 1000 + ELFCORE_MIN_RANGES),
			ALIGN(sizeof(struct elf64_hdr) +
			      (2 + 7 + 2 * (1000 + ELFCORE_MIN_RANGES)) *
			      sizeof(struct elf64_phdr), ELFCORE_ALIGN));
	KUNIT_EXPECT_EQ(test, kexec_elfcore_capacity(1, U32_MAX), most);
	KUNIT_EXPECT_EQ(test, kexec_elfcore_capacity(U32_MAX, 1), most);
	vfree(ram);
}

static struct kunit_case elfcore_test_cases[] = {
	KUNIT_CASE_PARAM(elfcore_test_pieces, elfcore_case_gen_params),
	KUNIT_CASE(elfcore_test_ehdr),
	KUNIT_CASE(elfcore_test_notes_and_text),
	KUNIT_CASE_PARAM(elfcore_test_text_pieces, elfcore_text_case_gen_params),
	KUNIT_CASE(elfcore_test_many_excluded),
	KUNIT_CASE(elfcore_test_too_small),
	KUNIT_CASE(elfcore_test_nothing),
	KUNIT_CASE(elfcore_test_ends_of_space),
	KUNIT_CASE(elfcore_test_too_many),
	KUNIT_CASE(elfcore_test_capacity),
	{ }
};

static struct kunit_suite elfcore_test_suite = {
	.name = "kexec-elfcore",
	.test_cases = elfcore_test_cases,
};

kunit_test_suite(elfcore_test_suite);

MODULE_DESCRIPTION("KUnit tests for the ELF core header of kdump");
MODULE_LICENSE("GPL");
