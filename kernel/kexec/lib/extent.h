/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy list: extents to be copied when this kernel is left.  Pure arithmetic on
 * physical addresses, also built on the host.
 */
#ifndef _KERNEL_KEXEC_EXTENT_H
#define _KERNEL_KEXEC_EXTENT_H

#include <linux/types.h>
#include <linux/kexec_arch.h>

/**
 * struct extent_list - a copy list under construction
 * @copies: the entries, in ascending order of their destinations
 * @nr: entries in use
 * @max: capacity in entries
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
