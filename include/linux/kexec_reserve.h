/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run-time reservations: for drivers of hardware that uses memory while the next kernel runs
 * and cannot be stopped, and for the generic part of kexec, whose loaded images depend on them.
 */
#ifndef _LINUX_KEXEC_RESERVE_H
#define _LINUX_KEXEC_RESERVE_H

#include <linux/kconfig.h>
#include <linux/types.h>

/* Whether kexec_memreserve_add() does anything: 32-bit Arm has the GICv3, too. */
#define KEXEC_RESERVES_RUNTIME	(IS_ENABLED(CONFIG_ARM64) && IS_ENABLED(CONFIG_KEXEC_CORE))

#if KEXEC_RESERVES_RUNTIME
int kexec_memreserve_add(phys_addr_t base, u64 size);
unsigned int kexec_memreserve_generation(void);
int kexec_memreserve_update_fdt(void *fdt);
#else
static inline int kexec_memreserve_add(phys_addr_t base, u64 size)
{
	return 0;
}
#endif

#endif /* _LINUX_KEXEC_RESERVE_H */
