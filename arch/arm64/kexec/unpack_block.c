// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Images in lz4 and lzo files
 *
 * image_blocks.c finds the blocks, and each step unpacks one.
 */

#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/lz4.h>
#include <linux/lzo.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/zutil.h>

#include "unpack.h"

static int unpack_block_begin(struct unpack_run *run)
{
	struct unpack_blocks *blocks = kmalloc(sizeof(*blocks), GFP_KERNEL);
	int ret;

	run->state = blocks;
	if (!blocks)
		return -ENOMEM;
	ret = kexec_image_blocks_open(run->payload, blocks);
	if (ret) {
		kfree(blocks);
		return ret;
	}
	run->in = blocks->data;
	run->in_left = blocks->left;
	return 0;
}

/* Bytes unpacked to @dst, or an errno; the library does not tell why a block fails. */
static int unpack_block_lz4(const struct unpack_run *run, const struct unpack_block *block,
			    u8 *dst, u32 room)
{
	int got;

	if (!IS_BUILTIN(CONFIG_LZ4_DECOMPRESS) || block->len > INT_MAX)
		return -EBADMSG;
	if (run->head)
		got = LZ4_decompress_safe_partial(block->data, dst, block->len, room, room);
	else
		got = LZ4_decompress_safe(block->data, dst, block->len, room);
	return got < 0 ? -EBADMSG : got;
}

static int unpack_block_lzo(const struct unpack_run *run, const struct unpack_block *block,
			    u8 *dst)
{
	size_t got = block->size;
	int err;

	if (!IS_BUILTIN(CONFIG_LZO_DECOMPRESS))
		return -EBADMSG;
	err = lzo1x_decompress_safe(block->data, block->len, dst, &got);
	if (run->head && err == LZO_E_INPUT_OVERRUN)
		return got;
	return err == LZO_E_OK && got == block->size ? got : -EBADMSG;
}

/* A function of its own, because a test counts its instructions. */
static noinline u32 unpack_block_adler32(const u8 *data, int len)
{
	return zlib_adler32(1, data, len);
}

/* Bytes unpacked to @dst, or an errno. */
static int unpack_block_one(const struct unpack_run *run, const struct unpack_block *block,
			    u8 *dst, u64 left)
{
	int got;

	if (run->payload->kind == UNPACK_LZ4)
		return unpack_block_lz4(run, block, dst, min_t(u64, left, block->size));
	if (block->size > left)
		return -EFBIG;
	if (!block->stored)
		got = unpack_block_lzo(run, block, dst);
	else
		got = block->len;
	if (block->stored)
		memcpy(dst, block->data, block->len);
	if (!run->head && got >= 0 && block->checked &&
	    unpack_block_adler32(dst, got) != block->adler)
		return -EBADMSG;
	return got;
}

static int unpack_block_step(struct unpack_run *run)
{
	struct unpack_blocks *blocks = run->state;
	struct unpack_block block;
	int ret;

	/* The loop may have moved the data. */
	blocks->data = run->in;
	ret = kexec_image_blocks_next(blocks, run->head, &block);
	run->in = blocks->data;
	run->in_left = blocks->left;
	if (ret <= 0)
		return ret;
	if (run->out_len == run->capacity)
		return -EFBIG;
	ret = unpack_block_one(run, &block, run->out + run->out_len,
			       run->capacity - run->out_len);
	if (ret < 0)
		return ret;
	run->out_len += ret;
	return 1;
}

static void unpack_block_end(struct unpack_run *run)
{
	kfree(run->state);
}

const struct unpack_ops kexec_unpack_block_ops = {
	.step_len = UNPACK_LZO_BLOCK,
	.begin = unpack_block_begin,
	.step = unpack_block_step,
	.end = unpack_block_end,
};
