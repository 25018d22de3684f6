// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Unpacking an Image
 *
 * Turns the payload that container.c found into the Image, with the kernel's
 * own zlib.  The head alone can be had first, so that the header is checked
 * before memory for the whole is taken; the whole goes to memory of the
 * caller's choice, which may be the very pages that the next kernel runs in.
 *
 * One piece is unpacked at a time, between two pieces others may run and a
 * fatal signal ends the work.  No lock; the state lives on the stack and in a
 * work area that is freed before return.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/cleanup.h>
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
#include <linux/zlib.h>

#include "container.h"

/* A few milliseconds of work on a slow core. */
#define INFLATE_PIECE	SZ_1M

static int inflate_damaged(const struct container_payload *payload, u64 done)
{
	pr_err("unpacking fails after %llu of %llu bytes; the file is damaged, give an intact one\n",
	       done, payload->unpacked_len);
	return -ENOEXEC;
}

static int inflate_piece(struct z_stream_s *strm, u64 left)
{
	strm->avail_out = min_t(u64, left, INFLATE_PIECE);
	return zlib_inflate(strm, Z_SYNC_FLUSH);
}

/*
 * Fills all of the @want bytes at @dst.  With an empty piece at the end zlib
 * gets to see that the stream ends there, which it must not say earlier.
 */
static int inflate_run(struct z_stream_s *strm, u64 want, bool to_end)
{
	int err = Z_OK;

	while (err == Z_OK && strm->total_out < want) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		err = inflate_piece(strm, want - strm->total_out);
	}
	if (to_end && err == Z_OK)
		err = inflate_piece(strm, 0);

	if (strm->total_out != want)
		return -ENOEXEC;
	if (to_end)
		return err == Z_STREAM_END && !strm->avail_in ? 0 : -ENOEXEC;
	return 0;
}

static int inflate_do(const struct container_payload *payload, void *dst,
		      u64 want, bool to_end)
{
	void *work __free(kvfree) = kvmalloc(zlib_inflate_workspacesize(), GFP_KERNEL);
	struct z_stream_s strm = {
		.next_in = payload->data,
		.avail_in = payload->len,
		.next_out = dst,
		.workspace = work,
	};
	int ret;

	if (!work) {
		pr_err("no memory for %d bytes to unpack with; free memory and load again\n",
		       zlib_inflate_workspacesize());
		return -ENOMEM;
	}

	/* Negative: a bare deflate stream, container.c has read what is around it. */
	if (zlib_inflateInit2(&strm, -MAX_WBITS) != Z_OK)
		return inflate_damaged(payload, 0);

	ret = inflate_run(&strm, want, to_end);
	if (ret == -ENOEXEC)
		return inflate_damaged(payload, strm.total_out);
	if (ret)
		pr_err("unpacking stopped by a signal after %lu of %llu bytes; load again\n",
		       strm.total_out, payload->unpacked_len);
	return ret;
}

/**
 * kexec_inflate_head - get the first bytes of a packed Image
 * @payload: as kexec_container_open() left it, packed
 * @head: filled with as many bytes as fit and are there
 * @room: bytes of @head
 *
 * Context: process context, may sleep.
 * Return: how many bytes @head holds; -ENOEXEC for damaged data, -ENOMEM or
 * -EINTR, each after one message.
 */
int kexec_inflate_head(const struct container_payload *payload,
		       void *head, size_t room)
{
	u64 want = min_t(u64, room, payload->unpacked_len);
	int ret = inflate_do(payload, head, want, false);

	return ret ?: want;
}

/**
 * kexec_inflate_all - unpack an Image
 * @payload: as kexec_container_open() left it, packed
 * @dst: room for @payload->unpacked_len bytes, which are undefined after a
 *       failure
 *
 * Context: process context, may sleep.
 * Return: 0 when all bytes are there and have the right CRC-32; -ENOEXEC for
 * damaged data, -ENOMEM or -EINTR, each after one message.
 */
int kexec_inflate_all(const struct container_payload *payload, void *dst)
{
	int ret = inflate_do(payload, dst, payload->unpacked_len, true);
	u32 crc;

	if (ret)
		return ret;
	crc = ~crc32_le(~0, dst, payload->unpacked_len);
	if (crc != payload->crc) {
		pr_err("CRC-32 of the unpacked Image is %#010x, not %#010x; the file is damaged, give an intact one\n",
		       crc, payload->crc);
		return -ENOEXEC;
	}
	return 0;
}
