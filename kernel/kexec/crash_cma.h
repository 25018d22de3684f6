/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_CMA_H
#define _KERNEL_KEXEC_CRASH_CMA_H

#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/kexec_arch.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_CMA) && IS_ENABLED(CONFIG_CRASH_RESERVE)
void __init kexec_crash_cma_reserve(u64 size);
unsigned int kexec_crash_cma_nr(void);
unsigned int kexec_crash_cma(struct kexec_range *ranges);
void kexec_crash_cma_wait(void);
#else
static inline void __init kexec_crash_cma_reserve(u64 size) { }
static inline unsigned int kexec_crash_cma_nr(void) { return 0; }
static inline unsigned int kexec_crash_cma(struct kexec_range *ranges) { return 0; }
static inline void kexec_crash_cma_wait(void) { }
#endif

#endif /* _KERNEL_KEXEC_CRASH_CMA_H */
