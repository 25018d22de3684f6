/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy list: which bytes have to move where when this kernel leaves.
 * Pure arithmetic on page frame numbers: builds in the kernel and on the host.
 */
#ifndef _KERNEL_KEXEC_EXTENT_H
#define _KERNEL_KEXEC_EXTENT_H

#include <linux/types.h>
#include <linux/kexec_machine.h>

/**
 * struct extent_list - a copy list under construction
 * @copies: the entries, in ascending order of their destinations
 * @nr: entries in use
 * @max: entries there is room for
 */
struct extent_list {
	struct kexec_copy *copies;
	unsigned int nr;
	unsigned int max;
};

int kexec_extent_add(struct extent_list *list, phys_addr_t dst_pa,
		     phys_addr_t src_pa, u64 len);
int kexec_extent_check(const struct extent_list *list);

#endif /* _KERNEL_KEXEC_EXTENT_H */
