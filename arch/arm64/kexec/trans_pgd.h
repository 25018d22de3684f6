/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of trans_pgd.c that <asm/trans_pgd.h> does not have. */
#ifndef _ARM64_KEXEC_TRANS_PGD_H
#define _ARM64_KEXEC_TRANS_PGD_H

#include <linux/types.h>
#include <asm/trans_pgd.h>

/**
 * typedef trans_pgd_next_part - get the next part to copy, in ascending order
 * @ctx: the caller's own
 * @start: receives the first virtual address, page aligned
 * @end: receives the virtual address after the last byte, page aligned
 *
 * Return: false when there are no more.
 */
typedef bool trans_pgd_next_part(void *ctx, unsigned long *start, unsigned long *end);

int trans_pgd_copy_parts(struct trans_pgd_info *info, pgd_t *src_pgd, pgd_t **dst_pgd,
			 trans_pgd_next_part *next_part, void *ctx);
int trans_pgd_copy_from(struct trans_pgd_info *info, pgd_t *src_pgd,
			pgd_t **dst_pgd, unsigned long start, unsigned long end);
int trans_pgd_idmap_pa(struct trans_pgd_info *info, phys_addr_t *ttbr0,
		       unsigned long *t0sz, phys_addr_t pa);

#endif /* _ARM64_KEXEC_TRANS_PGD_H */
