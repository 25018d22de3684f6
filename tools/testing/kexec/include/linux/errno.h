/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_ERRNO_H
#define _KEXEC_SIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

/* Numbers that the kernel keeps to itself. */
#define ENOTSUPP	524

#endif /* _KEXEC_SIM_LINUX_ERRNO_H */
