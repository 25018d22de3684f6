// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Images in xz files
 *
 * The destination is the dictionary, so no memory is allocated for one of up to 128 MiB.
 * The library then unpacks an xz file in one step, so unpack.c limits its size.
 */

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/xz.h>

#include "unpack.h"

static int unpack_xz_begin(struct unpack_run *run)
{
	run->state = xz_dec_init(XZ_SINGLE, 0);
	return run->state ? 0 : -ENOMEM;
}

static int unpack_xz_step(struct unpack_run *run)
{
	struct xz_buf buf = {
		.in = run->in, .in_size = run->in_left,
		.out = run->out, .out_size = run->capacity,
	};

	switch (xz_dec_run(run->state, &buf)) {
	case XZ_STREAM_END:
		run->in += buf.in_pos;
		run->in_left -= buf.in_pos;
		run->out_len = buf.out_pos;
		return 0;
	case XZ_BUF_ERROR:
		run->out_len = run->head ? run->capacity : 0;
		return -EFBIG;
	case XZ_OPTIONS_ERROR:
		return -EOPNOTSUPP;
	default:
		return -EBADMSG;
	}
}

static void unpack_xz_end(struct unpack_run *run)
{
	xz_dec_end(run->state);
}

const struct unpack_ops kexec_unpack_xz_ops = {
	.begin = unpack_xz_begin,
	.step = unpack_xz_step,
	.end = unpack_xz_end,
};
