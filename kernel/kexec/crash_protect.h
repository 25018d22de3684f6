/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_PROTECT_H
#define _KERNEL_KEXEC_CRASH_PROTECT_H

#include <linux/types.h>

#ifdef CONFIG_CRASH_DUMP
void kexec_crash_unprotect(void);
void kexec_crash_protect(void);
void kexec_crash_unprotect_range(phys_addr_t start, u64 len);
void kexec_crash_protect_low(void);
#else
static inline void kexec_crash_unprotect(void) { }
static inline void kexec_crash_protect(void) { }
static inline void kexec_crash_unprotect_range(phys_addr_t start, u64 len) { }
static inline void kexec_crash_protect_low(void) { }
#endif

#endif /* _KERNEL_KEXEC_CRASH_PROTECT_H */
