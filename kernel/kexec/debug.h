/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test parameters that several files share.
 */
#ifndef _KERNEL_KEXEC_DEBUG_H
#define _KERNEL_KEXEC_DEBUG_H

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
void kexec_inject_meet(unsigned int point);
#else
static inline void kexec_inject_meet(unsigned int point) { }
#endif

#endif /* _KERNEL_KEXEC_DEBUG_H */
