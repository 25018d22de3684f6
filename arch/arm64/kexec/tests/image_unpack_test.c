// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of packed Images
 *
 * Files are written byte by byte: an optional zboot header, a gzip header with any
 * of its optional fields, a deflate stream and a trailer.  Most streams consist of
 * stored blocks (RFC 1951, 3.2.4), which need no compressor; one was made by gzip.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "../unpack.h"
#include "../lib/image_unpack.h"
#include "unpack_file.h"

#define PLAIN_LEN	(3 * SZ_1M + 12345)
#define FILE_ROOM	(PLAIN_LEN + SZ_4K)
#define ZBOOT_LEN	512

static void unpack_put_header(struct unpack_file *f, u8 flags)
{
	const u8 header[10] = { 0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 2, 3 };

	unpack_put(f, header, sizeof(header));
	if (flags & BIT(2))
		unpack_put(f, "\x05\0extra", 7);
	if (flags & BIT(3))
		unpack_put(f, "Image", 6);
	if (flags & BIT(4))
		unpack_put(f, "", 1);
	if (flags & BIT(1))
		unpack_put(f, "\xaa\xbb", 2);
}

static void unpack_put_stored(struct unpack_file *f, size_t len)
{
	size_t done = 0;

	do {
		u16 part = min_t(size_t, len - done, 0xffff);
		u8 block[5] = { done + part == len };

		put_unaligned_le16(part, block + 1);
		put_unaligned_le16(~part, block + 3);
		unpack_put(f, block, sizeof(block));
		unpack_put(f, f->plain + done, part);
		done += part;
	} while (done < len);
}

static void unpack_put_trailer(struct unpack_file *f, size_t len)
{
	u8 trailer[8];

	put_unaligned_le32(~crc32_le(~0, f->plain, len), trailer);
	put_unaligned_le32(len, trailer + 4);
	unpack_put(f, trailer, sizeof(trailer));
}

static void unpack_put_gzip(struct unpack_file *f, u8 flags, size_t len)
{
	unpack_put_header(f, flags);
	unpack_put_stored(f, len);
	unpack_put_trailer(f, len);
}

static void unpack_put_zboot(struct unpack_file *f, const char *method)
{
	u8 header[ZBOOT_LEN] = "MZ\0\0zimg";

	strscpy((char *)header + 24, method, 32);
	unpack_put(f, header, sizeof(header));
}

/* To be called when the payload is complete. */
static void unpack_end_zboot(struct unpack_file *f)
{
	put_unaligned_le32(ZBOOT_LEN, f->bytes + 8);
	put_unaligned_le32(f->len - ZBOOT_LEN, f->bytes + 12);
}

/* A buffer of the exact size suffices, one byte less does not. */
static void unpack_expect(struct kunit *test, struct unpack_file *f, size_t len)
{
	struct unpack_payload payload;
	u8 head[128] = {};
	u64 got = 0;
	u8 *out;

	KUNIT_ASSERT_EQ(test, 0, kexec_image_unpack_open(f->bytes, f->len, &payload));
	KUNIT_ASSERT_TRUE(test, payload.packed);

	KUNIT_EXPECT_EQ(test, kexec_unpack_head(&payload, head, sizeof(head)),
			(int)min(len, sizeof(head)));
	KUNIT_EXPECT_EQ(test, 0, memcmp(head, f->plain, min(len, sizeof(head))));

	out = kunit_kzalloc(test, len + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_EXPECT_EQ(test, 0, kexec_unpack_all(&payload, out, len, &got));
	KUNIT_EXPECT_EQ(test, got, (u64)len);
	KUNIT_EXPECT_EQ(test, 0, memcmp(out, f->plain, len));
	KUNIT_EXPECT_EQ(test, out[len], 0);
	if (len)
		KUNIT_EXPECT_EQ(test, -ENOEXEC,
				kexec_unpack_all(&payload, out, len - 1, &got));
	KUNIT_EXPECT_EQ(test, out[len], 0);
	kunit_kfree(test, out);
}

/* The file must be refused, either by the header checks or while it is unpacked. */
static void unpack_expect_damage(struct kunit *test, const struct unpack_file *f,
				 size_t len)
{
	struct unpack_payload payload;
	int ret = kexec_image_unpack_open(f->bytes, len, &payload);
	u64 got;
	u8 *out;

	if (!ret) {
		KUNIT_ASSERT_TRUE(test, payload.packed);
		out = kunit_kzalloc(test, SZ_64K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, out);
		ret = kexec_unpack_all(&payload, out, SZ_64K, &got);
		kunit_kfree(test, out);
	}
	KUNIT_EXPECT_EQ(test, ret, -ENOEXEC);
}

static void unpack_test_raw(struct kunit *test)
{
	struct unpack_payload payload;
	u8 image[64] = "MZ";

	KUNIT_EXPECT_EQ(test, 0, kexec_image_unpack_open(image, sizeof(image), &payload));
	KUNIT_EXPECT_FALSE(test, payload.packed);
	KUNIT_EXPECT_PTR_EQ(test, payload.data, (const u8 *)image);
	KUNIT_EXPECT_EQ(test, payload.len, 64ULL);
	KUNIT_EXPECT_EQ(test, 0, kexec_image_unpack_open(image, 0, &payload));
	KUNIT_EXPECT_FALSE(test, payload.packed);
}

static void unpack_test_detect(struct kunit *test)
{
	const u8 gzip[] = { 0x1f, 0x8b };
	u8 zboot[64] = "MZ\0\0zimg";

	KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(gzip, 2), UNPACK_GZIP);
	KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(gzip, 1), UNPACK_RAW);
	KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(zboot, 64), UNPACK_ZBOOT);
	KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(zboot, 63), UNPACK_RAW);
	zboot[7] = 'h';
	KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(zboot, 64), UNPACK_RAW);
}

static void unpack_test_gzip(struct kunit *test)
{
	const size_t len[] = { 0, 1, 100, 0xffff, 0x10000, SZ_1M - 1, SZ_1M,
			       SZ_1M + 1, 3 * SZ_1M, PLAIN_LEN };
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		f->len = 0;
		unpack_put_gzip(f, 0, len[i]);
		unpack_expect(test, f, len[i]);
	}
}

static void unpack_test_gzip_fields(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int flags;

	for (flags = 0; flags < 0x20; flags++) {
		f->len = 0;
		unpack_put_gzip(f, flags, 1000);
		unpack_expect(test, f, 1000);
	}
	f->len = 0;
	unpack_put_gzip(f, 0, 1000);
	for (flags = 0x20; flags < 0x100; flags <<= 1) {
		f->bytes[3] = flags;
		unpack_expect_damage(test, f, f->len);
	}
	f->bytes[3] = 0;
	f->bytes[2] = 7;
	unpack_expect_damage(test, f, f->len);
}

#define IN_PLACE_LEN	(SZ_1M + 12345)

/* The file is at the end of the destination, which is @spare bytes longer. */
static void unpack_expect_in_place(struct kunit *test, const struct unpack_file *f, size_t spare)
{
	struct unpack_payload payload;
	size_t capacity = f->len + spare;
	u8 *out = kunit_kzalloc(test, capacity, GFP_KERNEL);
	u64 got = 0;

	KUNIT_ASSERT_NOT_NULL(test, out);
	memcpy(out + spare, f->bytes, f->len);
	KUNIT_ASSERT_EQ(test, 0, kexec_image_unpack_open(out + spare, f->len, &payload));
	KUNIT_EXPECT_EQ(test, 0, kexec_unpack_all(&payload, out, capacity, &got));
	KUNIT_EXPECT_EQ(test, got, (u64)IN_PLACE_LEN);
	KUNIT_EXPECT_EQ(test, 0, memcmp(out, f->plain, IN_PLACE_LEN));
	kunit_kfree(test, out);
}

/* With less than a step between both, the file is moved; with more, the output follows it. */
static void unpack_test_in_place(struct kunit *test)
{
	const size_t spare[] = { 0, 1, SZ_64K, SZ_1M - 100, SZ_1M, SZ_1M + SZ_64K, 2 * SZ_1M };
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int i;

	unpack_put_gzip(f, 0, IN_PLACE_LEN);
	for (i = 0; i < ARRAY_SIZE(spare); i++)
		unpack_expect_in_place(test, f, spare[i]);
}

/* 4096 zero bytes, as gzip -9 packs them. */
static void unpack_test_deflated(struct kunit *test)
{
	static const u8 zeroes[] = {
		0xed, 0xc1, 0x01, 0x0d, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf7,
		0x4f, 0x6d, 0x0f, 0x07, 0x14, 0x00, 0x00, 0x00, 0xf0, 0x6e,
	};
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);

	memset(f->plain, 0, SZ_4K);
	unpack_put_header(f, 0);
	unpack_put(f, zeroes, sizeof(zeroes));
	unpack_put_trailer(f, SZ_4K);
	unpack_expect(test, f, SZ_4K);
}

static void unpack_test_cut(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	struct unpack_payload payload;
	size_t len;
	u8 *part;

	unpack_put_gzip(f, 0x1e, 200);
	/* Fewer than two bytes are not a gzip file, see unpack_test_detect(). */
	for (len = 2; len < f->len; len++)
		unpack_expect_damage(test, f, len);
	/* Fewer than the header and the trailer are refused before anything is unpacked. */
	f->len = 0;
	unpack_put_gzip(f, 0, 200);
	for (len = 2; len <= 18; len++) {
		part = kunit_kzalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, part);
		memcpy(part, f->bytes, len);
		KUNIT_EXPECT_EQ(test, kexec_image_unpack_open(part, len, &payload),
				len < 18 ? -ENOEXEC : 0);
	}
}

static void unpack_test_flipped(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	size_t i;

	unpack_put_gzip(f, 0, 200);
	for (i = 10; i < f->len; i++) {
		f->bytes[i] ^= 1;
		unpack_expect_damage(test, f, f->len);
		f->bytes[i] ^= 1;
	}
	unpack_expect(test, f, 200);
}

/* Only zeroes are accepted as padding. */
static void unpack_test_trailing(struct kunit *test)
{
	const size_t len[] = { 1, 8, 512, 100000 };
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int i;
	size_t end;

	unpack_put_gzip(f, 0, 200);
	end = f->len;
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		f->len = end + len[i];
		unpack_expect(test, f, 200);
		f->bytes[f->len - 1] = 1;
		unpack_expect_damage(test, f, f->len);
		f->bytes[f->len - 1] = 0;
	}
}

static void unpack_test_members(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);

	unpack_put_gzip(f, 0, 200);
	unpack_put_gzip(f, 0, 200);
	unpack_expect_damage(test, f, f->len);
}

static int unpack_open_part(const struct unpack_file *f, size_t len,
			    struct unpack_payload *payload)
{
	return kexec_image_unpack_open_data(UNPACK_GZIP, f->bytes, len, payload);
}

/* The header is unpacked from the first bytes of the file. */
static void unpack_test_head(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	struct unpack_payload payload;
	u8 head[128];
	int i;

	unpack_put_gzip(f, 0, 70000);
	KUNIT_ASSERT_EQ(test, 0, unpack_open_part(f, 200, &payload));
	KUNIT_EXPECT_EQ(test, 128, kexec_unpack_head(&payload, head, sizeof(head)));
	KUNIT_EXPECT_EQ(test, 0, memcmp(head, f->plain, sizeof(head)));
	/* 10 bytes of header, 5 of a stored block's; less than 18 are no gzip data. */
	for (i = 3; i < 128; i++) {
		KUNIT_ASSERT_EQ(test, 0, unpack_open_part(f, 15 + i, &payload));
		/* Bytes in zlib's window are not counted yet. */
		KUNIT_EXPECT_LE(test, kexec_unpack_head(&payload, head, sizeof(head)), i);
	}
	memset(f->bytes + 10, 0, 100);
	KUNIT_ASSERT_EQ(test, 0, unpack_open_part(f, 200, &payload));
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_unpack_head(&payload, head, sizeof(head)));
}

static void unpack_test_zboot(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);

	unpack_put_zboot(f, "gzip");
	unpack_put_gzip(f, 0, 70000);
	unpack_end_zboot(f);
	/* A signature after the payload is not a part of it. */
	unpack_put(f, "signature", 9);
	unpack_expect(test, f, 70000);
}

static void unpack_test_zboot_bad(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	struct unpack_payload payload;
	size_t len;

	unpack_put_zboot(f, "gzip");
	unpack_put_gzip(f, 0, 1000);
	unpack_end_zboot(f);
	for (len = 64; len < f->len; len++)
		KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, len, &payload));

	put_unaligned_le32(0xffffffff, f->bytes + 8);
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, f->len, &payload));
	unpack_end_zboot(f);
	put_unaligned_le32(0xffffffff, f->bytes + 12);
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, f->len, &payload));
	put_unaligned_le32(0, f->bytes + 12);
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, f->len, &payload));

	unpack_end_zboot(f);
	KUNIT_EXPECT_EQ(test, 0, kexec_image_unpack_open(f->bytes, f->len, &payload));
	memcpy(f->bytes + 24, "zstd", 5);
	unpack_put(f, "\0\0\0\0", 4);
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, f->len, &payload));
	memcpy(f->bytes + 24, "gzip9", 6);
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, f->len, &payload));
}

/* The header locates the payload, and may have any numbers. */
static void unpack_test_locate(struct kunit *test)
{
	static const struct {
		u32 start, size;
		int ret;
	} c[] = {
		{ 512, 1488, 0 }, { 0, 2000, 0 }, { 32, 100, 0 }, { 2000, 0, 0 },
		{ 512, 1489, -ENOEXEC }, { 512, ~0U, -ENOEXEC }, { ~0U, 100, -ENOEXEC },
		{ ~0U, ~0U, -ENOEXEC }, { 2001, 0, -ENOEXEC }, { 0, 2001, -ENOEXEC },
	};
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int i;
	struct unpack_part part;

	unpack_put_zboot(f, "gzip");
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		put_unaligned_le32(c[i].start, f->bytes + 8);
		put_unaligned_le32(c[i].size, f->bytes + 12);
		KUNIT_EXPECT_EQ(test, c[i].ret,
				kexec_image_unpack_locate(f->bytes, 64, 2000, &part));
		if (c[i].ret)
			continue;
		KUNIT_EXPECT_EQ(test, part.start, (u64)c[i].start);
		KUNIT_EXPECT_EQ(test, part.len, (u64)c[i].size);
		KUNIT_EXPECT_EQ(test, part.kind, UNPACK_GZIP);
		/* Data without a gzip header is not detected as gzip. */
		f->len = 2000;
		unpack_expect_damage(test, f, f->len);
	}
}

static void unpack_test_zboot_methods(struct kunit *test)
{
	static const struct {
		const char *name;
		enum unpack_kind kind;
	} c[] = {
		{ "gzip", UNPACK_GZIP }, { "lz4", UNPACK_LZ4 }, { "lzma", UNPACK_LZMA },
		{ "lzo", UNPACK_LZO }, { "xz", UNPACK_XZ }, { "xzkern", UNPACK_XZ },
		{ "zstd", UNPACK_ZSTD }, { "zstd22", UNPACK_ZSTD }, { "bzip2", UNPACK_RAW },
		{ "", UNPACK_RAW }, { "zstd2", UNPACK_RAW },
	};
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	struct unpack_part part;
	unsigned int i, trailer;

	unpack_put_zboot(f, "");
	put_unaligned_le32(512, f->bytes + 8);
	put_unaligned_le32(1000, f->bytes + 12);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		memset(f->bytes + 24, 0, 32);
		memcpy(f->bytes + 24, c[i].name, strlen(c[i].name));
		trailer = c[i].kind == UNPACK_GZIP ? 0 : 4;
		KUNIT_EXPECT_EQ(test, c[i].kind == UNPACK_RAW ? -ENOEXEC : 0,
				kexec_image_unpack_locate(f->bytes, 64, 1512 + trailer, &part));
		if (c[i].kind != UNPACK_RAW)
			KUNIT_EXPECT_EQ(test, part.kind, c[i].kind);
		/* The size after the payload is a part of the file. */
		KUNIT_EXPECT_EQ(test, -ENOEXEC,
				kexec_image_unpack_locate(f->bytes, 64, 1511 + trailer, &part));
	}
}

static void unpack_test_zboot_size(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	struct unpack_payload payload;

	unpack_put_zboot(f, "zstd");
	unpack_put(f, "\x28\xb5\x2f\xfdpack", 8);
	unpack_end_zboot(f);
	unpack_put(f, "\x78\x56\x34\x12", 4);
	KUNIT_ASSERT_EQ(test, 0, kexec_image_unpack_open(f->bytes, f->len, &payload));
	KUNIT_EXPECT_EQ(test, payload.kind, UNPACK_ZSTD);
	KUNIT_EXPECT_EQ(test, payload.len, 8ULL);
	KUNIT_EXPECT_EQ(test, payload.size, 0x12345678ULL);
	/* The payload is of another kind than the name says. */
	memcpy(f->bytes + 24, "xz\0\0", 5);
	KUNIT_EXPECT_EQ(test, -ENOEXEC, kexec_image_unpack_open(f->bytes, f->len, &payload));
}

static void unpack_test_packers(struct kunit *test)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum unpack_kind kind;
	} c[] = {
		{ "\x02\x21\x4c\x18", 4, UNPACK_LZ4 }, { "\x89LZO\0\r\n\x1a\n", 9, UNPACK_LZO },
		{ "\xfd\x37zXZ\0", 6, UNPACK_XZ }, { "\x28\xb5\x2f\xfd", 4, UNPACK_ZSTD },
		{ "\x5d\0\0\x80\0", 5, UNPACK_RAW },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(c[i].bytes, c[i].len), c[i].kind);
		KUNIT_EXPECT_EQ(test, kexec_image_unpack_detect(c[i].bytes, c[i].len - 1),
				UNPACK_RAW);
	}
}

/* Reads all blocks of the file, cut after @len bytes; returns the last result. */
static int unpack_count_blocks(const struct unpack_file *f, enum unpack_kind kind, size_t len,
			       bool part, unsigned int *nr, u32 *last_len)
{
	struct unpack_payload payload = { .data = f->bytes, .len = len, .kind = kind };
	struct unpack_blocks blocks;
	struct unpack_block block = { };
	int ret = kexec_image_blocks_open(&payload, &blocks);

	*nr = 0;
	while (!ret || ret == 1) {
		ret = kexec_image_blocks_next(&blocks, part, &block);
		if (ret <= 0)
			break;
		*last_len = block.len;
		++*nr;
	}
	return ret;
}

static void unpack_test_lz4_blocks(struct kunit *test)
{
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int nr;
	size_t len;
	u32 last;

	unpack_put(f, "\x02\x21\x4c\x18", 4);
	unpack_put_le32(f, 10);
	f->len += 10;
	unpack_put_le32(f, 3);
	f->len += 3;
	KUNIT_EXPECT_EQ(test, 0, unpack_count_blocks(f, UNPACK_LZ4, f->len, false, &nr, &last));
	KUNIT_EXPECT_EQ(test, nr, 2U);
	KUNIT_EXPECT_EQ(test, last, 3U);
	for (len = 4; len < f->len; len++) {
		int ret = unpack_count_blocks(f, UNPACK_LZ4, len, false, &nr, &last);

		/* A file may end where a block does. */
		KUNIT_EXPECT_EQ(test, ret, len == 4 || len == 18 ? 0 : -ENODATA);
	}
	KUNIT_EXPECT_EQ(test, 0, unpack_count_blocks(f, UNPACK_LZ4, f->len - 1, true, &nr, &last));
	KUNIT_EXPECT_EQ(test, last, 2U);
	KUNIT_EXPECT_EQ(test, -EBADMSG, unpack_count_blocks(f, UNPACK_LZ4, 3, false, &nr, &last));
	/* A length of 0 is the end. */
	unpack_put_le32(f, 0);
	f->len += 100;
	KUNIT_EXPECT_EQ(test, 0, unpack_count_blocks(f, UNPACK_LZ4, f->len, false, &nr, &last));
	KUNIT_EXPECT_EQ(test, nr, 2U);
	put_unaligned_le32(~0U, f->bytes + 4);
	KUNIT_EXPECT_EQ(test, -ENODATA,
			unpack_count_blocks(f, UNPACK_LZ4, f->len, false, &nr, &last));
}

/* @flags: those of the file; two blocks, the second one is stored. */
static void unpack_put_lzop(struct unpack_file *f, u32 flags)
{
	static const u8 versions[] = { 0x10, 0x40, 0x20, 0xa0, 0x09, 0x40, 3, 9 };
	unsigned int sums = !!(flags & BIT(0)) + !!(flags & BIT(8));
	unsigned int packed_sums = !!(flags & BIT(1)) + !!(flags & BIT(9));

	memset(f->bytes, 0, 256);
	f->len = 0;
	unpack_put(f, "\x89LZO\0\r\n\x1a\n", 9);
	unpack_put(f, versions, sizeof(versions));
	unpack_put_be32(f, flags);
	f->len += 12;
	unpack_put(f, "\x05Image", 6);
	f->len += 4;
	unpack_put_be32(f, 1000);
	unpack_put_be32(f, 20);
	f->len += 4 * (sums + packed_sums) + 20;
	unpack_put_be32(f, 30);
	unpack_put_be32(f, 30);
	f->len += 4 * sums + 30;
	unpack_put_be32(f, 0);
}

static void unpack_test_lzo_blocks(struct kunit *test)
{
	const u32 flags[] = { 0, 1, 3, 2, 0x100, 0x300, 0x303 };
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int i, nr;
	size_t len;
	u32 last;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		unpack_put_lzop(f, flags[i]);
		KUNIT_EXPECT_EQ(test, 0,
				unpack_count_blocks(f, UNPACK_LZO, f->len, false, &nr, &last));
		KUNIT_EXPECT_EQ(test, nr, 2U);
		KUNIT_EXPECT_EQ(test, last, 30U);
		for (len = 0; len < f->len; len++)
			KUNIT_EXPECT_LT(test,
					unpack_count_blocks(f, UNPACK_LZO, len, false, &nr, &last),
					0);
	}
	/* Filters, extra fields and several parts are not supported. */
	for (i = 6; i <= 11; i += 5) {
		unpack_put_lzop(f, BIT(i));
		KUNIT_EXPECT_EQ(test, -EBADMSG,
				unpack_count_blocks(f, UNPACK_LZO, f->len, false, &nr, &last));
	}
}

static void unpack_test_lzo_lengths(struct kunit *test)
{
	static const struct {
		u32 size, len;
	} c[] = {
		{ 1000, 0 }, { 1000, 1001 }, { UNPACK_LZO_BLOCK + 1, 20 }, { ~0U, ~0U },
	};
	struct unpack_file *f = unpack_new_file(test, FILE_ROOM, PLAIN_LEN);
	unsigned int i, nr;
	u32 last;

	unpack_put_lzop(f, 0);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		/* The first block is after a header of 43 bytes. */
		put_unaligned_be32(c[i].size, f->bytes + 43);
		put_unaligned_be32(c[i].len, f->bytes + 47);
		KUNIT_EXPECT_EQ(test, -EBADMSG,
				unpack_count_blocks(f, UNPACK_LZO, f->len, false, &nr, &last));
	}

	/* The largest block, and the first version whose header has this length. */
	put_unaligned_be32(UNPACK_LZO_BLOCK, f->bytes + 43);
	put_unaligned_be32(20, f->bytes + 47);
	put_unaligned_be16(0x940, f->bytes + 9);
	KUNIT_EXPECT_EQ(test, 0, unpack_count_blocks(f, UNPACK_LZO, f->len, false, &nr, &last));
	KUNIT_EXPECT_EQ(test, nr, 2U);
}

static struct kunit_case unpack_test_cases[] = {
	KUNIT_CASE(unpack_test_raw),
	KUNIT_CASE(unpack_test_detect),
	KUNIT_CASE(unpack_test_gzip),
	KUNIT_CASE(unpack_test_gzip_fields),
	KUNIT_CASE(unpack_test_in_place),
	KUNIT_CASE(unpack_test_deflated),
	KUNIT_CASE(unpack_test_cut),
	KUNIT_CASE(unpack_test_flipped),
	KUNIT_CASE(unpack_test_trailing),
	KUNIT_CASE(unpack_test_members),
	KUNIT_CASE(unpack_test_head),
	KUNIT_CASE(unpack_test_zboot),
	KUNIT_CASE(unpack_test_zboot_bad),
	KUNIT_CASE(unpack_test_locate),
	KUNIT_CASE(unpack_test_zboot_methods),
	KUNIT_CASE(unpack_test_zboot_size),
	KUNIT_CASE(unpack_test_packers),
	KUNIT_CASE(unpack_test_lz4_blocks),
	KUNIT_CASE(unpack_test_lzo_blocks),
	KUNIT_CASE(unpack_test_lzo_lengths),
	{}
};

static struct kunit_suite unpack_test_suite = {
	.name = "kexec-image-unpack",
	.test_cases = unpack_test_cases,
};

kunit_test_suite(unpack_test_suite);
