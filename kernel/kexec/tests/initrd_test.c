// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-initrd
 *
 * Initrds are made here of archives in blocks that are stored, not compressed, which each of
 * gzip, lz4 and zstd has, so their bytes are known.  The file is in memory, and may be
 * another one when it is read again.  All packers and whole kernels are in the QEMU cases.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "../initrd.h"
#include "../initrd_run.h"

#define ROOM		SZ_1M
/* More than a piece of any decompressor. */
#define BODY		(SZ_256K + 5)
/* Its low half is that of the magic number. */
#define LZ4_LENGTH	0x12102U
/* More than the distance, in a file with another archive. */
#define LARGE_BODY	SZ_4M
#define LARGE_ROOM	SZ_8M
#define GZIP_BLOCK	65535U
#define ZSTD_BLOCK	SZ_128K

/**
 * struct initrd_file - a file in memory
 * @data: its bytes
 * @len: bytes at @data
 * @reads: how often it was read
 * @peeked: bytes that were read in parts
 * @damage: offset of a byte that is changed at the second reading, 0 for none
 * @error: result of reading
 */
struct initrd_file {
	u8 *data;
	size_t len;
	unsigned int reads;
	size_t peeked;
	size_t damage;
	int error;
};

static int initrd_test_load(void *va, size_t len, void *arg)
{
	struct initrd_file *file = arg;

	if (file->error)
		return file->error;
	memcpy(va, file->data, len);
	if (file->reads++ == 1 && file->damage)
		((u8 *)va)[file->damage] ^= 4;
	return 0;
}

static ssize_t initrd_test_peek(void *va, size_t len, loff_t pos, void *arg)
{
	struct initrd_file *file = arg;

	if (file->error)
		return file->error;
	len = min_t(size_t, len, file->len - pos);
	memcpy(va, file->data + pos, len);
	file->peeked += len;
	return len;
}

static u8 *initrd_test_alloc(struct kunit *test, size_t len)
{
	u8 *data = vzalloc(len);

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, (kunit_action_t *)vfree, data));
	return data;
}

/* A file of @body bytes, and the trailer. */
static size_t initrd_test_archive(u8 *to, u32 body)
{
	size_t len = sprintf(to, "070701%08x%08x%032x%08x%032x%08x%08x", 1, 0100644, 0, body, 0, 6,
			     0);
	u32 i;

	len += 6;
	for (i = 0; i < body; i++)
		to[len++] = i * 7 + (i >> 9);
	len = ALIGN(len, 4);
	len += sprintf(to + len, "070701%088x%08x%08xTRAILER!!!", 0, 11, 0);
	return ALIGN(len + 1, 4);
}

static size_t initrd_test_gzip(u8 *to, const u8 *from, size_t len)
{
	static const u8 header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	size_t at = sizeof(header), done = 0, block;

	memcpy(to, header, at);
	do {
		block = min(len - done, GZIP_BLOCK);
		to[at] = done + block == len;
		put_unaligned_le16(block, to + at + 1);
		put_unaligned_le16(~block, to + at + 3);
		memcpy(to + at + 5, from + done, block);
		at += 5 + block;
		done += block;
	} while (done < len);
	return at + 8;
}

/* One block with nothing but literals. */
static size_t initrd_test_lz4(u8 *to, const u8 *from, size_t len)
{
	size_t at = 8, more;

	put_unaligned_le32(0x184c2102, to);
	to[at++] = 0xf0;
	for (more = len - 15; more >= 255; more -= 255)
		to[at++] = 255;
	to[at++] = more;
	memcpy(to + at, from, len);
	put_unaligned_le32(at + len - 8, to + 4);
	return at + len;
}

static size_t initrd_test_zstd(u8 *to, const u8 *from, size_t len)
{
	size_t at = 6, done, block;

	/* A window of 256 KiB, no size, no checksum. */
	put_unaligned_le32(0xfd2fb528, to);
	to[4] = 0;
	to[5] = 8 << 3;
	for (done = 0; done < len; done += block) {
		block = min_t(size_t, len - done, ZSTD_BLOCK);
		put_unaligned_le24(block << 3 | (done + block == len), to + at);
		memcpy(to + at + 3, from + done, block);
		at += 3 + block;
	}
	return at;
}

struct initrd_packer {
	const char *name;
	bool supported;
	size_t (*pack)(u8 *to, const u8 *from, size_t len);
};

static const struct initrd_packer initrd_packers[] = {
	{ "gzip", IS_ENABLED(CONFIG_DECOMPRESS_GZIP), initrd_test_gzip },
	{ "lz4", IS_ENABLED(CONFIG_DECOMPRESS_LZ4), initrd_test_lz4 },
	{ "zstd", IS_ENABLED(CONFIG_DECOMPRESS_ZSTD), initrd_test_zstd },
};

/**
 * struct initrd_fixture - an initrd of three parts
 * @file: the file: an archive, a packed one, zeroes, an archive
 * @plan: the load of @file
 * @want: bytes for the next kernel
 * @want_len: bytes at @want
 * @packed: offset of the packed archive
 */
struct initrd_fixture {
	struct initrd_file file;
	struct kexec_initrd plan;
	u8 *want;
	size_t want_len;
	size_t packed;
};

static void initrd_test_make(struct kunit *test, struct initrd_fixture *f,
			     const struct initrd_packer *packer)
{
	u8 *data = initrd_test_alloc(test, ROOM), *want = initrd_test_alloc(test, ROOM);
	size_t small, large, len;

	small = initrd_test_archive(want, 9);
	large = initrd_test_archive(want + small, BODY);
	memcpy(want + small + large, want, small);
	memcpy(data, want, small);
	len = small + packer->pack(data + small, want + small, large);
	len = ALIGN(len, 4) + 64;
	memcpy(data + len, want, small);
	*f = (struct initrd_fixture) {
		.file = { .data = data, .len = len + small },
		.plan = {
			.read = initrd_test_load, .peek = initrd_test_peek, .arg = &f->file,
			.file_len = len + small,
		},
		.want = want, .want_len = 2 * small + large, .packed = small,
	};
}

static void initrd_test_expect(struct kunit *test, struct initrd_fixture *f, const char *name)
{
	u8 *va = initrd_test_alloc(test, PAGE_ALIGN(f->plan.room));

	KUNIT_EXPECT_EQ_MSG(test, 0, kexec_initrd_read(va, f->plan.len, &f->plan), "%s", name);
	KUNIT_EXPECT_TRUE_MSG(test, f->plan.unpack, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, 0, memcmp(va, f->want, f->want_len), "%s", name);
}

/* Once with the distance that is planned, and once where the file has to be moved. */
static void initrd_test_unpack(struct kunit *test)
{
	struct initrd_fixture f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(initrd_packers); i++) {
		if (!initrd_packers[i].supported)
			continue;
		initrd_test_make(test, &f, &initrd_packers[i]);
		KUNIT_ASSERT_EQ(test, 0, kexec_initrd_plan(&f.plan, SZ_16M));
		KUNIT_ASSERT_TRUE_MSG(test, f.plan.unpack, "%s", initrd_packers[i].name);
		KUNIT_ASSERT_EQ(test, f.want_len, f.plan.len);
		KUNIT_EXPECT_LE(test, f.plan.len, f.plan.room);
		KUNIT_EXPECT_LE(test, f.plan.room, f.plan.len + SZ_4M);
		initrd_test_expect(test, &f, initrd_packers[i].name);
		f.plan.room = max(f.plan.len, f.plan.file_len);
		initrd_test_expect(test, &f, initrd_packers[i].name);
	}
}

static void initrd_test_tail(struct kunit *test)
{
	static const char text[] = "word = 1\n\0\0\0\xc\0\0\0zzzz#BOOTCONFIG\n";
	const size_t len = sizeof(text) - 1;
	struct initrd_fixture f;

	initrd_test_make(test, &f, &initrd_packers[0]);
	memcpy(f.file.data + f.file.len, text, len);
	f.plan.file_len += len;
	memcpy(f.want + f.want_len, text, len);
	f.want_len += len;
	KUNIT_ASSERT_EQ(test, 0, kexec_initrd_plan(&f.plan, SZ_16M));
	KUNIT_EXPECT_EQ(test, f.want_len, f.plan.len);
	initrd_test_expect(test, &f, "tail");
	f.plan.room = max(f.plan.len, f.plan.file_len);
	initrd_test_expect(test, &f, "tail, moved");
}

/* Archives of @front and @back bytes, and a packed one between them. */
static void initrd_test_make_large(struct kunit *test, struct initrd_fixture *f, u32 front,
				   u32 back)
{
	size_t first, second, third, len;

	initrd_test_make(test, f, &initrd_packers[0]);
	f->file.data = initrd_test_alloc(test, LARGE_ROOM);
	f->want = initrd_test_alloc(test, LARGE_ROOM);
	first = initrd_test_archive(f->want, front);
	second = initrd_test_archive(f->want + first, BODY);
	third = initrd_test_archive(f->want + first + second, back);
	f->want_len = first + second + third;
	memcpy(f->file.data, f->want, first);
	len = first + initrd_test_gzip(f->file.data + first, f->want + first, second);
	len = ALIGN(len, 4);
	memcpy(f->file.data + len, f->want + first + second, third);
	f->file.len = len + third;
	f->plan.file_len = f->file.len;
}

/* A plain archive that is larger than the distance is copied without a copy of the file. */
static void initrd_test_large(struct kunit *test)
{
	struct initrd_fixture f;
	struct initrd_run run;
	unsigned int i;
	u8 *va;

	for (i = 0; i < 2; i++) {
		initrd_test_make_large(test, &f, i ? 9 : LARGE_BODY, i ? LARGE_BODY : 9);
		KUNIT_ASSERT_EQ(test, 0, kexec_initrd_plan(&f.plan, SZ_64M));
		KUNIT_ASSERT_EQ(test, f.want_len, f.plan.len);
		va = initrd_test_alloc(test, PAGE_ALIGN(f.plan.room));
		run = (struct initrd_run) {
			.in = va + f.plan.room - f.file.len, .file_len = f.file.len,
			.out = va, .limit = f.plan.len,
		};
		memcpy((void *)run.in, f.file.data, f.file.len);
		KUNIT_EXPECT_EQ(test, 0, kexec_initrd_all(&run));
		KUNIT_EXPECT_NULL_MSG(test, run.moved, "archive %u", i);
		kvfree(run.moved);
		KUNIT_EXPECT_EQ(test, f.want_len, run.out_len);
		KUNIT_EXPECT_EQ(test, 0, memcmp(va, f.want, f.want_len));
	}
}

/* A block of lz4 has a length that starts like the magic number. */
static void initrd_test_lz4_length(struct kunit *test)
{
	u8 *data = initrd_test_alloc(test, ROOM), *want = initrd_test_alloc(test, ROOM);
	const bool supported = IS_ENABLED(CONFIG_DECOMPRESS_LZ4);
	struct initrd_run run = { .in = data, .limit = ROOM };
	size_t len;

	/* Headers, and a byte of length for each 255. */
	len = initrd_test_archive(want, LZ4_LENGTH - 530);
	run.file_len = initrd_test_lz4(data, want, len);
	KUNIT_ASSERT_EQ(test, LZ4_LENGTH, get_unaligned_le32(data + 4));
	KUNIT_EXPECT_EQ(test, supported ? 0 : -ENOEXEC, kexec_initrd_all(&run));
	KUNIT_EXPECT_EQ(test, supported ? len : 0, run.out_len);
}

static void initrd_test_limit(struct kunit *test)
{
	struct initrd_fixture f;
	u8 *va;

	initrd_test_make(test, &f, &initrd_packers[0]);
	KUNIT_ASSERT_EQ(test, 0, kexec_initrd_plan(&f.plan, f.plan.file_len));
	KUNIT_EXPECT_TRUE(test, f.plan.unpack);
	/* One byte less than is packed. */
	va = initrd_test_alloc(test, PAGE_ALIGN(f.plan.room));
	f.plan.len = f.want_len - 1;
	KUNIT_EXPECT_EQ(test, 0, kexec_initrd_read(va, f.plan.len, &f.plan));
	KUNIT_EXPECT_FALSE(test, f.plan.unpack);
	KUNIT_ASSERT_EQ(test, 0, kexec_initrd_plan(&f.plan, f.plan.file_len - 1));
	KUNIT_EXPECT_FALSE(test, f.plan.unpack);
	KUNIT_EXPECT_EQ(test, f.plan.file_len, f.plan.len);
	KUNIT_EXPECT_EQ(test, f.plan.file_len, f.plan.room);
}

static void initrd_test_expect_kept(struct kunit *test, struct initrd_fixture *f,
				    const char *name)
{
	KUNIT_ASSERT_EQ_MSG(test, 0, kexec_initrd_plan(&f->plan, SZ_16M), "%s", name);
	KUNIT_EXPECT_FALSE_MSG(test, f->plan.unpack, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, f->plan.file_len, f->plan.len, "%s", name);
}

static void initrd_test_kept(struct kunit *test)
{
	struct initrd_fixture f;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(initrd_packers); i++) {
		if (!initrd_packers[i].supported)
			continue;
		initrd_test_make(test, &f, &initrd_packers[i]);
		len = f.plan.file_len;
		f.plan.file_len = f.packed + BODY / 2;
		initrd_test_expect_kept(test, &f, "cut");
		f.plan.file_len = f.packed + 3;
		initrd_test_expect_kept(test, &f, "cut after the magic");
		f.plan.file_len = len;
		f.file.data[f.packed + 1] ^= 0x40;
		initrd_test_expect_kept(test, &f, "no known magic");
		f.file.data[f.packed + 1] ^= 0x40;
		/* A digit of the size of the trailer's name. */
		f.file.data[len - 30] ^= 0x40;
		initrd_test_expect_kept(test, &f, "damaged archive after it");
	}
	initrd_test_make(test, &f, &initrd_packers[0]);
	f.file.error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, kexec_initrd_plan(&f.plan, SZ_16M));
}

/* A packed file of no bytes is loaded as it is. */
static void initrd_test_empty(struct kunit *test)
{
	struct initrd_fixture f;

	initrd_test_make(test, &f, &initrd_packers[0]);
	f.file.len = initrd_packers[0].pack(f.file.data, f.want, 0);
	f.plan.file_len = f.file.len;
	initrd_test_expect_kept(test, &f, "empty");
	KUNIT_EXPECT_EQ(test, 1, f.file.reads);
}

/* Archives without a packed one: only their headers are read. */
static void initrd_test_plain(struct kunit *test)
{
	struct initrd_fixture f;

	initrd_test_make(test, &f, &initrd_packers[0]);
	f.file.data = f.want;
	f.file.len = f.want_len;
	f.plan.file_len = f.want_len;
	initrd_test_expect_kept(test, &f, "plain");
	KUNIT_EXPECT_EQ(test, 0, f.file.reads);
	KUNIT_EXPECT_GT(test, f.file.peeked, 0);
	KUNIT_EXPECT_LT(test, f.file.peeked, f.want_len / 2);
	/* A fault is reported by the pass that reads all. */
	f.plan.file_len--;
	initrd_test_expect_kept(test, &f, "cut");
	KUNIT_EXPECT_EQ(test, 1, f.file.reads);
}

/* The archive in the packed part has one byte that is no digit when it is read again. */
static void initrd_test_changed(struct kunit *test)
{
	struct initrd_fixture f;
	u8 *va;

	initrd_test_make(test, &f, &initrd_packers[0]);
	f.file.damage = f.packed + 10 + 5 + 2;
	KUNIT_ASSERT_EQ(test, 0, kexec_initrd_plan(&f.plan, SZ_16M));
	va = initrd_test_alloc(test, PAGE_ALIGN(f.plan.room));
	KUNIT_EXPECT_EQ(test, 0, kexec_initrd_read(va, f.plan.len, &f.plan));
	KUNIT_EXPECT_FALSE(test, f.plan.unpack);
	KUNIT_EXPECT_EQ(test, f.plan.file_len, f.plan.len);
	KUNIT_EXPECT_EQ(test, 0, kexec_initrd_read(va, f.plan.len, &f.plan));
	KUNIT_EXPECT_EQ(test, 0, memcmp(va, f.file.data, f.file.len));
	KUNIT_EXPECT_EQ(test, 3, f.file.reads);
}

static struct kunit_case initrd_test_cases[] = {
	KUNIT_CASE(initrd_test_unpack),
	KUNIT_CASE(initrd_test_tail),
	KUNIT_CASE(initrd_test_large),
	KUNIT_CASE(initrd_test_lz4_length),
	KUNIT_CASE(initrd_test_limit),
	KUNIT_CASE(initrd_test_kept),
	KUNIT_CASE(initrd_test_empty),
	KUNIT_CASE(initrd_test_plain),
	KUNIT_CASE(initrd_test_changed),
	{}
};

static struct kunit_suite initrd_test_suite = {
	.name = "kexec-initrd",
	.test_cases = initrd_test_cases,
};

kunit_test_suite(initrd_test_suite);
