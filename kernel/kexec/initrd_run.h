/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_INITRD_RUN_H
#define _KERNEL_KEXEC_INITRD_RUN_H

#include <linux/types.h>

#include "lib/initrd_cpio.h"

/**
 * struct initrd_run - one pass over an initrd
 * @in: the file
 * @file_len: bytes at @in
 * @in_len: bytes at @in before the boot configuration
 * @pos: first unread byte, from @in
 * @last: bytes before @pos that may be read again
 * @out: destination, or NULL to count; @in may be at its end
 * @out_len: bytes that are unpacked
 * @limit: maximum of @out_len
 * @moved: copy of the end of the file
 * @cpio: the archive that is being unpacked
 * @packed: name of the last packer, NULL if nothing is packed
 * @fault: reason of @err
 * @err: errno of the first fault, or 0
 */
struct initrd_run {
	const u8 *in;
	u64 file_len;
	u64 in_len;
	u64 pos;
	u64 last;
	u8 *out;
	u64 out_len;
	u64 limit;
	void *moved;
	struct initrd_cpio cpio;
	const char *packed;
	const char *fault;
	int err;
};

int kexec_initrd_fault(struct initrd_run *run, int err, const char *fault);
int kexec_initrd_reserve(struct initrd_run *run, u64 len);
int kexec_initrd_write(struct initrd_run *run, const void *data, u64 len);

#endif /* _KERNEL_KEXEC_INITRD_RUN_H */
