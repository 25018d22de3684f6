// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Images in gzip files
 *
 * A step of unpack.c with the kernel's zlib.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <linux/zlib.h>

#include "unpack.h"

/* Bytes after the deflate stream, RFC 1952, 2.3. */
#define INFLATE_TRAILER	8

/* @crc: of the bytes that are unpacked, without the final complement */
struct inflate {
	struct z_stream_s strm;
	u32 crc;
};

static int inflate_begin(struct unpack_run *run)
{
	struct inflate *inflate = kvmalloc(sizeof(*inflate) + zlib_inflate_workspacesize(),
					   GFP_KERNEL);

	run->state = inflate;
	if (!inflate)
		return -ENOMEM;
	*inflate = (struct inflate) { .strm.workspace = inflate + 1, .crc = ~0 };
	/* Negative: a bare deflate stream, image_unpack.c has parsed the gzip header. */
	if (zlib_inflateInit2(&inflate->strm, -MAX_WBITS) == Z_OK)
		return 0;
	kvfree(inflate);
	return -EBADMSG;
}

/*
 * With an empty piece at the end zlib sees an end of the stream that is just there.  Without
 * progress there is no room, or no data.  The CRC grows with each step, because that of the
 * whole Image would take too long at once.
 */
static int inflate_step(struct unpack_run *run)
{
	struct inflate *inflate = run->state;
	struct z_stream_s *strm = &inflate->strm;
	u64 left = run->capacity - run->out_len;
	int err;

	strm->next_in = run->in;
	strm->avail_in = run->in_left;
	strm->next_out = run->out + run->out_len;
	strm->avail_out = min_t(u64, left, UNPACK_INFLATE_PIECE);
	err = zlib_inflate(strm, Z_SYNC_FLUSH);
	run->in = strm->next_in;
	run->in_left = strm->avail_in;
	inflate->crc = crc32_le(inflate->crc, run->out + run->out_len,
				strm->total_out - run->out_len);
	run->out_len = strm->total_out;

	if (err == Z_STREAM_END)
		return 0;
	if (err == Z_OK)
		return 1;
	if (err != Z_BUF_ERROR)
		return -EBADMSG;
	return run->in_left ? -EFBIG : -ENODATA;
}

static int inflate_check(struct unpack_run *run)
{
	const struct inflate *inflate = run->state;
	u32 crc = ~inflate->crc, stored_len, len = run->out_len;

	if (run->in_left < INFLATE_TRAILER) {
		pr_err("gzip trailer has %llu bytes, not %d\n", run->in_left, INFLATE_TRAILER);
		return -ENOEXEC;
	}
	stored_len = get_unaligned_le32(run->in + 4);
	if (stored_len != len) {
		pr_err("gzip trailer: %u bytes, but %u were unpacked\n", stored_len, len);
		return -ENOEXEC;
	}
	if (crc != get_unaligned_le32(run->in)) {
		pr_err("CRC-32 of the unpacked Image is %#010x, not %#010x\n",
		       crc, get_unaligned_le32(run->in));
		return -ENOEXEC;
	}
	run->in += INFLATE_TRAILER;
	run->in_left -= INFLATE_TRAILER;
	return 0;
}

static void inflate_end(struct unpack_run *run)
{
	kvfree(run->state);
}

const struct unpack_ops kexec_inflate_ops = {
	.begin = inflate_begin,
	.step = inflate_step,
	.check = inflate_check,
	.end = inflate_end,
};
