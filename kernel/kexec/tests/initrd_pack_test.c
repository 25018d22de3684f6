// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-initrd-pack
 *
 * Damaged data of the packers whose output is not stored in kexec-initrd.  Some of the faults
 * are accesses out of bounds, which KASAN finds.  The samples are one archive, packed by
 * bzip2, xz and lzop; hostile blocks of bzip2 are written bit by bit.
 */

#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../initrd_pack.h"
#include "../initrd_run.h"

/* Bytes of the archive: a file of 64 bytes, and the trailer. */
#define PACK_CONTENT	300

#define PACK_ROOM	SZ_4K

/* Level 1; a block; what a block may have: 256 bytes, two runs and the end. */
#define BZIP2_MAGIC	0x425a6831
#define BZIP2_BLOCK	0x314159265359
#define BZIP2_SYMBOLS	258
#define BZIP2_LITERAL	16
/* Sum of the bytes 13, 15 and 13, which the transformation makes of 15, 14 and 13. */
#define BZIP2_CRC	0xccae43a7
#define BZIP2_ROOM	SZ_8K

static const u8 pack_bzip2[] = {
	0x42, 0x5a, 0x68, 0x31, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0xc3, 0x5d, 0xf0, 0x62,
	0x00, 0x00, 0x1f, 0x7f, 0x00, 0x4c, 0x10, 0x08, 0x08, 0x24, 0x00, 0x7c, 0xc4, 0x22,
	0x24, 0x14, 0x00, 0x31, 0x00, 0x20, 0x00, 0x54, 0x44, 0x00, 0x00, 0x03, 0xd2, 0x09,
	0x4d, 0x29, 0xa0, 0xd3, 0x4d, 0x34, 0x7a, 0x81, 0xa6, 0x48, 0x34, 0xba, 0x66, 0xc0,
	0xf1, 0xc1, 0x9a, 0x8d, 0x7a, 0xbd, 0x92, 0x52, 0x38, 0x12, 0x27, 0x14, 0x91, 0xbb,
	0xda, 0x39, 0xc6, 0xf0, 0xe1, 0x3e, 0x11, 0x27, 0x01, 0x60, 0x18, 0xd1, 0xab, 0xe2,
	0xee, 0x48, 0xa7, 0x0a, 0x12, 0x18, 0x6b, 0xbe, 0x0c, 0x40,
};

static const u8 pack_lzma[] = {
	0x5d, 0x00, 0x10, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
	0x18, 0x0d, 0xdd, 0x04, 0x63, 0x9c, 0x72, 0x1b, 0x76, 0xa1, 0xc0, 0x28, 0xf1, 0x75,
	0xef, 0xa7, 0x4c, 0xba, 0x84, 0xd7, 0xd7, 0x52, 0x0b, 0xb6, 0x25, 0xe7, 0xc8, 0xfb,
	0x10, 0x82, 0x25, 0x57, 0x82, 0x87, 0x39, 0x14, 0x8c, 0x05, 0x25, 0x60, 0x40, 0xa8,
	0x97, 0xc6, 0x23, 0xa2, 0xd8, 0x89, 0xe4, 0xe9, 0xff, 0x7f, 0xfd, 0xf3, 0x96, 0x00,
};

static const u8 pack_xz[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00,
	0x21, 0x01, 0x00, 0x00, 0x00, 0x00, 0x37, 0x27, 0x97, 0xd6, 0xe0, 0x01, 0x2b, 0x00,
	0x33, 0x5d, 0x00, 0x18, 0x0d, 0xdd, 0x04, 0x63, 0x9c, 0x72, 0x1b, 0x76, 0xa1, 0xc0,
	0x28, 0xf1, 0x75, 0xef, 0xa7, 0x4c, 0xba, 0x84, 0xd7, 0xd7, 0x52, 0x0b, 0xb6, 0x25,
	0xe7, 0xc8, 0xfb, 0x10, 0x82, 0x25, 0x57, 0x82, 0x87, 0x39, 0x14, 0x8c, 0x05, 0x25,
	0x60, 0x40, 0xa8, 0x97, 0xc6, 0x23, 0xa2, 0xd8, 0x86, 0x88, 0xa5, 0x00, 0x00, 0x00,
	0xd5, 0x62, 0xa5, 0x9d, 0x00, 0x01, 0x4b, 0xac, 0x02, 0x00, 0x00, 0x00, 0x6e, 0x94,
	0x14, 0xb9, 0x3e, 0x30, 0x0d, 0x8b, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
};

static const u8 pack_lzo[] = {
	0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a, 0x10, 0x40, 0x20, 0xa0, 0x09,
	0x40, 0x03, 0x09, 0x03, 0x00, 0x00, 0x09, 0x00, 0x00, 0x81, 0xa4, 0x6b, 0x09, 0xb0,
	0x07, 0x00, 0x00, 0x00, 0x00, 0x06, 0x73, 0x2e, 0x63, 0x70, 0x69, 0x6f, 0x52, 0xf5,
	0x06, 0x14, 0x00, 0x00, 0x01, 0x2c, 0x00, 0x00, 0x00, 0x48, 0x21, 0x4f, 0x3c, 0xf5,
	0x13, 0x30, 0x37, 0x46, 0x00, 0x31, 0x30, 0xa0, 0x00, 0x9c, 0x00, 0x02, 0x38, 0x31,
	0x61, 0x34, 0x30, 0x34, 0x01, 0x00, 0x31, 0x2c, 0x3a, 0x00, 0x34, 0x30, 0x20, 0x06,
	0x01, 0x00, 0x32, 0xe3, 0x01, 0x66, 0x00, 0x41, 0x20, 0x1e, 0x00, 0x00, 0x30, 0xbc,
	0x02, 0x39, 0x02, 0x00, 0x31, 0x30, 0x20, 0x15, 0x01, 0x00, 0x62, 0xe0, 0x01, 0x08,
	0x54, 0x52, 0x41, 0x49, 0x4c, 0x45, 0x52, 0x21, 0x21, 0x21, 0x00, 0x40, 0x00, 0x11,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/**
 * struct pack_sample - a packed archive
 * @name: its packer
 * @supported: this kernel can unpack it; otherwise each run is refused
 * @data: the bytes
 * @len: bytes at @data
 * @end: bytes at the end that are not needed to know the content
 */
struct pack_sample {
	const char *name;
	bool supported;
	const u8 *data;
	size_t len;
	size_t end;
};

static const struct pack_sample pack_samples[] = {
	{ "bzip2", IS_ENABLED(CONFIG_DECOMPRESS_BZIP2), pack_bzip2, sizeof(pack_bzip2) },
	{ "lzma", IS_ENABLED(CONFIG_DECOMPRESS_LZMA), pack_lzma, sizeof(pack_lzma), 6 },
	{ "xz", IS_ENABLED(CONFIG_DECOMPRESS_XZ), pack_xz, sizeof(pack_xz) },
	{ "lzo", IS_ENABLED(CONFIG_DECOMPRESS_LZO), pack_lzo, sizeof(pack_lzo), 4 },
};

/* Unpacks @len bytes of @data; nothing after them may be read. */
static struct initrd_run pack_test_run(struct kunit *test, const u8 *data, size_t len)
{
	u8 *copy = kmemdup(data, len, GFP_KERNEL);
	struct initrd_run run = { .in = copy, .in_len = len, .file_len = len, .limit = PACK_ROOM };
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	ret = kexec_initrd_unpack_one(&run);
	KUNIT_EXPECT_EQ(test, ret, run.err);
	KUNIT_EXPECT_LE(test, run.out_len, PACK_ROOM);
	kfree(copy);
	return run;
}

static void pack_test_whole(struct kunit *test)
{
	const struct pack_sample *sample;
	struct initrd_run run;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pack_samples); i++) {
		sample = &pack_samples[i];
		run = pack_test_run(test, sample->data, sample->len);
		KUNIT_EXPECT_EQ_MSG(test, sample->supported ? 0 : -ENOEXEC, run.err, "%s",
				    sample->name);
		KUNIT_EXPECT_EQ_MSG(test, sample->supported ? PACK_CONTENT : 0, run.out_len, "%s",
				    sample->name);
		KUNIT_EXPECT_EQ_MSG(test, sample->supported ? sample->len : 0, run.pos, "%s",
				    sample->name);
	}
}

static void pack_test_cut(struct kunit *test)
{
	const struct pack_sample *sample;
	struct initrd_run run;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(pack_samples); i++) {
		sample = &pack_samples[i];
		for (len = 1; len < sample->len - sample->end; len++) {
			run = pack_test_run(test, sample->data, len);
			KUNIT_EXPECT_NE_MSG(test, 0, run.err, "%s, %zu bytes", sample->name, len);
		}
	}
}

/* Each byte of a sample is changed in two ways. */
static void pack_test_changed(struct kunit *test)
{
	static const u8 changes[] = { 0x01, 0xc0 };
	const struct pack_sample *sample;
	unsigned int i, change, damaged;
	u8 data[PACK_CONTENT];
	size_t at;

	for (i = 0; i < ARRAY_SIZE(pack_samples); i++) {
		sample = &pack_samples[i];
		damaged = 0;
		memcpy(data, sample->data, sample->len);
		for (at = 0; at < sample->len; at++) {
			for (change = 0; change < ARRAY_SIZE(changes); change++) {
				data[at] ^= changes[change];
				damaged += !!pack_test_run(test, data, sample->len).err;
				data[at] ^= changes[change];
			}
		}
		KUNIT_EXPECT_GT_MSG(test, damaged, sample->len, "%s", sample->name);
	}
}

/* Without content the window would be an allocation of no bytes, which is a warning. */
static void pack_test_lzma_empty(struct kunit *test)
{
	static const u8 data[32] = { 0x5d };

	KUNIT_EXPECT_EQ(test, -ENOEXEC, pack_test_run(test, data, sizeof(data)).err);
}

/**
 * struct pack_bits - bits that are written
 * @data: the bytes
 * @len: bits
 */
struct pack_bits {
	u8 *data;
	size_t len;
};

static void pack_put(struct pack_bits *bits, u64 value, unsigned int len)
{
	while (len--) {
		bits->data[bits->len / 8] |= (value >> len & 1) << (7 - bits->len % 8);
		bits->len++;
	}
}

/* The start of a block of bzip2, with all bytes in use and two Huffman tables. */
static void pack_put_block(struct pack_bits *bits, u32 crc, unsigned int selectors)
{
	unsigned int i;

	pack_put(bits, BZIP2_BLOCK, 48);
	pack_put(bits, crc, 32);
	/* Not random, origin 0. */
	pack_put(bits, 0, 1 + 24);
	for (i = 0; i < 1 + 16; i++)
		pack_put(bits, 0xffff, 16);
	pack_put(bits, 2, 3);
	pack_put(bits, selectors, 15);
}

/* Two tables where the code of each symbol is the symbol, in nine bits. */
static void pack_put_tables(struct pack_bits *bits)
{
	unsigned int table, i;

	for (table = 0; table < 2; table++) {
		pack_put(bits, 9, 5);
		for (i = 0; i < BZIP2_SYMBOLS; i++)
			pack_put(bits, 0, 1);
	}
}

#define BZIP2_REFUSED	(IS_ENABLED(CONFIG_DECOMPRESS_BZIP2) ? -EBADMSG : -ENOEXEC)

static struct pack_bits pack_test_bzip2(struct kunit *test)
{
	struct pack_bits bits = { .data = kunit_kzalloc(test, BZIP2_ROOM, GFP_KERNEL) };

	KUNIT_ASSERT_NOT_NULL(test, bits.data);
	pack_put(&bits, BZIP2_MAGIC, 32);
	return bits;
}

/* The file ends with the buffer for input, in a list of selectors. */
static void pack_test_bzip2_input(struct kunit *test)
{
	struct pack_bits bits = pack_test_bzip2(test);

	pack_put_block(&bits, 0, S16_MAX);
	KUNIT_EXPECT_EQ(test, BZIP2_REFUSED, pack_test_run(test, bits.data, SZ_4K).err);
}

/*
 * The second block selects a third table of two. Its number is what the first block has left
 * there, the 16th byte of the list, which is above the tables and the object.
 */
static void pack_test_bzip2_selector(struct kunit *test)
{
	struct pack_bits bits = pack_test_bzip2(test);
	unsigned int i;

	pack_put_block(&bits, BZIP2_CRC, 1);
	pack_put(&bits, 0, 1);
	pack_put_tables(&bits);
	for (i = 0; i < 3; i++)
		pack_put(&bits, BZIP2_LITERAL, 9);
	pack_put(&bits, BZIP2_SYMBOLS - 1, 9);
	pack_put_block(&bits, 0, 1);
	pack_put(&bits, 0b110, 3);
	pack_put_tables(&bits);
	KUNIT_EXPECT_EQ(test, BZIP2_REFUSED, pack_test_run(test, bits.data, BZIP2_ROOM).err);
}

/* Block header: its size, flags, sizes of the block, a BCJ filter, and LZMA2 */
static void pack_test_xz_window(struct kunit *test)
{
	static const struct {
		u8 block[12];
		u64 window;
	} headers[] = {
		{ { 2, 0x00, 0x21, 1, 0 }, SZ_4K }, { { 2, 0x00, 0x21, 1, 16 }, SZ_1M },
		{ { 2, 0x00, 0x21, 1, 17 }, SZ_1M + SZ_512K },
		{ { 2, 0xc0, 0x81, 1, 5, 0x21, 1, 16 }, SZ_1M },
		{ { 2, 0x80, 0x85, 0x80, 1, 0x21, 1, 18 }, SZ_2M },
		{ { 2, 0x01, 0x0a, 0, 0x21, 1, 20 }, SZ_4M },
		{ { 2, 0x01, 0x04, 2, 9, 9, 0x21, 1, 20 }, SZ_4M },
		/* As large as is allowed, larger, and not valid */
		{ { 2, 0x00, 0x21, 1, 26 }, SZ_32M }, { { 2, 0x00, 0x21, 1, 30 }, SZ_64M },
		{ { 2, 0x00, 0x21, 1, 39 }, SZ_64M }, { { 2, 0x00, 0x21, 1, 63 }, SZ_64M },
		{ { 2, 0x00, 0x21, 2, 16 }, SZ_64M }, { { 2, 0x00, 0x0a, 1, 16 }, SZ_64M },
		{ { 0, 0x00, 0x21, 1, 16 }, SZ_64M }, { { 2, 0x00, 0x21, 0xff, 0xff }, SZ_64M },
	};
	unsigned int i, len;
	u8 data[24] = { };
	u64 window;

	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		memcpy(data + 12, headers[i].block, sizeof(headers[i].block));
		window = kexec_initrd_xz_window(data, sizeof(data));
		KUNIT_EXPECT_EQ_MSG(test, headers[i].window, window, "%u", i);
		/* A part of the header has its window, or none. */
		for (len = 0; len < sizeof(data); len++) {
			window = kexec_initrd_xz_window(data, len);
			KUNIT_EXPECT_TRUE_MSG(test, window == headers[i].window ||
					      window == SZ_64M, "%u: %u", i, len);
		}
	}
}

static struct kunit_case pack_test_cases[] = {
	KUNIT_CASE(pack_test_whole),
	KUNIT_CASE(pack_test_cut),
	KUNIT_CASE(pack_test_changed),
	KUNIT_CASE(pack_test_lzma_empty),
	KUNIT_CASE(pack_test_bzip2_input),
	KUNIT_CASE(pack_test_bzip2_selector),
	KUNIT_CASE(pack_test_xz_window),
	{}
};

static struct kunit_suite pack_test_suite = {
	.name = "kexec-initrd-pack",
	.test_cases = pack_test_cases,
};

kunit_test_suite(pack_test_suite);
