/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_UNALIGNED_H
#define _KEXEC_SIM_LINUX_UNALIGNED_H

#include <endian.h>
#include <string.h>

#include <linux/types.h>

/* The sanitizers see every byte that these touch. */
#define SIM_GET_LE(bits)						\
static inline u##bits get_unaligned_le##bits(const void *p)		\
{									\
	u##bits v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return le##bits##toh(v);					\
}									\
static inline void put_unaligned_le##bits(u##bits v, void *p)		\
{									\
	v = htole##bits(v);						\
	memcpy(p, &v, sizeof(v));					\
}

SIM_GET_LE(16)
SIM_GET_LE(32)
SIM_GET_LE(64)
#undef SIM_GET_LE

#endif /* _KEXEC_SIM_LINUX_UNALIGNED_H */
