// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the Image header rules
 *
 * Each rule of image_header.c is tested on both sides of its limit, with headers that
 * are written field by field.  A test image is one page:
 *
 *   0      64       88          200           280            4096
 *   | Image | PE header | optional | 2 sections |    zeroes    |
 *
 * and IMAGE_FILE_LEN is the length of its file.  The host simulator runs this suite,
 * too.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kexec_arch.h>
#include <linux/pe.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <asm/image.h>

#include "../lib/image_header.h"

#define IMAGE_FILE_LEN	0x800000ULL
#define IMAGE_MEM_LEN	0x900000ULL
#define IMAGE_TEXT_LEN	0x400000
#define IMAGE_PE_AT	64
#define IMAGE_OPT_LEN	112
#define IMAGE_SECT_AT	(IMAGE_PE_AT + sizeof(struct pe_hdr) + IMAGE_OPT_LEN)
#define IMAGE_NR_SECT	2

#define FLAG_BE		BIT_ULL(0)
#define FLAG_PAGE(n)	((u64)(n) << 1)
#define FLAG_ANYWHERE	BIT_ULL(3)

#define image_put32(img, field, val) \
	put_unaligned_le32(val, (img) + offsetof(struct arm64_image_header, field))
#define image_put64(img, field, val) \
	put_unaligned_le64(val, (img) + offsetof(struct arm64_image_header, field))

static const struct image_cpu_caps image_all_caps = {
	.little_endian = true,
	.big_endian = true,
	.granule_4k = true,
	.granule_16k = true,
	.granule_64k = true,
};

static u8 *image_new(struct kunit *test)
{
	u8 *img = kunit_kzalloc(test, KEXEC_IMAGE_HEAD_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, img);
	image_put32(img, magic, 0x644d5241);
	image_put64(img, image_size, IMAGE_MEM_LEN);
	image_put64(img, flags, FLAG_PAGE(1) | FLAG_ANYWHERE);
	return img;
}

static void image_put_section(u8 *img, unsigned int nr, u32 start, u32 size)
{
	u8 *entry = img + IMAGE_SECT_AT + nr * sizeof(struct section_header);

	put_unaligned_le32(start, entry + offsetof(struct section_header, data_addr));
	put_unaligned_le32(size, entry + offsetof(struct section_header, raw_data_size));
}

static void image_put_sections(u8 *img, u16 nr)
{
	put_unaligned_le16(nr, img + IMAGE_PE_AT + offsetof(struct pe_hdr, sections));
}

static u8 *image_new_pe(struct kunit *test)
{
	u8 *img = image_new(test);
	u8 *pe = img + IMAGE_PE_AT;

	image_put32(img, code0, 0xfa400000 | MZ_MAGIC);
	image_put32(img, res5, IMAGE_PE_AT);
	put_unaligned_le32(PE_MAGIC, pe);
	put_unaligned_le16(IMAGE_OPT_LEN, pe + offsetof(struct pe_hdr, opt_hdr_size));
	image_put_sections(img, IMAGE_NR_SECT);
	image_put_section(img, 0, SZ_64K, IMAGE_TEXT_LEN);
	image_put_section(img, 1, SZ_64K + IMAGE_TEXT_LEN,
			  IMAGE_FILE_LEN - SZ_64K - IMAGE_TEXT_LEN);
	return img;
}

static int image_parse(const u8 *img, u64 file_len)
{
	struct kexec_image_info info;

	return kexec_image_parse(img, KEXEC_IMAGE_HEAD_SIZE, file_len,
				 &image_all_caps, &info);
}

struct image_field_case {
	const char *name;
	u64 text_offset;
	u64 image_size;
	u64 file_len;
	int ret;
};

static struct image_field_case image_field_cases[] = {
	{ "plain", 0, IMAGE_MEM_LEN, IMAGE_FILE_LEN, 0 },
	{ "old text_offset", 0x80000, IMAGE_MEM_LEN, IMAGE_FILE_LEN, 0 },
	{ "text_offset one page", SZ_4K, IMAGE_MEM_LEN, IMAGE_FILE_LEN, 0 },
	{ "text_offset last page", SZ_2M - SZ_4K, IMAGE_MEM_LEN, IMAGE_FILE_LEN, 0 },
	{ "text_offset 2 MiB", SZ_2M, IMAGE_MEM_LEN, IMAGE_FILE_LEN, -ENOEXEC },
	{ "text_offset odd", 0x80001, IMAGE_MEM_LEN, IMAGE_FILE_LEN, -ENOEXEC },
	{ "text_offset half page", 2 * SZ_1K, IMAGE_MEM_LEN, IMAGE_FILE_LEN, -ENOEXEC },
	{ "text_offset huge", 1ULL << 47, IMAGE_MEM_LEN, IMAGE_FILE_LEN, -ENOEXEC },
	{ "text_offset wraps", -4096ULL, IMAGE_MEM_LEN, IMAGE_FILE_LEN, -ENOEXEC },
	{ "image_size 0", 0, 0, IMAGE_FILE_LEN, -ENOEXEC },
	{ "image_size 0, odd text_offset", 1, 0, IMAGE_FILE_LEN, -ENOEXEC },
	{ "image_size is the file", 0, IMAGE_FILE_LEN, IMAGE_FILE_LEN, 0 },
	{ "image_size a byte short", 0, IMAGE_FILE_LEN - 1, IMAGE_FILE_LEN, -ENOEXEC },
	{ "image_size 1", 0, 1, IMAGE_FILE_LEN, -ENOEXEC },
	{ "image_size at the limit", 0, 1ULL << 48, IMAGE_FILE_LEN, 0 },
	{ "image_size above the limit", 0, (1ULL << 48) + 1, IMAGE_FILE_LEN, -EADDRNOTAVAIL },
	{ "end at the limit", SZ_1M, (1ULL << 48) - SZ_1M, IMAGE_FILE_LEN, 0 },
	{ "end above the limit", SZ_1M, (1ULL << 48) - SZ_1M + 1, IMAGE_FILE_LEN, -EADDRNOTAVAIL },
	{ "image_size all ones", 0, -1ULL, IMAGE_FILE_LEN, -EADDRNOTAVAIL },
	{ "end wraps", SZ_1M, -1ULL - SZ_4K, IMAGE_FILE_LEN, -EADDRNOTAVAIL },
	{ "file of a header only", 0, 64, 64, 0 },
};

static void image_field_desc(struct image_field_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(image_field, image_field_cases, image_field_desc);

static void image_test_fields(struct kunit *test)
{
	const struct image_field_case *c = test->param_value;
	u8 *img = image_new(test);

	image_put64(img, text_offset, c->text_offset);
	image_put64(img, image_size, c->image_size);
	KUNIT_EXPECT_EQ(test, image_parse(img, c->file_len), c->ret);
}

static void image_test_info(struct kunit *test)
{
	u8 *img = image_new(test);
	struct kexec_image_info info;

	image_put64(img, text_offset, 0x80000);
	KUNIT_ASSERT_EQ(test, 0, kexec_image_parse(img, KEXEC_IMAGE_HEAD_SIZE, IMAGE_FILE_LEN,
						   &image_all_caps, &info));
	KUNIT_EXPECT_EQ(test, info.text_offset, 0x80000ULL);
	KUNIT_EXPECT_EQ(test, info.image_size, IMAGE_MEM_LEN);
	KUNIT_EXPECT_EQ(test, info.align, (u64)SZ_2M);
	KUNIT_EXPECT_EQ(test, info.page_shift, 12U);
	KUNIT_EXPECT_FALSE(test, info.low);

	image_put64(img, flags, 0ULL);
	KUNIT_ASSERT_EQ(test, 0, kexec_image_parse(img, KEXEC_IMAGE_HEAD_SIZE, IMAGE_FILE_LEN,
						   &image_all_caps, &info));
	KUNIT_EXPECT_EQ(test, info.page_shift, 0U);
	KUNIT_EXPECT_TRUE(test, info.low);
}

static void image_test_short(struct kunit *test)
{
	u8 *img = image_new(test);
	struct kexec_image_info info;
	size_t len;

	for (len = 0; len < sizeof(struct arm64_image_header); len++) {
		KUNIT_EXPECT_EQ(test, image_parse(img, len), -ENOEXEC);
		KUNIT_EXPECT_EQ(test, -ENOEXEC,
				kexec_image_parse(img, len, IMAGE_FILE_LEN,
						  &image_all_caps, &info));
	}
	KUNIT_EXPECT_EQ(test, 0, kexec_image_parse(img, len, IMAGE_FILE_LEN,
						   &image_all_caps, &info));
}

static void image_test_magic(struct kunit *test)
{
	u8 *img = image_new(test);
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		image_put32(img, magic, 0x644d5241 ^ (1U << bit));
		KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), -ENOEXEC);
	}
	image_put32(img, magic, 0x41524d64);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), -ENOEXEC);
}

/* The header of a packed Image limits its unpacked size. */
static void image_test_promise(struct kunit *test)
{
	u8 *img = image_new(test);

	KUNIT_EXPECT_EQ(test, kexec_image_promise(img, SZ_4K), IMAGE_MEM_LEN);
	KUNIT_EXPECT_EQ(test, kexec_image_promise(img, 64), IMAGE_MEM_LEN);
	KUNIT_EXPECT_EQ(test, kexec_image_promise(img, 63), 63ULL);
	image_put64(img, image_size, 0ULL);
	KUNIT_EXPECT_EQ(test, kexec_image_promise(img, SZ_4K), (u64)SZ_4K);
	image_put64(img, image_size, -1ULL);
	KUNIT_EXPECT_EQ(test, kexec_image_promise(img, SZ_4K), -1ULL);
	image_put32(img, magic, 0);
	KUNIT_EXPECT_EQ(test, kexec_image_promise(img, SZ_4K), (u64)SZ_4K);
}

/* A header at an odd address can be read. */
static void image_test_unaligned(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, KEXEC_IMAGE_HEAD_SIZE + 1, GFP_KERNEL);
	u8 *img = image_new_pe(test);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf + 1, img, KEXEC_IMAGE_HEAD_SIZE);
	KUNIT_EXPECT_EQ(test, image_parse(buf + 1, IMAGE_FILE_LEN), 0);
}

struct image_flag_case {
	const char *name;
	u64 flags;
	struct image_cpu_caps caps;
	int ret;
	unsigned int page_shift;
};

static struct image_flag_case image_flag_cases[] = {
	{ "4K, CPU has it", FLAG_PAGE(1), { 1, 0, 1, 0, 0 }, 0, 12 },
	{ "4K, CPU has not", FLAG_PAGE(1), { 1, 1, 0, 1, 1 }, -EINVAL, 0 },
	{ "16K, CPU has it", FLAG_PAGE(2), { 1, 0, 0, 1, 0 }, 0, 14 },
	{ "16K, CPU has not", FLAG_PAGE(2), { 1, 1, 1, 0, 1 }, -EINVAL, 0 },
	{ "64K, CPU has it", FLAG_PAGE(3), { 1, 0, 0, 0, 1 }, 0, 16 },
	{ "64K, CPU has not", FLAG_PAGE(3), { 1, 1, 1, 1, 0 }, -EINVAL, 0 },
	{ "page size not told", FLAG_PAGE(0), { 1, 0, 1, 0, 0 }, 0, 0 },
	{ "LE on an LE machine", 0, { 1, 0, 1, 1, 1 }, 0, 0 },
	{ "LE on a BE machine", 0, { 0, 1, 1, 1, 1 }, -EINVAL, 0 },
	{ "BE on an LE machine", FLAG_BE, { 1, 0, 1, 1, 1 }, -EINVAL, 0 },
	{ "BE on a BE machine", FLAG_BE, { 0, 1, 1, 1, 1 }, 0, 0 },
	{ "BE on a mixed machine", FLAG_BE, { 1, 1, 1, 1, 1 }, 0, 0 },
	{ "BE, 64K", FLAG_BE | FLAG_PAGE(3), { 0, 1, 0, 0, 1 }, 0, 16 },
	{ "first reserved bit", 1ULL << 4, { 1, 0, 1, 1, 1 }, 0, 0 },
	{ "last reserved bit", 1ULL << 63, { 1, 0, 1, 1, 1 }, 0, 0 },
};

static void image_flag_desc(struct image_flag_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(image_flag, image_flag_cases, image_flag_desc);

static void image_test_flags(struct kunit *test)
{
	const struct image_flag_case *c = test->param_value;
	u8 *img = image_new(test);
	struct kexec_image_info info;

	image_put64(img, flags, c->flags);
	KUNIT_ASSERT_EQ(test, c->ret,
			kexec_image_parse(img, KEXEC_IMAGE_HEAD_SIZE, IMAGE_FILE_LEN,
					  &c->caps, &info));
	if (!c->ret)
		KUNIT_EXPECT_EQ(test, info.page_shift, c->page_shift);
}

/* The last section ends with the file: one byte less is one byte missing. */
static void image_test_pe_truncated(struct kunit *test)
{
	u8 *img = image_new_pe(test);

	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN + SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN - 1), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_TEXT_LEN), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, image_parse(img, SZ_4K), -ENOEXEC);

	/* What follows the table is no section. */
	image_put_section(img, IMAGE_NR_SECT, 0xffffffff, 0xffffffff);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);

	image_put_section(img, 1, 0xffffffff, 0);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN - 1), 0);
	image_put_section(img, 1, 0xffffffff, 0xffffffff);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), -ENOEXEC);
}

/* Cut inside of the PE header, then inside of the section table. */
static void image_test_pe_header_cut(struct kunit *test)
{
	u8 *img = image_new_pe(test);
	u64 pe_end = IMAGE_PE_AT + sizeof(struct pe_hdr);
	u64 table_end = IMAGE_SECT_AT + IMAGE_NR_SECT * sizeof(struct section_header);
	u64 len;

	for (len = IMAGE_PE_AT; len < table_end; len++)
		KUNIT_EXPECT_EQ(test, image_parse(img, len), -ENOEXEC);

	image_put_section(img, 0, 0, 0);
	image_put_section(img, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, image_parse(img, table_end), 0);

	image_put_sections(img, 0);
	put_unaligned_le16(0, img + IMAGE_PE_AT + offsetof(struct pe_hdr, opt_hdr_size));
	KUNIT_EXPECT_EQ(test, image_parse(img, pe_end), 0);
	KUNIT_EXPECT_EQ(test, image_parse(img, pe_end - 1), -ENOEXEC);
}

/* Offsets and counts from the file never lead outside of the header. */
static void image_test_pe_wild(struct kunit *test)
{
	u8 *img = image_new_pe(test);

	image_put_sections(img, 0xffff);
	KUNIT_EXPECT_EQ(test, image_parse(img, SZ_2M), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);

	img = image_new_pe(test);
	image_put32(img, res5, 0xffffffff);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), -ENOEXEC);
	image_put32(img, res5, (u32)IMAGE_FILE_LEN - 1);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), -ENOEXEC);
	image_put32(img, res5, KEXEC_IMAGE_HEAD_SIZE - 1);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);
}

/* Without a valid EFI stub the length of the file is not checked. */
static void image_test_pe_absent(struct kunit *test)
{
	u8 *img = image_new_pe(test);

	image_put_section(img, 0, SZ_64K, 0x7fffffff);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), -ENOEXEC);

	image_put32(img, code0, 0xd503201f);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);

	image_put32(img, code0, 0xfa400000 | MZ_MAGIC);
	image_put32(img, res5, 0);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);

	image_put32(img, res5, IMAGE_PE_AT);
	put_unaligned_le32(PE_MAGIC + 1, img + IMAGE_PE_AT);
	KUNIT_EXPECT_EQ(test, image_parse(img, IMAGE_FILE_LEN), 0);
}

/* Sections after the end of a short header are not read. */
static void image_test_pe_short_head(struct kunit *test)
{
	const size_t second = IMAGE_SECT_AT + sizeof(struct section_header);
	u8 *img = image_new_pe(test);
	struct kexec_image_info info;
	size_t len;

	image_put_section(img, 1, SZ_64K, 0x7fffffff);
	for (len = 64; len <= second + sizeof(struct section_header); len++) {
		bool seen = len == second + sizeof(struct section_header);
		u8 *head = kunit_kmalloc(test, len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, head);
		memcpy(head, img, len);
		KUNIT_EXPECT_EQ(test, seen ? -ENOEXEC : 0,
				kexec_image_parse(head, len, IMAGE_FILE_LEN,
						  &image_all_caps, &info));
	}
}

static struct kunit_case image_test_cases[] = {
	KUNIT_CASE_PARAM(image_test_fields, image_field_gen_params),
	KUNIT_CASE_PARAM(image_test_flags, image_flag_gen_params),
	KUNIT_CASE(image_test_info),
	KUNIT_CASE(image_test_short),
	KUNIT_CASE(image_test_magic),
	KUNIT_CASE(image_test_promise),
	KUNIT_CASE(image_test_unaligned),
	KUNIT_CASE(image_test_pe_truncated),
	KUNIT_CASE(image_test_pe_header_cut),
	KUNIT_CASE(image_test_pe_wild),
	KUNIT_CASE(image_test_pe_absent),
	KUNIT_CASE(image_test_pe_short_head),
	{}
};

static struct kunit_suite image_test_suite = {
	.name = "kexec-image-header",
	.test_cases = image_test_cases,
};

kunit_test_suite(image_test_suite);
