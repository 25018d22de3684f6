// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Images in lzma files
 *
 * The only lzma decoder after boot is that of MicroLZMA, which is an LZMA_Alone stream with
 * the complement of the properties in place of the first byte.  The stream may have an end
 * marker that the decoder does not know, so it is told how much to unpack.
 */

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <linux/xz.h>

#include "unpack.h"

/* Packed bytes of a step: a few tens of milliseconds of work on a slow core. */
#define LZMA_PIECE	SZ_64K

/* LZMA_Alone: properties, dictionary size (32 bits), unpacked size (64 bits). */
#define LZMA_HEADER_LEN	13
#define LZMA_DICT_AT	1
#define LZMA_SIZE_AT	5
#define LZMA_DICT_MIN	4096U
#define LZMA_DICT_MAX	(3U << 30)

/* @size: bytes to unpack */
struct unpack_lzma {
	struct xz_dec_microlzma *dec;
	struct xz_buf buf;
	u64 size;
};

/* 0 if unknown. */
static u64 unpack_lzma_size(const struct unpack_run *run)
{
	u64 size = run->payload->size ?: get_unaligned_le64(run->in + LZMA_SIZE_AT);

	if (run->head)
		return run->capacity;
	return size == U64_MAX ? 0 : size;
}

/* The properties, then the stream from its second byte on. */
static int unpack_lzma_start(struct unpack_lzma *lzma, struct unpack_run *run)
{
	u8 first = ~run->in[0];

	run->in += LZMA_HEADER_LEN;
	run->in_left -= LZMA_HEADER_LEN;
	xz_dec_microlzma_reset(lzma->dec, min_t(u64, run->in_left, LZMA_DICT_MAX), lzma->size,
			       false);
	lzma->buf = (struct xz_buf) { .in = &first, .in_size = 1, .out = run->out };
	if (xz_dec_microlzma_run(lzma->dec, &lzma->buf) != XZ_OK)
		return -EBADMSG;
	lzma->buf.in = run->in;
	return 0;
}

static void unpack_lzma_free(struct unpack_lzma *lzma)
{
	if (lzma->dec)
		xz_dec_microlzma_end(lzma->dec);
	kfree(lzma);
}

static int unpack_lzma_begin(struct unpack_run *run)
{
	struct unpack_lzma *lzma;
	u64 size;
	u32 dict;
	int ret;

	if (run->in_left <= LZMA_HEADER_LEN || run->in[LZMA_HEADER_LEN])
		return -EBADMSG;
	size = unpack_lzma_size(run);
	if (!size || size > min_t(u64, run->capacity, U32_MAX))
		return size ? -EFBIG : -EBADMSG;
	lzma = kzalloc(sizeof(*lzma), GFP_KERNEL);
	if (!lzma)
		return -ENOMEM;
	run->state = lzma;
	lzma->size = size;
	dict = clamp(get_unaligned_le32(run->in + LZMA_DICT_AT), LZMA_DICT_MIN, LZMA_DICT_MAX);
	lzma->dec = xz_dec_microlzma_alloc(XZ_SINGLE, dict);
	ret = lzma->dec ? unpack_lzma_start(lzma, run) : -ENOMEM;
	if (ret)
		unpack_lzma_free(lzma);
	return ret;
}

/*
 * The library stops after @size bytes.  It computes the end of the dictionary from the room
 * in the buffer, but from the start of the dictionary, so the room must not shrink.
 */
static int unpack_lzma_step(struct unpack_run *run)
{
	struct unpack_lzma *lzma = run->state;
	struct xz_buf *buf = &lzma->buf;
	enum xz_ret err;

	buf->in_size = min_t(u64, run->in_left, buf->in_pos + LZMA_PIECE);
	buf->out_size = buf->out_pos + lzma->size;
	err = xz_dec_microlzma_run(lzma->dec, buf);
	run->out_len = buf->out_pos;
	if (err == XZ_OK)
		return buf->in_pos < run->in_left ? 1 : -ENODATA;
	if (err != XZ_STREAM_END)
		return -EBADMSG;
	/* An end marker that the decoder does not read may follow. */
	run->in_left = 0;
	return 0;
}

static void unpack_lzma_end(struct unpack_run *run)
{
	unpack_lzma_free(run->state);
}

const struct unpack_ops kexec_unpack_lzma_ops = {
	.begin = unpack_lzma_begin,
	.step = unpack_lzma_step,
	.end = unpack_lzma_end,
};
