/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_MODULE_H
#define _KEXEC_SIM_LINUX_MODULE_H

#include <assert.h>

#define MODULE_DESCRIPTION(s)	static_assert(sizeof(s) > 1, "no description")
#define MODULE_LICENSE(s)	static_assert(sizeof(s) > 1, "no licence")

#endif /* _KEXEC_SIM_LINUX_MODULE_H */
