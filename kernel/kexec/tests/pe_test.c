// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of PE programs whose signature can be checked
 *
 * Each field that decides what is hashed is changed, one after the other, in a program that
 * has two sections and says that it is signed.
 */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "../lib/pe.h"

/* Offsets in the program; it has five data directories. */
#define PE_TEST_LEN	512
#define PE_TEST_COFF	64
#define PE_TEST_OPT	(PE_TEST_COFF + 24)
#define PE_TEST_DIRS	(PE_TEST_OPT + 112)
#define PE_TEST_TABLE	(PE_TEST_DIRS + 5 * 8)
#define PE_TEST_HEADERS	320
#define PE_TEST_CERT	(PE_TEST_LEN - 64)

/* Fields, PE format, "COFF File Header", "Optional Header", "Section Table". */
#define PE_TEST_COUNT	(PE_TEST_COFF + 6)
#define PE_TEST_OPT_LEN	(PE_TEST_COFF + 20)
#define PE_TEST_HDR_LEN	(PE_TEST_OPT + 60)
#define PE_TEST_NR_DIRS	(PE_TEST_OPT + 108)
#define PE_TEST_CERTS	(PE_TEST_DIRS + 4 * 8)
#define PE_TEST_CERT_LEN	(PE_TEST_CERTS + 4)
#define PE_TEST_SIZE	16
#define PE_TEST_START	20

static void pe_test_section(u8 *program, unsigned int nr, u32 start, u32 len)
{
	u8 *entry = program + PE_TEST_TABLE + nr * 40;

	put_unaligned_le32(len, entry + PE_TEST_SIZE);
	put_unaligned_le32(start, entry + PE_TEST_START);
}

static void pe_test_certificate(u8 *program, u32 at, u32 size, u32 length)
{
	put_unaligned_le32(at, program + PE_TEST_CERTS);
	put_unaligned_le32(size, program + PE_TEST_CERT_LEN);
	put_unaligned_le32(length, program + PE_TEST_CERT);
}

static u8 *pe_test_make(struct kunit *test)
{
	u8 *program = kunit_kzalloc(test, PE_TEST_LEN, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, program);
	memcpy(program, "MZ", 2);
	put_unaligned_le32(PE_TEST_COFF, program + 60);
	memcpy(program + PE_TEST_COFF, "PE\0", 4);
	put_unaligned_le16(2, program + PE_TEST_COUNT);
	put_unaligned_le16(PE_TEST_TABLE - PE_TEST_OPT, program + PE_TEST_OPT_LEN);
	put_unaligned_le16(0x20b, program + PE_TEST_OPT);
	put_unaligned_le32(PE_TEST_HEADERS, program + PE_TEST_HDR_LEN);
	put_unaligned_le32(5, program + PE_TEST_NR_DIRS);
	pe_test_certificate(program, PE_TEST_CERT, 64, 64);
	pe_test_section(program, 0, PE_TEST_HEADERS, 64);
	pe_test_section(program, 1, PE_TEST_HEADERS + 64, 128);
	return program;
}

static void pe_test_sound(struct kunit *test)
{
	u8 *program = pe_test_make(test);

	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN - 1));
	/* A section without bytes may be anywhere. */
	pe_test_section(program, 0, ~0, 0);
	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	/* Nothing is hashed without a signature. */
	pe_test_section(program, 0, ~0, ~0);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	put_unaligned_le32(0, program + PE_TEST_CERT_LEN);
	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
}

static void pe_test_headers(struct kunit *test)
{
	static const struct {
		unsigned int at;
		u32 value;
	} changes[] = {
		{ 0, 0 }, { 60, PE_TEST_LEN }, { 60, ~0 }, { PE_TEST_COFF, 0 },
		{ PE_TEST_OPT, 0x10b }, { PE_TEST_HDR_LEN, PE_TEST_LEN + 1 },
		{ PE_TEST_HDR_LEN, PE_TEST_TABLE + 79 }, { PE_TEST_HDR_LEN, PE_TEST_TABLE - 1 },
		{ PE_TEST_NR_DIRS, 4 }, { PE_TEST_NR_DIRS, 6 }, { PE_TEST_NR_DIRS, ~0 },
		{ PE_TEST_OPT_LEN, PE_TEST_TABLE - PE_TEST_OPT + 8 },
	};
	unsigned int i;
	u8 *program;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		program = pe_test_make(test);
		put_unaligned_le32(changes[i].value, program + changes[i].at);
		KUNIT_EXPECT_FALSE_MSG(test, kexec_pe_is_sound(program, PE_TEST_LEN), "%u", i);
	}
	program = pe_test_make(test);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_DIRS - 1));
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, 63));
	put_unaligned_le16(0, program + PE_TEST_COUNT);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
}

/* Without a signature the headers are checked, and no section. */
static void pe_test_unsigned(struct kunit *test)
{
	u8 *program = pe_test_make(test);

	put_unaligned_le32(0, program + PE_TEST_CERT_LEN);
	put_unaligned_le32(PE_TEST_TABLE, program + PE_TEST_HDR_LEN);
	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	put_unaligned_le32(PE_TEST_TABLE - 1, program + PE_TEST_HDR_LEN);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	put_unaligned_le32(PE_TEST_LEN + 1, program + PE_TEST_HDR_LEN);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	put_unaligned_le32(PE_TEST_LEN, program + PE_TEST_HDR_LEN);
	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	put_unaligned_le32(4, program + PE_TEST_NR_DIRS);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
}

/* Its place, the size in the directory, and the length in the wrapper. */
static void pe_test_certificates(struct kunit *test)
{
	static const struct {
		u32 at;
		u32 size;
		u32 length;
		bool sound;
	} changes[] = {
		{ PE_TEST_CERT, 12, 12, true }, { PE_TEST_CERT, 64, 12, true },
		{ PE_TEST_CERT, 64, 63, true }, { 0, 64, 0, true },
		{ PE_TEST_CERT, 64, 0 }, { PE_TEST_CERT, 64, 7 }, { PE_TEST_CERT, 64, 11 },
		{ PE_TEST_CERT, 64, 65 }, { PE_TEST_CERT, 64, ~0 }, { PE_TEST_CERT, 11, 12 },
		{ PE_TEST_CERT, 65, 64 }, { PE_TEST_CERT, ~0, 64 }, { ~0, 64, 64 },
		{ PE_TEST_LEN - 8, 8, 0 }, { PE_TEST_LEN - 2, 2, 0 },
	};
	unsigned int i;
	u8 *program;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		program = pe_test_make(test);
		pe_test_certificate(program, changes[i].at, changes[i].size, changes[i].length);
		KUNIT_EXPECT_EQ_MSG(test, changes[i].sound,
				    kexec_pe_is_sound(program, PE_TEST_LEN), "%u", i);
	}
	/* Directly after the headers. */
	program = pe_test_make(test);
	pe_test_certificate(program, PE_TEST_HEADERS, 64, 0);
	put_unaligned_le32(64, program + PE_TEST_HEADERS);
	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
	/* Partly in the headers. */
	pe_test_certificate(program, PE_TEST_HEADERS - 1, 64, 0);
	put_unaligned_le32(64, program + PE_TEST_HEADERS - 1);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, PE_TEST_LEN));
}

/* At most 128 sections. */
static void pe_test_many(struct kunit *test)
{
	const u32 headers = PE_TEST_TABLE + 129 * 40, len = headers + 64;
	u8 *program = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, program);
	memcpy(program, pe_test_make(test), PE_TEST_TABLE);
	put_unaligned_le32(headers, program + PE_TEST_HDR_LEN);
	put_unaligned_le32(headers, program + PE_TEST_CERTS);
	put_unaligned_le32(64, program + headers);
	put_unaligned_le16(128, program + PE_TEST_COUNT);
	KUNIT_EXPECT_TRUE(test, kexec_pe_is_sound(program, len));
	put_unaligned_le16(129, program + PE_TEST_COUNT);
	KUNIT_EXPECT_FALSE(test, kexec_pe_is_sound(program, len));
}

static void pe_test_sections(struct kunit *test)
{
	static const struct {
		u32 start;
		u32 len;
	} changes[] = {
		{ PE_TEST_LEN - 127, 128 }, { PE_TEST_LEN, 1 }, { 0, ~0 }, { ~0, 1 }, { ~0, ~0 },
		/* With the first section more than the file. */
		{ PE_TEST_HEADERS, PE_TEST_LEN - PE_TEST_HEADERS - 63 },
	};
	unsigned int i;
	u8 *program;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		program = pe_test_make(test);
		pe_test_section(program, 1, changes[i].start, changes[i].len);
		KUNIT_EXPECT_FALSE_MSG(test, kexec_pe_is_sound(program, PE_TEST_LEN), "%u", i);
	}
}

static struct kunit_case pe_test_cases[] = {
	KUNIT_CASE(pe_test_sound),
	KUNIT_CASE(pe_test_headers),
	KUNIT_CASE(pe_test_unsigned),
	KUNIT_CASE(pe_test_certificates),
	KUNIT_CASE(pe_test_many),
	KUNIT_CASE(pe_test_sections),
	{}
};

static struct kunit_suite pe_test_suite = {
	.name = "kexec-pe",
	.test_cases = pe_test_cases,
};

kunit_test_suite(pe_test_suite);
