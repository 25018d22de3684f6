/* SPDX-License-Identifier: GPL-2.0-only */
/* PE programs whose signature can be checked. */
#ifndef _KERNEL_KEXEC_LIB_PE_H
#define _KERNEL_KEXEC_LIB_PE_H

#include <linux/types.h>

bool kexec_pe_is_sound(const void *program, size_t len);

#endif /* _KERNEL_KEXEC_LIB_PE_H */
