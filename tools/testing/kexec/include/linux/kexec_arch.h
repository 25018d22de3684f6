/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_KEXEC_ARCH_H
#define _KEXEC_SIM_LINUX_KEXEC_ARCH_H

/* The real one; named here because no other real header may come in by chance. */
#include "../../../../../include/linux/kexec_arch.h"

#endif /* _KEXEC_SIM_LINUX_KEXEC_ARCH_H */
