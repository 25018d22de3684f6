/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_KCONFIG_H
#define _KEXEC_SIM_LINUX_KCONFIG_H

/* The host has no configuration. */
#define IS_ENABLED(option)	0
#define IS_BUILTIN(option)	0

#endif /* _KEXEC_SIM_LINUX_KCONFIG_H */
