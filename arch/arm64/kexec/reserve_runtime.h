/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading side of the run-time reservations; the writing side, for drivers,
 * is linux/kexec_reserve.h.
 */
#ifndef _ARM64_KEXEC_RESERVE_RUNTIME_H
#define _ARM64_KEXEC_RESERVE_RUNTIME_H

struct fdt_range;

#include <linux/kexec_reserve.h>

unsigned int kexec_memreserve_nr(void);
unsigned int kexec_memreserve_list(struct fdt_range *list,
					unsigned int max);

#endif /* _ARM64_KEXEC_RESERVE_RUNTIME_H */
