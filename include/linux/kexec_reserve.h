/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For drivers of hardware that goes on using memory when the next kernel runs
 * and that cannot be told to stop; and for the policy half of kexec, whose loaded
 * images have to learn of it.
 */
#ifndef _LINUX_KEXEC_RESERVE_H
#define _LINUX_KEXEC_RESERVE_H

#include <linux/kconfig.h>
#include <linux/types.h>

/* Whether kexec_reserve_runtime() does anything: 32-bit Arm has the GICv3, too. */
#define KEXEC_RESERVES_RUNTIME	(IS_ENABLED(CONFIG_ARM64) && IS_ENABLED(CONFIG_KEXEC_CORE))

#if KEXEC_RESERVES_RUNTIME
int kexec_reserve_runtime(phys_addr_t base, u64 size);
unsigned int kexec_reserve_runtime_generation(void);
int kexec_reserve_runtime_top_up(void *fdt);
#else
static inline int kexec_reserve_runtime(phys_addr_t base, u64 size)
{
	return 0;
}
#endif

#endif /* _LINUX_KEXEC_RESERVE_H */
