/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_KEXEC_TIMELINE_H
#define _KEXEC_SIM_LINUX_KEXEC_TIMELINE_H

/* The real one, as with kexec_arch.h. */
#include "../../../../../include/linux/kexec_timeline.h"

#endif /* _KEXEC_SIM_LINUX_KEXEC_TIMELINE_H */
