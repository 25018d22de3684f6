/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_ELF_H
#define _KEXEC_SIM_LINUX_ELF_H

#include_next <linux/elf.h>

/* What the kernel's own ELF files are: arm64, of the host's byte order. */
#define ELF_ARCH	EM_AARCH64
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define ELF_DATA	ELFDATA2MSB
#else
#define ELF_DATA	ELFDATA2LSB
#endif

#endif /* _KEXEC_SIM_LINUX_ELF_H */
