/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_SIGNATURE_H
#define _KERNEL_KEXEC_SIGNATURE_H

#include <linux/types.h>

#ifdef CONFIG_KEXEC_SIG
bool kexec_signature_required(void);
int kexec_signature_check_program(const void *program, size_t len);
int kexec_signature_check(const void *kernel, size_t len);
#else
static inline bool kexec_signature_required(void)
{
	return false;
}

static inline int kexec_signature_check_program(const void *program, size_t len)
{
	return 0;
}

static inline int kexec_signature_check(const void *kernel, size_t len)
{
	return 0;
}
#endif

#endif /* _KERNEL_KEXEC_SIGNATURE_H */
