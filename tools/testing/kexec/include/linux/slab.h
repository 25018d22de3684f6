/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_SLAB_H
#define _KEXEC_SIM_LINUX_SLAB_H

#include <stdlib.h>

#include <linux/overflow.h>
#include <linux/types.h>

#define GFP_KERNEL	0
#define __GFP_RETRY_MAYFAIL	0
#define __GFP_NOWARN	0

/* Exact sizes for the address sanitizer. */
static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return calloc(1, size);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return calloc(n, size);
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

static inline void *kvmalloc(size_t size, gfp_t gfp)
{
	return malloc(size);
}

#define kvfree(p)	kfree(p)

#endif /* _KEXEC_SIM_LINUX_SLAB_H */
