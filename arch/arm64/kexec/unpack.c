// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Unpacking an Image
 *
 * Turns the payload that image_unpack.c found into the Image.  The decompressors of an
 * initrd are freed after boot, so the libraries below them are used.
 *
 * The head is unpacked first: it has the size of the Image.  No length in the file is
 * trusted.  The whole is unpacked into memory of the caller, which may be the pages that
 * the next kernel runs in.  That memory is also the window of all decompressors, so none
 * needs memory in proportion to the file.
 *
 * The packed data may be at the end of the same memory.  Before a step that might write
 * beyond the unread data, the rest of it is moved.  For xz and lzma, whose steps have no
 * limit, the caller keeps it elsewhere.
 *
 * Between two steps other tasks may run and a fatal signal ends the work.  xz has one step,
 * and one of lzma may write the whole Image, so the size of theirs is limited.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "unpack.h"

/**
 * struct unpack_packer - a compression
 * @name: for messages
 * @option: options that build its decompressor
 * @reach: maximum of bytes that one step writes, 0 if there is none
 * @ops: the decompressor, or NULL
 */
struct unpack_packer {
	const char *name;
	const char *option;
	u64 reach;
	const struct unpack_ops *ops;
};

#define UNPACK_OPS(option, ops)	(IS_BUILTIN(option) ? &(ops) : NULL)

static const struct unpack_packer unpack_packers[] = {
	[UNPACK_GZIP] = { "gzip", "", UNPACK_INFLATE_PIECE, &kexec_inflate_ops },
	[UNPACK_LZ4] = {
		"lz4", "CONFIG_RD_LZ4", UNPACK_LZ4_BLOCK,
		UNPACK_OPS(CONFIG_LZ4_DECOMPRESS, kexec_unpack_block_ops),
	},
	[UNPACK_LZO] = {
		"lzo", "CONFIG_RD_LZO", UNPACK_LZO_BLOCK,
		UNPACK_OPS(CONFIG_LZO_DECOMPRESS, kexec_unpack_block_ops),
	},
	[UNPACK_LZMA] = {
		"lzma", "CONFIG_RD_XZ, CONFIG_XZ_DEC_MICROLZMA", 0,
		IS_ENABLED(CONFIG_XZ_DEC_MICROLZMA) ?
		UNPACK_OPS(CONFIG_XZ_DEC, kexec_unpack_lzma_ops) : NULL,
	},
	[UNPACK_XZ] = {
		"xz", "CONFIG_RD_XZ", 0, UNPACK_OPS(CONFIG_XZ_DEC, kexec_unpack_xz_ops),
	},
	[UNPACK_ZSTD] = {
		/* A block, and what the library may write after it. */
		"zstd", "CONFIG_RD_ZSTD", SZ_256K,
		UNPACK_OPS(CONFIG_ZSTD_DECOMPRESS, kexec_unpack_zstd_ops),
	},
};

static int unpack_fault(const struct unpack_run *run, int err)
{
	const struct unpack_packer *packer = &unpack_packers[run->payload->kind];

	switch (err) {
	case -ENOMEM:
		pr_err("no memory for the work area of %s\n", packer->name);
		return -ENOMEM;
	case -EOPNOTSUPP:
		pr_err("%s data has a filter or checksum that this kernel does not support\n",
		       packer->name);
		break;
	case -ENODATA:
		pr_err("%s data ends early, %llu bytes are unpacked\n", packer->name,
		       run->out_len);
		break;
	case -EFBIG:
		pr_err("unpacked Image exceeds its image_size of %llu bytes\n", run->capacity);
		break;
	default:
		pr_err("unpacking fails after %llu bytes: the %s data is damaged\n", run->out_len,
		       packer->name);
	}
	return -ENOEXEC;
}

static int unpack_keep_input(struct unpack_run *run)
{
	u64 reach = unpack_packers[run->payload->kind].reach, done, step;

	if (!run->overlap || (reach && run->in - (run->out + run->out_len) >= reach))
		return 0;
	run->moved = kvmalloc(run->in_left, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!run->moved)
		return -ENOMEM;
	for (done = 0; done < run->in_left; done += step) {
		step = min_t(u64, run->in_left - done, UNPACK_MOVE_PIECE);
		memcpy(run->moved + done, run->in + done, step);
		cond_resched();
	}
	run->in = run->moved;
	run->overlap = false;
	return 0;
}

static int unpack_run(struct unpack_run *run, const struct unpack_ops *ops)
{
	int ret;

	do {
		if (fatal_signal_pending(current)) {
			pr_err("unpacking interrupted by a signal after %llu bytes\n",
			       run->out_len);
			return -EINTR;
		}
		cond_resched();
		ret = unpack_keep_input(run);
		if (!ret)
			ret = ops->step(run);
	} while (ret > 0);
	return ret ? unpack_fault(run, ret) : 0;
}

static int unpack_check_end(const struct unpack_run *run)
{
	const struct unpack_payload *payload = run->payload;

	if (payload->size && payload->size != run->out_len) {
		pr_err("zboot trailer: %llu bytes, but %llu were unpacked\n", payload->size,
		       run->out_len);
		return -ENOEXEC;
	}
	/* Padding, as of a file that was written to whole blocks. */
	if (!memchr_inv(run->in, 0, run->in_left))
		return 0;
	pr_err("%s: %llu bytes after the packed data are not zero\n",
	       unpack_packers[payload->kind].name, run->in_left);
	return -ENOEXEC;
}

/**
 * kexec_unpack_in_place() - tell whether packed data may be at the end of its destination
 * @kind: a compression
 *
 * Return: true if it may.
 */
bool kexec_unpack_in_place(enum unpack_kind kind)
{
	return unpack_packers[kind].reach;
}

/**
 * kexec_unpack_supported() - check that this kernel has a decompressor
 * @kind: a compression
 *
 * Return: 0, or -ENOEXEC after one message that names the missing options.
 */
int kexec_unpack_supported(enum unpack_kind kind)
{
	const struct unpack_packer *packer = &unpack_packers[kind];

	if (packer->ops)
		return 0;
	pr_err("the kernel is packed by %s, which this kernel cannot unpack (%s)\n", packer->name,
	       packer->option);
	return -ENOEXEC;
}

/**
 * kexec_unpack_check_size() - check that the steps of an Image take a bounded time
 * @kind: a compression
 * @size: bytes that may be unpacked
 *
 * Return: 0, or -ENOEXEC after one message.
 */
int kexec_unpack_check_size(enum unpack_kind kind, u64 size)
{
	const struct unpack_packer *packer = &unpack_packers[kind];

	if (packer->reach || size <= UNPACK_ONE_STEP_MAX)
		return 0;
	pr_err("%s: Image too large for one step: %llu bytes (limit %d)\n", packer->name, size,
	       UNPACK_ONE_STEP_MAX);
	return -ENOEXEC;
}

static int unpack_head(struct unpack_run *run, const struct unpack_ops *ops, size_t wanted)
{
	int ret = ops->begin(run);

	if (ret)
		return unpack_fault(run, ret);
	do {
		ret = ops->step(run);
	} while (ret > 0 && run->out_len < wanted);
	ops->end(run);
	/* The data may end anywhere, and the buffer may be full. */
	if (!ret || run->out_len >= wanted || (ret == -ENODATA && run->out_len))
		return 0;
	return unpack_fault(run, ret);
}

/**
 * kexec_unpack_head() - unpack the first bytes of an Image
 * @payload: as kexec_image_unpack_open_data() left it; it may end anywhere
 * @head: filled with as many bytes as fit and are in @payload
 * @capacity: bytes of @head
 *
 * Return: bytes in @head; -ENOEXEC for damaged data or -ENOMEM, after one message.
 */
int kexec_unpack_head(const struct unpack_payload *payload, void *head, size_t capacity)
{
	const struct unpack_ops *ops = unpack_packers[payload->kind].ops;
	struct unpack_run run = {
		.payload = payload, .in = payload->data, .in_left = payload->len, .head = true,
		.out = head, .capacity = capacity,
	};
	void *step = NULL;
	int ret;

	/* Blocks are unpacked completely, also one that starts at the last byte of the head. */
	if (ops->step_len) {
		step = kvmalloc(capacity + ops->step_len, GFP_KERNEL);
		if (!step)
			return unpack_fault(&run, -ENOMEM);
		run.out = step;
		run.capacity = capacity + ops->step_len;
	}
	ret = unpack_head(&run, ops, capacity);
	if (!ret) {
		ret = min_t(u64, capacity, run.out_len);
		if (step)
			memcpy(head, step, ret);
	}
	kvfree(step);
	return ret;
}

/**
 * kexec_unpack_all() - unpack an Image
 * @payload: as kexec_image_unpack_open() left it, packed
 * @dst: filled; undefined after a failure.  @payload may be at its end, and is lost then
 * @capacity: bytes at @dst; an Image that has more is refused
 * @len: set to the bytes of the Image
 *
 * Return: 0 if all bytes have the right checksum and length and only zeroes follow;
 * -ENOEXEC otherwise, -ENOMEM or -EINTR, after one message.
 */
int kexec_unpack_all(const struct unpack_payload *payload, void *dst, u64 capacity, u64 *len)
{
	const struct unpack_ops *ops = unpack_packers[payload->kind].ops;
	struct unpack_run run = {
		.payload = payload, .in = payload->data, .in_left = payload->len,
		.out = dst, .capacity = capacity,
		.overlap = payload->data >= (u8 *)dst && payload->data < (u8 *)dst + capacity,
	};
	int ret = kexec_unpack_check_size(payload->kind, capacity);

	if (ret)
		return ret;
	ret = ops->begin(&run);
	if (ret)
		return unpack_fault(&run, ret);
	ret = unpack_run(&run, ops);
	if (!ret && ops->check)
		ret = ops->check(&run);
	if (!ret)
		ret = unpack_check_end(&run);
	ops->end(&run);
	kvfree(run.moved);
	*len = run.out_len;
	return ret;
}
