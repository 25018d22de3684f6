/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_VMALLOC_H
#define _KEXEC_SIM_LINUX_VMALLOC_H

#include <linux/slab.h>

#define vmalloc(size)	malloc(size)
#define vzalloc(size)	calloc(1, size)
#define vfree(p)	free((void *)(p))

#endif /* _KEXEC_SIM_LINUX_VMALLOC_H */
