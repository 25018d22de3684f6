/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_FILE_H
#define _KERNEL_KEXEC_FILE_H

#include <linux/compiler_types.h>

struct kexec_image;

int kexec_file_fill(struct kexec_image *img, int kernel_fd, int initrd_fd,
		    const char __user *cmdline, unsigned long cmdline_len,
		    unsigned long flags);

#endif /* _KERNEL_KEXEC_FILE_H */
