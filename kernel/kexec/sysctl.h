/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_SYSCTL_H
#define _KERNEL_KEXEC_SYSCTL_H

#include <linux/types.h>

bool kexec_verify_wanted(bool crash);

#endif /* _KERNEL_KEXEC_SYSCTL_H */
