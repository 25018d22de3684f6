// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the other decompressors
 *
 * Files of lz4, lzo and zstd are written byte by byte: blocks of zeroes, which are much
 * smaller packed than unpacked, and small blocks of random bytes, which are larger.  Only a
 * kernel has the libraries, so this is not built on the host.  A kernel without one of them
 * omits its part; the kernel 4k of the guests has all.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "../unpack.h"
#include "../lib/image_unpack.h"
#include "unpack_file.h"

#define PLAIN_LEN	(SZ_1M + 12345)
/* RUN_LEN zeroes, then blocks of BLOCK_LEN bytes. */
#define RUN_LEN		SZ_512K
#define BLOCK_LEN	SZ_1K

static void unpack_put_lzop_header(struct unpack_file *f)
{
	/* Version of lzop, of the library, and the one needed; method and level. */
	static const u8 versions[] = { 0x10, 0x40, 0x20, 0xa0, 0x09, 0x40, 3, 9 };

	unpack_put(f, "\x89LZO\0\r\n\x1a\n", 9);
	unpack_put(f, versions, sizeof(versions));
	/* No flags, mode, time of 64 bits, no name, checksum of the header. */
	memset(f->bytes + f->len, 0, 4 + 12 + 1 + 4);
	f->len += 4 + 12 + 1 + 4;
}

/* Zeroes: one literal and a match that repeats it. */
static void unpack_put_lz4_run(struct unpack_file *f, u32 len)
{
	/* The last five bytes are literals. */
	u32 more = len - 1 - 5 - 4 - 15, packed = 4 + more / 255 + 1 + 6;

	unpack_put_le32(f, packed);
	unpack_put(f, "\x1f\0\x01\0", 4);
	memset(f->bytes + f->len, 0xff, more / 255);
	f->len += more / 255;
	unpack_put(f, &(u8){ more % 255 }, 1);
	unpack_put(f, "\x50\0\0\0\0", 6);
}

static void unpack_put_lz4(struct unpack_file *f, const u8 *plain, u32 len)
{
	u32 more = len - 15;

	unpack_put_le32(f, 1 + more / 255 + 1 + len);
	unpack_put(f, "\xf0", 1);
	memset(f->bytes + f->len, 0xff, more / 255);
	f->len += more / 255;
	unpack_put(f, &(u8){ more % 255 }, 1);
	unpack_put(f, plain, len);
}

static void unpack_put_lzo_run(struct unpack_file *f, u32 len)
{
	/* 1 literal, 2 + 31 bytes that need no more bytes of length. */
	u32 more = len - 1 - 33 - 1, packed = 3 + more / 255 + 1 + 2 + 3;

	unpack_put_be32(f, len);
	unpack_put_be32(f, packed);
	unpack_put(f, "\x12\0\x20", 3);
	memset(f->bytes + f->len, 0, more / 255);
	f->len += more / 255;
	unpack_put(f, &(u8){ more % 255 + 1 }, 1);
	unpack_put(f, "\0\0\x11\0", 5);
}

static void unpack_put_lzo(struct unpack_file *f, const u8 *plain, u32 len)
{
	unpack_put_be32(f, len);
	unpack_put_be32(f, len);
	unpack_put(f, plain, len);
}

/* A block of zstd: 0 is raw, 1 a byte that is repeated, RFC 8878, 3.1.1.2. */
static void unpack_put_zstd(struct unpack_file *f, u32 type, bool last, const u8 *plain, u32 len)
{
	u8 header[4];

	put_unaligned_le32(len << 3 | type << 1 | last, header);
	unpack_put(f, header, 3);
	unpack_put(f, plain, type ? 1 : len);
}

static void unpack_put_start(struct unpack_file *f, enum unpack_kind kind)
{
	f->len = 0;
	if (kind == UNPACK_LZ4)
		unpack_put(f, "\x02\x21\x4c\x18", 4);
	else if (kind == UNPACK_ZSTD)
		unpack_put(f, "\x28\xb5\x2f\xfd\0\x50", 6);	/* a window of 1 MiB */
	else
		unpack_put_lzop_header(f);
}

static void unpack_put_block(struct unpack_file *f, enum unpack_kind kind, const u8 *plain,
			     u32 len, bool last)
{
	if (kind == UNPACK_LZ4)
		unpack_put_lz4(f, plain, len);
	else if (kind == UNPACK_LZO)
		unpack_put_lzo(f, plain, len);
	else
		unpack_put_zstd(f, 0, last, plain, len);
	if (last && kind != UNPACK_ZSTD)
		unpack_put_le32(f, 0);
}

/* RUN_LEN zeroes. */
static void unpack_put_run(struct unpack_file *f, enum unpack_kind kind)
{
	u32 step = kind == UNPACK_LZ4 ? RUN_LEN : kind == UNPACK_LZO ? SZ_256K : SZ_128K, done;

	for (done = 0; done < RUN_LEN; done += step) {
		if (kind == UNPACK_LZ4)
			unpack_put_lz4_run(f, step);
		else if (kind == UNPACK_LZO)
			unpack_put_lzo_run(f, step);
		else
			unpack_put_zstd(f, 1, false, (const u8 *)"", step);
	}
}

/* The file is at the end of the destination, which is @spare bytes longer. */
static void unpack_expect_in_place(struct kunit *test, const struct unpack_file *f, size_t spare)
{
	struct unpack_payload payload;
	size_t capacity = f->len + spare;
	u8 *out = kvzalloc(capacity, GFP_KERNEL);
	u64 got = 0;

	KUNIT_ASSERT_NOT_NULL(test, out);
	memcpy(out + spare, f->bytes, f->len);
	KUNIT_ASSERT_EQ(test, 0, kexec_image_unpack_open(out + spare, f->len, &payload));
	KUNIT_EXPECT_EQ(test, 0, kexec_unpack_all(&payload, out, capacity, &got));
	KUNIT_EXPECT_EQ(test, got, (u64)PLAIN_LEN);
	KUNIT_EXPECT_EQ(test, 0, memcmp(out, f->plain, PLAIN_LEN));
	kvfree(out);
}

/*
 * After zeroes, the output is next to blocks that are larger packed than unpacked, and would
 * overwrite them without the move.
 */
static void unpack_test_in_place_kinds(struct kunit *test)
{
	const enum unpack_kind kind[] = { UNPACK_LZ4, UNPACK_LZO, UNPACK_ZSTD };
	const size_t room[] = { 0, 1, SZ_64K, SZ_256K, SZ_1M, UNPACK_LZ4_BLOCK + SZ_64K };
	struct unpack_file *f = unpack_new_file(test, PLAIN_LEN, PLAIN_LEN);
	unsigned int i, k;
	u32 done, len;

	memset(f->plain, 0, RUN_LEN);
	for (k = 0; k < ARRAY_SIZE(kind); k++) {
		if (kexec_unpack_supported(kind[k]))
			continue;
		unpack_put_start(f, kind[k]);
		unpack_put_run(f, kind[k]);
		for (done = RUN_LEN; done < PLAIN_LEN; done += len) {
			len = min_t(u32, BLOCK_LEN, PLAIN_LEN - done);
			unpack_put_block(f, kind[k], f->plain + done, len,
					 done + len == PLAIN_LEN);
		}
		for (i = 0; i < ARRAY_SIZE(room); i++)
			unpack_expect_in_place(test, f, PLAIN_LEN + room[i] - f->len);
	}
}

/* The block after a small one is as large as it may be. */
static void unpack_test_head_blocks(struct kunit *test)
{
	static const struct {
		enum unpack_kind kind;
		u32 len;
	} c[] = {
		{ UNPACK_LZ4, SZ_256K }, { UNPACK_LZO, UNPACK_LZO_BLOCK }, { UNPACK_ZSTD, SZ_128K },
	};
	struct unpack_file *f = unpack_new_file(test, PLAIN_LEN, PLAIN_LEN);
	struct unpack_payload payload;
	unsigned int i;
	u8 head[128];

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		if (kexec_unpack_supported(c[i].kind))
			continue;
		unpack_put_start(f, c[i].kind);
		unpack_put_block(f, c[i].kind, f->plain, 100, false);
		unpack_put_block(f, c[i].kind, f->plain + 100, c[i].len, true);
		KUNIT_ASSERT_EQ(test, 0, kexec_image_unpack_open_data(c[i].kind, f->bytes, f->len,
								      &payload));
		memset(head, 0, sizeof(head));
		KUNIT_EXPECT_EQ(test, 128, kexec_unpack_head(&payload, head, sizeof(head)));
		KUNIT_EXPECT_EQ(test, 0, memcmp(head, f->plain, sizeof(head)));
	}
}

/* "kexec", packed by xz --check=crc32: one step, so the room for its output is limited. */
static void unpack_test_xz_limit(struct kunit *test)
{
	static const u8 xz[] = {
		0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36,
		0x02, 0x00, 0x21, 0x01, 0x00, 0x00, 0x00, 0x00, 0x37, 0x27, 0x97, 0xd6,
		0x01, 0x00, 0x04, 0x6b, 0x65, 0x78, 0x65, 0x63, 0x00, 0x00, 0x00, 0x00,
		0x98, 0x20, 0xeb, 0xb2, 0x00, 0x01, 0x19, 0x05, 0xbc, 0xe8, 0xec, 0xcb,
		0x90, 0x42, 0x99, 0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
	};
	struct unpack_payload payload;
	char out[8] = { };
	u64 got = 0;

	if (kexec_unpack_supported(UNPACK_XZ))
		return;
	KUNIT_ASSERT_EQ(test, 0, kexec_image_unpack_open(xz, sizeof(xz), &payload));
	KUNIT_EXPECT_EQ(test, -ENOEXEC,
			kexec_unpack_all(&payload, out, UNPACK_ONE_STEP_MAX + 1, &got));
	KUNIT_EXPECT_EQ(test, 0, kexec_unpack_all(&payload, out, UNPACK_ONE_STEP_MAX, &got));
	KUNIT_EXPECT_EQ(test, got, 5ULL);
	KUNIT_EXPECT_STREQ(test, out, "kexec");
	/* Others have steps of their own. */
	KUNIT_EXPECT_EQ(test, 0, kexec_unpack_check_size(UNPACK_GZIP, U64_MAX));
	KUNIT_EXPECT_EQ(test, -ENOEXEC,
			kexec_unpack_check_size(UNPACK_LZMA, UNPACK_ONE_STEP_MAX + 1));
}

static struct kunit_case unpack_test_cases[] = {
	KUNIT_CASE(unpack_test_in_place_kinds),
	KUNIT_CASE(unpack_test_head_blocks),
	KUNIT_CASE(unpack_test_xz_limit),
	{}
};

static struct kunit_suite unpack_test_suite = {
	.name = "kexec-unpack",
	.test_cases = unpack_test_cases,
};

kunit_test_suite(unpack_test_suite);
