// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the parts of a UKI
 *
 * A program with a section table is made, and its parts are found by their names and
 * profiles.  Each section that is outside of the file, in the headers or in another section
 * is refused.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "../lib/uki.h"

#define UKI_TEST_HEAD	1024
#define UKI_TEST_PE	72
#define UKI_TEST_OPT	16
#define UKI_TEST_TABLE	(UKI_TEST_PE + 24 + UKI_TEST_OPT)

/* Sections have 64 bytes in the file, of which 60 are used. */
#define UKI_TEST_SECTION	64
#define UKI_TEST_USED		60
#define UKI_TEST_FILE		(UKI_TEST_HEAD + 20 * UKI_TEST_SECTION)

/* Fields of a section header, PE format, "Section Table". */
#define UKI_TEST_MEMORY	8
#define UKI_TEST_SIZE	16
#define UKI_TEST_START	20

/* Entry of the certificates in the optional header of PE32+. */
#define UKI_TEST_CERTS	(112 + 4 * 8)

static u8 *uki_test_entry(u8 *head, unsigned int nr)
{
	return head + UKI_TEST_TABLE + nr * 40;
}

static u64 uki_test_start(unsigned int nr)
{
	return UKI_TEST_HEAD + nr * UKI_TEST_SECTION;
}

/* The sections of @names follow each other, separated by spaces. */
static u8 *uki_test_make(struct kunit *test, const char *names)
{
	u8 *head = kunit_kzalloc(test, UKI_TEST_HEAD, GFP_KERNEL), *entry;
	unsigned int nr = 0;
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, head);
	memcpy(head, "MZ", 2);
	put_unaligned_le32(UKI_TEST_PE, head + 60);
	memcpy(head + UKI_TEST_PE, "PE\0", 4);
	put_unaligned_le16(UKI_TEST_OPT, head + UKI_TEST_PE + 20);
	for (; *names; names += len + !!names[len], nr++) {
		len = strcspn(names, " ");
		entry = uki_test_entry(head, nr);
		memcpy(entry, names, len);
		put_unaligned_le32(UKI_TEST_USED, entry + UKI_TEST_MEMORY);
		put_unaligned_le32(UKI_TEST_SECTION, entry + UKI_TEST_SIZE);
		put_unaligned_le32(uki_test_start(nr), entry + UKI_TEST_START);
	}
	put_unaligned_le16(nr, head + UKI_TEST_PE + 6);
	return head;
}

static int uki_test_parse(const u8 *head, unsigned int profile, struct uki_layout *layout)
{
	return kexec_uki_parse(head, UKI_TEST_HEAD, UKI_TEST_FILE, profile, layout);
}

/* @nr: number of the section that the part is in, negative for none */
static void uki_test_expect(struct kunit *test, const struct uki_layout *layout,
			    enum uki_part_id id, int nr)
{
	u64 used = id == UKI_LINUX ? UKI_TEST_SECTION : UKI_TEST_USED;

	KUNIT_EXPECT_EQ(test, layout->part[id].len, nr < 0 ? 0 : used);
	KUNIT_EXPECT_EQ(test, layout->part[id].start, nr < 0 ? 0 : uki_test_start(nr));
}

static void uki_test_parts(struct kunit *test)
{
	u8 *head = uki_test_make(test, ".text .osrel .cmdline .uname .initrd .linux .ucode");
	struct uki_layout layout;

	KUNIT_EXPECT_TRUE(test, kexec_uki_detect(head, UKI_TEST_HEAD));
	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 0, &layout), 0);
	uki_test_expect(test, &layout, UKI_OSREL, 1);
	uki_test_expect(test, &layout, UKI_CMDLINE, 2);
	uki_test_expect(test, &layout, UKI_UNAME, 3);
	uki_test_expect(test, &layout, UKI_INITRD, 4);
	uki_test_expect(test, &layout, UKI_LINUX, 5);
	KUNIT_EXPECT_FALSE(test, layout.device_tree);

	head = uki_test_make(test, ".linux .dtbauto .dtbauto");
	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 0, &layout), 0);
	uki_test_expect(test, &layout, UKI_INITRD, -1);
	KUNIT_EXPECT_TRUE(test, layout.device_tree);
}

static void uki_test_sizes(struct kunit *test)
{
	u8 *head = uki_test_make(test, ".linux .initrd .cmdline");
	struct uki_layout layout;

	/* The memory of a kernel says nothing about its bytes in the file. */
	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 0, &layout), 0);
	KUNIT_EXPECT_EQ(test, layout.part[UKI_LINUX].len, UKI_TEST_SECTION);
	put_unaligned_le32(1 << 20, uki_test_entry(head, 0) + UKI_TEST_MEMORY);
	put_unaligned_le32(0, uki_test_entry(head, 1) + UKI_TEST_MEMORY);
	put_unaligned_le32(0, uki_test_entry(head, 2) + UKI_TEST_SIZE);
	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 0, &layout), 0);
	KUNIT_EXPECT_EQ(test, layout.part[UKI_LINUX].len, UKI_TEST_SECTION);
	KUNIT_EXPECT_EQ(test, layout.part[UKI_INITRD].len, UKI_TEST_SECTION);
	KUNIT_EXPECT_EQ(test, layout.part[UKI_CMDLINE].len, 0);
	/* As linkers write .bss */
	put_unaligned_le32(0, uki_test_entry(head, 2) + UKI_TEST_START);
	KUNIT_EXPECT_EQ(test, uki_test_parse(head, 0, &layout), 0);
}

static void uki_test_detect(struct kunit *test)
{
	u8 *head = uki_test_make(test, ".text .linux");

	KUNIT_EXPECT_TRUE(test, kexec_uki_detect(head, UKI_TEST_TABLE + 80));
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(head, UKI_TEST_TABLE + 79));
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(head, 63));
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(uki_test_make(test, ".text .linux2"),
						  UKI_TEST_HEAD));
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(uki_test_make(test, ".text .osrel .sbat"),
						  UKI_TEST_HEAD));
	head[0]++;
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(head, UKI_TEST_HEAD));
	head[0]--;
	head[UKI_TEST_PE]++;
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(head, UKI_TEST_HEAD));
	put_unaligned_le32(~0, head + 60);
	KUNIT_EXPECT_FALSE(test, kexec_uki_detect(head, UKI_TEST_HEAD));
}

/* The head of a file, wherever it ends: KASAN sees an access after that. */
static void uki_test_cut(struct kunit *test)
{
	const u8 *head = uki_test_make(test, ".text .linux");
	struct uki_layout layout;
	size_t len;
	u8 *part;

	for (len = 1; len <= UKI_TEST_TABLE + 80; len++) {
		part = kzalloc(len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, part);
		memcpy(part, head, len);
		KUNIT_EXPECT_EQ(test, kexec_uki_detect(part, len), len == UKI_TEST_TABLE + 80);
		if (len == UKI_TEST_TABLE + 80)
			KUNIT_EXPECT_EQ(test, kexec_uki_parse(part, len, UKI_TEST_FILE, 0,
							      &layout), 0);
		kfree(part);
	}
}

/* 0 and 1 of three profiles; the base has the sections before the first. */
static void uki_test_profiles(struct kunit *test)
{
	static const char names[] =
		".linux .cmdline .initrd .profile .profile .cmdline .dtb .profile .linux .initrd";
	u8 *head = uki_test_make(test, names);
	struct uki_layout layout;

	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 0, &layout), 0);
	uki_test_expect(test, &layout, UKI_LINUX, 0);
	uki_test_expect(test, &layout, UKI_CMDLINE, 1);
	KUNIT_EXPECT_FALSE(test, layout.device_tree);
	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 1, &layout), 0);
	uki_test_expect(test, &layout, UKI_LINUX, 0);
	uki_test_expect(test, &layout, UKI_CMDLINE, 5);
	uki_test_expect(test, &layout, UKI_INITRD, 2);
	KUNIT_EXPECT_TRUE(test, layout.device_tree);
	KUNIT_ASSERT_EQ(test, uki_test_parse(head, 2, &layout), 0);
	uki_test_expect(test, &layout, UKI_LINUX, 8);
	uki_test_expect(test, &layout, UKI_CMDLINE, 1);
	uki_test_expect(test, &layout, UKI_INITRD, 9);
	KUNIT_EXPECT_EQ(test, uki_test_parse(head, 3, &layout), -EINVAL);
	KUNIT_EXPECT_EQ(test, uki_test_parse(uki_test_make(test, ".linux"), 1, &layout), -EINVAL);
}

static void uki_test_no_kernel(struct kunit *test)
{
	u8 *head = uki_test_make(test, ".initrd .profile .linux .profile .cmdline");
	struct uki_layout layout;

	KUNIT_EXPECT_EQ(test, uki_test_parse(head, 0, &layout), 0);
	KUNIT_EXPECT_EQ(test, uki_test_parse(head, 1, &layout), -ENOEXEC);
	put_unaligned_le32(0, uki_test_entry(head, 2) + UKI_TEST_SIZE);
	KUNIT_EXPECT_EQ(test, uki_test_parse(head, 0, &layout), -ENOEXEC);
}

/* An addon is found, and refused. */
static void uki_test_addon(struct kunit *test)
{
	static const char * const addons[] = {
		".cmdline", ".uname .initrd", ".sbat .dtb", ".dtbauto", ".ucode",
	};
	struct uki_layout layout;
	unsigned int i;
	u8 *head;

	for (i = 0; i < ARRAY_SIZE(addons); i++) {
		head = uki_test_make(test, addons[i]);
		KUNIT_EXPECT_TRUE(test, kexec_uki_detect(head, UKI_TEST_HEAD));
		KUNIT_EXPECT_EQ(test, uki_test_parse(head, 0, &layout), -ENOEXEC);
	}
}

/* @certs: offset of @size bytes of certificates in a signed kernel of 9,000 bytes */
static u64 uki_test_kernel_len(struct kunit *test, u16 magic, u32 certs, u32 size)
{
	u8 *head = uki_test_make(test, ".text"), *opt = head + UKI_TEST_PE + 24;

	put_unaligned_le16(magic, opt);
	put_unaligned_le32(certs, opt + UKI_TEST_CERTS);
	put_unaligned_le32(size, opt + UKI_TEST_CERTS + 4);
	return kexec_uki_kernel_len(head, UKI_TEST_HEAD, 9000);
}

static void uki_test_signed_kernel(struct kunit *test)
{
	const u16 plus = 0x20b, other = 0x10b;
	u8 *head = uki_test_make(test, ".text");

	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, 8000, 700), 8700);
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, 8000, 1000), 9000);
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, 8000, 1001), 9000);
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, other, 8000, 700), 9000);
	/* More than padding can follow: 4,096 bytes. */
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, 4000, 905), 4905);
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, 4000, 904), 9000);
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, ~0, 8000), 9000);
	KUNIT_EXPECT_EQ(test, uki_test_kernel_len(test, plus, 0, 0), 9000);
	/* The end of the table is in the head, and the entry is not. */
	put_unaligned_le16(plus, head + UKI_TEST_PE + 24);
	put_unaligned_le32(1000, head + UKI_TEST_PE + 24 + UKI_TEST_CERTS);
	KUNIT_EXPECT_EQ(test, kexec_uki_kernel_len(head, UKI_TEST_HEAD, 1100), 1100);
	KUNIT_EXPECT_EQ(test, kexec_uki_kernel_len(head, UKI_TEST_PE + 24 + UKI_TEST_CERTS + 7,
						   1100), 1100);
	KUNIT_EXPECT_EQ(test, kexec_uki_kernel_len(head, UKI_TEST_PE + 24 + UKI_TEST_CERTS + 8,
						   1100), 1000);
	put_unaligned_le32(UKI_TEST_HEAD, head + UKI_TEST_PE + 24 + UKI_TEST_CERTS);
	KUNIT_EXPECT_EQ(test, kexec_uki_kernel_len(head, UKI_TEST_HEAD, 1100), UKI_TEST_HEAD);
	KUNIT_EXPECT_EQ(test, kexec_uki_kernel_len("ARM", 3, 9000), 9000);
}

static void uki_test_repeated(struct kunit *test)
{
	static const char * const twice[] = {
		".linux .linux", ".linux .initrd .initrd", ".cmdline .linux .cmdline",
		".linux .profile .uname .uname", ".linux .osrel .osrel .profile",
	};
	struct uki_layout layout;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(twice); i++)
		KUNIT_EXPECT_EQ(test, uki_test_parse(uki_test_make(test, twice[i]), 0, &layout),
				-ENOEXEC);
}

/* @at: a field of the second section, an unused one, with @value */
static int uki_test_with(struct kunit *test, unsigned int at, u32 value)
{
	u8 *head = uki_test_make(test, ".linux .data");
	struct uki_layout layout;

	put_unaligned_le32(value, uki_test_entry(head, 1) + at);
	return uki_test_parse(head, 0, &layout);
}

static void uki_test_bounds(struct kunit *test)
{
	const u32 table_end = UKI_TEST_TABLE + 2 * 40, left = UKI_TEST_FILE - uki_test_start(1);

	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_SIZE, left), 0);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_SIZE, left + 1), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_SIZE, ~0), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_SIZE, 0), 0);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, ~0), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, -UKI_TEST_SECTION), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, table_end), 0);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, table_end - 1), -ENOEXEC);
}

static void uki_test_overlap(struct kunit *test)
{
	const u32 start = uki_test_start(0);

	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, start), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, start + 63), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, start + 64), 0);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, start - 63), -ENOEXEC);
	KUNIT_EXPECT_EQ(test, uki_test_with(test, UKI_TEST_START, start - 64), 0);
}

static void uki_test_table(struct kunit *test)
{
	u8 *head = uki_test_make(test, ".linux .data");
	struct uki_layout layout;

	KUNIT_EXPECT_EQ(test, kexec_uki_parse(head, UKI_TEST_TABLE + 80, UKI_TEST_FILE, 0,
					      &layout), 0);
	KUNIT_EXPECT_EQ(test, kexec_uki_parse(head, UKI_TEST_TABLE + 79, UKI_TEST_FILE, 0,
					      &layout), -ENOEXEC);
	put_unaligned_le16(0xffff, head + UKI_TEST_PE + 6);
	KUNIT_EXPECT_EQ(test, uki_test_parse(head, 0, &layout), -ENOEXEC);
}

static void uki_test_selector(struct kunit *test)
{
	static const struct {
		const char *cmdline;
		const char *rest;
		unsigned int profile;
	} cases[] = {
		{ "", "", 0 },
		{ "quiet", "quiet", 0 },
		{ "@0", "", 0 },
		{ "@12", "", 12 },
		{ "@1 quiet", "quiet", 1 },
		{ "@2   quiet splash", "quiet splash", 2 },
		{ "@", "@", 0 },
		{ "@ 1", "@ 1", 0 },
		{ "@1x", "@1x", 0 },
		{ "@-1", "@-1", 0 },
		{ "quiet @1", "quiet @1", 0 },
		{ "@99999999999", "", 65535 },
	};
	unsigned int i, profile;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_STREQ(test, kexec_uki_parse_profile(cases[i].cmdline, &profile),
				   cases[i].rest);
		KUNIT_EXPECT_EQ(test, profile, cases[i].profile);
	}
}

static void uki_test_line(struct kunit *test)
{
	static const char * const cases[][2] = {
		{ "", "" }, { "quiet", "quiet" }, { "  quiet\n", "quiet" }, { " \t\n", "" },
		{ "a\nb\tc", "a b c" }, { "\x7fq\x01", "q" }, { "\xc3\xa4", "\xc3\xa4" },
	};
	unsigned int i;
	size_t len;
	char *text;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = strlen(cases[i][0]);
		text = kunit_kzalloc(test, len + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, text);
		memcpy(text, cases[i][0], len);
		KUNIT_EXPECT_EQ(test, kexec_uki_clean_line(text, len), strlen(cases[i][1]));
		KUNIT_EXPECT_STREQ(test, text, cases[i][1]);
	}
	/* The byte after the text is no part of it. */
	text = kunit_kzalloc(test, 4, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	memcpy(text, "a\0b", 4);
	KUNIT_EXPECT_EQ(test, kexec_uki_clean_line(text, 3), 1);
	memset(text, ' ', 4);
	KUNIT_EXPECT_EQ(test, kexec_uki_clean_line(text, 3), 0);
}

static void uki_test_os_name(struct kunit *test)
{
	static const char * const cases[][2] = {
		{ "PRETTY_NAME=\"Debian 13\"\nID=debian\n", "Debian 13" },
		{ "ID=debian\nPRETTY_NAME=Debian", "Debian" },
		{ "PRETTY_NAME='Debian'\n", "Debian" },
		{ "PRETTY_NAME=\"Debian\n", "\"Debian" },
		{ "PRETTY_NAME=\"\n", "\"" },
		{ "PRETTY_NAME=\"\"\n", "" },
		{ "PRETTY_NAME=", "" },
		{ "PRETTY_NAME=\nPRETTY_NAME=Debian\n", "Debian" },
		{ "XPRETTY_NAME=a", "" },
		{ "\n\n", "" },
		{ "", "" },
	};
	const char *name;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = kexec_uki_os_name(cases[i][0], strlen(cases[i][0]), &name);
		KUNIT_ASSERT_EQ(test, len, strlen(cases[i][1]));
		if (len)
			KUNIT_EXPECT_EQ(test, memcmp(name, cases[i][1], len), 0);
	}
}

static struct kunit_case uki_test_cases[] = {
	KUNIT_CASE(uki_test_parts),
	KUNIT_CASE(uki_test_sizes),
	KUNIT_CASE(uki_test_detect),
	KUNIT_CASE(uki_test_cut),
	KUNIT_CASE(uki_test_profiles),
	KUNIT_CASE(uki_test_no_kernel),
	KUNIT_CASE(uki_test_addon),
	KUNIT_CASE(uki_test_signed_kernel),
	KUNIT_CASE(uki_test_repeated),
	KUNIT_CASE(uki_test_bounds),
	KUNIT_CASE(uki_test_overlap),
	KUNIT_CASE(uki_test_table),
	KUNIT_CASE(uki_test_selector),
	KUNIT_CASE(uki_test_line),
	KUNIT_CASE(uki_test_os_name),
	{}
};

static struct kunit_suite uki_test_suite = {
	.name = "kexec-uki",
	.test_cases = uki_test_cases,
};

kunit_test_suite(uki_test_suite);
