/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_ASM_BYTEORDER_H
#define _KEXEC_SIM_ASM_BYTEORDER_H

#include <endian.h>

#define cpu_to_be32(v)	htobe32(v)
#define cpu_to_be64(v)	htobe64(v)
#define be32_to_cpu(v)	be32toh(v)
#define be64_to_cpu(v)	be64toh(v)

#endif /* _KEXEC_SIM_ASM_BYTEORDER_H */
