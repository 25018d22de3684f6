// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-initrd-cpio
 *
 * Entries of an archive are made here, read in pieces of any size, and damaged one field at a
 * time.  A boot configuration is found at each distance from the end.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../lib/initrd_cpio.h"

#define ROOM	1024

#define MODE_FILE	0100644
#define MODE_DIR	0040755
#define MODE_LINK	0120777
#define MODE_PIPE	0010600

/* Numbers of the header. */
#define FIELD_MODE	1
#define FIELD_BODY	6
#define FIELD_NAME	11
#define FIELD_AT(field)	(6 + 8 * (field))

static void initrd_test_number(u8 *header, unsigned int field, u32 value)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		header[FIELD_AT(field) + i] = "0123456789abCDEF"[value >> (28 - 4 * i) & 15];
}

/* Returns the bytes of an entry, whose name and body are made of the letter n. */
static u64 initrd_test_entry(u8 *to, u32 mode, u32 name, u32 body)
{
	u64 start = (INITRD_CPIO_HEADER + name + 3) & ~3ULL;

	memset(to, '0', INITRD_CPIO_HEADER);
	memcpy(to, "070701", 6);
	initrd_test_number(to, FIELD_MODE, mode);
	initrd_test_number(to, FIELD_BODY, body);
	initrd_test_number(to, FIELD_NAME, name);
	memset(to + INITRD_CPIO_HEADER, 'n', start - INITRD_CPIO_HEADER);
	memset(to + start, 'n', body + (-body & 3));
	return start + body + (-body & 3);
}

static u64 initrd_test_archive(u8 *to)
{
	u64 len = initrd_test_entry(to, MODE_FILE, 5, 7);

	len += initrd_test_entry(to + len, MODE_DIR, 2, 0);
	memset(to + len, 0, 12);
	len += 12;
	return len + initrd_test_entry(to + len, MODE_LINK, 11, 33);
}

static void initrd_test_pieces(struct kunit *test)
{
	u8 *data = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	u64 len, piece, done;

	KUNIT_ASSERT_NOT_NULL(test, data);
	len = initrd_test_archive(data);
	for (piece = 1; piece <= len; piece++) {
		struct initrd_cpio cpio = { };

		for (done = 0; done < len; done += min(piece, len - done))
			KUNIT_ASSERT_EQ(test, (s64)min(piece, len - done),
					kexec_initrd_cpio_feed(&cpio, data + done,
							       min(piece, len - done)));
		KUNIT_EXPECT_TRUE(test, kexec_initrd_cpio_whole(&cpio));
		KUNIT_EXPECT_EQ(test, len, cpio.pos);
	}
}

/* Without its last bytes no archive is whole, except at the end of an entry. */
static void initrd_test_cut(struct kunit *test)
{
	u8 *data = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	u64 len, last, at;

	KUNIT_ASSERT_NOT_NULL(test, data);
	last = initrd_test_entry(data, MODE_FILE, 5, 7);
	len = last + initrd_test_entry(data + last, MODE_FILE, 9, 8);
	for (at = 0; at <= len; at++) {
		struct initrd_cpio cpio = { };

		KUNIT_EXPECT_EQ(test, (s64)at, kexec_initrd_cpio_feed(&cpio, data, at));
		KUNIT_EXPECT_EQ(test, !at || at == last || at == len,
				kexec_initrd_cpio_whole(&cpio));
	}
}

static s64 initrd_test_feed(const u8 *data, u64 len)
{
	struct initrd_cpio cpio = { };

	return kexec_initrd_cpio_feed(&cpio, data, len);
}

static void initrd_test_end(struct kunit *test)
{
	u8 *data = kunit_kzalloc(test, ROOM, GFP_KERNEL);
	u64 len;

	KUNIT_ASSERT_NOT_NULL(test, data);
	len = initrd_test_archive(data);
	/* The archive ends before data of another kind, after any padding. */
	data[len + 8] = 0x1f;
	KUNIT_EXPECT_EQ(test, (s64)len + 8, initrd_test_feed(data, len + 16));
	data[len + 8] = 0;
	/* Only at a multiple of four. */
	data[len + 6] = '0';
	KUNIT_EXPECT_EQ(test, (s64)-EBADMSG, initrd_test_feed(data, len + 16));
	data[len + 6] = 0;
	KUNIT_EXPECT_EQ(test, (s64)len + 16, initrd_test_feed(data, len + 16));
	KUNIT_EXPECT_EQ(test, 0LL, (long long)initrd_test_feed((const u8 *)"x", 1));
	KUNIT_EXPECT_EQ(test, 0LL, (long long)initrd_test_feed(data, 0));
}

static void initrd_test_header(struct kunit *test)
{
	static const struct {
		u32 mode;
		u32 name;
		u32 body;
		bool accepted;
	} cases[] = {
		{ MODE_FILE, 2, U32_MAX, true },
		{ MODE_FILE, PATH_MAX, 0, true },
		{ MODE_FILE, PATH_MAX + 1, 0, false },
		{ MODE_FILE, 0, 0, false },
		{ MODE_DIR, 2, 1, false },
		{ MODE_PIPE, 2, 4, false },
		{ MODE_PIPE, 2, 0, true },
		{ MODE_LINK, 2, PATH_MAX, true },
		{ MODE_LINK, 2, PATH_MAX + 1, false },
		{ 0, 11, 0, true },
	};
	u8 data[INITRD_CPIO_HEADER + 4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct initrd_cpio cpio = { };
		s64 ret, want;

		memset(data, '0', sizeof(data));
		memcpy(data, "070702", 6);
		initrd_test_number(data, FIELD_MODE, cases[i].mode);
		initrd_test_number(data, FIELD_BODY, cases[i].body);
		initrd_test_number(data, FIELD_NAME, cases[i].name);
		ret = kexec_initrd_cpio_feed(&cpio, data, INITRD_CPIO_HEADER);
		want = INITRD_CPIO_HEADER;
		if (!cases[i].accepted)
			want = -EBADMSG;
		KUNIT_EXPECT_EQ_MSG(test, want, ret, "case %u", i);
		if (cases[i].accepted)
			KUNIT_EXPECT_EQ_MSG(test, cpio.skip,
					    ((INITRD_CPIO_HEADER + cases[i].name + 3) & ~3ULL) -
					    INITRD_CPIO_HEADER +
					    (((u64)cases[i].body + 3) & ~3ULL), "case %u", i);
	}
}

/* Digits and magic: any other byte makes the header invalid. */
static void initrd_test_bytes(struct kunit *test)
{
	static const u8 wrong[] = { '/', ':', '@', 'G', '`', 'g', ' ', 0, 0xff };
	unsigned int fields[] = { FIELD_MODE, FIELD_BODY, FIELD_NAME };
	u8 data[INITRD_CPIO_HEADER + 4];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(fields) * 8; i++) {
		for (k = 0; k < ARRAY_SIZE(wrong); k++) {
			initrd_test_entry(data, MODE_FILE, 0, 0);
			initrd_test_number(data, FIELD_NAME, 4);
			data[FIELD_AT(fields[i / 8]) + i % 8] = wrong[k];
			KUNIT_EXPECT_EQ(test, (s64)-EBADMSG,
					initrd_test_feed(data, INITRD_CPIO_HEADER));
		}
	}
	for (i = 1; i < 6; i++) {
		initrd_test_entry(data, MODE_FILE, 0, 0);
		initrd_test_number(data, FIELD_NAME, 4);
		data[i] ^= 4;
		KUNIT_EXPECT_EQ(test, (s64)-EBADMSG, initrd_test_feed(data, INITRD_CPIO_HEADER));
	}
}

static void initrd_test_tail(struct kunit *test)
{
	static const char text[] = "word = 1\n\0\0\0\xc\0\0\0zzzz#BOOTCONFIG\n";
	const u64 len = sizeof(text) - 1;
	u8 data[64];
	u64 pad;

	for (pad = 0; pad < 6; pad++) {
		memset(data, 0, sizeof(data));
		memcpy(data + 8, text, len);
		KUNIT_EXPECT_EQ(test, pad < 4 ? len + pad : 0,
				kexec_initrd_tail(data, 8 + len + pad));
		KUNIT_EXPECT_EQ(test, pad < 4 ? len + pad : 0,
				kexec_initrd_tail(data + 8, len + pad));
		/* One byte more than there is before it. */
		KUNIT_EXPECT_EQ(test, 0ULL, kexec_initrd_tail(data + 9, len + pad - 1));
		data[8 + len - 1] = ' ';
		KUNIT_EXPECT_EQ(test, 0ULL, kexec_initrd_tail(data, 8 + len + pad));
	}
	for (pad = 0; pad < 20; pad++)
		KUNIT_EXPECT_EQ(test, 0ULL, kexec_initrd_tail((const u8 *)text + len - pad, pad));
	/* A configuration of no bytes. */
	memset(data, 0, 8);
	memcpy(data + 8, text + len - 12, 12);
	KUNIT_EXPECT_EQ(test, 20ULL, kexec_initrd_tail(data, 20));
}

static struct kunit_case initrd_cpio_test_cases[] = {
	KUNIT_CASE(initrd_test_pieces),
	KUNIT_CASE(initrd_test_cut),
	KUNIT_CASE(initrd_test_end),
	KUNIT_CASE(initrd_test_header),
	KUNIT_CASE(initrd_test_bytes),
	KUNIT_CASE(initrd_test_tail),
	{}
};

static struct kunit_suite initrd_cpio_test_suite = {
	.name = "kexec-initrd-cpio",
	.test_cases = initrd_cpio_test_cases,
};

kunit_test_suite(initrd_cpio_test_suite);
