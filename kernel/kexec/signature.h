/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_SIGNATURE_H
#define _KERNEL_KEXEC_SIGNATURE_H

#include <linux/types.h>

#ifdef CONFIG_KEXEC_SIG
int kexec_signature_check(const void *program, size_t program_len, const void *kernel,
			  size_t kernel_len);
#else
static inline int kexec_signature_check(const void *program, size_t program_len,
					const void *kernel, size_t kernel_len)
{
	return 0;
}
#endif

#endif /* _KERNEL_KEXEC_SIGNATURE_H */
