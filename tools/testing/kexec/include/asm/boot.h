/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_ASM_BOOT_H
#define _KEXEC_SIM_ASM_BOOT_H

/* Documentation/arch/arm64/booting.rst, "Setup the device tree". */
#define MIN_FDT_ALIGN	8
#define MAX_FDT_SIZE	(2 << 20)

#endif /* _KEXEC_SIM_ASM_BOOT_H */
