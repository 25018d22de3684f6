/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_MM_H
#define _KEXEC_SIM_LINUX_MM_H

#include <linux/types.h>

#define PAGE_SIZE	4096UL

/* On the host all memory is mapped at its own address. */
static inline u64 virt_to_phys(const void *va)
{
	return (unsigned long)va;
}

static inline void *phys_to_virt(u64 pa)
{
	return (void *)(unsigned long)pa;
}

#endif /* _KEXEC_SIM_LINUX_MM_H */
