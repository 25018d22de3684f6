/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_PURGATORY_H
#define _KERNEL_KEXEC_PURGATORY_H

struct kexec_image;

void kexec_purgatory_check(struct kexec_image *img);

#endif /* _KERNEL_KEXEC_PURGATORY_H */
