/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ARM64_KEXEC_UNPACK_H
#define _ARM64_KEXEC_UNPACK_H

#include <linux/sizes.h>
#include <linux/types.h>

#include "lib/image_unpack.h"

/**
 * struct unpack_run - one Image that is being unpacked
 * @payload: the packed data
 * @in: first unread byte
 * @in_left: bytes at @in
 * @out: destination
 * @out_len: bytes of @out that are filled
 * @capacity: bytes of @out
 * @head: only the first bytes are wanted, and the payload may end anywhere
 * @overlap: @in is in the memory at @out, after @out_len
 * @moved: copy of the end of the packed data
 * @state: state of the decompressor
 */
struct unpack_run {
	const struct unpack_payload *payload;
	const u8 *in;
	u64 in_left;
	u8 *out;
	u64 out_len;
	u64 capacity;
	bool head;
	bool overlap;
	void *moved;
	void *state;
};

/**
 * struct unpack_ops - a decompressor
 * @step_len: minimum of @capacity for one step
 * @begin: allocate the state; 0, -ENOMEM, -EBADMSG or -EFBIG
 * @step: unpack for a few milliseconds; 1, 0 at the end of the data, -ENODATA if @in ends
 *   before, -EBADMSG if it is damaged, -EFBIG if more than @capacity is packed, -EOPNOTSUPP
 *   if the decompressor lacks a part
 * @check: optional: compare the result with the data after it; 0, or -ENOEXEC after one
 *   message
 * @end: free the state
 */
struct unpack_ops {
	size_t step_len;
	int (*begin)(struct unpack_run *run);
	int (*step)(struct unpack_run *run);
	int (*check)(struct unpack_run *run);
	void (*end)(struct unpack_run *run);
};

extern const struct unpack_ops kexec_inflate_ops;
extern const struct unpack_ops kexec_unpack_block_ops;
extern const struct unpack_ops kexec_unpack_lzma_ops;
extern const struct unpack_ops kexec_unpack_xz_ops;
extern const struct unpack_ops kexec_unpack_zstd_ops;

/* A few milliseconds of inflate.c on a slow core. */
#define UNPACK_INFLATE_PIECE	SZ_1M

/* Bytes of input that are moved between two chances to run others. */
#define UNPACK_MOVE_PIECE	SZ_1M

/* Unpacked size of a file that one step may unpack completely: a few seconds. */
#define UNPACK_ONE_STEP_MAX	SZ_256M

bool kexec_unpack_in_place(enum unpack_kind kind);
int kexec_unpack_supported(enum unpack_kind kind);
int kexec_unpack_check_size(enum unpack_kind kind, u64 size);
int kexec_unpack_head(const struct unpack_payload *payload, void *head, size_t capacity);
int kexec_unpack_all(const struct unpack_payload *payload, void *dst, u64 capacity, u64 *len);

#endif /* _ARM64_KEXEC_UNPACK_H */
