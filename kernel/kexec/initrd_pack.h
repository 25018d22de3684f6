/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_INITRD_PACK_H
#define _KERNEL_KEXEC_INITRD_PACK_H

#include <linux/types.h>

struct initrd_run;

int kexec_initrd_unpack_one(struct initrd_run *run);
u64 kexec_initrd_xz_window(const u8 *data, u64 len);

#endif /* _KERNEL_KEXEC_INITRD_PACK_H */
