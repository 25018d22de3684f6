// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: packed parts of an initrd
 *
 * Calls the decompressors of the initramfs, so that the same data is accepted as by the
 * next kernel.  They read in pieces and stop at their own end, where the next part may
 * start.  Headers are checked here before: the memory that they ask for, and sizes that
 * would make unlzma() read beyond its window or allocate none.  Bounds that bunzip2() does
 * not check are in a hook.
 *
 * For xz the library is called, because only it has a limit for the window of each block.
 *
 * The decompressors pass no argument to their callbacks, so there is one run at a time; a
 * load has the kexec lock.
 */

#include <linux/decompress/bunzip2.h>
#include <linux/decompress/generic.h>
#include <linux/decompress/inflate.h>
#include <linux/decompress/unlz4.h>
#include <linux/decompress/unlzma.h>
#include <linux/decompress/unlzo.h>
#include <linux/decompress/unzstd.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/xz.h>
#include <linux/zstd.h>

#include "initrd_pack.h"
#include "initrd_run.h"
#include "pages.h"
#include "zone.h"
#include "lib/initrd_cpio.h"

#define PACK_MAGIC_LEN	2

/* Buffers of each decompressor, without its window. */
#define PACK_BUFFERS	SZ_1M

/* Two blocks of 8 MiB, one of them packed. */
#define PACK_LZ4_BUFFERS	(17 * SZ_1M)

/* 900 kB of 32-bit words. */
#define PACK_BZIP2_BUFFERS	SZ_4M

/* Window of "xz -9" and "lzma -9"; zstd has a limit of its own. */
#define PACK_WINDOW_MAX	SZ_64M

/* LZMA_Alone: properties, window (32 bits), unpacked size (64 bits). */
#define PACK_LZMA_WINDOW_AT	1
#define PACK_LZMA_SIZE_AT	5
#define PACK_LZMA_HEADER	13

#define PACK_LZ4_WORD	4
#define PACK_LZ4_MAGIC	0x184c2102

/* Piece of xz; its first block header, and bits of the flags there; a filter. */
#define PACK_XZ_PIECE	SZ_64K
#define PACK_XZ_BLOCK_AT	12
#define PACK_XZ_FILTERS	0x03
#define PACK_XZ_SIZES	0xc0
#define PACK_XZ_LZMA2	0x21

/**
 * struct pack_format - a compression
 * @magic: first bytes
 * @name: for messages
 * @unpack: the decompressor, NULL if this kernel has none, or for xz
 * @from_last: it returns the end of its data from the start of the last piece
 */
struct pack_format {
	u8 magic[PACK_MAGIC_LEN];
	const char *name;
	decompress_fn unpack;
	bool from_last;
};

#define PACK_UNPACK(option, function)	\
	(IS_ENABLED(CONFIG_DECOMPRESS_##option) ? (function) : NULL)

enum { PACK_GZIP, PACK_GZIP_OLD, PACK_BZIP2, PACK_LZMA, PACK_XZ, PACK_LZO, PACK_LZ4, PACK_ZSTD };

static const struct pack_format pack_formats[] = {
	[PACK_GZIP] = { { 0x1f, 0x8b }, "gzip", PACK_UNPACK(GZIP, gunzip), true },
	[PACK_GZIP_OLD] = { { 0x1f, 0x9e }, "gzip", PACK_UNPACK(GZIP, gunzip), true },
	[PACK_BZIP2] = { { 'B', 'Z' }, "bzip2", PACK_UNPACK(BZIP2, bunzip2), true },
	[PACK_LZMA] = { { 0x5d, 0x00 }, "lzma", PACK_UNPACK(LZMA, unlzma), true },
	[PACK_XZ] = { { 0xfd, '7' }, "xz" },
	[PACK_LZO] = { { 0x89, 'L' }, "lzo", PACK_UNPACK(LZO, unlzo) },
	[PACK_LZ4] = { { 0x02, 0x21 }, "lz4", PACK_UNPACK(LZ4, unlz4) },
	[PACK_ZSTD] = { { 0x28, 0xb5 }, "zstd", PACK_UNPACK(ZSTD, unzstd) },
};

/**
 * struct pack_now - what the callbacks work on
 * @run: the run
 * @lz4: the packer is lz4
 * @block: the next piece of lz4 is a block, not its length
 */
static struct pack_now {
	struct initrd_run *run;
	bool lz4;
	bool block;
} pack_now;

static int pack_damaged(struct initrd_run *run)
{
	return kexec_initrd_fault(run, -EBADMSG, "its packed data is damaged");
}

static int pack_no_memory(struct initrd_run *run)
{
	return kexec_initrd_fault(run, -ENOMEM, "no memory for its buffers");
}

static bool pack_interrupted(struct initrd_run *run)
{
	cond_resched();
	return fatal_signal_pending(current) &&
	       kexec_initrd_fault(run, -EINTR, "interrupted by a signal");
}

/* unlz4() reads lengths and blocks in turn, and ends at a length of zero only at the end. */
static bool pack_lz4_ends(const struct initrd_run *run)
{
	const u8 *word = run->in + run->pos;

	if (pack_now.block) {
		pack_now.block = false;
		return false;
	}
	if (run->in_len - run->pos < PACK_LZ4_WORD || !get_unaligned_le32(word))
		return true;
	/* The magic number may be repeated. */
	pack_now.block = get_unaligned_le32(word) != PACK_LZ4_MAGIC;
	return false;
}

static long pack_fill(void *buf, unsigned long len)
{
	struct initrd_run *run = pack_now.run;

	/* unlzma() reads its header without a check for a fault. */
	if (run->last && (pack_interrupted(run) || run->err))
		return -1;
	if (pack_now.lz4 && pack_lz4_ends(run))
		return 0;
	len = min_t(u64, len, run->in_len - run->pos);
	if (!len)
		return -1;
	memcpy(buf, run->in + run->pos, len);
	run->pos += len;
	run->last = len;
	return len;
}

static long pack_flush(void *buf, unsigned long len)
{
	struct initrd_run *run = pack_now.run;

	if (pack_interrupted(run) || run->err)
		return -1;
	if (kexec_initrd_cpio_feed(&run->cpio, buf, len) != (s64)len) {
		kexec_initrd_fault(run, -EBADMSG, "its content is no cpio archive");
		return -1;
	}
	return kexec_initrd_write(run, buf, len) ? -1 : len;
}

/* The decompressors have messages, but no errno. */
static void pack_error(char *message)
{
	if (strstr(message, "memory") || strstr(message, "not allocate"))
		pack_no_memory(pack_now.run);
	else
		pack_damaged(pack_now.run);
}

/* Returns 0 if the header is not accepted. */
static u64 pack_zstd_memory(const u8 *data, u64 len)
{
	zstd_frame_header header;

	if (!IS_ENABLED(CONFIG_DECOMPRESS_ZSTD) || zstd_get_frame_header(&header, data, len))
		return 0;
	return header.windowSize + PACK_BUFFERS;
}

/* With a window larger than the content unlzma() has no bounds. */
static u64 pack_lzma_memory(const u8 *data, u64 len)
{
	u32 window;
	u64 size;

	if (len < PACK_LZMA_HEADER)
		return 0;
	window = get_unaligned_le32(data + PACK_LZMA_WINDOW_AT);
	size = get_unaligned_le64(data + PACK_LZMA_SIZE_AT);
	if (window > PACK_WINDOW_MAX || size < max(window, 1))
		return 0;
	return window + PACK_BUFFERS;
}

static u64 pack_memory(unsigned int format, const u8 *data, u64 len)
{
	switch (format) {
	case PACK_BZIP2:
		return PACK_BZIP2_BUFFERS;
	case PACK_LZMA:
		return pack_lzma_memory(data, len);
	case PACK_LZ4:
		return PACK_LZ4_BUFFERS;
	case PACK_ZSTD:
		return pack_zstd_memory(data, len);
	default:
		return PACK_BUFFERS;
	}
}

/* Bytes that can be allocated without the OOM killer, after pack_make_room(). */
static u64 pack_headroom(void)
{
	long pages = kexec_pages_headroom(0);

	return pages > 0 ? (u64)pages << PAGE_SHIFT : 0;
}

/*
 * The decompressors allocate with GFP_KERNEL, which may invoke the OOM killer.  Available
 * memory may be free pages of CMA areas, which vmalloc() cannot use.
 */
static int pack_make_room(struct initrd_run *run, u64 len)
{
	int ret = kexec_zone_make_room(PFN_UP(len));

	if (ret == -EINTR)
		return kexec_initrd_fault(run, ret, "interrupted by a signal");
	return ret ? kexec_initrd_fault(run, ret, "no memory for its window") : 0;
}

static int pack_xz_run(struct initrd_run *run, struct xz_dec *dec, u8 *out)
{
	struct xz_buf buf;
	enum xz_ret ret;

	do {
		if (pack_interrupted(run))
			return run->err;
		buf = (struct xz_buf) {
			.in = run->in + run->pos,
			.in_size = min_t(u64, run->in_len - run->pos, PACK_XZ_PIECE),
			.out = out,
			.out_size = PACK_XZ_PIECE,
		};
		ret = xz_dec_run(dec, &buf);
		run->pos += buf.in_pos;
		if (buf.out_pos && pack_flush(out, buf.out_pos) < 0)
			return run->err;
	} while (ret == XZ_OK);
	if (ret == XZ_STREAM_END)
		return 0;
	if (ret == XZ_MEM_ERROR)
		return kexec_initrd_fault(run, -ENOMEM, "no memory for the window of xz");
	/* More than PACK_WINDOW_MAX, or than the first block needs. */
	if (ret == XZ_MEMLIMIT_ERROR)
		return kexec_initrd_fault(run, -ENOMEM, "the window of xz is too large");
	return pack_damaged(run);
}

/* See 1.2 "Multibyte Integers" of the format; @at is advanced. */
static u64 pack_xz_number(const u8 *data, u64 len, u64 *at)
{
	unsigned int shift = 0;
	u64 value = 0;
	u8 byte = 0x80;

	for (; *at < len && byte & 0x80 && shift < 63; shift += 7) {
		byte = data[(*at)++];
		value |= (u64)(byte & 0x7f) << shift;
	}
	return value;
}

/**
 * kexec_initrd_xz_window() - get the size of the dictionary that xz data needs
 * @data: the data, from its magic on
 * @len: bytes of it
 *
 * That of the first block, see 3.1 "Block Header" and 5.3.1 "LZMA2" of the format.
 *
 * Return: bytes; the maximum if the header is not understood.
 */
u64 kexec_initrd_xz_window(const u8 *data, u64 len)
{
	u64 at = PACK_XZ_BLOCK_AT + 2, i, id, size;
	u8 flags, bits;

	if (len < at || !data[PACK_XZ_BLOCK_AT])
		return PACK_WINDOW_MAX;
	flags = data[PACK_XZ_BLOCK_AT + 1];
	len = min_t(u64, len, PACK_XZ_BLOCK_AT + 4 * (data[PACK_XZ_BLOCK_AT] + 1));
	for (i = 0; i < hweight8(flags & PACK_XZ_SIZES); i++)
		pack_xz_number(data, len, &at);
	for (i = 0; i <= (flags & PACK_XZ_FILTERS); i++) {
		id = pack_xz_number(data, len, &at);
		size = pack_xz_number(data, len, &at);
		if (size >= len - at)
			break;
		bits = data[at] & 0x3f;
		if (id == PACK_XZ_LZMA2 && size == 1 && bits < 40)
			return min_t(u64, (2ULL | (bits & 1)) << (bits / 2 + 11), PACK_WINDOW_MAX);
		at += size;
	}
	return PACK_WINDOW_MAX;
}

static int pack_xz(struct initrd_run *run)
{
	u8 *out __free(kvfree) = kvmalloc(PACK_XZ_PIECE, GFP_KERNEL);
	u64 window = kexec_initrd_xz_window(run->in + run->pos, run->in_len - run->pos);
	struct xz_dec *dec;
	int ret;

	if (window > pack_headroom())
		return kexec_initrd_fault(run, -ENOMEM, "no memory for its window");
	ret = pack_make_room(run, window);
	if (ret)
		return ret;
	dec = xz_dec_init(XZ_DYNALLOC, window);
	if (out && dec)
		ret = pack_xz_run(run, dec, out);
	else
		ret = kexec_initrd_fault(run, -ENOMEM, "no memory for the buffers of xz");
	xz_dec_end(dec);
	return ret;
}

/* Sets @pos to the first byte that is not part of the packed data. */
static int pack_unpack(struct initrd_run *run, const struct pack_format *format)
{
	u64 start = run->pos, end;
	long used = 0;
	int ret;

	ret = format->unpack(NULL, 0, pack_fill, pack_flush, NULL, &used, pack_error);
	if (run->err)
		return run->err;
	end = (format->from_last ? run->pos - run->last : start) + used;
	/* A trailer of gzip may be missing, or not have been read. */
	if (ret || used < 0 || end < run->pos - run->last || end > run->in_len)
		return pack_damaged(run);
	run->pos = end;
	return 0;
}

/**
 * kexec_initrd_unpack_one() - unpack a part of an initrd
 * @run: the run; the part starts at @pos, where the next one starts on success
 *
 * Return: 0, or an errno that @run has with its reason.
 */
int kexec_initrd_unpack_one(struct initrd_run *run)
{
	const u8 *data = run->in + run->pos;
	u64 len = run->in_len - run->pos, memory;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pack_formats); i++) {
		if (len > PACK_MAGIC_LEN && !memcmp(data, pack_formats[i].magic, PACK_MAGIC_LEN))
			break;
	}
	if (i == ARRAY_SIZE(pack_formats))
		return kexec_initrd_fault(run, -ENOEXEC, "it is neither packed nor a cpio archive");
	run->packed = pack_formats[i].name;
	pack_now = (struct pack_now) { .run = run, .lz4 = i == PACK_LZ4 };
	if (i == PACK_XZ && IS_ENABLED(CONFIG_DECOMPRESS_XZ))
		return pack_xz(run);
	if (!pack_formats[i].unpack)
		return kexec_initrd_fault(run, -ENOEXEC, "this kernel has no decompressor for it");
	memory = pack_memory(i, data, len);
	if (!memory)
		return kexec_initrd_fault(run, -ENOEXEC, "its header has a window out of bounds");
	if (memory > pack_headroom())
		return kexec_initrd_fault(run, -ENOMEM, "no memory for its window");
	return pack_make_room(run, memory) ?: pack_unpack(run, &pack_formats[i]);
}
