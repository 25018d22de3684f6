// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: the Image header
 *
 * Input: features of the CPUs (1 byte), length of the file (1 or more), first bytes of
 * the file.  Accepted Images meet the rules of booting.rst, and a shorter view of an
 * accepted file is accepted as well.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kexec_arch.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/unaligned.h>

#include "../../../../arch/arm64/kexec/lib/image_header.h"
#include "fuzz.h"

/* booting.rst, "Call the kernel image"; PE/COFF. */
#define HEADER		64
#define AT_TEXT_OFFSET	8
#define AT_IMAGE_SIZE	16
#define AT_FLAGS	24
#define AT_PE		60
#define COFF		24
#define SECTION		40

struct image_file {
	const u8 *head;
	size_t head_len;
	u64 len;
	struct image_cpu_caps caps;
};

static u64 image_file_len(struct fuzz_input *in)
{
	u8 kind = fuzz_u8(in);

	switch (kind & 3) {
	case 0:
		return in->left;
	case 1:
		return in->left + fuzz_bytes(in, 3);
	case 2:
		return fuzz_u8(in);
	default:
		return fuzz_number(in);
	}
}

/* Any section that the parser can see ends within an accepted file. */
static void image_expect_sections(const struct image_file *f)
{
	u64 seen = min_t(u64, f->head_len, f->len), pe = get_unaligned_le32(f->head + AT_PE);
	u64 table, nr, i;

	if (memcmp(f->head, "MZ", 2) || !pe)
		return;
	fuzz_check(pe + COFF <= f->len, "PE header at %#llx of %#llx", pe, f->len);
	if (pe + COFF > seen || memcmp(f->head + pe, "PE\0", 4))
		return;
	nr = get_unaligned_le16(f->head + pe + 6);
	table = pe + COFF + get_unaligned_le16(f->head + pe + 20);
	fuzz_check(table + nr * SECTION <= f->len, "%llu sections at %#llx", nr, table);
	for (i = 0; i < nr && table + (i + 1) * SECTION <= seen; i++) {
		const u8 *section = f->head + table + i * SECTION;
		u64 size = get_unaligned_le32(section + 16);

		fuzz_check(!size || get_unaligned_le32(section + 20) + size <= f->len,
			   "section %llu ends after the file", i);
	}
}

static void image_expect_sound(const struct image_file *f, const struct kexec_image_info *info)
{
	static const unsigned int shift[] = { 0, 12, 14, 16 };
	const bool order[] = { f->caps.little_endian, f->caps.big_endian };
	const bool pages[] = { true, f->caps.granule_4k, f->caps.granule_16k,
			       f->caps.granule_64k };
	u64 flags = get_unaligned_le64(f->head + AT_FLAGS);

	fuzz_check(!memcmp(f->head + 56, "ARM\x64", 4), "no magic");
	fuzz_check(info->text_offset == get_unaligned_le64(f->head + AT_TEXT_OFFSET) &&
		   info->text_offset < SZ_2M && !(info->text_offset % SZ_4K),
		   "text_offset %#llx", info->text_offset);
	fuzz_check(info->image_size == get_unaligned_le64(f->head + AT_IMAGE_SIZE) &&
		   info->image_size >= f->len && info->image_size <= 1ULL << 48 &&
		   info->text_offset + info->image_size <= 1ULL << 48,
		   "image_size %#llx for %#llx bytes", info->image_size, f->len);
	fuzz_check(info->align == SZ_2M && !info->packed, "align %#llx", info->align);
	fuzz_check(order[flags & 1] && pages[flags >> 1 & 3] &&
		   info->page_shift == shift[flags >> 1 & 3] && info->low == !(flags & 8),
		   "flags %#llx", flags);
	image_expect_sections(f);
}

static int image_parse(const struct image_file *f, size_t head_len,
		       struct kexec_image_info *info)
{
	int ret;

	sim_log_reset();
	ret = kexec_image_parse(f->head, head_len, f->len, &f->caps, info);
	fuzz_check(!ret || ret == -ENOEXEC || ret == -EINVAL || ret == -EADDRNOTAVAIL,
		   "%d", ret);
	fuzz_check(sim_log_errors == !!ret, "%u messages for %d", sim_log_errors, ret);
	return ret;
}

static void image_expect_promise(const struct image_file *f)
{
	u64 promise = kexec_image_promise(f->head, f->head_len);

	if (f->head_len < HEADER)
		fuzz_check(promise == f->head_len, "%#llx", promise);
	else
		fuzz_check(promise == f->head_len ||
			   promise == get_unaligned_le64(f->head + AT_IMAGE_SIZE),
			   "%#llx", promise);
}

void fuzz_one(struct fuzz_input *in)
{
	struct kexec_image_info info, again;
	u8 caps = fuzz_u8(in);
	u64 len = image_file_len(in);
	u8 *head = fuzz_copy(in->pos, in->left);
	struct image_file f = {
		.head = head,
		.head_len = in->left,
		.len = len,
		.caps = { caps & 1, caps & 2, caps & 4, caps & 8, caps & 16 },
	};

	image_expect_promise(&f);
	if (!image_parse(&f, f.head_len, &info)) {
		image_expect_sound(&f, &info);
		fuzz_check(!image_parse(&f, HEADER, &again) &&
			   info.image_size == again.image_size && info.low == again.low &&
			   info.page_shift == again.page_shift,
			   "another result for the header alone");
	}
	free(head);
}
