/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_ALIGN_H
#define _KEXEC_SIM_LINUX_ALIGN_H

/* @a is a power of two; rounding up may come out at 0, as in the kernel. */
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define ALIGN(x, a)		ALIGN_DOWN((x) + ((typeof(x))(a) - 1), a)
#define IS_ALIGNED(x, a)	(!((x) & ((typeof(x))(a) - 1)))
#define PTR_ALIGN(p, a)		((typeof(p))ALIGN((uintptr_t)(p), a))

#endif /* _KEXEC_SIM_LINUX_ALIGN_H */
