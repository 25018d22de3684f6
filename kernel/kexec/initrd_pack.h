/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_INITRD_PACK_H
#define _KERNEL_KEXEC_INITRD_PACK_H

struct initrd_run;

int kexec_initrd_unpack_one(struct initrd_run *run);

#endif /* _KERNEL_KEXEC_INITRD_PACK_H */
