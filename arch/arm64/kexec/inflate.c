// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Unpacking an Image
 *
 * Turns the payload that image_unpack.c found into the Image, with the kernel's
 * own zlib.  The head is unpacked first: it has the size of the Image,
 * and no stored_len of the packed data about its length is used before it is compared.
 * The whole is unpacked into memory of the caller's choice, which may be the very pages
 * that the next kernel runs in.
 *
 * One piece is unpacked at a time, between two pieces others may run and a
 * fatal signal ends the work.  No lock; the state lives on the stack and in a
 * work area that is freed before return.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <linux/zlib.h>

#include "lib/image_unpack.h"

/* A few milliseconds of work on a slow core. */
#define INFLATE_PIECE	SZ_1M

/* Bytes after the deflate stream, RFC 1952, 2.3. */
#define INFLATE_TRAILER	8

static int inflate_damaged(u64 done)
{
	pr_err("unpacking fails after %llu bytes: the data is damaged\n", done);
	return -ENOEXEC;
}

static int inflate_begin(struct z_stream_s *strm, const struct unpack_payload *payload,
			 void *dst)
{
	*strm = (struct z_stream_s) {
		.next_in = payload->data,
		.avail_in = payload->len,
		.next_out = dst,
		.workspace = kvmalloc(zlib_inflate_workspacesize(), GFP_KERNEL),
	};
	if (!strm->workspace) {
		pr_err("no memory to unpack the Image (%d bytes)\n",
		       zlib_inflate_workspacesize());
		return -ENOMEM;
	}
	/* Negative: a bare deflate stream, image_unpack.c has parsed the gzip header. */
	if (zlib_inflateInit2(strm, -MAX_WBITS) == Z_OK)
		return 0;
	kvfree(strm->workspace);
	return inflate_damaged(0);
}

static int inflate_piece(struct z_stream_s *strm, u64 left)
{
	strm->avail_out = min_t(u64, left, INFLATE_PIECE);
	return zlib_inflate(strm, Z_SYNC_FLUSH);
}

/*
 * Stops at the end of the stream or when @capacity bytes are filled.  With an empty piece
 * at the end zlib sees an end of the stream that is just there.
 */
static int inflate_run(struct z_stream_s *strm, u64 capacity)
{
	int err = Z_OK;

	while (err == Z_OK && strm->total_out < capacity) {
		if (fatal_signal_pending(current)) {
			pr_err("unpacking interrupted by a signal after %lu bytes\n",
			       strm->total_out);
			return -EINTR;
		}
		cond_resched();
		err = inflate_piece(strm, capacity - strm->total_out);
	}
	if (err == Z_OK)
		err = inflate_piece(strm, 0);
	if (err == Z_STREAM_END)
		return 0;
	if (strm->total_out < capacity || err == Z_DATA_ERROR || !strm->avail_in)
		return inflate_damaged(strm->total_out);
	pr_err("unpacked Image exceeds its image_size of %llu bytes\n", capacity);
	return -ENOEXEC;
}

static int inflate_check_end(const struct z_stream_s *strm, const void *image)
{
	const u8 *rest = strm->next_in;
	u32 crc, stored_len, len = strm->total_out;

	if (strm->avail_in < INFLATE_TRAILER) {
		pr_err("gzip trailer has %lu bytes, not %d\n",
		       strm->avail_in, INFLATE_TRAILER);
		return -ENOEXEC;
	}
	stored_len = get_unaligned_le32(rest + 4);
	if (stored_len != len) {
		pr_err("gzip trailer: %u bytes, but %u were unpacked\n",
		       stored_len, len);
		return -ENOEXEC;
	}
	crc = ~crc32_le(~0, image, strm->total_out);
	if (crc != get_unaligned_le32(rest)) {
		pr_err("CRC-32 of the unpacked Image is %#010x, not %#010x\n",
		       crc, get_unaligned_le32(rest));
		return -ENOEXEC;
	}
	/* Zeroes are padding, as of a file that was written to whole blocks. */
	if (!memchr_inv(rest + INFLATE_TRAILER, 0, strm->avail_in - INFLATE_TRAILER))
		return 0;
	pr_err("gzip: %lu bytes after the first member are not zero\n",
	       strm->avail_in - INFLATE_TRAILER);
	return -ENOEXEC;
}

/**
 * kexec_inflate_head - unpack the first bytes of an Image
 * @payload: as kexec_image_unpack_open_gzip() left it; it may end anywhere
 * @head: filled with as many bytes as fit and are in @payload
 * @capacity: bytes of @head
 *
 * Context: process context, may sleep.
 * Return: how many bytes @head holds; -ENOEXEC for damaged data or -ENOMEM, each after
 * one message.
 */
int kexec_inflate_head(const struct unpack_payload *payload,
		       void *head, size_t capacity)
{
	struct z_stream_s strm;
	int ret = inflate_begin(&strm, payload, head), err = Z_OK;

	if (ret)
		return ret;
	while (err == Z_OK && strm.total_out < capacity)
		err = inflate_piece(&strm, capacity - strm.total_out);
	kvfree(strm.workspace);
	/* Z_BUF_ERROR: all of the input is used. */
	if (err == Z_OK || err == Z_STREAM_END || (err == Z_BUF_ERROR && strm.total_out))
		return strm.total_out;
	return inflate_damaged(strm.total_out);
}

/**
 * kexec_inflate_all - unpack an Image
 * @payload: as kexec_image_unpack_open() left it, packed
 * @dst: filled; undefined after a failure
 * @capacity: bytes at @dst; an Image that has more is refused
 * @len: set to the bytes of the Image
 *
 * Context: process context, may sleep.
 * Return: 0 when all bytes are there and have the right CRC-32, and nothing but zeroes
 * follows them; -ENOEXEC otherwise, -ENOMEM or -EINTR, each after one message.
 */
int kexec_inflate_all(const struct unpack_payload *payload, void *dst, u64 capacity, u64 *len)
{
	struct z_stream_s strm;
	int ret = inflate_begin(&strm, payload, dst);

	if (ret)
		return ret;
	ret = inflate_run(&strm, capacity);
	if (!ret)
		ret = inflate_check_end(&strm, dst);
	kvfree(strm.workspace);
	*len = strm.total_out;
	return ret;
}
