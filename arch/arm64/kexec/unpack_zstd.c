// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Images in zstd files
 *
 * The library unpacks one block of at most 128 KiB into the destination, where it finds the
 * earlier ones, so no memory is allocated for a window of up to 128 MiB.
 */

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/types.h>

/* Functions that unpack a frame by blocks. */
#define ZSTD_STATIC_LINKING_ONLY
#include <linux/zstd.h>

#include "unpack.h"

static int unpack_zstd_begin(struct unpack_run *run)
{
	size_t len = zstd_dctx_workspace_bound();
	ZSTD_DCtx *ctx;

	run->state = kvmalloc(len, GFP_KERNEL);
	if (!run->state)
		return -ENOMEM;
	/* The context starts at the workspace. */
	ctx = zstd_init_dctx(run->state, len);
	if (ctx && !zstd_is_error(ZSTD_decompressBegin(ctx)))
		return 0;
	kvfree(run->state);
	return -ENOMEM;
}

static int unpack_zstd_step(struct unpack_run *run)
{
	ZSTD_DCtx *ctx = run->state;
	size_t want = ZSTD_nextSrcSizeToDecompress(ctx), got;

	if (!want)
		return 0;
	if (want > run->in_left)
		return -ENODATA;
	got = ZSTD_decompressContinue(ctx, run->out + run->out_len, run->capacity - run->out_len,
				      run->in, want);
	if (zstd_is_error(got))
		return zstd_get_error_code(got) == ZSTD_error_dstSize_tooSmall ? -EFBIG : -EBADMSG;
	run->in += want;
	run->in_left -= want;
	run->out_len += got;
	return 1;
}

static void unpack_zstd_end(struct unpack_run *run)
{
	kvfree(run->state);
}

const struct unpack_ops kexec_unpack_zstd_ops = {
	.step_len = ZSTD_BLOCKSIZE_MAX,
	.begin = unpack_zstd_begin,
	.step = unpack_zstd_step,
	.end = unpack_zstd_end,
};
