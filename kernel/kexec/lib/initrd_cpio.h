/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the entries of a cpio archive end. */
#ifndef _KERNEL_KEXEC_INITRD_CPIO_H
#define _KERNEL_KEXEC_INITRD_CPIO_H

#include <linux/types.h>

/* Magic and 13 numbers of 8 hexadecimal digits, see Buffer format of an initramfs. */
#define INITRD_CPIO_HEADER	110

/* The next kernel looks for archives at multiples of it. */
#define INITRD_CPIO_ALIGN	4

/**
 * struct initrd_cpio - an archive that is read in pieces
 * @pos: bytes read
 * @skip: bytes to the end of the current entry
 * @have: bytes in @header
 * @header: start of an entry
 */
struct initrd_cpio {
	u64 pos;
	u64 skip;
	unsigned int have;
	u8 header[INITRD_CPIO_HEADER];
};

s64 kexec_initrd_cpio_feed(struct initrd_cpio *cpio, const u8 *data, u64 len);
bool kexec_initrd_cpio_whole(const struct initrd_cpio *cpio);
u64 kexec_initrd_tail(const u8 *data, u64 len);

#endif /* _KERNEL_KEXEC_INITRD_CPIO_H */
