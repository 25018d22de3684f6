/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_MATH64_H
#define _KEXEC_SIM_LINUX_MATH64_H

#include <linux/types.h>

/* a * b / c; the product needs no room, the quotient does. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	return (unsigned __int128)a * b / c;
}

#endif /* _KEXEC_SIM_LINUX_MATH64_H */
