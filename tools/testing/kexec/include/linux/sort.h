/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_SORT_H
#define _KEXEC_SIM_LINUX_SORT_H

#include <stdlib.h>

#include <linux/types.h>

/* Elements are swapped bytewise; code that hands in its own swap is not pure. */
static inline void sort(void *base, size_t num, size_t size,
			int (*cmp)(const void *a, const void *b), void *no_swap)
{
	if (no_swap)
		abort();
	if (num > 1)
		qsort(base, num, size, cmp);
}

#endif /* _KEXEC_SIM_LINUX_SORT_H */
