/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_LIBFDT_H
#define _KEXEC_SIM_LINUX_LIBFDT_H

#include <linux/types.h>

/*
 * The system's library, which takes pointers to a 64-bit type of another name
 * than the kernel's; both are the same to the linker.
 */
#define uint64_t u64
#include <libfdt.h>
#undef uint64_t

#endif /* _KEXEC_SIM_LINUX_LIBFDT_H */
