/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_BUDDY_SEARCH_H
#define _KERNEL_KEXEC_BUDDY_SEARCH_H

#include <linux/list.h>

struct page;

/**
 * struct buddy_search - a search for the free block with a given page
 * @rejected: blocks that do not have it
 * @pages_left: pages that may still be allocated in vain
 * @blocks_left: blocks that may still be allocated in vain
 */
struct buddy_search {
	struct list_head rejected;
	long pages_left;
	unsigned int blocks_left;
};

void buddy_search_begin(struct buddy_search *s);
struct page *buddy_search_next(struct buddy_search *s, struct page *page, unsigned int *order);
void buddy_search_hold(struct buddy_search *s, struct page *page, unsigned int order);
void buddy_search_end(struct buddy_search *s);

#endif /* _KERNEL_KEXEC_BUDDY_SEARCH_H */
