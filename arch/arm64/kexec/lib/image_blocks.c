// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Blocks of lz4 and lzo files
 *
 * A legacy file of lz4 starts with a magic number.  A block is its packed length, 32 bits
 * little-endian, and its data; it unpacks to 8 MiB or less.  The file ends with a length of
 * 0 or where no length follows.
 *
 * The header of an lzop file has flags for the checksums of the blocks.  A block is its
 * unpacked length, its packed length and its checksums, each 32 bits big-endian, and its
 * data.  It unpacks to 256 KiB or less.  The last one has an unpacked length of 0.
 *
 * No number is trusted.  Also built on the host.
 */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "image_unpack.h"

#define LZ4_MAGIC_LEN		4

#define LZOP_MAGIC_LEN		9
/* Versions from this one on have a required version, a level and a long time. */
#define LZOP_VERSION_LONG	0x0940
#define LZOP_FLAG_ADLER_OUT	BIT(0)
#define LZOP_FLAG_ADLER_IN	BIT(1)
#define LZOP_FLAG_EXTRA		BIT(6)
#define LZOP_FLAG_CRC_OUT	BIT(8)
#define LZOP_FLAG_CRC_IN	BIT(9)
#define LZOP_FLAG_PARTS		BIT(10)
#define LZOP_FLAG_FILTER	BIT(11)
#define LZOP_FLAGS_REFUSED	(LZOP_FLAG_EXTRA | LZOP_FLAG_PARTS | LZOP_FLAG_FILTER)

static const u8 *blocks_take(struct unpack_blocks *blocks, u64 len)
{
	const u8 *at = blocks->data;

	if (len > blocks->left)
		return NULL;
	blocks->data += len;
	blocks->left -= len;
	return at;
}

static bool blocks_take_be32(struct unpack_blocks *blocks, u32 *value)
{
	const u8 *at = blocks_take(blocks, 4);

	if (at)
		*value = get_unaligned_be32(at);
	return at;
}

/* Magic, version, library's version, needed version, method, level, flags, mode, time, name. */
static bool blocks_skip_lzop_header(struct unpack_blocks *blocks)
{
	const u8 *version = blocks_take(blocks, LZOP_MAGIC_LEN + 2), *name_len;
	bool is_long;

	if (!version)
		return false;
	is_long = get_unaligned_be16(version + LZOP_MAGIC_LEN) >= LZOP_VERSION_LONG;
	if (!blocks_take(blocks, is_long ? 6 : 3) || !blocks_take_be32(blocks, &blocks->flags))
		return false;
	if (blocks->flags & LZOP_FLAGS_REFUSED)
		return false;
	if (!blocks_take(blocks, is_long ? 12 : 8))
		return false;
	name_len = blocks_take(blocks, 1);
	return name_len && blocks_take(blocks, *name_len + 4);
}

/**
 * kexec_image_blocks_open() - find the first block of a payload
 * @payload: of the kind UNPACK_LZ4 or UNPACK_LZO
 * @blocks: filled in
 *
 * Return: 0, or -EBADMSG for a header that is damaged or not supported.
 */
int kexec_image_blocks_open(const struct unpack_payload *payload, struct unpack_blocks *blocks)
{
	bool good;

	*blocks = (struct unpack_blocks) {
		.data = payload->data, .left = payload->len, .kind = payload->kind,
	};
	good = blocks->kind == UNPACK_LZO ? blocks_skip_lzop_header(blocks)
					  : !!blocks_take(blocks, LZ4_MAGIC_LEN);
	return good ? 0 : -EBADMSG;
}

static int blocks_next_lz4(struct unpack_blocks *blocks, struct unpack_block *block)
{
	const u8 *len;

	if (!blocks->left)
		return 0;
	len = blocks_take(blocks, 4);
	if (!len)
		return -ENODATA;
	*block = (struct unpack_block) {
		.len = get_unaligned_le32(len), .size = UNPACK_LZ4_BLOCK,
	};
	return !!block->len;
}

static int blocks_next_lzo(struct unpack_blocks *blocks, struct unpack_block *block)
{
	u32 flags = blocks->flags, unused;

	*block = (struct unpack_block) { .checked = flags & LZOP_FLAG_ADLER_OUT };
	if (!blocks_take_be32(blocks, &block->size))
		return -ENODATA;
	if (!block->size)
		return 0;
	if (!blocks_take_be32(blocks, &block->len))
		return -ENODATA;
	if (!block->len || block->len > block->size || block->size > UNPACK_LZO_BLOCK)
		return -EBADMSG;
	block->stored = block->len == block->size;
	/* Data that is not compressed has one checksum of each kind. */
	if (block->stored)
		flags &= ~(LZOP_FLAG_ADLER_IN | LZOP_FLAG_CRC_IN);
	if ((block->checked && !blocks_take_be32(blocks, &block->adler)) ||
	    ((flags & LZOP_FLAG_CRC_OUT) && !blocks_take_be32(blocks, &unused)) ||
	    ((flags & LZOP_FLAG_ADLER_IN) && !blocks_take_be32(blocks, &unused)) ||
	    ((flags & LZOP_FLAG_CRC_IN) && !blocks_take_be32(blocks, &unused)))
		return -ENODATA;
	return 1;
}

/**
 * kexec_image_blocks_next() - get the next block of a payload
 * @blocks: advanced
 * @part: the payload may end anywhere: return what there is of the block
 * @block: filled in
 *
 * Return: 1 with a block, 0 after the last one, -ENODATA if the payload ends too early,
 * -EBADMSG if it is damaged.
 */
int kexec_image_blocks_next(struct unpack_blocks *blocks, bool part, struct unpack_block *block)
{
	int ret = blocks->kind == UNPACK_LZO ? blocks_next_lzo(blocks, block)
					     : blocks_next_lz4(blocks, block);

	if (ret <= 0)
		return ret;
	if (part && block->len > blocks->left)
		block->len = blocks->left;
	block->data = blocks_take(blocks, block->len);
	return block->data ? 1 : -ENODATA;
}
