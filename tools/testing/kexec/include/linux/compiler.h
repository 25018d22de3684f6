/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_COMPILER_H
#define _KEXEC_SIM_LINUX_COMPILER_H

#include <linux/compiler_types.h>

#endif /* _KEXEC_SIM_LINUX_COMPILER_H */
