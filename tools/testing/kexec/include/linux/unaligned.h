/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_UNALIGNED_H
#define _KEXEC_SIM_LINUX_UNALIGNED_H

#include <endian.h>
#include <string.h>

#include <linux/types.h>

/* The sanitizers see every byte that these touch. */
#define SIM_UNALIGNED(order, bits)					\
static inline u##bits get_unaligned_##order##bits(const void *p)		\
{									\
	u##bits v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return order##bits##toh(v);					\
}									\
static inline void put_unaligned_##order##bits(u##bits v, void *p)		\
{									\
	v = hto##order##bits(v);					\
	memcpy(p, &v, sizeof(v));					\
}

SIM_UNALIGNED(le, 16)
SIM_UNALIGNED(be, 16)
SIM_UNALIGNED(le, 32)
SIM_UNALIGNED(be, 32)
SIM_UNALIGNED(le, 64)
#undef SIM_UNALIGNED

#endif /* _KEXEC_SIM_LINUX_UNALIGNED_H */
