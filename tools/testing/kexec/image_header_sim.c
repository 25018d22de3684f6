// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: image_header.c on damaged files
 *
 * A round starts with a valid Image, with or without the PE header of an EFI stub,
 * damages it (fields, bytes, bits, a shorter file, a shorter view of it) and compares
 * the result with the rules of booting.rst, applied one by one.  If a file breaks
 * several rules, any of their errnos is correct; it is accepted only if it breaks none.
 * A refusal prints exactly one line.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kexec_arch.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/unaligned.h>

#include "../../../arch/arm64/kexec/lib/image_header.h"
#include "sim.h"

/* Offsets in the 64-byte header, booting.rst, "Call the kernel image". */
#define AT_CODE0	0
#define AT_TEXT_OFFSET	8
#define AT_IMAGE_SIZE	16
#define AT_FLAGS	24
#define AT_MAGIC	56
#define AT_PE		60
#define HEADER		64

/* PE/COFF: "PE\0\0", the COFF header, the optional header, the sections. */
#define COFF		24
#define AT_NR_SECTIONS	6
#define AT_OPT_SIZE	20
#define SECTION		40
#define AT_RAW_SIZE	16
#define AT_RAW_START	20

#define FILE_MAX	1024

/**
 * struct image_case - a file, the part of it that is checked, and the machine
 * @file: first bytes of the file
 * @head_len: number of bytes that are passed
 * @file_len: size of the file
 * @caps: features of the CPUs
 */
struct image_case {
	u8 file[FILE_MAX];
	size_t head_len;
	u64 file_len;
	struct image_cpu_caps caps;
};

static void image_draw_pe(struct sim *s, struct image_case *c)
{
	unsigned int nr = sim_between(s, 1, 4), opt = sim_below(s, 256), i;
	unsigned int pe = HEADER + sim_below(s, 64);
	u8 *at = c->file + pe;

	memcpy(c->file, "MZ", 2);
	put_unaligned_le32(pe, c->file + AT_PE);
	memcpy(at, "PE\0", 4);
	put_unaligned_le16(nr, at + AT_NR_SECTIONS);
	put_unaligned_le16(opt, at + AT_OPT_SIZE);
	for (i = 0; i < nr; i++) {
		u8 *section = at + COFF + opt + i * SECTION;
		u64 start = sim_below(s, c->file_len);

		put_unaligned_le32(start, section + AT_RAW_START);
		put_unaligned_le32(sim_below(s, 2) ? c->file_len - start :
						     sim_below(s, c->file_len - start),
				   section + AT_RAW_SIZE);
	}
}

static void image_draw(struct sim *s, struct image_case *c)
{
	memset(c, 0, sizeof(*c));
	sim_fill(s, c->file, AT_TEXT_OFFSET);
	c->file[AT_CODE0] = 0;
	c->file_len = sim_between(s, FILE_MAX, 64 << 20);
	c->head_len = sim_one_in(s, 4) ? sim_below(s, FILE_MAX) : FILE_MAX;
	c->caps = (struct image_cpu_caps){
		.little_endian = sim_below(s, 8),
		.big_endian = sim_below(s, 2),
		.granule_4k = sim_below(s, 8),
		.granule_16k = sim_below(s, 2),
		.granule_64k = sim_below(s, 4),
	};
	put_unaligned_le64(sim_below(s, 512) * SZ_4K, c->file + AT_TEXT_OFFSET);
	put_unaligned_le64(c->file_len + sim_below(s, 64 << 20) * sim_below(s, 2),
			   c->file + AT_IMAGE_SIZE);
	put_unaligned_le64(sim_below(s, 16), c->file + AT_FLAGS);
	memcpy(c->file + AT_MAGIC, "ARM\x64", 4);
	if (sim_below(s, 2))
		image_draw_pe(s, c);
}

static void image_damage(struct sim *s, struct image_case *c)
{
	static const unsigned int field[] = { AT_TEXT_OFFSET, AT_IMAGE_SIZE, AT_FLAGS };

	switch (sim_below(s, 8)) {
	case 0:
		put_unaligned_le64(sim_random(s) >> sim_below(s, 64),
				   c->file + field[sim_below(s, ARRAY_SIZE(field))]);
		break;
	case 1:
		c->file[sim_below(s, HEADER)] ^= 1 << sim_below(s, 8);
		break;
	case 2:
		c->file[sim_below(s, FILE_MAX)] = sim_random(s);
		break;
	case 3:
		c->file_len = sim_below(s, 2) ? sim_below(s, c->file_len + 1) :
						sim_below(s, FILE_MAX);
		break;
	case 4:
		put_unaligned_le32(sim_random(s) >> sim_below(s, 32), c->file + AT_PE);
		break;
	case 5:
		put_unaligned_le64((1ULL << 48) - sim_below(s, 3 * SZ_2M) * sim_below(s, 2),
				   c->file + AT_IMAGE_SIZE);
		break;
	case 6:
		put_unaligned_le64(SZ_2M - SZ_4K + sim_below(s, 3) * SZ_4K,
				   c->file + AT_TEXT_OFFSET);
		break;
	default:
		c->head_len = sim_below(s, FILE_MAX + 1);
	}
}

/* Set of faults: one bit for each errno that may be returned. */
#define FAULT_EINVAL		1
#define FAULT_EADDRNOTAVAIL	2
#define FAULT_ENOEXEC		4

static unsigned int image_fault_of(int ret)
{
	switch (ret) {
	case -EINVAL:
		return FAULT_EINVAL;
	case -EADDRNOTAVAIL:
		return FAULT_EADDRNOTAVAIL;
	case -ENOEXEC:
		return FAULT_ENOEXEC;
	}
	return 0;
}

static bool image_flags_run(const struct image_case *c, u64 flags)
{
	const bool order[] = { c->caps.little_endian, c->caps.big_endian };
	const bool pages[] = { true, c->caps.granule_4k, c->caps.granule_16k,
			       c->caps.granule_64k };

	return order[flags & 1] && pages[flags >> 1 & 3];
}

/* A section, or the table itself, that ends after the end of the file. */
static bool image_pe_short(const struct image_case *c, u64 seen)
{
	u64 pe = get_unaligned_le32(c->file + AT_PE), table, i, nr;

	if (memcmp(c->file, "MZ", 2) || !pe)
		return false;
	if (pe + COFF > c->file_len)
		return true;
	if (pe + COFF > seen || memcmp(c->file + pe, "PE\0", 4))
		return false;

	nr = get_unaligned_le16(c->file + pe + AT_NR_SECTIONS);
	table = pe + COFF + get_unaligned_le16(c->file + pe + AT_OPT_SIZE);
	if (table + nr * SECTION > c->file_len)
		return true;
	for (i = 0; i < nr && table + (i + 1) * SECTION <= seen; i++) {
		const u8 *section = c->file + table + i * SECTION;
		u64 size = get_unaligned_le32(section + AT_RAW_SIZE);

		if (size && get_unaligned_le32(section + AT_RAW_START) + size > c->file_len)
			return true;
	}
	return false;
}

static unsigned int image_faults(const struct image_case *c)
{
	u64 offset = get_unaligned_le64(c->file + AT_TEXT_OFFSET);
	u64 size = get_unaligned_le64(c->file + AT_IMAGE_SIZE);
	u64 seen = min_t(u64, c->head_len, c->file_len);
	unsigned int faults = 0;

	if (seen < HEADER || memcmp(c->file + AT_MAGIC, "ARM\x64", 4))
		return FAULT_ENOEXEC;
	if (!size || c->file_len > size || offset % SZ_4K || offset >= SZ_2M)
		faults |= FAULT_ENOEXEC;
	if (!image_flags_run(c, get_unaligned_le64(c->file + AT_FLAGS)))
		faults |= FAULT_EINVAL;
	if (size > 1ULL << 48 || offset + size > 1ULL << 48)
		faults |= FAULT_EADDRNOTAVAIL;
	if (image_pe_short(c, seen))
		faults |= FAULT_ENOEXEC;
	return faults;
}

static void image_accepted(struct sim *s, const struct image_case *c,
			   const struct kexec_image_info *info)
{
	static const unsigned int shift[] = { 0, 12, 14, 16 };
	u64 flags = get_unaligned_le64(c->file + AT_FLAGS);

	sim_check(s, info->text_offset == get_unaligned_le64(c->file + AT_TEXT_OFFSET) &&
		  info->image_size == get_unaligned_le64(c->file + AT_IMAGE_SIZE) &&
		  info->align == SZ_2M, "offset %#llx size %#llx align %#llx",
		  info->text_offset, info->image_size, info->align);
	sim_check(s, info->page_shift == shift[flags >> 1 & 3] && info->low == !(flags & 8),
		  "page shift %u low %d for flags %#llx", info->page_shift, info->low, flags);
}

static void image_sim_round(struct sim *s)
{
	unsigned int faults, damages = sim_below(s, 4), skew = sim_below(s, 8);
	struct kexec_image_info info;
	struct image_case c;
	u8 *exact;
	int ret;

	image_draw(s, &c);
	while (damages--)
		image_damage(s, &c);
	faults = image_faults(&c);

	/* to the byte, and at any alignment */
	exact = sim_alloc(c.head_len + skew);
	memcpy(exact + skew, c.file, c.head_len);
	ret = kexec_image_parse(exact + skew, c.head_len, c.file_len, &c.caps, &info);
	s->ops++;
	sim_check(s, faults ? faults & image_fault_of(ret) : !ret, "%d for faults %u", ret,
		  faults);
	sim_check(s, sim_log_errors == !!ret, "%u messages for %d", sim_log_errors, ret);
	if (!ret)
		image_accepted(s, &c, &info);
	free(exact);
}

const struct sim_test image_header_sim_tests[] = {
	{ "image-damage", image_sim_round, 1000000 },
	{}
};
