/* SPDX-License-Identifier: GPL-2.0-only */
/* Run-time reservations.  Drivers add to them through linux/kexec_arch.h. */
#ifndef _ARM64_KEXEC_MEMRESERVE_H
#define _ARM64_KEXEC_MEMRESERVE_H

#include <linux/kexec_arch.h>

struct fdt_range;

unsigned int kexec_memreserve_nr(void);
unsigned int kexec_memreserve_list(struct fdt_range *list, unsigned int max);
const void *kexec_memreserve_boot_blob(void);

#endif /* _ARM64_KEXEC_MEMRESERVE_H */
