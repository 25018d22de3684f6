/* SPDX-License-Identifier: GPL-2.0-only */
/* The copy list. */
#ifndef _KERNEL_KEXEC_EXTENT_H
#define _KERNEL_KEXEC_EXTENT_H

#include <linux/types.h>
#include <linux/kexec_arch.h>

/**
 * struct kexec_extent_list - a copy list under construction
 * @first: the first table, or NULL
 * @last: the last one
 * @nr: entries of all tables
 * @alloc_page: returns a zeroed page for the next table, or NULL
 * @ctx: passed to @alloc_page; owns the tables
 */
struct kexec_extent_list {
	struct kexec_extent_table *first;
	struct kexec_extent_table *last;
	unsigned int nr;
	void *(*alloc_page)(void *ctx);
	void *ctx;
};

struct kexec_extent_table *kexec_extent_next(const struct kexec_extent_table *table);
int kexec_extent_add(struct kexec_extent_list *list, phys_addr_t dst_pa,
		     phys_addr_t src_pa, u64 len);
int kexec_extent_check(const struct kexec_extent_list *list, const struct kexec_range *dst,
		       unsigned int nr_dst);

#endif /* _KERNEL_KEXEC_EXTENT_H */
