/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_STDDEF_H
#define _KEXEC_SIM_LINUX_STDDEF_H

#include <stddef.h>

#endif /* _KEXEC_SIM_LINUX_STDDEF_H */
