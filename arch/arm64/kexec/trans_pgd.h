/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What trans_pgd.c shows to its tests beyond <asm/trans_pgd.h>: the same two
 * jobs for given source tables and for a given physical address.
 */
#ifndef _ARM64_KEXEC_TRANS_PGD_H
#define _ARM64_KEXEC_TRANS_PGD_H

#include <linux/types.h>
#include <asm/trans_pgd.h>

int trans_pgd_copy_from(struct trans_pgd_info *info, pgd_t *src_pgd,
			pgd_t **dst_pgd, unsigned long start, unsigned long end);
int trans_pgd_idmap_pa(struct trans_pgd_info *info, phys_addr_t *ttbr0,
		       unsigned long *t0sz, phys_addr_t pa);

#endif /* _ARM64_KEXEC_TRANS_PGD_H */
