/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_LIMITS_H
#define _KEXEC_SIM_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U8_MAX		((u8)~0)
#define U16_MAX		((u16)~0)
#define U32_MAX		(~0U)
#define U64_MAX		(~0ULL)
#define PHYS_ADDR_MAX	U64_MAX
#ifndef SIZE_MAX
#define SIZE_MAX	(~(size_t)0)
#endif

#endif /* _KEXEC_SIM_LINUX_LIMITS_H */
