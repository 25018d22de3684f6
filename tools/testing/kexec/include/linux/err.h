/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_ERR_H
#define _KEXEC_SIM_LINUX_ERR_H

#include <linux/errno.h>
#include <linux/types.h>

#define IS_ERR_VALUE(x)	((uintptr_t)(x) >= (uintptr_t)-4095)

static inline bool IS_ERR(const void *p)
{
	return IS_ERR_VALUE(p);
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR_VALUE(p);
}

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

#endif /* _KEXEC_SIM_LINUX_ERR_H */
